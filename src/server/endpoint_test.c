/* server/endpoint_test.c - what is taken for HOST:PORT, and who can reach it.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/test.h"

#include "server/endpoint.h"

static const struct {
    const char *text;
    bool ok;
    const char *host;
    uint16_t port;
    enum endpoint_reach reach;
} cases[] = {
    { "127.0.0.1:8080", true, "127.0.0.1", 8080, ENDPOINT_LOOPBACK },
    { "127.255.0.9:1", true, "127.255.0.9", 1, ENDPOINT_LOOPBACK },
    { "[::1]:0", true, "::1", 0, ENDPOINT_LOOPBACK },
    { "localhost:65535", true, "localhost", 65535, ENDPOINT_LOOPBACK },
    { "LocalHost:80", true, "LocalHost", 80, ENDPOINT_LOOPBACK },
    { "*:80", true, "*", 80, ENDPOINT_ANY },
    { "0.0.0.0:80", true, "0.0.0.0", 80, ENDPOINT_ANY },
    { "[::]:80", true, "::", 80, ENDPOINT_ANY },
    { "10.0.0.5:443", true, "10.0.0.5", 443, ENDPOINT_ONE },
    { "[2001:db8::1]:443", true, "2001:db8::1", 443, ENDPOINT_ONE },
    /* It stands for this machine, but not to every peer: the careful reading. */
    { "[::ffff:127.0.0.1]:443", true, "::ffff:127.0.0.1", 443, ENDPOINT_ONE },

    { "", false, NULL, 0, 0 },
    { "8080", false, NULL, 0, 0 },
    { ":8080", false, NULL, 0, 0 },
    { "127.0.0.1", false, NULL, 0, 0 },
    { "127.0.0.1:", false, NULL, 0, 0 },
    { "127.0.0.1:65536", false, NULL, 0, 0 },
    { "127.0.0.1:-1", false, NULL, 0, 0 },
    { "127.0.0.1: 80", false, NULL, 0, 0 },
    { "127.1:80", false, NULL, 0, 0 },      /* inet_aton would take it */
    { "0177.0.0.1:80", false, NULL, 0, 0 }, /* and this for an octal */
    { "::1:80", false, NULL, 0, 0 },        /* an address or an address and a port? */
    { "[::1]", false, NULL, 0, 0 },
    { "[::1:80", false, NULL, 0, 0 },
    { "[]:80", false, NULL, 0, 0 },
    { "[127.0.0.1]:80", false, NULL, 0, 0 },
    { "connectord.example.com:80", false, NULL, 0, 0 }, /* would ask a name server */
};

static void test_endpoint_parse(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct endpoint endpoint = { .port = 12345 };
        bool ok = endpoint_parse(slice_of(cases[i].text), &endpoint);

        CHECK(ok == cases[i].ok, i);
        CHECK(endpoint.port == (ok ? cases[i].port : 12345), i); /* untouched on failure */
        if (!ok)
            continue;
        CHECK(slice_eq(endpoint.host, slice_of(cases[i].host)), i);
        CHECK(endpoint.reach == cases[i].reach, i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_endpoint_parse) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
