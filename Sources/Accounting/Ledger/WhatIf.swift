import JSONBytes
import Pricing

/// What the ledger's own requests would have cost elsewhere, each priced again by its own size.
struct WhatIfQuestion {
    static let names =
        LedgerRange.names + EventFilter.names + [
            "swap", "channel", "service_tier", "at_prices_of", "token_ratio", "currency", "fx",
            "timezone", "at",
        ]

    /// Old model → new model.
    let swaps: [String: String]
    let channel: String?
    let serviceTier: String?
    let pricesOf: Timestamp?
    /// In 10⁻¹⁸: how many tokens the new model takes for each of the old one.
    let tokenRatio: Int128?

    init(_ parameters: Parameters, _ context: PricingContext, zone: String) throws {
        try parameters.refuseUnknown(Self.names)
        var swaps: [String: String] = [:]
        for (old, new) in try parameters.pairs("swap") {
            // Names are taken as they stand today.
            let model = try context.book.model(named: old, at: context.now).id
            guard swaps.updateValue(new, forKey: model) == nil else {
                throw QuestionError.invalid(
                    field: parameters.spelled("swap"), problem: "\(quoted(model)) is swapped twice")
            }
            _ = try context.book.model(named: new, at: context.now)
        }
        self.swaps = swaps
        channel = try parameters.text("channel")
        if let channel { try context.book.requireChannel(channel) }
        serviceTier = try parameters.text("service_tier")
        pricesOf = try parameters.time("at_prices_of", zone: zone, zones: context.book.zones)
        tokenRatio = try parameters.parsed("token_ratio") { text throws(PricingError) in
            guard let ratio = DecimalText.parse(text.utf8[...]), ratio > 0,
                ratio <= 1000 * DecimalText.one
            else {
                throw .malformed(what: "ratio", text: text, wanted: "a number such as 1.1")
            }
            return ratio
        }
        guard !swaps.isEmpty || channel != nil || serviceTier != nil || pricesOf != nil else {
            throw QuestionError.missing(
                field:
                    "a change: \(parameters.spelled("swap")), \(parameters.spelled("channel")), \(parameters.spelled("service_tier")) or \(parameters.spelled("at_prices_of"))"
            )
        }
    }

    /// The request as it would be sent, or `nil` where nothing about it changes.
    func purchase(_ entry: LedgerEntry) -> Purchase? {
        let event = entry.event
        let swapped = swaps[entry.model]
        // Where models are swapped, only theirs are meant.
        guard swaps.isEmpty || swapped != nil else { return nil }
        return Purchase(
            model: swapped ?? entry.model,
            channel: channel ?? (swapped == nil ? entry.channel : Channel.direct),
            at: pricesOf ?? event.start, completedAt: pricesOf == nil ? event.end : nil,
            serviceTier: serviceTier ?? event.serviceTier, attributes: event.attributes)
    }

    /// The usage as the new model would count it: tokens times the ratio, half to even.
    func usage(_ usage: Usage) throws(PricingError) -> Usage {
        guard let tokenRatio else { return usage }
        var scaled = Usage()
        for meter in usage.meters {
            var count = usage[meter]
            if meter.isToken {
                let tokens = try ExactDivision.halfEven(
                    Int128(count), times: tokenRatio, over: DecimalText.one)
                count = Int64(clamping: tokens)
            }
            try scaled.add(count, of: meter)
        }
        return scaled
    }
}

/// Old and new costs of requests, by what they were and would be.
struct WhatIfTable {
    private struct Key: Hashable {
        let model: String
        let channel: String
        let newModel: String?
        let newChannel: String?
        /// Why there is no new cost.
        let reason: String?
    }

    private struct Row {
        var requests: Int64 = 0
        var old = LedgerBill()
        var new = LedgerBill()
    }

    private var rows: [Key: Row] = [:]
    /// Requests whose own cost is unknown: there is nothing to compare with.
    private(set) var withoutCost: Int64 = 0
    /// Requests that the question leaves as they are.
    private(set) var unchanged: Int64 = 0
    private let question: WhatIfQuestion
    private let book: RateBook
    private let settlements: LedgerSettlements

    init(_ question: WhatIfQuestion, _ book: RateBook, _ settlements: LedgerSettlements) {
        self.question = question
        self.book = book
        self.settlements = settlements
    }

