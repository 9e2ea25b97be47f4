import NIOCore
import Synchronization

/// The connections that are open, so that an end closes them too.
final class OpenConnections: Sendable {
    private let limit: Int
    private let channels = Mutex<[ObjectIdentifier: any Channel]>([:])

    init(limit: Int) { self.limit = limit }

    /// Whether there is room for one more.
    func add(_ channel: any Channel) -> Bool {
        let id = ObjectIdentifier(channel)
        let hasRoom = channels.withLock { channels in
            guard channels.count < limit else { return false }
            channels[id] = channel
            return true
        }
        if hasRoom {
            channel.closeFuture.whenComplete { [self] _ in
                channels.withLock { _ = $0.removeValue(forKey: id) }
            }
        }
        return hasRoom
    }

    func closeAll() async {
        for channel in channels.withLock({ Array($0.values) }) {
            // One that has closed by itself meanwhile is what was wanted.
            try? await channel.close()
        }
    }
}
