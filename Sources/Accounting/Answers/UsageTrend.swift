import Pricing

/// What a range cost by hour, day, week or month, whichever cuts it into few enough parts to see at
/// a glance.
struct UsageTrend: Sendable {
    static let partCounts = 2...62

    let context: LedgerContext
    let range: LedgerRange
    let now: Timestamp
    let zone: String
    let filter: EventFilter
    let exchange: Exchange
    /// What the report is grouped by already.
    let shown: Set<TimeUnit>

    /// A line for each currency; none where the range is one part, or the report has these parts as
    /// rows.
    func lines() throws -> [Report.Trend] {
        guard let (unit, buckets) = try buckets(), !shown.contains(unit) else { return [] }
        let sums = try SettledSums(
            context, SumQuery(boundaries: buckets.boundaries, filter: filter))
        var bills = Array(repeating: LedgerBill(), count: buckets.boundaries.count - 1)
        for part in sums.parts {
            let next = buckets.boundaries.firstIndex { $0 > part.time } ?? 1
            bills[next - 1].add(part.group, settlement: part.settlement)
        }
        var exchange = exchange
        var values: [Currency: [Int128?]] = [:]
        for (index, bill) in bills.enumerated() {
            for (currency, settled) in try bill.costs(sums.settlements).settled {
                let money = try exchange.shown(settled.money).money
                let key = exchange.wanted ?? currency
                let blank = [Int128?](repeating: nil, count: bills.count)
                values[key, default: blank][index] =
                    (values[key]?[index] ?? 0) + money.attos
            }
        }
        return try values.sorted { $0.key < $1.key }.compactMap { currency, amounts in
            guard let largest = amounts.compactMap(\.self).max(), largest > 0,
                let place = amounts.firstIndex(of: largest)
            else { return nil }
            let name = values.count == 1 ? "" : " \(currency.code)"
            let money = Money(currency: currency, attos: largest).roundedDisplay
            let time = try buckets.label(buckets.boundaries[place], by: unit)
            return Report.Trend(
                label: "by \(unit.rawValue)\(name)", values: amounts, peak: "\(money) on \(time)")
        }
    }

    /// Up to now: what is still to come has no height.
    private func buckets() throws -> (TimeUnit, TimeBuckets)? {
        let end = now > range.start ? min(range.end, now) : range.end
        for unit in TimeUnit.allCases {
            let fewest = (end.milliseconds - range.start.milliseconds) / unit.mostMilliseconds
            guard fewest <= Self.partCounts.upperBound else { continue }
            let buckets = try TimeBuckets(
                from: range.start, to: end, by: unit, in: zone, zones: context.pricing.book.zones)
            if Self.partCounts.contains(buckets.boundaries.count - 1) { return (unit, buckets) }
        }
        return nil
    }
}

extension TimeUnit {
    /// What one of them takes at most.
    fileprivate var mostMilliseconds: Int64 {
        let hour: Int64 = 3_600_000
        return switch self {
        case .hour: 2 * hour
        case .day: 26 * hour
        case .week: 8 * 24 * hour
        case .month: 32 * 24 * hour
        }
    }
}
