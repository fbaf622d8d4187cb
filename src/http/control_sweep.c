/* http/control_sweep.c - one timer, and one thing at a time.
 *
 * The timer is set for whatever comes first: the end of a sandbox or the next look for removals,
 * behind which it looks for what the logs of deltas have too much of, and then for what is kept of
 * repeatable requests beyond its time.
 * When it fires the sweep is busy until the last job of what it began has come home, and only then
 * is the timer set again.
 *
 * When the next sandbox ends is known without asking: from the store after each sweep (another
 * process may have run before), and from those who make one. A note that comes while the store is
 * being asked must not be lost to an older answer: so the time is put to "none" before the
 * question, and answer and notes only ever lower it.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "http/control_sweep.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>

#include <uv.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "http/api.h"
#include "http/control_removal.h"
#include "service/delta.h"
#include "service/dispatch.h"
#include "service/repeats.h"
#include "service/sandbox.h"
#include "service/upkeep.h"
#include "testbed/testbed.h"

#define REMOVALS_EVERY_MS 60000
#define ENDS_RETRY_MS     10000
#define ENDS_AT_ONCE      16 /* sandboxes in one write */
#define ARENA_BYTES       ((size_t)32 << 20)
#define NO_END            INT64_MAX
#define UNKNOWN_END       INT64_MIN /* before the store was asked for the first time */

struct control_sweep {
    const struct api *api;
    struct loop *loop;
    struct log *log;
    uv_timer_t timer;

    _Atomic int64_t next_end_unix_ms;
    atomic_bool noted; /* `note` is on its way to the loop */
    atomic_bool stopped;
    struct loop_message note;

    bool busy;
    bool looks;              /* only asks for the next end */
    uint64_t removals_at_ms; /* monotonic, as the next */
    uint64_t ends_not_before_ms;

    struct dispatch_job job;
    struct arena *arena; /* of what is under way */
    struct uuid *tenants;
    size_t tenant_count, tenant_at;
    int64_t found_end_unix_ms;
    struct control_removal removal;
    struct changes_excess *excess; /* of the logs of deltas */
    size_t excess_count, excess_at;
    bool excess_more;
    struct answers_excess *answers; /* to repeatable requests */
};

static void turn(struct control_sweep *sweep);

/* --- what both kinds of work share ----------------------------------------------------------- */

static void log_failure(struct control_sweep *sweep, const struct error *why)
{
    if (atomic_load(&sweep->stopped))
        return; /* what a stopping dispatch refuses is for the next start */
    log_begin(sweep->log, LOG_WARNING, "sweep_failed");
    log_text(sweep->log, "message", slice_of(why->message));
    log_end(sweep->log);
}

static void rest(struct control_sweep *sweep)
{
    arena_destroy(sweep->arena);
    sweep->arena = NULL;
    sweep->busy = false;
    turn(sweep);
}

/* False when it could not begin; `why` then says so. */
static bool begin(struct control_sweep *sweep, bool writes,
                  bool (*run)(struct dispatch_job *, struct store_session *, struct error *),
                  void (*done)(struct dispatch_job *), struct error *why)
{
    struct dispatch *dispatch = sweep->api->dispatch;

    sweep->arena = arena_create(NULL, ARENA_BYTES);
    if (!sweep->arena)
        return error_no_memory(why);
    sweep->busy = true;
    sweep->tenant_count = sweep->tenant_at = 0;
    sweep->job = (struct dispatch_job){ .home = sweep->loop, .run = run, .done = done };
    if (writes ? dispatch_write(dispatch, &sweep->job) : dispatch_read(dispatch, &sweep->job))
        return true;
    arena_destroy(sweep->arena);
    sweep->arena = NULL;
    sweep->busy = false;
    return error_set(why, ERROR_BUSY, SLICE_EMPTY, "too much is queued");
}

/* --- sandboxes ------------------------------------------------------------------------------- */

static void lower_next_end(struct control_sweep *sweep, int64_t unix_ms)
{
    int64_t known = atomic_load(&sweep->next_end_unix_ms);

    while (unix_ms < known &&
           !atomic_compare_exchange_weak(&sweep->next_end_unix_ms, &known, unix_ms))
        ;
}

