/* store/items.c - a part of a collection's items, in an order.
 *
 * The items come from an entity that was read before, as a parameter: the statement looks at no
 * table, so there is no tenant to bind it to. It is written and prepared once for all entities of a
 * page.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "edm/items.h"

#include "base/arena.h"
#include "base/text.h"
#include "edm/entity.h"
#include "store/db.h"
#include "store/dialect.h"
#include "store/session.h"
#include "store/sql_order.h"
#include "store/store.h"

/* Parameters: the collection, how many to show at most, how many to leave out, the filter's, the
 * order's. */
enum { FIRST_OF_FILTER = 4 };

struct picking {
    struct store_session *session;
    const struct edm_items *items;
    struct arena *arena;
    struct sql_filter filter;
    struct sql_order order;
    struct db_statement *statement;
    struct error *err;
};

/* edm_items(?1) AS i0 WHERE ... */
static void put_source(const struct picking *picking, const struct dialect *dialect,
                       struct text *sql)
{
    text_printf(sql, "%s?1%si0%s", dialect->items[0], dialect->items[1], dialect->items[2]);
    if (picking->items->filter) {
        text_append(sql, SLICE(" WHERE "));
        text_append(sql, picking->filter.condition);
    }
}

static void put_statement(const struct picking *picking, const struct dialect *dialect,
                          struct text *sql)
{
    text_printf(sql, "SELECT %sv%s(SELECT i0.value AS v", dialect->items_joined[0],
                dialect->items_joined[1]);
    text_append(sql, picking->order.columns);
    text_append(sql, SLICE(" FROM "));
    put_source(picking, dialect, sql);
    text_append(sql, SLICE(" ORDER BY "));
    text_append(sql, picking->order.terms);
    text_printf(sql, "i0.%s LIMIT ?2 OFFSET ?3) AS picked%s", dialect->item_place,
                dialect->items_joined[2]);
    if (picking->items->count) {
        text_append(sql, SLICE(", (SELECT count(*) FROM "));
        put_source(picking, dialect, sql);
        text_append_char(sql, ')');
    }
}

/* They are written as a filter and an order are, which name options of their own when they are too
 * much or have a wrong pattern. Here both stand in $select. */
static bool refuse_as_select(const struct error *why, struct error *err)
{
    struct slice message = slice_of(why->message), clause;

    if (why->code != ERROR_BAD_REQUEST || !slice_cut(message, ':', &clause, &message)) {
        *err = *why;
        return false;
    }
    return error_set(err, ERROR_BAD_REQUEST, SLICE("$select"), "Invalid select clause:%.*s",
                     SLICE_ARG(message));
}

static bool write_expressions(struct picking *picking, const struct edm_query *of)
{
    const struct dialect *dialect = picking->session->db->driver->dialect;
    const struct edm_items *items = picking->items;
    const struct edm_query query = { .type = of->type,
                                     .filter = items->filter,
                                     .order = items->order,
                                     .order_count = items->order_count,
                                     .now_ticks = of->now_ticks,
                                     .exact_strings = of->exact_strings,
                                     .later_members = of->later_members };
    unsigned first = FIRST_OF_FILTER;
    struct error why = { 0 };

    picking->filter = (struct sql_filter){ .count = 0 };
    if (items->filter &&
        !sql_filter_write(dialect, &query, first, picking->arena, &picking->filter, &why))
        return refuse_as_select(&why, picking->err);
    first += (unsigned)picking->filter.count;
    return sql_order_write(dialect, &query, first, 0, picking->arena, &picking->order, &why) ||
           refuse_as_select(&why, picking->err);
}

static bool prepare(struct picking *picking, const struct edm_query *query)
{
    struct db *db = picking->session->db;
    enum db_status status;
    struct text sql;

    if (!write_expressions(picking, query))
        return false;
    text_init(&sql, picking->arena, 1024, 4 * SQL_FILTER_TEXT_MAX);
    put_statement(picking, db->driver->dialect, &sql);
    if (sql.failed)
        return error_no_memory(picking->err);
    /* The words are ours and right; how many stand inside each other is not. */
    status = db->driver->prepare(db, text_slice(&sql), &picking->statement);
    if (status == DB_OTHER)
        return error_set(picking->err, ERROR_BAD_REQUEST, SLICE("$select"),
                         "Invalid select clause: The expression is nested too deeply.");
    return status == DB_OK || session_error(picking->session, status, picking->err);
}

static bool pick(struct picking *picking, struct edm_value *value)
{
    struct db_params params = DB_PARAMS(picking->statement);
    enum db_status status;
    bool ok;

    db_params_text(&params, value->text);
    db_params_int(&params, picking->items->top);
    db_params_int(&params, picking->items->skip);
    sql_filter_bind(&params, &picking->filter);
    sql_filter_bind(&params, &picking->order.values);
    status = db_params_step(&params);
    ok = status == DB_ROW || session_error(picking->session, status, picking->err);
    if (ok && picking->items->count)
        value->item_count = (uint32_t)db_int(picking->statement, 1);
    ok = ok && db_text_copy(picking->statement, 0, picking->arena, &value->text, picking->err);
    db_reset(picking->statement);
    return ok;
}

static bool pick_all(struct picking *picking, const struct edm_query *query,
                     struct edm_entity *const *entities, size_t count)
{
    size_t property = picking->items->property;
    bool ok;

    if (!prepare(picking, query))
        return false;
    ok = true;
    session_limit_texts(picking->session, true);
    for (size_t i = 0; i < count && ok; i++) {
        struct edm_entity *entity = entities[i];

        if (edm_entity_has(entity, property) && !entity->values[property].is_null)
            ok = pick(picking, &entity->values[property]);
    }
    session_limit_texts(picking->session, false);
    picking->statement->driver->finalize(picking->statement);
    return ok || (picking->session->too_long &&
                  session_refuse_long(picking->session, "$select", "select", picking->err));
}

bool store_pick_items(struct store_session *session, const struct edm_query *query,
                      struct edm_entity *const *entities, size_t count, struct arena *arena,
                      struct error *err)
{
    if (!session_check(session, false, err))
        return false;
    for (const struct edm_items *items = query->items; items; items = items->next) {
        struct picking picking = { .session = session, .items = items, .arena = arena, .err = err };

        if (!pick_all(&picking, query, entities, count))
            return false;
    }
    return true;
}
