/* store/index_choice.c - looks before it leaps: an index is read where little is read by it.
 *
 * A row that an index leads to has to be fetched from the table, out of its order, which costs
 * several times what passing by it in the table's own order does. So an index is worth it for the
 * few rows among many, and which these are no rule of thumb tells: "active" may be three rows or
 * all. Engines keep statistics for that, which age. Here each query looks for itself: a sample
 * reads as many entries as are cheap to read anyhow, and says whether that was all. Nothing chosen
 * so can be much slower than the table read from its beginning, and nothing has to be kept up.
 *
 *     a bounded property    fewer than SAMPLE rows (of a text fewer than SAMPLE_OF_TEXTS) within
 * the bounds: these are read and, for an order, sorted; of several properties the one with the
 * fewest the order's property  among the first WALK rows of the order are all that the page shows:
 *                           they are read in that order, and reading stops with the page
 *     neither               the table
 *
 * Two cases need no sample. A count of what the index alone can tell reads the index and no table;
 * and where all rows have the same value of the property, and the condition says nothing else, the
 * index has exactly the page's rows in their order.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "store/index_choice.h"

#include "base/arena.h"
#include "base/text.h"
#include "edm/health.h"
#include "store/dialect.h"
#include "store/session.h"
#include "store/sql_index.h"

#define SAMPLE 2000
#define WALK   4000
/* An engine may fetch the row for an expression that its index has, so that these cost more. */
#define SAMPLE_OF_TEXTS 500

struct choice {
    const struct index_query *of;
    const struct dialect *dialect;
    const struct edm_entity_type *type; /* the stored one */
    const struct sql_rows *rows;        /* as they are without an index */
    struct arena *arena;
    struct error *err;
    int property;  /* -1: none yet */
    int64_t least; /* rows within its bounds */
};

static bool name_index(struct choice *choice, size_t property, struct slice *ret)
{
    struct text text;

    text_init(&text, choice->arena, 64, SQL_TEXT_MAX);
    sql_index_name(&text, choice->type, property);
    *ret = text_slice(&text);
    return !text.failed || error_no_memory(choice->err);
}

/* The table itself. Left to itself the engine reads an index for an order's sake alone, and fetches
 * every row of the table one by one. */
static bool name_table(struct choice *choice, struct slice *ret)
{
    struct text text;

    text_init(&text, choice->arena, 64, SQL_TEXT_MAX);
    text_append(&text, slice_of(choice->dialect->table_index[0]));
    sql_table_name(&text, choice->type);
    text_append(&text, slice_of(choice->dialect->table_index[1]));
    *ret = text_slice(&text);
    return !text.failed || error_no_memory(choice->err);
}

/* --- samples --------------------------------------------------------------------------------- */

static bool step(struct choice *choice, struct db_params *params, int64_t *ret)
{
    enum db_status status = db_params_step(params);

    if (status == DB_ROW)
        *ret = db_int(params->statement, 0);
    return status == DB_ROW ||
           session_error(choice->of->session, status == DB_DONE ? DB_CORRUPT : status, choice->err);
}

/* -1: not to be known. How many there are of the first `looked_at` rows within the bounds that
 * `rows` lets through, `max` at most; `condition` has the values of its condition. */
static bool sample(struct choice *choice, const struct sql_rows *rows,
                   const struct sql_filter *bounds, const struct sql_filter *condition,
                   struct slice order, int64_t looked_at, int64_t max, int64_t *ret)
{
    const struct db_driver *driver = choice->of->session->db->driver;
    const struct edm_health_view *health = choice->of->query->health;
    size_t bytes = SQL_TEXT_MAX + rows->condition.len + rows->bounds.len + order.len;
    struct db_statement *statement = NULL;
    struct db_params params;
    enum db_status status;
    struct text sql;
    bool ok;

