/* odata/path_test.c - paths against the toy shop: "shopFloor" with "articles" and, on beta,
 * "crates". */
#include "odata/path.h"

#include "base/arena.h"
#include "base/test.h"
#include "edm/toy_model.h"

#define GUID       "c0665abc-0000-4000-8000-00000000abcd"
#define GUID_UPPER "C0665ABC-0000-4000-8000-00000000ABCD"

static struct arena *new_arena(void)
{
    struct arena *arena = arena_create(NULL, 1 << 20);

    assert_non_null(arena);
    return arena;
}

/* --- the version ----------------------------------------------------------------------------- */

static const struct {
    const char *path;
    unsigned version; /* 0: refused */
    const char *rest; /* or the error's message */
} version_cases[] = {
    { "/v1.0/shopFloor", EDM_VERSION_V1, "/shopFloor" },
    { "/beta/shopFloor/articles", EDM_VERSION_BETA, "/shopFloor/articles" },
    { "/beta", EDM_VERSION_BETA, "" },
    { "/beta/", EDM_VERSION_BETA, "/" },
    { "/BETA/x", EDM_VERSION_BETA, "/x" },
    { "/V1.0/x", EDM_VERSION_V1, "/x" },
    { "/%62eta/x", EDM_VERSION_BETA, "/x" },
    { "/v1%2E0/x", EDM_VERSION_V1, "/x" },
    { "/beta//x", EDM_VERSION_BETA, "//x" },
    { "/", 0, "Invalid version: " },
    { "", 0, "Invalid version: " },
    { "//beta", 0, "Invalid version: " },
    { "/shopFloor/articles", 0, "Invalid version: shopFloor" },
    { "/v1", 0, "Invalid version: v1" },
    { "/v2.0/x", 0, "Invalid version: v2.0" },
    { "/v1.0 /x", 0, "Invalid version: v1.0 " },
    { "/xy%7A/x", 0, "Invalid version: xyz" },
    { "/be%ta/x", 0, "Invalid version: be%ta" }, /* no encoding at all: shown as sent */
    { "/be%FFta/x", 0, "Invalid version: be?ta" },
    { "/beta%2Fx", 0, "Invalid version: beta/x" },
    { "/beta%00/x", 0, "Invalid version: beta" },
};

static void test_version(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(version_cases); i++) {
        unsigned version = 99;
        struct slice rest = SLICE("?");
        struct error err = { 0 };
        bool ok = odata_path_version(slice_of(version_cases[i].path), &version, &rest, &err);

        CHECK(ok == (version_cases[i].version != 0), i);
        CHECK(version == (ok ? version_cases[i].version : 99), i);
        CHECK(slice_eq(rest, ok ? slice_of(version_cases[i].rest) : SLICE("?")), i);
        CHECK(ok || err.code == ERROR_NOT_FOUND, i);
        CHECK(ok || slice_eq(slice_of(err.message), slice_of(version_cases[i].rest)), i);
    }
}

static void test_version_long(void **state UNUSED)
{
    char path[1000] = "/";
    unsigned version;
    struct slice rest;
    struct error err = { 0 };

    /* Cut inside the room for decoding, it would read "v1.0" or split "%C3%A4". */
    memset(path + 1, 'x', sizeof path - 1);
    assert_false(odata_path_version((struct slice){ path, sizeof path }, &version, &rest, &err));
    assert_int_equal(strlen(err.message), strlen("Invalid version: ") + 100);
    for (size_t i = 1; i + 6 <= sizeof path; i += 6)
        memcpy(path + i, "%C3%A4", 6);
    assert_false(odata_path_version((struct slice){ path, sizeof path }, &version, &rest, &err));
    assert_true(slice_is_utf8(slice_of(err.message)));
}

/* --- what is found --------------------------------------------------------------------------- */

enum { V1 = EDM_VERSION_V1, BETA = EDM_VERSION_BETA };

