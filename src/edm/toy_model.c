/* edm/toy_model.c - the tables of the toy shop; see toy_model.h for what they are good for.
 *
 * Chosen so that each rule of edm/model.h has a row that obeys it and no two rows of the article do
 * the same: every kind, nullable and not; a default of each sort (none, the kind's own, a written
 * one); an enumeration whose first member is not its zero; one with a sentinel and a member behind
 * it. The permissions differ from operation to operation, so that a test sees which were asked for.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "edm/toy_model.h"

#include <assert.h>

static const struct edm_enum_member size_members[] = {
    { SLICE_INIT("large"), 2, "Does not fit a shelf." },
    { SLICE_INIT("medium"), 1, "Fits a shelf." },
    { SLICE_INIT("small"), 0, "Fits a drawer." },
};

static const struct edm_enum size_enum = {
    .name = SLICE_INIT("size"),
    .members = size_members,
    .member_count = COUNT_OF(size_members),
    .doc = "How much room an article takes.",
};

static const struct edm_enum_member colour_members[] = {
    { SLICE_INIT("bare"), 0, "Not painted." },
    { SLICE_INIT("red"), 1, "Painted red." },
    { SLICE_INIT("blue"), -5, "Painted blue; a value below zero." },
    { SLICE_INIT("unknownFutureValue"), 6, "Stands for members that came later." },
    { SLICE_INIT("green"), 7, "Painted green; came later." },
};

static const struct edm_enum colour_enum = {
    .name = SLICE_INIT("colour"),
    .members = colour_members,
    .member_count = COUNT_OF(colour_members),
    .sentinel = &colour_members[3],
    .doc = "What an article is painted with.",
};

static const struct slice read_names[] = { SLICE_INIT("Shop.Read.All"),
                                           SLICE_INIT("Shop.ReadWrite.All") };
static const struct slice write_names[] = { SLICE_INIT("Shop.ReadWrite.All") };
static const struct slice delete_names[] = { SLICE_INIT("Shop.Clear.All") };
static const struct slice restock_names[] = { SLICE_INIT("Shop.Restock.All"),
                                              SLICE_INIT("Shop.ReadWrite.All") };

#define LIST_OF(names)                                                                             \
    {                                                                                              \
        names, COUNT_OF(names)                                                                     \
    }

static const struct edm_property article_properties[] = {
    [TOY_ARTICLE_ID] = { .name = SLICE_INIT("id"),
                         .kind = EDM_STRING,
                         .flags = EDM_KEY | EDM_READ_ONLY,
                         .doc = "Key of the article." },
    [TOY_ARTICLE_TITLE] = { .name = SLICE_INIT("title"),
                            .kind = EDM_STRING,
                            .flags = EDM_NULLABLE,
                            .queried_often = true,
                            .doc = "What is written on it." },
    [TOY_ARTICLE_CODE] = { .name = SLICE_INIT("code"),
                           .kind = EDM_STRING,
                           .queried_often = true,
                           .doc = "Code of the maker." },
    [TOY_ARTICLE_ORIGIN] = { .name = SLICE_INIT("origin"),
                             .kind = EDM_STRING,
                             .default_json = "\"unknown\"",
                             .doc = "Where it was made." },
    [TOY_ARTICLE_SOLD_OUT] = { .name = SLICE_INIT("soldOut"),
                               .kind = EDM_BOOLEAN,
                               .doc = "Whether none is left." },
    [TOY_ARTICLE_FRAGILE] = { .name = SLICE_INIT("fragile"),
                              .kind = EDM_BOOLEAN,
                              .flags = EDM_NULLABLE,
                              .doc = "Whether it breaks; null when nobody tried." },
    [TOY_ARTICLE_STOCK] = { .name = SLICE_INIT("stock"),
                            .kind = EDM_INT32,
                            .default_json = "7",
                            .doc = "How many there are." },
    [TOY_ARTICLE_GRAMS] = { .name = SLICE_INIT("grams"),
                            .kind = EDM_INT64,
                            .flags = EDM_NULLABLE,
                            .doc = "Weight of one." },
    [TOY_ARTICLE_MADE_AT] = { .name = SLICE_INIT("madeAt"),
                              .kind = EDM_DATE_TIME_OFFSET,
                              .queried_often = true,
                              .doc = "When it was made." },
    [TOY_ARTICLE_COUNTED_AT] = { .name = SLICE_INIT("countedAt"),
                                 .kind = EDM_DATE_TIME_OFFSET,
                                 .flags = EDM_NULLABLE,
                                 .queried_often = true,
                                 .doc = "When its stock was last counted." },
    [TOY_ARTICLE_SIZE] = { .name = SLICE_INIT("size"),
                           .kind = EDM_ENUM,
                           .enumeration = &size_enum,
                           .default_json = "\"medium\"",
                           .doc = "How much room it takes." },
    [TOY_ARTICLE_COLOUR] = { .name = SLICE_INIT("colour"),
                             .kind = EDM_ENUM,
                             .enumeration = &colour_enum,
                             .queried_often = true,
                             .doc = "Its paint." },
    [TOY_ARTICLE_FINISH] = { .name = SLICE_INIT("finish"),
                             .kind = EDM_ENUM,
                             .flags = EDM_NULLABLE,
                             .enumeration = &colour_enum,
                             .queried_often = true,
                             .doc = "A second coat of paint, if any." },
    [TOY_ARTICLE_LABELS] = { .name = SLICE_INIT("labels"),
                             .kind = EDM_STRING,
                             .flags = EDM_COLLECTION,
                             .default_json = "[\"plain\"]",
                             .doc = "Words to find it by." },
    [TOY_ARTICLE_NOTES] = { .name = SLICE_INIT("notes"),
                            .kind = EDM_STRING,
                            .flags = EDM_COLLECTION,
                            .doc = "What the staff remarked." },
    [TOY_ARTICLE_SERIAL] = { .name = SLICE_INIT("serial"),
                             .kind = EDM_STRING,
                             .flags = EDM_NULLABLE | EDM_READ_ONLY,
                             .doc = "Number given by the shop." },
};
static_assert(COUNT_OF(article_properties) == TOY_ARTICLE_PROPERTY_COUNT, "a name for each row");

static const struct edm_property restock_parameters[] = {
    { .name = SLICE_INIT("amount"), .kind = EDM_INT32, .doc = "How many came." },
    { .name = SLICE_INIT("tint"),
      .kind = EDM_ENUM,
      .flags = EDM_NULLABLE,
      .enumeration = &colour_enum,
      .doc = "Paint of those that came; null for the same as before." },
};

static const struct edm_effect restock_effects[] = { { SLICE_INIT("countedAt"),
                                                       EDM_EFFECT_SET_NOW } };

static const struct edm_action article_actions[] = {
    [TOY_ARTICLE_RESTOCK] = { .name = SLICE_INIT("restock"),
                              .versions = EDM_VERSIONS_ALL,
                              .parameters = restock_parameters,
                              .parameter_count = COUNT_OF(restock_parameters),
                              .effects = restock_effects,
                              .effect_count = COUNT_OF(restock_effects),
                              .permissions = LIST_OF(restock_names),
                              .doc = "Says that more of them came." },
    [TOY_ARTICLE_RETIRE] = { .name = SLICE_INIT("retire"),
                             .versions = EDM_VERSION_BETA,
                             .permissions = LIST_OF(write_names),
                             .doc = "Takes it off the shelf." },
};
static_assert(COUNT_OF(article_actions) == TOY_ARTICLE_ACTION_COUNT, "a name for each row");

/* The toy's article goes stale: what was made long ago takes up ever more room. */
static const struct edm_health_stage article_stages[] = {
    { SLICE_INIT("medium"), 3600 },
    { SLICE_INIT("large"), 5 * 86400 },
};

