/* http/caps_test.c - counting by address, against a plain array that counts the same. */
#include "http/caps.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "base/test.h"

static struct caps_key key_of(const char *text)
{
    struct sockaddr_storage storage = { 0 };
    struct sockaddr_in four = { .sin_family = AF_INET };
    struct sockaddr_in6 six = { .sin6_family = AF_INET6 };

    if (inet_pton(AF_INET, text, &four.sin_addr) == 1)
        memcpy(&storage, &four, sizeof four);
    else if (inet_pton(AF_INET6, text, &six.sin6_addr) == 1)
        memcpy(&storage, &six, sizeof six);
    return caps_key_of((struct sockaddr *)&storage);
}

static const struct {
    const char *a, *b;
    bool same;
} key_cases[] = {
    { "1.2.3.4", "1.2.3.4", true },
    { "1.2.3.4", "1.2.3.5", false },
    { "1.2.3.4", "::ffff:1.2.3.4", true }, /* one client, two ways to write it */
    { "1.2.3.4", "::1.2.3.4", false },
    { "2001:db8:0:1::1", "2001:db8:0:1:ffff::2", true }, /* one /64 */
    { "2001:db8:0:1::1", "2001:db8:0:2::1", false },
    { "0.0.0.0", "::", false },
};

static void test_keys(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(key_cases); i++) {
        struct caps_key a = key_of(key_cases[i].a), b = key_of(key_cases[i].b);
        CHECK((a.prefix == b.prefix && a.family == b.family) == key_cases[i].same, i);
    }
}

static void test_caps_total(void **state UNUSED)
{
    struct http_caps *caps = caps_create(3, 100);

    for (uint64_t i = 0; i < 3 + 8; i++) /* the smallest surplus is 8 */
        CHECK(caps_enter(caps, (struct caps_key){ i, 1 }) == (i < 3 ? CAPS_WELCOME : CAPS_SURPLUS),
              i);
    assert_int_equal(caps_enter(caps, (struct caps_key){ 99, 1 }), CAPS_SHUT);
    caps_leave(caps, (struct caps_key){ 5, 1 });
    assert_int_equal(caps_enter(caps, (struct caps_key){ 99, 1 }), CAPS_SURPLUS);
    caps_leave(caps, (struct caps_key){ 99, 1 });
    for (uint64_t i = 0; i < 3 + 8; i++) {
        if (i != 5)
            caps_leave(caps, (struct caps_key){ i, 1 });
    }
    assert_int_equal(caps_enter(caps, (struct caps_key){ 99, 1 }), CAPS_WELCOME);
    caps_release(caps); /* one is inside still: it takes the memory with it */
    caps_leave(caps, (struct caps_key){ 99, 1 });
    caps_release(NULL);
}

/* Random comings and goings of addresses that share runs of slots. */
static void test_caps_against_array(void **state UNUSED)
{
    enum { KEYS = 40, TOTAL = 100, PER_ADDRESS = 10 };
    struct http_caps *caps = caps_create(TOTAL, PER_ADDRESS);
    unsigned counts[KEYS] = { 0 }, inside = 0, seed = 7;

    for (int i = 0; i < 200000; i++) {
        unsigned n = (unsigned)rand_r(&seed) % KEYS;
        struct caps_key key = { n / 2, n % 2 };
        if (rand_r(&seed) % 2) {
            enum caps_verdict want = inside >= TOTAL + 12 || counts[n] >= PER_ADDRESS + 8
                                         ? CAPS_SHUT
                                     : inside >= TOTAL || counts[n] >= PER_ADDRESS ? CAPS_SURPLUS
                                                                                   : CAPS_WELCOME;
            CHECK(caps_enter(caps, key) == want, i);
            counts[n] += want != CAPS_SHUT;
            inside += want != CAPS_SHUT;
        } else if (counts[n] > 0) {
            caps_leave(caps, key);
            counts[n]--;
            inside--;
        }
    }
    caps_release(caps);
    for (unsigned n = 0; n < KEYS; n++) {
        while (counts[n]-- > 0)
            caps_leave(caps, (struct caps_key){ n / 2, n % 2 });
    }
}

static void *come_and_go(void *caps)
{
    for (uint64_t i = 0; i < 20000; i++) {
        struct caps_key key = { i % 7, 1 };
        if (caps_enter(caps, key) != CAPS_SHUT)
            caps_leave(caps, key);
    }
    return NULL;
}

static void test_caps_between_threads(void **state UNUSED)
{
    struct http_caps *caps = caps_create(2, 1);
    pthread_t threads[4];

    for (size_t i = 0; i < COUNT_OF(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, come_and_go, caps), 0);
    for (size_t i = 0; i < COUNT_OF(threads); i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(caps_enter(caps, (struct caps_key){ 0, 1 }), CAPS_WELCOME);
    caps_leave(caps, (struct caps_key){ 0, 1 });
    caps_release(caps);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_caps_total),
        cmocka_unit_test(test_caps_against_array),
        cmocka_unit_test(test_caps_between_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
