/* edm/check_test.c - a good model passes; each way to break it is found and named.
 *
 * A case is a function that changes one thing in a copy of the toy model. The message must start
 * with the spot and say what is wrong there, so that a broken table is mended without a debugger.
 */
#include <stdlib.h>

#include "base/test.h"
#include "edm/model.h"
#include "edm/toy_model.h"

/* A copy of the toy model whose tables can be written to, and which points only into itself. */
struct copy {
    struct edm_model model;
    struct edm_singleton singleton;
    struct edm_singleton_property facts[4];
    const struct edm_entity_type *types[3];
    struct edm_entity_type article, crate;
    struct edm_property properties[EDM_PROPERTIES_MAX + 1];
    struct edm_property crate_properties[TOY_CRATE_PROPERTY_COUNT];
    struct edm_action actions[TOY_ARTICLE_ACTION_COUNT];
    struct edm_property parameters[2];
    struct edm_effect effects[1];
    struct edm_enum size, colour;
    struct edm_enum_member sizes[3], colours[5];
    struct slice permissions[2];
    struct edm_health health;
    struct edm_health_stage stages[EDM_HEALTH_STAGES_MAX + 1];
};

static void copy_enums(struct copy *copy)
{
    copy->size = *toy_article.properties[TOY_ARTICLE_SIZE].enumeration;
    memcpy(copy->sizes, copy->size.members, sizeof copy->sizes);
    copy->size.members = copy->sizes;
    copy->colour = *toy_article.properties[TOY_ARTICLE_COLOUR].enumeration;
    memcpy(copy->colours, copy->colour.members, sizeof copy->colours);
    copy->colour.members = copy->colours;
    copy->colour.sentinel = &copy->colours[3];

    copy->properties[TOY_ARTICLE_SIZE].enumeration = &copy->size;
    copy->properties[TOY_ARTICLE_COLOUR].enumeration = &copy->colour;
    copy->properties[TOY_ARTICLE_FINISH].enumeration = &copy->colour;
    copy->parameters[1].enumeration = &copy->colour;
}

static void copy_actions(struct copy *copy)
{
    struct edm_action *restock = &copy->actions[TOY_ARTICLE_RESTOCK];

    memcpy(copy->actions, toy_article.actions, sizeof copy->actions);
    memcpy(copy->parameters, restock->parameters, sizeof copy->parameters);
    memcpy(copy->effects, restock->effects, sizeof copy->effects);
    memcpy(copy->permissions, restock->permissions.names, sizeof copy->permissions);
    restock->parameters = copy->parameters;
    restock->effects = copy->effects;
    restock->permissions.names = copy->permissions;
}

static void copy_health(struct copy *copy)
{
    copy->health = *toy_article.health;
    memcpy(copy->stages, copy->health.stages, copy->health.stage_count * sizeof copy->stages[0]);
    copy->health.stages = copy->stages;
    copy->article.health = &copy->health;
}

static struct copy *copy_create(void)
{
    struct copy *copy = calloc(1, sizeof *copy);
    assert_non_null(copy);

    copy->model = toy_model;
    copy->singleton = *toy_model.singleton;
    copy->model.singleton = &copy->singleton;
    memcpy(copy->facts, copy->singleton.properties,
           copy->singleton.property_count * sizeof copy->facts[0]);
    copy->singleton.properties = copy->facts;
    copy->article = toy_article;
    copy->crate = toy_crate;
    copy->types[0] = &copy->article;
    copy->types[1] = &copy->crate;
    copy->singleton.types = copy->types;
    memcpy(copy->properties, toy_article.properties,
           TOY_ARTICLE_PROPERTY_COUNT * sizeof copy->properties[0]);
    copy->article.properties = copy->properties;
    memcpy(copy->crate_properties, toy_crate.properties, sizeof copy->crate_properties);
    copy->crate.properties = copy->crate_properties;
    copy_actions(copy);
    copy->article.actions = copy->actions;
    copy_enums(copy);
    copy_health(copy);
    return copy;
}

