import GRDB

/// Keys of the service, as hashes. A key is never changed; its end is a row of its own.
enum KeyMigration {
    static func run(_ db: Database) throws {
        try db.execute(sql: tables)
        try Migrations.makeAppendOnly("access_key", key: ["id"], db)
        try Migrations.makeAppendOnly("access_key_end", key: ["id"], db)
    }

    private static let tables = """
        CREATE TABLE access_key (
            -- What a key is looked up by, before anybody is known.
            id TEXT NOT NULL PRIMARY KEY,
            account INTEGER NOT NULL REFERENCES account (number),
            -- SHA-256 of the key's whole text.
            hash BLOB NOT NULL CHECK (length(hash) = 32),
            name TEXT,
            -- Words and globs, a line each.
            scopes TEXT NOT NULL,
            project TEXT,
            budget TEXT,
            models TEXT NOT NULL,
            created_ms INTEGER NOT NULL,
            expires_ms INTEGER
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE access_key_end (
            id TEXT NOT NULL PRIMARY KEY REFERENCES access_key (id),
            revoked_ms INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        """
}
