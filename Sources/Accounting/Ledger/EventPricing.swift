import Pricing

extension RateBook {
    /// The event with the rate line that it falls under: by the model that answered where that is
    /// sold on its channel, else by the model that was asked for.
    ///
    /// Never throws: what has no price is an entry without a line.
    package func entry(for event: UsageEvent) -> LedgerEntry {
        if let name = event.modelAnswered, let entry = entry(for: event, by: .answered, name) {
            return entry
        }
        if let entry = entry(for: event, by: .asked, event.modelAsked) { return entry }
        return unpriced(event)
    }

    /// What an entry costs; `nil` where no line prices it, or nothing is known of what it used.
    package func cost(of entry: LedgerEntry) -> Cost? {
        guard entry.event.known != .unknown, let line = entry.line else { return nil }
        let event = entry.event
        let name = entry.pricedBy == .answered ? event.modelAnswered : nil
        var purchase = purchase(event, named: name ?? event.modelAsked)
        purchase.channel = line.channel
        do throws(PricingError) {
            return try price(event.usage, purchase).cost
        } catch {
            return nil
        }
    }

    /// Why an event has no line, or `nil` where it has one now.
    package func refusal(of event: UsageEvent) -> PricingError? {
        do throws(PricingError) {
            _ = try price(event.usage, purchase(event, named: event.modelAsked))
            return nil
        } catch {
            return error
        }
    }

    private func entry(
        for event: UsageEvent, by pricedBy: LedgerEntry.PricedBy, _ name: String
    ) -> LedgerEntry? {
        do throws(PricingError) {
            let purchase = purchase(event, named: name)
            let priced = try price(event.usage, purchase)
            var event = event
            if priced.line.rates[.request] != nil, event.usage[.request] == 0 {
                try event.usage.add(event.requests, of: .request)
            }
            return LedgerEntry(
                event: event, channel: priced.channel.id, model: priced.line.model,
                line: priced.line, pricedBy: pricedBy)
        } catch {
            // Not sold there, or not then: the other name is tried, and else there is no price.
            return nil
        }
    }

    private func purchase(_ event: UsageEvent, named name: String) -> Purchase {
        Purchase(
            model: name, channel: event.channel, at: event.start, completedAt: event.end,
            serviceTier: event.serviceTier, attributes: event.attributes)
    }

    /// As much of its names as is known.
    private func unpriced(_ event: UsageEvent) -> LedgerEntry {
        var entry = LedgerEntry(
            event: event, channel: event.channel, model: event.modelAnswered ?? event.modelAsked,
            line: nil)
        if event.channel != Channel.direct, let channel = try? channel(named: event.channel) {
            entry.channel = channel.id
        }
        for name in [event.modelAnswered, event.modelAsked].compactMap(\.self) {
            let match =
                (try? match(name, on: event.channel, at: event.start))
                ?? (try? match(name, at: event.start))
            guard let match else { continue }
            let model = catalog.models[match.model]
            entry.model = model.id
            if event.channel == Channel.direct, let direct = directChannel(of: model) {
                entry.channel = direct
            }
            break
        }
        return entry
    }
}

extension LedgerEntry {
    /// Whether it may have cost more than it comes to: nobody knows what it used, or what went in, or some
    /// of its tokens have no rate.
    package var mayHaveCostMore: Bool {
        guard event.known != .unknown, let line else { return true }
        do throws(PricingError) {
            return try line.charge(for: event.usage).unpriced.contains {
                $0.isToken || $0 == .unreportedInput
            }
        } catch {
            // More than can be told.
            return true
        }
    }
}
