import JSONBytes

/// The shapes that a stand-in speaks. It is written apart from the code that reads vendors' streams,
/// so that one mistake is not made on both sides.
package enum UpstreamAPI: String, CaseIterable, Sendable {
    case openAIChat = "openai-chat"
    case openAIResponses = "openai-responses"
    case anthropicMessages = "anthropic-messages"
    case gemini
    case webSocketChat = "websocket-chat"

    /// What a request for `path` is answered as; `nil` where nothing is served.
    static func served(at path: Substring) -> UpstreamAPI? {
        if path.hasSuffix("/chat/completions") { return .openAIChat }
        if path.hasSuffix("/responses") { return .openAIResponses }
        if path.hasSuffix("/messages") { return .anthropicMessages }
        if path.hasSuffix(":generateContent") || path.hasSuffix(":streamGenerateContent") {
            return .gemini
        }
        return nil
    }

    func body(of error: VendorError) -> [UInt8] {
        switch self {
        case .openAIChat, .openAIResponses, .webSocketChat: error.openAI.compactBytes
        case .anthropicMessages: error.anthropic.compactBytes
        case .gemini: error.gemini.compactBytes
        }
    }

    package func shape(
        _ facts: AnswerFacts, framing: StreamFraming = .events
    ) -> any AnswerShape {
        switch self {
        case .openAIChat: OpenAIChatShape(facts)
        case .openAIResponses: OpenAIResponsesShape(facts)
        case .anthropicMessages: AnthropicMessagesShape(facts)
        case .gemini: GeminiShape(facts, framing: framing)
        case .webSocketChat: WebSocketChatShape(facts, id: nil)
        }
    }
}

/// How a streamed answer is cut into pieces.
package enum StreamFraming: Sendable {
    case events
    /// Gemini's, without `alt=sse`: one JSON array that grows.
    case array
}
