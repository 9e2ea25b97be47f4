import JSONBytes

extension StreamTally {
    mutating func read(_ value: JSONValue, _ api: StreamAPI, isEvent: Bool) {
        switch api {
        case .openAIChat, .openAICompletions: readChoices(value)
        case .openAIResponses: readResponse(value)
        case .openAIAssistants: readRun(value)
        case .openAITranscription: readTranscription(value)
        case .anthropicMessages: readMessage(value)
        case .anthropicComplete: readCompletion(value)
        case .gemini: readGemini(value["response"] ?? value, isEvent: isEvent)
        case .geminiInteractions: readInteraction(value)
        case .cohereV1: readCohereV1(value)
        case .cohereV2: readCohereV2(value)
        case .ollama: readOllama(value)
        case .dashScope: readDashScope(value)
        case .webSocketChat: readWebSocketChat(value)
        }
    }

    /// Chat completions: usage comes in the last chunk with choices, in one behind it with none, or in
    /// every chunk; the last that is not null counts, and it is final with or behind the reason of
    /// the finish.
    private mutating func readChoices(_ value: JSONValue) {
        note(id: value["id"])
        note(model: value["model"])
        note(tier: value["service_tier"])
        let choices = value["choices"]?.elements ?? []
        for choice in choices { note(finish: choice["finish_reason"]) }
        if let error = value["error"], error.isError { takeError(error) }
        // Perplexity repeats the message so far beside each delta.
        let isDocument = choices.contains {
            $0["message"] != nil && ($0["delta"] == nil || finishReason != nil)
        }
        if isDocument {
            hasEnd = true
            // Where it stands beside a delta, another choice may still go on.
            endIsGuess = choices.contains { $0["delta"] != nil }
        }
        let found =
            [value["usage"], value["x_groq"]?["usage"]] + choices.map { $0["usage"] }
        guard let usage = found.compactMap(\.self).last(where: { $0.members != nil }) else {
            return
        }
        // A vendor that counts as it goes counts with the text; one that did not counts once.
        let isOnlyCount = counts == nil && !text.isEmpty && !payloadHasText
        let isFinal =
            isDocument || isOnlyCount || finishIsTrusted
            || (choices.isEmpty && value["choices"] != nil)
        let counts = VendorUsage.openAIChat(usage, upstreamTotal: Self.upstreamTotal(of: choices))
        take(counts, from: usage, isFinal: isFinal)
    }

    /// The total of a gateway's upstream, which Vercel's repeats beside its own counts.
    private static func upstreamTotal(of choices: [JSONValue]) -> JSONValue? {
        for choice in choices {
            let metadata = (choice["delta"] ?? choice["message"])?["provider_metadata"]
            for vendor in metadata?.members ?? [] {
                if let total = vendor.value["usageMetadata"]?["totalTokenCount"] { return total }
            }
        }
        return nil
    }

    /// Responses: the last event tells all. Searches are billed by the call, and stand among the
    /// output alone.
    private mutating func readResponse(_ value: JSONValue) {
        let type = value["type"]?.textValue
        let isDocument = value["object"]?.textValue == "response"
        if type == "error" || type == "response.error" {
            takeError(value["error"] ?? value)
            return
        }
        guard let response = isDocument ? value : value["response"] else { return }
        note(id: response["id"])
        note(model: response["model"])
        note(tier: response["service_tier"])
        let ends = ["response.completed", "response.incomplete", "response.failed"]
        guard isDocument || ends.contains(type ?? "") else { return }
        hasEnd = true
        note(finish: response["incomplete_details"]?["reason"] ?? response["status"])
        if let error = response["error"], error.isError { takeError(error) }
        for tool in response["tools"]?.elements ?? []
        where tool["type"]?.textValue?.hasPrefix("web_search_preview") == true {
            attributes["web_search_tool"] = "preview"
        }
        var found = VendorCalls()
        for item in response["output"]?.elements ?? [] where item["status"] == "completed" {
            switch item["type"] {
            // Pages that are opened and read cost no call.
            // https://developers.openai.com/api/docs/guides/tools-web-search (checked 2026-11-29)
            case "web_search_call" where (item["action"]?["type"] ?? "search") == "search":
                found.webSearches += 1
            case "file_search_call": found.fileSearches += 1
            default: break
            }
        }
        calls.formUnion(found)
        guard let usage = response["usage"], usage.members != nil else { return }
        take(VendorUsage.openAIResponses(usage), from: usage, isFinal: true)
    }

    /// Runs of assistants; the steps of a run repeat a part of its usage.
    private mutating func readRun(_ value: JSONValue) {
        guard value["object"]?.textValue == "thread.run" else { return }
        note(id: value["id"])
        note(model: value["model"])
        guard let usage = value["usage"], usage.members != nil else { return }
        note(finish: value["status"])
        take(VendorUsage.openAIChat(usage), from: usage, isFinal: true)
    }

    private mutating func readTranscription(_ value: JSONValue) {
        guard value["type"]?.textValue == "transcript.text.done" else { return }
        note(finish: "done")
        guard let usage = value["usage"], usage.members != nil else { return }
        take(VendorUsage.openAIResponses(usage), from: usage, isFinal: true)
    }

    /// The messages of `GET /v1/ws/chat`: several completions may follow each other on a connection,
    /// each read by a reader of its own.
    private mutating func readWebSocketChat(_ value: JSONValue) {
        note(id: value["id"])
        note(model: value["model"])
        switch value["type"]?.textValue {
        case "usage":
            guard let usage = value["usage"], usage.members != nil else { return }
            take(VendorUsage.openAIChat(usage), from: usage, isFinal: true)
        case "done":
            hasEnd = true
            note(finish: value["finish_reason"] ?? "stop")
        case "error": takeError(value["error"] ?? value)
        default: note(finish: value["finish_reason"])
        }
    }
}
