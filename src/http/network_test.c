/* http/network_test.c - what is a block of addresses, and what lies in it. */
#include "http/network.h"

#include <string.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include "base/test.h"

static const struct {
    const char *text;
    bool ok;
    unsigned bits;
} parse_cases[] = {
    { "10.0.0.0/8", true, 104 },
    { "10.1.2.3", true, 128 },
    { "10.1.2.3/32", true, 128 },
    { "0.0.0.0/0", true, 96 },
    { "192.168.4.0/22", true, 118 },
    { "::1", true, 128 },
    { "::/0", true, 0 },
    { "2001:db8::/32", true, 32 },
    { "::ffff:10.0.0.0/104", true, 104 },
    { "10.0.0.1/8", false, 0 },
    { "2001:db8::1/64", false, 0 },
    { "10.0.0.0/33", false, 0 },
    { "::/129", false, 0 },
    { "10.0.0.0/", false, 0 },
    { "10.0.0.0/+8", false, 0 },
    { "10.0.0.0/8/8", false, 0 },
    { "10.0.0/8", false, 0 },
    { "/8", false, 0 },
    { "", false, 0 },
    { "localhost", false, 0 },
    { "[::1]", false, 0 },
    { "fe80::1%eth0", false, 0 },
    { "10.0.0.1:80", false, 0 },
    { " 10.0.0.1", false, 0 },
    { "1111:2222:3333:4444:5555:6666:7777:8888:9999:0000:1111", false, 0 },
};

static void test_parse(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(parse_cases); i++) {
        struct network network = { .bits = 999 };

        CHECK(network_parse(slice_of(parse_cases[i].text), &network) == parse_cases[i].ok, i);
        CHECK(network.bits == (parse_cases[i].ok ? parse_cases[i].bits : 999), i);
    }
}

static void test_no_nul(void **state UNUSED)
{
    struct network network;

    assert_false(network_parse((struct slice){ "10.0.0.1\0x", 10 }, &network));
}

static const struct {
    const char *network, *address;
    bool has;
} has_cases[] = {
    { "10.0.0.0/8", "10.255.0.1", true },
    { "10.0.0.0/8", "11.0.0.0", false },
    { "10.0.0.0/8", "::ffff:10.1.2.3", true },
    { "10.0.0.0/8", "::10.1.2.3", false }, /* not one of IPv4 */
    { "192.168.4.0/22", "192.168.7.255", true },
    { "192.168.4.0/22", "192.168.8.0", false },
    { "0.0.0.0/0", "255.255.255.255", true },
    { "0.0.0.0/0", "::1", false },
    { "::/0", "2001:db8::1", true },
    { "::/0", "1.2.3.4", true }, /* everything, however it is written */
    { "2001:db8::/33", "2001:db8:7fff::1", true },
    { "2001:db8::/33", "2001:db8:8000::1", false },
    { "::1", "::1", true },
    { "::1", "127.0.0.1", false },
    { "127.0.0.1", "127.0.0.1", true },
    { "127.0.0.1", "127.0.0.2", false },
};

static void test_has(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(has_cases); i++) {
        struct network networks[2];
        const struct network_set set = { networks, 2 }, none = { networks, 0 };
        uint8_t address[16];

        CHECK(network_parse(SLICE("203.0.113.7"), &networks[0]), i);
        CHECK(network_parse(slice_of(has_cases[i].network), &networks[1]), i);
        CHECK(network_parse_address(slice_of(has_cases[i].address), address), i);
        CHECK(network_set_has(&set, address) == has_cases[i].has, i);
        CHECK(!network_set_has(&none, address) && !network_set_has(NULL, address), i);
    }
}

static const struct {
    const char *address;
    bool loopback;
} loopback_cases[] = {
    { "127.0.0.1", true },    { "127.255.255.255", true }, { "::ffff:127.0.0.1", true },
    { "::1", true },          { "128.0.0.1", false },      { "::2", false },
    { "::127.0.0.1", false }, { "0.0.0.0", false },        { "::", false },
};

static void test_loopback(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(loopback_cases); i++) {
        uint8_t address[16];

        CHECK(network_parse_address(slice_of(loopback_cases[i].address), address), i);
        CHECK(network_is_loopback(address) == loopback_cases[i].loopback, i);
    }
}

static void test_address_of(void **state UNUSED)
{
    struct sockaddr_storage peer = { 0 };
    struct sockaddr_in four = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(0x0a000001) };
    struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_addr = in6addr_loopback };
    uint8_t address[16], want[16];

    memcpy(&peer, &four, sizeof four);
    assert_true(network_address_of(&peer, address));
    assert_true(network_parse_address(SLICE("10.0.0.1"), want));
    assert_memory_equal(address, want, sizeof want);
    memcpy(&peer, &six, sizeof six);
    assert_true(network_address_of(&peer, address));
    assert_true(network_is_loopback(address));
    peer.ss_family = AF_UNIX;
    assert_false(network_address_of(&peer, address));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse),      cmocka_unit_test(test_no_nul),
        cmocka_unit_test(test_has),        cmocka_unit_test(test_loopback),
        cmocka_unit_test(test_address_of),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
