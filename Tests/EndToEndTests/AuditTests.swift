import Foundation
import Testing

/// What a channel charged, held against the ledger: by its invoice, and by its own cost fields.
@Suite(.needsBinary) struct AuditTests {
    private let sandbox: Sandbox

    init() throws { sandbox = try Sandbox() }

    private func run(_ words: String) async throws -> Output {
        try await sandbox.run(
            words.split(separator: " ").map(String.init) + [
                "--timezone", "UTC", "--format", "json",
            ], in: sandbox.folder)
    }

    private func event(
        _ id: String, _ day: String, _ usage: String = #"{"output":1000000}"#,
        on channel: String = "holysheep", model: String = "gpt-4.1", more: String = ""
    ) -> String {
        #"{"id":"\#(id)","start":"2026-11-\#(day)T10:00:00Z","channel":"\#(channel)","model":"\#(model)","usage":\#(usage)\#(more)}"#
    }

    private func charged(_ amount: String, _ currency: String = "USD") -> String {
        #","vendor_cost":{"amount":"\#(amount)","currency":"\#(currency)"}"#
    }

    private func bring(_ lines: [String]) async throws {
        try sandbox.write(lines.joined(separator: "\n"), to: "events.ndjson")
        let output = try await run("ledger import events.ndjson --from tokenmeter")
        #expect(try output.json().integer("new") == lines.count)
    }

    private func reconcile(_ csv: String, _ words: String = "") async throws -> Output {
        try sandbox.write(csv, to: "invoice.csv")
        return try await run("usage --reconcile invoice.csv " + words)
    }

    private func shown(_ rows: [[String: any Sendable]]) -> [[String?]] {
        rows.map { row in
            [row.string("day")]
                + ["ledger", "entries", "invoice", "difference"].map { row.money($0) }
                + [row.string("multiplier")]
        }
    }

    // MARK: By an invoice

    /// ¥8.00 a request; one day is dearer on the invoice, one is missing there, one in the ledger.
    @Test func comparesAnInvoiceDayByDay() async throws {
        try await bring([event("a", "01"), event("b", "02"), event("c", "02"), event("d", "03")])
        for words in [
            "tax --amount 0.48CNY --at 2026-11-01", "adjust --amount 1CNY --at 2026-11-02",
            "refund --amount 2CNY --at 2026-11-02",
            "refund --amount 3CNY --method card --at 2026-11-02",
            "top-up --amount 50CNY --at 2026-11-02", "grant --amount 9CNY --at 2026-11-02",
        ] { #expect(try await run("ledger \(words) --channel holysheep").exit == 0) }
        let output = try await reconcile(
            """
            date,amount,currency
            2026-11-01,8.48,CNY
            2026-11-02,10.00,CNY
            2026-11-04,1.25,CNY
            2026-11-02,5.40,CNY
            """)
        #expect(output.exit == 0, "\(output.errors)")
        let document = try output.json()
        // Two lines of one day add up; a top-up, a grant and what was paid out charge nothing.
        #expect(
            shown(try document.objects("rows")) == [
                ["2026-11-01", "8.00 CNY", "0.48 CNY", "8.48 CNY", "0.00 CNY", "1.0000"],
                // 15.40 - 16 + 3; (15.40 + 3) ÷ 16
                ["2026-11-02", "16.00 CNY", "-3.00 CNY", "15.40 CNY", "2.40 CNY", "1.1500"],
                ["2026-11-03", "8.00 CNY", "0.00 CNY", nil, "-8.00 CNY", nil],
                ["2026-11-04", nil, "0.00 CNY", "1.25 CNY", "1.25 CNY", nil],
            ])
        let rows = try document.objects("rows")
        #expect(rows[2]["missing"] as? [String] == ["invoice"])
        #expect(rows[3]["missing"] as? [String] == ["ledger"])
        let total = try #require(try document.objects("totals").first)
        #expect(total.money("ledger") == "32.00 CNY")
        #expect(total.money("invoice") == "25.13 CNY")
        #expect(total.money("difference") == "-4.35 CNY")
        // Its sides are not of the same days.
        #expect(total.isNull("multiplier"))
        #expect(document.string("channel") == "holysheep")
    }

