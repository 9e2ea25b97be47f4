import Pricing

/// The names under which a usage is asked for: each is a meter, disjoint from the others, but for
/// `prompt_tokens`.
package enum UsageParameters {
    /// The inclusive total of the input; the uncached input is what the other input meters leave of
    /// it.
    package static let promptTokens = "prompt_tokens"
    /// Further meters, as `web_search=3`.
    package static let meter = "meter"

    package static let meters: [(name: String, meter: Meter)] = [
        ("input_tokens", .input), ("cached_tokens", .cachedInput),
        ("cache_write_5m_tokens", .cacheWrite5m), ("cache_write_1h_tokens", .cacheWrite1h),
        ("output_tokens", .output), ("reasoning_tokens", .reasoning),
        ("audio_input_tokens", .audioInput), ("cached_audio_input_tokens", .cachedAudioInput),
        ("audio_output_tokens", .audioOutput), ("image_input_tokens", .imageInput),
        ("image_output_tokens", .imageOutput), ("video_input_tokens", .videoInput),
    ]

    package static let names = meters.map(\.name) + [promptTokens, meter]

    /// The usage that the parameters say; counts of one meter are at most `limit`.
    package static func read(
        _ parameters: Parameters, limit: Int64 = Usage.maximumCount
    ) throws(QuestionError) -> Usage {
        var usage = Usage()
        for (name, meter) in meters {
            if let count = try parameters.count(name, limit: limit) {
                try add(count, of: meter, to: &usage, parameters, name)
            }
        }
        for (key, value) in try parameters.pairs(Self.meter) {
            guard let meter = Meter(name: key) else {
                let nearest = NearestNames.find(key, among: Meter.allCases.map(\.name))
                throw .invalid(
                    field: parameters.spelled(Self.meter),
                    problem: PricingError.unknownMeter(key, nearest: nearest).description)
            }
            let count = try parameters.count(of: value, named: Self.meter, limit: limit)
            try add(count, of: meter, to: &usage, parameters, Self.meter)
        }
        if let total = try parameters.count(promptTokens, limit: limit) {
            try addRest(of: total, to: &usage, parameters)
        }
        for meter in usage.meters where usage[meter] > limit {
            throw .invalid(
                field: parameters.spelled(Self.meter),
                problem: "the counts of \(meter.name) add up to more than \(Count.grouped(limit))")
        }
        return usage
    }

    private static func addRest(
        of total: Int64, to usage: inout Usage, _ parameters: Parameters
    ) throws(QuestionError) {
        guard !parameters.has("input_tokens") else {
            throw .invalid(
                field: parameters.spelled(promptTokens),
                problem: "is the inclusive total; leave \(parameters.spelled("input_tokens")) out")
        }
        guard total >= usage.totalInput else {
            throw .invalid(
                field: parameters.spelled(promptTokens),
                problem:
                    "the parts (\(Count.grouped(usage.totalInput))) are more than the total (\(Count.grouped(total)))"
            )
        }
        try add(total - usage.totalInput, of: .input, to: &usage, parameters, promptTokens)
    }

    private static func add(
        _ count: Int64, of meter: Meter, to usage: inout Usage, _ parameters: Parameters,
        _ name: String
    ) throws(QuestionError) {
        do {
            try usage.add(count, of: meter)
        } catch {
            throw .invalid(field: parameters.spelled(name), problem: error.description)
        }
    }
}
