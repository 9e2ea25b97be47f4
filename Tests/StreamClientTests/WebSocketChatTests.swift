import Pricing
import ProviderUsage
import StreamClient
import Synchronization
import Testing

/// Questions over a WebSocket that stays open, breaks, and is opened again.
@Suite struct WebSocketChatTests {
    private typealias Step = ScriptedServer.Step

    private static func text(_ text: String) -> Step {
        let bytes = Array(text.utf8)
        let length: [UInt8] =
            bytes.count < 126
            ? [UInt8(bytes.count)] : [126, UInt8(bytes.count >> 8), UInt8(bytes.count & 0xFF)]
        return .send([0x81] + length + bytes)
    }

    private static let hello = text(#"{"type":"stream","delta":{"content":"Hello"}}"#)
    private static let usage = text(
        #"{"type":"usage","usage":{"prompt_tokens":7,"completion_tokens":2,"total_tokens":9}}"#)
    private static let done = text(#"{"type":"done"}"#)

    /// The texts of the client's frames.
    private static func texts(_ bytes: [UInt8]) -> [String] {
        var texts: [String] = []
        var rest = bytes[...]
        while rest.count >= 6 {
            var head = 2
            var length = Int(rest[rest.startIndex + 1] & 0x7F)
            if length == 126 {
                length = Int(rest[rest.startIndex + 2]) << 8 | Int(rest[rest.startIndex + 3])
                head = 4
            }
            let mask = Array(rest.dropFirst(head).prefix(4))
            let payload = rest.dropFirst(head + 4).prefix(length)
            if rest.first == 0x81 {
                texts.append(
                    String(
                        decoding: payload.enumerated().map { $1 ^ mask[$0 % 4] }, as: UTF8.self))
            }
            rest = rest.dropFirst(head + 4 + length)
        }
        return texts
    }

    private func chat(
        _ server: ScriptedServer, firstByteMilliseconds: Int64? = 120_000,
        idleMilliseconds: Int64? = 120_000, totalMilliseconds: Int64? = nil
    ) throws -> WebSocketChat {
        var settings = StreamSettings()
        settings.timeouts.totalMilliseconds = totalMilliseconds
        settings.timeouts.firstByteMilliseconds = firstByteMilliseconds
        settings.limits.closeMilliseconds = 50
        settings.timeouts.idleMilliseconds = idleMilliseconds
        var retries = RetryPolicy()
        retries.firstMilliseconds = 1
        return WebSocketChat(
            try ChatEndpoint(
                api: .webSocketChat,
                address: try StreamAddress("ws://127.0.0.1:\(server.port)/v1/ws/chat"),
                key: StreamKey("sk/1")),
            client: try WebSocketClient(settings), retries: retries,
            clock: ChatClock { Timestamp(milliseconds: 1_000) })
    }

    private let question = ChatQuestion(
        model: "m", messages: [ChatMessage(.user, "hi")], maximumTokens: 9)

    /// A masked frame of the question: 2 of length, 4 of mask, and its text.
    private static let asked =
        #"{"type":"chat.completion","model":"m","messages":[{"role":"user","content":"hi"}],"stream":true,"max_tokens":9}"#
    private static let askedBytes = 6 + asked.utf8.count

    @Test func asksTwiceOnOneConnection() async throws {
        let server = try await ScriptedServer([
            [
                .accept, .hear(Self.askedBytes), Self.hello, Self.usage, Self.done,
                .hear(Self.askedBytes), Self.hello, Self.usage, Self.done,
            ]
        ])
        let chat = try chat(server)
        for _ in 1...2 {
            let outcome = await chat.ask(question, ChatListener())
            #expect(outcome.failure == nil)
            #expect(outcome.text == "Hello")
            #expect(outcome.reading.known == .reported)
            #expect(outcome.reading.usage == (try Usage([.input: 7, .output: 2])))
        }
        #expect(server.heard.count == 1)
        #expect(
            server.heard.first?.hasPrefix("GET /v1/ws/chat?api_key=sk%2F1 HTTP/1.1\r\n") == true)
        let sent = Self.texts(await server.heard(bytes: 2 * Self.askedBytes))
        #expect(sent == [Self.asked, Self.asked])
        await chat.close()
        await server.ended(1)
    }

    @Test func aCutAnswerStaysCutAndTheContextIsSentAnew() async throws {
        let server = try await ScriptedServer([
            [.accept, .hear(Self.askedBytes), Self.hello, .close],
            [.accept, .hear(Self.askedBytes), Self.hello, Self.usage, Self.done],
        ])
        let chat = try chat(server)
        try await chat.update([ChatMessage(.system, "be brief")])
        let notes = Mutex<[ChatNote]>([])
        let listener = ChatListener(note: { note in notes.withLock { $0.append(note) } })
        let cut = await chat.ask(question, listener)
        guard case .stream(let error)? = cut.failure else {
            Issue.record("\(String(describing: cut.failure))")
            return
        }
        #expect(error.reason == .cutShort)
        #expect(cut.text == "Hello")
        #expect(cut.reading.known == .estimated)
        #expect(cut.mayBeCharged)
        let whole = await chat.ask(question, listener)
        #expect(whole.failure == nil)
        #expect(
            notes.withLock { $0 } == [
                .reconnected(host: "127.0.0.1:\(server.port)", replayed: 1)
            ])
        let context =
            #"{"type":"context.update","messages":[{"role":"system","content":"be brief"}]}"#
        let sent = Self.texts(
            await server.heard(bytes: 2 * (Self.askedBytes + 6 + context.utf8.count)))
        #expect(sent == [context, Self.asked, context, Self.asked])
    }

    @Test func whatDidNotGoOutIsSentOnTheNextConnection() async throws {
        let server = try await ScriptedServer([
            // It closes while nothing is asked.
            [
                .accept, .hear(Self.askedBytes), Self.hello, Self.usage, Self.done,
                .send([0x88, 0x02, 0x03, 0xE9]), .close,
            ],
            [.accept, .hear(Self.askedBytes), Self.hello, Self.usage, Self.done],
        ])
        let chat = try chat(server)
        #expect(await chat.ask(question, ChatListener()).failure == nil)
        await server.ended(1)
        let again = await chat.ask(question, ChatListener())
        #expect(again.failure == nil)
        #expect(server.heard.count == 2)
        let sent = Self.texts(await server.heard(bytes: 2 * Self.askedBytes))
        #expect(sent.filter { $0 == Self.asked }.count == 2)
    }

    @Test func aCloseBeforeTheEndIsToldWithItsReason() async throws {
        let server = try await ScriptedServer([
            [.accept, .send([0x88, 0x07, 0x03, 0xF0] + Array("quota".utf8))]
        ])
        let outcome = await (try chat(server)).ask(question, ChatListener())
        #expect(
            outcome.failure?.description
                == "127.0.0.1:\(server.port) closed the WebSocket (code 1008): quota"
        )
    }

