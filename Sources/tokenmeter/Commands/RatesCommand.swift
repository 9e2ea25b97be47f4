import Accounting
import ArgumentParser
import ConfigFiles
import Foundation
import JSONBytes
import Pricing
import RateCatalog

struct RatesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rates",
        abstract: "The rate tables: who sells what, at which rate, since when, from which source.",
        discussion: """
            Example:
              tokenmeter rates list --model gpt-4.1
              tokenmeter rates diff --from 2025-09-01 --to 2025-10-01
            """,
        subcommands: [
            RatesListCommand.self, RatesShowCommand.self, RatesHistoryCommand.self,
            RatesMatchCommand.self, RatesValidateCommand.self, RatesDiffCommand.self,
            RatesAddCommand.self, RatesImportCommand.self,
        ])
}

/// Which lines a table shows.
struct RatesFilter: ParsableArguments {
    @Option(help: "The time whose rates are shown: a date or RFC 3339 (default: now).") var at:
        String?
    @Option(help: "A channel; may be repeated (default: all).") var channel: [String] = []
    @Option(help: "Only this service tier.") var serviceTier: String?
    @Option(help: "Only price lists in this currency.") var billedIn: String?

    var values: [String: [String]] {
        [
            "at": list(at), "channel": channel, "service_tier": list(serviceTier),
            "billed_in": list(billedIn),
        ]
    }
}

struct RatesListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "The lines in force, a row each.",
        usage: "tokenmeter rates list [--model <model> ...] [<options>]",
        discussion: "Example:\n  tokenmeter rates list --channel deepseek --billed-in CNY")

    @OptionGroup var global: GlobalOptions
    @OptionGroup var filter: RatesFilter
    @Option(help: "A model; may be repeated (default: all).") var model: [String] = []

    func run() throws {
        let question = parameters(global, filter.values, ["model": model])
        let scope = Composition.Scope(models: model, channels: filter.channel)
        try global.finish(
            try Composition.answer(global, about: scope) { try $0.ratesList(question) })
    }
}

struct RatesShowCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "One model: its names, lines and sources.",
        usage: "tokenmeter rates show <model> [<options>]",
        discussion: "Example:\n  tokenmeter rates show claude-sonnet-4.5 --channel anthropic")

    @OptionGroup var global: GlobalOptions
    @OptionGroup var filter: RatesFilter
    @Argument(help: "The model.") var model: String

    func run() throws {
        let question = parameters(global, filter.values, ["model": [model]])
        let scope = Composition.Scope(models: [model], channels: filter.channel)
        try global.finish(
            try Composition.answer(global, about: scope) { try $0.ratesShow(question) })
    }
}

struct RatesHistoryCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "history", abstract: "Every line of one model, past and future.",
        usage: "tokenmeter rates history <model> [<options>]",
        discussion: "Example:\n  tokenmeter rates history deepseek-v3 --billed-in USD")

    @OptionGroup var global: GlobalOptions
    @OptionGroup var filter: RatesFilter
    @Argument(help: "The model.") var model: String

    func run() throws {
        let question = parameters(global, filter.values, ["model": [model]])
        let scope = Composition.Scope(models: [model], channels: filter.channel)
        try global.finish(
            try Composition.answer(global, about: scope) { try $0.ratesHistory(question) })
    }
}

struct RatesMatchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "match", abstract: "What a name stands for, and by which rule.",
        usage: "tokenmeter rates match <name> ... [<options>]",
        discussion: """
            Example:
              tokenmeter rates match us.anthropic.claude-sonnet-4-5-20250929-v1:0
              tokenmeter rates match gpt-4o --channel azure
            """)

    @OptionGroup var global: GlobalOptions
    @Option(help: "The time whose names are taken: a date or RFC 3339 (default: now).") var at:
        String?
    @Option(help: "The channel that uses the name (default: any).") var channel: String?
    @Argument(help: "Names, as requests and answers spell them.") var name: [String]

    func run() throws {
        let question = parameters(
            global, ["at": list(at), "channel": list(channel), "name": name])
        try global.finish(try Composition.context(global).ratesMatch(question))
    }
}

struct RatesDiffCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff",
        abstract: "What changed between two days; exit code 2 where anything did.",
        usage: "tokenmeter rates diff --from <from> [--to <to>] [<options>]",
        discussion:
            "Example:\n  tokenmeter rates diff --from 2025-09-01 --to 2025-10-01"
    )

    @OptionGroup var global: GlobalOptions
    @Option(help: "The earlier day.") var from: String?
    @Option(help: "The later day (default: now).") var to: String?
    @Option(help: "A channel; may be repeated (default: all).") var channel: [String] = []
    @Option(help: "A model; may be repeated (default: all).") var model: [String] = []

    @Option(help: "Only price lists in this currency.") var billedIn: String?

    func run() throws {
        let question = parameters(
            global,
            [
                "from": list(from), "to": list(to), "channel": channel, "model": model,
                "billed_in": list(billedIn),
            ])
        try global.finish(try Composition.context(global).ratesDiff(question))
    }
}

