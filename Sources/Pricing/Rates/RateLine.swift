/// One published, immutable row: channel, model, currency, conditions and start → a rate per meter.
///
/// A class only so that handing one on costs one reference count; it never changes.
package final class RateLine: Sendable {
    /// What a meter that the line does not list costs.
    package enum Unlisted: String, Sendable {
        /// It is an error.
        case refused
        /// A cached count takes its uncached rate and reasoning takes the output rate, within one
        /// modality.
        case inherit
    }

    /// Content hash of all that follows: two lines are the same line exactly when their ids are.
    package let id: String
    package let channel: String
    package let model: String
    package let currency: Currency
    package let conditions: RateConditions
    package let validFrom: Timestamp
    package let unlisted: Unlisted
    /// The least units of a meter that one request is billed for, once it uses any.
    package let minimumUnits: [Meter: Int64]
    package let rates: Rates

    package init(
        id: String, channel: String, model: String, currency: Currency,
        conditions: RateConditions = RateConditions(), validFrom: Timestamp,
        unlisted: Unlisted = .refused, minimumUnits: [Meter: Int64] = [:], rates: Rates
    ) {
        self.id = id
        self.channel = channel
        self.model = model
        self.currency = currency
        self.conditions = conditions
        self.validFrom = validFrom
        self.unlisted = unlisted
        self.minimumUnits = minimumUnits
        self.rates = rates
    }

    /// The rate that `meter` is charged at, and the meter that the line lists it under.
    package func rate(for meter: Meter) -> (meter: Meter, rate: Rate)? {
        if let rate = rates[meter] { return (meter, rate) }
        guard unlisted == .inherit, meter.isInheritable, let parent = meter.fallback,
            let rate = rates[parent]
        else { return nil }
        return (parent, rate)
    }

    /// The units of `meter` that one request using `count` of them is billed for.
    package func billedUnits(_ count: Int64, of meter: Meter) -> Int64 {
        guard !minimumUnits.isEmpty, let least = minimumUnits[meter], count > 0 else {
            return count
        }
        return max(count, least)
    }

    /// What one request's usage comes to, meter by meter added up, without the heap.
    ///
    /// A meter that the line does not charge is left out of the sum and named in `unpriced`.
    package func charge(for usage: borrowing Usage) throws(PricingError) -> Charge {
        var total: Int128 = 0
        var unpriced = MeterSet()
        for meter in usage.meters {
            guard let (_, rate) = rate(for: meter) else {
                unpriced.insert(meter)
                continue
            }
            let units = billedUnits(usage[meter], of: meter)
            let (sum, overflow) = total.addingReportingOverflow(try rate.attos(for: units))
            guard !overflow else { throw .outOfRange("a bill") }
            total = sum
        }
        return Charge(billed: Billed(Money(currency: currency, attos: total)), unpriced: unpriced)
    }

    /// The line as it bills a volume: `requests` requests of one shape, whose minimum units add up,
    /// or counts of requests whose number is unknown, where minimum units cannot be applied.
    package func forVolume(ofRequests requests: Int64?) throws(PricingError) -> RateLine {
        if minimumUnits.isEmpty { return self }
        var minimums: [Meter: Int64] = [:]
        for (meter, least) in minimumUnits {
            guard let requests else { break }
            let (product, overflow) = least.multipliedReportingOverflow(by: requests)
            guard !overflow else { throw .outOfRange("the minimum of \(requests) requests") }
            minimums[meter] = product
        }
        return RateLine(
            id: id, channel: channel, model: model, currency: currency, conditions: conditions,
            validFrom: validFrom, unlisted: unlisted, minimumUnits: minimums, rates: rates)
    }

    /// The canonical text whose hash is the line's id.
    package static func identity(
        channel: String, model: String, currency: Currency, conditions: RateConditions,
        validFrom: Timestamp, unlisted: Unlisted, minimumUnits: [Meter: Int64], rates: Rates
    ) -> String {
        let quotes = rates.pairs.map { meter, rate in
            "\(meter.name) \(DecimalText.text(rate.quote.attos)) per \(rate.quotedUnits)"
        }
        let minimums = Meter.allCases.compactMap { meter in
            minimumUnits[meter].map { "\(meter.name) at least \($0)" }
        }
        return
            ([
                "line/1", channel, model, currency.code, conditions.text, validFrom.text,
                unlisted.rawValue,
            ] + quotes + minimums).joined(separator: "\n")
    }

    /// What two lines may not share unless one corrects the other.
    package var key: Key {
        Key(
            channel: channel, model: model, currency: currency, conditions: conditions,
            validFrom: validFrom)
    }

    package struct Key: Hashable, Sendable {
        package let channel: String
        package let model: String
        package let currency: Currency
        package let conditions: RateConditions
        package let validFrom: Timestamp
    }
}

extension RateLine: Hashable {
    package static func == (lhs: RateLine, rhs: RateLine) -> Bool { lhs.id == rhs.id }
    package func hash(into hasher: inout Hasher) { hasher.combine(id) }
}

/// What a line makes of some usage: the sum of what it prices, and the meters that it does not.
package struct Charge: Sendable {
    package let billed: Billed
    package let unpriced: MeterSet
}
