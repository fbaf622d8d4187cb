/* store/watches.c - which sets are followed: the table `watch`, and what a session remembers of it.
 *
 * Whether a set is watched is known at a version of the registry, which beginning and ending a
 * watch raise, also for writers in other processes. As with known tenants, what a transaction sees
 * after it changed the registry itself is looked up and not kept.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "store/watches.h"

#include "edm/model.h"
#include "store/changes.h"
#include "store/hand_rows.h"
#include "store/session.h"

/* draft-eastlake-fnv, section 2: tells orders of properties apart. */
int64_t watches_layout(const struct edm_entity_type *type)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);

    for (size_t i = 0; i < type->property_count; i++) {
        struct slice name = type->properties[i].name;

        for (size_t at = 0; at <= name.len; at++)
            hash = (hash ^ (at < name.len ? (unsigned char)name.ptr[at] : 0xff)) *
                   UINT64_C(0x100000001b3);
    }
    return (int64_t)(hash >> 1);
}

static int64_t now_unix_ms(const struct store_session *session)
{
    return (int64_t)session->store->unix_ms();
}

bool watches_prepare(struct store_session *session, bool operation, const char *sql,
                     const struct uuid *tenant, struct slice type, struct db_params *ret,
                     struct error *err)
{
    if (!hand_rows_prepare(session, operation, sql, tenant, ret, err))
        return false;
    db_params_text(ret, type);
    return true;
}

/* --- who is watched -------------------------------------------------------------------------- */

static bool read_watch(struct store_session *session UNUSED, struct db_statement *statement,
                       struct arena *arena UNUSED, void *ret, struct error *err UNUSED)
{
    *(struct watch *)ret = (struct watch){ .since = db_int(statement, 0),
                                           .used_unix_ms = db_int(statement, 1),
                                           .layout = db_int(statement, 2) };
    return true;
}

bool watches_get(struct store_session *session, const struct uuid *tenant, struct slice type,
                 struct watch *ret, bool *ret_found, struct error *err)
{
    static const char sql[] = "SELECT since_seq, used_unix_ms, layout FROM watch"
                              " WHERE tenant = ?1 AND type = ?2";
    struct db_params params;

    return watches_prepare(session, false, sql, tenant, type, &params, err) &&
           hand_rows_one(session, &params, read_watch, NULL, ret, ret_found, err);
}

static bool any_watch(struct store_session *session, bool *ret, struct error *err)
{
    static const char sql[] = "SELECT 1 FROM watch LIMIT 1";
    struct db_statement *statement;
    enum db_status status;

    if (!session_literal(session, sql, &statement, err))
        return false;
    status = db_step(statement);
    db_reset(statement);
    *ret = status == DB_ROW;
    return status == DB_ROW || status == DB_DONE || session_error(session, status, err);
}

static struct watched_place *place_of(struct watched *watched, const struct uuid *tenant,
                                      const struct edm_entity_type *type)
{
    uint64_t halves[2];

    memcpy(halves, tenant->bytes, sizeof halves);
    halves[0] ^= (uint64_t)(uintptr_t)type;
    return &watched->places[(halves[0] ^ halves[1]) * UINT64_C(0x9e3779b97f4a7c15) >>
                            (64 - WATCHED_PLACE_BITS)];
}

/* Looks into the store, and keeps the answer where it may. */
static bool find_watched(struct store_session *session, const struct uuid *tenant,
                         const struct edm_entity_type *type, bool *ret, struct error *err)
{
    struct watched *watched = &session->watched;
    bool any, keeps = !session->registry_changed;
    struct watch watch;

    *ret = false;
    if (!keeps || watched->version != session->registry_version) {
        if (!any_watch(session, &any, err))
            return false;
        if (keeps)
            *watched = (struct watched){ .version = session->registry_version,
                                         .none_at = any ? 0 : session->registry_version + 1 };
        if (!any)
            return true;
    }
    if (!watches_get(session, tenant, type->name, &watch, ret, err))
        return false;
    if (keeps)
        *place_of(watched, tenant, type) =
            (struct watched_place){ .tenant = *tenant, .type = type, .watched = *ret };
    return true;
}

bool watches_have(struct store_session *session, const struct uuid *tenant,
                  const struct edm_entity_type *type, bool *ret, struct error *err)
{
    const struct watched *watched = &session->watched;
    const struct watched_place *place;

    if (!session->registry_changed && watched->version == session->registry_version) {
        place = place_of(&session->watched, tenant, type);
        if (place->type == type && uuid_eq(place->tenant, *tenant)) {
            *ret = place->watched;
            return true;
        }
    }
    return find_watched(session, tenant, type, ret, err);
}

/* --- beginning and ending a watch ------------------------------------------------------------- */

/* Raises the registry's version, so that every writer sees it. */
static bool change_watch(struct store_session *session, struct db_params *params, struct error *err)
{
    enum db_status status;
    int64_t changes;

    return hand_rows_change(session, params, &status, &changes, err) &&
           (status == DB_DONE || session_error(session, status, err));
}

bool watches_end(struct store_session *session, const struct uuid *tenant, struct slice type,
                 struct error *err)
{
    static const char sql[] = "DELETE FROM watch WHERE tenant = ?1 AND type = ?2";
    struct db_params params;

    return watches_prepare(session, true, sql, tenant, type, &params, err) &&
           change_watch(session, &params, err);
}

static bool begin_watch(struct store_session *session, const struct uuid *tenant,
                        const struct edm_entity_type *type, struct error *err)
{
    static const char sql[] = "INSERT INTO watch (tenant, type, since_seq, used_unix_ms, layout)"
                              " VALUES (?1, ?2, ?3, ?4, ?5)";
    struct db_params params;
    struct uuid unused;
    int64_t since;

    if (!session_make_id(session, &unused, &since, err) ||
        !changes_delete(session, tenant, type->name, since, err) ||
        !watches_prepare(session, true, sql, tenant, type->name, &params, err))
        return false;
    db_params_int(&params, since);
    db_params_int(&params, now_unix_ms(session));
    db_params_int(&params, watches_layout(type));
    return change_watch(session, &params, err);
}

static bool use_watch(struct store_session *session, const struct uuid *tenant, struct slice type,
                      struct error *err)
{
    static const char sql[] = "UPDATE watch SET used_unix_ms = ?3 WHERE tenant = ?1 AND type = ?2";
    struct db_params params;

    if (!watches_prepare(session, true, sql, tenant, type, &params, err))
        return false;
    db_params_int(&params, now_unix_ms(session));
    return hand_rows_run(session, &params, err);
}

bool changes_watch(struct store_session *session, struct uuid tenant,
                   const struct edm_entity_type *type, struct error *err)
{
    const struct edm_entity_type *stored = edm_stored_type(type);
    struct watch watch;
    bool found;

    if (!watches_get(session, &tenant, stored->name, &watch, &found, err))
        return false;
    if (found && watch.layout == watches_layout(stored))
        return use_watch(session, &tenant, stored->name, err);
    return (!found || watches_end(session, &tenant, stored->name, err)) &&
           begin_watch(session, &tenant, stored, err);
}

bool changes_forget(struct store_session *session, struct uuid tenant, struct error *err)
{
    static const char rows_sql[] = "DELETE FROM change WHERE tenant = ?1";
    static const char watch_sql[] = "DELETE FROM watch WHERE tenant = ?1";
    struct db_params params;

    return hand_rows_prepare(session, true, rows_sql, &tenant, &params, err) &&
           hand_rows_run(session, &params, err) &&
           hand_rows_prepare(session, true, watch_sql, &tenant, &params, err) &&
           change_watch(session, &params, err);
}
