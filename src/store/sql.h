/* store/sql.h - writes the SQL of an operation on an entity type, from the model's tables.
 *
 * The text depends on the type, the operation and a set of properties, never on a value: every
 * value is a parameter. The only literals are the defaults of columns, which are the model's.
 *
 * Table entity_<type>: tenant, id, version, created_seq, and per property p_<name>, with
 * o_<name> behind it for the minutes of a date's offset. The key property is the column id.
 *
 * Must not know: any particular type, the engine beyond its dialect record.
 * Threads: every function here is pure.
 */
#ifndef STORE_SQL_H
#define STORE_SQL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"
#include "edm/entity.h"
#include "edm/model.h"

struct dialect;
struct text;

/* operation: parameters, in order; columns, in order */
enum sql_operation {
    SQL_GET,        /* tenant, id; id, version, the properties' columns */
    SQL_LIST_FIRST, /* tenant, limit, those of the rows; as get, then the keys of the order */
    SQL_LIST_AFTER, /* tenant, id, limit, those of the rows; as the first */
    SQL_COUNT,      /* tenant, those of the rows; how many */
    SQL_ANY_ROW,    /* none; a row when the table holds one */
    SQL_INSERT,     /* tenant, id, version, created_seq, the properties' columns */
    SQL_UPDATE,     /* the properties' columns, new version, tenant, id, old version */
    SQL_DELETE,     /* tenant, id */
    SQL_DELETE_ALL, /* tenant */
    SQL_OPERATION_COUNT
};

#define SQL_TEXT_MAX 16384 /* enough for a type of 64 properties */

/* `properties` is a bit set; the key in it is passed over, since the operations name it anyway. */
void sql_operation(struct text *out, const struct edm_entity_type *type,
                   enum sql_operation operation, uint64_t properties);

#define SQL_LIST_AFTER_ID 2 /* the number of its parameter `id` */

/* Which of a tenant's rows a list or a count is about, and in which order a list has them.
 * Parameters: of a list that skips, how many; unless SQL_WHEREVER, 1 when an entity that never made
 * contact is gone, else 0, and the point in time behind which others are. Then those of the
 * condition, then those of the order. */
struct sql_rows {
    enum sql_presence { SQL_WHEREVER, SQL_THERE, SQL_GONE } presence;
    size_t contact;         /* the property that says it; not for SQL_WHEREVER */
    struct slice condition; /* of sql_filter.h; empty: none */
    /* The index to read, by its name, and what is said of it (sql_index.h); empty: the table. Their
     * values are bound behind those of the condition. */
    struct slice index, bounds;
    bool skips;
    /* Of a list in an order: counts what the rest lets through, whatever the page is, with this
     * (dialect.h). The rows are of the table, or of an index that bounds them. */
    const char *counted;
    size_t key_count;                /* with `counted`: of the order */
    struct slice keys, after, terms; /* of sql_order.h; empty: by id */
};

/* Whether the operation's text is the client's to choose, and so not to be kept. */
static inline bool sql_rows_are_chosen(const struct sql_rows *rows)
{
    return rows->condition.len > 0 || rows->skips || rows->keys.len > 0 || rows->index.len > 0;
}

/* The column of an order's first key, in a list of no properties. */
#define SQL_LIST_KEYS_AT 2

/* How many parameters the operation has before those of the condition. */
unsigned sql_rows_parameters(enum sql_operation operation, const struct sql_rows *rows);

/* sql_operation() for the lists and the count, with `rows` in place of all rows. */
void sql_rows_operation(struct text *out, const struct edm_entity_type *type,
                        enum sql_operation operation, uint64_t properties,
                        const struct sql_rows *rows);

/* " FROM {table} WHERE tenant = ?1" and what `rows` says of presence and condition: as the count.
 */
void sql_rows_source(struct text *out, const struct edm_entity_type *type,
                     const struct sql_rows *rows);

/* Of its rows by `rows->index` and `rows->bounds` alone, in the order `order` (" ORDER BY ...") the
 * first so many; of these what presence and condition let through; and of those again the first so
 * many: how many there are. Parameters: tenant, one limit, the other, those of the rows. */
#define SQL_SAMPLE_PARAMETERS 3 /* before those of the rows */
void sql_rows_sample(struct text *out, const struct edm_entity_type *type,
                     const struct sql_rows *rows, struct slice order);

/* The table's name, without quotes. */
void sql_table_name(struct text *out, const struct edm_entity_type *type);

/* What the schema record holds of a table and of a property's column; when it changes, the store
 * needs a migration. */
void sql_table_layout(struct text *out, const struct dialect *dialect);
void sql_column_layout(struct text *out, const struct dialect *dialect,
                       const struct edm_property *property);

/* `defaults` holds the value of each property in a row that was written before its column was. */
void sql_create_table(struct text *out, const struct dialect *dialect,
                      const struct edm_entity_type *type, const struct edm_entity *defaults);
/* One statement per column: a date has two (`part` 0 and 1). False: there is no such part. */
bool sql_add_column(struct text *out, const struct dialect *dialect,
                    const struct edm_entity_type *type, size_t property, unsigned part,
                    const struct edm_value *default_value);

#endif
