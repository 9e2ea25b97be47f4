import Accounting
import LedgerContract
import Pricing
import SQLiteStore
import Testing

/// What a ledger here says was spent, for budgets.
struct LedgerSpendingTests {
    private struct Greenwich: TimeZoneRules {
        func offsetSeconds(of zone: String, at time: Timestamp) throws(PricingError) -> Int { 0 }
    }

    private let store: SQLiteStore
    private let spending: LedgerSpending
    private let noon = LedgerContract.noon

    init() throws {
        store = try SQLiteStore()
        try store.load(LedgerContract.rates)
        let book = RateBook(try LedgerContract.rates, zones: Greenwich())
        spending = LedgerSpending(
            LedgerContext(PricingContext(book: book, now: noon, zone: "UTC"), ledger: store))
    }

    private func keep(_ entries: LedgerEntry...) throws {
        _ = try store.append(entries, account: LedgerContract.account, durability: .normal)
    }

    @Test func isNothingInAnEmptyLedger() throws {
        #expect(
            try spending.status()
                == SpendingStatus(events: 0, newest: nil, location: store.location))
        let spent = try spending.spent(
            from: noon, to: noon.advanced(bySeconds: 1), matching: EventFilter())
        #expect(spent.events == 0)
        #expect(spent.amounts == [])
        #expect(spent.problem == nil)
    }

    /// From the first moment on, and before the last; 100 × 2.00 and 10 × 8.00 a million each.
    @Test func addsUpAHalfOpenRangeUnderAFilter() throws {
        let hour = noon.advanced(bySeconds: 3600)
        let last = Timestamp(milliseconds: hour.milliseconds - 1)
        try keep(
            LedgerContract.entry(1, project: "web"), LedgerContract.entry(2, at: last),
            LedgerContract.entry(3, at: hour))
        let all = try spending.spent(from: noon, to: hour, matching: EventFilter())
        #expect(all.events == 2)
        #expect(all.amounts == [try Money("0.00056", .usd)])
        #expect(all.problem == nil)
        let web = try spending.spent(
            from: noon, to: hour, matching: EventFilter([.project: ["w*"]]))
        #expect(web.events == 1)
        #expect(web.amounts == [try Money("0.00028", .usd)])
        #expect(try spending.status().events == 3)
        #expect(try spending.status().newest == hour)
    }

    @Test func countsTheEventsWithoutACost() throws {
        var unknown = try LedgerContract.entry(3, known: .unknown)
        unknown.event.usage = Usage()
        try keep(
            LedgerContract.entry(1), LedgerContract.entry(2, isPriced: false), unknown)
        let spent = try spending.spent(
            from: noon, to: noon.advanced(bySeconds: 1), matching: EventFilter())
        #expect(spent.events == 3)
        #expect(spent.amounts == [try Money("0.00028", .usd)])
        #expect(spent.problem == "2 of its events have no cost")
    }
}