    /// The vendor's names for a model are ours where they are known; others stand by themselves.
    @Test func comparesAnInvoiceModelByModel() async throws {
        try await bring([
            event("a", "01"), event("b", "01", model: "gpt-4.1-2025-04-14"),
            event("c", "01", model: "claude-sonnet-4.5"),
        ])
        let output = try await reconcile(
            "Date,Model,Amount,Units\r\n2026-11-01,gpt-4.1,8.00,\r\n2026-11-01,gpt-4.1-2025-04-14,9,\r\n2026-11-01,gpt-9,1,\r\n"
        )
        let document = try output.json()
        let rows = try document.objects("rows")
        #expect(rows.map { $0.string("model") } == ["claude-sonnet-4.5", "gpt-4.1", "gpt-9"])
        #expect(rows.map { $0.money("difference") } == ["-15.00 CNY", "1.00 CNY", "1.00 CNY"])
        #expect(rows[1].string("multiplier") == "1.0625")
        let invoice = try document.object("invoice")
        #expect(invoice.string("assumed_currency") == "CNY")
        #expect(invoice["ignored_columns"] as? [String] == ["Units"])
    }

    /// What is billed in dollars is paid in yuan: an invoice in dollars is settled the channel's way,
    /// and any other currency only at a rate that is shown.
    @Test func neverConvertsInSilence() async throws {
        let euros = "date,amount,currency\n2026-11-01,1.00,EUR\n"
        #expect(try await reconcile(euros, "--where channel=holysheep").exit == 64)
        try await bring([event("a", "01")])
        let billed = try await reconcile("date,amount,currency\n2026-11-01,8.40,USD\n").json()
        #expect(try billed.objects("rows")[0].money("invoice") == "8.40 CNY")
        let refused = try await reconcile(euros)
        #expect(refused.exit == 64)
        #expect(
            refused.errors
                == "error: --reconcile: invoice.csv is in EUR, and channel \"holysheep\" is paid in CNY; hold them against each other with --currency CNY --fx EUR/CNY=RATE\n"
        )
        let document = try await reconcile(euros, "--currency CNY --fx EUR/CNY=7.8").json()
        let row = try document.objects("rows")[0]
        #expect(row.money("invoice") == "7.80 CNY*")
        #expect(row.money("ledger") == "8.00 CNY")
        #expect(row.money("difference") == "-0.20 CNY*")
        #expect(try document.objects("fx")[0].string("rate") == "7.8")
    }

    @Test func isABoundWhereSomethingHasNoPrice() async throws {
        try await bring([event("a", "01", #"{"input":5,"output":1000000}"#)])
        let document = try await reconcile("date,amount\n2026-11-01,8.40\n").json()
        let row = try document.objects("rows")[0]
        #expect(document["is_complete"] as? Bool == false)
        #expect(row.isNull("ledger"))
        #expect(row.money("ledger_at_least") == "8.00 CNY")
        #expect(row.isNull("difference"))
        #expect(row.money("difference_at_most") == "0.40 CNY")
        #expect(row.isNull("multiplier"))
    }

    /// A range is taken in whole days, and lines outside it are told.
    @Test func comparesWholeDaysOfARange() async throws {
        try await bring([event("a", "01"), event("b", "02"), event("c", "05")])
        let csv = "date,amount\n2026-11-01,8\n2026-11-02,8\n"
        let narrow = try await reconcile(
            csv, "--since 2026-11-02T09:00:00Z --until 2026-11-02T11:00:00Z"
        ).json()
        #expect(try narrow.object("range").string("since") == "2026-11-02T00:00:00Z")
        #expect(try narrow.object("range").string("until") == "2026-11-03T00:00:00Z")
        #expect(try narrow.object("invoice").integer("lines_outside") == 1)
        #expect(try narrow.objects("rows").count == 1)
        let month = try await reconcile(csv, "--month 2026-11").json()
        #expect(
            try month.objects("rows").map { $0.string("day") }
                == ["2026-11-01", "2026-11-02", "2026-11-05"])
    }

    @Test func asksWhichChannelAnInvoiceIsOf() async throws {
        try await bring([event("a", "01"), event("b", "01", on: "openai")])
        let csv = "date,amount\n2026-11-01,8\n"
        let both = try await reconcile(csv)
        #expect(both.exit == 64)
        #expect(both.errors.contains("an invoice is of one channel"))
        #expect(both.errors.contains("holysheep, openai"))
        let one = try await reconcile(csv, "--where channel=openai").json()
        #expect(try one.objects("rows")[0].money("ledger") == "8.00 USD")
        for (words, says) in [
            ("--where project=web", "--where: an invoice is of all that a channel charged"),
            ("--group-by day", "--group-by: does not go with --reconcile"),
            ("--where channel=holisheep", "no channel \"holisheep\""),
        ] {
            let refused = try await reconcile(csv, words)
            #expect(refused.exit != 0)
            #expect(refused.errors.contains(says), "\(refused.errors)")
        }
        let bad = try await reconcile("date,amount\n2026-11-31,8\n2026-11-01,8 CNY\n")
        #expect(bad.exit == 1)
        #expect(
            bad.errors
                == "error: invoice.csv:2: date: \"2026-11-31\" is not a day such as 2026-10-01\nerror: invoice.csv:3: amount: \"8 CNY\" is not a plain decimal such as 12.34, of at most 10¹² units\n"
        )
    }

    // MARK: By the vendor's cost fields

    @Test func comparesWhatTheVendorSaysItCharged() async throws {
        try await bring([
            event("a", "01", more: charged("8.40")),
            event("b", "01", #"{"output":500000}"#, more: charged("4.20")),
            event("c", "02"),
            event("d", "03", "{}", more: #","known":"unknown""# + charged("1.00")),
            event("e", "03", model: "claude-sonnet-4.5", more: charged("30.00", "CNY")),
            event("f", "03", model: "claude-sonnet-4.5", more: charged("9.00", "EUR")),
            // Its input has no price here.
            event(
                "g", "03", #"{"input":1,"output":1}"#, model: "claude-sonnet-4.5",
                more: charged("1")),
        ])
        let document = try await run("ledger audit --channel holysheep --month 2026-11").json()
        let rows = try document.objects("rows")
        #expect(rows.map { $0.string("model") } == ["claude-sonnet-4.5", "gpt-4.1"])
        let gpt = rows[1]
        #expect(gpt.integer("requests") == 4)
        #expect(gpt.integer("without_vendor_cost") == 1)
        #expect(gpt.integer("without_cost") == 1)
        #expect(gpt.string("reported_percent") == "75.0")
        // $12.60 for what comes to 1.5 · $8: dollars are compared with what is billed.
        let billed = try #require(try gpt.objects("compared").first)
        #expect(billed.string("amounts") == "billed")
        #expect(billed.integer("requests") == 2)
        #expect(billed.money("computed") == "12.00 USD")
        #expect(billed.money("charged") == "12.60 USD")
        #expect(billed.money("difference") == "0.60 USD")
        #expect(billed.string("multiplier") == "1.0500")
        // ¥30 for ¥15: yuan with what is paid.
        let claude = rows[0]
        let settled = try #require(try claude.objects("compared").first)
        #expect(settled.string("amounts") == "settled")
        #expect(settled.money("computed") == "15.00 CNY")
        #expect(settled.string("multiplier") == "2.0000")
        #expect(claude.integer("in_other_currency") == 1)
        #expect(claude.integer("without_cost") == 1)
        let total = try document.object("total")
        #expect(total.integer("requests") == 7)
        #expect(total.integer("reported") == 6)
        #expect(
            try total.objects("compared").map { $0.money("charged") } == ["30.00 CNY", "12.60 USD"])
    }

    /// A vendor's figure may be anything: it is compared, and nothing traps.
    @Test func survivesAbsurdCharges() async throws {
        let most = charged("100000000000000000000")
        try await bring([
            event("a", "01", #"{"output":1}"#, more: most),
            event("b", "02", #"{"output":1}"#, more: charged("-8")),
            event("c", "03", #"{"output":1}"#, more: most),
        ])
        func multiplier(_ until: String) async throws -> Output {
            try await run("ledger audit --channel holysheep --since 2026-11-01 --until \(until)")
        }
        let first = try await multiplier("2026-11-02").json().objects("rows")
        // 10²⁰ ÷ 0.000008
        #expect(
            try first[0].objects("compared")[0].string("multiplier")
                == "12500000000000000000000000.0000")
        let credit = try await run(
            "ledger audit --channel holysheep --since 2026-11-02 --until 2026-11-03")
        #expect(
            try credit.json().objects("rows")[0].objects("compared")[0].string("multiplier")
                == "-1000000.0000")
        let both = try await multiplier("2026-11-04")
        #expect(both.exit == 64)
        #expect(both.errors == "error: a sum of money is out of range\n")
    }

    /// A channel on which the same model's input comes from a cache far less often than elsewhere.
    @Test func showsWhatACacheServedElsewhere() async throws {
        try await bring([
            event("a", "01", #"{"input":900,"cached_input":100}"#, on: "openrouter"),
            event("b", "01", #"{"input":1000,"output":5}"#, on: "openrouter"),
            event("c", "01", #"{"input":250,"cached_input":750}"#, on: "openai"),
            // Reports no cached input either: no measure.
            event("f", "01", #"{"input":5000}"#, on: "holysheep"),
            event("d", "01", #"{"input":9}"#, on: "openai", more: #","known":"estimated""#),
            event("e", "01", #"{"input":500}"#, on: "openrouter", model: "gpt-4.1-mini"),
        ])
        let document = try await run("ledger audit --channel openrouter --month 2026-11").json()
        let rows = try document.objects("rows")
        let cache = try rows[0].object("cache")
        // 100 of 2,000 here, 750 of 1,000 there: 2,000 · 75% - 100.
        #expect(cache.string("cached_percent") == "5.0")
        #expect(cache.string("other_cached_percent") == "75.0")
        #expect(cache["other_channels"] as? [String] == ["openai"])
        #expect(cache.integer("missing_cached_tokens") == 1_400)
        #expect(cache.integer("requests_without_cached") == 1)
        // Nobody else has it: there is nothing to compare with.
        let alone = try rows[1].object("cache")
        #expect(alone.isNull("other_cached_percent"))
        #expect(alone.isNull("missing_cached_tokens"))
        #expect(document["total"].map { ($0 as? [String: Any])?["cache"] == nil } == true)
    }

    @Test func setsAnInvoiceBesideIt() async throws {
        try await bring([event("a", "01", more: charged("8.40")), event("b", "02")])
        let both = "date,amount\n2026-11-01,10\n2026-11-02,9.2\n"
        let total = try #require(try await reconcile(both).json().objects("totals").first)
        // 19.20 for 16.00
        #expect(total.string("multiplier") == "1.2000")
        try sandbox.write("date,amount\n2026-11-01,10\n2026-11-03,1\n", to: "invoice.csv")
        let output = try await run("ledger audit --channel holysheep --invoice invoice.csv")
        #expect(output.exit == 0, "\(output.errors)")
        let document = try output.json()
        #expect(try document.object("range").string("until") == "2026-11-04T00:00:00Z")
        let days = try document.object("by_invoice").objects("rows")
        #expect(
            shown(days) == [
                ["2026-11-01", "8.00 CNY", "0.00 CNY", "10.00 CNY", "2.00 CNY", "1.2500"],
                ["2026-11-02", "8.00 CNY", "0.00 CNY", nil, "-8.00 CNY", nil],
                ["2026-11-03", nil, "0.00 CNY", "1.00 CNY", "1.00 CNY", nil],
            ])
        let table = try await sandbox.run(
            ["ledger", "audit", "--channel", "holysheep", "--invoice", "invoice.csv"],
            in: sandbox.folder)
        #expect(table.text.contains("2026-11-02"))
        #expect(table.text.contains("1.0500"))
    }

    @Test func saysWhereThereIsNothingToCompare() async throws {
        let empty = try await sandbox.run(
            ["ledger", "audit", "--channel", "holysheep"], in: sandbox.folder)
        #expect(empty.exit == 0)
        #expect(empty.text.contains("no events in"))
        try await bring([event("a", "01")])
        let bare = try await sandbox.run(
            ["ledger", "audit", "--channel", "holysheep", "--month", "2026-11"],
            in: sandbox.folder)
        #expect(bare.text.contains("no request can be compared with what the vendor says"))
        for (words, says) in [
            ("", "missing --channel"), ("--channel holisheep", "nearest: holysheep"),
            ("--channel holysheep --currency CNY", "--currency: is for an invoice"),
            ("--channel holysheep --invoice nowhere.csv", "cannot read nowhere.csv"),
        ] {
            let refused = try await run("ledger audit " + words)
            #expect(refused.exit != 0)
            #expect(refused.errors.contains(says), "\(refused.errors)")
        }
    }
}
