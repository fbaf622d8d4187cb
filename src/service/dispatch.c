/* service/dispatch.c - the group commit and the reader pool.
 *
 * A group goes through three steps:
 *   1. begin; every job runs in a savepoint that is kept or undone by its own result;
 *   2. commit, which returns when the log is on disk;
 *   3. each job goes home with its result.
 * A result must not be believed before step 2: a job that failed (not found, say) may have failed
 * because of what an earlier job of the same group did, and that may yet be rolled back. So when
 * the transaction breaks in step 1 or nothing could be committed in step 2, every job runs once
 * more, alone. A job alone whose transaction breaks is answered with that error; there is no third
 * try.
 *
 * A commit that failed in its sync has an unknown outcome. Nothing is run again then: the
 * whole group is answered ERROR_STORE_FAILED, and so is every write until the process is restarted.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "service/dispatch.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "store/store.h"

struct worker {
    struct dispatch *dispatch;
    struct store_session *session;
    struct queue *queue;
    pthread_t thread;
    bool started;
};

struct dispatch {
    struct store *store;
    struct dispatch_limits limits;
    struct queue *writes, *reads, *short_reads;
    struct worker writer, short_reader;
    struct worker *readers; /* limits.readers of them */
    atomic_bool stopping;
};

static struct dispatch_job *job_of(struct queue_item *item)
{
    return CONTAINER_OF(item, struct dispatch_job, item);
}

static void fail_all(struct queue_item *jobs, const struct error *why)
{
    for (struct queue_item *item = jobs; item; item = item->next) {
        job_of(item)->ok = false;
        job_of(item)->error = *why;
    }
}

/* --- the writer ------------------------------------------------------------------------------ */

/* One job in its savepoint. False when the transaction is gone; the job's result is then void. */
static bool run_in_savepoint(struct store_session *session, struct dispatch_job *job)
{
    job->error = (struct error){ 0 };
    job->ok = store_operation_begin(session, &job->error) && job->run(job, session, &job->error) &&
              store_operation_keep(session, &job->error);
    if (!job->ok && store_transaction_stands(session))
        store_operation_undo(session);
    return store_transaction_stands(session);
}

/* True when each job of the list has its final result. */
static bool run_together(struct store *store, struct store_session *session,
                         struct queue_item *jobs)
{
    struct error error = { 0 };

    if (!store_begin(session, &error)) {
        fail_all(jobs, &error); /* nothing was run, so the results are final */
        return true;
    }
    for (struct queue_item *item = jobs; item; item = item->next) {
        if (!run_in_savepoint(session, job_of(item))) {
            store_rollback(session);
            return false;
        }
    }
    if (store_commit(session, &error))
        return true;
    store_rollback(session);
    if (store_has_failed(store)) {
        fail_all(jobs, &error);
        return true;
    }
    return false;
}

static void run_alone(struct store *store, struct store_session *session, struct dispatch_job *job)
{
    if (!store_begin(session, &job->error)) {
        job->ok = false;
        return;
    }
    if (!run_in_savepoint(session, job)) {
        /* Its own statement broke the transaction: job->error says why, if it got as far. */
        job->ok = false;
        if (job->error.code == ERROR_NONE)
            error_set(&job->error, ERROR_INTERNAL, SLICE_EMPTY, "the write was rolled back");
        store_rollback(session);
        return;
    }
    struct error error = { 0 };
    if (!store_commit(session, &error)) {
        store_rollback(session);
        if (job->ok || store_has_failed(store))
            job->error = error;
        job->ok = false;
    }
}

void dispatch_run_group(struct store *store, struct store_session *session, struct queue_item *jobs)
{
    if (run_together(store, session, jobs))
        return;
    for (struct queue_item *item = jobs; item; item = item->next)
        run_alone(store, session, job_of(item));
}

/* --- threads --------------------------------------------------------------------------------- */

static void go_home(struct loop_message *message)
{
    struct dispatch_job *job = CONTAINER_OF(message, struct dispatch_job, message);

    job->done(job);
}

static void send_home(struct queue_item *jobs)
{
    while (jobs) {
        struct dispatch_job *job = job_of(jobs);

        jobs = jobs->next; /* the job may be gone once it was posted */
        job->message.run = go_home;
        loop_post(job->home, &job->message);
    }
}

/* True when the jobs were sent home unrun. */
static bool refuse_when_stopping(struct dispatch *dispatch, struct queue_item *jobs)
{
    struct error error = { 0 };

    if (!atomic_load(&dispatch->stopping))
        return false;
    error_set(&error, ERROR_BUSY, SLICE_EMPTY, "The server is stopping; this was not executed.");
    fail_all(jobs, &error);
    send_home(jobs);
    return true;
}

