/// Answers which rate line a purchase falls under. Built once from a catalog, read from any thread.
package final class RateBook: Sendable {
    package let catalog: Catalog
    package let zones: any TimeZoneRules
    private let channels: [String: Channel]
    let names: ModelNames
    private let searched = NameCache()
    private let offers: [Offer.Key: Offer]
    /// What each model of the catalog is sold as, by the names that a purchase may give its channel.
    private let listings: [[String: Listing]]

    private struct Listing: Sendable {
        let channel: Channel
        let offer: Offer
    }
    /// Whether any line charges per request, so that a request must be counted.
    package let chargesRequests: Bool

    /// Expects a catalog that `RateCatalog` has validated; a duplicate id keeps its first holder.
    package init(_ catalog: Catalog, zones: any TimeZoneRules) {
        self.catalog = catalog
        self.zones = zones
        channels = Dictionary(
            catalog.channels.map { ($0.id, $0) }, uniquingKeysWith: { one, _ in one })
        names = ModelNames(catalog)
        let withdrawn = catalog.withdrawnIDs
        let standing = catalog.lines.filter { !withdrawn.contains($0.line.id) }
        offers = Dictionary(grouping: standing) {
            Offer.Key(channel: $0.line.channel, model: $0.line.model)
        }
        .mapValues(Offer.init)
        let places = Dictionary(
            catalog.models.enumerated().map { ($1.id, $0) }, uniquingKeysWith: { one, _ in one })
        var listings: [[String: Listing]] = Array(repeating: [:], count: catalog.models.count)
        for (key, offer) in offers {
            guard let place = places[key.model], let channel = channels[key.channel] else {
                continue
            }
            listings[place][channel.id] = Listing(channel: channel, offer: offer)
        }
        for (place, model) in catalog.models.enumerated() {
            let direct = model.vendor ?? Self.only(listings[place].keys)
            listings[place][Channel.direct] = direct.flatMap { listings[place][$0] }
        }
        self.listings = listings
        chargesRequests = standing.contains { $0.line.rates[.request] != nil }
    }

    package var digest: String { catalog.digest }

    /// The model that `name` stood for at `time`, wherever it is sold.
    package func model(named name: String, at time: Timestamp) throws(PricingError) -> Model {
        catalog.models[try match(name, on: Channel.direct, at: time).model]
    }

    /// What `name` stood for at `time` on a channel, or wherever it is sold for `direct`; and by
    /// which rule.
    package func match(
        _ name: String, on channel: String = Channel.direct, at time: Timestamp
    ) throws(PricingError) -> NameMatch {
        let key = NameCache.Key(name: name, channel: channel, era: names.era(of: time))
        return try searched.value(key) { () throws(PricingError) in
            try names.resolve(
                name, on: channel == Channel.direct ? nil : channel, at: time)
        }
    }

    /// A channel by its id or an alias, and `direct` as `directChannel(of:)`.
    package func channel(named name: String, for model: Model) throws(PricingError) -> Channel {
        guard name == Channel.direct else { return try channel(named: name) }
        guard let channel = directChannel(of: model).flatMap({ channels[$0] }) else {
            throw .notSold(model: model.id, channel: name, soldOn: channels(selling: model.id))
        }
        return channel
    }

    /// What `direct` stands for: the model's own vendor, or its only seller where its maker sells it
    /// nowhere.
    package func directChannel(of model: Model) -> String? {
        model.vendor ?? Self.only(channels(selling: model.id))
    }

    private static func only(_ names: some Collection<String>) -> String? {
        names.count == 1 ? names.first : nil
    }

    /// A channel by its id or an alias; throws `PricingError.unknownChannel` for any other name,
    /// `direct` too.
    package func channel(named name: String) throws(PricingError) -> Channel {
        guard let channel = names.channel(name).flatMap({ channels[$0] }) else {
            throw .unknownChannel(
                name,
                nearest: NearestNames.find(name, among: Array(channels.keys) + [Channel.direct]))
        }
        return channel
    }

    /// Throws `PricingError.unknownChannel` for a name that is neither a channel nor `direct`.
    package func requireChannel(_ name: String) throws(PricingError) {
        if name != Channel.direct { _ = try channel(named: name) }
    }

    /// The line that one request falls under, by its own size, time and attributes, and what it
    /// comes to there.
    ///
    /// Meters that the line does not charge are named in the cost, which is then a lower bound.
    package func price(_ usage: borrowing Usage, _ purchase: Purchase) throws(PricingError)
        -> PricedRequest
    {
        let (model, channel, offer) = try offer(for: purchase)
        let time = purchase.pricedTime(on: channel)
        // Nobody knows how large the requests of a volume were.
        let size =
            purchase.isVolume
            ? RequestSize() : RequestSize(of: usage)
        guard let tier = offer.tier(named: purchase.serviceTier),
            let entry = try offer.line(
                for: purchase, in: tier,
                purchase.list ?? offer.currency(preferring: channel.currency), at: time, size: size,
                zones: zones)
        else {
            throw offer.refusal(
                of: purchase, model: catalog.models[model].id, channel: channel, at: time)
        }
        return try priced(entry, usage, on: channel, at: time)
    }

    /// Every line that could price such a purchase at `time`, whatever the hour of the day: one, or
    /// the ends of a window.
    package func linesAcrossHours(
        _ purchase: Purchase, size: RequestSize
    ) throws(PricingError) -> (channel: Channel, lines: [CatalogLine]) {
        let (model, channel, offer) = try offer(for: purchase)
        let time = purchase.pricedTime(on: channel)
        let list = purchase.list ?? offer.currency(preferring: channel.currency)
        let lines = offer.linesAcrossHours(for: purchase, in: list, at: time, size: size)
        guard !lines.isEmpty else {
            throw offer.refusal(
                of: purchase, model: catalog.models[model].id, channel: channel, at: time)
        }
        return (channel, lines)
    }

    /// The lines in force at `time`, withdrawn ones excluded, by channel, model and conditions: of
    /// some models, or of all.
    package func linesInForce(at time: Timestamp, of models: Set<String>? = nil) -> [CatalogLine] {
        offers(of: models).flatMap { $0.linesInForce(at: time) }.sorted(by: Self.isListedBefore)
    }

    private func offers(of models: Set<String>?) -> [Offer] {
        guard let models else { return Array(offers.values) }
        return models.flatMap { model in
            channels.keys.compactMap { offers[Offer.Key(channel: $0, model: model)] }
        }
    }

    /// Every line that stands, past and future ones included.
    package var standingLines: [CatalogLine] {
        offers.values.flatMap(\.lines).sorted(by: Self.isListedBefore)
    }

    /// When a line stops to hold: its stated end or the start of its successor.
    package func end(of line: RateLine) -> Timestamp? {
        offers[Offer.Key(channel: line.channel, model: line.model)]?.end(of: line)
    }

    package func isSold(_ model: String, on channel: String) -> Bool {
        offers[Offer.Key(channel: channel, model: model)] != nil
    }

    /// Whether a channel, named by its id, an alias or `direct`, sells a model.
    package func isSold(_ model: Model, onNamed name: String) -> Bool {
        let id = name == Channel.direct ? directChannel(of: model) : names.channel(name)
        return id.map { isSold(model.id, on: $0) } ?? false
    }

    /// The lines of one model on one channel, past and future ones included.
    package func lines(of model: String, on channel: String) -> [CatalogLine] {
        offers[Offer.Key(channel: channel, model: model)]?.lines ?? []
    }

    /// The channels that sell a model, by name.
    package func channels(selling model: String) -> [String] {
        channels.keys.filter { isSold(model, on: $0) }.sorted()
    }

    /// The model by its place in the catalog, where it is bought, and what is sold there.
    func offer(
        for purchase: Purchase
    ) throws(PricingError) -> (model: Int, channel: Channel, offer: Offer) {
        if let place = names.quick(purchase.model, on: purchase.channel, at: purchase.at),
            let listing = listings[place][purchase.channel]
        {
            return (place, listing.channel, listing.offer)
        }
        let match = try match(purchase.model, on: purchase.channel, at: purchase.at)
        let named = match.channel ?? purchase.channel
        if let listing = listings[match.model][named] {
            return (match.model, listing.channel, listing.offer)
        }
        let model = catalog.models[match.model]
        let channel = try channel(named: named, for: model)
        if let listing = listings[match.model][channel.id] {
            return (match.model, listing.channel, listing.offer)
        }
        throw .notSold(model: model.id, channel: channel.id, soldOn: channels(selling: model.id))
    }

    private func priced(
        _ entry: CatalogLine, _ usage: borrowing Usage, on channel: Channel, at time: Timestamp
    ) throws(PricingError) -> PricedRequest {
        let charge = try entry.line.charge(for: usage)
        let cost = Cost(
            billed: charge.billed, settled: try channel.settle(charge.billed, at: time),
            unpriced: charge.unpriced)
        return PricedRequest(entry: entry, channel: channel, time: time, cost: cost)
    }

    private static func isListedBefore(_ one: CatalogLine, _ other: CatalogLine) -> Bool {
        func rank(_ entry: CatalogLine) -> (String, String, String, String, Timestamp) {
            let line = entry.line
            return (
                line.channel, line.model, line.currency.code, line.conditions.text, line.validFrom
            )
        }
        return rank(one) < rank(other)
    }
}

