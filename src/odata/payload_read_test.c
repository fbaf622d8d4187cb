/* odata/payload_read_test.c - bodies for the toy shop's articles and for restocking one. What was
 * read is compared as JSON: the properties that were given, in the model's order. */
#include "odata/payload.h"

#include "base/arena.h"
#include "base/test.h"
#include "base/text.h"
#include "edm/toy_model.h"
#include "json/writer.h"

#define KEY   "c0665abc-0000-4000-8000-00000000abcd"
#define DEPTH 16

static struct arena *new_arena(void)
{
    struct arena *arena = arena_create(NULL, 1 << 20);

    assert_non_null(arena);
    return arena;
}

static void write_given(const struct edm_entity *entity, struct text *out)
{
    struct json_writer writer;

    json_writer_init(&writer, out);
    json_writer_object_begin(&writer);
    for (size_t i = 0; i < entity->type->property_count; i++) {
        if (!edm_entity_has(entity, i))
            continue;
        json_writer_plain_name(&writer, entity->type->properties[i].name);
        edm_value_write(&entity->type->properties[i], &entity->values[i], EDM_AS_STORED, &writer);
    }
    json_writer_object_end(&writer);
}

/* --- bodies that are read -------------------------------------------------------------------- */

#define SAME NULL /* the body itself is what comes back */

static const struct {
    const char *key; /* NULL: a create */
    const char *body;
    const char *want;
} read_cases[] = {
    { NULL, "{}", SAME },
    { KEY, "{}", SAME },
    { NULL, " \t\r\n{ } \n", "{}" },
    { NULL, "\xEF\xBB\xBF{}", "{}" }, /* one byte order mark in front is tolerated */

    /* every kind */
    { NULL, "{\"title\":\"x\"}", SAME },
    { NULL, "{\"title\":\"\"}", SAME },
    { NULL, "{\"title\":null}", SAME },
    { NULL, "{\"title\":\"caf\xC3\xA9\"}", SAME },
    { NULL, "{\"title\":\"\\u00e9\\ud83d\\ude00\"}", "{\"title\":\"\xC3\xA9\xF0\x9F\x98\x80\"}" },
    { NULL, "{\"title\":\"a\\\"b\\\\c\\nd\"}", SAME },
    { NULL, "{\"title\":\"a\\u0000b\"}", SAME },
    { NULL, "{\"code\":\"c\"}", SAME },
    { NULL, "{\"soldOut\":true}", SAME },
    { NULL, "{\"soldOut\":false}", SAME },
    { NULL, "{\"fragile\":null}", SAME },
    { NULL, "{\"fragile\":true}", SAME },
    { NULL, "{\"stock\":0}", SAME },
    { NULL, "{\"stock\":-2147483648}", SAME },
    { NULL, "{\"stock\":2147483647}", SAME },
    { NULL, "{\"grams\":9223372036854775807}", SAME },
    { NULL, "{\"grams\":null}", SAME },
    { NULL, "{\"madeAt\":\"2016-12-31T23:58:36.6670033-08:00\"}", SAME },
    { NULL, "{\"madeAt\":\"2017-01-01T07:58:36Z\"}", SAME },
    { NULL, "{\"madeAt\":\"2017-01-01T07:58:36.5000000Z\"}",
      "{\"madeAt\":\"2017-01-01T07:58:36.5Z\"}" },
    { NULL, "{\"countedAt\":null}", SAME },
    { NULL, "{\"size\":\"small\"}", SAME },
    { NULL, "{\"size\":\"2\"}", "{\"size\":\"large\"}" },
    { NULL, "{\"finish\":null}", SAME },
    { NULL, "{\"colour\":\"unknownFutureValue\"}", SAME }, /* judged by the service */
    { NULL, "{\"labels\":[]}", SAME },
    { NULL, "{\"labels\":[\"a\",\"b\"]}", SAME },
    { NULL, "{\"labels\":[ \"a\" , \"\\u0062\" ]}", "{\"labels\":[\"a\",\"b\"]}" },
    { NULL, "{\"title\":\"x\",\"stock\":1,\"notes\":[\"n\"]}", SAME },
    { NULL, "{\"notes\":[\"n\"],\"title\":\"x\"}", "{\"title\":\"x\",\"notes\":[\"n\"]}" },

    /* the key */
    { NULL, "{\"id\":\"x\"}", "{}" },
    { NULL, "{\"id\":\"\"}", "{}" },
    { NULL, "{\"id\":\"" KEY "\",\"title\":\"x\"}", "{\"title\":\"x\"}" },
    { KEY, "{\"id\":\"" KEY "\"}", "{}" },
    { KEY, "{\"id\":\"C0665ABC-0000-4000-8000-00000000ABCD\"}", "{}" },
    { KEY, "{\"id\":\"c0665ab\\u0063-0000-4000-8000-00000000abcd\"}", "{}" },
    { "plain", "{\"id\":\"plain\",\"title\":\"x\"}", "{\"title\":\"x\"}" },

    /* read-only: whatever it holds */
    { NULL, "{\"serial\":\"s\"}", "{}" },
    { NULL, "{\"serial\":5}", "{}" },
    { NULL, "{\"serial\":{\"a\":[1,2]},\"title\":\"x\"}", "{\"title\":\"x\"}" },
    { KEY, "{\"serial\":null}", "{}" },

    /* the type */
    { NULL, "{\"@odata.type\":\"#toy.shop.article\"}", "{}" },
    { NULL, "{\"@odata.type\":\"toy.shop.article\"}", "{}" },
    { NULL, "{\"@odata.type\":\"#shop.article\"}", "{}" },
    { NULL, "{\"@type\":\"#toy.shop.article\"}", "{}" },
    { NULL, "{\"@odata.type\":\"#toy.shop.\\u0061rticle\"}", "{}" },
    { KEY, "{\"title\":\"x\",\"@odata.type\":\"#toy.shop.article\"}", "{\"title\":\"x\"}" },

    /* annotations */
    { NULL, "{\"@odata.context\":\"x\"}", "{}" },
    { NULL, "{\"@odata.etag\":null,\"@odata.id\":5}", "{}" },
    { NULL, "{\"@x\":{\"deep\":[{}]}}", "{}" },
    { NULL, "{\"@\":1}", "{}" },
    { NULL, "{\"title@odata.type\":\"#String\",\"title\":\"x\"}", "{\"title\":\"x\"}" },
    { NULL, "{\"madeAt@odata.type\":\"#DateTimeOffset\"}", "{}" },
    { NULL, "{\"labels@odata.type\":\"#Collection(String)\",\"labels\":[\"a\"]}",
      "{\"labels\":[\"a\"]}" },
    { NULL, "{\"nobody@odata.type\":\"#String\"}", "{}" },
    { NULL, "{\"title@type\":7}", "{}" },
    { NULL, "{\"@microsoft.graph.tips\":\"x\"}", "{}" },
};

