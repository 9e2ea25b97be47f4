import Foundation
import Testing

/// The ledger over HTTP: what the command line says of it, for machines that have no database.
@Suite(.needsBinary, .enabled(if: Curl.program != nil, "no curl on the path"))
struct LedgerServeTests {
    private let sandbox: Sandbox

    init() throws { sandbox = try Sandbox() }

    private func serving(
        _ flags: [String] = [], _ body: (Curl) async throws -> Void
    ) async throws {
        await Turnstile.services.enter()
        let result: Result<Int32, any Error>
        do {
            let service = try Service(sandbox, flags: flags)
            do {
                try await body(Curl(address: try await service.address(), sandbox: sandbox))
                result = .success(await service.stop())
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

    /// Three requests of $2.00 each, one of them without a project, and one that nobody prices.
    private func fill() async throws {
        func event(_ id: String, _ day: Int, _ model: String, _ more: String) -> String {
            #"{"id":"\#(id)","start":"2026-10-0\#(day)T10:00:00Z","channel":"openai","model":"\#(model)","usage":{"input":1000000}\#(more)}"#
        }
        let lines = [
            event("a", 1, "gpt-4.1", #","project":"web","user":"ann""#),
            event("b", 2, "gpt-4.1", #","project":"web","tags":{"env":"prod"}"#),
            event("c", 2, "gpt-4.1", ""), event("d", 3, "no-such-model", ""),
        ]
        try sandbox.write(lines.joined(separator: "\n"), to: "events.ndjson")
        let output = try await sandbox.run(
            ["ledger", "import", "events.ndjson", "--from", "tokenmeter"], in: sandbox.folder)
        #expect(output.exit == 0, "\(output.errors)")
    }

    /// A job without a database asks the service what was spent.
    @Test func judgesBudgetsByAServicesLedger() async throws {
        try await fill()
        try sandbox.write(
            """
            budgets:
              - {name: web, limit: 3USD, on: actual, where: {project: web}}
              - {name: all, limit: 9USD, on: actual}
              - {name: none, limit: 9USD, on: actual, where: {project: nobody}}
              - {name: later, limit: 9USD, on: forecast}
            """, to: "budgets.yml")
        let words = [
            "check", "--budgets", "budgets.yml", "--at", "2026-10-20T12:00:00Z", "--timezone",
            "UTC", "--format", "json",
        ]
        try await serving { curl in
            let output = try await sandbox.run(
                words + ["--ledger-url", "\(curl.address)"], in: sandbox.folder)
            #expect(output.exit == 2, "\(output.errors)")
            let rows = try output.json().objects("rows")
            #expect(
                rows.map { $0["state"] as? String } == ["over", "unjudged", "empty", "over"])
            #expect((rows[0]["spent"] as? [String: any Sendable])?["amount"] as? String == "4.00")
            #expect(
                (rows[1]["spent_at_least"] as? [String: any Sendable])?["amount"] as? String
                    == "6.00")
            // Whoever has the database itself is told the same.
            let here = try await sandbox.run(words, in: sandbox.folder)
            #expect(here.exit == 2)
            #expect(here.text == output.text)
            #expect(try output.json().object("ledger").integer("events") == 4)
        }
        let gone = try await sandbox.run(
            words + ["--ledger-url", "http://127.0.0.1:1"], in: sandbox.folder)
        #expect(gone.exit == 3)
        #expect(gone.text == "")
        #expect(gone.errors.hasPrefix("error: cannot read the ledger at http://127.0.0.1:1"))
    }

    /// Files of the command line are objects of the body; what comes of them is the same document.
    @Test func judgesThePlansAndBudgetsOfABody() async throws {
        try await fill()
        let plan =
            #"{"workloads":[{"name":"chat","model":"gpt-4.1","requests_per_day":100,"input_per_request":1000,"output_per_request":1000}]}"#
        let budgets =
            #"{"budgets":[{"name":"plan","limit":"20USD"},{"name":"web","limit":"3USD","on":"actual","where":{"project":"web"}}]}"#
        try sandbox.write(plan, to: "plan.yml")
        try sandbox.write(budgets, to: "budgets.yml")
        let own = try sandbox.write(
            #"{"budgets":[{"name":"own","limit":"9USD","on":"actual"}]}"#, to: "own.yml")
        try await serving(["--budgets", own]) { curl in
            let at = "2026-10-20T12:00:00Z"
            let check = try await curl.post(
                "/api/v1/check",
                #"{"at":"\#(at)","timezone":"UTC","plan":\#(plan),"budgets":\#(budgets)}"#)
            let words = ["--at", at, "--timezone", "UTC", "--format", "json", "--plan", "plan.yml"]
            let here = try await sandbox.run(
                ["check", "--budgets", "budgets.yml"] + words, in: sandbox.folder)
            // 3,000 requests a month of 0.2 + 0.8 cents each: 30 USD; web spent 4.
            #expect(here.exit == 2)
            #expect(try canonical(Data(check.body.utf8)) == canonical(Data(here.text.utf8)))
            let states = try JSON.object(check.body).objects("rows").map { $0.string("state") }
            #expect(states == ["over", "over"])
            // Without any, those that the service watches.
            let watched = try await curl.get("/api/v1/check?at=\(at)")
            let row = try #require(try JSON.object(watched.body).objects("rows").first)
            #expect(row.string("budget") == "own")

            let forecast = try await curl.post(
                "/api/v1/forecast", #"{"at":"\#(at)","timezone":"UTC","plan":\#(plan)}"#)
            let planned = try await sandbox.run(["forecast"] + words, in: sandbox.folder)
            #expect(try canonical(Data(forecast.body.utf8)) == canonical(Data(planned.text.utf8)))

            for body in [#"{"budgets":{"budgets":[{"name":"a"}]}}"#, #"{"budgets":[]}"#] {
                let refused = try await curl.post("/api/v1/check", body)
                try Self.expectProblem(refused, 400, "invalid_question", body)
                #expect(try JSON.object(refused.body).string("field") == "budgets")
            }
            let whole = try JSON.object(try await curl.get("/api/v1/ledger/verify").body)
            #expect(whole["is_whole"] as? Bool == true)
            #expect(whole.integer("events") == 4)
        }
    }

    /// An invoice is a text of the body.
    @Test func holdsAnInvoiceOfABodyAgainstTheLedger() async throws {
        try await fill()
        let csv = "date,amount\n2026-10-01,8.40\n"
        try sandbox.write(csv, to: "invoice")
        let text = csv.replacing("\n", with: "\\n")
        let body =
            #"{"invoice":"\#(text)","where":"channel=openai","month":"2026-10","timezone":"UTC"}"#
        let words = ["--timezone", "UTC", "--month", "2026-10", "--format", "json"]
        try await serving { curl in
            let reply = try await curl.post("/api/v1/reconcile", body)
            #expect(reply.status == 200, "\(reply.body)")
            let here = try await sandbox.run(
                ["usage", "--reconcile", "invoice", "--where", "channel=openai"] + words,
                in: sandbox.folder)
            #expect(here.errors == "")
            #expect(try canonical(Data(reply.body.utf8)) == canonical(here.stdout))
            let audited = try await curl.post(
                "/api/v1/ledger/audit",
                body.replacing(#""where":"channel=openai""#, with: #""channel":"openai""#))
            #expect(audited.status == 200, "\(audited.body)")
            let audit = try await sandbox.run(
                ["ledger", "audit", "--channel", "openai", "--invoice", "invoice"] + words,
                in: sandbox.folder)
            #expect(try canonical(Data(audited.body.utf8)) == canonical(audit.stdout))

            for (wrong, says) in [
                (#"{}"#, "invoice"), (#"{"invoice":{}}"#, "is not a text"),
                (#"{"invoice":"date\n2026-10-01"}"#, "amount"),
            ] {
                let refused = try await curl.post("/api/v1/reconcile", wrong)
                try Self.expectProblem(refused, 400, "invalid_question", wrong)
                #expect(refused.body.contains(says), "\(refused.body)")
                #expect(try JSON.object(refused.body).string("field") == "invoice")
            }
            let asked = try await curl.get("/api/v1/reconcile")
            #expect(asked.status == 405)
            #expect(asked.headers["allow"] == "POST")
        }
    }

    @Test func readsAStreamOfABody() async throws {
        let stream = Tokenmeter.repository.appending(
            path: "Tests/Fixtures/streams/anthropic-messages.sse"
        ).path()
        let words = ["inspect", stream, "--events", "--format", "json"]
        var here = try await sandbox.run(words).json()
        here["file"] = "body"
        try await serving { curl in
            let body = ["-H", "Content-Type: text/event-stream", "--data-binary", "@\(stream)"]
            let told = try await curl.send(["/api/v1/inspect?events=true"] + body)
            #expect(told.status == 200)
            #expect(
                try canonical(Data(told.body.utf8))
                    == canonical(JSONSerialization.data(withJSONObject: here)))
            let cut = try await curl.send(
                ["/api/v1/inspect?cut=true"] + body.dropLast() + ["data: {"])
            #expect(try JSON.object(cut.body).string("known") == "unknown")
        }
    }

    /// The same bytes whatever the indentation.
    private func canonical(_ json: Data) throws -> String {
        let value = try JSONSerialization.jsonObject(with: json)
        return String(
            decoding: try JSONSerialization.data(withJSONObject: value, options: .sortedKeys),
            as: UTF8.self)
    }

    /// One code path: a path of the API and the words of the command.
    private static let questions = [
        (
            "usage?month=2026-10&timezone=UTC&group_by=model,day",
            "usage --month 2026-10 --timezone UTC --group-by model,day"
        ),
        (
            "usage?since=2026-10-01&until=2026-10-04&where=project%3Dweb&where=model%3Dgpt-*&group_by=project&group_by=user&sort=requests&limit=1",
            "usage --since 2026-10-01 --until 2026-10-04 --where project=web --where model=gpt-* --group-by project --group-by user --sort requests --limit 1"
        ),
        (
            "usage?last=7d&at=2026-10-05T00:00:00Z&currency=CNY&fx=USD/CNY%3D7.3",
            "usage --last 7d --at 2026-10-05T00:00:00Z --currency CNY --fx USD/CNY=7.3"
        ),
        (
            "usage?month=2026-10&where=tag:env%3Dprod&timezone=Asia/Shanghai",
            "usage --month 2026-10 --where tag:env=prod --timezone Asia/Shanghai"
        ),
        (
            "whatif?swap=gpt-4.1%3Dgpt-4.1-mini&month=2026-10&timezone=UTC",
            "whatif --swap gpt-4.1=gpt-4.1-mini --month 2026-10 --timezone UTC"
        ),
        ("ledger/status", "ledger status"),
        (
            "rates/diff?from=2025-09-01&to=2025-10-01&model=deepseek-v3&timezone=UTC",
            "rates diff --from 2025-09-01 --to 2025-10-01 --model deepseek-v3 --timezone UTC"
        ),
    ]

    @Test func answersAsTheCommandLineDoes() async throws {
        try await fill()
        try await serving { curl in
            for (path, command) in Self.questions {
                let reply = try await curl.get("/api/v1/\(path)")
                #expect(reply.status == 200, "\(path): \(reply.body)")
                #expect(reply.headers["content-type"]?.hasPrefix("application/json") == true)
                let output = try await sandbox.run(
                    command.split(separator: " ").map(String.init) + ["--format", "json"],
                    in: sandbox.folder)
                // A change of rates is told by the exit code too.
                let code: Int32 = command.hasPrefix("rates diff") ? 2 : 0
                #expect(output.exit == code, "\(command): \(output.errors)")
                #expect(try canonical(Data(reply.body.utf8)) == canonical(output.stdout))
            }
            let web = try await curl.get("/api/v1/usage?month=2026-10&where=project%3Dweb")
            let document = try JSON.object(web.body)
            #expect(document.integer("requests") == 2)
            #expect(try document.objects("total")[0]["amount"] as? String == "4.00")
        }
    }

    @Test func answersOfAnEmptyLedger() async throws {
        try await serving { curl in
            let usage = try await curl.get("/api/v1/usage")
            #expect(usage.status == 200)
            #expect(try JSON.object(usage.body).integer("requests") == 0)
            let status = try await curl.get("/api/v1/ledger/status")
            #expect(status.status == 200)
            #expect(try JSON.object(status.body).integer("events") == 0)
            #expect(try JSON.object(status.body).isNull("newest"))
        }
    }

    /// What comes in while it runs counts in the next answer.
    @Test func seesWhatComesIn() async throws {
        try await serving { curl in
            let before = try await curl.get("/api/v1/usage?month=2026-10")
            #expect(try JSON.object(before.body).integer("requests") == 0)
            try await fill()
            let after = try await curl.get("/api/v1/usage?month=2026-10")
            #expect(try JSON.object(after.body).integer("requests") == 4)
        }
    }

    /// Rates that are added while it runs price events anew, as they do on the command line.
    @Test func repricesByRatesThatWereAddedMeanwhile() async throws {
        try await fill()
        let path =
            "/api/v1/whatif?swap=gpt-4.1%3Dgpt-4.1&channel=ours&month=2026-10&timezone=UTC"
        try await serving { curl in
            let before = try await curl.get(path)
            #expect(before.status == 422, "\(before.body)")
            #expect(before.body.contains(#"no channel \"ours\""#), "\(before.body)")
            try sandbox.write(
                """
                channel: ours
                currency: USD
                source: made up
                checked: 2026-11-29
                lines:
                  - {model: gpt-4.1, valid_from: 2026-01-01, claim: seller, rates: {input: 7.00}}
                """, to: "ours.yml")
            let added = try await sandbox.run(["rates", "add", "ours.yml"], in: sandbox.folder)
            #expect(added.exit == 0, "\(added.errors)")
            let after = try await curl.get(path)
            #expect(after.status == 200, "\(after.body)")
            // Three requests of a million tokens each.
            #expect(after.body.contains(#""21.00""#), "\(after.body)")
        }
    }

    @Test func refusesWithAProblemDocument() async throws {
        try await serving { curl in
            for (path, field) in [
                ("usage?month=october", "month"), ("usage?grup_by=model", "grup_by"),
                ("usage?group_by=colour", "group_by"), ("usage?where=colour%3Dred", "where"),
                ("usage?since=2026-10-02&until=2026-10-01", "since"),
                ("usage?month=2026-10&month=2026-11", "month"), ("usage?limit=-1", "limit"),
                ("usage?where=%FF", "where"), ("ledger/status?month=2026-10", "month"),
            ] {
                let reply = try await curl.get("/api/v1/\(path)")
                try Self.expectProblem(reply, 400, "invalid_question", "\(path)")
                #expect(try JSON.object(reply.body).string("field") == field, "\(path)")
            }
            let none = try await curl.get("/api/v1/events")
            try Self.expectProblem(none, 405, "method_not_allowed", "GET")
            #expect(none.headers["allow"] == "POST")
            let form = try await curl.post(
                "/api/v1/usage", "{}", headers: ["Content-Type: text/plain"])
            try Self.expectProblem(form, 415, "unsupported_media_type", "text/plain")
            let page = try await curl.send([
                "/api/v1/usage", "-H", "Origin: http://evil.example",
            ])
            try Self.expectProblem(page, 403, "forbidden_origin", "Origin")
        }
    }

    /// Rates of a folder never meet the ledger, and prices are answered all the same.
    @Test func saysThatThereIsNoLedgerBesideRatesOfAFolder() async throws {
        try await serving(Tokenmeter.fixtureRates) { curl in
            let usage = try await curl.get("/api/v1/usage")
            try Self.expectProblem(usage, 503, "no_ledger", "usage")
            #expect(usage.body.contains("--pricing-data"))
            #expect(try await curl.get("/api/v1/rates").status == 200)
        }
    }

    @Test func saysThatTheLedgerCannotBeRead() async throws {
        try await serving { curl in
            #expect(try await curl.get("/api/v1/usage").status == 200)
            for more in ["", "-wal", "-shm"] {
                try? FileManager.default.removeItem(atPath: sandbox.database.path() + more)
            }
            try Data("this is a text, and no database at all".utf8).write(to: sandbox.database)
            for route in ["usage", "ledger/status"] {
                let reply = try await curl.get("/api/v1/\(route)")
                try Self.expectProblem(reply, 503, "no_ledger", route)
            }
            #expect(try await curl.get("/api/v1/rates?model=gpt-4.1").status == 200)
        }
    }

    private static func expectProblem(
        _ reply: Curl.Reply, _ status: Int, _ code: String, _ what: String
    ) throws {
        #expect(reply.status == status, "\(what): \(reply.body)")
        #expect(reply.headers["content-type"] == "application/problem+json", "\(what)")
        let problem = try JSON.object(reply.body)
        #expect(problem.string("type") == "urn:tokenmeter:problem:\(code)", "\(what)")
        #expect(problem.string("detail")?.isEmpty == false, "\(what)")
    }
}
