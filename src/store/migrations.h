/* store/migrations.h - the tables that are written by hand, and every change that is not derived.
 *
 * The schema number of a store is that of the last migration it has seen. Additions that follow
 * from the model (a table, a column with a default) do not raise it: they are schema.h's.
 */
#ifndef STORE_MIGRATIONS_H
#define STORE_MIGRATIONS_H

#include <stdint.h>

#include "store/db.h"

#define MIGRATIONS_LAST 4

/* Brings a store of schema `number` (0: nothing is there) to MIGRATIONS_LAST, in the transaction
 * that is open. */
enum db_status migrations_run(struct db *db, int64_t number);

#endif
