import NIOCore

/// Says what to send when: the pace and the faults of a plan over the pieces of a shape.
package struct StreamedAnswer: Sendable {
    package enum Step: Hashable, Sendable {
        /// Nothing before so long after the request.
        case wait(Duration)
        /// To be sent at once, as a chunk or a message of its own.
        case piece(ByteBuffer)
        /// The answer is complete.
        case end
        /// The connection is to be broken.
        case cut
        /// Nothing more, and no end.
        case silence
    }

    private enum Place: Sendable {
        case before
        case opening(Int)
        case token(Int)
        case closing(Int)
        case over(Step)
    }

    private let shape: any AnswerShape
    private let plan: AnswerPlan
    private let tokens: Int
    private var text: SyntheticText
    private var opening: [ByteBuffer] = []
    private var closing: [ByteBuffer] = []
    private var place = Place.before
    private var hasSentGarbage = false
    private var bodyBytes = 0

    private let begins: Duration
    private let isStreamed: Bool

    /// An answer that is not streamed comes when the last token of a stream would.
    package init(_ shape: any AnswerShape, _ plan: AnswerPlan, tokens: Int, isStreamed: Bool) {
        self.shape = shape
        self.plan = plan
        self.tokens = tokens
        self.isStreamed = isStreamed
        begins = isStreamed ? plan.timeToFirstToken : plan.due(max(tokens - 1, 0))
        text = SyntheticText(plan.script, seed: plan.seed)
    }

    /// Tokens that were handed out to be sent.
    package private(set) var tokensSent = 0

    /// The next step at a time that is counted from the request.
    package mutating func next(at elapsed: Duration) -> Step {
        switch place {
        case .before:
            guard elapsed >= begins else { return .wait(begins) }
            begin()
            return next(at: elapsed)
        case .opening(let index):
            guard index < opening.count else {
                place = .token(0)
                return next(at: elapsed)
            }
            place = .opening(index + 1)
            return send(opening[index])
        case .token(let number): return token(number, at: elapsed)
        case .closing(let index):
            guard index < closing.count else {
                place = .over(.end)
                return .end
            }
            place = .closing(index + 1)
            return send(closing[index])
        case .over(let step): return step
        }
    }

    private mutating func begin() {
        if isStreamed {
            opening = shape.opening
            place = .opening(0)
        } else if plan.stallsAfter != nil {
            place = .over(.silence)
        } else {
            closing = shape.whole
            place = .closing(0)
        }
    }

    private mutating func token(_ number: Int, at elapsed: Duration) -> Step {
        if plan.stallsAfter == number { return over(.silence) }
        if plan.errorAfter == number {
            closing = [shape.failure]
            place = .closing(0)
            return next(at: elapsed)
        }
        if plan.garbageAfter == number, !hasSentGarbage {
            hasSentGarbage = true
            return send(shape.garbage)
        }
        guard number < tokens else {
            closing = shape.closing
            place = .closing(0)
            return next(at: elapsed)
        }
        let due = plan.due(number)
        guard elapsed >= due else { return .wait(due) }
        place = .token(number + 1)
        tokensSent = number + 1
        var piece = ByteBuffer()
        piece.reserveCapacity(Self.usualPieceBytes)
        shape.append(text.next(), number: number, to: &piece)
        return send(piece)
    }

    private static let usualPieceBytes = 512

    private mutating func send(_ piece: ByteBuffer) -> Step {
        guard let limit = plan.cutsAfterBytes, bodyBytes + piece.readableBytes >= limit else {
            bodyBytes += piece.readableBytes
            return .piece(piece)
        }
        var piece = piece
        guard let head = piece.readSlice(length: limit - bodyBytes), head.readableBytes > 0 else {
            return over(.cut)
        }
        place = .over(.cut)
        return .piece(head)
    }

    private mutating func over(_ step: Step) -> Step {
        place = .over(step)
        return step
    }
}