static const struct {
    unsigned version;
    const char *rest;
    enum odata_resource resource;
    const char *set;
    const char *key;
    const char *action;
} found_cases[] = {
    { V1, "", ODATA_SERVICE, NULL, "", NULL },
    { BETA, "/", ODATA_SERVICE, NULL, "", NULL },
    { V1, "/$metadata", ODATA_CSDL, NULL, "", NULL },
    { BETA, "/$metadata/", ODATA_CSDL, NULL, "", NULL },
    { BETA, "/%24Metadata", ODATA_CSDL, NULL, "", NULL },
    { V1, "/$batch", ODATA_BATCH, NULL, "", NULL },
    { BETA, "/%24Batch/", ODATA_BATCH, NULL, "", NULL },
    { V1, "/shopFloor", ODATA_SINGLETON, NULL, "", NULL },
    { V1, "/shopFloor/", ODATA_SINGLETON, NULL, "", NULL },
    { BETA, "/SHOPFLOOR", ODATA_SINGLETON, NULL, "", NULL },
    { BETA, "/shop%46loor", ODATA_SINGLETON, NULL, "", NULL },

    { V1, "/shopFloor/articles", ODATA_SET, "articles", "", NULL },
    { BETA, "/shopFloor/articles", ODATA_SET, "articles", "", NULL },
    { BETA, "/shopFloor/crates", ODATA_SET, "crates", "", NULL },
    { BETA, "/shopFloor/articles/", ODATA_SET, "articles", "", NULL },
    { BETA, "/shopfloor/ARTICLES", ODATA_SET, "articles", "", NULL },
    { BETA, "/shopFloor/artic%6Ces", ODATA_SET, "articles", "", NULL },
    { BETA, "/shopFloor/articles()", ODATA_SET, "articles", "", NULL },
    { BETA, "/shopFloor/articles( )", ODATA_SET, "articles", "", NULL },
    { BETA, "/shopFloor/articles()/", ODATA_SET, "articles", "", NULL },

    /* a key as a segment */
    { BETA, "/shopFloor/articles/" GUID, ODATA_ENTITY, "articles", GUID, NULL },
    { BETA, "/shopFloor/articles/" GUID "/", ODATA_ENTITY, "articles", GUID, NULL },
    { BETA, "/shopFloor/articles/" GUID_UPPER, ODATA_ENTITY, "articles", GUID, NULL },
    { BETA,
      "/shopFloor/articles/%43"
      "0665ABC-0000-4000-8000-00000000ABCD",
      ODATA_ENTITY, "articles", GUID, NULL },
    { BETA, "/shopFloor/articles()/x", ODATA_ENTITY, "articles", "x", NULL },
    { BETA, "/shopFloor/articles/$count", ODATA_COUNT, "articles", "", NULL },
    { BETA, "/shopFloor/articles/$COUNT/", ODATA_COUNT, "articles", "", NULL },
    { BETA, "/shopFloor/articles/%24count", ODATA_COUNT, "articles", "", NULL },
    { BETA, "/shopFloor/articles()/$count", ODATA_COUNT, "articles", "", NULL },
    { BETA, "/shopFloor/articles/x", ODATA_ENTITY, "articles", "x", NULL },
    { BETA, "/shopFloor/articles/X", ODATA_ENTITY, "articles", "X", NULL }, /* no GUID: as it is */
    { BETA, "/shopFloor/articles/{" GUID_UPPER "}", ODATA_ENTITY, "articles", "{" GUID_UPPER "}",
      NULL },
    { BETA, "/shopFloor/articles/a%2Fb", ODATA_ENTITY, "articles", "a/b", NULL },
    { BETA, "/shopFloor/articles/a%2fb%2Fsync", ODATA_ENTITY, "articles", "a/b/sync", NULL },
    { BETA, "/shopFloor/articles/%2F", ODATA_ENTITY, "articles", "/", NULL },
    { BETA, "/shopFloor/articles/a%252Fb", ODATA_ENTITY, "articles", "a%2Fb", NULL }, /* once */
    { BETA, "/shopFloor/articles/a%25", ODATA_ENTITY, "articles", "a%", NULL },
    { BETA, "/shopFloor/articles/a+b", ODATA_ENTITY, "articles", "a+b", NULL }, /* no query */
    { BETA, "/shopFloor/articles/a%20b", ODATA_ENTITY, "articles", "a b", NULL },
    { BETA, "/shopFloor/articles/%20", ODATA_ENTITY, "articles", " ", NULL },
    { BETA, "/shopFloor/articles/caf%C3%A9", ODATA_ENTITY, "articles", "caf\xC3\xA9", NULL },
    { BETA, "/shopFloor/articles/caf\xC3\xA9", ODATA_ENTITY, "articles", "caf\xC3\xA9", NULL },
    { BETA, "/shopFloor/articles/it''s", ODATA_ENTITY, "articles", "it''s", NULL }, /* raw */
    { BETA, "/shopFloor/articles/'x'", ODATA_ENTITY, "articles", "'x'", NULL },
    { BETA, "/shopFloor/articles/('x')", ODATA_ENTITY, "articles", "('x')", NULL },
    { BETA, "/shopFloor/articles/restock", ODATA_ENTITY, "articles", "restock", NULL },
    { BETA, "/shopFloor/articles/a$count", ODATA_ENTITY, "articles", "a$count", NULL },
    { BETA, "/shopFloor/articles/..", ODATA_ENTITY, "articles", "..", NULL },
    { BETA, "/shopFloor/articles/certificate_3%2F20%2F2017_11%3A52%20AM", ODATA_ENTITY, "articles",
      "certificate_3/20/2017_11:52 AM", NULL },
    { BETA, "/shopFloor/articles/%0D%0A", ODATA_ENTITY, "articles", "\r\n", NULL },

    /* a key in parentheses */
    { BETA, "/shopFloor/articles('" GUID "')", ODATA_ENTITY, "articles", GUID, NULL },
    { BETA, "/shopFloor/articles('" GUID_UPPER "')", ODATA_ENTITY, "articles", GUID, NULL },
    { BETA, "/shopFloor/articles('" GUID "')/", ODATA_ENTITY, "articles", GUID, NULL },
    { BETA, "/shopFloor/Articles('x')", ODATA_ENTITY, "articles", "x", NULL },
    { BETA, "/shopFloor/articles(%27x%27)", ODATA_ENTITY, "articles", "x", NULL },
    { BETA, "/shopFloor/articles%28'x'%29", ODATA_ENTITY, "articles", "x", NULL },
    { BETA, "/shopFloor/articles('it''s')", ODATA_ENTITY, "articles", "it's", NULL },
    { BETA, "/shopFloor/articles('it%27%27s')", ODATA_ENTITY, "articles", "it's", NULL },
    { BETA, "/shopFloor/articles('''')", ODATA_ENTITY, "articles", "'", NULL },
    { BETA, "/shopFloor/articles('''x''')", ODATA_ENTITY, "articles", "'x'", NULL },
    { BETA, "/shopFloor/articles('a(b)c')", ODATA_ENTITY, "articles", "a(b)c", NULL },
    { BETA, "/shopFloor/articles(')')", ODATA_ENTITY, "articles", ")", NULL },
    { BETA, "/shopFloor/articles('a%2Fb')", ODATA_ENTITY, "articles", "a/b", NULL },
    { BETA, "/shopFloor/articles('a=b')", ODATA_ENTITY, "articles", "a=b", NULL },
    { BETA, "/shopFloor/articles('a,b')", ODATA_ENTITY, "articles", "a,b", NULL },
    { BETA, "/shopFloor/articles('%25')", ODATA_ENTITY, "articles", "%", NULL },
    { BETA, "/shopFloor/articles(%20'x'%20)", ODATA_ENTITY, "articles", "x", NULL },
    { BETA, "/shopFloor/articles('%20x')", ODATA_ENTITY, "articles", " x", NULL },
    { BETA, "/shopFloor/articles('$count')", ODATA_ENTITY, "articles", "$count", NULL },
    { BETA, "/shopFloor/crates('x')", ODATA_ENTITY, "crates", "x", NULL },

    /* a key by name */
    { BETA, "/shopFloor/articles(id='x')", ODATA_ENTITY, "articles", "x", NULL },
    { BETA, "/shopFloor/articles(ID='x')", ODATA_ENTITY, "articles", "x", NULL },
    { BETA, "/shopFloor/articles(%69d='x')", ODATA_ENTITY, "articles", "x", NULL },
    { BETA, "/shopFloor/articles(id%3D'x')", ODATA_ENTITY, "articles", "x", NULL },
    { BETA, "/shopFloor/articles(id%20=%20'x')", ODATA_ENTITY, "articles", "x", NULL },
    { BETA, "/shopFloor/articles(id='" GUID_UPPER "')", ODATA_ENTITY, "articles", GUID, NULL },
    { BETA, "/shopFloor/articles(id='a=b')", ODATA_ENTITY, "articles", "a=b", NULL },
    { BETA, "/shopFloor/articles(id='it''s')", ODATA_ENTITY, "articles", "it's", NULL },

    /* actions */
    { BETA, "/shopFloor/articles/x/restock", ODATA_ACTION, "articles", "x", "restock" },
    { V1, "/shopFloor/articles/x/restock", ODATA_ACTION, "articles", "x", "restock" },
    { BETA, "/shopFloor/articles/x/restock/", ODATA_ACTION, "articles", "x", "restock" },
    { BETA, "/shopFloor/articles/x/Restock", ODATA_ACTION, "articles", "x", "restock" },
    { BETA, "/shopFloor/articles/x/rest%6Fck", ODATA_ACTION, "articles", "x", "restock" },
    { BETA, "/shopFloor/articles/x/toy.shop.restock", ODATA_ACTION, "articles", "x", "restock" },
    { BETA, "/shopFloor/articles/x/shop.restock", ODATA_ACTION, "articles", "x", "restock" },
    { BETA, "/shopFloor/articles/x/TOY.Shop.RESTOCK", ODATA_ACTION, "articles", "x", "restock" },
    { BETA, "/shopFloor/articles/x/SHOP.restock", ODATA_ACTION, "articles", "x", "restock" },
    { BETA, "/shopFloor/articles/x/toy%2Eshop.restock", ODATA_ACTION, "articles", "x", "restock" },
    { BETA, "/shopFloor/articles('x')/restock", ODATA_ACTION, "articles", "x", "restock" },
    { BETA, "/shopFloor/articles('" GUID_UPPER "')/toy.shop.restock/", ODATA_ACTION, "articles",
      GUID, "restock" },
    { BETA, "/shopFloor/articles(id='x')/shop.restock", ODATA_ACTION, "articles", "x", "restock" },
    { BETA, "/shopFloor/articles('a%2Fb')/restock", ODATA_ACTION, "articles", "a/b", "restock" },
    { BETA, "/shopFloor/articles/restock/restock", ODATA_ACTION, "articles", "restock", "restock" },
    { BETA, "/shopFloor/articles/x/retire", ODATA_ACTION, "articles", "x", "retire" },
};

