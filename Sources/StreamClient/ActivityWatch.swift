import NIOCore

/// Keeps the deadlines of one exchange on its event loop, however many bytes come.
///
/// All but `init` is for the event loop.
final class ActivityWatch: Sendable {
    private struct State {
        var deadlines: StreamDeadlines
        let timer: MovingDeadline
        var onExpiry: ((StreamTimeout, Int64) -> Void)?
    }

    private let state: NIOLoopBoundBox<State>

    init(_ timeouts: StreamTimeouts, on eventLoop: any EventLoop) {
        state = .makeBoxSendingValue(
            State(
                deadlines: StreamDeadlines(timeouts, from: Self.now),
                timer: MovingDeadline(on: eventLoop)), eventLoop: eventLoop)
    }

    /// Calls `onExpiry` once, with the limit that was passed and its milliseconds.
    func start(_ onExpiry: @escaping (StreamTimeout, Int64) -> Void) {
        state.value.onExpiry = onExpiry
        arm()
    }

    func sent() { update { $0.sent(at: Self.now) } }
    func rest() { update { $0.rest() } }
    func release() { update { $0.release(at: Self.now) } }

    func received() {
        if state.value.deadlines.received(at: Self.now) { arm() }
    }

    /// These set no timer: what they put off is found when it runs out.
    func lived() { state.value.deadlines.lived(at: Self.now) }
    func hold() { state.value.deadlines.hold() }

    func stop() {
        state.value.deadlines.end()
        state.value.timer.stop()
        state.value.onExpiry = nil
    }

    private func update(_ change: (inout StreamDeadlines) -> Void) {
        change(&state.value.deadlines)
        arm()
    }

    private func arm() {
        guard state.value.onExpiry != nil else { return }
        guard let next = state.value.deadlines.next else { return state.value.timer.clear() }
        state.value.timer.set(.uptimeNanoseconds(UInt64(next))) { self.look() }
    }

    private func look() {
        guard let timeout = state.value.deadlines.expired(at: Self.now) else { return arm() }
        let onExpiry = state.value.onExpiry
        let limit = state.value.deadlines.milliseconds(of: timeout)
        stop()
        onExpiry?(timeout, limit)
    }

    private static var now: Int64 {
        Int64(clamping: NIODeadline.now().uptimeNanoseconds)
    }
}
