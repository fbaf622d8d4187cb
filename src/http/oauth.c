/* http/oauth.c - the built-in token issuer's resources.
 *
 * Spec: RFC 6749 sections 2.3.1, 4.4 and 5 (client credentials), OpenID Connect Discovery 1.0, RFC
 * 7517 (keys), and the shapes that MSAL and azure-identity expect of Entra ID.
 *
 *     POST /{tenant}/oauth2/v2.0/token
 *     GET  /{tenant}/v2.0/.well-known/openid-configuration
 *     GET  /{tenant}/discovery/v2.0/keys, /{tenant}/discovery/keys
 *     GET  /common/discovery/instance
 *
 * Everything is said for the origin that was asked, since clients insist that the issuer has the
 * very host they called; an origin that is not this server's own is refused, or a forged Host field
 * could make us sign tokens in somebody else's name. Checking a secret and signing take a
 * millisecond, so they run on a thread of their own.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "http/oauth.h"

#include "auth/issuer.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "edm/date_time.h"
#include "http/call.h"
#include "odata/percent.h"
#include "json/writer.h"

const struct slice oauth_json_type = SLICE_INIT("application/json; charset=utf-8");

/* --- errors, in the token service's own shape ------------------------------------------------ */

static struct slice request_id_of(const struct call *call)
{
    return (struct slice){ call->request_id, UUID_TEXT_LEN };
}

/* "2024-01-21 15:57:55Z" */
static struct slice timestamp(const struct call *call, char memory[EDM_DATE_TIME_TEXT_MAX])
{
    int64_t now = clock_now_ticks(call->loop->api->clock);
    size_t len = edm_date_time_format(
        (struct edm_date_time){ .ticks = now - now % CLOCK_TICKS_PER_SECOND }, memory);

    memory[10] = ' ';
    return (struct slice){ memory, len };
}

COLD void oauth_finish_error(struct call *call, struct slice client_id,
                             const struct oauth_error *error, const char *message)
{
    struct json_writer writer;
    struct slice description = SLICE_EMPTY;
    struct text body;
    char date[EDM_DATE_TIME_TEXT_MAX];

    if (!arena_printf(call->arena, &description, "AADSTS%d: %s", error->code, message))
        description = SLICE_EMPTY;
    text_init(&body, call->arena, 512, OAUTH_DOCUMENT_BYTES_MAX);
    json_writer_init(&writer, &body);
    json_writer_object_begin(&writer);
    json_writer_plain_name(&writer, SLICE("error"));
    json_writer_string(&writer, slice_of(error->error));
    json_writer_plain_name(&writer, SLICE("error_description"));
    json_writer_string(&writer, description);
    json_writer_plain_name(&writer, SLICE("error_codes"));
    json_writer_array_begin(&writer);
    json_writer_int(&writer, error->code);
    json_writer_array_end(&writer);
    json_writer_plain_name(&writer, SLICE("timestamp"));
    json_writer_string(&writer, timestamp(call, date));
    json_writer_plain_name(&writer, SLICE("trace_id"));
    json_writer_string(&writer, request_id_of(call));
    json_writer_plain_name(&writer, SLICE("correlation_id"));
    json_writer_string(&writer, call->client_request_id);
    json_writer_object_end(&writer);

    log_begin(call->loop->log, LOG_WARNING, "token_request_refused");
    log_text(call->loop->log, "message", description);
    log_text(call->loop->log, "client_id", client_id);
    log_text(call->loop->log, "request_id", request_id_of(call));
    log_end(call->loop->log);
    if (error->status == 401)
        call_add_field(call, SLICE("WWW-Authenticate"), SLICE("Basic realm=\"connectord\""));
    call_finish_plain(call, error->status, oauth_json_type, text_slice(&body), false);
}

static const struct oauth_error unknown_tenant = { 400, "invalid_request", 90002 };
static const struct oauth_error no_tenant = { 400, "invalid_request", 50059 };
static const struct oauth_error foreign_origin = { 400, "invalid_request", 50049 };

/* --- documents ------------------------------------------------------------------------------- */

/* "name": "{origin}/{tenant}{rest}" */
static void write_url_at(struct json_writer *writer, const char *name, struct call *call,
                         struct slice origin, struct slice tenant, const char *rest)
{
    struct text text;

    text_init(&text, call->arena, 128, 1024);
    text_append(&text, origin);
    text_append_char(&text, '/');
    text_append(&text, tenant);
    text_append(&text, slice_of(rest));
    json_writer_plain_name(writer, slice_of(name));
    json_writer_string(writer, text_slice(&text));
}

