import Accounting
import JSONBytes
import NIOCore
import NIOHTTP1
import Pricing
import ProviderUsage
import StreamClient

/// One request from its admission to its event in the ledger: asks upstream, hands the answer on as it
/// comes, and lets its end through once the event is kept.
///
/// Everything in it happens on the client's event loop.
final class RelayExchange: StreamReceiver {
    private enum Phase {
        /// Nothing went upstream.
        case preparing
        /// Upstream was asked.
        case asking
        /// Its head came.
        case answering
        /// Its event is being kept.
        case settling
        /// Its event is kept, or none has to be.
        case settled
        case over
    }

    private let relay: Relay
    private let call: RelayCall
    private let eventLoop: any EventLoop
    private let started = NIODeadline.now()
    private var phase = Phase.preparing
    private var sink: (any RelaySink)?
    private var exchange: HTTPExchange?
    private var attempt = 1
    private var retry: Scheduled<Void>?
    private var isDiscarding = false
    /// Whether its worst case is reserved under a budget.
    private var isHolding = false
    private var end = RelayEnd.complete

    private var answer: MeteredAnswer
    /// Whether what upstream answered is worth nothing, to anybody.
    private var isRefused = false
    /// Why the answer will not be whole.
    private var failure: RelayProblem?
    private var isUpstreamDone = false
    private var hasLeft = false
    /// What waits for the event to be kept.
    private var held = ByteBuffer()
    private var isHeld = false
    private var patience: Scheduled<Void>?
    /// What upstream waits for before it sends more.
    private var room: EventLoopPromise<Void>?
    private var keepAlive: RepeatedTask?
    private var isQuiet = false

    init(_ call: RelayCall, of relay: Relay, into sink: any RelaySink, on eventLoop: any EventLoop)
    {
        self.call = call
        self.relay = relay
        self.sink = sink
        self.eventLoop = eventLoop
        answer = MeteredAnswer(call)
    }

    private var upstream: RelayUpstream { relay.settings.upstreams[call.upstream] }

    // MARK: Before upstream is asked

    func start() {
        relay.metrics.began(upstream.name)
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        relay.open.add(call.id) { [eventLoop] in
            eventLoop.execute { bound.value.stop() }
        }
        guard !call.route.isList else { return ask() }
        guard let ready = relay.writer.ready(on: eventLoop) else { return reserve() }
        ready.assumeIsolated().whenComplete { [self] result in
            switch result {
            case .success: reserve()
            case .failure: deny(Self.noLedger)
            }
        }
    }

    private static let noLedger = RelayProblem(
        503, "ledger_unavailable",
        "the ledger cannot be written, and nothing is sent that could not be metered",
        retryAfterSeconds: 5)

    /// Without a time to come back at: what was sent may be charged, and would be once more.
    private static let notKept = RelayProblem(
        503, "ledger_unavailable",
        "the request was sent, and its event cannot be written now: the answer ends here")

    private func reserve() {
        guard !hasLeft else { return deny(RelayProblem(499, "left", "the client left")) }
        guard relay.budgets.isHolding(call.caller) else { return ask() }
        relay.budgets.reserve(call.event, call.bound, call.caller, on: eventLoop).assumeIsolated()
            .whenComplete { [self] result in
                switch result {
                case .success(let isHolding):
                    self.isHolding = isHolding
                    guard !hasLeft else {
                        return deny(RelayProblem(499, "left", "the client left"))
                    }
                    ask()
                case .failure(let error): deny(error as? RelayProblem ?? Self.noLedger)
                }
            }
    }

    /// Nothing goes upstream.
    private func deny(_ problem: RelayProblem) {
        end = hasLeft ? .left : .denied
        if isHolding { relay.budgets.release(call.id, call.caller, on: eventLoop) }
        sink?.refuse(problem, [:])
        sink = nil
        finish(status: problem.status, nil)
    }

    private func ask() {
        if let failure { return deny(failure) }
        phase = .asking
        do {
            exchange = try relay.client(call.upstream, on: eventLoop).begin(
                call.request, on: eventLoop, into: self)
        } catch {
            failed(error)
        }
    }

