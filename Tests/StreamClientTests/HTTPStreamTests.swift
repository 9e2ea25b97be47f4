import NIOCore
import StreamClient
import Testing

/// Each fault that an upstream can show, by a server that shows it.
@Suite struct HTTPStreamTests {
    private static let head =
        "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"

    private static func chunk(_ text: String) -> String {
        "\(String(text.utf8.count, radix: 16))\r\n\(text)\r\n"
    }

    private func settings(_ change: (inout StreamTimeouts) -> Void = { _ in }) -> StreamSettings {
        var settings = StreamSettings()
        change(&settings.timeouts)
        return settings
    }

    private func request(_ port: Int, _ body: String = "{}") throws -> StreamRequest {
        StreamRequest(
            address: try StreamAddress("http://127.0.0.1:\(port)/v1/chat/completions"),
            headers: [("content-type", "application/json")], body: ByteBuffer(string: body))
    }

    private func text(_ body: StreamBody) async throws(StreamError) -> String {
        var text = ""
        var pieces = body.makeAsyncIterator()
        while let piece = try await pieces.next() { text += String(buffer: piece) }
        return text
    }

    @Test func readsABodyAsItComes() async throws {
        let server = try await ScriptedServer(
            Self.head, Self.chunk("data: 1\n\n"), Self.chunk("data: 2\n\n"), "0\r\n\r\n")
        let response = try await HTTPStreamClient().send(request(server.port, "{\"a\":1}"))
        #expect(response.status == 200)
        #expect(response.version == .http1)
        #expect(response.header("Content-Type") == "text/event-stream")
        #expect(try await text(response.body) == "data: 1\n\ndata: 2\n\n")
        let sent = try #require(server.heard.first)
        #expect(sent.hasPrefix("POST /v1/chat/completions HTTP/1.1\r\n"))
        #expect(sent.lowercased().contains("\r\naccept-encoding: identity\r\n"))
        #expect(sent.hasSuffix("\r\n\r\n{\"a\":1}"))
    }

