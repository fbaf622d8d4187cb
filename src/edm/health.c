/* edm/health.c - a policy becomes points in time, and an entity is compared with them.
 *
 * All arithmetic with durations is done here, once a view; what looks at rows compares two numbers.
 * A duration that reaches back before year 1 fits nobody: its point is -1, which no contact is at
 * or before. Who never made contact needs no row at all: all of them fare alike, as one whose last
 * contact was when the policy was switched on.
 *
 * Points are put in order of their durations and not of the model's stages, since a tenant may
 * choose any: of several that fit the longest silence counts. Of equal ones the later stage does.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "edm/health.h"

#include <assert.h>

#include "base/clock.h"

#define NEVER_TICKS INT64_C(0)  /* 0001-01-01T00:00:00Z as a last contact */
#define NOBODY      INT64_C(-1) /* as a point in time: before every contact */

struct edm_health_policy edm_health_default(const struct edm_entity_type *type)
{
    const struct edm_health *health = type->health;
    struct edm_health_policy policy = { .remove_after_s = health->remove_after_s };

    for (size_t i = 0; i < health->stage_count; i++)
        policy.after_s[i] = health->stages[i].after_s;
    return policy;
}

/* --- the table ----------------------------------------------------------------------------- */

/* SQL compares both with constants, and null would be neither equal nor different. */
static const struct edm_property *fit_property(const struct edm_entity_type *type,
                                               struct slice name, enum edm_kind kind)
{
    int at = edm_find_property(type, name);

    if (at < 0 || type->properties[at].kind != kind || type->properties[at].flags & EDM_NULLABLE)
        return NULL;
    return &type->properties[at];
}

static bool is_policy_word(struct slice name)
{
    static const struct slice words[] = { SLICE_INIT("on"),      SLICE_INIT("since"),
                                          SLICE_INIT("healthy"), SLICE_INIT("remove"),
                                          SLICE_INIT("basis"),   SLICE_INIT("source") };

    for (size_t i = 0; i < COUNT_OF(words); i++) {
        if (slice_eq(words[i], name))
            return true;
    }
    return false;
}

static const char *stage_fault(const struct edm_health *health, size_t at,
                               const struct edm_enum *states)
{
    const struct edm_health_stage *stage = &health->stages[at];

    if (!edm_find_member(states, stage->member))
        return "a stage of its health is no member of the state";
    if (slice_eq(stage->member, health->healthy))
        return "a stage of its health is the healthy member";
    if (is_policy_word(stage->member))
        return "a stage of its health is called as something else in a policy is";
    for (size_t i = 0; i < at; i++) {
        if (slice_eq(health->stages[i].member, stage->member))
            return "a stage of its health stands twice";
    }
    if (stage->after_s <= (at ? health->stages[at - 1].after_s : 0))
        return "a stage of its health is not longer than the one before";
    return NULL;
}

const char *edm_health_fault(const struct edm_entity_type *type)
{
    const struct edm_health *health = type->health;
    const struct edm_property *state = fit_property(type, health->state, EDM_ENUM);
    const char *fault = NULL;

    if (!fit_property(type, health->contact, EDM_DATE_TIME_OFFSET))
        return "the contact of its health is no date, or may be null";
    if (!state)
        return "the state of its health is no enumeration, or may be null";
    if (!edm_find_member(state->enumeration, health->healthy))
        return "the healthy member of its health is none of the state's";
    if (health->remove_after_s < 0)
        return "its health removes before any silence";
    if (!health->source || !health->source[0])
        return "its health has no source";
    if (health->stage_count > EDM_HEALTH_STAGES_MAX)
        return "its health has more stages than EDM_HEALTH_STAGES_MAX";
    for (size_t i = 0; i < health->stage_count && !fault; i++)
        fault = stage_fault(health, i, state->enumeration);
    return fault;
}

/* --- the view ------------------------------------------------------------------------------ */

static int64_t silent_since(int64_t now_ticks, int64_t after_s)
{
    if (now_ticks < 0 || after_s > now_ticks / CLOCK_TICKS_PER_SECOND)
        return NOBODY;
    return now_ticks - after_s * CLOCK_TICKS_PER_SECOND;
}

static size_t property_at(const struct edm_entity_type *type, struct slice name)
{
    int at = edm_find_property(type, name);

    assert(at >= 0); /* edm_check() refuses a model in which it is not there */
    return (size_t)at;
}

static int32_t member_value(const struct edm_entity_type *type, size_t state, struct slice name)
{
    const struct edm_enum_member *member =
        edm_find_member(type->properties[state].enumeration, name);

    assert(member); /* the same */
    return member->value;
}

/* Keeps the points sorted: the longest silence, which began first, in front. */
static void add_point(struct edm_health_view *view, struct edm_health_point point)
{
    size_t at = view->point_count++;

    for (; at > 0 && view->points[at - 1].silent_since_ticks >= point.silent_since_ticks; at--)
        view->points[at] = view->points[at - 1];
    view->points[at] = point;
}

/* Of an entity whose last contact was then. */
static int32_t state_for(const struct edm_health_view *view, int64_t contact_ticks)
{
    for (size_t i = 0; i < view->point_count; i++) {
        if (contact_ticks <= view->points[i].silent_since_ticks)
            return view->points[i].state;
    }
    return view->healthy;
}

void edm_health_view_at(const struct edm_entity_type *type, const struct edm_health_policy *policy,
                        int64_t now_ticks, struct edm_health_view *ret)
{
    const struct edm_health *health = type->health;
    struct edm_health_view view = { .type = type,
                                    .contact = property_at(type, health->contact),
                                    .state = property_at(type, health->state),
                                    .gone_since_ticks = NOBODY };

    view.healthy = member_value(type, view.state, health->healthy);
    for (size_t i = 0; i < health->stage_count; i++) {
        if (policy->after_s[i] > 0)
            add_point(&view, (struct edm_health_point){
                                 silent_since(now_ticks, policy->after_s[i]),
                                 member_value(type, view.state, health->stages[i].member) });
    }
    if (policy->remove_after_s > 0)
        view.gone_since_ticks = silent_since(now_ticks, policy->remove_after_s);
    view.never_state = state_for(&view, policy->since_ticks);
    view.never_gone = policy->since_ticks <= view.gone_since_ticks;
    *ret = view;
}

/* --- what it says -------------------------------------------------------------------------- */

/* False: it never made contact. */
static bool last_contact(const struct edm_health_view *view, const struct edm_entity *entity,
                         int64_t *ret_ticks)
{
    const struct edm_value *contact = &entity->values[view->contact];

    assert(entity->type == view->type && edm_entity_has(entity, view->contact));
    *ret_ticks = contact->at.ticks;
    return !contact->is_null && contact->at.ticks != NEVER_TICKS;
}

bool edm_health_is_gone(const struct edm_health_view *view, const struct edm_entity *entity)
{
    int64_t contact;

    return last_contact(view, entity, &contact) ? contact <= view->gone_since_ticks
                                                : view->never_gone;
}

void edm_health_apply(const struct edm_health_view *view, struct edm_entity *entity)
{
    int64_t contact;
    int32_t state =
        last_contact(view, entity, &contact) ? state_for(view, contact) : view->never_state;

    entity->values[view->state] = (struct edm_value){ .integer = state };
}
