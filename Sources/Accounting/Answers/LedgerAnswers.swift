import JSONBytes
import Pricing

extension LedgerContext {
    /// How large the ledger is, and how what is in it is known.
    package func status() throws -> Answer {
        let status = try ledger.status(account: account)
        let events = status.known.values.reduce(0, +)
        var known = JSONObject()
        for word in Known.allCases {
            known.append(word.rawValue, .integer(status.known[word] ?? 0))
        }
        let fields = JSONObject([
            "database": .string(status.location), "size_bytes": .integer(status.sizeBytes),
            "events": .integer(events), "known": .object(known),
            "unpriced": .integer(status.unpriced), "corrections": .integer(status.corrections),
            "conflicts": .integer(status.conflicts),
            "reservations": .integer(status.reservations),
            "money_entries": .integer(status.moneyEntries),
            "oldest": .optional(status.oldest?.text), "newest": .optional(status.newest?.text),
        ])
        var rows: [[Report.Cell]] = [["events", Report.Cell(Count.grouped(events))]]
        for word in Known.allCases {
            rows.append([
                Report.Cell("  \(word.rawValue)"),
                Report.Cell(Count.grouped(status.known[word] ?? 0)),
            ])
        }
        rows += [
            ["without a rate line", Report.Cell(Count.grouped(status.unpriced))],
            ["corrections", Report.Cell(Count.grouped(status.corrections))],
            ["conflicts", Report.Cell(Count.grouped(status.conflicts))],
            ["requests under way", Report.Cell(Count.grouped(status.reservations))],
            ["money entries", Report.Cell(Count.grouped(status.moneyEntries))],
            ["oldest", Report.Cell(status.oldest?.text ?? "")],
            ["newest", Report.Cell(status.newest?.text ?? "")],
            ["size", Report.Cell("\(Count.grouped(status.sizeBytes)) bytes")],
        ]
        var report = Report(
            title: "ledger \(status.location)",
            columns: [Report.Column("what", nil, .left), Report.Column("value")], rows: rows,
            rates: pricing.label(at: pricing.now))
        report.showsHeader = false
        report.warnings += UsageTable.remark(conflicts: status.conflicts)
        if status.rows == 0, status.moneyEntries == 0 {
            report.notes.append("it is empty; try: tokenmeter demo, tokenmeter ledger import")
        }
        return Answer(name: "ledger-status", fields: fields, report: report)
    }

    /// Whether all that is derived equals what it is derived from. `contentID` tells the id that a rate
    /// line's content has.
    package func verify(
        repairingRollups: Bool, contentID: (RateLine) -> String
    ) throws -> Answer {
        var result = try ledger.verify(account: account, repairingRollups: repairingRollups)
        for line in try ledger.lines(account: account) where contentID(line) != line.id {
            result.report("rate line \(line.id) has other rates than those it was loaded with")
        }
        let isWhole = result.problemCount == 0
        let fields = JSONObject([
            "database": .string(ledger.location), "is_whole": .bool(isWhole),
            "events": .integer(result.rows), "repaired_rollups": .integer(result.repairedRollups),
            "problem_count": .integer(result.problemCount),
            "problems": .array(result.problems.map(JSONValue.string)),
        ])
        var report = Report(
            title: isWhole
                ? "\(Count.grouped(result.rows)) rows, and everything holds"
                : "\(Count.grouped(result.rows)) rows, and \(result.problemCount) things do not hold",
            columns: [Report.Column("problem", nil, .left)],
            rows: result.problems.map { [Report.Cell($0)] },
            rates: pricing.label(at: pricing.now))
        report.showsHeader = false
        if result.repairedRollups > 0 {
            report.notes.append(
                "\(Count.grouped(result.repairedRollups)) sums were added up again")
        }
        if result.problems.count < result.problemCount {
            report.notes.append("\(result.problemCount - Int64(result.problems.count)) more")
        }
        return Answer(
            name: "ledger-verify", fields: fields, report: report,
            verdict: isWhole ? .done : .failed)
    }

