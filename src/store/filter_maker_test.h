/* store/filter_maker_test.h - for tests: what makes conditions by chance.
 *
 * Not for others than filter_maker*_test.c: they have filter_model_test.h. A maker of a value makes
 * an expression that comes to one, of limited depth.
 */
#ifndef STORE_FILTER_MAKER_TEST_H
#define STORE_FILTER_MAKER_TEST_H

#include "store/filter_model_test.h"

struct maker {
    struct chance *chance;
    struct arena *arena;
    size_t variables, open; /* made so far; of these the ones around here, as bits */
};

const struct edm_filter *maker_node(struct maker *maker, struct edm_filter node, size_t count,
                                    const struct edm_filter *a, const struct edm_filter *b,
                                    const struct edm_filter *c);
const struct edm_filter *maker_leaf(struct maker *maker, struct edm_filter of);
const struct edm_filter *maker_null(struct maker *maker);
const struct edm_filter *maker_property(struct maker *maker, enum edm_filter_type type,
                                        size_t index);
const struct edm_filter *maker_integer(struct maker *maker, enum edm_filter_type type,
                                       int64_t value);
size_t maker_roll(struct maker *maker, size_t bound);
const struct edm_filter *maker_collection(struct maker *maker);

typedef const struct edm_filter *make(struct maker *maker, unsigned depth);
make make_castable, make_real, make_date, make_time;
make make_boolean, make_string, make_number, make_date_time, make_duration, make_enum;

#endif
