/* odata/skiptoken_test.c - round trips and every single change to a token. */
#include "odata/skiptoken.h"

#include "base/arena.h"
#include "base/test.h"
#include "edm/toy_model.h"

static const struct uuid tenant = { { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 } };
static const struct uuid other_tenant = { { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
                                            17 } };

#define HEAD_BYTES    27 /* the page size included, of which any value is valid */
#define CHECKED_BYTES 25

static const char *const keys[] = { "x", "c0665abc-0000-4000-8000-00000000abcd", "a/b 'c'",
                                    "caf\xC3\xA9" };

static struct skiptoken_scope scope_of(const struct edm_entity_type *type, struct uuid id)
{
    return (struct skiptoken_scope){ .type = type, .tenant = id };
}

static struct slice encode(struct arena *arena, const char *key)
{
    const struct skiptoken_scope scope = scope_of(&toy_article, tenant);
    struct slice payload;

    struct skiptoken token = { .last_key = slice_of(key), .max_page_size = 513 };

    assert_true(skiptoken_encode(&token, &scope, arena, &payload, NULL));
    return payload;
}

static bool decodes(struct slice payload, const struct edm_entity_type *type, struct uuid id,
                    struct slice *ret_key)
{
    const struct skiptoken_scope scope = scope_of(type, id);
    struct skiptoken token = { .last_key = *ret_key };
    struct error err = { 0 };
    bool ok = skiptoken_decode(payload, &scope, NULL, &token, &err);

    *ret_key = token.last_key;
    assert_int_equal(err.code, ok ? ERROR_NONE : ERROR_BAD_REQUEST);
    assert_string_equal(err.target, ok ? "" : "$skiptoken");
    return ok;
}

static void test_round_trip(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        struct arena *arena = arena_create(NULL, 1 << 16);
        struct slice payload = encode(arena, keys[i]), key = SLICE("?");

        CHECK(payload.len == HEAD_BYTES + strlen(keys[i]), i);
        CHECK(payload.ptr[0] == SKIPTOKEN_FORMAT, i);
        CHECK(decodes(payload, &toy_article, tenant, &key), i);
        CHECK(slice_eq(key, slice_of(keys[i])), i);

        const struct skiptoken_scope scope = scope_of(&toy_article, tenant);
        struct skiptoken token;
        CHECK(skiptoken_decode(payload, &scope, NULL, &token, NULL), i);
        CHECK(token.max_page_size == 513, i);
        arena_destroy(arena);
    }
}

/* The layout is a promise to links that were handed out by an older build. */
static void test_layout(void **state UNUSED)
{
    struct arena *arena = arena_create(NULL, 1 << 16);
    static const unsigned char want[] = { 2,    1,    2,    3,    4,    5,  6,  7,    8,    9,
                                          10,   11,   12,   13,   14,   15, 16, 0x05, 0x25, 0x0A,
                                          0x1F, 0x9B, 0xDD, 0xB4, 0x3E, 2,  1,  'k' };

    assert_true(slice_eq(encode(arena, "k"), (struct slice){ (const char *)want, sizeof want }));
    arena_destroy(arena);
}

static void test_foreign(void **state UNUSED)
{
    struct arena *arena = arena_create(NULL, 1 << 16);
    struct slice payload = encode(arena, "x"), key = SLICE("?");

    assert_false(decodes(payload, &toy_crate, tenant, &key));
    assert_false(decodes(payload, &toy_article, other_tenant, &key));
    assert_true(slice_eq(key, SLICE("?"))); /* untouched */
    arena_destroy(arena);
}

/* Any bit of the head changed is a refusal; of the size and the key it is the seal's to notice. */
static void test_mutations(void **state UNUSED)
{
    struct arena *arena = arena_create(NULL, 1 << 16);
    struct slice payload = encode(arena, "key"), key = SLICE_EMPTY;
    char changed[HEAD_BYTES + 3];

    for (size_t bit = 0; bit < payload.len * 8; bit++) {
        memcpy(changed, payload.ptr, payload.len);
        changed[bit / 8] = (char)(changed[bit / 8] ^ 1 << bit % 8);
        CHECK(decodes((struct slice){ changed, payload.len }, &toy_article, tenant, &key) ==
                  (bit / 8 >= CHECKED_BYTES),
              bit);
    }
    arena_destroy(arena);
}

static void test_cuts(void **state UNUSED)
{
    struct arena *arena = arena_create(NULL, 1 << 16);
    struct slice payload = encode(arena, "key"), key = SLICE_EMPTY;

    for (size_t len = 0; len <= payload.len; len++)
        CHECK(decodes(slice_sub(payload, 0, len), &toy_article, tenant, &key) == (len > HEAD_BYTES),
              len);
    assert_false(decodes(SLICE_EMPTY, &toy_article, tenant, &key));
    assert_false(decodes(encode(arena, ""), &toy_article, tenant, &key)); /* no key: no token */
    arena_destroy(arena);
}

/* --- with an order --------------------------------------------------------------------------- */

#define NULL_VALUE                                                                                 \
    {                                                                                              \
        .kind = EDM_ORDER_NULL                                                                     \
    }
#define INTEGER(v)                                                                                 \
    {                                                                                              \
        .kind = EDM_ORDER_INTEGER, .integer = (v)                                                  \
    }
#define REAL(v)                                                                                    \
    {                                                                                              \
        .kind = EDM_ORDER_REAL, .real = (v)                                                        \
    }
#define TEXT(v)                                                                                    \
    {                                                                                              \
        .kind = EDM_ORDER_TEXT, .text = SLICE_INIT(v)                                              \
    }

