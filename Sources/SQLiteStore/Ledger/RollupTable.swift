import GRDB
import Pricing

/// The tables of sums: each adds up the same events, by cells of some width and by some keys.
enum RollupTable: String, CaseIterable {
    case hours = "rollup"
    case quarters = "quarter_rollup"
    case projects = "project_rollup"

    static let hourMilliseconds: Int64 = 3_600_000
    static let dayMilliseconds: Int64 = 24 * hourMilliseconds

    struct Key: Hashable, Comparable {
        let table: RollupTable
        let day: Int64
        /// 0 where all projects are one sum.
        let project: Int64
        let series: Int64

        /// Within one table, the order of its rows.
        static func < (one: Key, other: Key) -> Bool {
            (one.day, one.project, one.series) < (other.day, other.project, other.series)
        }
    }

    /// How much time one cell spans.
    var cellMilliseconds: Int64 {
        self == .quarters ? Self.hourMilliseconds / 4 : Self.hourMilliseconds
    }

    private var isByProject: Bool { self == .projects }

    private var place: Int {
        switch self {
        case .hours: 0
        case .quarters: 1
        case .projects: 2
        }
    }

    /// Where the sums of a moment belong.
    func key(of time: Timestamp, project: Int64, series: Int64) -> Key {
        Key(
            table: self, day: floorDivide(time.milliseconds, Self.dayMilliseconds),
            project: isByProject ? project : 0, series: series)
    }

    /// The cell of a moment within its day.
    func cell(of time: Timestamp) -> UInt8 {
        let day = floorDivide(time.milliseconds, Self.dayMilliseconds)
        return UInt8((time.milliseconds - day * Self.dayMilliseconds) / cellMilliseconds)
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
            let texts = Self.texts[table.place]
            find = try RawStatement(texts.find, db)
            put = try RawStatement(texts.put, db)
        }

        /// In the order of the tables.
        private static let texts = RollupTable.allCases.map { table in
            let keys = ["account", "day"] + (table.isByProject ? ["project"] : []) + ["series"]
            let match = keys.enumerated().map { "\($1) = ?\($0 + 1)" }.joined(separator: " AND ")
            return (
                find: "SELECT cells FROM \(table.rawValue) WHERE \(match)",
                put: """
                INSERT INTO \(table.rawValue) (\(keys.joined(separator: ", ")), cells)
                VALUES (\(keys.map { _ in "?" }.joined(separator: ", ")), ?)
                ON CONFLICT DO UPDATE SET cells = excluded.cells
                """
            )
        }

        /// What is there; no cells where nothing is.
        func cells(of key: Key, account: Int64) throws -> RollupCells {
            _ = bind(key, account, find)
            defer { find.reset() }
            guard try find.step() else { return RollupCells() }
            guard let known = RollupCells(find.blob(0)) else {
                throw DatabaseError(
                    resultCode: .SQLITE_CORRUPT, message: "a roll-up that cannot be read")
            }
            return known
        }

        /// Puts cells in the place of what is there.
        func write(_ cells: RollupCells, _ key: Key, account: Int64) throws {
            put.bind(cells.bytes, bind(key, account, put))
            try put.run()
        }

        /// The index behind the keys.
        private func bind(_ key: Key, _ account: Int64, _ statement: RawStatement) -> Int32 {
            statement.bind(account, 1)
            statement.bind(key.day, 2)
            guard isByProject else {
                statement.bind(key.series, 3)
                return 4
            }
            statement.bind(key.project, 3)
            statement.bind(key.series, 4)
            return 5
        }
    }
}
