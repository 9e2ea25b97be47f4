import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// Sends requests whose answers are streams, over HTTP/1.1 and, where TLS agrees on it, HTTP/2. No
/// redirect is followed and no proxy is used: either would show a key to somebody else.
package final class HTTPStreamClient: Sendable {
    private let client: HTTPClient
    private let group: any EventLoopGroup
    private let settings: StreamSettings

    /// Throws `StreamError.Reason.other` for certificates that cannot be read.
    package init(
        _ settings: StreamSettings = StreamSettings(),
        on group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton
    ) throws {
        self.settings = settings
        self.group = group
        var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
        configuration.tlsConfiguration = try settings.trust.configuration()
        // Ours is counted from the start, and names itself; this one only has to be no shorter.
        configuration.timeout.connect = .milliseconds(
            settings.timeouts.connectMilliseconds.map { $0 + 1_000 } ?? Int64(Int32.max))
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit =
            settings.limits.maximumConnections
        // A connection that has rested for long may be half gone, and a request lost on it may have
        // been charged.
        configuration.connectionPool.idleTimeout = .seconds(5)
        configuration.httpVersion = settings.allowsHTTP2 ? .automatic : .http1Only
        client = HTTPClient(eventLoopGroup: group, configuration: configuration)
    }

    deinit { client.shutdown { _ in } }

    /// Sends a request once, and returns with the head of whatever is answered.
    ///
    /// Throws `StreamError`; cancelling the task ends the request.
    package func send(_ request: StreamRequest) async throws(StreamError) -> StreamResponse {
        let eventLoop = group.next()
        let head = eventLoop.makePromise(of: StreamResponse.self)
        let exchange = HTTPExchange(
            host: request.address.host, timeouts: settings.timeouts,
            waitingPieces: settings.limits.maximumWaitingPieces, on: eventLoop, head: head)
        let sent: HTTPClient.Request
        do {
            sent = try HTTPClient.Request(
                url: request.address.text, method: HTTPMethod(rawValue: request.method),
                headers: Self.headers(of: request), body: .byteBuffer(request.body))
        } catch {
            let reason = StreamError.Reason(error)
            head.fail(StreamError(host: request.address.host, reason: reason, wasSent: false))
            throw StreamError(host: request.address.host, reason: reason, wasSent: false)
        }
        eventLoop.execute { [client] in
            exchange.began(
                client.execute(
                    request: sent, delegate: exchange, eventLoop: .delegate(on: eventLoop),
                    logger: nil))
        }
        do {
            return try await withTaskCancellationHandler {
                try await head.futureResult.get()
            } onCancel: {
                exchange.cancel()
            }
        } catch {
            throw error as? StreamError
                ?? StreamError(
                    host: request.address.host, reason: StreamError.Reason(error), wasSent: true)
        }
    }

    private static func headers(of request: StreamRequest) -> HTTPHeaders {
        var headers = HTTPHeaders(request.headers)
        headers.replaceOrAdd(name: "User-Agent", value: "tokenmeter")
        // Bytes that are metered and shown as they come are not packed.
        headers.replaceOrAdd(name: "Accept-Encoding", value: "identity")
        return headers
    }
}
