import Pricing
import RateCatalog
import Testing

/// What an import holds back for a person to look at, and whose files it may touch.
struct ImportGuardTests {
    private typealias Source = GenAICatalog

    // MARK: Leaps

    struct Leap: Sendable, CustomTestStringConvertible {
        let from: String
        let to: String
        /// `nil` where it is written.
        let reason: String?
        var testDescription: String { "\(from) → \(to)" }
    }

    @Test(arguments: [
        Leap(from: "2", to: "2.01", reason: nil), Leap(from: "2", to: "6", reason: nil),
        Leap(from: "6", to: "2", reason: nil),
        Leap(from: "2", to: "6.000001", reason: "input moved by more than 3×"),
        Leap(from: "6.000001", to: "2", reason: "input moved by more than 3×"),
        Leap(from: "2", to: "0", reason: "input became free"),
        Leap(from: "0", to: "2", reason: "input is free no longer"),
        Leap(from: "200", to: "251", reason: "input is above 250 per 1M tokens"),
    ])
    func holdsBackWhatMovedByMoreThanThreeTimes(given: Leap) throws {
        var folder = ImportedFolder()
        try folder.read(Source.maker(Source.input(given.from)), on: "2026-11-23")
        let before = folder
        let old = try folder.cost(at: "2026-12-01")
        let plan = try folder.read(Source.maker(Source.input(given.to)), on: "2026-12-01")
        #expect(plan.changes.map(\.word) == [given.reason == nil ? .changed : .heldBack])
        #expect(plan.changes[0].reason == given.reason)
        guard given.reason != nil else { return }
        #expect(plan.changes[0].line?.channel == "maker")
        #expect(plan.changes[0].before != nil)
        // Not a byte of the line is written.
        #expect(plan.files.isEmpty)
        #expect(try folder.cost(at: "2027-01-01") == old)
        // It is held back again until somebody accepts it.
        let again = try folder.read(Source.maker(Source.input(given.to)), on: "2026-12-02")
        #expect(again.count(.heldBack) == 1)
        var other = before
        #expect(throws: ImportError.acceptsNothing("seller/m", nearest: ["maker/m"])) {
            try other.read(
                Source.maker(Source.input(given.to)), on: "2026-12-02", accepting: ["seller/m"])
        }
        for accepted in ["maker/m", "*"] {
            var folder = before
            let plan = try folder.read(
                Source.maker(Source.input(given.to)), on: "2026-12-02", accepting: [accepted])
            #expect(plan.changes.map(\.word) == [.changed])
            #expect(
                plan.changes[0].after?.confirmed
                    == "Accepted on 2026-12-02 although \(given.reason ?? "")."
            )
            #expect(try folder.cost(at: "2026-12-01") == old)
            #expect(try folder.cost(at: "2026-12-02") != old)
        }
    }

    /// A twelfth and a quarter are three times apart, and not more.
    @Test func writesALeapOfExactlyThreeTimesFromARatio() throws {
        var folder = ImportedFolder()
        try folder.read(Source.maker(Source.input("0.08333333333333333")), on: "2026-11-23")
        let plan = try folder.read(Source.maker(Source.input("0.25")), on: "2026-12-01")
        #expect(plan.changes.map(\.word) == [.changed])
    }

    @Test func holdsTheWholeLineBackForOneOfItsFigures() throws {
        var folder = ImportedFolder()
        try folder.read(
            Source.maker(#"{"input_mtok": "2", "output_mtok": "8"}"#), on: "2026-11-23")
        let plan = try folder.read(
            Source.maker(#"{"input_mtok": "3", "output_mtok": "80"}"#), on: "2026-12-01")
        #expect(plan.changes.map(\.reason) == ["output moved by more than 3×"])
        #expect(try folder.cost(at: "2026-12-01") == "2.00 USD")
    }

    // MARK: Slips of the unit

    struct Slip: Sendable, CustomTestStringConvertible {
        let prices: String
        let reason: String?
        var testDescription: String { prices }
    }

    @Test(arguments: [
        Slip(prices: Source.input("250"), reason: nil),
        Slip(prices: Source.input("250.01"), reason: "input is above 250 per 1M tokens"),
        Slip(
            prices: #"{"output_mtok": "1000.1"}"#, reason: "output is above 1000 per 1M tokens"),
        // A price a token in a field of a million.
        Slip(prices: Source.input("0.001"), reason: nil),
        Slip(prices: Source.input("0.0000003"), reason: "input is below 0.001 per 1M tokens"),
        Slip(prices: #"{"input_mtok": "1", "output_mtok": "500"}"#, reason: nil),
        Slip(
            prices: #"{"input_mtok": "1", "output_mtok": "500.1"}"#,
            reason: "output is 500× away from input"),
        Slip(
            prices: #"{"input_mtok": "2", "cache_read_mtok": "0.0039"}"#,
            reason: "cached_input is 500× away from input"),
        Slip(prices: #"{"input_mtok": "2", "cache_read_mtok": "0"}"#, reason: nil),
        // What is not counted in tokens has a scale of its own.
        Slip(prices: #"{"input_mtok": "2", "web_searches_kcount": "5000"}"#, reason: nil),
        Slip(
            prices: #"{"input_mtok": "2", "web_searches_kcount": "5001"}"#,
            reason: "web_search is above 5 each"),
        Slip(prices: #"{"audio_hours": "18000"}"#, reason: nil),
        Slip(
            prices: #"{"audio_hours": "18001"}"#,
            reason: "audio_milliseconds is above 5 a second"),
    ])
    func holdsBackWhatLooksLikeAnotherUnit(given: Slip) throws {
        var folder = ImportedFolder()
        let other = Source.model("n", Source.input("1"))
        let plan = try folder.read(Source.maker(given.prices, with: other), on: "2026-11-23")
        #expect(plan.count(.added) == (given.reason == nil ? 2 : 1))
        #expect(plan.changes.compactMap(\.reason) == [given.reason].compactMap(\.self))
        #expect(try folder.cost("n", at: "2026-11-23") == "1.00 USD")
        guard given.reason != nil else { return }
        #expect(try folder.cost(at: "2026-11-23") == "not_sold")
        let accepted = try folder.read(
            Source.maker(given.prices, with: other), on: "2026-11-24", accepting: ["maker/m"])
        #expect(accepted.changes.map(\.word) == [.added])
        #expect(folder.text("maker")?.contains(#""confirmed": "Accepted on 2026-11-24"#) == true)
    }

    /// A price of some past days was held back; somebody looked at it, and it is right.
    @Test func takesAPastPriceOnceItIsAccepted() throws {
        let maker = Source.maker(
            """
            [{"prices": {"input_mtok": "2"}},
            {"constraint": {"start_date": "2026-10-20"}, "prices": {"input_mtok": "2500"}},
            {"constraint": {"start_date": "2026-11-03"}, "prices": {"input_mtok": "3"}}]
            """)
        var folder = ImportedFolder()
        let first = try folder.read(maker, on: "2026-11-23")
        #expect(first.changes.map(\.word) == [.added, .heldBack, .added])
        let plan = try folder.read(maker, on: "2026-11-24", accepting: ["maker/m"])
        let between = try folder.cost(at: "2026-10-20")
        #expect(plan.changes.map(\.word) == [.added])
        #expect(between == "2500.00 USD")
    }

    struct Far: Sendable, CustomTestStringConvertible {
        let price: String
        let others: Int
        let isHeld: Bool
        var testDescription: String { "\(price) beside \(others) that ask 2" }
    }

    @Test(arguments: [
        Far(price: "0.0019", others: 3, isHeld: true),
        Far(price: "200", others: 3, isHeld: false),
        Far(price: "201", others: 3, isHeld: true), Far(price: "0.02", others: 3, isHeld: false),
        Far(price: "0.0199", others: 3, isHeld: true),
        // Two sellers are no measure of each other.
        Far(price: "0.0019", others: 1, isHeld: false),
    ])
    func holdsBackWhatIsFarFromTheOtherSellers(given: Far) throws {
        let sellers = (0..<given.others).map { index in
            Source.provider("seller-\(index)", [Source.model("x/m", Source.input("2"))])
        }
        let catalog = try GenAICatalog.read([Source.maker(Source.input(given.price))] + sellers)
        let plan = try GenAICatalog.plan(catalog)
        let held = plan.changes.filter { $0.word == .heldBack }
        #expect(held.map { $0.line?.channel } == (given.isHeld ? ["maker"] : []))
        #expect(
            held.map(\.reason)
                == (given.isHeld ? ["input is 100× away from the model's other sellers"] : []))
    }

    // MARK: Files of others

    private static let own = [
        RateFile(
            name: "models/maker.yml",
            text: """
                vendor: maker
                models:
                  - id: m
                  - id: new-name
                """),
        RateFile(
            name: "channels/maker.yml",
            text: """
                channel: maker
                currency: USD
                aliases: [the-maker]
                replaces: [old-name]
                lines:
                  - model: m
                    valid_from: 2026-01-01
                    source: https://example.com/prices
                    checked: 2026-11-22
                    rates: {input: 7}
                  - model: m
                    currency: CNY
                    valid_from: 2026-01-01
                    source: https://example.com/prices
                    checked: 2026-11-22
                    rates: {input: 49}
                  - model: new-name
                    valid_from: 2026-01-01
                    source: https://example.com/prices
                    checked: 2026-11-22
                    rates: {input: 5}
                """),
    ]

    @Test func writesItsOwnFilesAlone() throws {
        var folder = ImportedFolder(files: Self.own)
        let plan = try folder.read(
            Source.maker(Source.input("2"), with: Source.model("n", Source.input("1"))),
            on: "2026-11-23")
        #expect(plan.files.allSatisfy { $0.name.hasPrefix("imported/genai-prices/") })
        #expect(folder.files.prefix(2) == Self.own[...])
    }

    @Test func countsOurLinesBeforeTheImported() throws {
        var folder = ImportedFolder(files: Self.own)
        try folder.read(
            Source.maker(
                Source.input("2"),
                more: """
                    "price_variants": [{"when": {"processing": "batch"},
                    "prices": {"input_mtok": "1"}}]
                    """, with: Source.model("n", Source.input("1")),
                Source.model("old-name", Source.input("4"))),
            Source.provider("seller", [Source.model("x/m", Source.input("3"))]),
            on: "2026-11-23")
        // Ours alone count for that model, channel and currency: no tier or day is the import's.
        #expect(try folder.cost(at: "2026-11-23") == "7.00 USD")
        #expect(try folder.cost(at: "2025-06-01") == "no_line_at_time")
        #expect(try folder.cost(at: "2026-11-23", tier: "batch") == "no_line_for_tier")
        // Other models and other channels are the import's.
        #expect(try folder.cost("n", at: "2026-11-23") == "1.00 USD")
        #expect(try folder.cost("m", at: "2026-11-23", on: "seller") == "3.00 USD")
        // What ours stand for under another id is gone; both channels' names stay.
        #expect(try folder.cost("old-name", at: "2026-11-23") == "unknown_model")
        #expect(try folder.cost("new-name", at: "2026-11-23", on: "the-maker") == "5.00 USD")
    }

    /// The import's list in dollars stands beside ours in yuan.
    @Test func letsAListInAnotherCurrencyStandBesideOurs() throws {
        let yuan = RateFile(
            name: "channels/maker.yml",
            text: """
                channel: maker
                currency: CNY
                lines:
                  - model: m
                    valid_from: 2026-01-01
                    source: https://example.com/prices
                    checked: 2026-11-22
                    rates: {input: 14}
                """)
        var folder = ImportedFolder(files: [Self.own[0], yuan])
        try folder.read(Source.maker(Source.input("2")), on: "2026-11-23")
        let book = try book(folder.files)
        let million: KeyValuePairs<Meter, Int64> = [.input: 1_000_000]
        #expect(try book.billed(million, of: "m", on: "maker") == "14.00 CNY")
        #expect(try book.billed(million, of: "m", on: "maker", list: .usd) == "2.00 USD")
    }

    @Test func givesAChannelTheAliasesOfBothFiles() throws {
        let ours = RateFile(
            name: "channels/x-ai.yml",
            text: """
                channel: x-ai
                currency: USD
                aliases: [grok-maker]
                lines:
                  - model: m
                    valid_from: 2026-01-01
                    source: https://example.com/prices
                    checked: 2026-11-22
                    rates: {input: 7}
                """)
        let models = RateFile(name: "models/x-ai.yml", text: "vendor: x-ai\nmodels:\n  - id: m\n")
        var folder = ImportedFolder(files: [models, ours])
        try folder.read(
            Source.provider("x-ai", [Source.model("n", Source.input("1"))]), on: "2026-11-23")
        for name in ["x-ai", "grok-maker", "xai"] {
            #expect(try folder.cost("n", at: "2026-11-23", on: name) == "1.00 USD")
            #expect(try folder.cost("m", at: "2026-11-23", on: name) == "7.00 USD")
        }
    }

    // MARK: Ids

    /// The vendor's spelling would have been the id, had it been there at the first import.
    @Test func keepsAnIdThatItGave() throws {
        let reseller = Source.provider(
            "seller", [Source.model("org/Some_Model", Source.input("3"))])
        var folder = ImportedFolder()
        try folder.read(reseller, on: "2026-11-23")
        let first = try book(folder.files).match(
            "org/some_model", on: "seller", at: .at("2026-11-23"))
        #expect(try book(folder.files).catalog.models[first.model].id == "some_model")
        let plan = try folder.read(
            Source.provider("openai", [Source.model("some-model", Source.input("2"))]), reseller,
            on: "2026-12-01")
        #expect(plan.count(.ended) == 0)
        #expect(plan.count(.added) == 1)
        #expect(plan.unchanged == 1)
        #expect(try folder.cost("some_model", at: "2026-12-01", on: "seller") == "3.00 USD")
        #expect(try folder.cost("some_model", at: "2026-11-23", on: "seller") == "3.00 USD")
    }

    /// A file that an import writes lies in its folder, whatever the source calls a seller.
    @Test(arguments: [
        "../../channels/evil", "/etc/evil", "a/b", "..", "models", ".hidden", "", "a b",
        "a\u{202E}b", String(repeating: "x", count: 65),
    ])
    func refusesASellerWhoseIdIsNoNameOfAFile(provider: String) throws {
        let catalog = try GenAICatalog.read([
            Source.maker(Source.input("2")),
            Source.provider(provider, [Source.model("evil", Source.input("1"))]),
        ])
        let error = #expect(throws: ImportError.self) { try GenAICatalog.plan(catalog) }
        #expect(error?.description.hasSuffix(" is no id of a channel") == true)
    }

    @Test(arguments: ["a\u{202E}b", "a\u{07}b", String(repeating: "x", count: 201)])
    func refusesANameThatCannotBePrinted(name: String) throws {
        let model = Source.model(name.filter { $0 != "\u{07}" }, Source.input("2"))
        var catalog = try GenAICatalog.read([Source.provider("maker", [model])])
        catalog.channels[0].models[0].names = [name]
        let error = #expect(throws: ImportError.self) { try GenAICatalog.plan(catalog) }
        #expect(error?.description.hasPrefix("this is no genai-prices catalog: ") == true)
    }

    /// A catalog that lost its models is a broken one; a few that are gone are gone.
    @Test func refusesToEndMostOfWhatHolds() throws {
        let models = (0..<40).map { Source.model("m-\($0)", Source.input("2")) }
        var folder = ImportedFolder()
        try folder.read(Source.provider("maker", models), on: "2026-11-23")
        let before = folder
        #expect(throws: ImportError.wouldEndMost(21, of: 40)) {
            try folder.read(Source.provider("maker", Array(models.prefix(19))), on: "2026-12-01")
        }
        let some = try folder.read(
            Source.provider("maker", Array(models.prefix(20))), on: "2026-12-01")
        #expect(some.count(.ended) == 20)
        folder = before
        let all = try folder.read(
            Source.provider("maker", []), on: "2026-12-01", accepting: ["*"])
        #expect(all.count(.ended) == 40)
    }

    @Test func refusesAnImportOfADayBeforeTheLast() throws {
        var folder = ImportedFolder()
        try folder.read(Source.maker(Source.input("2")), on: "2026-11-23")
        #expect(throws: ImportError.before(Timestamp.at("2026-11-23").utcDate)) {
            try folder.read(Source.maker(Source.input("3")), on: "2026-11-22")
        }
    }

    /// A new price of another scale is looked at, whether or not the source dates it.
    @Test func holdsBackALeapThatIsAnnounced() throws {
        var folder = ImportedFolder()
        try folder.read(Source.maker(Source.input("0.04")), on: "2026-11-23")
        for day in ["2026-11-30", "2026-12-24"] {
            var later = folder
            let plan = try later.read(
                Source.maker(Source.dated("0.04", from: day, "4")), on: "2026-12-01")
            #expect(plan.changes.map(\.reason) == ["input moved by more than 3×"])
            #expect(try later.cost(at: "2027-01-01") == "0.04 USD")
        }
    }

    /// Gone, gone still, and back: of a model with a history, too.
    @Test func endsOnlyWhatHeld() throws {
        let other = Source.model("n", Source.input("1"))
        let maker = Source.maker(Source.dated("2", from: "2026-06-01", "3"), with: other)
        let without = Source.provider("maker", [other])
        var folder = ImportedFolder()
        try folder.read(maker, on: "2026-11-23")
        #expect(try folder.read(without, on: "2026-11-24").count(.ended) == 1)
        #expect(try folder.read(without, on: "2026-11-25").files.isEmpty)
        #expect(try folder.read(maker, on: "2026-11-26").count(.added) == 1)
        let costs = try ["2026-05-31", "2026-11-23", "2026-11-25", "2026-11-26"].map {
            try folder.cost(at: $0)
        }
        #expect(costs == ["2.00 USD", "3.00 USD", "no_line_at_time", "3.00 USD"])
    }

    // MARK: What would not load

    @Test func writesNothingThatWouldNotLoad() throws {
        let broken = RateFile(name: "channels/x.yml", text: "channel: x\ncurrency: USD\n")
        let catalog = try GenAICatalog.read([Source.maker(Source.input("2"))])
        let error = #expect(throws: ImportError.self) {
            try GenAICatalog.plan(catalog, beside: [broken])
        }
        let problem =
            "channels/x.yml:1: a channel has lines or names of its own, or extends another"
        #expect(error == .wouldNotLoad(problem))
        #expect(
            error?.description
                == "nothing was written, for the outcome would not load: \(problem)")
    }

    @Test func tellsFiveFaultsAndHowManyMoreThereAre() throws {
        let broken = (1...7).map {
            RateFile(name: "channels/x\($0).yml", text: "channel: x\($0)\ncurrency: USD\n")
        }
        let catalog = try GenAICatalog.read([Source.maker(Source.input("2"))])
        let error = #expect(throws: ImportError.self) {
            try GenAICatalog.plan(catalog, beside: broken)
        }
        guard case .wouldNotLoad(let problem)? = error else { return }
        #expect(problem.split(separator: "\n").count == 6)
        #expect(problem.hasSuffix("\nand 2 more"))
    }

    @Test func refusesASellerThatIsThereTwice() throws {
        let catalog = try GenAICatalog.read([
            Source.maker(Source.input("2")), Source.maker(Source.input("3")),
        ])
        let error = #expect(throws: ImportError.self) { try GenAICatalog.plan(catalog) }
        #expect(error?.description.contains(#"channel "maker" is there twice"#) == true)
    }
}
