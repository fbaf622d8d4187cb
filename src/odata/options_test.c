/* odata/options_test.c - query strings against the toy shop's articles, one of them, and the shop.
 */
#include "odata/options.h"
#include "odata/query_links.h"

#include "base/arena.h"
#include "base/test.h"
#include "edm/items.h"
#include "edm/toy_model.h"

static const struct odata_path set_path = { .resource = ODATA_SET,
                                            .version = EDM_VERSION_BETA,
                                            .type = &toy_article };
static const struct odata_path count_path = { .resource = ODATA_COUNT,
                                              .version = EDM_VERSION_BETA,
                                              .type = &toy_article };
static const struct odata_path entity_path = { .resource = ODATA_ENTITY,
                                               .version = EDM_VERSION_BETA,
                                               .type = &toy_article,
                                               .key = SLICE_INIT("x") };
static const struct odata_path singleton_path = { .resource = ODATA_SINGLETON,
                                                  .version = EDM_VERSION_BETA };
static const struct odata_path action_path = { .resource = ODATA_ACTION,
                                               .version = EDM_VERSION_BETA,
                                               .type = &toy_article,
                                               .key = SLICE_INIT("x") };

static const struct odata_path property_path = { .resource = ODATA_PROPERTY,
                                                 .version = EDM_VERSION_BETA,
                                                 .type = &toy_article,
                                                 .key = SLICE_INIT("x") };
static const struct odata_path value_path = { .resource = ODATA_VALUE,
                                              .version = EDM_VERSION_BETA,
                                              .type = &toy_article,
                                              .key = SLICE_INIT("x") };
static const struct odata_path service_path = { .resource = ODATA_SERVICE,
                                                .version = EDM_VERSION_BETA };
static const struct odata_path csdl_path = { .resource = ODATA_CSDL, .version = EDM_VERSION_BETA };

static struct arena *new_arena(void)
{
    struct arena *arena = arena_create(NULL, 1 << 20);

    assert_non_null(arena);
    return arena;
}

static const struct odata_filter_rules rules;

static bool parse(const struct odata_path *path, bool is_read, const char *query,
                  uint64_t max_page_size, struct arena *arena, struct odata_options *ret,
                  struct error *err)
{
    return odata_options_parse(&toy_model, &profile_documented, path, is_read, slice_of(query),
                               max_page_size, &rules, arena, ret, err);
}

#define BIT(property) (UINT64_C(1) << TOY_ARTICLE_##property)
#define ALL           ((UINT64_C(1) << TOY_ARTICLE_PROPERTY_COUNT) - 1)

/* --- what is read ---------------------------------------------------------------------------- */

