import Pricing

/// What a calendar period of the ledger comes to: what was spent up to a moment, and the rest as the
/// days before let expect it.
///
/// Two questions to the ledger, for the period so far and for sums by day of it and of the
/// `historyDays` days before today. The past begins with the first of those days that has an event; from there on a day
/// without events is zero.
package struct LedgerForecast: Sendable {
    /// How many days before today are read: the pattern takes the nearest of them, and the back-test
    /// replays all.
    package static let historyDays = 84

    package let period: Budget.Period
    /// All of the period.
    package let range: LedgerRange
    /// Up to when something was spent.
    package let time: Timestamp
    /// Events of the period so far.
    package let events: Int64
    /// Events of the period so far that have no cost, or not all of it.
    package let unpricedEvents: Int64
    /// The same of the days before the period that the pattern takes.
    package let unpricedPastEvents: Int64
    /// Whole days before today that it goes by.
    package let pastDays: Int
    private let hasCost: Bool
    private let calendar: Calendar
    private let spent: SpentAmounts
    private let days: [CivilDate: SpentAmounts]

    /// The days of the period, and which part of today is left.
    private struct Calendar {
        let first: CivilDate
        let today: CivilDate
        /// The first day after the period.
        let next: CivilDate
        let restOfTodayMilliseconds: Int64
        let todayMilliseconds: Int64
        /// `nil` where no whole day before today has an event.
        var firstOfPast: CivilDate?
    }

    /// The period of `zone` that holds `time`, over the events that `filter` picks; what comes after
    /// `time` is not looked at.
    package init(
        _ source: any SpendingSource, _ period: Budget.Period, at time: Timestamp, zone: String,
        zones: any TimeZoneRules, filter: EventFilter
    ) throws {
        let today = try zones.wallClock(of: zone, at: time).date
        let first = period.start(of: today)
        let next = period.next(after: first)
        let start = try zones.startOfDay(first, in: zone)
        let beginning = min(first, today.advanced(byDays: -Self.historyDays))
        let morning = try zones.startOfDay(today, in: zone)
        let midnight = try zones.startOfDay(today.advanced(byDays: 1), in: zone)
        var calendar = Calendar(
            first: first, today: today, next: next,
            restOfTodayMilliseconds: midnight.milliseconds - time.milliseconds,
            todayMilliseconds: midnight.milliseconds - morning.milliseconds)
        // Within the first millisecond of a day there is a range all the same.
        let now = max(time, Timestamp(milliseconds: start.milliseconds + 1))
        let days = try source.days(
            from: try zones.startOfDay(beginning, in: zone), to: now, zone: zone, matching: filter)
        let spent = try source.spent(from: start, to: now, matching: filter)
        let past = days.filter {
            $0.key < today && $0.key >= today.advanced(byDays: -Self.historyDays)
                && $0.value.events > 0
        }
        calendar.firstOfPast = past.keys.min()
        self.period = period
        range = LedgerRange(start: start, end: try zones.startOfDay(next, in: zone))
        self.time = time
        self.calendar = calendar
        self.spent = spent
        self.days = days
        events = spent.events
        pastDays = calendar.firstOfPast.map { $0.days(until: today) } ?? 0
        let reach = today.advanced(byDays: -WeekdayPattern.reachDays)
        var (unpriced, unpricedPast): (Int64, Int64) = (0, 0)
        var hasCost = false
        for (date, day) in days where date >= min(first, reach) {
            let count = day.incompleteEvents
            if date >= first { unpriced += count } else { unpricedPast += count }
            hasCost = hasCost || day.amounts.contains { $0.attos != 0 }
        }
        self.hasCost = hasCost
        unpricedEvents = unpriced
        unpricedPastEvents = unpricedPast
    }

    /// Whether neither the period nor the past has an event: nothing to go by.
    package var isEmpty: Bool { events == 0 && pastDays == 0 }

    /// Whether there are events, and nothing is known of what any of them cost.
    package var isUnknown: Bool { !isComplete && !hasCost }

    /// Whether what was spent is all of it and not the least.
    package var isSpentComplete: Bool { unpricedEvents == 0 }

    /// Whether the same holds of what it goes by as well.
    package var isComplete: Bool { isSpentComplete && unpricedPastEvents == 0 }

    /// The days that are still to come, today's rest as one of them.
    package var daysAhead: Int { calendar.today.days(until: calendar.next) }

    /// Before it nothing was looked at.
    package var firstDayRead: CivilDate {
        min(calendar.first, calendar.today.advanced(byDays: -Self.historyDays))
    }

    // MARK: Projections

    /// A projection for each currency in which something was spent, or for the wanted one; none where
    /// nothing has a known cost.
    package func projections(_ exchange: inout Exchange) throws -> [Projection] {
        let own = isUnknown ? [] : currencies()
        let wanted = own.isEmpty ? [] : exchange.wanted.map { [$0] } ?? own
        return try wanted.map { try projection(in: $0, of: exchange.wanted == nil, &exchange) }
    }

    /// All that was spent, and will be, in one currency: converted where it has to be.
    package func projection(in currency: Currency, _ exchange: inout Exchange) throws -> Projection
    {
        try projection(in: currency, of: false, &exchange)
    }

    /// In which something was spent in the period so far, or on a day that the pattern takes.
    private func currencies() -> [Currency] {
        let reach = calendar.today.advanced(byDays: -WeekdayPattern.reachDays)
        var currencies = Set(spent.amounts.map(\.currency))
        for (date, day) in days where date >= reach && date < calendar.today {
            currencies.formUnion(day.amounts.map(\.currency))
        }
        return currencies.sorted()
    }

    /// `isAlone` leaves out what was spent in other currencies.
    private func projection(
        in currency: Currency, of isAlone: Bool, _ exchange: inout Exchange
    ) throws -> Projection {
        var isConverted = false
        func cost(_ spent: SpentAmounts?, _ exchange: inout Exchange) throws -> Money {
            var sum = Money.zero(currency)
            for money in spent?.amounts ?? [] where money.currency == currency || !isAlone {
                let shown = try exchange.converted(money, to: currency)
                isConverted = isConverted || shown.isConverted
                sum = try sum.adding(shown.money)
            }
            return sum
        }
        let soFar = try cost(spent, &exchange)
        var projection = Projection(
            currency: currency, isConverted: false, spent: soFar, daysAhead: daysAhead)
        var sum = Money.zero(currency)
        for date in calendar.first.upTo(calendar.today) {
            sum = try sum.adding(try cost(days[date], &exchange))
            projection.course.append((date, sum))
        }
        if let first = calendar.firstOfPast {
            var past: [Money] = []
            for date in first.upTo(calendar.today) { past.append(try cost(days[date], &exchange)) }
            try projection.expect(
                DailySpending(currency: currency, from: first, amounts: past),
                today: (
                    calendar.today, calendar.restOfTodayMilliseconds, calendar.todayMilliseconds
                ), until: calendar.next)
        } else {
            projection.course.append((calendar.today, soFar))
        }
        projection.isConverted = isConverted
        return projection
    }
}

