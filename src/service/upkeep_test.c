/* service/upkeep_test.c - is a removal due? The answer is that of the removal itself.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/test.h"

#include "service/upkeep.h"

#include "base/arena.h"
#include "edm/toy_model.h"
#include "service/health.h"
#include "service/rig_test.h"
#include "service/tenants.h"
#include "store/db_fault.h"

static const struct {
    const char *policy;
    int64_t silent; /* of one article; below zero: there is none */
    bool due;
} due_cases[] = {
    { "{}", 99 * RIG_DAY, false },
    { "{\"articles\":{\"on\":false,\"remove\":\"30d\"}}", 99 * RIG_DAY, false },
    { "{\"articles\":{\"on\":true,\"remove\":null}}", 99 * RIG_DAY, false },
    { "{\"articles\":{\"on\":true,\"remove\":\"30d\"}}", -1, false },
    { "{\"articles\":{\"on\":true,\"remove\":\"30d\"}}", RIG_DAY, false },
    { "{\"articles\":{\"on\":true,\"remove\":\"30d\"}}", 30 * RIG_DAY - 1, false },
    { "{\"articles\":{\"on\":true,\"remove\":\"30d\"}}", 30 * RIG_DAY, true },
    { "{\"articles\":{\"on\":true,\"remove\":\"30d\"}}", 99 * RIG_DAY, true },
    { "{\"articles\":{\"on\":true,\"remove\":\"30d\"}}", INT64_MAX, false }, /* never heard of */
    { "{\"articles\":{\"on\":true}}", 31 * RIG_DAY, true }, /* the model's own duration */
};

static void test_due(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(due_cases); i++) {
        struct store_session *session;
        size_t removed;
        struct rig rig;
        bool due;

        rig_open(&rig, NULL);
        rig_article(&rig, rig_other_tenant, "of-another", 99 * RIG_DAY);
        rig_article(&rig, rig_tenant, "a-fresh", 0);
        if (due_cases[i].silent >= 0)
            rig_article(&rig, rig_tenant, "b", due_cases[i].silent);
        rig_policy(&rig, rig_tenant, due_cases[i].policy);
        CHECK(service_session_begin(rig.loop, &session, NULL), i);
        CHECK(service_removal_due(session, &toy_model, rig_tenant, RIG_NOW, rig.arena, &due, NULL),
              i);
        CHECK(due == due_cases[i].due, i);
        CHECK(service_removal_due(session, &toy_model, rig_no_tenant, RIG_NOW, rig.arena, &due,
                                  NULL) &&
                  !due,
              i);
        rig_begin(&rig);
        CHECK(service_health_remove(rig.writer, &toy_model, rig_tenant, RIG_NOW, 10, rig.arena,
                                    &removed, NULL),
              i);
        CHECK(removed == due_cases[i].due, i);
        rig_keep(&rig);
        rig_close(&rig);
    }
}

/* It says so when it cannot look: a failure is not "nothing is due". */
static void test_each_call_fails(void **state UNUSED)
{
    struct db_fault_plan plan = { .kinds = DB_FAULT_ALL, .status = DB_OTHER };
    struct rig rig;
    uint64_t rounds = 0;

    do {
        struct store_session *session;
        struct error err = { 0 };
        bool due = false;

        plan.fail_at = 0;
        plan.fired = false;
        rig_open(&rig, &plan);
        rig_article(&rig, rig_tenant, "b", 99 * RIG_DAY);
        rig_policy(&rig, rig_tenant, "{\"articles\":{\"on\":true}}");
        assert_true(service_session_begin(rig.loop, &session, NULL));
        plan.calls = 0;
        plan.fail_at = ++rounds;
        bool ok =
            service_removal_due(session, &toy_model, rig_tenant, RIG_NOW, rig.arena, &due, &err);
        plan.fail_at = 0;
        CHECK(ok ? due : err.code != ERROR_NONE && !due, rounds);
        CHECK(ok || plan.fired, rounds);
        rig_close(&rig);
    } while (plan.fired);
    assert_true(rounds > 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_due),
                                        cmocka_unit_test(test_each_call_fails) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
