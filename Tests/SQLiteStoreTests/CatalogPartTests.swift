import Accounting
import Foundation
import GRDB
import Pricing
import RateCatalog
import SQLiteStore
import Testing

/// A part of a catalog answers for its names what the whole catalog would.
@Suite struct CatalogPartTests {
    private static let at = Timestamp(milliseconds: 1_795_348_800_000)  // 2026-11-22T12:00:00Z
    private let catalog: Catalog
    private let whole: RateBook
    private let store: SQLiteStore

    init() throws {
        catalog = try CatalogReader.read(RateFile.embedded)
        whole = RateBook(catalog, zones: UTCOnly())
        store = try SQLiteStore()
        try store.load(catalog)
    }

    private func part(_ names: [String], _ channels: [String]) throws -> RateBook {
        let part = try store.catalog(digest: catalog.digest, naming: names, on: channels)
        return RateBook(try #require(part), zones: UTCOnly())
    }

    private struct Outcome: Equatable {
        var model: String?
        var channel: String?
        var rule: NameRule?
        var line: String?
        /// Without its words: the nearest names are known to the whole alone.
        var error: String?
    }

    private func outcome(_ name: String, _ channel: String, _ book: RateBook) -> Outcome {
        var outcome = Outcome()
        do throws(PricingError) {
            let match = try book.match(name, on: channel, at: Self.at)
            outcome.model = book.catalog.models[match.model].id
            outcome.channel = match.channel
            outcome.rule = match.rule
            let purchase = Purchase(model: name, channel: channel, at: Self.at)
            outcome.line = try book.price(Usage([.input: 1, .output: 1]), purchase).line.id
        } catch {
            outcome.error = error.code
        }
        return outcome
    }

    /// Names of every kind, with and without their channel; a printed seed picks them.
    @Test func answersAsTheWholeDoes() throws {
        let seed: UInt64 = 20_261_123
        print("seed \(seed)")
        var state = seed
        func next(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int((state >> 33) % UInt64(bound))
        }
        let names = catalog.channelNames
        for _ in 0..<400 {
            let picked = names[next(names.count)]
            let text = picked.name.text.replacing("*", with: "x").replacing("#", with: "7")
            let spelled = [
                text, text.uppercased(), "\(picked.channel)/\(text)", "models/\(text)",
                picked.model,
                "\(text)-20260131", "nobody/\(text)",
            ][next(7)]
            let channel = [Channel.direct, picked.channel, "openrouter", "azure"][next(4)]
            let book = try part([spelled], [channel])
            #expect(
                outcome(spelled, channel, book) == outcome(spelled, channel, whole),
                "\(spelled) on \(channel)")
        }
    }

    @Test func holdsOnlyWhatANameNeeds() throws {
        let book = try part(["gpt-4.1"], [])
        #expect(book.catalog.models.map(\.id) == ["gpt-4.1"])
        #expect(Set(book.catalog.lines.map(\.line.model)) == ["gpt-4.1"])
        #expect(book.catalog.digest == catalog.digest)
        #expect(book.catalog.date == catalog.date)
    }

    @Test func isTheWholeForANameThatStandsForNothing() throws {
        let book = try part(["gpt-4.1", "no-such-model"], [])
        #expect(book.catalog.models.count == catalog.models.count)
    }

    @Test func holdsWhatAChannelSells() throws {
        let book = try part([], ["holysheep", "standard"])
        #expect(Set(book.catalog.models.map(\.id)).count == 4)
        let all = try part([], ["direct"])
        #expect(all.catalog.lines.count == catalog.lines.count)
        let unknown = try part([], ["nobody"])
        #expect(unknown.catalog.lines.count == catalog.lines.count)
    }

    @Test func isNothingForAnUnknownDigest() throws {
        #expect(try store.catalog(digest: "none", naming: ["gpt-4.1"], on: []) == nil)
    }
}

