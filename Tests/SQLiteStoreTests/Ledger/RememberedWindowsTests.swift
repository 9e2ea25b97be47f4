import Accounting
import LedgerContract
import Pricing
import SQLiteStore
import Testing

/// What a writer remembers of the windows of budgets is what the ledger adds up to, whoever wrote.
struct RememberedWindowsTests {
    private struct Key: Hashable {
        let bucket: Int
        let model: String
        let line: String?
        let known: Known
    }

    private static let account = LedgerContract.account
    private static let filters = [
        EventFilter(),
        EventFilter([.project: ["web"]]),
        EventFilter([.model: ["pl*"], .known: ["reported"]]),
        EventFilter([.user: ["u1"]]),
        EventFilter(tags: ["team": ["a", "b"]]),
    ]
    private static let windows = filters.enumerated().map { place, filter in
        BudgetWindow(
            name: "budget \(place)",
            boundaries: [0, 1_000, 2_500, 6_000].map(LedgerContract.noon.advanced(bySeconds:)),
            filter: filter)
    }

    private let scratch: Scratch
    private let seed = UInt64.random(in: .min ... .max)

    init() throws { scratch = try Scratch() }

    private func opened() throws -> SQLiteStore {
        let store = try SQLiteStore(path: scratch.database)
        try store.load(LedgerContract.rates)
        return store
    }

    private static func entry(
        _ id: UInt64, _ random: inout SeededGenerator
    ) throws -> LedgerEntry {
        func pick<T>(_ all: [T]) -> T { all[Int.random(in: all.indices, using: &random)] }
        return try LedgerContract.entry(
            id,
            at: LedgerContract.noon.advanced(bySeconds: .random(in: -500...6_500, using: &random)),
            model: pick(["plain", "least"]),
            input: .random(in: 0...200, using: &random),
            known: pick([.reported, .reported, .estimated]),
            project: pick(["web", "app", nil]),
            user: pick(["u1", "u2", nil]),
            tags: pick([["team": "a"], ["team": "c"], [:]]),
            isPriced: .random(using: &random))
    }

    private static func sums(_ groups: [UsageGroup]) -> [Key: UsageSum] {
        var sums: [Key: UsageSum] = [:]
        for group in groups {
            let key = Key(
                bucket: group.bucket, model: group.model, line: group.line?.id, known: group.known)
            sums[key, default: UsageSum()].add(group.sum)
        }
        return sums.filter { !$0.value.isZero }
    }

    private func expectTrue(_ store: SQLiteStore, _ when: String) throws {
        for window in Self.windows {
            let remembered = try store.state(of: window, account: Self.account)
            let added = try store.sums(
                SumQuery(boundaries: window.boundaries, filter: window.filter),
                account: Self.account)
            #expect(
                Self.sums(remembered.groups) == Self.sums(added),
                "\(window.name), \(when), seed \(seed)")
        }
    }

    @Test func whatIsRememberedIsWhatIsThere() throws {
        var random = SeededGenerator(seed: seed)
        let (store, other) = (try opened(), try opened())
        var last: UInt64 = 0
        func batch(_ count: Int) throws -> [LedgerEntry] {
            try (0..<count).map { _ in
                last += 1
                return try Self.entry(last, &random)
            }
        }
        for step in 1...120 {
            let entries = try batch(.random(in: 1...40, using: &random))
            _ = try store.append(entries, account: Self.account, durability: .normal)
            switch step % 6 {
            case 0:
                // Another process writes in between.
                _ = try other.append(try batch(7), account: Self.account, durability: .normal)
                try expectTrue(other, "step \(step), the other")
            case 1:
                let again = try Self.entry(entries[0].event.id.low, &random)
                try store.correct([again], reason: "test", account: Self.account)
            case 2:
                // Nothing of a transaction that fails is remembered.
                var strange = try batch(2)
                strange[1].line = RateLine(
                    id: "of other tables", channel: "shop", model: "plain", currency: .usd,
                    validFrom: Timestamp(milliseconds: 0), rates: Rates([]))
                #expect(throws: (any Error).self) {
                    _ = try store.append(strange, account: Self.account, durability: .normal)
                }
            default: break
            }
            try expectTrue(store, "step \(step)")
        }
        #expect(last > 2_000, "more rows than are written at once")
        let verification = try store.verify(account: Self.account, repairingRollups: false)
        #expect(verification.problems.isEmpty)
        try expectTrue(try opened(), "anew")
    }
}
