import Pricing
import Testing

struct RateTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let quote: String
        let per: Int64
        let count: Int64
        let billed: String
        var testDescription: String { "\(count) at \(quote) per \(per)" }
    }

    @Test(arguments: [
        // 10,000,000 · 8.00 ÷ 1,000,000 = 80
        Case(quote: "8.00", per: 1_000_000, count: 10_000_000, billed: "80.00"),
        Case(quote: "0.42", per: 1_000_000, count: 10_000_000, billed: "4.20"),
        Case(quote: "0.028", per: 1_000_000, count: 1, billed: "0.000000028"),
        // 3 · 10.00 ÷ 1000 = 0.03
        Case(quote: "10.00", per: 1000, count: 3, billed: "0.03"),
        // 1 per 12,000,000: a twelfth of a dollar for a million, 0.083333333333333333|3
        Case(quote: "1.00", per: 12_000_000, count: 1_000_000, billed: "0.083333333333333333"),
        Case(quote: "1.00", per: 12_000_000, count: 12_000_000, billed: "1.00"),
        Case(quote: "1.00", per: 12_000_000, count: 6_000_000, billed: "0.50"),
        // 1 ÷ 12,000,000 = 0.000000083333333333|33 → down; 5 ÷ 12,000,000 = 0.000000416666666666|67
        // → up
        Case(quote: "1.00", per: 12_000_000, count: 1, billed: "0.000000083333333333"),
        Case(quote: "1.00", per: 12_000_000, count: 5, billed: "0.000000416666666667"),
        // 4.8 an hour is 4.8 per 3,600,000 ms; 750 ms = 750 · 4.8 ÷ 3,600,000 = 0.001
        Case(quote: "4.80", per: 3_600_000, count: 750, billed: "0.001"),
        // Ties at 10⁻¹⁸ go to the even neighbour: half an atto, one and a half, two and a half.
        Case(quote: "0.000000000000000001", per: 2, count: 1, billed: "0.00"),
        Case(quote: "0.000000000000000001", per: 2, count: 3, billed: "0.000000000000000002"),
        Case(quote: "0.000000000000000001", per: 2, count: 5, billed: "0.000000000000000002"),
        Case(quote: "0", per: 1_000_000, count: 1_000_000_000_000, billed: "0.00"),
        // The negated count of a reversal gives the negated amount.
        Case(quote: "8.00", per: 1_000_000, count: -10_000_000, billed: "-80.00"),
        Case(quote: "1.00", per: 12_000_000, count: -5, billed: "-0.000000416666666667"),
        Case(quote: "8.00", per: 1_000_000, count: 0, billed: "0.00"),
        // 10¹² units at 10⁷ a unit are 10¹⁹.
        Case(
            quote: "10000000", per: 1, count: 1_000_000_000_000, billed: "10000000000000000000.00"),
        // Int64.max · 8 ÷ 10⁶ = 9,223,372,036,854,775,807 · 0.000008
        Case(quote: "8", per: 1_000_000, count: .max, billed: "73786976294838.206456"),
    ])
    func multipliesOnceAndDividesOnce(_ given: Case) throws {
        let rate = try rate(given.quote, per: given.per)
        #expect(try rate.billed(for: given.count).money.amountText == given.billed)
    }

    @Test func anHourIsNotItsSeconds() throws {
        // 1.00 per 3,600,000 ms: one second is 0.000277777777777778, and 3600 of those are
        // 1.0000000000000008.
        let rate = try rate("1.00", per: 3_600_000)
        #expect(try rate.billed(for: 1000).money.amountText == "0.000277777777777778")
        #expect(try rate.billed(for: 3_600_000).money.amountText == "1.00")
    }

    @Test func refusesQuotesAndUnitsOutOfRange() throws {
        #expect(throws: PricingError.self) { try rate("-0.01") }
        #expect(throws: PricingError.self) { try rate("10000000.000000000000000001") }
        #expect(throws: PricingError.self) { try rate("1", per: 0) }
        #expect(throws: PricingError.self) { try rate("1", per: -1) }
        #expect(throws: PricingError.self) { try rate("1", per: 1_000_000_000_001) }
        #expect(throws: Never.self) { try rate("10000000", per: 1_000_000_000_000) }
    }

    /// Every count of `Int64` is either billed or refused; nothing traps.
    @Test func throwsAtExtremesAndNeverTraps() throws {
        let dearest = try rate("10000000", per: 1)
        #expect(throws: PricingError.outOfRange("the cost of 9223372036854775807 units")) {
            try dearest.billed(for: Int64.max)
        }
        #expect(throws: PricingError.self) { try dearest.billed(for: Int64.min) }
        let ratio = try rate("9999999.999999999999999999", per: 7)
        #expect(throws: PricingError.self) { try ratio.billed(for: Int64.max) }
        #expect(throws: PricingError.self) { try ratio.billed(for: Int64.min) }
        let cheapest = try rate("0.000000000000000001", per: 1_000_000_000_000)
        // 9,223,372,036,854,775,807 ÷ 10¹² = 9,223,372.04 attos
        #expect(try cheapest.billed(for: Int64.max).money.attos == 9_223_372)
        #expect(try cheapest.billed(for: Int64.min).money.attos == -9_223_372)
    }

    struct Multiplied: Sendable, CustomTestStringConvertible {
        let quote: String
        let per: Int64
        let factor: String
        /// What a million units come to.
        let million: String
        var testDescription: String { "\(factor) × \(quote) per \(per)" }
    }

    @Test(arguments: [
        // 0.85 · 8.00 = 6.80 ; 0.85 · 0.125 = 0.10625 ; 0.85 · 0.028 = 0.0238
        Multiplied(quote: "8.00", per: 1_000_000, factor: "0.85", million: "6.80"),
        Multiplied(quote: "0.125", per: 1_000_000, factor: "0.85", million: "0.10625"),
        Multiplied(quote: "0.028", per: 1_000_000, factor: "0.85", million: "0.0238"),
        Multiplied(quote: "8.00", per: 1_000_000, factor: "1", million: "8.00"),
        Multiplied(quote: "8.00", per: 1_000_000, factor: "3", million: "24.00"),
        Multiplied(quote: "0", per: 1_000_000, factor: "0.85", million: "0.00"),
        Multiplied(quote: "8.00", per: 1_000_000, factor: "0", million: "0.00"),
        // 0.85 per 12,000,000: 0.85 ÷ 12 = 0.070833333333333333|3
        Multiplied(quote: "1.00", per: 12_000_000, factor: "0.85", million: "0.070833333333333333"),
        // 1.000000000000000001 · 3: all 18 decimals count.
        Multiplied(
            quote: "3", per: 1_000_000, factor: "1.000000000000000001",
            million: "3.000000000000000003"),
        // 0.333 · 0.1 = 0.0333
        Multiplied(quote: "0.1", per: 1_000_000, factor: "0.333", million: "0.0333"),
    ])
    func keepsEveryDigitWhenMultiplied(_ given: Multiplied) throws {
        let factor = try Money(given.factor, .usd).attos
        let rate = try rate(given.quote, per: given.per).multiplied(byAttos: factor)
        #expect(try rate.billed(for: 1_000_000).money.amountText == given.million)
    }

    /// 0.000000000000000001 · 0.5 does not end at 10⁻¹⁸: the quoted units grow instead.
    @Test func growsTheUnitsRatherThanLoseADigit() throws {
        let half = DecimalText.one / 2
        let rate = try rate("0.000000000000000001", per: 1).multiplied(byAttos: half)
        #expect(rate.quote.attos == 5)
        #expect(rate.quotedUnits == 10)
        #expect(try rate.billed(for: 2).money.attos == 1)
    }

    @Test func refusesProductsOutOfRange() throws {
        let rate = try rate("10000000", per: 1)
        #expect(throws: PricingError.self) { try rate.multiplied(byAttos: DecimalText.one * 2) }
        #expect(throws: PricingError.self) { try rate.multiplied(byAttos: Int128.max) }
        #expect(throws: PricingError.self) { try rate.multiplied(byAttos: -DecimalText.one) }
    }

    @Test func saysWhatIsFree() throws {
        #expect(try rate("0").isFree)
        #expect(try !rate("0.000000000000000001").isFree)
    }

    /// The cost of a sum is the sum of the costs wherever the quote ends in decimals.
    @Test(arguments: seeds)
    func addsUpForDecimalQuotes(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        for _ in 0..<2000 {
            let micros = Int128(Int64.random(in: 0...10_000_000_000, using: &random))
            let quote = Money(currency: .usd, attos: micros * 1_000_000_000_000)
            let rate = try Rate(quote: quote, per: 1_000_000)
            let one = Int64.random(in: 0...1_000_000_000, using: &random)
            let other = Int64.random(in: 0...1_000_000_000, using: &random)
            let apart = try rate.billed(for: one).adding(rate.billed(for: other))
            if try rate.billed(for: one + other) != apart {
                Issue.record("seed \(seed): \(quote.amountText), \(one) + \(other)")
            }
        }
    }
}

struct RatesTests {
    @Test func keepsOneRateAMeterInOrder() throws {
        var rates = Rates()
        rates[.output] = try rate("8")
        rates[.input] = try rate("2")
        rates[.guardrailUnit] = try rate("1", per: 1)
        rates[.cachedInput] = try rate("0.5")
        rates[.output] = try rate("9")
        #expect(rates.pairs.map(\.meter) == [.input, .cachedInput, .output, .guardrailUnit])
        #expect(rates[.output] == (try rate("9")))
        rates[.cachedInput] = nil
        rates[.reasoning] = nil
        #expect(rates.pairs.map(\.meter) == [.input, .output, .guardrailUnit])
        #expect(rates[.cachedInput] == nil)
        #expect(rates[.guardrailUnit] == (try rate("1", per: 1)))
    }
}
