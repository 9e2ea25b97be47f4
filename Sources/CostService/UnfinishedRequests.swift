import HTTPTypes
import NIOCore
import NIOHTTPTypes

/// Asks for the body of a request whose client waits to be asked (`Expect: 100-continue`), and waits no
/// longer for the rest of one that was answered before it was whole than for the next one.
package final class UnfinishedRequests: ChannelDuplexHandler, RemovableChannelHandler {
    package typealias InboundIn = HTTPRequestPart
    package typealias InboundOut = HTTPRequestPart
    package typealias OutboundIn = HTTPResponsePart
    package typealias OutboundOut = HTTPResponsePart

    private var rest: Scheduled<Void>?
    private var isWhole = true
    /// Requests that came and were not answered: some may wait behind the one that is being answered.
    private var unanswered = 0

    package init() {}

    package func handlerRemoved(context: ChannelHandlerContext) { rest.take()?.cancel() }

    package func channelInactive(context: ChannelHandlerContext) {
        rest.take()?.cancel()
        context.fireChannelInactive()
    }

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch Self.unwrapInboundIn(data) {
        case .head(let request):
            isWhole = false
            unanswered += 1
            rest.take()?.cancel()
            // In the middle of another answer there is no place for it.
            if unanswered == 1, request.headerFields[.expect]?.lowercased() == "100-continue" {
                context.writeAndFlush(
                    Self.wrapOutboundOut(.head(HTTPResponse(status: .continue))), promise: nil)
            }
        case .body: break
        case .end:
            isWhole = true
            rest.take()?.cancel()
        }
        context.fireChannelRead(data)
    }

    package func write(
        context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?
    ) {
        if case .end = Self.unwrapOutboundIn(data) {
            unanswered -= 1
            if unanswered == 0, !isWhole { waitForRest(context) }
        }
        context.write(data, promise: promise)
    }

    private func waitForRest(_ context: ChannelHandlerContext) {
        rest = context.eventLoop.assumeIsolated().scheduleTask(
            in: .seconds(ServerAddress.idleSeconds)
        ) { context.close(promise: nil) }
    }
}
