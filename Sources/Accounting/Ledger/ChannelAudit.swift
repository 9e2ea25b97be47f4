import Pricing

/// What a channel says it charged for its requests, held against what our lines make of them, model
/// by model; and what it told about their usage.
///
/// Both sides are always sums over the same requests.
struct ChannelAudit {
    /// In which of a line's currencies the vendor told its cost.
    enum Basis: Hashable {
        case billed, settled
    }

    fileprivate struct Charge: Hashable {
        let basis: Basis
        let currency: Currency
    }

    fileprivate struct Compared {
        var bill = LedgerBill()
        var charged: Money
    }

    /// Of one model.
    fileprivate struct Tally {
        var requests: Int64 = 0
        var reported: Int64 = 0
        var withoutVendorCost: Int64 = 0
        /// With a vendor's cost, and no reported usage or no price of ours.
        var withoutCost: Int64 = 0
        /// Whose vendor's cost is in a currency that the line is neither billed nor paid in.
        var inOtherCurrency: Int64 = 0
        var compared: [Charge: Compared] = [:]
        var input: Int128 = 0
        var cachedInput: Int128 = 0
        /// Reported requests with input, none of it from a cache.
        var withoutCached: Int64 = 0
        var hasCachedRate = false
    }

    /// Tokens of the input, and those of them that a cache served.
    private struct Input {
        var all: Int128 = 0
        var cached: Int128 = 0
    }

    /// Sums over requests that have both a vendor's cost and one of ours.
    struct Comparison: Sendable {
        let requests: Int64
        let computed: Money
        let charged: Money
        let isSettled: Bool

        var difference: Money {
            get throws(PricingError) { try charged.subtracting(computed) }
        }
        var multiplier: String? {
            get throws(PricingError) {
                try ExactDivision.ratioText(charged.attos, over: computed.attos)
            }
        }
    }

    struct Row: Sendable {
        /// `nil` for all models together.
        let model: String?
        let requests: Int64
        let reported: Int64
        let withoutVendorCost: Int64
        let withoutCost: Int64
        let inOtherCurrency: Int64
        /// One a currency.
        let comparisons: [Comparison]
        /// `nil` for all models together: shares are compared model by model.
        let cache: CacheShare?
    }

    /// How much of the input a cache served, here and on those of the ledger's other channels that
    /// report any.
    struct CacheShare: Sendable {
        let input: Int128
        let cached: Int128
        let requestsWithoutCached: Int64
        let hasRate: Bool
        let otherInput: Int128
        let otherCached: Int128
        let otherChannels: [String]

        /// What the cache would have served if these requests were as the others are, half to even,
        /// less what it did; `nil` where there is nothing to compare with.
        var missing: Int128? {
            get throws(PricingError) {
                guard otherInput > 0, input > 0 else { return nil }
                let usual = try ExactDivision.halfEven(
                    input, times: otherCached, over: otherInput)
                return max(usual - cached, 0)
            }
        }
    }

    private let channel: String
    private var tallies: [String: Tally] = [:]
    /// By model and channel.
    private var others: [String: [String: Input]] = [:]
    private let settlements: LedgerSettlements

    /// Reads the channel's events one by one, and of the other channels their sums.
    init(_ channel: Channel, in range: LedgerRange, _ context: LedgerContext) throws {
        self.channel = channel.id
        settlements = LedgerSettlements([channel])
        try context.ledger.forEachEntry(
            from: range.start, to: range.end,
            matching: EventFilter([.channel: [channel.id]]), account: context.account
        ) { try add($0) }
        let query = SumQuery(
            boundaries: [range.start, range.end],
            filter: EventFilter([.known: [Known.reported.rawValue]]))
        for group in try context.ledger.sums(query, account: context.account)
        where group.channel != channel.id && tallies[group.model] != nil {
            var other = others[group.model]?[group.channel] ?? Input()
            for (meter, count) in group.sum.counts.pairs where meter.side == .input {
                other.all += count
                if meter.isInheritable { other.cached += count }
            }
            others[group.model, default: [:]][group.channel] = other
        }
    }