    text_init(&sql, choice->arena, 512, bytes);
    sql_rows_sample(&sql, choice->of->query->type, rows, order);
    if (sql.failed)
        return error_no_memory(choice->err);
    status = driver->prepare(choice->of->session->db, text_slice(&sql), &statement);
    if (status == DB_OTHER) { /* nested too deeply with one level more: no index, then */
        *ret = -1;
        return true;
    }
    if (status != DB_OK)
        return session_error(choice->of->session, status, choice->err);
    params = DB_PARAMS(statement);
    db_params_bytes(&params, choice->of->tenant->bytes, sizeof choice->of->tenant->bytes);
    db_params_int(&params, looked_at);
    db_params_int(&params, max);
    if (rows->presence != SQL_WHEREVER) {
        db_params_int(&params, health->never_gone);
        db_params_int(&params, health->gone_since_ticks);
    }
    sql_filter_bind(&params, condition);
    sql_filter_bind(&params, bounds);
    ok = step(choice, &params, ret);
    db_reset(statement);
    driver->finalize(statement);
    return ok;
}

/* How many rows are within the bounds; INT64_MAX when these are too many. */
static bool sample_bounds(struct choice *choice, size_t property, int64_t *ret)
{
    bool is_text = choice->type->properties[property].kind == EDM_STRING;
    int64_t max = is_text ? SAMPLE_OF_TEXTS : SAMPLE;
    struct sql_rows rows = { .presence = SQL_WHEREVER };
    struct sql_filter none = { .count = 0 };
    struct sql_bounds bounds;

    if (!sql_index_bounds(choice->dialect, choice->of->query, property, SQL_SAMPLE_PARAMETERS + 1,
                          choice->arena, &bounds, choice->err) ||
        !name_index(choice, property, &rows.index))
        return false;
    rows.bounds = bounds.filter.condition;
    if (!sample(choice, &rows, &bounds.filter, &none, SLICE_EMPTY, max, max, ret))
        return false;
    *ret = *ret >= 0 && *ret < max ? *ret : INT64_MAX;
    return true;
}

/* --- by what the condition says -------------------------------------------------------------- */

/* The index knows all that is asked for. */
static bool is_told_by_index(const struct choice *choice, const struct sql_bounds *bounds,
                             size_t property)
{
    const struct edm_query *query = choice->of->query;
    bool lies_in_order = bounds->equal && query->order_count == 0;

    return bounds->whole && choice->rows->presence == SQL_WHEREVER &&
           choice->type->properties[property].kind != EDM_STRING &&
           (choice->of->operation == SQL_COUNT || lies_in_order);
}

static bool consider(struct choice *choice, size_t property)
{
    struct sql_bounds bounds;
    int64_t count;

    if (!sql_index_bounds(choice->dialect, choice->of->query, property, 1, choice->arena, &bounds,
                          choice->err))
        return false;
    if (bounds.filter.condition.len == 0)
        return true;
    if (is_told_by_index(choice, &bounds, property)) {
        count = 0;
    } else if (!sample_bounds(choice, property, &count)) {
        return false;
    }
    if (count < choice->least) {
        choice->property = (int)property;
        choice->least = count;
    }
    return true;
}

/* --- by the order ---------------------------------------------------------------------------- */

/* What bounds the walk: the condition, and behind which row the page begins. */
static bool bound_walk(struct choice *choice, size_t property, unsigned first,
                       struct sql_bounds *ret)
{
    const struct edm_query *query = choice->of->query;

    return sql_index_bounds(choice->dialect, query, property, first, choice->arena, ret,
                            choice->err) &&
           (query->after.len == 0 || sql_index_after(choice->dialect, query, property, first,
                                                     choice->arena, ret, choice->err));
}

/* Whether no row is null in the property, as far as it matters to where a page begins. */
static bool find_no_null(struct choice *choice, size_t property, bool *ret)
{
    const struct edm_query *query = choice->of->query;
    struct sql_rows rows = { .presence = SQL_WHEREVER };
    struct sql_filter none = { .count = 0 };
    struct text text;
    int64_t count;

    *ret = false;
    if (query->after.len == 0 || !query->order[0].descending)
        return true;
    text_init(&text, choice->arena, 128, SQL_TEXT_MAX);
    sql_index_null(&text, choice->dialect, query, property);
    rows.bounds = text_slice(&text);
    if (text.failed)
        return error_no_memory(choice->err);
    if (!name_index(choice, property, &rows.index) ||
        !sample(choice, &rows, &none, &none, SLICE_EMPTY, 1, 1, &count))
        return false;
    *ret = count == 0;
    return true;
}

