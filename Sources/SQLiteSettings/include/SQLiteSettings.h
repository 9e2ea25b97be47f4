#pragma once

/// Runs no trigger on a connection (`sqlite3 *`) from now on. 0 is success.
///
/// `sqlite3_db_config` takes a variable number of arguments, which Swift cannot call.
int sqlite_settings_disable_triggers(void *connection);
