import Foundation
import Testing

/// `usage` where a person looks at it.
@Suite(.needsBinary) struct UsageOnTerminalsTests {
    private static let opening = "\u{1B}[?1049h\u{1B}[?25l"
    private static let closing = "\u{1B}[?25h\u{1B}[?1049l"
    private static let footer = "Ctrl-C ends"
    private let sandbox: Sandbox

    init() throws { sandbox = try Sandbox() }

    private static func event(
        _ id: String, at start: String, project: String, output: Int, channel: String = "openai"
    ) -> String {
        #"{"id":"\#(id)","start":"\#(start)","channel":"\#(channel)","model":"gpt-4.1","project":"\#(project)","usage":{"output":\#(output)}}"#
    }

    /// $16.00 of web, $4.00 of code, and ¥8.00 of shop, on three days.
    private func bringIn() async throws {
        let lines = [
            Self.event("a", at: "2026-10-01T10:00:00Z", project: "web", output: 2_000_000),
            Self.event("b", at: "2026-10-03T10:00:00Z", project: "code", output: 500_000),
            Self.event(
                "c", at: "2026-10-04T10:00:00Z", project: "shop", output: 1_000_000,
                channel: "holysheep"),
        ]
        try sandbox.write(lines.joined(separator: "\n") + "\n", to: "events.ndjson")
        let output = try await sandbox.run(
            ["ledger", "import", "events.ndjson", "--from", "tokenmeter"], in: sandbox.folder)
        #expect(output.exit == 0, "\(output.errors)")
    }

    private static let question = [
        "usage", "--since", "2026-10-01", "--until", "2026-10-06", "--timezone", "UTC",
        "--group-by", "project",
    ]

    // MARK: Bars

    @Test func drawsEachCurrencyOnItsOwnScale() async throws {
        try await bringIn()
        let terminal = PseudoTerminal(sandbox: sandbox)
        guard let ending = try await terminal.run(Self.question, []) else { return }
        #expect(ending.exit == 0)
        let lines = ending.lines
        // 80 columns, 45 of them taken, 2 between: 20 for the largest of each currency.
        let rows = lines.filter { $0.contains("█") && !$0.hasPrefix("by day") }
        #expect(rows.count == 3, "\(ending.text)")
        let bar = String(repeating: "█", count: 20)
        #expect(rows[0].hasPrefix("web ") && rows[0].hasSuffix("$16.00  \(bar)"))
        #expect(rows[1].hasPrefix("shop ") && rows[1].hasSuffix("¥8.00  \(bar)"))
        #expect(rows[2].hasPrefix("code ") && rows[2].hasSuffix("$4.00  █████"))
        #expect(lines.contains("by day CNY  ···█·  at most ¥8.00 on 2026-10-04"))
        #expect(lines.contains("by day USD  █·▂··  at most $16.00 on 2026-10-01"))
        #expect(lines.allSatisfy { $0.count <= 80 }, "\(lines)")
    }

    @Test func keepsBlocksAndColoursToThoseWhoWantThem() async throws {
        try await bringIn()
        func text(_ environment: [String: String], columns: Int = 80) async throws -> String? {
            var terminal = PseudoTerminal(sandbox: sandbox, columns: columns)
            terminal.environment = ["TERM": "xterm"].merging(environment) { _, new in new }
            return try await terminal.run(Self.question, [])?.text
        }
        guard let plain = try await text(["LC_ALL": "C.UTF-8", "NO_COLOR": "1"]) else { return }
        #expect(plain.contains("█"))
        #expect(!plain.contains("\u{1B}"))
        let colour = try #require(try await text(["LANG": "zh_CN.utf8"]))
        #expect(colour.contains("\u{1B}[36m█"))
        // The first that is set decides.
        for locale in [["LC_ALL": "C", "LANG": "C.UTF-8"], ["LANG": "en_US.ISO-8859-1"], [:]] {
            let text = try #require(try await text(locale))
            #expect(!text.contains("█"), "\(locale)")
            #expect(text.contains("$16.00"))
        }
        // No room for four characters behind the amounts.
        let narrow = try #require(try await text(["LC_ALL": "C.UTF-8"], columns: 50))
        #expect(!narrow.contains("$16.00  "), "\(narrow)")
        let piped = try await sandbox.run(
            Self.question, environment: ["LC_ALL": "C.UTF-8", "TERM": "xterm"])
        #expect(!piped.text.contains("█"))
        #expect(piped.text.contains("$16.00"))
    }

    // MARK: Live

