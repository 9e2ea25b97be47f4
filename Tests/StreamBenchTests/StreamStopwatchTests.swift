import StreamBench
import Testing

@Suite struct StreamStopwatchTests {
    private static let events = [
        "data: {\"id\":\"1\",\"object\":\"chat.completion.chunk\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n",
        "data: {\"id\":\"1\",\"object\":\"chat.completion.chunk\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"é\"}}]}\n\n",
        "data: {\"id\":\"1\",\"object\":\"chat.completion.chunk\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n",
        "data: {\"id\":\"1\",\"object\":\"chat.completion.chunk\",\"choices\":[],\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":4,\"total_tokens\":9}}\n\n",
        "data: [DONE]\n\n",
    ]

    private static func read(_ pieces: [(text: String, at: Duration)]) -> StreamTiming {
        var watch = StreamStopwatch(.events)
        for piece in pieces {
            Array(piece.text.utf8).withUnsafeBytes { watch.read($0, at: piece.at) }
        }
        return watch.finish(at: .milliseconds(500))
    }

    @Test func theFirstTextIsTheFirstToken() {
        let timing = Self.read(
            Self.events.enumerated().map { ($0.element, .milliseconds(100 * $0.offset)) })
        #expect(timing.timeToFirstToken == .milliseconds(100), "the role is no token")
        #expect(timing.total == .milliseconds(500))
        #expect(timing.tokens == 4)
        #expect(timing.tokensPerSecond == 8)
        #expect(timing.textBytes == 2)
        let bytes = Self.events.joined().utf8.count
        #expect(timing.bodyBytes == bytes)
        // "data: " and two line feeds of each of five events.
        #expect(timing.payloadBytes == bytes - 5 * 8)
    }

    @Test func aStreamWithoutUsageHasNoTokens() {
        let timing = Self.read(Self.events.dropLast(2).map { ($0, .zero) })
        #expect(timing.tokens == nil)
        #expect(timing.tokensPerSecond == nil)
    }

    @Test func anAnswerOfErrorsAloneHasNoFirstToken() {
        var watch = StreamStopwatch(.messages)
        let message = "{\"type\":\"error\",\"error\":{\"message\":\"no\"}}"
        Array(message.utf8).withUnsafeBytes { watch.read($0, at: .zero) }
        #expect(watch.hasFailed)
        #expect(watch.finish(at: .seconds(1)).timeToFirstToken == nil)
    }

    @Test func messagesAreReadWhole() {
        var watch = StreamStopwatch(.messages)
        let messages = [
            "{\"type\":\"stream\",\"delta\":{\"content\":\"水\"}}",
            "{\"type\":\"usage\",\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":1,\"total_tokens\":6}}",
            "{\"type\":\"done\"}",
        ]
        for message in messages {
            Array(message.utf8).withUnsafeBytes { watch.read($0, at: .milliseconds(7)) }
        }
        let timing = watch.finish(at: .milliseconds(20))
        #expect(timing.timeToFirstToken == .milliseconds(7))
        #expect(timing.tokens == 1)
        #expect(timing.textBytes == 3)
        #expect(timing.payloadBytes == messages.joined().utf8.count)
    }
}
