import Accounting
import ArgumentParser
import JSONBytes

/// How an answer is written.
enum OutputFormat: String, CaseIterable, ExpressibleByArgument {
    case table, json, ndjson, csv, markdown

    func render(_ answer: Answer, width: Int, hasColour: Bool, hasBlocks: Bool) throws -> [UInt8] {
        switch self {
        case .json: answer.document.prettyBytes + [UInt8(ascii: "\n")]
        case .ndjson: answer.rows.flatMap { $0.compactBytes + [UInt8(ascii: "\n")] }
        case .csv: Array(CSVRenderer.render(answer.report).utf8)
        case .markdown: Array(MarkdownRenderer.render(answer.report.forPeople).utf8)
        case .table:
            Array(
                try TableRenderer(width: width, hasColour: hasColour, hasBlocks: hasBlocks)
                    .render(answer.report.forPeople).utf8)
        }
    }
}
