/* store/filter_value_test.h - for tests: what expressions come to, and what functions do with it.
 *
 * A value is null, a whole number, a floating-point number or a text; Booleans, dates, members and
 * durations are whole numbers. Not for others than filter_value_test.c and filter_model_test.c.
 */
#ifndef STORE_FILTER_VALUE_TEST_H
#define STORE_FILTER_VALUE_TEST_H

#include <math.h>

#include "store/filter_model_test.h"

#define VARIABLES_MAX 64

struct value {
    enum { NOTHING, WHOLE, REAL, TEXT } kind;
    int64_t whole;
    double real;
    struct slice text;
};

struct evaluation {
    const struct edm_query *query;
    const struct edm_entity *article;
    struct arena *arena;
    struct slice items[VARIABLES_MAX];
};

static inline struct value nothing(void)
{
    return (struct value){ .kind = NOTHING };
}

static inline struct value whole(int64_t of)
{
    return (struct value){ .kind = WHOLE, .whole = of };
}

static inline struct value real(double of)
{
    return isnan(of) ? nothing() : (struct value){ .kind = REAL, .real = of };
}

static inline struct value text(struct slice of)
{
    return (struct value){ .kind = TEXT, .text = of };
}

/* filter_model_test.c */
struct value value_of(struct evaluation *evaluation, const struct edm_filter *filter);

double value_as_real(struct value of);
int64_t value_as_whole(struct value of);
struct value value_arithmetic(enum edm_filter_kind kind, enum edm_filter_type type, struct value a,
                              struct value b);
struct slice value_folded(struct evaluation *evaluation, struct slice of);
size_t value_bytes_before(struct slice of, int64_t index);
int64_t value_find(struct evaluation *evaluation, struct slice in, struct slice part);
struct value value_of_function(struct evaluation *evaluation, enum edm_filter_kind kind,
                               const struct value *of, size_t count);
int64_t value_offset(struct evaluation *evaluation, const struct edm_filter *date);
struct value value_of_date(struct evaluation *evaluation, const struct edm_filter *filter);

#endif
