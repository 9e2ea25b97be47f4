import JSONBytes
import Pricing
import ProviderUsage
import Testing

/// What a bill depends on besides the usual counts: calls of tools, tiers, speeds, and counts that
/// stand where nobody else puts them.
struct BilledBesideTokensTests {
    private func read(_ text: String, _ api: StreamAPI? = nil) throws -> UsageReading {
        try UsageReading(
            vendorUsage: try JSONReader.value(of: Array(text.utf8), numbers: .decimal), api: api)
    }

    /// Perplexity's own `cost` bills all five: 33 × $2, 7,163 × $8, 73,997 × $3 and 20,016 × $2 a million,
    /// and 18 × $5 a thousand are $0.409393.
    @Test func researchReasonsAndCitesBesideItsCompletion() throws {
        let reading = try read(
            #"{"prompt_tokens":33,"completion_tokens":7163,"total_tokens":7196,"citation_tokens":20016,"num_search_queries":18,"reasoning_tokens":73997,"cost":{"total_cost":0.409393}}"#
        )
        #expect(
            reading.usage
                == (try Usage([
                    .input: 33, .output: 7163, .reasoning: 73997, .citation: 20016,
                    .webSearch: 18,
                ])))
        #expect(reading.oddities.list == [.reasoningBesideOutput])
        // Where the total holds the reasoning it is added once, and where nothing is cited it is inside.
        let whole = try read(
            #"{"prompt_tokens":10,"completion_tokens":20,"total_tokens":60,"citation_tokens":5,"reasoning_tokens":30}"#
        )
        #expect(whole.usage[.output] == 20)
        #expect(whole.usage[.reasoning] == 30)
        let usual = try read(
            #"{"prompt_tokens":10,"completion_tokens":20,"total_tokens":30,"reasoning_tokens":15}"#)
        #expect(usual.usage[.output] == 5)
        #expect(usual.usage[.reasoning] == 15)
    }

    @Test func aFastAnswerIsToldAsOne() throws {
        let start =
            #"{"type":"message_start","message":{"id":"m","model":"claude-opus-4-8","usage":{"input_tokens":10,"output_tokens":1,"speed":"SPEED"}}}"#
        let rest =
            #"{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":5}}"#
        for (speed, attributes) in [("fast", ["speed": "fast"]), ("standard", [:])] {
            let first = start.replacing("SPEED", with: speed)
            let reading = UsageReaderTests.read(
                "data: \(first)\n\ndata: \(rest)\n\ndata: {\"type\":\"message_stop\"}\n\n")
            #expect(reading.attributes == attributes)
            #expect(reading.usage == (try Usage([.input: 10, .output: 5])))
        }
        #expect(
            try read(#"{"input_tokens":1,"output_tokens":2,"cache_creation":{},"speed":"fast"}"#)
                .attributes == ["speed": "fast"])
    }

