import Accounting
import Foundation
import GRDB
import Pricing
import RateCatalog
import SQLiteStore
import Testing

/// A folder of its own for each test, gone with it.
final class Scratch {
    let folder: URL

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(
            path: "tokenmeter-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    var database: String { folder.appending(path: "ledger.db").path }

    deinit { try? FileManager.default.removeItem(at: folder) }
}

/// Small rate files, as a person would write them.
enum Tables {
    static let models = RateFile(
        name: "models/m.yml",
        text: """
            vendor: shop
            models:
              - id: m-1
                aliases: [{name: m-latest, valid_from: 2025-01-01, valid_to: 2026-01-01}]
                patterns: [{match: "m-1-####*", except: ["*-tts", "*-audio"], valid_from: 2025-01-01}]
            """)

    static func shop(output: String, extra: String = "") -> RateFile {
        RateFile(
            name: "channels/shop.yml",
            text: """
                channel: shop
                currency: USD
                settlement:
                  - {pays: 1.5 CNY, for: 2 USD, valid_from: 2025-01-01, source: contract, checked: 2026-01-02}
                lines:
                  - model: m-1
                    valid_from: 2025-01-01
                    source: price list
                    checked: 2026-01-02
                    note: "a note, with \\"quotes\\""
                    unlisted: inherit
                    minimum_units: {audio_milliseconds: 10000}
                    rates: {input: 1.00, output: \(output), audio_milliseconds: 0.36 per 3.6M}
                  - model: m-1
                    valid_from: 2025-01-01
                    above: 200k
                    window: {zone: Asia/Shanghai, weekdays: mon-fri, hours: ["22:00-02:00"]}
                    when: {speed: fast, region: eu}
                    service_tier: batch
                    source: price list
                    checked: 2026-01-02
                    rates: {input: 1 per 12M, output: free}
                \(extra)
                """)
    }

    static let fx = RateFile(
        name: "fx.yml",
        text:
            "rates: [{pair: USD/CNY, rate: 7.1234, date: 2026-01-05, source: a bank, checked: 2026-01-06}]"
    )
}

@Suite struct SQLiteStoreTests {
    @Test func givesBackWhatItWasGiven() throws {
        let scratch = try Scratch()
        let catalog = try CatalogReader.read([
            Tables.models, Tables.shop(output: "4.00"), Tables.fx,
        ])
        try SQLiteStore(path: scratch.database).load(catalog)

        // Another process would open the file anew.
        let read = try #require(
            try SQLiteStore(path: scratch.database).catalog(digest: catalog.digest))

        #expect(read.date == catalog.date)
        #expect(read.exchangeRates == catalog.exchangeRates)
        #expect(read.channels.map(\.id) == catalog.channels.map(\.id))
        #expect(read.channels.map(\.settlements) == catalog.channels.map(\.settlements))
        #expect(read.models.map(\.aliases) == catalog.models.map(\.aliases))
        #expect(read.models.map(\.patterns) == catalog.models.map(\.patterns))
        let lines = Dictionary(uniqueKeysWithValues: read.lines.map { ($0.line.id, $0) })
        #expect(lines.count == catalog.lines.count)
        for entry in catalog.lines {
            let other = try #require(lines[entry.line.id])
            #expect(other.line.conditions == entry.line.conditions)
            #expect(other.line.rates == entry.line.rates)
            #expect(other.line.minimumUnits == entry.line.minimumUnits)
            #expect(other.line.unlisted == entry.line.unlisted)
            #expect(other.line.validFrom == entry.line.validFrom)
            #expect(other.publication == entry.publication)
            #expect(other.note == entry.note)
            #expect(other.origin == entry.origin)
        }
    }

    @Test func givesBackTheShippedTables() throws {
        let catalog = try CatalogReader.read(RateFile.embedded)
        let store = try SQLiteStore()
        try store.load(catalog)
        let read = try #require(try store.catalog(digest: catalog.digest))
        let ids = { (catalog: Catalog) in Set(catalog.lines.map(\.line.id)) }
        #expect(ids(read) == ids(catalog))
        let lines = Dictionary(uniqueKeysWithValues: read.lines.map { ($0.line.id, $0.line) })
        for entry in catalog.lines { #expect(lines[entry.line.id]?.rates == entry.line.rates) }
    }

    @Test func loadsACatalogOnce() throws {
        let scratch = try Scratch()
        let catalog = try CatalogReader.read([Tables.models, Tables.shop(output: "4.00")])
        let store = try SQLiteStore(path: scratch.database)
        try store.load(catalog)
        try store.load(catalog)
        #expect(try store.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM catalog") } == 1)
        #expect(try store.catalog(digest: "none") == nil)
    }

    @Test func refusesARateThatWasChangedInPlace() throws {
        let store = try SQLiteStore()
        try store.load(try CatalogReader.read([Tables.models, Tables.shop(output: "4.00")]))
        let changed = try CatalogReader.read([Tables.models, Tables.shop(output: "5.00")])
        let error = #expect(throws: RateTableError.self) { try store.load(changed) }
        #expect(
            "\(try #require(error))".contains(
                "add a new one with its own valid_from, or one that says corrects"))
        #expect(try store.catalog(digest: changed.digest) == nil, "something was half-written")
    }

