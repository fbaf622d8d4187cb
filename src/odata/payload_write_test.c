/* odata/payload_write_test.c - whole replies about the toy shop, byte for byte. */
#include "odata/payload.h"

#include "base/arena.h"
#include "base/test.h"
#include "base/text.h"
#include "edm/toy_model.h"
#include "odata/path.h"
#include "json/reader.h"

#define ORIGIN        "https://localhost:8443"
#define CONTEXT       "{\"@odata.context\":\"" ORIGIN
#define BIT(property) (UINT64_C(1) << TOY_ARTICLE_##property)
#define ALL           ((UINT64_C(1) << TOY_ARTICLE_PROPERTY_COUNT) - 1)

static const struct uuid tenant = { { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 } };

static struct arena *new_arena(void)
{
    struct arena *arena = arena_create(NULL, 16 << 20);

    assert_non_null(arena);
    return arena;
}

static struct odata_reply reply_for(const struct profile *profile, unsigned version,
                                    uint64_t select)
{
    return (struct odata_reply){
        .model = &toy_model,
        .profile = profile,
        .origin = SLICE(ORIGIN),
        .version = version,
        .select = select ? select : ALL,
        .select_given = select != 0,
    };
}

/* The article that every reply here is about; the key is "x" and whatever follows it. */
static struct edm_entity *article(struct arena *arena, const char *body)
{
    struct edm_entity *entity = NULL;

    assert_true(odata_read_entity(&toy_model, &toy_article, slice_of(body), SLICE_EMPTY, 16, arena,
                                  &entity, NULL));
    assert_true(edm_entity_fill_defaults(&toy_model, entity, arena, NULL));
    entity->values[TOY_ARTICLE_ID].text = SLICE("x");
    edm_entity_mark(entity, TOY_ARTICLE_ID);
    return entity;
}

#define FULL_BODY                                                                                  \
    "\"title\":\"Chair \\\"A\\\"\",\"code\":\"c-1\",\"origin\":\"Oslo\",\"soldOut\":true,"         \
    "\"fragile\":false,\"stock\":-3,\"grams\":9007199254740993,"                                   \
    "\"madeAt\":\"2016-12-31T23:58:36.6670033-08:00\",\"countedAt\":null,\"size\":\"large\","      \
    "\"colour\":\"blue\",\"finish\":null,\"labels\":[\"a\",\"b\"],\"notes\":[]"

#define DEFAULTS(date)                                                                             \
    "\"id\":\"x\",\"title\":null,\"code\":\"\",\"origin\":\"unknown\",\"soldOut\":false,"          \
    "\"fragile\":null,\"stock\":7,\"grams\":null,\"madeAt\":\"" date "\",\"countedAt\":null,"      \
    "\"size\":\"medium\",\"colour\":\"bare\",\"finish\":null,\"labels\":[\"plain\"],"              \
    "\"notes\":[],\"serial\":null}"

#define NEVER "0001-01-01T00:00:00Z"
#define TYPE  "\"@odata.type\":\"#toy.shop.article\","

/* --- an entity ------------------------------------------------------------------------------- */

