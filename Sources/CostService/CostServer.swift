import Hummingbird
import Logging

/// The API on a socket, until the process is asked to end.
package struct CostServer: Sendable {
    private let api: CostAPI
    private let host: String
    private let port: Int

    package init(api: CostAPI, host: String, port: Int) {
        self.api = api
        self.host = host
        self.port = port
    }

    /// Serves until SIGTERM or SIGINT; requests that are under way are answered.
    ///
    /// `onListening` is told the port that was taken. Throws `CostServerError` where the socket cannot be had.
    package func run(
        logger: Logger, onListening: @escaping @Sendable (Int) -> Void
    ) async throws {
        let application = Application(
            router: api.router(),
            configuration: ApplicationConfiguration(
                address: .hostname(host, port: port), serverName: "tokenmeter"),
            onServerRunning: { channel in onListening(channel.localAddress?.port ?? 0) },
            logger: logger)
        do {
            try await application.runService()
        } catch {
            throw CostServerError(host: host, port: port, reason: "\(error)")
        }
    }
}

/// The service could not start, or ended by itself.
package struct CostServerError: Error, CustomStringConvertible {
    let host: String
    let port: Int
    let reason: String

    package var description: String {
        reason.contains("EADDRINUSE") || reason.contains("in use")
            ? "port \(port) on \(host) is taken; give another with --port"
            : "cannot serve: \(reason)"
    }
}
