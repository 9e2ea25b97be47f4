import Accounting
import GRDB
import Pricing

/// Reads a catalog off its rows: all of it, or what a few names need.
struct CatalogReading {
    private let number: Int64
    private let digest: String
    private let date: CivilDate?
    private let db: Database

    /// `nil` where no catalog of that digest is known.
    init?(_ digest: String, _ db: Database) throws {
        guard
            let row = try Row.fetchOne(
                db, sql: "SELECT number, date FROM catalog WHERE digest = ?", arguments: [digest])
        else { return nil }
        let date: String? = row[1]
        number = row[0]
        self.digest = digest
        self.date = date.flatMap { CivilDate.parse($0.utf8) }
        self.db = db
    }

    func all() throws -> Catalog { try catalog(of: nil) }

    func frame() throws -> Catalog { try catalog(of: []) }

    /// The catalog of the models that any of `names` could stand for, whole as far as they go: a
    /// book of it answers for those names as the book of all would. All of it where a name stands
    /// for nothing, for the nearest names are told then.
    func part(naming names: [String], on channels: [String]) throws -> Catalog {
        var models: Set<String> = []
        for name in names {
            let found = try self.models(named: name, on: channels)
            if found.isEmpty { return try all() }
            models.formUnion(found)
        }
        return try catalog(of: models.sorted())
    }

    /// The catalog of the models that any of `channels` sells, by their ids or aliases; all of it
    /// where one is no channel, or where none is named but `direct`.
    func part(soldOn channels: [String]) throws -> Catalog {
        let named = channels.filter { $0 != Channel.direct }
        let known = try self.channels()
        let ids = named.compactMap { name in
            known.first { $0.id == name || $0.aliases.contains(name) }?.id
        }
        guard !ids.isEmpty, ids.count == named.count else { return try all() }
        // Models of other catalogs among them do no harm: they have no lines in this one.
        let models = try String.fetchAll(
            db,
            sql: """
                SELECT DISTINCT model FROM rate_line INDEXED BY rate_line_by_key
                WHERE channel IN (\(databaseQuestionMarks(count: ids.count))) ORDER BY model
                """, arguments: StatementArguments(ids))
        guard models.count <= Self.mostModelsOfAPart else { return try all() }
        return try catalog(of: models)
    }

    /// With more models, reading all is as quick; SQLite takes 32,766 marks in a statement.
    private static let mostModelsOfAPart = 500

    // MARK: Names

    private func models(named name: String, on channels: [String]) throws -> Set<String> {
        let spellings = NameSpellings(name).all.map(\.text)
        let marks = databaseQuestionMarks(count: spellings.count)
        var models = try Set(
            String.fetchAll(
                db, sql: "SELECT id FROM catalog_model WHERE catalog = ? AND id IN (\(marks))",
                arguments: [number] + StatementArguments(spellings)))
        let first = spellings.first ?? ""
        let named = channels.filter { $0 != Channel.direct }
        var isSettled = try models.contains(first) && isSold(first, onAll: named)
        let rows = try Row.fetchCursor(
            db,
            sql: """
                SELECT key, model, channel, valid_from_ms, valid_to_ms FROM catalog_name
                WHERE catalog = ? AND kind = 'alias' AND key IN (\(marks))
                """, arguments: [number] + StatementArguments(spellings))
        while let row = try rows.next() {
            let (key, model, channel): (String, String, String) = (row[0], row[1], row[2])
            models.insert(model)
            let isAlways = row[3] as Int64? == nil && row[4] as Int64? == nil
            guard key == first, isAlways else { continue }
            let isMeant =
                try channel.isEmpty ? isSold(model, onAll: named) : named == [channel]
            if isMeant { isSettled = true }
        }
        // Such a name goes before any pattern; any other may not.
        if !isSettled { models.formUnion(try modelsByPattern(spellings)) }
        return models
    }

    private func isSold(_ model: String, onAll channels: [String]) throws -> Bool {
        try channels.allSatisfy { channel in
            try Bool.fetchOne(
                db,
                sql: "SELECT EXISTS (SELECT 1 FROM rate_line WHERE model = ? AND channel = ?)",
                arguments: [model, channel]) ?? false
        }
    }

