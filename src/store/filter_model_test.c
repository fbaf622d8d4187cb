/* store/filter_model_test.c - see the header.
 *
 * A value is null, a whole number, a floating-point number or a text; Booleans, dates, members and
 * durations are whole numbers. Arithmetic is that of SQL engines: what does not fit 64 bits goes on
 * in floating point.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/test.h"

#include "store/filter_model_test.h"

#include <math.h>

#include "base/arena.h"
#include "edm/filter_text.h"
#include "edm/health.h"
#include "edm/toy_model.h"

#define TICKS_PER_DAY INT64_C(864000000000)
#define VARIABLES_MAX 64

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

#define PICK(chance, pool) ((pool)[chance_below(chance, COUNT_OF(pool))])

/* --- pools ----------------------------------------------------------------------------------- */

static const struct slice texts[] = {
    SLICE_INIT(""),
    SLICE_INIT("a"),
    SLICE_INIT("A"),
    SLICE_INIT("ab"),
    SLICE_INIT("aB"),
    SLICE_INIT("b"),
    SLICE_INIT(" Ab "),
    SLICE_INIT("aba"),
    SLICE_INIT("ABAb"),
    SLICE_INIT("it's"),
    SLICE_INIT("\t"),
    SLICE_INIT("%"),
    SLICE_INIT("_"),
    SLICE_INIT("Z[a\\"),
    SLICE_INIT("\xc3\xa4"),
    SLICE_INIT("\xc3\x84"
               "a"),
    SLICE_INIT("\xf0\x9f\x98\x80"
               "ab"),
    SLICE_INIT("1"),
    SLICE_INIT("?1"),
};

static const struct slice patterns[] = { SLICE_INIT(""), SLICE_INIT("^a"), SLICE_INIT("B$"),
                                         SLICE_INIT("a.*b"), SLICE_INIT("[") };

static const struct collection {
    const char *json;
    struct slice items[3];
    size_t count;
} collections[] = {
    { "[]", { { NULL, 0 } }, 0 },
    { "[\"a\"]", { SLICE_INIT("a") }, 1 },
    { "[\"A\",\"b\"]", { SLICE_INIT("A"), SLICE_INIT("b") }, 2 },
    { "[\"\",\"aB\",\"\xc3\xa4\"]",
      { SLICE_INIT(""), SLICE_INIT("aB"), SLICE_INIT("\xc3\xa4") },
      3 },
    { "[\"a\\\"b\",\"\\\\\"]", { SLICE_INIT("a\"b"), SLICE_INIT("\\") }, 2 },
};

static const int64_t numbers[] = { 0, 1, -1, 2, 3, -7, 10, INT32_MAX, INT32_MIN };
static const int64_t large_numbers[] = { INT64_MAX, INT64_MIN, INT64_C(4294967296), 5, 0, -2 };
static const double reals[] = { 0.0, 0.5, -2.25, 3.0, 1e300, (double)INFINITY, (double)NAN };
static const int64_t instants[] = {
    0,
    1,
    INT64_C(638000000000000001), /* 2022 */
    INT64_C(638422559999999999), /* the last tick of February 2024 */
    INT64_C(638422560000000000),
    INT64_C(621355968000000000), /* 1970 */
    INT64_C(3155378975999999999),
};
static const int16_t offsets[] = { 0, 0, 60, -840, 840, 330 };
static const int64_t durations[] = { 0, 1, -1, 10000000, TICKS_PER_DAY, -366 * TICKS_PER_DAY };
static const int64_t members[] = { 0, 1, 2, -5, 6, 7 };

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

/* --- conditions by chance -------------------------------------------------------------------- */

struct maker {
    struct chance *chance;
    struct arena *arena;
    size_t variables, open; /* made so far; of these the ones around here, as bits */
};

typedef const struct edm_filter *make(struct maker *maker, unsigned depth);
static make make_castable, make_real, make_date, make_time;
static make make_boolean, make_string, make_number, make_date_time, make_duration, make_enum;

static const struct edm_filter *node(struct maker *maker, struct edm_filter node, size_t count,
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

static const struct edm_filter *leaf(struct maker *maker, struct edm_filter of)
{
    return node(maker, of, 0, NULL, NULL, NULL);
}

static const struct edm_filter *null(struct maker *maker)
{
    return leaf(maker, (struct edm_filter){ .kind = EDM_FILTER_LITERAL, .type = EDM_FILTER_NULL });
}

static const struct edm_filter *property(struct maker *maker, enum edm_filter_type type,
                                         size_t index)
{
    return leaf(maker,
                (struct edm_filter){ .kind = EDM_FILTER_PROPERTY,
                                     .type = type,
                                     .enumeration = toy_article.properties[index].enumeration,
                                     .property = index });
}

static const struct edm_filter *integer(struct maker *maker, enum edm_filter_type type,
                                        int64_t value)
{
    return leaf(maker,
                (struct edm_filter){ .kind = EDM_FILTER_LITERAL, .type = type, .integer = value });
}

static size_t roll(struct maker *maker, size_t bound)
{
    return chance_below(maker->chance, bound);
}

static const struct edm_filter *string_leaf(struct maker *maker)
{
    static const size_t properties[] = { TOY_ARTICLE_TITLE, TOY_ARTICLE_CODE, TOY_ARTICLE_ORIGIN,
                                         TOY_ARTICLE_SERIAL };

    for (size_t i = 0; i < maker->variables; i++) {
        if (maker->open >> i & 1 && roll(maker, 2))
            return leaf(maker, (struct edm_filter){ .kind = EDM_FILTER_ITEM,
                                                    .type = EDM_FILTER_STRING,
                                                    .variable = i });
    }
    if (roll(maker, 2))
        return property(maker, EDM_FILTER_STRING, PICK(maker->chance, properties));
    return leaf(maker, (struct edm_filter){ .kind = EDM_FILTER_LITERAL,
                                            .type = EDM_FILTER_STRING,
                                            .text = PICK(maker->chance, texts) });
}

static const struct edm_filter *make_string(struct maker *maker, unsigned depth)
{
    static const enum edm_filter_kind kinds[] = { EDM_FILTER_TOLOWER, EDM_FILTER_TOUPPER,
                                                  EDM_FILTER_TRIM, EDM_FILTER_CONCAT,
                                                  EDM_FILTER_SUBSTRING };
    enum edm_filter_kind kind = PICK(maker->chance, kinds);
    struct edm_filter of = { .kind = kind, .type = EDM_FILTER_STRING };

    if (roll(maker, 20) == 0)
        return null(maker);
    if (depth == 0 || roll(maker, 2))
        return string_leaf(maker);
    if (roll(maker, 4) == 0)
        return node(maker,
                    (struct edm_filter){ .kind = EDM_FILTER_CAST, .type = EDM_FILTER_STRING }, 1,
                    make_castable(maker, depth - 1), NULL, NULL);
    if (kind == EDM_FILTER_CONCAT)
        return node(maker, of, 2, make_string(maker, depth - 1), make_string(maker, depth - 1),
                    NULL);
    if (kind == EDM_FILTER_SUBSTRING)
        return node(maker, of, 2 + roll(maker, 2), make_string(maker, depth - 1),
                    make_number(maker, depth - 1), make_number(maker, depth - 1));
    return node(maker, of, 1, make_string(maker, depth - 1), NULL, NULL);
}

/* What has a text of its own; null has none whose type is known. */
static const struct edm_filter *make_castable(struct maker *maker, unsigned depth)
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
    switch (roll(maker, 4)) {
    case 0:
        return property(maker, EDM_FILTER_INTEGER, TOY_ARTICLE_STOCK);
    case 1:
        return property(maker, EDM_FILTER_INTEGER, TOY_ARTICLE_GRAMS);
    default:
        return integer(maker, EDM_FILTER_INTEGER,
                       roll(maker, 8) ? PICK(maker->chance, numbers)
                                      : PICK(maker->chance, large_numbers));
    }
}

