import NIOCore

/// Where the pieces of an answer go.
protocol AnswerSink: AnyObject {
    var isWritable: Bool { get }
    func write(_ piece: ByteBuffer)
    func flush()
    /// `end`, `cut` or `silence`: nothing comes after it.
    func over(_ step: StreamedAnswer.Step)
}

/// Sends an answer's pieces when they are due and the connection takes them. Bound to one event
/// loop. A client that reads slowly finds all that became due meanwhile.
final class AnswerPump {
    private var answer: StreamedAnswer
    private let start: NIODeadline
    private let eventLoop: any EventLoop
    private var sink: (any AnswerSink)?
    private var timer: Scheduled<Void>?
    private var isRunning = false

    init(
        _ answer: StreamedAnswer, since start: NIODeadline, on eventLoop: any EventLoop,
        into sink: any AnswerSink
    ) {
        self.answer = answer
        self.start = start
        self.eventLoop = eventLoop
        self.sink = sink
    }

    var tokensSent: Int { answer.tokensSent }

    /// To be called at the start, and when the connection takes more again.
    func run() {
        guard !isRunning, timer == nil, let sink else { return }
        isRunning = true
        defer { isRunning = false }
        var hasWritten = false
        while sink.isWritable {
            let elapsed = Duration.nanoseconds((NIODeadline.now() - start).nanoseconds)
            switch answer.next(at: elapsed) {
            case .piece(let piece):
                sink.write(piece)
                hasWritten = true
            case .wait(let due):
                if hasWritten { sink.flush() }
                return wait(until: due)
            case let step:
                if hasWritten { sink.flush() }
                stop()
                return sink.over(step)
            }
            if hasWritten, !sink.isWritable {
                sink.flush()
                hasWritten = false
            }
        }
    }

    /// The client left, or the answer is over.
    func stop() {
        timer?.cancel()
        timer = nil
        sink = nil
    }

    private func wait(until due: Duration) {
        let deadline = start + TimeAmount(due)
        timer = eventLoop.assumeIsolated().scheduleTask(deadline: deadline) { [self] in
            timer = nil
            run()
        }
    }
}
