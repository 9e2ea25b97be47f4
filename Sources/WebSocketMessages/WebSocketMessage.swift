import NIOCore

/// One whole message; the bytes of a text are UTF-8.
package struct WebSocketMessage: Hashable, Sendable {
    package enum Kind: Hashable, Sendable { case text, binary }

    package var kind: Kind
    package var bytes: ByteBuffer

    package init(_ kind: Kind, _ bytes: ByteBuffer) {
        self.kind = kind
        self.bytes = bytes
    }

    package init(text: String) { self.init(.text, ByteBuffer(string: text)) }
}

/// Why a WebSocket ends: a code, `nil` where none was sent, and a few words.
package struct WebSocketClose: Error, Hashable, Sendable {
    package struct Code: RawRepresentable, Hashable, Sendable {
        package let rawValue: UInt16

        package init(rawValue: UInt16) { self.rawValue = rawValue }

        package static let normal = Code(rawValue: 1000)
        package static let goingAway = Code(rawValue: 1001)
        package static let protocolError = Code(rawValue: 1002)
        package static let notText = Code(rawValue: 1007)
        package static let policy = Code(rawValue: 1008)
        package static let tooLarge = Code(rawValue: 1009)

        /// Whether a frame may carry the code: those of RFC 6455 and of IANA's registry but for the
        /// three that stand for what no frame said
        /// (<https://www.iana.org/assignments/websocket/websocket.xhtml>, checked 2026-11-23), and
        /// the ranges of libraries and applications.
        package static func maySend(_ number: UInt16) -> Bool {
            switch number {
            case 1000...1003, 1007...1014, 3000...4999: true
            default: false
            }
        }
    }

    /// What a control frame has room for behind the code.
    package static let maximumReasonBytes = 123

    package let code: Code?
    package let reason: String

    package init(_ code: Code?, _ reason: String) {
        self.code = code
        self.reason = reason
    }

    /// As a close frame carries it; a reason that is too long is cut between two characters.
    package var payload: ByteBuffer {
        guard let code else { return ByteBuffer() }
        var payload = ByteBuffer(integer: code.rawValue)
        var room = Self.maximumReasonBytes
        for character in reason {
            room -= character.utf8.count
            guard room >= 0 else { break }
            payload.writeString(String(character))
        }
        return payload
    }
}
