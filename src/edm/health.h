/* edm/health.h - what silence makes of an entity: a policy, and what it says at one moment.
 *
 * A type that has a last contact and a state carries a struct edm_health in the model
 * (edm/model.h): which properties these are, the stages that silence goes through, and the
 * durations that hold when nothing else is said. A policy is a tenant's choice of durations. A view
 * is a policy at one moment: only points in time are left in it, so that C and SQL compare a date
 * with a constant.
 *
 * The rules, which the store repeats in SQL (store/sql.c):
 *   - last contact 0001-01-01T00:00:00Z is "never" and counts as one at the moment the policy was
 *     switched on: silence that nobody listened to is none
 *   - silent for at least a stage's duration: that stage's state; of several the longest counts
 *   - else the healthy state, whatever was written
 *   - silent for at least the removal's duration: gone
 *
 * Must not know: any particular type, where policies are kept.
 */
#ifndef EDM_HEALTH_H
#define EDM_HEALTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "edm/entity.h"
#include "edm/model.h"

struct edm_health_policy {
    bool on;
    int64_t after_s[EDM_HEALTH_STAGES_MAX]; /* in the order of the model's stages; 0: left out */
    int64_t remove_after_s;                 /* 0: never */
    int64_t since_ticks;                    /* when it was switched on; 0 while it is off */
};

struct edm_health_view {
    const struct edm_entity_type *type;
    size_t contact, state; /* properties */
    int32_t healthy;       /* values of the state's enumeration */
    struct edm_health_point {
        int64_t silent_since_ticks; /* last contact at or before this: in this state */
        int32_t state;
    } points[EDM_HEALTH_STAGES_MAX]; /* the longest silence first; the first that fits counts */
    size_t point_count;
    int64_t gone_since_ticks; /* last contact at or before this (but never 0): gone; -1: none is */
    int32_t never_state;      /* of all whose last contact is 0 */
    bool never_gone;          /* all of them are */
};

/* What is wrong with the type's `health`, for edm_check(); NULL: nothing. Neither the contact nor
 * the state may be null, stages ascend, and none is called as something else in a policy is
 * (docs/control.md: "on", "since", "healthy", "remove", "basis", "source"). */
const char *edm_health_fault(const struct edm_entity_type *type);

/* The model's durations, switched off. The type has a `health`. */
struct edm_health_policy edm_health_default(const struct edm_entity_type *type);

/* What `policy` (which is on) says at `now_ticks`. */
void edm_health_view_at(const struct edm_entity_type *type, const struct edm_health_policy *policy,
                        int64_t now_ticks, struct edm_health_view *ret);

/* The properties that the next two need: read them too. */
static inline uint64_t edm_health_properties(const struct edm_health_view *view)
{
    return UINT64_C(1) << view->contact | UINT64_C(1) << view->state;
}

bool edm_health_is_gone(const struct edm_health_view *view, const struct edm_entity *entity);
/* Puts the state that the view says in place of the written one; marks nothing. */
void edm_health_apply(const struct edm_health_view *view, struct edm_entity *entity);

#endif
