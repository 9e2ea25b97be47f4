import Pricing
import ProviderUsage

/// Reads one answer while it comes: what it used, what it says, and when.
///
/// Times are milliseconds since the request went out.
struct ChatAnswer {
    let host: String
    private var usage: UsageReader
    private var answer: AnswerReader
    private(set) var text = ""
    private(set) var firstTokenMilliseconds: Int64?
    private(set) var bytes = 0
    /// What the vendor called an error inside the answer.
    private(set) var error: String?
    /// Whether anything came that an answer is made of, if only its finish.
    private var hasParts = false

    private let key: StreamKey?

    init(_ endpoint: ChatEndpoint, model: String) {
        host = endpoint.address.host
        key = endpoint.key
        usage = UsageReader(api: endpoint.api, modelAsked: model)
        answer = AnswerReader(api: endpoint.api)
    }

    /// Whether the bytes are at their end, and the answer is too by what was held back of them.
    private var endsAtEnd = false
    private var isEnded: Bool { usage.hasFinishMarker || usage.hasEndMarker || endsAtEnd }
    var hasFinalUsage: Bool { usage.hasFinalUsage }

    /// How long the end of the bytes may still take, by what came; nil where there is more to come.
    var endMilliseconds: Int64? {
        if usage.hasEndMarker || error != nil { return 3_000 }
        // All that is wanted came, but for the sign that some vendors never send.
        return isEnded && hasFinalUsage ? 10_000 : nil
    }

    mutating func read(
        _ piece: UnsafeRawBufferPointer, at milliseconds: Int64, _ listener: ChatListener
    ) throws {
        try listener.bytes(piece)
        bytes += piece.count
        usage.read(piece)
        var parts: [AnswerPart] = []
        answer.read(piece) { parts.append($0) }
        try take(parts, at: milliseconds, listener)
    }

    mutating func read(
        message: UnsafeRawBufferPointer, at milliseconds: Int64, _ listener: ChatListener
    ) throws {
        try listener.bytes(message)
        bytes += message.count
        usage.read(message: message)
        var parts: [AnswerPart] = []
        answer.read(message: message) { parts.append($0) }
        try take(parts, at: milliseconds, listener)
    }

    /// The bytes are at their end: what was held back comes now.
    mutating func end(at milliseconds: Int64, _ listener: ChatListener) throws {
        var whole = usage
        _ = whole.finish()
        endsAtEnd = whole.hasFinishMarker
        var parts: [AnswerPart] = []
        answer.finish { parts.append($0) }
        try take(parts, at: milliseconds, listener)
    }

    mutating func reading(isCut: Bool) -> UsageReading { usage.finish(isCut: isCut) }

    /// Why the answer is not whole, though the connection did not break.
    var failure: ChatFailure? {
        if let error { return .vendor(error) }
        let isEmpty = !hasParts && !hasFinalUsage
        if isEnded, !isEmpty { return nil }
        return isEmpty && bytes > 0 ? .unreadable(host: host) : .endless(host: host)
    }

    private mutating func take(
        _ parts: [AnswerPart], at milliseconds: Int64, _ listener: ChatListener
    ) throws {
        for part in parts {
            hasParts = true
            switch part {
            case .text(let piece):
                firstTokenMilliseconds = firstTokenMilliseconds ?? milliseconds
                text += piece
                try listener.text(piece)
            case .reasoning, .toolArguments:
                firstTokenMilliseconds = firstTokenMilliseconds ?? milliseconds
            case .failure(let message):
                error = error ?? VendorMessage.clean(key?.redacted(message) ?? message)
            default: break
            }
        }
    }
}
