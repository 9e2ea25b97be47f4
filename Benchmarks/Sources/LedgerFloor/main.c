// What SQLite itself takes for the rows that LedgerBenchmark has tokenmeter write: the same claims, rows and roll-ups,
// in the same tables with the same triggers, by a program that keeps the sums of the day in arrays and reads nothing.
//
//   LedgerBenchmark fill FILE 0      makes the tables
//   LedgerFloor FILE EVENTS GROUP [FULL]   fills them, with synchronous = NORMAL or FULL; prints events a second
#include <sqlite3.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { models = 40, projects = 20, days = 90, meters = 4 };
static const int64_t first_ms = 1785542400000;
static uint64_t state = 20261123;

static uint64_t draw(void) {
    uint64_t mixed = state += 0x9E3779B97F4A7C15;
    mixed = (mixed ^ mixed >> 30) * 0xBF58476D1CE4E5B9;
    mixed = (mixed ^ mixed >> 27) * 0x94D049BB133111EB;
    return mixed ^ mixed >> 31;
}

static sqlite3 *db;

static void check(int code) {
    if (code != SQLITE_OK && code != SQLITE_DONE && code != SQLITE_ROW) {
        fprintf(stderr, "%s\n", sqlite3_errmsg(db));
        exit(1);
    }
}
static void run(const char *sql) { check(sqlite3_exec(db, sql, 0, 0, 0)); }
static sqlite3_stmt *prepare(const char *sql) {
    sqlite3_stmt *statement;
    check(sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, 0));
    return statement;
}
static void step(sqlite3_stmt *statement) {
    check(sqlite3_step(statement));
    check(sqlite3_reset(statement));
}

// Requests and sums of the meters, cell by cell.
typedef struct { int64_t values[1 + meters]; } Cell;
static Cell quarters[models][96], hours[models][24], project_hours[projects][models][24];
static char dirty[models], project_dirty[projects][models];
static int64_t day = -1;

static size_t varint(uint8_t *out, uint64_t value) {
    size_t size = 0;
    while (value >= 0x80) { out[size++] = (uint8_t)value | 0x80; value >>= 7; }
    out[size++] = (uint8_t)value;
    return size;
}

static size_t encode(uint8_t *out, const Cell *cells, int count) {
    size_t size = varint(out, 1 | 1 << 1 | 1 << 17 | 1 << 18);
    size += varint(out + size, 0);
    for (int place = 0; place < count; place++) {
        if (!cells[place].values[0]) continue;
        out[size++] = (uint8_t)place;
        for (int slot = 0; slot <= meters; slot++) size += varint(out + size, (uint64_t)cells[place].values[slot] << 1);
    }
    return size;
}

static sqlite3_stmt *rollup, *quarter_rollup, *project_rollup, *span;
static int64_t span_hour = -1, span_first;

static void flush_span(int64_t last) {
    if (span_hour < 0) return;
    sqlite3_bind_int64(span, 1, span_hour);
    sqlite3_bind_int64(span, 2, span_first);
    sqlite3_bind_int64(span, 3, last);
    step(span);
}

static void flush_rollups(void) {
    static uint8_t bytes[96 * 64];
    for (int model = 0; model < models; model++) {
        if (!dirty[model]) continue;
        dirty[model] = 0;
        sqlite3_stmt *tables[2] = {rollup, quarter_rollup};
        for (int table = 0; table < 2; table++) {
            size_t size = table ? encode(bytes, quarters[model], 96) : encode(bytes, hours[model], 24);
            sqlite3_bind_int64(tables[table], 1, day);
            sqlite3_bind_int64(tables[table], 2, model);
            sqlite3_bind_blob(tables[table], 3, bytes, (int)size, SQLITE_TRANSIENT);
            step(tables[table]);
        }
    }
    for (int project = 0; project < projects; project++)
        for (int model = 0; model < models; model++) {
            if (!project_dirty[project][model]) continue;
            project_dirty[project][model] = 0;
            sqlite3_bind_int64(project_rollup, 1, day);
            sqlite3_bind_int64(project_rollup, 2, project + 1);
            sqlite3_bind_int64(project_rollup, 3, model);
            sqlite3_bind_blob(project_rollup, 4, bytes, (int)encode(bytes, project_hours[project][model], 24), SQLITE_TRANSIENT);
            step(project_rollup);
        }
}

