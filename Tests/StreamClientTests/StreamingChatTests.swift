import Pricing
import ProviderUsage
import StreamClient
import Synchronization
import Testing

/// What comes of a question, whatever the vendor does.
@Suite struct StreamingChatTests {
    private static func head(_ status: String = "200 OK", _ more: String = "") -> String {
        "HTTP/1.1 \(status)\r\n\(more)connection: close\r\n\r\n"
    }

    private static func event(_ json: String) -> String { "data: \(json)\n\n" }

    private static func text(_ text: String) -> String {
        event(
            #"{"id":"c1","model":"m","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":"\#(text)"}}]}"#
        )
    }

    private static let finish = event(
        #"{"id":"c1","model":"m","object":"chat.completion.chunk","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#
    )
    private static let usage = event(
        #"{"id":"c1","model":"m","object":"chat.completion.chunk","choices":[],"usage":{"prompt_tokens":7,"completion_tokens":2,"total_tokens":9}}"#
    )
    private static let done = event("[DONE]")

    private final class Heard: Sendable {
        let text = Mutex("")
        let notes = Mutex<[ChatNote]>([])
        let bytes = Mutex(0)
    }

    private func ask(
        _ server: ScriptedServer, _ change: (inout StreamTimeouts) -> Void = { _ in },
        listener: ChatListener? = nil
    ) async throws -> (outcome: ChatOutcome, heard: Heard) {
        try await ask(port: server.port, change, listener: listener)
    }

    private func ask(
        port: Int, _ change: (inout StreamTimeouts) -> Void = { _ in },
        listener: ChatListener? = nil
    ) async throws -> (outcome: ChatOutcome, heard: Heard) {
        var settings = StreamSettings()
        change(&settings.timeouts)
        var retries = RetryPolicy()
        retries.firstMilliseconds = 1
        let chat = StreamingChat(
            try ChatEndpoint(
                api: .openAIChat, address: try StreamAddress("http://127.0.0.1:\(port)/v1"),
                key: StreamKey("sk-1")),
            client: try HTTPStreamClient(settings), settings: settings, retries: retries,
            clock: ChatClock { Timestamp(milliseconds: 1_000) })
        let heard = Heard()
        let usual = ChatListener(
            text: { piece in heard.text.withLock { $0 += piece } },
            bytes: { piece in heard.bytes.withLock { $0 += piece.count } },
            note: { note in heard.notes.withLock { $0.append(note) } })
        let question = ChatQuestion(model: "m", messages: [ChatMessage(.user, "hi")])
        return (await chat.ask(question, listener ?? usual), heard)
    }

    private static func steps(_ texts: String..., closes: Bool = true) -> [ScriptedServer.Step] {
        texts.map { .send(Array($0.utf8)) } + (closes ? [.close] : [])
    }

    @Test func anAnswerThatIsWhole() async throws {
        let body = Self.text("Hel") + Self.text("lo") + Self.finish + Self.usage + Self.done
        let server = try await ScriptedServer(Self.head(), body)
        let (outcome, heard) = try await ask(server)
        #expect(outcome.failure == nil)
        #expect(outcome.mayBeCharged)
        #expect(outcome.text == "Hello")
        #expect(heard.text.withLock { $0 } == "Hello")
        #expect(heard.bytes.withLock { $0 } == body.utf8.count)
        #expect(outcome.reading.usage == (try Usage([.input: 7, .output: 2])))
        #expect(outcome.reading.known == .reported)
        #expect(outcome.reading.vendorID == "c1")
        #expect(outcome.start.milliseconds == 1_000)
        #expect(outcome.firstTokenMilliseconds != nil)
    }

    @Test func anAnswerThatIsCutIsEstimatedAndNotAskedForAgain() async throws {
        // A body with a length breaks off where the connection does.
        let body = Self.text("Hello")
        let server = try await ScriptedServer(
            Self.head("200 OK", "content-length: 100000\r\n"), body)
        let (outcome, _) = try await ask(server)
        guard case .stream(let error)? = outcome.failure else {
            Issue.record("\(String(describing: outcome.failure))")
            return
        }
        #expect(error.reason == .cutShort)
        #expect(outcome.reading.known == .estimated)
        #expect(outcome.reading.usage[.output] > 0)
        #expect(!outcome.reading.isInputKnown)
        #expect(outcome.mayBeCharged)
        #expect(server.heard.count == 1)
    }

