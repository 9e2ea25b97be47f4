import JSONBytes
import NIOCore

/// A JSON document written once, with holes that each token fills.
struct PieceTemplate: Sendable {
    /// Stands in a document for the token's text.
    static let text = JSONValue.string("\u{F8FF}")

    /// Stands for the token's number, counted from 1, and `offset`.
    static func number(plus offset: Int = 0) -> JSONValue {
        .decimal("\u{F8FE}\(offset)\u{F8FE}")
    }

    private enum Part: Sendable {
        case bytes(ByteBuffer)
        case text
        case number(Int)
    }

    private let parts: [Part]

    init(_ document: JSONValue, prefix: String, suffix: String) {
        let text = prefix + String(decoding: document.compactBytes, as: UTF8.self) + suffix
        parts = text.split(separator: "\u{F8FF}", omittingEmptySubsequences: false).enumerated()
            .flatMap { index, run in (index > 0 ? [Part.text] : []) + Self.numbers(in: run) }
    }

    private static func numbers(in run: Substring) -> [Part] {
        run.split(separator: "\u{F8FE}", omittingEmptySubsequences: false).enumerated().map {
            index, piece in
            if index % 2 == 1, let offset = Int(piece) { return .number(offset) }
            return .bytes(ByteBuffer(substring: piece))
        }
    }

    func append(_ token: SyntheticText.Token, number: Int, to buffer: inout ByteBuffer) {
        for part in parts {
            switch part {
            case .bytes(let bytes): buffer.writeImmutableBuffer(bytes)
            case .text: buffer.writeBytes(token.escaped)
            case .number(let offset): buffer.writeString(String(number + offset))
            }
        }
    }
}
