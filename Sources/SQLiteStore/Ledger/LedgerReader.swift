import Accounting
import Foundation
import GRDB
import Pricing

/// Reads entries off their rows, within one transaction.
final class LedgerReader {
    /// What the events of a context share, read once.
    struct Shared {
        let series: Int64
        let project: Int64
        let source: String
        let channelAsked: String
        let modelAsked: String
        let modelAnswered: String?
        let pricedBy: LedgerEntry.PricedBy?
        let serviceTierAsked: String?
        let attributes: [String: String]
        let method: String?
    }

    struct Series {
        let channel: String
        let model: String
        let line: RateLine?
        let serviceTier: String
        let known: Known

        func group(
            bucket: Int, _ sum: UsageSum, project: String? = nil, user: String? = nil
        ) -> UsageGroup {
            UsageGroup(
                bucket: bucket, channel: channel, model: model, line: line,
                serviceTier: serviceTier, known: known, project: project, user: user, sum: sum)
        }
    }

    struct Attribution {
        let user: String?
        let tags: [String: String]
    }

    /// The row that stands under an id, and its entry.
    struct Standing {
        let row: EventRow
        let entry: LedgerEntry
    }

    let account: Int64
    let db: Database
    private var shared: [Int64: Shared] = [:]
    /// All of them that there were when they were read.
    var series: [Int64: Series] = [:]
    private(set) var projects: [Int64: String] = [:]
    private var attributions: [Int64: Attribution] = [:]

    init(account: Int64, _ db: Database) throws {
        self.account = account
        self.db = db
    }

    // MARK: Texts

    func series(_ number: Int64) throws -> Series {
        if let known = series[number] { return known }
        // Few, and mostly all wanted at once; a writer adds to them.
        try readSeries()
        guard let found = series[number] else { throw damaged("series \(number)") }
        return found
    }

    func loadSeries() throws {
        let last = try Int64.fetchOne(
            try db.cachedStatement(sql: "SELECT max(number) FROM series WHERE account = ?"),
            arguments: [account])
        if let last, series[last] == nil { try readSeries() }
    }

    private func readSeries() throws {
        let rows = try Row.fetchAll(
            db,
            sql: """
                SELECT number, channel, model, line, service_tier, known FROM series
                WHERE account = ?
                """, arguments: [account])
        let lines = try LineColumns.lines(Set(rows.compactMap { $0[3] as Int64? }), db)
        for row in rows {
            let line = try (row[3] as Int64?).map { number in
                guard let line = lines[number] else { throw damaged("rate line \(number)") }
                return line
            }
            guard let known = Known(rawValue: row[5]) else { throw damaged("a series") }
            series[row[0]] = Series(
                channel: row[1], model: row[2], line: line, serviceTier: row[4], known: known)
        }
    }

    func project(_ number: Int64) throws -> String? {
        if projects[number] == nil { try readProjects() }
        guard let name = projects[number] else { throw damaged("project \(number)") }
        return name.isEmpty ? nil : name
    }

    func loadProjects() throws {
        if projects.isEmpty { try readProjects() }
    }

    private func readProjects() throws {
        let rows = try Row.fetchCursor(
            db, sql: "SELECT number, name FROM project WHERE account = ?", arguments: [account])
        while let row = try rows.next() { projects[row[0]] = row[1] }
    }

    func shared(_ number: Int64) throws -> Shared {
        if let known = shared[number] { return known }
        guard
            let row = try Row.fetchOne(
                db,
                sql: """
                    SELECT series, project, source, channel_asked, model_asked, model_answered,
                        priced_by, service_tier_asked, attributes, method
                    FROM context WHERE account = ? AND number = ?
                    """, arguments: [account, number])
        else { throw damaged("context \(number)") }
        let found = Shared(
            series: row[0], project: row[1], source: row[2], channelAsked: row[3],
            modelAsked: row[4], modelAnswered: row[5],
            pricedBy: (row[6] as String?).flatMap(LedgerEntry.PricedBy.init),
            serviceTierAsked: row[7], attributes: KeyedLines.pairs(row[8]), method: row[9])
        shared[number] = found
        return found
    }

    func attribution(_ number: Int64) throws -> Attribution {
        if let known = attributions[number] { return known }
        guard
            let row = try Row.fetchOne(
                db, sql: "SELECT user, tags FROM attribution WHERE account = ? AND number = ?",
                arguments: [account, number])
        else { throw damaged("attribution \(number)") }
        let found = Attribution(user: row[0], tags: KeyedLines.pairs(row[1]))
        if attributions.count >= 100_000 { attributions = [:] }
        attributions[number] = found
        return found
    }

    /// Every user and tags that any event has.
    func allAttributions() throws -> [(number: Int64, Attribution)] {
        let rows = try Row.fetchCursor(
            db, sql: "SELECT number, user, tags FROM attribution WHERE account = ?",
            arguments: [account])
        var found: [(number: Int64, Attribution)] = []
        while let row = try rows.next() {
            found.append((row[0], Attribution(user: row[1], tags: KeyedLines.pairs(row[2]))))
        }
        return found
    }

    func damaged(_ what: String) -> DatabaseError {
        DatabaseError(resultCode: .SQLITE_CORRUPT, message: "\(what) is missing or cannot be read")
    }

    // MARK: Entries

