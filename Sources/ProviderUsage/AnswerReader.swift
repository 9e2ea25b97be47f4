import JSONBytes

/// A piece of an answer, for who reads along.
package enum AnswerPart: Hashable, Sendable {
    case text(String)
    /// What the model thinks before it answers.
    case reasoning(String)
    /// Arguments of a tool.
    case toolArguments(String)
    case finish(String)
    /// What the vendor says went wrong, in its own words.
    case failure(String)
}

/// Reads an answer's text off a body, as it comes. Usage is `UsageReader`'s.
package struct AnswerReader: Sendable {
    private var framing = BodyFraming()
    private var api: StreamAPI?
    /// Whether text came: else the whole answer behind it is told.
    private var hasText = false

    package init(api: StreamAPI? = nil) { self.api = api }

    package mutating func read(_ bytes: UnsafeRawBufferPointer, _ part: (AnswerPart) -> Void) {
        var (api, hasText) = (api, hasText)
        framing.read(bytes) { Self.take($0, &api, &hasText, part) }
        (self.api, self.hasText) = (api, hasText)
    }

    /// Takes one message of a WebSocket.
    package mutating func read(message: UnsafeRawBufferPointer, _ part: (AnswerPart) -> Void) {
        Self.take(BodyFraming.Payload(message: message), &api, &hasText, part)
    }

    /// The end of the body: what its last event still holds.
    package mutating func finish(_ part: (AnswerPart) -> Void) {
        var (api, hasText) = (api, hasText)
        _ = framing.finish { Self.take($0, &api, &hasText, part) }
        (self.api, self.hasText) = (api, hasText)
    }

    private static func take(
        _ payload: BodyFraming.Payload, _ api: inout StreamAPI?, _ hasText: inout Bool,
        _ part: (AnswerPart) -> Void
    ) {
        guard let value = JSONReader.lenientValue(of: payload.bytes) else { return }
        take(value, type: payload.type, &api, &hasText, part)
    }

    private static func take(
        _ value: JSONValue, type: UnsafeRawBufferPointer, _ api: inout StreamAPI?,
        _ hasText: inout Bool, _ part: (AnswerPart) -> Void
    ) {
        if api == nil { api = StreamAPI(recognising: value, type: type) }
        if let error = value["error"], error.isError {
            part(.failure(words(of: error)))
        } else if value["type"] == "error", value["message"] != nil {
            part(.failure(words(of: value)))
        } else if let error = value["response"]?["error"], error.isError {
            part(.failure(words(of: error)))
        }
        guard let api else { return }
        func text(_ value: JSONValue?) {
            guard let text = value?.textValue, !text.isEmpty else { return }
            hasText = true
            part(.text(text))
        }
        func output(of response: JSONValue?) {
            for item in response?["output"]?.elements ?? [] {
                for piece in item["content"]?.elements ?? [] {
                    text(piece["text"] ?? piece["refusal"])
                }
            }
        }
        func reasoning(_ value: JSONValue?) {
            if let text = value?.textValue, !text.isEmpty { part(.reasoning(text)) }
        }
        func arguments(_ value: JSONValue?) {
            if let text = value?.textValue, !text.isEmpty { part(.toolArguments(text)) }
        }
        func finish(_ value: JSONValue?) {
            if let text = value?.textValue, !text.isEmpty, text != "null" { part(.finish(text)) }
        }
        switch api {
        case .openAIChat:
            guard let choice = value["choices"]?.elements?.first else { return }
            let delta = choice["delta"] ?? choice["message"]
            reasoning(delta?["reasoning_content"] ?? delta?["reasoning"])
            text(delta?["content"])
            text(delta?["refusal"])
            for piece in delta?["content"]?.elements ?? [] { text(piece["text"]) }
            for call in delta?["tool_calls"]?.elements ?? [] {
                arguments(call["function"]?["arguments"])
            }
            finish(choice["finish_reason"])
        case .openAICompletions:
            text(value["choices"]?.elements?.first?["text"])
            finish(value["choices"]?.elements?.first?["finish_reason"])
        case .openAIResponses:
            switch value["type"]?.textValue {
            case "response.output_text.delta", "response.refusal.delta": text(value["delta"])
            case "response.reasoning_summary_text.delta", "response.reasoning_text.delta":
                reasoning(value["delta"])
            case "response.function_call_arguments.delta": arguments(value["delta"])
            case "response.completed", "response.incomplete", "response.failed":
                if !hasText { output(of: value["response"]) }
                finish(value["response"]?["status"])
            case nil where value["object"] == "response":
                output(of: value)
                finish(value["status"])
            default: break
            }
        case .openAIAssistants:
            for piece in value["delta"]?["content"]?.elements ?? [] {
                text(piece["text"]?["value"])
            }
        case .openAITranscription:
            if value["type"] == "transcript.text.delta" { text(value["delta"]) }
        case .anthropicMessages:
            let delta = value["delta"]
            text(delta?["text"])
            reasoning(delta?["thinking"])
            arguments(delta?["partial_json"])
            finish(delta?["stop_reason"] ?? value["stop_reason"])
            for block in value["content"]?.elements ?? [] { text(block["text"]) }
        case .anthropicComplete:
            text(value["completion"])
            finish(value["stop_reason"])
        case .gemini:
            let candidate = (value["response"] ?? value)["candidates"]?.elements?.first
            for piece in candidate?["content"]?["parts"]?.elements ?? [] {
                if piece["thought"] == true {
                    reasoning(piece["text"])
                } else {
                    text(piece["text"])
                }
            }
            finish(candidate?["finishReason"])
        case .geminiInteractions: text(value["delta"]?["text"])
        case .cohereV1:
            if value["event_type"] == "text-generation" { text(value["text"]) }
            finish(value["finish_reason"])
        case .cohereV2:
            text(value["delta"]?["message"]?["content"]?["text"])
            finish(value["delta"]?["finish_reason"])
        case .ollama:
            text(value["message"]?["content"] ?? value["response"])
            finish(value["done_reason"])
        case .dashScope: break
        case .webSocketChat:
            text(value["delta"]?["content"])
            if value["type"] == "done" { finish(value["finish_reason"] ?? "stop") }
        }
    }

    private static func words(of error: JSONValue) -> String {
        let words = error["message"] ?? error["type"] ?? error["code"] ?? error
        return words.textValue ?? words.numberText ?? "an error without a message"
    }
}

extension JSONValue {
    /// Whether the value of `error` tells of one: some write it in every piece, as nothing.
    var isError: Bool {
        switch self {
        case .null, .bool(false), .integer(0): false
        case .string(let text): !text.isEmpty && text != "null"
        case .array(let elements): elements.contains(where: \.isError)
        case .object(let object): object.members.contains { $0.value.isError }
        default: true
        }
    }
}
