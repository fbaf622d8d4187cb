/* odata/batch_read_test.c - envelopes that are read, shown as one line a part, and those that are
 * not. */
#include "odata/batch_read.h"

#include "base/arena.h"
#include "base/test.h"
#include "base/text.h"

#define MEMORY (1 << 20)
#define MOST   4

static const struct batch_rules rules = {
    .parts_max = MOST, .fields_max = 3, .json_depth = 8, .takes_groups = true, .takes_bytes = true
};

static struct arena *new_arena(size_t bytes)
{
    struct arena *arena = arena_create(NULL, bytes);

    assert_non_null(arena);
    return arena;
}

#define ONE(members) "{\"requests\":[{\"id\":\"1\"," members "}]}"
#define GET          "\"method\":\"GET\",\"url\":\"/x\""
#define POST         "\"method\":\"POST\",\"url\":\"/x\""
#define DELETE       "\"method\":\"DELETE\",\"url\":\"/x\""
#define JSON_TYPE    "\"headers\":{\"Content-Type\":\"application/json\"}"
#define TEXT_TYPE    "\"headers\":{\"Content-Type\":\"text/plain\"}"

/* id METHOD url [name: value]... {depends_on} body */
static const struct {
    const char *json;
    const char *want;
    bool took_bytes;
} read_cases[] = {
    { ONE(GET), "1 GET /x {0} -\n", false },
    { "\xEF\xBB\xBF" ONE(GET), "1 GET /x {0} -\n", false },
    { " { \"x\" : [1,{\"y\":null}], \"requests\" : [ { \"url\" : \"x\" , \"method\" : \"get\" , "
      "\"id\" : \"a b\" } ] , \"z\" : 1 } ",
      "a b GET x {0} -\n", false },
    { ONE("\"method\":\"DeLeTe\",\"url\":\"\",\"headers\":null,\"body\":null,\"dependsOn\":null,"
          "\"if\":null,\"atomicityGroup\":null,\"other\":{\"a\":[true]}"),
      "1 DELETE  {0} -\n", false },
    { ONE(GET ",\"dependsOn\":[]"), "1 GET /x {0} -\n", false },
    { ONE(GET ",\"headers\":{\"Prefer\":\"a\",\"gone\":null,\"x\":\"\\u0041\"}"),
      "1 GET /x [Prefer: a] [x: A] {0} -\n", false },
    { ONE(POST "," JSON_TYPE ",\"body\":{}"), "1 POST /x [Content-Type: application/json] {0} {}\n",
      false },
    { ONE("\"body\": { \"a\" : [ 1, \"}\" ] } ," POST
          ",\"headers\":{\"content-TYPE\":\"Application/JSON ; charset=utf-8\"}"),
      "1 POST /x [content-TYPE: Application/JSON ; charset=utf-8] {0} { \"a\" : [ 1, \"}\" ] }\n",
      false },
    { ONE(POST "," JSON_TYPE ",\"body\":[1]"),
      "1 POST /x [Content-Type: application/json] {0} [1]\n", false },
    { ONE(POST "," JSON_TYPE ",\"body\":7"), "1 POST /x [Content-Type: application/json] {0} 7\n",
      false },
    { ONE(POST "," JSON_TYPE ",\"body\":\"text\""),
      "1 POST /x [Content-Type: application/json] {0} \"text\"\n", false },

    /* what is not JSON */
    { ONE(POST "," TEXT_TYPE ",\"body\":\"Zm9v\""),
      "1 POST /x [Content-Type: text/plain] {0} foo\n", false },
    { ONE(POST "," TEXT_TYPE ",\"body\":\"Zg==\""), "1 POST /x [Content-Type: text/plain] {0} f\n",
      false },
    { ONE(POST "," TEXT_TYPE ",\"body\":\"Pz8_\""),
      "1 POST /x [Content-Type: text/plain] {0} ???\n", false },
    { ONE(POST "," TEXT_TYPE ",\"body\":\"no base64\""),
      "1 POST /x [Content-Type: text/plain] {0} no base64\n", false },
    { ONE(POST "," TEXT_TYPE ",\"body\":\"$filter=a eq \\u00274\\u0027\""),
      "1 POST /x [Content-Type: text/plain] {0} $filter=a eq '4'\n", false },

    /* msgraph-sdk-core 1.0 preview 17 */
    { ONE(POST ",\"body\":\"eyJhIjoxfQ==\""),
      "1 POST /x [Content-Type: application/json] {0} {\"a\":1}\n", true },
    { ONE(POST ",\"headers\":{},\"body\":\"eyJhIjoxfQ\""),
      "1 POST /x [Content-Type: application/json] {0} {\"a\":1}\n", true },
    { ONE(POST ",\"headers\":{\"a\":\"1\",\"b\":\"2\",\"c\":\"3\"},\"body\":\"e30=\""),
      "1 POST /x [a: 1] [b: 2] [c: 3] [Content-Type: application/json] {0} {}\n", true },
    { ONE(POST "," JSON_TYPE ",\"body\":\"eyJhIjoiXC8ifQ==\""),
      "1 POST /x [Content-Type: application/json] {0} {\"a\":\"\\/\"}\n", true },

    /* who waits for whom */
    { "{\"requests\":[{\"id\":\"a\"," GET "},{\"dependsOn\":[\"A\"],\"id\":\"b\"," GET
      "},{\"id\":\"c\",\"dependsOn\":[\"a\",\"b\",\"b\"]," GET "}]}",
      "a GET /x {0} -\nb GET /x {1} -\nc GET /x {3} -\n", false },

    /* groups, which may be waited for, also by one of their requests */
    { ONE(DELETE ",\"atomicityGroup\":\"g\"},{\"id\":\"2\"," DELETE
                 ",\"atomicityGroup\":\"G\"},{\"id\":\"3\"," DELETE
                 ",\"atomicityGroup\":\"h\",\"dependsOn\":[\"g\"]},{\"id\":\"4\"," GET
                 ",\"dependsOn\":[\"H\",\"1\"]"),
      "1 DELETE /x (g 1) {0} -\n2 DELETE /x (G 1) {0} -\n3 DELETE /x (h 2) {3} -\n"
      "4 GET /x {7} -\n",
      false },
};