static void test_read(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(read_cases); i++) {
        struct arena *arena = new_arena();
        const char *want = read_cases[i].want ? read_cases[i].want : read_cases[i].body;
        struct edm_entity *entity = NULL;
        struct error err = { 0 };
        struct text text;
        bool ok = odata_read_entity(&toy_model, &toy_article, slice_of(read_cases[i].body),
                                    slice_of(read_cases[i].key), DEPTH, arena, &entity, &err);

        CHECK(ok && err.code == ERROR_NONE, i);
        CHECK(entity->type == &toy_article, i);
        text_init(&text, arena, 0, 10000);
        write_given(entity, &text);
        CHECK(slice_eq(text_slice(&text), slice_of(want)), i);
        arena_destroy(arena);
    }
}

/* --- bodies that are refused ----------------------------------------------------------------- */

#define EMPTY "Empty Payload. JSON content expected."
#define UNREADABLE                                                                                 \
    "Unable to read JSON request payload. Please ensure Content-Type header is set and payload "   \
    "is of valid JSON format."
#define NO_PROPERTY(name)                                                                          \
    "The property '" name "' does not exist on type 'toy.backroom.api.article'. Make sure to "     \
    "only use property names that are defined by the type."
#define LITERAL(text, type) "Cannot convert the literal '" text "' to the expected type '" type "'."
#define NO_TYPE(name)                                                                              \
    "A type named '" name "' could not be resolved by the model. When a model is available, "      \
    "each type name must resolve to a valid type."
#define OTHER_TYPE                                                                                 \
    "An entry with type 'toy.backroom.api.crate' was found, but it is not assignable to the "      \
    "expected type 'toy.backroom.api.article'. The type specified in the entry must be equal to "  \
    "either the expected type or a derived type."
#define OTHER_KEY                                                                                  \
    "The property 'id' in the payload does not match the key of the resource in the URI."

