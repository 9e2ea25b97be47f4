import Foundation
import Testing

/// Every command in every format, against the files of Tests/Snapshots. All rest on
/// Tests/Fixtures/pricing-data and a pinned time, so that they move only when tokenmeter does.
@Suite(.needsBinary) struct GoldenTests {
    private static let formats = ["table", "json", "ndjson", "csv", "markdown"]
    private static let at = "2026-11-22T12:00:00Z"
    private static let plans = "Tests/Fixtures/plans"

    private struct Question {
        let name: String
        let words: String
        var exit: Int32 = 0
        var formats = GoldenTests.formats
        var isAtPinned = true
        var takesFixtureRates = true
    }

    private static let questions = [
        Question(
            name: "price",
            words: "price --model acme-latest --prompt-tokens 1500 --cached-tokens 400"
                + " --cache-write-5m-tokens 100 --output-tokens 250 --meter web_search=3"),
        Question(
            name: "price-relay",
            words: "price --model acme-large --channel relay --output-tokens 1250000"
                + " --currency USD", formats: ["table", "json"]),
        Question(
            name: "price-unpriced",
            words:
                "price --model acme-large --channel relay --input-tokens 1000 --output-tokens 1000",
            exit: 3),
        Question(
            name: "price-fee",
            words: "price --model acme-small --channel fee --input-tokens 1000 --output-tokens 10"
                + " --reasoning-tokens 20", formats: ["table", "json"]),
        Question(
            name: "price-lines", words: "price \(plans)/usages.ndjson", exit: 3,
            formats: ["table", "ndjson"]),
        Question(
            name: "forecast",
            words: "forecast --model acme-large --requests-per-day 1000 --input-per-request 2000"
                + " --cached-share 60% --output-per-request 500 --batch-share 20% --max 150USD",
            exit: 2),
        Question(
            name: "forecast-months",
            words:
                "forecast --model acme-large --channel relay --output-tokens 10M --growth 5%/month"
                + " --months 3 --baseline retail --currency USD", formats: ["table", "json"]),
        Question(
            name: "forecast-hours",
            words: "forecast --model orient-chat --input-tokens 20M --output-tokens 10M",
            formats: ["table", "json"]),
        Question(name: "forecast-plan", words: "forecast --plan \(plans)/plan.yml --max 400USD"),
        Question(
            name: "savings", words: "savings --output-tokens 10M --channel relay --baseline retail"),
        Question(
            name: "savings-direct",
            words: "savings --output-tokens 10M --channel relay --baseline direct --fx USD/CNY=7.3",
            formats: ["table", "json"]),
        Question(
            name: "compare", words: "compare --input-tokens 10M --output-tokens 10M --currency USD"),
        Question(
            name: "compare-currencies",
            words: "compare --model acme-large --model orient-think --output-tokens 10M",
            formats: ["table"]),
        Question(
            name: "mix",
            words:
                "mix --share acme-small=70 --share acme-large=30 --output-tokens 10M --channel relay"
        ),
        Question(
            name: "mix-cheapest",
            words: "mix --cheapest --at-least acme-large=20% --output-tokens 10M --currency USD",
            formats: ["table", "json"]),
        Question(
            name: "check",
            words:
                "check --plan \(plans)/plan.yml --budgets \(plans)/budgets.yml --database /none/ledger.db",
            exit: 2),
        Question(
            name: "check-within",
            words:
                "check --plan \(plans)/plan.yml --budgets \(plans)/budgets-within.yml --fx USD/CNY=7.2",
            formats: ["table"]),
        Question(name: "rates-list", words: "rates list --channel acme --channel orient"),
        Question(name: "rates-show", words: "rates show acme-large --channel direct"),
        Question(name: "rates-history", words: "rates history acme-small"),
        Question(
            name: "rates-diff", words: "rates diff --from 2026-02-01 --to 2026-07-01", exit: 2,
            isAtPinned: false),
        Question(
            name: "rates-diff-none", words: "rates diff --from 2026-07-01 --to 2026-08-01",
            formats: ["table", "json"], isAtPinned: false),
        Question(
            name: "rates-match",
            words: "rates match acme-large acme-latest ACME-LARGE acme/acme-large"
                + " models/acme-small acme-larg", exit: 3),
        Question(
            name: "rates-import",
            words: "rates import Tests/Fixtures/catalogs/genai-prices.json --from genai-prices"
                + " --into Tests/Fixtures/pricing-data --date 2026-11-22 --dry-run",
            isAtPinned: false, takesFixtureRates: false),
        Question(name: "rates-validate", words: "rates validate", isAtPinned: false),
        Question(
            name: "rates-validate-faulty", words: "rates validate Tests/Fixtures/faulty-rates",
            exit: 1,
            isAtPinned: false, takesFixtureRates: false),
    ]

