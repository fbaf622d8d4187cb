/* http/control_removal.c - a look, and then one group after another.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "http/control_removal.h"

#include "base/arena.h"
#include "base/log.h"
#include "http/api.h"
#include "service/health.h"
#include "service/upkeep.h"

#define GROUP_ENTITIES    500
#define GROUP_ARENA_BYTES ((size_t)32 << 20)
#define LINES_A_FLUSH     32 /* of the log, which holds some more */

/* Takes the arena back, and says how it ended. */
static void finish(struct control_removal *removal, const struct error *why)
{
    arena_destroy(removal->arena);
    removal->arena = NULL;
    removal->finished(removal, why);
}

/* Begins the next job, with memory of its own. */
static void begin(struct control_removal *removal, bool writes,
                  bool (*run)(struct dispatch_job *, struct store_session *, struct error *),
                  void (*done)(struct dispatch_job *))
{
    struct dispatch *dispatch = removal->api->dispatch;
    struct error error = { 0 };

    arena_destroy(removal->arena);
    removal->arena = arena_create(NULL, GROUP_ARENA_BYTES);
    if (!removal->arena) {
        error_no_memory(&error);
        finish(removal, &error);
        return;
    }
    removal->job = (struct dispatch_job){ .home = removal->loop, .run = run, .done = done };
    if (writes ? dispatch_write(dispatch, &removal->job) : dispatch_read(dispatch, &removal->job))
        return;
    error_set(&error, ERROR_BUSY, SLICE_EMPTY, "The server is busy. Try again later.");
    finish(removal, &error);
}

/* --- a group ---------------------------------------------------------------------------------- */

static bool run_group(struct dispatch_job *job, struct store_session *session, struct error *err)
{
    struct control_removal *removal = CONTAINER_OF(job, struct control_removal, job);
    const struct edm_model *model = removal->api->model;

    return service_health_remove(session, model, removal->tenant, removal->now_ticks,
                                 GROUP_ENTITIES, removal->arena, &removal->count, err) &&
           service_last_removed(session, model, removal->tenant, removal->count, removal->arena,
                                &removal->removed, &removal->removed_count, err);
}

static void log_removed(const struct control_removal *removal)
{
    struct log *log = removal->log;
    char tenant[UUID_TEXT_LEN];

    uuid_format(removal->tenant, tenant);
    for (size_t i = removal->removed_count; i-- > 0;) { /* the oldest first */
        log_begin(log, LOG_INFO, "entity_removed");
        log_text(log, "tenant", (struct slice){ tenant, UUID_TEXT_LEN });
        log_text(log, "set", removal->removed[i].set);
        log_text(log, "id", removal->removed[i].id);
        log_end(log);
        if (i % LINES_A_FLUSH == 0)
            log_flush(log);
    }
}

static void begin_group(struct control_removal *removal);

static void group_done(struct dispatch_job *job)
{
    struct control_removal *removal = CONTAINER_OF(job, struct control_removal, job);

    if (!job->ok) {
        finish(removal, &job->error);
        return;
    }
    removal->total += removal->count;
    log_removed(removal);
    if (removal->count < GROUP_ENTITIES)
        finish(removal, NULL);
    else
        begin_group(removal);
}

static void begin_group(struct control_removal *removal)
{
    removal->count = removal->removed_count = 0;
    begin(removal, true, run_group, group_done);
}

/* --- the look --------------------------------------------------------------------------------- */

static bool run_look(struct dispatch_job *job, struct store_session *session, struct error *err)
{
    struct control_removal *removal = CONTAINER_OF(job, struct control_removal, job);

    return service_removal_due(session, removal->api->model, removal->tenant, removal->now_ticks,
                               removal->arena, &removal->due, err);
}

static void look_done(struct dispatch_job *job)
{
    struct control_removal *removal = CONTAINER_OF(job, struct control_removal, job);

    if (job->ok && removal->due)
        begin_group(removal);
    else
        finish(removal, job->ok ? NULL : &job->error);
}

void control_removal_start(struct control_removal *removal)
{
    removal->arena = NULL;
    begin(removal, false, run_look, look_done);
}
