/* store/schema.c - the model as wanted, the schema record as found, and the difference made good.
 *
 * The record (table schema_object) holds a line for each derived table ("entity_x") and each
 * property's column ("entity_x.y") with its layout. Opening compares it with the model:
 *
 *   in both, same layout       nothing to do
 *   only in the model          the table or column is added and recorded
 *   in both, another layout    our mistake, a migration is missing: refused
 *   only in the record         a newer connectord wrote it: refused, and it is named. Going on
 *                              would hide what is stored there and give new rows none of it.
 *
 * A start that finds nothing to do, which is nearly every one, takes no write lock. Otherwise the
 * comparison runs again inside a write transaction, since the command line and a server may open a
 * fresh folder at the same moment.
 *
 * The record and not the engine's own catalogue is compared, because the catalogue says less (a
 * collection and a string are both text) and says it differently in each engine. A default is not
 * part of the layout: inserts name every column, so it matters in the moment of adding only.
 *
 * Indexes have lines of their own in the record ("index_x.y"), which are not looked at here: what
 * is in them is in the tables as well (indexes.c).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "store/schema.h"

#include "base/arena.h"
#include "base/text.h"
#include "edm/entity.h"
#include "store/db.h"
#include "store/dialect.h"
#include "store/migrations.h"
#include "store/sql.h"
#include "store/sql_index.h"

#define MEMORY_BYTES (4u << 20)
#define LAYOUT_BYTES 160
#define NAME_BYTES   320

struct object { /* a line of the record */
    struct slice name, layout;
    bool known; /* the model has it too */
    struct object *next;
};

struct schema {
    struct db *db;
    const struct edm_model *model;
    struct arena *arena;
    int64_t number;
    struct object *objects;
    bool writing; /* in a write transaction: make good what is missing */
    bool missing; /* something is, and was not made good */
};

/* --- what is there ---------------------------------------------------------------------------- */

/* Runs `sql` (one parameter, unless it is empty) and gives the one number that it finds. */
static bool query_number(struct db *db, const char *sql, struct slice parameter, int64_t *ret,
                         struct error *err)
{
    struct db_statement *statement = NULL;
    struct db_params params;
    enum db_status status = db->driver->prepare(db, slice_of(sql), &statement);

    if (status != DB_OK)
        return db_error(status, err);
    params = DB_PARAMS(statement);
    if (parameter.len)
        db_params_text(&params, parameter);
    status = db_params_step(&params);
    if (status == DB_ROW)
        *ret = db_int(statement, 0);
    db->driver->finalize(statement);
    return status == DB_ROW || db_error(status == DB_DONE ? DB_CORRUPT : status, err);
}

static bool read_number(struct schema *schema, struct error *err)
{
    const struct dialect *dialect = schema->db->driver->dialect;
    int64_t count = 0;

    if (!query_number(schema->db, dialect->table_exists, SLICE("store_state"), &count, err))
        return false;
    if (count > 0)
        return query_number(schema->db, "SELECT schema_number FROM store_state", SLICE_EMPTY,
                            &schema->number, err);
    if (!query_number(schema->db, dialect->table_count, SLICE_EMPTY, &count, err))
        return false;
    if (count > 0)
        return error_set(err, ERROR_CONFIGURATION, SLICE("data-dir"),
                         "The database belongs to another program.");
    schema->number = 0;
    return true;
}

static bool read_object(struct schema *schema, struct db_statement *statement, struct error *err)
{
    struct object *object = arena_new(schema->arena, struct object);

    if (!object)
        return error_no_memory(err);
    if (!db_text_copy(statement, 0, schema->arena, &object->name, err) ||
        !db_text_copy(statement, 1, schema->arena, &object->layout, err))
        return false;
    object->next = schema->objects;
    schema->objects = object;
    return true;
}

