/* odata/filter.h - $filter: its text, read into a condition with types.
 *
 * Spec: OData URL Conventions 4.01 section 5.1.1. What is offered: eq ne gt ge lt le in has and or
 * not, arithmetic, grouping; the functions on texts, dates and numbers of edm/filter.h, now,
 * mindatetime, maxdatetime, cast, isof, hassubset; any, all, $count and $filter of collections; the
 * entity's own type as a cast; parameter aliases. Words are known without regard to case, names of
 * properties too. The rest of the grammar is understood as far as it takes to refuse it by name:
 * what is called a syntax error is one.
 *
 * An alias (@name) is the text of an expression, read where it stands; one that is not given is
 * null. Aliases that name each other in a circle end at the limit of depth.
 *
 * Errors: ERROR_BAD_REQUEST with target "$filter" and a message of Graph's that also says at which
 * byte (from 0) of the decoded filter, or of the alias, the mistake is.
 *
 * Must not know: SQL, the rest of the query.
 */
#ifndef ODATA_FILTER_H
#define ODATA_FILTER_H

#include <stdbool.h>

#include "base/compiler.h"
#include "base/error.h"
#include "base/slice.h"
#include "edm/filter.h"

struct arena;
struct edm_shape;
struct odata_computed;

/* Clients build filters in loops, and what evaluates one has limits of its own. */
enum {
    ODATA_FILTER_DEPTH_MAX = 32,  /* groups, arguments, signs and aliases inside each other */
    ODATA_FILTER_NODES_MAX = 200, /* operators, functions, names and values; items of lists apart */
    ODATA_FILTER_LIST_MAX = 200,  /* items behind an `in` */
};

struct odata_alias {
    struct slice name;  /* decoded, with its '@' */
    struct slice value; /* still encoded */
    const struct odata_alias *next;
};

/* What a filter is read under; all zero is what holds unless something is known. */
struct odata_filter_rules {
    bool later_members;            /* members past the sentinel of an enumeration may be named */
    const struct edm_shape *shape; /* names are its columns; NULL: the entity's properties */
    const struct odata_computed *computed; /* names that go with those properties; NULL: none */
    bool refuses_beyond; /* options inside $select, which Graph has not, are refused unread */
};

/* `text` is decoded; the tree may keep slices of it. `aliases` may be NULL. The rows of
 * odata/beyond.h that the filter uses are added to *beyond; NULL for whoever does not ask. */
bool odata_filter_parse(const struct edm_model *model, const struct edm_entity_type *type,
                        struct slice text, const struct odata_alias *aliases,
                        const struct odata_filter_rules *rules, struct arena *arena,
                        const struct edm_filter **ret, uint32_t *beyond,
                        struct error *err) MUST_CHECK;

/* Whether `text` is an expression by its form alone (OData ABNF, commonExpr): no name is looked up,
 * nothing has to fit, and what is not offered is as good as what is. Error: a syntax error, or what
 * is too much of it. */
bool odata_filter_check_form(struct slice text, struct arena *arena, struct error *err) MUST_CHECK;

/* What there is: the operators between two values, and the functions by name, each once. Empty
 * behind the last. */
size_t odata_filter_operator_count(void);
struct slice odata_filter_operator(size_t index);
struct slice odata_filter_function(size_t index);

#endif