static const struct {
    const struct profile *profile;
    unsigned version;
    uint64_t select; /* 0: not given */
    const char *body;
    const char *want;
} entity_cases[] = {
    { &profile_documented, EDM_VERSION_BETA, 0, "{}",
      CONTEXT "/beta/$metadata#shopFloor/articles/$entity\"," TYPE DEFAULTS(NEVER) },
    { &profile_live, EDM_VERSION_BETA, 0, "{}",
      CONTEXT "/beta/$metadata#shopFloor/articles/$entity\"," DEFAULTS(NEVER) },
    { &profile_live, EDM_VERSION_V1, 0, "{}",
      CONTEXT "/v1.0/$metadata#shopFloor/articles/$entity\"," DEFAULTS(NEVER) },
    { &profile_documented, EDM_VERSION_V1, 0, "{" FULL_BODY "}",
      CONTEXT "/v1.0/$metadata#shopFloor/articles/$entity\"," TYPE "\"id\":\"x\"," FULL_BODY
              ",\"serial\":null}" },
    { &profile_documented, EDM_VERSION_BETA, BIT(MADE_AT),
      "{\"madeAt\":\"2016-12-31T23:58:36.6670033-08:00\"}",
      CONTEXT "/beta/$metadata#shopFloor/articles(madeAt)/$entity\"," TYPE
              "\"madeAt\":\"2016-12-31T23:58:36.6670033-08:00\"}" },
    { &profile_live, EDM_VERSION_BETA, BIT(MADE_AT),
      "{\"madeAt\":\"2016-12-31T23:58:36.6670033-08:00\"}",
      CONTEXT "/beta/$metadata#shopFloor/articles(madeAt)/$entity\","
              "\"madeAt\":\"2017-01-01T07:58:36.6670033Z\"}" },
    { &profile_live, EDM_VERSION_BETA, BIT(ID) | BIT(TITLE) | BIT(SERIAL), "{\"title\":\"<\\t>\"}",
      CONTEXT "/beta/$metadata#shopFloor/articles(id,title,serial)/$entity\","
              "\"id\":\"x\",\"title\":\"<\\t>\",\"serial\":null}" },
    { &profile_live, EDM_VERSION_BETA, ALL, "{}", /* every name asked for is named */
      CONTEXT
      "/beta/$metadata#shopFloor/articles(id,title,code,origin,soldOut,fragile,stock,grams,"
      "madeAt,countedAt,size,colour,finish,labels,notes,serial)/$entity\"," DEFAULTS(NEVER) },
};

static void test_entity(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(entity_cases); i++) {
        struct arena *arena = new_arena();
        struct odata_reply reply =
            reply_for(entity_cases[i].profile, entity_cases[i].version, entity_cases[i].select);
        struct text text;

        text_init(&text, arena, 0, 10000);
        odata_write_entity(&reply, article(arena, entity_cases[i].body), &text);
        if (!slice_eq(text_slice(&text), slice_of(entity_cases[i].want)))
            fail_msg("case %zu: %.*s", i, SLICE_ARG(text_slice(&text)));
        CHECK(json_is_valid(text_slice(&text), arena, 16), i);
        arena_destroy(arena);
    }
}

/* --- a count of items ------------------------------------------------------------------------ */

static const struct {
    enum odata_level level;
    bool plain_names, ieee754;
    const char *want;
} count_cases[] = {
    { ODATA_NONE, false, false, "{\"labels@odata.count\":7,\"labels\":[\"plain\"],\"notes\":[]}" },
    { ODATA_NONE, false, true,
      "{\"labels@odata.count\":\"7\",\"labels\":[\"plain\"],\"notes\":[]}" },
    { ODATA_NONE, true, false, "{\"labels@count\":7,\"labels\":[\"plain\"],\"notes\":[]}" },
    { ODATA_FULL, false, false,
      "{" TYPE "\"labels@odata.type\":\"#Collection(String)\",\"labels@odata.count\":7,"
      "\"labels\":[\"plain\"],\"notes@odata.type\":\"#Collection(String)\",\"notes\":[]}" },
};

static void test_item_count(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(count_cases); i++) {
        struct arena *arena = new_arena();
        struct odata_reply reply =
            reply_for(&profile_live, EDM_VERSION_BETA, BIT(LABELS) | BIT(NOTES));
        struct edm_entity *entity = article(arena, "{}");
        struct slice got;
        struct text text;

        reply.level = count_cases[i].level;
        reply.plain_names = count_cases[i].plain_names;
        reply.ieee754 = count_cases[i].ieee754;
        reply.counted = BIT(LABELS);
        entity->present &= ~BIT(ID);
        entity->values[TOY_ARTICLE_LABELS].item_count = 7;
        text_init(&text, arena, 0, 10000);
        odata_write_entity(&reply, entity, &text);
        got = text_slice(&text);
        if (count_cases[i].level == ODATA_FULL) /* behind the context */
            got = slice_sub(got, got.len - strlen(count_cases[i].want) + 1, got.len);
        CHECK(slice_ends_with(slice_of(count_cases[i].want), got), i);
        CHECK(json_is_valid(text_slice(&text), arena, 16), i);
        arena_destroy(arena);
    }
}

/* --- a page ---------------------------------------------------------------------------------- */