static const struct {
    const char *key;
    const char *body;
    enum error_code code;
    const char *target;
    const char *message; /* "": the text is edm's */
} refused_cases[] = {
    { NULL, "", ERROR_EMPTY_PAYLOAD, "", EMPTY },
    { KEY, "", ERROR_EMPTY_PAYLOAD, "", EMPTY },
    { NULL, " \r\n\t", ERROR_EMPTY_PAYLOAD, "", EMPTY },

    /* not JSON */
    { NULL, "{", ERROR_BAD_REQUEST, "", UNREADABLE },
    { NULL, "}", ERROR_BAD_REQUEST, "", UNREADABLE },
    { NULL, "x", ERROR_BAD_REQUEST, "", UNREADABLE },
    { NULL, "{\"title\"}", ERROR_BAD_REQUEST, "", UNREADABLE },
    { NULL, "{\"title\":}", ERROR_BAD_REQUEST, "", UNREADABLE },
    { NULL, "{\"title\":\"x\"", ERROR_BAD_REQUEST, "", UNREADABLE },
    { NULL, "{\"title\":\"x\",}", ERROR_BAD_REQUEST, "", UNREADABLE },
    { NULL, "{\"title\":\"x\"}}", ERROR_BAD_REQUEST, "", UNREADABLE },
    { NULL, "{} {}", ERROR_BAD_REQUEST, "", UNREADABLE },
    { NULL, "{'title':'x'}", ERROR_BAD_REQUEST, "", UNREADABLE },
    { NULL, "{title:\"x\"}", ERROR_BAD_REQUEST, "", UNREADABLE },
    { NULL, "{\"title\":\"x\" // y\n}", ERROR_BAD_REQUEST, "", UNREADABLE },
    { NULL, "{\"stock\":01}", ERROR_BAD_REQUEST, "", UNREADABLE },
    { NULL, "{\"stock\":NaN}", ERROR_BAD_REQUEST, "", UNREADABLE },
    { NULL, "{\"title\":\"a\nb\"}", ERROR_BAD_REQUEST, "", UNREADABLE },
    { NULL, "{\"title\":\"\\ud800\"}", ERROR_BAD_REQUEST, "", UNREADABLE },
    { NULL, "{\"title\":\"\xFF\"}", ERROR_BAD_REQUEST, "", UNREADABLE },
    { NULL, "\xEF\xBB\xBF\xEF\xBB\xBF{}", ERROR_BAD_REQUEST, "", UNREADABLE },
    { NULL, "\xEF\xBB\xBF", ERROR_EMPTY_PAYLOAD, "", "Empty Payload. JSON content expected." },
    { NULL, "{\"labels\":[\"a\"", ERROR_BAD_REQUEST, "", UNREADABLE },
    { NULL, "{\"labels\":[\"a\",]}", ERROR_BAD_REQUEST, "", UNREADABLE },
    { NULL, "{\"serial\":{\"a\":}}", ERROR_BAD_REQUEST, "", UNREADABLE },
    { NULL, "{\"@x\":[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]}", ERROR_BAD_REQUEST, "",
      UNREADABLE }, /* too deep */
    { NULL, "displayName=x&y=z", ERROR_BAD_REQUEST, "", UNREADABLE },
    { NULL, "<xml/>", ERROR_BAD_REQUEST, "", UNREADABLE },

    /* no object */
    { NULL, "[]", ERROR_BAD_REQUEST, "", UNREADABLE },
    { NULL, "[{}]", ERROR_BAD_REQUEST, "", UNREADABLE },
    { NULL, "null", ERROR_BAD_REQUEST, "", UNREADABLE },
    { NULL, "true", ERROR_BAD_REQUEST, "", UNREADABLE },
    { NULL, "5", ERROR_BAD_REQUEST, "", UNREADABLE },
    { NULL, "\"{}\"", ERROR_BAD_REQUEST, "", UNREADABLE },

    /* a name twice: the reader says which */
    { NULL, "{\"title\":\"x\",\"title\":\"y\"}", ERROR_BAD_REQUEST, "title", UNREADABLE },
    { NULL, "{\"title\":\"x\",\"t\\u0069tle\":\"y\"}", ERROR_BAD_REQUEST, "t\\u0069tle",
      UNREADABLE }, /* as it was written */
    { NULL, "{\"@x\":1,\"@x\":1}", ERROR_BAD_REQUEST, "@x", UNREADABLE },

    /* no such property; names count with their case */
    { NULL, "{\"foo\":1}", ERROR_MODEL_VALIDATION, "foo", NO_PROPERTY("foo") },
    { NULL, "{\"Title\":\"x\"}", ERROR_MODEL_VALIDATION, "Title", NO_PROPERTY("Title") },
    { NULL, "{\"ID\":\"x\"}", ERROR_MODEL_VALIDATION, "ID", NO_PROPERTY("ID") },
    { NULL, "{\"\":1}", ERROR_MODEL_VALIDATION, "", NO_PROPERTY("") },
    { NULL, "{\"title \":1}", ERROR_MODEL_VALIDATION, "title ", NO_PROPERTY("title ") },
    { NULL, "{\"a\\u0009b\":1}", ERROR_MODEL_VALIDATION, "a\tb", NO_PROPERTY("a\tb") },
    { KEY, "{\"title\":\"x\",\"foo\":1}", ERROR_MODEL_VALIDATION, "foo", NO_PROPERTY("foo") },
    { NULL, "{\"restock\":1}", ERROR_MODEL_VALIDATION, "restock", NO_PROPERTY("restock") },
    { NULL, "{\"odata.type\":\"x\"}", ERROR_MODEL_VALIDATION, "odata.type",
      NO_PROPERTY("odata.type") },
    { NULL, "{\"foo\":", ERROR_MODEL_VALIDATION, "foo", NO_PROPERTY("foo") }, /* the first one */

    /* values that do not fit */
    { NULL, "{\"title\":3}", ERROR_MODEL_VALIDATION, "title", LITERAL("3", "Edm.String") },
    { NULL, "{\"title\":true}", ERROR_MODEL_VALIDATION, "title", LITERAL("true", "Edm.String") },
    { NULL, "{\"title\":{}}", ERROR_MODEL_VALIDATION, "title", "" },
    { NULL, "{\"title\":[\"x\"]}", ERROR_MODEL_VALIDATION, "title", "" },
    { NULL, "{\"code\":null}", ERROR_MODEL_VALIDATION, "code", "" },
    { NULL, "{\"soldOut\":\"true\"}", ERROR_MODEL_VALIDATION, "soldOut",
      LITERAL("true", "Edm.Boolean") },
    { NULL, "{\"soldOut\":0}", ERROR_MODEL_VALIDATION, "soldOut", LITERAL("0", "Edm.Boolean") },
    { NULL, "{\"soldOut\":null}", ERROR_MODEL_VALIDATION, "soldOut", "" },
    { NULL, "{\"stock\":2147483648}", ERROR_MODEL_VALIDATION, "stock",
      LITERAL("2147483648", "Edm.Int32") },
    { NULL, "{\"stock\":1.5}", ERROR_MODEL_VALIDATION, "stock", LITERAL("1.5", "Edm.Int32") },
    { NULL, "{\"stock\":\"x\"}", ERROR_MODEL_VALIDATION, "stock", LITERAL("x", "Edm.Int32") },
    { NULL, "{\"stock\":null}", ERROR_MODEL_VALIDATION, "stock", "" },
    { NULL, "{\"grams\":9223372036854775808}", ERROR_MODEL_VALIDATION, "grams",
      LITERAL("9223372036854775808", "Edm.Int64") },
    { NULL, "{\"madeAt\":\"yesterday\"}", ERROR_MODEL_VALIDATION, "madeAt",
      LITERAL("yesterday", "Edm.DateTimeOffset") },
    { NULL, "{\"madeAt\":\"2017-02-29T00:00:00Z\"}", ERROR_MODEL_VALIDATION, "madeAt",
      LITERAL("2017-02-29T00:00:00Z", "Edm.DateTimeOffset") },
    { NULL, "{\"madeAt\":null}", ERROR_MODEL_VALIDATION, "madeAt", "" },
    { NULL, "{\"size\":\"huge\"}", ERROR_MODEL_VALIDATION, "size",
      LITERAL("huge", "toy.backroom.api.size") },
    { NULL, "{\"size\":\"Small\"}", ERROR_MODEL_VALIDATION, "size",
      LITERAL("Small", "toy.backroom.api.size") },
    { NULL, "{\"size\":0}", ERROR_MODEL_VALIDATION, "size", LITERAL("0", "toy.backroom.api.size") },
    { NULL, "{\"size\":null}", ERROR_MODEL_VALIDATION, "size", "" },
    { NULL, "{\"labels\":null}", ERROR_MODEL_VALIDATION, "labels", "" },
    { NULL, "{\"labels\":\"a\"}", ERROR_MODEL_VALIDATION, "labels", "" },
    { NULL, "{\"labels\":[0]}", ERROR_MODEL_VALIDATION, "labels", LITERAL("0", "Edm.String") },
    { NULL, "{\"labels\":[null]}", ERROR_MODEL_VALIDATION, "labels", "" },
    { NULL, "{\"labels\":[[\"a\"]]}", ERROR_MODEL_VALIDATION, "labels", "" },

    /* the key */
    { NULL, "{\"id\":5}", ERROR_MODEL_VALIDATION, "id", LITERAL("5", "Edm.String") },
    { NULL, "{\"id\":null}", ERROR_MODEL_VALIDATION, "id", "" },
    { NULL, "{\"id\":{}}", ERROR_MODEL_VALIDATION, "id", "" },
    { NULL, "{\"id\":[]}", ERROR_MODEL_VALIDATION, "id", "" },
    { KEY, "{\"id\":5}", ERROR_MODEL_VALIDATION, "id", LITERAL("5", "Edm.String") },
    { KEY, "{\"id\":\"x\"}", ERROR_BAD_REQUEST, "id", OTHER_KEY },
    { KEY, "{\"id\":\"\"}", ERROR_BAD_REQUEST, "id", OTHER_KEY },
    { KEY, "{\"id\":\"{" KEY "}\"}", ERROR_BAD_REQUEST, "id", OTHER_KEY },
    { KEY, "{\"id\":\"c0665abc-0000-4000-8000-00000000abce\"}", ERROR_BAD_REQUEST, "id",
      OTHER_KEY },
    { "plain", "{\"id\":\"Plain\"}", ERROR_BAD_REQUEST, "id", OTHER_KEY },

    /* the type */
    { NULL, "{\"@odata.type\":\"#toy.shop.crate\"}", ERROR_MODEL_VALIDATION, "@odata.type",
      OTHER_TYPE },
    { NULL, "{\"@odata.type\":\"toy.shop.crate\"}", ERROR_MODEL_VALIDATION, "@odata.type",
      OTHER_TYPE },
    { NULL, "{\"@odata.type\":\"#shop.crate\"}", ERROR_MODEL_VALIDATION, "@odata.type",
      OTHER_TYPE },
    { KEY, "{\"@type\":\"#toy.shop.crate\"}", ERROR_MODEL_VALIDATION, "@odata.type", OTHER_TYPE },
    { NULL, "{\"@odata.type\":\"#toy.shop.noSuchType\"}", ERROR_MODEL_VALIDATION, "@odata.type",
      NO_TYPE("toy.shop.noSuchType") },
    { NULL, "{\"@odata.type\":\"#article\"}", ERROR_MODEL_VALIDATION, "@odata.type",
      NO_TYPE("article") },
    { NULL, "{\"@odata.type\":\"##toy.shop.article\"}", ERROR_MODEL_VALIDATION, "@odata.type",
      NO_TYPE("#toy.shop.article") },
    { NULL, "{\"@odata.type\":\"#toy.shop.articles\"}", ERROR_MODEL_VALIDATION, "@odata.type",
      NO_TYPE("toy.shop.articles") },
    { NULL, "{\"@odata.type\":\"#toy.shop.Article\"}", ERROR_MODEL_VALIDATION, "@odata.type",
      NO_TYPE("toy.shop.Article") },
    { NULL, "{\"@odata.type\":\"#toy.shop.size\"}", ERROR_MODEL_VALIDATION, "@odata.type",
      NO_TYPE("toy.shop.size") },
    { NULL, "{\"@odata.type\":\"#toy.shop\"}", ERROR_MODEL_VALIDATION, "@odata.type",
      NO_TYPE("toy.shop") },
    { NULL, "{\"@odata.type\":\"#toy.shop.\"}", ERROR_MODEL_VALIDATION, "@odata.type",
      NO_TYPE("toy.shop.") },
    { NULL, "{\"@odata.type\":\"#\"}", ERROR_MODEL_VALIDATION, "@odata.type", NO_TYPE("") },
    { NULL, "{\"@odata.type\":\"\"}", ERROR_MODEL_VALIDATION, "@odata.type", NO_TYPE("") },
    { NULL, "{\"@odata.type\":5}", ERROR_MODEL_VALIDATION, "@odata.type",
      LITERAL("5", "Edm.String") },
    { NULL, "{\"@odata.type\":null}", ERROR_MODEL_VALIDATION, "@odata.type",
      LITERAL("null", "Edm.String") },
    { NULL, "{\"@odata.type\":{}}", ERROR_MODEL_VALIDATION, "@odata.type",
      LITERAL("{", "Edm.String") },
};

