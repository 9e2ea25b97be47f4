import Pricing

/// Old and new costs of requests, by what they were and would be.
///
/// Counts are added up by all that decides a price, and multiplied at the end: a request costs the
/// search for its line, and no arithmetic on money unless several models are weighed.
struct WhatIfTable: RequestScan {
    struct Key: Hashable, Sendable {
        let model: String
        let channel: String
        let newModel: String?
        let newChannel: String?
        /// Its place among the question's floors; -1 where it was chosen.
        let floor: Int
        /// Why there is no new cost.
        let reason: String?
    }

    /// Requests that fall under the same lines before and after. An object, as a kind and a choice
    /// are: they are changed once a request, and found without a copy.
    private final class Sums {
        let kind: RequestKind
        let key: Key
        let line: RateLine
        let channel: String
        let oldSettlement: Int
        let settlement: Int
        var requests: Int64 = 0
        var old = UsageSum()
        /// What the new line charges for; where that is no other usage, it is in `old` alone.
        var recounted = UsageSum()

        init(_ kind: RequestKind, _ key: Key, _ priced: Priced, oldSettlement: Int) {
            self.kind = kind
            self.key = key
            line = priced.line
            channel = priced.terms.channel.id
            self.oldSettlement = oldSettlement
            settlement = priced.settlement
        }
    }

    private struct Place: Hashable {
        let kind: Int
        let choice: Int
        let line: ObjectIdentifier
        let oldSettlement: Int
        let newSettlement: Int
        /// Whether the new line charges for another usage than the old one.
        let isRecounted: Bool
    }

    /// One of the purchases that a kind of requests may become.
    private final class Choice {
        /// Its place among those of its kind, floors behind.
        let place: Int
        let terms: Result<PurchaseTerms, PricingError>
        /// Whether its channel's bills are paid otherwise than billed.
        let isSettled: Bool
        /// What the line of the last request charges for.
        var charged: (line: ObjectIdentifier, meters: MeterSet)?
        /// Where the last request went.
        var last: (place: Place, sums: Sums)?

        init(_ place: Int, _ terms: Result<PurchaseTerms, PricingError>) {
            self.place = place
            self.terms = terms
            isSettled = (try? terms.get()).map { !$0.channel.settlements.isEmpty } ?? false
        }
    }

    /// What is remembered of a kind of requests.
    private final class Kind {
        let number: Int
        let kind: RequestKind
        /// That which its cost follows from; `nil` where that is unknown.
        let line: RateLine?
        /// What its own line charges for; empty without a cost of its own.
        let charged: MeterSet
        /// Whether its channel's bills are paid otherwise than billed.
        let isSettled: Bool
        let isVolume: Bool
        /// Those of the floors behind.
        var choices: [Choice] = []
        /// In milliseconds: when the terms hold.
        var era: Range<Int64> = 0..<0
        var isUnchanged = false

        init(_ number: Int, _ kind: RequestKind, charged: MeterSet, isSettled: Bool) {
            self.number = number
            self.kind = kind
            line = kind.known == .unknown ? nil : kind.line
            self.charged = charged
            self.isSettled = isSettled
            isVolume = kind.attributes[Purchase.volume] != nil
        }
    }

    private var kinds: [Kind] = []
    private var sums: [Place: Sums] = [:]
    private var refused: [Key: (requests: Int64, old: LedgerBill)] = [:]
    /// What each line charges for.
    private var charged: [ObjectIdentifier: MeterSet] = [:]
    /// Requests whose own cost is unknown: there is nothing to compare with.
    private var withoutCost: Int64 = 0
    /// Requests that the question leaves as they are.
    private var unchanged: Int64 = 0
    private var requests: Int64 = 0
    private let question: WhatIfQuestion
    private let book: RateBook
    private let settlements: LedgerSettlements
    private var exchange: Exchange

    init(
        _ question: WhatIfQuestion, _ book: RateBook, _ settlements: LedgerSettlements,
        _ exchange: Exchange
    ) {
        self.question = question
        self.book = book
        self.settlements = settlements
        self.exchange = exchange
    }

    mutating func add(_ kind: RequestKind) {
        var charged = MeterSet()
        if kind.known != .unknown, let line = kind.line { charged = meters(line) }
        kinds.append(
            Kind(
                kinds.count, kind, charged: charged,
                isSettled: settlements.settles(kind.channel)))
    }

    // MARK: One request

