import JSONBytes
import Pricing

extension LedgerContext {
    package static let usageNames =
        LedgerRange.names + EventFilter.names + [
            "group_by", "sort", "limit", "cursor", "currency", "fx", "timezone", "at",
        ]

    package func usage(_ parameters: Parameters) throws -> Answer {
        try parameters.refuseUnknown(Self.usageNames)
        let now = try pricing.at(parameters)
        let zone = try pricing.zone(parameters)
        let range = try usageRange(parameters)
        let dimensions = try GroupDimension.parse(
            parameters.texts("group_by"), field: parameters.spelled("group_by"))
        let filter = try EventFilter(parameters)
        let order = try UsageOrder(parameters, dimensions)
        let page = try UsagePage(parameters) { try ledger.lastRow(account: account) }
        let table = try UsageTable(
            self, range, by: dimensions, zone: zone, filter: filter, through: page.through)
        var exchange = try pricing.exchange(parameters, at: now)
        return try table.answer(order, page, filter: filter, at: now, &exchange, self)
    }

    /// Of when a question of usage is.
    func usageRange(_ parameters: Parameters) throws -> LedgerRange {
        try LedgerRange(
            parameters, now: try pricing.at(parameters), zone: try pricing.zone(parameters),
            zones: pricing.book.zones)
    }
}

/// Usage of the ledger by some dimensions, with what it comes to.
struct UsageTable: Sendable {
    private let range: LedgerRange
    private let zone: String
    private let dimensions: [GroupDimension]
    private let settlements: LedgerSettlements
    private var bills: [[String?]: LedgerBill] = [:]
    private var total = LedgerBill()
    /// When the hours begin, by their labels: where a clock is put back, the labels are in no order.
    private var hours: [String: String] = [:]

    init(
        _ context: LedgerContext, _ range: LedgerRange, by dimensions: [GroupDimension],
        zone: String, filter: EventFilter, through: Int64? = nil
    ) throws {
        self.range = range
        self.zone = zone
        self.dimensions = dimensions
        let units = Set(dimensions.compactMap(\.unit))
        // A week may lie in two months: both together are cut at days.
        let finest =
            units == [.week, .month] ? .day : TimeUnit.allCases.first(where: units.contains)
        let buckets = try TimeBuckets(
            from: range.start, to: range.end, by: finest, in: zone,
            zones: context.pricing.book.zones)
        let sums = try SettledSums(
            context,
            SumQuery(
                boundaries: buckets.boundaries, byProject: dimensions.contains(.project),
                byUser: dimensions.contains(.user), filter: filter, through: through))
        settlements = sums.settlements
        for part in sums.parts {
            let labels = try dimensions.map { try $0.label(part.group, at: part.time, buckets) }
            bills[labels, default: LedgerBill()].add(part.group, settlement: part.settlement)
            if let hour = dimensions.firstIndex(of: .hour), let label = labels[hour] {
                hours[label] = min(hours[label] ?? part.time.text, part.time.text)
            }
            total.add(part.group, settlement: part.settlement)
        }
    }

    /// Of all rows together.
    var requests: Int64 { total.usage.requests }

    func costs() throws -> LedgerCosts { try total.costs(settlements) }

    // MARK: Rows

    private struct Row: Sendable {
        let labels: [String?]
        let bill: LedgerBill
        let costs: LedgerCosts
        let currency: Currency?
        var cost: ShownMoney?
    }

    /// A row for each currency of a group. What has no price makes the one row that there is a lower
    /// bound, and stands by itself where there are several or none.
    private func rows(_ exchange: inout Exchange) throws -> [Row] {
        var rows: [Row] = []
        for (labels, bill) in bills {
            var parts = exchange.wanted == nil ? bill.byCurrency(settlements) : [nil: bill]
            if parts.count == 2, let unpriced = parts.removeValue(forKey: Currency?.none),
                let currency = parts.keys.first
            {
                parts[currency]?.add(unpriced)
            }
            for part in parts.values {
                let costs = try part.costs(settlements)
                var row = Row(
                    labels: labels, bill: part, costs: costs,
                    currency: exchange.wanted ?? costs.settled.keys.sorted().first)
                row.cost = try shown(costs, &exchange)
                rows.append(row)
            }
        }
        return rows
    }

