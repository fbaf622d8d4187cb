/* store/filter_maker_conditions_test.c - conditions and orders by chance.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/test.h"

#include "base/arena.h"
#include "edm/toy_model.h"
#include "store/filter_maker_test.h"
#include "store/filter_pools_test.h"

static make *const comparables[] = { make_string, make_string, make_number,    make_number,
                                     make_real,   make_enum,   make_date_time, make_duration,
                                     make_date,   make_time,   make_boolean };

static const struct edm_filter *make_comparison(struct maker *maker, unsigned depth)
{
    make *make_operand = PICK(maker->chance, comparables);
    struct edm_filter of = { .kind = (enum edm_filter_kind)(EDM_FILTER_EQ + maker_roll(maker, 6)),
                             .type = EDM_FILTER_BOOLEAN };

    return maker_node(maker, of, 2, make_operand(maker, depth), make_operand(maker, depth), NULL);
}

static const struct edm_filter *make_in(struct maker *maker, unsigned depth)
{
    struct edm_filter of = { .kind = EDM_FILTER_IN, .type = EDM_FILTER_BOOLEAN };
    const struct edm_filter *items[2];

    for (size_t i = 0; i < 2; i++)
        items[i] =
            maker_roll(maker, 5) == 0
                ? maker_null(maker)
                : maker_leaf(maker, (struct edm_filter){ .kind = EDM_FILTER_LITERAL,
                                                         .type = EDM_FILTER_STRING,
                                                         .text = PICK(maker->chance, texts) });
    return maker_node(maker, of, 1 + maker_roll(maker, 3), make_string(maker, depth), items[0],
                      items[1]);
}

static const struct edm_filter *text_literal(struct maker *maker, struct slice value)
{
    return maker_leaf(maker, (struct edm_filter){ .kind = EDM_FILTER_LITERAL,
                                                  .type = EDM_FILTER_STRING,
                                                  .text = value });
}

/* A list of members, or of texts. */
static const struct edm_filter *make_enum_in(struct maker *maker)
{
    struct edm_filter of = { .kind = EDM_FILTER_IN, .type = EDM_FILTER_BOOLEAN };
    const struct edm_filter *items[2];

    for (size_t i = 0; i < 2; i++)
        items[i] = maker_leaf(
            maker, (struct edm_filter){ .kind = EDM_FILTER_LITERAL,
                                        .type = EDM_FILTER_ENUM,
                                        .enumeration =
                                            toy_article.properties[TOY_ARTICLE_COLOUR].enumeration,
                                        .integer = PICK(maker->chance, members) });
    return maker_node(maker, of, 1 + maker_roll(maker, 3), make_enum(maker, 0), items[0], items[1]);
}

static const struct edm_filter *make_subset(struct maker *maker)
{
    struct edm_filter of = { .kind = EDM_FILTER_SUBSET,
                             .type = EDM_FILTER_BOOLEAN,
                             .variable = maker->variables++ };

    return maker_node(maker, of, 1 + maker_roll(maker, 3), maker_collection(maker),
                      text_literal(maker, PICK(maker->chance, texts)),
                      text_literal(maker, PICK(maker->chance, texts)));
}

/* A list of texts or null, null, or a property. */
static const struct edm_filter *make_collection(struct maker *maker)
{
    struct edm_filter list = { .kind = EDM_FILTER_LITERAL, .type = EDM_FILTER_STRINGS };
    const struct collection *items = &PICK(maker->chance, collections);

    if (maker_roll(maker, 8) == 0)
        return maker_roll(maker, 2) ? maker_null(maker)
                                    : maker_node(maker, list, 1, maker_null(maker), NULL, NULL);
    if (maker_roll(maker, 2))
        return maker_collection(maker);
    return maker_node(maker, list, items->count, text_literal(maker, items->items[0]),
                      text_literal(maker, items->items[1]), text_literal(maker, items->items[2]));
}

static const struct edm_filter *make_same(struct maker *maker)
{
    struct edm_filter of = { .kind = maker_roll(maker, 2) ? EDM_FILTER_EQ : EDM_FILTER_NE,
                             .type = EDM_FILTER_BOOLEAN,
                             .variable = maker->variables++ };

    return maker_node(maker, of, 2, maker_collection(maker), make_collection(maker), NULL);
}

