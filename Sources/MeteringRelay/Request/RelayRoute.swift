import NIOHTTP1
import ProviderUsage

/// What a request to the relay asks for, by its method and path.
package struct RelayRoute: Hashable, Sendable {
    let api: StreamAPI
    /// Below the upstream's address: `/chat/completions`.
    let path: String
    /// Where the path names it; else the body does.
    var model: String?
    /// Where the path says it; else the body does.
    var isStreamed: Bool?
    /// Whether it is a list of models, which costs nothing.
    var isList = false
    /// Whether it is the route for web pages, of which each answer is a stream.
    var isForPages = false

    enum Match: Hashable, Sendable {
        case route(RelayRoute)
        /// The relay's, and nothing that it passes on.
        case unknown
        /// Somebody else's.
        case foreign
    }

    static let pages = "/api/stream"
    static let webSocket = "/v1/ws/chat"

    static func match(_ head: HTTPRequestHead) -> Match {
        let path = path(of: head)
        guard head.method != .OPTIONS else { return .foreign }
        if path == pages {
            guard head.method == .POST else { return .unknown }
            return .route(
                RelayRoute(
                    api: .openAIChat, path: "/chat/completions", isStreamed: true,
                    isForPages: true))
        }
        guard path.hasPrefix("/v1/") || path.hasPrefix("/v1beta/") else { return .foreign }
        switch (head.method, path) {
        case (.POST, "/v1/chat/completions"):
            return .route(RelayRoute(api: .openAIChat, path: "/chat/completions"))
        case (.POST, "/v1/responses"):
            return .route(RelayRoute(api: .openAIResponses, path: "/responses"))
        case (.POST, "/v1/messages"):
            return .route(RelayRoute(api: .anthropicMessages, path: "/messages"))
        case (.GET, "/v1/models"):
            return .route(RelayRoute(api: speaker(head), path: "/models", isList: true))
        case (.GET, "/v1beta/models"):
            return .route(RelayRoute(api: .gemini, path: "/models", isList: true))
        // Newer SDKs of Gemini ask below /v1.
        case (.POST, _) where path.hasPrefix("/v1beta/models/") || path.hasPrefix("/v1/models/"):
            let name = path.drop { $0 == "/" }.split(
                separator: "/", maxSplits: 2, omittingEmptySubsequences: false)
            return name.last.flatMap(gemini).map(Match.route) ?? .unknown
        default: return .unknown
        }
    }

    /// Whose words a request speaks where its path does not say it.
    static func speaker(_ head: HTTPRequestHead) -> StreamAPI {
        if head.uri.hasPrefix("/v1beta/") || head.headers.contains(name: "x-goog-api-key") {
            return .gemini
        }
        return head.headers.contains(name: "anthropic-version") ? .anthropicMessages : .openAIChat
    }

    /// Why a request that is the relay's is not passed on.
    static func refusal(of head: HTTPRequestHead) -> RelayProblem {
        guard path(of: head) != webSocket else {
            return RelayProblem(
                426, "upgrade_required", "\(webSocket) is a WebSocket; ask for one with an upgrade")
        }
        let allowed = [HTTPMethod.GET, .POST].filter { method in
            var other = head
            other.method = method
            if case .route = match(other) { return true } else { return false }
        }.map(\.rawValue)
        guard allowed.isEmpty else {
            let names = allowed.joined(separator: " and ")
            var problem = RelayProblem(
                405, "method_not_allowed", "that route is asked with \(names)")
            problem.allowed = allowed
            return problem
        }
        return RelayProblem(
            404, "not_metered",
            "this relay does not pass that route on, for it could not meter it; it passes POST /v1/chat/completions, /v1/responses, /v1/messages, /v1beta/models/{model}:generateContent and :streamGenerateContent, and GET /v1/models"
        )
    }

    static func path(of head: HTTPRequestHead) -> Substring {
        let mark = head.uri.utf8.firstIndex(of: UInt8(ascii: "?"))
        return head.uri[..<(mark ?? head.uri.endIndex)]
    }

    /// `gemini-2.5-pro:streamGenerateContent`
    private static func gemini(_ name: Substring) -> RelayRoute? {
        let halves = name.split(separator: ":", omittingEmptySubsequences: false)
        guard halves.count == 2, !halves[0].isEmpty, halves[0].utf8.allSatisfy(isPlain),
            !halves[0].allSatisfy({ $0 == "." }),
            ["generateContent", "streamGenerateContent"].contains(halves[1])
        else { return nil }
        return RelayRoute(
            api: .gemini, path: "/models/\(name)", model: String(halves[0]),
            isStreamed: halves[1] == "streamGenerateContent")
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        default: "-._".utf8.contains(byte)
        }
    }

    /// The query that upstream gets: the client's without keys, however they are spelled.
    package static func query(of uri: String) -> String {
        guard let mark = uri.firstIndex(of: "?") else { return "" }
        return uri[uri.index(after: mark)...].split(separator: "&").filter { pair in
            let name = pair.prefix { $0 != "=" }
            return !name.contains("%") && !["key", "api_key"].contains(name)
                && !HeaderRules.isOurs(String(pair.dropFirst(name.count + 1)))
                && !pair.contains("%5f") && !pair.contains("%5F")
        }.joined(separator: "&")
    }
}
