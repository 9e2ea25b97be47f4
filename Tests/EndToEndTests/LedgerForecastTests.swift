import Foundation
import Testing

/// `forecast --from-ledger` as scripts and CI jobs use it.
@Suite(.needsBinary) struct LedgerForecastTests {
    private let sandbox: Sandbox

    init() throws { sandbox = try Sandbox() }

    /// A day's request of so many millions of input tokens to gpt-4.1, at $2.00 each.
    private static func event(
        _ day: String, millions: Int, channel: String = "openai", project: String = "web"
    ) -> String {
        // holysheep sells no input: its million of output is $8.00, paid with ¥8.00.
        let meter = channel == "openai" ? "input" : "output"
        return
            #"{"id":"\#(project)-\#(channel)-\#(day)","start":"\#(day)T12:00:00Z","channel":"\#(channel)","model":"gpt-4.1","project":"\#(project)","usage":{"\#(meter)":\#(millions * 1_000_000)}}"#
    }

    private static func day(_ first: String, plus days: Int) throws -> String {
        let start = try #require(ISO8601DateFormatter().date(from: "\(first)T12:00:00Z"))
        return String(
            start.addingTimeInterval(Double(days) * 86_400).ISO8601Format().prefix(10))
    }

    private func bringIn(_ lines: [String]) async throws {
        try sandbox.write(lines.joined(separator: "\n") + "\n", to: "events.ndjson")
        let output = try await sandbox.run(
            ["ledger", "import", "events.ndjson", "--from", "tokenmeter"], in: sandbox.folder)
        #expect(output.exit == 0, "\(output.errors)")
    }

    /// Six weeks from Sunday 2026-10-11 on: $10 on working days, $4 on Sundays, $2 on Saturdays.
    private func bringInSixWeeks(_ more: [String] = []) async throws {
        let lines = try (0..<42).map { index in
            try Self.event(
                Self.day("2026-10-11", plus: index), millions: [2, 5, 5, 5, 5, 5, 1][index % 7])
        }
        try await bringIn(lines + more)
    }

    private func forecast(
        _ words: String, at time: String = "2026-11-22T12:00:00Z", format: String = "json"
    ) async throws -> Output {
        try await sandbox.run(
            ["forecast", "--from-ledger", "--at", time, "--format", format]
                + words.split(separator: " ").map(String.init), in: sandbox.folder)
    }

    @Test func projectsTheMonthWithItsRange() async throws {
        try await bringInSixWeeks()
        let output = try await forecast("--timezone UTC")
        #expect(output.exit == 0)
        let document = try output.json()
        #expect(document.string("schema") == "tokenmeter.ledger-forecast/1")
        let row = try document.objects("rows")[0]
        // November so far: 3 · 4 + 15 · 10 + 3 · 2; the rest: 2 + 5 · 10 + 2 + 4 + 10.
        #expect(row.money("spent") == "168.00 USD")
        #expect(row.money("projected") == "236.00 USD")
        #expect(row.money("projected_low") == "236.00 USD")
        #expect(row.money("projected_high") == "236.00 USD")
        #expect(try row.object("method").string("name") == "weekday-mean")
        let test = try row.object("back_test")
        #expect(test.integer("count") == 20)
        #expect(test.integer("days_ahead") == 9)
        #expect(test.string("p90_error_percent") == "0.0")
        let table = try await forecast("--timezone UTC", format: "table").text
        #expect(table.contains("$168.00    $236.00  $236.00 … $236.00"), "\(table)")
        #expect(table.contains("projected by weekday: the mean of each over the last 28 days"))
        let words = table.split { $0 == " " || $0 == "\n" }.joined(separator: " ")
        #expect(words.contains("in 20 back-tests over 9 days, half were off by 0.0% at most"))
    }

    @Test func aDayIsOneOfTheZone() async throws {
        // 20:00 UTC on the 31st is the 1st in Shanghai.
        let line =
            #"{"id":"a","start":"2026-10-31T20:00:00Z","channel":"openai","model":"gpt-4.1","usage":{"input":1000000}}"#
        try await bringIn([line])
        func spent(_ zone: String) async throws -> String? {
            try await forecast("--timezone \(zone)", at: "2026-11-02T12:00:00Z").json()
                .objects("rows")[0].money("spent")
        }
        #expect(try await spent("UTC") == "0.00 USD")
        #expect(try await spent("Asia/Shanghai") == "2.00 USD")
    }

    @Test func gatesWithTheExitCode() async throws {
        try await bringInSixWeeks()
        #expect(try await forecast("--timezone UTC --max 236USD").exit == 0)
        let over = try await forecast("--timezone UTC --max 200USD")
        #expect(over.exit == 2)
        let gate = try over.json().object("max")
        #expect(gate.money("over") == "36.00 USD")
        // 168 by Saturday, 172 by Sunday, 212 by Thursday 26th.
        #expect(gate.string("runs_out") == "2026-11-26")
        // $236 at 7 is ¥1,652.
        #expect(try await forecast("--timezone UTC --max 1652CNY --fx USD/CNY=7").exit == 0)
        #expect(try await forecast("--timezone UTC --max 1651CNY --fx USD/CNY=7").exit == 2)
    }

