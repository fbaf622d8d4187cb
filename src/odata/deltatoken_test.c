/* odata/deltatoken_test.c - what is packed comes out again, and nothing else does.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/test.h"

#include "odata/deltatoken.h"

#include "base/arena.h"
#include "edm/toy_model.h"

static const struct deltatoken_scope scope = { .type = &toy_article, .tenant = { { 0x11 } } };

static const struct deltatoken tokens[] = {
    { .since = 1 },
    { .since = 1, .lists = true },
    { .follows = true,
      .since = INT64_MAX,
      .until = INT64_MAX,
      .sequence = INT64_MAX,
      .made_ticks = INT64_MAX,
      .max_page_size = UINT16_MAX,
      .id = SLICE_INIT("a b/\xc3\xa4"),
      .query = SLICE_INIT("$select=id&$filter=x%20eq%201") },
    { .since = 2, .id = SLICE_INIT("x") },
    { .since = 2, .query = SLICE_INIT("x") },
};

static struct arena *new_arena(void)
{
    struct arena *arena = arena_create(NULL, (size_t)1 << 20);

    assert_non_null(arena);
    return arena;
}

static void test_round_trips(void **state UNUSED)
{
    struct arena *arena = new_arena();

    for (size_t i = 0; i < COUNT_OF(tokens); i++) {
        const struct deltatoken *token = &tokens[i];
        struct deltatoken again;
        struct slice payload;

        CHECK(deltatoken_encode(token, &scope, arena, &payload, NULL), i);
        CHECK(deltatoken_decode(payload, &scope, &again), i);
        CHECK(again.lists == token->lists, i);
        CHECK(again.follows == token->follows && again.since == token->since, i);
        CHECK(again.until == token->until && again.sequence == token->sequence, i);
        CHECK(again.made_ticks == token->made_ticks, i);
        CHECK(again.max_page_size == token->max_page_size, i);
        CHECK(slice_eq(again.id, token->id) && slice_eq(again.query, token->query), i);
    }
    arena_destroy(arena);
}

/* Cut anywhere, or with something behind it. */
static void test_broken(void **state UNUSED)
{
    struct arena *arena = new_arena();
    struct deltatoken again;
    struct slice payload, longer;

    for (size_t i = 0; i < COUNT_OF(tokens); i++) {
        assert_true(deltatoken_encode(&tokens[i], &scope, arena, &payload, NULL));
        for (size_t len = 0; len < payload.len; len++)
            CHECK(!deltatoken_decode(slice_sub(payload, 0, len), &scope, &again), len);
        assert_true(arena_printf(arena, &longer, "%*s", (int)payload.len + 1, ""));
        memcpy((char *)(uintptr_t)longer.ptr, payload.ptr, payload.len);
        CHECK(!deltatoken_decode(longer, &scope, &again), i);
    }
    arena_destroy(arena);
}

static void test_for_others(void **state UNUSED)
{
    const struct deltatoken_scope others[] = {
        { .type = &toy_crate, .tenant = { { 0x11 } } },
        { .type = &toy_article, .tenant = { { 0x12 } } },
    };
    struct arena *arena = new_arena();
    struct deltatoken again;
    struct slice payload;

    assert_true(deltatoken_encode(&tokens[1], &scope, arena, &payload, NULL));
    for (size_t i = 0; i < COUNT_OF(others); i++)
        CHECK(!deltatoken_decode(payload, &others[i], &again), i);
    /* Another format, a round that is none, a number below 0, no beginning. */
    size_t flag = 1 + 16 + 1 + toy_article.set_name.len;
    const struct {
        size_t at;
        char byte;
    } changes[] = { { 0, 9 }, { flag, 3 }, { flag + 1, (char)0x80 } };

    for (size_t i = 0; i < COUNT_OF(changes); i++) {
        char *byte = (char *)(uintptr_t)payload.ptr + changes[i].at, before = *byte;

        *byte = changes[i].byte;
        CHECK(!deltatoken_decode(payload, &scope, &again), i);
        *byte = before;
    }
    assert_true(
        deltatoken_encode(&(struct deltatoken){ .since = 0 }, &scope, arena, &payload, NULL));
    assert_false(deltatoken_decode(payload, &scope, &again));
    arena_destroy(arena);
}

static void test_limits(void **state UNUSED)
{
    static const struct {
        int id, query;
        bool fits;
    } cases[] = {
        { DELTATOKEN_ID_MAX, DELTATOKEN_QUERY_MAX, true },
        { DELTATOKEN_ID_MAX + 1, 0, false },
        { 0, DELTATOKEN_QUERY_MAX + 1, false },
    };
    struct arena *arena = new_arena();

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct deltatoken token = { .since = 1 }, again;
        struct error err = { 0 };
        struct slice payload;

        assert_true(arena_printf(arena, &token.id, "%*s", cases[i].id, ""));
        assert_true(arena_printf(arena, &token.query, "%*s", cases[i].query, ""));
        CHECK(deltatoken_encode(&token, &scope, arena, &payload, &err) == cases[i].fits, i);
        CHECK(cases[i].fits || err.code == ERROR_BAD_REQUEST, i);
        CHECK(!cases[i].fits || deltatoken_decode(payload, &scope, &again), i);
    }
    arena_destroy(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trips),
        cmocka_unit_test(test_broken),
        cmocka_unit_test(test_for_others),
        cmocka_unit_test(test_limits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