static bool run_ends(struct dispatch_job *job, struct store_session *session, struct error *err)
{
    struct control_sweep *sweep = CONTAINER_OF(job, struct control_sweep, job);
    int64_t now_unix_ms = (int64_t)clock_machine_unix_ms();

    if (!sweep->looks &&
        !service_sandbox_sweep(session, sweep->api->model, now_unix_ms, ENDS_AT_ONCE, sweep->arena,
                               &sweep->tenants, &sweep->tenant_count, err))
        return false;
    return service_next_sandbox_end(session, &sweep->found_end_unix_ms, err);
}

static void finish_sandbox(struct control_sweep *sweep, struct uuid tenant)
{
    char id[UUID_TEXT_LEN];

    if (sweep->api->testbeds)
        testbeds_forget(sweep->api->testbeds, tenant);
    uuid_format(tenant, id);
    log_begin(sweep->log, LOG_INFO, "sandbox_ended");
    log_text(sweep->log, "tenant", (struct slice){ id, UUID_TEXT_LEN });
    log_end(sweep->log);
}

static void retry_ends(struct control_sweep *sweep, const struct error *why)
{
    log_failure(sweep, why);
    lower_next_end(sweep, sweep->looks ? UNKNOWN_END : 0);
    sweep->ends_not_before_ms = clock_monotonic_ms() + ENDS_RETRY_MS;
}

static void ends_done(struct dispatch_job *job)
{
    struct control_sweep *sweep = CONTAINER_OF(job, struct control_sweep, job);

    if (!job->ok) {
        retry_ends(sweep, &job->error);
    } else {
        for (size_t i = 0; i < sweep->tenant_count; i++)
            finish_sandbox(sweep, sweep->tenants[i]);
        lower_next_end(sweep, sweep->found_end_unix_ms);
    }
    rest(sweep);
}

static void begin_ends(struct control_sweep *sweep)
{
    struct error why = { 0 };

    sweep->looks = atomic_exchange(&sweep->next_end_unix_ms, NO_END) == UNKNOWN_END;
    if (begin(sweep, !sweep->looks, run_ends, ends_done, &why))
        return;
    retry_ends(sweep, &why);
    turn(sweep);
}

/* --- answers to repeatable requests ----------------------------------------------------------- */

/* What is left over is found again by the next look. */
static void push_trim(struct control_sweep *sweep, bool writes)
{
    struct dispatch *dispatch = sweep->api->dispatch;

    if (!(writes ? dispatch_write(dispatch, &sweep->job) : dispatch_read(dispatch, &sweep->job)))
        rest(sweep);
}

static bool run_find_answers(struct dispatch_job *job, struct store_session *session,
                             struct error *err)
{
    struct control_sweep *sweep = CONTAINER_OF(job, struct control_sweep, job);
    const struct api *api = sweep->api;

    return service_repeats_find_excess(session, api->repeat_keep_ms, api->repeats, sweep->arena,
                                       &sweep->answers, &sweep->excess_count, err);
}

static bool run_trim_answers(struct dispatch_job *job, struct store_session *session,
                             struct error *err)
{
    struct control_sweep *sweep = CONTAINER_OF(job, struct control_sweep, job);

    return service_repeats_trim(session, sweep->answers, sweep->excess_at, &sweep->excess_more,
                                err);
}

static void answers_done(struct dispatch_job *job)
{
    struct control_sweep *sweep = CONTAINER_OF(job, struct control_sweep, job);

    if (!job->ok)
        log_failure(sweep, &job->error);
    if (!job->ok || !sweep->excess_more)
        sweep->excess_at++;
    if (atomic_load(&sweep->stopped) || sweep->excess_at >= sweep->excess_count)
        rest(sweep);
    else
        push_trim(sweep, true);
}

static void answers_found(struct dispatch_job *job)
{
    struct control_sweep *sweep = CONTAINER_OF(job, struct control_sweep, job);

    if (!job->ok)
        log_failure(sweep, &job->error);
    if (!job->ok || sweep->excess_count == 0 || atomic_load(&sweep->stopped)) {
        rest(sweep);
        return;
    }
    sweep->job =
        (struct dispatch_job){ .home = sweep->loop, .run = run_trim_answers, .done = answers_done };
    push_trim(sweep, true);
}

