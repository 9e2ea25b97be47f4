import Accounting
import GRDB
import JSONBytes
import Pricing

/// Keeps entries in one transaction: the claim of each id, the row, and what the row adds up to.
struct LedgerWriter: ~Copyable {
    private let db: Database
    private let account: Int64
    private var memory: LedgerMemory
    private var next: Int64
    /// Reads what is there already, where an id was claimed before.
    private let reader: LedgerReader
    private let claim: RawStatement
    private let claimedIn: RawStatement
    private let insertion: RawStatement
    private var holds: BudgetHolds
    /// Whether any request is under way.
    private let isHolding: Bool

    /// Continues with what an earlier transaction of the process read and wrote.
    init(_ memory: consuming LedgerMemory, _ db: Database) throws {
        var memory = memory
        try memory.refresh(db)
        let account = memory.dictionary.account
        let next = try memory.next ?? Self.nextNumber(account, db)
        let reader = try LedgerReader(account: account, db)
        let claim = try RawStatement(
            "INSERT INTO event_claim (account, hour, id, event) VALUES (?, ?, ?, ?)", db)
        let claimedIn = try RawStatement(
            "SELECT event FROM event_claim WHERE account = ? AND hour = ? AND id = ?", db)
        let insertion = try RawStatement(EventRow.insertion, db)
        let holds = BudgetHolds(account: account, db, memory.takeWindows())
        let isHolding = try holds.areThere()
        self.db = db
        self.memory = memory
        self.account = account
        self.next = next
        self.reader = reader
        self.claim = claim
        self.claimedIn = claimedIn
        self.insertion = insertion
        self.holds = holds
        self.isHolding = isHolding
    }

    private static func nextNumber(_ account: Int64, _ db: Database) throws -> Int64 {
        try Int64.fetchOne(
            db, sql: "SELECT ifnull(max(number), 0) + 1 FROM event WHERE account = ?",
            arguments: [account]) ?? 1
    }

    /// Writes the sums; the memory serves the next transaction once this one is committed.
    consuming func finish() throws -> LedgerMemory {
        try memory.rollups.write(account: account, db)
        try holds.store()
        memory.windows = holds.windows
        memory.next = next
        try memory.keep(db)
        return memory
    }

    mutating func append(_ entry: LedgerEntry) throws -> AppendOutcome {
        let event = entry.event
        let hour = ClaimKey.hour(of: event.id)
        claim.bind(account, 1)
        claim.bind(hour, 2)
        claim.bind(event.id, 3)
        claim.bind(next, 4)
        guard try claim.insertUnlessRefused() else {
            guard let first = try claimed(event.id, in: hour) else {
                throw DatabaseError(
                    resultCode: .SQLITE_CORRUPT, message: "a claim that is refused and not there")
            }
            return try meet(entry, first: first)
        }
        try insert(entry)
        return .new
    }

    /// Takes the entry that stands under an id back and puts another in its place.
    mutating func correct(_ entry: LedgerEntry, reason: String) throws {
        guard let first = try reader.firstRow(of: entry.event.id),
            let standing = try reader.standing(first: first)
        else { throw LedgerError.unknownEvent(entry.event.id.text) }
        try replace(standing, by: entry, first: first, reason: reason)
    }

    // MARK: Claims

    private func claimed(_ id: EventID, in hour: Int64) throws -> Int64? {
        claimedIn.bind(account, 1)
        claimedIn.bind(hour, 2)
        claimedIn.bind(id, 3)
        defer { claimedIn.reset() }
        return try claimedIn.step() ? claimedIn.integer(0) : nil
    }

    /// Another entry came first with the id.
    private mutating func meet(_ entry: LedgerEntry, first: Int64) throws -> AppendOutcome {
        guard let standing = try reader.standing(first: first) else {
            throw DatabaseError(
                resultCode: .SQLITE_CORRUPT, message: "a claim without an event: \(first)")
        }
        var outcome = Precedence.outcome(of: entry, over: standing.entry)
        // What somebody corrected stands above what is brought in, however often that is.
        if outcome == .superseded || outcome == .conflict, try reader.wasCorrected(first: first) {
            outcome = .outranked
        }
        switch outcome {
        case .new, .same, .outranked: break
        case .superseded: try replace(standing, by: entry, first: first, reason: nil)
        case .conflict: try keepConflict(entry)
        }
        return outcome
    }

    private mutating func replace(
        _ standing: LedgerReader.Standing, by entry: LedgerEntry, first: Int64, reason: String?
    ) throws {
        try insert(standing.entry, original: first, sign: -1, reason: reason)
        try insert(entry, original: first, reason: reason)
    }

    private func keepConflict(_ entry: LedgerEntry) throws {
        let text = String(decoding: entry.json.compactBytes, as: UTF8.self)
        let arguments: StatementArguments = [account, entry.event.id.data, text]
        let isKept = try Bool.fetchOne(
            db,
            sql: """
                SELECT EXISTS (
                    SELECT 1 FROM event_conflict WHERE account = ? AND id = ? AND entry = ?)
                """, arguments: arguments)
        guard isKept == false else { return }
        try db.execute(
            sql: """
                INSERT INTO event_conflict (account, number, id, entry) VALUES (
                    ?1, (SELECT ifnull(max(number), 0) + 1 FROM event_conflict WHERE account = ?1),
                    ?2, ?3)
                """, arguments: arguments)
    }

    // MARK: Rows

    private mutating func insert(
        _ entry: LedgerEntry, original: Int64? = nil, sign: Int64 = 1, reason: String? = nil
    ) throws {
        let place = try memory.dictionary.context(of: entry, db)
        let row = EventRow(
            number: next, entry.event, context: place.context,
            attribution: try memory.dictionary.attribution(of: entry.event, db), original: original,
            sign: sign, reason: reason)
        try row.insert(insertion, account: account)
        try memory.rollups.add(row, place, line: entry.line, account: account, db)
        holds.add(row, series: place.series, entry)
        next += 1
        if sign > 0, isHolding {
            // What nobody knows the cost of may have cost all that was held for it.
            if entry.mayHaveCostMore {
                try holds.keep(entry.event.id)
            } else {
                try holds.release(entry.event.id)
            }
        }
    }
}

/// Where the claim of an id is kept: a function of the id alone, so that it is found whatever the event
/// says of its time.
///
/// Ids that we mint hold their time, and lead by its hour: what comes together is written together.
/// Those of imports are hashes, and all under one hour.
enum ClaimKey {
    static func hour(of id: EventID) -> Int64 {
        id.mintedMilliseconds.map { floorDivide($0, RollupTable.hourMilliseconds) } ?? 0
    }
}
