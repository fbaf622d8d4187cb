/* http/h2_fields_test.c - what is a request and what is not, field by field.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "http/h2_fields.h"

#include <stdio.h>

#include "base/arena.h"
#include "base/test.h"

static const struct http_limits limits = {
    .head_bytes = 1024,
    .fields = 8,
    .body_bytes = 4096,
    .request_arena_bytes = 65536,
};

#define GET       ":method\0GET\0:scheme\0https\0:path\0/\0:authority\0host\0"
#define NO_HOST   ":method\0GET\0:scheme\0https\0:path\0/\0"
#define FROM(end) ":method\0GET\0:scheme\0http\0:authority\0h\0:path\0" end "\0"
#define T64       "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define T512      T64 T64 T64 T64 T64 T64 T64 T64

/* Names and values, each ended by a NUL. */
static const struct {
    struct slice text;
    enum error_code code; /* ERROR_NONE: a request */
    const char *seen;     /* "method path?query authority fields" */
} cases[] = {
    { SLICE_INIT(GET), ERROR_NONE, "GET /? host 0" },
    { SLICE_INIT(GET "accept\0*/*\0x\0\0"), ERROR_NONE, "GET /? host 2" },
    { SLICE_INIT(":method\0PURGE\0:scheme\0HTTP\0:path\0/a%20b?c=d?e\0:authority\0EX.org:81\0"),
      ERROR_NONE, "PURGE /a%20b?c=d?e ex.org:81 0" },
    { SLICE_INIT(":method\0OPTIONS\0:scheme\0http\0:path\0*\0:authority\0h\0"), ERROR_NONE,
      "OPTIONS *? h 0" },
    { SLICE_INIT(NO_HOST "host\0only.here\0"), ERROR_NONE, "GET /? only.here 1" },
    { SLICE_INIT(GET "host\0HOST\0"), ERROR_NONE, "GET /? host 1" },
    { SLICE_INIT(GET "te\0trailers\0"), ERROR_NONE, "GET /? host 1" },
    { SLICE_INIT(GET "a\0one\ttwo \xc3\xa4\0"), ERROR_NONE, "GET /? host 1" },

    /* pseudo-header fields */
    { SLICE_INIT(""), ERROR_BAD_REQUEST, NULL },
    { SLICE_INIT(NO_HOST), ERROR_BAD_REQUEST, NULL },
    { SLICE_INIT(":method\0GET\0:path\0/\0:authority\0h\0"), ERROR_BAD_REQUEST, NULL },
    { SLICE_INIT(":scheme\0http\0:path\0/\0:authority\0h\0"), ERROR_BAD_REQUEST, NULL },
    { SLICE_INIT(":method\0GET\0:scheme\0http\0:authority\0h\0"), ERROR_BAD_REQUEST, NULL },
    { SLICE_INIT(GET ":path\0/b\0"), ERROR_BAD_REQUEST, NULL },
    { SLICE_INIT(NO_HOST ":authority\0\0:authority\0h\0"), ERROR_BAD_REQUEST, NULL },
    { SLICE_INIT(GET ":status\0"
                     "200\0"),
      ERROR_BAD_REQUEST, NULL },
    { SLICE_INIT(NO_HOST "a\0b\0:authority\0h\0"), ERROR_BAD_REQUEST, NULL },
    { SLICE_INIT(":method\0CONNECT\0:authority\0h:443\0"), ERROR_BAD_REQUEST, NULL },
    { SLICE_INIT(":method\0G T\0:scheme\0http\0:path\0/\0:authority\0h\0"), ERROR_BAD_REQUEST,
      NULL },
    { SLICE_INIT(":method\0GET\0:scheme\0ftp\0:path\0/\0:authority\0h\0"), ERROR_BAD_REQUEST,
      NULL },

    /* targets, as in HTTP/1.1 */
    { SLICE_INIT(FROM("")), ERROR_BAD_REQUEST, NULL },
    { SLICE_INIT(FROM("*")), ERROR_BAD_REQUEST, NULL },
    { SLICE_INIT(FROM("a")), ERROR_BAD_REQUEST, NULL },
    { SLICE_INIT(FROM("http://h/")), ERROR_BAD_REQUEST, NULL },
    { SLICE_INIT(FROM("/a b")), ERROR_BAD_REQUEST, NULL },
    { SLICE_INIT(FROM("/a#b")), ERROR_BAD_REQUEST, NULL },
    { SLICE_INIT(FROM("/\xc3\xa4")), ERROR_BAD_REQUEST, NULL },
    { SLICE_INIT(FROM("/'(x)'?{\"}|")), ERROR_NONE, "GET /'(x)'?{\"}| h 0" },

    /* authorities */
    { SLICE_INIT(NO_HOST ":authority\0user@h\0"), ERROR_BAD_REQUEST, NULL },
    { SLICE_INIT(NO_HOST ":authority\0h:x\0"), ERROR_BAD_REQUEST, NULL },
    { SLICE_INIT(NO_HOST ":authority\0[::1]:8\0"), ERROR_NONE, "GET /? [::1]:8 0" },
    { SLICE_INIT(GET "host\0other\0"), ERROR_BAD_REQUEST, NULL },
    { SLICE_INIT(GET "host\0host\0host\0host\0"), ERROR_BAD_REQUEST, NULL },

    /* fields */
    { SLICE_INIT(GET "Accept\0*/*\0"), ERROR_BAD_REQUEST, NULL },
    { SLICE_INIT(GET "\0x\0"), ERROR_BAD_REQUEST, NULL },
    { SLICE_INIT(GET "a b\0x\0"), ERROR_BAD_REQUEST, NULL },
    { SLICE_INIT(GET "a:\0x\0"), ERROR_BAD_REQUEST, NULL },
    { SLICE_INIT(GET "a\0 x\0"), ERROR_BAD_REQUEST, NULL },
    { SLICE_INIT(GET "a\0x\t\0"), ERROR_BAD_REQUEST, NULL },
    { SLICE_INIT(GET "a\0x\r\ny\0"), ERROR_BAD_REQUEST, NULL },
    { SLICE_INIT(GET "a\0x\x7f\0"), ERROR_BAD_REQUEST, NULL },
    { SLICE_INIT(GET "connection\0close\0"), ERROR_BAD_REQUEST, NULL },
    { SLICE_INIT(GET "keep-alive\0"
                     "5\0"),
      ERROR_BAD_REQUEST, NULL },
    { SLICE_INIT(GET "proxy-connection\0x\0"), ERROR_BAD_REQUEST, NULL },
    { SLICE_INIT(GET "transfer-encoding\0chunked\0"), ERROR_BAD_REQUEST, NULL },
    { SLICE_INIT(GET "upgrade\0h2c\0"), ERROR_BAD_REQUEST, NULL },
    { SLICE_INIT(GET "te\0gzip\0"), ERROR_BAD_REQUEST, NULL },
    { SLICE_INIT(GET "expect\0miracles\0"), ERROR_EXPECTATION_FAILED, NULL },
    { SLICE_INIT(GET "content-length\0"
                     "5\0content-length\0"
                     "5\0"),
      ERROR_BAD_REQUEST, NULL },
    { SLICE_INIT(GET "content-length\0+5\0"), ERROR_BAD_REQUEST, NULL },
    { SLICE_INIT(GET "content-length\0"
                     "9223372036854775808\0"),
      ERROR_BAD_REQUEST, NULL },

    /* limits */
    { SLICE_INIT(GET "a\0\0b\0\0c\0\0d\0\0e\0\0f\0\0g\0\0h\0\0"), ERROR_NONE, "GET /? host 8" },
    { SLICE_INIT(GET "a\0\0b\0\0c\0\0d\0\0e\0\0f\0\0g\0\0h\0\0i\0\0"), ERROR_HEAD_TOO_LARGE, NULL },
    { SLICE_INIT(GET "a\0" T512 "\0b\0" T512 "\0"), ERROR_HEAD_TOO_LARGE, NULL },
    { SLICE_INIT(FROM("/" T512 T512)), ERROR_URI_TOO_LONG, NULL },
};

