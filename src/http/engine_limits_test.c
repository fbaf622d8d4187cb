/* http/engine_limits_test.c - deadlines, sizes, caps and stopping, with limits made short. */
#include "http/engine.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "base/arena.h"
#include "base/test.h"
#include "http/engine_rig_test.h"
#include "loop/loop.h"

#define H    "Host: a\r\n"
#define INFO "GET /info HTTP/1.1\r\n" H "\r\n"

static void sleep_ms(long ms)
{
    nanosleep(&(struct timespec){ ms / 1000, ms % 1000 * 1000000 }, NULL);
}

/* A client that sends a beginning and then nothing more; 0: closed without an answer. */
struct silence {
    bool tls;
    struct slice start;
    int status;
};

/* All at the same time, since each waits for a deadline. */
static void check_silences(const struct rig *rig, const struct silence *silences, size_t count)
{
    struct client clients[8];

    assert_true(count <= COUNT_OF(clients));
    for (size_t i = 0; i < count; i++) {
        clients[i] = client_open(rig, silences[i].tls);
        client_send(&clients[i], silences[i].start);
    }
    for (size_t i = 0; i < count; i++) {
        struct reply reply = { 0 };
        int status = client_read(&clients[i], &reply, false) ? reply.status : 0;
        CHECK(status == silences[i].status, i);
        CHECK(client_sees_end(&clients[i]), i);
        client_close(&clients[i]);
    }
}

/* Sends a byte every 20 ms, which renews nothing, until the server has refused; false: it has
 * not. */
static bool trickle_until_refused(struct rig *rig, struct client *client)
{
    size_t before = rig->refused;

    for (int sent = 0; sent < 1000; sent++) {
        if (rig->refused > before || !client_try_send(client, SLICE("t")))
            return true;
        sleep_ms(20);
    }
    return false;
}

/* --- deadlines ------------------------------------------------------------------------------- */

static void test_slow_head(void **state UNUSED)
{
    static const struct silence silences[] = {
        { false, SLICE_INIT("G"), 408 },
        { false, SLICE_INIT("GET / HTTP/1.1\r\nHost: a\r\n"), 408 },
        { true, SLICE_INIT("GET / HTTP/1.1\r\n"), 408 },
        { true, SLICE_INIT(""), 0 }, /* since the accept */
    };
    static struct rig rig;
    struct http_limits limits = rig_limits();
    limits.head_ms = 700;
    rig_start(&rig, &limits);
    struct client client = client_open(&rig, false);
    struct client no_handshake = client_open(&(struct rig){ .port = rig.tls_port }, false);
    struct reply reply;

    check_silences(&rig, silences, COUNT_OF(silences));
    assert_true(client_sees_end(&no_handshake));
    client_close(&no_handshake);
    /* the second of two in the pipe has its own time */
    client_send(&client, SLICE(INFO "GET /"));
    assert_true(client_read(&client, &reply, false));
    assert_int_equal(reply.status, 200);
    assert_true(trickle_until_refused(&rig, &client));
    assert_true(client_read(&client, &reply, false));
    assert_int_equal(reply.status, 408);
    client_close(&client);
    rig_stop(&rig, 30000);
}

static void test_idle(void **state UNUSED)
{
    static struct rig rig;
    struct http_limits limits = rig_limits();
    limits.idle_ms = 500;
    rig_start(&rig, &limits);

    check_silences(&rig, &(struct silence){ false, SLICE_EMPTY, 0 }, 1);
    for (int tls = 0; tls < 2; tls++) {
        struct client client = client_open(&rig, tls);
        struct reply reply;
        client_send(&client, SLICE(INFO));
        assert_true(client_read(&client, &reply, false));
        assert_true(client_sees_end(&client));
        client_close(&client);
    }
    assert_int_equal(rig.refused, 0);

    /* the handler's time is nobody's idleness */
    struct client client = client_open(&rig, false);
    struct reply reply;
    client_send(&client, SLICE("GET /hold HTTP/1.1\r\n" H "\r\n"));
    sleep_ms(1000);
    sem_post(&rig.gate);
    assert_true(client_read(&client, &reply, false));
    assert_int_equal(reply.status, 200);
    client_close(&client);
    rig_stop(&rig, 30000);
}

