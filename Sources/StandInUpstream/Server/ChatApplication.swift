import JSONBytes
import NIOCore
import WebSocketMessages
import WebSocketServer

/// The article's messages on one WebSocket: completions in turn, updates of their context, and an end
/// to the one under way.
final class ChatApplication: WebSocketApplication, AnswerSink {
    private struct Completion {
        let document: JSONValue
        let bytes: Int
        let received: NIODeadline
    }

    private let standIn: StandIn
    /// What the request to upgrade asked for.
    private let changes: String?
    private var peer: WebSocketPeer?
    private var waiting: [Completion] = []
    private var current: (facts: AnswerFacts, id: JSONValue?)?
    private var pump: AnswerPump?
    /// What `context.update` has brought so far.
    private var contextBytes = 0

    init(_ standIn: StandIn, changes: String?) {
        self.standIn = standIn
        self.changes = changes
    }

    func opened(_ peer: WebSocketPeer) { self.peer = peer }

    func becameWritable() { pump?.run() }

    func closed(_ close: WebSocketClose?) {
        pump?.stop()
        pump = nil
        if current != nil { standIn.end(isComplete: false) }
        current = nil
        peer = nil
    }

    func received(_ message: WebSocketMessage) {
        let bytes = Array(message.bytes.readableBytesView)
        let document: JSONValue
        do {
            document = try JSONReader.value(of: bytes, numbers: .decimal)
        } catch {
            return refuse(.badRequest("The message is not JSON: \(error)."), nil)
        }
        switch document["type"]?.textValue {
        case "chat.completion":
            guard waiting.count < standIn.limits.waitingCompletions else {
                let limit = standIn.limits.waitingCompletions
                return refuse(
                    .badRequest("More than \(limit) completions wait for their turn."),
                    document["id"])
            }
            waiting.append(Completion(document: document, bytes: bytes.count, received: .now()))
            next()
        case "context.update": contextBytes += bytes.count
        case "cancel": cancel()
        default:
            refuse(
                .badRequest("The type is none of chat.completion, context.update and cancel."),
                document["id"])
        }
    }

    private func next() {
        guard current == nil, let peer, !waiting.isEmpty else { return }
        let completion = waiting.removeFirst()
        let number = standIn.begin()
        let id = completion.document["id"]
        let plan: AnswerPlan
        do {
            plan = try standIn.plan(
                changes: completion.document["stand_in"]?.textValue ?? changes,
                for: .completion)
        } catch {
            return refuse(.badRequest(error.description), id)
        }
        let request = AnswerRequest(
            completion.document, bodyBytes: completion.bytes + contextBytes)
        let facts = request.facts(plan, api: .webSocketChat, serial: StandIn.serial(number))
        current = (facts, id)
        if let refusal = plan.refusal {
            send(WebSocketChatShape.error(refusal.error, id))
            return over(.end)
        }
        let stream =
            standIn.recording.map {
                StreamedAnswer($0, plan, tokens: $0.pieces.count, isStreamed: true)
            }
            ?? StreamedAnswer(
                WebSocketChatShape(facts, id: id), plan, tokens: facts.tokens,
                isStreamed: completion.document["stream"] != .bool(false))
        let pump = AnswerPump(stream, since: completion.received, on: peer.eventLoop, into: self)
        self.pump = pump
        pump.run()
    }

    /// Ends what is under way with the usage of what was sent.
    private func cancel() {
        guard let current, let pump else { return }
        let sent = current.facts.limited(to: pump.tokensSent)
        pump.stop()
        for piece in WebSocketChatShape(sent, id: current.id).closing { send(piece) }
        over(.end)
    }

    private func refuse(_ error: VendorError, _ id: JSONValue?) {
        send(WebSocketChatShape.error(error, id))
        peer?.flush()
    }

    private func send(_ piece: ByteBuffer) {
        standIn.sentPieces.add(piece.readableBytes)
        peer?.write(WebSocketMessage(.text, piece))
    }

    // MARK: The sink

    var isWritable: Bool { peer?.isWritable ?? false }

    func write(_ piece: ByteBuffer) { send(piece) }

    func flush() { peer?.flush() }

    func over(_ step: StreamedAnswer.Step) {
        guard step != .silence else { return }
        pump = nil
        current = nil
        standIn.end(isComplete: step == .end)
        guard step == .end else {
            peer?.drop()
            return
        }
        peer?.flush()
        next()
    }
}

/// Sends back what it gets, for those who hold a client or the server against a test suite.
final class EchoApplication: WebSocketApplication {
    private var peer: WebSocketPeer?

    func opened(_ peer: WebSocketPeer) { self.peer = peer }

    func received(_ message: WebSocketMessage) {
        peer?.write(message)
        peer?.flush()
        // What is not taken is not asked for more.
        if peer?.isWritable == false { peer?.pause() }
    }

    func becameWritable() { peer?.resume() }

    func closed(_ close: WebSocketClose?) { peer = nil }
}
