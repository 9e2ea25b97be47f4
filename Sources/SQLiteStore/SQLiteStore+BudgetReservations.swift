import Accounting
import GRDB
import Pricing

extension SQLiteStore: BudgetReservations {
    package func reserve(
        _ reservations: [Reservation], account: String,
        admit: (Int, [BudgetState]) throws -> Bool
    ) throws -> [Result<Bool, any Error>] {
        try changeHolds(account, .normal) { holds in
            try reservations.enumerated().map { index, reservation in
                let states = try reservation.holds.map { try holds.state(of: $0.window) }
                let verdict = Result { try admit(index, states) }
                guard case .success(true) = verdict else { return verdict }
                do {
                    try holds.insert(reservation)
                    return verdict
                } catch let error as LedgerError {
                    // Thrown before anything of it was written.
                    return .failure(error)
                }
            }
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

    package func isHeld(_ id: EventID, account: String) throws -> Bool {
        try read { db in
            guard let number = try Self.account(account, db) else { return false }
            return try BudgetHolds(account: number, db).isHeld(id)
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