static const struct {
    const struct profile *profile;
    uint64_t select;
    size_t count;
    int64_t total_count;
    const char *next_link;
    const char *want;
} page_cases[] = {
    { &profile_documented, 0, 0, -1, "",
      CONTEXT "/beta/$metadata#shopFloor/articles\",\"value\":[]}" },
    { &profile_live, 0, 0, 0, "",
      CONTEXT "/beta/$metadata#shopFloor/articles\",\"@odata.count\":0,\"value\":[]}" },
    { &profile_live, 0, 1, -1, "",
      CONTEXT "/beta/$metadata#shopFloor/articles\",\"value\":[{" DEFAULTS(NEVER) "]}" },
    { &profile_documented, 0, 2, -1, "",
      CONTEXT "/beta/$metadata#shopFloor/articles\",\"value\":[{" TYPE DEFAULTS(
          NEVER) ",{" TYPE DEFAULTS(NEVER) "]}" },
    { &profile_documented, BIT(ID), 1, -1, "",
      CONTEXT "/beta/$metadata#shopFloor/articles(id)\",\"value\":[{" TYPE "\"id\":\"x\"}]}" },
    { &profile_live, BIT(ID) | BIT(STOCK), 2, 949, ORIGIN "/beta/shopFloor/articles?$skiptoken=T",
      CONTEXT "/beta/$metadata#shopFloor/articles(id,stock)\",\"@odata.count\":949,"
              "\"@odata.nextLink\":\"" ORIGIN "/beta/shopFloor/articles?$skiptoken=T\","
              "\"value\":[{\"id\":\"x\",\"stock\":7},{\"id\":\"x\",\"stock\":7}]}" },
    { &profile_live, BIT(ID), 1, -1, "http://h/?x=\"&$skiptoken=T", /* quoted as any text */
      CONTEXT "/beta/$metadata#shopFloor/articles(id)\","
              "\"@odata.nextLink\":\"http://h/?x=\\\"&$skiptoken=T\",\"value\":[{\"id\":\"x\"}]}" },
};

static void test_page(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(page_cases); i++) {
        struct arena *arena = new_arena();
        struct odata_reply reply =
            reply_for(page_cases[i].profile, EDM_VERSION_BETA, page_cases[i].select);
        struct edm_entity *entities[] = { article(arena, "{}"), article(arena, "{}") };
        struct edm_page page = { .entities = entities,
                                 .count = page_cases[i].count,
                                 .total_count = page_cases[i].total_count };
        struct text text;

        text_init(&text, arena, 0, 10000);
        odata_write_page(&reply, &toy_article, &page, slice_of(page_cases[i].next_link), &text);
        if (!slice_eq(text_slice(&text), slice_of(page_cases[i].want)))
            fail_msg("case %zu: %.*s", i, SLICE_ARG(text_slice(&text)));
        CHECK(json_is_valid(text_slice(&text), arena, 16), i);
        arena_destroy(arena);
    }
}

/* --- tips ------------------------------------------------------------------------------------ */

#define TIP                                                                                        \
    "\"@microsoft.graph.tips\":\"Use $select to choose only the properties your app needs, as "    \
    "this can lead to performance improvements. For example: GET shopFloor/"
#define NEXT "http://h/beta/shopFloor/articles?$skiptoken=T"

static struct odata_reply reply_to_get(const struct profile *profile)
{
    struct odata_reply reply = reply_for(profile, EDM_VERSION_BETA, 0);

    reply.asked_for_all = true;
    return reply;
}

static void expect(const struct text *text, struct arena *arena, const char *want)
{
    if (!slice_eq(text_slice(text), slice_of(want)))
        fail_msg("%.*s", SLICE_ARG(text_slice(text)));
    assert_true(json_is_valid(text_slice(text), arena, 16));
}

static void test_tip_of_entity(void **state UNUSED)
{
    struct arena *arena = new_arena();
    struct odata_reply live = reply_to_get(&profile_live);
    struct odata_reply documented = reply_to_get(&profile_documented);
    struct text text;

    text_init(&text, arena, 0, 10000);
    odata_write_entity(&live, article(arena, "{}"), &text);
    expect(&text, arena,
           CONTEXT "/beta/$metadata#shopFloor/articles/$entity\"," TIP
                   "articles('<guid>')?$select=code,colour\"," DEFAULTS(NEVER));
    text_init(&text, arena, 0, 10000);
    odata_write_entity(&documented, article(arena, "{}"), &text);
    expect(&text, arena,
           CONTEXT "/beta/$metadata#shopFloor/articles/$entity\"," TYPE DEFAULTS(NEVER));
    arena_destroy(arena);
}

