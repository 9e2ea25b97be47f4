import Accounting
import Pricing

/// Comma-separated values by RFC 4180 (<https://www.rfc-editor.org/rfc/rfc4180>, checked
/// 2026-11-22): a header, the rows, amounts as plain decimals with their currency in a column of
/// its own, no sums.
enum CSVRenderer {
    static func render(_ report: Report) -> String {
        let columns = report.columns.indices.map { index in
            let cells = report.rows.compactMap { index < $0.count ? $0[index] : nil }
            return Shape(
                key: report.columns[index].key,
                hasCurrency: cells.contains { $0.currency != nil },
                isRange: cells.contains { $0.plainHigh != nil })
        }
        let header = columns.flatMap(\.header)
        let rows = report.rows.map { row in zip(row, columns).flatMap { $1.fields(of: $0) } }
        return ([header] + rows).map { $0.map(field).joined(separator: ",") + "\r\n" }.joined()
    }

    /// A cell that a spreadsheet would run as a formula gets an apostrophe; plain decimals are left
    /// alone.
    private static func field(_ text: String) -> String {
        var text = text.withoutControls
        if let first = text.first, "=+-@\t\r".contains(first), DecimalText.parse(text) == nil {
            text = "'" + text
        }
        guard text.contains(where: { "\",\r\n".contains($0) || $0 == "\r\n" }) else { return text }
        return "\""
            + text.split(separator: "\"", omittingEmptySubsequences: false).joined(
                separator: "\"\"") + "\""
    }

    /// How many columns one column of a report becomes.
    private struct Shape {
        let key: String
        let hasCurrency: Bool
        let isRange: Bool

        var header: [String] {
            (isRange ? [key + "_low", key + "_high"] : [key])
                + (hasCurrency ? [key + "_currency"] : [])
        }

        func fields(of cell: Report.Cell) -> [String] {
            (isRange ? [cell.plain, cell.plainHigh ?? cell.plain] : [cell.plain])
                + (hasCurrency ? [cell.currency ?? ""] : [])
        }
    }
}
