import Foundation
import Testing

/// `price` over lines on stdin: one answer a line, in order, whatever the lines hold.
@Suite(.needsBinary) struct NDJSONTests {
    private static let good = #"{"model":"acme-large","usage":{"output":1000}}"#
    private static let at = ["--at", "2026-11-22T12:00:00Z"]

    private let sandbox: Sandbox

    init() throws { sandbox = try Sandbox() }

    private func price(_ input: Data) async throws -> Output {
        try await sandbox.run(["price"] + Self.at + Tokenmeter.fixtureRates, stdin: input)
    }

    private func price(_ lines: [String], ending: String = "\n") async throws -> Output {
        try await price(Data(lines.map { $0 + ending }.joined().utf8))
    }

    /// What the error object of one bad line says, beside a good one before and behind it.
    private func refusal(of line: Data) async throws -> (code: String?, message: String) {
        let good = Data((Self.good + "\n").utf8)
        let output = try await price(good + line + Data("\n".utf8) + good)
        #expect(output.exit == 3)
        #expect(output.lines.count == 3)
        let answers = try output.lines.map { try JSON.object($0) }
        #expect(answers[0].money("cost") == "0.008 USD")
        #expect(answers[2].money("cost") == "0.008 USD")
        #expect(answers[1].string("schema") == "tokenmeter.price/1")
        #expect(answers[1].integer("line") == 2)
        #expect(answers[1]["cost"] == nil)
        let error = try answers[1].object("error")
        return (error.string("code"), error.string("message") ?? "")
    }

    @Test func answersEachLineInOrder() async throws {
        let lines = (1...500).map {
            #"{"id":"n\#($0)","model":"acme-large","usage":{"output":\#($0)}}"#
        }
        let output = try await price(lines)
        #expect(output.exit == 0)
        #expect(output.errors == "")
        let answers = try output.lines.map { try JSON.object($0) }
        #expect(answers.map { $0.string("id") } == (1...500).map { "n\($0)" })
        // 500 × 8.00 per 1M.
        #expect(answers.last?.money("cost") == "0.004 USD")
    }

    @Test func passesOverEmptyLines() async throws {
        let output = try await price(["", Self.good, "  \t", "", Self.good, ""])
        #expect(output.exit == 0)
        #expect(output.lines.count == 2)
    }

    @Test func readsCarriageReturns() async throws {
        let output = try await price([Self.good, "", Self.good], ending: "\r\n")
        #expect(output.exit == 0)
        #expect(output.lines.count == 2)
        #expect(!output.text.contains("\r"))
    }

    @Test func readsALastLineWithoutItsFeed() async throws {
        let output = try await price(Data("\(Self.good)\n\(Self.good)".utf8))
        #expect(output.exit == 0)
        #expect(output.lines.count == 2)
        #expect(output.text.hasSuffix("}\n"))
    }

    @Test func readsAFileAsItReadsStdin() async throws {
        let file = try sandbox.write("\(Self.good)\n", to: "usages.ndjson")
        let output = try await sandbox.run(["price", file] + Self.at + Tokenmeter.fixtureRates)
        #expect(output.exit == 0)
        #expect(output.stdout == (try await price([Self.good])).stdout)
    }

    struct Bad: Sendable, CustomTestStringConvertible {
        let line: String
        let code: String
        let says: String
        var testDescription: String { line }
    }

