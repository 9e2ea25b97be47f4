import Pricing

/// Old and new costs of requests, by what they were and would be.
///
/// Counts are added up by all that decides a price, and multiplied at the end: a request costs the
/// search for its line, and no arithmetic on money unless several models are weighed.
struct WhatIfTable {
    private struct Key: Hashable {
        let model: String
        let channel: String
        let newModel: String?
        let newChannel: String?
        /// Its place among the question's floors; -1 where it was chosen.
        let floor: Int
        /// Why there is no new cost.
        let reason: String?
    }

    /// Requests that fall under the same lines before and after.
    private struct Sums {
        let kind: Int
        let key: Key
        let oldSettlement: Int
        /// `nil` where there is no new cost.
        let new: (line: RateLine, channel: Channel, settlement: Int)?
        var requests: Int64 = 0
        var old = UsageSum()
        var usage = UsageSum()
    }

    private struct Place: Hashable {
        let kind: Int
        let choice: Int
        let line: ObjectIdentifier
        let oldSettlement: Int
        let newSettlement: Int
    }

    /// What is remembered of a kind of requests.
    private struct Kind {
        let kind: RequestKind
        /// What its own line charges for; empty without a cost of its own.
        let charged: MeterSet
        /// Whether its channel's bills are paid otherwise than billed.
        let isSettled: Bool
        /// By choice, those of the floors behind.
        var terms: [Result<PurchaseTerms, PricingError>] = []
        /// In milliseconds: when the terms hold.
        var era: Range<Int64> = 0..<0
        var isUnchanged = false
        /// By choice: where the last request went.
        var last: [(place: Place, sums: Int)?] = []
    }

    private var kinds: [Kind] = []
    private var sums: [Sums] = []
    private var places: [Place: Int] = [:]
    private var refused: [Key: (requests: Int64, old: LedgerBill)] = [:]
    /// What each line charges for.
    private var charged: [ObjectIdentifier: MeterSet] = [:]
    /// Requests whose own cost is unknown: there is nothing to compare with.
    private(set) var withoutCost: Int64 = 0
    /// Requests that the question leaves as they are.
    private(set) var unchanged: Int64 = 0
    private(set) var requests: Int64 = 0
    private let question: WhatIfQuestion
    private let book: RateBook
    private let settlements: LedgerSettlements

    init(_ question: WhatIfQuestion, _ book: RateBook, _ settlements: LedgerSettlements) {
        self.question = question
        self.book = book
        self.settlements = settlements
    }

    mutating func add(_ kind: RequestKind) {
        var charged = MeterSet()
        if kind.known != .unknown, let line = kind.line { charged = meters(line) }
        kinds.append(
            Kind(kind: kind, charged: charged, isSettled: settlements.settles(kind.channel)))
    }

    // MARK: One request

    mutating func add(_ row: RequestRow, _ exchange: inout Exchange) throws {
        requests += row.sign
        try prepare(row)
        guard !kinds[row.kind].isUnchanged else {
            unchanged += row.sign
            return
        }
        guard let line = kinds[row.kind].kind.line, kinds[row.kind].kind.known != .unknown,
            row.usage.meters.bits & ~kinds[row.kind].charged.bits == 0
        else {
            withoutCost += row.sign
            return
        }
        let oldSettlement =
            kinds[row.kind].isSettled
            ? try settlements.place(
                of: line, on: kinds[row.kind].kind.channel, at: row.start) : -1
        let floors = question.floors.count
        let choices = kinds[row.kind].terms.count - floors
        do throws(PricingError) {
            // All of them first: a request that one cannot price is compared with nothing.
            var held: [Priced] = []
            for choice in choices..<(choices + floors) { held.append(try price(row, choice)) }
            if question.freeShare > 0 {
                let chosen = try choices == 1 ? price(row, 0) : cheapest(row, choices, &exchange)
                add(row, chosen, line, oldSettlement)
            }
            for priced in held { add(row, priced, line, oldSettlement) }
        } catch {
            guard error.isUnpriceable else { throw error }
            refuse(row, line, oldSettlement, error)
        }
    }

