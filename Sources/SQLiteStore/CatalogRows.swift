import Accounting
import GRDB
import Pricing

/// Catalogs as rows.
enum CatalogRows {
    // MARK: Writing

    static func insertUnlessKnown(_ catalog: Catalog, _ db: Database) throws {
        let isKnown = try Bool.fetchOne(
            db, sql: "SELECT EXISTS (SELECT 1 FROM catalog WHERE digest = ?)",
            arguments: [catalog.digest])
        guard isKnown != true else { return }
        try refuseChangesInPlace(catalog, db)
        try db.execute(
            sql: "INSERT INTO catalog (digest, date) VALUES (?, ?)",
            arguments: [catalog.digest, catalog.date?.text])
        try insertLines(catalog, db)
        try insertChannels(catalog, db)
        try insertModels(catalog, db)
        let insert = try db.makeStatement(
            sql: "INSERT INTO catalog_exchange_rate VALUES (?, ?, ?, ?, ?, ?, ?)")
        for (place, rate) in catalog.exchangeRates.enumerated() {
            try insert.execute(arguments: [
                catalog.digest, place, rate.base.code, rate.quote.code, rate.rateText,
                rate.date?.text ?? "", rate.source,
            ])
        }
    }

    /// A line that shares its key with a known one must be that one, or one of them must correct
    /// the other.
    private static func refuseChangesInPlace(_ catalog: Catalog, _ db: Database) throws {
        let withdrawn = catalog.withdrawnIDs
        let known = try db.makeStatement(
            sql: """
                SELECT id, service_tier, above_input, above_output, window_zone, window_weekdays, window_hours,
                    attributes, currency
                FROM rate_line WHERE channel = ? AND model = ? AND valid_from_ms = ?
                """)
        let corrections = try Set(
            Row.fetchAll(
                db,
                sql: "SELECT DISTINCT line, corrects FROM catalog_line WHERE corrects IS NOT NULL"
            )
            .map { Correction(line: $0[0], corrects: $0[1]) })
        let corrected = Set(corrections.map(\.corrects))
        var changed: [String] = []
        for entry in catalog.lines
        where !withdrawn.contains(entry.line.id) && !corrected.contains(entry.line.id) {
            let line = entry.line
            let rows = try Row.fetchAll(
                known, arguments: [line.channel, line.model, line.validFrom.milliseconds])
            for row in rows {
                let id: String = row[0]
                guard id != line.id, try LineColumns.conditions(row, from: 1) == line.conditions,
                    row[8] == line.currency.code, !withdrawn.contains(id), !corrected.contains(id)
                else { continue }
                changed.append(
                    "\(entry.origin): \(line.model) on \(line.channel) from \(line.validFrom.text) is line \(id)"
                )
            }
        }
        guard changed.isEmpty else { throw RateTableError.changedInPlace(changed) }
    }

    private struct Correction: Hashable {
        let line: String
        let corrects: String
    }

