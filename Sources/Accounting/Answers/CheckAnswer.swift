import JSONBytes
import Pricing

extension PricingContext {
    package static let checkNames = names + ["days_per_month", "allow_empty", "fail_on", "max_age"]

    /// Budgets against a plan and what the ledger holds; never green on nothing. `plan` and `ledger`
    /// are `nil` where there is none.
    package func check(
        _ parameters: Parameters, plan: [PlannedWorkload]?, budgets: [Budget],
        ledger: LedgerContext? = nil
    ) throws -> Answer {
        try parameters.refuseUnknown(Self.checkNames)
        let time = try at(parameters)
        let actual = try ledger.map { ledger in
            try ActualSpending(
                ledger, at: time, zone: zone(parameters),
                maximumAgeHours: try Self.maximumAge(parameters))
        }
        let days = try WorkloadParameters.daysPerMonth(parameters)
        let failsOnWarning = try failsOnWarning(parameters)
        let allowsEmpty = try parameters.flag("allow_empty")
        var exchange = try exchange(parameters, at: time)
        guard !budgets.isEmpty else {
            throw QuestionError.invalid(field: "budgets", problem: "the file holds no budget")
        }
        var rows: [CheckRow] = []
        for budget in budgets {
            let row =
                switch budget.basis {
                case .plan: try judge(budget, plan, days: days, exchange: &exchange)
                case .actual: try judge(budget, actual, &exchange)
                case .forecast:
                    CheckRow(
                        budget: budget,
                        state: .unjudged("a forecast from the ledger cannot be judged yet"))
                }
            rows.append(row)
        }
        let verdict = verdict(rows, failsOnWarning: failsOnWarning, allowsEmpty: allowsEmpty)
        var report = Report(
            title: Self.title(plan, budgets),
            columns: [
                Report.Column("budget", nil, .left), Report.Column("period", nil, .left),
                Report.Column("limit"),
                Report.Column(budgets.allSatisfy { $0.basis == .plan } ? "planned" : "amount"),
                Report.Column("used_percent", "used"),
                Report.Column("state", nil, .left),
            ], rows: rows.map(\.cells), rates: label(at: time))
        if budgets.contains(where: { $0.basis == .plan }) {
            report.notes = [
                "a month is \(days) days; a day is its \(days)th part, a week 7 of them"
            ]
        }
        if let actual { report.notes.append(actual.note) }
        report.notes += exchange.notes
        report.warnings = rows.compactMap(\.warning)
        let fields = JSONObject([
            "at": .string(time.text), "rates": book.catalog.json, "days_per_month": .integer(days),
            "workloads": .integer(Int64(plan?.count ?? 0)), "ledger": actual?.json,
            "verdict": .string(verdict.word), "rows": .array(rows.map(\.json)), "fx": exchange.json,
        ])
        return Answer(name: "check", fields: fields, report: report, verdict: verdict)
    }

    private func failsOnWarning(_ parameters: Parameters) throws(QuestionError) -> Bool {
        switch try parameters.text("fail_on") {
        case nil, "over": return false
        case "warn": return true
        case .some(let text):
            throw .invalid(
                field: parameters.spelled("fail_on"),
                problem: "\(quoted(text)) is neither over nor warn")
        }
    }

