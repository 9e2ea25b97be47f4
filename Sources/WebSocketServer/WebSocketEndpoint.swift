import NIOCore
import NIOHTTP1
import NIOWebSocket

/// Accepts WebSockets in an HTTP/1.1 pipeline (RFC 6455, no extensions).
package enum WebSocketEndpoint {
    /// What becomes of a request to upgrade.
    package enum Decision: Sendable {
        /// Headers for the response besides those of the protocol.
        case accept(HTTPHeaders)
        /// Left to the handlers behind, which answer it as they answer any request; first they meet
        /// an error of which `isLeft` is true.
        case leave
    }

    /// Whether an error in the pipeline only says that an upgrade was left to the handlers behind.
    package static func isLeft(_ error: any Error) -> Bool { error is NIOWebSocketUpgradeError }

    /// For `configureHTTPServerPipeline(withServerUpgrade:)`. `decide` is asked on the event loop; what
    /// it accepts is spoken to by the application that `open` makes.
    package static func upgrader(
        _ limits: WebSocketServerLimits,
        decide: @escaping @Sendable (any Channel, HTTPRequestHead) -> EventLoopFuture<Decision>,
        open: @escaping @Sendable (any Channel, HTTPRequestHead) -> any WebSocketApplication
    ) -> any HTTPServerProtocolUpgrader & Sendable {
        NIOWebSocketServerUpgrader(
            maxFrameSize: limits.maximumMessageBytes, automaticErrorHandling: false,
            shouldUpgrade: { channel, head in
                decide(channel, head).map { decision in
                    if case .accept(let headers) = decision { headers } else { nil }
                }
            },
            upgradePipelineHandler: { channel, head in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(
                        WebSocketServerFrames(open(channel, head), limits))
                }
            })
    }
}
