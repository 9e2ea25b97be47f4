import Accounting
import JSONBytes
import Pricing

/// What a line of a Codex session says, as far as it matters here.
struct CodexLine {
    enum Kind {
        case session, turn, count, other
    }

    private(set) var kind = Kind.other
    private(set) var time: Timestamp?
    private(set) var id: String?
    private(set) var parent: String?
    private(set) var folder: String?
    private(set) var provider: String?
    private(set) var model: String?
    private(set) var tier: String?
    private(set) var total: CodexCounts?
    private(set) var last: CodexCounts?

    /// `nil` for an empty line.
    init?(_ bytes: UnsafeBufferPointer<UInt8>) throws {
        var reader = JSONReader(bytes)
        guard reader.peek() != nil else { return nil }
        var type = ""
        var payloadType = ""
        try reader.object { reader, key in
            switch key.count {
            case 4 where key.spells("type"): type = try Self.text(&reader) ?? ""
            case 9 where key.spells("timestamp"):
                time = try Self.text(&reader).flatMap { Timestamp.parse($0.utf8) }
            case 7 where key.spells("payload"): try payload(&reader, type: &payloadType)
            default: try reader.skip()
            }
        }
        try reader.expectEnd()
        kind =
            switch (type, payloadType) {
            case ("session_meta", _): .session
            case ("turn_context", _): .turn
            case ("event_msg", "token_count"): .count
            default: .other
            }
    }

    private mutating func payload(_ reader: inout JSONReader, type: inout String) throws {
        guard reader.peek() == UInt8(ascii: "{") else { return try reader.skip() }
        try reader.object { reader, key in
            switch key.count {
            case 4 where key.spells("type"): type = try Self.text(&reader) ?? ""
            case 2 where key.spells("id"): id = try Self.text(&reader)
            case 14 where key.spells("forked_from_id"): parent = try Self.text(&reader)
            case 3 where key.spells("cwd"): folder = try Self.text(&reader)
            case 14 where key.spells("model_provider"): provider = try Self.text(&reader)
            case 5 where key.spells("model"): model = try Self.text(&reader)
            case 12 where key.spells("service_tier"): tier = try Self.text(&reader)
            case 4 where key.spells("info"): try info(&reader)
            default: try reader.skip()
            }
        }
    }

    private mutating func info(_ reader: inout JSONReader) throws {
        guard reader.peek() == UInt8(ascii: "{") else { return try reader.skip() }
        try reader.object { reader, key in
            if key.spells("total_token_usage") {
                total = try CodexCounts(&reader)
            } else if key.spells("last_token_usage") {
                last = try CodexCounts(&reader)
            } else {
                try reader.skip()
            }
        }
    }

    /// `nil` for anything that is no text, and for one that is too long to be a name.
    private static func text(_ reader: inout JSONReader) throws -> String? {
        guard reader.peek() == UInt8(ascii: "\"") else {
            try reader.skip()
            return nil
        }
        let raw = try reader.rawString("expected a string")
        guard raw.count <= UsageEvent.maximumTextBytes else { return nil }
        let quote = UInt8(ascii: "\"")
        return try ([quote] + raw + [quote]).withUnsafeBufferPointer { bytes in
            var reader = JSONReader(bytes)
            return try reader.string()
        }
    }
}

/// Counts of Codex: cached and written tokens are inside the input, reasoning inside the output.
struct CodexCounts: Hashable, Sendable {
    var input: Int64 = 0
    var cached: Int64 = 0
    var written: Int64 = 0
    var output: Int64 = 0
    var reasoning: Int64 = 0

    /// `nil` for `null`.
    init?(_ reader: inout JSONReader) throws {
        guard reader.peek() == UInt8(ascii: "{") else {
            try reader.skip()
            return nil
        }
        try reader.object { reader, key in
            if key.spells("input_tokens") {
                input = try Self.count(&reader)
            } else if key.spells("cached_input_tokens") {
                cached = try Self.count(&reader)
            } else if key.spells("cache_write_input_tokens") {
                written = try Self.count(&reader)
            } else if key.spells("output_tokens") {
                output = try Self.count(&reader)
            } else if key.spells("reasoning_output_tokens") {
                reasoning = try Self.count(&reader)
            } else {
                try reader.skip()
            }
        }
    }

    var isZero: Bool { input == 0 && output == 0 }

    var text: String { "\(input) \(cached) \(written) \(output) \(reasoning)" }

    var inclusive: InclusiveCounts {
        InclusiveCounts(
            input: input, inputParts: [(.cachedInput, cached), (.cacheWrite5m, written)],
            output: output, outputParts: [(.reasoning, reasoning)])
    }

    /// What came on top of earlier totals. A first line may go on from totals of another session,
    /// and totals may begin anew: then the request's own counts, where they are told.
    func growth(since before: CodexCounts?, last: CodexCounts?) -> CodexCounts {
        guard let before, before.isWithin(self) else { return last ?? self }
        var growth = self
        growth.input -= before.input
        growth.cached -= before.cached
        growth.written -= before.written
        growth.output -= before.output
        growth.reasoning -= before.reasoning
        return growth
    }

    private func isWithin(_ other: CodexCounts) -> Bool {
        input <= other.input && cached <= other.cached && written <= other.written
            && output <= other.output && reasoning <= other.reasoning
    }

    private static func count(_ reader: inout JSONReader) throws -> Int64 {
        if reader.takeNull() { return 0 }
        let count = try reader.integer()
        guard (0...Usage.maximumCount).contains(count) else {
            throw EventProblem("a count of \(count)")
        }
        return count
    }
}
