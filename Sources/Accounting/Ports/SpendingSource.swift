import Pricing

/// Who can say what was spent: a ledger here, or a service that has one.
package protocol SpendingSource: Sendable {
    func status() throws -> SpendingStatus

    /// What the events of a half-open range that match came to. `from` is before `to`.
    func spent(
        from: Timestamp, to: Timestamp, matching filter: EventFilter
    ) throws -> SpentAmounts

    /// The same for each day of a zone that has such an event.
    func days(
        from: Timestamp, to: Timestamp, zone: String, matching filter: EventFilter
    ) throws -> [CivilDate: SpentAmounts]
}

/// How much a source holds, and where it is.
package struct SpendingStatus: Hashable, Sendable {
    package let events: Int64
    /// The start of the newest event; `nil` where there is none.
    package let newest: Timestamp?
    /// Observations that contradict an event, and are in no total.
    package let conflicts: Int64
    /// For people: a path or an address.
    package let location: String

    package init(events: Int64, newest: Timestamp?, conflicts: Int64 = 0, location: String) {
        self.events = events
        self.newest = newest
        self.conflicts = conflicts
        self.location = location
    }
}

/// What some events came to as settled.
package struct SpentAmounts: Hashable, Sendable {
    package let events: Int64
    /// One a currency, by its code; the least it comes to where there is a problem.
    package let amounts: [Money]
    /// How many of the events have no cost, or not all of it; at most so many where `isAtMost`.
    package let incompleteEvents: Int64
    private let isAtMost: Bool

    /// `unpriced` events have no rate line, of `unknown` ones no usage is known; `partlyPriced` ones share a
    /// line that does not price all that they used, some of them at least.
    package init(
        events: Int64, amounts: [Money], isComplete: Bool, unpriced: Int64, unknown: Int64,
        partlyPriced: Int64 = 0
    ) {
        self.events = events
        self.amounts = amounts.sorted { $0.currency < $1.currency }
        let all = Self.sum(Self.sum(unpriced, unknown), partlyPriced)
        // Somebody may say that it is not all, and not how many there are.
        incompleteEvents = isComplete ? all : max(all, 1)
        isAtMost = partlyPriced > 0 || all == 0 || all == .max
    }

    /// Both together.
    package func adding(_ other: SpentAmounts) throws(PricingError) -> SpentAmounts {
        var sums: [Currency: Money] = [:]
        for money in amounts + other.amounts {
            sums[money.currency] = try (sums[money.currency] ?? .zero(money.currency)).adding(money)
        }
        return SpentAmounts(
            events: Self.sum(events, other.events),
            amounts: sums.values.sorted { $0.currency < $1.currency },
            incompleteEvents: Self.sum(incompleteEvents, other.incompleteEvents),
            isAtMost: isAtMost || other.isAtMost)
    }

    /// Who says what is in a ledger elsewhere may say anything.
    private static func sum(_ one: Int64, _ other: Int64) -> Int64 {
        let (sum, overflow) = one.addingReportingOverflow(other)
        return overflow ? .max : sum
    }

    private init(events: Int64, amounts: [Money], incompleteEvents: Int64, isAtMost: Bool) {
        self.events = events
        self.amounts = amounts
        self.incompleteEvents = incompleteEvents
        self.isAtMost = isAtMost
    }

    /// Why the amounts are not all of it; `nil` where they are.
    package var problem: String? {
        guard incompleteEvents > 0 else { return nil }
        return isAtMost
            ? "some of its events have no cost, or not all of it"
            : "\(Count.grouped(incompleteEvents)) of its events have no cost"
    }
}