static void show(const struct batch *batch, struct text *out)
{
    for (size_t i = 0; i < batch->count; i++) {
        const struct batch_part *part = &batch->parts[i];
        struct slice body = part->has_body ? part->body : SLICE("-");

        text_printf(out, "%.*s %.*s %.*s ", SLICE_ARG(part->id), SLICE_ARG(part->method),
                    SLICE_ARG(part->url));
        for (size_t j = 0; j < part->field_count; j++)
            text_printf(out, "[%.*s: %.*s] ", SLICE_ARG(part->fields[j].name),
                        SLICE_ARG(part->fields[j].value));
        if (part->set)
            text_printf(out, "(%.*s %u) ", SLICE_ARG(part->group), part->set);
        text_printf(out, "{%u} %.*s\n", (unsigned)part->depends_on, SLICE_ARG(body));
    }
}

static void test_read(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(read_cases); i++) {
        struct arena *arena = new_arena(MEMORY);
        struct batch batch;
        struct error err = { 0 };
        struct text text;

        text_init(&text, arena, 0, 10000);
        if (!batch_read(slice_of(read_cases[i].json), &rules, arena, &batch, &err))
            fail_msg("case %zu: %s", i, err.message);
        show(&batch, &text);
        CHECK(slice_eq(text_slice(&text), slice_of(read_cases[i].want)), i);
        CHECK(batch.took_bytes == read_cases[i].took_bytes, i);
        arena_destroy(arena);
    }
}

/* --- what is refused ------------------------------------------------------------------------- */

#define FORMAT "Invalid batch payload format. "
#define BYTES                                                                                      \
    "Request id : 1 has a Content-Type other than JSON, and a body that is no base64url text."
#define LACKS "Write request id : 1 does not contain Content-Type header or body."

