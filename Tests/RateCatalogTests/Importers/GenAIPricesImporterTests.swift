import Pricing
import RateCatalog
import Testing

/// Small catalogs of the shape of genai-prices.
enum GenAICatalog {
    /// A model that goes by its id alone, unless `match` says more.
    static func model(
        _ id: String, _ prices: String, match: String? = nil, more: String = ""
    ) -> String {
        let match = match ?? #"{"equals": "\#(id)"}"#
        let tail = more.isEmpty ? "" : ", \(more)"
        return #"{"id": "\#(id)", "match": \#(match), "prices": \#(prices)\#(tail)}"#
    }

    static func provider(_ id: String, _ models: [String], _ more: String = "") -> String {
        let tail = more.isEmpty ? "" : ", \(more)"
        return #"{"id": "\#(id)", "models": [\#(models.joined(separator: ","))]\#(tail)}"#
    }

    static func read(_ providers: [String], _ more: String = "") throws -> ImportedCatalog {
        let tail = more.isEmpty ? "" : ", \(more)"
        let text =
            #"{"source": "genai-prices 0.0.0 (made by hand)", "providers": ["#
            + providers.joined(separator: ",") + "]\(tail)}"
        return try GenAIPricesImporter.read(Array(text.utf8))
    }

    static func plan(
        _ catalog: ImportedCatalog, on day: String = "2026-11-23", beside files: [RateFile] = [],
        accepting accepted: [String] = []
    ) throws -> ImportPlan {
        var options = ImportPlan.Options(date: Timestamp.at(day).utcDate)
        options.accepted = accepted
        return try ImportPlan(catalog, from: "genai-prices", beside: files, options)
    }
}

extension ImportTally {
    static func counts(_ entries: [Entry]) -> [String: Int] {
        Dictionary(uniqueKeysWithValues: entries.map { ($0.shape, $0.count) })
    }
}

/// What each shape of genai-prices comes to in money, once it was imported.
struct GenAIPricesImporterTests {
    struct Question: Sendable {
        let usage: KeyValuePairs<Meter, Int64>
        var at = "2026-11-23"
        var tier = "standard"
        var attributes: [String: String] = [:]
        let bill: String
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        /// The prices of the model `m`, and what else it says.
        let prices: String
        var more = ""
        let questions: [Question]
        var testDescription: String { name }
    }

    private static let long = #"{"base": "3", "tiers": [{"start": 200000, "price": "6"}]}"#

