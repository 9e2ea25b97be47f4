import JSONBytes
import Pricing

extension LedgerContext {
    package static let auditNames =
        LedgerRange.names + ["channel", "currency", "fx", "timezone", "at"]

    /// What a channel charged against what its lines make of the requests: by its own cost fields,
    /// and by an invoice where one is given.
    package func audit(_ parameters: Parameters, invoice: Invoice?) throws -> Answer {
        try parameters.refuseUnknown(Self.auditNames)
        if invoice == nil, let name = ["currency", "fx"].first(where: parameters.has) {
            throw QuestionError.invalid(
                field: parameters.spelled(name),
                problem:
                    "is for an invoice in another currency; give one with \(parameters.spelled("invoice"))"
            )
        }
        let now = try pricing.at(parameters)
        let zone = try pricing.zone(parameters)
        let channel = try payableChannel(parameters)
        let range =
            try invoice.map { try self.range(parameters, of: $0, now: now, zone: zone) }
            ?? LedgerRange(parameters, now: now, zone: zone, zones: pricing.book.zones)
        let (models, total) = try ChannelAudit(channel, in: range, self).rows()
        var exchange = try pricing.exchange(parameters, at: now)
        let days = try invoice.map {
            try Reconciliation(
                $0, of: channel, in: range, zone: zone, self,
                field: parameters.spelled("invoice"), &exchange)
        }
        let fields = JSONObject([
            "range": range.json(zone: zone), "rates": pricing.book.catalog.json,
            "channel": .string(channel.id), "total": .object(try total.fields),
            "rows": .array(try models.map { .object(try $0.fields) }),
            "by_invoice": try days.map { .object(try $0.fields) }, "fx": exchange.json,
        ])
        var report = Report(
            title: "audit of \(channel.id), \(try range.text(zone: zone, pricing.book.zones))",
            columns: AuditTable.columns(withDays: days != nil),
            rows: try models.flatMap(AuditTable.cells)
                + (days?.rows.map { try AuditTable.cells($0) } ?? []),
            rates: pricing.label(at: pricing.now))
        report.showsHeader = !report.rows.isEmpty
        if models.count > 1 { report.footer = try AuditTable.cells(total) }
        report.notes = try notes(models, total, days, range, zone: zone) + exchange.notes
        report.warnings = Self.warnings(total) + (try days?.warnings ?? [])
        return Answer(name: "ledger-audit", fields: fields, report: report)
    }

    private func notes(
        _ models: [ChannelAudit.Row], _ total: ChannelAudit.Row, _ days: Reconciliation?,
        _ range: LedgerRange, zone: String
    ) throws -> [String] {
        guard total.requests > 0 else {
            return [try emptiness(range, zone: zone)] + (days?.notes ?? [])
        }
        var notes = [
            "\(Count.grouped(total.reported)) of \(Count.grouped(total.requests)) requests reported their usage: \(try total.reportedPercent ?? "0.0")%"
        ]
        notes += try models.compactMap { try $0.cacheNote }
        return notes + (days?.notes ?? [])
    }

    private static func warnings(_ total: ChannelAudit.Row) -> [String] {
        var warnings: [String] = []
        if total.requests > 0, total.comparisons.isEmpty {
            warnings.append("no request can be compared with what the vendor says it charged")
        }
        let left = [
            (total.withoutVendorCost, "without the vendor's cost"),
            (total.withoutCost, "without reported usage, or a price for it"),
            (total.inOtherCurrency, "with a vendor's cost in a currency that they are not paid in"),
        ]
        for (count, what) in left where count > 0 {
            warnings.append("requests \(what), in neither sum: \(Count.grouped(count))")
        }
        return warnings
    }
}

extension ChannelAudit.Row {
    /// Of the requests those that reported their usage, with one decimal.
    var reportedPercent: String? {
        get throws(PricingError) { try percentText(Int128(reported), of: Int128(requests)) }
    }

    var fields: JSONObject {
        get throws {
            var object = JSONObject()
            object.append("model", model.map(JSONValue.string))
            for (name, count) in [
                ("requests", requests), ("reported", reported),
            ] { object.append(name, .integer(count)) }
            object.append("reported_percent", .optional(try reportedPercent))
            object.append("without_vendor_cost", .integer(withoutVendorCost))
            object.append("without_cost", .integer(withoutCost))
            object.append("in_other_currency", .integer(inOtherCurrency))
            object.append(
                "compared",
                .array(
                    try comparisons.map { compared in
                        .object([
                            "requests": .integer(compared.requests),
                            "amounts": compared.isSettled ? "settled" : "billed",
                            "computed": compared.computed.json, "charged": compared.charged.json,
                            "difference": try compared.difference.json,
                            "multiplier": .optional(try compared.multiplier),
                        ])
                    }))
            object.append("cache", try cache?.json)
            return object
        }
    }