    /// At a port that no test is given, as one that was just closed may be.
    @Test func tellsThatNothingListens() async throws {
        let error = await #expect(throws: StreamError.self) {
            try await HTTPStreamClient().send(request(1))
        }
        #expect(error?.reason == .refusesConnections)
        #expect(error?.wasSent == false)
        #expect(error?.description == "nothing takes a connection at 127.0.0.1:1")
    }

    @Test func tellsAnUnknownHost() async throws {
        let address = try StreamAddress("http://no-such-host.invalid/v1")
        // A resolver may take its time to say so.
        let client = try HTTPStreamClient(settings { $0.connectMilliseconds = 120_000 })
        let error = await #expect(throws: StreamError.self) {
            try await client.send(
                StreamRequest(address: address, body: ByteBuffer()))
        }
        #expect(error?.reason == .unknownHost)
        #expect(error?.wasSent == false)
    }

    @Test func tellsAPlainServerThatWasAskedForTLS() async throws {
        let plain = try await PlainAnswer()
        let error = await #expect(throws: StreamError.self) {
            try await HTTPStreamClient().send(
                StreamRequest(
                    address: try StreamAddress("https://127.0.0.1:\(plain.port)/"),
                    body: ByteBuffer()))
        }
        #expect(error?.reason == .noTLS)
        #expect(error?.wasSent == false)
    }

    @Test func waitsForAConnectionNoLongerThanItsLimit() async throws {
        // It takes the connection and never says a word of TLS.
        let server = try await ScriptedServer(thenCloses: false)
        let client = try HTTPStreamClient(settings { $0.connectMilliseconds = 100 })
        let request = StreamRequest(
            address: try StreamAddress("https://127.0.0.1:\(server.port)/"), body: ByteBuffer())
        // The connection of the first is given up by its own limit, a second longer, in a later one.
        for _ in 0..<14 {
            let error = await #expect(throws: StreamError.self) { try await client.send(request) }
            #expect(error?.reason == .timeout(.connect, milliseconds: 100))
            #expect(error?.wasSent == false)
        }
    }

    @Test func waitsForTheFirstByteNoLongerThanItsLimit() async throws {
        let server = try await ScriptedServer(thenCloses: false)
        let client = try HTTPStreamClient(settings { $0.firstByteMilliseconds = 100 })
        let error = await #expect(throws: StreamError.self) {
            try await client.send(request(server.port))
        }
        #expect(error?.reason == .timeout(.firstByte, milliseconds: 100))
        #expect(error?.wasSent == true)
        #expect(
            error?.description
                == "127.0.0.1:\(server.port) took the request and answered nothing for 0.1 s")
        await server.ended(1)
    }

    @Test func headersAloneAreNoFirstByte() async throws {
        let server = try await ScriptedServer(Self.head, thenCloses: false)
        let client = try HTTPStreamClient(settings { $0.firstByteMilliseconds = 100 })
        let error = await #expect(throws: StreamError.self) {
            try await text(client.send(request(server.port)).body)
        }
        #expect(error?.reason == .timeout(.firstByte, milliseconds: 100))
        await server.ended(1)
    }

    @Test func endsAStreamThatFallsSilent() async throws {
        let server = try await ScriptedServer(
            Self.head, Self.chunk("data: 1\n\n"), thenCloses: false)
        let client = try HTTPStreamClient(settings { $0.idleMilliseconds = 100 })
        var pieces = try await client.send(request(server.port)).body.makeAsyncIterator()
        #expect(try await pieces.next().map { String(buffer: $0) } == "data: 1\n\n")
        let error = await #expect(throws: StreamError.self) {
            while try await pieces.next() != nil {}
        }
        #expect(error?.reason == .timeout(.idle, milliseconds: 100))
        await server.ended(1)
    }

    @Test func endsAStreamThatIsTooLong() async throws {
        let server = try await ScriptedServer(
            Self.head, Self.chunk("data: 1\n\n"), thenCloses: false)
        let client = try HTTPStreamClient(settings { $0.totalMilliseconds = 100 })
        let error = await #expect(throws: StreamError.self) {
            try await text(client.send(request(server.port)).body)
        }
        #expect(error?.reason == .timeout(.total, milliseconds: 100))
    }

    @Test func tellsAStreamThatWasCut() async throws {
        let server = try await ScriptedServer(Self.head, Self.chunk("data: 1\n\n"), "5\r\nda")
        var pieces = try await HTTPStreamClient().send(request(server.port)).body
            .makeAsyncIterator()
        let error = await #expect(throws: StreamError.self) {
            while try await pieces.next() != nil {}
        }
        #expect(error?.reason == .cutShort)
        #expect(error?.wasSent == true)
    }

    @Test func tellsWhoHangsUpOnARequest() async throws {
        let server = try await ScriptedServer([[.reset]])
        let error = await #expect(throws: StreamError.self) {
            try await HTTPStreamClient().send(request(server.port))
        }
        #expect(error?.reason == .cutShort)
        #expect(error?.wasSent == true)
    }

    @Test func tellsWhatIsNoHTTP() async throws {
        let server = try await ScriptedServer("220 mail.example.com ESMTP\r\n")
        let error = await #expect(throws: StreamError.self) {
            try await HTTPStreamClient().send(request(server.port))
        }
        #expect(error?.reason == .noHTTP)
    }

    @Test func aReaderThatStopsEndsTheRequest() async throws {
        let server = try await ScriptedServer(
            Self.head, Self.chunk("data: 1\n\n"), thenCloses: false)
        do {
            var pieces = try await HTTPStreamClient().send(request(server.port)).body
                .makeAsyncIterator()
            #expect(try await pieces.next() != nil)
        }
        await server.ended(1)
    }

    @Test func aCancelledTaskEndsTheRequest() async throws {
        let server = try await ScriptedServer(Self.head, thenCloses: false)
        let response = try await HTTPStreamClient().send(request(server.port))
        let reading = Task { try await text(response.body) }
        reading.cancel()
        let error = await #expect(throws: StreamError.self) { try await reading.value }
        #expect(error?.reason == .cancelled)
        await server.ended(1)
    }

    @Test func cancellingBeforeTheHeadEndsTheRequest() async throws {
        let server = try await ScriptedServer(thenCloses: false)
        let client = try HTTPStreamClient()
        let sent = try request(server.port)
        let sending = Task { try await client.send(sent) }
        while server.heard.isEmpty { await Task.yield() }
        sending.cancel()
        let error = await #expect(throws: StreamError.self) { try await sending.value }
        #expect(error?.reason == .cancelled)
        await server.ended(1)
    }

    @Test func aSlowReaderHoldsTheSenderBack() async throws {
        // Far more than any buffer on the way.
        let piece = [UInt8](repeating: UInt8(ascii: "x"), count: 1 << 20)
        let count = 64
        let head = "HTTP/1.1 200 OK\r\ncontent-length: \(count << 20)\r\n\r\n"
        let server = try await ScriptedServer(
            [[.send(Array(head.utf8))] + Array(repeating: .send(piece), count: count)])
        let client = try HTTPStreamClient(settings { $0.idleMilliseconds = 2_000 })
        var pieces = try await client.send(request(server.port)).body.makeAsyncIterator()
        var bytes = 0
        // Longer than the limit of idleness, which is not the sender's here.
        try await Task.sleep(for: .milliseconds(3_000))
        while let piece = try await pieces.next() { bytes += piece.readableBytes }
        #expect(bytes == count << 20)
    }

    @Test func readsNoMoreOfAnErrorThanItsLimit() async throws {
        let server = try await ScriptedServer(
            "HTTP/1.1 500 Oh\r\ncontent-length: 1000\r\n\r\n" + String(repeating: "x", count: 1000))
        let response = try await HTTPStreamClient().send(request(server.port))
        #expect(response.status == 500)
        #expect(try await response.body.gathered(upTo: 10).readableBytes == 10)
    }
}
