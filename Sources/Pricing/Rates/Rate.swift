/// What a channel charges for `quotedUnits` units of one meter, as it publishes it.
package struct Rate: Hashable, Sendable {
    /// The largest quote, in units of its currency.
    package static let maximumQuote: Int128 = 10_000_000 * DecimalText.one
    package static let maximumQuotedUnits: Int64 = 1_000_000_000_000

    package let quote: Money
    package let quotedUnits: Int64
    /// The price of one unit in 10⁻¹⁸, where it ends there; `nil` for a ratio such as 1 per
    /// 12,000,000.
    private let attosPerUnit: Int128?

    /// Throws `PricingError.outOfRange` for a negative quote, one above 10⁷, or units outside 1 …
    /// 10¹².
    package init(quote: Money, per quotedUnits: Int64) throws(PricingError) {
        guard quote.attos >= 0, quote.attos <= Self.maximumQuote else {
            throw .outOfRange("the quote \(quote.amountText)")
        }
        guard quotedUnits >= 1, quotedUnits <= Self.maximumQuotedUnits else {
            throw .outOfRange("a quote per \(quotedUnits) units")
        }
        self.quote = quote
        self.quotedUnits = quotedUnits
        let (perUnit, rest) = quote.attos.quotientAndRemainder(dividingBy: Int128(quotedUnits))
        attosPerUnit = rest == 0 ? perUnit : nil
    }

    /// Whether the channel says outright that the meter costs nothing.
    package var isFree: Bool { quote.attos == 0 }

    /// What `count` units come to: multiplied first, divided once, half to even at 10⁻¹⁸.
    ///
    /// Add counts before calling it: 3,600 times the amount of one second is not the amount of an
    /// hour. Throws `PricingError.outOfRange` past `Int128`, and never traps.
    package func billed(for count: Int64) throws(PricingError) -> Billed {
        Billed(Money(currency: quote.currency, attos: try attos(for: count)))
    }

    func attos(for count: Int64) throws(PricingError) -> Int128 {
        try attos(forMany: Int128(count))
    }

    /// What the counts of many requests come to, which may be less than zero: taken back.
    @inline(__always)
    func attos(forMany count: Int128) throws(PricingError) -> Int128 {
        if let attosPerUnit {
            let (product, overflow) = attosPerUnit.multipliedReportingOverflow(by: count)
            guard !overflow else { throw .outOfRange("the cost of \(count) units") }
            return product
        }
        return try ExactDivision.halfEven(quote.attos, times: count, over: Int128(quotedUnits))
    }

    /// The same rate times an exact decimal factor (10⁻¹⁸ parts), as channels that extend another
    /// are priced.
    ///
    /// Where the product does not end at 10⁻¹⁸ the quoted units grow, so that no digit is lost.
    package func multiplied(byAttos factor: Int128) throws(PricingError) -> Rate {
        var units = quotedUnits
        var scale = DecimalText.one
        // Trailing zeros of the factor cost nothing: 0.85 is 85 over 100.
        var numerator = factor
        while scale > 1, numerator % 10 == 0 {
            numerator /= 10
            scale /= 10
        }
        var (product, overflow) = quote.attos.multipliedReportingOverflow(by: numerator)
        while !overflow, scale > 1 {
            if product % 10 == 0 {
                product /= 10
            } else {
                let (grown, tooMany) = units.multipliedReportingOverflow(by: 10)
                guard !tooMany else { throw .outOfRange("a multiplied rate") }
                units = grown
            }
            scale /= 10
        }
        guard !overflow else { throw .outOfRange("a multiplied rate") }
        return try Rate(quote: Money(currency: quote.currency, attos: product), per: units)
    }

    /// The price of one unit as a decimal cut at 10⁻¹⁸, for comparing rates with different quoted
    /// units.
    package var attosOfOneUnit: Int128 { attosPerUnit ?? quote.attos / Int128(quotedUnits) }
}

/// The rates of one line: at most one a meter.
package struct Rates: Hashable, Sendable {
    package private(set) var meters = MeterSet()
    /// In the order of the meters' raw values.
    private var rates: [Rate] = []

    package init() {}

    package init(_ pairs: [(Meter, Rate)]) {
        for (meter, rate) in pairs { self[meter] = rate }
    }

    package subscript(meter: Meter) -> Rate? {
        get { meters.contains(meter) ? rates[place(of: meter)] : nil }
        set {
            let place = place(of: meter)
            switch (meters.contains(meter), newValue) {
            case (true, let rate?): rates[place] = rate
            case (false, let rate?):
                rates.insert(rate, at: place)
                meters.insert(meter)
            case (true, nil):
                rates.remove(at: place)
                meters.bits &= ~MeterSet.bit(meter)
            case (false, nil): break
            }
        }
    }

    package var pairs: [(meter: Meter, rate: Rate)] { zip(meters, rates).map { ($0, $1) } }

    private func place(of meter: Meter) -> Int {
        (meters.bits & (MeterSet.bit(meter) - 1)).nonzeroBitCount
    }
}
