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

static struct slice encode(struct arena *arena, const char *key)
{
    struct slice payload;

    struct skiptoken token = { .last_key = slice_of(key), .max_page_size = 513 };

    assert_true(skiptoken_encode(&token, &toy_article, tenant, arena, &payload, NULL));
    return payload;
}

static bool decodes(struct slice payload, const struct edm_entity_type *type, struct uuid id,
                    struct slice *ret_key)
{
    struct skiptoken token = { .last_key = *ret_key };
    struct error err = { 0 };
    bool ok = skiptoken_decode(payload, type, id, &token, &err);

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

        struct skiptoken token;
        CHECK(skiptoken_decode(payload, &toy_article, tenant, &token, NULL), i);
        CHECK(token.max_page_size == 513, i);
        arena_destroy(arena);
    }
}

/* The layout is a promise to links that were handed out by an older build. */
static void test_layout(void **state UNUSED)
{
    struct arena *arena = arena_create(NULL, 1 << 16);
    static const unsigned char want[] = { 1,    1,    2,    3,    4,    5,  6,  7,    8,    9,
                                          10,   11,   12,   13,   14,   15, 16, 0xAF, 0x3F, 0x3A,
                                          0xA8, 0x65, 0xE0, 0x38, 0x7E, 2,  1,  'k' };

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

static void test_no_memory(void **state UNUSED)
{
    struct arena *arena = arena_create(NULL, 16);
    struct slice payload;
    struct error err = { 0 };

    assert_non_null(arena);
    assert_false(skiptoken_encode(&(struct skiptoken){ .last_key = SLICE("x") }, &toy_article,
                                  tenant, arena, &payload, &err));
    assert_int_equal(err.code, ERROR_TOO_LARGE);
    assert_false(skiptoken_refuse(NULL));
    arena_destroy(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip), cmocka_unit_test(test_layout),
        cmocka_unit_test(test_foreign),    cmocka_unit_test(test_mutations),
        cmocka_unit_test(test_cuts),       cmocka_unit_test(test_no_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
