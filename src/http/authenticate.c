/* http/authenticate.c - from the Authorization field to a principal.
 *
 * A token that was verified before is found in the loop's cache and only its times are checked
 * again. A refusal is answered with Graph's words and the field that tells a client where tokens
 * come from, and logged with the client's name and the likely cause, because a client that drops
 * its token silently is the most common first failure of all.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "auth/principal_cache.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "http/call.h"

/* The token behind "Bearer", any case; empty when there is none. */
static struct slice bearer_token(const struct http_request *request, bool *ret_given)
{
    struct slice field = http_request_field(request, SLICE("Authorization"));

    *ret_given = field.len > 0;
    if (!slice_starts_with_nocase(field, SLICE("Bearer")) ||
        (field.len > 6 && field.ptr[6] != ' ' && field.ptr[6] != '\t'))
        return SLICE_EMPTY;
    return slice_trim(slice_sub(field, 6, field.len));
}

/* The times at which a token may be good: the server's, and where that stands still the machine's
 * too, since other tools make tokens by theirs. */
static size_t times_of(const struct api *api, int64_t times[2])
{
    times[0] = clock_now_unix_s(api->clock);
    times[1] = (int64_t)(clock_machine_unix_ms() / 1000);
    return api->repeatable ? 2 : 1;
}

static bool verify_token(struct call *call, struct slice token, struct principal *ret,
                         const char **ret_cause, struct error *err)
{
    const struct api *api = call->loop->api;
    int64_t times[2];
    size_t count = times_of(api, times);
    struct error why = { 0 };

    for (size_t i = 0; i < count; i++) {
        if (jwt_verify(api->rules, token, times[i], call->arena, ret, ret_cause, &why))
            return true;
    }
    *err = why;
    return false;
}

static bool check_times(const struct api *api, const struct principal *who, struct error *err)
{
    int64_t times[2];
    size_t count = times_of(api, times);
    struct error why = { 0 };

    for (size_t i = 0; i < count; i++) {
        if (jwt_check_times(who, times[i], &why))
            return true;
    }
    *err = why;
    return false;
}

static bool verify(struct call *call, struct slice token, const char **ret_cause, struct error *err)
{
    struct api_loop *loop = call->loop;
    const struct principal *known = principal_cache_find(loop->principals, token);
    struct principal *who;

    who = arena_new(call->arena, struct principal);
    if (!who)
        return error_no_memory(err);
    if (!known) {
        if (!verify_token(call, token, who, ret_cause, err))
            return false;
        principal_cache_put(loop->principals, token, who);
        call->who = who;
        return true;
    }
    *ret_cause = "expired_or_early";
    if (!check_times(loop->api, known, err))
        return false;
    /* What the cache handed out lives until its next use; the call may last longer. */
    *who = *known;
    who->subject = who->app_id = who->app_name = who->user = SLICE_EMPTY;
    if (call->began_us && !arena_copy(call->arena, known->app_id, &who->app_id))
        return error_no_memory(err);
    call->who = who;
    return true;
}

static COLD void log_refusal(struct call *call, const char *cause, const struct error *error)
{
    const struct http_request *request = &call->exchange->request;
    struct log *log = call->loop->log;

    log_begin(log, LOG_WARNING, "token_refused");
    log_text(log, "cause", slice_of(cause));
    log_text(log, "message", slice_of(error->message));
    log_text(log, "user_agent", http_request_field(request, SLICE("User-Agent")));
    log_text(log, "sdk_version", http_request_field(request, SLICE("SdkVersion")));
    log_text(log, "path", request->path);
    log_text(log, "request_id", (struct slice){ call->request_id, UUID_TEXT_LEN });
    log_end(log);
}

static COLD bool refuse(struct call *call, const char *cause, struct error *err)
{
    struct slice challenge;

    log_refusal(call, cause, err);
    if (err->code == ERROR_UNAUTHORIZED &&
        arena_printf(call->arena, &challenge,
                     "Bearer realm=\"\", "
                     "authorization_uri=\"%.*s/common/oauth2/authorize\", "
                     "client_id=\"00000003-0000-0000-c000-000000000000\"",
                     SLICE_ARG(call->origin)))
        call_add_field(call, SLICE("WWW-Authenticate"), challenge);
    return false;
}

/* A browser that was led to an attacker's name for our address (DNS rebinding) still sends that
 * name: so without a token only requests for our own origins count, unless all were asked for. */
static bool may_be_anonymous(const struct call *call)
{
    switch (call->loop->api->allow_anonymous) {
    case API_ANONYMOUS_OFF:
        return false;
    case API_ANONYMOUS_OWN_ORIGIN:
        return call->own_origin || call_asks_loopback(call);
    case API_ANONYMOUS_ANY:
        return true;
    }
    return false;
}

bool call_authenticate(struct call *call, struct error *err)
{
    const struct api *api = call->loop->api;
    const struct http_request *request = &call->exchange->request;
    const char *cause = "unknown";
    size_t fields;
    bool given;
    struct slice token = bearer_token(request, &given);

    if (http_request_has(request, SLICE("Authorization"), &fields) && fields > 1) {
        error_set(err, ERROR_UNAUTHORIZED, SLICE_EMPTY, "Access token validation failure.");
        return refuse(call, "more than one Authorization field", err);
    }
    if (!given && may_be_anonymous(call)) {
        call->who = &api->anonymous;
        return true;
    }
    if (token.len == 0) {
        error_set(err, ERROR_UNAUTHORIZED, SLICE_EMPTY, "Access token is empty.");
        return refuse(call,
                      given ? "the Authorization field holds no bearer token"
                            : "no Authorization field: SDKs drop the token when the host is not on "
                              "their list of allowed hosts",
                      err);
    }
    return verify(call, token, &cause, err) || refuse(call, cause, err);
}
