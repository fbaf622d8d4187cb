/* store/sql_index.h - indexes of the properties that are queried often, as SQL.
 *
 * An index is of the tenant, what an order by the property sorts by (sql_order.h), and the id: so
 * it has the property's order, and within equal values that of ids, which is the order of every
 * list. What a condition says of the property is said once more about what the index is of, as
 * bounds: of a text they are wider than the condition, which therefore stays.
 *
 * Must not know: which indexes there are, or when one is worth it (index_choice.h).
 * Threads: every function here is pure.
 */
#ifndef STORE_SQL_INDEX_H
#define STORE_SQL_INDEX_H

#include "store/sql_filter.h"

struct text;

/* Without quotes: "index_article.title". */
#define SQL_INDEX_PREFIX "index_"
void sql_index_name(struct text *out, const struct edm_entity_type *type, size_t property);
/* What the schema record holds of it: the columns. `exact`: texts as they are. */
void sql_index_layout(struct text *out, const struct dialect *dialect,
                      const struct edm_entity_type *type, size_t property, bool exact);
void sql_create_index(struct text *out, const struct dialect *dialect,
                      const struct edm_entity_type *type, size_t property, bool exact);

struct sql_bounds {
    struct sql_filter filter; /* its condition; without one when nothing bounds the property */
    bool equal;               /* all rows have one value of it: they lie by their ids */
    bool whole;               /* query->filter says nothing that they do not */
};

/* What query->filter says of the property of this index of the *stored* type, when it must be true
 * of a row. Errors: as sql_filter_write(). */
bool sql_index_bounds(const struct dialect *dialect, const struct edm_query *query, size_t property,
                      unsigned first, struct arena *arena, struct sql_bounds *ret,
                      struct error *err) MUST_CHECK;

/* The property of the stored type whose index has the order of query->order; -1: none has, but for
 * what is equal by the first key and has to be sorted. */
int sql_index_of_order(const struct edm_query *query);

/* " ORDER BY ..." for rows as the index has them when it is read in the query's direction. */
void sql_index_order(struct text *out, const struct dialect *dialect, const struct edm_query *query,
                     size_t property);
/* A condition for the rows whose property is null. */
void sql_index_null(struct text *out, const struct dialect *dialect, const struct edm_query *query,
                    size_t property);

/* Whether the place where the page begins can be said to the index: not behind a null that comes
 * first, nor in front of nulls that come last, unless there are none (`no_null`). */
bool sql_index_continues(const struct edm_query *query, bool no_null);

/* Adds that place to *bounds: behind query->after_values, where sql_index_continues(). */
bool sql_index_after(const struct dialect *dialect, const struct edm_query *query, size_t property,
                     unsigned first, struct arena *arena, struct sql_bounds *bounds,
                     struct error *err) MUST_CHECK;

#endif
