import Foundation
import Pricing
import ProviderUsage

/// `StreamBenchmark FILE [RUNS [PIECE]]` reads a recorded stream from memory in pieces of some bytes:
/// its framing alone, and its framing with its usage. Prints megabytes (10⁶ bytes) in a second of
/// processor time, the median of the runs.
@main
enum StreamBenchmark {
    static func main() throws {
        let arguments = CommandLine.arguments
        guard arguments.count >= 2, let data = FileManager.default.contents(atPath: arguments[1])
        else {
            print("StreamBenchmark FILE [RUNS [PIECE]]")
            exit(64)
        }
        let runs = arguments.count > 2 ? Int(arguments[2]) ?? 7 : 7
        let piece = arguments.count > 3 ? Int(arguments[3]) ?? 65_536 : 65_536
        let bytes = Array(data)
        var events = 0
        let framing = median(runs) {
            events = 0
            var parser = ServerSentEventParser()
            forEachPiece(of: bytes, piece) { part in
                parser.read(part) { event in events += event.data.isEmpty ? 0 : 1 }
            }
            parser.finish { _ in events += 1 }
        }
        print("framing, \(events) events: \(rate(bytes.count, framing)) MB/s")
        var usage = Usage()
        let reading = median(runs) {
            var reader = UsageReader()
            forEachPiece(of: bytes, piece) { reader.read($0) }
            usage = reader.finish().usage
        }
        let counts = usage.meters.map { "\(usage[$0]) \($0.name)" }.joined(separator: ", ")
        print("framing and usage, \(counts): \(rate(bytes.count, reading)) MB/s")
    }

    private static func forEachPiece(
        of bytes: [UInt8], _ count: Int, _ body: (UnsafeRawBufferPointer) -> Void
    ) {
        bytes.withUnsafeBytes { bytes in
            var offset = 0
            while offset < bytes.count {
                let end = min(offset + count, bytes.count)
                body(UnsafeRawBufferPointer(rebasing: bytes[offset..<end]))
                offset = end
            }
        }
    }

    /// In seconds of processor time.
    private static func median(_ runs: Int, _ body: () -> Void) -> Double {
        let times = (0..<runs).map { _ in
            let start = clock()
            body()
            return Double(clock() - start) / Double(CLOCKS_PER_SEC)
        }
        return times.sorted()[runs / 2]
    }

    private static func rate(_ bytes: Int, _ seconds: Double) -> Int {
        Int(Double(bytes) / 1e6 / seconds)
    }
}
