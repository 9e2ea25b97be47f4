/// What is saved against a baseline; both sides in one currency.
package struct Savings: Hashable, Sendable {
    package let baseline: Money
    package let cost: Money
    /// Negative where the baseline is cheaper.
    package let saved: Money

    /// Throws `PricingError.currencyMismatch` for two currencies: convert one first.
    package init(baseline: Money, cost: Money) throws(PricingError) {
        self.baseline = baseline
        self.cost = cost
        saved = try baseline.subtracting(cost)
    }

    /// In percent of the baseline, half to even to one decimal: `85.7`; `nil` against a baseline of
    /// zero.
    package var percentText: String? {
        guard baseline.attos > 0,
            let tenths = try? ExactDivision.halfEven(
                saved.attos, times: 1000, over: baseline.attos),
            let attos = try? ExactDivision.halfEven(tenths, times: DecimalText.one, over: 10)
        else { return nil }
        return DecimalText.text(attos, minorDigits: 1)
    }
}
