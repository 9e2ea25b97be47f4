import Foundation
import Testing

/// `rates import` as a person and as an enemy would use it: what it writes, what it leaves alone,
/// and that a bad catalog changes nothing.
@Suite(.needsBinary) struct ImportTests {
    private static let fixture = Tokenmeter.repository.appending(
        path: "Tests/Fixtures/catalogs/genai-prices.json")

    private func run(
        _ sandbox: Sandbox, _ catalog: String, _ more: [String] = []
    ) async throws -> Output {
        try await sandbox.run(
            ["rates", "import", catalog, "--from", "genai-prices", "--into", "tables"] + more,
            in: sandbox.folder)
    }

    private func files(_ sandbox: Sandbox) -> [String] {
        let folder = sandbox.folder.appending(path: "tables").path()
        return (FileManager.default.enumerator(atPath: folder)?.allObjects ?? [])
            .compactMap { $0 as? String }.filter { $0.hasSuffix(".json") }.sorted()
    }

    @Test func writesFilesThatPriceRight() async throws {
        let sandbox = try Sandbox()
        let first = try await run(
            sandbox, Self.fixture.path(), ["--date", "2026-11-22", "--format", "json"])
        #expect(first.exit == 0, "\(first.errors)")
        let folder = "imported/genai-prices"
        #expect(
            files(sandbox) == ["maker", "models", "reseller"].map { "\(folder)/\($0).json" })
        // 200,001 input tokens are above the band: 200,001 · 3 + 100 · 6 per million.
        let priced = try await sandbox.run(
            [
                "price", "--pricing-data", "tables", "--model", "maker-large", "--channel", "maker",
                "--input-tokens",
                "200001", "--output-tokens", "100", "--at", "2026-08-01", "--timezone", "UTC",
                "--format", "json",
            ], in: sandbox.folder)
        #expect(try priced.json().money("cost") == "0.600603 USD")
        // 1/12 per million: 12,000,000 cache writes are one dollar, exactly.
        let ratio = try await sandbox.run(
            [
                "price", "--pricing-data", "tables", "--model", "maker-large", "--channel",
                "reseller",
                "--cache-write-5m-tokens", "12M", "--format", "json",
            ], in: sandbox.folder)
        #expect(try ratio.json().money("cost") == "1.00 USD")
    }

    @Test func changesNothingTheSecondTime() async throws {
        let sandbox = try Sandbox()
        _ = try await run(sandbox, Self.fixture.path(), ["--date", "2026-11-22"])
        let again = try await run(
            sandbox, Self.fixture.path(), ["--date", "2026-12-24", "--format", "json"])
        let document = try again.json()
        #expect((document["files"] as? [Any])?.isEmpty == true)
        #expect(try document.objects("rows").isEmpty)
    }

    @Test func writesNothingInADryRun() async throws {
        let sandbox = try Sandbox()
        let output = try await run(sandbox, Self.fixture.path(), ["--dry-run"])
        #expect(output.exit == 0)
        #expect(files(sandbox).isEmpty)
    }

    @Test func datesAChangeAndHoldsBackALeap() async throws {
        let sandbox = try Sandbox()
        _ = try await run(sandbox, Self.fixture.path(), ["--date", "2026-11-22"])
        let text = try String(contentsOf: Self.fixture, encoding: .utf8)
        let later = sandbox.folder.appending(path: "later.json")
        try text.replacing(
            #""input_mtok": "0.27", "output_mtok": "1.1""#,
            with: #""input_mtok": "0.30", "output_mtok": "1.1""#
        )
        .replacing(#""output_mtok": "9""#, with: #""output_mtok": "90""#)
        .write(to: later, atomically: true, encoding: .utf8)
        let output = try await run(
            sandbox, later.path(), ["--date", "2026-12-01", "--format", "json"])
        let document = try output.json()
        #expect(document.integer("changed") == 1)
        #expect(document.integer("held_back") == 1)
        let night = [
            "price", "--pricing-data", "tables", "--model", "maker-night", "--channel", "maker",
            "--input-tokens", "1M", "--timezone", "UTC", "--format", "json", "--at",
        ]
        let before = try await sandbox.run(night + ["2026-11-30T12:00:00Z"], in: sandbox.folder)
        #expect(try before.json().money("cost") == "0.27 USD")
        let after = try await sandbox.run(night + ["2026-12-01T12:00:00Z"], in: sandbox.folder)
        #expect(try after.json().money("cost") == "0.30 USD")
        let held = try await sandbox.run(
            [
                "price", "--pricing-data", "tables", "--model", "maker-large", "--channel",
                "reseller",
                "--output-tokens", "1M", "--format", "json",
            ], in: sandbox.folder)
        #expect(try held.json().money("cost") == "9.00 USD")
    }

    struct Bad: Sendable, CustomTestStringConvertible {
        let name: String
        let text: String
        let says: String
        var testDescription: String { name }
    }

    private static let nested = String(repeating: "[", count: 100_000)
    private static let long = String(repeating: "9", count: 1_000_000)

    @Test(arguments: [
        Bad(name: "empty", text: "", says: "this is no genai-prices catalog"),
        Bad(name: "text", text: "hello", says: "this is no genai-prices catalog"),
        Bad(
            name: "truncated", text: #"{"providers": [{"id": "a", "models": [{"id": "#,
            says: "this is no genai-prices catalog"),
        Bad(name: "nested", text: nested, says: "more than 64 levels"),
        Bad(
            name: "long number", text: #"{"providers": [\#(long)]}"#,
            says: "a number of more than 64 characters"),
        Bad(name: "twice", text: #"{"providers": [], "providers": []}"#, says: "a key twice"),
        Bad(
            name: "NaN", text: #"{"providers": [{"id": "a", "models": [NaN]}]}"#,
            says: "expected a value"),
        Bad(name: "a list", text: "[]", says: "it has no \"providers\""),
        Bad(
            name: "wrong types", text: #"{"providers": [{"id": 1, "models": {}}]}"#,
            says: "providers[0] has no \"id\" or no \"models\""),
    ])
    func refusesABadCatalogAndWritesNothing(bad: Bad) async throws {
        let sandbox = try Sandbox()
        let file = sandbox.folder.appending(path: "bad.json")
        try bad.text.write(to: file, atomically: true, encoding: .utf8)
        let output = try await run(sandbox, file.path())
        #expect(output.exit == 1)
        let message = output.errors
        #expect(message.hasPrefix("error: "), "\(message.prefix(200))")
        #expect(message.contains(bad.says), "\(message.prefix(200))")
        #expect(message.utf8.count < 400, "more than a sentence")
        #expect(files(sandbox).isEmpty)
    }

    /// An id names a file: none may name one elsewhere.
    @Test(arguments: ["../../../outside", "/outside", "a/b", "models", ".hidden"])
    func writesNowhereElse(id: String) async throws {
        let sandbox = try Sandbox()
        let file = sandbox.folder.appending(path: "bad.json")
        let text = #"""
            {"providers": [{"id": "\#(id)", "name": "A", "models": [{"id": "m", "name": "M",
              "match": {"equals": "m"}, "prices": {"input_mtok": "1"}}]}]}
            """#
        try text.write(to: file, atomically: true, encoding: .utf8)
        let output = try await run(sandbox, file.path())
        #expect(output.exit == 1)
        #expect(output.errors.contains("is no id of a channel"), "\(output.errors)")
        #expect(files(sandbox).isEmpty)
    }

    @Test(arguments: [
        (["--accept", "maker/larg"], 1, "no \"maker/larg\" in this catalog; nearest: maker/"),
        (["--undated-from", "2026-11-23"], 64, "2026-11-23 is after the import, 2026-11-22"),
        (["--date", "tomorrow"], 64, "\"tomorrow\" is not a date such as 2026-10-01"),
    ])
    func refusesWhatWouldDoNothing(options: [String], exit: Int32, says: String) async throws {
        let sandbox = try Sandbox()
        let output = try await run(
            sandbox, Self.fixture.path(), ["--date", "2026-11-22"] + options)
        #expect(output.exit == exit)
        #expect(output.errors.contains(says), "\(output.errors)")
        #expect(files(sandbox).isEmpty)
    }

    @Test func refusesAnUnknownSource() async throws {
        let sandbox = try Sandbox()
        let output = try await sandbox.run([
            "rates", "import", Self.fixture.path(), "--from", "nobody", "--into", "tables",
        ])
        #expect(output.exit == 64)
        #expect(output.errors.contains("known: genai-prices, litellm"))
    }
}
