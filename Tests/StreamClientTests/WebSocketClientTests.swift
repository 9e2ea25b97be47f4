import NIOCore
import StreamClient
import Testing
import WebSocketMessages

/// The client against a server that sends the bytes it was told to.
@Suite struct WebSocketClientTests {
    private typealias Step = ScriptedServer.Step

    /// A frame of a server: not masked.
    private static func frame(_ first: UInt8, _ bytes: [UInt8]) -> Step {
        .send([first, UInt8(bytes.count)] + bytes)
    }

    private static func text(_ text: String) -> Step { frame(0x81, Array(text.utf8)) }

    /// What the client's frames hold, unmasked.
    private static func frames(_ bytes: [UInt8]) -> [(first: UInt8, payload: [UInt8])] {
        var frames: [(UInt8, [UInt8])] = []
        var rest = bytes[...]
        while rest.count >= 6 {
            let start = rest.startIndex
            let length = Int(rest[start + 1] & 0x7F)
            #expect(rest[start + 1] & 0x80 != 0, "a client masks")
            let mask = Array(rest[(start + 2)..<(start + 6)])
            let payload = rest[(start + 6)..<(start + 6 + length)]
            frames.append((rest[start], payload.enumerated().map { $1 ^ mask[$0 % 4] }))
            rest = rest.dropFirst(6 + length)
        }
        return frames
    }

    private func settings(_ change: (inout StreamSettings) -> Void = { _ in }) -> StreamSettings {
        var settings = StreamSettings()
        settings.limits.closeMilliseconds = 50
        change(&settings)
        return settings
    }

    private func connect(
        _ server: ScriptedServer, _ settings: StreamSettings? = nil
    ) async throws -> WebSocketConnection {
        try await WebSocketClient(settings ?? self.settings()).connect(
            to: try StreamAddress("ws://127.0.0.1:\(server.port)/v1/ws/chat?api_key=secret"),
            headers: [("x-tokenmeter-project", "web")])
    }

    @Test func asksForTheUpgradeAndReadsMessages() async throws {
        let server = try await ScriptedServer([
            [.accept, Self.text("one"), Self.text("价"), Self.frame(0x88, [0x03, 0xE8])]
        ])
        let connection = try await connect(server)
        var texts: [String] = []
        for try await message in connection.messages { texts.append(String(buffer: message.bytes)) }
        #expect(texts == ["one", "价"])
        #expect(await connection.closing() == WebSocketClose(.normal, ""))
        let request = try #require(server.heard.first)
        #expect(request.hasPrefix("GET /v1/ws/chat?api_key=secret HTTP/1.1\r\n"))
        #expect(request.lowercased().contains("\r\nhost: 127.0.0.1:\(server.port)\r\n"))
        #expect(request.lowercased().contains("\r\nx-tokenmeter-project: web\r\n"))
        let frames = Self.frames(await server.heard(bytes: 8))
        #expect(frames.map(\.first) == [0x88], "a close is answered")
        #expect(frames.first?.payload == [0x03, 0xE8])
    }

    @Test func answersAPingAndSendsWhatItIsGiven() async throws {
        let server = try await ScriptedServer([
            [.accept, Self.frame(0x89, [7, 8]), .hear(8), .hear(8), Self.text("thanks")]
        ])
        let connection = try await connect(server)
        _ = await server.heard(bytes: 8)
        try await connection.send(WebSocketMessage(text: "hi"))
        var messages = connection.messages.makeAsyncIterator()
        #expect(try await messages.next() == WebSocketMessage(text: "thanks"))
        let frames = Self.frames(await server.heard(bytes: 16))
        #expect(frames.map(\.first) == [0x8A, 0x81])
        #expect(frames.map(\.payload) == [[7, 8], Array("hi".utf8)])
    }

    @Test func joinsFragmentsHoweverTheBytesAreCut() async throws {
        let bytes: [UInt8] =
            [0x01, 2] + Array("价".utf8)[..<2] + [0x89, 0] + [0x80, 1] + Array("价".utf8)[2...]
        let server = try await ScriptedServer([
            [.accept] + bytes.map { Step.send([$0]) } + [Self.text("next")]
        ])
        var messages = try await connect(server).messages.makeAsyncIterator()
        #expect(try await messages.next() == WebSocketMessage(text: "价"))
        #expect(try await messages.next() == WebSocketMessage(text: "next"))
    }

    struct Broken: Sendable, CustomTestStringConvertible {
        let name: String
        let bytes: [UInt8]
        let code: UInt16
        var testDescription: String { name }
    }

