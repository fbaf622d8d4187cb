/* http/chunked_test.c - chunked bodies taken and refused, whole and in pieces, and their bounds. */
#include "http/parser.h"

#include <string.h>

#include "base/test.h"

enum { BODY_MAX = 1000 };

static const struct {
    struct slice input, body;
    size_t rest; /* bytes behind the body */
} bodies_taken[] = {
    { SLICE_INIT("0\r\n\r\n"), SLICE_INIT(""), 0 },
    { SLICE_INIT("5\r\nhello\r\n0\r\n\r\n"), SLICE_INIT("hello"), 0 },
    { SLICE_INIT("5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n"), SLICE_INIT("hello world"), 0 },
    { SLICE_INIT("1\r\na\r\n1\r\nb\r\n1\r\nc\r\n0\r\n\r\nGET "), SLICE_INIT("abc"), 4 },
    { SLICE_INIT("000005\r\nhello\r\n0000\r\n\r\n"), SLICE_INIT("hello"), 0 },
    { SLICE_INIT("0000000000000005\r\nhello\r\n0\r\n\r\n"), SLICE_INIT("hello"), 0 },
    { SLICE_INIT("a\r\n0123456789\r\n0\r\n\r\n"), SLICE_INIT("0123456789"), 0 },
    { SLICE_INIT("A\r\n0123456789\r\n0\r\n\r\n"), SLICE_INIT("0123456789"), 0 },
    { SLICE_INIT("1a\r\n0123456789abcdefghijklmnop\r\n0\r\n\r\n"),
      SLICE_INIT("0123456789abcdefghijklmnop"), 0 },
    { SLICE_INIT("2\r\n\r\n\r\n0\r\n\r\n"), SLICE_INIT("\r\n"), 0 }, /* data like a line's end */
    { SLICE_INIT("5\r\n0\r\n\r\n\r\n0\r\n\r\n"), SLICE_INIT("0\r\n\r\n"), 0 },
    { SLICE_INIT("1\r\n\x00\r\n0\r\n\r\n"), SLICE_INIT("\x00"), 0 },
    { SLICE_INIT("5;a=b\r\nhello\r\n0\r\n\r\n"), SLICE_INIT("hello"), 0 },
    { SLICE_INIT("5;a=\"b; c\"; d\r\nhello\r\n0;e\r\n\r\n"), SLICE_INIT("hello"), 0 },
    { SLICE_INIT("0\r\nA: b\r\n\r\n"), SLICE_INIT(""), 0 },
    { SLICE_INIT("1\r\nx\r\n0\r\nA: b\r\nC:\r\nContent-Length: 5\r\n\r\nhello"), SLICE_INIT("x"),
      5 },
};

