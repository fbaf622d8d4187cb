/* odata/filter_parse.h - what the files that read $filter share: where they are, and the rules of
 * the grammar that call each other across them.
 *
 * Not for others than filter_*.c and orderby.c: they have filter.h. Functions that give a node give
 * NULL when they failed; the builder's error is then filled in.
 */
#ifndef ODATA_FILTER_PARSE_H
#define ODATA_FILTER_PARSE_H

#include "odata/filter.h"
#include "odata/filter_check.h"
#include "odata/filter_lex.h"

/* A name that any() or all() gave to an item, while its condition is read. */
struct filter_variable {
    struct slice name;
    size_t number;
    const struct filter_variable *outer;
};

struct filter_parse {
    struct filter_builder builder;
    struct filter_lexer lexer;
    struct filter_token token; /* the next one, not taken yet */
    const struct odata_alias *aliases;
    const struct filter_variable *variables;
    size_t variable_count;
    unsigned depth;
};

/* --- filter_parse.c -------------------------------------------------------------------------- */

struct filter_token filter_take(struct filter_parse *parse);
bool filter_take_sign(struct filter_parse *parse, char sign);
bool filter_take_word(struct filter_parse *parse, struct slice word);
bool filter_expect_sign(struct filter_parse *parse, char sign);
/* Refuses what stands here; NULL. */
struct edm_filter *filter_unexpected(struct filter_parse *parse);

/* Around whatever nests; false past the limit. */
bool filter_enter(struct filter_parse *parse);
void filter_leave(struct filter_parse *parse);

/* The loosest rule: any expression. */
struct edm_filter *filter_parse_or(struct filter_parse *parse);

/* --- filter_path.c --------------------------------------------------------------------------- */

/* A name stands here. */
struct edm_filter *filter_parse_path(struct filter_parse *parse);

#endif
