import Accounting
import GRDB
import Pricing

extension SQLiteStore: MoneyLedger {
    package func keep(_ entry: MoneyEntry, account: String) throws -> MoneyEntry? {
        try write(.full) { db in
            let number = try Self.makeAccount(account, db)
            if let standing = try MoneyRow.entry(entry.id, account: number, db) { return standing }
            if let reversed = entry.reverses {
                guard try MoneyRow.entry(reversed, account: number, db) != nil else {
                    throw MoneyError.unknownEntry(reversed)
                }
            }
            try MoneyRow.insert(entry, account: number, db)
            return nil
        }
    }

    package func moneyEntries(account: String) throws -> [MoneyEntry] {
        try read { db in
            guard let number = try Self.account(account, db) else { return [] }
            return try MoneyRow.entries(account: number, db)
        }
    }
}

/// A money entry as its row.
enum MoneyRow {
    private static let columns =
        "id, time_ms, channel, kind, amount, currency, method, note, expires_ms, reverses"

    static func insert(_ entry: MoneyEntry, account: Int64, _ db: Database) throws {
        try db.execute(
            sql: """
                INSERT INTO money_entry (account, \(columns)) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                account, entry.id, entry.time.milliseconds, entry.channel, entry.kind.rawValue,
                DecimalText.text(entry.amount.attos), entry.amount.currency.code,
                entry.method?.rawValue, entry.note, entry.expires?.milliseconds, entry.reverses,
            ])
    }

    static func entry(_ id: String, account: Int64, _ db: Database) throws -> MoneyEntry? {
        let row = try Row.fetchOne(
            db, sql: "SELECT \(columns) FROM money_entry WHERE account = ? AND id = ?",
            arguments: [account, id])
        return try row.map(read)
    }

    /// Throws for the first that cannot be read.
    static func entries(account: Int64, _ db: Database) throws -> [MoneyEntry] {
        try rows(account: account, db).map(read)
    }

    static func rows(account: Int64, _ db: Database) throws -> [Row] {
        try Row.fetchAll(
            db,
            sql: "SELECT \(columns) FROM money_entry WHERE account = ? ORDER BY time_ms, id",
            arguments: [account])
    }

    static func read(_ row: Row) throws -> MoneyEntry {
        let id: String = row[0]
        let method: String? = row[6]
        guard let kind = MoneyEntry.Kind(rawValue: row[3]),
            let currency = try? Currency(row[5]), let amount = try? Money(row[4], currency),
            method == nil || method.flatMap(MoneyEntry.Method.init) != nil
        else {
            throw DatabaseError(
                resultCode: .SQLITE_CORRUPT, message: "money entry \(id) cannot be read")
        }
        return MoneyEntry(
            id: id, time: Timestamp(milliseconds: row[1]), channel: row[2], kind: kind,
            amount: amount, method: method.flatMap(MoneyEntry.Method.init), note: row[7],
            expires: (row[8] as Int64?).map(Timestamp.init(milliseconds:)), reverses: row[9])
    }
}
