/* loop/queue.h - a bounded queue between threads: many push, one or many pop.
 *
 * Intrusive and without allocation: an item embeds a struct queue_item. Full means refused, never
 * blocked: whoever pushes is a loop, and a loop does not wait.
 *
 * Threads: every function but create and destroy may be called from any thread.
 */
#ifndef LOOP_QUEUE_H
#define LOOP_QUEUE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/compiler.h"

struct queue;

struct queue_item {
    struct queue_item *next;
};

struct queue *queue_create(size_t capacity); /* NULL: no memory */
void queue_destroy(struct queue *queue);     /* it must be empty or abandoned; NULL does nothing */

/* False when the queue is full or closed; the item is then still the caller's. */
bool queue_push(struct queue *queue, struct queue_item *item) MUST_CHECK;

/* Waits until there is an item, then takes up to `most` of them in order, as a NULL-terminated
 * list. NULL once the queue is closed and empty. */
struct queue_item *queue_pop(struct queue *queue, size_t most);

/* Refuses pushes from now on and wakes the waiting; what is queued is still handed out. */
void queue_close(struct queue *queue);

size_t queue_length(struct queue *queue);

#endif
