import Accounting

/// A report as a Markdown table, with everything that came from a file or a person escaped.
enum MarkdownRenderer {
    static func render(_ report: Report) -> String {
        var lines = report.marker.map { ["<!-- \($0) -->"] } ?? []
        let rates = report.rates.isEmpty ? "" : " · " + escaped(report.rates)
        lines += ["**\(escaped(report.title))**\(rates)", ""]
        lines += table(report)
        if !report.notes.isEmpty || !report.warnings.isEmpty { lines.append("") }
        lines += report.notes.map { "- \(escaped($0))" }
        lines += report.warnings.map { "- **\(escaped($0))**" }
        for detail in report.details {
            lines += ["", "<details><summary>\(escaped(detail.title))</summary>", ""]
            lines += table(detail)
            if !detail.warnings.isEmpty { lines.append("") }
            lines += detail.warnings.map { "- **\(escaped($0))**" }
            lines += ["", "</details>"]
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func table(_ report: Report) -> [String] {
        var lines: [String] = []
        lines.append(row(report.columns.map { Report.Cell($0.title) }))
        lines.append(
            "|" + report.columns.map { $0.alignment == .right ? " ---: |" : " --- |" }.joined())
        return lines + (report.rows + report.footer).map(row)
    }

    private static func row(_ cells: [Report.Cell]) -> String {
        "|" + cells.map { " \(escaped($0.text)) |" }.joined()
    }

    private static func escaped(_ text: String) -> String {
        var result = ""
        for character in text.withoutControls {
            switch character {
            case "\\", "`", "*", "_", "[", "]", "<", ">", "|", "#", "~": result += "\\\(character)"
            case "&": result += "&amp;"
            case "@": result += "@\u{200B}"
            default: result.append(character)
            }
        }
        return result
    }
}
