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
    private let isHere: Bool
    private let zones: any TimeZoneRules
    private let time: Timestamp
    private let zone: String
    private let status: SpendingStatus
    /// Why a ledger that nothing came into for long judges nothing; `nil` where it does.
    private let staleness: String?

    init(
        _ ledger: CheckInput.Ledger, zones: any TimeZoneRules, at time: Timestamp, zone: String,
        maximumAge: MaximumAge?
    ) throws {
        switch ledger {
        case .here(let context):
            isHere = true
            source = LedgerSpending(context)
        case .elsewhere(let source):
            isHere = false
            self.source = source
        }
        self.zones = zones
        self.time = time
        self.zone = zone
        let status = try source.status()
        staleness = try maximumAge.flatMap { [source] maximum in
            try Self.staleness(maximum, at: time, source, status)
        }
        self.status = status
    }

    /// What lies behind the moment of the question is no sign of life: a clock that is wrong would hide
    /// that nothing comes in.
    private static func staleness(
        _ maximum: MaximumAge, at time: Timestamp, _ source: any SpendingSource,
        _ status: SpendingStatus
    ) throws -> String? {
        guard let newest = status.newest else { return "the ledger is empty" }
        let oldest = Timestamp(milliseconds: time.milliseconds - maximum.milliseconds)
        let after = Timestamp(milliseconds: time.milliseconds + 1)
        guard try source.spent(from: oldest, to: after, matching: EventFilter()).events == 0 else {
            return nil
        }
        guard newest <= time else {
            return
                "no event is of the last \(maximum.text) before \(time.text); the newest is of \(newest.text), which is later"
        }
        return
            "the newest event is of \(newest.text), and --max-age is \(maximum.text)"
    }

    var note: String {
        let newest = status.newest.map { ", the newest of \($0.text)" } ?? ""
        let place = isHere ? "" : " at \(status.location)"
        return "the ledger\(place) holds \(Count.grouped(status.events)) events\(newest)"
    }

    var warnings: [String] { UsageTable.remark(conflicts: status.conflicts) }

    var json: JSONValue {
        .object([
            "events": .integer(status.events), "newest": .optional(status.newest?.text),
            "conflicts": status.conflicts == 0 ? nil : .integer(status.conflicts),
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
    func expected(_ budget: Budget, _ exchange: inout Exchange) throws -> Amount {
        let forecast = try LedgerForecast(
            source, budget.period, at: time, zone: budget.zone ?? zone, zones: zones,
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

/// How old the newest event may be.
struct MaximumAge {
    /// As it was given.
    let text: String
    let milliseconds: Int64

    /// `90m`, `24h` or `7d`; `nil` for anything else.
    init?(_ text: String) {
        let unit: Int64? =
            switch text.last {
            case "m": 60_000
            case "h": 3_600_000
            case "d": 86_400_000
            default: nil
            }
        guard let unit, let count = Int64(text.dropLast()), (1...10_000).contains(count) else {
            return nil
        }
        self.text = text
        milliseconds = unit * count
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
