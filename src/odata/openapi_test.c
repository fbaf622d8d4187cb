/* odata/openapi_test.c - the toy shop and the toy depot as OpenAPI: JSON, with a piece for each row
 * of their tables and none of what is refused. That it is OpenAPI, and true, is asked in tests/.
 */
#include "odata/openapi.h"

#include "base/arena.h"
#include "base/test.h"
#include "base/text.h"
#include "edm/toy_model.h"
#include "edm/toy_siblings.h"
#include "json/reader.h"

#define V1   EDM_VERSION_V1
#define BETA EDM_VERSION_BETA
#define BOTH EDM_VERSIONS_ALL

static struct odata_openapi about(unsigned version)
{
    return (struct odata_openapi){ .surface = { .model = &toy_model, .version = version },
                                   .server_url = SLICE("http://shop.example/x"),
                                   .token_url = SLICE("http://shop.example/token") };
}

/* The document, NUL behind it. */
static const char *document(const struct odata_openapi *what, struct arena *arena)
{
    struct text text;

    text_init(&text, arena, 0, (size_t)256 * 1024);
    odata_write_openapi(what, &text);
    text_append_char(&text, '\0');
    assert_false(text.failed);
    assert_true(json_is_valid(slice_sub(text_slice(&text), 0, text.len - 1), arena, 64));
    return text_slice(&text).ptr;
}

static struct arena *new_arena(void)
{
    struct arena *arena = arena_create(NULL, 1 << 22);

    assert_non_null(arena);
    return arena;
}

static size_t occurrences(const char *text, const char *piece)
{
    size_t count = 0;

    for (; (text = strstr(text, piece)); text++)
        count++;
    return count;
}

/* --- pieces ---------------------------------------------------------------------------------- */

static const struct {
    unsigned versions; /* in which it stands, once */
    const char *piece;
} piece_cases[] = {
    { BOTH, "{\"openapi\":\"3.1.1\",\"info\":{\"title\":\"shopFloor of toy.shop\",\"version\":" },
    { V1, "\"version\":\"v1.0\"" },
    { BETA, "\"version\":\"beta\"" },
    { BOTH, "\"servers\":[{\"url\":\"http://shop.example/x\"}]" },
    { BOTH, "{\"name\":\"shopFloor.article\",\"description\":\"Something that the shop sells.\"}" },
    { BETA, "{\"name\":\"shopFloor.crate\"," },
    { BOTH, "\"/shopFloor\":{" },
    { BOTH, "\"/shopFloor/articles\":{" },
    { BOTH, "\"/shopFloor/articles/$count\":{" },
    { BOTH, "\"/shopFloor/articles/{article-id}\":{\"parameters\":[{\"name\":\"article-id\"," },
    { BOTH, "\"/shopFloor/articles/{article-id}/grams\":{" },
    { BOTH, "\"/shopFloor/articles/{article-id}/grams/$value\":{" },
    { BOTH, "\"/shopFloor/articles/{article-id}/labels\":{" },
    { BOTH, "\"/shopFloor/articles/{article-id}/restock\":{" },
    { BETA, "\"/shopFloor/articles/{article-id}/retire\":{" },
    { BETA, "\"/shopFloor/crates/{crate-id}/place/$value\":{" },
    { BOTH, "\"operationId\":\"shopFloor.shopFloor.GetShopFloor\"" },
    { BOTH, "\"operationId\":\"shopFloor.ListArticles\"" },
    { BOTH, "\"operationId\":\"shopFloor.CreateArticles\"" },
    { BOTH, "\"operationId\":\"shopFloor.GetArticles\"" },
    { BOTH, "\"operationId\":\"shopFloor.UpdateArticles\"" },
    { BOTH, "\"operationId\":\"shopFloor.DeleteArticles\"" },
    { BOTH, "\"operationId\":\"shopFloor.articles.GetCount\"" },
    { BOTH, "\"operationId\":\"shopFloor.articles.GetSoldOut\"" },
    { BOTH, "\"operationId\":\"shopFloor.articles.GetSoldOutValue\"" },
    { BOTH, "\"operationId\":\"shopFloor.articles.article.restock\"" },
    { BOTH, "\"/$batch\":{\"post\":{\"summary\":\"Several requests in one\",\"security\":["
            "{\"oauth2\":[]},{\"bearer\":[]}]," },
    { BOTH, "\"delete\":{\"summary\":\"Delete\",\"security\":[{\"oauth2\":[\"Shop.Clear.All\"]},"
            "{\"bearer\":[\"Shop.Clear.All\"]}]," },
    { BOTH, "\"scopes\":{\"Shop.Read.All\":\"\",\"Shop.ReadWrite.All\":\"\"," },
    { BOTH, "\"toy.shop.article\":{\"type\":\"object\"" },
    { BOTH, "\"toy.shop.articleCreate\":{\"type\":\"object\"" },
    { BOTH, "\"toy.shop.articleUpdate\":{\"type\":\"object\"" },
    { BOTH, "\"toy.shop.articleCollectionResponse\":{\"type\":\"object\"" },
    { BOTH, "\"toy.shop.shopFloor\":{\"type\":\"object\"" },
    { BOTH, "\"enum\":[\"large\",\"medium\",\"small\"]" },
    { BOTH, "Members may be added; to be read, not sent: unknownFutureValue" },
    /* Of a create alone: what it stores unasked, and the sentinel. */
    { BOTH, "\"default\":\"unknown\"" },
    { BOTH, "\"default\":[\"plain\"]" },
    { BOTH, "\"required\":[\"amount\"]" },
    { BOTH, "\"tint\":{\"anyOf\":[{\"$ref\":\"#/components/schemas/toy.shop.colour\"},"
            "{\"type\":\"null\"}],\"not\":{\"const\":\"unknownFutureValue\"}," },
    { BOTH, "\"parameters\":{\"top\":{\"name\":\"$top\",\"in\":\"query\"" },
    { BOTH, "\"ODataErrors.ODataError\":{\"type\":\"object\"" },
    { BOTH, "\"tokenUrl\":\"http://shop.example/token\"" },
    { 0, "/labels/$value" }, /* a collection has none */
    { BOTH, "\"compute\":{\"name\":\"$compute\",\"in\":\"query\"" },
};