    private func judge(
        _ budget: Budget, _ plan: [PlannedWorkload]?, days: Int64, exchange: inout Exchange
    ) throws -> CheckRow {
        guard let plan else {
            return CheckRow(
                budget: budget, state: .unjudged("is on a plan, and none was given with --plan"))
        }
        let matching = plan.filter { $0.matches(budget.filter) }
        guard !matching.isEmpty else { return CheckRow(budget: budget, state: .empty) }
        var low = Money.zero(budget.limit.currency)
        var high = low
        var isConverted = false
        var problem: String?
        for planned in matching {
            let month: Forecast.Range
            switch cost(of: planned, over: budget.period) {
            case .success(let range): month = range
            case .failure(let error):
                guard error.isUnpriceable else { throw error }
                problem = "\(planned.workload.name): \(error)"
                continue
            }
            let least = try exchange.converted(month.low.settled.money, to: low.currency)
            let most = try exchange.converted(month.high.settled.money, to: low.currency)
            low = try low.adding(least.money)
            high = try high.adding(most.money)
            isConverted = isConverted || least.isConverted
            if !month.low.isComplete {
                let meters = month.low.unpriced.names.joined(separator: ", ")
                problem = "\(planned.workload.name): unpriced \(meters)"
            }
        }
        low = try budget.period.portion(of: low, daysPerMonth: days)
        high = try budget.period.portion(of: high, daysPerMonth: days)
        return CheckRow(
            budget: budget, state: state(budget, low: low, high: high, problem: problem),
            planned: ShownMoney(money: low, isConverted: isConverted),
            plannedHigh: ShownMoney(money: high, isConverted: isConverted),
            isComplete: problem == nil)
    }

    /// What was spent so far in the period that holds the question's time.
    private func judge(
        _ budget: Budget, _ actual: ActualSpending?, _ exchange: inout Exchange
    ) throws -> CheckRow {
        guard let actual else {
            return CheckRow(budget: budget, state: .unjudged("is on what the ledger holds"))
        }
        if let field = budget.filter.keys.first(where: { $0 == "name" }) {
            return CheckRow(
                budget: budget,
                state: .unjudged("its filter asks for a \(field), and events have none"))
        }
        let spent = try actual.spent(budget)
        guard spent.events > 0 else { return CheckRow(budget: budget, state: .empty) }
        var sum = Money.zero(budget.limit.currency)
        var isConverted = false
        for money in spent.amounts {
            let shown = try exchange.converted(money, to: sum.currency)
            sum = try sum.adding(shown.money)
            isConverted = isConverted || shown.isConverted
        }
        let problem = spent.problem ?? actual.staleness
        let amount = ShownMoney(money: sum, isConverted: isConverted)
        return CheckRow(
            budget: budget, state: state(budget, low: sum, high: sum, problem: problem),
            planned: amount, plannedHigh: amount, isComplete: spent.problem == nil,
            events: spent.events, range: spent.range)
    }

    private static func title(_ plan: [PlannedWorkload]?, _ budgets: [Budget]) -> String {
        var sides: [String] = []
        if let plan { sides.append("a plan of \(plan.count) workloads") }
        if budgets.contains(where: { $0.basis != .plan }) { sides.append("the ledger") }
        return "budgets against " + (sides.isEmpty ? "nothing" : sides.joined(separator: " and "))
    }

    /// `24h` or `7d`, in hours.
    private static func maximumAge(_ parameters: Parameters) throws(QuestionError) -> Int64? {
        guard let text = try parameters.text("max_age") else { return nil }
        let hours: Int64? =
            switch text.last {
            case "h": 1
            case "d": 24
            default: nil
            }
        guard let hours, let count = Int64(text.dropLast()), (1...10_000).contains(count) else {
            throw .invalid(
                field: parameters.spelled("max_age"),
                problem: "\(quoted(text)) is not an age such as 24h or 7d")
        }
        return hours * count
    }

    /// The months that a period spans, growth included; a day and a week are parts of the first.
    private func cost(
        of planned: PlannedWorkload, over period: Budget.Period
    ) -> Result<Forecast.Range, PricingError> {
        Result { () throws(PricingError) in
            try Forecast(planned.workload, months: period.months, book: book).total()
        }
    }

    private func state(_ budget: Budget, low: Money, high: Money, problem: String?)
        -> CheckRow.State
    {
        if low.attos > budget.limit.attos { return .over }
        if let problem { return .unjudged(problem) }
        if high.attos > budget.limit.attos {
            return .unjudged(
                "only the cheaper hours are within the limit; say peak_share in the plan")
        }
        let warnAt = try? budget.limit.scaled(by: budget.warnShare.attos, over: DecimalText.one)
        if let warnAt, high.attos >= warnAt.attos, high.attos > 0 { return .warning }
        return .within
    }

