/// A purchase whose names are resolved: for many requests of one shape, each by its own time and
/// size.
///
/// A class only so that handing one on costs one reference count; it never changes.
package final class PurchaseTerms: Sendable {
    package let channel: Channel
    private let model: String
    private let purchase: Purchase
    private let offer: Offer
    private let list: Currency
    /// `nil` where nothing is sold in the tier.
    private let tier: Int32?
    private let zones: any TimeZoneRules

    fileprivate init(
        _ purchase: Purchase, model: String, _ channel: Channel, _ offer: Offer,
        zones: any TimeZoneRules
    ) {
        self.purchase = purchase
        self.model = model
        self.channel = channel
        self.offer = offer
        self.zones = zones
        tier = offer.tier(named: purchase.serviceTier)
        list = purchase.list ?? offer.currency(preferring: channel.currency)
    }

    /// The moment that decides dates and windows, of a request that began and ended at some times.
    package func pricedTime(from start: Timestamp, to end: Timestamp?) -> Timestamp {
        channel.pricedAt == .completion ? end ?? start : start
    }

    /// The line that a request of some size falls under.
    ///
    /// Throws as `RateBook.price` does.
    package func line(
        at time: Timestamp, size: RequestSize
    ) throws(PricingError) -> CatalogLine {
        if let tier,
            let found = try offer.line(
                for: purchase, in: tier, list, at: time, size: size, zones: zones)
        {
            return found
        }
        throw offer.refusal(of: purchase, model: model, channel: channel, at: time)
    }
}

extension RateBook {
    /// What a purchase means: for all requests that differ from it in time and size alone, within the
    /// era of its time.
    package func terms(of purchase: Purchase) throws(PricingError) -> PurchaseTerms {
        let (model, channel, offer) = try offer(for: purchase)
        return PurchaseTerms(
            purchase, model: catalog.models[model].id, channel, offer, zones: zones)
    }

    /// The span of time around `time` in which no name changes its meaning, in milliseconds since
    /// 1970.
    package func era(of time: Timestamp) -> Range<Int64> { names.span(of: time) }
}
