import NIOCore
import NIOHTTP1

/// One request whose answer is a stream.
package struct StreamRequest: Sendable {
    package var address: StreamAddress
    package var method: String
    /// In their order; those of the transport are added.
    package var headers: [(name: String, value: String)]
    /// Empty where there is none.
    package var body: ByteBuffer

    package init(
        address: StreamAddress, method: String = "POST",
        headers: [(name: String, value: String)] = [], body: ByteBuffer
    ) {
        self.address = address
        self.method = method
        self.headers = headers
        self.body = body
    }
}

/// What is answered: the head, and the body as it comes.
package struct StreamResponse: Sendable {
    package enum Version: String, Hashable, Sendable {
        case http1 = "HTTP/1.1"
        case http2 = "HTTP/2"
    }

    package let status: Int
    package let version: Version
    package let body: StreamBody
    private let headers: HTTPHeaders

    init(_ head: HTTPResponseHead, _ body: StreamBody) {
        status = Int(head.status.code)
        version = head.version.major >= 2 ? .http2 : .http1
        headers = head.headers
        self.body = body
    }

    /// The first header of a name, in any case of its letters.
    package func header(_ name: String) -> String? { headers.first(name: name) }

    /// All of them in their order.
    package var allHeaders: [(name: String, value: String)] { headers.map { ($0.name, $0.value) } }
}

/// The bytes of a body as they come; they are read once, by one reader. Who stops before the end,
/// or whose task is cancelled, ends the request upstream.
package struct StreamBody: AsyncSequence, Sendable {
    typealias Pieces = NIOThrowingAsyncSequenceProducer<
        ByteBuffer, any Error, NIOAsyncSequenceProducerBackPressureStrategies.HighLowWatermark,
        StreamDemand
    >

    let pieces: Pieces
    let host: String
    let demand: StreamDemand

    /// Ends the exchange, with `cancelled`, where its end does not come within so many milliseconds
    /// from now; `nil` takes that back.
    func expectEnd(within milliseconds: Int64?) { demand.expectEnd(within: milliseconds) }

    package func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(pieces: pieces.makeAsyncIterator(), host: host)
    }

    package struct AsyncIterator: AsyncIteratorProtocol {
        var pieces: Pieces.AsyncIterator
        let host: String

        /// Throws `StreamError`.
        package mutating func next() async throws(StreamError) -> ByteBuffer? {
            do {
                if let piece = try await pieces.next() { return piece }
            } catch {
                throw error as? StreamError
                    ?? StreamError(host: host, reason: StreamError.Reason(error), wasSent: true)
            }
            guard !Task.isCancelled else {
                throw StreamError(host: host, reason: .cancelled, wasSent: true)
            }
            return nil
        }
    }

    /// The whole of it, or its first `limit` bytes: for answers that are errors.
    package func gathered(upTo limit: Int) async throws(StreamError) -> ByteBuffer {
        var whole = ByteBuffer()
        var pieces = makeAsyncIterator()
        while let piece = try await pieces.next(), whole.readableBytes < limit {
            whole.writeBytes(piece.readableBytesView.prefix(limit - whole.readableBytes))
        }
        return whole
    }
}
