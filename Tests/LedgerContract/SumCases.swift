import Accounting
import Pricing

extension LedgerContract {
    /// Sums are those of the events, wherever the boundaries run.
    static let sumCases = [
        Case(description: "sums are those of the events, by everything that can be asked") {
            ledger in
            var generator = SeededGenerator(seed: 20_261_123)
            let events = try made(400, &generator)
            for part in stride(from: 0, to: events.count, by: 37) {
                let entries = Array(events[part..<min(part + 37, events.count)])
                let outcomes = try ledger.append(
                    entries, account: account, durability: .normal)
                try expect(outcomes.allSatisfy { $0 == .new }, "\(outcomes)")
            }
            for query in queries(&generator) {
                try compare(try ledger.sums(query, account: account), query, events)
            }
            try expectWhole(ledger)
        },
        Case(description: "sums follow corrections") { ledger in
            var generator = SeededGenerator(seed: 7)
            var events = try made(120, &generator)
            _ = try ledger.append(events, account: account, durability: .normal)
            for place in events.indices where place % 5 == 0 {
                events[place].event.usage = try Usage([.input: 1, .output: Int64(place)])
                events[place].event.project = "moved"
                try ledger.correct([events[place]], reason: "counted again", account: account)
            }
            for query in queries(&generator) {
                try compare(try ledger.sums(query, account: account), query, events)
            }
            try expectWhole(ledger)
        },
        Case(description: "hands out the events of a range, in the order they came") { ledger in
            let times = [5, 1, 4, 2, 3].map { noon.plus($0 * 60_000) }
            let events = try times.enumerated().map { try entry(UInt64($0) + 1, at: $1) }
            _ = try ledger.append(events, account: account, durability: .normal)
            var seen: [LedgerEntry] = []
            try ledger.forEachEntry(
                from: noon.plus(120_000), to: noon.plus(300_000), matching: EventFilter(),
                account: account
            ) { seen.append($0) }
            try expectEqual(seen, [events[2], events[3], events[4]])
        },
    ]

    static let boundaryCases = [
        Case(description: "a range holds its start and not its end") { ledger in
            let edge = Timestamp(milliseconds: 1_760_054_400_000)  // 2025-10-10T00:00:00Z
            for (id, shift) in [(1, -1), (2, 0), (3, 1)] as [(UInt64, Int64)] {
                _ = try append(try entry(id, at: edge.plus(shift)), to: ledger)
            }
            try expectEqual(try sum(ledger, from: edge.plus(-1), to: edge).requests, 1)
            try expectEqual(try sum(ledger, from: edge, to: edge.plus(1)).requests, 1)
            try expectEqual(try sum(ledger, from: edge.plus(-1), to: edge.plus(1)).requests, 2)
            try expectEqual(try sum(ledger, from: edge.plus(1)).requests, 1)
            let status = try ledger.status(account: account)
            try expectEqual(status.oldest, edge.plus(-1))
            try expectEqual(status.newest, edge.plus(1))
        },
        Case(description: "one id is one event on both sides of an hour") { ledger in
            let edge = Timestamp(milliseconds: 1_760_054_400_000)
            let first = try entry(1, at: edge.plus(-1_000), output: 1)
            let later = try entry(1, at: edge.plus(1_000), output: 50)
            try expectEqual(try append(first, to: ledger), [.new])
            try expectEqual(try append(later, to: ledger), [.superseded])
            try expectEqual(try append(first, to: ledger), [.outranked])
            try expectEqual(try total(ledger).requests, 1)
            try expectWhole(ledger)
        },
        Case(description: "counts of 10¹² and events before 1970 are kept") { ledger in
            let most = Usage.maximumCount
            let old = Timestamp(milliseconds: -86_400_001)
            let events = try (1...30).map { number in
                try entry(number, at: old, input: most, output: most)
            }
            _ = try ledger.append(events, account: account, durability: .normal)
            let sum = try sum(ledger, from: old, to: old.plus(1))
            try expectEqual(sum.requests, 30)
            try expectEqual(
                sum.counts, [.input: 30_000_000_000_000, .output: 30_000_000_000_000])
            try expectWhole(ledger)
        },
        Case(description: "an empty ledger answers with nothing") { ledger in
            try expectEqual(try total(ledger), UsageSum())
            let status = try ledger.status(account: account)
            try expectEqual(status.rows, 0)
            try expectEqual(status.newest, nil)
            try expectWhole(ledger)
        },
    ]

    // MARK: Making and counting

