/* odata/filter_rig_test.h - $filter over the toy shop's articles, for tests. */
#ifndef ODATA_FILTER_RIG_TEST_H
#define ODATA_FILTER_RIG_TEST_H

#include "odata/filter.h"

struct text;

extern const struct odata_filter_rules filter_rules; /* nothing special */

/* Room for any filter. */
struct arena *filter_new_arena(void);
/* Under those rules, with aliases that are right, wrong and circular. */
bool filter_parse_with_aliases(const char *text, struct arena *arena, const struct edm_filter **ret,
                               struct error *err);
/* The tree as text, (operator argument ...), with the type of a value in front of it. */
void filter_print(struct text *out, const struct edm_filter *filter);

#endif