/* Whether the page ends within the first rows of the order. */
static bool sample_walk(struct choice *choice, size_t property, bool *ret)
{
    const struct edm_query *query = choice->of->query;
    int64_t wanted = (int64_t)query->skip + (int64_t)query->page_size + 1, count;
    struct sql_rows rows = *choice->rows;
    unsigned first = SQL_SAMPLE_PARAMETERS + 1 + (rows.presence == SQL_WHEREVER ? 0 : 2);
    struct sql_filter condition = { .count = 0 };
    struct sql_bounds bounds;
    struct text order;

    if (query->filter &&
        !sql_filter_write(choice->dialect, query, first, choice->arena, &condition, choice->err))
        return false;
    text_init(&order, choice->arena, 128, SQL_TEXT_MAX);
    sql_index_order(&order, choice->dialect, query, property);
    if (order.failed)
        return error_no_memory(choice->err);
    if (!bound_walk(choice, property, first + (unsigned)condition.count, &bounds) ||
        !name_index(choice, property, &rows.index))
        return false;
    rows.bounds = bounds.filter.condition;
    rows.condition = condition.condition;
    if (!sample(choice, &rows, &bounds.filter, &condition, text_slice(&order), WALK, wanted,
                &count))
        return false;
    *ret = count == wanted;
    return true;
}

static bool choose_walk(struct choice *choice, uint64_t indexed, unsigned first,
                        struct sql_bounds *ret)
{
    const struct edm_query *query = choice->of->query;
    int property = sql_index_of_order(query);
    bool no_null, ends = true;

    if (choice->of->operation == SQL_COUNT || property < 0 || !(indexed >> property & 1) ||
        query->skip + query->page_size > WALK || query->skip > WALK)
        return true;
    if (!find_no_null(choice, (size_t)property, &no_null))
        return false;
    if (!sql_index_continues(query, no_null))
        return true;
    if ((query->filter || choice->rows->presence != SQL_WHEREVER) &&
        !sample_walk(choice, (size_t)property, &ends))
        return false;
    if (!ends)
        return true;
    choice->property = property;
    return bound_walk(choice, (size_t)property, first, ret);
}

/* --- all ------------------------------------------------------------------------------------- */

static uint64_t usable(const struct choice *choice)
{
    const struct store *store = choice->of->session->store;
    uint64_t indexed = indexes_of(&store->indexes, choice->type);

    for (size_t i = 0; indexed && i < choice->type->property_count; i++)
        if (choice->type->properties[i].kind == EDM_STRING &&
            store->indexes.exact != choice->of->query->exact_strings)
            indexed &= ~(UINT64_C(1) << i);
    return indexed;
}

bool index_choose(const struct index_query *of, unsigned first, struct arena *arena,
                  struct sql_rows *rows, struct sql_filter *ret, struct error *err)
{
    struct choice choice = {
        .of = of,
        .dialect = of->session->db->driver->dialect,
        .type = edm_stored_type(of->query->type),
        .rows = rows,
        .arena = arena,
        .err = err,
        .property = -1,
        .least = INT64_MAX,
    };
    uint64_t indexed = of->query->filter || of->query->order_count ? usable(&choice) : 0;
    struct sql_bounds bounds = { .equal = false };

    *ret = (struct sql_filter){ .count = 0 };
    if (indexed == 0)
        return true;
    for (size_t i = 1; of->query->filter && i < choice.type->property_count; i++)
        if (indexed >> i & 1 && !consider(&choice, i))
            return false;
    if (choice.property >= 0) {
        if (!sql_index_bounds(choice.dialect, of->query, (size_t)choice.property, first, arena,
                              &bounds, err))
            return false;
    } else if (!choose_walk(&choice, indexed, first, &bounds)) {
        return false;
    }
    if (choice.property < 0)
        return of->operation == SQL_COUNT || name_table(&choice, &rows->index);
    *ret = bounds.filter;
    rows->bounds = bounds.filter.condition;
    return name_index(&choice, (size_t)choice.property, &rows->index);
}
