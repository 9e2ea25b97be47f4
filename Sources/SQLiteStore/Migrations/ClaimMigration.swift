import Accounting
import Foundation
import GRDB

/// Claims led by what an id says itself: by the hour in which its event began, an id that came back
/// with another time was taken as new.
enum ClaimMigration {
    static func run(_ db: Database) throws {
        try moveClaims(db)
        for (table, key) in keys {
            for trigger in ["update", "delete", "replace"] {
                try db.execute(sql: "DROP TRIGGER \(table)_refuses_\(trigger)")
            }
            try Migrations.makeAppendOnly(table, key: key, otherKey: otherKeys[table] ?? [], db)
        }
        try db.execute(sql: "DROP VIEW usage_event")
        try db.execute(sql: view)
    }

    /// Of several events under one id the first has it; the others were counted as well, and `verify`
    /// tells them as events without a claim.
    private static func moveClaims(_ db: Database) throws {
        let hour = DatabaseFunction("claim_hour", argumentCount: 1, pure: true) { values in
            Data.fromDatabaseValue(values[0]).flatMap { EventID(bytes: $0) }.map(ClaimKey.hour)
        }
        db.add(function: hour)
        defer { db.remove(function: hour) }
        for trigger in ["update", "delete", "replace"] {
            try db.execute(sql: "DROP TRIGGER event_claim_refuses_\(trigger)")
        }
        try db.execute(
            sql: """
                ALTER TABLE event_claim RENAME TO old_event_claim;
                -- Who came first with an id. Led by the hour that the id itself tells, hours since
                -- 1970-01-01, so that what comes together is written together; 0 for ids that tell none.
                CREATE TABLE event_claim (
                    account INTEGER NOT NULL,
                    hour INTEGER NOT NULL,
                    id BLOB NOT NULL,
                    event INTEGER NOT NULL,
                    PRIMARY KEY (account, hour, id)
                ) STRICT, WITHOUT ROWID;
                INSERT OR IGNORE INTO event_claim
                SELECT account, claim_hour(id) AS told, id, event FROM old_event_claim
                ORDER BY account, told, id, event;
                DROP TABLE old_event_claim;
                """)
        try Migrations.makeAppendOnly("event_claim", key: ["account", "hour", "id"], db)
    }

    private static let keys: [(table: String, key: [String])] = [
        ("account", ["number"]), ("project", ["account", "number"]),
        ("series", ["account", "number"]), ("context", ["account", "number"]),
        ("attribution", ["account", "number"]), ("event_conflict", ["account", "number"]),
    ]

    /// What else is unique: an INSERT OR REPLACE over it would take another row away.
    private static let otherKeys: [String: [String]] = [
        "account": ["name"], "project": ["account", "name"],
        "series": ["account", "channel", "model", "ifnull(line, 0)", "service_tier", "known"],
        "context": [
            "account", "series", "project", "source", "channel_asked", "model_asked",
            "ifnull(model_answered, char(0))", "ifnull(priced_by, '')",
            "ifnull(service_tier_asked, char(0))", "attributes", "ifnull(method, char(0))",
        ],
        "attribution": ["account", "ifnull(user, char(0))", "tags"],
        "event_conflict": ["account", "id", "entry"],
    ]

    /// For people with sqlite3's own shell: plain SQL, no function of ours. Every column adds up, for
    /// a row that is taken back has its counts, its cost and its `requests` below zero.
    private static let view: String = {
        // Division cuts off towards zero: before 1970 that is the second after.
        let second = "(e.start_ms - ((e.start_ms % 1000) + 1000) % 1000) / 1000"
        return """
            CREATE VIEW usage_event AS
            SELECT *,
                CASE WHEN typeof(billed) = 'integer' THEN billed END AS billed_pico,
                CASE WHEN typeof(billed) = 'integer' AND typeof(billed * pays) = 'integer'
                    AND (billed * pays) % for_billed = 0 THEN billed * pays / for_billed END AS cost_pico,
                CASE WHEN known = 'unknown' OR line IS NULL THEN 0
                    WHEN billed IS NULL AND (is_exact = 0 OR is_large) THEN 1
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
                    strftime('%Y-%m-%dT%H:%M:%SZ', \(second), 'unixepoch') AS start,
                    date(\(second), 'unixepoch') AS day,
                    s.channel, s.model, nullif(p.name, '') AS project, t.user, t.tags,
                    s.service_tier, s.known, c.source, l.id AS line, m.currency, m.billed_currency,
                    e.input, e.cached_input, e.cache_write_5m, e.cache_write_1h, e.output, e.reasoning,
                    e.other, e.duration_ms, e.first_token_ms, e.vendor_id, e.vendor_cost,
                    m.pays, m.for_billed, m.is_exact,
                    e.other IS NOT NULL AND EXISTS (
                        SELECT 1 FROM json_each(e.other) j JOIN series_other_price o
                        ON o.account = e.account AND o.series = c.series AND o.meter = j.key
                        AND abs(j.value * o.pico) >= 100000000000000000) AS is_large,
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
    }()
}
