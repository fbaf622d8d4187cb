/* store/answers.h - what repeatable requests were answered, so that a repeat is answered the same.
 *
 * An answer is written in the operation of the write that it tells of: there is never one without
 * the other, whatever ends the process in between. Who the key is of, when two requests are the
 * same and what the texts of an answer mean is the caller's.
 *
 * Some are let go before their time when a tenant has too many. Of a request that was first sent no
 * later than any that was let go nobody can say any more whether it was executed; up to when that
 * is, is kept (answers_forgotten()).
 *
 * Functions that write need an open operation (store.h); the others an open transaction. With an
 * engine that lets transactions write side by side (PostgreSQL) the second of two equal requests
 * breaks the rule of the key when it adds its answer, and has to be run again.
 */
#ifndef STORE_ANSWERS_H
#define STORE_ANSWERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/error.h"
#include "base/slice.h"
#include "base/uuid.h"

struct arena;
struct store_session;

struct answer {
    struct slice request; /* tells requests apart: bytes */
    int64_t sent_unix_s;  /* when the client first sent it, as it says */
    int64_t made_ticks;   /* by the tenant's clock */
    int status;
    struct slice id;           /* of the entity that was made or changed; may be empty */
    struct slice fields, body; /* texts of the caller's */
};

/* *ret_found false: there is none. The slices of *ret are copies in the arena. */
bool answer_get(struct store_session *session, struct uuid tenant, struct slice key,
                struct arena *arena, struct answer *ret, bool *ret_found,
                struct error *err) MUST_CHECK;
/* There is none of this key. */
bool answer_add(struct store_session *session, struct uuid tenant, struct slice key,
                const struct answer *answer, struct error *err) MUST_CHECK;

/* The newest `sent_unix_s` of the tenant's that were let go; INT64_MIN: none was. */
bool answers_forgotten(struct store_session *session, struct uuid tenant, int64_t *ret_unix_s,
                       struct error *err) MUST_CHECK;
/* All of the tenant's, and that any were let go. */
bool answers_clear(struct store_session *session, struct uuid tenant, struct error *err) MUST_CHECK;

/* --- upkeep ---------------------------------------------------------------------------------- */

/* What a tenant has too much of. */
struct answers_excess {
    struct uuid tenant;
    int64_t until_unix_ms; /* those that were made up to then, in the machine's time */
};

/* Of each tenant those that are older than `keep_ms` and those past the newest `most`. In the
 * arena. It looks at every row's key: for a reader's thread. */
bool answers_find_excess(struct store_session *session, int64_t keep_ms, size_t most,
                         struct arena *arena, struct answers_excess **ret, size_t *ret_count,
                         struct error *err) MUST_CHECK;
/* Lets some hundred of them go. *ret_more: call it again, in an operation of its own. */
bool answers_trim(struct store_session *session, const struct answers_excess *excess,
                  bool *ret_more, struct error *err) MUST_CHECK;

#endif
