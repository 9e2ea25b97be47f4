/// Of some measurements, by the nearest rank: each is one that was measured.
package struct Percentiles<Value: Comparable & Sendable>: Sendable {
    package let p50: Value
    package let p90: Value
    package let p99: Value

    /// `nil` of nothing.
    package init?(_ values: [Value]) {
        guard !values.isEmpty else { return nil }
        let sorted = values.sorted()
        func at(_ percent: Int) -> Value {
            sorted[max(0, (percent * sorted.count + 99) / 100 - 1)]
        }
        (p50, p90, p99) = (at(50), at(90), at(99))
    }

    package var all: [Value] { [p50, p90, p99] }
}
