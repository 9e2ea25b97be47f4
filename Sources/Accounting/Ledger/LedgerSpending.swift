import Pricing

/// What a ledger here says was spent.
package struct LedgerSpending: SpendingSource {
    private let context: LedgerContext

    package init(_ context: LedgerContext) { self.context = context }

    package func status() throws -> SpendingStatus {
        let status = try context.ledger.status(account: context.account)
        return SpendingStatus(
            events: status.known.values.reduce(0, +), newest: status.newest,
            location: status.location)
    }

    package func spent(
        from: Timestamp, to: Timestamp, matching filter: EventFilter
    ) throws -> SpentAmounts {
        let table = try UsageTable(
            context, LedgerRange(start: from, end: to), by: [], zone: context.pricing.zone,
            filter: filter)
        let costs = try table.costs()
        return SpentAmounts(
            events: table.requests, amounts: costs.settled.values.map(\.money),
            isComplete: costs.isComplete, unpriced: costs.unpricedRequests,
            unknown: costs.unknownRequests)
    }
}
