import Accounting
import JSONBytes
import Pricing
import RateCatalog
import Testing

/// Berlin in March 2026, whose 29th has 23 hours.
private struct Berlin: TimeZoneRules {
    func offsetSeconds(of zone: String, at time: Timestamp) throws(PricingError) -> Int {
        if zone == "UTC" { return 0 }
        // 2026-03-29T01:00:00Z
        return time.milliseconds < 1_774_746_000_000 ? 3600 : 7200
    }
}

@Suite struct LedgerForecastTests {
    private let book: RateBook

    init() throws {
        book = RateBook(try CatalogReader.read(RateFile.embedded), zones: Berlin())
    }

    private func time(_ text: String) throws -> Timestamp {
        try #require(Timestamp.parse(text.utf8))
    }

    private func day(_ text: String) throws -> CivilDate {
        try #require(CivilDate.parse(text.utf8))
    }

    /// gpt-4.1 input at $2.00 a million.
    private func event(
        _ start: String, dollars: Int64, known: Known = .reported, channel: String = "openai"
    ) throws -> LedgerEntry {
        let usage = try Usage(
            channel == "openai" ? [.input: dollars * 500_000] : [.output: dollars * 125_000])
        return book.entry(
            for: UsageEvent(
                id: EventID(high: 1, low: 1), start: try time(start), channel: channel,
                modelAsked: "gpt-4.1", usage: usage, known: known, source: "test",
                project: "web"))
    }

    /// One event at noon of each day from `first` on.
    private func days(from first: String, _ dollars: [Int64]) throws -> [LedgerEntry] {
        try dollars.enumerated().map { index, amount in
            let date = try day(first).advanced(byDays: index)
            return try event("\(date.text)T12:00:00Z", dollars: amount)
        }
    }

    private func context(_ entries: [LedgerEntry], at text: String) throws -> LedgerContext {
        LedgerContext(
            PricingContext(book: book, now: try time(text), zone: "UTC"),
            ledger: FixedLedger(entries))
    }

    private func forecast(
        _ entries: [LedgerEntry], at text: String, _ period: Budget.Period = .month,
        zone: String = "UTC", filter: EventFilter = EventFilter()
    ) throws -> LedgerForecast {
        try LedgerForecast(
            LedgerSpending(context(entries, at: text)), period, at: time(text), zone: zone,
            zones: book.zones, filter: filter)
    }

    private func dollars(
        _ forecast: LedgerForecast
    ) throws -> LedgerForecast.Projection {
        var exchange = Exchange(
            table: FXTable(shipped: []), wanted: nil, date: forecast.time.utcDate)
        return try forecast.projection(in: .usd, &exchange)
    }

    private func usd(_ text: String) throws -> Money { try Money(text, .usd) }

    // MARK: Projections

    /// From 2026-10-25, a Sunday: Sundays 4, Mondays 8, 12, 8, 12, other working days 10, Saturdays 2.
    private func fourWeeks() throws -> [LedgerEntry] {
        try days(
            from: "2026-10-25", [8, 12, 8, 12].flatMap { [4, $0, 10, 10, 10, 10, 2] })
            + [event("2026-11-22T09:00:00Z", dollars: 1)]
    }