static const struct edm_filter *collection(struct maker *maker)
{
    return property(maker, EDM_FILTER_STRINGS,
                    roll(maker, 2) ? TOY_ARTICLE_LABELS : TOY_ARTICLE_NOTES);
}

static const struct edm_filter *make_count(struct maker *maker, unsigned depth)
{
    struct edm_filter of = { .kind = EDM_FILTER_COUNT,
                             .type = EDM_FILTER_INTEGER,
                             .variable = maker->variables };
    const struct edm_filter *of_what = collection(maker), *condition;

    if (maker->variables >= 8 || roll(maker, 3) == 0)
        return node(maker, of, 1, of_what, NULL, NULL);
    maker->open |= (size_t)1 << maker->variables++;
    condition = make_boolean(maker, depth);
    maker->open &= ~((size_t)1 << of.variable);
    return node(maker, of, 2, of_what, condition, NULL);
}

/* A part of a date or a time that is a whole number. */
static const struct edm_filter *make_part(struct maker *maker, unsigned depth)
{
    size_t part = roll(maker, 7);
    enum edm_filter_kind kind =
        part == 6 ? EDM_FILTER_TOTALOFFSETMINUTES : (enum edm_filter_kind)(EDM_FILTER_YEAR + part);
    const struct edm_filter *of = make_date_time(maker, depth);
    struct edm_filter wrap = { .kind = EDM_FILTER_DATE_OF, .type = EDM_FILTER_DATE };

    if (roll(maker, 3) == 0 && part < 6 && of->type != EDM_FILTER_NULL) {
        if (part >= 3)
            wrap = (struct edm_filter){ .kind = EDM_FILTER_TIME_OF, .type = EDM_FILTER_TIME };
        of = node(maker, wrap, 1, of, NULL, NULL);
    }
    return node(maker, (struct edm_filter){ .kind = kind, .type = EDM_FILTER_INTEGER }, 1, of, NULL,
                NULL);
}

/* Whole numbers alone. */
static const struct edm_filter *make_number(struct maker *maker, unsigned depth)
{
    struct edm_filter of = { .type = EDM_FILTER_INTEGER };

    if (roll(maker, 30) == 0)
        return null(maker);
    if (depth == 0 || roll(maker, 3) == 0)
        return number_leaf(maker);
    switch (roll(maker, 8)) {
    case 6:
        of.kind = (enum edm_filter_kind)(EDM_FILTER_ROUND + roll(maker, 3));
        return node(maker, of, 1, make_number(maker, depth - 1), NULL, NULL);
    case 7:
        of.kind = EDM_FILTER_CAST;
        return node(maker, of, 3,
                    roll(maker, 2) ? make_number(maker, depth - 1) : make_real(maker, depth - 1),
                    integer(maker, EDM_FILTER_INTEGER, roll(maker, 2) ? -128 : INT64_MIN),
                    integer(maker, EDM_FILTER_INTEGER, roll(maker, 2) ? 127 : INT64_MAX));
    case 0:
        of.kind = EDM_FILTER_LENGTH;
        return node(maker, of, 1, make_string(maker, depth - 1), NULL, NULL);
    case 1:
        of.kind = EDM_FILTER_INDEXOF;
        return node(maker, of, 2, make_string(maker, depth - 1), make_string(maker, depth - 1),
                    NULL);
    case 2:
        return make_count(maker, depth - 1);
    case 3:
        return make_part(maker, depth - 1);
    case 4:
        of.kind = EDM_FILTER_NEGATE;
        return node(maker, of, 1, make_number(maker, depth - 1), NULL, NULL);
    default:
        do
            of.kind = (enum edm_filter_kind)(EDM_FILTER_ADD + roll(maker, 6));
        while (of.kind == EDM_FILTER_DIVBY);
        return node(maker, of, 2, make_number(maker, depth - 1), make_number(maker, depth - 1),
                    NULL);
    }
}

/* Numbers with a fraction, from whole ones. */
static const struct edm_filter *make_real(struct maker *maker, unsigned depth)
{
    struct edm_filter of = { .type = EDM_FILTER_REAL };

    switch (depth == 0 ? 0 : roll(maker, 7)) {
    case 5:
        of.kind = (enum edm_filter_kind)(EDM_FILTER_ROUND + roll(maker, 3));
        return node(maker, of, 1, make_real(maker, depth - 1), NULL, NULL);
    case 6:
        of.kind = EDM_FILTER_CAST;
        return node(maker, of, 1, make_number(maker, depth - 1), NULL, NULL);
    case 0:
        of.kind = EDM_FILTER_LITERAL;
        of.real = PICK(maker->chance, reals);
        return leaf(maker, of);
    case 1:
        of.kind = EDM_FILTER_DIVBY;
        return node(maker, of, 2, make_number(maker, depth - 1), make_number(maker, depth - 1),
                    NULL);
    case 2:
        of.kind = EDM_FILTER_FRACTIONALSECONDS;
        return node(maker, of, 1, make_date_time(maker, depth - 1), NULL, NULL);
    case 3:
        of.kind = EDM_FILTER_TOTALSECONDS;
        return node(maker, of, 1, make_duration(maker, depth - 1), NULL, NULL);
    default:
        of.kind = (enum edm_filter_kind)(EDM_FILTER_ADD + roll(maker, 6));
        return node(maker, of, 2, make_real(maker, depth - 1), make_number(maker, depth - 1), NULL);
    }
}

