import Accounting
import Foundation
import GRDB
import GRDBSQLite
import Pricing
import SQLiteSettings
import Synchronization

/// One tokenmeter database: a file, or memory.
///
/// WAL, `STRICT` tables, append-only triggers. Every write holds an advisory lock on a file beside
/// the database, so that no checkpoint runs beside a commit of another process (SQLite before
/// 3.51.3 can lose a commit then).
package final class SQLiteStore: Sendable {
    /// How long a reader or writer waits for a lock.
    package static let lockTimeoutSeconds = 5

    private let connection: Connection
    private var queue: DatabaseQueue { connection.queue }
    let path: String
    private let log: WriteAheadLog
    private let lock: AdvisoryLock
    private let logFile: LogFile
    /// Where the ledger's events are appended: see `append`.
    private let appending = Mutex<Connection?>(nil)
    let appends = AppendQueue()
    /// What the ledger's writers of this process know of the database, by account.
    let memories = Mutex<[String: LedgerMemory]>([:])

    /// Opens the database at `path`, makes it where there is none, and brings its schema up to
    /// date.
    ///
    /// Throws `StoreError`.
    package init(path: String) throws {
        self.path = path
        lock = AdvisoryLock(path: path + ".lock", timeoutSeconds: Self.lockTimeoutSeconds)
        do {
            try FileManager.default.createDirectory(
                atPath: (path as NSString).deletingLastPathComponent.isEmpty
                    ? "." : (path as NSString).deletingLastPathComponent,
                withIntermediateDirectories: true)
        } catch {
            throw StoreError.cannotOpen(path, reason: "its folder cannot be made")
        }
        let log = WriteAheadLog()
        self.log = log
        logFile = LogFile(of: path)
        connection = try Self.translating(path) {
            Connection(try DatabaseQueue(path: path, configuration: Self.configuration(log)))
        }
        try migrate()
    }

    /// A database in memory, gone with the process.
    package init() throws {
        path = ":memory:"
        lock = AdvisoryLock(path: path, timeoutSeconds: Self.lockTimeoutSeconds)
        log = WriteAheadLog()
        logFile = LogFile(of: path)
        connection = Connection(try DatabaseQueue(configuration: Self.configuration(log)))
        try Migrations.migrator.migrate(queue)
    }

    /// The version of the SQLite library in use.
    package static func libraryVersion() throws -> String {
        try DatabaseQueue().read { db in
            try String.fetchOne(db, sql: "SELECT sqlite_version()") ?? ""
        }
    }

    private static func configuration(_ log: WriteAheadLog) -> Configuration {
        var configuration = Configuration()
        configuration.busyMode = .timeout(TimeInterval(lockTimeoutSeconds))
        configuration.prepareDatabase { db in
            try db.execute(
                sql:
                    "PRAGMA recursive_triggers = ON; PRAGMA wal_autocheckpoint = 0; PRAGMA cache_size = -65536"
            )
            log.watch(db)
        }
        return configuration
    }

    /// Most starts find everything in place and only read.
    private func migrate() throws {
        if try isCurrent() { return }
        try exclusively {
            // While this process waited, another may have done it.
            if try isCurrent() { return }
            try Self.translating(path) {
                try queue.inDatabase { db in
                    if try String.fetchOne(db, sql: "PRAGMA journal_mode") != "wal" {
                        try db.execute(sql: "PRAGMA journal_mode = WAL")
                    }
                    // First of all, so that whoever looks in between, or after a crash, knows whose
                    // file it is.
                    try db.execute(sql: "PRAGMA application_id = \(Migrations.applicationID)")
                }
                try Migrations.migrator.migrate(queue)
            }
        }
    }

    private func isCurrent() throws -> Bool {
        switch try read({ db in try SchemaState(db) }) {
        case .current: return true
        case .empty, .older: return false
        case .newer: throw StoreError.newerSchema(path)
        case .foreign: throw StoreError.notOurs(path)
        }
    }

    package func read<T>(_ body: (Database) throws -> T) throws -> T {
        try Self.translating(path) { try queue.read(body) }
    }

    /// Reads on the store's own connection, or on a new one beside it.
    func reading<T>(besides isBesides: Bool, _ body: (Database) throws -> T) throws -> T {
        guard isBesides else { return try read(body) }
        return try Self.translating(path) {
            try DatabaseQueue(path: path, configuration: Self.configuration(log)).read(body)
        }
    }

    /// One transaction, begun as a writer's, under the advisory lock; a long log is folded back into
    /// the file behind it.
    package func write<T>(
        _ durability: Durability = .full, _ body: (Database) throws -> T
    ) throws -> T {
        try write(on: connection, durability, body)
    }

    /// One transaction of a writer that only inserts, as `write` otherwise.
    ///
    /// It has a connection of its own on which no trigger runs: a plain INSERT is refused by the key
    /// anyway, and the triggers, which are for everyone else, would look each key up once more (a
    /// fifth of the time of an append).
    func append<T>(_ durability: Durability, _ body: (Database) throws -> T) throws -> T {
        try write(on: try appendingConnection(), durability, body)
    }

    private func appendingConnection() throws -> Connection {
        // A database in memory belongs to its one connection.
        guard path != ":memory:" else { return connection }
        return try appending.withLock { known in
            if let known { return known }
            let made = try Self.translating(path) {
                let made = try DatabaseQueue(path: path, configuration: Self.configuration(log))
                made.inDatabase { db in
                    _ = sqlite_settings_disable_triggers(
                        UnsafeMutableRawPointer(db.sqliteConnection))
                }
                return Connection(made)
            }
            known = made
            return made
        }
    }

    private func write<T>(
        on connection: Connection, _ durability: Durability, _ body: (Database) throws -> T
    ) throws -> T {
        let result = try exclusively {
            do {
                try logFile.check()
            } catch {
                throw StoreError.cannotWrite(path, reason: "\(error)")
            }
            defer { logFile.open() }
            return try Self.translating(path) {
                try connection.queue.inDatabase { db in
                    try connection.set(durability, db)
                    return try db.committing { try body(db) }
                }
            }
        }
        if log.isLong { foldLongLog(on: connection.queue) }
        return result
    }

    /// Takes the lock anew, so that a writer who waits comes first. What readers still hold, or a
    /// failure, is left to the next writer: a passive checkpoint never waits.
    private func foldLongLog(on queue: DatabaseQueue) {
        try? exclusively {
            guard log.isLong else { return }
            queue.writeWithoutTransaction { db in _ = try? db.checkpoint(.passive) }
        }
    }

    /// Syncs the write-ahead log, in which each commit is until it is folded back: SQLite syncs it
    /// before, and the file behind (<https://www.sqlite.org/wal.html#ckpt>, checked 2026-11-29). Takes no
    /// lock: others write meanwhile.
    ///
    /// Behind a sync that failed the system may have forgotten what it could not write, and calls the
    /// next one a success: then the log is folded back, which writes all of it anew.
    func syncLog() throws {
        guard path != ":memory:" else { return }
        do {
            if try logFile.sync() { return }
        } catch {
            throw StoreError.cannotWrite(path, reason: error.description)
        }
        let isWhole = try exclusively {
            try Self.translating(path) {
                try queue.writeWithoutTransaction { db in
                    let (pages, folded) = try db.checkpoint(.passive)
                    return pages == folded
                }
            }
        }
        guard isWhole else {
            throw StoreError.cannotWrite(path, reason: "its log could not be synced")
        }
        logFile.isFolded()
    }

    private func exclusively<T>(_ body: () throws -> T) throws -> T {
        guard path != ":memory:" else { return try body() }
        do {
            return try lock.whileHeld(body)
        } catch AdvisoryLock.Failure.timedOut {
            throw StoreError.locked(path, seconds: Self.lockTimeoutSeconds)
        } catch AdvisoryLock.Failure.noFile {
            throw StoreError.cannotWrite(path, reason: "no lock file can be made beside it")
        }
    }

    private static func translating<T>(_ path: String, _ body: () throws -> T) throws -> T {
        do {
            return try body()
        } catch let error as DatabaseError {
            throw StoreError.translating(error, path: path, waitedSeconds: lockTimeoutSeconds)
        }
    }
}