static void test_slow_body(void **state UNUSED)
{
    static const struct silence silences[] = {
        { false, SLICE_INIT("POST /echo HTTP/1.1\r\n" H "Content-Length: 9\r\n\r\n12345678"), 408 },
        { true, SLICE_INIT("POST /echo HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n9\r\n1"),
          408 },
    };
    static const struct slice head =
        SLICE_INIT("POST /echo HTTP/1.1\r\n" H "Content-Length: 20480\r\n\r\n");
    static char kilobyte[1024];
    static struct rig rig;
    struct http_limits limits = rig_limits();
    limits.body_grace_ms = 200;
    limits.body_bytes_per_s = 500;
    rig_start(&rig, &limits);
    struct client client = client_open(&rig, false);
    struct reply reply;
    memset(kilobyte, 'k', sizeof kilobyte);

    check_silences(&rig, silences, COUNT_OF(silences));
    /* fast enough over several periods */
    client_send(&client, head);
    for (int i = 0; i < 20; i++) {
        client_send(&client, (struct slice){ kilobyte, sizeof kilobyte });
        sleep_ms(30);
    }
    assert_true(client_read(&client, &reply, false));
    assert_int_equal(reply.status, 200);
    assert_int_equal(reply.body_len, 20480);

    client_send(&client, head);
    assert_true(trickle_until_refused(&rig, &client));
    assert_true(client_read(&client, &reply, false));
    assert_int_equal(reply.status, 408);
    client_close(&client);
    rig_stop(&rig, 30000);
}

/* The answer is longer than all buffers between us and a client that does not read. */
static void test_unread_answer(void **state UNUSED)
{
    static struct rig rig;
    struct http_limits limits = rig_limits();
    limits.reply_ms = 300;
    rig_start(&rig, &limits);

    for (int tls = 0; tls < 2; tls++) {
        struct client client = client_open(&rig, tls);
        client_send(&client, SLICE("GET /big?50000000 HTTP/1.1\r\n" H "\r\n"));
        assert_true(rig_wait_count(&rig.handled, (size_t)tls + 1));
        assert_true(rig_wait_connections(&rig, 0));
        client_close(&client);
    }
    rig_stop(&rig, 30000);
}

/* --- sizes ----------------------------------------------------------------------------------- */

/* A request of one field of `field` bytes and a target of `target` more. */
static int status_of_head(const struct rig *rig, size_t target, size_t field, size_t fields)
{
    static char bytes[200000];
    size_t at = 0;

    at += (size_t)snprintf(bytes, sizeof bytes, "GET /info?");
    memset(bytes + at, 't', target);
    at += target;
    at += (size_t)snprintf(bytes + at, sizeof bytes - at, " HTTP/1.1\r\n" H "F: ");
    memset(bytes + at, 'f', field);
    at += field;
    for (size_t i = 0; i < fields; i++)
        at += (size_t)snprintf(bytes + at, sizeof bytes - at, "\r\nX: y");
    at += (size_t)snprintf(bytes + at, sizeof bytes - at, "\r\n\r\n");
    return rig_status_of(rig, false, (struct slice){ bytes, at });
}

static void test_sizes(void **state UNUSED)
{
    static const struct {
        size_t target, field, fields;
        int status;
    } cases[] = {
        { 0, 0, 0, 200 },       { 3900, 0, 0, 200 },   { 0, 4090, 0, 200 }, { 0, 8000, 0, 200 },
        { 0, 8192, 0, 431 },    { 0, 100000, 0, 431 }, { 8192, 0, 0, 414 }, { 100000, 0, 0, 414 },
        { 4000, 4500, 0, 431 }, { 0, 0, 62, 200 },     { 0, 0, 63, 431 },   { 0, 0, 1000, 431 },
    };
    static struct rig rig;
    struct http_limits limits = rig_limits();
    rig_start(&rig, &limits);

    for (size_t i = 0; i < COUNT_OF(cases); i++)
        CHECK(status_of_head(&rig, cases[i].target, cases[i].field, cases[i].fields) ==
                  cases[i].status,
              i);
    rig_stop(&rig, 30000);
}

