/* store/schema_test.c - older and newer models over one folder.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/test.h"

#include <sqlite3.h>

#include "base/arena.h"
#include "edm/toy_model.h"
#include "store/health_policies.h"
#include "store/removals.h"
#include "store/sandboxes.h"
#include "store/shop_test.h"

/* A model with chosen types of the toy shop, the articles cut to their first properties. */
struct old_model {
    struct edm_entity_type article;
    const struct edm_entity_type *types[2];
    struct edm_singleton singleton;
    struct edm_model model;
};

static void make_old(struct old_model *old, size_t article_properties, size_t types)
{
    old->article = toy_article;
    old->article.property_count = article_properties;
    old->types[0] = &old->article;
    old->types[1] = &toy_crate;
    old->singleton = *toy_model.singleton;
    old->singleton.types = old->types;
    old->singleton.type_count = types;
    old->model = toy_model;
    old->model.singleton = &old->singleton;
}

static bool open_with(struct shop *shop, const struct edm_model *model, struct error *err)
{
    struct store *store;

    if (!store_open(model, &shop->options, &store, err))
        return false;
    store_close(store);
    return true;
}

/* Inserts a row through an older model, before there were counted dates and all behind them. */
static struct slice insert_old(struct shop *shop, const struct old_model *old)
{
    struct edm_entity *entity = edm_entity_create(&old->article, shop->arena);
    struct store_session *writer;
    struct store *store;

    assert_true(edm_entity_fill_defaults(&old->model, entity, shop->arena, NULL));
    assert_true(store_open(&old->model, &shop->options, &store, NULL));
    assert_true(store_session_open(store, STORE_WRITES, &writer, NULL));
    assert_true(store_begin(writer, NULL) && store_operation_begin(writer, NULL));
    assert_true(store_entity_insert(writer, shop_tenant, entity, shop->arena, NULL));
    assert_true(store_operation_keep(writer, NULL) && store_commit(writer, NULL));
    store_session_close(writer);
    store_close(store);
    return entity->values[0].text;
}

static void remove_store(struct shop *shop)
{
    char path[128];

    shop_close_store(shop);
    snprintf(path, sizeof path, "%s/connectord.db", shop->directory);
    assert_int_equal(remove(path), 0);
}

static void test_grows(void **state UNUSED)
{
    struct edm_entity *read = NULL, *crate;
    struct error err = { 0 };
    struct old_model old;
    struct shop shop;
    struct slice key;

    shop_open(&shop, false, NULL);
    remove_store(&shop);
    make_old(&old, TOY_ARTICLE_COUNTED_AT, 1);
    key = insert_old(&shop, &old);
    shop_open_store(&shop); /* the whole model */
    assert_true(shop_get(&shop, shop_tenant, key, &read, &err));
    assert_true(read->values[TOY_ARTICLE_COUNTED_AT].is_null);
    assert_true(read->values[TOY_ARTICLE_SIZE].integer == 1);
    assert_true(slice_eq(read->values[TOY_ARTICLE_LABELS].text, SLICE("[\"plain\"]")));
    assert_true(slice_eq(read->values[TOY_ARTICLE_NOTES].text, SLICE("[]")));
    crate = edm_entity_create(&toy_crate, shop.arena);
    assert_true(edm_entity_fill_defaults(&toy_model, crate, shop.arena, NULL));
    assert_true(shop_insert(&shop, shop_tenant, crate, &err));
    shop_reopen(&shop); /* nothing to do */
    assert_true(shop_is_sound(&shop));
    shop_close(&shop);
}

static const struct {
    size_t article_properties, types;
    const char *named;
} newer_cases[] = {
    { TOY_ARTICLE_PROPERTY_COUNT - 1, 2, "entity_article.serial" },
    { TOY_ARTICLE_PROPERTY_COUNT, 1, "entity_crate" },
};

