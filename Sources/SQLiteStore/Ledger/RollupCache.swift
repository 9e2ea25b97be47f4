import GRDB
import Pricing

/// The roll-ups that a writer adds to: each blob is read once, kept between transactions, and
/// written once at the end of each that changed it.
struct RollupCache {
    private struct Entry {
        let key: RollupTable.Key
        var cells: RollupCells
        var isChanged = false
    }

    /// A day of a project and a series: a blob of each table.
    private struct Day: Hashable {
        let day: Int64
        let project: Int64
        let series: Int64
    }

    private var entries: [Entry] = []
    private var indices: [RollupTable.Key: Int] = [:]
    private var days: [Day: [Int]] = [:]
    private var changed: [Int] = []
    private var spans: [Int64: ClosedRange<Int64>] = [:]

    /// Some megabytes. What comes in the order of time changes the blobs of a day or two.
    private static let maximumEntries = 8192

    mutating func add(
        _ row: EventRow, _ place: LedgerDictionary.Place, line: RateLine?, account: Int64,
        _ db: Database
    ) throws {
        var sum = UsageSum()
        sum.add(row.usage, sign: row.sign, line: line)
        let day = Day(
            day: floorDivide(row.start.milliseconds, RollupTable.dayMilliseconds),
            project: place.project, series: place.series)
        let tables = try days[day] ?? load(day, row.start, account: account, db)
        for (table, index) in zip(RollupTable.allCases, tables) {
            entries[index].cells.add(sum, at: table.cell(of: row.start))
            if !entries[index].isChanged {
                entries[index].isChanged = true
                changed.append(index)
            }
        }
        let hour = floorDivide(row.start.milliseconds, RollupTable.hourMilliseconds)
        if let span = spans[hour] {
            spans[hour] = min(span.lowerBound, row.number)...max(span.upperBound, row.number)
        } else {
            spans[hour] = row.number...row.number
        }
    }

    private mutating func load(
        _ day: Day, _ time: Timestamp, account: Int64, _ db: Database
    ) throws -> [Int] {
        let found = try RollupTable.allCases.map { table in
            let key = table.key(of: time, project: day.project, series: day.series)
            if let known = indices[key] { return known }
            let cells = try RollupTable.Statements(table, db).cells(of: key, account: account)
            entries.append(Entry(key: key, cells: cells))
            indices[key] = entries.count - 1
            return entries.count - 1
        }
        days[day] = found
        return found
    }

    mutating func write(account: Int64, _ db: Database) throws {
        // In the order of their keys: neighbours are on one page.
        changed.sort { entries[$0].key < entries[$1].key }
        for table in RollupTable.allCases {
            let statements = try RollupTable.Statements(table, db)
            for index in changed where entries[index].key.table == table {
                try statements.write(entries[index].cells, entries[index].key, account: account)
                entries[index].isChanged = false
            }
        }
        changed.removeAll(keepingCapacity: true)
        try writeSpans(account: account, db)
        if entries.count > Self.maximumEntries { self = RollupCache() }
    }

    private mutating func writeSpans(account: Int64, _ db: Database) throws {
        let span = try RawStatement(
            """
            INSERT INTO event_span (account, hour, first, last) VALUES (?, ?, ?, ?)
            ON CONFLICT (account, hour) DO UPDATE SET
            first = min(first, excluded.first), last = max(last, excluded.last)
            """, db)
        for (hour, range) in spans {
            for (index, value) in [account, hour, range.lowerBound, range.upperBound].enumerated() {
                span.bind(value, Int32(index + 1))
            }
            try span.run()
        }
        spans.removeAll(keepingCapacity: true)
    }
}
