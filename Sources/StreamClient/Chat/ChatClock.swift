import Pricing

/// The time of day, which dates a request, and a clock that never goes back, which measures it.
package struct ChatClock: Sendable {
    package let now: @Sendable () -> Timestamp
    private let clock = ContinuousClock()

    package init(now: @escaping @Sendable () -> Timestamp) { self.now = now }

    var instant: ContinuousClock.Instant { clock.now }

    func milliseconds(since start: ContinuousClock.Instant) -> Int64 {
        let span = start.duration(to: clock.now).components
        return span.seconds * 1_000 + span.attoseconds / 1_000_000_000_000_000
    }
}
