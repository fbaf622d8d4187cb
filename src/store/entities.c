/* store/entities.c - the operations of store.h on one entity: find a statement, bind, step, read,
 * reset. Lists are entity_list.c.
 *
 * Every statement is bound to the tenant first; there is no other way to an entity table in the
 * house but store_is_empty(), which reads no row's content.
 *
 * Parameters are bound where they lie (no copy), so each function resets its statement before it
 * returns, on every path.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <assert.h>

#include "base/arena.h"
#include "base/repeatable.h"
#include "base/uuid.h"
#include "store/changes.h"
#include "store/row.h"
#include "store/session.h"

#define QUOTED_KEY_MAX 100 /* bytes of a key that a message repeats */

static void bind_tenant(struct db_params *params, const struct uuid *tenant)
{
    db_params_bytes(params, tenant->bytes, sizeof tenant->bytes);
}

bool store_entity_not_found(struct slice key, struct error *err)
{
    return error_set(err, ERROR_NOT_FOUND, SLICE_EMPTY, "Resource '%.*s' does not exist.",
                     SLICE_ARG(slice_utf8_prefix(key, QUOTED_KEY_MAX)));
}

/* --- reading ---------------------------------------------------------------------------------- */

bool store_entity_get(struct store_session *session, struct uuid tenant,
                      const struct edm_entity_type *type, struct slice key, uint64_t select,
                      struct arena *arena, struct edm_entity **ret, struct error *err)
{
    struct db_statement *statement;
    struct db_params params;
    enum db_status status;
    bool ok;

    if (!session_check(session, false, err) ||
        !session_statement(session, type, SQL_GET, select, &statement, err))
        return false;
    params = DB_PARAMS(statement);
    bind_tenant(&params, &tenant);
    db_params_text(&params, key);
    status = db_params_step(&params);
    if (status == DB_ROW)
        ok = row_read(statement, type, select, arena, ret, err);
    else if (status == DB_DONE)
        ok = store_entity_not_found(key, err);
    else
        ok = session_error(session, status, err);
    db_reset(statement);
    return ok;
}

static bool has_row(struct store_session *session, const struct edm_entity_type *type, bool *ret,
                    struct error *err)
{
    struct db_statement *statement;
    enum db_status status;

    if (!session_statement(session, type, SQL_ANY_ROW, 0, &statement, err))
        return false;
    status = db_step(statement);
    *ret = status == DB_ROW;
    db_reset(statement);
    return status == DB_ROW || status == DB_DONE || session_error(session, status, err);
}

bool store_is_empty(struct store_session *session, bool *ret, struct error *err)
{
    const struct edm_singleton *singleton = session->store->model->singleton;
    bool found = false;

    if (!session_check(session, false, err))
        return false;
    for (size_t i = 0; i < singleton->type_count && !found; i++)
        if (!singleton->types[i]->view_of && !has_row(session, singleton->types[i], &found, err))
            return false;
    *ret = !found;
    return true;
}

/* --- writing ---------------------------------------------------------------------------------- */

static bool write_limit(struct store_session *session, int64_t limit_ms, struct error *err)
{
    static const char sql[] = "UPDATE store_state SET id_limit_ms = ?1";
    struct db_statement *statement;
    struct db_params params;
    enum db_status status;

    if (!session_literal(session, sql, &statement, err))
        return false;
    params = DB_PARAMS(statement);
    db_params_int(&params, limit_ms);
    status = db_params_step(&params);
    db_reset(statement);
    if (status != DB_DONE)
        return session_error(session, status, err);
    entity_ids_raise(&session->ids, limit_ms);
    return true;
}

/* The next id, with its limit on disk in this very operation. */
bool session_make_id(struct store_session *session, struct uuid *ret, int64_t *ret_sequence,
                     struct error *err)
{
    struct repeatable *repeatable = session->store->repeatable;
    uint64_t unix_ms = session->store->unix_ms();
    int64_t limit_ms = entity_ids_wanted_limit(&session->ids, unix_ms);

    if (limit_ms != 0 && !write_limit(session, limit_ms, err))
        return false;
    /* uuid_random() is buffered, unlike random_bytes(). */
    *ret = entity_ids_next(&session->ids, unix_ms,
                           repeatable ? repeatable_uuid(repeatable, REPEATABLE_ENTITY_IDS)
                                      : uuid_random(),
                           ret_sequence);
    return true;
}

/* The entity's own key, or a new one in the arena. */
static bool choose_key(const struct edm_entity *entity, struct uuid id, struct arena *arena,
                       struct slice *ret, struct error *err)
{
    char *text;

    if (edm_entity_has(entity, 0)) {
        *ret = entity->values[0].text;
        return true;
    }
    text = arena_alloc(arena, UUID_TEXT_LEN);
    if (!text)
        return error_no_memory(err);
    uuid_format(id, text);
    *ret = (struct slice){ text, UUID_TEXT_LEN };
    return true;
}

