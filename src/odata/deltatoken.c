/* odata/deltatoken.c - packs where a client stands in a delta into a few bytes, and unpacks them.
 *
 *     byte 0        DELTATOKEN_FORMAT; another layout gets another number
 *     16 bytes      the tenant
 *     1 + n bytes   the set's name, its length in front
 *     1 byte        1: a round of changes, 0: of what there is, 2: of that, begun as a list
 *     4 x 8 bytes   since, until, sequence, when it was made
 *     2 bytes       the page size that was preferred
 *     2 + n bytes   the id
 *     2 + n bytes   the options
 *
 * Numbers have their most significant byte first. Every token has one spelling: what stands behind
 * the last field, or says "3" where a round is meant, is refused.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "odata/deltatoken.h"

#include <string.h>

#include "base/arena.h"
#include "base/text.h"

#define FIXED_BYTES (1 + 16 + 1 + 1 + 4 * 8 + 2 + 2 + 2)

enum { ROUND_OF_ALL, ROUND_OF_CHANGES, ROUND_OF_A_LIST };

/* --- writing -----------------------------------------------------------------------------------
 */

static void append_number(struct text *out, uint64_t number, size_t bytes)
{
    while (bytes-- > 0)
        text_append_char(out, (char)(unsigned char)(number >> 8 * bytes));
}

static bool check_lengths(const struct deltatoken *token, struct error *err)
{
    if (token->query.len > DELTATOKEN_QUERY_MAX)
        return error_set(err, ERROR_BAD_REQUEST, SLICE("$deltatoken"),
                         "The query options of a delta are %zu bytes long; its links have room for "
                         "%d.",
                         token->query.len, DELTATOKEN_QUERY_MAX);
    return token->id.len <= DELTATOKEN_ID_MAX ||
           error_set(err, ERROR_BAD_REQUEST, SLICE("$deltatoken"),
                     "A resource of this set has an id of %zu bytes; links of a delta have room "
                     "for %d.",
                     token->id.len, DELTATOKEN_ID_MAX);
}

bool deltatoken_encode(const struct deltatoken *token, const struct deltatoken_scope *scope,
                       struct arena *arena, struct slice *ret_payload, struct error *err)
{
    struct slice set = scope->type->set_name;
    size_t bytes = FIXED_BYTES + set.len + token->id.len + token->query.len;
    struct text out;

    if (!check_lengths(token, err))
        return false;
    text_init(&out, arena, bytes, bytes);
    append_number(&out, DELTATOKEN_FORMAT, 1);
    text_append(&out, (struct slice){ (const char *)scope->tenant.bytes, 16 });
    append_number(&out, set.len, 1);
    text_append(&out, set);
    append_number(&out,
                  token->follows ? ROUND_OF_CHANGES
                  : token->lists ? ROUND_OF_A_LIST
                                 : ROUND_OF_ALL,
                  1);
    append_number(&out, (uint64_t)token->since, 8);
    append_number(&out, (uint64_t)token->until, 8);
    append_number(&out, (uint64_t)token->sequence, 8);
    append_number(&out, (uint64_t)token->made_ticks, 8);
    append_number(&out, token->max_page_size, 2);
    append_number(&out, token->id.len, 2);
    text_append(&out, token->id);
    append_number(&out, token->query.len, 2);
    text_append(&out, token->query);
    if (out.failed)
        return error_no_memory(err);
    *ret_payload = text_slice(&out);
    return true;
}

/* --- reading -----------------------------------------------------------------------------------
 */

bool deltatoken_refuse(struct slice option, struct error *err)
{
    return error_set(err, ERROR_BAD_REQUEST, option,
                     "The query specified in the URI is not valid. The %.*s is not valid for this "
                     "request.",
                     SLICE_ARG(option));
}

static bool take_bytes(struct slice *rest, size_t bytes, struct slice *ret)
{
    if (rest->len < bytes)
        return false;
    *ret = slice_sub(*rest, 0, bytes);
    *rest = slice_sub(*rest, bytes, rest->len);
    return true;
}

static bool take_number(struct slice *rest, size_t bytes, uint64_t *ret)
{
    struct slice taken;

    if (!take_bytes(rest, bytes, &taken))
        return false;
    *ret = 0;
    for (size_t i = 0; i < bytes; i++)
        *ret = *ret << 8 | (unsigned char)taken.ptr[i];
    return true;
}

/* Below 0 there is no sequence, and no date. */
static bool take_positive(struct slice *rest, int64_t *ret)
{
    uint64_t number;

    if (!take_number(rest, 8, &number) || number > INT64_MAX)
        return false;
    *ret = (int64_t)number;
    return true;
}

static bool take_text(struct slice *rest, size_t length_bytes, size_t max, struct slice *ret)
{
    uint64_t len;

    return take_number(rest, length_bytes, &len) && len <= max &&
           take_bytes(rest, (size_t)len, ret);
}

static bool is_for(struct slice *rest, const struct deltatoken_scope *scope)
{
    struct slice tenant, set;
    uint64_t format;

    return take_number(rest, 1, &format) && format == DELTATOKEN_FORMAT &&
           take_bytes(rest, 16, &tenant) && memcmp(tenant.ptr, scope->tenant.bytes, 16) == 0 &&
           take_text(rest, 1, UINT8_MAX, &set) && slice_eq(set, scope->type->set_name);
}

bool deltatoken_decode(struct slice payload, const struct deltatoken_scope *scope,
                       struct deltatoken *ret)
{
    struct deltatoken token;
    uint64_t round, size;

    if (!is_for(&payload, scope) || !take_number(&payload, 1, &round) || round > ROUND_OF_A_LIST ||
        !take_positive(&payload, &token.since) || !take_positive(&payload, &token.until) ||
        !take_positive(&payload, &token.sequence) || !take_positive(&payload, &token.made_ticks) ||
        !take_number(&payload, 2, &size) || !take_text(&payload, 2, DELTATOKEN_ID_MAX, &token.id) ||
        !take_text(&payload, 2, DELTATOKEN_QUERY_MAX, &token.query) || payload.len > 0 ||
        token.since == 0)
        return false;
    token.follows = round == ROUND_OF_CHANGES;
    token.lists = round == ROUND_OF_A_LIST;
    token.max_page_size = (uint16_t)size;
    *ret = token;
    return true;
}