static void test_refused(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(refused_cases); i++) {
        struct arena *arena = new_arena();
        struct edm_entity *entity = NULL;
        struct error err = { 0 };
        bool ok = odata_read_entity(&toy_model, &toy_article, slice_of(refused_cases[i].body),
                                    slice_of(refused_cases[i].key), DEPTH, arena, &entity, &err);

        CHECK(!ok && !entity, i);
        CHECK(err.code == refused_cases[i].code, i);
        CHECK(slice_eq(slice_of(err.target), slice_of(refused_cases[i].target)), i);
        CHECK(refused_cases[i].message[0] == '\0' ||
                  slice_eq(slice_of(err.message), slice_of(refused_cases[i].message)),
              i);
        CHECK(err.message[0] != '\0', i);
        CHECK(!odata_read_entity(&toy_model, &toy_article, slice_of(refused_cases[i].body),
                                 slice_of(refused_cases[i].key), DEPTH, arena, &entity, NULL),
              i);
        arena_destroy(arena);
    }
}

/* --- parameters ------------------------------------------------------------------------------ */

#define MISSING                                                                                    \
    "One or more parameters of the operation 'restock' are missing from the request payload. "     \
    "The missing parameters are: amount."
#define NO_PARAMETER(name)                                                                         \
    "The parameter '" name "' in the request payload is not a valid parameter for the "            \
    "operation 'restock'."

