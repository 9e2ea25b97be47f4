import JSONBytes
import Pricing

/// The monthly-cost and savings table: one channel against a baseline, over models.
package struct SavingsQuestion: Sendable {
    package static let names =
        PricingContext.names + ["model", "channel", "baseline", "service_tier"]
        + WorkloadParameters.names

    package let channel: String
    package let baseline: String
    package let models: [String]
    package let demand: Workload.Demand
    package let batchShare: Share
    package let peakShare: Share?
    package let serviceTier: String

    package init(_ parameters: Parameters) throws(QuestionError) {
        try parameters.refuseUnknown(Self.names)
        channel = try parameters.required("channel")
        baseline = try parameters.required("baseline")
        models = parameters.texts("model")
        demand = try WorkloadParameters.demand(parameters)
        batchShare = try parameters.share("batch_share") ?? .none
        peakShare = try parameters.share("peak_share")
        serviceTier = try parameters.text("service_tier") ?? RateConditions.standardTier
    }
}

extension PricingContext {
    /// Throws `QuestionError` for what cannot be understood and `PricingError` for what has no
    /// price.
    package func savings(_ parameters: Parameters) throws -> Answer {
        let question = try SavingsQuestion(parameters)
        let time = try at(parameters)
        var exchange = try exchange(parameters, at: time)
        try book.requireChannel(question.channel)
        try book.requireChannel(question.baseline)
        var rows: [SavingsRow] = []
        var left: [String] = []
        for model in try modelsToCompare(question, at: time) {
            do {
                rows.append(try row(model, question, at: time, &exchange))
            } catch let error as PricingError where question.models.isEmpty && error.isLeftOut {
                left.append("\(model): \(error)")
            }
        }
        guard !rows.isEmpty else {
            throw PricingError.notSold(
                model: question.models.first ?? "any", channel: question.channel, soldOn: [])
        }
        // Of all models, those that charge nothing for such a usage are none of the answer; of models
        // that were named, or if no other is left, that is the answer.
        if question.models.isEmpty, rows.contains(where: \.isComplete) {
            left += rows.filter { !$0.isComplete }.map(\.gap)
            rows.removeAll { !$0.isComplete }
        }
        rows.sort { ($0.cost.money.attos, $0.model) < ($1.cost.money.attos, $1.model) }
        var fields = JSONObject([
            "per": "month", "at": .string(time.text), "rates": book.catalog.json,
            "channel": .string(question.channel), "baseline": .string(question.baseline),
            "usage": try question.demand.usage().without(.request).json,
            "rows": .array(rows.map(\.json)),
        ])
        let report = report(rows, question, exchange, left: left)
        fields.append("left_out", left.isEmpty ? nil : .array(left.map(JSONValue.string)))
        fields.append("notes", .array((report.notes + report.warnings).map(JSONValue.string)))
        fields.append("fx", exchange.json)
        return Answer(
            name: "savings", fields: fields, report: report,
            verdict: rows.contains { !$0.isComplete } ? .unpriced : .done)
    }

    /// The models that were named, or all that both sides sell.
    private func modelsToCompare(
        _ question: SavingsQuestion, at time: Timestamp
    ) throws(PricingError) -> [String] {
        var named: [String] = []
        for name in question.models { named.append(try book.model(named: name, at: time).id) }
        if !named.isEmpty { return unique(named) }
        return book.catalog.models.filter { model in
            [question.channel, question.baseline].allSatisfy { book.isSold(model, onNamed: $0) }
        }.map(\.id)
    }

    private func row(
        _ model: String, _ question: SavingsQuestion, at time: Timestamp, _ exchange: inout Exchange
    ) throws -> SavingsRow {
        let ours = try month(model, on: question.channel, question, at: time)
        let theirs = try month(model, on: question.baseline, question, at: time)
        let settled = ours.cost.settled.money
        // Both sides meet in the currency asked for, else in the one in which the channel is paid.
        let currency = exchange.wanted ?? settled.currency
        let cost = try exchange.converted(settled, to: currency)
        let baseline = try exchange.converted(theirs.cost.settled.money, to: currency)
        return SavingsRow(
            model: model, channel: ours, baseline: theirs, cost: cost, shownBaseline: baseline,
            savings: try Savings(baseline: baseline.money, cost: cost.money))
    }

    private func month(
        _ model: String, on channel: String, _ question: SavingsQuestion, at time: Timestamp
    ) throws(PricingError) -> SavingsSide {
        let forecast = try Forecast(
            Workload(
                purchase: Purchase(
                    model: model, channel: channel, at: time, serviceTier: question.serviceTier),
                demand: question.demand, batchShare: question.batchShare,
                peakShare: question.peakShare),
            months: 1, book: book)
        guard forecast.firstMonth.isSingle else {
            throw .needsPeakShare(model: model, channel: forecast.channel.id)
        }
        return SavingsSide(forecast: forecast, cost: forecast.firstMonth.low)
    }

