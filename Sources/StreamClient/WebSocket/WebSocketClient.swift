import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import NIOWebSocket
import WebSocketMessages

/// Opens WebSockets, `ws` and `wss`, by RFC 6455 and without extensions.
package final class WebSocketClient: Sendable {
    private let group: any EventLoopGroup
    private let settings: StreamSettings
    private let tls: NIOSSLContext

    /// Throws `NIOSSLError` for certificates that cannot be read.
    package init(
        _ settings: StreamSettings = StreamSettings(),
        on group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton
    ) throws {
        self.settings = settings
        self.group = group
        tls = try NIOSSLContext(configuration: try settings.trust.configuration())
    }

    /// `key` is left out of a refusal that repeats it.
    ///
    /// Throws `StreamError`; cancelling the task ends the attempt.
    package func connect(
        to address: StreamAddress, headers: [(name: String, value: String)] = [],
        key: StreamKey? = nil
    ) async throws(StreamError) -> WebSocketConnection {
        let attempt = WebSocketAttempt(address.host, key, settings, on: group.next())
        begin(attempt, address, headers)
        do {
            return try await withTaskCancellationHandler {
                try await attempt.connection.get()
            } onCancel: {
                attempt.fail(.cancelled)
            }
        } catch {
            throw error as? StreamError
                ?? StreamError(
                    host: address.host, reason: StreamError.Reason(error), wasSent: false)
        }
    }

    private func begin(
        _ attempt: WebSocketAttempt, _ address: StreamAddress,
        _ headers: [(name: String, value: String)]
    ) {
        let head = Self.head(address, headers)
        attempt.start()
        ClientBootstrap(group: attempt.eventLoop)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            // Ours is counted from the start; this one only has to be no shorter.
            .connectTimeout(
                .milliseconds(
                    settings.timeouts.connectMilliseconds.map { $0 + 1_000 } ?? Int64(Int32.max))
            )
            .channelInitializer { [settings, tls] channel in
                channel.eventLoop.makeCompletedFuture {
                    attempt.connecting(channel)
                    if address.isTLS {
                        try channel.pipeline.syncOperations.addHandler(
                            Self.tlsHandler(tls, for: address.name))
                    }
                    try Self.configure(channel, head, attempt, settings, isTLS: address.isTLS)
                }
            }
            .connect(host: address.name, port: address.port)
            .whenFailure { attempt.fail(StreamError.Reason($0)) }
    }

    private static func tlsHandler(
        _ tls: NIOSSLContext, for name: String
    ) throws -> NIOSSLClientHandler {
        // An address in figures is no name, and is not asked for by name.
        let isAddress = (try? SocketAddress(ipAddress: name, port: 0)) != nil
        return try NIOSSLClientHandler(context: tls, serverHostname: isAddress ? nil : name)
    }

    private static func head(
        _ address: StreamAddress, _ given: [(name: String, value: String)]
    ) -> HTTPRequestHead {
        var headers = HTTPHeaders(given)
        headers.replaceOrAdd(name: "Host", value: address.host)
        headers.replaceOrAdd(name: "User-Agent", value: "tokenmeter")
        return HTTPRequestHead(
            version: .http1_1, method: .GET, uri: address.target, headers: headers)
    }

    private static func configure(
        _ channel: any Channel, _ head: HTTPRequestHead, _ attempt: WebSocketAttempt,
        _ settings: StreamSettings, isTLS: Bool
    ) throws {
        let upgrader = NIOTypedWebSocketClientUpgrader<WebSocketConnection>(
            maxFrameSize: settings.limits.maximumMessageBytes, enableAutomaticErrorHandling: false
        ) { channel, _ in
            channel.eventLoop.makeCompletedFuture {
                try open(channel, attempt.host, settings)
            }
        }
        let encoder = HTTPRequestEncoder()
        // A server may send its first message together with its acceptance.
        let decoder = ByteToMessageHandler(
            HTTPResponseDecoder(leftOverBytesStrategy: .forwardBytes))
        let refusal = WebSocketRefusal(attempt, settings.limits, isTLS: isTLS)
        let upgrade = NIOTypedHTTPClientUpgradeHandler<WebSocketConnection>(
            httpHandlers: [encoder, decoder, refusal],
            upgradeConfiguration: NIOTypedHTTPClientUpgradeConfiguration(
                upgradeRequestHead: head, upgraders: [upgrader],
                notUpgradingCompletionHandler: { channel in
                    channel.eventLoop.makeFailedFuture(
                        StreamError(host: attempt.host, reason: .noWebSocket, wasSent: false))
                }))
        let pipeline = channel.pipeline.syncOperations
        try pipeline.addHandlers(encoder, decoder, refusal, upgrade)
        upgrade.upgradeResultFuture.whenComplete { attempt.upgraded($0) }
    }

    private static func open(
        _ channel: any Channel, _ host: String, _ settings: StreamSettings
    ) throws -> WebSocketConnection {
        let reader = WebSocketReader(channel)
        let mailbox = Mailbox<WebSocketMessage>(
            limit: settings.limits.maximumWaitingPieces, onRoom: { reader.wantsMore() },
            onAbandoned: { reader.hasEnough() })
        let frames = WebSocketFrames(
            host: host, settings: settings, on: channel.eventLoop, mailbox: mailbox)
        try channel.pipeline.syncOperations.addHandler(frames)
        return WebSocketConnection(
            host: host, channel: channel,
            frames: NIOLoopBound(frames, eventLoop: channel.eventLoop), mailbox: mailbox)
    }
}

/// Carries what the reader of a WebSocket's messages wants to its handler.
private struct WebSocketReader: Sendable {
    let channel: any Channel

    init(_ channel: any Channel) { self.channel = channel }

    func wantsMore() { onLoop { $0.wantsMore() } }
    func hasEnough() { onLoop { $0.abandon() } }

    private func onLoop(_ body: @escaping @Sendable (WebSocketFrames) -> Void) {
        channel.eventLoop.execute {
            // A connection that has ended has no handler any more, and nothing to be told.
            let frames = try? channel.pipeline.syncOperations.handler(type: WebSocketFrames.self)
            if let frames { body(frames) }
        }
    }
}
