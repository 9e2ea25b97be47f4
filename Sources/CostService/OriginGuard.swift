import HTTPTypes
import Hummingbird

/// Keeps web pages from using the service through a visitor's browser: the `Host` must be a name of
/// ours, so that a rebound DNS name is refused, and an `Origin` must be allowed.
package struct OriginGuard: RouterMiddleware {
    package typealias Context = ServiceContext

    /// Host names without a port, in small letters.
    private let hosts: Set<String>
    private let origins: Set<String>

    package static let loopbackHosts: Set<String> = ["127.0.0.1", "localhost", "[::1]"]

    package init(hosts: Set<String> = OriginGuard.loopbackHosts, origins: Set<String> = []) {
        self.hosts = hosts
        self.origins = origins
    }

    package func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        let origins = request.headers[values: .origin]
        guard origins.count <= 1 else { throw Self.severalOrigins }
        let origin = origins.first
        try admit(host: request.head.authority, origin: origin)
        guard let origin else { return try await next(request, context) }
        let isPreflight = request.method == .options
        var response = Response(status: .noContent)
        if !isPreflight {
            do {
                response = try await next(request, context)
            } catch {
                response = Problem(error).response
            }
        }
        for (name, value) in Self.headers(for: origin) {
            if let name = HTTPField.Name(name) { response.headers[name] = value }
        }
        if isPreflight {
            response.headers[.accessControlAllowMethods] = "GET, POST, OPTIONS"
            response.headers[.accessControlAllowHeaders] =
                "authorization, content-type, if-none-match, x-api-key, x-tokenmeter-project, x-tokenmeter-tag, x-tokenmeter-user"
            response.headers[.accessControlMaxAge] = "600"
        }
        return response
    }

    static let severalOrigins = Problem(
        status: .forbidden, code: "forbidden_origin", detail: "a request has one origin")

    /// Whether a text is an origin as browsers write one: `https://app.example.com`.
    package static func isOrigin(_ text: String) -> Bool {
        let parts = text.split(separator: "://", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, ["http", "https"].contains(parts[0]),
            parts[1].allSatisfy({ $0.isASCII && !$0.isUppercase && !"/?#@* ".contains($0) })
        else { return false }
        let host = host(String(parts[1]))
        let rest = parts[1].dropFirst(host.utf8.count)
        guard !host.isEmpty, !rest.isEmpty else { return !host.isEmpty }
        // The ports that a scheme has anyway are left out by browsers, and would match nothing.
        let port = UInt16(rest.dropFirst()) ?? 0
        return rest.first == ":" && port > 0 && port != (parts[0] == "http" ? 80 : 443)
    }

    /// Throws a problem for a host that is not ours, or an origin that is not allowed.
    func admit(host: String?, origin: String?) throws(Problem) {
        guard let host, hosts.contains(Self.host(host)) else {
            throw Problem(
                status: .misdirectedRequest, code: "unknown_host",
                detail: "the Host of the request is not a name of this service")
        }
        guard let origin else { return }
        guard origins.contains(origin) else {
            throw Problem(
                status: .forbidden, code: "forbidden_origin",
                detail: "requests of other web origins are refused; allow one with --allow-origin")
        }
    }

    /// Lets the page that asked read the answer; no credentials are ever involved.
    static func headers(for origin: String) -> [(name: String, value: String)] {
        [
            ("access-control-allow-origin", origin), ("vary", "Origin"),
            (
                "access-control-expose-headers",
                "etag, x-tokenmeter-event, x-tokenmeter-budget"
            ),
        ]
    }

    /// `127.0.0.1:8787` → `127.0.0.1`; `[::1]:8787` → `[::1]`.
    private static func host(_ authority: String) -> String {
        let lowered = authority.lowercased()
        if lowered.hasPrefix("["), let end = lowered.firstIndex(of: "]") {
            return String(lowered[...end])
        }
        return String(lowered.prefix { $0 != ":" })
    }
}
