import Pricing
import StreamClient
import Testing
import WebSocketMessages

@Suite struct RetryTests {
    /// What may be waited for: the shortest and the longest of many draws; `nil` where nothing is.
    private func waits(
        _ reason: StreamError.Reason, wasSent: Bool = false, attempt: Int = 1
    ) -> ClosedRange<Int64>? {
        var generator = SystemRandomNumberGenerator()
        let drawn = (0..<200).compactMap { _ in
            RetryPolicy().milliseconds(
                after: reason, wasSent: wasSent, attempt: attempt, using: &generator)
        }
        guard let least = drawn.min(), let most = drawn.max() else { return nil }
        return least...most
    }

    private func isWithin(_ range: ClosedRange<Int64>, _ waits: ClosedRange<Int64>?) -> Bool {
        guard let waits else { return false }
        return range.contains(waits.lowerBound) && range.contains(waits.upperBound)
    }

    private func status(_ status: Int, _ retryAfter: Int64? = nil) -> StreamError.Reason {
        .status(status, retryAfterMilliseconds: retryAfter, message: nil)
    }

    @Test func whatDidNotGoOutIsSentAgainAfterTwiceAsLongEachTime() {
        #expect(isWithin(250...500, waits(.refusesConnections, attempt: 1)))
        #expect(isWithin(500...1_000, waits(.refusesConnections, attempt: 2)))
        #expect(isWithin(1_000...2_000, waits(.refusesConnections, attempt: 3)))
        #expect(waits(.refusesConnections, attempt: 4) == nil, "four attempts are enough")
        #expect(isWithin(250...500, waits(.timeout(.connect, milliseconds: 1))))
        #expect(isWithin(250...500, waits(.cutShort)))
        #expect(isWithin(250...500, waits(.closed(WebSocketClose(.goingAway, "restart")))))
        let spread = waits(.refusesConnections, attempt: 3)
        #expect((spread?.upperBound ?? 0) > (spread?.lowerBound ?? 0), "not all at once")
    }

    @Test func theBackoffHasACeiling() {
        var policy = RetryPolicy()
        policy.attempts = 100
        var generator = SystemRandomNumberGenerator()
        let wait = policy.milliseconds(
            after: .refusesConnections, wasSent: false, attempt: 99, using: &generator)
        #expect((4_000...8_000).contains(wait ?? 0))
    }

    @Test func whatMayHaveBeenChargedIsNeverSentAgain() {
        for reason: StreamError.Reason in [
            .cutShort, .timeout(.firstByte, milliseconds: 1), .timeout(.idle, milliseconds: 1),
            .timeout(.total, milliseconds: 1), status(500), status(502), status(504), status(503),
        ] { #expect(waits(reason, wasSent: true) == nil, "\(reason)") }
    }

    @Test func whatNoTimeMendsIsNotTriedAgain() {
        for reason: StreamError.Reason in [
            .unknownHost, .untrusted, .noTLS, .noHTTP, .cancelled, status(400), status(401),
            status(404), .closed(WebSocketClose(.policy, "quota")),
        ] { #expect(waits(reason) == nil, "\(reason)") }
    }

    @Test func aVendorThatNamesATimeIsLeftAloneForIt() {
        #expect(isWithin(3_000...3_300, waits(status(429, 3_000), wasSent: true)))
        #expect(isWithin(0...1, waits(status(503, 0), wasSent: true)))
        #expect(isWithin(250...500, waits(status(429), wasSent: true)))
        #expect(isWithin(60_000...66_000, waits(status(429, 60_000), wasSent: true)))
        #expect(waits(status(429, 60_001), wasSent: true) == nil)
        let error = StreamError(host: "a.example", reason: status(429, 3_600_050), wasSent: true)
        #expect(
            "\(error)" == "a.example is asked too often (status 429); it asks to wait 3600.05 s")
    }

    struct Header: Sendable, CustomTestStringConvertible {
        let text: String
        let milliseconds: Int64?
        var testDescription: String { text }
    }

    @Test(arguments: [
        Header(text: "0", milliseconds: 0), Header(text: "20", milliseconds: 20_000),
        Header(text: "Mon, 23 Nov 2026 12:00:30 GMT", milliseconds: 30_000),
        Header(text: "Mon, 23 Nov 2026 11:59:00 GMT", milliseconds: 0),
        Header(text: "-1", milliseconds: nil), Header(text: "1.5", milliseconds: nil),
        Header(text: "soon", milliseconds: nil), Header(text: "", milliseconds: nil),
        Header(text: "Mon, 31 Feb 2026 12:00:30 GMT", milliseconds: nil),
        Header(text: "9223372036854775807", milliseconds: Int64.max),
        Header(text: "99999999999999999999", milliseconds: Int64.max),
    ]) func readsRetryAfter(_ header: Header) throws {
        let now = try #require(Timestamp.parse("2026-11-23T12:00:00Z".utf8))
        #expect(RetryAfter.milliseconds(header.text, now: now) == header.milliseconds)
        #expect(RetryAfter.milliseconds(header.text, exactly: "250", now: now) == 250)
        #expect(RetryAfter.milliseconds(nil, now: now) == nil)
    }
}