static struct slice next(struct slice *left)
{
    struct slice piece = { 0 };

    assert_true(slice_cut(*left, '\0', &piece, left));
    return piece;
}

static enum error_code read_all(struct arena *arena, struct slice text,
                                struct http_request *request, struct h2_fields *fields)
{
    struct error err = { .code = ERROR_NONE };
    bool ok = true;

    h2_fields_init(fields, request, arena, &limits);
    while (text.len > 0) {
        struct slice name = next(&text), value = next(&text);
        struct error why = { .code = ERROR_NONE };
        if (!h2_fields_take(fields, name, value, &why)) {
            assert_true(ok); /* a second failure is not told */
            ok = false;
            err = why;
        }
    }
    if (ok && !h2_fields_end(fields, &err))
        ok = false;
    assert_true(ok == (err.code == ERROR_NONE));
    return err.code;
}

static void test_cases(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct arena *arena = arena_create(NULL, 65536);
        struct http_request request = { 0 };
        struct h2_fields fields;
        char seen[256];

        CHECK(read_all(arena, cases[i].text, &request, &fields) == cases[i].code, i);
        CHECK((cases[i].code == ERROR_NONE) == (cases[i].seen != NULL), i);
        if (cases[i].seen) {
            snprintf(seen, sizeof seen, "%.*s %.*s?%.*s %.*s %zu", SLICE_ARG(request.method_text),
                     SLICE_ARG(request.path), SLICE_ARG(request.query),
                     SLICE_ARG(request.authority), request.field_count);
            CHECK(slice_eq(slice_of(seen), slice_of(cases[i].seen)), i);
        }
        arena_destroy(arena);
    }
}

static void test_what_frames(void **state UNUSED)
{
    struct arena *arena = arena_create(NULL, 65536);
    struct http_request request = { 0 };
    struct h2_fields fields;

    assert_int_equal(read_all(arena,
                              SLICE(GET "content-length\0"
                                        "17\0expect\0"
                                        "100-Continue\0"),
                              &request, &fields),
                     ERROR_NONE);
    assert_int_equal(fields.content_length, 17);
    assert_true(fields.expect_continue);
    assert_true(slice_eq(http_request_field(&request, SLICE("Content-Length")), SLICE("17")));
    arena_destroy(arena);
}

static void test_without_memory(void **state UNUSED)
{
    for (size_t budget = 1; budget < 2048; budget += 16) {
        struct arena *arena = arena_create(NULL, budget);
        struct http_request request = { 0 };
        struct h2_fields fields;
        enum error_code code =
            read_all(arena, SLICE(GET "accept\0*/*\0HOST\0x\0"), &request, &fields);

        assert_true(code == ERROR_TOO_LARGE || code == ERROR_BAD_REQUEST);
        arena_destroy(arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_what_frames),
        cmocka_unit_test(test_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
