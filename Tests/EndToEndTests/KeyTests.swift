import Foundation
import Testing

/// Keys of the service: who may ask what, and what it sees.
@Suite(.needsBinary) struct KeyTests {
    private let sandbox: Sandbox

    init() throws { sandbox = try Sandbox() }

    private func tokenmeter(_ words: String...) async throws -> Output {
        try await sandbox.run(words, in: sandbox.folder)
    }

    private func key(_ words: String...) async throws -> (text: String, id: String) {
        let output = try await sandbox.run(
            ["keys", "create"] + words + ["--format", "json"], in: sandbox.folder)
        #expect(output.exit == 0, "\(output.errors)")
        let document = try output.json()
        return (try #require(document["key"] as? String), try #require(document["id"] as? String))
    }

    private func serving(_ flags: [String], _ body: (Curl) async throws -> Void) async throws {
        await Turnstile.services.enter()
        let service: Service
        do {
            service = try Service(sandbox, flags: flags)
        } catch {
            await Turnstile.services.leave()
            throw error
        }
        let result: Result<Void, any Error>
        do {
            try await body(Curl(address: try await service.address(), sandbox: sandbox))
            result = .success(())
        } catch {
            result = .failure(error)
        }
        let code = await service.stop()
        await Turnstile.services.leave()
        try result.get()
        #expect(code == 0)
    }

    private static func event(_ id: String, project: String? = nil, more: String = "") -> String {
        let member = project.map { #","project":"\#($0)""# } ?? ""
        return
            #"{"id":"\#(id)","start":"2026-10-01T10:00:00Z","channel":"openai","model":"gpt-4.1","usage":{"input":1000000}\#(member)\#(more)}"#
    }

    private static let october = "since=2026-10-01&until=2026-11-01&timezone=UTC"

    @Test func aKeyIsShownOnceAndKeptAsAHash() async throws {
        let key = try await key("--name", "ci", "--project", "web", "--models", "gpt-*")
        #expect(key.text.wholeMatch(of: /tm_[0-9a-z]{10}_[0-9a-z]{52}/) != nil)
        let list = try await tokenmeter("keys", "list", "--format", "json")
        #expect(!list.text.contains(key.text))
        let row = try list.json().objects("rows")[0]
        #expect(row["id"] as? String == key.id)
        #expect(row["scopes"] as? [String] == ["relay", "read"])
        #expect(row["state"] as? String == "active")
        let secret = key.text.split(separator: "_")[2]
        let found = try await sandbox.shell(
            "cat '\(sandbox.database.path())'* | grep -c -a \(secret)")
        #expect(found.text == "0\n")
        #expect(try await tokenmeter("keys", "revoke", key.id).exit == 0)
        let again = try await tokenmeter("keys", "revoke", key.id)
        #expect(again.text.contains("was revoked already"))
        let none = try await tokenmeter("keys", "revoke", "0000000000")
        #expect(none.exit == 1)
        #expect(none.errors == "error: no key \"0000000000\"; keys list shows them\n")
    }

    @Test(arguments: [
        (["--scope", "write"], "no scope \"write\""), (["--expires", "2020-01-01"], "is past"),
        (["--project", "w*b"], "is a name, without * and ?"), (["--project", ""], "must be 1 to"),
        // Nothing would mean everything.
        (["--models", ","], "must be 1 to"), (["--scope", ","], "no scope \"\""),
        (["--models", "gpt-4.1\n*"], "has a character that cannot be seen"),
        (["--project", "web", "--scope", "admin"], "admin is for every project"),
    ])
    func refusesAKeyThatMeansNothing(words: [String], says: String) async throws {
        let output = try await sandbox.run(["keys", "create"] + words, in: sandbox.folder)
        #expect(output.exit == 64)
        #expect(output.errors.contains(says), "\(output.errors)")
    }

    @Test func anotherAddressWantsKeysFirst() async throws {
        let output = try await tokenmeter("serve", "--host", "0.0.0.0", "--port", "0")
        #expect(output.exit == 64)
        #expect(
            output.errors.contains(
                "\"0.0.0.0\" is not of this machine alone, and there is no key yet; make one with tokenmeter keys create"
            ))
    }

    @Test func letsInByKeyAlone() async throws {
        let read = try await key("--scope", "read")
        let ingest = try await key("--scope", "ingest")
        let ended = try await key()
        _ = try await tokenmeter("keys", "revoke", ended.id)
        try await serving(["--require-key"]) { curl in
            let path = "/api/v1/usage?\(Self.october)"
            func status(_ headers: String...) async throws -> Int {
                try await curl.send([path] + headers.flatMap { ["-H", $0] }).status
            }
            let none = try await curl.get(path)
            #expect(none.status == 401)
            #expect(none.headers["www-authenticate"] == "Bearer")
            #expect(none.body.contains("urn:tokenmeter:problem:key_required"))
            #expect(try await status("Authorization: Bearer \(read.text)") == 200)
            #expect(try await status("authorization: bearer \(read.text)") == 200)
            #expect(try await status("X-Api-Key: \(read.text)") == 200)
            #expect(try await status("x-goog-api-key: \(read.text)") == 200)
            #expect(try await curl.get(path + "&api_key=\(read.text)").status == 200)
            #expect(try await curl.get(path + "&key=\(read.text)").status == 200)
            #expect(try await status("Authorization: Bearer \(ended.text)") == 401)
            let last = read.text.last == "0" ? "1" : "0"
            #expect(try await status("X-Api-Key: \(read.text.dropLast())\(last)") == 401)
            #expect(try await status("X-Api-Key: tm_x") == 401)
            #expect(try await status("X-Api-Key: \(ingest.text)") == 403)
            #expect(
                try await status("X-Api-Key: \(ingest.text)", "Authorization: Bearer \(read.text)")
                    == 400)
            // Who may not ask is told, and who runs is told without a key.
            #expect(try await curl.get("/healthz").status == 200)
            #expect(try await curl.get("/readyz").status == 200)
            #expect(try await curl.get("/openapi.json").status == 200)
            #expect(try await curl.get("/metrics").status == 401)
            let refused = try await curl.send(
                [
                    "/api/v1/events", "-H", "X-Api-Key: \(read.text)", "-H",
                    "Content-Type: application/json",
                    "--data-binary", Self.event("a"),
                ])
            #expect(refused.status == 403)
            #expect(refused.body.contains("may read, and this wants ingest"))
        }
    }

