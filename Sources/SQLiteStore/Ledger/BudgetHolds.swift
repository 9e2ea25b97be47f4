import Accounting
import Foundation
import GRDB
import JSONBytes
import Pricing

/// What is held against the windows of budgets, and their sums, within one transaction.
struct BudgetHolds {
    private let account: Int64
    private let db: Database
    private let memory: SeriesMemory?

    /// `memory` spares reading each time what never changes.
    init(account: Int64, _ db: Database, _ memory: SeriesMemory? = nil) {
        self.account = account
        self.db = db
        self.memory = memory
    }

    /// Whether any request of the account is under way.
    func areThere() throws -> Bool {
        // Asked with each append: prepared once.
        let statement = try RawStatement(
            "SELECT EXISTS (SELECT 1 FROM reservation WHERE account = ?)", db)
        defer { statement.reset() }
        statement.bind(account, 1)
        return try statement.step() && statement.integer(0) != 0
    }

    // MARK: Reservations

    func insert(_ reservation: Reservation) throws {
        let event = reservation.event
        let isThere = try Bool.fetchOne(
            try db.cachedStatement(
                sql: """
                    SELECT EXISTS (SELECT 1 FROM reservation WHERE account = ? AND id = ?)
                    """), arguments: [account, event.id.data])
        guard isThere == false else { throw LedgerError.alreadyReserved(event.id.text) }
        let entry = LedgerEntry(
            event: event, channel: event.channel, model: event.modelAsked, line: nil)
        try db.cachedStatement(
            sql: """
                INSERT INTO reservation (account, id, owner, lease_ms, is_sent, event)
                VALUES (?, ?, ?, ?, ?, ?)
                """
        ).execute(
            arguments: [
                account, event.id.data, reservation.owner, reservation.leaseUntil.milliseconds,
                reservation.isSent, String(decoding: entry.json.compactBytes, as: UTF8.self),
            ])
        for hold in reservation.holds {
            let number = try window(hold.window)
            try db.cachedStatement(
                sql: """
                    INSERT INTO reservation_hold (account, id, budget, currency, amount)
                    VALUES (?, ?, ?, ?, ?)
                    """
            ).execute(
                arguments: [
                    account, event.id.data, number, hold.amount.currency.code,
                    hold.amount.amountText,
                ])
            try change(window: number, by: hold.amount)
        }
    }

    /// Takes back what is held under an id; nothing where nothing is.
    func release(_ id: EventID) throws {
        let holds = try Row.fetchAll(
            try db.cachedStatement(
                sql: """
                    SELECT budget, currency, amount FROM reservation_hold WHERE account = ? AND id = ?
                    """), arguments: [account, id.data])
        for hold in holds {
            let amount = try Money(hold[2], Currency(hold[1]))
            try change(window: hold[0], by: try Money.zero(amount.currency).subtracting(amount))
        }
        for table in ["reservation_hold", "reservation"] {
            try db.cachedStatement(sql: "DELETE FROM \(table) WHERE account = ? AND id = ?")
                .execute(
                    arguments: [account, id.data])
        }
    }

    /// From now on it ends with its event's correction only.
    func keep(_ id: EventID) throws {
        try db.cachedStatement(
            sql: "UPDATE reservation SET lease_ms = NULL, is_sent = 1 WHERE account = ? AND id = ?"
        ).execute(
            arguments: [account, id.data])
    }

    func markSent(_ id: EventID) throws {
        try db.cachedStatement(
            sql: "UPDATE reservation SET is_sent = 1 WHERE account = ? AND id = ?"
        ).execute(
            arguments: [account, id.data])
    }

    func renew(owner: String, until: Timestamp) throws {
        try db.cachedStatement(
            sql: """
                UPDATE reservation SET lease_ms = ?
                WHERE account = ? AND owner = ? AND lease_ms IS NOT NULL
                """
        ).execute(
            arguments: [until.milliseconds, account, owner])
    }

    func expired(at time: Timestamp) throws -> [Reservation] {
        let rows = try Row.fetchAll(
            try db.cachedStatement(
                sql: """
                    SELECT id, owner, lease_ms, is_sent, event FROM reservation
                    WHERE account = ? AND lease_ms < ? ORDER BY lease_ms, id
                    """), arguments: [account, time.milliseconds])
        return try rows.map { row in
            let holds = try Row.fetchAll(
                try db.cachedStatement(
                    sql: """
                        SELECT w.name, w.boundaries, w.filter, h.currency, h.amount
                        FROM reservation_hold h JOIN budget_window w
                        ON w.account = h.account AND w.number = h.budget
                        WHERE h.account = ? AND h.id = ?
                        """), arguments: [account, row[0] as DatabaseValue]
            ).map { hold in
                Reservation.Hold(
                    try WindowText(name: hold[0], boundaries: hold[1], filter: hold[2]).window(),
                    try Money(hold[4], Currency(hold[3])))
            }
            return Reservation(
                event: try UsageEvent(try JSONReader.value(of: Array((row[4] as String).utf8))),
                owner: row[1], leaseUntil: Timestamp(milliseconds: row[2]), isSent: row[3],
                holds: holds)
        }
    }

    // MARK: Windows

