/* service/sandbox_test.c - tenants that begin, begin again and end.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/test.h"

#include "service/sandbox.h"

#include "base/arena.h"
#include "edm/toy_model.h"
#include "service/health.h"
#include "service/operations.h"
#include "service/provision.h"
#include "service/rig_test.h"
#include "service/tenants.h"
#include "store/db_fault.h"
#include "store/health_policies.h"
#include "store/registry.h"
#include "store/removals.h"
#include "store/sandboxes.h"
#include "store/store.h"

#define SEED_OF_2 SLICE("{\"articles\":[{\"id\":\"s-1\",\"madeAt\":\"-40d\"},{\"id\":\"s-2\"}]}")
#define SEED_OF_1 SLICE("{\"crates\":[{\"id\":\"c\"}]}")
#define POLICY_ON SLICE("{\"articles\":{\"on\":true,\"medium\":\"90s\"}}")

static struct sandbox_request request_of(uint8_t number)
{
    return (struct sandbox_request){ .tenant = service_sandbox_id((struct uuid){ { number } }),
                                     .name = SLICE("a test"),
                                     .expires_unix_ms = 1000 + number,
                                     .seed = SEED_OF_2,
                                     .policy = POLICY_ON,
                                     .now_ticks = RIG_NOW,
                                     .sandboxes_max = 3 };
}

static bool create(struct rig *rig, const struct sandbox_request *request, size_t *ret_count,
                   struct error *err)
{
    bool ok;

    rig_begin(rig);
    ok = service_sandbox_create(rig->writer, &toy_model, request, rig->arena, ret_count, err);
    if (ok)
        rig_keep(rig);
    else
        rig_undo(rig);
    return ok;
}

static void must_create(struct rig *rig, uint8_t number)
{
    struct sandbox_request request = request_of(number);
    struct error err = { 0 };
    size_t count;

    if (!create(rig, &request, &count, &err))
        fail_msg("%s", err.message);
}

/* Everything that the store may hold of a tenant. */
struct holdings {
    int64_t articles;
    size_t removals;
    bool tenant, policy, sandbox;
};

static struct holdings holdings_of(struct rig *rig, struct uuid tenant)
{
    struct holdings held = { .articles = rig_count(rig, tenant) };
    struct edm_health_policy policy;
    struct registry_tenant found;
    struct removal *removals;
    struct sandbox sandbox;

    rig_begin(rig);
    held.tenant = registry_tenant_get(rig->writer, tenant, rig->arena, &found, NULL);
    held.sandbox = sandbox_get(rig->writer, tenant, rig->arena, &sandbox, NULL);
    assert_true(health_policy_get(rig->writer, tenant, &toy_article, &policy, &held.policy, NULL));
    assert_true(removal_list(rig->writer, tenant, 10, rig->arena, &removals, &held.removals, NULL));
    rig_keep(rig);
    return held;
}

static bool holds_nothing(const struct holdings *held)
{
    return !held->articles && !held->removals && !held->tenant && !held->policy && !held->sandbox;
}

/* --- the beginning ---------------------------------------------------------------------------- */

static void test_create(void **state UNUSED)
{
    struct sandbox_request request = request_of(1);
    struct registry_tenant tenant;
    struct holdings held;
    struct rig rig;
    size_t count;

    rig_open(&rig, NULL);
    assert_true(create(&rig, &request, &count, NULL));
    assert_int_equal(count, 2);
    held = holdings_of(&rig, request.tenant);
    assert_true(held.tenant && held.policy && held.sandbox && held.articles == 2);
    rig_begin(&rig);
    assert_true(registry_tenant_get(rig.writer, request.tenant, rig.arena, &tenant, NULL));
    assert_true(tenant.licensed && tenant.created_ticks == RIG_NOW);
    assert_true(slice_eq(tenant.name, SLICE("a test")));
    rig_keep(&rig);

    request = request_of(2); /* all of it is optional */
    request.seed = request.policy = request.name = SLICE_EMPTY;
    assert_true(create(&rig, &request, &count, NULL));
    assert_int_equal(count, 0);
    held = holdings_of(&rig, request.tenant);
    assert_true(held.tenant && !held.policy && held.sandbox && held.articles == 0);
    rig_close(&rig);
}

