import Accounting
import JSONBytes
import NIOCore
import NIOHTTP1
import Pricing
import ProviderUsage
import Synchronization
import WebSocketMessages
import WebSocketServer

/// A client on `GET /v1/ws/chat`: completions in turn, updates of their context, and an end to the one
/// under way. Each completion is an exchange of its own, with its own event.
final class RelaySocket: WebSocketApplication {
    /// Completions that wait for their turn.
    static let maximumWaiting = 16
    /// Of all that `context.update` told.
    static let maximumContextBytes = 1 << 20

    private let relay: Relay
    private let head: HTTPRequestHead
    private var caller: RelayCaller
    private var peer: WebSocketPeer?
    private var context: [JSONValue] = []
    private var contextBytes = 0
    private var waiting: [SocketCompletion] = []
    private var current: SocketCompletion?
    /// Bytes of the messages that are not answered, as they count among all requests.
    private var countedBytes = 0
    private var exchange: RelayExchange?
    private var answer = AnswerReader()
    private var isCancelled = false
    private var failure: String?
    private var isFlushDue = false
    private var isEnding = false

    init(_ relay: Relay, _ head: HTTPRequestHead, _ caller: RelayCaller) {
        self.relay = relay
        self.head = head
        self.caller = caller
    }

    // MARK: The client

    func opened(_ peer: WebSocketPeer) { self.peer = peer }

    func becameWritable() { exchange?.becameWritable() }

    func closed(_ close: WebSocketClose?) {
        peer = nil
        waiting = []
        count(-countedBytes)
        let exchange = exchange.take()
        exchange?.clientLeft()
    }

    func ending() {
        isEnding = true
        leaveIfDone()
    }

    func received(_ message: WebSocketMessage) {
        let json: JSONValue
        do {
            json = try JSONReader.value(
                of: Array(message.bytes.readableBytesView), numbers: .decimal)
        } catch {
            return refuse(
                RelayProblem(400, "invalid_json", "the message is not JSON: \(error)"), nil)
        }
        switch json["type"]?.textValue {
        case "chat.completion": ask(json, bytes: message.bytes.readableBytes)
        case "context.update": update(json, bytes: message.bytes.readableBytes)
        case "cancel":
            // One that waits was not asked yet: the one under way is meant, and those behind it stay.
            guard current != nil else { return }
            isCancelled = true
            exchange?.cancelled()
        default:
            refuse(
                RelayProblem(
                    400, "unknown_type",
                    "the type is none of chat.completion, context.update and cancel"), json["id"])
        }
    }

    private func ask(_ json: JSONValue, bytes: Int) {
        guard waiting.count < Self.maximumWaiting, !isEnding else {
            return refuse(
                RelayProblem(
                    429, "too_many_completions",
                    "more than \(Self.maximumWaiting) completions wait for their turn"), json["id"]
            )
        }
        let all = relay.gatheredBytes.load(ordering: .relaxed) + bytes
        guard all <= relay.settings.limits.allBodiesBytes else {
            return refuse(relay.tooManyBytes, json["id"])
        }
        do {
            waiting.append(try SocketCompletion(json, context: context, bytes: bytes))
            count(bytes)
        } catch {
            return refuse(error, json["id"])
        }
        next()
    }

    private func count(_ bytes: Int) {
        countedBytes += bytes
        relay.gatheredBytes.wrappingAdd(bytes, ordering: .relaxed)
    }

    private func update(_ json: JSONValue, bytes: Int) {
        guard let messages = json["messages"]?.elements else {
            return refuse(
                RelayProblem(400, "messages_required", "the message has no messages"), json["id"])
        }
        guard contextBytes + bytes <= Self.maximumContextBytes else {
            return refuse(
                RelayProblem(
                    413, "context_too_large",
                    "a context is at most \(Self.maximumContextBytes >> 20) MiB"), json["id"])
        }
        contextBytes += bytes
        context += messages
    }

    // MARK: One completion after the other

    private func next() {
        guard current == nil, let peer, !waiting.isEmpty else { return leaveIfDone() }
        let completion = waiting.removeFirst()
        current = completion
        isCancelled = false
        failure = nil
        // The key may have ended, or have been revoked, since the one before.
        relay.gate.admit(head, on: peer.eventLoop).assumeIsolated().whenComplete {
            [self] result in
            guard self.peer != nil else { return }
            switch result {
            case .success(let caller):
                self.caller = caller
                begin(completion, peer)
            case .failure(let error): refuse(error as? RelayProblem ?? .unavailable, [:])
            }
        }
    }

    private func begin(_ completion: SocketCompletion, _ peer: WebSocketPeer) {
        guard !isCancelled else { return refuse(RelayProblem(499, "left", "the client left"), [:]) }
        do {
            let call = try RelayCall(completion, head.headers, caller, of: relay)
            answer = AnswerReader(api: call.route.api)
            let exchange = RelayExchange(call, of: relay, into: self, on: peer.eventLoop)
            self.exchange = exchange
            exchange.start()
        } catch {
            refuse(error, [:])
        }
    }

