/* store/hand_rows.h - what the tables that are written by hand have in common.
 *
 * A caller prepares a statement and binds its parameters; each function behind that runs it and
 * resets it, on every path. For the store's own files.
 */
#ifndef STORE_HAND_ROWS_H
#define STORE_HAND_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/error.h"
#include "base/uuid.h"
#include "store/db.h"

struct arena;
struct store_session;

/* Refuses when no transaction stands (`operation`: when none is open to write in), then finds the
 * statement and binds `tenant`, which stays where it is until the statement is run, as its first
 * parameter; NULL: there is none. *ret takes the other parameters. */
bool hand_rows_prepare(struct store_session *session, bool operation, const char *sql,
                       const struct uuid *tenant, struct db_params *ret,
                       struct error *err) MUST_CHECK;

/* Runs a write that breaks no constraint; one that does fails as any other. */
bool hand_rows_run(struct store_session *session, struct db_params *params,
                   struct error *err) MUST_CHECK;
/* Runs a write. *ret_changes: how many rows it touched. True with the status DB_CONSTRAINT is the
 * caller's to explain; every other failure is in *err. */
bool hand_rows_write(struct store_session *session, struct db_params *params,
                     enum db_status *ret_status, int64_t *ret_changes,
                     struct error *err) MUST_CHECK;
/* The same, and raises the registry's version. */
bool hand_rows_change(struct store_session *session, struct db_params *params,
                      enum db_status *ret_status, int64_t *ret_changes,
                      struct error *err) MUST_CHECK;

/* Reads the row that the statement is at into *ret, a struct of the caller's. */
typedef bool hand_row_reader(struct store_session *session, struct db_statement *statement,
                             struct arena *arena, void *ret, struct error *err);

/* Runs a query for one row at most. *ret_found false: there is none, and that is no failure. */
bool hand_rows_one(struct store_session *session, struct db_params *params, hand_row_reader *read,
                   struct arena *arena, void *ret, bool *ret_found, struct error *err) MUST_CHECK;

/* Every row of a query, as an array of structs of `size` bytes in the arena. */
bool hand_rows_all(struct store_session *session, struct db_params *params, size_t size,
                   hand_row_reader *read, struct arena *arena, void **ret, size_t *ret_count,
                   struct error *err) MUST_CHECK;

/* The number that a query of one row and one column finds. */
bool hand_rows_number(struct store_session *session, struct db_params *params, int64_t *ret,
                      struct error *err) MUST_CHECK;

/* A column of 16 bytes; ERROR_IO when it holds something else. */
bool hand_rows_uuid(struct store_session *session, struct db_statement *statement, int column,
                    struct uuid *ret, struct error *err) MUST_CHECK;

#endif
