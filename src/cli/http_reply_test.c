/* cli/http_reply_test.c - where answers end, and what is none; each whole and byte by byte.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/test.h"

#include "base/arena.h"
#include "cli/http_reply.h"

#define BODY_MAX 10
#define OK_LINE  "HTTP/1.1 200 OK\r\n"

static const struct {
    const char *bytes;
    bool by_end; /* the end of the connection is what makes it whole */
    unsigned status;
    const char *body;
} good[] = {
    { OK_LINE "Content-Length: 5\r\n\r\nhello", false, 200, "hello" },
    { OK_LINE "content-length:5 \r\nX: \t y\r\n\r\nhello", false, 200, "hello" },
    { OK_LINE "Content-Length: 0\r\n\r\n", false, 200, "" },
    { OK_LINE "Content-Length: 2\r\n\r\nhello", false, 200, "he" }, /* what follows is no part */
    { OK_LINE "Content-Length: 10\r\n\r\n0123456789", false, 200, "0123456789" },
    { OK_LINE "Transfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\n\r\n", false, 200,
      "hello" },
    { OK_LINE "Transfer-Encoding: Chunked\r\n\r\n0\r\nA: b\r\n\r\n", false, 200, "" },
    { OK_LINE "Transfer-Encoding: chunked\r\n\r\nA\r\n0123456789\r\n0\r\n\r\nmore", false, 200,
      "0123456789" },
    { OK_LINE "\r\nhello", true, 200, "hello" },
    { OK_LINE "\r\n", true, 200, "" },
    { "HTTP/1.0 200 OK\r\n\r\n0123456789", true, 200, "0123456789" },
    { "HTTP/1.1 200\r\nContent-Length: 1\r\n\r\nx", false, 200, "x" },
    { "HTTP/1.1 599 \r\nContent-Length: 1\r\n\r\nx", false, 599, "x" },
    { "HTTP/1.1 204 No Content\r\n\r\n", false, 204, "" },
    { "HTTP/1.1 204 No Content\r\nContent-Length: 3\r\n\r\n", false, 204, "" },
    { "HTTP/1.1 304 Not Modified\r\nContent-Length: 3\r\n\r\n", false, 304, "" },
    { "HTTP/1.1 100 Continue\r\n\r\n" OK_LINE "Content-Length: 1\r\n\r\nx", false, 200, "x" },
    { "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 100 C\r\n\r\nHTTP/1.1 404 Not "
      "Found\r\nContent-Length: 1\r\n\r\nx",
      false, 404, "x" },
};