    @Test func aCutBehindTheUsageCutsNothingOff() async throws {
        let body = Self.text("Hello") + Self.finish + Self.usage
        let server = try await ScriptedServer(
            Self.head("200 OK", "content-length: 100000\r\n"), body)
        let (outcome, _) = try await ask(server)
        #expect(outcome.failure == nil)
        #expect(outcome.reading.known == .reported)
        #expect(outcome.reading.oddities.contains(.missingDone))
    }

    /// What lacks is a line feed, and no part of the answer.
    @Test func aLastEventWithoutItsBlankLineIsOne() async throws {
        let last = (Self.finish + Self.usage).dropLast(2)
        let server = try await ScriptedServer(
            Self.head(
                "200 OK", "content-length: \(Self.text("Hello").utf8.count + last.utf8.count)\r\n"),
            Self.text("Hello") + last)
        let (outcome, _) = try await ask(server)
        #expect(outcome.failure == nil)
        #expect(outcome.reading.known == .reported)
        #expect(outcome.reading.oddities.contains(.unterminatedEvent))

        let finish = Self.finish.dropLast(2)
        let silent = try await ScriptedServer(
            Self.head(
                "200 OK", "content-length: \(Self.text("Hello").utf8.count + finish.utf8.count)\r\n"
            ),
            Self.text("Hello") + finish)
        let (estimated, _) = try await ask(silent)
        #expect(estimated.failure == nil)
        #expect(estimated.reading.known == .estimated)
    }

    @Test func anAnswerThatEndsWithoutAnEnd() async throws {
        let server = try await ScriptedServer(Self.head(), Self.text("Hello"))
        let (outcome, _) = try await ask(server)
        #expect(outcome.failure == .endless(host: "127.0.0.1:\(server.port)"))
    }

    @Test func whatIsNoAnswerIsNone() async throws {
        let server = try await ScriptedServer(Self.head(), "<html>login</html>")
        let (outcome, _) = try await ask(server)
        #expect(outcome.failure == .unreadable(host: "127.0.0.1:\(server.port)"))
        #expect(outcome.reading.known == .unknown)
        #expect(outcome.mayBeCharged)
    }