    private func modelsByPattern(_ spellings: [String]) throws -> Set<String> {
        let texts = spellings.map { Array($0.utf8) }
        let rows = try Row.fetchCursor(
            db, sql: "SELECT key, model FROM catalog_name WHERE catalog = ? AND kind = 'pattern'",
            arguments: [number])
        var models: Set<String> = []
        while let row = try rows.next() {
            let glob = Array((row[0] as String).utf8)
            if texts.contains(where: { Glob.matches(glob, $0) }) { models.insert(row[1]) }
        }
        return models
    }

    // MARK: Rows

    /// A condition for the models that are wanted, all of them for `nil`, and its arguments.
    ///
    /// CROSS JOIN and INDEXED BY keep SQLite, which has no statistics here, from reading a whole
    /// catalog for the sake of one model.
    private func among(
        _ models: [String]?, _ column: String
    ) -> (sql: String, arguments: StatementArguments) {
        guard let models else { return ("", []) }
        return (
            " AND \(column) IN (\(databaseQuestionMarks(count: models.count)))",
            StatementArguments(models)
        )
    }

    private func catalog(of models: [String]?) throws -> Catalog {
        let names = try names(of: models)
        return Catalog(
            digest: digest, date: date, channels: try channels(),
            models: try self.models(models, names), channelNames: names.ofChannels,
            exchangeRates: try exchangeRates(), lines: try lines(of: models))
    }

    private func lines(of models: [String]?) throws -> [CatalogLine] {
        let rates = try rates(of: models)
        let wanted = among(models, "l.model")
        let rows = try Row.fetchCursor(
            db,
            sql: """
                SELECT \(LineColumns.columns), c.valid_to_ms, c.source, c.checked, c.claim,
                    c.corrects, c.note, c.allowance, c.confirmed, c.origin
                FROM rate_line l CROSS JOIN catalog_line c
                WHERE c.catalog = ? AND c.line = l.number\(wanted.sql)
                """, arguments: [number] + wanted.arguments)
        var lines: [CatalogLine] = []
        let first = LineColumns.count
        while let row = try rows.next() {
            lines.append(
                CatalogLine(
                    line: try LineColumns.line(row, rates[row[0] as Int64] ?? []),
                    validTo: (row[first] as Int64?).map(Timestamp.init(milliseconds:)),
                    publication: try publication(row, from: first + 1), corrects: row[first + 4],
                    note: row[first + 5], allowance: row[first + 6], confirmed: row[first + 7],
                    origin: row[first + 8]))
        }
        return lines
    }

    private func rates(of models: [String]?) throws -> [Int64: [LineColumns.StoredRate]] {
        let wanted = among(models, "l.model")
        let sql =
            models == nil
            ? "SELECT \(LineColumns.rateColumns) FROM rate r"
            : """
            SELECT \(LineColumns.rateColumns)
            FROM rate_line l CROSS JOIN rate r WHERE r.line = l.number\(wanted.sql)
            """
        return try LineColumns.rates(
            try Row.fetchCursor(db, sql: sql, arguments: wanted.arguments))
    }

    private static func corrupt(_ what: String) -> DatabaseError {
        DatabaseError(resultCode: .SQLITE_CORRUPT, message: "\(what) that cannot be read")
    }

    private func publication(_ row: Row, from column: Int) throws -> Publication {
        let checked: String = row[column + 1]
        guard let date = CivilDate.parse(checked.utf8) else { throw Self.corrupt("a date") }
        return Publication(source: row[column], checked: date, claim: row[column + 2])
    }