static const struct {
    const struct edm_entity_type *type;
    int64_t total_count;
    const char *next_link;
    const char *want;
} tip_cases[] = {
    { &toy_article, -1, "",
      CONTEXT "/beta/$metadata#shopFloor/articles\"," TIP
              "articles?$select=code,colour\",\"value\":[]}" },
    { &toy_article, 3, NEXT,
      CONTEXT "/beta/$metadata#shopFloor/articles\",\"@odata.count\":3," TIP
              "articles?$select=code,colour\",\"@odata.nextLink\":\"" NEXT "\",\"value\":[]}" },
    { &toy_crate, -1, "", /* has one property besides its key */
      CONTEXT "/beta/$metadata#shopFloor/crates\"," TIP "crates?$select=place\",\"value\":[]}" },
};

static void test_tip_of_page(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(tip_cases); i++) {
        struct arena *arena = new_arena();
        struct odata_reply reply = reply_to_get(&profile_live);
        struct edm_page page = { .total_count = tip_cases[i].total_count };
        struct text text;

        text_init(&text, arena, 0, 10000);
        odata_write_page(&reply, tip_cases[i].type, &page, slice_of(tip_cases[i].next_link), &text);
        expect(&text, arena, tip_cases[i].want);
        arena_destroy(arena);
    }
}

/* A type of nothing but its key has nothing to choose. */
static void test_no_tip(void **state UNUSED)
{
    struct arena *arena = new_arena();
    struct odata_reply reply = reply_to_get(&profile_live);
    struct edm_entity_type bare = toy_crate;
    struct edm_page page = { .total_count = -1 };
    struct text text;

    bare.property_count = 1;
    text_init(&text, arena, 0, 10000);
    odata_write_page(&reply, &bare, &page, SLICE_EMPTY, &text);
    expect(&text, arena, CONTEXT "/beta/$metadata#shopFloor/crates\",\"value\":[]}");
    arena_destroy(arena);
}

/* --- the singleton --------------------------------------------------------------------------- */

#define TENANT_TEXT "00010203-0405-0607-0809-0a0b0c0d0e0f"

static const struct {
    const struct profile *profile;
    uint64_t select;
    const char *want;
} singleton_cases[] = {
    { &profile_live, 0,
      CONTEXT "/v1.0/$metadata#shopFloor\",\"id\":\"shopFloor\",\"opening\":null,"
              "\"ownerId\":\"" TENANT_TEXT "\"}" },
    { &profile_documented, 0,
      CONTEXT "/v1.0/$metadata#shopFloor\",\"@odata.type\":\"#toy.shop.shopFloor\","
              "\"id\":\"shopFloor\",\"opening\":null,\"ownerId\":\"" TENANT_TEXT "\"}" },
    { &profile_live, 5,
      CONTEXT "/v1.0/$metadata#shopFloor(id,ownerId)\",\"id\":\"shopFloor\","
              "\"ownerId\":\"" TENANT_TEXT "\"}" },
    { &profile_live, 2, CONTEXT "/v1.0/$metadata#shopFloor(opening)\",\"opening\":null}" },
};

static void test_singleton(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(singleton_cases); i++) {
        struct arena *arena = new_arena();
        struct odata_reply reply =
            reply_for(singleton_cases[i].profile, EDM_VERSION_V1, singleton_cases[i].select);
        struct text text;

        text_init(&text, arena, 0, 10000);
        odata_write_singleton(&reply, tenant, &text);
        if (!slice_eq(text_slice(&text), slice_of(singleton_cases[i].want)))
            fail_msg("case %zu: %.*s", i, SLICE_ARG(text_slice(&text)));
        arena_destroy(arena);
    }
}

/* --- levels ---------------------------------------------------------------------------------- */

#define LINKS                                                                                      \
    "\"@odata.id\":\"" ORIGIN "/beta/shopFloor/articles('x')\","                                   \
    "\"@odata.editLink\":\"shopFloor/articles('x')\","
#define TARGET(action)                                                                             \
    "\"#toy.shop." action "\":{\"title\":\"toy.shop." action "\",\"target\":\"" ORIGIN             \
    "/beta/shopFloor/articles('x')/toy.shop." action "\"}"