    // MARK: What upstream says

    /// What may come behind the end of an answer while its event is being kept.
    private static let maximumHeldBytes = 1 << 18

    func answered(_ head: HTTPResponseHead) {
        if let wait = wait(for: head) { return again(afterMilliseconds: wait) }
        guard head.status.code >= 200 else {
            end = .refused
            return give(
                up: RelayProblem(
                    502, "upstream_failed",
                    "\(call.request.address.host) answers in another protocol (status \(head.status.code))"
                ))
        }
        let isElsewhere = (300..<400).contains(head.status.code) && head.status != .notModified
        guard !isElsewhere else {
            let host = call.request.address.host
            end = .refused
            return give(
                up: RelayProblem(
                    502, "redirected",
                    "\(host) leads elsewhere, and redirects are not followed (status \(head.status.code))"
                ))
        }
        phase = .answering
        answer.begin(head, relay)
        var headers = HeaderRules.response(
            head.headers, isChanged: answer.isChanged || relay.settings.tellsCost)
        for (name, value) in call.caller.headers { headers.replaceOrAdd(name: name, value: value) }
        if answer.mayBeCharged {
            if !call.route.isList {
                headers.add(name: "X-Tokenmeter-Event", value: call.id.text)
            }
            for warning in relay.budgets.warnings(for: call.event, on: eventLoop) {
                headers.add(name: "X-Tokenmeter-Budget", value: warning)
            }
        }
        if answer.isStream { headers.add(name: "X-Accel-Buffering", value: "no") }
        sink?.answer(head.status, headers)
        if answer.takesComments, let milliseconds = upstream.keepAliveMilliseconds {
            let span = TimeAmount.milliseconds(milliseconds)
            let bound = NIOLoopBound(self, eventLoop: eventLoop)
            keepAlive = eventLoop.scheduleRepeatedTask(initialDelay: span, delay: span) { _ in
                bound.value.breakSilence()
            }
        }
    }

    func received(_ bytes: ByteBuffer) -> EventLoopFuture<Void>? {
        guard phase != .asking, phase != .over else { return nil }
        isQuiet = false
        let passed = answer.read(bytes, sinceMilliseconds: milliseconds)
        if phase != .settled, isHeld || answer.holdsBack {
            held.writeImmutableBuffer(passed)
            hold()
            // Usage is not behind so much.
            if phase == .answering, held.readableBytes > Self.maximumHeldBytes { settle() }
        } else if passed.readableBytes > 0 {
            sink?.write(passed)
        }
        if hasLeft, answer.hasFinalUsage, phase == .answering { leaveUpstream() }
        let isFull =
            phase == .settling
            ? held.readableBytes > Self.maximumHeldBytes : sink.map { !$0.isWritable } ?? false
        guard isFull else { return nil }
        let room = eventLoop.makePromise(of: Void.self)
        self.room = room
        return room.futureResult
    }

    /// The end of the answer is in sight: it waits for the event, and the event for the usage.
    private func hold() {
        guard !isHeld else { return }
        isHeld = true
        guard phase == .answering else { return }
        if answer.hasFinalUsage || !answer.isStream { return settle() }
        waitForUsage { $0.settle() }
    }

    private func waitForUsage(_ body: @escaping (RelayExchange) -> Void) {
        patience?.cancel()
        patience = eventLoop.assumeIsolated().scheduleTask(
            in: .milliseconds(relay.settings.limits.usageMilliseconds)
        ) { [self] in body(self) }
    }

    func ended() {
        exchange = nil
        guard !answer.endsShort, !answer.isUnreadable else {
            // Its connection's end is all that ended it.
            return failed(
                StreamError(host: call.request.address.host, reason: .cutShort, wasSent: true))
        }
        isUpstreamDone = true
        let rest = answer.finish()
        if rest.readableBytes > 0 {
            if isHeld { held.writeImmutableBuffer(rest) } else { sink?.write(rest) }
        }
        if !answer.mayBeCharged { end = .refused }
        if hasLeft { end = .left }
        advance()
    }

