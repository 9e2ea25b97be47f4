import Pricing

/// What some usage of the ledger comes to: counts added per rate line and settlement first, each
/// total multiplied once.
package struct LedgerBill: Sendable {
    private struct Key: Hashable {
        let line: RateLine?
        /// Which settlement of the channel holds; -1 where it is paid as billed.
        let settlement: Int
        let channel: String
    }

    private struct Part {
        let key: Key
        let known: Known
        var sum: UsageSum
    }

    private var parts: [Part] = []
    /// The places of parts by their key, of all how they are known; empty while there are few.
    private var places: [Key: [Int]] = [:]
    /// Requests, by how they are known.
    package private(set) var known: [Known: Int64] = [:]
    /// All usage, priced or not.
    package private(set) var usage = UsageSum()

    /// Up to which number of parts looking at each is quicker than hashing.
    private static let fewParts = 4

    package init() {}

    /// `settlement` is the place of the one that holds, -1 where bills are paid as they are.
    package mutating func add(_ group: UsageGroup, settlement: Int) {
        add(group.sum, of: group.channel, group.line, group.known, settlement: settlement)
    }

    /// Adds usage that was bought on a channel and falls under a line.
    package mutating func add(
        _ sum: UsageSum, of channel: String, _ line: RateLine?, _ known: Known, settlement: Int
    ) {
        add(sum, known, Key(line: line, settlement: settlement, channel: channel))
    }

    private mutating func add(_ sum: UsageSum, _ known: Known, _ key: Key) {
        self.known[known, default: 0] += sum.requests
        usage.add(sum)
        if let place = place(of: key, known) {
            parts[place].sum.add(sum)
            return
        }
        parts.append(Part(key: key, known: known, sum: sum))
        if parts.count == Self.fewParts + 1 {
            for (place, part) in parts.enumerated() { places[part.key, default: []].append(place) }
        } else if parts.count > Self.fewParts {
            places[key, default: []].append(parts.count - 1)
        }
    }

    private func place(of key: Key, _ known: Known) -> Int? {
        guard parts.count > Self.fewParts else {
            return parts.firstIndex { $0.known == known && $0.key == key }
        }
        return places[key]?.first { parts[$0].known == known }
    }

    package mutating func add(_ other: LedgerBill) {
        for part in other.parts { add(part.sum, part.known, part.key) }
    }

    /// The same usage apart by the currency in which it is paid; `nil` for what has no price.
    package func byCurrency(_ settlements: LedgerSettlements) -> [Currency?: LedgerBill] {
        let currencies = parts.map { part in
            part.key.line.map {
                settlements.currency(of: $0, on: part.key.channel, by: part.key.settlement)
            }
        }
        if let first = currencies.first, currencies.allSatisfy({ $0 == first }) {
            return [first: self]
        }
        var bills: [Currency?: LedgerBill] = [:]
        for (part, currency) in zip(parts, currencies) {
            bills[currency, default: LedgerBill()].add(part.sum, part.known, part.key)
        }
        return bills
    }

    /// The costs by currency, and what has no price.
    package func costs(_ settlements: LedgerSettlements) throws(PricingError) -> LedgerCosts {
        var costs = LedgerCosts()
        costs.unknownRequests = known[.unknown] ?? 0
        for (key, sum) in sumsByKey() {
            guard let line = key.line else {
                costs.unpriced.add(sum.counts)
                costs.unpricedRequests += sum.requests
                continue
            }
            let charge = try line.charge(for: sum)
            for meter in charge.unpriced { costs.unpriced.add(sum.counts[meter], of: meter) }
            if !charge.unpriced.isEmpty { costs.partlyPricedRequests += sum.requests }
            let settled = try settlements.settle(
                charge.billed, on: key.channel, by: key.settlement)
            try costs.add(billed: charge.billed, settled: settled)
        }
        return costs
    }

    /// However it is known, what falls under one line is multiplied once.
    private func sumsByKey() -> [(Key, UsageSum)] {
        if parts.count == 1 { return [(parts[0].key, parts[0].sum)] }
        var sums: [(Key, UsageSum)] = []
        var places: [Key: Int] = [:]
        for part in parts {
            if let place = places[part.key] {
                sums[place].1.add(part.sum)
            } else {
                places[part.key] = sums.count
                sums.append((part.key, part.sum))
            }
        }
        return sums
    }
}

/// Costs of the ledger, by currency; where something has no price they are the least it comes to.
package struct LedgerCosts: Sendable {
    package private(set) var settled: [Currency: Settled] = [:]
    package private(set) var billed: [Currency: Billed] = [:]
    package fileprivate(set) var unpriced = MeterCounts()
    /// Requests without a rate line.
    package fileprivate(set) var unpricedRequests: Int64 = 0
    /// Requests that share a line which does not price all that they used: one of them at least did.
    package fileprivate(set) var partlyPricedRequests: Int64 = 0
    /// Requests of which no usage is known.
    package fileprivate(set) var unknownRequests: Int64 = 0

    package var isComplete: Bool {
        unpriced.isZero && unpricedRequests == 0 && partlyPricedRequests == 0
            && unknownRequests == 0
    }

    fileprivate mutating func add(billed: Billed, settled: Settled) throws(PricingError) {
        let (bill, cost) = (billed.money.currency, settled.money.currency)
        self.billed[bill] = try self.billed[bill]?.adding(billed) ?? billed
        self.settled[cost] = try self.settled[cost]?.adding(settled) ?? settled
    }
}

/// How the channels of some usage settle their bills, and from when on.
package struct LedgerSettlements: Sendable {
    private let channels: [String: Channel]

    package init(_ channels: [Channel]) {
        self.channels = Dictionary(
            channels.map { ($0.id, $0) }, uniquingKeysWith: { one, _ in one })
    }

    /// The moments within a range at which a settlement begins to hold.
    package func changes(from start: Timestamp, to end: Timestamp) -> [Timestamp] {
        let all = channels.values.flatMap { $0.settlements.map(\.validFrom) }
        return Set(all.filter { start < $0 && $0 < end }).sorted()
    }

    /// Whether a channel's bills are ever paid otherwise than as they are.
    package func settles(_ channel: String) -> Bool {
        channels[channel].map { !$0.settlements.isEmpty } ?? false
    }

    /// The place of the settlement that holds for a line's bills at `time`, -1 where they are paid
    /// as billed.
    ///
    /// Throws `PricingError.noSettlement` before the first one.
    package func place(
        of line: RateLine?, on channel: String, at time: Timestamp
    ) throws(PricingError) -> Int {
        guard let line, let channel = channels[channel],
            let settlement = try channel.settlement(of: line.currency, at: time)
        else { return -1 }
        return channel.settlements.firstIndex(of: settlement) ?? -1
    }

    func currency(of line: RateLine, on channel: String, by place: Int) -> Currency {
        guard place >= 0, let channel = channels[channel] else { return line.currency }
        return channel.settlements[place].pays.currency
    }

    func settle(
        _ bill: Billed, on channel: String, by place: Int
    ) throws(PricingError) -> Settled {
        guard place >= 0, let channel = channels[channel] else { return Settled(bill.money) }
        return try channel.settlements[place].settle(bill)
    }
}
