import JSONBytes
import NIOCore
import StandInUpstream
import StreamClient
import Testing
import WebSocketMessages

/// The stand-in's end of the article's WebSocket.
@Suite struct StandInChatTests {
    typealias Fixture = StandInServerTests.Fixture

    private static func completion(_ more: String = "") -> WebSocketMessage {
        WebSocketMessage(
            text:
                "{\"type\":\"chat.completion\",\"model\":\"m\",\"messages\":[],\"stream\":true\(more)}"
        )
    }

    /// The next documents, up to one of a type.
    private static func read(
        _ messages: inout WebSocketConnection.Messages.AsyncIterator, to type: String
    ) async throws -> [JSONValue] {
        var documents: [JSONValue] = []
        while let message = try await messages.next() {
            documents.append(try JSONReader.value(of: Array(message.bytes.readableBytesView)))
            if documents.last?["type"]?.textValue == type { return documents }
        }
        return documents
    }

    private static func text(_ documents: [JSONValue]) -> String {
        documents.compactMap { $0["delta"]?["content"]?.textValue }.joined()
    }

    @Test(arguments: [false, true])
    func answersCompletionsInTurn(isTLS: Bool) async throws {
        let fixture = try await Fixture("tokens=40,text=mixed", isTLS: isTLS)
        let connection = try await fixture.chat("?api_key=secret")
        var messages = connection.messages.makeAsyncIterator()
        try await connection.send(Self.completion(",\"id\":\"first\""))
        try await connection.send(Self.completion(",\"id\":2,\"max_tokens\":3"))
        let first = try await Self.read(&messages, to: "done")
        let second = try await Self.read(&messages, to: "done")
        #expect(Self.text(first) == SyntheticText.text(.mixed, seed: 1, count: 40))
        #expect(first.allSatisfy { $0["id"] == "first" })
        #expect(first[40]["usage"]?["completion_tokens"] == 40)
        #expect(Self.text(second) == SyntheticText.text(.mixed, seed: 1, count: 3))
        #expect(second.allSatisfy { $0["id"] == 2 })
        await connection.close()
        #expect(await connection.closing()?.code == .normal)
        await fixture.server.stop()
    }

    @Test func anUpdateOfTheContextCountsAsInput() async throws {
        let fixture = try await Fixture()
        let connection = try await fixture.chat()
        var messages = connection.messages.makeAsyncIterator()
        var inputs: [JSONValue?] = []
        for _ in 0..<2 {
            try await connection.send(Self.completion())
            inputs.append(
                try await Self.read(&messages, to: "usage").last?["usage"]?["prompt_tokens"])
            _ = try await Self.read(&messages, to: "done")
            let update = "{\"type\":\"context.update\",\"messages\":[]}"
            try await connection.send(WebSocketMessage(text: update))
        }
        // A quarter of 66 bytes, and of 39 more.
        #expect(inputs == [16, 26])
        await connection.close()
        await fixture.server.stop()
    }

    @Test func aCancelEndsWhatIsUnderWay() async throws {
        let fixture = try await Fixture("fault=stall:2")
        let connection = try await fixture.chat()
        var messages = connection.messages.makeAsyncIterator()
        try await connection.send(Self.completion())
        for _ in 0..<2 { _ = try await messages.next() }
        try await connection.send(WebSocketMessage(text: "{\"type\":\"cancel\"}"))
        let rest = try await Self.read(&messages, to: "done")
        #expect(rest.count == 2)
        #expect(rest[0]["usage"]?["completion_tokens"] == 2)
        await connection.close()
        await fixture.server.stop()
    }

    @Test func saysWhatItCannotRead() async throws {
        let fixture = try await Fixture()
        let connection = try await fixture.chat()
        var messages = connection.messages.makeAsyncIterator()
        for text in ["{", "{\"type\":\"greeting\"}", "[]"] {
            try await connection.send(WebSocketMessage(text: text))
            let answer = try await Self.read(&messages, to: "error")
            #expect(answer.last?["error"]?["message"]?.textValue?.isEmpty == false)
        }
        await connection.close()
        await fixture.server.stop()
    }

    @Test func asManyCompletionsWaitAsMay() async throws {
        let fixture = try await Fixture("fault=stall:0")
        let connection = try await fixture.chat()
        var messages = connection.messages.makeAsyncIterator()
        for _ in 0..<(1 + StandInLimits().waitingCompletions + 1) {
            try await connection.send(Self.completion())
        }
        let answer = try await Self.read(&messages, to: "error")
        #expect(answer.count == 1)
        #expect(
            answer[0]["error"]?["message"]?.textValue
                == "More than 16 completions wait for their turn.")
        await connection.close()
        await fixture.server.stop()
    }

    @Test func aCutBreaksTheConnection() async throws {
        let fixture = try await Fixture("fault=cut:100", faultTimes: 1)
        for isCut in [true, false] {
            let connection = try await fixture.chat()
            var messages = connection.messages.makeAsyncIterator()
            try await connection.send(Self.completion())
            if isCut {
                let error = await #expect(throws: StreamError.self) {
                    while try await messages.next() != nil {}
                }
                #expect(error?.reason == .cutShort)
            } else {
                #expect(try await Self.read(&messages, to: "done").count == 7)
                await connection.close()
            }
        }
        await fixture.server.stop()
    }

    @Test func anUpgradeIsRefusedAsARequestIs() async throws {
        let fixture = try await Fixture("fault=429:2s", faultTimes: 1)
        let error = await #expect(throws: StreamError.self) { try await fixture.chat() }
        guard case .status(429, _, _) = error?.reason else {
            Issue.record("\(String(describing: error))")
            return
        }
        let connection = try await fixture.chat()
        var messages = connection.messages.makeAsyncIterator()
        try await connection.send(Self.completion())
        #expect(try await Self.read(&messages, to: "done").count == 7)
        await connection.close()
        await fixture.server.stop()
    }
}