    /// Two services may both count their requests from 1: ids of one project's key are its own, and
    /// what is one everywhere is not another's.
    @Test func aKeyOfAProjectChangesNoEventOfAnother() async throws {
        let keys = [
            try await key("--project", "a", "--scope", "ingest,read"),
            try await key("--project", "b", "--scope", "ingest,read"),
        ]
        try await serving([]) { curl in
            func send(
                _ key: Int, _ id: String, _ output: Int, _ more: String = ""
            ) async throws -> String {
                let event =
                    #"{\#(more)"id":"\#(id)","start":"2026-11-01T10:00:00Z","model":"gpt-4.1","usage":{"input":10,"output":\#(output)}}"#
                let reply = try await curl.send([
                    "/api/v1/events", "-H", "X-Api-Key: \(keys[key].text)", "-H",
                    "Content-Type: application/json", "--data-binary", event,
                ])
                return try JSON.object(reply.body).objects("rows")[0].string("outcome") ?? ""
            }
            #expect(try await send(0, "req-1", 500) == "new")
            #expect(try await send(1, "req-1", 501) == "new")
            #expect(try await send(0, "req-1", 500) == "same")
            let everywhere = "01a208df-0197-772d-996e-4eda64c9b9c3"
            #expect(try await send(0, everywhere, 1) == "new")
            #expect(try await send(1, everywhere, 2) == "refused")
            #expect(try await send(0, everywhere, 1) == "same")
            // What a client calls its source is no part of a project's name.
            #expect(try await send(0, "req-2", 500, #""source":"s","#) == "new")
            #expect(try await send(1, "req-2", 501, #""source":"s of project a","#) == "new")
            for key in keys {
                let usage = try await curl.send([
                    "/api/v1/usage?month=2026-11", "-H", "X-Api-Key: \(key.text)",
                ])
                let total = try JSON.object(usage.body).objects("rows")[0]
                #expect(total.integer("requests") == (key.text == keys[0].text ? 3 : 2))
            }
        }
    }

    @Test func aKeyOfAProjectSeesItsProjectAlone() async throws {
        let web = try await key("--project", "web", "--scope", "read,ingest")
        try await serving([]) { curl in
            let headers = ["-H", "X-Api-Key: \(web.text)"]
            let type = ["-H", "Content-Type: application/json"]
            _ = try await curl.post("/api/v1/events", Self.event("a", project: "app"))
            let sent = try await curl.send(
                ["/api/v1/events"] + headers + type + [
                    "--data-binary",
                    "[\(Self.event("b")),\(Self.event("c", project: "web")),\(Self.event("d", project: "app"))]",
                ])
            #expect(sent.status == 200)
            let rows = try JSON.object(sent.body).objects("rows")
            #expect(rows.map { $0["outcome"] as? String } == ["new", "new", "refused"])
            #expect(rows[2]["field"] as? String == "project")
            let own = try await curl.send(["/api/v1/usage?\(Self.october)"] + headers)
            #expect(try JSON.object(own.body).integer("requests") == 2)
            let other = try await curl.send(
                ["/api/v1/usage?\(Self.october)&where=project=app"] + headers)
            #expect(other.status == 403)
            let narrower = try await curl.send(
                ["/api/v1/usage?\(Self.october)&where=project=web&where=model=gpt-*"] + headers)
            #expect(try JSON.object(narrower.body).integer("requests") == 2)
            for path in ["ledger/status", "ledger/balance", "budgets", "ledger/conflicts"] {
                #expect(try await curl.send(["/api/v1/\(path)"] + headers).status == 403, "\(path)")
            }
            #expect(try await curl.send(["/metrics"] + headers).status == 403)
            // Without a key, on this machine, there is everything.
            let all = try await curl.get("/api/v1/usage?\(Self.october)")
            #expect(try JSON.object(all.body).integer("requests") == 3)
        }
    }
}
