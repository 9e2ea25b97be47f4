import JSONBytes
import Pricing

extension LedgerContext {
    package static let forecastNames =
        EventFilter.names + ["at", "timezone", "currency", "fx", "max"]

    /// What this month comes to by what the ledger holds; the day on which each of some budgets runs
    /// out. Budgets on a plan are left out, and told.
    package func forecast(_ parameters: Parameters, budgets: [Budget] = []) throws -> Answer {
        for name in ForecastQuestion.names
        where parameters.has(name) && !Self.forecastNames.contains(name) {
            throw QuestionError.invalid(
                field: parameters.spelled(name),
                problem:
                    "describes a workload; the ledger is asked with \(parameters.spelled("where")) NAME=GLOB"
            )
        }
        try parameters.refuseUnknown(Self.forecastNames)
        var builder = LedgerForecastBuilder(
            self, at: try pricing.at(parameters), zone: try pricing.zone(parameters),
            filter: try EventFilter(parameters),
            exchange: try pricing.exchange(parameters, at: pricing.at(parameters)))
        return try builder.answer(
            max: try parameters.money("max"), spelled: parameters.spelled("max"), budgets)
    }
}

/// Gathers the rows, the budgets and the gate of a forecast from the ledger.
private struct LedgerForecastBuilder {
    private let context: LedgerContext
    private let time: Timestamp
    private let zone: String
    private let filter: EventFilter
    private var exchange: Exchange
    private var verdict = Answer.Verdict.done
    private var warnings: [String] = []

    init(
        _ context: LedgerContext, at time: Timestamp, zone: String, filter: EventFilter,
        exchange: Exchange
    ) {
        self.context = context
        self.time = time
        self.zone = zone
        self.filter = filter
        self.exchange = exchange
    }

    mutating func answer(
        max limit: Money?, spelled flag: String, _ budgets: [Budget]
    ) throws -> Answer {
        let forecast = try LedgerForecast(
            LedgerSpending(context), .month, at: time, zone: zone,
            zones: context.pricing.book.zones, filter: filter)
        var rows: [LedgerForecastRow] = []
        if forecast.isEmpty {
            verdict = .unpriced
            warnings.append(try emptiness(forecast))
        } else {
            rows = try forecast.projections(&exchange).map {
                LedgerForecastRow(forecast: forecast, projection: $0)
            }
            if rows.isEmpty { verdict = .unpriced }
            if forecast.pastDays == 0 {
                verdict = .unpriced
                warnings.append("no projection: no whole day before today has an event")
            }
        }
        let gate = try limit.flatMap { try self.gate($0, flag, forecast) }
        rows += try budgets.compactMap { try row($0) }
        let status = try context.ledger.status(account: context.account)
        warnings += try staleness(forecast, status)
        warnings += incompleteness(forecast)
        let plans = budgets.filter { $0.basis == .plan }.count
        var notes = rows.first { $0.budget == nil }?.method ?? []
        notes += rows.filter { $0.budget == nil }.map { $0.rangeNote }
        if plans > 0 { notes.append("budgets on a plan are left out: \(plans); check judges them") }
        notes.append(try Self.note(status, until: local(time)))
        let fields = JSONObject([
            "at": .string(time.text), "timezone": .string(zone),
            "rates": context.pricing.book.catalog.json, "where": filter.json,
            "ledger": .object([
                "events": .integer(status.known.values.reduce(0, +)),
                "newest": .optional(status.newest?.text),
            ]), "rows": .array(rows.map(\.json)), "max": gate, "fx": exchange.json,
        ])
        var report = Report(
            title: "forecast \(try forecast.range.text(zone: zone, context.pricing.book.zones))",
            columns: LedgerForecastRow.columns(withBudgets: !budgets.isEmpty),
            rows: rows.map(\.cells), rates: context.pricing.label(at: time))
        report.showsHeader = !rows.isEmpty
        report.notes = notes + exchange.notes
        report.warnings = warnings
        return Answer(name: "ledger-forecast", fields: fields, report: report, verdict: verdict)
    }

    /// `2026-11-22 12:00`, as clocks there show it.
    private func local(_ time: Timestamp) throws -> String {
        let (date, clock) = try context.pricing.book.zones.wallClock(of: zone, at: time)
        return "\(date.text) \(clock.text.prefix(5))"
    }

    private static func note(_ status: LedgerStatus, until time: String) -> String {
        let count = status.known.values.reduce(0, +)
        let events = count == 1 ? "1 event" : "\(Count.grouped(count)) events"
        let newest = status.newest.map { ", the newest of \($0.text)" } ?? ""
        return "spent is up to \(time); the ledger holds \(events)\(newest)"
    }