static void test_found(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(found_cases); i++) {
        struct arena *arena = new_arena();
        struct odata_path path = { 0 };
        struct error err = { 0 };
        bool ok = odata_path_parse(&toy_model, found_cases[i].version,
                                   slice_of(found_cases[i].rest), arena, &path, &err);

        CHECK(ok && err.code == ERROR_NONE, i);
        CHECK(path.resource == found_cases[i].resource, i);
        CHECK(path.version == found_cases[i].version, i);
        CHECK(!path.type == !found_cases[i].set, i);
        CHECK(!path.type || slice_eq(path.type->set_name, slice_of(found_cases[i].set)), i);
        CHECK(slice_eq(path.key, slice_of(found_cases[i].key)), i);
        CHECK(!path.action == !found_cases[i].action, i);
        CHECK(!path.action || slice_eq(path.action->name, slice_of(found_cases[i].action)), i);
        arena_destroy(arena);
    }
}

static const struct {
    const char *rest;
    enum odata_resource resource;
    enum toy_article_property property;
} property_cases[] = {
    { "/shopFloor/articles/x/title", ODATA_PROPERTY, TOY_ARTICLE_TITLE },
    { "/shopFloor/articles('x')/ID", ODATA_PROPERTY, TOY_ARTICLE_ID },
    { "/shopFloor/articles(id='x')/soldout/", ODATA_PROPERTY, TOY_ARTICLE_SOLD_OUT },
    { "/shopFloor/articles/x/labels", ODATA_PROPERTY, TOY_ARTICLE_LABELS },
    { "/shopFloor/articles/x/%74itle/$value", ODATA_VALUE, TOY_ARTICLE_TITLE },
    { "/shopFloor/articles/x/size/%24VALUE/", ODATA_VALUE, TOY_ARTICLE_SIZE },
};

