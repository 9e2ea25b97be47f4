/// Plain decimal text, read and written exactly: `8`, `0.14`, `-2.50`; never `1e9`, `1,5`, `.5`,
/// `NaN` or `＋１`.
///
/// The value is a count of 10⁻¹⁸. Text with more than 18 decimals, or a value outside `Int128`, is
/// refused, not rounded.
package enum DecimalText {
    package static let scaleDigits = 18
    package static let one: Int128 = 1_000_000_000_000_000_000
    private static let zero = UInt8(ascii: "0")

    /// The count of 10⁻¹⁸ that `text` says, or `nil` where it is not plain decimal.
    package static func parse(_ text: some Sequence<UInt8>) -> Int128? {
        var digits: Int128 = 0
        var integerDigits = 0
        var decimals: Int?
        var isNegative = false
        var isFirst = true
        var leadingZero = false
        for byte in text {
            defer { isFirst = false }
            if isFirst, byte == UInt8(ascii: "-") {
                isNegative = true
                continue
            }
            if byte == UInt8(ascii: "."), decimals == nil, integerDigits > 0 {
                decimals = 0
                continue
            }
            guard byte >= zero, byte <= UInt8(ascii: "9") else { return nil }
            if let count = decimals {
                guard count < scaleDigits else { return nil }
                decimals = count + 1
            } else {
                guard !leadingZero else { return nil }
                leadingZero = integerDigits == 0 && byte == zero
                integerDigits += 1
            }
            let (tenfold, overflow) = digits.multipliedReportingOverflow(by: 10)
            let (sum, carry) = tenfold.addingReportingOverflow(Int128(byte - zero))
            guard !overflow, !carry else { return nil }
            digits = sum
        }
        guard integerDigits > 0, decimals != 0 else { return nil }
        for _ in (decimals ?? 0)..<scaleDigits {
            let (tenfold, overflow) = digits.multipliedReportingOverflow(by: 10)
            guard !overflow else { return nil }
            digits = tenfold
        }
        return isNegative ? -digits : digits
    }

    package static func parse(_ text: String) -> Int128? { parse(text.utf8) }

    /// Appends `attos` · 10⁻¹⁸ with at least `minorDigits` decimals and no other trailing zeros.
    package static func append(_ attos: Int128, minorDigits: Int, to bytes: inout [UInt8]) {
        if attos < 0 { bytes.append(UInt8(ascii: "-")) }
        let magnitude = attos.magnitude
        let unit = one.magnitude
        // Amounts below 1.8e19 attos' worth of units take the quick road: two 64-bit halves.
        let whole = magnitude < unit ? 0 : magnitude / unit
        appendInteger(whole, to: &bytes)
        var fraction = UInt64(magnitude - whole * unit)
        var count = scaleDigits
        while count > minorDigits, fraction % 10 == 0 {
            fraction /= 10
            count -= 1
        }
        guard count > 0 else { return }
        bytes.append(UInt8(ascii: "."))
        let start = bytes.count
        for _ in 0..<count { bytes.append(zero) }
        var index = start + count - 1
        while fraction > 0 {
            bytes[index] = zero + UInt8(fraction % 10)
            fraction /= 10
            index -= 1
        }
    }

    package static func text(_ attos: Int128, minorDigits: Int = 0) -> String {
        var bytes: [UInt8] = []
        append(attos, minorDigits: minorDigits, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func appendInteger(_ value: UInt128, to bytes: inout [UInt8]) {
        guard var small = UInt64(exactly: value) else {
            let (quotient, remainder) = value.quotientAndRemainder(dividingBy: 10)
            appendInteger(quotient, to: &bytes)
            bytes.append(zero + UInt8(remainder))
            return
        }
        var digits = 1
        var rest = small
        while rest >= 10 {
            rest /= 10
            digits += 1
        }
        // Written from the end: reversing a slice would copy it to the heap.
        for _ in 0..<digits { bytes.append(zero) }
        var place = bytes.count
        while small > 0 {
            place -= 1
            bytes[place] = zero + UInt8(small % 10)
            small /= 10
        }
    }
}
