/* store/answers.c - two tables: `answer`, by (tenant, key), and how far back each tenant's go.
 *
 * A second index has the milliseconds of the machine at which an answer was made, so that what is
 * too old or too much is found without walking past bodies. `answer_horizon` has a row only for
 * tenants of whom something was let go, and only ever rises.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "store/answers.h"

#include "base/arena.h"
#include "store/hand_rows.h"
#include "store/session.h"

#define TRIMMED_AT_ONCE 500 /* answers of one operation: each may be as long as an entity */

static int64_t now_unix_ms(const struct store_session *session)
{
    return (int64_t)session->store->unix_ms();
}

/* --- one answer ------------------------------------------------------------------------------- */

static bool copy_bytes(struct db_statement *statement, int column, struct arena *arena,
                       struct slice *ret, struct error *err)
{
    return arena_copy(arena, db_bytes(statement, column), ret) || error_no_memory(err);
}

static bool read_answer(struct store_session *session, struct db_statement *statement,
                        struct arena *arena, void *ret, struct error *err)
{
    struct answer answer = { .sent_unix_s = db_int(statement, 1),
                             .made_ticks = db_int(statement, 2) };
    int64_t status = db_int(statement, 3);

    if (status < 200 || status > 599)
        return session_error(session, DB_CORRUPT, err);
    answer.status = (int)status;
    if (!copy_bytes(statement, 0, arena, &answer.request, err) ||
        !db_text_copy(statement, 4, arena, &answer.id, err) ||
        !db_text_copy(statement, 5, arena, &answer.fields, err) ||
        !copy_bytes(statement, 6, arena, &answer.body, err))
        return false;
    *(struct answer *)ret = answer;
    return true;
}

bool answer_get(struct store_session *session, struct uuid tenant, struct slice key,
                struct arena *arena, struct answer *ret, bool *ret_found, struct error *err)
{
    static const char sql[] = "SELECT request, sent_unix_s, made_ticks, status, id, fields, body"
                              " FROM answer WHERE tenant = ?1 AND key = ?2";
    struct db_params params;

    if (!hand_rows_prepare(session, false, sql, &tenant, &params, err))
        return false;
    db_params_bytes(&params, key.ptr, key.len);
    return hand_rows_one(session, &params, read_answer, arena, ret, ret_found, err);
}

bool answer_add(struct store_session *session, struct uuid tenant, struct slice key,
                const struct answer *answer, struct error *err)
{
    static const char sql[] =
        "INSERT INTO answer (tenant, key, made_unix_ms, request, sent_unix_s, made_ticks, status,"
        " id, fields, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
    struct db_params params;

    if (!hand_rows_prepare(session, true, sql, &tenant, &params, err))
        return false;
    db_params_bytes(&params, key.ptr, key.len);
    db_params_int(&params, now_unix_ms(session));
    db_params_bytes(&params, answer->request.ptr, answer->request.len);
    db_params_int(&params, answer->sent_unix_s);
    db_params_int(&params, answer->made_ticks);
    db_params_int(&params, answer->status);
    db_params_text(&params, answer->id);
    db_params_text(&params, answer->fields);
    /* A NULL pointer would bind NULL. */
    db_params_bytes(&params, answer->body.len ? answer->body.ptr : "", answer->body.len);
    return hand_rows_run(session, &params, err);
}

/* --- a tenant's --------------------------------------------------------------------------------
 */

bool answers_forgotten(struct store_session *session, struct uuid tenant, int64_t *ret_unix_s,
                       struct error *err)
{
    static const char sql[] = "SELECT coalesce((SELECT sent_unix_s FROM answer_horizon"
                              " WHERE tenant = ?1), ?2)";
    struct db_params params;

    if (!hand_rows_prepare(session, false, sql, &tenant, &params, err))
        return false;
    db_params_int(&params, INT64_MIN);
    return hand_rows_number(session, &params, ret_unix_s, err);
}

bool answers_clear(struct store_session *session, struct uuid tenant, struct error *err)
{
    static const char answers_sql[] = "DELETE FROM answer WHERE tenant = ?1";
    static const char horizon_sql[] = "DELETE FROM answer_horizon WHERE tenant = ?1";
    struct db_params params;

    return hand_rows_prepare(session, true, answers_sql, &tenant, &params, err) &&
           hand_rows_run(session, &params, err) &&
           hand_rows_prepare(session, true, horizon_sql, &tenant, &params, err) &&
           hand_rows_run(session, &params, err);
}

/* --- upkeep ----------------------------------------------------------------------------------- */

struct holding { /* of one tenant */
    struct uuid tenant;
    int64_t count, oldest_unix_ms;
};

static bool read_holding(struct store_session *session, struct db_statement *statement,
                         struct arena *arena UNUSED, void *ret, struct error *err)
{
    struct holding *holding = ret;

