import JSONBytes
import NIOCore

/// Gemini's generateContent (<https://ai.google.dev/api/generate-content>, checked 2026-11-23):
/// lines end with CR LF, every chunk tells the usage so far, and thoughts stand beside the output.
/// Without `alt=sse` the chunks are the elements of one array.
struct GeminiShape: AnswerShape {
    private let facts: AnswerFacts
    private let framing: StreamFraming
    private let token: PieceTemplate

    init(_ facts: AnswerFacts, framing: StreamFraming) {
        self.facts = facts
        self.framing = framing
        let (prefix, suffix) = framing == .events ? ("data: ", "\r\n\r\n") : (",\r\n", "")
        token = PieceTemplate(
            Self.chunk(
                facts, text: PieceTemplate.text, output: PieceTemplate.number(),
                total: PieceTemplate.number(
                    plus: facts.promptTokens + facts.plan.reasoningTokens)),
            prefix: prefix, suffix: suffix)
    }

    var contentType: String { framing == .events ? "text/event-stream" : "application/json" }

    var opening: [ByteBuffer] {
        guard framing == .array else { return [] }
        let first = Self.chunk(
            facts, text: "", output: nil,
            total: .count(facts.promptTokens + facts.plan.reasoningTokens))
        return [first.bytes(prefix: "[")]
    }

    func append(_ token: SyntheticText.Token, number: Int, to buffer: inout ByteBuffer) {
        self.token.append(token, number: number + 1, to: &buffer)
    }

    var closing: [ByteBuffer] {
        let last = Self.chunk(
            facts, text: "", output: .count(facts.tokens), total: .count(facts.totalTokens),
            finish: facts.hasEnd ? finish : nil)
        return framing == .events
            ? [last.bytes(prefix: "data: ", suffix: "\r\n\r\n")]
            : [last.bytes(prefix: ",\r\n", suffix: "\r\n]")]
    }

    var failure: ByteBuffer {
        let error = VendorError.midStream.gemini
        return framing == .events
            ? error.bytes(prefix: "data: ", suffix: "\r\n\r\n")
            : error.bytes(prefix: ",\r\n", suffix: "\r\n]")
    }

    var whole: [ByteBuffer] {
        [
            Self.chunk(
                facts, text: .string(facts.text), output: .count(facts.tokens),
                total: .count(facts.totalTokens), finish: finish
            ).bytes()
        ]
    }

    private var finish: String { facts.isLimited ? "MAX_TOKENS" : "STOP" }

    private static func chunk(
        _ facts: AnswerFacts, text: JSONValue, output: JSONValue?, total: JSONValue,
        finish: String? = nil
    ) -> JSONValue {
        .object([
            "candidates": .array([
                .object([
                    "content": .object([
                        "parts": .array([.object(["text": text])]), "role": "model",
                    ]), "finishReason": finish.map(JSONValue.string), "index": 0,
                ])
            ]),
            "usageMetadata": facts.showsUsage
                ? .object([
                    "promptTokenCount": .count(facts.promptTokens),
                    "candidatesTokenCount": output, "totalTokenCount": total,
                    "cachedContentTokenCount": facts.cachedTokens > 0
                        ? .count(facts.cachedTokens) : nil,
                    "thoughtsTokenCount": facts.plan.reasoningTokens > 0
                        ? .count(facts.plan.reasoningTokens) : nil,
                ]) : nil,
            "modelVersion": .string(facts.model), "responseId": .string(facts.serial),
        ])
    }
}
