import Accounting
import Pricing
import Testing

/// Amounts are small whole numbers: lots know no currency.
struct CreditLotsTests {
    private let day: Int64 = 86_400_000

    private func days(_ count: Int64) -> Timestamp { Timestamp(milliseconds: count * day) }

    private func lots(_ body: (inout CreditLots) -> Void) -> CreditLots {
        var lots = CreditLots()
        body(&lots)
        return lots
    }

    @Test func drawsWhatExpiresFirst() {
        let lots = lots {
            $0.add(100, expires: nil, isGrant: false)
            $0.add(20, expires: days(9), isGrant: true)
            $0.add(30, expires: days(5), isGrant: true)
            $0.spend(35)
        }
        // All 30 that end on day 5, then 5 of the 20.
        #expect(lots.lots.map(\.left) == [15, 100])
        #expect(lots.grantsLeft == 15)
        #expect(lots.balance == 115)
    }

    @Test func drawsInTheirOrderWhatExpiresTogether() {
        let lots = lots {
            $0.add(10, expires: days(5), isGrant: false)
            $0.add(10, expires: days(5), isGrant: true)
            $0.spend(12)
        }
        #expect(lots.lots.map(\.left) == [8])
        #expect(lots.grantsLeft == 8)
    }

    @Test func losesWhatIsLeftAtItsEndAndNotBefore() {
        var lots = lots {
            $0.add(20, expires: days(5), isGrant: true)
            $0.add(7, expires: days(5), isGrant: false)
            $0.spend(8)
        }
        lots.expire(by: Timestamp(milliseconds: days(5).milliseconds - 1))
        #expect(lots.expired == 0)
        lots.expire(by: days(5))
        #expect(lots.expired == 19)
        #expect(lots.expiredGrants == 12)
        #expect(lots.balance == 0)
        lots.expire(by: days(6))
        #expect(lots.expired == 19)
    }

    /// Tax and paying out are no use of free credit while there is other.
    @Test func takesAwayFromWhatNeverExpiresFirst() {
        let lots = lots {
            $0.add(20, expires: days(5), isGrant: true)
            $0.add(10, expires: nil, isGrant: false)
            $0.take(12)
        }
        #expect(lots.lots.map(\.left) == [18])
        #expect(lots.grantsLeft == 18)
    }

    @Test func paysWhatIsOwedWithTheNextCredit() {
        var lots = lots {
            $0.add(5, expires: nil, isGrant: false)
            $0.spend(12)
        }
        #expect(lots.balance == -7)
        #expect(lots.lots == [])
        lots.add(4, expires: days(3), isGrant: true)
        #expect(lots.balance == -3)
        #expect(lots.grantsLeft == 0)
        lots.add(10, expires: days(3), isGrant: true)
        #expect(lots.owed == 0)
        #expect(lots.grantsLeft == 7)
    }

    struct Runway: Sendable, CustomTestStringConvertible {
        let credit: [(amount: Int128, endsOnDay: Int64?)]
        let spent: Int128
        var everyDays: Int64 = 1
        /// Half days.
        let halfDays: Int64?
        let testDescription: String
    }

    @Test(arguments: [
        Runway(credit: [(10, nil)], spent: 4, halfDays: 5, testDescription: "10 at 4 a day"),
        Runway(
            credit: [(10, nil)], spent: 28, everyDays: 7, halfDays: 5,
            testDescription: "10 at 28 a week"),
        Runway(
            credit: [(100, 3), (4, nil)], spent: 4, halfDays: 8,
            testDescription: "of 100 that end on day 3, 12 are used; then one day more"),
        Runway(
            credit: [(4, 3), (4, nil)], spent: 4, halfDays: 4,
            testDescription: "what is used before its end loses nothing"),
        Runway(
            credit: [(100, 2), (100, 2), (2, nil)], spent: 4, halfDays: 5,
            testDescription: "two that end together give their days once"),
        Runway(
            credit: [(100, 2), (100, 3)], spent: 4, halfDays: 6,
            testDescription: "the end of the last"),
        Runway(credit: [(1_000_000, nil)], spent: 1, halfDays: nil, testDescription: "a century"),
        Runway(
            credit: [(1_000_000, 10), (4, nil)], spent: 1, halfDays: 28,
            testDescription: "an end bounds what would last a century"),
        Runway(
            credit: [(Int128.max / 2, nil)], spent: 1, halfDays: nil,
            testDescription: "nothing overflows"),
    ])
    func lastsAsLongAsItsExpiriesAllow(given: Runway) throws {
        let now = days(0)
        let lots = lots { lots in
            for (amount, end) in given.credit {
                lots.add(amount, expires: end.map(days), isGrant: false)
            }
        }
        let runway = try lots.runwayMilliseconds(
            from: now, spending: given.spent, every: given.everyDays * day)
        #expect(runway == given.halfDays.map { $0 * day / 2 })
    }
}
