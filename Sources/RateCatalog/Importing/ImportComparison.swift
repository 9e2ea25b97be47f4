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
    /// In units of the currency per million tokens: no model costs so much.
    static let dearestPerMillion: Int128 = 2_000

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

    /// The line as it is written, or `nil` where it is held back.
    private mutating func added(_ entry: CatalogLine) -> CatalogLine? {
        let reason = slip(in: entry.line)
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

    /// Lines of the same conditions, those of the file and those of the source.
    private mutating func merged(_ before: [CatalogLine], _ now: [CatalogLine]) -> [CatalogLine] {
        let withdrawn = Set(before.compactMap(\.corrects))
        let standing = before.filter { !withdrawn.contains($0.line.id) }
            .sorted { $0.line.validFrom < $1.line.validFrom }
        var result = before
        let held = standing.last { $0.line.validFrom <= today && !hasEnded($0) }
        let holds = now.sorted { $0.line.validFrom < $1.line.validFrom }
            .last { $0.line.validFrom <= today && !hasEnded($0) }
        switch (held, holds) {
        case (let held?, let holds?) where held.line.rates == holds.line.rates:
            unchanged += 1
        case (let held?, let holds?): change(held, to: holds, standing, &result)
        case (let held?, nil): end(held, &result)
        case (nil, let holds?):
            // It had ended, and is sold again.
            if let entry = added(dated(holds, from: today)) { result.append(entry) }
        case (nil, nil): break
        }
        let known = Set(before.map(\.line.validFrom))
        for entry in now where entry.line.validFrom > today && !known.contains(entry.line.validFrom)
        {
            if let entry = added(entry) { result.append(entry) }
        }
        for entry in now where entry.line.validFrom <= today && entry !== holds {
            let same = standing.contains { $0.line.rates == entry.line.rates }
            if !same { pastDiffers += 1 }
        }
        return result
    }

    private mutating func change(
        _ held: CatalogLine, to holds: CatalogLine, _ standing: [CatalogLine],
        _ result: inout [CatalogLine]
    ) {
        let reason = move(from: held.line, to: holds.line) ?? slip(in: holds.line)
        if reason != nil, !isAccepted(holds.line) {
            changes.append(.init(word: .heldBack, before: held, after: holds, reason: reason))
            return
        }
        // Since the day that the source names, where that is news; else since today.
        let isNews = holds.line.validFrom > held.line.validFrom
        let entry = dated(holds, from: isNews ? holds.line.validFrom : today)
        // Twice on one day: the earlier line of that day was wrong.
        let corrected = standing.first { $0.line.validFrom == entry.line.validFrom }
        let written = accepted(
            corrected.map { entry.correcting($0.line.id) } ?? entry, although: reason)
        changes.append(.init(word: .changed, before: held, after: written, reason: nil))
        result.append(written)
    }

    private mutating func end(_ held: CatalogLine, _ result: inout [CatalogLine]) {
        guard held.line.validFrom < today else { return }
        changes.append(.init(word: .ended, before: held, after: nil, reason: nil))
        result = result.map { $0 === held ? $0.ended(at: today) : $0 }
    }

    private func hasEnded(_ entry: CatalogLine) -> Bool {
        entry.validTo.map { $0 <= today } ?? false
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
            let (small, large) = [before.attosOfOneUnit, rate.attosOfOneUnit].minAndMax
            if large > small * Self.largestMove {
                return "\(meter.name) moved by more than \(Self.largestMove)×"
            }
        }
        return nil
    }

    /// Why a line looks like a mistake of the unit, or `nil`.
    private func slip(in line: RateLine) -> String? {
        let input = line.rates[.input].map(\.attosOfOneUnit) ?? 0
        for (meter, rate) in line.rates.pairs where !rate.isFree {
            let price = rate.attosOfOneUnit
            if meter.isToken, price > Self.dearestPerMillion * DecimalText.one / 1_000_000 {
                return "\(meter.name) is above \(Self.dearestPerMillion) per 1M tokens"
            }
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
