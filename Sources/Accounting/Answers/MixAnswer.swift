import JSONBytes
import Pricing

extension PricingContext {
    package static let mixNames =
        names + ["share", "cheapest", "at_least", "model", "channel", "service_tier"]
        + WorkloadParameters.names

    /// A month's cost of one workload shared over models, against giving all of it to one.
    package func mix(_ parameters: Parameters) throws -> Answer {
        try parameters.refuseUnknown(Self.mixNames)
        var builder = try MixBuilder(self, parameters)
        return try builder.answer()
    }
}

private struct MixBuilder {
    let context: PricingContext
    let parameters: Parameters
    let time: Timestamp
    let channel: String
    let serviceTier: String
    let demand: Workload.Demand
    var exchange: Exchange

    init(_ context: PricingContext, _ parameters: Parameters) throws {
        self.context = context
        self.parameters = parameters
        time = try context.at(parameters)
        channel = try parameters.text("channel") ?? Channel.direct
        serviceTier = try parameters.text("service_tier") ?? RateConditions.standardTier
        demand = try WorkloadParameters.demand(parameters)
        exchange = try context.exchange(parameters, at: time)
        try context.book.requireChannel(channel)
    }

    /// What all of the workload comes to under one model.
    struct Whole {
        let model: String
        let forecast: Forecast
        let cost: ShownMoney
    }

    mutating func answer() throws -> Answer {
        let isCheapest = try parameters.flag("cheapest")
        let named = try parts("share")
        let floors = try parts("at_least")
        guard isCheapest == named.isEmpty else {
            throw QuestionError.invalid(
                field: parameters.spelled("share"),
                problem:
                    "say the shares, or ask for the cheapest mix with \(parameters.spelled("cheapest")), not both"
            )
        }
        guard isCheapest || floors.isEmpty else {
            throw QuestionError.invalid(
                field: parameters.spelled("at_least"),
                problem: "goes with \(parameters.spelled("cheapest"))")
        }
        var left: [String] = []
        let wholes = try self.wholes(named + floors, isCheapest: isCheapest, left: &left)
        let mix =
            isCheapest
            ? try Mix.cheapest(costs: wholes.map { ($0.model, $0.cost.money) }, floors: floors)
            : try Mix(named)
        return try answer(mix, wholes: wholes, left: left)
    }

    private func parts(_ name: String) throws -> [Mix.Part] {
        var parts: [Mix.Part] = []
        for (key, value) in try parameters.pairs(name) {
            let share: Share
            do {
                share = try Share(parsing: value, for: key, percentSign: .optional)
            } catch {
                throw QuestionError.invalid(
                    field: parameters.spelled(name), problem: error.description)
            }
            let model = try context.book.model(named: key, at: time).id
            guard !parts.contains(where: { $0.model == model }) else {
                throw QuestionError.invalid(
                    field: parameters.spelled(name), problem: "\(quoted(model)) is given twice")
            }
            parts.append(Mix.Part(model: model, share: share))
        }
        return parts
    }

    private mutating func wholes(
        _ named: [Mix.Part], isCheapest: Bool, left: inout [String]
    ) throws -> [Whole] {
        var models = named.map(\.model)
        var mustPrice = Set(models)
        if isCheapest {
            for name in parameters.texts("model") {
                models.append(try context.book.model(named: name, at: time).id)
                mustPrice.insert(models[models.count - 1])
            }
            if parameters.texts("model").isEmpty {
                models += context.book.catalog.models.filter {
                    context.book.isSold($0, onNamed: channel)
                }.map(\.id)
            }
        }
        var wholes: [Whole] = []
        for model in unique(models) {
            do {
                wholes.append(try whole(model))
            } catch let error as PricingError where !mustPrice.contains(model) {
                left.append("\(model): \(error)")
            }
        }
        let currencies = Set(wholes.map(\.cost.money.currency)).sorted()
        guard currencies.count <= 1 else {
            throw PricingError.currencyMismatch(currencies[0], currencies[1])
        }
        return wholes
    }

    private mutating func whole(_ model: String) throws -> Whole {
        let forecast = try forecast(model, demand)
        let cost = try exchange.shown(forecast.firstMonth.low.settled.money)
        return Whole(model: model, forecast: forecast, cost: cost)
    }

    private func forecast(_ model: String, _ demand: Workload.Demand) throws -> Forecast {
        let forecast = try Forecast(
            Workload(
                purchase: Purchase(
                    model: model, channel: channel, at: time, serviceTier: serviceTier),
                demand: demand, batchShare: try parameters.share("batch_share") ?? .none,
                peakShare: try parameters.share("peak_share")),
            months: 1, book: context.book)
        guard forecast.firstMonth.isSingle else {
            throw PricingError.needsPeakShare(model: model, channel: forecast.channel.id)
        }
        guard forecast.firstMonth.low.isComplete else {
            throw PricingError.unpriced(
                model: model, channel: forecast.channel.id,
                line: forecast.parts.first?.entry.line.id ?? "",
                meters: Array(forecast.firstMonth.low.unpriced))
        }
        return forecast
    }

