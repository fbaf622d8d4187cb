/* http/engine_test.c - requests and answers on real sockets, plain and over TLS.
 *
 * What is about limits, deadlines and stopping is in engine_limits_test.c.
 */
#include "http/engine.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/ssl.h>

#include "base/test.h"
#include "http/engine_rig_test.h"

static struct rig *start(struct rig *rig)
{
    struct http_limits limits = rig_limits();

    rig_start(rig, &limits);
    return rig;
}

#define H "Host: a\r\n"

/* --- single requests ------------------------------------------------------------------------- */

static const struct {
    struct slice request;
    int status;
    const char *body; /* NULL: no matter */
    const char *line; /* a line of the head; NULL: none */
    bool closes;
} single_cases[] = {
    { SLICE_INIT("GET /info?a=b HTTP/1.1\r\nHost: Me:80\r\n\r\n"), 200, "GET /info?a=b me:80 plain",
      "\r\nContent-Length: 25\r\n", false },
    { SLICE_INIT("\r\n\r\nGET /info HTTP/1.1\r\n" H "\r\n"), 200, "GET /info? a plain", NULL,
      false },
    { SLICE_INIT("GET http://b/info HTTP/1.1\r\n" H "\r\n"), 200, "GET /info? b plain", NULL,
      false },
    { SLICE_INIT("BREW /info HTTP/1.1\r\n" H "\r\n"), 200, "BREW /info? a plain", NULL, false },
    { SLICE_INIT("GET /echo HTTP/1.1\r\n" H "\r\n"), 200, "", "\r\nContent-Length: 0\r\n", false },
    { SLICE_INIT("GET /echo HTTP/1.1\r\n" H "\r\n"), 200, "",
      "HTTP/1.1 200 OK\r\nX-Toy: /echo\r\nDate: ", false },
    { SLICE_INIT("POST /echo HTTP/1.1\r\n" H "Content-Length: 5\r\n\r\nhello"), 200, "hello", NULL,
      false },
    { SLICE_INIT("POST /later HTTP/1.1\r\n" H "Content-Length: 5\r\n\r\nhello"), 200, "hello", NULL,
      false },
    { SLICE_INIT("POST /echo HTTP/1.1\r\n" H "Content-Length: 0\r\n\r\n"), 200, "", NULL, false },
    { SLICE_INIT("POST /echo HTTP/1.1\r\n" H
                 "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x\r\nde\r\n0\r\nA: b\r\n\r\n"),
      200, "abcde", NULL, false },
    { SLICE_INIT("DELETE /empty HTTP/1.1\r\n" H "\r\n"), 204, "", "HTTP/1.1 204 No Content\r\n",
      false },
    { SLICE_INIT("GET /big?100000 HTTP/1.1\r\n" H "\r\n"), 200, NULL,
      "\r\nContent-Length: 100000\r\n", false },
    { SLICE_INIT("GET /exhaust HTTP/1.1\r\n" H "\r\n"), 500, "", "\r\nConnection: close\r\n",
      true },
    { SLICE_INIT("GET /close HTTP/1.1\r\n" H "\r\n"), 200, "", "\r\nConnection: close\r\n", true },
    { SLICE_INIT("GET /echo HTTP/1.1\r\n" H "Connection: close\r\n\r\n"), 200, "",
      "\r\nConnection: close\r\n", true },
    { SLICE_INIT("GET /echo HTTP/1.0\r\n\r\n"), 200, "", "\r\nConnection: close\r\n", true },
    { SLICE_INIT("GET /echo HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"), 200, "",
      "\r\nConnection: keep-alive\r\n", false },
    { SLICE_INIT("GET /echo HTTP/1.0\r\nConnection: keep-alive\r\n" H "\r\n"), 200, "", NULL,
      false },

    /* what comes behind the end does not hurt the answer */
    { SLICE_INIT("GET /close HTTP/1.1\r\n" H "\r\nGET /echo HTTP/1.1\r\n" H "\r\n"), 200, "", NULL,
      true },

    /* refusals close */
    { SLICE_INIT("GET /echo HTTP/1.1\r\n\r\n"), 400, NULL, "\r\nConnection: close\r\n", true },
    { SLICE_INIT("GET /echo HTTP/1.1\n"), 400, NULL, "HTTP/1.1 400 Bad Request\r\n", true },
    { SLICE_INIT("POST /echo HTTP/1.1\r\n" H
                 "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"),
      400, NULL, NULL, true },
    { SLICE_INIT("POST /echo HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\nx\r\n"), 400, NULL,
      NULL, true },
    { SLICE_INIT("GET /echo HTTP/2.0\r\n" H "\r\n"), 505, NULL, NULL, true },
    { SLICE_INIT("POST /echo HTTP/1.1\r\n" H "Expect: x\r\n\r\n"), 417, NULL, NULL, true },
    { SLICE_INIT("POST /echo HTTP/1.1\r\n" H "Content-Length: 4194305\r\n\r\n"), 413, NULL, NULL,
      true },
    { SLICE_INIT("POST /echo HTTP/1.1\r\n" H "Content-Length: 9223372036854775807\r\n\r\n"), 413,
      NULL, NULL, true },
    { SLICE_INIT("POST /echo HTTP/1.1\r\n" H
                 "Expect: 100-continue\r\nContent-Length: 4194305\r\n\r\n"),
      413, NULL, NULL, true },
    { SLICE_INIT("POST /echo HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\nfffffff\r\n"), 413,
      NULL, NULL, true },
};

