import JSONBytes
import Pricing

/// One budget, what it is held against, and what becomes of it.
struct CheckRow {
    enum State {
        case within, over, empty
        case warning(String)
        case unjudged(String)
    }

    let budget: Budget
    let state: State
    /// What it comes to: the least and the most, in the limit's currency.
    var low: ShownMoney?
    var high: ShownMoney?
    /// Whether everything could be priced in full; otherwise the amounts are lower bounds.
    var isComplete = true
    /// The same without the change that is checked.
    var base: ShownMoney?
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

    private var noun: String {
        switch budget.basis {
        case .plan: "planned"
        case .actual: "spent"
        case .forecast: "expected"
        }
    }

    private var percent: String? {
        guard let high, isComplete else { return nil }
        return budget.limit.percent(of: high.money)
    }

    private var change: Money? {
        guard let base, let high, isComplete else { return nil }
        return try? high.money.subtracting(base.money)
    }

    var warning: String? {
        switch state {
        case .empty:
            "\(budget.name): no \(budget.basis == .plan ? "workload of the plan that asks for anything" : "event of its period") matches its filter"
        case .unjudged(let reason): "\(budget.name): cannot be judged: \(reason)"
        case .over:
            low.flatMap { low in
                (try? low.money.subtracting(budget.limit)).map { excess in
                    ShownMoney(money: excess, isConverted: low.isConverted)
                }
            }.map { "\(budget.name): over \(budget.limit.display) by \($0.display)" }
        case .warning(let reason): "\(budget.name): \(reason)"
        case .within: nil
        }
    }

    func warning(at share: String?) -> String {
        "\(share ?? "")% of \(budget.limit.display) is \(noun)"
    }

    /// From its share of the limit on a budget warns.
    static func state(
        _ budget: Budget, low: Money, high: Money, problem: String?, base: Money? = nil
    ) -> State {
        if low.attos > budget.limit.attos {
            // It was over before, and this change does not make it worse.
            if let base, base.attos > budget.limit.attos, high.attos <= base.attos,
                let excess = try? low.subtracting(budget.limit)
            {
                return .warning(
                    "over \(budget.limit.display) by \(excess.display), as it is without this change"
                )
            }
            return .over
        }
        if let problem { return .unjudged(problem) }
        if high.attos > budget.limit.attos {
            return .unjudged(
                "only the cheaper hours are within the limit; say peak_share in the plan")
        }
        let warnAt = try? budget.limit.scaled(by: budget.warnShare.attos, over: DecimalText.one)
        if let warnAt, high.attos >= warnAt.attos, high.attos > 0 {
            let row = CheckRow(budget: budget, state: .within)
            return .warning(row.warning(at: budget.limit.percent(of: high)))
        }
        return .within
    }

    // MARK: Shapes

    func cells(isCompared: Bool) -> [Report.Cell] {
        var amount = ""
        if let low, let high {
            amount = (isComplete ? "" : "at least ") + rangeText(low, high)
        }
        let zone = budget.zone.map { " (\($0))" } ?? ""
        return [
            Report.Cell(budget.name),
            Report.Cell(budget.period.rawValue + zone, plain: budget.period.rawValue),
            Report.Cell(budget.limit),
        ] + (isCompared ? [base.map(\.cell) ?? Report.Cell("")] : []) + [
            Report.Cell(
                amount, plain: high?.money.amountText ?? "", currency: high?.money.currency)
        ]
            + (isCompared
                ? [
                    change.map { Report.Cell(PlanComparison.signed($0), plain: $0.amountText) }
                        ?? Report.Cell("")
                ] : []) + [
                Report.Cell(percent.map { "\($0)%" } ?? "", plain: percent ?? ""),
                Report.Cell(word),
            ]
    }

    var json: JSONValue {
        let isPlan = budget.basis == .plan
        let amount = isComplete ? low.map(\.json) ?? .null : .null
        return .object([
            "budget": .string(budget.name), "period": .string(budget.period.rawValue),
            "zone": budget.zone.map(JSONValue.string),
            "on": .string(budget.basis.rawValue), "limit": budget.limit.json,
            "since": range.map { .string($0.start.text) },
            "until": range.map { .string($0.end.text) }, "events": events.map(JSONValue.integer),
            "planned": isPlan ? amount : nil,
            "planned_high": !isPlan || !isComplete || low == high ? nil : high?.json,
            "planned_at_least": !isPlan || isComplete ? nil : low?.json,
            "base": base.map(\.json), "change": change.map(\.json),
            "spent": budget.basis == .actual ? amount : nil,
            "spent_at_least": budget.basis != .actual || isComplete ? nil : low?.json,
            "expected": budget.basis == .forecast ? amount : nil,
            "expected_at_least": budget.basis != .forecast || isComplete ? nil : low?.json,
            "used_percent": .optional(percent), "state": .string(word),
            "reason": .optional(warning),
        ])
    }

    /// `nil` where all is well.
    func annotation(failsOnWarning: Bool, allowsEmpty: Bool) -> Answer.Annotation? {
        guard let warning else { return nil }
        let isError: Bool
        switch state {
        case .over, .unjudged: isError = true
        case .empty: isError = !allowsEmpty
        case .warning: isError = failsOnWarning
        case .within: isError = false
        }
        return Answer.Annotation(
            isError: isError, file: budget.place?.file, line: budget.place?.line,
            title: "Budget \(budget.name): \(word)", message: warning)
    }
}
