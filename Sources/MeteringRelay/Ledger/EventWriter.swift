import Accounting
import JSONBytes
import Logging
import NIOCore
import NIOPosix
import Pricing
import Synchronization

/// A ledger as the relay writes it.
package struct RelayLedger: Sendable {
    package let context: LedgerContext
    package let reservations: any BudgetReservations

    package init(_ context: LedgerContext, _ reservations: any BudgetReservations) {
        self.context = context
        self.reservations = reservations
    }

    func of(account: String) -> RelayLedger {
        RelayLedger(
            LedgerContext(context.pricing, ledger: context.ledger, account: account), reservations)
    }
}

/// Keeps the events of a relay: one thread writes, and those that come while it does share the next
/// transaction; another syncs what was written, so that no other transaction waits for the disk.
///
/// An event that cannot be kept is tried again until it can; meanwhile no request is let through.
package final class EventWriter: Sendable {
    private struct Waiting: Sendable {
        let event: UsageEvent
        let account: String
        let promise: EventLoopPromise<LedgerEntry>
    }

    /// An event that is written, and not yet synced.
    private struct Written: Sendable {
        let waiting: Waiting
        let entry: LedgerEntry
    }

    private struct State {
        var events: [Waiting] = []
        /// What the thread writes now.
        var beingWritten: [Waiting] = []
        var probes: [EventLoopPromise<Void>] = []
        var tasks: [@Sendable (Result<RelayLedger, any Error>) -> Void] = []
        /// Whether the thread is at work, or will be.
        var isScheduled = false
        var isFailing = false
        var written: [Written] = []
        /// What the other thread syncs now, or failed to.
        var beingSynced: [Written] = []
        /// Whether that thread is at work, or waits to try again.
        var isSyncing = false
        var isSyncFailing = false
        /// When the ledger was last written.
        var writtenAt: NIODeadline?

        /// What the thread does next, with at most `count` events; nil where nothing is left, and
        /// the thread is done.
        mutating func take(_ count: Int) -> (
            events: [Waiting], probes: [EventLoopPromise<Void>],
            tasks: [@Sendable (Result<RelayLedger, any Error>) -> Void]
        )? {
            guard !(events.isEmpty && probes.isEmpty && tasks.isEmpty) else {
                isScheduled = false
                return nil
            }
            defer { (probes, tasks) = ([], []) }
            beingWritten = Array(events.prefix(count))
            events.removeFirst(beingWritten.count)
            return (beingWritten, probes, tasks)
        }

        /// What is synced next; nil where nothing is left, and the thread is done.
        mutating func takeWritten() -> [Written]? {
            beingSynced = written
            written = []
            isSyncing = !beingSynced.isEmpty
            return isSyncing ? beingSynced : nil
        }

        /// Events that are not kept yet.
        var unkept: [UsageEvent] {
            (events + beingWritten + (written + beingSynced).map(\.waiting)).map(\.event)
        }
    }

    /// For how long a ledger that was written counts as one that can be.
    private static let freshMilliseconds: Int64 = 1_000
    private static let retryMilliseconds: Int64 = 250
    /// A transaction holds the ledger's lock for a few milliseconds.
    private static let groupSize = 300

    private let writing = NIOThreadPool(numberOfThreads: 1)
    private let syncing = NIOThreadPool(numberOfThreads: 1)
    private let ledger: @Sendable () throws -> RelayLedger
    private let logger: Logger
    private let state = Mutex(State())

    /// `ledger` is asked on the writer's thread, for the hour moves on.
    package init(logger: Logger, ledger: @escaping @Sendable () throws -> RelayLedger) {
        self.ledger = ledger
        self.logger = logger
        writing.start()
        syncing.start()
    }

    deinit {
        writing.shutdownGracefully { _ in }
        syncing.shutdownGracefully { _ in }
    }

    // MARK: What is asked of it

    /// Whether an event of that id waits to be kept.
    func isKeeping(_ id: EventID) -> Bool {
        state.withLock { $0.unkept.contains { $0.id == id } }
    }

    /// Keeps an event, out of reach of a loss of power once the future comes; it waits for ever.
    package func append(
        _ event: UsageEvent, account: String, on eventLoop: any EventLoop
    ) -> EventLoopFuture<LedgerEntry> {
        let promise = eventLoop.makePromise(of: LedgerEntry.self)
        schedule {
            $0.events.append(Waiting(event: event, account: account, promise: promise))
        }
        return promise.futureResult
    }

    /// Comes where an event could be kept now: `nil` at once, where one was a moment ago.
    package func ready(on eventLoop: any EventLoop) -> EventLoopFuture<Void>? {
        let isFresh = state.withLock { state in
            !state.isFailing && !state.isSyncFailing
                && state.writtenAt.map {
                    NIODeadline.now() - $0 < .milliseconds(Self.freshMilliseconds)
                } ?? false
        }
        if isFresh { return nil }
        let promise = eventLoop.makePromise(of: Void.self)
        schedule { $0.probes.append(promise) }
        return promise.futureResult
    }

    /// The same, for who has no event loop.
    package func ready() async throws {
        try await ready(on: MultiThreadedEventLoopGroup.singleton.next())?.get()
    }

    /// Calls `body` on the writer's thread, in its turn.
    package func perform<T: Sendable>(
        on eventLoop: any EventLoop, _ body: @escaping @Sendable (RelayLedger) throws -> T
    ) -> EventLoopFuture<T> {
        let promise = eventLoop.makePromise(of: T.self)
        schedule {
            $0.tasks.append { ledger in
                promise.completeWith(Result { try body(try ledger.get()) })
            }
        }
        return promise.futureResult
    }

    /// How many events wait to be kept.
    package var waiting: Int {
        state.withLock { state in
            state.events.count + state.beingWritten.count + state.written.count
                + state.beingSynced.count
        }
    }

    /// Events that could not be kept so far, as lines of JSON, for whoever ends.
    package func unkept() -> [String] {
        state.withLock { $0.unkept }.map { event in
            let entry = LedgerEntry(
                event: event, channel: event.channel, model: event.modelAsked, line: nil)
            return String(decoding: entry.json.compactBytes, as: UTF8.self)
        }
    }

    private func schedule(_ change: (inout State) -> Void) {
        let isFirst = state.withLock { state in
            change(&state)
            defer { state.isScheduled = true }
            return !state.isScheduled
        }
        if isFirst { submit() }
    }

    private func submit() {
        writing.submit { [self] state in if state == .active { work() } }
    }

    // MARK: Writing

    private func work() {
        while true {
            guard let (events, probes, tasks) = state.withLock({ $0.take(Self.groupSize) }) else {
                return
            }
            let opened = Result { try ledger() }
            for task in tasks { task(opened) }
            guard keep(events, opened) else {
                for probe in probes { probe.fail(EventWriterError.unwritable) }
                return retry(events)
            }
            answer(probes, opened, isWritten: !events.isEmpty)
        }
    }

    /// Whether all of them are written.
    private func keep(_ events: [Waiting], _ opened: Result<RelayLedger, any Error>) -> Bool {
        guard !events.isEmpty else { return true }
        do {
            let ledger = try opened.get()
            let written = try Dictionary(grouping: events, by: \.account).flatMap {
                try write($1, in: ledger.of(account: $0))
            }
            state.withLock { state in
                state.isFailing = false
                state.writtenAt = .now()
            }
            sync(written, of: ledger.context.ledger)
            return true
        } catch {
            let isNew = state.withLock { state in
                defer { state.isFailing = true }
                return !state.isFailing
            }
            if isNew {
                logger.error(
                    "the ledger takes no events; they are kept in memory, and no request passes",
                    metadata: ["reason": "\(error)", "events": "\(events.count)"])
            }
            return false
        }
    }

    private func write(_ events: [Waiting], in ledger: RelayLedger) throws -> [Written] {
        let book = ledger.context.pricing.book
        let entries = events.map { book.entry(for: $0.event) }
        do {
            _ = try ledger.context.ledger.append(
                entries, account: ledger.context.account, durability: .normal)
            return zip(events, entries).map { Written(waiting: $0, entry: $1) }
        } catch let error as LedgerError {
            // Of rates that this ledger does not have: the event counts all the same.
            guard events.count == 1 else {
                return try events.flatMap { try write([$0], in: ledger) }
            }
            var entry = entries[0]
            entry.line = nil
            entry.pricedBy = nil
            logger.warning("an event is kept without its price", metadata: ["reason": "\(error)"])
            _ = try ledger.context.ledger.append(
                [entry], account: ledger.context.account, durability: .normal)
            return [Written(waiting: events[0], entry: entry)]
        }
    }

    private func answer(
        _ probes: [EventLoopPromise<Void>], _ opened: Result<RelayLedger, any Error>,
        isWritten: Bool
    ) {
        guard !probes.isEmpty else { return }
        do {
            if !isWritten {
                let ledger = try opened.get()
                // The ledger's lock, and a change of nothing.
                try ledger.reservations.renew(
                    owner: "", until: ledger.context.pricing.now, account: ledger.context.account)
                state.withLock { state in
                    state.isFailing = false
                    state.writtenAt = .now()
                }
            }
            guard !state.withLock({ $0.isSyncFailing }) else { throw EventWriterError.unwritable }
            for probe in probes { probe.succeed() }
        } catch {
            logger.warning("the ledger cannot be written", metadata: ["reason": "\(error)"])
            for probe in probes { probe.fail(EventWriterError.unwritable) }
        }
    }

    private func retry(_ events: [Waiting]) {
        // Those that were kept before one of another account failed are the same again: an event is
        // kept once.
        state.withLock { state in
            state.events.insert(contentsOf: events, at: 0)
            state.beingWritten = []
        }
        soon { $0.submit() }
    }

    private func soon(_ body: @escaping @Sendable (EventWriter) -> Void) {
        MultiThreadedEventLoopGroup.singleton.next().scheduleTask(
            in: .milliseconds(Self.retryMilliseconds)
        ) { [self] in body(self) }
    }

    // MARK: Syncing

    private func sync(_ written: [Written], of ledger: any UsageLedger) {
        let isFirst = state.withLock { state in
            state.written += written
            state.beingWritten = []
            defer { state.isSyncing = true }
            return !state.isSyncing
        }
        guard isFirst else { return }
        syncing.submit { [self] state in if state == .active { syncAll(of: ledger) } }
    }

    private func syncAll(of ledger: any UsageLedger) {
        while let written = state.withLock({ $0.takeWritten() }) {
            do {
                try ledger.makeDurable()
            } catch {
                return syncFailed(error, written)
            }
            state.withLock { state in
                state.beingSynced = []
                state.isSyncFailing = false
            }
            for one in written { one.waiting.promise.succeed(one.entry) }
        }
    }

    /// They are written again, and then synced: what the system could not put on the disk it may have
    /// forgotten.
    private func syncFailed(_ error: any Error, _ written: [Written]) {
        let isNew = state.withLock { state in
            defer { state.isSyncFailing = true }
            return !state.isSyncFailing
        }
        if isNew {
            logger.error(
                "the ledger's events do not reach the disk; no request passes",
                metadata: ["reason": "\(error)", "events": "\(written.count)"])
        }
        soon { writer in
            writer.schedule { state in
                state.events.insert(contentsOf: written.map(\.waiting), at: 0)
                state.beingSynced = []
                state.isSyncing = false
            }
        }
    }
}

package enum EventWriterError: Error, Hashable, Sendable, CustomStringConvertible {
    case unwritable

    package var description: String { "the ledger cannot be written now" }
}
