import Pricing
import Testing

/// Each message says what happened, to what, and the way out: one sentence without a full stop.
struct PricingErrorTests {
    private static let time = Timestamp.day("2026-06-15")

    private static let all: [PricingError] = [
        .malformed(what: "amount", text: "1,5", wanted: "a plain decimal such as 8.00"),
        .outOfRange("a sum of money"), .currencyMismatch(.usd, .cny), .noExchangeRate(.usd, .cny),
        .unknownTimeZone("Mars/Olympus"), .unknownModel("gpt-5", nearest: ["gpt-4.1"]),
        .unknownChannel("opnai", nearest: ["openai"]), .unknownMeter("inptu", nearest: ["input"]),
        .ambiguousModel("x", candidates: ["a", "b"]),
        .notSold(model: "gpt-4.1", channel: "deepseek", soldOn: ["openai"]),
        .noLineInCurrency(model: "gpt-4.1", channel: "openai", currency: .cny, has: [.usd]),
        .noLineAt(model: "gpt-4.1", channel: "openai", time: time, next: time),
        .noLineForTier(model: "gpt-4.1", channel: "openai", tier: "flex", has: ["standard"]),
        .noLineForSize(model: "gpt-4.1", channel: "openai"),
        .ambiguousLines(model: "gpt-4.1", channel: "openai", lines: ["L1", "L2"]),
        .unpriced(model: "gpt-4.1", channel: "openai", line: "L1", meters: [.input]),
        .noSettlement(channel: "holysheep", time: time), .sharesDoNotAddUp("99"),
        .needsPeakShare(model: "deepseek-v4-pro", channel: "deepseek"),
    ]

    @Test(arguments: all)
    func readsAsOneSentence(error: PricingError) {
        let text = error.description
        #expect(!text.isEmpty)
        #expect(!text.hasSuffix("."))
        #expect(!text.contains("\n"))
        #expect(text.first?.isUppercase == false || text.hasPrefix("USD"), "\(text)")
    }

    @Test func hasACodeOfItsOwn() {
        let codes = Self.all.map(\.code)
        #expect(Set(codes).count == codes.count)
        #expect(
            codes.allSatisfy { $0.utf8.allSatisfy { (0x61...0x7A).contains($0) || $0 == 0x5F } })
    }

    @Test func tellsWrongUseFromNoPrice() {
        #expect(PricingError.unknownModel("x", nearest: []).isUnpriceable)
        #expect(PricingError.noSettlement(channel: "x", time: Self.time).isUnpriceable)
        #expect(!PricingError.outOfRange("x").isUnpriceable)
        #expect(!PricingError.sharesDoNotAddUp("99").isUnpriceable)
    }

    @Test func writesTheRightArticle() {
        #expect(
            PricingError.malformed(what: "amount", text: "x", wanted: "a number").description
                == "\"x\" is not an amount; write a number")
        #expect(
            PricingError.malformed(what: "currency", text: "x", wanted: "USD").description
                == "\"x\" is not a currency; write USD")
    }

    @Test func hidesControlCharactersOfTheUser() {
        let error = PricingError.unknownModel("gpt\u{1B}[2J", nearest: [])
        #expect(error.description == "no model \"gpt\u{FFFD}[2J\"")
    }
}
