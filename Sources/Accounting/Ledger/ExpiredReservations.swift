import Pricing

extension LedgerContext {
    /// What becomes of the reservations of dead owners: one whose request was never sent is released,
    /// one that was sent becomes an `unknown` event that holds its reserve until it is corrected.
    package func settleExpired(
        _ reservations: any BudgetReservations, at time: Timestamp
    ) throws -> (released: Int, unknown: Int) {
        let expired = try reservations.expired(at: time, account: account)
        let unsent = expired.filter { !$0.isSent }.map(\.event.id)
        try reservations.release(unsent, account: account)
        let sent = expired.filter(\.isSent).map { pricing.book.entry(for: $0.event) }
        if !sent.isEmpty {
            _ = try ledger.append(sent, account: account, durability: .full)
        }
        return (unsent.count, sent.count)
    }
}
