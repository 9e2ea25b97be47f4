import JSONBytes
import Pricing

extension LedgerContext {
    package static let balanceNames = ["channel", "at", "last", "timezone"]
    static let balanceWindow = "7d"

    /// What is left on each channel, and for how long at the current rate.
    package func balance(_ parameters: Parameters) throws -> Answer {
        try parameters.refuseUnknown(Self.balanceNames)
        let zone = try pricing.zone(parameters)
        let now = try pricing.at(parameters)
        let channel = try parameters.has("channel") ? payableChannel(parameters).id : nil
        let last = try parameters.text("last") ?? Self.balanceWindow
        let window = try LedgerRange(
            Parameters(["last": [last]], spelling: parameters.spelling), now: now, zone: zone,
            zones: pricing.book.zones)
        let days = try TimeBuckets(
            from: window.start, to: window.end, by: .day, in: zone, zones: pricing.book.zones)
        let sheet = try BalanceSheet(
            self, channel: channel, at: now, window: window, days: days.boundaries.dropLast())
        let rows = try sheet.balances.map { try BalanceRow($0, at: now, last: last) }
        let commitments = try sheet.commitments.map { try CommitmentRow($0, at: now) }
        let fields = JSONObject([
            "at": .string(now.text), "timezone": .string(zone), "last": .string(last),
            "rows": .array(rows.map(\.json)),
            "commitments": .array(commitments.map(\.json)),
            "without_entries": .array(
                sheet.others.map { key, spent in
                    .object(["channel": .string(key.channel), "spent": spent.json])
                }),
            "later_entries": .integer(Int64(sheet.later)),
        ])
        var report = Report(
            title: "balance at \(try now.local(zone, pricing.book.zones)) \(zone)",
            columns: BalanceRow.columns, rows: rows.map(\.cells),
            rates: pricing.label(at: pricing.now))
        report.showsHeader = !rows.isEmpty
        report.notes = try notes(sheet, rows, commitments, last: last, zone: zone)
        report.warnings = unique(rows.compactMap(\.warning) + commitments.compactMap(\.warning))
        return Answer(name: "ledger-balance", fields: fields, report: report)
    }

    private func notes(
        _ sheet: BalanceSheet, _ rows: [BalanceRow], _ commitments: [CommitmentRow], last: String,
        zone: String
    ) throws -> [String] {
        var notes: [String] = []
        if rows.isEmpty, commitments.isEmpty, sheet.later == 0 {
            notes.append("no money entries in \(ledger.location); try: tokenmeter ledger top-up")
        } else if !rows.isEmpty {
            notes.append(
                "spent counts from each balance's first entry on; credit that expires first is spent first"
            )
        }
        for row in rows {
            notes += row.notes
            if let end = row.runway.end {
                let latest = row.isBound ? ", at the latest," : ""
                notes.append(
                    "\(row.name) lasts until \(try end.local(zone, pricing.book.zones))\(latest) at \(row.runway.perDay.roundedDisplay) a day, as in the last \(last)"
                )
            } else if let reason = row.runway.reason {
                notes.append("\(row.name): \(reason)")
            }
        }
        notes += commitments.map(\.note)
        if !sheet.others.isEmpty {
            let spent = sheet.others.map { "\($1.display) on \($0.channel)" }
            notes.append("without an entry, in the last \(last): \(spent.joined(separator: ", "))")
        }
        if sheet.later > 0 {
            notes.append("\(Count.grouped(Int64(sheet.later))) entries are dated later")
        }
        return notes
    }
}

/// How long a balance lasts.
struct BalanceRunway {
    let perDay: Money
    /// In days with one decimal, rounded down; `nil` where there is no end to tell.
    let days: String?
    let end: Timestamp?
    /// Why there is none.
    let reason: String?

