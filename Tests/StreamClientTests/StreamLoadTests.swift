import Foundation
import NIOCore
import NIOPosix
import Pricing
import ProviderUsage
import StreamClient
import Testing

/// Many streams at once from one process: `Benchmarks/streams.sh` starts the stand-in, pins this to
/// one core, and prints what it measured. It judges nothing but that all of them came whole.
@Suite struct StreamLoadTests {
    private static let environment = ProcessInfo.processInfo.environment
    private static let address = environment["STREAM_LOAD_URL"]

    @Test(.enabled(if: address != nil, "Benchmarks/streams.sh runs it"))
    func readsManyStreamsAtOnce() async throws {
        let address = try StreamAddress(try #require(Self.address))
        let count = Int(Self.environment["STREAM_LOAD_COUNT"] ?? "") ?? 2_000
        let client = try HTTPStreamClient(
            StreamSettings(), on: MultiThreadedEventLoopGroup(numberOfThreads: 1))
        // What every process has once it has read a stream.
        _ = try await Self.read(client, address)
        let (idleKilobytes, idleCPU) = (Self.residentKilobytes(), Self.cpuSeconds())
        let clock = ContinuousClock()
        let start = clock.now
        let peak = Task {
            var peak = 0
            while !Task.isCancelled {
                peak = max(peak, Self.residentKilobytes())
                try? await Task.sleep(for: .milliseconds(200))
            }
            return peak
        }
        let spans = try await withThrowingTaskGroup(of: Duration.self) { group in
            for _ in 0..<count {
                group.addTask {
                    // From the head on: how long the connections take is another question.
                    let start = try await Self.read(client, address)
                    return start.duration(to: clock.now)
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }.sorted()
        }
        let wall = Self.seconds(start.duration(to: clock.now))
        peak.cancel()
        let cpu = Self.cpuSeconds() - idleCPU
        let kilobytes = await peak.value - idleKilobytes
        #expect(spans.count == count)
        print(
            """
            streams \(count), wall \(wall) s, from head to end p50 \(Self.seconds(spans[count / 2])) s \
            p99 \(Self.seconds(spans[count * 99 / 100])) s most \(Self.seconds(spans[count - 1])) s
            CPU \(cpu) s, \(Int(cpu / wall * 100))% of one core; \(kilobytes) KiB more than idle, \
            \(Double(kilobytes) / Double(count)) KiB a stream
            """)
    }

    /// When the head of the answer came.
    private static func read(
        _ client: HTTPStreamClient, _ address: StreamAddress
    ) async throws -> ContinuousClock.Instant {
        let body =
            #"{"model":"gpt-4.1","messages":[{"role":"user","content":"hi"}],"stream":true,"stream_options":{"include_usage":true}}"#
        let response = try await client.send(
            StreamRequest(
                address: address.appending("/chat/completions"),
                headers: [("content-type", "application/json")], body: ByteBuffer(string: body)))
        let head = ContinuousClock.now
        var usage = UsageReader(api: .openAIChat)
        for try await piece in response.body {
            piece.withUnsafeReadableBytes { usage.read($0) }
        }
        #expect(usage.finish().known == .reported)
        return head
    }

    private static func seconds(_ span: Duration) -> Double {
        Double(span.components.seconds) + Double(
            span.components.attoseconds / 1_000_000_000_000_000) / 1_000
    }

    /// User and system time of the process.
    private static func cpuSeconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1_000_000_000
    }

    /// 0 where the system has no /proc.
    private static func residentKilobytes() -> Int {
        guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8),
            let pages = text.split(separator: " ").dropFirst().first.flatMap({ Int($0) })
        else { return 0 }
        return pages * 4
    }
}
