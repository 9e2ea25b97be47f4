import Accounting
import Foundation
import LedgerContract
import Pricing
import SQLiteStore
import Testing

/// Requests that are read in parts, on threads of their own.
struct RequestScanTests {
    /// What one scan saw.
    private struct Seen: RequestScan {
        var kinds: [String] = []
        var input: Int64 = 0
        var requests: Int64 = 0

        mutating func add(_ kind: RequestKind) { kinds.append(kind.model) }
        mutating func add(_ row: RequestRow) {
            precondition(row.kind < kinds.count, "a kind comes before its requests")
            input += row.sign * row.usage[.input]
            requests += row.sign
        }
        func finish() -> Seen { self }
    }

    private func scan(_ store: SQLiteStore, _ filter: EventFilter = EventFilter()) throws -> [Seen]
    {
        try store.scanRequests(
            from: Timestamp(milliseconds: 0), to: Timestamp(milliseconds: 4_000_000_000_000),
            matching: filter, account: LedgerContract.account
        ) { Seen() }
    }

    /// Each request is in one scan, a correction's two halves wherever they fall.
    @Test func seesEachRequestOnce() throws {
        let folder = FileManager.default.temporaryDirectory.appending(
            path: "tokenmeter-scan-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let store = try SQLiteStore(path: folder.appending(path: "ledger.db").path())
        try store.load(LedgerContract.rates)
        #expect(try scan(store).map(\.requests) == [0])
        let count = UInt64(SQLiteStore.rowsOfAScan * 2 + 1_000)
        for start in stride(from: 1, through: count, by: 5_000) {
            let entries = try (start..<min(start + 5_000, count + 1)).map {
                try LedgerContract.entry(
                    $0, model: $0.isMultiple(of: 2) ? "plain" : "least", input: Int64($0),
                    user: $0 == 7 ? "ann" : nil)
            }
            _ = try store.append(entries, account: LedgerContract.account, durability: .normal)
        }
        // The first event, corrected behind the last.
        try store.correct(
            [try LedgerContract.entry(1, model: "least", input: 1_000_001)], reason: "a test",
            account: LedgerContract.account)
        let scans = try scan(store)
        #expect(scans.count == min(ProcessInfo.processInfo.activeProcessorCount, 2))
        #expect(scans.reduce(0) { $0 + $1.requests } == Int64(count))
        let sum = Int64(count) * Int64(count + 1) / 2 + 1_000_000
        #expect(scans.reduce(0) { $0 + $1.input } == sum)
        #expect(scans.allSatisfy { Set($0.kinds) == ["plain", "least"] })
        // By an index, in one.
        let ann = try scan(store, EventFilter([.user: ["ann"]]))
        #expect(ann.map(\.requests) == [1])
        #expect(ann.map(\.input) == [7])
    }
}
