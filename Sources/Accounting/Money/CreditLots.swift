import Pricing

/// Credit of one channel and currency as it is spent: what expires first is drawn first, and what
/// never expires last. Amounts are counts of 10⁻¹⁸.
package struct CreditLots: Sendable {
    package struct Lot: Hashable, Sendable {
        package let expires: Timestamp?
        package let isGrant: Bool
        package var left: Int128
    }

    /// The first to expire first; of those that expire together, the first that came.
    package private(set) var lots: [Lot] = []
    /// Spent beyond all credit; the next credit pays it first.
    package private(set) var owed: Int128 = 0
    package private(set) var expired: Int128 = 0
    package private(set) var expiredGrants: Int128 = 0

    package init() {}

    package var balance: Int128 { lots.reduce(-owed) { $0 + $1.left } }

    package var grantsLeft: Int128 { lots.reduce(0) { $0 + ($1.isGrant ? $1.left : 0) } }

    package mutating func add(_ amount: Int128, expires: Timestamp?, isGrant: Bool) {
        let paid = min(owed, amount)
        owed -= paid
        guard amount > paid else { return }
        let lot = Lot(expires: expires, isGrant: isGrant, left: amount - paid)
        let place = lots.firstIndex { Self.isSooner(expires, than: $0.expires) } ?? lots.count
        lots.insert(lot, at: place)
    }

    /// Draws what requests cost.
    package mutating func spend(_ amount: Int128) {
        var rest = amount
        for place in lots.indices { draw(&rest, from: place) }
        finish(rest)
    }

    /// Draws what an entry takes away: credit that never expires first, so that tax and paying out
    /// take no free credit while there is other.
    package mutating func take(_ amount: Int128) {
        var rest = amount
        for place in lots.indices.reversed() { draw(&rest, from: place) }
        finish(rest)
    }

    private mutating func draw(_ rest: inout Int128, from place: Int) {
        let part = min(rest, lots[place].left)
        lots[place].left -= part
        rest -= part
    }

    private mutating func finish(_ rest: Int128) {
        owed += rest
        lots.removeAll { $0.left == 0 }
    }

    /// Loses what expires by a moment.
    package mutating func expire(by time: Timestamp) {
        for lot in lots {
            guard let end = lot.expires, end <= time else { continue }
            expired += lot.left
            if lot.isGrant { expiredGrants += lot.left }
        }
        lots.removeAll { $0.expires.map { $0 <= time } ?? false }
    }

    private static func isSooner(_ one: Timestamp?, than other: Timestamp?) -> Bool {
        guard let one else { return false }
        guard let other else { return true }
        return one < other
    }

    // MARK: Runway

    /// For how many milliseconds the credit lasts where `spent` goes in every `window`
    /// milliseconds: what expires before it is drawn is lost. `nil` beyond a hundred years.
    package func runwayMilliseconds(
        from now: Timestamp, spending spent: Int128, every window: Int64
    ) throws(PricingError) -> Int64? {
        precondition(spent > 0 && window > 0, "a rate is above zero")
        var time = now.milliseconds
        for lot in lots {
            let most = (lot.expires?.milliseconds ?? .max) - time
            // It was lost before it came to its turn.
            if most <= 0 { continue }
            let reach = try Self.milliseconds(lot.left, spending: spent, every: window)
            guard let step = reach.map({ min($0, most) }) ?? (lot.expires == nil ? nil : most)
            else { return nil }
            time += step
        }
        let runway = time - now.milliseconds
        return runway <= Self.maximumRunway ? runway : nil
    }

    /// A hundred years.
    package static let maximumRunway: Int64 = 36_525 * 86_400_000

    /// How long an amount lasts; `nil` beyond a hundred years.
    private static func milliseconds(
        _ amount: Int128, spending spent: Int128, every window: Int64
    ) throws(PricingError) -> Int64? {
        // What a hundred years would take is compared first, so that nothing overflows below.
        let century = try ExactDivision.halfEven(
            spent, times: Int128(maximumRunway), over: Int128(window))
        guard amount < century else { return nil }
        let nearest = try ExactDivision.halfEven(amount, times: Int128(window), over: spent)
        return Int64(clamping: nearest)
    }
}