static const struct {
    const char *query;
    uint64_t select; /* 0: not given */
    size_t page_size;
    bool count;
    const char *skiptoken;
} read_cases[] = {
    { "", 0, 100, false, "" },
    { "&", 0, 100, false, "" },
    { "&&&", 0, 100, false, "" },
    { "=", 0, 100, false, "" },
    { "=x", 0, 100, false, "" },

    /* $select */
    { "$select=id", BIT(ID), 100, false, "" },
    { "$select=id,title", BIT(ID) | BIT(TITLE), 100, false, "" },
    { "$select=title,id", BIT(ID) | BIT(TITLE), 100, false, "" },
    { "$select=id,id,id", BIT(ID), 100, false, "" },
    { "$select=ID,TITLE,soldout", BIT(ID) | BIT(TITLE) | BIT(SOLD_OUT), 100, false, "" },
    { "$select=%20id%20,%20title%20", BIT(ID) | BIT(TITLE), 100, false, "" },
    { "$select=id,+title", BIT(ID) | BIT(TITLE), 100, false, "" },
    { "$select=%09id", BIT(ID), 100, false, "" },
    { "$select=id%2Ctitle", BIT(ID) | BIT(TITLE), 100, false, "" },
    { "$select=%69d", BIT(ID), 100, false, "" },
    { "$select=id,", BIT(ID), 100, false, "" },
    { "$select=id,%20", BIT(ID), 100, false, "" },
    { "$select=serial", BIT(SERIAL), 100, false, "" },
    { "$select=*", 0, 100, false, "" },
    { "$select=%2A", 0, 100, false, "" },
    { "$select=*,id", 0, 100, false, "" },
    { "$select=id,*", 0, 100, false, "" },
    { "$select=id,title,code,origin,soldOut,fragile,stock,grams,madeAt,countedAt,size,colour,"
      "finish,labels,notes,serial",
      ALL, 100, false, "" },
    { "select=id", BIT(ID), 100, false, "" },
    { "$SELECT=id", BIT(ID), 100, false, "" },
    { "Select=id", BIT(ID), 100, false, "" },
    { "%24select=id", BIT(ID), 100, false, "" },
    { "$%73elect=id", BIT(ID), 100, false, "" },
    { "%24%73%65%6c%65%63%74=id", BIT(ID), 100, false, "" },

    /* $top */
    { "$top=0", 0, 0, false, "" },
    { "$top=1", 0, 1, false, "" },
    { "$top=100", 0, 100, false, "" },
    { "$top=101", 0, 101, false, "" },
    { "$top=999", 0, 999, false, "" },
    { "$top=1000", 0, 1000, false, "" },
    { "$top=1001", 0, 1000, false, "" },
    { "$top=9223372036854775807", 0, 1000, false, "" },
    { "$top=007", 0, 7, false, "" },
    { "$top=%205%20", 0, 5, false, "" },
    { "$top=+5", 0, 5, false, "" }, /* a blank */
    { "$top=%35", 0, 5, false, "" },
    { "top=5", 0, 5, false, "" },
    { "TOP=5", 0, 5, false, "" },
    { "$Top=5", 0, 5, false, "" },
    { "%24top=5", 0, 5, false, "" },

    /* $count */
    { "$count=true", 0, 100, true, "" },
    { "$count=false", 0, 100, false, "" },
    { "$count=True", 0, 100, true, "" },
    { "$count=FALSE", 0, 100, false, "" },
    { "$count=%20true", 0, 100, true, "" },
    { "count=true", 0, 100, true, "" },
    { "%24count=true", 0, 100, true, "" },

    /* $skiptoken */
    { "$skiptoken=abc", 0, 100, false, "abc" },
    { "$skiptoken=a%2Bb", 0, 100, false, "a+b" },
    { "$skiptoken=a=b==", 0, 100, false, "a=b==" },
    { "skiptoken=abc", 0, 100, false, "abc" },
    { "$skipToken=abc", 0, 100, false, "abc" },
    { "$skiptoken=%20", 0, 100, false, " " },

    /* together */
    { "$select=id&$top=2&$count=true&$skiptoken=x", BIT(ID), 2, true, "x" },
    { "$skiptoken=x&count=true&TOP=2&%24select=id", BIT(ID), 2, true, "x" },
    { "&$top=2&&$count=true&", 0, 2, true, "" },

    /* custom options and aliases: anything goes */
    { "api-version=2022-02-22", 0, 100, false, "" },
    { "count2=x", 0, 100, false, "" },
    { "id=x&id=y&ID=z", 0, 100, false, "" },
    { "x", 0, 100, false, "" },
    { "x=%", 0, 100, false, "" }, /* never decoded */
    { "x=%00%FF", 0, 100, false, "" },
    { "@p1='x'&@p1='y'", 0, 100, false, "" },
    { "filters=x&filter2=x&myfilter=x", 0, 100, false, "" },
    { "+$top=x", 0, 100, false, "" }, /* begins with a blank */
    { "top%20=x", 0, 100, false, "" },
    { "x?$filter=y", 0, 100, false, "" },
    { "caf%C3%A9=x", 0, 100, false, "" },
};

static void test_read(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(read_cases); i++) {
        struct arena *arena = new_arena();
        struct odata_options got = { 0 };
        struct error err = { 0 };
        bool ok = parse(&set_path, true, read_cases[i].query, 0, arena, &got, &err);
        uint64_t select = read_cases[i].select;

        CHECK(ok && err.code == ERROR_NONE, i);
        CHECK(got.query.type == &toy_article, i);
        CHECK(got.query.select_given == (select != 0), i);
        CHECK(got.selects || select == 0, i);
        CHECK(got.query.select == (select ? select : ALL), i);
        CHECK(got.query.page_size == read_cases[i].page_size, i);
        CHECK(got.query.count == read_cases[i].count, i);
        CHECK(got.query.after.len == 0, i);
        CHECK(slice_eq(got.skiptoken, slice_of(read_cases[i].skiptoken)), i);
        arena_destroy(arena);
    }
}

/* --- what is refused ------------------------------------------------------------------------- */

#define SELECT_BAD(what) "Parsing OData Select and Expand failed: " what
#define TERM(term)       SELECT_BAD("Term '" term "' is not valid in a $select or $expand expression.")
#define CHARACTER(c, at, in)                                                                       \
    SELECT_BAD("Syntax error: character '" c "' is not valid at position " at " in '" in "'.")
#define NO_PROPERTY(name)                                                                          \
    SELECT_BAD("Could not find a property named '" name "' on type 'toy.shop.article'.")
#define BRACKETS SELECT_BAD("Found an unbalanced bracket expression.")
#define TOP(text)                                                                                  \
    "Invalid value '" text "' for $top query option found. The $top query option requires a "      \
    "non-negative integer value."
#define BAD_SKIP(text)                                                                             \
    "Invalid value '" text "' for $skip query option found. The $skip query option requires a "    \
    "non-negative integer value."
#define COUNT(text)                                                                                \
    "Invalid value '" text "' for $count query option found. Valid values are 'true' or 'false'."
#define TWICE(name)                                                                                \
    "Query option '" name "' was specified more than once, but it must be specified at most once."
#define NOT_ALLOWED(title)                                                                         \
    "The query specified in the URI is not valid. Query option '" title "' is not allowed. To "    \
    "allow it, set the 'AllowedQueryOptions' property on EnableQueryAttribute or "                 \
    "QueryValidationSettings."
