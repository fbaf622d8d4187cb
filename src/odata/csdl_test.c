/* odata/csdl_test.c - the toy shop's document: a piece of text for each row of its tables, what one
 * version lacks, and the order of names. That the document is XML, and Graph's, is asked in tests/.
 */
#include "odata/csdl.h"

#include "base/arena.h"
#include "base/test.h"
#include "base/text.h"
#include "edm/toy_model.h"

#define DOCUMENT_BYTES_MAX ((size_t)64 * 1024)

/* The document, NUL behind it. */
static const char *document_of(const struct odata_surface *surface, struct arena *arena)
{
    struct text text;

    text_init(&text, arena, 0, DOCUMENT_BYTES_MAX);
    csdl_write(surface, &text);
    text_append_char(&text, '\0');
    assert_false(text.failed);
    return text_slice(&text).ptr;
}

static const char *document(const struct edm_model *model, unsigned version, struct arena *arena)
{
    return document_of(&(struct odata_surface){ .model = model, .version = version }, arena);
}

static struct arena *new_arena(void)
{
    struct arena *arena = arena_create(NULL, 1 << 20);

    assert_non_null(arena);
    return arena;
}

/* --- pieces ------------------------------------------------------------------------------------
 */

#define V1   EDM_VERSION_V1
#define BETA EDM_VERSION_BETA
#define BOTH EDM_VERSIONS_ALL

