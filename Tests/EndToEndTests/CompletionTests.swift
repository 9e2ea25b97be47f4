import Foundation
import Testing

/// What a shell and a person who asks for help get.
@Suite(.needsBinary) struct CompletionTests {
    private let sandbox: Sandbox

    init() throws { sandbox = try Sandbox() }

    @Test(arguments: ["bash", "zsh", "fish"]) func completesInAShell(shell: String) async throws {
        let output = try await sandbox.run(["--generate-completion-script", shell])
        #expect(output.exit == 0)
        #expect(output.errors == "")
        for word in ["tokenmeter", "forecast", "savings", "rates", "pricing-data"] {
            #expect(output.text.contains(word))
        }
        try sandbox.write(output.text, to: "completion")
        guard try await sandbox.has(shell) else { return }
        let check = try await sandbox.shell("\(shell) -n completion")
        #expect(check.exit == 0, "\(check.errors)")
    }

    static let commands = [
        "price", "forecast", "savings", "compare", "mix", "check", "rates", "serve", "usage",
        "whatif", "chat", "bench", "inspect", "keys create", "ledger import", "ledger reprice",
        "rates list",
        "rates show",
        "rates history", "rates diff", "rates validate", "rates add",
        "ledger top-up", "ledger grant", "ledger refund", "ledger adjust", "ledger tax",
        "ledger commitment", "ledger reverse", "ledger entries", "ledger balance", "ledger audit",
    ]

    @Test(arguments: commands) func showsAnExample(command: String) async throws {
        let words = command.split(separator: " ").map(String.init)
        let output = try await sandbox.run(words + ["--help"])
        #expect(output.exit == 0)
        #expect(output.text.contains("Example"))
        #expect(output.text.contains("tokenmeter \(command)"))
        for line in output.lines {
            #expect(line.unicodeScalars.count <= 80, "\(line)")
        }
        // Every option says what it does.
        let options = output.lines.filter { $0.hasPrefix("  --") }
        #expect(!options.isEmpty)
    }

    /// The example lines themselves work: they are the first thing that people try.
    @Test(
        arguments: commands.filter {
            ![
                "check", "rates", "serve", "rates validate", "rates add", "ledger reverse",
                "ledger audit", "usage", "whatif", "chat", "bench", "inspect", "keys create",
                "ledger import", "ledger reprice",
            ].contains($0)
        })
    func itsExamplesRun(command: String) async throws {
        let help = try await sandbox.run(
            command.split(separator: " ").map(String.init) + ["--help"]
        ).text
        let lines = help.replacing("\\\n", with: " ").split(separator: "\n").map {
            $0.trimmingCharacters(in: .whitespaces)
        }
        let examples = lines.filter {
            $0.hasPrefix("tokenmeter ") && $0.contains(" --") && !$0.contains("<")
        }
        #expect(!examples.isEmpty)
        for example in examples {
            let output = try await sandbox.shell(example)
            // A new user's ledger is empty: there is nothing to judge yet.
            let codes: [Int32] = example.contains("--from-ledger") ? [3] : [0, 2]
            #expect(codes.contains(output.exit), "\(example)\n\(output.errors)")
            #expect(!output.text.isEmpty)
        }
    }

    @Test func leadsToTheRightQuestion() async throws {
        let help = try await sandbox.run(["--help"])
        #expect(help.exit == 0)
        for command in ["price", "forecast", "savings", "compare", "mix", "check", "rates"] {
            #expect(help.text.contains("tokenmeter \(command)\n"))
        }
        let plain = try await sandbox.run([])
        #expect(plain.text == help.text)
    }

    @Test func saysItsVersion() async throws {
        let output = try await sandbox.run(["--version"])
        #expect(output.exit == 0)
        #expect(
            output.text.contains(
                /^tokenmeter [0-9]+\.[0-9]+\.[0-9]+, rates [0-9-]{10} [0-9a-f]{64}, SQLite 3\.[0-9.]+\n$/
            ))
        #expect(!FileManager.default.fileExists(atPath: sandbox.database.path()))
    }

    /// A mistyped command is answered with the one that was meant, as a mistyped flag is.
    @Test(
        arguments: [("foercast", "forecast"), ("rates lst", "list"), ("saving", "savings")])
    func suggestsTheCommandThatWasMeant(typed: String, meant: String) async throws {
        let output = try await sandbox.run(typed.split(separator: " ").map(String.init))
        #expect(output.exit == 64)
        #expect(output.text == "")
        #expect(output.errors.contains(meant), "\(output.errors)")
    }
}