static const struct edm_filter *make_date_time(struct maker *maker, unsigned depth)
{
    struct edm_filter of = { .kind = EDM_FILTER_LITERAL, .type = EDM_FILTER_DATE_TIME };

    switch (roll(maker, depth == 0 ? 4 : 6)) {
    case 5:
        of.kind = EDM_FILTER_CAST;
        return node(maker, of, 1, make_date(maker, depth - 1), NULL, NULL);
    case 0:
        of.at =
            (struct edm_date_time){ PICK(maker->chance, instants), PICK(maker->chance, offsets) };
        return leaf(maker, of);
    case 1:
        of.kind = EDM_FILTER_NOW;
        return leaf(maker, of);
    case 2:
        return property(maker, EDM_FILTER_DATE_TIME, TOY_ARTICLE_COUNTED_AT);
    case 3:
        return property(maker, EDM_FILTER_DATE_TIME, TOY_ARTICLE_MADE_AT);
    default:
        of.kind = roll(maker, 2) ? EDM_FILTER_ADD : EDM_FILTER_SUB;
        return node(maker, of, 2, make_date_time(maker, 0),
                    integer(maker, EDM_FILTER_DURATION, PICK(maker->chance, durations)), NULL);
    }
}

static const struct edm_filter *make_duration(struct maker *maker, unsigned depth)
{
    struct edm_filter of = { .kind = EDM_FILTER_SUB, .type = EDM_FILTER_DURATION };

    if (depth == 0 || roll(maker, 3) == 0)
        return integer(maker, EDM_FILTER_DURATION, PICK(maker->chance, durations));
    if (roll(maker, 2))
        return node(maker, of, 2, make_date_time(maker, 0), make_date_time(maker, 0), NULL);
    of.kind = EDM_FILTER_NEGATE;
    return node(maker, of, 1, make_duration(maker, depth - 1), NULL, NULL);
}

static const struct edm_filter *make_enum(struct maker *maker, unsigned depth UNUSED)
{
    static const size_t properties[] = { TOY_ARTICLE_COLOUR, TOY_ARTICLE_FINISH };

    if (roll(maker, 8) == 0)
        return null(maker);
    if (roll(maker, 2))
        return property(maker, EDM_FILTER_ENUM, PICK(maker->chance, properties));
    return leaf(maker, (struct edm_filter){
                           .kind = EDM_FILTER_LITERAL,
                           .type = EDM_FILTER_ENUM,
                           .enumeration = toy_article.properties[TOY_ARTICLE_COLOUR].enumeration,
                           .integer = PICK(maker->chance, members) });
}

static const struct edm_filter *make_date(struct maker *maker, unsigned depth)
{
    struct edm_filter of = { .kind = EDM_FILTER_DATE_OF, .type = EDM_FILTER_DATE };

    if (roll(maker, 2))
        return integer(maker, EDM_FILTER_DATE, PICK(maker->chance, instants) / TICKS_PER_DAY);
    return node(maker, of, 1, make_date_time(maker, depth), NULL, NULL);
}

static const struct edm_filter *make_time(struct maker *maker, unsigned depth)
{
    struct edm_filter of = { .kind = EDM_FILTER_TIME_OF, .type = EDM_FILTER_TIME };

    if (roll(maker, 2))
        return integer(maker, EDM_FILTER_TIME, PICK(maker->chance, instants) % TICKS_PER_DAY);
    return node(maker, of, 1, make_date_time(maker, depth), NULL, NULL);
}

static make *const comparables[] = { make_string, make_string, make_number,    make_number,
                                     make_real,   make_enum,   make_date_time, make_duration,
                                     make_date,   make_time,   make_boolean };

static const struct edm_filter *make_comparison(struct maker *maker, unsigned depth)
{
    make *make_operand = PICK(maker->chance, comparables);
    struct edm_filter of = { .kind = (enum edm_filter_kind)(EDM_FILTER_EQ + roll(maker, 6)),
                             .type = EDM_FILTER_BOOLEAN };

    return node(maker, of, 2, make_operand(maker, depth), make_operand(maker, depth), NULL);
}

static const struct edm_filter *make_in(struct maker *maker, unsigned depth)
{
    struct edm_filter of = { .kind = EDM_FILTER_IN, .type = EDM_FILTER_BOOLEAN };
    const struct edm_filter *items[2];

    for (size_t i = 0; i < 2; i++)
        items[i] = roll(maker, 5) == 0
                       ? null(maker)
                       : leaf(maker, (struct edm_filter){ .kind = EDM_FILTER_LITERAL,
                                                          .type = EDM_FILTER_STRING,
                                                          .text = PICK(maker->chance, texts) });
    return node(maker, of, 1 + roll(maker, 3), make_string(maker, depth), items[0], items[1]);
}

static const struct edm_filter *text_literal(struct maker *maker, struct slice value)
{
    return leaf(maker, (struct edm_filter){
                           .kind = EDM_FILTER_LITERAL, .type = EDM_FILTER_STRING, .text = value });
}

/* A list of members, or of texts. */
static const struct edm_filter *make_enum_in(struct maker *maker)
{
    struct edm_filter of = { .kind = EDM_FILTER_IN, .type = EDM_FILTER_BOOLEAN };
    const struct edm_filter *items[2];

    for (size_t i = 0; i < 2; i++)
        items[i] =
            leaf(maker, (struct edm_filter){
                            .kind = EDM_FILTER_LITERAL,
                            .type = EDM_FILTER_ENUM,
                            .enumeration = toy_article.properties[TOY_ARTICLE_COLOUR].enumeration,
                            .integer = PICK(maker->chance, members) });
    return node(maker, of, 1 + roll(maker, 3), make_enum(maker, 0), items[0], items[1]);
}