#define TYPED_FULL_BODY                                                                            \
    "\"title\":\"Chair \\\"A\\\"\",\"code\":\"c-1\",\"origin\":\"Oslo\",\"soldOut\":true,"         \
    "\"fragile\":false,\"stock@odata.type\":\"#Int32\",\"stock\":-3,"                              \
    "\"grams@odata.type\":\"#Int64\",\"grams\":9007199254740993,"                                  \
    "\"madeAt@odata.type\":\"#DateTimeOffset\",\"madeAt\":\"2016-12-31T23:58:36.6670033-08:00\","  \
    "\"countedAt\":null,\"size@odata.type\":\"#toy.shop.size\",\"size\":\"large\","                \
    "\"colour@odata.type\":\"#toy.shop.colour\",\"colour\":\"blue\",\"finish\":null,"              \
    "\"labels@odata.type\":\"#Collection(String)\",\"labels\":[\"a\",\"b\"],"                      \
    "\"notes@odata.type\":\"#Collection(String)\",\"notes\":[],\"serial\":null"

static const struct {
    const struct profile *profile;
    enum odata_level level;
    uint64_t select;
    const char *body;
    const char *want;
} level_cases[] = {
    { &profile_documented, ODATA_NONE, 0, "{" FULL_BODY "}",
      "{\"id\":\"x\"," FULL_BODY ",\"serial\":null}" },
    { &profile_live, ODATA_NONE, BIT(STOCK), "{\"stock\":1}", "{\"stock\":1}" },
    { &profile_documented, ODATA_FULL, 0, "{" FULL_BODY "}",
      CONTEXT "/beta/$metadata#shopFloor/articles/$entity\"," TYPE LINKS
              "\"id\":\"x\"," TYPED_FULL_BODY "," TARGET("restock") "," TARGET("retire") "}" },
    { &profile_live, ODATA_FULL, BIT(STOCK) | BIT(TITLE), "{\"stock\":1}",
      CONTEXT "/beta/$metadata#shopFloor/articles(title,stock)/$entity\"," TYPE LINKS
              "\"title\":null,\"stock@odata.type\":\"#Int32\",\"stock\":1}" },
};

static void test_levels(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(level_cases); i++) {
        struct arena *arena = new_arena();
        struct odata_reply reply =
            reply_for(level_cases[i].profile, EDM_VERSION_BETA, level_cases[i].select);
        struct edm_entity *again;
        struct text text;

        reply.level = level_cases[i].level;
        text_init(&text, arena, 0, 10000);
        odata_write_entity(&reply, article(arena, level_cases[i].body), &text);
        if (!slice_eq(text_slice(&text), slice_of(level_cases[i].want)))
            fail_msg("case %zu: %.*s", i, SLICE_ARG(text_slice(&text)));
        CHECK(json_is_valid(text_slice(&text), arena, 16), i);
        /* What is shown may be sent back. */
        CHECK(odata_read_entity(&toy_model, &toy_article, text_slice(&text), SLICE("x"), 16, arena,
                                &again, NULL),
              i);
        arena_destroy(arena);
    }
}

/* Actions are those of the version that was asked; an address holds any key. */
static void test_full_at_v1(void **state UNUSED)
{
    struct arena *arena = new_arena();
    struct odata_reply reply = reply_for(&profile_live, EDM_VERSION_V1, 0);
    struct edm_entity *entity = article(arena, "{}");
    struct text text;

    reply.level = ODATA_FULL;
    entity->values[TOY_ARTICLE_ID].text = SLICE("a\"/'");
    text_init(&text, arena, 0, 10000);
    odata_write_entity(&reply, entity, &text);
    assert_true(json_is_valid(text_slice(&text), arena, 16));
    text_append_char(&text, '\0');
    assert_non_null(
        strstr(text.ptr, "\"@odata.id\":\"" ORIGIN "/v1.0/shopFloor/articles('a%22%2F''')\""));
    assert_non_null(strstr(text.ptr, "\"#toy.shop.restock\""));
    assert_null(strstr(text.ptr, "retire"));
    arena_destroy(arena);
}

