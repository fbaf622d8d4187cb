/* store/sqlite_items.h - a collection's items as a table of SQLite's, and the look for one of them
 * (dialect.h).
 *
 * edm_items(collection) has a row for each item of a JSON array of texts and nulls, in their order,
 * with the columns `value`, `lower` (its lower-case form) and `key`, the item's place from 0.
 * edm_has_item(collection, text, exact) is whether one is that text. A null has no items. What is
 * no such array is a damaged store, SQLITE_CORRUPT, as far as it is read.
 */
#ifndef STORE_SQLITE_ITEMS_H
#define STORE_SQLITE_ITEMS_H

#include <sqlite3.h>

/* Makes both known to a connection; a result code of SQLite's. */
int sqlite_items_add(sqlite3 *handle);

#endif
