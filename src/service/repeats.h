/* service/repeats.h - requests that are executed at most once, however often they are sent.
 *
 * In one operation: ask service_repeat_find(); when the request is new, execute it and keep its
 * answer. The writer runs one operation after another, so of two equal requests at once the second
 * finds the first one's answer, also in the same group; and an operation that is undone takes its
 * answer with it.
 *
 * Must not know: what a request is (it comes as digests), what an answer's texts mean.
 * Threads: as the session.
 */
#ifndef SERVICE_REPEATS_H
#define SERVICE_REPEATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/error.h"
#include "base/slice.h"
#include "base/uuid.h"

struct answers_excess;
struct arena;
struct store_session;

#define SERVICE_REPEAT_DIGEST_BYTES 32

/* How far a client's clock may be ahead. What is kept is kept that much longer. */
#define SERVICE_REPEAT_AHEAD_S INT64_C(300)

struct service_repeat {
    struct uuid tenant;
    uint8_t key[SERVICE_REPEAT_DIGEST_BYTES];     /* of the caller and the id it gave */
    uint8_t request[SERVICE_REPEAT_DIGEST_BYTES]; /* of what is asked */
    int64_t sent_unix_s;                          /* first */
    int64_t now_ticks;                            /* by the tenant's clock */
    int64_t keep_ms;
};

struct service_answer {
    int status;
    struct slice id; /* of the entity that was made or changed; empty: none */
    struct slice fields, body;
};

enum service_repeat_state {
    REPEAT_NEW,       /* not executed yet */
    REPEAT_SAME,      /* executed; here is its answer */
    REPEAT_OTHER,     /* another request was executed under its id */
    REPEAT_FORGOTTEN, /* it may have been executed: too long ago to know */
};

/* *ret_answer is filled in for REPEAT_SAME, in the arena. */
bool service_repeat_find(struct store_session *session, const struct service_repeat *repeat,
                         struct arena *arena, enum service_repeat_state *ret,
                         struct service_answer *ret_answer, struct error *err) MUST_CHECK;
/* It was new, and is executed now. */
bool service_repeat_keep(struct store_session *session, const struct service_repeat *repeat,
                         const struct service_answer *answer, struct error *err) MUST_CHECK;

/* --- upkeep ---------------------------------------------------------------------------------- */

/* As service_delta_find_excess() and service_delta_trim(): answers older than `keep_ms`, and of
 * each tenant those past the newest `most`. */
bool service_repeats_find_excess(struct store_session *session, int64_t keep_ms, size_t most,
                                 struct arena *arena, struct answers_excess **ret,
                                 size_t *ret_count, struct error *err) MUST_CHECK;
bool service_repeats_trim(struct store_session *session, const struct answers_excess *excess,
                          size_t at, bool *ret_more, struct error *err) MUST_CHECK;

#endif
