/* odata/csdl_json_test.c - the toy shop's document in JSON: it is JSON, and has a piece for each
 * row of the tables. That it declares what the XML does is asked in tests/.
 */
#include "odata/csdl_json.h"

#include "base/arena.h"
#include "base/test.h"
#include "base/text.h"
#include "edm/toy_model.h"
#include "edm/toy_siblings.h"
#include "json/reader.h"

#define DOCUMENT_BYTES_MAX ((size_t)64 * 1024)

static const char *document(const struct odata_surface *surface, struct arena *arena)
{
    struct text text;

    text_init(&text, arena, 0, DOCUMENT_BYTES_MAX);
    csdl_write_json(surface, &text);
    text_append_char(&text, '\0');
    assert_false(text.failed);
    return text_slice(&text).ptr;
}

static struct arena *new_arena(void)
{
    struct arena *arena = arena_create(NULL, 1 << 20);

    assert_non_null(arena);
    return arena;
}

#define V1   EDM_VERSION_V1
#define BETA EDM_VERSION_BETA
#define BOTH EDM_VERSIONS_ALL

static const struct {
    unsigned versions; /* in which it stands */
    const char *piece;
} piece_cases[] = {
    { BOTH, "{\"$Version\":\"4.01\",\"$EntityContainer\":\"toy.shop.GraphService\","
            "\"$Reference\":{\"https://oasis-tcs.github.io/odata-vocabularies/vocabularies/"
            "Org.OData.Core.V1.json\":{\"$Include\":[{\"$Namespace\":\"Org.OData.Core.V1\"}]}," },
    { BOTH, "\"toy.shop\":{\"$Alias\":\"shop\",\"@Org.OData.Core.V1.DefaultNamespace\":true," },
    { BOTH, "\"size\":{\"$Kind\":\"EnumType\",\"large\":2,\"medium\":1,\"small\":0}," },
    { BOTH, "\"blue\":-5" },
    { BOTH, "\"entity\":{\"$Kind\":\"EntityType\",\"$Abstract\":true,\"$Key\":[\"id\"],"
            "\"id\":{}}," },
    { BETA, "\"crate\":{\"$Kind\":\"EntityType\",\"$BaseType\":\"shop.entity\","
            "\"place\":{\"$Nullable\":true}}," },
    { BOTH, "\"articles\":{\"$Kind\":\"NavigationProperty\",\"$Collection\":true,"
            "\"$Type\":\"shop.article\",\"$ContainsTarget\":true}" },
    { BOTH, "\"code\":{}," },
    { BOTH, "\"soldOut\":{\"$Type\":\"Edm.Boolean\"}" },
    { BOTH, "\"grams\":{\"$Type\":\"Edm.Int64\",\"$Nullable\":true}," },
    { BOTH, "\"finish\":{\"$Type\":\"shop.colour\",\"$Nullable\":true}," },
    { BOTH, "\"labels\":{\"$Collection\":true}," },
    { BOTH, "\"restock\":[{\"$Kind\":\"Action\",\"$IsBound\":true,\"$Parameter\":["
            "{\"$Name\":\"bindingParameter\",\"$Type\":\"shop.article\",\"$Nullable\":true},"
            "{\"$Name\":\"amount\",\"$Type\":\"Edm.Int32\"},"
            "{\"$Name\":\"tint\",\"$Type\":\"shop.colour\",\"$Nullable\":true}]}]," },
    { BETA, "\"retire\":[" },
    { BOTH, "\"GraphService\":{\"$Kind\":\"EntityContainer\","
            "\"shopFloor\":{\"$Type\":\"toy.shop.shopFloor\"}},\"$Annotations\":{" },
    { BOTH, "\"toy.shop.article/serial\":{\"@Org.OData.Core.V1.Description\":"
            "\"Number given by the shop.\",\"@Org.OData.Core.V1.Computed\":true,"
            "\"@Org.OData.Core.V1.Permissions\":\"Read\"}," },
    { BOTH, "\"@Org.OData.Capabilities.V1.DeleteRestrictions\":{\"Deletable\":true,"
            "\"Permissions\":[{\"SchemeName\":\"oauth2\",\"Scopes\":["
            "{\"Scope\":\"Shop.Clear.All\"}]}],\"FilterSegmentSupported\":false,"
            "\"TypecastSegmentSupported\":false}," },
    { BOTH, "\"@Org.OData.Capabilities.V1.TopSupported\":true," },
    { BOTH, "\"@Org.OData.Aggregation.V1.ApplySupported\":{\"Transformations\":[\"aggregate\","
            "\"filter\",\"groupby\",\"identity\"],\"Rollup\":\"None\"}" },
};

static void test_pieces(void **state UNUSED)
{
    static const unsigned versions[] = { V1, BETA };
    struct arena *arena = new_arena();

    for (size_t v = 0; v < COUNT_OF(versions); v++) {
        const char *text =
            document(&(struct odata_surface){ &toy_model, versions[v], false }, arena);

        for (size_t i = 0; i < COUNT_OF(piece_cases); i++)
            CHECK(!!strstr(text, piece_cases[i].piece) == !!(piece_cases[i].versions & versions[v]),
                  i);
    }
    arena_destroy(arena);
}

