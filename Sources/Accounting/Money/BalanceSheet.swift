import Pricing

/// What the channels' balances come to at a moment: money entries against what the ledger's events
/// cost.
///
/// A balance begins with its first entry: what was spent before was paid from elsewhere, and is told
/// apart.
struct BalanceSheet {
    struct Key: Hashable {
        let channel: String
        let currency: Currency
    }

    /// Of one channel and currency.
    struct Balance {
        let key: Key
        let since: Timestamp
        /// Signed, by kind.
        let sums: [MoneyEntry.Kind: Money]
        let lots: CreditLots
        let spent: Money
        let spentBefore: Money
        /// Where not, `spent` is the least it was, and `balance` the most there is.
        let isComplete: Bool
        let balance: Money
        let pace: Pace

        func sum(_ kind: MoneyEntry.Kind) -> Money { sums[kind] ?? .zero(key.currency) }
    }

    /// How fast money goes.
    struct Pace {
        let start: Timestamp
        let end: Timestamp
        let spent: Money

        var milliseconds: Int64 { end.milliseconds - start.milliseconds }
    }

    struct Commitment {
        let entry: MoneyEntry
        let used: Money
        let isComplete: Bool
    }

    private(set) var balances: [Balance] = []
    private(set) var commitments: [Commitment] = []
    /// What was spent in the window on channels and in currencies that no balance is of.
    private(set) var others: [(key: Key, spent: Money)] = []
    /// Entries that are dated later.
    private(set) var later = 0
    private let spending: ChannelSpending
    private let now: Timestamp

    /// `window` begins how fast money goes is looked at; `days` are the starts of its days.
    init(
        _ context: LedgerContext, channel: String?, at now: Timestamp, window: LedgerRange,
        days: [Timestamp]
    ) throws {
        self.now = now
        let all = try context.ledger.moneyEntries(account: context.account).standing
            .filter { channel == nil || $0.channel == channel }
        let entries = all.filter { $0.time <= now }
        later = all.count - entries.count
        let (promised, moving) = (
            entries.filter { $0.kind == .commitment }, entries.filter { $0.kind != .commitment }
        )
        let groups = Dictionary(grouping: moving) {
            Key(channel: $0.channel, currency: $0.amount.currency)
        }
        let moments = groups.values.flatMap(Self.moments) + promised.flatMap(\.moments)
        let cuts = Set(moments + days + [window.start]).filter { Self.start < $0 && $0 < now }
        spending = try ChannelSpending(
            context, boundaries: [Self.start] + cuts.sorted() + [now], channel: channel)
        for (key, entries) in groups {
            balances.append(try balance(key, entries, window, days))
        }
        balances.sort {
            ($0.key.channel, $0.key.currency) < ($1.key.channel, $1.key.currency)
        }
        for entry in promised {
            let end = min(entry.expires ?? now, now)
            let costs = try spending.costs(entry.channel, from: entry.time, to: end)
            commitments.append(
                Commitment(
                    entry: entry, used: costs.paid(in: entry.amount.currency),
                    isComplete: costs.isComplete))
        }
        for name in spending.channels {
            let costs = try spending.costs(name, from: window.start, to: now)
            for (currency, spent) in costs.settled.sorted(by: { $0.key < $1.key }) {
                let key = Key(channel: name, currency: currency)
                if groups[key] == nil, spent.money.attos > 0 { others.append((key, spent.money)) }
            }
        }
    }

    /// Before every event and every entry.
    private static let start = Timestamp(milliseconds: -1 << 52)

    /// Where the usage of a channel has to be cut for its entries: where none expires, it does not
    /// matter when they came, only when the first did. A cut within an hour reads its events.
    private static func moments(_ entries: [MoneyEntry]) -> [Timestamp] {
        entries.contains { $0.expires != nil }
            ? entries.flatMap(\.moments) : [entries.map(\.time).min()].compactMap(\.self)
    }

    private func balance(
        _ key: Key, _ entries: [MoneyEntry], _ window: LedgerRange, _ days: [Timestamp]
    ) throws -> Balance {
        let since = entries.map(\.time).min() ?? now
        let costs = try spending.costs(key.channel, from: since, to: now)
        let spent = costs.paid(in: key.currency)
        var sums: [MoneyEntry.Kind: Money] = [:]
        var total = Money.zero(key.currency)
        for entry in entries {
            sums[entry.kind] = try (sums[entry.kind] ?? .zero(key.currency)).adding(entry.amount)
            total = try total.adding(entry.amount)
        }
        let lots = try lots(key, entries, since: since)
        let expired = Money(currency: key.currency, attos: lots.expired)
        let pace = try pace(key, window, days)
        let recent = try spending.costs(key.channel, from: pace.start, to: now)
        let before = try spending.costs(key.channel, from: Self.start, to: since)
        return Balance(
            key: key, since: since, sums: sums, lots: lots, spent: spent,
            spentBefore: before.paid(in: key.currency),
            isComplete: costs.isComplete && recent.isComplete,
            balance: try total.subtracting(spent).subtracting(expired), pace: pace)
    }

