/* odata/grammar_rules_test.h - for tests: whether a text follows a rule of the OData ABNF, by the
 * parsers that requests go through.
 *
 * Expressions are read by their form alone (odata_filter_check_form), so that they may name what
 * they like; values by the functions that $filter reads them with; options by odata_options_parse
 * and addresses by odata_path_parse, over a model of sets and properties that is given.
 */
#ifndef ODATA_GRAMMAR_RULES_TEST_H
#define ODATA_GRAMMAR_RULES_TEST_H

#include "base/error.h"
#include "base/slice.h"
#include "edm/model.h"

enum grammar_verdict {
    GRAMMAR_FOLLOWS, /* taken */
    GRAMMAR_NAMED, /* well-formed as far as it was read, and refused by the name of what it uses */
    GRAMMAR_WRONG, /* refused as wrong */
    GRAMMAR_APART  /* the rule is none of this surface's: grammar_apart() says why */
};

/* The first type's set is where options are asked for. */
enum grammar_verdict grammar_check(const struct edm_model *model, struct slice rule,
                                   struct slice input, struct error *ret_error);

/* The reason why a rule is apart; NULL for one that is not. */
const char *grammar_apart(struct slice rule);

/* The rules that are checked, from 0; an empty slice behind the last. */
struct slice grammar_rule(size_t index);

#endif
