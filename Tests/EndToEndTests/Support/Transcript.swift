import Foundation
import Testing

/// A Markdown page whose `shell-session` blocks can be run: `$ command`, and below it what it prints.
///
/// A `yaml` block whose first line is `# name.yml` is a file that the commands of its section find.
struct Transcript: Sendable {
    /// Not `console`: those blocks `scripts/readme` runs in the repository, and these litter their folder.
    static let language = "shell-session"

    struct Command: Sendable {
        let text: String
        var output: String
        /// The exit code, where it was run.
        var exit: Int32 = 0

        /// Whether its own exit code is what an `echo $?` further down stands for.
        var isQuestion: Bool { text.contains("tokenmeter ") && !text.contains("> answer.txt") }
    }

    struct Block: Sendable, CustomTestStringConvertible {
        let heading: String
        /// Of the block's first command, counted from 1.
        let line: Int
        let files: [String: String]
        var commands: [Command]

        var testDescription: String { "\(heading), line \(line): \(commands.first?.text ?? "")" }
    }

    /// The page in pieces: its text, and between the pieces its blocks.
    let texts: [String]
    let blocks: [Block]

    init(_ page: String) {
        var texts: [String] = []
        var blocks: [Block] = []
        var text = ""
        var heading = ""
        var files: [String: String] = [:]
        var fence: String?
        var body: [String] = []
        let lines = page.split(separator: "\n", omittingEmptySubsequences: false)
        for (index, line) in lines.map(String.init).enumerated() {
            let isLast = index == lines.count - 1
            if fence == nil, line.hasPrefix("## ") {
                heading = String(line.dropFirst(3))
                files = [:]
            }
            if line.hasPrefix("```") {
                if let open = fence {
                    if open == Self.language {
                        texts.append(text)
                        text = ""
                        blocks.append(
                            Block(
                                heading: heading, line: index + 1 - body.count, files: files,
                                commands: Self.commands(body)))
                    } else if open == "yaml", let name = body.first, name.hasPrefix("# ") {
                        files[String(name.dropFirst(2))] = body.joined(separator: "\n") + "\n"
                    }
                    fence = nil
                } else {
                    fence = String(line.dropFirst(3))
                }
                body = []
                text += line + (isLast ? "" : "\n")
                continue
            }
            if fence != nil { body.append(line) }
            if fence != Self.language { text += line + (isLast ? "" : "\n") }
        }
        self.texts = texts + [text]
        self.blocks = blocks
    }

    private static func commands(_ lines: [String]) -> [Command] {
        var commands: [Command] = []
        for line in lines {
            if line.hasPrefix("$ ") {
                commands.append(Command(text: String(line.dropFirst(2)), output: ""))
            } else if !commands.isEmpty {
                commands[commands.count - 1].output += line + "\n"
            }
        }
        return commands
    }

    /// The page with other blocks in the places of its own.
    func page(with blocks: [Block]) -> String {
        var page = ""
        for (index, text) in texts.enumerated() {
            page += text
            guard index < blocks.count else { continue }
            page += blocks[index].commands.map { "$ \($0.text)\n\($0.output)" }.joined()
        }
        return page
    }
}

extension Sandbox {
    /// Runs a block in one shell and returns it with what really came out; `nil` where a program is
    /// missing here.
    func replay(_ block: Transcript.Block) async throws -> Transcript.Block? {
        for command in block.commands {
            for program in ["sqlite3", "/dev/full", "/proc/"] where command.text.contains(program) {
                guard try await canUse(program) else { return nil }
            }
        }
        for (name, text) in block.files { try write(text, to: name) }
        let mark = "[end of \(UUID().uuidString)]"
        let script = block.commands.map { command in
            // The shell's own `$?` is lost to the mark; what it was is kept beside it.
            let text = command.text == "echo $?" ? "echo \"$status\"" : "{ \(command.text)\n} 2>&1"
            let keep = command.text == "echo $?" ? "" : "status=$?; "
            return "\(text)\n\(keep)printf '\(mark)%s;' \"$status\""
        }
        let output = try await shell(script.joined(separator: "\n"))
        var pieces = output.text.split(separator: mark, omittingEmptySubsequences: false).map(
            String.init)
        var result = block
        for index in block.commands.indices {
            guard index + 1 < pieces.count, let end = pieces[index + 1].firstIndex(of: ";") else {
                result.commands[index].output = "(the shell ended early)\n"
                continue
            }
            result.commands[index].output = pieces[index]
            result.commands[index].exit = Int32(pieces[index + 1][..<end]) ?? -1
            pieces[index + 1].removeSubrange(...end)
        }
        return result
    }

    private func canUse(_ program: String) async throws -> Bool {
        if program.hasPrefix("/") { return FileManager.default.fileExists(atPath: program) }
        return try await has(program)
    }
}
