import Pricing

/// One question of usage asked again and again: answered anew only where the answer may have changed.
package struct UsageWatch {
    private let parameters: Parameters
    private var seen: (mark: Int64, range: LedgerRange)?

    package init(_ parameters: Parameters) { self.parameters = parameters }

    /// `nil` where nothing came into the ledger since the last answer and the range is the same by
    /// the clock of `context`.
    package mutating func answer(_ context: LedgerContext) throws -> Answer? {
        // Asked before the ledger is read: what comes in between is seen the next time.
        let mark = try context.ledger.changeMark()
        let range = try context.usageRange(parameters)
        if let seen, seen == (mark, range) { return nil }
        let answer = try context.usage(parameters)
        seen = (mark, range)
        return answer
    }
}