    mutating func add(_ row: RequestRow) throws {
        requests += row.sign
        let kind = kinds[row.kind]
        try prepare(kind, row)
        guard !kind.isUnchanged else {
            unchanged += row.sign
            return
        }
        guard let line = kind.line, row.usage.meters.bits & ~kind.charged.bits == 0 else {
            withoutCost += row.sign
            return
        }
        let oldSettlement =
            kind.isSettled
            ? try settlements.place(of: line, on: kind.kind.channel, at: row.start) : -1
        do throws(PricingError) {
            // Most questions have one choice and no floor.
            if kind.choices.count == 1, question.floors.isEmpty {
                let chosen = try price(row, kind.choices[0], of: kind)
                return add(row, chosen, of: kind, line, oldSettlement)
            }
            let free = kind.choices.dropLast(question.floors.count)
            // All of them first: a request that one cannot price is compared with nothing.
            var held: [Priced] = []
            for choice in kind.choices[free.endIndex...] {
                held.append(try price(row, choice, of: kind))
            }
            if question.freeShare > 0 {
                let chosen = try cheapest(row, free, of: kind)
                add(row, chosen, of: kind, line, oldSettlement)
            }
            for priced in held { add(row, priced, of: kind, line, oldSettlement) }
        } catch {
            guard error.isUnpriceable else { throw error }
            refuse(row, line, oldSettlement, error)
        }
    }

    /// Resolves the names of the purchases, anew where they may have changed their meaning.
    private func prepare(_ kind: Kind, _ row: RequestRow) throws {
        let time = question.pricesOf ?? row.start
        if kind.era.contains(time.milliseconds) { return }
        let purchases = question.purchases(of: kind.kind, at: row.start)
        kind.era = book.era(of: time)
        kind.isUnchanged = purchases == nil
        guard let purchases else { return }
        kind.choices = (purchases.choices + purchases.floors).enumerated().map { place, purchase in
            Choice(
                place, Result { () throws(PricingError) in try book.terms(of: purchase) })
        }
    }

    private struct Priced {
        let choice: Choice
        let terms: PurchaseTerms
        let line: RateLine
        let settlement: Int
        /// What the new model would count, where that is not what the old one did.
        let recounted: Recounted?
    }

    /// A usage is half a kilobyte, and mostly it is the row's own.
    private final class Recounted: Sendable {
        let usage: Usage

        init(_ usage: Usage) { self.usage = usage }
    }

    private mutating func price(
        _ row: RequestRow, _ choice: Choice, of kind: Kind
    ) throws(PricingError) -> Priced {
        let terms = try choice.terms.get()
        let time = terms.pricedTime(
            from: question.pricesOf ?? row.start, to: question.pricesOf == nil ? row.end : nil)
        var recounted =
            question.tokenRatio == nil ? nil : Recounted(try question.usage(row.usage))
        // Nobody knows how large the requests of a volume were, and their number is not in its row.
        let isVolume = kind.isVolume
        let size =
            isVolume
            ? RequestSize()
            : recounted.map { RequestSize(of: $0.usage) } ?? RequestSize(of: row.usage)
        let line = try terms.line(at: time, size: size).line
        // A line that charges by the request charges one, where the event says no other number.
        let charged = meters(line, for: choice)
        if charged.contains(.request) != (row.usage[.request] > 0) {
            var usage = recounted?.usage ?? row.usage
            if charged.contains(.request), isVolume {
                throw .unpriced(
                    model: line.model, channel: terms.channel.id, line: line.id,
                    meters: [.request])
            } else if charged.contains(.request) {
                try usage.add(1, of: .request)
            } else {
                usage = usage.without(.request)
            }
            recounted = Recounted(usage)
        }
        let used = recounted?.usage.meters ?? row.usage.meters
        let missing = MeterSet(bits: used.bits & ~charged.bits)
        guard missing.isEmpty else {
            throw .unpriced(
                model: line.model, channel: terms.channel.id, line: line.id,
                meters: Array(missing))
        }
        let settlement =
            !choice.isSettled
            ? -1 : try settlements.place(of: line, on: terms.channel.id, at: time)
        return Priced(
            choice: choice, terms: terms, line: line, settlement: settlement,
            recounted: recounted)
    }

