/* loop/queue.c - a list with a lock, a bound and one condition to wait on.
 *
 * A lock and not an atomic list, because the one who waits here must sleep: the condition needs the
 * lock anyway, it is held for a few instructions, and the work behind each item (a transaction, a
 * scan) costs a thousand times more. Whoever pops takes many items at once, so that a group commit
 * is one visit.
 *
 * A push signals only when somebody waits. Several may pop: one is woken per push, and one that
 * finds the queue emptied by another goes back to sleep.
 */
#include "loop/queue.h"

#include <pthread.h>
#include <stdlib.h>

struct queue {
    pthread_mutex_t lock; /* guards all that follows */
    pthread_cond_t filled;
    struct queue_item *first;
    struct queue_item *last;
    size_t length;
    size_t capacity;
    size_t waiting;
    bool closed;
};

struct queue *queue_create(size_t capacity)
{
    struct queue *queue = calloc(1, sizeof *queue);

    if (!queue)
        return NULL;
    queue->capacity = capacity;
    pthread_mutex_init(&queue->lock, NULL); /* with default attributes neither can fail on Linux */
    pthread_cond_init(&queue->filled, NULL);
    return queue;
}

void queue_destroy(struct queue *queue)
{
    if (!queue)
        return;
    pthread_cond_destroy(&queue->filled);
    pthread_mutex_destroy(&queue->lock);
    free(queue);
}

static bool append(struct queue *queue, struct queue_item *item)
{
    if (queue->closed || queue->length >= queue->capacity)
        return false;
    item->next = NULL;
    if (queue->last)
        queue->last->next = item;
    else
        queue->first = item;
    queue->last = item;
    queue->length++;
    return true;
}

bool queue_push(struct queue *queue, struct queue_item *item)
{
    pthread_mutex_lock(&queue->lock);
    bool taken = append(queue, item);
    bool wake = taken && queue->waiting > 0;
    pthread_mutex_unlock(&queue->lock);
    if (wake)
        pthread_cond_signal(&queue->filled);
    return taken;
}

/* Cuts up to `most` items off the front. */
static struct queue_item *take(struct queue *queue, size_t most)
{
    struct queue_item *taken = queue->first, *end = NULL;
    size_t count = 0;

    for (struct queue_item *item = taken; item && count < most; item = item->next) {
        end = item;
        count++;
    }
    if (!end)
        return NULL;
    queue->first = end->next;
    if (!queue->first)
        queue->last = NULL;
    queue->length -= count;
    end->next = NULL;
    return taken;
}

struct queue_item *queue_pop(struct queue *queue, size_t most)
{
    pthread_mutex_lock(&queue->lock);
    while (!queue->first && !queue->closed) {
        queue->waiting++;
        pthread_cond_wait(&queue->filled, &queue->lock);
        queue->waiting--;
    }
    struct queue_item *taken = take(queue, most);
    pthread_mutex_unlock(&queue->lock);
    return taken;
}

void queue_close(struct queue *queue)
{
    pthread_mutex_lock(&queue->lock);
    queue->closed = true;
    pthread_mutex_unlock(&queue->lock);
    pthread_cond_broadcast(&queue->filled);
}

size_t queue_length(struct queue *queue)
{
    pthread_mutex_lock(&queue->lock);
    size_t length = queue->length;
    pthread_mutex_unlock(&queue->lock);
    return length;
}