/// A connection, and what its commits wait for.
private final class Connection: Sendable {
    let queue: DatabaseQueue
    private let durability = Mutex<Durability?>(nil)

    init(_ queue: DatabaseQueue) { self.queue = queue }

    /// Between two transactions, on the connection's queue.
    func set(_ wanted: Durability, _ db: Database) throws {
        try durability.withLock { durability in
            guard durability != wanted else { return }
            let word = wanted == .full ? "FULL" : "NORMAL"
            try db.execute(sql: "PRAGMA synchronous = \(word)")
            durability = wanted
        }
    }
}

extension Database {
    /// One transaction, begun as a writer's; its two ends are prepared once, where `inTransaction` does
    /// so each time (a sixth of the time of a short one). `body` throws on each error of SQLite's: behind
    /// one that ended the transaction nothing more may be written.
    fileprivate func committing<T>(_ body: () throws -> T) throws -> T {
        try cachedStatement(sql: "BEGIN IMMEDIATE").execute()
        do {
            let result = try body()
            // A full disk may have ended it.
            guard isInsideTransaction else { throw DatabaseError(resultCode: .SQLITE_ABORT) }
            try cachedStatement(sql: "COMMIT").execute()
            return result
        } catch {
            try? rollback()
            throw error
        }
    }
}

/// How long the write-ahead log of a database is, as its last commit here left it.
private final class WriteAheadLog: Sendable {
    private let pages = Atomic<Int>(0)

    /// In pages of 4 KiB: a reader looks a page up in the log before the file.
    private static let longPages = 500

    var isLong: Bool { pages.load(ordering: .relaxed) >= Self.longPages }

    /// The log outlives the connection: the store holds both.
    func watch(_ db: Database) {
        sqlite3_wal_hook(
            db.sqliteConnection,
            { context, _, _, pages in
                if let context {
                    Unmanaged<WriteAheadLog>.fromOpaque(context).takeUnretainedValue()
                        .pages.store(Int(pages), ordering: .relaxed)
                }
                return SQLITE_OK
            }, Unmanaged.passUnretained(self).toOpaque())
    }
}

/// What a file holds, judged by reading it alone.
private enum SchemaState {
    case empty, older, current, newer, foreign

    init(_ db: Database) throws {
        let id = try Int32.fetchOne(db, sql: "PRAGMA application_id") ?? 0
        let isEmpty =
            try Bool.fetchOne(db, sql: "SELECT NOT EXISTS (SELECT 1 FROM sqlite_schema)") ?? true
        if id != Migrations.applicationID {
            self = isEmpty && id == 0 ? .empty : .foreign
        } else if try Migrations.migrator.hasBeenSuperseded(db) {
            self = .newer
        } else {
            self = try Migrations.migrator.hasCompletedMigrations(db) ? .current : .older
        }
    }
}
