import JSONBytes
import Pricing

/// What names stand for, and by which rule; a name that stands for nothing is told with its nearest.
extension PricingContext {
    package static let matchNames = ["at", "timezone", "channel", "name"]

    package func ratesMatch(_ parameters: Parameters) throws -> Answer {
        try parameters.refuseUnknown(Self.matchNames)
        let time = try at(parameters)
        let channel = try parameters.text("channel") ?? Channel.direct
        try book.requireChannel(channel)
        let names = parameters.texts("name")
        guard !names.isEmpty else {
            throw QuestionError.missing(field: parameters.spelled("name"))
        }
        let matches = names.map { MatchedName(name: $0, on: channel, at: time, book) }
        var report = Report(
            title: "what names stand for",
            columns: [
                Report.Column("name", nil, .left), Report.Column("model", nil, .left),
                Report.Column("channel", nil, .left), Report.Column("rule", nil, .left),
                Report.Column("matched", "by", .left),
            ], rows: matches.map(\.cells), rates: label(at: time))
        report.warnings = matches.compactMap(\.problem)
        let fields = JSONObject([
            "at": .string(time.text), "rates": book.catalog.json,
            "rows": .array(matches.map(\.json)),
        ])
        return Answer(
            name: "rates-match", fields: fields, report: report,
            verdict: matches.allSatisfy { $0.problem == nil } ? .done : .unpriced)
    }
}

private struct MatchedName {
    let name: String
    private(set) var model: String?
    /// Where it is bought under this name: the channel asked, the one that the name tells, or the
    /// vendor.
    private(set) var channel: String?
    private(set) var rule: NameRule?
    private(set) var problem: String?

    init(name: String, on channel: String, at time: Timestamp, _ book: RateBook) {
        self.name = name
        do {
            let match = try book.match(name, on: channel, at: time)
            let model = book.catalog.models[match.model]
            self.model = model.id
            rule = match.rule
            let told =
                match.channel
                ?? (channel == Channel.direct ? book.directChannel(of: model) : channel)
            self.channel = try told.map { name throws(PricingError) in
                try book.channel(named: name).id
            }
        } catch {
            problem = error.description
        }
    }

    var cells: [Report.Cell] {
        [
            Report.Cell(name), Report.Cell(model ?? "—", plain: model ?? ""),
            Report.Cell(channel ?? "—", plain: channel ?? ""),
            Report.Cell(
                rule.map { $0.kind.rawValue.replacing("_", with: " ") } ?? "—",
                plain: rule?.kind.rawValue ?? ""),
            Report.Cell(rule?.text ?? "", plain: rule?.text ?? ""),
        ]
    }

    var json: JSONValue {
        .object([
            "name": .string(name), "model": .optional(model), "channel": .optional(channel),
            "rule": rule.map { rule in
                .object([
                    "kind": .string(rule.kind.rawValue), "text": .string(rule.text),
                    "of_channel": rule.channel.map(JSONValue.string),
                    "spelling": .string(rule.spelling),
                ])
            } ?? .null,
            "problem": problem.map(JSONValue.string),
        ])
    }
}
