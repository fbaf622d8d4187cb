/* service/repeats_test.c - what is told of a request that was, or was not, executed before.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/test.h"

#include "service/repeats.h"

#include "base/arena.h"
#include "service/rig_test.h"
#include "service/tenants.h"

#define HOUR_MS 3600000
#define SENT    1700000000

/* Of the tenant's, under key 'a', asking 'x', at RIG_NOW, kept for an hour. */
static const struct {
    const struct uuid *tenant;
    char key, request;
    int64_t later_ticks;
    enum service_repeat_state state;
} find_cases[] = {
    { &rig_tenant, 'a', 'x', 0, REPEAT_SAME },
    { &rig_tenant, 'a', 'x', RIG_HOUR, REPEAT_SAME },
    { &rig_tenant, 'a', 'x', RIG_HOUR + 1, REPEAT_FORGOTTEN },
    { &rig_tenant, 'a', 'x', -99 * RIG_DAY, REPEAT_SAME }, /* the clock was set back */
    { &rig_tenant, 'a', 'y', 0, REPEAT_OTHER },
    { &rig_tenant, 'a', 'y', RIG_DAY, REPEAT_OTHER },
    { &rig_tenant, 'b', 'x', 0, REPEAT_NEW },
    { &rig_other_tenant, 'a', 'x', 0, REPEAT_NEW },
};

static struct service_repeat repeat_of(struct uuid tenant, char key, char request, int64_t at)
{
    struct service_repeat repeat = {
        .tenant = tenant, .sent_unix_s = SENT, .now_ticks = at, .keep_ms = HOUR_MS
    };

    memset(repeat.key, key, sizeof repeat.key);
    memset(repeat.request, request, sizeof repeat.request);
    return repeat;
}

static const struct service_answer first = {
    .status = 201, .id = SLICE_INIT("made"), .fields = SLICE_INIT("A:b\n"), .body = SLICE_INIT("{}")
};

static void keep(struct rig *rig, const struct service_repeat *repeat)
{
    struct error err = { 0 };

    rig_begin(rig);
    if (!service_repeat_keep(rig->writer, repeat, &first, &err))
        fail_msg("%s", err.message);
    rig_keep(rig);
}

static enum service_repeat_state find(struct rig *rig, const struct service_repeat *repeat,
                                      struct service_answer *ret)
{
    enum service_repeat_state state = REPEAT_NEW;
    struct error err = { 0 };

    rig_begin(rig);
    if (!service_repeat_find(rig->writer, repeat, rig->arena, &state, ret, &err))
        fail_msg("%s", err.message);
    rig_keep(rig);
    return state;
}

static void test_find(void **state UNUSED)
{
    struct service_repeat kept = repeat_of(rig_tenant, 'a', 'x', RIG_NOW);
    struct service_answer answer;
    struct rig rig;

    rig_open(&rig, NULL);
    keep(&rig, &kept);
    for (size_t i = 0; i < COUNT_OF(find_cases); i++) {
        const struct service_repeat it =
            repeat_of(*find_cases[i].tenant, find_cases[i].key, find_cases[i].request,
                      RIG_NOW + find_cases[i].later_ticks);

        CHECK(find(&rig, &it, &answer) == find_cases[i].state, i);
        if (find_cases[i].state != REPEAT_SAME)
            continue;
        CHECK(answer.status == 201 && slice_eq(answer.id, first.id) &&
                  slice_eq(answer.fields, first.fields) && slice_eq(answer.body, first.body),
              i);
    }
    rig_close(&rig);
}

/* What was undone with its operation was never executed. */
static void test_undone(void **state UNUSED)
{
    struct service_repeat it = repeat_of(rig_tenant, 'a', 'x', RIG_NOW);
    struct service_answer answer;
    struct rig rig;

    rig_open(&rig, NULL);
    rig_begin(&rig);
    assert_true(service_repeat_keep(rig.writer, &it, &first, NULL));
    rig_undo(&rig);
    assert_int_equal(find(&rig, &it, &answer), REPEAT_NEW);
    rig_close(&rig);
}

/* Past the newest: of those behind, and of whatever was sent before, nobody knows. */
static void test_let_go(void **state UNUSED)
{
    struct service_repeat it = repeat_of(rig_tenant, 'a', 'x', RIG_NOW);
    struct service_answer answer;
    struct answers_excess *excess;
    struct store_session *session;
    size_t count;
    struct rig rig;
    bool more;

    rig_open(&rig, NULL);
    keep(&rig, &it);
    assert_true(service_session_begin(rig.loop, &session, NULL));
    assert_true(service_repeats_find_excess(session, INT64_C(1) << 40, 1, rig.arena, &excess,
                                            &count, NULL));
    assert_int_equal(count, 0);
    assert_true(service_repeats_find_excess(session, INT64_C(1) << 40, 0, rig.arena, &excess,
                                            &count, NULL));
    assert_int_equal(count, 1);
    rig_begin(&rig);
    assert_true(service_repeats_trim(rig.writer, excess, 0, &more, NULL) && !more);
    rig_keep(&rig);
    assert_int_equal(find(&rig, &it, &answer), REPEAT_FORGOTTEN);
    memset(it.key, 'b', sizeof it.key);
    assert_int_equal(find(&rig, &it, &answer), REPEAT_FORGOTTEN);
    it.sent_unix_s = SENT + 1;
    assert_int_equal(find(&rig, &it, &answer), REPEAT_NEW);
    it.tenant = rig_other_tenant;
    it.sent_unix_s = 0;
    assert_int_equal(find(&rig, &it, &answer), REPEAT_NEW);
    rig_close(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_find),
        cmocka_unit_test(test_undone),
        cmocka_unit_test(test_let_go),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