static const struct edm_filter *make_subset(struct maker *maker)
{
    struct edm_filter of = { .kind = EDM_FILTER_SUBSET,
                             .type = EDM_FILTER_BOOLEAN,
                             .variable = maker->variables++ };

    return node(maker, of, 1 + roll(maker, 3), collection(maker),
                text_literal(maker, PICK(maker->chance, texts)),
                text_literal(maker, PICK(maker->chance, texts)));
}

/* A list of texts or null, null, or a property. */
static const struct edm_filter *make_collection(struct maker *maker)
{
    struct edm_filter list = { .kind = EDM_FILTER_LITERAL, .type = EDM_FILTER_STRINGS };
    const struct collection *items = &PICK(maker->chance, collections);

    if (roll(maker, 8) == 0)
        return roll(maker, 2) ? null(maker) : node(maker, list, 1, null(maker), NULL, NULL);
    if (roll(maker, 2))
        return collection(maker);
    return node(maker, list, items->count, text_literal(maker, items->items[0]),
                text_literal(maker, items->items[1]), text_literal(maker, items->items[2]));
}

static const struct edm_filter *make_same(struct maker *maker)
{
    struct edm_filter of = { .kind = roll(maker, 2) ? EDM_FILTER_EQ : EDM_FILTER_NE,
                             .type = EDM_FILTER_BOOLEAN,
                             .variable = maker->variables++ };

    return node(maker, of, 2, collection(maker), make_collection(maker), NULL);
}

/* A pattern that is wrong is refused where it is a literal. */
static const struct edm_filter *make_match(struct maker *maker, unsigned depth)
{
    struct edm_filter of = { .kind = EDM_FILTER_MATCHES, .type = EDM_FILTER_BOOLEAN };
    size_t which = roll(maker, COUNT_OF(patterns));
    const struct edm_filter *pattern = text_literal(maker, patterns[which]);

    if (slice_eq(patterns[which], SLICE("[")))
        pattern =
            node(maker, (struct edm_filter){ .kind = EDM_FILTER_TRIM, .type = EDM_FILTER_STRING },
                 1, pattern, NULL, NULL);
    return node(maker, of, 2, make_string(maker, depth), pattern, NULL);
}

static const struct edm_filter *make_any_or_all(struct maker *maker, unsigned depth)
{
    struct edm_filter of = { .kind = roll(maker, 2) ? EDM_FILTER_ANY : EDM_FILTER_ALL,
                             .type = EDM_FILTER_BOOLEAN,
                             .variable = maker->variables };
    const struct edm_filter *of_what = collection(maker), *condition;

    if (of.kind == EDM_FILTER_ANY && roll(maker, 5) == 0)
        return node(maker, of, 1, of_what, NULL, NULL);
    maker->open |= (size_t)1 << maker->variables++;
    condition = make_boolean(maker, depth);
    maker->open &= ~((size_t)1 << of.variable);
    return node(maker, of, 2, of_what, condition, NULL);
}

static const struct edm_filter *boolean_leaf(struct maker *maker)
{
    switch (roll(maker, 4)) {
    case 0:
        return integer(maker, EDM_FILTER_BOOLEAN, (int64_t)roll(maker, 2));
    case 1:
        return property(maker, EDM_FILTER_BOOLEAN, TOY_ARTICLE_SOLD_OUT);
    case 2:
        return property(maker, EDM_FILTER_BOOLEAN, TOY_ARTICLE_FRAGILE);
    default:
        return null(maker);
    }
}

static const struct edm_filter *make_boolean(struct maker *maker, unsigned depth)
{
    struct edm_filter of = { .type = EDM_FILTER_BOOLEAN };

    if (depth == 0)
        return boolean_leaf(maker);
    switch (roll(maker, 14)) {
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
        of.kind = roll(maker, 2) ? EDM_FILTER_AND : EDM_FILTER_OR;
        return node(maker, of, 2, make_boolean(maker, depth - 1), make_boolean(maker, depth - 1),
                    NULL);
    case 2:
        of.kind = EDM_FILTER_NOT;
        return node(maker, of, 1, make_boolean(maker, depth - 1), NULL, NULL);
    case 3:
        return make_in(maker, depth - 1);
    case 4:
        of.kind = (enum edm_filter_kind)(EDM_FILTER_CONTAINS + roll(maker, 3));
        return node(maker, of, 2, make_string(maker, depth - 1), make_string(maker, depth - 1),
                    NULL);
    case 5:
        return maker->variables < 8 ? make_any_or_all(maker, depth - 1) : boolean_leaf(maker);
    case 6:
        of.kind = EDM_FILTER_HAS;
        return node(maker, of, 2, property(maker, EDM_FILTER_ENUM, TOY_ARTICLE_FINISH),
                    integer(maker, EDM_FILTER_ENUM, PICK(maker->chance, members)), NULL);
    default:
        return make_comparison(maker, depth - 1);
    }
}

const struct edm_filter *model_filter(struct chance *chance, struct arena *arena)
{
    struct maker maker = { .chance = chance, .arena = arena };

    return make_boolean(&maker, 1 + (unsigned)chance_below(chance, 4));
}

/* --- what it means --------------------------------------------------------------------------- */

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

static struct value eval(struct evaluation *evaluation, const struct edm_filter *filter);

static struct value nothing(void)
{
    return (struct value){ .kind = NOTHING };
}

static struct value whole(int64_t of)
{
    return (struct value){ .kind = WHOLE, .whole = of };
}

static struct value real(double of)
{
    return isnan(of) ? nothing() : (struct value){ .kind = REAL, .real = of };
}

static struct value text(struct slice of)
{
    return (struct value){ .kind = TEXT, .text = of };
}

static double as_real(struct value of)
{
    return of.kind == REAL ? of.real : (double)of.whole;
}

static int64_t as_whole(struct value of)
{
    if (of.kind == WHOLE)
        return of.whole;
    if (of.real <= (double)INT64_MIN)
        return INT64_MIN;
    return of.real >= 9223372036854775807.0 ? INT64_MAX : (int64_t)of.real;
}

/* --- arithmetic --- */

static struct value real_arithmetic(enum edm_filter_kind kind, double a, double b)
{
    switch (kind) {
    case EDM_FILTER_ADD:
        return real(a + b);
    case EDM_FILTER_SUB:
        return real(a - b);
    case EDM_FILTER_MUL:
        return real(a * b);
    default:
        return b == 0 ? nothing() : real(a / b);
    }
}

