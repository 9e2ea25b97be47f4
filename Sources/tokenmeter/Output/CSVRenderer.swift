import Accounting
import Pricing

/// Comma-separated values by RFC 4180 (<https://www.rfc-editor.org/rfc/rfc4180>, checked
/// 2026-11-22): a header, the rows, amounts as plain decimals with their currency in a column of
/// its own, no sums.
enum CSVRenderer {
    static func render(_ report: Report) -> String {
        let hasCurrency = report.columns.indices.map { column in
            report.rows.contains { column < $0.count && $0[column].currency != nil }
        }
        var header: [String] = []
        for (column, hasCurrency) in zip(report.columns, hasCurrency) {
            header.append(column.key)
            if hasCurrency { header.append(column.key + "_currency") }
        }
        let rows = report.rows.map { row in
            zip(row, hasCurrency).flatMap { cell, hasCurrency in
                hasCurrency ? [cell.plain, cell.currency ?? ""] : [cell.plain]
            }
        }
        return ([header] + rows).map { $0.map(field).joined(separator: ",") + "\r\n" }.joined()
    }

    /// A cell that a spreadsheet would run as a formula gets an apostrophe; plain decimals are left
    /// alone.
    private static func field(_ text: String) -> String {
        var text = text
        if let first = text.first, "=+-@\t\r".contains(first), DecimalText.parse(text) == nil {
            text = "'" + text
        }
        guard text.contains(where: { "\",\r\n".contains($0) || $0 == "\r\n" }) else { return text }
        return "\""
            + text.split(separator: "\"", omittingEmptySubsequences: false).joined(
                separator: "\"\"") + "\""
    }
}
