import GRDB

/// The ledger: events, each under a claim of its id, and what is added up beside them.
///
/// `account` is the first column of every key. Texts that many events share are kept once, under a
/// number of the account's own, so that a row is small.
enum LedgerMigration {
    static func run(_ db: Database) throws {
        try db.execute(sql: tables)
        try db.execute(sql: view)
        for (table, key) in appendOnlyTables { try Migrations.makeAppendOnly(table, key: key, db) }
    }

    private static let tables = """
        CREATE TABLE account (
            number INTEGER NOT NULL PRIMARY KEY,
            name TEXT NOT NULL UNIQUE
        ) STRICT;

        -- What roll-ups keep apart: all that decides a price but the time, and how it is known.
        CREATE TABLE series (
            account INTEGER NOT NULL REFERENCES account (number),
            number INTEGER NOT NULL,
            channel TEXT NOT NULL,
            model TEXT NOT NULL,
            line INTEGER REFERENCES rate_line (number),
            service_tier TEXT NOT NULL,
            known TEXT NOT NULL CHECK (known IN ('reported', 'partial', 'estimated', 'unknown')),
            PRIMARY KEY (account, number)
        ) STRICT, WITHOUT ROWID;

        CREATE UNIQUE INDEX series_by_content
            ON series (account, channel, model, ifnull(line, 0), service_tier, known);

        -- What a series costs, for the view below: the line's rates in whole 10⁻¹² of its currency a
        -- unit, NULL where it has none or none that is whole; and the ratio in which its bills are paid.
        CREATE TABLE series_price (
            account INTEGER NOT NULL,
            series INTEGER NOT NULL,
            billed_currency TEXT NOT NULL,
            currency TEXT NOT NULL,
            pays INTEGER NOT NULL,
            for_billed INTEGER NOT NULL,
            -- 0 where a rate, a ratio or a minimum a request does not fit these columns.
            is_exact INTEGER NOT NULL,
            input INTEGER,
            cached_input INTEGER,
            cache_write_5m INTEGER,
            cache_write_1h INTEGER,
            output INTEGER,
            reasoning INTEGER,
            PRIMARY KEY (account, series)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE series_other_price (
            account INTEGER NOT NULL,
            series INTEGER NOT NULL,
            meter TEXT NOT NULL,
            pico INTEGER,
            PRIMARY KEY (account, series, meter)
        ) STRICT, WITHOUT ROWID;

        -- Number 0 is no project.
        CREATE TABLE project (
            account INTEGER NOT NULL REFERENCES account (number),
            number INTEGER NOT NULL,
            name TEXT NOT NULL,
            PRIMARY KEY (account, number),
            UNIQUE (account, name)
        ) STRICT, WITHOUT ROWID;

        -- What else many events share.
        CREATE TABLE context (
            account INTEGER NOT NULL REFERENCES account (number),
            number INTEGER NOT NULL,
            series INTEGER NOT NULL,
            project INTEGER NOT NULL,
            source TEXT NOT NULL,
            channel_asked TEXT NOT NULL,
            model_asked TEXT NOT NULL,
            model_answered TEXT,
            priced_by TEXT CHECK (priced_by IN ('answered', 'asked')),
            service_tier_asked TEXT,
            -- name=value, a line each.
            attributes TEXT NOT NULL,
            method TEXT,
            PRIMARY KEY (account, number),
            FOREIGN KEY (account, series) REFERENCES series (account, number),
            FOREIGN KEY (account, project) REFERENCES project (account, number)
        ) STRICT, WITHOUT ROWID;

        CREATE UNIQUE INDEX context_by_content ON context (
            account, series, project, source, channel_asked, model_asked,
            ifnull(model_answered, char(0)), ifnull(priced_by, ''),
            ifnull(service_tier_asked, char(0)), attributes, ifnull(method, char(0)));

        -- Users and tags: few values or many, so apart from contexts.
        CREATE TABLE attribution (
            account INTEGER NOT NULL REFERENCES account (number),
            number INTEGER NOT NULL,
            user TEXT,
            tags TEXT NOT NULL,
            PRIMARY KEY (account, number)
        ) STRICT, WITHOUT ROWID;

        CREATE UNIQUE INDEX attribution_by_content
            ON attribution (account, ifnull(user, char(0)), tags);

        -- Rows in the order in which they came. A correction takes a row back, with its counts below
        -- zero, and adds another.
        CREATE TABLE event (
            account INTEGER NOT NULL,
            number INTEGER NOT NULL,
            -- UUID, 16 bytes.
            id BLOB NOT NULL,
            context INTEGER NOT NULL,
            attribution INTEGER,
            -- The row that first had the id, for those that follow it.
            original INTEGER,
            -- 1, or -1 for a row that takes one back.
            sign INTEGER NOT NULL,
            start_ms INTEGER NOT NULL,
            duration_ms INTEGER,
            first_token_ms INTEGER,
            input INTEGER NOT NULL,
            cached_input INTEGER NOT NULL,
            cache_write_5m INTEGER NOT NULL,
            cache_write_1h INTEGER NOT NULL,
            output INTEGER NOT NULL,
            reasoning INTEGER NOT NULL,
            -- Other meters, as a JSON object.
            other TEXT,
            vendor_id TEXT,
            -- What the vendor says it charged: 0.0123 USD.
            vendor_cost TEXT,
            reason TEXT,
            PRIMARY KEY (account, number)
        ) STRICT, WITHOUT ROWID;

        CREATE INDEX event_by_attribution ON event (account, attribution, number)
            WHERE attribution IS NOT NULL;
        CREATE INDEX event_by_original ON event (account, original, number)
            WHERE original IS NOT NULL;

        -- Who came first with an id. Led by the hour in which the event started, hours since
        -- 1970-01-01, so that what comes together is written together: ids are in no order.
        CREATE TABLE event_claim (
            account INTEGER NOT NULL,
            hour INTEGER NOT NULL,
            id BLOB NOT NULL,
            event INTEGER NOT NULL,
            PRIMARY KEY (account, hour, id)
        ) STRICT, WITHOUT ROWID;

        -- What came under the id of another event, and is in no total.
        CREATE TABLE event_conflict (
            account INTEGER NOT NULL REFERENCES account (number),
            number INTEGER NOT NULL,
            id BLOB NOT NULL,
            -- The entry that was refused, as ledger export writes one.
            entry TEXT NOT NULL,
            noted_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
            PRIMARY KEY (account, number),
            UNIQUE (account, id, entry)
        ) STRICT, WITHOUT ROWID;

        -- Sums by UTC day: by hours, and by quarters of an hour for zones that need them, a series
        -- each; by hours a project and series. A month by hours is a few pages.
        CREATE TABLE rollup (
            account INTEGER NOT NULL,
            day INTEGER NOT NULL,
            series INTEGER NOT NULL,
            cells BLOB NOT NULL,
            PRIMARY KEY (account, day, series)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE quarter_rollup (
            account INTEGER NOT NULL,
            day INTEGER NOT NULL,
            series INTEGER NOT NULL,
            cells BLOB NOT NULL,
            PRIMARY KEY (account, day, series)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE project_rollup (
            account INTEGER NOT NULL,
            day INTEGER NOT NULL,
            project INTEGER NOT NULL,
            series INTEGER NOT NULL,
            cells BLOB NOT NULL,
            PRIMARY KEY (account, day, project, series)
        ) STRICT, WITHOUT ROWID;

        -- A period of a budget that requests were held against. Its sums are those of its events up to
        -- row through; later ones are added when it is asked for.
        CREATE TABLE budget_window (
            account INTEGER NOT NULL REFERENCES account (number),
            number INTEGER NOT NULL,
            name TEXT NOT NULL,
            -- Moments in milliseconds since 1970-01-01, with commas between.
            boundaries TEXT NOT NULL,
            -- As JSON.
            filter TEXT NOT NULL,
            through INTEGER NOT NULL,
            PRIMARY KEY (account, number),
            UNIQUE (account, name, boundaries, filter)
        ) STRICT, WITHOUT ROWID;

        -- A cell for each two neighbouring boundaries.
        CREATE TABLE budget_sum (
            account INTEGER NOT NULL,
            budget INTEGER NOT NULL,
            series INTEGER NOT NULL,
            cells BLOB NOT NULL,
            PRIMARY KEY (account, budget, series)
        ) STRICT, WITHOUT ROWID;

        -- What is held in a window, added up by currency.
        CREATE TABLE budget_reserved (
            account INTEGER NOT NULL,
            budget INTEGER NOT NULL,
            currency TEXT NOT NULL,
            amount TEXT NOT NULL,
            PRIMARY KEY (account, budget, currency)
        ) STRICT, WITHOUT ROWID;

        -- A request under way; its id is that of its event.
        CREATE TABLE reservation (
            account INTEGER NOT NULL REFERENCES account (number),
            id BLOB NOT NULL,
            owner TEXT NOT NULL,
            -- NULL once its event is kept as unknown: it is held until that is corrected.
            lease_ms INTEGER,
            is_sent INTEGER NOT NULL,
            -- What is known of the request, as ledger export writes an event.
            event TEXT NOT NULL,
            PRIMARY KEY (account, id)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE reservation_hold (
            account INTEGER NOT NULL,
            id BLOB NOT NULL,
            budget INTEGER NOT NULL,
            currency TEXT NOT NULL,
            amount TEXT NOT NULL,
            PRIMARY KEY (account, id, budget)
        ) STRICT, WITHOUT ROWID;

        -- Between which rows the events of an hour are found, hours since 1970-01-01.
        CREATE TABLE event_span (
            account INTEGER NOT NULL,
            hour INTEGER NOT NULL,
            first INTEGER NOT NULL,
            last INTEGER NOT NULL,
            PRIMARY KEY (account, hour)
        ) STRICT, WITHOUT ROWID;
        """

