/* testbed/testbed_test.c - who keeps a testbed, which of them go, its clock; among threads. */
#include "testbed/testbed.h"

#include <pthread.h>
#include <stdatomic.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/test.h"
#include "base/text.h"

#define SECOND    CLOCK_TICKS_PER_SECOND
#define START     (CLOCK_UNIX_EPOCH_TICKS + 1717243200 * SECOND)
#define LAST_TICK CLOCK_TICKS_MAX
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

/* Nothing is in the tenant's. */
static void visit(struct fixture *fixture, unsigned n)
{
    testbed_release(hold(fixture, n));
}

static bool has_one(struct fixture *fixture, unsigned n)
{
    struct testbed *testbed = testbeds_find(fixture->testbeds, tenant(n));

    testbed_release(testbed);
    return testbed != NULL;
}

static void test_the_longest_unused_go(void **state)
{
    struct fixture *fixture = *state;

    for (unsigned n = 1; n <= 3; n++)
        visit(fixture, n);
    visit(fixture, 1);                /* now 2 is the one used longest ago */
    assert_true(has_one(fixture, 2)); /* to look is no use */
    visit(fixture, 4);
    assert_int_equal(testbeds_count(fixture->testbeds), 3);
    assert_false(has_one(fixture, 2));
    assert_true(has_one(fixture, 1) && has_one(fixture, 3) && has_one(fixture, 4));
    assert_int_equal(testbeds_count(fixture->testbeds), 3); /* to look makes none */
    for (unsigned n = 0; n < 500; n++)
        visit(fixture, n);
    assert_int_equal(testbeds_count(fixture->testbeds), 3);
}

/* One tenant's requests are not forgotten for those of others. */
static void test_journals_stay(void **state)
{
    struct fixture *fixture = *state;

    for (unsigned n = 0; n < 1030; n++)
        use(fixture, n);
    assert_int_equal(testbeds_count(fixture->testbeds), 1030);
    for (unsigned n = 0; n < 1030; n++)
        CHECK(requests_of(fixture, n) == 1, n);
}

static void test_in_use_they_stay(void **state)
{
    struct fixture *fixture = *state;
    struct testbed *held[6];

    for (unsigned n = 0; n < COUNT_OF(held); n++)
        held[n] = hold(fixture, n);
    assert_int_equal(testbeds_count(fixture->testbeds), 6);
    for (unsigned n = 0; n < COUNT_OF(held); n++)
        CHECK(has_one(fixture, n), n);
    for (unsigned n = 0; n < COUNT_OF(held); n++)
        testbed_release(held[n]);
    for (unsigned n = 0; n < 8; n++)
        visit(fixture, 10 + n); /* the next new ones bring them back under the limit */
    assert_int_equal(testbeds_count(fixture->testbeds), 3);
}

/* --- memory ---------------------------------------------------------------------------------- */

static const struct testbed_limits small = { .testbeds = 3,
                                             .bytes = (size_t)4 << 20,
                                             .journal_requests = 1000,
                                             .fault_rules = 5,
                                             .past_entities = 6 };

static size_t fill_journal(struct testbeds *testbeds, unsigned n, size_t requests)
{
    static const char path[500] = { '/' };
    struct testbed *testbed = testbeds_hold(testbeds, tenant(n));

    for (size_t i = 0; i < requests; i++)
        journal_add(testbed_journal(testbed),
                    &(struct journal_entry){ .path = { path, sizeof path } });
    size_t count = journal_standing(testbed_journal(testbed)).count;
    testbed_release(testbed);
    return count;
}

static struct journal_standing standing_of(struct testbeds *testbeds, unsigned n)
{
    struct testbed *testbed = testbeds_hold(testbeds, tenant(n));
    struct journal_standing standing = journal_standing(testbed_journal(testbed));

    testbed_release(testbed);
    return standing;
}

/* Whatever is asked of how many tenants, memory stays within its limit; the youngest journals are
 * whole, and those that went do not claim that nothing happened. */
static void test_memory_has_an_end(void **state)
{
    struct fixture *fixture = *state;
    struct testbeds *testbeds = testbeds_create(fixture->base, &small, 42);

    for (unsigned n = 0; n < 50; n++) {
        CHECK(fill_journal(testbeds, n, 500) == 500, n);
        CHECK(testbeds_bytes(testbeds) <= small.bytes, n);
    }
    assert_int_equal(standing_of(testbeds, 49).count, 500);
    for (unsigned n = 0; n < 30; n++) {
        struct journal_standing standing = standing_of(testbeds, n);
        CHECK(standing.last == 500 && standing.count == 0 && standing.began == 0, n);
    }
    assert_int_equal(standing_of(testbeds, 50).last, 0); /* nothing was lost of a new one */
    testbeds_destroy(testbeds);
}