#define NO_SUCH(name) "Custom query option '" name "' that starts with '$' is not supported."
#define TOKEN                                                                                      \
    "The query specified in the URI is not valid. The $skiptoken is not valid for this request."
#define NO_FILTER_PROPERTY(name, position)                                                         \
    "Invalid filter clause: Could not find a property named '" name                                \
    "' on type 'toy.shop.article'. (at position " position ")"
#define NO_FORMAT(value)                                                                           \
    "The format '" value "' is not supported. Ask for 'json', if need be with "                    \
    "'odata.metadata=none', 'minimal' or 'full'."
#define NO_COLLECTION                                                                              \
    "The query specified in the URI is not valid. The requested resource is not a collection. "    \
    "Query options $filter, $orderby, $count, $skip, and $top can be applied only on collections."

#define OF_PROPERTY(name, fault)                                                                   \
    "Parsing OData Select and Expand failed: Property '" name "' " fault "."
#define OPTIONS_TWICE(name) OF_PROPERTY(name, "was given options more than once")

static const struct {
    const char *query;
    const char *target;
    const char *message;
} refused_cases[] = {
    /* $select: no names */
    { "$select=", "$select", TERM("") },
    { "$select", "$select", TERM("") },
    { "$select=%20", "$select", TERM("") },
    { "$select=,", "$select", TERM("") },
    { "$select=,id", "$select", TERM("") },
    { "$select=id,,title", "$select", TERM("") },
    { "$select=id,,", "$select", TERM("") },
    /* names that nobody has */
    { "$select=foo", "$select", NO_PROPERTY("foo") },
    { "$select=id,foo", "$select", NO_PROPERTY("foo") },
    { "$select=foo,bar", "$select", NO_PROPERTY("foo") },
    { "$select=titles", "$select", NO_PROPERTY("titles") },
    { "$select=toy.shop.restock", "$select", NO_PROPERTY("toy.shop.restock") },
    { "$select=toy.shop.article/id", "$select", NO_PROPERTY("toy.shop.article/id") },
    { "$select=toy.shop.*", "$select", NO_PROPERTY("toy.shop.*") },
    { "$select=**", "$select", NO_PROPERTY("**") },
    { "$select=title/length", "$select", NO_PROPERTY("title/length") },
    { "$select=@odata.type", "$select", NO_PROPERTY("@odata.type") },
    { "$select=$it", "$select", NO_PROPERTY("$it") },
    { "$select=t%C3%AFtle", "$select", NO_PROPERTY("t\xC3\xAFtle") },
    { "$select=%2569d", "$select", CHARACTER("%", "0", "%69d") }, /* decoded once */
    /* brackets */
    { "$select=id(", "$select", BRACKETS },
    { "$select=id)", "$select", BRACKETS },
    { "$select=)id(", "$select", BRACKETS },
    { "$select=((id)", "$select", BRACKETS },
    { "$select=(id)", "$select", TERM("(id)") },
    { "$select=(id,title)", "$select", TERM("(id,title)") },
    { "$select=id,title($select=x,y)", "$select", TERM("title($select=x,y)") },
    { "$select=*($top=1)", "$select", TERM("*($top=1)") },
    { "$select=labels($top=1", "$select", BRACKETS },
    { "$select=labels($top=1)x", "$select", TERM("labels($top=1)x") },
    { "$select=labels ($top=1)", "$select", TERM("labels ($top=1)") },
    { "$select=labels($top=1),notes,labels($top=1)", "$select", OPTIONS_TWICE("labels") },
    { "$select=labels($top=x)", "$select",
      "Invalid select clause: The value 'x' is not a non-negative integer." },
    { "$select=foo($top=x)", "$select", NO_PROPERTY("foo") },
    { "$select=()", "$select", TERM("()") },
    /* other signs */
    { "$select=id%2Btitle", "$select", CHARACTER("+", "2", "id+title") },
    { "$select=id,title%23", "$select", CHARACTER("#", "8", "id,title#") },
    { "$select=%20%20id!", "$select", CHARACTER("!", "2", "id!") },
    { "$select=id|title", "$select", CHARACTER("|", "2", "id|title") },
    { "$select=id%0A", "$select", CHARACTER("\n", "2", "id\n") },
    { "$select=id%20title", "$select", TERM("id title") },
    { "$select=id+title", "$select", TERM("id title") },
    { "$select='id'", "$select", TERM("'id'") },
    { "$select=\"id\"", "$select", TERM("\"id\"") },
    { "$select=-id", "$select", TERM("-id") },
    { "$select=id%20desc", "$select", TERM("id desc") },
    { "$select=id;title", "$select", TERM("id;title") },
    { "$select=id=title", "$select", TERM("id=title") },

    /* $top */
    { "$top=", "$top", TOP("") },
    { "$top", "$top", TOP("") },
    { "$top=x", "$top", TOP("x") },
    { "$top=-1", "$top", TOP("-1") },
    { "$top=-0", "$top", TOP("-0") },
    { "$top=%2B1", "$top", TOP("+1") },
    { "$top=1.0", "$top", TOP("1.0") },
    { "$top=1e3", "$top", TOP("1e3") },
    { "$top=0x10", "$top", TOP("0x10") },
    { "$top=1%202", "$top", TOP("1 2") },
    { "$top=9223372036854775808", "$top", TOP("9223372036854775808") },
    { "$top=99999999999999999999", "$top", TOP("99999999999999999999") },
    { "$top='5'", "$top", TOP("'5'") },
    { "$top=%D9%A1", "$top", TOP("\xD9\xA1") }, /* a digit, but no ASCII one */
    { "top=x", "$top", TOP("x") },

    /* $count */
    { "$count=", "$count", COUNT("") },
    { "$count", "$count", COUNT("") },
    { "$count=1", "$count", COUNT("1") },
    { "$count=yes", "$count", COUNT("yes") },
    { "$count=truee", "$count", COUNT("truee") },
    { "$count='true'", "$count", COUNT("'true'") },

    /* $skiptoken */
    { "$skiptoken=", "$skiptoken", TOKEN },
    { "skiptoken", "$skiptoken", TOKEN },

    /* twice */
    { "$top=1&$top=1", "$top", TWICE("$top") },
    { "$top=1&top=2", "$top", TWICE("$top") },
    { "$top=1&%24TOP=2", "$top", TWICE("$top") },
    { "$select=id&$select=id", "$select", TWICE("$select") },
    { "$select=*&select=*", "$select", TWICE("$select") },
    { "$count=false&$count=false", "$count", TWICE("$count") },
    { "$skiptoken=x&skiptoken=x", "$skiptoken", TWICE("$skiptoken") },
    { "$filter=true&filter=true", "$filter", TWICE("$filter") },

    /* $filter: that it is read at all, decoded and with its aliases; the rest is filter_test.c's */
    { "$filter=x", "$filter", NO_FILTER_PROPERTY("x", "0") },
    { "filter=x", "$filter", NO_FILTER_PROPERTY("x", "0") },
    { "%24FILTER=x", "$filter", NO_FILTER_PROPERTY("x", "0") },
    { "$filter=true+and%20x", "$filter", NO_FILTER_PROPERTY("x", "9") },
    { "$filter=@a&@a=%20x", "$filter", NO_FILTER_PROPERTY("x", "1") },
    { "%40a=x&$filter=@a&@a=y", "$filter", NO_FILTER_PROPERTY("x", "0") },
    { "$filter=", "$filter", "Invalid filter clause: Syntax error at position 0 in ''." },
    { "$filter", "$filter", "Invalid filter clause: Syntax error at position 0 in ''." },

    /* options of OData that are not offered */
    { "$skip=-1", "$skip", BAD_SKIP("-1") },
    { "skip=", "$skip", BAD_SKIP("") },
    { "$Skip=1.5", "$skip", BAD_SKIP("1.5") },
    { "$skip=9223372036854775808", "$skip", BAD_SKIP("9223372036854775808") },
    { "$orderby=", "$orderby", "Invalid orderby clause: Syntax error at position 0 in ''." },
    { "OrderBy=titel", "$orderby",
      "Invalid orderby clause: Could not find a property named 'titel' on type "
      "'toy.shop.article'. (at position 0)" },
    { "$orderby=title&orderBy=title", "$orderby",
      "Query option '$orderby' was specified more than once, but it must be specified at most "
      "once." },
    { "$expand=x", "$expand", NO_PROPERTY("x") },
    { "Expand=*,x($select=y)", "$expand", NO_PROPERTY("x") },
    { "$expand=x/$ref", "$expand", NO_PROPERTY("x") },
    { "$expand=", "$expand", TERM("") },
    { "$expand=(x)", "$expand", TERM("(x)") },
    { "$expand=(x", "$expand", BRACKETS },
    { "$expand=title", "$expand",
      SELECT_BAD("Property 'title' on type 'toy.shop.article' is not a navigation property or "
                 "complex property. Only navigation properties can be expanded.") },
    { "$search=x&search=y", "$search", TWICE("$search") },
    { "$apply=x&Apply=y", "$apply", TWICE("$apply") },
    { "$compute=x&compute=y", "$compute", TWICE("$compute") },
    { "$deltatoken=x", "$deltatoken", NOT_ALLOWED("DeltaToken") },
    { "$deltaToken=latest", "$deltatoken", NOT_ALLOWED("DeltaToken") },
    { "$levels=1", "$levels", NOT_ALLOWED("Levels") },
    { "$index=1", "$index", NOT_ALLOWED("Index") },
    { "$schemaversion=*", "$schemaversion", NOT_ALLOWED("SchemaVersion") },
    { "$id=x", "$id", NOT_ALLOWED("Id") },
    { "$top=1&$skip=x&$top=x", "$skip", BAD_SKIP("x") }, /* the first mistake */
    { "$filter=x&$top=x", "$top", TOP("x") }, /* what is wrong inside a filter comes last */

    /* '$' without an option */
    { "$foo=x", "$foo", NO_SUCH("$foo") },
    { "$foo", "$foo", NO_SUCH("$foo") },
    { "$=x", "$", NO_SUCH("$") },
    { "$$top=1", "$$top", NO_SUCH("$$top") },
    { "$tops=1", "$tops", NO_SUCH("$tops") },
    { "$top%20=1", "$top ", NO_SUCH("$top ") },
    { "$select[]=id", "$select[]", NO_SUCH("$select[]") },
    { "%24foo=x", "$foo", NO_SUCH("$foo") },
    { "$caf%C3%A9=x", "$caf\xC3\xA9", NO_SUCH("$caf\xC3\xA9") },
};

