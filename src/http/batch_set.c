/* http/batch_set.c - change sets: writes that are executed all together or not at all.
 *
 * Each part of a set goes through the checks of any request, one after another, up to where its
 * write would be queued; there it is held. When all are, one job runs the operations in their order
 * in its one savepoint, so that the writer and its group commit know nothing of sets: the first
 * operation that fails ends the job, and with the savepoint goes what those before it did. A part
 * that fails its checks fails the set before anything is queued.
 *
 *     WAITING -> RUNNING -> HELD --- all of the set are --> one job --> RUNNING -> DONE
 *                   |         |
 *                   +---------+--- one has failed: 424 -------------------------> DONE
 *
 * The answers are made when the job is home, as those of single writes are: what a write leaves
 * behind in a testbed (http/stale.c) is left when it is on disk, and not before. Of a job that may
 * run twice nothing is kept but what its last run left.
 *
 * An action that only answers needs no write: it is DONE before the job, and shown if that is ok;
 * if not, it is told as felled like the others (batch_answers.c).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/arena.h"
#include "http/batch_run.h"
#include "http/graph.h"

/* --- sets ------------------------------------------------------------------------------------- */

bool batch_make_sets(struct batch_run *run)
{
    const struct batch *batch = &run->batch;

    run->sets = arena_new_array(run->call->arena, batch->set_count, struct batch_set);
    if (!run->sets)
        return false;
    for (size_t i = 0; i < batch->count; i++) {
        struct batch_set *set;

        if (batch->parts[i].set == 0)
            continue;
        set = &run->sets[batch->parts[i].set - 1];
        if (set->count++ == 0)
            set->first = i;
        set->run = run;
        set->depends_on |= batch->parts[i].depends_on;
        run->parts[i].set = set;
    }
    for (size_t i = 0; i < batch->set_count; i++)
        for (size_t j = 0; j < run->sets[i].count; j++)
            run->sets[i].depends_on &= ~(UINT64_C(1) << (run->sets[i].first + j));
    return true;
}

bool batch_hold_write(struct call *call)
{
    struct part *part = CONTAINER_OF(call->exchange, struct part, exchange);

    if (!part->set || part->set->sent) /* what is written behind the set is not of it */
        return false;
    part->progress = HELD;
    if (!part->run->starting)
        batch_go_on(part->run);
    return true;
}

/* --- the job ---------------------------------------------------------------------------------- */

/* On the writer's thread; may be called twice. */
static bool run_set(struct dispatch_job *job, struct store_session *session, struct error *err)
{
    struct batch_set *set = CONTAINER_OF(job, struct batch_set, job);

    set->culprit = NULL;
    for (size_t i = 0; i < set->count; i++) {
        struct part *part = &set->run->parts[set->first + i];

        if (part->progress != HELD)
            continue;
        batch_take_key(part);
        if (!part->call->job.run(&part->call->job, session, err)) {
            set->culprit = part;
            return false;
        }
    }
    return true;
}

/* Not executed, because another one of its set failed. */
static void fell(struct part *part)
{
    part->felled = true;
    part->progress = RUNNING;
    call_finish_message(part->call, 424, SLICE("FailedDependency"),
                        part->run->boundary.len ? SLICE("The request was not executed because "
                                                        "another one of its change set has failed.")
                                                : SLICE(BATCH_GROUP_FAILED));
}

/* The job of one part goes home as though it had been alone. */
static void send_home(struct part *part, bool ok, const struct error *error)
{
    struct dispatch_job *job = &part->call->job;

    part->progress = RUNNING;
    job->ok = ok;
    job->error = *error;
    job->done(job);
}

static void job_done(struct dispatch_job *job)
{
    struct batch_set *set = CONTAINER_OF(job, struct batch_set, job);
    struct batch_run *run = set->run;

    run->starting = true; /* all of it first */
    for (size_t i = 0; i < set->count; i++) {
        struct part *part = &run->parts[set->first + i];

        if (part->progress != HELD)
            continue;
        batch_show_key(part);
        if (!set->culprit || part == set->culprit)
            send_home(part, job->ok, &job->error);
        else
            fell(part);
    }
    run->starting = false;
    batch_go_on(run);
}

/* --- when all are held ------------------------------------------------------------------------ */

static void fail_set(struct batch_set *set)
{
    for (size_t i = 0; i < set->count; i++) {
        struct part *part = &set->run->parts[set->first + i];

        if (part->progress == HELD)
            fell(part);
    }
}

static void send_set(struct batch_set *set)
{
    struct call *batch = set->run->call;
    struct error busy = { 0 };

    set->sent = true;
    set->job = (struct dispatch_job){ .home = batch->loop->loop, .run = run_set, .done = job_done };
    if (dispatch_write(batch->loop->api->dispatch, &set->job))
        return;
    error_set(&busy, ERROR_BUSY, SLICE_EMPTY, "The server is busy. Try again later.");
    for (size_t i = 0; i < set->count; i++) {
        struct part *part = &set->run->parts[set->first + i];

        if (part->progress == HELD)
            send_home(part, false, &busy);
    }
}

/* What of its parts: any is held, any has failed, any is still on its way. */
struct tally {
    bool held, failed, under_way;
};

static struct tally tally(const struct batch_set *set)
{
    struct tally tally = { .held = false };

    for (size_t i = 0; i < set->count; i++) {
        const struct part *part = &set->run->parts[set->first + i];

        tally.held |= part->progress == HELD;
        tally.failed |= part->progress == DONE && batch_part_failed(part);
        tally.under_way |= part->progress == WAITING || part->progress == RUNNING;
    }
    return tally;
}

bool batch_settle_sets(struct batch_run *run)
{
    size_t left = run->left;

    for (size_t i = 0; i < run->batch.set_count; i++) {
        struct batch_set *set = &run->sets[i];
        struct tally now = tally(set);

        if (set->sent || !now.held)
            continue;
        if (now.failed)
            fail_set(set);
        else if (!now.under_way)
            send_set(set);
    }
    return run->left != left;
}