    private mutating func add(_ entry: LedgerEntry) throws {
        let event = entry.event
        var tally = tallies[entry.model] ?? Tally()
        defer { tallies[entry.model] = tally }
        tally.requests += 1
        if entry.line?.rates[.cachedInput] != nil { tally.hasCachedRate = true }
        if event.known == .reported {
            tally.reported += 1
            let cached = event.usage.cachedInput
            tally.input += Int128(event.usage.totalInput)
            tally.cachedInput += cached
            if event.usage.totalInput > 0, cached == 0 { tally.withoutCached += 1 }
        }
        guard let charged = event.vendorCost else {
            tally.withoutVendorCost += 1
            return
        }
        // An estimate of ours says nothing about what a vendor charged.
        guard let line = entry.line, event.known == .reported,
            try line.charge(for: event.usage).unpriced.isEmpty
        else {
            tally.withoutCost += 1
            return
        }
        let place = try settlements.place(of: line, on: entry.channel, at: event.start)
        let basis: Basis
        switch charged.currency {
        case line.currency: basis = .billed
        case settlements.currency(of: line, on: entry.channel, by: place): basis = .settled
        default:
            tally.inOtherCurrency += 1
            return
        }
        let key = Charge(basis: basis, currency: charged.currency)
        var compared = tally.compared[key] ?? Compared(charged: .zero(charged.currency))
        compared.bill.add(
            UsageSum(event.usage, line: line), of: entry.channel, line, event.known,
            settlement: place)
        compared.charged = try compared.charged.adding(charged)
        tally.compared[key] = compared
    }

    // MARK: Rows

    /// By the name of the model, and all of them together.
    func rows() throws -> (models: [Row], total: Row) {
        var all = Tally()
        var models: [Row] = []
        for (model, tally) in tallies.sorted(by: { $0.key < $1.key }) {
            models.append(try row(model, tally, cache: cache(model, tally)))
            try all.add(tally)
        }
        return (models, try row(nil, all, cache: nil))
    }

    private func cache(_ model: String, _ tally: Tally) -> CacheShare {
        // A channel that reports no cached input of the model may drop it too: it is no measure.
        let telling = (others[model] ?? [:]).filter { $0.value.cached > 0 }
        return CacheShare(
            input: tally.input, cached: tally.cachedInput,
            requestsWithoutCached: tally.withoutCached, hasRate: tally.hasCachedRate,
            otherInput: telling.values.reduce(0) { $0 + $1.all },
            otherCached: telling.values.reduce(0) { $0 + $1.cached },
            otherChannels: telling.keys.sorted())
    }

    private func row(_ model: String?, _ tally: Tally, cache: CacheShare?) throws -> Row {
        var comparisons: [Comparison] = []
        for (key, compared) in tally.compared {
            let costs = try compared.bill.costs(settlements)
            let computed =
                key.basis == .billed
                ? costs.billed[key.currency]?.money : costs.settled[key.currency]?.money
            comparisons.append(
                Comparison(
                    requests: compared.bill.usage.requests,
                    computed: computed ?? .zero(key.currency), charged: compared.charged,
                    isSettled: key.basis == .settled))
        }
        comparisons.sort {
            ($0.charged.currency, $0.isSettled ? 1 : 0)
                < ($1.charged.currency, $1.isSettled ? 1 : 0)
        }
        return Row(
            model: model, requests: tally.requests, reported: tally.reported,
            withoutVendorCost: tally.withoutVendorCost, withoutCost: tally.withoutCost,
            inOtherCurrency: tally.inOtherCurrency, comparisons: comparisons,
            cache: cache)
    }
}

extension ChannelAudit.Tally {
    fileprivate mutating func add(_ other: ChannelAudit.Tally) throws {
        requests += other.requests
        reported += other.reported
        withoutVendorCost += other.withoutVendorCost
        withoutCost += other.withoutCost
        inOtherCurrency += other.inOtherCurrency
        for (key, compared) in other.compared {
            var sum = self.compared[key] ?? ChannelAudit.Compared(charged: .zero(key.currency))
            sum.bill.add(compared.bill)
            sum.charged = try sum.charged.adding(compared.charged)
            self.compared[key] = sum
        }
    }
}

extension Usage {
    /// Input tokens that a cache served.
    fileprivate var cachedInput: Int128 {
        meters.reduce(0) { $1.isInheritable && $1.side == .input ? $0 + Int128(self[$1]) : $0 }
    }
}
