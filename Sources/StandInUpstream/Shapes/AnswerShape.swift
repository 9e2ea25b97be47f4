import JSONBytes
import NIOCore

/// One vendor's way to write an answer. A piece is what is sent at once: an event, or a message.
package protocol AnswerShape: Sendable {
    /// What comes before the first token.
    var opening: [ByteBuffer] { get }
    /// What comes behind the last one; the end's own mark is left out where the plan says so.
    var closing: [ByteBuffer] { get }
    /// An error in mid-stream.
    var failure: ByteBuffer { get }
    /// What no reader can read.
    var garbage: ByteBuffer { get }
    /// The answer that is not streamed: one body, or messages.
    var whole: [ByteBuffer] { get }
    /// Of a streamed answer.
    var contentType: String { get }

    /// `number` counts from 0.
    func append(_ token: SyntheticText.Token, number: Int, to buffer: inout ByteBuffer)
}

extension AnswerShape {
    package var garbage: ByteBuffer {
        var bytes = ByteBuffer(string: "data: {\"choices\":[{\"delta\":{\"cont")
        bytes.writeBytes([0xFF, 0xFE, 0x00])
        bytes.writeString(" not this\n\n")
        return bytes
    }

    package var contentType: String { "text/event-stream; charset=utf-8" }
}

/// What an answer says, apart from how its vendor writes it.
package struct AnswerFacts: Sendable {
    /// Unlike any other of this server; only the figures behind a vendor's prefix.
    let serial: String
    let model: String
    let plan: AnswerPlan
    /// Tokens that are sent: what the plan says, or what the request allows.
    package let tokens: Int
    /// Whether the request's limit made them fewer.
    let isLimited: Bool
    let promptTokens: Int
    let cachedTokens: Int
    /// Whether the answer tells its usage.
    let showsUsage: Bool

    /// When the first stand-in answered: 2025-12-01, so that a seed repeats every byte.
    static let created: Int64 = 1_764_547_200

    var outputTokens: Int { tokens + plan.reasoningTokens }
    var totalTokens: Int { promptTokens + outputTokens }
    var text: String { SyntheticText.text(plan.script, seed: plan.seed, count: tokens) }
    var hasEnd: Bool { !plan.isMissingDone }

    /// The same, ended after so many tokens.
    func limited(to tokens: Int) -> AnswerFacts {
        AnswerFacts(
            serial: serial, model: model, plan: plan, tokens: tokens, isLimited: isLimited,
            promptTokens: promptTokens, cachedTokens: cachedTokens, showsUsage: showsUsage)
    }
}

extension JSONValue {
    static func count(_ number: Int) -> JSONValue { .integer(Int64(number)) }

    func bytes(prefix: String = "", suffix: String = "") -> ByteBuffer {
        var buffer = ByteBuffer(string: prefix)
        buffer.writeBytes(compactBytes)
        buffer.writeString(suffix)
        return buffer
    }
}
