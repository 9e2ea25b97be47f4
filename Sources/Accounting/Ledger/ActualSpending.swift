import JSONBytes
import Pricing

/// What the ledger says was spent up to a moment, for budgets.
struct ActualSpending {
    struct Spent {
        let range: LedgerRange
        let events: Int64
        /// One a currency; the least it comes to where there is a problem.
        let amounts: [Money]
        /// Why the amounts are not all of it.
        let problem: String?
    }

    private let context: LedgerContext
    private let time: Timestamp
    private let zone: String
    private let maximumAgeHours: Int64?
    private let status: LedgerStatus

    init(
        _ context: LedgerContext, at time: Timestamp, zone: String, maximumAgeHours: Int64?
    ) throws {
        self.context = context
        self.time = time
        self.zone = zone
        self.maximumAgeHours = maximumAgeHours
        status = try context.ledger.status(account: context.account)
    }

    /// Why a ledger that nothing came into for long judges nothing; `nil` where it does.
    var staleness: String? {
        guard let maximumAgeHours else { return nil }
        guard let newest = status.newest else { return "the ledger is empty" }
        let hours = (time.milliseconds - newest.milliseconds) / 3_600_000
        return hours < maximumAgeHours
            ? nil : "the newest event is \(hours) h old, and --max-age is \(maximumAgeHours) h"
    }

    var note: String {
        let events = Count.grouped(status.known.values.reduce(0, +))
        let newest = status.newest.map { ", the newest of \($0.text)" } ?? ""
        return "the ledger holds \(events) events\(newest)"
    }

    var json: JSONValue {
        .object([
            "events": .integer(status.known.values.reduce(0, +)),
            "newest": .optional(status.newest?.text),
        ])
    }

    /// From the start of the budget's period up to the moment of the question.
    func spent(_ budget: Budget) throws -> Spent {
        let zones = context.pricing.book.zones
        let today = try zones.wallClock(of: zone, at: time).date
        let start = try zones.startOfDay(budget.period.start(of: today), in: zone)
        // A moment within the first millisecond is a range all the same.
        let range = LedgerRange(start: start, end: max(time, start.advanced(bySeconds: 1)))
        var filter = EventFilter()
        for (name, glob) in budget.filter {
            if let dimension = EventDimension(rawValue: name) { filter.globs[dimension] = [glob] }
        }
        let table = try UsageTable(context, range, by: [], zone: zone, filter: filter)
        let costs = try table.costs()
        var problem: String?
        if !costs.isComplete {
            problem =
                "\(Count.grouped(costs.unpricedRequests + costs.unknownRequests)) of its events have no cost"
        }
        return Spent(
            range: range, events: table.requests,
            amounts: costs.settled.sorted { $0.key < $1.key }.map(\.value.money), problem: problem)
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
