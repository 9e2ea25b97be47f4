import GRDB

/// Every schema this program has ever shipped, oldest first. A shipped migration never changes.
package enum Migrations {
    package static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("0001 rate tables", migrate: createRateTables)
        migrator.registerMigration("0002 many models", migrate: ManyModelsMigration.run)
        migrator.registerMigration("0003 ledger", migrate: LedgerMigration.run)
        migrator.registerMigration("0004 money entries", migrate: MoneyMigration.run)
        migrator.registerMigration("0005 channel endpoints", migrate: EndpointMigration.run)
        migrator.registerMigration("0006 access keys", migrate: KeyMigration.run)
        // It names no row that was not named before: looking all of them up would take minutes.
        migrator.registerMigration(
            "0007 claims by id", foreignKeyChecks: .immediate, migrate: ClaimMigration.run)
        return migrator
    }

    /// `tmtr`: what `PRAGMA application_id` says of a tokenmeter database.
    package static let applicationID: Int32 = 0x746D_7472

    private static func createRateTables(_ db: Database) throws {
        try db.execute(sql: rateTables)
        for (table, key) in appendOnlyTables { try makeAppendOnly(table, key: key, db) }
    }

    private static let rateTables = """
        CREATE TABLE catalog (
            digest TEXT NOT NULL PRIMARY KEY,
            date TEXT,
            loaded_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
        ) STRICT;

        CREATE TABLE rate_line (
            id TEXT NOT NULL PRIMARY KEY,
            channel TEXT NOT NULL,
            model TEXT NOT NULL,
            currency TEXT NOT NULL CHECK (length(currency) = 3),
            service_tier TEXT NOT NULL,
            above_input INTEGER,
            above_output INTEGER,
            window_zone TEXT,
            window_weekdays TEXT,
            window_hours TEXT,
            attributes TEXT NOT NULL,
            valid_from_ms INTEGER NOT NULL,
            unlisted TEXT NOT NULL CHECK (unlisted IN ('refused', 'inherit')),
            minimum_units TEXT NOT NULL
        ) STRICT, WITHOUT ROWID;

        -- What no two lines may share, unless one corrects the other.
        CREATE INDEX rate_line_by_key ON rate_line (channel, model, valid_from_ms);

        CREATE TABLE rate (
            line TEXT NOT NULL REFERENCES rate_line (id),
            meter TEXT NOT NULL,
            quote TEXT NOT NULL,
            quoted_units INTEGER NOT NULL CHECK (quoted_units >= 1),
            PRIMARY KEY (line, meter)
        ) STRICT, WITHOUT ROWID;

        -- A catalog is a set of lines; a line's end, source and check belong to the catalog that says so.
        CREATE TABLE catalog_line (
            catalog TEXT NOT NULL REFERENCES catalog (digest),
            line TEXT NOT NULL REFERENCES rate_line (id),
            valid_to_ms INTEGER,
            source TEXT NOT NULL,
            checked TEXT NOT NULL,
            claim TEXT,
            corrects TEXT,
            note TEXT,
            allowance TEXT,
            confirmed TEXT,
            origin TEXT NOT NULL,
            PRIMARY KEY (catalog, line)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE catalog_channel (
            catalog TEXT NOT NULL REFERENCES catalog (digest),
            id TEXT NOT NULL,
            name TEXT NOT NULL,
            currency TEXT NOT NULL,
            priced_at TEXT NOT NULL CHECK (priced_at IN ('start', 'completion')),
            key_variable TEXT,
            PRIMARY KEY (catalog, id)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE catalog_settlement (
            catalog TEXT NOT NULL REFERENCES catalog (digest),
            channel TEXT NOT NULL,
            pays TEXT NOT NULL,
            pays_currency TEXT NOT NULL,
            billed TEXT NOT NULL,
            billed_currency TEXT NOT NULL,
            valid_from_ms INTEGER NOT NULL,
            source TEXT NOT NULL,
            checked TEXT NOT NULL,
            claim TEXT,
            PRIMARY KEY (catalog, channel, billed_currency, valid_from_ms)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE catalog_model (
            catalog TEXT NOT NULL REFERENCES catalog (digest),
            id TEXT NOT NULL,
            name TEXT NOT NULL,
            vendor TEXT NOT NULL,
            PRIMARY KEY (catalog, id)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE catalog_model_name (
            catalog TEXT NOT NULL REFERENCES catalog (digest),
            model TEXT NOT NULL,
            kind TEXT NOT NULL CHECK (kind IN ('alias', 'pattern')),
            text TEXT NOT NULL,
            valid_from_ms INTEGER NOT NULL,
            valid_to_ms INTEGER,
            -- Globs that a pattern leaves out, a line each.
            except_globs TEXT NOT NULL,
            PRIMARY KEY (catalog, kind, text, model, valid_from_ms)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE catalog_exchange_rate (
            catalog TEXT NOT NULL REFERENCES catalog (digest),
            place INTEGER NOT NULL,
            base TEXT NOT NULL,
            quote TEXT NOT NULL,
            rate TEXT NOT NULL,
            date TEXT NOT NULL,
            source TEXT NOT NULL,
            PRIMARY KEY (catalog, place)
        ) STRICT, WITHOUT ROWID;

        -- What users added, every version of it; the newest of a name counts.
        CREATE TABLE added_rate_file (
            sequence INTEGER NOT NULL PRIMARY KEY,
            name TEXT NOT NULL,
            text TEXT NOT NULL,
            added_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
        ) STRICT;
        """

    private static let appendOnlyTables: [(table: String, key: [String])] = [
        ("catalog", ["digest"]), ("rate_line", ["id"]), ("rate", ["line", "meter"]),
        ("catalog_line", ["catalog", "line"]), ("catalog_channel", ["catalog", "id"]),
        ("catalog_settlement", ["catalog", "channel", "billed_currency", "valid_from_ms"]),
        ("catalog_model", ["catalog", "id"]),
        ("catalog_model_name", ["catalog", "kind", "text", "model", "valid_from_ms"]),
        ("catalog_exchange_rate", ["catalog", "place"]), ("added_rate_file", ["sequence"]),
    ]

    /// `NEW.line` of `line`, and `ifnull(NEW.line, 0)` of `ifnull(line, 0)`.
    private static func ofNew(_ column: String) -> String {
        let function = "ifnull("
        return column.hasPrefix(function)
            ? function + "NEW." + column.dropFirst(function.count) : "NEW." + column
    }

    /// Triggers that refuse UPDATE, DELETE and INSERT over a key, whoever asks: a shell without
    /// `recursive_triggers` replaces a row without deleting it.
    static func makeAppendOnly(
        _ table: String, key: [String], otherKey: [String] = [], _ db: Database
    ) throws {
        let matches = [key, otherKey].filter { !$0.isEmpty }.map { columns in
            "(" + columns.map { "\($0) = \(ofNew($0))" }.joined(separator: " AND ") + ")"
        }.joined(separator: " OR ")
        try db.execute(
            sql: """
                CREATE TRIGGER \(table)_refuses_update BEFORE UPDATE ON \(table)
                BEGIN SELECT RAISE(ABORT, '\(table) is append-only'); END;
                CREATE TRIGGER \(table)_refuses_delete BEFORE DELETE ON \(table)
                BEGIN SELECT RAISE(ABORT, '\(table) is append-only'); END;
                CREATE TRIGGER \(table)_refuses_replace BEFORE INSERT ON \(table)
                WHEN EXISTS (SELECT 1 FROM \(table) WHERE \(matches))
                BEGIN SELECT RAISE(ABORT, '\(table) is append-only'); END;
                """)
    }
}
