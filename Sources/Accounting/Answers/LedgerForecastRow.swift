import JSONBytes
import Pricing

/// One currency of a forecast from the ledger, or one budget of it.
struct LedgerForecastRow {
    var budget: Budget?
    let forecast: LedgerForecast
    let projection: LedgerForecast.Projection

    private var runsOut: CivilDate? {
        budget.flatMap { projection.firstDay(over: $0.limit) }
    }

    private func shown(_ money: Money) -> ShownMoney {
        ShownMoney(money: money, isConverted: projection.isConverted)
    }

    // MARK: For people

    static func columns(withBudgets: Bool) -> [Report.Column] {
        [
            Report.Column("budget", nil, .left, isForProgramsOnly: !withBudgets),
            Report.Column("period", nil, .left, isForProgramsOnly: !withBudgets),
            Report.Column("spent"), Report.Column("projected"),
            // Beside budgets there is no room for it; the notes tell it.
            Report.Column("range", isForProgramsOnly: withBudgets),
            Report.Column("limit", isForProgramsOnly: !withBudgets),
            Report.Column("runs_out", "runs out", .left, isForProgramsOnly: !withBudgets),
            Report.Column("events", isForProgramsOnly: true),
            Report.Column("is_complete", isForProgramsOnly: true),
            Report.Column("back_tests", isForProgramsOnly: true),
            Report.Column("median_error_percent", isForProgramsOnly: true),
            Report.Column("p90_error_percent", isForProgramsOnly: true),
        ]
    }

    var cells: [Report.Cell] {
        let test = projection.backTest
        return [
            Report.Cell(budget?.name ?? "(all)", plain: budget?.name ?? ""),
            Report.Cell(forecast.period.rawValue),
            cell(
                projection.spent, shown(projection.spent).display,
                isComplete: forecast.isSpentComplete),
            projection.projected.map {
                cell($0, $0.roundedDisplay, isComplete: forecast.isComplete)
            }
                ?? Report.Cell("unknown", plain: ""), range,
            budget.map { Report.Cell($0.limit) } ?? "",
            runsOutCell, Report.Cell(forecast.events),
            Report.Cell(forecast.isComplete ? "true" : "false"),
            Report.Cell(test.map { String($0.count) } ?? ""),
            Report.Cell(Self.percent(test?.medianPerMille) ?? ""),
            Report.Cell(Self.percent(test?.ninetiethPerMille) ?? ""),
        ]
    }

    private func cell(_ money: Money, _ text: String, isComplete: Bool) -> Report.Cell {
        Report.Cell(
            isComplete ? text : "≥ \(text)", plain: money.amountText,
            currency: money.currency)
    }

    private var range: Report.Cell {
        guard let (low, high) = projection.range else { return Report.Cell("none", plain: "") }
        return Report.Cell(
            rangeText(low, high), plain: low.amountText,
            plainHigh: high.amountText, currency: low.currency)
    }

    private func rangeText(_ low: Money, _ high: Money) -> String {
        "\(low.roundedDisplay) … \(high.roundedDisplay)"
    }

    private var runsOutCell: Report.Cell {
        guard budget != nil else { return "" }
        return runsOut.map { Report.Cell($0.text) }
            ?? Report.Cell("no", plain: "")
    }

    /// What was done to project, in words.
    var method: [String] {
        guard projection.projected != nil else { return [] }
        let days = "\(projection.patternDays) \(projection.patternDays == 1 ? "day" : "days")"
        guard projection.isByWeekday else {
            return [
                "projected by the daily mean of the last \(days), and of today the share that is left; weekdays are told apart from \(WeekdayPattern.weekdaysFromDays) days on"
            ]
        }
        return [
            "projected by weekday: the mean of each over the last \(days), and of today the share that is left"
        ]
    }

    /// The range, and how far off the pattern was in the past.
    var rangeNote: String {
        let code = projection.currency.code
        guard let (low, high) = projection.range, let test = projection.backTest,
            let median = Self.percent(test.medianPerMille),
            let most = Self.percent(test.ninetiethPerMille)
        else { return "no range in \(code): \(projection.missingRange ?? "")" }
        let days = test.daysAhead == 1 ? "1 day" : "\(test.daysAhead) days"
        return
            "\(code) \(rangeText(low, high)): in \(test.count) back-tests over \(days), half were off by \(median)% at most, nine in ten by \(most)%"
    }

    // MARK: For programs

    private static func percent(_ perMille: Int128?) -> String? {
        guard let perMille,
            let attos = try? ExactDivision.halfEven(perMille, times: DecimalText.one, over: 10)
        else { return nil }
        return DecimalText.text(attos, minorDigits: 1)
    }

    var json: JSONValue {
        let (isKnown, isComplete) = (forecast.isSpentComplete, forecast.isComplete)
        let spent = shown(projection.spent).json
        let projected = projection.projected.map { shown($0).json }
        return .object([
            "budget": .optional(budget?.name), "period": .string(forecast.period.rawValue),
            "since": .string(forecast.range.start.text),
            "until": .string(forecast.range.end.text),
            "events": .integer(forecast.events),
            "spent": isKnown ? spent : .null, "spent_at_least": isKnown ? nil : spent,
            "projected": isComplete ? projected ?? .null : .null,
            "projected_at_least": isComplete ? nil : projected,
            "projected_low": projection.range.map { shown($0.low).json } ?? .null,
            "projected_high": projection.range.map { shown($0.high).json } ?? .null,
            "unpriced_events": isKnown ? nil : .integer(forecast.unpricedEvents),
            "unpriced_past_events": forecast.unpricedPastEvents == 0
                ? nil : .integer(forecast.unpricedPastEvents),
            "reason": projection.missingRange.map(JSONValue.string),
            "method": methodJSON, "back_test": backTestJSON,
            "limit": budget?.limit.json,
            "runs_out": budget == nil ? nil : .optional(runsOut?.text),
        ])
    }

    private var methodJSON: JSONValue {
        guard projection.projected != nil else { return .null }
        return .object([
            "name": projection.isByWeekday ? "weekday-mean" : "daily-mean",
            "days": .integer(Int64(projection.patternDays)),
            "past_days": .integer(Int64(forecast.pastDays)),
        ])
    }

    private var backTestJSON: JSONValue {
        guard let test = projection.backTest else { return .null }
        return .object([
            "count": .integer(Int64(test.count)), "days_ahead": .integer(Int64(test.daysAhead)),
            "median_error_percent": .optional(Self.percent(test.medianPerMille)),
            "p90_error_percent": .optional(Self.percent(test.ninetiethPerMille)),
        ])
    }
}
