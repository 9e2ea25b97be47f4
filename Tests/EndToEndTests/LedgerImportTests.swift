import Foundation
import Testing

/// What other programs wrote down comes in once and whole, and what is wrong with it is told.
@Suite(.needsBinary) struct LedgerImportTests {
    private let sandbox: Sandbox

    init() throws { sandbox = try Sandbox() }

    private func tokenmeter(_ words: String...) async throws -> Output {
        try await sandbox.run(words, in: sandbox.folder)
    }

    /// One request of 1,000,000 input tokens to gpt-4.1.
    private static func line(_ id: String) -> String {
        #"{"id":"\#(id)","start":"2026-10-01T10:00:00Z","channel":"openai","model":"gpt-4.1","usage":{"input":1000000}}"#
    }

    private func imported(_ words: String...) async throws -> [String: any Sendable] {
        try await sandbox.run(
            ["ledger", "import"] + words + ["--format", "json"], in: sandbox.folder
        ).json()
    }

    private func problems(_ document: [String: any Sendable]) -> [String] {
        document["problems"] as? [String] ?? []
    }

    // MARK: Tables

    @Test func exportsATableThatIsReadBackWhole() async throws {
        let output = try await sandbox.shell(
            """
            tokenmeter demo --database one.db --at 2026-11-22T12:00:00Z > /dev/null
            tokenmeter ledger export --database one.db --format csv > one.csv
            tokenmeter ledger import one.csv --from csv --database two.db > /dev/null
            tokenmeter ledger export --database one.db | sort > one.ndjson
            tokenmeter ledger export --database two.db --format ndjson | sort > two.ndjson
            cmp one.ndjson two.ndjson && wc -l < two.ndjson
            tokenmeter ledger import one.csv --from csv --database two.db --format json
            """)
        #expect(output.exit == 0, "\(output.errors)")
        let count = try #require(Int(output.lines[0].filter(\.isNumber)))
        #expect(count > 5_000)
        let again = try JSON.object(output.lines.dropFirst().joined(separator: "\n"))
        #expect(again.integer("same") == count)
        #expect(again.integer("new") == 0)
    }