/* BREAK(name) { statements } makes a function that breaks `copy`. */
#define BREAK(name) static void name(struct copy *copy)

BREAK(nothing)
{
    (void)copy;
}

/* the model */
BREAK(no_namespace)
{
    copy->model.namespace_name = SLICE_EMPTY;
}
BREAK(namespace_with_two_dots)
{
    copy->model.namespace_name = SLICE("toy..shop");
}
BREAK(alias_with_dot)
{
    copy->model.alias = SLICE("a.b");
}
BREAK(error_namespace_too_long)
{
    copy->model.error_namespace =
        SLICE("a123456789.a123456789.a123456789.a123456789.a123456789.a12345678.");
}
BREAK(no_singleton)
{
    copy->model.singleton = NULL;
}

/* the singleton */
BREAK(singleton_name)
{
    copy->singleton.name = SLICE("shop floor");
}
BREAK(singleton_doc)
{
    copy->singleton.doc = NULL;
}
BREAK(singleton_versions)
{
    copy->singleton.versions = 4;
}
BREAK(singleton_permissions)
{
    copy->singleton.read_permissions.count = 0;
}
BREAK(singleton_fact_twice)
{
    copy->facts[1].name = SLICE("ID");
}
BREAK(singleton_fact_name)
{
    copy->facts[1].name = SLICE("1st");
}
BREAK(no_types)
{
    copy->singleton.type_count = 0;
}
BREAK(null_type)
{
    copy->types[1] = NULL;
}

/* types */
BREAK(type_name)
{
    copy->article.name = SLICE("");
}
BREAK(type_doc)
{
    copy->article.doc = "";
}
BREAK(set_doc)
{
    copy->crate.set_doc = NULL;
}
BREAK(set_name)
{
    copy->crate.set_name = SLICE("crates/x");
}
BREAK(two_sets)
{
    copy->crate.set_name = SLICE("Articles");
}
BREAK(set_named_as_fact)
{
    copy->crate.set_name = SLICE("ownerid");
}
BREAK(two_types)
{
    copy->crate.name = SLICE("article");
}
BREAK(type_named_as_enum)
{
    copy->crate.name = SLICE("colour");
}
BREAK(type_named_as_singleton)
{
    copy->crate.name = SLICE("shopFloor");
}
BREAK(two_enums)
{
    copy->size.name = SLICE("colour");
}
BREAK(type_no_version)
{
    copy->crate.versions = 0;
}
BREAK(type_beyond_singleton)
{
    copy->singleton.versions = EDM_VERSION_BETA;
}
BREAK(no_back_end)
{
    copy->article.back_end = NULL;
}
BREAK(back_end_quoted)
{
    copy->singleton.back_end.address = SLICE("https://h/\"");
}
BREAK(back_end_of_no_version)
{
    static const struct edm_back_end back_end = { .address = SLICE_INIT("https://h/x") };

    copy->article.back_end = &back_end;
}
BREAK(no_list_permission)
{
    copy->article.permissions[EDM_LIST].count = 0;
}
BREAK(no_delete_permission)
{
    copy->article.permissions[EDM_DELETE] = (struct edm_permission_list){ 0 };
}