    /// The channels of some ids, or all of them.
    func channels(_ ids: Set<String>? = nil) throws -> [Channel] {
        let settlements = try Row.fetchAll(
            db,
            sql: """
                SELECT channel, pays, pays_currency, billed, billed_currency, valid_from_ms, source, checked, claim
                FROM catalog_settlement WHERE catalog = ?
                """, arguments: [number]
        ).map { row in
            (
                channel: row[0] as String,
                settlement: try Settlement(
                    pays: Money(row[1], Currency(row[2])), for: Money(row[3], Currency(row[4])),
                    validFrom: Timestamp(milliseconds: row[5]), source: publication(row, from: 6))
            )
        }
        let rows = try Row.fetchCursor(
            db,
            sql: """
                SELECT id, name, currency, priced_at, key_variable, aliases, api, base_url, websocket_url
                FROM catalog_channel c
                LEFT JOIN catalog_endpoint e ON e.catalog = c.catalog AND e.channel = c.id
                WHERE c.catalog = ? ORDER BY id
                """, arguments: [number])
        var channels: [Channel] = []
        while let row = try rows.next() {
            let id: String = row[0]
            guard ids?.contains(id) ?? true else { continue }
            channels.append(
                Channel(
                    id: id, name: row[1], currency: try Currency(row[2] as String),
                    pricedAt: Channel.PricedAt(rawValue: row[3]) ?? .start,
                    settlements: settlements.filter { $0.channel == id }.map(\.settlement),
                    keyVariable: row[4],
                    aliases: (row[5] as String).split(separator: "\n").map(String.init),
                    endpoints: ChannelEndpoints(
                        api: row[6], baseURL: row[7], webSocketURL: row[8])))
        }
        return channels
    }

    private struct Names {
        var aliases: [String: [DatedName]] = [:]
        var patterns: [String: [DatedName]] = [:]
        var ofChannels: [ChannelName] = []
    }

    private func names(of models: [String]?) throws -> Names {
        let wanted = among(models, "model")
        let rows = try Row.fetchCursor(
            db,
            sql: """
                SELECT model, kind, coalesce(spelled, key), valid_from_ms, valid_to_ms, except_globs,
                    channel, is_own
                FROM catalog_name \(models == nil ? "" : "INDEXED BY catalog_name_by_model")
                WHERE catalog = ?\(wanted.sql) ORDER BY place
                """, arguments: [number] + wanted.arguments)
        var names = Names()
        while let row = try rows.next() {
            let (model, channel): (String, String) = (row[0], row[6])
            let isPattern = row[1] == "pattern"
            let name = DatedName(
                text: row[2],
                validFrom: (row[3] as Int64?).map(Timestamp.init(milliseconds:)) ?? .beginning,
                validTo: (row[4] as Int64?).map(Timestamp.init(milliseconds:)),
                except: (row[5] as String? ?? "").split(separator: "\n").map(String.init))
            if !channel.isEmpty {
                names.ofChannels.append(
                    ChannelName(
                        channel: channel, model: model, isPattern: isPattern, name: name,
                        isOwn: row[7]))
            } else if isPattern {
                names.patterns[model, default: []].append(name)
            } else {
                names.aliases[model, default: []].append(name)
            }
        }
        return names
    }

    private func models(_ models: [String]?, _ names: Names) throws -> [Model] {
        let wanted = among(models, "id")
        let rows = try Row.fetchCursor(
            db,
            sql: """
                SELECT id, name, vendor FROM catalog_model WHERE catalog = ?\(wanted.sql) ORDER BY id
                """, arguments: [number] + wanted.arguments)
        var read: [Model] = []
        while let row = try rows.next() {
            let id: String = row[0]
            read.append(
                Model(
                    id: id, name: row[1], vendor: row[2], aliases: names.aliases[id] ?? [],
                    patterns: names.patterns[id] ?? []))
        }
        return read
    }

    private func exchangeRates() throws -> [FXRate] {
        try Row.fetchAll(
            db,
            sql: """
                SELECT base, quote, rate, date, source FROM catalog_exchange_rate WHERE catalog = ?
                ORDER BY place
                """, arguments: [number]
        ).map { row in
            let (rate, date): (String, String) = (row[2], row[3])
            guard let attos = DecimalText.parse(rate) else { throw Self.corrupt("a rate") }
            return try FXRate(
                base: Currency(row[0] as String), quote: Currency(row[1] as String), attos: attos,
                date: CivilDate.parse(date.utf8), source: row[4])
        }
    }
}
