/* store/shop_test.c - folders, stores and articles for tests; see the header.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/test.h"

#include "store/shop_test.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/arena.h"
#include "edm/toy_model.h"
#include "store/db_sqlite.h"

const struct uuid shop_tenant = { { 0x11 } };
const struct uuid shop_other_tenant = { { 0x22 } };

void shop_open_store(struct shop *shop)
{
    struct error err = { 0 };

    if (!store_open(&toy_model, &shop->options, &shop->store, &err) ||
        !store_session_open(shop->store, STORE_WRITES, &shop->writer, &err) ||
        !store_session_open(shop->store, STORE_READS, &shop->reader, &err))
        fail_msg("%s", err.message);
}

void shop_close_store(struct shop *shop)
{
    store_session_close(shop->reader);
    store_session_close(shop->writer);
    store_close(shop->store);
    shop->store = NULL;
    shop->reader = shop->writer = NULL;
}

/* Thousands of commits, none of which has to outlive the test: memory will do where there is enough
 * (containers have 64 MiB of it). */
static const char *parent_folder(void)
{
    const char *parent = getenv("TMPDIR");
    struct statvfs fs;

    if (access("/dev/shm", W_OK) == 0 && statvfs("/dev/shm", &fs) == 0 &&
        (uint64_t)fs.f_bavail * fs.f_frsize > UINT64_C(512) << 20)
        return "/dev/shm";
    return parent && *parent && strlen(parent) < 40 ? parent : "/tmp";
}

void shop_open(struct shop *shop, bool in_memory, struct db_fault_plan *faults)
{
    *shop = (struct shop){ 0 };
    snprintf(shop->directory, sizeof shop->directory, "%s/store-test-XXXXXX", parent_folder());
    assert_non_null(mkdtemp(shop->directory));
    shop->options = (struct store_options){ .directory = in_memory ? NULL : shop->directory,
                                            .in_memory = in_memory,
                                            .faults = faults };
    shop->arena = arena_create(NULL, 256u << 20);
    assert_non_null(shop->arena);
    shop_open_store(shop);
}

void shop_reopen(struct shop *shop)
{
    shop_close_store(shop);
    shop_open_store(shop);
}

void shop_close(struct shop *shop)
{
    static const char *const names[] = { "connectord.db", "connectord.db-wal", "connectord.db-shm",
                                         "lock" };
    char path[128];

    shop_close_store(shop);
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        snprintf(path, sizeof path, "%s/%s", shop->directory, names[i]);
        unlink(path);
    }
    assert_int_equal(rmdir(shop->directory), 0);
    arena_destroy(shop->arena);
}

struct edm_entity *shop_article(struct shop *shop, struct slice title)
{
    struct edm_entity *entity = edm_entity_create(&toy_article, shop->arena);

    assert_non_null(entity);
    entity->values[TOY_ARTICLE_TITLE] = (struct edm_value){ .text = title };
    edm_entity_mark(entity, TOY_ARTICLE_TITLE);
    assert_true(edm_entity_fill_defaults(&toy_model, entity, shop->arena, NULL));
    return entity;
}

void shop_begin(struct shop *shop)
{
    assert_true(store_begin(shop->writer, NULL));
    assert_true(store_operation_begin(shop->writer, NULL));
}

void shop_end(struct shop *shop)
{
    assert_true(store_operation_keep(shop->writer, NULL));
    assert_true(store_commit(shop->writer, NULL));
}

bool shop_insert(struct shop *shop, struct uuid tenant, struct edm_entity *entity,
                 struct error *err)
{
    bool ok = store_begin(shop->writer, err);

    if (!ok)
        return false;
    ok = store_operation_begin(shop->writer, err) &&
         store_entity_insert(shop->writer, tenant, entity, shop->arena, err) &&
         store_operation_keep(shop->writer, err) && store_commit(shop->writer, err);
    store_rollback(shop->writer);
    return ok;
}

bool shop_delete(struct shop *shop, struct uuid tenant, struct slice key, struct error *err)
{
    bool ok = store_begin(shop->writer, err);

    if (!ok)
        return false;
    ok = store_operation_begin(shop->writer, err) &&
         store_entity_delete(shop->writer, tenant, &toy_article, key, err) &&
         store_operation_keep(shop->writer, err) && store_commit(shop->writer, err);
    store_rollback(shop->writer);
    return ok;
}

void shop_fill(struct shop *shop,
               struct edm_entity *(*make)(struct chance *chance, struct arena *arena),
               struct chance *chance, struct edm_entity **ret, size_t count)
{
    shop_begin(shop);
    for (size_t i = 0; i < count; i++) {
        ret[i] = make(chance, shop->arena);
        assert_true(store_entity_insert(shop->writer, shop_tenant, ret[i], shop->arena, NULL));
    }
    shop_end(shop);
}

size_t shop_trial_count(size_t usual)
{
    const char *text = getenv("CONNECTORD_QUERIES");
    uint64_t count = usual;

    if (text)
        assert_true(slice_to_uint64(slice_of(text), UINT32_MAX, &count));
    return (size_t)count;
}

bool shop_get(struct shop *shop, struct uuid tenant, struct slice key, struct edm_entity **ret,
              struct error *err)
{
    return store_read_begin(shop->reader, err) &&
           store_entity_get(shop->reader, tenant, &toy_article, key,
                            edm_all_properties(&toy_article), shop->arena, ret, err);
}

int64_t shop_count(struct shop *shop, struct uuid tenant)
{
    struct edm_query query = { .type = &toy_article, .count = true };
    struct error err = { 0 };
    struct edm_page page;

    if (!store_read_begin(shop->reader, &err) ||
        !store_entity_list(shop->reader, tenant, &query, shop->arena, &page, &err))
        fail_msg("%s", err.message);
    return page.total_count;
}

bool shop_is_sound(const struct shop *shop)
{
    sqlite3_stmt *stmt = NULL;
    sqlite3 *db = NULL;
    char path[128];
    bool ok;

    snprintf(path, sizeof path, "%s/%s", shop->directory, DB_SQLITE_FILE_NAME);
    ok = sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK &&
         sqlite3_prepare_v2(db, "PRAGMA integrity_check", -1, &stmt, NULL) == SQLITE_OK &&
         sqlite3_step(stmt) == SQLITE_ROW &&
         strcmp((const char *)sqlite3_column_text(stmt, 0), "ok") == 0;
    sqlite3_finalize(stmt);
    sqlite3_close(db);
    return ok;
}
