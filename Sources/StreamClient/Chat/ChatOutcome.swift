import Pricing
import ProviderUsage
import WebSocketMessages

/// What became of one question.
package struct ChatOutcome: Sendable {
    /// What the vendor reported, or what can be said without it.
    package var reading: UsageReading
    /// The text that came.
    package var text: String
    package var failure: ChatFailure?
    /// When the request went out that was answered, or failed.
    package var start: Timestamp
    package var durationMilliseconds: Int64
    /// From `start` to the first token, reasoning included; `nil` where none came.
    package var firstTokenMilliseconds: Int64?
    /// Whether the vendor may charge for it: the request went out, and was not refused.
    package var mayBeCharged: Bool
    /// What a refusal asks to be done otherwise.
    var adjustments: Set<ChatAdjustment> = []
}

/// Why an answer is not whole.
package enum ChatFailure: Error, Hashable, Sendable, CustomStringConvertible {
    case stream(StreamError)
    /// In the vendor's words, inside a stream that began.
    case vendor(String)
    /// The stream ended without saying that it was done.
    case endless(host: String)
    /// The bytes were no answer of any dialect.
    case unreadable(host: String)

    package var description: String {
        switch self {
        case .stream(let error): error.description
        case .vendor(let message): "the vendor ended the answer: \(message)"
        case .endless(let host): "\(host) ended the answer without saying that it was whole"
        case .unreadable(let host): "what \(host) sent is no answer that can be read"
        }
    }
}

extension ChatOutcome {
    /// The same without a key that whoever answered repeats, where it is shown or kept.
    func redacted(_ key: StreamKey?) -> ChatOutcome {
        guard let key else { return self }
        var outcome = self
        outcome.failure = failure?.redacted(key)
        outcome.reading = reading.redacted(key)
        return outcome
    }
}

extension ChatFailure {
    fileprivate func redacted(_ key: StreamKey) -> ChatFailure {
        switch self {
        case .vendor(let message): return .vendor(key.redacted(message))
        case .stream(let error): return .stream(error.redacted(key))
        case .endless, .unreadable: return self
        }
    }
}

extension StreamError {
    fileprivate func redacted(_ key: StreamKey) -> StreamError {
        let reason: Reason
        switch self.reason {
        case .status(let status, let retryAfter, let message):
            reason = .status(
                status, retryAfterMilliseconds: retryAfter,
                message: message.map { key.redacted($0) })
        case .closed(let close): reason = .closed(close.redacted(key))
        case .violated(let close): reason = .violated(close.redacted(key))
        case .other(let what): reason = .other(key.redacted(what))
        default: return self
        }
        return StreamError(host: host, reason: reason, wasSent: wasSent)
    }
}

extension UsageReading {
    fileprivate func redacted(_ key: StreamKey) -> UsageReading {
        var reading = self
        reading.model = model.map(key.redacted(name:))
        reading.vendorID = vendorID.map(key.redacted(name:))
        reading.finishReason = finishReason.map(key.redacted(name:))
        reading.serviceTier = serviceTier.map(key.redacted(name:))
        reading.attributes = attributes.mapValues(key.redacted(name:))
        return reading
    }
}

extension WebSocketClose {
    fileprivate func redacted(_ key: StreamKey) -> WebSocketClose {
        WebSocketClose(code, key.redacted(reason))
    }
}

/// Something that happened on the way, for people.
package enum ChatNote: Hashable, Sendable, CustomStringConvertible {
    case retrying(StreamError, afterMilliseconds: Int64)
    case adjusting(ChatAdjustment)
    /// A WebSocket stands again; so many messages of its context were sent anew.
    case reconnected(host: String, replayed: Int)

    package var description: String {
        switch self {
        case .retrying(let error, let milliseconds):
            "\(error); trying again in \(milliseconds / 1000).\(milliseconds % 1000 / 100) s"
        case .adjusting(.withoutUsage):
            "the vendor refuses stream_options; asking once without, so that it may report no usage"
        case .adjusting(.completionTokens):
            "the vendor wants max_completion_tokens in place of max_tokens; asking once more"
        case .reconnected(let host, 0): "connected to \(host) again"
        case .reconnected(let host, let replayed):
            "connected to \(host) again, and sent its context anew ("
                + (replayed == 1 ? "1 message)" : "\(replayed) messages)")
        }
    }
}

/// Who hears what happens while an answer comes; what it throws ends the answer.
package struct ChatListener: Sendable {
    /// Text, as whole characters.
    package var text: @Sendable (String) throws -> Void
    /// The bytes of the answer as they came; a message of a WebSocket at a time.
    package var bytes: @Sendable (UnsafeRawBufferPointer) throws -> Void
    package var note: @Sendable (ChatNote) -> Void

    package init(
        text: @escaping @Sendable (String) throws -> Void = { _ in },
        bytes: @escaping @Sendable (UnsafeRawBufferPointer) throws -> Void = { _ in },
        note: @escaping @Sendable (ChatNote) -> Void = { _ in }
    ) {
        self.text = text
        self.bytes = bytes
        self.note = note
    }
}