static void write_url(struct json_writer *writer, const char *name, struct call *call,
                      struct slice tenant, const char *rest)
{
    write_url_at(writer, name, call, call->origin, tenant, rest);
}

static void write_list(struct json_writer *writer, const char *name, const char *const *values,
                       size_t count)
{
    json_writer_plain_name(writer, slice_of(name));
    json_writer_array_begin(writer);
    for (size_t i = 0; i < count; i++)
        json_writer_string(writer, slice_of(values[i]));
    json_writer_array_end(writer);
}

static void handle_configuration(struct call *call, struct slice tenant, bool is_shared)
{
    static const char *const methods[] = { "client_secret_post", "client_secret_basic" };
    static const char *const grants[] = { "client_credentials" };
    static const char *const response_types[] = { "token" };
    static const char *const subjects[] = { "pairwise" };
    static const char *const algorithms[] = { "RS256" };
    static const char *const claims[] = { "aud", "iss", "iat",   "nbf", "exp",  "tid",
                                          "oid", "sub", "roles", "scp", "appid" };
    struct json_writer writer;
    struct text body;

    text_init(&body, call->arena, 2048, OAUTH_DOCUMENT_BYTES_MAX);
    json_writer_init(&writer, &body);
    json_writer_object_begin(&writer);
    /* Of the shared authorities Entra says this literally: the tenant is the token's. */
    write_url_at(&writer, "issuer", call, call->issuer, is_shared ? SLICE("{tenantid}") : tenant,
                 "/v2.0");
    write_url(&writer, "authorization_endpoint", call, tenant, "/oauth2/v2.0/authorize");
    write_url(&writer, "token_endpoint", call, tenant, "/oauth2/v2.0/token");
    write_url(&writer, "jwks_uri", call, tenant, "/discovery/v2.0/keys");
    write_list(&writer, "token_endpoint_auth_methods_supported", methods, COUNT_OF(methods));
    write_list(&writer, "grant_types_supported", grants, COUNT_OF(grants));
    write_list(&writer, "response_types_supported", response_types, COUNT_OF(response_types));
    write_list(&writer, "subject_types_supported", subjects, COUNT_OF(subjects));
    write_list(&writer, "id_token_signing_alg_values_supported", algorithms, COUNT_OF(algorithms));
    write_list(&writer, "claims_supported", claims, COUNT_OF(claims));
    json_writer_object_end(&writer);
    call_finish_plain(call, 200, oauth_json_type, text_slice(&body), false);
}

static void handle_keys(struct call *call)
{
    struct text body;
    struct error error = { 0 };

    text_init(&body, call->arena, 1024, OAUTH_DOCUMENT_BYTES_MAX);
    if (!issuer_write_keys(call->loop->api->rules->builtin, &body, &error))
        call_finish_error(call, &error);
    else
        call_finish_plain(call, 200, oauth_json_type, text_slice(&body), false);
}

/* The tenant in ...&authorization_endpoint=https%3A%2F%2Fhost%2F{tenant}%2Foauth2..., or "common".
 */
static struct slice asked_tenant(struct call *call)
{
    struct slice query = call->exchange->request.query;

    while (query.len > 0) {
        struct slice pair = query, name, value;

        if (!slice_cut(query, '&', &pair, &query))
            query = SLICE_EMPTY;
        if (slice_cut(pair, '=', &name, &value) &&
            slice_eq(name, SLICE("authorization_endpoint")) &&
            odata_percent_decode(value, true, call->arena, &value, NULL) &&
            slice_starts_with_nocase(value, SLICE("https://"))) {
            struct slice tenant, ignored;
            struct uuid id;
            if (slice_cut(slice_sub(value, 8, value.len), '/', &ignored, &tenant)) {
                slice_cut(tenant, '/', &tenant, &ignored);
                if (uuid_parse(tenant, &id))
                    return tenant;
            }
        }
    }
    return SLICE("common");
}

