import Accounting
import GRDB
import Pricing

/// The texts that events share, and their numbers in one account.
///
/// What is in the database never changes, so that what was read or written once stays right; a
/// transaction that was rolled back takes its numbers with it (`forget`).
struct LedgerDictionary {
    struct Series: Hashable {
        let channel: String
        let model: String
        let line: Int64?
        let serviceTier: String
        let known: Known
    }

    /// Where an entry belongs.
    struct Place {
        let context: Int64
        let series: Int64
        let project: Int64
    }

    /// All of an entry that its context and series keep.
    private struct Shape: Hashable {
        let channel: String
        let model: String
        let line: RateLine?
        let project: String?
        let serviceTier: String
        let known: Known
        let source: String
        let channelAsked: String
        let modelAsked: String
        let modelAnswered: String?
        let pricedBy: LedgerEntry.PricedBy?
        let serviceTierAsked: String?
        let attributes: [String: String]
        let method: String?

        init(_ entry: LedgerEntry) {
            let event = entry.event
            channel = entry.channel
            model = entry.model
            line = entry.line
            project = event.project
            serviceTier = event.serviceTier
            known = event.known
            source = event.source
            channelAsked = event.channel
            modelAsked = event.modelAsked
            modelAnswered = event.modelAnswered
            pricedBy = entry.pricedBy
            serviceTierAsked = event.serviceTierAsked
            attributes = event.attributes
            method = event.method
        }

        /// Enough to tell nearly all apart; once an event, so no more than that.
        func hash(into hasher: inout Hasher) {
            hasher.combine(modelAsked)
            hasher.combine(project)
        }
    }

    struct Attribution: Hashable {
        let user: String?
        let tags: String
    }

    let account: Int64
    private var lines: [String: Int64] = [:]
    private var series: [Series: Int64] = [:]
    private var projects: [String: Int64] = [:]
    private var places: [Shape: Place] = [:]
    private var attributions: [Attribution: Int64] = [:]

    /// Users and tags may be as many as events, and so may what models are called.
    private static let maximumAttributions = 100_000
    private static let maximumPlaces = 100_000

    init(account: Int64) { self.account = account }

    // MARK: Numbers, given out where there is none

    mutating func context(of entry: LedgerEntry, _ db: Database) throws -> Place {
        let shape = Shape(entry)
        if let known = places[shape] { return known }
        let event = entry.event
        let series = try number(
            of: Series(
                channel: entry.channel, model: entry.model,
                line: try entry.line.map { try number(ofLine: $0.id, db) },
                serviceTier: event.serviceTier, known: event.known), entry.line, db)
        let project = try number(ofProject: event.project ?? "", db)
        let context = try number(ofContext: entry, series: series, project: project, db)
        let place = Place(context: context, series: series, project: project)
        if places.count >= Self.maximumPlaces { places = [:] }
        places[shape] = place
        return place
    }

    mutating func attribution(of event: UsageEvent, _ db: Database) throws -> Int64? {
        guard event.user != nil || !event.tags.isEmpty else { return nil }
        let key = Attribution(user: event.user, tags: KeyedLines.text(event.tags))
        if let known = attributions[key] { return known }
        let found = try number(
            in: "attribution", db, find: "ifnull(user, char(0)) = ifnull(?, char(0)) AND tags = ?",
            columns: "user, tags", [key.user, key.tags])
        if attributions.count >= Self.maximumAttributions { attributions = [:] }
        attributions[key] = found
        return found
    }

    private mutating func number(ofLine id: String, _ db: Database) throws -> Int64 {
        if let known = lines[id] { return known }
        guard
            let found = try Int64.fetchOne(
                db, sql: "SELECT number FROM rate_line WHERE id = ?", arguments: [id])
        else { throw LedgerError.unknownLine(id) }
        lines[id] = found
        return found
    }