static void test_pieces(void **state UNUSED)
{
    static const unsigned versions[] = { V1, BETA };
    struct arena *arena = new_arena();

    for (size_t v = 0; v < COUNT_OF(versions); v++) {
        const struct odata_openapi what = about(versions[v]);
        const char *text = document(&what, arena);

        for (size_t i = 0; i < COUNT_OF(piece_cases); i++)
            CHECK(occurrences(text, piece_cases[i].piece) ==
                      !!(piece_cases[i].versions & versions[v]),
                  i);
    }
    arena_destroy(arena);
}

/* Each kind in a reply, and twice more in bodies. */
static const struct {
    const char *schema;
} kind_cases[] = {
    { "\"title\":{\"type\":[\"string\",\"null\"]," },
    { "\"code\":{\"type\":\"string\"," },
    { "\"fragile\":{\"type\":[\"boolean\",\"null\"]," },
    { "\"stock\":{\"type\":\"integer\",\"format\":\"int32\"," },
    { "\"grams\":{\"type\":[\"integer\",\"null\"],\"format\":\"int64\"," },
    { "\"madeAt\":{\"type\":\"string\",\"format\":\"date-time\"," },
    { "\"countedAt\":{\"type\":[\"string\",\"null\"],\"format\":\"date-time\"," },
    { "\"size\":{\"$ref\":\"#/components/schemas/toy.shop.size\"," },
    { "\"finish\":{\"anyOf\":[{\"$ref\":\"#/components/schemas/toy.shop.colour\"}," },
    { "\"labels\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}," },
    { "\"serial\":{\"type\":[\"string\",\"null\"],\"description\":\"Number given by the shop.\","
      "\"readOnly\":true}" },
};

static void test_kinds(void **state UNUSED)
{
    const struct odata_openapi what = about(V1);
    struct arena *arena = new_arena();
    const char *text = document(&what, arena);

    for (size_t i = 0; i < COUNT_OF(kind_cases); i++)
        CHECK(occurrences(text, kind_cases[i].schema) == 3, i);
    arena_destroy(arena);
}

/* --- the depot: what is worked out, and actions that answer ---------------------------------- */

#define SPAN_MEMBERS                                                                               \
    "\"from\":{\"type\":\"string\",\"format\":\"date-time\",\"description\":\"Its beginning.\"},"  \
    "\"mood\":{\"anyOf\":[{\"$ref\":\"#/components/schemas/"                                       \
    "toy.depot.mood\"},{\"type\":\"null\"}],"                                                      \
    "\"description\":\"Its mood.\"},"                                                              \
    "\"unit\":{\"type\":[\"string\",\"null\"],\"description\":\"Its unit.\"}}"

