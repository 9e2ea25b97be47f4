/// A part of a whole, exact to 10⁻¹⁸: 60% is 0.6.
package struct Share: Hashable, Sendable, Comparable {
    package let attos: Int128

    package static let none = Share(attos: 0)
    package static let whole = Share(attos: DecimalText.one)

    package init(attos: Int128) { self.attos = attos }

    /// Reads `60%`; with `percentSign: .optional` also `60`. Throws `PricingError.malformed`
    /// outside 0% … 100%.
    package init(
        parsing text: String, for what: String, percentSign: PercentSign = .required
    ) throws(PricingError) {
        let share = try Share(growth: text, for: what, percentSign: percentSign)
        guard share.attos >= 0, share <= .whole else {
            throw .malformed(
                what: what.isEmpty ? "share" : "share for \(what)", text: text,
                wanted: "a share from 0% to 100%")
        }
        self = share
    }

    package enum PercentSign: Sendable { case required, optional }

    /// Reads a rate of change such as `5%` or `-2.5%`, from -100% to 1000%.
    package init(
        growth text: String, for what: String, percentSign: PercentSign = .required
    ) throws(PricingError) {
        let hasSign = text.hasSuffix("%")
        let digits = hasSign ? text.utf8.dropLast() : text.utf8[...]
        guard hasSign || percentSign == .optional, let attos = DecimalText.parse(digits),
            attos % 100 == 0, attos >= -100 * DecimalText.one, attos <= 1000 * DecimalText.one
        else {
            throw .malformed(
                what: what.isEmpty ? "share" : "share for \(what)", text: text,
                wanted: "a percentage such as 60%")
        }
        self.attos = attos / 100
    }

    /// The share of a count, rounded half to even to a whole unit.
    package func of(_ count: Int64) throws(PricingError) -> Int64 {
        let part = try ExactDivision.halfEven(Int128(count), times: attos, over: DecimalText.one)
        guard let value = Int64(exactly: part) else { throw .outOfRange("a share of \(count)") }
        return value
    }

    package var percentText: String {
        DecimalText.text(attos * 100)
    }

    package static func < (lhs: Share, rhs: Share) -> Bool { lhs.attos < rhs.attos }
}

extension Usage {
    /// This share of each meter, rounded half to even.
    package func portion(_ share: Share) throws(PricingError) -> Usage {
        var part = Usage()
        for meter in meters { try part.add(try share.of(self[meter]), of: meter) }
        return part
    }

    /// What is left of each meter once `part` is taken away; `part` is never larger.
    package func remainder(after part: Usage) throws(PricingError) -> Usage {
        var rest = Usage()
        for meter in meters { try rest.add(self[meter] - part[meter], of: meter) }
        return rest
    }
}
