import Accounting
import JSONBytes
import NIOCore
import NIOHTTP1
import ProviderUsage
import StreamClient
import Synchronization
import WebSocketServer

/// Takes the relay's requests out of an HTTP/1.1 connection and answers them; all others pass to the
/// handlers behind. It stands behind what keeps answers in the order of their requests.
///
/// It also keeps the time of clients that do not say what they want.
package final class RelayHandler: ChannelDuplexHandler, RemovableChannelHandler {
    package typealias InboundIn = HTTPServerRequestPart
    package typealias InboundOut = HTTPServerRequestPart
    package typealias OutboundIn = HTTPServerResponsePart
    package typealias OutboundOut = HTTPServerResponsePart

    private enum Phase {
        case idle
        /// A request of the handlers behind.
        case passing
        /// A request of ours comes in.
        case gathering
        /// It is answered, and what may still come of it is of no interest.
        case answering
    }

    private let relay: Relay
    private var phase = Phase.idle
    private var context: ChannelHandlerContext?
    private var head: HTTPRequestHead?
    private var route: RelayRoute?
    private var body = ByteBuffer()
    /// Its bytes as they count among all requests.
    private var countedBytes = 0
    private var caller: RelayCaller?
    private var hasWholeRequest = true
    /// Whether it was answered, though it may not be whole.
    private var isAnswered = false
    private var exchange: RelayExchange?
    /// Bytes of the answer that the next flush takes.
    private var pending = ByteBuffer()
    private var isFlushDue = false
    private let silence: MovingDeadline
    /// When a request of ours has to be here.
    private let arrival: MovingDeadline

    package init(_ relay: Relay, on eventLoop: any EventLoop) {
        self.relay = relay
        silence = MovingDeadline(on: eventLoop)
        arrival = MovingDeadline(on: eventLoop)
    }

    package func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        wait()
    }

    package func handlerRemoved(context: ChannelHandlerContext) { leave() }

    package func channelInactive(context: ChannelHandlerContext) {
        leave()
        context.fireChannelInactive()
    }

    private func leave() {
        silence.stop()
        arrival.stop()
        forgetBody()
        context = nil
        clientLeft()
    }

    private func clientLeft() {
        let exchange = exchange.take()
        exchange?.clientLeft()
    }

    // MARK: The request

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let part = Self.unwrapInboundIn(data)
        switch part {
        case .head(let head):
            hasWholeRequest = false
            isAnswered = false
            wait()
            switch RelayRoute.match(head) {
            case .foreign:
                phase = .passing
                context.fireChannelRead(data)
            case .unknown: begin(head, nil, context)
            case .route(let route): begin(head, route, context)
            }
        case .body(let bytes):
            wait()
            switch phase {
            case .passing: context.fireChannelRead(data)
            case .gathering: gather(bytes)
            case .idle, .answering: break
            }
        case .end:
            hasWholeRequest = true
            silence.clear()
            arrival.clear()
            switch phase {
            case .passing:
                context.fireChannelRead(data)
                if isAnswered { rest() }
            case .gathering: dispatch()
            case .idle, .answering: break
            }
        }
    }

    private func begin(
        _ head: HTTPRequestHead, _ route: RelayRoute?, _ context: ChannelHandlerContext
    ) {
        phase = .gathering
        self.head = head
        self.route = route
        body = ByteBuffer()
        caller = nil
        expectWhole()
        guard route != nil else {
            return admit(head, context) { $0.refuse(RelayRoute.refusal(of: head)) }
        }
        admit(head, context) { handler in
            guard head.method == .GET || Self.isJSON(head) else {
                return handler.refuse(
                    RelayProblem(
                        415, "unsupported_media_type",
                        "the body must be application/json, and say so"))
            }
            guard !Self.isPacked(head) else {
                return handler.refuse(
                    RelayProblem(
                        415, "unsupported_encoding",
                        "the body must come unpacked, without Content-Encoding"))
            }
            if let length = head.headers.first(name: "content-length").flatMap(Int.init),
                length > handler.relay.settings.limits.bodyBytes
            {
                return handler.refuse(handler.tooLarge)
            }
            if head.headers.first(name: "expect")?.lowercased() == "100-continue" {
                handler.context?.writeAndFlush(
                    Self.wrapOutboundOut(
                        .head(HTTPResponseHead(version: head.version, status: .continue))),
                    promise: nil)
            }
            handler.dispatch()
        }
    }

    private var tooLarge: RelayProblem {
        RelayProblem(
            413, "body_too_large",
            "a request is at most \(relay.settings.limits.bodyBytes >> 20) MiB here")
    }

    private static func isJSON(_ head: HTTPRequestHead) -> Bool {
        let type = head.headers.first(name: "content-type") ?? ""
        return type.prefix { $0 != ";" }.lowercased().filter { $0 != " " } == "application/json"
    }

    private static func isPacked(_ head: HTTPRequestHead) -> Bool {
        head.headers[canonicalForm: "content-encoding"].contains { $0.lowercased() != "identity" }
    }

    /// `then` is called once the request is let in, unless it was answered meanwhile.
    private func admit(
        _ head: HTTPRequestHead, _ context: ChannelHandlerContext,
        _ then: @escaping (RelayHandler) -> Void
    ) {
        relay.gate.admit(head, on: context.eventLoop).assumeIsolated().whenComplete {
            [self] result in
            guard phase == .gathering, self.context != nil else { return }
            switch result {
            case .success(let caller):
                self.caller = caller
                then(self)
            case .failure(let error):
                refuse(error as? RelayProblem ?? .unavailable)
            }
        }
    }

    private func gather(_ bytes: ByteBuffer) {
        guard body.readableBytes + bytes.readableBytes <= relay.settings.limits.bodyBytes else {
            return refuse(tooLarge)
        }
        countedBytes += bytes.readableBytes
        let all = relay.gatheredBytes.wrappingAdd(bytes.readableBytes, ordering: .relaxed).newValue
        guard all <= relay.settings.limits.allBodiesBytes else {
            return refuse(relay.tooManyBytes)
        }
        if body.readableBytes == 0 { body = bytes } else { body.writeImmutableBuffer(bytes) }
    }

    /// Once the whole request is here and let in.
    private func dispatch() {
        guard hasWholeRequest, phase == .gathering, let head, let route, let caller, let context
        else { return }
        phase = .answering
        let body = body
        self.body = ByteBuffer()
        do {
            let call = try RelayCall(head, route, body: body, caller, of: relay)
            let exchange = RelayExchange(call, of: relay, into: self, on: context.eventLoop)
            self.exchange = exchange
            exchange.start()
        } catch {
            refuse(error)
        }
    }

    // MARK: Silence

    /// Nobody may keep a connection for long without a request on it, or half of one.
    private func wait() {
        let limit = relay.settings.limits.silenceMilliseconds
        silence.set(.now() + .milliseconds(limit)) { [self] in context?.close(promise: nil) }
    }

    /// Nor send a request so slowly that it never is whole.
    private func expectWhole() {
        let limit = relay.settings.limits.requestMilliseconds
        arrival.set(.now() + .milliseconds(limit)) { [self] in
            guard phase == .gathering else { return }
            refuse(
                RelayProblem(
                    408, "request_timeout",
                    "the request was not whole within \(limit / 1_000) seconds"))
        }
    }

    // MARK: Events of the connection

    package func write(
        context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?
    ) {
        if case .end = Self.unwrapOutboundIn(data) { answered(context) }
        context.write(data, promise: promise)
    }

    private func forgetBody() {
        body = ByteBuffer()
        relay.gatheredBytes.wrappingSubtract(countedBytes, ordering: .relaxed)
        countedBytes = 0
    }

    /// Between two requests.
    private func rest() {
        phase = .idle
        wait()
    }

    private func answered(_ context: ChannelHandlerContext) {
        forgetBody()
        isAnswered = true
        if hasWholeRequest {
            rest()
        } else if phase == .answering {
            phase = .idle
        }
        // The rest of a request of the handlers behind is still theirs.
    }

    package func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        // A client that closes its side of the connection looks for no answer.
        if let event = event as? ChannelEvent, event == .inputClosed, phase == .answering {
            clientLeft()
            return context.close(promise: nil)
        }
        context.fireUserInboundEventTriggered(event)
    }

    package func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { exchange?.becameWritable() }
        context.fireChannelWritabilityChanged()
    }

    package func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // The request comes next, and is answered as one that is none of a WebSocket.
        guard !WebSocketEndpoint.isLeft(error) else { return }
        switch (phase, error) {
        case (.gathering, _), (.answering, _): context.close(promise: nil)
        case (.idle, let error as HTTPParserError): refuse(error, context)
        default: context.fireErrorCaught(error)
        }
    }

    /// What is no request is told so; nobody waits for the rest of it.
    private func refuse(_ error: HTTPParserError, _ context: ChannelHandlerContext) {
        let status: HTTPResponseStatus =
            error == .headerOverflow ? .requestHeaderFieldsTooLarge : .badRequest
        let head = HTTPResponseHead(
            version: .http1_1, status: status,
            headers: ["connection": "close", "content-length": "0"])
        context.write(Self.wrapOutboundOut(.head(head)), promise: nil)
        context.writeAndFlush(Self.wrapOutboundOut(.end(nil))).assumeIsolated().whenComplete { _ in
            context.close(promise: nil)
        }
    }
}

