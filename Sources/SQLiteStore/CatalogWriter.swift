import Accounting
import GRDB
import Pricing

/// Writes a catalog as rows, in one transaction of the caller's.
struct CatalogWriter {
    private let catalog: Catalog
    private let db: Database

    /// Does nothing where the catalog is known; throws `RateTableError.changedInPlace` where a line
    /// that is known has other rates now.
    static func insertUnlessKnown(_ catalog: Catalog, _ db: Database) throws {
        let isKnown = try Bool.fetchOne(
            db, sql: "SELECT EXISTS (SELECT 1 FROM catalog WHERE digest = ?)",
            arguments: [catalog.digest])
        guard isKnown != true else { return }
        try CatalogWriter(catalog: catalog, db: db).insert()
    }

    private func insert() throws {
        var numbers: [String: Int64] = [:]
        let rows = try Row.fetchCursor(db, sql: "SELECT id, number FROM rate_line")
        while let row = try rows.next() { numbers[row[0]] = row[1] }
        try refuseChangesInPlace(known: Set(numbers.keys))
        try db.execute(
            sql: "INSERT INTO catalog (digest, date) VALUES (?, ?)",
            arguments: [catalog.digest, catalog.date?.text])
        let number = db.lastInsertedRowID
        try insertLines(&numbers)
        try insertEntries(number, numbers)
        try insertChannels(number)
        try insertModels(number)
        try insertExchangeRates(number)
    }

    /// A line that shares its key with a known one must be that one, or one of them must correct
    /// the other.
    private func refuseChangesInPlace(known ids: Set<String>) throws {
        guard !ids.isEmpty else { return }
        let withdrawn = catalog.withdrawnIDs
        let known = try db.makeStatement(
            sql: """
                SELECT id, service_tier, above_input, above_output, window_zone, window_weekdays, window_hours,
                    attributes, currency
                FROM rate_line WHERE model = ? AND channel = ? AND valid_from_ms = ?
                """)
        let corrected = try Set(
            String.fetchAll(
                db,
                sql: "SELECT DISTINCT corrects FROM catalog_line WHERE corrects IS NOT NULL"))
        var changed: [String] = []
        for entry in catalog.lines where !ids.contains(entry.line.id) {
            let line = entry.line
            if withdrawn.contains(line.id) || corrected.contains(line.id) { continue }
            let rows = try Row.fetchAll(
                known, arguments: [line.model, line.channel, line.validFrom.milliseconds])
            for row in rows {
                let id: String = row[0]
                guard try LineColumns.conditions(row, from: 1) == line.conditions,
                    row[8] == line.currency.code, !withdrawn.contains(id), !corrected.contains(id)
                else { continue }
                changed.append(
                    "\(entry.origin): \(line.model) on \(line.channel) from \(line.validFrom.text) is line \(id)"
                )
            }
        }
        guard changed.isEmpty else { throw RateTableError.changedInPlace(changed) }
    }

    /// Lines that are new, with their rates; `numbers` gains their numbers.
    private func insertLines(_ numbers: inout [String: Int64]) throws {
        let insertLine = try db.makeStatement(
            sql: "INSERT INTO rate_line VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
        let insertRate = try db.makeStatement(sql: "INSERT INTO rate VALUES (?, ?, ?, ?)")
        var next = (numbers.values.max() ?? 0) + 1
        for entry in catalog.lines where numbers[entry.line.id] == nil {
            let line = entry.line
            numbers[line.id] = next
            try insertLine.execute(arguments: LineColumns.arguments(line, number: next))
            for (meter, rate) in line.rates.pairs {
                try insertRate.execute(arguments: [
                    next, meter.name, DecimalText.text(rate.quote.attos), rate.quotedUnits,
                ])
            }
            next += 1
        }
    }

    private func insertEntries(_ catalogNumber: Int64, _ numbers: [String: Int64]) throws {
        let insert = try db.makeStatement(
            sql: "INSERT INTO catalog_line VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
        for entry in catalog.lines {
            try insert.execute(arguments: [
                catalogNumber, numbers[entry.line.id], entry.validTo?.milliseconds,
                entry.publication.source, entry.publication.checked.text, entry.publication.claim,
                entry.corrects, entry.note, entry.allowance, entry.confirmed, entry.origin,
            ])
        }
    }

    private func insertChannels(_ number: Int64) throws {
        let insert = try db.makeStatement(
            sql: "INSERT INTO catalog_channel VALUES (?, ?, ?, ?, ?, ?, ?)")
        let insertSettlement = try db.makeStatement(
            sql: "INSERT INTO catalog_settlement VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
        let insertEndpoint = try db.makeStatement(
            sql: "INSERT INTO catalog_endpoint VALUES (?, ?, ?, ?, ?)")
        for channel in catalog.channels {
            let endpoints = channel.endpoints
            if endpoints != .none {
                try insertEndpoint.execute(arguments: [
                    number, channel.id, endpoints.api, endpoints.baseURL, endpoints.webSocketURL,
                ])
            }
            try insert.execute(arguments: [
                number, channel.id, channel.name, channel.currency.code,
                channel.pricedAt.rawValue, channel.keyVariable,
                channel.aliases.joined(separator: "\n"),
            ])
            for settlement in channel.settlements {
                try insertSettlement.execute(arguments: [
                    number, channel.id, settlement.pays.amountText,
                    settlement.pays.currency.code, settlement.billed.amountText,
                    settlement.billed.currency.code, settlement.validFrom.milliseconds,
                    settlement.source.source, settlement.source.checked.text,
                    settlement.source.claim,
                ])
            }
        }
    }

    private func insertModels(_ number: Int64) throws {
        let insert = try db.makeStatement(sql: "INSERT INTO catalog_model VALUES (?, ?, ?, ?)")
        let insertName = try db.makeStatement(
            sql: "INSERT INTO catalog_name VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
        // The place keeps the order in which the patterns of a channel are tried.
        var place: Int64 = 0
        func write(
            _ name: DatedName, of model: String, on channel: String, _ kind: String,
            isOwn: Bool = true
        ) throws {
            place += 1
            let key = name.text.lowercased()
            try insertName.execute(arguments: [
                number, kind, key, channel, place, model, isOwn, name.text == key ? nil : name.text,
                name.validFrom == .beginning ? nil : name.validFrom.milliseconds,
                name.validTo?.milliseconds,
                name.except.isEmpty ? nil : name.except.joined(separator: "\n"),
            ])
        }
        for model in catalog.models {
            try insert.execute(arguments: [number, model.id, model.name, model.vendor])
            for name in model.aliases { try write(name, of: model.id, on: "", "alias") }
            for name in model.patterns { try write(name, of: model.id, on: "", "pattern") }
        }
        for entry in catalog.channelNames {
            try write(
                entry.name, of: entry.model, on: entry.channel,
                entry.isPattern ? "pattern" : "alias", isOwn: entry.isOwn)
        }
    }

    private func insertExchangeRates(_ number: Int64) throws {
        let insert = try db.makeStatement(
            sql: "INSERT INTO catalog_exchange_rate VALUES (?, ?, ?, ?, ?, ?, ?)")
        for (place, rate) in catalog.exchangeRates.enumerated() {
            try insert.execute(arguments: [
                number, place, rate.base.code, rate.quote.code, rate.rateText,
                rate.date?.text ?? "", rate.source,
            ])
        }
    }
}
