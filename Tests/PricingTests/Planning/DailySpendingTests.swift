import Pricing
import Testing

@Suite struct DailySpendingTests {
    /// 2026-10-25, a Sunday, and the days after it.
    private func spending(_ dollars: [Int]) throws -> DailySpending {
        let first = try #require(CivilDate(year: 2026, month: 10, day: 25))
        return DailySpending(
            currency: .usd, from: first, amounts: try dollars.map { try Money("\($0)", .usd) })
    }

    private func day(_ text: String) throws -> CivilDate {
        try #require(CivilDate.parse(text.utf8))
    }

    private func dollars(_ text: String) throws -> Money { try Money(text, .usd) }

    @Test func takesTheMeanOfEachWeekday() throws {
        // Sunday to Saturday; Mondays are 8, 12, 8 and 12.
        let weeks = [8, 12, 8, 12].flatMap { [4, $0, 10, 10, 10, 10, 2] }
        let pattern = try #require(try spending(weeks).pattern())
        #expect(pattern.isByWeekday)
        #expect(pattern.dayCount == 28)
        #expect(try pattern.usual(day("2026-11-22")) == dollars("4"))
        #expect(try pattern.usual(day("2026-11-23")) == dollars("10"))
        #expect(try pattern.usual(day("2026-11-28")) == dollars("2"))
        // Half of a Sunday.
        #expect(try pattern.usual(day("2026-11-22"), part: 12, of: 24) == dollars("2"))
    }

    @Test func takesOneMeanWhereWeekdaysWereSeenOnce() throws {
        let thirteen = Array(repeating: 1, count: 12) + [14]
        let few = try #require(try spending(thirteen).pattern())
        #expect(!few.isByWeekday)
        // 12 · 1 + 14 = 26, over 13 days
        #expect(try few.usual(day("2026-11-22")) == dollars("2"))
        let enough = try #require(try spending(thirteen + [1]).pattern())
        #expect(enough.isByWeekday)
        // The 14 was spent on Friday 6 November; the Friday before was 1.
        #expect(try enough.usual(day("2026-11-13")) == dollars("7.5"))
        #expect(try enough.usual(day("2026-11-14")) == dollars("1"))
    }

    @Test func looksFourWeeksBack() throws {
        let old = Array(repeating: 100, count: 30)
        let pattern = try #require(
            try spending(old + Array(repeating: 1, count: 28)).pattern())
        #expect(pattern.dayCount == 28)
        #expect(try pattern.usual(day("2026-12-25")) == dollars("1"))
    }

    @Test func nothingBehindExpectsNothing() throws {
        #expect(try spending([]).pattern() == nil)
        #expect(try spending([5]).pattern(before: 0) == nil)
        let zero = try #require(try spending([0, 0]).pattern())
        #expect(try zero.usual(day("2026-10-27")) == dollars("0"))
    }

    @Test func replaysThePastByWhatWasKnownThen() throws {
        // Two weeks of 10 a day, then days that differ.
        let days = Array(repeating: 10, count: 14) + [11, 9, 12, 10, 10, 10, 13, 10, 10, 10]
        let test = try #require(try BackTest(try spending(days), daysAhead: 1))
        #expect(test.count == 10)
        // Against 10: 100, 100, 200, 0, 0, 0, 300. Then 10 against (10 + 10 + 11) ÷ 3, 1 in 31; against
        // 29 ÷ 3, 1 in 29; against 32 ÷ 3, 2 in 32: 32.3, 34.5 and 62.5, half to even.
        // In order: 0, 0, 0, 32, 34, 62, 100, 100, 200, 300.
        #expect(test.medianPerMille == 34)
        #expect(test.ninetiethPerMille == 200)
        let range = try #require(try test.range(around: dollars("10")))
        #expect(range.low == (try dollars("8")))
        #expect(range.high == (try dollars("12")))
    }

    @Test func looksAsFarAheadAsThePeriodHasDays() throws {
        let days = Array(repeating: 10, count: 14) + Array(repeating: 15, count: 7)
        // Only the seven days after the first fourteen: 105 against 70.
        let test = try #require(try BackTest(try spending(days), daysAhead: 7))
        #expect(test.count == 1)
        #expect(test.medianPerMille == 500)
        #expect(try test.range(around: dollars("70")) == nil, "one replay bounds nothing")
        #expect(try BackTest(try spending(days), daysAhead: 8) == nil)
        #expect(try BackTest(try spending(days), daysAhead: 0) == nil)
    }

    @Test func whatCameOutOfNothingHasNoBound() throws {
        let days = Array(repeating: 0, count: 14) + Array(repeating: 5, count: 12)
        let test = try #require(try BackTest(try spending(days), daysAhead: 1))
        #expect(test.count == 12)
        #expect(test.ninetiethPerMille == nil)
        #expect(try test.range(around: dollars("70")) == nil)
    }

    @Test func neverExpectsLessThanNothing() throws {
        let days =
            Array(repeating: 1, count: 14) + Array(repeating: 5, count: 7)
            + Array(repeating: 1, count: 7)
        let test = try #require(try BackTest(try spending(days), daysAhead: 1))
        // 5 against 1 is off by 4,000 ‰.
        #expect(test.ninetiethPerMille == 4000)
        let range = try #require(try test.range(around: dollars("2")))
        #expect(range.low == (try dollars("0")))
        #expect(range.high == (try dollars("10")))
    }
}