static const struct {
    const char *body;
    enum error_code code;
    int64_t amount;
    int64_t tint; /* -1: null */
    const char *target;
    const char *message;
} parameter_cases[] = {
    { "{\"amount\":5}", ERROR_NONE, 5, -1, "", "" },
    { "{\"amount\":5,\"tint\":null}", ERROR_NONE, 5, -1, "", "" },
    { "{\"tint\":\"red\",\"amount\":-5}", ERROR_NONE, -5, 1, "", "" },
    { "{\"amount\":\"5\"}", ERROR_NONE, 5, -1, "", "" },
    { "{\"@x\":{},\"amount@odata.type\":\"#Int32\",\"amount\":0}", ERROR_NONE, 0, -1, "", "" },
    { "{\"@odata.type\":5,\"amount\":0}", ERROR_NONE, 0, -1, "", "" }, /* means nothing here */
    { "", ERROR_EMPTY_PAYLOAD, 0, 0, "", EMPTY },
    { "\n", ERROR_EMPTY_PAYLOAD, 0, 0, "", EMPTY },
    { "{", ERROR_BAD_REQUEST, 0, 0, "", UNREADABLE },
    { "5", ERROR_BAD_REQUEST, 0, 0, "", UNREADABLE },
    { "[]", ERROR_BAD_REQUEST, 0, 0, "", UNREADABLE },
    { "{\"amount\":5,\"amount\":5}", ERROR_BAD_REQUEST, 0, 0, "amount", UNREADABLE },
    { "{}", ERROR_BAD_REQUEST, 0, 0, "amount", MISSING },
    { "{\"tint\":\"red\"}", ERROR_BAD_REQUEST, 0, 0, "amount", MISSING },
    { "{\"amount\":null}", ERROR_BAD_REQUEST, 0, 0, "amount",
      "The parameter 'amount' of the operation 'restock' does not allow null values." },
    { "{\"Amount\":5}", ERROR_MODEL_VALIDATION, 0, 0, "Amount", NO_PARAMETER("Amount") },
    { "{\"amount\":5,\"foo\":1}", ERROR_MODEL_VALIDATION, 0, 0, "foo", NO_PARAMETER("foo") },
    { "{\"title\":5}", ERROR_MODEL_VALIDATION, 0, 0, "title", NO_PARAMETER("title") },
    { "{\"amount\":1.5}", ERROR_MODEL_VALIDATION, 0, 0, "amount", LITERAL("1.5", "Edm.Int32") },
    { "{\"amount\":{}}", ERROR_MODEL_VALIDATION, 0, 0, "amount", "" },
    { "{\"amount\":5,\"tint\":\"mauve\"}", ERROR_MODEL_VALIDATION, 0, 0, "tint",
      LITERAL("mauve", "toy.backroom.api.colour") },
    { "{\"amount\":5,\"tint\":\"unknownFutureValue\"}", ERROR_MODEL_VALIDATION, 0, 0, "tint", "" },
    { "{\"amount\":5,\"tint\":\"6\"}", ERROR_MODEL_VALIDATION, 0, 0, "tint", "" },
};

