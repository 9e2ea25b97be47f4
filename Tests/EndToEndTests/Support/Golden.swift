import Foundation
import Testing

/// An answer kept as a file: the command line, its exit code, and every byte that it printed.
///
/// `RECORD_SNAPSHOTS=1` writes the files and fails, so that a recording is never mistaken for a
/// passing run.
struct Golden: Sendable, CustomTestStringConvertible {
    /// `<command>.<format>`, the file's name without `.txt`.
    let name: String
    let arguments: [String]
    let exit: Int32

    var testDescription: String { name }

    var file: URL {
        Tokenmeter.repository.appending(path: "Tests/Snapshots/\(name).txt")
    }

    /// The file that this output makes. Carriage returns are shown, and so survive every editor.
    func text(of output: Output) -> String {
        var text =
            "$ tokenmeter \(arguments.map(Self.quoted).joined(separator: " "))\n[exit \(output.exit)]\n"
        if !output.stderr.isEmpty { text += "[stderr]\n\(output.errors)[stdout]\n" }
        return text + output.text.replacing("\r\n", with: "␍\n")
    }

    func check(_ output: Output) throws {
        #expect(output.exit == exit, "\(output.errors)")
        let text = text(of: output)
        if Tokenmeter.isRecording {
            try Data(text.utf8).write(to: file)
            Issue.record("recorded \(name).txt; look at it, then run without RECORD_SNAPSHOTS")
            return
        }
        let known = try? String(contentsOf: file, encoding: .utf8)
        let kept = try #require(known, "no \(name).txt; record it with RECORD_SNAPSHOTS=1")
        #expect(text == kept, "\(Self.firstDifference(text, kept))")
    }

    private static func firstDifference(_ text: String, _ kept: String) -> String {
        let now = text.split(separator: "\n", omittingEmptySubsequences: false)
        let then = kept.split(separator: "\n", omittingEmptySubsequences: false)
        for index in 0..<max(now.count, then.count) {
            let (new, old) = (
                index < now.count ? now[index] : "(end)", index < then.count ? then[index] : "(end)"
            )
            if new != old { return "line \(index + 1) was: \(old)\nand is now: \(new)" }
        }
        return "no difference by lines"
    }

    private static func quoted(_ word: String) -> String {
        word.contains { " *?[]'\"|&;<>()$\\".contains($0) } ? "'\(word)'" : word
    }
}
