import Accounting
import Foundation
import GRDB
import Pricing
import Synchronization

extension SQLiteStore {
    /// More rows than that are worth a thread and a connection of their own.
    package static let rowsOfAScan: Int64 = 50_000
    private static let maximumScans: Int64 = 8

    package func scanRequests<Scan: RequestScan>(
        from start: Timestamp, to end: Timestamp, matching filter: EventFilter, account: String,
        into make: @escaping @Sendable () -> Scan
    ) throws -> [Scan.Outcome] {
        let parts = try parts(from: start, to: end, filter, account)
        guard parts.count > 1 else {
            let result = try readLedger(account) { reader in
                try Self.scan(reader, from: start, to: end, filter, rows: nil, into: make())
            }
            return [result ?? make().finish()]
        }
        let results = Mutex<[Int: Result<Scan.Outcome, any Error>]>([:])
        DispatchQueue.concurrentPerform(iterations: parts.count) { place in
            let result = Result {
                try reading(besides: place > 0) { db -> Scan.Outcome in
                    guard let number = try Self.account(account, db) else { return make().finish() }
                    return try Self.scan(
                        LedgerReader(account: number, db), from: start, to: end, filter,
                        rows: parts[place], into: make())
                }
            }
            results.withLock { $0[place] = result }
        }
        return try results.withLock(\.self).sorted { $0.key < $1.key }.map { try $0.value.get() }
    }

    /// Rows are numbered as they come and never change: those up to the last one of now are the same
    /// to each scan, whenever it begins.
    private func parts(
        from start: Timestamp, to end: Timestamp, _ filter: EventFilter, _ account: String
    ) throws -> [ClosedRange<Int64>] {
        // A few users' events are found by an index, and a database in memory has one connection.
        guard path != ":memory:", filter.globs[.user] == nil, filter.tags.isEmpty else { return [] }
        let span = try readLedger(account) { try $0.span(from: start, to: end) } ?? nil
        guard let span else { return [] }
        let count = span.upperBound - span.lowerBound + 1
        let processors = Int64(ProcessInfo.processInfo.activeProcessorCount)
        let scans = min(max(count / Self.rowsOfAScan, 1), processors, Self.maximumScans)
        return (0..<scans).map { place in
            let first = span.lowerBound + count * place / scans
            return first...(span.lowerBound + count * (place + 1) / scans - 1)
        }
    }

    private static func scan<Scan: RequestScan>(
        _ reader: LedgerReader, from start: Timestamp, to end: Timestamp, _ filter: EventFilter,
        rows: ClosedRange<Int64>?, into made: Scan
    ) throws -> Scan.Outcome {
        var made = made
        var scan = try EventScan(filter, reader)
        var told = 0
        try scan.forEach(from: start.milliseconds, to: end.milliseconds, rows: rows) {
            row, contexts in
            while told <= row.request.kind {
                let context = contexts[told]
                let series = try reader.series(context.series)
                try made.add(
                    RequestKind(
                        channel: series.channel, model: series.model, line: series.line,
                        serviceTier: series.serviceTier, known: series.known,
                        attributes: context.shared.attributes))
                told += 1
            }
            try made.add(row.request)
        }
        return made.finish()
    }
}