static const struct {
    uint8_t number;
    const char *seed, *policy;
    int64_t sandboxes_max;
    enum error_code code;
} refused_cases[] = {
    { 1, "{}", "{}", 3, ERROR_CONFLICT }, /* it is there */
    { 2, "{}", "{}", 1, ERROR_CONFLICT }, /* enough are */
    { 2, "{}", "{}", 0, ERROR_CONFLICT },
    { 2, "{\"articles\":[{\"id\":\"x\"},{\"id\":\"x\"}]}", "{}", 3, ERROR_CONFLICT },
    { 2, "{\"shelves\":[]}", "{}", 3, ERROR_BAD_REQUEST },
    { 2, "{\"articles\":[{\"id\":\"x\"}]}", "{\"articles\":7}", 3, ERROR_BAD_REQUEST },
};

static void test_create_refuses(void **state UNUSED)
{
    struct rig rig;

    rig_open(&rig, NULL);
    must_create(&rig, 1);
    for (size_t i = 0; i < COUNT_OF(refused_cases); i++) {
        struct sandbox_request request = request_of(refused_cases[i].number);
        struct error err = { 0 };
        struct holdings held;
        size_t count = 99;

        request.seed = slice_of(refused_cases[i].seed);
        request.policy = slice_of(refused_cases[i].policy);
        request.sandboxes_max = refused_cases[i].sandboxes_max;
        CHECK(!create(&rig, &request, &count, &err), i);
        CHECK(err.code == refused_cases[i].code && count == 99, i);
        held = holdings_of(&rig, request_of(2).tenant);
        CHECK(holds_nothing(&held), i);
        held = holdings_of(&rig, request_of(1).tenant);
        CHECK(held.articles == 2 && held.policy, i);
    }
    rig_close(&rig);
}

static void test_ids(void **state UNUSED)
{
    struct uuid zeros = { { 0 } }, ones, id;
    char text[UUID_TEXT_LEN];
    struct error err = { 0 };
    struct rig rig;

    memset(ones.bytes, 0xff, sizeof ones.bytes);
    uuid_format(service_sandbox_id(zeros), text);
    assert_memory_equal(text, "00000000-0000-85b0-8000-000000000000", UUID_TEXT_LEN);
    uuid_format(service_sandbox_id(ones), text);
    assert_memory_equal(text, "ffffffff-ffff-85b0-bfff-ffffffffffff", UUID_TEXT_LEN);
    id = uuid_random();
    assert_false(service_is_sandbox_id(id)); /* of version 4 */
    assert_true(service_is_sandbox_id(service_sandbox_id(id)));

    /* A token makes any tenant that nobody has heard of, but no sandbox. */
    rig_open(&rig, NULL);
    rig_begin(&rig);
    assert_true(service_tenant_ensure(rig.writer, id, RIG_NOW, rig.arena, NULL));
    assert_false(
        service_tenant_ensure(rig.writer, service_sandbox_id(id), RIG_NOW, rig.arena, &err));
    assert_int_equal(err.code, ERROR_BAD_REQUEST);
    assert_string_equal(err.message, "Request not applicable to target tenant.");
    rig_keep(&rig);
    must_create(&rig, 1);
    rig_begin(&rig);
    assert_true(service_tenant_ensure(rig.writer, request_of(1).tenant, RIG_NOW, rig.arena, NULL));
    rig_keep(&rig);
    rig_close(&rig);
}

/* --- the end ---------------------------------------------------------------------------------- */

static void add_client(struct rig *rig, const char *app_id, struct uuid tenant, bool any_tenant)
{
    const struct registry_client client = { .app_id = slice_of(app_id),
                                            .tenant = tenant,
                                            .any_tenant = any_tenant };

    rig_begin(rig);
    assert_true(registry_client_put(rig->writer, &client, false, NULL));
    rig_keep(rig);
}

static void remove_gone(struct rig *rig, struct uuid tenant)
{
    size_t count;

    rig_begin(rig);
    assert_true(service_health_remove(rig->writer, &toy_model, tenant, RIG_NOW, 10, rig->arena,
                                      &count, NULL));
    assert_int_equal(count, 1);
    rig_keep(rig);
}

