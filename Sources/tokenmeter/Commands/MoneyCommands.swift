import Accounting
import ArgumentParser

/// What every entry has.
struct MoneyOptions: ParsableArguments {
    @Option(help: "Whose balance it is of.") var channel: String?
    @Option(
        parsing: .unconditional, help: "How much, with its currency, such as 100CNY.")
    var amount: String?
    @Option(help: "Its own id, such as a payment's number: what is there already is left as it is.")
    var id: String?
    @Option(help: "The date or RFC 3339 time that it is of (default: now).") var at: String?
    @Option(help: "A note.") var note: String?

    var values: [String: [String]] {
        [
            "channel": list(channel), "amount": list(amount), "id": list(id), "at": list(at),
            "note": list(note),
        ]
    }
}

extension MoneyEntry.Kind {
    /// The one way in which every kind is kept.
    fileprivate func keep(
        _ global: GlobalOptions, _ money: MoneyOptions, _ more: [String: [String]] = [:]
    ) throws {
        let question = parameters(global, money.values, more)
        try global.finish(try Composition.ledgerWithRates(global).record(self, question))
    }
}

struct LedgerTopUpCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "top-up", abstract: "Money paid in to a channel.",
        usage: "tokenmeter ledger top-up --channel <id> --amount <amount> [<options>]",
        discussion: """
            Example:
              tokenmeter ledger top-up --channel holysheep --amount 100CNY \\
                  --method alipay --id PAY-1
            """)

    @OptionGroup var global: GlobalOptions
    @OptionGroup var money: MoneyOptions
    @Option(help: "alipay, wechat, card, bank or other.") var method: String?
    @Option(help: "The date or RFC 3339 time at which what is left of it is lost.")
    var expires: String?

    func run() throws {
        try MoneyEntry.Kind.topUp.keep(
            global, money, ["method": list(method), "expires": list(expires)])
    }
}

struct LedgerGrantCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "grant", abstract: "Free credit that a channel gives.",
        usage: "tokenmeter ledger grant --channel <id> --amount <amount> [<options>]",
        discussion: """
            Example:
              tokenmeter ledger grant --channel holysheep --amount 20CNY \\
                  --expires 2027-01-01
            """)

    @OptionGroup var global: GlobalOptions
    @OptionGroup var money: MoneyOptions
    @Option(help: "The date or RFC 3339 time at which what is left of it is lost.")
    var expires: String?

    func run() throws {
        try MoneyEntry.Kind.grant.keep(global, money, ["expires": list(expires)])
    }
}

struct LedgerRefundCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "refund", abstract: "Money that a channel gives back.",
        usage: "tokenmeter ledger refund --channel <id> --amount <amount> [<options>]",
        discussion: """
            Example:
              tokenmeter ledger refund --channel holysheep --amount 1.50CNY

            To the balance it adds to it; paid out, to alipay for one, it takes from it
            what was paid.
            """)

    @OptionGroup var global: GlobalOptions
    @OptionGroup var money: MoneyOptions
    @Option(help: "Where it went: balance (default), alipay, wechat, card, bank or other.")
    var method: String?

    func run() throws {
        try MoneyEntry.Kind.refund.keep(global, money, ["method": list(method)])
    }
}

struct LedgerAdjustCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "adjust", abstract: "What puts a balance right, up or down.",
        usage: "tokenmeter ledger adjust --channel <id> --amount <amount> [<options>]",
        discussion: """
            Example:
              tokenmeter ledger adjust --channel holysheep --amount -0.37CNY \\
                  --note "as their page says"
            """)

    @OptionGroup var global: GlobalOptions
    @OptionGroup var money: MoneyOptions

    func run() throws { try MoneyEntry.Kind.adjustment.keep(global, money) }
}

struct LedgerTaxCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tax", abstract: "Tax: what of the money paid in became no credit.",
        usage: "tokenmeter ledger tax --channel <id> --amount <amount> [<options>]",
        discussion: "Example:\n  tokenmeter ledger tax --channel holysheep --amount 6CNY")

    @OptionGroup var global: GlobalOptions
    @OptionGroup var money: MoneyOptions

    func run() throws { try MoneyEntry.Kind.tax.keep(global, money) }
}

struct LedgerCommitmentCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "commitment", abstract: "An amount promised to be spent in a period.",
        usage: """
            tokenmeter ledger commitment --channel <id> --amount <amount>
                   --expires <time> [<options>]
            """,
        discussion: """
            Example:
              tokenmeter ledger commitment --channel openai --amount 1000USD \\
                  --at 2026-10-01 --expires 2027-01-01

            The period begins --at and ends where it --expires. It moves no balance;
            ledger balance shows what is used of it.
            """)

    @OptionGroup var global: GlobalOptions
    @OptionGroup var money: MoneyOptions
    @Option(help: "The date or RFC 3339 time at which its period ends.") var expires: String?

    func run() throws {
        try MoneyEntry.Kind.commitment.keep(global, money, ["expires": list(expires)])
    }
}

struct LedgerReverseCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reverse", abstract: "Take a money entry back, by one that names it.",
        usage: "tokenmeter ledger reverse <id> --reason <reason> [<options>]",
        discussion:
            "Example:\n  tokenmeter ledger reverse PAY-1 --reason \"paid on another channel\""
    )

    @OptionGroup var global: GlobalOptions
    @Argument(help: "The id of the entry.") var id: String
    @Option(help: "Why.") var reason: String?
    @Option(help: "The date or RFC 3339 time that it is of (default: now).") var at: String?

    func run() throws {
        let question = parameters(global, ["reason": list(reason), "at": list(at)])
        try global.finish(try Composition.ledger(global).reverse(id, question))
    }
}

struct LedgerEntriesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "entries", abstract: "The money entries, the oldest first.",
        usage: "tokenmeter ledger entries [--channel <channel>] [<options>]",
        discussion: """
            Example:
              tokenmeter ledger entries --channel holysheep --format csv

            Without a range they are all listed.
            """)

    @OptionGroup var global: GlobalOptions
    @OptionGroup var range: RangeOptions
    @Option(help: "Those of one channel.") var channel: String?
    @Option(help: "Those of one kind: top-up, grant, refund, adjustment, tax or commitment.")
    var kind: String?
    @Option(help: "The newest so many.") var limit: String?

    func run() throws {
        let question = parameters(
            global, range.values,
            ["channel": list(channel), "kind": list(kind), "limit": list(limit)])
        try global.finish(try Composition.ledger(global).moneyEntries(question))
    }
}

struct LedgerBalanceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "balance",
        abstract: "What is left on each channel, and for how many days at the current rate.",
        usage: "tokenmeter ledger balance [--channel <channel>] [<options>]",
        discussion: """
            Example:
              tokenmeter ledger balance --last 30d

            Money entries less what the ledger's events cost since the first of them.
            Credit that expires first is spent first. What has no price makes the balance
            an upper bound, and it says so.
            """)

    @OptionGroup var global: GlobalOptions
    @Option(help: "One channel alone.") var channel: String?
    @Option(help: "The time whose balance is meant: a date or RFC 3339 (default: now).")
    var at: String?
    @Option(help: "What the current rate is taken from: 24h, 7d or 4w (default: 7d).")
    var last: String?

    func run() throws {
        let question = parameters(
            global, ["channel": list(channel), "at": list(at), "last": list(last)])
        try global.finish(try Composition.ledger(global).balance(question))
    }
}
