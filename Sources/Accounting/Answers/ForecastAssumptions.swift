import JSONBytes
import Pricing

/// What a forecast takes for granted, a line each.
enum Assumptions {
    static func lines(_ forecast: Forecast) -> [String] {
        let workload = forecast.workload
        var lines: [String] = []
        switch workload.demand {
        case .volume(let usage):
            lines.append("a volume without a request size is priced in the base band")
            let minimum = forecast.parts.contains { !$0.entry.line.minimumUnits.isEmpty }
            if minimum, usage[.request] == 0 {
                lines.append(
                    "minimum units per request are left out: the number of requests is unknown")
            }
        case .requests(let perMonth, let shape):
            lines.append(
                "\(Count.grouped(perMonth)) requests a month of \(Count.grouped(shape.inputTokens)) input and \(Count.grouped(shape.outputTokens)) output tokens"
            )
            if shape.cachedShare > .none {
                lines.append("\(shape.cachedShare.percentText)% of the total input is cached")
            }
            if shape.cacheWriteShare > .none {
                lines.append(
                    "\(shape.cacheWriteShare.percentText)% of the total input is written to the 5-minute cache"
                )
            }
        }
        lines += unique(forecast.parts.flatMap { $0.components.flatMap(\.notes) })
        if workload.batchShare > .none {
            lines.append("\(workload.batchShare.percentText)% goes through the batch tier")
        }
        if let peak = workload.peakShare {
            lines.append(
                "\(peak.percentText)% falls into the dearer hours, where the price depends on the hour"
            )
        }
        if workload.growthPerMonth != .none {
            lines.append(
                "each month is \(workload.growthPerMonth.percentText)% above the one before")
        }
        if let settlement = try? forecast.channel.settlement(
            of: forecast.parts.first?.entry.line.currency ?? forecast.channel.currency,
            at: workload.purchase.at)
        {
            lines.append("\(forecast.channel.id) is paid at \(settlement.display)")
        }
        let claims = forecast.parts.contains { $0.entry.publication.claim != nil }
        if claims { lines.append("the rates of \(forecast.channel.id) are the seller's own claim") }
        return lines
    }

    static func band(_ forecast: Forecast) -> String {
        guard let above = forecast.parts.first?.entry.line.conditions.aboveInput else {
            return "base band"
        }
        return "band above \(Count.grouped(above)) input"
    }
}

extension CostComponent {
    /// What is billed otherwise than it was counted.
    var notes: [String] {
        var notes: [String] = []
        if ratedAs != meter {
            notes.append(
                "\(meter.name) at the rate of \(ratedAs.name): the line does not list it, and says so"
            )
        }
        if billedUnits != count {
            notes.append(
                "\(meter.name): \(Count.grouped(count)) counted, at least \(Count.grouped(billedUnits)) billed"
            )
        }
        return notes
    }

    var json: JSONValue {
        .object([
            "meter": .string(meter.name), "count": .integer(count),
            "billed_units": billedUnits == count ? nil : .integer(billedUnits),
            "rated_as": ratedAs == meter ? nil : .string(ratedAs.name), "rate": rate.json,
            "billed": billed.money.json,
        ])
    }
}
