import JSONBytes

/// Finds the pieces of one file in blocks of its bytes, wherever the blocks are cut.
package struct PieceFinder {
    package enum Found: Sendable {
        case piece(PieceFormat)
        /// In words; its bytes are passed over.
        case broken(String)
    }

    /// Longer pieces are no usage.
    package static let maximumPieceBytes = 64 << 20
    /// A quoted field that goes on for longer was never closed.
    static let maximumRecordBytes = 1 << 20

    private enum Mode {
        /// Nothing but white space was seen.
        case undecided
        case lines(marked: StaticString?, PieceFormat)
        case document(isInArray: Bool)
        case records
        /// What is left of the file cannot be told apart.
        case done
    }

    private var mode: Mode
    private var isAtStart = true
    /// Inside a line that was too long.
    private var isSkippingLine = false

    package init(_ framing: Framing) {
        mode =
            switch framing {
            case .lines(let mark): .lines(marked: mark, .line)
            case .rows: .undecided
            case .table: .records
            }
    }

    /// Calls `body` with each piece that is whole; how many of the bytes are done with. The rest
    /// comes again, with more behind it. At the end of the file all are done with.
    package mutating func pieces(
        in bytes: UnsafeRawBufferPointer, isAtEnd: Bool,
        _ body: (Found, Range<Int>) throws -> Void
    ) throws -> Int {
        var position = 0
        if isAtStart {
            let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
            guard bytes.count >= mark.count || isAtEnd else { return 0 }
            if bytes.starts(with: mark) { position = mark.count }
            isAtStart = false
        }
        if isSkippingLine {
            guard let end = bytes.firstIndex(ofByte: 0x0A, from: position) else {
                return bytes.count
            }
            isSkippingLine = false
            position = end + 1
        }
        while position < bytes.count {
            let next: Int?
            switch mode {
            case .undecided: next = decide(in: bytes, from: position, isAtEnd: isAtEnd)
            case .lines(nil, let format):
                next = try line(in: bytes, from: position, isAtEnd, format, body)
            case .lines(let mark?, let format):
                next = try markedLines(in: bytes, from: position, isAtEnd, mark, format, body)
            case .document: next = try value(in: bytes, from: position, isAtEnd, body)
            case .records: next = try record(in: bytes, from: position, isAtEnd, body)
            case .done: next = bytes.count
            }
            guard let next else { break }
            position = next
        }
        return isAtEnd ? bytes.count : position
    }

    /// Gives up the piece that the file goes on with: it is longer than any may be.
    package mutating func skipLongPiece() -> Found {
        let limit = Self.maximumPieceBytes >> 20
        if case .document = mode {
            mode = .done
            return .broken("a value of more than \(limit) MiB; the rest is not read")
        }
        isSkippingLine = true
        return .broken("a line of more than \(limit) MiB")
    }

    // MARK: Lines

    private func line(
        in bytes: UnsafeRawBufferPointer, from start: Int, _ isAtEnd: Bool, _ format: PieceFormat,
        _ body: (Found, Range<Int>) throws -> Void
    ) throws -> Int? {
        let end = bytes.firstIndex(ofByte: 0x0A, from: start)
        guard end != nil || isAtEnd else { return nil }
        try body(.piece(format), start..<(end ?? bytes.count))
        return (end ?? bytes.count) + 1
    }

    /// Looks for the mark alone: the lines without it are never looked at.
    private func markedLines(
        in bytes: UnsafeRawBufferPointer, from start: Int, _ isAtEnd: Bool, _ mark: StaticString,
        _ format: PieceFormat, _ body: (Found, Range<Int>) throws -> Void
    ) throws -> Int? {
        let last = isAtEnd ? bytes.count : bytes.lastIndex(ofByte: 0x0A, from: start).map { $0 + 1 }
        guard let last else { return nil }
        let whole = UnsafeRawBufferPointer(rebasing: bytes[..<last])
        var position = start
        while let hit = whole.firstIndex(of: mark, from: position) {
            let before = whole.lastIndex(ofByte: 0x0A, in: position..<hit)
            let end = whole.firstIndex(ofByte: 0x0A, from: hit) ?? last
            try body(.piece(format), (before.map { $0 + 1 } ?? position)..<end)
            position = end + 1
        }
        return last
    }

    // MARK: JSON

    /// A value a line where the first line is a whole one; else one document, or a table.
    private mutating func decide(
        in bytes: UnsafeRawBufferPointer, from start: Int, isAtEnd: Bool
    ) -> Int? {
        guard let first = bytes[start...].firstIndex(where: { !Self.isSpace($0) }) else {
            return bytes.count
        }
        switch bytes[first] {
        case UInt8(ascii: "["): mode = .document(isInArray: false)
        case UInt8(ascii: "{"):
            switch JSONExtent.of(bytes, from: first) {
            case .cut where !isAtEnd: return nil
            case .ends(let end):
                let line = bytes[first..<end].contains(0x0A)
                mode = line ? .document(isInArray: false) : .lines(marked: nil, .value)
            case .cut, .broken: mode = .document(isInArray: false)
            }
        default: mode = .records
        }
        return first
    }

    private mutating func value(
        in bytes: UnsafeRawBufferPointer, from start: Int, _ isAtEnd: Bool,
        _ body: (Found, Range<Int>) throws -> Void
    ) throws -> Int? {
        guard case .document(let isInArray) = mode,
            let first = bytes[start...].firstIndex(where: { !Self.isSpace($0) })
        else { return bytes.count }
        switch bytes[first] {
        case UInt8(ascii: "[") where !isInArray:
            mode = .document(isInArray: true)
            return first + 1
        case UInt8(ascii: "]") where isInArray:
            mode = .document(isInArray: false)
            return first + 1
        case UInt8(ascii: ",") where isInArray: return first + 1
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            switch JSONExtent.of(bytes, from: first) {
            case .ends(let end):
                try body(.piece(.value), first..<end)
                return end
            case .cut where !isAtEnd: return first > start ? first : nil
            case .cut, .broken:
                mode = .done
                try body(.broken("the JSON that begins here does not end"), first..<bytes.count)
                return bytes.count
            }
        default:
            mode = .done
            try body(.broken("neither an object nor a list of them"), first..<bytes.count)
            return bytes.count
        }
    }

    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09
    }

    // MARK: Tables

    /// A quoted field may hold line feeds.
    private mutating func record(
        in bytes: UnsafeRawBufferPointer, from start: Int, _ isAtEnd: Bool,
        _ body: (Found, Range<Int>) throws -> Void
    ) throws -> Int? {
        let limit = min(bytes.count, start + Self.maximumRecordBytes)
        var isQuoted = false
        var isQuotedField = false
        var isAtFieldStart = true
        var index = start
        while index < limit {
            let byte = bytes[index]
            if byte == UInt8(ascii: "\"") {
                // Doubled inside a quoted field, it closes and opens again.
                if isAtFieldStart { isQuotedField = true }
                if isQuotedField { isQuoted.toggle() }
                isAtFieldStart = false
            } else if !isQuoted {
                if byte == 0x0A {
                    try body(.piece(.record), start..<index)
                    return index + 1
                }
                isAtFieldStart = byte == UInt8(ascii: ",")
                if isAtFieldStart { isQuotedField = false }
            }
            index += 1
        }
        let isTooLong = limit - start == Self.maximumRecordBytes
        guard isTooLong || isAtEnd else { return nil }
        if !isQuoted, !isTooLong {
            try body(.piece(.record), start..<bytes.count)
            return bytes.count
        }
        // The lines behind it may well be records.
        let end = bytes.firstIndex(ofByte: 0x0A, from: start)
        let problem = isQuoted ? "a quoted field that does not end" : "a record of more than 1 MiB"
        try body(.broken(problem), start..<(end ?? bytes.count))
        isSkippingLine = end == nil
        return end.map { $0 + 1 } ?? bytes.count
    }
}

/// Where a JSON object or array ends, by its brackets and quotes alone.
enum JSONExtent {
    /// Behind the last bracket.
    case ends(Int)
    /// The bytes end before it does.
    case cut
    /// A line feed inside a text: it was cut off.
    case broken

    static func of(_ bytes: UnsafeRawBufferPointer, from start: Int) -> JSONExtent {
        var depth = 0
        var isText = false
        var index = start
        while index < bytes.count {
            let byte = bytes[index]
            if isText {
                if byte == UInt8(ascii: "\\") {
                    index += 1
                } else if byte == UInt8(ascii: "\"") {
                    isText = false
                } else if byte == 0x0A {
                    return .broken
                }
            } else {
                switch byte {
                case UInt8(ascii: "\""): isText = true
                case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
                case UInt8(ascii: "}"), UInt8(ascii: "]"):
                    depth -= 1
                    if depth == 0 { return .ends(index + 1) }
                default: break
                }
            }
            index += 1
        }
        return .cut
    }
}
