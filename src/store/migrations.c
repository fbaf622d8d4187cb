/* store/migrations.c - the hand-written schema, one numbered step after the other.
 *
 * A step is never edited once it was released: a store that has seen it would differ from one that
 * will. A new step is a function, a row, and MIGRATIONS_LAST. All steps that a store lacks run in
 * one transaction, together with what the model adds, so that a store is of one number or another
 * and never in between.
 *
 * Step 1
 *   store_state     one row: the schema's number, the registry's version, the limit below which ids
 *                   were made (entity_ids.h), the key of seals
 *   schema_object   what was derived from the model and how it is laid out (schema.c)
 *   tenant, client  the registry (registry.c)
 *
 * Step 2
 *   health_policy   what silence means to a tenant's entities of one type (health_policies.c)
 *   removal         the record of what such a policy removed (removals.c)
 *   sandbox         the tenants that end by themselves, and what they began with (sandboxes.c)
 *
 * Step 3
 *   watch           the sets whose changes are logged (watches.c)
 *   change          the log
 *
 * Step 4
 *   answer          what repeatable requests were answered (answers.c)
 *   answer_horizon  up to when a tenant's answers were let go
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "store/migrations.h"

#include <assert.h>

#include "base/text.h"
#include "base/uuid.h"
#include "store/dialect.h"
#include "store/registry.h"

static enum db_status run_all(struct db *db, const struct text *texts, size_t count)
{
    enum db_status status = DB_OK;

    for (size_t i = 0; i < count && status == DB_OK; i++)
        status = texts[i].failed ? DB_NO_MEMORY : db_run(db, text_slice(&texts[i]));
    return status;
}

static enum db_status add_state_row(struct db *db)
{
    struct db_statement *statement = NULL;
    uint8_t seal_key[REGISTRY_SEAL_BYTES];
    struct db_params params;
    enum db_status status;

    status = db->driver->prepare(db,
                                 SLICE("INSERT INTO store_state (one, schema_number,"
                                       " registry_version, id_limit_ms, seal_key)"
                                       " VALUES (1, 0, 0, 0, ?1)"),
                                 &statement);
    if (status != DB_OK)
        return status;
    random_bytes(seal_key, sizeof seal_key);
    params = DB_PARAMS(statement);
    db_params_bytes(&params, seal_key, sizeof seal_key);
    status = db_params_step(&params);
    db->driver->finalize(statement);
    explicit_bzero(seal_key, sizeof seal_key);
    return status == DB_DONE ? DB_OK : status;
}

static enum db_status step_1(struct db *db)
{
    const struct dialect *d = db->driver->dialect;
    char memory[4][512];
    struct text texts[COUNT_OF(memory)];
    enum db_status status;

    for (size_t i = 0; i < COUNT_OF(memory); i++)
        text_init_fixed(&texts[i], memory[i], sizeof memory[i]);
    text_printf(&texts[0],
                "CREATE TABLE store_state (one %s PRIMARY KEY CHECK (one = 1),"
                " schema_number %s NOT NULL, registry_version %s NOT NULL,"
                " id_limit_ms %s NOT NULL, seal_key %s NOT NULL)",
                d->integer_type, d->integer_type, d->integer_type, d->integer_type, d->bytes_type);
    text_printf(&texts[1],
                "CREATE TABLE schema_object (name %s NOT NULL PRIMARY KEY, layout %s NOT NULL)%s",
                d->key_type, d->text_type, d->table_options);
    text_printf(&texts[2],
                "CREATE TABLE tenant (id %s NOT NULL PRIMARY KEY, name %s NOT NULL,"
                " licensed %s NOT NULL, created_ticks %s NOT NULL)%s",
                d->bytes_type, d->text_type, d->integer_type, d->integer_type, d->table_options);
    text_printf(&texts[3],
                "CREATE TABLE client (app_id %s NOT NULL PRIMARY KEY, name %s NOT NULL,"
                " digest %s NOT NULL, is_default %s NOT NULL, roles %s NOT NULL,"
                " created_ticks %s NOT NULL, tenant %s NOT NULL, any_tenant %s NOT NULL)%s",
                d->key_type, d->text_type, d->bytes_type, d->integer_type, d->text_type,
                d->integer_type, d->bytes_type, d->integer_type, d->table_options);
    status = run_all(db, texts, COUNT_OF(texts));
    return status == DB_OK ? add_state_row(db) : status;
}

static enum db_status step_2(struct db *db)
{
    const struct dialect *d = db->driver->dialect;
    char memory[4][512];
    struct text texts[COUNT_OF(memory)];

    for (size_t i = 0; i < COUNT_OF(memory); i++)
        text_init_fixed(&texts[i], memory[i], sizeof memory[i]);
    text_printf(&texts[0],
                "CREATE TABLE health_policy (tenant %s NOT NULL, type %s NOT NULL,"
                " is_on %s NOT NULL, stages %s NOT NULL, remove_after_s %s NOT NULL,"
                " since_ticks %s NOT NULL, PRIMARY KEY (tenant, type))%s",
                d->bytes_type, d->key_type, d->integer_type, d->text_type, d->integer_type,
                d->integer_type, d->table_options);
    text_printf(&texts[1],
                "CREATE TABLE removal (tenant %s NOT NULL, number %s NOT NULL,"
                " at_ticks %s NOT NULL, type %s NOT NULL, id %s NOT NULL,"
                " contact_ticks %s NOT NULL, contact_offset %s NOT NULL, after_s %s NOT NULL,"
                " PRIMARY KEY (tenant, number))%s",
                d->bytes_type, d->integer_type, d->integer_type, d->key_type, d->key_type,
                d->integer_type, d->integer_type, d->integer_type, d->table_options);
    text_printf(&texts[2],
                "CREATE TABLE sandbox (tenant %s NOT NULL PRIMARY KEY, expires_unix_ms %s NOT NULL,"
                " policy %s NOT NULL, seed %s NOT NULL)%s",
                d->bytes_type, d->integer_type, d->text_type, d->text_type, d->table_options);
    /* So that who is next to end is found without walking past seeds of megabytes. */
    text_printf(&texts[3], "CREATE INDEX sandbox_end ON sandbox (expires_unix_ms)");
    return run_all(db, texts, COUNT_OF(texts));
}

