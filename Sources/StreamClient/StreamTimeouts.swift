/// How long a stream may take, part by part; `nil` is for ever.
package struct StreamTimeouts: Hashable, Sendable {
    /// The name looked up, the connection made, TLS agreed on.
    package var connectMilliseconds: Int64? = 10_000
    /// From the request on the wire to the first byte of what is answered.
    package var firstByteMilliseconds: Int64? = 120_000
    /// Between two bytes of an answer; comments and pings are bytes.
    package var idleMilliseconds: Int64? = 60_000
    /// From the start to the last byte.
    package var totalMilliseconds: Int64? = 1_800_000

    package init() {}
}

/// Which of the limits of time was passed.
package enum StreamTimeout: String, Hashable, Sendable, CaseIterable {
    case connect, firstByte, idle, total
}

/// Keeps the times of one exchange, and says which of its limits is passed and when to look again.
///
/// A pure value: whoever holds it says what happened and what time it is, in nanoseconds of any
/// clock that never goes back.
package struct StreamDeadlines: Hashable, Sendable {
    private enum Phase { case connecting, waiting, streaming, resting, ended }

    private let timeouts: StreamTimeouts
    private let start: Int64
    private var phase = Phase.connecting
    /// When the phase began, or the last byte came.
    private var mark: Int64
    /// Held back by whoever reads, who may take all time.
    private var isHeld = false

    package init(_ timeouts: StreamTimeouts, from start: Int64) {
        self.timeouts = timeouts
        self.start = start
        mark = start
    }

    /// The connection stands and the request is on it.
    package mutating func sent(at now: Int64) {
        guard phase != .ended else { return }
        phase = .waiting
        mark = now
    }

    /// The connection stands, and nothing was asked on it that waits for an answer.
    package mutating func rest() {
        guard phase != .ended else { return }
        phase = .resting
    }

    /// A byte of the answer came; whether it was the first, after which `next` may be earlier than
    /// before.
    @discardableResult package mutating func received(at now: Int64) -> Bool {
        guard phase == .waiting || phase == .streaming else { return false }
        let isFirst = phase == .waiting
        phase = .streaming
        mark = now
        return isFirst
    }

    /// A sign of life that answers nothing, such as a ping before the first token.
    package mutating func lived(at now: Int64) {
        guard phase == .streaming else { return }
        mark = now
    }

    package mutating func hold() { isHeld = true }

    package mutating func release(at now: Int64) {
        isHeld = false
        mark = max(mark, now)
    }

    package mutating func end() { phase = .ended }

    /// The earliest moment at which something can have passed; `nil` where nothing can.
    package var next: Int64? {
        [limit.map(\.at), total].compactMap(\.self).min()
    }

    package func expired(at now: Int64) -> StreamTimeout? {
        if let limit, limit.at <= now { return limit.timeout }
        if let total, total <= now { return .total }
        return nil
    }

    package func milliseconds(of timeout: StreamTimeout) -> Int64 {
        let limit =
            switch timeout {
            case .connect: timeouts.connectMilliseconds
            case .firstByte: timeouts.firstByteMilliseconds
            case .idle: timeouts.idleMilliseconds
            case .total: timeouts.totalMilliseconds
            }
        return limit ?? 0
    }

    private var limit: (timeout: StreamTimeout, at: Int64)? {
        switch phase {
        case .connecting: at(.connect, timeouts.connectMilliseconds)
        case .waiting: isHeld ? nil : at(.firstByte, timeouts.firstByteMilliseconds)
        case .streaming: isHeld ? nil : at(.idle, timeouts.idleMilliseconds)
        case .resting, .ended: nil
        }
    }

    private func at(
        _ timeout: StreamTimeout, _ milliseconds: Int64?
    ) -> (timeout: StreamTimeout, at: Int64)? {
        milliseconds.map { (timeout, Self.sum(mark, $0)) }
    }

    private var total: Int64? {
        guard phase != .ended, phase != .resting else { return nil }
        return timeouts.totalMilliseconds.map { Self.sum(start, $0) }
    }

    /// Later than any clock where it is later than can be said.
    private static func sum(_ nanoseconds: Int64, _ milliseconds: Int64) -> Int64 {
        let (span, isTooLong) = milliseconds.multipliedReportingOverflow(by: 1_000_000)
        let (sum, isTooLate) = nanoseconds.addingReportingOverflow(span)
        return isTooLong || isTooLate ? Int64.max : sum
    }
}
