import Hummingbird
import HummingbirdCore
import Logging
import MeteringRelay
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import NIOHTTPTypesHTTP1

/// A connection of the service: the relay takes its requests first, and the router gets all others.
struct ServiceChannel: HTTPChannelHandler {
    typealias Value = NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>

    /// Of all headers of a request together.
    private static let maximumHeaderBytes = 64 << 10
    private static let relayName = "relay"
    /// Of what stands behind it.
    private static let routerName = "router"

    let relay: Relay
    let responder: HTTPChannelHandler.Responder

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        channel.eventLoop.makeCompletedFuture {
            let pipeline = channel.pipeline.syncOperations
            var limits = NIOHTTPDecoderLimitConfiguration()
            limits.maxHeaderFieldSize = Self.maximumHeaderBytes
            limits.maxHeaderListSize = Self.maximumHeaderBytes
            let upgrader = RelayUpgrade(relay).upgrader(
                on: channel.eventLoop, before: Self.routerName)
            try pipeline.configureHTTPServerPipeline(
                withPipeliningAssistance: true,
                withServerUpgrade: (
                    upgraders: [upgrader],
                    completionHandler: { context in
                        context.pipeline.syncOperations.removeHandler(
                            name: Self.relayName, promise: nil)
                    }
                ), withErrorHandling: false,
                withOutboundHeaderValidation: true, withEncoderConfiguration: .init(),
                withDecoderLimitConfiguration: limits)
            try pipeline.addHandler(
                RelayHandler(relay, on: channel.eventLoop), name: Self.relayName)
            try pipeline.addHandler(HTTP1ToHTTPServerCodec(secure: false), name: Self.routerName)
            try pipeline.addHandler(UnfinishedRequests())
            try pipeline.addHandler(HTTPConnectionStateHandler(logger: logger))
            return try NIOAsyncChannel(
                wrappingChannelSynchronously: channel,
                configuration: .init(isOutboundHalfClosureEnabled: true))
        }
    }

    func handle(value: Value, logger: Logger) async {
        await handleHTTP(asyncChannel: value, logger: logger)
    }
}
