import Foundation
import Testing

/// Where one rate ends and the next begins, and how counts and shares are read: through the command
/// line.
@Suite(.needsBinary) struct BoundaryTests {
    private let sandbox: Sandbox

    init() throws { sandbox = try Sandbox() }

    /// One question with the answer that was worked out by hand.
    struct Case: Sendable, CustomTestStringConvertible {
        let question: String
        let cost: String
        var isShipped = false
        var testDescription: String { question }
    }

    private func document(
        _ question: String, isShipped: Bool = false, exit: Int32 = 0
    ) async throws -> [String: any Sendable] {
        let output = try await run(question + " --format json", isShipped: isShipped)
        #expect(output.exit == exit, "\(output.errors)")
        return try output.json()
    }

    private func run(_ question: String, isShipped: Bool = false) async throws -> Output {
        let words = question.split(separator: " ").map(String.init)
        return try await sandbox.run(words + (isShipped ? [] : Tokenmeter.fixtureRates))
    }

    // MARK: Bands

    /// A request of exactly the threshold is below it, one token more moves all of it.
    @Test(arguments: [
        Case(question: "--input-tokens 128000", cost: "0.256 USD"),  // × 2.00
        Case(question: "--input-tokens 128001", cost: "0.384003 USD"),  // × 3.00
        Case(question: "--input-tokens 272000", cost: "0.816 USD"),
        Case(question: "--input-tokens 272001", cost: "1.088004 USD"),  // × 4.00
        Case(question: "--input-tokens 512000", cost: "2.048 USD"),
        Case(question: "--input-tokens 512001", cost: "3.072006 USD"),  // × 6.00
        // Cached and written tokens count towards the band; 64,000 × 3.00 + 64,001 × 0.75.
        Case(question: "--input-tokens 64000 --cached-tokens 64000", cost: "0.16 USD"),
        Case(question: "--input-tokens 64000 --cached-tokens 64001", cost: "0.24000075 USD"),
        // 100,000 × 3.00 + 28,001 × 3.75; 100,000 × 3.00 + 28,001 × 6.00.
        Case(
            question: "--input-tokens 100000 --cache-write-5m-tokens 28001", cost: "0.40500375 USD"),
        Case(question: "--input-tokens 100000 --cache-write-1h-tokens 28001", cost: "0.468006 USD"),
        // Audio is input too: 128,000 × 2.00 + 1 × 10.00 would be wrong.
        Case(question: "--input-tokens 128000 --audio-input-tokens 1", cost: "0.384015 USD"),
        // Output does not count, and takes the band's rate: 128,001 × 3.00 + 1,000 × 12.00.
        Case(question: "--input-tokens 128000 --output-tokens 1000", cost: "0.264 USD"),
        Case(question: "--input-tokens 128001 --output-tokens 1000", cost: "0.396003 USD"),
    ])
    func movesTheWholeRequestAboveABand(_ case: Case) async throws {
        let document = try await document(
            "price --model acme-large --at 2026-11-22 " + `case`.question)
        #expect(document.money("cost") == `case`.cost)
    }

    /// Claude Sonnet 4.5 above 200,000: 3.00 to 6.00, cached 0.30 to 0.60, 1-hour writes 6.00 to
    /// 12.00, until 2026-04-30.
    @Test(arguments: [
        Case(question: "--at 2026-01-15 --input-tokens 200000", cost: "0.60 USD"),
        Case(question: "--at 2026-01-15 --input-tokens 200001", cost: "1.200006 USD"),
        Case(
            question: "--at 2026-01-15 --cached-tokens 100000 --cache-write-1h-tokens 100000",
            cost: "0.63 USD"),
        Case(
            question: "--at 2026-01-15 --cached-tokens 100000 --cache-write-1h-tokens 100001",
            cost: "1.260012 USD"),
        Case(question: "--at 2026-01-15 --prompt-tokens 200001", cost: "1.200006 USD"),
        Case(question: "--at 2026-04-29T23:59:59.999Z --input-tokens 200001", cost: "1.200006 USD"),
        Case(question: "--at 2026-04-30T00:00:00Z --input-tokens 200001", cost: "0.600003 USD"),
        Case(
            question: "--at 2026-01-15 --service-tier batch --input-tokens 200000", cost: "0.30 USD"
        ),
        Case(
            question: "--at 2026-01-15 --service-tier batch --input-tokens 200001",
            cost: "0.600003 USD"),
    ])
    func keepsTheBandOfTheShippedTables(_ case: Case) async throws {
        let document = try await document(
            "price --model claude-sonnet-4.5 " + `case`.question, isShipped: true)
        #expect(document.money("cost") == `case`.cost)
    }

