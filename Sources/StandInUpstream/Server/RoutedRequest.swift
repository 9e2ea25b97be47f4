import JSONBytes
import NIOHTTP1

/// A request's line and headers, and what they are answered with.
struct RoutedRequest {
    enum Reply {
        case refusal(Refusal)
        case document(JSONValue)
        case stream(StreamedAnswer, contentType: String, headersDelay: Duration?)
    }

    /// Changes the plan for one request, as does the query parameter `stand_in`.
    static let planHeader = "x-stand-in"

    let api: UpstreamAPI?
    private let method: HTTPMethod
    private let path: Substring
    private let query: [Substring: Substring]
    let changes: String?

    init(_ head: HTTPRequestHead) {
        let halves = head.uri.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        path = halves[0]
        method = head.method
        api = UpstreamAPI.served(at: path)
        var query: [Substring: Substring] = [:]
        for pair in halves.dropFirst().first?.split(separator: "&") ?? [] {
            let sides = pair.split(separator: "=", maxSplits: 1)
            query[sides.first ?? ""] = sides.count > 1 ? sides[1] : ""
        }
        self.query = query
        changes =
            head.headers.first(name: Self.planHeader)
            ?? query["stand_in"].flatMap { String($0).removingPercentEncoding() }
    }

    /// Whether it asks what the stand-in has done so far, and is no request to count.
    var isAboutStandIn: Bool { method == .GET && path == "/v1/stand-in" }

    func answer(to body: [UInt8], number: Int, of standIn: StandIn) -> Reply {
        guard let api, method == .POST else { return elsewhere() }
        let plan: AnswerPlan
        var request: AnswerRequest
        do {
            plan = try standIn.plan(changes: changes, for: .request)
            request = try AnswerRequest(body)
        } catch {
            return .refusal(Refusal(error: .badRequest("\(error)")))
        }
        if api == .gemini { readGeminiPath(into: &request) }
        if let refusal = plan.refusal { return .refusal(refusal) }
        if request.asksForUsage, plan.faults.contains(.refusesUsage) {
            return .refusal(Refusal(error: .usageRefused))
        }
        if let recording = standIn.recording {
            return .stream(
                StreamedAnswer(
                    recording, plan, tokens: recording.pieces.count, isStreamed: true),
                contentType: recording.contentType,
                headersDelay: plan.headersDelay)
        }
        let facts = request.facts(plan, api: api, serial: StandIn.serial(number))
        let shape = api.shape(facts, framing: query["alt"] == "sse" ? .events : .array)
        return .stream(
            StreamedAnswer(shape, plan, tokens: facts.tokens, isStreamed: request.isStreamed),
            contentType: request.isStreamed ? shape.contentType : "application/json",
            headersDelay: plan.headersDelay)
    }

    /// Gemini names the model and says in the path whether the answer is streamed.
    private func readGeminiPath(into request: inout AnswerRequest) {
        let name = path.split(separator: "/").last ?? ""
        let halves = name.split(separator: ":")
        request.model = halves.first.map(String.init) ?? request.model
        request.isStreamed = halves.last == "streamGenerateContent"
    }

    private func elsewhere() -> Reply {
        switch (method, path) {
        case (.GET, "/v1/models"):
            return .document(
                .object([
                    "object": "list",
                    "data": .array([
                        .object(["id": "stand-in", "object": "model", "owned_by": "tokenmeter"])
                    ]),
                ]))
        default:
            return .refusal(
                Refusal(
                    error: VendorError(
                        status: 404, kind: "not_found",
                        message:
                            "The stand-in serves POST …/chat/completions, …/responses, …/messages, "
                            + "…:generateContent and …:streamGenerateContent, and WebSockets at "
                            + "\(WebSocketRoutes.chat).")))
        }
    }
}

extension String {
    /// `nil` for what is not percent-encoded UTF-8.
    func removingPercentEncoding() -> String? {
        var bytes: [UInt8] = []
        var rest = Substring(self).utf8
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let value = UInt8(Substring(rest.prefix(2)), radix: 16) else { return nil }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        return String(validating: bytes, as: UTF8.self)
    }
}