static void test_single_requests(void **state UNUSED)
{
    static struct rig rig;
    start(&rig);

    for (size_t i = 0; i < COUNT_OF(single_cases); i++) {
        for (int step = 0; step < 2; step++) { /* at once, and byte by byte */
            struct client client = client_open(&rig, false);
            struct reply reply;
            unsigned seed = 1;

            client_send_pieces(&client, single_cases[i].request, step ? 1 : 100000, &seed);
            CHECK(client_read(&client, &reply, false), i);
            CHECK(reply.status == single_cases[i].status, i);
            CHECK(!single_cases[i].body || strcmp(reply.body, single_cases[i].body) == 0, i);
            CHECK(!single_cases[i].line || reply_has(&reply, single_cases[i].line), i);
            if (single_cases[i].closes) {
                CHECK(client_sees_end(&client), i);
            } else {
                client_send(&client, SLICE("GET /info HTTP/1.1\r\nHost: b\r\n\r\n"));
                CHECK(client_read(&client, &reply, false) && reply.status == 200, i);
                CHECK(strcmp(reply.body, "GET /info? b plain") == 0, i);
            }
            client_close(&client);
        }
    }
    rig_stop(&rig, 30000);
}

/* RFC 9110 9.3.2, 8.6: lengths without bytes, and no length at all. */
static void test_head_and_no_content(void **state UNUSED)
{
    static struct rig rig;
    start(&rig);
    struct client client = client_open(&rig, false);
    struct reply reply;

    client_send(&client, SLICE("HEAD /big?1234 HTTP/1.1\r\n" H "\r\n"
                               "HEAD /empty HTTP/1.1\r\n" H "\r\n"
                               "GET /info HTTP/1.1\r\n" H "\r\n"));
    assert_true(client_read(&client, &reply, true));
    assert_true(reply_has(&reply, "\r\nContent-Length: 1234\r\n"));
    assert_true(client_read(&client, &reply, true));
    assert_int_equal(reply.status, 204);
    assert_false(reply_has(&reply, "Content-Length"));
    assert_false(reply_has(&reply, "Content-Type"));
    assert_true(client_read(&client, &reply, false));
    assert_string_equal(reply.body, "GET /info? a plain");
    client_close(&client);
    rig_stop(&rig, 30000);
}