    /// 1,000 requests of 127k and of 129k tokens; a volume of 10M has no size, and stays in the
    /// base band.
    @Test func forecastsTakeTheBandOfARequest() async throws {
        let base = "forecast --model acme-large --at 2026-11-22"
        let small = try await document(
            "\(base) --requests-per-month 1000 --input-per-request 127000")
        #expect(small.money("cost") == "254.00 USD")  // 127M × 2.00
        let large = try await document(
            "\(base) --requests-per-month 1000 --input-per-request 129000")
        #expect(large.money("cost") == "387.00 USD")  // 129M × 3.00
        let volume = try await document("\(base) --input-tokens 129M")
        #expect(volume.money("cost") == "258.00 USD")  // 129M × 2.00
        let assumptions = volume["assumptions"] as? [String] ?? []
        #expect(assumptions.contains { $0.contains("base band") })
    }

    // MARK: Time

    /// 1M input, 0.50 until 2026-03-01 16:00 UTC, then 0.40.
    @Test(arguments: [
        Case(question: "--at 2026-03-01T15:59:59.999Z", cost: "0.50 USD"),
        Case(question: "--at 2026-03-01T16:00:00Z", cost: "0.40 USD"),
        Case(question: "--at 2026-03-02T00:00:00+08:00", cost: "0.40 USD"),
        Case(question: "--at 2026-03-01T23:59:59.999+08:00", cost: "0.50 USD"),
        // A date is the first moment of its day in the zone that was named.
        Case(question: "--at 2026-03-02 --timezone Asia/Shanghai", cost: "0.40 USD"),
        Case(question: "--at 2026-03-01 --timezone Asia/Shanghai", cost: "0.50 USD"),
        Case(question: "--at 2026-03-02 --timezone America/Los_Angeles", cost: "0.40 USD"),
        // This channel takes the start, whenever the answer was complete.
        Case(
            question: "--at 2026-03-01T15:59:59.999Z --completed-at 2026-03-01T16:00:01Z",
            cost: "0.50 USD"),
    ])
    func changesThePriceAtItsInstant(_ case: Case) async throws {
        let document = try await document(
            "price --model acme-small --input-tokens 1M " + `case`.question)
        #expect(document.money("cost") == `case`.cost)
    }

    /// 1M output of deepseek-v3 on the shipped tables: 0.28 until 2025-02-08 16:00 UTC, then 1.10.
    @Test(arguments: [
        Case(question: "--at 2025-02-08T15:59:59.999Z", cost: "0.28 USD"),
        Case(question: "--at 2025-02-08T16:00:00Z", cost: "1.10 USD"),
    ])
    func changesAShippedPriceAtItsInstant(_ case: Case) async throws {
        let document = try await document(
            "price --model deepseek-v3 --billed-in USD --output-tokens 1M " + `case`.question,
            isShipped: true)
        #expect(document.money("cost") == `case`.cost)
    }

    @Test func refusesATimeBeforeTheFirstLine() async throws {
        let question = "price --model acme-small --input-tokens 1M --at"
        #expect(try await run("\(question) 2024-12-31T23:59:59.999Z").exit == 3)
        #expect(try await run("\(question) 2025-01-01").exit == 0)
    }

    /// `fee` is priced at completion, and its first line begins on 2026-01-01.
    @Test func takesTheCompletionWhereTheChannelDoes() async throws {
        let question =
            "price --model acme-small --channel fee --input-tokens 1000 --at 2025-12-31T23:59:59Z"
        #expect(try await run(question).exit == 3)
        let document = try await document("\(question) --completed-at 2026-01-01T00:00:00Z")
        // 1,000 × 1.00 per 1M, and one request at 5.00 per 1,000.
        #expect(document.money("cost") == "0.006 USD")
    }