/* properties */
BREAK(no_properties)
{
    copy->crate.property_count = 0;
}
BREAK(too_many_properties)
{
    copy->article.property_count = EDM_PROPERTIES_MAX + 1;
}
BREAK(no_key)
{
    copy->properties[TOY_ARTICLE_ID].flags = EDM_READ_ONLY;
}
BREAK(two_keys)
{
    copy->properties[TOY_ARTICLE_CODE].flags |= EDM_KEY;
}
BREAK(key_not_string)
{
    copy->properties[TOY_ARTICLE_ID].kind = EDM_INT32;
}
BREAK(key_nullable)
{
    copy->properties[TOY_ARTICLE_ID].flags |= EDM_NULLABLE;
}
BREAK(key_queried_often)
{
    copy->properties[TOY_ARTICLE_ID].queried_often = true;
}
BREAK(collection_queried_often)
{
    copy->properties[TOY_ARTICLE_LABELS].queried_often = true;
}
BREAK(boolean_queried_often)
{
    copy->properties[TOY_ARTICLE_SOLD_OUT].queried_often = true;
}
BREAK(parameter_queried_often)
{
    copy->parameters[0].queried_often = true;
}
BREAK(key_default)
{
    copy->properties[TOY_ARTICLE_ID].default_json = "\"x\"";
}
BREAK(property_name)
{
    copy->properties[TOY_ARTICLE_TITLE].name = SLICE("@title");
}
BREAK(property_name_too_long)
{
    copy->properties[TOY_ARTICLE_TITLE].name =
        SLICE("a123456789a123456789a123456789a123456789a123456789a123456789abcd");
}
BREAK(property_twice)
{
    copy->properties[TOY_ARTICLE_TITLE].name = SLICE("Id");
}
BREAK(property_doc)
{
    copy->properties[TOY_ARTICLE_TITLE].doc = NULL;
}
BREAK(property_kind)
{
    copy->properties[TOY_ARTICLE_TITLE].kind = EDM_KIND_COUNT;
}
BREAK(enum_missing)
{
    copy->properties[TOY_ARTICLE_COLOUR].enumeration = NULL;
}
BREAK(enum_on_string)
{
    copy->properties[TOY_ARTICLE_TITLE].enumeration = &copy->size;
}
BREAK(flag_unknown)
{
    copy->properties[TOY_ARTICLE_TITLE].flags |= 1u << 9;
}
BREAK(collection_of_dates)
{
    copy->properties[TOY_ARTICLE_MADE_AT].flags |= EDM_COLLECTION;
}
BREAK(collection_nullable)
{
    copy->properties[TOY_ARTICLE_NOTES].flags |= EDM_NULLABLE;
}

/* defaults */
BREAK(default_not_json)
{
    copy->properties[TOY_ARTICLE_ORIGIN].default_json = "unknown";
}
BREAK(default_empty)
{
    copy->properties[TOY_ARTICLE_ORIGIN].default_json = "";
}
BREAK(default_trailing)
{
    copy->properties[TOY_ARTICLE_STOCK].default_json = "7 8";
}
BREAK(default_kind)
{
    copy->properties[TOY_ARTICLE_ORIGIN].default_json = "7";
}
BREAK(default_null)
{
    copy->properties[TOY_ARTICLE_ORIGIN].default_json = "null";
}
BREAK(default_range)
{
    copy->properties[TOY_ARTICLE_STOCK].default_json = "2147483648";
}
BREAK(default_member)
{
    copy->properties[TOY_ARTICLE_SIZE].default_json = "\"huge\"";
}
BREAK(default_member_number)
{
    copy->properties[TOY_ARTICLE_SIZE].default_json = "\"1\"";
}
BREAK(default_spelling)
{
    copy->properties[TOY_ARTICLE_LABELS].default_json = "[ \"plain\" ]";
}
BREAK(default_sentinel)
{
    copy->properties[TOY_ARTICLE_COLOUR].default_json = "\"unknownFutureValue\"";
}
BREAK(default_date)
{
    copy->properties[TOY_ARTICLE_MADE_AT].default_json = "\"2023-02-29T00:00:00Z\"";
}
BREAK(no_zero_member)
{
    copy->colours[0].value = 3;
}
BREAK(zero_is_sentinel)
{
    copy->colour.sentinel = &copy->colours[0];
    copy->colours[2].value = 5; /* behind it, as what comes later has to be */
}

/* enumerations */
BREAK(enum_name)
{
    copy->colour.name = SLICE("toy.colour");
}
BREAK(enum_doc)
{
    copy->colour.doc = NULL;
}
BREAK(enum_empty)
{
    copy->colour.member_count = 0;
}
BREAK(member_name)
{
    copy->colours[2].name = SLICE("light blue");
}
BREAK(member_doc)
{
    copy->colours[2].doc = "";
}
BREAK(member_twice)
{
    copy->colours[2].name = SLICE("red");
}
BREAK(member_value_twice)
{
    copy->colours[2].value = 1;
}
BREAK(sentinel_passed)
{
    copy->colours[0].value = 8;
}
BREAK(sentinel_elsewhere)
{
    copy->colour.sentinel = &copy->sizes[0];
}

