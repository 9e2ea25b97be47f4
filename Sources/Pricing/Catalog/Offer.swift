/// All lines of one model on one channel, the most specific first.
struct Offer: Sendable {
    struct Key: Hashable, Sendable {
        let channel: String
        let model: String
    }

    private struct Term: Sendable {
        let entry: CatalogLine
        /// The stated end or the successor's start, whichever comes first.
        let end: Timestamp?

        func holds(at time: Timestamp) -> Bool {
            entry.line.validFrom <= time && end.map { time < $0 } ?? true
        }
    }

    private let terms: [Term]

    init(_ entries: [CatalogLine]) {
        let ends = Catalog.effectiveEnds(entries)
        let terms = entries.map { Term(entry: $0, end: ends[$0.line.id]) }
        // Equally specific lines keep an order of their own, so that every run reads alike.
        self.terms = terms.sorted { one, other in
            let (left, right) = (one.entry.line, other.entry.line)
            if left.conditions.isMoreSpecific(than: right.conditions) { return true }
            if right.conditions.isMoreSpecific(than: left.conditions) { return false }
            return left.id < right.id
        }
    }

    var lines: [CatalogLine] { terms.map(\.entry) }

    func linesInForce(at time: Timestamp) -> [CatalogLine] {
        terms.filter { $0.holds(at: time) }.map(\.entry)
    }

    func end(of line: RateLine) -> Timestamp? {
        terms.first { $0.entry.line.id == line.id }?.end
    }

    /// The list taken when none is asked for: the channel's own currency, else the only other one.
    func currency(preferring own: Currency) -> Currency {
        for term in terms where term.entry.line.currency == own { return own }
        return terms.first?.entry.line.currency ?? own
    }

    /// The most specific line that applies; `nil` where none does, an error where two apply
    /// equally.
    func line(
        for purchase: Purchase, in list: Currency, at time: Timestamp, size: RequestSize,
        zones: any TimeZoneRules
    ) throws(PricingError) -> CatalogLine? {
        var found: Term?
        for term in terms {
            if let found,
                found.entry.line.conditions.isMoreSpecific(than: term.entry.line.conditions)
            {
                break
            }
            guard term.holds(at: time),
                applies(term.entry.line, to: purchase, in: list, size: size)
            else { continue }
            if let window = term.entry.line.conditions.window,
                try !window.contains(time, zones: zones)
            {
                continue
            }
            if let found {
                throw .ambiguousLines(
                    model: term.entry.line.model, channel: term.entry.line.channel,
                    lines: [found.entry.line.id, term.entry.line.id].sorted())
            }
            found = term
        }
        return found?.entry
    }

    /// The lines that differ only by their window, in force at `time`, for one kind of request.
    func linesAcrossHours(
        for purchase: Purchase, in list: Currency, at time: Timestamp, size: RequestSize
    ) -> [CatalogLine] {
        let candidates = terms.filter {
            $0.holds(at: time) && applies($0.entry.line, to: purchase, in: list, size: size)
        }
        guard let best = candidates.first?.entry.line.conditions.withoutWindow else { return [] }
        let sameKind = candidates.filter { $0.entry.line.conditions.withoutWindow == best }
        // Without a line for the other hours, the next kind down fills them.
        if sameKind.allSatisfy({ $0.entry.line.conditions.window != nil }),
            let rest = candidates.first(where: { $0.entry.line.conditions.window == nil })
        {
            return (sameKind + [rest]).map(\.entry)
        }
        return sameKind.map(\.entry)
    }

    private func applies(
        _ line: RateLine, to purchase: Purchase, in list: Currency, size: RequestSize
    ) -> Bool {
        let conditions = line.conditions
        guard line.currency == list, conditions.serviceTier == purchase.serviceTier else {
            return false
        }
        if let above = conditions.aboveInput, size.input <= above { return false }
        if let above = conditions.aboveOutput, size.output <= above { return false }
        if conditions.when.isEmpty { return true }
        return conditions.when.allSatisfy { purchase.attributes[$0.key] == $0.value }
    }

    /// Why nothing applied, from the widest cause to the narrowest.
    func refusal(
        of purchase: Purchase, model: String, channel: Channel, at time: Timestamp
    ) -> PricingError {
        let list = purchase.list ?? currency(preferring: channel.currency)
        let inList = terms.filter { $0.entry.line.currency == list }
        if inList.isEmpty {
            let currencies = Set(terms.map(\.entry.line.currency)).sorted()
            return .noLineInCurrency(
                model: model, channel: channel.id, currency: list, has: currencies)
        }
        let inForce = inList.filter { $0.holds(at: time) }
        if inForce.isEmpty {
            let next = inList.map(\.entry.line.validFrom).filter { $0 > time }.min()
            return .noLineAt(model: model, channel: channel.id, time: time, next: next)
        }
        let tiers = Set(inForce.map(\.entry.line.conditions.serviceTier)).sorted()
        if !tiers.contains(purchase.serviceTier) {
            return .noLineForTier(
                model: model, channel: channel.id, tier: purchase.serviceTier, has: tiers)
        }
        return .noLineForSize(model: model, channel: channel.id)
    }
}
