import Pricing

/// What every answer is given against: the rate book, the hour, the zone and the exchange rates.
package struct PricingContext: Sendable {
    package let book: RateBook
    /// The moment whose rates are taken unless `at` says otherwise.
    package let now: Timestamp
    /// The IANA zone in which dates are read unless `timezone` says otherwise.
    package let zone: String

    package init(book: RateBook, now: Timestamp, zone: String) {
        self.book = book
        self.now = now
        self.zone = zone
    }

    /// Names that every pricing question knows.
    package static let names = ["at", "timezone", "currency", "fx"]

    package func zone(_ parameters: Parameters) throws(QuestionError) -> String {
        guard let name = try parameters.text("timezone") else { return zone }
        return try parameters.reading("timezone", name) { name throws(PricingError) in
            _ = try book.zones.offsetSeconds(of: name, at: now)
            return name
        }
    }

    package func at(_ parameters: Parameters) throws(QuestionError) -> Timestamp {
        try parameters.time("at", zone: zone(parameters), zones: book.zones) ?? now
    }

    /// The right-hand side of a header: which rates, and of which moment, where it is another than now.
    func label(at time: Timestamp) -> String {
        time == now ? book.catalog.label : "at \(time.dayOrText), \(book.catalog.label)"
    }

    func exchange(_ parameters: Parameters, at time: Timestamp) throws(QuestionError) -> Exchange {
        Exchange(
            table: FXTable(
                given: try parameters.exchangeRates("fx"), shipped: book.catalog.exchangeRates),
            wanted: try parameters.currency("currency"), date: time.utcDate)
    }

    /// The model, channel, tier and attributes that were asked for.
    package func purchase(_ parameters: Parameters) throws(QuestionError) -> Purchase {
        var attributes: [String: String] = [:]
        for (key, value) in try parameters.pairs("when") { attributes[key] = value }
        return Purchase(
            model: try parameters.required("model"),
            channel: try parameters.text("channel") ?? Channel.direct,
            at: try at(parameters),
            completedAt: try parameters.time(
                "completed_at", zone: zone(parameters), zones: book.zones),
            serviceTier: try parameters.text("service_tier") ?? RateConditions.standardTier,
            attributes: attributes, list: try parameters.currency("billed_in"))
    }

    package static let purchaseNames = [
        "model", "channel", "service_tier", "when", "billed_in", "completed_at",
    ]
}

/// Shows amounts in the currency that was asked for, and remembers which exchange rates it took.
package struct Exchange: Sendable {
    let table: FXTable
    /// `nil` leaves every amount in its own currency.
    let wanted: Currency?
    let date: CivilDate
    private(set) var used: [FXRate] = []

    package init(table: FXTable, wanted: Currency?, date: CivilDate) {
        self.table = table
        self.wanted = wanted
        self.date = date
    }

    /// Converts with a rate of one's own before the shipped ones, and after those that were given.
    mutating func preferring<T>(
        _ own: FXRate?, _ body: (inout Exchange) throws -> T
    ) rethrows -> T {
        guard let own else { return try body(&self) }
        var inner = Exchange(
            table: FXTable(given: table.given + [own], shipped: table.shipped), wanted: wanted,
            date: date)
        defer { take(inner) }
        return try body(&inner)
    }

    /// Remembers what another took.
    mutating func take(_ other: Exchange) {
        for rate in other.used where !used.contains(rate) { used.append(rate) }
    }

    /// The amount in the wanted currency, converted only where it has to be.
    mutating func shown(_ money: Money) throws(PricingError) -> ShownMoney {
        guard let wanted else { return ShownMoney(money: money, isConverted: false) }
        return try converted(money, to: wanted)
    }

    mutating func converted(_ money: Money, to currency: Currency) throws(PricingError)
        -> ShownMoney
    {
        guard money.currency != currency else {
            return ShownMoney(money: money, isConverted: false)
        }
        let rate = try table.rate(money.currency, currency, on: date)
        if !used.contains(rate) { used.append(rate) }
        return ShownMoney(money: try rate.convert(money), isConverted: true)
    }
}

/// An amount as an answer shows it: exact, or converted and marked so.
package struct ShownMoney: Hashable, Sendable {
    package let money: Money
    package let isConverted: Bool
}
