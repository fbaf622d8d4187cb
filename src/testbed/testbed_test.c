/* testbed/testbed_test.c - who keeps a testbed, which of them go, its clock; among threads. */
#include "testbed/testbed.h"

#include <pthread.h>
#include <stdatomic.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/test.h"

#define SECOND    CLOCK_TICKS_PER_SECOND
#define START     (CLOCK_UNIX_EPOCH_TICKS + 1717243200 * SECOND)
#define LAST_TICK INT64_C(3155378975999999999)
#define RULES     SLICE("{\"rules\":[{\"answer\":{\"status\":503}}]}")

static const struct testbed_limits limits = {
    .testbeds = 3, .journal_requests = 4, .fault_rules = 5, .past_entities = 6
};

struct fixture {
    struct clock *base;
    struct testbeds *testbeds;
};

static int set_up(void **state)
{
    static struct fixture fixture;

    fixture.base = clock_create();
    if (!fixture.base)
        return -1;
    clock_freeze_at(fixture.base, START);
    fixture.testbeds = testbeds_create(fixture.base, &limits, 42);
    *state = &fixture;
    return fixture.testbeds ? 0 : -1;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;

    testbeds_destroy(fixture->testbeds);
    clock_destroy(fixture->base);
    return 0;
}

static struct uuid tenant(unsigned n)
{
    return (struct uuid){ { 1, [14] = (uint8_t)(n >> 8), [15] = (uint8_t)n } };
}

static struct testbed *hold(struct fixture *fixture, unsigned n)
{
    struct testbed *testbed = testbeds_hold(fixture->testbeds, tenant(n));

    assert_non_null(testbed);
    return testbed;
}

/* Uses the tenant's testbed as a request does. */
static void use(struct fixture *fixture, unsigned n)
{
    struct testbed *testbed = hold(fixture, n);

    journal_add(testbed_journal(testbed), &(struct journal_entry){ .status = 200 });
    testbed_release(testbed);
}

/* How many requests its journal has seen; 0 when it is a new one. Counts as a use. */
static size_t requests_of(struct fixture *fixture, unsigned n)
{
    struct testbed *testbed = hold(fixture, n);
    size_t count = journal_count(testbed_journal(testbed), &(struct journal_filter){ 0 });

    testbed_release(testbed);
    return count;
}

static void test_a_testbed_is_the_tenants(void **state)
{
    struct fixture *fixture = *state;
    struct testbed *one = hold(fixture, 1), *again = hold(fixture, 1), *two = hold(fixture, 2);

    assert_ptr_equal(one, again);
    assert_ptr_not_equal(one, two);
    assert_non_null(testbed_faults(one));
    assert_non_null(testbed_past(one));
    assert_non_null(testbed_journal(one));
    assert_int_equal(testbeds_count(fixture->testbeds), 2);
    testbed_release(one);
    testbed_release(again);
    testbed_release(two);
    testbed_release(NULL);
    assert_int_equal(testbeds_count(fixture->testbeds), 2); /* they stay for the next request */
    testbeds_destroy(NULL);
}

static void test_journals_may_be_off(void **state)
{
    struct fixture *fixture = *state;
    struct testbed_limits none = { .testbeds = 3 };
    struct testbeds *testbeds = testbeds_create(fixture->base, &none, 42);
    struct testbed *testbed = testbeds_hold(testbeds, tenant(1));

    assert_non_null(testbed);
    assert_null(testbed_journal(testbed));
    testbed_release(testbed);
    testbeds_destroy(testbeds);
}

static void test_the_longest_unused_go(void **state)
{
    struct fixture *fixture = *state;

    for (unsigned n = 1; n <= 3; n++)
        use(fixture, n);
    use(fixture, 1); /* now 2 is the one used longest ago */
    use(fixture, 4);
    assert_int_equal(testbeds_count(fixture->testbeds), 3);
    assert_int_equal(requests_of(fixture, 1), 2);
    assert_int_equal(requests_of(fixture, 3), 1);
    assert_int_equal(requests_of(fixture, 4), 1);
    assert_int_equal(requests_of(fixture, 2), 0); /* a new one, for which 1 had to go */
    assert_int_equal(requests_of(fixture, 3), 1);
    assert_int_equal(requests_of(fixture, 1), 0);
    for (unsigned n = 0; n < 500; n++)
        use(fixture, n);
    assert_int_equal(testbeds_count(fixture->testbeds), 3);
}

