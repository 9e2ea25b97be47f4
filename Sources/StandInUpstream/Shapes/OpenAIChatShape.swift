import JSONBytes
import NIOCore

/// OpenAI's chat completions, streamed as `chat.completion.chunk`
/// (<https://platform.openai.com/docs/api-reference/chat-streaming>, checked 2026-11-23).
struct OpenAIChatShape: AnswerShape {
    private let facts: AnswerFacts
    private let token: PieceTemplate

    init(_ facts: AnswerFacts) {
        self.facts = facts
        token = PieceTemplate(
            Self.chunk(
                facts, choices: Self.choice(["content": PieceTemplate.text]),
                usage: Self.running(facts)),
            prefix: "data: ", suffix: "\n\n")
    }

    var opening: [ByteBuffer] {
        [event(Self.choice(["role": "assistant", "content": ""]), usage: Self.waiting(facts))]
    }

    func append(_ token: SyntheticText.Token, number: Int, to buffer: inout ByteBuffer) {
        self.token.append(token, number: number + 1, to: &buffer)
    }

    var closing: [ByteBuffer] {
        var pieces = [
            event(
                Self.choice([:], finish: facts.isLimited ? "length" : "stop"),
                usage: Self.waiting(facts))
        ]
        if facts.showsUsage {
            pieces.append(event(.array([]), usage: OpenAIUsage.chat(facts)))
        }
        if facts.hasEnd { pieces.append(ByteBuffer(string: "data: [DONE]\n\n")) }
        return pieces
    }

    var failure: ByteBuffer {
        VendorError.midStream.openAI.bytes(prefix: "data: ", suffix: "\n\n")
    }

    var whole: [ByteBuffer] {
        let document = JSONValue.object([
            "id": .string("chatcmpl-" + facts.serial), "object": "chat.completion",
            "created": .integer(AnswerFacts.created), "model": .string(facts.model),
            "choices": .array([
                .object([
                    "index": 0,
                    "message": .object([
                        "role": "assistant", "content": .string(facts.text), "refusal": .null,
                    ]),
                    "logprobs": .null,
                    "finish_reason": .string(facts.isLimited ? "length" : "stop"),
                ])
            ]),
            "usage": facts.showsUsage ? OpenAIUsage.chat(facts) : nil,
            "service_tier": "default", "system_fingerprint": "fp_standin",
        ])
        return [document.bytes()]
    }

    private func event(_ choices: JSONValue, usage: JSONValue?) -> ByteBuffer {
        Self.chunk(facts, choices: choices, usage: usage).bytes(prefix: "data: ", suffix: "\n\n")
    }

    private static func chunk(
        _ facts: AnswerFacts, choices: JSONValue, usage: JSONValue?
    ) -> JSONValue {
        .object([
            "id": .string("chatcmpl-" + facts.serial), "object": "chat.completion.chunk",
            "created": .integer(AnswerFacts.created), "model": .string(facts.model),
            "service_tier": "default", "system_fingerprint": "fp_standin", "choices": choices,
            "usage": usage,
        ])
    }

    private static func choice(
        _ delta: KeyValuePairs<String, JSONValue?>, finish: String? = nil
    ) -> JSONValue {
        .array([
            .object([
                "index": 0, "delta": .object(delta), "logprobs": .null,
                "finish_reason": .optional(finish),
            ])
        ])
    }

    /// A request that asks for usage gets the key in every chunk, empty but in the last.
    private static func waiting(_ facts: AnswerFacts) -> JSONValue? {
        facts.showsUsage ? .null : nil
    }

    private static func running(_ facts: AnswerFacts) -> JSONValue? {
        guard facts.showsUsage, facts.plan.usage == .growing else { return waiting(facts) }
        return .object([
            "prompt_tokens": .count(facts.promptTokens),
            "completion_tokens": PieceTemplate.number(plus: facts.plan.reasoningTokens),
            "total_tokens": PieceTemplate.number(
                plus: facts.promptTokens + facts.plan.reasoningTokens),
        ])
    }
}

/// OpenAI's usage objects, also those of the article's WebSocket.
enum OpenAIUsage {
    static func chat(_ facts: AnswerFacts) -> JSONValue {
        .object([
            "prompt_tokens": .count(facts.promptTokens),
            "completion_tokens": .count(facts.outputTokens),
            "total_tokens": .count(facts.totalTokens),
            "prompt_tokens_details": .object([
                "cached_tokens": .count(facts.cachedTokens), "audio_tokens": 0,
            ]),
            "completion_tokens_details": .object([
                "reasoning_tokens": .count(facts.plan.reasoningTokens), "audio_tokens": 0,
                "accepted_prediction_tokens": 0, "rejected_prediction_tokens": 0,
            ]),
        ])
    }
}
