import Pricing

/// An invoice held against the ledger, day by day, and model by model where it names models.
///
/// A day that only one side knows is a row all the same.
struct Reconciliation {
    /// Of one day, model and currency.
    struct Row: Sendable {
        let day: String
        let model: String?
        /// Requests in the ledger; where there are none, it knows nothing of the row.
        let requests: Int64
        let ledger: ShownMoney
        /// Where not, `ledger` is the least that it was, and `difference` the most.
        let isComplete: Bool
        /// What tax, refunds and adjustments add to the charge.
        let entries: ShownMoney
        /// `nil` where the invoice has no such line.
        let invoice: ShownMoney?
        /// The invoice less ledger and entries.
        let difference: ShownMoney
        /// Whether the invoice and the ledger speak of the same: in a sum, of the same rows.
        let isTwoSided: Bool

        var isInLedger: Bool { requests != 0 }
    }

    private struct Place: Hashable {
        let day: String
        let model: String?
    }

    private struct Cell {
        var bill = LedgerBill()
        var entries: [Currency: Money] = [:]
        var invoice: [Currency: Money] = [:]

        var currencies: Set<Currency> { Set(entries.keys).union(invoice.keys) }
    }

    let channel: Channel
    let range: LedgerRange
    let invoice: Invoice
    private(set) var rows: [Row] = []
    private(set) var totals: [Row] = []
    /// Lines of the invoice whose days lie outside the range: in no row.
    private(set) var outside: [Invoice.Line] = []
    /// The currency that amounts without one are taken to be in.
    private(set) var assumed: Currency?
    /// How amounts of the invoice that are billed in another currency were settled.
    private(set) var settled: [Settlement] = []
    private var cells: [Place: Cell] = [:]
    private let settlements: LedgerSettlements

    init(
        _ invoice: Invoice, of channel: Channel, in range: LedgerRange, zone: String,
        _ context: LedgerContext, field: String, _ exchange: inout Exchange
    ) throws {
        self.invoice = invoice
        self.channel = channel
        self.range = range
        let zones = context.pricing.book.zones
        let buckets = try TimeBuckets(
            from: range.start, to: range.end, by: .day, in: zone, zones: zones)
        let sums = try SettledSums(
            context,
            SumQuery(
                boundaries: buckets.boundaries,
                filter: EventFilter([.channel: [channel.id]])))
        settlements = sums.settlements
        for part in sums.parts {
            let place = Place(
                day: try buckets.label(part.time, by: .day),
                model: invoice.isByModel ? part.group.model : nil)
            cells[place, default: Cell()].bill.add(part.group, settlement: part.settlement)
        }
        let paid = try ledgerCurrencies()
        try addEntries(context, buckets)
        try addLines(context, zone: zone, paid: paid, field: field)
        if exchange.wanted == nil {
            try refuseOtherCurrencies(
                than: paid.isEmpty
                    ? Set(try context.paidCurrencies(of: channel, at: range.end)) : paid,
                field: field)
        }
        try makeRows(&exchange)
    }

    private func ledgerCurrencies() throws -> Set<Currency> {
        var bill = LedgerBill()
        for cell in cells.values { bill.add(cell.bill) }
        return Set(try bill.costs(settlements).settled.keys)
    }

    private mutating func addEntries(
        _ context: LedgerContext, _ buckets: TimeBuckets
    ) throws {
        let entries = try context.ledger.moneyEntries(account: context.account).standing
        for entry in entries
        where entry.channel == channel.id && entry.charge != 0 && range.start <= entry.time
            && entry.time < range.end
        {
            let place = Place(day: try buckets.label(entry.time, by: .day), model: nil)
            try cells[place, default: Cell()].entries.add(
                Money(currency: entry.amount.currency, attos: entry.charge))
        }
    }

    private mutating func addLines(
        _ context: LedgerContext, zone: String, paid: Set<Currency>, field: String
    ) throws {
        let book = context.pricing.book
        for line in invoice.lines {
            let time = try book.zones.startOfDay(line.day, in: zone)
            guard range.start <= time, time < range.end else {
                outside.append(line)
                continue
            }
            var money = Money(
                currency: try line.currency ?? assume(paid, field: field),
                attos: line.attos)
            if let settlement = try channel.settlement(of: money.currency, at: time) {
                money = try settlement.settle(Billed(money)).money
                if !settled.contains(settlement) { settled.append(settlement) }
            }
            let place = Place(
                day: line.day.text,
                model: line.model.map { name in
                    (try? book.match(name, on: channel.id, at: time)).map {
                        book.catalog.models[$0.model].id
                    } ?? name
                })
            try cells[place, default: Cell()].invoice.add(money)
        }
    }

    /// What an amount without a currency is in: what the ledger's costs are paid in, or the channel's
    /// bills where it has none.
    private mutating func assume(_ paid: Set<Currency>, field: String) throws -> Currency {
        guard paid.count <= 1 else {
            let codes = paid.sorted().map(\.code).joined(separator: " and ")
            throw QuestionError.invalid(
                field: field,
                problem:
                    "\(invoice.name) names no currency, and channel \(quoted(channel.id)) is paid in \(codes); add a column currency"
            )
        }
        let currency = try paid.first ?? ownCurrency
        assumed = currency
        return currency
    }

