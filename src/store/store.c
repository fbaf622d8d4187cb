/* store/store.c - opens and closes a store, and knows whether it still may be written to.
 *
 * The order of opening: the folder, the source (which files, which engine), a first connection, and
 * on it the schema. That connection stays as the anchor until the store is closed: without it, the
 * last session to go would checkpoint on its own thread, at its own moment. Closing the anchor is
 * the one checkpoint left to SQLite; sqlite_files.c sees to it that it cannot lose anything.
 *
 * A store has failed once a sync failed, whoever noticed first: a session through the error of a
 * statement, or the files below. It never recovers by itself, since what the disk holds is unknown
 * until the log is read again from the start.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "store/store.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/repeatable.h"
#include "store/db_fault.h"
#include "store/db_sqlite.h"
#include "store/directory.h"
#include "store/schema.h"
#include "store/session.h"

static bool make_source(const struct store_options *options, struct db_source **ret,
                        struct error *err)
{
    struct db_sqlite_options sqlite = {
        .directory = options->directory,
        .in_memory = options->in_memory,
        .faults = options->faults ? &options->faults->files : NULL,
    };
    struct db_source *source;

    if (!options->in_memory && !directory_make(options->directory, err))
        return false;
    if (!db_sqlite_create(&sqlite, &source, err))
        return false;
    if (options->faults && !db_fault_wrap(source, options->faults, &source, err)) {
        source->driver->destroy(source);
        return false;
    }
    *ret = source;
    return true;
}

static uint64_t standing_unix_ms(void)
{
    return REPEATABLE_UNIX_MS;
}

bool store_open(const struct edm_model *model, const struct store_options *options,
                struct store **ret, struct error *err)
{
    struct store *store = calloc(1, sizeof *store);

    if (!store)
        return error_no_memory(err);
    store->model = model;
    store->repeatable = options->repeatable;
    store->text_bytes = options->text_bytes;
    store->unix_ms = options->unix_ms      ? options->unix_ms
                     : options->repeatable ? standing_unix_ms
                                           : clock_machine_unix_ms;
    if (!make_source(options, &store->source, err))
        goto fail;
    if (!store->source->driver->connect(store->source, DB_WRITES, &store->anchor, err))
        goto fail;
    if (!schema_apply(store->anchor, model, err) ||
        !indexes_apply(store->anchor, model, options, &store->indexes, err))
        goto fail;
    *ret = store;
    return true;
fail:
    store_close(store);
    return false;
}

void store_close(struct store *store)
{
    if (!store)
        return;
    if (store->anchor)
        store->anchor->driver->close(store->anchor);
    if (store->source)
        store->source->driver->destroy(store->source);
    indexes_release(&store->indexes);
    free(store);
}

struct store_index_changes store_index_changes(const struct store *store)
{
    return store->indexes.changes;
}

void store_seal(struct store *store)
{
    store->source->driver->seal(store->source);
}

uint64_t store_commit_count(const struct store *store)
{
    return atomic_load(&store->commits);
}

bool store_has_failed(const struct store *store)
{
    return atomic_load(&store->failed) || store->source->driver->sync_failed(store->source);
}

bool store_readers_should_pause(const struct store *store)
{
    return atomic_load(&store->readers_pause);
}
