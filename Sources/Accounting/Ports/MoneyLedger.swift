import Pricing

/// Where money entries are kept: each under an id of its own, and none ever changed.
///
/// A port beside `UsageLedger`, since entries are few, are written by hand, and change for other
/// reasons than events do; one store serves both, so that both are saved together.
package protocol MoneyLedger: Sendable {
    /// Keeps an entry, out of reach of a loss of power, unless its id is taken; then the entry that
    /// has the id, and nothing is kept.
    ///
    /// An entry that reverses another is kept only where that one is there.
    /// Throws `MoneyError.unknownEntry`.
    func keep(_ entry: MoneyEntry, account: String) throws -> MoneyEntry?

    /// All entries, the oldest first; those of one moment by their ids.
    func moneyEntries(account: String) throws -> [MoneyEntry]
}

package enum MoneyError: Error, Hashable, Sendable, CustomStringConvertible {
    case unknownEntry(String)
    /// Another content under an id that is taken.
    case conflict(id: String, standing: String)
    case isReversal(String)

    package var description: String {
        switch self {
        case .unknownEntry(let id):
            "no money entry \(quoted(id)) in the ledger; ledger entries lists them"
        case .conflict(let id, let standing):
            "the id \(quoted(id)) is taken by another entry: \(standing); give this one its own --id, or reverse the other with ledger reverse"
        case .isReversal(let id):
            "\(quoted(id)) is a reversal itself; record the entry that it took back again, under another id"
        }
    }
}
