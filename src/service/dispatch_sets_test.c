/* service/dispatch_sets_test.c - a job that runs several operations, as a change set does: all of
 * them are there or none, whichever call of the store's driver fails.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "service/dispatch.h"

#include "base/arena.h"
#include "base/test.h"
#include "edm/toy_model.h"
#include "service/operations.h"
#include "service/rig_test.h"
#include "store/db_fault.h"
#include "store/store.h"

#define JOBS 4
/* The calls that touch files, which fail in more ways than one. */
#define RUNNING (DB_FAULT_BEGIN | DB_FAULT_COMMIT | DB_FAULT_STEP)

struct set_job {
    struct dispatch_job job;
    struct arena *arena;
    struct slice place; /* of all that it makes: whose it is */
    size_t creates;
    bool fails; /* its last operation cannot be done */
};

static bool create(struct set_job *set, struct store_session *session, struct edm_entity **ret,
                   struct error *err)
{
    struct edm_entity *given = edm_entity_create(&toy_crate, set->arena);

    assert_non_null(given);
    given->values[TOY_CRATE_PLACE] = (struct edm_value){ .text = set->place };
    edm_entity_mark(given, TOY_CRATE_PLACE);
    return service_create(session, &toy_model, rig_tenant, given, 1000, NULL, 0, set->arena, ret,
                          err);
}

/* What was made last is deleted and made anew. */
static bool run_set(struct dispatch_job *job, struct store_session *session, struct error *err)
{
    struct set_job *set = CONTAINER_OF(job, struct set_job, job);
    struct edm_entity *made = NULL;

    for (size_t i = 0; i < set->creates; i++)
        if (!create(set, session, &made, err))
            return false;
    return service_delete(session, rig_tenant, &toy_crate, made->values[0].text, NULL, set->arena,
                          err) &&
           create(set, session, &made, err) &&
           (!set->fails || service_delete(session, rig_tenant, &toy_crate, SLICE("nowhere"), NULL,
                                          set->arena, err));
}

static void make_jobs(struct rig *rig, struct set_job jobs[JOBS])
{
    static const struct set_job made[JOBS] = {
        { .place = SLICE_INIT("a"), .creates = 3 },
        { .place = SLICE_INIT("b"), .creates = 2, .fails = true },
        { .place = SLICE_INIT("c"), .creates = 1 },
        { .place = SLICE_INIT("d"), .creates = 2 },
    };

    for (size_t i = 0; i < JOBS; i++) {
        jobs[i] = made[i];
        jobs[i].job.run = run_set;
        jobs[i].arena = rig->arena;
        if (i > 0)
            jobs[i - 1].job.item.next = &jobs[i].job.item;
    }
}

static size_t count_of(struct rig *rig, struct slice place)
{
    const struct edm_query query = { .type = &toy_crate,
                                     .select = edm_all_properties(&toy_crate),
                                     .page_size = 100 };
    struct store_session *reader;
    struct edm_page page;
    size_t count = 0;

    assert_true(store_session_open(rig->store, STORE_READS, &reader, NULL));
    assert_true(store_read_begin(reader, NULL));
    assert_true(service_list(reader, rig_tenant, &query, rig->arena, &page, NULL));
    for (size_t i = 0; i < page.count; i++)
        count += slice_eq(page.entities[i]->values[TOY_CRATE_PLACE].text, place);
    store_session_close(reader);
    return count;
}

static void check_job(struct rig *rig, const struct set_job *set, bool fired, size_t round)
{
    size_t count = count_of(rig, set->place);

    CHECK(count == 0 || count == set->creates, round);
    CHECK(set->job.ok == (count > 0) || set->job.error.code == ERROR_STORE_FAILED, round);
    CHECK(!set->job.ok || !set->fails, round);
    CHECK(set->job.ok || set->job.error.code != ERROR_NONE, round);
    CHECK(fired || set->job.ok == !set->fails, round);
}

static void sweep(unsigned kinds, enum db_status status, bool rolls_back, bool after)
{
    uint64_t rounds = 0;
    bool fired;

    do {
        struct db_fault_plan plan = {
            .kinds = kinds, .status = status, .rolls_back = rolls_back, .after = after
        };
        struct set_job jobs[JOBS];
        struct rig rig;

        rig_open(&rig, &plan);
        make_jobs(&rig, jobs);
        plan.calls = 0;
        plan.fail_at = ++rounds;
        dispatch_run_group(rig.store, rig.writer, &jobs[0].job.item);
        plan.fail_at = 0;
        fired = plan.fired;
        for (size_t i = 0; i < JOBS; i++)
            check_job(&rig, &jobs[i], fired, (size_t)rounds);
        rig_close(&rig);
    } while (fired);
    assert_true(rounds > 1);
}

static void test_each_call_fails(void **state UNUSED)
{
    sweep(DB_FAULT_ALL, DB_OTHER, false, false);
}

static void test_each_call_fails_and_rolls_back(void **state UNUSED)
{
    sweep(RUNNING, DB_FULL, true, false);
}

static void test_each_call_fails_for_want_of_room(void **state UNUSED)
{
    sweep(RUNNING, DB_FULL, false, false);
}

static void test_each_call_is_refused_as_busy(void **state UNUSED)
{
    sweep(RUNNING, DB_BUSY, false, false);
}

/* Whether it is on disk nobody knows: but all of it, or nothing. */
static void test_a_failed_sync(void **state UNUSED)
{
    sweep(DB_FAULT_COMMIT, DB_SYNC, false, false);
    sweep(DB_FAULT_COMMIT, DB_SYNC, false, true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_call_fails),
        cmocka_unit_test(test_each_call_fails_and_rolls_back),
        cmocka_unit_test(test_each_call_fails_for_want_of_room),
        cmocka_unit_test(test_each_call_is_refused_as_busy),
        cmocka_unit_test(test_a_failed_sync),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
