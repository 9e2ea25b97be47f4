import JSONBytes
import NIOCore
import Pricing
import ProviderUsage
import WebSocketMessages

/// Asks over a WebSocket that stays open between questions. Where it breaks, it is opened again with
/// backoff, its context is sent anew, and so is what had not gone out; an answer that was cut stays
/// cut, for asking again would be paid again. One question at a time.
package actor WebSocketChat {
    private let endpoint: ChatEndpoint
    private let client: WebSocketClient
    private let retries: RetryPolicy
    private let clock: ChatClock
    private var connection: WebSocketConnection?
    private var context = WebSocketContext()
    private var wasConnected = false

    package init(
        _ endpoint: ChatEndpoint, client: WebSocketClient, retries: RetryPolicy = RetryPolicy(),
        clock: ChatClock
    ) {
        self.endpoint = endpoint
        self.client = client
        self.retries = retries
        self.clock = clock
    }

    /// Adds to what the other side knows besides the conversation; sent at once where the connection
    /// stands, else with the next question.
    package func update(_ messages: [ChatMessage]) async throws(StreamError) {
        context.add(messages)
        guard connection != nil else { return }
        do {
            try await sendContext()
        } catch {
            drop()
            // It goes out with the next question, on another connection.
            guard !error.wasSent else { throw error }
        }
    }

    /// Never throws: whatever happens is in the outcome, and cancelling the task ends the answer.
    package func ask(_ question: ChatQuestion, _ listener: ChatListener) async -> ChatOutcome {
        var attempt = 1
        var generator = SystemRandomNumberGenerator()
        while true {
            let outcome = await once(question, listener)
            guard case .stream(let error)? = outcome.failure, !error.wasSent,
                let wait = retries.milliseconds(
                    after: error.reason, wasSent: false, attempt: attempt, using: &generator)
            else { return outcome }
            listener.note(.retrying(error, afterMilliseconds: wait))
            do {
                try await Task.sleep(for: .milliseconds(wait))
            } catch {
                return outcome
            }
            attempt += 1
        }
    }

    /// Whether something came that belongs to no question.
    package var hasLateMessage: Bool { connection?.hasMessage ?? false }

    package func close() async {
        await connection?.close()
        drop()
    }

    private func once(_ question: ChatQuestion, _ listener: ChatListener) async -> ChatOutcome {
        var start = clock.now()
        var instant = clock.instant
        var answer = ChatAnswer(endpoint, model: question.model)
        var failure: ChatFailure?
        var mayBeCharged = true
        do {
            let connection = try await connected(listener)
            start = clock.now()
            instant = clock.instant
            try await connection.send(
                WebSocketMessage(.text, ByteBuffer(bytes: Self.json(question).compactBytes)),
                asking: true, cancellation: WebSocketMessage(text: #"{"type":"cancel"}"#))
            try await read(&answer, since: instant, listener)
            failure = answer.failure
        } catch let error as StreamError {
            failure = .stream(error)
            mayBeCharged = error.mayBeCharged
            drop()
        } catch {
            failure = .stream(
                StreamError(host: endpoint.address.host, reason: .cancelled, wasSent: true))
            drop()
        }
        return ChatOutcome(
            reading: answer.reading(isCut: failure != nil), text: answer.text, failure: failure,
            start: start, durationMilliseconds: clock.milliseconds(since: instant),
            firstTokenMilliseconds: answer.firstTokenMilliseconds, mayBeCharged: mayBeCharged
        ).redacted(endpoint.key)
    }

    /// Reads until the other side says that it is done, or what went wrong.
    private func read(
        _ answer: inout ChatAnswer, since instant: ContinuousClock.Instant,
        _ listener: ChatListener
    ) async throws {
        while true {
            guard let message = try await connection?.next() else {
                let close = await connection?.closing() ?? WebSocketClose(nil, "")
                throw StreamError(
                    host: endpoint.address.host, reason: .closed(close), wasSent: true)
            }
            let time = clock.milliseconds(since: instant)
            try message.bytes.withUnsafeReadableBytes {
                try answer.read(message: $0, at: time, listener)
            }
            switch WebSocketContext.kind(of: message) {
            case "done", "error":
                connection?.rest()
                return try await readUsage(&answer, since: instant, listener)
            default: break
            }
        }
    }

    /// How long usage may come behind the sign of an answer's end.
    private static let usageMilliseconds: Int64 = 500
    private static let maximumLateMessages = 16

    /// Reads what a vendor says behind the end of an answer, where it has not said what it used.
    private func readUsage(
        _ answer: inout ChatAnswer, since instant: ContinuousClock.Instant,
        _ listener: ChatListener
    ) async throws {
        let last = clock.milliseconds(since: instant) + Self.usageMilliseconds
        var late = 0
        while !answer.hasFinalUsage {
            let time = clock.milliseconds(since: instant)
            guard let connection else { return }
            if time >= last {
                // What has come is read, however late; who never stops is not heard out.
                late += 1
                guard connection.hasMessage, late <= Self.maximumLateMessages else { return }
            } else if !connection.hasMessage {
                // Who is cancelled now has the whole answer.
                guard (try? await Task.sleep(for: .milliseconds(10))) != nil else { return }
                continue
            }
            guard let message = try await connection.next() else { return }
            try message.bytes.withUnsafeReadableBytes {
                try answer.read(message: $0, at: time, listener)
            }
        }
    }

    private func connected(
        _ listener: ChatListener
    ) async throws(StreamError) -> WebSocketConnection {
        if let connection {
            guard hasLateMessage else { return connection }
            // What came behind an answer is no part of the next one, and more of it may be on its way.
            drop()
        }
        // Browsers can set no header, and so the query is where such endpoints look for a key.
        let address = endpoint.key.map { endpoint.address.adding("api_key", $0.secret) }
        let connection = try await client.connect(
            to: address ?? endpoint.address, headers: endpoint.headers, key: endpoint.key)
        self.connection = connection
        context.opened()
        let replayed = context.unsent.count
        do {
            try await sendContext()
        } catch {
            drop()
            // The question itself has not gone out.
            throw StreamError(host: error.host, reason: error.reason, wasSent: false)
        }
        if wasConnected {
            listener.note(.reconnected(host: endpoint.address.host, replayed: replayed))
        }
        wasConnected = true
        return connection
    }

    private func sendContext() async throws(StreamError) {
        guard let connection, !context.unsent.isEmpty else { return }
        let update = JSONValue.object([
            "type": "context.update",
            "messages": .array(context.unsent.map { $0.json() }),
        ])
        try await connection.send(
            WebSocketMessage(.text, ByteBuffer(bytes: update.compactBytes)))
        context.sent()
    }

    private func drop() { connection = nil }

    private static func json(_ question: ChatQuestion) -> JSONValue {
        .object([
            "type": "chat.completion", "model": .string(question.model),
            "messages": .array(question.messages.map { $0.json() }), "stream": true,
            "max_tokens": question.maximumTokens.map(JSONValue.integer),
        ])
    }
}

/// What the other side of a WebSocket was told besides the conversation, and how much of it on the
/// connection that stands.
struct WebSocketContext: Hashable, Sendable {
    private(set) var messages: [ChatMessage] = []
    private var sentCount = 0

    var unsent: ArraySlice<ChatMessage> { messages[sentCount...] }

    mutating func add(_ messages: [ChatMessage]) { self.messages += messages }

    /// A new connection knows nothing.
    mutating func opened() { sentCount = 0 }

    mutating func sent() { sentCount = messages.count }

    /// The `type` of a message; `nil` where it has none.
    static func kind(of message: WebSocketMessage) -> String? {
        message.bytes.withUnsafeReadableBytes {
            JSONReader.lenientValue(of: $0)?["type"]?.textValue
        }
    }
}
