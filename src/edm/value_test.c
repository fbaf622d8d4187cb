/* edm/value_test.c - JSON to value and back, as tables over the toy model. */
#include <stdlib.h>

#include "base/arena.h"
#include "base/test.h"
#include "base/text.h"
#include "edm/toy_model.h"
#include "edm/value.h"
#include "json/reader.h"
#include "json/writer.h"

static bool read_one(const struct edm_property *property, struct slice json, struct arena *arena,
                     struct edm_value *ret, struct error *err)
{
    struct json_reader reader;
    struct json_token token;

    json_reader_init(&reader, json, arena, JSON_DEPTH_DEFAULT);
    return json_reader_next(&reader, &token, err) &&
           edm_value_read(&toy_model, property, &reader, &token, arena, ret, err) &&
           json_reader_finish(&reader, err);
}

static struct slice write_one(const struct edm_property *property, const struct edm_value *value,
                              bool utc, struct arena *arena)
{
    struct text text;
    struct json_writer writer;

    text_init(&text, arena, 0, SIZE_MAX);
    json_writer_init(&writer, &text);
    edm_value_write(property, value, utc ? EDM_UTC : EDM_AS_STORED, &writer);
    return text_slice(&text);
}

/* `json` is taken as a value of the article's property, and written as `written` (NULL: as it is).
 */
static const struct {
    enum toy_article_property property;
    const char *json;
    const char *written;
} good_cases[] = {
    { TOY_ARTICLE_TITLE, "\"\"", NULL },
    { TOY_ARTICLE_TITLE, "\"abc\"", NULL },
    { TOY_ARTICLE_TITLE, "null", NULL },
    { TOY_ARTICLE_TITLE, "\"null\"", NULL },
    { TOY_ARTICLE_TITLE, "\"\\u00e9\\ud83d\\ude00\"", "\"\xc3\xa9\xf0\x9f\x98\x80\"" },
    { TOY_ARTICLE_TITLE, "\"a\\u0000b\"", NULL },
    { TOY_ARTICLE_TITLE, "\"\\\"\\\\\\n\"", NULL },
    { TOY_ARTICLE_TITLE, "\"3\"", NULL },
    { TOY_ARTICLE_CODE, "\"\"", NULL },
    { TOY_ARTICLE_SERIAL, "\"S1\"", NULL }, /* read-only is the payload reader's business */
    { TOY_ARTICLE_ID, "\"x\"", NULL },

    { TOY_ARTICLE_SOLD_OUT, "true", NULL },
    { TOY_ARTICLE_SOLD_OUT, "false", NULL },
    { TOY_ARTICLE_FRAGILE, "null", NULL },
    { TOY_ARTICLE_FRAGILE, "true", NULL },

    { TOY_ARTICLE_STOCK, "0", NULL },
    { TOY_ARTICLE_STOCK, "-0", "0" },
    { TOY_ARTICLE_STOCK, "2147483647", NULL },
    { TOY_ARTICLE_STOCK, "-2147483648", NULL },
    { TOY_ARTICLE_STOCK, "1.0", "1" }, /* the same number, as some JavaScript writers spell it */
    { TOY_ARTICLE_STOCK, "1e2", "100" },
    { TOY_ARTICLE_STOCK, "\"12\"", "12" },
    { TOY_ARTICLE_GRAMS, "9223372036854775807", NULL },
    { TOY_ARTICLE_GRAMS, "-9223372036854775808", NULL },
    { TOY_ARTICLE_GRAMS, "\"9223372036854775807\"", "9223372036854775807" },
    { TOY_ARTICLE_GRAMS, "null", NULL },

    { TOY_ARTICLE_MADE_AT, "\"0001-01-01T00:00:00Z\"", NULL },
    { TOY_ARTICLE_MADE_AT, "\"2016-12-31T23:58:36.6670033-08:00\"", NULL },
    { TOY_ARTICLE_MADE_AT, "\"2024-01-01T00:00Z\"", "\"2024-01-01T00:00:00Z\"" },
    { TOY_ARTICLE_MADE_AT, "\"2024-01-01T00:00:00.100Z\"", "\"2024-01-01T00:00:00.1Z\"" },
    { TOY_ARTICLE_MADE_AT, "\"2024-01-01T00:00:00\\u005a\"", "\"2024-01-01T00:00:00Z\"" },
    { TOY_ARTICLE_COUNTED_AT, "null", NULL },

    { TOY_ARTICLE_SIZE, "\"small\"", NULL },
    { TOY_ARTICLE_SIZE, "\"large\"", NULL },
    { TOY_ARTICLE_SIZE, "\"\\u006carge\"", "\"large\"" },
    { TOY_ARTICLE_SIZE, "\"1\"", "\"medium\"" },
    { TOY_ARTICLE_COLOUR, "\"-5\"", "\"blue\"" },
    { TOY_ARTICLE_COLOUR, "\"unknownFutureValue\"", NULL }, /* refused by those who must */
    { TOY_ARTICLE_COLOUR, "\"green\"", NULL },
    { TOY_ARTICLE_FINISH, "null", NULL },

    { TOY_ARTICLE_LABELS, "[]", NULL },
    { TOY_ARTICLE_LABELS, "[\"0\"]", NULL },
    { TOY_ARTICLE_LABELS, " [ \"0\" ,\n\t\"1\" ] ", "[\"0\",\"1\"]" },
    { TOY_ARTICLE_LABELS, "[\"0\",\"0\",\"\"]", NULL }, /* neither set nor sorted */
    { TOY_ARTICLE_LABELS, "[\"\\u0061\\/\"]", "[\"a/\"]" },
    { TOY_ARTICLE_LABELS, "[\"Role Scope Tag Ids value\"]", NULL },
};

