import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Synchronization

/// Sends requests whose answers are streams, over HTTP/1.1 and, where TLS agrees on it, HTTP/2. No
/// redirect is followed and no proxy is used: either would show a key to somebody else.
package final class HTTPStreamClient: Sendable {
    private let client: HTTPClient
    private let group: any EventLoopGroup
    private let settings: StreamSettings
    /// Requests without headers and body: what an address says is read once.
    private let prototypes = Mutex<[Prototype: HTTPClient.Request]>([:])

    private struct Prototype: Hashable {
        let method: String
        let address: String
    }

    private static let maximumPrototypes = 64
    /// Of an address, in bytes.
    private static let longestPrototype = 256

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
        // Nobody here collects spans, of which each request would begin one.
        configuration.tracing.tracer = nil
        configuration.httpVersion = settings.allowsHTTP2 ? .automatic : .http1Only
        configuration.http1_1ConnectionDebugInitializer = { channel in
            channel.eventLoop.makeCompletedFuture {
                try channel.pipeline.syncOperations.addHandler(WriteGathering(), position: .first)
            }
        }
        client = HTTPClient(eventLoopGroup: group, configuration: configuration)
    }

    deinit { client.shutdown { _ in } }

    /// Sends a request once, and returns with the head of whatever is answered.
    ///
    /// Throws `StreamError`; cancelling the task ends the request.
    package func send(_ request: StreamRequest) async throws(StreamError) -> StreamResponse {
        let eventLoop = group.next()
        let head = eventLoop.makePromise(of: StreamResponse.self)
        let host = request.address.host
        let demand = StreamDemand(on: eventLoop)
        let receiver = AwaitedAnswer(
            of: self, host: host, waitingPieces: settings.limits.maximumWaitingPieces,
            demand: demand, head: head)
        let exchange = HTTPExchange(
            host: host, timeouts: settings.timeouts, on: eventLoop,
            state: .makeBoxSendingValue(
                HTTPExchange.State(receiver: receiver), eventLoop: eventLoop))
        let sent: HTTPClient.Request
        do {
            sent = try self.request(request)
        } catch {
            head.fail(error)
            throw error
        }
        eventLoop.execute { [client] in
            demand.begin(exchange)
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
                ?? StreamError(host: host, reason: StreamError.Reason(error), wasSent: true)
        }
    }

    /// Sends a request once, from an event loop of the client's. Where that is the only one of its group
    /// the connection stays on it too, and nothing hops.
    ///
    /// Throws `StreamError` where the request is none that can be sent; the receiver hears nothing then.
    package func begin(
        _ request: StreamRequest, on eventLoop: any EventLoop, into receiver: any StreamReceiver
    ) throws(StreamError) -> HTTPExchange {
        let sent = try self.request(request)
        let exchange = HTTPExchange(
            host: request.address.host, timeouts: settings.timeouts, on: eventLoop,
            state: NIOLoopBoundBox(HTTPExchange.State(receiver: receiver), eventLoop: eventLoop))
        exchange.began(
            client.execute(
                request: sent, delegate: exchange, eventLoop: .delegate(on: eventLoop),
                logger: nil))
        return exchange
    }

    private func request(_ request: StreamRequest) throws(StreamError) -> HTTPClient.Request {
        var sent: HTTPClient.Request
        do {
            sent = try prototype(of: request)
        } catch {
            throw StreamError(
                host: request.address.host, reason: StreamError.Reason(error), wasSent: false)
        }
        sent.headers = Self.headers(of: request)
        sent.body = request.body.readableBytes > 0 ? .byteBuffer(request.body) : nil
        return sent
    }

    private func prototype(of request: StreamRequest) throws -> HTTPClient.Request {
        let key = Prototype(method: request.method, address: request.address.text)
        if let known = prototypes.withLock({ $0[key] }) { return known }
        let made = try HTTPClient.Request(
            url: key.address, method: HTTPMethod(rawValue: key.method))
        // Those that hold what a client asked for come but once.
        guard key.address.utf8.count <= Self.longestPrototype else { return made }
        prototypes.withLock { prototypes in
            if prototypes.count >= Self.maximumPrototypes { prototypes = [:] }
            prototypes[key] = made
        }
        return made
    }

    private static func headers(of request: StreamRequest) -> HTTPHeaders {
        var headers = HTTPHeaders()
        headers.reserveCapacity(request.headers.count + 4)
        for (name, value) in request.headers { headers.add(name: name, value: value) }
        if !headers.contains(name: "User-Agent") {
            headers.add(name: "User-Agent", value: "tokenmeter")
        }
        // Bytes that are metered and shown as they come are not packed.
        headers.replaceOrAdd(name: "Accept-Encoding", value: "identity")
        return headers
    }
}
