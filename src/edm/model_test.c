/* edm/model_test.c - the look-ups, over the toy model. */
#include "base/test.h"
#include "edm/model.h"
#include "edm/toy_model.h"

static const struct {
    const char *set;
    unsigned version;
    const struct edm_entity_type *want;
} set_cases[] = {
    { "articles", EDM_VERSION_V1, &toy_article },
    { "articles", EDM_VERSION_BETA, &toy_article },
    { "ARTICLES", EDM_VERSION_V1, &toy_article },
    { "crates", EDM_VERSION_BETA, &toy_crate },
    { "crates", EDM_VERSION_V1, NULL },  /* beta only */
    { "article", EDM_VERSION_V1, NULL }, /* the type's name is not the set's */
    { "articles ", EDM_VERSION_V1, NULL },
    { "", EDM_VERSION_V1, NULL },
    { "articles", 0, NULL },
};

static void test_find_set(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(set_cases); i++)
        CHECK(edm_find_set(&toy_model, slice_of(set_cases[i].set), set_cases[i].version) ==
                  set_cases[i].want,
              i);
}

static void test_find_type(void **state UNUSED)
{
    assert_ptr_equal(edm_find_type(&toy_model, SLICE("crate")), &toy_crate);
    assert_null(edm_find_type(&toy_model, SLICE("Crate")));
    assert_null(edm_find_type(&toy_model, SLICE("crates")));
    assert_null(edm_find_type(&toy_model, SLICE_EMPTY));
}

static const struct {
    const char *name;
    unsigned version;
    int want; /* index, or -1 */
} action_cases[] = {
    { "restock", EDM_VERSION_V1, TOY_ARTICLE_RESTOCK },
    { "reStock", EDM_VERSION_BETA, TOY_ARTICLE_RESTOCK },
    { "retire", EDM_VERSION_BETA, TOY_ARTICLE_RETIRE },
    { "retire", EDM_VERSION_V1, -1 },
    { "toy.shop.restock", EDM_VERSION_V1, -1 }, /* whoever reads paths takes the namespace off */
    { "", EDM_VERSION_V1, -1 },
};

static void test_find_action(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(action_cases); i++) {
        const struct edm_action *want =
            action_cases[i].want < 0 ? NULL : &toy_article.actions[action_cases[i].want];
        CHECK(edm_find_action(&toy_article, slice_of(action_cases[i].name),
                              action_cases[i].version) == want,
              i);
    }
    assert_null(edm_find_action(&toy_crate, SLICE("restock"), EDM_VERSION_BETA));
}

static const struct {
    const char *name;
    int exact, nocase;
} property_cases[] = {
    { "id", TOY_ARTICLE_ID, TOY_ARTICLE_ID },
    { "soldOut", TOY_ARTICLE_SOLD_OUT, TOY_ARTICLE_SOLD_OUT },
    { "soldout", -1, TOY_ARTICLE_SOLD_OUT },
    { "SERIAL", -1, TOY_ARTICLE_SERIAL },
    { "soldOu", -1, -1 },
    { "", -1, -1 },
};

static void test_find_property(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(property_cases); i++) {
        struct slice name = slice_of(property_cases[i].name);
        CHECK(edm_find_property(&toy_article, name) == property_cases[i].exact, i);
        CHECK(edm_find_property_nocase(&toy_article, name) == property_cases[i].nocase, i);
    }
}

static void test_find_member(void **state UNUSED)
{
    const struct edm_enum *colour = toy_article.properties[TOY_ARTICLE_COLOUR].enumeration;

    assert_int_equal(edm_find_member(colour, SLICE("blue"))->value, -5);
    assert_null(edm_find_member(colour, SLICE("Blue")));
    assert_null(edm_find_member(colour, SLICE_EMPTY));
    assert_ptr_equal(edm_find_member_by_value(colour, -5), edm_find_member(colour, SLICE("blue")));
    assert_null(edm_find_member_by_value(colour, 5));
    /* The value is wider than a member's: no bit of it is dropped. */
    assert_null(edm_find_member_by_value(colour, (INT64_C(1) << 32) + 1));
}

static void test_versions(void **state UNUSED)
{
    assert_true(slice_eq(edm_version_text(EDM_VERSION_V1), SLICE("v1.0")));
    assert_true(slice_eq(edm_version_text(EDM_VERSION_BETA), SLICE("beta")));
    assert_int_equal(edm_version_text(EDM_VERSIONS_ALL).len, 0);
    assert_int_equal(edm_version_text(0).len, 0);
    assert_int_equal(edm_version_parse(SLICE("V1.0")), EDM_VERSION_V1);
    assert_int_equal(edm_version_parse(SLICE("Beta")), EDM_VERSION_BETA);
    assert_int_equal(edm_version_parse(SLICE("v1")), 0);
    assert_int_equal(edm_version_parse(SLICE_EMPTY), 0);
}

static void test_all_properties(void **state UNUSED)
{
    struct edm_entity_type wide = { .property_count = 64 };

    assert_int_equal(edm_all_properties(&toy_crate), 3);
    assert_true(edm_all_properties(&wide) == UINT64_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_find_set),       cmocka_unit_test(test_find_type),
        cmocka_unit_test(test_find_action),    cmocka_unit_test(test_find_property),
        cmocka_unit_test(test_find_member),    cmocka_unit_test(test_versions),
        cmocka_unit_test(test_all_properties),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