static const struct {
    const char *json;
    const char *target;
    const char *message; /* its beginning */
} refused_cases[] = {
    { "", "", FORMAT },
    { "{", "", FORMAT },
    { "[]", "", FORMAT "A batch has to be an object." },
    { "7", "", FORMAT "A batch has to be an object." },
    { "{}", "requests", FORMAT "There are no requests." },
    { "{\"requests\":[]}", "requests", FORMAT "There are no requests." },
    { "{\"requests\":[]} x", "", FORMAT },
    { "{\"requests\":{}}", "requests", FORMAT "The member has to be an array of requests." },
    { "{\"requests\":null}", "requests", FORMAT },
    { "{\"requests\":[1]}", "requests", FORMAT "A request has to be an object." },
    { "{\"requests\":[[]]}", "requests", FORMAT "A request has to be an object." },
    { "{\"requests\":[{\"id\":\"1\"," GET "}],\"requests\":[]}", "requests", FORMAT },
    { ONE("\"id\":\"2\"," GET), "id", FORMAT }, /* a name twice */
    { "{\"requests\":[{" GET "}]}", "id", FORMAT "A request needs an id." },
    { "{\"requests\":[{\"id\":\"\"," GET "}]}", "id", FORMAT "A request needs an id." },
    { "{\"requests\":[{\"id\":null," GET "}]}", "id", FORMAT "A request needs an id." },
    { "{\"requests\":[{\"id\":1," GET "}]}", "id", FORMAT "The member has to be a string." },
    { "{\"requests\":[{\"id\":\"a\"," GET "},{\"id\":\"A\"," GET "}]}", "id",
      FORMAT "The id 'A' occurs more than once." },
    { ONE("\"url\":\"/x\""), "method", FORMAT "Request '1' needs a method." },
    { ONE("\"url\":\"/x\",\"method\":\"\""), "method", FORMAT "Request '1' needs a method." },
    { ONE("\"url\":\"/x\",\"method\":\"G ET\""), "method", FORMAT },
    { ONE("\"url\":\"/x\",\"method\":\"ABCDEFGHIJKLMNOPQ\""), "method", FORMAT },
    { ONE("\"url\":\"/x\",\"method\":[]"), "method", FORMAT "The member has to be a string." },
    { ONE("\"method\":\"GET\""), "url", FORMAT "Request '1' needs a url." },
    { ONE("\"method\":\"GET\",\"url\":{}"), "url", FORMAT "The member has to be a string." },
    { ONE(GET ",\"headers\":[]"), "headers", FORMAT "The member has to be an object of strings." },
    { ONE(GET ",\"headers\":{\"a\":1}"), "headers", FORMAT "The member has to be a string." },
    { ONE(GET ",\"headers\":{\"a\":\"\",\"b\":\"\",\"c\":\"\",\"d\":\"\"}"), "headers",
      FORMAT "A request has too many headers." },
    { ONE(GET ",\"headers\":{\"a\":\"\",\"a\":\"\"}"), "a", FORMAT },
    { ONE(GET ",\"dependsOn\":\"0\""), "dependsOn",
      FORMAT "The member has to be an array of strings." },
    { ONE(GET ",\"dependsOn\":[1]"), "dependsOn",
      FORMAT "The member has to be an array of strings." },
    { ONE(GET ",\"dependsOn\":[\"1\"]"), "dependsOn",
      FORMAT "Request '1' depends on '1', which is no request before it." },
    { ONE(GET ",\"dependsOn\":[\"2\"]},{\"id\":\"2\"," GET), "dependsOn",
      FORMAT "Request '1' depends on '2', which is no request before it." },
    { ONE(DELETE ",\"atomicityGroup\":1"), "atomicityGroup",
      FORMAT "The member has to be a string." },
    { ONE(DELETE ",\"atomicityGroup\":\"\""), "atomicityGroup",
      FORMAT "The group of request '1' has no name." },
    { ONE(GET ",\"atomicityGroup\":\"g\""), "atomicityGroup",
      FORMAT "The group of request '1' cannot hold a request that reads." },
    { ONE(DELETE ",\"atomicityGroup\":\"1\""), "atomicityGroup",
      FORMAT "The group of request '1' has the name of a request." },
    { ONE(GET "},{\"id\":\"2\"," DELETE ",\"atomicityGroup\":\"1\""), "atomicityGroup",
      FORMAT "The group of request '2' has the name of a request." },
    { ONE(DELETE ",\"atomicityGroup\":\"g\"},{\"id\":\"G\"," GET), "id",
      FORMAT "The id 'G' occurs more than once." },
    { ONE(DELETE ",\"atomicityGroup\":\"g\"},{\"id\":\"2\"," GET
                 "},{\"id\":\"3\",\"atomicityGroup\":\"G\"," DELETE),
      "atomicityGroup", FORMAT "The group of request '3' has others between its requests." },
    { ONE(GET ",\"if\":\"$1\""), "if", "The member 'if' of a batched request is not supported." },
    { "{\"requests\":[{\"id\":\"1\"," GET "},{\"id\":\"2\"," GET "},{\"id\":\"3\"," GET
      "},{\"id\":\"4\"," GET "},{}]}",
      "requests", "Number of batch request steps exceeds the maximum value of 4." },

    /* writes without what they need */
    { ONE(POST), "body", LACKS },
    { ONE("\"method\":\"patch\",\"url\":\"\""), "body", LACKS },
    { ONE("\"method\":\"PUT\",\"url\":\"\""), "body", LACKS },
    { ONE(POST "," JSON_TYPE), "body", LACKS },
    { ONE(POST "," JSON_TYPE ",\"body\":null"), "body", LACKS },
    { ONE(POST ",\"body\":{}"), "headers", LACKS },
    { ONE(POST ",\"headers\":{\"Content-Type\":\"\"},\"body\":{}"), "headers", LACKS },
    { ONE(POST ",\"body\":\"text\""), "headers", LACKS },
    { ONE(POST ",\"body\":\"Zm9v\""), "headers", LACKS }, /* base64, but of no object */
    { ONE(GET ",\"body\":{}"), "headers", LACKS },

    /* neither JSON nor base64 */
    { ONE(POST ",\"headers\":{\"Content-Type\":\"image/png\"},\"body\":\"no base64\""), "body",
      BYTES },
    { ONE(POST "," TEXT_TYPE ",\"body\":{}"), "body", BYTES },
    { ONE(POST "," TEXT_TYPE ",\"body\":7"), "body", BYTES },

    { ONE(GET ",\"body\":{\"a\":[[[[[[1]]]]]]}"), "", FORMAT }, /* too deep */
};

