import Pricing

/// Reads comma-separated values by RFC 4180 (<https://www.rfc-editor.org/rfc/rfc4180>, checked
/// 2026-11-23), record by record: CRLF or LF, fields in quotes with doubled quotes and line breaks
/// in them, a byte order mark passed over, empty lines too.
package struct CSVReader {
    package struct Record: Hashable, Sendable {
        /// The line that it begins on, counted from 1.
        package let line: Int
        package let fields: [String]
    }

    private let bytes: [UInt8]
    private let file: String
    private var position = 0
    private var line = 1

    private static let quote = UInt8(ascii: "\"")
    private static let comma = UInt8(ascii: ",")
    private static let lineFeed: UInt8 = 0x0A
    private static let carriageReturn: UInt8 = 0x0D

    /// `file` is what faults call it.
    package init(_ text: String, file: String) {
        bytes = Array(text.utf8)
        self.file = file
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
    }

    /// The next record; `nil` at the end.
    ///
    /// Throws `Fault` for a quote that stands alone, or is not closed.
    package mutating func next() throws -> Record? {
        while position < bytes.count, takeLineEnd() { line += 1 }
        guard position < bytes.count else { return nil }
        let start = line
        var fields: [String] = []
        repeat { fields.append(try field()) } while take(Self.comma)
        guard position == bytes.count || takeLineEnd() else {
            throw fault("text behind a closing quote; quotes inside a field are doubled")
        }
        line += 1
        return Record(line: start, fields: fields)
    }

    private mutating func field() throws -> String {
        guard take(Self.quote) else { return try bareField() }
        let opened = line
        var text: [UInt8] = []
        while position < bytes.count {
            let byte = bytes[position]
            position += 1
            if byte == Self.quote {
                guard take(Self.quote) else { return String(decoding: text, as: UTF8.self) }
            } else if byte == Self.lineFeed {
                line += 1
            }
            text.append(byte)
        }
        line = opened
        throw fault("a quote is opened and not closed")
    }

    private mutating func bareField() throws -> String {
        let start = position
        while position < bytes.count, bytes[position] != Self.comma, !isLineEnd {
            guard bytes[position] != Self.quote else {
                throw fault("a quote within a field; a field with quotes stands in quotes")
            }
            position += 1
        }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard position < bytes.count, bytes[position] == byte else { return false }
        position += 1
        return true
    }

    private var isLineEnd: Bool {
        bytes[position] == Self.lineFeed
            || bytes[position] == Self.carriageReturn && position + 1 < bytes.count
                && bytes[position + 1] == Self.lineFeed
    }

    private mutating func takeLineEnd() -> Bool {
        guard isLineEnd else { return false }
        position += bytes[position] == Self.carriageReturn ? 2 : 1
        return true
    }

    private func fault(_ problem: String) -> Fault {
        Fault(file: file, line: line, problem: problem)
    }
}
