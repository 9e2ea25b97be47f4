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
    /// it accepts is spoken to by the application that `open` makes. Messages go no further than the
    /// application: handlers behind `name`, where one is given, stay and get none.
    package static func upgrader(
        _ limits: WebSocketServerLimits, before name: String? = nil,
        decide: @escaping @Sendable (any Channel, HTTPRequestHead) -> EventLoopFuture<Decision>,
        open: @escaping @Sendable (any Channel, HTTPRequestHead) -> any WebSocketApplication
    ) -> any HTTPServerProtocolUpgrader & Sendable {
        PlacedUpgrader(
            handshake: NIOWebSocketServerUpgrader(
                shouldUpgrade: { channel, head in
                    decide(channel, head).map { decision in
                        if case .accept(let headers) = decision { headers } else { nil }
                    }
                },
                upgradePipelineHandler: { channel, _ in channel.eventLoop.makeSucceededVoidFuture()
                }),
            limits: limits, name: name, open: open)
    }
}

/// Shakes hands as NIO does, and puts what speaks frames where it belongs.
private struct PlacedUpgrader: HTTPServerProtocolUpgrader, Sendable {
    let handshake: NIOWebSocketServerUpgrader
    let limits: WebSocketServerLimits
    let name: String?
    let open: @Sendable (any Channel, HTTPRequestHead) -> any WebSocketApplication

    var supportedProtocol: String { handshake.supportedProtocol }
    var requiredUpgradeHeaders: [String] { handshake.requiredUpgradeHeaders }

    func buildUpgradeResponse(
        channel: any Channel, upgradeRequest: HTTPRequestHead, initialResponseHeaders: HTTPHeaders
    ) -> EventLoopFuture<HTTPHeaders> {
        handshake.buildUpgradeResponse(
            channel: channel, upgradeRequest: upgradeRequest,
            initialResponseHeaders: initialResponseHeaders)
    }

    func upgrade(
        context: ChannelHandlerContext, upgradeRequest: HTTPRequestHead
    ) -> EventLoopFuture<Void> {
        context.eventLoop.makeCompletedFuture {
            let pipeline = context.pipeline.syncOperations
            let frames = WebSocketServerFrames(open(context.channel, upgradeRequest), limits)
            let handlers: [any ChannelHandler] = [
                WebSocketFrameEncoder(),
                ByteToMessageHandler(
                    WebSocketFrameDecoder(maxFrameSize: limits.maximumMessageBytes)), frames,
            ]
            guard let name else { return try pipeline.addHandlers(handlers) }
            let next = try pipeline.context(name: name).handler
            try pipeline.addHandlers(handlers, position: .before(next))
        }
    }
}