static void *writer_main(void *argument)
{
    struct worker *worker = argument;
    struct dispatch *dispatch = worker->dispatch;
    struct queue_item *jobs;

    while ((jobs = queue_pop(worker->queue, dispatch->limits.group))) {
        if (refuse_when_stopping(dispatch, jobs))
            continue;
        dispatch_run_group(dispatch->store, worker->session, jobs);
        send_home(jobs);
        store_maintain(worker->session);
    }
    return NULL;
}

static void *reader_main(void *argument)
{
    struct worker *worker = argument;
    struct queue_item *item;

    while ((item = queue_pop(worker->queue, 1))) {
        struct dispatch_job *job = job_of(item);

        if (refuse_when_stopping(worker->dispatch, item))
            continue;
        job->error = (struct error){ 0 };
        store_session_set_deadline(worker->session, clock_monotonic_ms() +
                                                        worker->dispatch->limits.read_deadline_ms);
        job->ok = store_read_begin(worker->session, &job->error) &&
                  job->run(job, worker->session, &job->error);
        store_read_end(worker->session);
        send_home(item);
    }
    return NULL;
}

/* --- life ------------------------------------------------------------------------------------ */

static bool worker_start(struct worker *worker, struct dispatch *dispatch, struct queue *queue,
                         enum store_session_kind kind, void *(*body)(void *), struct error *err)
{
    worker->dispatch = dispatch;
    worker->queue = queue;
    if (!store_session_open(dispatch->store, kind, &worker->session, err))
        return false;
    if (pthread_create(&worker->thread, NULL, body, worker) != 0)
        return error_set(err, ERROR_IO, SLICE_EMPTY, "cannot start a thread of the store");
    worker->started = true;
    return true;
}

static void worker_end(struct worker *worker)
{
    if (worker->started)
        pthread_join(worker->thread, NULL);
    worker->started = false;
    store_session_close(worker->session);
    worker->session = NULL;
}

bool dispatch_create(struct store *store, const struct dispatch_limits *limits,
                     struct dispatch **ret, struct error *err)
{
    struct dispatch *dispatch = calloc(1, sizeof *dispatch);

    if (!dispatch)
        return error_no_memory(err);
    dispatch->store = store;
    dispatch->limits = *limits;
    dispatch->writes = queue_create(limits->queue);
    dispatch->reads = queue_create(limits->queue);
    dispatch->short_reads = queue_create(limits->queue);
    dispatch->readers = calloc(limits->readers, sizeof *dispatch->readers);
    if (!dispatch->writes || !dispatch->reads || !dispatch->short_reads || !dispatch->readers) {
        error_no_memory(err);
        goto fail;
    }
    if (!worker_start(&dispatch->writer, dispatch, dispatch->writes, STORE_WRITES, writer_main,
                      err) ||
        !worker_start(&dispatch->short_reader, dispatch, dispatch->short_reads, STORE_READS,
                      reader_main, err))
        goto fail;
    for (unsigned i = 0; i < limits->readers; i++)
        if (!worker_start(&dispatch->readers[i], dispatch, dispatch->reads, STORE_READS,
                          reader_main, err))
            goto fail;
    *ret = dispatch;
    return true;
fail:
    dispatch_destroy(dispatch);
    return false;
}

void dispatch_stop(struct dispatch *dispatch)
{
    if (!dispatch)
        return;
    atomic_store(&dispatch->stopping, true);
    if (dispatch->writes)
        queue_close(dispatch->writes);
    if (dispatch->reads)
        queue_close(dispatch->reads);
    if (dispatch->short_reads)
        queue_close(dispatch->short_reads);
    for (unsigned i = 0; dispatch->readers && i < dispatch->limits.readers; i++)
        worker_end(&dispatch->readers[i]);
    worker_end(&dispatch->short_reader);
    worker_end(&dispatch->writer);
}

void dispatch_destroy(struct dispatch *dispatch)
{
    if (!dispatch)
        return;
    dispatch_stop(dispatch);
    queue_destroy(dispatch->writes);
    queue_destroy(dispatch->reads);
    queue_destroy(dispatch->short_reads);
    free(dispatch->readers);
    free(dispatch);
}

bool dispatch_write(struct dispatch *dispatch, struct dispatch_job *job)
{
    return queue_push(dispatch->writes, &job->item);
}

bool dispatch_read(struct dispatch *dispatch, struct dispatch_job *job)
{
    return queue_push(dispatch->reads, &job->item);
}

bool dispatch_short_read(struct dispatch *dispatch, struct dispatch_job *job)
{
    return queue_push(dispatch->short_reads, &job->item);
}

bool dispatch_store_has_failed(const struct dispatch *dispatch)
{
    return store_has_failed(dispatch->store);
}
