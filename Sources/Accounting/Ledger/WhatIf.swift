import JSONBytes
import Pricing

/// What the ledger's own requests would have cost elsewhere, each priced again by its own size.
struct WhatIfQuestion {
    static let names =
        LedgerRange.names + EventFilter.names + [
            "swap", "channel", "service_tier", "at_prices_of", "token_ratio", "best", "among",
            "floor", "currency", "fx", "timezone", "at",
        ]

    /// A share of all requests that a model gets, however dear it is.
    struct Floor {
        let model: String
        /// In 10⁻¹⁸.
        let share: Int128
    }

    /// Old model → new model.
    let swaps: [String: String]
    /// Where each request takes the cheapest of some models: those.
    let among: [String]
    let floors: [Floor]
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
        among = try Self.among(parameters, context)
        floors = try Self.floors(parameters, context)
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
        guard
            !swaps.isEmpty || !among.isEmpty || channel != nil || serviceTier != nil
                || pricesOf != nil
        else {
            throw QuestionError.missing(
                field: parameters.spelled("swap"),
                wanted:
                    "a change: \(parameters.spelled("swap")), \(parameters.spelled("channel")), \(parameters.spelled("service_tier")), \(parameters.spelled("at_prices_of")) or \(parameters.spelled("best"))"
            )
        }
    }

    private static func among(
        _ parameters: Parameters, _ context: PricingContext
    ) throws -> [String] {
        let names = parameters.texts("among").flatMap { text in
            text.split(separator: ",").map { $0.trimmingSpaces() }
        }
        guard try parameters.flag("best") else {
            for name in ["among", "floor"] where parameters.has(name) {
                throw QuestionError.invalid(
                    field: parameters.spelled(name),
                    problem: "goes with \(parameters.spelled("best"))")
            }
            return []
        }
        guard !parameters.has("swap") else {
            throw QuestionError.invalid(
                field: parameters.spelled("swap"),
                problem: "does not go with \(parameters.spelled("best"))")
        }
        guard !names.isEmpty else {
            throw QuestionError.missing(
                field: parameters.spelled("among"),
                wanted: "the models to choose from: \(parameters.spelled("among"))")
        }
        var seen: Set<String> = []
        for name in names {
            let model = try context.book.model(named: name, at: context.now).id
            guard seen.insert(model).inserted else {
                throw QuestionError.invalid(
                    field: parameters.spelled("among"), problem: "\(quoted(model)) is named twice")
            }
        }
        return names
    }

    private static func floors(
        _ parameters: Parameters, _ context: PricingContext
    ) throws -> [Floor] {
        let field = parameters.spelled("floor")
        var floors: [Floor] = []
        var total: Int128 = 0
        for (model, text) in try parameters.pairs("floor") {
            _ = try context.book.model(named: model, at: context.now)
            let digits = text.hasSuffix("%") ? String(text.dropLast()) : text
            guard let percent = DecimalText.parse(digits), percent > 0,
                percent <= 100 * DecimalText.one, percent % 100 == 0
            else {
                throw QuestionError.invalid(
                    field: field, problem: "\(quoted(text)) is not a share such as 20%")
            }
            total += percent
            floors.append(Floor(model: model, share: percent / 100))
        }
        guard total <= 100 * DecimalText.one else {
            throw QuestionError.invalid(field: field, problem: "the floors are above 100%")
        }
        return floors
    }

    /// What no floor claims, in 10⁻¹⁸.
    var freeShare: Int128 { floors.reduce(DecimalText.one) { $0 - $1.share } }

    /// A request of a kind as it would be sent: the purchases of which the cheapest is taken, and
    /// that of each floor. `nil` where nothing about it changes.
    func purchases(
        of kind: RequestKind, at start: Timestamp
    ) -> (choices: [Purchase], floors: [Purchase])? {
        func purchase(_ model: String, isNew: Bool) -> Purchase {
            Purchase(
                model: model, channel: channel ?? (isNew ? Channel.direct : kind.channel),
                at: pricesOf ?? start, serviceTier: serviceTier ?? kind.serviceTier,
                attributes: kind.attributes)
        }
        if !among.isEmpty {
            return (
                among.map { purchase($0, isNew: true) },
                floors.map { purchase($0.model, isNew: true) }
            )
        }
        // Where models are swapped, only theirs are meant.
        if swaps.isEmpty { return ([purchase(kind.model, isNew: false)], []) }
        return swaps[kind.model].map { ([purchase($0, isNew: true)], []) }
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

extension Substring {
    fileprivate func trimmingSpaces() -> String {
        var rest = self
        while rest.first == " " { rest.removeFirst() }
        while rest.last == " " { rest.removeLast() }
        return String(rest)
    }
}

struct WhatIfRow: Sendable {
    let model: String
    let channel: String
    let newModel: String?
    let newChannel: String?
    let reason: String?
    let requests: Int64
    /// In 10⁻¹⁸: which part of the requests it speaks of.
    let share: Int128
    let isFloor: Bool
    let old: [ShownMoney]
    let new: [ShownMoney]
}

extension Exchange {
    /// The amounts of some costs, one a currency, or one in the currency that was asked for; or a
    /// share of them, in 10⁻¹⁸.
    mutating func amounts(
        _ costs: LedgerCosts, share: Int128 = DecimalText.one
    ) throws -> [ShownMoney] {
        var amounts: [Currency: ShownMoney] = [:]
        for (_, settled) in costs.settled.sorted(by: { $0.key < $1.key }) {
            let part =
                share == DecimalText.one
                ? settled.money : try settled.money.scaled(by: share, over: DecimalText.one)
            let shown = try shown(part)
            let known = amounts[shown.money.currency]
            amounts[shown.money.currency] = ShownMoney(
                money: try known?.money.adding(shown.money) ?? shown.money,
                isConverted: shown.isConverted || known?.isConverted ?? false)
        }
        return amounts.sorted { $0.key < $1.key }.map(\.value)
    }
}