/// What is bought, where and when; how much is the usage's business.
package struct Purchase: Sendable {
    package var model: String
    package var channel: String
    package var at: Timestamp
    /// When the answer was complete; taken by channels priced at completion.
    package var completedAt: Timestamp?
    /// `default`, as OpenAI's answers spell it, is kept as `standard`.
    package var serviceTier: String {
        didSet { serviceTier = RateConditions.tier(serviceTier) }
    }
    /// Further attributes that a line's `when` may ask for, and `volume`.
    package var attributes: [String: String]
    /// Which of the channel's price lists, where it has one in each of several currencies; `nil` is
    /// its own.
    package var list: Currency?

    package init(
        model: String, channel: String = Channel.direct, at: Timestamp,
        completedAt: Timestamp? = nil,
        serviceTier: String = RateConditions.standardTier, attributes: [String: String] = [:],
        list: Currency? = nil
    ) {
        self.model = model
        self.channel = channel
        self.at = at
        self.completedAt = completedAt
        self.serviceTier = RateConditions.tier(serviceTier)
        self.attributes = attributes
        self.list = list
    }

    /// The attribute of several requests that were counted together.
    package static let volume = "volume"

    /// Priced in the base band, whatever its counts.
    var isVolume: Bool { !attributes.isEmpty && attributes[Self.volume] != nil }

    func pricedTime(on channel: Channel) -> Timestamp {
        channel.pricedAt == .completion ? completedAt ?? at : at
    }
}

/// What a context band looks at, in tokens; 0 is the base band.
package struct RequestSize: Hashable, Sendable {
    package let input: Int64
    package let output: Int64

    package init(input: Int64 = 0, output: Int64 = 0) {
        self.input = input
        self.output = output
    }

    /// All tokens of a request.
    package init(of usage: borrowing Usage) {
        input = usage.totalInput
        output = usage.totalOutput
    }
}

/// One request under its rate line.
package struct PricedRequest: Sendable {
    package let entry: CatalogLine
    package let channel: Channel
    /// The moment that decided dates and windows.
    package let time: Timestamp
    package let cost: Cost

    package var line: RateLine { entry.line }

    /// The cost, or `PricingError.unpriced` where the line leaves a meter out.
    package func requireComplete() throws(PricingError) -> Cost {
        guard cost.isComplete else {
            throw .unpriced(
                model: line.model, channel: channel.id, line: line.id, meters: Array(cost.unpriced))
        }
        return cost
    }
}