static void test_refused(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(refused_cases); i++) {
        struct arena *arena = new_arena();
        struct odata_options got = { .query = { .page_size = 77 } };
        struct error err = { 0 };
        bool ok = parse(&set_path, true, refused_cases[i].query, 0, arena, &got, &err);

        CHECK(!ok && err.code == ERROR_BAD_REQUEST, i);
        CHECK(got.query.page_size == 77, i); /* untouched */
        CHECK(slice_eq(slice_of(err.target), slice_of(refused_cases[i].target)), i);
        CHECK(slice_eq(slice_of(err.message), slice_of(refused_cases[i].message)), i);
        arena_destroy(arena);
    }
}

static const char *const bad_encodings[] = { "$top=%",      "$top=%4",  "%=x",
                                             "%24to%zz=5",  "$top=%00", "%FF=x",
                                             "$select=%C3", "a%00=x",   "$count=%FF" };

static void test_bad_encodings(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(bad_encodings); i++) {
        struct arena *arena = new_arena();
        struct odata_options got;
        struct error err = { 0 };

        CHECK(!parse(&set_path, true, bad_encodings[i], 0, arena, &got, &err), i);
        CHECK(err.code == ERROR_BAD_REQUEST, i);
        CHECK(slice_starts_with(slice_of(err.message), SLICE("The request URI is not valid")), i);
        arena_destroy(arena);
    }
}

