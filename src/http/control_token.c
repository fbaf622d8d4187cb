/* http/control_token.c - tokens for the asking, as connectord token prints them.
 *
 * Signing takes a millisecond, so it is done on the thread for short reads.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "auth/issuer.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/repeatable.h"
#include "http/control.h"
#include "service/provision.h"

#define APP_NAME       SLICE("connectord token")
#define DELEGATED_USER SLICE("user@example.com")
#define LIFETIME_S_MAX INT64_C(315360000) /* ten years */

struct wanted {
    struct control_value app, user, roles, scopes, lifetime;
};

struct token {
    struct token_request request;
    char app_id[UUID_TEXT_LEN];
    struct slice names[PERMISSIONS_MAX];
    struct slice text;
};

/* What holds where nothing else is said. An origin that is not ours must not get into a token. */
static void init_token(const struct call *call, struct uuid tenant, struct token *ret)
{
    const struct api *api = call->loop->api;

    ret->request = (struct token_request){
        .origin = call->own_origin ? call->issuer : api->rules->origins[0],
        .audience = api->rules->audiences[0],
        .tenant = tenant,
        .app_id = SLICE(SERVICE_DEFAULT_CLIENT),
        .app_name = APP_NAME,
        .permissions = ret->names,
        .permission_count = authorisation_read_write_names(api->authorisation, ret->names),
        .lifetime_s = api->token_lifetime_s,
    };
}

static bool sign(const struct call *call, struct token *token, struct error *err)
{
    const struct api *api = call->loop->api;

    token->request.now_unix_s = clock_now_unix_s(api->clock);
    if (api->repeatable)
        token->request.token_id = repeatable_uuid(api->repeatable, REPEATABLE_TOKENS);
    return issuer_sign(api->rules->builtin, &token->request, call->arena, &token->text, err);
}

bool control_sign(struct call *call, struct uuid tenant, int64_t lifetime_s, struct slice *ret,
                  struct error *err)
{
    struct token *token = arena_new(call->arena, struct token);

    if (!token)
        return error_no_memory(err);
    init_token(call, tenant, token);
    token->request.lifetime_s = lifetime_s;
    if (!sign(call, token, err))
        return false;
    *ret = token->text;
    return true;
}

/* --- POST token ------------------------------------------------------------------------------ */

static bool take_app(const struct wanted *wanted, struct token *token, struct error *err)
{
    struct uuid app;

    if (!wanted->app.given)
        return true;
    if (!uuid_parse(wanted->app.text, &app))
        return error_set(err, ERROR_BAD_REQUEST, SLICE("app"),
                         "'app': expected a GUID, found '%.*s'.",
                         SLICE_ARG(slice_utf8_prefix(wanted->app.text, 60)));
    uuid_format(app, token->app_id);
    token->request.app_id = (struct slice){ token->app_id, UUID_TEXT_LEN };
    return true;
}

static bool take_permissions(const struct wanted *wanted, struct token *token, struct error *err)
{
    const struct control_value *list = wanted->roles.given ? &wanted->roles : &wanted->scopes;

    if (wanted->roles.given && (wanted->scopes.given || wanted->user.given))
        return error_set(err, ERROR_BAD_REQUEST, SLICE("roles"),
                         "'roles' are an app's own; one that acts for a user has 'scopes'.");
    if (wanted->user.given && wanted->user.text.len == 0)
        return error_set(err, ERROR_BAD_REQUEST, SLICE("user"), "'user': expected a name.");
    if (wanted->user.given || wanted->scopes.given)
        token->request.user = wanted->user.given ? wanted->user.text : DELEGATED_USER;
    if (list->given) {
        token->request.permissions = list->texts;
        token->request.permission_count = list->text_count;
    }
    return true;
}

/* Below zero: one that has expired. Less than a second is one, so that it is not. */
static bool take_lifetime(const struct wanted *wanted, struct token *token, struct error *err)
{
    int64_t ticks = wanted->lifetime.ticks;

    if (!wanted->lifetime.given)
        return true;
    if (ticks > LIFETIME_S_MAX * CLOCK_TICKS_PER_SECOND ||
        ticks < -LIFETIME_S_MAX * CLOCK_TICKS_PER_SECOND)
        return error_set(err, ERROR_BAD_REQUEST, SLICE("lifetime"),
                         "'lifetime': expected ten years at most.");
    token->request.lifetime_s =
        (ticks + (ticks > 0 ? CLOCK_TICKS_PER_SECOND - 1 : 0)) / CLOCK_TICKS_PER_SECOND;
    return true;
}

static bool read_wanted(struct control *control, struct token *token, struct error *err)
{
    struct wanted wanted = { 0 };
    const struct control_member members[] = {
        { SLICE("app"), CONTROL_TEXT, &wanted.app },
        { SLICE("user"), CONTROL_TEXT, &wanted.user },
        { SLICE("roles"), CONTROL_TEXTS, &wanted.roles },
        { SLICE("scopes"), CONTROL_TEXTS, &wanted.scopes },
        { SLICE("lifetime"), CONTROL_DURATION, &wanted.lifetime },
    };

    return control_read(control->call, control->body, members, COUNT_OF(members), err) &&
           take_app(&wanted, token, err) && take_permissions(&wanted, token, err) &&
           take_lifetime(&wanted, token, err);
}

static bool run_sign(struct control *control, struct store_session *session UNUSED,
                     struct error *err)
{
    return sign(control->call, control->state, err);
}

static void after_sign(struct control *control)
{
    const struct token *token = control->state;
    int64_t lifetime_s = token->request.lifetime_s;
    struct control_reply reply;
    struct json_writer *writer = control_reply_begin(&reply, control);

    json_writer_object_begin(writer);
    json_writer_plain_name(writer, SLICE("access_token"));
    json_writer_plain_string(writer, token->text);
    json_writer_plain_name(writer, SLICE("token_type"));
    json_writer_plain_string(writer, SLICE("Bearer"));
    json_writer_plain_name(writer, SLICE("expires_in"));
    json_writer_int(writer, lifetime_s > 0 ? lifetime_s : 0);
    json_writer_object_end(writer);
    control_finish(control, 200, &reply);
}

void control_token(struct control *control)
{
    struct token *token = arena_new(control->call->arena, struct token);
    struct error error = { 0 };

    if (!token) {
        error_no_memory(&error);
        control_fail(control, &error);
        return;
    }
    init_token(control->call, control->tenant, token);
    control->state = token;
    if (read_wanted(control, token, &error))
        control_submit(control, CONTROL_SHORT_READER, run_sign, after_sign);
    else
        control_fail(control, &error);
}
