import JSONBytes
import NIOCore
import NIOHTTP1
import WebSocketServer

/// Answers the requests of one connection, or of one stream of HTTP/2.
final class AnswerHandler: ChannelInboundHandler, RemovableChannelHandler, AnswerSink {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let standIn: StandIn
    private var context: ChannelHandlerContext?
    private var head: HTTPRequestHead?
    private var body: [UInt8] = []
    private var isTooLarge = false
    private var pump: AnswerPump?
    private var delay: Scheduled<Void>?
    private var isAnswering = false

    /// Why a request to upgrade was not accepted.
    private let refusal: UpgradeRefusal

    init(_ standIn: StandIn, _ refusal: UpgradeRefusal) {
        self.standIn = standIn
        self.refusal = refusal
    }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) {
        leave()
        self.context = nil
    }

    func channelInactive(context: ChannelHandlerContext) {
        leave()
        context.fireChannelInactive()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        pump?.run()
        context.fireChannelWritabilityChanged()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if !WebSocketEndpoint.isLeft(error) { context.close(promise: nil) }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch Self.unwrapInboundIn(data) {
        case .head(let head):
            self.head = head
            body = []
            isTooLarge = false
        case .body(let bytes):
            isTooLarge = isTooLarge || body.count + bytes.readableBytes > standIn.limits.bodyBytes
            if !isTooLarge { body.append(contentsOf: bytes.readableBytesView) }
        case .end:
            guard let head else { return }
            answer(head, since: .now())
        }
    }

    private func answer(_ head: HTTPRequestHead, since start: NIODeadline) {
        let request = RoutedRequest(head)
        guard !request.isAboutStandIn else {
            return send(200, standIn.counts.document.compactBytes, [])
        }
        let number = standIn.begin()
        isAnswering = true
        guard !isTooLarge else {
            let limit = standIn.limits.bodyBytes
            return refuse(
                Refusal(
                    error: VendorError(
                        status: 413, kind: "invalid_request_error",
                        message: "The body is larger than \(limit) bytes.")), request)
        }
        if let refused = refusal.value {
            refusal.value = nil
            return refuse(refused, request)
        }
        switch request.answer(to: body, number: number, of: standIn) {
        case .refusal(let refused): refuse(refused, request)
        case .document(let document): send(200, document.compactBytes, [])
        case .stream(let stream, let contentType, let headersDelay):
            let begun = { [self] in
                delay = nil
                begin(stream, contentType, number, since: start)
            }
            guard let headersDelay, let context else { return begun() }
            delay = context.eventLoop.assumeIsolated().scheduleTask(
                deadline: start + TimeAmount(headersDelay), begun)
        }
    }

    private func begin(
        _ stream: StreamedAnswer, _ contentType: String, _ number: Int, since start: NIODeadline
    ) {
        guard let context else { return }
        let headers: HTTPHeaders = [
            "Content-Type": contentType, "Cache-Control": "no-cache",
            "X-Request-ID": "req_" + StandIn.serial(number),
        ]
        context.writeAndFlush(
            Self.wrapOutboundOut(
                .head(HTTPResponseHead(version: version, status: .ok, headers: headers))),
            promise: nil)
        let pump = AnswerPump(stream, since: start, on: context.eventLoop, into: self)
        self.pump = pump
        pump.run()
    }

    private func refuse(_ refused: Refusal, _ request: RoutedRequest) {
        let headers = refused.retryAfterSeconds.map { [("Retry-After", String($0))] } ?? []
        let error = refused.error
        send(error.status, (request.api ?? .openAIChat).body(of: error), headers)
    }

    private func send(_ status: Int, _ document: [UInt8], _ more: [(String, String)]) {
        guard let context else { return }
        var headers = HTTPHeaders(more)
        headers.add(name: "Content-Type", value: "application/json")
        headers.add(name: "Content-Length", value: String(document.count))
        context.write(
            Self.wrapOutboundOut(
                .head(
                    HTTPResponseHead(
                        version: version, status: HTTPResponseStatus(statusCode: status),
                        headers: headers))), promise: nil)
        context.write(
            Self.wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: document)))), promise: nil)
        over(.end)
    }

    private var version: HTTPVersion { head?.version ?? .http1_1 }

    // MARK: The sink

    var isWritable: Bool { context?.channel.isWritable ?? false }

    func write(_ piece: ByteBuffer) {
        standIn.sentPieces.add(piece.readableBytes)
        context?.write(Self.wrapOutboundOut(.body(.byteBuffer(piece))), promise: nil)
    }

    func flush() { context?.flush() }

    func over(_ step: StreamedAnswer.Step) {
        guard let context, step != .silence else { return }
        pump = nil
        if isAnswering { standIn.end(isComplete: step == .end) }
        isAnswering = false
        guard step == .end else { return breakConnection(context) }
        let isKept = head?.isKeepAlive ?? false
        let end = context.writeAndFlush(Self.wrapOutboundOut(.end(nil)))
        if !isKept {
            let channel = NIOLoopBound(context, eventLoop: context.eventLoop)
            end.whenComplete { _ in channel.value.close(promise: nil) }
        }
    }

    /// Over HTTP/2 the connection is the stream's parent, and has what was written only a moment
    /// later.
    private func breakConnection(_ context: ChannelHandlerContext) {
        guard let connection = context.channel.parent, connection.parent != nil else {
            return context.close(promise: nil)
        }
        context.writeAndFlush(Self.wrapOutboundOut(.body(.byteBuffer(ByteBuffer()))))
            .whenComplete { _ in connection.close(promise: nil) }
    }

    /// The connection is gone.
    private func leave() {
        delay?.cancel()
        delay = nil
        pump?.stop()
        pump = nil
        if isAnswering { standIn.end(isComplete: false) }
        isAnswering = false
    }
}
