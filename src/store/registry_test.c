/* store/registry_test.c - tenants, clients, the version that rises, the key that stays.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/test.h"

#include "store/registry.h"

#include "base/arena.h"
#include "store/shop_test.h"

static void undo(struct shop *shop)
{
    store_operation_undo(shop->writer);
    assert_true(store_commit(shop->writer, NULL));
}

static int64_t version_seen(struct shop *shop)
{
    int64_t version;

    assert_true(store_read_begin(shop->reader, NULL));
    assert_true(registry_version(shop->reader, &version, NULL));
    return version;
}

static void test_tenants(void **state UNUSED)
{
    struct registry_tenant tenant = {
        .id = shop_tenant, .name = SLICE("Contoso"), .licensed = true, .created_ticks = 5
    };
    struct registry_tenant read, *list;
    struct error err = { 0 };
    struct shop shop;
    int64_t version, inside;
    size_t count;

    shop_open(&shop, false, NULL);
    version = version_seen(&shop);
    shop_begin(&shop);
    assert_true(registry_tenant_add(shop.writer, &tenant, &err));
    assert_true(registry_version(shop.writer, &inside, &err) && inside > version);
    tenant.id = shop_other_tenant;
    tenant.name = SLICE_EMPTY;
    assert_true(registry_tenant_add(shop.writer, &tenant, &err));
    shop_end(&shop);
    assert_true(version_seen(&shop) > version);
    version = version_seen(&shop);

    shop_begin(&shop);
    assert_false(registry_tenant_add(shop.writer, &tenant, &err));
    assert_int_equal(err.code, ERROR_CONFLICT);
    undo(&shop);
    assert_true(version_seen(&shop) == version);

    shop_begin(&shop);
    assert_true(registry_tenant_set_license(shop.writer, shop_tenant, false, &err));
    assert_false(registry_tenant_set_license(shop.writer, (struct uuid){ { 9 } }, false, &err));
    assert_int_equal(err.code, ERROR_NOT_FOUND);
    shop_end(&shop);

    assert_true(store_read_begin(shop.reader, &err));
    assert_true(registry_tenant_get(shop.reader, shop_tenant, shop.arena, &read, &err));
    assert_true(!read.licensed && read.created_ticks == 5 && uuid_eq(read.id, shop_tenant));
    assert_true(slice_eq(read.name, SLICE("Contoso")));
    assert_false(registry_tenant_get(shop.reader, (struct uuid){ { 9 } }, shop.arena, &read, &err));
    assert_int_equal(err.code, ERROR_NOT_FOUND);
    assert_true(registry_tenant_list(shop.reader, shop.arena, &list, &count, &err));
    assert_true(count == 2 && uuid_eq(list[1].id, shop_other_tenant) && list[1].licensed);

    version = version_seen(&shop);
    shop_begin(&shop);
    assert_true(registry_tenant_remove(shop.writer, shop_tenant, &err));
    assert_false(registry_tenant_remove(shop.writer, shop_tenant, &err));
    assert_int_equal(err.code, ERROR_NOT_FOUND);
    shop_end(&shop);
    assert_true(version_seen(&shop) > version);
    assert_false(registry_tenant_get(shop.reader, shop_tenant, shop.arena, &read, &err));
    assert_true(registry_tenant_get(shop.reader, shop_other_tenant, shop.arena, &read, &err));
    shop_close(&shop);
}

static void test_clients(void **state UNUSED)
{
    struct registry_client client = { .app_id = SLICE("app"),
                                      .name = SLICE("n"),
                                      .digest = { 1, 2, 3 },
                                      .is_default = true,
                                      .roles = SLICE("A B"),
                                      .created_ticks = 7 };
    struct registry_client read, *list;
    struct error err = { 0 };
    struct shop shop;
    size_t count;

    shop_open(&shop, true, NULL);
    shop_begin(&shop);
    assert_true(registry_client_put(shop.writer, &client, false, &err));
    assert_true(registry_client_list(shop.writer, shop.arena, &list, &count, &err));
    assert_true(count == 1);
    shop_end(&shop);
    shop_begin(&shop);
    assert_false(registry_client_put(shop.writer, &client, false, &err));
    assert_int_equal(err.code, ERROR_CONFLICT);
    client.is_default = false;
    client.tenant = shop_other_tenant;
    client.any_tenant = true;
    client.digest[47] = 9;
    assert_true(registry_client_put(shop.writer, &client, true, &err));
    shop_end(&shop);
    assert_true(store_read_begin(shop.reader, &err));
    assert_true(registry_client_get(shop.reader, SLICE("app"), shop.arena, &read, &err));
    assert_true(!read.is_default && read.created_ticks == 7);
    assert_true(uuid_eq(read.tenant, shop_other_tenant) && read.any_tenant);
    assert_memory_equal(read.digest, client.digest, sizeof read.digest);
    assert_true(slice_eq(read.roles, SLICE("A B")) && slice_eq(read.name, SLICE("n")));

    shop_begin(&shop);
    assert_true(registry_client_remove(shop.writer, SLICE("app"), &err));
    assert_false(registry_client_remove(shop.writer, SLICE("app"), &err));
    assert_int_equal(err.code, ERROR_NOT_FOUND);
    shop_end(&shop);
    assert_true(store_read_begin(shop.reader, &err));
    assert_false(registry_client_get(shop.reader, SLICE("app"), shop.arena, &read, &err));
    assert_true(registry_client_list(shop.reader, shop.arena, &list, &count, &err));
    assert_true(count == 0);
    shop_close(&shop);
}

/* A list costs memory by its length, and not by the square of it. */
static void test_many_tenants(void **state UNUSED)
{
    struct arena *arena = arena_create(NULL, 1 << 20);
    struct registry_tenant tenant = { .name = SLICE("one of many") }, *list;
    struct shop shop;
    size_t count;

    shop_open(&shop, true, NULL);
    shop_begin(&shop);
    for (size_t i = 0; i < 2000; i++) {
        tenant.id.bytes[14] = (uint8_t)(i >> 8);
        tenant.id.bytes[15] = (uint8_t)i;
        tenant.created_ticks = (int64_t)i;
        CHECK(registry_tenant_add(shop.writer, &tenant, NULL), i);
    }
    shop_end(&shop);
    assert_true(store_read_begin(shop.reader, NULL));
    assert_true(registry_tenant_list(shop.reader, arena, &list, &count, NULL));
    assert_int_equal(count, 2000);
    for (size_t i = 0; i < count; i++)
        CHECK(list[i].created_ticks == (int64_t)i && slice_eq(list[i].name, tenant.name), i);
    shop_close(&shop);
    arena_destroy(arena);
}

