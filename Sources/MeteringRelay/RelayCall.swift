import Accounting
import JSONBytes
import NIOCore
import NIOHTTP1
import Pricing
import ProviderUsage
import StreamClient

/// One request as it is passed on, and what is known of it before it is.
struct RelayCall: Sendable {
    let route: RelayRoute
    let caller: RelayCaller
    let id: EventID
    let start: Timestamp
    /// The place of the upstream.
    let upstream: Int
    let request: StreamRequest
    let model: String
    let serviceTier: String?
    /// Whether the client did not ask for the usage that upstream is asked for.
    let hidesUsage: Bool
    let bound: RequestBound
    let attribution: UsageEvent.Attribution
    let requestBytes: Int

    /// What the ledger is told before the answer.
    var event: UsageEvent {
        UsageEvent(
            id: id, UsageReading(), UsageEvent.Times(start: start), modelAsked: model,
            serviceTierAsked: serviceTier, attribution)
    }
}

extension RelayCall {
    private static let upstreamHeader = "x-tokenmeter-upstream"
    private static let projectHeader = "x-tokenmeter-project"
    private static let userHeader = "x-tokenmeter-user"
    private static let tagHeader = "x-tokenmeter-tag"
    private static let maximumTags = 20

    /// Throws `RelayProblem`.
    init(
        _ head: HTTPRequestHead, _ route: RelayRoute, body: ByteBuffer, _ caller: RelayCaller,
        of relay: Relay
    ) throws(RelayProblem) {
        var body = body
        var read: RelayBody?
        if !route.isList {
            do {
                if route.isForPages { body = try Self.ofPage(body, relay.settings) }
                read = try Self.read(body, route.api)
            } catch {
                throw RelayProblem(400, "invalid_json", "the body cannot be read: \(error)")
            }
        }
        let model = route.model ?? read?.model ?? ""
        guard route.isList || !model.isEmpty else {
            throw RelayProblem(400, "model_required", "the body names no model")
        }
        guard
            route.isList || caller.models.isEmpty
                || caller.models.contains(where: { Glob.matches($0.utf8, model.utf8) })
        else {
            throw RelayProblem(
                403, "model_not_allowed", "the key may not ask for \(quoted(model))")
        }
        upstream = try relay.upstream(
            for: route.api, model: route.isList ? nil : model,
            named: head.headers.first(name: Self.upstreamHeader))
        let target = relay.settings.upstreams[upstream]
        let hidesUsage = target.asksForUsage && read?.lacksUsage ?? false
        let requestBytes = body.readableBytes
        if hidesUsage, let read {
            body = body.withUnsafeReadableBytes {
                ByteBuffer(bytes: read.askingForUsage($0.bindMemory(to: UInt8.self)))
            }
        }
        var bound = read?.bound ?? RequestBound()
        bound.maximumOutput = bound.maximumOutput ?? target.maximumOutput
        if relay.budgets.isHolding(caller) {
            var reader = BoundReader(bound, route.api)
            body.withUnsafeReadableBytes { reader.read($0.bindMemory(to: UInt8.self)) }
            bound = reader.bound
        }
        bound.unbounded = bound.unbounded ?? Self.searches(of: model)
        self.route = route
        self.caller = caller
        self.hidesUsage = hidesUsage
        self.bound = bound
        self.requestBytes = requestBytes
        self.model = model
        serviceTier = read?.serviceTier ?? target.serviceTier
        start = relay.now()
        id = EventID(mintedAt: start)
        attribution = try Self.attribution(head.headers, caller, channel: target.channel)
        request = StreamRequest(
            address: target.address.appending(route.path).adding(
                query: route.isForPages ? "" : RelayRoute.query(of: head.uri)),
            method: head.method.rawValue,
            headers: HeaderRules.request(head.headers, to: target, route.api, uri: head.uri),
            body: body)
    }

