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
    package static let framing = Framing.lines(marked: "\"usage\"")

    /// The largest line of a reply so far. Texts are places in `texts`, -1 where there is none.
    private struct Reply {
        let message: Int32
        var request: Int32
        var model: Int32
        var folder: Int32
        var tier: Int32
        var speed: Int32
        /// The next reply with the same message id, -1 at the end.
        var next: Int32 = -1
        var start: Timestamp
        var input: Int64
        var output: Int64
        var cacheRead: Int64
        var cacheWrite5m: Int64
        var cacheWrite1h: Int64
        var webSearches: Int64

        var total: Int64 { input + output + cacheRead + cacheWrite5m + cacheWrite1h }
    }

    private var replies: [Reply] = []
    private var texts = TextTable()
    /// The first reply of a message, by the place of its id; -1 for a text that is no message's.
    private var firstReplies: [Int32] = []
    private var unnamed: [UsageEvent] = []
    /// What the line before said: the next one often says it again.
    private var last: Reply?
    /// By place: models, tiers and folders are few.
    private var strings: [Int32: String] = [:]
    private var projects: [Int32: String?] = [:]

    package init(_ options: ImportOptions = ImportOptions()) {}

    package mutating func read(
        _ bytes: UnsafeBufferPointer<UInt8>, _ format: PieceFormat, into found: inout Findings
    ) throws {
        do {
            try take(try ClaudeCodeLine(bytes))
        } catch let error as JSONError {
            throw EventProblem(error.description)
        }
    }

    package mutating func finish(_ body: (UsageEvent) throws -> Void) throws {
        for event in unnamed { try body(event) }
        // In the order of their time, so that what is written together lies together.
        let order = replies.indices.sorted { one, other in
            (replies[one].start, one) < (replies[other].start, other)
        }
        for index in order {
            let reply = replies[index]
            let message = try texts.string(reply.message)
            // Nearly always the only one of its message.
            let isFirst = firstReplies[Int(reply.message)] == Int32(index)
            let request = isFirst ? "" : " " + (try string(reply.request) ?? "")
            try body(try event(reply, message: message, key: message + request))
        }
        self = ClaudeCodeLog()
    }

    // MARK: Lines

    private mutating func take(_ line: ClaudeCodeLine) throws {
        guard line.isAssistant, line.hasUsage else { return }
        guard let model = line.model else { throw EventProblem("missing message.model") }
        guard !model.spells("<synthetic>") else { return }
        guard let start = line.start else {
            throw EventProblem("timestamp: not an RFC 3339 time")
        }
        // Older logs tell the sum alone: the five-minute cache was the only one.
        let cacheWrite5m = max(line.cacheWrite5m, line.cacheWrites - line.cacheWrite1h)
        let message = line.messageID.flatMap { $0.isEmpty ? nil : $0 }
        let reply = Reply(
            message: try place(message, near: last?.message),
            request: try place(line.requestID, near: last?.request),
            model: try place(model, near: last?.model),
            folder: try place(line.folder, near: last?.folder),
            tier: try place(line.tier, near: last?.tier),
            speed: try place(line.speed, near: last?.speed), start: start,
            input: line.input, output: line.output, cacheRead: line.cacheRead,
            cacheWrite5m: cacheWrite5m, cacheWrite1h: line.cacheWrite1h,
            webSearches: line.webSearches)
        last = reply
        guard reply.message >= 0 else {
            // Nothing says which other lines speak of it.
            guard let uuid = line.uuid else { throw EventProblem("missing message.id and uuid") }
            let place = try texts.place(of: uuid)
            let key = "line \(try texts.string(place))"
            unnamed.append(try event(reply, message: nil, key: key))
            return
        }
        merge(reply)
    }

    private mutating func place(_ text: ClaudeCodeLine.Text?, near: Int32?) throws -> Int32 {
        guard let text else { return -1 }
        guard text.count <= UsageEvent.maximumTextBytes else {
            throw EventProblem("a name or id of \(text.count) bytes")
        }
        return try texts.place(of: text, near: near ?? -1)
    }

    private mutating func merge(_ reply: Reply) {
        let message = Int(reply.message)
        if firstReplies.count < texts.count {
            let new = texts.count - firstReplies.count
            firstReplies.append(contentsOf: repeatElement(-1, count: new))
        }
        guard firstReplies[message] >= 0 else {
            firstReplies[message] = Int32(replies.count)
            replies.append(reply)
            return
        }
        var index = Int(firstReplies[message])
        while true {
            let request = replies[index].request
            if request == reply.request || request < 0 || reply.request < 0 {
                replaceIfLarger(index, by: reply)
                return
            }
            guard replies[index].next >= 0 else { break }
            index = Int(replies[index].next)
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
        if replies[index].request < 0 { replies[index].request = max(known.request, reply.request) }
    }

    // MARK: Events

    private mutating func event(
        _ reply: Reply, message: String?, key: String
    ) throws -> UsageEvent {
        var usage = Usage()
        // Each was checked when its line was read.
        try usage.add(reply.input, of: .input)
        try usage.add(reply.cacheRead, of: .cachedInput)
        try usage.add(reply.cacheWrite5m, of: .cacheWrite5m)
        try usage.add(reply.cacheWrite1h, of: .cacheWrite1h)
        try usage.add(reply.output, of: .output)
        try usage.add(reply.webSearches, of: .webSearch)
        let speed = try string(reply.speed) ?? "standard"
        let model = try string(reply.model) ?? ""
        return UsageEvent(
            id: EventID(importedFrom: Self.name, id: key.utf8), vendorID: message,
            start: reply.start, channel: "anthropic", modelAsked: model, modelAnswered: model,
            serviceTier: try string(reply.tier) ?? RateConditions.standardTier,
            attributes: speed == "standard" ? [:] : ["speed": speed], usage: usage,
            source: Self.name, project: try project(ofFolder: reply.folder))
    }

    private mutating func string(_ place: Int32) throws -> String? {
        guard place >= 0 else { return nil }
        if let known = strings[place] { return known }
        let string = try texts.string(place)
        strings[place] = string
        return string
    }

    /// A session's project is the last part of the folder that it ran in.
    private mutating func project(ofFolder folder: Int32) throws -> String? {
        if let known = projects[folder] { return known }
        let project = try string(folder).flatMap(ProjectName.of)
        projects.updateValue(project, forKey: folder)
        return project
    }
}

/// The project of a session of work on some machine.
enum ProjectName {
    /// The last part of a folder's path.
    static func of(folder: String) -> String? {
        folder.split { $0 == "/" || $0 == "\\" }.last.map { String($0.prefix(200)) }
    }
}
