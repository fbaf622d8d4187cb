/* edm/toy_siblings.c - the tables of the toy depot; see toy_siblings.h for what they are good for.
 *
 * The view has the pallet's properties in another order, so that an index mistaken for the other
 * type's shows. The zone that is built in has a value of each sort that SQL writes in its own way,
 * and a quote.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "edm/toy_siblings.h"

#include <assert.h>

#include "base/arena.h"
#include "edm/entity.h"

#define LIST_OF(names)                                                                             \
    {                                                                                              \
        names, COUNT_OF(names)                                                                     \
    }

static const struct slice read_names[] = { SLICE_INIT("Depot.Read.All"),
                                           SLICE_INIT("Depot.ReadWrite.All") };
static const struct slice write_names[] = { SLICE_INIT("Depot.ReadWrite.All") };

/* --- pallets --------------------------------------------------------------------------------- */

static const struct edm_enum_member mood_members[] = {
    { SLICE_INIT("asleep"), 0, "Has not been moved for long." },
    { SLICE_INIT("awake"), 1, "Was moved." },
    { SLICE_INIT("lost"), 2, "Nobody knows." },
};

static const struct edm_enum mood = {
    .name = SLICE_INIT("mood"),
    .members = mood_members,
    .member_count = COUNT_OF(mood_members),
    .doc = "How a pallet is doing.",
};

static const struct edm_property pallet_properties[] = {
    [TOY_PALLET_ID] = { .name = SLICE_INIT("id"),
                        .kind = EDM_STRING,
                        .flags = EDM_KEY | EDM_READ_ONLY,
                        .doc = "Key of the pallet." },
    [TOY_PALLET_STATE] = { .name = SLICE_INIT("state"),
                           .kind = EDM_ENUM,
                           .enumeration = &mood,
                           .doc = "How it is doing." },
    [TOY_PALLET_LABEL] = { .name = SLICE_INIT("label"),
                           .kind = EDM_STRING,
                           .flags = EDM_NULLABLE,
                           .doc = "What is written on it." },
    [TOY_PALLET_MOVED] = { .name = SLICE_INIT("moved"),
                           .kind = EDM_DATE_TIME_OFFSET,
                           .doc = "When it was last moved." },
    [TOY_PALLET_TAGS] = { .name = SLICE_INIT("tags"),
                          .kind = EDM_STRING,
                          .flags = EDM_COLLECTION,
                          .default_json = "[\"new\"]",
                          .doc = "Words to find it by." },
};
static_assert(COUNT_OF(pallet_properties) == TOY_PALLET_PROPERTY_COUNT, "a name for each row");

static const struct edm_health_stage pallet_stages[] = { { SLICE_INIT("asleep"), 3600 } };

static const struct edm_health pallet_health = {
    .contact = SLICE_INIT("moved"),
    .state = SLICE_INIT("state"),
    .healthy = SLICE_INIT("awake"),
    .stages = pallet_stages,
    .stage_count = COUNT_OF(pallet_stages),
    .remove_after_s = 86400,
    .source = "The toy depot's rules.",
};

const struct edm_entity_type toy_pallet = {
    .name = SLICE_INIT("pallet"),
    .set_name = SLICE_INIT("pallets"),
    .versions = EDM_VERSIONS_ALL,
    .properties = pallet_properties,
    .property_count = COUNT_OF(pallet_properties),
    .permissions = { [EDM_LIST] = LIST_OF(read_names),
                     [EDM_GET] = LIST_OF(read_names),
                     [EDM_CREATE] = LIST_OF(write_names),
                     [EDM_UPDATE] = LIST_OF(write_names),
                     [EDM_DELETE] = LIST_OF(write_names) },
    .health = &pallet_health,
    .doc = "Something that is moved about.",
    .set_doc = "The pallets of the depot.",
};

/* --- cards ----------------------------------------------------------------------------------- */

