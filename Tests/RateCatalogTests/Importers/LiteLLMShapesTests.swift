import Pricing
import RateCatalog
import Testing

/// The shapes of LiteLLM's price map, one by one, in small maps made by hand.
struct LiteLLMShapesTests {
    private func read(
        _ entry: String, key: String = "maker/m", provider: String = "maker"
    ) throws -> (model: ImportedModel, tally: ImportTally) {
        let text = #"{"\#(key)": {"litellm_provider": "\#(provider)", \#(entry)}}"#
        let catalog = try LiteLLMImporter.read(Array(text.utf8))
        return (try #require(catalog.channels.first?.models.first), catalog.tally)
    }

    /// `tier=batch above=200000 | input 6, output 22.5`, a text a line.
    private func lines(_ entry: String) throws -> [String] {
        try read(entry).model.lines.map { line in
            let rates = line.rates.pairs.map { meter, rate in
                let per =
                    rate.quotedUnits == 1_000_000 ? "" : " per \(Count.exact(rate.quotedUnits))"
                return "\(meter.name) \(DecimalText.text(rate.quote.attos))\(per)"
            }
            let text = line.conditions.text
            return (text.isEmpty ? "" : text + " | ") + rates.joined(separator: ", ")
        }
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let entry: String
        let lines: [String]
        var testDescription: String { name }
    }

    @Test(arguments: [
        Case(
            name: "prices of a token, as quotes per million",
            entry: """
                "input_cost_per_token": 3e-06, "output_cost_per_token": 1.5e-05,
                "cache_read_input_token_cost": 3e-07, "cache_creation_input_token_cost": 3.75e-06,
                "cache_creation_input_token_cost_above_1hr": 6e-06, "cache_creation_input_token_cost_above_12hr": 9e-06
                """,
            lines: [
                "input 3, cached_input 0.3, cache_write_5m 3.75, cache_write_1h 6, cache_write_12h 9, output 15"
            ]),
        Case(
            name: "a band moves what it names, and the rest keeps its price",
            entry: """
                "input_cost_per_token": 3e-06, "input_cost_per_token_above_200k_tokens": 6e-06,
                "output_cost_per_token": 1.5e-05
                """,
            lines: ["input 3, output 15", "above=200000 | input 6, output 15"]),
        Case(
            name: "a tier is merged over the line, and over its bands",
            entry: """
                "input_cost_per_token": 3e-06, "input_cost_per_token_above_200k_tokens": 6e-06,
                "output_cost_per_token": 1.5e-05, "input_cost_per_token_batches": 1.5e-06,
                "input_cost_per_token_above_200k_tokens_batches": 3e-06
                """,
            lines: [
                "input 3, output 15", "above=200000 | input 6, output 15",
                "tier=batch | input 1.5, output 15", "tier=batch above=200000 | input 3, output 15",
            ]),
        Case(
            name: "a cache time, a band and a tier in one key",
            entry: """
                "input_cost_per_token": 1e-06, "cache_creation_input_token_cost_above_12hr": 2e-06,
                "cache_creation_input_token_cost_above_12hr_above_272k_tokens_priority": 8e-06
                """,
            lines: [
                "input 1, cache_write_12h 2", "tier=priority | input 1, cache_write_12h 2",
                "tier=priority above=272000 | input 1, cache_write_12h 8",
            ]),
        Case(
            name: "tiered pricing, the edge written either way",
            entry: """
                "tiered_pricing": [{"range": [0, 256000.0], "input_cost_per_token": 5e-08},
                {"range": [256001, 512000], "input_cost_per_token": 2.5e-07},
                {"range": [512000, 1000000], "input_cost_per_token": 5e-07}]
                """,
            lines: ["input 0.05", "above=256000 | input 0.25", "above=512000 | input 0.5"]),
        Case(
            name: "searches cost what they do with a medium context; other sizes are attributes",
            entry: """
                "input_cost_per_token": 1e-06, "search_context_cost_per_query":
                {"search_context_size_low": 0.03, "search_context_size_medium": 0.035, "search_context_size_high": 0.05}
                """,
            lines: [
                "input 1, web_search 0.035 per 1",
                "when.search_context=high | input 1, web_search 0.05 per 1",
                "when.search_context=low | input 1, web_search 0.03 per 1",
            ]),
        Case(
            name: "a region multiplies tokens, and not searches",
            entry: """
                "input_cost_per_token": 2e-06, "search_context_cost_per_query": {"search_context_size_medium": 0.01},
                "regional_processing_uplift_multiplier_eu": 1.1
                """,
            lines: [
                "input 2, web_search 0.01 per 1",
                "when.region=eu | input 2.2, web_search 0.01 per 1",
            ]),
        Case(
            name: "seconds are a thousand milliseconds",
            entry: #""mode": "audio_transcription", "input_cost_per_second": 0.0001"#,
            lines: ["audio_input_milliseconds 0.0001 per 1k"]),
        Case(
            name: "videos by resolution",
            entry: """
                "mode": "video_generation", "output_cost_per_second": 0.1, "output_cost_per_second_1080p": 0.3
                """,
            lines: [
                "video_output_milliseconds 0.1 per 1k",
                "when.resolution=1080p | video_output_milliseconds 0.3 per 1k",
            ]),
        Case(
            name: "a token of a picture is no size of one",
            entry: """
                "output_cost_per_image_token": 3e-05, "output_cost_per_image": 0.04, "output_cost_per_image_2K": 0.08,
                "output_cost_per_image_token_batches": 1.5e-05
                """,
            lines: [
                "image_output 30, output_image 0.04 per 1",
                "when.image_size=2K | image_output 30, output_image 0.08 per 1",
                "tier=batch | image_output 15, output_image 0.04 per 1",
                "tier=batch when.image_size=2K | image_output 15, output_image 0.08 per 1",
            ]),
        Case(
            name: "pictures, pages, queries, requests, characters",
            entry: """
                "output_cost_per_image": 0.04, "ocr_cost_per_page": 0.001, "input_cost_per_query": 0.002,
                "input_cost_per_request": 0.005, "input_cost_per_character": 1.5e-05
                """,
            lines: [
                "request 0.005 per 1, query 0.002 per 1, page 0.001 per 1, character_input 15, output_image 0.04 per 1"
            ]),
        Case(
            name: "off-peak hours on weekdays and whole weekends, in UTC",
            entry: """
                "input_cost_per_token": 3e-07, "off_peak_pricing": {"input_cost_per_token": 1.5e-07, "windows":
                [{"hours_utc": ["00:00-01:00", "10:00-00:00"], "weekdays": [1, 2]}, {"hours_utc": "00:00-00:00", "weekdays": [6, 7]}]}
                """,
            lines: [
                "input 0.3",
                "window=UTC/mon,tue/00:00:00-01:00:00,10:00:00-24:00:00 | input 0.15",
                "window=UTC/sat,sun/00:00:00-24:00:00 | input 0.15",
            ]),
        Case(
            name: "weekdays of Beijing cut the hours at its midnight",
            entry: """
                "input_cost_per_token": 3e-07, "off_peak_pricing": {"input_cost_per_token": 1.5e-07,
                "weekday_timezone": "Asia/Shanghai", "windows": [{"hours_utc": ["10:00-00:00"], "weekdays": [5]}]}
                """,
            lines: [
                "input 0.3",
                "window=Asia/Shanghai/fri/00:00:00-08:00:00,18:00:00-24:00:00 | input 0.15",
            ]),
        Case(
            name: "0 alone may mean free or unknown", entry: #""input_cost_per_token": 0"#,
            lines: []),
        Case(name: "no price is unknown", entry: #""mode": "chat""#, lines: []),
    ])
    func readsEveryShape(given: Case) throws {
        #expect(try lines(given.entry) == given.lines)
    }

    @Test(arguments: [
        #""input_cost_per_token": "cheap""#, #""input_cost_per_token": -1"#,
        #""input_cost_per_token": 1e400"#,
        #""input_cost_per_token": 1e-6, "tiered_pricing": 5"#,
    ])
    func refusesAPriceThatItCannotRead(entry: String) {
        let error = #expect(throws: ImportError.self) { try lines(entry) }
        #expect(
            error?.description
                == "this is no litellm catalog: maker/m has a price that cannot be read")
    }

    @Test func callsAModelOfTheUsersOwnMachineFree() throws {
        let (model, _) = try read(
            #""input_cost_per_token": 0.0, "output_cost_per_token": 0"#, key: "ollama/llama3",
            provider: "ollama")
        #expect(model.lines.first?.rates[.output]?.isFree == true)
    }

    /// A retirement is not the end of a price.
    @Test func endsNoPriceWhereAVendorRetiresAModel() throws {
        let (model, tally) = try read(
            #""input_cost_per_token": 1e-06, "deprecation_date": "2026-01-01""#)
        #expect(model.lines.map(\.validTo) == [nil])
        #expect(
            tally.notCarried.contains { $0.shape.hasPrefix("a vendor's retirement date") })
    }

    @Test func namesWhatItDoesNotCarry() throws {
        let (_, tally) = try read(
            """
            "input_cost_per_token": 1e-06, "supports_vision": true, "max_tokens": 1,
            "input_dbu_cost_per_token": 1e-05, "surprise_cost": 1
            """)
        let left = Dictionary(
            tally.notCarried.map { ($0.shape, $0.count) }, uniquingKeysWith: { one, _ in one })
        // The provider is a fact too.
        #expect(left["facts that are not prices"] == 3)
        #expect(left["prices of input_dbu_cost_per_token"] == 1)
        #expect(left["prices of surprise_cost"] == 1)
    }

    struct Key: Sendable, CustomTestStringConvertible {
        let key: String
        let provider: String
        let channel: String
        let names: [String]
        let canonical: String
        var testDescription: String { key }
    }

    @Test(arguments: [
        Key(
            key: "gemini/gemini-2.5-flash", provider: "gemini", channel: "google",
            names: ["gemini/gemini-2.5-flash", "gemini-2.5-flash"], canonical: "gemini-2.5-flash"),
        Key(
            key: "vertex_ai/claude-sonnet-4-5@20250929", provider: "vertex_ai-anthropic_models",
            channel: "google",
            names: ["vertex_ai/claude-sonnet-4-5@20250929", "claude-sonnet-4-5@20250929"],
            canonical: "claude-sonnet-4.5"),
        Key(
            key: "us.anthropic.claude-sonnet-4-5-20250929-v1:0", provider: "bedrock_converse",
            channel: "aws", names: ["us.anthropic.claude-sonnet-4-5-20250929-v1:0"],
            canonical: "claude-sonnet-4.5"),
        Key(
            key: "fireworks_ai/accounts/fireworks/models/deepseek-v3p2", provider: "fireworks_ai",
            channel: "fireworks",
            names: [
                "fireworks_ai/accounts/fireworks/models/deepseek-v3p2",
                "accounts/fireworks/models/deepseek-v3p2",
            ], canonical: "deepseek-v3.2"),
        Key(
            key: "gpt-4.1", provider: "openai", channel: "openai", names: ["gpt-4.1"],
            canonical: "gpt-4.1"),
    ])
    func readsKeysAsNames(given: Key) throws {
        let text =
            #"{"\#(given.key)": {"litellm_provider": "\#(given.provider)", "input_cost_per_token": 1e-06}}"#
        let channel = try #require(
            try LiteLLMImporter.read(Array(text.utf8)).channels.first)
        #expect(channel.id == given.channel)
        #expect(channel.models[0].names == given.names)
        #expect(channel.models[0].canonical == given.canonical)
    }

    @Test(arguments: [
        "", "[]", "{}", "{\"a\": 1}", "{\"a\": {}}", "{\"a\": {\"litellm_provider\": \"x\"}",
        "{\"a\": {\"litellm_provider\": \"x\", \"input_cost_per_token\": NaN}}",
        "{\"a\": {\"litellm_provider\": \"x\"}, \"a\": {\"litellm_provider\": \"x\"}}",
    ])
    func refusesWhatIsNoSuchMap(text: String) {
        let error = #expect(throws: ImportError.self) {
            try LiteLLMImporter.read(Array(text.utf8))
        }
        #expect(error.map { "\($0)".hasPrefix("this is no litellm catalog: ") } == true)
    }
}