/* What another process does is seen by the next read transaction. */
static void test_other_process(void **state UNUSED)
{
    struct registry_tenant tenant = { .id = shop_tenant, .name = SLICE("x") };
    struct shop shop, other;
    int64_t version;

    shop_open(&shop, false, NULL);
    version = version_seen(&shop);
    other = shop;
    shop_open_store(&other);
    shop_begin(&other);
    assert_true(registry_tenant_add(other.writer, &tenant, NULL));
    shop_end(&other);
    shop_close_store(&other);
    store_read_end(shop.reader);
    assert_true(version_seen(&shop) > version);
    shop_close(&shop);
}

/* --- is a tenant there ------------------------------------------------------------------------ */

static bool exists(struct store_session *session, struct uuid id)
{
    struct error err = { 0 };
    bool found;

    if (!registry_tenant_exists(session, id, &found, &err))
        fail_msg("%s", err.message);
    return found;
}

enum step { ADD, REMOVE };

/* What is asked in one transaction, operation for operation: the change, whether it is undone, and
 * whether the tenant is there before, behind the change, and behind the undoing. */
static const struct {
    enum step step;
    bool undone, before, inside, after;
} exists_cases[] = {
    { ADD, true, false, true, false }, /* what was undone is not remembered */
    { ADD, false, false, true, true },     { REMOVE, true, true, false, true },
    { REMOVE, false, true, false, false }, { ADD, false, false, true, true },
};

static void change(struct shop *shop, enum step step)
{
    const struct registry_tenant tenant = { .id = shop_tenant };

    if (step == ADD)
        assert_true(registry_tenant_add(shop->writer, &tenant, NULL));
    else
        assert_true(registry_tenant_remove(shop->writer, shop_tenant, NULL));
}

