import JSONBytes
import NIOHTTP1

/// A request's line and headers, and what they are answered with.
struct RoutedRequest {
    enum Reply {
        case refusal(VendorError, retryAfterSeconds: Int?)
        case document(JSONValue)
        case stream(StreamedAnswer, contentType: String, headersDelay: Duration?)
    }

    /// Changes the plan for one request, as does the query parameter `stand_in`.
    static let planHeader = "x-stand-in"

    let api: UpstreamAPI?
    private let method: HTTPMethod
    private let path: Substring
    private let query: [Substring: Substring]
    private let changes: String?

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

    func answer(to body: [UInt8], number: Int, of standIn: StandIn) -> Reply {
        guard let api, method == .POST else { return elsewhere() }
        let plan: AnswerPlan
        var request: AnswerRequest
        do {
            plan = try standIn.plan(changes: changes)
            request = try AnswerRequest(body)
        } catch {
            return .refusal(.badRequest("\(error)"), retryAfterSeconds: nil)
        }
        if api == .gemini { readGeminiPath(into: &request) }
        for fault in plan.faults {
            switch fault {
            case .rateLimited(let seconds):
                return .refusal(.rateLimited, retryAfterSeconds: seconds)
            case .serverError: return .refusal(.serverError, retryAfterSeconds: nil)
            case .refusesUsage where request.asksForUsage:
                return .refusal(.usageRefused, retryAfterSeconds: nil)
            default: break
            }
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
        if method == .GET, path == "/v1/models" {
            return .document(
                .object([
                    "object": "list",
                    "data": .array([
                        .object(["id": "stand-in", "object": "model", "owned_by": "tokenmeter"])
                    ]),
                ]))
        }
        return .refusal(
            VendorError(
                status: 404, kind: "not_found",
                message: "The stand-in serves POST …/chat/completions, …/responses, …/messages and "
                    + "…:generateContent or …:streamGenerateContent, and GET /v1/ws/chat."),
            retryAfterSeconds: nil)
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
