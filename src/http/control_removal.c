/* http/control_removal.c - one group after another.
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

static bool run(struct dispatch_job *job, struct store_session *session, struct error *err)
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

static void done(struct dispatch_job *job)
{
    struct control_removal *removal = CONTAINER_OF(job, struct control_removal, job);
    bool ok = job->ok;

    if (ok)
        log_removed(removal);
    arena_destroy(removal->arena);
    removal->arena = NULL;
    if (!ok)
        removal->finished(removal, &removal->job.error);
    else if (removal->count < GROUP_ENTITIES)
        removal->finished(removal, NULL);
    else
        control_removal_start(removal);
}

void control_removal_start(struct control_removal *removal)
{
    struct error error = { 0 };

    removal->arena = arena_create(NULL, GROUP_ARENA_BYTES);
    if (!removal->arena) {
        error_no_memory(&error);
        removal->finished(removal, &error);
        return;
    }
    removal->count = removal->removed_count = 0;
    removal->job = (struct dispatch_job){ .home = removal->loop, .run = run, .done = done };
    if (!dispatch_write(removal->api->dispatch, &removal->job)) {
        arena_destroy(removal->arena);
        removal->arena = NULL;
        error_set(&error, ERROR_BUSY, SLICE_EMPTY, "The server is busy. Try again later.");
        removal->finished(removal, &error);
    }
}
