import Pricing
import Testing

struct SavingsTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let baseline: String
        let cost: String
        let saved: String
        let percent: String?
        var testDescription: String { "\(cost) against \(baseline)" }
    }

    /// The article's calculator for 10M output tokens, both sides in yuan: 10 · 56 = 560 against 10
    /// · 8 = 80, and so on.
    @Test(arguments: [
        Case(baseline: "29.40", cost: "4.20", saved: "25.20", percent: "85.7"),
        Case(baseline: "175", cost: "25", saved: "150.00", percent: "85.7"),
        Case(baseline: "560", cost: "80", saved: "480.00", percent: "85.7"),
        Case(baseline: "1050", cost: "150", saved: "900.00", percent: "85.7"),
        // Against the vendors' own dollar lists at 7.3: 80 · 7.3 = 584, 1 − 1 ÷ 7.3 = 86.301…%.
        Case(baseline: "30.66", cost: "4.20", saved: "26.46", percent: "86.3"),
        Case(baseline: "182.50", cost: "25", saved: "157.50", percent: "86.3"),
        Case(baseline: "584", cost: "80", saved: "504.00", percent: "86.3"),
        Case(baseline: "1095", cost: "150", saved: "945.00", percent: "86.3"),
        // Who pays in dollars saves nothing.
        Case(baseline: "80", cost: "80", saved: "0.00", percent: "0.0"),
        // Dearer than the baseline.
        Case(baseline: "80", cost: "100", saved: "-20.00", percent: "-25.0"),
        Case(baseline: "80", cost: "0", saved: "80.00", percent: "100.0"),
        // Ties go to the even tenth: 0.25% → 0.2, 0.35% → 0.4.
        Case(baseline: "10000", cost: "9975", saved: "25.00", percent: "0.2"),
        Case(baseline: "10000", cost: "9965", saved: "35.00", percent: "0.4"),
        // There is no percentage of nothing.
        Case(baseline: "0", cost: "80", saved: "-80.00", percent: nil),
        Case(baseline: "0", cost: "0", saved: "0.00", percent: nil),
        Case(baseline: "-1", cost: "0", saved: "-1.00", percent: nil),
    ])
    func comparesTwoAmounts(_ given: Case) throws {
        let savings = try Savings(
            baseline: Money(given.baseline, .cny), cost: Money(given.cost, .cny))
        #expect(savings.saved.amountText == given.saved)
        #expect(savings.percentText == given.percent)
    }

    @Test func refusesTwoCurrencies() {
        #expect(throws: PricingError.self) {
            try Savings(baseline: Money("560", .cny), cost: Money("80", .usd))
        }
    }
}

struct MixTests {
    private func mix(_ parts: KeyValuePairs<String, String>) throws -> Mix {
        try Mix(parts.map { Mix.Part(model: $0, share: try Share(growth: $1, for: "mix")) })
    }

    private func part(_ model: String, _ share: String) throws -> Mix.Part {
        Mix.Part(model: model, share: try Share(growth: share, for: "mix"))
    }

    /// 70% of 10M at ¥0.42 settled is 7 · 0.42 = 2.94, 30% at 8 is 3 · 8 = 24; together 26.94.
    @Test func blendsTwoModels() throws {
        let parts = try mix(["deepseek-v3.2": "70%", "gpt-4.1": "30%"]).split(
            Usage([.output: 10_000_000]))
        #expect(parts.map { $0[.output] } == [7_000_000, 3_000_000])
        let deepseek = try rate("0.42").billed(for: parts[0][.output])
        let gpt = try rate("8").billed(for: parts[1][.output])
        #expect(deepseek.money.amountText == "2.94")
        #expect(gpt.money.amountText == "24.00")
        #expect(try deepseek.adding(gpt).money.amountText == "26.94")
    }

