/// Decimals as programs that computed them write them: `1.2e-05`, with the noise of a float below the
/// digits that are kept. Of amounts that are compared, never of rates.
package enum ComputedDecimal {
    /// In 10⁻¹⁸, half to even; `nil` for what is no number, or passes `Int128`.
    package static func parse(_ text: String) -> Int128? {
        if let plain = DecimalText.parse(text) { return plain }
        let isNegative = text.utf8.first == UInt8(ascii: "-")
        let parts = text.utf8.dropFirst(isNegative ? 1 : 0).split(
            maxSplits: 1, omittingEmptySubsequences: false
        ) { $0 | 0x20 == UInt8(ascii: "e") }
        guard let mantissa = parts.first, mantissa.count <= 40 else { return nil }
        var exponent = 0
        if parts.count == 2 {
            guard let stated = Int(String(decoding: parts[1], as: UTF8.self)), abs(stated) <= 60
            else { return nil }
            exponent = stated
        }
        guard let digits = digits(mantissa, exponent: &exponent) else { return nil }
        return scaled(digits, by: exponent + DecimalText.scaleDigits).map { isNegative ? -$0 : $0 }
    }

    /// The digits as one number; those behind the point are taken off the exponent.
    private static func digits(
        _ mantissa: Substring.UTF8View.SubSequence, exponent: inout Int
    ) -> Int128? {
        var digits: Int128 = 0
        var isBehindPoint = false
        guard let first = mantissa.first, let last = mantissa.last,
            first != UInt8(ascii: "."), last != UInt8(ascii: ".")
        else { return nil }
        for byte in mantissa {
            if byte == UInt8(ascii: "."), !isBehindPoint {
                isBehindPoint = true
                continue
            }
            guard byte >= 0x30, byte <= 0x39 else { return nil }
            let (tenfold, overflow) = digits.multipliedReportingOverflow(by: 10)
            let (sum, carry) = tenfold.addingReportingOverflow(Int128(byte - 0x30))
            guard !overflow, !carry else { return nil }
            digits = sum
            if isBehindPoint { exponent -= 1 }
        }
        return digits
    }

    private static func scaled(_ digits: Int128, by power: Int) -> Int128? {
        if power >= 0 {
            var value = digits
            for _ in 0..<(digits == 0 ? 0 : power) {
                let (tenfold, overflow) = value.multipliedReportingOverflow(by: 10)
                guard !overflow else { return nil }
                value = tenfold
            }
            return value
        }
        guard power > -39 else { return 0 }
        var divisor: Int128 = 1
        // 10³⁸ is the largest power of ten below 2¹²⁷.
        for _ in 0..<min(-power, 38) { divisor *= 10 }
        let (quotient, remainder) = digits.quotientAndRemainder(dividingBy: divisor)
        let half = divisor / 2
        let isUp = remainder > half || (remainder == half && quotient % 2 == 1)
        return quotient + (isUp ? 1 : 0)
    }
}
