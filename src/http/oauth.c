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
#include "auth/issuer.h"
#include "base/arena.h"
#include "base/base64.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "edm/date_time.h"
#include "http/call.h"
#include "json/writer.h"

#define DOCUMENT_BYTES_MAX 16384
#define FORM_VALUE_MAX     4096
#define DEFAULT_SCOPE      SLICE("/.default")

static const struct slice json_type = SLICE_INIT("application/json; charset=utf-8");

/* A token request on its way; lives in the call's arena. */
struct grant {
    struct call *call;
    struct dispatch_job job;
    struct uuid tenant;
    struct slice grant_type, client_id, client_secret, scope, client_assertion;
    struct slice audience;
    enum client_verdict verdict;
    struct slice token;
};

/* --- errors, in the token service's own shape ------------------------------------------------ */

struct oauth_error {
    int status;
    const char *error;
    int code; /* AADSTS number */
};

static const struct oauth_error invalid_request = { 400, "invalid_request", 900144 };
static const struct oauth_error unsupported_grant = { 400, "unsupported_grant_type", 70003 };
static const struct oauth_error invalid_scope = { 400, "invalid_scope", 70011 };
static const struct oauth_error unknown_tenant = { 400, "invalid_request", 90002 };
static const struct oauth_error no_tenant = { 400, "invalid_request", 50059 };
static const struct oauth_error foreign_origin = { 400, "invalid_request", 50049 };
static const struct oauth_error unknown_client = { 400, "unauthorized_client", 700016 };
static const struct oauth_error wrong_secret = { 401, "invalid_client", 7000215 };
static const struct oauth_error wrong_tenant = { 400, "unauthorized_client", 700016 };
static const struct oauth_error assertions_off = { 401, "invalid_client", 700027 };

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

/* `client_id` is for the log; empty when it is not known. */
static COLD void finish_oauth_error(struct call *call, struct slice client_id,
                                    const struct oauth_error *error, const char *message)
{
    struct json_writer writer;
    struct slice description = SLICE_EMPTY;
    struct text body;
    char date[EDM_DATE_TIME_TEXT_MAX];

    if (!arena_printf(call->arena, &description, "AADSTS%d: %s", error->code, message))
        description = SLICE_EMPTY;
    text_init(&body, call->arena, 512, DOCUMENT_BYTES_MAX);
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
    call_finish_plain(call, error->status, json_type, text_slice(&body), false);
}

/* --- the token request ----------------------------------------------------------------------- */

/* Puts one decoded form field where it belongs. False: a field that counts was sent twice. */
static bool take_field(struct grant *grant, struct slice name, struct slice value)
{
    const struct {
        struct slice name;
        struct slice *to;
    } fields[] = {
        { SLICE("grant_type"), &grant->grant_type },
        { SLICE("client_id"), &grant->client_id },
        { SLICE("client_secret"), &grant->client_secret },
        { SLICE("scope"), &grant->scope },
        { SLICE("client_assertion"), &grant->client_assertion },
    };

    for (size_t i = 0; i < COUNT_OF(fields); i++) {
        if (slice_eq(name, fields[i].name)) {
            if (fields[i].to->ptr || value.len > FORM_VALUE_MAX)
                return false;
            *fields[i].to = value;
            return true;
        }
    }
    return true; /* RFC 6749 3.2: unrecognised parameters are ignored */
}

/* application/x-www-form-urlencoded */
static bool read_form(struct grant *grant, struct slice body)
{
    struct arena *arena = grant->call->arena;

    while (body.len > 0) {
        struct slice pair = body, name, value = SLICE("");

        if (!slice_cut(body, '&', &pair, &body))
            body = SLICE_EMPTY;
        name = pair;
        slice_cut(pair, '=', &name, &value);
        if (!odata_percent_decode(name, true, arena, &name, NULL) ||
            !odata_percent_decode(value, true, arena, &value, NULL) ||
            !take_field(grant, name, value))
            return false;
    }
    return true;
}

