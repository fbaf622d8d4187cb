/* store/filter_model_test.c - what a condition means for an article, node by node, and orders.
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
#include "store/filter_pools_test.h"
#include "store/filter_value_test.h"

const struct edm_health_view model_view = {
    .type = &toy_article,
    .contact = TOY_ARTICLE_COUNTED_AT,
    .state = TOY_ARTICLE_FINISH,
    .healthy = 1,
    .points = { { 1, 7 }, { INT64_C(621355968000000000), -5 }, { INT64_C(638422559999999999), 0 } },
    .point_count = 3,
    .gone_since_ticks = 1,
    .never_state = 2,
};

/* --- comparing ------------------------------------------------------------------------------- */

/* <0, 0, >0; neither is nothing. */
static int compare(struct evaluation *evaluation, struct value a, struct value b)
{
    long double left, right;

    if (a.kind == TEXT)
        return slice_compare(value_folded(evaluation, a.text), value_folded(evaluation, b.text));
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
    return equal(evaluation, value, value_of(evaluation, other));
}

static bool equal_nodes(struct evaluation *evaluation, const struct edm_filter *a,
                        const struct edm_filter *b)
{
    return is_masking(evaluation, a) ? is_equal(evaluation, value_of(evaluation, b), a)
                                     : is_equal(evaluation, value_of(evaluation, a), b);
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
    struct value subject = value_of(evaluation, filter->arguments[0]);

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

/* --- names ----------------------------------------------------------------------------------- */

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
        struct value fulfils = value_of(evaluation, filter->arguments[1]);
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
        struct value fulfils = value_of(evaluation, filter->arguments[1]);
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
    in = value_folded(evaluation, of.text);
    first = value_folded(evaluation, SLICE("B"));
    if (slice_eq(pattern.text, SLICE("^a")))
        return whole(slice_starts_with(in, SLICE("a")));
    if (slice_eq(pattern.text, SLICE("B$")))
        return whole(slice_ends_with(in, first));
    if (pattern.text.len == 0)
        return whole(true);
    at = value_find(evaluation, in, SLICE("a"));
    if (at < 0)
        return whole(false);
    in = slice_sub(in, value_bytes_before(in, at + 1), in.len);
    return whole(value_find(evaluation, in, SLICE("b")) >= 0);
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
                              value.whole, (int)value_offset(evaluation, of), memory);
    return len ? text((struct slice){ memory, len }) : nothing();
}

static struct value cast(struct evaluation *evaluation, const struct edm_filter *filter)
{
    const struct edm_filter *of = filter->arguments[0];
    struct value value = value_of(evaluation, of);

    if (value.kind == NOTHING)
        return nothing();
    switch (filter->type) {
    case EDM_FILTER_STRING:
        return cast_to_text(evaluation, of, value);
    case EDM_FILTER_REAL:
        return real(value_as_real(value));
    case EDM_FILTER_DATE_TIME:
        return whole(value.whole * TICKS_PER_DAY);
    default:
        if (value.kind == REAL &&
            (value.real < -9223372036854775808.0 || value.real >= 9223372036854775808.0))
            return nothing();
        return value_as_whole(value) < filter->arguments[1]->integer ||
                       value_as_whole(value) > filter->arguments[2]->integer
                   ? nothing()
                   : whole(value_as_whole(value));
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
        of[i] = value_of(evaluation, filter->arguments[i]);
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
        return value_arithmetic(kind, filter->type, of[0], of[1]);
    if (kind == EDM_FILTER_NEGATE)
        return value_arithmetic(EDM_FILTER_SUB, filter->type, whole(0), of[0]);
    return value_of_function(evaluation, kind, of, filter->count);
}

struct value value_of(struct evaluation *evaluation, const struct edm_filter *filter)
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
        return match(evaluation, value_of(evaluation, filter->arguments[0]),
                     value_of(evaluation, filter->arguments[1]));
    case EDM_FILTER_ROUND:
    case EDM_FILTER_FLOOR:
    case EDM_FILTER_CEILING:
        return rounded(filter->kind, value_of(evaluation, filter->arguments[0]));
    default:
        if (filter->kind >= EDM_FILTER_YEAR && filter->kind <= EDM_FILTER_TOTALSECONDS)
            return value_of_date(evaluation, filter);
        return operation(evaluation, filter);
    }
}

/* --- all ------------------------------------------------------------------------------------- */

bool model_is_true(const struct edm_query *query, const struct edm_entity *article,
                   struct arena *arena)
{
    struct evaluation evaluation = { .query = query, .article = article, .arena = arena };
    struct value value = value_of(&evaluation, query->filter);

    return value.kind == WHOLE && value.whole;
}

struct edm_order_value model_value(const struct edm_query *query,
                                   const struct edm_filter *expression,
                                   const struct edm_entity *article, struct arena *arena)
{
    struct evaluation evaluation = { .query = query, .article = article, .arena = arena };
    struct value value = value_of(&evaluation, expression);

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

/* <0, 0, >0: null is lower than everything. */
static int compare_keys(const struct edm_query *query, const struct edm_filter *expression,
                        const struct edm_entity *a, const struct edm_entity *b, struct arena *arena)
{
    struct evaluation of_a = { .query = query, .article = a, .arena = arena };
    struct evaluation of_b = { .query = query, .article = b, .arena = arena };
    struct value left = value_of(&of_a, expression), right = value_of(&of_b, expression);

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
