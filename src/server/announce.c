/* server/announce.c - one line for each thing that whoever runs a server should know at its start.
 *
 * What is unusual is said before the server is ready, so that it stands in front of the line that
 * scripts wait for.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "server/announce.h"

#include <unistd.h>

#include "base/log.h"
#include "edm/model.h"
#include "odata/beyond.h"
#include "odata/profile.h"
#include "server/endpoint.h"

static void log_unknown_variables(const struct announcement *start)
{
    struct setting_list unknown = start->settings->unknown_environment;
    struct log *log = start->log;

    for (size_t i = 0; i < unknown.count; i++) {
        log_begin(log, LOG_WARNING, "setting_unknown");
        log_text(log, "name", unknown.items[i]);
        log_end(log);
    }
}

static void log_fewer_connections(const struct announcement *start)
{
    struct log *log = start->log;

    if (start->connections == start->settings->limits.connections)
        return;
    log_begin(log, LOG_WARNING, "fewer_connections");
    log_int(log, "connections", (int64_t)start->connections);
    log_text(log, "reason", SLICE("the system allows fewer open files (RLIMIT_NOFILE)"));
    log_end(log);
}

static void log_doors(const struct announcement *start)
{
    const struct settings *settings = start->settings;
    struct log *log = start->log;

    if (settings->no_auth != SETTING_OFF) {
        log_begin(log, LOG_WARNING, "no_auth");
        log_text(log, "reason", SLICE("a request without a token has every permission"));
        log_end(log);
    } else if (!settings->issuer_on) {
        log_begin(log, LOG_WARNING, "no_issuer");
        log_text(log, "reason",
                 SLICE("builtin-issuer is off and tokens of other issuers are not supported: every "
                       "request is answered 401; set builtin-issuer=on"));
        log_end(log);
    }
}

static bool is_plain_exposed(const struct settings *settings)
{
    for (size_t i = 0; i < settings->listen.count; i++) {
        struct endpoint endpoint;

        if (endpoint_parse(settings->listen.items[i], &endpoint) &&
            endpoint.reach != ENDPOINT_LOOPBACK)
            return true;
    }
    return false;
}

static void log_exposure(const struct announcement *start)
{
    const struct settings *settings = start->settings;
    struct log *log = start->log;

    if (!settings->issuer_on)
        return;
    if (is_plain_exposed(settings)) {
        log_begin(log, LOG_WARNING, "plain_http_exposed");
        log_text(log, "reason",
                 SLICE("secrets and tokens cross the network unencrypted; use listen-tls for "
                       "addresses that others reach"));
        log_end(log);
    }
    if (settings->exposed && settings->allow_default_client == SETTING_ON) {
        log_begin(log, LOG_WARNING, "default_client_allowed");
        log_text(log, "reason",
                 SLICE("others can reach the issuer, and its default client may still have the "
                       "secret that the manual prints"));
        log_end(log);
    }
}

static void log_control(const struct announcement *start)
{
    const struct settings *settings = start->settings;
    struct log *log = start->log;

    if (settings->exposed && settings->control_reach != CONTROL_OFF) {
        log_begin(log, LOG_WARNING, "control_exposed");
        log_text(log, "reason",
                 settings->control_reach == CONTROL_ANY
                     ? SLICE("whoever reaches the server may move its time and empty it")
                     : SLICE("whatever a proxy on this machine lets through for a loopback name "
                             "may move its time and empty it"));
        log_end(log);
    }
    if (settings->deterministic.len) {
        log_begin(log, LOG_WARNING, "deterministic");
        log_text(log, "reason", SLICE("ids can be guessed and time stands still: for tests alone"));
        log_end(log);
    }
}

/* Once at the start; each reply that it concerns says so itself. Nothing where it is refused. The
 * rows stand in one line: with a line each they would hide what is said to newcomers behind it. */
static void log_beyond_graph(const struct announcement *start)
{
    const struct edm_singleton *singleton = start->model->singleton;
    struct slice rows[BEYOND_COUNT];

    if (start->settings->strict == SETTING_ON || start->profile->refuses_beyond_graph)
        return;
    for (size_t i = 0; i < BEYOND_COUNT; i++)
        rows[i] = slice_of(beyond_rows[i].id);
    log_begin(start->log, LOG_INFO, "beyond_graph");
    log_text_array(start->log, "rows", rows, BEYOND_COUNT);
    log_end(start->log);
    for (size_t i = 0; i < singleton->type_count; i++) {
        for (unsigned operation = 0; operation < EDM_OPERATION_COUNT; operation++) {
            if (!(singleton->types[i]->beyond_graph >> operation & 1))
                continue;
            log_begin(start->log, LOG_INFO, "beyond_graph");
            log_text(start->log, "set", singleton->types[i]->set_name);
            log_text(start->log, "operation", edm_operation_text((enum edm_operation)operation));
            log_end(start->log);
        }
    }
}

static void log_seed(const struct announcement *start)
{
    struct log *log = start->log;

    if (start->settings->seed.len == 0)
        return;
    log_begin(log, LOG_INFO, start->seeded ? "seeded" : "seed_skipped");
    log_text(log, "seed", start->settings->seed);
    if (start->seeded)
        log_int(log, "entities", (int64_t)start->seeded);
    else
        log_text(log, "reason", SLICE("the store already holds entities, or the seed has none"));
    log_end(log);
}

static void log_indexes(const struct announcement *start)
{
    struct log *log = start->log;

    if (start->indexes.failure != ERROR_NONE) {
        log_begin(log, LOG_WARNING, "indexes_not_made");
        log_text(log, "reason", error_code_text(start->indexes.failure));
        log_end(log);
    }
    if (start->indexes.made == 0 && start->indexes.dropped == 0)
        return;
    log_begin(log, LOG_INFO, "indexes");
    log_int(log, "made", (int64_t)start->indexes.made);
    log_int(log, "dropped", (int64_t)start->indexes.dropped);
    log_end(log);
}

void announce_ready(const struct announcement *start)
{
    const struct settings *settings = start->settings;
    struct log *log = start->log;

    log_begin(log, LOG_INFO, "ready");
    log_text_array(log, "urls", start->urls.items, start->urls.count);
    log_text_array(log, "listeners", start->listeners.items, start->listeners.count);
    log_text_array(log, "public_urls", settings->public_urls.items, settings->public_urls.count);
    log_int(log, "pid", getpid());
    log_text(log, "data_dir", start->data_dir);
    log_bool(log, "memory", settings->memory == SETTING_ON);
    log_text(log, "profile", start->profile->name);
    log_bool(log, "builtin_issuer", settings->issuer_on);
    log_bool(log, "control", settings->control_reach != CONTROL_OFF);
    log_text(log, "version", SLICE(CONNECTORD_VERSION));
    log_end(log);
    log_flush(log);
}

void announce_start(const struct announcement *start)
{
    log_unknown_variables(start);
    log_fewer_connections(start);
    log_doors(start);
    log_exposure(start);
    log_control(start);
    log_beyond_graph(start);
    log_seed(start);
    log_indexes(start);
}
