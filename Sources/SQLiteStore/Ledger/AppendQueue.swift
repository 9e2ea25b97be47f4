import Accounting
import Foundation
import Synchronization

/// Appends of one process that come at the same time share a transaction, and its sync: the first
/// writes, and whoever comes while it does waits for the next one, which one of them writes for all.
final class AppendQueue: Sendable {
    /// Keeps some groups of entries in one transaction; what happened to each entry, by group.
    typealias Writing = ([[LedgerEntry]], Durability) throws -> [[AppendOutcome]]

    private final class Ticket: Sendable {
        let entries: [LedgerEntry]
        let account: String
        let durability: Durability
        /// Signalled once there is a result, or once it is its turn to write.
        let signal = DispatchSemaphore(value: 0)
        let result = Mutex<Result<[AppendOutcome], any Error>?>(nil)

        init(_ entries: [LedgerEntry], account: String, _ durability: Durability) {
            self.entries = entries
            self.account = account
            self.durability = durability
        }
    }

    private struct Waiting {
        var tickets: [Ticket] = []
        var isWriting = false
    }

    private let waiting = Mutex(Waiting())

    /// A transaction holds the ledger's lock for a few milliseconds.
    private static let maximumEntries = 300

    /// Blocks until the entries are kept. `write` may be called for the entries of others too.
    func append(
        _ entries: [LedgerEntry], account: String, _ durability: Durability, _ write: Writing
    ) throws -> [AppendOutcome] {
        let ticket = Ticket(entries, account: account, durability)
        let isFirst = waiting.withLock { waiting in
            waiting.tickets.append(ticket)
            defer { waiting.isWriting = true }
            return !waiting.isWriting
        }
        if !isFirst { ticket.signal.wait() }
        if let result = ticket.result.withLock({ $0 }) { return try result.get() }
        let group = waiting.withLock { Self.take(from: &$0) }
        Self.write(group, write)
        let next = waiting.withLock { waiting in
            waiting.isWriting = !waiting.tickets.isEmpty
            return waiting.tickets.first
        }
        for other in group where other !== ticket { other.signal.signal() }
        next?.signal.signal()
        guard let result = ticket.result.withLock({ $0 }) else { return [] }
        return try result.get()
    }

    /// The first ones of one account, together no more than a transaction should hold.
    private static func take(from waiting: inout Waiting) -> [Ticket] {
        var count = 0
        let group = waiting.tickets.prefix { ticket in
            guard ticket.account == waiting.tickets[0].account else { return false }
            count += ticket.entries.count
            return count <= maximumEntries || count == ticket.entries.count
        }
        waiting.tickets.removeFirst(group.count)
        return Array(group)
    }

    private static func write(_ group: [Ticket], _ write: Writing) {
        let durability: Durability =
            group.contains { $0.durability == .full } ? .full : .normal
        do {
            let outcomes = try write(group.map(\.entries), durability)
            for (ticket, outcomes) in zip(group, outcomes) {
                ticket.result.withLock { $0 = .success(outcomes) }
            }
        } catch {
            // One that cannot be kept takes no other with it.
            if group.count > 1, error is LedgerError {
                for ticket in group { Self.write([ticket], write) }
            } else {
                for ticket in group { ticket.result.withLock { $0 = .failure(error) } }
            }
        }
    }
}
