import Foundation
import Testing

/// The JSON service as curl sees it.
@Suite(.needsBinary, .enabled(if: Curl.program != nil, "no curl on the path")) struct ServeTests {
    private static let at = "2026-11-22T12:00:00Z"

    /// Runs the body against a service of its own, which then ends with 0 as a service manager asks
    /// it to.
    private func serving(
        _ flags: [String] = [], endedBy signal: Int32 = SIGTERM,
        _ body: (Curl) async throws -> Void
    ) async throws {
        let sandbox = try Sandbox()
        await Turnstile.services.enter()
        let result: Result<Int32, any Error>
        do {
            let service = try Service(sandbox, flags: flags)
            do {
                try await body(Curl(address: try await service.address(), sandbox: sandbox))
                result = .success(await service.stop(signal))
            } catch {
                _ = await service.stop()
                throw error
            }
        } catch {
            result = .failure(error)
        }
        await Turnstile.services.leave()
        #expect(try result.get() == 0)
    }

    struct Route: Sendable, CustomTestStringConvertible {
        let path: String
        let command: String
        var testDescription: String { path }
    }

    /// One code path: the document of the command line, byte for byte but for its indentation.
    @Test(arguments: [
        Route(
            path:
                "price?model=acme-large&prompt_tokens=1500&cached_tokens=400&output_tokens=250&meter=web_search%3D3",
            command:
                "price --model acme-large --prompt-tokens 1500 --cached-tokens 400 --output-tokens 250 --meter web_search=3"
        ),
        Route(
            path: "price?model=acme-large&channel=relay&input_tokens=5&output_tokens=5",
            command: "price --model acme-large --channel relay --input-tokens 5 --output-tokens 5"),
        Route(
            path:
                "forecast?model=acme-large&requests_per_day=1000&input_per_request=2000&cached_share=60%25&output_per_request=500&max=150USD",
            command:
                "forecast --model acme-large --requests-per-day 1000 --input-per-request 2000 --cached-share 60% --output-per-request 500 --max 150USD"
        ),
        Route(
            path: "savings?output_tokens=10M&channel=relay&baseline=retail",
            command: "savings --output-tokens 10M --channel relay --baseline retail"),
        Route(
            path: "savings?output_tokens=10M&channel=relay&baseline=direct&fx=USD/CNY%3D7.3",
            command:
                "savings --output-tokens 10M --channel relay --baseline direct --fx USD/CNY=7.3"),
        Route(
            path: "mix?share=acme-small%3D70&share=acme-large%3D30&output_tokens=10M&channel=relay",
            command:
                "mix --share acme-small=70 --share acme-large=30 --output-tokens 10M --channel relay"
        ),
        Route(
            path: "mix?cheapest=true&at_least=acme-large%3D20%25&output_tokens=10M&channel=relay",
            command: "mix --cheapest --at-least acme-large=20% --output-tokens 10M --channel relay"),
        Route(
            path: "compare?input_tokens=10M&output_tokens=10M&currency=USD",
            command: "compare --input-tokens 10M --output-tokens 10M --currency USD"),
        Route(path: "rates", command: "rates list"),
        Route(
            path: "rates?model=acme-large&channel=direct",
            command: "rates list --model acme-large --channel direct"),
    ])
    func answersAsTheCommandLineDoes(route: Route) async throws {
        try await serving(Tokenmeter.fixtureRates) { curl in
            let separator = route.path.contains("?") ? "&" : "?"
            let reply = try await curl.get("/api/v1/\(route.path)\(separator)at=\(Self.at)")
            #expect(reply.status == 200, "\(reply.body)")
            #expect(reply.headers["content-type"]?.hasPrefix("application/json") == true)
            let output = try await curl.sandbox.run(
                route.command.split(separator: " ").map(String.init)
                    + ["--at", Self.at, "--format", "json"] + Tokenmeter.fixtureRates)
            #expect(Self.compact(reply.body) == Self.compact(output.text))
        }
    }

    /// Without white space outside of texts: what indentation does not change.
    private static func compact(_ json: String) -> String {
        var result = ""
        var isText = false
        var isEscaped = false
        for character in json {
            if isText {
                if isEscaped {
                    isEscaped = false
                } else if character == "\\" {
                    isEscaped = true
                } else if character == "\"" {
                    isText = false
                }
            } else if character == "\"" {
                isText = true
            } else if character.isWhitespace {
                continue
            }
            result.append(character)
        }
        return result
    }

    @Test func pricesABody() async throws {
        try await serving(Tokenmeter.fixtureRates) { curl in
            let body =
                #"{"id":"a","model":"acme-large","at":"\#(Self.at)","usage":{"input":1000,"output":50}}"#
            let reply = try await curl.post("/api/v1/price", body)
            #expect(reply.status == 200)
            let document = try JSON.object(reply.body)
            #expect(document.string("schema") == "tokenmeter.price/1")
            #expect(document.string("id") == "a")
            // 1,000 × 2.00 + 50 × 8.00.
            #expect(document.money("cost") == "0.0024 USD")
            let line = try await curl.sandbox.run(
                ["price"] + Tokenmeter.fixtureRates, stdin: Data(body.utf8))
            #expect(Self.compact(reply.body) == Self.compact(line.text))
            let named = try await curl.post(
                "/api/v1/price", body, headers: ["Content-Type: Application/JSON; charset=utf-8"])
            #expect(named.status == 200)
        }
    }

    /// As `price --vendor-usage` reads it: an answer names its model, an object alone does not.
    @Test func pricesAVendorsOwnUsage() async throws {
        let usage =
            #"{"prompt_tokens":1200,"completion_tokens":8,"prompt_tokens_details":{"cached_tokens":1024}}"#
        let whole =
            #"{"object":"chat.completion","model":"gpt-4.1","choices":[],"usage":\#(usage)}"#
        try await serving { curl in
            for (body, isPriced) in [
                (#"{"at":"2026-11-20","vendor_usage":\#(whole)}"#, true),
                (#"{"at":"2026-11-20","model":"gpt-4.1","vendor_usage":\#(usage)}"#, true),
                (#"{"at":"2026-11-20","vendor_usage":\#(usage)}"#, false),
                (#"{"model":"gpt-4.1","vendor_usage":{"a":1}}"#, false),
                (#"{"model":"gpt-4.1","vendor_usage":\#(usage),"usage":{"input":1}}"#, false),
            ] {
                let reply = try await curl.post("/api/v1/price", body)
                #expect(reply.status == (isPriced ? 200 : 400), "\(reply.body)")
                let document = try JSON.object(reply.body)
                // 176 at $2, 1,024 at $0.50, 8 at $8, each per million.
                if isPriced {
                    #expect(document.money("cost") == "0.000928 USD")
                } else {
                    #expect(["model", "vendor_usage"].contains(document.string("field")))
                }
            }
        }
    }

    struct Refused: Sendable, CustomTestStringConvertible {
        let request: [String]
        let status: Int
        let code: String
        var field: String?
        var testDescription: String { "\(status) \(code) \(request.first ?? "")" }
    }

    private static let json = ["-H", "Content-Type: application/json", "--data-binary"]

    @Test(arguments: [
        Refused(
            request: ["/api/v1/price?model=acme-large&output_tokens=1e9"], status: 400,
            code: "invalid_question", field: "output_tokens"),
        Refused(
            request: ["/api/v1/price?model=acme-large&outptu_tokens=1"], status: 400,
            code: "invalid_question", field: "outptu_tokens"),
        Refused(
            request: ["/api/v1/price?output_tokens=1"], status: 400, code: "invalid_question",
            field: "model"),
        Refused(
            request: ["/api/v1/price?model=acme-large&output_tokens=1&output_tokens=2"],
            status: 400, code: "invalid_question", field: "output_tokens"),
        Refused(
            request: ["/api/v1/price?model=%FF&output_tokens=1"], status: 400,
            code: "invalid_question", field: "model"),
        Refused(
            request: ["/api/v1/price?model=acme-large&output_tokens=1&at=yesterday"], status: 400,
            code: "invalid_question", field: "at"),
        Refused(
            request: ["/api/v1/price?model=acme-large&output_tokens=1&timezone=Mars/Olympus"],
            status: 400, code: "invalid_question", field: "timezone"),
        Refused(
            request: ["/api/v1/price?model=acme-huge&output_tokens=1"], status: 422,
            code: "unknown_model", field: "model"),
        Refused(
            request: ["/api/v1/savings?output_tokens=10M&channel=acme&baseline=nobody"],
            status: 422, code: "unknown_channel", field: "baseline"),
        Refused(
            request: ["/api/v1/price?model=acme-large&output_tokens=1&at=2020-01-01"], status: 422,
            code: "no_line_at_time", field: "at"),
        Refused(
            request: ["/api/v1/price?model=acme-small&output_tokens=1&service_tier=batch"],
            status: 422, code: "no_line_for_tier", field: "service_tier"),
        Refused(
            request: ["/api/v1/price?model=acme-large&output_tokens=1&currency=EUR"], status: 422,
            code: "no_exchange_rate", field: "currency"),
        Refused(
            request: ["/api/v1/savings?output_tokens=10M"], status: 400, code: "invalid_question",
            field: "channel"),
        Refused(
            request: ["/api/v1/forecast?model=acme-large"], status: 400, code: "invalid_question",
            field: "output_tokens"),
        Refused(
            request: ["/api/v1/mix?share=acme-large%3D70&output_tokens=10M"], status: 400,
            code: "shares_do_not_add_up"),
        Refused(request: ["/api/v1/nothing"], status: 404, code: "not_found"),
        Refused(request: ["/"], status: 404, code: "not_found"),
        Refused(request: ["/api/v1/price"] + json + ["{"], status: 400, code: "malformed_json"),
        Refused(request: ["/api/v1/price"] + json + [""], status: 400, code: "malformed_json"),
        Refused(
            request: ["/api/v1/forecast"] + json + [#"{"":[null]}"#], status: 400,
            code: "invalid_question", field: "\"\""),
        Refused(
            request: ["/api/v1/forecast"] + json + [#"{"":0}"#], status: 400,
            code: "invalid_question", field: "\"\""),
        Refused(
            request: ["/api/v1/price"] + json + [#"{"model":"acme-huge","usage":{"output":1}}"#],
            status: 422, code: "unknown_model", field: "model"),
        Refused(
            request: ["/api/v1/price"] + json + [#"{"model":"acme-large","usage":{"outptu":1}}"#],
            status: 400, code: "unknown_meter", field: "usage.outptu"),
        Refused(
            request: ["/api/v1/price"] + json + [#"{"model":"acme-large","usage":{"output":"1"}}"#],
            status: 400, code: "malformed_json", field: "usage.output"),
        Refused(
            request: ["/api/v1/price"] + json + [#"{"model":7}"#], status: 400,
            code: "malformed_json", field: "model"),
        Refused(
            request: ["/api/v1/price"] + json + [#"{"model":"acme-large"}"#], status: 400,
            code: "malformed_json", field: "usage"),
        Refused(
            request: ["/api/v1/price"] + json + [#"{"modle":"acme-large"}"#], status: 400,
            code: "malformed_json", field: "modle"),
        Refused(
            request: ["/api/v1/price", "-H", "Content-Encoding: gzip"] + json + ["{}"],
            status: 415, code: "unsupported_media_type"),
        Refused(
            request: ["/api/v1/forecast"] + json + [#"{"plan":"plan.yml"}"#], status: 400,
            code: "invalid_question", field: "plan"),
        Refused(
            request: ["/api/v1/forecast"] + json + [#"{"plan":{"workloads":[{"name":"a"}]}}"#],
            status: 400, code: "invalid_question", field: "plan"),
        Refused(
            request: ["/api/v1/forecast?model=acme-small"] + json + [#"{"model":"acme-large"}"#],
            status: 400, code: "invalid_question", field: "model"),
        Refused(
            request: [
                "/api/v1/rates", "-H", "Origin: http://a.example", "-H", "Origin: http://b.example",
            ],
            status: 403, code: "forbidden_origin"),
        Refused(
            request: ["/api/v1/price", "-X", "DELETE"], status: 405, code: "method_not_allowed"),
        Refused(
            request: ["/healthz", "-X", "POST"], status: 405, code: "method_not_allowed"),
        Refused(
            request: ["/api/v1/inspect"] + json + [#"{"a":1}"#], status: 422, code: "no_stream"),
        Refused(
            request: ["/api/v1/inspect?api=telnet"] + json + ["{}"], status: 400,
            code: "invalid_question", field: "api"),
        Refused(
            request: [
                "/api/v1/price", "--data-binary", #"{"model":"acme-large","usage":{"output":1}}"#,
            ], status: 415, code: "unsupported_media_type"),
        Refused(
            request: ["/api/v1/price", "-H", "Content-Type: text/plain", "--data-binary", "{}"],
            status: 415, code: "unsupported_media_type"),
        Refused(
            request: ["/api/v1/price", "-H", "Content-Type:", "--data-binary", "{}"], status: 415,
            code: "unsupported_media_type"),
        Refused(
            request: ["/healthz", "-H", "Host: evil.example"], status: 421, code: "unknown_host"),
        Refused(
            request: ["/api/v1/rates", "-H", "Host: 127.0.0.1.evil.example"], status: 421,
            code: "unknown_host"),
        Refused(
            request: ["/api/v1/rates", "-H", "Host: localhost.evil.example:8787"], status: 421,
            code: "unknown_host"),
        Refused(request: ["/api/v1/rates", "-H", "Host:"], status: 421, code: "unknown_host"),
        Refused(
            request: ["/api/v1/rates", "-H", "Origin: http://evil.example"], status: 403,
            code: "forbidden_origin"),
        Refused(
            request: ["/api/v1/rates", "-H", "Origin: null"], status: 403, code: "forbidden_origin"),
        Refused(
            request: ["/api/v1/rates", "-H", "Origin: http://127.0.0.1:1"], status: 403,
            code: "forbidden_origin"),
        Refused(
            request: ["/api/v1/price", "-H", "Origin: http://evil.example"] + json + ["{}"],
            status: 403, code: "forbidden_origin"),
    ])
    func refusesWithAProblemDocument(refused: Refused) async throws {
        try await serving(Tokenmeter.fixtureRates) { curl in
            let reply = try await curl.send(refused.request)
            try Self.expectProblem(
                reply, status: refused.status, code: refused.code, field: refused.field)
        }
    }

    private static func expectProblem(
        _ reply: Curl.Reply, status: Int, code: String, field: String? = nil
    ) throws {
        #expect(reply.status == status, "\(reply.body)")
        #expect(reply.headers["content-type"] == "application/problem+json")
        let problem = try JSON.object(reply.body)
        #expect(problem.string("type") == "urn:tokenmeter:problem:\(code)")
        #expect(problem.integer("status") == status)
        #expect(problem.string("title")?.isEmpty == false)
        #expect(problem.string("detail")?.isEmpty == false)
        if let field { #expect(problem.string("field") == field) }
    }

    /// A body of one byte more than a mebibyte.
    @Test func refusesABodyThatIsTooLarge() async throws {
        try await serving(Tokenmeter.fixtureRates) { curl in
            let padding = String(repeating: " ", count: (1 << 20) + 1)
            let file = try curl.sandbox.write(padding, to: "body")
            let reply = try await curl.send(["/api/v1/price"] + Self.json + ["@\(file)"])
            try Self.expectProblem(reply, status: 413, code: "body_too_large")
            // The service is there for the next one.
            #expect(try await curl.get("/healthz").status == 200)
        }
    }

    @Test(arguments: ["127.0.0.1", "localhost", "LOCALHOST", "[::1]"])
    func answersToItsOwnNames(name: String) async throws {
        try await serving { curl in
            for host in [name, "\(name):8787"] {
                let reply = try await curl.send(["/healthz", "-H", "Host: \(host)"])
                #expect(reply.status == 200)
            }
        }
    }

    @Test(arguments: ["*", "null", "http://a.example/b", "a.example"])
    func refusesToAllowWhatIsNoOrigin(text: String) async throws {
        let output = try await Sandbox().run(["serve", "--port", "0", "--allow-origin", text])
        #expect(output.exit == 64)
        #expect(output.errors.contains("--allow-origin: \"\(text)\" is not an origin such as"))
    }

    @Test func allowsAnOriginThatWasNamed() async throws {
        let origin = "http://localhost:3000"
        try await serving(Tokenmeter.fixtureRates + ["--allow-origin", origin]) { curl in
            let reply = try await curl.send([
                "/api/v1/rates?at=\(Self.at)", "-H", "Origin: \(origin)",
            ])
            #expect(reply.status == 200)
            let other = try await curl.send([
                "/api/v1/rates", "-H", "Origin: http://localhost:3001",
            ])
            try Self.expectProblem(other, status: 403, code: "forbidden_origin")
        }
    }

    /// "A web origin whose pages may ask": a browser shows the answer to the page only with this
    /// header.
    @Test func tellsTheBrowserThatTheOriginMayRead() async throws {
        let origin = "http://localhost:3000"
        try await serving(Tokenmeter.fixtureRates + ["--allow-origin", origin]) { curl in
            let reply = try await curl.send([
                "/api/v1/rates?at=\(Self.at)", "-H", "Origin: \(origin)",
            ])
            #expect(reply.headers["access-control-allow-origin"] == origin)
            let preflight = try await curl.send([
                "/api/v1/price", "-X", "OPTIONS", "-H", "Origin: \(origin)", "-H",
                "Access-Control-Request-Method: POST", "-H",
                "Access-Control-Request-Headers: content-type",
            ])
            #expect((200..<300).contains(preflight.status))
        }
    }

    @Test(arguments: ["0.0.0.0", "::", "192.0.2.1", "evil.example", ""])
    func refusesToServeOthersWithoutKeys(host: String) async throws {
        let output = try await Sandbox().run(
            ["serve", "--host", host, "--port", "0"], timeout: .seconds(20))
        #expect(output.exit == 64)
        #expect(!output.wasKilled)
        #expect(output.errors.contains("keys"))
    }

    @Test func saysThatThePortIsTaken() async throws {
        try await serving { curl in
            let port = try #require(curl.address.split(separator: ":").last.map(String.init))
            let output = try await curl.sandbox.run(
                ["serve", "--port", port], timeout: .seconds(20))
            #expect(output.exit == 1)
            #expect(
                output.errors
                    == "error: port \(port) on 127.0.0.1 is taken; give another with --port\n")
        }
    }

    @Test func endsOnAnInterruptToo() async throws {
        try await serving(endedBy: SIGINT) { curl in
            let reply = try await curl.get("/healthz")
            #expect(reply.body == "ok\n")
        }
    }
}
