import Foundation
import JSONBytes
import ProviderUsage
import Testing

/// The standard's parser: its own cases, every split, and its limits.
struct ServerSentEventTests {
    struct Seen: Equatable, CustomStringConvertible {
        var type: String
        var data: String
        var id: String
        var isUnterminated = false
        var description: String { "\(type) \(data.debugDescription) \(id)" }
    }

    static func events(_ pieces: [[UInt8]]) -> (events: [Seen], parser: ServerSentEventParser) {
        var parser = ServerSentEventParser()
        var events: [Seen] = []
        func see(_ event: ServerSentEvent, id: [UInt8]) {
            let type = String(decoding: event.type, as: UTF8.self)
            events.append(
                Seen(
                    type: type.isEmpty ? "message" : type,
                    data: String(decoding: event.data, as: UTF8.self),
                    id: String(decoding: id, as: UTF8.self),
                    isUnterminated: event.isUnterminated))
        }
        for piece in pieces {
            // One byte at a time, the id that holds is that of the parser behind the event.
            for byte in piece {
                withUnsafeBytes(of: byte) { bytes in
                    var last: (String, String)?
                    parser.read(bytes) { event in
                        last = (
                            String(decoding: event.type, as: UTF8.self),
                            String(decoding: event.data, as: UTF8.self)
                        )
                    }
                    if let (type, data) = last {
                        events.append(
                            Seen(
                                type: type.isEmpty ? "message" : type, data: data,
                                id: String(decoding: parser.lastEventID, as: UTF8.self)))
                    }
                }
            }
        }
        let id = parser.lastEventID
        parser.finish { see($0, id: id) }
        return (events, parser)
    }

    static func whole(_ pieces: [[UInt8]]) -> [String] {
        var parser = ServerSentEventParser()
        var events: [String] = []
        for piece in pieces {
            piece.withUnsafeBytes {
                parser.read($0) {
                    events.append(
                        "\(String(decoding: $0.type, as: UTF8.self))|\(String(decoding: $0.data, as: UTF8.self))"
                    )
                }
            }
        }
        parser.finish {
            events.append(
                "\(String(decoding: $0.type, as: UTF8.self))|\(String(decoding: $0.data, as: UTF8.self))|unterminated"
            )
        }
        return events
    }

    static let cases: [JSONValue] = {
        let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "shared/sse-conformance.json")
        guard let data = try? Data(contentsOf: file),
            let value = try? JSONReader.value(of: Array(data), numbers: .decimal)
        else { return [] }
        return (value.elements ?? []).filter {
            // What HTTP's content type decides is not the parser's.
            $0["expected_events"]?.elements != nil && $0["expect"] != "reject"
        }
    }()

    @Test(
        .enabled(if: !cases.isEmpty, "shared/sse-conformance.json is not beside the project"),
        arguments: cases)
    func readsTheStandardsCases(conformance: JSONValue) throws {
        let name = conformance["name"]?.textValue ?? ""
        let text = try #require(conformance["input_b64"]?.textValue)
        let input = Array(try #require(Data(base64Encoded: text)))
        let wanted = (conformance["expected_events"]?.elements ?? []).map {
            Seen(
                type: $0["type"]?.textValue ?? "", data: $0["data"]?.textValue ?? "",
                id: $0["id"]?.textValue ?? "")
        }
        let (events, parser) = Self.events([input])
        // What the end of the stream cuts off is handed over marked; the standard drops it.
        #expect(events.filter { !$0.isUnterminated } == wanted, "\(name)")
        if case .integer(let retry)? = conformance["retry"] {
            #expect(parser.retryMilliseconds == retry, "\(name)")
        }
        let whole = Self.whole([input])
        for place in input.indices {
            #expect(Self.whole([Array(input[..<place]), Array(input[place...])]) == whole)
        }
    }

    @Test func readsCharactersThatAPieceCutsApart() {
        let input = Array("data: 价格 🚀\n\n".utf8)
        for place in input.indices {
            let events = Self.whole([Array(input[..<place]), Array(input[place...])])
            #expect(events == ["|价格 🚀"])
        }
    }

    @Test func handsOverTheUnterminatedLastEvent() {
        #expect(Self.whole([Array("data: 1\n\ndata: 2".utf8)]) == ["|1", "|2|unterminated"])
        #expect(Self.whole([Array("event: a\ndata: 2\n".utf8)]) == ["a|2|unterminated"])
        #expect(Self.whole([Array("event: a".utf8)]) == [])
    }

    /// A line above the limit costs its event alone.
    @Test func passesOverALineThatIsTooLong() {
        var parser = ServerSentEventParser()
        var events: [String] = []
        func read(_ bytes: [UInt8]) {
            bytes.withUnsafeBytes {
                parser.read($0) { events.append(String(decoding: $0.data, as: UTF8.self)) }
            }
        }
        read(Array("data: before\n\ndata: ".utf8))
        let piece = [UInt8](repeating: 0x61, count: 1 << 20)
        for _ in 0...(ServerSentEventParser.maximumLineBytes >> 20) { read(piece) }
        read(Array("\n\ndata: behind\n\n".utf8))
        #expect(events == ["before", "behind"])
        #expect(parser.oversized == 1)
    }

    @Test func countsCommentsAndKeepsTheID() {
        var parser = ServerSentEventParser()
        Array(": ping\n:\nid: 7\nretry: 250\nretry: soon\n\n".utf8).withUnsafeBytes {
            parser.read($0) { _ in Issue.record("no event has data") }
        }
        #expect(parser.comments == 2)
        #expect(parser.lastEventID == Array("7".utf8))
        #expect(parser.retryMilliseconds == 250)
    }
}
