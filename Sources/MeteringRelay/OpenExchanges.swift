import Accounting
import Synchronization

/// The answers that are under way, so that all of them can be ended, and the id of none be taken.
final class OpenExchanges: Sendable {
    private let stops = Mutex<[EventID: @Sendable () -> Void]>([:])

    var count: Int { stops.withLock { $0.count } }

    func add(_ id: EventID, _ stop: @escaping @Sendable () -> Void) {
        stops.withLock { $0[id] = stop }
    }

    func remove(_ id: EventID) { _ = stops.withLock { $0.removeValue(forKey: id) } }

    func contains(_ id: EventID) -> Bool { stops.withLock { $0[id] != nil } }

    func stopAll() {
        for stop in stops.withLock({ Array($0.values) }) { stop() }
    }
}