    init(_ balance: BalanceSheet.Balance, at now: Timestamp, last: String) throws {
        let day: Int64 = 86_400_000
        let pace = balance.pace
        let exact = try pace.spent.scaled(by: Int128(day), over: Int128(pace.milliseconds))
        perDay = try exact.roundedToMicros()
        var days: String?
        var end: Timestamp?
        var reason: String?
        if balance.balance.attos <= 0 {
            (days, reason) = ("0.0", "nothing is left")
        } else if pace.spent.attos <= 0 {
            reason = "nothing was spent in the last \(last), so there is no end to tell"
        } else if let milliseconds = try balance.lots.runwayMilliseconds(
            from: now, spending: pace.spent.attos, every: pace.milliseconds)
        {
            let tenths = milliseconds / (day / 10)
            days = "\(tenths / 10).\(tenths % 10)"
            end = Timestamp(milliseconds: now.milliseconds + milliseconds)
        } else {
            reason = "it lasts more than a hundred years"
        }
        (self.days, self.end, self.reason) = (days, end, reason)
    }
}

/// A balance as an answer shows it.
struct BalanceRow {
    private let balance: BalanceSheet.Balance
    let runway: BalanceRunway

    init(_ balance: BalanceSheet.Balance, at now: Timestamp, last: String) throws {
        self.balance = balance
        runway = try BalanceRunway(balance, at: now, last: last)
    }

    var name: String { "\(balance.key.channel) in \(balance.key.currency.code)" }

    private var isComplete: Bool { balance.isComplete }

    /// Whether what is left is at most what is shown.
    var isBound: Bool { !isComplete }

    /// What is at most nothing is nothing.
    private var isRunwayKnown: Bool { isComplete || balance.balance.attos <= 0 }

    private func money(_ attos: Int128) -> Money {
        Money(currency: balance.key.currency, attos: attos)
    }

    private var grantsUsed: Int128 {
        balance.sum(.grant).attos - balance.lots.expiredGrants - balance.lots.grantsLeft
    }

    var json: JSONValue {
        let lots = balance.lots
        var object = JSONObject([
            "channel": .string(balance.key.channel),
            "currency": .string(balance.key.currency.code),
            "since": .string(balance.since.text), "topped_up": balance.sum(.topUp).json,
            "grants": .object([
                "given": balance.sum(.grant).json, "used": money(grantsUsed).json,
                "expired": money(lots.expiredGrants).json, "left": money(lots.grantsLeft).json,
            ]),
            "refunds": balance.sum(.refund).json, "adjustments": balance.sum(.adjustment).json,
            "tax": balance.sum(.tax).json, "expired": money(lots.expired).json,
            "is_complete": .bool(isComplete),
        ])
        object.append("spent", isComplete ? balance.spent.json : .null)
        object.append("spent_at_least", isComplete ? nil : balance.spent.json)
        object.append("balance", isComplete ? balance.balance.json : .null)
        object.append("balance_at_most", isComplete ? nil : balance.balance.json)
        object.append("spent_before", balance.spentBefore.json)
        object.append(
            "pace",
            .object([
                "since": .string(balance.pace.start.text), "until": .string(balance.pace.end.text),
                "spent": balance.pace.spent.json, "per_day": runway.perDay.json,
            ]))
        object.append(
            "runway",
            .object([
                "days": isRunwayKnown ? .optional(runway.days) : .null,
                "days_at_most": isRunwayKnown ? nil : .optional(runway.days),
                "until": .optional(runway.end?.text), "reason": runway.reason.map(JSONValue.string),
            ]))
        return .object(object)
    }

    static let columns = [
        Report.Column("channel", nil, .left), Report.Column("topped_up", "topped up"),
        Report.Column("grants"), Report.Column("expired"),
        Report.Column("refunds", isForProgramsOnly: true),
        Report.Column("adjustments", isForProgramsOnly: true),
        Report.Column("tax", isForProgramsOnly: true), Report.Column("spent"),
        Report.Column("balance"), Report.Column("per_day", "a day"),
        Report.Column("runway_days", "days left"),
        Report.Column("until", isForProgramsOnly: true),
        Report.Column("is_complete", isForProgramsOnly: true),
    ]

