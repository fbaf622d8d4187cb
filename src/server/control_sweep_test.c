/* server/control_sweep_test.c - what has to be done when its time comes: sandboxes end, and what a
 * policy removes is removed, whoever asks or not.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/test.h"

#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/text.h"
#include "http/control_sweep.h"
#include "loop/loop.h"
#include "server/data.h"
#include "server/handlers_rig_test.h"
#include "service/health.h"
#include "service/provision.h"
#include "service/repeats.h"
#include "service/sandbox.h"
#include "store/sandboxes.h"
#include "store/store.h"
#include "testbed/testbed.h"
#include "json/writer.h"

#define PATIENCE_MS 20000

static struct uuid tenant_of(uint8_t number)
{
    struct uuid id = { { 1 } };

    id.bytes[15] = number;
    return id;
}

static struct rig rig;
static struct testbeds *beds; /* the rig's, when its api has none */

static int open_rig(void **state UNUSED)
{
    rig_open_control(&rig);
    return 0;
}

/* The sweep of the test that runs; destroyed behind the rig, as its header has it. */
static struct control_sweep *sweep;

static void start(void)
{
    struct error error = { 0 };

    if (!control_sweep_create(&rig.api, rig.loop, rig.log, &sweep, &error))
        fail_msg("%s", error.message);
    rig.api.sweep = sweep;
}

static int close_sweep(void **state UNUSED)
{
    control_sweep_stop(sweep);
    control_sweep_stop(sweep); /* once is enough */
    control_sweep_note(sweep, 0);
    if (!rig.api.testbeds)
        rig.api.testbeds = beds;
    rig_close(&rig);
    control_sweep_destroy(sweep);
    sweep = NULL;
    return 0;
}

/* --- sandboxes in the store ------------------------------------------------------------------- */

struct making {
    struct uuid tenant;
    int64_t expires_unix_ms;
};

static bool make(void *context, struct store_session *session, struct error *err)
{
    const struct making *making = context;
    const struct sandbox_request request = { .tenant = making->tenant,
                                             .expires_unix_ms = making->expires_unix_ms,
                                             .seed = SLICE(RIG_SEED),
                                             .sandboxes_max = 100 };
    struct arena *arena = arena_create(NULL, ROOMY);
    size_t count;
    bool ok = service_sandbox_create(session, rig.api.model, &request, arena, &count, err);

    arena_destroy(arena);
    return ok;
}

static void make_sandbox(uint8_t number, int64_t expires_unix_ms)
{
    struct making making = { tenant_of(number), expires_unix_ms };
    struct error error = { 0 };

    if (!data_write(rig.store, make, &making, &error))
        fail_msg("%s", error.message);
}

static bool count(void *context, struct store_session *session, struct error *err)
{
    return sandbox_count(session, context, err);
}

static int64_t count_sandboxes(void)
{
    struct error error = { 0 };
    int64_t found = -1;

    if (!data_read(rig.store, count, &found, &error))
        fail_msg("%s", error.message);
    return found;
}

/* Lets the loop turn until so many are left, and says whether that came to pass. */
static bool come_to(int64_t left)
{
    uint64_t until_ms = clock_monotonic_ms() + PATIENCE_MS;

    while (count_sandboxes() != left && clock_monotonic_ms() < until_ms)
        loop_settle(rig.loop);
    return count_sandboxes() == left;
}

/* More of them than one write takes, all over when it starts; one that is not; one that is noted.
 */
static void test_sandboxes_end(void **state UNUSED)
{
    int64_t now = (int64_t)clock_machine_unix_ms();

    for (uint8_t i = 0; i < 40; i++)
        make_sandbox(i, now - 1000 + i);
    make_sandbox(200, now + 3600000);
    testbed_release(testbeds_hold(rig.api.testbeds, tenant_of(200)));
    start();
    assert_true(come_to(1));

    /* Notes of others change nothing, an earlier one wakes it. */
    control_sweep_note(sweep, INT64_MAX);
    make_sandbox(201, now + 3700000);
    control_sweep_note(sweep, now + 3700000);
    make_sandbox(202, (int64_t)clock_machine_unix_ms() + 20);
    control_sweep_note(sweep, (int64_t)clock_machine_unix_ms() + 20);
    control_sweep_note(NULL, 0);
    assert_true(come_to(2));
}

/* The API tells the sweep of what it makes. */
static void test_made_by_the_api(void **state UNUSED)
{
    const struct ask post = { .method = HTTP_POST,
                              .path = "/_connectord/sandbox",
                              .host = RIG_LOCAL,
                              .body = "{\"lifetime\":\"30ms\"}" };
    struct answer answer;
    int64_t before = count_sandboxes();

    start();
    rig.api.sandboxes_max = 100;
    rig_ask(&rig, &post, ROOMY, &answer);
    assert_int_equal(answer.exchange.response.status, 201);
    answer_free(&answer);
    assert_true(come_to(before));
}

/* --- removals --------------------------------------------------------------------------------- */

static bool age(void *context UNUSED, struct store_session *session, struct error *err)
{
    struct arena *arena = arena_create(NULL, ROOMY);
    struct uuid tenant = service_default_tenant();
    size_t added;
    bool ok =
        service_seed(session, rig.api.model, tenant,
                     SLICE("{\"articles\":[{\"madeAt\":\"-40d\"},{\"madeAt\":\"-1d\"}]}"),
                     clock_now_ticks(rig.clock), &added, err) &&
        service_health_put(session, rig.api.model, tenant, SLICE("{\"articles\":{\"on\":true}}"),
                           clock_now_ticks(rig.clock), arena, err);

    arena_destroy(arena);
    return ok;
}

