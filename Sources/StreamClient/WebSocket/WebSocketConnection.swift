import NIOCore
import NIOWebSocket
import WebSocketMessages

/// An open WebSocket, seen by its client: messages out, and messages in as they come. Pings are
/// answered by themselves.
package final class WebSocketConnection: Sendable {
    package let host: String
    private let channel: any Channel
    private let frames: NIOLoopBound<WebSocketFrames>
    /// What comes in, read once by one reader; ends where the other side closes, and with
    /// `StreamError` where the connection breaks.
    package let messages: Messages

    init(
        host: String, channel: any Channel, frames: NIOLoopBound<WebSocketFrames>,
        messages: Messages.Pieces
    ) {
        self.host = host
        self.channel = channel
        self.frames = frames
        self.messages = Messages(pieces: messages, host: host)
    }

    /// Returns once the message is on the connection. Where it asks for an answer, that is waited for
    /// from then on, and the timeouts count until `rest` is called.
    ///
    /// Throws `StreamError`; one whose `wasSent` is false left no byte of the message.
    package func send(
        _ message: WebSocketMessage, asking: Bool = false
    ) async throws(StreamError) {
        let eventLoop = channel.eventLoop
        let written = eventLoop.makePromise(of: Void.self)
        eventLoop.execute { [frames] in frames.value.send(message, asking: asking, written) }
        do {
            try await written.futureResult.get()
        } catch {
            throw error as? StreamError
                ?? StreamError(host: host, reason: StreamError.Reason(error), wasSent: true)
        }
    }

    /// Nothing is waited for: the connection may be silent for as long as it likes.
    package func rest() {
        channel.eventLoop.execute { [frames] in frames.value.watch.rest() }
    }

    /// Says why, waits for the other side to say so too, and closes.
    package func close(_ reason: WebSocketClose = WebSocketClose(.normal, "")) async {
        channel.eventLoop.execute { [frames] in frames.value.close(reason) }
        // However it closes, it is closed.
        _ = try? await channel.closeFuture.get()
    }

    /// What the other side said when it closed; `nil` where it did not, or has not yet.
    package func closing() async -> WebSocketClose? {
        try? await channel.eventLoop.submit { [frames] in frames.value.closing }.get()
    }

    package struct Messages: AsyncSequence, Sendable {
        typealias Pieces = NIOThrowingAsyncSequenceProducer<
            WebSocketMessage, any Error,
            NIOAsyncSequenceProducerBackPressureStrategies.HighLowWatermark, WebSocketDemand
        >

        let pieces: Pieces
        let host: String

        package func makeAsyncIterator() -> AsyncIterator {
            AsyncIterator(pieces: pieces.makeAsyncIterator(), host: host)
        }

        package struct AsyncIterator: AsyncIteratorProtocol {
            var pieces: Pieces.AsyncIterator
            let host: String

            /// Throws `StreamError`.
            package mutating func next() async throws(StreamError) -> WebSocketMessage? {
                do {
                    if let message = try await pieces.next() { return message }
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
    }
}

/// Carries what the reader of messages wants to the channel.
struct WebSocketDemand: NIOAsyncSequenceProducerDelegate {
    let channel: any Channel

    func produceMore() {
        channel.eventLoop.execute {
            channel.pipeline.fireUserInboundEventTriggered(WebSocketFrames.Wish.more)
        }
    }

    func didTerminate() {
        channel.eventLoop.execute {
            channel.pipeline.fireUserInboundEventTriggered(WebSocketFrames.Wish.noMore)
        }
    }
}
