import NIOCore
import NIOWebSocket
import WebSocketMessages

/// The server's end of a WebSocket's pipeline: frames to messages, pongs to pings, the closing
/// handshake, and pings to a silent client.
final class WebSocketServerFrames: ChannelDuplexHandler {
    typealias InboundIn = WebSocketFrame
    typealias OutboundIn = Never
    typealias OutboundOut = WebSocketFrame

    private let limits: WebSocketServerLimits
    private var application: (any WebSocketApplication)?
    private var context: ChannelHandlerContext?
    private var reader: WebSocketMessageReader
    private var heartbeat = WebSocketHeartbeat()
    private var timer: Scheduled<Void>?
    private var closing: WebSocketClose?
    private var hasSentClose = false
    var isHeld = false
    private var wantsRead = false

    init(_ application: any WebSocketApplication, _ limits: WebSocketServerLimits) {
        self.application = application
        self.limits = limits
        reader = WebSocketMessageReader(maximumMessageBytes: limits.maximumMessageBytes)
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        application?.opened(WebSocketPeer(self, on: context.eventLoop))
        listen(context)
    }

    func handlerRemoved(context: ChannelHandlerContext) { end() }

    func channelInactive(context: ChannelHandlerContext) {
        end()
        context.fireChannelInactive()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable {
            application?.becameWritable()
            readOn()
        }
        context.fireChannelWritabilityChanged()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is ChannelShouldQuiesceEvent { return application?.ending() ?? () }
        context.fireUserInboundEventTriggered(event)
    }

    // MARK: In

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let frame = Self.unwrapInboundIn(data)
        heartbeat.heard()
        guard !hasSentClose || frame.opcode == .connectionClose else { return }
        guard frame.maskKey != nil else {
            return fail(WebSocketClose(.protocolError, "a frame of a client without a mask"))
        }
        let event = reader.read(
            WebSocketMessageReader.Frame(
                isFinal: frame.fin, hasReservedBits: frame.rsv1 || frame.rsv2 || frame.rsv3,
                opcode: UInt8(webSocketOpcode: frame.opcode), payload: frame.unmaskedData))
        switch event {
        case .nothing, .pong: break
        case .message(let message): application?.received(message)
        case .ping(let bytes): send(.pong, bytes)
        case .close(let close):
            closing = close
            answer(close, context)
        case .violation(let close): fail(close)
        }
    }

    /// Who does not take what it is told is not listened to: each message may have an answer.
    func read(context: ChannelHandlerContext) {
        if isHeld || !context.channel.isWritable { wantsRead = true } else { context.read() }
    }

    func resume() {
        isHeld = false
        readOn()
    }

    private func readOn() {
        guard wantsRead, !isHeld, let context, context.channel.isWritable else { return }
        wantsRead = false
        context.read()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch error {
        case NIOWebSocketError.invalidFrameLength:
            fail(
                WebSocketClose(
                    .tooLarge, "a frame is larger than \(limits.maximumMessageBytes) bytes"))
        case is NIOWebSocketError:
            fail(WebSocketClose(.protocolError, "a frame that no peer may send"))
        case is ByteToMessageDecoderError where hasSentClose: break
        default: context.close(promise: nil)
        }
    }

    // MARK: Out

    var isWritable: Bool { !hasSentClose && context?.channel.isWritable ?? false }

    func write(_ message: WebSocketMessage) {
        guard let context, !hasSentClose else { return }
        let opcode: WebSocketOpcode = message.kind == .text ? .text : .binary
        context.write(
            Self.wrapOutboundOut(WebSocketFrame(fin: true, opcode: opcode, data: message.bytes)),
            promise: nil)
    }

    func flush() { context?.flush() }

    private func send(_ opcode: WebSocketOpcode, _ bytes: ByteBuffer) {
        guard let context, !hasSentClose else { return }
        context.writeAndFlush(
            Self.wrapOutboundOut(WebSocketFrame(fin: true, opcode: opcode, data: bytes)),
            promise: nil)
    }

    // MARK: The end

    /// Says why, once, and gives the other side a while to say so too.
    func leave(_ close: WebSocketClose) {
        guard let context, !hasSentClose else { return }
        closing = close
        send(.connectionClose, close.payload)
        hasSentClose = true
        timer?.cancel()
        timer = context.eventLoop.assumeIsolated().scheduleTask(
            in: .milliseconds(limits.closeMilliseconds)
        ) { [self] in drop() }
    }

    /// Leaves a side that broke the protocol, and so may never answer: it sees the end of what is sent
    /// to it at once. Closing altogether, with some of what it sends unread, could cost it the reason.
    private func fail(_ close: WebSocketClose) {
        guard !hasSentClose else { return }
        leave(close)
        context?.close(mode: .output, promise: nil)
    }

    /// The other side closes: it gets its code back, unless it answers ours, and it is the server
    /// that ends the connection.
    private func answer(_ close: WebSocketClose, _ context: ChannelHandlerContext) {
        guard !hasSentClose else { return drop() }
        hasSentClose = true
        let frame = WebSocketFrame(
            fin: true, opcode: .connectionClose, data: WebSocketClose(close.code, "").payload)
        context.writeAndFlush(Self.wrapOutboundOut(frame)).assumeIsolated().whenComplete {
            [self] _ in drop()
        }
    }

    func drop() { context?.close(promise: nil) }

    private func end() {
        timer?.cancel()
        timer = nil
        context = nil
        let application = application
        self.application = nil
        application?.closed(closing)
    }

    // MARK: Silence

    private func listen(_ context: ChannelHandlerContext) {
        guard let milliseconds = limits.silenceMilliseconds else { return }
        timer = context.eventLoop.assumeIsolated().scheduleTask(in: .milliseconds(milliseconds)) {
            [self] in
            guard let context = self.context, !hasSentClose else { return }
            switch heartbeat.look() {
            case .nothing: listen(context)
            case .ping:
                send(.ping, ByteBuffer())
                listen(context)
            case .gone: drop()
            }
        }
    }
}
