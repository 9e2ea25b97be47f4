import NIOCore
import NIOHTTP1

/// Hands an exchange's answer to a task: the head through a promise, the body as a sequence with
/// back-pressure.
final class AwaitedAnswer: StreamReceiver {
    /// Whoever lets go of it ends its requests: it stays for as long as this one takes.
    private let client: HTTPStreamClient
    private let host: String
    private let waitingPieces: Int
    private let eventLoop: any EventLoop
    private let demand: StreamDemand
    /// Gets the head, or why there is none.
    private var head: EventLoopPromise<StreamResponse>?
    private var source: StreamBody.Pieces.Source?

    init(
        of client: HTTPStreamClient, host: String, waitingPieces: Int, demand: StreamDemand,
        head: EventLoopPromise<StreamResponse>
    ) {
        self.client = client
        self.host = host
        self.waitingPieces = waitingPieces
        self.demand = demand
        self.head = head
        eventLoop = head.futureResult.eventLoop
    }

    func answered(_ head: HTTPResponseHead) {
        let made = StreamBody.Pieces.makeSequence(
            backPressureStrategy: .init(lowWatermark: 1, highWatermark: waitingPieces),
            finishOnDeinit: true, delegate: demand)
        source = made.source
        self.head.take()?.succeed(
            StreamResponse(head, StreamBody(pieces: made.sequence, host: host, demand: demand)))
    }

    func received(_ bytes: ByteBuffer) -> EventLoopFuture<Void>? {
        guard let source, case .stopProducing = source.yield(bytes) else { return nil }
        return demand.wait(on: eventLoop)
    }

    func ended() {
        source?.finish()
        demand.end()
    }

    func failed(_ error: StreamError) {
        head.take()?.fail(error)
        source?.finish(error)
        demand.end()
    }
}

/// Carries what the reader of a body wants to its exchange, from whatever thread it reads on.
final class StreamDemand: NIOAsyncSequenceProducerDelegate {
    private struct State {
        var exchange: HTTPExchange?
        /// Ends the exchange when its time comes.
        var ending: Scheduled<Void>?
        /// What the exchange waits for before it reads on.
        var room: EventLoopPromise<Void>?
    }

    private let eventLoop: any EventLoop
    private let state: NIOLoopBoundBox<State>

    init(on eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
        state = .makeBoxSendingValue(State(), eventLoop: eventLoop)
    }

    /// From the event loop.
    func begin(_ exchange: HTTPExchange) { state.value.exchange = exchange }

    func wait(on eventLoop: any EventLoop) -> EventLoopFuture<Void> {
        let room = eventLoop.makePromise(of: Void.self)
        state.value.room = room
        return room.futureResult
    }

    func end() {
        state.value.exchange = nil
        state.value.ending.take()?.cancel()
        release()
    }

    /// From anywhere.
    func expectEnd(within milliseconds: Int64?) {
        eventLoop.execute {
            self.state.value.ending?.cancel()
            self.state.value.ending = milliseconds.map { milliseconds in
                self.eventLoop.assumeIsolated().scheduleTask(in: .milliseconds(milliseconds)) {
                    self.state.value.exchange?.cancel()
                }
            }
        }
    }

    func produceMore() {
        eventLoop.execute { self.release() }
    }

    func didTerminate() {
        eventLoop.execute { self.state.value.exchange?.cancel() }
    }

    private func release() { state.value.room.take()?.succeed() }
}