static void begin_answers(struct control_sweep *sweep)
{
    sweep->excess_count = sweep->excess_at = 0;
    sweep->job = (struct dispatch_job){ .home = sweep->loop,
                                        .run = run_find_answers,
                                        .done = answers_found };
    push_trim(sweep, false);
}

/* --- the logs of deltas ---------------------------------------------------------------------- */

static bool run_find_excess(struct dispatch_job *job, struct store_session *session,
                            struct error *err)
{
    struct control_sweep *sweep = CONTAINER_OF(job, struct control_sweep, job);

    return service_delta_find_excess(session, sweep->api->delta_keep_ms, sweep->api->delta_rows,
                                     sweep->arena, &sweep->excess, &sweep->excess_count, err);
}

static bool run_trim(struct dispatch_job *job, struct store_session *session, struct error *err)
{
    struct control_sweep *sweep = CONTAINER_OF(job, struct control_sweep, job);

    return service_delta_trim(session, sweep->excess, sweep->excess_at, &sweep->excess_more, err);
}

static void trim_done(struct dispatch_job *job)
{
    struct control_sweep *sweep = CONTAINER_OF(job, struct control_sweep, job);

    if (!job->ok)
        log_failure(sweep, &job->error);
    if (!job->ok || !sweep->excess_more)
        sweep->excess_at++;
    if (atomic_load(&sweep->stopped))
        rest(sweep);
    else if (sweep->excess_at == sweep->excess_count)
        begin_answers(sweep);
    else
        push_trim(sweep, true);
}

static void excess_found(struct dispatch_job *job)
{
    struct control_sweep *sweep = CONTAINER_OF(job, struct control_sweep, job);

    if (!job->ok)
        log_failure(sweep, &job->error);
    if (atomic_load(&sweep->stopped)) {
        rest(sweep);
        return;
    }
    if (!job->ok || sweep->excess_count == 0) {
        begin_answers(sweep);
        return;
    }
    sweep->job = (struct dispatch_job){ .home = sweep->loop, .run = run_trim, .done = trim_done };
    push_trim(sweep, true);
}

static void begin_trim(struct control_sweep *sweep)
{
    sweep->excess_count = sweep->excess_at = 0;
    sweep->job =
        (struct dispatch_job){ .home = sweep->loop, .run = run_find_excess, .done = excess_found };
    push_trim(sweep, false);
}

/* --- removals -------------------------------------------------------------------------------- */

static bool run_find(struct dispatch_job *job, struct store_session *session, struct error *err)
{
    struct control_sweep *sweep = CONTAINER_OF(job, struct control_sweep, job);

    return service_removing_tenants(session, sweep->arena, &sweep->tenants, &sweep->tenant_count,
                                    err);
}

/* A tenant without a testbed follows the server's clock, and is not given one to be asked. */
static int64_t now_of(struct control_sweep *sweep, struct uuid tenant)
{
    struct testbed *testbed =
        sweep->api->testbeds ? testbeds_find(sweep->api->testbeds, tenant) : NULL;
    int64_t now = testbed ? testbed_now_ticks(testbed) : clock_now_ticks(sweep->api->clock);

    testbed_release(testbed);
    return now;
}

static void remove_next(struct control_sweep *sweep);

/* One tenant's failure is not the others', but where there is no room for one there is for none. */
static void removal_finished(struct control_removal *removal, const struct error *why)
{
    struct control_sweep *sweep = removal->context;

    if (why)
        log_failure(sweep, why);
    if (why && (why->code == ERROR_BUSY || why->code == ERROR_TOO_LARGE))
        sweep->tenant_count = sweep->tenant_at;
    remove_next(sweep);
}

static void remove_next(struct control_sweep *sweep)
{
    if (atomic_load(&sweep->stopped)) {
        rest(sweep);
        return;
    }
    if (sweep->tenant_at == sweep->tenant_count) {
        begin_trim(sweep);
        return;
    }
    struct uuid tenant = sweep->tenants[sweep->tenant_at++];
    sweep->removal = (struct control_removal){ .api = sweep->api,
                                               .loop = sweep->loop,
                                               .log = sweep->log,
                                               .tenant = tenant,
                                               .now_ticks = now_of(sweep, tenant),
                                               .context = sweep,
                                               .finished = removal_finished };
    control_removal_start(&sweep->removal);
}

