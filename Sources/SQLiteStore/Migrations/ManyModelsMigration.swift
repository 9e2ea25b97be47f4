import GRDB

/// Numbers in place of texts as the keys of catalogs and lines, names that belong to a channel, and
/// models without a vendor: a catalog of thousands of models is written again with each version.
enum ManyModelsMigration {
    static func run(_ db: Database) throws {
        for table in moved {
            for refused in ["update", "delete", "replace"] {
                try db.execute(sql: "DROP TRIGGER \(table)_refuses_\(refused)")
            }
            try db.execute(sql: "ALTER TABLE \(table) RENAME TO old_\(table)")
        }
        try db.execute(sql: "DROP INDEX rate_line_by_key")
        try db.execute(sql: tables)
        try db.execute(sql: move)
        for table in moved.reversed() { try db.execute(sql: "DROP TABLE old_\(table)") }
        for (table, key) in appendOnlyTables {
            try Migrations.makeAppendOnly(table, key: key, otherKey: otherKeys[table] ?? [], db)
        }
    }

    /// Parents first.
    private static let moved = [
        "catalog", "rate_line", "rate", "catalog_line", "catalog_channel", "catalog_settlement",
        "catalog_model", "catalog_model_name", "catalog_exchange_rate",
    ]

    private static let tables = """
        CREATE TABLE catalog (
            number INTEGER NOT NULL PRIMARY KEY,
            digest TEXT NOT NULL UNIQUE,
            date TEXT,
            loaded_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
        ) STRICT;

        CREATE TABLE rate_line (
            number INTEGER NOT NULL PRIMARY KEY,
            id TEXT NOT NULL UNIQUE,
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
        ) STRICT;

        -- What no two lines may share, unless one corrects the other; and the lines of one model.
        CREATE INDEX rate_line_by_key ON rate_line (model, channel, valid_from_ms);

        CREATE TABLE rate (
            line INTEGER NOT NULL REFERENCES rate_line (number),
            meter TEXT NOT NULL,
            quote TEXT NOT NULL,
            quoted_units INTEGER NOT NULL CHECK (quoted_units >= 1),
            PRIMARY KEY (line, meter)
        ) STRICT, WITHOUT ROWID;

        -- A catalog is a set of lines; a line's end, source and check belong to the catalog that says so.
        CREATE TABLE catalog_line (
            catalog INTEGER NOT NULL REFERENCES catalog (number),
            line INTEGER NOT NULL REFERENCES rate_line (number),
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
            catalog INTEGER NOT NULL REFERENCES catalog (number),
            id TEXT NOT NULL,
            name TEXT NOT NULL,
            currency TEXT NOT NULL,
            priced_at TEXT NOT NULL CHECK (priced_at IN ('start', 'completion')),
            key_variable TEXT,
            -- Other ids of the channel, a line each.
            aliases TEXT NOT NULL,
            PRIMARY KEY (catalog, id)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE catalog_settlement (
            catalog INTEGER NOT NULL REFERENCES catalog (number),
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
            catalog INTEGER NOT NULL REFERENCES catalog (number),
            id TEXT NOT NULL,
            name TEXT NOT NULL,
            -- The channel that sells it direct; NULL where its maker sells it nowhere.
            vendor TEXT,
            PRIMARY KEY (catalog, id)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE catalog_name (
            catalog INTEGER NOT NULL REFERENCES catalog (number),
            kind TEXT NOT NULL CHECK (kind IN ('alias', 'pattern')),
            -- In small letters; how it is spelled stands in `spelled` where that differs.
            key TEXT NOT NULL,
            -- The channel whose name it is; empty for a name of the model itself.
            channel TEXT NOT NULL,
            -- The order in which patterns are tried.
            place INTEGER NOT NULL,
            model TEXT NOT NULL,
            -- Said by a file of our own rather than by an import.
            is_own INTEGER NOT NULL CHECK (is_own IN (0, 1)),
            spelled TEXT,
            valid_from_ms INTEGER,
            valid_to_ms INTEGER,
            -- Globs that a pattern leaves out, a line each.
            except_globs TEXT,
            PRIMARY KEY (catalog, kind, key, channel, place)
        ) STRICT, WITHOUT ROWID;

        CREATE INDEX catalog_name_by_model ON catalog_name (catalog, model);

        CREATE TABLE catalog_exchange_rate (
            catalog INTEGER NOT NULL REFERENCES catalog (number),
            place INTEGER NOT NULL,
            base TEXT NOT NULL,
            quote TEXT NOT NULL,
            rate TEXT NOT NULL,
            date TEXT NOT NULL,
            source TEXT NOT NULL,
            PRIMARY KEY (catalog, place)
        ) STRICT, WITHOUT ROWID;
        """