    private mutating func number(
        of key: Series, _ line: RateLine?, _ db: Database
    ) throws -> Int64 {
        if let known = series[key] { return known }
        let found = try number(
            in: "series", db,
            added: { number in
                guard let line else { return }
                try SeriesPrice.insert(line, account: account, series: number, db)
            },
            find: """
                channel = ? AND model = ? AND ifnull(line, 0) = ifnull(?, 0)
                AND service_tier = ? AND known = ?
                """, columns: "channel, model, line, service_tier, known",
            [key.channel, key.model, key.line, key.serviceTier, key.known.rawValue])
        series[key] = found
        return found
    }

    private mutating func number(ofProject name: String, _ db: Database) throws -> Int64 {
        if let known = projects[name] { return known }
        let found = try number(in: "project", db, find: "name = ?", columns: "name", [name])
        projects[name] = found
        return found
    }

    private func number(
        ofContext entry: LedgerEntry, series: Int64, project: Int64, _ db: Database
    ) throws -> Int64 {
        let event = entry.event
        return try number(
            in: "context", db,
            find: """
                series = ? AND project = ? AND source = ? AND channel_asked = ? AND model_asked = ?
                AND ifnull(model_answered, char(0)) = ifnull(?, char(0))
                AND ifnull(priced_by, '') = ifnull(?, '')
                AND ifnull(service_tier_asked, char(0)) = ifnull(?, char(0))
                AND attributes = ? AND ifnull(method, char(0)) = ifnull(?, char(0))
                """,
            columns: """
                series, project, source, channel_asked, model_asked, model_answered, priced_by,
                service_tier_asked, attributes, method
                """,
            [
                series, project, event.source, event.channel, event.modelAsked,
                event.modelAnswered, entry.pricedBy?.rawValue, event.serviceTierAsked,
                KeyedLines.text(event.attributes), event.method,
            ])
    }

    private func number(
        in table: String, _ db: Database, added: (Int64) throws -> Void = { _ in },
        find: String, columns: String, _ values: [(any DatabaseValueConvertible)?]
    ) throws -> Int64 {
        let arguments = StatementArguments([account] + values)
        let found = try Int64.fetchOne(
            db, sql: "SELECT number FROM \(table) WHERE account = ? AND \(find)",
            arguments: arguments)
        if let found { return found }
        let next =
            try Int64.fetchOne(
                db, sql: "SELECT ifnull(max(number), -1) + 1 FROM \(table) WHERE account = ?",
                arguments: [account]) ?? 0
        try db.execute(
            sql: """
                INSERT INTO \(table) (account, number, \(columns))
                VALUES (?, \(next)\(String(repeating: ", ?", count: values.count)))
                """, arguments: arguments)
        try added(next)
        return next
    }
}

/// Names and values as one text: `name=value`, a line each, in the order of the names. A line break
/// or backslash within is written as an escape.
enum KeyedLines {
    static func text(_ pairs: [String: String]) -> String {
        pairs.sorted { $0.key < $1.key }.map { "\(escaped($0.key, "="))=\(escaped($0.value, nil))" }
            .joined(separator: "\n")
    }

    static func pairs(_ text: String) -> [String: String] {
        var result: [String: String] = [:]
        for line in text.unicodeScalars.split(separator: "\n") {
            var name: String?
            var part = String.UnicodeScalarView()
            var isEscape = false
            for scalar in line {
                if isEscape {
                    part.append(scalar == "n" ? "\n" : scalar)
                    isEscape = false
                } else if scalar == "\\" {
                    isEscape = true
                } else if scalar == "=", name == nil {
                    name = String(part)
                    part = String.UnicodeScalarView()
                } else {
                    part.append(scalar)
                }
            }
            if let name { result[name] = String(part) }
        }
        return result
    }

    private static func escaped(_ text: String, _ separator: Unicode.Scalar?) -> String {
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            if scalar == "\n" || scalar == "\\" || scalar == separator { result.append("\\") }
            result.append(scalar == "\n" ? "n" : scalar)
        }
        return String(result)
    }
}