static void test_parameters(void **state UNUSED)
{
    const struct edm_action *restock = &toy_article.actions[TOY_ARTICLE_RESTOCK];

    for (size_t i = 0; i < COUNT_OF(parameter_cases); i++) {
        struct arena *arena = new_arena();
        struct edm_value *values = NULL;
        struct error err = { 0 };
        bool ok = odata_read_parameters(&toy_model, restock, slice_of(parameter_cases[i].body),
                                        DEPTH, arena, &values, &err);

        CHECK(err.code == parameter_cases[i].code, i);
        CHECK(ok == (err.code == ERROR_NONE), i);
        CHECK(slice_eq(slice_of(err.target), slice_of(parameter_cases[i].target)), i);
        CHECK(parameter_cases[i].message[0] == '\0' ||
                  slice_eq(slice_of(err.message), slice_of(parameter_cases[i].message)),
              i);
        CHECK(!ok || values[0].integer == parameter_cases[i].amount, i);
        CHECK(!ok || values[1].is_null == (parameter_cases[i].tint == -1), i);
        CHECK(!ok || values[1].is_null || values[1].integer == parameter_cases[i].tint, i);
        arena_destroy(arena);
    }
}

static void test_no_parameters(void **state UNUSED)
{
    const struct edm_action *retire = &toy_article.actions[TOY_ARTICLE_RETIRE];
    struct arena *arena = new_arena();
    struct edm_value *values;
    struct error err = { 0 };

    assert_true(
        odata_read_parameters(&toy_model, retire, SLICE("{}"), DEPTH, arena, &values, &err));
    /* Graph asks for the braces even where nothing stands between them. */
    assert_false(
        odata_read_parameters(&toy_model, retire, SLICE_EMPTY, DEPTH, arena, &values, &err));
    assert_int_equal(err.code, ERROR_EMPTY_PAYLOAD);
    arena_destroy(arena);
}

