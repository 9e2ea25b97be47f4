import NIOCore
import Pricing
import ProviderUsage

/// Asks over HTTP, where an answer is a stream of server-sent events.
package struct StreamingChat: Sendable {
    package var endpoint: ChatEndpoint
    private let client: HTTPStreamClient
    private let settings: StreamSettings
    private let retries: RetryPolicy
    private let clock: ChatClock

    package init(
        _ endpoint: ChatEndpoint, client: HTTPStreamClient, settings: StreamSettings,
        retries: RetryPolicy = RetryPolicy(), clock: ChatClock
    ) {
        self.endpoint = endpoint
        self.client = client
        self.settings = settings
        self.retries = retries
        self.clock = clock
    }

    /// Never throws: whatever happens is in the outcome, and cancelling the task ends the request.
    package func ask(_ question: ChatQuestion, _ listener: ChatListener) async -> ChatOutcome {
        var question = question
        var attempt = 1
        var generator = SystemRandomNumberGenerator()
        while true {
            let outcome = await once(question, listener)
            guard case .stream(let error)? = outcome.failure, outcome.text.isEmpty else {
                return outcome
            }
            let adjustment = outcome.adjustments.subtracting(question.adjustments).filter {
                endpoint.api == .openAIChat && $0.isOf(question)
            }.min { $0.field < $1.field }
            if let adjustment {
                question.adjustments.insert(adjustment)
                listener.note(.adjusting(adjustment))
                continue
            }
            let wait = retries.milliseconds(
                after: error.reason, wasSent: error.wasSent, attempt: attempt, using: &generator)
            guard let wait, !Task.isCancelled else { return outcome }
            listener.note(.retrying(error, afterMilliseconds: wait))
            do {
                try await Task.sleep(for: .milliseconds(wait))
            } catch {
                return outcome
            }
            attempt += 1
        }
    }

    private func once(_ question: ChatQuestion, _ listener: ChatListener) async -> ChatOutcome {
        let start = clock.now()
        let instant = clock.instant
        let host = endpoint.address.host
        var answer = ChatAnswer(endpoint, model: question.model)
        var failure: ChatFailure?
        var mayBeCharged = true
        var adjustments: Set<ChatAdjustment> = []
        do {
            let response = try await client.send(endpoint.request(question))
            guard (200..<300).contains(response.status) else {
                let body = await refusalBody(response)
                adjustments = ChatAdjustment.named(by: response.status, in: body)
                throw refusal(response, body)
            }
            var pieces = response.body.makeAsyncIterator()
            var patience: Int64?
            while let piece = try await pieces.next() {
                let time = clock.milliseconds(since: instant)
                try piece.withUnsafeReadableBytes { try answer.read($0, at: time, listener) }
                // The end of the body comes with it, or soon, or the connection is of no more use.
                if answer.endMilliseconds != patience {
                    patience = answer.endMilliseconds
                    response.body.expectEnd(within: patience)
                }
            }
            try answer.end(at: clock.milliseconds(since: instant), listener)
            failure = answer.failure
        } catch let error as StreamError {
            // What happens behind the end of the answer cuts nothing off.
            failure = answer.endMilliseconds == nil ? .stream(error) : answer.failure
            mayBeCharged = error.mayBeCharged
        } catch {
            // The listener has enough; the body is dropped, and with it the request.
            failure = .stream(StreamError(host: host, reason: .cancelled, wasSent: true))
        }
        return ChatOutcome(
            reading: answer.reading(isCut: failure != nil), text: answer.text, failure: failure,
            start: start, durationMilliseconds: clock.milliseconds(since: instant),
            firstTokenMilliseconds: answer.firstTokenMilliseconds, mayBeCharged: mayBeCharged,
            adjustments: adjustments
        ).redacted(endpoint.key)
    }

    /// What a refusal says, as far as it comes: its status tells enough.
    private func refusalBody(_ response: StreamResponse) async -> ByteBuffer {
        var body = ByteBuffer()
        var pieces = response.body.makeAsyncIterator()
        while body.readableBytes < settings.limits.maximumErrorBytes,
            let piece = try? await pieces.next()
        {
            body.writeImmutableBuffer(piece)
        }
        return body.getSlice(
            at: 0, length: min(body.readableBytes, settings.limits.maximumErrorBytes)) ?? body
    }

    private func refusal(_ response: StreamResponse, _ body: ByteBuffer) -> StreamError {
        let wait = RetryAfter.milliseconds(now: clock.now()) { response.header($0) }
        let message = VendorMessage.read(body.readableBytesView, without: endpoint.key)
        return StreamError(
            host: endpoint.address.host,
            reason: .status(
                response.status, retryAfterMilliseconds: wait, message: message),
            wasSent: true)
    }
}

extension StreamError {
    /// A request that never left, and one that was refused, cost nothing; of all others nobody here
    /// knows.
    package var mayBeCharged: Bool {
        guard wasSent else { return false }
        if case .status(let status, _, _) = reason { return Self.mayBeCharged(status: status) }
        return true
    }

    /// An answer with a status: what is refused costs nothing; who fails may have done the work.
    package static func mayBeCharged(status: Int) -> Bool {
        (200..<300).contains(status) || status >= 500 && status != 503
    }
}
