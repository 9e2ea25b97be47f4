/// What one request used: a count per meter, disjoint, held in place without the heap.
///
/// The meters of a side add up to the total that the vendor reported. Counts are never negative.
package struct Usage: Sendable {
    /// The largest count of one meter in one request.
    package static let maximumCount: Int64 = 1_000_000_000_000

    private var counts: InlineArray<64, Int64>
    /// The meters whose count is above zero.
    package private(set) var meters: MeterSet

    package init() {
        counts = InlineArray(repeating: 0)
        meters = MeterSet()
    }

    /// Throws `PricingError.outOfRange` for a negative count.
    package init(_ pairs: KeyValuePairs<Meter, Int64>) throws(PricingError) {
        self.init()
        for (meter, count) in pairs { try add(count, of: meter) }
    }

    package subscript(meter: Meter) -> Int64 { counts[Int(meter.rawValue)] }

    package var isEmpty: Bool { meters.isEmpty }

    /// Adds `count` units; throws `PricingError.outOfRange` where it is negative or the sum passes
    /// `Int64`.
    package mutating func add(_ count: Int64, of meter: Meter) throws(PricingError) {
        let place = Int(meter.rawValue)
        let (sum, overflow) = counts[place].addingReportingOverflow(count)
        guard count >= 0, !overflow else {
            throw .outOfRange("the count of \(meter.name) (\(count))")
        }
        counts[place] = sum
        if sum > 0 { meters.insert(meter) }
    }

    package func adding(_ other: Usage) throws(PricingError) -> Usage {
        var sum = self
        for meter in other.meters { try sum.add(other[meter], of: meter) }
        return sum
    }

    package func without(_ meter: Meter) -> Usage {
        var rest = self
        rest.counts[Int(meter.rawValue)] = 0
        rest.meters.bits &= ~MeterSet.bit(meter)
        return rest
    }

    /// All input tokens of the request, cached and written ones included: what a context band looks
    /// at.
    package var totalInput: Int64 { total(of: .input) }
    package var totalOutput: Int64 { total(of: .output) }

    private func total(of side: Meter.Side) -> Int64 {
        var sum: Int64 = 0
        for meter in meters where meter.side == side {
            // Past Int64 a request is above every band, and that is all a total decides.
            let (total, overflow) = sum.addingReportingOverflow(self[meter])
            sum = overflow ? Int64.max : total
        }
        return sum
    }
}

extension Usage: Hashable {
    package func hash(into hasher: inout Hasher) {
        for meter in meters {
            hasher.combine(meter)
            hasher.combine(self[meter])
        }
    }

    package static func == (lhs: Usage, rhs: Usage) -> Bool {
        lhs.meters == rhs.meters && lhs.meters.allSatisfy { lhs[$0] == rhs[$0] }
    }
}