/* --- limits ---------------------------------------------------------------------------------- */

/* Names of any length are quoted within the message, cut between characters. */
static void test_long_names(void **state UNUSED)
{
    struct arena *arena = new_arena();
    char body[3000];
    struct text text;
    struct edm_entity *entity;
    struct error err = { 0 };

    text_init_fixed(&text, body, sizeof body);
    text_append(&text, SLICE("{\"x"));
    while (text.len < 2000)
        text_append(&text, SLICE("\xC3\xA4"));
    text_append(&text, SLICE("\":1}"));
    assert_false(odata_read_entity(&toy_model, &toy_article, text_slice(&text), SLICE_EMPTY, DEPTH,
                                   arena, &entity, &err));
    assert_true(slice_is_utf8(slice_of(err.message)));
    assert_true(slice_is_utf8(slice_of(err.target)));
    assert_true(slice_ends_with(slice_of(err.message), SLICE("defined by the type.")));
    arena_destroy(arena);
}

/* Every budget too small for the body fails in good order. */
static void test_no_memory(void **state UNUSED)
{
    const struct slice body = SLICE("{\"title\":\"a\\nb\",\"labels\":[\"\\u0061\",\"b\"],"
                                    "\"serial\":{\"x\":[{}]},\"size\":\"small\"}");
    struct edm_entity *entity;
    size_t failures = 0;

    for (size_t budget = 16;; budget += 16) {
        struct arena *arena = arena_create(NULL, budget);
        struct error err = { 0 };

        assert_non_null(arena);
        bool ok = odata_read_entity(&toy_model, &toy_article, body, SLICE_EMPTY, DEPTH, arena,
                                    &entity, &err);
        CHECK(ok || err.code == ERROR_TOO_LARGE, budget);
        arena_destroy(arena);
        if (ok)
            break;
        failures++;
    }
    assert_true(failures > 10);
}

/* --- one property ---------------------------------------------------------------------------- */

enum how { AS_JSON, AS_TEXT, AS_NULL };

