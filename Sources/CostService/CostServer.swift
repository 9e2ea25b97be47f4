import Hummingbird
import HummingbirdCore
import HummingbirdTLS
import Logging
import MeteringRelay
import NIOCore
import NIOPosix
import NIOSSL
import ServiceLifecycle
import UnixSignals

/// The API, and a relay, on a socket, until the process is asked to end.
package struct CostServer: Sendable {
    private let api: CostAPI
    private let relay: ServedRelay?
    private let address: ServerAddress

    package init(api: CostAPI, relay: ServedRelay? = nil, at address: ServerAddress) {
        self.api = api
        self.relay = relay
        self.address = address
    }

    /// Serves until SIGTERM or SIGINT; requests that are under way are answered.
    ///
    /// `onListening` is told the port that was taken. Throws `CostServerError` where the socket cannot be had.
    package func run(
        logger: Logger, onListening: @escaping @Sendable (Int) -> Void
    ) async throws {
        do {
            let application = Application(
                router: api.router(), server: try builder(),
                configuration: ApplicationConfiguration(
                    address: .hostname(address.host, port: address.port),
                    serverName: "tokenmeter"),
                onServerRunning: { channel in onListening(channel.localAddress?.port ?? 0) },
                logger: logger)
            let service: any Service =
                relay.map { RelayingService(application: application, relay: $0, logger: logger) }
                ?? application
            var configuration = ServiceGroupConfiguration(
                services: [service], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
            configuration.maximumGracefulShutdownDuration =
                .seconds(address.shutdownSeconds) + RelayingService.patience
            try await ServiceGroup(configuration: configuration).run()
        } catch {
            throw CostServerError(address: address, reason: "\(error)")
        }
    }

    private func builder() throws -> HTTPServerBuilder {
        let tls = try address.tls?.configuration()
        let relay = relay?.relay
        return HTTPServerBuilder { responder in
            guard let relay else {
                return try Self.secured(
                    HTTP1Channel(
                        responder: responder,
                        configuration: .init(
                            additionalChannelHandlers: [UnfinishedRequests()],
                            idleTimeout: .seconds(ServerAddress.idleSeconds))),
                    tls)
            }
            return try Self.secured(ServiceChannel(relay: relay, responder: responder), tls)
        }
    }

    private static func secured(
        _ channel: some ServerChildChannel, _ tls: TLSConfiguration?
    ) throws -> any ServerChildChannel {
        guard let tls else { return channel }
        return try TLSChannel(channel, tlsConfiguration: tls)
    }
}

/// Where the service listens, and how it ends.
package struct ServerAddress: Sendable {
    /// Files of PEM.
    package struct TLS: Sendable {
        package let certificates: String
        package let key: String

        package init(certificates: String, key: String) {
            self.certificates = certificates
            self.key = key
        }

        func configuration() throws -> TLSConfiguration {
            let chain: [NIOSSLCertificate]
            let privateKey: NIOSSLPrivateKey
            do { chain = try NIOSSLCertificate.fromPEMFile(certificates) } catch {
                throw UnreadableFile(description: "\(certificates) holds no certificate in PEM")
            }
            do { privateKey = try NIOSSLPrivateKey(file: key, format: .pem) } catch {
                throw UnreadableFile(description: "\(key) holds no private key in PEM")
            }
            var configuration = TLSConfiguration.makeServerConfiguration(
                certificateChain: chain.map { .certificate($0) },
                privateKey: .privateKey(privateKey))
            configuration.applicationProtocols = ["http/1.1"]
            // Who does not say good-bye is not waited for, least of all at the end of the process.
            configuration.shutdownTimeout = .milliseconds(500)
            return configuration
        }
    }

    private struct UnreadableFile: Error, CustomStringConvertible { let description: String }

    package let host: String
    package let port: Int
    package var tls: TLS?
    /// How long requests that are under way may go on once the process is asked to end.
    package var shutdownSeconds = 30

    /// After so long without a request a connection is closed.
    static let idleSeconds: Int64 = 60

    package init(host: String, port: Int) {
        self.host = host
        self.port = port
    }
}

/// The service could not start, or ended by itself.
package struct CostServerError: Error, CustomStringConvertible {
    let address: ServerAddress
    let reason: String

    package var description: String {
        reason.contains("EADDRINUSE") || reason.contains("in use")
            ? "port \(address.port) on \(address.host) is taken; give another with --port"
            : "cannot serve: \(reason)"
    }
}
