import Pricing
import Synchronization

/// Holds requests to budgets before they are sent: what one may cost at most is reserved in the ledger,
/// and who would pass a limit with that is refused.
package final class HardBudgets: Sendable {
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
    /// The period of each budget that a request was held to last.
    private let periods = Mutex<[String: BudgetPeriod]>([:])

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
        _ event: UsageEvent, key name: String?, in book: RateBook
    ) throws(HardBudgetError) -> [Budget] {
        if let name, !budgets.contains(where: { $0.name == name }) { throw .unknown(name) }
        // Only where it is asked whose and what the request is does that have to be found.
        var entry: LedgerEntry?
        return zip(budgets, filters).filter { budget, filter in
            if budget.name == name { return true }
            guard budget.isHard else { return false }
            if filter.isEmpty { return true }
            let found = entry ?? book.entry(for: event)
            entry = found
            return found.matches(filter)
        }.map(\.0)
    }

    /// Whether anything is held at all, whatever is asked for.
    package var isEmpty: Bool { !budgets.contains(where: \.isHard) }

    /// What a request may cost at most, and under which budgets that is held.
    package struct Request: Sendable {
        /// What is known before the request goes out.
        let event: UsageEvent
        let worst: Money
        package let budgets: [Budget]

        package init(_ event: UsageEvent, worst: Money, under budgets: [Budget]) {
            self.event = event
            self.worst = worst
            self.budgets = budgets
        }
    }

    /// Reserves what requests cost at most, one after the other and in one transaction, or says which
    /// budget one would pass. They are taken to go out at once.
    ///
    /// One whose amount cannot be held against a limit fails by itself, with `PricingError`. Throws
    /// what the store throws, and then nothing is held.
    package func reserve(
        _ requests: [Request], owner: String, in context: LedgerContext,
        _ reservations: any BudgetReservations
    ) throws -> [Result<Verdict, any Error>] {
        let leaseUntil = context.pricing.now.advanced(bySeconds: Self.leaseSeconds)
        let held = requests.map { request in
            Result {
                try request.budgets.map {
                    try HeldBudget($0, period(of: $0, context), request.worst, context)
                }
            }
        }
        var verdicts = held.map { $0.map { _ in Verdict.admitted } }
        // The places of those that can be held.
        let places = held.indices.filter { (try? held[$0].get()) != nil }
        let wanted = try places.map { place in
            Reservation(
                event: requests[place].event, owner: owner, leaseUntil: leaseUntil, isSent: true,
                holds: try held[place].get().map(\.hold))
        }
        let results = try reservations.reserve(wanted, account: context.account) { index, states in
            let place = places[index]
            let over = try Self.over(try held[place].get(), states, context)
            if let over { verdicts[place] = .success(over) }
            return over == nil
        }
        for (place, result) in zip(places, results) {
            if case .failure(let error) = result { verdicts[place] = .failure(error) }
        }
        return verdicts
    }

    /// The first budget that a request would pass.
    private static func over(
        _ held: [HeldBudget], _ states: [BudgetState], _ context: LedgerContext
    ) throws -> Verdict? {
        for (held, state) in zip(held, states) {
            let left = try held.left(state, context)
            guard held.hold.amount.attos > 0, held.hold.amount.attos > left.attos else { continue }
            return .over(
                budget: held.budget.name, limit: held.budget.limit, left: left,
                wanted: held.hold.amount)
        }
        return nil
    }

    private func period(of budget: Budget, _ context: LedgerContext) throws -> BudgetPeriod {
        let known = periods.withLock { $0[budget.name] }
        if let known, known.holds(in: context.pricing) { return known }
        let period = try BudgetPeriod(budget, context.pricing)
        periods.withLock { $0[budget.name] = period }
        return period
    }
}

/// The period of a budget in which a moment lies, and how a rate book's bills are paid in it.
private struct BudgetPeriod: Sendable {
    let window: BudgetWindow
    let settlements: LedgerSettlements
    private let range: Range<Timestamp>
    private let book: RateBook

    init(_ budget: Budget, _ pricing: PricingContext) throws {
        book = pricing.book
        let zone = budget.zone ?? pricing.zone
        let today = try book.zones.wallClock(of: zone, at: pricing.now).date
        let first = budget.period.start(of: today)
        let start = try book.zones.startOfDay(first, in: zone)
        let end = try book.zones.startOfDay(budget.period.next(after: first), in: zone)
        settlements = LedgerSettlements(book.catalog.channels)
        window = BudgetWindow(
            name: budget.name,
            boundaries: [start] + settlements.changes(from: start, to: end) + [end],
            filter: EventFilter(budget))
        range = start..<end
    }

    func holds(in pricing: PricingContext) -> Bool {
        pricing.book === book && range.contains(pricing.now)
    }
}

/// One budget with what a request is held to it with.
private struct HeldBudget {
    let budget: Budget
    let hold: Reservation.Hold
    private let settlements: LedgerSettlements

    init(
        _ budget: Budget, _ period: BudgetPeriod, _ worst: Money, _ context: LedgerContext
    ) throws {
        self.budget = budget
        settlements = period.settlements
        var exchange = Self.exchange(context)
        let amount = try exchange.preferring(budget.fx) { exchange in
            try exchange.converted(worst, to: budget.limit.currency).money
        }
        hold = Reservation.Hold(period.window, amount)
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