/* Of what is set only the journal goes. */
static void test_settings_outlive_journals(void **state)
{
    struct fixture *fixture = *state;
    struct testbeds *testbeds = testbeds_create(fixture->base, &small, 42);
    struct testbed *testbed = testbeds_hold(testbeds, tenant(1000));

    testbed_clock_set(testbed, START, true);
    testbed_release(testbed);
    fill_journal(testbeds, 1000, 10);
    for (unsigned n = 0; n < 50; n++)
        fill_journal(testbeds, n, 500);
    testbed = testbeds_find(testbeds, tenant(1000));
    assert_non_null(testbed);
    assert_true(testbed_clock_get(testbed).moved);
    struct journal_standing standing = journal_standing(testbed_journal(testbed));
    assert_true(standing.last == 10 && standing.count == 0 && standing.bytes == 0);
    testbed_release(testbed);
    testbeds_destroy(testbeds);
}

/* {"rules":[...]} of one rule with a body of so many bytes. */
static struct slice rules_of(size_t body_bytes, struct arena *arena)
{
    struct text text;

    text_init(&text, arena, 0, body_bytes + 100);
    text_append(&text, SLICE("{\"rules\":[{\"answer\":{\"status\":503,\"body\":\""));
    for (size_t i = 2; i < body_bytes; i++)
        text_append_char(&text, 'x');
    text_append(&text, SLICE("\"}}]}"));
    assert_false(text.failed);
    return text_slice(&text);
}

static bool put_rules(struct testbeds *testbeds, unsigned n, struct slice rules, struct error *err)
{
    struct testbed *testbed = testbeds_hold(testbeds, tenant(n));
    bool ok = faults_put(testbed_faults(testbed), rules, err);

    testbed_release(testbed);
    return ok;
}

/* Rules that find no room are refused by the name of the limit; they never drive out others'. */
static void test_rules_find_no_room(void **state)
{
    struct fixture *fixture = *state;
    struct testbeds *testbeds = testbeds_create(fixture->base, &small, 42);
    struct arena *arena = arena_create(NULL, (size_t)1 << 20);
    struct slice rules = rules_of(FAULT_ANSWER_BYTES_MAX, arena);
    struct error err = { 0 };
    unsigned put = 0;

    fill_journal(testbeds, 999, 500); /* a journal makes room */
    while (put < 100 && put_rules(testbeds, put, rules, &err))
        put++;
    assert_in_range(put, 50, 62); /* 4 MiB of them, once each */
    assert_int_equal(err.code, ERROR_STORAGE_FULL);
    assert_non_null(strstr(err.message, "limit-testbed-bytes"));
    assert_int_equal(standing_of(testbeds, 999).count, 0);
    assert_true(put_rules(testbeds, 0, rules, &err)); /* what takes no more is let in */
    assert_true(testbeds_bytes(testbeds) <= small.bytes);
    for (unsigned n = 0; n < put; n++)
        testbeds_forget(testbeds, tenant(n));
    assert_true(put_rules(testbeds, put, rules, &err));
    arena_destroy(arena);
    testbeds_destroy(testbeds);
}

/* --- what stays ------------------------------------------------------------------------------ */

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

    with(fixture, 1, move_clock);
    with(fixture, 2, set_faults);
    for (unsigned n = 10; n < 50; n++)
        visit(fixture, n);
    assert_true(has_one(fixture, 1) && has_one(fixture, 2));
    for (unsigned n = 3; n < 9; n++)
        with(fixture, n, move_clock); /* above the limit, and none may go */
    for (unsigned n = 1; n < 9; n++)
        assert_true(has_one(fixture, n));
    for (unsigned n = 1; n < 9; n++)
        with(fixture, n, take_back);
    for (unsigned n = 50; n < 80; n++)
        visit(fixture, n);
    assert_int_equal(testbeds_count(fixture->testbeds), 3);
    assert_false(has_one(fixture, 1));
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
        cmocka_unit_test_setup_teardown(test_journals_stay, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_in_use_they_stay, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_memory_has_an_end, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_settings_outlive_journals, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_rules_find_no_room, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_with_something_set_they_stay, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_forgetting, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_many_testbeds, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_draws_belong_to_seed_and_tenant, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_clock, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_testbeds_among_threads, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
