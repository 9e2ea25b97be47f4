import Pricing
import Testing

struct FXRateTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let rate: String
        let amount: String
        let converted: String
        var testDescription: String { "\(amount) at \(rate)" }
    }

    @Test(arguments: [
        // 80 ÷ 7 = 11.428571|428… ; 560 ÷ 7 = 80 ; 80 · 7 = 560 ; 80 · 7.3 = 584
        Case(rate: "USD/CNY=7", amount: "80CNY", converted: "11.428571 USD"),
        Case(rate: "USD/CNY=7", amount: "560CNY", converted: "80.00 USD"),
        Case(rate: "USD/CNY=7", amount: "80USD", converted: "560.00 CNY"),
        Case(rate: "USD/CNY=7.3", amount: "80USD", converted: "584.00 CNY"),
        // 4.20 · 7.3 = 30.66, and a third of a millionth rounds away.
        Case(rate: "USD/CNY=7.3", amount: "4.20USD", converted: "30.66 CNY"),
        Case(rate: "USD/CNY=3", amount: "0.000001CNY", converted: "0.00 USD"),
        Case(rate: "USD/CNY=3", amount: "0.000002CNY", converted: "0.000001 USD"),
        // Ties at 10⁻⁶ go to the even neighbour: 0.5, 1.5 and 2.5 millionths.
        Case(rate: "USD/CNY=2", amount: "0.000001CNY", converted: "0.00 USD"),
        Case(rate: "USD/CNY=2", amount: "0.000003CNY", converted: "0.000002 USD"),
        Case(rate: "USD/CNY=2", amount: "0.000005CNY", converted: "0.000002 USD"),
        Case(rate: "USD/CNY=0.5", amount: "0.000003USD", converted: "0.000002 CNY"),
        Case(rate: "USD/CNY=7", amount: "-80CNY", converted: "-11.428571 USD"),
        Case(rate: "USD/CNY=7", amount: "0CNY", converted: "0.00 USD"),
        // One rounding only: 0.0000005000000000000001 CNY is just above half of a millionth.
        Case(rate: "USD/CNY=1", amount: "0.000000500000000001CNY", converted: "0.000001 USD"),
    ])
    func convertsToMillionths(_ given: Case) throws {
        let rate = try FXRate(parsing: given.rate)
        #expect(try rate.convert(Money(parsing: given.amount)).shown == given.converted)
    }

    @Test(arguments: [
        "", "=", "USD/CNY", "USD/CNY=", "USD/CNY=0", "USD/CNY=-7", "USD=7", "USD/CNY/EUR=7",
        "USD/USD=1", "usd/cny=7", "USD/CNY=7=7", "USD/CNY=7,3", "USD/CNY=1e1", "/CNY=7",
        "USD/CNY=1000000000.1", "USDCNY=7", " USD/CNY=7",
    ])
    func refusesWhatIsNoRate(text: String) {
        #expect(throws: PricingError.self) { try FXRate(parsing: text) }
    }

    @Test func refusesAThirdCurrency() throws {
        let rate = try FXRate(parsing: "USD/CNY=7")
        let euros = try Money("1", Currency("EUR"))
        #expect(throws: PricingError.self) { try rate.convert(euros) }
    }

    @Test func refusesAmountsThatNoLongerFit() throws {
        let rate = try FXRate(parsing: "USD/CNY=7")
        let most = Money(currency: .usd, attos: Int128.max)
        #expect(throws: PricingError.self) { try rate.convert(most) }
        let tiny = try FXRate(parsing: "USD/CNY=0.000000000000000001")
        #expect(throws: PricingError.self) {
            try tiny.convert(Money(currency: .cny, attos: Int128.max))
        }
    }

    @Test func keepsTheRateAsItWasWritten() throws {
        #expect(try FXRate(parsing: "USD/CNY=7.30").rateText == "7.3")
        #expect(try FXRate(parsing: "USD/CNY=7.3").date == nil)
    }
}

struct FXTableTests {
    private func shipped(_ day: String, _ rate: String) throws -> FXRate {
        try FXRate(
            base: .usd, quote: .cny, attos: Money(rate, .cny).attos,
            date: CivilDate.parse(day.utf8), source: "test")
    }

    private func table(given: [FXRate] = []) throws -> FXTable {
        FXTable(
            given: given,
            shipped: [
                try shipped("2026-06-19", "6.7686"), try shipped("2025-02-28", "7.2734"),
                try shipped("2026-01-15", "7.0064"),
            ])
    }

