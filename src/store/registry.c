/* store/registry.c - tenants and clients, by hand: their tables are in migrations.c.
 *
 * Each change raises the registry's version in the same operation, in the row that every
 * transaction reads first (session.c). So a server sees a change of the command line's with its
 * next read transaction, at no cost of its own, and an undone change leaves no trace.
 *
 * The set-up is small (tenants in the hundreds, clients in the dozens): lists are read whole.
 * What these tables share with the other ones that are written by hand is in hand_rows.c.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "store/registry.h"

#include "store/hand_rows.h"
#include "store/session.h"

bool registry_version(struct store_session *session, int64_t *ret, struct error *err)
{
    static const char sql[] = "SELECT registry_version FROM store_state";
    struct db_statement *statement;
    enum db_status status;

    if (!session_check(session, false, err))
        return false;
    if (session->state == SESSION_READS) { /* fixed since it began */
        *ret = session->registry_version;
        return true;
    }
    if (!session_literal(session, sql, &statement, err))
        return false;
    status = db_step(statement);
    if (status == DB_ROW)
        *ret = db_int(statement, 0);
    db_reset(statement);
    return status == DB_ROW || session_error(session, status == DB_DONE ? DB_CORRUPT : status, err);
}

/* --- tenants ---------------------------------------------------------------------------------- */

#define TENANT_COLUMNS "id, name, licensed, created_ticks"

static bool tenant_not_found(struct uuid id, struct error *err)
{
    char text[UUID_TEXT_LEN];

    uuid_format(id, text);
    return error_set(err, ERROR_NOT_FOUND, SLICE("tenant"), "Tenant '%.*s' does not exist.",
                     UUID_TEXT_LEN, text);
}

static bool read_tenant(struct store_session *session, struct db_statement *statement,
                        struct arena *arena, void *ret, struct error *err)
{
    struct registry_tenant tenant = { .licensed = db_int(statement, 2) != 0,
                                      .created_ticks = db_int(statement, 3) };
    struct slice id = db_bytes(statement, 0);

    if (id.len != sizeof tenant.id.bytes)
        return session_error(session, DB_CORRUPT, err);
    memcpy(tenant.id.bytes, id.ptr, id.len);
    if (!db_text_copy(statement, 1, arena, &tenant.name, err))
        return false;
    *(struct registry_tenant *)ret = tenant;
    return true;
}

bool registry_tenant_get(struct store_session *session, struct uuid id, struct arena *arena,
                         struct registry_tenant *ret, struct error *err)
{
    static const char sql[] = "SELECT " TENANT_COLUMNS " FROM tenant WHERE id = ?1";
    struct db_params params;
    bool found;

    if (!hand_rows_prepare(session, false, sql, &id, &params, err))
        return false;
    return hand_rows_one(session, &params, read_tenant, arena, ret, &found, err) &&
           (found || tenant_not_found(id, err));
}

static bool look_for_tenant(struct store_session *session, struct uuid id, bool *ret,
                            struct error *err)
{
    static const char sql[] = "SELECT count(*) FROM tenant WHERE id = ?1";
    struct db_params params;
    int64_t count;

    if (!hand_rows_prepare(session, false, sql, &id, &params, err))
        return false;
    if (!hand_rows_number(session, &params, &count, err))
        return false;
    *ret = count > 0;
    return true;
}

bool registry_tenant_exists(struct store_session *session, struct uuid id, bool *ret,
                            struct error *err)
{
    if (!session_check(session, false, err))
        return false;
    if (session->registry_changed)
        return look_for_tenant(session, id, ret, err);
    *ret = known_tenants_find(&session->known_tenants, session->registry_version, id);
    if (*ret)
        return true;
    if (!look_for_tenant(session, id, ret, err))
        return false;
    if (*ret)
        known_tenants_keep(&session->known_tenants, id);
    return true;
}

