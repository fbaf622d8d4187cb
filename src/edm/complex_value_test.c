/* edm/complex_value_test.c - spans of the toy depot, well-formed and not, and items of collections.
 */
#include "edm/complex_value.h"

#include "base/arena.h"
#include "base/test.h"
#include "edm/toy_model.h"
#include "edm/toy_siblings.h"
#include "json/reader.h"

static bool read(const char *json, struct arena *arena, struct edm_value *ret, struct error *err)
{
    const struct edm_property *span = &TOY_CARD_MEASURE->parameters[0];
    struct json_reader reader;
    struct json_token token;

    json_reader_init(&reader, slice_of(json), arena, 16);
    return json_reader_next(&reader, &token, err) &&
           edm_value_read(&toy_siblings, span, &reader, &token, arena, ret, err) &&
           json_reader_finish(&reader, err);
}

#define FROM "\"from\":\"0001-01-01T00:00:01Z\""

static const struct {
    const char *json;
    const char *unit; /* NULL: null */
    int64_t mood;     /* -1: null */
} good_cases[] = {
    { "{" FROM "}", NULL, -1 },
    { "{" FROM ",\"unit\":null,\"mood\":null}", NULL, -1 },
    { "{\"mood\":\"lost\",\"unit\":\"h\"," FROM "}", "h", 2 },
    { "{\"@odata.type\":\"#toy.depot.span\"," FROM "}", NULL, -1 },
    { "{\"@odata.type\":\"toy.depot.span\"," FROM "}", NULL, -1 },
    { "{\"@type\":\"#depot.span\"," FROM "}", NULL, -1 },
    { "{\"from@odata.type\":\"#DateTimeOffset\"," FROM ",\"@x.y\":{\"a\":[1]}}", NULL, -1 },
};

static void test_good(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(good_cases); i++) {
        struct arena *arena = arena_create(NULL, 1 << 16);
        struct error err = { 0 };
        struct edm_value value;

        CHECK(read(good_cases[i].json, arena, &value, &err), i);
        CHECK(!value.is_null && value.members[0].at.ticks == 10000000, i);
        CHECK(value.members[1].is_null == !good_cases[i].unit, i);
        CHECK(!good_cases[i].unit || slice_eq(value.members[1].text, slice_of(good_cases[i].unit)),
              i);
        CHECK(value.members[2].is_null == (good_cases[i].mood < 0), i);
        CHECK(good_cases[i].mood < 0 || value.members[2].integer == good_cases[i].mood, i);
        arena_destroy(arena);
    }
}

static const struct {
    const char *json;
    enum error_code code;
    const char *target;
} bad_cases[] = {
    { "{}", ERROR_MODEL_VALIDATION, "from" },
    { "{\"unit\":\"h\"}", ERROR_MODEL_VALIDATION, "from" },
    { "{\"from\":null}", ERROR_MODEL_VALIDATION, "from" },
    { "{\"from\":1}", ERROR_MODEL_VALIDATION, "from" },
    { "{\"from\":{}}", ERROR_MODEL_VALIDATION, "from" },
    { "{\"From\":\"0001-01-01T00:00:01Z\"}", ERROR_MODEL_VALIDATION, "From" },
    { "{" FROM ",\"odd\":1}", ERROR_MODEL_VALIDATION, "odd" },
    { "{" FROM ",\"mood\":\"Lost\"}", ERROR_MODEL_VALIDATION, "mood" },
    { "{\"@odata.type\":\"#toy.depot.reading\"," FROM "}", ERROR_MODEL_VALIDATION, "@odata.type" },
    { "{\"@odata.type\":\"span\"," FROM "}", ERROR_MODEL_VALIDATION, "@odata.type" },
    { "{\"@odata.type\":7," FROM "}", ERROR_MODEL_VALIDATION, "@odata.type" },
    { "[]", ERROR_MODEL_VALIDATION, "span" },
    { "\"x\"", ERROR_MODEL_VALIDATION, "span" },
    { "{" FROM "," FROM "}", ERROR_BAD_REQUEST, "from" },
    { "{" FROM, ERROR_BAD_REQUEST, "" },
    { "{\"from\"", ERROR_BAD_REQUEST, "" },
    { "{\"@odata.type\":", ERROR_BAD_REQUEST, "" },
    { "{\"@x\":", ERROR_BAD_REQUEST, "" },
};