/* actions */
BREAK(action_name)
{
    copy->actions[0].name = SLICE("re-stock");
}
BREAK(action_doc)
{
    copy->actions[0].doc = NULL;
}
BREAK(two_actions)
{
    copy->actions[1].name = SLICE("ReStock");
}
BREAK(action_named_as_property)
{
    copy->actions[1].name = SLICE("Title");
}
BREAK(action_no_version)
{
    copy->actions[1].versions = 0;
}
BREAK(action_beyond_type)
{
    copy->article.versions = EDM_VERSION_V1;
}
BREAK(action_permissions)
{
    copy->actions[0].permissions.count = 0;
}
BREAK(permission_twice)
{
    copy->permissions[1] = copy->permissions[0];
}
BREAK(permission_blank)
{
    copy->permissions[0] = SLICE("Shop.Read.All Shop.Write.All");
}
BREAK(parameter_name)
{
    copy->parameters[0].name = SLICE_EMPTY;
}
BREAK(parameter_twice)
{
    copy->parameters[1].name = SLICE("Amount");
}
BREAK(parameter_key)
{
    copy->parameters[0].flags = EDM_KEY;
}
BREAK(parameter_default)
{
    copy->parameters[0].default_json = "1";
}
BREAK(parameter_enum)
{
    copy->parameters[1].enumeration = NULL;
}
BREAK(effect_on_nothing)
{
    copy->effects[0].property = SLICE("countedat");
}
BREAK(effect_on_string)
{
    copy->effects[0].property = SLICE("title");
}
BREAK(effect_kind)
{
    copy->effects[0].kind = (enum edm_effect_kind)7;
}

/* health */
BREAK(no_health)
{
    copy->article.health = NULL; /* is no mistake */
}
BREAK(no_stages)
{
    copy->health.stage_count = 0; /* nor is this */
}
BREAK(contact_on_nothing)
{
    copy->health.contact = SLICE("madeat");
}
BREAK(contact_on_string)
{
    copy->health.contact = SLICE("code");
}
BREAK(contact_nullable)
{
    copy->health.contact = SLICE("countedAt");
}
BREAK(state_on_nothing)
{
    copy->health.state = SLICE_EMPTY;
}
BREAK(state_on_string)
{
    copy->health.state = SLICE("code");
}
BREAK(state_nullable)
{
    copy->health.state = SLICE("finish");
}
BREAK(healthy_of_another)
{
    copy->health.healthy = SLICE("red");
}
BREAK(stage_of_another)
{
    copy->stages[1].member = SLICE("red");
}
BREAK(stage_is_healthy)
{
    copy->stages[1].member = SLICE("small");
}
BREAK(stage_named_as_word)
{
    copy->sizes[0].name = copy->stages[1].member = SLICE("remove");
}
BREAK(stage_twice)
{
    copy->stages[1].member = SLICE("medium");
}
BREAK(stage_as_long)
{
    copy->stages[1].after_s = copy->stages[0].after_s;
}
BREAK(stage_at_once)
{
    copy->stages[0].after_s = 0;
}
BREAK(too_many_stages)
{
    copy->health.stage_count = EDM_HEALTH_STAGES_MAX + 1;
}
BREAK(removed_before)
{
    copy->health.remove_after_s = -1;
}
BREAK(no_source)
{
    copy->health.source = "";
}

#define NAME_RULE "name is not a letter and letters or digits"

