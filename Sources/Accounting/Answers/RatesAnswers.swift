import JSONBytes
import Pricing

/// Who sells what, at which rate, since when, from which source.
extension PricingContext {
    package static let ratesNames = [
        "at", "timezone", "model", "channel", "service_tier", "billed_in",
    ]

    package static let diffNames = ratesNames + ["from", "to"]

    /// The lines in force at one time, a row each.
    package func ratesList(_ parameters: Parameters) throws -> Answer {
        try parameters.refuseUnknown(Self.ratesNames)
        let time = try at(parameters)
        let lines = try inForce(parameters, at: time)
        return try ratesAnswer(
            "rates", time == now ? "rates in force now" : "rates in force", lines, at: time)
    }

    /// All that is known of one model: its names, and every line in force with its source.
    package func ratesShow(_ parameters: Parameters) throws -> Answer {
        try parameters.refuseUnknown(Self.ratesNames)
        let time = try at(parameters)
        let model = try book.model(named: try parameters.required("model"), at: time)
        let lines = try inForce(parameters, at: time)
        var answer = try ratesAnswer(
            "rates-show",
            "\(model.id) (\(model.name))" + (model.vendor.map { ", sold by \($0)" } ?? ""),
            lines, at: time, withSource: true)
        var fields = JSONObject([
            "model": .string(model.id), "name": .string(model.name),
            "vendor": .optional(model.vendor),
            "aliases": .array(model.aliases.map(\.json)),
            "patterns": .array(model.patterns.map(\.json)),
            "channels": .array(
                book.catalog.channels.filter { channel in
                    lines.contains { $0.line.channel == channel.id }
                }.sorted { $0.id < $1.id }.map(\.json)),
        ])
        for member in answer.fields.members { fields.append(member.key, member.value) }
        var report = answer.report
        let aliases = model.aliases.filter { $0.holds(at: time) }.map(\.text)
        if !aliases.isEmpty {
            report.notes.insert("also called \(aliases.joined(separator: ", "))", at: 0)
        }
        answer = Answer(name: answer.name, fields: fields, report: report, verdict: answer.verdict)
        return answer
    }

    /// Every line of one model, past and future, the oldest first.
    package func ratesHistory(_ parameters: Parameters) throws -> Answer {
        try parameters.refuseUnknown(Self.ratesNames)
        let time = try at(parameters)
        let model = try book.model(named: try parameters.required("model"), at: time)
        let withdrawn = book.catalog.withdrawnIDs
        let all = book.catalog.lines.sorted {
            (
                $0.line.channel, $0.line.currency.code, $0.line.conditions.text, $0.line.validFrom,
                $0.line.id
            )
                < (
                    $1.line.channel, $1.line.currency.code, $1.line.conditions.text,
                    $1.line.validFrom, $1.line.id
                )
        }
        let lines = try selected(all, parameters, at: time)
        return try ratesAnswer(
            "rates-history", "history of \(model.id)", lines, at: time, withdrawn: withdrawn)
    }

    /// What changed between two days; over budget, in the exit code's sense, where anything did.
    package func ratesDiff(_ parameters: Parameters) throws -> Answer {
        try parameters.refuseUnknown(Self.diffNames)
        let zone = try zone(parameters)
        guard let from = try parameters.time("from", zone: zone, zones: book.zones) else {
            throw QuestionError.missing(field: parameters.spelled("from"))
        }
        let to = try parameters.time("to", zone: zone, zones: book.zones) ?? now
        guard from < to else {
            throw QuestionError.invalid(
                field: parameters.spelled("to"),
                problem: "is not after \(parameters.spelled("from"))")
        }
        let before = try selected(book.linesInForce(at: from), parameters, at: to)
        let after = try selected(book.linesInForce(at: to), parameters, at: to)
        let changes = RateChange.between(before, after)
        var report = Report(
            title: "rates from \(from.dayOrText) to \(to.dayOrText)",
            columns: [
                Report.Column("change", nil, .left), Report.Column("channel", nil, .left),
                Report.Column("model", nil, .left), Report.Column("meter", nil, .left),
                Report.Column("from"), Report.Column("to"),
                Report.Column("per", isForProgramsOnly: true),
                Report.Column("conditions", nil, .left),
            ], rows: changes.flatMap(\.cells), rates: book.catalog.label)
        if changes.isEmpty { report.notes.append("nothing changed") }
        let fields = JSONObject([
            "from": .string(from.text), "to": .string(to.text), "rates": book.catalog.json,
            "rows": .array(changes.map(\.json)),
        ])
        return Answer(
            name: "rates-diff", fields: fields, report: report,
            verdict: changes.isEmpty ? .done : .overBudget)
    }

