import Accounting
import ArgumentParser
import ConfigFiles
import Pricing

struct ForecastCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "forecast",
        abstract: "What a month will cost; a gate with --max.",
        usage: "tokenmeter forecast [--model <model> | --plan <plan>] [<options>]",
        discussion: """
            Example:
              tokenmeter forecast --model gpt-4.1 --requests-per-day 1000 \\
                --input-per-request 2000 --cached-share 60% \\
                --output-per-request 500 --max 150USD

              tokenmeter forecast --from-ledger --where project=web --max 150USD

            A volume, such as --output-tokens 10M, stands for a whole month and is priced
            in the base band. --from-ledger projects this month (of --at, in --timezone)
            by the weekdays of the four weeks before. Over --max the exit code is 2.
            """)

    @OptionGroup var global: GlobalOptions
    @OptionGroup var pricing: PricingOptions
    @OptionGroup var usage: UsageOptions
    @OptionGroup var workload: WorkloadOptions

    @Option(help: "The model: its id, or another name for it.") var model: String?
    @Option(help: "Where it is bought (default: direct, the model's own vendor).") var channel:
        String?
    @Option(help: "The service tier (default: standard).") var serviceTier: String?
    @Option(help: "Which of the channel's price lists, by currency.") var billedIn: String?
    @Option(help: "A further attribute of the requests, such as speed=fast; may be repeated.")
    var when: [String] = []
    @Option(help: "A plan: a YAML file of workloads.") var plan: String?
    @Option(help: "A channel to compare with.") var baseline: String?
    @Option(help: "Growth from month to month, such as 5%/month.") var growth: String?
    @Option(help: "How many months (default: 1).") var months: String?
    @Option(help: "The most that the first month may cost, such as 150USD.") var max: String?
    @Flag(help: "Project this month from what the ledger holds.") var fromLedger = false
    @Option(
        name: .customLong("where"),
        help: "With --from-ledger: a condition NAME=GLOB; may be repeated.")
    var conditions: [String] = []
    @Option(help: "With --from-ledger: a YAML file of budgets, to tell when each runs out.")
    var budgets: String?

    func run() throws {
        let question = parameters(
            global, pricing.values, usage.values, workload.values,
            [
                "model": list(model), "channel": list(channel), "service_tier": list(serviceTier),
                "billed_in": list(billedIn), "when": when, "baseline": list(baseline),
                "growth": list(growth), "months": list(months), "max": list(max),
                "where": conditions,
            ])
        if fromLedger { return try finishFromLedger(question) }
        if budgets != nil || !conditions.isEmpty {
            throw QuestionError.invalid(
                field: budgets == nil ? "--where" : "--budgets",
                problem: "asks the ledger; add --from-ledger")
        }
        guard let plan else {
            let scope = Composition.Scope(
                models: list(model), channels: list(channel) + list(baseline))
            return try global.finish(
                try Composition.answer(global, about: scope) {
                    try $0.forecast(question, plan: nil)
                })
        }
        // A plan names models of its own.
        let context = try Composition.context(global)
        let workloads = try PlanReading.workloads(plan, question, context).map(\.workload)
        try global.finish(try context.forecast(question, plan: workloads))
    }

    private func finishFromLedger(_ question: Parameters) throws {
        guard plan == nil else {
            throw QuestionError.invalid(
                field: "--plan", problem: "cannot stand beside --from-ledger")
        }
        let limits = try budgets.map {
            try BudgetFile.read(try RateFolder.text(of: $0), file: $0)
        }
        try global.finish(
            try Composition.ledger(global).forecast(question, budgets: limits ?? []))
    }
}

struct SavingsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "savings",
        abstract: "A month on one channel against a baseline, over models.",
        usage: "tokenmeter savings --channel <channel> --baseline <channel> [<options>]",
        discussion: """
            Example:
              tokenmeter savings --output-tokens 10M --channel holysheep \\
                --baseline standard
              tokenmeter savings --output-tokens 10M --channel holysheep \\
                --baseline direct --fx USD/CNY=7.3
            """)

    @OptionGroup var global: GlobalOptions
    @OptionGroup var pricing: PricingOptions
    @OptionGroup var usage: UsageOptions
    @OptionGroup var workload: WorkloadOptions

    @Option(help: "Where the month would be bought.") var channel: String?
    @Option(help: "What it is held against: a channel, or direct.") var baseline: String?
    @Option(help: "A model; may be repeated (default: all that both sides sell).") var model:
        [String] = []
    @Option(help: "The service tier (default: standard).") var serviceTier: String?

    func run() throws {
        let question = parameters(
            global, pricing.values, usage.values, workload.values,
            [
                "channel": list(channel), "baseline": list(baseline), "model": model,
                "service_tier": list(serviceTier),
            ])
        let scope = Composition.Scope(models: model, channels: list(channel) + list(baseline))
        try global.finish(try Composition.answer(global, about: scope) { try $0.savings(question) })
    }
}