    /// An upgrade without an answer has cost nothing, and is asked for again.
    @Test func anUpgradeThatIsNotAnsweredIsAskedForAgain() async throws {
        let server = try await ScriptedServer([
            [], [.accept, .hear(Self.askedBytes), Self.hello, Self.usage, Self.done],
        ])
        let notes = Mutex<[String]>([])
        let listener = ChatListener(note: { note in notes.withLock { $0.append("\(note)") } })
        let outcome = await (try chat(server, firstByteMilliseconds: 2_000)).ask(question, listener)
        #expect(outcome.failure == nil, "\(String(describing: outcome.failure))")
        #expect(outcome.text == "Hello")
        #expect(
            notes.withLock { $0 }.first?.contains(
                "did not answer the upgrade to a WebSocket for 2 s")
                == true)
    }

    /// A message that is none takes nothing from those behind it, and a key is shown to nobody.
    @Test func junkBeforeTheAnswerHidesNothing() async throws {
        let server = try await ScriptedServer([
            [
                .accept, .hear(Self.askedBytes), Self.text("not json"), Self.hello, Self.usage,
                Self.done,
            ]
        ])
        let outcome = await (try chat(server)).ask(question, ChatListener())
        #expect(outcome.text == "Hello")
        let telling = try await ScriptedServer([
            [.accept, .send([0x88, 0x0A, 0x03, 0xF0] + Array("bad sk/1".utf8))]
        ])
        let closed = await (try chat(telling)).ask(question, ChatListener())
        #expect(closed.failure?.description.hasSuffix("(code 1008): bad (the key)") == true)
    }

    @Test func anErrorIsTheVendorsAndTheConnectionStays() async throws {
        let server = try await ScriptedServer([
            [
                .accept, .hear(Self.askedBytes),
                Self.text(#"{"type":"error","error":{"message":"no such model"}}"#),
                .hear(Self.askedBytes), Self.hello, Self.done,
            ]
        ])
        let chat = try chat(server)
        #expect(
            await chat.ask(question, ChatListener()).failure == .vendor("no such model"))
        let whole = await chat.ask(question, ChatListener())
        #expect(whole.failure == nil)
        #expect(whole.reading.known == .estimated)
        #expect(server.heard.count == 1)
    }

    @Test func cancellingSaysSoAndClosesTheConnection() async throws {
        let server = try await ScriptedServer([[.accept, .hear(Self.askedBytes), Self.hello]])
        let chat = try chat(server)
        let came = Mutex(false)
        let asking = Task { [question] in
            await chat.ask(question, ChatListener(text: { _ in came.withLock { $0 = true } }))
        }
        while !came.withLock({ $0 }) { await Task.yield() }
        asking.cancel()
        let outcome = await asking.value
        #expect(outcome.text == "Hello")
        await server.ended(1)
        let cancel = #"{"type":"cancel"}"#
        let sent = Self.texts(
            await server.heard(bytes: Self.askedBytes + 6 + cancel.utf8.count))
        #expect(sent == [Self.asked, cancel])
    }

    /// Some say what they charge behind the end of the answer.
    @Test func usageBehindTheEndIsWaitedFor() async throws {
        let server = try await ScriptedServer([
            [
                .accept, .hear(Self.askedBytes), Self.hello, Self.done, Self.usage,
                .hear(Self.askedBytes), Self.hello, Self.done,
            ]
        ])
        let chat = try chat(server)
        let first = await chat.ask(question, ChatListener())
        #expect(first.reading.known == .reported)
        #expect(first.reading.usage == (try Usage([.input: 7, .output: 2])))
        // Others never do.
        let second = await chat.ask(question, ChatListener())
        #expect(second.failure == nil)
        #expect(second.reading.known == .estimated)
        #expect(server.heard.count == 1)
    }

    /// What may still come behind an end is waited for by its own limit, and not by that of silence.
    /// A machine that is busy elsewhere may need longer than either, and so one attempt of some is
    /// enough.
    @Test func silenceBehindTheEndIsNoTimeout() async throws {
        for attempt in 1... {
            let server = try await ScriptedServer([
                [
                    .accept, .hear(Self.askedBytes), Self.hello, Self.done,
                    .hear(Self.askedBytes), Self.hello, Self.done,
                ]
            ])
            let chat = try chat(server, idleMilliseconds: 200)
            let first = await chat.ask(question, ChatListener())
            let second = await chat.ask(question, ChatListener())
            if server.heard.count > 1, attempt < 300 { continue }
            #expect(first.failure == nil)
            #expect(second.failure == nil)
            #expect(server.heard.count == 1)
            return
        }
    }

    @Test func usageBehindAnErrorIsRead() async throws {
        let error = Self.text(#"{"type":"error","error":{"message":"boom"}}"#)
        let server = try await ScriptedServer([
            [.accept, .hear(Self.askedBytes), Self.hello, error, Self.usage]
        ])
        let outcome = await (try chat(server)).ask(question, ChatListener())
        #expect(outcome.failure == .vendor("boom"))
        #expect(outcome.reading.known == .reported)
        #expect(outcome.reading.oddities.list.contains(.usageAfterError))
    }

    /// A server that reads nothing holds nobody: neither who cancels nor the limit of the whole.
    @Test func whatIsBeingSentCanBeStopped() async throws {
        let large = ChatQuestion(
            model: "m",
            messages: [ChatMessage(.user, String(repeating: "a", count: 30_000_000))])
        for isCancelled in [true, false] {
            let server = try await ScriptedServer([[.accept, .stopReading]])
            let chat = try chat(server, totalMilliseconds: isCancelled ? nil : 2_000)
            let asking = Task { await chat.ask(large, ChatListener()) }
            if isCancelled {
                while server.heard.isEmpty { await Task.yield() }
                try await Task.sleep(for: .milliseconds(100))
                asking.cancel()
            }
            let outcome = await asking.value
            guard case .stream(let error)? = outcome.failure else {
                Issue.record("\(String(describing: outcome.failure))")
                return
            }
            #expect(
                error.reason
                    == (isCancelled ? .cancelled : .timeout(.total, milliseconds: 2_000)))
            #expect(error.wasSent)
            #expect(outcome.mayBeCharged)
            #expect(server.heard.count == 1)
        }
    }

    /// What comes late belongs to the answer before: it neither ends nor feeds the next one.
    @Test func whatComesLateAnswersNoOtherQuestion() async throws {
        let late = Self.text(#"{"type":"error","error":{"message":"boom"}}"#)
        let server = try await ScriptedServer([
            [.accept, .hear(Self.askedBytes), Self.hello, Self.usage, Self.done, late],
            [.accept, .hear(Self.askedBytes), Self.hello, Self.usage, Self.done],
        ])
        let chat = try chat(server)
        let listener = ChatListener()
        let first = await chat.ask(question, listener)
        #expect(first.failure == nil)
        while !(await chat.hasLateMessage) { await Task.yield() }
        let second = await chat.ask(question, listener)
        #expect(second.failure == nil)
        #expect(second.text == "Hello")
        #expect(server.heard.count == 2)
    }

    /// A key that a refusal repeats is left out before the sentence is cut.
    @Test func aRefusedUpgradeRepeatsNoKey() async throws {
        let words = String(repeating: "a", count: VendorMessage.maximumCharacters - 2)
        let body = #"{"error":{"message":"\#(words)sk/1 is unknown"}}"#
        let server = try await ScriptedServer(
            "HTTP/1.1 400 Bad Request\r\ncontent-length: \(body.utf8.count)\r\n\r\n\(body)")
        let outcome = await (try chat(server)).ask(question, ChatListener())
        let failure = try #require(outcome.failure).description
        #expect(failure.contains(words))
        #expect(!failure.contains("sk"))
    }

    @Test func aRefusedUpgradeIsNotCharged() async throws {
        let server = try await ScriptedServer(
            "HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n")
        let outcome = await (try chat(server)).ask(question, ChatListener())
        #expect(!outcome.mayBeCharged)
        #expect(
            outcome.failure?.description.hasSuffix("does not know the key (status 401)") == true)
        #expect(server.heard.count == 1, "a wrong key is not mended by time")
    }
}
