import JSONBytes
import Pricing

extension LedgerContext {
    package static let reconcileNames =
        LedgerRange.names + EventFilter.names + ["currency", "fx", "timezone", "at"]

    /// An invoice against what the ledger's events cost, day by day; `name` is what the question calls
    /// the invoice.
    package func reconcile(
        _ parameters: Parameters, with invoice: Invoice, named name: String
    ) throws -> Answer {
        let others = Self.usageNames.filter { !Self.reconcileNames.contains($0) }
        if let other = others.first(where: parameters.has) {
            throw QuestionError.invalid(
                field: parameters.spelled(other),
                problem: "does not go with \(parameters.spelled(name))")
        }
        try parameters.refuseUnknown(Self.reconcileNames)
        let now = try pricing.at(parameters)
        let zone = try pricing.zone(parameters)
        let field = parameters.spelled(name)
        let range = try range(parameters, of: invoice, now: now, zone: zone)
        let channel = try invoicedChannel(parameters, in: range, field: field)
        var exchange = try pricing.exchange(parameters, at: now)
        let result = try Reconciliation(
            invoice, of: channel, in: range, zone: zone, self, field: field, &exchange)
        var fields = JSONObject([
            "range": range.json(zone: zone), "rates": pricing.book.catalog.json,
            "channel": .string(channel.id),
        ])
        for member in try result.fields.members { fields.append(member.key, member.value) }
        fields.append("fx", exchange.json)
        var report = Report(
            title:
                "\(invoice.name) against \(channel.id), \(try range.text(zone: zone, pricing.book.zones))",
            columns: result.columns, rows: try result.rows.map(result.cells),
            rates: pricing.label(at: pricing.now))
        report.footer = try result.totals.map(result.cells)
        report.notes = result.notes + exchange.notes
        report.warnings = try result.warnings
        return Answer(name: "reconcile", fields: fields, report: report)
    }

    /// Whole days: those of the invoice, or all that a range touches.
    func range(
        _ parameters: Parameters, of invoice: Invoice, now: Timestamp, zone: String
    ) throws -> LedgerRange {
        let zones = pricing.book.zones
        guard LedgerRange.names.contains(where: parameters.has), invoice.days != nil else {
            let today = try zones.wallClock(of: zone, at: now).date
            let days = invoice.days ?? today...today
            return LedgerRange(
                start: try zones.startOfDay(days.lowerBound, in: zone),
                end: try zones.startOfDay(days.upperBound.advanced(byDays: 1), in: zone))
        }
        let asked = try LedgerRange(parameters, now: now, zone: zone, zones: zones)
        let first = try zones.wallClock(of: zone, at: asked.start).date
        let last = try zones.wallClock(
            of: zone, at: Timestamp(milliseconds: asked.end.milliseconds - 1)
        ).date
        return LedgerRange(
            start: try zones.startOfDay(first, in: zone),
            end: try zones.startOfDay(last.advanced(byDays: 1), in: zone))
    }

    /// The channel that the invoice is of: the one that is named, or the only one there is.
    private func invoicedChannel(
        _ parameters: Parameters, in range: LedgerRange, field: String
    ) throws -> Channel {
        let filter = try EventFilter(parameters)
        guard filter.tags.isEmpty, filter.globs.keys.allSatisfy({ $0 == .channel }) else {
            throw QuestionError.invalid(
                field: parameters.spelled("where"),
                problem:
                    "an invoice is of all that a channel charged; channel=NAME alone goes with \(field)"
            )
        }
        if let named = filter.globs[.channel], named.count == 1, !named[0].contains("*") {
            return try payableChannel(
                Parameters(["channel": named], spelling: parameters.spelling))
        }
        let groups = try ledger.sums(
            SumQuery(boundaries: [range.start, range.end], filter: filter), account: account)
        let channels = Set(groups.map(\.channel)).sorted()
        guard channels.count == 1 else {
            let found = channels.isEmpty ? "none" : channels.joined(separator: ", ")
            throw QuestionError.invalid(
                field: field,
                problem:
                    "an invoice is of one channel; name it with --where channel=NAME (in these days: \(found))"
            )
        }
        return try payableChannel(Parameters(["channel": channels], spelling: parameters.spelling))
    }
}

extension Reconciliation {
    var isComplete: Bool { rows.allSatisfy(\.isComplete) }