    /// The credit as it was spent: at each moment what expires is lost, then entries come, then the
    /// requests up to the next moment draw.
    private func lots(
        _ key: Key, _ entries: [MoneyEntry], since: Timestamp
    ) throws -> CreditLots {
        var lots = CreditLots()
        let arriving = Dictionary(grouping: entries) { spending.span(of: $0.time) }
        for (span, start) in spending.spanStarts.enumerated() where start >= since {
            lots.enter(arriving[span] ?? [], at: start)
            lots.spend(
                try spending.costs(key.channel, ofSpan: span).paid(in: key.currency).attos)
        }
        lots.enter(arriving[nil] ?? [], at: now)
        return lots
    }

    /// Over the window, or since the day of the channel's first request where that lies within it.
    private func pace(
        _ key: Key, _ window: LedgerRange, _ days: [Timestamp]
    ) throws -> Pace {
        var start = window.start
        if let first = spending.firstUse(of: key.channel), first >= start {
            start = days.last { $0 <= first } ?? start
        }
        let costs = try spending.costs(key.channel, from: start, to: now)
        return Pace(start: start, end: now, spent: costs.paid(in: key.currency))
    }
}

extension MoneyEntry {
    fileprivate var moments: [Timestamp] { [time, expires].compactMap(\.self) }
}

extension CreditLots {
    /// What some entries of one moment do to the credit.
    fileprivate mutating func enter(_ entries: [MoneyEntry], at time: Timestamp) {
        expire(by: time)
        for entry in entries where entry.effect > 0 {
            add(entry.effect, expires: entry.expires, isGrant: entry.kind == .grant)
        }
        for entry in entries where entry.effect < 0 { take(-entry.effect) }
    }
}

/// What the events of each channel cost between some moments.
struct ChannelSpending {
    private let boundaries: [Timestamp]
    /// By channel: of each span its bill, where there is one.
    private var bills: [String: [Int: LedgerBill]] = [:]
    private let settlements: LedgerSettlements

    /// `boundaries` ascend; what is asked for begins and ends at them.
    init(_ context: LedgerContext, boundaries: [Timestamp], channel: String?) throws {
        self.boundaries = boundaries
        let filter = EventFilter(channel.map { [.channel: [$0]] } ?? [:])
        let sums = try SettledSums(context, SumQuery(boundaries: boundaries, filter: filter))
        settlements = sums.settlements
        for part in sums.parts {
            guard let span = span(of: part.time) else { continue }
            bills[part.group.channel, default: [:]][span, default: LedgerBill()].add(
                part.group, settlement: part.settlement)
        }
    }

    var channels: [String] { bills.keys.sorted() }

    var spanStarts: ArraySlice<Timestamp> { boundaries.dropLast() }

    /// The start of the span that holds a channel's first request.
    func firstUse(of channel: String) -> Timestamp? {
        let spans = (bills[channel] ?? [:]).filter { $0.value.usage.requests > 0 }.keys
        return spans.min().map { boundaries[$0] }
    }

    func costs(_ channel: String, ofSpan span: Int) throws(PricingError) -> LedgerCosts {
        try (bills[channel]?[span] ?? LedgerBill()).costs(settlements)
    }

    func costs(
        _ channel: String, from start: Timestamp, to end: Timestamp
    ) throws(PricingError) -> LedgerCosts {
        var sum = LedgerBill()
        for (span, bill) in bills[channel] ?? [:]
        where start <= boundaries[span] && boundaries[span] < end {
            sum.add(bill)
        }
        return try sum.costs(settlements)
    }

    /// Which of the spans holds a moment; `nil` from the end on.
    func span(of time: Timestamp) -> Int? {
        guard let end = boundaries.last, time < end else { return nil }
        var (low, high) = (0, boundaries.count - 1)
        while high - low > 1 {
            let middle = (low + high) / 2
            if boundaries[middle] <= time { low = middle } else { high = middle }
        }
        return low
    }
}

extension LedgerCosts {
    /// Zero where nothing is paid in a currency.
    func paid(in currency: Currency) -> Money { settled[currency]?.money ?? .zero(currency) }
}