    /// For people with sqlite3's own shell: plain SQL, no function of ours. Every column adds up, for
    /// a row that is taken back has its counts, its cost and its `requests` below zero.
    private static let view = """
        CREATE VIEW usage_event AS
        SELECT *,
            CASE WHEN typeof(billed) = 'integer' THEN billed END AS billed_pico,
            CASE WHEN typeof(billed) = 'integer' AND typeof(billed * pays) = 'integer'
                AND (billed * pays) % for_billed = 0 THEN billed * pays / for_billed END AS cost_pico,
            CASE WHEN known = 'unknown' OR line IS NULL THEN 0
                WHEN is_exact = 0 AND billed IS NULL THEN 1
                WHEN billed IS NULL THEN 0
                WHEN typeof(billed) <> 'integer' OR typeof(billed * pays) <> 'integer'
                    OR (billed * pays) % for_billed <> 0 THEN 1
                ELSE 0 END AS cost_inexact
        FROM (
            SELECT a.name AS account,
                lower(substr(hex(e.id), 1, 8) || '-' || substr(hex(e.id), 9, 4) || '-'
                    || substr(hex(e.id), 13, 4) || '-' || substr(hex(e.id), 17, 4) || '-'
                    || substr(hex(e.id), 21)) AS id,
                e.sign AS requests,
                strftime('%Y-%m-%dT%H:%M:%SZ', e.start_ms / 1000, 'unixepoch') AS start,
                date(e.start_ms / 1000, 'unixepoch') AS day,
                s.channel, s.model, nullif(p.name, '') AS project, t.user, t.tags,
                s.service_tier, s.known, c.source, l.id AS line, m.currency, m.billed_currency,
                e.input, e.cached_input, e.cache_write_5m, e.cache_write_1h, e.output, e.reasoning,
                e.other, e.duration_ms, e.first_token_ms, e.vendor_id, e.vendor_cost,
                m.pays, m.for_billed, m.is_exact,
                CASE WHEN s.known <> 'unknown' AND m.series IS NOT NULL THEN
                    iif(e.input, e.input * m.input, 0)
                    + iif(e.cached_input, e.cached_input * m.cached_input, 0)
                    + iif(e.cache_write_5m, e.cache_write_5m * m.cache_write_5m, 0)
                    + iif(e.cache_write_1h, e.cache_write_1h * m.cache_write_1h, 0)
                    + iif(e.output, e.output * m.output, 0)
                    + iif(e.reasoning, e.reasoning * m.reasoning, 0)
                    + iif(e.other IS NULL, 0, (
                        SELECT iif(count(*) = count(o.pico), ifnull(sum(j.value * o.pico), 0), NULL)
                        FROM json_each(e.other) j LEFT JOIN series_other_price o
                        ON o.account = e.account AND o.series = c.series AND o.meter = j.key
                        -- Beyond that a sum could leave the range, and the query would fail.
                        AND abs(j.value * o.pico) < 100000000000000000))
                END AS billed
            FROM event e
            JOIN account a ON a.number = e.account
            JOIN context c ON c.account = e.account AND c.number = e.context
            JOIN series s ON s.account = e.account AND s.number = c.series
            JOIN project p ON p.account = e.account AND p.number = c.project
            LEFT JOIN attribution t ON t.account = e.account AND t.number = e.attribution
            LEFT JOIN rate_line l ON l.number = s.line
            LEFT JOIN series_price m ON m.account = e.account AND m.series = c.series
        );
        """

    private static let appendOnlyTables: [(table: String, key: [String])] = [
        ("account", ["number"]), ("series", ["account", "number"]),
        ("series_price", ["account", "series"]),
        ("series_other_price", ["account", "series", "meter"]),
        ("project", ["account", "number"]), ("context", ["account", "number"]),
        ("attribution", ["account", "number"]), ("event", ["account", "number"]),
        ("event_claim", ["account", "hour", "id"]), ("event_conflict", ["account", "number"]),
    ]
}