    func failed(_ error: StreamError) {
        guard phase != .over, !isDiscarding else { return }
        exchange = nil
        releaseRoom()
        if phase == .asking, let wait = wait(for: error) { return again(afterMilliseconds: wait) }
        isUpstreamDone = true
        if phase == .asking { answer.mayBeCharged = error.mayBeCharged && !isRefused }
        answer.isCut = true
        if end != .refused { end = hasLeft ? .left : .cut }
        failure =
            failure
            ?? (hasLeft ? RelayProblem(499, "left", "the client left") : Self.problem(of: error))
        advance()
    }

    private static func problem(of error: StreamError) -> RelayProblem {
        if case .timeout = error.reason {
            return RelayProblem(504, "upstream_timeout", error.description)
        }
        return RelayProblem(502, "upstream_failed", error.description)
    }

    // MARK: Trying again

    /// Only what was not sent, and what was refused with a time to come back at.
    private func wait(for head: HTTPResponseHead) -> Int64? {
        guard [429, 503].contains(head.status.code), !hasLeft else { return nil }
        let retryAfter = RetryAfter.milliseconds(now: relay.now()) { head.headers.first(name: $0) }
        guard retryAfter != nil else { return nil }
        return wait(
            for: .status(
                Int(head.status.code), retryAfterMilliseconds: retryAfter, message: nil),
            wasSent: true)
    }

    private func wait(for error: StreamError) -> Int64? {
        guard !hasLeft, !error.wasSent else { return nil }
        return wait(for: error.reason, wasSent: false)
    }

    private func wait(for reason: StreamError.Reason, wasSent: Bool) -> Int64? {
        var generator = SystemRandomNumberGenerator()
        return upstream.retries.milliseconds(
            after: reason, wasSent: wasSent, attempt: attempt, using: &generator)
    }

    private func again(afterMilliseconds wait: Int64) {
        attempt += 1
        phase = .preparing
        // What it still says is of no interest.
        isDiscarding = true
        exchange.take()?.cancel()
        isDiscarding = false
        retry = eventLoop.assumeIsolated().scheduleTask(in: .milliseconds(wait)) { [self] in
            retry = nil
            ask()
        }
    }

    // MARK: The client

    /// It takes more again.
    func becameWritable() { releaseRoom() }

    private func releaseRoom() { room.take()?.succeed() }

    /// It is gone: what upstream still says is read only as far as it is worth it.
    func clientLeft() {
        guard phase != .over else { return }
        sink = nil
        cancelled()
    }

    /// It wants no more of the answer, and still to know how it ended.
    func cancelled() {
        guard !hasLeft, phase != .over else { return }
        hasLeft = true
        keepAlive?.cancel()
        releaseRoom()
        switch phase {
        case .preparing:
            guard retry != nil else { return }
            retry?.cancel()
            deny(RelayProblem(499, "left", "the client left"))
        case .asking: if upstream.leavePolicy == .stop { leaveUpstream() }
        case .answering:
            if answer.hasFinishMarker {
                // The vendor has written it to its end, and bills it.
                answer.hasFinalUsage ? leaveUpstream() : waitForUsage { $0.leaveUpstream() }
            } else if upstream.leavePolicy == .stop {
                leaveUpstream()
            }
        case .settling, .settled:
            if !isUpstreamDone { leaveUpstream() }
        case .over: break
        }
    }

    private func leaveUpstream() { exchange?.cancel() }

    /// The service ends.
    private func stop() {
        guard phase != .over else { return }
        let problem = RelayProblem(503, "shutdown", "the service ends")
        failure = failure ?? problem
        if let retry {
            retry.cancel()
            deny(problem)
        }
        exchange?.cancel()
    }

    /// There is no answer worth passing on.
    private func give(up problem: RelayProblem) {
        failure = problem
        isRefused = true
        leaveUpstream()
    }

