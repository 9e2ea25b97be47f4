import Pricing

/// Brings events into the ledger, a group at a time, and counts what became of each.
package struct EventImport {
    /// A group holds the ledger's lock for a few milliseconds, so that a relay beside an import is
    /// not held up.
    package static let groupSize = 300

    package private(set) var outcomes: [AppendOutcome: Int64] = [:]
    /// Rows that could not be read.
    package private(set) var skipped: Int64 = 0
    /// The first of them and of the files that failed, with file and line.
    package private(set) var problems: [String] = []
    package private(set) var unpriced: Int64 = 0
    /// Events that count several requests each.
    package private(set) var volumes: Int64 = 0
    /// Files of which nothing, or not all, could be read.
    package private(set) var failedFiles: Int64 = 0
    private var group: [LedgerEntry] = []
    /// Lines that records name, and that are not those of today; `nil` for those not known here.
    private var lines: [String: RateLine?] = [:]
    private static let maximumLines = 10_000
    private let book: RateBook
    private let ledger: any UsageLedger
    private let account: String
    private let isDryRun: Bool
    /// Events that were read.
    package private(set) var events: Int64 = 0

    /// Rows that are told of, and files.
    package static let maximumProblems = 20

    package init(
        _ book: RateBook, into ledger: any UsageLedger, account: String, isDryRun: Bool = false
    ) {
        self.isDryRun = isDryRun
        self.book = book
        self.ledger = ledger
        self.account = account
        group.reserveCapacity(Self.groupSize)
    }

    /// `line` is the id of the rate line that it was priced under where it comes from: it stays under
    /// that one where this ledger knows it.
    package mutating func add(_ event: UsageEvent, under line: String? = nil) throws {
        events += 1
        var entry = book.entry(for: event)
        if let line, line != entry.line?.id, let known = try self.line(line) {
            entry = entry.moved(under: known)
        }
        if entry.line == nil { unpriced += 1 }
        if event.isVolume { volumes += 1 }
        if isDryRun { return }
        group.append(entry)
        if group.count == Self.groupSize { try flush() }
    }

    private mutating func line(_ id: String) throws -> RateLine? {
        if let known = lines[id] { return known }
        let line = try ledger.line(id)
        if lines.count >= Self.maximumLines { lines = [:] }
        lines[id] = .some(line)
        return line
    }

    /// Counts a row that could not be read; what it was is told of the first ones.
    package mutating func skip(_ problem: String) {
        skipped += 1
        if skipped <= Self.maximumProblems { problems.append(problem) }
    }

    /// Counts a file that could not be read, or not to its end.
    package mutating func fail(_ problem: String) {
        failedFiles += 1
        if failedFiles <= Self.maximumProblems { problems.append(problem) }
    }

    /// Keeps the last group, and puts all of them out of reach of a loss of power.
    package mutating func finish() throws {
        if !group.isEmpty { try flush() }
        if events > 0, !isDryRun { try ledger.makeDurable() }
    }

    private mutating func flush() throws {
        let outcomes = try ledger.append(group, account: account, durability: .normal)
        for outcome in outcomes { self.outcomes[outcome, default: 0] += 1 }
        group.removeAll(keepingCapacity: true)
    }
}
