import Accounting
import JSONBytes
import Pricing
import RateCatalog
import Testing

@Suite struct AnswersTests {
    private func rows(_ answer: Answer) -> [JSONValue] { answer.rows }

    @Test func givesTheArticlesTable() throws {
        let answer = try Fixture.context().savings(
            Fixture.flags([
                "output_tokens": ["10M"], "channel": ["holysheep"], "baseline": ["standard"],
            ]))
        // 10 · ¥56 against 10 · $8 settled at ¥1: the notes' first table.
        let expected = [
            ("deepseek-v3.2", "29.40", "4.20", "25.20"),
            ("gemini-2.5-flash", "175.00", "25.00", "150.00"),
            ("gpt-4.1", "560.00", "80.00", "480.00"),
            ("claude-sonnet-4.5", "1050.00", "150.00", "900.00"),
        ]
        #expect(rows(answer).count == 4)
        for (row, (model, baseline, cost, saved)) in zip(rows(answer), expected) {
            #expect(row["model"] == .string(model))
            #expect(row["baseline"] == .object(["amount": .string(baseline), "currency": "CNY"]))
            #expect(row["billed"] == .object(["amount": .string(cost), "currency": "USD"]))
            #expect(row["settled"] == .object(["amount": .string(cost), "currency": "CNY"]))
            #expect(row["saved"] == .object(["amount": .string(saved), "currency": "CNY"]))
            #expect(row["saved_percent"] == "85.7")
        }
        let warnings = answer.report.warnings.joined(separator: " ")
        #expect(warnings.contains("both lists are the seller's claim"))
        #expect(warnings.contains("paid in USD it saves 0.0% against the vendors' own lists"))
    }

