import AsyncHTTPClient
import NIOCore
import NIOHTTP1

/// One request and its answer, between async-http-client and whoever reads: the pieces of the body
/// with back-pressure, the deadlines, and whether the request went out.
///
/// Everything in it happens on one event loop.
final class HTTPExchange: HTTPClientResponseDelegate {
    typealias Response = Void

    private struct State {
        var wasSent = false
        var isEnded = false
        /// Gets the head, or why there is none.
        var head: EventLoopPromise<StreamResponse>?
        var source: StreamBody.Pieces.Source?
        /// What the transport waits for before it reads on.
        var room: EventLoopPromise<Void>?
        var task: HTTPClient.Task<Void>?
    }

    private let host: String
    private let waitingPieces: Int
    private let eventLoop: any EventLoop
    private let watch: ActivityWatch
    private let state: NIOLoopBoundBox<State>

    init(
        host: String, timeouts: StreamTimeouts, waitingPieces: Int, on eventLoop: any EventLoop,
        head: EventLoopPromise<StreamResponse>
    ) {
        self.host = host
        self.waitingPieces = waitingPieces
        self.eventLoop = eventLoop
        watch = ActivityWatch(timeouts, on: eventLoop)
        state = .makeBoxSendingValue(State(head: head), eventLoop: eventLoop)
    }

    /// Once it is under way; from the event loop.
    func began(_ task: HTTPClient.Task<Void>) {
        guard !state.value.isEnded else { return task.cancel() }
        state.value.task = task
        watch.start { [self] timeout, limit in
            fail(.timeout(timeout, milliseconds: limit))
        }
    }

    /// Ends it, whatever it is doing; from anywhere.
    func cancel() {
        eventLoop.execute { self.fail(.cancelled) }
    }

    /// Whoever reads wants more; from anywhere.
    func wantsMore() {
        eventLoop.execute {
            self.watch.release()
            let room = self.state.value.room
            self.state.value.room = nil
            room?.succeed()
        }
    }

    // MARK: What async-http-client says

    func didSendRequestHead(task: HTTPClient.Task<Void>, _ head: HTTPRequestHead) {
        state.value.wasSent = true
        watch.sent()
    }

    func didReceiveHead(
        task: HTTPClient.Task<Void>, _ head: HTTPResponseHead
    ) -> EventLoopFuture<Void> {
        guard !state.value.isEnded else { return eventLoop.makeSucceededVoidFuture() }
        let made = StreamBody.Pieces.makeSequence(
            backPressureStrategy: .init(lowWatermark: 1, highWatermark: waitingPieces),
            finishOnDeinit: true, delegate: HTTPExchangeDemand(exchange: self))
        state.value.source = made.source
        let promise = state.value.head
        state.value.head = nil
        promise?.succeed(
            StreamResponse(head, StreamBody(pieces: made.sequence, host: host)))
        return eventLoop.makeSucceededVoidFuture()
    }

    func didReceiveBodyPart(
        task: HTTPClient.Task<Void>, _ buffer: ByteBuffer
    ) -> EventLoopFuture<Void> {
        watch.received()
        guard let source = state.value.source, case .stopProducing = source.yield(buffer) else {
            return eventLoop.makeSucceededVoidFuture()
        }
        watch.hold()
        let room = eventLoop.makePromise(of: Void.self)
        state.value.room = room
        return room.futureResult
    }

    func didReceiveError(task: HTTPClient.Task<Void>, _ error: any Error) {
        // The error of a limit or a cancellation was told already.
        fail(StreamError.Reason(error))
    }

    func didFinishRequest(task: HTTPClient.Task<Void>) throws {
        guard !state.value.isEnded else { return }
        state.value.isEnded = true
        watch.stop()
        state.value.source?.finish()
        release()
    }

    // MARK: The end

    private func fail(_ reason: StreamError.Reason) {
        guard !state.value.isEnded else { return }
        state.value.isEnded = true
        watch.stop()
        let error = StreamError(host: host, reason: reason, wasSent: state.value.wasSent)
        state.value.head?.fail(error)
        state.value.source?.finish(error)
        state.value.task?.fail(reason: error)
        release()
    }

    private func release() {
        state.value.room?.succeed()
        state.value.room = nil
        state.value.head = nil
        state.value.source = nil
        state.value.task = nil
    }
}

/// Carries what the reader of a body wants to its exchange.
struct HTTPExchangeDemand: NIOAsyncSequenceProducerDelegate {
    let exchange: HTTPExchange

    func produceMore() { exchange.wantsMore() }
    func didTerminate() { exchange.cancel() }
}
