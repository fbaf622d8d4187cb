/* http/engine_rig_test.c - the server side and the client side of the engine's tests. */
#include "http/engine_rig_test.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/test.h"
#include "loop/loop.h"
#include "loop/queue.h"

enum { LONG_S = 30 };

static void sleep_ms(long ms)
{
    nanosleep(&(struct timespec){ ms / 1000, ms % 1000 * 1000000 }, NULL);
}

/* --- the toy --------------------------------------------------------------------------------- */

struct errand {
    struct queue_item item;
    struct loop_message message;
    struct http_exchange *exchange;
    struct rig *rig;
    struct loop *loop;
    bool hold;
};

static void come_home(struct loop_message *message)
{
    struct errand *errand = CONTAINER_OF(message, struct errand, message);

    http_exchange_done(errand->exchange);
}

static void *worker_main(void *argument)
{
    struct rig *rig = argument;

    for (struct queue_item *item; (item = queue_pop(rig->queue, 1)) != NULL;) {
        struct errand *errand = CONTAINER_OF(item, struct errand, item);
        if (errand->hold) {
            atomic_fetch_add(&rig->held, 1);
            sem_wait(&rig->gate);
        }
        errand->exchange->response.body = errand->exchange->request.body;
        loop_post(errand->loop, &errand->message);
    }
    return NULL;
}

static void send_away(struct rig_context *context, struct http_exchange *exchange, bool hold)
{
    struct errand *errand = arena_new(exchange->arena, struct errand);

    *errand = (struct errand){
        .message = { .run = come_home },
        .exchange = exchange,
        .rig = context->rig,
        .loop = context->loop,
        .hold = hold,
    };
    if (!queue_push(context->rig->queue, &errand->item))
        abort();
}

static void answer_big(struct http_exchange *exchange)
{
    uint64_t len = 0;
    char *body = NULL;

    if (slice_to_uint64(exchange->request.query, SIZE_MAX, &len))
        body = arena_alloc(exchange->arena, len);
    if (!body) {
        exchange->response.status = 500;
        return;
    }
    memset(body, 'x', len);
    exchange->response.body = (struct slice){ body, len };
}

static void answer_info(struct http_exchange *exchange)
{
    const struct http_request *request = &exchange->request;

    if (!arena_printf(exchange->arena, &exchange->response.body, "%.*s %.*s?%.*s %.*s %s",
                      SLICE_ARG(request->method_text), SLICE_ARG(request->path),
                      SLICE_ARG(request->query), SLICE_ARG(request->authority),
                      request->secure ? "secure" : "plain"))
        exchange->response.status = 500;
}

static void handle(void *argument, struct http_exchange *exchange)
{
    struct rig_context *context = argument;
    struct slice path = exchange->request.path;
    struct http_response *response = &exchange->response;

    atomic_fetch_add(&context->rig->handled, 1);
    response->status = 200;
    http_response_add(response, SLICE("X-Toy"), path);
    if (slice_eq(exchange->request.query, SLICE("reset")))
        response->fate = HTTP_FATE_RESET;
    else if (slice_eq(exchange->request.query, SLICE("truncate")))
        response->fate = HTTP_FATE_TRUNCATED;
    if (slice_eq(path, SLICE("/later")) || slice_eq(path, SLICE("/hold"))) {
        send_away(context, exchange, slice_eq(path, SLICE("/hold")));
        return;
    }
    if (slice_eq(path, SLICE("/empty"))) {
        response->status = 204;
    } else if (slice_eq(path, SLICE("/big"))) {
        answer_big(exchange);
    } else if (slice_eq(path, SLICE("/info"))) {
        answer_info(exchange);
    } else if (slice_eq(path, SLICE("/peer"))) {
        response->body = exchange->request.from_loopback ? SLICE("loopback") : SLICE("other");
    } else if (slice_eq(path, SLICE("/exhaust"))) {
        for (size_t bytes = (size_t)1 << 24; bytes > 0; bytes /= 2) {
            while (arena_alloc(exchange->arena, bytes))
                ;
        }
    } else {
        response->body = exchange->request.body;
        response->close = slice_eq(path, SLICE("/close"));
    }
    http_exchange_done(exchange);
}