static void test_delete(void **state UNUSED)
{
    struct uuid tenant = request_of(1).tenant, other = request_of(2).tenant;
    struct registry_client *clients;
    struct error err = { 0 };
    struct holdings held;
    struct rig rig;
    size_t count;

    rig_open(&rig, NULL);
    must_create(&rig, 1);
    must_create(&rig, 2);
    remove_gone(&rig, tenant);
    add_client(&rig, "its-own", tenant, false);
    add_client(&rig, "of-another", other, false);
    add_client(&rig, "of-all", tenant, true);

    rig_begin(&rig);
    assert_true(service_sandbox_delete(rig.writer, &toy_model, tenant, rig.arena, NULL));
    assert_false(service_sandbox_delete(rig.writer, &toy_model, tenant, rig.arena, &err));
    assert_int_equal(err.code, ERROR_NOT_FOUND);
    assert_true(registry_client_list(rig.writer, rig.arena, &clients, &count, NULL));
    assert_int_equal(count, 2);
    rig_keep(&rig);
    held = holdings_of(&rig, tenant);
    assert_true(holds_nothing(&held));
    held = holdings_of(&rig, other);
    assert_true(held.tenant && held.policy && held.sandbox && held.articles == 2);

    rig_article(&rig, rig_tenant, "x", 0);
    rig_begin(&rig);
    assert_false(service_sandbox_delete(rig.writer, &toy_model, rig_tenant, rig.arena, &err));
    assert_int_equal(err.code, ERROR_CONFLICT);
    rig_undo(&rig);
    held = holdings_of(&rig, rig_tenant);
    assert_true(held.tenant && held.articles == 1);
    rig_close(&rig);
}

static bool make_article(struct rig *rig, struct uuid tenant, struct error *err)
{
    struct edm_entity *given = edm_entity_create(&toy_article, rig->arena), *made;

    return service_create(rig->writer, &toy_model, tenant, given, 1000, NULL, RIG_NOW, rig->arena,
                          &made, err);
}

/* The next operation of the same transaction, kept or undone. */
static void next_operation(struct rig *rig, bool keep)
{
    if (keep)
        assert_true(store_operation_keep(rig->writer, NULL));
    else
        store_operation_undo(rig->writer);
    assert_true(store_operation_begin(rig->writer, NULL));
}

/* A create and a seed that stand in the queue behind the end of their tenant. */
static void check_queued_behind_end(bool undone)
{
    struct uuid tenant = request_of(1).tenant, other = request_of(2).tenant;
    struct error err = { 0 }, why = { 0 };
    struct holdings held;
    struct rig rig;
    size_t count;

    rig_open(&rig, NULL);
    must_create(&rig, 1);
    must_create(&rig, 2);
    rig_begin(&rig);
    assert_true(make_article(&rig, tenant, NULL)); /* now the session knows it */
    rig_keep(&rig);
    rig_begin(&rig);
    assert_true(make_article(&rig, tenant, NULL));
    next_operation(&rig, true);
    assert_true(service_sandbox_delete(rig.writer, &toy_model, tenant, rig.arena, NULL));
    next_operation(&rig, !undone);
    assert_int_equal(make_article(&rig, tenant, &err), undone);
    next_operation(&rig, undone);
    assert_int_equal(service_seed(rig.writer, &toy_model, tenant,
                                  SLICE("{\"articles\":[{\"id\":\"late\"}]}"), RIG_NOW, &count,
                                  &why),
                     undone);
    next_operation(&rig, undone);
    assert_true(make_article(&rig, other, NULL));
    rig_keep(&rig);
    held = holdings_of(&rig, tenant);
    if (undone) {
        assert_true(held.tenant && held.articles == 2 + 3 + 1);
    } else {
        assert_true(holds_nothing(&held));
        assert_int_equal(err.code, ERROR_BAD_REQUEST);
        assert_string_equal(err.message, "Request not applicable to target tenant.");
        assert_int_equal(why.code, ERROR_NOT_FOUND);
    }
    held = holdings_of(&rig, other);
    assert_int_equal(held.articles, 2 + 1);
    rig_close(&rig);
}

static void test_queued_behind_end(void **state UNUSED)
{
    check_queued_behind_end(false);
    check_queued_behind_end(true);
}

static const struct {
    int64_t unix_ms;
    size_t max, ended;
    uint8_t numbers[3];
} sweep_cases[] = { /* one after the other */
                    { 1000, 10, 0, { 0 } },
                    { 1002, 1, 1, { 1 } },
                    { 1002, 10, 1, { 2 } },
                    { 1002, 10, 0, { 0 } },
                    { INT64_MAX, 10, 1, { 3 } }
};

