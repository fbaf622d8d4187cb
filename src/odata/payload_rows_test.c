/* odata/payload_rows_test.c - answers and what is worked out, byte for byte, at each level and in
 * both profiles; the document and the addresses that declare and find them.
 */
#include "base/arena.h"
#include "base/test.h"
#include "base/text.h"
#include "edm/toy_siblings.h"
#include "edm/value.h"
#include "odata/csdl.h"
#include "odata/path.h"
#include "odata/payload.h"

#define ORIGIN "https://localhost:8443"
#define BETA   EDM_VERSION_BETA
#define V1     EDM_VERSION_V1

static const struct uuid tenant = { { 1 } };

/* One with a word, one without. */
static const struct edm_value values[] = {
    { .text = SLICE_INIT("a\"b") },
    { .integer = INT64_MIN },
    { .at = { .ticks = 36000000000, .offset_minutes = 60 } },
    { .is_null = true },
    { .integer = 0 },
    { .at = { .ticks = 0 } },
};

static struct odata_reply reply_for(const struct profile *profile, enum odata_level level)
{
    return (struct odata_reply){ .model = &toy_siblings,
                                 .profile = profile,
                                 .origin = SLICE(ORIGIN),
                                 .version = BETA,
                                 .level = level };
}

#define CONTEXT "\"@odata.context\":\"" ORIGIN "/beta/$metadata#Collection(toy.depot.reading)\","
#define NUMBER  "-9223372036854775808"

static const struct {
    const struct profile *profile;
    enum odata_level level;
    const char *text;
} answer_cases[] = {
    { &profile_documented, ODATA_MINIMAL,
      "{" CONTEXT
      "\"value\":[{\"@odata.type\":\"toy.depot.reading\",\"word\":\"a\\\"b\",\"ticks\":" NUMBER
      ",\"at\":\"0001-01-01T02:00:00+01:00\"},{\"@odata.type\":\"toy.depot.reading\","
      "\"word\":null,\"ticks\":0,\"at\":\"0001-01-01T00:00:00Z\"}]}" },
    { &profile_documented, ODATA_NONE,
      "{\"value\":[{\"word\":\"a\\\"b\",\"ticks\":" NUMBER ",\"at\":\"0001-01-01T02:00:00+01:00\"},"
      "{\"word\":null,\"ticks\":0,\"at\":\"0001-01-01T00:00:00Z\"}]}" },
    { &profile_live, ODATA_MINIMAL,
      "{" CONTEXT "\"value\":[{\"word\":\"a\\\"b\",\"ticks\":" NUMBER
      ",\"at\":\"0001-01-01T01:00:00Z\"},{\"word\":null,\"ticks\":0,"
      "\"at\":\"0001-01-01T00:00:00Z\"}]}" },
    { &profile_live, ODATA_FULL,
      "{" CONTEXT "\"value\":[{\"@odata.type\":\"#toy.depot.reading\",\"word\":\"a\\\"b\","
      "\"ticks@odata.type\":\"#Int64\",\"ticks\":" NUMBER ",\"at@odata.type\":\"#DateTimeOffset\","
      "\"at\":\"0001-01-01T01:00:00Z\"},{\"@odata.type\":\"#toy.depot.reading\",\"word\":null,"
      "\"ticks@odata.type\":\"#Int64\",\"ticks\":0,\"at@odata.type\":\"#DateTimeOffset\","
      "\"at\":\"0001-01-01T00:00:00Z\"}]}" },
};

static void test_answers(void **state UNUSED)
{
    struct edm_value copy[COUNT_OF(values)];
    const struct edm_rows rows = { .type = TOY_CARD_MEASURE->result, .values = copy, .count = 2 };

    memcpy(copy, values, sizeof copy);
    for (size_t i = 0; i < COUNT_OF(answer_cases); i++) {
        const struct odata_reply reply = reply_for(answer_cases[i].profile, answer_cases[i].level);
        char memory[2000];
        struct text text;

        text_init_fixed(&text, memory, sizeof memory);
        odata_write_answer(&reply, &rows, &text);
        CHECK(slice_eq(text_slice(&text), slice_of(answer_cases[i].text)), i);
    }
}