static void test_continue(void **state UNUSED)
{
    static struct rig rig;
    start(&rig);
    static const struct slice head =
        SLICE_INIT("POST /echo HTTP/1.1\r\n" H "Expect: 100-continue\r\nContent-Length: 5\r\n\r\n");
    struct client client = client_open(&rig, false);
    struct reply reply;

    for (int round = 0; round < 2; round++) {
        client_send(&client, head);
        assert_true(client_read(&client, &reply, false));
        assert_int_equal(reply.status, 100);
        assert_string_equal(reply.head, "HTTP/1.1 100 Continue\r\n\r\n");
        client_send(&client, SLICE("hello"));
        assert_true(client_read(&client, &reply, false));
        assert_int_equal(reply.status, 200);
        assert_string_equal(reply.body, "hello");
    }
    /* the body is there already, or there is none: no 100 */
    client_send(&client, SLICE("POST /echo HTTP/1.1\r\n" H
                               "Expect: 100-continue\r\nContent-Length: 5\r\n\r\nhello"));
    assert_true(client_read(&client, &reply, false));
    assert_int_equal(reply.status, 200);
    client_send(&client, SLICE("POST /echo HTTP/1.1\r\n" H "Expect: 100-continue\r\n\r\n"));
    assert_true(client_read(&client, &reply, false));
    assert_int_equal(reply.status, 200);
    /* chunked */
    client_send(&client, SLICE("POST /echo HTTP/1.1\r\n" H
                               "Expect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n"));
    assert_true(client_read(&client, &reply, false));
    assert_int_equal(reply.status, 100);
    client_send(&client, SLICE("2\r\nhi\r\n0\r\n\r\n"));
    assert_true(client_read(&client, &reply, false));
    assert_string_equal(reply.body, "hi");
    client_close(&client);
    rig_stop(&rig, 30000);
}

/* --- many requests --------------------------------------------------------------------------- */

enum { PIPELINED = 100 };

/* Request number `n` of a pipeline, and the body that its answer must have. */
static size_t make_request(char *out, size_t room, int n, char want[64])
{
    int body_len =
        snprintf(want, 64, "body %d%.*s", n, n % 40, "........................................");

    switch (n % 4) {
    case 0:
        snprintf(want, 64, "GET /info?%d a", n);
        return (size_t)snprintf(out, room, "GET /info?%d HTTP/1.1\r\n" H "\r\n", n);
    case 1:
        return (size_t)snprintf(
            out, room, "POST /echo HTTP/1.1\r\n" H "Content-Length: %d\r\n\r\n%s", body_len, want);
    case 2:
        return (size_t)snprintf(
            out, room, "POST /later HTTP/1.1\r\n" H "Content-Length: %d\r\n\r\n%s", body_len, want);
    default:
        return (size_t)snprintf(out, room,
                                "POST /echo HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n"
                                "4\r\n%.4s\r\n%x\r\n%s\r\n0\r\n\r\n",
                                want, body_len - 4, want + 4);
    }
}

static void pipeline(const struct rig *rig, bool tls, size_t most, unsigned seed)
{
    static char bytes[PIPELINED * 256];
    char want[PIPELINED][64];
    size_t len = 0;
    struct client client = client_open(rig, tls);

    for (int n = 0; n < PIPELINED; n++)
        len += make_request(bytes + len, sizeof bytes - len, n, want[n]);
    client_send_pieces(&client, (struct slice){ bytes, len }, most, &seed);
    for (int n = 0; n < PIPELINED; n++) {
        struct reply reply;
        CHECK(client_read(&client, &reply, false), n);
        CHECK(reply.status == 200, n);
        CHECK(strncmp(reply.body, want[n], strlen(want[n])) == 0, n);
    }
    client_close(&client);
}

static void test_pipelining(void **state UNUSED)
{
    static const size_t pieces[] = { 1, 7, 60, 1500, 1000000 };
    static struct rig rig;
    start(&rig);

    for (size_t i = 0; i < COUNT_OF(pieces); i++) {
        pipeline(&rig, false, pieces[i], (unsigned)i);
        pipeline(&rig, true, pieces[i] * 3, (unsigned)i);
    }
    assert_true(rig_wait_connections(&rig, 0));
    rig_stop(&rig, 30000);
}