    @Test func takesACorrectionThatNamesTheWrongLine() throws {
        let store = try SQLiteStore()
        let wrong = try CatalogReader.read([Tables.models, Tables.shop(output: "4.00")])
        try store.load(wrong)
        let id = try #require(wrong.lines.first { $0.line.conditions.when.isEmpty }?.line.id)
        let correction = """
              - model: m-1
                valid_from: 2025-01-01
                corrects: \(id)
                source: price list
                checked: 2026-02-01
                rates: {input: 1.00, output: 5.00}
            """
        let right = try CatalogReader.read([
            Tables.models, Tables.shop(output: "4.00", extra: correction),
        ])
        try store.load(right)
        let book = RateBook(try #require(try store.catalog(digest: right.digest)), zones: UTCOnly())
        let purchase = Purchase(
            model: "m-1", channel: "shop", at: Timestamp(milliseconds: 1_770_000_000_000))
        let cost = try book.price(Usage([.output: 1_000_000]), purchase).cost
        #expect(cost.billed.money.amountText == "5.00")
        // The older tokenmeter goes on with its own catalog.
        #expect(try store.catalog(digest: wrong.digest) != nil)
        try store.load(wrong)
    }

    @Test func twoVersionsShareADatabase() throws {
        let scratch = try Scratch()
        let newer = """
              - model: m-1
                valid_from: 2026-01-01
                source: price list
                checked: 2026-01-02
                rates: {input: 2.00, output: 6.00}
            """
        let old = try CatalogReader.read([Tables.models, Tables.shop(output: "4.00")])
        let new = try CatalogReader.read([Tables.models, Tables.shop(output: "4.00", extra: newer)])
        let one = try SQLiteStore(path: scratch.database)
        let other = try SQLiteStore(path: scratch.database)
        try other.load(new)
        try one.load(old)
        #expect(try one.catalog(digest: old.digest)?.lines.count == 2)
        #expect(try one.catalog(digest: new.digest)?.lines.count == 3)
    }

    @Test(arguments: [
        "UPDATE rate SET quote = '0'", "DELETE FROM rate_line", "DELETE FROM catalog",
        "INSERT OR REPLACE INTO catalog (digest) SELECT digest FROM catalog",
        "INSERT OR REPLACE INTO rate SELECT line, meter, '0', 1 FROM rate",
        "UPDATE added_rate_file SET text = ''", "UPDATE catalog_line SET source = ''",
    ])
    func refusesToRewriteHistory(sql: String) throws {
        let store = try SQLiteStore()
        let catalog = try CatalogReader.read([Tables.models, Tables.shop(output: "4.00")])
        try store.add(AddedRateFile(name: "added/a.yml", text: "x"), making: catalog)
        let error = #expect(throws: StoreError.self) {
            try store.write { try $0.execute(sql: sql) }
        }
        #expect("\(try #require(error))".contains("append-only"))
    }

    @Test func keepsEveryVersionOfAnAddedFile() throws {
        let store = try SQLiteStore()
        let catalog = try CatalogReader.read([Tables.models, Tables.shop(output: "4.00")])
        for (name, text) in [("added/b.yml", "1"), ("added/a.yml", "1"), ("added/b.yml", "2")] {
            try store.add(AddedRateFile(name: name, text: text), making: catalog)
        }
        #expect(
            try store.addedFiles() == [
                AddedRateFile(name: "added/a.yml", text: "1"),
                AddedRateFile(name: "added/b.yml", text: "2"),
            ])
        #expect(
            try store.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM added_rate_file") }
                == 3)
    }

    @Test func refusesANewerSchema() throws {
        let scratch = try Scratch()
        _ = try SQLiteStore(path: scratch.database)
        try SQLiteStore(path: scratch.database).write {
            try $0.execute(sql: "INSERT INTO grdb_migrations VALUES ('9999 from the future')")
        }
        let error = #expect(throws: StoreError.self) { try SQLiteStore(path: scratch.database) }
        #expect(error == .newerSchema(scratch.database))
        #expect(error?.allowsMemory == false)
    }

    @Test func refusesWhatIsNoDatabaseOfOurs() throws {
        let scratch = try Scratch()
        try Data("this is a letter, and no database at all, however long it is".utf8)
            .write(to: URL(filePath: scratch.database))
        #expect(throws: StoreError.notOurs(scratch.database)) {
            try SQLiteStore(path: scratch.database)
        }

        let other = scratch.folder.appending(path: "other.db").path
        try DatabaseQueue(path: other).write { try $0.execute(sql: "CREATE TABLE t (a)") }
        #expect(throws: StoreError.notOurs(other)) { try SQLiteStore(path: other) }
    }

    @Test func refusesAFolderThatCannotBeMade() throws {
        let scratch = try Scratch()
        let file = scratch.folder.appending(path: "file")
        try Data().write(to: file)
        let error = #expect(throws: StoreError.self) {
            try SQLiteStore(path: file.path + "/ledger.db")
        }
        #expect(error?.allowsMemory == true)
    }

    @Test func isWhole() throws {
        let scratch = try Scratch()
        let store = try SQLiteStore(path: scratch.database)
        try store.load(try CatalogReader.read(RateFile.embedded))
        #expect(try store.read { try String.fetchOne($0, sql: "PRAGMA integrity_check") } == "ok")
        #expect(try store.read { try Row.fetchAll($0, sql: "PRAGMA foreign_key_check") }.isEmpty)
        #expect(try store.read { try String.fetchOne($0, sql: "PRAGMA journal_mode") } == "wal")
    }
}