static void test_in_use_they_stay(void **state)
{
    struct fixture *fixture = *state;
    struct testbed *held[6];

    for (unsigned n = 0; n < COUNT_OF(held); n++) {
        held[n] = hold(fixture, n);
        use(fixture, n);
    }
    assert_int_equal(testbeds_count(fixture->testbeds), 6);
    for (unsigned n = 0; n < COUNT_OF(held); n++)
        CHECK(requests_of(fixture, n) == 1, n);
    for (unsigned n = 0; n < COUNT_OF(held); n++)
        testbed_release(held[n]);
    use(fixture, 9); /* the next new one brings them back under the limit */
    assert_int_equal(testbeds_count(fixture->testbeds), 3);
    assert_int_equal(requests_of(fixture, 5), 1);
}

static void move_clock(struct testbed *testbed)
{
    testbed_clock_set(testbed, START, true);
}

static void set_faults(struct testbed *testbed)
{
    struct error err = { 0 };

    if (!faults_put(testbed_faults(testbed), RULES, &err))
        fail_msg("%s", err.message);
}

static void take_back(struct testbed *testbed)
{
    testbed_clock_resume(testbed);
    faults_clear(testbed_faults(testbed));
}

static void with(struct fixture *fixture, unsigned n, void (*change)(struct testbed *))
{
    struct testbed *testbed = hold(fixture, n);

    change(testbed);
    testbed_release(testbed);
}

static void test_with_something_set_they_stay(void **state)
{
    struct fixture *fixture = *state;

    use(fixture, 1);
    use(fixture, 2);
    with(fixture, 1, move_clock);
    with(fixture, 2, set_faults);
    for (unsigned n = 10; n < 50; n++)
        use(fixture, n);
    assert_int_equal(testbeds_count(fixture->testbeds), 3);
    assert_int_equal(requests_of(fixture, 1), 1);
    assert_int_equal(requests_of(fixture, 2), 1);

    for (unsigned n = 3; n < 9; n++)
        with(fixture, n, move_clock); /* above the limit, and none may go */
    assert_int_equal(testbeds_count(fixture->testbeds), 8);
    for (unsigned n = 1; n < 9; n++)
        with(fixture, n, take_back);
    use(fixture, 50);
    assert_int_equal(testbeds_count(fixture->testbeds), 3);
    assert_int_equal(requests_of(fixture, 1), 0);
}

static void test_forgetting(void **state)
{
    struct fixture *fixture = *state;
    struct testbed *held = hold(fixture, 1);

    use(fixture, 1);
    set_faults(held);
    testbeds_forget(fixture->testbeds, tenant(1));
    testbeds_forget(fixture->testbeds, tenant(1)); /* and once more: nothing */
    testbeds_forget(fixture->testbeds, tenant(2));
    assert_int_equal(testbeds_count(fixture->testbeds), 0);
    assert_int_equal(requests_of(fixture, 1), 0);
    struct testbed *new_one = hold(fixture, 1);
    assert_ptr_not_equal(held, new_one);
    assert_true(faults_are_none(testbed_faults(new_one)));
    assert_false(faults_are_none(testbed_faults(held))); /* whoever holds it keeps it */
    testbed_release(held);
    testbed_release(new_one);
}

/* Far more of them than chains. */
static void test_many_testbeds(void **state)
{
    struct fixture *fixture = *state;

    for (unsigned n = 0; n < 1000; n++) {
        with(fixture, n, move_clock);
        use(fixture, n);
    }
    assert_int_equal(testbeds_count(fixture->testbeds), 1000);
    for (unsigned n = 0; n < 1000; n++)
        CHECK(requests_of(fixture, n) == 1, n);
    for (unsigned n = 0; n < 1000; n += 2)
        testbeds_forget(fixture->testbeds, tenant(n));
    assert_int_equal(testbeds_count(fixture->testbeds), 500);
    for (unsigned n = 1; n < 1000; n += 2)
        CHECK(requests_of(fixture, n) == 1, n);
}

/* Which of 64 requests a rule with a rate of a half fails, as bits. */
static uint64_t draws_of(struct testbeds *testbeds, unsigned n)
{
    struct testbed *testbed = testbeds_hold(testbeds, tenant(n));
    struct fault_request request = { .method = SLICE("GET"), .path = SLICE("/") };
    struct arena *arena = arena_create(NULL, 1 << 16);
    struct fault_effect effect;
    uint64_t draws = 0;

    assert_true(faults_put(
        testbed_faults(testbed),
        SLICE("{\"rules\":[{\"when\":{\"rate\":0.5},\"answer\":{\"status\":503}}]}"), NULL));
    for (unsigned i = 0; i < 64; i++)
        draws |= (uint64_t)faults_draw(testbed_faults(testbed), &request, arena, &effect) << i;
    arena_destroy(arena);
    testbed_release(testbed);
    return draws;
}

