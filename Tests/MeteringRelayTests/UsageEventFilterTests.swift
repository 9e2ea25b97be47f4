import MeteringRelay
import NIOCore
import Testing

/// The one event that a client did not ask for.
struct UsageEventFilterTests {
    private static let text = #"data: {"choices":[{"delta":{"content":"a"}}],"usage":null}"#
    private static let usage = #"data: {"choices":[],"usage":{"prompt_tokens":1}}"#
    private static let finish =
        #"data: {"choices":[{"finish_reason":"stop"}],"usage":{"prompt_tokens":1}}"#

    private func pass(_ pieces: [String]) -> String {
        var filter = UsageEventFilter()
        var passed = ByteBuffer()
        for piece in pieces {
            passed.writeImmutableBuffer(filter.pass(ByteBuffer(string: piece)))
        }
        passed.writeImmutableBuffer(filter.finish())
        return String(buffer: passed)
    }

    @Test(arguments: ["\n\n", "\r\n\r\n"]) func hidesItAtEverySplit(end: String) {
        let stream = [Self.text, Self.text, Self.usage, "data: [DONE]"].map { $0 + end }.joined()
        let wanted = [Self.text, Self.text, "data: [DONE]"].map { $0 + end }.joined()
        let bytes = Array(stream.utf8)
        for place in 0...bytes.count {
            let pieces = [bytes[..<place], bytes[place...]].map {
                String(decoding: $0, as: UTF8.self)
            }
            #expect(pass(pieces) == wanted, "split at \(place)")
        }
        #expect(pass(bytes.map { String(UnicodeScalar($0)) }) == wanted)
    }

    /// A choice beside the usage is the client's.
    @Test func passesWhatHoldsAChoice() {
        #expect(pass([Self.finish + "\n\n"]) == Self.finish + "\n\n")
        let comment = ": usage\n\n"
        #expect(pass([comment]) == comment)
        let quoted = #"data: {"choices":[{"delta":{"content":"\"usage\":{"}}]}"# + "\n\n"
        #expect(pass([quoted]) == quoted)
    }

    @Test func nothingIsLostAtTheEnd() {
        #expect(pass([Self.text]) == Self.text)
        #expect(pass([Self.text + "\n\n", Self.usage]) == Self.text + "\n\n")
    }

    /// What is longer than any such event passes before its end has come.
    @Test func holdsNoMoreThanAnEvent() {
        var filter = UsageEventFilter()
        let long = "data: " + String(repeating: "x", count: 70_000)
        #expect(filter.pass(ByteBuffer(string: long)).readableBytes == long.utf8.count)
        #expect(filter.pass(ByteBuffer(string: "data: {")).readableBytes == 0)
    }
}
