/* edm/check_shapes_test.c - each way to break a view, an answer, a built-in entity or a property
 * that is worked out is found and named.
 */
#include <stdlib.h>

#include "base/test.h"
#include "edm/toy_siblings.h"
#include "edm/value.h"

/* A copy of the toy depot whose tables can be written to. */
struct copy {
    struct edm_model model;
    struct edm_singleton depot;
    struct edm_singleton_property facts[2];
    const struct edm_entity_type *types[3];
    struct edm_entity_type card, pallet, zone;
    struct edm_property cards[TOY_CARD_PROPERTY_COUNT];
    struct edm_property zones[TOY_ZONE_PROPERTY_COUNT];
    struct edm_value built_in[2 * TOY_ZONE_PROPERTY_COUNT];
    struct edm_action of_set[2]; /* the zone's */
    struct edm_action measure;
    struct edm_property parameters[2], spans[3];
    struct edm_complex span, reading, fresh;
    struct edm_property items[4];
    struct edm_ageing ageing;
    struct edm_ageing_source sources[2];
    struct edm_ageing_stage stages[2];
};

static void copy_card(struct copy *copy)
{
    copy->card = toy_card;
    memcpy(copy->cards, toy_card.properties, sizeof copy->cards);
    copy->card.properties = copy->cards;
    copy->card.view_of = &copy->pallet;
    copy->measure = toy_card.actions[0];
    copy->card.actions = &copy->measure;
    memcpy(copy->parameters, copy->measure.parameters, sizeof copy->parameters);
    copy->measure.parameters = copy->parameters;
    copy->span = *copy->parameters[0].complex;
    copy->parameters[0].complex = &copy->span;
    memcpy(copy->spans, copy->span.properties, sizeof copy->spans);
    copy->span.properties = copy->spans;
    copy->reading = *copy->measure.result;
    copy->measure.result = &copy->reading;
}

static void copy_ageing(struct copy *copy)
{
    copy->ageing = toy_freshness;
    memcpy(copy->sources, copy->ageing.sources, sizeof copy->sources);
    copy->sources[0].type = &copy->pallet;
    copy->sources[1].type = &copy->zone;
    copy->ageing.sources = copy->sources;
    memcpy(copy->stages, copy->ageing.stages, sizeof copy->stages);
    copy->ageing.stages = copy->stages;
    copy->fresh = *copy->ageing.item;
    copy->ageing.item = &copy->fresh;
    memcpy(copy->items, copy->fresh.properties, sizeof copy->items);
    copy->fresh.properties = copy->items;
    copy->facts[1].ageing = &copy->ageing;
}

static struct copy *copy_create(void)
{
    struct copy *copy = calloc(1, sizeof *copy);

    assert_non_null(copy);
    copy->model = toy_siblings;
    copy->depot = *toy_siblings.singleton;
    copy->model.singleton = &copy->depot;
    memcpy(copy->facts, copy->depot.properties, sizeof copy->facts);
    copy->depot.properties = copy->facts;
    copy->types[0] = &copy->card;
    copy->types[1] = &copy->pallet;
    copy->types[2] = &copy->zone;
    copy->depot.types = copy->types;
    copy->pallet = toy_pallet;
    copy->zone = toy_zone;
    memcpy(copy->zones, toy_zone.properties, sizeof copy->zones);
    copy->zone.properties = copy->zones;
    memcpy(copy->built_in, toy_zone.built_in, sizeof copy->built_in);
    copy->zone.built_in = copy->built_in;
    memcpy(copy->of_set, toy_zone.actions, sizeof copy->of_set);
    copy->zone.actions = copy->of_set;
    copy_card(copy);
    copy_ageing(copy);
    return copy;
}

#define BREAK(name) static void name(struct copy *copy)

BREAK(nothing)
{
    (void)copy;
}

