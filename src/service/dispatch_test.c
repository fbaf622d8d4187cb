/* service/dispatch_test.c - the rule of durability, with every reachable call failing in turn.
 *
 * A group of eight creates, updates and deletes runs on the toy model while the fault driver fails
 * the n-th call of the store's driver. Whatever happens, a job that was reported ok must be found
 * afterwards as it was reported, one that was refused must have left no trace (unless the outcome
 * of a commit is unknown, which it then says), and the store must work again.
 */
#include "service/dispatch.h"

#include "base/arena.h"
#include "base/test.h"
#include "edm/toy_model.h"
#include "loop/loop.h"
#include "service/operations.h"
#include "store/db_fault.h"
#include "store/registry.h"
#include "store/store.h"

#define GROUP 8
/* The calls that touch files, which fail in more ways than one. */
#define RUNNING (DB_FAULT_BEGIN | DB_FAULT_COMMIT | DB_FAULT_STEP)

static const struct uuid tenant = { { 1 } };

enum job_kind { JOB_CREATE, JOB_UPDATE, JOB_DELETE, JOB_MISSING };

struct test_job {
    struct dispatch_job job;
    enum job_kind kind;
    struct arena *arena;
    struct slice key; /* of the crate to update or delete; of the one created */
    unsigned runs;
};

static bool run_job(struct dispatch_job *job, struct store_session *session, struct error *err)
{
    struct test_job *test_job = CONTAINER_OF(job, struct test_job, job);
    struct edm_entity *change = edm_entity_create(&toy_crate, test_job->arena), *result;

    test_job->runs++;
    assert_non_null(change);
    change->values[TOY_CRATE_PLACE] = (struct edm_value){ .text = SLICE("new") };
    edm_entity_mark(change, TOY_CRATE_PLACE);
    switch (test_job->kind) {
    case JOB_CREATE:
        if (!service_create(session, &toy_model, tenant, change, 1000, NULL, 0, test_job->arena,
                            &result, err))
            return false;
        test_job->key = result->values[0].text;
        return true;
    case JOB_UPDATE:
        return service_update(session, tenant, test_job->key, change, 1000, NULL, test_job->arena,
                              &result, err);
    case JOB_DELETE:
    case JOB_MISSING:
        break;
    }
    return service_delete(session, tenant, &toy_crate, test_job->key, NULL, test_job->arena, err);
}

struct scene {
    struct store *store;
    struct store_session *session;
    struct arena *arena;
    struct test_job jobs[GROUP];
};

static struct slice put_crate(struct scene *scene)
{
    struct test_job job = { .job.run = run_job, .kind = JOB_CREATE, .arena = scene->arena };

    dispatch_run_group(scene->store, scene->session, &job.job.item);
    assert_true(job.job.ok);
    return job.key;
}

static bool run_add_tenant(struct dispatch_job *job UNUSED, struct store_session *session,
                           struct error *err)
{
    const struct registry_tenant made = { .id = tenant };

    return registry_tenant_add(session, &made, err);
}

/* A store that knows the tenant. */
static struct store *open_store(struct db_fault_plan *plan)
{
    const struct store_options options = { .in_memory = true, .faults = plan };
    struct dispatch_job job = { .run = run_add_tenant };
    struct store_session *session = NULL;
    struct error error = { 0 };
    struct store *store = NULL;

    if (!store_open(&toy_model, &options, &store, &error) ||
        !store_session_open(store, STORE_WRITES, &session, &error))
        fail_msg("%s", error.message);
    dispatch_run_group(store, session, &job.item);
    assert_true(job.ok);
    store_session_close(session);
    return store;
}

