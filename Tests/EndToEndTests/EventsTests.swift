import Foundation
import Testing

/// Events that programs send, and what the service answers about the ledger.
@Suite(.needsBinary) struct EventsTests {
    private let sandbox: Sandbox

    init() throws { sandbox = try Sandbox() }

    private func serving(
        _ flags: [String] = [], _ body: (Curl) async throws -> Void
    ) async throws {
        await Turnstile.services.enter()
        let result: Result<Void, any Error>
        do {
            let service = try Service(sandbox, flags: flags)
            do {
                try await body(Curl(address: try await service.address(), sandbox: sandbox))
                result = .success(())
            } catch {
                result = .failure(error)
            }
            #expect(await service.stop() == 0)
        } catch {
            await Turnstile.services.leave()
            throw error
        }
        await Turnstile.services.leave()
        try result.get()
    }

    private static func event(_ id: String, _ day: Int = 1, input: Int = 1_000_000) -> String {
        let date = "2026-10-\(day < 10 ? "0" : "")\(day)"
        return
            #"{"id":"\#(id)","start":"\#(date)T10:00:00Z","channel":"openai","model":"gpt-4.1","usage":{"input":\#(input)}}"#
    }

    /// What a vendor says besides its counts is in the event, where the sender says nothing else.
    @Test func whatTheVendorTellsOfTheRequestIsKept() async throws {
        try await serving { curl in
            let usage =
                #"{"input_tokens":1000,"cache_read_input_tokens":0,"output_tokens":1000,"speed":"fast"}"#
            let event =
                #"{"id":"ID","start":"2026-11-20T10:00:00Z","channel":"anthropic","model":"claude-opus-4.8","vendor_usage":\#(usage)MORE}"#
            for (id, more) in [("a", ""), ("b", #","when":{"speed":"standard"}"#)] {
                let body = event.replacing("ID", with: id).replacing("MORE", with: more)
                #expect(try await curl.post("/api/v1/events", body).status == 200)
            }
            let output = try await sandbox.run(["ledger", "export", "--format", "ndjson"])
            let kept = try output.lines.map {
                try JSON.object($0)["when"] as? [String: String]
            }
            #expect(Set(kept) == [["speed": "fast"], ["speed": "standard"]])
        }
    }

    /// A service's first process has its rates from files, and later ones from the ledger.
    @Test func theFirstProcessAnswersAsLaterOnesDo() async throws {
        let path = "/api/v1/rates/show?model=gpt-4.1&at=2026-11-20"
        var replies: [[String]] = []
        for _ in 1...2 {
            try await serving { curl in
                let document = try JSON.object(try await curl.get(path).body)
                replies.append(try document.objects("channels").compactMap { $0.string("id") })
            }
        }
        #expect(replies[0] == replies[1])
        #expect(replies[0].count > 2)
    }

    private static let october = "since=2026-10-01&until=2026-11-01&timezone=UTC"
    private static let lines = ["Content-Type: application/x-ndjson"]

    @Test func keepsEachEventOnceAndAnswersForEach() async throws {
        try await serving { curl in
            let one = try await curl.post("/api/v1/events", Self.event("a"))
            #expect(one.status == 200, "\(one.body)")
            #expect(try JSON.object(one.body).object("counts").integer("new") == 1)
            let batch = "[\(Self.event("a")),\(Self.event("b")),\(Self.event("a", 2))]"
            let two = try JSON.object(try await curl.post("/api/v1/events", batch).body)
            #expect(
                try two.objects("rows").map { $0["outcome"] as? String }
                    == ["same", "new", "conflict"])
            let text = [
                Self.event("c"), "", #"{"id":"d","usage":{}}"#, "{",
                Self.event("e").replacing("input", with: "inputt"),
                Self.event("f"),
            ].joined(separator: "\n")
            let three = try JSON.object(
                try await curl.post("/api/v1/events", text, headers: Self.lines).body)
            #expect(
                try three.objects("rows").map { $0["outcome"] as? String }
                    == ["new", "refused", "refused", "refused", "new"])
            let fields = try three.objects("rows").map { $0["field"] as? String }
            #expect(fields == [nil, "start", nil, "usage", nil])
            let usage = try await curl.get("/api/v1/usage?\(Self.october)")
            #expect(try JSON.object(usage.body).integer("requests") == 4)
        }
        let verify = try await sandbox.run(["ledger", "verify"], in: sandbox.folder)
        #expect(verify.exit == 0)
    }

    /// A vendor's own object, of whichever API: 100 prompt tokens, 40 of them cached, 10 out.
    @Test(arguments: [
        #""vendor_usage":{"prompt_tokens":100,"completion_tokens":10,"prompt_tokens_details":{"cached_tokens":40}}"#,
        #""api":"openai-responses","vendor_usage":{"input_tokens":100,"output_tokens":10,"input_tokens_details":{"cached_tokens":40}}"#,
        #""api":"anthropic-messages","vendor_usage":{"input_tokens":60,"cache_read_input_tokens":40,"output_tokens":10}"#,
        #""api":"gemini","vendor_usage":{"promptTokenCount":100,"cachedContentTokenCount":40,"candidatesTokenCount":10}"#,
    ])
    func readsAVendorsOwnUsage(member: String) async throws {
        try await serving { curl in
            let start = #""start":"2026-10-01T10:00:00Z","channel":"openai","model":"gpt-4.1""#
            let reply = try await curl.post("/api/v1/events", #"{"id":"a",\#(start),\#(member)}"#)
            #expect(
                try JSON.object(reply.body).object("counts").integer("new") == 1, "\(reply.body)")
            let usage = try JSON.object(
                try await curl.get("/api/v1/usage?\(Self.october)&group_by=model").body)
            let counts = try usage.objects("rows")[0].object("usage")
            #expect(counts.integer("input") == 60)
            #expect(counts.integer("cached_input") == 40)
            #expect(counts.integer("output") == 10)
        }
    }

    @Test func refusesWhatIsNoBodyOfEvents() async throws {
        try await serving { curl in
            let form = ["Content-Type: application/x-www-form-urlencoded"]
            #expect(
                try await curl.post("/api/v1/events", Self.event("a"), headers: form).status == 415)
            #expect(
                try await curl.post(
                    "/api/v1/events", Self.event("a"), headers: ["Content-Type: text/plain"]
                ).status == 415)
            #expect(try await curl.post("/api/v1/events", "[]").status == 400)
            #expect(try await curl.post("/api/v1/events", "{").status == 400)
            let text = String(repeating: "{}\n", count: 10_001)
            try sandbox.write(text, to: "many.ndjson")
            let many = try await curl.send([
                "/api/v1/events", "-H", Self.lines[0], "--data-binary", "@many.ndjson",
            ])
            #expect(many.status == 413)
            #expect(many.body.contains("at most 10,000 events"))
            try sandbox.write(String(repeating: " ", count: (8 << 20) + 1), to: "large.json")
            let large = try await curl.send([
                "/api/v1/events", "-H", "Content-Type: application/json", "--data-binary",
                "@large.json",
            ])
            #expect(large.status == 413)
            #expect(large.body.contains("at most 8 MiB"))
            let unknown = try await curl.post(
                "/api/v1/events",
                #"{"id":"a","start":"2026-10-01T10:00:00Z","model":"m","api":"x","vendor_usage":{}}"#
            )
            let row = try JSON.object(unknown.body).objects("rows")[0]
            #expect(row["field"] as? String == "api")
        }
    }

    /// Bodies ask what queries ask.
    @Test func answersAPostAsAGet() async throws {
        try await serving { curl in
            _ = try await curl.post("/api/v1/events", "[\(Self.event("a")),\(Self.event("b", 2))]")
            let get = try await curl.get(
                "/api/v1/usage?\(Self.october)&group_by=day&where=model=gpt-*&where=channel=openai")
            let post = try await curl.post(
                "/api/v1/usage",
                #"{"since":"2026-10-01","until":"2026-11-01","timezone":"UTC","group_by":["day"],"where":["model=gpt-*","channel=openai"],"limit":null}"#
            )
            #expect(get.status == 200)
            #expect(post.body == get.body)
            let price = try await curl.post(
                "/api/v1/forecast", #"{"model":"gpt-4.1","output_tokens":1000000}"#)
            #expect(price.status == 200, "\(price.body)")
            let wrong = try await curl.post("/api/v1/usage", #"{"group_by":{"a":1}}"#)
            #expect(wrong.status == 400)
            #expect(try JSON.object(wrong.body)["field"] as? String == "group_by")
            let extra = try await curl.post("/api/v1/usage", #"{"grup_by":"day"}"#)
            #expect(try JSON.object(extra.body)["field"] as? String == "grup_by")
        }
    }

    /// Pages show one moment: what comes in between is in none, and moves no row.
    @Test(arguments: ["", "&where=tag:a%3Db", "&where=project%3Dweb"])
    func pagesShowOneMoment(filter: String) async throws {
        try await serving { curl in
            func event(_ id: String, _ day: Int, _ input: Int) -> String {
                #"{"id":"\#(id)","start":"2026-10-0\#(day)T10:00:00Z","channel":"openai","model":"gpt-4.1","project":"web","tags":{"a":"b"},"usage":{"input":\#(input)}}"#
            }
            let events = (1...5).map { event("e\($0)", $0, $0 * 1_000_000) }
            _ = try await curl.post("/api/v1/events", "[\(events.joined(separator: ","))]")
            let path = "/api/v1/usage?\(Self.october)&group_by=day&sort=cost&limit=2\(filter)"
            let all = try JSON.object(try await curl.get(path.replacing("&limit=2", with: "")).body)
            var rows: [String] = []
            var cursor: String?
            repeat {
                let page = try JSON.object(
                    try await curl.get(path + (cursor.map { "&cursor=\($0)" } ?? "")).body)
                rows += try page.objects("rows").map {
                    "\($0["day"] as? String ?? "") \($0.money("cost") ?? "")"
                }
                #expect(page.integer("requests") == 5)
                cursor = page["next_cursor"] as? String
                // The cheapest day becomes the dearest.
                _ = try await curl.post("/api/v1/events", event("late\(rows.count)", 1, 90_000_000))
            } while cursor != nil && rows.count < 9
            #expect(
                rows
                    == (try all.objects("rows").map {
                        "\($0["day"] as? String ?? "") \($0.money("cost") ?? "")"
                    }))
            #expect(try await curl.get(path.replacing("limit=2", with: "limit=0")).status == 400)
        }
    }

    @Test func pagesAndKnowsWhatItSaid() async throws {
        try await serving { curl in
            let events = (1...5).map { Self.event("\($0)", $0, input: $0 * 1_000) }
            _ = try await curl.post("/api/v1/events", "[\(events.joined(separator: ","))]")
            let path = "/api/v1/usage?\(Self.october)&group_by=day"
            var days: [String?] = []
            var cursor: String?
            var pages = 0
            repeat {
                let page = try JSON.object(
                    try await curl.get(path + "&limit=2" + (cursor.map { "&cursor=\($0)" } ?? ""))
                        .body)
                days += try page.objects("rows").map { $0["day"] as? String }
                cursor = page["next_cursor"] as? String
                pages += 1
            } while cursor != nil && pages < 9
            #expect(pages == 3)
            #expect(days == (1...5).map { "2026-10-0\($0)" })
            let first = try JSON.object(try await curl.get(path + "&limit=2").body)
            let next = try #require(first["next_cursor"] as? String)
            let other = try await curl.get(
                "/api/v1/usage?\(Self.october)&group_by=model&limit=2&cursor=\(next)")
            #expect(other.status == 400)
            #expect(other.body.contains("is of another question than this"))
            #expect(try await curl.get(path + "&cursor=x").status == 400)

            let known = try await curl.get(path)
            let tag = try #require(known.headers["etag"])
            let same = try await curl.send([path, "-H", "If-None-Match: \"x\", \(tag)"])
            #expect(same.status == 304)
            #expect(same.body.isEmpty)
            _ = try await curl.post("/api/v1/events", Self.event("6", 6))
            let changed = try await curl.send([path, "-H", "If-None-Match: \(tag)"])
            #expect(changed.status == 200)
        }
    }

    @Test func tellsWhereBudgetsStand() async throws {
        try sandbox.write(
            """
            budgets:
              - {name: web, on: actual, period: year, limit: 9USD, where: {model: gpt-*}}
              - {name: yuan, on: actual, period: year, limit: 100CNY, fx: {rate: USD/CNY=7, date: 2026-01-01, source: "a bank"}}
              - {name: rupees, on: actual, period: year, limit: 100INR}
              - {name: plan, limit: 9USD}
            """, to: "budgets.yml")
        let file = sandbox.folder.appending(path: "budgets.yml").path()
        try await serving(["--budgets", file]) { curl in
            _ = try await curl.post("/api/v1/events", "[\(Self.event("a")),\(Self.event("b", 2))]")
            let reply = try await curl.get("/api/v1/budgets?at=2026-10-20T12:00:00Z&timezone=UTC")
            let rows = try JSON.object(reply.body).objects("rows")
            #expect(rows.map { $0["budget"] as? String } == ["web", "yuan", "rupees"])
            func amount(_ row: Int, _ name: String) -> String? {
                (rows[row][name] as? [String: any Sendable])?["amount"] as? String
            }
            #expect(amount(0, "spent") == "4.00")
            #expect(amount(0, "reserved") == "0.00")
            #expect(amount(0, "remaining") == "5.00")
            #expect(amount(1, "spent") == "28.00")
            #expect(amount(1, "remaining") == "72.00")
            #expect(rows[2]["reason"] is String)
            #expect(rows[2].isNull("spent"))
            let none = try await curl.get("/api/v1/budgets?name=wob")
            #expect(none.status == 400)
            #expect(none.body.contains("nearest: web"))

            let metrics = try await curl.get("/metrics")
            #expect(metrics.headers["content-type"]?.hasPrefix("text/plain; version=0.0.4") == true)
            for line in [
                #"tokenmeter_events{known="reported"} 2"#,
                #"tokenmeter_units{channel="openai",model="gpt-4.1",meter="input"} 2000000"#,
                #"tokenmeter_cost{channel="openai",model="gpt-4.1",currency="USD"} 4.00"#,
                #"tokenmeter_budget_limit{budget="web",currency="USD"} 9.00"#,
            ] {
                #expect(metrics.body.contains(line + "\n"), "\(line)")
            }
        }
    }
}