static void test_bad(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(bad_cases); i++) {
        struct arena *arena = arena_create(NULL, 1 << 16);
        struct error err = { 0 };
        struct edm_value value;

        CHECK(!read(bad_cases[i].json, arena, &value, &err), i);
        CHECK(err.code == bad_cases[i].code, i);
        CHECK(slice_eq(slice_of(err.target), slice_of(bad_cases[i].target)), i);
        arena_destroy(arena);
    }
}

/* A member that stands for those to come is refused here as well. */
static const struct {
    const char *json;
    bool fits;
} sentinel_cases[] = {
    { "{\"finish\":\"red\"}", true },
    { "{\"finish\":null}", true },
    { "{}", true },
    { "{\"finish\":\"unknownFutureValue\"}", false },
};

static void test_sentinel(void **state UNUSED)
{
    const struct edm_complex wish = { .name = SLICE("wish"),
                                      .properties = &toy_article.properties[TOY_ARTICLE_FINISH],
                                      .property_count = 1 };
    const struct edm_property parameter = { .name = SLICE("wish"),
                                            .kind = EDM_COMPLEX,
                                            .complex = &wish };

    for (size_t i = 0; i < COUNT_OF(sentinel_cases); i++) {
        struct arena *arena = arena_create(NULL, 1 << 16);
        struct error err = { 0 };
        struct json_reader reader;
        struct json_token token;
        struct edm_value value;

        json_reader_init(&reader, slice_of(sentinel_cases[i].json), arena, 16);
        CHECK(json_reader_next(&reader, &token, &err), i);
        CHECK(edm_value_read(&toy_model, &parameter, &reader, &token, arena, &value, &err) ==
                  sentinel_cases[i].fits,
              i);
        CHECK(sentinel_cases[i].fits || (err.code == ERROR_MODEL_VALIDATION &&
                                         slice_eq(slice_of(err.target), SLICE("finish"))),
              i);
        arena_destroy(arena);
    }
}

static const struct {
    const char *json;
    const char *items[3];
} items_cases[] = {
    { "[]", { NULL } },
    { "[\"\"]", { "" } },
    { "[\"a,b\",\"c\"]", { "a,b", "c" } },
    { "[\"\\u0041\",\"\\\",\\\"\",\"]\"]", { "A", "\",\"", "]" } },
};

static void test_items(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(items_cases); i++) {
        struct arena *arena = arena_create(NULL, 1 << 16);
        const struct edm_value value = { .text = slice_of(items_cases[i].json) };
        struct error err = { 0 };
        struct slice *items;
        size_t count;

        CHECK(edm_value_items(&value, arena, &items, &count, &err), i);
        CHECK(count <= 3 && (count == 3 || !items_cases[i].items[count]), i);
        for (size_t j = 0; j < count; j++)
            CHECK(slice_eq(items[j], slice_of(items_cases[i].items[j])), i);
        arena_destroy(arena);
    }
}

static void test_no_memory(void **state UNUSED)
{
    struct arena *none = arena_create(NULL, 1);
    const struct edm_value value = { .text = SLICE("[\"a\"]") };
    struct error err = { 0 };
    struct edm_value ret;
    struct slice *items;
    size_t count;

    assert_false(edm_value_items(&value, none, &items, &count, &err));
    assert_int_equal(err.code, ERROR_TOO_LARGE);
    assert_false(read("{" FROM "}", none, &ret, &err));
    assert_int_equal(err.code, ERROR_TOO_LARGE);
    arena_destroy(none);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_good), cmocka_unit_test(test_bad),
                                        cmocka_unit_test(test_sentinel),
                                        cmocka_unit_test(test_items),
                                        cmocka_unit_test(test_no_memory) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
