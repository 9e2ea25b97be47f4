import Accounting
import GRDB

/// Why a database cannot serve, in words for the person whose database it is.
package enum StoreError: Error, Hashable, Sendable, CustomStringConvertible {
    case newerSchema(String)
    case notOurs(String)
    case cannotOpen(String, reason: String)
    case cannotWrite(String, reason: String)
    case locked(String, seconds: Int)
    case corrupt(String)

    /// Whether pricing may go on in memory: the place cannot be written, and nothing is wrong with
    /// what is there.
    package var allowsMemory: Bool {
        switch self {
        case .cannotOpen, .cannotWrite: true
        case .newerSchema, .notOurs, .locked, .corrupt: false
        }
    }

    package var description: String {
        switch self {
        case .newerSchema(let path):
            "database \(path) was made by a newer tokenmeter; upgrade tokenmeter, or name another with --database"
        case .notOurs(let path): "\(path) is no tokenmeter database; name another with --database"
        case .cannotOpen(let path, let reason): "cannot open database \(path): \(reason)"
        case .cannotWrite(let path, let reason): "cannot write database \(path): \(reason)"
        case .locked(let path, let seconds):
            "database \(path) is locked by another program; waited \(seconds) s; try again when it is done"
        case .corrupt(let path):
            "database \(path) is damaged; restore it from a backup, or name another with --database"
        }
    }

    /// What a failure of SQLite means for the database at `path`.
    static func translating(_ error: DatabaseError, path: String, waitedSeconds: Int) -> StoreError
    {
        let reason = error.message ?? "\(error.resultCode)"
        switch error.resultCode {
        case .SQLITE_BUSY, .SQLITE_LOCKED: return .locked(path, seconds: waitedSeconds)
        case .SQLITE_NOTADB: return .notOurs(path)
        case .SQLITE_CORRUPT, .SQLITE_ERROR: return .corrupt(path)
        case .SQLITE_CANTOPEN, .SQLITE_PERM, .SQLITE_AUTH: return .cannotOpen(path, reason: reason)
        default: return .cannotWrite(path, reason: reason)
        }
    }
}

extension StoreError: LedgerUnavailable {
    package var sentence: String {
        switch self {
        case .locked: "the ledger is locked by another program; ask again when it is done"
        case .cannotWrite: "the ledger cannot be written now"
        case .newerSchema, .notOurs, .cannotOpen, .corrupt: "the ledger cannot be read now"
        }
    }
}