static const struct edm_health article_health = {
    .contact = SLICE_INIT("madeAt"),
    .state = SLICE_INIT("size"),
    .healthy = SLICE_INIT("small"),
    .stages = article_stages,
    .stage_count = COUNT_OF(article_stages),
    .remove_after_s = 30 * 86400,
    .documented = true,
    .source = "The toy shop's rules.",
};

static const struct edm_back_end article_back_end = {
    .address = SLICE_INIT("https://store.example/Shelves"),
    .api_version = SLICE_INIT("2001-02-03"),
};

const struct edm_entity_type toy_article = {
    .name = SLICE_INIT("article"),
    .set_name = SLICE_INIT("articles"),
    .versions = EDM_VERSIONS_ALL,
    .properties = article_properties,
    .property_count = COUNT_OF(article_properties),
    .actions = article_actions,
    .action_count = COUNT_OF(article_actions),
    .permissions = { [EDM_LIST] = LIST_OF(read_names),
                     [EDM_GET] = LIST_OF(read_names),
                     [EDM_CREATE] = LIST_OF(write_names),
                     [EDM_UPDATE] = LIST_OF(write_names),
                     [EDM_DELETE] = LIST_OF(delete_names) },
    .health = &article_health,
    .back_end = &article_back_end,
    .doc = "Something that the shop sells.",
    .set_doc = "What the shop sells.",
};

