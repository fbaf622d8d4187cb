/* http/address_test.c - what may be listened on, and what of it is loopback. */
#include "http/address.h"

#include <string.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include "base/test.h"
#include "http/engine.h"

static const struct {
    const char *text;
    bool ok, loopback;
    enum address_kind kind;
    uint16_t port;
} cases[] = {
    { "127.0.0.1:8080", true, true, ADDRESS_LITERAL, 8080 },
    { "127.255.0.9:0", true, true, ADDRESS_LITERAL, 0 },
    { "128.0.0.1:1", true, false, ADDRESS_LITERAL, 1 },
    { "0.0.0.0:65535", true, false, ADDRESS_LITERAL, 65535 },
    { "[::1]:443", true, true, ADDRESS_LITERAL, 443 },
    { "[::]:443", true, false, ADDRESS_LITERAL, 443 },
    { "[fe80::1]:443", true, false, ADDRESS_LITERAL, 443 },
    { "[::ffff:127.0.0.1]:443", true, false, ADDRESS_LITERAL, 443 }, /* not written plainly */
    { "localhost:80", true, true, ADDRESS_LOCALHOST, 80 },
    { "LocalHost:80", true, true, ADDRESS_LOCALHOST, 80 },
    { "*:80", true, false, ADDRESS_ANY, 80 },

    { "", false, false, 0, 0 },
    { ":", false, false, 0, 0 },
    { "80", false, false, 0, 0 },
    { ":80", false, false, 0, 0 },
    { "127.0.0.1", false, false, 0, 0 },
    { "127.0.0.1:", false, false, 0, 0 },
    { "127.0.0.1:65536", false, false, 0, 0 },
    { "127.0.0.1:-1", false, false, 0, 0 },
    { "127.0.0.1: 80", false, false, 0, 0 },
    { "127.0.0.1:http", false, false, 0, 0 },
    { "127.1:80", false, false, 0, 0 },
    { "127.0.0.256:80", false, false, 0, 0 },
    { "0x7f000001:80", false, false, 0, 0 },
    { "::1:80", false, false, 0, 0 },
    { "[::1]", false, false, 0, 0 },
    { "[]:80", false, false, 0, 0 },
    { "[::1:80", false, false, 0, 0 },
    { "[127.0.0.1]:80", false, false, 0, 0 },
    { "[::1%lo]:80", false, false, 0, 0 },
    { "localhost.:80", false, false, 0, 0 },
    { "example.com:80", false, false, 0, 0 },
    { "http://localhost:80", false, false, 0, 0 },
};

static void test_addresses(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct slice text = slice_of(cases[i].text);
        struct error err = { 0 };
        struct address address;

        CHECK(address_parse(text, &address, &err) == cases[i].ok, i);
        CHECK(http_address_is_loopback(text) == cases[i].loopback, i);
        if (!cases[i].ok) {
            CHECK(err.code == ERROR_CONFIGURATION && strstr(err.message, cases[i].text), i);
            continue;
        }
        CHECK(address.kind == cases[i].kind && address.port == cases[i].port, i);
        if (address.kind == ADDRESS_LITERAL)
            CHECK(address_port(&address.literal) == cases[i].port, i);
    }
}

static void test_made_addresses(void **state UNUSED)
{
    struct sockaddr_storage four = address_four(INADDR_LOOPBACK, 80), six = address_six(true, 81);

    assert_int_equal(four.ss_family, AF_INET);
    assert_int_equal(address_len(&four), sizeof(struct sockaddr_in));
    assert_int_equal(address_port(&four), 80);
    assert_int_equal(six.ss_family, AF_INET6);
    assert_int_equal(address_len(&six), sizeof(struct sockaddr_in6));
    assert_int_equal(address_port(&six), 81);
}

static void test_formatted_addresses(void **state UNUSED)
{
    static const struct {
        const char *host_port, *text;
    } formatted[] = {
        { "127.0.0.1:80", "127.0.0.1:80" },
        { "[::1]:65535", "[::1]:65535" },
        { "[::ffff:10.1.2.3]:8080", "10.1.2.3:8080" }, /* what a socket for both kinds says */
    };
    struct sockaddr_storage unknown = { .ss_family = AF_UNIX };
    char text[ADDRESS_TEXT_MAX];

    for (size_t i = 0; i < COUNT_OF(formatted); i++) {
        struct address address;
        CHECK(address_parse(slice_of(formatted[i].host_port), &address, NULL), i);
        size_t len = address_format(&address.literal, text);
        CHECK(slice_eq((struct slice){ text, len }, slice_of(formatted[i].text)), i);
    }
    assert_int_equal(address_format(&unknown, text), 0);
}

static const struct {
    const char *host_port;
    bool loopback;
} peer_cases[] = {
    { "127.0.0.1:80", true },
    { "127.255.255.254:80", true },
    { "128.0.0.1:80", false },
    { "126.255.255.255:80", false },
    { "[::1]:80", true },
    { "[::2]:80", false },
    { "[::ffff:127.0.0.1]:80", true },
    { "[::ffff:127.9.9.9]:80", true },
    { "[::ffff:10.1.2.3]:80", false },
    { "[::127.0.0.1]:80", false },
    { "[64:ff9b::7f00:1]:80", false },
    { "[::]:80", false },
};

static void test_loopback_peers(void **state UNUSED)
{
    const struct sockaddr_storage unknown = { .ss_family = AF_UNIX };

    for (size_t i = 0; i < COUNT_OF(peer_cases); i++) {
        struct address address;
        CHECK(address_parse(slice_of(peer_cases[i].host_port), &address, NULL), i);
        CHECK(address_is_loopback(&address.literal) == peer_cases[i].loopback, i);
    }
    assert_false(address_is_loopback(&unknown));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_made_addresses),
        cmocka_unit_test(test_formatted_addresses),
        cmocka_unit_test(test_loopback_peers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
