import JSONBytes
import Pricing

/// Workloads to forecast, and what to hold them against.
package struct ForecastQuestion: Sendable {
    package static let names =
        PricingContext.names + PricingContext.purchaseNames + WorkloadParameters.names
        + ["growth", "months", "baseline", "max"]

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
            let own = PricingContext.purchaseNames + WorkloadParameters.names + ["growth"]
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
struct ForecastBuilder {
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
            let totalsKey = isComplete ? "totals" : "totals_at_least"
            fields.append(
                "months",
                .array(
                    months.enumerated().map { index, totals in
                        .object(["month": .integer(Int64(index + 1)), totalsKey: totals.json])
                    }))
            fields.append("\(totalsKey)_of_months", try allMonths().json)
        }
        if let baseline { fields.append("baseline", baseline.json) }
        if let gate { fields.append("max", gate.json(isComplete: isComplete)) }
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
            fields.append(isComplete ? "totals" : "totals_at_least", totals.json)
            fields.append(
                "unpriced", isComplete ? nil : .array(unpriced.names.map(JSONValue.string)))
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

    /// The sum over the months.
    func allMonths() throws(PricingError) -> CostTotals {
        var sum = CostTotals()
        for month in months { try sum.add(month) }
        return sum
    }

    // MARK: Baseline and gate

    struct Baseline {
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

    struct Gate {
        let limit: Money
        let low: Money
        let high: Money
        let over: ShownMoney?

        var isWithin: Bool { high.attos <= limit.attos }

        /// `within` is null where something unpriced keeps it from being judged.
        func json(isComplete: Bool) -> JSONValue {
            let isOpen = over == nil && !(isComplete && isWithin)
            return .object([
                "limit": limit.json, "over": over.map(\.json) ?? .null,
                "within": isOpen ? .null : .bool(over == nil),
            ])
        }
    }

    /// The first month, in the limit's currency; what is known to be over is over, whatever else is
    /// unknown.
    private mutating func gate() throws -> Gate? {
        guard let limit = question.max else { return nil }
        var low = Money.zero(limit.currency)
        var high = low
        var isConverted = false
        for forecast in forecasts {
            let month = forecast.firstMonth
            let least = try exchange.converted(month.low.settled.money, to: limit.currency)
            let most = try exchange.converted(month.high.settled.money, to: limit.currency)
            low = try low.adding(least.money)
            high = try high.adding(most.money)
            isConverted = isConverted || least.isConverted
        }
        let excess = try low.subtracting(limit)
        let over = excess.attos > 0 ? ShownMoney(money: excess, isConverted: isConverted) : nil
        if over != nil {
            verdict = .overBudget
        } else if high.attos > limit.attos {
            verdict = .unpriced
        }
        return Gate(limit: limit, low: low, high: high, over: over)
    }
}
