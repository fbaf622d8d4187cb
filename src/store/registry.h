/* store/registry.h - tenants, their licences, the issuer's clients, and small secrets of the store.
 *
 * These tables are not entities and are written by hand (one file). Any change raises the registry
 * version, which readers compare so that a change made by another process (the CLI) is seen.
 * Functions that write need an open operation (store.h); the others an open transaction.
 */
#ifndef STORE_REGISTRY_H
#define STORE_REGISTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/error.h"
#include "base/slice.h"
#include "base/uuid.h"
#include "store/store.h"

#define REGISTRY_DIGEST_BYTES 48 /* of a client's secret; see auth/secret.h */
#define REGISTRY_SEAL_BYTES   32 /* of random key for seals */

struct registry_tenant {
    struct uuid id;
    struct slice name; /* for people; may be empty */
    bool licensed;
    int64_t created_ticks;
};

struct registry_client {
    struct slice app_id; /* GUID text, lower case */
    struct slice name;
    struct uuid tenant; /* whose tokens it may ask for... */
    bool any_tenant;    /* ...unless it may ask for every tenant's */
    uint8_t digest[REGISTRY_DIGEST_BYTES];
    bool is_default;    /* the one that a fresh folder holds, its secret unchanged */
    struct slice roles; /* space-separated; empty: every read-write role */
    int64_t created_ticks;
};

/* 0 in a store whose registry was never changed, raised by each change below; cheap to read. */
bool registry_version(struct store_session *session, int64_t *ret, struct error *err) MUST_CHECK;

/* ERROR_NOT_FOUND when unknown. */
bool registry_tenant_get(struct store_session *session, struct uuid id, struct arena *arena,
                         struct registry_tenant *ret, struct error *err) MUST_CHECK;
/* Whether it is there, in what this transaction sees. A session keeps what it found out until the
 * registry changes, so that asking again is nearly free. */
bool registry_tenant_exists(struct store_session *session, struct uuid id, bool *ret,
                            struct error *err) MUST_CHECK;
/* ERROR_CONFLICT when it exists. */
bool registry_tenant_add(struct store_session *session, const struct registry_tenant *tenant,
                         struct error *err) MUST_CHECK;
/* Only the row: what else belongs to the tenant is the caller's to delete. ERROR_NOT_FOUND. */
bool registry_tenant_remove(struct store_session *session, struct uuid id,
                            struct error *err) MUST_CHECK;
bool registry_tenant_set_license(struct store_session *session, struct uuid id, bool licensed,
                                 struct error *err) MUST_CHECK;
bool registry_tenant_list(struct store_session *session, struct arena *arena,
                          struct registry_tenant **ret, size_t *ret_count,
                          struct error *err) MUST_CHECK;

bool registry_client_get(struct store_session *session, struct slice app_id, struct arena *arena,
                         struct registry_client *ret, struct error *err) MUST_CHECK;
/* Adds, or replaces one of that app_id when `replace`. */
bool registry_client_put(struct store_session *session, const struct registry_client *client,
                         bool replace, struct error *err) MUST_CHECK;
bool registry_client_remove(struct store_session *session, struct slice app_id,
                            struct error *err) MUST_CHECK;
bool registry_client_list(struct store_session *session, struct arena *arena,
                          struct registry_client **ret, size_t *ret_count,
                          struct error *err) MUST_CHECK;

/* The key of seals, made with the store. */
bool registry_seal_key(struct store_session *session, uint8_t ret[REGISTRY_SEAL_BYTES],
                       struct error *err) MUST_CHECK;

#endif
