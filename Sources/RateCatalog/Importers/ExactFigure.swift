import Pricing

/// A figure of a foreign catalog, taken from its decimal text to an exact quote.
///
/// Catalogs that computed with doubles hold `0.18000000000000002` for 0.18 and
/// `0.08333333333333334` for 1/12. Text with 15 or more significant digits is looked at twice: where
/// a short decimal or a small fraction lies within what a double can tell apart, that one was meant.
package struct ExactFigure: Hashable, Sendable {
    package enum Origin: Hashable, Sendable {
        /// The text says it as it is.
        case asWritten
        /// A short decimal with the noise of a double behind it.
        case floatNoise
        /// A fraction whose decimals do not end.
        case repeating
        /// So many digits that something was computed, and nothing short is near: kept digit by
        /// digit.
        case unexplained
    }

    /// The quote in 10⁻¹⁸ of the currency's unit, per `units`.
    package let attos: Int128
    package let units: Int64
    package let origin: Origin

    /// Digits that a double cannot hold in full.
    private static let suspiciousDigits = 15
    private static let cleanDigits = 12
    private static let largestDenominator: Int128 = 100_000
    /// 10³⁵: one digit more, and there is still room to round in 128 bits.
    private static let digitLimit: Int128 = 100_000_000_000_000_000_000_000_000_000_000_000

    /// Reads `text`, such as `2`, `0.05`, `2e-06`, as a price for one `per` of `quotedUnits` units:
    /// `ExactFigure("2e-06", timesTen: 6, units: 1_000_000)` is 2 per million.
    ///
    /// `nil` where it is no number that a price can be: not decimal, negative, above 10⁷, or with
    /// digits below 10⁻¹⁸ that are not noise, or more than 36 digits.
    package init?(_ text: String, timesTen shift: Int = 0, units: Int64) {
        guard let number = Self.parse(text) else { return nil }
        let digits = number.digits
        let exponent = number.exponent + shift
        if Self.significant(digits) >= Self.suspiciousDigits {
            if let short = Self.shortened(digits, exponent) {
                self.init(short.digits, short.exponent, units, .floatNoise)
                return
            }
            if let fraction = Self.fraction(digits, exponent) {
                let (scaled, overflow) = units.multipliedReportingOverflow(
                    by: Int64(fraction.denominator))
                guard !overflow, let attos = Self.attos(fraction.numerator, 0) else { return nil }
                self.init(attos: attos, units: scaled, origin: .repeating)
                return
            }
            self.init(digits, exponent, units, .unexplained)
            return
        }
        self.init(digits, exponent, units, .asWritten)
    }

    private init(attos: Int128, units: Int64, origin: Origin) {
        self.attos = attos
        self.units = units
        self.origin = origin
    }

    private init?(_ digits: Int128, _ exponent: Int, _ units: Int64, _ origin: Origin) {
        guard let attos = Self.attos(digits, exponent) else { return nil }
        self.init(attos: attos, units: units, origin: origin)
    }

    package func rate(_ currency: Currency) throws(PricingError) -> Rate {
        // Nothing for a thousand is nothing for a million: rate files spell both `free`.
        try Rate(
            quote: Money(currency: currency, attos: attos), per: attos == 0 ? 1_000_000 : units)
    }

    /// `digits` · 10^`exponent`, without trailing zeros in `digits`.
    private static func parse(_ text: String) -> (digits: Int128, exponent: Int)? {
        let parts = text.utf8.split(maxSplits: 1, omittingEmptySubsequences: false) {
            $0 | 0x20 == UInt8(ascii: "e")
        }
        let mantissa = parts.first.map(Array.init) ?? []
        guard !mantissa.isEmpty, mantissa.count <= 40 else { return nil }
        var exponent = 0
        if parts.count == 2 {
            guard let stated = Int(String(decoding: parts[1], as: UTF8.self)), abs(stated) <= 60
            else { return nil }
            exponent = stated
        }
        var digits: Int128 = 0
        var decimals: Int?
        for byte in mantissa {
            if byte == UInt8(ascii: "."), decimals == nil {
                decimals = 0
                continue
            }
            guard byte >= 0x30, byte <= 0x39, digits < digitLimit else { return nil }
            digits = digits * 10 + Int128(byte - 0x30)
            decimals = decimals.map { $0 + 1 }
        }
        // A point has digits on both sides.
        guard mantissa.first != UInt8(ascii: "."), mantissa.last != UInt8(ascii: ".") else {
            return nil
        }
        exponent -= decimals ?? 0
        guard digits > 0 else { return (0, 0) }
        while digits % 10 == 0 {
            digits /= 10
            exponent += 1
        }
        return (digits, exponent)
    }

    private static func significant(_ digits: Int128) -> Int { String(digits).utf8.count }

    private static func attos(_ digits: Int128, _ exponent: Int) -> Int128? {
        var value = digits
        let shift = exponent + DecimalText.scaleDigits
        guard shift >= 0 || digits == 0 else { return nil }
        for _ in 0..<max(shift, 0) {
            let (tenfold, overflow) = value.multipliedReportingOverflow(by: 10)
            guard !overflow else { return nil }
            value = tenfold
        }
        return value <= Rate.maximumQuote ? value : nil
    }

    /// The decimal of at most twelve digits that lies within a double's reach, 2⁻⁵¹ of the value.
    private static func shortened(
        _ digits: Int128, _ exponent: Int
    ) -> (digits: Int128, exponent: Int)? {
        let dropped = significant(digits) - cleanDigits
        var unit: Int128 = 1
        for _ in 0..<dropped { unit *= 10 }
        let rounded = (digits + unit / 2) / unit
        let difference = (rounded * unit - digits).magnitude
        guard isWithinADouble(difference, of: digits.magnitude) else { return nil }
        return (rounded, exponent + dropped)
    }

    /// The fraction with the least denominator that lies within a double's reach, by continued
    /// fractions.
    private static func fraction(
        _ digits: Int128, _ exponent: Int
    ) -> (numerator: Int128, denominator: Int128)? {
        guard exponent < 0, exponent >= -24 else { return nil }
        var scale: Int128 = 1
        for _ in 0..<(-exponent) { scale *= 10 }
        var (rest, divisor) = (digits, scale)
        var (numerator, before): (Int128, Int128) = (1, 0)
        var (denominator, below): (Int128, Int128) = (0, 1)
        while divisor != 0 {
            let (whole, remainder) = rest.quotientAndRemainder(dividingBy: divisor)
            guard whole < 1 << 60 else { return nil }
            (numerator, before) = (whole * numerator + before, numerator)
            (denominator, below) = (whole * denominator + below, denominator)
            guard denominator <= largestDenominator, numerator < 1 << 50 else { return nil }
            // |n/d − digits/scale| = |n·scale − digits·d| / (d·scale)
            let (left, tooLarge) = numerator.multipliedReportingOverflow(by: scale)
            let (right, overflow) = digits.multipliedReportingOverflow(by: denominator)
            guard !tooLarge, !overflow else { return nil }
            // A double's reach, or half of the last digit that was written: 0.0416666666666667.
            let difference = (left - right).magnitude
            if isWithinADouble(difference, of: right.magnitude)
                || 2 * difference <= denominator.magnitude
            {
                return (numerator, denominator)
            }
            (rest, divisor) = (divisor, remainder)
        }
        return nil
    }

    private static func isWithinADouble(_ difference: UInt128, of value: UInt128) -> Bool {
        difference <= value >> 51
    }
}
