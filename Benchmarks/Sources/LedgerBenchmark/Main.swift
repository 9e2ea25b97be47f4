import Accounting
import Foundation
import Pricing
import SQLiteStore

/// `LedgerBenchmark fill FILE EVENTS [GROUP]` appends made-up events to a new ledger and prints how
/// fast; `shuffled` does so in no order of time; `single FILE EVENTS` appends them one by one, each
/// durable; `threads FILE EVENTS THREADS` does that from several threads; `sums FILE` asks for a month.
@main
enum LedgerBenchmark {
    static func main() throws {
        let arguments = CommandLine.arguments
        guard arguments.count >= 3 else {
            print("LedgerBenchmark fill|shuffled|single|threads|sums FILE [EVENTS [GROUP]]")
            exit(64)
        }
        let store = try SQLiteStore(path: arguments[2])
        let count = arguments.count > 3 ? Int(arguments[3]) ?? 0 : 0
        let width = arguments.count > 4 ? Int(arguments[4]) ?? 0 : 0
        switch arguments[1] {
        case "fill": try fill(store, count, group: width > 0 ? width : 1000)
        case "shuffled":
            try fill(store, count, group: width > 0 ? width : 1000, isShuffled: true)
        case "single": try fill(store, count, group: 1, durability: .full)
        case "threads": try append(store, count, threads: max(width, 1))
        default: try sums(store)
        }
    }

    private static func fill(
        _ store: SQLiteStore, _ count: Int, group: Int, durability: Durability = .normal,
        isShuffled: Bool = false
    ) throws {
        let catalog = try MadeUpEvents.catalog()
        try store.load(catalog)
        var events = MadeUpEvents(count, lines: catalog.lines.map(\.line), isShuffled: isShuffled)
        var appending = Duration.zero
        var times: [Duration] = []
        let clock = ContinuousClock()
        var part: [LedgerEntry] = []
        part.reserveCapacity(group)
        func flush() throws {
            let took = try clock.measure {
                _ = try store.append(part, account: "default", durability: durability)
            }
            appending += took
            times.append(took)
            part.removeAll(keepingCapacity: true)
        }
        while let event = events.next() {
            part.append(event)
            if part.count == group { try flush() }
        }
        if !part.isEmpty { try flush() }
        let seconds =
            Double(appending.components.seconds)
            + Double(appending.components.attoseconds) / 1e18
        times.sort()
        func atShare(_ permille: Int) -> Duration {
            times.isEmpty ? .zero : times[(times.count - 1) * permille / 1000]
        }
        print(
            """
            \(count) \(Int(Double(count) / max(seconds, 1e-9))) events/s; \
            an append takes \(atShare(500)) (median), \(atShare(990)) (p99), \(atShare(999)) (p99.9), \
            \(atShare(1000)) at most
            """)
    }

    /// Single durable appends at the same time.
    private static func append(_ store: SQLiteStore, _ count: Int, threads: Int) throws {
        let catalog = try MadeUpEvents.catalog()
        try store.load(catalog)
        var events = MadeUpEvents(count, lines: catalog.lines.map(\.line))
        var entries: [LedgerEntry] = []
        while let event = events.next() { entries.append(event) }
        let all = entries
        let took = ContinuousClock().measure {
            let group = DispatchGroup()
            for thread in 0..<threads {
                group.enter()
                Thread.detachNewThread {
                    for place in stride(from: thread, to: all.count, by: threads) {
                        do {
                            _ = try store.append(
                                [all[place]], account: "default", durability: .full)
                        } catch {
                            fatalError("\(error)")
                        }
                    }
                    group.leave()
                }
            }
            group.wait()
        }
        let seconds =
            Double(took.components.seconds) + Double(took.components.attoseconds) / 1e18
        print("\(count) from \(threads) threads: \(Int(Double(count) / seconds)) events/s")
    }

    private static func sums(_ store: SQLiteStore) throws {
        let clock = ContinuousClock()
        let day: Int64 = 86_400_000
        func time(_ name: String, _ query: SumQuery) throws {
            var groups = 0
            let took = try clock.measure {
                groups = try store.sums(query, account: "default").count
            }
            print("\(name): \(took), \(groups) groups")
        }
        let first = MadeUpEvents.start + 31 * day
        func days(_ shift: Int64) -> [Timestamp] {
            (0...30).map { Timestamp(milliseconds: first + Int64($0) * day - shift) }
        }
        for _ in 0..<3 {
            try time("month by day, UTC", SumQuery(boundaries: days(0)))
            try time("month by day, Shanghai", SumQuery(boundaries: days(8 * 3_600_000)))
            try time("month by day, Kolkata", SumQuery(boundaries: days(19_800_000)))
            try time("month by project", SumQuery(boundaries: days(0), byProject: true))
            try time(
                "a user of one in 5,000",
                SumQuery(
                    boundaries: [days(0)[0], days(0)[30]],
                    filter: EventFilter([.user: ["user-7"]])))
            try time(
                "users, one in a hundred",
                SumQuery(
                    boundaries: [days(0)[0], days(0)[30]], byUser: true,
                    filter: EventFilter([.user: ["user-*"]])))
            try time(
                "by user, all",
                SumQuery(boundaries: [days(0)[0], days(0)[30]], byUser: true))
        }
    }
}
