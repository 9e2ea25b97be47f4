import NIOCore
import Synchronization

/// The answers that are under way, so that all of them can be ended.
final class OpenExchanges: Sendable {
    private struct State {
        var next = 0
        var stops: [Int: @Sendable () -> Void] = [:]
    }

    private let state = Mutex(State())

    var count: Int { state.withLock { $0.stops.count } }

    func add(_ stop: @escaping @Sendable () -> Void) -> Int {
        state.withLock { state in
            state.next += 1
            state.stops[state.next] = stop
            return state.next
        }
    }

    func remove(_ number: Int) { _ = state.withLock { $0.stops.removeValue(forKey: number) } }

    func stopAll() {
        for stop in state.withLock({ Array($0.stops.values) }) { stop() }
    }
}