static const struct {
    enum error_code code;
    int status;
} statuses[] = {
    { ERROR_BAD_REQUEST, 400 },
    { ERROR_REQUEST_TIMEOUT, 408 },
    { ERROR_TOO_LARGE, 413 },
    { ERROR_URI_TOO_LONG, 414 },
    { ERROR_EXPECTATION_FAILED, 417 },
    { ERROR_HEAD_TOO_LARGE, 431 },
    { ERROR_TOO_MANY_CONNECTIONS, 503 },
    { ERROR_BUSY, 503 },
    { ERROR_VERSION_NOT_SUPPORTED, 505 },
};

static void refuse(void *argument, struct http_exchange *exchange, const struct error *error)
{
    struct rig_context *context = argument;

    atomic_fetch_add(&context->rig->refused, 1);
    exchange->response.status = 500;
    for (size_t i = 0; i < COUNT_OF(statuses); i++) {
        if (statuses[i].code == error->code)
            exchange->response.status = statuses[i].status;
    }
    if (!arena_copy(exchange->arena, slice_of(error->message), &exchange->response.body))
        exchange->response.status = 500;
    http_exchange_done(exchange);
}

/* --- certificates ---------------------------------------------------------------------------- */

static struct slice pem_of(BIO *bio)
{
    char *bytes;
    long len = BIO_get_mem_data(bio, &bytes);

    return (struct slice){ bytes, (size_t)len };
}

static X509 *make_certificate(EVP_PKEY *key)
{
    X509 *certificate = X509_new();
    X509_NAME *name = X509_get_subject_name(certificate);

    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -60);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_set_pubkey(certificate, key);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"localhost", -1, -1,
                               0);
    X509_set_issuer_name(certificate, name);
    assert_true(X509_sign(certificate, key, EVP_sha256()) > 0);
    return certificate;
}

static struct tls_context *make_tls(void)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = make_certificate(key);
    BIO *key_pem = BIO_new(BIO_s_mem()), *certificate_pem = BIO_new(BIO_s_mem());
    struct tls_context *context;
    struct error err = { 0 };

    PEM_write_bio_PrivateKey(key_pem, key, NULL, NULL, 0, NULL, NULL);
    PEM_write_bio_X509(certificate_pem, certificate);
    if (!tls_context_create(pem_of(certificate_pem), pem_of(key_pem), &context, &err))
        fail_msg("%s", err.message);
    assert_false(tls_context_create(pem_of(key_pem), pem_of(key_pem), &context, &err));
    assert_false(tls_context_create(pem_of(certificate_pem), SLICE("no key"), &context, &err));
    BIO_free(key_pem);
    BIO_free(certificate_pem);
    X509_free(certificate);
    EVP_PKEY_free(key);
    return context;
}

/* --- the server ------------------------------------------------------------------------------ */

struct http_limits rig_limits(void)
{
    return (struct http_limits){
        .head_bytes = 8192,
        .fields = HTTP_FIELDS_MAX,
        .body_bytes = 4 << 20,
        .request_arena_bytes = 64 << 20,
        .head_ms = LONG_S * 1000,
        .body_grace_ms = LONG_S * 1000,
        .body_bytes_per_s = 1,
        .reply_ms = LONG_S * 1000,
        .idle_ms = LONG_S * 1000,
        .connections = 2000,
        .connections_per_address = 2000,
    };
}

void rig_start(struct rig *rig, const struct http_limits *limits)
{
    struct error err = { 0 };
    pthread_t worker;

    *rig = (struct rig){ .limits = *limits };
    sem_init(&rig->gate, 0, 0);
    sem_init(&rig->drained, 0, 0);
    rig->queue = queue_create(10000);
    rig->tls = make_tls();
    for (unsigned i = 0; i < RIG_LOOPS; i++) {
        rig->handlers[i] = (struct http_handler){ .context = &rig->contexts[i],
                                                  .handle = handle,
                                                  .refuse = refuse };
        assert_true(loop_create(i, NULL, &rig->loops[i], &err));
        rig->contexts[i] = (struct rig_context){ rig, rig->loops[i] };
        assert_true(http_engine_create(rig->loops[i], &rig->limits, &rig->handlers[i], NULL,
                                       &rig->engines[i], &err));
    }
    assert_true(http_acceptor_create(rig->engines, RIG_LOOPS, &rig->limits, &rig->acceptor, &err));
    if (!http_acceptor_listen(rig->acceptor, SLICE("127.0.0.1:0"), NULL, &rig->port, &err) ||
        !http_acceptor_listen(rig->acceptor, SLICE("127.0.0.1:0"), rig->tls, &rig->tls_port, &err))
        fail_msg("%s", err.message);
    assert_true(http_acceptor_start(rig->acceptor, &err));
    assert_int_equal(pthread_create(&worker, NULL, worker_main, rig), 0);
    rig->worker = worker;
    for (unsigned i = 0; i < RIG_LOOPS; i++)
        assert_true(loop_start(rig->loops[i], &err));
    rig->running = true;
}

