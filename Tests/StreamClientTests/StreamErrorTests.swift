import StreamClient
import Testing
import WebSocketMessages

/// What went wrong, in one sentence that a terminal can show.
struct StreamErrorTests {
    private func sentence(_ reason: StreamError.Reason, wasSent: Bool) -> String {
        "\(StreamError(host: "a.example", reason: reason, wasSent: wasSent))"
    }

    @Test func whatTheOtherSideSaysIsNoCommandToTheTerminal() {
        let close = WebSocketClose(.policy, "over \u{1B}[31m quota\r\nmore")
        #expect(
            sentence(.closed(close), wasSent: true)
                == "a.example closed the WebSocket before the answer was whole (code 1008): over [31m quota more"
        )
    }

    /// Where nothing was asked there was no answer to break off.
    @Test func aConnectionThatRestedOnlyEnded() {
        let close = WebSocketClose(nil, "")
        #expect(sentence(.closed(close), wasSent: false) == "a.example closed the WebSocket")
        #expect(sentence(.cutShort, wasSent: false) == "the connection to a.example ended")
        #expect(
            sentence(.cutShort, wasSent: true)
                == "the connection to a.example ended before the answer did")
    }
}
