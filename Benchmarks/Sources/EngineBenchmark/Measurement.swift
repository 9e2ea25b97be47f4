import ProcessFigures

/// How many calls a second, over several runs, and what one call asks of the heap.
struct Measurement {
    let name: String
    /// By the wall clock, sorted.
    let perSecond: [Double]
    /// By the processor time of the process, sorted: what others do on the machine hardly moves it.
    let perProcessorSecond: [Double]
    /// `nil` where allocations cannot be counted.
    let allocationsPerCall: Double?

    private static let runSeconds = 0.25
    private static let countedCalls = 100_000

    /// Warms up, finds how many calls fill a run, then times `runs` of them.
    static func of(
        _ name: String, runs: Int, _ body: (Int) throws -> Int128
    ) throws -> Measurement {
        var calls = 1
        while try time(calls, body).wall < runSeconds / 4 { calls *= 4 }
        calls = max(1, Int(Double(calls) * runSeconds / (try time(calls, body).wall)))
        _ = try time(calls, body)
        let before = counted_heap_allocations()
        let counted = min(countedCalls, calls)
        _ = try time(counted, body)
        let allocations = counted_heap_allocations() - before
        let times = try (0..<runs).map { _ in try time(calls, body) }
        return Measurement(
            name: name, perSecond: times.map { Double(calls) / $0.wall }.sorted(),
            perProcessorSecond: times.map { Double(calls) / $0.processor }.sorted(),
            allocationsPerCall: before < 0 ? nil : Double(allocations) / Double(counted))
    }

    /// The sums of all answers are kept, so that no answer can be left out.
    nonisolated(unsafe) private static var checksum: Int128 = 0

    /// In seconds.
    private static func time(
        _ calls: Int, _ body: (Int) throws -> Int128
    ) rethrows -> (wall: Double, processor: Double) {
        let clock = ContinuousClock()
        let processor = processor_seconds()
        let start = clock.now
        var sum: Int128 = 0
        for index in 0..<calls { sum &+= try body(index) }
        let elapsed = (clock.now - start).components
        let used = processor_seconds() - processor
        checksum &+= sum
        return (Double(elapsed.seconds) + Double(elapsed.attoseconds) * 1e-18, used)
    }

    var row: String {
        let rates = [median(perSecond), perSecond[0], perSecond[perSecond.count - 1]]
        let all = (rates + [median(perProcessorSecond)]).map { String(Int($0)) }
        let allocations = allocationsPerCall.map { thousandths($0) } ?? "-"
        return ([name] + all + [allocations]).joined(separator: "\t")
    }

    private func median(_ sorted: [Double]) -> Double { sorted[sorted.count / 2] }

    private func thousandths(_ value: Double) -> String {
        let whole = Int((value * 1000).rounded())
        let rest = String(whole % 1000)
        return "\(whole / 1000).\(String(repeating: "0", count: 3 - rest.count))\(rest)"
    }
}