extension LedgerForecast {
    /// A period's spending in one currency: lower bounds where the forecast is not complete, and `spent`
    /// where what was spent is not.
    ///
    /// What is expected is rounded half to even to 10⁻⁶; what was spent is exact unless converted.
    package struct Projection: Sendable {
        package let currency: Currency
        package fileprivate(set) var isConverted: Bool
        package let spent: Money
        package let daysAhead: Int
        /// At the period's end; `nil` where no whole day before today has an event.
        package private(set) var projected: Money?
        /// What nine in ten back-tests kept within; `nil` where too few were possible.
        package private(set) var range: (low: Money, high: Money)?
        package private(set) var backTest: BackTest?
        package private(set) var isByWeekday = false
        /// How many days the pattern was taken from.
        package private(set) var patternDays = 0
        /// What will have been spent at the end of each of the period's days.
        fileprivate var course: [(day: CivilDate, total: Money)] = []

        fileprivate init(
            currency: Currency, isConverted: Bool, spent: Money, daysAhead: Int
        ) {
            self.currency = currency
            self.isConverted = isConverted
            self.spent = spent
            self.daysAhead = daysAhead
        }

        /// The first day at whose end more than `limit` is spent, past or expected; `nil` where none
        /// of the period's is.
        package func firstDay(over limit: Money) -> CivilDate? {
            course.first { $0.total.attos > limit.attos }?.day
        }

        /// Why there is no range; `nil` where there is one.
        package var missingRange: String? {
            guard range == nil else { return nil }
            guard projected != nil else { return "no whole day before today has an event" }
            let wanted = BackTest.minimumCount
            guard let backTest, backTest.count >= wanted else {
                return
                    "the past allows \(backTest?.count ?? 0) back-tests over \(daysAhead) days, and a range takes \(wanted)"
            }
            return "something came in the past where nothing was expected"
        }

        fileprivate mutating func expect(
            _ past: DailySpending, today: (day: CivilDate, rest: Int64, all: Int64),
            until next: CivilDate
        ) throws {
            guard let pattern = try past.pattern() else { return }
            isByWeekday = pattern.isByWeekday
            patternDays = pattern.dayCount
            var rest = try pattern.usual(today.day, part: today.rest, of: today.all)
            course.append((today.day, try spent.adding(rest)))
            for day in today.day.advanced(byDays: 1).upTo(next) {
                rest = try rest.adding(try pattern.usual(day))
                course.append((day, try spent.adding(rest)))
            }
            projected = try spent.adding(rest.roundedToMicros())
            backTest = try BackTest(past, daysAhead: daysAhead)
            if let around = try backTest?.range(around: rest) {
                range = (
                    try spent.adding(around.low.roundedToMicros()),
                    try spent.adding(around.high.roundedToMicros())
                )
            }
        }
    }
}

extension Budget.Period {
    /// The first day after the period that begins on `first`.
    func next(after first: CivilDate) -> CivilDate {
        switch self {
        case .day: first.advanced(byDays: 1)
        case .week: first.advanced(byDays: 7)
        case .month: first.firstOfNextMonth
        case .quarter: (0..<3).reduce(first) { month, _ in month.firstOfNextMonth }
        case .year: (0..<12).reduce(first) { month, _ in month.firstOfNextMonth }
        }
    }
}

extension CivilDate {
    /// How many days later another is; negative where it is before.
    package func days(until other: CivilDate) -> Int {
        other.daysSinceEpoch - daysSinceEpoch
    }

    /// The days from this one on and before another.
    fileprivate func upTo(_ next: CivilDate) -> [CivilDate] {
        (0..<max(0, days(until: next))).map(advanced(byDays:))
    }
}
