/* edm/toy_model.h - a model for tests alone, in which no name is Graph's.
 *
 * A shop: articles (both versions) have a property of every kind and facet and two actions, crates
 * (beta only) are as small as a type can be. Silence means something to an article: of size small
 * when madeAt is less than an hour ago, then medium, large after 5 days, gone after 30; a crate has
 * no health. Floors that are handed a model are tested with this
 * one, so that nothing in them can lean on the names of the real one.
 */
#ifndef EDM_TOY_MODEL_H
#define EDM_TOY_MODEL_H

#include "edm/model.h"

extern const struct edm_model toy_model;
extern const struct edm_entity_type toy_article; /* set "articles" */
extern const struct edm_entity_type toy_crate;   /* set "crates" */

/* Indexes into toy_article.properties. */
enum toy_article_property {
    TOY_ARTICLE_ID,
    TOY_ARTICLE_TITLE,      /* String, nullable */
    TOY_ARTICLE_CODE,       /* String, default "" */
    TOY_ARTICLE_ORIGIN,     /* String, default "unknown" */
    TOY_ARTICLE_SOLD_OUT,   /* Boolean, default false */
    TOY_ARTICLE_FRAGILE,    /* Boolean, nullable */
    TOY_ARTICLE_STOCK,      /* Int32, default 7 */
    TOY_ARTICLE_GRAMS,      /* Int64, nullable */
    TOY_ARTICLE_MADE_AT,    /* DateTimeOffset, default never */
    TOY_ARTICLE_COUNTED_AT, /* DateTimeOffset, nullable; restock sets it to now */
    TOY_ARTICLE_SIZE,       /* toy.shop.size, default "medium" */
    TOY_ARTICLE_COLOUR,     /* toy.shop.colour (evolvable), default its member of value 0 */
    TOY_ARTICLE_FINISH,     /* toy.shop.colour, nullable */
    TOY_ARTICLE_LABELS,     /* Collection(String), default ["plain"] */
    TOY_ARTICLE_NOTES,      /* Collection(String), default [] */
    TOY_ARTICLE_SERIAL,     /* String, nullable, read-only */
    TOY_ARTICLE_PROPERTY_COUNT
};

/* Indexes into toy_crate.properties. */
enum toy_crate_property { TOY_CRATE_ID, TOY_CRATE_PLACE, TOY_CRATE_PROPERTY_COUNT };

/* Indexes into toy_article.actions. */
enum toy_article_action {
    TOY_ARTICLE_RESTOCK, /* both versions: amount Int32 not null, tint toy.shop.colour nullable */
    TOY_ARTICLE_RETIRE,  /* beta only, no parameters, no effect */
    TOY_ARTICLE_ACTION_COUNT
};

#endif