    /// The lines in force of the models that were asked for, or of all.
    private func inForce(_ parameters: Parameters, at time: Timestamp) throws -> [CatalogLine] {
        var models: Set<String> = []
        for name in parameters.texts("model") {
            models.insert(try book.model(named: name, at: time).id)
        }
        let lines = book.linesInForce(at: time, of: models.isEmpty ? nil : models)
        return try selected(lines, parameters, at: time)
    }

    private func selected(
        _ lines: [CatalogLine], _ parameters: Parameters, at time: Timestamp
    ) throws -> [CatalogLine] {
        var models: Set<String> = []
        for name in parameters.texts("model") {
            models.insert(try book.model(named: name, at: time).id)
        }
        let channels = Set(
            try parameters.texts("channel").map { name in
                name == Channel.direct ? name : try book.channel(named: name).id
            })
        let tier = try parameters.text("service_tier")
        let list = try parameters.currency("billed_in")
        var vendors: [String: String] = [:]
        if channels.contains(Channel.direct) {
            for model in book.catalog.models { vendors[model.id] = book.directChannel(of: model) }
        }
        return lines.filter { entry in
            let line = entry.line
            let isDirect = channels.contains(Channel.direct) && vendors[line.model] == line.channel
            return (models.isEmpty || models.contains(line.model))
                && (channels.isEmpty || channels.contains(line.channel) || isDirect)
                && (tier == nil || tier == line.conditions.serviceTier)
                && (list == nil || list == line.currency)
        }
    }

    private func ratesAnswer(
        _ name: String, _ title: String, _ lines: [CatalogLine], at time: Timestamp,
        withSource: Bool = false, withdrawn: Set<String> = []
    ) throws -> Answer {
        // One model's table needs no model column, and has room for the ids.
        let isOfOneModel = name != "rates"
        let main: [Meter] = [.input, .cachedInput, .output]
        var report = Report(
            title: title,
            columns: [Report.Column("channel", nil, .left)]
                + [
                    isOfOneModel
                        ? Report.Column("line", nil, .left) : Report.Column("model", nil, .left)
                ]
                + [
                    Report.Column("valid_from", "since", .left), Report.Column("input"),
                    Report.Column("cached_input", "cached"), Report.Column("output"),
                    Report.Column("other", "more", .left), Report.Column("conditions", nil, .left),
                ],
            rows: lines.map { entry in
                let line = entry.line
                let others = line.rates.pairs.filter { !main.contains($0.meter) }
                let state = withdrawn.contains(line.id) ? " withdrawn" : ""
                return [
                    Report.Cell(line.channel), Report.Cell(isOfOneModel ? line.id : line.model),
                ]
                    + [line.validFrom.cell]
                    + main.map { line.rates[$0]?.cell ?? "" }
                    + [
                        Report.Cell(
                            others.isEmpty ? "" : "+\(others.count)", plain: Self.plain(others)),
                        Report.Cell(
                            line.conditions.display + state, plain: line.conditions.text + state),
                    ]
            }, rates: label(at: time))
        if withSource {
            for entry in lines {
                for (meter, rate) in entry.line.rates.pairs
                where ![.input, .cachedInput, .output].contains(meter) {
                    report.notes.append("\(entry.line.id) \(meter.name) \(rate.display)")
                }
                report.notes.append(
                    "\(entry.line.id) source \(entry.publication.source), checked \(entry.publication.checked.text)"
                )
                if let note = entry.note { report.notes.append("\(entry.line.id) \(note)") }
            }
        }
        report.warnings = lines.isEmpty ? ["no line fits"] : []
        let fields = JSONObject([
            "at": .string(time.text), "rates": book.catalog.json,
            "rows": .array(lines.map { json($0, withdrawn: withdrawn) }),
        ])
        return Answer(
            name: name, fields: fields, report: report, verdict: lines.isEmpty ? .unpriced : .done)
    }

    private static func plain(_ pairs: [(meter: Meter, rate: Rate)]) -> String {
        pairs.map { "\($0.meter.name)=\($0.rate.quote.amountText) per \($0.rate.quotedUnits)" }
            .joined(separator: " ")
    }