static const struct edm_property crate_properties[] = {
    [TOY_CRATE_ID] = { .name = SLICE_INIT("id"),
                       .kind = EDM_STRING,
                       .flags = EDM_KEY | EDM_READ_ONLY,
                       .doc = "Key of the crate." },
    [TOY_CRATE_PLACE] = { .name = SLICE_INIT("place"),
                          .kind = EDM_STRING,
                          .flags = EDM_NULLABLE,
                          .doc = "Where it stands." },
};
static_assert(COUNT_OF(crate_properties) == TOY_CRATE_PROPERTY_COUNT, "a name for each row");

const struct edm_entity_type toy_crate = {
    .name = SLICE_INIT("crate"),
    .set_name = SLICE_INIT("crates"),
    .versions = EDM_VERSION_BETA,
    .properties = crate_properties,
    .property_count = COUNT_OF(crate_properties),
    .permissions = { [EDM_LIST] = LIST_OF(read_names),
                     [EDM_GET] = LIST_OF(read_names),
                     [EDM_CREATE] = LIST_OF(write_names),
                     [EDM_UPDATE] = LIST_OF(write_names),
                     [EDM_DELETE] = LIST_OF(write_names) },
    .doc = "A box that articles come in.",
    .set_doc = "Boxes that stand around.",
};

static const struct edm_entity_type *const shop_types[] = { &toy_article, &toy_crate };

static const struct edm_singleton_property shop_properties[] = {
    { .name = SLICE_INIT("id"), .value = EDM_SINGLETON_NAME },
    { .name = SLICE_INIT("opening"), .value = EDM_SINGLETON_NULL },
    { .name = SLICE_INIT("ownerId"), .value = EDM_SINGLETON_TENANT },
};

static const struct edm_singleton shop = {
    .name = SLICE_INIT("shopFloor"),
    .versions = EDM_VERSIONS_ALL,
    .properties = shop_properties,
    .property_count = COUNT_OF(shop_properties),
    .read_permissions = LIST_OF(read_names),
    .back_end = { SLICE_INIT("https://store.example/Shop"), SLICE_INIT("2000-01-02") },
    .types = shop_types,
    .type_count = COUNT_OF(shop_types),
    .doc = "The one shop there is.",
};

const struct edm_model toy_model = {
    .namespace_name = SLICE_INIT("toy.shop"),
    .alias = SLICE_INIT("shop"),
    .error_namespace = SLICE_INIT("toy.backroom.api"),
    .singleton = &shop,
};
