import JSONBytes
import Pricing

/// A ledger that cannot serve now, whatever it is asked.
package protocol LedgerUnavailable: Error {
    /// One sentence for who asks from elsewhere: it names no file.
    var sentence: String { get }
}

/// Where events are kept: each exactly once, and none ever changed.
///
/// Every function speaks of one account, by its name.
package protocol UsageLedger: Sendable {
    /// Keeps some entries, in their order, all or none; what happened to each.
    ///
    /// Once it returns with `durability` `.full`, neither a crash nor a loss of power takes them back.
    /// Throws `LedgerError.unknownLine` for an entry whose rate line was never loaded.
    func append(
        _ entries: [LedgerEntry], account: String, durability: Durability
    ) throws -> [AppendOutcome]

    /// Puts what was appended so far out of reach of a loss of power; others may write meanwhile. Where
    /// it throws, what was appended since it last returned may be lost.
    func makeDurable() throws

    /// The number of the row that was appended last; 0 where there is none.
    func lastRow(account: String) throws -> Int64

    /// Usage added up between some boundaries.
    func sums(_ query: SumQuery, account: String) throws -> [UsageGroup]

    /// Calls `body` with the entries as they stand now, corrections applied, in the order in which
    /// they came.
    func forEachEntry(
        from start: Timestamp, to end: Timestamp, matching filter: EventFilter, account: String,
        _ body: (LedgerEntry) throws -> Void) throws

    /// Reads the requests of a range into scans: one, or several beside each other on threads of their
    /// own, each with a part of the requests. All of them see the ledger as it is at one moment. A
    /// request that was corrected comes again with its sign below zero, maybe into another scan, so
    /// that every sum over all scans is a plain sum.
    func scanRequests<Scan: RequestScan>(
        from start: Timestamp, to end: Timestamp, matching filter: EventFilter, account: String,
        into make: @escaping @Sendable () -> Scan
    ) throws -> [Scan.Outcome]

    /// The rate line of an id, of whichever rates that were ever loaded.
    func line(_ id: String) throws -> RateLine?

    /// The rate lines that events stand under, or stood.
    func lines(account: String) throws -> [RateLine]

    /// The entry of an id as it stands now.
    func entry(_ id: EventID, account: String) throws -> LedgerEntry?

    /// Takes entries back and puts others with their ids in their places, whatever their precedence;
    /// all or none.
    ///
    /// Throws `LedgerError.unknownEvent`.
    func correct(_ entries: [LedgerEntry], reason: String, account: String) throws

    func status(account: String) throws -> LedgerStatus

    /// How many observations contradict an event; `status` tells it too, and more.
    func conflicts(account: String) throws -> Int64

    /// Calls `body` with what contradicts an event, in the order in which it came, and the event as it
    /// stands.
    func forEachConflict(
        account: String, limit: Int,
        _ body: (_ kept: LedgerEntry?, _ other: JSONValue) throws -> Void) throws

    /// Another number than before where something was kept since by others than this ledger.
    func changeMark() throws -> Int64

    /// What does not hold; empty where everything does.
    func verify(account: String, repairingRollups: Bool) throws -> LedgerVerification

    /// Channels that the rates in use no longer have, as the newest rates that had each tell them:
    /// their settlements turn bills of then into costs.
    func formerChannels(_ ids: Set<String>) throws -> [Channel]

    /// Where it is kept, for people.
    var location: String { get }
}

package enum Durability: Sendable {
    /// On the disk when it returns.
    case full
    /// Safe from a crash of the program; a loss of power may take the last of it back, until the
    /// next append with `.full`.
    case normal
}

package enum AppendOutcome: String, Sendable, CaseIterable {
    case new
    /// It was there already, with the same content.
    case same
    /// It took the place of a smaller snapshot, or of one that was known less well.
    case superseded
    /// The one that is there is known better: nothing was done.
    case outranked
    /// Another content under the same id: kept apart, outside every total.
    case conflict
}

package enum LedgerError: Error, Hashable, Sendable, CustomStringConvertible {
    case unknownLine(String)
    case unknownEvent(String)
    case noEvents(under: String)
    case alreadyReserved(String)
    /// Where it is.
    case noDemo(String)

    package var description: String {
        switch self {
        case .unknownLine(let id): "rate line \(id) is not in this database; load its rates first"
        case .unknownEvent(let id): "no event \(id) in the ledger"
        case .alreadyReserved(let id): "a request of id \(id) is under way already"
        case .noDemo(let place):
            "\(place) holds more than a demo's made-up usage; leave --database away, or name a new file"
        case .noEvents(let line):
            "no event stands under rate line \(line); --lines wants the id of a line, or unpriced"
        }
    }
}

/// What can be asked of an event by a glob over a text.
package enum EventDimension: String, CaseIterable, Sendable {
    case model, channel, project, user, known, serviceTier = "service_tier", source

    /// Whether roll-ups hold it, so that no event has to be read.
    package var isRolledUp: Bool { self != .user && self != .source }
}

/// Which events are meant: all of its conditions hold, each by any of its globs.
package struct EventFilter: Hashable, Sendable {
    package var globs: [EventDimension: [String]]
    /// By the name of a tag.
    package var tags: [String: [String]]

    package init(
        _ globs: [EventDimension: [String]] = [:], tags: [String: [String]] = [:]
    ) {
        self.globs = globs
        self.tags = tags
    }

    package var isEmpty: Bool { globs.isEmpty && tags.isEmpty }

    /// An absent text is empty, and matches `*`.
    package func matches(_ dimension: EventDimension, _ text: String?) -> Bool {
        guard let globs = globs[dimension] else { return true }
        return globs.contains { Glob.matches($0.utf8, (text ?? "").utf8) }
    }

    package func matches(tags: [String: String]) -> Bool {
        self.tags.allSatisfy { name, globs in
            globs.contains { Glob.matches($0.utf8, (tags[name] ?? "").utf8) }
        }
    }
}

