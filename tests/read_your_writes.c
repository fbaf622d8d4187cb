/* tests/read_your_writes.c - writes on one connection, reads on another, and compares.
 *
 *     read_your_writes ADDRESS PORT PAIRS WORKERS
 *
 * A pair is a write, its answer, and then a read of the same entity on another connection, which
 * must show that write: a create and each change by the new name, a deletion by 404. Each worker is
 * a thread with a connection to write on and some to read on. The server deals connections out to
 * its threads in turn, so that with four threads a worker's readers sit on other threads than its
 * writer, and all threads read and write at once.
 *
 * A stale answer comes from a read transaction that was begun before the write and is used for what
 * was asked behind it. So that there is one to be used, a list is asked for on the reader's
 * connection before the write is sent, and the read follows behind it: often the server finds both
 * in its socket in one turn of its loop. (With the check of the count of commits taken out of the
 * store this program fails within the first few thousand pairs.)
 *
 * The server must answer without a token. Blocking sockets and a thread for each worker will do: a
 * stale answer needs no speed to be noticed, and most of the time is the server's.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#define READERS     3 /* and a writer: one connection on each of four threads */
#define WORKERS_MAX 256
#define PATH_BYTES  38 /* a slash, an id, a NUL */
#define LIFE        16 /* writes to an entity, its creation and deletion included */
#define BUFFER      65536
#define SET         "/beta/deviceManagement/ndesConnectors"

struct connection {
    int fd;
    size_t len, taken;  /* bytes that were read, and those of them that the last reply was */
    char bytes[BUFFER]; /* ends in NUL */
};

struct reply {
    int status;
    const char *body; /* in the connection; ends in NUL */
};

struct worker {
    pthread_t thread;
    unsigned number;
    long pairs;
    struct sockaddr_in address;
    struct connection writer;
    struct connection readers[READERS];
    bool ok;
};

/* --- requests and replies -------------------------------------------------------------------- */

static bool open_connection(const struct worker *worker, struct connection *connection)
{
    const int on = 1;
    const struct timeval patience = { .tv_sec = 60 };

    connection->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connection->fd < 0)
        return false;
    setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(connection->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    return connect(connection->fd, (const struct sockaddr *)&worker->address,
                   sizeof worker->address) == 0;
}

/* `suffix` goes behind the set's path: "/id", "?$top=1". */
static bool send_request(const struct connection *connection, const char *method,
                         const char *suffix, const char *body)
{
    char text[512];
    int len = snprintf(text, sizeof text,
                       "%s " SET "%s HTTP/1.1\r\nHost: localhost\r\n"
                       "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
                       method, suffix, strlen(body), body);

    return len > 0 && (size_t)len < sizeof text &&
           send(connection->fd, text, (size_t)len, MSG_NOSIGNAL) == len;
}

/* The length of the reply that `bytes` starts with; 0 while its head is not complete. */
static size_t reply_len(const char *bytes, const char **ret_body)
{
    const char *end = strstr(bytes, "\r\n\r\n");
    const char *length = strstr(bytes, "Content-Length: ");

    if (!end)
        return 0;
    *ret_body = end + 4;
    return (size_t)(*ret_body - bytes) +
           (length && length < end ? strtoul(length + strlen("Content-Length: "), NULL, 10) : 0);
}

static bool receive_some(struct connection *connection)
{
    size_t room = sizeof connection->bytes - 1 - connection->len;
    ssize_t got = recv(connection->fd, connection->bytes + connection->len, room, 0);

    if (got <= 0)
        return false;
    connection->len += (size_t)got;
    connection->bytes[connection->len] = '\0';
    return true;
}

static bool receive_reply(struct connection *connection, struct reply *ret)
{
    static const char start[] = "HTTP/1.1 ";
    size_t wanted;

    connection->len -= connection->taken;
    memmove(connection->bytes, connection->bytes + connection->taken, connection->len + 1);
    for (;;) {
        wanted = reply_len(connection->bytes, &ret->body);
        if (wanted > 0 && connection->len >= wanted)
            break;
        if (!receive_some(connection))
            return false;
    }
    connection->taken = wanted;
    ret->status = (int)strtol(connection->bytes + sizeof start - 1, NULL, 10);
    return strncmp(connection->bytes, start, sizeof start - 1) == 0;
}

static bool expect(const struct worker *worker, struct connection *connection, const char *what,
                   int wanted_status, struct reply *ret)
{
    if (!receive_reply(connection, ret)) {
        fprintf(stderr, "worker %u: the connection broke in a %s\n", worker->number, what);
        return false;
    }
    if (ret->status != wanted_status) {
        fprintf(stderr, "worker %u: a %s was answered %d, not %d: %s\n", worker->number, what,
                ret->status, wanted_status, ret->body);
        return false;
    }
    return true;
}

