/* http/response_write_test.c - dates, lengths and the pieces of an answer. */
#include "http/response_write.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/test.h"

static const struct {
    int64_t unix_s;
    const char *line;
} date_cases[] = {
    { 0, "Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n" },
    { 784111777, "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n" }, /* RFC 9110 5.6.7 */
    { 951782400, "Date: Tue, 29 Feb 2000 00:00:00 GMT\r\n" },
    { 4102444799, "Date: Thu, 31 Dec 2099 23:59:59 GMT\r\n" },
};

static void test_dates(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(date_cases); i++) {
        char line[HTTP_DATE_LINE_LEN + 1] = { 0 };
        http_date_line(date_cases[i].unix_s, line);
        CHECK(strcmp(line, date_cases[i].line) == 0, i);
    }
}

#define DATE "Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n"

static const struct {
    int status;
    const char *field; /* value of "A"; NULL: there is none */
    const char *body;
    enum http_persistence persistence;
    bool head;
    const char *want;
} write_cases[] = {
    { 200, NULL, "", HTTP_PERSISTENCE_DEFAULT, false,
      "HTTP/1.1 200 OK\r\n" DATE "Content-Length: 0\r\n\r\n" },
    { 200, "b", "hello", HTTP_PERSISTENCE_DEFAULT, false,
      "HTTP/1.1 200 OK\r\nA: b\r\n" DATE "Content-Length: 5\r\n\r\nhello" },
    { 404, "", "0123456789", HTTP_PERSISTENCE_CLOSE, false,
      "HTTP/1.1 404 Not Found\r\nA: \r\n" DATE
      "Content-Length: 10\r\nConnection: close\r\n\r\n0123456789" },
    { 201, NULL, "x", HTTP_PERSISTENCE_KEEP_ALIVE, false,
      "HTTP/1.1 201 Created\r\n" DATE "Content-Length: 1\r\nConnection: keep-alive\r\n\r\nx" },
    { 200, NULL, "hello", HTTP_PERSISTENCE_DEFAULT, true,
      "HTTP/1.1 200 OK\r\n" DATE "Content-Length: 5\r\n\r\n" },
    { 204, NULL, "", HTTP_PERSISTENCE_DEFAULT, false, "HTTP/1.1 204 No Content\r\n" DATE "\r\n" },
    { 204, "b", "ignored", HTTP_PERSISTENCE_CLOSE, false,
      "HTTP/1.1 204 No Content\r\nA: b\r\n" DATE "Connection: close\r\n\r\n" },
    { 304, NULL, "", HTTP_PERSISTENCE_DEFAULT, false, "HTTP/1.1 304 Not Modified\r\n" DATE "\r\n" },
    { 299, NULL, "", HTTP_PERSISTENCE_DEFAULT, false,
      "HTTP/1.1 299 \r\n" DATE "Content-Length: 0\r\n\r\n" }, /* RFC 9112 4: the blank stays */
};

static void test_write(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(write_cases) * 2; i++) {
        size_t row = i / 2;
        struct arena *arena = arena_create(NULL, 10000);
        struct http_response response = { .status = write_cases[row].status,
                                          .body = slice_of(write_cases[row].body) };
        const struct response_frame frame = { .date_line = DATE,
                                              .persistence = write_cases[row].persistence,
                                              .no_body_bytes = write_cases[row].head,
                                              .one_piece = i % 2 };
        struct iovec pieces[2];
        unsigned count;
        char all[300] = { 0 };
        size_t len = 0;

        if (write_cases[row].field)
            http_response_add(&response, SLICE("A"), slice_of(write_cases[row].field));
        CHECK(response_write(&response, &frame, arena, pieces, &count), row);
        CHECK(count == 1 || !frame.one_piece, row);
        for (unsigned piece = 0; piece < count; piece++) {
            memcpy(all + len, pieces[piece].iov_base, pieces[piece].iov_len);
            len += pieces[piece].iov_len;
        }
        CHECK(strcmp(all, write_cases[row].want) == 0, row);
        arena_destroy(arena);
    }
}

/* The whole length is announced, half of it sent. */
static const struct {
    int status;
    const char *body;
    bool head;
    const char *length, *end;
} truncated_cases[] = {
    { 200, "0123456789", false, "\r\nContent-Length: 10\r\n", "\r\n\r\n01234" },
    { 200, "012", false, "\r\nContent-Length: 3\r\n", "\r\n\r\n0" },
    { 200, "0", false, "\r\nContent-Length: 1\r\n", "\r\n\r\n" },
    { 200, "", false, "\r\nContent-Length: 0\r\n", "\r\n\r\n" },
    { 200, "0123456789", true, "\r\nContent-Length: 10\r\n", "\r\n\r\n" },
    { 204, "ignored", false, "HTTP/1.1 204 No Content\r\n", "\r\n\r\n" },
};

static void test_truncated(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(truncated_cases) * 2; i++) {
        size_t row = i / 2, len = 0;
        struct arena *arena = arena_create(NULL, 10000);
        const struct http_response response = { .status = truncated_cases[row].status,
                                                .body = slice_of(truncated_cases[row].body),
                                                .fate = HTTP_FATE_TRUNCATED };
        const struct response_frame frame = { .date_line = DATE,
                                              .no_body_bytes = truncated_cases[row].head,
                                              .one_piece = i % 2 };
        struct iovec pieces[2];
        unsigned count;
        char all[300] = { 0 };

        CHECK(response_write(&response, &frame, arena, pieces, &count), row);
        for (unsigned piece = 0; piece < count; piece++) {
            memcpy(all + len, pieces[piece].iov_base, pieces[piece].iov_len);
            len += pieces[piece].iov_len;
        }
        CHECK(strstr(all, truncated_cases[row].length), row);
        CHECK(slice_ends_with(slice_of(all), slice_of(truncated_cases[row].end)), row);
        arena_destroy(arena);
    }
}

/* A body that would not fit one record stays where it is. */
static void test_long_body_is_not_copied(void **state UNUSED)
{
    struct arena *arena = arena_create(NULL, 10000);
    static char body[20000];
    struct http_response response = { .status = 200, .body = { body, sizeof body } };
    const struct response_frame frame = { .date_line = DATE, .one_piece = true };
    struct iovec pieces[2];
    unsigned count;

    assert_true(response_write(&response, &frame, arena, pieces, &count));
    assert_int_equal(count, 2);
    assert_ptr_equal(pieces[1].iov_base, body);
    arena_destroy(arena);

    arena = arena_create(NULL, 32);
    assert_false(response_write(&response, &frame, arena, pieces, &count));
    arena_destroy(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dates),
        cmocka_unit_test(test_write),
        cmocka_unit_test(test_truncated),
        cmocka_unit_test(test_long_body_is_not_copied),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
