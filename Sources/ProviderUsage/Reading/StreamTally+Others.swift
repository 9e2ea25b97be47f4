import JSONBytes

extension StreamTally {
    /// Anthropic's Messages: the start tells the input and a placeholder for the output; each delta
    /// of the message overrides what it names, and the one with the reason of the stop is final.
    mutating func readMessage(_ value: JSONValue) {
        switch value["type"]?.textValue {
        case "message_start":
            guard let message = value["message"] else { return }
            note(id: message["id"])
            note(model: message["model"])
            takeMerged(message["usage"], isFinal: false)
            isOutputPlaceholder = counts != nil
        case "message_delta":
            note(finish: value["delta"]?["stop_reason"])
            takeMerged(value["usage"], isFinal: finishIsTrusted)
        case "message_stop":
            hasEnd = true
        case "message":
            note(id: value["id"])
            note(model: value["model"])
            note(finish: value["stop_reason"])
            hasEnd = true
            takeMerged(value["usage"], isFinal: true)
        case "error": takeError(value["error"] ?? value)
        default: if let error = value["error"], error.isError { takeError(error) }
        }
    }

    private static let inputKeys = [
        "input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens",
    ]

    private mutating func takeMerged(_ usage: JSONValue?, isFinal: Bool) {
        guard let members = usage?.members else { return }
        // Some who speak like it tell the input at the start alone, and end with zeros.
        let isInputUnsaid =
            (counts?.input ?? 0) > 0 && usage?["input_tokens"] == 0 && usage?["iterations"] == nil
            && Self.inputKeys.allSatisfy { usage?[$0] == nil || usage?[$0] == 0 }
        if isInputUnsaid { oddities.insert(.zeroUsage) }
        for member in members where member.value != .null {
            if isInputUnsaid, Self.inputKeys.contains(member.key) || member.key == "cache_creation"
            {
                continue
            }
            merged[member.key] = member.value
        }
        var object = JSONObject()
        for (key, value) in merged { object.append(key, value) }
        let whole = JSONValue.object(object)
        noteConditions(of: whole)
        let counts = VendorUsage.anthropic(whole)
        // A delta that names no output leaves the start's placeholder.
        let wasPlaceholder = isOutputPlaceholder && usage?["output_tokens"] == nil
        take(counts, from: whole, isFinal: isFinal && !wasPlaceholder)
        isOutputPlaceholder = wasPlaceholder
    }

    mutating func readCompletion(_ value: JSONValue) {
        note(id: value["id"])
        note(model: value["model"])
        note(finish: value["stop_reason"])
        if finishReason != nil { hasEnd = true }
    }

    /// Gemini: usage comes in most chunks and the last one counts, whole; it is final with or behind
    /// the reason of the finish.
    mutating func readGemini(_ value: JSONValue, isEvent: Bool) {
        note(id: value["responseId"])
        note(model: value["modelVersion"])
        for candidate in value["candidates"]?.elements ?? [] {
            note(finish: candidate["finishReason"])
        }
        note(finish: value["promptFeedback"]?["blockReason"])
        if let error = value["error"], error.isError { takeError(error) }
        noteGrounding(value["candidates"]?.elements ?? [])
        guard let usage = value["usageMetadata"], usage.members != nil else { return }
        noteConditions(of: usage)
        take(VendorUsage.gemini(usage), from: usage, isFinal: finishIsTrusted)
    }

    /// Grounding is billed by the search from Gemini 3 on, and by the prompt that was grounded before.
    /// https://ai.google.dev/gemini-api/docs/pricing (checked 2026-11-29)
    private mutating func noteGrounding(_ candidates: [JSONValue]) {
        var found = VendorCalls()
        for metadata in candidates.compactMap({ $0["groundingMetadata"] }) {
            let queries = metadata["webSearchQueries"]?.elements?.filter {
                $0.textValue?.isEmpty == false
            }
            found.webSearches += Int64(queries?.count ?? 0)
            if metadata["groundingChunks"]?.elements?.contains(where: { $0["maps"] != nil }) == true
            {
                found.mapGroundings = 1
            }
        }
        let name = model ?? modelAsked ?? ""
        let isByPrompt = ["gemini-1", "gemini-2"].contains { name.contains($0) }
        if isByPrompt { found.webSearches = min(found.webSearches, 1) }
        calls.formUnion(found)
    }

    mutating func readInteraction(_ value: JSONValue) {
        let interaction = value["interaction"] ?? value
        if let error = value["error"], error.isError { takeError(error) }
        guard interaction["object"]?.textValue == "interaction" else { return }
        note(id: interaction["id"])
        note(model: interaction["model"])
        note(tier: interaction["service_tier"])
        guard let usage = interaction["usage"], usage.members != nil else { return }
        note(finish: interaction["status"])
        take(VendorUsage.geminiInteractions(usage), from: usage, isFinal: true)
    }

    mutating func readCohereV1(_ value: JSONValue) {
        note(id: value["generation_id"])
        let isDocument = value["event_type"] == nil
        guard value["is_finished"] == true || isDocument else { return }
        hasEnd = true
        let response = value["response"] ?? value
        note(id: response["generation_id"] ?? response["response_id"])
        note(finish: value["finish_reason"] ?? response["finish_reason"])
        guard let meta = response["meta"], meta.members != nil else { return }
        take(VendorUsage.cohere(meta), from: meta, isFinal: true)
    }

    mutating func readCohereV2(_ value: JSONValue) {
        note(id: value["id"])
        let isDocument = value["type"] == nil
        guard value["type"] == "message-end" || isDocument else { return }
        hasEnd = true
        let end = isDocument ? value : value["delta"] ?? value
        note(finish: end["finish_reason"])
        if end["finish_reason"] == "ERROR" {
            takeError(.object(["type": end["error_type"] ?? "error"]))
        }
        guard let usage = end["usage"], usage.members?.isEmpty == false else { return }
        take(VendorUsage.cohere(usage), from: usage, isFinal: true)
    }

    mutating func readOllama(_ value: JSONValue) {
        note(model: value["model"])
        if let error = value["error"], error.isError { takeError(error) }
        guard value["done"] == true else { return }
        hasEnd = true
        note(finish: value["done_reason"] ?? "stop")
        take(VendorUsage.ollama(value), from: value, isFinal: true)
    }

    mutating func readDashScope(_ value: JSONValue) {
        note(id: value["request_id"])
        let output = value["output"]
        note(finish: output?["finish_reason"])
        for choice in output?["choices"]?.elements ?? [] { note(finish: choice["finish_reason"]) }
        guard let usage = value["usage"], usage.members != nil else { return }
        take(VendorUsage.openAIChat(usage), from: usage, isFinal: finishIsTrusted)
    }
}