    /// 1M output of deepseek-v4-flash: 0.60, and 1.20 from 01:00 to 04:00 and 06:00 to 10:00 UTC on
    /// weekdays.
    @Test(arguments: [
        Case(question: "2026-11-23T00:59:59.999Z", cost: "0.60 USD"),
        Case(question: "2026-11-23T01:00:00Z", cost: "1.20 USD"),
        Case(question: "2026-11-23T03:59:59.999Z", cost: "1.20 USD"),
        Case(question: "2026-11-23T04:00:00Z", cost: "0.60 USD"),
        Case(question: "2026-11-23T05:59:59.999Z", cost: "0.60 USD"),
        Case(question: "2026-11-23T06:00:00Z", cost: "1.20 USD"),
        Case(question: "2026-11-23T09:59:59.999Z", cost: "1.20 USD"),
        Case(question: "2026-11-23T10:00:00Z", cost: "0.60 USD"),
        Case(question: "2026-11-20T07:00:00Z", cost: "1.20 USD"),
        // Saturday and Sunday.
        Case(question: "2026-11-21T02:00:00Z", cost: "0.60 USD"),
        Case(question: "2026-11-22T07:00:00Z", cost: "0.60 USD"),
        // Weekends became cheap on 2026-08-23: the Saturday before was not, at 1.32 against 0.66.
        Case(question: "2026-08-22T02:00:00Z", cost: "1.32 USD"),
        Case(question: "2026-08-23T02:00:00Z", cost: "0.66 USD"),
        Case(question: "2026-08-24T02:00:00Z", cost: "1.32 USD"),
    ])
    func followsTheHoursOfAVendor(_ case: Case) async throws {
        let document = try await document(
            "price --model deepseek-v4-flash --billed-in USD --output-tokens 1M --at "
                + `case`.question,
            isShipped: true)
        #expect(document.money("cost") == `case`.cost)
    }

    /// The ¥ list says its hours in Beijing: 09:00 to 12:00 and 14:00 to 18:00, 8 against 4.
    @Test(arguments: [
        Case(question: "2026-11-23T08:59:59.999+08:00", cost: "4.00 CNY"),
        Case(question: "2026-11-23T09:00:00+08:00", cost: "8.00 CNY"),
        Case(question: "2026-11-23T17:59:59.999+08:00", cost: "8.00 CNY"),
        Case(question: "2026-11-23T18:00:00+08:00", cost: "4.00 CNY"),
    ])
    func followsTheHoursOfAVendorsOtherList(_ case: Case) async throws {
        let document = try await document(
            "price --model deepseek-v4-flash --billed-in CNY --output-tokens 1M --at "
                + `case`.question,
            isShipped: true)
        #expect(document.money("cost") == `case`.cost)
    }

    /// 22:30 to 02:30, every day: 1.00 against 2.00 for 1M output.
    @Test(arguments: [
        Case(question: "2026-11-22T22:29:59.999Z", cost: "2.00 USD"),
        Case(question: "2026-11-22T22:30:00Z", cost: "1.00 USD"),
        Case(question: "2026-11-23T00:00:00Z", cost: "1.00 USD"),
        Case(question: "2026-11-23T02:29:59.999Z", cost: "1.00 USD"),
        Case(question: "2026-11-23T02:30:00Z", cost: "2.00 USD"),
    ])
    func followsAWindowOverMidnight(_ case: Case) async throws {
        let document = try await document(
            "price --model orient-think --output-tokens 1M --billed-in USD --at " + `case`.question)
        #expect(document.money("cost") == `case`.cost)
    }

    // MARK: Meters and tiers

    @Test func refusesATierThatIsNotSold() async throws {
        let output = try await run(
            "price --model acme-small --input-tokens 5 --service-tier batch --at 2026-11-22")
        #expect(output.exit == 3)
        #expect(output.text == "")
        #expect(output.errors.contains("in service tier \"batch\"; tiers there: standard"))
        let month = try await run(
            "forecast --model acme-small --output-tokens 10M --batch-share 20% --at 2026-11-22")
        #expect(month.exit == 3)
    }

    /// The batch line has no rate for cache writes: 1,000 × 1.00 is known, the rest is unpriced,
    /// and not free.
    @Test func leavesAMeterWithoutRateUnpriced() async throws {
        let document = try await document(
            "price --model acme-large --service-tier batch --input-tokens 1000"
                + " --cache-write-5m-tokens 1200 --at 2026-11-22", exit: 3)
        #expect(document.isNull("cost"))
        #expect(document.isNull("billed"))
        #expect(document.money("cost_at_least") == "0.001 USD")
        #expect(try document.object("unpriced").integer("cache_write_5m") == 1200)
    }