/* `together`: all of it in one group, else a transaction for each. */
static void check_exists(bool together)
{
    struct shop shop;

    shop_open(&shop, true, NULL);
    assert_true(store_begin(shop.writer, NULL));
    for (size_t i = 0; i < COUNT_OF(exists_cases); i++) {
        CHECK(exists(shop.writer, shop_tenant) == exists_cases[i].before, i);
        CHECK(exists(shop.writer, shop_tenant) == exists_cases[i].before, i);
        assert_true(store_operation_begin(shop.writer, NULL));
        change(&shop, exists_cases[i].step);
        CHECK(exists(shop.writer, shop_tenant) == exists_cases[i].inside, i);
        if (exists_cases[i].undone)
            store_operation_undo(shop.writer);
        else
            assert_true(store_operation_keep(shop.writer, NULL));
        CHECK(exists(shop.writer, shop_tenant) == exists_cases[i].after, i);
        if (together)
            continue;
        assert_true(store_commit(shop.writer, NULL));
        assert_true(store_read_begin(shop.reader, NULL));
        CHECK(exists(shop.reader, shop_tenant) == exists_cases[i].after, i);
        CHECK(!exists(shop.reader, shop_other_tenant), i);
        assert_true(store_begin(shop.writer, NULL));
    }
    store_rollback(shop.writer);
    assert_true(store_begin(shop.writer, NULL));
    assert_true(exists(shop.writer, shop_tenant) == !together);
    store_rollback(shop.writer);
    shop_close(&shop);
}

static void test_exists(void **state UNUSED)
{
    check_exists(true);
    check_exists(false);
}

/* The number of a version that was rolled back is another's later; of what stood in it nothing is
 * remembered. And another process may take a tenant away. */
static void test_exists_is_not_fooled(void **state UNUSED)
{
    struct registry_tenant tenant = { .id = shop_tenant };
    struct shop shop, other;

    shop_open(&shop, false, NULL);
    other = shop;
    shop_begin(&shop);
    assert_true(registry_tenant_add(shop.writer, &tenant, NULL));
    assert_true(exists(shop.writer, shop_tenant));
    store_rollback(shop.writer);
    shop_begin(&shop);
    tenant.id = shop_other_tenant;
    assert_true(registry_tenant_add(shop.writer, &tenant, NULL));
    shop_end(&shop);
    shop_begin(&shop);
    assert_false(exists(shop.writer, shop_tenant));
    assert_true(exists(shop.writer, shop_other_tenant));
    shop_end(&shop);

    shop_open_store(&other);
    shop_begin(&other);
    assert_true(registry_tenant_remove(other.writer, shop_other_tenant, NULL));
    shop_end(&other);
    shop_close_store(&other);
    shop_begin(&shop);
    assert_false(exists(shop.writer, shop_other_tenant));
    shop_end(&shop);
    shop_close(&shop);
}

/* More of them than are remembered, each in turn. */
static void test_exists_for_many(void **state UNUSED)
{
    struct uuid id = { { 0 } };
    struct shop shop;

    shop_open(&shop, true, NULL);
    shop_begin(&shop);
    for (unsigned i = 0; i < 200; i += 2) {
        id.bytes[15] = (uint8_t)i;
        assert_true(registry_tenant_add(shop.writer, &(struct registry_tenant){ .id = id }, NULL));
    }
    shop_end(&shop);
    assert_true(store_begin(shop.writer, NULL));
    for (unsigned i = 0; i < 800; i++) {
        id.bytes[15] = (uint8_t)(i % 200);
        CHECK(exists(shop.writer, id) == (i % 2 == 0), i);
    }
    store_rollback(shop.writer);
    shop_close(&shop);
}

static void test_seal_key(void **state UNUSED)
{
    uint8_t keys[3][REGISTRY_SEAL_BYTES] = { { 0 } };
    struct shop shop, second;

    shop_open(&shop, false, NULL);
    assert_true(store_read_begin(shop.reader, NULL));
    assert_true(registry_seal_key(shop.reader, keys[0], NULL));
    shop_reopen(&shop);
    assert_true(store_read_begin(shop.reader, NULL));
    assert_true(registry_seal_key(shop.reader, keys[1], NULL));
    assert_memory_equal(keys[0], keys[1], REGISTRY_SEAL_BYTES);
    shop_open(&second, true, NULL);
    assert_true(store_read_begin(second.reader, NULL));
    assert_true(registry_seal_key(second.reader, keys[2], NULL));
    assert_memory_not_equal(keys[0], keys[2], REGISTRY_SEAL_BYTES);
    shop_close(&second);
    shop_close(&shop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tenants),         cmocka_unit_test(test_clients),
        cmocka_unit_test(test_many_tenants),    cmocka_unit_test(test_other_process),
        cmocka_unit_test(test_exists),          cmocka_unit_test(test_exists_is_not_fooled),
        cmocka_unit_test(test_exists_for_many), cmocka_unit_test(test_seal_key),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