    /// The cheapest of the choices that can be priced, the first of equals; the first refusal where
    /// none can be.
    private mutating func cheapest(
        _ row: RequestRow, _ choices: ArraySlice<Choice>, of kind: Kind
    ) throws(PricingError) -> Priced {
        var best: (priced: Priced, cost: Money)?
        var refusal: PricingError?
        for choice in choices {
            do throws(PricingError) {
                let priced = try price(row, choice, of: kind)
                let bill = try priced.line.charge(
                    for: priced.recounted?.usage ?? row.usage
                ).billed
                let cost = try settlements.settle(
                    bill, on: priced.terms.channel.id, by: priced.settlement
                ).money
                guard let known = best else {
                    best = (priced, cost)
                    continue
                }
                let shown = try exchange.converted(cost, to: known.cost.currency).money
                if shown.attos < known.cost.attos { best = (priced, shown) }
            } catch {
                guard error.isUnpriceable else { throw error }
                refusal = refusal ?? error
            }
        }
        if let best { return best.priced }
        throw refusal ?? .outOfRange("an empty choice")
    }

    /// Of the line that a choice came to; mostly it is that of the request before.
    private mutating func meters(_ line: RateLine, for choice: Choice) -> MeterSet {
        if let known = choice.charged, known.line == ObjectIdentifier(line) { return known.meters }
        let meters = meters(line)
        choice.charged = (ObjectIdentifier(line), meters)
        return meters
    }

    private mutating func meters(_ line: RateLine) -> MeterSet {
        let id = ObjectIdentifier(line)
        if let known = charged[id] { return known }
        var meters = MeterSet()
        for meter in Meter.allCases where line.rate(for: meter) != nil { meters.insert(meter) }
        charged[id] = meters
        return meters
    }

    // MARK: Sums

    private mutating func add(
        _ row: RequestRow, _ priced: Priced, of kind: Kind, _ line: RateLine, _ oldSettlement: Int
    ) {
        let place = Place(
            kind: kind.number, choice: priced.choice.place, line: ObjectIdentifier(priced.line),
            oldSettlement: oldSettlement, newSettlement: priced.settlement,
            isRecounted: priced.recounted != nil || !priced.line.minimumUnits.isEmpty
                || !line.minimumUnits.isEmpty)
        let sums: Sums
        if let last = priced.choice.last, last.place == place {
            sums = last.sums
        } else {
            sums = self.sums[place] ?? insert(place, kind, priced, oldSettlement)
            priced.choice.last = (place, sums)
        }
        sums.requests += row.sign
        sums.old.add(row.usage, sign: row.sign, line: line)
        guard place.isRecounted else { return }
        if let recounted = priced.recounted {
            sums.recounted.add(recounted.usage, sign: row.sign, line: priced.line)
        } else {
            sums.recounted.add(row.usage, sign: row.sign, line: priced.line)
        }
    }

    private mutating func insert(
        _ place: Place, _ kind: Kind, _ priced: Priced, _ oldSettlement: Int
    ) -> Sums {
        let key = Key(
            model: kind.kind.model, channel: kind.kind.channel, newModel: priced.line.model,
            newChannel: priced.terms.channel.id,
            floor: max(place.choice - kind.choices.count + question.floors.count, -1), reason: nil)
        let made = Sums(kind.kind, key, priced, oldSettlement: oldSettlement)
        sums[place] = made
        return made
    }

    private mutating func refuse(
        _ row: RequestRow, _ line: RateLine, _ settlement: Int, _ error: PricingError
    ) {
        let kind = kinds[row.kind].kind
        let reason =
            if case .unpriced(let model, let channel, _, let meters) = error {
                "\(model) on \(channel): no rate for \(meters.map(\.name).joined(separator: ", "))"
            } else {
                error.description
            }
        let key = Key(
            model: kind.model, channel: kind.channel, newModel: nil, newChannel: nil,
            floor: -1, reason: reason)
        var sum = UsageSum()
        sum.add(row.usage, sign: row.sign, line: line)
        refused[key, default: (0, LedgerBill())].requests += row.sign
        refused[key]?.old.add(
            sum, of: kind.channel, line, kind.known, settlement: settlement)
    }

    /// What may leave the thread that it was counted on.
    func finish() -> WhatIfSums {
        let parts = sums.map { place, sum in
            WhatIfSums.Part(
                kind: sum.kind, key: sum.key, line: sum.line, channel: sum.channel,
                oldSettlement: sum.oldSettlement, settlement: sum.settlement,
                requests: sum.requests, old: sum.old,
                recounted: place.isRecounted ? sum.recounted : nil)
        }
        return WhatIfSums(
            parts: parts, refused: refused, withoutCost: withoutCost, unchanged: unchanged,
            requests: requests, exchange: exchange)
    }
}
