import RateCatalog
import Testing

/// Bytes that are no such catalog, and catalogs that are half of one: one clear sentence or a line
/// in the tally, never a crash.
struct GenAIPricesHostileTests {
    private static func problem(of text: String) -> String? {
        problem(of: Array(text.utf8))
    }

    private static func problem(of bytes: [UInt8]) -> String? {
        let error = #expect(throws: ImportError.self) { try GenAIPricesImporter.read(bytes) }
        return error.map { "\($0)" }
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let text: String
        let problem: String
        var testDescription: String { name }
    }

    @Test(arguments: [
        Case(name: "an empty file", text: "", problem: "expected a value at byte 1"),
        Case(name: "only white space", text: " \n", problem: "expected a value at byte 3"),
        Case(
            name: "truncated in a string", text: #"{"providers": [{"id": "ma"#,
            problem: "an unterminated string at byte 26"),
        Case(
            name: "truncated between members", text: #"{"providers": []"#,
            problem: "expected , or } at byte 17"),
        Case(
            name: "NaN", text: #"{"providers": NaN}"#, problem: "expected a value at byte 15"),
        Case(
            name: "Infinity", text: #"{"providers": -Infinity}"#,
            problem: "expected a value at byte 15"),
        Case(
            name: "a key twice", text: #"{"id": 1, "id": 2}"#, problem: "a key twice: id at byte 16"
        ),
        Case(name: "more behind it", text: "{} {}", problem: "more after the value at byte 4"),
        Case(
            name: "a byte order mark", text: "\u{FEFF}{}", problem: "expected a value at byte 1"),
        Case(name: "YAML", text: "providers:\n  - id: a", problem: "expected a value at byte 1"),
        Case(
            name: "an array", text: "[]",
            problem: "it has no \"providers\" with a list behind it"),
        Case(
            name: "a number", text: "5", problem: "it has no \"providers\" with a list behind it"),
        Case(
            name: "LiteLLM's map", text: #"{"gpt-4": {"litellm_provider": "openai"}}"#,
            problem: "it has no \"providers\" with a list behind it"),
        Case(
            name: "providers that are an object", text: #"{"providers": {"id": "a"}}"#,
            problem: "it has no \"providers\" with a list behind it"),
        Case(
            name: "no providers", text: #"{"providers": []}"#,
            problem: "it has no \"providers\" with a list behind it"),
        Case(
            name: "a provider that is a text", text: #"{"providers": ["openai"]}"#,
            problem: "providers[0] has no \"id\" or no \"models\""),
        Case(
            name: "a provider without an id",
            text: #"{"providers": [{"id": "a", "models": []}, {"models": []}]}"#,
            problem: "providers[1] has no \"id\" or no \"models\""),
        Case(
            name: "an id that is a number", text: #"{"providers": [{"id": 5, "models": []}]}"#,
            problem: "providers[0] has no \"id\" or no \"models\""),
        Case(
            name: "models that are an object", text: #"{"providers": [{"id": "a", "models": {}}]}"#,
            problem: "providers[0] has no \"id\" or no \"models\""),
    ])
    func refusesWhatIsNoSuchCatalog(given: Case) {
        #expect(
            Self.problem(of: given.text) == "this is no genai-prices catalog: \(given.problem)")
    }

    /// Told where the string ends.
    @Test func refusesBytesThatAreNoText() {
        #expect(
            Self.problem(of: Array(#"{"providers": ""#.utf8) + [0xFF, 0xFE, 0x22, 0x7D])
                == "this is no genai-prices catalog: invalid UTF-8 at byte 19")
    }

    /// The 65th bracket is one too many.
    @Test func refusesSeventyLevels() {
        let text = String(repeating: "[", count: 70) + String(repeating: "]", count: 70)
        #expect(
            Self.problem(of: text)
                == "this is no genai-prices catalog: more than 64 levels at byte 65")
    }

