/* edm/entity_test.c - defaults, sentinels and merge, over the toy model. */
#include "base/arena.h"
#include "base/test.h"
#include "edm/entity.h"
#include "edm/toy_model.h"

#define BIT(property) (UINT64_C(1) << (property))

static int arena_setup(void **state)
{
    *state = arena_create(NULL, 1 << 20);
    return *state ? 0 : -1;
}

static int arena_teardown(void **state)
{
    arena_destroy(*state);
    return 0;
}

static void test_create(void **state)
{
    struct edm_entity *entity = edm_entity_create(&toy_article, *state);

    assert_ptr_equal(entity->type, &toy_article);
    assert_true(entity->present == 0);
    assert_int_equal(entity->version, 0);
    for (size_t i = 0; i < toy_article.property_count; i++)
        CHECK(!entity->values[i].is_null && entity->values[i].integer == 0, i);
}

static void test_create_without_memory(void **state UNUSED)
{
    struct arena *arena = arena_create(NULL, 64);

    assert_null(edm_entity_create(&toy_article, arena));
    arena_destroy(arena);
}

static void test_marks(void **state)
{
    struct edm_entity *entity = edm_entity_create(&toy_article, *state);

    edm_entity_mark(entity, TOY_ARTICLE_SERIAL);
    assert_true(edm_entity_has(entity, TOY_ARTICLE_SERIAL));
    assert_false(edm_entity_has(entity, TOY_ARTICLE_ID));
    assert_true(entity->present == BIT(TOY_ARTICLE_SERIAL));

    /* The last of as many properties as a type can have. */
    struct edm_entity wide = { 0 };
    edm_entity_mark(&wide, 63);
    assert_true(edm_entity_has(&wide, 63) && !edm_entity_has(&wide, 62));
}

static void test_defaults_keep_what_is_there(void **state)
{
    struct edm_entity *entity = edm_entity_create(&toy_article, *state);
    entity->values[TOY_ARTICLE_STOCK].integer = 3;
    edm_entity_mark(entity, TOY_ARTICLE_STOCK);
    entity->values[TOY_ARTICLE_FRAGILE].is_null = true;
    edm_entity_mark(entity, TOY_ARTICLE_FRAGILE);
    entity->values[TOY_ARTICLE_LABELS].text = SLICE("[]");
    edm_entity_mark(entity, TOY_ARTICLE_LABELS);

    assert_true(edm_entity_fill_defaults(&toy_model, entity, *state, NULL));
    assert_true(entity->present == (edm_all_properties(&toy_article) & ~BIT(TOY_ARTICLE_ID)));
    assert_int_equal(entity->values[TOY_ARTICLE_STOCK].integer, 3);
    assert_true(entity->values[TOY_ARTICLE_FRAGILE].is_null);
    assert_true(slice_eq(entity->values[TOY_ARTICLE_LABELS].text, SLICE("[]")));
    assert_true(slice_eq(entity->values[TOY_ARTICLE_ORIGIN].text, SLICE("unknown")));
    assert_int_equal(entity->values[TOY_ARTICLE_SIZE].integer, 1);
    assert_true(entity->values[TOY_ARTICLE_TITLE].is_null);
}

static void test_defaults_over_a_missing_value(void **state)
{
    struct edm_entity *entity = edm_entity_create(&toy_article, *state);
    entity->values[TOY_ARTICLE_STOCK].integer = 3; /* not marked: not there */

    assert_true(edm_entity_fill_defaults(&toy_model, entity, *state, NULL));
    assert_int_equal(entity->values[TOY_ARTICLE_STOCK].integer, 7);
}

static void test_sentinels(void **state)
{
    struct edm_entity *entity = edm_entity_create(&toy_article, *state);
    struct error err = { 0 };
    entity->values[TOY_ARTICLE_COLOUR].integer = 6;
    entity->values[TOY_ARTICLE_FINISH].integer = 7;
    entity->values[TOY_ARTICLE_STOCK].integer = 6;

    assert_true(edm_entity_refuse_sentinels(&toy_model, entity, &err)); /* nothing is present */
    edm_entity_mark(entity, TOY_ARTICLE_STOCK);
    edm_entity_mark(entity, TOY_ARTICLE_FINISH);
    assert_true(edm_entity_refuse_sentinels(&toy_model, entity, &err));

    edm_entity_mark(entity, TOY_ARTICLE_COLOUR);
    assert_false(edm_entity_refuse_sentinels(&toy_model, entity, &err));
    assert_int_equal(err.code, ERROR_MODEL_VALIDATION);
    assert_string_equal(err.target, "colour");

    edm_entity_drop_sentinels(entity);
    assert_true(entity->present == (BIT(TOY_ARTICLE_STOCK) | BIT(TOY_ARTICLE_FINISH)));
    edm_entity_drop_sentinels(entity);
    assert_true(entity->present == (BIT(TOY_ARTICLE_STOCK) | BIT(TOY_ARTICLE_FINISH)));
}