/* RFC 6749 2.3.1: both halves are form-encoded before they are joined and put into Basic. */
static bool read_basic(struct grant *grant)
{
    struct arena *arena = grant->call->arena;
    struct slice field =
        http_request_field(&grant->call->exchange->request, SLICE("Authorization"));
    struct slice decoded, id, secret;

    if (!slice_starts_with_nocase(field, SLICE("Basic ")))
        return true;
    if (grant->client_secret.ptr)
        return false; /* RFC 6749 2.3: not more than one way in a request */
    if (!base64_decode(arena, slice_trim(slice_sub(field, 6, field.len)), &decoded) ||
        !slice_cut(decoded, ':', &id, &secret) ||
        !odata_percent_decode(id, true, arena, &id, NULL) ||
        !odata_percent_decode(secret, true, arena, &secret, NULL))
        return false;
    if (grant->client_id.ptr && !slice_eq_nocase(grant->client_id, id))
        return false;
    grant->client_id = id;
    grant->client_secret = secret;
    return true;
}

static struct slice without_slash(struct slice s)
{
    return s.len > 0 && s.ptr[s.len - 1] == '/' ? slice_sub(s, 0, s.len - 1) : s;
}

/* "{audience}/.default": the audience, when tokens for it are ours to give. */
static bool find_audience(const struct token_rules *rules, struct slice scope, struct slice *ret)
{
    struct slice wanted;

    if (!slice_ends_with(scope, DEFAULT_SCOPE))
        return false;
    wanted = without_slash(slice_sub(scope, 0, scope.len - DEFAULT_SCOPE.len));
    for (size_t i = 0; i < rules->audience_count; i++) {
        if (slice_eq_nocase(wanted, without_slash(rules->audiences[i]))) {
            *ret = rules->audiences[i];
            return true;
        }
    }
    for (size_t i = 0; i < rules->origin_count; i++) {
        if (slice_eq_nocase(wanted, rules->origins[i])) {
            *ret = rules->origins[i];
            return true;
        }
    }
    return false;
}

/* The client's own roles, or every read-write permission of the model. */
static size_t granted_roles(const struct grant *grant, struct slice roles,
                            struct slice names[PERMISSIONS_MAX])
{
    const struct authorisation *authorisation = grant->call->loop->api->authorisation;
    size_t count = 0;

    if (roles.len == 0) {
        for (size_t i = 0; i < authorisation->permissions.count; i++)
            if (authorisation->read_write >> i & 1)
                names[count++] = authorisation->permissions.names[i];
        return count;
    }
    while (roles.len > 0 && count < PERMISSIONS_MAX) {
        struct slice name = roles;
        if (!slice_cut(roles, ' ', &name, &roles))
            roles = SLICE_EMPTY;
        if (name.len > 0)
            names[count++] = name;
    }
    return count;
}

/* On a reader's thread: the secret, then the signature. */
static bool run_grant(struct dispatch_job *job, struct store_session *session, struct error *err)
{
    struct grant *grant = CONTAINER_OF(job, struct grant, job);
    struct call *call = grant->call;
    const struct api *api = call->loop->api;
    struct slice names[PERMISSIONS_MAX];
    struct service_client client;

    if (!service_client_check(session, grant->client_id, grant->client_secret, grant->tenant,
                              call->arena, &grant->verdict, &client, err))
        return false;
    if (grant->verdict != CLIENT_ACCEPTED)
        return true;
    struct token_request request = {
        .origin = call->origin,
        .audience = grant->audience,
        .tenant = grant->tenant,
        .app_id = client.app_id,
        .app_name = client.name,
        .permissions = names,
        .permission_count = granted_roles(grant, client.roles, names),
        .now_unix_s = clock_now_unix_s(api->clock),
        .lifetime_s = api->token_lifetime_s,
    };
    return issuer_sign(api->rules->builtin, &request, call->arena, &grant->token, err);
}

