/* store/row.h - an entity as a row: its values bound as parameters, its columns read as values.
 *
 * The order is sql.h's. Must not know: statements' texts, transactions.
 */
#ifndef STORE_ROW_H
#define STORE_ROW_H

#include <stdbool.h>
#include <stdint.h>

#include "base/compiler.h"
#include "edm/entity.h"

struct arena;
struct db_params;
struct db_statement;

/* Binds the values of `properties` (the key is passed over) of an entity that lives until the
 * statement is reset. */
void row_bind(struct db_params *params, const struct edm_entity *entity, uint64_t properties);

/* Reads the columns id, version, those of `properties`, and created_seq if EDM_CREATED is among
 * them. Everything is copied into `arena`. The
 * key's value is always filled in; it is `present` only when `properties` says so.
 * Errors: ERROR_IO for an offset that no date has; ERROR_TOO_LARGE past the arena's budget. */
bool row_read(struct db_statement *statement, const struct edm_entity_type *type,
              uint64_t properties, struct arena *arena, struct edm_entity **ret,
              struct error *err) MUST_CHECK;

#endif
