#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// One event of a stream. Its bytes are valid only where it is handed over.
package struct ServerSentEvent {
    /// Empty stands for `message`.
    package let type: UnsafeRawBufferPointer
    /// The lines of its data, LF between them.
    package let data: UnsafeRawBufferPointer
    /// The stream ended before the blank line that ends an event: the standard would drop it.
    package let isUnterminated: Bool
}

/// Server-sent events by the WHATWG standard
/// (<https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream>, checked
/// 2026-11-23), from bytes that come in any pieces. No I/O and no clock.
///
/// An event whose bytes lie in one piece is handed over where it lies; others are put together in a
/// buffer that is used again.
package struct ServerSentEventParser: Sendable {
    /// The longest line that is read; a longer one, and its event, is passed over and counted.
    package static let maximumLineBytes = 16 << 20
    /// The most data of one event.
    package static let maximumEventBytes = 32 << 20

    /// As the stream said it last; sent with a reconnection.
    package private(set) var lastEventID: [UInt8] = []
    /// How long the stream wants a client to wait before it reconnects.
    package private(set) var retryMilliseconds: Int64?
    package private(set) var comments = 0
    /// Events that were longer than a limit, and were passed over.
    package private(set) var oversized = 0

    /// The beginning of a line that came in an earlier piece.
    private var line: [UInt8] = []
    private var data: [UInt8] = []
    private var hasData = false
    private var type: [UInt8] = []
    private var isDropped = false
    private var skipsLine = false
    /// The last byte was CR: an LF that comes next belongs to it.
    private var endsWithReturn = false
    /// A line came whose field the standard does not know.
    private var hasForeignLine = false
    /// How many bytes of a byte order mark were seen; `nil` once the start is behind.
    private var markBytes: Int? = 0

    package init() {}

    private static let lineFeed = UInt8(ascii: "\n")
    private static let carriageReturn = UInt8(ascii: "\r")
    private static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]

    /// Takes the next piece, and hands over the events that it completes.
    package mutating func read(
        _ bytes: UnsafeRawBufferPointer, _ event: (ServerSentEvent) -> Void
    ) {
        guard let base = bytes.baseAddress, !bytes.isEmpty else { return }
        var offset = markBytes == nil ? 0 : passMark(bytes)
        if endsWithReturn, offset < bytes.count {
            if bytes[offset] == Self.lineFeed { offset += 1 }
            endsWithReturn = false
        }
        // Streams without a single CR need no look for one in each line.
        var nextReturn = Self.find(Self.carriageReturn, in: bytes, from: offset)
        while offset < bytes.count {
            let feed = Self.find(Self.lineFeed, in: bytes, from: offset)
            if nextReturn < offset {
                nextReturn = Self.find(Self.carriageReturn, in: bytes, from: offset)
            }
            let end = min(feed, nextReturn)
            guard end < bytes.count else { return keep(bytes, from: offset) }
            var next = end + 1
            if bytes[end] == Self.carriageReturn {
                if next == bytes.count {
                    endsWithReturn = true
                } else if bytes[next] == Self.lineFeed {
                    next += 1
                }
            }
            let piece = UnsafeRawBufferPointer(start: base + offset, count: end - offset)
            if line.isEmpty, !skipsLine {
                if let after = single(piece, bytes, next: next, event) {
                    next = after
                } else {
                    take(piece, event)
                }
            } else {
                takeJoined(piece, event)
            }
            offset = next
        }
    }

    /// The end of the stream: hands over what was not ended by a blank line, marked.
    package mutating func finish(_ event: (ServerSentEvent) -> Void) {
        if let count = markBytes, count > 0 { line = Array(Self.byteOrderMark.prefix(count)) }
        markBytes = nil
        if !line.isEmpty, !skipsLine {
            let last = line
            line = []
            last.withUnsafeBytes { take($0, event) }
        }
        if hasData || isDropped { dispatch(isUnterminated: true, event) }
        line = []
        skipsLine = false
        endsWithReturn = false
    }

    /// Whether all that came are comments and fields of the standard, of the last one perhaps only the
    /// beginning.
    package var isPlain: Bool {
        guard !hasForeignLine else { return false }
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else {
            return Self.fields.contains { $0.utf8.starts(with: line) }
        }
        return colon == 0 || Self.fields.contains { $0.utf8.elementsEqual(line[..<colon]) }
    }

    /// Whether the event under way is these data so far, its line ended or not.
    package func isPending(_ data: StaticString) -> Bool {
        if hasData { return line.isEmpty && self.data.withUnsafeBytes { Self.spells(data, $0) } }
        return ["data:", "data: "].contains { field in
            line.count == field.utf8.count + data.utf8CodeUnitCount
                && line.starts(with: field.utf8)
                && line.suffix(data.utf8CodeUnitCount).withUnsafeBytes { Self.spells(data, $0) }
        }
    }

    private static let fields = ["data", "event", "id", "retry"]

    // MARK: Lines

    /// Most events are one line of data with a blank line behind: handed over where they lie. Where
    /// the bytes behind them begin; `nil` for any other line.
    private mutating func single(
        _ piece: UnsafeRawBufferPointer, _ bytes: UnsafeRawBufferPointer, next: Int,
        _ event: (ServerSentEvent) -> Void
    ) -> Int? {
        guard !hasData, !isDropped, next < bytes.count, piece.count > 5, piece[0] == 0x64,
            piece[1] == 0x61, piece[2] == 0x74, piece[3] == 0x61, piece[4] == 0x3A
        else { return nil }
        var after = next + 1
        if bytes[next] == Self.carriageReturn {
            // Whether an LF follows is only known once there is another byte.
            guard after < bytes.count else { return nil }
            if bytes[after] == Self.lineFeed { after += 1 }
        } else if bytes[next] != Self.lineFeed {
            return nil
        }
        let start = piece[5] == 0x20 ? 6 : 5
        let value = UnsafeRawBufferPointer(rebasing: piece[start...])
        type.withUnsafeBytes {
            event(ServerSentEvent(type: $0, data: value, isUnterminated: false))
        }
        type.removeAll(keepingCapacity: true)
        return after
    }

    private mutating func takeJoined(
        _ piece: UnsafeRawBufferPointer, _ event: (ServerSentEvent) -> Void
    ) {
        if !skipsLine { append(piece) }
        if skipsLine {
            skipsLine = false
            isDropped = true
        } else {
            // Taken out, so that the line is read while events change what is kept.
            var whole: [UInt8] = []
            swap(&whole, &line)
            whole.withUnsafeBytes { take($0, event) }
            whole.removeAll(keepingCapacity: true)
            line = whole
        }
    }

    private mutating func keep(_ bytes: UnsafeRawBufferPointer, from offset: Int) {
        guard !skipsLine else { return }
        append(UnsafeRawBufferPointer(rebasing: bytes[offset...]))
    }

    private mutating func append(_ piece: UnsafeRawBufferPointer) {
        guard line.count + piece.count <= Self.maximumLineBytes else {
            line.removeAll(keepingCapacity: false)
            skipsLine = true
            return
        }
        line.append(contentsOf: piece)
    }

    private mutating func take(
        _ line: UnsafeRawBufferPointer, _ event: (ServerSentEvent) -> Void
    ) {
        guard !line.isEmpty else { return dispatch(isUnterminated: false, event) }
        let colon = Self.find(UInt8(ascii: ":"), in: line, from: 0)
        if colon == 0 {
            comments += 1
            return
        }
        var start = min(colon + 1, line.count)
        if start < line.count, line[start] == 0x20 { start += 1 }
        let name = UnsafeRawBufferPointer(rebasing: line[..<min(colon, line.count)])
        let value = UnsafeRawBufferPointer(rebasing: line[start...])
        if Self.spells("data", name) {
            takeData(value)
        } else if Self.spells("event", name) {
            type.removeAll(keepingCapacity: true)
            type.append(contentsOf: value)
        } else if Self.spells("id", name) {
            if !value.contains(0) { lastEventID = Array(value) }
        } else if Self.spells("retry", name) {
            let isNumber = !value.isEmpty && value.allSatisfy { $0 >= 0x30 && $0 <= 0x39 }
            if isNumber, let number = Int64(String(decoding: value, as: UTF8.self)) {
                retryMilliseconds = number
            }
        } else {
            hasForeignLine = true
        }
    }

    private mutating func takeData(_ value: UnsafeRawBufferPointer) {
        guard data.count + value.count < Self.maximumEventBytes else {
            isDropped = true
            return
        }
        if hasData { data.append(Self.lineFeed) }
        data.append(contentsOf: value)
        hasData = true
    }

    private mutating func dispatch(isUnterminated: Bool, _ event: (ServerSentEvent) -> Void) {
        if isDropped {
            oversized += 1
        } else if hasData {
            type.withUnsafeBytes { type in
                data.withUnsafeBytes { data in
                    event(
                        ServerSentEvent(type: type, data: data, isUnterminated: isUnterminated))
                }
            }
        }
        isDropped = false
        hasData = false
        data.removeAll(keepingCapacity: true)
        type.removeAll(keepingCapacity: true)
    }

    // MARK: Bytes

    /// Passes over a byte order mark at the start; what is none after all becomes a line's beginning.
    private mutating func passMark(_ bytes: UnsafeRawBufferPointer) -> Int {
        var count = markBytes ?? 0
        var offset = 0
        while count < 3, offset < bytes.count, bytes[offset] == Self.byteOrderMark[count] {
            count += 1
            offset += 1
        }
        if count == 3 || offset < bytes.count {
            if count < 3, count > 0 { line = Array(Self.byteOrderMark.prefix(count)) }
            markBytes = nil
        } else {
            markBytes = count
        }
        return offset
    }

    @inline(__always)
    private static func find(
        _ byte: UInt8, in bytes: UnsafeRawBufferPointer, from start: Int
    ) -> Int {
        guard let base = bytes.baseAddress, start < bytes.count,
            let found = memchr(base + start, Int32(byte), bytes.count - start)
        else { return bytes.count }
        return UnsafeRawPointer(found) - base
    }

    private static func spells(_ word: StaticString, _ bytes: UnsafeRawBufferPointer) -> Bool {
        guard let base = bytes.baseAddress, bytes.count == word.utf8CodeUnitCount else {
            return false
        }
        return memcmp(base, word.utf8Start, bytes.count) == 0
    }
}