static void test_keep_alive_on_many_connections(void **state UNUSED)
{
    enum { CLIENTS = 40, ROUNDS = 20 };
    static struct rig rig;
    start(&rig);
    struct client clients[CLIENTS];

    for (int i = 0; i < CLIENTS; i++)
        clients[i] = client_open(&rig, i % 4 == 0);
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < CLIENTS; i++)
            client_send(&clients[i],
                        SLICE("POST /later HTTP/1.1\r\n" H "Content-Length: 3\r\n\r\nabc"));
        for (int i = 0; i < CLIENTS; i++) {
            struct reply reply;
            CHECK(client_read(&clients[i], &reply, false), i);
            CHECK(reply.status == 200 && strcmp(reply.body, "abc") == 0, i);
        }
    }
    assert_int_equal(rig_connections(&rig), CLIENTS);
    assert_int_equal(rig.handled, CLIENTS * ROUNDS);
    /* dealt out in turn */
    assert_int_equal(http_engine_connection_count(rig.engines[0]), CLIENTS / RIG_LOOPS);
    for (int i = 0; i < CLIENTS; i++)
        client_close(&clients[i]);
    rig_stop(&rig, 30000);
}

/* --- long ones ------------------------------------------------------------------------------- */

static const size_t body_lengths[] = {
    1, 3000, 4096, 16383, 16384, 16385, 70000, 1000003, 4 << 20
};

static bool is_pattern(const char *body, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (body[i] != (char)('a' + i % 23))
            return false;
    }
    return true;
}

static void fill_pattern(char *body, size_t len)
{
    for (size_t i = 0; i < len; i++)
        body[i] = (char)('a' + i % 23);
}

static void send_chunked(struct client *client, const char *body, size_t len, unsigned *seed)
{
    for (size_t at = 0; at < len;) {
        char line[32];
        size_t chunk = 1 + (size_t)rand_r(seed) % 60000;
        if (chunk > len - at)
            chunk = len - at;
        int line_len = snprintf(line, sizeof line, "%zx\r\n", chunk);
        client_send(client, (struct slice){ line, (size_t)line_len });
        client_send(client, (struct slice){ body + at, chunk });
        client_send(client, SLICE("\r\n"));
        at += chunk;
    }
    client_send(client, SLICE("0\r\n\r\n"));
}

static void exchange_body(struct client *client, const char *body, size_t len, bool chunked,
                          size_t i)
{
    struct reply reply;
    char head[128];
    unsigned seed = (unsigned)len;
    int head_len;

    if (chunked)
        head_len = snprintf(head, sizeof head,
                            "POST /later HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n");
    else
        head_len = snprintf(head, sizeof head,
                            "POST /echo HTTP/1.1\r\n" H "Content-Length: %zu\r\n\r\n", len);
    client_send(client, (struct slice){ head, (size_t)head_len });
    if (chunked)
        send_chunked(client, body, len, &seed);
    else
        client_send_pieces(client, (struct slice){ body, len }, 100000, &seed);
    CHECK(client_read(client, &reply, false), i);
    CHECK(reply.status == 200 && reply.body_len == len && is_pattern(reply.body, len), i);
}

static void test_long_bodies(void **state UNUSED)
{
    static struct rig rig;
    start(&rig);
    size_t longest = body_lengths[COUNT_OF(body_lengths) - 1];
    char *body = malloc(longest);

    assert_non_null(body);
    fill_pattern(body, longest);
    for (int tls = 0; tls < 2; tls++) {
        struct client client = client_open(&rig, tls);
        for (size_t i = 0; i < COUNT_OF(body_lengths); i++) {
            exchange_body(&client, body, body_lengths[i], false, i);
            exchange_body(&client, body, body_lengths[i], true, i);
        }
        client_close(&client);
    }
    free(body);
    rig_stop(&rig, 30000);
}