static const struct {
    enum odata_level level;
    const char *want;
} level_page_cases[] = {
    { ODATA_NONE, "{\"@odata.count\":2,\"@odata.nextLink\":\"n\",\"value\":[{\"stock\":7},"
                  "{\"stock\":7}]}" },
    { ODATA_FULL, CONTEXT "/beta/$metadata#shopFloor/articles(stock)\",\"@odata.count\":2,"
                          "\"@odata.nextLink\":\"n\",\"value\":[{" TYPE LINKS
                          "\"stock@odata.type\":\"#Int32\",\"stock\":7},{" TYPE LINKS
                          "\"stock@odata.type\":\"#Int32\",\"stock\":7}]}" },
};

static void test_level_of_page(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(level_page_cases); i++) {
        struct arena *arena = new_arena();
        struct odata_reply reply = reply_for(&profile_documented, EDM_VERSION_BETA, BIT(STOCK));
        struct edm_entity *entities[] = { article(arena, "{}"), article(arena, "{}") };
        struct edm_page page = { .entities = entities, .count = 2, .total_count = 2 };
        struct text text;

        reply.level = level_page_cases[i].level;
        text_init(&text, arena, 0, 10000);
        odata_write_page(&reply, &toy_article, &page, SLICE("n"), &text);
        if (!slice_eq(text_slice(&text), slice_of(level_page_cases[i].want)))
            fail_msg("case %zu: %.*s", i, SLICE_ARG(text_slice(&text)));
        arena_destroy(arena);
    }
}

static const struct {
    enum odata_level level;
    uint64_t select;
    const char *want;
} level_singleton_cases[] = {
    { ODATA_NONE, 0, "{\"id\":\"shopFloor\",\"opening\":null,\"ownerId\":\"" TENANT_TEXT "\"}" },
    { ODATA_FULL, 0,
      CONTEXT "/beta/$metadata#shopFloor\",\"@odata.type\":\"#toy.shop.shopFloor\","
              "\"@odata.id\":\"" ORIGIN "/beta/shopFloor\",\"@odata.editLink\":\"shopFloor\","
              "\"id\":\"shopFloor\",\"opening\":null,\"ownerId\":\"" TENANT_TEXT "\","
              "\"articles@odata.navigationLink\":\"" ORIGIN "/beta/shopFloor/articles\","
              "\"crates@odata.navigationLink\":\"" ORIGIN "/beta/shopFloor/crates\"}" },
    { ODATA_FULL, 2,
      CONTEXT "/beta/$metadata#shopFloor(opening)\",\"@odata.type\":\"#toy.shop.shopFloor\","
              "\"@odata.id\":\"" ORIGIN "/beta/shopFloor\",\"@odata.editLink\":\"shopFloor\","
              "\"opening\":null}" },
};

static void test_level_of_singleton(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(level_singleton_cases); i++) {
        struct arena *arena = new_arena();
        struct odata_reply reply =
            reply_for(&profile_live, EDM_VERSION_BETA, level_singleton_cases[i].select);
        struct text text;

        reply.level = level_singleton_cases[i].level;
        text_init(&text, arena, 0, 10000);
        odata_write_singleton(&reply, tenant, &text);
        if (!slice_eq(text_slice(&text), slice_of(level_singleton_cases[i].want)))
            fail_msg("case %zu: %.*s", i, SLICE_ARG(text_slice(&text)));
        CHECK(json_is_valid(text_slice(&text), arena, 16), i);
        arena_destroy(arena);
    }
}

/* --- a property ------------------------------------------------------------------------------ */

#define PROPERTY_CONTEXT(name) CONTEXT "/beta/$metadata#shopFloor/articles('x')/" name "\","

static const struct {
    const struct profile *profile;
    enum odata_level level;
    enum toy_article_property property;
    const char *want, *value;
} property_cases[] = {
    { &profile_documented, ODATA_MINIMAL, TOY_ARTICLE_TITLE,
      PROPERTY_CONTEXT("title") "\"value\":\"Chair \\\"A\\\"\"}", "Chair \"A\"" },
    { &profile_live, ODATA_NONE, TOY_ARTICLE_SOLD_OUT, "{\"value\":true}", "true" },
    { &profile_live, ODATA_FULL, TOY_ARTICLE_CODE, PROPERTY_CONTEXT("code") "\"value\":\"c-1\"}",
      "c-1" },
    { &profile_live, ODATA_FULL, TOY_ARTICLE_SIZE,
      PROPERTY_CONTEXT("size") "\"@odata.type\":\"#toy.shop.size\",\"value\":\"large\"}", "large" },
    { &profile_live, ODATA_FULL, TOY_ARTICLE_LABELS,
      PROPERTY_CONTEXT("labels") "\"@odata.type\":\"#Collection(String)\",\"value\":[\"a\",\"b\"]}",
      NULL },
    { &profile_documented, ODATA_MINIMAL, TOY_ARTICLE_STOCK,
      PROPERTY_CONTEXT("stock") "\"value\":-3}", "-3" },
    { &profile_documented, ODATA_NONE, TOY_ARTICLE_MADE_AT,
      "{\"value\":\"2016-12-31T23:58:36.6670033-08:00\"}", "2016-12-31T23:58:36.6670033-08:00" },
    { &profile_live, ODATA_NONE, TOY_ARTICLE_MADE_AT,
      "{\"value\":\"2017-01-01T07:58:36.6670033Z\"}", "2017-01-01T07:58:36.6670033Z" },
};

