/// An exact amount of one currency, counted in 10⁻¹⁸ of its unit.
///
/// A rate quoted per million with up to twelve decimals multiplies by any token count without
/// rounding.
package struct Money: Hashable, Sendable {
    package let currency: Currency
    package var attos: Int128

    package init(currency: Currency, attos: Int128) {
        self.currency = currency
        self.attos = attos
    }

    package static func zero(_ currency: Currency) -> Money { Money(currency: currency, attos: 0) }

    /// Reads plain decimal text such as `8.00`; throws `PricingError.malformed` for any other
    /// spelling.
    package init(_ amount: String, _ currency: Currency) throws(PricingError) {
        guard let attos = DecimalText.parse(amount) else {
            throw .malformed(what: "amount", text: amount, wanted: "a plain decimal such as 8.00")
        }
        self.init(currency: currency, attos: attos)
    }

    /// Reads an amount with its currency behind it, as flags spell it: `150USD`, `150 USD`.
    package init(parsing text: String) throws(PricingError) {
        let code = String(text.suffix(3))
        let amount = String(text.dropLast(3))
        let trimmed = amount.last == " " ? String(amount.dropLast()) : amount
        guard let currency = try? Currency(code), let attos = DecimalText.parse(trimmed) else {
            throw .malformed(
                what: "amount", text: text, wanted: "a plain decimal and a currency, such as 150USD"
            )
        }
        self.init(currency: currency, attos: attos)
    }

    /// The sum; throws `PricingError.currencyMismatch` for two currencies and `outOfRange` past
    /// `Int128`.
    package func adding(_ other: Money) throws(PricingError) -> Money {
        guard currency == other.currency else {
            throw .currencyMismatch(currency, other.currency)
        }
        let (sum, overflow) = attos.addingReportingOverflow(other.attos)
        guard !overflow else { throw .outOfRange("a sum of money") }
        return Money(currency: currency, attos: sum)
    }

    package func subtracting(_ other: Money) throws(PricingError) -> Money {
        guard other.attos != Int128.min else { throw .outOfRange("a difference of money") }
        return try adding(Money(currency: other.currency, attos: -other.attos))
    }

    /// This amount times `numerator` ÷ `denominator`: multiplied full-width, divided once, half to
    /// even at 10⁻¹⁸.
    package func scaled(by numerator: Int128, over denominator: Int128) throws(PricingError)
        -> Money
    {
        Money(
            currency: currency,
            attos: try ExactDivision.halfEven(attos, times: numerator, over: denominator))
    }

    /// Rounded half to even to 10⁻⁶, as converted amounts are.
    package func roundedToMicros() throws(PricingError) -> Money {
        let micro = DecimalText.one / 1_000_000
        let micros = try ExactDivision.halfEven(attos, times: 1, over: micro)
        return try Money(currency: currency, attos: micros).scaled(by: micro, over: 1)
    }

    /// Exact decimal text with at least the currency's minor digits and no other trailing zeros.
    package var amountText: String { DecimalText.text(attos, minorDigits: currency.minorDigits) }
}

/// The phantom of `Amount`: what a channel bills in the currency that its rate line quotes.
package enum BilledStage: Sendable {}
/// The phantom of `Amount`: what is paid once the channel's settlement is applied.
package enum SettledStage: Sendable {}

/// Money that knows whether it was billed or settled, so that a sum of the two does not compile.
package struct Amount<Stage>: Hashable, Sendable {
    package let money: Money

    package init(_ money: Money) { self.money = money }

    package func adding(_ other: Amount<Stage>) throws(PricingError) -> Amount<Stage> {
        Amount(try money.adding(other.money))
    }
}

package typealias Billed = Amount<BilledStage>
package typealias Settled = Amount<SettledStage>