static void test_good(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(good_cases); i++) {
        const struct edm_property *property = &toy_article.properties[good_cases[i].property];
        const char *written = good_cases[i].written ? good_cases[i].written : good_cases[i].json;
        struct arena *arena = arena_create(NULL, 1 << 20);
        struct edm_value value;

        CHECK(read_one(property, slice_of(good_cases[i].json), arena, &value, NULL), i);
        CHECK(slice_eq(write_one(property, &value, false, arena), slice_of(written)), i);

        /* What was written reads as the same again. */
        struct edm_value again;
        CHECK(read_one(property, slice_of(written), arena, &again, NULL), i);
        CHECK(slice_eq(write_one(property, &again, false, arena), slice_of(written)), i);
        arena_destroy(arena);
    }
}

#define CANNOT(literal, type)                                                                      \
    "Cannot convert the literal '" literal "' to the expected type '" type "'."
#define NO_NULL(name, type)                                                                        \
    "A null value was found for the property named '" name "', which has the expected type '" type \
    "[Nullable=False]'. The expected type '" type "[Nullable=False]' does not allow null values."
#define NODE(found, expected)                                                                      \
    "An unexpected '" found "' node was found when reading from the JSON reader. A '" expected     \
    "' node was expected."
#define NULL_ITEM                                                                                  \
    "A null value was detected in the items of a collection property value; non-nullable "         \
    "instances of collection types do not support null values as items."
#define COLOUR_TYPE "toy.backroom.api.colour"
#define SIZE_TYPE   "toy.backroom.api.size"

