/* service/dispatch.h - where work runs: the writer's thread, the readers' threads, the way home.
 *
 * A job is one operation. A write is queued to the writer, which takes all that is queued (up to a
 * group's size) into one transaction, each in its own savepoint, commits once, and sends every
 * result to the loop it came from. There is no timer: a lone write is never kept waiting for
 * company, and company forms by itself while a commit is under way.
 *
 * The rule of durability: a job is reported ok only after the commit that holds it returned. When
 * the transaction broke (SQLite rolls back by itself on some errors) nothing of the group is
 * reported; each job runs once more in a transaction of its own and is answered by its own result.
 *
 * Reads whose cost is not bounded run on reader threads, each with a session and a deadline. What
 * is short but still too much for a loop (checking a secret and signing a token) has a thread of
 * its own, so that it never waits behind them.
 *
 * Must not know: what an operation does, HTTP.
 * Threads: dispatch_write() and dispatch_read() may be called from any loop's thread. A job and its
 * arena belong to the dispatch from a successful push until done() is called on the home loop.
 */
#ifndef SERVICE_DISPATCH_H
#define SERVICE_DISPATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/error.h"
#include "loop/loop.h"
#include "loop/queue.h"

struct dispatch;
struct store;
struct store_session;

struct dispatch_job {
    struct queue_item item;
    struct loop_message message;
    struct loop *home;
    /* On the writer's or a reader's thread, in an open transaction; may be called twice. */
    bool (*run)(struct dispatch_job *job, struct store_session *session, struct error *err);
    /* On the home loop. */
    void (*done)(struct dispatch_job *job);
    bool ok;
    struct error error; /* why not */
};

struct dispatch_limits {
    size_t queue;              /* jobs waiting: writes, reads and short reads each */
    size_t group;              /* writes of one transaction */
    unsigned readers;          /* threads */
    uint64_t read_deadline_ms; /* of one read on a reader thread */
};

/* Opens the sessions and starts the threads. */
bool dispatch_create(struct store *store, const struct dispatch_limits *limits,
                     struct dispatch **ret, struct error *err) MUST_CHECK;
/* Refuses pushes from now on, ends the threads, closes the sessions. What is still queued then is
 * not run and comes home as ERROR_BUSY: whoever waited for it has been answered or cut off, and a
 * locked store could hold up the end for minutes. The jobs' loops must still take messages. Once
 * is enough; NULL does nothing. */
void dispatch_stop(struct dispatch *dispatch);
/* Stops it if need be, and frees it: when no job can come home any more, since one that does may
 * push the next (and is refused). NULL does nothing. */
void dispatch_destroy(struct dispatch *dispatch);

/* False when the queue is full or the dispatch stopped; the job is then still the caller's, and was
 * not run. */
bool dispatch_write(struct dispatch *dispatch, struct dispatch_job *job) MUST_CHECK;
bool dispatch_read(struct dispatch *dispatch, struct dispatch_job *job) MUST_CHECK;
bool dispatch_short_read(struct dispatch *dispatch, struct dispatch_job *job) MUST_CHECK;

/* True after a failed sync: writes are refused until the process is started again. Any thread. */
bool dispatch_store_has_failed(const struct dispatch *dispatch);

/* The rule above for one list of jobs (linked by item.next), on the calling thread: sets ok and
 * error of each. For tests and for programs without threads (the command line). */
void dispatch_run_group(struct store *store, struct store_session *session,
                        struct queue_item *jobs);

#endif
