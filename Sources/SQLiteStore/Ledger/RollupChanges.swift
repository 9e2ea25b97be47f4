import GRDB
import Pricing

/// What a transaction adds to the roll-ups, gathered until its end: each blob is then written once.
struct RollupChanges {
    private var indices: [RollupTable.Key: Int] = [:]
    private var changes: [(key: RollupTable.Key, cells: [(cell: UInt8, sum: UsageSum)])] = []
    private var spans: [Int64: ClosedRange<Int64>] = [:]

    mutating func add(_ row: EventRow, _ place: LedgerDictionary.Place, line: RateLine?) {
        for table in RollupTable.allCases {
            let (key, cell) = table.place(
                of: row.start, project: place.project, series: place.series)
            add(row, line, key, cell)
        }
        let hour = floorDivide(row.start.milliseconds, RollupTable.hourMilliseconds)
        if let span = spans[hour] {
            spans[hour] = min(span.lowerBound, row.number)...max(span.upperBound, row.number)
        } else {
            spans[hour] = row.number...row.number
        }
    }

    private mutating func add(
        _ row: EventRow, _ line: RateLine?, _ key: RollupTable.Key, _ cell: UInt8
    ) {
        let index: Int
        if let known = indices[key] {
            index = known
        } else {
            index = changes.count
            indices[key] = index
            changes.append((key, []))
        }
        if let place = changes[index].cells.firstIndex(where: { $0.cell == cell }) {
            changes[index].cells[place].sum.add(row.usage, sign: row.sign, line: line)
        } else {
            var sum = UsageSum()
            sum.add(row.usage, sign: row.sign, line: line)
            changes[index].cells.append((cell, sum))
        }
    }

    func write(account: Int64, _ db: Database) throws {
        for table in RollupTable.allCases {
            let statements = try RollupTable.Statements(table, db)
            // In the order of their keys: neighbours are on one page.
            let ordered = changes.filter { $0.key.table == table }.sorted {
                ($0.key.day, $0.key.project, $0.key.series)
                    < ($1.key.day, $1.key.project, $1.key.series)
            }
            for (key, cells) in ordered { try statements.add(cells, to: key, account: account) }
        }
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
    }
}
