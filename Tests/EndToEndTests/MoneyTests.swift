import Foundation
import Testing

/// Money entries and what they leave on a channel, as scripts and people keep them.
@Suite(.needsBinary) struct MoneyTests {
    private let sandbox: Sandbox

    init() throws { sandbox = try Sandbox() }

    private func ledger(_ words: String) async throws -> Output {
        try await sandbox.run(
            ["ledger"] + words.split(separator: " ").map(String.init) + ["--format", "json"],
            in: sandbox.folder)
    }

    /// Keeps an entry on holysheep; its channel bills $ and is paid ¥1 for each.
    private func keep(_ words: String) async throws {
        let output = try await ledger(words + " --channel holysheep --timezone UTC")
        #expect(output.exit == 0, "\(output.errors)")
    }

    /// Requests to gpt-4.1 on holysheep at ten o'clock of some days: ¥8.00 each.
    private func spend(on days: [String], _ more: String = "") async throws {
        try await spend(
            days.map {
                #"{"id":"e\#($0)","start":"\#($0)T10:00:00Z","channel":"holysheep","model":"gpt-4.1","usage":{"output":1000000}\#(more)}"#
            })
    }

    private func spend(_ lines: [String]) async throws {
        try sandbox.write(lines.joined(separator: "\n"), to: "events.ndjson")
        let output = try await ledger("import events.ndjson --from tokenmeter")
        #expect(try output.json().integer("new") == lines.count)
    }

    private func balance(_ words: String) async throws -> [String: any Sendable] {
        try await ledger("balance --timezone UTC " + words).json()
    }

    private func row(_ words: String) async throws -> [String: any Sendable] {
        try #require(try await balance(words).objects("rows").first)
    }

    // MARK: Kept

