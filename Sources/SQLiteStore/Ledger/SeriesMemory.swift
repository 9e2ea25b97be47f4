import Synchronization

/// What series stand for, by account and number. A series is never changed and its number never used
/// again, so that what was read once, in whichever transaction, holds.
final class SeriesMemory: Sendable {
    private let known = Mutex<[Int64: [Int64: LedgerReader.Series]]>([:])

    func series(of account: Int64) -> [Int64: LedgerReader.Series] {
        known.withLock { $0[account] ?? [:] }
    }

    func keep(_ series: [Int64: LedgerReader.Series], of account: Int64) {
        known.withLock { known in
            if known[account]?.count ?? 0 < series.count { known[account] = series }
        }
    }
}
