/* server/settings_rules.c - what must hold between settings, one function a rule.
 *
 * Each value was checked by itself before. A rule's message names the way out, since whoever meets
 * it stands before a server that will not start.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "server/settings_rules.h"

#include <arpa/inet.h>
#include <inttypes.h>

#include "http/network.h"
#include "server/endpoint.h"
#include "server/origins.h"
#include "server/settings.h"

#define JSON_GROWTH 6 /* a control character of one byte is written as \u001f */

static bool all_loopback(struct setting_list addresses)
{
    for (size_t i = 0; i < addresses.count; i++) {
        struct endpoint endpoint;

        if (!endpoint_parse(addresses.items[i], &endpoint) || endpoint.reach != ENDPOINT_LOOPBACK)
            return false;
    }
    return true;
}

/* A proxy in front makes a listener on loopback everybody's. */
static bool all_local(struct setting_list urls)
{
    for (size_t i = 0; i < urls.count; i++) {
        if (!origin_is_loopback(urls.items[i]))
            return false;
    }
    return true;
}

static bool derive(struct settings *settings, struct error *err UNUSED)
{
    settings->loopback_only = all_loopback(settings->listen) && all_loopback(settings->listen_tls);
    settings->exposed = !settings->loopback_only || !all_local(settings->public_urls);
    settings->issuer_on = settings->builtin_issuer == SETTING_ON ||
                          (settings->builtin_issuer == SETTING_AUTO && settings->loopback_only);
    settings->control_reach = settings->control;
    if (settings->control == CONTROL_AUTO)
        settings->control_reach =
            settings->issuer_on && !settings->exposed ? CONTROL_LOOPBACK : CONTROL_OFF;
    return true;
}

/* Where tokens come from elsewhere the data is somebody's in earnest. */
static bool check_control(struct settings *settings, struct error *err)
{
    if (settings->issuer_on || settings->control_reach == CONTROL_OFF)
        return true;
    return error_set(
        err, ERROR_CONFIGURATION, SLICE("control"),
        "control: the control API needs the built-in issuer; set builtin-issuer=on, or "
        "control=off");
}

static bool check_certificate(struct settings *settings, struct error *err)
{
    if (settings->tls_cert.len && !settings->tls_key.len)
        return error_set(err, ERROR_CONFIGURATION, SLICE("tls-key"),
                         "tls-key: expected the key's file, since tls-cert is set");
    if (settings->tls_key.len && !settings->tls_cert.len)
        return error_set(err, ERROR_CONFIGURATION, SLICE("tls-cert"),
                         "tls-cert: expected the certificate's file, since tls-key is set");
    return true;
}

/* A DNS name (RFC 1123: letters, digits, hyphens, dots between) or an address. */
static bool is_host_name(struct slice name)
{
    char previous = '.';
    struct in6_addr address; /* texts of settings end in NUL */

    if (inet_pton(AF_INET6, name.ptr, &address) == 1)
        return true;
    if (name.len > 253)
        return false;
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        bool alphanumeric =
            (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');

        if (!alphanumeric && (previous == '.' || (c != '-' && c != '.')))
            return false;
        previous = c;
    }
    return previous != '.' && previous != '-';
}

static bool check_names(struct settings *settings, struct error *err)
{
    for (size_t i = 0; i < settings->tls_names.count; i++) {
        struct slice name = settings->tls_names.items[i];

        if (!is_host_name(name))
            return error_set(err, ERROR_CONFIGURATION, SLICE("tls-name"),
                             "tls-name: expected a host name or an address, found '%.*s'",
                             SLICE_ARG(slice_sub(name, 0, 100)));
    }
    return true;
}

static bool check_proxies(struct settings *settings, struct error *err)
{
    for (size_t i = 0; i < settings->trusted_proxies.count; i++) {
        struct slice text = settings->trusted_proxies.items[i];
        struct network network;

        if (!network_parse(text, &network))
            return error_set(err, ERROR_CONFIGURATION, SLICE("trusted-proxy"),
                             "trusted-proxy: expected an address, or a block such as 10.0.0.0/8 "
                             "whose bits behind the prefix are 0, found '%.*s'",
                             SLICE_ARG(slice_sub(text, 0, 100)));
    }
    return true;
}

/* Who may name a trusted proxy's clients may name any host, too: a page that somebody's name leads
 * here (DNS rebinding) sends such a field as easily as a proxy does. */
static bool check_no_auth(struct settings *settings, struct error *err)
{
    const char *why = "a listener can be reached from other machines",
               *cure = "listen on 127.0.0.1";

    if (settings->no_auth != SETTING_ON ||
        (!settings->exposed && settings->trusted_proxies.count == 0))
        return true;
    if (!settings->exposed) {
        why = "a trusted proxy names others, and any host";
        cure = "take trusted-proxy away";
    } else if (settings->loopback_only) {
        why = "a public URL names more than this machine: others can reach it";
        cure = "take public-url away";
    }
    return error_set(err, ERROR_CONFIGURATION, SLICE("no-auth"),
                     "no-auth: %s, which would have every permission; %s, or write no-auth=any "
                     "if that is meant",
                     why, cure);
}

static bool check_reply(struct settings *settings, struct error *err)
{
    uint64_t least = JSON_GROWTH * (settings->limits.page_bytes + settings->limits.entity_bytes);

    if (settings->limits.reply_bytes < least)
        return error_set(err, ERROR_CONFIGURATION, SLICE("limit-reply-bytes"),
                         "limit-reply-bytes: expected %" PRIu64 " at least, 6 times "
                         "limit-page-bytes and limit-entity-bytes together, or a page may not fit",
                         least);
    if (settings->limits.request_bytes < 2 * settings->limits.reply_bytes)
        return error_set(err, ERROR_CONFIGURATION, SLICE("limit-request-bytes"),
                         "limit-request-bytes: expected %" PRIu64 " at least, twice "
                         "limit-reply-bytes",
                         2 * settings->limits.reply_bytes);
    return true;
}

/* A body may take half of the memory, and must not be alone in that. */
static bool check_memory(struct settings *settings, struct error *err)
{
    if (settings->limits.memory_bytes / 4 >= settings->limits.body_bytes)
        return true;
    return error_set(err, ERROR_CONFIGURATION, SLICE("limit-memory-bytes"),
                     "limit-memory-bytes: expected %" PRIu64 " at least, 4 times limit-body-bytes",
                     4 * settings->limits.body_bytes);
}

bool settings_apply_rules(struct settings *settings, struct error *err)
{
    static bool (*const rules[])(struct settings *, struct error *) = {
        derive,        check_control, check_certificate, check_names,
        check_proxies, check_no_auth, check_reply,       check_memory,
    };

    for (size_t i = 0; i < COUNT_OF(rules); i++) {
        if (!rules[i](settings, err))
            return false;
    }
    return true;
}