static enum db_status step_3(struct db *db)
{
    const struct dialect *d = db->driver->dialect;
    char memory[3][512];
    struct text texts[COUNT_OF(memory)];

    for (size_t i = 0; i < COUNT_OF(memory); i++)
        text_init_fixed(&texts[i], memory[i], sizeof memory[i]);
    text_printf(&texts[0],
                "CREATE TABLE watch (tenant %s NOT NULL, type %s NOT NULL, since_seq %s NOT NULL,"
                " used_unix_ms %s NOT NULL, layout %s NOT NULL, PRIMARY KEY (tenant, type))%s",
                d->bytes_type, d->key_type, d->integer_type, d->integer_type, d->integer_type,
                d->table_options);
    text_printf(&texts[1],
                "CREATE TABLE change (tenant %s NOT NULL, type %s NOT NULL, seq %s NOT NULL,"
                " id %s NOT NULL, changed %s NOT NULL, PRIMARY KEY (tenant, type, seq, id))%s",
                d->bytes_type, d->key_type, d->integer_type, d->key_type, d->integer_type,
                d->table_options);
    text_printf(&texts[2], "CREATE INDEX change_id ON change (tenant, type, id, seq)");
    return run_all(db, texts, COUNT_OF(texts));
}

static enum db_status step_4(struct db *db)
{
    const struct dialect *d = db->driver->dialect;
    char memory[3][512];
    struct text texts[COUNT_OF(memory)];

    for (size_t i = 0; i < COUNT_OF(memory); i++)
        text_init_fixed(&texts[i], memory[i], sizeof memory[i]);
    text_printf(&texts[0],
                "CREATE TABLE answer (tenant %s NOT NULL, key %s NOT NULL,"
                " made_unix_ms %s NOT NULL, request %s NOT NULL, sent_unix_s %s NOT NULL,"
                " made_ticks %s NOT NULL, status %s NOT NULL, id %s NOT NULL, fields %s NOT NULL,"
                " body %s NOT NULL, PRIMARY KEY (tenant, key))%s",
                d->bytes_type, d->bytes_type, d->integer_type, d->bytes_type, d->integer_type,
                d->integer_type, d->integer_type, d->key_type, d->text_type, d->bytes_type,
                d->table_options);
    text_printf(&texts[1], "CREATE INDEX answer_made ON answer (tenant, made_unix_ms)");
    text_printf(&texts[2],
                "CREATE TABLE answer_horizon (tenant %s NOT NULL PRIMARY KEY,"
                " sent_unix_s %s NOT NULL)%s",
                d->bytes_type, d->integer_type, d->table_options);
    return run_all(db, texts, COUNT_OF(texts));
}

static const struct migration {
    const char *doc;
    enum db_status (*run)(struct db *db);
} migrations[] = {
    { "the store's state, the schema record and the registry", step_1 },
    { "health policies, removals and sandboxes", step_2 },
    { "the log of changes", step_3 },
    { "answers to repeatable requests", step_4 },
};
static_assert(COUNT_OF(migrations) == MIGRATIONS_LAST, "a number for each row");

static enum db_status set_number(struct db *db)
{
    char memory[80];
    struct text text;

    text_init_fixed(&text, memory, sizeof memory);
    text_printf(&text, "UPDATE store_state SET schema_number = %d", MIGRATIONS_LAST);
    return db_run(db, text_slice(&text));
}

enum db_status migrations_run(struct db *db, int64_t number)
{
    enum db_status status = DB_OK;

    assert(number >= 0);
    for (int64_t i = number; i < MIGRATIONS_LAST && status == DB_OK; i++)
        status = migrations[i].run(db);
    return status == DB_OK && number < MIGRATIONS_LAST ? set_number(db) : status;
}