    /// `nil` where nothing seems to be dropped.
    var cacheNote: String? {
        get throws {
            guard let model, let cache, let missing = try cache.missing, missing > 0,
                let here = try cache.percent, let there = try cache.otherPercent
            else { return nil }
            let channels = cache.otherChannels.joined(separator: ", ")
            return
                "of the input of \(model) a cache served \(here)% here and \(there)% on \(channels): \(Count.groupedDigits("\(missing)")) tokens fewer than that share makes"
        }
    }
}

extension ChannelAudit.CacheShare {
    var percent: String? { get throws(PricingError) { try percentText(cached, of: input) } }

    var otherPercent: String? {
        get throws(PricingError) { try percentText(otherCached, of: otherInput) }
    }

    var json: JSONValue {
        get throws {
            .object([
                "input_tokens": .whole(input), "cached_tokens": .whole(cached),
                "cached_percent": .optional(try percent),
                "requests_without_cached": .integer(requestsWithoutCached),
                "has_cached_rate": .bool(hasRate),
                "other_channels": .array(otherChannels.map(JSONValue.string)),
                "other_cached_percent": .optional(try otherPercent),
                "missing_cached_tokens": try missing.map(JSONValue.whole) ?? .null,
            ])
        }
    }
}

/// `part` of `whole` in percent with one decimal, half to even; `nil` of nothing.
private func percentText(_ part: Int128, of whole: Int128) throws(PricingError) -> String? {
    guard whole > 0 else { return nil }
    let tenths = try ExactDivision.halfEven(part, times: 1000, over: whole)
    return DecimalText.text(tenths * (DecimalText.one / 10), minorDigits: 1)
}

/// Models and days of an invoice in one table: computed against charged.
private enum AuditTable {
    static func columns(withDays: Bool) -> [Report.Column] {
        [
            Report.Column("model", nil, .left),
            Report.Column("day", nil, .left, isForProgramsOnly: !withDays),
            Report.Column("requests"), Report.Column("compared"), Report.Column("computed"),
            Report.Column("charged"), Report.Column("difference"), Report.Column("multiplier"),
            Report.Column("reported_percent", "reported %"),
            Report.Column("cached_percent", "cached %"),
            Report.Column("other_cached_percent", "elsewhere %"),
            Report.Column("is_complete", isForProgramsOnly: true),
        ]
    }

    /// A row a currency, or one where nothing can be compared.
    static func cells(_ row: ChannelAudit.Row) throws -> [[Report.Cell]] {
        let head = [
            Report.Cell(row.model ?? "total"), "", Report.Cell(row.requests),
        ]
        let tail = [
            Report.Cell(try row.reportedPercent ?? ""), Report.Cell(try row.cache?.percent ?? ""),
            Report.Cell(try row.cache?.otherPercent ?? ""), "true",
        ]
        guard !row.comparisons.isEmpty else {
            return [head + ["0", "", "", "", ""] + tail]
        }
        return try row.comparisons.map { compared in
            head + [
                Report.Cell(compared.requests), Report.Cell(compared.computed),
                Report.Cell(compared.charged), Report.Cell(try compared.difference),
                Report.Cell(try compared.multiplier ?? ""),
            ] + tail
        }
    }

    static func cells(_ row: Reconciliation.Row) throws -> [Report.Cell] {
        func bound(_ money: ShownMoney, _ sign: String) -> Report.Cell {
            row.isComplete
                ? money.cell
                : Report.Cell(
                    "\(sign) \(money.display)", plain: money.money.amountText,
                    currency: money.money.currency)
        }
        return [
            Report.Cell(row.model ?? ""), Report.Cell(row.day), Report.Cell(row.requests),
            Report.Cell(row.invoice == nil ? 0 : row.requests),
            row.isInLedger ? bound(row.ledger, "≥") : Report.Cell("none", plain: ""),
            row.invoice?.cell ?? Report.Cell("none", plain: ""), bound(row.difference, "≤"),
            Report.Cell(try row.multiplier ?? ""), "", "", "",
            Report.Cell(row.isComplete ? "true" : "false"),
        ]
    }
}