static const struct edm_property card_properties[] = {
    [TOY_CARD_ID] = { .name = SLICE_INIT("id"),
                      .kind = EDM_STRING,
                      .flags = EDM_KEY | EDM_READ_ONLY,
                      .doc = "Key of the pallet." },
    [TOY_CARD_SEEN] = { .name = SLICE_INIT("seen"),
                        .viewed = SLICE_INIT("moved"),
                        .kind = EDM_DATE_TIME_OFFSET,
                        .doc = "When the pallet was last seen." },
    [TOY_CARD_TITLE] = { .name = SLICE_INIT("title"),
                         .viewed = SLICE_INIT("label"),
                         .kind = EDM_STRING,
                         .flags = EDM_NULLABLE,
                         .doc = "What the pallet is called." },
};
static_assert(COUNT_OF(card_properties) == TOY_CARD_PROPERTY_COUNT, "a name for each row");

static const struct edm_property span_properties[] = {
    { .name = SLICE_INIT("from"), .kind = EDM_DATE_TIME_OFFSET, .doc = "Its beginning." },
    { .name = SLICE_INIT("unit"), .kind = EDM_STRING, .flags = EDM_NULLABLE, .doc = "Its unit." },
    { .name = SLICE_INIT("mood"),
      .kind = EDM_ENUM,
      .flags = EDM_NULLABLE,
      .enumeration = &mood,
      .doc = "Its mood." },
};

static const struct edm_complex span = {
    .name = SLICE_INIT("span"),
    .properties = span_properties,
    .property_count = COUNT_OF(span_properties),
    .doc = "A span of time.",
};

static const struct edm_property reading_properties[] = {
    { .name = SLICE_INIT("word"), .kind = EDM_STRING, .flags = EDM_NULLABLE, .doc = "What for." },
    { .name = SLICE_INIT("ticks"), .kind = EDM_INT64, .doc = "What was read." },
    { .name = SLICE_INIT("at"), .kind = EDM_DATE_TIME_OFFSET, .doc = "When." },
};

static const struct edm_complex reading = {
    .name = SLICE_INIT("reading"),
    .properties = reading_properties,
    .property_count = COUNT_OF(reading_properties),
    .doc = "What a measurement says.",
};

static const struct edm_property measure_parameters[] = {
    { .name = SLICE_INIT("span"),
      .kind = EDM_COMPLEX,
      .flags = EDM_NULLABLE | EDM_REQUIRED,
      .complex = &span,
      .doc = "What to measure." },
    { .name = SLICE_INIT("words"),
      .kind = EDM_STRING,
      .flags = EDM_COLLECTION | EDM_NULLABLE | EDM_NOT_UNICODE,
      .doc = "What for." },
};

static bool answer_measure(const struct edm_question *question, struct arena *arena,
                           struct edm_rows *ret, struct error *err)
{
    const struct edm_value *asked = question->parameters;
    struct slice *words = NULL;
    size_t count = 0;

    if (!asked[1].is_null && !edm_value_items(&asked[1], arena, &words, &count, err))
        return false;
    *ret = (struct edm_rows){ .type = &reading, .count = count ? count : 1 };
    ret->values = arena_new_array(arena, ret->count * reading.property_count, struct edm_value);
    if (!ret->values)
        return error_no_memory(err);
    for (size_t i = 0; i < ret->count; i++) {
        struct edm_value *row = &ret->values[i * reading.property_count];

        row[0] =
            count ? (struct edm_value){ .text = words[i] } : (struct edm_value){ .is_null = true };
        row[1].integer = question->now_ticks - asked[0].members[0].at.ticks;
        row[2].at = question->entity->values[TOY_CARD_SEEN].at;
    }
    return true;
}

static const struct edm_action card_actions[] = {
    { .name = SLICE_INIT("measure"),
      .versions = EDM_VERSION_BETA,
      .parameters = measure_parameters,
      .parameter_count = COUNT_OF(measure_parameters),
      .result = &reading,
      .answer = answer_measure,
      .permissions = LIST_OF(read_names),
      .doc = "Measures." },
};

