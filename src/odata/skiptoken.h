/* odata/skiptoken.h - what a $skiptoken says, before it is sealed.
 *
 * Payload: one format byte, the tenant, a digest of what the page belongs to (the set), the page
 * size that the client preferred, the last key. The seal (auth/secret.h) is appended by whoever
 * holds the key; text is base64url. A token of another set, tenant or format is refused like a
 * forged one.
 */
#ifndef ODATA_SKIPTOKEN_H
#define ODATA_SKIPTOKEN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/error.h"
#include "base/slice.h"
#include "base/uuid.h"
#include "edm/model.h"

struct arena;

#define SKIPTOKEN_FORMAT 1

struct skiptoken {
    struct slice last_key;  /* never empty */
    uint16_t max_page_size; /* Prefer: odata.maxpagesize of the first page; 0: none was sent */
};

bool skiptoken_encode(const struct skiptoken *token, const struct edm_entity_type *type,
                      struct uuid tenant, struct arena *arena, struct slice *ret_payload,
                      struct error *err) MUST_CHECK;

/* The one refusal of every $skiptoken that is not ours, whoever finds that out (a forger learns
 * nothing from it): ERROR_BAD_REQUEST, target "$skiptoken". Returns false. */
bool skiptoken_refuse(struct error *err) COLD;

/* Error: skiptoken_refuse()'s. */
bool skiptoken_decode(struct slice payload, const struct edm_entity_type *type, struct uuid tenant,
                      struct skiptoken *ret, struct error *err) MUST_CHECK;

#endif
