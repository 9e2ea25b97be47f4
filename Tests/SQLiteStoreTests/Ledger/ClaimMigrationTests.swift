import Accounting
import Foundation
import GRDB
import LedgerContract
import Pricing
import SQLiteStore
import Testing

/// A ledger whose claims are led by the hour of their events, as they once were.
struct ClaimMigrationTests {
    private let path: String
    private let folder: URL

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(
            path: "tokenmeter-claims-\(UUID().uuidString)")
        path = folder.appending(path: "ledger.db").path()
    }

    /// Makes it as it was before the last migration.
    private func turnBack(_ more: String = "") throws {
        let queue = try DatabaseQueue(path: path)
        try queue.writeWithoutTransaction { db in
            try db.execute(
                sql: """
                    DROP TRIGGER event_claim_refuses_update;
                    UPDATE event_claim SET hour =
                        (SELECT start_ms / 3600000 FROM event WHERE number = event_claim.event);
                    CREATE TRIGGER event_claim_refuses_update BEFORE UPDATE ON event_claim
                    BEGIN SELECT RAISE(ABORT, 'event_claim is append-only'); END;
                    \(more)
                    DELETE FROM grdb_migrations WHERE identifier = '0007 claims by id';
                    """)
        }
    }

    private func append(_ entries: LedgerEntry..., to store: SQLiteStore) throws -> [AppendOutcome]
    {
        try store.append(entries, account: LedgerContract.account, durability: .normal)
    }

    @Test func findsEachEventAgain() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        var minted = try LedgerContract.entry(1)
        minted.event.id = EventID(mintedAt: LedgerContract.noon.advanced(bySeconds: 86_400))
        let imported = try LedgerContract.entry(2)
        do {
            let store = try SQLiteStore(path: path)
            try store.load(LedgerContract.rates)
            #expect(try append(minted, imported, to: store) == [.new, .new])
        }
        try turnBack()
        let store = try SQLiteStore(path: path)
        #expect(try append(minted, imported, to: store) == [.same, .same])
        #expect(try LedgerContract.total(store).requests == 2)
        try LedgerContract.expectWhole(store)
        // And the table is append-only as before.
        let queue = try DatabaseQueue(path: path)
        for statement in ["UPDATE event_claim SET hour = 1", "DELETE FROM event_claim"] {
            #expect(throws: DatabaseError.self) {
                try queue.write { try $0.execute(sql: statement) }
            }
        }
    }

    /// What was counted twice under one id is told, and not hidden.
    @Test func tellsAnEventThatHadASecondClaim() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let first = try LedgerContract.entry(1)
        let second = try LedgerContract.entry(
            2, at: LedgerContract.noon.advanced(bySeconds: 86_400))
        do {
            let store = try SQLiteStore(path: path)
            try store.load(LedgerContract.rates)
            _ = try append(first, second, to: store)
        }
        try turnBack(
            """
            DROP TRIGGER event_refuses_update;
            DROP TRIGGER event_claim_refuses_update;
            UPDATE event SET id = (SELECT id FROM event WHERE number = 1) WHERE number = 2;
            UPDATE event_claim SET id = (SELECT id FROM event WHERE number = 1) WHERE event = 2;
            CREATE TRIGGER event_claim_refuses_update BEFORE UPDATE ON event_claim
            BEGIN SELECT RAISE(ABORT, 'event_claim is append-only'); END;
            """)
        let store = try SQLiteStore(path: path)
        #expect(try append(first, to: store) == [.same])
        let verification = try store.verify(
            account: LedgerContract.account, repairingRollups: false)
        #expect(verification.problems == ["1 events stand without a claim of their id"])
    }
}