static void test_sweep(void **state UNUSED)
{
    struct holdings held;
    struct rig rig;

    rig_open(&rig, NULL);
    rig_article(&rig, rig_tenant, "x", 0);
    for (uint8_t number = 1; number <= 3; number++)
        must_create(&rig, number);
    for (size_t i = 0; i < COUNT_OF(sweep_cases); i++) {
        struct uuid *tenants;
        size_t count;

        rig_begin(&rig);
        CHECK(service_sandbox_sweep(rig.writer, &toy_model, sweep_cases[i].unix_ms,
                                    sweep_cases[i].max, rig.arena, &tenants, &count, NULL),
              i);
        rig_keep(&rig);
        CHECK(count == sweep_cases[i].ended, i);
        for (size_t j = 0; j < count; j++) {
            CHECK(uuid_eq(tenants[j], request_of(sweep_cases[i].numbers[j]).tenant), i);
            held = holdings_of(&rig, tenants[j]);
            CHECK(holds_nothing(&held), i);
        }
    }
    held = holdings_of(&rig, rig_tenant);
    assert_true(held.tenant && held.articles == 1);
    rig_close(&rig);
}

/* --- the reset -------------------------------------------------------------------------------- */

static const struct {
    bool is_sandbox;
    const char *seed;
    bool keep_policy;
    size_t entities;
    int64_t articles, medium_s; /* 0: no policy */
    int64_t since_ticks;
} reset_cases[] = {
    { false, "", false, 0, 0, 0, 0 },
    { false, "{\"articles\":[{},{},{}],\"crates\":[{}]}", false, 4, 3, 0, 0 },
    { false, "", true, 0, 0, 7, RIG_NOW },
    { true, "", false, 2, 2, 90, RIG_NOW + 1 },                    /* its own start */
    { true, "{\"articles\":[{}]}", false, 2, 2, 90, RIG_NOW + 1 }, /* and not the server's */
    { true, "", true, 2, 2, 7, RIG_NOW },
};

static void test_reset(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(reset_cases); i++) {
        struct uuid tenant = reset_cases[i].is_sandbox ? request_of(1).tenant : rig_tenant;
        struct edm_health_policy policy = { .on = false };
        struct error err = { 0 };
        struct holdings held;
        struct rig rig;
        size_t count;
        bool found;

        rig_open(&rig, NULL);
        must_create(&rig, 1);
        rig_article(&rig, tenant, "later", 0);
        rig_article(&rig, tenant, "gone", 99 * RIG_DAY);
        rig_article(&rig, rig_other_tenant, "x", 0);
        rig_policy(&rig, rig_other_tenant, "{\"articles\":{\"on\":true}}");
        rig_policy(&rig, tenant, "{\"articles\":{\"on\":true,\"medium\":\"7s\"}}");
        rig_begin(&rig);
        if (!service_health_remove(rig.writer, &toy_model, tenant, RIG_NOW, 10, rig.arena, &count,
                                   &err) ||
            !service_reset(rig.writer, &toy_model, tenant, slice_of(reset_cases[i].seed),
                           reset_cases[i].keep_policy, RIG_NOW + 1, rig.arena, &count, &err))
            fail_msg("case %zu: %s", i, err.message);
        CHECK(health_policy_get(rig.writer, tenant, &toy_article, &policy, &found, NULL), i);
        rig_keep(&rig);
        CHECK(count == reset_cases[i].entities, i);
        CHECK(found == (reset_cases[i].medium_s != 0) && policy.on == found, i);
        CHECK(policy.after_s[0] == reset_cases[i].medium_s, i);
        CHECK(policy.since_ticks == reset_cases[i].since_ticks, i);
        held = holdings_of(&rig, tenant);
        CHECK(held.tenant && held.articles == reset_cases[i].articles && held.removals == 0, i);
        CHECK(held.sandbox == reset_cases[i].is_sandbox, i);
        held = holdings_of(&rig, rig_other_tenant);
        CHECK(held.articles == 1 && held.policy, i);
        rig_close(&rig);
    }
}

/* A reset that cannot be finished leaves everything as it was. */
static void test_reset_is_whole(void **state UNUSED)
{
    struct error err = { 0 };
    struct holdings held;
    struct rig rig;
    size_t count;

    rig_open(&rig, NULL);
    rig_article(&rig, rig_tenant, "x", 0);
    rig_policy(&rig, rig_tenant, "{\"articles\":{\"on\":true}}");
    rig_begin(&rig);
    assert_false(service_reset(rig.writer, &toy_model, rig_tenant,
                               SLICE("{\"crates\":[{\"id\":\"c\"},{\"id\":\"c\"}]}"), false,
                               RIG_NOW, rig.arena, &count, &err));
    rig_undo(&rig);
    held = holdings_of(&rig, rig_tenant);
    assert_true(held.articles == 1 && held.policy);
    rig_begin(&rig);
    assert_false(service_reset(rig.writer, &toy_model, rig_no_tenant, SEED_OF_1, false, RIG_NOW,
                               rig.arena, &count, &err));
    assert_int_equal(err.code, ERROR_NOT_FOUND);
    rig_undo(&rig);
    rig_close(&rig);
}

