import Pricing
import Testing

/// Dates, windows and conditions: which line is in force.
struct RateBookDateTests {
    private let usage: Usage

    init() throws { usage = try Usage([.output: 1_000_000]) }

    private func id(_ book: RateBook, _ purchase: Purchase) throws -> String {
        try book.price(usage, purchase).line.id
    }

    @Test func beginsAtItsFirstMillisecond() throws {
        let book = book([try line("first", from: "2026-03-01T16:00:00Z", rates: [.output: "8"])])
        let start = Timestamp.at("2026-03-01T16:00:00Z")
        let before = start.advanced(byMilliseconds: -1)
        #expect(
            throws: PricingError.noLineAt(
                model: "gpt-4.1", channel: "openai", time: before, next: start)
        ) {
            try book.price(usage, purchase(at: "2026-03-01T15:59:59.999Z"))
        }
        #expect(try id(book, purchase(at: "2026-03-01T16:00:00Z")) == "first")
    }

    @Test func changesAtTheNextLine() throws {
        // In the file's order or not: the newer line is first here.
        let book = book([
            try line("new", from: "2026-03-01", rates: [.output: "6"]),
            try line("old", from: "2025-04-14", rates: [.output: "8"]),
        ])
        let last = try book.price(usage, purchase(at: "2026-02-28T23:59:59.999Z"))
        #expect(last.billedText == "8.00 USD")
        let first = try book.price(usage, purchase(at: "2026-03-01T00:00:00Z"))
        #expect(first.billedText == "6.00 USD")
        #expect(book.end(of: last.line) == .day("2026-03-01"))
        #expect(book.end(of: first.line) == nil)
        #expect(book.linesInForce(at: .day("2026-02-28")).map(\.line.id) == ["old"])
        #expect(book.linesInForce(at: .day("2026-03-01")).map(\.line.id) == ["new"])
        #expect(book.standingLines.map(\.line.id) == ["old", "new"])
    }

    @Test func endsWhereItSays() throws {
        let book = book([
            try line("base", from: "2025-01-01", rates: [.output: "8"]),
            try line(
                "band", from: "2025-09-29", to: "2026-04-30",
                conditions: RateConditions(aboveInput: 200_000),
                rates: [.input: "6", .output: "22.5"]),
            try line(
                "short", model: "o-mini", from: "2026-01-01", to: "2026-02-01",
                rates: [.output: "1"]),
        ])
        let large = try Usage([.input: 200_001])
        #expect(try book.price(large, purchase(at: "2026-04-29T23:59:59.999Z")).line.id == "band")
        #expect(try book.price(large, purchase(at: "2026-04-30T00:00:00Z")).line.id == "base")
        #expect(try id(book, purchase("o-mini", at: "2026-01-31T23:59:59.999Z")) == "short")
        #expect(
            throws: PricingError.noLineAt(
                model: "o-mini", channel: "openai", time: .day("2026-02-01"), next: nil)
        ) {
            try book.price(usage, purchase("o-mini", at: "2026-02-01T00:00:00Z"))
        }
    }

    @Test func aGapIsAnError() throws {
        let book = book([
            try line("old", from: "2025-01-01", to: "2025-06-01", rates: [.output: "8"]),
            try line("new", from: "2025-07-01", rates: [.output: "6"]),
        ])
        #expect(
            throws: PricingError.noLineAt(
                model: "gpt-4.1", channel: "openai", time: .day("2025-06-15"),
                next: .day("2025-07-01"))
        ) {
            try book.price(usage, purchase(at: "2025-06-15T00:00:00Z"))
        }
    }

    @Test func aTierIsNeverPricedAsStandard() throws {
        let book = book([
            try line("standard", rates: [.output: "8"]),
            try line(
                "batch", conditions: RateConditions(serviceTier: "batch"), rates: [.output: "4"]),
        ])
        #expect(try id(book, purchase()) == "standard")
        #expect(try id(book, purchase(tier: "batch")) == "batch")
        #expect(
            throws: PricingError.noLineForTier(
                model: "gpt-4.1", channel: "openai", tier: "flex", has: ["batch", "standard"])
        ) {
            try book.price(usage, purchase(tier: "flex"))
        }
        #expect(throws: PricingError.self) { try book.price(usage, purchase(tier: "")) }
        #expect(throws: PricingError.self) { try book.price(usage, purchase(tier: "Batch")) }
    }

    @Test func aTierNotYetSoldIsNeverPricedAsStandard() throws {
        let book = book([
            try line("standard", from: "2025-01-01", rates: [.output: "8"]),
            try line(
                "priority", from: "2026-10-12", conditions: RateConditions(serviceTier: "priority"),
                rates: [.output: "14"]),
        ])
        #expect(throws: PricingError.self) { try book.price(usage, purchase(tier: "priority")) }
        #expect(
            try id(book, purchase(at: "2026-10-12T00:00:00Z", tier: "priority")) == "priority")
    }

    @Test func mostAttributesWin() throws {
        let fast = ["speed": "fast"]
        let both = ["speed": "fast", "region": "eu"]
        let book = book([
            try line("base", rates: [.output: "8"]),
            try line("fast", conditions: RateConditions(when: fast), rates: [.output: "16"]),
            try line("both", conditions: RateConditions(when: both), rates: [.output: "17.6"]),
            try line(
                "band", conditions: RateConditions(aboveInput: 10),
                rates: [.input: "1", .output: "9"]),
        ])
        #expect(try id(book, purchase()) == "base")
        #expect(try id(book, purchase(attributes: fast)) == "fast")
        #expect(try id(book, purchase(attributes: both)) == "both")
        #expect(try id(book, purchase(attributes: ["speed": "slow"])) == "base")
        #expect(try id(book, purchase(attributes: ["region": "eu"])) == "base")
        #expect(
            try id(book, purchase(attributes: both.merging(["x": "y"]) { one, _ in one })) == "both"
        )
        // `when` before the band: a large fast request takes the fast line.
        let large = try Usage([.input: 11])
        #expect(try book.price(large, purchase(attributes: fast)).line.id == "fast")
        #expect(try book.price(large, purchase()).line.id == "band")
    }

    @Test func aWindowWinsOverNone() throws {
        let night = TimeWindow(
            zone: "UTC", weekdays: Set(Weekday.allCases),
            hours: [
                TimeWindow.Hours(
                    start: TimeOfDay(secondOfDay: 59_400), end: TimeOfDay(secondOfDay: 1800))
            ])
        let book = book([
            try line("day", rates: [.output: "1.10"]),
            try line("night", conditions: RateConditions(window: night), rates: [.output: "0.55"]),
            try line(
                "band", conditions: RateConditions(aboveInput: 10),
                rates: [.input: "1", .output: "2"]),
        ])
        #expect(try id(book, purchase(at: "2026-06-15T16:29:59.999Z")) == "day")
        #expect(try id(book, purchase(at: "2026-06-15T16:30:00Z")) == "night")
        #expect(try id(book, purchase(at: "2026-06-16T00:29:59.999Z")) == "night")
        #expect(try id(book, purchase(at: "2026-06-16T00:30:00Z")) == "day")
        // The band before the window.
        let large = try Usage([.input: 11])
        #expect(try book.price(large, purchase(at: "2026-06-15T18:00:00Z")).line.id == "band")
    }

    /// Outside its window, and without another line, there is no price.
    @Test func refusesHoursThatNoLineCovers() throws {
        let morning = TimeWindow(
            zone: "UTC", weekdays: Set(Weekday.allCases),
            hours: [
                TimeWindow.Hours(
                    start: TimeOfDay(secondOfDay: 0), end: TimeOfDay(secondOfDay: 43_200))
            ])
        let book = book([
            try line("morning", conditions: RateConditions(window: morning), rates: [.output: "1"])
        ])
        #expect(try id(book, purchase(at: "2026-06-15T11:59:59.999Z")) == "morning")
        #expect(throws: PricingError.noLineForSize(model: "gpt-4.1", channel: "openai")) {
            try book.price(usage, purchase(at: "2026-06-15T12:00:00Z"))
        }
    }

    @Test func refusesToChooseBetweenTwoThatApplyEqually() throws {
        let book = book([
            try line(
                "b", conditions: RateConditions(when: ["speed": "fast"]), rates: [.output: "16"]),
            try line(
                "a", conditions: RateConditions(when: ["region": "eu"]), rates: [.output: "9"]),
            try line("base", rates: [.output: "8"]),
        ])
        #expect(try id(book, purchase(attributes: ["region": "eu"])) == "a")
        #expect(
            throws: PricingError.ambiguousLines(
                model: "gpt-4.1", channel: "openai", lines: ["a", "b"])
        ) {
            try book.price(usage, purchase(attributes: ["speed": "fast", "region": "eu"]))
        }
    }

    @Test func aWithdrawnLineNeverPrices() throws {
        let book = book([
            try line("wrong", from: "2026-01-01", rates: [.output: "80"]),
            try line("right", from: "2026-01-01", corrects: "wrong", rates: [.output: "8"]),
        ])
        #expect(try id(book, purchase()) == "right")
        #expect(try id(book, purchase(at: "2026-01-01T00:00:00Z")) == "right")
        #expect(book.standingLines.map(\.line.id) == ["right"])
    }

    /// A line withdrawn by a later one no longer ends its predecessor.
    @Test func aWithdrawnLineEndsNothing() throws {
        let book = book([
            try line("old", from: "2025-01-01", rates: [.output: "8"]),
            try line("wrong", from: "2026-01-01", rates: [.output: "80"]),
            try line("right", from: "2026-06-01", corrects: "wrong", rates: [.output: "6"]),
        ])
        #expect(try id(book, purchase(at: "2026-03-01T00:00:00Z")) == "old")
        #expect(try id(book, purchase(at: "2026-06-01T00:00:00Z")) == "right")
    }

    @Test func correctionsOfCorrectionsHold() throws {
        let book = book([
            try line("one", rates: [.output: "80"]),
            try line("two", corrects: "one", rates: [.output: "0.08"]),
            try line("three", corrects: "two", rates: [.output: "8"]),
        ])
        #expect(try id(book, purchase()) == "three")
        #expect(book.standingLines.count == 1)
    }

    @Test func pricesAtStartOrCompletionAsTheChannelSays() throws {
        let lines = try ["openai", "slow"].flatMap { channel in
            [
                try line(
                    "\(channel) old", channel: channel, from: "2025-01-01", rates: [.output: "8"]),
                try line(
                    "\(channel) new", channel: channel, from: "2026-03-01", rates: [.output: "6"]),
            ]
        }
        let book = book(
            lines,
            channels: [Channel(id: "slow", name: "Slow", currency: .usd, pricedAt: .completion)])
        // A request that straddles the change.
        func straddling(_ channel: String, completedAt: String?) -> Purchase {
            purchase(on: channel, at: "2026-02-28T23:59:59.999Z", completedAt: completedAt)
        }
        let end = "2026-03-01T00:00:10Z"
        #expect(try id(book, straddling("openai", completedAt: end)) == "openai old")
        #expect(try id(book, straddling("slow", completedAt: end)) == "slow new")
        #expect(try id(book, straddling("slow", completedAt: nil)) == "slow old")
        #expect(
            try book.price(usage, straddling("slow", completedAt: end)).time == .at(end))
    }

    @Test func keepsTheListsOfTwoCurrenciesApart() throws {
        let book = book([
            try line("yuan", currency: .cny, rates: [.output: "3"]),
            try line("dollar", currency: .usd, rates: [.output: "0.42"]),
            try line("yuan only", model: "qwen", currency: .cny, rates: [.output: "2"]),
        ])
        // The channel's own currency is USD.
        #expect(try book.price(usage, purchase()).billedText == "0.42 USD")
        #expect(try book.price(usage, purchase(list: .usd)).billedText == "0.42 USD")
        #expect(try book.price(usage, purchase(list: .cny)).billedText == "3.00 CNY")
        #expect(try book.price(usage, purchase("qwen")).billedText == "2.00 CNY")
        #expect(
            throws: PricingError.noLineInCurrency(
                model: "qwen", channel: "openai", currency: .usd, has: [.cny])
        ) {
            try book.price(usage, purchase("qwen", list: .usd))
        }
    }
}