static const struct {
    unsigned versions; /* in which it stands, once */
    const char *piece;
} sibling_cases[] = {
    { BETA, "\"/depot/freshness\":{\"description\":\"How fresh things are.\"," },
    { BETA, "\"operationId\":\"depot.GetFreshness\"" },
    { BETA | V1, "\"/depot/id\":{\"get\":{" },
    { BETA | V1, "\"operationId\":\"depot.GetId\"" },
    /* It takes a format, and nothing that is for rows. */
    { BETA, "\"parameters\":[{\"$ref\":\"#/components/parameters/format\"},"
            "{\"$ref\":\"#/components/parameters/client-request-id\"},"
            "{\"$ref\":\"#/components/parameters/prefer-members\"}],\"responses\":{\"200\":{"
            "\"description\":\"Success\",\"headers\":{\"request-id\":{\"$ref\":"
            "\"#/components/headers/request-id\"},\"client-request-id\":{\"$ref\":"
            "\"#/components/headers/client-request-id\"}},\"content\":{\"application/json\":{"
            "\"schema\":{\"type\":\"object\",\"required\":[\"value\"],\"properties\":{"
            "\"@odata.context\":{\"type\":\"string\"},\"value\":{\"type\":\"array\",\"items\":{"
            "\"$ref\":\"#/components/schemas/toy.depot.freshItem\"}}}}" },
    { BETA, "\"enum\":[\"id\",\"freshness\"]" },
    { V1, "\"items\":{\"type\":\"string\",\"enum\":[\"id\"]}" },
    { BETA, "\"/depot/cards/{card-id}/measure\":{" },
    /* What has to be sent, whatever $metadata says of null; and a list that may be left out. */
    { BETA,
      "{\"schema\":{\"type\":\"object\",\"properties\":{\"span\":{\"$ref\":"
      "\"#/components/schemas/toy.depot.spanParameter\",\"description\":\"What to measure.\"},"
      "\"words\":{\"type\":[\"array\",\"null\"],\"items\":{\"type\":\"string\"},"
      "\"description\":\"What for.\"}},\"required\":[\"span\"],"
      "\"patternProperties\":{\"@\":true},\"additionalProperties\":false}}" },
    { BETA, "\"toy.depot.spanParameter\":{\"type\":\"object\",\"description\":\"A span of time.\","
            "\"properties\":{\"@odata.type\":{\"enum\":[\"#toy.depot.span\",\"toy.depot.span\","
            "\"#depot.span\",\"depot.span\"]},\"@type\":{\"enum\":[\"#toy.depot.span\","
            "\"toy.depot.span\",\"#depot.span\",\"depot.span\"]}," SPAN_MEMBERS
            ",\"required\":[\"from\"],\"patternProperties\":{\"@\":true},"
            "\"additionalProperties\":false}" },
    { BETA,
      "\"toy.depot.reading\":{\"type\":\"object\",\"description\":\"What a measurement says.\","
      "\"properties\":{\"@odata.type\":{\"type\":\"string\"},\"at\":{" },
    { BETA, "\"toy.depot.freshItem\":{" },
    { BETA,
      "\"freshness\":{\"type\":\"array\",\"items\":{\"$ref\":"
      "\"#/components/schemas/toy.depot.freshItem\"},\"description\":\"How fresh things are.\","
      "\"readOnly\":true}" },
    { BETA, "\"toy.depot.kind\":{\"type\":\"string\"," },
    { BOTH, "\"toy.depot.mood\":{\"type\":\"string\"," },
    { 0, "toy.depot.span\":{" },             /* no answer shows it */
    { 0, "toy.depot.readingParameter\":{" }, /* no action takes it */
    { 0, "toy.depot.freshItemParameter\":{" },
};

static void test_siblings(void **state UNUSED)
{
    static const unsigned versions[] = { V1, BETA };
    struct arena *arena = new_arena();

    for (size_t v = 0; v < COUNT_OF(versions); v++) {
        struct odata_openapi what = about(versions[v]);
        const char *text;

        what.surface.model = &toy_siblings;
        text = document(&what, arena);
        for (size_t i = 0; i < COUNT_OF(sibling_cases); i++)
            CHECK(occurrences(text, sibling_cases[i].piece) ==
                      !!(sibling_cases[i].versions & versions[v]),
                  i);
    }
    arena_destroy(arena);
}

