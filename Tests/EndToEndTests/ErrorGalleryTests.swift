import Foundation
import Testing

/// Docs/errors.md as it is written: every command is run, and every byte of its answer compared.
@Suite(.needsBinary) struct ErrorGalleryTests {
    private static let file = Tokenmeter.repository.appending(path: "Docs/errors.md")
    private static let page = Transcript((try? String(contentsOf: file, encoding: .utf8)) ?? "")

    @Test(.enabled(if: !Tokenmeter.isRecording), arguments: page.blocks)
    func saysWhatThePageSays(block: Transcript.Block) async throws {
        guard let played = try await Sandbox().replay(block) else { return }
        for (now, then) in zip(played.commands, block.commands) {
            #expect(now.output == then.output, "$ \(now.text)")
        }
        // An `echo $?` stands for every question above it, up to the one before.
        var asked: [Transcript.Command] = []
        for command in played.commands {
            guard command.text == "echo $?" else {
                if command.isQuestion { asked.append(command) }
                continue
            }
            for question in asked {
                #expect("\(question.exit)\n" == command.output, "$ \(question.text)")
            }
            asked = []
        }
    }

    /// `RECORD_SNAPSHOTS=1` writes what the commands really print between the lines, and fails.
    @Test(.enabled(if: Tokenmeter.isRecording)) func recordsThePage() async throws {
        var blocks: [Transcript.Block] = []
        for block in Self.page.blocks { blocks.append(try await Sandbox().replay(block) ?? block) }
        try Data(Self.page.page(with: blocks).utf8).write(to: Self.file)
        Issue.record("recorded Docs/errors.md; look at it, then run without RECORD_SNAPSHOTS")
    }

    @Test func thePageIsThere() {
        #expect(Self.page.blocks.count >= 20)
        #expect(
            Self.page.page(with: Self.page.blocks)
                == (try? String(contentsOf: Self.file, encoding: .utf8)))
    }

    /// One sentence for each fault, in small letters, without a full stop, and nothing of the
    /// inside.
    @Test func eachMessageIsOneClearSentence() {
        // What the argument parser refuses comes with its usage, in its own words.
        let outputs = Self.page.blocks.flatMap(\.commands).map(\.output)
            .filter { !$0.contains("\nUsage: ") }.flatMap { $0.split(separator: "\n") }
        let messages = outputs.filter { $0.hasPrefix("error: ") }
        #expect(messages.count > 60)
        for message in messages {
            #expect(!message.hasSuffix("."), "\(message)")
            for word in ["Error Domain", "NSCocoa", "SQLITE_", "Optional(", "Swift.", "fatal"] {
                #expect(!message.contains(word), "\(message)")
            }
        }
    }
}
