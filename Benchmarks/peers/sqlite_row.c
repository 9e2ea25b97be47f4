// The least that a program on SQLite does: opens a database, reads one row, prints it.
#include <sqlite3.h>
#include <stdio.h>

int main(int count, char **arguments) {
    sqlite3 *database;
    sqlite3_stmt *statement;
    if (count != 2 || sqlite3_open_v2(arguments[1], &database, SQLITE_OPEN_READWRITE, NULL)) return 1;
    if (sqlite3_prepare_v2(database, "SELECT count(*) FROM sqlite_schema", -1, &statement, NULL)) return 1;
    if (sqlite3_step(statement) != SQLITE_ROW) return 1;
    printf("%lld\n", (long long)sqlite3_column_int64(statement, 0));
    sqlite3_finalize(statement);
    return sqlite3_close(database);
}