    /// What the channel's own list is paid in.
    private var ownCurrency: Currency {
        get throws(PricingError) {
            let settlement = try channel.settlement(of: channel.currency, at: range.end)
            return settlement?.pays.currency ?? channel.currency
        }
    }

    private func refuseOtherCurrencies(than paid: Set<Currency>, field: String) throws {
        let invoiced = Set(cells.values.flatMap(\.invoice.keys))
        guard let other = invoiced.subtracting(paid).sorted().first,
            let one = paid.sorted().first
        else { return }
        throw QuestionError.invalid(
            field: field,
            problem:
                "\(invoice.name) is in \(other.code), and channel \(quoted(channel.id)) is paid in \(one.code); hold them against each other with --currency \(one.code) --fx \(other.code)/\(one.code)=RATE"
        )
    }

    // MARK: Rows

    private mutating func makeRows(_ exchange: inout Exchange) throws {
        for (place, cell) in cells {
            var parts = cell.bill.byCurrency(settlements)
            var currencies = cell.currencies.union(parts.keys.compactMap(\.self))
            if currencies.isEmpty { currencies = [try ownCurrency] }
            let shown =
                exchange.wanted.map { [($0, currencies.sorted())] }
                ?? currencies.sorted().map { ($0, [$0]) }
            for (currency, sources) in shown {
                // What has no price has no currency: it makes the first row the least there was.
                let bills = ([nil] + sources.map(Currency?.init)).compactMap {
                    parts.removeValue(forKey: $0)
                }
                let bill = bills.reduce(into: LedgerBill()) { $0.add($1) }
                let costs = try bill.costs(settlements)
                rows.append(
                    try row(
                        place.day, place.model, requests: bill.usage.requests,
                        isComplete: costs.isComplete,
                        ledger: exchange.sum(sources.map(costs.paid), in: currency),
                        entries: exchange.sum(
                            sources.compactMap { cell.entries[$0] }, in: currency),
                        invoice: sources.contains { cell.invoice[$0] != nil }
                            ? exchange.sum(sources.compactMap { cell.invoice[$0] }, in: currency)
                            : nil))
            }
        }
        rows.sort { one, other in
            (one.day, one.model ?? "\u{10FFFF}", one.ledger.money.currency)
                < (other.day, other.model ?? "\u{10FFFF}", other.ledger.money.currency)
        }
        for currency in Set(rows.map(\.ledger.money.currency)).sorted() {
            let all = rows.filter { $0.ledger.money.currency == currency }
            let invoiced = all.compactMap(\.invoice)
            totals.append(
                try row(
                    "", nil, requests: all.reduce(0) { $0 + $1.requests },
                    isComplete: all.allSatisfy(\.isComplete),
                    ledger: all.map(\.ledger).sum(in: currency),
                    entries: all.map(\.entries).sum(in: currency),
                    invoice: invoiced.isEmpty ? nil : invoiced.sum(in: currency),
                    isTwoSided: all.allSatisfy { $0.isInLedger == ($0.invoice != nil) }))
        }
    }

    private func row(
        _ day: String, _ model: String?, requests: Int64, isComplete: Bool, ledger: ShownMoney,
        entries: ShownMoney, invoice: ShownMoney?, isTwoSided: Bool = true
    ) throws -> Row {
        let charged = invoice ?? ShownMoney(money: .zero(ledger.money.currency), isConverted: false)
        let difference = ShownMoney(
            money: try charged.money.subtracting(ledger.money).subtracting(entries.money),
            isConverted: [charged, ledger, entries].contains(where: \.isConverted))
        return Row(
            day: day, model: model, requests: requests, ledger: ledger, isComplete: isComplete,
            entries: entries, invoice: invoice, difference: difference, isTwoSided: isTwoSided)
    }
}

extension [Currency: Money] {
    fileprivate mutating func add(_ money: Money) throws(PricingError) {
        self[money.currency] = try (self[money.currency] ?? .zero(money.currency)).adding(money)
    }
}

extension Exchange {
    /// Amounts of several currencies as one, converted where they have to be.
    fileprivate mutating func sum(
        _ amounts: [Money], in currency: Currency
    ) throws(PricingError) -> ShownMoney {
        var parts: [ShownMoney] = []
        for money in amounts where money.attos != 0 {
            parts.append(try converted(money, to: currency))
        }
        return try parts.sum(in: currency)
    }
}

extension [ShownMoney] {
    fileprivate func sum(in currency: Currency) throws(PricingError) -> ShownMoney {
        var sum = Money.zero(currency)
        for part in self { sum = try sum.adding(part.money) }
        return ShownMoney(money: sum, isConverted: contains(where: \.isConverted))
    }
}

extension ExactDivision {
    /// `part` ÷ `whole` as text with four decimals, half to even; `nil` where `whole` is not above
    /// zero.
    static func ratioText(_ part: Int128, over whole: Int128) throws(PricingError) -> String? {
        guard whole > 0 else { return nil }
        let tenThousandths = try halfEven(part, times: 10_000, over: whole)
        let (units, rest) = tenThousandths.magnitude.quotientAndRemainder(dividingBy: 10_000)
        let decimals = String(String(rest + 10_000).dropFirst())
        return "\(tenThousandths < 0 ? "-" : "")\(units).\(decimals)"
    }
}