    /// Over five days, some of them at the very edges of cells.
    private static func made(
        _ count: Int, _ generator: inout SeededGenerator
    ) throws -> [LedgerEntry] {
        try (1...count).map { number in
            let quarters = Int64.random(in: 0..<480, using: &generator)
            let shift: Int64 = [0, 1, 899_999, 450_000].randomElement(using: &generator) ?? 0
            return try entry(
                UInt64(number), at: noon.plus(quarters * 900_000 + shift),
                model: ["plain", "least"].randomElement(using: &generator) ?? "",
                input: .random(in: 0...300, using: &generator),
                output: .random(in: 0...50, using: &generator),
                known: Known.allCases.randomElement(using: &generator) ?? .reported,
                project: [nil, "web", "batch"].randomElement(using: &generator) ?? nil,
                user: [nil, "ann", "bob"].randomElement(using: &generator) ?? nil,
                tags: [[:], ["env": "prod"], ["env": "test", "team": "a"]]
                    .randomElement(using: &generator) ?? [:],
                isPriced: .random(using: &generator))
        }
    }

    private static func queries(_ generator: inout SeededGenerator) -> [SumQuery] {
        let day: Int64 = 86_400_000
        let start = noon.plus(-noon.milliseconds % day)
        var queries = [
            SumQuery(boundaries: [start, start.plus(7 * day)]),
            SumQuery(boundaries: (0...7).map { start.plus($0 * day) }),
            SumQuery(boundaries: (0...7).map { start.plus($0 * day) }, byProject: true),
            // Shanghai, Kolkata and Kathmandu: 8 h, 5½ h and 5¾ h east of UTC.
            SumQuery(boundaries: (0...7).map { start.plus($0 * day - 8 * 3_600_000) }),
            SumQuery(boundaries: (0...7).map { start.plus($0 * day - 5 * 3_600_000 - 1_800_000) }),
            SumQuery(
                boundaries: (0...7).map { start.plus($0 * day - 5 * 3_600_000 - 2_700_000) },
                byProject: true),
            SumQuery(boundaries: [start, start.plus(7 * day)], byUser: true),
            SumQuery(
                boundaries: [start, start.plus(7 * day)],
                filter: EventFilter([.model: ["pl*"], .known: ["reported", "partial"]])),
            SumQuery(
                boundaries: [start, start.plus(7 * day)],
                filter: EventFilter([.project: ["web"], .serviceTier: ["standard"]])),
            SumQuery(
                boundaries: [start, start.plus(7 * day)], byProject: true, byUser: true,
                filter: EventFilter([.user: ["a*"], .source: ["test"]])),
            SumQuery(
                boundaries: [start, start.plus(7 * day)],
                filter: EventFilter(tags: ["env": ["prod", "test"], "team": ["a"]])),
            SumQuery(
                boundaries: [start, start.plus(7 * day)],
                filter: EventFilter([.project: [""]], tags: ["env": [""]])),
        ]
        for _ in 0..<30 {
            let times = (0..<5).map { _ in
                start.plus(.random(in: 0..<(7 * day), using: &generator))
            }
            let boundaries = Set(times).sorted()
            queries.append(SumQuery(boundaries: boundaries, byProject: .random(using: &generator)))
        }
        return queries
    }

    private struct Key: Hashable {
        let bucket: Int
        let model: String
        let line: String?
        let known: Known
        let project: String?
        let user: String?
    }

    /// Holds the groups against the events, added up one by one.
    private static func compare(
        _ groups: [UsageGroup], _ query: SumQuery, _ events: [LedgerEntry]
    ) throws {
        var expected: [Key: UsageSum] = [:]
        for entry in events {
            let event = entry.event
            guard let next = query.boundaries.firstIndex(where: { event.start < $0 }), next > 0,
                query.filter.matches(.model, entry.model),
                query.filter.matches(.known, event.known.rawValue),
                query.filter.matches(.project, event.project),
                query.filter.matches(.user, event.user), query.filter.matches(tags: event.tags)
            else { continue }
            let key = Key(
                bucket: next - 1, model: entry.model, line: entry.line?.id, known: event.known,
                project: query.byProject ? event.project : nil,
                user: query.byUser ? event.user : nil)
            expected[key, default: UsageSum()].add(event.usage, line: entry.line)
        }
        var given: [Key: UsageSum] = [:]
        for group in groups {
            let key = Key(
                bucket: group.bucket, model: group.model, line: group.line?.id,
                known: group.known, project: group.project, user: group.user)
            given[key, default: UsageSum()].add(group.sum)
        }
        try expect(given == expected, "\(query): \(given) is not \(expected)")
    }
}

/// SplitMix64 (<https://prng.di.unimi.it/splitmix64.c>, checked 2026-11-23).
package struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    package init(seed: UInt64) { state = seed }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}