struct stop_message {
    struct loop_message message;
    struct rig *rig;
    unsigned index;
    uint64_t deadline_ms;
    sem_t told;
};

static void on_drained(void *context)
{
    sem_post(&((struct rig *)context)->drained);
}

static void stop_here(struct loop_message *message)
{
    struct stop_message *stop = CONTAINER_OF(message, struct stop_message, message);

    if (stop->index == 0)
        http_acceptor_stop(stop->rig->acceptor);
    http_engine_stop(stop->rig->engines[stop->index], stop->deadline_ms, on_drained, stop->rig);
    sem_post(&stop->told);
}

void rig_begin_stop(struct rig *rig, uint64_t patience_ms)
{
    /* In order: what the acceptor has dealt out must be in the mailboxes before. */
    for (unsigned i = 0; i < RIG_LOOPS; i++) {
        struct stop_message stop = { .message = { .run = stop_here },
                                     .rig = rig,
                                     .index = i,
                                     .deadline_ms = clock_monotonic_ms() + patience_ms };
        sem_init(&stop.told, 0, 0);
        loop_post(rig->loops[i], &stop.message);
        sem_wait(&stop.told);
        sem_destroy(&stop.told);
    }
}

void rig_end_stop(struct rig *rig)
{
    for (unsigned i = 0; i < RIG_LOOPS; i++)
        sem_wait(&rig->drained);
    for (unsigned i = 0; i < RIG_LOOPS; i++) {
        loop_stop(rig->loops[i]);
        loop_join(rig->loops[i]);
    }
    /* What is still held comes home to loops that have ended, and finds its engine destroyed. */
    for (int i = 0; i < 10000; i++)
        sem_post(&rig->gate);
    queue_close(rig->queue);
    pthread_join(rig->worker, NULL);
    http_acceptor_destroy(rig->acceptor);
    for (unsigned i = 0; i < RIG_LOOPS; i++)
        http_engine_destroy(rig->engines[i]);
    for (unsigned i = 0; i < RIG_LOOPS; i++)
        loop_destroy(rig->loops[i]);
    tls_context_destroy(rig->tls);
    queue_destroy(rig->queue);
    sem_destroy(&rig->gate);
    sem_destroy(&rig->drained);
    rig->running = false;
}

void rig_stop(struct rig *rig, uint64_t patience_ms)
{
    rig_begin_stop(rig, patience_ms);
    rig_end_stop(rig);
}

size_t rig_connections(const struct rig *rig)
{
    size_t count = 0;

    for (unsigned i = 0; i < RIG_LOOPS; i++)
        count += http_engine_connection_count(rig->engines[i]);
    return count;
}

bool rig_wait_connections(const struct rig *rig, size_t count)
{
    for (int i = 0; i < LONG_S * 200; i++) {
        if (rig_connections(rig) == count)
            return true;
        sleep_ms(5);
    }
    return false;
}

bool rig_wait_count(atomic_size_t *counter, size_t count)
{
    for (int i = 0; i < LONG_S * 200; i++) {
        if (atomic_load(counter) >= count)
            return true;
        sleep_ms(5);
    }
    return false;
}

/* --- clients --------------------------------------------------------------------------------- */

static void start_tls(struct client *client)
{
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());

    client->ssl = SSL_new(context);
    SSL_CTX_free(context);
    SSL_set_fd(client->ssl, client->fd);
    assert_int_equal(SSL_connect(client->ssl), 1);
}

