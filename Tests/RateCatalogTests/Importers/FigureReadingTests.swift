import Pricing
import RateCatalog
import Testing

/// Figures of foreign catalogs: from decimal text to an exact quote, noise of doubles seen through.
struct FigureReadingTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let text: String
        var timesTen = 0
        var units: Int64 = 1_000_000
        /// The quote, and per how many.
        let quote: String
        var per: Int64 = 1_000_000
        var origin = ExactFigure.Origin.asWritten
        var testDescription: String { text }
    }

    @Test(arguments: [
        Case(text: "2", quote: "2"),
        Case(text: "0.05", quote: "0.05"),
        Case(text: "0", quote: "0"),
        Case(text: "2e-06", timesTen: 6, quote: "2"),
        Case(text: "1.75e-07", timesTen: 6, quote: "0.175"),
        Case(text: "10000000", quote: "10000000"),
        // 18 hundredths, and the 2 that a double adds in the 17th place.
        Case(text: "0.18000000000000002", quote: "0.18", origin: .floatNoise),
        Case(text: "0.13999999999999999", quote: "0.14", origin: .floatNoise),
        Case(text: "4.2000000000000006e-08", timesTen: 6, quote: "0.042", origin: .floatNoise),
        // 1/12 and 1/24 per million are 1 per 12 and per 24 million, however many digits are there.
        Case(text: "0.08333333333333334", quote: "1", per: 12_000_000, origin: .repeating),
        Case(text: "0.0833333333333333", quote: "1", per: 12_000_000, origin: .repeating),
        Case(text: "0.0416666666666667", quote: "1", per: 24_000_000, origin: .repeating),
        // 0.23 of another currency, divided by 7: 23/700.
        Case(
            text: "3.2857142857142855e-08", timesTen: 6, quote: "23", per: 700_000_000,
            origin: .repeating),
        // 2⁻²² · 0.1: sixteen digits that nothing short is near.
        Case(
            text: "2.384185791015625e-08", timesTen: 6, quote: "0.02384185791015625",
            origin: .unexplained),
        // Fourteen digits are a figure, not noise.
        Case(text: "0.12345678901234", quote: "0.12345678901234"),
    ])
    func readsExactly(given: Case) throws {
        let figure = try #require(
            ExactFigure(given.text, timesTen: given.timesTen, units: given.units))
        #expect(DecimalText.text(figure.attos) == given.quote)
        #expect(figure.units == given.per)
        #expect(figure.origin == given.origin)
    }

    @Test(arguments: [
        "", "-1", "1,5", "abc", "NaN", "1e400", "1e-400", "10000001", "0.0000000000000000001",
        "1.2.3", "0x10", " 1", "1 ", "99999999999999999999999999999999999999999999",
    ])
    func refusesWhatNoPriceCanBe(text: String) {
        #expect(ExactFigure(text, units: 1_000_000) == nil)
    }

    /// A twelfth of a dollar a million, 36 million times: three dollars, exactly.
    @Test func billsARepeatingPriceExactly() throws {
        let figure = try #require(ExactFigure("0.08333333333333334", units: 1_000_000))
        let billed = try figure.rate(.usd).billed(for: 36_000_000)
        #expect(billed.money.amountText == "3.00")
    }

    @Test func callsNothingFreeWhateverItIsCountedIn() throws {
        let seconds = try #require(ExactFigure("0.0", units: 1_000)).rate(.usd)
        let tokens = try #require(ExactFigure("0", units: 1_000_000)).rate(.usd)
        #expect(seconds == tokens)
        #expect(seconds.isFree)
    }

    struct Name: Sendable, CustomTestStringConvertible {
        let name: String
        let canonical: String
        var testDescription: String { name }
    }

    @Test(arguments: [
        Name(name: "claude-3-5-sonnet", canonical: "claude-3.5-sonnet"),
        Name(name: "claude-opus-4-20250514", canonical: "claude-opus-4-20250514"),
        Name(name: "gpt-4-1106-preview", canonical: "gpt-4-1106-preview"),
        Name(name: "qwen2-5-7b", canonical: "qwen2-5-7b"),
    ])
    func readsAHyphenAsADotInNamesOfClaudeAlone(given: Name) {
        #expect(CanonicalName.dotted(given.name) == given.canonical)
    }

    @Test(arguments: [
        Name(name: "claude-sonnet-4-5-20250929-v1:0", canonical: "claude-sonnet-4-5"),
        Name(name: "nova-pro-v1:0", canonical: "nova-pro"),
        Name(name: "gpt-oss-120b-1:0", canonical: "gpt-oss-120b"),
        Name(name: "gpt-4.1", canonical: "gpt-4.1"),
        Name(name: "llama-3.3-70b:free", canonical: "llama-3.3-70b:free"),
    ])
    func takesACloudsVersionOff(given: Name) {
        #expect(CanonicalName.withoutVersion(given.name) == given.canonical)
    }
}
