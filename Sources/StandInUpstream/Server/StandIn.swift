import Synchronization

/// What all connections of one stand-in share: its plan, and what has happened so far.
package final class StandIn: Sendable {
    package struct Counts: Hashable, Sendable {
        package var requests = 0
        /// Answers that came to their end.
        package var completed = 0
        /// Answers that a fault broke, or whose client left.
        package var broken = 0
    }

    let plan: AnswerPlan
    let recording: Recording?
    let limits: StandInLimits
    private let counted = Mutex(Counts())
    /// Requests that the faults of the plan still meet; `nil` where they meet all.
    private let faultsLeft: Mutex<Int?>

    /// `faultTimes`: how many requests the plan's faults meet; those that a request asks for itself
    /// always do.
    package init(
        plan: AnswerPlan, recording: Recording? = nil, faultTimes: Int? = nil,
        limits: StandInLimits = StandInLimits()
    ) {
        self.plan = plan
        self.recording = recording
        self.limits = limits
        faultsLeft = Mutex(faultTimes)
    }

    package var counts: Counts { counted.withLock { $0 } }

    /// The number of a request, counted from 1.
    func begin() -> Int {
        counted.withLock { counts in
            counts.requests += 1
            return counts.requests
        }
    }

    func end(isComplete: Bool) {
        counted.withLock { counts in
            if isComplete { counts.completed += 1 } else { counts.broken += 1 }
        }
    }

    /// The plan for a request that asks for `changes`.
    func plan(changes: String?) throws(PlanError) -> AnswerPlan {
        var own = plan
        if !plan.faults.isEmpty, !takeFault() { own.faults = [] }
        guard let changes else { return own }
        return try own.changed(by: changes)
    }

    private func takeFault() -> Bool {
        faultsLeft.withLock { left in
            guard let count = left else { return true }
            left = max(0, count - 1)
            return count > 0
        }
    }

    /// An id's figures behind the vendor's prefix: unlike within one server, and the same in each
    /// run.
    static func serial(_ number: Int) -> String {
        let figures = String(number)
        return "standin" + String(repeating: "0", count: max(0, 12 - figures.count)) + figures
    }
}

/// What a stand-in takes at most.
package struct StandInLimits: Hashable, Sendable {
    package var bodyBytes = 16 << 20
    package var connections = 20_000
    /// Of one WebSocket message.
    package var messageBytes = 16 << 20
    /// Completions that wait for their turn on one WebSocket.
    package var waitingCompletions = 16

    package init() {}
}