    private static let move = """
        INSERT INTO catalog (digest, date, loaded_at)
            SELECT digest, date, loaded_at FROM old_catalog ORDER BY loaded_at, digest;
        INSERT INTO rate_line
            SELECT row_number() OVER (ORDER BY id), id, channel, model, currency, service_tier,
                above_input, above_output, window_zone, window_weekdays, window_hours, attributes,
                valid_from_ms, unlisted, minimum_units
            FROM old_rate_line;
        INSERT INTO rate
            SELECT l.number, r.meter, r.quote, r.quoted_units
            FROM old_rate r JOIN rate_line l ON l.id = r.line;
        INSERT INTO catalog_line
            SELECT c.number, l.number, o.valid_to_ms, o.source, o.checked, o.claim, o.corrects,
                o.note, o.allowance, o.confirmed, o.origin
            FROM old_catalog_line o
            JOIN catalog c ON c.digest = o.catalog JOIN rate_line l ON l.id = o.line;
        INSERT INTO catalog_channel
            SELECT c.number, o.id, o.name, o.currency, o.priced_at, o.key_variable, ''
            FROM old_catalog_channel o JOIN catalog c ON c.digest = o.catalog;
        INSERT INTO catalog_settlement
            SELECT c.number, o.channel, o.pays, o.pays_currency, o.billed, o.billed_currency,
                o.valid_from_ms, o.source, o.checked, o.claim
            FROM old_catalog_settlement o JOIN catalog c ON c.digest = o.catalog;
        INSERT INTO catalog_model
            SELECT c.number, o.id, o.name, o.vendor
            FROM old_catalog_model o JOIN catalog c ON c.digest = o.catalog;
        INSERT INTO catalog_name
            SELECT c.number, o.kind, lower(o.text), '',
                row_number() OVER (PARTITION BY o.catalog ORDER BY o.kind, o.text, o.valid_from_ms),
                o.model, 1, nullif(o.text, lower(o.text)), o.valid_from_ms, o.valid_to_ms,
                nullif(o.except_globs, '')
            FROM old_catalog_model_name o JOIN catalog c ON c.digest = o.catalog;
        INSERT INTO catalog_exchange_rate
            SELECT c.number, o.place, o.base, o.quote, o.rate, o.date, o.source
            FROM old_catalog_exchange_rate o JOIN catalog c ON c.digest = o.catalog;
        """

    private static let appendOnlyTables: [(table: String, key: [String])] = [
        ("catalog", ["number"]), ("rate_line", ["number"]), ("rate", ["line", "meter"]),
        ("catalog_line", ["catalog", "line"]), ("catalog_channel", ["catalog", "id"]),
        ("catalog_settlement", ["catalog", "channel", "billed_currency", "valid_from_ms"]),
        ("catalog_model", ["catalog", "id"]),
        ("catalog_name", ["catalog", "kind", "key", "channel", "place"]),
        ("catalog_exchange_rate", ["catalog", "place"]),
    ]

    /// What is unique besides the number.
    private static let otherKeys = ["catalog": ["digest"], "rate_line": ["id"]]
}
