/* server/server_test.c - building, running and taking down whole servers.
 *
 * Each lives in memory and on ports that the kernel picks. What they answer is asked in tests/;
 * here it is that nothing is global and nothing is left behind (the sanitizers look).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/test.h"

#include <signal.h>
#include <unistd.h>

#include "base/arena.h"
#include "server/server.h"

struct fixture {
    struct arena *arena;
    struct settings *settings;
};

static struct fixture settings_with(const char *name, const char *value)
{
    struct fixture fixture = { .arena = arena_create(NULL, 4 << 20) };
    struct setting_flag flags[] = {
        { setting_find(SLICE("memory")), SLICE("on") },
        { setting_find(SLICE("listen")), SLICE("127.0.0.1:0") },
        { setting_find(SLICE("listen-tls")), SLICE("127.0.0.1:0") },
        { setting_find(SLICE("log-level")), SLICE("error") },
        { setting_find(slice_of(name)), slice_of(value) },
    };
    const struct settings_input input = { .flags = flags, .flag_count = COUNT_OF(flags) };
    struct error error;

    if (!settings_load(&input, fixture.arena, &fixture.settings, &error))
        fail_msg("%s", error.message);
    return fixture;
}

static void test_two_in_one_process(void **state UNUSED)
{
    struct fixture fixture = settings_with("threads", "2");
    struct server *servers[2];
    struct error error;

    for (size_t i = 0; i < COUNT_OF(servers); i++) {
        if (!server_create(fixture.settings, &servers[i], &error))
            fail_msg("%s", error.message);
        CHECK(server_urls(servers[i]).count == 2, i);
    }
    assert_false(slice_eq(server_urls(servers[0]).items[0], server_urls(servers[1]).items[0]));
    for (size_t i = 0; i < COUNT_OF(servers); i++)
        server_destroy(servers[i]);
    arena_destroy(fixture.arena);
}

static void end_it(void *context)
{
    bool *called = context;

    *called = true;
    kill(getpid(), SIGTERM);
}

static void test_runs_and_ends(void **state UNUSED)
{
    struct fixture fixture = settings_with("seed", "demo");
    struct server *server;
    struct error error;
    bool called = false;

    if (!server_create(fixture.settings, &server, &error))
        fail_msg("%s", error.message);
    assert_true(server_run(server, end_it, &called, &error));
    assert_true(called);
    server_destroy(server);
    arena_destroy(fixture.arena);
}

/* Starts that fail part of the way, each further along than the one before. */
static const struct {
    const char *name, *value;
    enum error_code code;
} failures[] = {
    { "seed", "/nowhere/seed.json", ERROR_CONFIGURATION },
    { "listen", "192.0.2.1:1", ERROR_IO }, /* no address of this machine: RFC 5737 */
};

static void test_failed_starts(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(failures); i++) {
        struct fixture fixture = settings_with(failures[i].name, failures[i].value);
        struct server *server = NULL;
        struct error error = { 0 };

        CHECK(!server_create(fixture.settings, &server, &error), i);
        CHECK(error.code == failures[i].code, i);
        CHECK(server == NULL, i);
        arena_destroy(fixture.arena);
    }
}

/* The client whose secret everyone can read, where everyone can reach it. */
static void test_default_client(void **state UNUSED)
{
    struct fixture fixture = settings_with("builtin-issuer", "on");
    struct server *server;
    struct error error = { 0 };

    fixture.settings->exposed = true;
    assert_false(server_create(fixture.settings, &server, &error));
    assert_int_equal(error.code, ERROR_CONFIGURATION);
    assert_string_equal(error.target, "allow-default-client");

    fixture.settings->allow_default_client = SETTING_ON;
    assert_true(server_create(fixture.settings, &server, &error));
    server_destroy(server);
    arena_destroy(fixture.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_two_in_one_process),
        cmocka_unit_test(test_runs_and_ends),
        cmocka_unit_test(test_failed_starts),
        cmocka_unit_test(test_default_client),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
