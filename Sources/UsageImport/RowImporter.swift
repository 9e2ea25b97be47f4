import Accounting
import JSONBytes
import Pricing

/// A source whose rows stand alone: an object of JSON or a record of a table each.
package protocol RowSource: Sendable {
    static var name: String { get }

    /// What the header of a table has at least.
    static var columns: [String] { get }

    /// Adds what a row says. Throws `EventProblem` for a row that is none of the source's.
    static func read(_ row: SourceRow, into found: inout Findings) throws
}

/// Reads such a source from JSON documents, lines of JSON and CSV tables alike.
package struct RowImporter<Source>: UsageImporter where Source: RowSource {
    package static var name: String { Source.name }
    package static var framing: Framing { .rows }

    private var header: [String]?

    package init(_ options: ImportOptions = ImportOptions()) {}

    package mutating func beginFile() { header = nil }

    package mutating func read(
        _ piece: UnsafeBufferPointer<UInt8>, _ format: PieceFormat, into found: inout Findings
    ) throws {
        guard let row = try row(piece, format) else { return }
        try Source.read(row, into: &found)
    }

    private mutating func row(
        _ piece: UnsafeBufferPointer<UInt8>, _ format: PieceFormat
    ) throws -> SourceRow? {
        guard format == .record else { return try Self.object(piece) }
        guard let header else {
            let names = try Self.header(piece)
            if let missing = Source.columns.first(where: { !names.contains($0) }) {
                throw UnusableFile(
                    "neither JSON nor a table of \(Source.name): its first line has no column \(quoted(missing))"
                )
            }
            header = names
            return nil
        }
        let cells = try CSVRecord.fields(piece)
        if cells == [""] { return nil }
        guard cells.count == header.count else {
            throw EventProblem("\(cells.count) fields under a header of \(header.count)")
        }
        return SourceRow(header: header, cells: cells)
    }

    /// `nil` for an empty line.
    private static func object(_ piece: UnsafeBufferPointer<UInt8>) throws -> SourceRow? {
        do {
            var reader = JSONReader(piece)
            if reader.peek() == nil { return nil }
            let value = try reader.value(numbers: .decimal)
            try reader.expectEnd()
            guard case .object(let object) = value else { throw EventProblem("not a JSON object") }
            return SourceRow(object)
        } catch let error as JSONError {
            throw EventProblem(error.description)
        }
    }

    private static func header(_ piece: UnsafeBufferPointer<UInt8>) throws -> [String] {
        do {
            return try CSVRecord.fields(piece)
        } catch {
            throw UnusableFile("neither JSON nor a table: \(error)")
        }
    }
}
