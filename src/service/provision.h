/* service/provision.h - what a fresh folder holds, and seeds.
 *
 * Functions that change something are handed the session of an open write operation.
 */
#ifndef SERVICE_PROVISION_H
#define SERVICE_PROVISION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/error.h"
#include "base/slice.h"
#include "base/uuid.h"

struct arena;
struct edm_model;
struct store_session;

#define SERVICE_DEFAULT_TENANT        "00000000-0000-4000-8000-000000000001"
#define SERVICE_DEFAULT_CLIENT        "00000000-0000-4000-8000-0000000000c1"
#define SERVICE_DEFAULT_CLIENT_SECRET "connectord"

struct uuid service_default_tenant(void);

/* In a store whose registry was never changed: adds the default tenant (licensed) and the default
 * client. Does nothing in any other, so that a removed default client stays removed. */
bool service_provision(struct store_session *session, int64_t now_ticks,
                       struct error *err) MUST_CHECK;

/* True in *ret when the default client with its published secret is still there. */
bool service_default_client_works(struct store_session *session, struct arena *arena, bool *ret,
                                  struct error *err) MUST_CHECK;

/* Loads a seed: a JSON object keyed by entity set, each an array of entities; ids are kept, dates
 * may be relative to now ("-5d", "-90m", "-3h", "-20s", "+1h"). All or nothing: on an error the
 * caller undoes the operation. *ret_count is how many entities were added. Errors:
 * ERROR_NOT_FOUND when there is no such tenant, or no longer; ERROR_BAD_REQUEST with line and
 * column; ERROR_CONFLICT naming an id that exists. */
bool service_seed(struct store_session *session, const struct edm_model *model, struct uuid tenant,
                  struct slice seed, int64_t now_ticks, size_t *ret_count,
                  struct error *err) MUST_CHECK;

#endif
