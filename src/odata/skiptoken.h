/* odata/skiptoken.h - what a $skiptoken says, before it is sealed.
 *
 * Payload: one format byte, the tenant, a digest of what the page belongs to (the set and the
 * options that say which rows it has and in which order), the page size that the client preferred,
 * where the last row stood in that order, its key. The seal (auth/secret.h) is appended by whoever
 * holds the key; text is base64url. A token of another set, tenant, query or format is refused like
 * a forged one.
 */
#ifndef ODATA_SKIPTOKEN_H
#define ODATA_SKIPTOKEN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/error.h"
#include "base/slice.h"
#include "base/uuid.h"
#include "edm/query.h"

struct arena;

#define SKIPTOKEN_FORMAT     2
#define SKIPTOKEN_VALUES_MAX 1024 /* bytes; values that need more are told by their digest */

struct skiptoken {
    struct slice last_key;  /* never empty */
    uint16_t max_page_size; /* Prefer: odata.maxpagesize of the first page; 0: none was sent */
    /* With an order: */
    int64_t now_ticks;                    /* of all pages; 0: each has its own */
    const struct edm_order_value *values; /* where the last row stood; NULL: too long to be told */
    uint64_t values_digest;               /* skiptoken_digest() of them */
};

/* What a token is for. */
struct skiptoken_scope {
    const struct edm_entity_type *type;
    struct uuid tenant;
    uint64_t query_digest; /* odata_options.digest */
    size_t order_count;
};

bool skiptoken_encode(const struct skiptoken *token, const struct skiptoken_scope *scope,
                      struct arena *arena, struct slice *ret_payload, struct error *err) MUST_CHECK;

/* The one refusal of every $skiptoken that is not ours, whoever finds that out (a forger learns
 * nothing from it): ERROR_BAD_REQUEST, target "$skiptoken". Returns false. */
bool skiptoken_refuse(struct error *err) COLD;
/* The refusal of one that was ours, and whose row, too long to be told, is not what it was. */
bool skiptoken_refuse_changed(struct error *err) COLD;

/* The token's values are slices of `payload`, in the arena. Errors: skiptoken_refuse()'s;
 * ERROR_TOO_LARGE past the arena's budget. */
bool skiptoken_decode(struct slice payload, const struct skiptoken_scope *scope,
                      struct arena *arena, struct skiptoken *ret, struct error *err) MUST_CHECK;

/* Tells lists of values apart, by chance and not against an enemy. */
uint64_t skiptoken_digest(const struct edm_order_value *values, size_t count);

#endif