    func state(of window: BudgetWindow) throws -> BudgetState {
        let number = try self.window(window)
        let reader = try LedgerReader(account: account, db)
        reader.series = memory?.series(of: account) ?? [:]
        defer { memory?.keep(reader.series, of: account) }
        try advance(number, window, reader)
        let rows = try Row.fetchCursor(
            try db.cachedStatement(
                sql: "SELECT series, cells FROM budget_sum WHERE account = ? AND budget = ?"),
            arguments: [account, number])
        var groups: [UsageGroup] = []
        while let row = try rows.next() {
            let series = try reader.series(row[0])
            for (bucket, sum) in try cells(row, 1).sums {
                groups.append(series.group(bucket: Int(bucket), sum))
            }
        }
        return BudgetState(groups: groups, reserved: try reserved(number))
    }

    private func cells(_ row: Row, _ column: Int) throws -> RollupCells {
        let cells = try row.withUnsafeData(atIndex: column) { data in
            data?.withUnsafeBytes { RollupCells($0) }
        }
        guard let cells else {
            throw DatabaseError(
                resultCode: .SQLITE_CORRUPT, message: "a budget's sum that cannot be read")
        }
        return cells
    }

    /// The number of a window; a new one where it was never asked for.
    private func window(_ window: BudgetWindow) throws -> Int64 {
        let text = WindowText(window)
        let arguments: StatementArguments = [account, text.name, text.boundaries, text.filter]
        let known = try Int64.fetchOne(
            try db.cachedStatement(
                sql: """
                    SELECT number FROM budget_window
                    WHERE account = ? AND name = ? AND boundaries = ? AND filter = ?
                    """), arguments: arguments)
        if let known { return known }
        try db.cachedStatement(
            sql: """
                INSERT INTO budget_window (account, number, name, boundaries, filter, through)
                VALUES (?1, (SELECT ifnull(max(number), 0) + 1 FROM budget_window WHERE account = ?1),
                    ?2, ?3, ?4, 0)
                """
        ).execute(
            arguments: arguments)
        return try Int64.fetchOne(
            try db.cachedStatement(sql: "SELECT max(number) FROM budget_window WHERE account = ?"),
            arguments: [account]) ?? 0
    }

    /// Adds the events that came since the window was last asked for; the first time they are added
    /// up by the roll-ups.
    private func advance(_ number: Int64, _ window: BudgetWindow, _ reader: LedgerReader) throws {
        let through =
            try Int64.fetchOne(
                try db.cachedStatement(
                    sql: "SELECT through FROM budget_window WHERE account = ? AND number = ?"),
                arguments: [account, number]) ?? 0
        let last =
            try Int64.fetchOne(
                try db.cachedStatement(
                    sql: "SELECT ifnull(max(number), 0) FROM event WHERE account = ?"),
                arguments: [account]) ?? 0
        guard last > through else { return }
        let sums = try LedgerSums(
            SumQuery(boundaries: window.boundaries, filter: window.filter), reader,
            rows: through > 0 ? (through + 1)...last : nil)
        for (series, added) in try sums.cells() {
            let row = try Row.fetchOne(
                try db.cachedStatement(
                    sql:
                        "SELECT cells FROM budget_sum WHERE account = ? AND budget = ? AND series = ?"
                ), arguments: [account, number, series])
            var cells = try row.map { try self.cells($0, 0) } ?? RollupCells()
            for (bucket, sum) in added.sums { cells.add(sum, at: bucket) }
            try db.cachedStatement(
                sql: """
                    INSERT INTO budget_sum (account, budget, series, cells) VALUES (?, ?, ?, ?)
                    ON CONFLICT DO UPDATE SET cells = excluded.cells
                    """
            ).execute(
                arguments: [account, number, series, Data(cells.bytes)])
        }
        try db.cachedStatement(
            sql: "UPDATE budget_window SET through = ? WHERE account = ? AND number = ?"
        ).execute(
            arguments: [last, account, number])
    }

    /// Of all windows of a name in which a moment lies.
    func reserved(under name: String, at time: Timestamp) throws -> [Currency: Money] {
        let rows = try Row.fetchAll(
            try db.cachedStatement(
                sql:
                    "SELECT number, boundaries, filter FROM budget_window WHERE account = ? AND name = ?"
            ), arguments: [account, name])
        var sums: [Currency: Money] = [:]
        for row in rows {
            let window = try WindowText(name: name, boundaries: row[1], filter: row[2]).window()
            guard let first = window.boundaries.first, let last = window.boundaries.last,
                first <= time, time < last
            else { continue }
            for (currency, amount) in try reserved(row[0]) {
                sums[currency] = try (sums[currency] ?? .zero(currency)).adding(amount)
            }
        }
        return sums.filter { $0.value.attos != 0 }
    }

    private func reserved(_ number: Int64) throws -> [Currency: Money] {
        let rows = try Row.fetchAll(
            try db.cachedStatement(
                sql: "SELECT currency, amount FROM budget_reserved WHERE account = ? AND budget = ?"
            ), arguments: [account, number])
        var amounts: [Currency: Money] = [:]
        for row in rows {
            let amount = try Money(row[1], Currency(row[0]))
            amounts[amount.currency] = amount
        }
        return amounts
    }

    private func change(window number: Int64, by amount: Money) throws {
        let known = try reserved(number)[amount.currency]
        try db.cachedStatement(
            sql: """
                INSERT INTO budget_reserved (account, budget, currency, amount) VALUES (?, ?, ?, ?)
                ON CONFLICT DO UPDATE SET amount = excluded.amount
                """
        ).execute(
            arguments: [
                account, number, amount.currency.code,
                try known?.adding(amount).amountText ?? amount.amountText,
            ])
    }
}
