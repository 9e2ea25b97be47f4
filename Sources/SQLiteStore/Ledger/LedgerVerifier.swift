import Accounting
import Foundation
import GRDB
import Pricing

/// Proves that a ledger is whole: what is derived equals what it is derived from, and every row has
/// what it names.
struct LedgerVerifier {
    let reader: LedgerReader
    let db: Database
    private(set) var result = LedgerVerification()

    /// Days that are added up at a time: the sums of a month fit in memory at any size.
    private static let windowDays: Int64 = 31

    init(_ reader: LedgerReader) {
        self.reader = reader
        db = reader.db
    }

    mutating func run(repairingRollups: Bool) throws {
        for line in try String.fetchAll(db, sql: "PRAGMA integrity_check(20)") where line != "ok" {
            result.report("SQLite: \(line)")
        }
        for row in try Row.fetchAll(db, sql: "PRAGMA foreign_key_check") {
            result.report(
                "table \(row[0] as String): a row names a \(row[2] as String) that is not there")
        }
        result.rows = try count("SELECT count(*) FROM event WHERE account = ?")
        try checkClaims()
        try checkCorrections()
        try checkTexts()
        try checkReservations()
        try checkBudgets(repairing: repairingRollups)
        try checkMoney()
        try checkRollups(repairing: repairingRollups)
    }

    private func count(_ sql: String) throws -> Int64 {
        try Int64.fetchOne(db, sql: sql, arguments: [reader.account]) ?? 0
    }

    mutating func report(_ problem: String) { result.report(problem) }

    private mutating func refuse(_ count: Int64, _ problem: String) {
        if count > 0 { result.report("\(count) \(problem)") }
    }

    private mutating func checkClaims() throws {
        refuse(
            try count(
                """
                SELECT count(*) FROM event_claim c LEFT JOIN event e
                ON e.account = c.account AND e.number = c.event AND e.id = c.id
                AND e.original IS NULL WHERE c.account = ? AND e.id IS NULL
                """), "ids are claimed by an event that is not there")
        let claims = try count("SELECT count(*) FROM event_claim WHERE account = ?")
        let firsts = try count(
            "SELECT count(*) FROM event WHERE account = ? AND original IS NULL")
        if claims < firsts {
            result.report("\(firsts - claims) events stand without a claim of their id")
        }
    }

    /// Whatever is taken back was there, and something else took its place.
    private mutating func checkCorrections() throws {
        refuse(
            try count(
                """
                SELECT count(*) FROM (
                    SELECT original FROM event WHERE account = ?1 AND original IS NOT NULL
                    GROUP BY original HAVING sum(sign) <> 0)
                """), "corrections took back more, or less, than they put in its place")
        refuse(
            try count(
                """
                SELECT count(*) FROM event c LEFT JOIN event e
                ON e.account = c.account AND e.number = c.original AND e.id = c.id
                AND e.original IS NULL
                WHERE c.account = ?1 AND c.original IS NOT NULL AND e.id IS NULL
                """), "corrections correct an event that is not there")
        refuse(
            try count(
                "SELECT count(*) FROM event WHERE account = ? AND sign NOT IN (1, -1)"),
            "events are neither counted nor taken back")
    }

    private mutating func checkTexts() throws {
        refuse(
            try count(
                """
                SELECT count(*) FROM event e LEFT JOIN context c
                ON c.account = e.account AND c.number = e.context
                WHERE e.account = ? AND c.number IS NULL
                """), "events have no context")
        refuse(
            try count(
                """
                SELECT count(*) FROM event e LEFT JOIN attribution a
                ON a.account = e.account AND a.number = e.attribution
                WHERE e.account = ? AND e.attribution IS NOT NULL AND a.number IS NULL
                """), "events name a user or tags that are not there")
        refuse(
            try count(
                """
                SELECT count(*) FROM series s LEFT JOIN rate_line l ON l.number = s.line
                WHERE s.account = ? AND s.line IS NOT NULL AND l.number IS NULL
                """), "rate lines of events are not there")
        refuse(
            try count(
                """
                SELECT count(*) FROM series s LEFT JOIN series_price p
                ON p.account = s.account AND p.series = s.number
                WHERE s.account = ? AND s.line IS NOT NULL AND p.series IS NULL
                """), "rate lines of events have no price in usage_event")
        try reader.loadSeries()
        for (number, series) in reader.series.sorted(by: { $0.key < $1.key }) {
            guard let line = series.line else { continue }
            let isTrue = try SeriesPrice.isTrue(
                to: line, account: reader.account, series: number, db)
            if !isTrue { result.report("usage_event has other prices than rate line \(line.id)") }
        }
    }

