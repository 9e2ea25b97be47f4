import Pricing

/// Reads a plan: workloads of a month, each bought in one way.
///
/// ```yaml
/// workloads:
///   - name: summaries
///     model: gpt-4.1
///     requests_per_day: 1000
///     input_per_request: 2000
///     output_per_request: 500
///     cached_share: 60%
/// ```
package struct PlanFile {
    /// What a plan is read against: the time of its prices and what a month is.
    package struct Defaults {
        package let at: Timestamp
        package let daysPerMonth: Int64
        package let channel: String?

        package init(at: Timestamp, daysPerMonth: Int64, channel: String? = nil) {
            self.at = at
            self.daysPerMonth = daysPerMonth
            self.channel = channel
        }
    }

    static let rootKeys = ["workloads"]
    static let keys = [
        "name", "model", "channel", "project", "service_tier", "billed_in", "when", "volume",
        "requests_per_day", "requests_per_month", "input_per_request", "output_per_request",
        "per_request", "cached_share", "cache_write_share", "batch_share", "peak_share", "growth",
    ]

    private let defaults: Defaults
    private let collector = FaultCollector()

    /// Throws `Faults` with every fault, each with its file, line and field.
    package static func read(
        _ text: String, file: String, defaults: Defaults
    ) throws -> [PlannedWorkload] {
        let reader = PlanFile(defaults: defaults)
        let workloads = reader.workloads(text, file: file)
        try reader.collector.throwIfAny()
        return workloads
    }

    private func workloads(_ text: String, file: String) -> [PlannedWorkload] {
        guard let root = ConfigReader.read(text, file: file, collector: collector),
            let list = root.mapping(Self.rootKeys)?.required("workloads")
        else { return [] }
        var names: Set<String> = []
        return list.items.compactMap { item in
            guard let planned = workload(item) else { return nil }
            if !names.insert(planned.workload.name).inserted {
                item.fault("workload \(quoted(planned.workload.name)) is there twice")
            }
            return planned
        }
    }

    private func workload(_ item: ConfigNode) -> PlannedWorkload? {
        guard let mapping = item.mapping(Self.keys), let name = mapping.required("name")?.string,
            let model = mapping.required("model")?.string, let demand = demand(mapping)
        else { return nil }
        var purchase = Purchase(
            model: model, channel: mapping["channel"]?.string ?? defaults.channel ?? Channel.direct,
            at: defaults.at,
            serviceTier: mapping["service_tier"]?.string ?? RateConditions.standardTier)
        for (key, value) in mapping["when"]?.openMapping?.pairs ?? [] {
            purchase.attributes[key] = value.string
        }
        purchase.list = mapping["billed_in"].flatMap { node in
            node.string.flatMap { text in
                node.value { () throws(PricingError) in try Currency(text) }
            }
        }
        let workload = Workload(
            name: name, purchase: purchase, demand: demand,
            batchShare: mapping["batch_share"]?.share ?? .none,
            peakShare: mapping["peak_share"]?.share,
            growthPerMonth: growth(mapping["growth"]) ?? .none)
        return PlannedWorkload(workload: workload, project: mapping["project"]?.string)
    }

    private func demand(_ mapping: ConfigMapping) -> Workload.Demand? {
        let shapeKeys = [
            "requests_per_day", "requests_per_month", "input_per_request", "output_per_request",
        ]
        let hasShape = shapeKeys.contains { mapping[$0] != nil }
        if let volume = mapping["volume"] {
            if hasShape {
                volume.fault("a month's volume and the size of requests exclude each other")
            }
            return usage(volume).map(Workload.Demand.volume)
        }
        guard hasShape else {
            mapping.node.fault(
                "missing \"volume\", or \"requests_per_day\" with \"input_per_request\"")
            return nil
        }
        return requests(mapping)
    }

    private func requests(_ mapping: ConfigMapping) -> Workload.Demand? {
        guard (mapping["requests_per_day"] == nil) != (mapping["requests_per_month"] == nil) else {
            mapping.node.fault("wants either \"requests_per_day\" or \"requests_per_month\"")
            return nil
        }
        let daily = mapping["requests_per_day"]?.count
        let monthly = mapping["requests_per_month"]?.count
        let (product, overflow) = (daily ?? 0).multipliedReportingOverflow(
            by: defaults.daysPerMonth)
        guard let perMonth = monthly ?? daily.map({ _ in product }), !overflow else { return nil }
        guard mapping["input_per_request"] != nil || mapping["output_per_request"] != nil else {
            mapping.node.fault("missing \"input_per_request\"")
            return nil
        }
        let input = mapping["input_per_request"].map(bounded) ?? 0
        let output = mapping["output_per_request"].map(bounded) ?? 0
        let other = mapping["per_request"].map(usage) ?? Usage()
        guard let input, let output, let other else { return nil }
        let shape = mapping.node.value { () throws(PricingError) in
            try RequestShape(
                inputTokens: input,
                cachedShare: mapping["cached_share"]?.share ?? .none,
                cacheWriteShare: mapping["cache_write_share"]?.share ?? .none,
                outputTokens: output, other: other)
        }
        return shape.map { .requests(perMonth: perMonth, shape: $0) }
    }

    private func bounded(_ node: ConfigNode) -> Int64? {
        guard let count = node.count else { return nil }
        guard count <= Usage.maximumCount else {
            node.fault("more than \(Count.grouped(Usage.maximumCount))")
            return nil
        }
        return count
    }

    private func usage(_ node: ConfigNode) -> Usage? {
        guard let mapping = node.openMapping else { return nil }
        var usage = Usage()
        for (key, value) in mapping.pairs {
            guard let meter = Meter(name: key) else {
                let nearest = NearestNames.find(key, among: Meter.allCases.map(\.name))
                value.fault(PricingError.unknownMeter(key, nearest: nearest).description)
                continue
            }
            guard let count = value.count else { continue }
            _ = value.value { () throws(PricingError) in try usage.add(count, of: meter) }
        }
        return usage
    }

    /// `5%/month` or `5%`.
    private func growth(_ node: ConfigNode?) -> Share? {
        guard let node, let text = node.string else { return nil }
        let percent = text.hasSuffix("/month") ? String(text.dropLast("/month".count)) : text
        return node.value { () throws(PricingError) in try Share(growth: percent, for: "growth") }
    }
}