    /// What a document says of it.
    var fields: JSONObject {
        get throws {
            JSONObject([
                "invoice": .object([
                    "name": .string(invoice.name), "lines": .integer(Int64(invoice.lines.count)),
                    "by_model": .bool(invoice.isByModel),
                    "assumed_currency": (assumed?.code).map(JSONValue.string),
                    "lines_outside": .integer(Int64(outside.count)),
                    "ignored_columns": .array(invoice.otherColumns.map(JSONValue.string)),
                ]),
                "is_complete": .bool(isComplete),
                "totals": .array(try totals.map { .object(try amounts($0)) }),
                "rows": .array(
                    try rows.map { row in
                        var object = JSONObject(["day": .string(row.day)])
                        if invoice.isByModel { object.append("model", .optional(row.model)) }
                        for member in try amounts(row).members {
                            object.append(member.key, member.value)
                        }
                        return .object(object)
                    }),
            ])
        }
    }

    private func amounts(_ row: Row) throws -> JSONObject {
        let isKnown = row.isInLedger && row.isComplete
        var missing: [JSONValue] = []
        if !row.isInLedger { missing.append("ledger") }
        if row.invoice == nil { missing.append("invoice") }
        return JSONObject([
            "requests": .integer(row.requests), "ledger": isKnown ? row.ledger.json : .null,
            "ledger_at_least": row.isComplete ? nil : row.ledger.json,
            "entries": row.entries.json, "invoice": row.invoice?.json ?? .null,
            "difference": row.isComplete ? row.difference.json : .null,
            "difference_at_most": row.isComplete ? nil : row.difference.json,
            "multiplier": .optional(try row.multiplier), "missing": .array(missing),
        ])
    }

    var columns: [Report.Column] {
        [Report.Column("day", nil, .left)]
            + (invoice.isByModel ? [Report.Column("model", nil, .left)] : []) + [
                Report.Column("requests"), Report.Column("ledger"), Report.Column("entries"),
                Report.Column("invoice"), Report.Column("difference"),
                Report.Column("multiplier"),
                Report.Column("is_complete", isForProgramsOnly: true),
            ]
    }

    func cells(_ row: Row) throws -> [Report.Cell] {
        let isTotal = row.day.isEmpty
        return [Report.Cell(isTotal ? "total" : row.day)]
            + (invoice.isByModel
                ? [Report.Cell(row.model ?? (isTotal ? "" : "(none)"), plain: row.model ?? "")]
                : [])
            + [
                Report.Cell(row.requests),
                row.isInLedger ? bound(row.ledger, row, "≥") : Report.Cell("none", plain: ""),
                row.entries.cell, row.invoice?.cell ?? Report.Cell("none", plain: ""),
                bound(row.difference, row, "≤"), Report.Cell(try row.multiplier ?? ""),
                Report.Cell(row.isComplete ? "true" : "false"),
            ]
    }

    private func bound(_ money: ShownMoney, _ row: Row, _ sign: String) -> Report.Cell {
        guard !row.isComplete else { return money.cell }
        return Report.Cell(
            "\(sign) \(money.display)", plain: money.money.amountText,
            currency: money.money.currency)
    }

    var notes: [String] {
        var notes = ["difference is the invoice less ledger and entries: tax, refunds, adjustments"]
        if let assumed {
            notes.append(
                "amounts of \(invoice.name) without a currency are taken as \(assumed.code)")
        }
        for settlement in settled {
            notes.append(
                "amounts of \(invoice.name) in \(settlement.billed.currency.code) are settled as the channel's bills: \(settlement.pays.display) for \(settlement.billed.display)"
            )
        }
        if !invoice.otherColumns.isEmpty {
            let names = invoice.otherColumns.map(quoted).joined(separator: ", ")
            notes.append("columns of \(invoice.name) that are not read: \(names)")
        }
        return notes
    }

    var warnings: [String] {
        get throws {
            var warnings: [String] = []
            let (unbilled, unmetered) = (
                rows.filter { $0.invoice == nil && $0.isInLedger }.count,
                rows.filter { $0.invoice != nil && !$0.isInLedger }.count
            )
            if unbilled > 0 {
                warnings.append("rows of the ledger that are not on the invoice: \(unbilled)")
            }
            if unmetered > 0 {
                warnings.append("rows of the invoice that are not in the ledger: \(unmetered)")
            }
            if !isComplete {
                warnings.append(
                    "some requests have no cost: where ≥ stands, the ledger is at least so much")
            }
            if !outside.isEmpty {
                warnings.append(
                    "lines of the invoice of days outside the range, in no row: \(outside.count)")
            }
            return warnings
        }
    }
}

extension Reconciliation.Row {
    /// What the invoice charges for usage, for each unit that the ledger says it cost; `nil` where
    /// they do not speak of the same.
    var multiplier: String? {
        get throws(PricingError) {
            guard isTwoSided, isInLedger, isComplete, let invoice else { return nil }
            let charged = try invoice.money.subtracting(entries.money)
            return try ExactDivision.ratioText(charged.attos, over: ledger.money.attos)
        }
    }
}
