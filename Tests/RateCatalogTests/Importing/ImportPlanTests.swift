import Pricing
import RateCatalog
import Testing

/// A folder of rate files over several imports.
struct ImportedFolder {
    var files: [RateFile] = []

    /// Imports `providers` on a day, and puts the files in their places.
    @discardableResult
    mutating func read(
        _ providers: String..., on day: String, accepting accepted: [String] = []
    ) throws -> ImportPlan {
        let plan = try GenAICatalog.plan(
            try GenAICatalog.read(providers), on: day, beside: files, accepting: accepted)
        let names = Set(plan.files.map(\.name))
        files = files.filter { !names.contains($0.name) } + plan.files
        return plan
    }

    func text(_ name: String) -> String? {
        files.first { $0.name == "imported/genai-prices/\(name).json" }?.text
    }

    /// A million tokens of input; the code of the error where they have no price.
    func cost(
        _ model: String = "m", at day: String, on channel: String = "maker",
        tier: String = "standard", input: Int64 = 1_000_000
    ) throws -> String {
        do {
            return try book(files).billed(
                [.input: input], of: model, on: channel, at: day, tier: tier)
        } catch let error as PricingError {
            return error.code
        }
    }
}

extension GenAICatalog {
    /// The provider `maker` with the model `m`, and models that stay as they are.
    static func maker(_ prices: String, more: String = "", with others: String...) -> String {
        provider("maker", [model("m", prices, more: more)] + others)
    }

    /// `2`, then `3` from a day on.
    static func dated(_ before: String, from day: String, _ after: String) -> String {
        """
        [{"prices": {"input_mtok": "\(before)"}},
        {"constraint": {"start_date": "\(day)"}, "prices": {"input_mtok": "\(after)"}}]
        """
    }

    static func input(_ price: String) -> String { #"{"input_mtok": "\#(price)"}"# }
}

/// What an import does to the lines of its files.
struct ImportPlanTests {
    private typealias Source = GenAICatalog

    // MARK: What is written

    @Test func writesWhatTheSourceSaysOneRecordALine() throws {
        var folder = ImportedFolder()
        let plan = try folder.read(
            GenAICatalog.provider(
                "groq",
                [
                    GenAICatalog.model(
                        "org/m",
                        """
                        {"input_mtok": {"base": "3", "tiers": [{"start": 200000, "price": "6"}]},
                        "cache_read_mtok": "0.08333333333333334", "web_searches_kcount": "10"}
                        """,
                        match: """
                            {"or": [{"equals": "Org/M"}, {"equals": "m-1"}, {"starts_with": "m-2"},
                            {"and": [{"contains": "m3"}, {"regex": "^(?!.*-tts$)"}]}]}
                            """,
                        more: """
                            "name": "The \\"M\\"", "price_variants": [{"when": {"speed": "fast"},
                            "constraint": {"start_date": "2026-10-14"},
                            "prices": {"input_mtok": "9"}}]
                            """),
                    GenAICatalog.model(
                        "hours",
                        """
                        [{"prices": {"input_mtok": "1"}},
                        {"constraint": {"start_time": "16:30:00+00:00", "end_time": "00:30:00Z"},
                        "prices": {"input_mtok": "0.5"}}]
                        """),
                    GenAICatalog.model("free:free", "{}"),
                    GenAICatalog.model("whisper-large-v3", #"{"audio_hours": "0.111"}"#),
                ], #""name": "Groq""#), on: "2026-11-23")
        #expect(plan.folder == "imported/genai-prices")
        #expect(plan.source == "genai-prices 0.0.0")
        #expect(plan.models == 4)
        #expect(
            plan.files.map(\.name) == [
                "imported/genai-prices/groq.json", "imported/genai-prices/models.json",
            ])
        #expect(
            folder.text("groq") == """
                {"imported": {"from": "genai-prices 0.0.0", "read": "2026-11-23"},
                "channel": "groq",
                "name": "Groq",
                "currency": "USD",
                "source": "genai-prices 0.0.0",
                "checked": "2026-11-23",
                "unlisted": "inherit",
                "names": [
                {"model": "m", "names": ["org/m", "m-1"], "patterns": ["m-2*", {"match": "*m3*", "except": ["*-tts"]}]},
                {"model": "hours", "names": ["hours"]},
                {"model": "free:free", "names": ["free:free"]},
                {"model": "whisper-large-v3", "names": ["whisper-large-v3"]}
                ],
                "lines": [
                {"model": "m", "valid_from": "2025-01-01", "rates": {"input": 3, "cached_input": "1 per 12M", "web_search": "10 per 1k"}},
                {"model": "m", "valid_from": "2025-01-01", "above": 200000, "rates": {"input": 6, "cached_input": "1 per 12M", "web_search": "10 per 1k"}},
                {"model": "m", "valid_from": "2026-10-14", "when": {"speed": "fast"}, "rates": {"input": 9, "cached_input": "1 per 12M", "web_search": "10 per 1k"}},
                {"model": "m", "valid_from": "2026-10-14", "above": 200000, "when": {"speed": "fast"}, "rates": {"input": 9, "cached_input": "1 per 12M", "web_search": "10 per 1k"}},
                {"model": "hours", "valid_from": "2025-01-01", "rates": {"input": 1}},
                {"model": "hours", "valid_from": "2025-01-01", "window": {"zone": "UTC", "hours": ["16:30-00:30"]}, "rates": {"input": 0.5}},
                {"model": "free:free", "valid_from": "2025-01-01", "rates": {"input": "free", "output": "free"}},
                {"model": "whisper-large-v3", "valid_from": "2025-01-01", "minimum_units": {"audio_milliseconds": 10000, "audio_input_milliseconds": 10000}, "rates": {"audio_milliseconds": "0.111 per 3.6M"}}
                ]}

                """)
        #expect(
            folder.text("models") == """
                {"imported": {"from": "genai-prices 0.0.0", "read": "2026-11-23"},
                "models": [
                {"id": "free:free"},
                {"id": "hours"},
                {"id": "m", "name": "The \\"M\\""},
                {"id": "whisper-large-v3"}
                ]}

                """)
        #expect(try folder.cost("org/M", at: "2026-11-23", on: "groq") == "6.00 USD")
        #expect(try folder.cost("m-2x", at: "2025-01-01", on: "groq", input: 200_000) == "0.60 USD")
        #expect(try folder.cost("m", at: "2024-12-31", on: "groq") == "no_line_at_time")
    }