    /// Resolves the names of the purchases, anew where they may have changed their meaning.
    private mutating func prepare(_ row: RequestRow) throws {
        let time = question.pricesOf ?? row.start
        if kinds[row.kind].era.contains(time.milliseconds) { return }
        let purchases = question.purchases(of: kinds[row.kind].kind, at: row.start)
        kinds[row.kind].era = book.era(of: time)
        kinds[row.kind].isUnchanged = purchases == nil
        guard let purchases else { return }
        kinds[row.kind].terms = (purchases.choices + purchases.floors).map { purchase in
            Result { () throws(PricingError) in try book.terms(of: purchase) }
        }
        kinds[row.kind].last = Array(repeating: nil, count: kinds[row.kind].terms.count)
    }

    private struct Priced {
        let choice: Int
        let line: RateLine
        let channel: Channel
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
        _ row: RequestRow, _ choice: Int
    ) throws(PricingError) -> Priced {
        let terms = try kinds[row.kind].terms[choice].get()
        let time = terms.pricedTime(
            from: question.pricesOf ?? row.start, to: question.pricesOf == nil ? row.end : nil)
        var recounted =
            question.tokenRatio == nil ? nil : Recounted(try question.usage(row.usage))
        // Nobody knows how large the requests of a volume were, and their number is not in its row.
        let isVolume = kinds[row.kind].kind.attributes[Purchase.volume] != nil
        let size =
            isVolume
            ? RequestSize()
            : recounted.map { RequestSize(of: $0.usage) } ?? RequestSize(of: row.usage)
        let line = try terms.line(at: time, size: size).line
        // A line that charges by the request charges one, where the event says no other number.
        let charged = meters(line)
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
            terms.channel.settlements.isEmpty
            ? -1 : try settlements.place(of: line, on: terms.channel.id, at: time)
        return Priced(
            choice: choice, line: line, channel: terms.channel, settlement: settlement,
            recounted: recounted)
    }

