/// What one request, or one volume, comes to on a channel.
package struct Cost: Sendable {
    /// In the currency that the rate line quotes; a lower bound where `unpriced` is not empty.
    package let billed: Billed
    /// In the currency in which the channel's bill is paid; a lower bound where `unpriced` is not
    /// empty.
    package let settled: Settled
    /// Meters of the usage that the line does not charge: unknown, and never zero.
    package let unpriced: MeterSet

    package var isComplete: Bool { unpriced.isEmpty }

    package func adding(_ other: Cost) throws(PricingError) -> Cost {
        Cost(
            billed: try billed.adding(other.billed), settled: try settled.adding(other.settled),
            unpriced: MeterSet(bits: unpriced.bits | other.unpriced.bits))
    }
}

/// One meter's part of a cost.
package struct CostComponent: Sendable {
    package let meter: Meter
    package let count: Int64
    /// What is billed: `count`, or the line's minimum where that is more.
    package let billedUnits: Int64
    /// The meter whose rate was taken: another one only where the line says `unlisted: inherit`.
    package let ratedAs: Meter
    package let rate: Rate
    package let billed: Billed
}

extension RateLine {
    /// The parts of `charge(for:)`, in the order of the meters; meters that the line does not
    /// charge are left out.
    package func components(of usage: Usage) throws(PricingError) -> [CostComponent] {
        var components: [CostComponent] = []
        for meter in usage.meters {
            guard let (ratedAs, rate) = rate(for: meter) else { continue }
            let units = billedUnits(usage[meter], of: meter)
            components.append(
                CostComponent(
                    meter: meter, count: usage[meter], billedUnits: units, ratedAs: ratedAs,
                    rate: rate, billed: try rate.billed(for: units)))
        }
        return components
    }
}

/// How a channel's bill is paid: `pays` of one currency for each `billed` of another, from a day
/// on.
package struct Settlement: Hashable, Sendable {
    package let pays: Money
    package let billed: Money
    package let validFrom: Timestamp
    package let source: Publication

    /// Throws `PricingError.outOfRange` where one side is not above zero.
    package init(
        pays: Money, for billed: Money, validFrom: Timestamp, source: Publication
    ) throws(PricingError) {
        guard pays.attos > 0, billed.attos > 0 else { throw .outOfRange("a settlement") }
        self.pays = pays
        self.billed = billed
        self.validFrom = validFrom
        self.source = source
    }

    /// Throws `PricingError.currencyMismatch` for a bill in another currency than the one settled.
    package func settle(_ bill: Billed) throws(PricingError) -> Settled {
        guard bill.money.currency == billed.currency else {
            throw .currencyMismatch(bill.money.currency, billed.currency)
        }
        if pays.attos == billed.attos {
            return Settled(Money(currency: pays.currency, attos: bill.money.attos))
        }
        let attos = try ExactDivision.halfEven(
            bill.money.attos, times: pays.attos, over: billed.attos)
        return Settled(Money(currency: pays.currency, attos: attos))
    }
}

/// Who says so: the document that was read, the day it was read, and whose word it is.
package struct Publication: Hashable, Sendable {
    package let source: String
    package let checked: CivilDate
    /// `seller` where the figure is the seller's own claim about itself and about others.
    package let claim: String?

    package init(source: String, checked: CivilDate, claim: String? = nil) {
        self.source = source
        self.checked = checked
        self.claim = claim
    }
}