static bool read_objects(struct schema *schema, struct error *err)
{
    struct db_statement *statement = NULL;
    struct db *db = schema->db;
    enum db_status status =
        db->driver->prepare(db, SLICE("SELECT name, layout FROM schema_object"), &statement);
    bool ok = false;

    if (status != DB_OK)
        return db_error(status, err);
    while ((status = db_step(statement)) == DB_ROW)
        if (!read_object(schema, statement, err))
            goto out;
    ok = status == DB_DONE || db_error(status, err);
out:
    db->driver->finalize(statement);
    return ok;
}

static struct object *find_object(const struct schema *schema, struct slice name)
{
    for (struct object *object = schema->objects; object; object = object->next)
        if (slice_eq(object->name, name))
            return object;
    return NULL;
}

/* --- what is missing is added ----------------------------------------------------------------- */

static bool record(struct schema *schema, struct slice name, struct slice layout, struct error *err)
{
    struct db_statement *statement = NULL;
    struct db *db = schema->db;
    struct db_params params;
    enum db_status status = db->driver->prepare(
        db, SLICE("INSERT INTO schema_object (name, layout) VALUES (?1, ?2)"), &statement);

    if (status != DB_OK)
        return db_error(status, err);
    params = DB_PARAMS(statement);
    db_params_text(&params, name);
    db_params_text(&params, layout);
    status = db_params_step(&params);
    db->driver->finalize(statement);
    return status == DB_DONE || db_error(status, err);
}

static bool run_text(struct schema *schema, const struct text *sql, struct error *err)
{
    enum db_status status;

    if (sql->failed)
        return error_no_memory(err);
    status = db_run(schema->db, text_slice(sql));
    return status == DB_OK || db_error(status, err);
}

/* An object of the model: passed over, refused, or noted as missing. */
static bool compare(struct schema *schema, struct slice name, struct slice layout,
                    bool *ret_missing, struct error *err)
{
    struct object *object = find_object(schema, name);

    *ret_missing = !object;
    if (!object) {
        schema->missing = true;
        return true;
    }
    object->known = true;
    if (!slice_eq(object->layout, layout))
        return error_set(err, ERROR_INTERNAL, SLICE("data-dir"),
                         "The store holds '%.*s' as %.*s and not as %.*s; a migration is missing.",
                         SLICE_ARG(name), SLICE_ARG(object->layout), SLICE_ARG(layout));
    return true;
}

static bool add_column(struct schema *schema, const struct edm_entity *defaults, size_t property,
                       struct error *err)
{
    for (unsigned part = 0;; part++) {
        struct text sql;

        text_init(&sql, schema->arena, 256, SQL_TEXT_MAX);
        if (!sql_add_column(&sql, schema->db->driver->dialect, defaults->type, property, part,
                            &defaults->values[property]))
            return true;
        if (!run_text(schema, &sql, err))
            return false;
    }
}

static bool apply_column(struct schema *schema, const struct edm_entity *defaults, size_t property,
                         bool table_is_new, struct error *err)
{
    const struct edm_property *of = &defaults->type->properties[property];
    char name_memory[NAME_BYTES], layout_memory[LAYOUT_BYTES];
    struct text name, layout;
    bool missing;

    text_init_fixed(&name, name_memory, sizeof name_memory);
    text_init_fixed(&layout, layout_memory, sizeof layout_memory);
    sql_table_name(&name, defaults->type);
    text_append_char(&name, '.');
    text_append(&name, of->name);
    sql_column_layout(&layout, schema->db->driver->dialect, of);
    if (name.failed || layout.failed)
        return error_no_memory(err);
    if (!compare(schema, text_slice(&name), text_slice(&layout), &missing, err))
        return false;
    if (!missing || !schema->writing)
        return true;
    if (!table_is_new && !add_column(schema, defaults, property, err))
        return false;
    return record(schema, text_slice(&name), text_slice(&layout), err);
}

static bool create_table(struct schema *schema, const struct edm_entity *defaults,
                         struct slice name, struct slice layout, struct error *err)
{
    struct text sql;

    text_init(&sql, schema->arena, 1024, SQL_TEXT_MAX);
    sql_create_table(&sql, schema->db->driver->dialect, defaults->type, defaults);
    return run_text(schema, &sql, err) && record(schema, name, layout, err);
}

