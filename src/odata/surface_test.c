/* odata/surface_test.c - what is offered follows from the tables: the options of a set and of what
 * has no rows, operations that are refused, the words of $filter each once. */
#include "odata/surface.h"

#include "base/test.h"
#include "edm/toy_model.h"
#include "odata/beyond.h"

static const struct odata_surface wide = { &toy_model, EDM_VERSION_BETA, false };
static const struct odata_surface narrow = { &toy_model, EDM_VERSION_BETA, true };

static const struct {
    const char *option;
    bool of_set, of_count, of_entity, of_singleton;
} option_cases[] = {
    { "$select", true, true, true, true },   { "$filter", true, true, false, false },
    { "$top", true, true, false, false },    { "$count", true, true, false, false },
    { "$format", true, false, true, true },  { "$apply", true, true, false, false },
    { "$compute", true, true, true, false }, { "$nonsense", false, false, false, false },
    { "", false, false, false, false },
};

static void test_options(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(option_cases); i++) {
        const char *name = option_cases[i].option;

        CHECK(odata_surface_has_option(&wide, ODATA_SET, &toy_article, name) ==
                  option_cases[i].of_set,
              i);
        CHECK(odata_surface_has_option(&wide, ODATA_COUNT, &toy_article, name) ==
                  option_cases[i].of_count,
              i);
        CHECK(odata_surface_has_option(&wide, ODATA_ENTITY, &toy_article, name) ==
                  option_cases[i].of_entity,
              i);
        CHECK(odata_surface_has_option(&wide, ODATA_SINGLETON, NULL, name) ==
                  option_cases[i].of_singleton,
              i);
    }
}

/* An option that is refused for being beyond Graph is not there. */
static void test_beyond(void **state UNUSED)
{
    assert_int_not_equal(beyond_rows[BEYOND_SEARCH].refusal, ERROR_NONE);
    assert_false(odata_surface_has_option(&narrow, ODATA_SET, &toy_article, "$search"));
    assert_true(odata_surface_has_option(&narrow, ODATA_SET, &toy_article, "$filter"));
    assert_true(odata_surface_goes_beyond(&wide, BEYOND_BATCH_MULTIPART));
    assert_false(odata_surface_goes_beyond(&narrow, BEYOND_BATCH_MULTIPART));
}

/* So is a whole address, with its options. */
static void test_delta(void **state UNUSED)
{
    struct edm_entity_type crate = toy_crate;

    assert_true(odata_surface_has_delta(&wide, &toy_article));
    assert_false(odata_surface_has_delta(&narrow, &toy_article));
    assert_true(odata_surface_has_option(&wide, ODATA_DELTA, &toy_article, "$deltatoken"));
    assert_true(odata_surface_has_option(&wide, ODATA_DELTA, &toy_article, "$filter"));
    assert_false(odata_surface_has_option(&wide, ODATA_DELTA, &toy_article, "$orderby"));
    assert_false(odata_surface_has_option(&narrow, ODATA_DELTA, &toy_article, "$filter"));
    assert_false(odata_surface_has_option(&wide, ODATA_SET, &toy_article, "$deltatoken"));
    crate.permissions[EDM_LIST].count = 0;
    assert_false(odata_surface_has_delta(&wide, &crate));
}

static void test_operations(void **state UNUSED)
{
    struct edm_entity_type crate = toy_crate;

    crate.beyond_graph = 1u << EDM_DELETE;
    crate.permissions[EDM_CREATE].count = 0; /* nobody may: there is none */
    assert_true(odata_surface_has_operation(&wide, &crate, EDM_DELETE));
    assert_false(odata_surface_has_operation(&narrow, &crate, EDM_DELETE));
    assert_true(odata_surface_has_operation(&narrow, &crate, EDM_UPDATE));
    assert_false(odata_surface_has_operation(&wide, &crate, EDM_CREATE));
}

static void test_paths(void **state UNUSED)
{
    assert_true(odata_surface_has_path(&wide, "/$metadata"));
    assert_true(odata_surface_has_path(&wide, "/shopFloor/articles/$count"));
    assert_false(odata_surface_has_path(&wide, "/shopFloor/nothing"));
}

static void test_filter_words(void **state UNUSED)
{
    static const char *const some[] = { "not", "in", "any", "eq", "or", "contains", "maxdatetime" };
    size_t count = 0, found = 0;

    for (; odata_surface_filter_word(count).len > 0; count++) {
        for (size_t i = 0; i < COUNT_OF(some); i++)
            found += slice_eq(odata_surface_filter_word(count), slice_of(some[i]));
        for (size_t i = 0; i < count; i++)
            CHECK(!slice_eq(odata_surface_filter_word(i), odata_surface_filter_word(count)), count);
    }
    assert_int_equal(found, COUNT_OF(some));
    assert_int_equal(odata_surface_filter_word(count + 1).len, 0);
}

/* Each is taken as the server comes; where it is to be as strict as Graph, all but one are. */
static void test_filter_words_beyond(void **state UNUSED)
{
    for (size_t i = 0; odata_surface_filter_word(i).len > 0; i++) {
        struct slice word = odata_surface_filter_word(i);

        CHECK(odata_surface_has_filter_word(&wide, word), i);
        CHECK(odata_surface_has_filter_word(&narrow, word) !=
                  slice_eq(word, SLICE("matchespattern")),
              i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_options),
        cmocka_unit_test(test_beyond),
        cmocka_unit_test(test_delta),
        cmocka_unit_test(test_operations),
        cmocka_unit_test(test_paths),
        cmocka_unit_test(test_filter_words),
        cmocka_unit_test(test_filter_words_beyond),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