/* Numbers of 64 bits as strings; what says their type stays. */
static void test_ieee754(void **state UNUSED)
{
    struct edm_value copy[COUNT_OF(values)];
    const struct edm_rows rows = { .type = TOY_CARD_MEASURE->result, .values = copy, .count = 2 };
    const struct edm_page page = { .total_count = 3 };
    struct odata_reply reply = reply_for(&profile_live, ODATA_NONE);
    char memory[2000];
    struct text text;

    memcpy(copy, values, sizeof copy);
    reply.ieee754 = true;
    text_init_fixed(&text, memory, sizeof memory);
    odata_write_answer(&reply, &rows, &text);
    assert_true(
        slice_eq(text_slice(&text), SLICE("{\"value\":[{\"word\":\"a\\\"b\",\"ticks\":\"" NUMBER
                                          "\",\"at\":\"0001-01-01T01:00:00Z\"},{\"word\":null,"
                                          "\"ticks\":\"0\",\"at\":\"0001-01-01T00:00:00Z\"}]}")));
    text_init_fixed(&text, memory, sizeof memory);
    odata_write_page(&reply, toy_siblings.singleton->types[0], &page, SLICE_EMPTY, &text);
    assert_true(slice_eq(text_slice(&text), SLICE("{\"@odata.count\":\"3\",\"value\":[]}")));
}

/* --- what is worked out ---------------------------------------------------------------------- */

static const struct edm_value item[] = {
    { .text = SLICE_INIT("k") }, { .at = { .ticks = 0 } }, { .integer = 2 }, { .integer = 1 }
};

static void write_item(void *context, const struct edm_singleton_property *property,
                       struct json_writer *writer)
{
    struct edm_value copy[COUNT_OF(item)];
    const struct edm_rows rows = { .type = property->ageing->item, .values = copy, .count = 1 };

    memcpy(copy, item, sizeof copy);
    odata_write_rows(context, &rows, writer);
}

#define DEPOT "\"@odata.context\":\"" ORIGIN "/beta/$metadata#depot"
#define ITEM                                                                                       \
    "\"key\":\"k\",\"when\":\"0001-01-01T00:00:00Z\",\"how\":\"lost\",\"what\":\"pallets\"}"
#define LIST_AS "@odata.type\":\"#Collection(toy.depot.freshItem)\","

static const struct {
    uint64_t select; /* 0: the property alone */
    enum odata_level level;
    const char *text;
} worked_out_cases[] = {
    { 0, ODATA_NONE, "{\"value\":[{" ITEM "]}" },
    { 0, ODATA_MINIMAL,
      "{" DEPOT "/freshness\",\"value\":[{\"@odata.type\":\"toy.depot.freshItem\"," ITEM "]}" },
    { 0, ODATA_FULL,
      "{" DEPOT "/freshness\",\"" LIST_AS "\"value\":[{\"@odata.type\":\"#toy.depot.freshItem\","
      "\"key\":\"k\",\"when@odata.type\":\"#DateTimeOffset\",\"when\":\"0001-01-01T00:00:00Z\","
      "\"how@odata.type\":\"#toy.depot.mood\",\"how\":\"lost\","
      "\"what@odata.type\":\"#toy.depot.kind\",\"what\":\"pallets\"}]}" },
    { 2, ODATA_NONE, "{\"freshness\":[{" ITEM "]}" },
    { 3, ODATA_NONE, "{\"id\":\"depot\",\"freshness\":[{" ITEM "]}" },
    { 2, ODATA_MINIMAL,
      "{" DEPOT "(freshness)\",\"@odata.type\":\"#toy.depot.depot\",\"freshness\":["
      "{\"@odata.type\":\"toy.depot.freshItem\"," ITEM "]}" },
    { 1, ODATA_NONE, "{\"id\":\"depot\"}" },
};

static void test_worked_out(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(worked_out_cases); i++) {
        struct odata_reply reply = reply_for(&profile_documented, worked_out_cases[i].level);
        const struct odata_items items = { write_item, &reply };
        char memory[2000];
        struct text text;

        text_init_fixed(&text, memory, sizeof memory);
        reply.items = &items;
        reply.select = worked_out_cases[i].select;
        reply.select_given = worked_out_cases[i].select != 0;
        if (reply.select_given)
            odata_write_singleton(&reply, tenant, &text);
        else
            odata_write_singleton_property(&reply, &toy_siblings.singleton->properties[1], &text);
        CHECK(slice_eq(text_slice(&text), slice_of(worked_out_cases[i].text)), i);
    }
}

