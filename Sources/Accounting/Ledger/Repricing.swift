import JSONBytes
import Pricing

extension LedgerContext {
    package static let repriceNames = ["since", "lines", "timezone"]

    /// Puts events under the lines that price them by the rates of today's knowledge: those that had
    /// none, or those of one line that was corrected. What they are put under still is the line of
    /// their own time.
    package func reprice(_ parameters: Parameters, isDryRun: Bool) throws -> Answer {
        try parameters.refuseUnknown(Self.repriceNames)
        let since =
            try parameters.time(
                "since", zone: try pricing.zone(parameters), zones: pricing.book.zones)
            ?? Timestamp(milliseconds: -1 << 52)
        let lines = try parameters.required("lines")
        var found: Int64 = 0
        var changed: [LedgerEntry] = []
        var still: Int64 = 0
        try ledger.forEachEntry(
            from: since, to: Timestamp(milliseconds: 1 << 52), matching: EventFilter(),
            account: account
        ) { entry in
            guard lines == "unpriced" ? entry.line == nil : entry.line?.id == lines else { return }
            found += 1
            let now = pricing.book.entry(for: entry.event)
            if now.line != entry.line { changed.append(now) } else { still += 1 }
        }
        guard found > 0 || lines == "unpriced" else {
            throw LedgerError.noEvents(under: lines)
        }
        if !isDryRun {
            // Group by group, so that others come to write in between.
            for start in stride(from: 0, to: changed.count, by: EventImport.groupSize) {
                let part = changed[start..<min(start + EventImport.groupSize, changed.count)]
                try ledger.correct(
                    Array(part), reason: "repriced: \(lines)", account: account)
            }
        }
        let moves = Dictionary(grouping: changed) { $0.line?.id ?? "" }.sorted { $0.key < $1.key }
        var report = Report(
            title:
                "\(isDryRun ? "would reprice" : "repriced") \(Count.grouped(Int64(changed.count))) of \(Count.grouped(found)) events",
            columns: [
                Report.Column("line", nil, .left), Report.Column("model", nil, .left),
                Report.Column("channel", nil, .left), Report.Column("events"),
            ],
            rows: moves.map { id, entries in
                [
                    Report.Cell(id.isEmpty ? "(none)" : id, plain: id),
                    Report.Cell(entries[0].model), Report.Cell(entries[0].channel),
                    Report.Cell(Int64(entries.count)),
                ]
            }, rates: pricing.label(at: pricing.now))
        report.showsHeader = !moves.isEmpty
        if still > 0 { report.notes = ["\(Count.grouped(still)) stay as they are"] }
        let fields = JSONObject([
            "lines": .string(lines), "since": parameters.has("since") ? .string(since.text) : .null,
            "dry_run": .bool(isDryRun),
            "rates": pricing.book.catalog.json, "events": .integer(found),
            "repriced": .integer(Int64(changed.count)),
            "rows": .array(
                moves.map { id, entries in
                    .object([
                        "line": id.isEmpty ? .null : .string(id),
                        "model": .string(entries[0].model),
                        "channel": .string(entries[0].channel),
                        "events": .integer(Int64(entries.count)),
                    ])
                }),
        ])
        return Answer(name: "ledger-reprice", fields: fields, report: report)
    }

    /// Puts an event in the place of the one with its id.
    package func correct(_ event: UsageEvent, reason: String) throws -> Answer {
        guard let old = try ledger.entry(event.id, account: account) else {
            throw LedgerError.unknownEvent(event.id.text)
        }
        // Nothing that decides a price was corrected: it keeps to the line that it stands under.
        let new =
            event.isPriced(as: old.event)
            ? LedgerEntry(
                event: event, channel: old.channel, model: old.model, line: old.line,
                pricedBy: old.pricedBy) : pricing.book.entry(for: event)
        try ledger.correct([new], reason: reason, account: account)
        let fields = JSONObject([
            "id": .string(event.id.text), "reason": .string(reason), "before": old.json,
            "after": new.json,
        ])
        var report = Report(
            title: "corrected \(event.id.text)",
            columns: [
                Report.Column("", nil, .left), Report.Column("model", nil, .left),
                Report.Column("channel", nil, .left), Report.Column("usage", nil, .left),
                Report.Column("line", nil, .left),
            ],
            rows: [("before", old), ("after", new)].map { word, entry in
                [
                    Report.Cell(word), Report.Cell(entry.model), Report.Cell(entry.channel),
                    Report.Cell(
                        entry.event.usage.meters.map { "\(entry.event.usage[$0]) \($0.name)" }
                            .joined(separator: ", ")),
                    Report.Cell(entry.line?.id ?? "(none)", plain: entry.line?.id ?? ""),
                ]
            }, rates: pricing.label(at: pricing.now))
        report.notes = ["the row before is taken back and stays in the ledger"]
        return Answer(name: "ledger-correct", fields: fields, report: report)
    }
}
