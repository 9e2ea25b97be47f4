/// What a stand-in does wrong on purpose.
package enum Fault: Hashable, Sendable {
    /// Falls silent after so many tokens, and keeps the connection.
    case stall(afterTokens: Int)
    /// Breaks the connection after so many bytes of the body.
    case cut(afterBytes: Int)
    /// Sends bytes that are neither JSON nor UTF-8 after so many tokens, and goes on.
    case garbage(afterTokens: Int)
    /// An error in the vendor's shape after so many tokens, and nothing more.
    case error(afterTokens: Int)
    /// Status 429, and `Retry-After` where there is one.
    case rateLimited(retryAfterSeconds: Int?)
    case serverError
    /// Status 400 for a request that asks for usage, naming the field.
    case refusesUsage
    /// The stream ends without what marks its end.
    case missingDone
    /// Usage is left out, asked for or not.
    case noUsage
    /// The head of the response comes so much later.
    case slowHeaders(Duration)

    /// Each as it is written in a flag; N and D stand for a count and a duration.
    package static let spellings = [
        "stall:N", "cut:N", "garbage:N", "error:N", "429", "429:D", "500", "refuse-usage",
        "missing-done", "no-usage", "slow-headers:D",
    ]

    init(_ text: String) throws(PlanError) {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let value = parts.count > 1 ? String(parts[1]) : nil
        switch (parts.first.map(String.init), value) {
        case ("stall", let value?): self = .stall(afterTokens: try PlanText.count(value))
        case ("cut", let value?): self = .cut(afterBytes: try PlanText.count(value))
        case ("garbage", let value?): self = .garbage(afterTokens: try PlanText.count(value))
        case ("error", let value?): self = .error(afterTokens: try PlanText.count(value))
        case ("429", nil): self = .rateLimited(retryAfterSeconds: nil)
        case ("429", let value?):
            self = .rateLimited(
                retryAfterSeconds: Int(try PlanText.duration(value).components.seconds))
        case ("500", nil): self = .serverError
        case ("refuse-usage", nil): self = .refusesUsage
        case ("missing-done", nil): self = .missingDone
        case ("no-usage", nil): self = .noUsage
        case ("slow-headers", let value?): self = .slowHeaders(try PlanText.duration(value))
        default:
            throw PlanError(
                "\"\(text)\" is no fault; there are \(Self.spellings.joined(separator: ", "))")
        }
    }
}

/// A setting that means nothing, in one sentence.
package struct PlanError: Error, Hashable, Sendable, CustomStringConvertible {
    package let description: String

    init(_ description: String) { self.description = description }
}

/// Values of settings as they are written.
package enum PlanText {
    /// Beyond this a number is a slip.
    package static let maximumCount = 10_000_000
    package static let maximumDuration = Duration.seconds(86_400)

    package static func count(_ text: String) throws(PlanError) -> Int {
        guard let count = Int(text), (0...maximumCount).contains(count) else {
            throw PlanError("\"\(text)\" is not a count from 0 to \(maximumCount)")
        }
        return count
    }

    /// `138ms`, `2s`, `1.5s`, `3m` or `0`.
    package static func duration(_ text: String) throws(PlanError) -> Duration {
        let figures = text.prefix { $0.isNumber || $0 == "." }
        let nanoseconds: Double? =
            switch text.dropFirst(figures.count) {
            case "ms": 1e6
            case "s": 1e9
            case "m": 60e9
            case "" where figures == "0": 1
            default: nil
            }
        guard let nanoseconds, let figure = Double(figures), figure * nanoseconds <= 86_400e9
        else {
            throw PlanError(
                "\"\(text)\" is no duration of at most a day; write it like 138ms, 2s or 1m")
        }
        return .nanoseconds(Int64((figure * nanoseconds).rounded()))
    }
}