static void find_done(struct dispatch_job *job)
{
    struct control_sweep *sweep = CONTAINER_OF(job, struct control_sweep, job);

    if (!job->ok)
        log_failure(sweep, &job->error);
    remove_next(sweep);
}

static void begin_removals(struct control_sweep *sweep)
{
    struct error why = { 0 };

    sweep->removals_at_ms = clock_monotonic_ms() + REMOVALS_EVERY_MS;
    if (begin(sweep, false, run_find, find_done, &why))
        return;
    log_failure(sweep, &why);
    turn(sweep);
}

/* --- the timer ------------------------------------------------------------------------------- */

/* In how many milliseconds a sandbox ends. */
static uint64_t ends_in_ms(const struct control_sweep *sweep, uint64_t now_ms)
{
    int64_t end = atomic_load(&sweep->next_end_unix_ms);
    int64_t now_unix_ms = (int64_t)clock_machine_unix_ms();
    uint64_t in_ms = end > now_unix_ms ? (uint64_t)(end - now_unix_ms) : 0;
    uint64_t wait_ms = sweep->ends_not_before_ms > now_ms ? sweep->ends_not_before_ms - now_ms : 0;

    return in_ms > wait_ms ? in_ms : wait_ms;
}

static void on_timer(uv_timer_t *timer)
{
    turn(timer->data);
}

/* Begins what is due, or sleeps until something is. The machine's time may be set while it does:
 * the look for removals bounds how late a sandbox ends for it. */
static void turn(struct control_sweep *sweep)
{
    uint64_t now_ms = clock_monotonic_ms(), ends_ms, removals_ms;

    if (sweep->busy || atomic_load(&sweep->stopped))
        return;
    ends_ms = ends_in_ms(sweep, now_ms);
    removals_ms = sweep->removals_at_ms > now_ms ? sweep->removals_at_ms - now_ms : 0;
    if (ends_ms == 0) {
        begin_ends(sweep);
    } else if (removals_ms == 0) {
        begin_removals(sweep);
    } else {
        uv_update_time(sweep->timer.loop);
        uv_timer_start(&sweep->timer, on_timer, ends_ms < removals_ms ? ends_ms : removals_ms, 0);
    }
}

static void on_note(struct loop_message *message)
{
    struct control_sweep *sweep = CONTAINER_OF(message, struct control_sweep, note);

    atomic_store(&sweep->noted, false);
    turn(sweep);
}

void control_sweep_note(struct control_sweep *sweep, int64_t expires_unix_ms)
{
    if (!sweep || atomic_load(&sweep->stopped))
        return;
    lower_next_end(sweep, expires_unix_ms);
    if (!atomic_exchange(&sweep->noted, true))
        loop_post(sweep->loop, &sweep->note);
}

/* --- life ------------------------------------------------------------------------------------ */

bool control_sweep_create(const struct api *api, struct loop *loop, struct log *log,
                          struct control_sweep **ret, struct error *err)
{
    struct control_sweep *sweep = calloc(1, sizeof *sweep);

    if (!sweep)
        return error_no_memory(err);
    sweep->api = api;
    sweep->loop = loop;
    sweep->log = log;
    sweep->note.run = on_note;
    atomic_init(&sweep->next_end_unix_ms, UNKNOWN_END);
    uv_timer_init(loop_uv(loop), &sweep->timer); /* documented to succeed always */
    sweep->timer.data = sweep;
    uv_timer_start(&sweep->timer, on_timer, 0, 0);
    uv_unref((uv_handle_t *)&sweep->timer);
    *ret = sweep;
    return true;
}

void control_sweep_stop(struct control_sweep *sweep)
{
    if (!sweep || atomic_exchange(&sweep->stopped, true))
        return;
    uv_close((uv_handle_t *)&sweep->timer, NULL);
}

void control_sweep_destroy(struct control_sweep *sweep)
{
    if (!sweep)
        return;
    assert(atomic_load(&sweep->stopped) && !sweep->busy);
    free(sweep);
}
