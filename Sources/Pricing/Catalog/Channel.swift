/// Where models are bought: a vendor direct, a cloud, a price list or a relay.
package final class Channel: Sendable {
    /// Stands for each model's own vendor wherever a channel is named.
    package static let direct = "direct"

    package enum PricedAt: String, Sendable {
        /// The moment the request begins decides dates and windows.
        case start
        /// The moment its answer is complete does.
        case completion
    }

    package let id: String
    package let name: String
    /// The currency of its own list; lines in another currency are a second list of the same
    /// seller.
    package let currency: Currency
    package let pricedAt: PricedAt
    /// Newest last; empty where the bill is paid as billed.
    package let settlements: [Settlement]
    /// The environment variable that holds its key.
    package let keyVariable: String?
    /// Other ids that it goes by, such as `bedrock` for `aws`.
    package let aliases: [String]
    package let endpoints: ChannelEndpoints

    package init(
        id: String, name: String, currency: Currency, pricedAt: PricedAt = .start,
        settlements: [Settlement] = [], keyVariable: String? = nil, aliases: [String] = [],
        endpoints: ChannelEndpoints = .none
    ) {
        self.id = id
        self.name = name
        self.currency = currency
        self.pricedAt = pricedAt
        self.settlements = settlements.sorted { $0.validFrom < $1.validFrom }
        self.keyVariable = keyVariable
        self.aliases = aliases
        self.endpoints = endpoints
    }

    /// The same channel under other ids besides its own.
    package func with(aliases: [String]) -> Channel {
        Channel(
            id: id, name: name, currency: currency, pricedAt: pricedAt, settlements: settlements,
            keyVariable: keyVariable, aliases: aliases, endpoints: endpoints)
    }

    /// How a bill in `currency` was paid at `time`, or `nil` where it is paid as billed.
    ///
    /// Throws `PricingError.noSettlement` where the channel settles that currency, but not yet at
    /// `time`.
    package func settlement(
        of currency: Currency, at time: Timestamp
    ) throws(PricingError) -> Settlement? {
        if settlements.isEmpty { return nil }
        var isSettled = false
        for settlement in settlements.reversed() where settlement.billed.currency == currency {
            if settlement.validFrom <= time { return settlement }
            isSettled = true
        }
        guard !isSettled else { throw .noSettlement(channel: id, time: time) }
        return nil
    }

    /// A bill as it is paid at `time`.
    package func settle(_ bill: Billed, at time: Timestamp) throws(PricingError) -> Settled {
        guard let settlement = try settlement(of: bill.money.currency, at: time) else {
            return Settled(bill.money)
        }
        return try settlement.settle(bill)
    }
}