bool registry_tenant_add(struct store_session *session, const struct registry_tenant *tenant,
                         struct error *err)
{
    static const char sql[] = "INSERT INTO tenant (" TENANT_COLUMNS ") VALUES (?1, ?2, ?3, ?4)";
    char text[UUID_TEXT_LEN];
    struct db_params params;
    enum db_status status;
    int64_t changes;

    if (!hand_rows_prepare(session, true, sql, &tenant->id, &params, err))
        return false;
    db_params_text(&params, tenant->name);
    db_params_int(&params, tenant->licensed);
    db_params_int(&params, tenant->created_ticks);
    if (!hand_rows_change(session, &params, &status, &changes, err))
        return false;
    if (status != DB_CONSTRAINT)
        return true;
    uuid_format(tenant->id, text);
    return error_set(err, ERROR_CONFLICT, SLICE("tenant"), "Tenant '%.*s' already exists.",
                     UUID_TEXT_LEN, text);
}

bool registry_tenant_set_license(struct store_session *session, struct uuid id, bool licensed,
                                 struct error *err)
{
    static const char sql[] = "UPDATE tenant SET licensed = ?1 WHERE id = ?2";
    struct db_params params;
    enum db_status status;
    int64_t changes;

    if (!hand_rows_prepare(session, true, sql, NULL, &params, err))
        return false;
    db_params_int(&params, licensed);
    db_params_bytes(&params, id.bytes, sizeof id.bytes);
    if (!hand_rows_change(session, &params, &status, &changes, err))
        return false;
    return changes == 1 || tenant_not_found(id, err);
}

bool registry_tenant_remove(struct store_session *session, struct uuid id, struct error *err)
{
    static const char sql[] = "DELETE FROM tenant WHERE id = ?1";
    struct db_params params;
    enum db_status status;
    int64_t changes;

    if (!hand_rows_prepare(session, true, sql, &id, &params, err))
        return false;
    if (!hand_rows_change(session, &params, &status, &changes, err))
        return false;
    return changes == 1 || tenant_not_found(id, err);
}

bool registry_tenant_list(struct store_session *session, struct arena *arena,
                          struct registry_tenant **ret, size_t *ret_count, struct error *err)
{
    static const char sql[] = "SELECT " TENANT_COLUMNS " FROM tenant ORDER BY id";
    struct db_params params;
    void *list;

    if (!hand_rows_prepare(session, false, sql, NULL, &params, err))
        return false;
    if (!hand_rows_all(session, &params, sizeof **ret, read_tenant, arena, &list, ret_count, err))
        return false;
    *ret = list;
    return true;
}

/* --- clients ---------------------------------------------------------------------------------- */

#define CLIENT_COLUMNS "app_id, name, digest, is_default, roles, created_ticks, tenant, any_tenant"

static bool client_not_found(struct slice app_id, struct error *err)
{
    return error_set(err, ERROR_NOT_FOUND, SLICE("client"), "Client '%.*s' does not exist.",
                     SLICE_ARG(app_id));
}

static bool read_client(struct store_session *session, struct db_statement *statement,
                        struct arena *arena, void *ret, struct error *err)
{
    struct registry_client client = { .is_default = db_int(statement, 3) != 0,
                                      .created_ticks = db_int(statement, 5),
                                      .any_tenant = db_int(statement, 7) != 0 };
    struct slice digest = db_bytes(statement, 2), tenant = db_bytes(statement, 6);

    if (digest.len != sizeof client.digest || tenant.len != sizeof client.tenant.bytes)
        return session_error(session, DB_CORRUPT, err);
    memcpy(client.digest, digest.ptr, digest.len);
    memcpy(client.tenant.bytes, tenant.ptr, tenant.len);
    if (!db_text_copy(statement, 0, arena, &client.app_id, err) ||
        !db_text_copy(statement, 1, arena, &client.name, err) ||
        !db_text_copy(statement, 4, arena, &client.roles, err))
        return false;
    *(struct registry_client *)ret = client;
    return true;
}

