import Synchronization

/// Names that were searched for and found, or not found, up to a bound: streams repeat their names.
final class NameCache: Sendable {
    struct Key: Hashable {
        let name: String
        let channel: String
        /// `ModelNames.era(of:)`: a name may mean another model in the next.
        let era: Int
    }

    /// When it is full it starts anew: what is asked often is soon there again.
    static let maximumEntries = 4096

    private let entries = Mutex<[Key: Result<NameMatch, PricingError>]>([:])

    func value(
        _ key: Key, orFrom make: () throws(PricingError) -> NameMatch
    ) throws(PricingError) -> NameMatch {
        if let known = entries.withLock({ $0[key] }) { return try known.get() }
        let made = Result { () throws(PricingError) in try make() }
        entries.withLock { entries in
            if entries.count >= Self.maximumEntries { entries.removeAll(keepingCapacity: true) }
            entries[key] = made
        }
        return try made.get()
    }
}