/* Two creates, two updates, two deletes, a delete of nothing, and one more create. */
static void open_scene(struct scene *scene, struct db_fault_plan *plan)
{
    static const enum job_kind kinds[GROUP] = { JOB_CREATE, JOB_UPDATE, JOB_DELETE, JOB_MISSING,
                                                JOB_CREATE, JOB_UPDATE, JOB_DELETE, JOB_CREATE };
    uint64_t fail_at = plan->fail_at;
    struct error error = { 0 };

    plan->fail_at = 0;
    scene->store = open_store(plan);
    if (!store_session_open(scene->store, STORE_WRITES, &scene->session, &error))
        fail_msg("%s", error.message);
    scene->arena = arena_create(NULL, 1 << 20);
    for (size_t i = 0; i < GROUP; i++) {
        scene->jobs[i] =
            (struct test_job){ .job.run = run_job, .kind = kinds[i], .arena = scene->arena };
        if (kinds[i] == JOB_UPDATE || kinds[i] == JOB_DELETE)
            scene->jobs[i].key = put_crate(scene);
        else if (kinds[i] == JOB_MISSING)
            scene->jobs[i].key = SLICE("nowhere");
        if (i > 0)
            scene->jobs[i - 1].job.item.next = &scene->jobs[i].job.item;
    }
    plan->fail_at = fail_at;
    plan->calls = 0;
    plan->fired = false;
}

static void close_scene(struct scene *scene)
{
    store_session_close(scene->session);
    store_close(scene->store);
    arena_destroy(scene->arena);
}

/* Whether the crate is there, and where it stands. */
static bool find_crate(struct scene *scene, struct slice key, bool *ret_is_new)
{
    struct store_session *reader;
    struct edm_entity *entity;
    struct error error = { 0 };
    bool there;

    assert_true(store_session_open(scene->store, STORE_READS, &reader, NULL));
    assert_true(store_read_begin(reader, NULL));
    there = store_entity_get(reader, tenant, &toy_crate, key, edm_all_properties(&toy_crate),
                             scene->arena, &entity, &error);
    assert_true(there || error.code == ERROR_NOT_FOUND);
    *ret_is_new = there && slice_eq(entity->values[TOY_CRATE_PLACE].text, SLICE("new"));
    store_session_close(reader);
    return there;
}

static void check_ok_job(struct scene *scene, const struct test_job *job, size_t round)
{
    bool is_new, there = find_crate(scene, job->key, &is_new);

    CHECK(job->kind != JOB_MISSING, round);
    if (job->kind == JOB_DELETE)
        CHECK(!there, round);
    else
        CHECK(there && is_new, round);
}

/* A job that was refused for sure has left no trace. */
static void check_refused_job(struct scene *scene, const struct test_job *job, size_t round)
{
    bool is_new;

    CHECK(job->job.error.code != ERROR_NONE, round);
    CHECK(job->job.error.message[0] != '\0', round);
    if (job->kind == JOB_DELETE && job->job.error.code != ERROR_STORE_FAILED)
        CHECK(find_crate(scene, job->key, &is_new), round);
    if (job->kind == JOB_MISSING && job->job.error.code == ERROR_NOT_FOUND)
        CHECK(job->runs >= 1, round);
}

static void check_scene(struct scene *scene, struct db_fault_plan *plan, size_t round)
{
    plan->fail_at = 0;
    for (size_t i = 0; i < GROUP; i++) {
        if (scene->jobs[i].job.ok)
            check_ok_job(scene, &scene->jobs[i], round);
        else
            check_refused_job(scene, &scene->jobs[i], round);
        CHECK(scene->jobs[i].runs <= 2, round);
    }
    if (!store_has_failed(scene->store))
        put_crate(scene); /* it works again */
}

static void sweep(unsigned kinds, enum db_status status, bool rolls_back)
{
    struct db_fault_plan plan = { .kinds = kinds, .status = status, .rolls_back = rolls_back };
    uint64_t rounds = 0;
    bool fired;

    do {
        struct scene scene = { 0 };

        plan.fail_at = ++rounds;
        open_scene(&scene, &plan);
        dispatch_run_group(scene.store, scene.session, &scene.jobs[0].job.item);
        fired = plan.fired;
        check_scene(&scene, &plan, (size_t)rounds);
        if (!fired)
            for (size_t i = 0; i < GROUP; i++)
                CHECK(scene.jobs[i].job.ok == (scene.jobs[i].kind != JOB_MISSING), i);
        close_scene(&scene);
    } while (fired);
    assert_true(rounds > 20); /* the sweep reached something */
}

static void test_each_call_fails(void **state UNUSED)
{
    sweep(DB_FAULT_ALL, DB_OTHER, false);
}