/* The socket fills up long before; the client reads late, and then all of it. */
static void test_long_answers(void **state UNUSED)
{
    static struct rig rig;
    start(&rig);

    for (int tls = 0; tls < 2; tls++) {
        struct client client = client_open(&rig, tls);
        struct reply reply;

        client_send(&client, SLICE("GET /big?30000000 HTTP/1.1\r\n" H "\r\n"
                                   "GET /info HTTP/1.1\r\n" H "\r\n"));
        assert_true(rig_wait_count(&rig.handled, (size_t)tls * 2 + 1));
        client_send(&client, SLICE("GET /info?2 HTTP/1.1\r\n" H "\r\n")); /* while it is sending */
        assert_true(client_read(&client, &reply, false));
        assert_int_equal(reply.body_len, 30000000);
        assert_true(reply.body[0] == 'x' && reply.body[29999999] == 'x');
        assert_true(client_read(&client, &reply, false));
        assert_true(strncmp(reply.body, "GET /info? a", 12) == 0);
        assert_true(client_read(&client, &reply, false));
        assert_true(strncmp(reply.body, "GET /info?2 a", 13) == 0);
        client_close(&client);
        atomic_store(&rig.handled, 2);
    }
    rig_stop(&rig, 30000);
}

/* A client that sends on although it was refused gets to read why. */
static void test_refused_while_sending(void **state UNUSED)
{
    static struct rig rig;
    start(&rig);
    static char filler[100000];
    memset(filler, 'f', sizeof filler);

    for (int tls = 0; tls < 2; tls++) {
        struct client client = client_open(&rig, tls);
        struct reply reply;

        client_send(&client, SLICE("POST /echo HTTP/1.1\r\n" H "Content-Length: 6000000\r\n\r\n"));
        for (int i = 0; i < 60; i++)
            client_send(&client, (struct slice){ filler, sizeof filler });
        assert_true(client_read(&client, &reply, false));
        assert_int_equal(reply.status, 413);
        assert_true(client_sees_end(&client));
        client_close(&client);
    }
    rig_stop(&rig, 30000);
}

/* --- clients that leave ---------------------------------------------------------------------- */

static void test_half_closed(void **state UNUSED)
{
    static struct rig rig;
    start(&rig);

    for (int tls = 0; tls < 2; tls++) {
        struct client client = client_open(&rig, tls);
        struct reply reply;

        client_send(&client, SLICE("POST /later HTTP/1.1\r\n" H "Content-Length: 2\r\n\r\nhi"
                                   "GET /info HTTP/1.1\r\n" H "\r\n"));
        client_end_writing(&client);
        assert_true(client_read(&client, &reply, false));
        assert_string_equal(reply.body, "hi");
        assert_true(client_read(&client, &reply, false));
        assert_true(strncmp(reply.body, "GET /info?", 10) == 0);
        assert_true(client_sees_end(&client));
        client_close(&client);
    }
    rig_stop(&rig, 30000);
}

/* Exchanges are out when their clients go away, politely or not; all must come home. */
static void test_clients_vanish(void **state UNUSED)
{
    enum { CLIENTS = 60 };
    static struct rig rig;
    start(&rig);

    for (int i = 0; i < CLIENTS; i++) {
        struct client client = client_open(&rig, i % 3 == 0);
        client_send(&client, SLICE("POST /hold HTTP/1.1\r\n" H "Content-Length: 2\r\n\r\nhi"
                                   "GET /info HTTP/1.1\r\n" H "\r\nGET"));
        if (i % 2)
            client_reset(&client);
        else
            client_close(&client);
    }
    assert_true(rig_wait_count(&rig.held, 1));
    assert_true(rig_wait_count(&rig.handled, CLIENTS / 2)); /* a reset may overtake its request */
    for (int i = 0; i < CLIENTS; i++)
        sem_post(&rig.gate);
    assert_true(rig_wait_connections(&rig, 0));
    assert_int_equal(rig_status_of(&rig, false, SLICE("GET /info HTTP/1.1\r\n" H "\r\n")), 200);
    rig_stop(&rig, 30000);
}

