import Accounting
import GRDB
import Pricing

extension SQLiteStore: BudgetReservations {
    package func reserve(
        _ reservation: Reservation, account: String, admit: ([BudgetState]) throws -> Bool
    ) throws -> Bool {
        try changeHolds(account, .normal) { holds in
            let states = try reservation.holds.map { try holds.state(of: $0.window) }
            guard try admit(states) else { return false }
            try holds.insert(reservation)
            return true
        }
    }

    package func markSent(_ ids: [EventID], account: String) throws {
        try changeHolds(account, .full) { holds in
            for id in ids { try holds.markSent(id) }
        }
    }

    package func renew(owner: String, until: Timestamp, account: String) throws {
        try changeHolds(account, .normal) { try $0.renew(owner: owner, until: until) }
    }

    package func release(_ ids: [EventID], account: String) throws {
        guard !ids.isEmpty else { return }
        try changeHolds(account, .normal) { holds in
            for id in ids { try holds.release(id) }
        }
    }

    package func expired(at time: Timestamp, account: String) throws -> [Reservation] {
        try read { db in
            guard let number = try Self.account(account, db) else { return [] }
            return try BudgetHolds(account: number, db).expired(at: time)
        }
    }

    package func held(
        under name: String, at time: Timestamp, account: String
    ) throws -> [Currency: Money] {
        try read { db in
            guard let number = try Self.account(account, db) else { return [:] }
            return try BudgetHolds(account: number, db).reserved(under: name, at: time)
        }
    }

    package func state(of window: BudgetWindow, account: String) throws -> BudgetState {
        try changeHolds(account, .normal) { try $0.state(of: window) }
    }

    private func changeHolds<T>(
        _ account: String, _ durability: Durability, _ body: (inout BudgetHolds) throws -> T
    ) throws -> T {
        try writeRemembering(account, durability) { memory, db in
            var memory = memory
            try memory.refresh(db)
            var holds = BudgetHolds(
                account: memory.dictionary.account, db, memory.takeWindows())
            let result = try body(&holds)
            memory.windows = holds.windows
            try memory.keep(db)
            return (result, memory)
        }
    }
}