    private func json(_ entry: CatalogLine, withdrawn: Set<String>) -> JSONValue {
        guard case .object(var object) = entry.json else { return .null }
        object.append("valid_to", .optional((book.end(of: entry.line) ?? entry.validTo)?.text))
        object.append("service_tier", .string(entry.line.conditions.serviceTier))
        if entry.line.unlisted == .inherit { object.append("unlisted", "inherit") }
        if !entry.line.minimumUnits.isEmpty {
            var minimums = JSONObject()
            for meter in Meter.allCases {
                minimums.append(meter.name, entry.line.minimumUnits[meter].map(JSONValue.integer))
            }
            object.append("minimum_units", .object(minimums))
        }
        object.append("withdrawn", withdrawn.contains(entry.line.id) ? true : nil)
        object.append("corrects", entry.corrects.map(JSONValue.string))
        var rates = JSONObject()
        for (meter, rate) in entry.line.rates.pairs { rates.append(meter.name, rate.json) }
        object.append("rates", .object(rates))
        object.append("origin", entry.origin.isEmpty ? nil : .string(entry.origin))
        return .object(object)
    }
}

extension DatedName {
    var json: JSONValue {
        .object([
            "name": .string(text), "valid_from": .string(validFrom.text),
            "valid_to": .optional(validTo?.text),
        ])
    }
}

/// One offer whose rates are not what they were.
struct RateChange {
    let before: CatalogLine?
    let after: CatalogLine?

    private struct Key: Hashable {
        let channel: String
        let model: String
        let currency: Currency
        let conditions: RateConditions

        init(_ line: RateLine) {
            channel = line.channel
            model = line.model
            currency = line.currency
            conditions = line.conditions
        }
    }

    /// A line that only was republished with the same rates is no change.
    static func between(_ before: [CatalogLine], _ after: [CatalogLine]) -> [RateChange] {
        func index(_ lines: [CatalogLine]) -> [Key: CatalogLine] {
            Dictionary(lines.map { (Key($0.line), $0) }, uniquingKeysWith: { one, _ in one })
        }
        let (old, new) = (index(before), index(after))
        let changes = Set(old.keys).union(new.keys).compactMap { key -> RateChange? in
            let change = RateChange(before: old[key], after: new[key])
            return change.before?.line.rates == change.after?.line.rates ? nil : change
        }
        return changes.sorted { $0.rank < $1.rank }
    }

    private var line: RateLine? { (after ?? before)?.line }
    private var rank: String {
        line.map { "\($0.channel)\n\($0.model)\n\($0.currency.code)\n\($0.conditions.text)" } ?? ""
    }

    private var word: String { before == nil ? "added" : after == nil ? "ended" : "changed" }

    private var meters: [Meter] {
        let bits = (before?.line.rates.meters.bits ?? 0) | (after?.line.rates.meters.bits ?? 0)
        return MeterSet(bits: bits).filter { before?.line.rates[$0] != after?.line.rates[$0] }
    }

    var cells: [[Report.Cell]] {
        guard let line else { return [] }
        return meters.map { meter in
            [
                Report.Cell(word), Report.Cell(line.channel), Report.Cell(line.model),
                Report.Cell(meter.name),
                before?.line.rates[meter]?.cell ?? Report.Cell("—", plain: ""),
                after?.line.rates[meter]?.cell ?? Report.Cell("—", plain: ""),
                Report.Cell(
                    "",
                    plain: ((after ?? before)?.line.rates[meter]?.quotedUnits).map(String.init)
                        ?? ""),
                Report.Cell(line.conditions.display, plain: line.conditions.text),
            ]
        }
    }

    var json: JSONValue {
        var from = JSONObject()
        var to = JSONObject()
        for meter in meters {
            from.append(meter.name, before?.line.rates[meter]?.json)
            to.append(meter.name, after?.line.rates[meter]?.json)
        }
        return .object([
            "change": .string(word), "channel": .optional(line?.channel),
            "model": .optional(line?.model), "currency": .optional(line?.currency.code),
            "conditions": .optional(line?.conditions.text),
            "from": before == nil ? .null : .object(from), "to": after == nil ? .null : .object(to),
            "line_before": .optional(before?.line.id), "line_after": .optional(after?.line.id),
        ])
    }
}

extension Channel {
    /// Where and how it is spoken to.
    fileprivate var json: JSONValue {
        .object([
            "id": .string(id), "api": .optional(endpoints.api),
            "base_url": .optional(endpoints.baseURL),
            "websocket_url": .optional(endpoints.webSocketURL),
            "api_key_env": .optional(keyVariable),
        ])
    }
}
