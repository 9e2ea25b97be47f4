import JSONBytes
import NIOCore

/// Anthropic's Messages (<https://docs.anthropic.com/en/docs/build-with-claude/streaming>, checked
/// 2026-11-23): input and a placeholder of output at the start, the output's count at the end; the
/// input does not hold what came from the cache.
struct AnthropicMessagesShape: AnswerShape {
    private let facts: AnswerFacts
    private let token: PieceTemplate

    init(_ facts: AnswerFacts) {
        self.facts = facts
        token = PieceTemplate(
            .object([
                "type": "content_block_delta", "index": 0,
                "delta": .object(["type": "text_delta", "text": PieceTemplate.text]),
            ]), prefix: "event: content_block_delta\ndata: ", suffix: "\n\n")
    }

    var opening: [ByteBuffer] {
        [
            event(
                "message_start",
                [
                    "message": message(content: [], stop: nil, outputTokens: 1)
                ]),
            event(
                "content_block_start",
                ["index": 0, "content_block": .object(["type": "text", "text": ""])]),
            event("ping", [:]),
        ]
    }

    func append(_ token: SyntheticText.Token, number: Int, to buffer: inout ByteBuffer) {
        self.token.append(token, number: number + 1, to: &buffer)
    }

    var closing: [ByteBuffer] {
        var pieces = [
            event("content_block_stop", ["index": 0]),
            event(
                "message_delta",
                [
                    "delta": .object([
                        "stop_reason": .string(stop), "stop_sequence": .null,
                    ]),
                    "usage": facts.showsUsage
                        ? .object(["output_tokens": .count(facts.outputTokens)]) : nil,
                ]),
        ]
        if facts.hasEnd { pieces.append(event("message_stop", [:])) }
        return pieces
    }

    var failure: ByteBuffer {
        VendorError.midStream.anthropic.bytes(prefix: "event: error\ndata: ", suffix: "\n\n")
    }

    var whole: [ByteBuffer] {
        [
            message(
                content: [.object(["type": "text", "text": .string(facts.text)])], stop: stop,
                outputTokens: facts.outputTokens
            ).bytes()
        ]
    }

    private var stop: String { facts.isLimited ? "max_tokens" : "end_turn" }

    private func message(content: [JSONValue], stop: String?, outputTokens: Int) -> JSONValue {
        .object([
            "id": .string("msg_" + facts.serial), "type": "message", "role": "assistant",
            "model": .string(facts.model), "content": .array(content),
            "stop_reason": .optional(stop), "stop_sequence": .null,
            "usage": facts.showsUsage
                ? .object([
                    "input_tokens": .count(facts.promptTokens - facts.cachedTokens),
                    "cache_creation_input_tokens": 0,
                    "cache_read_input_tokens": .count(facts.cachedTokens),
                    "output_tokens": .count(outputTokens), "service_tier": "standard",
                ]) : nil,
        ])
    }

    private func event(
        _ type: String, _ fields: KeyValuePairs<String, JSONValue?>
    ) -> ByteBuffer {
        var object = JSONObject(["type": .string(type)])
        for (key, value) in fields { object.append(key, value) }
        return JSONValue.object(object).bytes(prefix: "event: \(type)\ndata: ", suffix: "\n\n")
    }
}
