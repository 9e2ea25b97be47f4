import Pricing

/// Holds what a source says now against what its files say, line by line.
struct ImportComparison {
    struct Seller: Hashable {
        let model: String
        let meter: Meter
    }

    /// A figure that moved by more than this is held back.
    static let largestMove: Int128 = 3
    /// A new figure this many times away from the model's other sellers is taken for a slip.
    static let farFactor: Int128 = 100
    /// A token rate this many times away from the same line's input is taken for a slip.
    static let farFromInput: Int128 = 500
    /// In units of the currency per million tokens: no model costs so much, or so little.
    static let dearestInput: Int128 = 250
    static let dearestToken: Int128 = 1_000
    static let cheapestThousandth: Int128 = 1
    /// In units of the currency: nothing that is counted one by one costs so much.
    static let dearestThing: Int128 = 5

    let options: ImportPlan.Options
    let source: String
    /// What the sellers of each model ask for one unit.
    var sellers: [Seller: [Int128]] = [:]
    private(set) var changes: [ImportPlan.Change] = []
    private(set) var unchanged = 0
    private(set) var pastDiffers = 0

    init(options: ImportPlan.Options, source: String) {
        self.options = options
        self.source = source
    }

    private var today: Timestamp { Timestamp(options.date) }
    /// The last second of today: what was written today holds, too.
    private var tonight: Timestamp {
        Timestamp(options.date.advanced(byDays: 1)).advanced(bySeconds: -1)
    }

    // MARK: Fresh lines

    /// The lines of one model as the source has them now.
    func lines(of model: ImportedModel, id: String, channel: String) -> [CatalogLine] {
        let dates = model.lines.compactMap(\.validFrom)
        let floor = Timestamp(options.undatedFrom)
        // What holds before the first date begins before it.
        let first = dates.min().map { min(floor, Timestamp($0.utcDate.advanced(byDays: -1))) }
        return model.lines.map { line in
            CatalogLine(
                line: RateLine(
                    channel: channel, model: id, currency: .usd, conditions: line.conditions,
                    validFrom: line.validFrom ?? first ?? floor, unlisted: line.unlisted,
                    minimumUnits: line.minimumUnits, rates: line.rates),
                validTo: line.validTo,
                publication: Publication(source: source, checked: options.date), note: line.note)
        }
    }

    // MARK: Merging

    /// Lines of the same conditions, by time.
    private struct Timeline {
        let entries: [CatalogLine]

        init(_ entries: [CatalogLine]) {
            self.entries = entries.sorted { $0.line.validFrom < $1.line.validFrom }
        }

        /// The last one that had begun, whether or not it has ended.
        func latest(at time: Timestamp) -> CatalogLine? {
            entries.last { $0.line.validFrom <= time }
        }

        func entry(at time: Timestamp) -> CatalogLine? {
            latest(at: time).flatMap { entry in
                entry.validTo.map { $0 <= time } ?? false ? nil : entry
            }
        }
    }

    private struct Group: Hashable {
        let currency: Currency
        let conditions: RateConditions

        init(_ entry: CatalogLine) {
            currency = entry.line.currency
            conditions = entry.line.conditions
        }
    }

    /// The lines that the file holds afterwards; what happened goes to `changes`.
    mutating func merge(_ fresh: [CatalogLine], into earlier: [CatalogLine]?) -> [CatalogLine] {
        guard let earlier else { return fresh.compactMap { added($0) } }
        var order: [Group] = []
        for entry in earlier + fresh where !order.contains(Group(entry)) {
            order.append(Group(entry))
        }
        return order.flatMap { group in
            let before = earlier.filter { Group($0) == group }
            let now = fresh.filter { Group($0) == group }
            if before.isEmpty { return now.compactMap { added($0) } }
            return merged(before, now)
        }
    }

    /// The line as it is written, or `nil` where it is held back; `before` is what it comes after.
    private mutating func added(
        _ entry: CatalogLine, after before: CatalogLine? = nil
    ) -> CatalogLine? {
        let reason = before.flatMap { move(from: $0.line, to: entry.line) } ?? slip(in: entry.line)
        if reason != nil, !isAccepted(entry.line) {
            changes.append(.init(word: .heldBack, before: nil, after: entry, reason: reason))
            return nil
        }
        let written = accepted(entry, although: reason)
        changes.append(.init(word: .added, before: nil, after: written, reason: nil))
        return written
    }

    private func accepted(_ entry: CatalogLine, although reason: String?) -> CatalogLine {
        reason.map { entry.confirming("Accepted on \(options.date.text) although \($0).") } ?? entry
    }

