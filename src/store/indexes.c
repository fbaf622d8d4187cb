/* store/indexes.c - the indexes as wanted, as recorded and as found, and the difference made good.
 *
 * An index is wanted or not; where its record says something else than the model and the settings
 * do now (its property is no longer queried often, texts are compared in another way), it is
 * dropped, and made anew if it is wanted. One that is recorded and no longer there, since somebody
 * dropped it by hand, counts as not recorded: a statement that names it would fail.
 *
 * "auto" looks whether a table has a row behind so many, which reads that many and no more. What
 * was made stays until a quarter of them is left, so that a store about that size does not make
 * and drop them in turns.
 *
 * A start that finds nothing to do takes no write lock; see schema.c, which does the same. What a
 * start was making when it was killed is in a transaction that never was.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "store/indexes.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/text.h"
#include "store/db.h"
#include "store/dialect.h"
#include "store/sql.h"
#include "store/sql_index.h"
#include "store/store.h"

#define MEMORY_BYTES (1u << 20)
#define KEPT_PART    4 /* of the rows from which on indexes are made */

struct recorded {
    struct slice name, layout;
    bool settled;
    struct recorded *next;
};

struct pass {
    struct db *db;
    const struct edm_model *model;
    const struct store_options *options;
    struct arena *arena;
    struct indexes *into;
    struct recorded *records;
    signed char wanted[2]; /* of the type at hand, where none is there, and where one is; -1: not
                            * asked yet */
    bool writing;          /* in a write transaction: make good what differs */
    bool differs;
};

/* --- what is there --------------------------------------------------------------------------- */

/* Whether `sql` (its parameters: a text unless that is empty, else a number) finds a row whose
 * first column is not 0. */
static bool query(struct pass *pass, struct slice sql, struct slice text, uint64_t number,
                  bool *ret, struct error *err)
{
    struct db_statement *statement = NULL;
    enum db_status status = pass->db->driver->prepare(pass->db, sql, &statement);
    struct db_params params;

    if (status != DB_OK)
        return db_error(status, err);
    params = DB_PARAMS(statement);
    if (text.len)
        db_params_text(&params, text);
    else
        db_params_int(&params, number < INT64_MAX ? (int64_t)number : INT64_MAX);
    status = db_params_step(&params);
    *ret = status == DB_ROW && db_int(statement, 0) != 0;
    pass->db->driver->finalize(statement);
    return status == DB_ROW || status == DB_DONE || db_error(status, err);
}

static bool is_found(struct pass *pass, struct slice name, bool *ret, struct error *err)
{
    return query(pass, slice_of(pass->db->driver->dialect->index_exists), name, 0, ret, err);
}

static bool has_rows_behind(struct pass *pass, const struct edm_entity_type *type, uint64_t rows,
                            bool *ret, struct error *err)
{
    struct text sql;

    text_init(&sql, pass->arena, 128, SQL_TEXT_MAX);
    text_append(&sql, SLICE("SELECT 1 FROM \""));
    sql_table_name(&sql, type);
    text_append(&sql, SLICE("\" LIMIT 1 OFFSET ?1"));
    return sql.failed ? error_no_memory(err)
                      : query(pass, text_slice(&sql), SLICE_EMPTY, rows, ret, err);
}

static bool read_record(struct pass *pass, struct db_statement *statement, struct error *err)
{
    struct recorded *record = arena_new(pass->arena, struct recorded);

    if (!record)
        return error_no_memory(err);
    if (!db_text_copy(statement, 0, pass->arena, &record->name, err) ||
        !db_text_copy(statement, 1, pass->arena, &record->layout, err))
        return false;
    record->next = pass->records;
    pass->records = record;
    return true;
}

static bool read_records(struct pass *pass, struct error *err)
{
    struct db_statement *statement = NULL;
    const struct db_driver *driver = pass->db->driver;
    enum db_status status = driver->prepare(
        pass->db,
        SLICE("SELECT name, layout FROM schema_object WHERE substr(name, 1, 6) = 'index_'"),
        &statement);
    bool ok = true;

    pass->records = NULL;
    if (status != DB_OK)
        return db_error(status, err);
    while (ok && (status = db_step(statement)) == DB_ROW)
        ok = read_record(pass, statement, err);
    ok = ok && (status == DB_DONE || db_error(status, err));
    driver->finalize(statement);
    return ok;
}

