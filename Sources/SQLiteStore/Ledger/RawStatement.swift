import Accounting
import GRDB
import GRDBSQLite

/// A prepared statement without GRDB's values between it and SQLite: for what runs once an event.
///
/// GRDB prepares, caches and finalizes it. Columns are bound from 1 and read from 0, as SQLite
/// counts them.
struct RawStatement {
    private let pointer: OpaquePointer
    private let statement: Statement

    init(_ sql: String, _ db: Database) throws {
        statement = try db.cachedStatement(sql: sql)
        pointer = statement.sqliteStatement
        reset()
    }

    func bind(_ value: Int64, _ index: Int32) { sqlite3_bind_int64(pointer, index, value) }

    func bind(_ value: Int64?, _ index: Int32) {
        if let value { bind(value, index) } else { sqlite3_bind_null(pointer, index) }
    }

    func bind(_ text: String?, _ index: Int32) {
        if let text {
            sqlite3_bind_text(pointer, index, text, Int32(text.utf8.count), Self.copied)
        } else {
            sqlite3_bind_null(pointer, index)
        }
    }

    func bind(_ bytes: [UInt8], _ index: Int32) {
        if bytes.isEmpty {
            sqlite3_bind_zeroblob(pointer, index, 0)
        } else {
            sqlite3_bind_blob(pointer, index, bytes, Int32(bytes.count), Self.copied)
        }
    }

    func bind(_ id: EventID, _ index: Int32) {
        withUnsafeBytes(of: (id.high.bigEndian, id.low.bigEndian)) { bytes in
            _ = sqlite3_bind_blob(
                pointer, index, bytes.baseAddress, Int32(bytes.count), Self.copied)
        }
    }

    /// Whether there is a row.
    func step() throws -> Bool {
        switch sqlite3_step(pointer) {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        case let code: throw failure(code)
        }
    }

    /// Runs it to its end and makes it ready for the next values.
    func run() throws {
        while try step() {}
        reset()
    }

    /// Runs an insert; `false` where a trigger or a key refused it, and nothing was changed.
    func insertUnlessRefused() throws -> Bool {
        let code = sqlite3_step(pointer)
        switch code & 0xFF {
        case SQLITE_DONE:
            reset()
            return true
        case SQLITE_CONSTRAINT:
            reset()
            return false
        default: throw failure(code)
        }
    }

    func reset() {
        sqlite3_reset(pointer)
    }

    func integer(_ column: Int32) -> Int64 { sqlite3_column_int64(pointer, column) }

    func optionalInteger(_ column: Int32) -> Int64? { isNull(column) ? nil : integer(column) }

    func isNull(_ column: Int32) -> Bool { sqlite3_column_type(pointer, column) == SQLITE_NULL }

    func text(_ column: Int32) -> String? {
        guard let characters = sqlite3_column_text(pointer, column) else { return nil }
        let count = Int(sqlite3_column_bytes(pointer, column))
        return String(
            decoding: UnsafeBufferPointer(start: characters, count: count), as: UTF8.self)
    }

    /// The bytes of a blob, valid until the next step.
    func blob(_ column: Int32) -> UnsafeRawBufferPointer {
        let start = sqlite3_column_blob(pointer, column)
        return UnsafeRawBufferPointer(
            start: start, count: Int(sqlite3_column_bytes(pointer, column)))
    }

    private func failure(_ code: Int32) -> DatabaseError {
        let message = sqlite3_db_handle(pointer).map { String(cString: sqlite3_errmsg($0)) }
        reset()
        return DatabaseError(resultCode: ResultCode(rawValue: code), message: message)
    }

    /// `SQLITE_TRANSIENT`: SQLite copies what it is given.
    private static var copied: sqlite3_destructor_type {
        unsafeBitCast(-1, to: sqlite3_destructor_type.self)
    }
}