/* views */
BREAK(view_of_a_stranger)
{
    copy->card.view_of = &toy_pallet;
}
BREAK(view_of_itself)
{
    copy->card.view_of = &copy->card;
}
BREAK(view_of_built_in)
{
    copy->card.view_of = &copy->zone;
}
BREAK(view_with_health)
{
    copy->cards[TOY_CARD_SEEN].viewed = SLICE_EMPTY;
    copy->card = copy->pallet;
    copy->card.name = SLICE("card");
    copy->card.set_name = SLICE("cards");
    copy->card.view_of = &copy->pallet;
}
BREAK(view_with_built_in)
{
    copy->card.built_in = copy->built_in;
    copy->card.built_in_count = 1;
}
BREAK(view_of_nothing)
{
    copy->cards[TOY_CARD_TITLE].viewed = SLICE("Label");
}
BREAK(view_by_its_own_name)
{
    copy->cards[TOY_CARD_TITLE].viewed = SLICE_EMPTY;
}
BREAK(view_of_another_kind)
{
    copy->cards[TOY_CARD_TITLE].viewed = SLICE("moved");
}
BREAK(view_of_other_flags)
{
    copy->cards[TOY_CARD_TITLE].flags = 0;
}
BREAK(view_with_default)
{
    copy->cards[TOY_CARD_TITLE].default_json = "\"x\"";
}
BREAK(view_queried_often)
{
    copy->cards[TOY_CARD_TITLE].queried_often = true;
}
BREAK(view_twice)
{
    copy->cards[TOY_CARD_TITLE] = copy->cards[TOY_CARD_SEEN];
    copy->cards[TOY_CARD_TITLE].name = SLICE("again");
}
BREAK(viewed_in_no_view)
{
    copy->zones[TOY_ZONE_NAME].viewed = SLICE("name");
}

/* properties of types */
BREAK(property_complex)
{
    copy->zones[TOY_ZONE_NAME].kind = EDM_COMPLEX;
    copy->zones[TOY_ZONE_NAME].complex = &copy->span;
}
BREAK(property_required)
{
    copy->zones[TOY_ZONE_NAME].flags |= EDM_REQUIRED;
}
BREAK(property_nullable_collection)
{
    copy->zones[TOY_ZONE_NAME].flags |= EDM_COLLECTION;
}

/* built-in entities */
BREAK(built_in_without_key)
{
    copy->built_in[0].text = SLICE_EMPTY;
}
BREAK(built_in_twice)
{
    copy->built_in[TOY_ZONE_PROPERTY_COUNT].text = copy->built_in[0].text;
}
BREAK(built_in_null)
{
    copy->built_in[TOY_ZONE_ROOM].is_null = true;
}

/* answers and complex types */
BREAK(answer_without_type)
{
    copy->measure.result = NULL;
}
BREAK(type_without_answer)
{
    copy->measure.answer = NULL;
}
BREAK(answer_with_effects)
{
    static const struct edm_effect effect = { SLICE_INIT("seen"), EDM_EFFECT_SET_NOW };

    copy->measure.effects = &effect;
    copy->measure.effect_count = 1;
}
BREAK(complex_without_type)
{
    copy->parameters[0].complex = NULL;
}
BREAK(complex_of_string)
{
    copy->parameters[1].complex = &copy->span;
}
BREAK(parameter_viewed)
{
    copy->parameters[1].viewed = SLICE("x");
}
BREAK(required_anyhow)
{
    copy->parameters[0].flags = EDM_REQUIRED;
}
BREAK(of_set_with_answer)
{
    copy->of_set[0].result = copy->measure.result;
    copy->of_set[0].answer = copy->measure.answer;
}
BREAK(of_set_unknown)
{
    copy->of_set[0].of_set = (enum edm_of_set)99;
}
BREAK(function_with_parameters)
{
    copy->of_set[0].of_set = EDM_SET_HAS_MADE;
}
BREAK(keys_without_parameter)
{
    copy->of_set[1].of_set = EDM_SET_BY_KEYS;
}
BREAK(keys_that_may_be_left_out)
{
    copy->of_set[0].parameters = &copy->parameters[1];
}
BREAK(complex_name)
{
    copy->span.name = SLICE("a span");
}
BREAK(complex_doc)
{
    copy->span.doc = "";
}
BREAK(complex_empty)
{
    copy->reading.property_count = 0;
}
BREAK(complex_in_complex)
{
    copy->spans[1].kind = EDM_COMPLEX;
    copy->spans[1].complex = &copy->reading;
}
BREAK(complex_collection)
{
    copy->spans[1].flags = EDM_COLLECTION;
}
BREAK(complex_default)
{
    copy->spans[1].default_json = "\"x\"";
}
BREAK(complex_property_twice)
{
    copy->spans[1].name = SLICE("FROM");
}
BREAK(complex_as_a_type)
{
    copy->span.name = SLICE("pallet");
}
BREAK(complex_as_another)
{
    copy->span.name = SLICE("reading");
}
BREAK(complex_as_an_item)
{
    copy->span.name = SLICE("freshItem");
}

