import GRDB
import Pricing

/// The tables of sums: each adds up the same events, by cells of some width and by some keys.
enum RollupTable: String, CaseIterable {
    case hours = "rollup"
    case quarters = "quarter_rollup"
    case projects = "project_rollup"

    static let hourMilliseconds: Int64 = 3_600_000
    static let dayMilliseconds: Int64 = 24 * hourMilliseconds

    struct Key: Hashable {
        let table: RollupTable
        let day: Int64
        /// 0 where all projects are one sum.
        let project: Int64
        let series: Int64
    }

    /// How much time one cell spans.
    var cellMilliseconds: Int64 {
        self == .quarters ? Self.hourMilliseconds / 4 : Self.hourMilliseconds
    }

    private var isByProject: Bool { self == .projects }

    /// Where the sums of a moment belong.
    func place(
        of time: Timestamp, project: Int64, series: Int64
    ) -> (key: Key, cell: UInt8) {
        let day = floorDivide(time.milliseconds, Self.dayMilliseconds)
        let inDay = time.milliseconds - day * Self.dayMilliseconds
        let key = Key(
            table: self, day: day, project: isByProject ? project : 0, series: series)
        return (key, UInt8(inDay / cellMilliseconds))
    }

    /// `day, project, series, cells` of some days.
    func select(account: Int64, days: ClosedRange<Int64>, _ db: Database) throws -> RawStatement {
        let statement = try RawStatement(
            """
            SELECT day, \(isByProject ? "project" : "0"), series, cells FROM \(rawValue)
            WHERE account = ? AND day BETWEEN ? AND ?
            """, db)
        statement.bind(account, 1)
        statement.bind(days.lowerBound, 2)
        statement.bind(days.upperBound, 3)
        return statement
    }

    /// The statements that read and write one blob; keys are bound from 1 on, the blob behind them.
    struct Statements {
        let find: RawStatement
        let put: RawStatement
        private let isByProject: Bool

        init(_ table: RollupTable, _ db: Database) throws {
            isByProject = table.isByProject
            let keys = ["account", "day"] + (isByProject ? ["project"] : []) + ["series"]
            let match = keys.enumerated().map { "\($1) = ?\($0 + 1)" }.joined(separator: " AND ")
            find = try RawStatement("SELECT cells FROM \(table.rawValue) WHERE \(match)", db)
            put = try RawStatement(
                """
                INSERT INTO \(table.rawValue) (\(keys.joined(separator: ", ")), cells)
                VALUES (\(keys.map { _ in "?" }.joined(separator: ", ")), ?)
                ON CONFLICT DO UPDATE SET cells = excluded.cells
                """, db)
        }

        /// Adds to what is there.
        func add(_ changes: [(cell: UInt8, sum: UsageSum)], to key: Key, account: Int64) throws {
            _ = bind(key, account, find)
            var cells = RollupCells()
            if try find.step() {
                guard let known = RollupCells(find.blob(0)) else {
                    find.reset()
                    throw DatabaseError(
                        resultCode: .SQLITE_CORRUPT, message: "a roll-up that cannot be read")
                }
                cells = known
            }
            find.reset()
            for change in changes { cells.add(change.sum, at: change.cell) }
            try write(cells, key, account: account)
        }

        /// Puts cells in the place of what is there.
        func write(_ cells: RollupCells, _ key: Key, account: Int64) throws {
            put.bind(cells.bytes, bind(key, account, put))
            try put.run()
        }

        /// The index behind the keys.
        private func bind(_ key: Key, _ account: Int64, _ statement: RawStatement) -> Int32 {
            var index: Int32 = 1
            for value in [account, key.day] + (isByProject ? [key.project] : []) + [key.series] {
                statement.bind(value, index)
                index += 1
            }
            return index
        }
    }
}
