import Accounting
import JSONBytes
import Pricing

/// Session logs of the Codex CLI, `~/.codex/sessions/…/rollout-*.jsonl`: a request for each
/// `token_count`.
///
/// `{"timestamp":"2026-09-21T11:14:27.100Z","type":"event_msg","payload":{"type":"token_count",
/// "info":{"total_token_usage":{"input_tokens":12880,"cached_input_tokens":9600,
/// "cache_write_input_tokens":0,"output_tokens":328,"reasoning_output_tokens":29,"total_tokens":
/// 13208},"last_token_usage":{…}}}}` (codex-cli 0.156). The totals run through the session: their
/// growth is the request, and a line whose totals did not grow says the same again. A forked session
/// begins with a copy of its parent's lines, under new times: those are its parent's requests.
package struct CodexSessions: UsageImporter {
    package static let name = "codex"
    package static let framing = Framing.lines(marked: nil)

    /// The lines of one file so far.
    private struct Session {
        var id: String?
        var parent: String?
        var project: String?
        var channel: String?
        var model: String?
        var tier: String?
        /// Totals of the line before.
        var total: CodexCounts?
        var requests: [Request] = []
        /// How many of the requests came before the first pause.
        var copied = 0
        var lastLine: Timestamp?
        var hasPaused = false
    }

    private struct Request {
        let start: Timestamp
        /// Running totals, or the request's own where there are none.
        let mark: CodexCounts
        let usage: Usage
        let model: String
        let tier: String?
        let oddity: String?
    }

    /// A copy is written at once; between two requests a model answers.
    private static let pauseMilliseconds: Int64 = 500

    private var sessions: [Session] = []

    package init(_ options: ImportOptions = ImportOptions()) {}

    package mutating func beginFile() { sessions.append(Session()) }

    package mutating func read(
        _ bytes: UnsafeBufferPointer<UInt8>, _ format: PieceFormat, into found: inout Findings
    ) throws {
        do {
            guard let line = try CodexLine(bytes), let last = sessions.indices.last else { return }
            try Self.take(line, into: &sessions[last])
        } catch let error as JSONError {
            throw EventProblem(error.description)
        }
    }

    package mutating func finish(_ body: (UsageEvent) throws -> Void) throws {
        var marks: [String: [CodexCounts]] = [:]
        for session in sessions {
            guard let id = session.id, session.requests.count > marks[id]?.count ?? 0 else {
                continue
            }
            marks[id] = session.requests.map(\.mark)
        }
        var seen: Set<EventID> = []
        var events: [UsageEvent] = []
        for session in sessions {
            for request in session.requests.dropFirst(Self.copied(session, marks)) {
                let event = Self.event(request, session)
                if seen.insert(event.id).inserted { events.append(event) }
            }
        }
        sessions = []
        events.sort { $0.start < $1.start }
        for event in events { try body(event) }
    }

    /// How many of a session's first requests are its parent's: those whose totals are, or where
    /// the parent is not there to be compared, those before the first pause.
    private static func copied(_ session: Session, _ marks: [String: [CodexCounts]]) -> Int {
        guard let parent = session.parent else { return 0 }
        guard let known = marks[parent] else { return session.copied }
        return zip(session.requests, known).prefix { $0.mark == $1 }.count
    }

    // MARK: Lines

    private static func take(_ line: CodexLine, into session: inout Session) throws {
        if let time = line.time {
            if let last = session.lastLine,
                time.milliseconds - last.milliseconds >= pauseMilliseconds
            {
                session.hasPaused = true
            }
            session.lastLine = time
        }
        switch line.kind {
        case .session:
            guard session.id == nil else {
                // Copied from its parent, which not all versions name beside its own id.
                if session.parent == nil, !session.hasPaused, line.id != session.id {
                    session.parent = line.id
                }
                return
            }
            session.id = line.id
            session.parent = line.parent
            session.project = line.folder.flatMap(ProjectName.of)
            session.channel = line.provider
            session.model = line.model
        case .turn:
            session.model = line.model ?? session.model
            session.tier = line.tier
        case .count:
            if let request = try request(line, &session) {
                session.requests.append(request)
                if !session.hasPaused { session.copied = session.requests.count }
            }
        case .other: break
        }
    }

    private static func request(_ line: CodexLine, _ session: inout Session) throws -> Request? {
        let before = session.total
        session.total = line.total ?? before
        guard let counts = line.total?.growth(since: before, last: line.last) ?? line.last,
            !counts.isZero
        else { return nil }
        guard let time = line.time else { throw EventProblem("timestamp: not an RFC 3339 time") }
        guard let model = session.model else {
            throw EventProblem("a count before any turn_context named a model")
        }
        var tags: [String: String] = [:]
        let usage = try counts.inclusive.usage(tags: &tags)
        return Request(
            start: time, mark: line.total ?? counts, usage: usage, model: model,
            tier: session.tier, oddity: tags["oddity"])
    }

    private static func event(_ request: Request, _ session: Session) -> UsageEvent {
        let id = session.id ?? request.start.text
        return UsageEvent(
            id: EventID(importedFrom: name, id: "\(id) \(request.mark.text)".utf8),
            start: request.start, channel: session.channel ?? "openai", modelAsked: request.model,
            serviceTier: request.tier ?? RateConditions.standardTier, usage: request.usage,
            source: name, project: session.project,
            tags: request.oddity.map { ["oddity": $0] } ?? [:])
    }
}
