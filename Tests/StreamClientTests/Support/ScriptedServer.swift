import Crypto
import Foundation
import NIOCore
import NIOPosix
import Synchronization

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// A server on loopback that does as it was told with each connection, one script after the other.
final class ScriptedServer: Sendable {
    enum Step: Sendable {
        case send([UInt8])
        /// Accepts the upgrade to a WebSocket that was asked for.
        case accept
        /// Goes on once so many bytes came besides the request.
        case hear(Int)
        /// Takes nothing more off the connection.
        case stopReading
        /// Ends the connection as one does who has said all.
        case close
        /// Ends it with a reset.
        case reset
    }

    private struct Seen: Sendable {
        var requests: [String] = []
        /// What came behind them, over all connections.
        var more: [UInt8] = []
        var ended = 0
    }

    let port: Int
    private let channel: any Channel
    private let store: Store

    /// The requests in the order in which they were whole.
    var heard: [String] { store.seen.withLock { $0.requests } }

    /// A script begins once the head of a request, and its body where it has a length, is there; a
    /// script that ends without `close` stalls for ever. Further connections follow the last one.
    init(_ scripts: [[Step]]) async throws {
        let count = Mutex(0)
        let store = Store()
        channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                let place = count.withLock { count in
                    defer { count += 1 }
                    return min(count, scripts.count - 1)
                }
                return channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(
                        Connection(scripts[place], store))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        port = channel.localAddress?.port ?? 0
        self.store = store
    }

    /// One script for every connection.
    convenience init(_ text: String..., thenCloses: Bool = true) async throws {
        let steps = text.map { Step.send(Array($0.utf8)) }
        try await self.init([steps + (thenCloses ? [.close] : [])])
    }

    /// Once so many bytes came behind the requests.
    func heard(bytes count: Int) async -> [UInt8] {
        while true {
            let bytes = store.seen.withLock { $0.more }
            if bytes.count >= count { return bytes }
            await Task.yield()
        }
    }

    /// Once so many connections have ended.
    func ended(_ count: Int) async {
        while store.seen.withLock({ $0.ended }) < count { await Task.yield() }
    }

    private final class Store: Sendable {
        let seen = Mutex(Seen())
    }

    private final class Connection: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer

        private var script: ArraySlice<Step>
        private let store: Store
        private var request = ""
        private var received = ByteBuffer()
        private var more = 0

        init(_ script: [Step], _ store: Store) {
            self.script = script[...]
            self.store = store
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            var bytes = Self.unwrapInboundIn(data)
            if request.isEmpty {
                received.writeBuffer(&bytes)
                guard let whole = wholeRequest() else { return }
                request = whole
                store.seen.withLock { $0.requests.append(whole) }
            } else {
                more += bytes.readableBytes
                store.seen.withLock { $0.more += bytes.readableBytesView }
            }
            play(context)
        }

        private func wholeRequest() -> String? {
            let text = String(buffer: received)
            guard let head = text.firstRange(of: "\r\n\r\n") else { return nil }
            let length = text.lowercased().split(separator: "\r\n").compactMap { line -> Int? in
                line.hasPrefix("content-length: ") ? Int(line.dropFirst(16)) : nil
            }.first
            return text[head.upperBound...].utf8.count >= length ?? 0 ? text : nil
        }

        private func play(_ context: ChannelHandlerContext) {
            while let step = script.first {
                if case .hear(let count) = step {
                    guard more >= count else { return }
                    more -= count
                }
                script = script.dropFirst()
                take(step, context)
            }
        }

        private func take(_ step: Step, _ context: ChannelHandlerContext) {
            switch step {
            case .send(let bytes):
                context.writeAndFlush(
                    Self.wrapOutboundOut(ByteBuffer(bytes: bytes)), promise: nil)
            case .accept:
                let answer =
                    "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n"
                    + "sec-websocket-accept: \(acceptance)\r\n\r\n"
                context.writeAndFlush(
                    Self.wrapOutboundOut(ByteBuffer(string: answer)), promise: nil)
            case .hear: break
            case .stopReading:
                try? context.channel.syncOptions?.setOption(.autoRead, value: false)
            case .close: context.close(promise: nil)
            case .reset:
                let channel = context.channel
                (channel as? any SocketOptionProvider)?
                    .setSoLinger(linger(l_onoff: 1, l_linger: 0))
                    .whenComplete { _ in channel.close(promise: nil) }
            }
        }

        /// RFC 6455, 4.2.2.
        private var acceptance: String {
            let name = "sec-websocket-key: "
            let line = request.split(separator: "\r\n").first {
                $0.lowercased().hasPrefix(name)
            }
            let key = line?.dropFirst(name.count) ?? ""
            let hash = Insecure.SHA1.hash(
                data: Array("\(key)258EAFA5-E914-47DA-95CA-C5AB0DC85B11".utf8))
            return Data(hash).base64EncodedString()
        }

        func channelInactive(context: ChannelHandlerContext) {
            store.seen.withLock { $0.ended += 1 }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            context.close(promise: nil)
        }
    }
}

/// Answers whatever is said to it with a sentence of HTTP.
final class PlainAnswer: Sendable {
    let port: Int
    private let channel: any Channel

    init() async throws {
        channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Answer())
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        port = channel.localAddress?.port ?? 0
    }

    private final class Answer: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let answer = ByteBuffer(string: "HTTP/1.1 400 Bad Request\r\n\r\n")
            context.writeAndFlush(Self.wrapOutboundOut(answer), promise: nil)
        }
    }
}
