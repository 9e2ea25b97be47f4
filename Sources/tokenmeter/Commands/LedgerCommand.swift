import Accounting
import ArgumentParser
import Foundation
import JSONBytes
import Pricing
import UsageImport

struct LedgerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ledger",
        abstract: "Bring usage in, take it out, prove it whole; what was paid, and what is left.",
        discussion: """
            Example:
              tokenmeter ledger import ~/.claude/projects --from claude-code
              tokenmeter ledger verify
            """,
        subcommands: [
            LedgerImportCommand.self, LedgerExportCommand.self, LedgerStatusCommand.self,
            LedgerVerifyCommand.self, LedgerCorrectCommand.self, LedgerRepriceCommand.self,
            LedgerTopUpCommand.self, LedgerGrantCommand.self, LedgerRefundCommand.self,
            LedgerAdjustCommand.self, LedgerTaxCommand.self, LedgerCommitmentCommand.self,
            LedgerReverseCommand.self, LedgerEntriesCommand.self, LedgerBalanceCommand.self,
            LedgerAuditCommand.self,
        ])
}

struct LedgerStatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Its size, and how what is in it is known.",
        usage: "tokenmeter ledger status [<options>]",
        discussion: "Example:\n  tokenmeter ledger status --format json")

    @OptionGroup var global: GlobalOptions

    func run() throws { try global.finish(try Composition.ledger(global).status()) }
}

struct LedgerVerifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Whether sums equal their events and nothing is missing; exit code 1 where not.",
        usage: "tokenmeter ledger verify [--repair-rollups] [<options>]",
        discussion: "Example:\n  tokenmeter ledger verify")

    @OptionGroup var global: GlobalOptions
    @Flag(help: "Add sums up again where they differ from their events.") var repairRollups = false

    func run() throws {
        try global.finish(
            try Composition.ledger(global).verify(repairingRollups: repairRollups))
    }
}

struct LedgerImportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Bring in what other programs wrote down about usage.",
        usage: "tokenmeter ledger import <file> ... --from <from> [<options>]",
        discussion: """
            Example:
              tokenmeter ledger import ~/.claude/projects --from claude-code
              zcat events.ndjson.gz | tokenmeter ledger import - --from tokenmeter

            Files, folders, or - for stdin; gzip, Zstandard and xz are unpacked. What is there already stays once: importing
            again changes nothing.
            """)

    @OptionGroup var global: GlobalOptions
    @Argument(help: "Files and folders; - for stdin.") var files: [String]
    @Option(help: "Whose record it is: tokenmeter or claude-code.") var from: String
    @Flag(help: "Stop at the first row that cannot be read.") var strict = false
    @Flag(help: "Only read, and say what would come in.") var dryRun = false

    func run() throws {
        guard let importer = UsageImporters.named(from) else {
            let known = UsageImporters.all.map { $0.name }.joined(separator: ", ")
            throw QuestionError.invalid(
                field: "--from",
                problem: "\(quoted(from)) is no record known here; known: \(known)")
        }
        let files = try ImportFiles(files)
        let context = try Composition.ledgerWithRates(global)
        var outcome = EventImport(
            context.pricing.book, into: context.ledger, account: context.account, isDryRun: dryRun)
        var reader = importer.init()
        var progress = ProgressBar(total: files.bytes)
        var done: Int64 = 0
        var lines = ImportedLines()
        for path in files.paths {
            done += try lines.forEach(in: path, marked: importer.mark) { line, offset in
                progress.show(done + offset)
                do {
                    for event in try reader.read(line) { try outcome.add(event) }
                } catch let problem as EventProblem {
                    let place = Self.place(path, offset)
                    guard !strict else {
                        throw FileError.unreadable(place, reason: problem.description)
                    }
                    outcome.skip("\(place): \(problem)")
                }
            }
        }
        try reader.finish { try outcome.add($0) }
        try outcome.finish()
        progress.end()
        try global.finish(
            context.imported(outcome, files: files.paths.count, from: from, isDryRun: dryRun))
    }

    /// `file:line` of a byte. The lines were not counted on the way: nearly all of them are passed
    /// over unseen.
    private static func place(_ path: String, _ offset: Int64) -> String {
        guard path != "-", let file = FileHandle(forReadingAtPath: path) else {
            return path == "-" ? "standard input, byte \(offset + 1)" : path
        }
        var number = 1
        var rest = Int(offset)
        while rest > 0, let part = try? file.read(upToCount: min(rest, 1 << 20)), !part.isEmpty {
            number += part.count { $0 == 0x0A }
            rest -= part.count
        }
        return "\(path):\(number)"
    }
}

struct LedgerExportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Every event as a line of JSON, as ledger import reads it.",
        usage: "tokenmeter ledger export [<options>]",
        discussion: """
            Example:
              tokenmeter ledger export --month 2026-10 > october.ndjson

            Money entries are none of them: ledger entries lists those.
            """)

    @OptionGroup var global: GlobalOptions
    @OptionGroup var range: RangeOptions
    @Option(name: .customLong("where"), help: "A condition NAME=GLOB; may be repeated.")
    var conditions: [String] = []

    func run() throws {
        let question = parameters(global, range.values, ["where": conditions])
        let context = try Composition.ledger(global)
        var bytes: [UInt8] = []
        try context.export(question) { entry in
            bytes += entry.json.compactBytes
            bytes.append(0x0A)
            if bytes.count >= 1 << 20 {
                try Terminal.write(bytes)
                bytes.removeAll(keepingCapacity: true)
            }
        }
        try Terminal.write(bytes)
    }
}

struct LedgerRepriceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reprice",
        abstract: "Put events under a line that is known by now, or that was corrected.",
        usage: "tokenmeter ledger reprice --lines <id|unpriced> [--since <since>] [<options>]",
        discussion: """
            Example:
              tokenmeter ledger reprice --lines unpriced --since 2026-10-01 --dry-run

            Each event takes the line of its own time; the row as it was is taken back and stays in the ledger.
            """)

    @OptionGroup var global: GlobalOptions
    @Option(help: "The id of the line whose events are meant, or unpriced.") var lines: String?
    @Option(help: "From this date or RFC 3339 time on (default: all).") var since: String?
    @Flag(help: "Only show what would be done.") var dryRun = false

    func run() throws {
        let question = parameters(global, ["lines": list(lines), "since": list(since)])
        try global.finish(
            try Composition.ledgerWithRates(global).reprice(question, isDryRun: dryRun))
    }
}

struct LedgerCorrectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "correct",
        abstract: "Put an event in the place of the one with its id.",
        usage: "tokenmeter ledger correct --event <json> --reason <reason> [<options>]",
        discussion: """
            Example:
              tokenmeter ledger export --where project=web > web.ndjson
              tokenmeter ledger correct --event "$(head -n 1 web.ndjson)" --reason "counted twice"

            The event is written as ledger export writes it. The row as it was is taken back and stays in the ledger.
            """)

    @OptionGroup var global: GlobalOptions
    @Option(help: "The event as it should be, in JSON.") var event: String
    @Option(help: "Why.") var reason: String

    func run() throws {
        let corrected: UsageEvent
        do {
            corrected = try UsageEvent(
                try JSONReader.value(of: Array(event.utf8), numbers: .decimal))
        } catch let error as EventProblem {
            throw QuestionError.invalid(field: "--event", problem: error.description)
        } catch let error as JSONError {
            throw QuestionError.invalid(field: "--event", problem: error.description)
        }
        guard !reason.isEmpty else { throw QuestionError.missing(field: "--reason") }
        try global.finish(
            try Composition.ledgerWithRates(global).correct(corrected, reason: reason))
    }
}
