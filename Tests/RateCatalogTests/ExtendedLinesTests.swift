import ConfigFiles
import Pricing
import RateCatalog
import Testing

/// Channels that extend another: each of the base's lines times the multiplier.
struct ExtendedLinesTests {
    private typealias Small = SmallCatalog

    private func billed(
        _ book: RateBook, _ meter: Meter = .output, on channel: String = "relay",
        at time: String = "2026-06-15", model: String = "gpt-4.1"
    ) throws -> String {
        try book.billed([meter: 1_000_000], of: model, on: channel, at: time)
    }

    @Test func multipliesExactly() throws {
        let book = try book(
            Small.files(
                Small.line(
                    "input: 2.00, cached_input: 0.125, output: 8.00, web_search: 10.00 per 1k"),
                Small.line("output: 1.00 per 12M", model: "gpt-4.1-mini"),
                and: [Small.extending("relay", "openai", multiplier: "0.85", from: "2026-01-01")]))
        // 0.85 · 2 = 1.7 ; 0.85 · 0.125 = 0.10625 ; 0.85 · 8 = 6.8 ; 0.85 · 10 ÷ 1000 · 10⁶ = 8500
        #expect(try billed(book, .input) == "1.70 USD")
        #expect(try billed(book, .cachedInput) == "0.10625 USD")
        #expect(try billed(book, .output) == "6.80 USD")
        #expect(try billed(book, .webSearch) == "8500.00 USD")
        // A ratio stays one: 12M units come to 0.85.
        #expect(
            try book.billed([.output: 12_000_000], of: "gpt-4.1-mini", on: "relay") == "0.85 USD")
        // The base is as it was.
        #expect(try billed(book, .output, on: "openai") == "8.00 USD")
    }

    @Test func keepsConditionsAndSaysWhereItComesFrom() throws {
        let files = Small.files(
            Small.line("output: 8"),
            Small.line("output: 4", "service_tier: batch", "unlisted: inherit"),
            Small.line("output: 9", "above: 200000", "minimum_units: {output: 10}"),
            and: [Small.extending("relay", "openai", multiplier: "0.5", from: "2026-01-01")])
        #expect(faults(files) == [])
        let book = try book(files)
        let lines = book.standingLines.filter { $0.line.channel == "relay" }
        #expect(lines.map(\.line.conditions.text) == ["", "above=200000", "tier=batch"])
        #expect(lines[2].line.unlisted == .inherit)
        #expect(lines[1].line.minimumUnits == [.output: 10])
        #expect(lines.allSatisfy { $0.publication.source == "https://example.com/relay" })
        #expect(lines.allSatisfy { $0.note?.hasPrefix("0.5 × line L") == true })
        #expect(lines.allSatisfy { $0.origin == "channels/relay.yml:1" })
        #expect(
            try book.billed([.output: 1_000_000], of: "gpt-4.1", on: "relay", tier: "batch")
                == "2.00 USD")
        // Its ids are its own, and hashes of what it charges.
        #expect(Set(book.standingLines.map(\.line.id)).count == 6)
    }

    @Test func beginsOnItsOwnDay() throws {
        let book = try book(
            Small.files(
                Small.line("output: 8", from: "2025-01-01"),
                and: [Small.extending("relay", "openai", multiplier: "0.5", from: "2026-06-15")]))
        #expect(try billed(book, at: "2026-06-15") == "4.00 USD")
        #expect(throws: PricingError.self) { try billed(book, at: "2026-06-14T23:59:59.999Z") }
    }

    @Test func followsThePriceChangesOfItsBase() throws {
        let book = try book(
            Small.files(
                // The newest first: the order in the file means nothing.
                Small.line("output: 2", from: "2026-09-01"),
                Small.line("output: 16", from: "2025-01-01"),
                Small.line("output: 8", from: "2026-01-01"),
                and: [Small.extending("relay", "openai", multiplier: "0.5", from: "2026-03-01")]))
        #expect(book.standingLines.filter { $0.line.channel == "relay" }.count == 2)
        #expect(try billed(book, at: "2026-03-01") == "4.00 USD")
        #expect(try billed(book, at: "2026-08-31T23:59:59.999Z") == "4.00 USD")
        #expect(try billed(book, at: "2026-09-01") == "1.00 USD")
    }

    @Test func endsWhereItsBaseEnds() throws {
        let book = try book(
            Small.files(
                Small.line("output: 8", from: "2025-01-01", "valid_to: 2026-06-01"),
                Small.line(
                    "output: 8", model: "gpt-4.1-mini", from: "2024-01-01", "valid_to: 2025-01-01"),
                and: [Small.extending("relay", "openai", multiplier: "0.5", from: "2026-01-01")]))
        #expect(try billed(book, at: "2026-05-31T23:59:59.999Z") == "4.00 USD")
        #expect(throws: PricingError.self) { try billed(book, at: "2026-06-01") }
        #expect(!book.isSold("gpt-4.1-mini", on: "relay"))
    }

    @Test func ownLinesReplaceThoseOfTheModel() throws {
        let relay = RateFile(
            name: "channels/relay.yml",
            text: """
                channel: relay
                extends: openai
                multiplier: 0.5
                valid_from: 2026-01-01
                source: https://example.com/relay
                checked: 2026-11-22
                lines:
                \(Small.line("output: 7"))
                """)
        let book = try book(
            Small.files(
                Small.line("output: 8"), Small.line("output: 8", "service_tier: batch"),
                Small.line("output: 2", model: "gpt-4.1-mini"), and: [relay]))
        #expect(try billed(book) == "7.00 USD")
        #expect(throws: PricingError.self) {
            try book.billed([.output: 1], of: "gpt-4.1", on: "relay", tier: "batch")
        }
        #expect(try billed(book, model: "gpt-4.1-mini") == "1.00 USD")
    }

    @Test func takesTheCurrencyOfItsBase() throws {
        let files = [
            RateFile(name: "models/openai.yml", text: SmallCatalog.models),
            Small.channel(
                [Small.line("output: 56"), Small.line("output: 8", "currency: USD")],
                currency: "CNY"),
            Small.extending("relay", "openai", multiplier: "0.5", from: "2026-01-01"),
        ]
        #expect(try billed(book(files)) == "28.00 CNY")
        #expect(
            try book(files).billed([.output: 1_000_000], of: "gpt-4.1", on: "relay", list: .usd)
                == "4.00 USD")
    }

    @Test func extendsAnExtension() throws {
        let files = Small.files(
            Small.line("output: 8"),
            and: [
                Small.extending("reseller", "relay", multiplier: "1.1", from: "2026-01-01"),
                Small.extending("relay", "openai", multiplier: "0.85", from: "2026-01-01"),
            ])
        #expect(faults(files) == [])
        // 8 · 0.85 · 1.1 = 7.48
        #expect(try billed(book(files), on: "reseller") == "7.48 USD")
    }

    @Test func aChainTakesTheCurrencyOfItsFirst() throws {
        let files = [
            RateFile(name: "models/openai.yml", text: SmallCatalog.models),
            Small.channel(
                [Small.line("output: 56"), Small.line("output: 8", "currency: USD")],
                currency: "CNY"),
            Small.extending("relay", "openai", multiplier: "0.5", from: "2026-01-01"),
            Small.extending("reseller", "relay", multiplier: "0.5", from: "2026-01-01"),
        ]
        let billed = try billed(book(files), on: "reseller")
        #expect(billed == "14.00 CNY")
    }

    /// A price that had ended before the second extension began must not come back with it.
    @Test func aChainLeavesEndedPricesBehind() throws {
        let files = Small.files(
            // The newest first.
            Small.line("output: 4", from: "2026-01-01"),
            Small.line("output: 8", from: "2025-01-01"),
            and: [
                Small.extending("relay", "openai", multiplier: "1", from: "2025-01-01"),
                Small.extending("reseller", "relay", multiplier: "0.5", from: "2026-06-01"),
            ])
        let book = try book(files)
        let billed = try billed(book, on: "reseller", at: "2026-06-15")
        let count = book.standingLines.filter { $0.line.channel == "reseller" }.count
        #expect(billed == "2.00 USD")
        #expect(count == 1)
    }

    private func id(_ line: String) throws -> String {
        try #require(try CatalogReader.read(Small.files(line)).lines.first).line.id
    }

    @Test func leavesWithdrawnLinesBehind() throws {
        let wrong = Small.line("output: 80")
        let files = Small.files(
            wrong, Small.line("output: 8", "corrects: \(try id(wrong))"),
            and: [Small.extending("relay", "openai", multiplier: "0.5", from: "2026-01-01")])
        #expect(faults(files) == [])
        #expect(try billed(book(files)) == "4.00 USD")
    }

    /// A withdrawn line ends nothing, on an extending channel neither.
    @Test func aWithdrawnLineEndsNoExtendedOne() throws {
        let wrong = Small.line("output: 80", from: "2026-03-01")
        let files = Small.files(
            Small.line("output: 8", from: "2025-01-01"), wrong,
            Small.line("output: 6", from: "2026-09-01", "corrects: \(try id(wrong))"),
            and: [Small.extending("relay", "openai", multiplier: "0.5", from: "2026-05-01")])
        let book = try book(files)
        // On the base the old price holds until September.
        #expect(try billed(book, on: "openai", at: "2026-06-15") == "8.00 USD")
        let billed = try billed(book, at: "2026-06-15")
        #expect(billed == "4.00 USD")
    }

    @Test func refusesAProductOutOfRange() {
        let files = Small.files(
            Small.line("output: 10000000", "confirmed: as dear as can be"),
            and: [Small.extending("relay", "openai", multiplier: "2", from: "2026-01-01")])
        let faults = faults(files)
        #expect(faults.count == 1)
        #expect(faults.first?.hasPrefix("channels/relay.yml:1: ") == true)
    }
}
