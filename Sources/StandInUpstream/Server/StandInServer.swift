import NIOCore
import NIOHPACK
import NIOHTTP1
import NIOHTTP2
import NIOPosix
import NIOSSL

/// A stand-in that listens, on this machine alone.
package struct StandInServer: Sendable {
    private let channel: any Channel
    private let open: OpenConnections

    /// The same on threads of its own, which end with the process.
    package static func start(
        _ standIn: StandIn, host: String = "127.0.0.1", port: Int = 0,
        certificate: StandInCertificate? = nil, threads: Int = 1
    ) async throws -> StandInServer {
        try await start(
            standIn, host: host, port: port, certificate: certificate,
            on: MultiThreadedEventLoopGroup(numberOfThreads: threads))
    }

    /// Listens on `host`, which is of this machine alone, and on `port`; 0 takes a free one. With a
    /// certificate it speaks TLS, and HTTP/2 to those who can.
    ///
    /// Throws `StandInError`.
    package static func start(
        _ standIn: StandIn, host: String = "127.0.0.1", port: Int = 0,
        certificate: StandInCertificate? = nil, on group: any EventLoopGroup
    ) async throws -> StandInServer {
        guard let address = loopback(host) else { throw StandInError.notOfThisMachine(host) }
        let tls = try certificate?.context()
        let open = OpenConnections(limit: standIn.limits.connections)
        let bootstrap = ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 4_096)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { channel in
                guard open.add(channel) else {
                    return channel.eventLoop.makeFailedFuture(StandInError.full)
                }
                return configure(channel, standIn, tls)
            }
        do {
            let channel = try await bootstrap.bind(host: address, port: port).get()
            return StandInServer(channel: channel, open: open)
        } catch {
            throw StandInError.cannotListen(host: host, port: port, reason: "\(error)")
        }
    }

    /// The port that was taken.
    package var port: Int { channel.localAddress?.port ?? 0 }

    /// Takes no more connections and breaks those that are open.
    package func stop() async {
        // What is closed already needs no closing.
        try? await channel.close()
        await open.closeAll()
    }

    private static func loopback(_ host: String) -> String? {
        switch host {
        case "127.0.0.1", "::1": host
        case "localhost": "127.0.0.1"
        default: nil
        }
    }

    private static func configure(
        _ channel: any Channel, _ standIn: StandIn, _ tls: NIOSSLContext?
    ) -> EventLoopFuture<Void> {
        guard let tls else { return configureHTTP1(channel, standIn, isBehindTLS: false) }
        let added = channel.eventLoop.makeCompletedFuture {
            let pipeline = channel.pipeline.syncOperations
            try pipeline.addHandler(ByteCounter(standIn.sentOnSocket))
            try pipeline.addHandler(NIOSSLServerHandler(context: tls))
        }
        return added.flatMap {
            channel.configureHTTP2SecureUpgrade(
                h2ChannelConfigurator: { configureHTTP2($0, standIn) },
                http1ChannelConfigurator: { configureHTTP1($0, standIn, isBehindTLS: true) })
        }
    }

    /// Of the handler that no upgrade leaves in its place.
    private static let answersName = "answers"

    private static func configureHTTP1(
        _ channel: any Channel, _ standIn: StandIn, isBehindTLS: Bool
    ) -> EventLoopFuture<Void> {
        channel.eventLoop.makeCompletedFuture {
            let pipeline = channel.pipeline.syncOperations
            if !isBehindTLS { try pipeline.addHandler(ByteCounter(standIn.sentOnSocket)) }
            try pipeline.addHandler(ByteCounter(standIn.sentBeforeTLS))
            try pipeline.addHandler(WriteJoiner())
            let refusal = UpgradeRefusal(nil, eventLoop: channel.eventLoop)
            let upgrader = WebSocketRoutes(standIn: standIn).upgrader(refusal)
            try pipeline.configureHTTPServerPipeline(
                withServerUpgrade: (
                    upgraders: [upgrader],
                    completionHandler: { context in
                        context.pipeline.syncOperations.removeHandler(
                            name: answersName, promise: nil)
                    }
                ))
            try pipeline.addHandler(AnswerHandler(standIn, refusal), name: answersName)
        }
    }

    /// Streams at a time on one connection: more than vendors allow, so that a thousand can be
    /// measured on one.
    private static let concurrentStreams = 4_096

    private static func configureHTTP2(
        _ channel: any Channel, _ standIn: StandIn
    ) -> EventLoopFuture<Void> {
        var connection = NIOHTTP2Handler.ConnectionConfiguration()
        connection.initialSettings = [
            HTTP2Setting(parameter: .maxConcurrentStreams, value: concurrentStreams),
            HTTP2Setting(
                parameter: .maxHeaderListSize, value: HPACKDecoder.defaultMaxHeaderListSize),
        ]
        return channel.eventLoop.makeCompletedFuture {
            let pipeline = channel.pipeline.syncOperations
            try pipeline.addHandler(ByteCounter(standIn.sentBeforeTLS))
            try pipeline.addHandler(WriteJoiner())
            _ = try pipeline.configureHTTP2Pipeline(
                mode: .server, connectionConfiguration: connection,
                streamConfiguration: NIOHTTP2Handler.StreamConfiguration()
            ) { stream in
                stream.eventLoop.makeCompletedFuture {
                    try stream.pipeline.syncOperations.addHandlers([
                        HTTP2FramePayloadToHTTP1ServerCodec(),
                        AnswerHandler(
                            standIn, UpgradeRefusal(nil, eventLoop: stream.eventLoop)),
                    ])
                }
            }
        }
    }
}

/// Why there is no stand-in.
package enum StandInError: Error, Hashable, Sendable, CustomStringConvertible {
    case notOfThisMachine(String)
    case cannotListen(host: String, port: Int, reason: String)
    case full

    package var description: String {
        switch self {
        case .notOfThisMachine(let host):
            "a stand-in listens on this machine alone, and \"\(host)\" is none of 127.0.0.1, ::1 and localhost"
        case .cannotListen(let host, let port, let reason):
            reason.contains("EADDRINUSE") || reason.contains("in use")
                ? "port \(port) on \(host) is taken; give another with --port"
                : "cannot listen on \(host):\(port): \(reason)"
        case .full: "there are as many connections as a stand-in takes"
        }
    }
}