static const struct {
    const char *bytes;
    const char *why;
} bad[] = {
    { "", "ended without an answer" },
    { "HTTP/1.1 200 OK", "ended within the answer" },
    { OK_LINE "Content-Length: 5\r\n", "ended within the answer" },
    { OK_LINE "Content-Length: 5\r\n\r\nhell", "ended within the answer" },
    { OK_LINE "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", "ended within the answer" },
    { OK_LINE "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n", "ended within the answer" },
    { "HTTP/1.1 100 Continue\r\n\r\n", "ended without an answer" },
    { OK_LINE "Content-Length: 11\r\n\r\n", "too large" },
    { OK_LINE "Content-Length: 18446744073709551615\r\n\r\n", "too large" },
    { OK_LINE "Transfer-Encoding: chunked\r\n\r\nB\r\n", "too large" },
    { OK_LINE "Transfer-Encoding: chunked\r\n\r\nA\r\n0123456789\r\n1\r\n", "too large" },
    { OK_LINE "Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFF\r\n", "too large" },
    { OK_LINE "\r\n0123456789x", "too large" },
    { OK_LINE "Transfer-Encoding: chunked\r\n\r\nx\r\n", "chunks are malformed" },
    { OK_LINE "Transfer-Encoding: chunked\r\n\r\n1\r\nab\r\n", "chunks are malformed" },
    { OK_LINE "Transfer-Encoding: gzip, chunked\r\n\r\n", "not HTTP/1.1" },
    { OK_LINE "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", "not HTTP/1.1" },
    { OK_LINE "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n", "not HTTP/1.1" },
    { OK_LINE "Content-Length: 1\r\nContent-Length: 1\r\n\r\n", "not HTTP/1.1" },
    { OK_LINE "Content-Length: 1, 1\r\n\r\n", "not HTTP/1.1" },
    { OK_LINE "Content-Length: -1\r\n\r\n", "not HTTP/1.1" },
    { OK_LINE "Content-Length: \r\n\r\n", "not HTTP/1.1" },
    { OK_LINE "Content-Length: 18446744073709551616\r\n\r\n", "not HTTP/1.1" },
    { OK_LINE "Content-Length : 1\r\n\r\n", "not HTTP/1.1" },
    { OK_LINE "X: a\r\n b\r\n\r\n", "not HTTP/1.1" }, /* obs-fold */
    { OK_LINE "X\r\n\r\n", "not HTTP/1.1" },
    { OK_LINE ": x\r\n\r\n", "not HTTP/1.1" },
    { OK_LINE "X: \x1b[1m\r\n\r\n", "not HTTP/1.1" },
    { OK_LINE "X: a\nY: b\r\n\r\n", "not HTTP/1.1" },
    { "HTTP/1.1 200 \x1b[1m\r\n\r\n", "not HTTP/1.1" },
    { "HTTP/1.1 200 O\rK\r\n\r\n", "not HTTP/1.1" },
    { "\r\n\r\n", "not HTTP/1.1" },
    { "\r\n" OK_LINE "\r\n", "not HTTP/1.1" },
    { "HTTP/2 200 OK\r\n\r\n", "not HTTP/1.1" },
    { "HTTP/1.2 200 OK\r\n\r\n", "not HTTP/1.1" },
    { "http/1.1 200 OK\r\n\r\n", "not HTTP/1.1" },
    { "HTTP/1.1  200 OK\r\n\r\n", "not HTTP/1.1" },
    { "HTTP/1.1 20 OK\r\n\r\n", "not HTTP/1.1" },
    { "HTTP/1.1 099 OK\r\n\r\n", "not HTTP/1.1" },
    { "HTTP/1.1 2000 OK\r\n\r\n", "not HTTP/1.1" },
    { "HTTP/1.1 +20 OK\r\n\r\n", "not HTTP/1.1" },
    { "HTTP/1.1 101 Switching Protocols\r\n\r\n", "changed the protocol" },
    { "\x15\x03\x01\n", "not HTTP/1.1" }, /* TLS */
    { "220 mail.example ESMTP\r\n\r\n", "not HTTP/1.1" },
};

/* In pieces of `step` bytes, and then the end. */
static enum http_parse feed(struct http_reply *reply, struct slice bytes, size_t step,
                            bool *ret_before_end, struct error *err)
{
    enum http_parse result = HTTP_PARSE_MORE;

    while (bytes.len && result == HTTP_PARSE_MORE) {
        result = http_reply_take(reply, slice_sub(bytes, 0, step), err);
        bytes = slice_sub(bytes, step, bytes.len);
    }
    *ret_before_end = result == HTTP_PARSE_DONE;
    return result == HTTP_PARSE_MORE ? http_reply_end(reply, err) : result;
}

static void test_good(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(good) * 4; i++) {
        size_t row = i / 4, step = i % 4 ? i % 4 : 1000;
        struct arena *arena = arena_create(NULL, 1 << 20);
        struct error error = { 0 };
        struct http_reply reply;
        bool before_end;

        CHECK(http_reply_init(&reply, arena, BODY_MAX, &error), row);
        CHECK(feed(&reply, slice_of(good[row].bytes), step, &before_end, &error) == HTTP_PARSE_DONE,
              row);
        CHECK(before_end == !good[row].by_end, row);
        CHECK(reply.status == good[row].status, row);
        CHECK(slice_starts_with(reply.line, SLICE("HTTP/1.")), row);
        CHECK(slice_eq(reply.body, slice_of(good[row].body)), row);
        CHECK(http_reply_take(&reply, SLICE("more"), &error) == HTTP_PARSE_DONE, row);
        CHECK(http_reply_end(&reply, &error) == HTTP_PARSE_DONE, row);
        CHECK(slice_eq(reply.body, slice_of(good[row].body)), row);
        arena_destroy(arena);
    }
}

static void test_bad(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(bad) * 4; i++) {
        size_t row = i / 4, step = i % 4 ? i % 4 : 1000;
        struct arena *arena = arena_create(NULL, 1 << 20);
        struct error error = { 0 };
        struct http_reply reply;
        bool before_end;

        CHECK(http_reply_init(&reply, arena, BODY_MAX, &error), row);
        CHECK(feed(&reply, slice_of(bad[row].bytes), step, &before_end, &error) ==
                  HTTP_PARSE_FAILED,
              row);
        CHECK(error.code == ERROR_IO && strstr(error.message, bad[row].why), row);
        CHECK(http_reply_take(&reply, SLICE(OK_LINE "\r\n"), &error) == HTTP_PARSE_FAILED, row);
        CHECK(http_reply_end(&reply, &error) == HTTP_PARSE_FAILED, row);
        arena_destroy(arena);
    }
}