static struct value modulo(enum edm_filter_type type, struct value a, struct value b)
{
    if (type == EDM_FILTER_REAL)
        return as_real(b) == 0 ? nothing() : real(fmod(as_real(a), as_real(b)));

    int64_t dividend = as_whole(a), divisor = as_whole(b);
    int64_t rest;

    if (as_real(b) == 0 || divisor == 0)
        return nothing();
    rest = divisor == -1 ? 0 : dividend % divisor;
    return a.kind == WHOLE && b.kind == WHOLE ? whole(rest) : real((double)rest);
}

static struct value arithmetic(enum edm_filter_kind kind, enum edm_filter_type type, struct value a,
                               struct value b)
{
    int64_t result = 0;
    bool overflow = true;

    if (a.kind == NOTHING || b.kind == NOTHING)
        return nothing();
    if (kind == EDM_FILTER_MOD)
        return modulo(type, a, b);
    if (kind == EDM_FILTER_DIVBY || a.kind == REAL || b.kind == REAL)
        return real_arithmetic(kind, as_real(a), as_real(b));
    if (kind == EDM_FILTER_ADD)
        overflow = __builtin_add_overflow(a.whole, b.whole, &result);
    else if (kind == EDM_FILTER_SUB)
        overflow = __builtin_sub_overflow(a.whole, b.whole, &result);
    else if (kind == EDM_FILTER_MUL)
        overflow = __builtin_mul_overflow(a.whole, b.whole, &result);
    else if (b.whole == 0)
        return nothing();
    else if (a.whole != INT64_MIN || b.whole != -1)
        return whole(a.whole / b.whole);
    return overflow ? real_arithmetic(kind, as_real(a), as_real(b)) : whole(result);
}

/* --- texts --- */

static struct slice mapped(struct evaluation *evaluation, struct slice of, char from, char to)
{
    char *memory = arena_alloc(evaluation->arena, of.len + 1);

    assert_non_null(memory);
    for (size_t i = 0; i < of.len; i++)
        memory[i] = of.ptr[i] >= from && of.ptr[i] <= to ? (char)(of.ptr[i] ^ 0x20) : of.ptr[i];
    return (struct slice){ memory, of.len };
}

static struct slice lower(struct evaluation *evaluation, struct slice of)
{
    return mapped(evaluation, of, 'A', 'Z');
}

/* As it is compared. */
static struct slice folded(struct evaluation *evaluation, struct slice of)
{
    return evaluation->query->exact_strings ? of : lower(evaluation, of);
}

static int64_t characters(struct slice of)
{
    int64_t count = 0;

    for (size_t i = 0; i < of.len; i++)
        count += ((unsigned char)of.ptr[i] & 0xc0) != 0x80;
    return count;
}

/* Bytes before character `index`, or all. */
static size_t bytes_before(struct slice of, int64_t index)
{
    size_t at = 0;

    for (int64_t i = 0; i < index && at < of.len; i++)
        at += slice_utf8_step(slice_sub(of, at, of.len));
    return at;
}

static int64_t find(struct evaluation *evaluation, struct slice in, struct slice part)
{
    in = folded(evaluation, in);
    part = folded(evaluation, part);
    for (size_t at = 0; at + part.len <= in.len; at++) {
        if (slice_eq(slice_sub(in, at, part.len), part))
            return characters(slice_sub(in, 0, at));
    }
    return -1;
}

static struct slice trim(struct slice of)
{
    while (of.len && strchr(" \t\n\v\f\r", of.ptr[0]))
        of = slice_sub(of, 1, of.len);
    while (of.len && strchr(" \t\n\v\f\r", of.ptr[of.len - 1]))
        of.len--;
    return of;
}

static struct slice substring(struct slice of, struct value start, const struct value *length)
{
    int64_t from = as_whole(start), all = characters(of);

    if (from < 0)
        from = from < -all ? 0 : all + from;
    of = slice_sub(of, bytes_before(of, from), of.len);
    return length ? slice_sub(of, 0, bytes_before(of, as_whole(*length))) : of;
}

static struct value concat(struct evaluation *evaluation, struct slice a, struct slice b)
{
    char *memory = arena_alloc(evaluation->arena, a.len + b.len + 1);

    assert_non_null(memory);
    if (a.len)
        memcpy(memory, a.ptr, a.len);
    if (b.len)
        memcpy(memory + a.len, b.ptr, b.len);
    return text((struct slice){ memory, a.len + b.len });
}

static bool ends_with(struct evaluation *evaluation, struct slice of, struct slice end)
{
    return slice_ends_with(folded(evaluation, of), folded(evaluation, end));
}

static struct value text_function(struct evaluation *evaluation, enum edm_filter_kind kind,
                                  const struct value *of, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (of[i].kind == NOTHING)
            return nothing();
    }
    switch (kind) {
    case EDM_FILTER_CONTAINS:
        return whole(find(evaluation, of[0].text, of[1].text) >= 0);
    case EDM_FILTER_STARTSWITH:
        return whole(find(evaluation, of[0].text, of[1].text) == 0);
    case EDM_FILTER_ENDSWITH:
        return whole(ends_with(evaluation, of[0].text, of[1].text));
    case EDM_FILTER_INDEXOF:
        return whole(find(evaluation, of[0].text, of[1].text));
    case EDM_FILTER_TOLOWER:
        return text(lower(evaluation, of[0].text));
    case EDM_FILTER_TOUPPER:
        return text(mapped(evaluation, of[0].text, 'a', 'z'));
    case EDM_FILTER_TRIM:
        return text(trim(of[0].text));
    case EDM_FILTER_CONCAT:
        return concat(evaluation, of[0].text, of[1].text);
    case EDM_FILTER_LENGTH:
        return whole(characters(of[0].text));
    default:
        return text(substring(of[0].text, of[1], count == 3 ? &of[2] : NULL));
    }
}

/* --- dates --- */

static int64_t offset_of(struct evaluation *evaluation, const struct edm_filter *date)
{
    while (date->kind == EDM_FILTER_ADD || date->kind == EDM_FILTER_SUB)
        date = date->arguments[0];
    if (date->kind == EDM_FILTER_PROPERTY)
        return evaluation->article->values[date->property].at.offset_minutes;
    return date->kind == EDM_FILTER_LITERAL && date->type == EDM_FILTER_DATE_TIME
               ? date->at.offset_minutes
               : 0;
}

