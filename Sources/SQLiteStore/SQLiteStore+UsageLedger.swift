import Accounting
import Foundation
import GRDB
import JSONBytes
import Pricing
import Synchronization

extension SQLiteStore: UsageLedger {
    package func append(
        _ entries: [LedgerEntry], account: String, durability: Durability
    ) throws -> [AppendOutcome] {
        try appends.append(entries, account: account, durability) { groups, durability in
            try writeLedger(account, durability) { writer in
                try groups.map { try $0.map { try writer.append($0) } }
            }
        }
    }

    package func makeDurable() throws { try syncLog() }

    package func correct(_ entries: [LedgerEntry], reason: String, account: String) throws {
        try writeLedger(account, .full) { writer in
            for entry in entries { try writer.correct(entry, reason: reason) }
        }
    }

    private func writeLedger<T>(
        _ account: String, _ durability: Durability, _ body: (inout LedgerWriter) throws -> T
    ) throws -> T {
        try writeRemembering(account, durability) { memory, db in
            var writer = try LedgerWriter(memory, db)
            let result = try body(&writer)
            return (result, try writer.finish())
        }
    }

    /// Writes with what an earlier transaction of the account left behind; what this one leaves is kept
    /// only where it was committed.
    func writeRemembering<T>(
        _ account: String, _ durability: Durability,
        _ body: (consuming LedgerMemory, Database) throws -> (T, LedgerMemory)
    ) throws -> T {
        // Taken out, not copied: the writer changes it in place.
        var known = memories.withLock { $0.removeValue(forKey: account) }
        let (result, memory) = try append(durability) { db in
            try body(
                try known.take() ?? LedgerMemory(account: Self.makeAccount(account, db)), db)
        }
        memories.withLock { $0[account] = memory }
        return result
    }

    static func makeAccount(_ name: String, _ db: Database) throws -> Int64 {
        if let known = try account(name, db) { return known }
        try db.execute(sql: "INSERT INTO account (name) VALUES (?)", arguments: [name])
        let number = db.lastInsertedRowID
        try db.execute(
            sql: "INSERT INTO project (account, number, name) VALUES (?, 0, '')",
            arguments: [number])
        return number
    }

    static func account(_ name: String, _ db: Database) throws -> Int64? {
        try Int64.fetchOne(
            try db.cachedStatement(sql: "SELECT number FROM account WHERE name = ?"),
            arguments: [name])
    }

    /// `nil` for an account that never kept anything.
    func readLedger<T>(
        _ account: String, _ body: (LedgerReader) throws -> T
    ) throws -> T? {
        try read { db in
            guard let number = try Self.account(account, db) else { return nil }
            return try body(try LedgerReader(account: number, db))
        }
    }

    // MARK: Reading

    package func lastRow(account: String) throws -> Int64 {
        try readLedger(account) { try $0.lastRow() } ?? 0
    }

    package func sums(_ query: SumQuery, account: String) throws -> [UsageGroup] {
        try readLedger(account) { reader in
            try LedgerSums(query, reader).groups()
        } ?? []
    }

    package func forEachEntry(
        from start: Timestamp, to end: Timestamp, matching filter: EventFilter, account: String,
        _ body: (LedgerEntry) throws -> Void
    ) throws {
        try readLedger(account) { reader in
            guard let span = try reader.span(from: start, to: end) else { return }
            let replaced = try reader.replaced()
            let statement = try RawStatement(
                "SELECT \(EventRow.columns) FROM event WHERE account = ? AND number BETWEEN ? AND ?",
                reader.db)
            statement.bind(reader.account, 1)
            statement.bind(span.lowerBound, 2)
            statement.bind(span.upperBound, 3)
            defer { statement.reset() }
            while try statement.step() {
                let row = try EventRow(statement)
                guard row.start >= start, row.start < end,
                    replaced[row.original ?? row.number] ?? row.number == row.number
                else { continue }
                let entry = try reader.entry(row)
                if entry.matches(filter) { try body(entry) }
            }
        }
    }

    package func line(_ id: String) throws -> RateLine? {
        try read { db in
            let number = try Int64.fetchOne(
                db, sql: "SELECT number FROM rate_line WHERE id = ?", arguments: [id])
            return try number.flatMap { try LineColumns.lines([$0], db)[$0] }
        }
    }

    package func lines(account: String) throws -> [RateLine] {
        try readLedger(account) { reader in
            try reader.loadSeries()
            return Set(reader.series.values.compactMap(\.line)).sorted { $0.id < $1.id }
        } ?? []
    }