static void test_each_call_fails_and_rolls_back(void **state UNUSED)
{
    sweep(RUNNING, DB_FULL, true);
}

static void test_each_call_fails_for_want_of_room(void **state UNUSED)
{
    sweep(RUNNING, DB_FULL, false);
}

static void test_each_call_is_refused_as_busy(void **state UNUSED)
{
    sweep(RUNNING, DB_BUSY, false);
}

/* A sync that failed: nothing is reported, and no further write is tried. */
static void test_failed_sync(void **state UNUSED)
{
    struct db_fault_plan plan = { .kinds = DB_FAULT_COMMIT, .fail_at = 1, .status = DB_SYNC };
    struct scene scene = { 0 };
    struct test_job later = { .job.run = run_job, .kind = JOB_CREATE };

    open_scene(&scene, &plan);
    dispatch_run_group(scene.store, scene.session, &scene.jobs[0].job.item);
    assert_true(plan.fired);
    assert_true(store_has_failed(scene.store));
    for (size_t i = 0; i < GROUP; i++) {
        CHECK(!scene.jobs[i].job.ok, i);
        CHECK(scene.jobs[i].job.error.code == ERROR_STORE_FAILED, i);
        CHECK(scene.jobs[i].runs == 1, i); /* not run again: it may be on disk */
    }
    later.arena = scene.arena;
    dispatch_run_group(scene.store, scene.session, &later.job.item);
    assert_false(later.job.ok);
    assert_int_equal(later.job.error.code, ERROR_STORE_FAILED);
    assert_int_equal(later.runs, 0);
    close_scene(&scene);
}

/* --- with threads ---------------------------------------------------------------------------- */

#define THREADED_JOBS 500

struct crowd {
    struct loop *loop;
    struct dispatch *dispatch;
    struct test_job jobs[THREADED_JOBS];
    struct dispatch_job reads[THREADED_JOBS];
    size_t home, seen;
};

static struct crowd *crowd_of_read; /* set for the one test that uses it */

static bool count_crates(struct dispatch_job *job UNUSED, struct store_session *session,
                         struct error *err)
{
    struct arena *arena = arena_create(NULL, 1 << 20);
    struct edm_query query = { .type = &toy_crate, .select = 1, .page_size = 1, .count = true };
    struct edm_page page;
    bool ok = service_list(session, tenant, &query, arena, &page, err);

    arena_destroy(arena);
    return ok && page.total_count > 0;
}

static void read_done(struct dispatch_job *job)
{
    crowd_of_read->seen += job->ok;
    if (++crowd_of_read->home == 2 * THREADED_JOBS)
        loop_stop(crowd_of_read->loop);
}

/* What was reported must be seen by a read that begins now. */
static void write_done(struct dispatch_job *job)
{
    struct test_job *test_job = CONTAINER_OF(job, struct test_job, job);
    struct crowd *crowd = crowd_of_read;
    size_t index = (size_t)(test_job - crowd->jobs);

    assert_true(job->ok);
    crowd->home++;
    crowd->reads[index] =
        (struct dispatch_job){ .home = crowd->loop, .run = count_crates, .done = read_done };
    assert_true(dispatch_read(crowd->dispatch, &crowd->reads[index]));
}

static void test_threads(void **state UNUSED)
{
    const struct dispatch_limits limits = {
        .queue = 1000, .group = 16, .readers = 2, .read_deadline_ms = 60000
    };
    static struct crowd crowd;
    struct store *store = open_store(NULL);
    struct error error = { 0 };

    crowd_of_read = &crowd;
    if (!dispatch_create(store, &limits, &crowd.dispatch, &error) ||
        !loop_create(0, NULL, &crowd.loop, &error))
        fail_msg("%s", error.message);
    for (size_t i = 0; i < THREADED_JOBS; i++) {
        crowd.jobs[i] = (struct test_job){
            .job = { .home = crowd.loop, .run = run_job, .done = write_done },
            .kind = JOB_CREATE,
            .arena = arena_create(NULL, 1 << 16),
        };
        assert_true(dispatch_write(crowd.dispatch, &crowd.jobs[i].job));
    }
    loop_run(crowd.loop);
    dispatch_destroy(crowd.dispatch);
    assert_int_equal(crowd.seen, THREADED_JOBS);
    for (size_t i = 0; i < THREADED_JOBS; i++)
        arena_destroy(crowd.jobs[i].arena);
    loop_destroy(crowd.loop);
    store_close(store);
}