    private func over() {
        exchange = nil
        count(-min(current?.bytes ?? 0, countedBytes))
        current = nil
        flushSoon()
        // Not within the call of the exchange that ends.
        peer?.eventLoop.assumeIsolated().execute { [self] in next() }
    }

    private func leaveIfDone() {
        guard isEnding, current == nil, waiting.isEmpty else { return }
        peer?.close(WebSocketClose(.goingAway, "the service ends"))
    }

    // MARK: Messages

    private func refuse(_ problem: RelayProblem, _ id: JSONValue?) {
        send("error", id, ["error": problem.error])
    }

    private func send(
        _ type: String, _ id: JSONValue?, _ fields: KeyValuePairs<String, JSONValue?>
    ) {
        var object = JSONObject(["type": .string(type), "id": id])
        for (key, value) in fields { object.append(key, value) }
        peer?.write(
            WebSocketMessage(.text, ByteBuffer(bytes: JSONValue.object(object).compactBytes)))
        flushSoon()
    }

    private func flushSoon() {
        guard !isFlushDue, let peer else { return }
        isFlushDue = true
        peer.eventLoop.assumeIsolated().execute { [self] in
            isFlushDue = false
            self.peer?.flush()
        }
    }

    private func tell(_ part: AnswerPart) {
        guard !isCancelled, let current else { return }
        switch part {
        case .text(let text):
            send("stream", current.id, ["delta": .object(["content": .string(text)])])
        case .reasoning(let text):
            send("stream", current.id, ["delta": .object(["reasoning": .string(text)])])
        case .failure(let message): failure = failure ?? message
        case .toolArguments, .finish: break
        }
    }

    private func tell(_ event: UsageEvent?) {
        guard let event, event.known != .unknown else { return }
        let usage = event.usage
        let isInputKnown = usage[.unreportedInput] == 0
        let cached = usage.meters.filter { $0.side == .input && $0.isCached }.reduce(Int64(0)) {
            $0 + usage[$1]
        }
        let input = isInputKnown ? usage.totalInput : nil
        send(
            "usage", current?.id,
            [
                "usage": .object([
                    "prompt_tokens": input.map(JSONValue.integer),
                    "completion_tokens": .integer(usage.totalOutput),
                    "total_tokens": input.map { .integer($0 + usage.totalOutput) },
                    "prompt_tokens_details": .object(["cached_tokens": .integer(cached)]),
                    "completion_tokens_details": .object([
                        "reasoning_tokens": .integer(usage[.reasoning])
                    ]),
                ]), "known": .string(event.known.rawValue),
            ])
    }
}

extension RelaySocket: RelaySink {
    var isWritable: Bool { peer?.isWritable ?? false }

    func answer(_ status: HTTPResponseStatus, _ headers: HTTPHeaders) {
        guard !(200..<300).contains(status.code) else { return }
        failure = "the upstream answered with status \(status.code)"
    }

    func write(_ bytes: ByteBuffer) {
        bytes.withUnsafeReadableBytes { bytes in answer.read(bytes) { tell($0) } }
    }

    func end(_ event: UsageEvent?) {
        answer.finish { tell($0) }
        tell(event)
        if let failure {
            refuse(RelayProblem(502, "upstream_failed", failure), current?.id)
        } else {
            send("done", current?.id, ["event": .optional(event?.id.text)])
        }
        over()
    }

    func cut(_ problem: RelayProblem, _ event: UsageEvent?) {
        tell(event)
        if isCancelled {
            send(
                "done", current?.id,
                ["event": .optional(event?.id.text), "cancelled": true])
        } else {
            refuse(problem, current?.id)
        }
        over()
    }

    func refuse(_ problem: RelayProblem, _ headers: HTTPHeaders) {
        if isCancelled {
            send("done", current?.id, ["cancelled": true])
        } else {
            refuse(problem, current?.id)
        }
        over()
    }
}

/// Accepts WebSockets for a relay, once their key is known.
package struct RelayUpgrade: Sendable {
    private let relay: Relay

    package init(_ relay: Relay) { self.relay = relay }

    /// For one connection. What is accepted speaks before the handler of a name, which gets nothing
    /// more.
    package func upgrader(
        on eventLoop: any EventLoop, before name: String
    ) -> any HTTPServerProtocolUpgrader & Sendable {
        let admitted = NIOLoopBoundBox<RelayCaller?>(nil, eventLoop: eventLoop)
        return WebSocketEndpoint.upgrader(
            WebSocketServerLimits(), before: name,
            decide: { [relay] channel, head in
                guard RelayRoute.path(of: head) == RelayRoute.webSocket else {
                    return channel.eventLoop.makeSucceededFuture(.leave)
                }
                // Who is not let in asks again as anybody does, and is told why.
                return relay.gate.admit(head, on: channel.eventLoop).map { caller in
                    admitted.value = caller
                    return .accept([:])
                }.recover { _ in .leave }
            },
            open: { [relay] _, head in
                guard let caller = admitted.value else {
                    preconditionFailure("only who was admitted is accepted")
                }
                return RelaySocket(relay, head, caller)
            })
    }
}
