import Accounting
import JSONBytes
import Pricing
import RateCatalog
import Testing

/// The shipped tables at one fixed noon.
enum Fixture {
    static let noon = Timestamp(milliseconds: 1_795_348_800_000)  // 2026-11-22T12:00:00Z

    static func context() throws -> PricingContext {
        PricingContext(
            book: RateBook(try CatalogReader.read(RateFile.embedded), zones: UTCOnly()), now: noon,
            zone: "UTC")
    }

    static func flags(_ pairs: [String: [String]]) -> Parameters {
        Parameters(pairs, spelling: .flags)
    }
}

@Suite struct PriceLinesTests {
    private func answers(_ lines: [String], _ flags: [String: [String]] = [:]) throws -> [JSONValue]
    {
        var prices = try PriceLines(Fixture.flags(flags), Fixture.context())
        var writer = JSONWriter()
        for line in lines {
            Array(line.utf8).withUnsafeBufferPointer { prices.answer($0, into: &writer) }
        }
        return try writer.bytes.split(separator: UInt8(ascii: "\n")).map {
            try JSONReader.value(of: Array($0))
        }
    }

    private func error(_ line: String) throws -> String {
        let answer = try #require(try answers([line]).first)
        guard case .string(let message)? = answer["error"]?["message"] else {
            Issue.record("no error for \(line): \(answer)")
            return ""
        }
        return message
    }

    /// A count that is none is named where it stands.
    @Test func namesTheCountThatIsOutOfRange() throws {
        let body = Array(#"{"model":"gpt-4.1","usage":{"output":-5}}"#.utf8)
        let member = body.withUnsafeBufferPointer {
            LineQuestion.member(at: .outOfRange("the count of output (-5)"), of: $0)
        }
        #expect(member == "usage.output")
    }

    @Test func answersALineAsTheFlagsWouldBe() throws {
        let line =
            #"{"model":"gpt-4.1","channel":"openai","usage":{"input":1000000,"cached_input":400000,"output":100000}}"#
        let asLine = try #require(try answers([line]).first)
        let asFlags = try Fixture.context().price(
            Fixture.flags([
                "model": ["gpt-4.1"], "channel": ["openai"], "input_tokens": ["1000000"],
                "cached_tokens": ["400000"], "output_tokens": ["100000"],
            ])
        ).document
        #expect(asLine == asFlags)
        // 1,000,000 · $2/M + 400,000 · $0.50/M + 100,000 · $8/M = $2.00 + $0.20 + $0.80
        #expect(asLine["cost"]?["amount"] == "3.00")
    }

    @Test func pricesAtTheLinesOwnTimeAndTier() throws {
        let lines = [
            #"{"model":"gpt-4.1","at":"2026-11-01","service_tier":"batch","usage":{"output":1000000}}"#,
            #"{"model":"gpt-4.1","at":"2026-11-01T00:00:00+08:00","usage":{"output":1000000},"id":"a"}"#,
        ]
        let answers = try answers(lines)
        #expect(answers[0]["cost"]?["amount"] == "4.00")
        #expect(answers[1]["cost"]?["amount"] == "8.00")
        #expect(answers[1]["at"] == "2026-10-31T16:00:00Z")
        #expect(answers[1]["id"] == "a")
    }

    @Test func convertsOnlyWhereItIsAsked() throws {
        let line = #"{"model":"gpt-4.1","channel":"holysheep","usage":{"output":10000000}}"#
        let plain = try #require(try answers([line]).first)
        // 10M · $8/M is billed, and ¥1 settles $1: never ¥560.
        #expect(plain["billed"]?["currency"] == "USD")
        #expect(plain["cost"] == .object(["amount": "80.00", "currency": "CNY"]))
        let dollars = try #require(
            try answers([line], ["currency": ["USD"], "fx": ["USD/CNY=7"]]).first)
        // ¥80 ÷ 7 = $11.428571…: never $80.00.
        #expect(
            dollars["cost"]
                == .object(["amount": "11.428571", "currency": "USD", "converted": true]))
        #expect(dollars["settled"]?["amount"] == "80.00")
    }

    @Test func unknownIsNullAndNeverZero() throws {
        let line =
            #"{"model":"gpt-4.1","channel":"holysheep","usage":{"input":1200,"output":1000000}}"#
        let answer = try #require(try answers([line]).first)
        #expect(answer["cost"] == .null)
        #expect(answer["cost_at_least"]?["amount"] == "8.00")
        #expect(answer["unpriced"] == .object(["input": 1200]))
    }

    @Test(arguments: [
        (#"{"model":"gpt-4.1"}"#, "missing \"usage\""),
        (#"{"usage":{"input":1}}"#, "missing \"model\""),
        (#"{"model":"gpt-4.1","usage":{"input":1},"usage":{}}"#, "a duplicate key"),
        (#"{"model":"gpt-4.1","usage":{"input":1,"input":2}}"#, "a duplicate meter"),
        (#"{"model":"gpt-4.1","usage":{"imput":1}}"#, "no meter \"imput\"; nearest: input"),
        (#"{"modle":"gpt-4.1","usage":{"input":1}}"#, "unknown key \"modle\"; nearest: model"),
        (#"{"model":"gpt-4.1","usage":{"input":-1}}"#, "out of range"),
        (#"{"model":"gpt-4.1","usage":{"input":1e9}}"#, "expected a whole number"),
        (#"{"model":"gpt-4.1","usage":{"input":1.0}}"#, "expected a whole number"),
        (#"{"model":"gpt-4.1","usage":{"input":1000000000001}}"#, "out of range"),
        (#"{"model":"gpt-4.1","usage":{"input":99999999999999999999}}"#, "too large"),
        (#"{"model":"gpt-4.1","at":"yesterday","usage":{"input":1}}"#, "is not an RFC 3339 time"),
        (
            #"{"model":"gpt4.1","usage":{"input":1}}"#,
            "nearest: gpt-4.1, "
        ),
        (#"{"model":"gpt-4.1","at":"2020-01-01","usage":{"input":1}}"#, "the next begins at"),
        (#"{"model":"gpt-4.1","usage":{"input":1}} x"#, "more after the value"),
        (#"{"model":"gpt-4.1","usage":{}}"#, "an empty \"usage\""),
        (#"{"model":"gpt-4.1","when":{"a":"b","a":"c"},"usage":{"input":1}}"#, "a duplicate key"),
        ("[]", "expected an object"),
    ])
    func answersABadLineInPlace(line: String, message: String) throws {
        #expect(try error(line).contains(message))
    }

    @Test func keepsTheOrderAndCountsWhatFailed() throws {
        var prices = try PriceLines(Fixture.flags([:]), Fixture.context())
        var writer = JSONWriter()
        for line in [
            #"{"model":"gpt-4.1","usage":{"input":1}}"#, "", "x",
            #"{"model":"gpt-4.1","usage":{"input":0}}"#,
        ] {
            Array(line.utf8).withUnsafeBufferPointer { prices.answer($0, into: &writer) }
        }
        prices.refuseLongLine(into: &writer)
        let answers = writer.bytes.split(separator: UInt8(ascii: "\n"))
        #expect(answers.count == 4, "an empty line is passed over")
        #expect(prices.failures == 2)
        #expect(try JSONReader.value(of: Array(answers[1]))["line"] == 3)
        #expect(try JSONReader.value(of: Array(answers[3]))["error"]?["code"] == "line_too_long")
    }
}
