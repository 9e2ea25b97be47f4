import Pricing

/// Usage added up between some boundaries, each sum with the settlement by which its bill is paid.
struct SettledSums {
    struct Part {
        /// The start of its bucket.
        let time: Timestamp
        let group: UsageGroup
        /// The place of the settlement; -1 where bills are paid as they are.
        let settlement: Int
    }

    let settlements: LedgerSettlements
    let parts: [Part]

    init(_ context: LedgerContext, _ query: SumQuery) throws {
        var query = query
        let (start, end) = (query.boundaries[0], query.boundaries[query.boundaries.count - 1])
        var groups = try context.ledger.sums(query, account: context.account)
        let settlements = LedgerSettlements(try context.channels(Set(groups.map(\.channel))))
        // A settlement that begins within the range holds from then on, and not before.
        let changes = settlements.changes(from: start, to: end)
        if !changes.isEmpty {
            query.boundaries = Set(query.boundaries + changes).sorted()
            groups = try context.ledger.sums(query, account: context.account)
        }
        let boundaries = query.boundaries
        self.settlements = settlements
        parts = try groups.map { group in
            let time = boundaries[group.bucket]
            let place = try settlements.place(of: group.line, on: group.channel, at: time)
            return Part(time: time, group: group, settlement: place)
        }
    }
}
