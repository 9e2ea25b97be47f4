import Accounting
import UsageImport

/// Reads texts as an import reads files.
struct Reading {
    var events: [UsageEvent] = []
    /// In words, as they came.
    var problems: [String] = []

    init(_ files: [String], with importer: some UsageImporter) throws {
        var importer = importer
        for file in files { try read(file, with: &importer) }
        try importer.finish { events.append($0) }
    }

    init(_ file: String, with importer: some UsageImporter) throws {
        try self.init([file], with: importer)
    }

    private mutating func read<Importer: UsageImporter>(
        _ file: String, with importer: inout Importer
    ) throws {
        try importer.beginFile()
        var found = Findings()
        let bytes = Array(file.utf8)
        try bytes.withUnsafeBytes { bytes in
            var finder = PieceFinder(Importer.framing)
            _ = try finder.pieces(in: bytes, isAtEnd: true) { piece, range in
                guard case .piece(let format) = piece else {
                    if case .broken(let problem) = piece { problems.append(problem) }
                    return
                }
                let piece = UnsafeRawBufferPointer(rebasing: bytes[range])
                found.removeAll()
                do {
                    try importer.read(piece.bindMemory(to: UInt8.self), format, into: &found)
                } catch let problem as EventProblem {
                    problems.append(problem.description)
                }
                events += found.events.map(\.event)
                problems += found.problems.map(\.description)
            }
        }
    }
}
