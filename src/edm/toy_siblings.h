/* edm/toy_siblings.h - a second model for tests alone, of what the toy shop has not: a view, an
 * action that answers, an entity that is built in, a property that is worked out.
 *
 * A depot (both versions): pallets, cards that are a view of them (beta), and zones, of which every
 * depot has the yard. The freshness of its pallets is worked out in beta.
 */
#ifndef EDM_TOY_SIBLINGS_H
#define EDM_TOY_SIBLINGS_H

#include "edm/model.h"

extern const struct edm_model toy_siblings;
extern const struct edm_entity_type toy_pallet; /* set "pallets" */
extern const struct edm_entity_type toy_card;   /* set "cards": a view of the pallets */
extern const struct edm_entity_type toy_zone;   /* set "zones"; "yard" is built in */
extern const struct edm_ageing toy_freshness;   /* the singleton's property "freshness" */

/* Indexes into toy_pallet.properties. Silent for an hour it is asleep, for a day gone. */
enum toy_pallet_property {
    TOY_PALLET_ID,
    TOY_PALLET_STATE, /* toy.depot.mood, default asleep */
    TOY_PALLET_LABEL, /* String, nullable */
    TOY_PALLET_MOVED, /* DateTimeOffset */
    TOY_PALLET_TAGS,  /* Collection(String), default ["new"] */
    TOY_PALLET_PROPERTY_COUNT
};

/* Indexes into toy_card.properties. */
enum toy_card_property {
    TOY_CARD_ID,
    TOY_CARD_SEEN,  /* the pallet's "moved" */
    TOY_CARD_TITLE, /* the pallet's "label" */
    TOY_CARD_PROPERTY_COUNT
};

/* Indexes into toy_zone.properties. */
enum toy_zone_property {
    TOY_ZONE_ID,
    TOY_ZONE_NAME,  /* String, nullable */
    TOY_ZONE_FIXED, /* Boolean, read-only */
    TOY_ZONE_SINCE, /* DateTimeOffset, nullable */
    TOY_ZONE_ROOM,  /* Int64 */
    TOY_ZONE_PROPERTY_COUNT
};

/* toy_zone.actions ask of the set: "pick" by "keys", and the function "anyMade". */

/* toy_card.actions[0], "measure": span toy.depot.span, required; words Collection(String), may be
 * left out. Answers a toy.depot.reading for each word, or one. */
#define TOY_CARD_MEASURE (&toy_card.actions[0])

#endif