    /// What contradicts an event, beside the event as it stands; the first of them where there are many.
    package func conflicts() throws -> Answer {
        var rows: [(kept: LedgerEntry?, other: JSONValue)] = []
        let count = try ledger.conflicts(account: account)
        try ledger.forEachConflict(account: account, limit: Self.maximumConflicts) {
            rows.append(($0, $1))
        }
        var report = Report(
            title: count == 1 ? "1 conflict" : "\(Count.grouped(count)) conflicts",
            columns: [
                Report.Column("id", nil, .left), Report.Column("what", nil, .left),
                Report.Column("model", nil, .left), Report.Column("start", nil, .left),
                Report.Column("usage", nil, .left),
            ],
            rows: rows.flatMap { kept, other in
                [
                    Self.cells("kept", kept?.json, id: other["id"]?.textValue),
                    Self.cells("refused", other, id: nil),
                ]
            }, rates: pricing.label(at: pricing.now))
        report.showsHeader = !rows.isEmpty
        if count > 0 {
            report.notes = ["what is refused is in no total; ledger correct puts it in its place"]
        }
        return Answer(
            name: "ledger-conflicts",
            fields: JSONObject([
                "count": .integer(count),
                "rows": .array(
                    rows.map { kept, other in
                        .object(["kept": kept?.json ?? .null, "refused": other])
                    }),
            ]), report: report)
    }

    private static let maximumConflicts = 1_000

    private static func cells(_ what: String, _ event: JSONValue?, id: String?) -> [Report.Cell] {
        func text(_ name: String) -> String { event?[name]?.textValue ?? "" }
        var counts: [String] = []
        if case .object(let usage)? = event?["usage"] {
            for member in usage.members {
                guard case .integer(let count) = member.value else { continue }
                counts.append("\(Count.grouped(count)) \(member.key)")
            }
        }
        return [
            Report.Cell(id ?? ""), Report.Cell(what), Report.Cell(text("model")),
            Report.Cell(text("start")), Report.Cell(counts.joined(separator: ", ")),
        ]
    }

    /// Hands the events of a range to `body`, as they stand.
    package func export(
        _ parameters: Parameters, _ body: (LedgerEntry) throws -> Void
    ) throws {
        try parameters.refuseUnknown(LedgerRange.names + EventFilter.names + ["timezone"])
        let isAll = !LedgerRange.names.contains { parameters.has($0) }
        let range = try LedgerRange(
            parameters, now: pricing.now, zone: try pricing.zone(parameters),
            zones: pricing.book.zones)
        let filter = try EventFilter(parameters)
        try ledger.forEachEntry(
            from: isAll ? Timestamp(milliseconds: -1 << 52) : range.start,
            to: isAll ? Timestamp(milliseconds: 1 << 52) : range.end, matching: filter,
            account: account, body)
    }

    /// Refuses a ledger that holds more than a demo's made-up usage.
    ///
    /// Throws `LedgerError.noDemo`.
    package func requireDemo() throws {
        let status = try ledger.status(account: account)
        guard status.rows > 0 || status.moneyEntries > 0 else { return }
        var others: Int64 = 0
        if let oldest = status.oldest, let newest = status.newest {
            let all = [oldest, newest.advanced(bySeconds: 1)]
            let demo = EventFilter([.source: [DemoEvents.source]])
            others =
                status.known.values.reduce(0, +)
                - (try ledger.sums(SumQuery(boundaries: all, filter: demo), account: account))
                .reduce(0) { $0 + $1.sum.requests }
        }
        guard others == 0, status.moneyEntries == 0 else {
            throw LedgerError.noDemo(ledger.location)
        }
    }

    /// A demo's ledger, and commands to try on it.
    package func demo(_ outcome: EventImport, commands: [String]) -> Answer {
        let new = outcome.outcomes[.new] ?? 0
        var report = Report(
            title:
                "\(Count.grouped(outcome.events)) made-up events, \(Count.grouped(new)) of them new",
            columns: [Report.Column("try", nil, .left)], rows: commands.map { [Report.Cell($0)] },
            rates: pricing.label(at: pricing.now))
        report.showsHeader = false
        report.notes = ["in \(ledger.location), which nothing else uses; delete it when you like"]
        let fields = JSONObject([
            "database": .string(ledger.location), "events": .integer(outcome.events),
            "new": .integer(new), "commands": .array(commands.map(JSONValue.string)),
        ])
        return Answer(name: "demo", fields: fields, report: report)
    }
}