    private func report(
        _ rows: [SavingsRow], _ question: SavingsQuestion, _ exchange: Exchange, left: [String]
    ) -> Report {
        var report = Report(
            title: "per month, \(question.demand.label)",
            columns: [
                Report.Column("model", nil, .left), Report.Column("baseline", question.baseline),
                Report.Column("billed"), Report.Column("settled"), Report.Column("saved"),
                Report.Column("saved_percent", ""),
            ],
            rows: rows.map { row in
                let percent = row.savings.percentText
                guard row.isComplete else {
                    return [
                        Report.Cell(row.model), Report.Cell(row.baselineText, plain: ""),
                        Report.Cell(row.billedText, plain: ""), Report.Cell("unpriced", plain: ""),
                        "", "",
                    ]
                }
                return [
                    Report.Cell(row.model), row.shownBaseline.cell,
                    Report.Cell(row.channel.cost.billed.money), row.cost.cell,
                    ShownMoney(money: row.savings.saved, isConverted: row.isConverted).cell,
                    Report.Cell(percent.map { "\($0)%" } ?? "", plain: percent ?? ""),
                ]
            }, rates: label(at: rows.first?.channel.forecast.workload.purchase.at ?? now))
        report.notes = exchange.notes
        report.notes += left.map { "left out: \($0)" }
        report.warnings = warnings(rows, question)
        return report
    }

    /// What is saved against the vendors' own lists where the bill is paid as it is billed; `nil`
    /// where the models differ, or a vendor bills in another currency.
    private func paidAsBilled(_ rows: [SavingsRow]) -> String? {
        let percents = rows.map { row -> String? in
            var direct = row.channel.forecast.workload
            direct.purchase.channel = Channel.direct
            guard let month = try? Forecast(direct, months: 1, book: book).firstMonth,
                month.isSingle,
                month.low.isComplete, row.isComplete
            else { return nil }
            return
                (try? Savings(
                    baseline: month.low.billed.money, cost: row.channel.cost.billed.money))?
                .percentText
        }
        guard let first = percents.first, percents.allSatisfy({ $0 == first }) else { return nil }
        return first
    }

    private func warnings(_ rows: [SavingsRow], _ question: SavingsQuestion) -> [String] {
        var warnings: [String] = []
        let claimed = unique(
            rows.flatMap { row in
                [row.channel, row.baseline].filter(\.isClaim).map(\.forecast.channel.id)
            })
        if !claimed.isEmpty {
            warnings.append(
                claimed.count == 2
                    ? "both lists are the seller's claim"
                    : "the \(claimed[0]) list is the seller's claim")
        }
        for row in rows.prefix(1) {
            let forecast = row.channel.forecast
            guard let line = forecast.parts.first?.entry.line,
                let settlement = try? forecast.channel.settlement(
                    of: line.currency, at: forecast.workload.purchase.at)
            else { continue }
            let billed = paidAsBilled(rows).map {
                "paid in \(line.currency.code) it saves \($0)% against the vendors' own lists"
            }
            warnings.append(
                "the saving holds for payment in \(settlement.pays.currency.code) (\(settlement.display)); "
                    + (billed ?? "a bill paid in \(line.currency.code) is not settled so"))
        }
        for row in rows where !row.isComplete {
            warnings.append(row.gap)
        }
        return warnings
    }
}

/// One side of a row: a month of a model on a channel.
private struct SavingsSide {
    let forecast: Forecast
    let cost: Cost

    var isClaim: Bool { forecast.parts.contains { $0.entry.publication.claim != nil } }
    var lineIDs: JSONValue { .array(forecast.parts.map { .string($0.entry.line.id) }) }
}

private struct SavingsRow {
    let model: String
    let channel: SavingsSide
    let baseline: SavingsSide
    /// What the channel is paid, and the baseline in the same currency.
    let cost: ShownMoney
    let shownBaseline: ShownMoney
    let savings: Savings

    var isComplete: Bool { channel.cost.isComplete && baseline.cost.isComplete }

    /// The meters that one of the sides does not charge.
    var gap: String {
        let meters = channel.cost.unpriced.names + baseline.cost.unpriced.names
        return "\(model): unpriced, and not free: \(unique(meters).joined(separator: ", "))"
    }
    var isConverted: Bool { cost.isConverted || shownBaseline.isConverted }

    var baselineText: String { baseline.cost.isComplete ? shownBaseline.display : "unpriced" }
    var billedText: String {
        channel.cost.isComplete ? channel.cost.billed.money.display : "unpriced"
    }

    var json: JSONValue {
        guard isComplete else {
            let meters = unique(channel.cost.unpriced.names + baseline.cost.unpriced.names)
            return .object([
                "model": .string(model),
                "baseline": baseline.cost.isComplete ? shownBaseline.json : .null,
                "billed": .null, "settled": .null, "saved": .null, "saved_percent": .null,
                "cost_at_least": channel.cost.settled.money.json,
                "unpriced": .array(meters.map(JSONValue.string)),
            ])
        }
        return .object([
            "model": .string(model), "baseline": shownBaseline.json,
            "baseline_channel": .string(baseline.forecast.channel.id),
            "billed": channel.cost.billed.money.json, "settled": channel.cost.settled.money.json,
            "cost": cost.json,
            "saved": ShownMoney(money: savings.saved, isConverted: isConverted).json,
            "saved_percent": .optional(savings.percentText), "rate_lines": channel.lineIDs,
            "baseline_rate_lines": baseline.lineIDs,
        ])
    }
}

extension PricingError {
    /// Whether a model may be left out of a table over all models, and named below it.
    var isLeftOut: Bool {
        switch self {
        case .notSold, .noLineAt, .noLineForTier, .noLineInCurrency, .noLineForSize,
            .needsPeakShare:
            true
        default: false
        }
    }
}
