import JSONBytes
import Pricing

extension LedgerContext {
    package static let budgetsNames = ["at", "timezone", "fx", "name"]

    /// How much of each budget on what the ledger holds is spent, held for requests under way, and
    /// left, and when it runs out. Budgets on a plan are left out; `check` judges them.
    package func budgets(
        _ parameters: Parameters, _ budgets: [Budget], held: any BudgetReservations
    ) throws -> Answer {
        try parameters.refuseUnknown(Self.budgetsNames)
        let time = try pricing.at(parameters)
        let zone = try pricing.zone(parameters)
        let names = parameters.texts("name")
        for name in names where !budgets.contains(where: { $0.name == name }) {
            let nearest = NearestNames.find(name, among: budgets.map(\.name), limit: 1).joined()
            throw QuestionError.invalid(
                field: parameters.spelled("name"),
                problem: "no budget \(quoted(name)); nearest: \(nearest)")
        }
        var exchange = try pricing.exchange(parameters, at: time)
        var rows: [BudgetStanding] = []
        for budget in budgets
        where budget.basis != .plan && (names.isEmpty || names.contains(budget.name)) {
            rows.append(
                try exchange.preferring(budget.fx) { exchange in
                    try BudgetStanding(budget, self, at: time, zone: zone, held, &exchange)
                })
        }
        var report = Report(
            title: "\(rows.count) budgets",
            columns: [
                Report.Column("budget", nil, .left), Report.Column("limit"),
                Report.Column("spent"), Report.Column("reserved"), Report.Column("remaining"),
                Report.Column("runs_out_at", "runs out", .left),
            ], rows: rows.map(\.cells), rates: pricing.label(at: time))
        report.notes = exchange.notes
        report.warnings = rows.compactMap(\.problem)
        return Answer(
            name: "budgets",
            fields: JSONObject([
                "at": .string(time.text), "rows": .array(rows.map(\.json)), "fx": exchange.json,
            ]), report: report)
    }
}

/// Where one budget stands.
private struct BudgetStanding {
    let budget: Budget
    let zone: String
    private var range: LedgerRange?
    private var events: Int64 = 0
    private var spent: ShownMoney?
    private var reserved: ShownMoney?
    private var remaining: ShownMoney?
    private var isComplete = true
    private var runsOut: CivilDate?
    /// Why an amount is missing, or not all of it.
    private(set) var problem: String?

    init(
        _ budget: Budget, _ context: LedgerContext, at time: Timestamp, zone: String,
        _ held: any BudgetReservations, _ exchange: inout Exchange
    ) throws {
        self.budget = budget
        self.zone = budget.zone ?? zone
        if budget.filter["name"] != nil {
            problem = "\(budget.name): its filter asks for a name, and events have none"
            return
        }
        let forecast = try LedgerForecast(
            LedgerSpending(context), budget.period, at: time, zone: self.zone,
            zones: context.pricing.book.zones, filter: EventFilter(budget))
        range = forecast.range
        events = forecast.events
        isComplete = forecast.isSpentComplete
        do {
            let projection = try forecast.projection(in: budget.limit.currency, &exchange)
            let spent = ShownMoney(money: projection.spent, isConverted: projection.isConverted)
            var sum = Money.zero(budget.limit.currency)
            var isConverted = false
            let amounts = try held.held(under: budget.name, at: time, account: context.account)
            for amount in amounts.values.sorted(by: { $0.currency < $1.currency }) {
                let shown = try exchange.converted(amount, to: sum.currency)
                sum = try sum.adding(shown.money)
                isConverted = isConverted || shown.isConverted
            }
            self.spent = spent
            reserved = ShownMoney(money: sum, isConverted: isConverted)
            remaining = ShownMoney(
                money: try budget.limit.subtracting(spent.money).subtracting(sum),
                isConverted: spent.isConverted || isConverted)
            runsOut = projection.firstDay(over: budget.limit)
            if !isComplete {
                problem =
                    "\(budget.name): \(Count.grouped(forecast.unpricedEvents)) of its events have no cost, or not all of it"
            }
        } catch let error as PricingError where error.isUnpriceable {
            problem = "\(budget.name): \(error)"
        }
    }

    var cells: [Report.Cell] {
        func cell(_ money: ShownMoney?, _ mark: String) -> Report.Cell {
            guard let money else { return Report.Cell("unknown", plain: "") }
            return Report.Cell(
                (isComplete ? "" : mark) + money.display, plain: money.money.amountText,
                currency: money.money.currency)
        }
        return [
            Report.Cell(budget.name), Report.Cell(budget.limit), cell(spent, "≥ "),
            reserved.map(\.cell) ?? "", cell(remaining, "≤ "), Report.Cell(runsOut?.text ?? ""),
        ]
    }

    var json: JSONValue {
        .object([
            "budget": .string(budget.name), "period": .string(budget.period.rawValue),
            "zone": .string(zone), "on": .string(budget.basis.rawValue),
            "since": .optional(range?.start.text), "until": .optional(range?.end.text),
            "events": .integer(events), "limit": budget.limit.json,
            "spent": isComplete ? spent?.json ?? .null : .null,
            "spent_at_least": isComplete ? nil : spent?.json,
            "reserved": reserved?.json ?? .null,
            "remaining": isComplete ? remaining?.json ?? .null : .null,
            "remaining_at_most": isComplete ? nil : remaining?.json,
            "runs_out_at": .optional(runsOut?.text), "reason": problem.map(JSONValue.string),
        ])
    }
}
