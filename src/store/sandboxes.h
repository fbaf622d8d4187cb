/* store/sandboxes.h - which tenants are sandboxes: made for one test, gone after their time.
 *
 * Functions that write need an open operation (store.h); the others an open transaction.
 */
#ifndef STORE_SANDBOXES_H
#define STORE_SANDBOXES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/error.h"
#include "base/slice.h"
#include "base/uuid.h"

struct arena;
struct store_session;

struct sandbox {
    struct uuid tenant;
    int64_t expires_unix_ms; /* the machine's time */
    struct slice seed;       /* what a reset goes back to; a seed's text, empty for none */
    struct slice policy;     /* the same for its policies; JSON as in PUT policy, empty for none */
};

bool sandbox_add(struct store_session *session, const struct sandbox *sandbox,
                 struct error *err) MUST_CHECK;
/* ERROR_NOT_FOUND when the tenant is none. */
bool sandbox_get(struct store_session *session, struct uuid tenant, struct arena *arena,
                 struct sandbox *ret, struct error *err) MUST_CHECK;
bool sandbox_remove(struct store_session *session, struct uuid tenant,
                    struct error *err) MUST_CHECK;
bool sandbox_count(struct store_session *session, int64_t *ret, struct error *err) MUST_CHECK;
/* When the next one ends; INT64_MAX: there is none. */
bool sandbox_next_end(struct store_session *session, int64_t *ret_unix_ms,
                      struct error *err) MUST_CHECK;
/* At most `max` of those that end at or before `unix_ms`, earliest first; tenants in the arena. */
bool sandbox_ended(struct store_session *session, int64_t unix_ms, size_t max, struct arena *arena,
                   struct uuid **ret, size_t *ret_count, struct error *err) MUST_CHECK;

#endif
