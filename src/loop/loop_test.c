/* loop/loop_test.c - order and completeness of what is posted, hooks, and stopping. */
#include "loop/loop.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include <uv.h>

#include "base/test.h"

enum { SENDERS = 4, MESSAGES = 5000 };

struct numbered {
    struct loop_message message;
    struct tally *tally;
    unsigned sender, number;
};

struct tally {
    struct loop *loop;
    unsigned next[SENDERS]; /* touched by the loop's thread alone */
    unsigned out_of_order;
    unsigned total;
    unsigned started, stopped, slept;
};

static void count_message(struct loop_message *message)
{
    struct numbered *numbered = CONTAINER_OF(message, struct numbered, message);
    struct tally *tally = numbered->tally;

    if (tally->next[numbered->sender] != numbered->number)
        tally->out_of_order++;
    tally->next[numbered->sender] = numbered->number + 1;
    if (++tally->total == SENDERS * MESSAGES)
        loop_stop(tally->loop);
    free(numbered);
}

static void on_started(void *context)
{
    ((struct tally *)context)->started++;
}

static void on_sleep(void *context)
{
    ((struct tally *)context)->slept++;
}

static void on_stopped(void *context)
{
    ((struct tally *)context)->stopped++;
}

struct sender {
    struct tally *tally;
    unsigned index;
};

static void *send_all(void *argument)
{
    const struct sender *sender = argument;

    for (unsigned i = 0; i < MESSAGES; i++) {
        struct numbered *numbered = malloc(sizeof *numbered);
        assert_non_null(numbered);
        *numbered = (struct numbered){
            .message = { .run = count_message },
            .tally = sender->tally,
            .sender = sender->index,
            .number = i,
        };
        loop_post(sender->tally->loop, &numbered->message);
    }
    return NULL;
}

static void test_loop_keeps_the_order_of_each_sender(void **state UNUSED)
{
    struct tally tally = { 0 };
    struct sender senders[SENDERS];
    pthread_t threads[SENDERS];
    struct error err = { 0 };
    const struct loop_hooks hooks = {
        .context = &tally, .started = on_started, .before_sleep = on_sleep, .stopped = on_stopped
    };

    assert_true(loop_create(7, &hooks, &tally.loop, &err));
    assert_int_equal(loop_index(tally.loop), 7);
    assert_true(loop_start(tally.loop, &err));
    for (unsigned i = 0; i < SENDERS; i++) {
        senders[i] = (struct sender){ &tally, i };
        assert_int_equal(pthread_create(&threads[i], NULL, send_all, &senders[i]), 0);
    }
    for (unsigned i = 0; i < SENDERS; i++)
        pthread_join(threads[i], NULL);
    loop_join(tally.loop);
    assert_int_equal(tally.total, SENDERS * MESSAGES);
    assert_int_equal(tally.out_of_order, 0);
    assert_int_equal(tally.started, 1);
    assert_int_equal(tally.stopped, 1);
    assert_true(tally.slept > 0);
    loop_destroy(tally.loop);
}

struct chain {
    struct loop_message message;
    struct loop *loop;
    unsigned left, runs;
};

static void run_again(struct loop_message *message)
{
    struct chain *chain = CONTAINER_OF(message, struct chain, message);

    chain->runs++;
    if (chain->left-- > 0)
        loop_post(chain->loop, message);
    else
        loop_stop(chain->loop);
}

/* A message may post itself; a loop may run on the calling thread and without hooks. */
static void test_loop_message_posts_itself(void **state UNUSED)
{
    struct chain chain = { .message = { .run = run_again }, .left = 9 };
    struct error err = { 0 };

    assert_true(loop_create(0, NULL, &chain.loop, &err));
    loop_post(chain.loop, &chain.message);
    loop_run(chain.loop);
    assert_int_equal(chain.runs, 10);
    loop_destroy(chain.loop);
}

/* What is posted before the stop runs before it; what comes behind the end runs in loop_destroy. */
static void test_loop_runs_what_is_left(void **state UNUSED)
{
    struct chain before = { .message = { .run = run_again }, .left = 0 };
    struct chain after = { .message = { .run = run_again }, .left = 3 };
    struct error err = { 0 };
    struct loop *loop;

    assert_true(loop_create(0, NULL, &loop, &err));
    before.loop = after.loop = loop;
    loop_post(loop, &before.message);
    loop_stop(loop);
    assert_true(loop_start(loop, &err));
    loop_join(loop);
    assert_int_equal(before.runs, 1);
    loop_post(loop, &after.message);
    assert_int_equal(after.runs, 0);
    loop_destroy(loop);
    assert_int_equal(after.runs, 4);
    loop_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_loop_keeps_the_order_of_each_sender),
        cmocka_unit_test(test_loop_message_posts_itself),
        cmocka_unit_test(test_loop_runs_what_is_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