    @Test func refusesANumberOfAMillionDigits() {
        let text = #"{"providers": \#(String(repeating: "9", count: 1_000_000))}"#
        #expect(
            Self.problem(of: text)
                == "this is no genai-prices catalog: a number of more than 64 characters at byte 15"
        )
    }

    // MARK: Half a catalog

    struct Model: Sendable, CustomTestStringConvertible {
        let name: String
        let prices: String
        var more = ""
        var testDescription: String { name }
    }

    @Test(arguments: [
        Model(name: "prices that are a text", prices: #""2""#),
        Model(name: "prices that are null", prices: "null"),
        Model(name: "an empty list of prices", prices: "[]"),
        Model(name: "a list of texts", prices: #"["2"]"#),
        Model(name: "a price that is null", prices: #"{"input_mtok": null}"#),
        Model(name: "a price that is true", prices: #"{"input_mtok": true}"#),
        Model(name: "a price that is a list", prices: #"{"input_mtok": ["2"]}"#),
        Model(name: "a negative price", prices: #"{"input_mtok": -2}"#),
        Model(name: "a price in words", prices: #"{"input_mtok": "cheap"}"#),
        Model(name: "a price with a comma", prices: #"{"input_mtok": "1,5"}"#),
        Model(name: "a price above ten million", prices: #"{"input_mtok": "10000001"}"#),
        Model(name: "a price of 400 digits", prices: #"{"input_mtok": "1e400"}"#),
        Model(name: "a price below an atto", prices: #"{"input_mtok": "1e-19"}"#),
        Model(name: "tiers without a base", prices: #"{"input_mtok": {"tiers": []}}"#),
        Model(
            name: "tiers that are a number", prices: #"{"input_mtok": {"base": "1", "tiers": 5}}"#),
        Model(
            name: "a tier without a price",
            prices: #"{"input_mtok": {"base": "1", "tiers": [{"start": 5}]}}"#),
        Model(
            name: "a tier that starts below zero",
            prices: #"{"input_mtok": {"base": "1", "tiers": [{"start": -1, "price": "2"}]}}"#),
        Model(
            name: "a tier that starts at half a token",
            prices: #"{"input_mtok": {"base": "1", "tiers": [{"start": 0.5, "price": "2"}]}}"#),
        Model(
            name: "tiers out of order",
            prices: """
                {"input_mtok": {"base": "1", "tiers": [{"start": 9, "price": "2"},
                {"start": 9, "price": "3"}]}}
                """),
        Model(
            name: "a date that is none",
            prices: """
                [{"prices": {"input_mtok": "1"}, "constraint": {"start_date": "2026-02-30"}}]
                """),
        Model(
            name: "a constraint of an unknown kind",
            prices: #"[{"prices": {"input_mtok": "1"}, "constraint": {"moon": "full"}}]"#),
        Model(
            name: "a constraint that is a text",
            prices: #"[{"prices": {"input_mtok": "1"}, "constraint": "always"}]"#),
        Model(
            name: "hours of another zone",
            prices: """
                [{"prices": {"input_mtok": "1"}}, {"prices": {"input_mtok": "2"}, "constraint":
                {"start_time": "01:00:00+08:00", "end_time": "02:00:00+08:00"}}]
                """),
        Model(
            name: "half of the hours",
            prices: """
                [{"prices": {"input_mtok": "1"}},
                {"prices": {"input_mtok": "2"}, "constraint": {"start_time": "01:00:00Z"}}]
                """),
        Model(
            name: "a variant of no context", prices: #"{"input_mtok": "1"}"#,
            more: #""price_variants": [{"when": {}, "prices": {"input_mtok": "2"}}]"#),
        Model(
            name: "a variant of a context that is a number", prices: #"{"input_mtok": "1"}"#,
            more: #""price_variants": [{"when": {"speed": 5}, "prices": {"input_mtok": "2"}}]"#),
        Model(
            name: "a variant with a price in words", prices: #"{"input_mtok": "1"}"#,
            more: #""price_variants": [{"when": {"speed": "x"}, "prices": {"input_mtok": "?"}}]"#),
    ])
    func refusesACatalogWithAPriceThatItCannotRead(given: Model) {
        let catalog = GenAICatalog.provider(
            "maker",
            [
                GenAICatalog.model("m", given.prices, more: given.more),
                GenAICatalog.model("n", #"{"input_mtok": "1"}"#),
            ])
        let error = #expect(throws: ImportError.self) { try GenAICatalog.read([catalog]) }
        #expect(
            error?.description
                == "this is no genai-prices catalog: maker/m has a price that cannot be read")
    }

    @Test func countsThePricesThatItCannotRead() {
        let models = ["a", "b", "c"].map { GenAICatalog.model($0, #"{"input_mtok": "NaN"}"#) }
        let error = #expect(throws: ImportError.self) {
            try GenAICatalog.read([GenAICatalog.provider("maker", models)])
        }
        #expect(
            error?.description
                == "this is no genai-prices catalog: maker/a has a price that cannot be read, and so have 2 others"
        )
    }

    /// A word without a digit is no price, and least of all 0.
    @Test func doesNotReadALonePointAsZero() {
        #expect(throws: ImportError.self) {
            try GenAICatalog.read([
                GenAICatalog.provider("maker", [GenAICatalog.model("m", #"{"input_mtok": "."}"#)])
            ])
        }
    }

    // MARK: Size

    @Test func readsTextsOfAMillionLetters() throws {
        let long = String(repeating: "x", count: 1_000_000)
        for match in ["equals", "starts_with", "contains", "ends_with"] {
            let catalog = try GenAICatalog.read([
                GenAICatalog.provider(
                    "maker",
                    [
                        GenAICatalog.model(
                            "m", #"{"input_mtok": "1"}"#, match: #"{"\#(match)": "\#(long)"}"#)
                    ], #""name": "\#(long)""#)
            ])
            #expect(catalog.channels[0].models[0].lines.count == 1)
        }
        #expect(throws: ImportError.self) {
            try GenAICatalog.read([
                GenAICatalog.provider(
                    "maker", [GenAICatalog.model("m", #"{"input_mtok": "\#(long)"}"#)])
            ])
        }
    }

    /// Sixteen globs at most come of one expression.
    @Test func refusesAnExpressionThatGrowsWithoutBound() throws {
        let match = #"{"regex": "^\#(String(repeating: "(a|b)", count: 5_000))"}"#
        let catalog = try GenAICatalog.read([
            GenAICatalog.provider(
                "maker", [GenAICatalog.model("m", #"{"input_mtok": "1"}"#, match: match)])
        ])
        #expect(catalog.channels[0].models[0].patterns.isEmpty)
        #expect(
            ImportTally.counts(catalog.tally.notCarried)["match: regex that no glob says"] == 1)
    }

    @Test func survivesAnExpressionOfManyParentheses() async {
        await #expect(processExitsWith: .success) {
            let match = #"{"regex": "\#(String(repeating: "(", count: 200_000))"}"#
            _ = try GenAICatalog.read([
                GenAICatalog.provider("maker", [GenAICatalog.model("m", "{}", match: match)])
            ])
        }
    }

    /// 1.7 · 10³⁸ is where `Int128` ends; the text has 40 characters.
    @Test func survivesAPriceOfThirtyNineDigits() async {
        await #expect(processExitsWith: .success) {
            let figure = "1.70141183460469231731687303715884105728"
            _ = try? GenAICatalog.read([
                GenAICatalog.provider(
                    "maker", [GenAICatalog.model("m", #"{"input_mtok": \#(figure)}"#)])
            ])
        }
    }
}