/* By counting: the calendar of edm/date_time.c prints the date. */
static struct value calendar(enum edm_filter_kind kind, int64_t ticks)
{
    char date[EDM_DATE_TIME_TEXT_MAX];
    uint64_t part;

    if (ticks <= -10000000 || ticks > INT64_C(3155378975999999999))
        return nothing();
    edm_date_time_format((struct edm_date_time){ .ticks = ticks }, date);
    struct slice digits = kind == EDM_FILTER_YEAR    ? (struct slice){ date, 4 }
                          : kind == EDM_FILTER_MONTH ? (struct slice){ date + 5, 2 }
                                                     : (struct slice){ date + 8, 2 };
    assert_true(slice_to_uint64(digits, 9999, &part));
    return whole((int64_t)part);
}

static struct value date_function(struct evaluation *evaluation, const struct edm_filter *filter)
{
    const struct edm_filter *of = filter->arguments[0];
    struct value value = eval(evaluation, of);
    int64_t wall = value.whole;

    if (value.kind == NOTHING)
        return nothing();
    if (of->type == EDM_FILTER_DATE_TIME)
        wall += offset_of(evaluation, of) * INT64_C(600000000);
    switch (filter->kind) {
    case EDM_FILTER_YEAR:
    case EDM_FILTER_MONTH:
    case EDM_FILTER_DAY:
        return calendar(filter->kind, of->type == EDM_FILTER_DATE ? wall * TICKS_PER_DAY : wall);
    case EDM_FILTER_HOUR:
        return whole(wall / INT64_C(36000000000) % 24);
    case EDM_FILTER_MINUTE:
        return whole(wall / 600000000 % 60);
    case EDM_FILTER_SECOND:
        return whole(wall / 10000000 % 60);
    case EDM_FILTER_FRACTIONALSECONDS:
        return real((double)(wall % 10000000) / 10000000.0);
    case EDM_FILTER_DATE_OF:
        return whole(wall / TICKS_PER_DAY);
    case EDM_FILTER_TIME_OF:
        return whole(wall % TICKS_PER_DAY);
    case EDM_FILTER_TOTALOFFSETMINUTES:
        return whole(offset_of(evaluation, of));
    default:
        return real((double)value.whole / 10000000.0);
    }
}

/* --- comparing --- */

/* <0, 0, >0; neither is nothing. */
static int compare(struct evaluation *evaluation, struct value a, struct value b)
{
    long double left, right;

    if (a.kind == TEXT)
        return slice_compare(folded(evaluation, a.text), folded(evaluation, b.text));
    left = a.kind == REAL ? (long double)a.real : (long double)a.whole;
    right = b.kind == REAL ? (long double)b.real : (long double)b.whole;
    return (left > right) - (left < right);
}

static bool equal(struct evaluation *evaluation, struct value a, struct value b)
{
    if (a.kind == NOTHING || b.kind == NOTHING)
        return a.kind == b.kind;
    return compare(evaluation, a, b) == 0;
}

/* A literal sentinel stands for the members past it. */
static bool is_masking(const struct evaluation *evaluation, const struct edm_filter *filter)
{
    return filter->kind == EDM_FILTER_LITERAL && filter->type == EDM_FILTER_ENUM &&
           filter->enumeration && filter->enumeration->sentinel &&
           !evaluation->query->later_members &&
           filter->integer == filter->enumeration->sentinel->value;
}

static bool is_equal(struct evaluation *evaluation, struct value value,
                     const struct edm_filter *other)
{
    if (is_masking(evaluation, other))
        return value.kind == WHOLE && value.whole >= other->integer;
    return equal(evaluation, value, eval(evaluation, other));
}

static bool equal_nodes(struct evaluation *evaluation, const struct edm_filter *a,
                        const struct edm_filter *b)
{
    return is_masking(evaluation, a) ? is_equal(evaluation, eval(evaluation, b), a)
                                     : is_equal(evaluation, eval(evaluation, a), b);
}

static struct value comparison(struct evaluation *evaluation, enum edm_filter_kind kind,
                               struct value a, struct value b)
{
    if (a.kind == NOTHING || b.kind == NOTHING)
        return whole(false);

    int order = compare(evaluation, a, b);
    switch (kind) {
    case EDM_FILTER_GT:
        return whole(order > 0);
    case EDM_FILTER_GE:
        return whole(order >= 0);
    case EDM_FILTER_LT:
        return whole(order < 0);
    default:
        return whole(order <= 0);
    }
}

static struct value in(struct evaluation *evaluation, const struct edm_filter *filter)
{
    struct value subject = eval(evaluation, filter->arguments[0]);

    for (size_t i = 1; i < filter->count; i++) {
        if (is_equal(evaluation, subject, filter->arguments[i]))
            return whole(true);
    }
    return whole(false);
}

static struct value logic(enum edm_filter_kind kind, struct value a, struct value b)
{
    int64_t decides = kind == EDM_FILTER_OR;

    if ((a.kind == WHOLE && a.whole == decides) || (b.kind == WHOLE && b.whole == decides))
        return whole(decides);
    return a.kind == NOTHING || b.kind == NOTHING ? nothing() : whole(!decides);
}

/* --- names --- */

static int64_t viewed_state(const struct edm_health_view *view, const struct edm_entity *article)
{
    const struct edm_value *contact = &article->values[view->contact];
    int64_t ticks = contact->is_null ? 0 : contact->at.ticks;
    int64_t state = ticks ? view->healthy : view->never_state;

    for (size_t i = view->point_count; ticks && i-- > 0;) {
        if (ticks <= view->points[i].silent_since_ticks)
            state = view->points[i].state;
    }
    return state;
}

static struct value property_value(struct evaluation *evaluation, size_t index)
{
    const struct edm_health_view *view = evaluation->query->health;
    const struct edm_value *value = &evaluation->article->values[index];

    if (view && index == view->state)
        return whole(viewed_state(view, evaluation->article));
    if (value->is_null)
        return nothing();
    switch (toy_article.properties[index].kind) {
    case EDM_STRING:
        return text(value->text);
    case EDM_BOOLEAN:
        return whole(value->boolean);
    case EDM_DATE_TIME_OFFSET:
        return whole(value->at.ticks);
    default:
        return whole(value->integer);
    }
}

