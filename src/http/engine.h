/* http/engine.h - listeners and connections: from accepted socket to http_exchange and back.
 *
 * One acceptor (on the first loop) accepts for every listener and deals the sockets out to the
 * loops in turn, so that one place keeps the caps. Each loop has an engine with its connections,
 * its pool of arenas and its deadlines. Sockets are non-blocking and watched by uv_poll; head and
 * body leave in one sendmsg or SSL_write. An idle connection holds no buffer.
 *
 * A connection speaks HTTP/1.1, or HTTP/2 where the client chose it by ALPN or, on a plain
 * connection, by its preface; "Upgrade: h2c" is passed over. Either way each request is one
 * http_exchange, under the same limits.
 *
 * Deadlines are absolute: a byte does not renew them.
 * Must not know: OData, resources, tokens.
 */
#ifndef HTTP_ENGINE_H
#define HTTP_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/error.h"
#include "base/slice.h"
#include "http/message.h"

struct arena_ledger;
struct http_engine;
struct http_acceptor;
struct log;
struct loop;
struct network_set;
struct tls_context;

struct http_limits {
    size_t head_bytes; /* request line and fields */
    size_t fields;     /* <= HTTP_FIELDS_MAX */
    size_t body_bytes;
    size_t request_arena_bytes;  /* everything a request may need beside its body */
    struct arena_ledger *memory; /* all requests together, whoever has them; NULL: no limit */

    /* From the first byte to the head's end; over TLS from accept on, handshake included. */
    uint64_t head_ms;
    uint64_t body_grace_ms;    /* after which the rate counts */
    uint64_t body_bytes_per_s; /* the least average rate of a body */
    uint64_t reply_ms;         /* from first to last byte of an answer that is not being read */
    uint64_t idle_ms;          /* between requests; HTTP/2: without any */

    size_t streams; /* of HTTP/2, at a time on one connection; 0: HTTP/2 is not spoken */

    const struct network_set *proxies; /* trusted ones; NULL: there are none */

    size_t connections;             /* in total; past it: 503 and close */
    size_t connections_per_address; /* likewise, per IPv4 address or IPv6 /64 */
};

/* --- per loop -------------------------------------------------------------------------------- */

/* `handler` and `limits` are kept by pointer; they outlive the engine, and limits->memory the last
 * exchange. Call on no loop or on its own before it runs. */
bool http_engine_create(struct loop *loop, const struct http_limits *limits,
                        const struct http_handler *handler, struct log *log,
                        struct http_engine **ret, struct error *err) MUST_CHECK;
/* On its loop, after http_acceptor_stop() has returned: closes idle connections, lets the others
 * finish their exchange, then calls `drained`. Past `deadline_ms` (monotonic) what is left is cut,
 * and `drained` does not wait for exchanges that are lent out. */
void http_engine_stop(struct http_engine *engine, uint64_t deadline_ms,
                      void (*drained)(void *context), void *context);
/* After its loop ended, before loop_destroy() or, once drained, behind it. An exchange that is
 * still lent out may come home later, at the latest from the mailbox in loop_destroy(). NULL does
 * nothing. */
void http_engine_destroy(struct http_engine *engine);
/* Any thread. */
size_t http_engine_connection_count(const struct http_engine *engine);

/* --- one per server -------------------------------------------------------------------------- */

/* Deals to `engines`; runs on the loop of engines[0]. */
bool http_acceptor_create(struct http_engine *const *engines, size_t engine_count,
                          const struct http_limits *limits, struct http_acceptor **ret,
                          struct error *err) MUST_CHECK;

/* Binds and listens; before the loops run. `host_port` is "127.0.0.1:8080", "[::1]:0",
 * "localhost:8080" or "*:80"; names other than localhost and * are refused (no DNS). `tls` NULL:
 * plain. *ret_port is the bound port. Errors, naming the address and the reason:
 * ERROR_CONFIGURATION; ERROR_IO when it is taken or not there, which may pass. */
bool http_acceptor_listen(struct http_acceptor *acceptor, struct slice host_port,
                          struct tls_context *tls, uint16_t *ret_port,
                          struct error *err) MUST_CHECK;

/* Starts accepting. On the first loop's thread (its `started` hook), or before it runs. */
bool http_acceptor_start(struct http_acceptor *acceptor, struct error *err) MUST_CHECK;
/* Closes the listeners; on the first loop's thread. */
void http_acceptor_stop(struct http_acceptor *acceptor);
/* After the first loop ended, before its engine is destroyed; connections may outlive it. */
void http_acceptor_destroy(struct http_acceptor *acceptor);

/* True when `host_port` can be reached from this machine only (127.0.0.0/8, ::1, localhost). */
bool http_address_is_loopback(struct slice host_port);

/* --- TLS ------------------------------------------------------------------------------------- */

/* A server context from PEM texts (certificate chain, key): TLS 1.2 and 1.3, ALPN http/1.1 that
 * does not refuse a client which offers only something else, session tickets, no renegotiation, no
 * compression. */
bool tls_context_create(struct slice certificate_pem, struct slice key_pem,
                        struct tls_context **ret, struct error *err) MUST_CHECK;
/* From now on ALPN chooses h2 before http/1.1. Before the context is listened with. */
void tls_context_offer_http2(struct tls_context *context);
void tls_context_destroy(struct tls_context *context);

#endif
