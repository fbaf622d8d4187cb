/* service/ageing.h - what the age of a date says of each entity (edm_ageing in edm/model.h).
 *
 * Looks at every entity of the sources: for a reader's thread.
 * Must not know: where the items go.
 */
#ifndef SERVICE_AGEING_H
#define SERVICE_AGEING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/error.h"
#include "base/uuid.h"
#include "edm/health.h"
#include "edm/model.h"

struct store_session;

/* What is fixed before the sources are read. */
struct ageing {
    struct uuid tenant;
    int64_t now_ticks;
    const struct edm_health_view *const *healths; /* entities that are gone by one have no item */
    size_t health_count;
};

/* Takes some of the items. False ends it with its error. */
typedef bool ageing_sink(void *context, const struct edm_rows *rows, struct error *err);

/* Hands the items to `sink`, source by source and by key, some at a time: memory does not grow with
 * their number. In an open transaction. Errors: the store's, the sink's. */
bool service_ageing(struct store_session *session, const struct ageing *ageing,
                    const struct edm_ageing *of, ageing_sink *sink, void *context,
                    struct error *err) MUST_CHECK;

#endif
