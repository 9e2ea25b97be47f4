import Pricing

/// Sums of the ledger, cut further where a settlement begins: what a group was billed is paid in one
/// way.
struct SettledSums {
    let groups: [UsageGroup]
    let settlements: LedgerSettlements
    private let boundaries: [Timestamp]

    init(_ query: SumQuery, _ context: LedgerContext) throws {
        var query = query
        var groups = try context.ledger.sums(query, account: context.account)
        settlements = LedgerSettlements(
            try context.channels(Set(groups.map(\.channel))))
        // A settlement that begins within the range holds from then on, and not before.
        let changes = settlements.changes(
            from: query.boundaries[0], to: query.boundaries[query.boundaries.count - 1])
        if !changes.isEmpty {
            query.boundaries = Set(query.boundaries + changes).sorted()
            groups = try context.ledger.sums(query, account: context.account)
        }
        self.groups = groups
        boundaries = query.boundaries
    }

    /// The start of the part of the range that a group is of.
    func time(of group: UsageGroup) -> Timestamp { boundaries[group.bucket] }

    /// The place of the settlement that holds for a group's bills.
    func settlement(of group: UsageGroup) throws(PricingError) -> Int {
        try settlements.place(of: group.line, on: group.channel, at: time(of: group))
    }
}