static const struct collection *collection_of(struct evaluation *evaluation,
                                              const struct edm_filter *of)
{
    for (size_t i = 0; i < COUNT_OF(collections); i++) {
        if (slice_eq(evaluation->article->values[of->property].text, slice_of(collections[i].json)))
            return &collections[i];
    }
    fail();
    return NULL;
}

static struct value any_or_all(struct evaluation *evaluation, const struct edm_filter *filter)
{
    const struct collection *of = collection_of(evaluation, filter->arguments[0]);
    bool any = filter->kind == EDM_FILTER_ANY;

    if (filter->count == 1)
        return whole(of->count > 0);
    for (size_t i = 0; i < of->count; i++) {
        evaluation->items[filter->variable] = of->items[i];
        struct value fulfils = eval(evaluation, filter->arguments[1]);
        if ((fulfils.kind == WHOLE && fulfils.whole) == any)
            return whole(any);
    }
    return whole(!any);
}

static struct value count(struct evaluation *evaluation, const struct edm_filter *filter)
{
    const struct collection *of = collection_of(evaluation, filter->arguments[0]);
    int64_t fulfilled = 0;

    if (filter->count == 1)
        return whole((int64_t)of->count);
    for (size_t i = 0; i < of->count; i++) {
        evaluation->items[filter->variable] = of->items[i];
        struct value fulfils = eval(evaluation, filter->arguments[1]);
        fulfilled += fulfils.kind == WHOLE && fulfils.whole;
    }
    return whole(fulfilled);
}

/* Each item of the list takes one of the collection away. */
static struct value subset(struct evaluation *evaluation, const struct edm_filter *filter)
{
    const struct collection *of = collection_of(evaluation, filter->arguments[0]);
    bool taken[3] = { false };

    for (size_t i = 1; i < filter->count; i++) {
        size_t at = 0;

        while (at < of->count && (taken[at] || !equal(evaluation, text(of->items[at]),
                                                      text(filter->arguments[i]->text))))
            at++;
        if (at == of->count)
            return whole(false);
        taken[at] = true;
    }
    return whole(true);
}

static bool same_item(struct evaluation *evaluation, const struct edm_filter *list, size_t at,
                      struct slice item)
{
    const struct edm_filter *listed = list->arguments[at];

    return listed->type != EDM_FILTER_NULL && equal(evaluation, text(listed->text), text(item));
}

/* The first is a property. */
static struct value same(struct evaluation *evaluation, const struct edm_filter *filter)
{
    const struct collection *a = collection_of(evaluation, filter->arguments[0]), *b;
    const struct edm_filter *other = filter->arguments[1];
    bool equals = other->type == EDM_FILTER_STRINGS;

    if (equals && other->kind == EDM_FILTER_LITERAL) {
        equals = a->count == other->count;
        for (size_t i = 0; i < a->count && equals; i++)
            equals = same_item(evaluation, other, i, a->items[i]);
    } else if (equals) {
        b = collection_of(evaluation, other);
        equals = a->count == b->count;
        for (size_t i = 0; i < a->count && equals; i++)
            equals = equal(evaluation, text(a->items[i]), text(b->items[i]));
    }
    return whole(equals == (filter->kind == EDM_FILTER_EQ));
}

/* What each of the patterns means. */
static struct value match(struct evaluation *evaluation, struct value of, struct value pattern)
{
    struct slice in, first;
    int64_t at;

    if (of.kind == NOTHING || pattern.kind == NOTHING || slice_eq(pattern.text, SLICE("[")))
        return nothing();
    in = folded(evaluation, of.text);
    first = folded(evaluation, SLICE("B"));
    if (slice_eq(pattern.text, SLICE("^a")))
        return whole(slice_starts_with(in, SLICE("a")));
    if (slice_eq(pattern.text, SLICE("B$")))
        return whole(slice_ends_with(in, first));
    if (pattern.text.len == 0)
        return whole(true);
    at = find(evaluation, in, SLICE("a"));
    if (at < 0)
        return whole(false);
    in = slice_sub(in, bytes_before(in, at + 1), in.len);
    return whole(find(evaluation, in, SLICE("b")) >= 0);
}

static struct value rounded(enum edm_filter_kind kind, struct value of)
{
    double whole_part;

    if (of.kind != REAL)
        return of;
    whole_part = kind == EDM_FILTER_CEILING ? ceil(of.real) : floor(of.real);
    if (kind == EDM_FILTER_ROUND && of.real - whole_part >= 0.5)
        whole_part = of.real > 0 || of.real - whole_part > 0.5 ? whole_part + 1 : whole_part;
    return real(isinf(of.real) ? of.real : whole_part);
}

static struct value member_name(const struct evaluation *evaluation, const struct edm_filter *of,
                                struct value value)
{
    const struct edm_enum *enumeration = of->enumeration;
    const struct edm_enum_member *member;

    if (!evaluation->query->later_members && enumeration->sentinel &&
        value.whole > enumeration->sentinel->value)
        return text(enumeration->sentinel->name);
    member = edm_find_member_by_value(enumeration, value.whole);
    return member ? text(member->name) : nothing();
}

static struct value cast_to_text(struct evaluation *evaluation, const struct edm_filter *of,
                                 struct value value)
{
    char *memory = arena_alloc(evaluation->arena, EDM_FILTER_TEXT_MAX);
    struct value name;
    size_t len;

    assert_non_null(memory);
    if (of->type == EDM_FILTER_BOOLEAN)
        return text(value.whole ? SLICE("true") : SLICE("false"));
    if (of->type == EDM_FILTER_ENUM) {
        name = member_name(evaluation, of, value);
        if (name.kind == TEXT)
            return name;
    }
    if (value.kind == REAL)
        len = edm_filter_real_text(value.real, memory);
    else
        len = edm_filter_text(of->type == EDM_FILTER_ENUM || of->type == EDM_FILTER_REAL
                                  ? EDM_FILTER_INTEGER
                                  : of->type,
                              value.whole, (int)offset_of(evaluation, of), memory);
    return len ? text((struct slice){ memory, len }) : nothing();
}

static struct value cast(struct evaluation *evaluation, const struct edm_filter *filter)
{
    const struct edm_filter *of = filter->arguments[0];
    struct value value = eval(evaluation, of);