static bool find_removal(void *context, struct store_session *session, struct error *err)
{
    struct arena *arena = arena_create(NULL, ROOMY);
    struct json_writer writer;
    struct text text;
    bool *found = context;

    text_init(&text, arena, 1024, ROOMY / 4);
    json_writer_init(&writer, &text);
    bool ok =
        service_health_write(session, rig.api.model, service_default_tenant(), arena, &writer, err);
    *found = memmem(text.ptr, text.len, "lastContact", 11);
    arena_destroy(arena);
    return ok;
}

static bool was_removed(void)
{
    struct error error = { 0 };
    bool found = false;

    if (!data_read(rig.store, find_removal, &found, &error))
        fail_msg("%s", error.message);
    return found;
}

/* Without testbeds, as in a server whose control API is off. */
static void test_removals(void **state UNUSED)
{
    uint64_t until_ms = clock_monotonic_ms() + PATIENCE_MS;
    struct error error = { 0 };

    if (!data_write(rig.store, age, NULL, &error))
        fail_msg("%s", error.message);
    beds = rig.api.testbeds;
    rig.api.testbeds = NULL;
    start();
    while (!was_removed() && clock_monotonic_ms() < until_ms)
        loop_settle(rig.loop);
    assert_true(was_removed());
}

static void put_clock(const char *body)
{
    const struct ask put = {
        .method = HTTP_PUT, .path = "/_connectord/clock", .host = RIG_LOCAL, .body = body
    };
    struct answer answer;

    rig_ask(&rig, &put, ROOMY, &answer);
    assert_int_equal(answer.exchange.response.status, 200);
    answer_free(&answer);
}

/* The writer belongs to all tenants: a policy that has nothing to remove leaves it alone. */
static void test_nothing_due_is_no_write(void **state UNUSED)
{
    struct error error = { 0 };
    uint64_t commits;

    if (!data_write(rig.store, age, NULL, &error))
        fail_msg("%s", error.message);
    put_clock("{\"advance\":\"1d\"}"); /* one is 40 days old */
    assert_true(was_removed());
    commits = store_commit_count(rig.store);
    put_clock("{\"advance\":\"20d\"}");
    put_clock("{\"advance\":\"-1d\"}");
    assert_int_equal(store_commit_count(rig.store), commits);
    put_clock("{\"advance\":\"10d\"}"); /* the other has its 30 */
    assert_int_equal(store_commit_count(rig.store), commits + 1);
    start();
}

/* To look after a tenant is no use of its testbed: none is made for it. */
static void test_removals_make_no_testbed(void **state UNUSED)
{
    uint64_t until_ms = clock_monotonic_ms() + PATIENCE_MS;
    struct error error = { 0 };

    if (!data_write(rig.store, age, NULL, &error))
        fail_msg("%s", error.message);
    start();
    while (!was_removed() && clock_monotonic_ms() < until_ms)
        loop_settle(rig.loop);
    assert_true(was_removed());
    assert_int_equal(testbeds_count(rig.api.testbeds), 0);
}

/* --- answers to repeatable requests ----------------------------------------------------------- */

#define KEPT 3

static bool keep_answers(void *context UNUSED, struct store_session *session, struct error *err)
{
    const struct service_answer answer = { .status = 204 };
    struct service_repeat repeat = { .tenant = service_default_tenant() };

    for (uint8_t i = 0; i < 10; i++) {
        repeat.key[0] = i;
        if (!service_repeat_keep(session, &repeat, &answer, err))
            return false;
    }
    return true;
}

/* For how many tenants there is something to be done. */
static bool find_excess(void *context, struct store_session *session, struct error *err)
{
    struct arena *arena = arena_create(NULL, ROOMY);
    struct answers_excess *excess;
    size_t *count = context;
    bool ok =
        service_repeats_find_excess(session, INT64_C(86400000), KEPT, arena, &excess, count, err);

    arena_destroy(arena);
    return ok;
}

static size_t count_excess(void)
{
    struct error error = { 0 };
    size_t found = 0;

    if (!data_read(rig.store, find_excess, &found, &error))
        fail_msg("%s", error.message);
    return found;
}

static void test_answers_are_let_go(void **state UNUSED)
{
    uint64_t until_ms = clock_monotonic_ms() + PATIENCE_MS;
    struct error error = { 0 };

    rig.api.repeat_keep_ms = INT64_C(86400000);
    rig.api.repeats = KEPT;
    if (!data_write(rig.store, keep_answers, NULL, &error))
        fail_msg("%s", error.message);
    assert_int_equal(count_excess(), 1);
    start();
    while (count_excess() && clock_monotonic_ms() < until_ms)
        loop_settle(rig.loop);
    assert_int_equal(count_excess(), 0);
}

/* --- the end ---------------------------------------------------------------------------------- */

/* Stopped before its first turn, and in the middle of its work. */
static void test_stopped_early(void **state UNUSED)
{
    start();
}

static void test_stopped_at_work(void **state UNUSED)
{
    for (uint8_t i = 0; i < 40; i++)
        make_sandbox(i, 1000);
    start();
    loop_settle(rig.loop);
    loop_settle(rig.loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_sandboxes_end, open_rig, close_sweep),
        cmocka_unit_test_setup_teardown(test_made_by_the_api, open_rig, close_sweep),
        cmocka_unit_test_setup_teardown(test_removals, open_rig, close_sweep),
        cmocka_unit_test_setup_teardown(test_nothing_due_is_no_write, open_rig, close_sweep),
        cmocka_unit_test_setup_teardown(test_removals_make_no_testbed, open_rig, close_sweep),
        cmocka_unit_test_setup_teardown(test_answers_are_let_go, open_rig, close_sweep),
        cmocka_unit_test_setup_teardown(test_stopped_early, open_rig, close_sweep),
        cmocka_unit_test_setup_teardown(test_stopped_at_work, open_rig, close_sweep),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