struct CompareCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare",
        abstract: "The same usage over models and channels, the cheapest first.",
        usage: "tokenmeter compare [--model <model> ...] [<options>]",
        discussion: """
            Example:
              tokenmeter compare --model gpt-4.1 --output-tokens 10M \\
                --currency USD --fx USD/CNY=7
            """)

    @OptionGroup var global: GlobalOptions
    @OptionGroup var pricing: PricingOptions
    @OptionGroup var usage: UsageOptions
    @OptionGroup var workload: WorkloadOptions

    @Option(help: "A model; may be repeated (default: all).") var model: [String] = []
    @Option(help: "A channel; may be repeated (default: all).") var channel: [String] = []
    @Option(help: "The service tier (default: standard).") var serviceTier: String?
    @Option(help: "Only price lists in this currency.") var billedIn: String?
    @Option(help: "A further attribute of the requests; may be repeated.") var when: [String] = []

    func run() throws {
        let question = parameters(
            global, pricing.values, usage.values, workload.values,
            [
                "model": model, "channel": channel, "service_tier": list(serviceTier),
                "billed_in": list(billedIn), "when": when,
            ])
        let scope = Composition.Scope(models: model, channels: channel)
        try global.finish(try Composition.answer(global, about: scope) { try $0.compare(question) })
    }
}

struct MixCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mix",
        abstract: "A month shared over several models, against all in one.",
        usage: "tokenmeter mix [--share <model=percent> ... | --cheapest] [<options>]",
        discussion: """
            Example:
              tokenmeter mix --share deepseek-v3.2=70 --share gpt-4.1=30 \\
                --output-tokens 10M --channel holysheep
              tokenmeter mix --cheapest --at-least gpt-4.1=20% \\
                --output-tokens 10M --channel holysheep
            """)

    @OptionGroup var global: GlobalOptions
    @OptionGroup var pricing: PricingOptions
    @OptionGroup var usage: UsageOptions
    @OptionGroup var workload: WorkloadOptions

    @Option(help: "MODEL=PERCENT; repeated, adding up to 100.") var share: [String] = []
    @Flag(help: "Find the cheapest mix.") var cheapest = false
    @Option(help: "MODEL=PERCENT that the cheapest mix must hold; may be repeated.")
    var atLeast: [String] = []
    @Option(help: "A model that the cheapest mix may use; may be repeated (default: all).")
    var model: [String] = []
    @Option(help: "Where it is bought (default: direct, each model's own vendor).") var channel:
        String?
    @Option(help: "The service tier (default: standard).") var serviceTier: String?

    func run() throws {
        let question = parameters(
            global, pricing.values, usage.values, workload.values,
            [
                "share": share, "cheapest": cheapest ? ["true"] : [], "at_least": atLeast,
                "model": model, "channel": list(channel), "service_tier": list(serviceTier),
            ])
        // The cheapest of all models has to know all.
        if cheapest, model.isEmpty {
            return try global.finish(try Composition.context(global).mix(question))
        }
        let named = share.map { String($0.prefix { $0 != "=" }) } + model
        let scope = Composition.Scope(models: named, channels: list(channel))
        try global.finish(try Composition.answer(global, about: scope) { try $0.mix(question) })
    }
}

/// Plans off the disk, read against the question's time and month.
enum PlanReading {
    static func workloads(
        _ path: String, _ question: Parameters, _ context: PricingContext
    ) throws -> [PlannedWorkload] {
        try workloads(try RateFolder.text(of: path), file: path, question, context)
    }

    static func workloads(
        _ text: String, file: String, _ question: Parameters, _ context: PricingContext
    ) throws -> [PlannedWorkload] {
        try PlanFile.read(
            text, file: file,
            defaults: PlanFile.Defaults(
                at: try context.at(question),
                daysPerMonth: try WorkloadParameters.daysPerMonth(question),
                channel: try question.text("channel")))
    }
}
