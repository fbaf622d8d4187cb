/* store/health_policies_test.c - policies per tenant and type, and who sees them change.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/test.h"

#include "store/health_policies.h"

#include <sqlite3.h>

#include "base/arena.h"
#include "edm/toy_model.h"
#include "store/registry.h"
#include "store/shop_test.h"

static void put(struct shop *shop, struct uuid tenant, const struct edm_health_policy *policy)
{
    struct error err = { 0 };

    shop_begin(shop);
    if (!health_policy_put(shop->writer, tenant, &toy_article, policy, &err))
        fail_msg("%s", err.message);
    shop_end(shop);
}

static bool get(struct shop *shop, struct uuid tenant, struct edm_health_policy *ret)
{
    struct error err = { 0 };
    bool found = false;

    if (!store_read_begin(shop->reader, &err) ||
        !health_policy_get(shop->reader, tenant, &toy_article, ret, &found, &err))
        fail_msg("%s", err.message);
    return found;
}

static int64_t version_seen(struct shop *shop)
{
    int64_t version;

    assert_true(store_read_begin(shop->reader, NULL));
    assert_true(registry_version(shop->reader, &version, NULL));
    return version;
}

static const struct edm_health_policy policies[] = {
    { true, { 3600, 432000 }, 2592000, 1 },
    { false, { 3600, 432000 }, 2592000, 0 },
    { true, { 0, 1 }, 0, 7 },
    { true, { 0, 0 }, 0, 0 },
    { true, { INT64_MAX, 7 }, INT64_MAX, INT64_MAX },
};

static bool same(const struct edm_health_policy *a, const struct edm_health_policy *b)
{
    return a->on == b->on && a->remove_after_s == b->remove_after_s &&
           a->since_ticks == b->since_ticks &&
           memcmp(a->after_s, b->after_s, sizeof a->after_s) == 0;
}

static void test_round_trip(void **state UNUSED)
{
    struct edm_health_policy read = { .remove_after_s = -7 };
    struct shop shop;

    shop_open(&shop, false, NULL);
    assert_false(get(&shop, shop_tenant, &read));
    assert_int_equal(read.remove_after_s, -7); /* left alone */
    for (size_t i = 0; i < COUNT_OF(policies); i++) {
        int64_t version = version_seen(&shop);

        put(&shop, shop_tenant, &policies[i]);
        CHECK(version_seen(&shop) > version, i);
        CHECK(get(&shop, shop_tenant, &read) && same(&read, &policies[i]), i);
        CHECK(!get(&shop, shop_other_tenant, &read), i);
    }
    shop_reopen(&shop);
    assert_true(get(&shop, shop_tenant, &read) && same(&read, &policies[4]));

    put(&shop, shop_other_tenant, &policies[0]);
    int64_t version = version_seen(&shop);
    shop_begin(&shop);
    assert_true(health_policies_clear(shop.writer, shop_tenant, NULL));
    shop_end(&shop);
    assert_true(version_seen(&shop) > version);
    assert_false(get(&shop, shop_tenant, &read));
    assert_true(get(&shop, shop_other_tenant, &read));
    shop_close(&shop);
}

/* What an operation wrote that was undone was never there. */
static void test_undone(void **state UNUSED)
{
    struct edm_health_policy read;
    struct shop shop;
    int64_t version;

    shop_open(&shop, true, NULL);
    version = version_seen(&shop);
    shop_begin(&shop);
    assert_true(health_policy_put(shop.writer, shop_tenant, &toy_article, &policies[0], NULL));
    store_operation_undo(shop.writer);
    assert_true(store_commit(shop.writer, NULL));
    assert_false(get(&shop, shop_tenant, &read));
    assert_true(version_seen(&shop) == version);
    shop_close(&shop);
}

static const struct {
    struct edm_health_policy policy;
    bool any_on, removes;
} removing_cases[] = {
    { { true, { 1, 2 }, 3, 4 }, true, true },
    { { false, { 1, 2 }, 3, 0 }, false, false },
    { { true, { 1, 2 }, 0, 4 }, true, false },
};