    static let all = questions.flatMap { question in
        question.formats.map { format in
            var arguments = question.words.split(separator: " ").map(String.init)
            if question.isAtPinned { arguments += ["--at", at] }
            if format != "table" { arguments += ["--format", format] }
            return Golden(
                name: "\(question.name).\(format)",
                arguments: arguments + (question.takesFixtureRates ? Tokenmeter.fixtureRates : []),
                exit: question.exit)
        }
    }

    /// What `rates add` prints; it reads beside the shipped tables, whose digest moves and is left
    /// out.
    static let adding = formats.map { format in
        Golden(
            name: "rates-add.\(format)",
            arguments: ["rates", "add", "Tests/Fixtures/plans/mine.yml"]
                + (format == "table" ? [] : ["--format", format]), exit: 0)
    }

    @Test(arguments: all) func answersAsItDid(golden: Golden) async throws {
        try golden.check(try await Sandbox().run(golden.arguments))
    }

    @Test(arguments: adding) func addsAsItDid(golden: Golden) async throws {
        let output = try await Sandbox().run(golden.arguments)
        let masked = output.text.replacing(/[0-9a-f]{64}/, with: "<digest>")
            .replacing(/digest [0-9a-f]{8}…/, with: "digest <digest>")
        try golden.check(
            Output(
                stdout: Data(masked.utf8), stderr: output.stderr, exit: output.exit,
                wasKilled: false))
    }

    @Test func keepsNoFileThatNobodyChecks() throws {
        let folder = Tokenmeter.repository.appending(path: "Tests/Snapshots").path()
        let found = try FileManager.default.contentsOfDirectory(atPath: folder).filter {
            $0.hasSuffix(".txt")
        }
        let known = Set((Self.all + Self.adding).map { "\($0.name).txt" })
        #expect(Set(found).subtracting(known).sorted() == [])
    }

    /// A terminal of 80 columns shows every row on one line; only what came in long from outside
    /// may be longer.
    @Test(
        arguments: (all + adding).filter {
            $0.name.hasSuffix(".table") && $0.name != "price-lines.table"
        })
    func fitsATerminal(golden: Golden) throws {
        let kept = try String(contentsOf: golden.file, encoding: .utf8)
        for line in kept.split(separator: "\n").dropFirst(2) where !line.contains("faulty") {
            #expect(
                line.unicodeScalars.count <= 80 || golden.name == "rates-validate-faulty.table",
                "\(line)")
        }
    }

    /// Every row of the table is there for programs too: the JSON's `rows`, the NDJSON's lines and
    /// the CSV's records agree.
    @Test(arguments: [
        "forecast-plan", "savings", "compare", "mix", "check", "rates-list", "rates-history",
    ])
    func formatsAgreeOnTheirRows(command: String) throws {
        func body(_ format: String) throws -> String {
            let golden = try #require(Self.all.first { $0.name == "\(command).\(format)" })
            let text = try String(contentsOf: golden.file, encoding: .utf8)
            return String(text.split(separator: "\n", maxSplits: 2).last ?? "")
        }
        let rows = try JSON.object(try body("json")).objects("rows")
        let lines = try body("ndjson").split(separator: "\n")
        let records = try body("csv").split(separator: "␍\n").dropFirst()
        #expect(!rows.isEmpty)
        #expect(lines.count == rows.count)
        #expect(records.count == rows.count)
        for (line, row) in zip(lines, rows) {
            #expect(try JSON.object(String(line)).keys.sorted() == row.keys.sorted())
        }
    }
}
