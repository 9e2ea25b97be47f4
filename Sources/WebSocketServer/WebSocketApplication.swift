import NIOCore
import WebSocketMessages

/// What a server does with one WebSocket. All calls come on the connection's event loop.
package protocol WebSocketApplication: AnyObject {
    func opened(_ peer: WebSocketPeer)
    func received(_ message: WebSocketMessage)
    /// The connection takes more, after it did not.
    func becameWritable()
    /// The service ends: the connection should, once what is under way is done.
    func ending()
    /// Called once, at the end: what the other side said, what was said to it, or `nil` where the
    /// connection broke.
    func closed(_ close: WebSocketClose?)
}

extension WebSocketApplication {
    package func becameWritable() {}
    package func ending() {}
}

/// The other side of a WebSocket; to be used on its event loop alone.
package final class WebSocketPeer {
    package let eventLoop: any EventLoop
    private weak var frames: WebSocketServerFrames?

    init(_ frames: WebSocketServerFrames, on eventLoop: any EventLoop) {
        self.frames = frames
        self.eventLoop = eventLoop
    }

    /// Whether what is written goes out soon; who writes on regardless fills the memory.
    package var isWritable: Bool { frames?.isWritable ?? false }

    /// To be flushed. Dropped once the connection closes.
    package func write(_ message: WebSocketMessage) { frames?.write(message) }

    package func flush() { frames?.flush() }

    /// Says why, and closes once the other side has said so too.
    package func close(_ close: WebSocketClose) { frames?.leave(close) }

    /// Breaks the connection without a word.
    package func drop() { frames?.drop() }

    /// Nothing more is read off the connection until `resume`.
    package func pause() { frames?.isHeld = true }

    package func resume() { frames?.resume() }
}
