import Accounting
import ArgumentParser
import JSONBytes
import Pricing
import RateCatalog
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
            LedgerVerifyCommand.self, LedgerConflictsCommand.self, LedgerCorrectCommand.self,
            LedgerRepriceCommand.self,
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
            try Composition.ledger(global).verify(
                repairingRollups: repairRollups, contentID: \.contentID))
    }
}

struct LedgerConflictsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "conflicts",
        abstract: "What came under the id of another event with other content, and is in no total.",
        usage: "tokenmeter ledger conflicts [<options>]",
        discussion: "Example:\n  tokenmeter ledger conflicts --format json")

    @OptionGroup var global: GlobalOptions

    func run() throws { try global.finish(try Composition.ledger(global).conflicts()) }
}

struct LedgerRepriceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reprice",
        abstract: "Put events under a line that is known by now, or that was corrected.",
        usage: "tokenmeter ledger reprice --lines <id|unpriced> [<options>]",
        discussion: """
            Example:
              tokenmeter ledger reprice --lines unpriced --since 2026-10-01 --dry-run

            Each event takes the line of its own time; the row as it was is taken back and
            stays in the ledger.
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
              tokenmeter ledger correct --event "$(head -n 1 web.ndjson)" \\
                --reason "counted twice"

            The event is written as ledger export writes it. The row as it was is taken
            back and stays in the ledger.
            """)

    @OptionGroup var global: GlobalOptions
    @Option(help: "The event as it should be, in JSON.") var event: String
    @Option(help: "Why.") var reason: String

    func run() throws {
        let corrected: UsageEvent
        do {
            corrected = try UsageEvent(
                try JSONReader.value(of: Array(event.utf8), numbers: .decimal),
                source: TokenmeterLines.name)
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
