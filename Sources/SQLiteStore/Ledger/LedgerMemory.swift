import GRDB
import GRDBSQLite

/// What a writer knows of an account from one transaction to the next.
struct LedgerMemory {
    var dictionary: LedgerDictionary
    var rollups = RollupCache()
    var windows = HeldWindows()
    /// The number of the next row; `nil` where it must be asked for.
    var next: Int64?
    private var state: DatabaseState?

    init(account: Int64) { dictionary = LedgerDictionary(account: account) }

    /// Forgets what another writer may have changed since. Texts and their numbers never change.
    mutating func refresh(_ db: Database) throws {
        let state = try DatabaseState(db)
        if state != self.state {
            rollups = RollupCache()
            windows.forget()
            next = nil
        }
    }

    /// For who changes them, and gives them back: there is no other copy.
    mutating func takeWindows() -> HeldWindows {
        defer { windows = HeldWindows() }
        return windows
    }

    /// At the end of a transaction: all that is remembered is as the database has it.
    mutating func keep(_ db: Database) throws { state = try DatabaseState(db) }
}

/// Which state of a database a connection sees: the same as before if nobody changed anything in
/// between.
private struct DatabaseState: Equatable {
    /// Changes when another connection commits.
    private let version: Int64
    /// Changes with each row that this connection writes.
    private let changes: Int32

    init(_ db: Database) throws {
        let statement = try RawStatement("PRAGMA data_version", db)
        defer { statement.reset() }
        version = try statement.step() ? statement.integer(0) : -1
        changes = sqlite3_total_changes(db.sqliteConnection)
    }
}