static void test_draws_belong_to_seed_and_tenant(void **state)
{
    struct fixture *fixture = *state;
    struct testbeds *same = testbeds_create(fixture->base, &limits, 42);
    struct testbeds *other = testbeds_create(fixture->base, &limits, 43);

    assert_true(draws_of(fixture->testbeds, 1) == draws_of(same, 1));
    assert_true(draws_of(fixture->testbeds, 2) == draws_of(same, 2));
    assert_false(draws_of(same, 1) == draws_of(same, 2));
    assert_false(draws_of(same, 1) == draws_of(other, 1));
    testbeds_destroy(same);
    testbeds_destroy(other);
}

/* --- the clock ------------------------------------------------------------------------------- */

static bool is_about(int64_t ticks, int64_t want)
{
    return ticks >= want && ticks < want + 60 * SECOND;
}

static void check_clock(struct testbed *testbed, int64_t now, bool moved, bool frozen)
{
    struct testbed_clock clock = testbed_clock_get(testbed);

    assert_true(is_about(clock.now_ticks, now));
    assert_true(is_about(testbed_now_ticks(testbed), now));
    assert_int_equal(clock.moved, moved);
    assert_int_equal(clock.frozen, frozen);
}

static void test_clock(void **state)
{
    struct fixture *fixture = *state;
    struct testbed *testbed = hold(fixture, 1), *other = hold(fixture, 2);

    check_clock(testbed, START, false, true); /* as the server's, which stands still */
    clock_freeze_at(fixture->base, START + 5 * SECOND);
    assert_int_equal(testbed_now_ticks(testbed), START + 5 * SECOND);

    testbed_clock_set(testbed, 1000 * SECOND, true);
    check_clock(testbed, 1000 * SECOND, true, true);
    assert_int_equal(testbed_now_ticks(testbed), 1000 * SECOND);
    check_clock(other, START + 5 * SECOND, false, true);

    testbed_clock_set(testbed, 2000 * SECOND, false);
    check_clock(testbed, 2000 * SECOND, true, false);
    int64_t before = testbed_now_ticks(testbed);
    uint64_t deadline = clock_monotonic_ms() + 20;
    while (clock_monotonic_ms() < deadline)
        ;
    assert_true(testbed_now_ticks(testbed) >= before + SECOND / 100); /* it runs */

    testbed_clock_resume(testbed);
    testbed_clock_resume(testbed);
    check_clock(testbed, START + 5 * SECOND, false, true);
    clock_run_from(fixture->base, START);
    check_clock(testbed, START, false, false);

    testbed_clock_set(testbed, INT64_MAX, true);
    assert_int_equal(testbed_now_ticks(testbed), LAST_TICK);
    testbed_clock_set(testbed, INT64_MIN, true);
    assert_int_equal(testbed_now_ticks(testbed), 0);
    testbed_release(testbed);
    testbed_release(other);
}

/* --- threads --------------------------------------------------------------------------------- */

enum { THREADS = 4, ROUNDS = 3000 };

struct crowd {
    struct fixture *fixture;
    atomic_uint wrong;
};

/* Requests, and testers who move, set, take back and forget, on more tenants than may be kept. */
static void *live(void *arg)
{
    struct crowd *crowd = arg;

    for (unsigned i = 0; i < ROUNDS; i++) {
        struct testbed *testbed = testbeds_hold(crowd->fixture->testbeds, tenant(i % 7));
        int64_t now = testbed_now_ticks(testbed);

        if (now != START && !is_about(now, LAST_TICK - 90 * SECOND))
            atomic_fetch_add(&crowd->wrong, 1);
        journal_add(testbed_journal(testbed), &(struct journal_entry){ .path = SLICE("/x") });
        if (i % 5 == 0)
            testbed_clock_set(testbed, i % 2 ? START : LAST_TICK - 90 * SECOND, i % 2);
        if (i % 5 == 1)
            testbed_clock_resume(testbed);
        if (i % 11 == 0 && testbed_clock_get(testbed).now_ticks < START)
            atomic_fetch_add(&crowd->wrong, 1);
        if (i % 13 == 0)
            testbeds_forget(crowd->fixture->testbeds, tenant(i % 7));
        past_add(testbed_past(testbed), SLICE("s"), SLICE("k"), SLICE("{}"), i);
        testbed_release(testbed);
    }
    return NULL;
}

static void test_testbeds_among_threads(void **state)
{
    struct crowd crowd = { .fixture = *state };
    pthread_t threads[THREADS];

    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, live, &crowd), 0);
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(atomic_load(&crowd.wrong), 0);
    assert_true(testbeds_count(crowd.fixture->testbeds) <= 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_testbed_is_the_tenants, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_journals_may_be_off, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_the_longest_unused_go, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_in_use_they_stay, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_with_something_set_they_stay, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_forgetting, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_many_testbeds, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_draws_belong_to_seed_and_tenant, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_clock, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_testbeds_among_threads, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