/* A head without an end, and a body of many pieces. */
static void test_large(void **state UNUSED)
{
    static char bytes[100000];
    struct arena *arena = arena_create(NULL, 1 << 22);
    struct http_reply reply;
    struct error error = { 0 };

    memset(bytes, 'x', sizeof bytes);
    assert_true(http_reply_init(&reply, arena, sizeof bytes * 3, &error));
    assert_int_equal(http_reply_take(&reply, SLICE(OK_LINE "X: "), &error), HTTP_PARSE_MORE);
    assert_int_equal(http_reply_take(&reply, (struct slice){ bytes, sizeof bytes }, &error),
                     HTTP_PARSE_FAILED);

    assert_true(http_reply_init(&reply, arena, sizeof bytes * 3, &error));
    assert_int_equal(http_reply_take(&reply, SLICE(OK_LINE "\r\n"), &error), HTTP_PARSE_MORE);
    for (int i = 0; i < 3; i++)
        assert_int_equal(http_reply_take(&reply, (struct slice){ bytes, sizeof bytes }, &error),
                         HTTP_PARSE_MORE);
    assert_int_equal(http_reply_end(&reply, &error), HTTP_PARSE_DONE);
    assert_int_equal(reply.body.len, sizeof bytes * 3);
    arena_destroy(arena);
}

/* Memory that runs out is an error, and nothing else. */
static void test_no_memory(void **state UNUSED)
{
    struct arena *arena = arena_create(NULL, HTTP_REPLY_HEAD_BYTES_MAX / 2);
    struct arena *little = arena_create(NULL, HTTP_REPLY_HEAD_BYTES_MAX + 1024);
    static char bytes[5000];
    struct http_reply reply;
    struct error error = { 0 };

    assert_false(http_reply_init(&reply, arena, BODY_MAX, &error));
    assert_int_equal(error.code, ERROR_TOO_LARGE);
    memset(bytes, 'x', sizeof bytes);
    assert_true(http_reply_init(&reply, little, sizeof bytes, &error));
    assert_int_equal(http_reply_take(&reply, SLICE(OK_LINE "Content-Length: 5000\r\n\r\n"), &error),
                     HTTP_PARSE_MORE);
    assert_int_equal(http_reply_take(&reply, (struct slice){ bytes, sizeof bytes }, &error),
                     HTTP_PARSE_FAILED);
    arena_destroy(little);
    arena_destroy(arena);
}

#ifdef CONNECTORD_FAULTS
/* Each call for memory fails once: the answer is whole, or there is an error. */
static void test_each_failure(void **state UNUSED)
{
    static char bytes[20000];
    const struct slice chunk = SLICE("\r\n0\r\n\r\n");
    bool fired = true;

    memset(bytes, 'x', sizeof bytes);
    for (uint64_t n = 0; fired; n++) {
        struct arena *arena = arena_create(NULL, 1 << 20);
        struct error error = { 0 };
        struct http_reply reply;

        arena_fail_after(n);
        bool ok =
            http_reply_init(&reply, arena, sizeof bytes, &error) &&
            http_reply_take(&reply, SLICE(OK_LINE "Transfer-Encoding: chunked\r\n\r\n4e20\r\n"),
                            &error) == HTTP_PARSE_MORE &&
            http_reply_take(&reply, (struct slice){ bytes, sizeof bytes }, &error) ==
                HTTP_PARSE_MORE &&
            http_reply_take(&reply, chunk, &error) == HTTP_PARSE_DONE;
        fired = arena_fault_fired();
        arena_fail_after(UINT64_MAX);
        CHECK(ok == (error.code == ERROR_NONE), n);
        CHECK(ok || fired, n);
        CHECK(!ok || reply.body.len == sizeof bytes, n);
        arena_destroy(arena);
    }
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),         cmocka_unit_test(test_bad),
        cmocka_unit_test(test_large),        cmocka_unit_test(test_no_memory),
#ifdef CONNECTORD_FAULTS
        cmocka_unit_test(test_each_failure),
#endif
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
