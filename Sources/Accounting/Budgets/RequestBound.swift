import Pricing

/// The most that a request can use, as far as what is sent tells.
package struct RequestBound: Hashable, Sendable {
    /// A token is a byte at least.
    package var inputBytes: Int64 = 0
    /// Of one answer; `nil` where neither the request nor anybody else says it.
    package var maximumOutput: Int64?
    package var answers: Int64 = 1
    /// Pictures, of which a few bytes may be many tokens.
    package var images: Int64 = 0
    /// What goes in and out besides text that a vendor counts apart, such as `audioInput`: without a
    /// rate of its own nobody knows what it costs.
    package var countedApart: Set<Meter> = []
    /// What has no bound, as the end of "the request has …"; `nil` where all of it has one.
    package var unbounded: String?

    package init() {}

    /// What a picture is taken for: above the most that vendors make of one, which is 36,835 for
    /// gpt-4o-mini (2,833 and 5,667 a tile: <https://platform.openai.com/docs/guides/images-vision>,
    /// checked 2026-11-23).
    package static let tokensPerImage: Int64 = 40_000

    /// How long an answer may take to come, in which another rate line may begin.
    private static let secondsUntilComplete: Int64 = 3_600

    /// What it comes to at most, as it is paid.
    ///
    /// Throws `RequestBoundError`, or `PricingError` where it has no price.
    package func cost(_ purchase: Purchase, in book: RateBook) throws -> Money {
        if let unbounded { throw RequestBoundError.unbounded(unbounded) }
        guard let maximumOutput else {
            // As much as there can be of nothing is nothing.
            var endless = self
            endless.maximumOutput = Usage.maximumCount / max(answers, 1)
            let cost = try? endless.cost(purchase, in: book)
            guard let cost, cost.attos == 0 else { throw RequestBoundError.noOutputLimit }
            return cost
        }
        if purchase.serviceTier == RateConditions.anyTier {
            return try costOfAnyTier(purchase, in: book)
        }
        var modalities: Set<Meter.Modality> = [.text]
        if images > 0 { modalities.insert(.image) }
        modalities.formUnion(countedApart.map(\.modality))
        let (pictures, isTooMany) = images.multipliedReportingOverflow(by: Self.tokensPerImage)
        let (input, isTooMuch) = inputBytes.addingReportingOverflow(pictures)
        let (output, isTooLong) = maximumOutput.multipliedReportingOverflow(by: answers)
        guard !isTooMany, !isTooMuch, !isTooLong, input <= Usage.maximumCount,
            output <= Usage.maximumCount, output >= 0
        else { throw PricingError.outOfRange("what the request may use") }
        return try book.worstCase(
            input: input, output: output, answers: answers, modalities: modalities,
            countedApart: countedApart, purchase, withinSeconds: Self.secondsUntilComplete
        ).money
    }

    /// Of the tiers that the vendor may choose at once, the dearest.
    private func costOfAnyTier(_ purchase: Purchase, in book: RateBook) throws -> Money {
        var purchase = purchase
        purchase.serviceTier = RateConditions.standardTier
        var dearest = try cost(purchase, in: book)
        for tier in ["flex", "priority"] {
            purchase.serviceTier = tier
            do {
                let cost = try cost(purchase, in: book)
                if cost.attos > dearest.attos { dearest = cost }
            } catch PricingError.noLineForTier {
                continue
            }
        }
        return dearest
    }
}

package enum RequestBoundError: Error, Hashable, Sendable, CustomStringConvertible {
    case unbounded(String)
    case noOutputLimit

    package var description: String {
        switch self {
        case .unbounded(let what): "the request has \(what), and nobody knows what that may cost"
        case .noOutputLimit:
            "the request does not say how long its answer may become, such as with max_tokens"
        }
    }
}
