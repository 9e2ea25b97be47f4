import Pricing

/// A rate per million units, or per `units`, from its published text.
func rate(
    _ quote: String, _ currency: Currency = .usd, per units: Int64 = 1_000_000
) throws -> Rate {
    try Rate(quote: Money(quote, currency), per: units)
}

func rates(_ quotes: KeyValuePairs<Meter, String>, _ currency: Currency = .usd) throws -> Rates {
    var rates = Rates()
    for (meter, quote) in quotes { rates[meter] = try rate(quote, currency) }
    return rates
}

/// One line of `model` on `channel`, whose id says what it is.
func line(
    _ id: String, model: String = "gpt-4.1", channel: String = "openai", currency: Currency = .usd,
    from: String = "2026-01-01", to: String? = nil, conditions: RateConditions = RateConditions(),
    unlisted: RateLine.Unlisted = .refused, minimumUnits: [Meter: Int64] = [:],
    corrects: String? = nil, rates quotes: KeyValuePairs<Meter, String>
) throws -> CatalogLine {
    let line = RateLine(
        id: id, channel: channel, model: model, currency: currency, conditions: conditions,
        validFrom: from.contains("T") ? .at(from) : .day(from), unlisted: unlisted,
        minimumUnits: minimumUnits, rates: try rates(quotes, currency))
    return CatalogLine(
        line: line, validTo: to.map { $0.contains("T") ? .at($0) : .day($0) },
        publication: .test, corrects: corrects)
}

extension Publication {
    static var test: Publication {
        guard let day = CivilDate(year: 2026, month: 11, day: 22) else { preconditionFailure() }
        return Publication(source: "https://example.com/prices", checked: day)
    }
}

/// A book of some lines, with a model for each name and a channel for each seller.
func book(
    _ lines: [CatalogLine], models: [Model] = [], channels: [Channel] = []
) -> RateBook {
    let known = Set(models.map(\.id))
    let sellers = Set(channels.map(\.id))
    let otherModels = Set(lines.map(\.line.model)).subtracting(known).sorted().map {
        Model(id: $0, name: $0, vendor: "openai")
    }
    let otherChannels = Set(lines.map(\.line.channel)).subtracting(sellers).sorted().map {
        Channel(id: $0, name: $0, currency: .usd)
    }
    let catalog = Catalog(
        digest: "0123456789abcdef", date: nil, channels: channels + otherChannels,
        models: models + otherModels, exchangeRates: [], lines: lines)
    return RateBook(catalog, zones: FakeZones())
}

/// A purchase of `gpt-4.1` from `openai` in the middle of 2026, changed as a test needs it.
func purchase(
    _ model: String = "gpt-4.1", on channel: String = "openai", at: String = "2026-06-15T12:00:00Z",
    completedAt: String? = nil, tier: String = "standard", attributes: [String: String] = [:],
    list: Currency? = nil
) -> Purchase {
    Purchase(
        model: model, channel: channel, at: .at(at),
        completedAt: completedAt.map { Timestamp.at($0) }, serviceTier: tier,
        attributes: attributes, list: list)
}

extension PricedRequest {
    /// `14.00 USD`: what is billed, as text to compare with.
    var billedText: String { cost.billed.money.shown }
    var settledText: String { cost.settled.money.shown }
}

extension Money {
    var shown: String { "\(amountText) \(currency.code)" }
}
