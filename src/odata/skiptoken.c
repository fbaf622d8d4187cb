/* odata/skiptoken.c - packs where a list goes on into a few bytes, and unpacks them again.
 *
 *     byte 0        SKIPTOKEN_FORMAT; another layout gets another number, so that links which
 *                   clients kept from an older release are refused and never misread
 *     bytes 1-16    the tenant
 *     bytes 17-24   64-bit FNV-1a of the set's name and of the query's digest
 *     bytes 25-26   the page size that was preferred, most significant byte first; 0: none
 *     with an order:
 *       8 bytes     the moment that all pages show; 0: each its own
 *       1 byte      TOLD: the values follow; CUT: 8 bytes of their digest
 *       values      a byte for the kind, then 8 bytes, or 2 bytes for the length and the text
 *     the rest      the last key, at least one byte
 *
 * Nothing here is secret and nothing here stops a forger: the seal does, which covers all of it.
 * The digest only has to tell apart what one server offers one tenant, so a fast hash of eight
 * bytes is plenty and keeps links short. The tenant is in it although the query is bound to the
 * caller's tenant anyway: a link handed to somebody else must fail, not list his rows from the
 * middle.
 *
 * The preferred page size is in it because a preference is a header, which a client that follows
 * the link need not send again. $select, $top and $count are not: the next link repeats them as
 * options, and a client may change them on the way without harm. What says which rows there are,
 * and in which order, is in the digest: "behind this row" means nothing in another order.
 *
 * A link has to fit a head. Values that are too long for it are told by their digest alone. They
 * are then read from the row again, which is as good while the row is what it was; when it is not,
 * nobody can say any more where it stood, and the walk is refused rather than continued in a wrong
 * place.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "odata/skiptoken.h"

#include <assert.h>

#include "base/arena.h"
#include "base/text.h"

#define DIGEST_BYTES 8
#define HEAD_BYTES   (1 + sizeof(struct uuid) + DIGEST_BYTES)
#define SIZE_BYTES   2

enum { TOLD = 1, CUT = 2 };

static_assert(sizeof(struct uuid) == 16, "the head is a wire format");
static_assert(SKIPTOKEN_VALUES_MAX <= UINT16_MAX, "a text's length has two bytes");

/* --- digests --------------------------------------------------------------------------------- */

/* draft-eastlake-fnv, section 2 */
static uint64_t fnv_1a(uint64_t hash, struct slice s)
{
    for (size_t i = 0; i < s.len; i++)
        hash = (hash ^ (unsigned char)s.ptr[i]) * UINT64_C(0x100000001b3);
    return hash;
}

#define FNV_BEGIN UINT64_C(0xcbf29ce484222325)

static void put_number(unsigned char *out, uint64_t number, size_t bytes)
{
    while (bytes-- > 0)
        *out++ = (unsigned char)(number >> 8 * bytes);
}

static uint64_t fnv_1a_number(uint64_t hash, uint64_t number)
{
    unsigned char bytes[8];

    put_number(bytes, number, sizeof bytes);
    return fnv_1a(hash, (struct slice){ (const char *)bytes, sizeof bytes });
}

/* The eight bytes of a number of either kind. */
static uint64_t bits_of(const struct edm_order_value *value)
{
    uint64_t bits = (uint64_t)value->integer;

    if (value->kind == EDM_ORDER_REAL)
        memcpy(&bits, &value->real, sizeof bits);
    return bits;
}

uint64_t skiptoken_digest(const struct edm_order_value *values, size_t count)
{
    uint64_t hash = FNV_BEGIN;

    for (size_t i = 0; i < count; i++) {
        bool text = values[i].kind == EDM_ORDER_TEXT;

        hash = fnv_1a_number(hash, values[i].kind);
        if (text)
            hash = fnv_1a(fnv_1a_number(hash, values[i].text.len), values[i].text);
        else if (values[i].kind != EDM_ORDER_NULL)
            hash = fnv_1a_number(hash, bits_of(&values[i]));
    }
    return hash;
}

/* --- writing --------------------------------------------------------------------------------- */

static void write_head(const struct skiptoken_scope *scope, unsigned char out[HEAD_BYTES])
{
    uint64_t digest = fnv_1a(FNV_BEGIN, scope->type->set_name);

    *out++ = SKIPTOKEN_FORMAT;
    memcpy(out, scope->tenant.bytes, sizeof scope->tenant.bytes);
    out += sizeof scope->tenant.bytes;
    put_number(out, fnv_1a_number(digest, scope->query_digest), DIGEST_BYTES);
}

static void append_number(struct text *out, uint64_t number, size_t bytes)
{
    unsigned char memory[8];

    put_number(memory, number, bytes);
    text_append(out, (struct slice){ (const char *)memory, bytes });
}

static void append_value(struct text *out, const struct edm_order_value *value)
{
    append_number(out, value->kind, 1);
    if (value->kind == EDM_ORDER_TEXT) {
        append_number(out, value->text.len, 2);
        text_append(out, value->text);
    } else if (value->kind != EDM_ORDER_NULL) {
        append_number(out, bits_of(value), 8);
    }
}

static size_t value_bytes(const struct edm_order_value *value)
{
    switch (value->kind) {
    case EDM_ORDER_TEXT:
        return 3 + value->text.len;
    case EDM_ORDER_NULL:
        return 1;
    default:
        return 9;
    }
}

