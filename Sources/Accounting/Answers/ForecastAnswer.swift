import JSONBytes
import Pricing

/// Workloads to forecast, and what to hold them against.
package struct ForecastQuestion: Sendable {
    package static let names =
        PricingContext.names + PricingContext.purchaseNames + WorkloadParameters.names
        + ["months", "baseline", "max"]

    package var workloads: [Workload]
    package var months: Int
    package var daysPerMonth: Int64
    package var baseline: String?
    package var max: Money?

    /// One workload from flags or fields; `plan` stands in for them where there is one.
    package init(
        _ parameters: Parameters, plan: [Workload]? = nil, _ context: PricingContext
    ) throws(QuestionError) {
        try parameters.refuseUnknown(Self.names)
        months = try WorkloadParameters.months(parameters)
        daysPerMonth = try WorkloadParameters.daysPerMonth(parameters)
        baseline = try parameters.text("baseline")
        max = try parameters.money("max")
        if let plan {
            let own = PricingContext.purchaseNames + WorkloadParameters.names
            for name in own
            where parameters.has(name) && !["channel", "days_per_month"].contains(name) {
                throw .invalid(
                    field: parameters.spelled(name), problem: "is said by the plan's workloads")
            }
            workloads = plan
            return
        }
        workloads = [
            Workload(
                purchase: try context.purchase(parameters),
                demand: try WorkloadParameters.demand(parameters),
                batchShare: try parameters.share("batch_share") ?? .none,
                peakShare: try parameters.share("peak_share"),
                growthPerMonth: try WorkloadParameters.growth(parameters))
        ]
    }
}

extension PricingContext {
    /// Throws `QuestionError` for what cannot be understood and `PricingError` for what has no
    /// price.
    package func forecast(_ parameters: Parameters, plan: [Workload]? = nil) throws -> Answer {
        let question = try ForecastQuestion(parameters, plan: plan, self)
        let exchange = try exchange(parameters, at: at(parameters))
        var builder = ForecastBuilder(
            context: self, question: question, parameters: parameters, exchange: exchange)
        return try builder.answer(at: try at(parameters))
    }
}

/// Gathers the forecast's rows, sums and gates.
private struct ForecastBuilder {
    let context: PricingContext
    let question: ForecastQuestion
    let parameters: Parameters
    var exchange: Exchange
    var forecasts: [Forecast] = []
    var totals = CostTotals()
    var billed = CostTotals()
    var settled = CostTotals()
    var months: [CostTotals] = []
    var unpriced = MeterSet()
    var verdict = Answer.Verdict.done

    mutating func answer(at time: Timestamp) throws -> Answer {
        guard !question.workloads.isEmpty else {
            throw QuestionError.invalid(field: "workloads", problem: "the plan is empty")
        }
        months = Array(repeating: CostTotals(), count: question.months)
        for workload in question.workloads {
            let forecast = try Forecast(workload, months: question.months, book: context.book)
            forecasts.append(forecast)
            try add(forecast)
        }
        let baseline = try baselineSavings()
        let gate = try gate()
        if !unpriced.isEmpty, verdict != .overBudget { verdict = .unpriced }
        let isComplete = unpriced.isEmpty
        var fields = JSONObject([
            "per": "month", "days_per_month": .integer(question.daysPerMonth),
            "at": .string(time.text), "rates": context.book.catalog.json,
        ])
        if forecasts.count == 1 {
            fields.append("model", .string(forecasts[0].model))
            fields.append("channel", .string(forecasts[0].channel.id))
            fields.append("usage", forecasts[0].usage.json)
        }
        if let one = billed.single, one.low == one.high {
            fields.append("billed", isComplete ? one.low.json : .null)
        }
        if let one = settled.single, one.low == one.high {
            fields.append("settled", isComplete ? one.low.json : .null)
        }
        appendCost(to: &fields, isComplete: isComplete)
        fields.append("rows", .array(try forecasts.map { try row($0) }))
        if question.months > 1 {
            fields.append(
                "months",
                .array(
                    months.enumerated().map { index, totals in
                        .object(["month": .integer(Int64(index + 1)), "totals": totals.json])
                    }))
            fields.append("totals_of_months", try allMonths().json)
        }
        if let baseline { fields.append("baseline", baseline.json) }
        if let gate { fields.append("max", gate.json) }
        fields.append("assumptions", .array(assumptions.map(JSONValue.string)))
        fields.append("fx", exchange.json)
        return Answer(
            name: "forecast", fields: fields, report: try report(baseline, gate), verdict: verdict)
    }