static const struct {
    unsigned versions; /* in which it stands */
    const char *piece;
} piece_cases[] = {
    { BOTH, "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<edmx:Edmx Version=\"4.0\" "
            "xmlns:edmx=\"http://docs.oasis-open.org/odata/ns/edmx\">\n"
            "  <edmx:Reference Uri=\"https://oasis-tcs.github.io/odata-vocabularies/vocabularies/"
            "Org.OData.Core.V1.xml\">\n    <edmx:Include Namespace=\"Org.OData.Core.V1\" />\n"
            "  </edmx:Reference>\n" },
    { BOTH, "  </edmx:Reference>\n  <edmx:DataServices>\n"
            "    <Schema Namespace=\"toy.shop\" Alias=\"shop\" "
            "xmlns=\"http://docs.oasis-open.org/odata/ns/edm\">\n" },
    { BOTH, "<EntityType Name=\"entity\" Abstract=\"true\">\n        <Key>\n"
            "          <PropertyRef Name=\"id\" />\n        </Key>\n"
            "        <Property Name=\"id\" Type=\"Edm.String\" Nullable=\"false\" />\n"
            "      </EntityType>\n" },
    { BOTH, "<EntityType Name=\"article\" BaseType=\"shop.entity\">" },
    { BETA, "<EntityType Name=\"crate\" BaseType=\"shop.entity\">\n"
            "        <Property Name=\"place\" Type=\"Edm.String\" />\n      </EntityType>" },
    { V1, "<EntityType Name=\"shopFloor\" BaseType=\"shop.entity\">\n"
          "        <NavigationProperty Name=\"articles\" Type=\"Collection(shop.article)\" "
          "ContainsTarget=\"true\" />\n      </EntityType>" },
    { BETA, "<EntityType Name=\"shopFloor\" BaseType=\"shop.entity\">\n"
            "        <NavigationProperty Name=\"articles\" Type=\"Collection(shop.article)\" "
            "ContainsTarget=\"true\" />\n"
            "        <NavigationProperty Name=\"crates\" Type=\"Collection(shop.crate)\" "
            "ContainsTarget=\"true\" />\n      </EntityType>" },
    { BOTH, "<Property Name=\"title\" Type=\"Edm.String\" />" },
    { BOTH, "<Property Name=\"code\" Type=\"Edm.String\" Nullable=\"false\" />" },
    { BOTH, "<Property Name=\"origin\" Type=\"Edm.String\" Nullable=\"false\" />" },
    { BOTH, "<Property Name=\"soldOut\" Type=\"Edm.Boolean\" Nullable=\"false\" />" },
    { BOTH, "<Property Name=\"fragile\" Type=\"Edm.Boolean\" />" },
    { BOTH, "<Property Name=\"stock\" Type=\"Edm.Int32\" Nullable=\"false\" />" },
    { BOTH, "<Property Name=\"grams\" Type=\"Edm.Int64\" />" },
    { BOTH, "<Property Name=\"madeAt\" Type=\"Edm.DateTimeOffset\" Nullable=\"false\" />" },
    { BOTH, "<Property Name=\"countedAt\" Type=\"Edm.DateTimeOffset\" />" },
    { BOTH, "<Property Name=\"size\" Type=\"shop.size\" Nullable=\"false\" />" },
    { BOTH, "<Property Name=\"colour\" Type=\"shop.colour\" Nullable=\"false\" />" },
    { BOTH, "<Property Name=\"finish\" Type=\"shop.colour\" />" },
    { BOTH, "<Property Name=\"labels\" Type=\"Collection(Edm.String)\" />" },
    { BOTH, "<Property Name=\"notes\" Type=\"Collection(Edm.String)\" />" },
    { BOTH, "<Property Name=\"serial\" Type=\"Edm.String\" />" },
    { BOTH, "<EnumType Name=\"size\">\n        <Member Name=\"large\" Value=\"2\" />\n"
            "        <Member Name=\"medium\" Value=\"1\" />\n"
            "        <Member Name=\"small\" Value=\"0\" />\n      </EnumType>" },
    { BOTH, "<Member Name=\"blue\" Value=\"-5\" />" },
    { BOTH, "<Member Name=\"unknownFutureValue\" Value=\"6\" />" },
    { BOTH, "<Action Name=\"restock\" IsBound=\"true\">\n"
            "        <Parameter Name=\"bindingParameter\" Type=\"shop.article\" />\n"
            "        <Parameter Name=\"amount\" Type=\"Edm.Int32\" Nullable=\"false\" />\n"
            "        <Parameter Name=\"tint\" Type=\"shop.colour\" />\n      </Action>" },
    { BETA, "<Action Name=\"retire\" IsBound=\"true\">\n"
            "        <Parameter Name=\"bindingParameter\" Type=\"shop.article\" />\n"
            "      </Action>" },
    { BOTH, "<EntityContainer Name=\"GraphService\">\n"
            "        <Singleton Name=\"shopFloor\" Type=\"toy.shop.shopFloor\" />\n"
            "      </EntityContainer>" },
    { BOTH, "<Annotations Target=\"toy.shop.shopFloor/articles\">\n"
            "        <Annotation Term=\"Org.OData.Core.V1.Description\" "
            "String=\"What the shop sells.\" />\n" },
    { BOTH, "      <Annotation Term=\"Org.OData.Core.V1.DefaultNamespace\" Bool=\"true\" />\n" },
    { BOTH, "<Annotations Target=\"toy.shop.entity/id\">\n"
            "        <Annotation Term=\"Org.OData.Core.V1.Computed\" Bool=\"true\" />\n"
            "      </Annotations>\n" },
    { BOTH, "<Annotation Term=\"Org.OData.Core.V1.Permissions\" "
            "EnumMember=\"Org.OData.Core.V1.Permission/Read\" />\n" },
    { BOTH, "        <Annotation Term=\"Org.OData.Capabilities.V1.DeleteRestrictions\">\n"
            "          <Record>\n"
            "            <PropertyValue Property=\"Deletable\" Bool=\"true\" />\n"
            "            <PropertyValue Property=\"Permissions\">\n"
            "              <Collection>\n"
            "                <Record>\n"
            "                  <PropertyValue Property=\"SchemeName\" String=\"oauth2\" />\n"
            "                  <PropertyValue Property=\"Scopes\">\n"
            "                    <Collection>\n"
            "                      <Record>\n"
            "                        <PropertyValue Property=\"Scope\" "
            "String=\"Shop.Clear.All\" />\n"
            "                      </Record>\n"
            "                    </Collection>\n"
            "                  </PropertyValue>\n"
            "                </Record>\n"
            "              </Collection>\n"
            "            </PropertyValue>\n"
            "            <PropertyValue Property=\"FilterSegmentSupported\" Bool=\"false\" />\n"
            "            <PropertyValue Property=\"TypecastSegmentSupported\" Bool=\"false\" />\n"
            "          </Record>\n"
            "        </Annotation>\n" },
    { BOTH, "            <String>substring</String>\n            <String>year</String>\n" },
    { BOTH, "Target=\"toy.shop.restock(toy.shop.article)\"" },
    { BETA, "Target=\"toy.shop.retire(toy.shop.article)\"" },
    { BOTH, "Target=\"toy.shop.GraphService/shopFloor\"" },
    { BETA, "Target=\"toy.shop.shopFloor/crates\"" },
    { BOTH, "<Annotations Target=\"toy.shop.article\">" },
    { BOTH, "Target=\"toy.shop.article/serial\"" },
    { BETA, "Target=\"toy.shop.crate/place\"" },
    { BOTH, "Target=\"toy.shop.colour\"" },
    { BOTH, "Target=\"toy.shop.colour/green\"" },
    { BOTH, "    </Schema>\n  </edmx:DataServices>\n</edmx:Edmx>\n" },
};