/// The system's `struct linger` of a connection that is reset as it closes.
private struct Linger: Sendable {
    var isOn: CInt = 1
    var seconds: CInt = 0
}

extension RelayHandler: RelaySink {
    var isWritable: Bool { context?.channel.isWritable ?? false }

    func answer(_ status: HTTPResponseStatus, _ headers: HTTPHeaders) {
        guard let context, let head else { return }
        context.write(
            Self.wrapOutboundOut(
                .head(HTTPResponseHead(version: head.version, status: status, headers: headers))),
            promise: nil)
        flushSoon(context)
    }

    func write(_ bytes: ByteBuffer) {
        guard let context else { return }
        if pending.readableBytes == 0 {
            pending = bytes
        } else {
            pending.writeImmutableBuffer(bytes)
        }
        flushSoon(context)
    }

    func end(_ event: UsageEvent?) {
        exchange = nil
        guard let context, let head else { return }
        writePending(context)
        finish(context, isKept: head.isKeepAlive)
    }

    /// Without the end that the client was promised.
    func cut(_ problem: RelayProblem, _ event: UsageEvent?) {
        exchange = nil
        guard let context else { return }
        writePending(context)
        context.writeAndFlush(Self.wrapOutboundOut(.body(.byteBuffer(ByteBuffer()))))
            .assumeIsolated().whenComplete { [self] _ in breakOff(context) }
        context.eventLoop.assumeIsolated().scheduleTask(in: .milliseconds(5_000)) {
            context.close(promise: nil)
        }
    }

