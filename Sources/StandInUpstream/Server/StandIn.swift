import JSONBytes
import Synchronization

/// What all connections of one stand-in share: its plan, and what has happened so far.
package final class StandIn: Sendable {
    package struct Counts: Hashable, Sendable {
        package var requests = 0
        /// Answers that came to their end.
        package var completed = 0
        /// Answers that a fault broke, or whose client left.
        package var broken = 0
        package var sent = SentBytes()

        package init() {}
    }

    /// What a plan is asked for.
    enum Moment {
        /// A request that is answered over HTTP.
        case request
        /// A request to speak WebSocket; only what refuses it matters.
        case upgrade
        /// A completion on a WebSocket; what refuses a request was met at the upgrade.
        case completion
    }

    let plan: AnswerPlan
    let recording: Recording?
    let limits: StandInLimits
    let sentOnSocket = ByteCount()
    let sentBeforeTLS = ByteCount()
    let sentPieces = ByteCount()
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

    package var counts: Counts {
        var counts = counted.withLock { $0 }
        counts.sent = SentBytes(
            onSocket: sentOnSocket.value, beforeTLS: sentBeforeTLS.value,
            ofPieces: sentPieces.value)
        return counts
    }

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
    func plan(changes: String?, for moment: Moment) throws(PlanError) -> AnswerPlan {
        var own = plan
        own.faults = own.faults.filter { fault in
            switch moment {
            case .request: true
            case .upgrade: fault.refusal != nil
            case .completion: fault.refusal == nil
            }
        }
        if !own.faults.isEmpty, !takeFault() { own.faults = [] }
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

extension StandIn.Counts {
    /// What `GET /v1/stand-in` answers.
    var document: JSONValue {
        .object([
            "requests": .count(requests), "completed": .count(completed), "broken": .count(broken),
            "sent_bytes": .object([
                "on_socket": .count(sent.onSocket), "before_tls": .count(sent.beforeTLS),
                "of_pieces": .count(sent.ofPieces),
            ]),
        ])
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
