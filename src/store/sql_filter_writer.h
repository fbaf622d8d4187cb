/* store/sql_filter_writer.h - what the files that write a condition share.
 *
 * Not for others than sql_filter*.c, sql_order.c, sql_apply.c and sql_computed.c: they have
 * sql_filter.h.
 */
#ifndef STORE_SQL_FILTER_WRITER_H
#define STORE_SQL_FILTER_WRITER_H

#include "base/text.h"
#include "store/dialect.h"
#include "store/sql_filter.h"

struct sql_writer {
    const struct dialect *dialect;
    const struct edm_query *query;
    struct arena *arena;
    struct text out;
    struct sql_filter *filter; /* its values have room for all */
    unsigned first;            /* number of its first parameter */
    unsigned stage; /* 0: properties are the entity's; else columns of the groups that were made
                     * so many groupings ago from the first (sql_apply.c) */
    bool no_memory;
    bool wrong_pattern;
};

typedef void sql_writer_function(struct sql_writer *writer, const struct edm_filter *node);

/* --- sql_filter.c ---------------------------------------------------------------------------- */

sql_writer_function sql_put_node;
/* As an operand of a comparison: texts in lower case, Booleans as conditions. */
sql_writer_function sql_put_comparable;

/* No more values than this come of a node. */
size_t sql_values_max(const struct sql_writer *writer, const struct edm_filter *node);

/* Copies `form`, in which each of these stands for the next argument of `node`: '$' as it is, '~'
 * to be compared, '!' as a condition. */
void sql_put_form(struct sql_writer *writer, const char *form, const struct edm_filter *node);

void sql_put(struct sql_writer *writer, const char *words);
void sql_put_column(struct sql_writer *writer, const char *prefix, size_t property);
void sql_put_integer(struct sql_writer *writer, int64_t value); /* as a parameter */
void sql_put_text(struct sql_writer *writer, struct slice value);
void sql_put_real(struct sql_writer *writer, double value);
/* A Boolean that is a number, in a column or a parameter, becomes a condition. */
sql_writer_function sql_put_condition;

/* What was written from the `from`th byte to here, once more; its length is asked for before
 * anything else is written. */
size_t sql_written(const struct sql_writer *writer, size_t from);
void sql_put_again(struct sql_writer *writer, size_t from, size_t len);

/* --- sql_filter_items.c ---------------------------------------------------------------------- */

sql_writer_function sql_put_item, sql_put_lower_item, sql_put_count, sql_put_subset,
    sql_put_any_or_all;
sql_writer_function sql_put_same_items, sql_put_items_literal;

/* --- sql_filter_functions.c ------------------------------------------------------------------ */

sql_writer_function sql_put_contains, sql_put_starts_with, sql_put_ends_with, sql_put_lower,
    sql_put_upper, sql_put_trim, sql_put_index_of, sql_put_substring;
sql_writer_function sql_put_modulo, sql_put_round, sql_put_cast, sql_put_matches;
sql_writer_function sql_put_calendar, sql_put_wall_part, sql_put_offset_minutes;

#endif
