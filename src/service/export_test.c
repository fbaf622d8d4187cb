/* service/export_test.c - what is exported comes back as it was, on the toy model.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "service/export.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/test.h"
#include "base/text.h"
#include "edm/toy_model.h"
#include "service/provision.h"
#include "store/registry.h"
#include "store/store.h"

#define NOW_TICKS (CLOCK_UNIX_EPOCH_TICKS + 1700000000 * CLOCK_TICKS_PER_SECOND + 1234567)
#define TEXT_MAX  (1 << 22)

struct shop {
    struct store *store;
    struct store_session *session;
};

static struct shop open_shop(void)
{
    struct store_options options = { .in_memory = true };
    struct error error = { 0 };
    struct shop shop;

    if (!store_open(&toy_model, &options, &shop.store, &error) ||
        !store_session_open(shop.store, STORE_WRITES, &shop.session, &error))
        fail_msg("%s", error.message);
    assert_true(store_begin(shop.session, NULL));
    assert_true(store_operation_begin(shop.session, NULL));
    assert_true(service_provision(shop.session, NOW_TICKS, NULL));
    return shop;
}

static void close_shop(struct shop *shop)
{
    store_operation_undo(shop->session);
    store_rollback(shop->session);
    store_session_close(shop->session);
    store_close(shop->store);
}

static size_t load(struct shop *shop, struct slice seed)
{
    struct error error = { 0 };
    size_t count = 0;

    if (!service_seed(shop->session, &toy_model, service_default_tenant(), seed, NOW_TICKS, &count,
                      &error))
        fail_msg("%s", error.message);
    return count;
}

static bool append(void *context, struct slice piece, struct error *err UNUSED)
{
    struct text *text = context;

    text_append(text, piece);
    return true;
}

static struct slice export_all(struct shop *shop, struct arena *arena, size_t *ret_count)
{
    struct error error = { 0 };
    struct text text;

    text_init(&text, arena, TEXT_MAX, TEXT_MAX);
    if (!service_export(shop->session, &toy_model, service_default_tenant(), append, &text,
                        ret_count, &error))
        fail_msg("%s", error.message);
    assert_false(text.failed);
    return text_slice(&text);
}

/* Values that a default or a reader in a hurry would change. */
static const char odd[] =
    "{\"articles\": ["
    "{\"id\": \"b\", \"title\": \"a \\\"b\\\" \\u0001 \\u20ac\", \"code\": \"\","
    " \"madeAt\": \"0001-01-01T00:00:00Z\", \"countedAt\": \"9999-12-31T23:59:59.9999999Z\","
    " \"grams\": -9223372036854775808, \"stock\": -2147483648, \"colour\": \"blue\"},"
    "{\"id\": \"a\", \"title\": null, \"madeAt\": \"2024-02-29T12:00:00.0000001+05:45\","
    " \"countedAt\": \"2024-02-29T12:00:00-14:00\", \"fragile\": false, \"finish\": null,"
    " \"finish@odata.type\": \"#x\", \"labels\": [], \"notes\": [\"\", \"\\n\"],"
    " \"serial\": \"S-1\", \"colour\": \"unknownFutureValue\"},"
    "{\"id\": \"-5d\", \"title\": \"-5d\", \"countedAt\": null}],"
    "\"crates\": [{\"id\": \"\\u0000\\ud83d\\ude00'%2F\"}]}";

static void test_round_trip(void **state UNUSED)
{
    struct arena *arena = arena_create(NULL, 64 << 20);
    struct shop first = open_shop(), second = open_shop();
    size_t count, again;

    assert_int_equal(load(&first, slice_of(odd)), 4);
    struct slice exported = export_all(&first, arena, &count);
    assert_int_equal(count, 4);
    assert_int_equal(load(&second, exported), 4);
    struct slice back = export_all(&second, arena, &again);
    assert_int_equal(again, 4);
    if (!slice_eq(exported, back))
        fail_msg("%.*s\n%.*s", SLICE_ARG(exported), SLICE_ARG(back));
    arena_destroy(arena);
    close_shop(&first);
    close_shop(&second);
}

static void test_text(void **state UNUSED)
{
    static const char empty[] = "{\n\"articles\": [],\n\"crates\": []\n}\n";
    static const char crates[] = "{\n\"articles\": [],\n\"crates\": [\n"
                                 "{\"id\":\"c-1\",\"place\":null},\n"
                                 "{\"id\":\"c-2\",\"place\":\"-5d\"}\n]\n}\n";
    struct arena *arena = arena_create(NULL, 64 << 20);
    struct shop shop = open_shop();
    size_t count;

    assert_true(slice_eq(export_all(&shop, arena, &count), slice_of(empty)));
    assert_int_equal(count, 0);
    load(&shop, SLICE("{\"crates\": [{\"id\": \"c-2\", \"place\": \"-5d\"},"
                      " {\"place\": null, \"id\": \"c-1\"}]}"));
    assert_true(slice_eq(export_all(&shop, arena, &count), slice_of(crates)));
    arena_destroy(arena);
    close_shop(&shop);
}

/* More than two pages of rows, the last one full; and pages that end by their bytes. */
static void test_pages(void **state UNUSED)
{
    static const size_t counts[] = { 999, 1000, 1001, 3000 };

    for (size_t i = 0; i < COUNT_OF(counts); i++) {
        struct arena *arena = arena_create(NULL, 64 << 20);
        struct shop shop = open_shop();
        struct text seed;
        size_t count;

        text_init(&seed, arena, TEXT_MAX, TEXT_MAX);
        text_append(&seed, SLICE("{\"crates\": ["));
        for (size_t k = 0; k < counts[i]; k++)
            text_printf(&seed, "%s{\"place\": \"%0*zu\"}", k ? "," : "", k % 100 ? 1 : 120000, k);
        text_append(&seed, SLICE("]}"));
        load(&shop, text_slice(&seed));
        struct slice exported = export_all(&shop, arena, &count);
        CHECK(count == counts[i], i);
        close_shop(&shop);

        shop = open_shop();
        CHECK(load(&shop, exported) == counts[i], i); /* each id once */
        close_shop(&shop);
        arena_destroy(arena);
    }
}

struct refusing {
    size_t left; /* pieces that are taken */
};

static bool refuse(void *context, struct slice piece UNUSED, struct error *err)
{
    struct refusing *refusing = context;

    return refusing->left-- > 0 || error_set(err, ERROR_IO, SLICE_EMPTY, "no room");
}

static void test_failures(void **state UNUSED)
{
    struct shop shop = open_shop();
    struct uuid stranger = { { 7 } };
    struct error error = { 0 };
    size_t count = 99;

    load(&shop, slice_of(odd));
    for (size_t pieces = 0; pieces < 12; pieces++) {
        struct refusing refusing = { .left = pieces };

        CHECK(!service_export(shop.session, &toy_model, service_default_tenant(), refuse, &refusing,
                              &count, &error),
              pieces);
        CHECK(strcmp(error.message, "no room") == 0, pieces);
    }
    assert_false(service_export(shop.session, &toy_model, stranger, append, NULL, &count, &error));
    assert_int_equal(error.code, ERROR_NOT_FOUND);
    assert_int_equal(count, 99);
    close_shop(&shop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_pages),
        cmocka_unit_test(test_failures),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
