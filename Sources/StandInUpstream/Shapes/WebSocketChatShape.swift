import JSONBytes
import NIOCore

/// The messages of `/v1/ws/chat`: `stream`, `usage`, `done` and `error`, each with the `id` that the
/// request gave.
struct WebSocketChatShape: AnswerShape {
    private let facts: AnswerFacts
    private let id: JSONValue?
    private let token: PieceTemplate

    init(_ facts: AnswerFacts, id: JSONValue?) {
        self.facts = facts
        self.id = id
        token = PieceTemplate(
            Self.message("stream", id, ["delta": .object(["content": PieceTemplate.text])]),
            prefix: "", suffix: "")
    }

    var opening: [ByteBuffer] { [] }

    func append(_ token: SyntheticText.Token, number: Int, to buffer: inout ByteBuffer) {
        self.token.append(token, number: number + 1, to: &buffer)
    }

    var closing: [ByteBuffer] {
        var messages: [JSONValue] = []
        if facts.showsUsage {
            messages.append(Self.message("usage", id, ["usage": OpenAIUsage.chat(facts)]))
        }
        if facts.hasEnd { messages.append(Self.message("done", id, [:])) }
        return messages.map { $0.bytes() }
    }

    var failure: ByteBuffer { Self.error(.midStream, id) }

    var garbage: ByteBuffer {
        ByteBuffer(string: "{\"type\":\"stream\",\"delta\":{\"cont not this")
    }

    var whole: [ByteBuffer] {
        let text = Self.message(
            "stream", id, ["delta": .object(["content": .string(facts.text)])])
        return [text.bytes()] + closing
    }

    static func error(_ error: VendorError, _ id: JSONValue?) -> ByteBuffer {
        message("error", id, ["error": error.openAI["error"]]).bytes()
    }

    private static func message(
        _ type: String, _ id: JSONValue?, _ fields: KeyValuePairs<String, JSONValue?>
    ) -> JSONValue {
        var object = JSONObject(["type": .string(type), "id": id])
        for (key, value) in fields { object.append(key, value) }
        return .object(object)
    }
}
