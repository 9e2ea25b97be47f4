/// All lines of one model on one channel, the most specific first.
final class Offer: Sendable {
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

    /// What tells at a glance that a term does not apply: numbers alone, so that passing over a
    /// term touches no reference count.
    private struct Gate: Sendable {
        let from: Timestamp
        let end: Timestamp
        /// -1 where there is no band.
        let aboveInput: Int64
        let aboveOutput: Int64
        let currency: Currency
        /// The place in `tiers`.
        let tier: Int32
        /// Equally specific terms share it; the most specific have the least.
        let rank: Int32
        /// Whether a window or attributes have to be asked as well.
        let isConditional: Bool
    }

    private let terms: [Term]
    /// One a term, in the same order.
    private let gates: [Gate]
    private let tiers: [String]

    init(_ entries: [CatalogLine]) {
        let ends = Catalog.effectiveEnds(entries)
        let terms = entries.map { Term(entry: $0, end: ends[$0.line.id]) }
        // Equally specific lines keep an order of their own, so that every run reads alike.
        let sorted = terms.sorted { one, other in
            let (left, right) = (one.entry.line, other.entry.line)
            if left.conditions.isMoreSpecific(than: right.conditions) { return true }
            if right.conditions.isMoreSpecific(than: left.conditions) { return false }
            return left.id < right.id
        }
        let tiers = Set(entries.map(\.line.conditions.serviceTier)).sorted()
        var gates: [Gate] = []
        for (index, term) in sorted.enumerated() {
            let conditions = term.entry.line.conditions
            let before = index > 0 ? sorted[index - 1].entry.line.conditions : nil
            let isNext = before?.isMoreSpecific(than: conditions) ?? false
            let rank = (gates.last?.rank ?? 0) + (isNext ? 1 : 0)
            gates.append(
                Gate(
                    from: term.entry.line.validFrom,
                    end: term.end ?? Timestamp(milliseconds: .max),
                    aboveInput: conditions.aboveInput ?? -1,
                    aboveOutput: conditions.aboveOutput ?? -1, currency: term.entry.line.currency,
                    tier: Int32(tiers.firstIndex(of: conditions.serviceTier) ?? 0), rank: rank,
                    isConditional: conditions.window != nil || !conditions.when.isEmpty))
        }
        self.terms = sorted
        self.gates = gates
        self.tiers = tiers
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
        for gate in gates where gate.currency == own { return own }
        return gates.first?.currency ?? own
    }

    /// What `line` knows a service tier by; `nil` for one that no line has.
    func tier(named name: String) -> Int32? { tiers.firstIndex(of: name).map(Int32.init) }

    /// The most specific line that applies; `nil` where none does, an error where two apply
    /// equally.
    func line(
        for purchase: Purchase, in tier: Int32, _ list: Currency, at time: Timestamp,
        size: RequestSize, zones: any TimeZoneRules
    ) throws(PricingError) -> CatalogLine? {
        var found: Int?
        for index in gates.indices {
            let gate = gates[index]
            if let found, gates[found].rank < gate.rank { break }
            guard gate.tier == tier, gate.currency == list, gate.from <= time, time < gate.end,
                size.input > gate.aboveInput, size.output > gate.aboveOutput
            else { continue }
            if gate.isConditional, try !meetsConditions(index, purchase, at: time, zones: zones) {
                continue
            }
            if let found {
                let lines = [terms[found].entry.line, terms[index].entry.line]
                throw .ambiguousLines(
                    model: lines[0].model, channel: lines[0].channel,
                    lines: lines.map(\.id).sorted())
            }
            found = index
        }
        return found.map { terms[$0].entry }
    }

    private func meetsConditions(
        _ index: Int, _ purchase: Purchase, at time: Timestamp, zones: any TimeZoneRules
    ) throws(PricingError) -> Bool {
        let conditions = terms[index].entry.line.conditions
        for (key, value) in conditions.when where purchase.attributes[key] != value { return false }
        return try conditions.window?.contains(time, zones: zones) ?? true
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
