/* http/deadline_test.c - who is due, in which order, on a loop of its own. */
#include "http/deadline.h"

#include <stddef.h>

#include "base/test.h"

struct entry {
    struct deadline deadline;
    enum deadline_kind fired_as;
    unsigned order;          /* 0: has not fired */
    enum deadline_kind then; /* set anew as this when it fires */
    struct deadlines *deadlines;
};

static void on_expired(struct deadline *deadline, enum deadline_kind kind)
{
    struct entry *entry = CONTAINER_OF(deadline, struct entry, deadline);
    unsigned *fired = entry->deadlines->timer.loop->data;

    assert_int_equal(deadline->kind, DEADLINE_NONE);
    entry->fired_as = kind;
    entry->order = ++*fired;
    deadline_set(entry->deadlines, deadline, entry->then);
    entry->then = DEADLINE_NONE;
}

struct bench {
    uv_loop_t loop;
    struct deadlines deadlines;
    struct entry entries[6];
    unsigned fired;
};

static void bench_init(struct bench *bench)
{
    static const uint64_t after_ms[DEADLINE_KINDS] = {
        [DEADLINE_HEAD] = 20,
        [DEADLINE_BODY] = 40,
        [DEADLINE_IDLE] = 60,
        [DEADLINE_LINGER] = 1000000,
    };

    *bench = (struct bench){ .fired = 0 };
    assert_int_equal(uv_loop_init(&bench->loop), 0);
    bench->loop.data = &bench->fired;
    deadlines_init(&bench->deadlines, &bench->loop, after_ms, on_expired);
    for (size_t i = 0; i < COUNT_OF(bench->entries); i++)
        bench->entries[i].deadlines = &bench->deadlines;
}

/* The loop ends by itself when no deadline is left, since nothing else is on it. */
static void bench_run(struct bench *bench)
{
    uv_run(&bench->loop, UV_RUN_DEFAULT);
    uv_close((uv_handle_t *)&bench->deadlines.timer, NULL);
    uv_run(&bench->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&bench->loop), 0);
}

static void set(struct bench *bench, size_t i, enum deadline_kind kind)
{
    deadline_set(&bench->deadlines, &bench->entries[i].deadline, kind);
}

static void test_order(void **state UNUSED)
{
    struct bench bench;
    bench_init(&bench);
    set(&bench, 0, DEADLINE_IDLE);
    set(&bench, 1, DEADLINE_BODY);
    set(&bench, 2, DEADLINE_HEAD);
    set(&bench, 3, DEADLINE_BODY);
    set(&bench, 4, DEADLINE_LINGER);
    set(&bench, 4, DEADLINE_NONE);
    set(&bench, 5, DEADLINE_NONE);
    bench_run(&bench);
    assert_int_equal(bench.entries[2].order, 1);
    assert_int_equal(bench.entries[1].order, 2);
    assert_int_equal(bench.entries[3].order, 3);
    assert_int_equal(bench.entries[0].order, 4);
    assert_int_equal(bench.entries[0].fired_as, DEADLINE_IDLE);
    assert_int_equal(bench.entries[4].order, 0);
    assert_int_equal(bench.entries[5].order, 0);
}

/* From the front, the middle and the end of a list; and moved to another. */
static void test_clearing(void **state UNUSED)
{
    struct bench bench;
    bench_init(&bench);
    for (size_t i = 0; i < 6; i++)
        set(&bench, i, DEADLINE_BODY);
    set(&bench, 0, DEADLINE_NONE);
    set(&bench, 2, DEADLINE_NONE);
    set(&bench, 5, DEADLINE_NONE);
    set(&bench, 3, DEADLINE_HEAD);
    set(&bench, 1, DEADLINE_BODY); /* to the end of its list */
    bench_run(&bench);
    assert_int_equal(bench.fired, 3);
    assert_int_equal(bench.entries[3].order, 1);
    assert_int_equal(bench.entries[4].order, 2);
    assert_int_equal(bench.entries[1].order, 3);
}

static void test_set_by_one_that_fires(void **state UNUSED)
{
    struct bench bench;
    bench_init(&bench);
    set(&bench, 0, DEADLINE_HEAD);
    bench.entries[0].then = DEADLINE_HEAD;
    set(&bench, 1, DEADLINE_REPLY); /* no duration was given: at once, and not for ever */
    bench.entries[1].then = DEADLINE_REPLY;
    bench_run(&bench);
    assert_int_equal(bench.fired, 4); /* each twice */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_clearing),
        cmocka_unit_test(test_set_by_one_that_fires),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
