/* store/filter_model_test.h - for tests: conditions made by chance, and what they mean, in plain C.
 *
 * The evaluator reads edm/filter.h as literally as it can, without a thought for SQL or for speed.
 */
#ifndef STORE_FILTER_MODEL_TEST_H
#define STORE_FILTER_MODEL_TEST_H

#include <stdbool.h>
#include <stdint.h>

#include "edm/entity.h"
#include "edm/filter.h"
#include "edm/query.h"

struct arena;

/* A policy by which the state of an article hangs on when it was counted. */
extern const struct edm_health_view model_view;

/* Chance that can be had again. */
struct chance {
    uint64_t state;
};
size_t chance_below(struct chance *chance, size_t bound);

/* An article whose values are taken from small pools, so that they meet. Everything but the key is
 * present. */
struct edm_entity *model_article(struct chance *chance, struct arena *arena);

/* A condition on articles, checked as odata/ would have; of limited depth. */
const struct edm_filter *model_filter(struct chance *chance, struct arena *arena);

/* Whether query->filter is true of the article. */
bool model_is_true(const struct edm_query *query, const struct edm_entity *article,
                   struct arena *arena);

/* What an expression comes to for the article. */
struct edm_order_value model_value(const struct edm_query *query,
                                   const struct edm_filter *expression,
                                   const struct edm_entity *article, struct arena *arena);

/* Up to `count_max` keys by which articles can be ordered. */
size_t model_order(struct chance *chance, struct arena *arena, struct edm_order_key *keys,
                   size_t count_max);

/* Which of two articles stands before the other in the query's order: <0, 0 (the same one), >0. */
int model_compare(const struct edm_query *query, const struct edm_entity *a,
                  const struct edm_entity *b, struct arena *arena);

#endif
