import Pricing
import Testing

struct MoneyTests {
    @Test func addsAmountsOfOneCurrency() throws {
        // 48 + 18 + 120 = 186
        let sum = try Money("48", .usd).adding(Money("18", .usd)).adding(Money("120", .usd))
        #expect(sum == (try Money("186", .usd)))
    }

    /// 0.1 + 0.2 is 0.3, as it is not in binary floating point.
    @Test func addsTenthsExactly() throws {
        #expect(try Money("0.1", .usd).adding(Money("0.2", .usd)) == Money("0.3", .usd))
    }

    @Test func refusesToAddTwoCurrencies() throws {
        let (dollars, yuan) = (try Money("1", .usd), try Money("1", .cny))
        #expect(throws: PricingError.currencyMismatch(.usd, .cny)) { try dollars.adding(yuan) }
        #expect(throws: PricingError.currencyMismatch(.cny, .usd)) { try yuan.subtracting(dollars) }
    }

    @Test func refusesSumsPastInt128() throws {
        let most = Money(currency: .usd, attos: Int128.max)
        let least = Money(currency: .usd, attos: Int128.min)
        let smallest = Money(currency: .usd, attos: 1)
        #expect(throws: PricingError.outOfRange("a sum of money")) { try most.adding(smallest) }
        #expect(throws: PricingError.self) { try least.subtracting(smallest) }
        #expect(throws: PricingError.self) { try smallest.subtracting(least) }
        #expect(throws: PricingError.self) { try Money.zero(.usd).subtracting(least) }
        #expect(try most.subtracting(smallest).attos == Int128.max - 1)
    }

    @Test func keepsBilledAndSettledApart() throws {
        // Billed(...).adding(Settled(...)) does not compile; two currencies still throw.
        let billed = Billed(try Money("80", .usd))
        #expect(try billed.adding(Billed(Money("1.5", .usd))).money == Money("81.5", .usd))
        #expect(throws: PricingError.self) { try billed.adding(Billed(Money("1", .cny))) }
    }

    @Test func scalesByARatio() throws {
        // 10 · 1 ÷ 3 = 3.333333333333333333|33…
        #expect(
            try Money("10", .usd).scaled(by: 1, over: 3).amountText == "3.333333333333333333")
        #expect(try Money("-10", .usd).scaled(by: 2, over: 4).amountText == "-5.00")
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let text: String
        let amount: String
        let code: String
        var testDescription: String { text }
    }

    @Test(arguments: [
        Case(text: "150USD", amount: "150.00", code: "USD"),
        Case(text: "150 USD", amount: "150.00", code: "USD"),
        Case(text: "0.001CNY", amount: "0.001", code: "CNY"),
        Case(text: "-5JPY", amount: "-5", code: "JPY"),
        Case(text: "1.5KWD", amount: "1.500", code: "KWD"),
    ])
    func readsAmountsWithTheirCurrency(_ given: Case) throws {
        let money = try Money(parsing: given.text)
        #expect(money.amountText == given.amount)
        #expect(money.currency.code == given.code)
    }

    @Test(arguments: [
        "", "USD", "150", "150usd", "150  USD", "USD150", "$150", "1e3USD", "1,5USD", "150US",
        " USD",
        "150USDX", "１USD",
    ])
    func refusesAmountsWithoutNumberOrCurrency(text: String) {
        #expect(throws: PricingError.self) { try Money(parsing: text) }
    }

    @Test(arguments: ["", "1e3", "1,50", "abc", "1 ", "5."])
    func refusesAmountsThatAreNotPlainDecimal(text: String) {
        #expect(throws: PricingError.self) { try Money(text, .usd) }
    }

    @Test(arguments: seeds)
    func subtractionUndoesAddition(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        for _ in 0..<2000 {
            let one = Money(currency: .usd, attos: random.int128() / 2)
            let other = Money(currency: .usd, attos: random.int128() / 2)
            let back = try one.adding(other).subtracting(other)
            if back != one { Issue.record("seed \(seed): \(one.amountText), \(other.amountText)") }
        }
    }
}

struct CurrencyTests {
    @Test(arguments: ["", "US", "USDT", "usd", "Usd", "U$D", "US1", "ＵＳＤ", "US ", "ÄÖÜ", "É"])
    func refusesWhatIsNotThreeCapitalLetters(code: String) {
        #expect(throws: PricingError.self) { try Currency(code) }
    }

    @Test func knowsMinorDigitsAndSigns() throws {
        #expect(try Currency("JPY").minorDigits == 0)
        #expect(try Currency("KWD").minorDigits == 3)
        #expect(Currency.usd.minorDigits == 2)
        #expect(try Currency("EUR").sign == "€")
        #expect(Currency.cny.sign == "¥")
        // The yen has no sign of its own here: ¥ is the yuan.
        #expect(try Currency("JPY").sign == "JPY ")
        #expect(try Currency("USD") == Currency.usd)
        #expect(Currency.cny < Currency.usd)
    }
}