static void test_properties(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(property_cases); i++) {
        struct arena *arena = new_arena();
        struct odata_path path = { 0 };

        CHECK(
            odata_path_parse(&toy_model, V1, slice_of(property_cases[i].rest), arena, &path, NULL),
            i);
        CHECK(path.resource == property_cases[i].resource && path.type == &toy_article, i);
        CHECK(path.property == &toy_article.properties[property_cases[i].property], i);
        CHECK(slice_eq(path.key, SLICE("x")) && !path.action, i);
        arena_destroy(arena);
    }
}

/* --- what goes beyond Graph ------------------------------------------------------------------ */

#define UNKNOWN(segment) "Resource not found for the segment '" segment "'."
#define BAD_KEY(segment)                                                                           \
    "Bad Request - Error in query syntax: the key in '" segment                                    \
    "' is not a string in single quotes."

static const struct {
    const char *rest;
    enum odata_resource resource;
    uint32_t rows;
    const char *alias;
    const char *refusal, *target; /* where such addresses are refused */
} beyond_cases[] = {
    { "/shopFloor/articles(@k)", ODATA_ENTITY, BEYOND_BIT(BEYOND_KEY_ALIAS), "@k",
      BAD_KEY("articles(@k)"), "articles(@k)" },
    { "/shopFloor/articles(id=@k)", ODATA_ENTITY, BEYOND_BIT(BEYOND_KEY_ALIAS), "@k",
      BAD_KEY("articles(id=@k)"), "articles(id=@k)" },
    { "/shopFloor/articles(ID%20=%20%40a_1)/", ODATA_ENTITY, BEYOND_BIT(BEYOND_KEY_ALIAS), "@a_1",
      BAD_KEY("articles(ID = @a_1)"), "articles(ID = @a_1)" },
    { "/shopFloor/articles(@\xC3\xA9)", ODATA_ENTITY, BEYOND_BIT(BEYOND_KEY_ALIAS), "@\xC3\xA9",
      BAD_KEY("articles(@\xC3\xA9)"), "articles(@\xC3\xA9)" },
    { "/shopFloor/articles(@k)/title", ODATA_PROPERTY, BEYOND_BIT(BEYOND_KEY_ALIAS), "@k",
      BAD_KEY("articles(@k)"), "articles(@k)" },
    { "/shopFloor/articles(@k)/title/$value", ODATA_VALUE, BEYOND_BIT(BEYOND_KEY_ALIAS), "@k",
      BAD_KEY("articles(@k)"), "articles(@k)" },
    { "/shopFloor/articles(@k)/restock", ODATA_ACTION, BEYOND_BIT(BEYOND_KEY_ALIAS), "@k",
      BAD_KEY("articles(@k)"), "articles(@k)" },

    { "/shopFloor/articles/x/labels/$count", ODATA_PROPERTY_COUNT,
      BEYOND_BIT(BEYOND_COLLECTION_COUNT), "", UNKNOWN("$count"), "$count" },
    { "/shopFloor/articles('x')/Labels/%24Count/", ODATA_PROPERTY_COUNT,
      BEYOND_BIT(BEYOND_COLLECTION_COUNT), "", UNKNOWN("$Count"), "$Count" },
    { "/shopFloor/articles(@k)/labels/$count", ODATA_PROPERTY_COUNT,
      BEYOND_BIT(BEYOND_KEY_ALIAS) | BEYOND_BIT(BEYOND_COLLECTION_COUNT), "@k",
      BAD_KEY("articles(@k)"), "articles(@k)" },

    { "/shopFloor/articles/$query", ODATA_SET, BEYOND_BIT(BEYOND_QUERY_IN_BODY), "",
      UNKNOWN("$query"), "$query" },
    { "/shopFloor/articles()/%24QUERY/", ODATA_SET, BEYOND_BIT(BEYOND_QUERY_IN_BODY), "",
      UNKNOWN("$QUERY"), "$QUERY" },
    { "/shopFloor/articles/$count/$query", ODATA_COUNT, BEYOND_BIT(BEYOND_QUERY_IN_BODY), "",
      UNKNOWN("$query"), "$query" },
    { "/shopFloor/articles/delta/$query", ODATA_DELTA, BEYOND_BIT(BEYOND_QUERY_IN_BODY), "",
      UNKNOWN("$query"), "$query" },
    { "/shopFloor/articles/shop.delta()/$query/", ODATA_DELTA, BEYOND_BIT(BEYOND_QUERY_IN_BODY), "",
      UNKNOWN("$query"), "$query" },
    { "/shopFloor/articles/x/$query", ODATA_ENTITY, BEYOND_BIT(BEYOND_QUERY_IN_BODY), "",
      UNKNOWN("$query"), "$query" },
    { "/shopFloor/articles/x/title/$query", ODATA_PROPERTY, BEYOND_BIT(BEYOND_QUERY_IN_BODY), "",
      UNKNOWN("$query"), "$query" },
    { "/shopFloor/articles/x/labels/$query", ODATA_PROPERTY, BEYOND_BIT(BEYOND_QUERY_IN_BODY), "",
      UNKNOWN("$query"), "$query" },
    { "/shopFloor/articles/x/title/$value/$query", ODATA_VALUE, BEYOND_BIT(BEYOND_QUERY_IN_BODY),
      "", UNKNOWN("$query"), "$query" },
    { "/shopFloor/articles/x/labels/$count/$query", ODATA_PROPERTY_COUNT,
      BEYOND_BIT(BEYOND_QUERY_IN_BODY) | BEYOND_BIT(BEYOND_COLLECTION_COUNT), "", UNKNOWN("$count"),
      "$count" },
    { "/shopFloor/articles(@k)/$query", ODATA_ENTITY,
      BEYOND_BIT(BEYOND_QUERY_IN_BODY) | BEYOND_BIT(BEYOND_KEY_ALIAS), "@k",
      BAD_KEY("articles(@k)"), "articles(@k)" },

    { "/shopFloor/articles/$filter(a)", ODATA_SET, BEYOND_BIT(BEYOND_FILTER_SEGMENT), "",
      UNKNOWN("$filter(a)"), "$filter(a)" },
    { "/shopFloor/articles()/%24Filter(a)/$FILTER(@f)/", ODATA_SET,
      BEYOND_BIT(BEYOND_FILTER_SEGMENT), "", UNKNOWN("$Filter(a)"), "$Filter(a)" },
    { "/shopFloor/articles/$filter(labels/any(l:l%20eq%20'/'))/$count", ODATA_COUNT,
      BEYOND_BIT(BEYOND_FILTER_SEGMENT), "", UNKNOWN("$filter(labels"), "$filter(labels" },
    { "/shopFloor/articles/$filter(a)/$count/$query", ODATA_COUNT,
      BEYOND_BIT(BEYOND_FILTER_SEGMENT) | BEYOND_BIT(BEYOND_QUERY_IN_BODY), "",
      UNKNOWN("$filter(a)"), "$filter(a)" },
    { "/shopFloor/articles/$filter(a)/$query", ODATA_SET,
      BEYOND_BIT(BEYOND_FILTER_SEGMENT) | BEYOND_BIT(BEYOND_QUERY_IN_BODY), "",
      UNKNOWN("$filter(a)"), "$filter(a)" },
};

