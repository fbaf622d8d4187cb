/* odata/skiptoken.c - packs where a list goes on into a few bytes, and unpacks them again.
 *
 *     byte 0        SKIPTOKEN_FORMAT; another layout gets another number, so that links which
 *                   clients kept from an older release are refused and never misread
 *     bytes 1-16    the tenant
 *     bytes 17-24   64-bit FNV-1a of the set's name
 *     bytes 25-26   the page size that was preferred, most significant byte first; 0: none
 *     bytes 27-     the last key of the page before, at least one byte
 *
 * Nothing here is secret and nothing here stops a forger: the seal does, which covers all of it.
 * The digest only has to tell sets apart that one server offers, so a fast hash of eight bytes is
 * plenty and keeps links short. The tenant is in it although the query is bound to the caller's
 * tenant anyway: a link handed to somebody else must fail, not list his rows from the middle.
 *
 * The preferred page size is in it because a preference is a header, which a client that follows
 * the link need not send again. $select and $top are not: the next link repeats them as options,
 * and a client may change them on the way without harm, since the order is by key whatever is
 * asked.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "odata/skiptoken.h"

#include <assert.h>

#include "base/arena.h"

#define DIGEST_BYTES 8
#define HEAD_BYTES   (1 + sizeof(struct uuid) + DIGEST_BYTES)
#define SIZE_BYTES   2

static_assert(sizeof(struct uuid) == 16, "the head is a wire format");

/* draft-eastlake-fnv, section 2 */
static uint64_t fnv_1a(struct slice s)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);

    for (size_t i = 0; i < s.len; i++)
        hash = (hash ^ (unsigned char)s.ptr[i]) * UINT64_C(0x100000001b3);
    return hash;
}

static void write_head(const struct edm_entity_type *type, struct uuid tenant,
                       unsigned char out[HEAD_BYTES])
{
    uint64_t digest = fnv_1a(type->set_name);

    *out++ = SKIPTOKEN_FORMAT;
    memcpy(out, tenant.bytes, sizeof tenant.bytes);
    out += sizeof tenant.bytes;
    for (int shift = 56; shift >= 0; shift -= 8)
        *out++ = (unsigned char)(digest >> shift);
}

bool skiptoken_encode(const struct skiptoken *token, const struct edm_entity_type *type,
                      struct uuid tenant, struct arena *arena, struct slice *ret_payload,
                      struct error *err)
{
    size_t len = HEAD_BYTES + SIZE_BYTES + token->last_key.len;
    unsigned char *payload = arena_alloc(arena, len);

    if (!payload)
        return error_no_memory(err);
    write_head(type, tenant, payload);
    payload[HEAD_BYTES] = (unsigned char)(token->max_page_size >> 8);
    payload[HEAD_BYTES + 1] = (unsigned char)token->max_page_size;
    if (token->last_key.len)
        memcpy(payload + HEAD_BYTES + SIZE_BYTES, token->last_key.ptr, token->last_key.len);
    *ret_payload = (struct slice){ (const char *)payload, len };
    return true;
}

bool skiptoken_refuse(struct error *err)
{
    return error_set(err, ERROR_BAD_REQUEST, SLICE("$skiptoken"),
                     "The query specified in the URI is not valid. The $skiptoken is not valid "
                     "for this request.");
}

bool skiptoken_decode(struct slice payload, const struct edm_entity_type *type, struct uuid tenant,
                      struct skiptoken *ret, struct error *err)
{
    unsigned char head[HEAD_BYTES];
    const unsigned char *size;

    write_head(type, tenant, head);
    if (payload.len <= HEAD_BYTES + SIZE_BYTES || memcmp(payload.ptr, head, sizeof head) != 0)
        return skiptoken_refuse(err);
    size = (const unsigned char *)payload.ptr + HEAD_BYTES;
    ret->max_page_size = (uint16_t)(size[0] << 8 | size[1]);
    ret->last_key = slice_sub(payload, HEAD_BYTES + SIZE_BYTES, payload.len);
    return true;
}