static const struct {
    enum how how;
    const char *property, *given;
    const char *want;   /* NULL: refused */
    const char *target; /* of the refusal */
    enum error_code refusal;
} single_cases[] = {
    { AS_JSON, "title", "{\"value\":\"x\"}", "{\"title\":\"x\"}", NULL, 0 },
    { AS_JSON, "title", "{\"@odata.context\":[1],\"value\":null,\"value@x\":1}", "{\"title\":null}",
      NULL, 0 },
    { AS_JSON, "stock", "{\"value\":7}", "{\"stock\":7}", NULL, 0 },
    { AS_JSON, "labels", "{\"value\":[\"a\", \"b\"]}", "{\"labels\":[\"a\",\"b\"]}", NULL, 0 },
    { AS_JSON, "labels", "{\"value\":[]}", "{\"labels\":[]}", NULL, 0 },
    { AS_JSON, "title", "{}", NULL, "value", ERROR_BAD_REQUEST },
    { AS_JSON, "title", "{\"@value\":1}", NULL, "value", ERROR_BAD_REQUEST },
    { AS_JSON, "title", "{\"Value\":\"x\"}", NULL, "Value", ERROR_MODEL_VALIDATION },
    { AS_JSON, "title", "{\"title\":\"x\"}", NULL, "title", ERROR_MODEL_VALIDATION },
    { AS_JSON, "title", "{\"value\":\"x\",\"value\":\"y\"}", NULL, "value", ERROR_BAD_REQUEST },
    { AS_JSON, "title", "{\"value\":\"x\"", NULL, "", ERROR_BAD_REQUEST },
    { AS_JSON, "title", "\"x\"", NULL, "", ERROR_BAD_REQUEST },
    { AS_JSON, "title", " ", NULL, "", ERROR_EMPTY_PAYLOAD },
    { AS_JSON, "stock", "{\"value\":\"many\"}", NULL, "stock", ERROR_MODEL_VALIDATION },

    { AS_TEXT, "title", "a \"b\"\n", "{\"title\":\"a \\\"b\\\"\\n\"}", NULL, 0 },
    { AS_TEXT, "title", "", "{\"title\":\"\"}", NULL, 0 },
    { AS_TEXT, "title", "null", "{\"title\":\"null\"}", NULL, 0 },
    { AS_TEXT, "title", "\xff", NULL, "title", ERROR_BAD_REQUEST },
    { AS_TEXT, "soldOut", "true", "{\"soldOut\":true}", NULL, 0 },
    { AS_TEXT, "soldOut", "False", "{\"soldOut\":false}", NULL, 0 },
    { AS_TEXT, "soldOut", "1", NULL, "soldOut", ERROR_MODEL_VALIDATION },
    { AS_TEXT, "soldOut", "", NULL, "soldOut", ERROR_MODEL_VALIDATION },
    { AS_TEXT, "stock", "-7", "{\"stock\":-7}", NULL, 0 },
    { AS_TEXT, "stock", "7 ", NULL, "stock", ERROR_MODEL_VALIDATION },
    { AS_TEXT, "stock", "2147483648", NULL, "stock", ERROR_MODEL_VALIDATION },
    { AS_TEXT, "grams", "9007199254740993", "{\"grams\":9007199254740993}", NULL, 0 },
    { AS_TEXT, "size", "small", "{\"size\":\"small\"}", NULL, 0 },
    { AS_TEXT, "size", "vast", NULL, "size", ERROR_MODEL_VALIDATION },
    { AS_TEXT, "labels", "[]", NULL, "labels", ERROR_MODEL_VALIDATION },

    { AS_NULL, "title", NULL, "{\"title\":null}", NULL, 0 },
    { AS_NULL, "stock", NULL, NULL, "stock", ERROR_MODEL_VALIDATION },
    { AS_NULL, "labels", NULL, NULL, "labels", ERROR_MODEL_VALIDATION },
};

static bool read_single(size_t i, struct arena *arena, struct edm_entity **ret, struct error *err)
{
    struct slice given = single_cases[i].given ? slice_of(single_cases[i].given) : SLICE_EMPTY;
    const struct edm_property *property =
        &toy_article
             .properties[edm_find_property(&toy_article, slice_of(single_cases[i].property))];

    switch (single_cases[i].how) {
    case AS_JSON:
        return odata_read_property(&toy_model, &toy_article, property, given, DEPTH, arena, ret,
                                   err);
    case AS_TEXT:
        return odata_read_value(&toy_model, &toy_article, property, given, arena, ret, err);
    case AS_NULL:
        return odata_read_null(&toy_model, &toy_article, property, arena, ret, err);
    }
    return false;
}

static void test_single(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(single_cases); i++) {
        struct arena *arena = new_arena();
        struct edm_entity *entity = NULL;
        struct error err = { 0 };
        struct text text;

        text_init(&text, arena, 256, 4096);
        CHECK(read_single(i, arena, &entity, &err) == (single_cases[i].want != NULL), i);
        if (single_cases[i].want) {
            write_given(entity, &text);
            CHECK(slice_eq(text_slice(&text), slice_of(single_cases[i].want)), i);
        } else {
            CHECK(err.code == single_cases[i].refusal, i);
            CHECK(slice_eq(slice_of(err.target), slice_of(single_cases[i].target)), i);
        }
        arena_destroy(arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read),       cmocka_unit_test(test_refused),
        cmocka_unit_test(test_parameters), cmocka_unit_test(test_no_parameters),
        cmocka_unit_test(test_long_names), cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_single),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