static void test_beyond(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(beyond_cases); i++) {
        struct arena *arena = new_arena();
        struct odata_path path = { 0 };
        struct error err = { 0 };

        assert_true(
            odata_path_parse(&toy_model, BETA, slice_of(beyond_cases[i].rest), arena, &path, &err));
        CHECK(path.resource == beyond_cases[i].resource && path.type == &toy_article, i);
        CHECK(path.beyond && path.beyond->rows == beyond_cases[i].rows, i);
        CHECK(slice_eq(path.beyond->key_alias, slice_of(beyond_cases[i].alias)), i);
        CHECK((path.beyond->filters.len > 0) == (beyond_cases[i].rows >> BEYOND_FILTER_SEGMENT & 1),
              i);
        CHECK(path.beyond->options_in_body == (beyond_cases[i].rows >> BEYOND_QUERY_IN_BODY & 1),
              i);
        CHECK(path.beyond->key_alias.len == 0 || path.key.len == 0, i);
        CHECK(!odata_path_refuse_beyond(&path, &err) && err.code == ERROR_BAD_REQUEST, i);
        CHECK(slice_eq(slice_of(err.message), slice_of(beyond_cases[i].refusal)), i);
        CHECK(slice_eq(slice_of(err.target), slice_of(beyond_cases[i].target)), i);
        arena_destroy(arena);
    }
}

/* --- what is refused ------------------------------------------------------------------------- */

#define BAD_PERCENT(text)                                                                          \
    "The request URI is not valid: '%' in '" text "' is not followed by two hexadecimal digits."
#define BAD_TEXT(text) "The request URI is not valid: '" text "' does not stand for UTF-8 text."