    /// Lines of the same conditions: the file's stay up to today, the source's hold from then on.
    private mutating func merged(_ before: [CatalogLine], _ now: [CatalogLine]) -> [CatalogLine] {
        let withdrawn = Set(before.compactMap(\.corrects))
        let standing = Timeline(before.filter { !withdrawn.contains($0.line.id) })
        let stated = Timeline(now)
        var result = before
        mergePresent(standing, stated, &result)
        mergeFuture(standing, stated, &result)
        mergePast(standing, stated, &result)
        return result
    }

    private mutating func mergePresent(
        _ standing: Timeline, _ stated: Timeline, _ result: inout [CatalogLine]
    ) {
        switch (standing.entry(at: tonight), stated.entry(at: tonight)) {
        case (let held?, let holds?) where held.line.rates == holds.line.rates:
            if let end = holds.validTo, held.validTo == nil, stated.entry(at: end) == nil {
                self.end(held, at: end, &result)
            } else {
                unchanged += 1
            }
        case (let held?, let holds?): change(held, to: holds, &result)
        case (let held?, nil):
            // On the day that the source names, where that is news; else today.
            let named = stated.latest(at: tonight)?.validTo.flatMap {
                $0 > held.line.validFrom && $0 <= today ? $0 : nil
            }
            end(held, at: named ?? today, &result)
        case (nil, let holds?):
            // It had ended, and is sold again.
            let entry = dated(holds, from: today)
            let id = entry.line.id
            if result.contains(where: { $0.line.id == id }) { break }
            if let entry = added(entry) { result.append(entry) }
        case (nil, nil): break
        }
    }

    /// What was announced and is told otherwise now is corrected; what is announced is added.
    private mutating func mergeFuture(
        _ standing: Timeline, _ stated: Timeline, _ result: inout [CatalogLine]
    ) {
        for announced in standing.entries where announced.line.validFrom > tonight {
            let start = announced.line.validFrom
            guard let entry = stated.entry(at: start) else {
                let reason = "it is announced here, and gone from the source before it holds"
                changes.append(
                    .init(word: .heldBack, before: announced, after: nil, reason: reason))
                continue
            }
            if entry.line.rates != announced.line.rates {
                replace(announced, by: dated(entry, from: start), &result)
            }
        }
        let known = Set(standing.entries.map(\.line.validFrom))
        for entry in stated.entries
        where entry.line.validFrom > tonight && !known.contains(entry.line.validFrom) {
            let before = stated.latest(at: entry.line.validFrom.advanced(bySeconds: -1))
            if let entry = added(entry, after: before) { result.append(entry) }
        }
    }

    /// History stays; only what was held back then, and is accepted now, takes its place in it.
    private mutating func mergePast(
        _ standing: Timeline, _ stated: Timeline, _ result: inout [CatalogLine]
    ) {
        let holds = stated.entry(at: tonight)
        for entry in stated.entries where entry.line.validFrom <= tonight && entry !== holds {
            let isAbsent = !standing.entries.contains { $0.line.validFrom == entry.line.validFrom }
            if isAbsent, isAccepted(entry.line), slip(in: entry.line) != nil {
                if let entry = added(entry) { result.append(entry) }
            } else if !standing.entries.contains(where: { $0.line.rates == entry.line.rates }) {
                pastDiffers += 1
            }
        }
    }

    private mutating func change(
        _ held: CatalogLine, to holds: CatalogLine, _ result: inout [CatalogLine]
    ) {
        // Since the day that the source names, where that is news; else since today.
        let isNews = holds.line.validFrom > held.line.validFrom
        let start = isNews ? holds.line.validFrom : max(today, held.line.validFrom)
        replace(held, by: dated(holds, from: start), &result)
    }

    /// Writes `entry` behind `held`; one that begins with it corrects it.
    private mutating func replace(
        _ held: CatalogLine, by entry: CatalogLine, _ result: inout [CatalogLine]
    ) {
        let reason = move(from: held.line, to: entry.line) ?? slip(in: entry.line)
        if reason != nil, !isAccepted(entry.line) {
            changes.append(.init(word: .heldBack, before: held, after: entry, reason: reason))
            return
        }
        var written = entry
        // There, back and there again on one day: a line that was withdrawn stays so.
        let known = Set(result.map(\.line.id))
        while known.contains(written.line.id) {
            written = dated(entry, from: written.line.validFrom.advanced(bySeconds: 1))
        }
        if written.line.validFrom == held.line.validFrom {
            written = written.correcting(held.line.id)
        }
        written = accepted(written, although: reason)
        changes.append(.init(word: .changed, before: held, after: written, reason: nil))
        result.append(written)
    }

