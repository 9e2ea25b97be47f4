/// What is to be forecast: so much of one model a month, bought in one way.
package struct Workload: Sendable {
    /// How much a month holds.
    package enum Demand: Sendable {
        /// Totals of a month, of requests whose size nobody said.
        case volume(Usage)
        /// So many requests a month, all of one shape.
        case requests(perMonth: Int64, shape: RequestShape)
    }

    package var name: String
    package var purchase: Purchase
    package var demand: Demand
    /// The part that goes through the `batch` service tier.
    package var batchShare: Share
    /// The part that falls into the dearer hours, where the price depends on the hour; `nil` shows
    /// both ends.
    package var peakShare: Share?
    /// Added each month to the month before.
    package var growthPerMonth: Share

    package init(
        name: String = "", purchase: Purchase, demand: Demand, batchShare: Share = .none,
        peakShare: Share? = nil, growthPerMonth: Share = .none
    ) {
        self.name = name
        self.purchase = purchase
        self.demand = demand
        self.batchShare = batchShare
        self.peakShare = peakShare
        self.growthPerMonth = growthPerMonth
    }

    /// Whether it asks for nothing at all: no requests, or none of any size.
    package var isEmpty: Bool {
        switch demand {
        case .volume(let usage): usage.meters.isEmpty
        case .requests(let perMonth, let shape):
            perMonth == 0
                || shape.inputTokens == 0 && shape.outputTokens == 0 && shape.other.meters.isEmpty
        }
    }

    /// The size of a request: what context bands look at. Zero, the base band, where nobody said.
    package var size: RequestSize {
        switch demand {
        case .volume: RequestSize()
        case .requests(_, let shape):
            RequestSize(
                input: Self.sum(shape.inputTokens, shape.other.totalInput),
                output: Self.sum(shape.outputTokens, shape.other.totalOutput))
        }
    }

    private static func sum(_ one: Int64, _ other: Int64) -> Int64 {
        let (sum, overflow) = one.addingReportingOverflow(other)
        return overflow ? Int64.max : sum
    }

    /// The usage of a month, `factor` (10⁻¹⁸ parts) times the first one.
    package func monthlyUsage(timesAttos factor: Int128) throws(PricingError) -> Usage {
        let growth = Share(attos: factor)
        switch demand {
        case .volume(let usage): return try usage.portion(growth)
        case .requests(let perMonth, let shape):
            return try shape.usage(ofRequests: try growth.of(perMonth))
        }
    }
}

/// One request of a workload.
package struct RequestShape: Sendable {
    /// Total input tokens, cached and written ones included.
    package let inputTokens: Int64
    /// Parts of the total input.
    package let cachedShare: Share
    package let cacheWriteShare: Share
    package let outputTokens: Int64
    /// Further meters of each request.
    package let other: Usage

    /// Throws `PricingError.sharesDoNotAddUp` where cached and written tokens are more than the
    /// input.
    package init(
        inputTokens: Int64, cachedShare: Share = .none, cacheWriteShare: Share = .none,
        outputTokens: Int64, other: Usage = Usage()
    ) throws(PricingError) {
        guard cachedShare.attos + cacheWriteShare.attos <= DecimalText.one else {
            throw .malformed(
                what: "pair of shares",
                text:
                    "\(cachedShare.percentText)% cached and \(cacheWriteShare.percentText)% written",
                wanted: "shares of the total input that add up to 100% at most")
        }
        self.inputTokens = inputTokens
        self.cachedShare = cachedShare
        self.cacheWriteShare = cacheWriteShare
        self.outputTokens = outputTokens
        self.other = other
    }

    /// The usage of so many requests: shares are taken of the total, so that nothing is lost to
    /// rounding per request.
    package func usage(ofRequests requests: Int64) throws(PricingError) -> Usage {
        let input = try product(requests, inputTokens)
        let cached = try cachedShare.of(input)
        let written = min(try cacheWriteShare.of(input), input - cached)
        var usage = Usage()
        try usage.add(input - cached - written, of: .input)
        try usage.add(cached, of: .cachedInput)
        try usage.add(written, of: .cacheWrite5m)
        try usage.add(try product(requests, outputTokens), of: .output)
        for meter in other.meters { try usage.add(try product(requests, other[meter]), of: meter) }
        try usage.add(requests, of: .request)
        return usage
    }

    private func product(_ one: Int64, _ other: Int64) throws(PricingError) -> Int64 {
        let (product, overflow) = one.multipliedReportingOverflow(by: other)
        guard !overflow else { throw .outOfRange("\(one) requests of \(other) units") }
        return product
    }
}
