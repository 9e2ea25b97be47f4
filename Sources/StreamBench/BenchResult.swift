/// What was measured of one transport.
package struct BenchResult: Sendable {
    package let transport: BenchTransport
    package let timings: [StreamTiming]
    /// From a broken connection to the first token of the next stream.
    package let reconnections: [Duration]
    package let bytes: BytesPerToken
    /// `nil` where the machine does not tell.
    package let memory: OpenStreamMemory?

    package init(
        transport: BenchTransport, timings: [StreamTiming], reconnections: [Duration],
        bytes: BytesPerToken, memory: OpenStreamMemory?
    ) {
        self.transport = transport
        self.timings = timings
        self.reconnections = reconnections
        self.bytes = bytes
        self.memory = memory
    }

    var firstTokens: Percentiles<Duration>? { Percentiles(timings.compactMap(\.timeToFirstToken)) }
    var totals: Percentiles<Duration>? { Percentiles(timings.map(\.total)) }
    /// The slower the further: p99 is what all but the slowest hundredth reach.
    var speeds: [Double]? {
        Percentiles(timings.compactMap(\.tokensPerSecond).map { -$0 })?.all.map { -$0 }
    }
}

/// Resident memory of a client that holds streams open.
package struct OpenStreamMemory: Hashable, Sendable {
    /// What the first stream took: the client, its threads, TLS.
    package let firstStreamBytes: Int
    package let streams: Int
    /// What each of the others took.
    package let bytesPerStream: Int

    package init(before: Int, withOne: Int, withAll: Int, streams: Int) {
        firstStreamBytes = max(0, withOne - before)
        self.streams = streams
        bytesPerStream = max(0, withAll - withOne) / max(1, streams - 1)
    }
}

/// Bytes that cross the socket from the server for each token, by what they are. What stands once a
/// stream, such as heads, is left out: two streams of different length are subtracted.
package struct BytesPerToken: Hashable, Sendable {
    package let text: Double
    /// JSON around the text.
    package let json: Double
    /// `data: ` and blank lines, HTTP's chunks and frames, WebSocket's frames.
    package let framing: Double
    package let tls: Double

    package var total: Double { text + json + framing + tls }

    /// What one stream of the two put on the socket.
    package struct Stream: Hashable, Sendable {
        package let tokens: Int64
        package let textBytes: Int
        package let payloadBytes: Int
        package let bytesBeforeTLS: Int
        package let bytesOnSocket: Int

        package init(_ timing: StreamTiming, bytesBeforeTLS: Int, bytesOnSocket: Int) {
            tokens = timing.tokens ?? 0
            textBytes = timing.textBytes
            payloadBytes = timing.payloadBytes
            self.bytesBeforeTLS = bytesBeforeTLS
            self.bytesOnSocket = bytesOnSocket
        }
    }

    /// `nil` where the two have as many tokens.
    package init?(_ short: Stream, _ long: Stream) {
        let tokens = Double(long.tokens - short.tokens)
        guard tokens > 0 else { return nil }
        func each(_ value: (Stream) -> Int) -> Double {
            Double(value(long) - value(short)) / tokens
        }
        text = each(\.textBytes)
        json = each { $0.payloadBytes - $0.textBytes }
        framing = each { $0.bytesBeforeTLS - $0.payloadBytes }
        // Tokens that come at once share a record, and the short stream may need more of them.
        tls = max(0, each { $0.bytesOnSocket - $0.bytesBeforeTLS })
    }
}