static void finish_token(struct grant *grant)
{
    struct call *call = grant->call;
    struct json_writer writer;
    struct text body;

    text_init(&body, call->arena, 256 + grant->token.len, DOCUMENT_BYTES_MAX + grant->token.len);
    json_writer_init(&writer, &body);
    json_writer_object_begin(&writer);
    json_writer_plain_name(&writer, SLICE("token_type"));
    json_writer_string(&writer, SLICE("Bearer"));
    json_writer_plain_name(&writer, SLICE("expires_in"));
    json_writer_int(&writer, call->loop->api->token_lifetime_s - 1);
    json_writer_plain_name(&writer, SLICE("ext_expires_in"));
    json_writer_int(&writer, call->loop->api->token_lifetime_s - 1);
    json_writer_plain_name(&writer, SLICE("access_token"));
    json_writer_string(&writer, grant->token);
    json_writer_object_end(&writer);
    call_add_field(call, SLICE("Pragma"), SLICE("no-cache")); /* RFC 6749 5.1 */
    call_finish_plain(call, 200, json_type, text_slice(&body), false);
}

/* What is no GUID is not logged: people mix up the two fields, and that would be a secret. */
static COLD void refuse_grant(const struct grant *grant, const struct oauth_error *error,
                              const char *message)
{
    struct uuid id;
    bool is_id = uuid_parse(grant->client_id, &id);

    finish_oauth_error(grant->call, is_id ? grant->client_id : SLICE_EMPTY, error, message);
}

static void grant_done(struct dispatch_job *job)
{
    struct grant *grant = CONTAINER_OF(job, struct grant, job);
    struct call *call = grant->call;

    if (!job->ok) {
        call_finish_error(call, &job->error);
        return;
    }
    switch (grant->verdict) {
    case CLIENT_ACCEPTED:
        finish_token(grant);
        break;
    case CLIENT_UNKNOWN:
        refuse_grant(grant, &unknown_client,
                     "No client with this client_id is registered. Add it with "
                     "'connectord client add'.");
        break;
    case CLIENT_WRONG_SECRET:
        refuse_grant(grant, &wrong_secret, "Invalid client secret provided.");
        break;
    case CLIENT_WRONG_TENANT:
        refuse_grant(grant, &wrong_tenant,
                     "This client is not registered in the tenant that was asked for.");
        break;
    }
}

/* GUIDs are registered in lower case and sent in any. */
static bool fold_client_id(struct grant *grant)
{
    struct uuid id;
    char *text;

    if (!uuid_parse(grant->client_id, &id))
        return true;
    text = arena_alloc(grant->call->arena, UUID_TEXT_LEN);
    if (!text)
        return false;
    uuid_format(id, text);
    grant->client_id = (struct slice){ text, UUID_TEXT_LEN };
    return true;
}

/* Each check that needs no look-up. Answers the call and returns false when one fails. */
static bool check_grant(struct grant *grant)
{
    struct call *call = grant->call;
    const struct oauth_error *error = NULL;
    const char *message = NULL;

    if (!read_form(grant, call->exchange->request.body) || !read_basic(grant)) {
        error = &invalid_request;
        message = "The request body must be a form in which each parameter occurs once, with one "
                  "way of client authentication.";
    } else if (grant->grant_type.len == 0) {
        error = &invalid_request;
        message = "The request body must contain the following parameter: 'grant_type'.";
    } else if (!slice_eq(grant->grant_type, SLICE("client_credentials"))) {
        error = &unsupported_grant;
        message = "The grant type is not supported. Use 'client_credentials'.";
    } else if (grant->client_id.len == 0) {
        error = &invalid_request;
        message = "The request body must contain the following parameter: 'client_id'.";
    } else if (grant->client_assertion.ptr) {
        error = &assertions_off;
        message = "Client assertions are not supported. Use 'client_secret'.";
    } else if (grant->client_secret.len == 0) {
        error = &wrong_secret;
        message = "The request must contain the client's secret.";
    } else if (!find_audience(call->loop->api->rules, grant->scope, &grant->audience)) {
        error = &invalid_scope;
        message = "The scope must be '{resource}/.default', the resource being Graph's URL or an "
                  "origin of this server.";
    }
    if (error)
        refuse_grant(grant, error, message);
    return !error;
}

