import JSONBytes
import Pricing

/// Costs added up per currency: amounts of two currencies never meet but by conversion.
struct CostTotals {
    private(set) var low: [Currency: Money] = [:]
    private(set) var high: [Currency: Money] = [:]
    private(set) var isConverted = false

    mutating func add(low: ShownMoney, high: ShownMoney) throws(PricingError) {
        let zero = Money.zero(low.money.currency)
        self.low[low.money.currency] = try (self.low[low.money.currency] ?? zero).adding(low.money)
        self.high[low.money.currency] = try (self.high[low.money.currency] ?? zero).adding(
            high.money)
        isConverted = isConverted || low.isConverted
    }

    mutating func add(_ other: CostTotals) throws(PricingError) {
        for currency in other.currencies {
            guard let least = other.low[currency], let most = other.high[currency] else { continue }
            try add(
                low: ShownMoney(money: least, isConverted: other.isConverted),
                high: ShownMoney(money: most, isConverted: other.isConverted))
        }
    }

    var currencies: [Currency] { low.keys.sorted() }

    /// The one total there is, or `nil` where there are several currencies.
    var single: (low: ShownMoney, high: ShownMoney)? {
        guard low.count == 1, let (currency, least) = low.first, let most = high[currency] else {
            return nil
        }
        return (
            ShownMoney(money: least, isConverted: isConverted),
            ShownMoney(money: most, isConverted: isConverted)
        )
    }

    var json: JSONValue {
        .array(
            currencies.compactMap { currency in
                guard let least = low[currency], let most = high[currency] else { return nil }
                let low = ShownMoney(money: least, isConverted: isConverted)
                let high = ShownMoney(money: most, isConverted: isConverted)
                guard least != most else { return low.json }
                return .object(["low": low.json, "high": high.json])
            })
    }
}

/// Text for a cost that may be a range: `$1.00`, or `$1.00 … $2.00`.
func rangeText(_ low: ShownMoney, _ high: ShownMoney) -> String {
    low.money == high.money ? low.display : "\(low.display) … \(high.display)"
}

func rangeCell(_ low: ShownMoney, _ high: ShownMoney) -> Report.Cell {
    Report.Cell(
        rangeText(low, high), plain: low.money.amountText,
        plainHigh: low.money == high.money ? nil : high.money.amountText,
        currency: low.money.currency)
}