    @Test(arguments: ["json", "markdown"])
    func exportsNothingElse(format: String) async throws {
        let output = try await tokenmeter("ledger", "export", "--format", format)
        #expect(output.exit == 64)
        #expect(
            output.errors
                == "error: --format: events are exported as ndjson or csv, not as \(format)\n")
    }

    private static let bill = """
        Date,Model,Prompt Tokens,Cached,Completion Tokens,Cost,Team
        2026-10-01 00:30:00,gpt-4.1,1000,400,50,0.01,=search
        2026-10-01 00:30:00,gpt-4.1,1000,400,50,0.01,=search
        2026-10-01 00:30:00,gpt-4.1,100,400,50,0.01,x
        """
    private static let map =
        "time=Date,model=Model,prompt_tokens=Prompt Tokens,cached_input=Cached,output=Completion Tokens,vendor_cost=Cost,vendor_cost_currency:=USD,project=Team,channel:=openai"

    @Test func readsAnyTableByAMap() async throws {
        try sandbox.write(Self.bill, to: "bill.csv")
        let words = ["bill.csv", "--from", "csv", "--map", Self.map, "--timezone", "Asia/Shanghai"]
        let first = try await sandbox.run(
            ["ledger", "import"] + words + ["--format", "json"], in: sandbox.folder)
        #expect(first.exit == 0)
        #expect(try first.json().integer("new") == 2)
        #expect(
            problems(try first.json())
                == ["bill.csv:4: prompt_tokens: its parts (400) are more than it (100)"])
        let again = try await sandbox.run(
            ["ledger", "import"] + words + ["--format", "json"], in: sandbox.folder)
        #expect(try again.json().integer("same") == 2)
        // Half past midnight in Shanghai was still September in UTC.
        let usage = try await tokenmeter(
            "usage", "--month", "2026-09", "--timezone", "UTC", "--format", "json")
        #expect(try usage.json().integer("requests") == 2)
        // 2 · (600 · $2.00 + 400 · $0.50 + 50 · $8.00) per million.
        #expect(try usage.json().objects("total")[0]["amount"] as? String == "0.0036")
        let table = try await tokenmeter("ledger", "export", "--format", "csv")
        #expect(table.text.contains(",'=search,"))
        let strict = try await sandbox.run(
            ["ledger", "import"] + words + ["--strict"], in: sandbox.folder)
        #expect(strict.exit == 1)
        #expect(strict.errors.hasPrefix("error: cannot read bill.csv:4: prompt_tokens: "))
    }

    @Test(arguments: [
        (["--from", "csv", "--map", "tme=Date"], "--map: no field \"tme\"; nearest: time"),
        (["--from", "codex", "--map", "time=Date"], "--map: codex has columns of its own"),
        (["--from", "codx"], "--from: \"codx\" is no record known here; nearest: codex; known: "),
    ])
    func refusesWhatItCannotMean(words: [String], says: String) async throws {
        try sandbox.write(Self.bill, to: "bill.csv")
        let output = try await sandbox.run(
            ["ledger", "import", "bill.csv"] + words, in: sandbox.folder)
        #expect(output.exit == 64)
        #expect(output.errors.contains(says), "\(output.errors)")
        #expect(!FileManager.default.fileExists(atPath: sandbox.database.path()))
    }

    @Test func saysWhichColumnsATableLacks() async throws {
        try sandbox.write(Self.bill, to: "bill.csv")
        for (map, says) in [
            ([], "cannot read bill.csv: unknown column \"Date\"; nearest: page, tags, time; say"),
            (
                ["--map", "time=Dat,model=Model,input=Cached"],
                "cannot read bill.csv: its first line has no column \"Dat\"; nearest: \"Date\""
            ),
        ] {
            let output = try await sandbox.run(
                ["ledger", "import", "bill.csv", "--from", "csv", "--format", "json"] + map,
                in: sandbox.folder)
            #expect(output.exit == 1)
            #expect(try output.json().integer("failed_files") == 1)
            #expect(problems(try output.json()).first?.hasPrefix(says) == true)
        }
    }

    // MARK: Volumes

    /// 400,000 input tokens of five requests: none of them is known to be above a band.
    @Test func pricesAVolumeInTheBaseBand() async throws {
        func page(_ requests: Int) -> String {
            #"{"object":"page","data":[{"object":"bucket","start_time":1790812800,"end_time":1790899200,"results":[{"object":"organization.usage.completions.result","input_tokens":400000,"output_tokens":0,"num_model_requests":\#(requests),"project_id":"p\#(requests)","model":"gpt-5.5"}]}]}"#
        }
        try sandbox.write(page(5), to: "page.json")
        let document = try await imported("page.json", "--from", "openai-usage")
        #expect(document.integer("volumes") == 1)
        #expect(document.integer("unpriced") == 0)
        let usage = try await tokenmeter(
            "usage", "--month", "2026-10", "--timezone", "UTC", "--format", "json")
        #expect(try usage.json()["is_complete"] as? Bool == true)
        // 400,000 at $5.00 per million.
        #expect(try usage.json().objects("total")[0]["amount"] as? String == "2.00")
        // One request of that size is above 272,000: $10.00 per million.
        try sandbox.write(page(1), to: "page.json")
        #expect(try await imported("page.json", "--from", "openai-usage").integer("volumes") == 0)
        let both = try await tokenmeter(
            "usage", "--month", "2026-10", "--timezone", "UTC", "--format", "json")
        #expect(try both.json().objects("total")[0]["amount"] as? String == "6.00")
    }

    /// perplexity charges each request of sonar besides its tokens: a volume all of its requests.
    @Test func chargesTheRequestsOfAVolume() async throws {
        try sandbox.write(
            """
            start,channel,model,input,when.volume,tag.requests
            2026-10-01,perplexity,sonar,1000000,true,5
            2026-10-02,perplexity,sonar,1000000,,5
            """, to: "days.csv")
        #expect(try await imported("days.csv", "--from", "csv").integer("volumes") == 1)
        let usage = try await tokenmeter(
            "usage", "--month", "2026-10", "--timezone", "UTC", "--format", "json")
        #expect(try usage.json()["is_complete"] as? Bool == true)
        // 2 · 1,000,000 at $1.00 per million, and 5 + 1 at $12.00 per 1,000.
        #expect(try usage.json().objects("total")[0]["amount"] as? String == "2.072")
        #expect(try await tokenmeter("ledger", "verify").exit == 0)
    }

    // MARK: Files that are not whole

    @Test func goesOnBehindALineAboveTheLimit() async throws {
        _ = try await sandbox.shell(
            "head -c 70000000 /dev/zero | tr '\\0' x > long.ndjson; printf '\\n%s' '\(Self.line("a"))' >> long.ndjson"
        )
        let document = try await imported("long.ndjson", "--from", "tokenmeter")
        #expect(document.integer("new") == 1)
        #expect(document.integer("skipped") == 1)
        #expect(problems(document) == ["long.ndjson:1: a line of more than 64 MiB"])
    }

    @Test func goesOnBehindAFileThatIsGone() async throws {
        _ = try await sandbox.shell(
            """
            mkdir logs; ln -s nowhere logs/a.ndjson; : > logs/b.ndjson
            echo '\(Self.line("a"))' > logs/c.ndjson
            """)
        let output = try await tokenmeter(
            "ledger", "import", "logs", "--from", "tokenmeter", "--format", "json")
        #expect(output.exit == 1)
        let document = try output.json()
        #expect(document.integer("new") == 1)
        #expect(document.integer("files") == 3)
        #expect(document.integer("failed_files") == 1)
        #expect(problems(document) == ["cannot read logs/a.ndjson: No such file or directory"])
        let strict = try await tokenmeter(
            "ledger", "import", "logs", "--from", "tokenmeter", "--strict")
        #expect(strict.exit == 1)
        #expect(strict.errors == "error: cannot read logs/a.ndjson: No such file or directory\n")
        // Named, it was mistyped.
        let named = try await tokenmeter("ledger", "import", "nosuch", "--from", "tokenmeter")
        #expect(named.exit == 1)
        #expect(named.errors == "error: cannot read nosuch: no such file or folder\n")
    }

    /// What can be unpacked of a file that was cut off comes in, and the exit code says the rest.
    @Test func takesWhatIsLeftOfACutFile() async throws {
        let output = try await sandbox.shell(
            """
            seq 1000 | sed 's|.*|\(Self.line("a&"))|' > all.ndjson
            gzip -c all.ndjson | head -c 1500 > cut.ndjson.gz
            tokenmeter ledger import cut.ndjson.gz --from tokenmeter --format json
            """)
        #expect(output.exit == 1)
        let document = try output.json()
        #expect((1..<1_000).contains(document.integer("new") ?? 0))
        #expect(document.integer("failed_files") == 1)
        #expect(
            problems(document).last
                == "cannot read cut.ndjson.gz: it is damaged, or what unpacks it is missing")
        let whole = try await imported("all.ndjson", "--from", "tokenmeter")
        #expect(whole.integer("events") == 1_000)
        #expect(whole.integer("conflict") == 0)
    }

    /// On whichever way a file comes, a problem has its line.
    @Test func namesLinesOfWhatIsPackedAndOfStdin() async throws {
        try sandbox.write(
            [Self.line("a"), "x", Self.line("b"), "y"].joined(separator: "\n"), to: "e.ndjson")
        for command in [
            "gzip -k e.ndjson; tokenmeter ledger import e.ndjson.gz",
            "tokenmeter ledger import - < e.ndjson", "cat e.ndjson | tokenmeter ledger import -",
            "tokenmeter ledger import - < e.ndjson.gz",
            "cat e.ndjson.gz | tokenmeter ledger import -",
        ] {
            let output = try await sandbox.shell("\(command) --from tokenmeter --format json")
            let document = try output.json()
            #expect(document.integer("events") == 2, "\(command)")
            let name = command.contains("import -") ? "standard input" : "e.ndjson.gz"
            #expect(
                problems(document) == [
                    "\(name):2: expected a value at byte 1",
                    "\(name):4: expected a value at byte 1",
                ], "\(command)")
        }
    }

    @Test(arguments: [
        "tokenmeter", "claude-code", "codex", "openai-usage", "litellm", "openrouter", "csv",
    ])
    func survivesWhatIsNoLog(source: String) async throws {
        let output = try await sandbox.shell(
            """
            : > empty; head -c 300000 /dev/urandom > noise; printf '{"a":' > cut
            for file in empty noise cut; do
                tokenmeter ledger import $file --from \(source) --format ndjson > out 2>&1
                [ $? -le 1 ] || cat out
            done
            tokenmeter ledger import empty --from \(source)
            tokenmeter ledger status --format json
            """)
        #expect(output.text.contains("· no usage was found that \(source) writes"))
        let status = try JSON.object(
            output.text[try #require(output.text.firstIndex(of: "{"))...].description)
        #expect(status.integer("events") == 0)
    }
}
