import JSONBytes
import NIOCore
import NIOHTTP1
import ProviderUsage
import StreamClient

/// What a client asks for on a WebSocket: a model, and a conversation behind what `context.update` told.
struct SocketCompletion {
    let model: String
    let maximumTokens: Int64?
    /// Of its message.
    let bytes: Int
    /// Echoed in each message of the answer.
    let id: JSONValue?
    /// As they came, whatever they hold.
    private let messages: [JSONValue]
    private let temperature: JSONValue?

    /// Throws `RelayProblem` for a message that asks for nothing.
    init(_ message: JSONValue, context: [JSONValue], bytes: Int) throws(RelayProblem) {
        self.bytes = bytes
        id = message["id"]
        guard let model = message["model"]?.textValue, !model.isEmpty else {
            throw RelayProblem(400, "model_required", "the message names no model")
        }
        guard let messages = message["messages"]?.elements, !messages.isEmpty else {
            throw RelayProblem(400, "messages_required", "the message has no messages")
        }
        if let limit = message["max_tokens"], limit != .null {
            guard case .integer(let count) = limit, count > 0 else {
                throw RelayProblem(
                    400, "invalid_max_tokens", "max_tokens is no whole number above 0")
            }
            maximumTokens = count
        } else {
            maximumTokens = nil
        }
        self.model = model
        self.messages = context + messages
        temperature = message["temperature"]
    }

    /// The upstream that gets it, preferably in the dialect of its messages.
    func request(
        _ headers: HTTPHeaders, named name: String?, of relay: Relay
    ) throws(RelayProblem) -> (Int, RelayRoute, StreamRequest) {
        let apis: [StreamAPI] = [.openAIChat, .anthropicMessages, .gemini, .openAIResponses]
        var problem: RelayProblem?
        for api in apis {
            do {
                let place = try relay.upstream(for: api, model: model, named: name)
                let upstream = relay.settings.upstreams[place]
                var request =
                    api == .openAIChat ? asked(upstream) : try translated(api, for: upstream)
                request.headers =
                    HeaderRules.request(Self.plain(headers), to: upstream, api)
                    + request.headers.filter { $0.name.lowercased() != "accept-encoding" }
                return (place, RelayRoute(api: api, path: RelayRoute.webSocket), request)
            } catch {
                problem = problem ?? error
                guard error.status == 404 || error.code == "wrong_upstream" else { throw error }
            }
        }
        throw problem ?? RelayProblem(404, "no_upstream", "no upstream serves that model")
    }

    /// Of the headers of an upgrade only the client's name and key are of interest to anybody else.
    private static func plain(_ headers: HTTPHeaders) -> HTTPHeaders {
        var plain = HTTPHeaders()
        for name in ["user-agent", "authorization", "x-api-key", "x-goog-api-key"] {
            for value in headers[name] { plain.add(name: name, value: value) }
        }
        return plain
    }

    private func asked(_ upstream: RelayUpstream) -> StreamRequest {
        let body = JSONObject([
            "model": .string(model), "messages": .array(messages), "stream": true,
            "max_tokens": maximumTokens.map(JSONValue.integer), "temperature": temperature,
            "stream_options": upstream.asksForUsage ? .object(["include_usage": true]) : nil,
        ])
        return StreamRequest(
            address: upstream.address.appending("/chat/completions"),
            headers: [("Content-Type", "application/json"), ("Accept", "text/event-stream")],
            body: ByteBuffer(bytes: JSONValue.object(body).compactBytes))
    }

    /// The same conversation for a vendor of another dialect, where it is one of texts.
    private func translated(
        _ api: StreamAPI, for upstream: RelayUpstream
    ) throws(RelayProblem) -> StreamRequest {
        var asked: [ChatMessage] = []
        for message in messages {
            guard let role = message["role"]?.textValue.flatMap(ChatMessage.Role.init),
                let text = message["content"]?.textValue
            else {
                throw RelayProblem(
                    400, "invalid_messages",
                    "upstream \(upstream.name) speaks \(api.rawValue), for which a message is a role of system, user or assistant and a content of text"
                )
            }
            asked.append(ChatMessage(role, text))
        }
        do throws(ChatEndpointError) {
            return try ChatEndpoint(api: api, address: upstream.address, key: nil).request(
                ChatQuestion(model: model, messages: asked, maximumTokens: maximumTokens))
        } catch {
            throw RelayProblem(404, "no_upstream", "\(error)")
        }
    }
}
