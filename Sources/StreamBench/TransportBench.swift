import JSONBytes
import NIOCore
import StreamClient

/// Measures one transport against a stand-in.
package struct TransportBench: Sendable {
    private let probe: StreamProbe
    private let counts: StandInCounts
    private let model: String
    private let tokens: Int

    package init(_ probe: StreamProbe, counts: StandInCounts, model: String, tokens: Int) {
        self.probe = probe
        self.counts = counts
        self.model = model
        self.tokens = tokens
    }

    /// Throws `StreamError` and `BenchError`.
    package func run(_ runs: Int, memory: OpenStreamMemory?) async throws -> BenchResult {
        let short = BenchRequest(model: model, maximumTokens: 1)
        let long = BenchRequest(model: model, maximumTokens: tokens)
        // The first one opens the connection; the second finds it open, as the long one does.
        _ = try await probe.run(short)
        let (shortBytes, _) = try await counted(short)
        let (longBytes, first) = try await counted(long)
        guard first.timeToFirstToken != nil,
            let bytes = BytesPerToken(shortBytes, longBytes)
        else { throw BenchError.noText(transport: probe.transport.title) }
        var timings = [first]
        for _ in 1..<max(runs, 1) { timings.append(try await probe.run(long)) }
        var reconnections: [Duration] = []
        for _ in 0..<runs { reconnections.append(try await reconnection()) }
        return BenchResult(
            transport: probe.transport, timings: timings, reconnections: reconnections,
            bytes: bytes, memory: memory)
    }

    private func counted(
        _ request: BenchRequest
    ) async throws -> (BytesPerToken.Stream, StreamTiming) {
        let before = try await counts.read()
        let timing = try await probe.run(request)
        let after = try await counts.read()
        return (
            BytesPerToken.Stream(
                timing, bytesBeforeTLS: after.beforeTLS - before.beforeTLS,
                bytesOnSocket: after.onSocket - before.onSocket), timing
        )
    }

    /// How often a stream is asked for again on a connection that turns out to be broken too.
    private static let maximumAttempts = 100

    /// Breaks a connection in the middle of a stream, and asks again at once, until a token comes.
    private func reconnection() async throws -> Duration {
        do {
            _ = try await probe.run(
                BenchRequest(
                    model: model, maximumTokens: 100,
                    plan: "ttft=0,rate=max,tokens=100,fault=cut:2000"))
        } catch let error as StreamError {
            guard error.reason != .cancelled else { throw error }
        }
        let start = ContinuousClock.now
        let request = BenchRequest(model: model, maximumTokens: 1, plan: "ttft=0,rate=max")
        for attempt in 1... {
            let before = ContinuousClock.now - start
            do {
                let next = try await probe.run(request, isAnew: true)
                guard let time = next.timeToFirstToken else { break }
                return before + time
            } catch let error as StreamError {
                // Streams of one connection break a moment before the connection does.
                guard attempt < Self.maximumAttempts, error.reason != .cancelled else {
                    throw error
                }
            }
        }
        throw BenchError.noText(transport: probe.transport.title)
    }
}

/// What a stand-in says that it has sent, asked over a connection of its own.
package final class StandInCounts: Sendable {
    package struct Sent: Hashable, Sendable {
        package let onSocket: Int
        package let beforeTLS: Int
    }

    private let client: HTTPStreamClient
    private let address: StreamAddress

    package init(_ base: StreamAddress, trust: StreamTrust) throws {
        var settings = StreamSettings()
        settings.trust = trust
        settings.allowsHTTP2 = false
        client = try HTTPStreamClient(settings)
        address = base.appending("/stand-in")
    }

    package func read() async throws -> Sent {
        let response = try await client.send(
            StreamRequest(address: address, method: "GET", body: ByteBuffer()))
        let body = try await response.body.gathered(upTo: 64 << 10)
        let document = try JSONReader.value(of: Array(body.readableBytesView))
        let sent = document["sent_bytes"]
        guard let onSocket = sent?["on_socket"]?.numberText.flatMap({ Int($0) }),
            let beforeTLS = sent?["before_tls"]?.numberText.flatMap({ Int($0) })
        else { throw BenchError.noStream(host: address.host, status: response.status) }
        return Sent(onSocket: onSocket, beforeTLS: beforeTLS)
    }
}

/// The memory of this process with no stream, one, and many.
package struct MemoryBench: Sendable {
    private let probe: StreamProbe

    /// Connections that are made at a time.
    private static let atOnce = 50
    /// A stream that stays open behind its first token.
    private static let request = BenchRequest(
        model: "gpt-4.1", maximumTokens: 2, plan: "tokens=2,ttft=0,rate=max,fault=stall:1")

    package init(_ probe: StreamProbe) { self.probe = probe }

    /// `nil` where the machine does not tell.
    ///
    /// Throws `BenchError.memoryUnknown` where a stream ends before all are open.
    package func run(
        streams: Int
    ) async throws -> (before: Int, withOne: Int, withAll: Int)? {
        guard let before = ResidentMemory.bytes() else { return nil }
        return try await withThrowingTaskGroup(of: Void.self) { [probe] group in
            let (begun, begin) = AsyncStream<Void>.makeStream()
            func open(_ count: Int) async throws {
                for _ in 0..<count {
                    group.addTask {
                        // One that ends is not held open.
                        defer { begin.finish() }
                        try await probe.hold(Self.request) { begin.yield() }
                    }
                }
                for _ in 0..<count where await Self.next(of: begun) == nil {
                    try await group.next()
                    throw BenchError.memoryUnknown(probe.transport.title)
                }
            }
            try await open(1)
            let withOne = ResidentMemory.bytes()
            var held = 1
            while held < streams {
                let count = min(Self.atOnce, streams - held)
                try await open(count)
                held += count
            }
            let withAll = ResidentMemory.bytes()
            group.cancelAll()
            guard let withOne, let withAll else { return nil }
            return (before, withOne, withAll)
        }
    }

    private static func next(of begun: AsyncStream<Void>) async -> Void? {
        var iterator = begun.makeAsyncIterator()
        return await iterator.next()
    }
}
