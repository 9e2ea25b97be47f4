import GRDB

/// Where a catalog's channels are spoken to, for those that say so.
enum EndpointMigration {
    static func run(_ db: Database) throws {
        try db.execute(sql: table)
        try Migrations.makeAppendOnly("catalog_endpoint", key: ["catalog", "channel"], db)
    }

    private static let table = """
        CREATE TABLE catalog_endpoint (
            catalog INTEGER NOT NULL REFERENCES catalog (number),
            channel TEXT NOT NULL,
            api TEXT,
            base_url TEXT,
            websocket_url TEXT,
            PRIMARY KEY (catalog, channel)
        ) STRICT, WITHOUT ROWID;
        """
}
