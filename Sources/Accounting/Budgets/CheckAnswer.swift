import JSONBytes
import Pricing

extension PricingContext {
    package static let checkNames =
        names + [
            "days_per_month", "allow_empty", "fail_on", "max_age", "allowed_increase",
            "comment_name",
        ]

    /// Budgets against a plan and what the ledger holds; never green on nothing.
    package func check(_ parameters: Parameters, _ input: CheckInput) throws -> Answer {
        try parameters.refuseUnknown(Self.checkNames)
        let question = try CheckQuestion(parameters, input)
        let time = try at(parameters)
        let zone = try zone(parameters)
        let days = try WorkloadParameters.daysPerMonth(parameters)
        var exchange = try exchange(parameters, at: time)
        let budgets = input.judging
        guard !budgets.isEmpty else {
            throw QuestionError.invalid(field: "budgets", problem: "the file holds no budget")
        }
        for budget in budgets {
            if let zone = budget.zone { _ = try book.zones.offsetSeconds(of: zone, at: time) }
        }
        let ledger = try input.ledger.map { ledger in
            try LedgerSide(
                ledger, zones: book.zones, at: time, zone: zone,
                maximumAge: question.maximumAge)
        }
        let planSide = PlanSide(book: book, days: days, input: input)
        var rows: [CheckRow] = []
        for budget in budgets {
            rows.append(
                try exchange.preferring(budget.fx) { exchange in
                    do {
                        switch budget.basis {
                        case .plan: return try planSide.judge(budget, &exchange)
                        case .actual, .forecast:
                            return try Self.judge(budget, ledger, input.missingLedger, &exchange)
                        }
                    } catch let error as PricingError where error.isUnpriceable {
                        // The others are judged all the same.
                        return CheckRow(budget: budget, state: .unjudged("\(error)"))
                    }
                })
        }
        var comparison: PlanComparison?
        if let plan = input.plan, let base = input.basePlan.content {
            comparison = try PlanComparison(
                from: base, to: plan, allowed: question.allowedIncrease, book, &exchange)
        }
        let verdict = question.verdict(rows, comparison)
        let isCompared = comparison != nil
        var report = Report(
            title: Self.title(input.plan, budgets),
            columns: [
                Report.Column("budget", nil, .left), Report.Column("period", nil, .left),
                Report.Column("limit"),
            ] + (isCompared ? [Report.Column("base")] : []) + [
                Report.Column(budgets.allSatisfy { $0.basis == .plan } ? "planned" : "amount")
            ] + (isCompared ? [Report.Column("change")] : []) + [
                Report.Column("used_percent", "used"), Report.Column("state", nil, .left),
            ], rows: rows.map { $0.cells(isCompared: isCompared) }, rates: label(at: time))
        report.notes = notes(input, days: days, comparison, ledger) + exchange.notes
        report.warnings =
            rows.compactMap(\.warning) + question.warnings(comparison) + (ledger?.warnings ?? [])
        report.details = [comparison?.report].compactMap(\.self)
        report.marker = "tokenmeter-check: \(question.commentName)"
        let fields = JSONObject([
            "at": .string(time.text), "rates": book.catalog.json, "days_per_month": .integer(days),
            "workloads": .integer(Int64(input.plan?.count ?? 0)), "ledger": ledger?.json,
            "base_plan": Self.word(input.basePlan), "base_budgets": Self.word(input.baseBudgets),
            "verdict": .string(verdict.word), "rows": .array(rows.map(\.json)),
            "comparison": comparison?.json,
            "budget_changes": input.baseBudgets.content == nil
                ? nil
                : .array(
                    input.budgetChanges.map { change in
                        .object([
                            "budget": .string(change.budget), "field": .string(change.field),
                            "base": .optional(change.base), "head": .optional(change.head),
                        ])
                    }), "fx": exchange.json,
        ])
        var answer = Answer(name: "check", fields: fields, report: report, verdict: verdict)
        answer.annotations = question.annotations(rows, comparison)
        return answer
    }

    /// What was spent so far in the period that holds the question's time, or will be in all of it.
    private static func judge(
        _ budget: Budget, _ ledger: LedgerSide?, _ missing: String?, _ exchange: inout Exchange
    ) throws -> CheckRow {
        guard let ledger else {
            return missing == nil
                ? CheckRow(budget: budget, state: .unjudged("is on what the ledger holds"))
                : CheckRow(budget: budget, state: .empty)
        }
        if let field = budget.filter.keys.first(where: { $0 == "name" }) {
            return CheckRow(
                budget: budget,
                state: .unjudged("its filter asks for a \(field), and events have none"))
        }
        let amount =
            try budget.basis == .actual
            ? ledger.spent(budget, &exchange) : ledger.expected(budget, &exchange)
        guard amount.events > 0 else { return CheckRow(budget: budget, state: .empty) }
        return CheckRow(
            budget: budget,
            state: CheckRow.state(
                budget, low: amount.low.money, high: amount.high.money, problem: amount.problem),
            low: amount.low, high: amount.high, isComplete: amount.isComplete,
            events: amount.events, range: amount.range)
    }

