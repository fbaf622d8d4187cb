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

#include "server/endpoint.h"
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

static bool derive(struct settings *settings, struct error *err UNUSED)
{
    settings->loopback_only = all_loopback(settings->listen) && all_loopback(settings->listen_tls);
    settings->issuer_on = settings->builtin_issuer == SETTING_ON ||
                          (settings->builtin_issuer == SETTING_AUTO && settings->loopback_only);
    return true;
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

static bool check_no_auth(struct settings *settings, struct error *err)
{
    if (settings->no_auth != SETTING_ON || settings->loopback_only)
        return true;
    return error_set(
        err, ERROR_CONFIGURATION, SLICE("no-auth"),
        "no-auth: a listener can be reached from other machines, which would have "
        "every permission; listen on 127.0.0.1, or write no-auth=any if that is meant");
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

bool settings_apply_rules(struct settings *settings, struct error *err)
{
    static bool (*const rules[])(struct settings *, struct error *) = {
        derive, check_certificate, check_names, check_no_auth, check_reply,
    };

    for (size_t i = 0; i < COUNT_OF(rules); i++) {
        if (!rules[i](settings, err))
            return false;
    }
    return true;
}