/* --- $format -----------------------------------------------------------------------------------
 */

static const struct {
    const char *query;
    bool given;
    enum odata_level level;
} level_cases[] = {
    { "", false, ODATA_MINIMAL },
    { "$format=json", true, ODATA_MINIMAL },
    { "format=JSON", true, ODATA_MINIMAL },
    { "$format=application/json;odata.metadata=full", true, ODATA_FULL },
    { "$format=application%2Fjson%3Bodata.metadata%3Dnone", true, ODATA_NONE },
    { "$top=1&$format=json;metadata=full&$select=id", true, ODATA_FULL },
};

static void test_levels(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(level_cases); i++) {
        struct arena *arena = new_arena();
        struct odata_options got;
        struct error err = { 0 };

        CHECK(parse(&set_path, true, level_cases[i].query, 0, arena, &got, &err), i);
        CHECK(got.level_given == level_cases[i].given && got.level == level_cases[i].level, i);
        arena_destroy(arena);
    }
}

/* --- where options may stand ----------------------------------------------------------------- */

static const struct {
    const struct odata_path *path;
    bool is_read;
    const char *query;
    const char *message; /* NULL: fine */
} place_cases[] = {
    { &entity_path, true, "", NULL },
    { &entity_path, true, "$select=id", NULL },
    { &entity_path, true, "custom=x", NULL },
    { &entity_path, true, "$top=1", NO_COLLECTION },
    { &entity_path, true, "top=x", NO_COLLECTION },
    { &entity_path, true, "$count=true", NO_COLLECTION },
    { &entity_path, true, "$skiptoken=x", NO_COLLECTION },
    { &entity_path, true, "$filter=x", NO_COLLECTION },
    { &entity_path, true, "$expand=x", NO_PROPERTY("x") },
    { &entity_path, true, "$expand=*", NULL },
    { &entity_path, true, "$search=x", NO_COLLECTION },
    { &set_path, true, "$search=x&expand=*($levels=2)", NULL },
    { &set_path, false, "$search=x", NOT_ALLOWED("Search") },
    { &set_path, false, "$expand=*", NULL },
    { &count_path, true, "$search=(", NULL }, /* read later */
    { &set_path, true, "$compute=(", NULL },
    { &count_path, true, "$compute=(&$select=x", NULL },
    { &entity_path, true, "$compute=(", NULL },
    { &entity_path, false, "$compute=1 as n", NOT_ALLOWED("Compute") },
    { &set_path, false, "$compute=1 as n", NOT_ALLOWED("Compute") },
    { &singleton_path, true, "$compute=1 as n", NOT_ALLOWED("Compute") },
    { &property_path, true, "$compute=1 as n", NOT_ALLOWED("Compute") },
    { &value_path, true, "$compute=1 as n", NOT_ALLOWED("Compute") },
    { &service_path, true, "$compute=1 as n", NOT_ALLOWED("Compute") },
    { &action_path, false, "$compute=1 as n", NOT_ALLOWED("Compute") },
    { &singleton_path, true, "$expand=articles",
      "Expand is not allowed for property 'articles' according to the entity schema." },
    { &property_path, true, "$expand=*", NOT_ALLOWED("Expand") },
    { &entity_path, true, "$select=foo", NO_PROPERTY("foo") },
    { &entity_path, true, "$foo=x", NO_SUCH("$foo") },
    { &singleton_path, true, "", NULL },
    { &singleton_path, true, "$select=opening", NULL },
    { &singleton_path, true, "$select=*", NULL },
    { &singleton_path, true, "$top=1", NO_COLLECTION },
    { &singleton_path, true, "$filter=x", NO_COLLECTION },
    { &count_path, true, "$filter=true&$top=1&$count=true", NULL },
    { &count_path, true, "$filter=x", NO_FILTER_PROPERTY("x", "0") },
    { &count_path, true, "$skip=1&$orderby=title", NULL },
    { &count_path, true, "$skip=x", BAD_SKIP("x") },
    { &entity_path, true, "$orderby=title", NO_COLLECTION },
    { &entity_path, true, "$skip=0", NO_COLLECTION },
    { &set_path, false, "$orderby=title", NOT_ALLOWED("OrderBy") },
    { &set_path, false, "$skip=0", NOT_ALLOWED("Skip") },
    { &count_path, true, "$format=json", NOT_ALLOWED("Format") },
    { &set_path, true, "$format=xml", NO_FORMAT("xml") },
    { &set_path, true, "$format=json&$format=json",
      "Query option '$format' was specified more than once, but it must be specified at most "
      "once." },
    { &set_path, false, "$format=json", NULL },
    { &action_path, false, "$format=", NO_FORMAT("") },
    { &service_path, true, "", NULL },
    { &service_path, true, "$format=json;odata.metadata=none", NULL },
    { &service_path, true, "$format=atom", NO_FORMAT("atom") },
    { &service_path, true, "$select=name", NOT_ALLOWED("Select") },
    { &service_path, true, "$top=1", NOT_ALLOWED("Top") },
    { &property_path, true, "$format=json;odata.metadata=none", NULL },
    { &property_path, true, "$select=id", NOT_ALLOWED("Select") },
    { &property_path, true, "$top=1", NOT_ALLOWED("Top") },
    { &value_path, true, "", NULL },
    { &value_path, true, "$format=json", NOT_ALLOWED("Format") },
    { &csdl_path, true, "x=y", NULL },
    { &csdl_path, true, "$format=json", NULL },
    { &csdl_path, true, "$format=xml", NULL },
    { &csdl_path, true, "$select=id", NOT_ALLOWED("Select") },
    { &csdl_path, true, "$count=true", NOT_ALLOWED("Count") },
    { &singleton_path, true, "$select=title",
      SELECT_BAD("Could not find a property named 'title' on type 'toy.shop.shopFloor'.") },
    { &set_path, false, "", NULL },
    { &set_path, false, "$select=id", NULL },
    { &set_path, false, "$select=foo", NO_PROPERTY("foo") },
    { &set_path, false, "$top=1", NOT_ALLOWED("Top") },
    { &set_path, false, "$count=true", NOT_ALLOWED("Count") },
    { &set_path, false, "$skiptoken=x", NOT_ALLOWED("SkipToken") },
    { &set_path, false, "$filter=x", NOT_ALLOWED("Filter") },
    { &entity_path, false, "$select=id", NULL },
    { &entity_path, false, "$top=1", NOT_ALLOWED("Top") },
    { &entity_path, false, "api-version=1", NULL },
    { &action_path, false, "", NULL },
    { &action_path, false, "x=y", NULL },
    { &action_path, false, "$count=true", NOT_ALLOWED("Count") },
};

