import Accounting
import ArgumentParser

/// Of when.
struct RangeOptions: ParsableArguments {
    @Option(help: "From this date or RFC 3339 time on (default: the start of this month).")
    var since: String?
    @Option(help: "Before this date or RFC 3339 time (default: the end of this month).")
    var until: String?
    @Option(help: "A whole month, such as 2026-10.") var month: String?
    @Option(help: "Up to now: 24h, 7d (today and six days before it) or 4w.") var last: String?

    var values: [String: [String]] {
        ["since": list(since), "until": list(until), "month": list(month), "last": list(last)]
    }
}

struct UsageCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "usage",
        abstract: "What the ledger's events used and cost.",
        usage: "tokenmeter usage [--group-by <dimensions>] [<options>]",
        discussion: """
            Example:
              tokenmeter usage --month 2026-10 --group-by model,day
              tokenmeter usage --last 7d --where project=web --where 'model=gpt-*'

            Group by model, channel, project, user, known, service-tier, hour, day, week
            or month. Conditions name model, channel, project, user, known, service-tier,
            source or tag:NAME; several values of one name are alternatives, and an empty
            one stands for none. With --reconcile an invoice of one channel stands beside
            it, day by day.

            On a terminal that reads UTF-8, bars and the course of the costs are drawn
            where there is room for them. --live keeps the table up to date until Ctrl-C.
            """)

    @OptionGroup var global: GlobalOptions
    @OptionGroup var pricing: PricingOptions
    @OptionGroup var range: RangeOptions
    @Option(help: "Dimensions, with commas between them.") var groupBy: [String] = []
    @Option(name: .customLong("where"), help: "A condition NAME=GLOB; may be repeated.")
    var conditions: [String] = []
    @Option(help: "cost, requests, tokens or name (default: name with a time, else cost).")
    var sort: String?
    @Option(help: "At most so many rows.") var limit: String?
    @Option(help: "Hold an invoice against it: a CSV of date, amount, and model and currency.")
    var reconcile: String?
    @Flag(help: "Keep the table up to date, until Ctrl-C.") var live = false
    @Option(help: "With --live: how often to look, such as 5s or 1m (default: 2s).")
    var every: String?

    func run() throws {
        let question = parameters(
            global, pricing.values, range.values,
            [
                "group_by": groupBy, "where": conditions, "sort": list(sort), "limit": list(limit),
            ])
        let seconds = try LiveScreen.seconds(every, isLive: live)
        if let reconcile {
            guard !live else {
                throw QuestionError.invalid(
                    field: "--live", problem: "does not go with --reconcile")
            }
            let invoice = try InvoiceReading.invoice(reconcile)
            return try global.finish(
                try Composition.ledgerWithRates(global).reconcile(
                    question, with: invoice, named: "reconcile"))
        }
        guard live else { return try global.finish(try Composition.ledger(global).usage(question)) }
        try LiveScreen.requireTerminal(global.format)
        let ledger = try Composition.ledger(global)
        var watch = UsageWatch(question)
        try LiveScreen(everySeconds: seconds).run {
            try watch.answer(Composition.now(of: ledger))
        }
    }
}

struct WhatIfCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "whatif",
        abstract: "The ledger's own requests under other models, channels, tiers or price dates.",
        usage: "tokenmeter whatif [--swap <old=new> ... | --best] [<options>]",
        discussion: """
            Example:
              tokenmeter whatif --swap gpt-4.1=deepseek-v4-pro --last 30d
              tokenmeter whatif --channel openrouter --service-tier standard --month 2026-10
              tokenmeter whatif --best --among gpt-4.1,deepseek-v4-pro --floor gpt-4.1=20%

            Each request is priced again by its own size and time, so that bands and
            caches are exact. What cannot be priced there is listed, and the exit code is
            then 3. With --swap only the models that are swapped are meant; a new model is
            bought from its own vendor unless --channel says otherwise. With --best each
            request takes the cheapest of the models of --among; a --floor gives a model
            that share of the requests of every size.
            """)

    @OptionGroup var global: GlobalOptions
    @OptionGroup var pricing: PricingOptions
    @OptionGroup var range: RangeOptions
    @Option(name: .customLong("where"), help: "A condition NAME=GLOB; may be repeated.")
    var conditions: [String] = []
    @Option(help: "OLD=NEW: requests of one model to another; may be repeated.") var swap:
        [String] =
            []
    @Flag(help: "Each request takes the cheapest of the models of --among.") var best = false
    @Option(help: "Models to choose from, with commas between.") var among: [String] = []
    @Option(help: "MODEL=PERCENT: a share that a model keeps with --best; may be repeated.")
    var floor: [String] = []
    @Option(help: "The channel to buy them on.") var channel: String?
    @Option(help: "The service tier to buy them in.") var serviceTier: String?
    @Option(help: "The date or RFC 3339 time whose prices are taken (default: each its own).")
    var atPricesOf: String?
    @Option(help: "Tokens that the new model takes for each of the old one, such as 1.1.")
    var tokenRatio: String?

    func run() throws {
        let question = parameters(
            global, pricing.values, range.values,
            [
                "where": conditions, "swap": swap, "channel": list(channel),
                "service_tier": list(serviceTier), "at_prices_of": list(atPricesOf),
                "token_ratio": list(tokenRatio), "best": best ? ["true"] : [], "among": among,
                "floor": floor,
            ])
        try global.finish(try Composition.ledgerWithRates(global).whatIf(question))
    }
}

struct DemoCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "A ledger of made-up usage, in a database of its own, and what to try on it.",
        usage: "tokenmeter demo [<options>]",
        discussion: "Example:\n  tokenmeter demo")

    @OptionGroup var global: GlobalOptions
    @Option(help: "Up to this date or RFC 3339 time (default: now).") var at: String?

    func run() throws {
        var options = global
        let path = try global.database ?? Composition.demoPath()
        options.database = path
        let context = try Composition.ledgerWithRates(options)
        try context.requireDemo()
        let now = try context.pricing.at(parameters(global, ["at": list(at)]))
        var outcome = EventImport(
            context.pricing.book, into: context.ledger, account: context.account)
        try DemoEvents(until: now).forEach { try outcome.add($0) }
        try outcome.finish()
        try global.finish(context.demo(outcome, commands: Self.commands(path)))
    }

    private static func commands(_ path: String) -> [String] {
        [
            "export TOKENMETER_DATABASE='\(path)'",
            "tokenmeter usage --last 30d --group-by project,model",
            "tokenmeter usage --last 7d --group-by day --where project=web",
            "tokenmeter usage --last 30d --group-by known",
            "tokenmeter usage --last 30d --group-by user --format csv",
            "tokenmeter ledger verify",
        ]
    }
}