static size_t occurrences(const char *text, const char *piece)
{
    size_t count = 0;

    for (; (text = strstr(text, piece)); text++)
        count++;
    return count;
}

/* Each stands once: colour too, which two properties and a parameter have. */
static void test_pieces(void **state UNUSED)
{
    static const unsigned versions[] = { V1, BETA };
    struct arena *arena = new_arena();

    for (size_t v = 0; v < COUNT_OF(versions); v++) {
        const char *text = document(&toy_model, versions[v], arena);
        for (size_t i = 0; i < COUNT_OF(piece_cases); i++)
            CHECK(occurrences(text, piece_cases[i].piece) ==
                      !!(piece_cases[i].versions & versions[v]),
                  i);
        assert_int_equal(occurrences(text, "<EnumType "), 2);
        assert_int_equal(occurrences(text, "<Property "), versions[v] == V1 ? 16 : 17);
    }
    arena_destroy(arena);
}

/* The tables have another order: that of the reference pages. */
static void test_order(void **state UNUSED)
{
    static const char *const names[] = { "EnumType Name=\"colour\"",
                                         "EnumType Name=\"size\"",
                                         "Name=\"entity\"",
                                         "EntityType Name=\"shopFloor\"",
                                         "EntityType Name=\"article\"",
                                         "Name=\"code\"",
                                         "Name=\"colour\"",
                                         "Name=\"countedAt\"",
                                         "Name=\"finish\"",
                                         "Name=\"title\"",
                                         "EntityType Name=\"crate\"",
                                         "Action Name=\"restock\"",
                                         "Action Name=\"retire\"",
                                         "EntityContainer",
                                         "shopFloor/articles",
                                         "toy.shop.article/code",
                                         "toy.shop.crate",
                                         "toy.shop.colour",
                                         "toy.shop.size/small" };
    struct arena *arena = new_arena();
    const char *text = document(&toy_model, BETA, arena);

    for (size_t i = 0; i < COUNT_OF(names); i++) {
        const char *at = strstr(text, names[i]);
        CHECK(at, i);
        text = at;
    }
    arena_destroy(arena);
}

/* What is refused is not claimed: the article's DELETE is the reference's alone. */
static void test_beyond_graph(void **state UNUSED)
{
    static const char deletable[] = "Property=\"Deletable\" Bool=\"true\"";
    struct edm_entity_type article = toy_article;
    const struct edm_entity_type *const types[] = { &article };
    struct edm_singleton singleton = *toy_model.singleton;
    struct edm_model model = toy_model;
    struct arena *arena = new_arena();

    article.beyond_graph = 1u << EDM_DELETE;
    singleton.types = types;
    singleton.type_count = 1;
    model.singleton = &singleton;
    for (int refuses = 0; refuses < 2; refuses++) {
        const struct odata_surface surface = { &model, V1, refuses };
        const char *text = document_of(&surface, arena);

        CHECK(occurrences(text, deletable) == (refuses ? 0 : 1), refuses);
        CHECK(occurrences(text, "\"Shop.Clear.All\"") == (refuses ? 0 : 1), refuses);
        CHECK(occurrences(text, "Property=\"Insertable\" Bool=\"true\"") == 1, refuses);
    }
    arena_destroy(arena);
}

/* --- texts -------------------------------------------------------------------------------------
 */

static void test_escapes(void **state UNUSED)
{
    struct edm_entity_type crate = toy_crate;
    const struct edm_entity_type *const types[] = { &crate };
    struct edm_singleton singleton = *toy_model.singleton;
    struct edm_model model = toy_model;
    struct arena *arena = new_arena();

    crate.doc = "a < b & \"c\" > d's";
    singleton.types = types;
    singleton.type_count = 1;
    model.singleton = &singleton;
    assert_non_null(
        strstr(document(&model, BETA, arena), "String=\"a &lt; b &amp; &quot;c&quot; &gt; d's\""));
    arena_destroy(arena);
}

/* What did not fit is never sent. */
static void test_no_room(void **state UNUSED)
{
    char memory[100];
    struct text text;

    text_init_fixed(&text, memory, sizeof memory);
    csdl_write(&(struct odata_surface){ .model = &toy_model, .version = BETA }, &text);
    assert_true(text.failed);
    assert_int_equal(text_slice(&text).len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pieces),       cmocka_unit_test(test_order),
        cmocka_unit_test(test_beyond_graph), cmocka_unit_test(test_escapes),
        cmocka_unit_test(test_no_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