/* A request that may hold little memory is told so, and the server lives on. */
static void test_arena_budget(void **state UNUSED)
{
    static struct rig rig;
    struct http_limits limits = rig_limits();
    limits.request_arena_bytes = 1;
    limits.body_bytes = 100;
    limits.head_bytes = 100;
    rig_start(&rig, &limits);

    assert_int_equal(rig_status_of(&rig, false, SLICE(INFO)), 200);
    assert_int_equal(rig_status_of(&rig, false, SLICE("GET /exhaust HTTP/1.1\r\n" H "\r\n")), 500);
    assert_int_equal(rig_status_of(&rig, false, SLICE("GET /big?100000 HTTP/1.1\r\n" H "\r\n")),
                     500);
    assert_int_equal(
        rig_status_of(&rig, false, SLICE("POST / HTTP/1.1\r\n" H "Content-Length: 101\r\n\r\n")),
        413);
    rig_stop(&rig, 30000);
}

/* --- the memory of all ------------------------------------------------------------------------ */

enum { MEMORY = 8 << 20, GREEDY = 16, BODY = 2 << 20 };

/* Sends a body but for its last byte. A status: it was refused in the midst; 0: it may go on. */
static int send_all_but_one(struct client *client, const char *body)
{
    struct reply reply;

    client_send(client, SLICE("POST /echo HTTP/1.1\r\n" H "Content-Length: 2097152\r\n\r\n"));
    client_try_send(client, (struct slice){ body, BODY - 1 });
    struct timeval soon = { .tv_usec = 300000 };
    setsockopt(client->fd, SOL_SOCKET, SO_RCVTIMEO, &soon, sizeof soon);
    return client_read(client, &reply, false) ? reply.status : 0;
}

/* Bodies that do not end take half of the memory and no more; small requests do not notice. */
static void test_memory_of_all(void **state UNUSED)
{
    static struct rig rig;
    static char body[BODY];
    struct arena_ledger memory;
    struct http_limits limits = rig_limits();
    arena_ledger_init(&memory, MEMORY);
    limits.memory = &memory;
    rig_start(&rig, &limits);
    struct client greedy[GREEDY];
    int waiting = 0;
    memset(body, 'b', sizeof body);

    for (int i = 0; i < GREEDY; i++) {
        greedy[i] = client_open(&rig, i % 4 == 3);
        int status = send_all_but_one(&greedy[i], body);
        CHECK(status == 0 || status == 503, i);
        waiting += status == 0;
        CHECK(arena_ledger_taken_bytes(&memory) <= MEMORY / 2 + GREEDY * 16 * 1024, i);
        CHECK(rig_status_of(&rig, i & 1, SLICE(INFO)) == 200, i);
        CHECK(rig_status_of(&rig, false,
                            SLICE("POST /later HTTP/1.1\r\n" H "Content-Length: 2\r\n\r\nhi")) ==
                  200,
              i);
    }
    assert_in_range(waiting, 1, 2);
    for (int i = 0; i < GREEDY; i++)
        client_close(&greedy[i]);
    assert_true(rig_wait_connections(&rig, 0)); /* then there is room again */
    struct client client = client_open(&rig, false);
    struct reply reply;
    assert_int_equal(send_all_but_one(&client, body), 0);
    client_send(&client, SLICE("b"));
    assert_true(client_read(&client, &reply, false));
    assert_int_equal(reply.status, 200);
    client_close(&client);
    rig_stop(&rig, 30000);
    assert_int_equal(arena_ledger_taken_bytes(&memory), 0);
}