    private mutating func end(
        _ held: CatalogLine, at time: Timestamp, _ result: inout [CatalogLine]
    ) {
        guard held.line.validFrom < time else { return }
        changes.append(.init(word: .ended, before: held, after: nil, reason: nil))
        result = result.map { $0 === held ? $0.ended(at: time) : $0 }
    }

    private func dated(_ entry: CatalogLine, from time: Timestamp) -> CatalogLine {
        let line = entry.line
        guard line.validFrom != time else { return entry }
        return CatalogLine(
            line: RateLine(
                channel: line.channel, model: line.model, currency: line.currency,
                conditions: line.conditions, validFrom: time, unlisted: line.unlisted,
                minimumUnits: line.minimumUnits, rates: line.rates),
            validTo: entry.validTo, publication: entry.publication, note: entry.note)
    }

    // MARK: Slips

    private func isAccepted(_ line: RateLine) -> Bool {
        options.accepted.contains("*") || options.accepted.contains("\(line.channel)/\(line.model)")
    }

    private func move(from old: RateLine, to new: RateLine) -> String? {
        for (meter, rate) in new.rates.pairs {
            guard let before = old.rates[meter], before != rate else { continue }
            if before.isFree != rate.isFree {
                return "\(meter.name) \(rate.isFree ? "became free" : "is free no longer")"
            }
            // Quotes crosswise, so that a ratio such as 1/12 is compared exactly.
            let old = before.quote.attos * Int128(rate.quotedUnits)
            let new = rate.quote.attos * Int128(before.quotedUnits)
            if max(old, new) > min(old, new) * Self.largestMove {
                return "\(meter.name) moved by more than \(Self.largestMove)×"
            }
        }
        return nil
    }

    /// Prices of one unit, in 10⁻¹⁸ of the currency, that only a mistake of the unit explains.
    private static func isOutOfScale(_ price: Int128, _ meter: Meter) -> String? {
        switch meter.side {
        case .input where meter.fallback == nil && price > perMillion(dearestInput):
            return "\(meter.name) is above \(dearestInput) per 1M tokens"
        case .input where price > perMillion(dearestToken),
            .output where price > perMillion(dearestToken):
            return "\(meter.name) is above \(dearestToken) per 1M tokens"
        case .input, .output:
            guard price < perMillion(cheapestThousandth) / 1_000, meter.fallback == nil else {
                return nil
            }
            return "\(meter.name) is below 0.001 per 1M tokens"
        case .neither:
            let isTime = meter.unit == "millisecond"
            guard price > dearestThing * DecimalText.one / (isTime ? 1_000 : 1) else { return nil }
            return "\(meter.name) is above \(dearestThing) \(isTime ? "a second" : "each")"
        }
    }

    private static func perMillion(_ price: Int128) -> Int128 {
        price * DecimalText.one / 1_000_000
    }

    /// Why a line looks like a mistake of the unit, or `nil`.
    private func slip(in line: RateLine) -> String? {
        let input = line.rates[.input].map(\.attosOfOneUnit) ?? 0
        for (meter, rate) in line.rates.pairs where !rate.isFree {
            let price = rate.attosOfOneUnit
            if let reason = Self.isOutOfScale(price, meter) { return reason }
            if meter.isToken, input > 0 {
                let (small, large) = [input, price].minAndMax
                if large > small * Self.farFromInput {
                    return "\(meter.name) is \(Self.farFromInput)× away from input"
                }
            }
            let others = sellers[Seller(model: line.model, meter: meter)] ?? []
            guard others.count > 2 else { continue }
            let median = others.sorted()[others.count / 2]
            let (small, large) = [median, price].minAndMax
            if large > small * Self.farFactor {
                return "\(meter.name) is \(Self.farFactor)× away from the model's other sellers"
            }
        }
        return nil
    }
}

extension [Int128] {
    fileprivate var minAndMax: (Int128, Int128) { (self.min() ?? 0, self.max() ?? 0) }
}

extension CatalogLine {
    fileprivate func correcting(_ id: String) -> CatalogLine {
        CatalogLine(
            line: line, validTo: validTo, publication: publication, corrects: id, note: note,
            allowance: allowance, confirmed: confirmed)
    }

    fileprivate func confirming(_ reason: String) -> CatalogLine {
        CatalogLine(
            line: line, validTo: validTo, publication: publication, corrects: corrects, note: note,
            allowance: allowance, confirmed: reason)
    }

    fileprivate func ended(at time: Timestamp) -> CatalogLine {
        CatalogLine(
            line: line, validTo: [validTo, time].compactMap(\.self).min(),
            publication: publication, corrects: corrects, note: note, allowance: allowance,
            confirmed: confirmed)
    }
}
