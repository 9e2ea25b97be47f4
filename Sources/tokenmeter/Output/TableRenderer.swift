import Accounting
import Pricing

/// A report for a person at a terminal.
struct TableRenderer {
    let width: Int
    let hasColour: Bool
    /// Whether amounts are drawn as well, with block characters.
    var hasBlocks = false

    func render(_ report: Report) throws -> String {
        var lines: [String] = [head(report)]
        let header = report.columns.map { Report.Cell($0.title) }
        let body = (report.showsHeader ? [header] : []) + report.rows + report.footer
        let widths = report.columns.indices.map { column in
            body.map { column < $0.count ? Self.displayWidth(clean($0[column].text)) : 0 }.max()
                ?? 0
        }
        let bars = hasBlocks ? bars(report, widths) : []
        for (index, row) in body.enumerated() {
            let isHeader = report.showsHeader && index == 0
            for text in folded(row, widths: widths, columns: report.columns, isHeader: isHeader) {
                lines.append(isHeader ? style(text, "2") : text)
            }
            let place = index - (report.showsHeader ? 1 : 0)
            if bars.indices.contains(place), !bars[place].isEmpty {
                lines[lines.count - 1] += "  " + style(bars[place], "36")
            }
        }
        if hasBlocks { lines += try report.trends().map(sparkline) }
        for note in report.notes { lines += wrapped("· ", note) }
        for warning in report.warnings { lines += wrapped("! ", warning).map { style($0, "33") } }
        for detail in report.details { lines += ["", String(try render(detail).dropLast())] }
        return lines.joined(separator: "\n") + "\n"
    }

    /// The title, and the rates at the right edge where both fit.
    private func head(_ report: Report) -> String {
        let title = clean(report.title)
        if report.rates.isEmpty { return style(title, "1") }
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

    // MARK: Blocks

    /// A narrower bar tells nothing, and a wider one no more.
    private static let barWidths = 4...20

    /// A bar for each row, behind the last column; none where there is no room for them.
    private func bars(_ report: Report, _ widths: [Int]) -> [String] {
        let columns = widths.filter { $0 > 0 }
        let room = width - columns.reduce(0, +) - 2 * columns.count
        guard report.rows.count > 1, room >= Self.barWidths.lowerBound,
            let place = report.columns.lastIndex(where: \.isMagnitude),
            place == report.columns.count - 1
        else { return [] }
        let amounts = report.rows.map { row -> (scale: String, amount: Int128)? in
            guard place < row.count, let amount = DecimalText.parse(row[place].plain) else {
                return nil
            }
            return (row[place].currency ?? "", amount)
        }
        var largest: [String: Int128] = [:]
        for case (let scale, let amount)? in amounts {
            largest[scale] = max(largest[scale] ?? 0, amount)
        }
        return amounts.map { amount in
            guard let (scale, amount) = amount else { return "" }
            return BlockGlyphs.bar(
                amount, of: largest[scale] ?? 0, width: min(room, Self.barWidths.upperBound))
        }
    }

    /// `by day  ▁▃▅█▂  at most $7.12 on 2026-11-04`, the words where there is room for them.
    private func sparkline(_ trend: Report.Trend) -> String {
        let line = trend.label + "  " + style(BlockGlyphs.sparkline(trend.values), "36")
        let peak = "  at most \(trend.peak)"
        let taken = Self.displayWidth(trend.label) + 2 + trend.values.count
        return taken + Self.displayWidth(peak) <= width ? line + peak : line
    }

    private func wrapped(_ mark: String, _ text: String) -> [String] {
        var lines: [String] = []
        var current = mark
        for word in Self.words(clean(text)) {
            let isFirst = current == mark || current == "  "
            if !isFirst, Self.displayWidth(current) + 1 + Self.displayWidth(word) > width {
                lines.append(current)
                current = "  "
            }
            current += (current == mark || current == "  " ? "" : " ") + word
        }
        return lines + [current]
    }

    /// What stays on one line: an amount is one word with its currency.
    private static func words(_ text: String) -> [String] {
        var words: [String] = []
        for word in text.split(separator: " ") {
            let letters = word.utf8.prefix { (0x41...0x5A).contains($0) }.count
            let isCurrency =
                letters == 3 && word.utf8.dropFirst(3).allSatisfy { ",;:)".utf8.contains($0) }
            if isCurrency, let last = words.last?.utf8.last, (0x30...0x39).contains(last) {
                words[words.count - 1] += " " + word
            } else {
                words.append(String(word))
            }
        }
        return words
    }

    private func style(_ text: String, _ code: String) -> String {
        hasColour && !text.isEmpty ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
    }

    private func clean(_ text: String) -> String { text.withoutControls }

    /// A line that is too wide, up to an ellipsis on the last column; colours take none.
    static func cut(_ line: String, to width: Int) -> String {
        var kept = ""
        var taken = 0
        var rest = line[...]
        while let character = rest.first {
            if character == "\u{1B}", let end = rest.firstIndex(of: "m") {
                kept += rest[...end]
                rest = rest[rest.index(after: end)...]
                continue
            }
            let columns = displayWidth(String(character))
            // The last column is for the ellipsis, unless this is the end.
            if taken + columns >= width, taken + displayWidth(withoutStyles(rest)) > width {
                return kept + "…" + (kept.contains("\u{1B}") ? "\u{1B}[0m" : "")
            }
            kept.append(character)
            taken += columns
            rest = rest.dropFirst()
        }
        return kept
    }

    private static func withoutStyles(_ text: Substring) -> String {
        text.split(separator: "\u{1B}", omittingEmptySubsequences: false).enumerated().map {
            $0.offset == 0 ? $0.element : $0.element.drop { $0 != "m" }.dropFirst()
        }.joined()
    }

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
        // Most texts hold none: outside ASCII these begin with C2, D8, E2 or EF in UTF-8.
        let isPlain = utf8.allSatisfy { byte in
            switch byte {
            case 0..<0x20, 0x7F, 0xC2, 0xD8, 0xE2, 0xEF: false
            default: true
            }
        }
        if isPlain { return self }
        return String(
            String.UnicodeScalarView(unicodeScalars.map { $0.isHidden ? "\u{FFFD}" : $0 }))
    }
}
