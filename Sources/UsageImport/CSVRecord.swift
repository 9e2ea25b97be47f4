import Accounting

/// One record of a table, comma-separated by RFC 4180
/// (<https://www.rfc-editor.org/rfc/rfc4180>, checked 2026-11-23).
enum CSVRecord {
    /// Its fields, with their quotes undone; a carriage return at the end belongs to no field.
    ///
    /// Throws `EventProblem` for bytes that are no UTF-8 and for more behind a closing quote.
    static func fields(_ record: UnsafeBufferPointer<UInt8>) throws(EventProblem) -> [String] {
        let hasReturn = record.last == 0x0D
        let bytes = hasReturn ? UnsafeBufferPointer(rebasing: record.dropLast()) : record
        var fields: [String] = []
        var field: [UInt8] = []
        var index = 0
        while true {
            if index < bytes.count, bytes[index] == quote {
                index = try quoted(bytes, from: index + 1, into: &field)
            } else {
                while index < bytes.count, bytes[index] != comma {
                    field.append(bytes[index])
                    index += 1
                }
            }
            guard let text = String(validating: field, as: UTF8.self) else {
                throw EventProblem("field \(fields.count + 1) is not UTF-8 text")
            }
            fields.append(text)
            field.removeAll(keepingCapacity: true)
            guard index < bytes.count else { return fields }
            guard bytes[index] == comma else {
                throw EventProblem("more behind the closing quote of field \(fields.count)")
            }
            index += 1
        }
    }

    private static let quote = UInt8(ascii: "\"")
    private static let comma = UInt8(ascii: ",")

    /// The index behind the closing quote.
    private static func quoted(
        _ bytes: UnsafeBufferPointer<UInt8>, from start: Int, into field: inout [UInt8]
    ) throws(EventProblem) -> Int {
        var index = start
        while index < bytes.count {
            if bytes[index] == quote {
                guard index + 1 < bytes.count, bytes[index + 1] == quote else { return index + 1 }
                index += 1
            }
            field.append(bytes[index])
            index += 1
        }
        throw EventProblem("a quoted field that does not end")
    }

    /// A cell as it was before it was kept from running as a formula: writers put an apostrophe
    /// before what a spreadsheet would run, `ledger export` also before an apostrophe.
    static func withoutGuard(_ cell: String) -> String {
        let start = cell.unicodeScalars.prefix(2).map(\.value)
        guard start.count == 2, start[0] == 0x27, guarded.contains(start[1]) else { return cell }
        return String(cell.unicodeScalars.dropFirst())
    }

    private static let guarded: Set<UInt32> = Set("=+-@'\t\r".unicodeScalars.map(\.value))
}
