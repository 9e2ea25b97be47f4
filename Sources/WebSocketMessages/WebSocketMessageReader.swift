import NIOCore

/// Makes messages of the frames of one side of a WebSocket, by RFC 6455
/// (<https://www.rfc-editor.org/rfc/rfc6455>, checked 2026-11-23). No extension is spoken, so that
/// no reserved bit may be set.
package struct WebSocketMessageReader: Sendable {
    /// One frame, unmasked.
    package struct Frame: Hashable, Sendable {
        package var isFinal: Bool
        package var hasReservedBits: Bool
        /// The four bits as they came.
        package var opcode: UInt8
        package var payload: ByteBuffer

        package init(isFinal: Bool, hasReservedBits: Bool, opcode: UInt8, payload: ByteBuffer) {
            self.isFinal = isFinal
            self.hasReservedBits = hasReservedBits
            self.opcode = opcode
            self.payload = payload
        }
    }

    /// What a frame brought.
    package enum Event: Hashable, Sendable {
        /// A message goes on.
        case nothing
        case message(WebSocketMessage)
        /// To be answered with a pong of the same bytes.
        case ping(ByteBuffer)
        case pong(ByteBuffer)
        /// To be answered with a close of the same code, unless one was sent.
        case close(WebSocketClose)
        /// What no peer may send: the connection is to be closed with this.
        case violation(WebSocketClose)
    }

    private let maximumMessageBytes: Int
    private var kind: WebSocketMessage.Kind?
    private var gathered = ByteBuffer()
    private var text = UTF8Checker()

    package init(maximumMessageBytes: Int) { self.maximumMessageBytes = maximumMessageBytes }

    package mutating func read(_ frame: Frame) -> Event {
        guard !frame.hasReservedBits else {
            return violation("a reserved bit is set, and no extension was agreed on")
        }
        switch frame.opcode {
        case 0x0:
            guard let kind else { return violation("a message goes on that never began") }
            return add(frame, to: kind)
        case 0x1, 0x2:
            guard kind == nil else {
                return violation("a message begins inside another")
            }
            return add(frame, to: frame.opcode == 0x1 ? .text : .binary)
        case 0x8, 0x9, 0xA: return control(frame)
        default: return violation("an opcode that means nothing")
        }
    }

    private mutating func add(_ frame: Frame, to kind: WebSocketMessage.Kind) -> Event {
        guard gathered.readableBytes + frame.payload.readableBytes <= maximumMessageBytes else {
            return .violation(
                WebSocketClose(
                    .tooLarge, "a message is larger than \(maximumMessageBytes) bytes"))
        }
        if kind == .text, !frame.payload.withUnsafeReadableBytes({ text.accepts($0) }) {
            return .violation(WebSocketClose(.notText, "a text is not UTF-8"))
        }
        guard frame.isFinal else {
            self.kind = kind
            gathered.writeImmutableBuffer(frame.payload)
            return .nothing
        }
        guard text.isBetweenCharacters else {
            return .violation(WebSocketClose(.notText, "a text ends inside a character"))
        }
        defer {
            self.kind = nil
            gathered = ByteBuffer()
        }
        // A message of one frame, as nearly all are, is not copied.
        guard self.kind != nil else { return .message(WebSocketMessage(kind, frame.payload)) }
        gathered.writeImmutableBuffer(frame.payload)
        return .message(WebSocketMessage(kind, gathered))
    }

    private func control(_ frame: Frame) -> Event {
        guard frame.isFinal else { return violation("a control frame in pieces") }
        guard frame.payload.readableBytes <= 125 else {
            return violation("a control frame of more than 125 bytes")
        }
        switch frame.opcode {
        case 0x9: return .ping(frame.payload)
        case 0xA: return .pong(frame.payload)
        default: return close(frame.payload)
        }
    }

    private func close(_ payload: ByteBuffer) -> Event {
        var payload = payload
        guard payload.readableBytes > 0 else { return .close(WebSocketClose(nil, "")) }
        guard let number: UInt16 = payload.readInteger() else {
            return violation("a close frame of one byte")
        }
        guard WebSocketClose.Code.maySend(number) else {
            return violation("a close code that no peer may send")
        }
        var checker = UTF8Checker()
        guard payload.withUnsafeReadableBytes({ checker.accepts($0) }), checker.isBetweenCharacters
        else { return .violation(WebSocketClose(.notText, "a close reason is not UTF-8")) }
        return .close(
            WebSocketClose(
                WebSocketClose.Code(rawValue: number), String(buffer: payload)))
    }

    private func violation(_ reason: String) -> Event {
        .violation(WebSocketClose(.protocolError, reason))
    }
}