    private func verdict(
        _ rows: [CheckRow], failsOnWarning: Bool, allowsEmpty: Bool
    ) -> Answer.Verdict {
        var verdict = Answer.Verdict.done
        for row in rows {
            switch row.state {
            case .over: return .overBudget
            case .warning: if failsOnWarning { return .overBudget }
            case .unjudged: verdict = .unpriced
            case .empty: if !allowsEmpty { verdict = .unpriced }
            case .within: break
            }
        }
        return verdict
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

private struct CheckRow {
    enum State {
        case within, warning, over, empty
        case unjudged(String)
    }

    let budget: Budget
    let state: State
    var planned: ShownMoney?
    var plannedHigh: ShownMoney?
    /// Whether every workload could be priced in full; otherwise the amounts are lower bounds.
    var isComplete = true
    /// Of a budget on what the ledger holds.
    var events: Int64?
    var range: LedgerRange?

    private var word: String {
        switch state {
        case .within: "within"
        case .warning: "warning"
        case .over: "over"
        case .empty: "empty"
        case .unjudged: "unjudged"
        }
    }

    private var percent: String? {
        guard let amount = plannedHigh?.money.attos, isComplete, budget.limit.attos > 0,
            let tenths = try? ExactDivision.halfEven(
                amount, times: 1000, over: budget.limit.attos),
            let attos = try? ExactDivision.halfEven(tenths, times: DecimalText.one, over: 10)
        else { return nil }
        return DecimalText.text(attos, minorDigits: 1)
    }

    var warning: String? {
        switch state {
        case .empty:
            "\(budget.name): no \(budget.basis == .plan ? "workload of the plan" : "event of its period") matches its filter"
        case .unjudged(let reason): "\(budget.name): cannot be judged: \(reason)"
        case .over:
            planned.flatMap { planned in
                (try? planned.money.subtracting(budget.limit)).map { excess in
                    ShownMoney(money: excess, isConverted: planned.isConverted)
                }
            }.map { "\(budget.name): over \(budget.limit.display) by \($0.display)" }
        case .warning:
            "\(budget.name): \(percent ?? "")% of \(budget.limit.display) is \(budget.basis == .plan ? "planned" : "spent")"
        case .within: nil
        }
    }

    var cells: [Report.Cell] {
        var plannedText = ""
        if let planned, let plannedHigh {
            plannedText = (isComplete ? "" : "at least ") + rangeText(planned, plannedHigh)
        }
        return [
            Report.Cell(budget.name), Report.Cell(budget.period.rawValue),
            Report.Cell(budget.limit),
            Report.Cell(
                plannedText, plain: plannedHigh?.money.amountText ?? "",
                currency: plannedHigh?.money.currency),
            Report.Cell(percent.map { "\($0)%" } ?? "", plain: percent ?? ""), Report.Cell(word),
        ]
    }

    var json: JSONValue {
        guard budget.basis == .plan else { return spentJSON }
        return .object([
            "budget": .string(budget.name), "period": .string(budget.period.rawValue),
            "on": .string(budget.basis.rawValue), "limit": budget.limit.json,
            "planned": isComplete ? planned.map(\.json) ?? .null : .null,
            "planned_high": !isComplete || planned == plannedHigh ? nil : plannedHigh?.json,
            "planned_at_least": isComplete ? nil : planned?.json,
            "used_percent": .optional(percent), "state": .string(word),
            "reason": .optional(warning),
        ])
    }

    private var spentJSON: JSONValue {
        .object([
            "budget": .string(budget.name), "period": .string(budget.period.rawValue),
            "on": .string(budget.basis.rawValue), "limit": budget.limit.json,
            "since": range.map { .string($0.start.text) },
            "until": range.map { .string($0.end.text) }, "events": events.map(JSONValue.integer),
            "spent": isComplete ? planned.map(\.json) ?? .null : .null,
            "spent_at_least": isComplete ? nil : planned?.json,
            "used_percent": .optional(percent), "state": .string(word),
            "reason": .optional(warning),
        ])
    }
}