static const struct {
    unsigned version;
    const char *rest;
    const char *message;
    const char *target;
} refused_cases[] = {
    { BETA, "//", UNKNOWN(""), "" },
    { BETA, "//shopFloor", UNKNOWN(""), "" },
    { BETA, "/shop", UNKNOWN("shop"), "shop" },
    { BETA, "/shopFloors", UNKNOWN("shopFloors"), "shopFloors" },
    { BETA, "/shopFloor()", UNKNOWN("shopFloor()"), "shopFloor()" },
    { BETA, "/articles", UNKNOWN("articles"), "articles" },
    { BETA, "/beta/shopFloor", UNKNOWN("beta"), "beta" },
    { BETA, "/$metadata/x", UNKNOWN("x"), "x" },
    { BETA, "/$metadata//", UNKNOWN(""), "" },
    { BETA, "/$metadata()", UNKNOWN("$metadata()"), "$metadata()" },
    { BETA, "/$batch/x", UNKNOWN("x"), "x" },
    { BETA, "/shopFloor/$batch", UNKNOWN("$batch"), "$batch" },
    { BETA, "/shopFloor/$metadata", UNKNOWN("$metadata"), "$metadata" },
    { BETA, "/shopFloor%2Farticles", UNKNOWN("shopFloor/articles"), "shopFloor/articles" },
    { BETA, "/shop%2546loor", UNKNOWN("shop%46loor"), "shop%46loor" }, /* decoded once */

    { BETA, "/shopFloor//", UNKNOWN(""), "" },
    { BETA, "/shopFloor//articles", UNKNOWN(""), "" },
    { BETA, "/shopFloor/article", UNKNOWN("article"), "article" },
    { BETA, "/shopFloor/articlesx", UNKNOWN("articlesx"), "articlesx" },
    { BETA, "/shopFloor/toy.shop.articles", UNKNOWN("toy.shop.articles"), "toy.shop.articles" },
    { BETA, "/shopFloor/$count", UNKNOWN("$count"), "$count" },
    { BETA, "/shopFloor/ids", UNKNOWN("ids"), "ids" },
    { BETA, "/shopFloor/id/id", UNKNOWN("id"), "id" },
    { BETA, "/shopFloor/id/$value", UNKNOWN("$value"), "$value" },
    { BETA, "/shopFloor/unknown('x')", UNKNOWN("unknown"), "unknown" },
    { BETA, "/shopFloor/('x')", UNKNOWN(""), "" },
    { BETA, "/shopFloor/articles%20", UNKNOWN("articles "), "articles " },
    { BETA, "/shopFloor/articles+", UNKNOWN("articles+"), "articles+" },

    /* a set that the version does not have: the same as none */
    { V1, "/shopFloor/crates", UNKNOWN("crates"), "crates" },
    { V1, "/shopFloor/crates/", UNKNOWN("crates"), "crates" },
    { V1, "/shopFloor/CRATES", UNKNOWN("CRATES"), "CRATES" },
    { V1, "/shopFloor/crates/x", UNKNOWN("crates"), "crates" },
    { V1, "/shopFloor/crates('x')", UNKNOWN("crates"), "crates" },
    { V1, "/shopFloor/crates(x)", UNKNOWN("crates"), "crates" },

    { BETA, "/shopFloor/articles//", UNKNOWN(""), "" },
    { BETA, "/shopFloor/articles//x", UNKNOWN(""), "" },
    { BETA, "/shopFloor/articles/$count/x", UNKNOWN("x"), "x" },
    { BETA, "/shopFloor/articles/$counts", UNKNOWN("$counts"), "$counts" },
    { BETA, "/$query", UNKNOWN("$query"), "$query" },
    { BETA, "/$metadata/$query", UNKNOWN("$query"), "$query" },
    { BETA, "/$batch/$query", UNKNOWN("$query"), "$query" },
    { BETA, "/shopFloor/$query('x')", UNKNOWN("$query"), "$query" },
    { BETA, "/shopFloor/articles/$query/x", UNKNOWN("$query"), "$query" },
    { BETA, "/shopFloor/articles/$query/$query", UNKNOWN("$query"), "$query" },
    { BETA, "/shopFloor/articles/x/restock/$query", UNKNOWN("$query"), "$query" },
    { BETA, "/shopFloor/articles/delta/x", UNKNOWN("x"), "x" },
    { BETA, "/shopFloor/articles/delta/%zz", BAD_PERCENT("%zz"), "" },
    { BETA, "/shopFloor/$filter(a)", UNKNOWN("$filter"), "$filter" },
    { BETA, "/shopFloor/articles/$filter", UNKNOWN("$filter"), "$filter" },
    { BETA, "/shopFloor/articles/$filter(a", UNKNOWN("$filter(a"), "$filter(a" },
    { BETA, "/shopFloor/articles/$filter(a)b", UNKNOWN("$filter(a)b"), "$filter(a)b" },
    { BETA, "/shopFloor/articles/$filter(a)(id='x')", UNKNOWN("$filter(a)(id='x')"),
      "$filter(a)(id='x')" },
    { BETA, "/shopFloor/articles/$filter(a)/x", UNKNOWN("x"), "x" },
    { BETA, "/shopFloor/articles/$filter(a)/$each", UNKNOWN("$each"), "$each" },
    { BETA, "/shopFloor/articles/$filter(a)/delta", UNKNOWN("delta"), "delta" },
    { BETA, "/shopFloor/articles/$filter(a)/$count/$filter(b)", UNKNOWN("$filter(b)"),
      "$filter(b)" },
    { BETA, "/shopFloor/articles/$count/$filter(a)", UNKNOWN("$filter(a)"), "$filter(a)" },
    { BETA, "/shopFloor/articles/x/$filter(a)", UNKNOWN("$filter(a)"), "$filter(a)" },
    { BETA, "/shopFloor/articles/x/labels/$filter(a)", UNKNOWN("$filter(a)"), "$filter(a)" },
    { BETA, "/shopFloor/articles/$filter(a)//", UNKNOWN(""), "" },
    { BETA, "/shopFloor/articles/$ref", UNKNOWN("$ref"), "$ref" },
    { BETA, "/shopFloor/articles/%24ref", UNKNOWN("$ref"), "$ref" },
    { BETA, "/shopFloor/articles()/$ref", UNKNOWN("$ref"), "$ref" },
    { BETA, "/shopFloor/articles()//", UNKNOWN(""), "" },

    /* keys in parentheses that are no string in quotes */
    { BETA, "/shopFloor/articles(" GUID ")", BAD_KEY("articles(" GUID ")"), "articles(" GUID ")" },
    { BETA, "/shopFloor/articles(x)", BAD_KEY("articles(x)"), "articles(x)" },
    { BETA, "/shopFloor/articles(5)", BAD_KEY("articles(5)"), "articles(5)" },
    { BETA, "/shopFloor/articles(null)", BAD_KEY("articles(null)"), "articles(null)" },
    { BETA, "/shopFloor/articles(\"x\")", BAD_KEY("articles(\"x\")"), "articles(\"x\")" },
    { BETA, "/shopFloor/articles('')", BAD_KEY("articles('')"), "articles('')" },
    { BETA, "/shopFloor/articles(')", BAD_KEY("articles(')"), "articles(')" },
    { BETA, "/shopFloor/articles(''')", BAD_KEY("articles(''')"), "articles(''')" },
    { BETA, "/shopFloor/articles('it's')", BAD_KEY("articles('it's')"), "articles('it's')" },
    { BETA, "/shopFloor/articles('x)", BAD_KEY("articles('x)"), "articles('x)" },
    { BETA, "/shopFloor/articles(x')", BAD_KEY("articles(x')"), "articles(x')" },
    { BETA, "/shopFloor/articles('x'))", BAD_KEY("articles('x'))"), "articles('x'))" },
    { BETA, "/shopFloor/articles(('x'))", BAD_KEY("articles(('x'))"), "articles(('x'))" },
    { BETA, "/shopFloor/articles('x','y')", BAD_KEY("articles('x','y')"), "articles('x','y')" },
    { BETA, "/shopFloor/articles(id=x)", BAD_KEY("articles(id=x)"), "articles(id=x)" },
    { BETA, "/shopFloor/articles(id=)", BAD_KEY("articles(id=)"), "articles(id=)" },
    { BETA, "/shopFloor/articles(id='')", BAD_KEY("articles(id='')"), "articles(id='')" },
    { BETA, "/shopFloor/articles(@)", BAD_KEY("articles(@)"), "articles(@)" },
    { BETA, "/shopFloor/articles(@1)", BAD_KEY("articles(@1)"), "articles(@1)" },
    { BETA, "/shopFloor/articles(@a.b)", BAD_KEY("articles(@a.b)"), "articles(@a.b)" },
    { BETA, "/shopFloor/articles(@a/b)", UNKNOWN("articles(@a"), "articles(@a" },
    { BETA, "/shopFloor/articles(@a,@b)", BAD_KEY("articles(@a,@b)"), "articles(@a,@b)" },
    { BETA, "/shopFloor/articles(id=@)", BAD_KEY("articles(id=@)"), "articles(id=@)" },
    { BETA, "/shopFloor/articles(title=@k)",
      "Bad Request - Error in query syntax: 'title' is not the key of type 'toy.shop.article'.",
      "articles(title=@k)" },
    { BETA, "/shopFloor/articles(@k)/sell", UNKNOWN("sell"), "sell" },
    { BETA, "/shopFloor/articles(@k)/$value", UNKNOWN("$value"), "$value" },
    { BETA, "/shopFloor/articles(id='x',title='y')", BAD_KEY("articles(id='x',title='y')"),
      "articles(id='x',title='y')" },
    { BETA, "/shopFloor/articles(title='x')",
      "Bad Request - Error in query syntax: 'title' is not the key of type 'toy.shop.article'.",
      "articles(title='x')" },
    { BETA, "/shopFloor/articles(='x')",
      "Bad Request - Error in query syntax: '' is not the key of type 'toy.shop.article'.",
      "articles(='x')" },

    /* parentheses that do not close, and a slash that is none of the key's */
    { BETA, "/shopFloor/articles('x", UNKNOWN("articles('x"), "articles('x" },
    { BETA, "/shopFloor/articles)", UNKNOWN("articles)"), "articles)" },
    { BETA, "/shopFloor/articles('x')y", UNKNOWN("articles('x')y"), "articles('x')y" },
    { BETA, "/shopFloor/articles('a/b')", UNKNOWN("articles('a"), "articles('a" },

    /* behind a key */
    { BETA, "/shopFloor/articles/x//", UNKNOWN(""), "" },
    { BETA, "/shopFloor/articles/x/titles", UNKNOWN("titles"), "titles" },
    { BETA, "/shopFloor/articles/x/shop.title", UNKNOWN("shop.title"), "shop.title" },
    { BETA, "/shopFloor/articles/x/title/x", UNKNOWN("x"), "x" },
    { BETA, "/shopFloor/articles/x/title/$count", UNKNOWN("$count"), "$count" },
    { BETA, "/shopFloor/articles/x/title/$value/x", UNKNOWN("x"), "x" },
    { BETA, "/shopFloor/articles/x/labels/$value", UNKNOWN("$value"), "$value" },
    { BETA, "/shopFloor/articles/x/labels/$count/x", UNKNOWN("x"), "x" },
    { BETA, "/shopFloor/articles/x/labels/$count/$count", UNKNOWN("$count"), "$count" },
    { BETA, "/shopFloor/articles/x/labels/$counts", UNKNOWN("$counts"), "$counts" },
    { BETA, "/shopFloor/articles/x/restock/$value", UNKNOWN("$value"), "$value" },
    { BETA, "/shopFloor/crates/x/title", UNKNOWN("title"), "title" },
    { BETA, "/shopFloor/articles/x/sell", UNKNOWN("sell"), "sell" },
    { BETA, "/shopFloor/articles/x/$value", UNKNOWN("$value"), "$value" },
    { BETA, "/shopFloor/articles/x/restock()", UNKNOWN("restock()"), "restock()" },
    { BETA, "/shopFloor/articles/x/shop.shop.restock", UNKNOWN("shop.shop.restock"),
      "shop.shop.restock" },
    { BETA, "/shopFloor/articles/x/toy.restock", UNKNOWN("toy.restock"), "toy.restock" },
    { BETA, "/shopFloor/articles/x/shop.", UNKNOWN("shop."), "shop." },
    { BETA, "/shopFloor/articles/x/shop", UNKNOWN("shop"), "shop" },
    { BETA, "/shopFloor/articles/x/.restock", UNKNOWN(".restock"), ".restock" },
    { BETA, "/shopFloor/articles/x/toy.shop.article", UNKNOWN("toy.shop.article"),
      "toy.shop.article" },
    { BETA, "/shopFloor/articles/x/restock/x", UNKNOWN("x"), "x" },
    { BETA, "/shopFloor/articles/x/restock//", UNKNOWN(""), "" },
    { BETA, "/shopFloor/articles/x/restock/restock", UNKNOWN("restock"), "restock" },
    { BETA, "/shopFloor/articles('x')/y", UNKNOWN("y"), "y" },
    { BETA, "/shopFloor/crates/x/restock", UNKNOWN("restock"), "restock" }, /* another type's */
    { V1, "/shopFloor/articles/x/retire", UNKNOWN("retire"), "retire" },    /* beta only */
    { V1, "/shopFloor/articles/x/shop.retire", UNKNOWN("shop.retire"), "shop.retire" },

    /* encodings */
    { BETA, "/shop%", BAD_PERCENT("shop%"), "" },
    { BETA, "/shop%4", BAD_PERCENT("shop%4"), "" },
    { BETA, "/shop%4g", BAD_PERCENT("shop%4g"), "" },
    { BETA, "/shop%%46", BAD_PERCENT("shop%%46"), "" },
    { BETA, "/shopFloor/articles/%", BAD_PERCENT("%"), "" },
    { BETA, "/shopFloor/articles('%u0041')", BAD_PERCENT("articles('%u0041')"), "" },
    { BETA, "/shopFloor/articles/%00", BAD_TEXT("%00"), "" },
    { BETA, "/shopFloor/articles/a%00b", BAD_TEXT("a%00b"), "" },
    { BETA, "/shopFloor/articles/%FF", BAD_TEXT("%FF"), "" },
    { BETA, "/shopFloor/articles/%C3", BAD_TEXT("%C3"), "" },
    { BETA, "/shopFloor/articles/%C0%AF", BAD_TEXT("%C0%AF"), "" },       /* overlong '/' */
    { BETA, "/shopFloor/articles/%ED%A0%80", BAD_TEXT("%ED%A0%80"), "" }, /* a surrogate */
    { BETA, "/shopFloor/articles/x/%C3", BAD_TEXT("%C3"), "" },
    { BETA, "/shopFloor/articles/x/restock/%C3", BAD_TEXT("%C3"), "" },

    /* control characters are the JSON writer's business */
    { BETA, "/shopFloor/a%0D%0Ab", UNKNOWN("a\r\nb"), "a\r\nb" },
    { BETA, "/shopFloor/%C3%A4%22%3C", UNKNOWN("\xC3\xA4\"<"), "\xC3\xA4\"<" },
};

