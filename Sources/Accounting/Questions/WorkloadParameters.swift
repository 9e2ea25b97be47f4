import Pricing

/// The names under which a month's demand is asked for: a volume per meter, or requests of one
/// shape.
package enum WorkloadParameters {
    /// The largest count of one meter in a month.
    package static let maximumVolume: Int64 = 1_000_000_000_000_000
    package static let maximumRequests: Int64 = 1_000_000_000_000

    package static let shape = [
        "requests_per_day", "requests_per_month", "input_per_request", "output_per_request",
        "cached_share", "cache_write_share",
    ]
    package static let names =
        shape + ["batch_share", "peak_share", "days_per_month"] + UsageParameters.names

    package static func daysPerMonth(_ parameters: Parameters) throws(QuestionError) -> Int64 {
        let days = try parameters.count("days_per_month", limit: 31) ?? 30
        guard days >= 1 else {
            throw .invalid(
                field: parameters.spelled("days_per_month"), problem: "a month has a day at least")
        }
        return days
    }

    /// What a month holds; throws `QuestionError` where neither a volume nor requests are given, or
    /// both.
    package static func demand(_ parameters: Parameters) throws(QuestionError) -> Workload.Demand {
        let hasVolume = UsageParameters.names.contains { parameters.has($0) }
        let hasShape = shape.contains { parameters.has($0) }
        switch (hasVolume, hasShape) {
        case (true, true):
            throw .invalid(
                field: parameters.spelled(shape.first { parameters.has($0) } ?? ""),
                problem: "a month's volume and the size of requests exclude each other")
        case (true, false):
            return .volume(try UsageParameters.read(parameters, limit: maximumVolume))
        case (false, true): return try requests(parameters)
        case (false, false):
            throw .missing(
                field: parameters.spelled("output_tokens"),
                wanted:
                    "a volume such as \(parameters.spelled("output_tokens")) 10M, or \(parameters.spelled("requests_per_day")) with \(parameters.spelled("input_per_request")) and \(parameters.spelled("output_per_request"))"
            )
        }
    }

    private static func requests(_ parameters: Parameters) throws(QuestionError) -> Workload.Demand
    {
        let daily = try parameters.count("requests_per_day", limit: maximumRequests)
        let monthly = try parameters.count("requests_per_month", limit: maximumRequests)
        let perMonth: Int64
        switch (daily, monthly) {
        case (let daily?, nil): perMonth = daily * (try daysPerMonth(parameters))
        case (nil, let monthly?): perMonth = monthly
        case (nil, nil): throw .missing(field: parameters.spelled("requests_per_day"))
        default:
            throw .invalid(
                field: parameters.spelled("requests_per_month"),
                problem: "excludes \(parameters.spelled("requests_per_day"))")
        }
        let input = try parameters.count("input_per_request")
        let output = try parameters.count("output_per_request")
        guard input != nil || output != nil else {
            throw .missing(field: parameters.spelled("input_per_request"))
        }
        let cached = try parameters.share("cached_share") ?? .none
        let written = try parameters.share("cache_write_share") ?? .none
        do {
            return .requests(
                perMonth: perMonth,
                shape: try RequestShape(
                    inputTokens: input ?? 0, cachedShare: cached, cacheWriteShare: written,
                    outputTokens: output ?? 0))
        } catch {
            throw .invalid(field: parameters.spelled("cached_share"), problem: error.description)
        }
    }

    /// `5%/month` or `5%`.
    package static func growth(_ parameters: Parameters) throws(QuestionError) -> Share {
        try parameters.parsed("growth") { text throws(PricingError) in
            let percent = text.hasSuffix("/month") ? String(text.dropLast("/month".count)) : text
            return try Share(growth: percent, for: "growth")
        } ?? .none
    }

    package static func months(_ parameters: Parameters) throws(QuestionError) -> Int {
        let months = try parameters.count("months", limit: 120) ?? 1
        guard months >= 1 else {
            throw .invalid(field: parameters.spelled("months"), problem: "at least 1")
        }
        return Int(months)
    }
}

extension Workload.Demand {
    /// `10M output tokens`, or `1,000 requests of 2,000 in, 500 out`: the head of a table.
    var label: String {
        switch self {
        case .volume(let usage):
            usage.meters.map { Self.label(usage[$0], $0) }.joined(separator: ", ")
        case .requests(let perMonth, let shape):
            "\(Count.grouped(perMonth)) requests of \(Count.grouped(shape.inputTokens)) in, \(Count.grouped(shape.outputTokens)) out"
        }
    }

    private static func label(_ count: Int64, _ meter: Meter) -> String {
        var short = Count.short(count)
        if short.hasSuffix(".0M") || short.hasSuffix(".0B") {
            short = short.dropLast(3) + String(short.suffix(1))
        }
        let words = String(meter.name.map { $0 == "_" ? " " : $0 })
        return meter.isToken ? "\(short) \(words) tokens" : "\(short) \(words)"
    }

    /// The usage of one month, before growth.
    func usage() throws(PricingError) -> Usage {
        switch self {
        case .volume(let usage): usage
        case .requests(let perMonth, let shape): try shape.usage(ofRequests: perMonth)
        }
    }
}
