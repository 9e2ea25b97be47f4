import JSONBytes
import NIOCore
import StandInUpstream
import Testing

/// What a plan sends, without a connection and without a clock.
@Suite struct StreamedAnswerTests {
    /// All pieces up to the last step, each at the earliest time it may go.
    static func run(
        _ plan: AnswerPlan, api: UpstreamAPI = .openAIChat, body: String = "{\"stream\":true}"
    ) throws -> (pieces: [String], times: [Duration], last: StreamedAnswer.Step) {
        let request = try AnswerRequest(Array(body.utf8))
        let facts = request.facts(plan, api: api, serial: "1")
        var answer = StreamedAnswer(
            api.shape(facts), plan, tokens: facts.tokens, isStreamed: request.isStreamed)
        var pieces: [String] = []
        var times: [Duration] = []
        var now = Duration.zero
        while true {
            switch answer.next(at: now) {
            case .wait(let due):
                #expect(due > now)
                now = due
            case .piece(let piece):
                pieces.append(String(buffer: piece))
                times.append(now)
            case let last: return (pieces, times, last)
            }
        }
    }

    static func plan(_ changes: String) throws -> AnswerPlan {
        try AnswerPlan().changed(by: "tokens=3," + changes)
    }

    @Test func tokensComeAtTheRateFromTheFirstOn() throws {
        // 4 tokens a second behind 100 ms: 100, 350, 600 ms; the end goes with the last.
        let (pieces, times, last) = try Self.run(try Self.plan("ttft=100ms,rate=4"))
        #expect(last == .end)
        #expect(pieces.count == 6)
        #expect(times.map { $0 / .milliseconds(1) } == [100, 100, 350, 600, 600, 600])
    }

    @Test func aLateTimerDoesNotSlowTheRateDown() throws {
        let plan = try Self.plan("ttft=0,rate=374,tokens=1000")
        // 999 / 374 s
        #expect(plan.due(999) == .nanoseconds(2_671_122_995))
    }

    @Test func silenceStartsBehindTheTokensOfAStall() throws {
        let (pieces, _, last) = try Self.run(try Self.plan("fault=stall:2"))
        #expect(last == .silence)
        #expect(pieces.count == 3, "the opening and two tokens")
    }

    @Test func aCutLeavesExactlyItsBytes() throws {
        let whole = try Self.run(try Self.plan("")).pieces.joined()
        for length in [0, 1, 7, 300, whole.utf8.count] {
            let (pieces, _, last) = try Self.run(try Self.plan("fault=cut:\(length)"))
            #expect(last == .cut)
            #expect(Array(pieces.joined().utf8) == Array(whole.utf8.prefix(length)))
        }
        #expect(
            try Self.run(try Self.plan("fault=cut:\(whole.utf8.count + 1)")).last == .end,
            "a cut behind the end is none")
    }

    @Test func theVendorTellsUsageOnlyWhereItIsAskedFor() throws {
        let asks = "{\"stream\":true,\"stream_options\":{\"include_usage\":true}}"
        #expect(!(try Self.run(try Self.plan("")).pieces.joined().contains("usage")))
        let told = try Self.run(try Self.plan("reasoning-tokens=4,prompt-tokens=9"), body: asks)
        #expect(
            told.pieces[5].contains(
                "\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":7,\"total_tokens\":16,"))
        #expect(told.pieces[0].contains("\"usage\":null"))
        let never = try Self.run(try Self.plan("fault=no-usage"), body: asks)
        #expect(!never.pieces.joined().contains("usage"))
        let growing = try Self.run(try Self.plan("usage=growing,prompt-tokens=9"))
        #expect(growing.pieces[2].contains("\"completion_tokens\":2,\"total_tokens\":11}"))
    }

    @Test func aStreamMayEndWithoutItsMark() throws {
        #expect(try Self.run(try Self.plan("")).pieces.last == "data: [DONE]\n\n")
        #expect(
            !(try Self.run(try Self.plan("fault=missing-done")).pieces.joined().contains("DONE")))
    }

    @Test func aLimitOfTheRequestCutsTheTokens() throws {
        let body = "{\"stream\":true,\"max_tokens\":2}"
        let (pieces, _, _) = try Self.run(try Self.plan(""), body: body)
        #expect(pieces.count == 5)
        #expect(pieces[3].contains("\"finish_reason\":\"length\""))
    }

    @Test func whatIsNotStreamedComesWhenTheLastTokenWould() throws {
        let (pieces, times, last) = try Self.run(
            try Self.plan("ttft=100ms,rate=4"), body: "{\"model\":\"m\"}")
        #expect(last == .end)
        #expect(times == [.milliseconds(600)])
        #expect(pieces[0].contains("\"usage\":{"))
    }

    @Test(arguments: UpstreamAPI.allCases)
    func everyStreamHoldsTheSameText(_ api: UpstreamAPI) throws {
        for script in SyntheticText.Script.allCases {
            let plan = try AnswerPlan().changed(by: "tokens=200,seed=7,text=\(script.rawValue)")
            let (pieces, _, _) = try Self.run(plan, api: api)
            let text = try pieces.flatMap { try Self.documents(in: $0) }.compactMap {
                Self.delta(in: $0)
            }.joined()
            #expect(text == SyntheticText.text(script, seed: 7, count: 200))
        }
    }

    private static func documents(in piece: String) throws -> [JSONValue] {
        let lines = piece.split(whereSeparator: \.isNewline).map { line in
            line.hasPrefix("data: ") ? String(line.dropFirst(6)) : String(line)
        }
        return try lines.filter { $0.hasPrefix("{") }.map {
            try JSONReader.value(of: Array($0.utf8))
        }
    }

    private static func delta(in document: JSONValue) -> String? {
        if document["type"]?.textValue == "response.output_text.delta" {
            return document["delta"]?.textValue
        }
        let choice = document["choices"]?.elements?.first?["delta"]?["content"]
        let parts = document["candidates"]?.elements?.first?["content"]?["parts"]
        return choice?.textValue ?? parts?.elements?.first?["text"]?.textValue
            ?? document["delta"]?["text"]?.textValue ?? document["delta"]?["content"]?.textValue
    }
}
