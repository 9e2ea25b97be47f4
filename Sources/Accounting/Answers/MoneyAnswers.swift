import JSONBytes
import Pricing

extension LedgerContext {
    /// Keeps a money entry. One that is there already is left as it is; another under its id is
    /// refused.
    package func record(_ kind: MoneyEntry.Kind, _ parameters: Parameters) throws -> Answer {
        let question = try MoneyQuestion(kind, parameters, self)
        return try keep(question.entry) { question.isRepeat(of: $0) }
    }

    /// Takes an entry back, by one that names it.
    package func reverse(_ id: String, _ parameters: Parameters) throws -> Answer {
        try parameters.refuseUnknown(["reason", "at", "timezone"])
        let reason = try parameters.required("reason")
        let entries = try ledger.moneyEntries(account: account)
        guard let reversed = entries.first(where: { $0.id == id }) else {
            throw MoneyError.unknownEntry(id)
        }
        guard reversed.reverses == nil else { throw MoneyError.isReversal(id) }
        let entry = reversed.reversal(at: try pricing.at(parameters), note: reason)
        if let (field, problem) = entry.problem {
            throw QuestionError.invalid(
                field: parameters.spelled(field == "note" ? "reason" : field), problem: problem)
        }
        return try keep(entry) { $0.reverses == id }
    }

    private func keep(
        _ entry: MoneyEntry, unless isRepeat: (MoneyEntry) -> Bool
    ) throws -> Answer {
        let standing = try ledger.keep(entry, account: account)
        if let standing, !isRepeat(standing) {
            throw MoneyError.conflict(id: entry.id, standing: standing.summary)
        }
        let kept = standing ?? entry
        var report = Self.report(of: [kept], pricing)
        report.title =
            standing == nil
            ? "kept, in \(ledger.location)" : "it is there already; nothing was done"
        if standing != nil, kept.reverses == nil {
            let entries = try ledger.moneyEntries(account: account)
            if let reversal = entries.first(where: { $0.reverses == kept.id }) {
                report.warnings.append(
                    "it was taken back at \(reversal.time.text); record it again under another id")
            }
        }
        let fields = JSONObject([
            "database": .string(ledger.location), "outcome": standing == nil ? "new" : "same",
            "entry": kept.json,
        ])
        return Answer(name: "ledger-entry", fields: fields, report: report)
    }

    // MARK: Listed

    package static let entriesNames = LedgerRange.names + ["channel", "kind", "limit", "timezone"]

    /// Money entries, the oldest first; all where no range is given.
    package func moneyEntries(_ parameters: Parameters) throws -> Answer {
        try parameters.refuseUnknown(Self.entriesNames)
        let zone = try pricing.zone(parameters)
        let isAll = !LedgerRange.names.contains { parameters.has($0) }
        let range = try LedgerRange(
            parameters, now: pricing.now, zone: zone, zones: pricing.book.zones)
        let channel = try parameters.has("channel") ? payableChannel(parameters).id : nil
        let kind = try Self.kind(parameters)
        let limit = try parameters.count("limit", limit: 1_000_000).map(Int.init)
        let all = try ledger.moneyEntries(account: account)
        let found = all.filter { entry in
            (isAll || range.start <= entry.time && entry.time < range.end)
                && (channel == nil || entry.channel == channel)
                && (kind == nil || entry.kind == kind)
        }
        let shown = limit.map { Array(found.suffix($0)) } ?? found
        let more = found.count - shown.count
        let fields = JSONObject([
            "range": isAll ? .null : range.json(zone: zone),
            "entries": .integer(Int64(found.count)),
            "more_rows": more == 0 ? nil : .integer(Int64(more)),
            "rows": .array(shown.map(\.json)),
        ])
        var report = Self.report(of: shown, pricing)
        report.title =
            isAll
            ? "money entries" : "money entries \(try range.text(zone: zone, pricing.book.zones))"
        if more > 0 { report.notes.append("\(Count.grouped(Int64(more))) older ones") }
        if found.isEmpty {
            report.notes = [
                all.isEmpty
                    ? "no money entries in \(ledger.location); try: tokenmeter ledger top-up"
                    : "no such entries; \(ledger.location) holds \(Count.grouped(Int64(all.count)))"
            ]
        }
        return Answer(name: "ledger-entries", fields: fields, report: report)
    }

    private static func kind(
        _ parameters: Parameters
    ) throws(QuestionError) -> MoneyEntry.Kind? {
        guard let text = try parameters.text("kind") else { return nil }
        let all = MoneyEntry.Kind.allCases
        guard let kind = all.first(where: { $0.word == text || $0.rawValue == text }) else {
            throw .invalid(
                field: parameters.spelled("kind"),
                problem:
                    "\(quoted(text)) is no kind of entry; known: \(all.map(\.word).joined(separator: ", "))"
            )
        }
        return kind
    }

    private static func report(of entries: [MoneyEntry], _ pricing: PricingContext) -> Report {
        var report = Report(
            title: "", columns: columns, rows: entries.map(cells),
            rates: pricing.label(at: pricing.now))
        report.showsHeader = !entries.isEmpty
        return report
    }

    private static let columns = [
        Report.Column("time", nil, .left), Report.Column("channel", nil, .left),
        Report.Column("kind", nil, .left), Report.Column("amount"),
        Report.Column("method", nil, .left), Report.Column("expires", nil, .left),
        Report.Column("id", nil, .left), Report.Column("reverses", nil, .left),
        Report.Column("note", nil, .left),
    ]

    private static func cells(_ entry: MoneyEntry) -> [Report.Cell] {
        [
            entry.time.cell, Report.Cell(entry.channel), Report.Cell(entry.kind.word),
            Report.Cell(entry.amount), Report.Cell(entry.method?.rawValue ?? ""),
            entry.expires?.cell ?? "", Report.Cell(entry.id), Report.Cell(entry.reverses ?? ""),
            Report.Cell(entry.note ?? ""),
        ]
    }
}