static const struct {
    enum toy_article_property property;
    const char *json;
    const char *message;
} bad_cases[] = {
    { TOY_ARTICLE_TITLE, "3", CANNOT("3", "Edm.String") },
    { TOY_ARTICLE_TITLE, "18.50", CANNOT("18.50", "Edm.String") }, /* as it was written */
    { TOY_ARTICLE_TITLE, "true", CANNOT("true", "Edm.String") },
    { TOY_ARTICLE_TITLE, "false", CANNOT("false", "Edm.String") },
    { TOY_ARTICLE_TITLE, "{}", NODE("StartObject", "PrimitiveValue") },
    { TOY_ARTICLE_TITLE, "[\"a\"]", NODE("StartArray", "PrimitiveValue") },
    { TOY_ARTICLE_CODE, "null", NO_NULL("code", "Edm.String") },

    { TOY_ARTICLE_SOLD_OUT, "null", NO_NULL("soldOut", "Edm.Boolean") },
    { TOY_ARTICLE_SOLD_OUT, "1", CANNOT("1", "Edm.Boolean") },
    { TOY_ARTICLE_SOLD_OUT, "\"true\"", CANNOT("true", "Edm.Boolean") },
    { TOY_ARTICLE_SOLD_OUT, "[]", NODE("StartArray", "PrimitiveValue") },

    { TOY_ARTICLE_STOCK, "null", NO_NULL("stock", "Edm.Int32") },
    { TOY_ARTICLE_STOCK, "\"<enabled/>\"", CANNOT("<enabled/>", "Edm.Int32") },
    { TOY_ARTICLE_STOCK, "\"\"", CANNOT("", "Edm.Int32") },
    { TOY_ARTICLE_STOCK, "\" 1\"", CANNOT(" 1", "Edm.Int32") },
    { TOY_ARTICLE_STOCK, "\"1.0\"", CANNOT("1.0", "Edm.Int32") },
    { TOY_ARTICLE_STOCK, "1.5", CANNOT("1.5", "Edm.Int32") },
    { TOY_ARTICLE_STOCK, "2147483648", CANNOT("2147483648", "Edm.Int32") },
    { TOY_ARTICLE_STOCK, "-2147483649", CANNOT("-2147483649", "Edm.Int32") },
    { TOY_ARTICLE_STOCK, "\"2147483648\"", CANNOT("2147483648", "Edm.Int32") },
    { TOY_ARTICLE_STOCK, "true", CANNOT("true", "Edm.Int32") },
    { TOY_ARTICLE_GRAMS, "9223372036854775808", CANNOT("9223372036854775808", "Edm.Int64") },
    { TOY_ARTICLE_GRAMS, "1e99", CANNOT("1e99", "Edm.Int64") },
    { TOY_ARTICLE_GRAMS, "{\"a\":1}", NODE("StartObject", "PrimitiveValue") },

    { TOY_ARTICLE_MADE_AT, "null", NO_NULL("madeAt", "Edm.DateTimeOffset") },
    { TOY_ARTICLE_MADE_AT, "0", CANNOT("0", "Edm.DateTimeOffset") },
    { TOY_ARTICLE_MADE_AT, "\"\"", CANNOT("", "Edm.DateTimeOffset") },
    { TOY_ARTICLE_MADE_AT, "\"yesterday\"", CANNOT("yesterday", "Edm.DateTimeOffset") },
    { TOY_ARTICLE_MADE_AT, "\"y\\u0065s\"", CANNOT("yes", "Edm.DateTimeOffset") },
    { TOY_ARTICLE_MADE_AT, "\"2024-01-01\"", CANNOT("2024-01-01", "Edm.DateTimeOffset") },
    { TOY_ARTICLE_MADE_AT, "\"2023-02-29T00:00:00Z\"",
      CANNOT("2023-02-29T00:00:00Z", "Edm.DateTimeOffset") },
    { TOY_ARTICLE_MADE_AT, "{}", NODE("StartObject", "PrimitiveValue") },

    { TOY_ARTICLE_SIZE, "null", NO_NULL("size", SIZE_TYPE) },
    { TOY_ARTICLE_SIZE, "\"huge\"", CANNOT("huge", SIZE_TYPE) },
    { TOY_ARTICLE_SIZE, "\"Small\"", CANNOT("Small", SIZE_TYPE) },
    { TOY_ARTICLE_SIZE, "\"small \"", CANNOT("small ", SIZE_TYPE) },
    { TOY_ARTICLE_SIZE, "\"small,large\"", CANNOT("small,large", SIZE_TYPE) }, /* no flags */
    { TOY_ARTICLE_SIZE, "\"\"", CANNOT("", SIZE_TYPE) },
    { TOY_ARTICLE_SIZE, "\"3\"", CANNOT("3", SIZE_TYPE) },
    { TOY_ARTICLE_SIZE, "\"4294967296\"", CANNOT("4294967296", SIZE_TYPE) }, /* not 0 */
    { TOY_ARTICLE_SIZE, "1", CANNOT("1", SIZE_TYPE) },
    { TOY_ARTICLE_SIZE, "true", CANNOT("true", SIZE_TYPE) },
    { TOY_ARTICLE_SIZE, "[]", NODE("StartArray", "PrimitiveValue") },
    { TOY_ARTICLE_FINISH, "\"pink\"", CANNOT("pink", COLOUR_TYPE) },

    { TOY_ARTICLE_LABELS, "null", NO_NULL("labels", "Collection(Edm.String)") },
    { TOY_ARTICLE_LABELS, "0", NODE("PrimitiveValue", "StartArray") },
    { TOY_ARTICLE_LABELS, "\"0\"", NODE("PrimitiveValue", "StartArray") },
    { TOY_ARTICLE_LABELS, "{}", NODE("StartObject", "StartArray") },
    { TOY_ARTICLE_LABELS, "[0]", CANNOT("0", "Edm.String") },
    { TOY_ARTICLE_LABELS, "[\"0\",true]", CANNOT("true", "Edm.String") },
    { TOY_ARTICLE_LABELS, "[null]", NULL_ITEM },
    { TOY_ARTICLE_LABELS, "[\"0\",null]", NULL_ITEM },
    { TOY_ARTICLE_LABELS, "[[\"0\"]]", NODE("StartArray", "PrimitiveValue") },
    { TOY_ARTICLE_LABELS, "[{}]", NODE("StartObject", "PrimitiveValue") },
};