const struct edm_entity_type toy_card = {
    .name = SLICE_INIT("card"),
    .set_name = SLICE_INIT("cards"),
    .versions = EDM_VERSION_BETA,
    .view_of = &toy_pallet,
    .properties = card_properties,
    .property_count = COUNT_OF(card_properties),
    .actions = card_actions,
    .action_count = COUNT_OF(card_actions),
    .permissions = { [EDM_LIST] = LIST_OF(read_names),
                     [EDM_GET] = LIST_OF(read_names),
                     [EDM_CREATE] = LIST_OF(write_names),
                     [EDM_UPDATE] = LIST_OF(write_names),
                     [EDM_DELETE] = LIST_OF(write_names) },
    .doc = "A pallet as the office sees it.",
    .set_doc = "The pallets as the office sees them.",
};

/* --- zones ----------------------------------------------------------------------------------- */

static const struct edm_property zone_properties[] = {
    [TOY_ZONE_ID] = { .name = SLICE_INIT("id"),
                      .kind = EDM_STRING,
                      .flags = EDM_KEY | EDM_READ_ONLY,
                      .doc = "Key of the zone." },
    [TOY_ZONE_NAME] = { .name = SLICE_INIT("name"),
                        .kind = EDM_STRING,
                        .flags = EDM_NULLABLE,
                        .doc = "What it is called." },
    [TOY_ZONE_FIXED] = { .name = SLICE_INIT("fixed"),
                         .kind = EDM_BOOLEAN,
                         .flags = EDM_READ_ONLY,
                         .doc = "Whether it always was." },
    [TOY_ZONE_SINCE] = { .name = SLICE_INIT("since"),
                         .kind = EDM_DATE_TIME_OFFSET,
                         .flags = EDM_NULLABLE,
                         .doc = "Since when it is." },
    [TOY_ZONE_ROOM] = { .name = SLICE_INIT("room"), .kind = EDM_INT64, .doc = "What fits in." },
};
static_assert(COUNT_OF(zone_properties) == TOY_ZONE_PROPERTY_COUNT, "a name for each row");

static const struct edm_value built_in_zones[][TOY_ZONE_PROPERTY_COUNT] = {
    { { .text = SLICE_INIT("yard") },
      { .text = SLICE_INIT("The smith's yard") },
      { .boolean = true },
      { .at = { .ticks = 10000000, .offset_minutes = -90 } },
      { .integer = -5 } },
    { { .text = SLICE_INIT("a road") },
      { .is_null = true },
      { .boolean = true },
      { .is_null = true },
      { .integer = INT64_MAX } },
};

static const struct edm_property pick_parameters[] = {
    { .name = SLICE_INIT("keys"),
      .kind = EDM_STRING,
      .flags = EDM_COLLECTION | EDM_NOT_UNICODE,
      .doc = "Which ones." },
};

static const struct edm_action zone_actions[] = {
    { .name = SLICE_INIT("pick"),
      .versions = EDM_VERSION_BETA,
      .of_set = EDM_SET_BY_KEYS,
      .parameters = pick_parameters,
      .parameter_count = COUNT_OF(pick_parameters),
      .permissions = LIST_OF(read_names),
      .doc = "Asks for zones by their keys." },
    { .name = SLICE_INIT("anyMade"),
      .versions = EDM_VERSION_BETA,
      .of_set = EDM_SET_HAS_MADE,
      .permissions = LIST_OF(read_names),
      .doc = "Asks whether somebody made a zone." },
};

