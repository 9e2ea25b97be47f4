/// Counts as people write them: `10M`, `1.5B`, `250k`, `1000`.
package enum Count {
    /// The whole number that `text` says, or `nil`: no sign, no exponent, no group separators, no
    /// fraction left over.
    package static func parse(_ text: String) -> Int64? {
        guard let last = text.utf8.last, text.utf8.first != UInt8(ascii: "-") else { return nil }
        let scale: Int128?
        switch last {
        case UInt8(ascii: "k"), UInt8(ascii: "K"): scale = 1_000
        case UInt8(ascii: "M"), UInt8(ascii: "m"): scale = 1_000_000
        case UInt8(ascii: "B"), UInt8(ascii: "b"), UInt8(ascii: "G"): scale = 1_000_000_000
        default: scale = nil
        }
        let digits = scale == nil ? text.utf8[...] : text.utf8.dropLast()
        guard let attos = DecimalText.parse(digits), attos >= 0 else { return nil }
        let (scaled, overflow) = attos.multipliedReportingOverflow(by: scale ?? 1)
        guard !overflow, scaled % DecimalText.one == 0 else { return nil }
        return Int64(exactly: scaled / DecimalText.one)
    }

    /// Reads a count; throws `PricingError.malformed` and names the flag or field.
    package static func require(_ text: String, for what: String) throws(PricingError) -> Int64 {
        guard let count = parse(text) else {
            throw .malformed(
                what: "count for \(what)", text: text,
                wanted: "a whole number such as 1000, 250k or 10M")
        }
        return count
    }

    /// With separators between thousands, for people: `1,400,000`.
    package static func grouped(_ count: Int64) -> String {
        groupedDigits(String(count))
    }

    /// Short for a table cell: `24.0M`, `1.5B`, `999`, `2,000`.
    package static func short(_ count: Int64) -> String {
        guard count >= 1_000_000, count % 100_000 == 0 else { return grouped(count) }
        let isBillions = count >= 1_000_000_000 && count % 100_000_000 == 0
        let unit: Int64 = isBillions ? 1_000_000_000 : 1_000_000
        return "\(grouped(count / unit)).\(count % unit / (unit / 10))\(isBillions ? "B" : "M")"
    }

    /// Puts a comma between thousands of the integer part of plain decimal text.
    package static func groupedDigits(_ text: String) -> String {
        let bytes = text.utf8
        let start = bytes.first == UInt8(ascii: "-") ? 1 : 0
        let whole = bytes.dropFirst(start).prefix { $0 != UInt8(ascii: ".") }.count
        guard whole > 3 else { return text }
        let commas = (whole - 1) / 3
        return String(unsafeUninitializedCapacity: bytes.count + commas) { grouped in
            var place = 0
            for (index, byte) in bytes.enumerated() {
                let digit = index - start
                if digit > 0, digit < whole, (whole - digit) % 3 == 0 {
                    grouped[place] = UInt8(ascii: ",")
                    place += 1
                }
                grouped[place] = byte
                place += 1
            }
            return place
        }
    }
}

extension Count {
    /// The shortest text that `parse` reads back: `1k`, `3.6M`, `1000000000` as `1B`, `1234`.
    package static func exact(_ count: Int64) -> String {
        let scales: [(unit: Int64, sign: String)] = [
            (1_000_000_000, "B"), (1_000_000, "M"), (1_000, "k"),
        ]
        for (unit, sign) in scales where count >= unit && count % (unit / 10) == 0 {
            let tenths = count % unit / (unit / 10)
            return "\(count / unit)" + (tenths > 0 ? ".\(tenths)" : "") + sign
        }
        return String(count)
    }
}