static void test_bad(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(bad_cases); i++) {
        const struct edm_property *property = &toy_article.properties[bad_cases[i].property];
        struct arena *arena = arena_create(NULL, 1 << 20);
        struct edm_value value = { .integer = 42 };
        struct error err = { 0 };

        CHECK(!read_one(property, slice_of(bad_cases[i].json), arena, &value, &err), i);
        CHECK(err.code == ERROR_MODEL_VALIDATION, i);
        CHECK(slice_eq(slice_of(err.target), property->name), i);
        CHECK(slice_eq(slice_of(err.message), slice_of(bad_cases[i].message)), i);
        CHECK(value.integer == 42, i);
        arena_destroy(arena);
    }
}

/* What the JSON reader finds wrong inside a collection passes through as it is. */
static void test_bad_json(void **state UNUSED)
{
    static const char *const cases[] = { "[\"0\"", "[\"0\",", "[\"0\" \"1\"]", "[\"0\",]",
                                         "[\"\xff\"]" };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct arena *arena = arena_create(NULL, 1 << 20);
        struct edm_value value;
        struct error err = { 0 };

        CHECK(!read_one(&toy_article.properties[TOY_ARTICLE_LABELS], slice_of(cases[i]), arena,
                        &value, &err),
              i);
        CHECK(err.code == ERROR_BAD_REQUEST, i);
        arena_destroy(arena);
    }
}

/* Any length of literal leaves a whole sentence in well-formed UTF-8. */
static void test_long_literals(void **state UNUSED)
{
    static char json[1024];

    for (size_t i = 0; i < 300; i++) {
        size_t len = 0;
        json[len++] = '"';
        if (i % 2)
            json[len++] = 'x';
        while (len < 3 * i + 2) {
            memcpy(json + len, "\xe2\x82\xac", 3);
            len += 3;
        }
        json[len++] = '"';

        struct arena *arena = arena_create(NULL, 1 << 20);
        struct edm_value value;
        struct error err = { 0 };
        CHECK(!read_one(&toy_article.properties[TOY_ARTICLE_MADE_AT], (struct slice){ json, len },
                        arena, &value, &err),
              i);
        CHECK(slice_is_utf8(slice_of(err.message)), i);
        CHECK(slice_ends_with(slice_of(err.message),
                              SLICE("' to the expected type 'Edm.DateTimeOffset'.")),
              i);
        CHECK(strlen(err.message) < 280, i);
        arena_destroy(arena);
    }
}

static void test_write_utc(void **state UNUSED)
{
    const struct edm_property *property = &toy_article.properties[TOY_ARTICLE_MADE_AT];
    struct arena *arena = arena_create(NULL, 1 << 20);
    struct edm_value value;

    assert_true(
        read_one(property, SLICE("\"2016-12-31T23:58:36.6670033-08:00\""), arena, &value, NULL));
    assert_true(slice_eq(write_one(property, &value, true, arena),
                         SLICE("\"2017-01-01T07:58:36.6670033Z\"")));
    assert_int_equal(value.at.offset_minutes, -480);
    arena_destroy(arena);
}

/* A row may hold a member that a newer program knew. */
static void test_write_unknown_member(void **state UNUSED)
{
    const struct edm_property *property = &toy_article.properties[TOY_ARTICLE_SIZE];
    struct arena *arena = arena_create(NULL, 1 << 20);
    const struct edm_value value = { .integer = -77 };

    assert_true(slice_eq(write_one(property, &value, false, arena), SLICE("\"-77\"")));
    arena_destroy(arena);
}