    mutating func add(_ entry: LedgerEntry) throws {
        guard let purchase = question.purchase(entry) else {
            unchanged += 1
            return
        }
        let event = entry.event
        guard let line = entry.line, event.known != .unknown,
            try line.charge(for: event.usage).unpriced.isEmpty
        else {
            withoutCost += 1
            return
        }
        var key = Key(
            model: entry.model, channel: entry.channel, newModel: nil, newChannel: nil, reason: nil)
        var priced: PricedRequest?
        var usage = event.usage
        do throws(PricingError) {
            usage = try question.usage(event.usage.without(.request))
            usage = try book.withRequestCount(usage, purchase)
            let found = try book.price(usage, purchase)
            if found.cost.isComplete {
                priced = found
                key = Key(
                    model: entry.model, channel: entry.channel, newModel: found.line.model,
                    newChannel: found.channel.id, reason: nil)
            } else {
                let meters = found.cost.unpriced.names.joined(separator: ", ")
                key = Self.unpriced(
                    entry, "\(found.line.model) on \(found.channel.id): no rate for \(meters)")
            }
        } catch {
            guard error.isUnpriceable else { throw error }
            key = Self.unpriced(entry, error.description)
        }
        var row = rows[key] ?? Row()
        row.requests += 1
        row.old.add(
            UsageSum(event.usage, line: line), of: entry.channel, line, event.known,
            settlement: try settlements.place(of: line, on: entry.channel, at: event.start))
        if let priced {
            row.new.add(
                UsageSum(usage, line: priced.line), of: priced.channel.id, priced.line, event.known,
                settlement: try settlements.place(
                    of: priced.line, on: priced.channel.id, at: priced.time))
        }
        rows[key] = row
    }

    private static func unpriced(_ entry: LedgerEntry, _ reason: String) -> Key {
        Key(
            model: entry.model, channel: entry.channel, newModel: nil, newChannel: nil,
            reason: reason)
    }

    /// The dearest first; what cannot be priced there last.
    func result(_ exchange: inout Exchange) throws -> (
        rows: [WhatIfRow], old: [ShownMoney], new: [ShownMoney]
    ) {
        var result: [WhatIfRow] = []
        var old = LedgerBill()
        var new = LedgerBill()
        for (key, row) in rows {
            let costs = try row.old.costs(settlements)
            result.append(
                WhatIfRow(
                    model: key.model, channel: key.channel, newModel: key.newModel,
                    newChannel: key.newChannel, reason: key.reason, requests: row.requests,
                    old: try exchange.amounts(costs),
                    new: key.reason == nil
                        ? try exchange.amounts(try row.new.costs(settlements)) : []))
            guard key.reason == nil else { continue }
            old.add(row.old)
            new.add(row.new)
        }
        result.sort { one, other in
            (
                one.reason == nil ? 0 : 1, -(one.old.first?.money.attos ?? 0), one.model,
                one.channel, one.newModel ?? "", one.newChannel ?? ""
            )
                < (
                    other.reason == nil ? 0 : 1, -(other.old.first?.money.attos ?? 0), other.model,
                    other.channel, other.newModel ?? "", other.newChannel ?? ""
                )
        }
        return (
            result, try exchange.amounts(try old.costs(settlements)),
            try exchange.amounts(try new.costs(settlements))
        )
    }
}

struct WhatIfRow: Sendable {
    let model: String
    let channel: String
    let newModel: String?
    let newChannel: String?
    let reason: String?
    let requests: Int64
    let old: [ShownMoney]
    let new: [ShownMoney]
}

extension UsageSum {
    /// One request.
    init(_ usage: Usage, line: RateLine?) {
        self.init()
        add(usage, line: line)
    }
}

extension Exchange {
    /// The amounts of some costs, one a currency, or one in the currency that was asked for.
    mutating func amounts(_ costs: LedgerCosts) throws -> [ShownMoney] {
        var amounts: [Currency: ShownMoney] = [:]
        for (_, settled) in costs.settled.sorted(by: { $0.key < $1.key }) {
            let shown = try shown(settled.money)
            let known = amounts[shown.money.currency]
            amounts[shown.money.currency] = ShownMoney(
                money: try known?.money.adding(shown.money) ?? shown.money,
                isConverted: shown.isConverted || known?.isConverted ?? false)
        }
        return amounts.sorted { $0.key < $1.key }.map(\.value)
    }
}
