import AsyncHTTPClient
import NIOCore
import NIOHTTP1

/// Gets what one exchange brings, on the exchange's event loop.
///
/// Of `ended` and `failed` exactly one comes, as the last call of all.
package protocol StreamReceiver: AnyObject {
    func answered(_ head: HTTPResponseHead)
    /// What to wait for before more is read off the connection; `nil` where more can come at once. It
    /// has to come to pass in any case, also where the exchange ends before.
    func received(_ bytes: ByteBuffer) -> EventLoopFuture<Void>?
    func ended()
    func failed(_ error: StreamError)
}

/// One request and its answer, between async-http-client and whoever receives it: the deadlines, what
/// went wrong in words, and whether the request went out.
///
/// Everything in it happens on one event loop.
package final class HTTPExchange: HTTPClientResponseDelegate {
    package typealias Response = Void

    struct State {
        var receiver: (any StreamReceiver)?
        var wasSent = false
        var task: HTTPClient.Task<Void>?
    }

    private let host: String
    private let eventLoop: any EventLoop
    private let watch: ActivityWatch
    /// The limit of a connection's beginning, in milliseconds.
    private let connect: Int64
    private let state: NIOLoopBoundBox<State>

    init(
        host: String, timeouts: StreamTimeouts, on eventLoop: any EventLoop,
        state: NIOLoopBoundBox<State>
    ) {
        self.host = host
        self.eventLoop = eventLoop
        self.state = state
        connect = timeouts.connectMilliseconds ?? 0
        watch = ActivityWatch(timeouts, on: eventLoop)
    }

    /// Once it is under way; from the event loop.
    func began(_ task: HTTPClient.Task<Void>) {
        guard state.value.receiver != nil else { return task.cancel() }
        state.value.task = task
        watch.start { [self] timeout, limit in
            fail(.timeout(timeout, milliseconds: limit))
        }
    }

    /// Ends it, whatever it is doing; from anywhere.
    package func cancel() {
        if eventLoop.inEventLoop { return fail(.cancelled) }
        eventLoop.execute { self.fail(.cancelled) }
    }

    // MARK: What async-http-client says

    package func didSendRequestHead(task: HTTPClient.Task<Void>, _ head: HTTPRequestHead) {
        state.value.wasSent = true
        watch.sent()
    }

    package func didReceiveHead(
        task: HTTPClient.Task<Void>, _ head: HTTPResponseHead
    ) -> EventLoopFuture<Void> {
        state.value.receiver?.answered(head)
        return eventLoop.makeSucceededVoidFuture()
    }

    package func didReceiveBodyPart(
        task: HTTPClient.Task<Void>, _ buffer: ByteBuffer
    ) -> EventLoopFuture<Void> {
        watch.received()
        guard let room = state.value.receiver?.received(buffer) else {
            return eventLoop.makeSucceededVoidFuture()
        }
        watch.hold()
        room.whenComplete { _ in self.watch.release() }
        return room
    }

    package func didReceiveError(task: HTTPClient.Task<Void>, _ error: any Error) {
        // The error of a limit or a cancellation was told already: what async-http-client cancels by
        // itself is a request on an HTTP/2 connection that broke as it was about to begin.
        let reason = StreamError.Reason(error)
        fail(reason == .cancelled ? .cutShort : reason)
    }

    package func didFinishRequest(task: HTTPClient.Task<Void>) throws { end()?.ended() }

    // MARK: The end

    private func fail(_ reason: StreamError.Reason) {
        let (wasSent, task) = (state.value.wasSent, state.value.task)
        guard let receiver = end() else { return }
        var reason = reason
        // async-http-client's own limit is of a connection that an earlier request began.
        if case .timeout(.connect, _) = reason {
            reason = .timeout(.connect, milliseconds: connect)
        }
        let error = StreamError(host: host, reason: reason, wasSent: wasSent)
        receiver.failed(error)
        task?.fail(reason: error)
    }

    /// Who has to be told of the end; `nil` where that was done.
    private func end() -> (any StreamReceiver)? {
        watch.stop()
        state.value.task = nil
        return state.value.receiver.take()
    }
}
