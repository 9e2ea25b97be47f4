import JSONBytes
import NIOHTTP1
import ProviderUsage
import StreamClient

/// Which headers pass, and which are of one connection, of one side, or secret.
package enum HeaderRules {
    /// Of one connection: <https://www.rfc-editor.org/rfc/rfc9110#section-7.6.1> (checked 2026-11-23).
    private static let ofConnection = HeaderNames([
        "connection", "keep-alive", "proxy-authenticate", "proxy-authorization",
        "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade",
    ])
    /// Keys, what the relay says itself, and what would tell upstream of the client's browser.
    private static let ofRequest = HeaderNames([
        "host", "content-length", "accept-encoding", "expect", "authorization", "x-api-key",
        "x-goog-api-key", "api-key", "cookie", "origin", "referer", "forwarded", "via",
        "x-real-ip",
    ])
    /// About upstream's host, or for its own pages.
    private static let ofResponse = HeaderNames([
        "set-cookie", "alt-svc", "strict-transport-security", "x-accel-buffering",
    ])
    private static let connection = HeaderNames(["connection"])
    /// What `Connection` mostly says, and names no header with.
    private static let ofEveryConnection = HeaderNames(["keep-alive", "close"])
    private static let length = HeaderNames(["content-length"])
    private static let keys = ["authorization", "x-api-key", "x-goog-api-key", "api-key"]
    private static let own: StaticString = "x-tokenmeter-"

    /// What upstream gets of a client's headers, and its own.
    ///
    /// Clients of Gemini may have their key in the query of `uri`, of which upstream gets none.
    package static func request(
        _ headers: HTTPHeaders, to upstream: RelayUpstream, _ api: StreamAPI, uri: String = ""
    ) -> [(name: String, value: String)] {
        let named = named(in: headers)
        let replaced = HeaderNames(upstream.headers.map(\.name))
        var result: [(name: String, value: String)] = []
        for (name, value) in headers {
            guard !ofConnection.contains(name), !ofRequest.contains(name),
                !named.contains(name), !replaced.contains(name),
                !HeaderNames.begins(name, with: own),
                !HeaderNames.begins(name, with: "x-forwarded-"),
                !HeaderNames.begins(name, with: "sec-"), !holdsOurs(value)
            else { continue }
            result.append((name, value))
        }
        switch upstream.key {
        case .none: break
        case .ours(let key): result.append(header(of: key.secret, api))
        case .clients:
            for name in keys {
                for value in headers[name] where !isOurs(value) { result.append((name, value)) }
            }
            // None of these names came with the others.
            let hasKey = result.contains { keys.contains($0.name) }
            if !hasKey, api == .gemini, let key = key(inQueryOf: uri) {
                result.append(header(of: key, api))
            }
        }
        return result + upstream.headers
    }

    /// What a client gets of upstream's headers. `isChanged` where the body is not as long as it was.
    package static func response(_ headers: HTTPHeaders, isChanged: Bool) -> HTTPHeaders {
        let named = named(in: headers)
        var result = HTTPHeaders()
        result.reserveCapacity(headers.count + 4)
        for (name, value) in headers {
            guard !ofConnection.contains(name), !ofResponse.contains(name),
                !named.contains(name), !HeaderNames.begins(name, with: "access-control-"),
                !HeaderNames.begins(name, with: own),
                !(isChanged && length.contains(name))
            else { continue }
            result.add(name: name, value: value)
        }
        return result
    }

    /// Headers that `Connection` names are of the connection too.
    private static func named(in headers: HTTPHeaders) -> HeaderNames {
        let isPlain = headers.allSatisfy { name, value in
            !connection.contains(name) || ofEveryConnection.contains(value)
        }
        return HeaderNames(
            isPlain ? [] : headers[canonicalForm: "connection"].map(String.init))
    }

    private static func header(of key: String, _ api: StreamAPI) -> (name: String, value: String) {
        switch api {
        case .anthropicMessages: ("x-api-key", key)
        case .gemini: ("x-goog-api-key", key)
        default: ("Authorization", "Bearer \(key)")
        }
    }

    private static func key(inQueryOf uri: String) -> String? {
        let pair = uri.drop { $0 != "?" }.dropFirst().split(separator: "&").first {
            $0.hasPrefix("key=")
        }
        guard let key = pair?.dropFirst(4), !key.isEmpty, !key.contains("%"), !isOurs(String(key))
        else { return nil }
        return String(key)
    }

    /// Whether a header of any name holds one: `tm_`, an id, and a secret of many letters.
    private static func holdsOurs(_ value: String) -> Bool {
        value.utf8.count > 40 && isOurs(value)
    }

    /// Whether a key is one of tokenmeter's, which nobody else may see.
    package static func isOurs(_ value: String) -> Bool { value.holds("tm_") }
}
