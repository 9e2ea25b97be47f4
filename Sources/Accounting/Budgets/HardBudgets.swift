import Pricing

/// Holds requests to budgets before they are sent: what one may cost at most is reserved in the ledger,
/// and who would pass a limit with that is refused.
package struct HardBudgets: Sendable {
    /// What became of a request.
    package enum Verdict: Hashable, Sendable {
        case admitted
        /// What the budget has left, which is less than nothing where it is passed already.
        case over(budget: String, limit: Money, left: Money, wanted: Money)
    }

    /// How long a reservation lives without word of its owner.
    package static let leaseSeconds: Int64 = 60

    private let budgets: [Budget]
    private let filters: [EventFilter]

    /// Those that are hard, and those that a key may name.
    package init(_ budgets: [Budget]) {
        self.budgets = budgets.filter { $0.basis != .plan }
        filters = self.budgets.map(EventFilter.init)
    }

    /// The budgets that a request is held to: the hard ones that it falls under, and the one of its
    /// key.
    ///
    /// Throws `HardBudgetError.unknown` where the key names one that is not here.
    package func holding(
        _ entry: LedgerEntry, key name: String?
    ) throws(HardBudgetError) -> [Budget] {
        if let name, !budgets.contains(where: { $0.name == name }) { throw .unknown(name) }
        return zip(budgets, filters).filter { budget, filter in
            budget.name == name || budget.isHard && entry.matches(filter)
        }.map(\.0)
    }

    /// Whether anything is held at all, whatever is asked for.
    package var isEmpty: Bool { !budgets.contains(where: \.isHard) }

    /// Reserves what a request costs at most under some budgets, or says which of them it would pass.
    ///
    /// `event` is what is known before the request goes out; it is taken to go out at once. Throws
    /// `PricingError` where the amount cannot be held against a limit, and what the store throws.
    package static func reserve(
        _ event: UsageEvent, worst: Money, under budgets: [Budget], owner: String,
        in context: LedgerContext, _ reservations: any BudgetReservations
    ) throws -> Verdict {
        let held = try budgets.map { try HeldBudget($0, worst, context) }
        let time = context.pricing.now
        let reservation = Reservation(
            event: event, owner: owner, leaseUntil: time.advanced(bySeconds: leaseSeconds),
            isSent: true, holds: held.map(\.hold))
        var verdict = Verdict.admitted
        _ = try reservations.reserve(reservation, account: context.account) { states in
            for (held, state) in zip(held, states) {
                let left = try held.left(state, context)
                guard held.hold.amount.attos > 0, held.hold.amount.attos > left.attos else {
                    continue
                }
                verdict = .over(
                    budget: held.budget.name, limit: held.budget.limit, left: left,
                    wanted: held.hold.amount)
                return false
            }
            return true
        }
        return verdict
    }
}

/// One budget with what a request is held to it with.
private struct HeldBudget {
    let budget: Budget
    let hold: Reservation.Hold
    private let settlements: LedgerSettlements

    init(_ budget: Budget, _ worst: Money, _ context: LedgerContext) throws {
        self.budget = budget
        let pricing = context.pricing
        let zones = pricing.book.zones
        let zone = budget.zone ?? pricing.zone
        let today = try zones.wallClock(of: zone, at: pricing.now).date
        let first = budget.period.start(of: today)
        let start = try zones.startOfDay(first, in: zone)
        let end = try zones.startOfDay(budget.period.next(after: first), in: zone)
        settlements = LedgerSettlements(pricing.book.catalog.channels)
        let window = BudgetWindow(
            name: budget.name,
            boundaries: [start] + settlements.changes(from: start, to: end) + [end],
            filter: EventFilter(budget))
        var exchange = Self.exchange(context)
        let amount = try exchange.preferring(budget.fx) { exchange in
            try exchange.converted(worst, to: budget.limit.currency).money
        }
        hold = Reservation.Hold(window, amount)
    }

    private static func exchange(_ context: LedgerContext) -> Exchange {
        Exchange(
            table: FXTable(shipped: context.pricing.book.catalog.exchangeRates), wanted: nil,
            date: context.pricing.now.utcDate)
    }

    /// The limit less what is spent and what is held for others.
    func left(_ state: BudgetState, _ context: LedgerContext) throws -> Money {
        var bill = LedgerBill()
        let boundaries = hold.window.boundaries
        for group in state.groups {
            bill.add(
                group,
                settlement: try settlements.place(
                    of: group.line, on: group.channel, at: boundaries[group.bucket]))
        }
        let spent = try bill.costs(settlements).settled.values.map(\.money)
        var exchange = Self.exchange(context)
        return try exchange.preferring(budget.fx) { exchange in
            try (spent + Array(state.reserved.values)).reduce(budget.limit) { left, money in
                try left.subtracting(try exchange.converted(money, to: left.currency).money)
            }
        }
    }
}

package enum HardBudgetError: Error, Hashable, Sendable, CustomStringConvertible {
    /// A key names it.
    case unknown(String)

    package var description: String {
        switch self {
        case .unknown(let name):
            "the key is held to budget \(quoted(name)), and the service knows no such budget"
        }
    }
}
