import Accounting
import ArgumentParser
import ConfigFiles
import Foundation
import Pricing

struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Budgets against a plan or the ledger, for CI.",
        usage: "tokenmeter check --budgets <budgets> [--plan <plan>] [<options>]",
        discussion: """
            Example:
              tokenmeter check --plan plan.yml --budgets budgets.yml
              tokenmeter check --budgets budgets.yml --max-age 24h
              tokenmeter check --plan plan.yml --base-plan main-plan.yml \\
                --budgets budgets.yml --allowed-increase 10%

            A budget is on: plan (default), on: actual, which is what the ledger's events
            cost so far in the day, week, month, quarter or year of its zone, or on:
            forecast, which is what they will come to at its end.

            With --base-plan the change is shown, both sides by the same rates; what was
            over before and is no more so now is a warning. With --base-budgets those
            judge, and what changes in them is shown. A base file that is not there makes
            everything new. --format markdown is one comment, found again by its first
            line.

            0 within every budget, 2 over one, 3 where something cannot be priced or
            judged.
            """)

    enum Annotations: String, CaseIterable, ExpressibleByArgument { case github }

    @OptionGroup var global: GlobalOptions
    @OptionGroup var pricing: PricingOptions

    @Option(help: "A YAML file of budgets.") var budgets: String
    @Option(help: "The same file without the change that is checked; its budgets judge.")
    var baseBudgets: String?
    @Option(help: "A plan: a YAML file of workloads.") var plan: String?
    @Option(help: "The same file without the change that is checked.") var basePlan: String?
    @Option(help: "By how much the plan may cost more a month than the base, such as 10% or 50USD.")
    var allowedIncrease: String?
    @Option(help: "How old the ledger's newest event may be, such as 24h or 7d.") var maxAge:
        String?
    @Option(help: "Ask a tokenmeter service what was spent; its key is in $TOKENMETER_KEY.")
    var ledgerUrl: String?
    @Option(help: "Days in a month (default: 30).") var daysPerMonth: String?
    @Option(help: "What fails: over (default), warn or increase.") var failOn: String?
    @Flag(help: "A budget that no workload or event falls under is no failure.") var allowEmpty =
        false
    @Option(help: "The name in the first line of --format markdown (default: default).")
    var commentName: String?
    @Option(
        help: "Remarks for a review on stderr, and the comment in $GITHUB_STEP_SUMMARY: github.")
    var annotations: Annotations?

    func run() throws {
        let question = parameters(
            global, pricing.values,
            [
                "days_per_month": list(daysPerMonth), "fail_on": list(failOn),
                "allow_empty": allowEmpty ? ["true"] : [], "max_age": list(maxAge),
                "allowed_increase": list(allowedIncrease), "comment_name": list(commentName),
            ])
        let limits = try BudgetFile.read(try RateFolder.text(of: budgets), file: budgets)
        let baseLimits = try Self.base(baseBudgets) { try BudgetFile.read($0, file: $1) }
        let wantsLedger = (limits + (baseLimits.content ?? [])).contains { $0.basis != .plan }
        // Events keep to the lines that priced them, whichever tables price the plan.
        var events = global
        events.pricingData = nil
        var ledger: LedgerContext?
        var missing: String?
        var remote: CheckInput.Ledger?
        if let ledgerUrl {
            guard global.database == nil else {
                throw QuestionError.invalid(
                    field: "--ledger-url", problem: "does not go with --database")
            }
            remote = .elsewhere(try Composition.remoteLedger(url: ledgerUrl))
        } else if wantsLedger {
            let path = try Composition.databasePath(events)
            if FileManager.default.fileExists(atPath: path) {
                ledger = try Composition.ledger(events)
            } else {
                missing = "there is no ledger at \(path)"
            }
        }
        let context: PricingContext
        if missing != nil, global.pricingData == nil {
            // Whoever mistyped a path is not to find a new ledger there.
            context = try Composition.contextWithoutDatabase(global)
        } else if plan == nil, global.pricingData == nil, let ledger {
            context = ledger.pricing
        } else {
            context = try Composition.context(global)
        }
        let workloads = try plan.map { try PlanReading.workloads($0, question, context) }
        let baseWorkloads = try Self.base(basePlan) {
            try PlanReading.workloads($0, file: $1, question, context)
        }
        let answer = try context.check(
            question,
            CheckInput(
                budgets: limits, baseBudgets: baseLimits, plan: workloads,
                basePlan: baseWorkloads,
                ledger: wantsLedger ? remote ?? ledger.map(CheckInput.Ledger.here) : nil,
                missingLedger: missing))
        if annotations == .github { GitHubReview.write(answer) }
        try global.finish(answer)
    }

    /// A base that is not there is no fault: the first time there is none.
    private static func base<Content>(
        _ path: String?, _ read: (String, String) throws -> Content
    ) throws -> CheckInput.Base<Content> {
        guard let path else { return .notAsked }
        guard path == "-" || FileManager.default.fileExists(atPath: path) else {
            return .missing(path)
        }
        return .read(try read(try RateFolder.text(of: path), path))
    }
}
