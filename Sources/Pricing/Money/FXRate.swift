/// A dated market rate with its source: `USD/CNY=7.3` is 1 USD = 7.3 CNY.
///
/// It compares amounts and holds a budget against another currency; nothing is priced with it.
package struct FXRate: Hashable, Sendable {
    package let base: Currency
    package let quote: Currency
    /// Units of `quote` for one unit of `base`, counted in 10⁻¹⁸; above zero.
    package let attos: Int128
    /// The day it held, or `nil` where the user gave it for this one answer.
    package let date: CivilDate?
    package let source: String

    package init(
        base: Currency, quote: Currency, attos: Int128, date: CivilDate?, source: String
    ) throws(PricingError) {
        guard base != quote, attos > 0, attos <= 1_000_000_000 * DecimalText.one else {
            throw .malformed(
                what: "exchange rate",
                text: "\(base.code)/\(quote.code)=\(DecimalText.text(attos))",
                wanted: "two currencies and a rate above 0, such as USD/CNY=7.3")
        }
        self.base = base
        self.quote = quote
        self.attos = attos
        self.date = date
        self.source = source
    }

    /// Reads the flag's spelling, `USD/CNY=7.3`.
    package init(parsing text: String) throws(PricingError) {
        let halves = text.split(separator: "=", omittingEmptySubsequences: false)
        let codes = halves[0].split(separator: "/", omittingEmptySubsequences: false)
        guard halves.count == 2, codes.count == 2, let base = try? Currency(String(codes[0])),
            let quote = try? Currency(String(codes[1])),
            let attos = DecimalText.parse(halves[1].utf8)
        else {
            throw .malformed(
                what: "exchange rate", text: text,
                wanted: "two currencies and a rate above 0, such as USD/CNY=7.3")
        }
        try self.init(
            base: base, quote: quote, attos: attos, date: nil, source: "given with --fx")
    }

    package var rateText: String { DecimalText.text(attos) }

    /// The amount in the pair's other currency, rounded half to even to 10⁻⁶.
    package func convert(_ money: Money) throws(PricingError) -> Money {
        let micro = DecimalText.one / 1_000_000
        if money.currency == base {
            // attos · rate ÷ 10¹⁸, rounded straight to 10⁻⁶: one rounding, not two.
            let micros = try ExactDivision.halfEven(
                money.attos, times: attos, over: DecimalText.one * micro)
            return Money(currency: quote, attos: try scaledUp(micros, by: micro))
        }
        guard money.currency == quote else { throw .noExchangeRate(money.currency, base) }
        let micros = try ExactDivision.halfEven(money.attos, times: 1_000_000, over: attos)
        return Money(currency: base, attos: try scaledUp(micros, by: micro))
    }

    private func scaledUp(_ micros: Int128, by micro: Int128) throws(PricingError) -> Int128 {
        let (value, overflow) = micros.multipliedReportingOverflow(by: micro)
        guard !overflow else { throw .outOfRange("a converted amount") }
        return value
    }
}

/// The exchange rates at hand: those the user gave win over the shipped, dated ones.
package struct FXTable: Sendable {
    package let given: [FXRate]
    package let shipped: [FXRate]

    package init(given: [FXRate] = [], shipped: [FXRate]) {
        self.given = given
        self.shipped = shipped
    }

    /// The rate between two currencies on a day: a given one, else the newest shipped one that is
    /// not later.
    package func rate(
        _ one: Currency, _ other: Currency, on date: CivilDate
    ) throws(PricingError) -> FXRate {
        func joins(_ rate: FXRate) -> Bool {
            (rate.base == one && rate.quote == other) || (rate.base == other && rate.quote == one)
        }
        if let rate = given.first(where: joins) { return rate }
        var newest: FXRate?
        for rate in shipped where joins(rate) {
            guard let day = rate.date, day <= date else { continue }
            if let known = newest?.date, known >= day { continue }
            newest = rate
        }
        guard let newest else { throw .noExchangeRate(one, other) }
        return newest
    }
}
