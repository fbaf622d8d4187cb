/* service/set_questions.h - what may be asked of a set as a whole, beside its pages.
 *
 * Reads, as those of service/operations.h: handed an open transaction, they change nothing.
 *
 * Threads: as the session.
 */
#ifndef SERVICE_SET_QUESTIONS_H
#define SERVICE_SET_QUESTIONS_H

#include <stdbool.h>

#include "base/compiler.h"
#include "base/error.h"
#include "base/slice.h"
#include "base/uuid.h"
#include "edm/entity.h"
#include "edm/query.h"

struct arena;
struct store_session;

/* Those entities of query->type whose keys are among `keys`, each once and in the order of their
 * keys; a key that is none is passed over. `keys` is put in order. Of the query count its type,
 * its properties and its health view. */
bool service_set_by_keys(struct store_session *session, struct uuid tenant,
                         const struct edm_query *query, struct slice *keys, size_t count,
                         struct arena *arena, struct edm_page *ret, struct error *err) MUST_CHECK;

/* Whether the set has an entity that is not one of its type's built-in ones. */
bool service_set_has_made(struct store_session *session, struct uuid tenant,
                          const struct edm_query *query, struct arena *arena, bool *ret,
                          struct error *err) MUST_CHECK;

#endif