static struct recorded *find_record(const struct pass *pass, struct slice name)
{
    for (struct recorded *record = pass->records; record; record = record->next)
        if (slice_eq(record->name, name))
            return record;
    return NULL;
}

/* --- what differs is made good --------------------------------------------------------------- */

static bool run(struct pass *pass, const struct text *sql, struct error *err)
{
    enum db_status status;

    if (sql->failed)
        return error_no_memory(err);
    status = db_run(pass->db, text_slice(sql));
    return status == DB_OK || db_error(status, err);
}

/* `sql` takes a name and, unless that is empty, a layout. */
static bool write_record(struct pass *pass, const char *sql, struct slice name, struct slice layout,
                         struct error *err)
{
    struct db_statement *statement = NULL;
    struct db_params params;
    enum db_status status = pass->db->driver->prepare(pass->db, slice_of(sql), &statement);

    if (status != DB_OK)
        return db_error(status, err);
    params = DB_PARAMS(statement);
    db_params_text(&params, name);
    if (layout.len)
        db_params_text(&params, layout);
    status = db_params_step(&params);
    pass->db->driver->finalize(statement);
    return status == DB_DONE || db_error(status, err);
}

static bool drop(struct pass *pass, struct slice name, struct error *err)
{
    struct text sql;

    pass->into->changes.dropped++;
    text_init(&sql, pass->arena, 128, SQL_TEXT_MAX);
    text_printf(&sql, "DROP INDEX IF EXISTS \"%.*s\"", SLICE_ARG(name));
    return run(pass, &sql, err) &&
           write_record(pass, "DELETE FROM schema_object WHERE name = ?1", name, SLICE_EMPTY, err);
}

static bool make(struct pass *pass, const struct edm_entity_type *type, size_t property,
                 struct slice name, struct slice layout, struct error *err)
{
    struct text sql;

    pass->into->changes.made++;
    text_init(&sql, pass->arena, 256, SQL_TEXT_MAX);
    sql_create_index(&sql, pass->db->driver->dialect, type, property, pass->options->exact_strings);
    return run(pass, &sql, err) &&
           write_record(pass, "INSERT INTO schema_object (name, layout) VALUES (?1, ?2)", name,
                        layout, err);
}

/* Asked once for those of a type that are there, and once for those that are not. */
static bool is_wanted(struct pass *pass, const struct edm_entity_type *type, bool exists, bool *ret,
                      struct error *err)
{
    uint64_t rows = pass->options->unindexed_rows;
    signed char *known = &pass->wanted[exists];

    *ret = pass->options->indexes == STORE_INDEXES_ON || *known > 0;
    if (pass->options->indexes != STORE_INDEXES_AUTO || *known >= 0)
        return true;
    if (!has_rows_behind(pass, type, exists ? rows / KEPT_PART : rows, ret, err))
        return false;
    *known = *ret;
    return true;
}

/* One that stays as it is, or is not to be, is done with; else `writing` makes it. Of those that
 * are wanted the ones that are there in the end are noted. */
static bool apply_index(struct pass *pass, struct indexed_type *of, size_t property,
                        struct error *err)
{
    struct slice name, layout;
    struct recorded *record;
    bool wanted, found = false;
    struct text text;

    text_init(&text, pass->arena, 256, SQL_TEXT_MAX);
    sql_index_name(&text, of->type, property);
    name = text_slice(&text);
    if (text.failed || !arena_copy(pass->arena, name, &name))
        return error_no_memory(err);
    text_init(&text, pass->arena, 256, SQL_TEXT_MAX);
    sql_index_layout(&text, pass->db->driver->dialect, of->type, property,
                     pass->options->exact_strings);
    layout = text_slice(&text);
    if (text.failed)
        return error_no_memory(err);
    record = find_record(pass, name);
    if ((record && !is_found(pass, name, &found, err)) ||
        !is_wanted(pass, of->type, found, &wanted, err))
        return false;
    if (record && found && wanted && slice_eq(record->layout, layout)) {
        record->settled = true;
        of->properties |= UINT64_C(1) << property;
        return true;
    }
    if (!record && !wanted)
        return true;
    pass->differs = true;
    if (!pass->writing)
        return true;
    if (record) {
        record->settled = true; /* dealt with here */
        if (!drop(pass, name, err))
            return false;
    }
    if (!wanted)
        return true;
    of->properties |= UINT64_C(1) << property;
    return make(pass, of->type, property, name, layout, err);
}

