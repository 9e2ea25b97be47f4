import JSONBytes
import NIOCore
import StandInUpstream
import StreamClient
import Testing
import WebSocketMessages

/// The stand-in over real connections, asked by the project's own client.
@Suite struct StandInServerTests {
    enum Transport: String, CaseIterable, Sendable { case http1, http1TLS, http2 }

    /// A stand-in that answers at once, and how to reach it.
    struct Fixture {
        let standIn: StandIn
        let server: StandInServer
        let certificate: StandInCertificate?

        init(
            _ changes: String = "", recording: Recording? = nil, faultTimes: Int? = nil,
            isTLS: Bool = false
        ) async throws {
            let plan = try AnswerPlan().changed(by: "tokens=5,ttft=0,rate=max," + changes)
            standIn = StandIn(plan: plan, recording: recording, faultTimes: faultTimes)
            certificate = isTLS ? try StandInCertificate() : nil
            server = try await StandInServer.start(standIn, certificate: certificate)
        }

        func settings(allowsHTTP2: Bool = true) -> StreamSettings {
            var settings = StreamSettings()
            settings.allowsHTTP2 = allowsHTTP2
            if let certificate {
                settings.trust = .systemAndBytes(Array(certificate.authorityPEM.utf8))
            }
            return settings
        }

        func post(
            _ path: String, _ body: String, headers: [(name: String, value: String)] = [],
            allowsHTTP2: Bool = true
        ) async throws -> StreamResponse {
            let scheme = certificate == nil ? "http" : "https"
            return try await HTTPStreamClient(settings(allowsHTTP2: allowsHTTP2)).send(
                StreamRequest(
                    address: StreamAddress("\(scheme)://127.0.0.1:\(server.port)\(path)"),
                    headers: headers, body: ByteBuffer(string: body)))
        }

        func chat(_ query: String = "") async throws -> WebSocketConnection {
            let scheme = certificate == nil ? "ws" : "wss"
            return try await WebSocketClient(settings()).connect(
                to: StreamAddress("\(scheme)://127.0.0.1:\(server.port)/v1/ws/chat\(query)"))
        }
    }

    static let chat = "/v1/chat/completions"
    static let streamed = "{\"model\":\"m\",\"stream\":true}"

    private static func text(of response: StreamResponse) async throws -> String {
        String(buffer: try await response.body.gathered(upTo: 1 << 20))
    }

    @Test(arguments: Transport.allCases)
    func streamsOverEveryTransport(_ transport: Transport) async throws {
        let fixture = try await Fixture(isTLS: transport != .http1)
        let response = try await fixture.post(
            Self.chat, Self.streamed, allowsHTTP2: transport == .http2)
        #expect(response.status == 200)
        #expect(response.version == (transport == .http2 ? .http2 : .http1))
        #expect(response.header("content-type") == "text/event-stream; charset=utf-8")
        let text = try await Self.text(of: response)
        #expect(text.hasSuffix("data: [DONE]\n\n"))
        #expect(text.split(separator: "\"content\"").count == 7, "the role and five tokens")
        #expect(fixture.standIn.counts.completed == 1)
        await fixture.server.stop()
    }