    package func entry(_ id: EventID, account: String) throws -> LedgerEntry? {
        try readLedger(account) { reader in
            try reader.firstRow(of: id).flatMap { try reader.standing(first: $0)?.entry }
        } ?? nil
    }

    package func formerChannels(_ ids: Set<String>) throws -> [Channel] {
        try read { db in
            try ids.sorted().flatMap { id -> [Channel] in
                let last = try String.fetchOne(
                    db,
                    sql: """
                        SELECT digest FROM catalog WHERE number =
                        (SELECT max(catalog) FROM catalog_channel WHERE id = ?)
                        """, arguments: [id])
                return try last.flatMap { try CatalogReading($0, db)?.channels([id]) } ?? []
            }
        }
    }

    package func changeMark() throws -> Int64 {
        try read { db in try Int64.fetchOne(db, sql: "PRAGMA data_version") ?? 0 }
    }

    package var location: String { path }

    package func verify(account: String, repairingRollups: Bool) throws -> LedgerVerification {
        func verify(_ db: Database) throws -> LedgerVerification {
            guard let number = try Self.account(account, db) else { return LedgerVerification() }
            var verifier = LedgerVerifier(try LedgerReader(account: number, db))
            try verifier.run(repairingRollups: repairingRollups)
            return verifier.result
        }
        return repairingRollups ? try write(.full, verify) : try read(verify)
    }

    package func conflicts(account: String) throws -> Int64 {
        try readLedger(account) { reader in
            try Int64.fetchOne(
                reader.db, sql: "SELECT count(*) FROM event_conflict WHERE account = ?",
                arguments: [reader.account])
        }.flatMap(\.self) ?? 0
    }

    package func forEachConflict(
        account: String, limit: Int,
        _ body: (_ kept: LedgerEntry?, _ other: JSONValue) throws -> Void
    ) throws {
        try readLedger(account) { reader in
            let rows = try Row.fetchCursor(
                reader.db,
                sql: """
                    SELECT id, entry FROM event_conflict WHERE account = ? ORDER BY number LIMIT ?
                    """, arguments: [reader.account, limit])
            while let row = try rows.next() {
                let bytes: Data = row[0]
                guard let id = EventID(bytes: bytes) else { throw reader.damaged("a conflict") }
                let kept = try reader.firstRow(of: id).flatMap {
                    try reader.standing(first: $0)?.entry
                }
                let text: String = row[1]
                do {
                    try body(kept, try JSONReader.value(of: Array(text.utf8), numbers: .decimal))
                } catch is JSONError {
                    throw reader.damaged("a conflict of event \(id.text)")
                }
            }
        }
    }

    package func status(account: String) throws -> LedgerStatus {
        let size = ["", "-wal"].reduce(into: Int64(0)) { size, suffix in
            let attributes = try? FileManager.default.attributesOfItem(atPath: path + suffix)
            size += (attributes?[.size] as? Int64) ?? 0
        }
        let empty = LedgerStatus(
            location: path, sizeBytes: size, rows: 0, known: [:], unpriced: 0, corrections: 0,
            conflicts: 0, oldest: nil, newest: nil)
        return try readLedger(account) { reader in
            var status = empty
            func count(_ sql: String) throws -> Int64 {
                try Int64.fetchOne(reader.db, sql: sql, arguments: [reader.account]) ?? 0
            }
            status.rows = try count("SELECT ifnull(max(number), 0) FROM event WHERE account = ?")
            status.conflicts = try count("SELECT count(*) FROM event_conflict WHERE account = ?")
            status.corrections =
                try count(
                    "SELECT count(*) FROM event WHERE account = ? AND original IS NOT NULL") / 2
            status.reservations = try count("SELECT count(*) FROM reservation WHERE account = ?")
            status.moneyEntries = try count("SELECT count(*) FROM money_entry WHERE account = ?")
            guard let (oldest, newest) = try reader.ends() else { return status }
            status.oldest = oldest
            status.newest = newest
            let all = SumQuery(
                boundaries: [oldest, Timestamp(milliseconds: newest.milliseconds + 1)])
            for group in try LedgerSums(all, reader).groups() {
                status.known[group.known, default: 0] += group.sum.requests
                if group.line == nil { status.unpriced += group.sum.requests }
            }
            return status
        } ?? empty
    }
}