    @Test(arguments: [
        Bad(
            line: #"{"model":"acme-lrge","usage":{"output":1}}"#, code: "unknown_model",
            says: "acme-large"),
        Bad(
            line: #"{"model":"acme-large","chanel":"x","usage":{"output":1}}"#, code: "malformed",
            says: "nearest: channel"),
        Bad(
            line: #"{"model":"acme-large","channel":"rely","usage":{"output":1}}"#,
            code: "unknown_channel", says: "relay"),
        Bad(
            line: #"{"model":"acme-large","usage":{"outptu":1}}"#, code: "unknown_meter",
            says: "output"),
        Bad(
            line: #"{"model":"acme-large","model":"acme-large","usage":{"output":1}}"#,
            code: "malformed", says: "duplicate"),
        Bad(
            line: #"{"model":"acme-large","usage":{"output":1},"usage":{"output":2}}"#,
            code: "malformed", says: "duplicate"),
        Bad(
            line: #"{"model":"acme-large","usage":{"output":1,"output":2}}"#, code: "malformed",
            says: "duplicate"),
        Bad(
            line: #"{"model":"acme-large","when":{"a":"b","a":"c"},"usage":{"output":1}}"#,
            code: "malformed", says: "duplicate"),
        Bad(
            line: #"{"model":"acme-large","usage":{"output":1e9}}"#, code: "malformed",
            says: "whole number"),
        Bad(
            line: #"{"model":"acme-large","usage":{"output":1.0}}"#, code: "malformed",
            says: "whole number"),
        Bad(
            line: #"{"model":"acme-large","usage":{"output":01}}"#, code: "malformed",
            says: "whole number"),
        Bad(
            line: #"{"model":"acme-large","usage":{"output":"5"}}"#, code: "malformed",
            says: "whole number"),
        Bad(
            line: #"{"model":"acme-large","usage":{"output":NaN}}"#, code: "malformed",
            says: "whole number"),
        Bad(
            line: #"{"model":"acme-large","usage":{"output":null}}"#, code: "malformed",
            says: "whole number"),
        Bad(
            line: #"{"model":"acme-large","usage":{"output":-1}}"#, code: "out_of_range", says: "-1"
        ),
        Bad(
            line: #"{"model":"acme-large","usage":{"output":1000000000001}}"#, code: "out_of_range",
            says: "1000000000001"),
        Bad(
            line: #"{"model":"acme-large","usage":{"output":99999999999999999999999999999}}"#,
            code: "malformed", says: "too large"),
        Bad(line: #"{"model":"acme-large","usage":null}"#, code: "malformed", says: "object"),
        Bad(line: #"{"model":"acme-large"}"#, code: "malformed", says: "missing \"usage\""),
        // Absent is unknown, and never 0: the command line refuses the same.
        Bad(line: #"{"model":"acme-large","usage":{}}"#, code: "malformed", says: "usage"),
        Bad(line: #"{"usage":{"output":1}}"#, code: "malformed", says: "missing \"model\""),
        Bad(
            line: #"{"model":"","usage":{"output":1}}"#, code: "malformed",
            says: "missing \"model\""),
        Bad(
            line: #"{"model":"acme-large","at":"2026-13-01","usage":{"output":1}}"#,
            code: "malformed", says: "\"at\" is not"),
        Bad(
            line: #"{"model":"acme-large","at":"2020-01-01","usage":{"output":1}}"#,
            code: "no_line_at_time", says: "2026-01-01"),
        Bad(
            line: #"{"model":"acme-small","service_tier":"batch","usage":{"output":1}}"#,
            code: "no_line_for_tier", says: "standard"),
        Bad(
            line: #"{"model":"acme-large","usage":{"output":1}} x"#, code: "malformed",
            says: "more after"),
        Bad(line: #"{"model":"acme-large","usage":{"output":1}"#, code: "malformed", says: "byte"),
        Bad(line: "[1]", code: "malformed", says: "object"),
        Bad(line: "null", code: "malformed", says: "object"),
        Bad(line: "nonsense", code: "malformed", says: "object"),
        Bad(line: String(repeating: "[", count: 100_000), code: "malformed", says: "object"),
        Bad(
            line:
                #"{"model":"acme-large","usage":\#(String(repeating: #"{"a":"#, count: 100_000))"#,
            code: "unknown_meter", says: "\"a\""),
    ])
    func answersABadLineInPlace(bad: Bad) async throws {
        let (code, message) = try await refusal(of: Data(bad.line.utf8))
        #expect(code == bad.code)
        #expect(message.contains(bad.says), "\(message)")
    }

    @Test func answersInvalidUTF8InPlace() async throws {
        let line =
            Data(#"{"model":"acme"#.utf8) + Data([0xFF, 0xFE])
            + Data(#"","usage":{"output":1}}"#.utf8)
        let (code, message) = try await refusal(of: line)
        #expect(code == "malformed")
        #expect(message.contains("UTF-8"))
    }

    /// Two megabytes, of which the last byte decides nothing.
    @Test func answersALongLineInPlace() async throws {
        let line = #"{"model":"\#(String(repeating: "a", count: 2_000_000))","usage":{"output":1}}"#
        let (code, message) = try await refusal(of: Data(line.utf8))
        #expect(code == "line_too_long")
        #expect(message.contains("1 MiB"))
    }

    @Test func readsALineOfExactlyTheLimit() async throws {
        let padding = String(repeating: " ", count: (1 << 20) - Self.good.utf8.count)
        let output = try await price([Self.good + padding, Self.good + padding + " ", Self.good])
        #expect(output.exit == 3)
        let answers = try output.lines.map { try JSON.object($0) }
        #expect(answers.map { $0.money("cost") } == ["0.008 USD", nil, "0.008 USD"])
    }

    /// A part that has no rate is named; the rest is a lower bound.
    @Test func saysWhatIsUnpriced() async throws {
        let output = try await price([
            #"{"model":"acme-large","channel":"relay","usage":{"input":10,"output":5}}"#
        ])
        #expect(output.exit == 3)
        let answer = try JSON.object(try #require(output.lines.first))
        #expect(answer.isNull("cost"))
        #expect(answer.money("cost_at_least") == "0.00004 CNY")
        #expect(try answer.object("unpriced").integer("input") == 10)
    }

    @Test func countsTheLinesThatFailed() async throws {
        let output = try await price([Self.good, "x", "y", Self.good])
        #expect(output.exit == 3)
        #expect(output.lines.count == 4)
        #expect(output.errors.hasPrefix("note: 2 of "))
        #expect(output.errors.filter { $0 == "\n" }.count == 1)
    }

    @Test func echoesTheIDOfABadLineToo() async throws {
        let output = try await price([#"{"id":"seven","model":"acme-lrge","usage":{"output":1}}"#])
        #expect(try JSON.object(try #require(output.lines.first)).string("id") == "seven")
    }

    @Test func takesWhatLinesLeaveOutFromTheFlags() async throws {
        let output = try await sandbox.run(
            ["price", "--channel", "relay", "--at", "2026-11-22"] + Tokenmeter.fixtureRates,
            stdin: Data((Self.good + "\n").utf8))
        let answer = try output.json()
        #expect(answer.string("channel") == "relay")
        #expect(answer.money("settled") == "0.008 CNY")
        #expect(answer.string("at") == "2026-11-22T00:00:00Z")
    }

    /// A hundred megabytes without a line feed, and a good line behind them: below 60 MB of memory.
    @Test func keepsItsMemoryUnderAHugeLine() async throws {
        let file = sandbox.folder.appending(path: "huge.ndjson")
        try Data().write(to: file)
        let handle = try FileHandle(forWritingTo: file)
        let megabyte = Data(repeating: UInt8(ascii: "a"), count: 1_000_000)
        for _ in 0..<100 { try handle.write(contentsOf: megabyte) }
        try handle.write(contentsOf: Data("\n\(Self.good)\n".utf8))
        try handle.close()
        let rates = Tokenmeter.repository.appending(path: "Tests/Fixtures/pricing-data").path()
        let python = """
            import os, resource, subprocess, sys
            code = subprocess.run(["tokenmeter", "price", "--at", "2026-11-22", "--pricing-data", sys.argv[1]],
                                  stdin=open("huge.ndjson", "rb")).returncode
            print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
            sys.exit(code)
            """
        try sandbox.write(python, to: "measure.py")
        guard try await sandbox.has("python3") else { return }
        let output = try await sandbox.shell("python3 measure.py '\(rates)'")
        #expect(output.exit == 3)
        #expect(output.lines.count == 3)
        let answers = try output.lines.filter { $0.hasPrefix("{") }.map { try JSON.object($0) }
        #expect(try answers.first?.object("error").string("code") == "line_too_long")
        #expect(answers.last?.money("cost") == "0.008 USD")
        let kilobytes = try #require(output.lines.compactMap { Int($0) }.first)
        #if os(Linux)
            #expect(kilobytes < 60_000)
        #endif
    }
}
