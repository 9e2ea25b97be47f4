import JSONBytes
import NIOCore
import StreamClient
import WebSocketMessages

/// The ways a stream comes that are held against each other.
package enum BenchTransport: String, CaseIterable, Sendable {
    case sseHTTP1 = "sse-http1"
    case sseHTTP2 = "sse-http2"
    case webSocket = "websocket"

    package var title: String {
        switch self {
        case .sseHTTP1: "HTTP/1.1"
        case .sseHTTP2: "HTTP/2"
        case .webSocket: "WebSocket"
        }
    }
}

/// What one stream is asked for.
package struct BenchRequest: Hashable, Sendable {
    package var model: String
    package var maximumTokens: Int
    /// Changes the plan of a stand-in for this request.
    package var plan: String?

    package init(model: String, maximumTokens: Int, plan: String? = nil) {
        self.model = model
        self.maximumTokens = maximumTokens
        self.plan = plan
    }

    private static let prompt: JSONValue = .array([
        .object([
            "role": "user",
            "content": "Write a few plain paragraphs about rivers, without headings.",
        ])
    ])

    var chatBody: ByteBuffer {
        Self.buffer([
            "model": .string(model), "messages": Self.prompt, "stream": true,
            "max_tokens": .integer(Int64(maximumTokens)),
            "stream_options": .object(["include_usage": true]),
        ])
    }

    var webSocketMessage: ByteBuffer {
        Self.buffer([
            "type": "chat.completion", "model": .string(model), "messages": Self.prompt,
            "stream": true, "max_tokens": .integer(Int64(maximumTokens)),
            "stand_in": plan.map(JSONValue.string),
        ])
    }

    private static func buffer(_ fields: KeyValuePairs<String, JSONValue?>) -> ByteBuffer {
        ByteBuffer(bytes: JSONValue.object(fields).compactBytes)
    }
}

/// A place to ask over one transport, on connections that are kept.
package final class StreamProbe: Sendable {
    package let transport: BenchTransport
    private let http: HTTPStreamClient
    private let webSocket: WebSocketClient
    private let address: StreamAddress
    private let headers: @Sendable () -> [(name: String, value: String)]

    /// `base` is what stands before `/chat/completions` or `/ws/chat`: `https://127.0.0.1:8790/v1`.
    /// `key` goes into `Authorization`, and nowhere else.
    package init(
        _ transport: BenchTransport, base: StreamAddress, trust: StreamTrust = .system,
        key: String? = nil
    ) throws {
        self.transport = transport
        var settings = StreamSettings()
        settings.trust = trust
        settings.allowsHTTP2 = transport == .sseHTTP2
        http = try HTTPStreamClient(settings)
        webSocket = try WebSocketClient(settings)
        address = base.appending(transport == .webSocket ? "/ws/chat" : "/chat/completions")
        headers = { key.map { [("Authorization", "Bearer \($0)")] } ?? [] }
    }

    /// One stream to its end, or to where it breaks.
    ///
    /// The time runs from the request; on a connection that is there already, unless `isAnew`.
    /// Throws `StreamError`, and `BenchError` for an answer that is no stream.
    package func run(_ request: BenchRequest, isAnew: Bool = false) async throws -> StreamTiming {
        switch transport {
        case .sseHTTP1, .sseHTTP2: try await runSSE(request)
        case .webSocket: try await runWebSocket(request, isAnew: isAnew)
        }
    }

    /// Opens a stream and reads it until it ends or the task is cancelled; `began` is called at its
    /// first token.
    package func hold(_ request: BenchRequest, began: @Sendable () -> Void) async throws {
        var watch = StreamStopwatch(transport == .webSocket ? .messages : .events)
        func take(_ bytes: ByteBuffer) {
            guard !watch.hasBegun else { return }
            bytes.withUnsafeReadableBytes { watch.read($0, at: .zero) }
            if watch.hasBegun { began() }
        }
        switch transport {
        case .sseHTTP1, .sseHTTP2:
            for try await piece in try await send(request).body { take(piece) }
        case .webSocket:
            let connection = try await webSocket.connect(to: address, headers: headers())
            try await connection.send(
                WebSocketMessage(.text, request.webSocketMessage), asking: true)
            for try await message in connection.messages { take(message.bytes) }
        }
    }

    private func send(_ request: BenchRequest) async throws -> StreamResponse {
        var headers = headers()
        headers.append(("Content-Type", "application/json"))
        headers.append(("Accept", "text/event-stream"))
        if let plan = request.plan { headers.append(("X-Stand-In", plan)) }
        let response = try await http.send(
            StreamRequest(address: address, headers: headers, body: request.chatBody))
        guard response.status == 200 else {
            throw BenchError.noStream(host: address.host, status: response.status)
        }
        return response
    }

    private func runSSE(_ request: BenchRequest) async throws -> StreamTiming {
        let start = ContinuousClock.now
        let response = try await send(request)
        var watch = StreamStopwatch(.events)
        for try await piece in response.body {
            let elapsed = ContinuousClock.now - start
            piece.withUnsafeReadableBytes { watch.read($0, at: elapsed) }
        }
        return watch.finish(at: ContinuousClock.now - start)
    }

    private func runWebSocket(
        _ request: BenchRequest, isAnew: Bool
    ) async throws -> StreamTiming {
        var start = ContinuousClock.now
        let connection = try await webSocket.connect(to: address, headers: headers())
        if !isAnew { start = .now }
        try await connection.send(
            WebSocketMessage(.text, request.webSocketMessage), asking: true)
        var watch = StreamStopwatch(.messages)
        for try await message in connection.messages {
            let elapsed = ContinuousClock.now - start
            message.bytes.withUnsafeReadableBytes { watch.read($0, at: elapsed) }
            if watch.hasFailed || Self.isDone(message.bytes) { break }
        }
        let timing = watch.finish(at: ContinuousClock.now - start)
        await connection.close()
        return timing
    }

    /// Only a short message can be the last one.
    private static func isDone(_ message: ByteBuffer) -> Bool {
        guard message.readableBytes < 1_024 else { return false }
        let document = try? JSONReader.value(
            of: Array(message.readableBytesView), numbers: .decimal)
        return document?["type"] == "done"
    }
}

/// Why there is nothing to compare.
package enum BenchError: Error, Hashable, Sendable, CustomStringConvertible {
    case noStream(host: String, status: Int)
    case noText(transport: String)
    case noStandIn(String)
    case memoryUnknown(String)

    package var description: String {
        switch self {
        case .noStream(let host, let status):
            "\(host) answered with status \(status) and no stream; tokenmeter chat shows its words"
        case .noText(let transport):
            "no text came over \(transport); there is nothing to measure"
        case .memoryUnknown(let transport):
            "streams could not be held open over \(transport); --streams 0 leaves memory out"
        case .noStandIn(let reason): "the stand-in could not be started: \(reason)"
        }
    }
}
