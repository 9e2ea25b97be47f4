/// One multiplication and one division, rounded half to even, without an intermediate that could
/// overflow.
package enum ExactDivision {
    /// `value` · `numerator` ÷ `denominator`; `denominator` is above zero.
    ///
    /// Throws `PricingError.outOfRange` where the quotient does not fit `Int128`.
    package static func halfEven(
        _ value: Int128, times numerator: Int128, over denominator: Int128
    ) throws(PricingError) -> Int128 {
        precondition(denominator > 0, "a ratio is divided by a count above zero")
        let isNegative = (value < 0) != (numerator < 0)
        let divisor = denominator.magnitude
        let (product, overflow) = value.magnitude.multipliedReportingOverflow(
            by: numerator.magnitude)
        var quotient: UInt128
        let remainder: UInt128
        if overflow {
            let wide = value.magnitude.multipliedFullWidth(by: numerator.magnitude)
            guard wide.high < divisor else { throw .outOfRange("an amount") }
            (quotient, remainder) = divisor.dividingFullWidth(wide)
        } else {
            (quotient, remainder) = product.quotientAndRemainder(dividingBy: divisor)
        }
        let rest = divisor - remainder
        let limit = Int128.max.magnitude
        if remainder > rest || (remainder == rest && quotient & 1 == 1) {
            guard quotient < limit else { throw .outOfRange("an amount") }
            quotient += 1
        }
        guard quotient <= limit else { throw .outOfRange("an amount") }
        return isNegative ? -Int128(quotient) : Int128(quotient)
    }
}
