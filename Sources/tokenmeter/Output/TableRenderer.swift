import Accounting

/// A report for a person at a terminal.
struct TableRenderer {
    let width: Int
    let hasColour: Bool

    func render(_ report: Report) -> String {
        var lines: [String] = [head(report)]
        let header = report.columns.map { Report.Cell($0.title) }
        let body = (report.showsHeader ? [header] : []) + report.rows + report.footer
        let widths = report.columns.indices.map { column in
            body.map { column < $0.count ? Self.displayWidth(clean($0[column].text)) : 0 }.max()
                ?? 0
        }
        for (index, row) in body.enumerated() {
            let isHeader = report.showsHeader && index == 0
            for text in folded(row, widths: widths, columns: report.columns, isHeader: isHeader) {
                lines.append(isHeader ? style(text, "2") : text)
            }
        }
        for note in report.notes { lines += wrapped("· ", note) }
        for warning in report.warnings { lines += wrapped("! ", warning).map { style($0, "33") } }
        return lines.joined(separator: "\n") + "\n"
    }

    /// The title, and the rates at the right edge where both fit.
    private func head(_ report: Report) -> String {
        let title = clean(report.title)
        let gap = width - Self.displayWidth(title) - Self.displayWidth(report.rates)
        if gap >= 2 {
            return style(title, "1") + String(repeating: " ", count: gap) + style(report.rates, "2")
        }
        return style(title, "1") + "\n" + style(report.rates, "2")
    }

    /// The row as one line; where it is too wide, its last cell, if it is text, stands on a line of
    /// its own.
    private func folded(
        _ row: [Report.Cell], widths: [Int], columns: [Report.Column], isHeader: Bool
    ) -> [String] {
        let text = line(row, widths: widths, columns: columns)
        guard Self.displayWidth(text) > width, row.count == columns.count,
            columns.last?.alignment == .left, let last = row.last, !last.text.isEmpty
        else { return [text] }
        let head = line(Array(row.dropLast()), widths: widths, columns: columns)
        // The last column's title says nothing that its cells, each on a line of its own, do not.
        return isHeader ? [head] : [head, "    " + clean(last.text)]
    }

    private func line(_ row: [Report.Cell], widths: [Int], columns: [Report.Column]) -> String {
        var text = ""
        for (index, column) in columns.enumerated() where index < row.count {
            let cell = clean(row[index].text)
            let pad = String(repeating: " ", count: max(0, widths[index] - Self.displayWidth(cell)))
            if index > 0, widths[index] > 0 { text += "  " }
            text += column.alignment == .right ? pad + cell : cell + pad
        }
        let spaces = text.utf8.reversed().prefix { $0 == 0x20 }.count
        return spaces == 0 ? text : String(text.dropLast(spaces))
    }

    private func wrapped(_ mark: String, _ text: String) -> [String] {
        var lines: [String] = []
        var current = mark
        for word in clean(text).split(separator: " ") {
            let isFirst = current == mark || current == "  "
            if !isFirst, Self.displayWidth(current) + 1 + Self.displayWidth(String(word)) > width {
                lines.append(current)
                current = "  "
            }
            current += (current == mark || current == "  " ? "" : " ") + word
        }
        return lines + [current]
    }

    private func style(_ text: String, _ code: String) -> String {
        hasColour && !text.isEmpty ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
    }

    private func clean(_ text: String) -> String { text.withoutControls }

    /// Columns on the screen: two for the wide characters of East Asia, none for marks that join
    /// the one before.
    static func displayWidth(_ text: String) -> Int {
        if text.utf8.allSatisfy({ $0 < 0x80 }) { return text.utf8.count }
        return text.unicodeScalars.reduce(0) { width, scalar in
            switch scalar.value {
            case 0x300...0x36F, 0x200B...0x200F, 0xFE00...0xFE0F: width
            case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xAC00...0xD7A3,
                0xF900...0xFAFF,
                0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1FAFF,
                0x20000...0x3FFFD:
                width + 2
            default: width + 1
            }
        }
    }
}

extension String {
    /// Control characters of a file or a request never reach a terminal, in whatever format.
    var withoutControls: String {
        // Most texts hold none: the second half of them begins with C2 in UTF-8.
        if utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F && $0 != 0xC2 }) { return self }
        return String(
            String.UnicodeScalarView(
                unicodeScalars.map { scalar in
                    scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
                        ? "\u{FFFD}" : scalar
                }))
    }
}