static const struct {
    struct slice input;
    enum error_code code;
} bodies_refused[] = {
    { SLICE_INIT("\r\n"), ERROR_BAD_REQUEST },
    { SLICE_INIT(";a\r\n"), ERROR_BAD_REQUEST },
    { SLICE_INIT("x\r\n"), ERROR_BAD_REQUEST },
    { SLICE_INIT("g\r\n"), ERROR_BAD_REQUEST },
    { SLICE_INIT("-1\r\n"), ERROR_BAD_REQUEST },
    { SLICE_INIT("+5\r\nhello\r\n0\r\n\r\n"), ERROR_BAD_REQUEST },
    { SLICE_INIT("0x5\r\nhello\r\n0\r\n\r\n"), ERROR_BAD_REQUEST },
    { SLICE_INIT(" 5\r\nhello\r\n0\r\n\r\n"), ERROR_BAD_REQUEST },
    { SLICE_INIT("5 \r\nhello\r\n0\r\n\r\n"), ERROR_BAD_REQUEST },
    { SLICE_INIT("5\t\r\nhello\r\n0\r\n\r\n"), ERROR_BAD_REQUEST },
    { SLICE_INIT("5 ;a\r\nhello\r\n0\r\n\r\n"), ERROR_BAD_REQUEST },
    { SLICE_INIT("5,\r\nhello\r\n0\r\n\r\n"), ERROR_BAD_REQUEST },
    { SLICE_INIT("5_0\r\nhello\r\n0\r\n\r\n"), ERROR_BAD_REQUEST },
    { SLICE_INIT("5.0\r\nhello\r\n0\r\n\r\n"), ERROR_BAD_REQUEST },
    { SLICE_INIT("5h\r\nhello\r\n0\r\n\r\n"), ERROR_BAD_REQUEST },
    { SLICE_INIT("5\x00\r\nhello\r\n0\r\n\r\n"), ERROR_BAD_REQUEST },
    { SLICE_INIT("5\nhello\r\n0\r\n\r\n"), ERROR_BAD_REQUEST }, /* bare LF */
    { SLICE_INIT("5\rhello\r\n0\r\n\r\n"), ERROR_BAD_REQUEST },
    { SLICE_INIT("5\r\r\nhello\r\n0\r\n\r\n"), ERROR_BAD_REQUEST },
    { SLICE_INIT("5\r\nhello0\r\n\r\n"), ERROR_BAD_REQUEST }, /* no CR LF behind the data */
    { SLICE_INIT("5\r\nhello\n0\r\n\r\n"), ERROR_BAD_REQUEST },
    { SLICE_INIT("5\r\nhello\r0\r\n\r\n"), ERROR_BAD_REQUEST },
    { SLICE_INIT("5\r\nhello!\r\n0\r\n\r\n"), ERROR_BAD_REQUEST },
    { SLICE_INIT("4\r\nhello\r\n0\r\n\r\n"), ERROR_BAD_REQUEST },
    { SLICE_INIT("6\r\nhello\r\n0\r\n\r\n"), ERROR_BAD_REQUEST },
    { SLICE_INIT("5\r\nhello\r\n\r\n0\r\n\r\n"), ERROR_BAD_REQUEST },
    { SLICE_INIT("0\r\n\n"), ERROR_BAD_REQUEST },
    { SLICE_INIT("0\n\r\n"), ERROR_BAD_REQUEST },
    { SLICE_INIT("0\r\n\rX"), ERROR_BAD_REQUEST },
    { SLICE_INIT("0\r\nX"
                 "\r\n\r\n"),
      ERROR_BAD_REQUEST }, /* a trailer without a colon */
    { SLICE_INIT("0\r\nGET / HTTP/1.1\r\n\r\n"), ERROR_BAD_REQUEST }, /* a request in its place */
    { SLICE_INIT("0\r\n A: b\r\n\r\n"), ERROR_BAD_REQUEST },
    { SLICE_INIT("0\r\nA: b\r\n c\r\n\r\n"), ERROR_BAD_REQUEST },
    { SLICE_INIT("0\r\nA : b\r\n\r\n"), ERROR_BAD_REQUEST },
    { SLICE_INIT("0\r\nA: b\nC: d\r\n\r\n"), ERROR_BAD_REQUEST },
    { SLICE_INIT("0\r\nA: b\x00\r\n\r\n"), ERROR_BAD_REQUEST },
    { SLICE_INIT("0\r\n: b\r\n\r\n"), ERROR_BAD_REQUEST },
    { SLICE_INIT("5;a\nhello\r\n0\r\n\r\n"), ERROR_BAD_REQUEST }, /* bare LF in an extension */
    { SLICE_INIT("5;a\rb\r\nhello\r\n0\r\n\r\n"), ERROR_BAD_REQUEST },
    { SLICE_INIT("5;\"a\r\n\"\r\nhello\r\n0\r\n\r\n"), ERROR_BAD_REQUEST },
    { SLICE_INIT("5;\x01\r\nhello\r\n0\r\n\r\n"), ERROR_BAD_REQUEST },
    { SLICE_INIT("00000000000000005\r\nhello\r\n0\r\n\r\n"), ERROR_BAD_REQUEST }, /* 17 digits */
    { SLICE_INIT("10000000000000005\r\nhello\r\n0\r\n\r\n"), ERROR_BAD_REQUEST },
    { SLICE_INIT("ffffffffffffffff\r\n"), ERROR_TOO_LARGE },
    { SLICE_INIT("fffffffffffffffe\r\n"), ERROR_TOO_LARGE },
    { SLICE_INIT("8000000000000000\r\n"), ERROR_TOO_LARGE },
    { SLICE_INIT("3e9\r\n"), ERROR_TOO_LARGE }, /* 1001 */
    { SLICE_INIT("1\r\nx\r\n3e8\r\n"), ERROR_TOO_LARGE },
    { SLICE_INIT("1\r\nx\r\nffffffffffffffff\r\n"), ERROR_TOO_LARGE }, /* the sum would wrap */
};

