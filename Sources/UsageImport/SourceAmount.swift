import Accounting
import Pricing

/// Amounts as other programs write them down: `0.0123`, and `1.2e-05` where they computed.
enum SourceAmount {
    /// In the unit of `currency`, half to even at 10⁻¹⁸: floats carry noise below that, and a
    /// vendor's own cost is only compared. Throws `EventProblem` for anything that is no amount.
    static func money(
        _ text: String, _ currency: Currency, field: String
    ) throws(EventProblem) -> Money {
        guard let attos = ComputedDecimal.parse(text) else {
            throw EventProblem("\(field): \(quoted(text)) is not an amount such as 0.0123")
        }
        return Money(currency: currency, attos: attos)
    }
}
