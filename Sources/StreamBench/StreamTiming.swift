import Pricing
import ProviderUsage

/// What one stream took.
package struct StreamTiming: Hashable, Sendable {
    /// From the request to the first text; `nil` where none came.
    package var timeToFirstToken: Duration?
    /// From the request to the end.
    package var total = Duration.zero
    /// What the vendor's usage says went out; `nil` where it says nothing.
    package var tokens: Int64?
    /// Of the HTTP body, or of the messages.
    package var bodyBytes = 0
    /// Of the JSON alone.
    package var payloadBytes = 0
    /// Of the text alone, in UTF-8.
    package var textBytes = 0

    package init() {}

    /// Tokens by the total time, first wait included.
    package var tokensPerSecond: Double? {
        guard let tokens, total > .zero else { return nil }
        return Double(tokens) / (total / .seconds(1))
    }
}

/// Reads a stream and the time of each piece. It knows no clock: the caller says what time it is.
package struct StreamStopwatch: Sendable {
    package enum Framing: Sendable { case events, messages }

    private let framing: Framing
    private var timing = StreamTiming()
    private var answer = AnswerReader()
    private var usage = UsageReader()
    private var events = ServerSentEventParser()

    package init(_ framing: Framing) { self.framing = framing }

    /// Whether the answer told an error.
    package private(set) var hasFailed = false

    /// Whether text has come.
    package var hasBegun: Bool { timing.timeToFirstToken != nil }

    /// One piece of a body or one whole message, so long after the request.
    package mutating func read(_ bytes: UnsafeRawBufferPointer, at elapsed: Duration) {
        timing.bodyBytes += bytes.count
        var hasText = false
        answer.read(bytes) { part in
            switch part {
            case .text(let text):
                timing.textBytes += text.utf8.count
                hasText = true
            case .reasoning, .toolArguments: hasText = true
            case .failure: hasFailed = true
            case .finish: break
            }
        }
        if hasText, !hasBegun { timing.timeToFirstToken = elapsed }
        switch framing {
        case .events:
            usage.read(bytes)
            var payload = 0
            events.read(bytes) { payload += $0.data.count }
            timing.payloadBytes += payload
        case .messages:
            usage.read(message: bytes)
            timing.payloadBytes += bytes.count
        }
    }

    /// The stream's end, so long after the request.
    package mutating func finish(at elapsed: Duration) -> StreamTiming {
        let reading = usage.finish()
        timing.total = elapsed
        if reading.known == .reported {
            timing.tokens = reading.usage[.output] + reading.usage[.reasoning]
        }
        return timing
    }
}
