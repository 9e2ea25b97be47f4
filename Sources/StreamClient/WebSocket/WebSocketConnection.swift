import NIOCore
import NIOWebSocket
import WebSocketMessages

/// An open WebSocket, seen by its client: messages out, and messages in as they come. Pings are
/// answered by themselves. Who lets go of it closes it.
package final class WebSocketConnection: Sendable {
    package let host: String
    private let channel: any Channel
    private let frames: NIOLoopBound<WebSocketFrames>
    private let mailbox: Mailbox<WebSocketMessage>

    init(
        host: String, channel: any Channel, frames: NIOLoopBound<WebSocketFrames>,
        mailbox: Mailbox<WebSocketMessage>
    ) {
        self.host = host
        self.channel = channel
        self.frames = frames
        self.mailbox = mailbox
    }

    deinit {
        channel.eventLoop.execute { [frames] in
            frames.value.close(WebSocketClose(.goingAway, ""))
        }
    }

    /// What comes in, for one reader; ends where the other side closes, and with `StreamError` where
    /// the connection breaks.
    package var messages: Messages { Messages(connection: self) }

    /// The next message, or `nil` once the other side has closed; for one reader at a time.
    ///
    /// Throws `StreamError`; cancelling the task ends the connection.
    package func next() async throws(StreamError) -> WebSocketMessage? {
        do {
            return try await mailbox.next()
        } catch {
            throw error as? StreamError
                ?? StreamError(host: host, reason: StreamError.Reason(error), wasSent: true)
        }
    }

    /// Whether a message waits for its reader.
    package var hasMessage: Bool { mailbox.hasElements }

    /// Returns once the message is on the connection. Where it asks for an answer, that is waited for
    /// from then on, and the timeouts count until `rest` is called; `cancellation` is said to the other
    /// side where the task is cancelled before.
    ///
    /// Throws `StreamError`; one whose `wasSent` is false left no byte of the message. Cancelling the
    /// task ends the connection.
    package func send(
        _ message: WebSocketMessage, asking: Bool = false, cancellation: WebSocketMessage? = nil
    ) async throws(StreamError) {
        let eventLoop = channel.eventLoop
        let written = eventLoop.makePromise(of: Void.self)
        eventLoop.execute { [frames] in
            frames.value.send(message, asking: asking, cancellation: cancellation, written)
        }
        do {
            try await withTaskCancellationHandler {
                try await written.futureResult.get()
            } onCancel: {
                eventLoop.execute { [frames] in frames.value.stopSending() }
            }
        } catch {
            // A channel that was closed before took nothing.
            let wasSent = !(error is ChannelError)
            throw error as? StreamError
                ?? StreamError(host: host, reason: StreamError.Reason(error), wasSent: wasSent)
        }
    }

    /// Nothing is waited for: the connection may be silent for as long as it likes.
    package func rest() {
        channel.eventLoop.execute { [frames] in frames.value.rest() }
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
        let connection: WebSocketConnection

        package func makeAsyncIterator() -> AsyncIterator { AsyncIterator(connection: connection) }

        package struct AsyncIterator: AsyncIteratorProtocol, Sendable {
            let connection: WebSocketConnection

            /// Throws `StreamError`.
            package mutating func next() async throws(StreamError) -> WebSocketMessage? {
                try await connection.next()
            }
        }
    }
}