static void test_places(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(place_cases); i++) {
        struct arena *arena = new_arena();
        struct odata_options got;
        struct error err = { 0 };
        bool ok = parse(place_cases[i].path, place_cases[i].is_read, place_cases[i].query, 0, arena,
                        &got, &err);

        CHECK(ok == !place_cases[i].message, i);
        CHECK(ok || slice_eq(slice_of(err.message), slice_of(place_cases[i].message)), i);
        arena_destroy(arena);
    }
}

static void test_singleton_select(void **state UNUSED)
{
    struct arena *arena = new_arena();
    struct odata_options got;

    assert_true(parse(&singleton_path, true, "", 0, arena, &got, NULL));
    assert_null(got.query.type);
    assert_true(got.query.select == 7 && !got.query.select_given && !got.selects);
    assert_true(parse(&singleton_path, true, "$select=*", 0, arena, &got, NULL));
    assert_true(got.query.select == 7 && !got.query.select_given && got.selects);
    assert_true(parse(&singleton_path, true, "$select=OWNERID,id", 0, arena, &got, NULL));
    assert_true(got.query.select == 5 && got.query.select_given);
    arena_destroy(arena);
}

/* --- the size of a page ---------------------------------------------------------------------- */

static const struct {
    const struct profile *profile;
    const char *query;
    uint64_t max_page_size;
    size_t want;
} page_cases[] = {
    { &profile_documented, "", 0, 100 },
    { &profile_live, "", 0, 1000 },
    { &profile_documented, "", 1, 1 },
    { &profile_documented, "", 500, 500 },
    { &profile_documented, "", 5000, 1000 },
    { &profile_documented, "", UINT64_MAX, 1000 },
    { &profile_live, "", 7, 7 },
    { &profile_documented, "$top=0", 0, 0 },
    { &profile_documented, "$top=0", 5, 0 },
    { &profile_documented, "$top=3", 5, 3 },
    { &profile_documented, "$top=5", 3, 3 },
    { &profile_documented, "$top=500", 200, 200 },
    { &profile_documented, "$top=500", 2000, 500 },
    { &profile_documented, "$top=5000", 2000, 1000 },
    { &profile_live, "$top=2000", 0, 1000 },
    { &profile_live, "$top=10", 0, 10 },
};