extension LedgerEntry {
    package func matches(_ filter: EventFilter) -> Bool {
        filter.isEmpty
            || filter.matches(.model, model) && filter.matches(.channel, channel)
                && filter.matches(.project, event.project) && filter.matches(.user, event.user)
                && filter.matches(.known, event.known.rawValue)
                && filter.matches(.serviceTier, event.serviceTier)
                && filter.matches(.source, event.source) && filter.matches(tags: event.tags)
    }
}

/// Sums of usage between boundaries of time, by all that decides a price, and by project or user
/// where that is asked.
package struct SumQuery: Sendable {
    /// Ascending, at least two: bucket `i` holds what starts from `boundaries[i]` on and before the
    /// next.
    package var boundaries: [Timestamp]
    package var byProject: Bool
    package var byUser: Bool
    package var filter: EventFilter
    /// The number of the last row that counts, so that several questions see one moment; all rows count
    /// where it is `nil`.
    package var through: Int64?

    package init(
        boundaries: [Timestamp], byProject: Bool = false, byUser: Bool = false,
        filter: EventFilter = EventFilter(), through: Int64? = nil
    ) {
        precondition(boundaries.count >= 2, "a range has two ends")
        self.through = through
        self.boundaries = boundaries
        self.byProject = byProject
        self.byUser = byUser
        self.filter = filter
    }
}

/// The events of one bucket that share a rate line and all else that was asked.
package struct UsageGroup: Sendable {
    package let bucket: Int
    package let channel: String
    package let model: String
    package let line: RateLine?
    package let serviceTier: String
    package let known: Known
    /// Where it was asked.
    package let project: String?
    package let user: String?
    package let sum: UsageSum

    package init(
        bucket: Int, channel: String, model: String, line: RateLine?, serviceTier: String,
        known: Known, project: String?, user: String?, sum: UsageSum
    ) {
        self.bucket = bucket
        self.channel = channel
        self.model = model
        self.line = line
        self.serviceTier = serviceTier
        self.known = known
        self.project = project
        self.user = user
        self.sum = sum
    }
}

/// Who takes requests one by one.
package protocol RequestScan {
    associatedtype Outcome: Sendable

    /// What many requests share, before the first of those: its place among the kinds of this scan is
    /// what they name it by.
    mutating func add(_ kind: RequestKind) throws

    mutating func add(_ row: RequestRow) throws

    func finish() -> Outcome
}

/// What decides a request's price besides its time and size.
package struct RequestKind: Sendable {
    package let channel: String
    package let model: String
    package let line: RateLine?
    package let serviceTier: String
    package let known: Known
    package let attributes: [String: String]

    package init(
        channel: String, model: String, line: RateLine?, serviceTier: String, known: Known,
        attributes: [String: String]
    ) {
        self.channel = channel
        self.model = model
        self.line = line
        self.serviceTier = serviceTier
        self.known = known
        self.attributes = attributes
    }
}

/// One request, or one taken back where `sign` is -1.
package struct RequestRow: Sendable {
    /// The place of its kind, counted from 0 in the order in which they came.
    package let kind: Int
    package let sign: Int64
    package let start: Timestamp
    /// When the answer was complete.
    package let end: Timestamp?
    package let usage: Usage

    package init(kind: Int, sign: Int64, start: Timestamp, end: Timestamp?, usage: Usage) {
        self.kind = kind
        self.sign = sign
        self.start = start
        self.end = end
        self.usage = usage
    }
}

package struct LedgerStatus: Sendable {
    package var location: String
    package var sizeBytes: Int64
    package var rows: Int64
    /// Events as they stand, by how they are known.
    package var known: [Known: Int64]
    /// Events without a rate line.
    package var unpriced: Int64
    package var corrections: Int64
    package var conflicts: Int64
    /// Requests, under way or of unknown usage, whose worst case is held against budgets.
    package var reservations: Int64 = 0
    package var moneyEntries: Int64
    package var oldest: Timestamp?
    package var newest: Timestamp?

    package init(
        location: String, sizeBytes: Int64, rows: Int64, known: [Known: Int64], unpriced: Int64,
        corrections: Int64, conflicts: Int64, moneyEntries: Int64 = 0, oldest: Timestamp?,
        newest: Timestamp?
    ) {
        self.location = location
        self.sizeBytes = sizeBytes
        self.rows = rows
        self.known = known
        self.unpriced = unpriced
        self.corrections = corrections
        self.conflicts = conflicts
        self.moneyEntries = moneyEntries
        self.oldest = oldest
        self.newest = newest
    }
}

package struct LedgerVerification: Sendable {
    package var rows: Int64
    /// In words, each with what does not hold and where; at most `maximumProblems`.
    package var problems: [String]
    package var problemCount: Int64
    package var repairedRollups: Int64

    package static let maximumProblems = 20

    package init(
        rows: Int64 = 0, problems: [String] = [], problemCount: Int64 = 0,
        repairedRollups: Int64 = 0
    ) {
        self.rows = rows
        self.problems = problems
        self.problemCount = problemCount
        self.repairedRollups = repairedRollups
    }

    package mutating func report(_ problem: String) {
        problemCount += 1
        if problems.count < Self.maximumProblems { problems.append(problem) }
    }
}
