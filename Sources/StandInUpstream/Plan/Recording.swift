import NIOCore

/// A recorded response body, cut where its own framing cuts it: behind each event, or each line.
package struct Recording: AnswerShape {
    package let pieces: [ByteBuffer]
    package let contentType: String

    /// The bytes are served as they are.
    package init(_ bytes: [UInt8]) {
        let text = bytes.drop { $0 == 0xEF || $0 == 0xBB || $0 == 0xBF }
        let first = text.first { !Self.isSpace($0) }
        let isJSON = first == UInt8(ascii: "{") || first == UInt8(ascii: "[")
        let isLines =
            isJSON
            && text.split(separator: 0x0A).allSatisfy {
                $0.first { !Self.isSpace($0) } == UInt8(ascii: "{")
            } && text.count { $0 == 0x0A } > 1
        switch (isJSON, isLines) {
        case (false, _):
            contentType = "text/event-stream"
            pieces = Self.cut(bytes) { $0.count > 1 && Self.endsEvent($0) }
        case (true, true):
            contentType = "application/x-ndjson"
            pieces = Self.cut(bytes) { $0.last == 0x0A }
        case (true, false):
            contentType = "application/json"
            pieces = Self.cut(bytes) { _ in false }
        }
    }

    package var opening: [ByteBuffer] { [] }
    package var closing: [ByteBuffer] { [] }
    package var whole: [ByteBuffer] { pieces }
    package var failure: ByteBuffer {
        VendorError.midStream.openAI.bytes(prefix: "data: ", suffix: "\n\n")
    }

    package func append(
        _ token: SyntheticText.Token, number: Int, to buffer: inout ByteBuffer
    ) {
        buffer.writeImmutableBuffer(pieces[number])
    }

    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D
    }

    /// Whether a blank line has just ended.
    private static func endsEvent(_ bytes: ArraySlice<UInt8>) -> Bool {
        bytes.ends(with: [0x0A, 0x0A]) || bytes.ends(with: [0x0A, 0x0D, 0x0A])
    }

    private static func cut(
        _ bytes: [UInt8], where isEnd: (ArraySlice<UInt8>) -> Bool
    ) -> [ByteBuffer] {
        var pieces: [ByteBuffer] = []
        var start = 0
        for end in 0..<bytes.count where isEnd(bytes[start...end]) {
            pieces.append(ByteBuffer(bytes: bytes[start...end]))
            start = end + 1
        }
        if start < bytes.count { pieces.append(ByteBuffer(bytes: bytes[start...])) }
        return pieces
    }
}

extension ArraySlice<UInt8> {
    fileprivate func ends(with tail: [UInt8]) -> Bool { suffix(tail.count).elementsEqual(tail) }
}
