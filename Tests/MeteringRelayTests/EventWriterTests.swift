import Accounting
import Foundation
import LedgerContract
import Logging
import MeteringRelay
import NIOCore
import NIOPosix
import Pricing
import SQLiteStore
import Testing

/// Events of a relay, over a ledger in a file.
struct EventWriterTests {
    private let folder: URL
    private let store: SQLiteStore
    private let writer: EventWriter
    private let eventLoop = MultiThreadedEventLoopGroup.singleton.next()

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(
            path: "tokenmeter-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let store = try SQLiteStore(path: folder.appending(path: "ledger.db").path)
        let rates = try LedgerContract.rates
        try store.load(rates)
        let context = LedgerContext(
            PricingContext(
                book: RateBook(rates, zones: Greenwich()), now: LedgerContract.noon, zone: "UTC"),
            ledger: store)
        self.store = store
        writer = EventWriter(logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }) {
            RelayLedger(context, store)
        }
    }

    private func append(_ id: UInt64) throws -> EventLoopFuture<LedgerEntry> {
        writer.append(
            try LedgerContract.entry(id).event, account: LedgerContract.account, on: eventLoop)
    }

    private func rows() throws -> Int64 {
        try store.status(account: LedgerContract.account).rows
    }

    @Test func whatIsKeptIsInTheLedgerOnce() async throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let kept = try (1...1_000).map { try append($0) } + [try append(7)]
        for future in kept { _ = try await future.get() }
        #expect(try rows() == 1_000)
        #expect(writer.waiting == 0)
        #expect(writer.unkept().isEmpty)
    }

    /// Somebody took the log away: what is written goes nowhere, and counts as not kept.
    @Test func whatDoesNotReachTheDiskIsNotKept() async throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        _ = try await append(1).get()
        let log = folder.appending(path: "ledger.db-wal")
        try FileManager.default.removeItem(at: log)
        let second = try append(2)
        await #expect(throws: EventWriterError.unwritable) {
            while true { try await writer.ready(on: eventLoop)?.get() }
        }
        #expect(writer.waiting == 1)
        #expect(writer.unkept().count == 1)
        // Another one in its place is not the one that was written.
        try Data().write(to: log)
        #expect(throws: StoreError.self) { try store.makeDurable() }
        let probe = try #require(writer.ready(on: eventLoop))
        await #expect(throws: EventWriterError.unwritable) { try await probe.get() }
        #expect(writer.unkept().count == 1)
        // What waits is never kept; its promise has to be.
        second.whenComplete { _ in }
    }
}

private struct Greenwich: TimeZoneRules {
    func offsetSeconds(of zone: String, at time: Timestamp) throws(PricingError) -> Int { 0 }
}
