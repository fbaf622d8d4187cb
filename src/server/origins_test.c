/* server/origins_test.c - which origins follow from listeners, names and public URLs.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/test.h"

#include "base/arena.h"
#include "server/origins.h"

#define ITEMS_MAX 24

struct origins_case {
    struct origin_listener listeners[3];
    size_t listener_count;
    const char *names[3];
    const char *public_urls[3];
    const char *origins[ITEMS_MAX];
};

static const struct origins_case cases[] = {
    /* The default listeners. */
    { .listeners = { { SLICE_INIT("127.0.0.1:8080"), 8080, false },
                     { SLICE_INIT("127.0.0.1:8443"), 8443, true } },
      .listener_count = 2,
      .origins = { "https://localhost:8443", "http://127.0.0.1:8080", "http://localhost:8080",
                   "http://[::1]:8080", "https://127.0.0.1:8443", "https://[::1]:8443" } },
    /* A port that the kernel chose; the origin of tokens is there all the same. */
    { .listeners = { { SLICE_INIT("localhost:0"), 40123, false } },
      .listener_count = 1,
      .origins = { "https://localhost:8443", "http://localhost:40123", "http://127.0.0.1:40123",
                   "http://[::1]:40123" } },
    /* Default ports in both spellings, in lower case; public URLs come first. */
    { .listeners = { { SLICE_INIT("10.0.0.5:443"), 443, true } },
      .listener_count = 1,
      .names = { "Graph.Example.COM" },
      .public_urls = { "HTTPS://Connectord.Example.com/", "http://proxy.example.com:80" },
      .origins = { "https://connectord.example.com", "https://connectord.example.com:443",
                   "http://proxy.example.com", "http://proxy.example.com:80",
                   "https://localhost:8443", "https://10.0.0.5", "https://10.0.0.5:443",
                   "https://graph.example.com", "https://graph.example.com:443" } },
    /* Every interface: the loopback names and those of the certificate. */
    { .listeners = { { SLICE_INIT("*:9000"), 9000, false } },
      .listener_count = 1,
      .names = { "connectord.test", "fd00::5" },
      .origins = { "https://localhost:8443", "http://localhost:9000", "http://127.0.0.1:9000",
                   "http://[::1]:9000", "http://connectord.test:9000", "http://[fd00::5]:9000" } },
    /* Nothing twice. */
    { .listeners = { { SLICE_INIT("[::1]:8443"), 8443, true },
                     { SLICE_INIT("127.0.0.1:8443"), 8443, true } },
      .listener_count = 2,
      .names = { "localhost" },
      .public_urls = { "https://localhost:8443", "https://LOCALHOST:8443/" },
      .origins = { "https://localhost:8443", "https://[::1]:8443", "https://127.0.0.1:8443" } },
};

static struct setting_list list_of(const char *const *texts, struct slice *items)
{
    struct setting_list list = { items, 0 };

    while (list.count < 3 && texts[list.count]) {
        items[list.count] = slice_of(texts[list.count]);
        list.count++;
    }
    return list;
}

static void test_origins(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct origins_case *row = &cases[i];
        struct arena *arena = arena_create(NULL, 1 << 20);
        struct slice names[3], urls[3];
        struct setting_list origins;

        CHECK(origins_build(row->listeners, row->listener_count, list_of(row->names, names),
                            list_of(row->public_urls, urls), arena, &origins, NULL),
              i);
        for (size_t k = 0; k < origins.count; k++) {
            if (k >= ITEMS_MAX || !slice_eq(origins.items[k], slice_of(row->origins[k])))
                fail_msg("case %zu: origin %zu is %.*s", i, k, SLICE_ARG(origins.items[k]));
        }
        CHECK(origins.count == ITEMS_MAX || !row->origins[origins.count], i);
        arena_destroy(arena);
    }
}