    @Test func keepsTheTableUpToDate() async throws {
        try await bringIn()
        let line = Self.event(
            "d", at: "2026-10-05T10:00:00Z", project: "late", output: 4_000_000)
        let terminal = PseudoTerminal(sandbox: sandbox)
        let ending = try await terminal.run(
            Self.question + ["--live", "--every", "1s"],
            [
                .see(Self.opening), .see("$16.00"), .see("looks every 1 s; \(Self.footer)"),
                .run("printf '%s\\n' '\(line)' | tokenmeter ledger import - --from tokenmeter"),
                .see("late"), .see("$32.00"), .see(Self.footer), .type("\u{3}"),
            ])
        guard let ending else { return }
        #expect(ending.missing == nil, "\(ending.text)")
        #expect(ending.exit == 0)
        #expect(ending.text.hasSuffix(Self.closing))
        #expect(ending.echoes)
        // Two answers, two drawings: in between nothing was worth one.
        #expect(ending.text.components(separatedBy: "\u{1B}[H").count == 3, "\(ending.text)")
        #expect(!ending.text.contains("^C"))
    }

    @Test func takesTheWidthThatTheTerminalHas() async throws {
        try await bringIn()
        let terminal = PseudoTerminal(sandbox: sandbox)
        let ending = try await terminal.run(
            Self.question + ["--live", "--every", "60m"],
            [
                .see(Self.footer), .resize(columns: 60, lines: 6), .see("… "), .see(Self.footer),
                .type("\u{3}"),
            ])
        guard let ending else { return }
        #expect(ending.missing == nil, "\(ending.text)")
        #expect(ending.exit == 0)
        let last = try #require(ending.text.components(separatedBy: "\u{1B}[H").last)
        // The terminal makes two of each line feed's own carriage return.
        let lines = last.replacing(/\u{1B}\[[0-9;?]*[A-Za-z]/, with: "").split(separator: "\r\n")
            .map { $0.replacing("\r", with: "") }
        #expect(lines.count <= 6, "\(lines)")
        #expect(lines.allSatisfy { $0.count <= 60 }, "\(lines)")
    }

    /// An amount that is cut says so, and never reads as another.
    @Test func cutsWhatIsTooWide() async throws {
        try await bringIn()
        let terminal = PseudoTerminal(sandbox: sandbox, columns: 42)
        let ending = try await terminal.run(
            Self.question + ["--live", "--every", "60m"], [.see(Self.footer), .type("\u{3}")])
        guard let ending else { return }
        let row = try #require(ending.lines.first { $0.hasPrefix("web ") })
        #expect(row.replacing("\r", with: "") == "web             1      0       0     2.0M…")
    }

    @Test func stopsAndGoesOn() async throws {
        try await bringIn()
        let terminal = PseudoTerminal(sandbox: sandbox)
        let ending = try await terminal.run(
            Self.question + ["--live", "--every", "60m"],
            [
                .see(Self.footer), .type("\u{1A}"), .see(Self.closing), .goOn,
                .see(Self.opening), .see(Self.footer), .type("\u{3}"),
            ])
        guard let ending else { return }
        #expect(ending.missing == nil, "\(ending.text)")
        #expect(ending.exit == 0)
    }

    @Test(
        arguments: [
            (["--live"], "--live: draws on a terminal, and standard output is none; leave it out"),
            (["--live", "--format", "json"], "--live: draws a table; leave --format out"),
            (["--every", "5s"], "--every: is for --live alone"),
            (
                ["--live", "--every", "0s"],
                "--every: \"0s\" is not a span from 1s to 60m, such as 5s or 1m"
            ),
            (
                ["--live", "--every", "61m"],
                "--every: \"61m\" is not a span from 1s to 60m, such as 5s or 1m"
            ),
            (
                ["--live", "--every", "5"],
                "--every: \"5\" is not a span from 1s to 60m, such as 5s or 1m"
            ),
        ] as [([String], String)]) func refuses(_ words: [String], _ message: String) async throws
    {
        let output = try await sandbox.run(["usage"] + words)
        #expect(output.exit == 64)
        #expect(output.errors == "error: \(message)\n")
        #expect(output.text == "")
    }

    @Test func refusesATerminalThatCannotBeDrawnOn() async throws {
        var terminal = PseudoTerminal(sandbox: sandbox)
        terminal.environment = ["TERM": "dumb"]
        guard let ending = try await terminal.run(["usage", "--live"], []) else { return }
        #expect(ending.exit == 64)
        #expect(ending.text.hasPrefix("error: --live: a terminal whose TERM is dumb"))
    }

    /// What cannot be answered at all is told before the screen is taken.
    @Test func failsOnTheScreenThatWasThere() async throws {
        let terminal = PseudoTerminal(sandbox: sandbox)
        guard
            let ending = try await terminal.run(
                ["usage", "--live", "--group-by", "colour"], [])
        else { return }
        #expect(ending.exit == 64)
        #expect(!ending.text.contains(Self.opening))
        #expect(ending.text.hasPrefix("error: --group-by: cannot group by"))
    }
}
