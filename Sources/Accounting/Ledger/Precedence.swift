import Pricing

/// What becomes of an entry that comes under the id of one that is there.
package enum Precedence {
    /// Never `new`.
    ///
    /// A better known usage takes the place of a worse. Of two that are known alike, a later
    /// snapshot, which is nowhere smaller and somewhere larger, takes the place of an earlier one of
    /// the same request; all else is a conflict.
    package static func outcome(
        of entry: LedgerEntry, over standing: LedgerEntry
    ) -> AppendOutcome {
        let (new, old) = (entry.event, standing.event)
        let isSameRequest =
            new.channel == old.channel && new.modelAsked == old.modelAsked
            && new.modelAnswered == old.modelAnswered && new.serviceTier == old.serviceTier
        let growth = growth(from: old.usage, to: new.usage)
        if new.known == old.known, isSameRequest, new.start == old.start, growth == .same {
            return .same
        }
        if new.known < old.known { return .superseded }
        if new.known > old.known { return .outranked }
        guard isSameRequest else { return .conflict }
        return switch growth {
        case .larger: .superseded
        case .smaller: .outranked
        case .same, .mixed: .conflict
        }
    }

    private enum Growth { case same, larger, smaller, mixed }

    /// The request itself is not looked at: it is counted where a rate line charges it.
    private static func growth(from old: Usage, to new: Usage) -> Growth {
        var isLarger = false
        var isSmaller = false
        for meter in MeterSet(bits: old.meters.bits | new.meters.bits) where meter != .request {
            if new[meter] > old[meter] { isLarger = true }
            if new[meter] < old[meter] { isSmaller = true }
        }
        switch (isLarger, isSmaller) {
        case (false, false): return .same
        case (true, false): return .larger
        case (false, true): return .smaller
        case (true, true): return .mixed
        }
    }
}