static bool values_fit(const struct edm_order_value *values, size_t count)
{
    size_t bytes = 0;

    for (size_t i = 0; i < count && bytes <= SKIPTOKEN_VALUES_MAX; i++)
        bytes += value_bytes(&values[i]);
    return bytes <= SKIPTOKEN_VALUES_MAX;
}

static void append_place(struct text *out, const struct skiptoken *token, size_t count)
{
    append_number(out, (uint64_t)token->now_ticks, 8);
    if (!values_fit(token->values, count)) {
        append_number(out, CUT, 1);
        append_number(out, skiptoken_digest(token->values, count), 8);
        return;
    }
    append_number(out, TOLD, 1);
    for (size_t i = 0; i < count; i++)
        append_value(out, &token->values[i]);
}

bool skiptoken_encode(const struct skiptoken *token, const struct skiptoken_scope *scope,
                      struct arena *arena, struct slice *ret_payload, struct error *err)
{
    size_t bytes = HEAD_BYTES + SIZE_BYTES + token->last_key.len;
    unsigned char head[HEAD_BYTES];
    struct text out;

    if (scope->order_count > 0)
        bytes += 9 + SKIPTOKEN_VALUES_MAX;
    text_init(&out, arena, bytes, bytes);
    write_head(scope, head);
    text_append(&out, (struct slice){ (const char *)head, sizeof head });
    append_number(&out, token->max_page_size, SIZE_BYTES);
    if (scope->order_count > 0)
        append_place(&out, token, scope->order_count);
    text_append(&out, token->last_key);
    if (out.failed)
        return error_no_memory(err);
    *ret_payload = text_slice(&out);
    return true;
}

/* --- reading --------------------------------------------------------------------------------- */

bool skiptoken_refuse(struct error *err)
{
    return error_set(err, ERROR_BAD_REQUEST, SLICE("$skiptoken"),
                     "The query specified in the URI is not valid. The $skiptoken is not valid "
                     "for this request.");
}

bool skiptoken_refuse_changed(struct error *err)
{
    return error_set(err, ERROR_BAD_REQUEST, SLICE("$skiptoken"),
                     "The query specified in the URI is not valid. The $skiptoken is not valid any "
                     "more: the resource behind which the list goes on was changed. Start again at "
                     "the first page.");
}

/* Takes a number off the front; false: there is less. */
static bool take_number(struct slice *rest, size_t bytes, uint64_t *ret)
{
    if (rest->len < bytes)
        return false;
    *ret = 0;
    for (size_t i = 0; i < bytes; i++)
        *ret = *ret << 8 | (unsigned char)rest->ptr[i];
    *rest = slice_sub(*rest, bytes, rest->len);
    return true;
}

static bool take_value(struct slice *rest, struct edm_order_value *ret)
{
    uint64_t kind, bits;

    if (!take_number(rest, 1, &kind))
        return false;
    *ret = (struct edm_order_value){ .kind = EDM_ORDER_NULL };
    switch (kind) {
    case EDM_ORDER_NULL:
        return true;
    case EDM_ORDER_INTEGER:
    case EDM_ORDER_REAL:
        if (!take_number(rest, 8, &bits))
            return false;
        ret->kind = (enum edm_order_value_kind)kind;
        if (kind == EDM_ORDER_REAL)
            memcpy(&ret->real, &bits, sizeof ret->real);
        else
            ret->integer = (int64_t)bits;
        return true;
    case EDM_ORDER_TEXT:
        if (!take_number(rest, 2, &bits) || rest->len < bits)
            return false;
        ret->kind = EDM_ORDER_TEXT;
        ret->text = slice_sub(*rest, 0, (size_t)bits);
        *rest = slice_sub(*rest, (size_t)bits, rest->len);
        return true;
    default:
        return false;
    }
}

static bool take_place(struct slice *rest, size_t count, struct edm_order_value *values,
                       struct skiptoken *ret)
{
    uint64_t now, how;

    if (!take_number(rest, 8, &now) || !take_number(rest, 1, &how))
        return false;
    ret->now_ticks = (int64_t)now;
    if (how == CUT)
        return take_number(rest, 8, &ret->values_digest);
    for (size_t i = 0; i < count; i++) {
        if (!take_value(rest, &values[i]))
            return false;
    }
    ret->values = values;
    ret->values_digest = skiptoken_digest(values, count);
    return how == TOLD;
}

bool skiptoken_decode(struct slice payload, const struct skiptoken_scope *scope,
                      struct arena *arena, struct skiptoken *ret, struct error *err)
{
    struct slice rest = slice_sub(payload, HEAD_BYTES, payload.len);
    struct edm_order_value *values = NULL;
    struct skiptoken token = { .now_ticks = 0 };
    unsigned char head[HEAD_BYTES];
    uint64_t size;

    if (scope->order_count > 0) {
        values = arena_new_array(arena, scope->order_count, struct edm_order_value);
        if (!values)
            return error_no_memory(err);
    }
    write_head(scope, head);
    if (payload.len < HEAD_BYTES || memcmp(payload.ptr, head, sizeof head) != 0 ||
        !take_number(&rest, SIZE_BYTES, &size) ||
        (values && !take_place(&rest, scope->order_count, values, &token)) || rest.len == 0)
        return skiptoken_refuse(err);
    token.max_page_size = (uint16_t)size;
    token.last_key = rest;
    *ret = token;
    return true;
}
