import JSONBytes
import NIOCore
import ProviderUsage

/// Where and how questions are asked, and with which key.
package struct ChatEndpoint: Sendable {
    package let api: StreamAPI
    package let address: StreamAddress
    package let key: StreamKey?
    /// Further headers, such as those that attribute a request at a relay.
    package var headers: [(name: String, value: String)] = []

    /// Throws `ChatEndpointError`.
    package init(
        api: StreamAPI, address: StreamAddress, key: StreamKey?
    ) throws(ChatEndpointError) {
        guard Self.asked.contains(api) else { throw .cannotAsk(api) }
        guard key == nil || address.isTLS || address.isLoopback else {
            throw .wouldShowTheKey(address.host)
        }
        self.api = api
        self.address = address
        self.key = key
    }

    /// The dialects in which something can be asked.
    package static let asked: [StreamAPI] = [
        .openAIChat, .openAIResponses, .anthropicMessages, .gemini, .webSocketChat,
    ]

    /// <https://platform.claude.com/docs/en/api/versioning> (checked 2026-11-23).
    private static let anthropicVersion = "2023-06-01"
    /// Anthropic wants a limit; the most that all of its models allow.
    private static let anthropicMaximumTokens: Int64 = 4_096

    package func request(_ question: ChatQuestion) -> StreamRequest {
        var address = address
        var headers = headers
        headers.append(("Content-Type", "application/json"))
        let body: JSONValue
        switch api {
        case .openAIResponses:
            address = address.appending("/responses")
            body = Self.responses(question)
        case .anthropicMessages:
            address = address.appending("/messages")
            headers.append(("anthropic-version", Self.anthropicVersion))
            body = Self.messages(question)
        case .gemini:
            address =
                address.appending(
                    "/models/\(StreamAddress.escaped(question.model)):streamGenerateContent"
                ).adding("alt", "sse")
            body = Self.contents(question)
        default:
            address = address.appending("/chat/completions")
            body = Self.chat(question)
        }
        headers.append(("Accept", "text/event-stream"))
        if let key { headers.append(Self.header(of: key, api)) }
        return StreamRequest(
            address: address, headers: headers, body: ByteBuffer(bytes: body.compactBytes))
    }

    private static func header(
        of key: StreamKey, _ api: StreamAPI
    ) -> (name: String, value: String) {
        switch api {
        case .anthropicMessages: ("x-api-key", key.secret)
        case .gemini: ("x-goog-api-key", key.secret)
        default: ("Authorization", "Bearer \(key.secret)")
        }
    }

    /// <https://platform.openai.com/docs/api-reference/chat/create> (checked 2026-11-23).
    private static func chat(_ question: ChatQuestion) -> JSONValue {
        var body = JSONObject([
            "model": .string(question.model),
            "messages": .array(question.messages.map { $0.json() }), "stream": true,
        ])
        if !question.adjustments.contains(.withoutUsage) {
            body.append("stream_options", .object(["include_usage": true]))
        }
        let limit =
            question.adjustments.contains(.completionTokens)
            ? "max_completion_tokens" : "max_tokens"
        body.append(limit, question.maximumTokens.map(JSONValue.integer))
        return .object(body)
    }

    /// <https://platform.openai.com/docs/api-reference/responses/create> (checked 2026-11-23).
    private static func responses(_ question: ChatQuestion) -> JSONValue {
        .object([
            "model": .string(question.model), "instructions": question.instructions,
            "input": .array(question.conversation.map { $0.json() }), "stream": true,
            "max_output_tokens": question.maximumTokens.map(JSONValue.integer),
        ])
    }

    /// <https://platform.claude.com/docs/en/api/messages> (checked 2026-11-23).
    private static func messages(_ question: ChatQuestion) -> JSONValue {
        .object([
            "model": .string(question.model), "system": question.instructions,
            "messages": .array(question.conversation.map { $0.json() }),
            "max_tokens": .integer(question.maximumTokens ?? anthropicMaximumTokens),
            "stream": true,
        ])
    }

    /// <https://ai.google.dev/api/generate-content> (checked 2026-11-23).
    private static func contents(_ question: ChatQuestion) -> JSONValue {
        func parts(_ text: JSONValue) -> JSONValue { .array([.object(["text": text])]) }
        let contents = question.conversation.map { message -> JSONValue in
            .object([
                "role": .string(message.role == .assistant ? "model" : "user"),
                "parts": parts(.string(message.text)),
            ])
        }
        return .object([
            "systemInstruction": question.instructions.map { .object(["parts": parts($0)]) },
            "contents": .array(contents),
            "generationConfig": question.maximumTokens.map {
                .object(["maxOutputTokens": .integer($0)])
            },
        ])
    }
}

extension ChatQuestion {
    /// What the vendors keep apart from the conversation; `nil` where nothing was said.
    fileprivate var instructions: JSONValue? {
        let texts = messages.filter { $0.role == .system }.map(\.text)
        return texts.isEmpty ? nil : .string(texts.joined(separator: "\n\n"))
    }

    fileprivate var conversation: [ChatMessage] { messages.filter { $0.role != .system } }
}

extension ChatMessage {
    func json() -> JSONValue {
        .object(["role": .string(role.rawValue), "content": .string(text)])
    }
}

package enum ChatEndpointError: Error, Hashable, Sendable, CustomStringConvertible {
    case cannotAsk(StreamAPI)
    case wouldShowTheKey(String)

    package var description: String {
        switch self {
        case .cannotAsk(let api):
            "nothing can be asked in the dialect \(api.rawValue); there are \(ChatEndpoint.asked.map(\.rawValue).joined(separator: ", "))"
        case .wouldShowTheKey(let host):
            "\(host) is spoken to without TLS, and the key would be seen on the way; use https, or wss"
        }
    }
}