static void test_refused(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(refused_cases); i++) {
        struct arena *arena = new_arena(MEMORY);
        struct batch batch = { .count = 99 };
        struct error err = { 0 };

        CHECK(!batch_read(slice_of(refused_cases[i].json), &rules, arena, &batch, &err), i);
        CHECK(err.code == ERROR_BAD_REQUEST && batch.count == 99, i);
        CHECK(slice_eq(slice_of(err.target), slice_of(refused_cases[i].target)), i);
        CHECK(slice_starts_with(slice_of(err.message), slice_of(refused_cases[i].message)), i);
        arena_destroy(arena);
    }
}

/* Where neither groups are taken, nor base64 for JSON. */
static void test_strict(void **state UNUSED)
{
    struct batch_rules strict = rules;
    struct arena *arena = new_arena(MEMORY);
    struct batch batch;
    struct error err = { 0 };

    strict.takes_groups = false;
    assert_false(
        batch_read(SLICE(ONE(GET ",\"atomicityGroup\":\"g\"")), &strict, arena, &batch, &err));
    assert_string_equal(err.message,
                        "The member 'atomicityGroup' of a batched request is not supported.");
    assert_string_equal(err.target, "atomicityGroup");
    err = (struct error){ 0 };
    strict.takes_bytes = false;
    assert_false(batch_read(SLICE(ONE(POST ",\"body\":\"e30=\"")), &strict, arena, &batch, &err));
    assert_string_equal(err.message, LACKS);
    err = (struct error){ 0 };
    assert_true(batch_read(SLICE(ONE(POST "," JSON_TYPE ",\"body\":\"e30=\"")), &strict, arena,
                           &batch, &err));
    assert_false(batch.took_bytes);
    assert_true(slice_eq(batch.parts[0].body, SLICE("\"e30=\"")));
    arena_destroy(arena);
}

static void test_most_dependencies(void **state UNUSED)
{
    struct arena *arena = new_arena(MEMORY);
    struct batch batch;
    struct error err = { 0 };
    struct text text;

    text_init(&text, arena, 0, MEMORY);
    text_append(&text, SLICE("{\"requests\":[{\"id\":\"1\"," GET "},{\"id\":\"2\"," GET
                             ",\"dependsOn\":[\"1\""));
    for (size_t i = 0; i < BATCH_PARTS_MOST; i++)
        text_append(&text, SLICE(",\"1\""));
    text_append(&text, SLICE("]}]}"));
    assert_false(batch_read(text_slice(&text), &rules, arena, &batch, &err));
    assert_string_equal(err.target, "dependsOn");
    arena_destroy(arena);
}

static void test_without_memory(void **state UNUSED)
{
    const char *json = read_cases[COUNT_OF(read_cases) - 1].json;
    bool ok = false;

    for (size_t bytes = 16; !ok; bytes += 16) {
        struct arena *arena = new_arena(bytes);
        struct batch batch;
        struct error err = { 0 };

        ok = batch_read(slice_of(json), &rules, arena, &batch, &err);
        CHECK(ok || err.code == ERROR_TOO_LARGE, bytes);
        arena_destroy(arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read),           cmocka_unit_test(test_refused),
        cmocka_unit_test(test_strict),         cmocka_unit_test(test_most_dependencies),
        cmocka_unit_test(test_without_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
