import NIOCore
import NIOHTTP1
import NIOPosix

/// A stand-in that listens, on this machine alone.
package struct StandInServer: Sendable {
    private let channel: any Channel
    private let open: OpenConnections

    /// The same on threads of its own, which end with the process.
    package static func start(
        _ standIn: StandIn, host: String = "127.0.0.1", port: Int = 0, threads: Int = 1
    ) async throws -> StandInServer {
        try await start(
            standIn, host: host, port: port,
            on: MultiThreadedEventLoopGroup(numberOfThreads: threads))
    }

    /// Listens on `host`, which is of this machine alone, and on `port`; 0 takes a free one.
    ///
    /// Throws `StandInError`.
    package static func start(
        _ standIn: StandIn, host: String = "127.0.0.1", port: Int = 0,
        on group: any EventLoopGroup
    ) async throws -> StandInServer {
        guard let address = loopback(host) else { throw StandInError.notOfThisMachine(host) }
        let open = OpenConnections(limit: standIn.limits.connections)
        let bootstrap = ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 4_096)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    guard open.add(channel) else { throw StandInError.full }
                    try configure(channel, standIn)
                }
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

    private static func configure(_ channel: any Channel, _ standIn: StandIn) throws {
        let pipeline = channel.pipeline.syncOperations
        try pipeline.configureHTTPServerPipeline(withErrorHandling: true)
        try pipeline.addHandler(AnswerHandler(standIn))
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