    /// What holds before the source's first date began before it, however early that is.
    @Test func beginsWhatIsUndatedBeforeTheFirstDate() throws {
        var folder = ImportedFolder()
        try folder.read(
            Source.maker(Source.dated("2", from: "2024-06-01", "3")), on: "2026-11-23")
        #expect(try folder.cost(at: "2024-05-31") == "2.00 USD")
        #expect(try folder.cost(at: "2024-06-01") == "3.00 USD")
        #expect(try folder.cost(at: "2024-05-30") == "no_line_at_time")
    }

    @Test func changesNothingWhenItIsReadAgain() throws {
        var folder = ImportedFolder()
        let maker = Source.maker(
            Source.dated("2", from: "2026-06-01", "3"),
            more: """
                "price_variants": [{"when": {"processing": "batch"}, "prices": {"input_mtok": "1"}}]
                """, with: Source.model("n", "{}"))
        let first = try folder.read(maker, on: "2026-11-23")
        #expect(first.count(.added) == 3)
        let again = try folder.read(maker, on: "2027-05-05")
        #expect(again.files.isEmpty)
        #expect(again.changes.isEmpty)
        #expect(again.pastDiffers == 0)
        // The standard line and the batch line of today.
        #expect(again.unchanged == 2)
    }

    // MARK: Changes

    @Test func changesAnUndatedPriceOnTheDayOfTheImport() throws {
        var folder = ImportedFolder()
        try folder.read(Source.maker(Source.input("2")), on: "2026-11-23")
        let plan = try folder.read(Source.maker(Source.input("3")), on: "2026-12-01")
        #expect(plan.files.map(\.name) == ["imported/genai-prices/maker.json"])
        #expect(plan.changes.map(\.word) == [.changed])
        // The old line says nothing of its end; the new one says when it was read.
        #expect(
            folder.text("maker")?.hasSuffix(
                """
                "source": "genai-prices 0.0.0",
                "checked": "2026-12-01",
                "unlisted": "inherit",
                "names": [
                {"model": "m", "names": ["m"]}
                ],
                "lines": [
                {"model": "m", "valid_from": "2025-01-01", "rates": {"input": 2}, "checked": "2026-11-23"},
                {"model": "m", "valid_from": "2026-12-01", "rates": {"input": 3}}
                ]}

                """) == true)
        #expect(try folder.cost(at: "2026-11-30T23:59:59Z") == "2.00 USD")
        #expect(try folder.cost(at: "2026-12-01") == "3.00 USD")
    }

    @Test func changesADatedPriceOnItsDate() throws {
        var folder = ImportedFolder()
        try folder.read(Source.maker(Source.input("2")), on: "2026-11-23")
        try folder.read(Source.maker(Source.dated("2", from: "2026-11-26", "3")), on: "2026-12-01")
        #expect(try folder.cost(at: "2026-11-25") == "2.00 USD")
        #expect(try folder.cost(at: "2026-11-26") == "3.00 USD")
    }

