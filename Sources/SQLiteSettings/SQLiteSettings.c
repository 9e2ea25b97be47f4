#include "SQLiteSettings.h"

#include <sqlite3.h>

int sqlite_settings_disable_triggers(void *connection) {
    return sqlite3_db_config((sqlite3 *)connection, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, (int *)0);
}