/* Where not even a first block is left the client is told so, by constants. */
static void test_no_memory_at_all(void **state UNUSED)
{
    static struct rig rig;
    struct arena_ledger memory;
    struct http_limits limits = rig_limits();
    arena_ledger_init(&memory, 20000);
    limits.memory = &memory;
    rig_start(&rig, &limits);
    struct client holds = client_open(&rig, false);
    struct reply reply;

    client_send(&holds, SLICE("GET /hold HTTP/1.1\r\n" H "\r\n" INFO));
    assert_true(rig_wait_count(&rig.held, 1));
    for (int tls = 0; tls < 2; tls++) {
        struct client client = client_open(&rig, tls);
        client_send(&client, SLICE(INFO));
        assert_true(client_read(&client, &reply, false));
        assert_int_equal(reply.status, 503);
        assert_true(reply_has(&reply, "\r\nRetry-After: 1\r\n"));
        assert_true(reply_has(&reply, "\r\nConnection: close\r\n"));
        assert_true(client_sees_end(&client));
        client_close(&client);
    }
    sem_post(&rig.gate);
    assert_true(client_read(&holds, &reply, false));
    assert_int_equal(reply.status, 200);
    assert_true(client_read(&holds, &reply, false)); /* the one behind it needs a block as well */
    client_close(&holds);
    rig_stop(&rig, 30000);
    assert_int_equal(arena_ledger_taken_bytes(&memory), 0);
}

/* An exchange whose client has gone holds its memory until it comes home. */
static void test_memory_of_the_gone(void **state UNUSED)
{
    static struct rig rig;
    struct arena_ledger memory;
    struct http_limits limits = rig_limits();
    arena_ledger_init(&memory, MEMORY);
    limits.memory = &memory;
    rig_start(&rig, &limits);
    struct client client = client_open(&rig, false);

    client_send(&client, SLICE("GET /hold HTTP/1.1\r\n" H "\r\n"));
    assert_true(rig_wait_count(&rig.held, 1));
    client_reset(&client);
    assert_true(arena_ledger_taken_bytes(&memory) > 0);
    sem_post(&rig.gate);
    rig_stop(&rig, 30000);
    assert_int_equal(arena_ledger_taken_bytes(&memory), 0);
}

/* HTTP/1.0 without Host: by the address it came in on. */
static void test_no_host(void **state UNUSED)
{
    static struct rig rig;
    struct http_limits limits = rig_limits();
    rig_start(&rig, &limits);
    struct client client = client_open(&rig, false);
    struct reply reply;
    char expected[100];

    client_send(&client, SLICE("GET /info HTTP/1.0\r\n\r\n"));
    assert_true(client_read(&client, &reply, false));
    snprintf(expected, sizeof expected, "GET /info? 127.0.0.1:%u plain", rig.port);
    assert_string_equal(reply.body, expected);
    client_close(&client);
    rig_stop(&rig, 30000);
}

/* --- caps ------------------------------------------------------------------------------------ */

static void fill_up(const struct rig *rig, struct client *clients, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct reply reply;
        clients[i] = client_open(rig, i & 1);
        client_send(&clients[i], SLICE(INFO));
        CHECK(client_read(&clients[i], &reply, false), i);
    }
}

static void check_caps(const struct http_limits *limits)
{
    enum { CAP = 4, SURPLUS = 8 };
    static struct rig rig;
    rig_start(&rig, limits);
    struct client inside[CAP], more[SURPLUS];
    struct reply reply;

    fill_up(&rig, inside, CAP);
    /* refused politely, without waiting for a request */
    for (int tls = 0; tls < 2; tls++) {
        struct client client = client_open(&rig, tls);
        assert_true(client_read(&client, &reply, false));
        assert_int_equal(reply.status, 503);
        assert_true(reply_has(&reply, "\r\nConnection: close\r\n"));
        assert_true(client_sees_end(&client));
        client_close(&client);
    }
    assert_true(rig_wait_connections(&rig, CAP));
    /* a flood of them is not: these stay open, answered, and linger */
    for (int i = 0; i < SURPLUS; i++) {
        more[i] = client_open(&rig, false);
        CHECK(client_read(&more[i], &reply, false) && reply.status == 503, i);
    }
    struct client shut = client_open(&rig, false);
    assert_true(client_sees_end(&shut));
    client_close(&shut);
    for (int i = 0; i < SURPLUS; i++)
        client_close(&more[i]);
    assert_true(rig_wait_connections(&rig, CAP));

    /* those inside did not notice; a place that falls free is given again */
    client_send(&inside[0], SLICE(INFO));
    assert_true(client_read(&inside[0], &reply, false));
    assert_int_equal(reply.status, 200);
    client_close(&inside[0]);
    assert_true(rig_wait_connections(&rig, CAP - 1));
    assert_int_equal(rig_status_of(&rig, false, SLICE(INFO)), 200);
    for (int i = 1; i < CAP; i++)
        client_close(&inside[i]);
    rig_stop(&rig, 30000);
}

