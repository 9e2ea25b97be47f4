import Accounting
import Foundation
import GRDB
import JSONBytes
import Pricing

/// What is held against the windows of budgets, and their sums, within one transaction.
struct BudgetHolds {
    private let account: Int64
    private let db: Database
    /// What earlier transactions read and wrote.
    private(set) var windows: HeldWindows

    init(account: Int64, _ db: Database, _ windows: HeldWindows = HeldWindows()) {
        self.account = account
        self.db = db
        self.windows = windows
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

    mutating func insert(_ reservation: Reservation) throws {
        let event = reservation.event
        let entry = LedgerEntry(
            event: event, channel: event.channel, model: event.modelAsked, line: nil)
        let insertion = try RawStatement(
            """
            INSERT INTO reservation (account, id, owner, lease_ms, is_sent, event)
            VALUES (?, ?, ?, ?, ?, ?)
            """, db)
        insertion.bind(account, 1)
        insertion.bind(event.id, 2)
        insertion.bind(reservation.owner, 3)
        insertion.bind(reservation.leaseUntil.milliseconds, 4)
        insertion.bind(reservation.isSent ? 1 : 0, 5)
        insertion.bind(String(decoding: entry.json.compactBytes, as: UTF8.self), 6)
        guard try insertion.insertUnlessRefused() else {
            throw LedgerError.alreadyReserved(event.id.text)
        }
        for hold in reservation.holds {
            let number = windows[try index(of: hold.window)].number
            let statement = try RawStatement(
                """
                INSERT INTO reservation_hold (account, id, budget, currency, amount)
                VALUES (?, ?, ?, ?, ?)
                """, db)
            statement.bind(account, 1)
            statement.bind(event.id, 2)
            statement.bind(number, 3)
            statement.bind(hold.amount.currency.code, 4)
            statement.bind(hold.amount.amountText, 5)
            try statement.run()
            try change(window: number, by: hold.amount)
        }
    }

    /// Takes back what is held under an id; nothing where nothing is.
    mutating func release(_ id: EventID) throws {
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

    func isHeld(_ id: EventID) throws -> Bool {
        try Bool.fetchOne(
            try db.cachedStatement(
                sql: "SELECT EXISTS (SELECT 1 FROM reservation WHERE account = ? AND id = ?)"),
            arguments: [account, id.data]) ?? false
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

    mutating func state(of window: BudgetWindow) throws -> BudgetState {
        windows[try index(of: window)].state
    }

    /// Adds an entry's row to the sums of the windows that it falls in.
    mutating func add(_ row: EventRow, series: Int64, _ entry: LedgerEntry) {
        windows.add(row, series: series, entry)
    }

    /// Writes the sums that have many rows which the database's have not.
    mutating func store() throws {
        for index in windows.known.indices
        where windows[index].through - windows[index].stored >= HeldWindows.storedEvery {
            try store(&windows[index])
        }
    }

    private func store(_ window: inout HeldWindows.Window) throws {
        for (series, sum) in window.sums where !sum.isStored {
            try db.cachedStatement(
                sql: """
                    INSERT INTO budget_sum (account, budget, series, cells) VALUES (?, ?, ?, ?)
                    ON CONFLICT DO UPDATE SET cells = excluded.cells
                    """
            ).execute(arguments: [account, window.number, series, Data(sum.cells.bytes)])
            window.sums[series]?.isStored = true
        }
        try db.cachedStatement(
            sql: "UPDATE budget_window SET through = ? WHERE account = ? AND number = ?"
        ).execute(arguments: [window.through, account, window.number])
        window.stored = window.through
    }

    /// The place of a window among those that are known; it is read where it is not.
    private mutating func index(of window: BudgetWindow) throws -> Int {
        if let known = windows.index(of: window) { return known }
        let number = try number(of: window)
        let through =
            try Int64.fetchOne(
                try db.cachedStatement(
                    sql: "SELECT through FROM budget_window WHERE account = ? AND number = ?"),
                arguments: [account, number]) ?? 0
        var read = HeldWindows.Window(
            number: number, window: window, through: through, stored: through,
            reserved: try reserved(number))
        let reader = try LedgerReader(account: account, db)
        reader.series = windows.series
        let rows = try Row.fetchCursor(
            try db.cachedStatement(
                sql: "SELECT series, cells FROM budget_sum WHERE account = ? AND budget = ?"),
            arguments: [account, number])
        while let row = try rows.next() {
            read.sums[row[0]] = HeldWindows.Sum(
                series: try reader.series(row[0]), cells: try cells(row, 1))
        }
        try advance(&read, reader)
        windows.series = reader.series
        return windows.remember(read)
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
    private func number(of window: BudgetWindow) throws -> Int64 {
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

    /// Adds the events that came since the window's sums were stored; the first time they are added up
    /// by the roll-ups.
    private func advance(_ window: inout HeldWindows.Window, _ reader: LedgerReader) throws {
        let last = try reader.lastRow()
        guard last > window.through else { return }
        let sums = try LedgerSums(
            SumQuery(boundaries: window.window.boundaries, filter: window.window.filter), reader,
            rows: window.through > 0 ? (window.through + 1)...last : nil)
        for (series, added) in try sums.cells() {
            for (bucket, sum) in added.sums {
                window.add(sum, at: bucket, series: series, try reader.series(series))
            }
        }
        window.through = last
        try store(&window)
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

    private mutating func change(window number: Int64, by amount: Money) throws {
        var held = try windows.reserved(number) ?? reserved(number)
        let currency = amount.currency
        let sum = try (held[currency] ?? .zero(currency)).adding(amount)
        held[currency] = sum
        let statement = try RawStatement(
            """
            INSERT INTO budget_reserved (account, budget, currency, amount) VALUES (?, ?, ?, ?)
            ON CONFLICT DO UPDATE SET amount = excluded.amount
            """, db)
        statement.bind(account, 1)
        statement.bind(number, 2)
        statement.bind(currency.code, 3)
        statement.bind(sum.amountText, 4)
        try statement.run()
        windows.hold(held, number: number)
    }
}
