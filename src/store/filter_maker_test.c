/* store/filter_maker_test.c - articles and expressions by chance, of the values in the pools.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/test.h"

#include "store/filter_maker_test.h"

#include "base/arena.h"
#include "edm/toy_model.h"
#include "store/filter_pools_test.h"

/* --- chance ---------------------------------------------------------------------------------- */

/* splitmix64 */
static uint64_t next(struct chance *chance)
{
    uint64_t z = chance->state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

size_t chance_below(struct chance *chance, size_t bound)
{
    return (size_t)(next(chance) % bound);
}

struct edm_entity *model_article(struct chance *chance, struct arena *arena)
{
    struct edm_entity *article = edm_entity_create(&toy_article, arena);

    assert_non_null(article);
    for (size_t i = 1; i < toy_article.property_count; i++) {
        const struct edm_property *property = &toy_article.properties[i];
        struct edm_value *value = &article->values[i];

        edm_entity_mark(article, i);
        value->is_null = property->flags & EDM_NULLABLE && chance_below(chance, 4) == 0;
        if (value->is_null)
            continue;
        if (property->flags & EDM_COLLECTION)
            value->text = slice_of(PICK(chance, collections).json);
        else if (property->kind == EDM_STRING)
            value->text = PICK(chance, texts);
        else if (property->kind == EDM_BOOLEAN)
            value->boolean = chance_below(chance, 2);
        else if (property->kind == EDM_DATE_TIME_OFFSET)
            value->at = (struct edm_date_time){ PICK(chance, instants), PICK(chance, offsets) };
        else if (property->kind == EDM_ENUM)
            value->integer = PICK(chance, members);
        else
            value->integer = property->kind == EDM_INT64 && chance_below(chance, 2)
                                 ? PICK(chance, large_numbers)
                                 : PICK(chance, numbers);
    }
    return article;
}

/* --- expressions ----------------------------------------------------------------------------- */

const struct edm_filter *maker_node(struct maker *maker, struct edm_filter node, size_t count,
                                    const struct edm_filter *a, const struct edm_filter *b,
                                    const struct edm_filter *c)
{
    struct edm_filter *copy = arena_new(maker->arena, struct edm_filter);
    const struct edm_filter *arguments[] = { a, b, c };

    node.arguments = arena_new_array(maker->arena, 3, const struct edm_filter *);
    assert_true(copy && node.arguments);
    memcpy(node.arguments, arguments, sizeof arguments);
    node.count = count;
    *copy = node;
    return copy;
}

const struct edm_filter *maker_leaf(struct maker *maker, struct edm_filter of)
{
    return maker_node(maker, of, 0, NULL, NULL, NULL);
}

const struct edm_filter *maker_null(struct maker *maker)
{
    return maker_leaf(maker,
                      (struct edm_filter){ .kind = EDM_FILTER_LITERAL, .type = EDM_FILTER_NULL });
}

const struct edm_filter *maker_property(struct maker *maker, enum edm_filter_type type,
                                        size_t index)
{
    return maker_leaf(maker,
                      (struct edm_filter){ .kind = EDM_FILTER_PROPERTY,
                                           .type = type,
                                           .enumeration = toy_article.properties[index].enumeration,
                                           .property = index });
}

const struct edm_filter *maker_integer(struct maker *maker, enum edm_filter_type type,
                                       int64_t value)
{
    return maker_leaf(
        maker, (struct edm_filter){ .kind = EDM_FILTER_LITERAL, .type = type, .integer = value });
}

size_t maker_roll(struct maker *maker, size_t bound)
{
    return chance_below(maker->chance, bound);
}

static const struct edm_filter *string_leaf(struct maker *maker)
{
    static const size_t properties[] = { TOY_ARTICLE_TITLE, TOY_ARTICLE_CODE, TOY_ARTICLE_ORIGIN,
                                         TOY_ARTICLE_SERIAL };

    for (size_t i = 0; i < maker->variables; i++) {
        if (maker->open >> i & 1 && maker_roll(maker, 2))
            return maker_leaf(maker, (struct edm_filter){ .kind = EDM_FILTER_ITEM,
                                                          .type = EDM_FILTER_STRING,
                                                          .variable = i });
    }
    if (maker_roll(maker, 2))
        return maker_property(maker, EDM_FILTER_STRING, PICK(maker->chance, properties));
    return maker_leaf(maker, (struct edm_filter){ .kind = EDM_FILTER_LITERAL,
                                                  .type = EDM_FILTER_STRING,
                                                  .text = PICK(maker->chance, texts) });
}

const struct edm_filter *make_string(struct maker *maker, unsigned depth)
{
    static const enum edm_filter_kind kinds[] = { EDM_FILTER_TOLOWER, EDM_FILTER_TOUPPER,
                                                  EDM_FILTER_TRIM, EDM_FILTER_CONCAT,
                                                  EDM_FILTER_SUBSTRING };
    enum edm_filter_kind kind = PICK(maker->chance, kinds);
    struct edm_filter of = { .kind = kind, .type = EDM_FILTER_STRING };

    if (maker_roll(maker, 20) == 0)
        return maker_null(maker);
    if (depth == 0 || maker_roll(maker, 2))
        return string_leaf(maker);
    if (maker_roll(maker, 4) == 0)
        return maker_node(maker,
                          (struct edm_filter){ .kind = EDM_FILTER_CAST, .type = EDM_FILTER_STRING },
                          1, make_castable(maker, depth - 1), NULL, NULL);
    if (kind == EDM_FILTER_CONCAT)
        return maker_node(maker, of, 2, make_string(maker, depth - 1),
                          make_string(maker, depth - 1), NULL);
    if (kind == EDM_FILTER_SUBSTRING)
        return maker_node(maker, of, 2 + maker_roll(maker, 2), make_string(maker, depth - 1),
                          make_number(maker, depth - 1), make_number(maker, depth - 1));
    return maker_node(maker, of, 1, make_string(maker, depth - 1), NULL, NULL);
}

/* What has a text of its own; null has none whose type is known. */
const struct edm_filter *make_castable(struct maker *maker, unsigned depth)
{
    static make *const makes[] = { make_number, make_real,     make_enum, make_date_time,
                                   make_date,   make_duration, make_time, make_boolean };
    const struct edm_filter *of;

    do
        of = PICK(maker->chance, makes)(maker, depth);
    while (of->type == EDM_FILTER_NULL);
    return of;
}

static const struct edm_filter *number_leaf(struct maker *maker)
{
    switch (maker_roll(maker, 4)) {
    case 0:
        return maker_property(maker, EDM_FILTER_INTEGER, TOY_ARTICLE_STOCK);
    case 1:
        return maker_property(maker, EDM_FILTER_INTEGER, TOY_ARTICLE_GRAMS);
    default:
        return maker_integer(maker, EDM_FILTER_INTEGER,
                             maker_roll(maker, 8) ? PICK(maker->chance, numbers)
                                                  : PICK(maker->chance, large_numbers));
    }
}

const struct edm_filter *maker_collection(struct maker *maker)
{
    return maker_property(maker, EDM_FILTER_STRINGS,
                          maker_roll(maker, 2) ? TOY_ARTICLE_LABELS : TOY_ARTICLE_NOTES);
}

static const struct edm_filter *make_count(struct maker *maker, unsigned depth)
{
    struct edm_filter of = { .kind = EDM_FILTER_COUNT,
                             .type = EDM_FILTER_INTEGER,
                             .variable = maker->variables };
    const struct edm_filter *of_what = maker_collection(maker), *condition;

    if (maker->variables >= 8 || maker_roll(maker, 3) == 0)
        return maker_node(maker, of, 1, of_what, NULL, NULL);
    maker->open |= (size_t)1 << maker->variables++;
    condition = make_boolean(maker, depth);
    maker->open &= ~((size_t)1 << of.variable);
    return maker_node(maker, of, 2, of_what, condition, NULL);
}

/* A part of a date or a time that is a whole number. */
static const struct edm_filter *make_part(struct maker *maker, unsigned depth)
{
    size_t part = maker_roll(maker, 7);
    enum edm_filter_kind kind =
        part == 6 ? EDM_FILTER_TOTALOFFSETMINUTES : (enum edm_filter_kind)(EDM_FILTER_YEAR + part);
    const struct edm_filter *of = make_date_time(maker, depth);
    struct edm_filter wrap = { .kind = EDM_FILTER_DATE_OF, .type = EDM_FILTER_DATE };

    if (maker_roll(maker, 3) == 0 && part < 6 && of->type != EDM_FILTER_NULL) {
        if (part >= 3)
            wrap = (struct edm_filter){ .kind = EDM_FILTER_TIME_OF, .type = EDM_FILTER_TIME };
        of = maker_node(maker, wrap, 1, of, NULL, NULL);
    }
    return maker_node(maker, (struct edm_filter){ .kind = kind, .type = EDM_FILTER_INTEGER }, 1, of,
                      NULL, NULL);
}

/* Whole numbers alone. */
const struct edm_filter *make_number(struct maker *maker, unsigned depth)
{
    struct edm_filter of = { .type = EDM_FILTER_INTEGER };

    if (maker_roll(maker, 30) == 0)
        return maker_null(maker);
    if (depth == 0 || maker_roll(maker, 3) == 0)
        return number_leaf(maker);
    switch (maker_roll(maker, 8)) {
    case 6:
        of.kind = (enum edm_filter_kind)(EDM_FILTER_ROUND + maker_roll(maker, 3));
        return maker_node(maker, of, 1, make_number(maker, depth - 1), NULL, NULL);
    case 7:
        of.kind = EDM_FILTER_CAST;
        return maker_node(
            maker, of, 3,
            maker_roll(maker, 2) ? make_number(maker, depth - 1) : make_real(maker, depth - 1),
            maker_integer(maker, EDM_FILTER_INTEGER, maker_roll(maker, 2) ? -128 : INT64_MIN),
            maker_integer(maker, EDM_FILTER_INTEGER, maker_roll(maker, 2) ? 127 : INT64_MAX));
    case 0:
        of.kind = EDM_FILTER_LENGTH;
        return maker_node(maker, of, 1, make_string(maker, depth - 1), NULL, NULL);
    case 1:
        of.kind = EDM_FILTER_INDEXOF;
        return maker_node(maker, of, 2, make_string(maker, depth - 1),
                          make_string(maker, depth - 1), NULL);
    case 2:
        return make_count(maker, depth - 1);
    case 3:
        return make_part(maker, depth - 1);
    case 4:
        of.kind = EDM_FILTER_NEGATE;
        return maker_node(maker, of, 1, make_number(maker, depth - 1), NULL, NULL);
    default:
        do
            of.kind = (enum edm_filter_kind)(EDM_FILTER_ADD + maker_roll(maker, 6));
        while (of.kind == EDM_FILTER_DIVBY);
        return maker_node(maker, of, 2, make_number(maker, depth - 1),
                          make_number(maker, depth - 1), NULL);
    }
}

/* Numbers with a fraction, from whole ones. */
const struct edm_filter *make_real(struct maker *maker, unsigned depth)
{
    struct edm_filter of = { .type = EDM_FILTER_REAL };

    switch (depth == 0 ? 0 : maker_roll(maker, 7)) {
    case 5:
        of.kind = (enum edm_filter_kind)(EDM_FILTER_ROUND + maker_roll(maker, 3));
        return maker_node(maker, of, 1, make_real(maker, depth - 1), NULL, NULL);
    case 6:
        of.kind = EDM_FILTER_CAST;
        return maker_node(maker, of, 1, make_number(maker, depth - 1), NULL, NULL);
    case 0:
        of.kind = EDM_FILTER_LITERAL;
        of.real = PICK(maker->chance, reals);
        return maker_leaf(maker, of);
    case 1:
        of.kind = EDM_FILTER_DIVBY;
        return maker_node(maker, of, 2, make_number(maker, depth - 1),
                          make_number(maker, depth - 1), NULL);
    case 2:
        of.kind = EDM_FILTER_FRACTIONALSECONDS;
        return maker_node(maker, of, 1, make_date_time(maker, depth - 1), NULL, NULL);
    case 3:
        of.kind = EDM_FILTER_TOTALSECONDS;
        return maker_node(maker, of, 1, make_duration(maker, depth - 1), NULL, NULL);
    default:
        of.kind = (enum edm_filter_kind)(EDM_FILTER_ADD + maker_roll(maker, 6));
        return maker_node(maker, of, 2, make_real(maker, depth - 1), make_number(maker, depth - 1),
                          NULL);
    }
}

const struct edm_filter *make_date_time(struct maker *maker, unsigned depth)
{
    struct edm_filter of = { .kind = EDM_FILTER_LITERAL, .type = EDM_FILTER_DATE_TIME };

    switch (maker_roll(maker, depth == 0 ? 4 : 6)) {
    case 5:
        of.kind = EDM_FILTER_CAST;
        return maker_node(maker, of, 1, make_date(maker, depth - 1), NULL, NULL);
    case 0:
        of.at =
            (struct edm_date_time){ PICK(maker->chance, instants), PICK(maker->chance, offsets) };
        return maker_leaf(maker, of);
    case 1:
        of.kind = EDM_FILTER_NOW;
        return maker_leaf(maker, of);
    case 2:
        return maker_property(maker, EDM_FILTER_DATE_TIME, TOY_ARTICLE_COUNTED_AT);
    case 3:
        return maker_property(maker, EDM_FILTER_DATE_TIME, TOY_ARTICLE_MADE_AT);
    default:
        of.kind = maker_roll(maker, 2) ? EDM_FILTER_ADD : EDM_FILTER_SUB;
        return maker_node(maker, of, 2, make_date_time(maker, 0),
                          maker_integer(maker, EDM_FILTER_DURATION, PICK(maker->chance, durations)),
                          NULL);
    }
}

const struct edm_filter *make_duration(struct maker *maker, unsigned depth)
{
    struct edm_filter of = { .kind = EDM_FILTER_SUB, .type = EDM_FILTER_DURATION };

    if (depth == 0 || maker_roll(maker, 3) == 0)
        return maker_integer(maker, EDM_FILTER_DURATION, PICK(maker->chance, durations));
    if (maker_roll(maker, 2))
        return maker_node(maker, of, 2, make_date_time(maker, 0), make_date_time(maker, 0), NULL);
    of.kind = EDM_FILTER_NEGATE;
    return maker_node(maker, of, 1, make_duration(maker, depth - 1), NULL, NULL);
}

const struct edm_filter *make_enum(struct maker *maker, unsigned depth UNUSED)
{
    static const size_t properties[] = { TOY_ARTICLE_COLOUR, TOY_ARTICLE_FINISH };

    if (maker_roll(maker, 8) == 0)
        return maker_null(maker);
    if (maker_roll(maker, 2))
        return maker_property(maker, EDM_FILTER_ENUM, PICK(maker->chance, properties));
    return maker_leaf(
        maker,
        (struct edm_filter){ .kind = EDM_FILTER_LITERAL,
                             .type = EDM_FILTER_ENUM,
                             .enumeration = toy_article.properties[TOY_ARTICLE_COLOUR].enumeration,
                             .integer = PICK(maker->chance, members) });
}

const struct edm_filter *make_date(struct maker *maker, unsigned depth)
{
    struct edm_filter of = { .kind = EDM_FILTER_DATE_OF, .type = EDM_FILTER_DATE };

    if (maker_roll(maker, 2))
        return maker_integer(maker, EDM_FILTER_DATE, PICK(maker->chance, instants) / TICKS_PER_DAY);
    return maker_node(maker, of, 1, make_date_time(maker, depth), NULL, NULL);
}

const struct edm_filter *make_time(struct maker *maker, unsigned depth)
{
    struct edm_filter of = { .kind = EDM_FILTER_TIME_OF, .type = EDM_FILTER_TIME };

    if (maker_roll(maker, 2))
        return maker_integer(maker, EDM_FILTER_TIME, PICK(maker->chance, instants) % TICKS_PER_DAY);
    return maker_node(maker, of, 1, make_date_time(maker, depth), NULL, NULL);
}
