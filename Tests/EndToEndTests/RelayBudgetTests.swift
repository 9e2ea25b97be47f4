import Foundation
import Testing

/// Hard budgets of the relay: what could pass a limit does not go out.
@Suite(.needsBinary, .enabled(if: Curl.program != nil, "no curl on the path"))
struct RelayBudgetTests {
    /// Of $2 a million for input and $8 for output, 100 tokens at most and a body of 83 bytes:
    /// 83 × 0.000002 + 100 × 0.000008 = 0.000966 USD; a twentieth of the budget is a little more.
    private static let budgets = """
        budgets:
          - {name: team, limit: 0.0194USD, period: year, hard: true}
        """
    private static let question = RelayBench.question(#","max_tokens":100"#)

    private func budgets(_ sandbox: Sandbox, _ text: String = budgets) throws -> [String] {
        ["--budgets", try sandbox.write(text, to: "budgets.yml")]
    }

    /// 200 at once, each of which may cost a twentieth of the budget, and none of which ends before
    /// the last was asked.
    @Test func ofTwoHundredRequestsJustTwentyPass() async throws {
        let sandbox = try Sandbox()
        guard try await sandbox.has("python3") else { return }
        #expect(Self.question.utf8.count == 83)
        try await RelayBench.run(
            simulate: ["--tokens", "100", "--ttft", "15s"], serve: try budgets(sandbox),
            sandbox: sandbox
        ) { bench in
            let script = try sandbox.write(Self.crowd, to: "crowd.py")
            let output = try await sandbox.run(
                URL(filePath: "/bin/sh"),
                ["-c", "python3 \(script) \(bench.relay.address) '\(Self.question)' 200"],
                in: sandbox.folder, timeout: .seconds(150))
            #expect(output.text == "200: 20\n402: 180\n", "\(output.text)\(output.errors)")
            #expect(try await bench.events(atLeast: 20).count == 20)
            // They used less than their worst case: there is room again.
            let reply = try await bench.relay.get("/api/v1/budgets")
            let row = try JSON.object(reply.body).objects("rows")[0]
            #expect(row.money("reserved") == "0.00 USD")
        }
    }

    /// The id of a request under way is told with its head. Nobody else's event may take its place, and
    /// free what is held for it.
    @Test func theIDOfAnOpenRequestIsTaken() async throws {
        for isHard in [true, false] {
            let sandbox = try Sandbox()
            let serve = isHard ? try budgets(sandbox) : []
            try await RelayBench.run(
                simulate: ["--tokens", "60", "--rate", "20"], serve: serve, sandbox: sandbox
            ) { bench in
                let question = RelayBench.question(#","max_tokens":60,"stream":true"#)
                let output = try await sandbox.shell(
                    """
                    curl -sN -D head -H 'Content-Type: application/json' --data-binary '\(question)' \
                        \(bench.relay.address)/v1/chat/completions > body &
                    until grep -qi '^x-tokenmeter-event' head 2>/dev/null; do sleep 0.05; done
                    ID=$(sed -nE 's/^x-tokenmeter-event: ([0-9a-f-]+).*/\\1/pI' head)
                    curl -s -H 'Content-Type: application/json' \(bench.relay.address)/api/v1/events --data-binary \
                        '{"id":"'$ID'","start":"2026-10-01T10:00:00Z","channel":"openai","model":"gpt-4.1","usage":{"input":1}}'
                    wait
                    """)
                let row = try #require(try JSON.object(output.text).objects("rows").first)
                #expect(row.string("outcome") == "refused", "\(output.text)\(output.errors)")
                #expect(row.string("field") == "id")
                #expect(row.string("problem")?.contains("under way") == true)
                let event = try #require(try await bench.events(atLeast: 1).first)
                #expect(event.string("known") == "reported")
                #expect(try event.object("usage").integer("output") == 60)
            }
        }
    }

    /// Counts the statuses of requests that are all under way together: all connections stand before
    /// the first asks.
    private static let crowd = """
        import asyncio, collections, sys, urllib.parse

        url, body, count = urllib.parse.urlparse(sys.argv[1]), sys.argv[2].encode(), int(sys.argv[3])

        async def ask(reader, writer):
            writer.write(b"POST /v1/chat/completions HTTP/1.1\\r\\nHost: %s\\r\\n" % url.netloc.encode()
                + b"Content-Type: application/json\\r\\nConnection: close\\r\\n"
                + b"Content-Length: %d\\r\\n\\r\\n" % len(body) + body)
            head = await reader.readuntil(b"\\r\\n\\r\\n")
            rest = await reader.read()
            writer.close()
            return head.split()[1].decode()

        async def main():
            connections = await asyncio.gather(
                *(asyncio.open_connection(url.hostname, url.port) for _ in range(count)))
            statuses = collections.Counter(
                await asyncio.gather(*(ask(*connection) for connection in connections)))
            for status, number in sorted(statuses.items()):
                print(f"{status}: {number}")

        asyncio.run(main())
        """

    @Test func whoWouldPassTheLimitIsToldInTheVendorsWords() async throws {
        let sandbox = try Sandbox()
        try await RelayBench.run(serve: try budgets(sandbox), sandbox: sandbox) { bench in
            let body = RelayBench.question(#","max_tokens":100000"#)
            let reply = try await bench.relay.post("/v1/chat/completions", body)
            #expect(reply.status == 402)
            let error = try JSON.object(reply.body).object("error")
            #expect(error.string("code") == "budget_exceeded")
            #expect(
                error.string("message")?.hasPrefix("budget \"team\" has $0.0194 left of $0.0194")
                    ?? false, "\(reply.body)")
            let anthropic = try await bench.relay.post(
                "/v1/messages",
                RelayBench.question(#","max_tokens":100000"#, model: "claude-sonnet-4-5"))
            #expect(anthropic.status == 402)
            #expect(
                try JSON.object(anthropic.body).object("error").string("type") == "billing_error")
            #expect(try await bench.requests() == 0)
        }
    }

    struct Unbounded: Sendable, CustomTestStringConvertible {
        let more: String
        let says: String
        var model = "gpt-4.1"
        var testDescription: String { "\(model) \(more)" }
    }

    @Test(arguments: [
        Unbounded(more: "", says: "how long its answer may become"),
        Unbounded(
            more: #","max_tokens":10,"tools":[{"type":"web_search"}]"#,
            says: "the tool 'web_search', which may run at the vendor's"),
        Unbounded(more: #","max_tokens":-1"#, says: "a limit of its answer below one"),
        Unbounded(
            more: #","max_tokens":10,"web_search_options":{}"#, says: "a search of the web"),
        Unbounded(
            more: #","max_tokens":10,"user":[{"type":"file","file":{"file_id":"f"}}]"#,
            says: "a file part, whose size it does not tell"),
        Unbounded(
            more: #","max_tokens":10,"user":[{"\u0074ype":"file"}]"#,
            says: "a file part, whose size it does not tell"),
        Unbounded(
            more: #","max_tokens":10,"plugins":[{"id":"web"}]"#,
            says: "a member 'plugins', of which nobody here knows what it costs"),
        Unbounded(
            more: #","max_output_tokens":10"#, says: "a member 'max_output_tokens'"),
        Unbounded(
            more: #","max_tokens":10"#, says: "what it may cost is not known", model: "gpt-none"),
        Unbounded(
            more: #","max_tokens":10"#, says: "a model that searches the web of itself",
            model: "gpt-4o-search-preview"),
        Unbounded(
            more: #","max_tokens":10"#, says: "a model that searches the web of itself",
            model: "gpt-deep-research"),
        Unbounded(
            more: #","max_tokens":10,"modalities":["text","audio"]"#,
            says: "audio_output"),
    ]) func whatHasNoBoundOrNoPriceIsRefused(_ request: Unbounded) async throws {
        let sandbox = try Sandbox()
        try await RelayBench.run(serve: try budgets(sandbox), sandbox: sandbox) { bench in
            let reply = try await bench.relay.post(
                "/v1/chat/completions", RelayBench.question(request.more, model: request.model))
            #expect(reply.status == 402)
            #expect(reply.body.contains("\"unpriceable\""))
            #expect(
                reply.body.replacing("\\\"", with: "'").contains(request.says), "\(reply.body)")
            #expect(try await bench.requests() == 0)
        }
    }

    /// Nothing was reserved for what a vendor adds to a request: it counts all the same. What costs
    /// nothing passes whatever is spent.
    @Test func anOverrunIsKeptAndBlocksTheNextAndAFreeModelPasses() async throws {
        let sandbox = try Sandbox()
        let file = """
            upstreams:
              - {name: openai, base_url: UPSTREAM/v1, models: ["gpt-4.1"]}
              - {name: free, channel: github-copilot, base_url: UPSTREAM/v1}
            """
        try await RelayBench.run(
            simulate: ["--prompt-tokens", "20000"], file: file, serve: try budgets(sandbox),
            sandbox: sandbox
        ) { bench in
            // 20,000 × 0.000002 + 12 × 0.000008 = 0.040096 USD of 0.0194.
            let first = try await bench.relay.post(
                "/v1/chat/completions", RelayBench.question(#","max_tokens":100,"stream":true"#))
            #expect(first.status == 200)
            #expect(first.body.hasSuffix("data: [DONE]\n\n"))
            #expect(try await bench.events(atLeast: 1).count == 1)
            let second = try await bench.relay.post("/v1/chat/completions", Self.question)
            #expect(second.status == 402)
            #expect(second.body.contains("has -$0.020696 left of $0.0194"), "\(second.body)")
            let free = try await bench.relay.post(
                "/v1/chat/completions",
                RelayBench.question(#","max_tokens":100"#, model: "gpt-3.5-turbo"))
            #expect(free.status == 200, "\(free.body)")
            // As much as there can be of nothing costs nothing.
            let endless = try await bench.relay.post(
                "/v1/chat/completions", RelayBench.question("", model: "gpt-3.5-turbo"))
            #expect(endless.status == 200, "\(endless.body)")
        }
    }

    @Test func aKeysBudgetHoldsItsRequestsAlone() async throws {
        let sandbox = try Sandbox()
        let made = try await sandbox.run([
            "keys", "create", "--budget", "small", "--format", "json",
        ])
        let key = try #require(try made.json().string("key"))
        let text = """
            budgets:
              - {name: small, limit: 0.0001USD, period: day, on: actual}
            """
        try await RelayBench.run(serve: try budgets(sandbox, text), sandbox: sandbox) { bench in
            let held = try await bench.relay.post(
                "/v1/chat/completions", Self.question,
                headers: ["Content-Type: application/json", "Authorization: Bearer \(key)"])
            #expect(held.status == 402)
            let free = try await bench.relay.post("/v1/chat/completions", Self.question)
            #expect(free.status == 200)
        }
        try await RelayBench.run(sandbox: sandbox) { bench in
            let held = try await bench.relay.post(
                "/v1/chat/completions", Self.question,
                headers: ["Content-Type: application/json", "Authorization: Bearer \(key)"])
            #expect(held.status == 402)
            #expect(held.body.contains("the service knows no such budget"))
        }
    }

    /// A forecast and a plan are for `check` to judge.
    @Test func saysWhichBudgetsItDoesNotWatch() async throws {
        let sandbox = try Sandbox()
        let text = """
            budgets:
              - {name: planned, limit: 1USD, period: month}
              - {name: spent, limit: 1USD, period: month, on: actual}
            """
        try await RelayBench.run(serve: try budgets(sandbox, text), sandbox: sandbox) { bench in
            let log = try String(
                contentsOf: sandbox.folder.appending(path: "serve.log"), encoding: .utf8)
            #expect(
                log.hasPrefix(
                    "note: budget \"planned\" is on: plan, and the service watches those that are on: actual\nlistening on "
                ), "\(log)")
            let reply = try await bench.relay.get("/api/v1/budgets")
            let names = try JSON.object(reply.body).objects("rows").map { $0.string("budget") }
            #expect(names == ["spent"])
        }
    }

    @Test func aTierThatTheVendorMayChooseIsHeldAtTheDearest() async throws {
        let sandbox = try Sandbox()
        // As the question of 83 bytes, with a field of 22 more: 105 × $3.5 + 100 × $14 a million in
        // the priority tier of gpt-4.1.
        let text = """
            budgets:
              - {name: team, limit: 0.00176USD, period: year, hard: true}
            """
        try await RelayBench.run(serve: try budgets(sandbox, text), sandbox: sandbox) { bench in
            let question = RelayBench.question(#","max_tokens":100,"service_tier":"auto""#)
            #expect(question.utf8.count == 105)
            let refused = try await bench.relay.post("/v1/chat/completions", question)
            #expect(refused.status == 402)
            #expect(refused.body.contains("may cost $0.0017675"), "\(refused.body)")
            let standard = try await bench.relay.post("/v1/chat/completions", Self.question)
            #expect(standard.status == 200)
        }
    }

    /// A project's own setting at the vendor decides where a request names no tier.
    @Test func aTierOfTheUpstreamIsThatOfRequestsWithoutOne() async throws {
        let sandbox = try Sandbox()
        let file = "upstreams:\n  - {name: openai, base_url: UPSTREAM/v1, service_tier: auto}\n"
        // 83 × $3.5 + 100 × $14 a million.
        try await RelayBench.run(file: file, serve: try budgets(sandbox), sandbox: sandbox) {
            bench in
            let question = Self.question.replacing("100", with: "10000")
            let refused = try await bench.relay.post("/v1/chat/completions", question)
            #expect(refused.status == 402)
            // 85 bytes.
            #expect(refused.body.contains("may cost $0.1402975"), "\(refused.body)")
            let plain = RelayBench.question(#","max_tokens":10000,"service_tier":"default""#)
            let standard = try await bench.relay.post("/v1/chat/completions", plain)
            #expect(standard.status == 402)
            // 110 bytes at $2, and 10,000 tokens at $8.
            #expect(standard.body.contains("may cost $0.08022"), "\(standard.body)")
        }
    }

    @Test func aSoftBudgetWarnsInAHeader() async throws {
        let sandbox = try Sandbox()
        let text = """
            budgets:
              - {name: soft, limit: 0.0001USD, period: year, on: actual, warn: 80%}
            """
        try await RelayBench.run(serve: try budgets(sandbox, text), sandbox: sandbox) { bench in
            let text = try await eventually("a warning") {
                let reply = try await bench.relay.post("/v1/chat/completions", Self.question)
                #expect(reply.status == 200)
                return reply.headers["x-tokenmeter-budget"]
            }
            #expect(
                text.wholeMatch(of: /soft: 0\.0[0-9]+ USD of 0\.0001 USD spent/) != nil, "\(text)!")
        }
    }

    /// A process that dies leaves what it held; the next one makes an `unknown` event of it, which
    /// holds its reserve until it is corrected.
    @Test func whatADeadRelayHeldStaysHeld() async throws {
        let sandbox = try Sandbox()
        try await RelayBench.run(
            simulate: ["--ttft", "5m"], serve: try budgets(sandbox), sandbox: sandbox
        ) { bench in
            let path = sandbox.folder.appending(path: "relay.yml").path()
            let other = try Service(
                sandbox,
                flags: [
                    "--relay", path, "--budgets",
                    sandbox.folder.appending(path: "budgets.yml").path(),
                ])
            let address = try await other.address()
            let program = try #require(Curl.program)
            let asked = Task {
                try await sandbox.run(
                    program,
                    [
                        "-s", "-H", "Content-Type: application/json", "--data-binary",
                        Self.question, address + "/v1/chat/completions",
                    ], in: sandbox.folder, timeout: .seconds(150))
            }
            try await eventually("the request") { try await bench.requests() == 1 ? () : nil }
            _ = await other.stop(SIGKILL)
            #expect(try await asked.value.exit != 0)
            let reply = try await bench.relay.get("/api/v1/budgets")
            let row = try JSON.object(reply.body).objects("rows")[0]
            #expect(row.money("reserved") == "0.000966 USD")
        }
    }

    /// What an answer that breaks off cost is not known, its input and hidden thoughts least of all: the
    /// reserve, 97 × 0.000002 and 100 × 0.000008 USD, is held until somebody knows.
    @Test func whatACutAnswerMayCostStaysHeld() async throws {
        let sandbox = try Sandbox()
        let question = RelayBench.question(#","max_tokens":100,"stream":true"#)
        #expect(question.utf8.count == 97)
        try await RelayBench.run(
            simulate: ["--fault", "cut:900"], serve: try budgets(sandbox), sandbox: sandbox
        ) { bench in
            let program = try #require(Curl.program)
            let answered = try await sandbox.run(
                program,
                [
                    "-s", "-H", "Content-Type: application/json", "--data-binary", question,
                    bench.relay.address + "/v1/chat/completions",
                ], in: sandbox.folder, timeout: .seconds(60))
            #expect(answered.exit == 18)
            func reserved() async throws -> String? {
                let reply = try await bench.relay.get("/api/v1/budgets")
                return try JSON.object(reply.body).objects("rows")[0].money("reserved")
            }
            let kept = try await bench.events(atLeast: 1)
            #expect(kept.compactMap { $0.string("known") } == ["estimated"])
            #expect(try await reserved() == "0.000994 USD")
            let line = try await sandbox.run(["ledger", "export"]).text
                .trimmingCharacters(in: .whitespacesAndNewlines)
            let right = line.replacing(#""unreported_input":1"#, with: #""input":20"#)
            #expect(right != line, "\(line)")
            let corrected = try await sandbox.run([
                "ledger", "correct", "--event", right, "--reason", "their invoice",
            ])
            #expect(corrected.exit == 0, "\(corrected.errors)")
            #expect(try await reserved() == "0.00 USD")
        }
    }
}
