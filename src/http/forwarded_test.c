/* http/forwarded_test.c - what proxies write, what clients make up, and which of it counts. */
#include "http/forwarded.h"

#include <string.h>

#include "base/arena.h"
#include "base/test.h"

#define HTTP  FORWARDED_HTTP
#define HTTPS FORWARDED_HTTPS
#define NONE  FORWARDED_NO_SCHEME

/* Trusted: 10.0.0.0/8, 127.0.0.1, 2001:db8::/32. The request asks for "own.example". */
static const struct {
    const char *fields[6]; /* name, value, name, value ... */
    const char *client;    /* NULL: not known */
    enum forwarded_scheme scheme;
    const char *authority, *prefix;
} cases[] = {
    { { NULL }, NULL, NONE, "", "" },

    /* RFC 7239 */
    { { "Forwarded", "for=192.0.2.1;proto=https;host=a.example" },
      "192.0.2.1",
      HTTPS,
      "a.example",
      "" },
    { { "forwarded", "For=192.0.2.1 ; PROTO=HTTP ;HOST=A.Example:81" },
      "192.0.2.1",
      HTTP,
      "a.example:81",
      "" },
    { { "Forwarded", "for=\"[2001:db9::1]:4711\"" }, "2001:db9::1", NONE, "", "" },
    { { "Forwarded", "for=\"192.0.2.1:80\";by=203.0.113.43" }, "192.0.2.1", NONE, "", "" },
    { { "Forwarded", "host=a.example:8443" }, NULL, NONE, "a.example:8443", "" }, /* wants quotes */
    { { "Forwarded", "host=\"a.example:8443\"" }, NULL, NONE, "a.example:8443", "" },
    { { "Forwarded", "for=unknown;host=a.example" }, NULL, NONE, "a.example", "" },
    { { "Forwarded", "for=_hidden" }, NULL, NONE, "", "" },
    { { "Forwarded", "secret=\"a,b;c\\\"d\";host=a.example" }, NULL, NONE, "a.example", "" },
    { { "Forwarded", ",, for=192.0.2.1 ,," }, "192.0.2.1", NONE, "", "" },
    { { "Forwarded", ";;for=192.0.2.1;;" }, "192.0.2.1", NONE, "", "" },

    { { "Forwarded", "", "Forwarded", "for=192.0.2.1" }, "192.0.2.1", NONE, "", "" },

    /* from the right, past trusted ones */
    { { "Forwarded", "for=192.0.2.1;host=evil.example, for=198.51.100.7;host=a.example" },
      "198.51.100.7",
      NONE,
      "a.example",
      "" },
    { { "Forwarded", "for=198.51.100.7;host=a.example, for=10.0.0.9;host=inner.example" },
      "198.51.100.7",
      NONE,
      "a.example",
      "" },
    { { "Forwarded", "for=198.51.100.7;host=a.example", "Forwarded", "for=10.0.0.9" },
      "198.51.100.7",
      NONE,
      "a.example",
      "" },
    { { "Forwarded", "for=127.0.0.1, for=198.51.100.7;host=a.example, for=\"[2001:db8::9]\"" },
      "198.51.100.7",
      NONE,
      "a.example",
      "" },
    { { "Forwarded", "for=10.0.0.1;host=a.example, for=10.0.0.2" },
      "10.0.0.1",
      NONE,
      "a.example",
      "" }, /* all are trusted */
    { { "Forwarded", "for=127.0.0.1;host=evil.example, for=unknown;host=a.example" },
      NULL,
      NONE,
      "a.example",
      "" },
    { { "Forwarded", "for=127.0.0.1;host=evil.example, host=a.example" },
      NULL,
      NONE,
      "a.example",
      "" },

    /* broken: nothing of it counts, and nothing else either */
    { { "Forwarded", "for=192.0.2.1;for=192.0.2.2" }, NULL, NONE, "", "" },
    { { "Forwarded", "for = 192.0.2.1" }, NULL, NONE, "", "" },
    { { "Forwarded", "for=" }, NULL, NONE, "", "" },
    { { "Forwarded", "for" }, NULL, NONE, "", "" },
    { { "Forwarded", "for=\"192.0.2.1" }, NULL, NONE, "", "" },
    { { "Forwarded", "for=\"192.0.2.1\\" }, NULL, NONE, "", "" },
    { { "Forwarded", "for=192.0.2.1 host=a.example" }, NULL, NONE, "", "" },
    { { "Forwarded", "for=192.0.2.1;host=a/b" }, NULL, NONE, "", "" },
    { { "Forwarded", "=", "X-Forwarded-Host", "evil.example" }, NULL, NONE, "", "" },
    { { "Forwarded", "for=192.0.2.1", "X-Forwarded-For", "192.0.2.2", "X-Forwarded-Host",
        "evil.example" },
      "192.0.2.1",
      NONE,
      "",
      "" },

    /* values that are none */
    { { "Forwarded", "for=192.0.2.1;proto=gopher;host=\"a b\"" }, "192.0.2.1", NONE, "", "" },
    { { "Forwarded", "host=\"user@a.example\"" }, NULL, NONE, "", "" },
    { { "Forwarded", "host=\"a.example:99999\"" }, NULL, NONE, "", "" },
    { { "Forwarded", "for=\"[192.0.2.1]\"" }, NULL, NONE, "", "" },
    { { "Forwarded", "for=\"192.0.2.1:99999\"" }, NULL, NONE, "", "" },
    { { "Forwarded", "for=\"[2001:db9::1]x\"" }, NULL, NONE, "", "" },

    /* the older ones */
    { { "X-Forwarded-For", "192.0.2.1", "X-Forwarded-Proto", "https", "X-Forwarded-Host",
        "A.example" },
      "192.0.2.1",
      HTTPS,
      "a.example",
      "" },
    { { "X-Forwarded-For", "192.0.2.1:4711" }, "192.0.2.1", NONE, "", "" },
    { { "X-Forwarded-For", "2001:db9::1" }, "2001:db9::1", NONE, "", "" },
    { { "X-Forwarded-For", "[2001:db9::1]:80" }, "2001:db9::1", NONE, "", "" },
    { { "X-Forwarded-For", "127.0.0.1, 198.51.100.7" }, "198.51.100.7", NONE, "", "" },
    { { "X-Forwarded-For", "127.0.0.1", "X-Forwarded-For", "198.51.100.7, 10.0.0.2" },
      "198.51.100.7",
      NONE,
      "",
      "" },
    { { "X-Forwarded-For", "evil, 198.51.100.7", "X-Forwarded-Proto", "gopher, https",
        "X-Forwarded-Host", "evil.example, a.example" },
      "198.51.100.7",
      HTTPS,
      "a.example",
      "" },
    { { "X-Forwarded-For", "198.51.100.7, 10.0.0.2", "X-Forwarded-Proto", "https, http",
        "X-Forwarded-Host", "a.example, inner.example" },
      "198.51.100.7",
      HTTPS,
      "a.example",
      "" },
    { { "X-Forwarded-For", "198.51.100.7, 10.0.0.2", "X-Forwarded-Proto", "https" },
      "198.51.100.7",
      HTTPS,
      "",
      "" },
    { { "X-Forwarded-Proto", "http, https" }, NULL, HTTPS, "", "" },
    { { "X-Forwarded-For", "not an address" }, NULL, NONE, "", "" },
    { { "X-Forwarded-Host", "a.example/../" }, NULL, NONE, "", "" },
    { { "X-Forwarded-Host", "a.example", "X-Forwarded-Port", "8443" },
      NULL,
      NONE,
      "a.example:8443",
      "" },
    { { "X-Forwarded-Host", "a.example:1", "X-Forwarded-Port", "8443" },
      NULL,
      NONE,
      "a.example:1",
      "" },
    { { "X-Forwarded-Host", "[2001:db9::1]", "X-Forwarded-Port", "8443" },
      NULL,
      NONE,
      "[2001:db9::1]:8443",
      "" },
    { { "X-Forwarded-Proto", "https", "X-Forwarded-Port", "443" }, NULL, HTTPS, "", "" },
    { { "X-Forwarded-Proto", "http", "X-Forwarded-Port", "443" },
      NULL,
      HTTP,
      "own.example:443",
      "" },
    { { "X-Forwarded-Port", "70000" }, NULL, NONE, "", "" },
    { { "X-Forwarded-Port", "-1" }, NULL, NONE, "", "" },

    /* a prefix goes with both */
    { { "X-Forwarded-Prefix", "/graph" }, NULL, NONE, "", "/graph" },
    { { "X-Forwarded-Prefix", "/a/b.c_d-e~f/" }, NULL, NONE, "", "/a/b.c_d-e~f" },
    { { "Forwarded", "host=a.example", "X-Forwarded-Prefix", "/graph" },
      NULL,
      NONE,
      "a.example",
      "/graph" },
    { { "X-Forwarded-Prefix", "/" }, NULL, NONE, "", "" },
    { { "X-Forwarded-Prefix", "graph" }, NULL, NONE, "", "" },
    { { "X-Forwarded-Prefix", "//evil.example" }, NULL, NONE, "", "" },
    { { "X-Forwarded-Prefix", "/a//b" }, NULL, NONE, "", "" },
    { { "X-Forwarded-Prefix", "/a/../b" }, NULL, NONE, "", "" },
    { { "X-Forwarded-Prefix", "/." }, NULL, NONE, "", "" },
    { { "X-Forwarded-Prefix", "/a?b" }, NULL, NONE, "", "" },
    { { "X-Forwarded-Prefix", "/a\"b" }, NULL, NONE, "", "" },
    { { "X-Forwarded-Prefix", "/a, /b" }, NULL, NONE, "", "" },
    { { "X-Forwarded-Prefix", "/a", "X-Forwarded-Prefix", "/b" }, NULL, NONE, "", "" },
};