static const struct {
    const char *url;
    bool ok;
} urls[] = {
    { "https://a.example", true },
    { "http://a_b.example:8080/", true },
    { "https://[2001:db8::1]:8443", true },
    { "https://[::1]", true },
    { "a.example", false },
    { "ftp://a.example", false },
    { "https://", false },
    { "https:///", false },
    { "https://a.example/path", false },
    { "https://a.example?x", false },
    { "https://user@a.example", false },
    { "https://a.example:", false },
    { "https://a.example:0", false },
    { "https://a.example:65536", false },
    { "https://a b", false },
    { "https://[::1", false },
    { "https://[::1]x", false },
    { "https://[::1]:", false },
    { "https://2001:db8::1", false },
};

static void test_validity(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(urls); i++)
        CHECK(origin_is_valid(slice_of(urls[i].url)) == urls[i].ok, i);
}

/* What the command line signs with is what every server accepts, whatever it listens on. */
static void test_origin_of_tokens(void **state UNUSED)
{
    struct arena *arena = arena_create(NULL, 1 << 20);
    struct slice url = SLICE("https://Graph.example.com:443/"), origin;

    assert_true(origin_for_tokens((struct setting_list){ NULL, 0 }, arena, &origin, NULL));
    assert_true(slice_eq(origin, SLICE(ORIGIN_OF_TOKENS)));
    assert_true(origin_for_tokens((struct setting_list){ &url, 1 }, arena, &origin, NULL));
    assert_true(slice_eq(origin, SLICE("https://graph.example.com")));
    arena_destroy(arena);
}

static const struct {
    struct origin_listener listener;
    const char *url;
} shown[] = {
    { { SLICE_INIT("127.0.0.1:0"), 1234, false }, "http://127.0.0.1:1234" },
    { { SLICE_INIT("*:8443"), 8443, true }, "https://localhost:8443" },
    { { SLICE_INIT("[::1]:443"), 443, true }, "https://[::1]" },
};

static void test_url_of_listener(void **state UNUSED)
{
    struct arena *arena = arena_create(NULL, 1 << 20);
    struct slice url;

    for (size_t i = 0; i < COUNT_OF(shown); i++) {
        CHECK(origin_of_listener(&shown[i].listener, arena, &url, NULL), i);
        CHECK(slice_eq(url, slice_of(shown[i].url)), i);
    }
    arena_destroy(arena);
}

static void test_loopback(void **state UNUSED)
{
    static const struct {
        const char *url;
        bool loopback;
    } origins[] = {
        { "http://localhost:8080", true },      { "https://LOCALHOST", true },
        { "https://graph.localhost/", true },   { "http://127.3.2.1:9", true },
        { "https://[::1]:8443", true },         { "https://connectord.example.com", false },
        { "https://notlocalhost", false },      { "http://10.0.0.5", false },
        { "https://localhost.example", false }, { "http://0.0.0.0:80", false },
        { "https://[fd00::5]", false },         { "https://.localhost", false },
    };

    for (size_t i = 0; i < COUNT_OF(origins); i++)
        CHECK(origin_is_loopback(slice_of(origins[i].url)) == origins[i].loopback, i);
}

static void test_as_bound(void **state UNUSED)
{
    static const struct {
        struct origin_listener listener;
        const char *text;
    } bound[] = {
        { { SLICE_INIT("*:0"), 40123, false }, "http://*:40123" },
        { { SLICE_INIT("[::]:8443"), 8443, true }, "https://[::]:8443" },
    };

    for (size_t i = 0; i < COUNT_OF(bound); i++) {
        struct arena *arena = arena_create(NULL, 1 << 16);
        struct slice text;

        assert_true(origin_as_bound(&bound[i].listener, arena, &text, NULL));
        CHECK(slice_eq(text, slice_of(bound[i].text)), i);
        arena_destroy(arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_loopback),         cmocka_unit_test(test_as_bound),
        cmocka_unit_test(test_origins),          cmocka_unit_test(test_validity),
        cmocka_unit_test(test_origin_of_tokens), cmocka_unit_test(test_url_of_listener),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
