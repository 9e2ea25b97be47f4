import GRDB
import Pricing

/// What a transaction adds to the roll-ups, gathered until its end: each blob is then written once.
struct RollupChanges {
    private struct Key: Hashable {
        let day: Int64
        /// -1 for the roll-up of all projects.
        let project: Int64
        let series: Int64
    }

    private struct Cell {
        let place: UInt8
        var sum: UsageSum
    }

    private var indices: [Key: Int] = [:]
    private var changes: [(key: Key, cells: [Cell])] = []
    private var spans: [Int64: ClosedRange<Int64>] = [:]

    static let quarterMilliseconds: Int64 = 15 * 60_000
    static let hourMilliseconds: Int64 = 60 * 60_000
    static let dayMilliseconds: Int64 = 24 * hourMilliseconds

    mutating func add(_ row: EventRow, _ place: LedgerDictionary.Place, line: RateLine?) {
        let time = row.start.milliseconds
        let day = floorDivide(time, Self.dayMilliseconds)
        let inDay = time - day * Self.dayMilliseconds
        add(
            row, line, Key(day: day, project: -1, series: place.series),
            UInt8(inDay / Self.quarterMilliseconds))
        add(
            row, line, Key(day: day, project: place.project, series: place.series),
            UInt8(inDay / Self.hourMilliseconds))
        let hour = floorDivide(time, Self.hourMilliseconds)
        if let span = spans[hour] {
            spans[hour] = min(span.lowerBound, row.number)...max(span.upperBound, row.number)
        } else {
            spans[hour] = row.number...row.number
        }
    }

    private mutating func add(_ row: EventRow, _ line: RateLine?, _ key: Key, _ place: UInt8) {
        let index: Int
        if let known = indices[key] {
            index = known
        } else {
            index = changes.count
            indices[key] = index
            changes.append((key, []))
        }
        if let cell = changes[index].cells.firstIndex(where: { $0.place == place }) {
            changes[index].cells[cell].sum.add(row.usage, sign: row.sign, line: line)
        } else {
            var sum = UsageSum()
            sum.add(row.usage, sign: row.sign, line: line)
            changes[index].cells.append(Cell(place: place, sum: sum))
        }
    }

    func write(account: Int64, _ db: Database) throws {
        // In the order of their keys: neighbours are on one page.
        let ordered = changes.sorted {
            ($0.key.project, $0.key.day, $0.key.series) < (
                $1.key.project, $1.key.day, $1.key.series
            )
        }
        let all = try Statements(project: false, db)
        let projects = try Statements(project: true, db)
        for (key, cells) in ordered {
            let statements = key.project < 0 ? all : projects
            let keys =
                key.project < 0
                ? [account, key.day, key.series] : [account, key.day, key.project, key.series]
            try statements.merge(cells, into: keys)
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

    private struct Statements {
        private let find: RawStatement
        private let insert: RawStatement
        private let update: RawStatement

        init(project: Bool, _ db: Database) throws {
            let table = project ? "project_rollup" : "rollup"
            let keys =
                project ? ["account", "day", "project", "series"] : ["account", "day", "series"]
            let match = keys.enumerated().map { "\($1) = ?\($0 + 1)" }.joined(
                separator: " AND ")
            find = try RawStatement("SELECT cells FROM \(table) WHERE \(match)", db)
            update = try RawStatement(
                "UPDATE \(table) SET cells = ?\(keys.count + 1) WHERE \(match)", db)
            insert = try RawStatement(
                """
                INSERT INTO \(table) (\(keys.joined(separator: ", ")), cells)
                VALUES (\(keys.map { _ in "?" }.joined(separator: ", ")), ?)
                """, db)
        }

        func merge(_ changes: [Cell], into keys: [Int64]) throws {
            bind(keys, find)
            var cells = RollupCells()
            let isThere = try find.step()
            if isThere {
                guard let known = RollupCells(find.blob(0)) else {
                    find.reset()
                    throw DatabaseError(
                        resultCode: .SQLITE_CORRUPT, message: "a roll-up that cannot be read")
                }
                cells = known
            }
            find.reset()
            for change in changes { cells.add(change.sum, at: change.place) }
            let statement = isThere ? update : insert
            bind(keys, statement)
            statement.bind(cells.bytes, Int32(keys.count + 1))
            try statement.run()
        }

        private func bind(_ keys: [Int64], _ statement: RawStatement) {
            for (index, key) in keys.enumerated() { statement.bind(key, Int32(index + 1)) }
        }
    }
}