static void test_cap_in_total(void **state UNUSED)
{
    struct http_limits limits = rig_limits();
    limits.connections = 4;
    check_caps(&limits);
}

static void test_cap_per_address(void **state UNUSED)
{
    struct http_limits limits = rig_limits();
    limits.connections_per_address = 4;
    check_caps(&limits);
}

/* Out of descriptors: who comes is closed, who is there is served, and it goes on afterwards. */
static void test_no_descriptors(void **state UNUSED)
{
    enum { CLIENTS = 10 };
    static struct rig rig;
    struct http_limits limits = rig_limits();
    rig_start(&rig, &limits);
    struct client there = client_open(&rig, false);
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_port = htons(rig.port),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    struct rlimit before, none;
    struct reply reply;
    int sockets[CLIENTS], highest = 0;

    client_send(&there, SLICE(INFO));
    assert_true(client_read(&there, &reply, false));
    for (int i = 0; i < CLIENTS; i++) {
        sockets[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (sockets[i] > highest)
            highest = sockets[i];
    }
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = before;
    none.rlim_cur = (rlim_t)highest + 1;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    for (int i = 0; i < CLIENTS; i++) {
        char byte;
        CHECK(connect(sockets[i], (struct sockaddr *)&address, sizeof address) == 0, i);
        CHECK(recv(sockets[i], &byte, 1, 0) <= 0, i); /* closed, not left waiting */
    }
    client_send(&there, SLICE(INFO));
    assert_true(client_read(&there, &reply, false));
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_int_equal(rig_status_of(&rig, false, SLICE(INFO)), 200);
    for (int i = 0; i < CLIENTS; i++)
        shutdown(sockets[i], SHUT_RDWR);
    client_close(&there);
    rig_stop(&rig, 30000);
}

/* --- stopping -------------------------------------------------------------------------------- */

static void test_stop_lets_answers_finish(void **state UNUSED)
{
    static struct rig rig;
    struct http_limits limits = rig_limits();
    rig_start(&rig, &limits);
    struct client idle = client_open(&rig, false), busy[3], half = client_open(&rig, false);
    struct reply reply;

    client_send(&idle, SLICE(INFO));
    assert_true(client_read(&idle, &reply, false));
    client_send(&half, SLICE("POST /echo HTTP/1.1\r\n" H "Content-Length: 4\r\n\r\nha"));
    for (int i = 0; i < 3; i++) {
        busy[i] = client_open(&rig, i == 1);
        client_send(&busy[i], SLICE("GET /hold HTTP/1.1\r\n" H "\r\n"));
    }
    assert_true(rig_wait_count(&rig.handled, 4));
    rig_begin_stop(&rig, 30000);
    assert_true(client_sees_end(&idle));
    struct client late = { .fd = socket(AF_INET, SOCK_STREAM, 0) };
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_port = htons(rig.port),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    assert_true(connect(late.fd, (struct sockaddr *)&address, sizeof address) < 0);
    client_send(&half, SLICE("lf"));
    assert_true(client_read(&half, &reply, false));
    assert_string_equal(reply.body, "half");
    assert_true(reply_has(&reply, "\r\nConnection: close\r\n"));
    assert_true(client_sees_end(&half));
    for (int i = 0; i < 3; i++)
        sem_post(&rig.gate);
    for (int i = 0; i < 3; i++) {
        CHECK(client_read(&busy[i], &reply, false) && reply.status == 200, i);
        CHECK(reply_has(&reply, "\r\nConnection: close\r\n"), i);
        CHECK(client_sees_end(&busy[i]), i);
        client_close(&busy[i]);
    }
    client_close(&idle);
    client_close(&half);
    client_close(&late);
    rig_end_stop(&rig);
}

/* Past the deadline sockets are cut; exchanges come home to an engine that has drained, or not
 * before it is destroyed. */
static void test_stop_cuts_at_its_deadline(void **state UNUSED)
{
    static struct rig rig;
    struct http_limits limits = rig_limits();
    rig_start(&rig, &limits);
    struct client busy[6], sending = client_open(&rig, false), head = client_open(&rig, true);
    struct reply reply;

    for (int i = 0; i < 6; i++) {
        busy[i] = client_open(&rig, i & 1);
        client_send(&busy[i], SLICE("GET /hold HTTP/1.1\r\n" H "\r\n"));
    }
    client_send(&sending, SLICE("GET /big?50000000 HTTP/1.1\r\n" H "\r\n"));
    client_send(&head, SLICE("GET /b"));
    assert_true(rig_wait_count(&rig.handled, 7));
    rig_stop(&rig, 100);
    for (int i = 0; i < 6; i++) {
        CHECK(!client_read(&busy[i], &reply, false), i);
        client_close(&busy[i]);
    }
    client_close(&sending);
    client_close(&head);
}

/* Loops that end without the engines having been told, with clients connected. */
static void test_destroyed_without_stopping(void **state UNUSED)
{
    static struct rig rig;
    struct http_limits limits = rig_limits();
    rig_start(&rig, &limits);
    struct client clients[4];

    fill_up(&rig, clients, 4);
    for (int i = 0; i < RIG_LOOPS; i++) /* rig_end_stop() waits for engines that have drained */
        sem_post(&rig.drained);
    rig_end_stop(&rig);
    for (int i = 0; i < 4; i++) {
        CHECK(client_sees_end(&clients[i]), i);
        client_close(&clients[i]);
    }
}

/* --- addresses ------------------------------------------------------------------------------- */

static void test_listening(void **state UNUSED)
{
    static struct rig rig;
    struct http_limits limits = rig_limits();
    rig_start(&rig, &limits);
    struct loop *loop;
    struct http_engine *engine;
    struct http_acceptor *acceptor;
    struct error err = { 0 };
    char taken[32];
    uint16_t port = 0;

    assert_true(loop_create(0, NULL, &loop, &err));
    assert_true(http_engine_create(loop, &limits, &rig.handlers[0], NULL, &engine, &err));
    assert_true(http_acceptor_create(&engine, 1, &limits, &acceptor, &err));
    assert_true(http_acceptor_listen(acceptor, SLICE("localhost:0"), NULL, &port, &err));
    assert_true(port > 0);
    assert_true(http_acceptor_listen(acceptor, SLICE("*:0"), NULL, &port, &err));
    snprintf(taken, sizeof taken, "127.0.0.1:%d", rig.port);
    port = 7;
    assert_false(http_acceptor_listen(acceptor, slice_of(taken), NULL, &port, &err));
    assert_int_equal(err.code, ERROR_IO);
    assert_non_null(strstr(err.message, taken));
    assert_non_null(strstr(err.message, "in use"));
    assert_false(http_acceptor_listen(acceptor, SLICE("example.com:80"), NULL, &port, &err));
    assert_non_null(strstr(err.message, "example.com:80"));
    assert_int_equal(port, 7);
    http_acceptor_destroy(acceptor); /* never started, never stopped */
    http_engine_destroy(engine);
    loop_destroy(loop);
    http_acceptor_destroy(NULL);
    http_engine_destroy(NULL);
    tls_context_destroy(NULL);
    rig_stop(&rig, 30000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_slow_head),
        cmocka_unit_test(test_idle),
        cmocka_unit_test(test_slow_body),
        cmocka_unit_test(test_unread_answer),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_arena_budget),
        cmocka_unit_test(test_memory_of_all),
        cmocka_unit_test(test_no_memory_at_all),
        cmocka_unit_test(test_memory_of_the_gone),
        cmocka_unit_test(test_no_host),
        cmocka_unit_test(test_cap_in_total),
        cmocka_unit_test(test_cap_per_address),
        cmocka_unit_test(test_no_descriptors),
        cmocka_unit_test(test_stop_lets_answers_finish),
        cmocka_unit_test(test_stop_cuts_at_its_deadline),
        cmocka_unit_test(test_destroyed_without_stopping),
        cmocka_unit_test(test_listening),
    };

    signal(SIGPIPE, SIG_IGN); /* of the test's own TLS clients */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
