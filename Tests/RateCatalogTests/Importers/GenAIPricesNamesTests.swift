import Pricing
import RateCatalog
import Testing

/// What sellers call their models, and what of the source has no place in a rate table.
struct GenAIPricesNamesTests {
    private static let price = #"{"input_mtok": "1"}"#

    // MARK: Match clauses

    struct Clause: Sendable, CustomTestStringConvertible {
        let match: String
        /// In small letters, as they are looked up.
        let means: [String]
        let doesNotMean: [String]
        var testDescription: String { match }
    }

    // The regular expressions are of the kinds that the real file holds.
    @Test(arguments: [
        Clause(
            match: #"{"equals": "GPT-4"}"#, means: ["gpt-4", "GPT-4"],
            doesNotMean: ["gpt-4x", "xgpt-4"]),
        Clause(
            match: #"{"starts_with": "gpt-4"}"#, means: ["gpt-4", "gpt-4-turbo"],
            doesNotMean: ["my-gpt-4"]),
        Clause(
            match: #"{"ends_with": "-mini"}"#, means: ["o3-mini", "-mini"],
            doesNotMean: ["o3-mini-x"]),
        Clause(
            match: #"{"contains": "sonnet"}"#, means: ["a-sonnet-b", "sonnet"],
            doesNotMean: ["sonet"]),
        Clause(
            match: #"{"or": [{"equals": "one"}, {"or": [{"starts_with": "two"}]}]}"#,
            means: ["one", "two-and-more"], doesNotMean: ["one-and-more"]),
        Clause(
            match: #"{"regex": "^gpt-6\\.1-\\d{4}-\\d{2}-\\d{2}$"}"#,
            means: ["gpt-6.1-2026-01-02"],
            doesNotMean: ["gpt-6x1-2026-01-02", "gpt-6.1-2026-01-2", "gpt-6.1-2026-01-02-x"]),
        Clause(
            match: #"{"regex": "^opus-5[-@]\\d{8}$"}"#,
            means: ["opus-5-20260101", "opus-5@20260101"],
            doesNotMean: ["opus-5_20260101", "opus-5-2026010a"]),
        Clause(
            match: #"{"regex": "^(t/)?jev-1(-\\d{2})?$"}"#,
            means: ["jev-1", "t/jev-1", "jev-1-09", "t/jev-1-09"],
            doesNotMean: ["u/jev-1", "jev-1-9"]),
        Clause(
            match: #"{"regex": "^four-(?:pro|flash)-\\d"}"#,
            means: ["four-pro-1", "four-flash-2-preview"], doesNotMean: ["four-lite-1"]),
        Clause(match: #"{"regex": "lite"}"#, means: ["a-lite-b"], doesNotMean: ["a-lit-b"]),
        Clause(
            match: #"{"regex": "^c-2\\.5\\[fast=true\\]$"}"#, means: ["c-2.5[fast=true]"],
            doesNotMean: ["c-2.5"]),
        Clause(
            match:
                #"{"and": [{"starts_with": "g-2.5"}, {"regex": "^(?!.*-[tT][tT][sS](?:$|-))"}]}"#,
            means: ["g-2.5", "g-2.5-pro", "g-2.5-ttsx"],
            doesNotMean: ["g-2.5-tts", "G-2.5-TTS-preview"]),
    ])
    func resolvesWhatTheSourceMatches(given: Clause) throws {
        // The model's own id is none of the names that are asked for.
        let catalog = try GenAICatalog.read([
            GenAICatalog.provider(
                "maker", [GenAICatalog.model("zzz-999", Self.price, match: given.match)])
        ])
        let book = try book(GenAICatalog.plan(catalog).files)
        for name in given.means {
            let match = try book.match(name, on: "maker", at: .at("2026-11-23"))
            #expect(book.catalog.models[match.model].id == "zzz-999", "\(name)")
        }
        for name in given.doesNotMean {
            let error = #expect(throws: PricingError.self, "\(name)") {
                try book.match(name, on: "maker", at: .at("2026-11-23"))
            }
            #expect(error?.code == "unknown_model")
        }
    }

    struct Refusal: Sendable, CustomTestStringConvertible {
        let match: String
        let shape: String
        var testDescription: String { match }
    }

