import Foundation
import Testing

/// `serve --relay` against the stand-in for vendors, as clients see it and as the ledger keeps it.
@Suite(.needsBinary, .enabled(if: Curl.program != nil, "no curl on the path"))
struct RelayTests {
    struct Dialect: Sendable, CustomTestStringConvertible {
        let path: String
        let channel: String
        let body: String
        var testDescription: String {
            "\(path) \(body.contains("stream\":true") ? "streamed" : "")"
        }
    }

    private static let dialects = [
        Dialect(path: "/v1/chat/completions", channel: "openai", body: RelayBench.question()),
        Dialect(
            path: "/v1/chat/completions", channel: "openai",
            body: RelayBench.question(
                #","stream":true,"stream_options":{"include_usage":true}"#)),
        Dialect(
            path: "/v1/responses", channel: "openai",
            body: #"{"model":"gpt-4.1","input":"hello"}"#),
        Dialect(
            path: "/v1/responses", channel: "openai",
            body: #"{"model":"gpt-4.1","input":"hello","stream":true}"#),
        Dialect(
            path: "/v1/messages", channel: "anthropic",
            body: RelayBench.question(#","max_tokens":100"#, model: "claude-sonnet-4-5")),
        Dialect(
            path: "/v1/messages", channel: "anthropic",
            body: RelayBench.question(
                #","max_tokens":100,"stream":true"#, model: "claude-sonnet-4-5")),
        Dialect(
            path: "/v1/models/gemini-2.5-flash:generateContent", channel: "google",
            body: #"{"contents":[{"parts":[{"text":"hello"}]}]}"#),
        Dialect(
            path: "/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse",
            channel: "google", body: #"{"contents":[{"parts":[{"text":"hello"}]}]}"#),
        Dialect(
            path: "/v1beta/models/gemini-2.5-flash:streamGenerateContent", channel: "google",
            body: #"{"contents":[{"parts":[{"text":"hello"}]}]}"#),
    ]

    /// What the stand-in counts up with each request.
    private static func withoutSerials(_ text: String) -> String {
        text.replacing(/standin[0-9]+/, with: "standin").replacing(
            /"created(_at)?":[0-9]+/, with: "\"created\":0")
    }

    @Test(arguments: dialects) func passesAnAnswerOnByteForByteAndKeepsItsEvent(
        _ dialect: Dialect
    ) async throws {
        try await RelayBench.run { bench in
            let direct = try await Curl(address: bench.upstream, sandbox: bench.sandbox).post(
                dialect.path, dialect.body)
            let reply = try await bench.relay.post(dialect.path, dialect.body)
            #expect(reply.status == 200, "\(reply.body)")
            #expect(Self.withoutSerials(reply.body) == Self.withoutSerials(direct.body))
            #expect(reply.headers["content-type"] == direct.headers["content-type"])
            let id = try #require(reply.headers["x-tokenmeter-event"])
            let event = try #require(try await bench.events().first)
            #expect(event.string("id") == id)
            #expect(event.string("channel") == dialect.channel)
            #expect(event.string("known") == "reported")
            #expect(event.string("source") == "relay")
            #expect(try event.object("usage").integer("output") == 12)
            #expect(event.integer("duration_ms") != nil)
        }
    }

    /// Without the flag vendors withhold usage; the relay asks for it, and nobody sees that it did.
    @Test func asksForUsageAndHidesIt() async throws {
        try await RelayBench.run { bench in
            let reply = try await bench.relay.post(
                "/v1/chat/completions", RelayBench.question(#","stream":true"#))
            #expect(!reply.body.contains("prompt_tokens"))
            #expect(reply.body.hasSuffix("data: [DONE]\n\n"))
            #expect(reply.headers["x-accel-buffering"] == "no")
            let refused = try await bench.relay.post(
                "/v1/chat/completions",
                RelayBench.question(#","stream_options":{"include_usage":false},"stream":true"#))
            #expect(!refused.body.contains("prompt_tokens"))
            #expect(
                try await bench.events().compactMap { $0.string("known") }
                    == ["reported", "reported"])
        }
    }

    @Test func leavesUsageAloneWhereTheFileSaysSo() async throws {
        let file = """
            upstreams:
              - {name: openai, base_url: UPSTREAM/v1, asks_for_usage: false}
            """
        try await RelayBench.run(file: file) { bench in
            _ = try await bench.relay.post(
                "/v1/chat/completions", RelayBench.question(#","stream":true"#))
            let event = try #require(try await bench.events().first)
            #expect(event.string("known") == "estimated")
            #expect(try event.object("usage").integer("unreported_input") == 1)
        }
    }

    struct Fault: Sendable, CustomTestStringConvertible {
        let name: String
        /// What a client gets; 0 for an answer that breaks off behind its head.
        let status: Int
        /// `nil` where nothing is kept.
        let known: String?
        /// Short where the end is a timeout, and nowhere else: a busy machine may be slow.
        var limits = ""
        var testDescription: String { name }
    }

    @Test(arguments: [
        Fault(name: "stall:5", status: 0, known: "estimated", limits: "idle: 500ms"),
        Fault(name: "cut:1500", status: 0, known: "estimated"),
        Fault(name: "garbage:400", status: 200, known: "reported"),
        Fault(name: "error:3", status: 200, known: "estimated"),
        Fault(name: "429", status: 429, known: nil),
        Fault(name: "429:0s", status: 429, known: nil),
        Fault(name: "500", status: 500, known: "unknown"),
        Fault(name: "missing-done", status: 200, known: "reported"),
        Fault(name: "no-usage", status: 200, known: "estimated"),
        Fault(
            name: "slow-headers:30s", status: 504, known: "unknown", limits: "first_byte: 1s"),
    ]) func eachFaultIsPassedOnAndKeptTruthfully(_ fault: Fault) async throws {
        let file = """
            upstreams:
              - name: openai
                base_url: UPSTREAM/v1
                timeouts: {\(fault.limits)}
                retries: 0
            """
        try await RelayBench.run(simulate: ["--fault", fault.name], file: file) { bench in
            let body = RelayBench.question(#","stream":true"#)
            let output = try await bench.sandbox.run(
                try #require(Curl.program),
                [
                    "-s", "-o", "/dev/null", "-w", "%{http_code}", "--max-time", "120", "-H",
                    "Content-Type: application/json", "--data-binary", body,
                    bench.relay.address + "/v1/chat/completions",
                ], in: bench.sandbox.folder, timeout: .seconds(150))
            // 18: "transfer closed with outstanding read data remaining".
            #expect(output.exit == (fault.status == 0 ? 18 : 0))
            #expect(output.text == (fault.status == 0 ? "200" : "\(fault.status)"))
            let events = try await bench.events()
            #expect(events.compactMap { $0.string("known") } == [fault.known].compactMap(\.self))
        }
    }

    @Test func theVendorsOwnErrorComesAsItIs() async throws {
        try await RelayBench.run(simulate: ["--fault", "429:7s"]) { bench in
            let direct = try await Curl(address: bench.upstream, sandbox: bench.sandbox).post(
                "/v1/chat/completions", RelayBench.question())
            let reply = try await bench.relay.post("/v1/chat/completions", RelayBench.question())
            #expect(reply.status == 429)
            #expect(Self.withoutSerials(reply.body) == Self.withoutSerials(direct.body))
            #expect(reply.headers["retry-after"] == direct.headers["retry-after"])
            #expect(reply.headers["x-tokenmeter-event"] == nil)
        }
    }

    @Test func triesAgainWhatWasRefusedWithATimeAndNothingElse() async throws {
        try await RelayBench.run(simulate: ["--fault", "429:0s", "--fault-times", "1"]) { bench in
            let reply = try await bench.relay.post("/v1/chat/completions", RelayBench.question())
            #expect(reply.status == 200)
            #expect(try await bench.events().count == 1)
            #expect(try await bench.requests() == 2)
        }
        try await RelayBench.run(simulate: ["--fault", "500", "--fault-times", "1"]) { bench in
            let reply = try await bench.relay.post("/v1/chat/completions", RelayBench.question())
            #expect(reply.status == 500)
            #expect(try await bench.requests() == 1)
        }
    }

    @Test func saysSoWhereNothingTakesAConnection() async throws {
        let file = """
            upstreams:
              - {name: openai, base_url: "http://127.0.0.1:1/v1", retries: 1}
            """
        try await RelayBench.run(file: file) { bench in
            let reply = try await bench.relay.post("/v1/chat/completions", RelayBench.question())
            #expect(reply.status == 502)
            #expect(reply.body.contains("nothing takes a connection at 127.0.0.1:1"))
            #expect(try await bench.events().isEmpty)
        }
    }

    // MARK: Clients that leave

    /// Asks for more than a pipe holds, and leaves once the first deltas are there.
    private func leaving(
        _ policy: String, tokens: Int, rate: Int, _ body: (RelayBench) async throws -> Void
    ) async throws {
        let file = """
            upstreams:
              - {name: openai, base_url: UPSTREAM/v1, when_client_leaves: \(policy)}
            """
        try await RelayBench.run(
            simulate: ["--tokens", "\(tokens)", "--rate", "\(rate)"], file: file
        ) { bench in
            let curl = try #require(Curl.program).path()
            let question = RelayBench.question(#","stream":true"#)
            // A chunk of one token is about 200 bytes.
            let output = try await bench.sandbox.shell(
                """
                { \(curl) -sN -H 'Content-Type: application/json' --data-binary '\(question)' \
                    \(bench.relay.address)/v1/chat/completions; echo $? >left; } | head -c 4000 >/dev/null
                cat left
                """)
            // 23: "an error occurred when writing received data".
            #expect(output.text == "23\n")
            try await body(bench)
        }
    }

    @Test func aClientThatLeavesStopsUpstream() async throws {
        try await leaving("stop", tokens: 1_000_000, rate: 200) { bench in
            let event = try #require(try await bench.events(atLeast: 1).first)
            #expect(event.string("known") == "estimated")
            let output = try #require(try event.object("usage").integer("output"))
            #expect((1..<1_000_000).contains(output))
        }
    }

    @Test func whatIsPaidInAnyCaseIsReadToItsEnd() async throws {
        try await leaving("drain", tokens: 1_000, rate: 300) { bench in
            let event = try #require(try await bench.events(atLeast: 1).first)
            #expect(event.string("known") == "reported")
            #expect(try event.object("usage").integer("output") == 1_000)
        }
    }

    // MARK: Refusals

    struct Refusal: Sendable, CustomTestStringConvertible {
        let name: String
        var path = "/v1/chat/completions"
        var arguments = ["-H", "Content-Type: application/json"]
        var body = RelayBench.question()
        let status: Int
        let says: String
        var testDescription: String { name }
    }

    @Test(arguments: [
        Refusal(
            name: "a route that is not metered", path: "/v1/embeddings", status: 404,
            says: "does not pass that route on"),
        Refusal(
            name: "dots in a path", path: "/v1/../api/v1/chat/completions", status: 404,
            says: "does not pass that route on"),
        Refusal(
            name: "an escaped path", path: "/v1/chat%2Fcompletions", status: 404,
            says: "does not pass that route on"),
        Refusal(
            name: "a path in a model", path: "/v1beta/models/..%2f..%2fadmin:generateContent",
            status: 404, says: "does not pass that route on"),
        Refusal(
            name: "a form", arguments: ["-H", "Content-Type: application/x-www-form-urlencoded"],
            status: 415, says: "must be application/json"),
        Refusal(
            name: "plain text", arguments: ["-H", "Content-Type: text/plain"], status: 415,
            says: "must be application/json"),
        Refusal(
            name: "a body of no type", arguments: ["-H", "Content-Type:"], status: 415,
            says: "must be application/json"),
        Refusal(
            name: "a packed body",
            arguments: [
                "-H", "Content-Type: application/json", "-H", "Content-Encoding: gzip",
            ], status: 415, says: "without Content-Encoding"),
        Refusal(
            name: "another method", arguments: ["-X", "PUT"], status: 405,
            says: "asked with POST"),
        Refusal(
            name: "another method for the list", path: "/v1/models",
            arguments: ["-H", "Content-Type: application/json"], status: 405,
            says: "asked with GET"),
        Refusal(
            name: "a page of another origin",
            arguments: [
                "-H", "Content-Type: application/json", "-H", "Origin: https://evil.example",
            ],
            status: 403, says: "other web origins"),
        Refusal(
            name: "a rebound name",
            arguments: ["-H", "Content-Type: application/json", "-H", "Host: evil.example"],
            status: 421, says: "not a name of this service"),
        Refusal(name: "no JSON", body: "{", status: 400, says: "the body cannot be read"),
        Refusal(
            name: "a list", body: "[]", status: 400,
            says: "the body cannot be read: expected an object"),
        Refusal(
            name: "two models", body: #"{"model":"a","model":"b"}"#, status: 400,
            says: "a key twice: model"),
        Refusal(
            name: "no model", body: #"{"messages":[]}"#, status: 400, says: "names no model"),
        Refusal(
            name: "a model that nobody serves", body: RelayBench.question(model: "other"),
            status: 404, says: "no upstream of this relay serves that model"),
        Refusal(
            name: "an unknown upstream",
            arguments: [
                "-H", "Content-Type: application/json", "-H", "X-Tokenmeter-Upstream: nobody",
            ], status: 400, says: "no upstream of that name"),
        Refusal(
            name: "a tag that is none",
            arguments: ["-H", "Content-Type: application/json", "-H", "X-Tokenmeter-Tag: x"],
            status: 400, says: "name=value"),
        Refusal(
            name: "a WebSocket's address without one", path: "/v1/ws/chat", arguments: ["-G"],
            body: "x=1", status: 426, says: "ask for one with an upgrade"),
    ]) func refusesInTheVendorsWords(_ refusal: Refusal) async throws {
        try await RelayBench.run { bench in
            let reply = try await bench.relay.send(
                [refusal.path] + ["--path-as-is"] + refusal.arguments
                    + ["--data-binary", refusal.body])
            #expect(reply.status == refusal.status)
            let error = try JSON.object(reply.body).object("error")
            #expect(error.string("message")?.contains(refusal.says) ?? false, "\(reply.body)")
            #expect(try await bench.events().isEmpty)
            #expect(try await bench.requests() == 0)
        }
    }

    @Test func aBodyMayBeTooLarge() async throws {
        let file = RelayBench.file + "\nbody_mib: 1\n"
        try await RelayBench.run(file: file) { bench in
            let filler = String(repeating: "x", count: 1 << 20)
            let path = try bench.sandbox.write(
                RelayBench.question(#","x":"\#(filler)""#), to: "large.json")
            for coding in [[], ["-H", "Transfer-Encoding: chunked"]] {
                let reply = try await bench.relay.send(
                    ["/v1/chat/completions", "-H", "Content-Type: application/json"] + coding
                        + ["--data-binary", "@\(path)"])
                #expect(reply.status == 413)
                #expect(reply.body.contains("at most 1 MiB"))
            }
            // One just below is taken, asked for with Expect: 100-continue by curl.
            let small = String(repeating: "x", count: (1 << 20) - 200)
            let below = try bench.sandbox.write(
                RelayBench.question(#","x":"\#(small)""#), to: "small.json")
            let reply = try await bench.relay.send([
                "/v1/chat/completions", "-H", "Content-Type: application/json", "--data-binary",
                "@\(below)",
            ])
            #expect(reply.status == 200)
        }
    }

    // MARK: Keys

    private func key(_ sandbox: Sandbox, _ words: String...) async throws -> String {
        let output = try await sandbox.run(["keys", "create"] + words + ["--format", "json"])
        #expect(output.exit == 0, "\(output.errors)")
        return try #require(try output.json().string("key"))
    }

    @Test func aKeyOpensTheRelayWhereverAClientPutsIt() async throws {
        let sandbox = try Sandbox()
        let key = try await key(sandbox, "--project", "web", "--models", "gpt-*")
        try await RelayBench.run(serve: ["--require-key"], sandbox: sandbox) { bench in
            let json = ["-H", "Content-Type: application/json", "--data-binary"]
            let without = try await bench.relay.send(
                ["/v1/chat/completions"] + json + [RelayBench.question()])
            #expect(without.status == 401)
            #expect(try JSON.object(without.body).object("error").string("code") == "key_required")
            for place in [
                ["-H", "Authorization: Bearer \(key)"], ["-H", "x-api-key: \(key)"],
                ["-H", "x-goog-api-key: \(key)"],
            ] {
                let reply = try await bench.relay.send(
                    ["/v1/chat/completions"] + place + json + [RelayBench.question()])
                #expect(reply.status == 200)
            }
            let query = try await bench.relay.send(
                ["/v1/chat/completions?key=\(key)"] + json + [RelayBench.question()])
            #expect(query.status == 200)
            let other = try await bench.relay.send(
                ["/v1/messages?key=\(key)"] + json
                    + [RelayBench.question(model: "claude-sonnet-4-5")])
            #expect(other.status == 403)
            #expect(other.body.contains("may not ask for"))
            let project = try await bench.relay.send(
                [
                    "/v1/chat/completions?key=\(key)", "-H", "X-Tokenmeter-Project: other",
                ] + json + [RelayBench.question()])
            #expect(project.status == 403)
            let events = try await bench.events()
            #expect(events.count == 4)
            #expect(events.allSatisfy { $0.string("project") == "web" })
        }
    }

    /// A browser cannot set headers, and learns why it was not let in before there is a WebSocket.
    @Test func aWebSocketIsOpenedByAKeyAlone() async throws {
        let sandbox = try Sandbox()
        let key = try await key(sandbox)
        try await RelayBench.run(serve: ["--require-key"], sandbox: sandbox) { bench in
            func upgrade(_ query: String, _ more: [String] = []) async throws -> Curl.Reply {
                try await bench.relay.send(
                    [
                        "/v1/ws/chat" + query, "-N", "-H", "Connection: Upgrade", "-H",
                        "Upgrade: websocket", "-H", "Sec-WebSocket-Version: 13", "-H",
                        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
                    ] + more)
            }
            let without = try await upgrade("")
            #expect(without.status == 401)
            #expect(without.body.contains("a key is wanted"))
            let other = try await upgrade("?api_key=tm_aaaaaaaaaa_b")
            #expect(other.status == 401)
            // What is open has no end of its own.
            let with = try await upgrade("?api_key=\(key)", ["--max-time", "10"])
            #expect(with.status == 101)
            // <https://www.rfc-editor.org/rfc/rfc6455#section-1.3> has this pair.
            #expect(with.headers["sec-websocket-accept"] == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
            let page = try await upgrade(
                "?api_key=\(key)", ["-H", "Origin: https://evil.example"])
            #expect(page.status == 403)
        }
    }

    @Test func headersAttributeWhatAKeyDoesNot() async throws {
        try await RelayBench.run { bench in
            let reply = try await bench.relay.post(
                "/v1/chat/completions", RelayBench.question(),
                headers: [
                    "Content-Type: application/json", "X-Tokenmeter-Project: web",
                    "X-Tokenmeter-User: ann", "X-Tokenmeter-Tag: team=core",
                    "X-Tokenmeter-Tag: run=7", "Authorization: Bearer sk-of-an-sdk",
                ])
            #expect(reply.status == 200)
            let event = try #require(try await bench.events().first)
            #expect(event.string("project") == "web")
            #expect(event.string("user") == "ann")
            #expect(event["tags"] as? [String: String] == ["team": "core", "run": "7"])
        }
    }

    // MARK: Pages, bodies on disk, logs

    @Test func pagesOfAnAllowedOriginStream() async throws {
        try await RelayBench.run(serve: ["--allow-origin", "https://app.example"]) { bench in
            let origin = ["-H", "Origin: https://app.example"]
            let preflight = try await bench.relay.send(
                [
                    "/api/stream", "-X", "OPTIONS", "-H", "Access-Control-Request-Method: POST",
                ] + origin)
            #expect(preflight.status == 204)
            #expect(preflight.headers["access-control-allow-origin"] == "https://app.example")
            #expect(preflight.headers["access-control-max-age"] == "600")
            let reply = try await bench.relay.send(
                ["/api/stream", "-H", "Content-Type: application/json"] + origin + [
                    "--data-binary", #"{"messages":[{"role":"user","content":"hello"}]}"#,
                ])
            #expect(reply.status == 200)
            #expect(reply.headers["access-control-allow-origin"] == "https://app.example")
            #expect(reply.headers["access-control-allow-credentials"] == nil)
            #expect(reply.body.hasSuffix("data: [DONE]\n\n"))
            let event = try #require(try await bench.events().first)
            #expect(event.string("model") == "gpt-4.1")
        }
    }

    /// A page is told why it was turned away, where it is one that may ask.
    @Test func aPageReadsWhyItWasTurnedAway() async throws {
        try await RelayBench.run(
            serve: ["--allow-origin", "https://app.example", "--require-key"]
        ) { bench in
            for (origin, status, allowed) in [
                ("https://app.example", 401, "https://app.example" as String?),
                ("https://other.example", 403, nil),
            ] {
                let reply = try await bench.relay.send([
                    "/api/stream", "-H", "Content-Type: application/json", "-H",
                    "Origin: \(origin)", "--data-binary", "{}",
                ])
                #expect(reply.status == status)
                #expect(reply.headers["access-control-allow-origin"] == allowed)
            }
        }
    }

    @Test func keepsRawBodiesThatInspectReads() async throws {
        let sandbox = try Sandbox()
        let folder = sandbox.folder.appending(path: "bodies").path()
        try await RelayBench.run(serve: ["--record", folder], sandbox: sandbox) { bench in
            let reply = try await bench.relay.post(
                "/v1/chat/completions", RelayBench.question(#","stream":true"#))
            let id = try #require(reply.headers["x-tokenmeter-event"])
            let path = "\(folder)/\(id).sse"
            let output = try await bench.sandbox.run(["inspect", path, "--format", "json"])
            #expect(output.exit == 0)
            let document = try output.json()
            #expect(document.string("known") == "reported")
            #expect(try document.object("usage").integer("output") == 12)
        }
    }

    @Test func countsAndLogsWithoutASecret() async throws {
        let sandbox = try Sandbox()
        let log = sandbox.folder.appending(path: "access.log")
        let key = try await key(sandbox, "--scope", "relay,read")
        try await RelayBench.run(
            serve: ["--access-log", log.path(), "--require-key"], sandbox: sandbox
        ) { bench in
            let reply = try await bench.relay.post(
                "/v1/chat/completions?api_key=\(key)", RelayBench.question(#","stream":true"#))
            #expect(reply.status == 200)
            // A line may be written behind the answer that it is of. Metrics count before it.
            func logged(_ count: Int) async throws -> String {
                try await eventually("\(count) lines") {
                    let text = try String(contentsOf: log, encoding: .utf8)
                    return text.count { $0 == "\n" } >= count ? text : nil
                }
            }
            let text = try await logged(1)
            #expect(!text.contains(key))
            #expect(!text.contains("hello"))
            let line = try JSON.object(text)
            #expect(line.string("route") == "/chat/completions")
            #expect(line.string("event") == reply.headers["x-tokenmeter-event"])
            #expect(line.string("end") == "complete")
            #expect(line.integer("status") == 200)
            let metrics = try await bench.relay.get("/metrics?api_key=\(key)")
            #expect(
                metrics.body.contains(
                    "tokenmeter_relay_answers_total{upstream=\"openai\",end=\"complete\"} 1"))
            #expect(
                metrics.body.contains(
                    "tokenmeter_relay_time_to_first_token_seconds_count{upstream=\"openai\"} 1"))
            // Who is turned away leaves a line too.
            _ = try await bench.relay.post("/v1/chat/completions?api_key=tm_no", "{}")
            _ = try await bench.relay.get("/v1/embeddings?api_key=\(key)")
            let lines = try await logged(4).split(separator: "\n").map {
                try JSON.object(String($0))
            }
            #expect(lines.map { $0.integer("status") } == [200, 200, 401, 404])
            #expect(lines[1].string("route") == "/metrics")
            #expect(lines[2].string("problem") == "unknown_key")
            #expect(try !String(contentsOf: log, encoding: .utf8).contains("tm_"))
        }
    }

    @Test func aCommentMayTellTheCost() async throws {
        let file = RelayBench.file + "\ntells_cost: true\n"
        try await RelayBench.run(simulate: ["--prompt-tokens", "1000"], file: file) { bench in
            let reply = try await bench.relay.post(
                "/v1/chat/completions", RelayBench.question(#","stream":true"#))
            let id = try #require(reply.headers["x-tokenmeter-event"])
            // 1,000 input at $2 and 12 output at $8 a million.
            #expect(
                reply.body.hasSuffix(
                    "data: [DONE]\n\n: tokenmeter event=\(id) known=reported cost=0.002096USD\n\n"),
                "\(reply.body.suffix(200))")
        }
    }

    /// The last event of some upstreams lacks its newline: what a client reads of it stays the same.
    @Test func aCommentIsNoPartOfAnUnterminatedEvent() async throws {
        let sandbox = try Sandbox()
        let body = """
            data: {"id":"c","object":"chat.completion.chunk","model":"gpt-4.1","choices":[{"index":0,"delta":{"content":"a"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}

            data: [DONE]
            """
        try await RelayBench.run(
            simulate: ["--replay", try sandbox.write(body, to: "body.sse")],
            file: RelayBench.file + "\ntells_cost: true\n", sandbox: sandbox
        ) { bench in
            let reply = try await bench.relay.post(
                "/v1/chat/completions", RelayBench.question(#","stream":true"#))
            #expect(reply.body.contains("\ndata: [DONE]\n\n: tokenmeter event="), "\(reply.body)")
        }
    }

    // MARK: The end of the service

    @Test func answersUnderWayAreFinishedOnceItEnds() async throws {
        let sandbox = try Sandbox()
        var answer: Task<Output, any Error>?
        try await RelayBench.run(
            simulate: ["--tokens", "20", "--rate", "20"], sandbox: sandbox
        ) { answer = try await begin($0) }
        let output = try #require(try await answer?.value)
        #expect(output.exit == 0)
        #expect(output.text.hasSuffix("data: [DONE]\n\n"))
        #expect(try await knownEvents(sandbox) == ["reported"])
    }

    @Test func answersThatTakeTooLongAreCutAndKept() async throws {
        let sandbox = try Sandbox()
        var answer: Task<Output, any Error>?
        try await RelayBench.run(
            simulate: ["--tokens", "2000", "--rate", "20"], serve: ["--shutdown-limit", "1"],
            sandbox: sandbox
        ) { answer = try await begin($0) }
        let output = try #require(try await answer?.value)
        #expect(output.exit == 18)
        #expect(output.text.contains("data: {"))
        #expect(!output.text.contains("data: [DONE]"))
        #expect(try await knownEvents(sandbox) == ["estimated"])
    }

    /// Starts an answer that goes on behind this, once it has begun to come.
    private func begin(_ bench: RelayBench) async throws -> Task<Output, any Error> {
        let program = try #require(Curl.program)
        let trace = bench.sandbox.folder.appending(path: "trace.txt")
        let (sandbox, address) = (bench.sandbox, bench.relay.address)
        let task = Task {
            try await sandbox.run(
                program,
                [
                    "-sN", "--trace-ascii", trace.path(), "-H", "Content-Type: application/json",
                    "--data-binary", RelayBench.question(#","stream":true"#),
                    address + "/v1/chat/completions",
                ], in: sandbox.folder, timeout: .seconds(150))
        }
        try await eventually("the head of the answer") {
            let text = try? String(contentsOf: trace, encoding: .utf8)
            return text?.contains("X-Tokenmeter-Event") ?? false ? () : nil
        }
        return task
    }

    /// What the document says of the relay is there, and nothing that is there is left out.
    @Test func theOpenAPIDocumentHasTheRelaysRoutes() async throws {
        try await RelayBench.run { bench in
            let document = try JSON.object(try await bench.relay.get("/openapi.json").body)
            let paths = try document.object("paths").filter { $0.key.hasPrefix("/v1") }
            let models = "/models/{model}"
            let metered = ["/v1/chat/completions", "/v1/responses", "/v1/messages"]
            #expect(
                Set(paths.keys)
                    == Set(
                        metered + ["/v1/ws/chat"]
                            + ["/v1", "/v1beta"].flatMap { version in
                                [
                                    "\(version)/models",
                                    "\(version)\(models):generateContent",
                                    "\(version)\(models):streamGenerateContent",
                                ]
                            }))
            for path in paths.keys.sorted() {
                let item = try document.object("paths").object(path)
                let target = path.replacing("{model}", with: "gemini-2.5-flash")
                // An empty question is one of the vendor's to refuse, or to answer.
                let reply =
                    item["post"] == nil
                    ? try await bench.relay.get(target) : try await bench.relay.post(target, "{}")
                #expect(!reply.body.contains("not_metered"), "\(path): \(reply.body)")
                #expect(reply.status == 426 || path != "/v1/ws/chat")
            }
            #expect(try document.object("paths")["/api/stream"] != nil)
        }
    }

    private func knownEvents(_ sandbox: Sandbox) async throws -> [String] {
        try await RelayBench(
            sandbox: sandbox, upstream: "", relay: Curl(address: "", sandbox: sandbox)
        ).events().compactMap { $0.string("known") }
    }
}