bool registry_client_get(struct store_session *session, struct slice app_id, struct arena *arena,
                         struct registry_client *ret, struct error *err)
{
    static const char sql[] = "SELECT " CLIENT_COLUMNS " FROM client WHERE app_id = ?1";
    struct db_params params;
    bool found;

    if (!hand_rows_prepare(session, false, sql, NULL, &params, err))
        return false;
    db_params_text(&params, app_id);
    return hand_rows_one(session, &params, read_client, arena, ret, &found, err) &&
           (found || client_not_found(app_id, err));
}

bool registry_client_put(struct store_session *session, const struct registry_client *client,
                         bool replace, struct error *err)
{
    static const char insert_sql[] =
        "INSERT INTO client (" CLIENT_COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
    static const char replace_sql[] =
        "INSERT INTO client (" CLIENT_COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"
        " ON CONFLICT (app_id) DO UPDATE SET name = excluded.name, digest = excluded.digest,"
        " is_default = excluded.is_default, roles = excluded.roles,"
        " created_ticks = excluded.created_ticks, tenant = excluded.tenant,"
        " any_tenant = excluded.any_tenant";
    struct db_params params;
    enum db_status status;
    int64_t changes;

    if (!hand_rows_prepare(session, true, replace ? replace_sql : insert_sql, NULL, &params, err))
        return false;
    db_params_text(&params, client->app_id);
    db_params_text(&params, client->name);
    db_params_bytes(&params, client->digest, sizeof client->digest);
    db_params_int(&params, client->is_default);
    db_params_text(&params, client->roles);
    db_params_int(&params, client->created_ticks);
    db_params_bytes(&params, client->tenant.bytes, sizeof client->tenant.bytes);
    db_params_int(&params, client->any_tenant);
    if (!hand_rows_change(session, &params, &status, &changes, err))
        return false;
    if (status != DB_CONSTRAINT)
        return true;
    return error_set(err, ERROR_CONFLICT, SLICE("client"), "Client '%.*s' already exists.",
                     SLICE_ARG(client->app_id));
}

bool registry_client_remove(struct store_session *session, struct slice app_id, struct error *err)
{
    static const char sql[] = "DELETE FROM client WHERE app_id = ?1";
    struct db_params params;
    enum db_status status;
    int64_t changes;

    if (!hand_rows_prepare(session, true, sql, NULL, &params, err))
        return false;
    db_params_text(&params, app_id);
    if (!hand_rows_change(session, &params, &status, &changes, err))
        return false;
    return changes == 1 || client_not_found(app_id, err);
}

bool registry_client_list(struct store_session *session, struct arena *arena,
                          struct registry_client **ret, size_t *ret_count, struct error *err)
{
    static const char sql[] = "SELECT " CLIENT_COLUMNS " FROM client ORDER BY app_id";
    struct db_params params;
    void *list;

    if (!hand_rows_prepare(session, false, sql, NULL, &params, err))
        return false;
    if (!hand_rows_all(session, &params, sizeof **ret, read_client, arena, &list, ret_count, err))
        return false;
    *ret = list;
    return true;
}

/* --- the key of seals ------------------------------------------------------------------------- */

bool registry_seal_key(struct store_session *session, uint8_t ret[REGISTRY_SEAL_BYTES],
                       struct error *err)
{
    static const char sql[] = "SELECT seal_key FROM store_state";
    struct db_statement *statement;
    struct slice key = SLICE_EMPTY;
    enum db_status status;

    if (!session_check(session, false, err) || !session_literal(session, sql, &statement, err))
        return false;
    status = db_step(statement);
    if (status == DB_ROW)
        key = db_bytes(statement, 0);
    if (key.len == REGISTRY_SEAL_BYTES)
        memcpy(ret, key.ptr, key.len);
    db_reset(statement);
    if (status == DB_ROW || status == DB_DONE)
        return key.len == REGISTRY_SEAL_BYTES || session_error(session, DB_CORRUPT, err);
    return session_error(session, status, err);
}
