/// Whose shapes a body has.
package enum StreamAPI: String, CaseIterable, Sendable {
    /// Chat completions, of OpenAI and of the many that speak like it.
    case openAIChat = "openai-chat"
    case openAIResponses = "openai-responses"
    case openAICompletions = "openai-completions"
    /// Runs of assistants.
    case openAIAssistants = "openai-assistants"
    case openAITranscription = "openai-transcription"
    case anthropicMessages = "anthropic-messages"
    /// Text completions of Claude 2, which report no usage.
    case anthropicComplete = "anthropic-complete"
    case gemini
    case geminiInteractions = "gemini-interactions"
    case cohereV1 = "cohere-v1"
    case cohereV2 = "cohere-v2"
    case ollama
    case dashScope = "dashscope"
    /// The messages of `GET /v1/ws/chat`.
    case webSocketChat = "websocket-chat"

    /// Whether a stream of it ends with something that says so; one that ends without it was cut.
    var hasEndMarker: Bool {
        switch self {
        case .gemini, .dashScope: false
        default: true
        }
    }
}
