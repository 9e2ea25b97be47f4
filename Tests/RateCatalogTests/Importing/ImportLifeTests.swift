import Pricing
import RateCatalog
import Testing

/// What files become over several imports: history never moves.
struct ImportLifeTests {
    /// One seller's catalog: a price for each model, and what else stands beside it.
    private struct Source {
        var prices: [(model: String, prices: String)]
        var more = ""

        func catalog() throws -> ImportedCatalog {
            let models = prices.map { model, prices in
                #"{"id": "\#(model)", "match": {"equals": "\#(model)"}, "prices": \#(prices)}"#
            }
            let text = """
                {"source": "genai-prices 0.0.0", "providers": [{"id": "maker", "name": "Maker", "models":
                [\(models.joined(separator: ","))]}\(more)]}
                """
            return try GenAIPricesImporter.read(Array(text.utf8))
        }
    }

    private func plan(
        _ source: Source, on day: String, beside files: [RateFile] = [], accepting: [String] = []
    ) throws -> ImportPlan {
        var options = ImportPlan.Options(date: try #require(CivilDate.parse(day.utf8)))
        options.accepted = accepting
        return try ImportPlan(
            try source.catalog(), from: "genai-prices", beside: files, options)
    }

    /// The files afterwards.
    private func files(_ plan: ImportPlan, over files: [RateFile] = []) -> [RateFile] {
        let names = Set(plan.files.map(\.name))
        return files.filter { !names.contains($0.name) } + plan.files
    }

    private func cost(
        _ files: [RateFile], model: String = "m", at day: String, tier: String = "standard"
    ) throws -> String {
        let book = RateBook(try CatalogReader.read(files), zones: UTCOnly())
        let time = Timestamp(try #require(CivilDate.parse(day.utf8)))
        let purchase = Purchase(model: model, channel: "maker", at: time, serviceTier: tier)
        return try book.price(Usage([.input: 1_000_000]), purchase).cost.billed.money.amountText
    }

    private static func flat(_ price: String) -> String { #"{"input_mtok": "\#(price)"}"# }

    @Test func writesOneRecordALine() throws {
        let plan = try plan(Source(prices: [("m", Self.flat("2"))]), on: "2026-11-23")
        #expect(
            plan.files.map(\.name) == [
                "imported/genai-prices/maker.json", "imported/genai-prices/models.json",
            ])
        #expect(
            plan.files[0].text == """
                {"imported": {"from": "genai-prices 0.0.0", "read": "2026-11-23"},
                "channel": "maker",
                "name": "Maker",
                "currency": "USD",
                "source": "genai-prices 0.0.0",
                "checked": "2026-11-23",
                "unlisted": "inherit",
                "names": [
                {"model": "m", "names": ["m"]}
                ],
                "lines": [
                {"model": "m", "valid_from": "2025-01-01", "rates": {"input": 2}}
                ]}

                """)
    }

    @Test func changesNothingWhereNothingChanged() throws {
        let source = Source(prices: [("m", Self.flat("2"))])
        let first = files(try plan(source, on: "2026-11-23"))
        let again = try plan(source, on: "2027-01-01", beside: first)
        #expect(again.files.isEmpty)
        #expect(again.changes.isEmpty)
        #expect(again.unchanged == 1)
    }

    @Test func datesAChangeWithoutADateToTheDayOfTheImport() throws {
        let first = files(try plan(Source(prices: [("m", Self.flat("2"))]), on: "2026-11-23"))
        let second = try plan(
            Source(prices: [("m", Self.flat("3"))]), on: "2026-12-01", beside: first)
        #expect(second.changes.map(\.word) == [.changed])
        let files = files(second, over: first)
        #expect(try cost(files, at: "2026-11-30") == "2.00")
        #expect(try cost(files, at: "2026-12-01") == "3.00")
    }

    @Test func takesTheDayThatTheSourceNames() throws {
        let first = files(try plan(Source(prices: [("m", Self.flat("2"))]), on: "2026-11-23"))
        let dated =
            #"[{"prices": {"input_mtok": "2"}}, {"constraint": {"start_date": "2026-11-25"}, "prices": {"input_mtok": "3"}}]"#
        let second = try plan(
            Source(prices: [("m", dated)]), on: "2026-12-01", beside: first)
        let files = files(second, over: first)
        #expect(try cost(files, at: "2026-11-24") == "2.00")
        #expect(try cost(files, at: "2026-11-25") == "3.00")
    }

    @Test func takesAPriceThatIsToCome() throws {
        let first = files(try plan(Source(prices: [("m", Self.flat("2"))]), on: "2026-11-23"))
        let dated =
            #"[{"prices": {"input_mtok": "2"}}, {"constraint": {"start_date": "2027-01-01"}, "prices": {"input_mtok": "3"}}]"#
        let second = try plan(Source(prices: [("m", dated)]), on: "2026-12-01", beside: first)
        #expect(second.changes.map(\.word) == [.added])
        let files = files(second, over: first)
        #expect(try cost(files, at: "2026-12-31") == "2.00")
        #expect(try cost(files, at: "2027-01-01") == "3.00")
    }

    @Test func correctsWhatChangedTwiceOnOneDay() throws {
        let first = files(try plan(Source(prices: [("m", Self.flat("2"))]), on: "2026-11-23"))
        let wrong = files(
            try plan(Source(prices: [("m", Self.flat("3"))]), on: "2026-12-01", beside: first),
            over: first)
        let right = try plan(
            Source(prices: [("m", Self.flat("4"))]), on: "2026-12-01", beside: wrong)
        let change = try #require(right.changes.first)
        #expect(change.after?.corrects == change.before?.line.id)
        #expect(try cost(files(right, over: wrong), at: "2026-12-02") == "4.00")
    }

    @Test func endsWhatIsGoneAndKeepsWhatItCost() throws {
        let first = files(
            try plan(
                Source(prices: [("m", Self.flat("2")), ("n", Self.flat("1"))]), on: "2026-11-23"))
        let second = try plan(
            Source(prices: [("n", Self.flat("1"))]), on: "2026-12-01", beside: first)
        #expect(second.changes.map(\.word) == [.ended])
        let gone = files(second, over: first)
        #expect(try cost(gone, at: "2026-11-30") == "2.00")
        #expect(throws: PricingError.self) { try cost(gone, at: "2026-12-01") }
        // Sold again, from then on.
        let third = try plan(
            Source(prices: [("m", Self.flat("2")), ("n", Self.flat("1"))]), on: "2026-12-24",
            beside: gone)
        let back = files(third, over: gone)
        #expect(try cost(back, at: "2026-12-24") == "2.00")
        #expect(throws: PricingError.self) { try cost(back, at: "2026-12-23") }
    }

    struct Leap: Sendable, CustomTestStringConvertible {
        let from: String
        let to: String
        let isHeld: Bool
        var testDescription: String { "\(from) → \(to)" }
    }

    @Test(arguments: [
        Leap(from: "2", to: "6", isHeld: false), Leap(from: "2", to: "6.01", isHeld: true),
        Leap(from: "6", to: "2", isHeld: false), Leap(from: "6.01", to: "2", isHeld: true),
        Leap(from: "2", to: "0", isHeld: true), Leap(from: "0", to: "2", isHeld: true),
    ])
    func holdsALeapBack(given: Leap) throws {
        let first = files(
            try plan(Source(prices: [("m", Self.flat(given.from))]), on: "2026-11-23"))
        let source = Source(prices: [("m", Self.flat(given.to))])
        let second = try plan(source, on: "2026-12-01", beside: first)
        #expect(second.changes.map(\.word) == [given.isHeld ? .heldBack : .changed])
        let held = files(second, over: first)
        let stays = try cost(first, at: "2026-12-02")
        #expect((try cost(held, at: "2026-12-02") == stays) == given.isHeld)
        guard given.isHeld else { return }
        let accepted = try plan(
            source, on: "2026-12-01", beside: first, accepting: ["maker/m"])
        #expect(accepted.changes.map(\.word) == [.changed])
        #expect(accepted.changes[0].after?.confirmed != nil)
    }

    @Test func holdsMistakesOfTheUnitBack() throws {
        // Per token for per million, cents for dollars a thousandfold, a thousandth of the input.
        let slips = [
            #"{"input_mtok": "2001"}"#, #"{"input_mtok": "2", "output_mtok": "1001"}"#,
            #"{"input_mtok": "2", "output_mtok": "0.0039"}"#,
        ]
        for slip in slips {
            let plan = try plan(
                Source(prices: [("m", slip), ("n", Self.flat("1"))]), on: "2026-11-23")
            #expect(plan.count(.heldBack) == 1, "\(slip)")
            #expect(plan.count(.added) == 1)
            #expect(throws: PricingError.self) { try cost(plan.files, at: "2026-11-24") }
        }
    }

    @Test func holdsBackWhatIsFarFromTheModelsOtherSellers() throws {
        let others = ["a", "b", "c"].map {
            #",{"id": "\#($0)", "models": [{"id": "x/m", "match": {"equals": "x/m"}, "prices": {"input_mtok": "2"}}]}"#
        }
        let far = try plan(
            Source(prices: [("m", Self.flat("0.019"))], more: others.joined()), on: "2026-11-23")
        #expect(far.changes.first { $0.word == .heldBack }?.line?.channel == "maker")
        let near = try plan(
            Source(prices: [("m", Self.flat("0.021"))], more: others.joined()), on: "2026-11-23")
        #expect(near.count(.heldBack) == 0)
    }

    private static let own = [
        RateFile(
            name: "models/own.yml",
            text: """
                vendor: maker
                models:
                  - id: m
                    aliases: [{name: m-latest, valid_from: 2025-01-01}]
                """),
        RateFile(
            name: "channels/maker.yml",
            text: """
                channel: maker
                currency: USD
                lines:
                  - model: m
                    valid_from: 2026-01-01
                    source: our own reading
                    checked: 2026-11-22
                    rates: {input: 7}
                  - model: m
                    currency: CNY
                    valid_from: 2026-01-01
                    source: our own reading
                    checked: 2026-11-22
                    rates: {input: 49}
                """),
    ]

    @Test func goesBehindFilesOfOurOwn() throws {
        let plan = try plan(
            Source(prices: [("m", Self.flat("2")), ("n", Self.flat("1"))]), on: "2026-11-23",
            beside: Self.own)
        #expect(plan.files.allSatisfy { $0.name.hasPrefix("imported/genai-prices/") })
        let all = files(plan, over: Self.own)
        // Ours alone count for a model, a channel and a currency: no price of 2025 is left.
        #expect(try cost(all, at: "2026-11-24") == "7.00")
        #expect(throws: PricingError.self) { try cost(all, at: "2025-06-01") }
        #expect(try cost(all, model: "n", at: "2025-06-01") == "1.00")
    }

    @Test func givesNoModelANameOfOurs() throws {
        let plan = try plan(
            Source(prices: [("m-latest", Self.flat("2"))]), on: "2026-11-23", beside: Self.own)
        #expect(plan.changes.first?.line?.model == "maker/m-latest")
    }

    @Test func keepsTheIdsThatItGave() throws {
        let seller =
            #",{"id": "seller", "models": [{"id": "x/m", "match": {"equals": "x/m"}, "prices": {"input_mtok": "3"}}]}"#
        let first = files(
            try plan(Source(prices: [("other", Self.flat("1"))], more: seller), on: "2026-11-23"))
        // Now the maker sells it as well: the reseller's model stays what it was called.
        let second = try plan(
            Source(prices: [("other", Self.flat("1")), ("m", Self.flat("2"))], more: seller),
            on: "2026-12-01", beside: first)
        #expect(second.count(.ended) == 0)
        #expect(second.count(.changed) == 0)
        #expect(second.count(.added) == 1)
    }

    @Test func writesNothingThatWouldNotLoad() throws {
        let broken = [
            RateFile(name: "channels/x.yml", text: "channel: x\ncurrency: usd\nlines: []")
        ]
        #expect(throws: ImportError.self) {
            try plan(Source(prices: [("m", Self.flat("2"))]), on: "2026-11-23", beside: broken)
        }
    }
}