static const struct {
    size_t count;
    struct edm_order_value values[3];
} order_cases[] = {
    { 1, { NULL_VALUE } },
    { 1, { INTEGER(0) } },
    { 2, { INTEGER(INT64_MIN), INTEGER(INT64_MAX) } },
    { 3, { REAL(-0.5), REAL(1e300), NULL_VALUE } },
    { 1, { TEXT("") } },
    { 3, { TEXT("caf\xC3\xA9"), INTEGER(-1), TEXT("x\0y") } },
};

static bool same_value(const struct edm_order_value *a, const struct edm_order_value *b)
{
    if (a->kind != b->kind)
        return false;
    switch (a->kind) {
    case EDM_ORDER_TEXT:
        return slice_eq(a->text, b->text);
    case EDM_ORDER_REAL:
        return a->real >= b->real && a->real <= b->real;
    case EDM_ORDER_INTEGER:
        return a->integer == b->integer;
    case EDM_ORDER_NULL:
        break;
    }
    return true;
}

static struct slice encode_order(const struct skiptoken_scope *scope,
                                 const struct edm_order_value *values, struct arena *arena)
{
    const struct skiptoken token = { .last_key = SLICE("key"), .now_ticks = -5, .values = values };
    struct slice payload;

    assert_true(skiptoken_encode(&token, scope, arena, &payload, NULL));
    return payload;
}

static void test_orders(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(order_cases); i++) {
        struct arena *arena = arena_create(NULL, 1 << 16);
        struct skiptoken_scope scope = scope_of(&toy_article, tenant);
        struct skiptoken token;
        struct slice payload;

        scope.query_digest = 7;
        scope.order_count = order_cases[i].count;
        payload = encode_order(&scope, order_cases[i].values, arena);
        CHECK(skiptoken_decode(payload, &scope, arena, &token, NULL), i);
        CHECK(slice_eq(token.last_key, SLICE("key")) && token.now_ticks == -5, i);
        CHECK(token.values, i);
        for (size_t j = 0; j < scope.order_count; j++)
            CHECK(same_value(&token.values[j], &order_cases[i].values[j]), i);
        CHECK(token.values_digest == skiptoken_digest(order_cases[i].values, scope.order_count), i);
        for (size_t len = 0; len + 3 < payload.len; len++)
            CHECK(!skiptoken_decode(slice_sub(payload, 0, len), &scope, arena, &token, NULL), i);
        scope.query_digest = 8;
        CHECK(!skiptoken_decode(payload, &scope, arena, &token, NULL), i);
        arena_destroy(arena);
    }
}

/* The longest that is told, and one byte more. */
static void test_long_values(void **state UNUSED)
{
    static char memory[SKIPTOKEN_VALUES_MAX];
    const size_t longest = SKIPTOKEN_VALUES_MAX - 3;
    struct skiptoken_scope scope = scope_of(&toy_article, tenant);

    memset(memory, 'x', sizeof memory);
    scope.order_count = 1;
    for (size_t over = 0; over <= 1; over++) {
        const struct edm_order_value value = { .kind = EDM_ORDER_TEXT,
                                               .text = { memory, longest + over } };
        struct arena *arena = arena_create(NULL, 1 << 16);
        struct slice payload = encode_order(&scope, &value, arena);
        struct skiptoken token;

        assert_true(payload.len < 1100);
        assert_true(skiptoken_decode(payload, &scope, arena, &token, NULL));
        assert_true(slice_eq(token.last_key, SLICE("key")));
        assert_true((token.values != NULL) == !over);
        assert_true(token.values_digest == skiptoken_digest(&value, 1));
        arena_destroy(arena);
    }
}

/* Lists that are not the same have not the same digest, be it by where one text ends. */
static void test_digests(void **state UNUSED)
{
    const struct edm_order_value lists[][2] = {
        { NULL_VALUE, NULL_VALUE }, { INTEGER(0), NULL_VALUE }, { NULL_VALUE, INTEGER(0) },
        { REAL(0), NULL_VALUE },    { TEXT(""), NULL_VALUE },   { TEXT("ab"), TEXT("c") },
        { TEXT("a"), TEXT("bc") },  { TEXT("abc"), TEXT("") },  { INTEGER(1), INTEGER(2) },
        { INTEGER(2), INTEGER(1) },
    };

    for (size_t i = 0; i < COUNT_OF(lists); i++) {
        for (size_t j = 0; j < COUNT_OF(lists); j++)
            CHECK((skiptoken_digest(lists[i], 2) == skiptoken_digest(lists[j], 2)) == (i == j), i);
    }
}

static void test_no_memory(void **state UNUSED)
{
    const struct skiptoken_scope scope = scope_of(&toy_article, tenant);
    struct arena *arena = arena_create(NULL, 16);
    struct slice payload;
    struct error err = { 0 };

    assert_non_null(arena);
    assert_false(skiptoken_encode(&(struct skiptoken){ .last_key = SLICE("x") }, &scope, arena,
                                  &payload, &err));
    assert_int_equal(err.code, ERROR_TOO_LARGE);
    assert_false(skiptoken_refuse(NULL));
    arena_destroy(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),  cmocka_unit_test(test_layout),
        cmocka_unit_test(test_foreign),     cmocka_unit_test(test_mutations),
        cmocka_unit_test(test_cuts),        cmocka_unit_test(test_orders),
        cmocka_unit_test(test_long_values), cmocka_unit_test(test_digests),
        cmocka_unit_test(test_no_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