    // MARK: Budgets

    private mutating func checkReservations() throws {
        refuse(
            try count(
                """
                SELECT count(*) FROM reservation r WHERE r.account = ? AND NOT EXISTS (
                    SELECT 1 FROM reservation_hold h WHERE h.account = r.account AND h.id = r.id)
                """), "reservations hold nothing")
        refuse(
            try count(
                """
                SELECT count(*) FROM reservation_hold h
                LEFT JOIN reservation r ON r.account = h.account AND r.id = h.id
                LEFT JOIN budget_window w ON w.account = h.account AND w.number = h.budget
                WHERE h.account = ? AND (r.id IS NULL OR w.number IS NULL)
                """), "amounts are held for a request or a budget that is not there")
        let rows = try Row.fetchAll(
            db, sql: "SELECT id, lease_ms IS NULL FROM reservation WHERE account = ?",
            arguments: [reader.account])
        var settled: Int64 = 0
        var lost: Int64 = 0
        for row in rows {
            guard let id = (row[0] as Data).withUnsafeBytes(EventID.init(bytes:)) else {
                result.report("a reservation has an id that cannot be read")
                continue
            }
            let entry = try reader.firstRow(of: id).flatMap { try reader.standing(first: $0) }?
                .entry
            if let entry, !entry.mayHaveCostMore { settled += 1 }
            if entry == nil, row[1] { lost += 1 }
        }
        refuse(settled, "reservations outlived their event")
        refuse(lost, "reservations wait for the correction of an event that is not there")
    }

    /// The sums of each window are those of its events, and what is held is the sum of its holds.
    private mutating func checkBudgets(repairing: Bool) throws {
        let windows = try Row.fetchAll(
            db,
            sql: """
                SELECT number, name, boundaries, filter, through FROM budget_window WHERE account = ?
                """, arguments: [reader.account])
        for row in windows {
            let (number, name, through) = (row[0] as Int64, row[1] as String, row[4] as Int64)
            let window = try WindowText(name: name, boundaries: row[2], filter: row[3]).window()
            let query = SumQuery(boundaries: window.boundaries, filter: window.filter)
            var expected =
                through > 0 ? try LedgerSums(query, reader, rows: 1...through).cells() : [:]
            let kept = try Row.fetchAll(
                db, sql: "SELECT series, cells FROM budget_sum WHERE account = ? AND budget = ?",
                arguments: [reader.account, number])
            var isRight = true
            for row in kept {
                let sums = expected.removeValue(forKey: row[0]) ?? RollupCells()
                let cells = (row[1] as Data).withUnsafeBytes { RollupCells($0) }
                isRight = isRight && cells?.equals(sums) ?? false
            }
            isRight = isRight && expected.values.allSatisfy(\.sums.isEmpty)
            if !isRight, repairing {
                // The next time it is asked for they are added up anew.
                try db.execute(
                    sql: "DELETE FROM budget_sum WHERE account = ? AND budget = ?",
                    arguments: [reader.account, number])
                try db.execute(
                    sql: "UPDATE budget_window SET through = 0 WHERE account = ? AND number = ?",
                    arguments: [reader.account, number])
                result.repairedRollups += Int64(kept.count)
            } else if !isRight {
                result.report("the sums of budget \(name) differ from their events")
            }
            try checkHeld(number, name)
        }
    }

    private mutating func checkHeld(_ number: Int64, _ name: String) throws {
        func amounts(_ table: String) throws -> [Currency: Money] {
            let rows = try Row.fetchAll(
                db, sql: "SELECT currency, amount FROM \(table) WHERE account = ? AND budget = ?",
                arguments: [reader.account, number])
            var sums: [Currency: Money] = [:]
            for row in rows {
                let amount = try Money(row[1], Currency(row[0]))
                sums[amount.currency] = try sums[amount.currency]?.adding(amount) ?? amount
            }
            return sums.filter { $0.value.attos != 0 }
        }
        if try amounts("reservation_hold") != amounts("budget_reserved") {
            result.report("what is held against budget \(name) is not the sum of its reservations")
        }
    }

