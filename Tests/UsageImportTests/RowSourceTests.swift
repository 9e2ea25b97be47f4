import Accounting
import Pricing
import Testing
import UsageImport

/// Sources whose rows stand alone, as JSON documents, lines and tables.
struct RowSourceTests {
    // MARK: OpenAI's usage API

    private let page = """
        {
          "object": "page",
          "data": [
            {"object": "bucket", "start_time": 1790812800, "end_time": 1790899200, "results": [
              {"object": "organization.usage.completions.result", "input_tokens": 1000,
               "output_tokens": 500, "input_cached_tokens": 800, "input_audio_tokens": 50,
               "output_audio_tokens": 20, "num_model_requests": 5, "project_id": "proj_1",
               "user_id": "u", "api_key_id": "key_1", "model": "gpt-4.1", "batch": true},
              {"object": "organization.usage.completions.result", "input_tokens": 1000,
               "output_tokens": 500, "num_model_requests": 5, "model": null},
              {"object": "organization.usage.completions.result", "input_tokens": 0,
               "output_tokens": 0, "num_model_requests": 0, "model": "gpt-4.1"},
              {"object": "organization.costs.result", "amount": {"value": 1}}
            ]}
          ],
          "has_more": false
        }
        """

    @Test func readsBucketsOfOpenAI() throws {
        let reading = try Reading(page, with: RowImporter<OpenAIUsage>())
        #expect(
            reading.problems == [
                "missing data[0].results[1].model: ask for the pages with group_by=model",
                "data[0].results[3].object: \"organization.costs.result\" holds no tokens that are read here",
            ])
        let event = try #require(reading.events.first)
        #expect(reading.events.count == 1)
        #expect(
            event.usage
                == (try Usage([
                    .input: 150, .cachedInput: 800, .audioInput: 50, .output: 480,
                    .audioOutput: 20,
                ])))
        #expect(event.isVolume)
        #expect(event.start.text == "2026-10-01T00:00:00Z")
        #expect(event.durationMilliseconds == 86_400_000)
        #expect(event.serviceTier == "batch")
        #expect(event.project == "proj_1")
        #expect(event.user == "u")
        #expect(event.tags == ["api_key_id": "key_1", "requests": "5"])
        // A bucket that is asked for again later has grown, and is the same bucket.
        let later = page.replacing("\"input_tokens\": 1000", with: "\"input_tokens\": 2000")
        #expect(
            try Reading(later, with: RowImporter<OpenAIUsage>()).events.map(\.id) == [event.id])
    }

    @Test func readsOpenAIsTable() throws {
        let reading = try Reading(
            """
            start_time,end_time,project_id,num_model_requests,model,service_tier,input_tokens,output_tokens,input_cached_tokens
            1790812800,1790899200,proj_1,2,gpt-4.1,default,100,10,40
            """, with: RowImporter<OpenAIUsage>())
        #expect(reading.problems == [])
        #expect(
            reading.events.map(\.usage) == [
                try Usage([.input: 60, .cachedInput: 40, .output: 10])
            ])
        #expect(reading.events.map(\.requests) == [2])
        #expect(reading.events.map(\.serviceTier) == ["standard"])
    }

    // MARK: LiteLLM's spend logs

    private func spend(_ more: String, id: String = "chatcmpl-1") -> String {
        #"{"request_id":"\#(id)","call_type":"acompletion","api_key":"88dc28d0","spend":0.5,"startTime":"2026-03-24T22:02:42.975000Z","endTime":"2026-03-24 22:02:44","completionStartTime":"2026-03-24T22:02:43.475Z","model":"gpt-4.1","model_group":"fast","custom_llm_provider":"openai","end_user":"ann","team_id":"t1",\#(more)}"#
    }

    @Test func readsASpendLog() throws {
        let metadata =
            #""metadata":"{\"user_api_key_alias\":\"ci\",\"user_api_key_team_alias\":\"search\",\"usage_object\":{\"prompt_tokens_details\":{\"cached_tokens\":60,\"audio_tokens\":null},\"completion_tokens_details\":{\"reasoning_tokens\":5}}}""#
        let row = spend(#""prompt_tokens":100,"completion_tokens":20,\#(metadata)"#)
        for text in [row, "[\n\(row)\n]", row + "\n" + row] {
            let reading = try Reading(text, with: RowImporter<LiteLLMSpend>())
            #expect(reading.problems == [])
            let event = try #require(reading.events.first)
            #expect(
                event.usage
                    == (try Usage([.input: 40, .cachedInput: 60, .output: 15, .reasoning: 5])))
            #expect(event.durationMilliseconds == 1_025)
            #expect(event.firstTokenMilliseconds == 500)
            #expect(event.modelAsked == "fast")
            #expect(event.modelAnswered == "gpt-4.1")
            #expect(event.channel == "openai")
            #expect(event.project == "search")
            #expect(event.user == "ann")
            #expect(event.tags == ["key": "ci", "call_type": "acompletion"])
            // What LiteLLM reckons is no charge of the vendor's.
            #expect(event.vendorCost == nil)
            #expect(Set(reading.events.map(\.id)).count == 1)
        }
    }

    /// With and without the cache's tokens inside the prompt.
    @Test(arguments: [(1_284, 1_253), (31, 1_253)])
    func countsWhatAnthropicsCacheTook(prompt: Int, written: Int) throws {
        let row = spend(
            #""prompt_tokens":\#(prompt),"completion_tokens":467,"metadata":{"usage_object":{"cache_creation_input_tokens":\#(written),"cache_read_input_tokens":0}}"#
        )
        let reading = try Reading(row, with: RowImporter<LiteLLMSpend>())
        #expect(
            reading.events.map(\.usage) == [
                try Usage([.input: 31, .cacheWrite5m: 1_253, .output: 467])
            ])
    }

    @Test func keepsWhatIsUnknownUnknown() throws {
        let nothing = #""prompt_tokens":0,"completion_tokens":0"#
        let reading = try Reading(
            [
                spend(nothing + #","status":"success""#),
                spend(nothing + #","status":"failure""#, id: "2"),
                spend(#""prompt_tokens":5,"completion_tokens":5,"cache_hit":"True""#, id: "3"),
            ].joined(separator: "\n"), with: RowImporter<LiteLLMSpend>())
        #expect(reading.events.map(\.known) == [.unknown])
        #expect(
            reading.problems == [
                "a request that failed and tells no usage",
                "answered from LiteLLM's own cache: nothing was bought",
            ])
    }

    // MARK: OpenRouter

    private let table = #"""
        generation_id,created_at,cost_total,tokens_prompt,tokens_completion,tokens_reasoning,tokens_cached,model_permaslug,provider_name,variant,user,generation_time_ms,time_to_first_token_ms,api_key_name,app_name
        gen-1,2026-06-28 03:46:57.713,0.0123,1000,100,20,900,deepseek/deepseek-v3.2,DeepInfra,free,,1200.5,300,ci,"Tool, ""mine"""
        gen-2,soon,0,1,1,0,0,m,p,standard,,1,1,ci,x
        """#

    @Test func readsOpenRoutersTable() throws {
        let reading = try Reading(table, with: RowImporter<OpenRouterActivity>())
        #expect(reading.problems == ["created_at: \"soon\" is no time that is known here"])
        let event = try #require(reading.events.first)
        #expect(
            event.usage
                == (try Usage([.input: 100, .cachedInput: 900, .output: 80, .reasoning: 20])))
        #expect(event.modelAsked == "deepseek/deepseek-v3.2:free")
        #expect(event.channel == "openrouter")
        #expect(event.start.text == "2026-06-28T03:46:57.713Z")
        #expect(event.durationMilliseconds == 1_200)
        #expect(event.project == "Tool, \"mine\"")
        #expect(event.tags == ["provider": "DeepInfra", "key": "ci"])
        #expect(event.vendorCost == (try Money("0.0123", .usd)))
    }

    /// The vendor's own tokens are billed, not those of a common tokenizer.
    @Test func readsAGeneration() throws {
        let reading = try Reading(
            #"{"data":{"id":"gen-1","created_at":"2026-06-28T03:46:57.713Z","model":"openai/gpt-4.1","total_cost":3.4e-05,"tokens_prompt":9,"native_tokens_prompt":14,"tokens_completion":5,"native_tokens_completion":4,"native_tokens_cached":0,"native_tokens_reasoning":null,"latency":442,"generation_time":457}}"#,
            with: RowImporter<OpenRouterActivity>())
        let event = try #require(reading.events.first)
        #expect(event.usage == (try Usage([.input: 14, .output: 4])))
        #expect(event.vendorCost == (try Money("0.000034", .usd)))
        // The same request in the table is the same event.
        let row = try Reading(table, with: RowImporter<OpenRouterActivity>()).events[0]
        #expect(row.id == event.id)
    }

    @Test func readsDays() throws {
        let reading = try Reading(
            #"{"data":[{"date":"2026-01-16 00:00:00","model":"openai/gpt-4.1","endpoint_id":"e","provider_name":"OpenAI","usage":0.015,"requests":5,"prompt_tokens":50,"completion_tokens":125,"reasoning_tokens":25},{"date":"2026-01-17"}]}"#,
            with: RowImporter<OpenRouterActivity>())
        #expect(reading.problems == ["missing data[1].model"])
        #expect(
            reading.events.map(\.usage) == [
                try Usage([.input: 50, .output: 100, .reasoning: 25])
            ])
        #expect(reading.events.map(\.requests) == [5])
        #expect(reading.events.map(\.isVolume) == [true])
    }

    // MARK: All of them

    @Test func refusesATableOfSomethingElse() {
        #expect {
            _ = try Reading("a,b\n1,2\n", with: RowImporter<LiteLLMSpend>())
        } throws: {
            ($0 as? UnusableFile)?.description
                == "neither JSON nor a table of litellm: its first line has no column \"request_id\""
        }
    }

    @Test func tellsRowsThatAreNone() throws {
        let reading = try Reading(
            "{\"a\":1}\n\n{\n[]\n", with: RowImporter<OpenRouterActivity>())
        #expect(
            reading.problems == [
                "missing generation_id", "expected a key at byte 2", "not a JSON object",
            ])
    }
}
