import Foundation
import Testing

/// The action and the job of Docs/ci, whose lines run here as they stand in their files, against a
/// made-up forge on loopback: Tests/Fixtures/ci/run.py.
@Suite(.needsTools("python3", "curl", "tar", "git", "bash")) struct CIExamplesTests {
    private let sandbox: Sandbox

    init() throws { sandbox = try Sandbox() }

    enum Forge: String, CaseIterable, Encodable { case github, gitlab }

    /// What is there before, and what is asked for; run.py says what each field is.
    struct Scenario: Encodable {
        let kind: Forge
        var codes: [Int32] = [0]
        var with: [String: String] = [:]
        var comments: [[String]] = []
        var base: [String: String] = [:]
        var head: [String: String] = [:]
        var links: [String: String] = [:]
        var viewer = "tokenmeter[bot]"
        var refuse = 0
        var corrupt = false
        var request = "7"
        var program: String?
    }

    struct Report: Decodable {
        struct Run: Decodable {
            let exit: Int32
            let log: String
            let outputs: [String: String]
            let arguments: [String]
        }

        let runs: [Run]
        let comments: [String]
        let calls: [String]
        let files: [String]
        let summary: String
    }

    private func report(_ scenario: Scenario) async throws -> Report {
        let fixtures = Tokenmeter.repository.appending(path: "Tests/Fixtures/ci")
        let output = try await sandbox.run(
            URL(filePath: "/usr/bin/env"),
            ["python3", "-B", "\(fixtures.path())/run.py", Tokenmeter.repository.path()]
                + [sandbox.folder.path()],
            stdin: try JSONEncoder().encode(scenario), in: sandbox.folder, timeout: .seconds(120))
        try #require(output.exit == 0, "\(output.errors)")
        return try JSONDecoder().decode(Report.self, from: output.stdout)
    }

    /// What the release's stand-in prints.
    private static func body(_ code: Int32, name: String = "default") -> String {
        "<!-- tokenmeter-check: \(name) -->\n| code |\n| --- |\n| \(code) |\n"
    }

    private static let marker = "<!-- tokenmeter-check: default -->"

    // MARK: The comment

    @Test(arguments: Forge.allCases)
    func writesOneCommentAndUpdatesItInPlace(forge: Forge) async throws {
        let others = ["good", "\(Self.marker)\nmine", "\(Self.marker)\na bot's"]
        let report = try await report(
            Scenario(
                kind: forge, codes: [0, 2],
                comments: [["ann", others[0]], ["bob", others[1]], ["other[bot]", others[2]]]))
        #expect(report.runs.map(\.exit) == [0, 2])
        #expect(report.comments == others + [Self.body(2)])
        #expect(report.runs.map { $0.log.contains("wrote comment 103\n") } == [true, false])
        #expect(report.runs[1].log.contains("updated comment 103\n"))
        // Ours stands on the second page.
        #expect(report.calls.filter { $0.hasSuffix("&page=2") }.count == 2)
        let writes = report.calls.filter { !$0.hasPrefix("GET ") && !$0.hasSuffix("/graphql") }
        let verbs = writes.map { $0.prefix { $0 != " " } }
        #expect(verbs == ["POST", forge == .github ? "PATCH" : "PUT"])
    }

    @Test(arguments: Forge.allCases)
    func keepsTheCommentsOfTwoChecksApart(forge: Forge) async throws {
        let name = forge == .github ? "comment-name" : "CHECK_COMMENT_NAME"
        let report = try await report(
            Scenario(
                kind: forge, codes: [3, 2], with: [name: "web_2.1"],
                comments: [["tokenmeter[bot]", "\(Self.marker)\nanother check's"]]))
        #expect(report.runs.map(\.exit) == [3, 2])
        #expect(
            report.comments
                == ["\(Self.marker)\nanother check's", Self.body(2, name: "web_2.1")])
    }

    /// GitHub takes 65,536 characters, and refuses all of what is longer.
    @Test func cutsALongCommentAtALineAndSaysSo() async throws {
        let program = #"""
            #!/bin/sh
            echo '<!-- tokenmeter-check: default -->'
            yes '| é a row of fifty characters, with its line ending' | head -n 2000
            """#
        let report = try await report(Scenario(kind: .github, program: program))
        let comment = try #require(report.comments.first, "\(report.runs[0].log)")
        #expect(comment.unicodeScalars.count <= 65_536)
        let lines = comment.split(separator: "\n")
        #expect(lines.count > 1_200)
        #expect(lines.last == "The rest is too long for a comment: the job has all of it.")
        let rows = Set(lines.dropFirst().dropLast())
        #expect(rows == ["| é a row of fifty characters, with its line ending"])
    }

    /// The token of some apps may not ask: then a bot's comment is taken, and a person's never.
    @Test func leavesPeopleAloneWhereTheTokenMayNotAskWhoItIs() async throws {
        let report = try await report(
            Scenario(
                kind: .github, codes: [0, 2], comments: [["bob", "\(Self.marker)\nmine"]],
                viewer: ""))
        #expect(report.comments == ["\(Self.marker)\nmine", Self.body(2)])
    }

    @Test(arguments: Forge.allCases)
    func aRefusedCommentIsAWarningAndNoExitCode(forge: Forge) async throws {
        let report = try await report(Scenario(kind: forge, codes: [0, 2, 3], refuse: 403))
        #expect(report.runs.map(\.exit) == [0, 2, 3])
        #expect(report.comments.isEmpty)
        for run in report.runs {
            let opening =
                forge == .github ? "::warning title=tokenmeter::" : "warning: "
            let line = try #require(run.log.split(separator: "\n").first { $0.contains("POST") })
            #expect(line.hasPrefix("\(opening)the comment was not written: POST http://"))
            #expect(line.contains(": 403 Forbidden; the "))
        }
    }

    @Test(arguments: Forge.allCases)
    func aForgeThatIsNotThereIsAWarningToo(forge: Forge) async throws {
        // Nobody is there: the address that stands for none.
        let unreachable = "http://127.0.0.1:9"
        var scenario = Scenario(kind: forge, codes: [2])
        if forge == .gitlab {
            scenario.with = ["CI_API_V4_URL": unreachable]
        } else {
            scenario.with = ["token": "another token"]
        }
        let run = try await report(scenario).runs[0]
        #expect(run.exit == 2)
        #expect(run.log.contains("the comment was not written: GET http://127.0.0.1:"))
    }

    @Test(arguments: Forge.allCases)
    func saysSoWhereThereIsNoRequest(forge: Forge) async throws {
        let report = try await report(Scenario(kind: forge, request: ""))
        #expect(report.runs[0].exit == 0)
        let word = forge == .github ? "comment: this is no pull" : "note: this is no merge"
        #expect(report.runs[0].log.contains("no \(word) request\n"))
        #expect(report.calls.count == 1)
    }

    @Test func writesNoCommentThatNobodyWants() async throws {
        let silent = try await report(
            Scenario(kind: .github, codes: [2], with: ["comment": "false"]))
        #expect(silent.runs[0].exit == 2)
        #expect(silent.calls.count == 1)
    }

    @Test func writesNoNoteWithoutAToken() async throws {
        let report = try await report(
            Scenario(kind: .gitlab, codes: [2], with: ["TOKENMETER_GITLAB_TOKEN": ""]))
        #expect(report.runs[0].exit == 2)
        #expect(report.runs[0].log.contains("no note: TOKENMETER_GITLAB_TOKEN is not set\n"))
        #expect(report.calls.count == 1)
    }

    // MARK: The check

    @Test(arguments: Forge.allCases)
    func everyExitCodeComesThrough(forge: Forge) async throws {
        let codes: [Int32] = [0, 1, 2, 3, 64]
        let report = try await report(Scenario(kind: forge, codes: codes))
        #expect(report.runs.map(\.exit) == codes)
        if forge == .github {
            #expect(report.runs.map { $0.outputs["exit-code"] } == codes.map(String.init))
            #expect(
                report.runs.map { $0.outputs["state"] }
                    == ["within", "failed", "over", "unknown", "misused"])
        }
        // The last one printed nothing, and the comment does not go on about the one before.
        #expect(
            report.comments == [
                "\(Self.marker)\n**tokenmeter check** gave no answer (exit code 64): its log says why.\n"
            ])
    }

    @Test(arguments: Forge.allCases)
    func passesWhatIsSetAndNothingElse(forge: Forge) async throws {
        let bare = try await report(
            Scenario(
                kind: forge,
                with: forge == .github
                    ? ["base-budgets": "", "plan": "", "base-plan": "", "allowed-increase": ""]
                    : [
                        "CHECK_BASE_BUDGETS": "", "CHECK_PLAN": "", "CHECK_BASE_PLAN": "",
                        "CHECK_ALLOWED_INCREASE": "",
                    ])
        ).runs[0].arguments
        let ending = forge == .github ? ["--annotations=github"] : []
        #expect(
            bare
                == ["check", "--format=markdown", "--budgets=budgets.yml"]
                + ["--comment-name=default"] + ending)
    }

    @Test(arguments: Forge.allCases)
    func passesEverythingThatIsSet(forge: Forge) async throws {
        let options = ["fail-on": "warn", "max-age": "24h", "database": "ledger.db"]
        var with = options.merging(["allow-empty": "true"]) { $1 }
        if forge == .gitlab {
            with = Dictionary(
                uniqueKeysWithValues: with.map {
                    ("CHECK_" + $0.uppercased().replacing("-", with: "_"), $1)
                })
        }
        let arguments = try await report(Scenario(kind: forge, with: with)).runs[0].arguments
        for (name, value) in options { #expect(arguments.contains("--\(name)=\(value)")) }
        for word in [
            "--budgets=budgets.yml", "--base-budgets=base-budgets.yml", "--plan=plan.yml",
            "--base-plan=base-plan.yml", "--allowed-increase=10%", "--allow-empty",
        ] {
            #expect(arguments.contains(word))
        }
    }

    @Test(arguments: Forge.allCases)
    func takesTheBaseFromTheTargetBranch(forge: Forge) async throws {
        let report = try await report(
            Scenario(
                kind: forge, base: ["plan.yml": "before\n"],
                head: ["plan.yml": "after\n", "budgets.yml": "new\n", "base-budgets.yml": "no\n"]))
        // What the request calls a base is none.
        #expect(report.files == ["README", "base-plan.yml", "budgets.yml", "plan.yml"])
        let base = sandbox.folder.appending(path: "workspace/base-plan.yml")
        #expect(try String(contentsOf: base, encoding: .utf8) == "before\n")
    }

    /// Else the base's plan would be written over the one that is checked.
    @Test(arguments: Forge.allCases)
    func aLinkInPlaceOfABaseIsNotFollowed(forge: Forge) async throws {
        let report = try await report(
            Scenario(
                kind: forge, base: ["plan.yml": "before\n"], head: ["plan.yml": "after\n"],
                links: ["base-plan.yml": "plan.yml", "base-budgets.yml": "plan.yml"]))
        #expect(report.files == ["README", "base-plan.yml", "plan.yml"])
        let plan = sandbox.folder.appending(path: "workspace/plan.yml")
        #expect(try String(contentsOf: plan, encoding: .utf8) == "after\n")
    }

    // MARK: What is not trusted

    @Test(arguments: Forge.allCases)
    func nothingOfAnotherReleaseRuns(forge: Forge) async throws {
        let report = try await report(Scenario(kind: forge, corrupt: true))
        #expect(report.runs[0].exit == 1)
        #expect(report.runs[0].arguments.isEmpty)
        #expect(report.calls.count == 1 && report.calls[0].hasPrefix("GET /releases/v0.1.0/"))
        let archive = sandbox.folder.appending(path: "tokenmeter-0.1.0")
        #expect(!FileManager.default.fileExists(atPath: archive.path()))
        if forge == .github {
            #expect(report.runs[0].log.contains("::error title=tokenmeter::http://127.0.0.1:"))
            #expect(report.runs[0].log.hasSuffix("; nothing of it was run\n"))
        }
    }

    @Test(arguments: Forge.allCases)
    func inputsAreWordsAndNeverCommands(forge: Forge) async throws {
        let hostile = #"a b'"$(touch x)`touch x`;touch x;${IFS}*.yml"#
        let with =
            forge == .github
            ? ["budgets": hostile, "plan": "--allow-empty", "max-age": "$(touch x)"]
            : [
                "CHECK_BUDGETS": hostile, "CHECK_PLAN": "--allow-empty",
                "CHECK_MAX_AGE": "$(touch x)",
            ]
        let report = try await report(Scenario(kind: forge, codes: [2], with: with))
        #expect(report.runs[0].exit == 2)
        #expect(report.files == ["README"])
        for word in ["--budgets=\(hostile)", "--plan=--allow-empty", "--max-age=$(touch x)"] {
            #expect(report.runs[0].arguments.contains(word))
        }
        #expect(!report.runs[0].arguments.contains("--allow-empty"))
    }

    struct Refused: Sendable, CustomTestStringConvertible {
        let input: String
        let value: String
        let exit: Int32
        let sentence: String
        var testDescription: String { "\(input): \(value)" }
    }

    @Test(arguments: [
        Refused(
            input: "version", value: "0.1.0/../$(touch x)", exit: 1,
            sentence: "version is a release's number such as 0.1.0"),
        Refused(
            input: "sha256", value: "0%\n::set-output", exit: 1,
            sentence: #"and not "0%25%0A::set-output""#),
        Refused(
            input: "base-url", value: "file:///etc", exit: 1,
            sentence: "cannot fetch file:///etc/v0.1.0/tokenmeter-0.1.0-"),
        Refused(
            input: "comment-name", value: "x --> <b>", exit: 64,
            sentence: "comment-name holds letters, digits, - _ and ."),
        Refused(input: "budgets", value: "", exit: 64, sentence: "budgets has to name a file"),
        Refused(
            input: "allow-empty", value: "yes", exit: 64,
            sentence: #"allow-empty is true or false, and not "yes""#),
    ])
    func refusesAnInputInOneSentence(refused: Refused) async throws {
        let report = try await report(
            Scenario(kind: .github, with: [refused.input: refused.value]))
        #expect(report.runs[0].exit == refused.exit)
        let lines = report.runs[0].log.split(separator: "\n")
        let line = try #require(lines.first { $0.hasPrefix("::error title=tokenmeter::") })
        #expect(line.contains(refused.sentence))
        #expect(report.runs[0].arguments.isEmpty)
        #expect(report.comments.isEmpty && report.files == ["README"])
    }

    // MARK: The program itself, and the page

    @Test(.needsBinary, arguments: Forge.allCases)
    func runsTheBuiltProgram(forge: Forge) async throws {
        let binary = try #require(Tokenmeter.binary)
        let examples = Tokenmeter.repository.appending(path: "Docs/examples")
        let plan = try String(contentsOf: examples.appending(path: "plan.yml"), encoding: .utf8)
        let limits = try String(
            contentsOf: examples.appending(path: "budgets.yml"), encoding: .utf8)
        let files = ["plan.yml": plan, "budgets.yml": limits]
        let report = try await report(
            Scenario(
                kind: forge, base: files, head: files,
                program: "#!/bin/sh\nexec '\(binary.path())' \"$@\"\n"))
        try #require(report.comments.count == 1, "\(report.runs[0].log)")
        #expect(report.runs[0].exit == 0, "\(report.runs[0].log)")
        #expect(report.comments[0].hasPrefix("\(Self.marker)\n"))
        #expect(report.comments[0].contains("support team"))
        if forge == .github { #expect(report.summary.contains("support team")) }
    }

    @Test func thePageShowsTheFilesThemselves() throws {
        func text(_ path: String) throws -> String {
            try String(contentsOf: Tokenmeter.repository.appending(path: path), encoding: .utf8)
        }
        let page = try text("Docs/ci.md")
        #expect(page.contains("```yaml\n" + (try text("Docs/ci/github/workflow.yml")) + "```\n"))
        #expect(page.contains("(ci/gitlab.yml)"))
    }
}

extension Trait where Self == ConditionTrait {
    /// Skips a suite where one of these programs is on no folder of the path.
    static func needsTools(_ names: String...) -> Self {
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        let missing = names.filter { name in
            !folders.contains { FileManager.default.isExecutableFile(atPath: "\($0)/\(name)") }
        }
        return .enabled(
            if: missing.isEmpty, "there is no \(missing.joined(separator: ", ")) on the path")
    }
}
