import Foundation
import Testing

/// The ledger as scripts and people use it: what goes in is there once, what comes out adds up, and
/// nothing takes it away.
@Suite(.needsBinary) struct LedgerTests {
    private let sandbox: Sandbox

    init() throws { sandbox = try Sandbox() }

    /// One request of 1,000,000 input tokens to gpt-4.1: $2.00.
    private static func event(
        _ id: String, at start: String, input: Int = 1_000_000, more: String = ""
    ) -> String {
        #"{"id":"\#(id)","start":"\#(start)","channel":"openai","model":"gpt-4.1","usage":{"input":\#(input)}\#(more)}"#
    }

    private func tokenmeter(_ words: String...) async throws -> Output {
        try await sandbox.run(words, in: sandbox.folder)
    }

    private func importLines(
        _ lines: [String], as name: String = "events.ndjson", _ more: String...
    ) async throws -> Output {
        try sandbox.write(lines.joined(separator: "\n") + "\n", to: name)
        return try await sandbox.run(
            ["ledger", "import", name, "--from", "tokenmeter", "--format", "json"] + more,
            in: sandbox.folder)
    }

    private func usage(_ words: String) async throws -> Output {
        try await sandbox.run(
            ["usage"] + words.split(separator: " ").map(String.init) + ["--format", "json"],
            in: sandbox.folder)
    }

    // MARK: In, once

    @Test func saysWhereAnEmptyLedgerIsAndWhatToTry() async throws {
        let output = try await tokenmeter("usage")
        #expect(output.exit == 0)
        let text = output.text.split { $0 == " " || $0 == "\n" }.joined(separator: " ")
        #expect(text.contains("no events in \(sandbox.database.path())"))
        #expect(text.hasSuffix("try: tokenmeter demo, tokenmeter ledger import"))
    }

