/* store/watches.h - which sets are followed (store/changes.h).
 *
 * For store/changes.c; others begin and end a watch through changes.h.
 * Must not know: what is logged of a set.
 */
#ifndef STORE_WATCHES_H
#define STORE_WATCHES_H

#include "base/compiler.h"
#include "base/error.h"
#include "base/slice.h"
#include "base/uuid.h"

struct db_params;
struct edm_entity_type;
struct store_session;

struct watch {
    int64_t since, used_unix_ms, layout;
};

/* Tells orders of a type's properties apart. */
int64_t watches_layout(const struct edm_entity_type *type);

bool watches_get(struct store_session *session, const struct uuid *tenant, struct slice type,
                 struct watch *ret, bool *ret_found, struct error *err) MUST_CHECK;
/* The same in short, and mostly without a look into the store: writers ask before each row. */
bool watches_have(struct store_session *session, const struct uuid *tenant,
                  const struct edm_entity_type *type, bool *ret, struct error *err) MUST_CHECK;
bool watches_end(struct store_session *session, const struct uuid *tenant, struct slice type,
                 struct error *err) MUST_CHECK;

/* Prepares what begins with tenant and type. `operation`: it writes. */
bool watches_prepare(struct store_session *session, bool operation, const char *sql,
                     const struct uuid *tenant, struct slice type, struct db_params *ret,
                     struct error *err) MUST_CHECK;

#endif
