/* store/sqlite_functions.h - the functions of conditions that SQLite does not have (dialect.h).
 *
 * Those on numbers are in its library only where it was compiled with them; the others are OData's.
 * All of them give null where an argument is null.
 */
#ifndef STORE_SQLITE_FUNCTIONS_H
#define STORE_SQLITE_FUNCTIONS_H

#include <sqlite3.h>

/* Makes them known to a connection; a result code of SQLite's. */
int sqlite_functions_add(sqlite3 *handle);

#endif
