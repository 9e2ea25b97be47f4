import JSONBytes

extension StreamAPI {
    /// Whose event or document it is; `nil` where it does not tell.
    init?(recognising value: JSONValue, type: UnsafeRawBufferPointer) {
        if let object = value["object"]?.textValue, let api = Self.api(ofObject: object) {
            self = api
            return
        }
        if value["choices"]?.elements?.first?["delta"] != nil {
            self = .openAIChat
            return
        }
        if let event = value["event_type"]?.textValue {
            self = event.contains(".") ? .geminiInteractions : .cohereV1
            return
        }
        if let word = value["type"]?.textValue, let api = Self.api(ofType: word, value) {
            self = api
            return
        }
        guard let api = Self.api(ofShape: value) else { return nil }
        self = api
    }

    private static func api(ofObject object: String) -> StreamAPI? {
        switch object {
        case "chat.completion", "chat.completion.chunk": .openAIChat
        case "text_completion": .openAICompletions
        case "response": .openAIResponses
        case "interaction": .geminiInteractions
        default: object.hasPrefix("thread.") ? .openAIAssistants : nil
        }
    }

    private static func api(ofType type: String, _ value: JSONValue) -> StreamAPI? {
        switch type {
        case "message_start", "message_delta", "message_stop", "content_block_start",
            "content_block_delta", "content_block_stop", "message":
            return .anthropicMessages
        case "completion": return .anthropicComplete
        case "message-start", "message-end", "content-start", "content-delta", "content-end",
            "tool-plan-delta", "tool-call-start", "tool-call-delta", "tool-call-end",
            "citation-start", "citation-end":
            return .cohereV2
        case "stream", "usage", "done": return .webSocketChat
        default:
            if type.hasPrefix("response.") { return .openAIResponses }
            if type.hasPrefix("transcript.") { return .openAITranscription }
            return nil
        }
    }

    private static func api(ofShape value: JSONValue) -> StreamAPI? {
        func has(_ keys: String...) -> Bool { keys.contains { value[$0] != nil } }
        if let choices = value["choices"]?.elements {
            return choices.first?["text"] != nil && choices.first?["delta"] == nil
                ? .openAICompletions : .openAIChat
        }
        if has("candidates", "usageMetadata", "promptFeedback") { return .gemini }
        if value["response"]?["candidates"] != nil { return .gemini }
        if has("interaction") { return .geminiInteractions }
        if has("is_finished", "generation_id") { return .cohereV1 }
        if value["usage"]?["billed_units"] != nil { return .cohereV2 }
        if has("done"), has("message", "response") { return .ollama }
        if has("request_id"), has("output") { return .dashScope }
        if value["x_groq"] != nil { return .openAIChat }
        return nil
    }
}
