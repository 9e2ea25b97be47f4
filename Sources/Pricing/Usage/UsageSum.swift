/// The usage of many requests added up: signed, since a correction takes back what it corrects, and
/// wider than any one request's counts.
package struct UsageSum: Hashable, Sendable {
    /// Requests counted, less those taken back.
    package var requests: Int64
    package private(set) var counts: MeterCounts
    /// Units billed beyond the counts, where a line states a minimum for each request.
    package private(set) var minimums: MeterCounts

    package init(
        requests: Int64 = 0, counts: MeterCounts = MeterCounts(),
        minimums: MeterCounts = MeterCounts()
    ) {
        self.requests = requests
        self.counts = counts
        self.minimums = minimums
    }

    /// One request, priced by `line`.
    package init(_ usage: borrowing Usage, line: RateLine?) {
        self.init()
        add(usage, line: line)
    }

    package var isZero: Bool { requests == 0 && counts.isZero && minimums.isZero }

    /// Adds one request priced by `line`, or takes it back where `sign` is −1.
    package mutating func add(_ usage: borrowing Usage, sign: Int64 = 1, line: RateLine?) {
        requests += sign
        for meter in usage.meters {
            let count = usage[meter]
            counts.add(Int128(sign * count), of: meter)
            guard let line, !line.minimumUnits.isEmpty else { continue }
            let beyond = line.billedUnits(count, of: meter) - count
            if beyond != 0 { minimums.add(Int128(sign * beyond), of: meter) }
        }
    }

    package mutating func add(_ other: UsageSum) {
        requests += other.requests
        counts.add(other.counts)
        minimums.add(other.minimums)
    }
}

/// A signed count for each of some meters.
package struct MeterCounts: Hashable, Sendable {
    /// The meters that were counted, those whose counts came back to zero included.
    package private(set) var meters = MeterSet()
    /// In the order of the meters' raw values.
    private var values: [Int128] = []

    package init() {}

    package init(_ pairs: KeyValuePairs<Meter, Int128>) {
        for (meter, count) in pairs { add(count, of: meter) }
    }

    /// Zero for a meter that was not counted.
    package subscript(meter: Meter) -> Int128 {
        meters.contains(meter) ? values[place(of: meter)] : 0
    }

    package var isZero: Bool { values.allSatisfy { $0 == 0 } }

    /// The meters whose count is not zero, with it.
    package var pairs: [(meter: Meter, count: Int128)] {
        zip(meters, values).filter { $0.1 != 0 }.map { ($0, $1) }
    }

    /// 10¹² a meter and request leave room for 10²⁵ requests.
    package mutating func add(_ count: Int128, of meter: Meter) {
        let place = place(of: meter)
        if meters.contains(meter) {
            values[place] += count
        } else {
            values.insert(count, at: place)
            meters.insert(meter)
        }
    }

    package mutating func add(_ other: MeterCounts) {
        if meters == other.meters {
            for place in values.indices { values[place] += other.values[place] }
        } else {
            for (meter, count) in zip(other.meters, other.values) { add(count, of: meter) }
        }
    }

    package static func == (lhs: MeterCounts, rhs: MeterCounts) -> Bool {
        lhs.pairs.elementsEqual(rhs.pairs) { $0 == $1 }
    }

    package func hash(into hasher: inout Hasher) {
        for (meter, count) in pairs {
            hasher.combine(meter)
            hasher.combine(count)
        }
    }

    private func place(of meter: Meter) -> Int {
        (meters.bits & (MeterSet.bit(meter) - 1)).nonzeroBitCount
    }
}

extension RateLine {
    /// What many requests that all fall under this line come to: counts are added first, and each
    /// total is multiplied once.
    ///
    /// Throws `PricingError.outOfRange` past `Int128`.
    package func charge(for sum: UsageSum) throws(PricingError) -> Charge {
        var total: Int128 = 0
        var unpriced = MeterSet()
        for (meter, count) in sum.counts.pairs {
            guard let (_, rate) = rate(for: meter) else {
                unpriced.insert(meter)
                continue
            }
            let attos = try rate.attos(forMany: count + sum.minimums[meter])
            let (next, overflow) = total.addingReportingOverflow(attos)
            guard !overflow else { throw .outOfRange("a total cost") }
            total = next
        }
        return Charge(
            billed: Billed(Money(currency: currency, attos: total)), unpriced: unpriced)
    }
}
