import Accounting
import JSONBytes
import Pricing

/// Any table with a header: what `ledger export --format csv` writes, or one whose columns a map
/// names.
package struct CSVEvents: UsageImporter {
    package static let name = "csv"
    package static let framing = Framing.table

    private enum Source {
        case column(Int)
        case text(String)
    }

    private let options: ImportOptions
    /// `nil` where the header itself says which field each column is.
    private let map: ColumnMap?
    /// What the header of the current file came to.
    private var sources: [(field: String, source: Source)]?
    private var columnCount = 0
    /// How often rows without an id came in the current file: equal rows are as many requests.
    private var occurrences: [EventID: Int] = [:]

    package init(_ options: ImportOptions = ImportOptions()) throws {
        self.options = options
        map = options.map.isEmpty ? nil : try ColumnMap(options.map)
    }

    package mutating func beginFile() {
        sources = nil
        occurrences = [:]
    }

    package mutating func read(
        _ piece: UnsafeBufferPointer<UInt8>, _ format: PieceFormat, into found: inout Findings
    ) throws {
        guard let sources else {
            self.sources = try bound(to: Self.header(piece))
            return
        }
        let cells = try CSVRecord.fields(piece)
        if cells == [""] { return }
        guard cells.count == columnCount else {
            throw EventProblem("\(cells.count) fields under a header of \(columnCount)")
        }
        var row = TableRow(options)
        for (field, source) in sources {
            switch source {
            case .column(let index): try row.take(CSVRecord.withoutGuard(cells[index]), as: field)
            case .text(let text): try row.take(text, as: field)
            }
        }
        if row.id == nil { row.id = nextID(row.content) }
        found.events.append(try row.event(source: Self.name))
    }

    /// The same for the same rows of a file, however often it is read.
    private mutating func nextID(_ content: String) -> String {
        let id = EventID(importedFrom: Self.name, id: content.utf8)
        let count = occurrences[id, default: 0]
        occurrences[id] = count + 1
        guard count > 0 else { return id.text }
        return EventID(importedFrom: Self.name, id: "\(content)\(count)".utf8).text
    }

    // MARK: Header

    private static func header(_ piece: UnsafeBufferPointer<UInt8>) throws(UnusableFile) -> [String]
    {
        do {
            return try CSVRecord.fields(piece)
        } catch {
            throw UnusableFile("its first line is no header of a table: \(error)")
        }
    }

    private mutating func bound(
        to header: [String]
    ) throws(UnusableFile) -> [(field: String, source: Source)] {
        columnCount = header.count
        var sources: [(field: String, source: Source)] = []
        for (field, source) in try fields(of: header) {
            switch source {
            case .text(let text): sources.append((field, .text(text)))
            case .column(let name):
                let places = header.indices.filter { header[$0] == name }
                guard let place = places.first else { throw Self.missing(name, in: header) }
                guard places.count == 1 else {
                    throw UnusableFile("\(places.count) of its columns are called \(quoted(name))")
                }
                sources.append((field, .column(place)))
            }
        }
        return sources
    }

    private func fields(
        of header: [String]
    ) throws(UnusableFile) -> [(field: String, source: ColumnMap.Source)] {
        if let map { return map.sources }
        return try Self.ownSources(header)
    }

    /// Each column is the field that it is called after.
    private static func ownSources(
        _ header: [String]
    ) throws(UnusableFile) -> [(field: String, source: ColumnMap.Source)] {
        let wayOut = "say what its columns are with --map FIELD=COLUMN,…"
        for name in header where !EventFieldName.isKnown(name) {
            throw UnusableFile(
                "unknown column \(quoted(name)); nearest: \(EventFieldName.nearest(name)); \(wayOut)"
            )
        }
        if let problem = EventFieldName.problem(with: Set(header)) {
            throw UnusableFile("of its columns \(problem); \(wayOut)")
        }
        return header.map { ($0, .column($0)) }
    }

    private static func missing(_ name: String, in header: [String]) -> UnusableFile {
        let nearest = NearestNames.find(name, among: header).map(quoted).joined(separator: ", ")
        return UnusableFile("its first line has no column \(quoted(name)); nearest: \(nearest)")
    }
}