static void test_clients_leave_halfway(void **state UNUSED)
{
    static const struct slice beginnings[] = {
        SLICE_INIT(""),
        SLICE_INIT("\r\n"),
        SLICE_INIT("GET /"),
        SLICE_INIT("GET /info HTTP/1.1\r\n" H "\r"),
        SLICE_INIT("POST /echo HTTP/1.1\r\n" H "Content-Length: 5\r\n\r\n"),
        SLICE_INIT("POST /echo HTTP/1.1\r\n" H "Content-Length: 5\r\n\r\nhe"),
        SLICE_INIT("POST /echo HTTP/1.1\r\n" H "Expect: 100-continue\r\nContent-Length: 5\r\n\r\n"),
        SLICE_INIT("POST /echo HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n5\r\nhe"),
        SLICE_INIT("GET /big?10000000 HTTP/1.1\r\n" H "\r\n"),
    };
    static struct rig rig;
    start(&rig);

    for (size_t i = 0; i < COUNT_OF(beginnings) * 4; i++) {
        struct client client = client_open(&rig, i & 1);
        client_send(&client, beginnings[i / 4]);
        if (i & 2)
            client_reset(&client);
        else
            client_close(&client);
    }
    assert_true(rig_wait_connections(&rig, 0));
    rig_stop(&rig, 30000);
}

/* Bytes that are no TLS on the port that expects it, and TLS on the one that does not. */
static void test_wrong_protocol(void **state UNUSED)
{
    static struct rig rig;
    start(&rig);
    struct rig crossed = { .port = rig.tls_port };

    assert_int_equal(rig_status_of(&crossed, false, SLICE("GET / HTTP/1.1\r\n" H "\r\n")), 0);
    assert_int_equal(
        rig_status_of(&rig, false, SLICE("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")), 400);
    assert_int_equal(rig_status_of(&rig, true, SLICE("GET /info HTTP/1.1\r\n" H "\r\n")), 200);
    assert_true(rig_wait_connections(&rig, 0));
    rig_stop(&rig, 30000);
}

/* A client that offers only a protocol which we do not speak is not turned away for it. */
static void test_alpn(void **state UNUSED)
{
    static const struct {
        const char *offer; /* as on the wire: lengths and names */
        const char *chosen;
    } cases[] = {
        { "\x08http/1.1", "http/1.1" },
        { "\x02h2\x08http/1.1", "http/1.1" },
        { "\x02h2", "" },
        { "\x08http/1.0\x03foo", "" },
    };
    static struct rig rig;
    start(&rig);

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct client client = client_open(&(struct rig){ .port = rig.tls_port }, false);
        SSL_CTX *context = SSL_CTX_new(TLS_client_method());
        const unsigned char *chosen;
        unsigned chosen_len;
        struct reply reply;

        client.ssl = SSL_new(context);
        SSL_CTX_free(context);
        SSL_set_fd(client.ssl, client.fd);
        SSL_set_alpn_protos(client.ssl, (const unsigned char *)cases[i].offer,
                            (unsigned)strlen(cases[i].offer));
        CHECK(SSL_connect(client.ssl) == 1, i);
        SSL_get0_alpn_selected(client.ssl, &chosen, &chosen_len);
        CHECK(
            slice_eq((struct slice){ (const char *)chosen, chosen_len }, slice_of(cases[i].chosen)),
            i);
        client_send(&client, SLICE("GET /info HTTP/1.1\r\n" H "\r\n"));
        CHECK(client_read(&client, &reply, false) && reply.status == 200, i);
        CHECK(strcmp(reply.body, "GET /info? a secure") == 0, i);
        client_close(&client);
    }
    rig_stop(&rig, 30000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_single_requests),
        cmocka_unit_test(test_head_and_no_content),
        cmocka_unit_test(test_continue),
        cmocka_unit_test(test_pipelining),
        cmocka_unit_test(test_keep_alive_on_many_connections),
        cmocka_unit_test(test_long_bodies),
        cmocka_unit_test(test_long_answers),
        cmocka_unit_test(test_refused_while_sending),
        cmocka_unit_test(test_half_closed),
        cmocka_unit_test(test_clients_vanish),
        cmocka_unit_test(test_clients_leave_halfway),
        cmocka_unit_test(test_wrong_protocol),
        cmocka_unit_test(test_alpn),
    };

    signal(SIGPIPE, SIG_IGN); /* of the test's own TLS clients */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
