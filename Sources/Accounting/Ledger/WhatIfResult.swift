import Pricing

/// What one scan of requests came to.
struct WhatIfSums: Sendable {
    /// Requests that fall under the same lines before and after.
    struct Part: Sendable {
        let kind: RequestKind
        let key: WhatIfTable.Key
        let line: RateLine
        let channel: String
        let oldSettlement: Int
        let settlement: Int
        let requests: Int64
        let old: UsageSum
        /// What the new line charges for, where that is another usage.
        let recounted: UsageSum?
    }

    let parts: [Part]
    let refused: [WhatIfTable.Key: (requests: Int64, old: LedgerBill)]
    /// Requests whose own cost is unknown: there is nothing to compare with.
    let withoutCost: Int64
    /// Requests that the question leaves as they are.
    let unchanged: Int64
    let requests: Int64
    /// With the rates that choices were weighed by.
    let exchange: Exchange
}

/// All scans together: counts of one line are added before they are multiplied, whichever scan they
/// are from.
struct WhatIfResult {
    private let scans: [WhatIfSums]
    private let question: WhatIfQuestion
    private let settlements: LedgerSettlements

    init(
        _ scans: [WhatIfSums], _ question: WhatIfQuestion, _ settlements: LedgerSettlements
    ) {
        self.scans = scans
        self.question = question
        self.settlements = settlements
    }

    var withoutCost: Int64 { scans.reduce(0) { $0 + $1.withoutCost } }
    var unchanged: Int64 { scans.reduce(0) { $0 + $1.unchanged } }
    var requests: Int64 { scans.reduce(0) { $0 + $1.requests } }

    /// The dearest first; what cannot be priced there last.
    func result(_ exchange: inout Exchange) throws -> (
        rows: [WhatIfRow], old: [ShownMoney], new: [ShownMoney]
    ) {
        var bills: [WhatIfTable.Key: (requests: Int64, old: LedgerBill, new: LedgerBill)] = [:]
        var refused: [WhatIfTable.Key: (requests: Int64, old: LedgerBill)] = [:]
        for sums in scans {
            for part in sums.parts {
                let kind = part.kind
                var bill = bills[part.key] ?? (0, LedgerBill(), LedgerBill())
                bill.requests += part.requests
                bill.old.add(
                    part.old, of: kind.channel, kind.line, kind.known,
                    settlement: part.oldSettlement)
                bill.new.add(
                    part.recounted ?? part.old, of: part.channel, part.line, kind.known,
                    settlement: part.settlement)
                bills[part.key] = bill
            }
            for (key, bill) in sums.refused {
                refused[key, default: (0, LedgerBill())].requests += bill.requests
                refused[key]?.old.add(bill.old)
            }
            exchange.take(sums.exchange)
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
    private func share(of key: WhatIfTable.Key) -> Int128 {
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
