import Accounting
import Foundation
import GRDB
import Pricing

extension SQLiteStore: AccessKeys {
    private static let keyColumns = """
        SELECT k.id, k.name, k.scopes, k.project, k.budget, k.models, k.created_ms, k.expires_ms,
            e.revoked_ms, k.hash, a.name
        FROM access_key k JOIN account a ON a.number = k.account
        LEFT JOIN access_key_end e ON e.id = k.id
        """

    package func keep(_ key: AccessKey, hash: [UInt8], account: String) throws {
        try write(.full) { db in
            try db.execute(
                sql: """
                    INSERT INTO access_key
                        (id, account, hash, name, scopes, project, budget, models, created_ms, expires_ms)
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                    """,
                arguments: [
                    key.id, try Self.makeAccount(account, db), Data(hash), key.name,
                    key.scopes.map(\.rawValue).sorted().joined(separator: "\n"), key.project,
                    key.budget, key.models.joined(separator: "\n"), key.created.milliseconds,
                    key.expires?.milliseconds,
                ])
        }
    }

    package func accessKey(
        _ id: String
    ) throws -> (key: AccessKey, hash: [UInt8], account: String)? {
        try read { db in
            let row = try Row.fetchOne(
                db, sql: Self.keyColumns + " WHERE k.id = ?", arguments: [id])
            return try row.map { row in
                let hash: Data = row[9]
                return (try Self.key(row), Array(hash), row[10])
            }
        }
    }

    package func accessKeys(account: String) throws -> [AccessKey] {
        try read { db in
            try Row.fetchAll(
                db, sql: Self.keyColumns + " WHERE a.name = ? ORDER BY k.created_ms, k.id",
                arguments: [account]
            ).map(Self.key)
        }
    }

    package func revoke(_ id: String, at time: Timestamp, account: String) throws -> Bool {
        try write(.full) { db in
            try db.execute(
                sql: """
                    INSERT INTO access_key_end (id, revoked_ms)
                    SELECT k.id, ? FROM access_key k JOIN account a ON a.number = k.account
                    WHERE k.id = ? AND a.name = ?
                        AND NOT EXISTS (SELECT 1 FROM access_key_end e WHERE e.id = k.id)
                    """,
                arguments: [time.milliseconds, id, account])
            return db.changesCount > 0
        }
    }

    private static func key(_ row: Row) throws -> AccessKey {
        let id: String = row[0]
        let scopes = (row[2] as String).split(separator: "\n").map {
            AccessKey.Scope(rawValue: String($0))
        }
        guard !scopes.contains(nil) else {
            throw DatabaseError(
                resultCode: .SQLITE_CORRUPT, message: "access key \(id) cannot be read")
        }
        return AccessKey(
            id: id, name: row[1], scopes: Set(scopes.compactMap(\.self)), project: row[3],
            budget: row[4], models: (row[5] as String).split(separator: "\n").map(String.init),
            created: Timestamp(milliseconds: row[6]),
            expires: (row[7] as Int64?).map(Timestamp.init(milliseconds:)),
            revoked: (row[8] as Int64?).map(Timestamp.init(milliseconds:)))
    }
}
