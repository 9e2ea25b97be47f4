import Foundation
import Testing

/// What a ledger is told a second time, under another name, in another currency or out of its time:
/// nothing is counted twice, and nothing is green that nobody can judge.
@Suite(.needsBinary) struct LedgerTrustTests {
    private let sandbox: Sandbox

    init() throws { sandbox = try Sandbox() }

    /// One request of 1,000,000 input tokens to gpt-4.1: $2.00.
    private static func event(
        _ id: String, at start: String = "2026-10-01T10:00:00Z", model: String = "gpt-4.1",
        usage: String = #"{"input":1000000}"#, more: String = ""
    ) -> String {
        #"{"id":"\#(id)","start":"\#(start)","channel":"openai","model":"\#(model)","usage":\#(usage)\#(more)}"#
    }

    private func tokenmeter(_ words: String...) async throws -> Output {
        try await sandbox.run(words, in: sandbox.folder)
    }

    private func importLines(_ lines: [String]) async throws -> [String: any Sendable] {
        try sandbox.write(lines.joined(separator: "\n") + "\n", to: "events.ndjson")
        return try await tokenmeter(
            "ledger", "import", "events.ndjson", "--from", "tokenmeter", "--format", "json"
        ).json()
    }

    private func usage(_ words: String...) async throws -> [String: any Sendable] {
        try await sandbox.run(
            ["usage", "--since", "2026-01-01", "--until", "2027-01-01", "--timezone", "UTC"] + words
                + ["--format", "json"], in: sandbox.folder
        ).json()
    }

    // MARK: Told again

    @Test func anEventThatMovedToAnotherDayIsNoSecondEvent() async throws {
        _ = try await importLines([Self.event("a")])
        let moved = try await importLines([Self.event("a", at: "2026-10-09T10:00:00Z")])
        #expect(moved.integer("conflict") == 1)
        let document = try await usage()
        #expect(document.integer("requests") == 1)
        #expect(document.integer("conflicts") == 1)
        let table = try await tokenmeter("usage", "--month", "2026-10")
        #expect(table.text.contains("1 event came under the id of another with other content"))
        let listed = try await tokenmeter("ledger", "conflicts", "--format", "json").json()
        #expect(listed.integer("count") == 1)
        let pair = try listed.objects("rows")[0]
        #expect(try pair.object("kept")["start"] as? String == "2026-10-01T10:00:00Z")
        #expect(try pair.object("refused")["start"] as? String == "2026-10-09T10:00:00Z")
    }

