import Pricing

/// Holds the worst case of a request against budgets, from before it is sent until its event is
/// kept: a hard budget is then never passed, whoever else writes.
///
/// A reservation has the id of its event. `UsageLedger.append` releases it together with the event, in
/// one transaction; one that may have cost more than it tells keeps it, until another takes its place.
package protocol BudgetReservations: Sendable {
    /// Holds what requests may cost, one after the other and in one transaction, where `admit` lets
    /// them; whether it did, for each.
    ///
    /// `admit` gets the place of a reservation and the state of each of its holds' windows, in their
    /// order, with all that was held before; nobody writes between that and the hold. What it throws,
    /// and `LedgerError.alreadyReserved` for an id that is held already, which is a fault of the
    /// caller, are that reservation's failure alone. Throws where nothing could be written, and then
    /// nothing is held.
    func reserve(
        _ reservations: [Reservation], account: String,
        admit: (Int, [BudgetState]) throws -> Bool
    ) throws -> [Result<Bool, any Error>]

    /// The requests went out: they may be billed, whatever becomes of their owner.
    func markSent(_ ids: [EventID], account: String) throws

    /// Lets the owner's reservations live on.
    func renew(owner: String, until: Timestamp, account: String) throws

    /// Takes back what was held for requests that were never billed.
    func release(_ ids: [EventID], account: String) throws

    /// Reservations whose lease has ended: their owner is dead.
    func expired(at time: Timestamp, account: String) throws -> [Reservation]

    /// Whether something is held for a request of that id.
    func isHeld(_ id: EventID, account: String) throws -> Bool

    /// What is held at a moment under the name of a budget; nothing is written.
    func held(
        under name: String, at time: Timestamp, account: String
    ) throws -> [Currency: Money]

    /// What counts against a window now.
    func state(of window: BudgetWindow, account: String) throws -> BudgetState
}

extension BudgetReservations {
    /// Holds what one request may cost if `admit` lets it; whether it did.
    package func reserve(
        _ reservation: Reservation, account: String, admit: ([BudgetState]) throws -> Bool
    ) throws -> Bool {
        try reserve([reservation], account: account) { try admit($1) }[0].get()
    }
}

/// One period of one budget: which events count, and between which moments.
package struct BudgetWindow: Hashable, Sendable {
    package let name: String
    /// Ascending, at least two: the first and the last are the period's, those between are where a
    /// settlement changes. At most `maximumBoundaries`.
    package let boundaries: [Timestamp]
    package let filter: EventFilter

    package static let maximumBoundaries = 200

    package init(name: String, boundaries: [Timestamp], filter: EventFilter = EventFilter()) {
        precondition(
            (2...Self.maximumBoundaries).contains(boundaries.count), "a period has two ends")
        self.name = name
        self.boundaries = boundaries
        self.filter = filter
    }
}

package struct BudgetState: Sendable {
    /// Usage of the window's events, each in the bucket of its boundaries.
    package let groups: [UsageGroup]
    /// What is held for requests that are under way, by currency.
    package let reserved: [Currency: Money]

    package init(groups: [UsageGroup], reserved: [Currency: Money]) {
        self.groups = groups
        self.reserved = reserved
    }
}

package struct Reservation: Sendable {
    package struct Hold: Sendable {
        package let window: BudgetWindow
        package let amount: Money

        package init(_ window: BudgetWindow, _ amount: Money) {
            self.window = window
            self.amount = amount
        }
    }

    /// What is known of the request before it is sent; its usage is empty and `unknown`.
    package let event: UsageEvent
    /// Which process holds it.
    package let owner: String
    /// Until when the owner is taken to be alive.
    package let leaseUntil: Timestamp
    package let isSent: Bool
    package let holds: [Hold]

    package init(
        event: UsageEvent, owner: String, leaseUntil: Timestamp, isSent: Bool = false,
        holds: [Hold]
    ) {
        self.event = event
        self.owner = owner
        self.leaseUntil = leaseUntil
        self.isSent = isSent
        self.holds = holds
    }
}
