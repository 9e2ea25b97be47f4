import Accounting
import ArgumentParser
import ConfigFiles
import Pricing

struct LedgerAuditCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit",
        abstract: "What a channel charged against what its rates make of the requests.",
        usage: "tokenmeter ledger audit --channel <channel> [<options>]",
        discussion: """
            Example:
              tokenmeter ledger audit --channel holysheep --month 2026-10 \\
                  --invoice october.csv

            Charged is the vendor's own cost field of the requests that have one, by
            model; an invoice is compared by day. The multiplier is charged for each unit
            computed. A request that has only one side is in neither.
            """)

    @OptionGroup var global: GlobalOptions
    @OptionGroup var pricing: PricingOptions
    @OptionGroup var range: RangeOptions
    @Option(help: "The channel.") var channel: String?
    @Option(help: "Its invoice: a CSV of date, amount, and model and currency.")
    var invoice: String?

    func run() throws {
        let question = parameters(
            global, pricing.values, range.values, ["channel": list(channel)])
        let charged = try invoice.map(InvoiceReading.invoice)
        try global.finish(
            try Composition.ledgerWithRates(global).audit(question, invoice: charged))
    }
}

/// Invoices off the disk, `-` for stdin.
enum InvoiceReading {
    static func invoice(_ path: String) throws -> Invoice {
        try InvoiceFile.read(
            try RateFolder.text(of: path), file: path == "-" ? "standard input" : path)
    }
}
