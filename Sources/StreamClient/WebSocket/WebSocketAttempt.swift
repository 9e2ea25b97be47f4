import NIOCore
import NIOHTTP1
import NIOTLS

/// One attempt to open a WebSocket: what comes first counts, the open connection or a failure.
final class WebSocketAttempt: Sendable {
    private struct State {
        var channel: (any Channel)?
        var isConnected = false
        var isEnded = false
    }

    let host: String
    /// What no refusal may repeat.
    let key: StreamKey?
    let eventLoop: any EventLoop
    var connection: EventLoopFuture<WebSocketConnection> { promise.futureResult }

    private let promise: EventLoopPromise<WebSocketConnection>
    private let watch: ActivityWatch
    private let state: NIOLoopBoundBox<State>

    init(
        _ host: String, _ key: StreamKey?, _ settings: StreamSettings,
        on eventLoop: any EventLoop
    ) {
        self.host = host
        self.key = key
        self.eventLoop = eventLoop
        promise = eventLoop.makePromise()
        watch = ActivityWatch(settings.timeouts, on: eventLoop)
        state = .makeBoxSendingValue(State(), eventLoop: eventLoop)
    }

    func start() {
        eventLoop.execute {
            guard !self.state.value.isEnded else { return }
            self.watch.start { self.fail(.timeout($0, milliseconds: $1)) }
        }
    }

    /// From the event loop.
    func connecting(_ channel: any Channel) {
        state.value.channel = channel
        if state.value.isEnded { channel.close(promise: nil) }
    }

    /// From the event loop.
    func connected() { state.value.isConnected = true }

    /// What became of the upgrade; from the event loop. Where there was no connection, it only knows
    /// that it was taken down, and the connection itself tells why.
    func upgraded(_ result: Result<WebSocketConnection, any Error>) {
        switch result {
        case .success(let connection): succeed(connection)
        case .failure(let error):
            if state.value.isConnected { fail(StreamError.Reason(error)) }
        }
    }

    /// The request for the upgrade is on the connection; from the event loop.
    func asked() { watch.sent() }

    private func succeed(_ connection: WebSocketConnection) {
        guard !state.value.isEnded else { return }
        state.value.isEnded = true
        state.value.channel = nil
        watch.stop()
        promise.succeed(connection)
    }

    /// From anywhere.
    func fail(_ reason: StreamError.Reason) {
        eventLoop.execute {
            guard !self.state.value.isEnded else { return }
            self.state.value.isEnded = true
            self.watch.stop()
            self.promise.fail(StreamError(host: self.host, reason: reason, wasSent: false))
            self.state.value.channel?.close(promise: nil)
            self.state.value.channel = nil
        }
    }
}

/// Stands before the upgrade and takes answers that are no acceptance: their status and their words
/// say why.
final class WebSocketRefusal: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPClientResponsePart

    private let attempt: WebSocketAttempt
    private let limits: StreamLimits
    private let isTLS: Bool
    private var head: HTTPResponseHead?
    private var body = ByteBuffer()

    init(_ attempt: WebSocketAttempt, _ limits: StreamLimits, isTLS: Bool) {
        self.attempt = attempt
        self.limits = limits
        self.isTLS = isTLS
    }

    func channelActive(context: ChannelHandlerContext) {
        attempt.connected()
        if !isTLS { attempt.asked() }
        context.fireChannelActive()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .handshakeCompleted? = event as? TLSUserEvent { attempt.asked() }
        context.fireUserInboundEventTriggered(event)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch Self.unwrapInboundIn(data) {
        case .head(let head) where head.status != .switchingProtocols: self.head = head
        case .body(let bytes) where head != nil:
            body.writeBytes(
                bytes.readableBytesView.prefix(limits.maximumErrorBytes - body.readableBytes))
            if body.readableBytes >= limits.maximumErrorBytes { refuse() }
        case .end where head != nil: refuse()
        default: context.fireChannelRead(data)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        attempt.fail(StreamError.Reason(error))
    }

    func channelInactive(context: ChannelHandlerContext) {
        if head != nil { refuse() } else { attempt.upgraded(.failure(ChannelError.eof)) }
        context.fireChannelInactive()
    }

    private func refuse() {
        guard let head else { return }
        let status = Int(head.status.code)
        guard status >= 300 else { return attempt.fail(.noWebSocket) }
        // A date among them is one of the server's own clock.
        let wait = RetryAfter.milliseconds(
            now: head.headers.first(name: "date").flatMap(RetryAfter.date)
        ) { head.headers.first(name: $0) }
        attempt.fail(
            .status(
                status, retryAfterMilliseconds: wait,
                message: VendorMessage.read(body.readableBytesView, without: attempt.key)))
    }
}