    private func breakSilence() {
        defer { isQuiet = true }
        guard isQuiet, phase == .answering, !isHeld, answer.isBetweenEvents else { return }
        sink?.write(ByteBuffer(string: ": keep-alive\n\n"))
    }

    // MARK: The event

    /// Upstream is done: the event is kept, and then the client told.
    private func advance() {
        patience?.cancel()
        switch phase {
        case .settling, .over: break
        case .settled: conclude()
        case .preparing, .asking, .answering: settle()
        }
    }

    private func settle() {
        patience?.cancel()
        guard phase != .settling, phase != .settled, phase != .over else { return }
        phase = .settling
        let event = answer.event(call, durationMilliseconds: milliseconds)
        guard let event, !call.route.isList else {
            if isHolding { relay.budgets.release(call.id, call.caller, on: eventLoop) }
            return settled(nil)
        }
        let kept = relay.writer.append(event, account: call.caller.account, on: eventLoop)
        let limit = eventLoop.assumeIsolated().scheduleTask(
            in: .milliseconds(relay.settings.limits.commitMilliseconds)
        ) { [self] in settled(nil, isKept: false) }
        kept.assumeIsolated().whenSuccess { [self] entry in
            limit.cancel()
            if isHolding { relay.budgets.settled() }
            settled(entry)
        }
    }

    private func settled(_ entry: LedgerEntry?, isKept: Bool = true) {
        guard phase == .settling else { return }
        phase = .settled
        answer.entry = entry
        guard isKept else {
            failure = Self.notKept
            held.clear()
            end = .cut
            isUpstreamDone = true
            exchange.take()?.cancel()
            return conclude()
        }
        if held.readableBytes > 0 {
            sink?.write(held)
            held = ByteBuffer()
        }
        isHeld = false
        releaseRoom()
        if isUpstreamDone { conclude() }
    }

    private func conclude() {
        guard phase == .settled, isUpstreamDone else { return }
        let wasAnswered = answer.status != nil && failure?.code != "redirected"
        if let failure {
            if wasAnswered {
                sink?.cut(failure, answer.entry?.event)
            } else {
                var headers = HTTPHeaders(call.caller.headers)
                if answer.mayBeCharged {
                    headers.add(name: "X-Tokenmeter-Event", value: call.id.text)
                }
                sink?.refuse(failure, headers)
            }
        } else {
            if relay.settings.tellsCost, answer.takesComments, let entry = answer.entry {
                sink?.write(ByteBuffer(bytes: answer.comment(on: entry, in: relay)))
            }
            sink?.end(answer.entry?.event)
        }
        sink = nil
        finish(status: wasAnswered ? answer.status ?? 0 : failure?.status ?? 0, answer.entry)
    }

    private var milliseconds: Int64 { (NIODeadline.now() - started).nanoseconds / 1_000_000 }

    private func finish(status: Int, _ entry: LedgerEntry?) {
        phase = .over
        keepAlive?.cancel()
        patience?.cancel()
        releaseRoom()
        relay.open.remove(call.id)
        relay.metrics.ended(
            upstream.name, end, known: entry?.event.known.rawValue,
            firstTokenMilliseconds: answer.firstTokenMilliseconds, bytes: answer.bytes)
        relay.log?.log(
            call.start,
            [
                "route": .string(call.route.path), "status": .integer(Int64(status)),
                "end": .string(end.rawValue), "upstream": .string(upstream.name),
                "model": .string(call.model), "key": .optional(call.caller.key),
                "project": .optional(call.attribution.project),
                "event": entry.map { .string($0.event.id.text) },
                "known": entry.map { .string($0.event.known.rawValue) },
                "attempts": .integer(Int64(attempt)),
                "request_bytes": .integer(Int64(call.requestBytes)),
                "bytes": .integer(Int64(answer.bytes)), "duration_ms": .integer(milliseconds),
                "first_token_ms": answer.firstTokenMilliseconds.map(JSONValue.integer),
                "problem": failure.map { .string($0.code) },
            ])
    }
}