    /// History is what it was, though the source tells it otherwise now.
    @Test func keepsHistoryThatTheSourceRewrites() throws {
        var folder = ImportedFolder()
        try folder.read(Source.maker(Source.dated("2", from: "2026-06-01", "3")), on: "2026-11-23")
        let plan = try folder.read(
            Source.maker(Source.dated("2.5", from: "2026-06-01", "3")), on: "2026-12-01")
        #expect(plan.files.isEmpty)
        #expect(plan.pastDiffers == 1)
        #expect(try folder.cost(at: "2026-05-31") == "2.00 USD")
    }

    @Test func changesOneTierAndLeavesTheOthers() throws {
        var folder = ImportedFolder()
        func maker(_ batch: String) -> String {
            Source.maker(
                Source.input("2"),
                more: """
                    "price_variants": [{"when": {"processing": "batch"},
                    "prices": {"input_mtok": "\(batch)"}}]
                    """)
        }
        try folder.read(maker("1"), on: "2026-11-23")
        let plan = try folder.read(maker("1.5"), on: "2026-12-01")
        #expect(plan.changes.map(\.word) == [.changed])
        #expect(plan.unchanged == 1)
        #expect(try folder.cost(at: "2026-12-01", tier: "batch") == "1.50 USD")
        #expect(try folder.cost(at: "2026-11-30", tier: "batch") == "1.00 USD")
        #expect(try folder.cost(at: "2026-12-01") == "2.00 USD")
    }

    @Test func correctsAPriceThatChangedTwiceOnOneDay() throws {
        var folder = ImportedFolder()
        try folder.read(Source.maker(Source.input("2")), on: "2026-11-23")
        try folder.read(Source.maker(Source.input("3")), on: "2026-12-01")
        let plan = try folder.read(Source.maker(Source.input("4")), on: "2026-12-01")
        let change = try #require(plan.changes.first)
        #expect(plan.changes.count == 1)
        #expect(change.after?.corrects == change.before?.line.id)
        #expect(try folder.cost(at: "2026-12-01") == "4.00 USD")
        #expect(try folder.cost(at: "2026-11-30") == "2.00 USD")
    }

    /// There, back and there again on one day.
    @Test func survivesAPriceThatComesAndGoesOnOneDay() throws {
        var folder = ImportedFolder()
        try folder.read(Source.maker(Source.input("2")), on: "2026-11-23")
        try folder.read(Source.maker(Source.input("3")), on: "2026-12-01")
        try folder.read(Source.maker(Source.input("2")), on: "2026-12-01")
        #expect(try folder.cost(at: "2026-12-02") == "2.00 USD")
        try folder.read(Source.maker(Source.input("3")), on: "2026-12-01")
        #expect(try folder.cost(at: "2026-12-02") == "3.00 USD")
    }

    // MARK: What is to come

    @Test func takesAPriceThatIsToCome() throws {
        var folder = ImportedFolder()
        try folder.read(Source.maker(Source.input("2")), on: "2026-11-23")
        let dated = Source.maker(Source.dated("2", from: "2027-01-01", "3"))
        let plan = try folder.read(dated, on: "2026-12-01")
        #expect(plan.changes.map(\.word) == [.added])
        #expect(try folder.cost(at: "2026-12-31") == "2.00 USD")
        #expect(try folder.cost(at: "2027-01-01") == "3.00 USD")
        // Once it holds, nothing is left to do.
        #expect(try folder.read(dated, on: "2027-01-02").files.isEmpty)
    }

    struct Announcement: Sendable, CustomTestStringConvertible {
        let name: String
        /// What the source says later, before the first announcement holds.
        let prices: String
        /// A million tokens on 2027-01-15, and on 2027-02-15.
        let january: String
        let february: String
        var testDescription: String { name }
    }

    @Test(arguments: [
        Announcement(
            name: "another price", prices: GenAICatalog.dated("2", from: "2027-01-01", "4"),
            january: "4.00 USD", february: "4.00 USD"),
        Announcement(
            name: "another day", prices: GenAICatalog.dated("2", from: "2027-02-01", "3"),
            january: "2.00 USD", february: "3.00 USD"),
        Announcement(
            name: "never mind", prices: GenAICatalog.input("2"), january: "2.00 USD",
            february: "2.00 USD"),
    ])
    func takesBackWhatWasAnnounced(given: Announcement) throws {
        var folder = ImportedFolder()
        try folder.read(Source.maker(Source.dated("2", from: "2027-01-01", "3")), on: "2026-11-23")
        try folder.read(Source.maker(given.prices), on: "2026-12-01")
        let costs = [try folder.cost(at: "2027-01-15"), try folder.cost(at: "2027-02-15")]
        #expect(costs == [given.january, given.february])
    }