    /// Of what a model does on the web only the search costs a call.
    @Test func callsOfResponsesAreCountedFromTheirItems() throws {
        func document(_ items: String, tools: String = "", usage: String = "") -> String {
            #"{"object":"response","id":"r","model":"gpt-5","status":"completed","tools":[\#(tools)],"output":[\#(items)],"usage":{"input_tokens":9,"output_tokens":3\#(usage)}}"#
        }
        func item(_ type: String, _ more: String = "", status: String = "completed") -> String {
            #"{"type":"\#(type)","status":"\#(status)"\#(more)}"#
        }
        func action(_ type: String) -> String {
            item("web_search_call", #","action":{"type":"\#(type)"}"#)
        }
        let mixed = [
            action("search"), action("open_page"), action("find_in_page"),
            item("web_search_call"), item("web_search_call", status: "failed"),
            item("file_search_call"), item("file_search_call"), item("message"),
        ].joined(separator: ",")
        let reading = try read(document(mixed))
        #expect(
            reading.usage
                == (try Usage([.input: 9, .output: 3, .webSearch: 2, .fileSearch: 2])))
        #expect(reading.attributes.isEmpty)
        // The older tool has a price of its own, and a vendor's own count goes before ours.
        let preview = try read(
            document(action("search"), tools: #"{"type":"web_search_preview_2025_03_11"}"#))
        #expect(preview.attributes == ["web_search_tool": "preview"])
        let counted = try read(
            document(
                action("search"),
                usage: #","server_side_tool_usage_details":{"web_search_calls":4}"#))
        #expect(counted.usage[.webSearch] == 4)
    }

    struct Grounded: Sendable, CustomTestStringConvertible {
        let model: String
        let metadata: String
        let searches: Int64
        var maps: Int64 = 0
        var testDescription: String { "\(model) \(metadata)" }
    }

    /// Google bills each search from Gemini 3 on, and the grounded prompt before.
    @Test(arguments: [
        Grounded(
            model: "gemini-3-pro-preview", metadata: #"{"webSearchQueries":["a","b","c"]}"#,
            searches: 3),
        Grounded(
            model: "gemini-2.5-flash", metadata: #"{"webSearchQueries":["a","b","c"]}"#,
            searches: 1),
        Grounded(
            model: "gemini-2.5-flash", metadata: #"{"webSearchQueries":[""]}"#, searches: 0),
        Grounded(model: "gemini-3-flash", metadata: #"{"groundingChunks":[]}"#, searches: 0),
        Grounded(
            model: "gemini-2.5-flash",
            metadata: #"{"groundingChunks":[{"maps":{"title":"a"}},{"maps":{"title":"b"}}]}"#,
            searches: 0, maps: 1),
    ])
    func groundingIsCountedAsItIsBilled(given: Grounded) {
        // Each chunk repeats it, as the vendor does.
        let chunk =
            #"{"modelVersion":"\#(given.model)","candidates":[{"content":{"parts":[{"text":"a"}]},"groundingMetadata":\#(given.metadata)}]}"#
        let last =
            #"{"modelVersion":"\#(given.model)","candidates":[{"finishReason":"STOP","groundingMetadata":\#(given.metadata)}],"usageMetadata":{"promptTokenCount":4,"candidatesTokenCount":6,"totalTokenCount":10}}"#
        let reading = UsageReaderTests.read("data: \(chunk)\n\ndata: \(last)\n\n")
        #expect(reading.usage[.webSearch] == given.searches)
        #expect(reading.usage[.mapsGrounding] == given.maps)
        #expect(reading.usage.totalInput == 4)
        #expect(reading.known == .reported)
    }

    @Test func theKindOfTrafficIsTheTier() throws {
        for (traffic, tier) in [
            ("ON_DEMAND", nil), ("ON_DEMAND_PRIORITY", "priority"), ("ON_DEMAND_FLEX", "flex"),
            ("PROVISIONED_THROUGHPUT", "provisioned_throughput"),
        ] {
            let reading = try read(
                #"{"promptTokenCount":1,"candidatesTokenCount":1,"trafficType":"\#(traffic)"}"#)
            #expect(reading.serviceTier == tier, "\(traffic)")
        }
    }

    /// LiteLLM tells long writes among the details of the prompt.
    @Test func longWritesAreToldApartWhereverTheyStand() throws {
        let reading = try read(
            #"{"prompt_tokens":150,"completion_tokens":1,"total_tokens":151,"prompt_tokens_details":{"cache_creation_tokens":100,"cache_creation_token_details":{"ephemeral_5m_input_tokens":30,"ephemeral_1h_input_tokens":70}}}"#
        )
        #expect(
            reading.usage
                == (try Usage([
                    .input: 50, .cacheWrite5m: 30, .cacheWrite1h: 70, .output: 1,
                ])))
    }

    /// What a message's start said of the input is not taken back by an end that has only zeros for it.
    @Test func anEndOfZerosTakesNoInputBack() throws {
        func message(_ end: String) -> UsageReading {
            UsageReaderTests.read(
                """
                data: {"type":"message_start","message":{"id":"m","model":"c","usage":{"input_tokens":1000,"cache_read_input_tokens":5000,"output_tokens":1}}}

                data: {"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{\(end)}}

                data: {"type":"message_stop"}


                """)
        }
        let zeros = message(
            #""input_tokens":0,"cache_read_input_tokens":0,"output_tokens":20"#)
        #expect(zeros.usage == (try Usage([.input: 1000, .cachedInput: 5000, .output: 20])))
        #expect(zeros.oddities.list == [.zeroUsage])
        // Less is taken, and told.
        let less = message(
            #""input_tokens":900,"cache_read_input_tokens":0,"output_tokens":20"#)
        #expect(less.usage == (try Usage([.input: 900, .output: 20])))
        #expect(less.oddities.list == [.nonMonotonic])
    }

    // MARK: Another answer behind the end

    private static let chat = """
        data: {"id":"ID","object":"chat.completion.chunk","model":"m","choices":[{"index":0,"delta":{"content":"abc"}}]}

        data: {"id":"ID","object":"chat.completion.chunk","model":"m","choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":{"prompt_tokens":5,"completion_tokens":2,"total_tokens":7}}

        data: [DONE]


        """

    private static let message = """
        data: {"type":"message_start","message":{"id":"m","model":"claude","usage":{"input_tokens":12,"output_tokens":1}}}

        data: {"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":30}}

        data: {"type":"message_stop"}


        """

    /// One body is one answer: of more than one the reader says that it read one.
    @Test func anotherAnswerBehindTheEndIsTold() throws {
        let first = Self.chat.replacing("ID", with: "1")
        #expect(UsageReaderTests.read(first).oddities.isEmpty)
        let both = UsageReaderTests.read(first + Self.chat.replacing("ID", with: "2"))
        #expect(both.oddities.list == [.anotherAnswer])
        #expect(UsageReaderTests.read(first + first).oddities.list == [.anotherAnswer])
        // Another vendor's takes no part in it.
        let mixed = UsageReaderTests.read(first + Self.message)
        #expect(mixed.oddities.list == [.anotherAnswer])
        #expect(mixed.model == "m")
        #expect(mixed.usage == (try Usage([.input: 5, .output: 2])))
        let turned = UsageReaderTests.read(Self.message + first)
        #expect(turned.oddities.contains(.anotherAnswer))
        #expect(turned.usage == (try Usage([.input: 12, .output: 30])))
        let document =
            #"{"id":"ID","object":"chat.completion","model":"m","choices":[{"index":0,"message":{"content":"a"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}"#
        let lines = ["1", "2"].map { document.replacing("ID", with: $0) + "\n" }.joined()
        #expect(UsageReaderTests.read(lines).oddities.list == [.anotherAnswer])
    }

    /// Where each delta has the message beside it, the end of one choice is not that of the others.
    @Test func anotherChoiceIsNoOtherAnswer() {
        func chunk(_ index: Int, _ finish: String, _ text: String) -> String {
            #"data: {"id":"1","object":"chat.completion.chunk","model":"m","choices":[{"index":\#(index),"finish_reason":\#(finish),"message":{"content":"\#(text)"},"delta":{"content":"\#(text)"}}]}"#
                + "\n\n"
        }
        let reading = UsageReaderTests.read(
            chunk(0, "null", "a") + chunk(0, #""stop""#, "") + chunk(1, "null", "b")
                + chunk(1, #""stop""#, ""))
        #expect(!reading.oddities.contains(.anotherAnswer))
    }
}