    /// 1,000 × 1.00 + at least 100 × 3.00 + 20 × 3.00 per 1M, and one request at 5.00 per 1,000.
    @Test func chargesMinimumsInheritedRatesAndRequests() async throws {
        let document = try await document(
            "price --model acme-small --channel fee --input-tokens 1000 --output-tokens 10"
                + " --reasoning-tokens 20 --at 2026-11-22")
        #expect(document.money("cost") == "0.00636 USD")
        let components = try document.objects("components")
        let reasoning = components.first { $0.string("meter") == "reasoning" }
        #expect(reasoning?.string("rated_as") == "output")
        let output = components.first { $0.string("meter") == "output" }
        #expect(output?.integer("billed_units") == 100)
        #expect(try document.object("rate_line").string("allowance")?.isEmpty == false)
    }

    /// 0.85 × 2.00 × 1M, from 2026-06-01 on.
    @Test func multipliesTheChannelThatItExtends() async throws {
        let question = "price --model acme-large --channel team --input-tokens 100k --at"
        let document = try await document("\(question) 2026-06-01")
        #expect(document.money("cost") == "0.17 USD")
        #expect(try await run("\(question) 2026-05-31T23:59:59.999Z").exit == 3)
    }

    /// 600 × 2.00 + 400 × 0.50 per 1M.
    @Test func promptTokensIncludeWhatIsCached() async throws {
        let base = "price --model acme-large --at 2026-11-22"
        let document = try await document("\(base) --prompt-tokens 1000 --cached-tokens 400")
        #expect(document.money("cost") == "0.0014 USD")
        #expect(document.integer("total_input") == 1000)
        #expect(try document.object("usage").integer("input") == 600)
        let all = try await self.document("\(base) --prompt-tokens 400 --cached-tokens 400")
        #expect(all.money("cost") == "0.0002 USD")
        #expect(try all.object("usage").integer("input") == nil)
    }

    @Test(arguments: [
        "--prompt-tokens 399 --cached-tokens 400",
        "--prompt-tokens 399 --cached-tokens 200 --cache-write-5m-tokens 200",
        "--prompt-tokens 1000 --input-tokens 600",
        "--input-tokens 1000000000001",
        "--input-tokens 1000000000000 --meter input=1",
    ])
    func refusesCountsThatContradictThemselves(question: String) async throws {
        let output = try await run("price --model acme-large --at 2026-11-22 \(question)")
        #expect(output.exit == 64)
        #expect(output.text == "")
    }

    // MARK: Shares

    /// What a month of acme-large or orient-chat comes to.
    @Test(arguments: [
        // 1,000 requests of 2,000: 400,000 fresh × 2.00, 1.2M cached × 0.50, 400,000 written ×
        // 2.50.
        Case(
            question: "--model acme-large --requests-per-month 1000 --input-per-request 2000"
                + " --cached-share 60% --cache-write-share 20%", cost: "2.40 USD"),
        // All of it cached: 2M × 0.50.
        Case(
            question: "--model acme-large --requests-per-month 1000 --input-per-request 2000"
                + " --cached-share 100%", cost: "1.00 USD"),
        // 8M × 8.00 + 2M × 4.00.
        Case(
            question: "--model acme-large --output-tokens 10M --batch-share 20%", cost: "72.00 USD"),
        Case(
            question: "--model acme-large --output-tokens 10M --batch-share 0%", cost: "80.00 USD"),
        Case(
            question: "--model acme-large --output-tokens 10M --batch-share 100%", cost: "40.00 USD"
        ),
        // 2.5M × 8 + 7.5M × 4.
        Case(
            question: "--model orient-chat --billed-in CNY --output-tokens 10M --peak-share 25%",
            cost: "50.00 CNY"),
        // 31 days of 1,000 requests of 500: 15.5M × 8.00.
        Case(
            question: "--model acme-large --requests-per-day 1000 --output-per-request 500"
                + " --days-per-month 31", cost: "124.00 USD"),
    ])
    func splitsAMonthByItsShares(_ case: Case) async throws {
        let document = try await document("forecast --at 2026-11-22 " + `case`.question)
        #expect(document.money("cost") == `case`.cost)
    }

