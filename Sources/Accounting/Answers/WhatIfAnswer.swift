import JSONBytes
import Pricing

extension LedgerContext {
    package static let whatIfNames = WhatIfQuestion.names

    /// The ledger's own requests under other models, channels, service tiers or price dates.
    package func whatIf(_ parameters: Parameters) throws -> Answer {
        let now = try pricing.at(parameters)
        let zone = try pricing.zone(parameters)
        let question = try WhatIfQuestion(parameters, pricing, zone: zone)
        let range = try LedgerRange(
            parameters, now: now, zone: zone, zones: pricing.book.zones)
        let filter = try EventFilter(parameters)
        var exchange = try pricing.exchange(parameters, at: now)
        let settlements = LedgerSettlements(pricing.book.catalog.channels)
        let (book, rates) = (pricing.book, exchange)
        let scans = try ledger.scanRequests(
            from: range.start, to: range.end, matching: filter, account: account
        ) { WhatIfTable(question, book, settlements, rates) }
        let table = WhatIfResult(scans, question, settlements)
        let requests = table.requests
        let (rows, old, new) = try table.result(&exchange)
        let unpriced = rows.filter { $0.reason != nil }.reduce(0) { $0 + $1.requests }
        let isChosen = !question.among.isEmpty
        let fields = JSONObject([
            "range": range.json(zone: zone), "rates": pricing.book.catalog.json,
            "where": filter.json, "requests": .integer(requests),
            "compared": .integer(requests - table.unchanged - table.withoutCost - unpriced),
            "among": isChosen ? .array(question.among.map(JSONValue.string)) : nil,
            "floors": question.floors.isEmpty
                ? nil
                : .array(
                    question.floors.map {
                        .object([
                            "model": .string($0.model), "share": .string(Self.share($0.share)),
                        ])
                    }),
            "unpriced": .integer(unpriced), "without_cost": .integer(table.withoutCost),
            "unchanged": .integer(table.unchanged), "old": .array(old.map(\.json)),
            "new": .array(new.map(\.json)), "saved": try Self.saved(old, new)?.json,
            "rows": .array(try rows.map { try Self.json($0, isChosen: isChosen) }),
            "fx": exchange.json,
        ])
        var report = Report(
            title: "what if, \(try range.text(zone: zone, pricing.book.zones))",
            columns: [
                Report.Column("model", nil, .left), Report.Column("channel", nil, .left),
                Report.Column("new_model", "to", .left), Report.Column("new_channel", "on", .left),
                Report.Column("requests"),
            ] + (isChosen ? [Report.Column("share")] : []) + [
                Report.Column("old"), Report.Column("new"), Report.Column("saved"),
            ], rows: try rows.map { try Self.cells($0, isChosen: isChosen) },
            rates: pricing.label(at: pricing.now))
        report.showsHeader = !rows.isEmpty
        if rows.contains(where: { $0.reason == nil }) {
            report.footer = [
                ["total", "", "", "", ""] + (isChosen ? [""] : []) + [
                    Self.cell(old), Self.cell(new),
                    Self.cell(try Self.saved(old, new).map { [$0] } ?? []),
                ]
            ]
        }
        report.notes = exchange.notes
        if isChosen {
            report.notes.append(
                "each request takes the cheapest of \(question.among.joined(separator: ", "))")
        }
        if !question.floors.isEmpty {
            let floors = question.floors.map { "\($0.model) \(Self.percent($0.share))" }
            report.notes.append(
                "\(floors.joined(separator: ", ")) of the requests, whatever their size; its amounts are those parts of what all come to there"
            )
        }
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

    /// A share in 10⁻¹⁸ as plain decimal text.
    private static func share(_ attos: Int128) -> String { DecimalText.text(attos) }

    private static func percent(_ attos: Int128) -> String { "\(DecimalText.text(attos * 100))%" }

    private static func cells(_ row: WhatIfRow, isChosen: Bool) throws -> [Report.Cell] {
        let share =
            row.reason == nil
            ? Report.Cell(percent(row.share), plain: share(row.share)) : Report.Cell("")
        return [
            Report.Cell(row.model), Report.Cell(row.channel), Report.Cell(row.newModel ?? ""),
            Report.Cell(row.newChannel ?? ""), Report.Cell(row.requests),
        ] + (isChosen ? [share] : []) + [
            cell(row.old),
            row.reason == nil ? cell(row.new) : Report.Cell("unpriced", plain: ""),
            cell(try saved(row.old, row.new).map { [$0] } ?? []),
        ]
    }

    private static func json(_ row: WhatIfRow, isChosen: Bool) throws -> JSONValue {
        .object([
            "model": .string(row.model), "channel": .string(row.channel),
            "new_model": .optional(row.newModel), "new_channel": .optional(row.newChannel),
            "requests": .integer(row.requests),
            "share": isChosen && row.reason == nil ? .string(share(row.share)) : nil,
            "floor": isChosen && row.reason == nil ? .bool(row.isFloor) : nil,
            "old": .array(row.old.map(\.json)),
            "new": row.reason == nil ? .array(row.new.map(\.json)) : .null,
            "saved": try saved(row.old, row.new)?.json, "reason": row.reason.map(JSONValue.string),
        ])
    }
}
