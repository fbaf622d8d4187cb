/* store/sql.c - the translator from operations on entities to SQL.
 *
 * The order of columns is the model's order of properties everywhere, which lets row.c bind and
 * read by counting. A page that was asked for in no order of its own orders by (tenant, id) with
 * both bound, which is a run of the primary key; "tenant = ? AND id > ?" is written out and not as
 * a row comparison because both engines plan it as such a run.
 *
 * A view is its stored type's table under other names of columns: the names are all there is to it.
 * Entities that are built in are rows of no table: reads find them behind the table's own, in a
 * UNION ALL that takes the table's name, so that conditions and counts need not know. Writes go to
 * the table alone.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "store/sql.h"

#include "base/text.h"
#include "store/sql_columns.h"

static void put(struct text *out, const char *words)
{
    text_append(out, slice_of(words));
}

static void put_parameter(struct text *out, unsigned *number)
{
    text_append_char(out, '?');
    text_append_uint(out, (*number)++);
}

/* --- where rows come from --------------------------------------------------------------------- */

/* A row that is in no table: version 1, made before all and still to be told from one that was not
 * read (edm_entity.created), of the tenant that is parameter 1 in every read. */
static void put_built_in_row(struct text *out, const struct edm_entity_type *type,
                             const struct edm_value *values)
{
    struct sql_columns walk = sql_columns_of(type, edm_all_properties(type));

    put(out, " UNION ALL SELECT ?1, ");
    sql_columns_put_text(out, values[0].text);
    put(out, ", 1, -1");
    while (sql_columns_next(&walk)) {
        put(out, ", ");
        sql_columns_put_literal(out, &type->properties[walk.property], walk.part,
                                &values[walk.property]);
    }
}

/* The table, and where entities are built in the table with these behind it, under its name. */
static void put_rows(struct text *out, const struct edm_entity_type *type)
{
    struct sql_columns walk = sql_columns_of(type, edm_all_properties(type));

    if (type->built_in_count == 0) {
        sql_columns_put_table(out, type);
        return;
    }
    put(out, "(SELECT tenant, id, version, created_seq");
    while (sql_columns_next(&walk)) {
        put(out, ", ");
        sql_columns_put_current(out, &walk);
    }
    put(out, " FROM ");
    sql_columns_put_table(out, type);
    for (size_t i = 0; i < type->built_in_count; i++)
        put_built_in_row(out, type, &type->built_in[i * type->property_count]);
    put(out, ") AS ");
    sql_columns_put_table(out, type);
}

/* --- operations ------------------------------------------------------------------------------- */

static void put_select(struct text *out, const struct edm_entity_type *type, uint64_t properties,
                       struct slice more)
{
    struct sql_columns walk = sql_columns_of(type, properties);

    put(out, "SELECT id, version");
    while (sql_columns_next(&walk)) {
        put(out, ", ");
        sql_columns_put_current(out, &walk);
    }
    if (properties & EDM_CREATED)
        put(out, ", created_seq");
    text_append(out, more);
    put(out, " FROM ");
    put_rows(out, type);
}

static void put_tenant(struct text *out, unsigned *number)
{
    put(out, " WHERE tenant = ");
    put_parameter(out, number);
}

static void put_key(struct text *out, const char *compare, unsigned *number)
{
    put_tenant(out, number);
    put(out, compare);
    put_parameter(out, number);
}

/* A date of 0 (never) and none at all are no contact: whether these are gone is a parameter. */
static void put_presence(struct text *out, const struct edm_entity_type *type,
                         const struct sql_rows *rows, unsigned *number)
{
    const struct edm_property *contact = &edm_stored_type(type)->properties[rows->contact];

    if (rows->presence == SQL_WHEREVER)
        return;
    put(out, " AND CASE WHEN coalesce(");
    sql_columns_put(out, contact, 0);
    put(out, ", 0) = 0 THEN ");
    put_parameter(out, number);
    put(out, " WHEN ");
    sql_columns_put(out, contact, 0);
    put(out, " <= ");
    put_parameter(out, number);
    put(out, " THEN 1 ELSE 0 END = ");
    put(out, rows->presence == SQL_GONE ? "1" : "0");
}

static void put_bounds(struct text *out, const struct sql_rows *rows)
{
    if (rows->bounds.len == 0)
        return;
    put(out, " AND ");
    text_append(out, rows->bounds);
}