static void test_merge(void **state)
{
    struct edm_entity *row = edm_entity_create(&toy_article, *state);
    struct edm_entity *change = edm_entity_create(&toy_article, *state);
    assert_true(edm_entity_fill_defaults(&toy_model, row, *state, NULL));
    row->values[TOY_ARTICLE_ID].text = SLICE("k");
    edm_entity_mark(row, TOY_ARTICLE_ID);
    row->version = 4;

    change->values[TOY_ARTICLE_STOCK].integer = 9; /* not marked */
    change->values[TOY_ARTICLE_CODE].text = SLICE("new");
    edm_entity_mark(change, TOY_ARTICLE_CODE);
    change->values[TOY_ARTICLE_COUNTED_AT].is_null = true;
    edm_entity_mark(change, TOY_ARTICLE_COUNTED_AT);
    change->values[TOY_ARTICLE_LABELS].text = SLICE("[]"); /* replaced whole, not joined */
    edm_entity_mark(change, TOY_ARTICLE_LABELS);
    edm_entity_merge(row, change);

    assert_int_equal(row->values[TOY_ARTICLE_STOCK].integer, 7);
    assert_true(slice_eq(row->values[TOY_ARTICLE_CODE].text, SLICE("new")));
    assert_true(row->values[TOY_ARTICLE_COUNTED_AT].is_null);
    assert_true(slice_eq(row->values[TOY_ARTICLE_LABELS].text, SLICE("[]")));
    assert_true(slice_eq(row->values[TOY_ARTICLE_ID].text, SLICE("k")));
    assert_int_equal(row->version, 4);
    assert_true(row->present == edm_all_properties(&toy_article));
}

static void test_merge_adds(void **state)
{
    struct edm_entity *row = edm_entity_create(&toy_crate, *state);
    struct edm_entity *change = edm_entity_create(&toy_crate, *state);

    edm_entity_mark(change, TOY_CRATE_PLACE);
    edm_entity_merge(row, change);
    assert_true(row->present == BIT(TOY_CRATE_PLACE));
}

static void test_text_bytes(void **state)
{
    struct edm_entity *entity = edm_entity_create(&toy_article, *state);
    assert_int_equal(edm_entity_text_bytes(entity), 0);

    entity->values[TOY_ARTICLE_CODE].text = SLICE("abc");
    assert_int_equal(edm_entity_text_bytes(entity), 0); /* not there */
    edm_entity_mark(entity, TOY_ARTICLE_CODE);
    entity->values[TOY_ARTICLE_LABELS].text = SLICE("[\"a\"]");
    edm_entity_mark(entity, TOY_ARTICLE_LABELS);
    entity->values[TOY_ARTICLE_STOCK].integer = INT32_MAX; /* no text */
    edm_entity_mark(entity, TOY_ARTICLE_STOCK);
    entity->values[TOY_ARTICLE_TITLE] = (struct edm_value){ .text = SLICE("x"), .is_null = true };
    edm_entity_mark(entity, TOY_ARTICLE_TITLE);
    assert_int_equal(edm_entity_text_bytes(entity), 8);
}

int main(void)
{
#define WITH_ARENA(test) cmocka_unit_test_setup_teardown(test, arena_setup, arena_teardown)
    const struct CMUnitTest tests[] = {
        WITH_ARENA(test_create),
        cmocka_unit_test(test_create_without_memory),
        WITH_ARENA(test_marks),
        WITH_ARENA(test_defaults_keep_what_is_there),
        WITH_ARENA(test_defaults_over_a_missing_value),
        WITH_ARENA(test_sentinels),
        WITH_ARENA(test_merge),
        WITH_ARENA(test_merge_adds),
        WITH_ARENA(test_text_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
