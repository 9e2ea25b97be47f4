import JSONBytes
import Pricing

/// One request's price.
package struct PriceQuestion: Sendable {
    package static let names =
        PricingContext.names + PricingContext.purchaseNames + UsageParameters.names

    package let usage: Usage
    package let purchase: Purchase

    /// Throws `QuestionError` where the usage is empty: a request without a count has no price
    /// worth asking for.
    package init(_ parameters: Parameters, _ context: PricingContext) throws(QuestionError) {
        try parameters.refuseUnknown(Self.names)
        usage = try UsageParameters.read(parameters)
        purchase = try context.purchase(parameters)
        let isAsked = UsageParameters.names.contains { parameters.has($0) }
        guard isAsked else {
            throw .missing(
                field: parameters.spelled("input_tokens"),
                wanted:
                    "a count, such as \(parameters.spelled("input_tokens")) or \(parameters.spelled("output_tokens"))"
            )
        }
    }
}

extension PricingContext {
    /// Throws `QuestionError` for what cannot be understood and `PricingError` for what has no
    /// price.
    package func price(_ parameters: Parameters) throws -> Answer {
        let question = try PriceQuestion(parameters, self)
        var exchange = try exchange(parameters, at: question.purchase.at)
        let usage = try book.withRequestCount(question.usage, question.purchase)
        let priced = try book.price(usage, question.purchase)
        let shown = try exchange.shown(priced.cost.settled.money)
        var writer = JSONWriter()
        var document = PriceDocument(book.catalog)
        try document.append(
            priced, usage: usage, asked: question.purchase, shown: shown, exchange: exchange.json,
            to: &writer)
        let tree = try JSONReader.value(of: writer.bytes)
        guard case .object(var fields) = tree else { throw PricingError.outOfRange("a document") }
        fields = fields.without("schema")
        return Answer(
            name: "price", fields: fields,
            report: try report(priced, usage, shown: shown, exchange: exchange),
            verdict: priced.cost.isComplete ? .done : .unpriced)
    }

    /// Prices one JSON object, as `PriceLines` does a line; the document as it stands.
    ///
    /// Throws `JSONError` for what is not such an object and `PricingError` for what has no price.
    package func price(body: UnsafeBufferPointer<UInt8>) throws -> JSONValue {
        let question = try LineQuestion(body, defaults: Purchase(model: "", at: now))
        let usage = try book.withRequestCount(question.usage, question.purchase)
        let priced = try book.price(usage, question.purchase)
        var writer = JSONWriter()
        var document = PriceDocument(book.catalog)
        try document.append(
            priced, usage: usage, asked: question.purchase, shown: nil, exchange: nil,
            id: question.id, to: &writer)
        return try JSONReader.value(of: writer.bytes)
    }

    private func report(
        _ priced: PricedRequest, _ usage: Usage, shown: ShownMoney, exchange: Exchange
    ) throws -> Report {
        let line = priced.line
        var report = Report(
            title:
                "per request, \(line.model) on \(priced.channel.id)\(Self.tierLabel(line))",
            columns: [
                Report.Column("meter", nil, .left), Report.Column("count"),
                Report.Column("rate"), Report.Column("per", isForProgramsOnly: true),
                Report.Column("billed"),
            ],
            rows: try line.components(of: usage).map { component in
                [
                    Report.Cell(component.meter.name), Report.Cell(component.count),
                    Report.Cell(
                        component.rate.display, plain: component.rate.quote.amountText,
                        currency: component.rate.quote.currency),
                    Report.Cell("", plain: String(component.rate.quotedUnits)),
                    Report.Cell(component.billed.money),
                ]
            }, rates: label(at: priced.time))
        for meter in priced.cost.unpriced {
            report.rows.append([
                Report.Cell(meter.name), Report.Cell(usage[meter]),
                Report.Cell("no rate", plain: ""), "",
                Report.Cell("unpriced", plain: ""),
            ])
        }
        let billed = priced.cost.billed.money
        let word = priced.cost.isComplete ? "" : "at least "
        report.footer.append([
            "total", "", "", "", Report.Cell(word + billed.display, plain: billed.amountText),
        ])
        if shown.money != billed {
            let label =
                priced.cost.settled.money.currency == shown.money.currency ? "settled" : "cost"
            report.footer.append([
                Report.Cell(label), "", "", "",
                Report.Cell(word + shown.display, plain: shown.money.amountText),
            ])
        }
        report.notes = notes(priced, usage) + exchange.notes
        report.warnings = priced.entry.warnings
        if !priced.cost.isComplete {
            report.warnings.append(
                "unpriced, and not free: \(priced.cost.unpriced.names.joined(separator: ", "))")
        }
        if let claim = priced.entry.publication.claim {
            report.warnings.append("the rate is the \(claim)'s own claim")
        }
        return report
    }

    private func notes(_ priced: PricedRequest, _ usage: Usage) -> [String] {
        var notes: [String] = []
        let parts = usage.meters.filter { $0.side == .input }
        if parts.count > 1 {
            let sum = parts.map { Self.part($0, usage[$0]) }.joined(separator: " + ")
            notes.append("total input \(Count.grouped(usage.totalInput)) = \(sum)")
        }
        for component in (try? priced.line.components(of: usage)) ?? [] {
            notes += component.notes
        }
        let settlement = try? priced.channel.settlement(of: priced.line.currency, at: priced.time)
        if let settlement { notes.append("\(priced.channel.id) is paid at \(settlement.display)") }
        let line = priced.line
        let conditions = line.conditions.text.isEmpty ? "" : ", \(line.conditions.text)"
        notes.append("rate line \(line.id), since \(line.validFrom.dayOrText)\(conditions)")
        notes.append(
            "source \(priced.entry.publication.source), checked \(priced.entry.publication.checked.text)"
        )
        return notes
    }

    /// `400,000 cached`: the input meter itself needs no name.
    private static func part(_ meter: Meter, _ count: Int64) -> String {
        switch meter {
        case .input: Count.grouped(count)
        case .cachedInput: "\(Count.grouped(count)) cached"
        default: "\(Count.grouped(count)) \(meter.name)"
        }
    }

    static func tierLabel(_ line: RateLine) -> String {
        var label =
            line.conditions.serviceTier == RateConditions.standardTier
            ? "" : ", \(line.conditions.serviceTier)"
        if let above = line.conditions.aboveInput {
            label += ", above \(Count.grouped(above)) input"
        }
        return label
    }
}

extension RateBook {
    /// The usage with its one request counted, where the line that it falls under charges requests.
    package func withRequestCount(
        _ usage: Usage, _ purchase: Purchase
    ) throws(PricingError) -> Usage {
        guard chargesRequests, usage[.request] == 0 else { return usage }
        let priced = try price(usage, purchase)
        guard priced.line.rates[.request] != nil else { return usage }
        var counted = usage
        try counted.add(1, of: .request)
        return counted
    }
}

extension JSONObject {
    func without(_ key: String) -> JSONObject {
        var rest = JSONObject()
        for member in members where member.key != key { rest.append(member.key, member.value) }
        return rest
    }
}