    @Test func showsBothEndsWhereTheHourDecides() async throws {
        let question =
            "forecast --model orient-chat --billed-in CNY --output-tokens 10M --at 2026-11-22"
        let document = try await document(question)
        #expect(document.isNull("cost"))
        #expect(document.money("cost_low") == "40.00 CNY")
        #expect(document.money("cost_high") == "80.00 CNY")
        #expect(try await run(question).text.contains("¥40.00 … ¥80.00"))
    }

    /// A gate between both ends cannot be judged; above both it holds, below both it is over.
    @Test(arguments: [("30CNY", Int32(2)), ("60CNY", 3), ("80CNY", 0)])
    func judgesAGateByBothEnds(limit: String, exit: Int32) async throws {
        let question =
            "forecast --model orient-chat --billed-in CNY --output-tokens 10M --at 2026-11-22"
        #expect(try await run("\(question) --max \(limit)").exit == exit)
    }

    /// 186.00, then 5% more each month: 195.30 and 205.065.
    @Test func growsFromMonthToMonth() async throws {
        let document = try await document(
            "forecast --model acme-large --requests-per-day 1000 --input-per-request 2000"
                + " --cached-share 60% --output-per-request 500 --growth 5%/month --months 3"
                + " --at 2026-11-22")
        #expect(document.money("cost") == "186.00 USD")
        let months = try document.objects("months")
        let totals = months.map {
            ($0["totals"] as? [[String: any Sendable]])?.first?.string("amount")
        }
        #expect(totals == ["186.00", "195.30", "205.065"], "\(months)")
    }

    /// What is said with a plan must hold for it, or be refused; never be passed over.
    @Test(arguments: [
        "--growth 5%", "--batch-share 100%", "--peak-share 50%", "--service-tier batch",
    ])
    func neverPassesOverAFlagBesideAPlan(flag: String) async throws {
        let question =
            "forecast --plan Tests/Fixtures/plans/plan.yml --months 2 --at 2026-11-22 --format json"
        let plain = try await run(question)
        #expect(plain.exit == 0)
        let flagged = try await run("\(question) \(flag)")
        #expect(flagged.exit != 0 || flagged.text != plain.text)
    }

    @Test(arguments: [
        "forecast --model acme-large --requests-per-day 1 --input-per-request 9 --cached-share 60% --cache-write-share 41%",
        "forecast --model acme-large --output-tokens 10M --batch-share 101%",
        "forecast --model acme-large --output-tokens 10M --batch-share -1%",
        "forecast --model acme-large --output-tokens 10M --batch-share 0.2",
        "forecast --model acme-large --output-tokens 10M --batch-share 20",
        "forecast --model acme-large --output-tokens 10M --batch-share 1,5%",
        "forecast --model acme-large --output-tokens 10M --cached-share 60%",
        "mix --share acme-large=70 --share acme-small=31 --output-tokens 10M",
        "mix --share acme-large=70 --share acme-small=29.99 --output-tokens 10M",
        "mix --share acme-large=70 --share acme-large=30 --output-tokens 10M",
        "mix --share acme-large=70 --share acme-latest=30 --output-tokens 10M",
        "mix --share acme-large --output-tokens 10M",
        "mix --share acme-large=100 --cheapest --output-tokens 10M",
        "mix --cheapest --at-least acme-large=60% --at-least acme-small=41% --output-tokens 10M",
    ])
    func refusesSharesThatCannotBe(question: String) async throws {
        let output = try await run("\(question) --at 2026-11-22")
        #expect(output.exit == 64, "\(output.errors)")
        #expect(output.text == "")
        #expect(output.errors.lowercased().hasPrefix("error: "))
    }

    /// 10M over three models at a third each: the counts add up to the whole.
    @Test func splitsWithoutLosingAToken() async throws {
        let document = try await document(
            "mix --share acme-large=33.33 --share acme-small=33.33 --share orient-think=33.34"
                + " --output-tokens 10000001 --channel relay --at 2026-11-22")
        let counts = try document.objects("rows").map {
            try $0.object("usage").integer("output") ?? 0
        }
        #expect(counts.reduce(0, +) == 10_000_001)
    }
}