static void test_own_facts(void **state UNUSED)
{
    static const struct {
        enum odata_level level;
        const char *text;
    } cases[] = {
        { ODATA_NONE, "{\"value\":\"depot\"}" },
        { ODATA_MINIMAL, "{" DEPOT "/id\",\"value\":\"depot\"}" },
        { ODATA_FULL, "{" DEPOT "/id\",\"value\":\"depot\"}" },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct odata_reply reply = reply_for(&profile_documented, cases[i].level);
        char memory[200];
        struct text text;

        text_init_fixed(&text, memory, sizeof memory);
        odata_write_singleton_value(&reply, &toy_siblings.singleton->properties[0], tenant, &text);
        CHECK(slice_eq(text_slice(&text), slice_of(cases[i].text)), i);
    }
}

/* It is not shown to who does not name it, and not where it is not. */
static void test_unselected(void **state UNUSED)
{
    struct odata_reply reply = reply_for(&profile_documented, ODATA_NONE);
    char memory[200];
    struct text text;

    text_init_fixed(&text, memory, sizeof memory);
    reply.select = UINT64_MAX;
    odata_write_singleton(&reply, tenant, &text);
    assert_true(slice_eq(text_slice(&text), SLICE("{\"id\":\"depot\"}")));
}

/* --- the document ---------------------------------------------------------------------------- */

static const struct {
    unsigned versions;
    const char *piece;
} piece_cases[] = {
    { BETA, "      <ComplexType Name=\"span\">\n"
            "        <Property Name=\"from\" Type=\"Edm.DateTimeOffset\" Nullable=\"false\" />\n"
            "        <Property Name=\"mood\" Type=\"depot.mood\" />\n"
            "        <Property Name=\"unit\" Type=\"Edm.String\" />\n      </ComplexType>\n" },
    { BETA, "<ComplexType Name=\"reading\">" },
    { BETA, "<ComplexType Name=\"freshItem\">" },
    { BETA, "<EnumType Name=\"kind\">" },
    { EDM_VERSIONS_ALL, "<EnumType Name=\"mood\">" },
    { BETA, "<EntityType Name=\"card\" BaseType=\"depot.entity\">\n"
            "        <Property Name=\"seen\" Type=\"Edm.DateTimeOffset\" Nullable=\"false\" />\n"
            "        <Property Name=\"title\" Type=\"Edm.String\" />\n      </EntityType>" },
    { BETA, "<EntityType Name=\"depot\" BaseType=\"depot.entity\">\n"
            "        <Property Name=\"freshness\" Type=\"Collection(depot.freshItem)\" />\n" },
    { V1, "<EntityType Name=\"depot\" BaseType=\"depot.entity\">\n        <NavigationProperty " },
    { BETA,
      "<Action Name=\"measure\" IsBound=\"true\">\n"
      "        <Parameter Name=\"bindingParameter\" Type=\"depot.card\" />\n"
      "        <Parameter Name=\"span\" Type=\"depot.span\" />\n"
      "        <Parameter Name=\"words\" Type=\"Collection(Edm.String)\" Unicode=\"false\" />\n"
      "        <ReturnType Type=\"Collection(depot.reading)\" />\n      </Action>" },
    { BETA,
      "<Action Name=\"pick\" IsBound=\"true\">\n"
      "        <Parameter Name=\"bindingParameter\" Type=\"Collection(depot.zone)\" />\n"
      "        <Parameter Name=\"keys\" Type=\"Collection(Edm.String)\" Unicode=\"false\" />\n"
      "        <ReturnType Type=\"Collection(depot.zone)\" />\n      </Action>" },
    { BETA, "<Function Name=\"anyMade\" IsBound=\"true\">\n"
            "        <Parameter Name=\"bindingParameter\" Type=\"Collection(depot.zone)\" />\n"
            "        <ReturnType Type=\"Edm.Boolean\" Nullable=\"false\" />\n      </Function>" },
    { BETA, "Target=\"toy.depot.pick(Collection(toy.depot.zone))\"" },
    { BETA, "Target=\"toy.depot.depot/freshness\"" },
    { BETA, "Target=\"toy.depot.span/unit\"" },
};

static void test_document(void **state UNUSED)
{
    static const unsigned versions[] = { V1, BETA };

    for (size_t v = 0; v < COUNT_OF(versions); v++) {
        struct arena *arena = arena_create(NULL, 1 << 20);
        const struct odata_surface surface = { .model = &toy_siblings, .version = versions[v] };
        struct text text;

        text_init(&text, arena, 0, 1 << 16);
        csdl_write(&surface, &text);
        text_append_char(&text, '\0');
        assert_false(text.failed);
        for (size_t i = 0; i < COUNT_OF(piece_cases); i++)
            CHECK(!strstr(text_slice(&text).ptr, piece_cases[i].piece) ==
                      !(piece_cases[i].versions & versions[v]),
                  i);
        arena_destroy(arena);
    }
}