    private static func insertLines(_ catalog: Catalog, _ db: Database) throws {
        let known = try Set(String.fetchAll(db, sql: "SELECT id FROM rate_line"))
        let insertLine = try db.makeStatement(
            sql: "INSERT INTO rate_line VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
        let insertRate = try db.makeStatement(sql: "INSERT INTO rate VALUES (?, ?, ?, ?)")
        let insertEntry = try db.makeStatement(
            sql: "INSERT INTO catalog_line VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
        for entry in catalog.lines {
            let line = entry.line
            if !known.contains(line.id) {
                try insertLine.execute(arguments: LineColumns.arguments(line))
                for (meter, rate) in line.rates.pairs {
                    try insertRate.execute(arguments: [
                        line.id, meter.name, DecimalText.text(rate.quote.attos), rate.quotedUnits,
                    ])
                }
            }
            try insertEntry.execute(arguments: [
                catalog.digest, line.id, entry.validTo?.milliseconds, entry.publication.source,
                entry.publication.checked.text, entry.publication.claim, entry.corrects, entry.note,
                entry.allowance, entry.confirmed, entry.origin,
            ])
        }
    }

    private static func insertChannels(_ catalog: Catalog, _ db: Database) throws {
        let insert = try db.makeStatement(
            sql: "INSERT INTO catalog_channel VALUES (?, ?, ?, ?, ?, ?)")
        let insertSettlement = try db.makeStatement(
            sql: "INSERT INTO catalog_settlement VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
        for channel in catalog.channels {
            try insert.execute(arguments: [
                catalog.digest, channel.id, channel.name, channel.currency.code,
                channel.pricedAt.rawValue, channel.keyVariable,
            ])
            for settlement in channel.settlements {
                try insertSettlement.execute(arguments: [
                    catalog.digest, channel.id, settlement.pays.amountText,
                    settlement.pays.currency.code, settlement.billed.amountText,
                    settlement.billed.currency.code, settlement.validFrom.milliseconds,
                    settlement.source.source, settlement.source.checked.text,
                    settlement.source.claim,
                ])
            }
        }
    }

    private static func insertModels(_ catalog: Catalog, _ db: Database) throws {
        let insert = try db.makeStatement(sql: "INSERT INTO catalog_model VALUES (?, ?, ?, ?)")
        let insertName = try db.makeStatement(
            sql: "INSERT INTO catalog_model_name VALUES (?, ?, ?, ?, ?, ?, ?)")
        for model in catalog.models {
            try insert.execute(arguments: [catalog.digest, model.id, model.name, model.vendor])
            for (kind, names) in [("alias", model.aliases), ("pattern", model.patterns)] {
                for name in names {
                    try insertName.execute(arguments: [
                        catalog.digest, model.id, kind, name.text, name.validFrom.milliseconds,
                        name.validTo?.milliseconds, name.except.joined(separator: "\n"),
                    ])
                }
            }
        }
    }

    // MARK: Reading

    static func read(_ digest: String, _ db: Database) throws -> Catalog? {
        guard
            let row = try Row.fetchOne(
                db, sql: "SELECT date FROM catalog WHERE digest = ?", arguments: [digest])
        else { return nil }
        let date: String? = row[0]
        return Catalog(
            digest: digest, date: date.flatMap { CivilDate.parse($0.utf8) },
            channels: try channels(digest, db), models: try models(digest, db),
            exchangeRates: try exchangeRates(digest, db), lines: try lines(digest, db))
    }

    private static func lines(_ digest: String, _ db: Database) throws -> [CatalogLine] {
        let rates = try rates(digest, db)
        let rows = try Row.fetchCursor(
            db,
            sql: """
                SELECT l.id, l.service_tier, l.above_input, l.above_output, l.window_zone, l.window_weekdays,
                    l.window_hours, l.attributes, l.channel, l.model, l.currency, l.valid_from_ms, l.unlisted,
                    l.minimum_units, c.valid_to_ms, c.source, c.checked, c.claim, c.corrects, c.note, c.allowance,
                    c.confirmed, c.origin
                FROM catalog_line c JOIN rate_line l ON l.id = c.line WHERE c.catalog = ?
                """, arguments: [digest])
        var lines: [CatalogLine] = []
        while let row = try rows.next() {
            let id: String = row[0]
            let currency = try Currency(row[10] as String)
            var quoted = Rates()
            for rate in rates[id] ?? [] {
                quoted[rate.meter] = try Rate(
                    quote: Money(currency: currency, attos: rate.attos), per: rate.units)
            }
            let line = RateLine(
                id: id, channel: row[8], model: row[9], currency: currency,
                conditions: try LineColumns.conditions(row, from: 1),
                validFrom: Timestamp(milliseconds: row[11]),
                unlisted: RateLine.Unlisted(rawValue: row[12]) ?? .refused,
                minimumUnits: try LineColumns.minimumUnits(row[13]), rates: quoted)
            lines.append(
                CatalogLine(
                    line: line, validTo: (row[14] as Int64?).map(Timestamp.init(milliseconds:)),
                    publication: try publication(row, from: 15), corrects: row[18], note: row[19],
                    allowance: row[20], confirmed: row[21], origin: row[22]))
        }
        return lines
    }

    private struct StoredRate {
        let meter: Meter
        let attos: Int128
        let units: Int64
    }

    private static func rates(_ digest: String, _ db: Database) throws -> [String: [StoredRate]] {
        let rows = try Row.fetchCursor(
            db,
            sql: """
                SELECT r.line, r.meter, r.quote, r.quoted_units
                FROM catalog_line c JOIN rate r ON r.line = c.line WHERE c.catalog = ?
                """, arguments: [digest])
        var rates: [String: [StoredRate]] = [:]
        while let row = try rows.next() {
            let (name, quote): (String, String) = (row[1], row[2])
            guard let meter = Meter(name: name), let attos = DecimalText.parse(quote) else {
                throw DatabaseError(
                    resultCode: .SQLITE_CORRUPT, message: "a rate that cannot be read")
            }
            rates[row[0] as String, default: []].append(
                StoredRate(meter: meter, attos: attos, units: row[3]))
        }
        return rates
    }

    private static func publication(_ row: Row, from column: Int) throws -> Publication {
        let checked: String = row[column + 1]
        guard let date = CivilDate.parse(checked.utf8) else {
            throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "a date that cannot be read")
        }
        return Publication(source: row[column], checked: date, claim: row[column + 2])
    }

    private static func channels(_ digest: String, _ db: Database) throws -> [Channel] {
        let settlements = try Row.fetchAll(
            db,
            sql: """
                SELECT channel, pays, pays_currency, billed, billed_currency, valid_from_ms, source, checked, claim
                FROM catalog_settlement WHERE catalog = ?
                """, arguments: [digest]
        ).map { row in
            (
                channel: row[0] as String,
                settlement: try Settlement(
                    pays: Money(row[1], Currency(row[2])), for: Money(row[3], Currency(row[4])),
                    validFrom: Timestamp(milliseconds: row[5]), source: publication(row, from: 6))
            )
        }
        return try Row.fetchAll(
            db,
            sql: """
                SELECT id, name, currency, priced_at, key_variable FROM catalog_channel WHERE catalog = ?
                ORDER BY id
                """, arguments: [digest]
        ).map { row in
            let id: String = row[0]
            return Channel(
                id: id, name: row[1], currency: try Currency(row[2] as String),
                pricedAt: Channel.PricedAt(rawValue: row[3]) ?? .start,
                settlements: settlements.filter { $0.channel == id }.map(\.settlement),
                keyVariable: row[4])
        }
    }

    private static func models(_ digest: String, _ db: Database) throws -> [Model] {
        var names: [String: [(kind: String, name: DatedName)]] = [:]
        let rows = try Row.fetchCursor(
            db,
            sql: """
                SELECT model, kind, text, valid_from_ms, valid_to_ms, except_globs
                FROM catalog_model_name
                WHERE catalog = ? ORDER BY kind, text, valid_from_ms
                """, arguments: [digest])
        while let row = try rows.next() {
            let name = DatedName(
                text: row[2], validFrom: Timestamp(milliseconds: row[3]),
                validTo: (row[4] as Int64?).map(Timestamp.init(milliseconds:)),
                except: (row[5] as String).split(separator: "\n").map(String.init))
            names[row[0] as String, default: []].append((row[1], name))
        }
        return try Row.fetchAll(
            db, sql: "SELECT id, name, vendor FROM catalog_model WHERE catalog = ? ORDER BY id",
            arguments: [digest]
        ).map { row in
            let all = names[row[0] as String] ?? []
            return Model(
                id: row[0], name: row[1], vendor: row[2],
                aliases: all.filter { $0.kind == "alias" }.map(\.name),
                patterns: all.filter { $0.kind == "pattern" }.map(\.name))
        }
    }

    private static func exchangeRates(_ digest: String, _ db: Database) throws -> [FXRate] {
        try Row.fetchAll(
            db,
            sql: """
                SELECT base, quote, rate, date, source FROM catalog_exchange_rate WHERE catalog = ? ORDER BY place
                """, arguments: [digest]
        ).map { row in
            let (rate, date): (String, String) = (row[2], row[3])
            guard let attos = DecimalText.parse(rate) else {
                throw DatabaseError(
                    resultCode: .SQLITE_CORRUPT, message: "a rate that cannot be read")
            }
            return try FXRate(
                base: Currency(row[0] as String), quote: Currency(row[1] as String), attos: attos,
                date: CivilDate.parse(date.utf8), source: row[4])
        }
    }
}

/// A rate line's conditions as columns: plain enough to be read in SQLite's own shell.
private enum LineColumns {
    static func arguments(_ line: RateLine) -> StatementArguments {
        let conditions = line.conditions
        return [
            line.id, line.channel, line.model, line.currency.code, conditions.serviceTier,
            conditions.aboveInput, conditions.aboveOutput, conditions.window?.zone,
            conditions.window.map { window in
                Weekday.allCases.filter(window.weekdays.contains).map(\.rawValue).joined(
                    separator: ",")
            },
            conditions.window.map { $0.hours.map(\.text).joined(separator: ",") },
            pairs(conditions.when), line.validFrom.milliseconds, line.unlisted.rawValue,
            pairs(
                Dictionary(
                    uniqueKeysWithValues: line.minimumUnits.map { ($0.key.name, String($0.value)) })
            ),
        ]
    }

    /// The columns from `service_tier` to `attributes`, in the table's order.
    static func conditions(_ row: Row, from column: Int) throws -> RateConditions {
        var window: TimeWindow?
        if let zone: String = row[column + 3], let days: String = row[column + 4],
            let hours: String = row[column + 5]
        {
            window = TimeWindow(
                zone: zone,
                weekdays: Set(
                    days.split(separator: ",").compactMap { Weekday(rawValue: String($0)) }),
                hours: hours.split(separator: ",").compactMap { span in
                    let ends = span.split(separator: "-").compactMap { TimeOfDay.parse($0.utf8) }
                    return ends.count == 2 ? TimeWindow.Hours(start: ends[0], end: ends[1]) : nil
                })
        }
        return RateConditions(
            serviceTier: row[column], aboveInput: row[column + 1], aboveOutput: row[column + 2],
            window: window, when: dictionary(row[column + 6]))
    }

    static func minimumUnits(_ text: String) throws -> [Meter: Int64] {
        var minimums: [Meter: Int64] = [:]
        for (name, value) in dictionary(text) {
            guard let meter = Meter(name: name), let count = Int64(value) else {
                throw DatabaseError(
                    resultCode: .SQLITE_CORRUPT, message: "a minimum that cannot be read")
            }
            minimums[meter] = count
        }
        return minimums
    }

    /// `key=value` a line, in the order of the keys.
    private static func pairs(_ dictionary: [String: String]) -> String {
        dictionary.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(
            separator: "\n")
    }

    private static func dictionary(_ text: String) -> [String: String] {
        var result: [String: String] = [:]
        for line in text.split(separator: "\n") {
            let halves = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if halves.count == 2 { result[String(halves[0])] = String(halves[1]) }
        }
        return result
    }
}
