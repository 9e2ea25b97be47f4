import Pricing

/// What a ledger here says was spent.
package struct LedgerSpending: SpendingSource {
    private let context: LedgerContext

    package init(_ context: LedgerContext) { self.context = context }

    package func status() throws -> SpendingStatus {
        let status = try context.ledger.status(account: context.account)
        return SpendingStatus(
            events: status.known.values.reduce(0, +), newest: status.newest,
            conflicts: status.conflicts, location: status.location)
    }

    package func spent(
        from: Timestamp, to: Timestamp, matching filter: EventFilter
    ) throws -> SpentAmounts {
        let table = try UsageTable(
            context, LedgerRange(start: from, end: to), by: [], zone: context.pricing.zone,
            filter: filter)
        return SpentAmounts(events: table.requests, try table.costs())
    }

    package func days(
        from: Timestamp, to: Timestamp, zone: String, matching filter: EventFilter
    ) throws -> [CivilDate: SpentAmounts] {
        let zones = context.pricing.book.zones
        let buckets = try TimeBuckets(from: from, to: to, by: .day, in: zone, zones: zones)
        let sums = try SettledSums(
            context, SumQuery(boundaries: buckets.boundaries, filter: filter))
        var dates: [Timestamp: CivilDate] = [:]
        var bills: [CivilDate: LedgerBill] = [:]
        for part in sums.parts {
            let date = try dates[part.time] ?? zones.wallClock(of: zone, at: part.time).date
            dates[part.time] = date
            bills[date, default: LedgerBill()].add(part.group, settlement: part.settlement)
        }
        return try bills.mapValues {
            SpentAmounts(events: $0.usage.requests, try $0.costs(sums.settlements))
        }
    }
}

extension SpentAmounts {
    fileprivate init(events: Int64, _ costs: LedgerCosts) {
        self.init(
            events: events, amounts: costs.settled.values.map(\.money),
            isComplete: costs.isComplete, unpriced: costs.unpricedRequests,
            unknown: costs.unknownRequests, partlyPriced: costs.partlyPricedRequests)
    }
}
