/* odata/payload_forms_test.c - replies of one entity in several forms: with tags, and with members
 * that a client does not know. */
#include "base/arena.h"
#include "base/test.h"
#include "base/text.h"
#include "edm/health.h"
#include "edm/toy_model.h"
#include "odata/payload.h"

#define BIT(name) (UINT64_C(1) << TOY_ARTICLE_##name)
#define CONTEXT   "{\"@odata.context\":\"https://h/beta/$metadata#shopFloor/articles"
#define GREEN     7 /* behind the sentinel */

static struct edm_entity *article(struct arena *arena, int64_t colour, int64_t created)
{
    struct edm_entity *entity = edm_entity_create(&toy_article, arena);

    assert_non_null(entity);
    assert_true(edm_entity_fill_defaults(&toy_model, entity, arena, NULL));
    entity->values[TOY_ARTICLE_ID].text = SLICE("x");
    entity->values[TOY_ARTICLE_COLOUR].integer = colour;
    entity->values[TOY_ARTICLE_SIZE].integer = 2;
    edm_entity_mark(entity, TOY_ARTICLE_ID);
    entity->version = 3;
    entity->created = created;
    return entity;
}

static struct odata_reply reply_of(uint64_t select, enum odata_level level)
{
    return (struct odata_reply){ .model = &toy_model,
                                 .profile = &profile_live,
                                 .origin = SLICE("https://h"),
                                 .version = EDM_VERSION_BETA,
                                 .select = select,
                                 .select_given = true,
                                 .level = level };
}

static const struct {
    int64_t colour;
    bool unknown_members;
    enum odata_level level;
    const char *want; /* of "colour"; the whole member */
} mask_cases[] = {
    { -5, false, ODATA_NONE, "\"colour\":\"blue\"" },
    { 6, false, ODATA_NONE, "\"colour\":\"unknownFutureValue\"" },
    { GREEN, false, ODATA_NONE, "\"colour\":\"unknownFutureValue\"" },
    { GREEN, true, ODATA_NONE, "\"colour\":\"green\"" },
    { 6, true, ODATA_NONE, "\"colour\":\"unknownFutureValue\"" },
    { 99, false, ODATA_NONE, "\"colour\":\"unknownFutureValue\"" }, /* of a newer program's row */
    { 99, true, ODATA_NONE, "\"colour\":\"99\"" },
    { -99, false, ODATA_NONE, "\"colour\":\"-99\"" }, /* nothing came before the first */
};

static void test_masks(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(mask_cases); i++) {
        struct arena *arena = arena_create(NULL, 1 << 20);
        struct odata_reply reply = reply_of(BIT(COLOUR), mask_cases[i].level);
        struct edm_entity *entity = article(arena, mask_cases[i].colour, 0);
        const struct edm_property *colour = &toy_article.properties[TOY_ARTICLE_COLOUR];
        struct slice want = slice_of(mask_cases[i].want), name, value;
        struct text text;

        reply.unknown_members = mask_cases[i].unknown_members;
        text_init(&text, arena, 0, 10000);
        odata_write_entity(&reply, entity, &text);
        CHECK(slice_eq(slice_sub(text_slice(&text), 1, want.len), want), i);
        CHECK(text.len == want.len + 2, i);

        assert_true(slice_cut(want, ':', &name, &value));
        text.len = 0;
        odata_write_property(&reply, entity, colour, &text);
        CHECK(slice_eq(slice_sub(text_slice(&text), sizeof "{\"value\":" - 1, value.len), value),
              i);
        text.len = 0;
        odata_write_value(&reply, entity, colour, &text);
        CHECK(slice_eq(text_slice(&text), slice_sub(value, 1, value.len - 2)), i);
        arena_destroy(arena);
    }
}

static const struct edm_health_view view = { .type = &toy_article, .state = TOY_ARTICLE_SIZE };

static const struct {
    int64_t created;
    enum odata_level level;
    const struct edm_health_view *health;
    bool etags;
    const char *want;
} etag_cases[] = {
    { 17, ODATA_MINIMAL, NULL, true,
      CONTEXT "(code)/$entity\",\"@odata.etag\":\"W/\\\"17.3\\\"\",\"code\":\"\"}" },
    { 17, ODATA_MINIMAL, &view, true,
      CONTEXT "(code)/$entity\",\"@odata.etag\":\"W/\\\"17.3.2\\\"\",\"code\":\"\"}" },
    { 17, ODATA_FULL, NULL, true,
      CONTEXT "(code)/$entity\",\"@odata.type\":\"#toy.shop.article\","
              "\"@odata.etag\":\"W/\\\"17.3\\\"\","
              "\"@odata.id\":\"https://h/beta/shopFloor/articles('x')\","
              "\"@odata.editLink\":\"shopFloor/articles('x')\",\"code\":\"\"}" },
    { 17, ODATA_NONE, NULL, true, "{\"code\":\"\"}" },
    { 0, ODATA_MINIMAL, NULL, true, CONTEXT "(code)/$entity\",\"code\":\"\"}" }, /* not read */
    { 17, ODATA_MINIMAL, NULL, false, CONTEXT "(code)/$entity\",\"code\":\"\"}" },
};

static void test_etags(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(etag_cases); i++) {
        struct arena *arena = arena_create(NULL, 1 << 20);
        struct odata_reply reply = reply_of(BIT(CODE), etag_cases[i].level);
        struct text text;

        reply.etags = etag_cases[i].etags;
        reply.health = etag_cases[i].health;
        text_init(&text, arena, 0, 10000);
        odata_write_entity(&reply, article(arena, 0, etag_cases[i].created), &text);
        if (!slice_eq(text_slice(&text), slice_of(etag_cases[i].want)))
            fail_msg("case %zu: %.*s", i, SLICE_ARG(text_slice(&text)));
        arena_destroy(arena);
    }
}

static void test_etags_of_page(void **state UNUSED)
{
    struct arena *arena = arena_create(NULL, 1 << 20);
    struct odata_reply reply = reply_of(BIT(CODE), ODATA_MINIMAL);
    struct edm_entity *rows[] = { article(arena, 0, 17), article(arena, 0, 18) };
    const struct edm_page page = { .entities = rows, .count = 2, .total_count = -1 };
    struct text text;

    reply.etags = true;
    text_init(&text, arena, 0, 10000);
    odata_write_page(&reply, &toy_article, &page, SLICE_EMPTY, &text);
    if (!slice_eq(text_slice(&text),
                  SLICE(CONTEXT "(code)\",\"value\":["
                                "{\"@odata.etag\":\"W/\\\"17.3\\\"\",\"code\":\"\"},"
                                "{\"@odata.etag\":\"W/\\\"18.3\\\"\",\"code\":\"\"}]}")))
        fail_msg("%.*s", SLICE_ARG(text_slice(&text)));
    arena_destroy(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_masks),
        cmocka_unit_test(test_etags),
        cmocka_unit_test(test_etags_of_page),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