    /// The one amount that some costs come to in one currency.
    private func shown(_ costs: LedgerCosts, _ exchange: inout Exchange) throws -> ShownMoney? {
        var sum: ShownMoney?
        for (_, settled) in costs.settled.sorted(by: { $0.key < $1.key }) {
            let shown = try exchange.shown(settled.money)
            sum =
                try sum.map { known in
                    ShownMoney(
                        money: try known.money.adding(shown.money),
                        isConverted: known.isConverted || shown.isConverted)
                } ?? shown
        }
        return sum
    }

    private func sorted(_ rows: [Row], _ order: UsageOrder) -> [Row] {
        func rank(_ row: Row) -> Int128 {
            switch order {
            case .cost: row.cost?.money.attos ?? -1
            case .requests: Int128(row.bill.usage.requests)
            case .tokens: row.bill.input + row.bill.output
            case .name: 0
            }
        }
        // Rows are large: what they are sorted by is taken out of them, and their places are sorted.
        let ranks = rows.map(rank)
        let names = rows.map { row in
            row.labels.map { label in label.map { hours[$0] ?? $0 } ?? "" }
                + [row.currency?.code ?? ""]
        }
        let places = rows.indices.sorted { one, other in
            ranks[one] == ranks[other]
                ? names[one].lexicographicallyPrecedes(names[other]) : ranks[one] > ranks[other]
        }
        return places.map { rows[$0] }
    }

    // MARK: The answer

    func answer(
        _ order: UsageOrder, _ page: UsagePage, filter: EventFilter, at now: Timestamp,
        _ exchange: inout Exchange, _ context: LedgerContext
    ) throws -> Answer {
        let all = sorted(try rows(&exchange), order)
        let shown = page.cut(all)
        let costs = try total.costs(settlements)
        var totals: [ShownMoney] = []
        if exchange.wanted != nil {
            totals = [try self.shown(costs, &exchange)].compactMap(\.self)
        } else {
            totals = costs.settled.sorted { $0.key < $1.key }.map {
                ShownMoney(money: $0.value.money, isConverted: false)
            }
        }
        let title = "usage \(try range.text(zone: zone, context.pricing.book.zones))"
        let notes = try notes(more: page.rest(of: all.count), context) + exchange.notes
        let fx = exchange.json
        let rates = context.pricing.book.catalog.json
        let label = context.pricing.label(at: context.pricing.now)
        let more = page.rest(of: all.count)
        let conflicts = try context.ledger.conflicts(account: context.account)
        let trend = UsageTrend(
            context: context, range: range, now: now, zone: zone, filter: filter,
            exchange: exchange,
            shown: Set(dimensions.compactMap(\.unit)))
        return Answer(
            name: "usage",
            fields: { [totals] in
                JSONObject([
                    "range": range.json(zone: zone), "rates": rates,
                    "group_by": .array(dimensions.map { .string($0.key) }), "where": filter.json,
                    "requests": .integer(total.usage.requests),
                    "known": .object(total.knownJSON), "total": .array(totals.map(\.json)),
                    "is_complete": .bool(costs.isComplete),
                    "unpriced": costs.unpriced.isZero ? nil : costs.unpriced.json,
                    "unpriced_requests": Self.count(costs.unpricedRequests),
                    "partly_priced_requests": Self.count(costs.partlyPricedRequests),
                    "unknown_requests": Self.count(costs.unknownRequests),
                    "conflicts": Self.count(conflicts),
                    "more_rows": Self.count(Int64(more)),
                    "next_cursor": more == 0 ? nil : page.next.map(JSONValue.string),
                    "rows": .array(shown.map(json)),
                    "fx": fx,
                ])
            },
            report: { [totals] in
                var report = Report(
                    title: title, columns: columns, rows: shown.map(cells), rates: label)
                report.footer = footer(totals, costs)
                report.notes = notes
                report.warnings = warnings(costs) + Self.remark(conflicts: conflicts)
                report.showsHeader = !shown.isEmpty
                if !shown.isEmpty { report.trends = { try trend.lines() } }
                return report
            })
    }

    /// Left out where it is 0.
    private static func count(_ count: Int64) -> JSONValue? { count == 0 ? nil : .integer(count) }

    private var columns: [Report.Column] {
        dimensions.map { Report.Column($0.key, $0.rawValue, .left) } + [
            Report.Column("requests"), Report.Column("input_tokens", "input"),
            Report.Column("cached_tokens", "cached"), Report.Column("output_tokens", "output"),
            Report.Column("cost", isMagnitude: true),
            Report.Column("is_complete", isForProgramsOnly: true),
        ]
    }

