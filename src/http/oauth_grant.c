/* http/oauth_grant.c - the token endpoint: client credentials, by form and by Basic.
 *
 * Spec: RFC 6749 sections 2.3.1 (client authentication), 4.4 (the grant), 5.1 and 5.2 (answers).
 *
 * What can be checked without a look-up is checked on the loop. Checking the secret and signing
 * take a millisecond, so they run on the thread for short reads, and the answer is made when the
 * job comes home.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "auth/issuer.h"
#include "base/arena.h"
#include "base/base64.h"
#include "base/clock.h"
#include "base/repeatable.h"
#include "base/text.h"
#include "http/call.h"
#include "http/coding.h"
#include "http/oauth.h"
#include "odata/percent.h"
#include "json/writer.h"

#define FORM_VALUE_MAX 4096
#define FORM_BYTES_MAX 65536 /* of one that comes compressed, from who has shown nothing yet */
#define DEFAULT_SCOPE  SLICE("/.default")

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

static const struct oauth_error invalid_request = { 400, "invalid_request", 900144 };
static const struct oauth_error unsupported_grant = { 400, "unsupported_grant_type", 70003 };
static const struct oauth_error invalid_scope = { 400, "invalid_scope", 70011 };
static const struct oauth_error unknown_client = { 400, "unauthorized_client", 700016 };
static const struct oauth_error wrong_secret = { 401, "invalid_client", 7000215 };
static const struct oauth_error wrong_tenant = { 400, "unauthorized_client", 700016 };
static const struct oauth_error assertions_off = { 401, "invalid_client", 700027 };

/* --- reading the request --------------------------------------------------------------------- */

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

/* MSAL for Go asks for these with every grant, and Entra passes over them where nobody signs in. */
static bool is_openid_scope(struct slice scope)
{
    return slice_eq(scope, SLICE("openid")) || slice_eq(scope, SLICE("offline_access")) ||
           slice_eq(scope, SLICE("profile"));
}

/* The one scope that names a resource; false for none, or more. */
static bool resource_scope(struct slice scopes, struct slice *ret)
{
    struct slice found = SLICE_EMPTY;

    while (scopes.len > 0) {
        struct slice scope = scopes;

        if (!slice_cut(scopes, ' ', &scope, &scopes))
            scopes = SLICE_EMPTY;
        if (scope.len == 0 || is_openid_scope(scope))
            continue;
        if (found.len > 0)
            return false;
        found = scope;
    }
    *ret = found;
    return found.len > 0;
}

/* "{audience}/.default": the audience, when tokens for it are ours to give. */
static bool find_audience(const struct token_rules *rules, struct slice scopes, struct slice *ret)
{
    struct slice scope, wanted;

    if (!resource_scope(scopes, &scope) || !slice_ends_with(scope, DEFAULT_SCOPE))
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

    if (roles.len == 0)
        return authorisation_read_write_names(authorisation, names);
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
        .origin = call->issuer,
        .audience = grant->audience,
        .tenant = grant->tenant,
        .app_id = client.app_id,
        .app_name = client.name,
        .permissions = names,
        .permission_count = granted_roles(grant, client.roles, names),
        .now_unix_s = clock_now_unix_s(api->clock),
        .lifetime_s = api->token_lifetime_s,
    };
    if (api->repeatable)
        request.token_id = repeatable_uuid(api->repeatable, REPEATABLE_TOKENS);
    return issuer_sign(api->rules->builtin, &request, call->arena, &grant->token, err);
}

static void finish_token(struct grant *grant)
{
    struct call *call = grant->call;
    struct json_writer writer;
    struct text body;

    text_init(&body, call->arena, 256 + grant->token.len,
              OAUTH_DOCUMENT_BYTES_MAX + grant->token.len);
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
    call_finish_plain(call, 200, oauth_json_type, text_slice(&body), false);
}

/* What is no GUID is not logged: people mix up the two fields, and that would be a secret. */
static COLD void refuse_grant(const struct grant *grant, const struct oauth_error *error,
                              const char *message)
{
    struct uuid id;
    bool is_id = uuid_parse(grant->client_id, &id);

    oauth_finish_error(grant->call, is_id ? grant->client_id : SLICE_EMPTY, error, message);
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

static bool inflate_form(struct grant *grant)
{
    struct error error = { 0 };

    if (coding_read_body(grant->call, FORM_BYTES_MAX, &error))
        return true;
    const struct oauth_error refusal = { http_status_of(error.code), "invalid_request", 900144 };
    refuse_grant(grant, &refusal, error.message);
    return false;
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

void oauth_grant_handle(struct call *call, struct uuid tenant)
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
    if (!inflate_form(grant) || !check_grant(grant))
        return;
    if (!lower_client_id(grant)) {
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