    @Test func comparesWithTheVendorsListAtAMarketRate() throws {
        let answer = try Fixture.context().savings(
            Fixture.flags([
                "output_tokens": ["10M"], "channel": ["holysheep"], "baseline": ["direct"],
                "fx": ["USD/CNY=7.3"],
            ]))
        // 10 · $8 · 7.3 = ¥584; 584 - 80 = 504; 504 ÷ 584 = 86.30 %
        let gpt = try #require(rows(answer).first { $0["model"] == "gpt-4.1" })
        #expect(
            gpt["baseline"] == .object(["amount": "584.00", "currency": "CNY", "converted": true]))
        #expect(gpt["saved"]?["amount"] == "504.00")
        #expect(rows(answer).allSatisfy { $0["saved_percent"] == "86.3" })
    }

    @Test func gatesAForecast() throws {
        let answer = try Fixture.context().forecast(
            Fixture.flags([
                "model": ["gpt-4.1"], "requests_per_day": ["1000"], "input_per_request": ["2000"],
                "cached_share": ["60%"], "output_per_request": ["500"], "max": ["150USD"],
            ]))
        // 60M input: 24M · $2 + 36M · $0.50 + 15M · $8 = 48 + 18 + 120
        #expect(answer.document["cost"]?["amount"] == "186.00")
        #expect(answer.document["max"]?["over"]?["amount"] == "36.00")
        #expect(answer.verdict == .overBudget)
    }

    @Test func showsBothEndsWhereTheHourDecides() throws {
        let flags = [
            "model": ["deepseek-v4-flash"], "input_tokens": ["60M"], "output_tokens": ["15M"],
            "at": ["2026-11-22"],
        ]
        let open = try Fixture.context().forecast(Fixture.flags(flags)).document
        // Off-peak 60 · $0.15 + 15 · $0.60 = 18; peak is twice that.
        #expect(open["cost"] == .null)
        #expect(open["cost_low"]?["amount"] == "18.00")
        #expect(open["cost_high"]?["amount"] == "36.00")
        let shared = try Fixture.context().forecast(
            Fixture.flags(flags.merging(["peak_share": ["50%"]]) { $1 }))
        #expect(shared.document["cost"]?["amount"] == "27.00")
    }

    @Test func aGateBetweenTheEndsCannotBeJudged() throws {
        func verdict(_ max: String) throws -> Answer.Verdict {
            try Fixture.context().forecast(
                Fixture.flags([
                    "model": ["deepseek-v4-flash"], "input_tokens": ["60M"],
                    "output_tokens": ["15M"],
                    "at": ["2026-11-22"], "max": [max],
                ])
            ).verdict
        }
        #expect(try verdict("17.99USD") == .overBudget)
        #expect(try verdict("20USD") == .unpriced)
        #expect(try verdict("36USD") == .done)
    }

    @Test func aKnownPartThatIsOverWinsOverAnUnknownOne() throws {
        func verdict(_ max: String) throws -> Answer.Verdict {
            try Fixture.context().forecast(
                Fixture.flags([
                    "model": ["gpt-4.1"], "channel": ["holysheep"], "input_tokens": ["1M"],
                    "output_tokens": ["10M"], "max": [max],
                ])
            ).verdict
        }
        #expect(try verdict("79.99CNY") == .overBudget)
        #expect(try verdict("1000CNY") == .unpriced)
    }

    @Test func blendsAMix() throws {
        let answer = try Fixture.context().mix(
            Fixture.flags([
                "share": ["deepseek-v3.2=70", "gpt-4.1=30"], "output_tokens": ["10M"],
                "channel": ["holysheep"],
            ]))
        // 7M · $0.42 + 3M · $8 = 2.94 + 24
        #expect(answer.document["billed"] == .object(["amount": "26.94", "currency": "USD"]))
        #expect(answer.document["settled"] == .object(["amount": "26.94", "currency": "CNY"]))
    }

    @Test func findsTheCheapestMixUnderAFloor() throws {
        let answer = try Fixture.context().mix(
            Fixture.flags([
                "cheapest": ["true"], "at_least": ["gpt-4.1=20%"], "output_tokens": ["10M"],
                "channel": ["holysheep"],
            ]))
        // 8M · $0.42 + 2M · $8 = 3.36 + 16
        #expect(answer.document["cost"]?["amount"] == "19.36")
        #expect(rows(answer).map { $0["share_percent"] } == ["80", "20"])
    }

    struct Refusal: CustomTestStringConvertible {
        let flags: [String: [String]]
        let message: String
        var testDescription: String { message }
    }

    @Test(arguments: [
        Refusal(flags: ["output_tokens": ["1e9"]], message: "\"1e9\" is not a whole number"),
        Refusal(flags: ["output_tokens": ["-5"]], message: "\"-5\" is not a whole number"),
        Refusal(flags: ["output_tokens": ["1,5"]], message: "\"1,5\" is not a whole number"),
        Refusal(flags: ["output_tokens": ["NaN"]], message: "\"NaN\" is not a whole number"),
        Refusal(flags: ["output_tokens": ["１２"]], message: "is not a whole number"),
        Refusal(flags: ["output_tokens": [""]], message: "\"\" is not a whole number"),
        Refusal(flags: ["output_tokens": ["2000B"]], message: "is more than"),
        Refusal(flags: [:], message: "missing a count"),
        Refusal(flags: ["meter": ["imput=5"]], message: "nearest: input"),
        Refusal(flags: ["meter": ["input"]], message: "is not NAME=VALUE"),
        Refusal(
            flags: ["prompt_tokens": ["10"], "cached_tokens": ["11"]],
            message: "the parts (11) are more than the total (10)"),
        Refusal(
            flags: ["prompt_tokens": ["10"], "input_tokens": ["1"]],
            message: "leave --input-tokens out"),
        Refusal(
            flags: ["output_tokens": ["1"], "at": ["2026-02-30"]], message: "is not a time"),
        Refusal(
            flags: ["output_tokens": ["1"], "timezone": ["Mars/Base"]],
            message: "no time zone \"Mars/Base\""),
        Refusal(flags: ["output_tokens": ["1"], "fx": ["USD/CNY=0"]], message: "exchange rate"),
        Refusal(
            flags: ["output_tokens": ["1"], "currency": ["usd"]], message: "three capital letters"),
    ])
    func refusesAQuestionThatMakesNoSense(refusal: Refusal) throws {
        let flags = refusal.flags.merging(["model": ["gpt-4.1"]]) { one, _ in one }
        let error = #expect(throws: QuestionError.self) {
            try Fixture.context().price(Fixture.flags(flags))
        }
        #expect("\(try #require(error))".contains(refusal.message))
    }

    @Test func oneMeaningPerCountAndShare() throws {
        // 60% of 1,001 tokens in each of 3 requests is taken of the sum: 1,801.8 → 1,802 cached.
        let answer = try Fixture.context().forecast(
            Fixture.flags([
                "model": ["gpt-4.1"], "requests_per_month": ["3"], "input_per_request": ["1001"],
                "cached_share": ["60%"], "output_per_request": ["1"],
            ]))
        #expect(
            answer.document["usage"]
                == .object(["input": 1201, "cached_input": 1802, "output": 3, "request": 3]))
    }

    @Test func growthCompounds() throws {
        let answer = try Fixture.context().forecast(
            Fixture.flags([
                "model": ["gpt-4.1"], "output_tokens": ["10M"], "growth": ["10%/month"],
                "months": ["3"],
            ]))
        guard case .array(let months)? = answer.document["months"] else {
            Issue.record("no months")
            return
        }
        // 10M, 11M, 12.1M at $8
        let amounts = months.map { month -> JSONValue? in
            guard case .array(let totals)? = month["totals"] else { return nil }
            return totals[0]["amount"]
        }
        #expect(amounts == ["80.00", "88.00", "96.80"])
    }

    @Test func aBudgetIsNeverGreenOnNothing() throws {
        let context = try Fixture.context()
        let workload = PlannedWorkload(
            workload: Workload(
                name: "w", purchase: Purchase(model: "gpt-4.1", at: Fixture.noon),
                demand: .volume(try Usage([.output: 10_000_000]))), project: "web")
        func verdict(_ limit: String, filter: [String: String], basis: Budget.Basis = .plan) throws
            -> Answer.Verdict
        {
            let budget = Budget(
                name: "b", limit: try Money(parsing: limit), period: .month, basis: basis,
                warnShare: .whole, filter: filter)
            return try context.check(
                Fixture.flags([:]), CheckInput(budgets: [budget], plan: [workload])
            )
            .verdict
        }
        #expect(try verdict("80USD", filter: ["model": "gpt-*"]) == .done)
        #expect(try verdict("79.99USD", filter: ["project": "web"]) == .overBudget)
        #expect(try verdict("0USD", filter: [:]) == .overBudget, "0 is a limit")
        #expect(try verdict("80USD", filter: ["model": "claude-*"]) == .unpriced)
        #expect(try verdict("80USD", filter: [:], basis: .actual) == .unpriced)
    }

    private func check(_ workload: Workload, limit: String, period: Budget.Period) throws -> Answer
    {
        let budget = Budget(
            name: "b", limit: try Money(parsing: limit), period: period, basis: .plan,
            warnShare: .whole, filter: [:])
        return try Fixture.context().check(
            Fixture.flags([:]),
            CheckInput(
                budgets: [budget], plan: [PlannedWorkload(workload: workload, project: nil)]))
    }

    @Test func aYearsBudgetMeetsAYearsGrowth() throws {
        let workload = Workload(
            name: "w", purchase: Purchase(model: "gpt-4.1", at: Fixture.noon),
            demand: .volume(try Usage([.output: 1_000_000])),
            growthPerMonth: try Share(growth: "100%", for: ""))
        // 1M output tokens are $8, then twice as many each month: 8 · (2³ - 1) and 8 · (2¹² - 1).
        let quarter = try check(workload, limit: "56USD", period: .quarter)
        #expect(quarter.rows[0]["planned"]?["amount"] == "56.00")
        let year = try check(workload, limit: "100USD", period: .year)
        #expect(year.rows[0]["planned"]?["amount"] == "32760.00")
        #expect(year.verdict == .overBudget)
        // A day of 30 is a thirtieth of the first month.
        let day = try check(workload, limit: "1USD", period: .day)
        #expect(day.rows[0]["planned"]?["amount"] == "0.266666666666666667")
    }

    @Test func aPartOfACostIsNeverShownAsTheWhole() throws {
        let workload = Workload(
            name: "w", purchase: Purchase(model: "gpt-4.1", channel: "holysheep", at: Fixture.noon),
            demand: .volume(try Usage([.input: 1_000_000, .output: 1_000_000])))
        let row = try check(workload, limit: "100CNY", period: .month).rows[0]
        #expect(row["planned"] == .null)
        #expect(row["planned_at_least"]?["amount"] == "8.00")
        #expect(row["used_percent"] == .null)
        let gated = try Fixture.context().forecast(
            Fixture.flags([
                "model": ["gpt-4.1"], "channel": ["holysheep"], "input_tokens": ["1M"],
                "output_tokens": ["1M"], "max": ["100CNY"],
            ]))
        #expect(gated.document["max"]?["within"] == .null)
        #expect(gated.verdict == .unpriced)
    }
}