    var cells: [Report.Cell] {
        [
            Report.Cell(balance.key.channel), Report.Cell(balance.sum(.topUp)),
            Report.Cell(balance.sum(.grant)), Report.Cell(money(balance.lots.expired)),
            Report.Cell(balance.sum(.refund)), Report.Cell(balance.sum(.adjustment)),
            Report.Cell(balance.sum(.tax)), bound(balance.spent, "≥"),
            bound(balance.balance, "≤"),
            Report.Cell(
                runway.perDay.roundedDisplay, plain: runway.perDay.amountText,
                currency: runway.perDay.currency),
            Report.Cell(
                runway.days.map { isRunwayKnown ? $0 : "≤ \($0)" } ?? "", plain: runway.days ?? ""),
            Report.Cell(runway.end?.text ?? ""), Report.Cell(isComplete ? "true" : "false"),
        ]
    }

    private func bound(_ money: Money, _ sign: String) -> Report.Cell {
        Report.Cell(
            isComplete ? money.display : "\(sign) \(money.display)", plain: money.amountText,
            currency: money.currency)
    }

    /// What the table leaves out.
    var notes: [String] {
        var parts: [String] = []
        for (kind, word) in [
            (MoneyEntry.Kind.refund, "refunds"), (.adjustment, "adjustments"), (.tax, "tax"),
        ]
        where balance.sum(kind).attos != 0 {
            parts.append("\(word) \(balance.sum(kind).display)")
        }
        if balance.sum(.grant).attos != 0 {
            parts.append(
                "of the grants \(money(grantsUsed).display) is used and \(money(balance.lots.grantsLeft).display) left"
            )
        }
        if balance.spentBefore.attos != 0 {
            parts.append("\(balance.spentBefore.display) was spent before its first entry")
        }
        return parts.isEmpty ? [] : ["\(name): \(parts.joined(separator: ", "))"]
    }

    var warning: String? { isComplete ? nil : boundWarning(balance.key.channel) }
}

/// A commitment as an answer shows it.
struct CommitmentRow {
    private let commitment: BalanceSheet.Commitment
    private let remaining: Money
    private let state: String

    init(_ commitment: BalanceSheet.Commitment, at now: Timestamp) throws {
        self.commitment = commitment
        let rest = try commitment.entry.amount.subtracting(commitment.used)
        remaining = rest.attos > 0 ? rest : .zero(rest.currency)
        let isOver = (commitment.entry.expires ?? now) <= now
        state =
            remaining.attos == 0
            ? "met" : !isOver ? "open" : commitment.isComplete ? "missed" : "unknown"
    }

    var json: JSONValue {
        let entry = commitment.entry
        let isComplete = commitment.isComplete
        return .object([
            "id": .string(entry.id), "channel": .string(entry.channel),
            "since": .string(entry.time.text), "until": .optional(entry.expires?.text),
            "amount": entry.amount.json, "used": isComplete ? commitment.used.json : .null,
            "used_at_least": isComplete ? nil : commitment.used.json,
            "remaining": isComplete || remaining.attos == 0 ? remaining.json : .null,
            "remaining_at_most": isComplete || remaining.attos == 0 ? nil : remaining.json,
            "state": .string(state),
        ])
    }

    var note: String {
        let entry = commitment.entry
        let until = entry.expires.map { " by \($0.dayOrText)" } ?? ""
        return
            "\(entry.channel) is promised \(entry.amount.display)\(until): \(commitment.used.display) used, \(remaining.display) to go (\(state))"
    }

    var warning: String? {
        commitment.isComplete || remaining.attos == 0
            ? nil : boundWarning(commitment.entry.channel)
    }
}

private func boundWarning(_ channel: String) -> String {
    "some requests on \(channel) have no cost: what is spent is at least, and what is left at most what is shown"
}

extension Timestamp {
    /// `2026-10-31 16:05` as clocks in a zone show it; a midnight as its day.
    func local(_ zone: String, _ zones: any TimeZoneRules) throws(PricingError) -> String {
        let (date, clock) = try zones.wallClock(of: zone, at: self)
        return clock.secondOfDay == 0 ? date.text : "\(date.text) \(clock.text.prefix(5))"
    }
}