static bool apply_type(struct schema *schema, const struct edm_entity_type *type, struct error *err)
{
    struct edm_entity *defaults = edm_entity_create(type, schema->arena);
    char name_memory[NAME_BYTES], layout_memory[LAYOUT_BYTES];
    struct text name, layout;
    bool missing;

    if (!defaults)
        return error_no_memory(err);
    text_init_fixed(&name, name_memory, sizeof name_memory);
    text_init_fixed(&layout, layout_memory, sizeof layout_memory);
    sql_table_name(&name, type);
    sql_table_layout(&layout, schema->db->driver->dialect);
    if (name.failed || layout.failed)
        return error_no_memory(err);
    if (!edm_entity_fill_defaults(schema->model, defaults, schema->arena, err) ||
        !compare(schema, text_slice(&name), text_slice(&layout), &missing, err))
        return false;
    if (missing && schema->writing &&
        !create_table(schema, defaults, text_slice(&name), text_slice(&layout), err))
        return false;
    for (size_t i = 1; i < type->property_count; i++)
        if (!apply_column(schema, defaults, i, missing, err))
            return false;
    return true;
}

/* --- one pass, and when to make it ------------------------------------------------------------ */

static bool refuse_unknown(const struct schema *schema, struct error *err)
{
    for (const struct object *object = schema->objects; object; object = object->next)
        if (!object->known && !slice_starts_with(object->name, SLICE(SQL_INDEX_PREFIX)))
            return error_set(err, ERROR_CONFIGURATION, SLICE("data-dir"),
                             "The store holds '%.*s', which this connectord does not know: a newer"
                             " one wrote it.",
                             SLICE_ARG(object->name));
    return true;
}

static bool apply_number(struct schema *schema, struct error *err)
{
    enum db_status status;

    if (!read_number(schema, err))
        return false;
    if (schema->number > MIGRATIONS_LAST)
        return error_set(err, ERROR_CONFIGURATION, SLICE("data-dir"),
                         "The store has schema %lld, this connectord knows up to %d: a newer one"
                         " wrote it.",
                         (long long)schema->number, MIGRATIONS_LAST);
    if (schema->number == MIGRATIONS_LAST)
        return true;
    schema->missing = true;
    if (!schema->writing)
        return true;
    status = migrations_run(schema->db, schema->number);
    return status == DB_OK || db_error(status, err);
}

static bool pass(struct schema *schema, struct error *err)
{
    const struct edm_singleton *singleton = schema->model->singleton;

    schema->objects = NULL;
    schema->missing = false;
    if (!apply_number(schema, err))
        return false;
    if (schema->missing && !schema->writing)
        return true; /* the record may not be there yet */
    if (!read_objects(schema, err))
        return false;
    for (size_t i = 0; i < singleton->type_count; i++)
        if (!singleton->types[i]->view_of && !apply_type(schema, singleton->types[i], err))
            return false;
    return refuse_unknown(schema, err);
}

/* Runs a pass in a transaction of its own. */
static bool pass_in(struct schema *schema, enum db_use use, struct error *err)
{
    const struct db_driver *driver = schema->db->driver;
    enum db_status status = driver->begin(schema->db, use);
    bool ok;

    if (status != DB_OK)
        return db_error(status, err);
    schema->writing = use == DB_WRITES;
    ok = pass(schema, err);
    if (ok && schema->writing) {
        status = driver->commit(schema->db);
        ok = status == DB_OK || db_error(status, err);
    }
    driver->rollback(schema->db); /* after a commit there is nothing to roll back */
    return ok;
}

bool schema_apply(struct db *db, const struct edm_model *model, struct error *err)
{
    struct schema schema = { .db = db, .model = model };
    bool ok;

    schema.arena = arena_create(NULL, MEMORY_BYTES);
    if (!schema.arena)
        return error_no_memory(err);
    ok = pass_in(&schema, DB_READS, err);
    if (ok && schema.missing)
        ok = pass_in(&schema, DB_WRITES, err);
    arena_destroy(schema.arena);
    return ok;
}
