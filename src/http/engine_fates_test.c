/* http/engine_fates_test.c - answers that end as in a bad network, plain and over TLS. */
#include "base/test.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sys/socket.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "http/engine_rig_test.h"

#define H    "Host: a\r\n"
#define BODY ((size_t)300 * 1024) /* more than one TLS record, more than a socket takes at once */

static void start(struct rig *rig)
{
    const struct http_limits limits = rig_limits();

    rig_start(rig, &limits);
}

/* How the connection ended for the client. */
enum end { END_CLEAN, END_BROKEN_OFF, END_RESET };

/* Everything that comes, up to the end of the connection. */
static enum end read_all(struct client *client, size_t *ret_bytes)
{
    char scratch[16384];

    for (*ret_bytes = 0;;) {
        errno = 0;
        ERR_clear_error();
        ssize_t got = client->ssl ? SSL_read(client->ssl, scratch, sizeof scratch)
                                  : recv(client->fd, scratch, sizeof scratch, 0);
        if (got <= 0) {
            if (errno == ECONNRESET)
                return END_RESET;
            if (client->ssl && SSL_get_error(client->ssl, (int)got) != SSL_ERROR_ZERO_RETURN)
                return END_BROKEN_OFF;
            return END_CLEAN;
        }
        *ret_bytes += (size_t)got;
    }
}

static size_t send_post(struct client *client, const char *path, size_t body_len)
{
    char head[256], *body = malloc(body_len + 1);
    int len = snprintf(head, sizeof head, "POST %s HTTP/1.1\r\n" H "Content-Length: %zu\r\n\r\n",
                       path, body_len);

    assert_non_null(body);
    memset(body, 'x', body_len);
    client_send(client, (struct slice){ head, (size_t)len });
    client_send(client, (struct slice){ body, body_len });
    free(body);
    return body_len;
}

/* Nothing of the answer, and a reset: at once, or when it comes from another thread. */
static void test_reset(void **state UNUSED)
{
    static const char *const paths[] = { "/echo?reset", "/later?reset" };
    static const size_t lengths[] = { 0, 10, BODY };
    static struct rig rig;
    start(&rig);

    for (size_t i = 0; i < COUNT_OF(paths) * COUNT_OF(lengths) * 2; i++) {
        struct client client = client_open(&rig, i & 1);
        size_t bytes;

        send_post(&client, paths[i / 2 % 2], lengths[i / 4]);
        CHECK(read_all(&client, &bytes) == END_RESET, i);
        CHECK(bytes == 0, i);
        client_close(&client);
    }
    assert_true(rig_wait_connections(&rig, 0));
    rig_stop(&rig, 30000);
}

/* The head with the whole length, half of the body, and the end without a goodbye. */
static void test_truncated(void **state UNUSED)
{
    static const char *const paths[] = { "/echo?truncate", "/later?truncate" };
    static const size_t lengths[] = { 0, 1, 11, 20000, BODY };
    static struct rig rig;
    start(&rig);

    for (size_t i = 0; i < COUNT_OF(paths) * COUNT_OF(lengths) * 2; i++) {
        bool tls = i & 1;
        struct client client = client_open(&rig, tls), whole = client_open(&rig, tls);
        struct reply reply;
        size_t bytes, len = send_post(&client, paths[i / 2 % 2], lengths[i / 4]);

        /* The head of the same answer: the paths differ by their query alone. */
        send_post(&whole, i / 2 % 2 ? "/later" : "/echo", len);
        CHECK(client_read(&whole, &reply, false), i);
        CHECK(read_all(&client, &bytes) == (tls ? END_BROKEN_OFF : END_CLEAN), i);
        CHECK(bytes == strlen(reply.head) + len / 2, i);
        client_close(&client);
        client_close(&whole);
    }
    assert_true(rig_wait_connections(&rig, 0));
    rig_stop(&rig, 30000);
}

/* What is pipelined behind it goes with the connection, and does not make a reset of the end. */
static void test_truncated_before_more(void **state UNUSED)
{
    static const struct slice both =
        SLICE_INIT("POST /echo?truncate HTTP/1.1\r\n" H "Content-Length: 4\r\n\r\nabcd"
                   "GET /info HTTP/1.1\r\n" H "\r\n");
    static struct rig rig;
    start(&rig);

    for (int tls = 0; tls < 2; tls++) {
        struct client client = client_open(&rig, tls);
        size_t bytes;

        client_send(&client, both);
        client_try_send(&client, SLICE("GET /info HTTP/1.1\r\n" H "\r\n"));
        assert_int_equal(read_all(&client, &bytes), tls ? END_BROKEN_OFF : END_CLEAN);
        assert_true(bytes > 0);
        client_close(&client);
    }
    assert_int_equal(rig.handled, 2);
    assert_true(rig_wait_connections(&rig, 0));
    rig_stop(&rig, 30000);
}

/* Of every request on a connection, not of the first one alone. */
static void test_peer(void **state UNUSED)
{
    static struct rig rig;
    start(&rig);

    for (int tls = 0; tls < 2; tls++) {
        struct client client = client_open(&rig, tls);
        struct reply reply;

        for (int i = 0; i < 3; i++) {
            client_send(&client, SLICE("GET /peer HTTP/1.1\r\n" H "\r\n"));
            assert_true(client_read(&client, &reply, false));
            assert_string_equal(reply.body, "loopback");
        }
        client_close(&client);
    }
    rig_stop(&rig, 30000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reset),
        cmocka_unit_test(test_truncated),
        cmocka_unit_test(test_truncated_before_more),
        cmocka_unit_test(test_peer),
    };

    signal(SIGPIPE, SIG_IGN); /* of the test's own TLS clients */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
