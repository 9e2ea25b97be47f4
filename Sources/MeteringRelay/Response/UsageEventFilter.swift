import JSONBytes
import NIOCore

/// Takes the event with the usage out of a stream whose client did not ask for it. All other events
/// pass as they are; one that came in part waits for the rest of it.
package struct UsageEventFilter: Sendable {
    /// No such event is longer: what is longer passes.
    private static let maximumEventBytes = 64 << 10

    /// The beginning of an event.
    private var rest = ByteBuffer()

    package init() {}

    /// What of some bytes passes now.
    package mutating func pass(_ bytes: ByteBuffer) -> ByteBuffer {
        var bytes = bytes
        if rest.readableBytes > 0 {
            var whole = rest
            whole.writeImmutableBuffer(bytes)
            bytes = whole
            rest = ByteBuffer()
        }
        let (hidden, end) = bytes.withUnsafeReadableBytes(Self.look)
        guard hidden.isEmpty, end == bytes.readableBytes else {
            return cut(bytes, hidden, end)
        }
        return bytes
    }

    /// The end of the stream: what was held back.
    package mutating func finish() -> ByteBuffer {
        defer { rest = ByteBuffer() }
        return rest.withUnsafeReadableBytes(Self.isUsage) ? ByteBuffer() : rest
    }

    private mutating func cut(
        _ bytes: ByteBuffer, _ hidden: [Range<Int>], _ end: Int
    ) -> ByteBuffer {
        var passed = ByteBuffer()
        var offset = 0
        for range in hidden {
            passed.writeBytes(
                bytes.readableBytesView.dropFirst(offset).prefix(range.lowerBound - offset))
            offset = range.upperBound
        }
        passed.writeBytes(bytes.readableBytesView.dropFirst(offset).prefix(end - offset))
        let left = bytes.readableBytes - end
        if left > Self.maximumEventBytes {
            passed.writeBytes(bytes.readableBytesView.suffix(left))
        } else if left > 0 {
            rest.writeBytes(bytes.readableBytesView.suffix(left))
        }
        return passed
    }

    /// The events to hide, and where the last whole event ends.
    private static func look(_ bytes: UnsafeRawBufferPointer) -> (hidden: [Range<Int>], end: Int) {
        var hidden: [Range<Int>] = []
        var start = 0
        while let end = endOfEvent(bytes, from: start) {
            let event = UnsafeRawBufferPointer(rebasing: bytes[start..<end])
            if isUsage(event) { hidden.append(start..<end) }
            start = end
        }
        return (hidden, start)
    }

    /// Behind the blank line that ends an event; lines end with LF or CRLF. (A stream that ends them
    /// with CR alone is passed as it is: nobody writes one.)
    private static func endOfEvent(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Int? {
        var offset = start
        let feed = UInt8(ascii: "\n")
        while let place = bytes.firstIndex(ofByte: feed, from: offset), place + 1 < bytes.count {
            if bytes[place + 1] == feed { return place + 2 }
            if bytes[place + 1] == UInt8(ascii: "\r"), place + 2 < bytes.count,
                bytes[place + 2] == feed
            {
                return place + 3
            }
            offset = place + 1
        }
        return nil
    }

    /// Whether an event holds usage and no choice: the one that `include_usage` adds
    /// (<https://platform.openai.com/docs/api-reference/chat/streaming>, checked 2026-11-23).
    private static func isUsage(_ event: UnsafeRawBufferPointer) -> Bool {
        guard event.firstIndex(of: "\"usage\"", from: 0) != nil,
            let open = event.firstIndex(ofByte: UInt8(ascii: "{"), from: 0),
            event.firstIndex(of: "data", from: 0).map({ $0 < open }) ?? false
        else { return false }
        let text = UnsafeRawBufferPointer(rebasing: event[open...])
        var reader = JSONReader(text.bindMemory(to: UInt8.self))
        guard let value = try? reader.value(numbers: .decimal), case .object? = value["usage"]
        else {
            return false
        }
        return value["choices"]?.elements?.isEmpty ?? true
    }
}
