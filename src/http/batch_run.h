/* http/batch_run.h - a batch under way. Private to the files batch*.c.
 */
#ifndef HTTP_BATCH_RUN_H
#define HTTP_BATCH_RUN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/compiler.h"
#include "http/batch.h"
#include "loop/loop.h"
#include "odata/batch_write.h"

/* Of what is of an atomicity group, when another one of it has failed. */
#define BATCH_GROUP_FAILED                                                                         \
    "The request was not executed because another one of its atomicity group has failed."

/* Of a part. HELD: it passed all checks, and its write waits for the others of its change set. */
enum progress { WAITING, RUNNING, HELD, DONE };

struct part {
    struct http_exchange exchange; /* its arena: NULL when there was no memory for it */
    struct batch_run *run;
    const struct batch_part *asked;
    struct call *call; /* NULL likewise */
    struct part *next_read;
    struct batch_set *set;      /* its change set; NULL: it is in none */
    const struct part *refers;  /* whose resource the $ in its URL means; NULL: there is none */
    const struct part *maker;   /* in its own set, the create of the entity that it is about */
    struct batch_answer answer; /* once all are done */
    struct batch_field *fields;
    enum progress progress;
    bool felled;  /* failed because another one did */
    bool skipped; /* the batch ended before it: it has no answer */
};

/* A change set: the writes of its parts are one job. */
struct batch_set {
    struct dispatch_job job;
    struct batch_run *run;
    size_t first, count;  /* parts */
    uint64_t depends_on;  /* all that its parts depend on outside of it */
    struct part *culprit; /* the write that failed; NULL: none did */
    bool sent;            /* its job was dispatched, or it failed before */
};

struct batch_run {
    struct call *call; /* of the batch */
    struct batch batch;
    struct part *parts;
    struct batch_set *sets;               /* batch.set_count of them */
    struct slice boundary;                /* name of the answer's boundaries; empty: it is JSON */
    struct slice content_type;            /* of the answer */
    bool in_turn;                         /* one part behind another, or set */
    bool stops;                           /* at the first that fails */
    struct part *reading;                 /* its read is out */
    struct part *first_read, **last_read; /* wait for their turn */
    size_t left;                          /* parts that are not DONE */
    bool starting;                        /* further up the stack */
    bool resting;                         /* `again` is in the mailbox: nothing is started */
    struct loop_message again;
};

static inline bool batch_part_failed(const struct part *part)
{
    const struct http_response *response = &part->exchange.response;

    return response->status >= 400 || response->fate != HTTP_FATE_SENT;
}

/* In batch.c: starts what may be started now, and answers when all is DONE. */
void batch_go_on(struct batch_run *run);

/* --- batch_set.c -------------------------------------------------------------------------------
 */

/* Finds the change sets of run->batch, and makes them. */
bool batch_make_sets(struct batch_run *run) MUST_CHECK;
/* Sends the sets whose parts are all HELD, and fails those of which one part has failed. True: some
 * part is DONE by that. */
bool batch_settle_sets(struct batch_run *run);

/* --- batch_reference.c -------------------------------------------------------------------------
 */

/* Puts what a $<id> at the beginning of *rest (a URL behind the version) stands for in its place,
 * and notes whom the part refers to. What is no reference is left alone. False: no memory. */
bool batch_refer(struct part *part, struct slice *rest, struct error *err) MUST_CHECK;
/* On the writer's thread, before `part` of a set is run: its key is that of what was just made. */
void batch_take_key(struct part *part);
/* Back home: the path of its request is the real one. */
void batch_show_key(struct part *part);

/* --- batch_answers.c ---------------------------------------------------------------------------
 */

/* Before the first part is started: sets memory aside for the smallest answer there can be of each.
 */
bool batch_keep_memory(struct batch_run *run) MUST_CHECK;

/* All parts are DONE: destroys their arenas and answers the batch. `run` is gone behind it. */
void batch_answer(struct batch_run *run);

#endif