    func entry(_ row: EventRow) throws -> LedgerEntry {
        let shared = try shared(row.context)
        let series = try series(shared.series)
        let attribution = try row.attribution.map(attribution)
        let event = UsageEvent(
            id: row.id, vendorID: row.vendorID, start: row.start,
            durationMilliseconds: row.durationMilliseconds,
            firstTokenMilliseconds: row.firstTokenMilliseconds, channel: shared.channelAsked,
            modelAsked: shared.modelAsked, modelAnswered: shared.modelAnswered,
            serviceTier: series.serviceTier, serviceTierAsked: shared.serviceTierAsked,
            attributes: shared.attributes, usage: row.usage, known: series.known,
            method: shared.method, source: shared.source, project: try project(shared.project),
            user: attribution?.user, tags: attribution?.tags ?? [:],
            vendorCost: try row.vendorCost.map(vendorCost))
        return LedgerEntry(
            event: event, channel: series.channel, model: series.model, line: series.line,
            pricedBy: shared.pricedBy)
    }

    private func vendorCost(_ text: String) throws -> Money {
        let parts = text.split(separator: " ").map(String.init)
        guard parts.count == 2 else { throw damaged("a vendor's cost") }
        return try Money(parts[0], Currency(parts[1]))
    }

    /// The number of the row that first had an id.
    func firstRow(of id: EventID) throws -> Int64? {
        try Int64.fetchOne(
            db, sql: "SELECT event FROM event_claim WHERE account = ? AND hour = ? AND id = ?",
            arguments: [account, ClaimKey.hour(of: id), id.data])
    }

    /// Whether somebody gave an event another content. Pricing it anew leaves the content as it was.
    func wasCorrected(first: Int64) throws -> Bool {
        let statement = try RawStatement(
            """
            SELECT \(EventRow.columns) FROM event
            WHERE account = ?1 AND sign > 0 AND (number = ?2 OR original = ?2) ORDER BY number
            """, db)
        statement.bind(account, 1)
        statement.bind(first, 2)
        var rows: [EventRow] = []
        while try statement.step() { rows.append(try EventRow(statement)) }
        statement.reset()
        for (row, before) in zip(rows.dropFirst(), rows) where row.reason != nil {
            if try entry(row).event != entry(before).event { return true }
        }
        return false
    }

    func standing(first: Int64) throws -> Standing? {
        let followers = try RawStatement(
            "SELECT max(number) FROM event WHERE account = ? AND original = ?", db)
        followers.bind(account, 1)
        followers.bind(first, 2)
        let last = try followers.step() ? followers.optionalInteger(0) : nil
        followers.reset()
        let statement = try RawStatement(
            "SELECT \(EventRow.columns) FROM event WHERE account = ? AND number = ?", db)
        statement.bind(account, 1)
        statement.bind(last ?? first, 2)
        defer { statement.reset() }
        guard try statement.step() else { return nil }
        let row = try EventRow(statement)
        return Standing(row: row, entry: try entry(row))
    }

    /// Which row stands, for each row that was followed by others: by the number of the first.
    func replaced() throws -> [Int64: Int64] {
        let rows = try Row.fetchCursor(
            db,
            sql: """
                SELECT original, max(number) FROM event
                WHERE account = ? AND original IS NOT NULL GROUP BY original
                """, arguments: [account])
        var standing: [Int64: Int64] = [:]
        while let row = try rows.next() { standing[row[0]] = row[1] }
        return standing
    }

    /// The number of the row that was appended last; 0 where there is none.
    func lastRow() throws -> Int64 {
        try Int64.fetchOne(
            try db.cachedStatement(
                sql: "SELECT ifnull(max(number), 0) FROM event WHERE account = ?"),
            arguments: [account]) ?? 0
    }

    /// Between which numbers the events that start in a range are found.
    func span(from start: Timestamp, to end: Timestamp) throws -> ClosedRange<Int64>? {
        let hour = RollupTable.hourMilliseconds
        let row = try Row.fetchOne(
            db,
            sql: """
                SELECT min(first), max(last) FROM event_span
                WHERE account = ? AND hour BETWEEN ? AND ?
                """,
            arguments: [
                account, floorDivide(start.milliseconds, hour),
                floorDivide(end.milliseconds - 1, hour),
            ])
        guard let first = row?[0] as Int64?, let last = row?[1] as Int64? else { return nil }
        return first...last
    }

    /// When the first and the last event start; `nil` where there is none.
    func ends() throws -> (oldest: Timestamp, newest: Timestamp)? {
        func end(_ function: String) throws -> Timestamp? {
            // The rows of one hour lie between two numbers; others may lie there too.
            let row = try Row.fetchOne(
                db,
                sql: """
                    SELECT \(function)(e.start_ms) FROM event_span s JOIN event e
                    ON e.account = s.account AND e.number BETWEEN s.first AND s.last
                    WHERE s.account = ?1 AND s.hour =
                    (SELECT \(function)(hour) FROM event_span WHERE account = ?1)
                    """, arguments: [account])
            return (row?[0] as Int64?).map(Timestamp.init(milliseconds:))
        }
        guard let oldest = try end("min"), let newest = try end("max") else { return nil }
        return (oldest, newest)
    }
}

extension EventID {
    var data: DatabaseValue { Data(bytes).databaseValue }
}
