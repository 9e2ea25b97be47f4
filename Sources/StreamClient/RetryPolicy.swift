import WebSocketMessages

/// When a request is sent again, and after how long. Never where the vendor may have charged for it:
/// only what did not go out, and what was refused for coming too often.
package struct RetryPolicy: Hashable, Sendable {
    /// The first one counted.
    package var attempts = 4
    package var firstMilliseconds: Int64 = 500
    package var maximumMilliseconds: Int64 = 8_000
    /// Who wants to be left alone for longer than this is given up.
    package var maximumRetryAfterMilliseconds: Int64 = 60_000

    package init() {}

    package static let never = {
        var policy = RetryPolicy()
        policy.attempts = 1
        return policy
    }()

    /// How long to wait before the attempt after `attempt`, which is counted from 1; `nil` where there
    /// is none.
    package func milliseconds(
        after reason: StreamError.Reason, wasSent: Bool, attempt: Int,
        using generator: inout some RandomNumberGenerator
    ) -> Int64? {
        guard attempt < attempts else { return nil }
        switch reason {
        // Who fails without naming a time may have done the work.
        case .status(503, nil, _): return nil
        case .status(429, let retryAfter, _), .status(503, let retryAfter, _):
            guard let retryAfter else { return backoff(attempt, &generator) }
            guard retryAfter <= maximumRetryAfterMilliseconds else { return nil }
            // No earlier than asked, and not all at once.
            return retryAfter + Int64.random(in: 0...max(retryAfter / 10, 1), using: &generator)
        case .refusesConnections, .unreachable, .cutShort, .timeout(.connect, _),
            .timeout(.firstByte, _):
            return wasSent ? nil : backoff(attempt, &generator)
        case .closed(let close):
            return wasSent || !Self.passes(close) ? nil : backoff(attempt, &generator)
        default: return nil
        }
    }

    /// Whether a WebSocket was closed for nothing that is wrong with what was asked: the other side
    /// ended, restarts, or is too busy.
    private static func passes(_ close: WebSocketClose) -> Bool {
        guard let code = close.code?.rawValue else { return true }
        return code == 1000 || code == 1001 || (1011...1014).contains(code)
    }

    /// Twice as long each time; between half of it and all of it.
    private func backoff(
        _ attempt: Int, _ generator: inout some RandomNumberGenerator
    ) -> Int64 {
        var span = max(firstMilliseconds, 1)
        for _ in 1..<max(attempt, 1) where span < maximumMilliseconds { span *= 2 }
        span = min(span, maximumMilliseconds)
        return Int64.random(in: (span + 1) / 2...max(span, 1), using: &generator)
    }
}
