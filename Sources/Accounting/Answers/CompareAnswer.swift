import JSONBytes
import Pricing

extension PricingContext {
    package static let compareNames =
        names + ["model", "channel", "service_tier", "when", "billed_in"] + WorkloadParameters.names

    /// The same usage over models × channels, the cheapest first within each currency.
    ///
    /// Without `model` all models, without `channel` all that sell one of them, each of their price
    /// lists a row.
    package func compare(_ parameters: Parameters) throws -> Answer {
        try parameters.refuseUnknown(Self.compareNames)
        let time = try at(parameters)
        var exchange = try exchange(parameters, at: time)
        let demand = try WorkloadParameters.demand(parameters)
        var template = Purchase(model: "", at: time)
        template.serviceTier = try parameters.text("service_tier") ?? RateConditions.standardTier
        for (key, value) in try parameters.pairs("when") { template.attributes[key] = value }
        var rows: [CompareRow] = []
        var left: [String] = []
        for offer in try offers(parameters, at: time) {
            var purchase = template
            purchase.model = offer.model
            purchase.channel = offer.channel
            purchase.list = offer.list
            let workload = Workload(
                purchase: purchase, demand: demand,
                batchShare: try parameters.share("batch_share") ?? .none,
                peakShare: try parameters.share("peak_share"))
            let result = Result { () throws(PricingError) in
                try Forecast(workload, months: 1, book: book)
            }
            switch result {
            case .success(let forecast):
                let month = forecast.firstMonth
                rows.append(
                    CompareRow(
                        forecast: forecast, low: try exchange.shown(month.low.settled.money),
                        high: try exchange.shown(month.high.settled.money)))
            case .failure(let error):
                guard error.isLeftOut else { throw error }
                left.append("\(offer.model) on \(offer.channel): \(error)")
            }
        }
        guard !rows.isEmpty else {
            throw PricingError.notSold(
                model: try parameters.text("model") ?? "any",
                channel: try parameters.text("channel") ?? "any", soldOn: [])
        }
        rows.sort { $0.rank < $1.rank }
        return try answer(rows, left: left, demand: demand, exchange: exchange, at: time)
    }

    private struct OfferedList {
        let model: String
        let channel: String
        let list: Currency
    }

    private func offers(
        _ parameters: Parameters, at time: Timestamp
    ) throws -> [OfferedList] {
        var models: [Model] = []
        for name in parameters.texts("model") {
            models.append(try book.model(named: name, at: time))
        }
        if models.isEmpty { models = book.catalog.models }
        for name in parameters.texts("channel") { try book.requireChannel(name) }
        let wanted = try parameters.currency("billed_in")
        var offers: [OfferedList] = []
        for model in models {
            let named = try parameters.texts("channel").compactMap { name in
                name == Channel.direct
                    ? book.directChannel(of: model) : try book.channel(named: name).id
            }
            let all = parameters.texts("channel").isEmpty
            for channel in all ? book.channels(selling: model.id) : unique(named) {
                let lines = book.lines(of: model.id, on: channel)
                for list in Set(lines.map(\.line.currency)).sorted()
                where wanted == nil || wanted == list {
                    offers.append(OfferedList(model: model.id, channel: channel, list: list))
                }
            }
        }
        return offers
    }

    private func answer(
        _ rows: [CompareRow], left: [String], demand: Workload.Demand, exchange: Exchange,
        at time: Timestamp
    ) throws -> Answer {
        var report = Report(
            title: "per month, \(demand.label)",
            columns: [
                Report.Column("model", nil, .left), Report.Column("channel", nil, .left),
                Report.Column("billed"), Report.Column("cost"),
                Report.Column("unpriced", "", .left),
            ], rows: rows.map(\.cells), rates: label(at: time))
        report.notes = exchange.notes
        if case .volume = demand {
            report.notes.insert("a volume without a request size is priced in the base band", at: 0)
        }
        if Set(rows.map(\.low.money.currency)).count > 1 {
            report.notes.append("ranked within each currency; add a currency to rank across them")
        }
        report.notes += left.map { "left out: \($0)" }
        report.warnings = unique(rows.flatMap(\.warnings))
        let fields = JSONObject([
            "per": "month", "at": .string(time.text), "rates": book.catalog.json,
            "usage": try demand.usage().without(.request).json, "rows": .array(rows.map(\.json)),
            "left_out": left.isEmpty ? nil : .array(left.map(JSONValue.string)),
            "notes": .array((report.notes + report.warnings).map(JSONValue.string)),
            "fx": exchange.json,
        ])
        let isComplete = rows.contains { $0.isComplete }
        return Answer(
            name: "compare", fields: fields, report: report, verdict: isComplete ? .done : .unpriced
        )
    }
}

private struct CompareRow {
    let forecast: Forecast
    let low: ShownMoney
    let high: ShownMoney

    var isComplete: Bool {
        forecast.firstMonth.low.isComplete && forecast.firstMonth.high.isComplete
    }
    var isSingle: Bool { low == high }

    /// Complete ones first, then by currency, amount and name.
    var rank: (Int, Currency, Int128, String) {
        (
            isComplete ? 0 : 1, low.money.currency, low.money.attos,
            forecast.model + forecast.channel.id
        )
    }

    var cells: [Report.Cell] {
        let month = forecast.firstMonth
        let billed = ShownMoney(money: month.low.billed.money, isConverted: false)
        let dearer = ShownMoney(money: month.high.billed.money, isConverted: false)
        return [
            Report.Cell(forecast.model), Report.Cell(forecast.channel.id),
            isComplete ? rangeCell(billed, dearer) : "",
            isComplete ? rangeCell(low, high) : Report.Cell("unpriced", plain: ""),
            Report.Cell(
                isComplete ? "" : "no rate for \(month.low.unpriced.names.joined(separator: ", "))"),
        ]
    }

    var warnings: [String] {
        var warnings = forecast.parts.flatMap(\.entry.warnings)
        if forecast.parts.contains(where: { $0.entry.publication.claim != nil }) {
            warnings.append("the \(forecast.channel.id) list is the seller's claim")
        }
        if !isSingle {
            warnings.append("\(forecast.model) on \(forecast.channel.id) costs more at some hours")
        }
        return warnings
    }

    var json: JSONValue {
        let month = forecast.firstMonth
        return .object([
            "model": .string(forecast.model), "channel": .string(forecast.channel.id),
            "billed": isComplete && isSingle ? month.low.billed.money.json : .null,
            "settled": isComplete && isSingle ? month.low.settled.money.json : .null,
            "cost": isComplete && isSingle ? low.json : .null,
            "cost_low": isSingle ? nil : low.json, "cost_high": isSingle ? nil : high.json,
            "cost_at_least": isComplete ? nil : low.json,
            "unpriced": isComplete ? nil : .array(month.low.unpriced.names.map(JSONValue.string)),
            "rate_lines": .array(forecast.parts.map { .string($0.entry.line.id) }),
        ])
    }
}
