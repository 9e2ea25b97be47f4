import Foundation
import Testing

/// `inspect` and `price --vendor-usage`, as people run them.
struct InspectTests {
    private static let streams = "Tests/Fixtures/streams"

    @Test func tellsWhatAStreamUsed() async throws {
        let output = try await Sandbox().run([
            "inspect", "\(Self.streams)/anthropic-messages.sse", "--format", "json",
        ])
        let document = try output.json()
        #expect(document["api"] as? String == "anthropic-messages")
        #expect(document["known"] as? String == "reported")
        let usage = document["usage"] as? [String: Int]
        #expect(
            usage == [
                "input": 20, "cached_input": 1000, "cache_write_5m": 100, "cache_write_1h": 200,
                "output": 9,
            ])
        #expect(output.exit == 0)
    }

    /// 100,001 events: a document would hold them all, lines go out as they are read.
    @Test func writesManyEventsAsTheyAreRead() async throws {
        let sandbox = try Sandbox()
        let chunk = #"data: {"id":"c","model":"gpt-4.1","choices":[{"delta":{"content":"a"}}]}"#
        let path = try sandbox.write(
            String(repeating: chunk + "\n\n", count: 100_001), to: "many.sse")
        let document = try await sandbox.run(["inspect", "--events", path, "--format", "json"])
        #expect(document.exit == 64)
        #expect(document.text.isEmpty)
        #expect(document.errors.contains("--events: there are more than 100,000; --format ndjson"))
        let lines = try await sandbox.run(["inspect", "--events", path, "--format", "ndjson"])
        #expect(lines.exit == 0)
        #expect(lines.lines.count == 100_001)
        #expect(try JSON.object(lines.lines.last ?? "").integer("event") == 100_001)
    }

    @Test func showsEachEventInItsOrder() async throws {
        let output = try await Sandbox().run([
            "inspect", "--events", "\(Self.streams)/openai-chat.sse", "--format", "ndjson",
        ])
        let known = output.text.split(separator: "\n").map {
            String($0).contains(#""known":"reported""#)
        }
        // Four chunks before the one with the usage; [DONE] is no event of theirs.
        #expect(known == [false, false, false, false, true, true])
    }

    @Test func pricesTheVendorsOwnCounts() async throws {
        let output = try await Sandbox().run([
            "price", "--vendor-usage", "\(Self.streams)/openai-chat.sse", "--at", "2026-11-20",
            "--format", "json",
        ])
        // 176 at $2, 1,024 at $0.50, 8 at $8, each per million.
        let cost = try output.json()["cost"] as? [String: String]
        #expect(cost == ["amount": "0.000928", "currency": "USD"])
    }

    @Test func readsAPackedStreamFromStandardInput() async throws {
        let path = Tokenmeter.repository.appending(path: "\(Self.streams)/gemini.sse").path()
        let output = try await Sandbox().shell(
            "gzip -c '\(path)' | tokenmeter inspect - --format json")
        #expect(output.text.contains(#""cached_input": 30"#))
    }

    /// An input that nobody reported has no price, and is not free.
    @Test func whatNobodyReportedIsNotPricedAsNothing() async throws {
        let sandbox = try Sandbox()
        let usage = #"{"completion_tokens":5}"#
        let output = try await sandbox.shell(
            "echo '\(usage)' | tokenmeter price --vendor-usage - --model gpt-4.1 --at 2026-11-20 --format json"
        )
        #expect(output.exit == 3)
        let document = try output.json()
        #expect(document["cost"] is NSNull)
        let least = document["cost_at_least"] as? [String: String]
        #expect(least == ["amount": "0.00004", "currency": "USD"])
        let line = try await sandbox.shell(
            #"echo '{"model":"gpt-4.1","at":"2026-11-20","vendor_usage":\#(usage)}' | tokenmeter price"#
        )
        #expect(line.text.contains(#""cost_at_least":{"amount":"0.00004""#), "\(line.text)")
    }

    /// A fast answer of Anthropic's costs twice the usual: 1,000 × $10 + 1,000 × $50 a million.
    @Test func aFastAnswerIsPricedAsOne() async throws {
        let sandbox = try Sandbox()
        let usage =
            #"{"input_tokens":1000,"cache_read_input_tokens":0,"output_tokens":1000,"speed":"fast"}"#
        let flags = "--model claude-opus-4.8 --at 2026-11-20 --format json"
        for (more, cost) in [("", "0.06 USD"), (" --when speed=standard", "0.03 USD")] {
            let output = try await sandbox.shell(
                "echo '\(usage)' | tokenmeter price --vendor-usage - \(flags)\(more)")
            #expect(try output.json().money("cost") == cost, "\(output.errors)")
        }
        let line = try await sandbox.shell(
            #"echo '{"model":"claude-opus-4.8","at":"2026-11-20","vendor_usage":\#(usage)}' | tokenmeter price"#
        )
        #expect(try JSON.object(line.text).money("cost") == "0.06 USD", "\(line.text)")
    }

    /// The last event counts among the others though no blank line ends it.
    @Test func theLastEventIsShownWithoutItsBlankLine() async throws {
        let sandbox = try Sandbox()
        let path = "\(Tokenmeter.repository.path())/\(Self.streams)/anthropic-messages.sse"
        let whole = try await sandbox.run(["inspect", "--events", path, "--format", "ndjson"])
        let cut = try await sandbox.shell(
            "perl -pe 'chomp if eof' '\(path)' | perl -pe 'chomp if eof' | tokenmeter inspect - --events --format ndjson"
        )
        #expect(cut.lines.count == whole.lines.count)
        #expect(cut.lines.last == whole.lines.last)
    }

    @Test func saysWhereThereIsNothing() async throws {
        let empty = try await Sandbox().shell("tokenmeter inspect - < /dev/null")
        #expect(empty.exit == 1)
        #expect(
            empty.errors
                == "error: standard input holds no stream and no answer of a known API\n")
        // An answer without usage is an answer all the same.
        let silent = try await Sandbox().shell(
            #"echo '{"object":"chat.completion","choices":[]}' | tokenmeter inspect - --format json"#
        )
        #expect(silent.exit == 0)
        #expect(silent.text.contains(#""known": "unknown""#))
    }

    /// Cut within the first event nothing tells whose it is, nor what it used; that is an answer.
    @Test func aCutInTheFirstEventIsUnknown() async throws {
        let cut =
            "head -c 100 '\(Tokenmeter.repository.path())/\(Self.streams)/openai-chat.sse' | tokenmeter inspect -"
        let answer = try await Sandbox().shell("\(cut) --cut --format json")
        #expect(answer.exit == 0)
        let document = try answer.json()
        #expect(document["known"] as? String == "unknown")
        #expect(document["api"] is NSNull)
        #expect(document["oddities"] as? [String] == ["missing_done", "unterminated_event"])
        #expect(try await Sandbox().shell(cut).exit == 1)
        for few in ["dat", ": hello", "event: message_start\\nda", "{", "["] {
            let answer = try await Sandbox().shell("printf '\(few)' | tokenmeter inspect - --cut")
            #expect(answer.exit == 0, "\(few)")
        }
        #expect(try await Sandbox().shell("echo words | tokenmeter inspect - --cut").exit == 1)
    }

    /// Whatever the format, what is odd is told somewhere, and the last of two values of a key counts.
    @Test func aTableOfCommasTellsWhatIsOddBesideIt() async throws {
        let sandbox = try Sandbox()
        let twice =
            #"{"object":"chat.completion","choices":[{"message":{}}],"usage":{"prompt_tokens":1,"prompt_tokens":5,"completion_tokens":2}}"#
        let path = try sandbox.write(twice, to: "twice.json")
        let table = try await sandbox.run(["inspect", path, "--format", "csv"])
        #expect(table.text.contains("\"5 input, 2 output\""))
        #expect(table.errors == "note: a payload has a key twice; the last one is taken\n")
        let page = try await sandbox.run(["inspect", path, "--format", "markdown"])
        #expect(page.lines.first?.hasSuffix("twice.json**") == true)
        #expect(page.text.contains("- 1 payload, 0 bytes of text\n"))
        #expect(page.errors.isEmpty)
    }
}