    @Test(arguments: [
        Broken(name: "no UTF-8", bytes: [0x81, 1, 0xFF], code: 1007),
        Broken(name: "a reserved bit", bytes: [0xC1, 0], code: 1002),
        Broken(name: "an opcode of none", bytes: [0x83, 0], code: 1002),
        Broken(name: "a ping in pieces", bytes: [0x09, 0], code: 1002),
        Broken(name: "a long ping", bytes: [0x89, 126, 0, 126], code: 1002),
        Broken(name: "a close code of none", bytes: [0x88, 2, 0x03, 0xED], code: 1002),
        Broken(name: "a frame too large", bytes: [0x82, 126, 0x04, 0x01], code: 1009),
        Broken(
            name: "a length past all", bytes: [0x82, 127] + Array(repeating: 0xFF, count: 8),
            code: 1009),
    ]) func closesOnWhatNoPeerMaySend(_ broken: Broken) async throws {
        let server = try await ScriptedServer([[.accept, .send(broken.bytes)]])
        let connection = try await connect(
            server, settings { $0.limits.maximumMessageBytes = 1024 })
        let error = await #expect(throws: StreamError.self) {
            for try await _ in connection.messages {}
        }
        guard case .violated(let close)? = error?.reason else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(close.code?.rawValue == broken.code)
        await server.ended(1)
        let frames = Self.frames(await server.heard(bytes: 8))
        #expect(frames.first?.first == 0x88)
        #expect(
            frames.first.map { Array($0.payload.prefix(2)) }
                == [UInt8(broken.code >> 8), UInt8(broken.code & 0xFF)])
    }

    @Test func tellsAConnectionThatWasCut() async throws {
        let server = try await ScriptedServer([[.accept, .send([0x81, 9, 0x61]), .close]])
        let connection = try await connect(server)
        let error = await #expect(throws: StreamError.self) {
            for try await _ in connection.messages {}
        }
        #expect(error?.reason == .cutShort)
        let unsent = await #expect(throws: StreamError.self) {
            try await connection.send(WebSocketMessage(text: "late"))
        }
        #expect(unsent?.wasSent == false)
    }

    /// A date is one of the server's own clock.
    @Test(arguments: [
        "retry-after: 7", "retry-after-ms: 7000",
        "date: Sun, 29 Nov 2026 08:00:00 GMT\r\nretry-after: Sun, 29 Nov 2026 08:00:07 GMT",
    ]) func aRefusalMayNameATimeToComeBackAt(headers: String) async throws {
        let server = try await ScriptedServer(
            "HTTP/1.1 429 Too Many Requests\r\n\(headers)\r\ncontent-length: 0\r\n\r\n")
        let error = await #expect(throws: StreamError.self) { try await connect(server) }
        #expect(error?.reason == .status(429, retryAfterMilliseconds: 7_000, message: nil))
    }

    @Test func tellsARefusalWithItsWords() async throws {
        let body = #"{"error":{"message":"no\u001b[31m such\nkey"}}"#
        let server = try await ScriptedServer(
            "HTTP/1.1 403 Forbidden\r\ncontent-length: \(body.utf8.count)\r\n\r\n\(body)")
        let error = await #expect(throws: StreamError.self) { try await connect(server) }
        #expect(
            error?.reason
                == .status(403, retryAfterMilliseconds: nil, message: "no [31m such key"))
        #expect(error?.description.contains("secret") == false)
    }

    @Test func aPageIsNoWebSocket() async throws {
        let server = try await ScriptedServer(
            "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi")
        let error = await #expect(throws: StreamError.self) { try await connect(server) }
        #expect(error?.reason == .noWebSocket)
    }

    @Test func aWrongAcceptanceIsNone() async throws {
        let server = try await ScriptedServer(
            "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n"
                + "sec-websocket-accept: nonsense\r\n\r\n", thenCloses: false)
        let error = await #expect(throws: StreamError.self) { try await connect(server) }
        #expect(error?.reason == .noWebSocket)
        await server.ended(1)
    }

    @Test func waitsForTheAcceptanceNoLongerThanItsLimit() async throws {
        let server = try await ScriptedServer(thenCloses: false)
        let error = await #expect(throws: StreamError.self) {
            try await connect(server, settings { $0.timeouts.firstByteMilliseconds = 100 })
        }
        #expect(error?.reason == .timeout(.firstByte, milliseconds: 100))
        await server.ended(1)
    }

    /// At a port that no test is given, as one that was just closed may be.
    @Test func tellsThatNothingListens() async throws {
        let error = await #expect(throws: StreamError.self) {
            try await WebSocketClient(settings()).connect(
                to: try StreamAddress("ws://127.0.0.1:1/"))
        }
        #expect(error?.reason == .refusesConnections)
    }

    @Test func anAnswerThatStallsEndsWithItsTimeout() async throws {
        let server = try await ScriptedServer([[.accept, .hear(7), Self.text("a")]])
        let connection = try await connect(
            server, settings { $0.timeouts.idleMilliseconds = 100 })
        try await connection.send(WebSocketMessage(text: "q"), asking: true)
        var messages = connection.messages.makeAsyncIterator()
        #expect(try await messages.next() == WebSocketMessage(text: "a"))
        let error = await #expect(throws: StreamError.self) { try await messages.next() }
        #expect(error?.reason == .timeout(.idle, milliseconds: 100))
        await server.ended(1)
    }

    @Test func aConnectionAtRestMayBeSilent() async throws {
        let server = try await ScriptedServer([[.accept, .hear(7), Self.text("a")]])
        let connection = try await connect(
            server, settings { $0.timeouts.idleMilliseconds = 50 })
        try await Task.sleep(for: .milliseconds(150))
        try await connection.send(WebSocketMessage(text: "q"))
        var messages = connection.messages.makeAsyncIterator()
        #expect(try await messages.next() == WebSocketMessage(text: "a"))
    }

    @Test func closingSaysSoAndIsNotWaitedForForEver() async throws {
        let server = try await ScriptedServer([[.accept]])
        let connection = try await connect(server)
        await connection.close(WebSocketClose(.normal, "bye"))
        let frames = Self.frames(await server.heard(bytes: 11))
        #expect(frames.first?.payload == [0x03, 0xE8] + Array("bye".utf8))
    }

    @Test func aCancelledReaderEndsTheConnection() async throws {
        let server = try await ScriptedServer([[.accept]])
        let connection = try await connect(server)
        let reading = Task {
            var messages = connection.messages.makeAsyncIterator()
            _ = try await messages.next()
        }
        reading.cancel()
        let error = await #expect(throws: StreamError.self) { try await reading.value }
        #expect(error?.reason == .cancelled)
        await server.ended(1)
    }
}