struct client client_open(const struct rig *rig, bool tls)
{
    struct client client = { .fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0),
                             .capacity = 1 << 16 };
    const struct sockaddr_in address = { .sin_family = AF_INET,
                                         .sin_port = htons(tls ? rig->tls_port : rig->port),
                                         .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    const struct timeval timeout = { .tv_sec = LONG_S };
    const int on = 1;

    assert_true(client.fd >= 0);
    setsockopt(client.fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
    setsockopt(client.fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout);
    setsockopt(client.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    assert_int_equal(connect(client.fd, (const struct sockaddr *)&address, sizeof address), 0);
    client.buffer = malloc(client.capacity);
    assert_non_null(client.buffer);
    if (tls)
        start_tls(&client);
    return client;
}

void client_close(struct client *client)
{
    if (client->ssl)
        SSL_shutdown(client->ssl);
    SSL_free(client->ssl);
    close(client->fd);
    free(client->buffer);
    *client = (struct client){ .fd = -1 };
}

void client_reset(struct client *client)
{
    const struct linger at_once = { .l_onoff = 1 };

    setsockopt(client->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    SSL_free(client->ssl);
    client->ssl = NULL;
    client_close(client);
}

bool client_try_send(struct client *client, struct slice bytes)
{
    while (bytes.len > 0) {
        ssize_t sent = client->ssl ? SSL_write(client->ssl, bytes.ptr, (int)bytes.len)
                                   : send(client->fd, bytes.ptr, bytes.len, MSG_NOSIGNAL);
        if (sent <= 0)
            return false;
        bytes.ptr += sent;
        bytes.len -= (size_t)sent;
    }
    return true;
}

void client_send(struct client *client, struct slice bytes)
{
    assert_true(client_try_send(client, bytes));
}

void client_send_pieces(struct client *client, struct slice bytes, size_t most, unsigned *seed)
{
    while (bytes.len > 0) {
        size_t piece = 1 + (size_t)rand_r(seed) % most;
        if (piece > bytes.len)
            piece = bytes.len;
        client_send(client, (struct slice){ bytes.ptr, piece });
        bytes.ptr += piece;
        bytes.len -= piece;
    }
}

void client_end_writing(struct client *client)
{
    if (client->ssl)
        SSL_shutdown(client->ssl);
    shutdown(client->fd, SHUT_WR);
}

/* One more read into the buffer; false at the end of the connection. */
static bool fill(struct client *client)
{
    if (client->filled == client->capacity) {
        client->capacity *= 2;
        client->buffer = realloc(client->buffer, client->capacity);
        assert_non_null(client->buffer);
    }
    size_t room = client->capacity - client->filled;
    ssize_t got = client->ssl ? SSL_read(client->ssl, client->buffer + client->filled, (int)room)
                              : recv(client->fd, client->buffer + client->filled, room, 0);
    if (got <= 0)
        return false;
    client->filled += (size_t)got;
    return true;
}

static char *find_end(const struct client *client)
{
    return memmem(client->buffer, client->filled, "\r\n\r\n", 4);
}

static size_t content_length(const char *head)
{
    const char *at = strcasestr(head, "\r\nContent-Length: ");

    return at ? strtoul(at + 18, NULL, 10) : 0;
}

bool client_read(struct client *client, struct reply *ret, bool head_only)
{
    static _Thread_local char *body;
    char *end;

    while ((end = find_end(client)) == NULL) {
        if (!fill(client))
            return false;
    }
    size_t head_len = (size_t)(end - client->buffer) + 4;
    assert_true(head_len < sizeof ret->head);
    memcpy(ret->head, client->buffer, head_len);
    ret->head[head_len] = '\0';
    assert_int_equal(sscanf(ret->head, "HTTP/1.1 %d ", &ret->status), 1);
    ret->body_len = head_only || ret->status < 200 ? 0 : content_length(ret->head);
    while (client->filled < head_len + ret->body_len) {
        if (!fill(client))
            return false;
    }
    free(body);
    body = malloc(ret->body_len + 1);
    assert_non_null(body);
    memcpy(body, client->buffer + head_len, ret->body_len);
    body[ret->body_len] = '\0';
    ret->body = body;
    client->filled -= head_len + ret->body_len;
    memmove(client->buffer, client->buffer + head_len + ret->body_len, client->filled);
    return true;
}

bool client_sees_end(struct client *client)
{
    return client->filled == 0 && !fill(client);
}

int rig_status_of(const struct rig *rig, bool tls, struct slice request)
{
    struct client client = client_open(rig, tls);
    struct reply reply = { 0 };

    int status =
        client_try_send(&client, request) && client_read(&client, &reply, false) ? reply.status : 0;
    client_close(&client);
    return status;
}

bool reply_has(const struct reply *reply, const char *line)
{
    return strstr(reply->head, line) != NULL;
}
