/* service/delta.h - what changed in a set since somebody last asked, in rounds of pages.
 *
 * The first round is a list of what there is. Each later one has what was written since the one
 * before: entities as they are now, and the keys of those that are gone, or that the filter leaves
 * out now. Each entity is in a round once. What is written while a round is read belongs to the
 * next; it may be shown in both.
 *
 * Which properties changed is known, so that a client that keeps what it has can be told of these
 * alone. What it cannot have yet is shown as a whole: an entity that was made, and one that may
 * have come in by the filter, since the filter's properties changed or it looks at the clock.
 *
 * With properties selected, a change to others does not show, unless the filter looks at them. A
 * state that a health policy works out changes by time alone and is written by nobody, so it does
 * not show; an entity that is gone by it shows as deleted once it was removed, or written to.
 *
 * Must not know: tokens, URLs.
 * Threads: as the session.
 */
#ifndef SERVICE_DELTA_H
#define SERVICE_DELTA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/error.h"
#include "base/slice.h"
#include "base/uuid.h"
#include "edm/entity.h"
#include "edm/query.h"

struct arena;
struct changes_excess;
struct store_session;

/* Where a client stands. Zeros: at the beginning of the first round. */
struct service_delta_place {
    bool follows;     /* the round is of changes, not of what there is */
    int64_t since;    /* what was written up to it is known to the client; 0: it has no round yet */
    int64_t until;    /* the round's end; 0: to be found, the round begins */
    int64_t sequence; /* of the last row that was looked at */
    struct slice id;  /* of it, or of the last one listed; empty: none was */
    int64_t lag_ms;   /* who begins a round does not see what was written in the last so many */
};

struct service_delta_item {
    struct edm_entity *entity; /* NULL: removed */
    struct slice id;
    bool deleted; /* of one removed; else the filter leaves it out */
    /* Of the set's type: what the client needs of an entity that it has from the rounds before. All
     * bits where it may not have it: it was made, or the filter may have left it out. */
    uint64_t news;
};

struct service_delta_page {
    bool expired;   /* what the place needs is no longer known: nothing else is filled in */
    bool is_unused; /* service_delta_watch() was not called for an hour: call it */
    struct service_delta_item *items;
    size_t count;
    bool more;                       /* the round goes on */
    bool lags;                       /* by place->lag_ms there is something that it does not see */
    struct service_delta_place next; /* in this round or at the beginning of the next */
};

/* In an open operation, before the first round: from now on writes are logged. */
bool service_delta_watch(struct store_session *session, struct uuid tenant,
                         const struct edm_entity_type *type, struct error *err) MUST_CHECK;

/* A page of `query` (type, select, filter, page_size and page_bytes, health, now_ticks) at `place`.
 * A page may have no items and more behind it. */
bool service_delta_page(struct store_session *session, struct uuid tenant,
                        const struct edm_query *query, const struct service_delta_place *place,
                        struct arena *arena, struct service_delta_page *ret,
                        struct error *err) MUST_CHECK;

/* --- upkeep ---------------------------------------------------------------------------------- */

/* What of the logs nobody needs any more: those that were not asked for in `keep_ms`, rows of that
 * age, and rows past `rows_max` of each set. It may look at all of them: for a reader. */
bool service_delta_find_excess(struct store_session *session, int64_t keep_ms, size_t rows_max,
                               struct arena *arena, struct changes_excess **ret, size_t *ret_count,
                               struct error *err) MUST_CHECK;
/* In an open operation: deletes some of excess[at]. *ret_more: there is more of it. */
bool service_delta_trim(struct store_session *session, const struct changes_excess *excess,
                        size_t at, bool *ret_more, struct error *err) MUST_CHECK;

#endif
