/* store/db_fault_test.c - every call fails once, in every way: what was acknowledged is there, what
 * was refused is not, and the store goes on.
 *
 * A sweep runs a scenario with its 1st, 2nd, ... n-th driver call failing until a run gets through
 * without. Sessions are opened anew for each run, so that preparing fails too. The one answer that
 * may be wrong is that of a COMMIT which took effect and was reported as failed: its outcome is
 * unknown, and the documentation says so.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/test.h"

#include "store/db_fault.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "edm/filter.h"
#include "edm/toy_model.h"
#include "store/answers.h"
#include "store/health_policies.h"
#include "store/registry.h"
#include "store/removals.h"
#include "store/sandboxes.h"
#include "store/shop_test.h"

#define ALL edm_all_properties(&toy_article)

static const struct mode {
    enum db_status status;
    bool after, rolls_back;
} modes[] = {
    { DB_BUSY, false, false },       { DB_BUSY, true, false },      { DB_FULL, false, false },
    { DB_FULL, false, true },        { DB_FULL, true, true },       { DB_IO, false, true },
    { DB_IO, true, false },          { DB_NO_MEMORY, false, true }, { DB_NO_MEMORY, true, false },
    { DB_INTERRUPTED, false, true }, { DB_OTHER, true, false },     { DB_CONSTRAINT, false, false },
};

static void open_sessions(struct shop *shop)
{
    assert_true(store_session_open(shop->store, STORE_WRITES, &shop->writer, NULL));
    assert_true(store_session_open(shop->store, STORE_READS, &shop->reader, NULL));
}

static void close_sessions(struct shop *shop)
{
    store_session_close(shop->writer);
    store_session_close(shop->reader);
    shop->writer = shop->reader = NULL;
}

/* --- operations ------------------------------------------------------------------------------- */

static struct edm_entity *keyed_article(struct shop *shop, const char *key)
{
    struct edm_entity *article = shop_article(shop, SLICE("x"));

    article->values[0] = (struct edm_value){ .text = slice_of(key) };
    edm_entity_mark(article, 0);
    return article;
}

static bool do_insert(struct shop *shop, struct error *err)
{
    struct edm_entity *article = keyed_article(shop, "new");

    return store_entity_insert(shop->writer, shop_tenant, article, shop->arena, err);
}

/* Without a key of its own: the limit of ids is raised too. */
static bool do_insert_unkeyed(struct shop *shop, struct error *err)
{
    struct edm_entity *article = shop_article(shop, SLICE("unkeyed"));

    return store_entity_insert(shop->writer, shop_tenant, article, shop->arena, err);
}

static bool do_update(struct shop *shop, struct error *err)
{
    struct edm_entity *article;

    if (!store_entity_get(shop->writer, shop_tenant, &toy_article, SLICE("old"), ALL, shop->arena,
                          &article, err))
        return false;
    article->values[TOY_ARTICLE_STOCK].integer = 1234;
    return store_entity_update(shop->writer, shop_tenant, article, UINT64_C(1) << TOY_ARTICLE_STOCK,
                               err);
}

static bool do_delete(struct shop *shop, struct error *err)
{
    return store_entity_delete(shop->writer, shop_tenant, &toy_article, SLICE("old"), err);
}

static bool do_delete_all(struct shop *shop, struct error *err)
{
    int64_t count;

    return store_entity_delete_all(shop->writer, shop_tenant, &toy_article, &count, err);
}

/* Whether the row "old" is there, and its stock. */
static bool old_is_there(struct shop *shop, int64_t *ret_stock)
{
    struct edm_entity *article;
    struct error err = { 0 };

    if (!shop_get(shop, shop_tenant, SLICE("old"), &article, &err)) {
        assert_int_equal(err.code, ERROR_NOT_FOUND);
        return false;
    }
    *ret_stock = article->values[TOY_ARTICLE_STOCK].integer;
    return true;
}

static bool insert_happened(struct shop *shop)
{
    struct edm_entity *article;

    return shop_get(shop, shop_tenant, SLICE("new"), &article, NULL);
}

