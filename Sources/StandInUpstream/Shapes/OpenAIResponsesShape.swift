import JSONBytes
import NIOCore

/// OpenAI's Responses, streamed as named events with a running number
/// (<https://platform.openai.com/docs/api-reference/responses-streaming>, checked 2026-11-23).
struct OpenAIResponsesShape: AnswerShape {
    private let facts: AnswerFacts
    private let token: PieceTemplate
    /// Events before the first token.
    private static let opened = 4

    init(_ facts: AnswerFacts) {
        self.facts = facts
        token = PieceTemplate(
            Self.document(
                "response.output_text.delta",
                [
                    "item_id": .string("msg_" + facts.serial), "output_index": 0,
                    "content_index": 0, "delta": PieceTemplate.text, "logprobs": .array([]),
                ], number: PieceTemplate.number(plus: Self.opened - 1)),
            prefix: "event: response.output_text.delta\ndata: ", suffix: "\n\n")
    }

    var opening: [ByteBuffer] {
        [
            event("response.created", ["response": response("in_progress")], 0),
            event("response.in_progress", ["response": response("in_progress")], 1),
            event(
                "response.output_item.added",
                ["output_index": 0, "item": item("in_progress", content: [])], 2),
            event(
                "response.content_part.added",
                [
                    "item_id": .string("msg_" + facts.serial), "output_index": 0,
                    "content_index": 0, "part": part(""),
                ], 3),
        ]
    }

    func append(_ token: SyntheticText.Token, number: Int, to buffer: inout ByteBuffer) {
        self.token.append(token, number: number + 1, to: &buffer)
    }

    var closing: [ByteBuffer] {
        let number = Self.opened + facts.tokens
        let place: KeyValuePairs<String, JSONValue?> = [
            "item_id": .string("msg_" + facts.serial), "output_index": 0, "content_index": 0,
            "text": .string(facts.text), "logprobs": .array([]),
        ]
        let status = facts.isLimited ? "incomplete" : "completed"
        var pieces = [
            event("response.output_text.done", place, number),
            event(
                "response.content_part.done",
                [
                    "item_id": .string("msg_" + facts.serial), "output_index": 0,
                    "content_index": 0, "part": part(facts.text),
                ], number + 1),
            event(
                "response.output_item.done",
                ["output_index": 0, "item": item(status, content: [part(facts.text)])], number + 2),
        ]
        if facts.hasEnd {
            pieces.append(event("response.\(status)", ["response": response(status)], number + 3))
        }
        return pieces
    }

    var failure: ByteBuffer {
        let error = VendorError.midStream
        return event(
            "error",
            [
                "code": .string(error.kind), "message": .string(error.message), "param": .null,
            ], Self.opened + (facts.plan.errorAfter ?? 0))
    }

    var whole: [ByteBuffer] {
        [response(facts.isLimited ? "incomplete" : "completed").bytes()]
    }

    private func event(
        _ type: String, _ fields: KeyValuePairs<String, JSONValue?>, _ number: Int
    ) -> ByteBuffer {
        Self.document(type, fields, number: .count(number)).bytes(
            prefix: "event: \(type)\ndata: ", suffix: "\n\n")
    }

    private static func document(
        _ type: String, _ fields: KeyValuePairs<String, JSONValue?>, number: JSONValue
    ) -> JSONValue {
        var object = JSONObject(["type": .string(type), "sequence_number": number])
        for (key, value) in fields { object.append(key, value) }
        return .object(object)
    }

    private func response(_ status: String) -> JSONValue {
        let isOver = status != "in_progress"
        return .object([
            "id": .string("resp_" + facts.serial), "object": "response",
            "created_at": .integer(AnswerFacts.created), "status": .string(status),
            "error": .null,
            "incomplete_details": status == "incomplete"
                ? .object(["reason": "max_output_tokens"]) : .null,
            "model": .string(facts.model),
            "output": .array(isOver ? [item(status, content: [part(facts.text)])] : []),
            "parallel_tool_calls": true, "service_tier": isOver ? "default" : "auto",
            "store": false, "usage": isOver && facts.showsUsage ? usage : .null,
        ])
    }

    private func item(_ status: String, content: [JSONValue]) -> JSONValue {
        .object([
            "id": .string("msg_" + facts.serial), "type": "message", "status": .string(status),
            "role": "assistant", "content": .array(content),
        ])
    }

    private func part(_ text: String) -> JSONValue {
        .object([
            "type": "output_text", "annotations": .array([]), "logprobs": .array([]),
            "text": .string(text),
        ])
    }

    private var usage: JSONValue {
        .object([
            "input_tokens": .count(facts.promptTokens),
            "input_tokens_details": .object(["cached_tokens": .count(facts.cachedTokens)]),
            "output_tokens": .count(facts.outputTokens),
            "output_tokens_details": .object([
                "reasoning_tokens": .count(facts.plan.reasoningTokens)
            ]),
            "total_tokens": .count(facts.totalTokens),
        ])
    }
}
