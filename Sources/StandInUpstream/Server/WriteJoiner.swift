import NIOCore

/// Makes one write of what is written up to a flush, so that TLS makes one record of it, as vendors'
/// servers do: a chunk's length, bytes and end come here as three.
final class WriteJoiner: ChannelOutboundHandler {
    typealias OutboundIn = IOData
    typealias OutboundOut = IOData

    /// More is passed on without waiting for a flush, so that the connection can say it has enough.
    private static let maximumJoinedBytes = 64 << 10

    private var joined = ByteBuffer()
    private var promise: EventLoopPromise<Void>?

    func write(
        context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?
    ) {
        guard case .byteBuffer(let bytes) = Self.unwrapOutboundIn(data) else {
            passOn(context)
            return context.write(data, promise: promise)
        }
        if joined.readableBytes == 0 { joined = bytes } else { joined.writeImmutableBuffer(bytes) }
        if let promise {
            if let first = self.promise {
                first.futureResult.cascade(to: promise)
            } else {
                self.promise = promise
            }
        }
        if joined.readableBytes >= Self.maximumJoinedBytes { passOn(context) }
    }

    func flush(context: ChannelHandlerContext) {
        passOn(context)
        context.flush()
    }

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        passOn(context)
        context.close(mode: mode, promise: promise)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        promise?.fail(ChannelError.ioOnClosedChannel)
        promise = nil
    }

    private func passOn(_ context: ChannelHandlerContext) {
        guard joined.readableBytes > 0 || promise != nil else { return }
        let (bytes, promise) = (joined, promise)
        joined = ByteBuffer()
        self.promise = nil
        context.write(Self.wrapOutboundOut(.byteBuffer(bytes)), promise: promise)
    }
}