struct RatesValidateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "validate",
        abstract: "Names file, line and field of every fault in rate files.",
        usage: "tokenmeter rates validate [<paths> ...] [<options>]",
        discussion: """
            Example:
              tokenmeter rates validate pricing-data
              tokenmeter rates validate mine.yml

            A folder stands for itself; a file is read beside the shipped tables. Without
            a path the shipped tables, or those of --pricing-data, are read.
            """)

    @OptionGroup var global: GlobalOptions
    @Argument(help: "Rate files, or one folder of them.") var paths: [String] = []

    func run() throws {
        let files = try filesToCheck()
        let faults = CatalogReader.faults(in: files)
        let digest = CatalogReader.digest(of: files)
        let counted = faults.count == 1 ? "1 fault" : "\(faults.count) faults"
        var report = Report(
            title: "\(files.count) rate files, \(counted)",
            columns: [
                Report.Column("file", nil, .left), Report.Column("line"),
                Report.Column("field", nil, .left), Report.Column("problem", nil, .left),
            ],
            rows: faults.map { fault in
                [
                    Report.Cell(fault.file), Report.Cell(fault.line.map(String.init) ?? ""),
                    Report.Cell(fault.field), Report.Cell(fault.problem),
                ]
            }, rates: "digest \(digest.prefix(8))…")
        report.showsHeader = !faults.isEmpty
        let rows = faults.map { fault in
            JSONValue.object([
                "file": .string(fault.file),
                "line": fault.line.map { .integer(Int64($0)) } ?? .null,
                "field": .string(fault.field), "problem": .string(fault.problem),
            ])
        }
        let answer = Answer(
            name: "rates-validate",
            fields: JSONObject([
                "files": .integer(Int64(files.count)), "digest": .string(digest),
                "rows": .array(rows),
            ]),
            report: report, verdict: faults.isEmpty ? .done : .failed)
        guard global.format == .table, !faults.isEmpty else { return try global.finish(answer) }
        // For people a fault reads as a compiler's does, so that an editor can jump to it.
        let lines = [report.title] + faults.map(\.description)
        try Terminal.write(Array((lines.joined(separator: "\n") + "\n").utf8))
        throw ExitCode(Failure.failed)
    }

    private func filesToCheck() throws -> [RateFile] {
        if paths.isEmpty {
            return try global.pricingData.map(RateFolder.files) ?? RateFile.embedded
        }
        if paths.count == 1, RateFolder.isFolder(paths[0]) {
            return try RateFolder.files(in: paths[0])
        }
        let own = try paths.map {
            RateFile(name: $0, text: try RateFolder.text(of: $0), isOwn: true)
        }
        let shipped = RateFile.embedded.filter { file in !paths.contains { $0.hasSuffix(file.name) }
        }
        return shipped + own
    }

}

struct RatesAddCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add",
        abstract: "Keep a file of your own channels in the database.",
        usage: "tokenmeter rates add <file> [<options>]",
        discussion: """
            Example:
              tokenmeter rates add mine.yml

            The file is read beside the shipped tables and kept whole or not at all;
            pricing-data/README.md says how one is written. Adding a newer version of a
            file by the same name replaces what it says from now on; lines that were known
            keep their rates.
            """)

    private static let mostRowsShown = 20

    @OptionGroup var global: GlobalOptions
    @Argument(help: "The rate file.") var file: String

    func run() throws {
        if global.pricingData != nil {
            throw QuestionError.invalid(
                field: "--pricing-data", problem: "stands for one command and is never kept")
        }
        let name = "added/" + (file as NSString).lastPathComponent
        let (catalog, isNew) = try Composition.add(
            RateFile(name: name, text: try RateFolder.text(of: file), isOwn: true), from: file,
            global)
        let own = catalog.lines.filter { $0.origin.hasPrefix(name + ":") }
        let word = isNew ? "added" : "already there:"
        // A channel that extends another has hundreds of lines: people see as many as fit a screen.
        let shown = own.prefix(Self.mostRowsShown)
        var report = Report(
            title: "\(word) \(own.count) lines of \(file)",
            columns: [
                Report.Column("channel", nil, .left), Report.Column("model", nil, .left),
                Report.Column("line", nil, .left),
            ],
            rows: shown.map {
                [Report.Cell($0.line.channel), Report.Cell($0.line.model), Report.Cell($0.line.id)]
            },
            rates: "digest \(catalog.digest.prefix(8))…")
        report.showsHeader = !own.isEmpty
        if shown.count < own.count {
            report.notes = ["and \(own.count - shown.count) more; rates list shows them"]
        }
        let rows = own.map { entry in
            JSONValue.object([
                "channel": .string(entry.line.channel), "model": .string(entry.line.model),
                "line": .string(entry.line.id),
            ])
        }
        try global.finish(
            Answer(
                name: "rates-add",
                fields: JSONObject([
                    "file": .string(file), "added": .bool(isNew), "digest": .string(catalog.digest),
                    "rows": .array(rows),
                ]), report: report))
    }
}