/* Of the depot: what is worked out, and what actions are asked and answer. */
static const struct {
    unsigned versions;
    const char *piece;
} sibling_cases[] = {
    { BETA, "\"span\":{\"$Kind\":\"ComplexType\",\"from\":{\"$Type\":\"Edm.DateTimeOffset\"},"
            "\"mood\":{\"$Type\":\"depot.mood\",\"$Nullable\":true},"
            "\"unit\":{\"$Nullable\":true}}," },
    { BETA, "\"reading\":{\"$Kind\":\"ComplexType\",\"at\":{" },
    { BETA, "\"freshItem\":{\"$Kind\":\"ComplexType\"," },
    { BETA, "\"depot\":{\"$Kind\":\"EntityType\",\"$BaseType\":\"depot.entity\","
            "\"freshness\":{\"$Collection\":true,\"$Type\":\"depot.freshItem\"}," },
    { V1, "\"depot\":{\"$Kind\":\"EntityType\",\"$BaseType\":\"depot.entity\",\"pallets\":{" },
    { BETA, "{\"$Name\":\"span\",\"$Type\":\"depot.span\",\"$Nullable\":true}," },
    /* The list may be left out; its items are never null. */
    { BETA, "{\"$Name\":\"words\",\"$Collection\":true,\"$Unicode\":false}],"
            "\"$ReturnType\":{\"$Collection\":true,\"$Type\":\"depot.reading\"}}]" },
    { BETA, "\"toy.depot.depot/freshness\":{\"@Org.OData.Core.V1.Description\":"
            "\"How fresh things are.\",\"@Org.OData.Core.V1.Computed\":true," },
    { BETA, "\"toy.depot.span/from\":{\"@Org.OData.Core.V1.Description\":\"Its beginning.\"}" },
    { BETA, "\"toy.depot.measure(toy.depot.card)\":{" },
    /* Of an enumeration that only a complex type has. */
    { BETA, "\"kind\":{\"$Kind\":\"EnumType\"," },
    { BOTH, "\"mood\":{\"$Kind\":\"EnumType\"," },
};

static void test_siblings(void **state UNUSED)
{
    static const unsigned versions[] = { V1, BETA };
    struct arena *arena = new_arena();

    for (size_t v = 0; v < COUNT_OF(versions); v++) {
        const char *text =
            document(&(struct odata_surface){ &toy_siblings, versions[v], false }, arena);

        assert_true(json_is_valid(slice_of(text), arena, 64));
        for (size_t i = 0; i < COUNT_OF(sibling_cases); i++)
            CHECK(!!strstr(text, sibling_cases[i].piece) ==
                      !!(sibling_cases[i].versions & versions[v]),
                  i);
    }
    arena_destroy(arena);
}

/* Actions of one name that two types have stand in one list. */
static void test_overloads(void **state UNUSED)
{
    struct edm_entity_type crate = toy_crate;
    const struct edm_entity_type *const types[] = { &crate, &toy_article };
    struct edm_singleton singleton = *toy_model.singleton;
    struct edm_model model = toy_model;
    struct arena *arena = new_arena();
    const char *text, *at;

    crate.actions = toy_article.actions;
    crate.action_count = toy_article.action_count;
    singleton.types = types;
    singleton.type_count = COUNT_OF(types);
    model.singleton = &singleton;
    text = document(&(struct odata_surface){ &model, BETA, false }, arena);
    at = strstr(text, "\"retire\":[");
    assert_non_null(at);
    assert_null(strstr(at + 1, "\"retire\":["));
    assert_non_null(strstr(at, "\"$Type\":\"shop.article\",\"$Nullable\":true}]},"
                               "{\"$Kind\":\"Action\",\"$IsBound\":true,\"$Parameter\":["
                               "{\"$Name\":\"bindingParameter\",\"$Type\":\"shop.crate\""));
    arena_destroy(arena);
}

/* The reader refuses a name that an object has twice. */
static void test_is_json(void **state UNUSED)
{
    struct arena *arena = new_arena();
    struct slice text =
        slice_of(document(&(struct odata_surface){ &toy_model, BETA, false }, arena));

    assert_true(json_is_valid(text, arena, 64));
    arena_destroy(arena);
}

/* What did not fit is never sent. */
static void test_no_room(void **state UNUSED)
{
    char memory[100];
    struct text text;

    text_init_fixed(&text, memory, sizeof memory);
    csdl_write_json(&(struct odata_surface){ &toy_model, BETA, false }, &text);
    assert_true(text.failed);
    assert_int_equal(text_slice(&text).len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pieces),    cmocka_unit_test(test_siblings),
        cmocka_unit_test(test_overloads), cmocka_unit_test(test_is_json),
        cmocka_unit_test(test_no_room),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