    private mutating func add(_ forecast: Forecast) throws(PricingError) {
        for (index, month) in forecast.months.enumerated() {
            let low = try exchange.shown(month.low.settled.money)
            let high = try exchange.shown(month.high.settled.money)
            try months[index].add(low: low, high: high)
            if index == 0 {
                try totals.add(low: low, high: high)
                try billed.add(
                    low: ShownMoney(money: month.low.billed.money, isConverted: false),
                    high: ShownMoney(money: month.high.billed.money, isConverted: false))
                try settled.add(
                    low: ShownMoney(money: month.low.settled.money, isConverted: false),
                    high: ShownMoney(money: month.high.settled.money, isConverted: false))
            }
            unpriced.bits |= month.low.unpriced.bits | month.high.unpriced.bits
        }
    }

    private func appendCost(to fields: inout JSONObject, isComplete: Bool) {
        guard let one = totals.single else {
            fields.append("cost", .null)
            fields.append("totals", totals.json)
            return
        }
        guard isComplete else {
            fields.append("cost", .null)
            fields.append("cost_at_least", one.low.json)
            fields.append("unpriced", .array(unpriced.names.map(JSONValue.string)))
            return
        }
        if one.low == one.high {
            fields.append("cost", one.low.json)
        } else {
            fields.append("cost", .null)
            fields.append("cost_low", one.low.json)
            fields.append("cost_high", one.high.json)
        }
    }

    private mutating func row(_ forecast: Forecast) throws(PricingError) -> JSONValue {
        let month = forecast.firstMonth
        let low = try exchange.shown(month.low.settled.money)
        let high = try exchange.shown(month.high.settled.money)
        let isComplete = month.low.isComplete && month.high.isComplete
        let isSingle = month.isSingle
        var parts: [JSONValue] = []
        for part in forecast.parts {
            parts.append(
                .object([
                    "service_tier": .string(part.entry.line.conditions.serviceTier),
                    "hours": part.hours.map { .string($0.rawValue) },
                    "usage": part.usage.json, "billed": part.cost.billed.money.json,
                    "components": .array(part.components.map(\.json)), "rate_line": part.entry.json,
                ]))
        }
        return .object([
            "name": forecast.workload.name.isEmpty ? nil : .string(forecast.workload.name),
            "model": .string(forecast.model), "channel": .string(forecast.channel.id),
            "usage": forecast.usage.json,
            "billed": isSingle && isComplete ? month.low.billed.money.json : .null,
            "settled": isSingle && isComplete ? month.low.settled.money.json : .null,
            "cost": isSingle && isComplete ? low.json : .null,
            "cost_low": isSingle ? nil : low.json, "cost_high": isSingle ? nil : high.json,
            "cost_at_least": isComplete ? nil : low.json,
            "unpriced": isComplete ? nil : .array(month.low.unpriced.names.map(JSONValue.string)),
            "parts": .array(parts),
        ])
    }

    /// The sum over the months, where there is one currency.
    private func allMonths() throws(PricingError) -> CostTotals {
        var sum = CostTotals()
        for month in months {
            guard let one = month.single else { continue }
            try sum.add(low: one.low, high: one.high)
        }
        return sum
    }

    // MARK: Baseline and gate

    private struct Baseline {
        let channel: String
        let savings: Savings
        let isConverted: Bool

        var json: JSONValue {
            .object([
                "channel": .string(channel),
                "cost": ShownMoney(money: savings.baseline, isConverted: isConverted).json,
                "saved": ShownMoney(money: savings.saved, isConverted: isConverted).json,
                "saved_percent": .optional(savings.percentText),
            ])
        }
    }