static void put_condition(struct text *out, const struct sql_rows *rows)
{
    if (rows->condition.len == 0)
        return;
    put(out, " AND ");
    text_append(out, rows->condition);
}

/* Which index an engine takes by itself goes by statistics that nobody keeps up, so it is told. */
static void put_index(struct text *out, const struct sql_rows *rows)
{
    if (rows->index.len == 0)
        return;
    put(out, " INDEXED BY \"");
    text_append(out, rows->index);
    text_append_char(out, '"');
}

/* The rows of a list before they are ordered, and the number of the parameter for its limit. */
static unsigned put_list_rows(struct text *out, const struct edm_entity_type *type,
                              uint64_t properties, bool first, const struct sql_rows *rows)
{
    unsigned number = 1, limit;

    put_select(out, type, properties, rows->keys);
    put_index(out, rows);
    if (first || rows->keys.len > 0)
        put_tenant(out, &number);
    else
        put_key(out, " AND id > ", &number);
    limit = first ? number : SQL_LIST_AFTER_ID + 1;
    number = limit + (rows->skips ? 2 : 1);
    put_bounds(out, rows);
    put_presence(out, type, rows, &number);
    put_condition(out, rows);
    return limit;
}

static void put_end_of_list(struct text *out, const struct sql_rows *rows, unsigned limit)
{
    put(out, " ORDER BY ");
    text_append(out, rows->terms);
    put(out, rows->counted ? "+id LIMIT " : "id LIMIT ");
    put_parameter(out, &limit);
    if (rows->skips) {
        put(out, " OFFSET ");
        put_parameter(out, &limit);
    }
}

/* In a column whether a row is let through, which counts it: the order in which conditions joined
 * by "and" are looked at is the engine's to choose, that of CASE is not. What lies in front of the
 * page is counted and left out. The plus in front of the last term keeps an engine from an index
 * that has the order by chance, and from stopping with the page. */
static void put_counted_list(struct text *out, const struct edm_entity_type *type, bool first,
                             const struct sql_rows *rows)
{
    unsigned number = 1, limit = first ? 2 : SQL_LIST_AFTER_ID + 1;
    unsigned presence = limit + (rows->skips ? 2 : 1);

    put(out, "SELECT id, version");
    for (size_t i = 1; i <= rows->key_count; i++)
        text_printf(out, ", k%zu", i);
    put(out, " FROM (SELECT id, version");
    text_append(out, rows->keys);
    put(out, ", CASE WHEN TRUE");
    put_presence(out, type, rows, &presence);
    put_condition(out, rows);
    text_printf(out, " THEN %s ELSE 0 END AS counted FROM ", rows->counted);
    put_rows(out, type);
    put_index(out, rows);
    put_tenant(out, &number);
    put_bounds(out, rows);
    put(out, ") AS r WHERE CASE WHEN counted = 1 THEN ");
    put(out, rows->after.len ? "" : "TRUE");
    text_append(out, rows->after);
    put(out, " ELSE FALSE END");
    put_end_of_list(out, rows, limit);
}

/* Ordered rows stand in parentheses, so that what is outside can call the keys by their names. */
static void put_list(struct text *out, const struct edm_entity_type *type, uint64_t properties,
                     bool first, const struct sql_rows *rows)
{
    bool ordered = rows->keys.len > 0;
    unsigned limit;

    if (rows->counted) {
        put_counted_list(out, type, first, rows);
        return;
    }
    put(out, ordered ? "SELECT * FROM (" : "");
    limit = put_list_rows(out, type, properties, first, rows);
    if (ordered)
        put(out, ") AS r");
    if (rows->after.len > 0) {
        put(out, " WHERE ");
        text_append(out, rows->after);
    }
    put_end_of_list(out, rows, limit);
}

void sql_rows_source(struct text *out, const struct edm_entity_type *type,
                     const struct sql_rows *rows)
{
    unsigned number = 1;

    put(out, " FROM ");
    put_rows(out, type);
    put_index(out, rows);
    put_tenant(out, &number);
    put_bounds(out, rows);
    put_presence(out, type, rows, &number);
    put_condition(out, rows);
}