static void test_page_size(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(page_cases); i++) {
        struct arena *arena = new_arena();
        struct odata_options got = { 0 };
        bool ok = odata_options_parse(&toy_model, page_cases[i].profile, &set_path, true,
                                      slice_of(page_cases[i].query), page_cases[i].max_page_size,
                                      &rules, arena, &got, NULL);

        CHECK(ok && got.query.page_size == page_cases[i].want, i);
        CHECK(got.top_given == (page_cases[i].query[0] != '\0'), i);
        arena_destroy(arena);
    }
}

/* --- the next page --------------------------------------------------------------------------- */

static const struct {
    const char *query;
    const char *want;
} next_cases[] = {
    { "", "$skiptoken=T_-" },
    { "$top=5", "$top=5&$skiptoken=T_-" },
    { "%24top=5&x=a%20b+c", "%24top=5&x=a%20b+c&$skiptoken=T_-" }, /* as it was sent */
    { "$skiptoken=old", "$skiptoken=T_-" },
    { "$skiptoken=old&$top=5", "$top=5&$skiptoken=T_-" },
    { "$top=5&$skiptoken=old", "$top=5&$skiptoken=T_-" },
    { "$top=5&skiptoken=old&$count=true", "$top=5&$count=true&$skiptoken=T_-" },
    { "$top=5&%24SkipToken=old", "$top=5&$skiptoken=T_-" },
    { "&$top=5&&", "$top=5&$skiptoken=T_-" },
    { "x", "x&$skiptoken=T_-" },
    { "=", "=&$skiptoken=T_-" },
    { "a=b=c&a=b", "a=b=c&a=b&$skiptoken=T_-" },
    { "%=x", "%=x&$skiptoken=T_-" },
    { "$skip=3&$top=5&skip=1", "$top=5&$skiptoken=T_-" }, /* the first page alone skips */
    { "skiptokens=x&myskiptoken=y", "skiptokens=x&myskiptoken=y&$skiptoken=T_-" },
};

static void test_next_query(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(next_cases); i++) {
        struct arena *arena = new_arena();
        struct slice got = SLICE("?");
        bool ok = odata_next_query(slice_of(next_cases[i].query), SLICE("T_-"), arena, &got, NULL);

        CHECK(ok && slice_eq(got, slice_of(next_cases[i].want)), i);
        arena_destroy(arena);
    }
}

/* A next query is read as the query it came from, but for the token. */
static const struct {
    const char *query;
    bool goes;
} delta_cases[] = {
    { "", true },
    { "$select=id&filter=x%20eq%201&@p=1&$top=5&$format=json&custom=1", true },
    { "$orderby=id", false },
    { "custom=1&%24skip=1", false },
    { "Count=true", false },
    { "$search=x", false },
    { "$expand=*", false },
    { "$apply=x", false },
    { "%zz=1", false },
};

static void test_goes_with_delta(void **state UNUSED)
{
    struct arena *arena = arena_create(NULL, (size_t)1 << 16);

    for (size_t i = 0; i < COUNT_OF(delta_cases); i++)
        CHECK(odata_query_goes_with_delta(slice_of(delta_cases[i].query), arena) ==
                  delta_cases[i].goes,
              i);
    arena_destroy(arena);
}

static void test_next_query_round_trip(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(read_cases); i++) {
        struct arena *arena = new_arena();
        struct odata_options first, next;
        struct slice query;

        CHECK(parse(&set_path, true, read_cases[i].query, 0, arena, &first, NULL), i);
        CHECK(odata_next_query(slice_of(read_cases[i].query), SLICE("T"), arena, &query, NULL), i);
        CHECK(odata_options_parse(&toy_model, &profile_documented, &set_path, true, query, 0,
                                  &rules, arena, &next, NULL),
              i);
        CHECK(slice_eq(next.skiptoken, SLICE("T")), i);
        CHECK(next.query.select == first.query.select, i);
        CHECK(next.query.select_given == first.query.select_given, i);
        CHECK(next.query.page_size == first.query.page_size, i);
        CHECK(next.query.count == first.query.count, i);
        arena_destroy(arena);
    }
}

/* --- which rows, in which order -------------------------------------------------------------- */