    @Test func refusesSharesThatAreNotAWhole() throws {
        #expect(throws: PricingError.sharesDoNotAddUp("99.9")) {
            try mix(["a": "70%", "b": "29.9%"])
        }
        #expect(throws: PricingError.sharesDoNotAddUp("100.0000000000000001")) {
            try mix(["a": "70%", "b": "30.0000000000000001%"])
        }
        #expect(throws: PricingError.sharesDoNotAddUp("0")) { try Mix([]) }
        #expect(throws: Never.self) { try mix(["a": "33.3%", "b": "33.3%", "c": "33.4%"]) }
    }

    /// 3 tokens over three thirds: rounded along the running sum, 1 + 1 + 1, never 0 or 4.
    @Test func losesNoTokenInTheSplit() throws {
        let parts = try mix(["a": "33.3%", "b": "33.3%", "c": "33.4%"]).split(Usage([.input: 3]))
        #expect(parts.map { $0[.input] } == [1, 1, 1])
    }

    @Test(arguments: seeds)
    func splitAddsUpToTheWhole(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        for _ in 0..<500 {
            var left = DecimalText.one
            var parts: [Mix.Part] = []
            for index in 0..<Int.random(in: 0...5, using: &random) {
                let share = Int128(Int64.random(in: 0...Int64(left), using: &random))
                parts.append(Mix.Part(model: "\(index)", share: Share(attos: share)))
                left -= share
            }
            parts.append(Mix.Part(model: "last", share: Share(attos: left)))
            var usage = Usage()
            for meter in [Meter.input, .cachedInput, .output, .webSearch] {
                try usage.add(Int64.random(in: 0...1_000_000, using: &random), of: meter)
            }
            let sum = try Mix(parts).split(usage).reduce(Usage()) { try $0.adding($1) }
            if sum != usage { Issue.record("seed \(seed): \(parts)") }
        }
    }

    @Test func fillsUpWithTheCheapest() throws {
        let costs = [
            (model: "claude-sonnet-4.5", cost: try Money("150", .usd)),
            (model: "deepseek-v3.2", cost: try Money("4.20", .usd)),
            (model: "gpt-4.1", cost: try Money("80", .usd)),
        ]
        let floors = [try part("gpt-4.1", "20%"), try part("claude-sonnet-4.5", "10%")]
        let mix = try Mix.cheapest(costs: costs, floors: floors)
        #expect(
            mix.parts == [
                try part("deepseek-v3.2", "70%"), try part("gpt-4.1", "20%"),
                try part("claude-sonnet-4.5", "10%"),
            ])
        #expect(try Mix.cheapest(costs: costs, floors: []).parts == [part("deepseek-v3.2", "100%")])
        // A floor of the cheapest itself is a part of what it gets.
        #expect(
            try Mix.cheapest(costs: costs, floors: [part("deepseek-v3.2", "30%")]).parts
                == [part("deepseek-v3.2", "100%")])
        // Floors that leave nothing over.
        #expect(
            try Mix.cheapest(costs: costs, floors: [part("gpt-4.1", "100%")]).parts
                == [part("gpt-4.1", "100%")])
    }

    /// Of two at one price the first by name, so that every run says the same.
    @Test func breaksTiesByName() throws {
        let costs = [
            (model: "b", cost: try Money("1", .usd)), (model: "a", cost: try Money("1", .usd)),
        ]
        #expect(try Mix.cheapest(costs: costs, floors: []).parts.map(\.model) == ["a"])
    }

    @Test func refusesFloorsThatCannotBeKept() throws {
        let costs = [
            (model: "a", cost: try Money("1", .usd)), (model: "b", cost: try Money("2", .usd)),
        ]
        #expect(throws: PricingError.self) {
            try Mix.cheapest(costs: costs, floors: [part("a", "60%"), part("b", "40.1%")])
        }
        #expect(throws: PricingError.self) {
            try Mix.cheapest(costs: costs, floors: [part("unknown", "10%")])
        }
        #expect(throws: PricingError.self) { try Mix.cheapest(costs: [], floors: []) }
    }
}
