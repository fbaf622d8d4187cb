/* store/sql_columns.h - what the files that write SQL of a type's table share: names and columns.
 *
 * Not for others than sql.c and sql_columns.c: they have sql.h.
 */
#ifndef STORE_SQL_COLUMNS_H
#define STORE_SQL_COLUMNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

struct edm_entity_type;
struct edm_property;
struct edm_value;
struct text;

/* In quotes. A property has a column, or two: `part` 0 and 1. */
void sql_columns_put_table(struct text *out, const struct edm_entity_type *type);
void sql_columns_put(struct text *out, const struct edm_property *property, unsigned part);

void sql_columns_put_text(struct text *out, struct slice value);
void sql_columns_put_literal(struct text *out, const struct edm_property *property, unsigned part,
                             const struct edm_value *value);

/* A walk over the columns of a set of properties, in the model's order. */
struct sql_columns {
    const struct edm_entity_type *type;
    uint64_t properties;
    size_t property; /* the current column is part `part` of it; 0 before the first */
    unsigned part;
};

struct sql_columns sql_columns_of(const struct edm_entity_type *type, uint64_t properties);
bool sql_columns_next(struct sql_columns *walk); /* first of all, too; false: there is no more */
void sql_columns_put_current(struct text *out, const struct sql_columns *walk);

#endif