    private func day(_ text: String) throws -> CivilDate {
        try #require(CivilDate.parse(text.utf8))
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let day: String
        let rate: String
        var testDescription: String { day }
    }

    @Test(arguments: [
        Case(day: "2025-02-28", rate: "7.2734"), Case(day: "2026-01-14", rate: "7.2734"),
        Case(day: "2026-01-15", rate: "7.0064"), Case(day: "2026-06-18", rate: "7.0064"),
        Case(day: "2026-06-19", rate: "6.7686"), Case(day: "2030-01-01", rate: "6.7686"),
    ])
    func takesTheNewestRateThatIsNotLater(_ given: Case) throws {
        let day = try day(given.day)
        #expect(try table().rate(.usd, .cny, on: day).rateText == given.rate)
        #expect(try table().rate(.cny, .usd, on: day).rateText == given.rate)
    }

    @Test func givenRatesWin() throws {
        let table = try table(given: [FXRate(parsing: "USD/CNY=7.3")])
        #expect(try table.rate(.cny, .usd, on: day("2026-06-19")).rateText == "7.3")
        #expect(try table.rate(.usd, .cny, on: day("1999-01-01")).rateText == "7.3")
    }

    @Test func refusesDaysAndPairsWithoutARate() throws {
        let table = try table()
        let (early, late) = (try day("2025-02-27"), try day("2026-06-19"))
        let euro = try Currency("EUR")
        #expect(throws: PricingError.noExchangeRate(.usd, .cny)) {
            try table.rate(.usd, .cny, on: early)
        }
        #expect(throws: PricingError.noExchangeRate(.usd, euro)) {
            try table.rate(.usd, euro, on: late)
        }
    }
}

struct SettlementTests {
    private func settlement(_ pays: String, for bill: String) throws -> Settlement {
        try Settlement(
            pays: Money(parsing: pays), for: Money(parsing: bill), validFrom: .day("2026-01-01"),
            source: .test)
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let pays: String
        let bill: String
        let billed: String
        let settled: String
        var testDescription: String { "\(pays) for \(bill)" }
    }

    @Test(arguments: [
        Case(pays: "1CNY", bill: "1USD", billed: "80USD", settled: "80.00 CNY"),
        // 80 · 7.2 = 576 ; 10 · 1 ÷ 3 = 3.333333333333333333|3
        Case(pays: "7.2CNY", bill: "1USD", billed: "80USD", settled: "576.00 CNY"),
        Case(pays: "1CNY", bill: "3USD", billed: "10USD", settled: "3.333333333333333333 CNY"),
        Case(pays: "9USD", bill: "10USD", billed: "0.50USD", settled: "0.45 USD"),
    ])
    func paysForEachUnitBilled(_ given: Case) throws {
        let settlement = try settlement(given.pays, for: given.bill)
        #expect(
            try settlement.settle(Billed(Money(parsing: given.billed))).money.shown
                == given.settled)
    }

    @Test func refusesAnotherCurrencyAndNothing() throws {
        let oneToOne = try settlement("1CNY", for: "1USD")
        #expect(throws: PricingError.currencyMismatch(.cny, .usd)) {
            try oneToOne.settle(Billed(Money("1", .cny)))
        }
        #expect(throws: PricingError.self) { try settlement("0CNY", for: "1USD") }
        #expect(throws: PricingError.self) { try settlement("1CNY", for: "-1USD") }
    }

    @Test func takesTheTermsOfTheDay() throws {
        let later = try Settlement(
            pays: Money("2", .cny), for: Money("1", .usd), validFrom: .day("2026-03-01"),
            source: .test)
        let channel = Channel(
            id: "relay", name: "Relay", currency: .usd,
            settlements: [later, try settlement("1CNY", for: "1USD")])
        let bill = Billed(try Money("80", .usd))
        let change = Timestamp.day("2026-03-01")
        #expect(
            try channel.settle(bill, at: change.advanced(byMilliseconds: -1)).money.shown
                == "80.00 CNY")
        #expect(try channel.settle(bill, at: change).money.shown == "160.00 CNY")
        #expect(throws: PricingError.noSettlement(channel: "relay", time: .day("2025-12-31"))) {
            try channel.settle(bill, at: .day("2025-12-31"))
        }
        // A currency that it does not settle is paid as billed.
        let yuan = Billed(try Money("5", .cny))
        #expect(try channel.settle(yuan, at: change).money.shown == "5.00 CNY")
    }
}