/// Databases of the first schema are brought to the second with all that they hold.
@Suite struct ManyModelsMigrationTests {
    private func oldDatabase(_ path: String) throws {
        let queue = try DatabaseQueue(path: path)
        try queue.writeWithoutTransaction { db in
            try db.execute(
                sql:
                    "PRAGMA journal_mode = WAL; PRAGMA application_id = \(Migrations.applicationID)"
            )
        }
        try Migrations.migrator.migrate(queue, upTo: "0001 rate tables")
        try queue.write { db in
            try db.execute(
                sql: """
                    INSERT INTO catalog VALUES ('d1', '2026-01-02', '2026-01-03T00:00:00Z'), ('d2', NULL, '2026-02-03T00:00:00Z');
                    INSERT INTO rate_line VALUES
                        ('Lb', 'shop', 'm-1', 'USD', 'standard', NULL, NULL, NULL, NULL, NULL, '', 1735689600000, 'refused', ''),
                        ('La', 'shop', 'm-1', 'USD', 'batch', 200000, NULL, 'UTC', 'mon,fri', '01:00:00-02:00:00', 'speed=fast', 1735689600000, 'inherit', 'page=10');
                    INSERT INTO rate VALUES ('Lb', 'output', '8', 1000000), ('La', 'output', '4', 1000000);
                    INSERT INTO catalog_line VALUES
                        ('d1', 'La', NULL, 's', '2026-01-02', NULL, NULL, 'n', NULL, NULL, 'f:1'),
                        ('d1', 'Lb', 1767225600000, 's', '2026-01-02', 'seller', NULL, NULL, NULL, NULL, 'f:2'),
                        ('d2', 'Lb', NULL, 's', '2026-01-02', NULL, NULL, NULL, 'a', NULL, 'f:3');
                    INSERT INTO catalog_channel VALUES ('d1', 'shop', 'Shop', 'USD', 'start', 'KEY');
                    INSERT INTO catalog_settlement VALUES
                        ('d1', 'shop', '1', 'CNY', '1', 'USD', 1735689600000, 's', '2026-01-02', NULL);
                    INSERT INTO catalog_model VALUES ('d1', 'm-1', 'M', 'shop');
                    INSERT INTO catalog_model_name VALUES
                        ('d1', 'm-1', 'alias', 'M-Latest', 1735689600000, 1767225600000, ''),
                        ('d1', 'm-1', 'pattern', 'm-1-*', 1735689600000, NULL, '*-tts');
                    INSERT INTO catalog_exchange_rate VALUES ('d1', 0, 'USD', 'CNY', '7.1', '2026-01-05', 'a bank');
                    INSERT INTO added_rate_file (name, text) VALUES ('added/a.yml', 'x');
                    """)
        }
        try queue.close()
    }

    @Test func keepsEverything() throws {
        let scratch = try Scratch()
        try oldDatabase(scratch.database)
        let store = try SQLiteStore(path: scratch.database)
        let catalog = try #require(try store.catalog(digest: "d1"))
        #expect(catalog.date?.text == "2026-01-02")
        #expect(Set(catalog.lines.map(\.line.id)) == ["La", "Lb"])
        let batch = try #require(catalog.lines.first { $0.line.id == "La" })
        #expect(
            batch.line.conditions.text
                == "tier=batch above=200000 window=UTC/mon,fri/01:00:00-02:00:00 when.speed=fast")
        #expect(batch.line.minimumUnits == [.page: 10])
        #expect(batch.line.rates[.output]?.quote.amountText == "4.00")
        #expect(batch.note == "n")
        let standard = try #require(catalog.lines.first { $0.line.id == "Lb" })
        #expect(standard.validTo?.text == "2026-01-01T00:00:00Z")
        #expect(standard.publication.claim == "seller")
        #expect(catalog.channels.first?.keyVariable == "KEY")
        #expect(catalog.channels.first?.settlements.count == 1)
        #expect(catalog.models.first?.aliases.map(\.text) == ["M-Latest"])
        #expect(catalog.models.first?.patterns.first?.except == ["*-tts"])
        #expect(catalog.exchangeRates.first?.rateText == "7.1")
        #expect(try store.catalog(digest: "d2")?.lines.map(\.line.id) == ["Lb"])
        #expect(try store.addedFiles().map(\.name) == ["added/a.yml"])
    }

    /// The tables are new, and as closed as the old ones; a shell of SQLite's own, which deletes
    /// silently what it replaces, included.
    @Test(arguments: [
        "UPDATE rate SET quote = '0'", "DELETE FROM rate_line", "DELETE FROM catalog",
        "INSERT OR REPLACE INTO catalog (number, digest) VALUES (99, 'd1')",
        "INSERT OR REPLACE INTO catalog (number, digest) VALUES (1, 'x')",
        "INSERT OR REPLACE INTO rate_line SELECT 99, id, channel, model, currency, service_tier, above_input, above_output, window_zone, window_weekdays, window_hours, attributes, valid_from_ms, unlisted, minimum_units FROM rate_line WHERE id = 'La'",
        "INSERT OR REPLACE INTO catalog_name SELECT * FROM catalog_name",
        "UPDATE catalog_model SET vendor = NULL", "DELETE FROM catalog_line",
        "DELETE FROM added_rate_file",
    ])
    func refusesToRewriteHistory(sql: String) throws {
        let scratch = try Scratch()
        try oldDatabase(scratch.database)
        _ = try SQLiteStore(path: scratch.database)
        let shell = try DatabaseQueue(path: scratch.database)
        let error = #expect(throws: DatabaseError.self) {
            try shell.write { try $0.execute(sql: sql) }
        }
        #expect("\(try #require(error))".contains("append-only"))
    }
}
