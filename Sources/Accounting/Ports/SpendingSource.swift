import Pricing

/// Who can say what was spent: a ledger here, or a service that has one.
package protocol SpendingSource: Sendable {
    func status() throws -> SpendingStatus

    /// What the events of a half-open range that match came to. `from` is before `to`.
    func spent(
        from: Timestamp, to: Timestamp, matching filter: EventFilter
    ) throws -> SpentAmounts
}

/// How much a source holds, and where it is.
package struct SpendingStatus: Hashable, Sendable {
    package let events: Int64
    /// The start of the newest event; `nil` where there is none.
    package let newest: Timestamp?
    /// For people: a path or an address.
    package let location: String

    package init(events: Int64, newest: Timestamp?, location: String) {
        self.events = events
        self.newest = newest
        self.location = location
    }
}

/// What some events came to as settled.
package struct SpentAmounts: Hashable, Sendable {
    package let events: Int64
    /// One a currency, by its code; the least it comes to where there is a problem.
    package let amounts: [Money]
    /// Why the amounts are not all of it; `nil` where they are.
    package let problem: String?

    /// `unpriced` events have no price in full, of `unknown` ones no usage is known.
    package init(
        events: Int64, amounts: [Money], isComplete: Bool, unpriced: Int64, unknown: Int64
    ) {
        self.events = events
        self.amounts = amounts.sorted { $0.currency < $1.currency }
        let (count, overflow) = unpriced.addingReportingOverflow(unknown)
        if isComplete, count == 0 {
            problem = nil
        } else if count > 0, !overflow {
            problem = "\(Count.grouped(count)) of its events have no cost"
        } else {
            problem = "some of its events have no cost"
        }
    }
}