/* what is worked out */
BREAK(worked_out_without_how)
{
    copy->facts[1].ageing = NULL;
}
BREAK(how_without_worked_out)
{
    copy->facts[1].value = EDM_SINGLETON_NULL;
}
BREAK(worked_out_without_doc)
{
    copy->facts[1].doc = NULL;
}
BREAK(worked_out_in_no_version)
{
    copy->depot.versions = EDM_VERSION_V1;
}
BREAK(item_without_key)
{
    copy->ageing.key = SLICE("Key");
}
BREAK(item_without_state)
{
    copy->ageing.state = SLICE("key");
}
BREAK(item_without_name)
{
    copy->ageing.source_name = SLICE("when");
}
BREAK(item_without_date)
{
    copy->ageing.date = SLICE("how");
}
BREAK(ages_from_nowhere)
{
    copy->ageing.source = NULL;
}
BREAK(no_sources)
{
    copy->ageing.source_count = 0;
}
BREAK(source_is_a_stranger)
{
    copy->sources[1].type = &toy_zone;
}
BREAK(source_is_a_view)
{
    copy->sources[1].type = &copy->card;
}
BREAK(source_without_date)
{
    copy->sources[1].date = SLICE("name");
}
BREAK(source_without_member)
{
    copy->sources[1].member = SLICE("Zones");
}
BREAK(stages_begin_late)
{
    copy->stages[0].after_s = 1;
}
BREAK(stages_do_not_ascend)
{
    copy->stages[1].after_s = 0;
}
BREAK(stage_without_member)
{
    copy->stages[1].member = SLICE("x");
}
BREAK(ageless_without_member)
{
    copy->ageing.ageless = SLICE_EMPTY;
}

#define BAD_VIEW  "is a view of a type that is not in the model, or is one itself"
#define BAD_KIND  "is of another kind than the property that it shows"
#define BAD_ITEM  "its items have no source, key, state and date"
#define NO_VIEWED "shows a property that the viewed type does not have"

static const struct {
    void (*spoil)(struct copy *copy);
    const char *where; /* what the spot starts with; NULL: nothing is wrong */
    const char *what;
} cases[] = {
    { nothing, NULL, NULL },
    { view_of_a_stranger, "card", BAD_VIEW },
    { view_of_itself, "card", BAD_VIEW },
    { view_of_built_in, "card", "is a view with a health, or of entities that are built in" },
    { view_with_health, "card", "is a view with a health, or of entities that are built in" },
    { view_with_built_in, "card", "is a view with a health, or of entities that are built in" },
    { view_of_nothing, "card.title", NO_VIEWED },
    { view_by_its_own_name, "card.title", NO_VIEWED },
    { view_of_another_kind, "card.title", BAD_KIND },
    { view_of_other_flags, "card.title", BAD_KIND },
    { view_with_default, "card.title", "has a default in a view" },
    { view_queried_often, "card.title", "is queried often in a view: the stored type says so" },
    { view_twice, "card.again", "shows what another one shows" },
    { viewed_in_no_view, "zone.name", "shows a property, and its type is no view" },

    { property_complex, "zone.name", "is of a complex type" },
    { property_required, "zone.name", "has a flag of parameters" },
    { property_nullable_collection, "zone.name", "is a collection that may be null" },

    { built_in_without_key, "zone", "a built-in entity has no key" },
    { built_in_twice, "zone", "two built-in entities have one key" },
    { built_in_null, "zone.room", "is null in a built-in entity" },

    { answer_without_type, "card.measure",
      "has an answer without a type, or a type without an answer" },
    { type_without_answer, "card.measure",
      "has an answer without a type, or a type without an answer" },
    { answer_with_effects, "card.measure", "answers, and has effects" },
    { of_set_with_answer, "zone.pick", "is asked of the set, and answers or has effects besides" },
    { of_set_unknown, "zone.pick", "asks something of the set that nobody knows" },
    { function_with_parameters, "zone.pick", "is a function with parameters" },
    { keys_without_parameter, "zone.anyMade",
      "is asked for keys without one list of them as a parameter" },
    { keys_that_may_be_left_out, "zone.pick",
      "is asked for keys without one list of them as a parameter" },
    { complex_without_type, "measure.span",
      "is of kind EDM_COMPLEX without a complex type, or has one and is not" },
    { complex_of_string, "measure.words",
      "is of kind EDM_COMPLEX without a complex type, or has one and is not" },
    { parameter_viewed, "measure.words", "is a parameter that shows a property" },
    { required_anyhow, "measure.span", "is required, and is not nullable anyhow" },
    { complex_name, "a span", "the complex type's name is not a letter and letters or digits" },
    { complex_doc, "span", "the complex type has no doc" },
    { complex_empty, "reading", "has no properties, or more than EDM_PROPERTIES_MAX" },
    { complex_in_complex, "span.unit", "is more than a plain value in a complex type" },
    { complex_collection, "span.unit", "is more than a plain value in a complex type" },
    { complex_default, "span.unit", "has a default or is viewed in a complex type" },
    { complex_property_twice, "span.FROM", "two properties have this name" },
    { complex_as_a_type, "pallet", "two types or enumerations have this name" },
    { complex_as_another, "reading", "two types or enumerations have this name" },
    { complex_as_an_item, "freshItem", "two types or enumerations have this name" },

    { worked_out_without_how, "depot.freshness",
      "is worked out without saying how, or the other way round" },
    { how_without_worked_out, "depot.freshness",
      "is worked out without saying how, or the other way round" },
    { worked_out_without_doc, "depot.freshness", "has no doc" },
    { worked_out_in_no_version, "depot.freshness",
      "is part of a version that what contains it is not" },
    { item_without_key, "depot.freshness", BAD_ITEM },
    { item_without_state, "depot.freshness", BAD_ITEM },
    { item_without_name, "depot.freshness", BAD_ITEM },
    { item_without_date, "depot.freshness", BAD_ITEM },
    { ages_from_nowhere, "depot.freshness", "does not say where its durations come from" },
    { no_sources, "depot.freshness", "has no sources" },
    { source_is_a_stranger, "depot.freshness",
      "a source is a type that is not in the model, or a view" },
    { source_is_a_view, "depot.freshness",
      "a source is a type that is not in the model, or a view" },
    { source_without_date, "depot.freshness", "a source has no such date" },
    { source_without_member, "depot.freshness", "a source has no such member" },
    { stages_begin_late, "depot.freshness", "has no stage that begins at 0" },
    { stages_do_not_ascend, "depot.freshness", "a stage is not longer than the one before" },
    { stage_without_member, "depot.freshness", "a stage has no such member" },
    { ageless_without_member, "depot.freshness", "has no member for the ageless" },
};