static uint64_t digest_of(const char *query)
{
    struct arena *arena = new_arena();
    struct odata_options got = { .digest = 0 };

    if (!parse(&set_path, true, query, 0, arena, &got, NULL))
        fail_msg("%s", query);
    arena_destroy(arena);
    return got.digest;
}

static void test_digests(void **state UNUSED)
{
    static const char *const others[] = {
        "$filter=true",
        "$filter=false",
        "$filter=title eq @a&@a='x'",
        "$filter=title eq @a&@a='y'",
        "$filter=title eq @a",
        "$orderby=true",
        "$orderby=title",
        "$orderby=title desc",
        "$orderby=title&$filter=true",
    };
    static const char *const same[] = {
        "$orderby=title&$filter=true",
        "filter=%74rue&$top=5&OrderBy=title&$skip=3&$select=id&$count=true&custom=x",
        "$filter=true&$skiptoken=x&$orderby=titl%65",
    };

    assert_int_equal(digest_of("$top=5&$skip=1&$select=id&$count=true&@a=1"), 0);
    for (size_t i = 0; i < COUNT_OF(others); i++) {
        CHECK(digest_of(others[i]) != 0, i);
        for (size_t j = 0; j < i; j++)
            CHECK(digest_of(others[i]) != digest_of(others[j]), i);
    }
    for (size_t i = 0; i < COUNT_OF(same); i++)
        CHECK(digest_of(same[i]) == digest_of(same[0]), i);
}

static void test_skip(void **state UNUSED)
{
    struct arena *arena = new_arena();
    struct odata_options got;

    assert_true(
        parse(&set_path, true, "$skip= 12 &$orderby=stock desc,title", 0, arena, &got, NULL));
    assert_true(got.query.skip == 12 && got.query.order_count == 2);
    assert_true(got.query.order[0].descending && !got.query.order[1].descending);
    assert_true(parse(&set_path, true, "skip=9223372036854775807", 0, arena, &got, NULL));
    assert_true(got.query.skip == INT64_MAX && got.query.order_count == 0);
    arena_destroy(arena);
}

/* Options inside $select know of aliases that stand behind it, and belong to reads of entities. */
static void test_selected_items(void **state UNUSED)
{
    static const char query[] =
        "$select=labels($filter=$this eq @a;$top=1),notes($skip=2),title&@a=%27x%27";
    static const struct odata_path *const refused[] = { &singleton_path, &action_path };
    struct arena *arena = new_arena();
    struct odata_options options;
    struct error err = { 0 };

    assert_true(parse(&set_path, true, query, 0, arena, &options, &err));
    assert_int_equal(options.query.select, BIT(LABELS) | BIT(NOTES) | BIT(TITLE));
    assert_int_equal(options.beyond, BEYOND_BIT(BEYOND_SELECT_OPTIONS));
    assert_int_equal(options.query.items->property, TOY_ARTICLE_LABELS);
    assert_true(slice_eq(options.query.items->filter->arguments[1]->text, SLICE("x")));
    assert_int_equal(options.query.items->next->property, TOY_ARTICLE_NOTES);
    assert_int_equal(options.query.items->next->skip, 2);
    assert_null(options.query.items->next->next);
    assert_true(parse(&entity_path, true, query, 0, arena, &options, &err));
    assert_true(parse(&count_path, true, query, 0, arena, &options, &err));
    assert_true(parse(&set_path, true, "$select=labels,notes", 0, arena, &options, &err));
    assert_null(options.query.items);
    assert_false(parse(&set_path, false, query, 0, arena, &options, &err));
    for (size_t i = 0; i < COUNT_OF(refused); i++) {
        CHECK(!parse(refused[i], refused[i] != &action_path, query, 0, arena, &options, &err), i);
        CHECK(err.code == ERROR_BAD_REQUEST && strcmp(err.target, "$select") == 0, i);
    }
    arena_destroy(arena);
}

static void test_no_memory(void **state UNUSED)
{
    struct arena *arena = arena_create(NULL, 16);
    struct odata_options got;
    struct slice query;
    struct error err = { 0 };

    assert_non_null(arena);
    assert_false(
        parse(&set_path, true, "$select=%69d,%69d,%69d,%69d,%69d,%69d,%69d", 0, arena, &got, &err));
    assert_int_equal(err.code, ERROR_TOO_LARGE);
    err.code = ERROR_NONE;
    assert_false(odata_next_query(SLICE("$top=5"), SLICE("token"), arena, &query, &err));
    assert_int_equal(err.code, ERROR_TOO_LARGE);
    arena_destroy(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_bad_encodings),
        cmocka_unit_test(test_levels),
        cmocka_unit_test(test_places),
        cmocka_unit_test(test_singleton_select),
        cmocka_unit_test(test_page_size),
        cmocka_unit_test(test_next_query),
        cmocka_unit_test(test_goes_with_delta),
        cmocka_unit_test(test_next_query_round_trip),
        cmocka_unit_test(test_digests),
        cmocka_unit_test(test_skip),
        cmocka_unit_test(test_selected_items),
        cmocka_unit_test(test_no_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