/* `where` is how the message starts behind "model: "; NULL: the copy passes. */
static const struct {
    void (*spoil)(struct copy *copy);
    const char *where;
    const char *what;
} cases[] = {
    { nothing, NULL, NULL },

    { no_namespace, "", "the namespace is not names joined by dots" },
    { namespace_with_two_dots, "toy..shop", "the namespace is not names joined by dots" },
    { alias_with_dot, "toy.shop", "the alias is not a letter and letters or digits" },
    { error_namespace_too_long, "toy.shop", "the error namespace is not names joined by dots" },
    { no_singleton, "toy.shop", "the singleton is missing" },

    { singleton_name, "shop floor", "the singleton's " NAME_RULE },
    { singleton_doc, "shopFloor", "the singleton has no doc" },
    { singleton_versions, "shopFloor", "is part of a version that what contains it is not" },
    { singleton_permissions, "shopFloor", "no permission allows it" },
    { singleton_fact_twice, "shopFloor.ID", "two properties have this name" },
    { singleton_fact_name, "shopFloor.1st", "the " NAME_RULE },
    { no_types, "shopFloor", "contains no sets" },
    { null_type, "shopFloor", "a type is missing" },

    { type_name, "", "the type's " NAME_RULE },
    { type_doc, "article", "the type or its set has no doc" },
    { set_doc, "crate", "the type or its set has no doc" },
    { set_name, "crate", "the set's " NAME_RULE },
    { two_sets, "shopFloor.Articles", "two sets have this name" },
    { set_named_as_fact, "shopFloor.ownerid", "a set has the name of a property" },
    { two_types, "article", "two types or enumerations have this name" },
    { type_named_as_enum, "colour", "two types or enumerations have this name" },
    { type_named_as_singleton, "shopFloor", "two types or enumerations have this name" },
    { two_enums, "colour", "two types or enumerations have this name" },
    { type_no_version, "crate", "is part of no version" },
    { type_beyond_singleton, "article", "is part of a version that what contains it is not" },
    { no_list_permission, "article.(list)", "no permission allows it" },
    { no_delete_permission, "article.(delete)", "no permission allows it" },

    { no_properties, "crate", "has no properties, or more than EDM_PROPERTIES_MAX" },
    { too_many_properties, "article", "has no properties, or more than EDM_PROPERTIES_MAX" },
    { no_key, "article.id", "the first property is not the key" },
    { two_keys, "article.code", "is a second key" },
    { key_not_string, "article.id", "is a key that is not a string" },
    { key_nullable, "article.id", "is a key that may be null or is a collection" },
    { key_queried_often, "article.id", "is queried often, and is a key or a collection" },
    { collection_queried_often, "article.labels",
      "is queried often, and is a key or a collection" },
    { boolean_queried_often, "article.soldOut",
      "is queried often, and is no string, date or enumeration" },
    { parameter_queried_often, "restock.amount", "is a parameter that is queried often" },
    { key_default, "article.id", "is a key with a default" },
    { property_name, "article.@title", "the " NAME_RULE },
    { property_name_too_long, "article.a123456789", "the " NAME_RULE },
    { property_twice, "article.Id", "two properties have this name" },
    { property_doc, "article.title", "has no doc" },
    { property_kind, "article.title", "has a kind that nobody knows" },
    { enum_missing, "article.colour", "is of kind EDM_ENUM without an enumeration" },
    { enum_on_string, "article.title", "has an enumeration and is not of kind EDM_ENUM" },
    { flag_unknown, "article.title", "has a flag that nobody knows" },
    { collection_of_dates, "article.madeAt", "is a collection of something else than strings" },
    { collection_nullable, "article.notes", "is a collection that may be null" },

    { default_not_json, "article.origin", "the default is not a value of its type" },
    { default_empty, "article.origin", "the default is not a value of its type" },
    { default_trailing, "article.stock", "the default is not a value of its type" },
    { default_kind, "article.origin", "the default is not a value of its type" },
    { default_null, "article.origin", "the default is not a value of its type" },
    { default_range, "article.stock", "the default is not a value of its type" },
    { default_member, "article.size", "the default is not a value of its type" },
    { default_member_number, "article.size", "the default is not spelled as it would be written" },
    { default_spelling, "article.labels", "the default is not spelled as it would be written" },
    { default_sentinel, "article.colour", "the default is the sentinel" },
    { default_date, "article.madeAt", "the default is not a value of its type" },
    { no_zero_member, "article.colour", "has no default, and no member has the value 0" },
    { zero_is_sentinel, "article.colour",
      "has no default, and the member of value 0 is the sentinel" },

    { enum_name, "toy.colour", "the enumeration's " NAME_RULE },
    { enum_doc, "colour", "the enumeration has no doc" },
    { enum_empty, "colour", "the enumeration has no members" },
    { member_name, "colour.light blue", "the member's " NAME_RULE },
    { member_doc, "colour.blue", "the member has no doc" },
    { member_twice, "colour.red", "two members have this name" },
    { member_value_twice, "colour.blue", "another member has the same value" },
    { sentinel_passed, "colour", "a member's value is on the other side of the sentinel's" },
    { sentinel_elsewhere, "colour", "the sentinel is not one of the members" },

    { action_name, "article.re-stock", "the action's " NAME_RULE },
    { action_doc, "article.restock", "the action has no doc" },
    { two_actions, "article.ReStock", "two actions have this name" },
    { action_named_as_property, "article.Title", "an action has the name of a property" },
    { action_no_version, "article.retire", "is part of no version" },
    { action_beyond_type, "article.restock", "is part of a version that what contains it is not" },
    { action_permissions, "article.restock", "no permission allows it" },
    { permission_twice, "article.restock", "a permission stands twice" },
    { permission_blank, "article.restock", "a permission is not names joined by dots" },
    { parameter_name, "restock", "the " NAME_RULE },
    { parameter_twice, "restock.Amount", "two parameters have this name" },
    { parameter_key, "restock.amount", "is a parameter that is a key or read-only" },
    { parameter_default, "restock.amount", "is a parameter with a default" },
    { parameter_enum, "restock.tint", "is of kind EDM_ENUM without an enumeration" },
    { effect_on_nothing, "article.restock",
      "an effect names a property that the type does not have" },
    { effect_on_string, "article.restock", "an effect sets something else than a date to now" },
    { effect_kind, "article.restock", "an effect is of a kind that nobody knows" },

    { no_back_end, NULL, NULL },
    { back_end_quoted, "shopFloor",
      "the back end has no address or version, or one that has to be escaped" },
    { back_end_of_no_version, "article",
      "the back end has no address or version, or one that has to be escaped" },

    { no_health, NULL, NULL },
    { no_stages, NULL, NULL },
    { contact_on_nothing, "article", "the contact of its health is no date, or may be null" },
    { contact_on_string, "article", "the contact of its health is no date, or may be null" },
    { contact_nullable, "article", "the contact of its health is no date, or may be null" },
    { state_on_nothing, "article", "the state of its health is no enumeration, or may be null" },
    { state_on_string, "article", "the state of its health is no enumeration, or may be null" },
    { state_nullable, "article", "the state of its health is no enumeration, or may be null" },
    { healthy_of_another, "article", "the healthy member of its health is none of the state's" },
    { stage_of_another, "article", "a stage of its health is no member of the state" },
    { stage_is_healthy, "article", "a stage of its health is the healthy member" },
    { stage_named_as_word, "article",
      "a stage of its health is called as something else in a policy is" },
    { stage_twice, "article", "a stage of its health stands twice" },
    { stage_as_long, "article", "a stage of its health is not longer than the one before" },
    { stage_at_once, "article", "a stage of its health is not longer than the one before" },
    { too_many_stages, "article", "its health has more stages than EDM_HEALTH_STAGES_MAX" },
    { removed_before, "article", "its health removes before any silence" },
    { no_source, "article", "its health has no source" },
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
            CHECK(slice_starts_with(message, SLICE("model: ")), i);
            CHECK(slice_cut(slice_sub(message, 7, message.len), ':', &spot, &what), i);
            CHECK(slice_starts_with(spot, slice_of(cases[i].where)), i);
            CHECK(slice_eq(slice_trim(what), slice_of(cases[i].what)), i);
        }
        free(copy);
    }
}

static void test_toy_model(void **state UNUSED)
{
    struct error err = { 0 };

    assert_true(edm_check(&toy_model, &err));
    assert_int_equal(err.code, ERROR_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_toy_model),
        cmocka_unit_test(test_broken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