    private mutating func baselineSavings() throws -> Baseline? {
        guard let channel = question.baseline else { return nil }
        try context.book.requireChannel(channel)
        guard let own = totals.single, own.low == own.high, unpriced.isEmpty else {
            throw QuestionError.invalid(
                field: parameters.spelled("baseline"),
                problem:
                    "needs one cost to compare; add \(parameters.spelled("currency")) or \(parameters.spelled("peak_share"))"
            )
        }
        var sum = Money.zero(own.low.money.currency)
        var isConverted = own.low.isConverted
        for workload in question.workloads {
            var other = workload
            other.purchase.channel = channel
            other.purchase.list = nil
            let month = try Forecast(other, months: 1, book: context.book).firstMonth
            guard month.isSingle else {
                throw PricingError.needsPeakShare(model: workload.purchase.model, channel: channel)
            }
            guard month.low.isComplete else {
                throw PricingError.unpriced(
                    model: workload.purchase.model, channel: channel, line: "of the baseline",
                    meters: Array(month.low.unpriced))
            }
            let shown = try exchange.converted(month.low.settled.money, to: sum.currency)
            isConverted = isConverted || shown.isConverted
            sum = try sum.adding(shown.money)
        }
        return Baseline(
            channel: channel, savings: try Savings(baseline: sum, cost: own.low.money),
            isConverted: isConverted)
    }

    private struct Gate {
        let limit: Money
        let low: Money
        let high: Money
        let over: Money?

        var isWithin: Bool { high.attos <= limit.attos }

        var json: JSONValue {
            .object([
                "limit": limit.json, "over": over.map(\.json) ?? .null,
                "within": .bool(isWithin),
            ])
        }
    }

    /// The first month, in the limit's currency; what is known to be over is over, whatever else is
    /// unknown.
    private mutating func gate() throws -> Gate? {
        guard let limit = question.max else { return nil }
        var low = Money.zero(limit.currency)
        var high = low
        for forecast in forecasts {
            let month = forecast.firstMonth
            low = try low.adding(
                try exchange.converted(month.low.settled.money, to: limit.currency).money)
            high = try high.adding(
                try exchange.converted(month.high.settled.money, to: limit.currency).money)
        }
        let over = low.attos > limit.attos ? try low.subtracting(limit) : nil
        if over != nil {
            verdict = .overBudget
        } else if high.attos > limit.attos {
            verdict = .unpriced
        }
        return Gate(limit: limit, low: low, high: high, over: over)
    }

    // MARK: For people

    private var assumptions: [String] {
        var lines: [String] = ["a month is \(question.daysPerMonth) days"]
        for forecast in forecasts {
            let workload = forecast.workload
            let prefix = forecasts.count == 1 ? "" : "\(workload.name): "
            lines += Assumptions.lines(forecast).map { prefix + $0 }
        }
        return unique(lines)
    }

    private func report(_ baseline: Baseline?, _ gate: Gate?) throws -> Report {
        var report = forecasts.count == 1 ? try singleReport(forecasts[0]) : try planReport()
        report.showsHeader = forecasts.count > 1
        let width = report.columns.count
        func footer(_ label: String, _ cells: [Report.Cell]) {
            let blanks = max(0, width - 1 - cells.count)
            report.footer.append([Report.Cell(label)] + Array(repeating: "", count: blanks) + cells)
        }
        func shown(_ low: ShownMoney, _ high: ShownMoney) -> Report.Cell {
            let cell = rangeCell(low, high)
            return unpriced.isEmpty ? cell : Report.Cell("at least " + cell.text, plain: cell.plain)
        }
        if exchange.wanted != nil, let paid = settled.single, totals.isConverted {
            footer("settled", [shown(paid.low, paid.high)])
        }
        for currency in totals.currencies {
            guard let low = totals.low[currency], let high = totals.high[currency] else { continue }
            footer(
                "total",
                [
                    shown(
                        ShownMoney(money: low, isConverted: totals.isConverted),
                        ShownMoney(money: high, isConverted: totals.isConverted))
                ])
        }
        if let baseline {
            let percent = baseline.savings.percentText.map { " (\($0)%)" } ?? ""
            let saved = ShownMoney(money: baseline.savings.saved, isConverted: baseline.isConverted)
            let cost = ShownMoney(
                money: baseline.savings.baseline, isConverted: baseline.isConverted)
            footer(baseline.channel, [cost.cell])
            footer("saved", [Report.Cell(saved.display + percent, plain: saved.money.amountText)])
        }
        if question.months > 1 {
            for (index, month) in months.enumerated() {
                guard let one = month.single else { continue }
                footer("month \(index + 1)", [rangeCell(one.low, one.high)])
            }
            if let all = try allMonths().single {
                footer("all \(question.months)", [rangeCell(all.low, all.high)])
            }
        }
        report.notes = assumptions + exchange.notes
        report.warnings = unique(forecasts.flatMap { $0.parts.flatMap(\.entry.warnings) })
        if let gate, gate.isWithin, unpriced.isEmpty {
            report.notes.append("within \(parameters.spelled("max")) \(gate.limit.display)")
        } else if let gate {
            report.warnings += warnings(gate)
        }
        for forecast in forecasts where forecast.dependsOnHour {
            report.warnings.append(
                "\(forecast.model) on \(forecast.channel.id) costs more at some hours: both ends are shown; add \(parameters.spelled("peak_share"))"
            )
        }
        if !unpriced.isEmpty {
            report.warnings.append(
                "unpriced, and not free: \(unpriced.names.joined(separator: ", "))")
        }
        return report
    }

