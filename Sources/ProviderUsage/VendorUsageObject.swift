import JSONBytes
import Pricing

/// Why a vendor's usage object cannot be read.
package enum VendorUsageError: Error, Hashable, Sendable, CustomStringConvertible {
    case unrecognised
    case silent(StreamAPI)

    package var description: String {
        switch self {
        case .unrecognised:
            "no vendor's usage object is known by these fields; name the API, one of \(StreamAPI.allCases.map(\.rawValue).joined(separator: ", "))"
        case .silent(let api): "it holds no count that \(api.rawValue) reports"
        }
    }
}

extension UsageReading {
    /// Reads a vendor's usage object as it came (`{"prompt_tokens":…}`), or a whole answer that holds
    /// one. `api` where its fields alone do not tell whose it is.
    ///
    /// Throws `VendorUsageError`.
    package init(vendorUsage value: JSONValue, api stated: StreamAPI? = nil)
        throws(VendorUsageError)
    {
        var tally = StreamTally(api: stated)
        let none = UnsafeRawBufferPointer(start: nil, count: 0)
        let shape = StreamAPI(recognising: value, type: none)
        if let shape, stated == nil || stated == shape {
            tally.api = shape
            tally.read(value, shape, isEvent: false)
        } else {
            let usage = value["usage"] ?? value["usageMetadata"] ?? value
            guard let api = stated ?? StreamAPI(usage: usage) else { throw .unrecognised }
            tally.api = api
            tally.take(VendorUsage.counts(usage, api), from: usage, isFinal: true)
            tally.noteConditions(of: usage)
        }
        guard tally.counts != nil else { throw .silent(tally.api ?? .openAIChat) }
        tally.hasEnd = true
        self = tally.reading(isCut: false, oversized: 0)
    }
}

extension StreamAPI {
    /// Whose usage object it is, by fields that no other has.
    fileprivate init?(usage: JSONValue) {
        func has(_ keys: String...) -> Bool { keys.contains { usage[$0] != nil } }
        if has("prompt_tokens", "completion_tokens") {
            self = .openAIChat
        } else if has("promptTokenCount", "candidatesTokenCount", "totalTokenCount") {
            self = .gemini
        } else if has("prompt_eval_count", "eval_count") {
            self = .ollama
        } else if has("billed_units", "tokens") {
            self = .cohereV2
        } else if has("total_input_tokens", "total_output_tokens") {
            self = .geminiInteractions
        } else if has("cache_read_input_tokens", "cache_creation_input_tokens", "cache_creation") {
            self = .anthropicMessages
        } else if has("input_tokens", "output_tokens") {
            // Without a cache both vendors mean the same by these.
            self = .openAIResponses
        } else {
            return nil
        }
    }
}

extension VendorUsage {
    static func counts(_ usage: JSONValue, _ api: StreamAPI) -> VendorCounts {
        switch api {
        case .openAIChat, .openAICompletions, .openAIAssistants, .dashScope, .webSocketChat:
            openAIChat(usage)
        case .openAIResponses, .openAITranscription: openAIResponses(usage)
        case .anthropicMessages, .anthropicComplete: anthropic(usage)
        case .gemini: gemini(usage)
        case .geminiInteractions: geminiInteractions(usage)
        case .cohereV1, .cohereV2: cohere(usage)
        case .ollama: ollama(usage)
        }
    }
}