static void test_property(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(property_cases); i++) {
        struct arena *arena = new_arena();
        struct odata_reply reply = reply_for(property_cases[i].profile, EDM_VERSION_BETA, 0);
        struct edm_entity *entity = article(arena, "{" FULL_BODY "}");
        const struct edm_property *property = &toy_article.properties[property_cases[i].property];
        struct text text;

        reply.level = property_cases[i].level;
        text_init(&text, arena, 0, 10000);
        odata_write_property(&reply, entity, property, &text);
        if (!slice_eq(text_slice(&text), slice_of(property_cases[i].want)))
            fail_msg("case %zu: %.*s", i, SLICE_ARG(text_slice(&text)));
        if (property_cases[i].value) {
            text_init(&text, arena, 0, 10000);
            odata_write_value(&reply, entity, property, &text);
            CHECK(slice_eq(text_slice(&text), slice_of(property_cases[i].value)), i);
        }
        arena_destroy(arena);
    }
}

/* --- the service document -------------------------------------------------------------------- */

#define SHOP_ENTRY                                                                                 \
    "\"value\":[{\"name\":\"shopFloor\",\"kind\":\"Singleton\",\"url\":\"shopFloor\"}]}"

static void test_service(void **state UNUSED)
{
    static const char *const want[ODATA_LEVEL_COUNT] = {
        [ODATA_MINIMAL] = CONTEXT "/v1.0/$metadata\"," SHOP_ENTRY,
        [ODATA_NONE] = "{" SHOP_ENTRY,
        [ODATA_FULL] = CONTEXT "/v1.0/$metadata\"," SHOP_ENTRY,
    };

    for (size_t i = 0; i < ODATA_LEVEL_COUNT; i++) {
        struct odata_reply reply = reply_for(&profile_live, EDM_VERSION_V1, 0);
        char memory[1000];
        struct text text;

        reply.level = (enum odata_level)i;
        text_init_fixed(&text, memory, sizeof memory);
        odata_write_service(&reply, &text);
        CHECK(slice_eq(text_slice(&text), slice_of(want[i])), i);
    }
}

/* --- addresses ------------------------------------------------------------------------------- */

static const struct {
    const char *key;
    const char *want;
} url_cases[] = {
    { "x", "('x')" },
    { "c0665abc-0000-4000-8000-00000000abcd", "('c0665abc-0000-4000-8000-00000000abcd')" },
    { "it's", "('it''s')" },
    { "a/b c", "('a%2Fb%20c')" },
    { "100%", "('100%25')" },
    { "a?b#c", "('a%3Fb%23c')" },
    { "caf\xC3\xA9", "('caf%C3%A9')" },
    { "\r\n", "('%0D%0A')" }, /* cannot end the header's line */
    { "~._-", "('~._-')" },
};

/* What is written as an address is read back as the same key. */
static void test_urls(void **state UNUSED)
{
    struct odata_reply reply = reply_for(&profile_documented, EDM_VERSION_BETA, 0);

    for (size_t i = 0; i < COUNT_OF(url_cases); i++) {
        struct arena *arena = new_arena();
        struct slice start = SLICE(ORIGIN "/beta/shopFloor/articles");
        struct odata_path path;
        struct text text;

        text_init(&text, arena, 0, 10000);
        odata_write_entity_url(&reply, &toy_article, slice_of(url_cases[i].key), &text);
        struct slice url = text_slice(&text);
        CHECK(slice_starts_with(url, start), i);
        CHECK(slice_eq(slice_sub(url, start.len, url.len), slice_of(url_cases[i].want)), i);
        url = slice_sub(url, sizeof ORIGIN "/beta" - 1, url.len);
        CHECK(odata_path_parse(&toy_model, EDM_VERSION_BETA, url, arena, &path, NULL), i);
        CHECK(slice_eq(path.key, slice_of(url_cases[i].key)), i);
        arena_destroy(arena);
    }
}

