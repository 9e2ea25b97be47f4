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
        let scales: [(unit: Int64, sign: String)] = [(1_000_000_000, "B"), (1_000_000, "M")]
        for (unit, sign) in scales where count >= unit && count % (unit / 10) == 0 {
            return "\(grouped(count / unit)).\(count % unit / (unit / 10))\(sign)"
        }
        return grouped(count)
    }

    /// Puts a comma between thousands of the integer part of plain decimal text.
    package static func groupedDigits(_ text: String) -> String {
        let sign = text.hasPrefix("-") ? "-" : ""
        let halves = text.dropFirst(sign.count).split(
            separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        var grouped = ""
        for (index, digit) in halves[0].enumerated() {
            if index > 0, (halves[0].count - index) % 3 == 0 { grouped.append(",") }
            grouped.append(digit)
        }
        return sign + grouped + (halves.count > 1 ? ".\(halves[1])" : "")
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
