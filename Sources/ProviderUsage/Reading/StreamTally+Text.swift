import JSONBytes

/// Where each API's payloads hold the text of the answer.
extension StreamTally {
    /// Adds the text of a whole answer, where it stands elsewhere than in a stream's pieces. The last
    /// event of a stream without pieces is one too.
    mutating func countDocument(
        _ bytes: UnsafeRawBufferPointer, _ api: StreamAPI, isEvent: Bool
    ) {
        guard api == .openAIResponses, text.isEmpty,
            !isEvent || bytes.firstIndex(of: "\"response.completed\"", from: 0) != nil
        else { return }
        text.add("\"text\"", in: bytes)
        text.add("\"arguments\"", isCode: true, in: bytes)
    }

    mutating func addText(of bytes: UnsafeRawBufferPointer, _ api: StreamAPI) {
        switch api {
        case .openAIChat, .webSocketChat:
            // Most pieces hold their content alone: what else there may be is looked for by its first
            // letters.
            guard bytes.firstIndex(of: "\"a", from: 0) != nil else { return addChatText(of: bytes) }
            // What is quoted stands among the annotations.
            bytes.forEachPart(without: "\"annotations\"") { bytes in
                addChatText(of: bytes)
                text.add("\"arguments\"", isCode: true, in: bytes)
            }
        case .gemini:
            // Behind the answer its sources quote it.
            let end = bytes.firstIndex(of: "\"groundingMetadata\"", from: 0) ?? bytes.count
            text.add("\"text\"", in: UnsafeRawBufferPointer(rebasing: bytes[..<end]))
        case .openAICompletions, .geminiInteractions: text.add("\"text\"", in: bytes)
        case .openAIResponses, .openAITranscription: text.add("\"delta\"", in: bytes)
        case .openAIAssistants: text.add("\"value\"", in: bytes)
        case .anthropicMessages:
            // What a tool brought is the vendor's input.
            let isResult =
                bytes.firstIndex(of: "_tool_result\"", from: 0) != nil
                && bytes.firstIndex(of: "\"content_block_start\"", from: 0) != nil
            guard !isResult else { return }
            text.add("\"text\"", in: bytes)
            text.add("\"thinking\"", in: bytes)
            text.add("\"partial_json\"", isCode: true, in: bytes)
        case .anthropicComplete: text.add("\"completion\"", in: bytes)
        case .cohereV1: text.add("\"text\"", in: bytes)
        case .cohereV2:
            text.add("\"text\"", in: bytes)
            text.add("\"tool_plan\"", in: bytes)
            text.add("\"arguments\"", isCode: true, in: bytes)
        case .ollama:
            text.add("\"content\"", in: bytes)
            text.add("\"response\"", in: bytes)
        case .dashScope:
            // Each event repeats the text so far unless increments were asked for.
            var whole = TextTally()
            whole.add("\"text\"", in: bytes)
            whole.add("\"content\"", in: bytes)
            text.replace(ifLarger: whole)
        }
    }

    private mutating func addChatText(of bytes: UnsafeRawBufferPointer) {
        let before = text.bytes
        text.add("\"content\"", in: bytes)
        // Mistral's content may be a list of parts.
        let isList =
            text.bytes == before
            && ["\"content\":[", "\"content\": ["].contains {
                bytes.firstIndex(of: $0, from: 0) != nil
            }
        if isList { text.add("\"text\"", in: bytes) }
        guard bytes.firstIndex(of: "\"re", from: 0) != nil else { return }
        text.add("\"refusal\"", in: bytes)
        // Some say the same under both names.
        let beforeThoughts = text.bytes
        text.add("\"reasoning_content\"", in: bytes)
        if text.bytes == beforeThoughts { text.add("\"reasoning\"", in: bytes) }
    }
}
