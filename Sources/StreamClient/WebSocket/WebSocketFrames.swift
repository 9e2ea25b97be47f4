import NIOCore
import NIOWebSocket
import WebSocketMessages

/// The client's end of a WebSocket's pipeline: frames to messages, pongs to pings, the closing
/// handshake, back-pressure and deadlines.
final class WebSocketFrames: ChannelDuplexHandler {
    typealias InboundIn = WebSocketFrame
    typealias OutboundIn = Never
    typealias OutboundOut = WebSocketFrame

    let watch: ActivityWatch
    /// What the other side said when it closed.
    private(set) var closing: WebSocketClose?

    private let host: String
    private let limits: StreamLimits
    private var reader: WebSocketMessageReader
    private let mailbox: Mailbox<WebSocketMessage>
    private var context: ChannelHandlerContext?
    private var hasSentClose = false
    /// Whoever sends waits until what it sends is on the connection.
    private var outgoing: EventLoopPromise<Void>?
    /// What is said to the other side where its answer is of no more interest.
    private var cancellation: WebSocketMessage?
    private var isHeld = false
    private var wantsRead = false
    private var masks = SystemRandomNumberGenerator()

    init(
        host: String, settings: StreamSettings, on eventLoop: any EventLoop,
        mailbox: Mailbox<WebSocketMessage>
    ) {
        self.host = host
        limits = settings.limits
        watch = ActivityWatch(settings.timeouts, on: eventLoop)
        reader = WebSocketMessageReader(maximumMessageBytes: limits.maximumMessageBytes)
        self.mailbox = mailbox
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        watch.rest()
        watch.start { [self] timeout, limit in
            fail(.timeout(timeout, milliseconds: limit))
            leave(WebSocketClose(.goingAway, "timeout"))
        }
    }

    func handlerRemoved(context: ChannelHandlerContext) { end() }

    // MARK: Out

    func send(
        _ message: WebSocketMessage, asking: Bool, cancellation: WebSocketMessage?,
        _ written: EventLoopPromise<Void>
    ) {
        guard let context, !hasSentClose else {
            return written.fail(
                StreamError(
                    host: host, reason: closing.map(StreamError.Reason.closed) ?? .cutShort,
                    wasSent: false))
        }
        if asking {
            watch.sent()
            self.cancellation = cancellation
        }
        outgoing = written
        let isOpen = context.channel.isActive
        let sent = context.eventLoop.makePromise(of: Void.self)
        write(message.kind == .text ? .text : .binary, message.bytes, context, sent)
        sent.futureResult.assumeIsolated().whenComplete { [self] result in
            // Where the connection failed before, that was told.
            guard let outgoing = outgoing.take() else { return }
            outgoing.completeWith(
                result.mapError { error in
                    StreamError(host: host, reason: StreamError.Reason(error), wasSent: isOpen)
                })
        }
    }

    /// Nothing is waited for any more.
    func rest() {
        watch.rest()
        cancellation = nil
    }

    /// Says why, once, and gives the other side a while to answer.
    func close(_ reason: WebSocketClose) { leave(reason) }

    /// Ends what is being sent, and with it the connection: half of a message is none.
    func stopSending() {
        guard outgoing != nil, let context else { return }
        fail(.cancelled)
        context.close(promise: nil)
    }

    /// Nobody wants the rest of the answer.
    func abandon() {
        if let context, !hasSentClose, let cancellation {
            write(.text, cancellation.bytes, context)
        }
        leave(WebSocketClose(.goingAway, ""))
    }

    private func write(
        _ opcode: WebSocketOpcode, _ bytes: ByteBuffer, _ context: ChannelHandlerContext,
        _ promise: EventLoopPromise<Void>? = nil
    ) {
        let frame = WebSocketFrame(
            fin: true, opcode: opcode, maskKey: .random(using: &masks), data: bytes)
        context.writeAndFlush(Self.wrapOutboundOut(frame), promise: promise)
    }

    private func leave(_ reason: WebSocketClose) {
        guard let context, !hasSentClose else { return }
        hasSentClose = true
        write(.connectionClose, reason.payload, context)
        let channel = context.channel
        channel.eventLoop.scheduleTask(in: .milliseconds(limits.closeMilliseconds)) {
            channel.close(promise: nil)
        }
    }

    // MARK: In

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let frame = Self.unwrapInboundIn(data)
        // https://www.rfc-editor.org/rfc/rfc6455#section-5.1 (checked 2026-11-29)
        guard frame.maskKey == nil else {
            let close = WebSocketClose(.protocolError, "a masked frame from a server")
            fail(.violated(close))
            return leave(close)
        }
        let event = reader.read(
            WebSocketMessageReader.Frame(
                isFinal: frame.fin, hasReservedBits: frame.rsv1 || frame.rsv2 || frame.rsv3,
                opcode: frame.opcode.number, payload: frame.unmaskedData))
        switch event {
        case .nothing: watch.received()
        case .message(let message):
            watch.received()
            hand(message)
        case .ping(let bytes):
            watch.lived()
            if !hasSentClose { write(.pong, bytes, context) }
        case .pong: watch.lived()
        case .close(let close):
            closing = close
            finish(close)
            leave(close)
        // RFC 6455 wants the server to close the connection; one that does not is not waited for
        // longer than a moment.
        case .violation(let close):
            fail(.violated(close))
            leave(close)
        }
    }

    private func hand(_ message: WebSocketMessage) {
        guard !mailbox.put(message) else { return }
        isHeld = true
        watch.hold()
    }

    /// Whoever reads has room again.
    func wantsMore() {
        isHeld = false
        watch.release()
        guard wantsRead else { return }
        wantsRead = false
        context?.read()
    }

    func read(context: ChannelHandlerContext) {
        if isHeld { wantsRead = true } else { context.read() }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch error {
        case NIOWebSocketError.invalidFrameLength:
            let close = WebSocketClose(
                .tooLarge, "a frame is larger than \(limits.maximumMessageBytes) bytes")
            fail(.violated(close))
            leave(close)
        case is NIOWebSocketError:
            let close = WebSocketClose(.protocolError, "a control frame that none may send")
            fail(.violated(close))
            leave(close)
        default:
            fail(StreamError.Reason(error))
            context.close(promise: nil)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        end()
        context.fireChannelInactive()
    }

    // MARK: The end

    private func end() {
        context = nil
        watch.stop()
        fail(.cutShort)
    }

    private func fail(_ reason: StreamError.Reason) {
        let error = StreamError(host: host, reason: reason, wasSent: true)
        mailbox.finish(error)
        outgoing.take()?.fail(error)
    }

    private func finish(_ close: WebSocketClose) {
        watch.stop()
        mailbox.finish()
        outgoing.take()?.fail(StreamError(host: host, reason: .closed(close), wasSent: true))
    }
}

extension WebSocketOpcode {
    /// The four bits of the wire.
    var number: UInt8 { UInt8(webSocketOpcode: self) }
}