    private func notes(
        _ input: CheckInput, days: Int64, _ comparison: PlanComparison?, _ ledger: LedgerSide?
    ) -> [String] {
        var notes: [String] = []
        if input.judging.contains(where: { $0.basis == .plan }) {
            notes.append("a month is \(days) days; a day is its \(days)th part, a week 7 of them")
        }
        if let ledger { notes.append(ledger.note) }
        if let missing = input.missingLedger { notes.append(missing) }
        notes += comparison?.notes ?? []
        if case .missing(let file) = input.basePlan {
            notes.append("no base plan \(file): everything in this one is new")
        }
        if case .missing(let file) = input.baseBudgets {
            notes.append("no base budgets \(file): these are new")
        }
        notes += input.budgetChanges.map(\.note)
        return notes
    }

    private static func word<T>(_ base: CheckInput.Base<T>) -> JSONValue? {
        switch base {
        case .notAsked: nil
        case .missing: .string("missing")
        case .read: .string("read")
        }
    }

    private static func title(_ plan: [PlannedWorkload]?, _ budgets: [Budget]) -> String {
        var sides: [String] = []
        if let plan { sides.append("a plan of \(plan.count) workloads") }
        if budgets.contains(where: { $0.basis != .plan }) { sides.append("the ledger") }
        return "budgets against " + (sides.isEmpty ? "nothing" : sides.joined(separator: " and "))
    }
}

/// What a check fails on.
struct CheckQuestion {
    private enum FailOn: String, CaseIterable { case over, warn, increase }

    private let failOn: FailOn
    private let isFailOnGiven: Bool
    private let allowsEmpty: Bool
    let maximumAge: MaximumAge?
    let allowedIncrease: AllowedIncrease?
    let commentName: String

    init(_ parameters: Parameters, _ input: CheckInput) throws {
        let word = try parameters.text("fail_on")
        guard let failOn = word.map(FailOn.init(rawValue:)) ?? .over else {
            throw QuestionError.invalid(
                field: parameters.spelled("fail_on"),
                problem: "\(quoted(word ?? "")) is not one of over, warn, increase")
        }
        self.failOn = failOn
        isFailOnGiven = word != nil
        allowsEmpty = try parameters.flag("allow_empty")
        maximumAge = try parameters.text("max_age").map { text throws(QuestionError) in
            guard let age = MaximumAge(text) else {
                throw .invalid(
                    field: parameters.spelled("max_age"),
                    problem: "\(quoted(text)) is not an age such as 90m, 24h or 7d")
            }
            return age
        }
        allowedIncrease = try parameters.parsed("allowed_increase") { text throws(PricingError) in
            try AllowedIncrease(parsing: text)
        }
        commentName = try parameters.text("comment_name") ?? "default"
        guard
            commentName.utf8.count <= 64,
            commentName.unicodeScalars.allSatisfy({
                $0.isASCII
                    && ($0.properties.isAlphabetic || ("0"..."9").contains($0)
                        || "-_.".unicodeScalars.contains($0))
            })
        else {
            throw QuestionError.invalid(
                field: parameters.spelled("comment_name"),
                problem:
                    "\(quoted(commentName)) is not a name of at most 64 letters, digits, dots, hyphens and underscores"
            )
        }
        if case .notAsked = input.basePlan {
            for name in ["allowed_increase"] where parameters.has(name) {
                throw QuestionError.invalid(
                    field: parameters.spelled(name), problem: "goes with a base plan, --base-plan")
            }
            if failOn == .increase {
                throw QuestionError.invalid(
                    field: parameters.spelled("fail_on"),
                    problem: "increase goes with a base plan, --base-plan")
            }
        }
        if case .notAsked = input.basePlan {
        } else if input.plan == nil {
            throw QuestionError.missing(field: parameters.spelled("plan"))
        }
    }

