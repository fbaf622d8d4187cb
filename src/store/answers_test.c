/* store/answers_test.c - what is kept of an answer, whose it is, and what is let go.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/test.h"

#include "store/answers.h"

#include "base/arena.h"
#include "store/shop_test.h"

#define KEEP_MS 1000
#define FAR     ((size_t)1 << 40)

static uint64_t now_ms = 1700000000000;

static uint64_t read_clock(void)
{
    return now_ms;
}

static void open_shop(struct shop *shop)
{
    shop_open(shop, true, NULL);
    shop_close_store(shop);
    shop->options.unix_ms = read_clock;
    shop_open_store(shop);
}

static void add(struct shop *shop, struct uuid tenant, const char *key, const struct answer *answer)
{
    struct error err = { 0 };

    shop_begin(shop);
    if (!answer_add(shop->writer, tenant, slice_of(key), answer, &err))
        fail_msg("%s", err.message);
    shop_end(shop);
}

static bool get(struct shop *shop, struct uuid tenant, const char *key, struct answer *ret)
{
    struct error err = { 0 };
    bool found = false;

    if (!store_read_begin(shop->reader, &err) ||
        !answer_get(shop->reader, tenant, slice_of(key), shop->arena, ret, &found, &err))
        fail_msg("%s", err.message);
    return found;
}

static int64_t forgotten(struct shop *shop, struct uuid tenant)
{
    int64_t ret = 0;

    assert_true(store_read_begin(shop->reader, NULL));
    assert_true(answers_forgotten(shop->reader, tenant, &ret, NULL));
    return ret;
}

static const struct answer kept_cases[] = {
    { SLICE_INIT("\0\1r"), 1700000000, 42, 201, SLICE_INIT("some id"),
      SLICE_INIT("Location: here\n"), SLICE_INIT("{\"a\":\"\0\"}") },
    { SLICE_INIT("r"), -5, -1, 204, SLICE_INIT(""), SLICE_INIT(""), SLICE_INIT("") },
    { SLICE_INIT("r"), INT64_MAX, INT64_MIN, 599, { NULL, 0 }, { NULL, 0 }, { NULL, 0 } },
};

static void test_comes_back(void **state UNUSED)
{
    struct answer read;
    struct shop shop;

    open_shop(&shop);
    for (size_t i = 0; i < COUNT_OF(kept_cases); i++) {
        const struct answer *it = &kept_cases[i];
        const char key[] = { (char)('a' + i), '\0' };

        CHECK(!get(&shop, shop_tenant, key, &read), i);
        add(&shop, shop_tenant, key, it);
        CHECK(get(&shop, shop_tenant, key, &read), i);
        CHECK(read.status == it->status && read.sent_unix_s == it->sent_unix_s &&
                  read.made_ticks == it->made_ticks,
              i);
        CHECK(slice_eq(read.request, it->request) && slice_eq(read.id, it->id) &&
                  slice_eq(read.fields, it->fields) && slice_eq(read.body, it->body),
              i);
        CHECK(!get(&shop, shop_other_tenant, key, &read), i);
    }
    shop_close(&shop);
}

static void test_key_is_taken_once(void **state UNUSED)
{
    struct error err = { 0 };
    struct shop shop;

    open_shop(&shop);
    add(&shop, shop_tenant, "k", &kept_cases[1]);
    add(&shop, shop_other_tenant, "k", &kept_cases[1]);
    shop_begin(&shop);
    assert_false(answer_add(shop.writer, shop_tenant, SLICE("k"), &kept_cases[0], &err));
    store_operation_undo(shop.writer);
    store_rollback(shop.writer);
    shop_close(&shop);
}

static void test_clear(void **state UNUSED)
{
    struct answer read;
    struct shop shop;

    open_shop(&shop);
    add(&shop, shop_tenant, "k", &kept_cases[1]);
    add(&shop, shop_other_tenant, "k", &kept_cases[1]);
    shop_begin(&shop);
    assert_true(answers_clear(shop.writer, shop_tenant, NULL));
    shop_end(&shop);
    assert_false(get(&shop, shop_tenant, "k", &read));
    assert_true(get(&shop, shop_other_tenant, "k", &read));
    shop_close(&shop);
}

/* Until nothing is too much. Returns how many operations it took. */
static size_t trim(struct shop *shop, int64_t keep_ms, size_t most)
{
    struct answers_excess *excess;
    size_t count, operations = 0;
    struct error err = { 0 };
    bool more;

    assert_true(store_read_begin(shop->reader, NULL));
    if (!answers_find_excess(shop->reader, keep_ms, most, shop->arena, &excess, &count, &err))
        fail_msg("%s", err.message);
    for (size_t i = 0; i < count; i++) {
        do {
            shop_begin(shop);
            if (!answers_trim(shop->writer, &excess[i], &more, &err))
                fail_msg("%s", err.message);
            shop_end(shop);
            operations++;
        } while (more);
    }
    return operations;
}