    @Test func projectsByWeekday() throws {
        let forecast = try forecast(fourWeeks(), at: "2026-11-22T12:00:00Z")
        let projection = try dollars(forecast)
        // 3 Sundays · 4, Mondays 12 + 8 + 12, 12 other working days · 10, 3 Saturdays · 2, and 1 today
        #expect(projection.spent == (try usd("171")))
        // Half of a Sunday, 5 working days, a Saturday, a Sunday, a Monday: 2 + 50 + 2 + 4 + 10
        #expect(projection.projected == (try usd("239")))
        #expect(projection.isByWeekday)
        #expect(forecast.pastDays == 28)
        #expect(forecast.daysAhead == 9)
        // From the 14th day on to the 19th: the days ahead must be of the past.
        #expect(projection.backTest?.count == 6)
        #expect(projection.range == nil)
        #expect(
            projection.missingRange
                == "the past allows 6 back-tests over 9 days, and a range takes 10")
    }

    @Test func givesTheRangeOfItsBackTests() throws {
        // Six weeks of the same: every replay meets what came.
        let week: [Int64] = [4, 10, 10, 10, 10, 10, 2]
        let entries = try days(from: "2026-10-11", (0..<6).flatMap { _ in week })
        let forecast = try forecast(entries, at: "2026-11-22T12:00:00Z")
        let projection = try dollars(forecast)
        #expect(projection.backTest?.count == 20)
        #expect(projection.backTest?.ninetiethPerMille == 0)
        #expect(projection.range?.low == projection.projected)
        #expect(projection.range?.high == (try usd("236")))
        #expect(projection.missingRange == nil)
    }

    @Test func asksTheLedgerTwice() throws {
        let context = try context(try fourWeeks(), at: "2026-11-22T12:00:00Z")
        _ = try LedgerForecast(
            LedgerSpending(context), .year, at: time("2026-11-22T12:00:00Z"), zone: "UTC",
            zones: book.zones, filter: EventFilter())
        #expect((context.ledger as? FixedLedger)?.questionCount == 2)
    }

    @Test func aDayOfHistoryIsAMean() throws {
        let forecast = try forecast(
            days(from: "2026-10-31", [5]), at: "2026-11-01T00:00:00Z")
        let projection = try dollars(forecast)
        // The last of October is the past, and no part of November.
        #expect(forecast.events == 0)
        #expect(projection.spent == (try usd("0")))
        #expect(projection.projected == (try usd("150")))
        #expect(!projection.isByWeekday)
        #expect(projection.backTest == nil)
    }

    @Test func todayAloneProjectsNothing() throws {
        let forecast = try forecast(
            days(from: "2026-10-31", [5]), at: "2026-10-31T23:59:59.999Z")
        let projection = try dollars(forecast)
        #expect(projection.spent == (try usd("5")))
        #expect(projection.projected == nil)
        #expect(projection.missingRange == "no whole day before today has an event")
        #expect(projection.firstDay(over: try usd("4")) == (try day("2026-10-31")))
        #expect(!forecast.isEmpty)
    }

    @Test func daysWithoutEventsAreZeroOnceThereWasOne() throws {
        // 10 on the first of ten days, nothing since: 1 a day, and not 10.
        let entries = try days(from: "2026-11-01", [10])
        let projection = try dollars(try forecast(entries, at: "2026-11-11T00:00:00Z"))
        #expect(projection.spent == (try usd("10")))
        #expect(projection.projected == (try usd("30")))
        // Before its first event there is no ledger: 10 a day for 29 days.
        let next = try dollars(try forecast(entries, at: "2026-11-02T00:00:00Z"))
        #expect(next.projected == (try usd("300")))
    }

    @Test func nothingToGoByIsEmpty() throws {
        #expect(try forecast([], at: "2026-11-22T12:00:00Z").isEmpty)
        // What is older than twelve weeks, or later than the question, tells nothing.
        let entries = try days(from: "2026-08-29", [7]) + days(from: "2026-11-23", [7])
        #expect(try forecast(entries, at: "2026-11-22T12:00:00Z").isEmpty)
        #expect(try !forecast(entries, at: "2026-11-21T12:00:00Z").isEmpty)
    }

    @Test func aDayOf23HoursHasTwelveLeftAtNoon() throws {
        // Saturday, a whole day, was 23. Sunday runs from 23:00 UTC to 22:00 UTC.
        let entries = [try event("2026-03-28T12:00:00Z", dollars: 23)]
        let forecast = try forecast(
            entries, at: "2026-03-29T10:00:00Z", zone: "Europe/Berlin")
        let projection = try dollars(forecast)
        #expect(forecast.range.start == (try time("2026-02-28T23:00:00Z")))
        #expect(forecast.range.end == (try time("2026-03-31T22:00:00Z")))
        // 12 ÷ 23 of Sunday, Monday and Tuesday: 12 + 23 + 23 on top of 23.
        #expect(projection.projected == (try usd("81")))
    }

    @Test func aYearKeepsWhatThePatternNoLongerSees() throws {
        let entries = try days(from: "2026-01-05", [7]) + fourWeeks()
        let year = try forecast(entries, at: "2026-11-22T12:00:00Z", .year)
        let projection = try dollars(year)
        // October's last week of the pattern: 4 + 8 + 10 · 4 + 2
        #expect(projection.spent == (try usd("232")))
        #expect(year.pastDays == 28)
        #expect(year.range.end == (try time("2027-01-01T00:00:00Z")))
        // November's rest 68; December: 4 Sundays, 4 Mondays, 5 · 3 + 4 working days, 4 Saturdays.
        #expect(projection.projected == (try usd("554")))
        let quarter = try forecast(entries, at: "2026-11-22T12:00:00Z", .quarter)
        #expect(try dollars(quarter).spent == usd("225"))
        #expect(try dollars(quarter).projected == usd("547"))
        let today = try forecast(entries, at: "2026-11-22T12:00:00Z", .day)
        #expect(try dollars(today).projected == usd("3"))
        // Monday 16 to Sunday 22: 12 + 40 + 2 + 1, and half of a Sunday.
        let week = try forecast(entries, at: "2026-11-22T12:00:00Z", .week)
        #expect(try dollars(week).spent == usd("55"))
        #expect(try dollars(week).projected == usd("57"))
    }

    @Test func saysTheDayThatALimitIsPassed() throws {
        let entries = try days(from: "2026-11-01", Array(repeating: 10, count: 10))
        let projection = try dollars(try forecast(entries, at: "2026-11-11T00:00:00Z"))
        // 100 by the 10th, 110 by the 11th, …, 150 by the 15th, 300 by the 30th.
        #expect(projection.projected == (try usd("300")))
        #expect(projection.firstDay(over: try usd("95")) == (try day("2026-11-10")))
        #expect(projection.firstDay(over: try usd("100")) == (try day("2026-11-11")))
        #expect(projection.firstDay(over: try usd("150")) == (try day("2026-11-16")))
        #expect(projection.firstDay(over: try usd("299.99")) == (try day("2026-11-30")))
        #expect(projection.firstDay(over: try usd("300")) == nil)
        #expect(projection.firstDay(over: try usd("0")) == (try day("2026-11-01")))
    }

    @Test func keepsCurrenciesApart() throws {
        // holysheep bills $ and is paid ¥1 for each.
        let entries =
            try days(from: "2026-11-01", [10])
            + [event("2026-11-01T12:00:00Z", dollars: 6, channel: "holysheep")]
        let forecast = try forecast(entries, at: "2026-11-02T00:00:00Z")
        var apart = Exchange(
            table: FXTable(shipped: []), wanted: nil, date: forecast.time.utcDate)
        let both = try forecast.projections(&apart)
        #expect(both.map(\.currency.code) == ["CNY", "USD"])
        #expect(both[0].projected == (try Money("180", .cny)))
        #expect(both[1].projected == (try usd("300")))
        var together = Exchange(
            table: FXTable(given: [try FXRate(parsing: "USD/CNY=6")], shipped: []), wanted: .usd,
            date: forecast.time.utcDate)
        let one = try forecast.projections(&together)
        #expect(one.count == 1)
        // ¥6 is $1.
        #expect(one[0].projected == (try usd("330")))
        #expect(one[0].isConverted)
    }

    @Test func whatHasNoCostMakesItTheLeast() throws {
        let entries =
            try days(from: "2026-10-31", [5])
            + [event("2026-10-31T13:00:00Z", dollars: 0, known: .unknown)]
        let past = try forecast(entries, at: "2026-11-01T00:00:00Z")
        #expect(past.isSpentComplete)
        #expect(!past.isComplete)
        let now = try forecast(entries, at: "2026-10-31T23:00:00Z")
        #expect(!now.isSpentComplete)
    }

    // MARK: Answers

    private func answer(
        _ entries: [LedgerEntry], at text: String, _ flags: [String: [String]] = [:],
        budgets: [Budget] = []
    ) throws -> Answer {
        try context(entries, at: text).forecast(Fixture.flags(flags), budgets: budgets)
    }

    private func budget(_ limit: String, _ basis: Budget.Basis = .actual) throws -> Budget {
        Budget(
            name: "team", limit: try Money(parsing: limit), period: .month, basis: basis,
            warnShare: .whole, filter: ["project": "w*"])
    }

    @Test func gatesByTheProjection() throws {
        func verdict(_ max: String, more: [LedgerEntry] = []) throws -> Answer.Verdict {
            try answer(fourWeeks() + more, at: "2026-11-22T12:00:00Z", ["max": [max]]).verdict
        }
        #expect(try verdict("239USD") == .done)
        #expect(try verdict("238.99USD") == .overBudget)
        let unknown = [try event("2026-11-20T12:00:00Z", dollars: 0, known: .unknown)]
        #expect(try verdict("1000USD", more: unknown) == .unpriced)
        #expect(try verdict("200USD", more: unknown) == .overBudget)
        #expect(
            try answer([], at: "2026-11-22T12:00:00Z", ["max": ["5USD"]]).verdict == .unpriced)
        // Only today: 5 of 5 is spent, and nobody knows the rest.
        let today = try days(from: "2026-10-31", [5])
        let open = try answer(today, at: "2026-10-31T23:00:00Z", ["max": ["5USD"]])
        #expect(open.verdict == .unpriced)
        #expect(open.document["max"]?["within"] == .null)
        let over = try answer(today, at: "2026-10-31T23:00:00Z", ["max": ["4USD"]])
        #expect(over.verdict == .overBudget)
        #expect(over.document["max"]?["over"]?["amount"] == "1.00")
    }

    @Test func neverProjectsZeroFromNothing() throws {
        let empty = try answer([], at: "2026-11-22T12:00:00Z")
        #expect(empty.verdict == .unpriced)
        #expect(empty.rows == [])
        let text = empty.report.warnings.joined()
        #expect(text.contains("2026-08-30 … 2026-11-22 12:00 UTC"))
        #expect(text.hasSuffix("try: tokenmeter demo, tokenmeter ledger import"))
        // All that there is has no cost.
        let unknown = [try event("2026-11-20T12:00:00Z", dollars: 0, known: .unknown)]
        let unpriced = try answer(unknown, at: "2026-11-22T12:00:00Z")
        #expect(unpriced.verdict == .unpriced)
        #expect(unpriced.rows == [])
    }

    @Test func tellsWhenEachBudgetRunsOut() throws {
        let entries = try days(from: "2026-11-01", Array(repeating: 10, count: 10))
        func row(_ budget: Budget) throws -> JSONValue {
            let answer = try answer(entries, at: "2026-11-11T00:00:00Z", budgets: [budget])
            return try #require(answer.rows.last)
        }
        #expect(try row(budget("150USD"))["runs_out"] == "2026-11-16")
        #expect(try row(budget("95USD", .forecast))["runs_out"] == "2026-11-10")
        #expect(try row(budget("300USD"))["runs_out"] == .null)
        #expect(try row(budget("300USD"))["budget"] == "team")
        // A budget on a plan is check's to judge: the row is that of all events.
        let plan = try row(budget("1USD", .plan))
        #expect(plan["budget"] == .null)
        #expect(plan["runs_out"] == nil)
    }

    @Test func warnsWhereNothingCameInForDays() throws {
        let entries = try days(from: "2026-11-01", [10])
        func warnings(_ time: String) throws -> String {
            try answer(entries, at: time).report.warnings.joined()
        }
        #expect(try warnings("2026-11-02T23:00:00Z") == "")
        #expect(try warnings("2026-11-03T00:00:00Z").hasPrefix("the newest event is 2 days old"))
    }

    @Test func refusesWhatDescribesAWorkload() throws {
        #expect(throws: QuestionError.self) {
            try answer([], at: "2026-11-22T12:00:00Z", ["model": ["gpt-4.1"]])
        }
    }
}
