/* auth/issued_claims.c - what the built-in issuer says in its tokens.
 *
 * They carry the claims of a Graph token in the v2 form, since "iss" ends in /v2.0. There is no
 * directory of users or service principals to take an object id from, so it is derived: the first
 * 128 bits of SHA-256 over tenant, kind and name, dressed as a version 8 UUID (RFC 9562 5.8).
 */
#include "auth/issued_claims.h"

#include <string.h>

#include "auth/sha256.h"
#include "base/arena.h"
#include "base/base64.h"
#include "base/text.h"
#include "json/writer.h"

#define UNIX_S_MAX INT64_C(253402300799) /* the end of the year 9999 */

/* The token's times, checked, and its derived names. */
struct token_facts {
    int64_t expires_unix_s;
    struct uuid object; /* of the app, or of the user */
    struct uuid pair;   /* of the user as this app sees them */
};

static bool is_scope_token(struct slice name)
{
    for (size_t i = 0; i < name.len; i++) {
        unsigned char c = (unsigned char)name.ptr[i];

        if (c <= ' ' || c == '"' || c == '\\' || c >= 0x7f)
            return false;
    }
    return name.len > 0;
}

/* A name with a blank in it would become two scopes in "scp". */
static bool check_permissions(const struct token_request *request, struct error *err)
{
    for (size_t i = 0; i < request->permission_count; i++) {
        if (!is_scope_token(request->permissions[i]))
            return error_set(err, ERROR_BAD_REQUEST, SLICE_EMPTY,
                             "permission %zu is not a name without blanks and quotes", i + 1);
    }
    return true;
}

static bool find_end(const struct token_request *request, int64_t *ret, struct error *err)
{
    int64_t end;

    if (__builtin_add_overflow(request->now_unix_s, request->lifetime_s, &end) || end < 0 ||
        end > UNIX_S_MAX || request->now_unix_s < 0)
        return error_set(err, ERROR_BAD_REQUEST, SLICE_EMPTY,
                         "a token's times lie between the years 1970 and 9999");
    *ret = end;
    return true;
}

/* The same id for the same names, everywhere and always. */
static bool derive_id(const struct token_request *request, struct slice kind, struct slice app,
                      struct slice user, struct arena *arena, struct uuid *ret)
{
    uint8_t digest[SHA256_BYTES];
    struct text names;

    text_init(&names, arena, 256, ISSUED_TOKEN_BYTES_MAX);
    text_append(&names, (struct slice){ (const char *)request->tenant.bytes, 16 });
    text_append(&names, kind);
    text_append_char(&names, '\0');
    text_append(&names, app);
    text_append_char(&names, '\0');
    text_append(&names, user);
    if (names.failed || !sha256_digest(text_slice(&names), digest))
        return false;
    memcpy(ret->bytes, digest, sizeof ret->bytes);
    ret->bytes[6] = (uint8_t)((ret->bytes[6] & 0x0f) | 0x80); /* version 8 */
    ret->bytes[8] = (uint8_t)((ret->bytes[8] & 0x3f) | 0x80); /* variant */
    return true;
}

static bool find_facts(const struct token_request *request, struct arena *arena,
                       struct token_facts *ret, struct error *err)
{
    struct token_facts facts = { 0 };
    bool ok;

    if (!check_permissions(request, err) || !find_end(request, &facts.expires_unix_s, err))
        return false;
    if (request->user.len) {
        ok = derive_id(request, SLICE("user"), SLICE_EMPTY, request->user, arena, &facts.object) &&
             derive_id(request, SLICE("pair"), request->app_id, request->user, arena, &facts.pair);
    } else {
        ok = derive_id(request, SLICE("app"), request->app_id, SLICE_EMPTY, arena, &facts.object);
        facts.pair = facts.object; /* app-only: "sub" equals "oid" */
    }
    if (!ok)
        return error_no_memory(err);
    *ret = facts;
    return true;
}

static void write_text(struct json_writer *writer, struct slice name, struct slice value)
{
    json_writer_plain_name(writer, name);
    json_writer_string(writer, value);
}

static void write_text_unless_empty(struct json_writer *writer, struct slice name,
                                    struct slice value)
{
    if (value.len)
        write_text(writer, name, value);
}