/* A GUID counts in any case, as Entra takes it; the registry keeps it in lower case. */
static bool lower_client_id(struct grant *grant)
{
    struct uuid id;
    char *text;

    if (!uuid_parse(grant->client_id, &id))
        return true;
    text = arena_alloc(grant->call->arena, UUID_TEXT_LEN);
    if (!text)
        return false;
    uuid_format(id, text);
    grant->client_id = (struct slice){ text, UUID_TEXT_LEN };
    return true;
}

static void handle_token(struct call *call, struct uuid tenant)
{
    struct grant *grant = arena_new(call->arena, struct grant);
    struct error error = { 0 };

    if (!grant) {
        error_no_memory(&error);
        call_finish_error(call, &error);
        return;
    }
    grant->call = call;
    grant->tenant = tenant;
    if (!check_grant(grant))
        return;
    if (!lower_client_id(grant)) {
        error_no_memory(&error);
        call_finish_error(call, &error);
        return;
    }
    if (!fold_client_id(grant)) {
        error_no_memory(&error);
        call_finish_error(call, &error);
        return;
    }
    grant->job =
        (struct dispatch_job){ .home = call->loop->loop, .run = run_grant, .done = grant_done };
    if (!dispatch_short_read(call->loop->api->dispatch, &grant->job)) {
        error_set(&error, ERROR_BUSY, SLICE_EMPTY, "The server is busy. Try again later.");
        call_finish_error(call, &error);
    }
}

/* --- documents ------------------------------------------------------------------------------- */

/* "name": "{origin}/{tenant}{rest}" */
static void write_url(struct json_writer *writer, const char *name, struct call *call,
                      struct slice tenant, const char *rest)
{
    struct text text;

    text_init(&text, call->arena, 128, 1024);
    text_append(&text, call->origin);
    text_append_char(&text, '/');
    text_append(&text, tenant);
    text_append(&text, slice_of(rest));
    json_writer_plain_name(writer, slice_of(name));
    json_writer_string(writer, text_slice(&text));
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

    text_init(&body, call->arena, 2048, DOCUMENT_BYTES_MAX);
    json_writer_init(&writer, &body);
    json_writer_object_begin(&writer);
    /* Of the shared authorities Entra says this literally: the tenant is the token's. */
    write_url(&writer, "issuer", call, is_shared ? SLICE("{tenantid}") : tenant, "/v2.0");
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
    call_finish_plain(call, 200, json_type, text_slice(&body), false);
}

static void handle_keys(struct call *call)
{
    struct text body;
    struct error error = { 0 };

    text_init(&body, call->arena, 1024, DOCUMENT_BYTES_MAX);
    if (!issuer_write_keys(call->loop->api->rules->builtin, &body, &error))
        call_finish_error(call, &error);
    else
        call_finish_plain(call, 200, json_type, text_slice(&body), false);
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

    text_init(&body, call->arena, 1024, DOCUMENT_BYTES_MAX);
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
    call_finish_plain(call, 200, json_type, text_slice(&body), false);
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
        finish_oauth_error(call, SLICE_EMPTY, &foreign_origin,
                           "This server does not answer for the origin that was asked. Add it with "
                           "--tls-name or --public-url.");
    else if (resource == OAUTH_INSTANCE)
        handle_instance(call);
    else if (!is_id && !is_shared)
        finish_oauth_error(call, SLICE_EMPTY, &unknown_tenant,
                           "The tenant was not found. Name it by its id, a GUID.");
    else if (resource == OAUTH_CONFIGURATION)
        handle_configuration(call, tenant, is_shared);
    else if (resource == OAUTH_KEYS)
        handle_keys(call);
    else if (!is_id)
        finish_oauth_error(call, SLICE_EMPTY, &no_tenant,
                           "No tenant-identifying information found. Ask the tenant's own "
                           "authority, /{tenant id}/oauth2/v2.0/token.");
    else
        handle_token(call, id);
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
