/* edm/query.c - what is to be known of a query before it is run.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "edm/query.h"

#include "edm/filter.h"
#include "edm/health.h"

static bool has_clock(const struct edm_filter *node, const struct edm_health_view *health)
{
    if (node->kind == EDM_FILTER_NOW)
        return true;
    if (node->kind == EDM_FILTER_PROPERTY && health && node->property == health->state)
        return true;
    for (size_t i = 0; i < node->count; i++) {
        if (has_clock(node->arguments[i], health))
            return true;
    }
    return false;
}

/* A view shows no state; its properties have other places than those of the type behind it. */
static const struct edm_health_view *health_shown(const struct edm_query *query)
{
    return query->health && query->health->type == query->type ? query->health : NULL;
}

bool edm_query_filter_has_clock(const struct edm_query *query)
{
    return query->filter && has_clock(query->filter, health_shown(query));
}

bool edm_query_order_has_clock(const struct edm_query *query)
{
    const struct edm_health_view *health = health_shown(query);

    for (size_t i = 0; i < query->order_count; i++) {
        if (has_clock(query->order[i].expression, health))
            return true;
    }
    return false;
}
