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
        #expect(spent(isComplete: false, 0, 0).problem == "some of its events have no cost")
        #expect(spent(isComplete: false, .max, 1).problem == "some of its events have no cost")
        #expect(spent(isComplete: true, .max, 1).problem == "some of its events have no cost")
    }

    @Test func ordersAmountsByTheirCurrency() {
        #expect(spent(isComplete: true, 0, 0).amounts.map(\.currency) == [.cny, .usd])
    }
}
