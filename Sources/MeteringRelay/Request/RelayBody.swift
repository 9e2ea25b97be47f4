import Accounting
import JSONBytes
import ProviderUsage

/// What a request's body says that decides how it is passed on, read without a tree: most of it is a
/// conversation that is nobody's business.
package struct RelayBody: Sendable {
    /// Where usage has to be asked for.
    private enum UsageRequest: Hashable, Sendable {
        /// The client asks for it.
        case asked
        /// Behind the brace that opens the body.
        case missing(at: Int)
        /// Behind the brace of `stream_options`; `isEmpty` where nothing follows.
        case inOptions(at: Int, isEmpty: Bool)
        /// In place of `false`, or of `null`.
        case refused(Range<Int>, isOptions: Bool)
    }

    package private(set) var model: String?
    package private(set) var isStreamed = false
    package private(set) var serviceTier: String?
    package private(set) var bound = RequestBound()
    private var usageRequest: UsageRequest

    /// Reads the members that matter; each of them may come once.
    ///
    /// Throws `JSONError` for what is no JSON object, or says something twice.
    package init(_ bytes: UnsafeBufferPointer<UInt8>, _ api: StreamAPI) throws {
        usageRequest = .missing(at: 0)
        bound.inputBytes = Int64(bytes.count)
        var reader = JSONReader(bytes)
        guard reader.peek() == UInt8(ascii: "{") else { throw reader.fail("expected an object") }
        usageRequest = .missing(at: reader.offset + 1)
        var seen: Set<String> = []
        var body = self
        let limits = Self.limits(of: api)
        try reader.object { reader, key in
            guard let name = String(validating: key, as: UTF8.self) else {
                throw reader.fail("invalid UTF-8")
            }
            guard Self.telling.contains(name) || limits.contains(name) else {
                return try reader.skip(depth: 1)
            }
            guard seen.insert(name).inserted else { throw reader.fail("a key twice: \(name)") }
            try body.read(name, &reader, bytes)
        }
        try reader.expectEnd()
        self = body
        if api != .openAIChat { usageRequest = .asked }
    }

    private static let telling: Set<String> = [
        "model", "stream", "stream_options", "service_tier", "n", "best_of",
    ]

    /// What limits an answer of an API, or holds what does. Another API's limit limits nothing.
    private static func limits(of api: StreamAPI) -> [String] {
        switch api {
        case .openAIChat: ["max_tokens", "max_completion_tokens"]
        case .openAIResponses: ["max_output_tokens"]
        case .anthropicMessages: ["max_tokens"]
        case .gemini: ["generationConfig", "generation_config"]
        default: []
        }
    }

    private mutating func read(
        _ name: String, _ reader: inout JSONReader, _ bytes: UnsafeBufferPointer<UInt8>
    ) throws {
        switch name {
        case "model": model = try Self.text(&reader)
        case "service_tier": serviceTier = try Self.text(&reader)
        case "stream": isStreamed = try Self.flag(&reader) ?? false
        case "stream_options": try readOptions(&reader, bytes)
        case "n", "best_of": bound.answers = max(try Self.count(&reader) ?? 1, bound.answers)
        case "generationConfig", "generation_config":
            try Self.members(&reader) { name, reader in
                switch name {
                case "maxOutputTokens", "max_output_tokens": try limit(&reader)
                case "candidateCount", "candidate_count":
                    bound.answers = max(try Self.count(&reader) ?? 1, bound.answers)
                default: try reader.skip(depth: 2)
                }
            }
        default: try limit(&reader)
        }
    }

    /// Of two limits the larger one may hold.
    private mutating func limit(_ reader: inout JSONReader) throws {
        guard let count = try Self.count(&reader) else { return }
        // Some take none for no limit at all.
        if count < 1 { bound.unbounded = bound.unbounded ?? "a limit of its answer below one" }
        bound.maximumOutput = max(bound.maximumOutput ?? 0, count)
    }

    private mutating func readOptions(
        _ reader: inout JSONReader, _ bytes: UnsafeBufferPointer<UInt8>
    ) throws {
        _ = reader.peek()
        let start = reader.offset
        if reader.takeNull() {
            usageRequest = .refused(start..<reader.offset, isOptions: true)
            return
        }
        var request = UsageRequest.inOptions(at: start + 1, isEmpty: true)
        try Self.members(&reader) { name, reader in
            if case .inOptions(let at, _) = request { request = .inOptions(at: at, isEmpty: false) }
            guard name == "include_usage" else { return try reader.skip(depth: 2) }
            _ = reader.peek()
            let start = reader.offset
            let isAsked = try Self.flag(&reader) ?? false
            request = isAsked ? .asked : .refused(start..<reader.offset, isOptions: false)
        }
        usageRequest = request
    }

    // MARK: Values

    private static func members(
        _ reader: inout JSONReader, _ member: (String, inout JSONReader) throws -> Void
    ) throws {
        guard !reader.takeNull() else { return }
        var seen: Set<String> = []
        try reader.object { reader, key in
            guard let name = String(validating: key, as: UTF8.self) else {
                throw reader.fail("invalid UTF-8")
            }
            guard seen.insert(name).inserted else { throw reader.fail("a key twice: \(name)") }
            try member(name, &reader)
        }
    }

    private static func text(_ reader: inout JSONReader) throws -> String? {
        try reader.takeNull() ? nil : reader.string()
    }

    private static func flag(_ reader: inout JSONReader) throws -> Bool? {
        _ = reader.peek()
        switch try reader.word() {
        case "true": return true
        case "false": return false
        default: return nil
        }
    }

    private static func count(_ reader: inout JSONReader) throws -> Int64? {
        try reader.takeNull() ? nil : reader.integer()
    }

    // MARK: Asking for usage

    /// Whether the body asks for a stream without its usage.
    package var lacksUsage: Bool { isStreamed && usageRequest != .asked }

    /// The same body, asking for usage; all else of it stays as it is.
    package func askingForUsage(_ bytes: UnsafeBufferPointer<UInt8>) -> [UInt8] {
        func replacing(_ range: Range<Int>, with text: String) -> [UInt8] {
            Array(bytes[..<range.lowerBound]) + text.utf8 + bytes[range.upperBound...]
        }
        switch usageRequest {
        case .asked: return Array(bytes)
        case .missing(let place):
            return replacing(
                place..<place, with: #""stream_options":{"include_usage":true},"#)
        case .inOptions(let place, let isEmpty):
            return replacing(
                place..<place, with: #""include_usage":true"# + (isEmpty ? "" : ","))
        case .refused(let range, let isOptions):
            return replacing(range, with: isOptions ? #"{"include_usage":true}"# : "true")
        }
    }
}
