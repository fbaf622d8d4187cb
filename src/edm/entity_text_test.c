/* edm/entity_text_test.c - what is written is read back as it was, value by value.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "edm/entity_text.h"

#include "base/arena.h"
#include "base/test.h"
#include "base/text.h"
#include "edm/toy_model.h"
#include "json/writer.h"

#define BUDGET ((size_t)1 << 20)

static struct slice text_of(const struct edm_entity *entity, struct arena *arena)
{
    struct json_writer writer;
    struct text text;

    text_init(&text, arena, 0, BUDGET);
    json_writer_init(&writer, &text);
    edm_entity_write(entity, &writer);
    return text_slice(&text);
}

static struct edm_entity *article(struct arena *arena)
{
    struct edm_entity *entity = edm_entity_create(&toy_article, arena);
    struct error error = { 0 };

    assert_non_null(entity);
    entity->values[TOY_ARTICLE_ID] = (struct edm_value){ .text = SLICE("a\"\\\x01\xC3\xA4") };
    edm_entity_mark(entity, TOY_ARTICLE_ID);
    assert_true(edm_entity_fill_defaults(&toy_model, entity, arena, &error));
    return entity;
}

/* One value of each kind, one after the other, and the same text twice. */
static void test_round_trip(void **state UNUSED)
{
    static const struct {
        size_t property;
        struct edm_value value;
    } cases[] = {
        { TOY_ARTICLE_TITLE, { .is_null = true } },
        { TOY_ARTICLE_TITLE, { .text = SLICE_INIT("") } },
        { TOY_ARTICLE_TITLE, { .text = SLICE_INIT("q\"\n\xE2\x82\xAC") } },
        { TOY_ARTICLE_SOLD_OUT, { .boolean = true } },
        { TOY_ARTICLE_FRAGILE, { .is_null = true } },
        { TOY_ARTICLE_STOCK, { .integer = INT32_MIN } },
        { TOY_ARTICLE_GRAMS, { .integer = INT64_MAX } },
        { TOY_ARTICLE_MADE_AT, { .at = { .ticks = 638413698001234567, .offset_minutes = -90 } } },
        { TOY_ARTICLE_MADE_AT, { .at = { .ticks = 0 } } },
        { TOY_ARTICLE_COLOUR, { .integer = 1 } },
        { TOY_ARTICLE_FINISH, { .is_null = true } },
        { TOY_ARTICLE_LABELS, { .text = SLICE_INIT("[]") } },
        { TOY_ARTICLE_LABELS, { .text = SLICE_INIT("[\"a\",\"\\\"b\"]") } },
        { TOY_ARTICLE_SERIAL, { .text = SLICE_INIT("7") } }, /* read-only ones too */
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct arena *arena = arena_create(NULL, BUDGET);
        struct edm_entity *before = article(arena), *after;
        struct error error = { 0 };

        before->values[cases[i].property] = cases[i].value;
        struct slice text = text_of(before, arena);
        CHECK(edm_entity_read(&toy_model, &toy_article, text, arena, &after, &error), i);
        CHECK(after->present == edm_all_properties(&toy_article), i);
        const struct edm_value *value = &after->values[cases[i].property];
        CHECK(value->is_null == cases[i].value.is_null, i);
        CHECK(slice_eq(text_of(after, arena), text), i);
        arena_destroy(arena);
    }
}

static const struct {
    const char *json;
    enum error_code code; /* ERROR_NONE: read */
    uint64_t present;
} read_cases[] = {
    { "{}", ERROR_NONE, 0 },
    { "{\"place\":null}", ERROR_NONE, 2 },
    { " {\"id\":\"x\",\"place\":\"y\"} ", ERROR_NONE, 3 },
    { "", ERROR_BAD_REQUEST, 0 },
    { "[]", ERROR_BAD_REQUEST, 0 },
    { "{", ERROR_BAD_REQUEST, 0 },
    { "{} {}", ERROR_BAD_REQUEST, 0 },
    { "{\"place\":\"y\",\"place\":\"y\"}", ERROR_BAD_REQUEST, 0 },
    { "{\"place\":3}", ERROR_MODEL_VALIDATION, 0 },
    { "{\"place\":{}}", ERROR_MODEL_VALIDATION, 0 },
    { "{\"elsewhere\":1}", ERROR_MODEL_VALIDATION, 0 },
    { "{\"@odata.type\":\"#toy.shop.crate\"}", ERROR_MODEL_VALIDATION, 0 },
};

static void test_read(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(read_cases); i++) {
        struct arena *arena = arena_create(NULL, BUDGET);
        struct edm_entity *entity = NULL;
        struct error error = { 0 };
        bool ok = edm_entity_read(&toy_model, &toy_crate, slice_of(read_cases[i].json), arena,
                                  &entity, &error);

        CHECK(ok == (read_cases[i].code == ERROR_NONE), i);
        CHECK(error.code == read_cases[i].code, i);
        CHECK(!ok || entity->present == read_cases[i].present, i);
        CHECK(ok || !entity, i);
        arena_destroy(arena);
    }
}

#ifdef CONNECTORD_FAULTS
static void test_memory_ends(void **state UNUSED)
{
    struct arena *kept = arena_create(NULL, BUDGET);
    struct slice text = text_of(article(kept), kept);

    for (uint64_t n = 0;; n++) {
        struct arena *arena = arena_create(NULL, BUDGET);
        struct edm_entity *entity;
        struct error error = { 0 };

        arena_fail_after(n);
        bool ok = edm_entity_read(&toy_model, &toy_article, text, arena, &entity, &error);
        bool fired = arena_fault_fired();
        arena_fail_after(UINT64_MAX);
        CHECK(ok != fired, n);
        CHECK(ok || error.code == ERROR_TOO_LARGE, n);
        arena_destroy(arena);
        if (!fired)
            break;
    }
    arena_destroy(kept);
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_read),
#ifdef CONNECTORD_FAULTS
        cmocka_unit_test(test_memory_ends),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