static void test_who_removes(void **state UNUSED)
{
    struct uuid *tenants;
    struct shop shop;
    size_t count;
    bool any;

    shop_open(&shop, true, NULL);
    for (size_t i = 0; i < COUNT_OF(removing_cases); i++) {
        put(&shop, shop_tenant, &removing_cases[i].policy);
        assert_true(store_read_begin(shop.reader, NULL));
        CHECK(health_policies_remove_any(shop.reader, &any, NULL), i);
        CHECK(any == removing_cases[i].removes, i);
        CHECK(health_policies_any_on(shop.reader, shop_tenant, &any, NULL), i);
        CHECK(any == removing_cases[i].any_on, i);
        CHECK(health_policies_any_on(shop.reader, shop_other_tenant, &any, NULL) && !any, i);
        CHECK(health_policies_removing(shop.reader, shop.arena, &tenants, &count, NULL), i);
        CHECK(count == removing_cases[i].removes, i);
        CHECK(count == 0 || uuid_eq(tenants[0], shop_tenant), i);
    }
    put(&shop, shop_tenant, &policies[0]);
    put(&shop, shop_other_tenant, &policies[0]);
    assert_true(store_read_begin(shop.reader, NULL));
    assert_true(health_policies_removing(shop.reader, shop.arena, &tenants, &count, NULL));
    assert_true(count == 2 && !uuid_eq(tenants[0], tenants[1]));
    shop_close(&shop);
}

static void run_outside(const struct shop *shop, const char *sql)
{
    sqlite3 *db = NULL;
    char path[128];

    snprintf(path, sizeof path, "%s/connectord.db", shop->directory);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

/* `stages` as another program version, or a bad disk, left it. */
static const struct {
    const char *stages;
    bool ok;
    int64_t after_s[2];
} stages_cases[] = {
    { "medium=5 large=6", true, { 5, 6 } },
    { "large=6", true, { 3600, 6 } }, /* the model gained one: its default */
    { "", true, { 3600, 432000 } },
    { "tiny=1 large=6 medium=5", true, { 5, 6 } }, /* and lost one */
    { "medium", false, { 0 } },
    { "medium=", false, { 0 } },
    { "medium=-1", false, { 0 } },
    { "medium=5 ", true, { 5, 432000 } },
    { "medium=5  large=6", false, { 0 } },
    { "medium=99999999999999999999", false, { 0 } },
};

static void test_stages_of_another(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(stages_cases); i++) {
        struct edm_health_policy policy = { .remove_after_s = -7 };
        struct error err = { 0 };
        struct shop shop;
        char sql[128];
        bool found;

        shop_open(&shop, false, NULL);
        put(&shop, shop_tenant, &policies[0]);
        shop_close_store(&shop);
        snprintf(sql, sizeof sql, "UPDATE health_policy SET stages = '%s'", stages_cases[i].stages);
        run_outside(&shop, sql);
        shop_open_store(&shop);
        assert_true(store_read_begin(shop.reader, NULL));
        CHECK(health_policy_get(shop.reader, shop_tenant, &toy_article, &policy, &found, &err) ==
                  stages_cases[i].ok,
              i);
        CHECK(err.code == (stages_cases[i].ok ? ERROR_NONE : ERROR_IO), i);
        CHECK(policy.remove_after_s == (stages_cases[i].ok ? 2592000 : -7), i);
        for (size_t j = 0; j < 2; j++)
            CHECK(policy.after_s[j] == stages_cases[i].after_s[j], i);
        shop_close(&shop);
    }
}

/* Numbers that nobody writes. */
static const char *const spoilt_cases[] = { "since_ticks = -1", "remove_after_s = -1" };

static void test_spoilt(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(spoilt_cases); i++) {
        struct edm_health_policy policy = { .remove_after_s = -7 };
        struct error err = { 0 };
        struct shop shop;
        char sql[128];
        bool found;

        shop_open(&shop, false, NULL);
        put(&shop, shop_tenant, &policies[0]);
        shop_close_store(&shop);
        snprintf(sql, sizeof sql, "UPDATE health_policy SET %s", spoilt_cases[i]);
        run_outside(&shop, sql);
        shop_open_store(&shop);
        assert_true(store_read_begin(shop.reader, NULL));
        CHECK(!health_policy_get(shop.reader, shop_tenant, &toy_article, &policy, &found, &err), i);
        CHECK(err.code == ERROR_IO && policy.remove_after_s == -7, i);
        shop_close(&shop);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),  cmocka_unit_test(test_undone),
        cmocka_unit_test(test_who_removes), cmocka_unit_test(test_stages_of_another),
        cmocka_unit_test(test_spoilt),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
