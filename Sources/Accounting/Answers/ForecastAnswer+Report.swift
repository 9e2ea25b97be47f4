import Pricing

// The forecast for people: a table, what it takes for granted, and what a reader must not miss.

extension ForecastBuilder {
    var assumptions: [String] {
        var lines: [String] = ["a month is \(question.daysPerMonth) days"]
        for forecast in forecasts {
            let workload = forecast.workload
            let prefix = forecasts.count == 1 ? "" : "\(workload.name): "
            lines += Assumptions.lines(forecast).map { prefix + $0 }
        }
        return unique(lines)
    }

    func report(_ baseline: Baseline?, _ gate: Gate?) throws -> Report {
        var report = forecasts.count == 1 ? try singleReport(forecasts[0]) : try planReport()
        report.showsHeader = forecasts.count > 1
        let width = report.columns.count
        func footer(_ label: String, _ cells: [Report.Cell]) {
            let blanks = max(0, width - 1 - cells.count)
            report.footer.append([Report.Cell(label)] + Array(repeating: "", count: blanks) + cells)
        }
        func shown(_ low: ShownMoney, _ high: ShownMoney) -> Report.Cell {
            let cell = rangeCell(low, high)
            return unpriced.isEmpty ? cell : Report.Cell("at least " + cell.text, plain: cell.plain)
        }
        if exchange.wanted != nil, let paid = settled.single, totals.isConverted {
            footer("settled", [shown(paid.low, paid.high)])
        }
        for currency in totals.currencies {
            guard let low = totals.low[currency], let high = totals.high[currency] else { continue }
            footer(
                "total",
                [
                    shown(
                        ShownMoney(money: low, isConverted: totals.isConverted),
                        ShownMoney(money: high, isConverted: totals.isConverted))
                ])
        }
        if let baseline {
            let percent = baseline.savings.percentText.map { " (\($0)%)" } ?? ""
            let saved = ShownMoney(money: baseline.savings.saved, isConverted: baseline.isConverted)
            let cost = ShownMoney(
                money: baseline.savings.baseline, isConverted: baseline.isConverted)
            footer(baseline.channel, [cost.cell])
            footer("saved", [Report.Cell(saved.display + percent, plain: saved.money.amountText)])
        }
        if question.months > 1 {
            for (index, month) in months.enumerated() {
                guard let one = month.single else { continue }
                footer("month \(index + 1)", [rangeCell(one.low, one.high)])
            }
            if let all = try allMonths().single {
                footer("all \(question.months)", [rangeCell(all.low, all.high)])
            }
        }
        report.notes = assumptions + exchange.notes
        report.warnings = unique(forecasts.flatMap { $0.parts.flatMap(\.entry.warnings) })
        if let gate, gate.isWithin, unpriced.isEmpty {
            report.notes.append("within \(parameters.spelled("max")) \(gate.limit.display)")
        } else if let gate {
            report.warnings += warnings(gate)
        }
        for forecast in forecasts where forecast.dependsOnHour {
            report.warnings.append(
                "\(forecast.model) on \(forecast.channel.id) costs more at some hours: both ends are shown; add \(parameters.spelled("peak_share"))"
            )
        }
        if !unpriced.isEmpty {
            report.warnings.append(
                "unpriced, and not free: \(unpriced.names.joined(separator: ", "))")
        }
        return report
    }

    private func warnings(_ gate: Gate) -> [String] {
        let flag = parameters.spelled("max")
        if let over = gate.over {
            return ["over \(flag) \(gate.limit.display) by \(over.display)"]
        }
        if gate.high.attos > gate.limit.attos {
            return [
                "cannot be judged against \(flag) \(gate.limit.display): only the cheaper end is within"
            ]
        }
        return ["cannot be judged against \(flag): something is unpriced"]
    }

    private func singleReport(_ forecast: Forecast) throws(PricingError) -> Report {
        let growth = question.months > 1 ? "first month" : "per month"
        var title =
            "\(growth) (\(question.daysPerMonth) days), \(forecast.model) on \(forecast.channel.id)"
        title += ", \(Assumptions.band(forecast))"
        var rows: [[Report.Cell]] = []
        let hasTiers = Set(forecast.parts.map(\.entry.line.conditions.serviceTier)).count > 1
        for part in forecast.parts {
            let tier = part.entry.line.conditions.serviceTier
            for component in part.components {
                let kinds = [hasTiers ? tier : nil, part.hours.map { "\($0.rawValue) hours" }]
                    .compactMap(\.self)
                let label =
                    component.meter.name
                    + (kinds.isEmpty ? "" : " (\(kinds.joined(separator: ", ")))")
                let cheaper = part.cheaperComponents.first { $0.meter == component.meter }
                rows.append([
                    Report.Cell(label), Report.Cell(component.count),
                    rangeCell(
                        ShownMoney(
                            money: (cheaper ?? component).billed.money, isConverted: false),
                        ShownMoney(money: component.billed.money, isConverted: false)),
                ])
            }
            for meter in part.cost.unpriced {
                rows.append([
                    Report.Cell(meter.name), Report.Cell(part.usage[meter]),
                    Report.Cell("unpriced", plain: ""),
                ])
            }
        }
        return Report(
            title: title,
            columns: [
                Report.Column("meter", nil, .left), Report.Column("count"), Report.Column("billed"),
            ], rows: rows, rates: context.label(at: forecasts[0].workload.purchase.at))
    }

    private func planReport() throws -> Report {
        var exchange = exchange
        let rows = try forecasts.map { forecast in
            let month = forecast.firstMonth
            let low = try exchange.shown(month.low.settled.money)
            let high = try exchange.shown(month.high.settled.money)
            return [
                Report.Cell(forecast.workload.name), Report.Cell(forecast.model),
                Report.Cell(forecast.channel.id), rangeCell(low, high),
            ]
        }
        return Report(
            title: "per month (\(question.daysPerMonth) days), \(forecasts.count) workloads",
            columns: [
                Report.Column("workload", nil, .left), Report.Column("model", nil, .left),
                Report.Column("channel", nil, .left), Report.Column("cost"),
            ], rows: rows, rates: context.label(at: forecasts[0].workload.purchase.at))
    }
}