static void handle_instance(struct call *call)
{
    struct slice host = call->exchange->request.authority;
    struct json_writer writer;
    struct text body;

    text_init(&body, call->arena, 1024, OAUTH_DOCUMENT_BYTES_MAX);
    json_writer_init(&writer, &body);
    json_writer_object_begin(&writer);
    write_url(&writer, "tenant_discovery_endpoint", call, asked_tenant(call),
              "/v2.0/.well-known/openid-configuration");
    json_writer_plain_name(&writer, SLICE("api-version"));
    json_writer_string(&writer, SLICE("1.1"));
    json_writer_plain_name(&writer, SLICE("metadata"));
    json_writer_array_begin(&writer);
    json_writer_object_begin(&writer);
    json_writer_plain_name(&writer, SLICE("preferred_network"));
    json_writer_string(&writer, host);
    json_writer_plain_name(&writer, SLICE("preferred_cache"));
    json_writer_string(&writer, host);
    json_writer_plain_name(&writer, SLICE("aliases"));
    json_writer_array_begin(&writer);
    json_writer_string(&writer, host);
    json_writer_array_end(&writer);
    json_writer_object_end(&writer);
    json_writer_array_end(&writer);
    json_writer_object_end(&writer);
    call_finish_plain(call, 200, oauth_json_type, text_slice(&body), false);
}

/* --- addresses ------------------------------------------------------------------------------- */

enum oauth_resource { OAUTH_TOKEN, OAUTH_CONFIGURATION, OAUTH_KEYS, OAUTH_INSTANCE };

static const struct {
    struct slice rest; /* behind "/{tenant}" */
    enum oauth_resource resource;
} addresses[] = {
    { SLICE_INIT("/oauth2/v2.0/token"), OAUTH_TOKEN },
    { SLICE_INIT("/v2.0/.well-known/openid-configuration"), OAUTH_CONFIGURATION },
    { SLICE_INIT("/discovery/v2.0/keys"), OAUTH_KEYS },
    { SLICE_INIT("/discovery/keys"), OAUTH_KEYS },
    { SLICE_INIT("/discovery/instance"), OAUTH_INSTANCE },
};

static bool find_resource(struct slice path, struct slice *ret_tenant, enum oauth_resource *ret)
{
    struct slice behind = slice_sub(path, 1, path.len);
    size_t slash = slice_index(behind, '/');
    struct slice rest = slice_sub(behind, slash, behind.len);

    for (size_t i = 0; i < COUNT_OF(addresses); i++) {
        if (slice_eq_nocase(rest, addresses[i].rest)) {
            *ret_tenant = slice_sub(behind, 0, slash);
            *ret = addresses[i].resource;
            return true;
        }
    }
    return false;
}

static bool is_shared_authority(struct slice tenant)
{
    return slice_eq_nocase(tenant, SLICE("common")) ||
           slice_eq_nocase(tenant, SLICE("organizations"));
}

static void refuse_method(struct call *call, struct slice allow)
{
    struct error error = { 0 };

    call_add_field(call, SLICE("Allow"), allow);
    error_set(&error, ERROR_METHOD_NOT_ALLOWED, SLICE_EMPTY,
              "Specified HTTP method is not allowed for the request target.");
    call_finish_error(call, &error);
}

static void answer(struct call *call, enum oauth_resource resource, struct slice tenant)
{
    struct uuid id;
    bool is_id = uuid_parse(tenant, &id), is_shared = is_shared_authority(tenant);

    if (!call->own_origin)
        oauth_finish_error(call, SLICE_EMPTY, &foreign_origin,
                           "This server does not answer for the origin that was asked. Add it with "
                           "--tls-name or --public-url.");
    else if (resource == OAUTH_INSTANCE)
        handle_instance(call);
    else if (!is_id && !is_shared)
        oauth_finish_error(call, SLICE_EMPTY, &unknown_tenant,
                           "The tenant was not found. Name it by its id, a GUID.");
    else if (resource == OAUTH_CONFIGURATION)
        handle_configuration(call, tenant, is_shared);
    else if (resource == OAUTH_KEYS)
        handle_keys(call);
    else if (!is_id)
        oauth_finish_error(call, SLICE_EMPTY, &no_tenant,
                           "No tenant-identifying information found. Ask the tenant's own "
                           "authority, /{tenant id}/oauth2/v2.0/token.");
    else
        oauth_grant_handle(call, id);
}

bool oauth_handle(struct call *call)
{
    const struct http_request *request = &call->exchange->request;
    enum oauth_resource resource;
    struct slice tenant;
    bool is_post = request->method == HTTP_POST;
    bool is_get = request->method == HTTP_GET || request->method == HTTP_HEAD;

    if (!call->loop->api->rules->builtin || !find_resource(request->path, &tenant, &resource))
        return false;
    if (resource == OAUTH_TOKEN ? !is_post : !is_get)
        refuse_method(call, resource == OAUTH_TOKEN ? SLICE("POST") : SLICE("GET, HEAD"));
    else
        answer(call, resource, tenant);
    return true;
}
