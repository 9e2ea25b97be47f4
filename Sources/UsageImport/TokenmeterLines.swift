import Accounting
import JSONBytes

/// What `ledger export --format ndjson` writes.
package struct TokenmeterLines: UsageImporter {
    package static let name = "tokenmeter"
    package static let framing = Framing.lines(marked: nil)

    package init(_ options: ImportOptions = ImportOptions()) {}

    package mutating func read(
        _ line: UnsafeBufferPointer<UInt8>, _ format: PieceFormat, into found: inout Findings
    ) throws {
        do {
            var reader = JSONReader(line)
            if reader.peek() == nil { return }
            let value = try reader.value(numbers: .decimal)
            try reader.expectEnd()
            found.events.append(try RecordedEvent(value, source: Self.name))
        } catch let error as JSONError {
            throw EventProblem(error.description)
        }
    }
}