    /// A known part that is over wins; else what cannot be judged is no success.
    func verdict(_ rows: [CheckRow], _ comparison: PlanComparison?) -> Answer.Verdict {
        var verdict = Answer.Verdict.done
        for row in rows {
            switch row.state {
            case .over: return .overBudget
            case .warning: if failOn == .warn { return .overBudget }
            case .unjudged: verdict = .unpriced
            case .empty: if !allowsEmpty { verdict = .unpriced }
            case .within: break
            }
        }
        if let comparison, failsOnIncrease {
            if comparison.isAbove { return .overBudget }
            // What a workload without a price adds, nobody knows.
            if comparison.isUnjudged { return .unpriced }
        }
        return verdict
    }

    /// Who says how much is too much means it; `--fail-on over` says that it is but a remark. Without
    /// an allowed increase, `--fail-on warn` is about budgets alone.
    private var failsOnIncrease: Bool {
        failOn == .increase || allowedIncrease != nil && (failOn == .warn || !isFailOnGiven)
    }

    /// A rise is worth a warning where somebody said how much is too much.
    func warnings(_ comparison: PlanComparison?) -> [String] {
        failsOnIncrease || allowedIncrease != nil ? comparison?.warnings ?? [] : []
    }

    func annotations(_ rows: [CheckRow], _ comparison: PlanComparison?) -> [Answer.Annotation] {
        var annotations = rows.compactMap {
            $0.annotation(failsOnWarning: failOn == .warn, allowsEmpty: allowsEmpty)
        }
        for warning in warnings(comparison) {
            annotations.append(
                Answer.Annotation(
                    isError: failsOnIncrease, file: nil, line: nil, title: "Plan", message: warning)
            )
        }
        return annotations
    }
}

/// The plan's side of budgets.
private struct PlanSide {
    let book: RateBook
    let days: Int64
    let input: CheckInput

    private struct Sum {
        var low: ShownMoney
        var high: ShownMoney
        var problem: String?
    }

    func judge(_ budget: Budget, _ exchange: inout Exchange) throws -> CheckRow {
        guard let plan = input.plan else {
            return CheckRow(
                budget: budget, state: .unjudged("is on a plan, and none was given with --plan"))
        }
        guard let sum = try sum(budget, of: plan, &exchange) else {
            return CheckRow(budget: budget, state: .empty)
        }
        // Without a workload there it was zero.
        let base = try input.basePlan.content.flatMap { base in
            try self.sum(budget, of: base, &exchange)
                ?? Sum(
                    low: ShownMoney(money: .zero(budget.limit.currency), isConverted: false),
                    high: ShownMoney(money: .zero(budget.limit.currency), isConverted: false))
        }
        let known = base?.problem == nil ? base?.high : nil
        return CheckRow(
            budget: budget,
            state: CheckRow.state(
                budget, low: sum.low.money, high: sum.high.money, problem: sum.problem,
                base: known?.money),
            low: sum.low, high: sum.high, isComplete: sum.problem == nil, base: known)
    }

    /// `nil` where no workload matches that asks for anything.
    private func sum(
        _ budget: Budget, of plan: [PlannedWorkload], _ exchange: inout Exchange
    ) throws -> Sum? {
        let matching = plan.filter { $0.matches(budget.filter) && !$0.workload.isEmpty }
        guard !matching.isEmpty else { return nil }
        var low = Money.zero(budget.limit.currency)
        var high = low
        var isConverted = false
        var problem: String?
        for planned in matching {
            let months: Forecast.Range
            do throws(PricingError) {
                // The months that a period spans, growth included; a day and a week are parts of
                // the first.
                months = try Forecast(
                    planned.workload, months: budget.period.months, book: book
                ).total()
            } catch {
                guard error.isUnpriceable else { throw error }
                problem = "\(planned.workload.name): \(error)"
                continue
            }
            let least = try exchange.converted(months.low.settled.money, to: low.currency)
            let most = try exchange.converted(months.high.settled.money, to: low.currency)
            low = try low.adding(least.money)
            high = try high.adding(most.money)
            isConverted = isConverted || least.isConverted
            if !months.low.isComplete {
                let meters = months.low.unpriced.names.joined(separator: ", ")
                problem = "\(planned.workload.name): unpriced \(meters)"
            }
        }
        low = try budget.period.portion(of: low, daysPerMonth: days)
        high = try budget.period.portion(of: high, daysPerMonth: days)
        return Sum(
            low: ShownMoney(money: low, isConverted: isConverted),
            high: ShownMoney(money: high, isConverted: isConverted), problem: problem)
    }
}

extension Answer.Verdict {
    var word: String {
        switch self {
        case .done: "within"
        case .overBudget: "over"
        case .unpriced: "unjudged"
        case .failed: "failed"
        }
    }
}
