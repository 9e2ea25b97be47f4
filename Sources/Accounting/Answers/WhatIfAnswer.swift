import JSONBytes
import Pricing

extension LedgerContext {
    /// The ledger's own requests under other models, channels, service tiers or price dates.
    package func whatIf(_ parameters: Parameters) throws -> Answer {
        let now = try pricing.at(parameters)
        let zone = try pricing.zone(parameters)
        let question = try WhatIfQuestion(parameters, pricing, zone: zone)
        let range = try LedgerRange(
            parameters, now: now, zone: zone, zones: pricing.book.zones)
        let filter = try EventFilter(parameters)
        var exchange = try pricing.exchange(parameters, at: now)
        var table = WhatIfTable(
            question, pricing.book, LedgerSettlements(pricing.book.catalog.channels))
        var requests: Int64 = 0
        try ledger.forEachEntry(
            from: range.start, to: range.end, matching: filter, account: account
        ) { entry in
            requests += 1
            try table.add(entry)
        }
        let (rows, old, new) = try table.result(&exchange)
        let unpriced = rows.filter { $0.reason != nil }.reduce(0) { $0 + $1.requests }
        let fields = JSONObject([
            "range": range.json(zone: zone), "rates": pricing.book.catalog.json,
            "where": filter.json, "requests": .integer(requests),
            "compared": .integer(rows.reduce(0) { $0 + ($1.reason == nil ? $1.requests : 0) }),
            "unpriced": .integer(unpriced), "without_cost": .integer(table.withoutCost),
            "unchanged": .integer(table.unchanged), "old": .array(old.map(\.json)),
            "new": .array(new.map(\.json)), "saved": try Self.saved(old, new)?.json,
            "rows": .array(try rows.map(Self.json)), "fx": exchange.json,
        ])
        var report = Report(
            title: "what if, \(try range.text(zone: zone, pricing.book.zones))",
            columns: [
                Report.Column("model", nil, .left), Report.Column("channel", nil, .left),
                Report.Column("new_model", "to", .left), Report.Column("new_channel", "on", .left),
                Report.Column("requests"), Report.Column("old"), Report.Column("new"),
                Report.Column("saved"),
            ], rows: try rows.map(Self.cells), rates: pricing.label(at: pricing.now))
        report.showsHeader = !rows.isEmpty
        if rows.contains(where: { $0.reason == nil }) {
            report.footer = [
                [
                    "total", "", "", "", "", Self.cell(old), Self.cell(new),
                    Self.cell(try Self.saved(old, new).map { [$0] } ?? []),
                ]
            ]
        }
        report.notes = exchange.notes
        if requests == 0 { report.notes.append(try emptiness(range, zone: zone)) }
        if table.unchanged > 0 {
            report.notes.append("\(Count.grouped(table.unchanged)) other requests stay as they are")
        }
        report.warnings = rows.compactMap { row in
            row.reason.map { "\(Count.grouped(row.requests)) of \(row.model): \($0)" }
        }
        if table.withoutCost > 0 {
            report.warnings.append(
                "\(Count.grouped(table.withoutCost)) requests have no cost of their own, and are in no amount"
            )
        }
        let isComplete = unpriced == 0 && (requests == 0 || !rows.isEmpty || table.withoutCost == 0)
        return Answer(
            name: "whatif", fields: fields, report: report,
            verdict: isComplete ? .done : .unpriced)
    }

    /// Where both sides are one amount in one currency.
    private static func saved(
        _ old: [ShownMoney], _ new: [ShownMoney]
    ) throws(PricingError) -> ShownMoney? {
        guard old.count == 1, new.count == 1, old[0].money.currency == new[0].money.currency else {
            return nil
        }
        return ShownMoney(
            money: try old[0].money.subtracting(new[0].money),
            isConverted: old[0].isConverted || new[0].isConverted)
    }

    private static func cell(_ amounts: [ShownMoney]) -> Report.Cell {
        guard amounts.count == 1 else {
            let text = amounts.map(\.display).joined(separator: " + ")
            return Report.Cell(text)
        }
        return amounts[0].cell
    }

    private static func cells(_ row: WhatIfRow) throws -> [Report.Cell] {
        [
            Report.Cell(row.model), Report.Cell(row.channel), Report.Cell(row.newModel ?? ""),
            Report.Cell(row.newChannel ?? ""), Report.Cell(row.requests), cell(row.old),
            row.reason == nil ? cell(row.new) : Report.Cell("unpriced", plain: ""),
            cell(try saved(row.old, row.new).map { [$0] } ?? []),
        ]
    }

    private static func json(_ row: WhatIfRow) throws -> JSONValue {
        .object([
            "model": .string(row.model), "channel": .string(row.channel),
            "new_model": .optional(row.newModel), "new_channel": .optional(row.newChannel),
            "requests": .integer(row.requests), "old": .array(row.old.map(\.json)),
            "new": row.reason == nil ? .array(row.new.map(\.json)) : .null,
            "saved": try saved(row.old, row.new)?.json, "reason": row.reason.map(JSONValue.string),
        ])
    }
}
