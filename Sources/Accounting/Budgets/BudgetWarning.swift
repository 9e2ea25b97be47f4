import Pricing

/// A budget that is nearly spent, or more than that.
package struct BudgetWarning: Sendable {
    /// In characters that a header can carry.
    package let text: String
    private let filter: [String: String]

    /// Whether a request counts against it, as it was asked.
    package func covers(_ event: UsageEvent) -> Bool {
        filter.allSatisfy { name, glob in
            let text: String? =
                switch name {
                case "model": event.modelAsked
                case "channel": event.channel
                case "project": event.project
                default: nil
                }
            return Glob.matches(glob.utf8, (text ?? "").utf8)
        }
    }

    fileprivate init(_ budget: Budget, spent: Money, isComplete: Bool) {
        filter = budget.filter
        let least = isComplete ? "" : "at least "
        let name = budget.name.unicodeScalars.map {
            (0x20..<0x7F).contains($0.value) ? Character($0) : "?"
        }
        text =
            "\(String(name)): \(least)\(Self.text(spent)) of \(Self.text(budget.limit)) spent"
    }

    private static func text(_ money: Money) -> String {
        "\(money.amountText) \(money.currency.code)"
    }
}

extension LedgerContext {
    /// The budgets on what was spent that have reached their share to warn from. What cannot be held
    /// against its limit warns of nothing.
    package func warnings(of budgets: [Budget]) throws -> [BudgetWarning] {
        var warnings: [BudgetWarning] = []
        for budget in budgets where budget.filter["name"] == nil {
            let zones = pricing.book.zones
            let zone = budget.zone ?? pricing.zone
            let today = try zones.wallClock(of: zone, at: pricing.now).date
            let start = try zones.startOfDay(budget.period.start(of: today), in: zone)
            let amounts = try LedgerSpending(self).spent(
                from: start, to: max(pricing.now, start).advanced(bySeconds: 1),
                matching: EventFilter(budget))
            var exchange = Exchange(
                table: FXTable(shipped: pricing.book.catalog.exchangeRates), wanted: nil,
                date: pricing.now.utcDate)
            do {
                let spent = try exchange.preferring(budget.fx) { exchange in
                    try amounts.amounts.reduce(Money.zero(budget.limit.currency)) { sum, money in
                        try sum.adding(try exchange.converted(money, to: sum.currency).money)
                    }
                }
                guard
                    spent.attos
                        >= (try budget.limit.scaled(
                            by: budget.warnShare.attos, over: DecimalText.one)).attos
                else {
                    continue
                }
                warnings.append(
                    BudgetWarning(budget, spent: spent, isComplete: amounts.problem == nil))
            } catch let error as PricingError where error.isUnpriceable {
                continue
            }
        }
        return warnings
    }
}