    @Test(arguments: Transport.allCases)
    func aCutIsNoCleanEnd(_ transport: Transport) async throws {
        let fixture = try await Fixture("fault=cut:400", isTLS: transport != .http1)
        let response = try await fixture.post(
            Self.chat, Self.streamed, allowsHTTP2: transport == .http2)
        var pieces = response.body.makeAsyncIterator()
        var bytes = 0
        let error = await #expect(throws: StreamError.self) {
            while let piece = try await pieces.next() { bytes += piece.readableBytes }
        }
        #expect(error != nil)
        #expect(fixture.standIn.counts.sent.ofPieces == 400)
        // Over HTTP/2 the client drops what it has not handed on when the stream is reset.
        #expect(transport == .http2 ? bytes <= 400 : bytes == 400)
        await fixture.server.stop()
    }

    @Test func refusesAnyAddressThatIsNotOfThisMachine() async throws {
        for host in ["0.0.0.0", "::", "192.168.0.1", "example.org"] {
            await #expect(throws: StandInError.notOfThisMachine(host)) {
                try await StandInServer.start(StandIn(plan: AnswerPlan()), host: host)
            }
        }
    }

    @Test func saysThatAPortIsTaken() async throws {
        let fixture = try await Fixture()
        let error = await #expect(throws: StandInError.self) {
            try await StandInServer.start(
                StandIn(plan: AnswerPlan()), port: fixture.server.port)
        }
        #expect("\(try #require(error))".contains("is taken; give another with --port"))
        await fixture.server.stop()
    }

    @Test func everyVendorWordsItsErrors() async throws {
        let fixture = try await Fixture("fault=429:3s")
        let paths = [
            Self.chat: "\"code\":\"rate_limit_exceeded\"", "/v1/responses": "\"error\"",
            "/v1/messages": "\"rate_limit_error\"",
            "/v1beta/models/g:streamGenerateContent": "\"RESOURCE_EXHAUSTED\"",
        ]
        for (path, sign) in paths {
            let response = try await fixture.post(path, Self.streamed)
            #expect(response.status == 429)
            #expect(response.header("Retry-After") == "3")
            #expect(try await Self.text(of: response).contains(sign))
        }
        await fixture.server.stop()
    }

    @Test func aFaultMayMeetTheFirstRequestsAlone() async throws {
        let fixture = try await Fixture("fault=500", faultTimes: 2)
        var statuses: [Int] = []
        for _ in 0..<3 {
            let response = try await fixture.post(Self.chat, Self.streamed)
            statuses.append(response.status)
            _ = try await Self.text(of: response)
        }
        #expect(statuses == [500, 500, 200])
        await fixture.server.stop()
    }

    @Test func aRequestChangesItsOwnAnswer() async throws {
        let fixture = try await Fixture()
        let changed = try await fixture.post(
            Self.chat + "?stand_in=fault%3Dmissing-done", Self.streamed)
        #expect(!(try await Self.text(of: changed).contains("DONE")))
        let wrong = try await fixture.post(
            Self.chat, Self.streamed, headers: [("X-Stand-In", "tokens=many")])
        #expect(wrong.status == 400)
        #expect(try await Self.text(of: wrong).contains("tokens: \\\"many\\\" is not a count"))
        await fixture.server.stop()
    }

    @Test func refusesToBeAskedForUsageWhereItIsToldTo() async throws {
        let fixture = try await Fixture("fault=refuse-usage")
        let asked = try await fixture.post(
            Self.chat, "{\"stream\":true,\"stream_options\":{\"include_usage\":true}}")
        #expect(asked.status == 400)
        #expect(try await Self.text(of: asked).contains("stream_options.include_usage"))
        let notAsked = try await fixture.post(Self.chat, Self.streamed)
        #expect(notAsked.status == 200)
        await fixture.server.stop()
    }

    @Test func aRecordingIsServedByteForByte() async throws {
        let body = ": hi\r\n\r\ndata: {\"é\":1}\r\n\r\ndata: [DONE]\n\n\u{FEFF}tail"
        let fixture = try await Fixture(recording: Recording(Array(body.utf8)))
        #expect(try await Self.text(of: fixture.post(Self.chat, Self.streamed)) == body)
        await fixture.server.stop()
    }

    @Test func whatIsNotServedIsSaid() async throws {
        let fixture = try await Fixture()
        let elsewhere = try await fixture.post("/v1/embeddings", "{}")
        #expect(elsewhere.status == 404)
        #expect(try await Self.text(of: elsewhere).contains("…/chat/completions"))
        let broken = try await fixture.post("/v1/messages", "{")
        #expect(broken.status == 400)
        #expect(try await Self.text(of: broken).contains("\"invalid_request_error\""))
        await fixture.server.stop()
    }

    @Test func manyStreamsShareOneConnection() async throws {
        let fixture = try await Fixture("tokens=20", isTLS: true)
        let client = try HTTPStreamClient(fixture.settings())
        let request = StreamRequest(
            address: try StreamAddress("https://127.0.0.1:\(fixture.server.port)\(Self.chat)"),
            body: ByteBuffer(string: Self.streamed))
        let lengths = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<300 {
                group.addTask {
                    try await client.send(request).body.gathered(upTo: 1 << 20).readableBytes
                }
            }
            return try await group.reduce(into: Set<Int>()) { $0.insert($1) }
        }
        #expect(lengths.count == 1, "ids differ in their figures, not in their length")
        #expect(fixture.standIn.counts.completed == 300)
        await fixture.server.stop()
    }
}