const struct edm_entity_type toy_zone = {
    .name = SLICE_INIT("zone"),
    .set_name = SLICE_INIT("zones"),
    .versions = EDM_VERSIONS_ALL,
    .properties = zone_properties,
    .property_count = COUNT_OF(zone_properties),
    .built_in = built_in_zones[0],
    .built_in_count = COUNT_OF(built_in_zones),
    .actions = zone_actions,
    .action_count = COUNT_OF(zone_actions),
    .permissions = { [EDM_LIST] = LIST_OF(read_names),
                     [EDM_GET] = LIST_OF(read_names),
                     [EDM_CREATE] = LIST_OF(write_names),
                     [EDM_UPDATE] = LIST_OF(write_names),
                     [EDM_DELETE] = LIST_OF(write_names) },
    .doc = "A place in the depot.",
    .set_doc = "The places of the depot.",
};

/* --- the depot ------------------------------------------------------------------------------- */

static const struct edm_enum_member kind_members[] = {
    { SLICE_INIT("crates"), 0, "None of ours." },
    { SLICE_INIT("pallets"), 1, "A pallet." },
    { SLICE_INIT("zones"), 2, "A zone." },
};

static const struct edm_enum kind = {
    .name = SLICE_INIT("kind"),
    .members = kind_members,
    .member_count = COUNT_OF(kind_members),
    .doc = "What something is.",
};

static const struct edm_property fresh_properties[] = {
    { .name = SLICE_INIT("key"), .kind = EDM_STRING, .flags = EDM_NULLABLE, .doc = "Which one." },
    { .name = SLICE_INIT("when"), .kind = EDM_DATE_TIME_OFFSET, .doc = "The date." },
    { .name = SLICE_INIT("how"), .kind = EDM_ENUM, .enumeration = &mood, .doc = "Its age." },
    { .name = SLICE_INIT("what"), .kind = EDM_ENUM, .enumeration = &kind, .doc = "What it is." },
};

static const struct edm_complex fresh = {
    .name = SLICE_INIT("freshItem"),
    .properties = fresh_properties,
    .property_count = COUNT_OF(fresh_properties),
    .doc = "How fresh something is.",
};

static const struct edm_ageing_source fresh_sources[] = {
    { &toy_pallet, SLICE_INIT("moved"), SLICE_INIT("pallets") },
    { &toy_zone, SLICE_INIT("since"), SLICE_INIT("zones") },
};

static const struct edm_ageing_stage fresh_stages[] = { { SLICE_INIT("awake"), 0 },
                                                        { SLICE_INIT("asleep"), 60 } };

const struct edm_ageing toy_freshness = {
    .item = &fresh,
    .source_name = SLICE_INIT("what"),
    .key = SLICE_INIT("key"),
    .state = SLICE_INIT("how"),
    .date = SLICE_INIT("when"),
    .sources = fresh_sources,
    .source_count = COUNT_OF(fresh_sources),
    .stages = fresh_stages,
    .stage_count = COUNT_OF(fresh_stages),
    .ageless = SLICE_INIT("lost"),
    .source = "The toy depot's rules.",
};

static const struct edm_singleton_property depot_properties[] = {
    { .name = SLICE_INIT("id"), .value = EDM_SINGLETON_NAME },
    { .name = SLICE_INIT("freshness"),
      .value = EDM_SINGLETON_AGEING,
      .versions = EDM_VERSION_BETA,
      .ageing = &toy_freshness,
      .doc = "How fresh things are." },
};

static const struct edm_entity_type *const depot_types[] = { &toy_card, &toy_pallet, &toy_zone };

static const struct edm_singleton depot = {
    .name = SLICE_INIT("depot"),
    .versions = EDM_VERSIONS_ALL,
    .properties = depot_properties,
    .property_count = COUNT_OF(depot_properties),
    .read_permissions = LIST_OF(read_names),
    .back_end = { SLICE_INIT("https://depot.example/Depot"), SLICE_INIT("2000-01-02") },
    .types = depot_types,
    .type_count = COUNT_OF(depot_types),
    .doc = "The one depot there is.",
};

const struct edm_model toy_siblings = {
    .namespace_name = SLICE_INIT("toy.depot"),
    .alias = SLICE_INIT("depot"),
    .error_namespace = SLICE_INIT("toy.backyard.api"),
    .singleton = &depot,
};