static const struct network_set *trusted(void)
{
    static struct network networks[3];
    static const struct network_set set = { networks, COUNT_OF(networks) };

    assert_true(network_parse(SLICE("10.0.0.0/8"), &networks[0]));
    assert_true(network_parse(SLICE("127.0.0.1"), &networks[1]));
    assert_true(network_parse(SLICE("2001:db8::/32"), &networks[2]));
    return &set;
}

static struct http_request request_of(size_t index, struct http_field fields[4])
{
    struct http_request request = { .fields = fields, .authority = SLICE("own.example") };

    fields[request.field_count++] = (struct http_field){ SLICE("Host"), SLICE("own.example") };
    for (size_t j = 0; j + 1 < COUNT_OF(cases[index].fields) && cases[index].fields[j]; j += 2)
        fields[request.field_count++] = (struct http_field){ slice_of(cases[index].fields[j]),
                                                             slice_of(cases[index].fields[j + 1]) };
    return request;
}

static void test_read(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct arena *arena = arena_create(NULL, 8192);
        struct http_field fields[4];
        struct http_request request = request_of(i, fields);
        struct forwarded said;
        uint8_t want[16];

        CHECK(forwarded_read(&request, trusted(), arena, &said), i);
        CHECK(said.client_known == (cases[i].client != NULL), i);
        if (cases[i].client) {
            CHECK(network_parse_address(slice_of(cases[i].client), want), i);
            CHECK(memcmp(said.client, want, sizeof want) == 0, i);
        }
        CHECK(said.scheme == cases[i].scheme, i);
        CHECK(slice_eq(said.authority, slice_of(cases[i].authority)), i);
        CHECK(slice_eq(said.prefix, slice_of(cases[i].prefix)), i);
        arena_destroy(arena);
    }
}