    @Test func aCorrectionOutlivesItsImport() async throws {
        _ = try await importLines([Self.event("a", usage: #"{"input":5000000}"#)])
        let right = Self.event("a", more: #","source":"tokenmeter""#)
        let corrected = try await tokenmeter(
            "ledger", "correct", "--event", right, "--reason", "counted five times")
        #expect(corrected.exit == 0, "\(corrected.errors)")
        let again = try await importLines([Self.event("a", usage: #"{"input":5000000}"#)])
        #expect(again.integer("outranked") == 1)
        #expect(try await usage().objects("total")[0]["amount"] as? String == "2.00")
        #expect(try await tokenmeter("ledger", "verify").exit == 0)
    }

    /// An event that is brought in stays under the line that it was priced by, where that is known here.
    @Test func anEventKeepsItsRateLine() async throws {
        let batch = try await tokenmeter(
            "price", "--model", "gpt-4.1", "--channel", "openai", "--service-tier", "batch",
            "--input-tokens", "1", "--format", "json"
        ).json()
        let line = try #require(try batch.object("rate_line")["id"] as? String)
        _ = try await importLines([
            Self.event("a", more: #","rate_line":"\#(line)""#),
            Self.event("b", more: #","rate_line":"Lffffffffffffffff""#),
        ])
        // $1.00 in the batch tier; of a line that nobody knows here, $2.00.
        #expect(try await usage().objects("total")[0]["amount"] as? String == "3.00")
        for (format, source) in [("ndjson", "tokenmeter"), ("csv", "csv")] {
            let output = try await sandbox.shell(
                """
                tokenmeter ledger export --format \(format) > out.\(format)
                tokenmeter ledger import out.\(format) --from \(source) --database \(format).db >/dev/null
                tokenmeter usage --month 2026-10 --timezone UTC --database \(format).db --format json
                """)
            let document = try output.json()
            #expect(try document.objects("total")[0]["amount"] as? String == "3.00")
        }
    }

    @Test func whatNobodyCountedIsNotFree() async throws {
        _ = try await importLines([
            Self.event("a", usage: "{}"),
            Self.event("b", usage: "{}", more: #","known":"reported""#),
        ])
        let document = try await usage()
        #expect(document.integer("unknown_requests") == 1)
        #expect(document["is_complete"] as? Bool == false)
    }

    @Test func aDemoNeverMeetsWhatIsReal() async throws {
        let path = sandbox.database.path()
        let demo = try await tokenmeter("demo", "--database", "demo.db", "--at", "2026-10-20")
        #expect(demo.exit == 0)
        #expect(
            try await tokenmeter("demo", "--database", "demo.db", "--at", "2026-10-20").exit == 0)
        _ = try await importLines([Self.event("a")])
        let real = try await tokenmeter("demo", "--database", path)
        #expect(real.exit == 1)
        #expect(
            real.errors == """
                error: \(path) holds more than a demo's made-up usage; leave --database away, or name a new file

                """)
        #expect(try await usage().integer("requests") == 1)
    }

    // MARK: Rows

    @Test func aWeekThatLiesInTwoMonthsIsTwoRows() async throws {
        // Monday 2026-06-29 to Sunday 2026-07-05
        _ = try await importLines([
            Self.event("a", at: "2026-06-30T10:00:00Z"),
            Self.event("b", at: "2026-07-01T10:00:00Z"),
            Self.event("c", at: "2026-07-05T10:00:00Z"),
        ])
        for order in ["week,month", "month,week"] {
            let rows = try await usage("--group-by", order).objects("rows")
            #expect(rows.map { $0["week"] as? String } == ["2026-W27", "2026-W27"])
            #expect(rows.map { $0["month"] as? String } == ["2026-06", "2026-07"])
            #expect(rows.map { $0.integer("requests") } == [1, 2])
        }
    }

    struct Shift: Sendable, CustomTestStringConvertible {
        let zone: String
        let starts: [String]
        let hours: [String]
        var testDescription: String { zone }
    }

    /// Clocks that go by half an hour, or shift in the middle of one; and an hour that comes twice.
    @Test(arguments: [
        // 02:45+12:45 becomes 03:45+13:45.
        Shift(
            zone: "Pacific/Chatham",
            starts: ["2026-09-26T13:59:00Z", "2026-09-26T14:00:00Z", "2026-09-26T14:15:00Z"],
            hours: ["2026-09-27T02:00+12:45", "2026-09-27T03:00+13:45", "2026-09-27T04:00+13:45"]),
        // 02:00+11:00 becomes 01:30+10:30.
        Shift(
            zone: "Australia/Lord_Howe",
            starts: ["2026-04-04T14:59:00Z", "2026-04-04T15:00:00Z", "2026-04-04T15:30:00Z"],
            hours: ["2026-04-05T01:00+11:00", "2026-04-05T01:00+10:30", "2026-04-05T02:00+10:30"]),
        Shift(
            zone: "Europe/Berlin",
            starts: ["2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z", "2026-10-25T02:30:00Z"],
            hours: ["2026-10-25T02:00+02:00", "2026-10-25T02:00+01:00", "2026-10-25T03:00+01:00"]),
    ])
    func hoursComeInTheirOrder(given: Shift) async throws {
        _ = try await importLines(
            given.starts.enumerated().map { Self.event("\($0)", at: $1) })
        let document = try await sandbox.run(
            [
                "usage", "--since", "2026-01-01", "--until", "2027-01-01", "--timezone", given.zone,
                "--group-by", "hour", "--format", "json",
            ], in: sandbox.folder
        ).json()
        #expect(try document.objects("rows").map { $0["hour"] as? String } == given.hours)
    }

    // MARK: sqlite3

    @Test func theViewSaysWhereItHasNoRoom() async throws {
        guard try await sandbox.has("sqlite3") else { return }
        _ = try await importLines([
            Self.event("a", at: "1969-12-31T23:59:59.500Z"),
            // 10¹⁰ searches at $10.00 per thousand.
            Self.event("b", usage: #"{"web_search":10000000000}"#),
        ])
        let output = try await sandbox.shell(
            "sqlite3 '\(sandbox.database.path())' 'SELECT day, cost_pico, cost_inexact FROM usage_event'"
        )
        // Of 1969 there is no rate; of the other there is one, and no room.
        #expect(output.text == "1969-12-31||0\n2026-10-01||1\n")
    }

    struct Tampered: Sendable, CustomTestStringConvertible {
        let table: String
        let statement: String
        let says: String
        var testDescription: String { statement }
    }

    @Test(arguments: [
        Tampered(
            table: "rate", statement: "UPDATE rate SET quote = '0.01'",
            says: "has other rates than those it was loaded with"),
        Tampered(
            table: "series_price", statement: "UPDATE series_price SET input = 1",
            says: "usage_event has other prices than rate line"),
        Tampered(
            table: "series_other_price", statement: "DELETE FROM series_other_price",
            says: "usage_event has other prices than rate line"),
    ])
    func verifyProvesTheRatesToo(given: Tampered) async throws {
        guard try await sandbox.has("sqlite3") else { return }
        _ = try await importLines([Self.event("a")])
        #expect(try await tokenmeter("ledger", "verify").exit == 0)
        let tampered = try await sandbox.shell(
            """
            sqlite3 '\(sandbox.database.path())' "DROP TRIGGER \(given.table)_refuses_update; \
            DROP TRIGGER \(given.table)_refuses_delete; \(given.statement)"
            """)
        #expect(tampered.exit == 0, "\(tampered.errors)")
        let output = try await tokenmeter("ledger", "verify", "--format", "json")
        #expect(output.exit == 1)
        #expect(output.text.contains(given.says), "\(output.text)")
    }

    // MARK: Judged

    private func check(_ budgets: String, _ words: String...) async throws -> Output {
        try sandbox.write("budgets:\n\(budgets)\n", to: "budgets.yml")
        return try await sandbox.run(
            [
                "check", "--budgets", "budgets.yml", "--at", "2026-10-20T12:00:00Z", "--timezone",
                "UTC", "--format", "json",
            ] + words, in: sandbox.folder)
    }

    /// A clock that is wrong must not hide that nothing comes in any more.
    @Test func anEventOfTheFutureIsNoSignOfLife() async throws {
        _ = try await importLines([
            Self.event("a"), Self.event("b", at: "2026-12-24T10:00:00Z"),
        ])
        let stale = try await check("  - {name: b, on: actual, limit: 9USD}", "--max-age", "7d")
        #expect(stale.exit == 3)
        #expect(
            stale.text.contains(
                "no event is of the last 7d before 2026-10-20T12:00:00Z; the newest is of 2026-12-24T10:00:00Z, which is later"
            ))
        #expect(
            try await check("  - {name: b, on: actual, limit: 9USD}", "--max-age", "20d").exit == 0)
    }

    @Test func oneMissingExchangeRateHidesNothing() async throws {
        _ = try await importLines([Self.event("a")])
        let output = try await check(
            """
              - {name: rupees, on: actual, limit: 100INR}
              - {name: dollars, on: actual, limit: 1USD}
            """)
        #expect(output.exit == 2)
        let rows = try output.json().objects("rows")
        #expect(rows.map { $0["state"] as? String } == ["unjudged", "over"])
        #expect((rows[0]["reason"] as? String)?.hasPrefix("rupees: cannot be judged: ") == true)
        let alone = try await check("  - {name: rupees, on: actual, limit: 100INR}")
        #expect(alone.exit == 3)
    }

    @Test func aPlanOfZerosIsNoPlan() async throws {
        for demand in [
            "volume: {output: 0}",
            "requests_per_month: 0, input_per_request: 5, output_per_request: 10",
        ] {
            try sandbox.write(
                "workloads:\n  - {name: a, model: gpt-4.1, channel: openai, \(demand)}\n",
                to: "plan.yml")
            let output = try await check("  - {name: b, limit: 9USD}", "--plan", "plan.yml")
            #expect(output.exit == 3, "\(output.text)\(output.errors)")
        }
    }

    @Test func aNewWorkloadWithoutAPriceIsNoChangeOfZero() async throws {
        let known = "  - {name: a, model: gpt-4.1, channel: openai, volume: {output: 1M}}\n"
        try sandbox.write("workloads:\n" + known, to: "main.yml")
        try sandbox.write(
            "workloads:\n" + known
                + "  - {name: b, model: gpt-4.1, channel: openai, volume: {video_output: 5}}\n",
            to: "plan.yml")
        let output = try await check(
            "  - {name: a, limit: 99USD, where: {name: a}}", "--plan", "plan.yml", "--base-plan",
            "main.yml", "--allowed-increase", "10%")
        #expect(output.exit == 3, "\(output.text)\(output.errors)")
    }

    @Test func aMistypedLedgerIsNotMade() async throws {
        let output = try await check(
            "  - {name: b, on: actual, limit: 9USD}", "--database", "mistyped.db")
        #expect(output.exit == 3)
        #expect(try await sandbox.shell("ls | grep -c mistyped").text == "0\n")
    }

    /// A name cannot turn a line of a comment round, nor smuggle letters in by their numbers.
    @Test func namesAreWhatTheyLookLike() async throws {
        let name = "a\u{202E}b\u{200B}&lt;c"
        _ = try await importLines([Self.event("a", more: #","project":"\#(name)""#)])
        let words = ["usage", "--month", "2026-10", "--group-by", "project", "--format"]
        let markdown = try await sandbox.run(words + ["markdown"], in: sandbox.folder)
        #expect(markdown.text.contains("| a\u{FFFD}b\u{FFFD}&amp;lt;c |"))
        let table = try await sandbox.run(words + ["table"], in: sandbox.folder)
        #expect(table.text.contains("a\u{FFFD}b\u{FFFD}&lt;c"))
    }
}
