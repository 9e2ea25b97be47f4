import JSONBytes
import Logging
import MeteringRelay
import NIOCore
import NIOPosix
import ServiceLifecycle

/// A relay as the service runs it.
package struct ServedRelay: Sendable {
    let relay: Relay
    let writer: EventWriter
    let budgets: BudgetWatch
    let shutdownSeconds: Int

    package init(
        _ relay: Relay, _ writer: EventWriter, _ budgets: BudgetWatch, shutdownSeconds: Int
    ) {
        self.relay = relay
        self.writer = writer
        self.budgets = budgets
        self.shutdownSeconds = shutdownSeconds
    }
}

/// The application with a relay in it: what the relay does from time to time, and how it ends.
struct RelayingService: Service {
    /// What is left for events that are still being kept when everything else has ended.
    static let patience = Duration.seconds(10)
    private static let renewSeconds: Int64 = 10
    /// So many renewals go by between two looks for what dead processes left.
    private static let settleEvery = 3

    let application: any Service
    let relay: ServedRelay
    let logger: Logger

    func run() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await application.run() }
            group.addTask { await upkeep() }
            group.addTask { try await limit() }
            try await group.next()
            group.cancelAll()
        }
        await flush()
        for line in relay.writer.unkept() {
            logger.critical(
                "an event was not kept; tokenmeter ledger import takes it",
                metadata: ["event": "\(line)"])
        }
    }

    /// Asked to end, answers may go on for so long; then they are cut, their events kept, and whoever
    /// still holds a connection is not waited for.
    private func limit() async throws {
        try await gracefulShutdown()
        try await Task.sleep(for: .seconds(relay.shutdownSeconds))
        relay.relay.stop()
        await flush()
    }

    private func upkeep() async {
        let eventLoop = MultiThreadedEventLoopGroup.singleton.next()
        var round = 0
        while !Task.isCancelled {
            relay.budgets.lookForWarnings(on: eventLoop)
            do {
                if round % Self.settleEvery == 0 {
                    try await relay.budgets.settleExpired(on: eventLoop).get()
                }
                try await relay.budgets.renew(on: eventLoop).get()
            } catch {
                logger.warning(
                    "reservations could not be looked after", metadata: ["reason": "\(error)"])
            }
            round += 1
            try? await Task.sleep(for: .seconds(Self.renewSeconds))
        }
    }

    /// Waits for events that are being kept; what cannot be is told in the end, so that nothing is lost
    /// in silence.
    private func flush() async {
        let clock = ContinuousClock()
        let end = clock.now + Self.patience
        while relay.relay.openExchanges > 0 || relay.writer.waiting > 0, clock.now < end {
            // Who is cancelled does not sleep; what is left to do is done behind it.
            guard (try? await Task.sleep(for: .milliseconds(20))) != nil else { return }
        }
    }
}