    // MARK: Roll-ups

    private mutating func checkRollups(repairing: Bool) throws {
        let row = try Row.fetchOne(
            db,
            sql: """
                SELECT min(day), max(day) FROM (
                    SELECT hour / 24 AS day FROM event_span WHERE account = ?1
                    UNION SELECT day FROM rollup WHERE account = ?1
                    UNION SELECT day FROM quarter_rollup WHERE account = ?1
                    UNION SELECT day FROM project_rollup WHERE account = ?1)
                """, arguments: [reader.account])
        var seen: Int64 = 0
        if let first = row?[0] as Int64?, let last = row?[1] as Int64? {
            for day in stride(from: first, through: last, by: Int(Self.windowDays)) {
                let window = day...min(day + Self.windowDays - 1, last)
                seen += try check(window, repairing: repairing)
            }
        }
        // An event that no span leads to would be in no answer that reads events.
        if seen < result.rows {
            result.report("\(result.rows - seen) events are not found by their time")
        }
    }

    /// Compares the roll-ups of some days with their events; how many those are.
    private mutating func check(_ days: ClosedRange<Int64>, repairing: Bool) throws -> Int64 {
        let day = RollupTable.dayMilliseconds
        let (start, end) = (days.lowerBound * day, (days.upperBound + 1) * day)
        let span = try reader.span(
            from: Timestamp(milliseconds: start), to: Timestamp(milliseconds: end))
        var sums = DaySums()
        if let span {
            let statement = try RawStatement(
                "SELECT \(EventRow.columns) FROM event WHERE account = ? AND number BETWEEN ? AND ?",
                db)
            statement.bind(reader.account, 1)
            statement.bind(span.lowerBound, 2)
            statement.bind(span.upperBound, 3)
            defer { statement.reset() }
            while try statement.step() {
                let row = try EventRow(statement)
                guard row.start.milliseconds >= start, row.start.milliseconds < end else {
                    continue
                }
                let shared = try reader.shared(row.context)
                sums.add(row, shared, line: try reader.series(shared.series).line)
            }
        }
        for table in RollupTable.allCases {
            try compare(table, sums.cells[table] ?? [:], days, repairing: repairing)
        }
        return sums.rows
    }

    private mutating func compare(
        _ table: RollupTable, _ expected: [RollupTable.Key: RollupCells],
        _ days: ClosedRange<Int64>, repairing: Bool
    ) throws {
        var rest = expected
        var wrong: [RollupTable.Key] = []
        let rows = try table.select(account: reader.account, days: days, db)
        while try rows.step() {
            let key = RollupTable.Key(
                table: table, day: rows.integer(0), project: rows.integer(1),
                series: rows.integer(2))
            let sums = rest.removeValue(forKey: key) ?? RollupCells()
            let isRight = RollupCells(rows.blob(3)).map { $0.equals(sums) } ?? false
            if !isRight { wrong.append(key) }
        }
        rows.reset()
        wrong += rest.filter { !$0.value.equals(RollupCells()) }.map(\.key)
        guard !wrong.isEmpty else { return }
        if repairing {
            let statements = try RollupTable.Statements(table, db)
            for key in wrong {
                try statements.write(
                    expected[key] ?? RollupCells(), key, account: reader.account)
            }
            result.repairedRollups += Int64(wrong.count)
        } else {
            let first = CivilDate(daysSinceEpoch: Int(wrong.map(\.day).min() ?? 0))
            result.report(
                "\(wrong.count) sums of \(table.rawValue) differ from their events, from \(first.text) on; ledger verify --repair-rollups adds them up again"
            )
        }
    }
}

/// The sums of some days, added up from their events.
private struct DaySums {
    private(set) var cells: [RollupTable: [RollupTable.Key: RollupCells]] = [:]
    private(set) var rows: Int64 = 0

    mutating func add(_ row: EventRow, _ shared: LedgerReader.Shared, line: RateLine?) {
        rows += 1
        var sum = UsageSum()
        sum.add(row.usage, sign: row.sign, line: line)
        for table in RollupTable.allCases {
            let key = table.key(of: row.start, project: shared.project, series: shared.series)
            cells[table, default: [:]][key, default: RollupCells()].add(
                sum, at: table.cell(of: row.start))
        }
    }
}
