/* store/removals.c - a numbered list for each tenant.
 *
 * Order is that of the recording and not of the dates: a tenant's clock may be set back.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "store/removals.h"

#include "store/hand_rows.h"
#include "store/session.h"

/* One removal pushes out one, so that this is bounded as the insert is. */
static bool trim(struct store_session *session, struct uuid tenant, struct error *err)
{
    static const char sql[] = "DELETE FROM removal WHERE tenant = ?1 AND number <="
                              " (SELECT max(number) FROM removal WHERE tenant = ?1) - ?2";
    struct db_params params;

    if (!hand_rows_prepare(session, true, sql, &tenant, &params, err))
        return false;
    db_params_int(&params, REMOVALS_KEPT);
    return hand_rows_run(session, &params, err);
}

bool removal_add(struct store_session *session, struct uuid tenant, const struct removal *removal,
                 struct error *err)
{
    static const char sql[] = "INSERT INTO removal (tenant, number, at_ticks, type, id,"
                              " contact_ticks, contact_offset, after_s)"
                              " SELECT ?1, coalesce(max(number), 0) + 1, ?2, ?3, ?4, ?5, ?6, ?7"
                              " FROM removal WHERE tenant = ?1";
    struct db_params params;

    if (!hand_rows_prepare(session, true, sql, &tenant, &params, err))
        return false;
    db_params_int(&params, removal->at_ticks);
    db_params_text(&params, removal->type);
    db_params_text(&params, removal->id);
    db_params_int(&params, removal->contact.ticks);
    db_params_int(&params, removal->contact.offset_minutes);
    db_params_int(&params, removal->after_s);
    return hand_rows_run(session, &params, err) && trim(session, tenant, err);
}

static bool read_removal(struct store_session *session, struct db_statement *statement,
                         struct arena *arena, void *ret, struct error *err)
{
    struct removal removal = { .at_ticks = db_int(statement, 0),
                               .contact.ticks = db_int(statement, 3),
                               .after_s = db_int(statement, 5) };
    int64_t offset = db_int(statement, 4);

    if (offset < -EDM_OFFSET_MINUTES_MAX || offset > EDM_OFFSET_MINUTES_MAX)
        return session_error(session, DB_CORRUPT, err);
    removal.contact.offset_minutes = (int16_t)offset;
    if (!db_text_copy(statement, 1, arena, &removal.type, err) ||
        !db_text_copy(statement, 2, arena, &removal.id, err))
        return false;
    *(struct removal *)ret = removal;
    return true;
}

bool removal_list(struct store_session *session, struct uuid tenant, size_t max,
                  struct arena *arena, struct removal **ret, size_t *ret_count, struct error *err)
{
    static const char sql[] = "SELECT at_ticks, type, id, contact_ticks, contact_offset, after_s"
                              " FROM removal WHERE tenant = ?1 ORDER BY number DESC LIMIT ?2";
    struct db_params params;
    void *list;

    if (!hand_rows_prepare(session, false, sql, &tenant, &params, err))
        return false;
    db_params_int(&params, max < INT64_MAX ? (int64_t)max : INT64_MAX);
    if (!hand_rows_all(session, &params, sizeof **ret, read_removal, arena, &list, ret_count, err))
        return false;
    *ret = list;
    return true;
}

bool removals_clear(struct store_session *session, struct uuid tenant, struct error *err)
{
    static const char sql[] = "DELETE FROM removal WHERE tenant = ?1";
    struct db_params params;

    if (!hand_rows_prepare(session, true, sql, &tenant, &params, err))
        return false;
    return hand_rows_run(session, &params, err);
}