    if (value.kind == NOTHING)
        return nothing();
    switch (filter->type) {
    case EDM_FILTER_STRING:
        return cast_to_text(evaluation, of, value);
    case EDM_FILTER_REAL:
        return real(as_real(value));
    case EDM_FILTER_DATE_TIME:
        return whole(value.whole * TICKS_PER_DAY);
    default:
        if (value.kind == REAL &&
            (value.real < -9223372036854775808.0 || value.real >= 9223372036854775808.0))
            return nothing();
        return as_whole(value) < filter->arguments[1]->integer ||
                       as_whole(value) > filter->arguments[2]->integer
                   ? nothing()
                   : whole(as_whole(value));
    }
}

static struct value literal(const struct edm_filter *filter)
{
    switch (filter->type) {
    case EDM_FILTER_NULL:
        return nothing();
    case EDM_FILTER_STRING:
        return text(filter->text);
    case EDM_FILTER_REAL:
        return real(filter->real);
    case EDM_FILTER_DATE_TIME:
        return whole(filter->at.ticks);
    default:
        return whole(filter->integer);
    }
}

static struct value operation(struct evaluation *evaluation, const struct edm_filter *filter)
{
    struct value of[3] = { { .kind = NOTHING } };
    enum edm_filter_kind kind = filter->kind;

    for (size_t i = 0; i < filter->count; i++)
        of[i] = eval(evaluation, filter->arguments[i]);
    if (kind == EDM_FILTER_AND || kind == EDM_FILTER_OR)
        return logic(kind, of[0], of[1]);
    if (kind == EDM_FILTER_NOT)
        return of[0].kind == NOTHING ? nothing() : whole(!of[0].whole);
    if (kind == EDM_FILTER_HAS)
        return of[0].kind == NOTHING ? nothing()
                                     : whole((of[0].whole & of[1].whole) == of[1].whole);
    if (kind == EDM_FILTER_EQ || kind == EDM_FILTER_NE)
        return whole(equal_nodes(evaluation, filter->arguments[0], filter->arguments[1]) ==
                     (kind == EDM_FILTER_EQ));
    if (kind >= EDM_FILTER_EQ && kind <= EDM_FILTER_LE)
        return comparison(evaluation, kind, of[0], of[1]);
    if (kind >= EDM_FILTER_ADD && kind <= EDM_FILTER_MOD)
        return arithmetic(kind, filter->type, of[0], of[1]);
    if (kind == EDM_FILTER_NEGATE)
        return arithmetic(EDM_FILTER_SUB, filter->type, whole(0), of[0]);
    return text_function(evaluation, kind, of, filter->count);
}

static struct value eval(struct evaluation *evaluation, const struct edm_filter *filter)
{
    switch (filter->kind) {
    case EDM_FILTER_LITERAL:
        return literal(filter);
    case EDM_FILTER_NOW:
        return whole(evaluation->query->now_ticks);
    case EDM_FILTER_PROPERTY:
        return property_value(evaluation, filter->property);
    case EDM_FILTER_ITEM:
        return text(evaluation->items[filter->variable]);
    case EDM_FILTER_IN:
        return in(evaluation, filter);
    case EDM_FILTER_ANY:
    case EDM_FILTER_ALL:
        return any_or_all(evaluation, filter);
    case EDM_FILTER_COUNT:
        return count(evaluation, filter);
    case EDM_FILTER_SUBSET:
        return subset(evaluation, filter);
    case EDM_FILTER_EQ:
    case EDM_FILTER_NE:
        return filter->arguments[0]->type == EDM_FILTER_STRINGS ? same(evaluation, filter)
                                                                : operation(evaluation, filter);
    case EDM_FILTER_CAST:
        return cast(evaluation, filter);
    case EDM_FILTER_MATCHES:
        return match(evaluation, eval(evaluation, filter->arguments[0]),
                     eval(evaluation, filter->arguments[1]));
    case EDM_FILTER_ROUND:
    case EDM_FILTER_FLOOR:
    case EDM_FILTER_CEILING:
        return rounded(filter->kind, eval(evaluation, filter->arguments[0]));
    default:
        if (filter->kind >= EDM_FILTER_YEAR && filter->kind <= EDM_FILTER_TOTALSECONDS)
            return date_function(evaluation, filter);
        return operation(evaluation, filter);
    }
}

bool model_is_true(const struct edm_query *query, const struct edm_entity *article,
                   struct arena *arena)
{
    struct evaluation evaluation = { .query = query, .article = article, .arena = arena };
    struct value value = eval(&evaluation, query->filter);

    return value.kind == WHOLE && value.whole;
}

struct edm_order_value model_value(const struct edm_query *query,
                                   const struct edm_filter *expression,
                                   const struct edm_entity *article, struct arena *arena)
{
    struct evaluation evaluation = { .query = query, .article = article, .arena = arena };
    struct value value = eval(&evaluation, expression);

    switch (value.kind) {
    case WHOLE:
        return (struct edm_order_value){ .kind = EDM_ORDER_INTEGER, .integer = value.whole };
    case REAL:
        return (struct edm_order_value){ .kind = EDM_ORDER_REAL, .real = value.real };
    case TEXT:
        return (struct edm_order_value){ .kind = EDM_ORDER_TEXT, .text = value.text };
    case NOTHING:
        break;
    }
    return (struct edm_order_value){ .kind = EDM_ORDER_NULL };
}

/* --- orders ---------------------------------------------------------------------------------- */

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

/* <0, 0, >0: null is lower than everything. */
static int compare_keys(const struct edm_query *query, const struct edm_filter *expression,
                        const struct edm_entity *a, const struct edm_entity *b, struct arena *arena)
{
    struct evaluation of_a = { .query = query, .article = a, .arena = arena };
    struct evaluation of_b = { .query = query, .article = b, .arena = arena };
    struct value left = eval(&of_a, expression), right = eval(&of_b, expression);

    if (left.kind == NOTHING || right.kind == NOTHING)
        return (left.kind != NOTHING) - (right.kind != NOTHING);
    return compare(&of_a, left, right);
}

int model_compare(const struct edm_query *query, const struct edm_entity *a,
                  const struct edm_entity *b, struct arena *arena)
{
    for (size_t i = 0; i < query->order_count; i++) {
        int order = compare_keys(query, query->order[i].expression, a, b, arena);

        if (order)
            return query->order[i].descending ? -order : order;
    }
    return slice_compare(a->values[0].text, b->values[0].text);
}
