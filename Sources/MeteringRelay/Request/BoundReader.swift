import Accounting
import JSONBytes

/// Looks through a whole body for what makes it cost more than its bytes and its limit say.
///
/// Whoever wants to be let in under a hard budget may write a body as strangely as it likes: what
/// cannot be read plainly has no bound.
package struct BoundReader {
    package private(set) var bound: RequestBound

    package init(_ bound: RequestBound) { self.bound = bound }

    /// Pictures that are sent as bytes or by an address, by the `type` of their part.
    private static let pictures: Set<String> = ["image", "image_url", "input_image"]
    private static let sounds: Set<String> = ["input_audio", "audio"]
    /// Parts whose size the body does not tell.
    private static let files: Set<String> = [
        "file", "input_file", "document", "video", "video_url", "input_video", "container_upload",
        "item_reference",
    ]
    /// Tools that run at the vendor's, as often as they like.
    private static let tools = [
        "web_search", "web_fetch", "file_search", "code_interpreter", "code_execution",
        "computer", "image_generation", "mcp", "bash_", "text_editor", "tool_search", "shell",
        "local_shell", "advisor",
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
        "googleSearch": "a search of the web", "google_search": "a search of the web",
        "googleSearchRetrieval": "a search of the web",
        "google_search_retrieval": "a search of the web",
        "googleMaps": "a tool that runs elsewhere", "google_maps": "a tool that runs elsewhere",
        "urlContext": "a tool that runs elsewhere", "url_context": "a tool that runs elsewhere",
        "codeExecution": "a tool that runs elsewhere",
        "code_execution": "a tool that runs elsewhere",
    ]

    package mutating func read(_ bytes: UnsafeBufferPointer<UInt8>) {
        var reader = JSONReader(bytes)
        do {
            try value(&reader, depth: 0)
        } catch {
            forbid("a part that cannot be read plainly")
        }
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
            "parameters", "input_schema", "json_schema", "responseSchema", "response_schema",
            "args",
            "arguments", "metadata",
        ].contains(name) {
            return try reader.skip(depth: depth + 1)
        }
        if let what = Self.references[name] {
            guard !reader.takeNull() else { return }
            forbid(what)
        }
        switch name {
        case "inlineData", "inline_data":
            // A picture, a sound, or a page of a document: the dearest of them.
            bound.images += 1
            bound.hasAudio = true
        case "audio", "modalities", "responseModalities": bound.hasAudio = true
        default: break
        }
        try value(&reader, depth: depth + 1)
    }

    private mutating func part(_ type: String) {
        if Self.pictures.contains(type) { bound.images += 1 }
        if Self.sounds.contains(type) { bound.hasAudio = true }
        if Self.files.contains(type) { forbid("a \(type) part, whose size it does not tell") }
        if Self.tools.contains(where: type.hasPrefix) {
            forbid("the tool \(type), which runs at the vendor's")
        }
    }
}
