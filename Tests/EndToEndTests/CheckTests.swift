import Foundation
import Testing

/// A change that is checked against its base: what it adds, what it may add, and what it was before.
@Suite(.needsBinary) struct CheckTests {
    private let sandbox: Sandbox

    init() throws { sandbox = try Sandbox() }

    /// gpt-4.1 output is $8.00 per million.
    private func plan(_ name: String, _ volumes: KeyValuePairs<String, String>) throws {
        let workloads = volumes.map {
            "  - {name: \($0.key), model: gpt-4.1, channel: openai, volume: {output: \($0.value)}}"
        }
        try sandbox.write("workloads:\n" + workloads.joined(separator: "\n") + "\n", to: name)
    }

    private func budgets(_ text: String, to name: String = "budgets.yml") throws {
        try sandbox.write("budgets:\n\(text)\n", to: name)
    }

    private func check(_ words: String...) async throws -> Output {
        try await sandbox.run(
            [
                "check", "--budgets", "budgets.yml", "--at", "2026-10-20T12:00:00Z", "--timezone",
                "UTC",
            ]
                + words, in: sandbox.folder)
    }

    // MARK: A base

    @Test func showsWhatAChangeAdds() async throws {
        try plan("main.yml", ["search": "10M", "night": "1M", "old": "1M"])
        try plan("plan.yml", ["search": "15M", "night": "1M", "new": "2M"])
        try budgets("  - {name: all, limit: 200USD}")
        let output = try await check(
            "--plan", "plan.yml", "--base-plan", "main.yml", "--format", "json")
        #expect(output.exit == 0, "\(output.errors)")
        let document = try output.json()
        let row = try document.objects("rows")[0]
        // 12M at $8.00 before, 18M now.
        #expect((row["base"] as? [String: any Sendable])?["amount"] as? String == "96.00")
        #expect((row["planned"] as? [String: any Sendable])?["amount"] as? String == "144.00")
        #expect((row["change"] as? [String: any Sendable])?["amount"] as? String == "48.00")
        let comparison = try #require(document["comparison"] as? [String: any Sendable])
        #expect(try comparison.objects("totals")[0]["change_percent"] as? String == "50.0")
        let workloads = try comparison.objects("workloads")
        #expect(
            workloads.map { "\($0["name"] ?? "") \($0["state"] ?? "")" } == [
                "search changed", "night same", "new added", "old removed",
            ])
        #expect(
            workloads.map { ($0["change"] as? [String: any Sendable])?["amount"] as? String } == [
                "40.00", "0.00", "16.00", "-8.00",
            ])
        let table = try await check("--plan", "plan.yml", "--base-plan", "main.yml")
        #expect(table.text.contains("the plan: $96.00 → $144.00 a month, +$48.00 (+50.0%)"))
        #expect(table.text.contains("3 workloads change"))
    }

    struct Rise: Sendable, CustomTestStringConvertible {
        let words: [String]
        let exit: Int32
        var testDescription: String { words.joined(separator: " ") }
    }

    /// $80.00 before and $96.00 now: 20% more, or $16.00.
    @Test(arguments: [
        Rise(words: [], exit: 0),
        Rise(words: ["--fail-on", "increase"], exit: 2),
        Rise(words: ["--allowed-increase", "20%", "--fail-on", "increase"], exit: 0),
        Rise(words: ["--allowed-increase", "19.9%", "--fail-on", "increase"], exit: 2),
        Rise(words: ["--allowed-increase", "16USD", "--fail-on", "increase"], exit: 0),
        Rise(words: ["--allowed-increase", "15.99USD", "--fail-on", "increase"], exit: 2),
        // ¥112 at 7 a dollar.
        Rise(
            words: ["--allowed-increase", "111CNY", "--fx", "USD/CNY=7", "--fail-on", "increase"],
            exit: 2),
        // Who says how much is allowed means it; --fail-on over makes it a remark.
        Rise(words: ["--allowed-increase", "1%"], exit: 2),
        Rise(words: ["--allowed-increase", "1%", "--fail-on", "over"], exit: 0),
        Rise(words: ["--allowed-increase", "1%", "--fail-on", "warn"], exit: 2),
        Rise(words: ["--allowed-increase", "a lot"], exit: 64),
        Rise(words: ["--fail-on", "nothing"], exit: 64),
    ])
    func allowsAnIncrease(given: Rise) async throws {
        try plan("main.yml", ["search": "10M"])
        try plan("plan.yml", ["search": "12M"])
        try budgets("  - {name: all, limit: 200USD}")
        let output = try await sandbox.run(
            [
                "check", "--budgets", "budgets.yml", "--plan", "plan.yml", "--base-plan",
                "main.yml", "--at", "2026-10-20T12:00:00Z",
            ] + given.words, in: sandbox.folder)
        #expect(output.exit == given.exit, "\(output)")
        if given.words.starts(with: ["--allowed-increase", "1%"]) {
            #expect(output.text.contains("the plan costs $16.00 a month more; allowed: 1%"))
        }
    }

    /// Over before, and no more so now, is not this change's doing.
    @Test func warnsOfWhatWasOverBefore() async throws {
        try plan("main.yml", ["search": "10M"])
        try plan("same.yml", ["search": "10M"])
        try plan("less.yml", ["search": "9M"])
        try plan("more.yml", ["search": "11M"])
        try budgets("  - {name: all, limit: 50USD}")
        for (name, exit) in [("same.yml", Int32(0)), ("less.yml", 0), ("more.yml", 2)] {
            let output = try await check("--plan", name, "--base-plan", "main.yml")
            #expect(output.exit == exit, "\(name): \(output.text)")
            #expect(output.text.contains("as it is without this change") == (exit == 0))
        }
        let strict = try await check(
            "--plan", "same.yml", "--base-plan", "main.yml", "--fail-on", "warn")
        #expect(strict.exit == 2)
        #expect(try await check("--plan", "same.yml").exit == 2)
    }

    @Test func takesAMissingBaseForNew() async throws {
        try plan("plan.yml", ["search": "10M"])
        try budgets("  - {name: all, limit: 100USD}")
        let output = try await check(
            "--plan", "plan.yml", "--base-plan", "gone.yml", "--base-budgets", "gone-too.yml",
            "--fail-on", "increase", "--allowed-increase", "0%", "--format", "json")
        #expect(output.exit == 0, "\(output.errors)")
        #expect(try output.json()["base_plan"] as? String == "missing")
        #expect(try output.json()["base_budgets"] as? String == "missing")
        let table = try await check("--plan", "plan.yml", "--base-plan", "gone.yml")
        #expect(table.text.contains("no base plan gone.yml: everything in this one is new"))
    }

    /// A change cannot raise the limit that judges it.
    @Test func judgesByTheBudgetsOfTheBase() async throws {
        try plan("plan.yml", ["search": "10M"])
        try budgets(
            "  - {name: all, limit: 50USD}\n  - {name: gone, limit: 500USD}", to: "main.yml")
        try budgets("  - {name: all, limit: 100USD, warn: 90%}\n  - {name: fresh, limit: 90USD}")
        let output = try await check("--plan", "plan.yml", "--base-budgets", "main.yml")
        #expect(output.exit == 2)
        let text = output.text.split { $0 == " " || $0 == "\n" }.joined(separator: " ")
        #expect(text.contains("all: over $50.00 by $30.00"))
        #expect(text.contains("budget all: limit changes from 50.00USD to 100.00USD"))
        #expect(text.contains("budget gone is removed"))
        #expect(text.contains("budget fresh is new"))
        #expect(try await check("--plan", "plan.yml").exit == 0)
    }

    @Test(arguments: [
        (["--fail-on", "increase"], "increase goes with a base plan"),
        (["--allowed-increase", "5%"], "goes with a base plan"),
        (["--comment-name", "a --> b"], "is not a name of at most 64"),
    ])
    func refusesWhatItCannotMean(words: [String], says: String) async throws {
        try plan("plan.yml", ["search": "10M"])
        try budgets("  - {name: all, limit: 100USD}")
        let output = try await sandbox.run(
            ["check", "--budgets", "budgets.yml", "--plan", "plan.yml"] + words,
            in: sandbox.folder)
        #expect(output.exit == 64)
        #expect(output.errors.contains(says), "\(output.errors)")
    }

    // MARK: The ledger

    private func spend(_ times: String...) async throws {
        let lines = times.map {
            #"{"id":"\#($0)","start":"\#($0)","channel":"openai","model":"gpt-4.1","usage":{"output":1000000}}"#
        }
        try sandbox.write(lines.joined(separator: "\n") + "\n", to: "events.ndjson")
        let output = try await sandbox.run(
            ["ledger", "import", "events.ndjson", "--from", "tokenmeter"], in: sandbox.folder)
        #expect(output.exit == 0)
    }

    @Test func saysThatThereIsNoLedger() async throws {
        try budgets("  - {name: all, limit: 100USD, on: actual}")
        let output = try await check()
        #expect(output.exit == 3)
        let text = output.text.split { $0 == " " || $0 == "\n" }.joined(separator: " ")
        #expect(text.contains("there is no ledger at \(sandbox.database.path())"))
        // The rates have made the database by now; its ledger is as empty.
        #expect(try await check().exit == 3)
        #expect(try await check("--allow-empty").exit == 0)
    }

    /// 17:00 in UTC on the last of September is October in Shanghai.
    @Test func beginsAMonthWhereItsZoneDoes() async throws {
        try await spend("2026-09-30T17:00:00Z", "2026-10-01T10:00:00Z")
        try budgets(
            """
              - {name: utc, limit: 12USD, on: actual}
              - {name: shanghai, limit: 12USD, on: actual, zone: Asia/Shanghai}
            """)
        let rows = try await check("--format", "json").json().objects("rows")
        #expect(rows.map { $0["state"] as? String } == ["within", "over"])
        #expect(rows[1]["zone"] as? String == "Asia/Shanghai")
        #expect(rows[1]["since"] as? String == "2026-09-30T16:00:00Z")
        try budgets("  - {name: mars, limit: 12USD, on: actual, zone: Mars/Base}")
        #expect(try await check().errors.contains("no time zone \"Mars/Base\""))
    }

    /// $8.00 against a limit in ¥: at the budget's own rate, with its day and source.
    @Test func convertsWithItsOwnRate() async throws {
        try await spend("2026-10-01T10:00:00Z")
        try budgets(
            #"  - {name: yuan, limit: 57CNY, on: actual, fx: {rate: USD/CNY=7.1, date: 2026-10-01, source: "the bank"}}"#
        )
        let output = try await check("--format", "json")
        #expect(output.exit == 0)
        let fx = try output.json().objects("fx")[0]
        #expect(fx["rate"] as? String == "7.1" && fx["date"] as? String == "2026-10-01")
        #expect(fx["source"] as? String == "the bank")
        let row = try output.json().objects("rows")[0]
        #expect((row["spent"] as? [String: any Sendable])?["amount"] as? String == "56.80")
        try budgets("  - {name: yuan, limit: 57CNY, on: actual, fx: {rate: USD/CNY=7.1}}")
        let undated = try await check()
        #expect(undated.exit == 1)
        #expect(undated.errors.contains("missing \"date\""))
        try budgets("  - {name: euro, limit: 57KRW, on: actual}")
        #expect(try await check().exit == 3)
    }

    /// A dollar a day for four weeks, and nineteen days and a half of October.
    @Test func judgesWhatIsExpected() async throws {
        let days =
            (22...30).map { "2026-09-\($0)T01:00:00Z" }
            + (1...20).map { String(format: "2026-10-%02dT01:00:00Z", $0) }
        try sandbox.write(
            days.map {
                #"{"id":"\#($0)","start":"\#($0)","channel":"openai","model":"gpt-4.1","usage":{"output":125000}}"#
            }.joined(separator: "\n"), to: "events.ndjson")
        _ = try await sandbox.run(
            ["ledger", "import", "events.ndjson", "--from", "tokenmeter"], in: sandbox.folder)
        // Twenty spent, half of today and eleven days to come.
        try budgets("  - {name: all, limit: 32USD, on: forecast}")
        let output = try await check("--format", "json")
        #expect(output.exit == 0, "\(output)")
        let row = try output.json().objects("rows")[0]
        #expect((row["expected"] as? [String: any Sendable])?["amount"] as? String == "31.50")
        try budgets("  - {name: all, limit: 31USD, on: forecast}")
        let over = try await check()
        #expect(over.exit == 2)
        #expect(over.text.contains("all: over $31.00 by $0.50"))
    }

    /// 0 is a limit.
    @Test func aLimitOfZeroBlocks() async throws {
        try await spend("2026-10-01T10:00:00Z")
        try budgets("  - {name: none, limit: 0USD, on: actual}")
        #expect(try await check().exit == 2)
    }

    // MARK: Reviews

    @Test func writesOneCommentAndEscapesNames() async throws {
        try plan("main.yml", ["search": "10M"])
        try sandbox.write(
            """
            workloads:
              - {name: "a|b `c` <img src=x> @team", model: gpt-4.1, channel: openai, volume: {output: 15M}}
            """, to: "plan.yml")
        try budgets("  - {name: \"x|y @all <b>\", limit: 100USD}")
        let output = try await check(
            "--plan", "plan.yml", "--base-plan", "main.yml", "--format", "markdown",
            "--comment-name", "costs")
        #expect(output.exit == 2)
        #expect(output.text.hasPrefix("<!-- tokenmeter-check: costs -->\n"))
        #expect(output.text.contains("<details><summary>2 workloads change</summary>"))
        #expect(output.text.contains("a\\|b \\`c\\` \\<img src=x\\> @\u{200B}team"))
        for raw in ["@team", " <img", "@all"] {
            // By bytes: Foundation's search looks over characters without width.
            #expect(output.text.utf8.firstRange(of: raw.utf8) == nil, "\(raw)")
        }
        #expect(output.text.contains("x\\|y @\u{200B}all \\<b\\>"))
    }

    @Test func remarksOnLinesOfTheBudgets() async throws {
        try plan("plan.yml", ["search": "15M"])
        try budgets(
            """
              - {name: fine, limit: 500USD}
              - {name: "over, 100%", limit: 100USD}
            """)
        let output = try await sandbox.shell(
            "GITHUB_STEP_SUMMARY=summary.md tokenmeter check --budgets budgets.yml --plan plan.yml --annotations github --at 2026-10-20T12:00:00Z"
        )
        #expect(output.exit == 2)
        #expect(
            output.errors
                == "::error file=budgets.yml,line=3,title=Budget over%2C 100%25%3A over::over, 100%25: over $100.00 by $20.00\n"
        )
        let summary = try String(
            contentsOf: sandbox.folder.appending(path: "summary.md"), encoding: .utf8)
        #expect(summary.hasPrefix("<!-- tokenmeter-check: default -->\n"))
        // A summary that cannot be written changes nothing.
        let lost = try await sandbox.shell(
            "GITHUB_STEP_SUMMARY=/nowhere/s.md tokenmeter check --budgets budgets.yml --plan plan.yml --annotations github --at 2026-10-20T12:00:00Z"
        )
        #expect(lost.exit == 2)
        #expect(lost.errors.hasSuffix("::warning::the step's summary cannot be written\n"))
    }

    @Test func refusesTwoBudgetsOfOneName() async throws {
        try plan("plan.yml", ["search": "15M"])
        try budgets("  - {name: a, limit: 1USD}\n  - {name: a, limit: 2USD}")
        let output = try await check("--plan", "plan.yml")
        #expect(output.exit == 1)
        #expect(output.errors.contains("budgets.yml:3: budgets: a second budget \"a\""))
    }
}
