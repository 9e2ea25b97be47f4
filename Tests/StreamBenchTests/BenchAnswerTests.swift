import Accounting
import JSONBytes
import StreamBench
import Testing

@Suite struct BenchAnswerTests {
    @Test func percentilesAreOfTheNearestRank() throws {
        let hundred = try #require(Percentiles(Array((1...100).reversed())))
        #expect(hundred.all == [50, 90, 99])
        let five = try #require(Percentiles([5, 1, 4, 2, 3]))
        #expect(five.all == [3, 5, 5])
        #expect(try #require(Percentiles([7])).all == [7, 7, 7])
        #expect(Percentiles([Int]()) == nil)
    }

    private static func timing(tokens: Int64, text: Int, payload: Int) -> StreamTiming {
        var timing = StreamTiming()
        timing.timeToFirstToken = .milliseconds(140)
        timing.total = .milliseconds(2_000)
        timing.tokens = tokens
        timing.textBytes = text
        timing.payloadBytes = payload
        return timing
    }

    /// 10 tokens more, with 50 bytes of text, 250 of JSON, 320 before TLS and 540 behind it.
    private static let bytes = BytesPerToken(
        BytesPerToken.Stream(
            timing(tokens: 1, text: 5, payload: 1_000), bytesBeforeTLS: 1_500, bytesOnSocket: 2_000),
        BytesPerToken.Stream(
            timing(tokens: 11, text: 55, payload: 1_300), bytesBeforeTLS: 1_820,
            bytesOnSocket: 2_540))

    @Test func bytesAreThoseThatATokenAdds() throws {
        let bytes = try #require(Self.bytes)
        #expect(bytes.text == 5)
        #expect(bytes.json == 25)
        #expect(bytes.framing == 2)
        #expect(bytes.tls == 22)
        #expect(bytes.total == 54)
        let same = BytesPerToken.Stream(
            Self.timing(tokens: 1, text: 5, payload: 9), bytesBeforeTLS: 9, bytesOnSocket: 9)
        #expect(BytesPerToken(same, same) == nil)
        // At once, 50 tokens share one record, where the short stream took three.
        let short = BytesPerToken.Stream(
            Self.timing(tokens: 1, text: 5, payload: 90), bytesBeforeTLS: 100, bytesOnSocket: 166)
        let long = BytesPerToken.Stream(
            Self.timing(tokens: 51, text: 255, payload: 990), bytesBeforeTLS: 1_100,
            bytesOnSocket: 1_122)
        #expect(BytesPerToken(short, long)?.tls == 0)
    }

    @Test func memoryIsSharedByTheStreamsBehindTheFirst() {
        let memory = OpenStreamMemory(
            before: 1_000, withOne: 5_000, withAll: 5_000 + 99 * 300, streams: 100)
        #expect(memory.firstStreamBytes == 4_000)
        #expect(memory.bytesPerStream == 300)
    }

    @Test func theArticleStandsBesideWhatWasMeasured() throws {
        let result = BenchResult(
            transport: .sseHTTP2, timings: [Self.timing(tokens: 1_000, text: 1, payload: 1)],
            reconnections: [.microseconds(1_949)], bytes: try #require(Self.bytes), memory: nil)
        let answer = BenchAnswer(
            tokens: 1_000, rate: "374", timeToFirstToken: .milliseconds(138), runs: 1,
            results: [result]
        ).answer
        let row = try #require(answer.rows.first)
        #expect(row["time_to_first_token_us"]?["p99"] == 140_000)
        // 1,000 tokens in two seconds, the first wait included.
        #expect(row["tokens_per_second"]?["p50"] == "500.0")
        #expect(row["reconnection_us"]?["p50"] == 1_949)
        #expect(row["memory"] == .null, "what was not measured is not zero")
        #expect(answer.document["article"]?.elements?.count == 2)
        let lines = answer.report.rows.map { $0.map(\.text) }
        #expect(lines[0] == ["first token, ms, p50", "140.0", "142", "138"])
        #expect(lines[3] == ["total, ms, p50", "2,000.0", "2,847", "2,812"])
        #expect(lines.contains(["reconnection, ms, p50", "1.9", "automatic", "manual"]))
    }

    @Test func aRelayAddsWhatItsPercentilesAreAbove() throws {
        func timings(_ milliseconds: [Int]) -> [StreamTiming] {
            milliseconds.map {
                var timing = StreamTiming()
                timing.timeToFirstToken = .milliseconds($0)
                timing.total = .milliseconds(10 * $0)
                return timing
            }
        }
        let answer = RelayAnswer(
            relayHost: "relay", directHost: "direct", model: "m", relay: timings([12, 11, 30]),
            direct: timings([10, 10, 40])
        ).answer
        let added = answer.rows[0]["added_us"]
        #expect(added?["p50"] == 2_000)
        #expect(added?["p99"] == -10_000)
        #expect(
            answer.report.rows[0].map(\.text) == [
                "first token, ms", "p50", "12.0", "10.0", "2.0", "<50",
            ])
    }
}
