/* auth/jwt.c - the outside of a token: its three parts, its header, its signature.
 *
 *     base64url(header) "." base64url(claims) "." base64url(signature)
 *
 * The order is the cheapest first, and nothing of the claims is looked at before the signature was
 * found good: size, three parts, strict base64url (padding, blanks and left-over bits refused, so
 * that a token has one spelling and the cache one key for it), header, signature, claims.
 *
 * The header decides nothing (RFC 8725 section 3.1). "alg" must name what our key does anyway,
 * which leaves no room for "none" or for HS256 with the public key as its secret; "kid" may only
 * confirm the one key there is; keys or addresses of keys in it ("jwk", "jku", "x5c", "x5u") are
 * passed over like every other member we do not know. "crit" says that passing over is not allowed,
 * and since we know no extension it refuses the token (RFC 7515 section 4.1.11). "typ" keeps other
 * kinds of JWT signed by the same key from being taken for an access token.
 */
#include "auth/jwt.h"

#include "auth/issuer.h"
#include "auth/jwt_claims.h"
#include "auth/jwt_refusal.h"
#include "base/arena.h"
#include "base/base64.h"
#include "json/reader.h"

/* A token cut into its parts, and where a refusal goes. */
struct compact {
    struct slice message; /* header "." claims, as they were signed */
    struct slice header, claims, signature;
    struct arena *arena;
    const char **ret_cause;
    struct error *err;
};

/* The header's members that can refuse a token; an absent one has no pointer. */
struct header {
    struct slice alg, kid, typ;
    bool crit;
};

static bool refuse(const struct compact *compact, enum jwt_refusal why)
{
    return jwt_refuse(why, compact->ret_cause, compact->err);
}

static bool cut_parts(struct compact *compact, struct slice token)
{
    struct slice rest;

    if (!slice_cut(token, '.', &compact->header, &rest) ||
        !slice_cut(rest, '.', &compact->claims, &compact->signature) ||
        slice_index(compact->signature, '.') != compact->signature.len)
        return refuse(compact, JWT_REFUSE_PARTS);
    compact->message = slice_sub(token, 0, compact->header.len + 1 + compact->claims.len);
    return true;
}

/* The decoder fails alike for a bad text and for want of room; room for the text tells them apart.
 */
static bool decode_part(const struct compact *compact, struct slice part, struct slice *ret)
{
    if (base64url_decode(compact->arena, part, ret))
        return true;
    return arena_alloc(compact->arena, part.len) ? refuse(compact, JWT_REFUSE_BASE64)
                                                 : error_no_memory(compact->err);
}

static bool header_not_json(const struct compact *compact, const struct error *wrong)
{
    return wrong->code == ERROR_TOO_LARGE ? error_no_memory(compact->err)
                                          : refuse(compact, JWT_REFUSE_HEADER_JSON);
}

/* Reads the value of the member `name`, which the reader stands before. */
static bool read_header_member(const struct compact *compact, struct json_reader *reader,
                               struct slice name, struct header *header)
{
    struct slice *text = slice_eq(name, SLICE("alg"))   ? &header->alg
                         : slice_eq(name, SLICE("kid")) ? &header->kid
                         : slice_eq(name, SLICE("typ")) ? &header->typ
                                                        : NULL;
    struct error wrong = { 0 };
    struct json_token token;

    if (!text) {
        header->crit = header->crit || slice_eq(name, SLICE("crit"));
        return json_reader_skip(reader, NULL, &wrong) || header_not_json(compact, &wrong);
    }
    if (!json_reader_next(reader, &token, &wrong))
        return header_not_json(compact, &wrong);
    if (token.kind != JSON_STRING)
        return refuse(compact, JWT_REFUSE_HEADER_TYPE);
    *text = token.text.len ? token.text : SLICE("");
    return true;
}

static bool read_header(const struct compact *compact, struct slice json, struct header *ret)
{
    struct header header = { .crit = false };
    struct json_reader reader;
    struct json_token token;
    struct error wrong = { 0 };

    json_reader_init(&reader, json, compact->arena, JWT_JSON_DEPTH);
    if (!json_reader_next(&reader, &token, &wrong) || token.kind != JSON_OBJECT_BEGIN)
        return header_not_json(compact, &wrong);
    for (;;) {
        if (!json_reader_next(&reader, &token, &wrong))
            return header_not_json(compact, &wrong);
        if (token.kind == JSON_OBJECT_END)
            break;
        if (!read_header_member(compact, &reader, token.text, &header))
            return false;
    }
    if (!json_reader_finish(&reader, &wrong))
        return header_not_json(compact, &wrong);
    *ret = header;
    return true;
}

/* RFC 9068 section 2.1 names access tokens "at+jwt"; Entra's are "JWT". Media types know no case.
 */
static bool is_token_type(struct slice typ)
{
    return slice_eq_nocase(typ, SLICE("JWT")) || slice_eq_nocase(typ, SLICE("at+jwt"));
}

static bool check_header(const struct compact *compact, const struct header *header)
{
    if (!slice_eq(header->alg, SLICE("RS256")))
        return refuse(compact, JWT_REFUSE_ALG);
    if (header->crit)
        return refuse(compact, JWT_REFUSE_CRIT);
    if (header->typ.ptr && !is_token_type(header->typ))
        return refuse(compact, JWT_REFUSE_TYP);
    return true;
}

static bool check_signature(const struct compact *compact, const struct header *header,
                            const struct issuer *issuer, struct slice signature)
{
    if (!issuer)
        return refuse(compact, JWT_REFUSE_NO_ISSUER);
    if (header->kid.ptr && !slice_eq(header->kid, issuer_key_id(issuer)))
        return refuse(compact, JWT_REFUSE_KID);
    return issuer_verify(issuer, compact->message, signature) ||
           refuse(compact, JWT_REFUSE_SIGNATURE);
}

bool jwt_verify(const struct token_rules *rules, struct slice token, int64_t now_unix_s,
                struct arena *arena, struct principal *ret_who, const char **ret_cause,
                struct error *err)
{
    struct compact compact = { .arena = arena, .ret_cause = ret_cause, .err = err };
    struct slice header_json, claims_json, signature;
    struct header header = { .crit = false };

    if (token.len == 0)
        return refuse(&compact, JWT_REFUSE_EMPTY);
    if (token.len > rules->token_bytes_max)
        return refuse(&compact, JWT_REFUSE_OVERSIZE);
    if (!cut_parts(&compact, token) || !decode_part(&compact, compact.header, &header_json) ||
        !decode_part(&compact, compact.claims, &claims_json) ||
        !decode_part(&compact, compact.signature, &signature))
        return false;
    return read_header(&compact, header_json, &header) && check_header(&compact, &header) &&
           check_signature(&compact, &header, rules->builtin, signature) &&
           jwt_claims_read(rules, claims_json, now_unix_s, arena, ret_who, ret_cause, err);
}
