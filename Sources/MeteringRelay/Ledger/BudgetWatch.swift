import Accounting
import NIOCore
import Pricing
import Synchronization

/// The budgets of a relay: hard ones hold requests back, others warn.
package final class BudgetWatch: Sendable {
    private struct Warnings {
        var list: [BudgetWarning] = []
        var readAt: NIODeadline?
        var isReading = false
    }

    /// How old a warning may be.
    private static let freshMilliseconds: Int64 = 2_000

    let hard: HardBudgets
    /// Names this process among those that hold reservations.
    let owner: String
    private let soft: [Budget]
    private let writer: EventWriter
    private let warnings = Mutex(Warnings())
    private let held = Mutex(0)

    package init(_ budgets: [Budget], writer: EventWriter, owner: String) {
        hard = HardBudgets(budgets)
        soft = budgets.filter { $0.basis != .plan && !$0.isHard }
        self.writer = writer
        self.owner = owner
    }

    func isHolding(_ caller: RelayCaller) -> Bool { !hard.isEmpty || caller.budget != nil }

    /// Reserves the worst case of a request under the budgets that it falls under. Whether anything
    /// is held now.
    ///
    /// Fails with `RelayProblem`.
    func reserve(
        _ event: UsageEvent, _ bound: RequestBound, _ caller: RelayCaller,
        on eventLoop: any EventLoop
    ) -> EventLoopFuture<Bool> {
        writer.perform(on: eventLoop) { [hard, owner] ledger in
            let ledger = ledger.of(account: caller.account)
            let book = ledger.context.pricing.book
            let budgets: [Budget]
            do {
                budgets = try hard.holding(event, key: caller.budget, in: book)
            } catch {
                throw RelayProblem(402, "unknown_budget", "\(error)")
            }
            guard !budgets.isEmpty else { return false }
            let purchase = Purchase(
                model: event.modelAsked, channel: event.channel, at: event.start,
                serviceTier: event.serviceTierAsked ?? RateConditions.standardTier)
            let verdict: HardBudgets.Verdict
            do {
                verdict = try hard.reserve(
                    event, worst: try bound.cost(purchase, in: book), under: budgets, owner: owner,
                    in: ledger.context, ledger.reservations)
            } catch let error as RequestBoundError {
                throw Self.unpriceable(budgets, "\(error)")
            } catch let error as PricingError {
                throw Self.unpriceable(budgets, "\(error)")
            }
            guard case .over(let name, let limit, let left, let wanted) = verdict else {
                self.held.withLock { $0 += 1 }
                return true
            }
            throw RelayProblem(
                402, "budget_exceeded",
                "budget \(quoted(name)) has \(left.display) left of \(limit.display), and this request may cost \(wanted.display)"
            )
        }
    }

    private static func unpriceable(_ budgets: [Budget], _ why: String) -> RelayProblem {
        RelayProblem(
            402, "unpriceable",
            "the request is held to budget \(quoted(budgets[0].name)), and what it may cost is not known: \(why)"
        )
    }

    /// Takes back what is held for a request that costs nothing.
    func release(_ id: EventID, _ caller: RelayCaller, on eventLoop: any EventLoop) {
        settled()
        _ = writer.perform(on: eventLoop) { ledger in
            try ledger.reservations.release([id], account: caller.account)
        }
    }

    /// What was held was released with its event.
    func settled() { held.withLock { $0 -= 1 } }

    // MARK: From time to time

    /// Lets this process's reservations live on.
    package func renew(on eventLoop: any EventLoop) -> EventLoopFuture<Void> {
        guard held.withLock({ $0 > 0 }) else { return eventLoop.makeSucceededVoidFuture() }
        return writer.perform(on: eventLoop) { [owner] ledger in
            try ledger.reservations.renew(
                owner: owner,
                until: ledger.context.pricing.now.advanced(bySeconds: HardBudgets.leaseSeconds),
                account: ledger.context.account)
        }
    }

    /// Settles what dead processes held.
    package func settleExpired(on eventLoop: any EventLoop) -> EventLoopFuture<Void> {
        writer.perform(on: eventLoop) { ledger in
            _ = try ledger.context.settleExpired(
                ledger.reservations, at: ledger.context.pricing.now)
        }
    }

    // MARK: Warnings

    /// What an answer's header warns of: budgets that the request falls under and that are nearly, or
    /// more than, spent; as it was a moment ago.
    func warnings(for event: UsageEvent, on eventLoop: any EventLoop) -> [String] {
        guard !soft.isEmpty else { return [] }
        refresh(on: eventLoop)
        return warnings.withLock { $0.list }.filter { $0.covers(event) }.map(\.text)
    }

    /// Looks for warnings before anybody asks, so that the first answer has them.
    package func lookForWarnings(on eventLoop: any EventLoop) {
        if !soft.isEmpty { refresh(on: eventLoop) }
    }

    private func refresh(on eventLoop: any EventLoop) {
        let isDue = warnings.withLock { warnings in
            let isOld =
                warnings.readAt.map {
                    NIODeadline.now() - $0 >= .milliseconds(Self.freshMilliseconds)
                } ?? true
            guard isOld, !warnings.isReading else { return false }
            warnings.isReading = true
            return true
        }
        guard isDue else { return }
        writer.perform(on: eventLoop) { [soft] ledger in
            try ledger.context.warnings(of: soft)
        }.whenComplete { [self] result in
            warnings.withLock { warnings in
                warnings.isReading = false
                warnings.readAt = .now()
                if case .success(let list) = result { warnings.list = list }
            }
        }
    }
}
