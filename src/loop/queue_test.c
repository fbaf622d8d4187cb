/* loop/queue_test.c - bounds, order, closing, and nothing lost between threads. */
#include "loop/queue.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

#include "base/test.h"

struct entry {
    struct queue_item item;
    unsigned sender, number;
};

static struct entry *entry_of(struct queue_item *item)
{
    return CONTAINER_OF(item, struct entry, item);
}

static void test_queue_refuses_past_its_bound(void **state UNUSED)
{
    struct queue *queue = queue_create(3);
    struct entry entries[4];

    for (unsigned i = 0; i < 4; i++) {
        entries[i].number = i;
        CHECK(queue_push(queue, &entries[i].item) == (i < 3), i);
    }
    assert_int_equal(queue_length(queue), 3);

    struct queue_item *two = queue_pop(queue, 2);
    assert_int_equal(entry_of(two)->number, 0);
    assert_int_equal(entry_of(two->next)->number, 1);
    assert_null(two->next->next);
    assert_true(queue_push(queue, &entries[3].item));
    struct queue_item *rest = queue_pop(queue, 100);
    assert_int_equal(entry_of(rest)->number, 2);
    assert_int_equal(entry_of(rest->next)->number, 3);
    assert_null(rest->next->next);
    queue_destroy(queue);
    queue_destroy(NULL);
}

static void test_queue_closed(void **state UNUSED)
{
    struct queue *queue = queue_create(3);
    struct entry held, refused;

    assert_true(queue_push(queue, &held.item));
    queue_close(queue);
    assert_false(queue_push(queue, &refused.item));
    assert_ptr_equal(queue_pop(queue, 5), &held.item);
    assert_null(queue_pop(queue, 5));
    queue_destroy(queue);
}

enum { SENDERS = 3, ENTRIES = 4000, TAKERS = 2 };

struct exchange {
    struct queue *queue;
    pthread_mutex_t lock;
    unsigned taken[SENDERS];
};

struct sender {
    struct exchange *exchange;
    unsigned index;
};

static void *push_all(void *argument)
{
    const struct sender *sender = argument;

    for (unsigned i = 0; i < ENTRIES; i++) {
        struct entry *entry = malloc(sizeof *entry);
        assert_non_null(entry);
        entry->sender = sender->index;
        entry->number = i;
        while (!queue_push(sender->exchange->queue, &entry->item))
            sched_yield();
    }
    return NULL;
}

static void *pop_all(void *argument)
{
    struct exchange *exchange = argument;
    unsigned taken[SENDERS] = { 0 };

    for (struct queue_item *item; (item = queue_pop(exchange->queue, 16)) != NULL;) {
        while (item) {
            struct queue_item *next = item->next;
            taken[entry_of(item)->sender]++;
            free(entry_of(item));
            item = next;
        }
    }
    pthread_mutex_lock(&exchange->lock);
    for (unsigned i = 0; i < SENDERS; i++)
        exchange->taken[i] += taken[i];
    pthread_mutex_unlock(&exchange->lock);
    return NULL;
}

static void test_queue_between_threads(void **state UNUSED)
{
    struct exchange exchange = { .queue = queue_create(64), .lock = PTHREAD_MUTEX_INITIALIZER };
    struct sender senders[SENDERS];
    pthread_t pushing[SENDERS], popping[TAKERS];

    for (unsigned i = 0; i < TAKERS; i++)
        assert_int_equal(pthread_create(&popping[i], NULL, pop_all, &exchange), 0);
    for (unsigned i = 0; i < SENDERS; i++) {
        senders[i] = (struct sender){ &exchange, i };
        assert_int_equal(pthread_create(&pushing[i], NULL, push_all, &senders[i]), 0);
    }
    for (unsigned i = 0; i < SENDERS; i++)
        pthread_join(pushing[i], NULL);
    queue_close(exchange.queue);
    for (unsigned i = 0; i < TAKERS; i++)
        pthread_join(popping[i], NULL);
    for (unsigned i = 0; i < SENDERS; i++)
        CHECK(exchange.taken[i] == ENTRIES, i);
    queue_destroy(exchange.queue);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_queue_refuses_past_its_bound),
        cmocka_unit_test(test_queue_closed),
        cmocka_unit_test(test_queue_between_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