/* --- pairs ----------------------------------------------------------------------------------- */

/* POST, PATCH or DELETE, and its answer. Keeps the id of what was made in `path`. */
static bool write_once(struct worker *worker, const char *method, const char *name,
                       char path[PATH_BYTES])
{
    static const char member[] = "\"id\":\"";
    bool creates = strcmp(method, "POST") == 0, deletes = strcmp(method, "DELETE") == 0;
    char body[128];
    struct reply reply;

    snprintf(body, sizeof body, "{\"displayName\":\"%s\"}", name);
    if (!send_request(&worker->writer, method, creates ? "" : path, deletes ? "" : body) ||
        !expect(worker, &worker->writer, method,
                creates   ? 201
                : deletes ? 204
                          : 200,
                &reply))
        return false;
    if (creates) {
        const char *id = strstr(reply.body, member);
        if (!id)
            return false;
        snprintf(path, PATH_BYTES, "/%.36s", id + sizeof member - 1);
    }
    return true;
}

static bool read_back(const struct worker *worker, struct connection *reader, const char *path,
                      const char *name, bool deleted)
{
    struct reply reply;
    char member[96];

    if (!send_request(reader, "GET", path, "") || !expect(worker, reader, "list", 200, &reply) ||
        !expect(worker, reader, "GET", deleted ? 404 : 200, &reply))
        return false;
    snprintf(member, sizeof member, "\"displayName\":\"%s\"", name);
    if (deleted || strstr(reply.body, member))
        return true;
    fprintf(stderr, "worker %u: wrote %s and read %s\n", worker->number, name, reply.body);
    return false;
}

/* Entity after entity: created, changed, deleted, and the next one. */
static void *work(void *context)
{
    struct worker *worker = context;
    char path[PATH_BYTES] = "", name[64];

    for (long pair = 0; worker->ok && pair < worker->pairs; pair++) {
        struct connection *reader = &worker->readers[pair % READERS];
        bool creates = pair % LIFE == 0, deletes = pair % LIFE == LIFE - 1;

        snprintf(name, sizeof name, "w%u-%ld", worker->number, pair);
        worker->ok = send_request(reader, "GET", "?$top=5", "") &&
                     write_once(worker,
                                creates   ? "POST"
                                : deletes ? "DELETE"
                                          : "PATCH",
                                name, path) &&
                     read_back(worker, reader, path, name, deletes);
    }
    return NULL;
}

/* --- workers --------------------------------------------------------------------------------- */

/* One after the other, so that the server deals the four of each worker to four threads. */
static bool open_connections(struct worker *worker)
{
    bool ok = open_connection(worker, &worker->writer);

    for (int i = 0; i < READERS; i++)
        ok = ok && open_connection(worker, &worker->readers[i]);
    return ok;
}

static bool run(struct sockaddr_in address, long pairs, unsigned count)
{
    struct worker *workers = calloc(count, sizeof *workers);
    bool ok = workers;

    for (unsigned i = 0; ok && i < count; i++) {
        workers[i].number = i;
        workers[i].address = address;
        workers[i].pairs = pairs / count + (i < pairs % count);
        ok = workers[i].ok = open_connections(&workers[i]);
    }
    if (!ok) {
        perror("read_your_writes: connect");
        return false; /* the process ends: so does what was opened */
    }
    for (unsigned i = 0; i < count; i++) {
        if (pthread_create(&workers[i].thread, NULL, work, &workers[i]) != 0)
            abort();
    }
    for (unsigned i = 0; i < count; i++) {
        pthread_join(workers[i].thread, NULL);
        ok = ok && workers[i].ok;
    }
    free(workers);
    return ok;
}

int main(int argc, char **argv)
{
    struct sockaddr_in address = { .sin_family = AF_INET };
    long pairs = argc == 5 ? strtol(argv[3], NULL, 10) : 0;
    unsigned long workers = argc == 5 ? strtoul(argv[4], NULL, 10) : 0;

    if (pairs <= 0 || workers == 0 || workers > WORKERS_MAX ||
        inet_pton(AF_INET, argv[1], &address.sin_addr) != 1) {
        fprintf(stderr, "usage: read_your_writes ADDRESS PORT PAIRS WORKERS\n");
        return 2;
    }
    address.sin_port = htons((uint16_t)strtoul(argv[2], NULL, 10));
    if (!run(address, pairs, (unsigned)workers))
        return 1;
    printf("%ld pairs\n", pairs);
    return 0;
}