    private func warnings(_ gate: Gate) -> [String] {
        let flag = parameters.spelled("max")
        if let over = gate.over {
            return ["over \(flag) \(gate.limit.display) by \(over.roundedOrExact)"]
        }
        if gate.high.attos > gate.limit.attos {
            return [
                "cannot be judged against \(flag) \(gate.limit.display): only the cheaper end is within"
            ]
        }
        return ["cannot be judged against \(flag): something is unpriced"]
    }

    private func singleReport(_ forecast: Forecast) throws(PricingError) -> Report {
        let growth = question.months > 1 ? "first month" : "per month"
        var title =
            "\(growth) (\(question.daysPerMonth) days), \(forecast.model) on \(forecast.channel.id)"
        title += ", \(Assumptions.band(forecast))"
        var rows: [[Report.Cell]] = []
        let hasTiers = Set(forecast.parts.map(\.entry.line.conditions.serviceTier)).count > 1
        for part in forecast.parts {
            let tier = part.entry.line.conditions.serviceTier
            for component in part.components {
                let kinds = [hasTiers ? tier : nil, part.hours.map { "\($0.rawValue) hours" }]
                    .compactMap(\.self)
                let label =
                    component.meter.name
                    + (kinds.isEmpty ? "" : " (\(kinds.joined(separator: ", ")))")
                let cheaper = part.cheaperComponents.first { $0.meter == component.meter }
                rows.append([
                    Report.Cell(label), Report.Cell(component.count),
                    rangeCell(
                        ShownMoney(
                            money: (cheaper ?? component).billed.money, isConverted: false),
                        ShownMoney(money: component.billed.money, isConverted: false)),
                ])
            }
            for meter in part.cost.unpriced {
                rows.append([
                    Report.Cell(meter.name), Report.Cell(part.usage[meter]),
                    Report.Cell("unpriced", plain: ""),
                ])
            }
        }
        return Report(
            title: title,
            columns: [
                Report.Column("meter", nil, .left), Report.Column("count"), Report.Column("billed"),
            ], rows: rows, rates: context.label(at: forecasts[0].workload.purchase.at))
    }

    private func planReport() throws -> Report {
        var exchange = exchange
        let rows = try forecasts.map { forecast in
            let month = forecast.firstMonth
            let low = try exchange.shown(month.low.settled.money)
            let high = try exchange.shown(month.high.settled.money)
            return [
                Report.Cell(forecast.workload.name), Report.Cell(forecast.model),
                Report.Cell(forecast.channel.id), rangeCell(low, high),
            ]
        }
        return Report(
            title: "per month (\(question.daysPerMonth) days), \(forecasts.count) workloads",
            columns: [
                Report.Column("workload", nil, .left), Report.Column("model", nil, .left),
                Report.Column("channel", nil, .left), Report.Column("cost"),
            ], rows: rows, rates: context.label(at: forecasts[0].workload.purchase.at))
    }
}

extension Money {
    var roundedOrExact: String { amountText.count > 16 ? roundedDisplay : display }
}
