import Accounting
import JSONBytes
import Pricing
import Synchronization

/// A few events that are added up as they are asked for; counts how often.
final class FixedLedger: UsageLedger, MoneyLedger {
    private let entries: [LedgerEntry]
    private let questions = Mutex(0)
    private let mark = Mutex<Int64>(1)

    init(_ entries: [LedgerEntry]) { self.entries = entries }

    func change() { mark.withLock { $0 += 1 } }
    func changeMark() throws -> Int64 { mark.withLock(\.self) }

    var questionCount: Int { questions.withLock { $0 } }

    var location: String { "a test" }

    func sums(_ query: SumQuery, account: String) throws -> [UsageGroup] {
        questions.withLock { $0 += 1 }
        return entries.compactMap { entry in
            let start = entry.event.start
            guard start >= query.boundaries[0],
                let next = query.boundaries.firstIndex(where: { $0 > start }),
                query.filter.matches(.model, entry.model),
                query.filter.matches(.project, entry.event.project)
            else { return nil }
            var sum = UsageSum()
            sum.add(entry.event.usage, line: entry.line)
            return UsageGroup(
                bucket: next - 1, channel: entry.channel, model: entry.model, line: entry.line,
                serviceTier: entry.event.serviceTier, known: entry.event.known, project: nil,
                user: nil, sum: sum)
        }
    }

    func status(account: String) throws -> LedgerStatus {
        let starts = entries.map(\.event.start)
        return LedgerStatus(
            location: location, sizeBytes: 0, rows: Int64(entries.count),
            known: [.reported: Int64(entries.count)], unpriced: 0, corrections: 0, conflicts: 0,
            oldest: starts.min(), newest: starts.max())
    }

    // MARK: What no report asks

    private struct NotHere: Error {}

    func append(
        _ entries: [LedgerEntry], account: String, durability: Durability
    ) throws -> [AppendOutcome] { throw NotHere() }
    func makeDurable() throws { throw NotHere() }
    func lastRow(account: String) throws -> Int64 { 0 }
    func forEachEntry(
        from start: Timestamp, to end: Timestamp, matching filter: EventFilter, account: String,
        _ body: (LedgerEntry) throws -> Void
    ) throws { throw NotHere() }
    func conflicts(account: String) throws -> Int64 { 0 }
    func forEachConflict(
        account: String, limit: Int,
        _ body: (_ kept: LedgerEntry?, _ other: JSONValue) throws -> Void
    ) throws {}
    func line(_ id: String) throws -> RateLine? { throw NotHere() }
    func lines(account: String) throws -> [RateLine] { throw NotHere() }
    func entry(_ id: EventID, account: String) throws -> LedgerEntry? { throw NotHere() }
    func correct(_ entries: [LedgerEntry], reason: String, account: String) throws {
        throw NotHere()
    }
    func verify(account: String, repairingRollups: Bool) throws -> LedgerVerification {
        throw NotHere()
    }
    func scanRequests<Scan: RequestScan>(
        from start: Timestamp, to end: Timestamp, matching filter: EventFilter, account: String,
        into make: @escaping @Sendable () -> Scan
    ) throws -> [Scan.Outcome] { throw NotHere() }
    func keep(_ entry: MoneyEntry, account: String) throws -> MoneyEntry? { throw NotHere() }
    func moneyEntries(account: String) throws -> [MoneyEntry] { [] }
    func formerChannels(_ ids: Set<String>) throws -> [Channel] { [] }
}