static COLD bool refuse_twin(const struct edm_entity_type *type, struct slice key,
                             struct error *err)
{
    return error_set(err, ERROR_CONFLICT, type->properties[0].name,
                     "Resource '%.*s' already exists.",
                     SLICE_ARG(slice_utf8_prefix(key, QUOTED_KEY_MAX)));
}

static bool insert_row(struct store_session *session, const struct uuid *tenant,
                       const struct edm_entity *entity, struct slice key, int64_t sequence,
                       struct error *err)
{
    uint64_t properties = edm_all_properties(entity->type);
    struct db_statement *statement;
    struct db_params params;
    enum db_status status;

    if (!session_statement(session, entity->type, SQL_INSERT, properties, &statement, err))
        return false;
    params = DB_PARAMS(statement);
    bind_tenant(&params, tenant);
    db_params_text(&params, key);
    db_params_int(&params, 1);
    db_params_int(&params, sequence);
    row_bind(&params, entity, properties);
    status = db_params_step(&params);
    db_reset(statement);
    if (status == DB_CONSTRAINT)
        return refuse_twin(entity->type, key, err);
    return status == DB_DONE || session_error(session, status, err);
}

bool store_entity_insert(struct store_session *session, struct uuid tenant,
                         struct edm_entity *entity, struct arena *arena, struct error *err)
{
    int64_t sequence;
    struct slice key;
    struct uuid id;

    assert((entity->present | 1) == edm_all_properties(entity->type));
    if (!session_check(session, true, err) || !session_make_id(session, &id, &sequence, err) ||
        !choose_key(entity, id, arena, &key, err) ||
        (edm_is_built_in(entity->type, key) && !refuse_twin(entity->type, key, err)) ||
        !insert_row(session, &tenant, entity, key, sequence, err) ||
        !changes_note(session, tenant, entity->type, key, UINT64_MAX, err))
        return false;
    entity->values[0] = (struct edm_value){ .text = key };
    edm_entity_mark(entity, 0);
    entity->version = 1;
    entity->created = sequence;
    return true;
}

/* Ends an update or delete that is to touch the one row of `key`. */
static bool finish_one(struct store_session *session, struct db_params *params, struct slice key,
                       struct error *err)
{
    enum db_status status = db_params_step(params);
    int64_t changes = status == DB_DONE ? session->db->driver->changes(session->db) : 0;

    db_reset(params->statement);
    if (status != DB_DONE)
        return session_error(session, status, err);
    assert(changes <= 1);
    return changes == 1 || store_entity_not_found(key, err);
}

bool store_entity_update(struct store_session *session, struct uuid tenant,
                         struct edm_entity *entity, uint64_t changed, struct error *err)
{
    struct slice key = entity->values[0].text;
    struct db_statement *statement;
    struct db_params params;

    changed &= edm_all_properties(entity->type) & ~UINT64_C(1);
    if (!session_check(session, true, err) ||
        !session_statement(session, entity->type, SQL_UPDATE, changed, &statement, err))
        return false;
    params = DB_PARAMS(statement);
    row_bind(&params, entity, changed);
    db_params_int(&params, entity->version + 1);
    bind_tenant(&params, &tenant);
    db_params_text(&params, key);
    db_params_int(&params, entity->version);
    if (!finish_one(session, &params, key, err) ||
        !changes_note(session, tenant, entity->type, key, changed, err))
        return false;
    entity->version++;
    return true;
}

bool store_entity_delete(struct store_session *session, struct uuid tenant,
                         const struct edm_entity_type *type, struct slice key, struct error *err)
{
    struct db_statement *statement;
    struct db_params params;

    if (!session_check(session, true, err) ||
        !session_statement(session, type, SQL_DELETE, 0, &statement, err))
        return false;
    params = DB_PARAMS(statement);
    bind_tenant(&params, &tenant);
    db_params_text(&params, key);
    return finish_one(session, &params, key, err) &&
           changes_note(session, tenant, type, key, UINT64_MAX, err);
}

bool store_entity_delete_all(struct store_session *session, struct uuid tenant,
                             const struct edm_entity_type *type, int64_t *ret_count,
                             struct error *err)
{
    struct db_statement *statement;
    struct db_params params;
    enum db_status status;

    if (!session_check(session, true, err) || !changes_note_all(session, tenant, type, err) ||
        !session_statement(session, type, SQL_DELETE_ALL, 0, &statement, err))
        return false;
    params = DB_PARAMS(statement);
    bind_tenant(&params, &tenant);
    status = db_params_step(&params);
    if (status == DB_DONE)
        *ret_count = session->db->driver->changes(session->db);
    db_reset(statement);
    return status == DB_DONE || session_error(session, status, err);
}