    @Test func anErrorInsideTheStreamIsTheVendors() async throws {
        let server = try await ScriptedServer(
            Self.head(), Self.text("Hel"), Self.event(#"{"error":{"message":"overloaded"}}"#))
        let (outcome, _) = try await ask(server)
        #expect(outcome.failure == .vendor("overloaded"))
        #expect(outcome.text == "Hel")
    }

    /// Whoever repeats the key in an error, in mid-stream or before, is not repeated.
    @Test func aKeyThatIsRepeatedIsNotShown() async throws {
        let server = try await ScriptedServer(
            Self.head(), Self.event(#"{"error":{"message":"bad key sk-1"}}"#))
        let (outcome, _) = try await ask(server)
        #expect(outcome.failure == .vendor("bad key (the key)"))
        let refusing = try await ScriptedServer(
            Self.head("401 No", "content-length: 31\r\n") + #"{"error":{"message":"no sk-1"}}"#)
        let refused = try await ask(refusing).outcome.failure
        guard case .stream(let error)? = refused else {
            Issue.record("\(String(describing: refused))")
            return
        }
        #expect(
            error.reason
                == .status(401, retryAfterMilliseconds: nil, message: "no (the key)"))
    }

    /// Nor where it would be cut in two, nor as the name of a model, which the ledger keeps.
    @Test func aKeyIsNeitherCutNorKept() async throws {
        let words = String(repeating: "x", count: 298) + "sk-1"
        let server = try await ScriptedServer(
            Self.head(), Self.event(#"{"error":{"message":"\#(words)"}}"#))
        let failure = try await ask(server).outcome.failure
        #expect(failure?.description.contains("sk") == false)
        let named = try await ScriptedServer(
            Self.head(),
            Self.event(#"{"id":"sk-1","model":"sk-1","choices":[{"delta":{"content":"a"}}]}"#))
        let reading = try await ask(named).outcome.reading
        #expect(reading.model == "(the key)")
        #expect(reading.vendorID == "(the key)")
        // A word that is wanted where no key is may well be a part of a name.
        let local = try #require(StreamKey("gpt"))
        #expect(local.redacted(name: "gpt-4.1") == "gpt-4.1")
        #expect(local.redacted(name: "gpt") == "(the key)")
        let long = try #require(StreamKey("sk-12345"))
        #expect(long.redacted(name: "m-sk-12345") == "m-(the key)")
    }

    /// A vendor's words are shown though a character of them is cut in two.
    @Test func aRefusalIsReadLikeAnAnswer() async throws {
        let body = #"{"error":{"message":"no \ud83d more"}}"#
        let server = try await ScriptedServer(
            Self.head("403 No", "content-length: \(body.utf8.count)\r\n") + body)
        let failure = try await ask(server).outcome.failure
        #expect(failure?.description.hasSuffix("(status 403): no \u{FFFD} more") == true)
    }

    /// An error is the end, whether or not the connection ends.
    @Test func anErrorIsNotWaitedBehind() async throws {
        let body = Self.text("Hel") + Self.event(#"{"error":{"message":"boom"}}"#)
        let server = try await ScriptedServer(
            [[.send(Array((Self.head("200 OK", "content-length: 100000\r\n") + body).utf8))]])
        let (outcome, _) = try await ask(server) { $0.idleMilliseconds = 600_000 }
        #expect(outcome.failure == .vendor("boom"))
        #expect(outcome.reading.known == .estimated)
    }

    /// Behind the sign of its end an answer is whole, whether or not the connection ends.
    @Test func anAnswerIsNotWaitedForBehindItsEnd() async throws {
        let body = Self.text("Hello") + Self.finish + Self.usage + Self.done
        let server = try await ScriptedServer(
            [[.send(Array((Self.head("200 OK", "content-length: 100000\r\n") + body).utf8))]])
        let (outcome, _) = try await ask(server) { $0.idleMilliseconds = 600_000 }
        #expect(outcome.failure == nil)
        #expect(outcome.text == "Hello")
        #expect(outcome.reading.known == .reported)
    }

    /// The sign of the end lacks its blank line; then the sign itself is missing.
    @Test(arguments: ["data: [DONE]\n", ""])
    func anEndThatIsNotSpelledOutIsNotWaitedForLong(end: String) async throws {
        let body = Self.text("Hello") + Self.finish + Self.usage + end
        let server = try await ScriptedServer(
            [[.send(Array((Self.head("200 OK", "content-length: 100000\r\n") + body).utf8))]])
        let (outcome, _) = try await ask(server) { $0.idleMilliseconds = 600_000 }
        #expect(outcome.failure == nil)
        #expect(outcome.reading.known == .reported)
        #expect(outcome.reading.isComplete == !end.isEmpty)
    }

    /// Wherever a refusal names the field, and whether or not it is JSON.
    @Test(arguments: [
        #"{"error":{"message":"Unrecognized argument","param":"stream_options"}}"#,
        #"{"detail":[{"loc":["body","stream_options"],"msg":"Extra inputs are not permitted"}]}"#,
        #"json: unknown field "stream_options""#,
        #"{"error":{"message":"\#(String(repeating: "a", count: 400)) stream_options"}}"#,
    ]) func aFieldIsNamedAnywhere(body: String) async throws {
        let refusal =
            "HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: \(body.utf8.count)\r\n\r\n\(body)"
        let server = try await ScriptedServer([
            [.send(Array(refusal.utf8)), .close],
            [.send(Array((Self.head() + Self.text("Hi") + Self.finish + Self.done).utf8)), .close],
        ])
        let (outcome, _) = try await ask(server)
        #expect(outcome.failure == nil)
        #expect(outcome.text == "Hi")
        #expect(server.heard.count == 2)
    }

    /// What a refusal says is shown, if it is one sentence or a list; a status alone is one too.
    @Test(arguments: [
        (
            #"{"detail":[{"loc":["body","n"],"msg":"too many"},{"msg":"no"}]}"#,
            ": body.n: too many; no"
        ),
        ("no such field\n", ": no such field"), ("<html>no</html>", ""), ("", ""),
    ]) func aRefusalIsToldInItsWords(body: String, tail: String) async throws {
        let server = try await ScriptedServer(
            "HTTP/1.1 422 Unprocessable\r\nconnection: close\r\ncontent-length: \(body.utf8.count)\r\n\r\n",
            body)
        let (outcome, _) = try await ask(server)
        #expect(
            outcome.failure?.description
                == "127.0.0.1:\(server.port) refused the request (status 422)\(tail)")
        #expect(!outcome.mayBeCharged)
    }

    /// A refusal is one though its words never come.
    @Test func aRefusalWithoutItsWordsIsOne() async throws {
        let server = try await ScriptedServer(
            [[.send(Array("HTTP/1.1 400 Bad Request\r\ncontent-length: 50\r\n\r\n{".utf8))]])
        let (outcome, _) = try await ask(server) { $0.idleMilliseconds = 100 }
        #expect(!outcome.mayBeCharged)
        #expect(outcome.failure?.description.hasSuffix("(status 400)") == true)
    }

    /// An end of nothing is no answer.
    @Test func anEndAloneIsNoAnswer() async throws {
        let server = try await ScriptedServer(Self.head(), Self.done)
        let (outcome, _) = try await ask(server)
        #expect(outcome.failure == .unreadable(host: "127.0.0.1:\(server.port)"))
        #expect(outcome.mayBeCharged)
        // One that says nothing, and that it is finished, is.
        let silent = try await ScriptedServer(Self.head(), Self.finish + Self.done)
        #expect(try await ask(silent).outcome.failure == nil)
    }

    @Test func whoComesTooOftenWaitsAndComesAgain() async throws {
        let server = try await ScriptedServer([
            Self.steps(Self.head("429 Too Many", "retry-after-ms: 1\r\n"), #"{"error":"slow"}"#),
            Self.steps(Self.head(), Self.text("Hi") + Self.finish + Self.usage + Self.done),
        ])
        let (outcome, heard) = try await ask(server)
        #expect(outcome.failure == nil)
        #expect(outcome.text == "Hi")
        #expect(server.heard.count == 2)
        let notes = heard.notes.withLock { $0 }
        guard case .retrying(let error, _)? = notes.first, notes.count == 1 else {
            Issue.record("\(notes)")
            return
        }
        #expect(
            error.reason == .status(429, retryAfterMilliseconds: 1, message: "slow"))
    }

    @Test func aRefusalCostsNothingAndAFailureMay() async throws {
        for (status, mayBeCharged) in [("401 No", false), ("404 No", false), ("500 Oh", true)] {
            let server = try await ScriptedServer(Self.head(status), #"{"error":"no sk-1 here"}"#)
            let (outcome, _) = try await ask(server)
            #expect(outcome.mayBeCharged == mayBeCharged, "\(status)")
            #expect(outcome.failure?.description.contains("sk-1") == false)
            #expect(server.heard.count == 1)
        }
    }

    @Test func aFieldThatIsRefusedIsLeftOutOnce() async throws {
        let refusal = Self.steps(
            Self.head("400 Bad"), #"{"error":{"message":"Unknown field: stream_options"}}"#)
        let answer = Self.steps(Self.head(), Self.text("Hi") + Self.finish + Self.done)
        let server = try await ScriptedServer([refusal, answer])
        let (outcome, heard) = try await ask(server)
        #expect(outcome.failure == nil)
        #expect(heard.notes.withLock { $0 } == [.adjusting(.withoutUsage)])
        #expect(server.heard.map { $0.contains("stream_options") } == [true, false])
        #expect(outcome.reading.known == .estimated)

        let stubborn = try await ScriptedServer([refusal])
        let (refused, _) = try await ask(stubborn)
        #expect(refused.failure != nil)
        #expect(stubborn.heard.count == 2, "once, and not for ever")
    }

    /// At a port that no test is given, as one that was just closed may be.
    @Test func nothingIsSentWhereNothingListens() async throws {
        let (outcome, heard) = try await ask(port: 1)
        #expect(!outcome.mayBeCharged)
        #expect(heard.notes.withLock { $0.count } == 3, "four attempts")
    }

    @Test func aStallKeepsWhatCame() async throws {
        let server = try await ScriptedServer(Self.head(), Self.text("Hello"), thenCloses: false)
        let (outcome, _) = try await ask(server) { $0.idleMilliseconds = 50 }
        guard case .stream(let error)? = outcome.failure else {
            Issue.record("no failure")
            return
        }
        #expect(error.reason == .timeout(.idle, milliseconds: 50))
        #expect(outcome.text == "Hello")
        await server.ended(1)
    }

    struct Enough: Error {}

    @Test func aListenerThatHasEnoughEndsTheRequest() async throws {
        let server = try await ScriptedServer(Self.head(), Self.text("Hello"), thenCloses: false)
        let (outcome, _) = try await ask(
            server, listener: ChatListener(text: { _ in throw Enough() }))
        guard case .stream(let error)? = outcome.failure else {
            Issue.record("no failure")
            return
        }
        #expect(error.reason == .cancelled)
        await server.ended(1)
    }

    @Test func cancellingKeepsWhatCame() async throws {
        let server = try await ScriptedServer(Self.head(), Self.text("Hello"), thenCloses: false)
        let came = Mutex(false)
        let listener = ChatListener(text: { _ in came.withLock { $0 = true } })
        let asking = Task { try await ask(server, listener: listener).outcome }
        while !came.withLock({ $0 }) { await Task.yield() }
        asking.cancel()
        let outcome = try await asking.value
        #expect(outcome.text == "Hello")
        #expect(outcome.reading.known == .estimated)
        await server.ended(1)
    }
}