    @Test func whatHasNoPriceIsAtLeast() async throws {
        let unpriced =
            #"{"id":"u","start":"2026-11-20T12:00:00Z","channel":"holysheep","model":"gpt-4.1","usage":{"input":1000}}"#
        try await bringInSixWeeks([unpriced])
        let open = try await forecast("--timezone UTC")
        #expect(open.exit == 0)
        let row = try #require(
            try open.json().objects("rows").first { $0.money("spent_at_least") == "168.00 USD" })
        #expect(row.isNull("spent"))
        #expect(row.isNull("projected"))
        #expect(row.money("projected_at_least") == "236.00 USD")
        #expect(row.integer("unpriced_events") == 1)
        #expect(try await forecast("--timezone UTC --max 1000USD --fx USD/CNY=7").exit == 3)
        #expect(try await forecast("--timezone UTC --max 200USD --fx USD/CNY=7").exit == 2)
    }

    @Test func neverAddsTwoCurrencies() async throws {
        let more = try (0..<42).map {
            try Self.event(
                Self.day("2026-10-11", plus: $0), millions: 1, channel: "holysheep",
                project: "shop")
        }
        try await bringInSixWeeks(more)
        let rows = try await forecast("--timezone UTC").json().objects("rows")
        // 30 days of ¥8, but for half of the 22nd, on which nothing came in until noon.
        #expect(rows.map { $0.money("projected") } == ["236.00 CNY", "236.00 USD"])
        let both = try await forecast("--timezone UTC --currency USD --fx USD/CNY=8").json()
        #expect(try both.objects("rows").map { $0.money("projected") } == ["265.50 USD*"])
        #expect(try both.objects("fx")[0].string("pair") == "USD/CNY")
        let shop = try await forecast("--timezone UTC --where project=shop").json()
        #expect(try shop.objects("rows").map { $0.money("projected") } == ["236.00 CNY"])
    }

    @Test func tellsWhenBudgetsRunOut() async throws {
        try await bringInSixWeeks()
        try sandbox.write(
            """
            budgets:
              - {name: month, on: forecast, limit: 200USD}
              - {name: gone, on: actual, limit: 12USD}
              - {name: enough, on: actual, limit: 236USD}
              - {name: quarter, on: actual, limit: 800USD, period: quarter}
              - {name: nobody, on: actual, limit: 5USD, where: {project: none}}
              - {name: planned, limit: 5USD}

            """, to: "budgets.yml")
        let output = try await forecast("--timezone UTC --budgets budgets.yml")
        #expect(output.exit == 0)
        let rows = try output.json().objects("rows").filter { !$0.isNull("budget") }
        #expect(
            rows.map { "\($0.string("budget") ?? "") \($0.string("runs_out") ?? "never")" }
                == ["month 2026-11-26", "gone 2026-11-02", "enough never", "quarter never"])
        // October from the 11th: 3 whole weeks of 56, and November's; then December's 254.
        #expect(rows[3].money("spent") == "336.00 USD")
        #expect(rows[3].money("projected") == "658.00 USD")
        let table = try await forecast("--timezone UTC --budgets budgets.yml", format: "table")
        #expect(table.lines.allSatisfy { $0.count <= 80 }, "\(table.text)")
        #expect(table.text.contains("! nobody: no event of its period"))
        #expect(table.text.contains("budgets on a plan are left out: 1"))
        let csv = try await forecast("--timezone UTC --budgets budgets.yml", format: "csv")
        #expect(csv.lines[0].hasPrefix("budget,period,spent,spent_currency,projected,"))
    }

    @Test func saysWhereNothingIsAndWhatToTry() async throws {
        let empty = try await forecast("--max 5USD", format: "table")
        #expect(empty.exit == 3)
        let text = empty.text.split { $0 == " " || $0 == "\n" }.joined(separator: " ")
        #expect(text.contains("no events in \(sandbox.database.path())"))
        #expect(text.hasSuffix("try: tokenmeter demo, tokenmeter ledger import"))
        #expect(!text.contains("$0.00"))
        try await bringInSixWeeks()
        let typo = try await forecast("--timezone UTC --where project=wbe")
        #expect(typo.exit == 3)
        #expect(try typo.json().objects("rows").isEmpty)
        let later = try await forecast("--timezone UTC", at: "2027-06-01T00:00:00Z")
        #expect(later.exit == 3)
    }

    @Test(
        arguments: [
            ("--model gpt-4.1", "error: --model: describes a workload"),
            ("--months 3", "error: --months: describes a workload"),
            ("--plan plan.yml", "error: --plan: cannot stand beside --from-ledger"),
            ("--where colour=red", "error: --where: no field \"colour\""),
            ("--max 5", "error: --max: "),
            ("--pricing-data Tests", "error: --pricing-data: the ledger keeps to its own rates"),
            ("--budgets none.yml", "error: cannot read none.yml"),
        ] as [(String, String)]) func refuses(_ words: String, _ message: String) async throws
    {
        let output = try await forecast(words)
        #expect(output.errors.hasPrefix(message), "\(output.errors)")
        #expect(output.text == "")
        #expect(output.exit == (words.hasPrefix("--budgets") ? 1 : 64))
    }

    @Test(arguments: ["--where project=web", "--budgets budgets.yml"])
    func asksTheLedgerOnlyWhereItIsSaid(_ words: String) async throws {
        let output = try await sandbox.run(
            ["forecast", "--model", "gpt-4.1", "--output-tokens", "5"]
                + words.split(separator: " ").map(String.init))
        #expect(output.exit == 64)
        #expect(output.errors.hasSuffix("asks the ledger; add --from-ledger\n"))
    }
}
