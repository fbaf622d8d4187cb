/* store/health_policies.h - each tenant's health policies.
 *
 * A change raises the registry's version (store/registry.h), so that readers in every process see
 * it with their next transaction. Functions that write need an open operation, the others an open
 * transaction.
 */
#ifndef STORE_HEALTH_POLICIES_H
#define STORE_HEALTH_POLICIES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/compiler.h"
#include "base/error.h"
#include "base/uuid.h"
#include "edm/health.h"

struct arena;
struct store_session;

/* *ret_found false: none was ever put, and *ret is left alone. Stages that the model gained since
 * then have their defaults. */
bool health_policy_get(struct store_session *session, struct uuid tenant,
                       const struct edm_entity_type *type, struct edm_health_policy *ret,
                       bool *ret_found, struct error *err) MUST_CHECK;
bool health_policy_put(struct store_session *session, struct uuid tenant,
                       const struct edm_entity_type *type, const struct edm_health_policy *policy,
                       struct error *err) MUST_CHECK;
/* All of the tenant's. */
bool health_policies_clear(struct store_session *session, struct uuid tenant,
                           struct error *err) MUST_CHECK;
/* True in *ret when the tenant has one that is on. */
bool health_policies_any_on(struct store_session *session, struct uuid tenant, bool *ret,
                            struct error *err) MUST_CHECK;
/* True in *ret when any tenant has a policy that is on and removes. */
bool health_policies_remove_any(struct store_session *session, bool *ret,
                                struct error *err) MUST_CHECK;
/* The tenants with a policy that is on and removes, in no order; in the arena. */
bool health_policies_removing(struct store_session *session, struct arena *arena, struct uuid **ret,
                              size_t *ret_count, struct error *err) MUST_CHECK;

#endif
