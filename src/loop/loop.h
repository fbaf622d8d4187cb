/* loop/loop.h - a thread with an event loop, and messages from other threads.
 *
 * One loop per thread, and what it owns is touched by that thread alone. Other threads reach it
 * through its mailbox: loop_post() is the one function here that any thread may call.
 *
 * Must not know: HTTP, the store, what the messages mean.
 */
#ifndef LOOP_LOOP_H
#define LOOP_LOOP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/compiler.h"
#include "base/error.h"

struct uv_loop_s;
struct loop;

/* Intrusive: embed it in what is sent. The sender must not touch it after loop_post(). */
struct loop_message {
    struct loop_message *next;
    void (*run)(struct loop_message *message); /* on the loop's thread */
};

/* Called on the loop's thread; any may be NULL. */
struct loop_hooks {
    void *context;
    void (*started)(void *context);      /* before the first turn */
    void (*before_sleep)(void *context); /* after the events of a turn, before it waits for more */
    void (*stopped)(void *context);      /* after the last turn, the uv loop still open */
};

/* Makes the loop; no thread yet. `index` numbers the loops of a server from 0. */
bool loop_create(unsigned index, const struct loop_hooks *hooks, struct loop **ret,
                 struct error *err) MUST_CHECK;

/* Runs it on a thread of its own (loop_start, loop_join), or on the calling thread (loop_run). */
bool loop_start(struct loop *loop, struct error *err) MUST_CHECK;
void loop_run(struct loop *loop);
void loop_join(struct loop *loop);

/* Asks the loop to stop after the turn it is in; any thread. Handles that are still open are the
 * owners' to close before, in answer to a message. */
void loop_stop(struct loop *loop);

/* After it has stopped; runs what is left in the mailbox, closes the uv loop. NULL does nothing. */
void loop_destroy(struct loop *loop);

/* One turn without waiting, on a loop that does not run: the callbacks of handles that were closed
 * are called. For whoever takes things down behind the loop's end, before loop_destroy(). */
void loop_settle(struct loop *loop);

/* Queues `message`; it runs on the loop's thread, in the order of posting. Never fails, never
 * blocks. Any thread. */
void loop_post(struct loop *loop, struct loop_message *message);

struct uv_loop_s *loop_uv(struct loop *loop);
unsigned loop_index(const struct loop *loop);

#endif