static void test_newer_model_is_refused(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(newer_cases); i++) {
        struct error err = { 0 };
        struct old_model old;
        struct shop shop;

        shop_open(&shop, false, NULL);
        shop_close_store(&shop);
        make_old(&old, newer_cases[i].article_properties, newer_cases[i].types);
        CHECK(!open_with(&shop, &old.model, &err), i);
        CHECK(err.code == ERROR_CONFIGURATION, i);
        CHECK(strstr(err.message, newer_cases[i].named), i);
        shop_close(&shop);
    }
}

/* Runs SQL behind the store's back. */
static void run_outside(const struct shop *shop, const char *sql)
{
    sqlite3 *db = NULL;
    char path[128];

    snprintf(path, sizeof path, "%s/connectord.db", shop->directory);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

static const struct {
    const char *sql;
    enum error_code code;
    const char *named;
} strange_cases[] = {
    { "UPDATE store_state SET schema_number = 99", ERROR_CONFIGURATION, "schema 99" },
    { "UPDATE schema_object SET layout = 'INTEGER' WHERE name = 'entity_article.title'",
      ERROR_INTERNAL, "entity_article.title" },
    { "DROP TABLE store_state", ERROR_CONFIGURATION, "another program" },
};

static void test_strange_stores_are_refused(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(strange_cases); i++) {
        struct error err = { 0 };
        struct shop shop;

        shop_open(&shop, false, NULL);
        shop_close_store(&shop);
        run_outside(&shop, strange_cases[i].sql);
        CHECK(!open_with(&shop, &toy_model, &err), i);
        CHECK(err.code == strange_cases[i].code, i);
        CHECK(strstr(err.message, strange_cases[i].named), i);
        shop_close(&shop);
    }
}

/* A folder that has seen the first step alone, as the first release left it. */
static void make_schema_1(struct shop *shop)
{
    shop_close_store(shop);
    run_outside(shop, "DROP TABLE health_policy; DROP TABLE removal; DROP TABLE sandbox;"
                      "DROP TABLE watch; DROP TABLE change;"
                      "DROP TABLE answer; DROP TABLE answer_horizon;"
                      "UPDATE store_state SET schema_number = 1");
}

static void test_upgrades(void **state UNUSED)
{
    const struct sandbox sandbox = { .tenant = shop_tenant, .expires_unix_ms = 5 };
    const struct removal removal = { .type = SLICE("article"), .id = SLICE("x") };
    struct edm_health_policy policy = { .on = true };
    struct edm_entity *article, *read;
    struct error err = { 0 };
    struct shop shop;

    shop_open(&shop, false, NULL);
    article = shop_article(&shop, SLICE("old"));
    assert_true(shop_insert(&shop, shop_tenant, article, &err));
    make_schema_1(&shop);
    shop_open_store(&shop);
    assert_true(shop_get(&shop, shop_tenant, article->values[0].text, &read, &err));
    assert_true(store_begin(shop.writer, NULL) && store_operation_begin(shop.writer, NULL));
    assert_true(health_policy_put(shop.writer, shop_tenant, &toy_article, &policy, &err));
    assert_true(sandbox_add(shop.writer, &sandbox, &err));
    assert_true(removal_add(shop.writer, shop_tenant, &removal, &err));
    assert_true(store_operation_keep(shop.writer, NULL) && store_commit(shop.writer, NULL));
    shop_reopen(&shop); /* nothing to do */
    assert_true(shop_is_sound(&shop));
    shop_close(&shop);
}

/* A start that has nothing to add does not wait for somebody who is writing. */
static void test_start_takes_no_lock(void **state UNUSED)
{
    struct shop shop;

    shop_open(&shop, false, NULL);
    assert_true(store_begin(shop.writer, NULL));
    assert_true(open_with(&shop, &toy_model, NULL));
    store_rollback(shop.writer);
    shop_close(&shop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_grows),
        cmocka_unit_test(test_newer_model_is_refused),
        cmocka_unit_test(test_strange_stores_are_refused),
        cmocka_unit_test(test_upgrades),
        cmocka_unit_test(test_start_takes_no_lock),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