/* --- the end ---------------------------------------------------------------------------------- */

/* A write whose end starts another, as that of a request from a new tenant does. */
struct chain {
    struct dispatch *dispatch;
    struct dispatch_job first, second;
    bool refused;
};

static bool run_nothing(struct dispatch_job *job UNUSED, struct store_session *session UNUSED,
                        struct error *err UNUSED)
{
    return true;
}

static void first_done(struct dispatch_job *job)
{
    struct chain *chain = CONTAINER_OF(job, struct chain, first);

    assert_true(job->ok || job->error.code == ERROR_BUSY); /* whichever was first */
    chain->refused = !dispatch_write(chain->dispatch, &chain->second);
}

/* The job comes home behind the dispatch's end, and is told so. */
static void test_push_behind_the_end(void **state UNUSED)
{
    const struct dispatch_limits limits = { .queue = 10, .group = 4, .readers = 1 };
    struct store_options options = { .in_memory = true };
    struct chain chain = { .first = { .run = run_nothing, .done = first_done } };
    struct store *store = NULL;
    struct loop *loop = NULL;
    struct error error = { 0 };

    if (!store_open(&toy_model, &options, &store, &error) ||
        !dispatch_create(store, &limits, &chain.dispatch, &error) ||
        !loop_create(0, NULL, &loop, &error))
        fail_msg("%s", error.message);
    chain.first.home = loop;
    assert_true(dispatch_write(chain.dispatch, &chain.first));
    dispatch_stop(chain.dispatch);
    loop_destroy(loop); /* runs what is in its mailbox */
    assert_true(chain.refused);
    dispatch_stop(chain.dispatch);
    dispatch_destroy(chain.dispatch);
    store_close(store);
}

/* What is still queued at the end comes home unrun, and says that it was not executed. */
static void count_home(struct dispatch_job *job)
{
    const struct test_job *test_job = CONTAINER_OF(job, struct test_job, job);

    assert_true(job->ok ? test_job->runs == 1
                        : test_job->runs == 0 && job->error.code == ERROR_BUSY);
    crowd_of_read->home++;
}

static void test_stop_runs_nothing_more(void **state UNUSED)
{
    const struct dispatch_limits limits = {
        .queue = 1000, .group = 4, .readers = 1, .read_deadline_ms = 60000
    };
    static struct crowd crowd;
    struct store *store = open_store(NULL);
    struct error error = { 0 };

    crowd_of_read = &crowd;
    if (!dispatch_create(store, &limits, &crowd.dispatch, &error) ||
        !loop_create(0, NULL, &crowd.loop, &error))
        fail_msg("%s", error.message);
    for (size_t i = 0; i < THREADED_JOBS; i++) {
        crowd.jobs[i] = (struct test_job){
            .job = { .home = crowd.loop, .run = run_job, .done = count_home },
            .kind = JOB_CREATE,
            .arena = arena_create(NULL, 1 << 16),
        };
        assert_true(dispatch_write(crowd.dispatch, &crowd.jobs[i].job));
    }
    dispatch_stop(crowd.dispatch);
    assert_false(dispatch_write(crowd.dispatch, &crowd.jobs[0].job));
    loop_destroy(crowd.loop); /* runs what is in its mailbox */
    assert_int_equal(crowd.home, THREADED_JOBS);
    dispatch_destroy(crowd.dispatch);
    for (size_t i = 0; i < THREADED_JOBS; i++)
        arena_destroy(crowd.jobs[i].arena);
    store_close(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_call_fails),
        cmocka_unit_test(test_each_call_fails_and_rolls_back),
        cmocka_unit_test(test_each_call_fails_for_want_of_room),
        cmocka_unit_test(test_each_call_is_refused_as_busy),
        cmocka_unit_test(test_failed_sync),
        cmocka_unit_test(test_threads),
        cmocka_unit_test(test_stop_runs_nothing_more),
        cmocka_unit_test(test_push_behind_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