    private func cells(_ row: Row) -> [Report.Cell] {
        row.labels.map { Report.Cell($0 ?? "(none)", plain: $0 ?? "") } + counts(row.bill) + [
            cost(row.cost, row.costs), Report.Cell(row.costs.isComplete ? "true" : "false"),
        ]
    }

    private func counts(_ bill: LedgerBill) -> [Report.Cell] {
        [Int128(bill.usage.requests), bill.input, bill.cached, bill.output].map(Report.Cell.init)
    }

    private func cost(_ cost: ShownMoney?, _ costs: LedgerCosts) -> Report.Cell {
        guard let cost else { return Report.Cell("unknown", plain: "") }
        guard !costs.isComplete else { return cost.cell }
        return Report.Cell(
            "≥ \(cost.display)", plain: cost.money.amountText,
            currency: cost.money.currency)
    }

    private func footer(_ totals: [ShownMoney], _ costs: LedgerCosts) -> [[Report.Cell]] {
        guard !dimensions.isEmpty, !bills.isEmpty else { return [] }
        let empty = [Report.Cell](repeating: "", count: dimensions.count - 1)
        let first = ["total"] + empty + counts(total)
        let blank = [Report.Cell](repeating: "", count: first.count)
        guard !totals.isEmpty else { return [first + [cost(nil, costs), ""]] }
        return totals.enumerated().map { index, money in
            (index == 0 ? first : blank) + [cost(money, costs), ""]
        }
    }

    private func notes(more: Int, _ context: LedgerContext) throws -> [String] {
        guard total.usage.requests != 0 || !bills.isEmpty else {
            return [try context.emptiness(range, zone: zone)]
        }
        var notes: [String] = []
        if more > 0 { notes.append("\(more) more rows") }
        let words = Known.allCases.compactMap { known in
            total.known[known].flatMap { $0 == 0 ? nil : "\(Count.grouped($0)) \(known.rawValue)" }
        }
        notes.append("usage is \(words.joined(separator: ", "))")
        return notes
    }

    static func remark(conflicts: Int64) -> [String] {
        guard conflicts > 0 else { return [] }
        let events = conflicts == 1 ? "1 event" : "\(Count.grouped(conflicts)) events"
        return [
            "\(events) came under the id of another with other content, and are in no total; ledger conflicts lists them"
        ]
    }

    private func warnings(_ costs: LedgerCosts) -> [String] {
        var warnings: [String] = []
        if costs.unpricedRequests > 0 || costs.partlyPricedRequests > 0 {
            let meters = costs.unpriced.pairs.map { meter, count in
                "\(Count.groupedDigits("\(count)")) \(meter.name)"
            }
            let (none, partly) = (costs.unpricedRequests, costs.partlyPricedRequests)
            // Of which of them, the sums do not say.
            let place = partly > 0 ? "among" : "of"
            warnings.append(
                "unpriced, and not free: \(meters.joined(separator: ", ")) \(place) \(Count.grouped(none + partly)) requests"
            )
        }
        if costs.unknownRequests > 0 {
            warnings.append(
                "\(Count.grouped(costs.unknownRequests)) requests of which no usage is known are in no amount"
            )
        }
        return warnings
    }

    private func json(_ row: Row) -> JSONValue {
        var object = JSONObject()
        for (dimension, label) in zip(dimensions, row.labels) {
            object.append(dimension.key, .optional(label))
        }
        object.append("requests", .integer(row.bill.usage.requests))
        object.append("usage", row.bill.usage.counts.json)
        object.append("input_tokens", .whole(row.bill.input))
        object.append("cached_tokens", .whole(row.bill.cached))
        object.append("output_tokens", .whole(row.bill.output))
        object.append("cost", row.costs.isComplete ? row.cost?.json ?? .null : .null)
        if !row.costs.isComplete {
            object.append("cost_at_least", row.cost?.json)
            object.append("unpriced", row.costs.unpriced.json)
            for (name, count) in [
                ("unpriced_requests", row.costs.unpricedRequests),
                ("partly_priced_requests", row.costs.partlyPricedRequests),
                ("unknown_requests", row.costs.unknownRequests),
            ] where count > 0 {
                object.append(name, .integer(count))
            }
        }
        return .object(object)
    }
}
