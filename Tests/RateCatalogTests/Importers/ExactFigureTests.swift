import Pricing
import RateCatalog
import Testing

/// Figures as foreign catalogs write them, in attos: 10⁻¹⁸ of the currency's unit.
struct ExactFigureTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let text: String
        var timesTen = 0
        var units: Int64 = 1_000_000
        let attos: Int128
        var per: Int64 = 1_000_000
        var origin = ExactFigure.Origin.asWritten
        var testDescription: String { "\(text) × 10^\(timesTen) per \(units)" }
    }

    @Test(arguments: [
        Case(text: "0", attos: 0),
        Case(text: "0.000", attos: 0),
        Case(text: "0e-06", timesTen: 6, attos: 0),
        Case(text: "8", attos: 8_000_000_000_000_000_000),
        Case(text: "8.00", attos: 8_000_000_000_000_000_000),
        Case(text: "007", attos: 7_000_000_000_000_000_000),
        Case(text: "2e2", attos: 200_000_000_000_000_000_000),
        Case(text: "1.5e+1", attos: 15_000_000_000_000_000_000),
        Case(text: "0.5", units: 1_000, attos: 500_000_000_000_000_000, per: 1_000),
        Case(text: "3e-07", timesTen: 6, attos: 300_000_000_000_000_000),
        Case(text: "1e-18", attos: 1),
        Case(text: "1e-24", timesTen: 6, attos: 1),
        Case(text: "10000000", attos: 10_000_000_000_000_000_000_000_000),
        // Fourteen significant digits are a figure of their own: no noise is looked for.
        Case(text: "0.00001234567890123", attos: 12_345_678_901_230),
        Case(text: "0.33333333333333", attos: 333_333_333_333_330_000),
        // Zeros at the end are no digits: 15 characters, one digit.
        Case(text: "0.1000000000000000000000000000", attos: 100_000_000_000_000_000),
        // 0.1 + 0.2 as a double, and 0.3 − 1 in its last place.
        Case(
            text: "0.30000000000000004", attos: 300_000_000_000_000_000, origin: .floatNoise),
        Case(
            text: "0.29999999999999999", attos: 300_000_000_000_000_000, origin: .floatNoise),
        // 0.15 ÷ 10⁶ as a double, a token; times 10⁶.
        Case(
            text: "1.5000000000000002e-07", timesTen: 6, attos: 150_000_000_000_000_000,
            origin: .floatNoise),
        // Twelve digits are the most that noise is cleaned to: 123.456789012.
        Case(
            text: "123.45678901200001", attos: 123_456_789_012_000_000_000, origin: .floatNoise),
        // A third per million is 1 per 3 million, two thirds are 2 per 3 million.
        Case(
            text: "0.3333333333333333", attos: 1_000_000_000_000_000_000, per: 3_000_000,
            origin: .repeating),
        Case(
            text: "0.6666666666666666", attos: 2_000_000_000_000_000_000, per: 3_000_000,
            origin: .repeating),
        // 1 ÷ 7 and 22 ÷ 7.
        Case(
            text: "0.14285714285714285", attos: 1_000_000_000_000_000_000, per: 7_000_000,
            origin: .repeating),
        Case(
            text: "3.142857142857143", attos: 22_000_000_000_000_000_000, per: 7_000_000,
            origin: .repeating),
        Case(
            text: "0.08333333333333334", attos: 1_000_000_000_000_000_000, per: 12_000_000,
            origin: .repeating),
        // Fifteen digits, the last of them rounded: 1 ÷ 24.
        Case(
            text: "0.0416666666666667", attos: 1_000_000_000_000_000_000, per: 24_000_000,
            origin: .repeating),
        // An hour of milliseconds: 1 ÷ 12 of a dollar an hour is a dollar for twelve.
        Case(
            text: "0.08333333333333334", units: 3_600_000, attos: 1_000_000_000_000_000_000,
            per: 43_200_000, origin: .repeating),
        // π is no price of a short denominator within a double's reach: 15 decimals are kept.
        Case(
            text: "3.141592653589793", attos: 3_141_592_653_589_793_000, origin: .unexplained),
        Case(
            text: "0.123456789012345678", attos: 123_456_789_012_345_678, origin: .unexplained),
    ])
    func readsWhatTheTextSays(given: Case) throws {
        let figure = try #require(
            ExactFigure(given.text, timesTen: given.timesTen, units: given.units))
        #expect(figure.attos == given.attos)
        #expect(figure.units == given.per)
        #expect(figure.origin == given.origin)
    }

    @Test(arguments: [
        "", "abc", "NaN", "nan", "inf", "-1", "-0", "+1", "1,5", "1 5", "1_000", " 1", "1 ", "0x10",
        "1.2.3", "1..2", ".", ".e5", "e5", "1e", "1e5e5", "1e5.5", "1e400", "1e-400", "1e61",
        "1e99999999999999999999", "１", "٣", "$1", "1%", "1/2", "10000001", "10000000.5", "1e8",
        // Below an atto.
        "1e-19", "0.0000000000000000001", "0.1234567890123456789",
        // Forty-one characters.
        "00000000000000000000000000000000000000001",
        // 10³⁹ is no `Int128`.
        "1000000000000000000000000000000000000000",
    ])
    func refusesWhatNoPriceIs(text: String) {
        #expect(ExactFigure(text, units: 1_000_000) == nil)
    }

    /// The shift moves a figure over either limit.
    @Test func looksAtTheLimitsBehindTheShift() {
        #expect(ExactFigure("10", timesTen: 6, units: 1_000_000) != nil)
        #expect(ExactFigure("10.1", timesTen: 6, units: 1_000_000) == nil)
        #expect(ExactFigure("1e-25", timesTen: 6, units: 1_000_000) == nil)
    }

    /// JSON allows either letter, and its reader hands the text on as it is written.
    @Test func readsAnExponentInCapitals() {
        #expect(
            ExactFigure("2E-06", timesTen: 6, units: 1_000_000)?.attos == 2 * DecimalText.one)
    }

    @Test(arguments: [
        "170141183460469231731687303715884105727", "170141183460469231731687303715884105728",
    ])
    func doesNotTrapWhereInt128Ends(text: String) async {
        await #expect(processExitsWith: .success) { [text] in
            _ = ExactFigure(text, units: 1_000_000)
        }
    }

    /// Thirty days of a third: 3 · 10⁷ units at 1 for 3 million are 10, to the last digit.
    @Test func billsAThirdWithoutALoss() throws {
        let rate = try #require(ExactFigure("0.3333333333333333", units: 1_000_000)).rate(.usd)
        #expect(try rate.billed(for: 30_000_000).money.attos == 10 * DecimalText.one)
        #expect(try rate.billed(for: 3).money.attos == 1_000_000_000_000)
    }

    /// 10⁹ units of a denominator of 7,000 are more than a rate may be quoted for.
    @Test func refusesARateForTooManyUnits() throws {
        // 1 ÷ 7,001 in sixteen digits.
        let figure = try #require(ExactFigure("0.0001428367376089130", units: 1_000_000_000))
        #expect(figure.units == 7_001_000_000_000)
        #expect(throws: PricingError.self) { try figure.rate(.usd) }
    }
}
