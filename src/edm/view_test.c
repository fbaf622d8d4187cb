/* edm/view_test.c - there and back: values under other names and in another order. */
#include "edm/view.h"

#include "base/arena.h"
#include "base/test.h"
#include "edm/toy_siblings.h"

#define BIT(n) (UINT64_C(1) << (n))

static const struct {
    uint64_t card, pallet;
} select_cases[] = {
    { 0, 0 },
    { BIT(TOY_CARD_ID), BIT(TOY_PALLET_ID) },
    { BIT(TOY_CARD_SEEN), BIT(TOY_PALLET_MOVED) },
    { BIT(TOY_CARD_TITLE), BIT(TOY_PALLET_LABEL) },
    { BIT(TOY_CARD_TITLE) | EDM_CREATED, BIT(TOY_PALLET_LABEL) | EDM_CREATED },
    { BIT(TOY_CARD_ID) | BIT(TOY_CARD_SEEN) | BIT(TOY_CARD_TITLE),
      BIT(TOY_PALLET_ID) | BIT(TOY_PALLET_MOVED) | BIT(TOY_PALLET_LABEL) },
};

static void test_select(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(select_cases); i++)
        CHECK(edm_view_select(&toy_card, select_cases[i].card) == select_cases[i].pallet, i);
    assert_int_equal(edm_view_select(&toy_pallet, 21), 21);
}

static void test_show(void **state UNUSED)
{
    struct arena *arena = arena_create(NULL, 1 << 16);
    struct edm_entity *pallet = edm_entity_create(&toy_pallet, arena), *card;

    pallet->values[TOY_PALLET_ID].text = SLICE("k");
    pallet->values[TOY_PALLET_MOVED].at.ticks = 7;
    pallet->values[TOY_PALLET_LABEL].is_null = true;
    pallet->version = 3;
    pallet->created = 5;
    edm_entity_mark(pallet, TOY_PALLET_ID);
    edm_entity_mark(pallet, TOY_PALLET_MOVED);
    edm_entity_mark(pallet, TOY_PALLET_STATE);
    card = edm_view_show(&toy_card, pallet, arena);
    assert_ptr_equal(card->type, &toy_card);
    assert_int_equal(card->version, 3);
    assert_int_equal(card->created, 5);
    assert_int_equal(card->present, BIT(TOY_CARD_ID) | BIT(TOY_CARD_SEEN));
    assert_int_equal(card->values[TOY_CARD_SEEN].at.ticks, 7);
    assert_true(slice_eq(card->values[TOY_CARD_ID].text, SLICE("k")));
    assert_ptr_equal(edm_view_show(&toy_pallet, pallet, arena), pallet);
    arena_destroy(arena);
}

static void test_stored(void **state UNUSED)
{
    struct arena *arena = arena_create(NULL, 1 << 16);
    struct edm_entity *card = edm_entity_create(&toy_card, arena);
    const struct edm_entity *pallet;

    card->values[TOY_CARD_TITLE].text = SLICE("t");
    edm_entity_mark(card, TOY_CARD_TITLE);
    pallet = edm_view_stored(card, arena);
    assert_ptr_equal(pallet->type, &toy_pallet);
    assert_int_equal(pallet->present, BIT(TOY_PALLET_LABEL));
    assert_true(slice_eq(pallet->values[TOY_PALLET_LABEL].text, SLICE("t")));
    assert_ptr_equal(edm_view_stored(pallet, arena), pallet);
    arena_destroy(arena);
}

static void test_no_memory(void **state UNUSED)
{
    struct arena *arena = arena_create(NULL, 1 << 16), *none = arena_create(NULL, 1);
    struct edm_entity *pallet = edm_entity_create(&toy_pallet, arena);

    assert_null(edm_view_show(&toy_card, pallet, none));
    assert_null(edm_view_stored(edm_entity_create(&toy_card, arena), none));
    arena_destroy(none);
    arena_destroy(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_select), cmocka_unit_test(test_show),
                                        cmocka_unit_test(test_stored),
                                        cmocka_unit_test(test_no_memory) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