/* --- addresses ------------------------------------------------------------------------------- */

static const struct {
    unsigned version;
    const char *rest;
    bool found;
    size_t property;
} path_cases[] = {
    { BETA, "/depot/freshness", true, 1 },
    { BETA, "/Depot/FRESHNESS/", true, 1 },
    { V1, "/depot/freshness", false, 0 },
    { BETA, "/depot/freshness/x", false, 0 },
    { BETA, "/depot/freshness()", false, 0 },
    { BETA, "/depot/freshness/$count", false, 0 },
    { BETA, "/depot/freshness/$value", false, 0 },
    { BETA, "/depot/fresh%6Eess", true, 1 },
    { BETA, "/depot/freshness('x')", false, 0 },
    { BETA, "/depot/id", true, 0 },
    { BETA, "/depot/Id/", true, 0 },
};

static void test_paths(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(path_cases); i++) {
        struct arena *arena = arena_create(NULL, 1 << 16);
        struct odata_path path = { 0 };
        struct error err = { 0 };
        bool ok = odata_path_parse(&toy_siblings, path_cases[i].version,
                                   slice_of(path_cases[i].rest), arena, &path, &err);

        CHECK(ok == path_cases[i].found, i);
        CHECK(ok || err.code == ERROR_BAD_REQUEST, i);
        CHECK(!ok || (path.resource == ODATA_SINGLETON_PROPERTY && !path.type &&
                      path.singleton_property ==
                          &toy_siblings.singleton->properties[path_cases[i].property]),
              i);
        arena_destroy(arena);
    }
}

/* `key`: what the segment is where it asks nothing of the set. */
static const struct {
    const char *rest;
    const char *action;
    enum odata_resource resource;
    const char *key;
} of_set_cases[] = {
    { "/depot/zones/pick", "pick", ODATA_SET_ACTION, "" },
    { "/depot/zones()/PICK/", "pick", ODATA_SET_ACTION, "" },
    { "/depot/zones/toy.depot.pick", "pick", ODATA_SET_ACTION, "" },
    { "/depot/zones/depot.pick", "pick", ODATA_SET_ACTION, "" },
    { "/depot/zones/anyMade", "anyMade", ODATA_SET_FUNCTION, "" },
    { "/depot/zones/anymade()", "anyMade", ODATA_SET_FUNCTION, "" },
    { "/depot/zones/toy.depot.anyMade()", "anyMade", ODATA_SET_FUNCTION, "" },
    { "/depot/zones/anyMade()/$query", "anyMade", ODATA_SET_FUNCTION, "" },
    { "/depot/zones/anyMade/%24Query/", "anyMade", ODATA_SET_FUNCTION, "" },
    { "/depot/zones/pick/$query", "", ODATA_ENTITY, "pick" },
    { "/depot/zones/anyMade/name", "", ODATA_PROPERTY, "anyMade" },
    { "/depot/zones/pick()", "", ODATA_ENTITY, "pick()" },
    { "/depot/zones/other.pick", "", ODATA_ENTITY, "other.pick" },
    { "/depot/zones('pick')", "", ODATA_ENTITY, "pick" },
    { "/depot/zones/pick/name", "", ODATA_PROPERTY, "pick" },
    { "/depot/pallets/pick", "", ODATA_ENTITY, "pick" },
    { "/depot/cards/measure", "", ODATA_ENTITY, "measure" },
};

static void test_paths_of_set(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(of_set_cases); i++) {
        struct arena *arena = arena_create(NULL, 1 << 16);
        struct odata_path path = { 0 };
        struct error err = { 0 };

        CHECK(odata_path_parse(&toy_siblings, BETA, slice_of(of_set_cases[i].rest), arena, &path,
                               &err),
              i);
        CHECK(slice_eq(path.action ? path.action->name : SLICE_EMPTY,
                       slice_of(of_set_cases[i].action)),
              i);
        CHECK(path.resource == of_set_cases[i].resource, i);
        CHECK(slice_eq(path.key, slice_of(of_set_cases[i].key)), i);
        /* on one entity, and in the version without them, they are not there */
        CHECK(!odata_path_parse(&toy_siblings, BETA, SLICE("/depot/zones/yard/pick"), arena, &path,
                                &err),
              i);
        CHECK(odata_path_parse(&toy_siblings, V1, SLICE("/depot/zones/pick"), arena, &path, &err) &&
                  path.resource == ODATA_ENTITY,
              i);
        arena_destroy(arena);
    }
}

