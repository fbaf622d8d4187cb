/* http/control_removal.h - deletes what a tenant's policies remove, until nothing is left.
 *
 * Whether anything is due is asked of a reader first: it may take a look at every row, mostly for
 * nothing, and there is one writer for all tenants. Each group is a write of its own, so that the
 * writes of others get between them, and has memory of its own: what is due after five years may be
 * a hundred thousand entities. Each removal is a line in the log.
 *
 * Threads: the loop's.
 */
#ifndef HTTP_CONTROL_REMOVAL_H
#define HTTP_CONTROL_REMOVAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/uuid.h"
#include "service/dispatch.h"

struct api;
struct arena;
struct log;
struct loop;
struct service_removed;

struct control_removal {
    const struct api *api;
    struct loop *loop;
    struct log *log;
    struct uuid tenant;
    int64_t now_ticks; /* by the tenant's clock */
    size_t total;      /* removed so far; begins with 0 */
    void *context;
    /* On the loop, exactly once, perhaps before control_removal_start() returns. `why` NULL: there
     * is nothing left to remove. */
    void (*finished)(struct control_removal *removal, const struct error *why);

    /* Private. */
    struct dispatch_job job;
    struct arena *arena; /* of the look, or of the group */
    bool due;
    struct service_removed *removed;
    size_t count, removed_count;
};

void control_removal_start(struct control_removal *removal);

#endif
