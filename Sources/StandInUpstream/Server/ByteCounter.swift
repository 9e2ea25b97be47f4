import NIOCore
import Synchronization

/// Bytes that a stand-in has sent, at the places where they can be counted.
package struct SentBytes: Hashable, Sendable {
    /// On the connections, TLS included where there is any.
    package var onSocket = 0
    /// The same before TLS.
    package var beforeTLS = 0
    /// Events and messages, before HTTP's or WebSocket's framing.
    package var ofPieces = 0
}

/// Counts what goes out through one place of every pipeline.
final class ByteCount: Sendable {
    private let count = Atomic<Int>(0)

    var value: Int { count.load(ordering: .relaxed) }

    func add(_ bytes: Int) { count.add(bytes, ordering: .relaxed) }
}

/// Stands in a pipeline where the bytes are to be counted.
final class ByteCounter: ChannelOutboundHandler {
    typealias OutboundIn = IOData
    typealias OutboundOut = IOData

    private let count: ByteCount

    init(_ count: ByteCount) { self.count = count }

    func write(
        context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?
    ) {
        count.add(Self.unwrapOutboundIn(data).readableBytes)
        context.write(data, promise: promise)
    }
}
