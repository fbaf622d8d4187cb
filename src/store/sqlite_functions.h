/* store/sqlite_functions.h - the functions of conditions that SQLite does not have (dialect.h).
 *
 * Those on numbers are in its library only where it was compiled with them; the others are OData's.
 * All of them give null where an argument is null.
 */
#ifndef STORE_SQLITE_FUNCTIONS_H
#define STORE_SQLITE_FUNCTIONS_H

#include <sqlite3.h>
#include <stdint.h>

/* Makes them known to a connection; a result code of SQLite's. *deadline_ms is read whenever one of
 * them may take long, *counted goes up with each row that a statement has counted (dialect.h); both
 * live as long as the connection. */
int sqlite_functions_add(sqlite3 *handle, uint64_t *deadline_ms, int64_t *counted);

#endif