    /// A completion that came on a WebSocket, in whichever dialect an upstream speaks.
    ///
    /// Throws `RelayProblem`.
    init(
        _ completion: SocketCompletion, _ headers: HTTPHeaders, _ caller: RelayCaller,
        of relay: Relay
    ) throws(RelayProblem) {
        guard
            caller.models.isEmpty
                || caller.models.contains(where: { Glob.matches($0.utf8, completion.model.utf8) })
        else {
            throw RelayProblem(
                403, "model_not_allowed", "the key may not ask for \(quoted(completion.model))")
        }
        (upstream, route, request) = try completion.request(
            headers, named: headers.first(name: Self.upstreamHeader), of: relay)
        let target = relay.settings.upstreams[upstream]
        var bound = RequestBound()
        bound.inputBytes = Int64(request.body.readableBytes)
        bound.maximumOutput = completion.maximumTokens ?? target.maximumOutput
        if let limit = completion.maximumTokens, limit < 1 {
            bound.unbounded = "a limit of its answer below one"
        }
        if relay.budgets.isHolding(caller) {
            var reader = BoundReader(bound, route.api)
            request.body.withUnsafeReadableBytes { reader.read($0.bindMemory(to: UInt8.self)) }
            bound = reader.bound
        }
        bound.unbounded = bound.unbounded ?? Self.searches(of: completion.model)
        self.caller = caller
        self.bound = bound
        hidesUsage = false
        requestBytes = request.body.readableBytes
        model = completion.model
        serviceTier = target.serviceTier
        start = relay.now()
        id = EventID(mintedAt: start)
        attribution = try Self.attribution(headers, caller, channel: target.channel)
    }

    /// What no request bounds: models of these names search of themselves, OpenAI's and Perplexity's,
    /// and are paid by the search.
    private static func searches(of model: String) -> String? {
        ["search-preview", "deep-research"].contains { model.holds($0) }
            ? "a model that searches the web of itself" : nil
    }

    /// What a page asks, as a stream; all that it may leave out is added.
    private static func ofPage(
        _ body: ByteBuffer, _ settings: RelaySettings
    ) throws -> ByteBuffer {
        let json = try JSONReader.value(of: Array(body.readableBytesView), numbers: .decimal)
        guard case .object(let object) = json else {
            throw JSONError(offset: 0, problem: "expected an object")
        }
        var asked = JSONObject([
            "model": object["model"] ?? .string(settings.modelOfPages), "stream": true,
        ])
        for member in object.members where !["model", "stream"].contains(member.key) {
            asked.append(member.key, member.value)
        }
        return ByteBuffer(bytes: JSONValue.object(asked).compactBytes)
    }

    private static func read(_ body: ByteBuffer, _ api: StreamAPI) throws -> RelayBody {
        try body.withUnsafeReadableBytes {
            try RelayBody($0.bindMemory(to: UInt8.self), api)
        }
    }

    /// The key's project, or the one that the request names.
    private static func attribution(
        _ headers: HTTPHeaders, _ caller: RelayCaller, channel: String
    ) throws(RelayProblem) -> UsageEvent.Attribution {
        var attribution = UsageEvent.Attribution(
            channel: channel, source: "relay",
            project: try text(headers, projectHeader) ?? caller.project,
            user: try text(headers, userHeader))
        if let own = caller.project, attribution.project != own {
            throw RelayProblem(
                403, "wrong_project", "this key's requests count for \(quoted(own))")
        }
        for pair in headers[canonicalForm: tagHeader] {
            let halves = pair.split(separator: "=", maxSplits: 1)
            guard halves.count == 2, attribution.tags.count < maximumTags,
                !pair.unicodeScalars.contains("\u{FFFD}"),
                pair.utf8.count <= UsageEvent.maximumTextBytes
            else {
                throw RelayProblem(
                    400, "invalid_tag",
                    "X-Tokenmeter-Tag is name=value, at most \(maximumTags) of them")
            }
            attribution.tags[String(halves[0])] = String(halves[1])
        }
        return attribution
    }

    private static func text(
        _ headers: HTTPHeaders, _ name: String
    ) throws(RelayProblem) -> String? {
        guard let text = headers.first(name: name), !text.isEmpty else { return nil }
        // Two names that are none would be one.
        guard !text.unicodeScalars.contains("\u{FFFD}") else {
            throw RelayProblem(400, "invalid_attribution", "\(name) is not UTF-8")
        }
        guard text.utf8.count <= UsageEvent.maximumTextBytes else {
            throw RelayProblem(
                400, "invalid_attribution",
                "\(name) is longer than \(UsageEvent.maximumTextBytes) bytes")
        }
        return text
    }
}
