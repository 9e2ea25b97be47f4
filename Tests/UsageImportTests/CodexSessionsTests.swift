import Accounting
import Pricing
import Testing
import UsageImport

/// Running totals become requests, and copied history counts once.
struct CodexSessionsTests {
    private func meta(_ id: String, forkedFrom parent: String? = nil, at time: String) -> String {
        let parent = parent.map { #","forked_from_id":"\#($0)""# } ?? ""
        return
            #"{"timestamp":"\#(time)","type":"session_meta","payload":{"id":"\#(id)","cwd":"/home/ann/src/web","model_provider":"openai"\#(parent)}}"#
    }

    private func turn(_ model: String = "gpt-5.5", at time: String) -> String {
        #"{"timestamp":"\#(time)","type":"turn_context","payload":{"model":"\#(model)","cwd":"/x"}}"#
    }

    private func count(
        _ input: Int, _ cached: Int, _ output: Int, last: (Int, Int, Int)? = nil, at time: String
    ) -> String {
        func counts(_ input: Int, _ cached: Int, _ output: Int) -> String {
            #"{"input_tokens":\#(input),"cached_input_tokens":\#(cached),"output_tokens":\#(output),"reasoning_output_tokens":\#(output / 10),"total_tokens":\#(input + output)}"#
        }
        let last = last.map { #","last_token_usage":\#(counts($0, $1, $2))"# } ?? ""
        return
            #"{"timestamp":"\#(time)","type":"event_msg","payload":{"type":"token_count","info":{"total_token_usage":\#(counts(input, cached, output))\#(last)},"rate_limits":null}}"#
    }

    private func time(_ minute: Int, _ millisecond: Int = 0) -> String {
        let digits = String(millisecond + 1_000).dropFirst()
        return "2026-10-01T10:\(minute < 10 ? "0" : "")\(minute):00.\(digits)Z"
    }

    private func read(_ files: [String]...) throws -> Reading {
        try Reading(files.map { $0.joined(separator: "\n") }, with: CodexSessions())
    }

    private var parent: [String] {
        [
            meta("s1", at: time(0)), turn(at: time(0)),
            #"{"timestamp":"\#(time(0))","type":"event_msg","payload":{"type":"token_count","info":null,"rate_limits":{}}}"#,
            #"{"timestamp":"\#(time(0))","type":"response_item","payload":{"type":"message","id":"m","content":[{"text":"\"token_count\""}]}}"#,
            count(1_000, 600, 50, at: time(1)), count(1_000, 600, 50, at: time(1)),
            count(2_500, 1_900, 90, at: time(2)),
        ]
    }

    @Test func takesTheGrowthOfTheTotals() throws {
        let reading = try read(parent)
        #expect(reading.problems == [])
        #expect(
            reading.events.map(\.usage) == [
                try Usage([.input: 400, .cachedInput: 600, .output: 45, .reasoning: 5]),
                try Usage([.input: 200, .cachedInput: 1_300, .output: 36, .reasoning: 4]),
            ])
        let first = try #require(reading.events.first)
        #expect(first.modelAsked == "gpt-5.5")
        #expect(first.channel == "openai")
        #expect(first.project == "web")
        #expect(first.start.text == "2026-10-01T10:01:00Z")
        #expect(first.source == "codex")
    }

    @Test func theModelIsThatOfTheTurn() throws {
        let reading = try read(
            parent + [turn("gpt-5.6-sol", at: time(3)), count(2_600, 1_900, 100, at: time(4))])
        #expect(reading.events.map(\.modelAsked) == ["gpt-5.5", "gpt-5.5", "gpt-5.6-sol"])
    }

    /// The fork's file begins with its parent's lines, under the time of the fork.
    private func fork(_ id: String = "s2") -> [String] {
        [
            meta(id, forkedFrom: "s1", at: time(5)), meta("s1", at: time(5)),
            turn(at: time(5, 1)), count(1_000, 600, 50, at: time(5, 2)),
            count(2_500, 1_900, 90, at: time(5, 3)), turn(at: time(6)),
            count(4_000, 3_000, 130, at: time(7)),
        ]
    }

    @Test func countsAForksOwnRequestsAlone() throws {
        let grown = try Usage([.input: 400, .cachedInput: 1_100, .output: 36, .reasoning: 4])
        for files in [[parent, fork()], [fork(), parent], [parent, fork(), parent]] {
            let reading = try Reading(
                files.map { $0.joined(separator: "\n") }, with: CodexSessions())
            #expect(reading.events.count == 3)
            #expect(reading.events.last?.usage == grown)
        }
        // Without the parent: what was written at once is its copy.
        let alone = try read(fork())
        #expect(alone.events.map(\.usage) == [grown])
        #expect(alone.events.map(\.id) == (try read(parent, fork()).events.suffix(1).map(\.id)))
    }

    @Test func twoForksAreTwo() throws {
        #expect(try read(parent, fork("s2"), fork("s3")).events.count == 4)
    }

    /// Some versions name no parent beside the new id, and the old session's line follows.
    @Test func takesASecondSessionForTheParent() throws {
        let resumed = [meta("s2", at: time(5))] + fork().dropFirst()
        #expect(try read(parent, resumed).events.count == 3)
    }

    @Test func takesTheRequestsOwnCountsWhereTotalsBeginAnew() throws {
        let reading = try read(
            parent + [
                count(90, 0, 10, last: (80, 0, 10), at: time(3)),
                count(150, 0, 20, last: (60, 0, 10), at: time(4)),
            ])
        #expect(reading.events.map { $0.usage.totalInput } == [1_000, 1_500, 80, 60])
        // A first line that goes on from totals of elsewhere.
        let late = try read([
            meta("s9", at: time(0)), turn(at: time(0)),
            count(9_000, 0, 90, last: (100, 0, 10), at: time(1)),
        ])
        #expect(late.events.map { $0.usage.totalInput } == [100])
    }

    @Test func saysWhatItCannotRead() throws {
        let reading = try read([
            meta("s1", at: time(0)), count(5, 0, 5, at: time(1)), "{", "",
            #"{"timestamp":"t","type":"event_msg","payload":{"type":"token_count","info":{"total_token_usage":{"input_tokens":-1}}}}"#,
        ])
        #expect(
            reading.problems == [
                "a count before any turn_context named a model", "expected a key at byte 2",
                "a count of -1",
            ])
        #expect(reading.events.isEmpty)
    }

    /// Cached above the input does occur: the total is what is billed.
    @Test func cutsPartsToTheirTotal() throws {
        let reading = try read([
            meta("s1", at: time(0)), turn(at: time(0)), count(100, 300, 10, at: time(1)),
        ])
        let event = try #require(reading.events.first)
        #expect(event.usage == (try Usage([.cachedInput: 100, .output: 9, .reasoning: 1])))
        #expect(event.tags == ["oddity": "cached_input above input"])
    }
}