static void test_refused(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(refused_cases); i++) {
        struct arena *arena = new_arena();
        struct odata_path path = { .resource = 99 };
        struct error err = { 0 };
        bool ok = odata_path_parse(&toy_model, refused_cases[i].version,
                                   slice_of(refused_cases[i].rest), arena, &path, &err);

        CHECK(!ok && err.code == ERROR_BAD_REQUEST, i);
        CHECK(path.resource == 99, i); /* untouched */
        CHECK(slice_eq(slice_of(err.message), slice_of(refused_cases[i].message)), i);
        CHECK(slice_eq(slice_of(err.target), slice_of(refused_cases[i].target)), i);
        arena_destroy(arena);
    }
}

/* A segment of any length is quoted up to 100 bytes and never in the middle of a character. */
static void test_long_segment(void **state UNUSED)
{
    struct arena *arena = new_arena();
    char rest[2000];
    struct odata_path path;
    struct error err = { 0 };

    rest[0] = '/';
    rest[1] = 'a'; /* so that 100 bytes end inside a character */
    for (size_t i = 2; i + 2 <= sizeof rest; i += 2)
        memcpy(rest + i, "\xC3\xA4", 2);
    assert_false(odata_path_parse(&toy_model, BETA, (struct slice){ rest, sizeof rest }, arena,
                                  &path, &err));
    assert_true(slice_is_utf8(slice_of(err.message)));
    assert_true(slice_ends_with(slice_of(err.message), SLICE("\xA4'.")));
    assert_int_equal(strlen(err.message), sizeof UNKNOWN("") - 1 + 99);
    arena_destroy(arena);
}

static void test_no_memory(void **state UNUSED)
{
    static const char *const rests[] = { "/shopFloor/articles(@k)",
                                         "/shopFloor/articles(id='%41%41%41%41%41%41%41%41%41')",
                                         ("/shopFloor/articles('" GUID "')"),
                                         ("/shopFloor/articles/" GUID) };

    for (size_t i = 0; i < COUNT_OF(rests); i++) {
        struct arena *arena = arena_create(NULL, 16);
        struct odata_path path;
        struct error err = { 0 };

        assert_non_null(arena);
        CHECK(!odata_path_parse(&toy_model, BETA, slice_of(rests[i]), arena, &path, &err), i);
        CHECK(err.code == ERROR_TOO_LARGE, i);
        arena_destroy(arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_version),      cmocka_unit_test(test_version_long),
        cmocka_unit_test(test_found),        cmocka_unit_test(test_properties),
        cmocka_unit_test(test_beyond),       cmocka_unit_test(test_refused),
        cmocka_unit_test(test_long_segment), cmocka_unit_test(test_no_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