static void write_time(struct json_writer *writer, struct slice name, int64_t unix_s)
{
    json_writer_plain_name(writer, name);
    json_writer_int(writer, unix_s);
}

static void write_uuid(struct json_writer *writer, struct slice name, struct uuid id)
{
    char text[UUID_TEXT_LEN];

    uuid_format(id, text);
    write_text(writer, name, (struct slice){ text, sizeof text });
}

static void write_issuer(struct json_writer *writer, const struct token_request *request,
                         struct arena *arena)
{
    char tenant[UUID_TEXT_LEN];
    struct text iss;

    uuid_format(request->tenant, tenant);
    text_init(&iss, arena, request->origin.len + 64, ISSUED_TOKEN_BYTES_MAX);
    text_append(&iss, request->origin);
    text_append_char(&iss, '/');
    text_append(&iss, (struct slice){ tenant, sizeof tenant });
    text_append(&iss, SLICE("/v2.0"));
    if (iss.failed)
        writer->out->failed = true;
    write_text(writer, SLICE("iss"), text_slice(&iss));
}

static void write_roles(struct json_writer *writer, const struct token_request *request)
{
    json_writer_plain_name(writer, SLICE("roles"));
    json_writer_array_begin(writer);
    for (size_t i = 0; i < request->permission_count; i++)
        json_writer_string(writer, request->permissions[i]);
    json_writer_array_end(writer);
}

static void write_scopes(struct json_writer *writer, const struct token_request *request,
                         struct arena *arena)
{
    struct text scp;

    text_init(&scp, arena, 0, ISSUED_TOKEN_BYTES_MAX);
    for (size_t i = 0; i < request->permission_count; i++) {
        if (i)
            text_append_char(&scp, ' ');
        text_append(&scp, request->permissions[i]);
    }
    if (scp.failed)
        writer->out->failed = true;
    write_text(writer, SLICE("scp"), text_slice(&scp));
}

/* "uti" tells one token from another that says the same. */
static void write_token_id(struct json_writer *writer, struct uuid given)
{
    static const struct uuid none = { { 0 } };
    char memory[22];
    struct text id;

    if (uuid_eq(given, none))
        random_bytes(given.bytes, sizeof given.bytes);
    text_init_fixed(&id, memory, sizeof memory);
    base64url_append(&id, given.bytes, sizeof given.bytes);
    write_text(writer, SLICE("uti"), text_slice(&id));
}

static void write_claims(const struct token_request *request, const struct token_facts *facts,
                         struct arena *arena, struct text *out)
{
    struct json_writer writer;

    json_writer_init(&writer, out);
    json_writer_object_begin(&writer);
    write_text(&writer, SLICE("aud"), request->audience);
    write_issuer(&writer, request, arena);
    write_time(&writer, SLICE("iat"), request->now_unix_s);
    write_time(&writer, SLICE("nbf"), request->now_unix_s);
    write_time(&writer, SLICE("exp"), facts->expires_unix_s);
    write_text_unless_empty(&writer, SLICE("app_displayname"), request->app_name);
    write_text_unless_empty(&writer, SLICE("appid"), request->app_id);
    write_text_unless_empty(&writer, SLICE("azp"), request->app_id);
    write_text(&writer, SLICE("idtyp"), request->user.len ? SLICE("user") : SLICE("app"));
    write_uuid(&writer, SLICE("oid"), facts->object);
    if (!request->user.len)
        write_roles(&writer, request);
    else
        write_scopes(&writer, request, arena);
    write_uuid(&writer, SLICE("sub"), facts->pair);
    write_uuid(&writer, SLICE("tid"), request->tenant);
    write_text_unless_empty(&writer, SLICE("upn"), request->user);
    write_token_id(&writer, request->token_id);
    write_text(&writer, SLICE("ver"), SLICE("2.0"));
    json_writer_object_end(&writer);
}

bool issued_claims(const struct token_request *request, struct arena *arena, struct slice *ret,
                   struct error *err)
{
    struct token_facts facts = { 0 };
    struct text claims;

    if (!find_facts(request, arena, &facts, err))
        return false;
    text_init(&claims, arena, 1024, ISSUED_TOKEN_BYTES_MAX);
    write_claims(request, &facts, arena, &claims);
    if (claims.failed)
        return error_no_memory(err);
    *ret = text_slice(&claims);
    return true;
}