static bool insert_unkeyed_happened(struct shop *shop)
{
    return shop_count(shop, shop_tenant) == 2;
}

static bool update_happened(struct shop *shop)
{
    int64_t stock = 0;

    assert_true(old_is_there(shop, &stock));
    assert_true(stock == 7 || stock == 1234);
    return stock == 1234;
}

static bool delete_happened(struct shop *shop)
{
    int64_t stock;

    return !old_is_there(shop, &stock);
}

/* --- the tables that are written by hand ------------------------------------------------------ */

static bool do_policy(struct shop *shop, struct error *err)
{
    const struct edm_health_policy policy = { true, { 1, 2 }, 3, 4 };

    return health_policy_put(shop->writer, shop_tenant, &toy_article, &policy, err);
}

static bool policy_happened(struct shop *shop)
{
    struct edm_health_policy policy;
    bool found;

    assert_true(store_read_begin(shop->reader, NULL));
    assert_true(health_policy_get(shop->reader, shop_tenant, &toy_article, &policy, &found, NULL));
    return found;
}

/* As a policy does: the entity goes and its record comes, or neither. */
static bool do_removal(struct shop *shop, struct error *err)
{
    const struct removal removal = { .type = SLICE("article"), .id = SLICE("old") };

    return removal_add(shop->writer, shop_tenant, &removal, err) && do_delete(shop, err);
}

static bool removal_happened(struct shop *shop)
{
    struct removal *removals;
    size_t count;

    assert_true(store_read_begin(shop->reader, NULL));
    assert_true(removal_list(shop->reader, shop_tenant, 9, shop->arena, &removals, &count, NULL));
    assert_true((count == 1) == delete_happened(shop));
    return count == 1;
}

static bool do_sandbox(struct shop *shop, struct error *err)
{
    const struct registry_tenant tenant = { .id = shop_other_tenant };
    const struct sandbox sandbox = { .tenant = shop_other_tenant };

    return registry_tenant_add(shop->writer, &tenant, err) &&
           sandbox_add(shop->writer, &sandbox, err);
}

static bool sandbox_happened(struct shop *shop)
{
    struct registry_tenant tenant;
    int64_t count;

    assert_true(store_read_begin(shop->reader, NULL));
    assert_true(sandbox_count(shop->reader, &count, NULL));
    assert_true((count == 1) ==
                registry_tenant_get(shop->reader, shop_other_tenant, shop->arena, &tenant, NULL));
    return count == 1;
}

/* What is answered goes with what was written. */
static bool do_answered(struct shop *shop, struct error *err)
{
    const struct answer answer = { .request = SLICE("r"), .status = 204 };

    return do_delete(shop, err) && answer_add(shop->writer, shop_tenant, SLICE("k"), &answer, err);
}

static bool answered_happened(struct shop *shop)
{
    struct answer answer;
    int64_t stock;
    bool found;

    assert_true(store_read_begin(shop->reader, NULL));
    assert_true(
        answer_get(shop->reader, shop_tenant, SLICE("k"), shop->arena, &answer, &found, NULL));
    assert_true(found != old_is_there(shop, &stock));
    return found;
}

static void reset_hand_tables(struct shop *shop)
{
    struct error err = { 0 };

    assert_true(health_policies_clear(shop->writer, shop_tenant, NULL));
    assert_true(removals_clear(shop->writer, shop_tenant, NULL));
    assert_true(answers_clear(shop->writer, shop_tenant, NULL));
    if (sandbox_remove(shop->writer, shop_other_tenant, &err))
        assert_true(registry_tenant_remove(shop->writer, shop_other_tenant, NULL));
    else
        assert_int_equal(err.code, ERROR_NOT_FOUND);
}

static const struct {
    bool (*run)(struct shop *shop, struct error *err);
    bool (*happened)(struct shop *shop);
} operations[] = {
    { do_insert, insert_happened },     { do_insert_unkeyed, insert_unkeyed_happened },
    { do_update, update_happened },     { do_delete, delete_happened },
    { do_delete_all, delete_happened }, { do_policy, policy_happened },
    { do_removal, removal_happened },   { do_sandbox, sandbox_happened },
    { do_answered, answered_happened },
};

