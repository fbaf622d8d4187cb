/* cli/handover.c - makes the handover, moves it through a pipe, and turns it into variables.
 *
 * In the pipe the items stand one behind the other, each ended by NUL, which none of them holds. A
 * server that fails closes the pipe early, so that too few of them say that it did.
 *
 * The variables of clients in general (SSL_CERT_FILE, REQUESTS_CA_BUNDLE) are left alone: they name
 * the only certificates to trust, and a command that also speaks to the world would be cut off from
 * it. NODE_EXTRA_CA_CERTS adds to what Node trusts.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/handover.h"

#include <errno.h>
#include <unistd.h>

#include "base/arena.h"
#include "cli/token.h"
#include "server/server.h"
#include "service/provision.h"

#define HANDOVER_BYTES_MAX 65536
#define NODE_VARIABLE      "NODE_EXTRA_CA_CERTS"

/* --- the server's side ----------------------------------------------------------------------- */

/* The first of its scheme. */
static struct slice url_of(const struct server *server, struct slice scheme)
{
    struct setting_list urls = server_urls(server);

    for (size_t i = 0; i < urls.count; i++) {
        if (slice_starts_with(urls.items[i], scheme))
            return urls.items[i];
    }
    return SLICE_EMPTY;
}

bool handover_make(const struct server *server, const struct settings *settings,
                   struct arena *arena, struct handover *ret, struct error *err)
{
    *ret = (struct handover){ .items = { [HANDOVER_URL] = url_of(server, SLICE("http://")),
                                         [HANDOVER_URL_TLS] = url_of(server, SLICE("https://")),
                                         [HANDOVER_CA_PEM] = server_ca_pem(server) } };
    return !server_issuer(server) ||
           token_for_all(server_issuer(server), server_urls(server).items[0],
                         (int64_t)settings->token_lifetime_s, arena, &ret->items[HANDOVER_TOKEN],
                         err);
}

static bool write_all(int fd, struct slice rest)
{
    while (rest.len) {
        ssize_t done = write(fd, rest.ptr, rest.len);

        if (done < 0 && errno != EINTR)
            return false;
        rest = slice_sub(rest, done > 0 ? (size_t)done : 0, rest.len);
    }
    return true;
}

bool handover_write(const struct handover *handover, int fd, struct error *err)
{
    for (size_t i = 0; i < HANDOVER_ITEM_COUNT; i++) {
        if (!write_all(fd, handover->items[i]) || !write_all(fd, SLICE("\0")))
            return error_set(err, ERROR_IO, SLICE_EMPTY, "cannot write to a pipe: %s",
                             strerror(errno));
    }
    return true;
}

/* --- the command's side ---------------------------------------------------------------------- */

static size_t read_all(int fd, char *out, size_t size)
{
    size_t len = 0;

    while (len < size) {
        ssize_t got = read(fd, out + len, size - len);

        if (got == 0 || (got < 0 && errno != EINTR))
            break;
        len += got > 0 ? (size_t)got : 0;
    }
    return len;
}

bool handover_read(int fd, struct arena *arena, struct handover *ret)
{
    char *memory = arena_alloc(arena, HANDOVER_BYTES_MAX);
    struct slice rest;

    if (!memory)
        return false;
    rest = (struct slice){ memory, read_all(fd, memory, HANDOVER_BYTES_MAX) };
    for (size_t i = 0; i < HANDOVER_ITEM_COUNT; i++) {
        if (!slice_cut(rest, '\0', &ret->items[i], &rest))
            return false;
    }
    return true;
}

struct environment {
    struct arena *arena;
    char **entries;
    size_t count;
    bool failed;
};

static void put(struct environment *environment, const char *name, struct slice value)
{
    size_t bytes = strlen(name) + 1 + value.len + 1;
    char *entry;

    if (value.len == 0)
        return;
    entry = arena_alloc(environment->arena, bytes);
    if (!entry) {
        environment->failed = true;
        return;
    }
    snprintf(entry, bytes, "%s=%.*s", name, SLICE_ARG(value));
    environment->entries[environment->count++] = entry;
}

/* What is not told to this command would be a lie about another server. */
static bool is_replaced(const char *entry, const char *ca_file)
{
    struct slice name, value;

    return slice_cut(slice_of(entry), '=', &name, &value) &&
           (run_variable_is_name(name) || (ca_file && slice_eq(name, SLICE(NODE_VARIABLE))));
}

static void keep_given(struct environment *environment, char *const *given, const char *ca_file)
{
    for (; given && *given; given++) {
        if (!is_replaced(*given, ca_file))
            environment->entries[environment->count++] = *given;
    }
}

static size_t count_of(char *const *given)
{
    size_t count = 0;

    while (given && given[count])
        count++;
    return count;
}

bool handover_environment(const struct handover *handover, char *const *given, const char *ca_file,
                          bool with_client, struct arena *arena, char ***ret, struct error *err)
{
    const struct slice values[RUN_VARIABLE_COUNT] = {
        [RUN_URL] = handover->items[HANDOVER_URL],
        [RUN_URL_TLS] = handover->items[HANDOVER_URL_TLS],
        [RUN_TOKEN] = handover->items[HANDOVER_TOKEN],
        [RUN_TENANT_ID] = SLICE(SERVICE_DEFAULT_TENANT),
        [RUN_CLIENT_ID] = with_client ? SLICE(SERVICE_DEFAULT_CLIENT) : SLICE_EMPTY,
        [RUN_CLIENT_SECRET] = with_client ? SLICE(SERVICE_DEFAULT_CLIENT_SECRET) : SLICE_EMPTY,
        [RUN_CA_FILE] = slice_of(ca_file),
    };
    struct environment environment = { .arena = arena };

    environment.entries = arena_new_array(arena, count_of(given) + RUN_VARIABLE_COUNT + 2, char *);
    if (!environment.entries)
        return error_no_memory(err);
    keep_given(&environment, given, ca_file);
    for (size_t i = 0; i < RUN_VARIABLE_COUNT; i++)
        put(&environment, run_variable_names[i], values[i]);
    put(&environment, NODE_VARIABLE, slice_of(ca_file));
    if (environment.failed)
        return error_no_memory(err);
    *ret = environment.entries;
    return true;
}