    // MARK: What a reader must not miss

    private func emptiness(_ forecast: LedgerForecast) throws -> String {
        let past = try LedgerRange(
            start: context.pricing.book.zones.startOfDay(
                forecast.firstDayRead, in: zone), end: time)
        let range = try past.text(zone: zone, context.pricing.book.zones)
        return "nothing to go by in \(range): \(try context.emptiness(past, zone: zone))"
    }

    /// Days without usage and days that nobody brought in look alike.
    private func staleness(
        _ forecast: LedgerForecast, _ status: LedgerStatus
    ) throws -> [String] {
        guard !forecast.isEmpty, let newest = status.newest else { return [] }
        let zones = context.pricing.book.zones
        let last = try zones.wallClock(of: zone, at: newest).date
        let days = last.days(until: try zones.wallClock(of: zone, at: time).date)
        guard days > 1 else { return [] }
        return [
            "the newest event is \(days) days old: days that were not brought in yet count as zero, and make the projection too low"
        ]
    }

    private func incompleteness(_ forecast: LedgerForecast) -> [String] {
        let (now, past) = (forecast.unpricedEvents, forecast.unpricedPastEvents)
        guard now + past > 0 else { return [] }
        let place =
            past == 0
            ? "of this month"
            : now == 0 ? "of the weeks before" : "of this month and the weeks before"
        let events = now + past == 1 ? "1 event" : "\(Count.grouped(now + past)) events"
        return [
            "no cost, and not free: \(events) \(place); amounts behind ≥ are the least"
        ]
    }

    // MARK: The gate

    /// Judged by the projection; what is over with its known part is over, whatever else is unknown.
    private mutating func gate(
        _ limit: Money, _ flag: String, _ forecast: LedgerForecast
    ) throws -> JSONValue? {
        guard !forecast.isEmpty else {
            return .object(["limit": limit.json, "over": .null, "within": .null])
        }
        let projection = try forecast.projection(in: limit.currency, &exchange)
        let amount = projection.projected ?? projection.spent
        let excess = try amount.subtracting(limit)
        let runsOut = projection.firstDay(over: limit)
        if excess.attos > 0 {
            verdict = .overBudget
            let over = ShownMoney(money: excess, isConverted: projection.isConverted)
            let day = runsOut.map { "; it runs out on \($0.text)" } ?? ""
            warnings.append("over \(flag) \(limit.display) by \(over.money.roundedDisplay)\(day)")
            return .object([
                "limit": limit.json, "over": over.json, "within": .bool(false),
                "runs_out": .optional(runsOut?.text),
            ])
        }
        let isJudged = projection.projected != nil && forecast.isComplete
        if !isJudged {
            verdict = .unpriced
            warnings.append(
                "cannot be judged against \(flag) \(limit.display): \(projection.projected == nil ? "there is no projection" : "events without a cost are in no amount")"
            )
        } else if let high = projection.range?.high, high.attos > limit.attos {
            warnings.append(
                "within \(flag) \(limit.display), but the upper end of the range, \(high.roundedDisplay), is over it"
            )
        }
        return .object([
            "limit": limit.json, "over": .null, "within": isJudged ? true : .null,
            "runs_out": .null,
        ])
    }

    // MARK: Budgets

    /// `nil` for a budget on a plan.
    private mutating func row(_ budget: Budget) throws -> LedgerForecastRow? {
        guard budget.basis != .plan else { return nil }
        guard budget.filter["name"] == nil else {
            warnings.append(
                "\(budget.name): its filter asks for a name, and events have none")
            return nil
        }
        let forecast = try LedgerForecast(
            LedgerSpending(context), budget.period, at: time, zone: budget.zone ?? zone,
            zones: context.pricing.book.zones, filter: EventFilter(budget))
        guard !forecast.isEmpty, !forecast.isUnknown else {
            let what = forecast.isEmpty ? "matches its filter" : "has a known cost"
            warnings.append(
                "\(budget.name): no event of its period and of the weeks before \(what)")
            return nil
        }
        let projection = try forecast.projection(in: budget.limit.currency, &exchange)
        return LedgerForecastRow(budget: budget, forecast: forecast, projection: projection)
    }
}

extension EventFilter {
    /// The events that a budget is over; `name` is of workloads alone.
    package init(_ budget: Budget) {
        self.init()
        for (name, glob) in budget.filter {
            if let dimension = EventDimension(rawValue: name) { globs[dimension] = [glob] }
        }
    }
}