static bool apply_type(struct pass *pass, size_t index, struct error *err)
{
    struct indexed_type *of = &pass->into->types[index];

    *of = (struct indexed_type){ .type = pass->model->singleton->types[index] };
    pass->wanted[0] = pass->wanted[1] = -1;
    if (of->type->view_of)
        return true;
    for (size_t i = 1; i < of->type->property_count; i++)
        if (of->type->properties[i].queried_often && !apply_index(pass, of, i, err))
            return false;
    return true;
}

/* What the model no longer asks for. */
static bool drop_rest(struct pass *pass, struct error *err)
{
    for (struct recorded *record = pass->records; record; record = record->next) {
        if (record->settled)
            continue;
        pass->differs = true;
        if (pass->writing && !drop(pass, record->name, err))
            return false;
    }
    return true;
}

/* --- one pass -------------------------------------------------------------------------------- */

static bool run_pass(struct pass *pass, struct error *err)
{
    pass->differs = false;
    if (!read_records(pass, err))
        return false;
    for (size_t i = 0; i < pass->into->type_count; i++)
        if (!apply_type(pass, i, err))
            return false;
    return drop_rest(pass, err);
}

static bool pass_in(struct pass *pass, enum db_use use, struct error *err)
{
    const struct db_driver *driver = pass->db->driver;
    enum db_status status = driver->begin(pass->db, use);
    bool ok;

    if (status != DB_OK) {
        driver->rollback(pass->db);
        return db_error(status, err);
    }
    pass->writing = use == DB_WRITES;
    ok = run_pass(pass, err);
    if (ok && pass->writing) {
        status = driver->commit(pass->db);
        ok = status == DB_OK || db_error(status, err);
    }
    driver->rollback(pass->db); /* after a commit there is nothing to roll back */
    return ok;
}

/* Indexes change no answer, so that a start without them is better than none. The pass that only
 * reads finds those that are there. */
static bool do_without(struct pass *pass, struct error *err)
{
    enum error_code failure = err->code;

    if (failure != ERROR_STORAGE_FULL && failure != ERROR_BUSY)
        return false;
    *err = (struct error){ .code = ERROR_NONE };
    pass->into->changes = (struct store_index_changes){ .failure = failure };
    return pass_in(pass, DB_READS, err);
}

bool indexes_apply(struct db *db, const struct edm_model *model,
                   const struct store_options *options, struct indexes *ret, struct error *err)
{
    struct pass pass = { .db = db, .model = model, .options = options, .into = ret };
    struct error reason = { .code = ERROR_NONE };
    size_t types = model->singleton->type_count;
    bool ok;

    *ret = (struct indexes){ .exact = options->exact_strings };
    if (options->indexes == STORE_INDEXES_AS_THEY_ARE)
        return true;
    ret->types = calloc(types ? types : 1, sizeof *ret->types);
    pass.arena = arena_create(NULL, MEMORY_BYTES);
    if (!ret->types || !pass.arena) {
        arena_destroy(pass.arena);
        indexes_release(ret);
        return error_no_memory(err);
    }
    ret->type_count = types;
    ok = pass_in(&pass, DB_READS, &reason);
    if (ok && pass.differs)
        ok = pass_in(&pass, DB_WRITES, &reason) || do_without(&pass, &reason);
    arena_destroy(pass.arena);
    if (!ok) {
        indexes_release(ret);
        if (err)
            *err = reason;
    }
    return ok;
}

void indexes_release(struct indexes *indexes)
{
    free(indexes->types);
    *indexes = (struct indexes){ .exact = false };
}

uint64_t indexes_of(const struct indexes *indexes, const struct edm_entity_type *type)
{
    for (size_t i = 0; i < indexes->type_count; i++)
        if (indexes->types[i].type == type)
            return indexes->types[i].properties;
    return 0;
}