    @Test(arguments: [
        Case(
            name: "plain prices of several kinds",
            prices: """
                {"input_mtok": "2", "cache_read_mtok": "0.5", "output_mtok": "8",
                "web_searches_kcount": "10", "input_audio_hours": "3.6", "requests_kcount": "5"}
                """,
            questions: [
                // 2 + 2 × 0.5 + 0.5 × 8
                Question(
                    usage: [.input: 1_000_000, .cachedInput: 2_000_000, .output: 500_000],
                    bill: "7.00 USD"),
                // 3 of 10 a thousand, a second of 3.6 an hour, and a request of 5 a thousand.
                Question(
                    usage: [.webSearch: 3, .audioInputMilliseconds: 1_000, .request: 1],
                    bill: "0.036 USD"),
            ]),
        Case(
            name: "a tier above 200,000 tokens of input, cached and written ones counted",
            prices: """
                {"input_mtok": \(long),
                "cache_read_mtok": {"base": "0.3", "tiers": [{"start": 200000, "price": "0.6"}]},
                "cache_write_mtok": {"base": "3.75", "tiers": [{"start": 200000, "price": "7.5"}]},
                "output_mtok": {"base": "15", "tiers": [{"start": 200000, "price": "22.5"}]}}
                """,
            questions: [
                // 0.3 + 0.015 + 49,999 × 3.75 ÷ 10⁶
                Question(
                    usage: [.input: 100_000, .cachedInput: 50_000, .cacheWrite5m: 49_999],
                    bill: "0.50249625 USD"),
                Question(
                    usage: [.input: 100_000, .cachedInput: 50_000, .cacheWrite5m: 50_000],
                    bill: "0.5025 USD"),
                // 0.6 + 0.03 + 50,001 × 7.5 ÷ 10⁶, and 1,000 × 22.5 ÷ 10⁶: every token moves.
                Question(
                    usage: [
                        .input: 100_000, .cachedInput: 50_000, .cacheWrite5m: 50_001,
                        .output: 1_000,
                    ], bill: "1.0275075 USD"),
                // Output does not count for the band: 0.3 + 300,000 × 15 ÷ 10⁶
                Question(usage: [.input: 100_000, .output: 300_000], bill: "4.80 USD"),
            ]),
        Case(
            name: "a tier that starts above 199,999",
            prices: #"{"input_mtok": {"base": "3", "tiers": [{"start": 199999, "price": "6"}]}}"#,
            questions: [
                Question(usage: [.input: 199_999], bill: "0.599997 USD"),
                Question(usage: [.input: 200_000], bill: "1.20 USD"),
                Question(usage: [.input: 200_001], bill: "1.200006 USD"),
            ]),
        Case(
            name: "two tiers",
            prices: """
                {"input_mtok": {"base": "1", "tiers": [
                {"start": 32000, "price": "2"}, {"start": 128000, "price": "4"}]}}
                """,
            questions: [
                Question(usage: [.input: 32_000], bill: "0.032 USD"),
                Question(usage: [.input: 32_001], bill: "0.064002 USD"),
                Question(usage: [.input: 128_000], bill: "0.256 USD"),
                Question(usage: [.input: 128_001], bill: "0.512004 USD"),
            ]),
        Case(
            name: "keys without tiers keep their price in the band",
            prices: #"{"input_mtok": \#(long), "output_mtok": "15", "web_searches_kcount": "10"}"#,
            questions: [
                // 1 M × 6 + 1,000 × 15 ÷ 10⁶ + 10 ÷ 1,000
                Question(
                    usage: [.input: 1_000_000, .output: 1_000, .webSearch: 1], bill: "6.025 USD")
            ]),
        Case(
            name: "tiers of two keys that start at two places",
            prices: """
                {"input_mtok": {"base": "1", "tiers": [{"start": 100000, "price": "2"}]},
                "output_mtok": {"base": "10", "tiers": [{"start": 200000, "price": "20"}]}}
                """,
            questions: [
                // 0.3 + 1; between the two starts the input alone has moved.
                Question(usage: [.input: 150_000, .output: 100_000], bill: "1.30 USD"),
                Question(usage: [.input: 300_000, .output: 100_000], bill: "2.60 USD"),
            ]),
        Case(
            name: "one start date",
            prices: """
                [{"prices": {"input_mtok": "10"}},
                {"constraint": {"start_date": "2026-06-10"}, "prices": {"input_mtok": "4"}}]
                """,
            questions: [
                Question(
                    usage: [.input: 1_000_000], at: "2026-06-09T23:59:59Z", bill: "10.00 USD"),
                Question(
                    usage: [.input: 1_000_000], at: "2026-06-10T00:00:00Z", bill: "4.00 USD"),
            ]),
        Case(
            name: "several start dates, the last active one holds",
            prices: """
                [{"prices": {"input_mtok": "10"}},
                {"constraint": {"start_date": "2025-06-10"}, "prices": {"input_mtok": "8"}},
                {"constraint": {"start_date": "2026-02-01"}, "prices": {"input_mtok": "5"}},
                {"constraint": {"start_date": "2027-01-01"}, "prices": {"input_mtok": "3"}}]
                """,
            questions: [
                Question(usage: [.input: 1_000_000], at: "2025-06-09", bill: "10.00 USD"),
                Question(usage: [.input: 1_000_000], at: "2026-01-31", bill: "8.00 USD"),
                Question(usage: [.input: 1_000_000], at: "2026-12-31", bill: "5.00 USD"),
                Question(usage: [.input: 1_000_000], at: "2027-01-01", bill: "3.00 USD"),
            ]),
        Case(
            name: "hours that cross midnight",
            prices: """
                [{"prices": {"input_mtok": "1"}},
                {"constraint": {"start_time": "16:30:00+00:00", "end_time": "00:30:00+00:00"},
                "prices": {"input_mtok": "0.5"}}]
                """,
            questions: [
                Question(usage: [.input: 2_000_000], at: "2026-11-22T16:29:59Z", bill: "2.00 USD"),
                Question(usage: [.input: 2_000_000], at: "2026-11-22T16:30:00Z", bill: "1.00 USD"),
                Question(usage: [.input: 2_000_000], at: "2026-11-23T00:00:00Z", bill: "1.00 USD"),
                Question(usage: [.input: 2_000_000], at: "2026-11-23T00:29:59Z", bill: "1.00 USD"),
                Question(usage: [.input: 2_000_000], at: "2026-11-23T00:30:00Z", bill: "2.00 USD"),
            ]),
        Case(
            name: "a dated list followed by two windows a day, which hold before the date too",
            prices: """
                [{"prices": {"input_mtok": "0.4"}},
                {"constraint": {"start_date": "2026-09-10"}, "prices": {"input_mtok": "0.8"}},
                {"constraint": {"start_time": "01:00:00+00:00", "end_time": "04:00:00+00:00"},
                "prices": {"input_mtok": "1.2"}},
                {"constraint": {"start_time": "06:00:00+00:00", "end_time": "10:00:00+00:00"},
                "prices": {"input_mtok": "1.6"}}]
                """,
            questions: [
                Question(usage: [.input: 1_000_000], at: "2026-09-09T00:00:00Z", bill: "0.40 USD"),
                Question(usage: [.input: 1_000_000], at: "2026-09-09T01:00:00Z", bill: "1.20 USD"),
                Question(usage: [.input: 1_000_000], at: "2026-09-10T03:59:59Z", bill: "1.20 USD"),
                Question(usage: [.input: 1_000_000], at: "2026-09-10T05:00:00Z", bill: "0.80 USD"),
                Question(usage: [.input: 1_000_000], at: "2026-09-10T09:00:00Z", bill: "1.60 USD"),
            ]),
        Case(
            name: "a variant is merged over the base",
            prices: #"{"input_mtok": "2", "cache_read_mtok": "0.5", "output_mtok": "8"}"#,
            more: """
                "price_variants": [{"when": {"processing": "batch"},
                "prices": {"input_mtok": "1", "output_mtok": "4"}}]
                """,
            questions: [
                // 1 + 0.5 + 4: cached tokens keep the base's price.
                Question(
                    usage: [.input: 1_000_000, .cachedInput: 1_000_000, .output: 1_000_000],
                    tier: "batch", bill: "5.50 USD")
            ]),
        Case(
            name: "a variant with tiers of its own",
            prices: #"{"input_mtok": \#(long), "output_mtok": "15"}"#,
            more: """
                "price_variants": [{"when": {"processing": "batch"}, "prices": {"input_mtok":
                {"base": "1.5", "tiers": [{"start": 100000, "price": "2.5"}]}}}]
                """,
            questions: [
                Question(usage: [.input: 100_000], tier: "batch", bill: "0.15 USD"),
                Question(usage: [.input: 200_000], tier: "batch", bill: "0.50 USD"),
                Question(usage: [.input: 1_000_000], tier: "batch", bill: "2.50 USD"),
                Question(usage: [.input: 200_000], bill: "0.60 USD"),
            ]),
        Case(
            name: "two variants of one context: the first that holds, key by key",
            prices: #"{"input_mtok": "8", "output_mtok": "16"}"#,
            more: """
                "price_variants": [
                {"when": {"service_tier": "flex"}, "constraint": {"start_date": "2027-01-01"},
                "prices": {"input_mtok": "3"}},
                {"when": {"service_tier": "flex"}, "constraint": {"start_date": "2026-10-15"},
                "prices": {"input_mtok": "4", "output_mtok": "9"}}]
                """,
            questions: [
                Question(
                    usage: [.input: 1_000_000, .output: 1_000_000], tier: "flex", bill: "13.00 USD"),
                Question(
                    usage: [.input: 1_000_000, .output: 1_000_000], at: "2027-01-01", tier: "flex",
                    bill: "12.00 USD"),
            ]),
        Case(
            name: "an attribute of the request; the default tier is the standard one",
            prices: #"{"input_mtok": "5", "output_mtok": "25"}"#,
            more: """
                "price_variants": [{"when": {"speed": "fast"}, "prices": {"input_mtok": "30"}},
                {"when": {"service_tier": "default"}, "prices": {}},
                {"when": {"service_tier": "auto"}, "prices": {}}]
                """,
            questions: [
                Question(usage: [.input: 1_000_000], bill: "5.00 USD"),
                Question(
                    usage: [.input: 1_000_000, .output: 1_000_000], attributes: ["speed": "fast"],
                    bill: "55.00 USD"),
                Question(
                    usage: [.input: 1_000_000], attributes: ["speed": "slow"], bill: "5.00 USD"),
                // A variant without prices of its own says that the context costs what the base does.
                Question(usage: [.input: 1_000_000], tier: "auto", bill: "5.00 USD"),
            ]),
        Case(
            name: "noise of doubles, a twelfth, a twenty-fourth, and a figure that is neither",
            prices: """
                {"input_mtok": "0.18000000000000002", "cache_read_mtok": "0.08333333333333334",
                "cache_write_mtok": "0.0416666666666667", "output_mtok": "0.02384185791015625"}
                """,
            questions: [
                Question(usage: [.input: 1_000_000], bill: "0.18 USD"),
                Question(usage: [.cachedInput: 12_000_000], bill: "1.00 USD"),
                Question(usage: [.cacheWrite5m: 24_000_000], bill: "1.00 USD"),
                Question(usage: [.output: 1_000_000], bill: "0.02384185791015625 USD"),
            ]),
        Case(
            name: "figures written as numbers",
            prices: #"{"input_mtok": 2, "output_mtok": 2.5e-1}"#,
            questions: [
                Question(usage: [.input: 1_000_000, .output: 2_000_000], bill: "2.50 USD")
            ]),
    ])
    func pricesEveryShape(given: Case) throws {
        let model = GenAICatalog.model("m", given.prices, more: given.more)
        let catalog = try GenAICatalog.read([GenAICatalog.provider("maker", [model])])
        let book = try book(GenAICatalog.plan(catalog).files)
        for question in given.questions {
            let bill = try book.billed(
                question.usage, of: "m", on: "maker", at: question.at, tier: question.tier,
                attributes: question.attributes)
            #expect(bill == question.bill, "\(question)")
        }
    }

