import Accounting
import ArgumentParser
import Foundation
import JSONBytes
import Pricing
import RateCatalog

struct RatesImportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Write or update rate files from another project's catalog.",
        usage: "tokenmeter rates import <file> --from <from> [--into <into>] [<options>]",
        discussion: """
            Example:
              tokenmeter rates import genai-prices.json --from genai-prices --dry-run

            Files go to imported/<from>/ inside the folder, one a channel; files beside
            that folder are yours and are never touched. A price that changed becomes a
            new dated line, one that is gone gets an end. A figure that moved by more
            than 3×, or looks like a mistake of the unit, is held back and listed:
            accept it with --accept once you have looked at it. A catalog with a price
            that cannot be read, one that would end most lines, and one older than the
            last are refused whole. Nothing is fetched over the network.
            """)

    @OptionGroup var global: GlobalOptions
    @Argument(help: "The catalog; - for stdin.") var file: String
    @Option(help: "Whose catalog it is: genai-prices or litellm.") var from: String
    @Option(help: "The folder of rate files to write to.") var into: String = "pricing-data"
    @Option(
        help: "The day of the import: what changed without a date changed on it (default: today).")
    var date: String?
    @Option(help: "Since when prices without a date hold.") var undatedFrom: String = "2025-01-01"
    @Option(help: "channel/model to write although it looks odd; may be repeated; * for all.")
    var accept: [String] = []
    @Flag(help: "Only show what would be done.") var dryRun = false

    func run() throws {
        guard let importer = Importers.named(from) else {
            let names = Importers.all.map { $0.name }
            throw QuestionError.invalid(
                field: "--from",
                problem:
                    "\(quoted(from)) is no catalog known here; known: \(names.joined(separator: ", "))"
            )
        }
        var options = ImportPlan.Options(date: try day("--date", date) ?? Composition.now().utcDate)
        options.undatedFrom = try day("--undated-from", undatedFrom) ?? options.undatedFrom
        guard options.undatedFrom <= options.date else {
            throw QuestionError.invalid(
                field: "--undated-from",
                problem: "\(options.undatedFrom.text) is after the import, \(options.date.text)")
        }
        options.accepted = accept
        let text = try RateFolder.text(of: file)
        let existing = RateFolder.isFolder(into) ? try RateFolder.anyFiles(in: into) : []
        let plan = try ImportPlan(
            try importer.read(Array(text.utf8)), from: from, beside: existing, options)
        if !dryRun { try RateFolder.write(plan.files, into: into) }
        try global.finish(ImportAnswer(plan: plan, folder: into, isDryRun: dryRun).answer)
    }

    private func day(_ field: String, _ text: String?) throws -> CivilDate? {
        guard let text else { return nil }
        guard let date = CivilDate.parse(text.utf8) else {
            throw QuestionError.invalid(
                field: field, problem: "\(quoted(text)) is not a date such as 2026-10-01")
        }
        return date
    }
}

/// An import as a document and a table: the diff first, then what of the source was left out.
struct ImportAnswer {
    let plan: ImportPlan
    let folder: String
    let isDryRun: Bool

    /// More rows than a person reads are told as counts a channel; programs get all.
    private static let mostAddedRows = 40

    var answer: Answer {
        var report = Report(
            title: title,
            columns: [
                Report.Column("change", nil, .left), Report.Column("channel", nil, .left),
                Report.Column("model", nil, .left), Report.Column("since", nil, .left),
                Report.Column("meter", nil, .left), Report.Column("from"), Report.Column("to"),
                Report.Column("conditions", nil, .left),
            ], rows: rows, rates: plan.source)
        report.showsHeader = !rows.isEmpty
        report.notes = notes
        report.warnings = plan.changes.filter { $0.word == .heldBack }.map { change in
            "held back: \(change.line?.channel ?? "")/\(change.line?.model ?? ""): \(change.reason ?? "")"
        }
        return Answer(name: "rates-import", fields: fields, report: report)
    }

    private var title: String {
        let counts = [ImportPlan.Word.added, .changed, .ended, .heldBack].map {
            "\(plan.count($0)) \($0.rawValue)"
        }
        return
            "\(isDryRun ? "would import" : "imported") \(plan.models) models, lines: \(counts.joined(separator: ", "))"
    }

