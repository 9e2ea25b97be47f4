import JSONBytes
import Pricing

/// What the ledger says was spent up to a moment, and will be, for budgets.
struct LedgerSide {
    /// An amount in the limit's currency; the least it comes to where there is a problem.
    struct Amount {
        let range: LedgerRange
        let events: Int64
        let low: ShownMoney
        let high: ShownMoney
        /// Whether everything has a cost; otherwise the amounts are lower bounds.
        let isComplete: Bool
        /// Why it is not all of it, or cannot be judged.
        let problem: String?
    }

    private let source: any SpendingSource
    /// `nil` where it is a service's: a forecast asks it for more than sums.
    private let context: LedgerContext?
    private let zones: any TimeZoneRules
    private let time: Timestamp
    private let zone: String
    private let maximumAgeHours: Int64?
    private let status: SpendingStatus

    init(
        _ ledger: CheckInput.Ledger, zones: any TimeZoneRules, at time: Timestamp, zone: String,
        maximumAgeHours: Int64?
    ) throws {
        switch ledger {
        case .here(let context):
            self.context = context
            source = LedgerSpending(context)
        case .elsewhere(let source):
            context = nil
            self.source = source
        }
        self.zones = zones
        self.time = time
        self.zone = zone
        self.maximumAgeHours = maximumAgeHours
        status = try source.status()
    }

    /// Why a ledger that nothing came into for long judges nothing; `nil` where it does.
    private var staleness: String? {
        guard let maximumAgeHours else { return nil }
        guard let newest = status.newest else { return "the ledger is empty" }
        let hours = (time.milliseconds - newest.milliseconds) / 3_600_000
        return hours < maximumAgeHours
            ? nil : "the newest event is \(hours) h old, and --max-age is \(maximumAgeHours) h"
    }

    var note: String {
        let newest = status.newest.map { ", the newest of \($0.text)" } ?? ""
        let place = context == nil ? " at \(status.location)" : ""
        return "the ledger\(place) holds \(Count.grouped(status.events)) events\(newest)"
    }

    var json: JSONValue {
        .object([
            "events": .integer(status.events), "newest": .optional(status.newest?.text),
        ])
    }

    /// From the start of the budget's period up to the moment of the question.
    func spent(_ budget: Budget, _ exchange: inout Exchange) throws -> Amount {
        let zone = budget.zone ?? self.zone
        let today = try zones.wallClock(of: zone, at: time).date
        let start = try zones.startOfDay(budget.period.start(of: today), in: zone)
        // A moment within the first millisecond is a range all the same.
        let range = LedgerRange(start: start, end: max(time, start.advanced(bySeconds: 1)))
        let spent = try source.spent(
            from: range.start, to: range.end, matching: EventFilter(budget))
        var sum = Money.zero(budget.limit.currency)
        var isConverted = false
        for money in spent.amounts {
            let shown = try exchange.converted(money, to: sum.currency)
            sum = try sum.adding(shown.money)
            isConverted = isConverted || shown.isConverted
        }
        let amount = ShownMoney(money: sum, isConverted: isConverted)
        return Amount(
            range: range, events: spent.events, low: amount, high: amount,
            isComplete: spent.problem == nil, problem: spent.problem ?? staleness)
    }

    /// What the budget's period comes to at its end; its upper end where the past gives a range.
    ///
    /// `nil` where the ledger is not here.
    func expected(_ budget: Budget, _ exchange: inout Exchange) throws -> Amount? {
        guard let context else { return nil }
        let forecast = try LedgerForecast(
            context, budget.period, at: time, zone: budget.zone ?? zone,
            filter: EventFilter(budget))
        let projection = try forecast.projection(in: budget.limit.currency, &exchange)
        let expected = projection.projected ?? projection.spent
        var problem = staleness
        if projection.projected == nil { problem = "no whole day before today has an event" }
        if !forecast.isComplete { problem = Self.withoutCost(forecast.unpricedEvents) }
        func shown(_ money: Money) -> ShownMoney {
            ShownMoney(money: money, isConverted: projection.isConverted)
        }
        return Amount(
            range: forecast.range, events: forecast.isEmpty ? 0 : max(forecast.events, 1),
            low: shown(expected), high: shown(expected), isComplete: forecast.isComplete,
            problem: problem)
    }

    private static func withoutCost(_ events: Int64) -> String {
        "\(Count.grouped(events)) of its events have no cost"
    }
}

extension Budget.Period {
    /// The first day of the period that holds a day; a week begins on Monday.
    func start(of date: CivilDate) -> CivilDate {
        switch self {
        case .day: date
        case .week:
            date.advanced(byDays: -(Weekday.allCases.firstIndex(of: date.weekday) ?? 0))
        case .month: date.firstOfMonth
        case .quarter: date.firstOfMonth(back: (date.month - 1) % 3)
        case .year: date.firstOfMonth(back: date.month - 1)
        }
    }
}

extension CivilDate {
    /// The first of the month that many months before.
    fileprivate func firstOfMonth(back months: Int) -> CivilDate {
        (0..<months).reduce(firstOfMonth) { first, _ in first.advanced(byDays: -1).firstOfMonth }
    }
}