static const char *const article_defaults[TOY_ARTICLE_PROPERTY_COUNT] = {
    [TOY_ARTICLE_ID] = "\"\"",
    [TOY_ARTICLE_TITLE] = "null",
    [TOY_ARTICLE_CODE] = "\"\"",
    [TOY_ARTICLE_ORIGIN] = "\"unknown\"",
    [TOY_ARTICLE_SOLD_OUT] = "false",
    [TOY_ARTICLE_FRAGILE] = "null",
    [TOY_ARTICLE_STOCK] = "7",
    [TOY_ARTICLE_GRAMS] = "null",
    [TOY_ARTICLE_MADE_AT] = "\"0001-01-01T00:00:00Z\"",
    [TOY_ARTICLE_COUNTED_AT] = "null",
    [TOY_ARTICLE_SIZE] = "\"medium\"",
    [TOY_ARTICLE_COLOUR] = "\"bare\"",
    [TOY_ARTICLE_FINISH] = "null",
    [TOY_ARTICLE_LABELS] = "[\"plain\"]",
    [TOY_ARTICLE_NOTES] = "[]",
    [TOY_ARTICLE_SERIAL] = "null",
};

static void test_defaults(void **state UNUSED)
{
    for (size_t i = 0; i < TOY_ARTICLE_PROPERTY_COUNT; i++) {
        const struct edm_property *property = &toy_article.properties[i];
        struct arena *arena = arena_create(NULL, 1 << 20);
        struct edm_value value;

        CHECK(edm_value_default(&toy_model, property, arena, &value, NULL), i);
        CHECK(slice_eq(write_one(property, &value, false, arena), slice_of(article_defaults[i])),
              i);
        arena_destroy(arena);
    }
}

static void test_sentinel(void **state UNUSED)
{
    const struct edm_property *colour = &toy_article.properties[TOY_ARTICLE_COLOUR];
    const struct edm_value sentinel = { .integer = 6 }, behind = { .integer = 7 };
    const struct edm_value null = { .is_null = true, .integer = 6 };
    struct error err = { 0 };

    assert_true(edm_value_is_sentinel(colour, &sentinel));
    assert_false(edm_value_is_sentinel(colour, &behind));
    assert_false(edm_value_is_sentinel(colour, &null));
    /* Other kinds have none, whatever their bits say. */
    assert_false(edm_value_is_sentinel(&toy_article.properties[TOY_ARTICLE_STOCK], &sentinel));
    assert_false(edm_value_is_sentinel(&toy_article.properties[TOY_ARTICLE_SIZE], &sentinel));

    assert_true(edm_value_refuse_sentinel(&toy_model, colour, &behind, NULL));
    assert_false(edm_value_refuse_sentinel(&toy_model, colour, &sentinel, &err));
    assert_int_equal(err.code, ERROR_MODEL_VALIDATION);
    assert_string_equal(err.target, "colour");
    assert_string_equal(err.message,
                        "The member 'unknownFutureValue' of '" COLOUR_TYPE
                        "' stands for members that a client does not know yet; it cannot be "
                        "written.");
}

/* A collection larger than the arena's budget is refused, not cut. */
static void test_no_memory(void **state UNUSED)
{
    static char json[8192];
    size_t len = 0;
    json[len++] = '[';
    while (len < sizeof json - 16) {
        memcpy(json + len, "\"abcdefgh\",", 11);
        len += 11;
    }
    json[len - 1] = ']';

    struct arena *arena = arena_create(NULL, 4096);
    struct edm_value value;
    struct error err = { 0 };
    assert_false(read_one(&toy_article.properties[TOY_ARTICLE_LABELS], (struct slice){ json, len },
                          arena, &value, &err));
    assert_int_equal(err.code, ERROR_TOO_LARGE);
    arena_destroy(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),      cmocka_unit_test(test_bad),
        cmocka_unit_test(test_bad_json),  cmocka_unit_test(test_long_literals),
        cmocka_unit_test(test_write_utc), cmocka_unit_test(test_write_unknown_member),
        cmocka_unit_test(test_defaults),  cmocka_unit_test(test_sentinel),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
