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

    /// A request that waits for its reservation.
    private struct Asking: Sendable {
        let event: UsageEvent
        let bound: RequestBound
        let caller: RelayCaller
        let promise: EventLoopPromise<Bool>
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
    private let asked = Mutex<[Asking]>([])

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
    /// Requests that come while the ledger is written share a transaction. Fails with `RelayProblem`.
    func reserve(
        _ event: UsageEvent, _ bound: RequestBound, _ caller: RelayCaller,
        on eventLoop: any EventLoop
    ) -> EventLoopFuture<Bool> {
        let asking = Asking(
            event: event, bound: bound, caller: caller,
            promise: eventLoop.makePromise(of: Bool.self))
        let isFirst = asked.withLock { asked in
            asked.append(asking)
            return asked.count == 1
        }
        if isFirst {
            writer.perform(on: eventLoop) { self.reserve(self.takeAsked(), in: $0) }
                .whenFailure { error in
                    for asking in self.takeAsked() { asking.promise.fail(error) }
                }
        }
        return asking.promise.futureResult
    }

    private func takeAsked() -> [Asking] {
        asked.withLock { asked in
            defer { asked = [] }
            return asked
        }
    }

    private func reserve(_ asked: [Asking], in ledger: RelayLedger) {
        for (account, asked) in Dictionary(grouping: asked, by: \.caller.account) {
            let ledger = ledger.of(account: account)
            let wanted: [(Asking, HardBudgets.Request)] = asked.compactMap { asking in
                do {
                    if let request = try request(asking, in: ledger) { return (asking, request) }
                    asking.promise.succeed(false)
                } catch {
                    asking.promise.fail(error)
                }
                return nil
            }
            guard !wanted.isEmpty else { continue }
            do {
                let verdicts = try hard.reserve(
                    wanted.map(\.1), owner: owner, in: ledger.context, ledger.reservations)
                for ((asking, request), verdict) in zip(wanted, verdicts) {
                    asking.promise.completeWith(Result { try admit(verdict, request) })
                }
            } catch {
                for (asking, _) in wanted { asking.promise.fail(error) }
            }
        }
    }

    /// What has to be held for a request; nil where nothing has to.
    private func request(
        _ asking: Asking, in ledger: RelayLedger
    ) throws(RelayProblem) -> HardBudgets.Request? {
        let book = ledger.context.pricing.book
        let event = asking.event
        let budgets: [Budget]
        do {
            budgets = try hard.holding(event, key: asking.caller.budget, in: book)
        } catch {
            throw RelayProblem(402, "unknown_budget", "\(error)")
        }
        guard !budgets.isEmpty else { return nil }
        let purchase = Purchase(
            model: event.modelAsked, channel: event.channel, at: event.start,
            serviceTier: event.serviceTierAsked ?? RateConditions.standardTier)
        do {
            return HardBudgets.Request(
                event, worst: try asking.bound.cost(purchase, in: book), under: budgets)
        } catch {
            throw Self.unpriceable(budgets, "\(error)")
        }
    }

    private func admit(
        _ verdict: Result<HardBudgets.Verdict, any Error>, _ request: HardBudgets.Request
    ) throws -> Bool {
        do {
            guard case .over(let name, let limit, let left, let wanted) = try verdict.get() else {
                held.withLock { $0 += 1 }
                return true
            }
            throw RelayProblem(
                402, "budget_exceeded",
                "budget \(quoted(name)) has \(left.display) left of \(limit.display), and this request may cost \(wanted.display)"
            )
        } catch let error as PricingError {
            throw Self.unpriceable(request.budgets, "\(error)")
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
    func warnings(
        for event: @autoclosure () -> UsageEvent, on eventLoop: any EventLoop
    ) -> [String] {
        guard !soft.isEmpty else { return [] }
        refresh(on: eventLoop)
        let event = event()
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