void sql_rows_sample(struct text *out, const struct edm_entity_type *type,
                     const struct sql_rows *rows, struct slice order)
{
    const struct sql_rows looked_at = { .index = rows->index, .bounds = rows->bounds };
    const struct sql_rows condition = { .condition = rows->condition };
    bool needs_rows = rows->condition.len > 0 || rows->presence != SQL_WHEREVER;
    unsigned number = 1, presence = SQL_SAMPLE_PARAMETERS + 1;

    put(out, "SELECT count(*) FROM (SELECT 1 FROM (SELECT ");
    put(out, needs_rows ? "* FROM " : "1 FROM "); /* the index alone */
    put_rows(out, type);
    put_index(out, &looked_at);
    put_tenant(out, &number);
    put_bounds(out, &looked_at);
    text_append(out, order);
    put(out, " LIMIT ");
    put_parameter(out, &number);
    put(out, ") AS ");
    sql_columns_put_table(out, type);
    put(out, " WHERE TRUE");
    put_presence(out, type, rows, &presence);
    put_condition(out, &condition);
    put(out, " LIMIT ");
    put_parameter(out, &number);
    put(out, ") AS r");
}

static void put_count(struct text *out, const struct edm_entity_type *type,
                      const struct sql_rows *rows)
{
    put(out, "SELECT count(*)");
    sql_rows_source(out, type, rows);
}

unsigned sql_rows_parameters(enum sql_operation operation, const struct sql_rows *rows)
{
    unsigned count = rows->presence == SQL_WHEREVER ? 0 : 2;

    count += rows->skips && operation != SQL_COUNT;
    switch (operation) {
    case SQL_LIST_FIRST:
        return count + 2;
    case SQL_LIST_AFTER:
        return count + 3;
    default:
        return count + 1;
    }
}

static void put_insert(struct text *out, const struct edm_entity_type *type, uint64_t properties,
                       unsigned *number)
{
    struct sql_columns walk = sql_columns_of(type, properties);
    unsigned columns = 4;

    put(out, "INSERT INTO ");
    sql_columns_put_table(out, type);
    put(out, " (tenant, id, version, created_seq");
    for (; sql_columns_next(&walk); columns++) {
        put(out, ", ");
        sql_columns_put_current(out, &walk);
    }
    put(out, ") VALUES (");
    for (unsigned i = 0; i < columns; i++) {
        put(out, i ? ", " : "");
        put_parameter(out, number);
    }
    put(out, ")");
}

static void put_update(struct text *out, const struct edm_entity_type *type, uint64_t properties,
                       unsigned *number)
{
    struct sql_columns walk = sql_columns_of(type, properties);

    put(out, "UPDATE ");
    sql_columns_put_table(out, type);
    put(out, " SET ");
    while (sql_columns_next(&walk)) {
        sql_columns_put_current(out, &walk);
        put(out, " = ");
        put_parameter(out, number);
        put(out, ", ");
    }
    put(out, "version = ");
    put_parameter(out, number);
    put_key(out, " AND id = ", number);
    put(out, " AND version = ");
    put_parameter(out, number);
}

void sql_rows_operation(struct text *out, const struct edm_entity_type *type,
                        enum sql_operation operation, uint64_t properties,
                        const struct sql_rows *rows)
{
    if (operation == SQL_COUNT)
        put_count(out, type, rows);
    else
        put_list(out, type, properties, operation == SQL_LIST_FIRST, rows);
}

void sql_operation(struct text *out, const struct edm_entity_type *type,
                   enum sql_operation operation, uint64_t properties)
{
    unsigned number = 1;

    switch (operation) {
    case SQL_GET:
        put_select(out, type, properties, SLICE_EMPTY);
        put_key(out, " AND id = ", &number);
        break;
    case SQL_LIST_FIRST:
    case SQL_LIST_AFTER:
    case SQL_COUNT:
        sql_rows_operation(out, type, operation, properties,
                           &(struct sql_rows){ .presence = SQL_WHEREVER });
        break;
    case SQL_ANY_ROW:
        put(out, "SELECT 1 FROM ");
        sql_columns_put_table(out, type);
        put(out, " LIMIT 1");
        break;
    case SQL_INSERT:
        put_insert(out, type, properties, &number);
        break;
    case SQL_UPDATE:
        put_update(out, type, properties, &number);
        break;
    case SQL_DELETE:
        put(out, "DELETE FROM ");
        sql_columns_put_table(out, type);
        put_key(out, " AND id = ", &number);
        break;
    case SQL_DELETE_ALL:
        put(out, "DELETE FROM ");
        sql_columns_put_table(out, type);
        put_tenant(out, &number);
        break;
    case SQL_OPERATION_COUNT:
        break;
    }
}