    /// The band falls away: from then on a large request costs a token what a small one does.
    @Test func takesAnEndThatIsAnnounced() throws {
        let tiered = #"{"input_mtok": {"base": "3", "tiers": [{"start": 200000, "price": "6"}]}}"#
        var folder = ImportedFolder()
        try folder.read(Source.maker(tiered), on: "2026-11-23")
        try folder.read(
            Source.maker(
                """
                [{"prices": \(tiered)},
                {"constraint": {"start_date": "2026-12-15"}, "prices": {"input_mtok": "3"}}]
                """), on: "2026-12-01")
        #expect(try folder.cost(at: "2026-12-14") == "6.00 USD")
        let later = try folder.cost(at: "2026-12-15")
        #expect(later == "3.00 USD")
    }

    /// As a change does, an end that the source dates holds from its date.
    @Test func endsALineOnTheDayThatTheSourceNames() throws {
        let tiered = #"{"input_mtok": {"base": "3", "tiers": [{"start": 200000, "price": "6"}]}}"#
        var folder = ImportedFolder()
        try folder.read(Source.maker(tiered), on: "2026-11-23")
        try folder.read(
            Source.maker(
                """
                [{"prices": \(tiered)},
                {"constraint": {"start_date": "2026-11-25"}, "prices": {"input_mtok": "3"}}]
                """), on: "2026-12-01")
        #expect(try folder.cost(at: "2026-12-01") == "3.00 USD")
        let between = try folder.cost(at: "2026-11-25")
        #expect(between == "3.00 USD")
    }

    // MARK: What is gone

    @Test func endsAModelThatIsGoneAndSellsItAgain() throws {
        let other = Source.model("n", Source.input("1"))
        var folder = ImportedFolder()
        try folder.read(Source.maker(Source.input("2"), with: other), on: "2026-11-23")
        let gone = try folder.read(Source.provider("maker", [other]), on: "2026-12-01")
        #expect(gone.changes.map(\.word) == [.ended])
        #expect(
            folder.text("maker")?.contains(
                #"{"model": "m", "valid_from": "2025-01-01", "valid_to": "2026-12-01", "rates""#)
                == true)
        #expect(try folder.cost(at: "2026-11-30") == "2.00 USD")
        #expect(try folder.cost(at: "2026-12-01") == "no_line_at_time")
        // It is said once.
        #expect(try folder.read(Source.provider("maker", [other]), on: "2026-12-05").files.isEmpty)
        let back = try folder.read(
            Source.maker(Source.input("2"), with: other), on: "2026-12-24")
        #expect(back.changes.map(\.word) == [.added])
        #expect(try folder.cost(at: "2026-12-23") == "no_line_at_time")
        #expect(try folder.cost(at: "2026-12-24") == "2.00 USD")
    }

    /// What the seller called it is how past usage speaks of it.
    @Test func keepsTheNamesOfAModelThatIsGone() throws {
        let other = Source.model("n", Source.input("1"))
        let model = Source.model(
            "m", Source.input("2"), match: #"{"or": [{"equals": "seldom"}, {"contains": "xyz"}]}"#)
        var folder = ImportedFolder()
        try folder.read(Source.provider("maker", [model, other]), on: "2026-11-23")
        try folder.read(Source.provider("maker", [other]), on: "2026-12-01")
        #expect(try folder.cost("m", at: "2026-11-24") == "2.00 USD")
        let costs = try ["seldom", "a-xyz"].map { try folder.cost($0, at: "2026-11-24") }
        #expect(costs == ["2.00 USD", "2.00 USD"])
    }

    @Test func keepsASellerThatIsGone() throws {
        var folder = ImportedFolder()
        let maker = Source.provider("maker", [Source.model("m", Source.input("2"))])
        let seller = Source.provider(
            "seller",
            [
                Source.model(
                    "x/q", Source.input("3"),
                    match: #"{"or": [{"equals": "x/q"}, {"starts_with": "q-"}]}"#)
            ])
        try folder.read(maker, seller, on: "2026-11-23")
        let plan = try folder.read(maker, on: "2026-12-01")
        #expect(plan.changes.map(\.word) == [.ended])
        #expect(try folder.cost("x/q", at: "2026-11-30", on: "seller") == "3.00 USD")
        #expect(try folder.cost("q-7", at: "2026-11-30", on: "seller") == "3.00 USD")
        #expect(try folder.cost("x/q", at: "2026-12-01", on: "seller") == "no_line_at_time")
        #expect(try folder.read(maker, on: "2026-12-02").files.isEmpty)
    }
}