static const struct {
    enum odata_level level;
    bool value;
    const char *text;
} boolean_cases[] = {
    { ODATA_MINIMAL, true,
      "{\"@odata.context\":\"" ORIGIN "/beta/$metadata#Edm.Boolean\",\"value\":true}" },
    { ODATA_FULL, false,
      "{\"@odata.context\":\"" ORIGIN "/beta/$metadata#Edm.Boolean\",\"value\":false}" },
    { ODATA_NONE, false, "{\"value\":false}" },
};

static void test_booleans(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(boolean_cases); i++) {
        const struct odata_reply reply = reply_for(&profile_documented, boolean_cases[i].level);
        char memory[200];
        struct text text;

        text_init_fixed(&text, memory, sizeof memory);
        odata_write_boolean(&reply, boolean_cases[i].value, &text);
        CHECK(slice_eq(text_slice(&text), slice_of(boolean_cases[i].text)), i);
    }
}

#define CALL(name)                                                                                 \
    "\"#toy.depot." name "\":{\"title\":\"toy.depot." name "\",\"target\":\"" ORIGIN               \
    "/beta/depot/zones/toy.depot." name "\"}"

/* What may be asked of a set stands in its pages, at the full level and where all is shown. */
static void test_told_of_in_pages(void **state UNUSED)
{
    const struct edm_page page = { .total_count = -1 };
    struct odata_reply reply = reply_for(&profile_documented, ODATA_FULL);
    char memory[2000];
    struct text text;

    text_init_fixed(&text, memory, sizeof memory);
    odata_write_page(&reply, &toy_zone, &page, SLICE_EMPTY, &text);
    assert_true(slice_eq(
        text_slice(&text),
        SLICE("{\"@odata.context\":\"" ORIGIN
              "/beta/$metadata#depot/zones\"," CALL("pick") "," CALL("anyMade") ",\"value\":[]}")));
    reply.select = 1;
    reply.select_given = true;
    text_init_fixed(&text, memory, sizeof memory);
    odata_write_page(&reply, &toy_zone, &page, SLICE_EMPTY, &text);
    assert_true(slice_eq(text_slice(&text),
                         SLICE("{\"@odata.context\":\"" ORIGIN "/beta/$metadata#depot/zones(id)\","
                               "\"value\":[]}")));
}

/* --- parameters ------------------------------------------------------------------------------ */

static const struct {
    const char *body;
    enum error_code code;
    const char *target;
} parameter_cases[] = {
    { "{\"span\":{\"from\":\"2024-01-01T00:00:00Z\"}}", ERROR_NONE, "" },
    { "{\"words\":null,\"span\":{\"from\":\"2024-01-01T00:00:00Z\"}}", ERROR_NONE, "" },
    { "{\"words\":[\"a\"],\"span\":{\"from\":\"2024-01-01T00:00:00Z\"}}", ERROR_NONE, "" },
    { "{}", ERROR_MODEL_VALIDATION, "span" },
    { "{\"span\":null}", ERROR_MODEL_VALIDATION, "span" },
    { "{\"span\":{}}", ERROR_MODEL_VALIDATION, "from" },
    { "{\"words\":[1]}", ERROR_MODEL_VALIDATION, "words" },
    { "{\"span\":{\"from\":", ERROR_BAD_REQUEST, "" },
    { "", ERROR_EMPTY_PAYLOAD, "" },
};

static void test_parameters(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(parameter_cases); i++) {
        struct arena *arena = arena_create(NULL, 1 << 16);
        struct edm_value *given;
        struct error err = { 0 };
        bool ok = odata_read_parameters(&toy_siblings, TOY_CARD_MEASURE,
                                        slice_of(parameter_cases[i].body), 16, arena, &given, &err);

        CHECK(ok == (parameter_cases[i].code == ERROR_NONE), i);
        CHECK(err.code == parameter_cases[i].code, i);
        CHECK(slice_eq(slice_of(err.target), slice_of(parameter_cases[i].target)), i);
        arena_destroy(arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers),          cmocka_unit_test(test_ieee754),
        cmocka_unit_test(test_worked_out),       cmocka_unit_test(test_own_facts),
        cmocka_unit_test(test_unselected),       cmocka_unit_test(test_document),
        cmocka_unit_test(test_paths_of_set),     cmocka_unit_test(test_booleans),
        cmocka_unit_test(test_told_of_in_pages), cmocka_unit_test(test_paths),
        cmocka_unit_test(test_parameters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
