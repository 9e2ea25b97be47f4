import Accounting
import JSONBytes
import Pricing

/// What a line of a Claude Code log says, as far as it matters here. Texts are the bytes between
/// their quotes.
struct ClaudeCodeLine {
    typealias Text = UnsafeBufferPointer<UInt8>

    var isAssistant = false
    var hasUsage = false
    var start: Timestamp?
    var requestID: Text?
    var uuid: Text?
    /// The folder that the session ran in.
    var folder: Text?
    var messageID: Text?
    var model: Text?
    var tier: Text?
    var speed: Text?
    var input: Int64 = 0
    var output: Int64 = 0
    var cacheRead: Int64 = 0
    var cacheWrites: Int64 = 0
    var cacheWrite5m: Int64 = 0
    var cacheWrite1h: Int64 = 0
    var webSearches: Int64 = 0

    init(_ bytes: UnsafeBufferPointer<UInt8>) throws {
        var reader = JSONReader(bytes)
        try reader.object { reader, key in
            switch key.count {
            case 4 where key.spells("type"):
                isAssistant = try reader.rawString("type: not a text").spells("assistant")
            case 4 where key.spells("uuid"): uuid = try Self.text(&reader)
            case 3 where key.spells("cwd"): folder = try Self.text(&reader)
            case 7 where key.spells("message"): try message(&reader)
            case 9 where key.spells("timestamp"):
                start = Timestamp.parse(bytes: try reader.rawString("timestamp: not a text"))
            case 9 where key.spells("requestId"): requestID = try Self.text(&reader)
            default: try reader.skip()
            }
        }
        try reader.expectEnd()
    }

    private mutating func message(_ reader: inout JSONReader) throws {
        guard reader.peek() == UInt8(ascii: "{") else { return try reader.skip() }
        try reader.object { reader, key in
            switch key.count {
            case 2 where key.spells("id"): messageID = try Self.text(&reader)
            case 5 where key.spells("model"): model = try Self.text(&reader)
            case 5 where key.spells("usage"): try usage(&reader)
            default: try reader.skip()
            }
        }
    }

    private mutating func usage(_ reader: inout JSONReader) throws {
        guard reader.peek() == UInt8(ascii: "{") else { return try reader.skip() }
        hasUsage = true
        try reader.object { reader, key in
            switch key.count {
            case 12 where key.spells("input_tokens"): input = try Self.count(&reader)
            case 13 where key.spells("output_tokens"): output = try Self.count(&reader)
            case 23 where key.spells("cache_read_input_tokens"):
                cacheRead = try Self.count(&reader)
            case 27 where key.spells("cache_creation_input_tokens"):
                cacheWrites = try Self.count(&reader)
            case 14 where key.spells("cache_creation"): try cacheCreation(&reader)
            case 15 where key.spells("server_tool_use"): try serverTools(&reader)
            case 12 where key.spells("service_tier"): tier = try Self.text(&reader)
            case 5 where key.spells("speed"): speed = try Self.text(&reader)
            default: try reader.skip()
            }
        }
    }

    private mutating func cacheCreation(_ reader: inout JSONReader) throws {
        guard reader.peek() == UInt8(ascii: "{") else { return try reader.skip() }
        try reader.object { reader, key in
            if key.spells("ephemeral_5m_input_tokens") {
                cacheWrite5m = try Self.count(&reader)
            } else if key.spells("ephemeral_1h_input_tokens") {
                cacheWrite1h = try Self.count(&reader)
            } else {
                try reader.skip()
            }
        }
    }

    private mutating func serverTools(_ reader: inout JSONReader) throws {
        guard reader.peek() == UInt8(ascii: "{") else { return try reader.skip() }
        try reader.object { reader, key in
            if key.spells("web_search_requests") {
                webSearches = try Self.count(&reader)
            } else {
                try reader.skip()
            }
        }
    }

    private static func text(_ reader: inout JSONReader) throws -> Text? {
        guard reader.peek() == UInt8(ascii: "\"") else {
            try reader.skip()
            return nil
        }
        return try reader.rawString("expected a string")
    }

    /// `null` is a count that is not told: there was nothing to count.
    private static func count(_ reader: inout JSONReader) throws -> Int64 {
        if reader.takeNull() { return 0 }
        let count = try reader.integer()
        guard (0...Usage.maximumCount).contains(count) else {
            throw EventProblem("a count of \(count)")
        }
        return count
    }
}