/* Each field once among the components, and where it counts. */
static void test_fields(void **state UNUSED)
{
    const struct odata_openapi what = about(V1);
    struct arena *arena = new_arena();
    const char *text = document(&what, arena);
    size_t lists = occurrences(text, "\"summary\":\"List\"");
    size_t deltas = occurrences(text, "\"summary\":\"Get the changes of\"");

    /* What may be preferred is not the same for a list, a delta, a create, an update, one of a
     * property and the rest. */
    assert_int_equal(occurrences(text, "\"name\":\"Prefer\",\"in\":\"header\""), 6);
    assert_int_equal(occurrences(text, "\"name\":\"If-Match\",\"in\":\"header\""), 1);
    assert_int_equal(occurrences(text, "#/components/parameters/prefer-update\""),
                     occurrences(text, "\"summary\":\"Update\""));
    assert_int_equal(occurrences(text, "#/components/parameters/prefer-property\""),
                     occurrences(text, "\"put\":{") + occurrences(text, "\"patch\":{") -
                         occurrences(text, "\"summary\":\"Update\""));
    assert_int_equal(occurrences(text, "#/components/parameters/if-none-match\""),
                     occurrences(text, "\"put\":{") + occurrences(text, "\"patch\":{") +
                         occurrences(text, "\"delete\":{") +
                         occurrences(text, "\"summary\":\"Invoke action\""));
    assert_int_equal(occurrences(text, "\"name\":\"client-request-id\",\"in\":\"header\""), 1);
    assert_int_equal(occurrences(text, "#/components/parameters/prefer\""), lists);
    assert_int_equal(occurrences(text, "#/components/parameters/prefer-delta\""), deltas);
    assert_int_equal(occurrences(text, "#/components/parameters/client-request-id\""),
                     occurrences(text, "\"operationId\":"));
    assert_int_equal(occurrences(text, "\"Preference-Applied\":"), lists + deltas);
    arena_destroy(arena);
}

/* --- what is left out ------------------------------------------------------------------------ */

static void test_refused(void **state UNUSED)
{
    struct edm_entity_type article = toy_article;
    const struct edm_entity_type *const types[] = { &article };
    struct edm_singleton singleton = *toy_model.singleton;
    struct edm_model model = toy_model;
    struct odata_openapi what = about(V1);
    struct arena *arena = new_arena();

    article.beyond_graph = 1u << EDM_DELETE;
    article.permissions[EDM_UPDATE].count = 0;
    singleton.types = types;
    singleton.type_count = 1;
    model.singleton = &singleton;
    what.surface.model = &model;
    what.surface.refuses_beyond = true;
    const char *text = document(&what, arena);
    assert_int_equal(occurrences(text, "\"delete\":"), 0);
    assert_int_equal(occurrences(text, "\"patch\":"), 0);
    assert_int_equal(occurrences(text, "toy.shop.articleUpdate"), 0);
    assert_int_equal(occurrences(text, "\"$search\""), 0);
    assert_int_equal(occurrences(text, "shopFloor.ListArticles"), 1);
    arena_destroy(arena);
}

static void test_security(void **state UNUSED)
{
    struct odata_openapi what = about(V1);
    struct arena *arena = new_arena();

    assert_null(strstr(document(&what, arena), "},{}]"));
    what.anonymous = true;
    assert_non_null(strstr(document(&what, arena), "},{}]"));
    what.token_url = SLICE_EMPTY;
    assert_null(strstr(document(&what, arena), "oauth2"));
    arena_destroy(arena);
}

/* What may be selected is what there is. */
static void test_select(void **state UNUSED)
{
    const struct odata_openapi what = about(V1);
    struct arena *arena = new_arena();
    const char *text = document(&what, arena);

    assert_non_null(strstr(text, "\"enum\":[\"id\",\"title\",\"code\",\"origin\","));
    assert_int_equal(occurrences(text, "\"enum\":[\"id\",\"opening\",\"ownerId\"]"), 1);
    arena_destroy(arena);
}

/* A host is the client's own words, and may be long. */
static void test_server_url(void **state UNUSED)
{
    struct odata_openapi what = about(V1);
    struct arena *arena = new_arena();
    char url[2000];

    what.server_url = SLICE("http://a\"b");
    assert_non_null(strstr(document(&what, arena), "\"http://a\\\"b\""));
    memset(url, 'x', sizeof url);
    what.server_url = (struct slice){ url, sizeof url };
    assert_non_null(document(&what, arena));
    arena_destroy(arena);
}

/* What did not fit is never sent. */
static void test_no_room(void **state UNUSED)
{
    const struct odata_openapi what = about(BETA);
    char memory[100];
    struct text text;

    text_init_fixed(&text, memory, sizeof memory);
    odata_write_openapi(&what, &text);
    assert_true(text.failed);
    assert_int_equal(text_slice(&text).len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pieces),   cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_siblings), cmocka_unit_test(test_fields),
        cmocka_unit_test(test_refused),  cmocka_unit_test(test_security),
        cmocka_unit_test(test_select),   cmocka_unit_test(test_server_url),
        cmocka_unit_test(test_no_room),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
