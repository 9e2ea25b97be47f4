import Accounting
import Pricing

/// Totals with parts inside them, as most vendors count, made into disjoint meters.
struct InclusiveCounts {
    /// All input tokens, and which of them are counted under a meter of their own.
    var input: Int64 = 0
    var inputParts: [(meter: Meter, count: Int64)] = []
    var output: Int64 = 0
    var outputParts: [(meter: Meter, count: Int64)] = []

    /// The rest of each total is `input` and `output`.
    ///
    /// Parts that are more than their total, which vendors do report, are cut to what the total
    /// leaves, the first part first, and `tags` says so under `oddity`: the total is what is billed.
    func usage(tags: inout [String: String]) throws(EventProblem) -> Usage {
        var usage = Usage()
        try Self.add(inputParts, of: input, as: .input, to: &usage, &tags)
        try Self.add(outputParts, of: output, as: .output, to: &usage, &tags)
        return usage
    }

    private static func add(
        _ parts: [(meter: Meter, count: Int64)], of total: Int64, as whole: Meter,
        to usage: inout Usage, _ tags: inout [String: String]
    ) throws(EventProblem) {
        var rest = total
        do {
            for (meter, count) in parts {
                if count > rest { tags["oddity"] = "\(meter.name) above \(whole.name)" }
                try usage.add(min(count, rest), of: meter)
                rest -= min(count, rest)
            }
            try usage.add(rest, of: whole)
        } catch {
            throw EventProblem(error.description)
        }
    }
}
