import Accounting
import ArgumentParser
import JSONBytes
import Pricing
import UsageImport

struct LedgerImportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Bring in what other programs wrote down about usage.",
        usage: "tokenmeter ledger import <file> ... --from <from> [<options>]",
        discussion: """
            Example:
              tokenmeter ledger import ~/.claude/projects --from claude-code
              tokenmeter ledger import ~/.codex/sessions --from codex
              tokenmeter ledger import bill.csv --from csv \\
                --map 'time=Date,model=Model,input=Tokens in,output=Tokens out'

            Files, folders, or - for stdin; gzip, Zstandard and xz are unpacked. What is
            there already stays once: importing again changes nothing. A row that cannot
            be read is told with file and line, and skipped; a file that cannot be read,
            or not to its end, makes the exit code 1.

            Records: tokenmeter (lines of ledger export), claude-code, codex, openai-usage
            (pages of the usage API), litellm (spend logs), openrouter (activity,
            generations), csv (any table; without --map, that of ledger export).
            """)

    @OptionGroup var global: GlobalOptions
    @Argument(help: "Files and folders; - for stdin.") var files: [String]
    @Option(help: "Whose record it is; see above.") var from: String
    @Option(
        help:
            "Columns of a table: FIELD=COLUMN, or FIELD:=TEXT for all rows; with commas, or repeated."
    )
    var map: [String] = []
    @Flag(help: "Stop at the first row that cannot be read.") var strict = false
    @Flag(help: "Only read, and say what would come in.") var dryRun = false

    func run() throws {
        let importer = try importer()
        let options = ImportOptions(
            map: map, zone: global.timezone ?? SystemTimeZones.current, zones: SystemTimeZones())
        var reader = try importer.init(options)
        let files = try ImportFiles(files)
        let context = try Composition.ledgerWithRates(global)
        var outcome = EventImport(
            context.pricing.book, into: context.ledger, account: context.account, isDryRun: dryRun)
        try read(files, with: &reader, importer.framing, into: &outcome)
        try global.finish(
            context.imported(outcome, files: files.files.count, from: from, isDryRun: dryRun))
    }

    private func read(
        _ files: ImportFiles, with reader: inout any UsageImporter, _ framing: Framing,
        into outcome: inout EventImport
    ) throws {
        var progress = ProgressBar(total: files.bytes)
        defer { progress.end() }
        var done: Int64 = 0
        var pieces = ImportedPieces()
        for file in files.files {
            do {
                try reader.beginFile()
                try read(file, with: &reader, framing, into: &outcome, &pieces) {
                    progress.show(done + min($0, file.bytes ?? $0))
                }
            } catch let error as UnusableFile {
                try fail(.unreadable(file.path, reason: error.description), &outcome)
            } catch let error as FileError {
                try fail(error, &outcome)
            }
            done += file.bytes ?? 0
        }
        try reader.finish { try outcome.add($0) }
        try outcome.finish()
    }

    private func importer() throws -> any UsageImporter.Type {
        guard let importer = UsageImporters.named(from) else {
            let known = UsageImporters.all.map { $0.name }
            let nearest = NearestNames.find(from, among: known, limit: 1).joined()
            throw QuestionError.invalid(
                field: "--from",
                problem:
                    "\(quoted(from)) is no record known here; nearest: \(nearest); known: \(known.joined(separator: ", "))"
            )
        }
        guard map.isEmpty || importer == CSVEvents.self else {
            throw QuestionError.invalid(
                field: "--map", problem: "\(from) has columns of its own; a map is for --from csv")
        }
        return importer
    }

    private func read(
        _ file: ImportFiles.File, with reader: inout any UsageImporter, _ framing: Framing,
        into outcome: inout EventImport, _ pieces: inout ImportedPieces,
        _ progress: (Int64) -> Void
    ) throws {
        var found = Findings()
        try pieces.forEach(in: file.path, framing) { piece, format, offset in
            progress(offset)
            found.removeAll()
            do {
                try reader.read(piece, format, into: &found)
            } catch let problem as EventProblem {
                found.problems.append(problem)
            }
            for found in found.events { try outcome.add(found.event, under: found.line) }
            return found.problems
        } report: { place, problem in
            guard !strict else { throw FileError.unreadable(place, reason: problem) }
            outcome.skip("\(place): \(problem)")
        }
    }

    private func fail(_ error: FileError, _ outcome: inout EventImport) throws {
        guard !strict else { throw error }
        outcome.fail(error.description)
    }
}

struct LedgerExportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Every event as a line of JSON or of a table, as ledger import reads it.",
        usage: "tokenmeter ledger export [--format ndjson|csv] [<options>]",
        discussion: """
            Example:
              tokenmeter ledger export --month 2026-10 > october.ndjson
              tokenmeter ledger export --month 2026-10 --format csv > october.csv

            What comes out is read again, with nothing lost, by ledger import --from
            tokenmeter and --from csv. Money entries are none of them: ledger entries
            lists those.
            """)

    @OptionGroup var global: GlobalOptions
    @OptionGroup var range: RangeOptions
    @Option(name: .customLong("where"), help: "A condition NAME=GLOB; may be repeated.")
    var conditions: [String] = []

    func run() throws {
        let isTable: Bool
        switch global.format {
        // The default: an event is no table.
        case .table, .ndjson: isTable = false
        case .csv: isTable = true
        case .json, .markdown:
            throw QuestionError.invalid(
                field: "--format",
                problem: "events are exported as ndjson or csv, not as \(global.format.rawValue)")
        }
        let question = parameters(global, range.values, ["where": conditions])
        let context = try Composition.ledger(global)
        var bytes = isTable ? EventTable.header : []
        try context.export(question) { entry in
            bytes += isTable ? entry.csv : entry.json.compactBytes + [0x0A]
            if bytes.count >= 1 << 20 {
                try Terminal.write(bytes)
                bytes.removeAll(keepingCapacity: true)
            }
        }
        try Terminal.write(bytes)
    }
}
