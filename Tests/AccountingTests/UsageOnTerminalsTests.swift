import Accounting
import Pricing
import RateCatalog
import Testing

@Suite struct UsageOnTerminalsTests {
    private let book: RateBook

    init() throws { book = try Fixture.context().book }

    private func time(_ text: String) throws -> Timestamp {
        try #require(Timestamp.parse(text.utf8))
    }

    private func event(_ start: String, dollars: Int64, channel: String = "openai") throws
        -> LedgerEntry
    {
        let usage = try Usage([.output: dollars * 125_000])
        return book.entry(
            for: UsageEvent(
                id: EventID(high: 1, low: 1), start: try time(start), channel: channel,
                modelAsked: "gpt-4.1", usage: usage, known: .reported, source: "test"))
    }

    private func context(_ ledger: FixedLedger, at text: String) throws -> LedgerContext {
        LedgerContext(
            PricingContext(book: book, now: try time(text), zone: "UTC"), ledger: ledger)
    }

    // MARK: The course of the costs

    private func trends(
        _ entries: [LedgerEntry], _ flags: [String: [String]], at text: String
    ) throws -> [Report.Trend] {
        try context(FixedLedger(entries), at: text).usage(Fixture.flags(flags)).report.trends()
    }

    @Test func givesEachDayUpToNow() throws {
        let entries = [
            try event("2026-11-01T10:00:00Z", dollars: 2),
            try event("2026-11-03T10:00:00Z", dollars: 8),
            try event("2026-11-03T23:00:00Z", dollars: 1),
        ]
        let trend = try #require(try trends(entries, [:], at: "2026-11-05T12:00:00Z").first)
        let dollar = DecimalText.one
        #expect(trend.label == "by day")
        #expect(trend.values == [2 * dollar, nil, 9 * dollar, nil, nil])
        #expect(trend.peak == "$9.00 on 2026-11-03")
    }

    @Test func cutsARangeIntoFewParts() throws {
        let entries = [try event("2026-11-01T10:30:00Z", dollars: 2)]
        func label(_ since: String, _ until: String) throws -> String? {
            try trends(
                entries, ["since": [since], "until": [until]], at: "2027-11-05T12:00:00Z"
            ).first.map { "\($0.label) \($0.values.count)" }
        }
        #expect(try label("2026-11-01", "2026-11-02") == "by hour 24")
        #expect(try label("2026-10-30T10:00:00Z", "2026-11-02") == "by hour 62")
        #expect(try label("2026-10-30T09:00:00Z", "2026-11-02") == "by day 3")
        #expect(try label("2026-10-01", "2026-12-02") == "by day 62")
        #expect(try label("2026-10-01", "2026-12-03") == "by week 10")
        #expect(try label("2025-01-01", "2027-01-01") == "by month 24")
        // One part is no course.
        #expect(try label("2026-11-01T10:00:00Z", "2026-11-01T11:00:00Z") == nil)
    }

    @Test func keepsCurrenciesOnTheirOwnScales() throws {
        let entries = [
            try event("2026-11-01T10:00:00Z", dollars: 2),
            try event("2026-11-02T10:00:00Z", dollars: 700, channel: "holysheep"),
        ]
        let at = "2026-11-02T12:00:00Z"
        let all = try trends(entries, ["since": ["2026-10-30"]], at: at)
        #expect(all.map(\.label) == ["by day CNY", "by day USD"])
        #expect(all[0].values == [nil, nil, nil, 700 * DecimalText.one])
        #expect(all[1].values == [nil, nil, 2 * DecimalText.one, nil])
        let one = try trends(
            entries, ["since": ["2026-10-30"], "currency": ["USD"], "fx": ["USD/CNY=7"]], at: at)
        #expect(
            one.map(\.values) == [[nil, nil, 2 * DecimalText.one, 100 * DecimalText.one]])
    }

    @Test func leavesOutWhatTheRowsShow() throws {
        let entries = [try event("2026-11-01T10:00:00Z", dollars: 2)]
        let at = "2026-11-05T12:00:00Z"
        #expect(try trends(entries, ["group_by": ["day"]], at: at).isEmpty)
        #expect(try trends(entries, ["group_by": ["week"]], at: at).count == 1)
        #expect(try trends([], [:], at: at).isEmpty)
    }

    // MARK: Again and again

    @Test func answersAgainOnlyWhereSomethingChanged() throws {
        let ledger = FixedLedger([try event("2026-11-01T10:00:00Z", dollars: 2)])
        var watch = UsageWatch(Fixture.flags([:]))
        func answers(_ time: String) throws -> Bool {
            try watch.answer(context(ledger, at: time)) != nil
        }
        #expect(try answers("2026-11-02T12:00:00Z"))
        #expect(try !answers("2026-11-02T12:00:02Z"), "nothing happened")
        #expect(ledger.questionCount == 1)
        ledger.change()
        #expect(try answers("2026-11-02T12:00:04Z"), "something came in")
        #expect(try !answers("2026-11-02T12:00:06Z"))
        #expect(try answers("2026-12-01T00:00:00Z"), "another month")
    }

    @Test func aRangeUpToNowMovesWithTheClock() throws {
        let ledger = FixedLedger([try event("2026-11-01T10:00:00Z", dollars: 2)])
        var watch = UsageWatch(Fixture.flags(["last": ["24h"]]))
        #expect(try watch.answer(context(ledger, at: "2026-11-01T12:00:00Z")) != nil)
        #expect(try watch.answer(context(ledger, at: "2026-11-01T12:00:02Z")) != nil)
    }
}