    holding->count = db_int(statement, 1);
    holding->oldest_unix_ms = db_int(statement, 2);
    return hand_rows_uuid(session, statement, 0, &holding->tenant, err);
}

/* When the one was made that `offset` others stand in front of; -1: there are fewer. */
static bool made_at(struct store_session *session, const struct uuid *tenant, bool newest_first,
                    size_t offset, int64_t *ret, struct error *err)
{
    static const char newest_sql[] = "SELECT coalesce((SELECT made_unix_ms FROM answer WHERE"
                                     " tenant = ?1 ORDER BY made_unix_ms DESC LIMIT 1 OFFSET ?2),"
                                     " -1)";
    static const char oldest_sql[] = "SELECT coalesce((SELECT made_unix_ms FROM answer WHERE"
                                     " tenant = ?1 ORDER BY made_unix_ms LIMIT 1 OFFSET ?2), -1)";
    struct db_params params;

    if (!hand_rows_prepare(session, false, newest_first ? newest_sql : oldest_sql, tenant, &params,
                           err))
        return false;
    db_params_int(&params, (int64_t)offset);
    return hand_rows_number(session, &params, ret, err);
}

/* *ret_until -1: nothing is too much. */
static bool measure(struct store_session *session, const struct holding *holding, int64_t keep_ms,
                    size_t most, int64_t *ret_until, struct error *err)
{
    int64_t expired = now_unix_ms(session) - keep_ms - 1;

    *ret_until = -1;
    if ((uint64_t)holding->count > most &&
        !made_at(session, &holding->tenant, true, most, ret_until, err))
        return false;
    if (holding->oldest_unix_ms <= expired && expired > *ret_until)
        *ret_until = expired;
    return true;
}

bool answers_find_excess(struct store_session *session, int64_t keep_ms, size_t most,
                         struct arena *arena, struct answers_excess **ret, size_t *ret_count,
                         struct error *err)
{
    static const char sql[] =
        "SELECT tenant, count(*), min(made_unix_ms) FROM answer GROUP BY tenant";
    struct answers_excess *found;
    struct holding *holdings;
    struct db_params params;
    size_t count, kept = 0;
    void *list;

    if (!hand_rows_prepare(session, false, sql, NULL, &params, err) ||
        !hand_rows_all(session, &params, sizeof *holdings, read_holding, arena, &list, &count, err))
        return false;
    holdings = list;
    found = arena_new_array(arena, count, struct answers_excess);
    if (!found)
        return error_no_memory(err);
    for (size_t i = 0; i < count; i++) {
        int64_t until;

        if (!measure(session, &holdings[i], keep_ms, most, &until, err))
            return false;
        if (until >= 0)
            found[kept++] = (struct answers_excess){ holdings[i].tenant, until };
    }
    *ret = found;
    *ret_count = kept;
    return true;
}

/* The tenant may have been reset since: then there is nothing to be known of. */
static bool raise_horizon(struct store_session *session, const struct uuid *tenant,
                          int64_t until_unix_ms, struct error *err)
{
    static const char sql[] =
        "INSERT INTO answer_horizon (tenant, sent_unix_s)"
        " SELECT tenant, max(sent_unix_s) FROM answer WHERE tenant = ?1 AND made_unix_ms <= ?2"
        " GROUP BY tenant"
        " ON CONFLICT (tenant) DO UPDATE SET sent_unix_s = excluded.sent_unix_s"
        " WHERE excluded.sent_unix_s > answer_horizon.sent_unix_s";
    struct db_params params;

    if (!hand_rows_prepare(session, true, sql, tenant, &params, err))
        return false;
    db_params_int(&params, until_unix_ms);
    return hand_rows_run(session, &params, err);
}

static bool delete_until(struct store_session *session, const struct uuid *tenant,
                         int64_t until_unix_ms, struct error *err)
{
    static const char sql[] = "DELETE FROM answer WHERE tenant = ?1 AND made_unix_ms <= ?2";
    struct db_params params;

    if (!hand_rows_prepare(session, true, sql, tenant, &params, err))
        return false;
    db_params_int(&params, until_unix_ms);
    return hand_rows_run(session, &params, err);
}

bool answers_trim(struct store_session *session, const struct answers_excess *excess,
                  bool *ret_more, struct error *err)
{
    int64_t edge;

    *ret_more = false;
    if (!made_at(session, &excess->tenant, false, TRIMMED_AT_ONCE - 1, &edge, err))
        return false;
    *ret_more = edge >= 0 && edge < excess->until_unix_ms;
    if (!*ret_more)
        edge = excess->until_unix_ms;
    return raise_horizon(session, &excess->tenant, edge, err) &&
           delete_until(session, &excess->tenant, edge, err);
}
