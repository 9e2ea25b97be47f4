import GRDB

/// Money entries: what came to a channel's balance or left it, beside the requests that spent it.
enum MoneyMigration {
    static func run(_ db: Database) throws {
        try db.execute(sql: table)
        try Migrations.makeAppendOnly(
            "money_entry", key: ["account", "id"], otherKey: ["account", "reverses"], db)
    }

    private static let table = """
        CREATE TABLE money_entry (
            account INTEGER NOT NULL REFERENCES account (number),
            -- A payment's number, or one of ours.
            id TEXT NOT NULL CHECK (id <> ''),
            time_ms INTEGER NOT NULL,
            channel TEXT NOT NULL,
            kind TEXT NOT NULL CHECK (
                kind IN ('top_up', 'grant', 'refund', 'adjustment', 'tax', 'commitment')),
            -- Exact decimal text: what it adds to the balance, below zero what it takes from it; of a
            -- commitment what was promised.
            amount TEXT NOT NULL CHECK (amount GLOB '[0-9]*' OR amount GLOB '-[0-9]*'),
            currency TEXT NOT NULL CHECK (length(currency) = 3),
            method TEXT,
            note TEXT,
            expires_ms INTEGER CHECK (expires_ms > time_ms),
            -- The entry that it takes back; none is taken back twice.
            reverses TEXT,
            noted_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
            PRIMARY KEY (account, id),
            UNIQUE (account, reverses),
            FOREIGN KEY (account, reverses) REFERENCES money_entry (account, id)
        ) STRICT, WITHOUT ROWID;
        """
}