/* One is made each second, and was first sent at 100, 101 ... */
static const struct {
    uint64_t later_ms; /* than the last */
    int64_t keep_ms;
    size_t most;
    const char *left;
    int64_t forgotten;
} trim_cases[] = {
    { 0, 10000, FAR, "abcde", INT64_MIN },
    { 0, 4000, FAR, "abcde", INT64_MIN },
    { 1, 4000, FAR, "bcde", 100 },
    { 0, 2500, FAR, "cde", 101 },
    { 99999, 4000, FAR, "", 104 },
    { 0, 10000, 5, "abcde", INT64_MIN },
    { 0, 10000, 2, "de", 102 },
    { 0, 10000, 0, "", 104 },
    { 0, 2500, 1, "e", 103 }, /* both: what goes further counts */
    { 0, 1500, 4, "de", 102 },
};

static void test_trim(void **state UNUSED)
{
    struct answer read;

    for (size_t i = 0; i < COUNT_OF(trim_cases); i++) {
        struct shop shop;

        open_shop(&shop);
        for (char c = 'a'; c <= 'e'; c++) {
            const struct answer answer = { SLICE_INIT("r"), 100 + c - 'a', 0,          204,
                                           { NULL, 0 },     { NULL, 0 },   { NULL, 0 } };
            const char key[] = { c, '\0' };

            now_ms += 1000;
            add(&shop, shop_tenant, key, &answer);
        }
        now_ms += trim_cases[i].later_ms;
        trim(&shop, trim_cases[i].keep_ms, trim_cases[i].most);
        for (char c = 'a'; c <= 'e'; c++) {
            const char key[] = { c, '\0' };

            CHECK(get(&shop, shop_tenant, key, &read) == (strchr(trim_cases[i].left, c) != NULL),
                  i);
        }
        CHECK(forgotten(&shop, shop_tenant) == trim_cases[i].forgotten, i);
        CHECK(forgotten(&shop, shop_other_tenant) == INT64_MIN, i);
        CHECK(trim(&shop, trim_cases[i].keep_ms, trim_cases[i].most) == 0, i);
        shop_close(&shop);
    }
}

/* A horizon does not come nearer by an answer that was sent long before others. */
static void test_horizon_only_rises(void **state UNUSED)
{
    const struct answer late = { .request = SLICE("r"), .sent_unix_s = 500, .status = 204 };
    const struct answer early = { .request = SLICE("r"), .sent_unix_s = 3, .status = 204 };
    struct shop shop;

    open_shop(&shop);
    add(&shop, shop_tenant, "a", &late);
    trim(&shop, KEEP_MS, 0);
    now_ms += 10;
    add(&shop, shop_tenant, "b", &early);
    trim(&shop, KEEP_MS, 0);
    assert_int_equal(forgotten(&shop, shop_tenant), 500);
    shop_begin(&shop);
    assert_true(answers_clear(shop.writer, shop_tenant, NULL));
    shop_end(&shop);
    assert_true(forgotten(&shop, shop_tenant) == INT64_MIN);
    shop_close(&shop);
}

static void test_many_go_in_several_operations(void **state UNUSED)
{
    struct shop shop;

    open_shop(&shop);
    shop_begin(&shop);
    for (int i = 0; i < 1200; i++) {
        char key[16];
        int len = snprintf(key, sizeof key, "%d", i);

        now_ms++;
        assert_true(answer_add(shop.writer, shop_tenant, (struct slice){ key, (size_t)len },
                               &kept_cases[1], NULL));
    }
    shop_end(&shop);
    assert_int_equal(trim(&shop, (int64_t)FAR, 10), 3);
    assert_int_equal(trim(&shop, (int64_t)FAR, 10), 0);
    shop_close(&shop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_comes_back),
        cmocka_unit_test(test_key_is_taken_once),
        cmocka_unit_test(test_clear),
        cmocka_unit_test(test_trim),
        cmocka_unit_test(test_horizon_only_rises),
        cmocka_unit_test(test_many_go_in_several_operations),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
