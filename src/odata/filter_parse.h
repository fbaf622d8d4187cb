/* odata/filter_parse.h - what the files that read $filter share: where they are, and the rules of
 * the grammar that call each other across them.
 *
 * Not for others than filter_*.c, orderby.c, select_items.c, apply.c and compute.c: they have
 * filter.h. Functions that give a node give NULL when they failed; the builder's error is then
 * filled in.
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
    bool alone; /* no property can be named without "$it/" */
    const struct filter_variable *outer;
};

struct filter_parse {
    struct filter_builder builder;
    struct filter_lexer lexer;
    struct filter_token token; /* the next one, not taken yet */
    const struct odata_alias *aliases;
    const struct filter_variable *variables;
    unsigned depth, json_depth;
};

/* What was being read, while an alias is. */
struct filter_interrupted {
    struct filter_lexer lexer;
    struct filter_token token;
    struct slice source;
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

/* The arguments of `name` and the parenthesis behind them; a key's, too, where the form alone
 * counts. */
struct edm_filter *filter_parse_call(struct filter_parse *parse, const struct filter_token *name);

/* Reads the value that stands here, if one does. False: it is wrong. */
bool filter_read_value(struct filter_parse *parse, struct edm_filter *ret, bool *ret_found);

/* Turns to the text of the alias that stands here, and back; that text must be at its end. */
bool filter_begin_alias(struct filter_parse *parse, struct filter_interrupted *ret);
bool filter_end_alias(struct filter_parse *parse, const struct filter_interrupted *interrupted);

/* --- filter_list.c --------------------------------------------------------------------------- */

/* Behind the word `in`, whose position is the last argument. */
struct edm_filter *filter_parse_in(struct filter_parse *parse, struct filter_operand subject,
                                   size_t position);
/* The arguments of hassubset, and the parenthesis behind them. */
struct edm_filter *filter_parse_subset(struct filter_parse *parse, const struct filter_token *name);
/* An array or an object, whose first sign stands here. */
struct edm_filter *filter_parse_json(struct filter_parse *parse);

/* --- orderby.c ------------------------------------------------------------------------------- */

struct edm_order_key;

/* Keys, up to the end of the text. */
bool filter_parse_keys(struct filter_parse *parse, const struct edm_order_key **ret,
                       size_t *ret_count);

/* --- filter_cast.c --------------------------------------------------------------------------- */

/* The arguments of cast and isof, and the parenthesis behind them. */
struct edm_filter *filter_parse_cast(struct filter_parse *parse, const struct filter_token *name);
struct edm_filter *filter_parse_isof(struct filter_parse *parse, const struct filter_token *name);

/* --- filter_path.c --------------------------------------------------------------------------- */

/* A name stands here. */
struct edm_filter *filter_parse_path(struct filter_parse *parse);
/* What follows `node`, if a slash stands here. */
struct edm_filter *filter_parse_tail(struct filter_parse *parse, struct edm_filter *node);
/* An annotation stands here. */
struct edm_filter *filter_parse_annotation(struct filter_parse *parse);

#endif