/* One operation in a group of its own, as the writer runs it. True: acknowledged. */
static bool run_one(struct shop *shop, size_t operation, struct error *err)
{
    bool ok = store_begin(shop->writer, err);

    if (!ok)
        return false;
    ok = store_operation_begin(shop->writer, err) && operations[operation].run(shop, err) &&
         store_operation_keep(shop->writer, err);
    if (!ok)
        store_operation_undo(shop->writer);
    if (store_transaction_stands(shop->writer))
        return store_commit(shop->writer, ok ? err : NULL) && ok;
    store_rollback(shop->writer);
    return false;
}

/* The table with the one row "old" in it. */
static void reset_rows(struct shop *shop)
{
    struct edm_query query = { .type = &toy_article, .page_size = 100 };
    struct edm_page page;

    assert_true(store_begin(shop->writer, NULL));
    assert_true(store_operation_begin(shop->writer, NULL));
    assert_true(store_entity_list(shop->writer, shop_tenant, &query, shop->arena, &page, NULL));
    for (size_t i = 0; i < page.count; i++)
        assert_true(store_entity_delete(shop->writer, shop_tenant, &toy_article,
                                        page.entities[i]->values[0].text, NULL));
    assert_true(store_entity_insert(shop->writer, shop_tenant, keyed_article(shop, "old"),
                                    shop->arena, NULL));
    reset_hand_tables(shop);
    assert_true(store_operation_keep(shop->writer, NULL));
    assert_true(store_commit(shop->writer, NULL));
}

static void aim(struct db_fault_plan *plan, const struct mode *mode, uint64_t n)
{
    plan->kinds = DB_FAULT_ALL;
    plan->fail_at = n;
    plan->status = mode->status;
    plan->after = mode->after;
    plan->rolls_back = mode->rolls_back;
    plan->calls = 0;
    plan->fired = false;
}

static bool outcome_unknown(const struct db_fault_plan *plan)
{
    return plan->fired && plan->fired_kind == DB_FAULT_COMMIT && plan->after;
}

static void sweep_operation(struct shop *shop, struct db_fault_plan *plan, size_t operation,
                            const struct mode *mode)
{
    for (uint64_t n = 1;; n++) {
        struct error err = { 0 };
        bool acknowledged, happened;

        open_sessions(shop);
        aim(plan, mode, n);
        acknowledged = run_one(shop, operation, &err);
        plan->kinds = 0;
        happened = operations[operation].happened(shop);
        CHECK(acknowledged || err.code != ERROR_NONE, n);
        CHECK(acknowledged == happened || outcome_unknown(plan), n);
        reset_rows(shop); /* by the very session that met the fault */
        close_sessions(shop);
        if (!plan->fired) {
            CHECK(acknowledged && n > 10, n); /* the sweep met a good many calls */
            return;
        }
    }
}

static void test_operations(void **state UNUSED)
{
    struct db_fault_plan plan = { 0 };
    struct shop shop;

    shop_open(&shop, false, &plan);
    reset_rows(&shop);
    close_sessions(&shop);
    for (size_t i = 0; i < COUNT_OF(operations); i++)
        for (size_t j = 0; j < COUNT_OF(modes); j++)
            sweep_operation(&shop, &plan, i, &modes[j]);
    assert_true(shop_is_sound(&shop));
    shop_close(&shop);
}

/* --- reading ---------------------------------------------------------------------------------- */

/* title eq 'X', which is true of all of them */
static const struct edm_filter left = { .kind = EDM_FILTER_PROPERTY,
                                        .type = EDM_FILTER_STRING,
                                        .property = TOY_ARTICLE_TITLE };
static const struct edm_filter right = { .kind = EDM_FILTER_LITERAL,
                                         .type = EDM_FILTER_STRING,
                                         .text = SLICE_INIT("X") };
