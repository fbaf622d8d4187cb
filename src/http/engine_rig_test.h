/* http/engine_rig_test.h - a real engine on loopback with a toy handler, and clients to try it.
 *
 * Waits are long (a slow machine is no failure) and limits are short where a test is about them.
 */
#ifndef HTTP_ENGINE_RIG_TEST_H
#define HTTP_ENGINE_RIG_TEST_H

#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"
#include "http/engine.h"
#include "http/message.h"

enum { RIG_LOOPS = 2 };

/* What the toy answers, by path:
 *
 *     /echo    200, the request's body
 *     /info    200, "METHOD path?query authority secure"
 *     /empty   204
 *     /big     200, as many 'x' as the query says
 *     /close   200, response.close
 *     /later   as /echo, but from another thread
 *     /hold    as /later, once rig->gate is posted
 *     /exhaust 200, with the arena used up
 *     /peer    200, "loopback" or "other"
 *
 * With "reset" or "truncate" as its query the answer meets that fate.
 * A refusal is answered by its own status, the message as its body. */
struct rig {
    struct http_limits limits;
    struct loop *loops[RIG_LOOPS];
    struct http_engine *engines[RIG_LOOPS];
    struct http_acceptor *acceptor;
    struct tls_context *tls;
    struct queue *queue; /* exchanges on their way to the other thread */
    struct rig_context {
        struct rig *rig;
        struct loop *loop;
    } contexts[RIG_LOOPS];
    struct http_handler handlers[RIG_LOOPS];
    unsigned long worker; /* pthread_t */
    sem_t gate, drained;
    atomic_size_t handled, refused, held;
    uint16_t port, tls_port;
    bool running;
};

/* Limits that nothing runs into. */
struct http_limits rig_limits(void);

void rig_start(struct rig *rig, const struct http_limits *limits);
/* Lets what is under way finish, for `patience_ms` at most, then takes everything down. */
void rig_stop(struct rig *rig, uint64_t patience_ms);
/* The first half of it: returns when nobody is accepting and every engine has been told. */
void rig_begin_stop(struct rig *rig, uint64_t patience_ms);
void rig_end_stop(struct rig *rig);

size_t rig_connections(const struct rig *rig);
/* Waits until there are `count` connections; false when that does not come true. */
bool rig_wait_connections(const struct rig *rig, size_t count);
bool rig_wait_count(atomic_size_t *counter, size_t count);

/* --- clients --------------------------------------------------------------------------------- */

struct client {
    int fd;
    struct ssl_st *ssl; /* NULL: plain */
    char *buffer;       /* received and not consumed */
    size_t filled, capacity;
};

struct reply {
    int status;
    char head[4096]; /* NUL-terminated */
    char *body;      /* NUL-terminated; freed by the next read or client_close() */
    size_t body_len;
};

struct client client_open(const struct rig *rig, bool tls);
void client_close(struct client *client);
void client_reset(struct client *client); /* without a goodbye */

void client_send(struct client *client, struct slice bytes);
/* In pieces of random lengths up to `most`. */
void client_send_pieces(struct client *client, struct slice bytes, size_t most, unsigned *seed);
/* Sends what the peer takes; false once it does not any more. */
bool client_try_send(struct client *client, struct slice bytes);
void client_end_writing(struct client *client);

/* Reads one answer; false when the connection ended instead. `head_only`: of a HEAD request. */
bool client_read(struct client *client, struct reply *ret, bool head_only);
/* True when the peer closes, within a long time, without another byte. */
bool client_sees_end(struct client *client);

/* One request on a connection of its own, and its status; 0 when there was no answer. */
int rig_status_of(const struct rig *rig, bool tls, struct slice request);
bool reply_has(const struct reply *reply, const char *line);

#endif