    /// The cheapest of the choices that can be priced, the first of equals; the first refusal where
    /// none can be.
    private mutating func cheapest(
        _ row: RequestRow, _ choices: Int, _ exchange: inout Exchange
    ) throws(PricingError) -> Priced {
        var best: (priced: Priced, cost: Money)?
        var refusal: PricingError?
        for choice in 0..<choices {
            do throws(PricingError) {
                let priced = try price(row, choice)
                let bill = try priced.line.charge(
                    for: priced.recounted?.usage ?? row.usage
                ).billed
                let cost = try settlements.settle(
                    bill, on: priced.channel.id, by: priced.settlement
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
        _ row: RequestRow, _ priced: Priced, _ line: RateLine, _ oldSettlement: Int
    ) {
        let place = Place(
            kind: row.kind, choice: priced.choice, line: ObjectIdentifier(priced.line),
            oldSettlement: oldSettlement, newSettlement: priced.settlement)
        let index: Int
        if let last = kinds[row.kind].last[priced.choice], last.place == place {
            index = last.sums
        } else {
            index = places[place] ?? insert(place, row, priced, oldSettlement)
            kinds[row.kind].last[priced.choice] = (place, index)
        }
        sums[index].requests += row.sign
        sums[index].old.add(row.usage, sign: row.sign, line: line)
        if let recounted = priced.recounted {
            sums[index].usage.add(recounted.usage, sign: row.sign, line: priced.line)
        } else {
            sums[index].usage.add(row.usage, sign: row.sign, line: priced.line)
        }
    }

    private mutating func insert(
        _ place: Place, _ row: RequestRow, _ priced: Priced, _ oldSettlement: Int
    ) -> Int {
        let kind = kinds[row.kind]
        sums.append(
            Sums(
                kind: row.kind,
                key: Key(
                    model: kind.kind.model, channel: kind.kind.channel,
                    newModel: priced.line.model, newChannel: priced.channel.id,
                    floor: max(
                        priced.choice - kind.terms.count + question.floors.count, -1),
                    reason: nil),
                oldSettlement: oldSettlement,
                new: (priced.line, priced.channel, priced.settlement)))
        places[place] = sums.count - 1
        return sums.count - 1
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

    // MARK: The answer

    /// The dearest first; what cannot be priced there last.
    func result(_ exchange: inout Exchange) throws -> (
        rows: [WhatIfRow], old: [ShownMoney], new: [ShownMoney]
    ) {
        var bills: [Key: (requests: Int64, old: LedgerBill, new: LedgerBill)] = [:]
        for sum in sums {
            guard let (line, channel, settlement) = sum.new else { continue }
            let kind = kinds[sum.kind].kind
            var bill = bills[sum.key] ?? (0, LedgerBill(), LedgerBill())
            bill.requests += sum.requests
            bill.old.add(
                sum.old, of: kind.channel, kind.line, kind.known, settlement: sum.oldSettlement)
            bill.new.add(sum.usage, of: channel.id, line, kind.known, settlement: settlement)
            bills[sum.key] = bill
        }
        var rows: [WhatIfRow] = []
        // Of all rows that speak of one share of their requests: multiplied once as well.
        var totals: [Int128: (old: LedgerBill, new: LedgerBill)] = [:]
        for (key, bill) in bills {
            let share = share(of: key)
            let row = WhatIfRow(
                model: key.model, channel: key.channel, newModel: key.newModel,
                newChannel: key.newChannel, reason: nil, requests: bill.requests, share: share,
                isFloor: key.floor >= 0,
                old: try exchange.amounts(try bill.old.costs(settlements), share: share),
                new: try exchange.amounts(try bill.new.costs(settlements), share: share))
            totals[share, default: (LedgerBill(), LedgerBill())].old.add(bill.old)
            totals[share]?.new.add(bill.new)
            if bill.requests != 0 || !row.old.allSatisfy({ $0.money.attos == 0 }) {
                rows.append(row)
            }
        }
        for (key, bill) in refused where bill.requests != 0 {
            rows.append(
                WhatIfRow(
                    model: key.model, channel: key.channel, newModel: nil, newChannel: nil,
                    reason: key.reason, requests: bill.requests, share: DecimalText.one,
                    isFloor: false,
                    old: try exchange.amounts(try bill.old.costs(settlements)), new: []))
        }
        var old: [ShownMoney] = []
        var new: [ShownMoney] = []
        for (share, bill) in totals {
            old += try exchange.amounts(try bill.old.costs(settlements), share: share)
            new += try exchange.amounts(try bill.new.costs(settlements), share: share)
        }
        return (rows.sorted(by: Self.isBefore), try Self.total(old), try Self.total(new))
    }

    /// In 10⁻¹⁸: of all requests, a floor gets its share; of those that a model is the cheapest for,
    /// it gets what no floor claims.
    private func share(of key: Key) -> Int128 {
        key.floor >= 0 ? question.floors[key.floor].share : question.freeShare
    }

    private static func total(_ amounts: [ShownMoney]) throws -> [ShownMoney] {
        var totals: [Currency: ShownMoney] = [:]
        for amount in amounts {
            let known = totals[amount.money.currency]
            totals[amount.money.currency] = ShownMoney(
                money: try known?.money.adding(amount.money) ?? amount.money,
                isConverted: amount.isConverted || known?.isConverted ?? false)
        }
        return totals.sorted { $0.key < $1.key }.map(\.value)
    }

    private static func isBefore(_ one: WhatIfRow, _ other: WhatIfRow) -> Bool {
        func rank(_ row: WhatIfRow) -> (Int, Int128, String, String, String, String) {
            (
                row.reason == nil ? 0 : 1, -(row.old.first?.money.attos ?? 0), row.model,
                row.channel, row.newModel ?? "", row.newChannel ?? ""
            )
        }
        return rank(one) < rank(other)
    }
}
