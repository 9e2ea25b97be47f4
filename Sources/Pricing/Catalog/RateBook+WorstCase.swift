extension RateBook {
    /// The most that a request of some size can come to: each token at the dearest rate of its side,
    /// whatever band, hour or kind it falls under, and each answer at the rate for a request.
    ///
    /// `modalities` are those that the tokens may be of, `countedApart` meters that a vendor tells from
    /// the others. Lines that begin within the next `span` count too, for nobody knows when the answer
    /// is complete.
    ///
    /// Throws what `price` throws where there is no line, and `PricingError.unpriced` for one that has
    /// no rate for a side, or for what is counted apart on it.
    package func worstCase(
        input: Int64, output: Int64, answers: Int64, modalities: Set<Meter.Modality>,
        countedApart: Set<Meter> = [], _ purchase: Purchase, withinSeconds span: Int64
    ) throws(PricingError) -> Settled {
        let (model, channel, offer) = try offer(for: purchase)
        let list = purchase.list ?? offer.currency(preferring: channel.currency)
        let end = purchase.at.advanced(bySeconds: span)
        let lines = offer.lines.map(\.line).filter { line in
            line.currency == list && line.conditions.serviceTier == purchase.serviceTier
                && line.conditions.when.isEmpty && line.validFrom <= end
                && offer.end(of: line).map { purchase.at < $0 } ?? true
        }
        guard !lines.isEmpty else {
            throw offer.refusal(
                of: purchase, model: catalog.models[model].id, channel: channel, at: purchase.at)
        }
        var worst = Billed(Money.zero(list))
        for line in lines {
            let unpriced = countedApart.filter {
                ($0.side == .input || output > 0) && line.rates[$0] == nil
            }
            guard unpriced.isEmpty else {
                throw .unpriced(
                    model: line.model, channel: line.channel, line: line.id,
                    meters: unpriced.sorted { $0.rawValue < $1.rawValue })
            }
            let bill = try line.worstCase(input, output, answers, modalities)
            if bill.money.attos > worst.money.attos { worst = bill }
        }
        return try channel.settle(worst, at: purchase.at)
    }
}

extension RateLine {
    fileprivate func worstCase(
        _ input: Int64, _ output: Int64, _ answers: Int64, _ modalities: Set<Meter.Modality>
    ) throws(PricingError) -> Billed {
        var sum = try dearest(.input, input, modalities)
        sum = try sum.adding(try dearest(.output, output, modalities))
        if let rate = rates[.request] { sum = try sum.adding(try rate.billed(for: answers).money) }
        return Billed(sum)
    }

    private func dearest(
        _ side: Meter.Side, _ count: Int64, _ modalities: Set<Meter.Modality>
    ) throws(PricingError) -> Money {
        var dearest: Money?
        for meter in Meter.allCases where meter.side == side {
            guard meter.isToken, modalities.contains(meter.modality), let rate = rates[meter] else {
                continue
            }
            let bill = try rate.billed(for: max(count, minimumUnits[meter] ?? 0)).money
            if bill.attos >= dearest?.attos ?? 0 { dearest = bill }
        }
        guard let dearest else {
            throw .unpriced(
                model: model, channel: channel, line: id,
                meters: [side == .input ? .input : .output])
        }
        return dearest
    }
}