int main(int argc, char **argv) {
    if (argc < 4) return fprintf(stderr, "LedgerFloor FILE EVENTS GROUP [FULL]\n"), 64;
    int64_t count = atoll(argv[2]), group = atoll(argv[3]);
    check(sqlite3_open(argv[1], &db));
    run("PRAGMA recursive_triggers = ON; PRAGMA wal_autocheckpoint = 500; PRAGMA cache_size = -65536;"
        "PRAGMA synchronous = NORMAL");
    if (argc > 4) run("PRAGMA synchronous = FULL");
    run("BEGIN; INSERT INTO account (number, name) VALUES (1, 'default');"
        "WITH RECURSIVE n(v) AS (SELECT 0 UNION ALL SELECT v + 1 FROM n WHERE v < 20)"
        "INSERT INTO project SELECT 1, v, iif(v, 'project-' || (v - 1), '') FROM n;"
        "COMMIT") ;
    sqlite3_stmt *claim = prepare("INSERT INTO event_claim (account, hour, id, event) VALUES (1, ?, ?, ?)");
    sqlite3_stmt *event = prepare(
        "INSERT INTO event (account, number, id, context, attribution, original, sign, start_ms, duration_ms,"
        "first_token_ms, input, cached_input, cache_write_5m, cache_write_1h, output, reasoning, other, vendor_id,"
        "vendor_cost, reason) VALUES (1, ?, ?, ?, ?, NULL, 1, ?, ?, ?, ?, ?, 0, 0, ?, ?, NULL, ?, NULL, NULL)");
    rollup = prepare("INSERT INTO rollup VALUES (1, ?, ?, ?) ON CONFLICT DO UPDATE SET cells = excluded.cells");
    quarter_rollup =
        prepare("INSERT INTO quarter_rollup VALUES (1, ?, ?, ?) ON CONFLICT DO UPDATE SET cells = excluded.cells");
    project_rollup = prepare(
        "INSERT INTO project_rollup VALUES (1, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET cells = excluded.cells");
    span = prepare("INSERT INTO event_span VALUES (1, ?, ?, ?) ON CONFLICT DO UPDATE SET last = excluded.last");
    struct timespec from, to;
    clock_gettime(CLOCK_MONOTONIC, &from);
    int64_t step_ms = (int64_t)days * 86400000 / (count ? count : 1);
    for (int64_t number = 0; number < count; number++) {
        if (number % group == 0) run("BEGIN IMMEDIATE");
        uint64_t dice = draw(), low = draw();
        int64_t start = first_ms + number * step_ms, hour = start / 3600000;
        int model = (int)(dice % models), project = (int)((low >> 32) % projects);
        if (start / 86400000 != day) {
            flush_rollups();
            memset(quarters, 0, sizeof quarters);
            memset(hours, 0, sizeof hours);
            memset(project_hours, 0, sizeof project_hours);
            day = start / 86400000;
        }
        if (hour != span_hour) {
            flush_span(number);
            span_hour = hour;
            span_first = number + 1;
        }
        int64_t counts[meters] = {
            (int64_t)(dice >> 8 & 0x1FFF) + 1, (dice >> 21 & 3) ? (int64_t)(dice >> 23 & 0x3FFF) + 1 : 0,
            (int64_t)(dice >> 37 & 0x7FF) + 1, (dice >> 48 & 7) ? 0 : (int64_t)(dice >> 51 & 0x3FF) + 1};
        uint64_t words[2] = {(uint64_t)start << 16 | 0x7000 | (dice & 0xFFF), low | 0x8000000000000000};
        uint8_t id[16];
        for (int place = 0; place < 16; place++) id[place] = (uint8_t)(words[place / 8] >> (56 - place % 8 * 8));
        char vendor[40];
        snprintf(vendor, sizeof vendor, "chatcmpl-%013llx%013llx", (unsigned long long)(low >> 12), (unsigned long long)(dice >> 12));
        sqlite3_bind_int64(claim, 1, hour);
        sqlite3_bind_blob(claim, 2, id, 16, SQLITE_STATIC);
        sqlite3_bind_int64(claim, 3, number + 1);
        step(claim);
        sqlite3_bind_int64(event, 1, number + 1);
        sqlite3_bind_blob(event, 2, id, 16, SQLITE_STATIC);
        sqlite3_bind_int64(event, 3, project * models + model);
        if (low % 100 == 0) sqlite3_bind_int64(event, 4, (int64_t)(low / 100 % 50)); else sqlite3_bind_null(event, 4);
        sqlite3_bind_int64(event, 5, start);
        sqlite3_bind_int64(event, 6, (int64_t)(dice >> 40 & 0x3FFF));
        sqlite3_bind_int64(event, 7, (int64_t)(dice >> 40 & 0x3FF));
        for (int meter = 0; meter < meters; meter++) sqlite3_bind_int64(event, 8 + meter, counts[meter]);
        sqlite3_bind_text(event, 12, vendor, -1, SQLITE_STATIC);
        step(event);
        Cell *cells[3] = {
            &quarters[model][start / 900000 % 96], &hours[model][hour % 24], &project_hours[project][model][hour % 24]};
        for (int level = 0; level < 3; level++) {
            cells[level]->values[0]++;
            for (int meter = 0; meter < meters; meter++) cells[level]->values[1 + meter] += counts[meter];
        }
        dirty[model] = project_dirty[project][model] = 1;
        if (number % group == group - 1 || number == count - 1) {
            flush_rollups();
            flush_span(number + 1);
            run("COMMIT");
        }
    }
    clock_gettime(CLOCK_MONOTONIC, &to);
    double seconds = (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9;
    printf("%lld %.0f events/s\n", (long long)count, (double)count / seconds);
    sqlite3_close(db);
}
