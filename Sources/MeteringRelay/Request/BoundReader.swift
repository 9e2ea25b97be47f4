import Accounting
import JSONBytes
import Pricing
import ProviderUsage

/// Looks through a whole body for what makes it cost more than its bytes and its limit say.
///
/// Whoever wants to be let in under a hard budget may write a body as strangely as it likes: what
/// cannot be read plainly has no bound, nor what nobody here knows.
package struct BoundReader {
    package private(set) var bound: RequestBound
    private let api: StreamAPI

    package init(_ bound: RequestBound, _ api: StreamAPI) {
        self.bound = bound
        self.api = api
    }

    /// The members of a request that are known to be paid with its tokens, or for nothing.
    private static let known: [StreamAPI: Set<String>] = [
        .openAIChat: [
            "audio", "chat_template_kwargs", "frequency_penalty", "function_call", "functions",
            "logit_bias", "logprobs", "max_completion_tokens", "max_tokens", "messages", "metadata",
            "min_p", "modalities", "model", "n", "parallel_tool_calls", "presence_penalty",
            "prompt_cache_key", "prompt_cache_retention", "reasoning", "reasoning_effort",
            "repetition_penalty", "response_format", "safety_identifier", "seed", "service_tier",
            "stop", "store", "stream", "stream_options", "temperature", "thinking", "tool_choice",
            "tools", "top_k", "top_logprobs", "top_p", "user", "verbosity",
        ],
        .openAIResponses: [
            "include", "input", "instructions", "max_output_tokens", "max_tool_calls", "metadata",
            "model", "parallel_tool_calls", "prompt_cache_key", "prompt_cache_retention",
            "reasoning", "safety_identifier", "service_tier", "store", "stream", "stream_options",
            "temperature", "text", "tool_choice", "tools", "top_logprobs", "top_p", "truncation",
            "user",
        ],
        .anthropicMessages: [
            "cache_control", "max_tokens", "messages", "metadata", "model", "output_config",
            "output_format", "service_tier", "stop_sequences", "stream", "system", "temperature",
            "thinking", "tool_choice", "tools", "top_k", "top_p",
        ],
        .gemini: [
            "contents", "generationConfig", "generation_config", "labels", "model",
            "safetySettings", "safety_settings", "systemInstruction", "system_instruction",
            "toolConfig", "tool_config", "tools",
        ],
    ]

    /// Tools that the client runs itself, by their `type`; a tool of Anthropic's has none.
    private static let ownTools: [StreamAPI: Set<String?>] = [
        .openAIChat: ["function", "custom"], .openAIResponses: ["function", "custom"],
        .anthropicMessages: [nil, "custom"],
    ]
    /// The same of tools that a vendor has described, and the client runs: `bash_20250124`.
    private static let describedTools: [StreamAPI: [String]] = [
        .openAIResponses: ["local_shell", "apply_patch"],
        .anthropicMessages: ["bash_", "text_editor_", "memory_"],
    ]
    /// What a vendor says of a tool to its model, at most: 700 tokens for Anthropic's text editor
    /// (<https://platform.claude.com/docs/en/agents-and-tools/tool-use/overview>, checked 2026-11-29).
    private static let tokensPerTool: Int64 = 1_000
    /// In Gemini's a tool is its one member.
    private static let declarations: Set<String> = [
        "functionDeclarations", "function_declarations",
    ]

    /// Pictures by the `type` of their part. OpenAI's are counted by the member that holds them.
    private static let pictures: Set<String> = ["image"]
    private static let sounds: Set<String> = ["input_audio", "audio"]
    /// Parts whose size the body does not tell.
    private static let files: Set<String> = [
        "file", "input_file", "document", "video", "video_url", "input_video", "container_upload",
        "item_reference",
    ]
    /// Members that bring in what is kept elsewhere, or what is paid apart.
    private static let references: [String: String] = [
        "previous_response_id": "a conversation that is kept elsewhere",
        "conversation": "a conversation that is kept elsewhere",
        "cachedContent": "content that is kept elsewhere",
        "cached_content": "content that is kept elsewhere",
        "fileData": "a file that is kept elsewhere", "file_data": "a file",
        "file_id": "a file that is kept elsewhere", "file_url": "a file that is kept elsewhere",
        "prompt": "a prompt that is kept elsewhere",
        "web_search_options": "a search of the web", "mcp_servers": "a tool that runs elsewhere",
        "container": "a tool that runs elsewhere",
        "video_url": "a video that is kept elsewhere",
        "audio_url": "a sound that is kept elsewhere",
    ]

    package mutating func read(_ bytes: UnsafeBufferPointer<UInt8>) {
        var reader = JSONReader(bytes)
        var bounds = self
        do {
            try reader.object { reader, key in
                try bounds.whole(String(decoding: key, as: UTF8.self), &reader)
            }
            self = bounds
        } catch {
            forbid("a part that cannot be read plainly")
        }
    }

    /// A member of the request itself.
    private mutating func whole(_ name: String, _ reader: inout JSONReader) throws {
        if reader.takeNull() { return }
        if name == "background", case var ahead = reader, try ahead.word() == "false" {
            return try reader.skip()
        }
        if name == "input", api == .openAIResponses, reader.peek() == UInt8(ascii: "[") {
            var ahead = reader
            try items(&ahead)
        }
        if name == "tools" {
            var ahead = reader
            try tools(&ahead)
        } else if Self.references[name] == nil, !(Self.known[api]?.contains(name) ?? false) {
            forbid("a member \(quoted(name)), of which nobody here knows what it costs")
        }
        try member(name, &reader, 0)
    }

    /// What a conversation of Responses is made of: an item may stand for one that is kept elsewhere.
    private mutating func items(_ reader: inout JSONReader) throws {
        var bounds = self
        let contents: Set<String> = [
            "content", "encrypted_content", "arguments", "output", "input", "action", "operation",
        ]
        try reader.array { reader in
            var names: Set<String> = []
            try reader.object { reader, key in
                names.insert(String(decoding: key, as: UTF8.self))
                try reader.skip(depth: 3)
            }
            if names.isDisjoint(with: contents) { bounds.forbid("an item that is kept elsewhere") }
        }
        self = bounds
    }

    private mutating func tools(_ reader: inout JSONReader) throws {
        var bounds = self
        try reader.array { reader in
            var type: String?
            var names: Set<String> = []
            try reader.object { reader, key in
                let name = String(decoding: key, as: UTF8.self)
                guard names.insert(name).inserted else { throw reader.fail("a key twice") }
                guard name == "type" else { return try reader.skip(depth: 3) }
                type = try reader.string()
            }
            bounds.bound.inputBytes += Self.tokensPerTool
            let isDescribed =
                type.map { type in (Self.describedTools[api] ?? []).contains { type.hasPrefix($0) }
                }
                ?? false
            let isOwn =
                api == .gemini
                ? names.isSubset(of: Self.declarations)
                : isDescribed || Self.ownTools[api]?.contains(type) ?? false
            guard !isOwn else { return }
            let name = api == .gemini ? names.subtracting(Self.declarations).min() : type
            bounds.forbid("the tool \(quoted(name ?? "")), which may run at the vendor's")
        }
        self = bounds
    }

    private mutating func forbid(_ what: String) { bound.unbounded = bound.unbounded ?? what }

    private mutating func value(_ reader: inout JSONReader, depth: Int) throws {
        guard depth < JSONReader.maximumDepth else { throw reader.fail("too deep") }
        var bounds = self
        switch reader.peek() {
        case UInt8(ascii: "{"):
            try reader.object { reader, key in
                try bounds.member(String(decoding: key, as: UTF8.self), &reader, depth)
            }
        case UInt8(ascii: "["):
            try reader.array { try bounds.value(&$0, depth: depth + 1) }
        default: try reader.skip()
        }
        self = bounds
    }

    private mutating func member(
        _ name: String, _ reader: inout JSONReader, _ depth: Int
    ) throws {
        if name == "type", reader.peek() == UInt8(ascii: "\"") {
            return part(try reader.string())
        }
        // What tools are called with is told by their names alone, and a schema may name anything.
        if [
            "parameters", "input_schema", "json_schema", "schema", "responseSchema",
            "response_schema", "responseJsonSchema", "response_json_schema",
            "parametersJsonSchema", "parameters_json_schema", "args", "arguments", "metadata",
        ].contains(name) {
            return try reader.skip(depth: depth + 1)
        }
        // What a tool is called with, and what it answered; the request's own input is none.
        if depth > 0, ["input", "response"].contains(name) {
            return try reader.skip(depth: depth + 1)
        }
        if let what = Self.references[name] {
            guard !reader.takeNull() else { return }
            forbid(what)
        }
        switch name {
        case "inlineData", "inline_data":
            var ahead = reader
            try inline(&ahead)
        case "image_url": bound.images += 1
        case "input_audio": bound.countedApart.insert(.audioInput)
        case "audio" where depth > 0:
            // An answer of before is named, and not repeated.
            guard !reader.takeNull() else { return }
            forbid("a sound that is kept elsewhere")
        case "modalities", "responseModalities", "response_modalities":
            return try answers(&reader)
        default: break
        }
        try value(&reader, depth: depth + 1)
    }

    /// Gemini's bytes of any kind. A token of sound is a byte at least, but for silence that is packed
    /// as such; text is its bytes.
    private mutating func inline(_ reader: inout JSONReader) throws {
        guard !reader.takeNull() else { return }
        var type: String?
        try reader.object { reader, key in
            switch String(decoding: key, as: UTF8.self) {
            case "mimeType", "mime_type":
                guard type == nil else { throw reader.fail("a key twice") }
                type = try reader.string().lowercased()
            default: try reader.skip(depth: 3)
            }
        }
        switch type?.prefix(while: { $0 != "/" }) {
        case "image":
            bound.images += 1
            bound.countedApart.insert(.imageInput)
        case "audio": bound.countedApart.insert(.audioInput)
        case "text": break
        default: forbid("a file of \(quoted(type ?? "")), whose size it does not tell")
        }
    }

    /// What an answer may be made of.
    private mutating func answers(_ reader: inout JSONReader) throws {
        guard !reader.takeNull() else { return }
        var bounds = self
        try reader.array { reader in
            let kind = try reader.string()
            switch kind.lowercased() {
            case "text": break
            case "audio": bounds.bound.countedApart.insert(.audioOutput)
            case "image": bounds.bound.countedApart.insert(.imageOutput)
            default: bounds.forbid("an answer of \(quoted(kind))")
            }
        }
        self = bounds
    }

    private mutating func part(_ type: String) {
        if Self.pictures.contains(type) { bound.images += 1 }
        if Self.sounds.contains(type) { bound.countedApart.insert(.audioInput) }
        if Self.files.contains(type) { forbid("a \(type) part, whose size it does not tell") }
    }
}