    @Test func bringsEventsInOnce() async throws {
        let lines = [
            Self.event("a", at: "2026-10-01T10:00:00Z"),
            Self.event("b", at: "2026-10-02T10:00:00Z", more: #","project":"web","user":"ann""#),
        ]
        let first = try await importLines(lines).json()
        #expect(first.integer("new") == 2)
        let again = try await importLines(lines).json()
        #expect(again.integer("new") == 0)
        #expect(again.integer("same") == 2)
        let document = try await usage("--month 2026-10 --timezone UTC").json()
        #expect(document.integer("requests") == 2)
        #expect(try document.objects("total")[0]["amount"] as? String == "4.00")
        let web = try await usage("--month 2026-10 --where project=web --group-by user").json()
        #expect(try web.objects("rows")[0]["user"] as? String == "ann")
        #expect(try web.objects("total")[0]["amount"] as? String == "2.00")
    }

    @Test func takesALargerSnapshotAndKeepsAConflictApart() async throws {
        let time = "2026-10-01T10:00:00Z"
        _ = try await importLines([Self.event("a", at: time, input: 1_000)])
        let larger = try await importLines([Self.event("a", at: time, input: 1_000_000)]).json()
        #expect(larger.integer("superseded") == 1)
        let smaller = try await importLines([Self.event("a", at: time, input: 1_000)]).json()
        #expect(smaller.integer("outranked") == 1)
        let other =
            #"{"id":"a","start":"\#(time)","model":"claude-sonnet-4.5","usage":{"output":5}}"#
        let conflict = try await importLines([other]).json()
        #expect(conflict.integer("conflict") == 1)
        let document = try await usage("--month 2026-10").json()
        #expect(try document.objects("total")[0]["amount"] as? String == "2.00")
        let status = try await tokenmeter("ledger", "status", "--format", "json").json()
        #expect(status.integer("conflicts") == 1)
        #expect(status.integer("corrections") == 1)
        #expect(try await tokenmeter("ledger", "verify").exit == 0)
    }

    @Test func namesTheLineOfABadRowAndGoesOn() async throws {
        let lines = [
            Self.event("a", at: "2026-10-01T10:00:00Z"), "{",
            #"{"id":"b","start":"2026-10-01T10:00:00Z","model":"gpt-4.1","usage":{"inputs":1}}"#,
            Self.event("c", at: "2026-10-01T10:00:00Z"),
        ]
        let document = try await importLines(lines).json()
        #expect(document.integer("new") == 2)
        #expect(document.integer("skipped") == 2)
        let problems = try #require(document["problems"] as? [String])
        #expect(problems[0] == "events.ndjson:2: expected a key at byte 2")
        #expect(
            problems[1].hasPrefix("events.ndjson:3: usage: no meter \"inputs\"; nearest: input"))
        let strict = try await importLines(lines, "--strict")
        #expect(strict.exit == 1)
        #expect(
            strict.errors
                == "error: cannot read events.ndjson:2: expected a key at byte 2\n")
    }

    @Test func readsFoldersAndWhatIsCompressed() async throws {
        #expect(try await sandbox.shell("mkdir -p logs/deep").exit == 0)
        try sandbox.write(Self.event("a", at: "2026-10-01T10:00:00Z"), to: "logs/one.ndjson")
        try sandbox.write(Self.event("b", at: "2026-10-01T10:00:00Z"), to: "logs/deep/two.jsonl")
        try sandbox.write("no usage", to: "logs/notes.txt")
        #expect(try await sandbox.shell("gzip logs/one.ndjson").exit == 0)
        let output = try await tokenmeter(
            "ledger", "import", "logs", "--from", "tokenmeter", "--format", "json")
        #expect(try output.json().integer("new") == 2)
        #expect(try output.json().integer("files") == 2)
        let stdin = try await sandbox.shell(
            "zcat logs/one.ndjson.gz | tokenmeter ledger import - --from tokenmeter --format json")
        #expect(try stdin.json().integer("same") == 1)
        _ = try await sandbox.shell("head -c 60 logs/one.ndjson.gz > logs/cut.ndjson.gz")
        let cut = try await tokenmeter(
            "ledger", "import", "logs/cut.ndjson.gz", "--from", "tokenmeter", "--format", "json")
        #expect(cut.exit == 1)
        #expect(try cut.json().integer("failed_files") == 1)
        #expect(cut.text.contains("it is damaged"))
    }

    /// Fifty imports of one file at once: one copy.
    @Test func fiftyImportersKeepOneCopy() async throws {
        let lines = (0..<200).map {
            Self.event("e\($0)", at: "2026-10-01T10:\(String(10 + $0 % 50)):00Z", input: 5_000)
        }
        try sandbox.write(lines.joined(separator: "\n"), to: "events.ndjson")
        #expect(try await tokenmeter("ledger", "status").exit == 0)
        let output = try await sandbox.shell(
            """
            seq 50 | xargs -P 50 -I {} sh -c \
                'tokenmeter ledger import events.ndjson --from tokenmeter --format json > out.{} 2>&1 || touch failed'
            [ ! -e failed ] || cat out.*
            """)
        #expect(output.exit == 0)
        #expect(output.text == "", "\(output.text.prefix(500))")
        let document = try await usage("--month 2026-10").json()
        #expect(document.integer("requests") == 200)
        // 200 · 5,000 tokens at $2.00 per million.
        #expect(try document.objects("total")[0]["amount"] as? String == "2.00")
        #expect(try await tokenmeter("ledger", "verify").exit == 0)
    }

    // MARK: Corrected

    /// An event of a channel that nobody knew is unpriced, and not free; once its rates are there,
    /// it can be put under them.
    @Test func repricesWhatHadNoPrice() async throws {
        let event =
            #"{"id":"a","start":"2026-10-01T10:00:00Z","channel":"mine","model":"gpt-4.1","usage":{"output":1000000}}"#
        #expect(try await importLines([event]).json().integer("unpriced") == 1)
        let before = try await usage("--month 2026-10 --group-by channel").json()
        #expect(before["is_complete"] as? Bool == false)
        #expect(try before.objects("total").isEmpty)
        try sandbox.write(
            """
            channel: mine
            name: Mine
            currency: USD
            lines:
              - model: gpt-4.1
                valid_from: 2026-01-01
                source: contract
                checked: 2026-01-02
                rates: {input: 1.00, output: 3.00}
            """, to: "mine.yml")
        #expect(try await tokenmeter("rates", "add", "mine.yml").exit == 0)
        // Adding rates changes no event.
        let added = try await usage("--month 2026-10").json()
        #expect(added["is_complete"] as? Bool == false)
        let dry = try await tokenmeter(
            "ledger", "reprice", "--lines", "unpriced", "--dry-run", "--format", "json")
        #expect(try dry.json().integer("repriced") == 1)
        let output = try await tokenmeter(
            "ledger", "reprice", "--lines", "unpriced", "--format", "json")
        #expect(try output.json().integer("repriced") == 1)
        let after = try await usage("--month 2026-10").json()
        #expect(after["is_complete"] as? Bool == true)
        #expect(try after.objects("total")[0]["amount"] as? String == "3.00")
        #expect(after.integer("requests") == 1)
        let again = try await tokenmeter(
            "ledger", "reprice", "--lines", "unpriced", "--format", "json")
        #expect(try again.json().integer("repriced") == 0)
        let line = try #require(try output.json().objects("rows")[0]["line"] as? String)
        let under = try await tokenmeter("ledger", "reprice", "--lines", line, "--format", "json")
        #expect(try under.json().integer("events") == 1)
        let nowhere = try await tokenmeter("ledger", "reprice", "--lines", "L0")
        #expect(nowhere.exit == 1)
        #expect(nowhere.errors.contains("no event stands under rate line L0"))
        #expect(try await tokenmeter("ledger", "verify").exit == 0)
    }

    @Test func correctsAnEventAndKeepsWhatWasThere() async throws {
        _ = try await importLines([Self.event("a", at: "2026-10-01T10:00:00Z")])
        let line = try await tokenmeter("ledger", "export").text.trimmingCharacters(
            in: .whitespacesAndNewlines)
        let right = line.replacing("1000000", with: "500000")
        let output = try await tokenmeter(
            "ledger", "correct", "--event", right, "--reason", "half of it", "--format", "json")
        #expect(output.exit == 0, "\(output.errors)")
        let document = try await usage("--month 2026-10").json()
        // 500,000 tokens at $2.00 per million.
        #expect(try document.objects("total")[0]["amount"] as? String == "1.00")
        #expect(document.integer("requests") == 1)
        let status = try await tokenmeter("ledger", "status", "--format", "json").json()
        #expect(status.integer("corrections") == 1)
        let unknown = try await tokenmeter(
            "ledger", "correct", "--event", Self.event("zz", at: "2026-10-01T10:00:00Z"),
            "--reason", "x")
        #expect(unknown.exit == 1)
        #expect(unknown.errors.contains("no event "))
        let broken = try await tokenmeter("ledger", "correct", "--event", "{", "--reason", "x")
        #expect(broken.exit == 64)
        #expect(try await tokenmeter("ledger", "verify").exit == 0)
    }

    // MARK: Out, adding up

    @Test func exportsWhatItImports() async throws {
        #expect(
            try await tokenmeter("demo", "--database", "one.db", "--at", "2026-11-22T12:00:00Z")
                .exit
                == 0)
        let output = try await sandbox.shell(
            """
            tokenmeter ledger export --database one.db > one.ndjson
            tokenmeter ledger import one.ndjson --from tokenmeter --database two.db > /dev/null
            tokenmeter ledger export --database two.db > two.ndjson
            sort one.ndjson > one.sorted; sort two.ndjson > two.sorted
            cmp one.sorted two.sorted && wc -l < two.ndjson
            """)
        #expect(output.exit == 0, "\(output.errors)")
        #expect((Int(output.text.filter(\.isNumber)) ?? 0) > 5_000)
    }

    struct Day: Sendable, CustomTestStringConvertible {
        let zone: String
        let day: String
        let hours: Int
        var testDescription: String { "\(zone) \(day)" }
    }

    /// One request an hour: a day of a zone holds as many as it has hours.
    @Test(arguments: [
        Day(zone: "Europe/Berlin", day: "2026-03-29", hours: 23),
        Day(zone: "Europe/Berlin", day: "2026-10-25", hours: 25),
        Day(zone: "Europe/Berlin", day: "2026-06-15", hours: 24),
        Day(zone: "Asia/Shanghai", day: "2026-10-25", hours: 24),
        Day(zone: "Asia/Kathmandu", day: "2026-10-25", hours: 24),
        Day(zone: "Australia/Lord_Howe", day: "2026-10-04", hours: 24),
        Day(zone: "America/St_Johns", day: "2026-03-08", hours: 23),
    ])
    func cutsDaysWhereTheirZoneDoes(given: Day) async throws {
        // Half past each hour in UTC, from the day before to the day after.
        let script = """
            day=$(date -u -d '\(given.day) - 1 day' +%s)
            for hour in $(seq 0 71); do
                start=$(date -u -d "@$((day + hour * 3600 + 1800))" +%Y-%m-%dT%H:%M:%SZ)
                printf '{"id":"%s","start":"%s","channel":"openai","model":"gpt-4.1","usage":{"input":1}}\\n' "$hour" "$start"
            done > hours.ndjson
            tokenmeter ledger import hours.ndjson --from tokenmeter > /dev/null
            tokenmeter usage --group-by day --since 2026-01-01 --until 2027-01-01 --timezone \(given.zone) --format json
            """
        let document = try await sandbox.shell(script).json()
        let row = try document.objects("rows").first { $0["day"] as? String == given.day }
        #expect(row?.integer("requests") == given.hours)
        #expect(document.integer("requests") == 72)
    }

    /// sqlite3's own shell adds up what tokenmeter adds up, to the last digit, and says where it cannot.
    @Test func addsUpInSQLitesOwnShell() async throws {
        guard try await sandbox.has("sqlite3") else { return }
        func line(_ id: String, _ more: String) -> String {
            #"{"id":"\#(id)","start":"2026-10-01T10:00:00Z",\#(more)}"#
        }
        let document = try await importLines([
            Self.event("a", at: "2026-10-01T10:00:00Z"),
            line("b", #""channel":"openai","model":"gpt-4.1","usage":{"web_search":3}"#),
            line("c", #""channel":"holysheep","model":"gpt-4.1","usage":{"output":1000000}"#),
            line("d", #""channel":"openai","model":"gpt-4.1","usage":{},"known":"unknown""#),
            line("e", #""channel":"nowhere","model":"gpt-4.1","usage":{"input":5}"#),
            line(
                "f",
                #""channel":"openai","model":"gpt-4.1","project":"huge","usage":{"input":1000000000000,"output":1000000000000}"#
            ),
            line("g", #""channel":"holysheep","model":"gpt-4.1","usage":{"input":7}"#),
        ]).json()
        #expect(document.integer("new") == 7)
        let output = try await sandbox.shell(
            """
            sqlite3 -readonly '\(sandbox.database.path())' \
                'SELECT channel, known, billed_pico, billed_currency, cost_pico, currency, cost_inexact FROM usage_event'
            """)
        #expect(
            output.text == """
                openai|reported|2000000000000|USD|2000000000000|USD|0
                openai|reported|30000000000|USD|30000000000|USD|0
                holysheep|reported|8000000000000|USD|8000000000000|CNY|0
                openai|unknown||USD||USD|0
                nowhere|reported|||||0
                openai|reported||USD||USD|1
                holysheep|reported||USD||CNY|0

                """)
        // 10¹² tokens at $2.00 and at $8.00 per million: tokenmeter's own sum has room for it.
        let huge = try await usage("--month 2026-10 --where project=huge").json()
        #expect(try huge.objects("total")[0]["amount"] as? String == "10000000.00")
        _ = try await importLines([Self.event("a", at: "2026-10-01T10:00:00Z", input: 1_500_000)])
        let sum = try await sandbox.shell(
            """
            sqlite3 -readonly '\(sandbox.database.path())' "SELECT sum(requests), sum(cost_pico) FROM usage_event WHERE day = '2026-10-01' AND channel = 'openai' AND project IS NULL"
            """)
        // a, b and d; 1,500,000 tokens at $2.00 per million and three searches at $10.00 per thousand.
        #expect(sum.text == "3|3030000000000\n")
    }

    // MARK: Budgets

    /// $6.00 in October: $2.00 on the 1st for web, and $4.00 on the 20th.
    private func spendSixDollars() async throws {
        _ = try await importLines([
            Self.event("a", at: "2026-10-01T10:00:00Z", more: #","project":"web""#),
            Self.event("b", at: "2026-10-20T10:00:00Z", input: 2_000_000),
            Self.event("c", at: "2026-09-30T23:59:59Z", input: 9_000_000),
        ])
    }

    private func check(_ budget: String, _ words: String...) async throws -> Output {
        try sandbox.write("budgets:\n  - {name: b, on: actual, \(budget)}\n", to: "budgets.yml")
        return try await sandbox.run(
            [
                "check", "--budgets", "budgets.yml", "--at", "2026-10-20T12:00:00Z", "--timezone",
                "UTC", "--format", "json",
            ] + words, in: sandbox.folder)
    }

    struct Judged: Sendable, CustomTestStringConvertible {
        let budget: String
        var words: [String] = []
        let exit: Int32
        let state: String
        var testDescription: String { "\(budget) \(words.joined(separator: " "))" }
    }

    @Test(arguments: [
        Judged(budget: "limit: 6.01USD", exit: 0, state: "within"),
        // All of it, and no more.
        Judged(budget: "limit: 6USD", exit: 0, state: "warning"),
        Judged(budget: "limit: 5.999999USD", exit: 2, state: "over"),
        Judged(budget: "limit: 0USD", exit: 2, state: "over"),
        Judged(budget: "limit: 7USD, warn: 80%", exit: 0, state: "warning"),
        Judged(
            budget: "limit: 7USD, warn: 80%", words: ["--fail-on", "warn"], exit: 2,
            state: "warning"),
        Judged(budget: "limit: 2.01USD, where: {project: web}", exit: 0, state: "within"),
        Judged(budget: "limit: 9USD, where: {project: none}", exit: 3, state: "empty"),
        Judged(
            budget: "limit: 9USD, where: {project: none}", words: ["--allow-empty"], exit: 0,
            state: "empty"),
        Judged(budget: "limit: 4.01USD, period: day", exit: 0, state: "within"),
        Judged(budget: "limit: 3USD, period: week", exit: 2, state: "over"),
        // July to September is the quarter before; the year holds all of it, $24.00.
        Judged(budget: "limit: 6.01USD, period: quarter", exit: 0, state: "within"),
        Judged(budget: "limit: 23.99USD, period: year", exit: 2, state: "over"),
        // In Shanghai October began when that last event of September came.
        Judged(
            budget: "limit: 6USD", words: ["--timezone", "Asia/Shanghai"], exit: 2, state: "over"),
        Judged(budget: "limit: 42.01CNY", words: ["--fx", "USD/CNY=7"], exit: 0, state: "within"),
        Judged(budget: "limit: 41.99CNY", words: ["--fx", "USD/CNY=7"], exit: 2, state: "over"),
        Judged(budget: "limit: 9USD", words: ["--max-age", "3h"], exit: 0, state: "within"),
        // The newest is two hours old to the second.
        Judged(budget: "limit: 9USD", words: ["--max-age", "2h"], exit: 0, state: "within"),
        Judged(budget: "limit: 9USD", words: ["--max-age", "119m"], exit: 3, state: "unjudged"),
        Judged(budget: "limit: 1USD", words: ["--max-age", "1h"], exit: 2, state: "over"),
    ])
    func judgesWhatWasSpent(given: Judged) async throws {
        try await spendSixDollars()
        try sandbox.write(
            "budgets:\n  - {name: b, on: actual, \(given.budget)}\n", to: "budgets.yml")
        let zone = given.words.contains("--timezone") ? [] : ["--timezone", "UTC"]
        let output = try await sandbox.run(
            ["check", "--budgets", "budgets.yml", "--at", "2026-10-20T12:00:00Z"] + zone
                + ["--format", "json"] + given.words, in: sandbox.folder)
        #expect(output.exit == given.exit, "\(output.text)\(output.errors)")
        #expect(try output.json().objects("rows")[0]["state"] as? String == given.state)
    }

    /// Never green on nothing, and never on what has no price.
    @Test func isNotGreenOnNothing() async throws {
        #expect(try await check("limit: 9USD").exit == 3)
        try await spendSixDollars()
        _ = try await importLines([
            Self.event("u", at: "2026-10-02T10:00:00Z", input: 0, more: #","known":"unknown""#)
        ])
        let unknown = try await check("limit: 9USD")
        #expect(unknown.exit == 3)
        let row = try unknown.json().objects("rows")[0]
        #expect(row["spent"] is NSNull)
        #expect((row["spent_at_least"] as? [String: Any])?["amount"] as? String == "6.00")
        #expect((row["reason"] as? String)?.contains("1 of its events have no cost") == true)
        // What is known is over already.
        #expect(try await check("limit: 5USD").exit == 2)
        let name = try await check("limit: 9USD, where: {name: x}")
        #expect(name.exit == 3)
        try sandbox.write("budgets:\n  - {name: p, limit: 9USD}\n", to: "plan-less.yml")
        let planless = try await tokenmeter("check", "--budgets", "plan-less.yml")
        #expect(planless.exit == 3)
        #expect(planless.text.contains("none was given with --plan"))
    }

    // MARK: Elsewhere

    /// Each request is priced by its own size: the one above the band takes the dearer rates there.
    @Test func pricesRequestsElsewhereOneByOne() async throws {
        func event(_ id: String, _ input: Int, _ more: String = "") -> String {
            #"{"id":"\#(id)","start":"2026-10-20T10:00:00Z","channel":"openai","model":"gpt-4.1","usage":{"input":\#(input)}\#(more)}"#
        }
        _ = try await importLines([
            event("a", 100_000), event("b", 300_000), event("c", 0, #","known":"unknown""#),
            #"{"id":"d","start":"2026-10-20T10:00:00Z","channel":"google","model":"gemini-2.5-flash","usage":{"input":1000}}"#,
        ])
        let words = ["whatif", "--month", "2026-10", "--timezone", "UTC", "--format", "json"]
        let swap = try await sandbox.run(
            words + ["--swap", "gpt-4.1=gemini-2.5-pro"], in: sandbox.folder)
        #expect(swap.exit == 0)
        let document = try swap.json()
        // 400,000 at $2.00 per million; 100,000 at $1.25, and 300,000, above 200,000, at $2.50.
        #expect(try document.objects("old")[0]["amount"] as? String == "0.80")
        #expect(try document.objects("new")[0]["amount"] as? String == "0.875")
        #expect((document["saved"] as? [String: Any])?["amount"] as? String == "-0.075")
        #expect(document.integer("compared") == 2)
        #expect(document.integer("without_cost") == 1)
        #expect(document.integer("unchanged") == 1)
        let ratio = try await sandbox.run(
            words + ["--swap", "gpt-4.1=gemini-2.5-pro", "--token-ratio", "0.5"],
            in: sandbox.folder
        ).json()
        // Half the tokens: both stay below the band, 200,000 at $1.25 per million.
        #expect(try ratio.objects("new")[0]["amount"] as? String == "0.25")
        // The relay has no price for input: listed, not dropped, and no success.
        let relay = try await sandbox.run(words + ["--channel", "holysheep"], in: sandbox.folder)
        #expect(relay.exit == 3)
        #expect(try relay.json().integer("unpriced") == 3)
        #expect(try relay.json().objects("rows").allSatisfy { $0["new"] is NSNull })
    }

    /// 100,000 tokens are cheaper on gemini-2.5-pro, 300,000, above its band, on gpt-4.1.
    @Test func choosesTheCheapestForEachRequest() async throws {
        func event(_ id: String, _ input: Int) -> String {
            #"{"id":"\#(id)","start":"2026-10-20T10:00:00Z","channel":"openai","model":"gpt-4.1","usage":{"input":\#(input)}}"#
        }
        _ = try await importLines([event("a", 100_000), event("b", 300_000)])
        let words = [
            "whatif", "--month", "2026-10", "--timezone", "UTC", "--format", "json", "--best",
            "--among", "gpt-4.1,gemini-2.5-pro",
        ]
        let best = try await sandbox.run(words, in: sandbox.folder).json()
        #expect(try best.objects("old")[0]["amount"] as? String == "0.80")
        // 100,000 at $1.25 per million and 300,000 at $2.00.
        #expect(try best.objects("new")[0]["amount"] as? String == "0.725")
        #expect(
            try best.objects("rows").map { $0["new_model"] as? String } == [
                "gpt-4.1", "gemini-2.5-pro",
            ])
        let floor = try await sandbox.run(
            words + ["--floor", "gpt-4.1=20%"], in: sandbox.folder
        ).json()
        // A fifth of all at gpt-4.1, 0.16, and four fifths of the best, 0.58.
        #expect(try floor.objects("old")[0]["amount"] as? String == "0.80")
        #expect(try floor.objects("new")[0]["amount"] as? String == "0.74")
        #expect(floor.integer("compared") == 2)
        let rows = try floor.objects("rows")
        #expect(rows.map { $0["share"] as? String } == ["0.8", "0.8", "0.2"])
        #expect(rows.map { $0["floor"] as? Bool } == [false, false, true])
        let all = try await sandbox.run(
            words + ["--floor", "gpt-4.1=100%"], in: sandbox.folder
        ).json()
        #expect(try all.objects("new")[0]["amount"] as? String == "0.80")
        #expect(try all.objects("rows").count == 1)
    }

    @Test(arguments: [
        (
            [], "missing a change: --swap, --channel, --service-tier, --at-prices-of or --best",
            Int32(64)
        ),
        (["--swap", "gpt-4.1"], "--swap: \"gpt-4.1\" is not NAME=VALUE", 64),
        (["--swap", "gpt-4.1=nosuch"], "no model \"nosuch\"", 3),
        (["--channel", "holisheep"], "no channel \"holisheep\"; nearest: holysheep", 3),
        (
            ["--swap", "gpt-4.1=o3", "--token-ratio", "0"],
            "--token-ratio: ", 64
        ),
        (["--best"], "missing the models to choose from: --among", 64),
        (["--channel", "openai", "--among", "o3"], "--among: goes with --best", 64),
        (["--best", "--among", "o3,o3"], "--among: \"o3\" is named twice", 64),
        (["--best", "--among", "o3", "--floor", "o3=120%"], "\"120%\" is not a share", 64),
        (
            ["--best", "--among", "o3", "--floor", "o3=60%", "--floor", "gpt-4.1=41%"],
            "the floors are above 100%", 64
        ),
    ])
    func refusesAWhatIfThatMeansNothing(words: [String], says: String, exit: Int32) async throws {
        let output = try await sandbox.run(["whatif"] + words, in: sandbox.folder)
        #expect(output.exit == exit)
        #expect(output.errors.contains(says), "\(output.errors)")
    }

    // MARK: Kept

    @Test(arguments: [
        "UPDATE event SET output = 0", "DELETE FROM event", "DELETE FROM event_claim",
        "INSERT OR REPLACE INTO event SELECT * FROM event LIMIT 1",
        "INSERT OR REPLACE INTO event_claim SELECT account, hour, id, 9 FROM event_claim LIMIT 1",
        "UPDATE series SET line = NULL", "UPDATE context SET source = 'x'",
        // Over a second key, which is not the first.
        "INSERT OR REPLACE INTO account SELECT number + 5, name FROM account",
        "INSERT OR REPLACE INTO project SELECT account, number + 5, name FROM project",
        "INSERT OR REPLACE INTO series SELECT account, number + 5, channel, model, line, service_tier, known FROM series",
        "INSERT OR REPLACE INTO context SELECT account, number + 5, series, project, source, channel_asked, model_asked, model_answered, priced_by, service_tier_asked, attributes, method FROM context",
        "INSERT OR REPLACE INTO attribution SELECT account, number + 5, user, tags FROM attribution",
        "INSERT OR REPLACE INTO event_conflict SELECT account, number + 5, id, entry, noted_at FROM event_conflict",
    ])
    func eventsDoNotMove(statement: String) async throws {
        guard try await sandbox.has("sqlite3") else { return }
        _ = try await importLines([
            Self.event("a", at: "2026-10-01T10:00:00Z", more: #","user":"ann""#),
            Self.event("a", at: "2026-10-01T11:00:00Z", more: #","user":"ann""#),
        ])
        let output = try await sandbox.shell(
            "sqlite3 '\(sandbox.database.path())' \"\(statement)\"")
        #expect(output.exit != 0)
        #expect(output.errors.contains("append-only"))
        #expect(try await tokenmeter("ledger", "verify").exit == 0)
    }

    @Test func findsAndRepairsSumsThatWereTamperedWith() async throws {
        guard try await sandbox.has("sqlite3") else { return }
        _ = try await importLines([Self.event("a", at: "2026-10-01T10:00:00Z")])
        _ = try await sandbox.shell(
            "sqlite3 '\(sandbox.database.path())' \"UPDATE rollup SET cells = x'0000'\"")
        let broken = try await tokenmeter("ledger", "verify")
        #expect(broken.exit == 1)
        #expect(broken.text.contains("differ from their events, from 2026-10-01 on"))
        let repaired = try await tokenmeter("ledger", "verify", "--repair-rollups")
        #expect(repaired.exit == 0)
        #expect(try await tokenmeter("ledger", "verify").exit == 0)
        let document = try await usage("--month 2026-10").json()
        #expect(document.integer("requests") == 1)
    }

    /// A byte of a page that holds rows was changed on the disk.
    @Test func saysThatAPageIsDamaged() async throws {
        guard try await sandbox.has("sqlite3") else { return }
        _ = try await importLines([Self.event("a", at: "2026-10-01T10:00:00Z")])
        let output = try await sandbox.shell(
            """
            sqlite3 '\(sandbox.database.path())' 'PRAGMA journal_mode = DELETE' > /dev/null
            page=$(sqlite3 '\(sandbox.database.path())' "SELECT rootpage FROM sqlite_schema WHERE name = 'event'")
            head -c 60 /dev/zero | dd of='\(sandbox.database.path())' bs=1 seek=$((4096 * page - 60)) conv=notrunc 2> /dev/null
            tokenmeter ledger verify
            """)
        #expect(output.exit == 1)
        #expect(
            (output.text + output.errors).contains("do not hold")
                || output.errors.contains("is damaged"), "\(output)")
    }

    @Test(arguments: [
        (["--month", "2026-13"], "--month: \"2026-13\" is not a month such as 2026-10"),
        (["--last", "7y"], "--last: \"7y\" is not a span such as 24h, 7d or 4w"),
        (["--month", "2026-10", "--last", "7d"], "--month: cannot stand beside --last"),
        (["--since", "2026-10-02", "--until", "2026-10-01"], "--since: the range is empty"),
        (["--group-by", "modl"], "--group-by: cannot group by \"modl\"; nearest: model"),
        (["--group-by", "day,day"], "--group-by: \"day\" is given twice"),
        (["--where", "modl=x"], "--where: no field \"modl\"; nearest: model"),
        (["--where", "web"], "--where: \"web\" is not NAME=GLOB"),
        (["--sort", "size"], "--sort: cannot sort by \"size\"; known: cost, requests"),
        (["--timezone", "Mars/Base"], "no time zone \"Mars/Base\""),
        (["--pricing-data", "."], "--pricing-data: the ledger keeps to its own rates"),
    ])
    func refusesWhatItCannotMean(words: [String], says: String) async throws {
        let output = try await sandbox.run(["usage"] + words, in: sandbox.folder)
        #expect(output.exit == 64)
        #expect(output.errors.hasPrefix("error: "))
        #expect(output.errors.contains(says), "\(output.errors)")
        #expect(output.text == "")
    }
}
