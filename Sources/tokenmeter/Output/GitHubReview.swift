import Accounting
import Foundation

/// What GitHub shows of a check: remarks beside the lines of files, by workflow commands on stderr,
/// and the comment as the step's summary. Neither changes the exit code.
///
/// <https://docs.github.com/actions/reference/workflow-commands-for-github-actions>, checked 2026-11-23
enum GitHubReview {
    static func write(_ answer: Answer) {
        for annotation in answer.annotations { Terminal.note(command(annotation)) }
        let path = ProcessInfo.processInfo.environment["GITHUB_STEP_SUMMARY"] ?? ""
        guard !path.isEmpty else { return }
        let text = MarkdownRenderer.render(answer.report.forPeople)
        guard let file = fopen(path, "a") else {
            return Terminal.note("::warning::the step's summary cannot be written")
        }
        let isWritten = fputs(text, file) >= 0
        if fclose(file) != 0 || !isWritten {
            Terminal.note("::warning::the step's summary cannot be written")
        }
    }

    private static func command(_ annotation: Answer.Annotation) -> String {
        var properties: [String] = []
        if let file = annotation.file {
            properties.append("file=\(escaped(file, isProperty: true))")
        }
        if let line = annotation.line { properties.append("line=\(line)") }
        properties.append("title=\(escaped(annotation.title, isProperty: true))")
        return
            "::\(annotation.isError ? "error" : "warning") \(properties.joined(separator: ","))::\(escaped(annotation.message, isProperty: false))"
    }

    private static func escaped(_ text: String, isProperty: Bool) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "%": result += "%25"
            case "\r": result += "%0D"
            case "\n": result += "%0A"
            case ":" where isProperty: result += "%3A"
            case "," where isProperty: result += "%2C"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result.withoutControls
    }
}
