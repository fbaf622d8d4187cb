/* store/sandboxes.c - one row a sandbox.
 *
 * The seed is kept here and not in a file beside the database: a sandbox and its seed begin and end
 * in one transaction. It stands last in the row, so that what looks at the others does not read it.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "store/sandboxes.h"

#include "store/hand_rows.h"
#include "store/session.h"

static bool not_found(struct uuid tenant, struct error *err)
{
    char text[UUID_TEXT_LEN];

    uuid_format(tenant, text);
    return error_set(err, ERROR_NOT_FOUND, SLICE("tenant"), "Tenant '%.*s' is no sandbox.",
                     UUID_TEXT_LEN, text);
}

bool sandbox_add(struct store_session *session, const struct sandbox *sandbox, struct error *err)
{
    static const char sql[] = "INSERT INTO sandbox (tenant, expires_unix_ms, policy, seed)"
                              " VALUES (?1, ?2, ?3, ?4)";
    char text[UUID_TEXT_LEN];
    struct db_params params;
    enum db_status status;
    int64_t changes;

    if (!hand_rows_prepare(session, true, sql, &sandbox->tenant, &params, err))
        return false;
    db_params_int(&params, sandbox->expires_unix_ms);
    db_params_text(&params, sandbox->policy);
    db_params_text(&params, sandbox->seed);
    if (!hand_rows_write(session, &params, &status, &changes, err))
        return false;
    if (status == DB_DONE)
        return true;
    uuid_format(sandbox->tenant, text);
    return error_set(err, ERROR_CONFLICT, SLICE("tenant"), "Tenant '%.*s' is a sandbox already.",
                     UUID_TEXT_LEN, text);
}

static bool read_sandbox(struct store_session *session, struct db_statement *statement,
                         struct arena *arena, void *ret, struct error *err)
{
    struct sandbox sandbox = { .expires_unix_ms = db_int(statement, 1) };

    if (!hand_rows_uuid(session, statement, 0, &sandbox.tenant, err) ||
        !db_text_copy(statement, 2, arena, &sandbox.policy, err) ||
        !db_text_copy(statement, 3, arena, &sandbox.seed, err))
        return false;
    *(struct sandbox *)ret = sandbox;
    return true;
}

bool sandbox_get(struct store_session *session, struct uuid tenant, struct arena *arena,
                 struct sandbox *ret, struct error *err)
{
    static const char sql[] =
        "SELECT tenant, expires_unix_ms, policy, seed FROM sandbox WHERE tenant = ?1";
    struct db_params params;
    bool found;

    if (!hand_rows_prepare(session, false, sql, &tenant, &params, err))
        return false;
    return hand_rows_one(session, &params, read_sandbox, arena, ret, &found, err) &&
           (found || not_found(tenant, err));
}

bool sandbox_remove(struct store_session *session, struct uuid tenant, struct error *err)
{
    static const char sql[] = "DELETE FROM sandbox WHERE tenant = ?1";
    struct db_params params;
    enum db_status status;
    int64_t changes;

    if (!hand_rows_prepare(session, true, sql, &tenant, &params, err))
        return false;
    if (!hand_rows_write(session, &params, &status, &changes, err))
        return false;
    if (status != DB_DONE)
        return session_error(session, status, err);
    return changes == 1 || not_found(tenant, err);
}

bool sandbox_count(struct store_session *session, int64_t *ret, struct error *err)
{
    static const char sql[] = "SELECT count(*) FROM sandbox";
    struct db_params params;

    if (!hand_rows_prepare(session, false, sql, NULL, &params, err))
        return false;
    return hand_rows_number(session, &params, ret, err);
}

bool sandbox_next_end(struct store_session *session, int64_t *ret_unix_ms, struct error *err)
{
    static const char sql[] = "SELECT coalesce(min(expires_unix_ms), ?1) FROM sandbox";
    struct db_params params;

    if (!hand_rows_prepare(session, false, sql, NULL, &params, err))
        return false;
    db_params_int(&params, INT64_MAX);
    return hand_rows_number(session, &params, ret_unix_ms, err);
}

static bool read_tenant(struct store_session *session, struct db_statement *statement,
                        struct arena *arena UNUSED, void *ret, struct error *err)
{
    return hand_rows_uuid(session, statement, 0, ret, err);
}

bool sandbox_ended(struct store_session *session, int64_t unix_ms, size_t max, struct arena *arena,
                   struct uuid **ret, size_t *ret_count, struct error *err)
{
    static const char sql[] = "SELECT tenant FROM sandbox WHERE expires_unix_ms <= ?1"
                              " ORDER BY expires_unix_ms, tenant LIMIT ?2";
    struct db_params params;
    void *list;

    if (!hand_rows_prepare(session, false, sql, NULL, &params, err))
        return false;
    db_params_int(&params, unix_ms);
    db_params_int(&params, max < INT64_MAX ? (int64_t)max : INT64_MAX);
    if (!hand_rows_all(session, &params, sizeof **ret, read_tenant, arena, &list, ret_count, err))
        return false;
    *ret = list;
    return true;
}
