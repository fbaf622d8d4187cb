/* odata/filter_check.h - makes the nodes of a filter, and refuses what does not fit together.
 *
 * Not for others than filter_*.c, orderby.c, select_items.c, apply.c and compute.c. Every function
 * here fills the builder's error on failure; the position it is given is what the message names.
 * Must not know: in which order the text said it.
 */
#ifndef ODATA_FILTER_CHECK_H
#define ODATA_FILTER_CHECK_H

#include "odata/filter.h"

struct filter_builder {
    const struct edm_model *model;
    const struct edm_entity_type *type;
    struct arena *arena;
    struct slice option;   /* whose text it is, for messages; empty: "$filter" */
    struct slice source;   /* the text that is being read: the option's, or an alias's */
    size_t nodes;          /* made so far */
    size_t variable_count; /* numbers given to conditions on items, and the like */
    bool form_alone;       /* names and types do not count: every node is a null, which fits */
    bool later_members;    /* see struct odata_filter_rules, and the next */
    const struct edm_shape *shape;
    const struct odata_computed *computed;
    uint32_t beyond; /* BEYOND_BIT() of what was used */
    struct error *err;
};

/* An operand, and where it began. */
struct filter_operand {
    struct edm_filter *node;
    size_t position;
};

/* "Syntax error at position 5 in 'foo bar'." */
bool filter_syntax_error(struct filter_builder *builder, size_t position) COLD;
/* "Invalid filter clause: " (of another option, its name), the message, and the position. */
bool filter_refuse(struct filter_builder *builder, size_t position, const char *format, ...)
    PRINTF_LIKE(3, 4) COLD;

/* Refuses what the grammar has and is not offered: `what` is a sentence. NULL; where the form alone
 * counts, a node. */
struct edm_filter *filter_not_offered(struct filter_builder *builder, size_t position,
                                      const char *what) COLD;

/* A copy of `node` in the arena, counted; NULL when it failed. */
struct edm_filter *filter_node(struct filter_builder *builder, struct edm_filter node,
                               size_t position);
/* The same with `count` arguments, which are copied too. */
struct edm_filter *filter_node_with(struct filter_builder *builder, struct edm_filter node,
                                    const struct edm_filter *const *arguments, size_t count,
                                    size_t position);

/* An operator between two operands; its position. */
struct edm_filter *filter_binary(struct filter_builder *builder, enum edm_filter_kind kind,
                                 struct filter_operand left, struct filter_operand right,
                                 size_t position);
/* NOT and NEGATE. */
struct edm_filter *filter_unary(struct filter_builder *builder, enum edm_filter_kind kind,
                                struct edm_filter *operand, size_t position);

/* Makes `item`, a literal, fit to be compared with `subject`. */
bool filter_fit_item(struct filter_builder *builder, const struct edm_filter *subject,
                     struct filter_operand item);

/* A function by its name; NULL, and an error, when there is none that takes these arguments. */
struct edm_filter *filter_function(struct filter_builder *builder, struct slice name,
                                   struct edm_filter *const *arguments, size_t count,
                                   size_t position);
#define FILTER_ARGUMENTS_MAX 3
bool filter_function_is_known(struct slice name);
/* "An unknown function with name 'x' was found."; NULL. */
struct edm_filter *filter_unknown_function(struct filter_builder *builder, struct slice name,
                                           size_t position) COLD;

/* True for what can be asked whether it is true. */
static inline bool filter_is_condition(const struct edm_filter *node)
{
    return node->type == EDM_FILTER_BOOLEAN || node->type == EDM_FILTER_NULL;
}

/* Without "microsoft.graph." or "graph." in front; empty for a name of another namespace. */
struct slice filter_cut_namespace(const struct filter_builder *builder, struct slice name);

/* "Edm.String", "microsoft.graph.ndesConnectorState"; in the arena. */
struct slice filter_type_name(struct filter_builder *builder, const struct edm_filter *node);

/* A member's name, or any number. */
bool filter_read_member(struct filter_builder *builder, const struct edm_enum *enumeration,
                        struct slice text, size_t position, struct edm_filter *ret) MUST_CHECK;

/* Gives an enumeration's literal `prefix``'quoted'`: its type is looked up among those of the
 * entity's properties. */
bool filter_enum_literal(struct filter_builder *builder, struct slice prefix, struct slice text,
                         size_t position, struct edm_filter *ret) MUST_CHECK;

#endif