/* A pattern that is wrong is refused where it is a literal. */
static const struct edm_filter *make_match(struct maker *maker, unsigned depth)
{
    struct edm_filter of = { .kind = EDM_FILTER_MATCHES, .type = EDM_FILTER_BOOLEAN };
    size_t which = maker_roll(maker, COUNT_OF(patterns));
    const struct edm_filter *pattern = text_literal(maker, patterns[which]);

    if (slice_eq(patterns[which], SLICE("[")))
        pattern = maker_node(
            maker, (struct edm_filter){ .kind = EDM_FILTER_TRIM, .type = EDM_FILTER_STRING }, 1,
            pattern, NULL, NULL);
    return maker_node(maker, of, 2, make_string(maker, depth), pattern, NULL);
}

static const struct edm_filter *make_any_or_all(struct maker *maker, unsigned depth)
{
    struct edm_filter of = { .kind = maker_roll(maker, 2) ? EDM_FILTER_ANY : EDM_FILTER_ALL,
                             .type = EDM_FILTER_BOOLEAN,
                             .variable = maker->variables };
    const struct edm_filter *of_what = maker_collection(maker), *condition;

    if (of.kind == EDM_FILTER_ANY && maker_roll(maker, 5) == 0)
        return maker_node(maker, of, 1, of_what, NULL, NULL);
    maker->open |= (size_t)1 << maker->variables++;
    condition = make_boolean(maker, depth);
    maker->open &= ~((size_t)1 << of.variable);
    return maker_node(maker, of, 2, of_what, condition, NULL);
}

static const struct edm_filter *boolean_leaf(struct maker *maker)
{
    switch (maker_roll(maker, 4)) {
    case 0:
        return maker_integer(maker, EDM_FILTER_BOOLEAN, (int64_t)maker_roll(maker, 2));
    case 1:
        return maker_property(maker, EDM_FILTER_BOOLEAN, TOY_ARTICLE_SOLD_OUT);
    case 2:
        return maker_property(maker, EDM_FILTER_BOOLEAN, TOY_ARTICLE_FRAGILE);
    default:
        return maker_null(maker);
    }
}

const struct edm_filter *make_boolean(struct maker *maker, unsigned depth)
{
    struct edm_filter of = { .type = EDM_FILTER_BOOLEAN };

    if (depth == 0)
        return boolean_leaf(maker);
    switch (maker_roll(maker, 14)) {
    case 13:
        return maker->variables < 8 ? make_same(maker) : boolean_leaf(maker);
    case 10:
        return make_enum_in(maker);
    case 11:
        return maker->variables < 8 ? make_subset(maker) : boolean_leaf(maker);
    case 12:
        return make_match(maker, depth - 1);
    case 0:
    case 1:
        of.kind = maker_roll(maker, 2) ? EDM_FILTER_AND : EDM_FILTER_OR;
        return maker_node(maker, of, 2, make_boolean(maker, depth - 1),
                          make_boolean(maker, depth - 1), NULL);
    case 2:
        of.kind = EDM_FILTER_NOT;
        return maker_node(maker, of, 1, make_boolean(maker, depth - 1), NULL, NULL);
    case 3:
        return make_in(maker, depth - 1);
    case 4:
        of.kind = (enum edm_filter_kind)(EDM_FILTER_CONTAINS + maker_roll(maker, 3));
        return maker_node(maker, of, 2, make_string(maker, depth - 1),
                          make_string(maker, depth - 1), NULL);
    case 5:
        return maker->variables < 8 ? make_any_or_all(maker, depth - 1) : boolean_leaf(maker);
    case 6:
        of.kind = EDM_FILTER_HAS;
        return maker_node(maker, of, 2, maker_property(maker, EDM_FILTER_ENUM, TOY_ARTICLE_FINISH),
                          maker_integer(maker, EDM_FILTER_ENUM, PICK(maker->chance, members)),
                          NULL);
    default:
        return make_comparison(maker, depth - 1);
    }
}

const struct edm_filter *model_filter(struct chance *chance, struct arena *arena)
{
    struct maker maker = { .chance = chance, .arena = arena };

    return make_boolean(&maker, 1 + (unsigned)chance_below(chance, 4));
}

size_t model_order(struct chance *chance, struct arena *arena, struct edm_order_key *keys,
                   size_t count_max)
{
    struct maker maker = { .chance = chance, .arena = arena };
    size_t count = chance_below(chance, count_max + 1);

    for (size_t i = 0; i < count; i++) {
        keys[i].expression = PICK(chance, comparables)(&maker, (unsigned)chance_below(chance, 3));
        keys[i].descending = chance_below(chance, 2);
    }
    return count;
}