static const struct edm_filter *operands[] = { &left, &right };
static const struct edm_filter condition = {
    .kind = EDM_FILTER_EQ, .type = EDM_FILTER_BOOLEAN, .arguments = operands, .count = 2
};

static bool list_all(struct shop *shop, const struct edm_filter *filter, struct edm_page *page,
                     struct error *err)
{
    struct edm_query query = {
        .type = &toy_article, .select = ALL, .page_size = 3, .count = true, .filter = filter
    };

    return store_read_begin(shop->reader, err) &&
           store_entity_list(shop->reader, shop_tenant, &query, shop->arena, page, err);
}

static void check_list(const struct edm_filter *filter)
{
    struct db_fault_plan plan = { 0 };
    struct error err = { 0 };
    struct edm_page page;
    struct shop shop;

    shop_open(&shop, false, &plan);
    for (size_t i = 0; i < 5; i++)
        assert_true(shop_insert(&shop, shop_tenant, shop_article(&shop, SLICE("x")), &err));
    close_sessions(&shop);
    for (size_t i = 0; i < COUNT_OF(modes); i++) {
        for (uint64_t n = 1; n == 1 || plan.fired; n++) {
            bool ok;

            open_sessions(&shop);
            err = (struct error){ 0 };
            aim(&plan, &modes[i], n);
            ok = list_all(&shop, filter, &page, &err);
            plan.kinds = 0;
            CHECK(ok == !plan.fired && (ok || err.code != ERROR_NONE), n);
            store_read_end(shop.reader);
            CHECK(list_all(&shop, filter, &page, &err) && page.count == 3 && page.more, n);
            CHECK(page.total_count == 5, n);
            close_sessions(&shop);
        }
    }
    shop_close(&shop);
}

static void test_list(void **state UNUSED)
{
    check_list(NULL);
}

static void test_filter(void **state UNUSED)
{
    check_list(&condition);
}

/* --- a group ---------------------------------------------------------------------------------- */

#define GROUP 8

static const char *const group_keys[GROUP] = { "a", "b", "c", "d", "e", "f", "g", "h" };

/* Runs a group as the writer does. `ret_ok`: which operations were acknowledged. */
static bool run_group(struct shop *shop, bool ret_ok[GROUP])
{
    if (!store_begin(shop->writer, NULL))
        return false;
    for (size_t i = 0; i < GROUP; i++) {
        ret_ok[i] = store_operation_begin(shop->writer, NULL) &&
                    store_entity_insert(shop->writer, shop_tenant,
                                        keyed_article(shop, group_keys[i]), shop->arena, NULL) &&
                    store_operation_keep(shop->writer, NULL);
        if (!ret_ok[i])
            store_operation_undo(shop->writer);
        if (!store_transaction_stands(shop->writer)) {
            store_rollback(shop->writer);
            return false;
        }
    }
    return store_commit(shop->writer, NULL);
}

static void check_group(struct shop *shop, const struct db_fault_plan *plan, bool committed,
                        const bool ok[GROUP], uint64_t n)
{
    for (size_t i = 0; i < GROUP; i++) {
        struct edm_entity *article;
        bool there = shop_get(shop, shop_tenant, slice_of(group_keys[i]), &article, NULL);

        CHECK(there == (committed && ok[i]) || outcome_unknown(plan), n);
    }
}

static void test_group(void **state UNUSED)
{
    struct db_fault_plan plan = { 0 };
    struct shop shop;

    shop_open(&shop, false, &plan);
    close_sessions(&shop);
    for (size_t i = 0; i < COUNT_OF(modes); i++) {
        for (uint64_t n = 1; n == 1 || plan.fired; n++) {
            bool ok[GROUP] = { false }, committed;

            open_sessions(&shop);
            aim(&plan, &modes[i], n);
            plan.kinds &= ~(unsigned)DB_FAULT_BIND; /* the other sweeps meet those */
            committed = run_group(&shop, ok);
            plan.kinds = 0;
            check_group(&shop, &plan, committed, ok, n);
            reset_rows(&shop);
            close_sessions(&shop);
        }
    }
    assert_true(shop_is_sound(&shop));
    shop_close(&shop);
}

