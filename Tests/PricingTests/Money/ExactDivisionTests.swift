import Pricing
import Testing

struct ExactDivisionTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let value: Int128
        let numerator: Int128
        let denominator: Int128
        let quotient: Int128
        var testDescription: String { "\(value) × \(numerator) ÷ \(denominator)" }
    }

    @Test(arguments: [
        // Ties go to the even neighbour: 0.5 → 0, 1.5 → 2, 2.5 → 2, 3.5 → 4.
        Case(value: 1, numerator: 1, denominator: 2, quotient: 0),
        Case(value: 3, numerator: 1, denominator: 2, quotient: 2),
        Case(value: 5, numerator: 1, denominator: 2, quotient: 2),
        Case(value: 7, numerator: 1, denominator: 2, quotient: 4),
        Case(value: -1, numerator: 1, denominator: 2, quotient: 0),
        Case(value: -3, numerator: 1, denominator: 2, quotient: -2),
        Case(value: 5, numerator: -1, denominator: 2, quotient: -2),
        Case(value: -7, numerator: -1, denominator: 2, quotient: 4),
        // What is no tie goes to the nearest.
        Case(value: 2, numerator: 1, denominator: 3, quotient: 1),
        Case(value: 1, numerator: 1, denominator: 3, quotient: 0),
        Case(value: -2, numerator: 1, denominator: 3, quotient: -1),
        Case(value: 0, numerator: -7, denominator: 3, quotient: 0),
        Case(value: 10, numerator: 10, denominator: 1, quotient: 100),
        // 2¹²⁶ · 4 ÷ 8 = 2¹²⁵: the product needs 128 bits.
        Case(value: 1 << 126, numerator: 4, denominator: 8, quotient: 1 << 125),
        // Full width: (2¹²⁷ − 1) · (2¹²⁷ − 1) ÷ (2¹²⁷ − 1).
        Case(value: .max, numerator: .max, denominator: .max, quotient: .max),
        Case(value: -.max, numerator: .max, denominator: .max, quotient: -.max),
        // Full width with a tie: (2¹²⁶ + 1) · 2¹²⁶ ÷ 2¹²⁷ = (2¹²⁶ + 1) ÷ 2 = 2¹²⁵ + ½ → 2¹²⁵;
        // written with 2¹²⁶ · 3 as divisor: (2¹²⁶ + 1) · 3·2¹²⁵ ÷ (3·2¹²⁵) stays whole.
        Case(value: (1 << 125) + 1, numerator: 1 << 124, denominator: 1 << 125, quotient: 1 << 124),
        Case(
            value: (1 << 125) + 3, numerator: 1 << 124, denominator: 1 << 125,
            quotient: (1 << 124) + 2),
        Case(
            value: -((1 << 125) + 1), numerator: 1 << 124, denominator: 1 << 125,
            quotient: -(1 << 124)),
        Case(value: .min, numerator: 1, denominator: 2, quotient: -(1 << 126)),
    ])
    func roundsHalfToEven(_ given: Case) throws {
        let quotient = try ExactDivision.halfEven(
            given.value, times: given.numerator, over: given.denominator)
        #expect(quotient == given.quotient)
    }

    struct Refusal: Sendable, CustomTestStringConvertible {
        let value: Int128
        let numerator: Int128
        let denominator: Int128
        var testDescription: String { "\(value) × \(numerator) ÷ \(denominator)" }
    }

    @Test(arguments: [
        Refusal(value: .max, numerator: 2, denominator: 1),
        Refusal(value: .max, numerator: .max, denominator: 1),
        Refusal(value: .max, numerator: .max, denominator: .max - 1),
        Refusal(value: .min, numerator: .min, denominator: 1),
        Refusal(value: .min, numerator: -1, denominator: 1),
        // (2¹²⁷ − 1) · 3 ÷ 2 = 2¹²⁷ + 2¹²⁶ − 1.5
        Refusal(value: .max, numerator: 3, denominator: 2),
        Refusal(value: .min, numerator: 3, denominator: 3 - 1),
    ])
    func refusesQuotientsPastInt128(_ given: Refusal) {
        #expect(throws: PricingError.outOfRange("an amount")) {
            try ExactDivision.halfEven(
                given.value, times: given.numerator, over: given.denominator)
        }
    }

    /// 431 divides 2⁴³ − 1, hence 2¹²⁹ − 1. The quotient is 2¹²⁸ − ½, and rounding it up leaves
    /// `UInt128`.
    @Test func refusesAQuotientThatRoundsPastItsOwnWidth() async {
        await #expect(processExitsWith: .success) {
            let value: Int128 = 1_579_036_505_433_589_157_602_666_391_794_748_081
            #expect(throws: PricingError.self) {
                try ExactDivision.halfEven(value, times: 431, over: 2)
            }
        }
    }

    /// Small numbers, held against the definition: the quotient is within a half, and even where it
    /// is exactly one.
    @Test(arguments: seeds)
    func isWithinAHalf(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        for _ in 0..<5000 {
            let value = Int128(Int64.random(in: -1_000_000...1_000_000, using: &random))
            let numerator = Int128(Int64.random(in: -1000...1000, using: &random))
            let denominator = Int128(Int64.random(in: 1...64, using: &random))
            let quotient = try ExactDivision.halfEven(value, times: numerator, over: denominator)
            let twice = 2 * (value * numerator - quotient * denominator)
            let isNearest = twice.magnitude < denominator.magnitude
            let isEvenTie = twice.magnitude == denominator.magnitude && quotient % 2 == 0
            if !isNearest, !isEvenTie {
                Issue.record("seed \(seed): \(value) × \(numerator) ÷ \(denominator)")
            }
        }
    }

    /// Multiplying and dividing by one number gives the value back, however wide the product.
    @Test(arguments: seeds)
    func undoesItself(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        for _ in 0..<2000 {
            let value = random.int128()
            let factor = Int128(random.int128().magnitude >> 1) + 1
            let back = try ExactDivision.halfEven(value, times: factor, over: factor)
            if back != value { Issue.record("seed \(seed): \(value) × \(factor)") }
        }
    }
}
