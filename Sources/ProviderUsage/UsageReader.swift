import Pricing

/// Reads the usage off one body, streamed or not, of any API and framing, from bytes that come in any
/// pieces. It never fails: what is strange is an oddity of the reading. Its memory is bounded by
/// `ServerSentEventParser.maximumEventBytes`, whatever the length of the body.
package struct UsageReader: Sendable {
    private var framing = BodyFraming()
    private var tally: StreamTally

    /// `api` where it is known; else it is recognised from the bytes.
    /// `modelAsked` chooses the constants of an estimate where the stream names no model.
    package init(api: StreamAPI? = nil, modelAsked: String? = nil) {
        tally = StreamTally(api: api)
        tally.modelAsked = modelAsked
    }

    /// Takes the next bytes.
    package mutating func read(_ bytes: UnsafeRawBufferPointer) {
        var tally = StreamTally(api: nil)
        swap(&tally, &self.tally)
        framing.read(bytes) { tally.take($0) }
        swap(&tally, &self.tally)
    }

    /// The same, telling of each payload what is known behind it.
    package mutating func read(
        _ bytes: UnsafeRawBufferPointer, _ event: (InspectedEvent) -> Void
    ) {
        var tally = StreamTally(api: nil)
        swap(&tally, &self.tally)
        framing.read(bytes) { payload in
            tally.take(payload)
            event(InspectedEvent(payload, tally))
        }
        swap(&tally, &self.tally)
    }

    package mutating func read(_ bytes: some Sequence<UInt8>) {
        let found: Void? = bytes.withContiguousStorageIfAvailable {
            read(UnsafeRawBufferPointer($0))
        }
        if found == nil { Array(bytes).withUnsafeBytes { read($0) } }
    }

    /// Takes one message of a WebSocket.
    package mutating func read(message: UnsafeRawBufferPointer) {
        tally.take(BodyFraming.Payload(message: message))
    }

    /// The end of the body; `isCut` where the connection broke before it. `event` is told of what was
    /// not ended before.
    package mutating func finish(
        isCut: Bool = false, _ event: (InspectedEvent) -> Void = { _ in }
    ) -> UsageReading {
        var tally = StreamTally(api: nil)
        swap(&tally, &self.tally)
        let isBeginning = framing.isBeginning
        let hasRest = framing.finish { payload in
            tally.take(payload)
            event(InspectedEvent(payload, tally))
        }
        swap(&tally, &self.tally)
        self.tally.end(framing, hasRest: hasRest, isCut: isCut)
        var reading = self.tally.reading(isCut: isCut, oversized: framing.oversized)
        // The last event of a stream is handed over though it was cut.
        let cutPayloads = hasRest && framing.isEventStream ? 1 : 0
        reading.isBeginning = isBeginning && reading.payloads <= cutPayloads
        return reading
    }

    /// What is known so far, as if the body were cut here.
    package var reading: UsageReading { tally.reading(isCut: true, oversized: framing.oversized) }

    /// Whether the vendor's final usage came: a cut after it changes no count.
    package var hasFinalUsage: Bool { tally.hasFinalUsage }

    /// Whether the answer was finished: usage may still come.
    package var hasFinishMarker: Bool { tally.isFinished || tally.hasEnd }

    /// Whether what came so far ends in the middle: of an event, of a value, of an answer.
    package var endsShort: Bool {
        var whole = self
        let reading = whole.finish()
        if whole.hasFinalUsage { return false }
        return !whole.hasFinishMarker && !whole.framing.isWhole
            || reading.oddities.contains(.unterminatedEvent)
    }

    /// Whether the sign came behind which a client looks for nothing more.
    package var hasEndMarker: Bool { tally.hasEnd || framing.isPending("[DONE]") }

    /// Whether anything of the answer came: text, thoughts or arguments of tools.
    package var hasText: Bool { tally.text.bytes > 0 }
}
