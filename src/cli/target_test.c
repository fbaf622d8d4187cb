/* cli/target_test.c - URLs that name a server, and those that do not.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/test.h"

#include "base/arena.h"
#include "base/text.h"
#include "cli/target.h"
#include "server/settings.h"

static const struct {
    const char *url;
    bool secure;
    const char *host, *port, *path, *authority;
} good[] = {
    { "http://127.0.0.1:8080", false, "127.0.0.1", "8080", "", "127.0.0.1:8080" },
    { "http://localhost", false, "localhost", "80", "", "localhost:80" },
    { "https://localhost", true, "localhost", "443", "", "localhost:443" },
    { "HTTPS://a.example:8443/", true, "a.example", "8443", "/", "a.example:8443" },
    { "http://h:1/health?x=1&y", false, "h", "1", "/health?x=1&y", "h:1" },
    { "http://h:1/a#b", false, "h", "1", "/a", "h:1" }, /* a fragment is not sent */
    { "http://h:1#b/c", false, "h", "1", "", "h:1" },
    { "http://h:/", false, "h", "80", "/", "h:80" }, /* RFC 3986 3.2.3: an empty port is none */
    { "http://[::1]:8080/x", false, "::1", "8080", "/x", "[::1]:8080" },
    { "https://[::1]", true, "::1", "443", "", "[::1]:443" },
    { "http://[fe80::1%eth0]:80", false, "fe80::1%eth0", "80", "", "[fe80::1%eth0]:80" },
    { "http://h:65535//", false, "h", "65535", "//", "h:65535" },
};

static void test_good(void **state UNUSED)
{
    struct arena *arena = arena_create(NULL, 65536);

    for (size_t i = 0; i < COUNT_OF(good); i++) {
        struct target target;
        struct error error = { 0 };
        char memory[100];
        struct text authority;

        CHECK(target_parse(slice_of(good[i].url), arena, &target, &error), i);
        CHECK(target.secure == good[i].secure, i);
        CHECK(strcmp(target.host.ptr, good[i].host) == 0, i);
        CHECK(strcmp(target.port.ptr, good[i].port) == 0, i);
        CHECK(strcmp(target.path.ptr, good[i].path) == 0, i);
        text_init_fixed(&authority, memory, sizeof memory);
        target_append_authority(&authority, &target);
        CHECK(slice_eq(text_slice(&authority), slice_of(good[i].authority)), i);
    }
    arena_destroy(arena);
}

static const char *const bad[] = {
    "",
    "http",
    "http:",
    "http://",
    "https://",
    "http:///x",
    "ftp://h",
    "127.0.0.1:8080", /* a scheme is no guesswork */
    "//h:80",
    "http://h:0",
    "http://h:65536",
    "http://h:-1",
    "http://h:80x",
    "http://h:80:81",
    "http://:80",
    "http://[::1",
    "http://[]",
    "http://[::1]80",
    "http://[::1 ]:80",
    "http://user@h:80",
    "http://h h:80",
    "http://h?x",
    "http://h/a b",
    "http://h/a\r\nX: y",
    "http://h/a\tb",
    "http://h\r\n:80",
    " http://h",
};

static void test_bad(void **state UNUSED)
{
    struct arena *arena = arena_create(NULL, 65536);

    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        struct target target = { .port = SLICE("?") };
        struct error error = { 0 };

        CHECK(!target_parse(slice_of(bad[i]), arena, &target, &error), i);
        CHECK(error.code == ERROR_BAD_REQUEST, i);
        CHECK(strstr(error.message, "expected a URL such as"), i);
        CHECK(slice_eq(target.port, SLICE("?")), i);
    }
    arena_destroy(arena);
}

/* A NUL ends C strings, and no URL. */
static void test_nul(void **state UNUSED)
{
    struct arena *arena = arena_create(NULL, 65536);
    struct target target;

    assert_false(target_parse(SLICE("http://h\0x"), arena, &target, NULL));
    assert_false(target_parse(SLICE("http://h/\0x"), arena, &target, NULL));
    arena_destroy(arena);
}

static const struct {
    const char *listen, *listen_tls; /* NULL: none */
    const char *url;                 /* NULL: refused */
} listeners[] = {
    { "127.0.0.1:8080", "127.0.0.1:8443", "http://127.0.0.1:8080" },
    { NULL, "localhost:8443", "https://localhost:8443" },
    { "*:80", NULL, "http://127.0.0.1:80" },
    { "0.0.0.0:80", NULL, "http://127.0.0.1:80" },
    { "[::]:80", NULL, "http://[::1]:80" },
    { "[::1]:80", NULL, "http://[::1]:80" },
    { "10.1.2.3:80", NULL, "http://10.1.2.3:80" },
    { "127.0.0.1:0", NULL, NULL },
    { NULL, "127.0.0.1:0", NULL },
};

static void test_of_settings(void **state UNUSED)
{
    struct arena *arena = arena_create(NULL, 65536);

    for (size_t i = 0; i < COUNT_OF(listeners); i++) {
        struct slice plain = slice_of(listeners[i].listen);
        struct slice secure = slice_of(listeners[i].listen_tls);
        struct settings settings = { .listen = { &plain, plain.len > 0 },
                                     .listen_tls = { &secure, secure.len > 0 } };
        struct error error = { 0 };
        struct slice url;

        bool ok = target_of_settings(&settings, arena, &url, &error);
        CHECK(ok == (listeners[i].url != NULL), i);
        CHECK(ok || error.code == ERROR_BAD_REQUEST, i);
        CHECK(!ok || slice_eq(url, slice_of(listeners[i].url)), i);
    }
    arena_destroy(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_bad),
        cmocka_unit_test(test_nul),
        cmocka_unit_test(test_of_settings),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
