import Accounting
import JSONBytes
import Pricing

/// Session logs of Claude Code: a JSON object a line, those of type `assistant` with
/// `message.usage`.
///
/// One reply stands on several lines, one for each block of its content, with its usage so far;
/// resumed sessions and sub-agents repeat lines in other files. Of the lines of one reply the
/// largest counts, once. A reply is known by `message.id` and `requestId`; where a line has no
/// request id, by the message alone.
package struct ClaudeCodeLog: UsageImporter {
    package static let name = "claude-code"
    package static let mark: StaticString? = "\"usage\""

    /// The largest line of a reply so far.
    private struct Reply {
        let messageID: String
        var requestID: String?
        var start: Timestamp
        var model: Int32
        var folder: Int32
        var tier: Int32
        var speed: Int32
        var input: Int64
        var output: Int64
        var cacheRead: Int64
        var cacheWrite5m: Int64
        var cacheWrite1h: Int64
        var webSearches: Int64
        /// The next reply with the same message id, -1 at the end.
        var next: Int32 = -1

        var total: Int64 { input + output + cacheRead + cacheWrite5m + cacheWrite1h }
    }

    private var replies: [Reply] = []
    private var byMessage: [String: Int32] = [:]
    private var texts = TextTable()
    private var unnamed: [UsageEvent] = []
    /// By the folders of sessions.
    private var projects: [Int32: String?] = [:]

    package init() {}

    package mutating func read(_ bytes: UnsafeBufferPointer<UInt8>) throws -> [UsageEvent] {
        do {
            let line = try Line(bytes)
            try take(line)
        } catch let error as JSONError {
            throw EventProblem(error.description)
        }
        return []
    }

    package mutating func finish(_ body: (UsageEvent) throws -> Void) throws {
        for event in unnamed { try body(event) }
        // In the order of their time, so that what is written together lies together.
        let order = replies.indices.sorted { one, other in
            (replies[one].start, one) < (replies[other].start, other)
        }
        for index in order {
            let reply = replies[index]
            // Nearly always the only one of its message.
            let isFirst = byMessage[reply.messageID] == Int32(index)
            let key = isFirst ? reply.messageID : "\(reply.messageID) \(reply.requestID ?? "")"
            try body(event(reply, key: key))
        }
        replies = []
        byMessage = [:]
        unnamed = []
    }

    // MARK: Lines

    private mutating func take(_ line: Line) throws {
        guard line.isAssistant, line.hasUsage else { return }
        guard let model = try texts.place(line.model) else {
            throw EventProblem("missing message.model")
        }
        guard texts[model] != "<synthetic>" else { return }
        guard let start = line.start else {
            throw EventProblem("timestamp: not an RFC 3339 time")
        }
        let cacheWrite1h = line.cacheWrite1h
        // Older logs tell the sum alone: the five-minute cache was the only one.
        let cacheWrite5m = max(line.cacheWrite5m, line.cacheWrites - cacheWrite1h)
        let reply = Reply(
            messageID: line.messageID ?? "", requestID: line.requestID, start: start,
            model: model, folder: try texts.place(line.folder) ?? -1,
            tier: try texts.place(line.tier) ?? -1, speed: try texts.place(line.speed) ?? -1,
            input: line.input, output: line.output, cacheRead: line.cacheRead,
            cacheWrite5m: cacheWrite5m, cacheWrite1h: cacheWrite1h, webSearches: line.webSearches)
        guard !reply.messageID.isEmpty else {
            // Nothing says which other lines speak of it.
            guard let uuid = line.uuid else { throw EventProblem("missing message.id and uuid") }
            unnamed.append(event(reply, key: "line \(uuid)"))
            return
        }
        merge(reply)
    }

    private mutating func merge(_ reply: Reply) {
        guard let first = byMessage[reply.messageID] else {
            byMessage[reply.messageID] = Int32(replies.count)
            replies.append(reply)
            return
        }
        var index = Int(first)
        while true {
            let known = replies[index]
            if known.requestID == reply.requestID || known.requestID == nil
                || reply.requestID == nil
            {
                replaceIfLarger(index, by: reply)
                return
            }
            guard known.next >= 0 else { break }
            index = Int(known.next)
        }
        replies[index].next = Int32(replies.count)
        replies.append(reply)
    }

    private mutating func replaceIfLarger(_ index: Int, by reply: Reply) {
        let known = replies[index]
        let isLarger =
            reply.total > known.total || (reply.total == known.total && reply.start < known.start)
        if isLarger {
            replies[index] = reply
            replies[index].next = known.next
        }
        if replies[index].requestID == nil {
            replies[index].requestID = known.requestID ?? reply.requestID
        }
    }

    private mutating func event(_ reply: Reply, key: String) -> UsageEvent {
        var usage = Usage()
        let counts: [(Meter, Int64)] = [
            (.input, reply.input), (.cachedInput, reply.cacheRead),
            (.cacheWrite5m, reply.cacheWrite5m), (.cacheWrite1h, reply.cacheWrite1h),
            (.output, reply.output), (.webSearch, reply.webSearches),
        ]
        for (meter, count) in counts where count > 0 {
            // Each was checked when its line was read.
            do { try usage.add(count, of: meter) } catch { continue }
        }
        let speed = reply.speed < 0 ? "standard" : texts[reply.speed]
        return UsageEvent(
            id: EventID(importedFrom: Self.name, id: key.utf8),
            vendorID: reply.messageID.isEmpty ? nil : reply.messageID, start: reply.start,
            channel: "anthropic", modelAsked: texts[reply.model],
            modelAnswered: texts[reply.model],
            serviceTier: reply.tier < 0 ? RateConditions.standardTier : texts[reply.tier],
            attributes: speed == "standard" ? [:] : ["speed": speed], usage: usage,
            source: Self.name, project: project(ofFolder: reply.folder))
    }

    /// A session's project is the last part of the folder that it ran in.
    private mutating func project(ofFolder folder: Int32) -> String? {
        guard folder >= 0 else { return nil }
        if let known = projects[folder] { return known }
        let parts = texts[folder].split { $0 == "/" || $0 == "\\" }
        let project = parts.last.map { String($0.prefix(200)) }
        projects.updateValue(project, forKey: folder)
        return project
    }

    // MARK: One line

    /// What a line says, as far as it matters here.
    private struct Line {
        var isAssistant = false
        var hasUsage = false
        var start: Timestamp?
        var requestID: String?
        var uuid: String?
        /// The folder that the session ran in; like the next ones, the bytes between the quotes.
        var folder: Raw?
        var messageID: String?
        var model: Raw?
        var tier: Raw?
        var speed: Raw?
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
                case 3 where key.spells("cwd"): folder = try Self.raw(&reader)
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
                case 5 where key.spells("model"): model = try Self.raw(&reader)
                case 5 where key.spells("usage"): try usage(&reader)
                default: try reader.skip()
                }
            }
        }

        private mutating func usage(_ reader: inout JSONReader) throws {
            guard reader.peek() == UInt8(ascii: "{") else { return try reader.skip() }
            hasUsage = true
            try reader.object { reader, key in
                if key.spells("input_tokens") {
                    input = try Self.count(&reader)
                } else if key.spells("output_tokens") {
                    output = try Self.count(&reader)
                } else if key.spells("cache_read_input_tokens") {
                    cacheRead = try Self.count(&reader)
                } else if key.spells("cache_creation_input_tokens") {
                    cacheWrites = try Self.count(&reader)
                } else if key.spells("cache_creation") {
                    try cacheCreation(&reader)
                } else if key.spells("server_tool_use") {
                    try serverTools(&reader)
                } else if key.spells("service_tier") {
                    tier = try Self.raw(&reader)
                } else if key.spells("speed") {
                    speed = try Self.raw(&reader)
                } else {
                    try reader.skip()
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

        private static func text(_ reader: inout JSONReader) throws -> String? {
            guard reader.peek() == UInt8(ascii: "\"") else {
                try reader.skip()
                return nil
            }
            return try reader.string()
        }

        private static func raw(_ reader: inout JSONReader) throws -> Raw? {
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
}

private typealias Raw = UnsafeBufferPointer<UInt8>

/// Texts that come again and again, each kept once: nearly always it is the one that came last.
private struct TextTable {
    private var texts: [String] = []
    private var places: [[UInt8]: Int32] = [:]
    /// The last few that were asked for, as they were written.
    private var recent: [(bytes: [UInt8], place: Int32)] = []

    subscript(place: Int32) -> String { texts[Int(place)] }

    /// Throws `JSONError` for escapes that say nothing.
    mutating func place(_ raw: Raw?) throws -> Int32? {
        guard let raw else { return nil }
        for (bytes, place) in recent where bytes.elementsEqual(raw) { return place }
        let bytes = Array(raw)
        let place: Int32
        if let known = places[bytes] {
            place = known
        } else {
            place = Int32(texts.count)
            texts.append(try Self.text(bytes))
            places[bytes] = place
        }
        recent.append((bytes, place))
        if recent.count > 8 { recent.removeFirst() }
        return place
    }

    private static func text(_ bytes: [UInt8]) throws -> String {
        let quote = UInt8(ascii: "\"")
        return try ([quote] + bytes + [quote]).withUnsafeBufferPointer { bytes in
            var reader = JSONReader(bytes)
            return try reader.string()
        }
    }
}

extension UnsafeBufferPointer<UInt8> {
    /// Whether the bytes are those of a text.
    @inline(__always)
    func spells(_ text: StaticString) -> Bool {
        count == text.utf8CodeUnitCount
            && (0..<count).allSatisfy { self[$0] == text.utf8Start[$0] }
    }
}
