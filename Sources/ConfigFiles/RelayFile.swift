import Pricing

/// What a file says of a relay: upstreams, and how they are asked.
///
/// ```yaml
/// upstreams:
///   - name: openai
///     channel: openai
///     base_url: https://api.openai.com/v1
///     apis: [openai-chat, openai-responses]
///     key: {env: OPENAI_API_KEY}
///     models: ["gpt-*", "o*"]
///     headers: {OpenAI-Organization: org-1}
///     when_client_leaves: stop
///     asks_for_usage: true
///     timeouts: {connect: 10s, first_byte: 2m, idle: 60s, total: 30m}
///     retries: 2
///     keep_alive: 15s
///     maximum_output: 16k
///     service_tier: auto
///     certificates: internal.pem
/// tells_cost: false
/// usage_wait: 3s
/// body_mib: 32
/// page_model: gpt-4.1
/// ```
package struct RelayFile {
    package enum Key: Hashable, Sendable {
        /// A variable of the environment.
        case variable(String)
        case file(String)
        /// The client's own passes.
        case client
        case none
    }

    package enum WhenClientLeaves: String, CaseIterable, Sendable { case stop, drain }

    package struct Timeouts: Hashable, Sendable {
        package var connectMilliseconds: Int64?
        package var firstByteMilliseconds: Int64?
        package var idleMilliseconds: Int64?
        package var totalMilliseconds: Int64?
    }

    /// What was left out is `nil`, and taken from the channel or by default.
    package struct Upstream {
        package let node: ConfigNode
        package let name: String
        package let channel: String
        package var baseURL: String?
        package var apis: [String]?
        package var key: Key?
        package var models: [String] = []
        package var headers: [(name: String, value: String)] = []
        package var whenClientLeaves = WhenClientLeaves.stop
        package var asksForUsage = true
        package var timeouts = Timeouts()
        package var retries: Int64?
        package var keepAliveMilliseconds: Int64?
        package var maximumOutput: Int64?
        package var serviceTier: String?
        package var certificates: String?
    }

    package var upstreams: [Upstream] = []
    package var tellsCost = false
    package var usageWaitMilliseconds: Int64?
    package var bodyMebibytes: Int64?
    package var pageModel: String?

    static let rootKeys = ["upstreams", "tells_cost", "usage_wait", "body_mib", "page_model"]
    static let upstreamKeys = [
        "name", "channel", "base_url", "apis", "key", "models", "headers", "when_client_leaves",
        "asks_for_usage", "timeouts", "retries", "keep_alive", "maximum_output", "service_tier",
        "certificates",
    ]
    static let timeoutKeys = ["connect", "first_byte", "idle", "total"]
    private static let maximumRetries: Int64 = 10
    private static let maximumBodyMebibytes: Int64 = 256

    /// `convert` makes of the file what it is for, and may report faults at its nodes. Throws `Faults`
    /// with every fault.
    package static func read<T>(
        _ text: String, file: String, _ convert: (RelayFile) throws -> T
    ) throws -> T {
        let collector = FaultCollector()
        guard let root = YAMLReader.read(text, file: file, collector: collector) else {
            try collector.throwIfAny()
            throw Faults([Fault(file: file, line: nil, problem: "holds nothing")])
        }
        let relay = RelayFile(root)
        try collector.throwIfAny()
        let made = try convert(relay)
        try collector.throwIfAny()
        return made
    }

    private init(_ root: ConfigNode) {
        guard let mapping = root.mapping(Self.rootKeys), let list = mapping.required("upstreams")
        else { return }
        upstreams = list.items.compactMap(Self.upstream)
        if list.items.isEmpty { list.fault("a relay has an upstream at least") }
        var seen: Set<String> = []
        for upstream in upstreams where !seen.insert(upstream.name).inserted {
            upstream.node.fault("a second upstream \(quoted(upstream.name))")
        }
        tellsCost = mapping["tells_cost"]?.flag ?? false
        usageWaitMilliseconds = mapping["usage_wait"]?.milliseconds
        bodyMebibytes = mapping["body_mib"].flatMap { node in
            node.count.flatMap { count in
                guard (1...Self.maximumBodyMebibytes).contains(count) else {
                    node.fault("\(count) is not from 1 to \(Self.maximumBodyMebibytes)")
                    return nil
                }
                return count
            }
        }
        pageModel = mapping["page_model"]?.string
    }

    private static func upstream(_ node: ConfigNode) -> Upstream? {
        guard let mapping = node.mapping(upstreamKeys),
            let name = mapping.required("name")?.string
        else { return nil }
        var upstream = Upstream(
            node: node, name: name, channel: mapping["channel"]?.string ?? name)
        upstream.baseURL = mapping["base_url"]?.string
        upstream.apis = mapping["apis"]?.items.compactMap(\.string)
        upstream.key = mapping["key"].flatMap(key)
        upstream.models = mapping["models"]?.items.compactMap(\.string) ?? []
        for (name, value) in mapping["headers"]?.openMapping?.pairs ?? [] {
            if let text = value.string { upstream.headers.append((name, text)) }
        }
        if let leave = mapping["when_client_leaves"], let text = leave.string {
            if let policy = WhenClientLeaves(rawValue: text) {
                upstream.whenClientLeaves = policy
            } else {
                leave.fault("\(quoted(text)) is neither stop nor drain")
            }
        }
        upstream.asksForUsage = mapping["asks_for_usage"]?.flag ?? true
        if let timeouts = mapping["timeouts"]?.mapping(timeoutKeys) {
            upstream.timeouts = Timeouts(
                connectMilliseconds: timeouts["connect"]?.milliseconds,
                firstByteMilliseconds: timeouts["first_byte"]?.milliseconds,
                idleMilliseconds: timeouts["idle"]?.milliseconds,
                totalMilliseconds: timeouts["total"]?.milliseconds)
        }
        if let node = mapping["retries"], let count = node.count {
            upstream.retries = count
            if count > maximumRetries { node.fault("\(count) is more than \(maximumRetries)") }
        }
        upstream.keepAliveMilliseconds = mapping["keep_alive"]?.milliseconds
        upstream.maximumOutput = mapping["maximum_output"]?.count
        upstream.serviceTier = mapping["service_tier"]?.string
        upstream.certificates = mapping["certificates"]?.string
        return upstream
    }

    /// `{env: NAME}`, `{file: PATH}`, `client` or `none`; never the key itself.
    private static func key(_ node: ConfigNode) -> Key? {
        guard !node.isText else {
            switch node.string {
            case "client": return .client
            case "none": return Key.none
            default:
                node.fault("is {env: NAME}, {file: PATH}, client or none; a key has no place here")
                return nil
            }
        }
        guard let mapping = node.mapping(["env", "file"]) else { return nil }
        guard mapping.pairs.count == 1 else {
            node.fault("is one of {env: NAME} and {file: PATH}")
            return nil
        }
        return mapping["env"]?.string.map(Key.variable) ?? mapping["file"]?.string.map(Key.file)
    }
}

extension ConfigNode {
    /// A span of time: `500ms`, `10s`, `2m`, `1h`; a day at most.
    var milliseconds: Int64? {
        guard let text = string else { return nil }
        let units: [(String, Int64)] = [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000)]
        for (unit, factor) in units where text.hasSuffix(unit) {
            guard let count = Int64(text.dropLast(unit.count)), count > 0 else { continue }
            let (span, overflow) = count.multipliedReportingOverflow(by: factor)
            if !overflow, span <= 86_400_000 { return span }
        }
        fault("\(quoted(text)) is not a span of time such as 500ms, 10s or 2m, a day at most")
        return nil
    }
}