/* --- opening ---------------------------------------------------------------------------------- */

static void remove_store(const struct shop *shop)
{
    static const char *const suffixes[] = { "", "-wal", "-shm" };
    char path[128];

    for (size_t i = 0; i < COUNT_OF(suffixes); i++) {
        snprintf(path, sizeof path, "%s/connectord.db%s", shop->directory, suffixes[i]);
        unlink(path);
    }
}

/* A start that fails leaves a folder that the next start can use. */
static void test_open(void **state UNUSED)
{
    struct db_fault_plan plan = { 0 };
    struct error err = { 0 };
    struct shop shop;

    shop_open(&shop, false, &plan);
    shop_close_store(&shop);
    for (size_t i = 0; i < COUNT_OF(modes); i++) {
        if (modes[i].status == DB_CONSTRAINT)
            continue;
        for (uint64_t n = 1; n == 1 || plan.fired; n++) {
            bool ok;

            remove_store(&shop);
            aim(&plan, &modes[i], n);
            ok = store_open(&toy_model, &shop.options, &shop.store, &err);
            plan.kinds = 0;
            CHECK(!ok || !plan.fired, n);
            if (ok)
                store_close(shop.store);
            shop_open_store(&shop);
            CHECK(shop_insert(&shop, shop_tenant, shop_article(&shop, SLICE("x")), &err), n);
            shop_close_store(&shop);
        }
    }
    shop_close(&shop);
}

/* --- files that fail -------------------------------------------------------------------------- */

static void set_files(struct db_fault_plan *plan, enum sqlite_file_fault fault)
{
    atomic_store(&plan->files.fault, fault);
}

static bool insert_x(struct shop *shop, struct error *err)
{
    *err = (struct error){ 0 };
    return shop_insert(shop, shop_tenant, shop_article(shop, SLICE("x")), err);
}

/* The commit's sync or write fails: refused from then on, though the disk is well again. */
static void test_disk_fails_at_commit(void **state UNUSED)
{
    static const enum sqlite_file_fault faults[] = { SQLITE_FILES_SYNC_FAILS,
                                                     SQLITE_FILES_WRITE_FAILS };

    for (size_t i = 0; i < COUNT_OF(faults); i++) {
        struct db_fault_plan plan = { 0 };
        struct error err;
        struct shop shop;

        shop_open(&shop, false, &plan);
        CHECK(insert_x(&shop, &err), i);
        CHECK(!store_has_failed(shop.store), i);
        set_files(&plan, faults[i]);
        CHECK(!insert_x(&shop, &err) && err.code == ERROR_STORE_FAILED, i);
        set_files(&plan, SQLITE_FILES_WORK);
        CHECK(store_has_failed(shop.store), i);
        CHECK(!insert_x(&shop, &err) && err.code == ERROR_STORE_FAILED, i);
        CHECK(shop_count(&shop, shop_tenant) == 1, i); /* reading goes on */
        shop_reopen(&shop);
        CHECK(insert_x(&shop, &err), i);
        CHECK(shop_count(&shop, shop_tenant) >= 2, i);
        CHECK(shop_is_sound(&shop), i);
        shop_close(&shop);
    }
}

static void test_disk_is_full(void **state UNUSED)
{
    struct db_fault_plan plan = { 0 };
    struct error err;
    struct shop shop;

    shop_open(&shop, false, &plan);
    assert_true(insert_x(&shop, &err));
    set_files(&plan, SQLITE_FILES_FULL);
    for (size_t i = 0; i < 3; i++) {
        CHECK(!insert_x(&shop, &err) && err.code == ERROR_STORAGE_FULL, i);
        CHECK(shop_count(&shop, shop_tenant) == 1, i);
    }
    set_files(&plan, SQLITE_FILES_WORK);
    assert_false(store_has_failed(shop.store));
    assert_true(insert_x(&shop, &err));
    assert_true(shop_count(&shop, shop_tenant) == 2);
    shop_close(&shop);
}