static void test_broken(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct copy *copy = copy_create();
        struct error err = { 0 };
        cases[i].spoil(copy);

        bool ok = edm_check(&copy->model, &err);
        CHECK(ok == !cases[i].where, i);
        CHECK(err.code == (ok ? ERROR_NONE : ERROR_INTERNAL), i);
        if (!ok) {
            struct slice message = slice_of(err.message), spot, what;

            CHECK(slice_cut(slice_sub(message, strlen("model: "), message.len), ':', &spot, &what),
                  i);
            CHECK(slice_eq(spot, slice_of(cases[i].where)), i);
            CHECK(slice_eq(slice_trim(what), slice_of(cases[i].what)), i);
        }
        free(copy);
    }
}

static void test_look_ups(void **state UNUSED)
{
    const struct edm_singleton *depot = toy_siblings.singleton;

    assert_int_equal(edm_find_singleton_property(depot, SLICE("FRESHNESS"), EDM_VERSION_BETA), 1);
    assert_int_equal(edm_find_singleton_property(depot, SLICE("freshness"), EDM_VERSION_V1), -1);
    assert_int_equal(edm_find_singleton_property(depot, SLICE("id"), EDM_VERSION_V1), 0);
    assert_int_equal(edm_find_singleton_property(depot, SLICE("x"), EDM_VERSION_BETA), -1);
    assert_string_equal(edm_complex_used(TOY_CARD_MEASURE, 0)->name.ptr, "span");
    assert_string_equal(edm_complex_used(TOY_CARD_MEASURE, 1)->name.ptr, "reading");
    assert_null(edm_complex_used(TOY_CARD_MEASURE, 2));
    assert_true(edm_is_built_in(&toy_zone, SLICE("a road")));
    assert_false(edm_is_built_in(&toy_zone, SLICE("A road")));
    assert_false(edm_is_built_in(&toy_pallet, SLICE("yard")));
    assert_ptr_equal(edm_stored_type(&toy_card), &toy_pallet);
    assert_ptr_equal(edm_stored_type(&toy_pallet), &toy_pallet);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_broken),
                                        cmocka_unit_test(test_look_ups) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