static void test_set_url(void **state UNUSED)
{
    struct odata_reply reply = reply_for(&profile_documented, EDM_VERSION_V1, 0);
    char memory[200];
    struct text text;

    text_init_fixed(&text, memory, sizeof memory);
    odata_write_set_url(&reply, &toy_crate, &text);
    assert_true(slice_eq(text_slice(&text), SLICE(ORIGIN "/v1.0/shopFloor/crates")));
}

/* An origin comes from a request's Host; whatever passes there stays inside its string. */
static void test_origin_is_escaped(void **state UNUSED)
{
    struct odata_reply reply = reply_for(&profile_live, EDM_VERSION_V1, 2);
    char memory[200];
    struct text text;

    reply.origin = SLICE("http://a\"b");
    text_init_fixed(&text, memory, sizeof memory);
    odata_write_singleton(&reply, tenant, &text);
    assert_true(slice_starts_with(text_slice(&text),
                                  SLICE("{\"@odata.context\":\"http://a\\\"b/v1.0/$metadata")));
}

/* --- room ------------------------------------------------------------------------------------ */

/* A reply that does not fit is no reply: for every length short of the whole. */
static void test_no_room(void **state UNUSED)
{
    struct odata_reply reply = reply_for(&profile_documented, EDM_VERSION_BETA, BIT(ID));
    struct arena *arena = new_arena();
    struct edm_entity *entities[] = { article(arena, "{}") };
    struct edm_page page = { .entities = entities, .count = 1, .total_count = 5 };
    char memory[1000];
    size_t whole;
    struct text text;

    text_init_fixed(&text, memory, sizeof memory);
    odata_write_page(&reply, &toy_article, &page, SLICE("http://n"), &text);
    assert_false(text.failed);
    whole = text.len;
    for (size_t bytes = 0; bytes < whole; bytes++) {
        text_init_fixed(&text, memory, bytes);
        odata_write_page(&reply, &toy_article, &page, SLICE("http://n"), &text);
        CHECK(text.failed && text_slice(&text).len == 0, bytes);
    }
    arena_destroy(arena);
}

/* What was written is a body that reads back as the same entity. */
static void test_round_trip(void **state UNUSED)
{
    struct odata_reply reply = reply_for(&profile_documented, EDM_VERSION_BETA, 0);
    struct arena *arena = new_arena();
    struct edm_entity *again;
    struct text first, second;
    struct error err = { 0 };

    text_init(&first, arena, 0, 10000);
    odata_write_entity(&reply, article(arena, "{" FULL_BODY "}"), &first);
    assert_true(odata_read_entity(&toy_model, &toy_article, text_slice(&first), SLICE("x"), 16,
                                  arena, &again, &err));
    again->values[TOY_ARTICLE_ID].text = SLICE("x");
    again->values[TOY_ARTICLE_SERIAL].is_null = true;
    again->present = ALL;
    text_init(&second, arena, 0, 10000);
    odata_write_entity(&reply, again, &second);
    assert_true(slice_eq(text_slice(&first), text_slice(&second)));
    arena_destroy(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_item_count),
        cmocka_unit_test(test_entity),
        cmocka_unit_test(test_page),
        cmocka_unit_test(test_singleton),
        cmocka_unit_test(test_levels),
        cmocka_unit_test(test_full_at_v1),
        cmocka_unit_test(test_level_of_page),
        cmocka_unit_test(test_level_of_singleton),
        cmocka_unit_test(test_property),
        cmocka_unit_test(test_service),
        cmocka_unit_test(test_urls),
        cmocka_unit_test(test_set_url),
        cmocka_unit_test(test_origin_is_escaped),
        cmocka_unit_test(test_no_room),
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_tip_of_entity),
        cmocka_unit_test(test_tip_of_page),
        cmocka_unit_test(test_no_tip),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
