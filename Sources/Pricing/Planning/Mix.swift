/// Shares of one workload over several models; they add up to the whole.
package struct Mix: Sendable {
    package struct Part: Hashable, Sendable {
        package let model: String
        package let share: Share

        package init(model: String, share: Share) {
            self.model = model
            self.share = share
        }
    }

    package let parts: [Part]

    /// Throws `PricingError.sharesDoNotAddUp` unless the shares come to exactly 100%.
    package init(_ parts: [Part]) throws(PricingError) {
        let sum = parts.reduce(Int128(0)) { $0 + $1.share.attos }
        guard sum == DecimalText.one else {
            throw .sharesDoNotAddUp(Share(attos: sum).percentText)
        }
        self.parts = parts
    }

    /// The cheapest mix in which each floor is kept: what no floor claims goes to the cheapest
    /// model.
    ///
    /// `costs` is what the whole workload comes to under each model, in one currency.
    package static func cheapest(
        costs: [(model: String, cost: Money)], floors: [Part]
    ) throws(PricingError) -> Mix {
        let claimed = floors.reduce(Int128(0)) { $0 + $1.share.attos }
        guard claimed <= DecimalText.one else {
            throw .sharesDoNotAddUp(Share(attos: claimed).percentText)
        }
        let ranked = costs.sorted { ($0.cost.attos, $0.model) < ($1.cost.attos, $1.model) }
        guard let best = ranked.first else { throw .outOfRange("a mix of no models") }
        for (_, cost) in ranked where cost.currency != best.cost.currency {
            throw .currencyMismatch(best.cost.currency, cost.currency)
        }
        var shares: [String: Int128] = [:]
        for floor in floors { shares[floor.model, default: 0] += floor.share.attos }
        shares[best.model, default: 0] += DecimalText.one - claimed
        let parts = ranked.compactMap { model, _ in
            shares[model].flatMap { $0 > 0 ? Part(model: model, share: Share(attos: $0)) : nil }
        }
        return try Mix(parts)
    }

    /// The usage of each part: rounded along the running sum, so that the parts add up to the
    /// whole.
    package func split(_ usage: Usage) throws(PricingError) -> [Usage] {
        var before = Usage()
        var sum: Int128 = 0
        var result: [Usage] = []
        for part in parts {
            sum += part.share.attos
            let through = try usage.portion(Share(attos: sum))
            result.append(try through.remainder(after: before))
            before = through
        }
        return result
    }
}