    /// The demand of each part: a volume or a number of requests, split so that the parts add up.
    private func demands(_ mix: Mix) throws -> [Workload.Demand] {
        switch demand {
        case .volume(let usage): return try mix.split(usage).map(Workload.Demand.volume)
        case .requests(let perMonth, let shape):
            var requests = Usage()
            try requests.add(perMonth, of: .request)
            return try mix.split(requests).map { .requests(perMonth: $0[.request], shape: shape) }
        }
    }

    private mutating func answer(_ mix: Mix, wholes: [Whole], left: [String]) throws -> Answer {
        var rows: [JSONValue] = []
        var cells: [[Report.Cell]] = []
        var billed: Billed?
        var settled: Settled?
        var warnings: [String] = []
        for (part, demand) in zip(mix.parts, try demands(mix)) {
            let forecast = try forecast(part.model, demand)
            let cost = forecast.firstMonth.low
            billed = try billed?.adding(cost.billed) ?? cost.billed
            settled = try settled?.adding(cost.settled) ?? cost.settled
            let shown = try exchange.shown(cost.settled.money)
            warnings += forecast.parts.flatMap(\.entry.warnings)
            if forecast.parts.contains(where: { $0.entry.publication.claim != nil }) {
                warnings.append("the \(forecast.channel.id) list is the seller's claim")
            }
            rows.append(
                .object([
                    "model": .string(part.model), "channel": .string(forecast.channel.id),
                    "share_percent": .string(part.share.percentText),
                    "usage": forecast.usage.without(.request).json,
                    "billed": cost.billed.money.json,
                    "settled": cost.settled.money.json, "cost": shown.json,
                    "rate_lines": .array(forecast.parts.map { .string($0.entry.line.id) }),
                ]))
            cells.append([
                Report.Cell(part.model),
                Report.Cell("\(part.share.percentText)%", plain: part.share.percentText),
                Report.Cell(cost.billed.money), shown.cell, "", "",
            ])
        }
        guard let billed, let settled else { throw PricingError.sharesDoNotAddUp("0") }
        let total = try exchange.shown(settled.money)
        let alone = try wholes.map { whole in
            (whole, try Savings(baseline: whole.cost.money, cost: total.money))
        }
        var report = Report(
            title: "per month, \(demand.label), on \(channel)",
            columns: [
                Report.Column("model", nil, .left), Report.Column("share"), Report.Column("billed"),
                Report.Column("cost"), Report.Column("saved", ""),
                Report.Column("saved_percent", "", .left),
            ], rows: cells, rates: context.label(at: time))
        report.footer.append(["mix", "100%", Report.Cell(billed.money), total.cell, "", ""])
        for (whole, savings) in alone {
            let saved = ShownMoney(money: savings.saved, isConverted: total.isConverted)
            report.footer.append([
                Report.Cell("all \(whole.model)"), "",
                Report.Cell(whole.forecast.firstMonth.low.billed.money), whole.cost.cell,
                Report.Cell(Self.difference(saved), plain: saved.money.amountText),
                Report.Cell(
                    saved.money.attos < 0 ? "" : savings.percentText.map { "\($0)%" } ?? ""),
            ])
        }
        report.notes = exchange.notes + left.map { "left out: \($0)" }
        report.warnings = unique(warnings)
        let fields = JSONObject([
            "per": "month", "at": .string(time.text), "rates": context.book.catalog.json,
            "channel": .string(channel), "usage": try demand.usage().without(.request).json,
            "billed": billed.money.json, "settled": settled.money.json, "cost": total.json,
            "rows": .array(rows),
            "all_in_one": .array(
                alone.map { whole, savings in
                    .object([
                        "model": .string(whole.model),
                        "billed": whole.forecast.firstMonth.low.billed.money.json,
                        "cost": whole.cost.json,
                        "saved": ShownMoney(money: savings.saved, isConverted: total.isConverted)
                            .json,
                        "saved_percent": .optional(savings.percentText),
                    ])
                }),
            "notes": .array((report.notes + report.warnings).map(JSONValue.string)),
            "fx": exchange.json,
        ])
        return Answer(name: "mix", fields: fields, report: report)
    }

    /// `saved ¥53.06`, or `costs ¥22.74 more`.
    private static func difference(_ saved: ShownMoney) -> String {
        guard saved.money.attos < 0 else { return "saved \(saved.display)" }
        let more = Money(currency: saved.money.currency, attos: -saved.money.attos)
        return "costs \(ShownMoney(money: more, isConverted: saved.isConverted).display) more"
    }
}
