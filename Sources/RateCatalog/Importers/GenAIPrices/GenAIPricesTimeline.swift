import Pricing

/// A model's conditional prices and variants, laid out as complete lines.
///
/// The source's rule: of the conditional prices the last active one holds, else the first; variants
/// override it meter by meter, the first match a meter (types.py, `get_prices`). Between two of the
/// dates that occur nothing changes but by the hour, so each such segment is worked out once.
struct GenAIPricesTimeline {
    enum Constraint {
        case always
        case from(Timestamp)
        /// Of every day, in UTC.
        case hours(TimeWindow.Hours)
    }

    struct Condition {
        let constraint: Constraint
        let prices: GenAIPriceSet
    }

    struct Variant {
        let when: [String: String]
        let constraint: Constraint
        let prices: GenAIPriceSet
    }

    let conditions: [Condition]
    let variants: [Variant]
    /// Whether an empty price set says that the model costs nothing.
    let isFreeWhenEmpty: Bool
    let place: String

    /// The beginnings of the segments; the first has none.
    private var starts: [Timestamp?] {
        let constraints = conditions.map(\.constraint) + variants.map(\.constraint)
        let dates = constraints.compactMap { constraint -> Timestamp? in
            if case .from(let date) = constraint { return date }
            return nil
        }
        return [nil] + Set(dates).sorted()
    }

    func lines(_ tally: inout ImportTally) -> [ImportedLine] {
        let starts = starts
        var order: [RateConditions] = []
        var rates: [RateConditions: [Rates?]] = [:]
        var contexts: [[String: String]] = [[:]]
        for variant in variants where !contexts.contains(variant.when) {
            contexts.append(variant.when)
        }
        for context in contexts {
            guard var conditions = Self.conditions(of: context) else {
                tally.leave("variants of the standard tier, or of two", at: place)
                continue
            }
            if !context.isEmpty { tally.carry("price variants") }
            for (index, start) in starts.enumerated() {
                guard isStated(context, since: start) else { continue }
                let stated = prices(since: start, &tally)
                for (window, prices) in stated {
                    conditions.window = window
                    let merged = overridden(prices, by: context, since: start)
                    var bands = merged.bands
                    // A band of the standard day would go before hours or a context without one.
                    if window != nil || !conditions.when.isEmpty {
                        bands.formUnion(stated[0].prices.bands)
                    }
                    for band in [nil] + bands.sorted().map(Optional.some) {
                        guard let quoted = quotes(merged, above: band, &tally) else { continue }
                        conditions.aboveInput = band
                        if rates[conditions] == nil {
                            order.append(conditions)
                            rates[conditions] = Array(repeating: nil, count: starts.count)
                        }
                        rates[conditions]?[index] = quoted
                    }
                }
            }
        }
        return order.flatMap { Self.lines($0, rates[$0] ?? [], starts) }
    }

    /// One line for each run of equal rates; a run that nothing follows at once ends by itself.
    private static func lines(
        _ conditions: RateConditions, _ rates: [Rates?], _ starts: [Timestamp?]
    ) -> [ImportedLine] {
        var lines: [ImportedLine] = []
        var current: Rates?
        for (index, quoted) in rates.enumerated() where quoted != current {
            if let quoted {
                lines.append(
                    ImportedLine(conditions: conditions, validFrom: starts[index], rates: quoted))
            } else {
                lines[lines.count - 1].validTo = starts[index]
            }
            current = quoted
        }
        return lines
    }

    private func isActive(_ constraint: Constraint, since start: Timestamp?) -> Bool {
        switch constraint {
        case .always: true
        case .from(let date): start.map { date <= $0 } ?? false
        case .hours: false
        }
    }

    /// The standard prices of a segment: the whole day's, and those of hours that come behind them.
    private func prices(
        since start: Timestamp?, _ tally: inout ImportTally
    ) -> [(window: TimeWindow?, prices: GenAIPriceSet)] {
        let base = conditions.lastIndex { isActive($0.constraint, since: start) } ?? 0
        var result: [(window: TimeWindow?, prices: GenAIPriceSet)] = [
            (nil, conditions[base].prices)
        ]
        for condition in conditions[(base + 1)...] {
            guard case .hours(let hours) = condition.constraint else { continue }
            let window = TimeWindow(
                zone: "UTC", weekdays: Set(Weekday.allCases), hours: [hours])
            if result.contains(where: { $0.window?.overlaps(window) ?? false }) {
                tally.leave("hours that overlap others", at: place)
                continue
            }
            result.append((window, condition.prices))
        }
        return result
    }

    /// Whether some variant of this context holds in a segment; the standard one always does.
    private func isStated(_ context: [String: String], since start: Timestamp?) -> Bool {
        context.isEmpty
            || variants.contains {
                $0.when == context && isActive($0.constraint, since: start)
            }
    }

    private func overridden(
        _ prices: GenAIPriceSet, by context: [String: String], since start: Timestamp?
    ) -> GenAIPriceSet {
        var result = prices
        var done: Set<Meter> = []
        for variant in variants where isActive(variant.constraint, since: start) {
            guard variant.when.allSatisfy({ context[$0.key] == $0.value }) else { continue }
            for (meter, price) in variant.prices.prices where done.insert(meter).inserted {
                result.set(price, for: meter)
            }
        }
        return result
    }

    private func quotes(
        _ prices: GenAIPriceSet, above band: Int64?, _ tally: inout ImportTally
    ) -> Rates? {
        guard !prices.isEmpty else {
            guard isFreeWhenEmpty, let free = try? Rate(quote: .zero(.usd), per: 1_000_000) else {
                tally.leave(
                    "empty price sets that do not say free (unknown, and never 0)", at: place)
                return nil
            }
            tally.carry("empty price sets of models that say free")
            return Rates([(.input, free), (.output, free)])
        }
        var rates = Rates()
        for (meter, price) in prices.prices { rates[meter] = price.rate(above: band) }
        return rates
    }

    /// `processing` and `service_tier` are the service tier; any other key is an attribute. `nil`
    /// for what is the standard line by another name, or of two tiers at once.
    private static func conditions(of context: [String: String]) -> RateConditions? {
        var conditions = RateConditions()
        for (key, value) in context {
            switch key {
            case "processing", "service_tier":
                // Two of them are no one tier, and the standard line is there already.
                let isStandard = ["default", RateConditions.standardTier].contains(value)
                let isSecond = conditions.serviceTier != RateConditions.standardTier
                if isStandard || isSecond { return nil }
                conditions.serviceTier = value
            default: conditions.when[key] = value
            }
        }
        return conditions
    }
}