/* Who says something of a client that cannot be read has not come from this machine. */
static void test_told(void **state UNUSED)
{
    static const struct {
        const char *name;
        bool told;
    } told_cases[] = { { "Forwarded", true },
                       { "X-Forwarded-For", true },
                       { "X-Forwarded-Proto", false },
                       { "X-Forwarded-Host", false },
                       { "Via", false } };

    for (size_t i = 0; i < COUNT_OF(told_cases); i++) {
        struct http_field field = { slice_of(told_cases[i].name), SLICE("???") };
        struct http_request request = { .fields = &field, .field_count = 1 };
        struct arena *arena = arena_create(NULL, 8192);
        struct forwarded said;

        CHECK(forwarded_read(&request, trusted(), arena, &said), i);
        CHECK(said.client_told == told_cases[i].told && !said.client_known, i);
        arena_destroy(arena);
    }
}

/* More hops than anybody has are no hops. */
static void test_many(void **state UNUSED)
{
    char text[33 * sizeof "for=10.0.0.1,"];
    struct http_field field = { SLICE("Forwarded"), SLICE_EMPTY };
    struct http_request request = { .fields = &field, .field_count = 1 };
    struct arena *arena = arena_create(NULL, 8192);
    struct forwarded said;
    size_t len = sizeof "for=10.0.0.1," - 1;

    for (size_t count = 1; count <= 33; count++) {
        memcpy(text + (count - 1) * len, "for=10.0.0.1,", len);
        field.value = (struct slice){ text, count * len };
        CHECK(forwarded_read(&request, trusted(), arena, &said), count);
        CHECK(said.client_known == (count <= 32), count);
    }
    arena_destroy(arena);
}

static void test_no_memory(void **state UNUSED)
{
    struct http_field field = { SLICE("Forwarded"), SLICE("host=A.example") };
    struct http_request request = { .fields = &field, .field_count = 1 };
    struct arena *arena = arena_create(NULL, 16);
    struct forwarded said;

    while (arena_alloc(arena, 1))
        ;
    assert_false(forwarded_read(&request, trusted(), arena, &said));
    arena_destroy(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read),
        cmocka_unit_test(test_told),
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_no_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
