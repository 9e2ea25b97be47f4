import Accounting
import Pricing
import Testing

/// What a source says of events whose cost is not known in full.
@Suite struct SpendingSourceTests {
    private func spent(isComplete: Bool, _ unpriced: Int64, _ unknown: Int64) -> SpentAmounts {
        SpentAmounts(
            events: 5_000, amounts: [Money(currency: .usd, attos: 1), .zero(.cny)],
            isComplete: isComplete, unpriced: unpriced, unknown: unknown)
    }

    @Test func hasNoProblemWhereAllIsKnown() {
        #expect(spent(isComplete: true, 0, 0).problem == nil)
    }

    @Test func countsWhatHasNoCost() {
        #expect(spent(isComplete: false, 1_200, 34).problem == "1,234 of its events have no cost")
        #expect(spent(isComplete: false, 0, 1).problem == "1 of its events have no cost")
    }

    /// A service may contradict itself, or count past `Int64`: never complete then.
    @Test func isNeverCompleteWhereOneSideSaysOtherwise() {
        #expect(spent(isComplete: true, 2, 0).problem == "2 of its events have no cost")
        let some = "some of its events have no cost, or not all of it"
        #expect(spent(isComplete: false, 0, 0).problem == some)
        #expect(spent(isComplete: false, .max, 1).problem == some)
        #expect(spent(isComplete: true, .max, 1).problem == some)
    }

    /// Which requests of a line that does not price everything used just that, sums do not say.
    @Test func doesNotCountWhatItCannotCount() throws {
        let partly = SpentAmounts(
            events: 1_000, amounts: [], isComplete: false, unpriced: 0, unknown: 0,
            partlyPriced: 1_000)
        #expect(partly.problem == "some of its events have no cost, or not all of it")
        let all = try partly.adding(spent(isComplete: true, 0, 0))
        #expect(all.problem == partly.problem)
    }

    @Test func addsPerCurrencyAndNeverPastTheEnd() throws {
        let one = SpentAmounts(
            events: .max, amounts: [try Money("1.5", .usd), try Money("7", .cny)],
            isComplete: true, unpriced: 0, unknown: 0)
        let other = SpentAmounts(
            events: 2, amounts: [try Money("0.5", .usd)], isComplete: false, unpriced: 1, unknown: 0
        )
        let sum = try one.adding(other)
        #expect(sum.events == .max)
        #expect(sum.amounts == [try Money("7", .cny), try Money("2", .usd)])
        #expect(sum.incompleteEvents == 1)
    }

    @Test func ordersAmountsByTheirCurrency() {
        #expect(spent(isComplete: true, 0, 0).amounts.map(\.currency) == [.cny, .usd])
    }
}