    private var fields: JSONObject {
        JSONObject([
            "source": .string(plan.source), "folder": .string("\(folder)/\(plan.folder)"),
            "dry_run": .bool(isDryRun), "models": .integer(Int64(plan.models)),
            "added": .integer(Int64(plan.count(.added))),
            "changed": .integer(Int64(plan.count(.changed))),
            "ended": .integer(Int64(plan.count(.ended))),
            "held_back": .integer(Int64(plan.count(.heldBack))),
            "unchanged": .integer(Int64(plan.unchanged)),
            "past_differs": .integer(Int64(plan.pastDiffers)),
            "files": .array(plan.files.map { .string($0.name) }),
            "carried": tally(plan.tally.carried), "mended": tally(plan.tally.mended),
            "not_carried": tally(plan.tally.notCarried),
            "rows": .array(plan.changes.map(json)),
        ])
    }

    private func tally(_ entries: [ImportTally.Entry]) -> JSONValue {
        .array(
            entries.map { entry in
                .object([
                    "shape": .string(entry.shape), "count": .integer(Int64(entry.count)),
                    "examples": entry.examples.isEmpty
                        ? nil : .array(entry.examples.map(JSONValue.string)),
                ])
            })
    }

    private func json(_ change: ImportPlan.Change) -> JSONValue {
        var from = JSONObject()
        var to = JSONObject()
        for meter in meters(of: change) {
            from.append(meter.name, change.before?.line.rates[meter].map(Self.json))
            to.append(meter.name, change.after?.line.rates[meter].map(Self.json))
        }
        return .object([
            "change": .string(change.word.rawValue), "channel": .optional(change.line?.channel),
            "model": .optional(change.line?.model),
            "valid_from": .optional(change.after?.line.validFrom.text),
            "conditions": .optional(change.line?.conditions.text),
            "from": change.before == nil ? .null : .object(from),
            "to": change.after == nil ? .null : .object(to),
            "reason": change.reason.map(JSONValue.string),
        ])
    }

    private static func json(_ rate: Rate) -> JSONValue {
        .object([
            "amount": .string(rate.quote.amountText), "currency": .string(rate.quote.currency.code),
            "per": .integer(rate.quotedUnits),
        ])
    }

    private func meters(of change: ImportPlan.Change) -> [Meter] {
        let bits =
            (change.before?.line.rates.meters.bits ?? 0)
            | (change.after?.line.rates.meters.bits ?? 0)
        return MeterSet(bits: bits).filter {
            change.before?.line.rates[$0] != change.after?.line.rates[$0]
        }
    }

    private var rows: [[Report.Cell]] {
        let isLong = plan.count(.added) > Self.mostAddedRows
        let listed = plan.changes.filter { !isLong || $0.word != .added }
        return (isLong ? addedByChannel : []) + listed.flatMap(cells)
    }

    private var addedByChannel: [[Report.Cell]] {
        let added = plan.changes.filter { $0.word == .added }.compactMap(\.line)
        let channels = Dictionary(grouping: added, by: \.channel).sorted { $0.key < $1.key }
        return channels.map { channel, lines in
            [
                Report.Cell("added"), Report.Cell(channel),
                Report.Cell("\(Set(lines.map(\.model)).count) models, \(lines.count) lines"),
                "", "", "", "", "",
            ]
        }
    }

    private func cells(_ change: ImportPlan.Change) -> [[Report.Cell]] {
        guard let line = change.line else { return [] }
        return meters(of: change).map { meter in
            [
                Report.Cell(change.word.rawValue), Report.Cell(line.channel),
                Report.Cell(line.model),
                Report.Cell(change.after.map { $0.line.validFrom.dayOrText } ?? ""),
                Report.Cell(meter.name),
                Report.Cell(
                    change.before?.line.rates[meter].map(Self.text) ?? "—",
                    plain: change.before?.line.rates[meter].map(Self.text) ?? ""),
                Report.Cell(
                    change.after?.line.rates[meter].map(Self.text) ?? "—",
                    plain: change.after?.line.rates[meter].map(Self.text) ?? ""),
                Report.Cell(line.conditions.text),
            ]
        }
    }

    private static func text(_ rate: Rate) -> String {
        rate.isFree
            ? "free"
            : rate.quotedUnits == 1_000_000
                ? rate.quote.amountText
                : "\(rate.quote.amountText) per \(Count.exact(rate.quotedUnits))"
    }

    private var notes: [String] {
        var notes = plan.tally.mended.map { "mended: \($0.count) \($0.shape)" }
        notes += plan.tally.notCarried.map { "not carried: \($0.count) \($0.shape)" }
        if plan.unchanged > 0 { notes.append("\(plan.unchanged) lines unchanged") }
        if plan.pastDiffers > 0 {
            notes.append(
                "\(plan.pastDiffers) lines of the past read otherwise in the source now; history is kept"
            )
        }
        let verb = isDryRun ? "would be written" : "written"
        notes.append(
            plan.files.isEmpty
                ? "no file changes"
                : "\(plan.files.count) files \(verb) below \(folder)/\(plan.folder)")
        return notes
    }
}