    /// Inside the hours the source charges 1 whatever the size, for that price has no tiers.
    @Test func hoursWithoutTiersGoBeforeTheTiersOfTheDay() throws {
        let prices = """
            [{"prices": {"input_mtok": \(Self.long)}},
            {"constraint": {"start_time": "01:00:00+00:00", "end_time": "02:00:00+00:00"},
            "prices": {"input_mtok": "1"}}]
            """
        let catalog = try GenAICatalog.read([
            GenAICatalog.provider("maker", [GenAICatalog.model("m", prices)])
        ])
        let book = try book(GenAICatalog.plan(catalog).files)
        func bill(at time: String) throws -> String {
            try book.billed([.input: 1_000_000], of: "m", on: "maker", at: time)
        }
        #expect(try bill(at: "2026-11-22T01:30:00Z") == "1.00 USD")
        #expect(try bill(at: "2026-11-22T02:00:00Z") == "6.00 USD")
    }

    @Test func sellsADatedVariantFromItsDayOnly() throws {
        let model = GenAICatalog.model(
            "m", #"{"input_mtok": "2"}"#,
            more: """
                "price_variants": [{"when": {"service_tier": "flex"},
                "constraint": {"start_date": "2026-10-14"}, "prices": {"input_mtok": "1"}}]
                """)
        let catalog = try GenAICatalog.read([GenAICatalog.provider("maker", [model])])
        let book = try book(GenAICatalog.plan(catalog).files)
        let error = #expect(throws: PricingError.self) {
            try book.billed([.input: 1], of: "m", on: "maker", at: "2026-10-13", tier: "flex")
        }
        #expect(error?.code == "no_line_for_tier")
        #expect(
            try book.billed(
                [.input: 1_000_000], of: "m", on: "maker", at: "2026-10-14", tier: "flex")
                == "1.00 USD")
    }

    /// A request that says nothing of its tier costs what the base says.
    @Test func doesNotLetAVariantNamedStandardTakeTheBasesPlace() throws {
        let model = GenAICatalog.model(
            "m", #"{"input_mtok": "2"}"#,
            more: """
                "price_variants": [{"when": {"service_tier": "standard"},
                "prices": {"input_mtok": "4"}}]
                """)
        let catalog = try GenAICatalog.read([GenAICatalog.provider("maker", [model])])
        let prices = catalog.channels[0].models[0].lines.map { $0.rates[.input]?.quote.amountText }
        #expect(prices.contains("2.00"))
    }

    /// A write to the cache that the source gives no price is unknown; a read is charged as input.
    @Test func pricesNoCacheWriteThatTheSourceDoesNot() throws {
        let catalog = try GenAICatalog.read([
            GenAICatalog.provider("maker", [GenAICatalog.model("m", #"{"input_mtok": "2"}"#)])
        ])
        let book = try book(GenAICatalog.plan(catalog).files)
        #expect(
            try book.billed([.cachedInput: 1_000_000], of: "m", on: "maker") == "2.00 USD")
        let error = #expect(throws: PricingError.self) {
            try book.billed([.cacheWrite5m: 1], of: "m", on: "maker")
        }
        #expect(error?.code == "unpriced_meters")
    }

    /// Ten seconds at least: 10,000 ÷ 3,600,000 of 0.36.
    @Test func billsWhisperAtGroqForTenSecondsAtLeast() throws {
        let models = ["whisper-large-v3", "whisper-large-v3-turbo", "distil-whisper"].map {
            GenAICatalog.model($0, #"{"audio_hours": "0.36"}"#)
        }
        let catalog = try GenAICatalog.read([
            GenAICatalog.provider("groq", models), GenAICatalog.provider("maker", models),
        ])
        let book = try book(GenAICatalog.plan(catalog).files)
        func bill(_ model: String, _ channel: String, _ milliseconds: Int64) throws -> String {
            try book.billed([.audioMilliseconds: milliseconds], of: model, on: channel)
        }
        #expect(try bill("whisper-large-v3", "groq", 1) == "0.001 USD")
        #expect(try bill("whisper-large-v3-turbo", "groq", 9_999) == "0.001 USD")
        #expect(try bill("whisper-large-v3", "groq", 20_000) == "0.002 USD")
        #expect(try bill("distil-whisper", "groq", 1_000) == "0.0001 USD")
        #expect(try bill("whisper-large-v3", "maker", 1_000) == "0.0001 USD")
        #expect(
            ImportTally.counts(catalog.tally.carried)["minimum units (in the source's code)"] == 2)
    }

    struct Empty: Sendable, CustomTestStringConvertible {
        let id: String
        var more = ""
        let isFree: Bool
        var testDescription: String { "\(id) \(more)" }
    }

    @Test(arguments: [
        Empty(id: "maker/m:free", isFree: true), Empty(id: "maker/M:Free", isFree: true),
        Empty(id: "m", more: #""name": "M (free)""#, isFree: true),
        Empty(id: "m", more: #""price_comments": "Free of charge, no paid tier.""#, isFree: true),
        Empty(
            id: "m", more: #""price_comments": "Included in the subscription.""#, isFree: true),
        // An empty set alone is unknown, and so are words that say something else.
        Empty(id: "m", isFree: false), Empty(id: "free", isFree: false),
        Empty(id: "m:freedom", isFree: false),
        Empty(id: "m", more: #""price_comments": "Not published.""#, isFree: false),
        Empty(id: "m", more: #""description": "Free of charge.""#, isFree: false),
    ])
    func callsAnEmptyPriceSetFreeOnlyInWords(given: Empty) throws {
        let catalog = try GenAICatalog.read([
            GenAICatalog.provider(
                "seller", [GenAICatalog.model(given.id, "{}", more: given.more)])
        ])
        let lines = catalog.channels[0].models[0].lines
        #expect(lines.count == (given.isFree ? 1 : 0))
        #expect(lines.allSatisfy { $0.rates.pairs.allSatisfy(\.rate.isFree) })
        let carried = ImportTally.counts(catalog.tally.carried)
        let left = ImportTally.counts(catalog.tally.notCarried)
        #expect(
            carried["empty price sets of models that say free"] == (given.isFree ? 1 : nil))
        #expect(
            left["empty price sets that do not say free (unknown, and never 0)"]
                == (given.isFree ? nil : 1))
    }

    /// A model without a line is known by its name, and cannot be priced: never 0.
    @Test func refusesToPriceWhatIsUnknown() throws {
        let catalog = try GenAICatalog.read([
            GenAICatalog.provider(
                "maker",
                [GenAICatalog.model("m", "{}"), GenAICatalog.model("n", #"{"input_mtok": "1"}"#)])
        ])
        let book = try book(GenAICatalog.plan(catalog).files)
        let error = #expect(throws: PricingError.self) {
            try book.billed([.input: 1], of: "m", on: "maker")
        }
        #expect(error?.code == "not_sold")
    }
}