    @Test func keepsAPaymentOnceUnderItsNumber() async throws {
        let words = "top-up --channel holysheep --amount 100CNY --method alipay --id PAY-1"
        let first = try await ledger(words).json()
        #expect(first.string("outcome") == "new")
        #expect(try first.object("entry").money("amount") == "100.00 CNY")
        // A repeat that says no time is the same payment, whenever it comes.
        #expect(try await ledger(words).json().string("outcome") == "same")
        #expect(try await row("").money("topped_up") == "100.00 CNY")
        for other in [
            words.replacing("100CNY", with: "101CNY"), words.replacing("alipay", with: "card"),
            words + " --at 2026-11-01", words + " --note other",
            words.replacing("top-up", with: "grant").replacing(" --method alipay", with: ""),
        ] {
            let output = try await ledger(other)
            #expect(output.exit == 1, "\(other)")
            #expect(
                output.errors.hasPrefix("error: the id \"PAY-1\" is taken by another entry: top-up")
            )
        }
        #expect(try await ledger("entries").json().integer("entries") == 1)
        #expect(try await ledger("status").json().integer("money_entries") == 1)
        #expect(try await ledger("verify").exit == 0)
    }

    /// Without a number of its own, each is another payment.
    @Test func mintsAnIDOfItsOwn() async throws {
        for _ in 0..<2 { try await keep("top-up --amount 5CNY") }
        #expect(try await row("").money("topped_up") == "10.00 CNY")
    }

    /// Fifty at once under one number: one payment.
    @Test func keepsOneOfFiftyAtOnce() async throws {
        #expect(try await ledger("status").exit == 0)
        let output = try await sandbox.shell(
            """
            seq 50 | xargs -P 50 -I {} sh -c \
                'tokenmeter ledger top-up --channel holysheep --amount 1CNY --id P --format json > out.{} 2>&1 || touch failed'
            [ ! -e failed ] || cat out.*
            grep -l '"new"' out.* | wc -l
            """)
        #expect(output.text.filter { $0 != " " } == "1\n", "\(output.text.prefix(500))")
        #expect(try await row("").money("topped_up") == "1.00 CNY")
    }

    @Test func takesAnEntryBackByAnother() async throws {
        try await keep("tax --amount 6CNY --at 2026-11-01 --id T1")
        let words = ["ledger", "reverse", "T1", "--reason", "of another bill", "--format", "json"]
        let reversed = try await sandbox.run(words, in: sandbox.folder).json()
        #expect(try reversed.object("entry").money("amount") == "6.00 CNY")
        #expect(try reversed.object("entry").string("reverses") == "T1")
        let again = try await sandbox.run(words, in: sandbox.folder).json()
        #expect(again.string("outcome") == "same")
        // The two come to nothing, and stay.
        #expect(try await balance("").objects("rows").isEmpty)
        #expect(try await ledger("entries").json().integer("entries") == 2)
        let told = try await sandbox.run(
            ["ledger", "tax", "--channel", "holysheep", "--amount", "6CNY", "--id", "T1"],
            in: sandbox.folder)
        #expect(told.exit == 0)
        #expect(told.text.contains("it was taken back at"))
        let twice = try await ledger("reverse reversal:T1 --reason x")
        #expect(twice.exit == 1)
        #expect(twice.errors.contains("is a reversal itself"))
        let nowhere = try await ledger("reverse T2 --reason x")
        #expect(nowhere.exit == 1)
        #expect(nowhere.errors.contains("no money entry \"T2\" in the ledger"))
        #expect(try await ledger("verify").exit == 0)
    }

    @Test(arguments: [
        ("top-up --amount 100CNY", "missing --channel", Int32(64)),
        ("top-up --channel holysheep", "missing --amount", 64),
        (
            "top-up --channel holysheep --amount 100USD",
            "--amount: channel \"holysheep\" is paid in CNY, not in USD; write what was paid in CNY",
            64
        ),
        (
            "top-up --channel deepseek --amount 1EUR", "is paid in USD or CNY, not in EUR", 64
        ),
        ("top-up --channel holysheep --amount -5CNY", "--amount: \"-5.00CNY\" is not above", 64),
        ("tax --channel holysheep --amount 0CNY", "--amount: \"0.00CNY\" is not above", 64),
        ("adjust --channel holysheep --amount 0CNY", "--amount: nothing", 64),
        ("top-up --channel holysheep --amount 1e3CNY", "--amount: \"1e3CNY\" is not", 64),
        (
            "top-up --channel holysheep --amount 1000000000001CNY",
            "--amount: more than 1,000,000,000,000 CNY", 64
        ),
        (
            "top-up --channel holysheep --amount 5CNY --method cash",
            "--method: \"cash\" is no method of a top-up; known: alipay, wechat, card", 64
        ),
        ("top-up --channel direct --amount 5CNY", "--channel: direct is each model's own", 64),
        ("top-up --channel holisheep --amount 5CNY", "nearest: holysheep", 3),
        (
            "grant --channel holysheep --amount 5CNY --at 2026-11-02 --expires 2026-11-02",
            "--expires: it ends at 2026-11-02T00:00:00Z", 64
        ),
        ("commitment --channel holysheep --amount 5CNY", "--expires: a commitment says", 64),
        ("reverse T1", "missing --reason", 64),
        ("entries --kind gift", "--kind: \"gift\" is no kind of entry; known: top-up", 64),
        ("balance --last 7y", "--last: \"7y\" is not a span", 64),
    ])
    func refusesWhatAnEntryCannotMean(
        words: String, says: String, exit: Int32
    ) async throws {
        let output = try await ledger(words)
        #expect(output.exit == exit)
        #expect(output.errors.hasPrefix("error: "))
        #expect(output.errors.contains(says), "\(output.errors)")
        #expect(output.text == "")
        #expect(try await ledger("status").json().integer("money_entries") == 0)
    }

    @Test(arguments: [
        "UPDATE money_entry SET amount = '1'", "DELETE FROM money_entry",
        "INSERT OR REPLACE INTO money_entry SELECT * FROM money_entry LIMIT 1",
        "INSERT OR REPLACE INTO money_entry SELECT account, 'x', time_ms, channel, kind, amount, currency, NULL, NULL, NULL, 'T1', noted_at FROM money_entry WHERE id = 'T1'",
    ])
    func entriesDoNotMove(statement: String) async throws {
        guard try await sandbox.has("sqlite3") else { return }
        try await keep("tax --amount 6CNY --id T1")
        #expect(try await ledger("reverse T1 --reason x").exit == 0)
        let output = try await sandbox.shell(
            "sqlite3 '\(sandbox.database.path())' \"\(statement)\"")
        #expect(output.exit != 0)
        #expect(output.errors.contains("append-only"))
    }

    @Test(arguments: [
        ("amount = 'x1'", "cannot be read"), ("amount = '-1'", "takes back more, or less"),
        ("amount = '6'", "has the wrong sign"), ("reverses = 'T9'", "which is not there"),
        ("kind = 'grant'", "wrong sign"), ("method = 'cash'", "cannot be read"),
    ])
    func findsEntriesThatWereTamperedWith(change: String, says: String) async throws {
        guard try await sandbox.has("sqlite3") else { return }
        try await keep("tax --amount 6CNY --id T1")
        #expect(try await ledger("reverse T1 --reason x").exit == 0)
        let id = change.hasPrefix("reverses") ? "reversal:T1" : "T1"
        let changed = try await sandbox.shell(
            """
            sqlite3 '\(sandbox.database.path())' "PRAGMA ignore_check_constraints = ON;
                DROP TRIGGER money_entry_refuses_update; UPDATE money_entry SET \(change) WHERE id = '\(id)'"
            """)
        #expect(changed.exit == 0, "\(changed.errors)")
        let output = try await ledger("verify")
        #expect(output.exit == 1)
        #expect(output.text.contains(says), "\(output.text)")
    }

    // MARK: Balance

    /// A top-up of ¥100, a grant of ¥20 to the fifth, ¥6 of tax, ¥1.50 back, ¥10 paid out; four
    /// requests at ¥8, two of them before the grant ends.
    @Test func addsUpWhatIsLeftAndForHowLong() async throws {
        try await spend(on: ["2026-11-01", "2026-11-02", "2026-11-03", "2026-11-10", "2026-11-11"])
        try await keep("top-up --amount 100CNY --at 2026-11-02")
        try await keep("grant --amount 20CNY --at 2026-11-02 --expires 2026-11-05")
        try await keep("tax --amount 6CNY --at 2026-11-02")
        try await keep("refund --amount 1.5CNY --at 2026-11-03T12:00:00Z")
        try await keep("refund --amount 10CNY --method alipay --at 2026-11-04")
        try await keep("adjust --amount -0.5CNY --at 2026-11-06")
        let row = try await row("--at 2026-11-12")
        #expect(row.string("since") == "2026-11-02T00:00:00Z")
        #expect(row.money("spent") == "32.00 CNY")
        // The request of the first was paid from elsewhere.
        #expect(row.money("spent_before") == "8.00 CNY")
        let grants = try row.object("grants")
        #expect(grants.money("used") == "16.00 CNY")
        #expect(grants.money("expired") == "4.00 CNY")
        #expect(grants.money("left") == "0.00 CNY")
        #expect(row.money("refunds") == "-8.50 CNY")
        #expect(row.money("tax") == "-6.00 CNY")
        #expect(row.money("adjustments") == "-0.50 CNY")
        // 100 + 20 - 6 - 8.50 - 0.50 - 32 - 4
        #expect(row.money("balance") == "69.00 CNY")
        // 16 from the sixth to the twelfth, six days; 69 ÷ 16 · 6 = 25.875
        #expect(try row.object("pace").money("per_day") == "2.666667 CNY")
        #expect(try row.object("runway").string("days") == "25.8")
        #expect(try row.object("runway").string("until") == "2026-12-07T21:00:00Z")
        // As it was while the grant held: 100 + 20 - 6 - 8.
        let before = try await self.row("--at 2026-11-03")
        #expect(before.money("balance") == "106.00 CNY")
        #expect(try before.object("grants").money("left") == "12.00 CNY")
        let day = try await self.row("--at 2026-11-12 --last 24h")
        // 8 in a day; 69 ÷ 8 = 8.625
        #expect(try day.object("runway").string("days") == "8.6")
    }

    /// A channel that came into use yesterday is not averaged over days before it.
    @Test func takesTheRateFromTheFirstDayOfUse() async throws {
        try await spend(on: ["2026-11-10"])
        try await keep("top-up --amount 100CNY --at 2026-11-01")
        let row = try await row("--at 2026-11-12")
        #expect(try row.object("pace").string("since") == "2026-11-10T00:00:00Z")
        // 8 in two days: 92 ÷ 4.
        #expect(try row.object("runway").string("days") == "23.0")
        #expect(try row.object("runway").string("until") == "2026-12-05T00:00:00Z")
    }

    @Test func hasNoEndWhereNothingIsSpent() async throws {
        try await keep("top-up --amount 100CNY --at 2026-11-01")
        let runway = try await row("--at 2026-11-12").object("runway")
        #expect(runway.isNull("days"))
        #expect(runway.isNull("until"))
        #expect(
            runway.string("reason")
                == "nothing was spent in the last 7d, so there is no end to tell")
        try await spend([
            #"{"id":"e","start":"2026-11-11T10:00:00Z","channel":"holysheep","model":"gpt-4.1","usage":{"output":1}}"#
        ])
        let slow = try await row("--at 2026-11-12").object("runway")
        #expect(slow.isNull("days"))
        #expect(slow.string("reason") == "it lasts more than a hundred years")
    }

    /// More is spent than was paid in: the balance is below zero, and the next top-up pays it.
    @Test func owesWhatWasSpentBeyondIt() async throws {
        try await keep("top-up --amount 5CNY --at 2026-11-01")
        try await spend(on: ["2026-11-02"])
        let row = try await row("--at 2026-11-03")
        #expect(row.money("balance") == "-3.00 CNY")
        #expect(try row.object("runway").string("days") == "0.0")
        #expect(try row.object("runway").string("reason") == "nothing is left")
        try await keep("grant --amount 4CNY --at 2026-11-03 --expires 2026-11-04")
        let later = try await self.row("--at 2026-11-05")
        #expect(later.money("expired") == "1.00 CNY")
        #expect(later.money("balance") == "0.00 CNY")
    }

    /// The relay has no price for input: the balance is at most what is left without it.
    @Test func isAnUpperBoundWhereSomethingHasNoPrice() async throws {
        try await keep("top-up --amount 100CNY --at 2026-11-01")
        try await spend([
            #"{"id":"a","start":"2026-11-02T10:00:00Z","channel":"holysheep","model":"gpt-4.1","usage":{"input":5,"output":1000000}}"#
        ])
        let row = try await row("--at 2026-11-04")
        #expect(row.isNull("balance"))
        #expect(row.money("balance_at_most") == "92.00 CNY")
        #expect(row.isNull("spent"))
        #expect(row.money("spent_at_least") == "8.00 CNY")
        // 8 in two days: 92 ÷ 4.
        #expect(try row.object("runway").isNull("days"))
        #expect(try row.object("runway").string("days_at_most") == "23.0")
        let table = try await sandbox.run(
            ["ledger", "balance", "--at", "2026-11-04"], in: sandbox.folder)
        #expect(table.text.contains("≤ ¥92.00"))
        #expect(table.text.contains("some requests on holysheep have no cost"))
        let missed = try await ledger(
            "commitment --channel holysheep --amount 50CNY --at 2026-11-01 --expires 2026-11-03")
        #expect(missed.exit == 0)
        let commitment = try #require(
            try await balance("--at 2026-11-04").objects("commitments").first)
        #expect(commitment.isNull("used"))
        #expect(commitment.money("remaining_at_most") == "42.00 CNY")
        #expect(commitment.string("state") == "unknown")
    }

    /// A promise moves no balance, and is used by what its own period spends.
    @Test func tellsWhatIsUsedOfACommitment() async throws {
        try await spend(on: ["2026-11-01", "2026-11-02", "2026-11-03"])
        try await keep("commitment --amount 20CNY --at 2026-11-02 --expires 2026-11-04 --id C1")
        func state(_ time: String) async throws -> [String: any Sendable] {
            try #require(try await balance("--at \(time)").objects("commitments").first)
        }
        let open = try await state("2026-11-03")
        #expect(open.money("used") == "8.00 CNY")
        #expect(open.money("remaining") == "12.00 CNY")
        #expect(open.string("state") == "open")
        #expect(try await state("2026-11-04").string("state") == "missed")
        try await keep("commitment --amount 16CNY --at 2026-11-02 --expires 2026-11-04 --id C2")
        let both = try await balance("--at 2026-11-05")
        #expect(try both.objects("commitments").map { $0.string("state") } == ["missed", "met"])
        #expect(try both.objects("commitments")[1].money("remaining") == "0.00 CNY")
        #expect(try both.objects("rows").isEmpty)
    }

    /// Each channel and currency by itself; what has no entry is told, and later entries too.
    @Test func keepsChannelsAndCurrenciesApart() async throws {
        try await keep("top-up --amount 5CNY --at 2026-11-01")
        for words in [
            "top-up --channel deepseek --amount 7USD --at 2026-11-01",
            "top-up --channel deepseek --amount 9CNY --at 2026-11-01",
            "top-up --channel deepseek --amount 1CNY --at 2026-12-01",
        ] { #expect(try await ledger(words + " --timezone UTC").exit == 0) }
        try await spend([
            #"{"id":"a","start":"2026-11-02T10:00:00Z","channel":"openai","model":"gpt-4.1","usage":{"output":1000000}}"#
        ])
        let document = try await balance("--at 2026-11-04")
        let rows = try document.objects("rows")
        #expect(rows.map { $0.money("balance") } == ["9.00 CNY", "7.00 USD", "5.00 CNY"])
        #expect(document.integer("later_entries") == 1)
        let other = try #require(try document.objects("without_entries").first)
        #expect(other.string("channel") == "openai")
        #expect(other.money("spent") == "8.00 USD")
        let one = try await balance("--at 2026-11-04 --channel holysheep")
        #expect(try one.objects("rows").count == 1)
        #expect(try one.objects("without_entries").isEmpty)
    }

    @Test func listsEntriesInEveryFormat() async throws {
        try await keep("top-up --amount 100CNY --at 2026-11-01 --id P1 --method wechat")
        try await keep("adjust --amount -0.37CNY --at 2026-11-02T08:30:00Z --id A1")
        let csv = try await sandbox.run(
            ["ledger", "entries", "--format", "csv"], in: sandbox.folder)
        #expect(
            csv.text
                == "time,channel,kind,amount,amount_currency,method,expires,id,reverses,note\r\n"
                + "2026-11-01T00:00:00Z,holysheep,top-up,100.00,CNY,wechat,,P1,,\r\n"
                + "2026-11-02T08:30:00Z,holysheep,adjustment,-0.37,CNY,,,A1,,\r\n")
        let lines = try await sandbox.run(
            ["ledger", "entries", "--kind", "top-up", "--format", "ndjson"], in: sandbox.folder)
        #expect(lines.lines.count == 1)
        #expect(try JSON.object(lines.lines[0]).string("id") == "P1")
        let newest = try await ledger("entries --limit 1").json()
        #expect(newest.integer("more_rows") == 1)
        #expect(try newest.objects("rows")[0].string("id") == "A1")
        let october = try await ledger("entries --month 2026-10").json()
        #expect(try october.objects("rows").isEmpty)
        let markdown = try await sandbox.run(
            ["ledger", "entries", "--format", "markdown"], in: sandbox.folder)
        #expect(markdown.text.contains("| -¥0.37 |"), "\(markdown.text)")
    }

    /// An export is of events, and says so in its help.
    @Test func exportsEventsAlone() async throws {
        try await keep("top-up --amount 100CNY")
        #expect(try await ledger("status").exit == 0)
        let output = try await sandbox.run(["ledger", "export"], in: sandbox.folder)
        #expect(output.text == "")
        let help = try await sandbox.run(["ledger", "export", "--help"]).text
        #expect(help.contains("Money entries are none of them"))
    }
}