    /// In HTTP/1.0 a connection's end is the end of an answer: nothing but a reset is none.
    private func breakOff(_ context: ChannelHandlerContext) {
        if head?.version.minor == 0, let socket = context.channel as? any SocketOptionProvider {
            _ = socket.unsafeSetSocketOption(
                level: NIOBSDSocket.OptionLevel.socket, name: NIOBSDSocket.Option.so_linger,
                value: Linger())
        }
        context.close(promise: nil)
    }

    func refuse(_ problem: RelayProblem, _ headers: HTTPHeaders) {
        exchange = nil
        phase = .answering
        guard let context, let head else { return }
        let body = problem.body(route?.api ?? RelayRoute.speaker(head)) + [UInt8(ascii: "\n")]
        var all = problem.headers
        for (name, value) in caller?.headers ?? [] { all.replaceOrAdd(name: name, value: value) }
        for (name, value) in headers { all.replaceOrAdd(name: name, value: value) }
        all.add(name: "content-length", value: "\(body.count)")
        // What of the request is still to come is not waited for.
        let isKept = head.isKeepAlive && hasWholeRequest
        if !isKept { all.add(name: "connection", value: "close") }
        context.write(
            Self.wrapOutboundOut(
                .head(
                    HTTPResponseHead(
                        version: head.version,
                        status: HTTPResponseStatus(statusCode: problem.status), headers: all))),
            promise: nil)
        context.write(
            Self.wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: body)))), promise: nil)
        finish(context, isKept: isKept)
    }

    /// What never became an exchange, which would write a line of its own.
    private func refuse(_ problem: RelayProblem) {
        relay.log?.log(
            relay.now(),
            [
                "route": .optional(
                    route?.path ?? head.map { String(RelayRoute.path(of: $0)) }),
                "status": .integer(Int64(problem.status)), "end": .string(RelayEnd.denied.rawValue),
                "key": .optional(caller?.key), "problem": .string(problem.code),
            ])
        refuse(problem, [:])
    }

    private func finish(_ context: ChannelHandlerContext, isKept: Bool) {
        answered(context)
        if isKept {
            context.writeAndFlush(Self.wrapOutboundOut(.end(nil)), promise: nil)
        } else {
            context.writeAndFlush(Self.wrapOutboundOut(.end(nil))).assumeIsolated().whenComplete {
                _ in
                context.close(promise: nil)
            }
        }
    }

    /// What comes within one turn of the event loop goes out in one write.
    private func flushSoon(_ context: ChannelHandlerContext) {
        guard !isFlushDue else { return }
        isFlushDue = true
        context.eventLoop.assumeIsolated().execute { [self] in
            isFlushDue = false
            guard let context = self.context else { return }
            writePending(context)
            context.flush()
        }
    }

    private func writePending(_ context: ChannelHandlerContext) {
        guard pending.readableBytes > 0 else { return }
        let bytes = pending
        pending = ByteBuffer()
        context.write(Self.wrapOutboundOut(.body(.byteBuffer(bytes))), promise: nil)
    }
}
