import Accounting
import JSONBytes
import Pricing
import Testing
import UsageImport

/// One reply stands on several lines and in several files, and counts once.
struct ClaudeCodeLogTests {
    private func line(
        id: String? = "msg_1", request: String? = "req_1", input: Int = 3, output: Int,
        cached: Int = 1_000, at time: String = "2026-10-01T12:00:00.000Z",
        extra: String = "", usageExtra: String = ""
    ) -> String {
        let message = id.map { #""id":"\#($0)","# } ?? ""
        let requestID = request.map { #","requestId":"\#($0)""# } ?? ""
        return #"""
            {"parentUuid":null,"cwd":"/home/ann/src/web","type":"assistant","uuid":"u-\#(output)","timestamp":"\#(time)","message":{"model":"claude-sonnet-4-5-20250929",\#(message)"role":"assistant","content":[{"type":"text","text":"a \"usage\":{ in a text"}],"usage":{"input_tokens":\#(input),"cache_creation_input_tokens":30,"cache_read_input_tokens":\#(cached),"cache_creation":{"ephemeral_5m_input_tokens":20,"ephemeral_1h_input_tokens":10},"output_tokens":\#(output),"service_tier":"standard"\#(usageExtra)}}\#(requestID)\#(extra)}
            """#
    }

    private func events(_ lines: [String]) throws -> [UsageEvent] {
        let reading = try Reading(lines.joined(separator: "\n"), with: ClaudeCodeLog())
        #expect(reading.problems == [])
        return reading.events
    }

    @Test func readsOneReply() throws {
        let event = try #require(try events([line(output: 50)]).first)
        #expect(
            event.usage
                == (try Usage([
                    .input: 3, .cachedInput: 1_000, .cacheWrite5m: 20, .cacheWrite1h: 10,
                    .output: 50,
                ])))
        #expect(event.channel == "anthropic")
        #expect(event.modelAsked == "claude-sonnet-4-5-20250929")
        #expect(event.vendorID == "msg_1")
        #expect(event.project == "web")
        #expect(event.start.text == "2026-10-01T12:00:00Z")
        #expect(event.known == .reported)
        #expect(event.source == "claude-code")
    }

    @Test(arguments: [[1, 5, 50], [50, 5, 1], [5, 50, 1], [50, 50, 50]])
    func takesTheLargestSnapshotOnce(outputs: [Int]) throws {
        let events = try events(outputs.map { line(output: $0) })
        #expect(events.map { $0.usage[.output] } == [50])
    }

    @Test func twoRequestsOfOneMessageAreTwo() throws {
        let events = try events([
            line(request: "req_1", output: 5), line(request: "req_2", output: 7),
            line(request: "req_1", output: 6), line(request: "req_2", output: 1),
        ])
        #expect(events.map { $0.usage[.output] }.sorted() == [6, 7])
        #expect(Set(events.map(\.id)).count == 2)
    }

    /// A copy by a sub-agent may have lost the request's id.
    @Test func aLineWithoutRequestIDIsTheMessages() throws {
        for lines in [
            [line(output: 5), line(request: nil, output: 9)],
            [line(request: nil, output: 9), line(output: 5)],
        ] {
            let events = try events(lines)
            #expect(events.map { $0.usage[.output] } == [9])
        }
    }

    @Test func theIDDoesNotDependOnWhatElseWasRead() throws {
        let alone = try events([line(output: 50)])
        let among = try events([
            line(id: "msg_0", output: 1), line(output: 3), line(output: 50),
            line(id: "msg_2", output: 1),
        ])
        #expect(among.map(\.id).contains(alone[0].id))
    }

    @Test func linesWithoutAnyIDCountEach() throws {
        let events = try events([
            line(id: nil, request: nil, output: 5), line(id: nil, request: nil, output: 6),
        ])
        #expect(events.map { $0.usage[.output] }.sorted() == [5, 6])
    }

    @Test func passesOverWhatIsNoReply() throws {
        let others = [
            #"{"type":"user","message":{"role":"user","content":"what is \"usage\"?"}}"#,
            #"{"type":"summary","summary":"usage"}"#,
            #"{"type":"assistant","timestamp":"2026-10-01T12:00:00Z","message":{"model":"<synthetic>","id":"x","usage":{"input_tokens":0,"output_tokens":0}}}"#,
            #"{"type":"user","toolUseResult":{"usage":{"input_tokens":5,"output_tokens":6}}}"#,
            #"{"type":"assistant","message":{"id":"m","usage":null}}"#,
        ]
        #expect(try events(others).isEmpty)
    }

    @Test func takesOldLogsWithoutTheSplitOfWrites() throws {
        let old = #"""
            {"type":"assistant","timestamp":"2025-06-01T00:00:00Z","message":{"id":"m","model":"claude-opus-4-20250514","usage":{"input_tokens":4,"cache_creation_input_tokens":100,"cache_read_input_tokens":0,"output_tokens":8}}}
            """#
        let event = try #require(try events([old]).first)
        #expect(event.usage[.cacheWrite5m] == 100)
        #expect(event.usage[.cacheWrite1h] == 0)
    }

    @Test func takesWebSearchesTierAndSpeed() throws {
        let event = try #require(
            try events([
                line(
                    output: 1,
                    usageExtra: #","server_tool_use":{"web_search_requests":2},"speed":"fast""#)
            ]).first)
        #expect(event.usage[.webSearch] == 2)
        #expect(event.attributes == ["speed": "fast"])
    }

    struct Bad: Sendable, CustomTestStringConvertible {
        let text: String
        let says: String
        var testDescription: String { says }
    }

    @Test(arguments: [
        Bad(text: #"{"type":"assistant","message":{"usage":{"#, says: "expected a key at byte 41"),
        Bad(
            text:
                #"{"type":"assistant","timestamp":"2026-10-01T12:00:00Z","message":{"id":"m","usage":{"input_tokens":1}}}"#,
            says: "missing message.model"),
        Bad(
            text:
                #"{"type":"assistant","timestamp":"soon","message":{"id":"m","model":"x","usage":{"input_tokens":1}}}"#,
            says: "timestamp: not an RFC 3339 time"),
        Bad(
            text:
                #"{"type":"assistant","timestamp":"2026-10-01T12:00:00Z","message":{"id":"m","model":"x","usage":{"input_tokens":-1}}}"#,
            says: "a count of -1"),
        Bad(
            text:
                #"{"type":"assistant","timestamp":"2026-10-01T12:00:00Z","message":{"model":"x","usage":{"input_tokens":1}}}"#,
            says: "missing message.id and uuid"),
    ])
    func refusesABadLine(bad: Bad) throws {
        let good = line(output: 5)
        let reading = try Reading("\(bad.text)\n\(good)", with: ClaudeCodeLog())
        #expect(reading.problems == [bad.says])
        #expect(reading.events.count == 1)
    }

    /// An id may be written with escapes, and texts may be long or no UTF-8.
    @Test func keepsTextsAsTheyAreMeant() throws {
        let plain = try events([line(id: "msg_1", output: 5)])
        let escaped = try events([line(id: #"msg\u005f1"#, output: 5)])
        #expect(plain.map(\.vendorID) == escaped.map(\.vendorID))
        #expect(plain.map(\.id) == escaped.map(\.id))
        let long = String(repeating: "x", count: 1_001)
        let reading = try Reading(line(id: long, output: 5), with: ClaudeCodeLog())
        #expect(reading.problems == ["a name or id of 1001 bytes"])
        let broken = try Reading(line(id: #"\ud800"#, output: 5), with: ClaudeCodeLog())
        #expect(broken.events.isEmpty)
        #expect(broken.problems.count == 1)
    }

    /// Thousands of ids are told apart.
    @Test func tellsManyRepliesApart() throws {
        let lines = (0..<3_000).flatMap { number in
            [1, 9, 4].map { line(id: "msg_\(number)", request: "req_\(number)", output: $0) }
        }
        let events = try events(lines)
        #expect(events.count == 3_000)
        #expect(events.allSatisfy { $0.usage[.output] == 9 })
        #expect(Set(events.map(\.id)).count == 3_000)
    }
}
