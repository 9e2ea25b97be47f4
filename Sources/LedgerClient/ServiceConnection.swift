import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Asks a service, and waits for what it says. No redirect is followed, no proxy is used, and
/// nothing that the service said is ever in an error: it might repeat the key.
final class ServiceConnection: Sendable {
    private let client: HTTPClient
    private let key: ServiceKey?
    private let limits: ServiceLimits

    init(key: ServiceKey?, limits: ServiceLimits) {
        self.key = key
        self.limits = limits
        var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
        configuration.timeout.connect = .milliseconds(limits.connectMilliseconds)
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.httpVersion = .http1Only
        client = HTTPClient(
            eventLoopGroup: HTTPClient.defaultEventLoopGroup, configuration: configuration)
    }

    deinit { client.shutdown { _ in } }

    /// The body of a 200. `url` has no query; errors name it.
    ///
    /// Throws `RemoteLedgerError`.
    func get(_ url: String, query: String) throws -> [UInt8] {
        let response: HTTPClient.Response
        do {
            response = try ask(url + query)
        } catch {
            throw RemoteLedgerError.unread(url, reason(error))
        }
        guard response.status == .ok else {
            throw RemoteLedgerError.unread(
                url, .status(Int(response.status.code), hasKey: key != nil))
        }
        return response.body.map { Array($0.readableBytesView) } ?? []
    }

    private func ask(_ url: String) throws -> HTTPClient.Response {
        var headers: HTTPHeaders = [
            "Accept": "application/json", "Accept-Encoding": "identity",
            "User-Agent": "tokenmeter",
        ]
        if let key { headers.add(name: "Authorization", value: "Bearer \(key.secret)") }
        let request = try HTTPClient.Request(url: url, method: .GET, headers: headers)
        let answer = ResponseAccumulator(request: request, maxBodySize: limits.maximumBodyBytes)
        return try client.execute(
            request: request, delegate: answer,
            deadline: .now() + .milliseconds(limits.requestMilliseconds)
        ).wait()
    }

    private func reason(_ error: any Error) -> RemoteLedgerError.Reason {
        switch error {
        case is ResponseAccumulator.ResponseTooBigError:
            return .tooLarge(limitBytes: limits.maximumBodyBytes)
        case let error as HTTPClientError:
            switch error {
            case .connectTimeout, .tlsHandshakeTimeout:
                return .noConnection(milliseconds: limits.connectMilliseconds)
            case .deadlineExceeded, .readTimeout, .writeTimeout, .getConnectionFromPoolTimeout:
                return .noAnswer(milliseconds: limits.requestMilliseconds)
            case .remoteConnectionClosed, .uncleanShutdown: return .cutShort
            default: return .noHTTP
            }
        case let error as NIOConnectionError:
            return error.connectionErrors.isEmpty ? .unknownHost : .refusesConnections
        case let error as IOError:
            let isUnreached = [ECONNREFUSED, EHOSTUNREACH, ENETUNREACH].contains(error.errnoCode)
            return isUnreached ? .refusesConnections : .cutShort
        case HTTPParserError.invalidEOFState: return .cutShort
        case is NIOSSLError, is NIOSSLExtraError, is BoringSSLError: return .untrusted
        default: return .noHTTP
        }
    }
}
