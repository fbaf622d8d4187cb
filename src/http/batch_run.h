/* http/batch_run.h - a batch under way. Private to batch.c and batch_answers.c.
 */
#ifndef HTTP_BATCH_RUN_H
#define HTTP_BATCH_RUN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/compiler.h"
#include "http/batch.h"
#include "loop/loop.h"
#include "odata/batch_write.h"

/* Of a part. */
enum progress { WAITING, RUNNING, DONE };

struct part {
    struct http_exchange exchange; /* its arena: NULL when there was no memory for it */
    struct batch_run *run;
    const struct batch_part *asked;
    struct call *call; /* NULL likewise */
    struct part *next_read;
    struct batch_answer answer; /* once all are done */
    struct batch_field *fields;
    enum progress progress;
};

struct batch_run {
    struct call *call; /* of the batch */
    struct batch batch;
    struct part *parts;
    struct part *reading;                 /* its read is out */
    struct part *first_read, **last_read; /* wait for their turn */
    size_t left;                          /* parts that are not DONE */
    bool starting;                        /* further up the stack */
    bool resting;                         /* `again` is in the mailbox: nothing is started */
    struct loop_message again;
};

/* Before the first part is started: sets memory aside for the smallest answer there can be of each.
 */
bool batch_keep_memory(struct batch_run *run) MUST_CHECK;

/* All parts are DONE: destroys their arenas and answers the batch. `run` is gone behind it. */
void batch_answer(struct batch_run *run);

#endif