struct decoded {
    enum http_parse result;
    char body[4096];
    size_t len, taken;
    enum error_code code;
};

/* In place, as a connection does it: each piece is decoded where it lies, then moved up. */
static void decode(struct slice input, size_t step, struct decoded *ret)
{
    struct http_chunked chunked;
    struct error err = { 0 };

    *ret = (struct decoded){ .result = HTTP_PARSE_MORE };
    http_chunked_init(&chunked);
    while (ret->result == HTTP_PARSE_MORE && ret->taken < input.len) {
        struct slice piece = slice_sub(input, ret->taken, step);
        size_t decoded = 0, taken = 0;

        memcpy(ret->body + ret->len, piece.ptr, piece.len);
        piece.ptr = ret->body + ret->len;
        ret->result = http_chunked_decode(&chunked, piece, BODY_MAX, ret->body + ret->len, &decoded,
                                          &taken, &err);
        CHECK(ret->result != HTTP_PARSE_MORE || taken == piece.len, step);
        ret->len += decoded;
        ret->taken += taken;
    }
    ret->code = err.code;
}

static void test_bodies_taken(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(bodies_taken); i++) {
        struct slice input = bodies_taken[i].input;
        for (size_t step = 1; step <= input.len; step++) {
            struct decoded decoded;

            decode(input, step, &decoded);
            CHECK(decoded.result == HTTP_PARSE_DONE, i);
            CHECK(slice_eq((struct slice){ decoded.body, decoded.len }, bodies_taken[i].body), i);
            CHECK(decoded.taken + bodies_taken[i].rest == input.len, i);
        }
        for (size_t len = 0; len + bodies_taken[i].rest < input.len; len++) {
            struct decoded decoded; /* every beginning of it wants more */

            decode(slice_sub(input, 0, len), 3, &decoded);
            CHECK(decoded.result == HTTP_PARSE_MORE, i);
        }
    }
}

static void test_bodies_refused(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(bodies_refused); i++) {
        for (size_t step = 1; step <= bodies_refused[i].input.len; step++) {
            struct decoded decoded;

            decode(bodies_refused[i].input, step, &decoded);
            CHECK(decoded.result == HTTP_PARSE_FAILED, i);
            CHECK(decoded.code == bodies_refused[i].code, i);
        }
    }
}

/* Repeats `unit` until the decoder has had enough; returns how many bytes it took, 0 if it never
 * had. */
static size_t bytes_until_refused(struct slice first, struct slice unit)
{
    struct http_chunked chunked;
    struct error err = { 0 };
    size_t total = 0;

    http_chunked_init(&chunked);
    for (int i = 0; i < 200000; i++) {
        struct slice piece = i == 0 ? first : unit;
        char out[64];
        size_t decoded, taken;
        if (http_chunked_decode(&chunked, piece, UINT64_MAX, out, &decoded, &taken, &err) ==
            HTTP_PARSE_FAILED)
            return total;
        total += piece.len;
    }
    return 0;
}

static void test_chunk_extras_are_bounded(void **state UNUSED)
{
    static const struct {
        struct slice first, unit;
    } cases[] = {
        { SLICE_INIT("1;"), SLICE_INIT("a") },                   /* one endless extension */
        { SLICE_INIT(""), SLICE_INIT("1;aaaaaaaaaa\r\nx\r\n") }, /* many short ones */
        { SLICE_INIT("0\r\nA:"), SLICE_INIT("a") },              /* one endless trailer field */
        { SLICE_INIT("0\r\n"), SLICE_INIT("A: aaaaaaaa\r\n") },  /* many short ones */
        { SLICE_INIT("0\r\n"), SLICE_INIT("A") },                /* an endless name */
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        size_t bytes = bytes_until_refused(cases[i].first, cases[i].unit);
        CHECK(bytes > 10000 && bytes < 40000, i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bodies_taken),
        cmocka_unit_test(test_bodies_refused),
        cmocka_unit_test(test_chunk_extras_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
