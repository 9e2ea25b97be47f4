import Accounting
import GRDB
import Pricing

extension SQLiteStore: RateTable {
    package func catalog(digest: String) throws -> Catalog? {
        try read { db in try CatalogReading(digest, db)?.all() }
    }

    package func catalog(
        digest: String, naming names: [String], on channels: [String]
    ) throws -> Catalog? {
        try read { db in
            let reading = try CatalogReading(digest, db)
            return names.isEmpty
                ? try reading?.part(soldOn: channels)
                : try reading?.part(naming: names, on: channels)
        }
    }

    package func frame(digest: String) throws -> Catalog? {
        try read { db in try CatalogReading(digest, db)?.frame() }
    }

    package func load(_ catalog: Catalog) throws {
        try write { db in try CatalogWriter.insertUnlessKnown(catalog, db) }
    }

    package func addedFiles() throws -> [AddedRateFile] {
        try read { db in
            let rows = try Row.fetchCursor(
                db,
                sql: """
                    SELECT name, text FROM added_rate_file WHERE sequence IN
                    (SELECT max(sequence) FROM added_rate_file GROUP BY name) ORDER BY name
                    """)
            var files: [AddedRateFile] = []
            while let row = try rows.next() {
                files.append(AddedRateFile(name: row[0], text: row[1]))
            }
            return files
        }
    }

    package func add(_ file: AddedRateFile, making catalog: Catalog) throws {
        try write { db in
            try CatalogWriter.insertUnlessKnown(catalog, db)
            try db.execute(
                sql: "INSERT INTO added_rate_file (name, text) VALUES (?, ?)",
                arguments: [file.name, file.text])
        }
    }
}