    @Test(arguments: [
        Refusal(match: #"{"regex": "^a+b$"}"#, shape: "match: regex that no glob says"),
        Refusal(match: #"{"regex": "^a(?=b)"}"#, shape: "match: regex that no glob says"),
        Refusal(match: #"{"regex": "^[a-z]1$"}"#, shape: "match: regex that no glob says"),
        Refusal(match: #"{"regex": "^a\\wb$"}"#, shape: "match: regex that no glob says"),
        Refusal(match: #"{"regex": "^a{0}$"}"#, shape: "match: regex that no glob says"),
        Refusal(match: #"{"regex": "(a"}"#, shape: "match: regex that no glob says"),
        Refusal(match: #"{"sounds_like": "a"}"#, shape: "match: sounds_like that no glob says"),
        Refusal(match: #"{"equals": 5}"#, shape: "match: equals that no glob says"),
        Refusal(
            match: #"{"and": [{"starts_with": "a"}, {"ends_with": "b"}]}"#,
            shape: "match: and that no glob says"),
        Refusal(
            match: #"{"and": [{"or": [{"equals": "a"}]}]}"#,
            shape: "match clauses of an unknown shape"),
        Refusal(
            match: #"{"equals": "a", "contains": "b"}"#, shape: "match clauses of an unknown shape"
        ),
        Refusal(match: "{}", shape: "match clauses of an unknown shape"),
        Refusal(match: "null", shape: "match clauses of an unknown shape"),
        Refusal(match: "[]", shape: "match clauses of an unknown shape"),
    ])
    func tellsWhatNoGlobSays(given: Refusal) throws {
        let catalog = try GenAICatalog.read([
            GenAICatalog.provider(
                "maker", [GenAICatalog.model("m", Self.price, match: given.match)])
        ])
        let model = catalog.channels[0].models[0]
        #expect(model.names.isEmpty)
        #expect(model.patterns.isEmpty)
        #expect(model.lines.count == 1)
        let left = catalog.tally.notCarried.first { $0.shape.hasPrefix("match") }
        #expect(left?.shape == given.shape)
        #expect(left?.examples.first?.hasPrefix("maker/m") == true)
    }

    /// An expression that no engine takes has no meaning.
    @Test func doesNotReadASetWithoutItsEnd() throws {
        let catalog = try GenAICatalog.read([
            GenAICatalog.provider(
                "maker", [GenAICatalog.model("m", Self.price, match: #"{"regex": "[a"}"#)])
        ])
        #expect(catalog.channels[0].models[0].patterns.isEmpty)
    }

    /// `\D` is what is no digit.
    @Test func doesNotTurnAClassOfCharactersIntoItsOpposite() throws {
        let catalog = try GenAICatalog.read([
            GenAICatalog.provider(
                "maker", [GenAICatalog.model("m", Self.price, match: #"{"regex": "^a\\Db$"}"#)])
        ])
        #expect(catalog.channels[0].models[0].patterns.map(\.glob) != ["a#b"])
    }

    /// `^a|b` is what begins with a, or has a b anywhere.
    @Test func anchorsTheAlternativeThatSaysSo() throws {
        let catalog = try GenAICatalog.read([
            GenAICatalog.provider(
                "maker", [GenAICatalog.model("m", Self.price, match: #"{"regex": "^a|b"}"#)])
        ])
        #expect(catalog.channels[0].models[0].patterns.map(\.glob) != ["a*", "b*"])
    }

    /// The first model of the file that matches is the source's answer.
    @Test func leavesAnExactNameToTheEarlierGlob() throws {
        let catalog = try GenAICatalog.read([
            GenAICatalog.provider(
                "maker",
                [
                    GenAICatalog.model(
                        "first", #"{"input_mtok": "1"}"#, match: #"{"starts_with": "a-"}"#),
                    GenAICatalog.model(
                        "second", #"{"input_mtok": "2"}"#,
                        match: #"{"or": [{"equals": "a-b"}, {"equals": "c"}]}"#),
                    GenAICatalog.model(
                        "third", #"{"input_mtok": "4"}"#,
                        match: #"{"or": [{"equals": "C"}, {"contains": "c"}]}"#),
                ])
        ])
        let book = try book(GenAICatalog.plan(catalog).files)
        #expect(try book.billed([.input: 1_000_000], of: "a-b", on: "maker") == "1.00 USD")
        #expect(try book.billed([.input: 1_000_000], of: "c", on: "maker") == "2.00 USD")
        #expect(try book.billed([.input: 1_000_000], of: "cc", on: "maker") == "4.00 USD")
        let left = try #require(
            catalog.tally.notCarried.first { $0.shape == "names that an earlier model takes" })
        #expect(left.count == 2)
        #expect(left.examples == ["maker/second: a-b", "maker/third: c"])
    }

    // MARK: Canonical ids

    struct Name: Sendable, CustomTestStringConvertible {
        let provider: String
        let id: String
        let canonical: String
        var testDescription: String { "\(provider) \(id)" }

        init(_ provider: String, _ id: String, _ canonical: String) {
            self.provider = provider
            self.id = id
            self.canonical = canonical
        }
    }

    @Test(arguments: [
        Name("anthropic", "claude-sonnet-4-5", "claude-sonnet-4.5"),
        Name("anthropic", "claude-3-5-haiku-latest", "claude-3.5-haiku"),
        Name("anthropic", "claude-sonnet-4-0", "claude-sonnet-4"),
        Name("anthropic", "claude-opus-4-1-20250805", "claude-opus-4.1-20250805"),
        Name("aws", "global.anthropic.claude-sonnet-4-5-20250929-v1:0", "claude-sonnet-4.5"),
        Name("aws", "regional.anthropic.claude-opus-4-6-v1", "claude-opus-4.6"),
        Name("aws", "amazon.nova-pro-v1:0", "nova-pro"),
        Name("aws", "global.amazon.nova-2-lite-v1:0", "nova-2-lite"),
        Name("aws", "deepseek.r1-v1:0", "deepseek-r1"),
        Name("aws", "openai.gpt-oss-120b-1:0", "gpt-oss-120b"),
        Name("fireworks", "accounts/fireworks/models/deepseek-v3p2", "deepseek-v3.2"),
        Name("fireworks", "qwen3-30b-a3b", "qwen3-30b-a3b"),
        Name("google", "claude-4-sonnet", "claude-sonnet-4"),
        Name("google", "gemini-2.5-pro", "gemini-2.5-pro"),
        Name("databricks", "databricks-gpt-oss-120b", "gpt-oss-120b"),
        Name("openrouter", "anthropic/claude-3-5-sonnet", "claude-3.5-sonnet"),
        Name("openrouter", "Qwen/Qwen3-Max", "qwen3-max"),
        Name("openai", "gpt-4-1106-preview", "gpt-4-1106-preview"),
        // The letter p is a dot at Fireworks alone.
        Name("together", "deepseek-v3p2", "deepseek-v3p2"),
    ])
    func takesASellersDecorationsOff(given: Name) throws {
        let catalog = try GenAICatalog.read([
            GenAICatalog.provider(given.provider, [GenAICatalog.model(given.id, Self.price)])
        ])
        #expect(catalog.channels[0].models[0].canonical == given.canonical)
    }

    @Test func knowsWhoMakesWhatItSells() throws {
        func model(_ provider: String, _ id: String) throws -> (isVendor: Bool, isResold: Bool) {
            let channel = try GenAICatalog.read([
                GenAICatalog.provider(provider, [GenAICatalog.model(id, Self.price)])
            ]).channels[0]
            return (channel.isVendor, channel.models[0].isResold)
        }
        #expect(try model("openai", "gpt-4.1") == (true, false))
        #expect(try model("openrouter", "openai/gpt-4.1") == (false, false))
        #expect(try model("aws", "amazon.nova-pro-v1:0") == (true, false))
        #expect(try model("aws", "anthropic.claude-3-haiku-20240307-v1:0") == (true, true))
        #expect(try model("google", "gemini-2.5-pro") == (true, false))
        #expect(try model("google", "claude-4-sonnet") == (true, true))
    }

    @Test func givesAChannelItsOtherNames() throws {
        let channel = try GenAICatalog.read([
            GenAICatalog.provider("X-AI", [GenAICatalog.model("m", Self.price)], #""name": "xAI""#)
        ]).channels[0]
        #expect(channel.id == "x-ai")
        #expect(channel.name == "xAI")
        #expect(channel.aliases == ["xai"])
        #expect(channel.isVendor)
    }

    // MARK: The tally

    @Test func countsEveryShapeThatItLeavesOut() throws {
        let model = """
            {"id": "m", "match": {"equals": "m"}, "context_window": 1, "description": "d",
            "deprecated": true, "price_comments": "c", "odd": 1, "prices":
            [{"prices": {"input_mtok": "1", "surprise_mtok": "2"}},
            {"constraint": {"start_date": "2026-01-01"}, "prices": {"surprise_mtok": "3"}}],
            "price_variants": [
            {"when": {"service_tier": "default"}, "prices": {}},
            {"when": {"processing": "batch"}, "prices": {"input_mtok": "1"}, "constraint":
            {"start_time": "01:00:00+00:00", "end_time": "02:00:00+00:00"}}]}
            """
        let catalog = try GenAICatalog.read(
            [
                GenAICatalog.provider(
                    "maker", [model, #"{"id": "n", "match": {"equals": "n"}}"#, "{}"],
                    """
                    "api_pattern": "https://.*", "provider_match": {"contains": "x"},
                    "model_match": {"contains": "x"}, "extractors": [{}, {}, {}],
                    "fallback_model_providers": ["a", "b"], "pricing_urls": ["u", "v"],
                    "price_comments": "c", "description": "d"
                    """)
            ], #""units": {"input_mtok": {}, "output_mtok": {}}"#)
        #expect(catalog.source == "genai-prices 0.0.0")
        #expect(
            ImportTally.counts(catalog.tally.notCarried) == [
                "patterns of API addresses (a channel is named, not guessed)": 1,
                "patterns of provider ids (aliases stand for them)": 1,
                "patterns that guess a provider (a channel is named, not guessed)": 1,
                "usage extractors (they belong to the readers of streams)": 3,
                "fallbacks to another provider's price (a price is never guessed)": 2,
                "addresses of price pages": 2, "comments on a provider": 1,
                // One of the provider, one of the model.
                "descriptions": 2,
                "context windows": 1, "comments on a model's price": 1,
                "marks of retired models (not the end of a price)": 1,
                "unknown fields of a model: odd": 1, "prices of surprise_mtok": 2,
                "variants of the standard tier, or of two": 1, "variants of some hours": 1,
                "empty price sets that do not say free (unknown, and never 0)": 1,
                "models without an id or prices": 2, "units (their meters are known here)": 2,
            ])
        #expect(
            ImportTally.counts(catalog.tally.carried) == [
                "providers": 1, "models": 1, "match: equals": 1, "lists of conditional prices": 1,
                "prices of input_mtok": 2, "start dates": 1, "hours of the day": 1,
            ])
    }

    @Test func countsWhatItMendsAndNamesTheFirstThree() throws {
        let models = ["a", "b", "c", "d"].map {
            GenAICatalog.model($0, #"{"input_mtok": "0.18000000000000002"}"#)
        }
        let other = GenAICatalog.model(
            "e", #"{"input_mtok": "0.08333333333333334", "output_mtok": "0.02384185791015625"}"#)
        let tally = try GenAICatalog.read([GenAICatalog.provider("maker", models + [other])]).tally
        #expect(
            ImportTally.counts(tally.mended) == [
                "float noise, made clean": 4, "repeating decimals, made ratios": 1,
                "long figures, kept digit by digit": 1,
            ])
        #expect(
            tally.mended[0].examples == ["a", "b", "c"].map { "maker/\($0): 0.18000000000000002" })
    }

    /// `ImportTally` says that nothing is dropped in silence.
    @Test func countsFieldsThatItDoesNotKnow() throws {
        let catalog = try GenAICatalog.read([#"{"id": "maker", "surprise": 1, "models": []}"#])
        #expect(
            ImportTally.counts(catalog.tally.notCarried)["unknown fields of a provider: surprise"]
                == 1)
    }

    /// A field that may bear on a price could turn it into another.
    @Test(arguments: [
        """
        [{"constraint": {"start_date": "2026-01-01", "end_date": "2026-02-01"},
        "prices": {"input_mtok": "1"}}]
        """,
        #"{"input_mtok": {"base": "1", "tiers": [{"start": 5, "end": 6, "price": "2"}]}}"#,
        #"{"input_mtok": {"base": "1", "tiers": [], "per": "request"}}"#,
        #"[{"prices": {"input_mtok": "1"}, "for": "friends"}]"#,
    ])
    func refusesConditionsThatItDoesNotKnow(prices: String) {
        #expect(throws: ImportError.self) {
            try GenAICatalog.read([
                GenAICatalog.provider("maker", [GenAICatalog.model("m", prices)])
            ])
        }
    }
}
