import Accounting
import GRDB
import LedgerContract
import Pricing
import SQLiteStore
import Testing

/// `ledger verify` finds what does not add up in budgets and reservations.
struct BudgetVerificationTests {
    private let scratch: Scratch
    private let store: SQLiteStore
    private let window = BudgetWindow(
        name: "web", boundaries: [LedgerContract.noon, LedgerContract.noon.advanced(bySeconds: 60)])

    init() throws {
        scratch = try Scratch()
        store = try SQLiteStore(path: scratch.database)
        try store.load(LedgerContract.rates)
        _ = try store.append(
            [try LedgerContract.entry(1)], account: LedgerContract.account, durability: .normal)
        for id in 2...3 as ClosedRange<UInt64> {
            var event = try LedgerContract.entry(id, known: .unknown).event
            event.usage = Usage()
            let reservation = Reservation(
                event: event, owner: "relay", leaseUntil: LedgerContract.noon,
                holds: [Reservation.Hold(window, try Money("0.5", .usd))])
            #expect(try store.reserve(reservation, account: LedgerContract.account) { _ in true })
        }
        try LedgerContract.expectWhole(store)
    }

    private func problems() throws -> [String] {
        try store.verify(account: LedgerContract.account, repairingRollups: false).problems
    }

    private func change(_ sql: String) throws {
        try store.write { try $0.execute(sql: sql) }
    }

    @Test func findsASumThatDiffersAndRepairsIt() throws {
        try change("UPDATE budget_sum SET cells = x'010001020202'")
        #expect(try problems() == ["the sums of budget web differ from their events"])
        let repair = try store.verify(account: LedgerContract.account, repairingRollups: true)
        #expect(repair.repairedRollups == 1)
        try LedgerContract.expectWhole(store)
        let groups = try store.state(of: window, account: LedgerContract.account).groups
        #expect(groups.map(\.sum.counts) == [[.input: 100, .output: 10]])
    }

    @Test func findsWhatIsHeldByNobody() throws {
        try change("DELETE FROM reservation WHERE id = (SELECT min(id) FROM reservation)")
        #expect(
            try problems() == [
                "1 amounts are held for a request or a budget that is not there"
            ])
    }

    @Test func findsAnAmountThatIsNotTheSum() throws {
        try change("UPDATE budget_reserved SET amount = '0.75'")
        #expect(
            try problems() == ["what is held against budget web is not the sum of its reservations"]
        )
    }

    @Test func findsAReservationThatHoldsNothing() throws {
        try change("DELETE FROM reservation_hold")
        #expect(
            try problems() == [
                "2 reservations hold nothing",
                "what is held against budget web is not the sum of its reservations",
            ])
    }

    @Test func findsAReservationThatOutlivedItsEvent() throws {
        try change(
            "UPDATE reservation SET id = (SELECT id FROM event) WHERE id = (SELECT min(id) FROM reservation)"
        )
        #expect(try problems().contains("1 reservations outlived their event"))
    }

    @Test func findsAReservationThatWaitsForNothing() throws {
        try change("UPDATE reservation SET lease_ms = NULL")
        #expect(
            try problems() == [
                "2 reservations wait for the correction of an event that is not there"
            ])
    }
}
