/* server/server_api.c - what the handlers are told of the settings, and of what was opened.
 *
 * Handlers know no setting by its name: struct api (http/api.h) has what each of them means to
 * them.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "server/server_parts.h"

#include "auth/issuer.h"
#include "base/clock.h"
#include "base/repeatable.h"
#include "base/uuid.h"
#include "model/graph_model.h"
#include "service/provision.h"
#include "testbed/testbed.h"

#define TESTBEDS_KEPT 1024 /* more when there is something in them */
#define PAST_ENTITIES 1000

static enum api_anonymous anonymous_of(const struct settings *settings)
{
    switch (settings->no_auth) {
    case SETTING_OFF:
        return API_ANONYMOUS_OFF;
    case SETTING_ON:
        return API_ANONYMOUS_OWN_ORIGIN;
    default:
        return API_ANONYMOUS_ANY;
    }
}

static enum api_hsts hsts_of(const struct settings *settings)
{
    switch (settings->hsts) {
    case SETTING_ON:
        return API_HSTS_ON;
    case SETTING_OFF:
        return API_HSTS_OFF;
    default:
        return API_HSTS_AUTO;
    }
}

static struct slice value_of(const struct settings *settings, struct slice name)
{
    struct setting_list values = settings_values(settings, setting_find(name));

    return values.count ? values.items[0] : SLICE_EMPTY;
}

static struct principal anonymous_caller(const struct server *server)
{
    return (struct principal){
        .tenant = service_default_tenant(),
        .subject = SLICE("anonymous"),
        .app_name = SLICE("anonymous"),
        .permissions = server->authorisation.read_write,
        .builtin = true,
        .expires_unix_s = INT64_MAX,
    };
}

static enum api_control control_of(const struct settings *settings)
{
    switch (settings->control_reach) {
    case CONTROL_LOOPBACK:
        return API_CONTROL_LOOPBACK;
    case CONTROL_ANY:
        return API_CONTROL_ANY;
    default:
        return API_CONTROL_OFF;
    }
}

bool server_open_testbeds(struct server *server, struct error *err)
{
    const struct settings *settings = server->settings;
    const struct testbed_limits limits = {
        .testbeds = TESTBEDS_KEPT,
        .bytes = settings->limits.testbed_bytes,
        .journal_requests = settings->limits.journal,
        .fault_rules = settings->limits.fault_rules,
        .past_entities = PAST_ENTITIES,
    };
    uint64_t seed;

    if (settings->control_reach == CONTROL_OFF)
        return true;
    if (server->repeatable)
        repeatable_bytes(server->repeatable, SLICE("faults"), &seed, sizeof seed);
    else
        random_bytes(&seed, sizeof seed);
    server->testbeds = testbeds_create(server->clock, &limits, seed);
    return server->testbeds || error_no_memory(err);
}

static void prepare_control(struct server *server)
{
    struct api *api = &server->api;

    api->testbeds = server->testbeds;
    api->control = control_of(server->settings);
    api->seed = server->seed;
    api->seed_tenant = service_default_tenant();
    api->demo_seed = graph_model_demo_seed();
    api->sandboxes_max = server->settings->limits.sandboxes;
    api->repeatable = server->repeatable;
}

bool server_prepare_api(struct server *server, struct error *err)
{
    const struct settings *settings = server->settings;
    struct api *api = &server->api;

    if (!authorisation_init(&server->authorisation, &graph_model, err))
        return false;
    server->rules = (struct token_rules){
        .builtin = server->issuer,
        .audiences = jwt_graph_audiences,
        .audience_count = jwt_graph_audience_count,
        .permissions = &server->authorisation.permissions,
        .token_bytes_max = settings->limits.token_bytes,
    };
    api->model = &graph_model;
    api->profile = profile_find(value_of(settings, SLICE("profile")));
    api->authorisation = &server->authorisation;
    api->rules = &server->rules;
    api->clock = server->clock;
    prepare_control(server);
    api->store = server->store;
    api->dispatch = server->dispatch;
    api->ca_pem = server->identity.certificate.ca_pem;
    api->allow_anonymous = anonymous_of(settings);
    api->anonymous = anonymous_caller(server);
    api->strict = settings->strict == SETTING_ON;
    api->exact_strings = settings->string_comparison == SETTING_STRINGS_EXACT;
    api->odata_401 =
        settings->odata_401 == SETTING_ON && !api->strict && !api->profile->refuses_beyond_graph;
    api->etags =
        settings->etags == SETTING_ON && !api->strict && !api->profile->refuses_beyond_graph;
    api->hsts = hsts_of(settings);
    api->token_lifetime_s = (int64_t)settings->token_lifetime_s;
    api->json_depth = (unsigned)settings->limits.json_depth;
    api->batch_parts = settings->limits.batch;
    api->body_bytes_max = settings->limits.body_bytes;
    api->query_bytes_max = settings->limits.head_bytes / 2; /* a token goes with a link */
    api->gzip_from_bytes =
        settings->gzip == SETTING_ON ? (size_t)settings->limits.gzip_from_bytes : SIZE_MAX;
    api->reply_bytes_max = settings->limits.reply_bytes;
    api->page_bytes = settings->limits.page_bytes;
    api->entity_bytes = settings->limits.entity_bytes;
    api->delta_keep_ms = (int64_t)settings->limits.delta_days * 86400000;
    api->delta_rows = settings->limits.delta_changes;
    api->repeat_keep_ms = (int64_t)settings->limits.repeatability_hours * 3600000;
    api->repeats = settings->limits.repeatable_requests;
    api->principal_cache_entries = settings->limits.token_cache;
    return true;
}
