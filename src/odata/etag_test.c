/* odata/etag_test.c - tags of entities, and lists that name them or do not. */
#include "odata/etag.h"

#include "base/arena.h"
#include "base/test.h"
#include "edm/health.h"
#include "edm/toy_model.h"
#include "edm/toy_siblings.h"

static const struct {
    const char *field;
    bool listed; /* W/"17.3" */
    bool wrong;  /* the field is no list of tags */
} list_cases[] = {
    { "W/\"17.3\"", true, false },
    { "\"17.3\"", true, false }, /* weak comparison */
    { "w/\"17.3\"", true, false },
    { "  W/\"17.3\"\t", true, false },
    { "\"a\", W/\"17.3\"", true, false },
    { "\"a\",\"b\",,W/\"17.3\",\"c\"", true, false },
    { "\"a,b\", \"17.3\"", true, false },
    { "\"a\\\", \"17.3\"", true, false }, /* no quoted string: the backslash is part of a tag */
    { "nonsense, \"17.3\"", true, true },
    { "\"a\" b, \"17.3\"", true, true },
    { "", false, false },
    { ",", false, false },
    { "*", false, true },
    { "17.3", false, true },
    { "W/17.3", false, true },
    { "\"17.3", false, true },
    { "17.3\"", false, true },
    { "\"17.30\"", false, false },
    { "\"17.3.0\"", false, false },
    { "\" 17.3\"", false, false },
    { "\"a W/\"17.3\"", false, true },
    { "\"17.3\" x", false, true },
    { "W/ \"17.3\"", false, true },
    { "\"\"", false, false },
    { "W/\"\"", false, false },
    { "\"", false, true },
    { "W/", false, true },
};

static void test_list(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(list_cases); i++) {
        struct slice field = slice_of(list_cases[i].field);

        CHECK(odata_etag_is_listed(SLICE("W/\"17.3\""), field) == list_cases[i].listed, i);
        CHECK(odata_etag_is_list(field) != list_cases[i].wrong, i);
    }
    assert_true(odata_etag_is_listed(SLICE("\"x\""), SLICE("W/\"x\"")));
}

static void test_tag(void **state UNUSED)
{
    struct arena *arena = arena_create(NULL, 1 << 16);
    struct edm_entity *entity = edm_entity_create(&toy_article, arena);
    const struct edm_health_view view = { .type = &toy_article, .state = TOY_ARTICLE_COLOUR };
    char memory[ODATA_ETAG_MAX];

    assert_non_null(entity);
    entity->version = 3;
    assert_int_equal(odata_etag(entity, NULL, memory).len, 0);
    entity->created = 17;
    assert_true(slice_eq(odata_etag(entity, NULL, memory), SLICE("W/\"17.3\"")));
    entity->values[TOY_ARTICLE_COLOUR].integer = -5;
    assert_true(slice_eq(odata_etag(entity, &view, memory), SLICE("W/\"17.3.-5\"")));
    /* Of another type, a view of it: the value at that place is no state. */
    const struct edm_health_view other = { .type = &toy_pallet, .state = 0 };
    assert_true(slice_eq(odata_etag(entity, &other, memory), SLICE("W/\"17.3\"")));
    entity->created = entity->version = entity->values[TOY_ARTICLE_COLOUR].integer = INT64_MIN;
    struct slice longest = odata_etag(entity, &view, memory);
    assert_true(longest.len > 60 && odata_etag_is_listed(longest, longest));
    arena_destroy(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_list), cmocka_unit_test(test_tag) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