/* --- what fails half-way ---------------------------------------------------------------------- */

static bool do_reset(struct rig *rig, struct error *err)
{
    size_t count;

    return service_reset(rig->writer, &toy_model, rig_tenant, SEED_OF_2, false, RIG_NOW, rig->arena,
                         &count, err);
}

static bool do_remove(struct rig *rig, struct error *err)
{
    size_t count;

    return service_health_remove(rig->writer, &toy_model, rig_tenant, RIG_NOW, 10, rig->arena,
                                 &count, err);
}

static bool do_delete(struct rig *rig, struct error *err)
{
    return service_sandbox_delete(rig->writer, &toy_model, rig_tenant, rig->arena, err);
}

static const struct {
    bool (*run)(struct rig *rig, struct error *err);
    struct holdings after; /* when it was acknowledged */
} sweep_operations[] = {
    { do_reset, { .articles = 2, .tenant = true, .sandbox = true } },
    { do_remove,
      { .articles = 1, .removals = 2, .tenant = true, .policy = true, .sandbox = true } },
    { do_delete, { .articles = 0 } },
};

static const struct holdings before_sweep = {
    .articles = 3, .tenant = true, .policy = true, .sandbox = true
};

static bool same_holdings(const struct holdings *a, const struct holdings *b)
{
    return a->articles == b->articles && a->removals == b->removals && a->tenant == b->tenant &&
           a->policy == b->policy && a->sandbox == b->sandbox;
}

/* A sandbox that was made without a policy, was given one since, and has two articles gone. */
static void open_for_sweep(struct rig *rig, struct db_fault_plan *plan)
{
    const struct sandbox sandbox = { .tenant = rig_tenant, .seed = SEED_OF_2 };

    rig_open(rig, plan);
    rig_article(rig, rig_tenant, "a", 0);
    rig_article(rig, rig_tenant, "b", 50 * RIG_DAY);
    rig_article(rig, rig_tenant, "c", 60 * RIG_DAY);
    rig_policy(rig, rig_tenant, "{\"articles\":{\"on\":true}}");
    rig_begin(rig);
    assert_true(sandbox_add(rig->writer, &sandbox, NULL));
    rig_keep(rig);
}

static bool run_operation(struct rig *rig, size_t operation)
{
    struct error err = { 0 };
    bool ok = store_begin(rig->writer, &err) && store_operation_begin(rig->writer, &err) &&
              sweep_operations[operation].run(rig, &err) && store_operation_keep(rig->writer, &err);

    if (!ok)
        store_operation_undo(rig->writer);
    if (ok)
        ok = store_commit(rig->writer, &err);
    store_rollback(rig->writer);
    CHECK(ok || err.code != ERROR_NONE, operation);
    return ok;
}

/* The 1st, 2nd, ... n-th call of the store's driver fails: all of it happened or nothing did. */
static void test_whole_or_not_at_all(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(sweep_operations); i++) {
        struct db_fault_plan plan = { .fired = true };
        uint64_t n = 1;

        for (; plan.fired; n++) {
            struct holdings held;
            struct rig rig;
            bool ok;

            plan = (struct db_fault_plan){ 0 };
            open_for_sweep(&rig, &plan);
            plan.fail_at = n;
            plan.status = n % 2 ? DB_FULL : DB_OTHER;
            plan.rolls_back = n % 3 == 0;
            plan.calls = 0;
            plan.kinds = DB_FAULT_ALL;
            ok = run_operation(&rig, i);
            plan.kinds = 0;
            held = holdings_of(&rig, rig_tenant);
            CHECK(same_holdings(&held, ok ? &sweep_operations[i].after : &before_sweep), n);
            CHECK(ok == !plan.fired, n);
            rig_close(&rig);
        }
        CHECK(n > 20, i); /* the sweep met a good many calls */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_create),
        cmocka_unit_test(test_create_refuses),
        cmocka_unit_test(test_ids),
        cmocka_unit_test(test_delete),
        cmocka_unit_test(test_queued_behind_end),
        cmocka_unit_test(test_sweep),
        cmocka_unit_test(test_reset),
        cmocka_unit_test(test_reset_is_whole),
        cmocka_unit_test(test_whole_or_not_at_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
