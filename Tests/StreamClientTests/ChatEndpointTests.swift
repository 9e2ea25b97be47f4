import Foundation
import NIOCore
import Pricing
import ProviderUsage
import StreamClient
import Testing

/// What is sent in each dialect, seen by the server that it is sent to.
@Suite struct ChatEndpointTests {
    private static let answer = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"

    /// The request, its head in small letters, and its body.
    private func sent(
        _ api: StreamAPI, _ change: (inout ChatQuestion) -> Void = { _ in }
    ) async throws -> (head: String, body: String) {
        let server = try await ScriptedServer(Self.answer)
        let endpoint = try ChatEndpoint(
            api: api, address: try StreamAddress("http://127.0.0.1:\(server.port)/v1"),
            key: StreamKey("sk-1"))
        let chat = StreamingChat(
            endpoint, client: try HTTPStreamClient(), settings: StreamSettings(), retries: .never,
            clock: ChatClock { Timestamp(milliseconds: 0) })
        var question = ChatQuestion(
            model: "m/1",
            messages: [
                ChatMessage(.system, "be brief"), ChatMessage(.user, "hi \"you\""),
                ChatMessage(.assistant, "yes?"), ChatMessage(.user, "go on"),
            ], maximumTokens: 9)
        change(&question)
        _ = await chat.ask(question, ChatListener())
        let request = try #require(server.heard.first)
        let end = try #require(request.firstRange(of: "\r\n\r\n"))
        return (request[..<end.lowerBound].lowercased(), String(request[end.upperBound...]))
    }

    @Test func openAIChat() async throws {
        let (head, body) = try await sent(.openAIChat)
        #expect(head.hasPrefix("post /v1/chat/completions http/1.1\r\n"))
        #expect(head.contains("\r\nauthorization: bearer sk-1\r\n"))
        #expect(
            body
                == #"{"model":"m/1","messages":[{"role":"system","content":"be brief"},{"role":"user","content":"hi \"you\""},{"role":"assistant","content":"yes?"},{"role":"user","content":"go on"}],"stream":true,"stream_options":{"include_usage":true},"max_tokens":9}"#
        )
    }

    @Test func openAIChatAdjusted() async throws {
        let (_, body) = try await sent(.openAIChat) {
            $0.adjustments = [.withoutUsage, .completionTokens]
        }
        #expect(body.hasSuffix(#""stream":true,"max_completion_tokens":9}"#))
    }

    @Test func openAIResponses() async throws {
        let (head, body) = try await sent(.openAIResponses)
        #expect(head.hasPrefix("post /v1/responses http/1.1\r\n"))
        #expect(
            body
                == #"{"model":"m/1","instructions":"be brief","input":[{"role":"user","content":"hi \"you\""},{"role":"assistant","content":"yes?"},{"role":"user","content":"go on"}],"stream":true,"max_output_tokens":9}"#
        )
    }

    @Test func anthropicMessages() async throws {
        let (head, body) = try await sent(.anthropicMessages) { $0.maximumTokens = nil }
        #expect(head.hasPrefix("post /v1/messages http/1.1\r\n"))
        #expect(head.contains("\r\nx-api-key: sk-1\r\n"))
        #expect(head.contains("\r\nanthropic-version: 2023-06-01\r\n"))
        #expect(!head.contains("authorization"))
        #expect(
            body
                == #"{"model":"m/1","system":"be brief","messages":[{"role":"user","content":"hi \"you\""},{"role":"assistant","content":"yes?"},{"role":"user","content":"go on"}],"max_tokens":4096,"stream":true}"#
        )
    }

    @Test func gemini() async throws {
        let (head, body) = try await sent(.gemini)
        #expect(head.hasPrefix("post /v1/models/m%2f1:streamgeneratecontent?alt=sse http/1.1\r\n"))
        #expect(head.contains("\r\nx-goog-api-key: sk-1\r\n"))
        #expect(
            body
                == #"{"systemInstruction":{"parts":[{"text":"be brief"}]},"contents":[{"role":"user","parts":[{"text":"hi \"you\""}]},{"role":"model","parts":[{"text":"yes?"}]},{"role":"user","parts":[{"text":"go on"}]}],"generationConfig":{"maxOutputTokens":9}}"#
        )
    }

    @Test func aKeyGoesNowhereWithoutTLSButToThisMachine() throws {
        let key = StreamKey("sk-1")
        #expect(throws: ChatEndpointError.wouldShowTheKey("10.0.0.7")) {
            try ChatEndpoint(
                api: .openAIChat, address: try StreamAddress("http://10.0.0.7/v1"), key: key)
        }
        #expect(throws: Never.self) {
            _ = try ChatEndpoint(
                api: .openAIChat, address: try StreamAddress("http://10.0.0.7/v1"), key: nil)
            _ = try ChatEndpoint(
                api: .openAIChat, address: try StreamAddress("https://10.0.0.7/v1"), key: key)
        }
        #expect(throws: ChatEndpointError.cannotAsk(.ollama)) {
            try ChatEndpoint(
                api: .ollama, address: try StreamAddress("http://127.0.0.1"), key: nil)
        }
    }

    @Test func theNamesOfTheRateFilesAreDialects() {
        let names = ChatEndpoint.asked.map(\.rawValue).filter { $0 != "websocket-chat" }
        #expect(names == ChannelEndpoints.names)
    }
}