/* Brings the log to where a checkpoint is due. */
static void fill_log(struct shop *shop)
{
    static char title[1 << 20];
    struct edm_entity *article;
    struct error err = { 0 };

    memset(title, 'x', sizeof title);
    for (size_t i = 0; i < 5; i++) {
        article = shop_article(shop, (struct slice){ title, sizeof title });
        assert_true(shop_insert(shop, shop_tenant, article, &err));
    }
}

static const struct {
    enum sqlite_file_fault fault;
    bool fails;
} checkpoint_cases[] = {
    { SQLITE_FILES_SYNC_FAILS, true },
    { SQLITE_FILES_WRITE_FAILS, true },
    { SQLITE_FILES_FULL, false }, /* what could not be moved stays in the log */
};

static void test_disk_fails_at_checkpoint(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(checkpoint_cases); i++) {
        struct db_fault_plan plan = { 0 };
        struct error err;
        struct shop shop;

        shop_open(&shop, false, &plan);
        fill_log(&shop);
        set_files(&plan, checkpoint_cases[i].fault);
        store_maintain(shop.writer);
        set_files(&plan, SQLITE_FILES_WORK);
        CHECK(store_has_failed(shop.store) == checkpoint_cases[i].fails, i);
        CHECK(insert_x(&shop, &err) == !checkpoint_cases[i].fails, i);
        shop_reopen(&shop);
        CHECK(shop_count(&shop, shop_tenant) >= 5, i);
        CHECK(shop_is_sound(&shop), i);
        shop_close(&shop);
    }
}

/* SQLite's own checkpoint at the last close fails, and says nothing: the log must survive it. */
static void test_disk_fails_at_close(void **state UNUSED)
{
    static const enum sqlite_file_fault faults[] = { SQLITE_FILES_SYNC_FAILS,
                                                     SQLITE_FILES_WRITE_FAILS, SQLITE_FILES_FULL };

    for (size_t i = 0; i < COUNT_OF(faults); i++) {
        struct db_fault_plan plan = { 0 };
        struct shop shop;

        shop_open(&shop, false, &plan);
        fill_log(&shop);
        set_files(&plan, faults[i]);
        shop_close_store(&shop);
        set_files(&plan, SQLITE_FILES_WORK);
        shop_open_store(&shop);
        CHECK(shop_count(&shop, shop_tenant) == 5, i);
        CHECK(shop_is_sound(&shop), i);
        shop_close(&shop);
    }
}

/* A commit syncs once, a group no more than one of its operations would. */
static void test_syncs_are_shared(void **state UNUSED)
{
    struct db_fault_plan plan = { 0 };
    bool ok[GROUP];
    struct error err;
    struct shop shop;
    uint64_t before;

    shop_open(&shop, false, &plan);
    assert_true(insert_x(&shop, &err));
    before = atomic_load(&plan.files.syncs);
    assert_true(insert_x(&shop, &err));
    assert_true(atomic_load(&plan.files.syncs) == before + 1);
    assert_true(run_group(&shop, ok));
    assert_true(atomic_load(&plan.files.syncs) == before + 2);
    shop_close(&shop);
}

/* Nor does opening one: that would be felt at every start of an emulator. */
static void test_memory_never_syncs(void **state UNUSED)
{
    struct db_fault_plan plan = { 0 };
    struct error err;
    struct shop shop;

    shop_open(&shop, true, &plan);
    assert_true(insert_x(&shop, &err));
    fill_log(&shop);
    store_maintain(shop.writer);
    assert_true(atomic_load(&plan.files.syncs) == 0);
    shop_close(&shop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_operations),
        cmocka_unit_test(test_list),
        cmocka_unit_test(test_filter),
        cmocka_unit_test(test_group),
        cmocka_unit_test(test_open),
        cmocka_unit_test(test_disk_fails_at_commit),
        cmocka_unit_test(test_disk_is_full),
        cmocka_unit_test(test_disk_fails_at_checkpoint),
        cmocka_unit_test(test_disk_fails_at_close),
        cmocka_unit_test(test_syncs_are_shared),
        cmocka_unit_test(test_memory_never_syncs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
