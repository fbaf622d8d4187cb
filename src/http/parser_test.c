/* http/parser_test.c - heads taken and refused, whole and in pieces; fields and responses.
 *
 * Every refusal that keeps two readers from seeing two different requests has a row here. The
 * property behind all of them: where the network cuts the bytes changes nothing.
 */
#include "http/parser.h"

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/test.h"
#include "http/chars.h"

enum { HEAD_MAX = 600, FIELDS_MAX = 12 };

#define H    "Host: a\r\n"
#define H51  "abcdefghijabcdefghijabcdefghijabcdefghijabcdefghij."
#define H255 H51 H51 H51 H51 H51 /* the longest name */
#define E    "\r\n"
#define GET  "GET / HTTP/1.1\r\n"
#define POST "POST / HTTP/1.1\r\n" H

/* --- heads ----------------------------------------------------------------------------------- */

/* What a head that is taken says: method, path, query, authority, body, connection. */
struct want {
    const char *path, *query, *authority;
    int64_t length; /* -1: none, -2: chunked */
    bool close, expect, http_1_0;
};

#define PLAIN(p, q)                                                                                \
    {                                                                                              \
        .path = p, .query = q, .authority = "a", .length = -1                                      \
    }
#define ROOT PLAIN("/", "")

static const struct {
    struct slice head;
    struct want want;
} heads_taken[] = {
    { SLICE_INIT(GET H E), ROOT },
    { SLICE_INIT("GET /a/b HTTP/1.1\r\n" H E), PLAIN("/a/b", "") },
    { SLICE_INIT("GET /a?b=c HTTP/1.1\r\n" H E), PLAIN("/a", "b=c") },
    { SLICE_INIT("GET /a? HTTP/1.1\r\n" H E), PLAIN("/a", "") },
    { SLICE_INIT("GET /a?b?c HTTP/1.1\r\n" H E), PLAIN("/a", "b?c") },
    { SLICE_INIT("GET /? HTTP/1.1\r\n" H E), ROOT },
    { SLICE_INIT("GET // HTTP/1.1\r\n" H E), PLAIN("//", "") },
    { SLICE_INIT("GET //b/ HTTP/1.1\r\n" H E), PLAIN("//b/", "") },
    { SLICE_INIT("GET /%20%zz HTTP/1.1\r\n" H E),
      PLAIN("/%20%zz", "") }, /* the router's to judge */
    { SLICE_INIT("GET /x('a''b') HTTP/1.1\r\n" H E), PLAIN("/x('a''b')", "") },
    { SLICE_INIT("GET /a?$filter=b%20eq%20'c' HTTP/1.1\r\n" H E),
      PLAIN("/a", "$filter=b%20eq%20'c'") },
    { SLICE_INIT("GET /a?{\"b\"}|\\^` HTTP/1.1\r\n" H E), PLAIN("/a", "{\"b\"}|\\^`") },
    { SLICE_INIT("OPTIONS * HTTP/1.1\r\n" H E), PLAIN("*", "") },
    { SLICE_INIT("OPTIONS /a HTTP/1.1\r\n" H E), PLAIN("/a", "") },
    { SLICE_INIT("BREW /pot HTTP/1.1\r\n" H E), PLAIN("/pot", "") },
    { SLICE_INIT("get / HTTP/1.1\r\n" H E), ROOT }, /* a method of its own */
    { SLICE_INIT("M-SEARCH / HTTP/1.1\r\n" H E), ROOT },
    { SLICE_INIT("!#$%&'*+-.^_`|~0 / HTTP/1.1\r\n" H E), ROOT },

    /* absolute targets: they win over Host, which must be there all the same */
    { SLICE_INIT("GET http://b/c?d HTTP/1.1\r\n" H E), { "/c", "d", "b", -1, 0, 0, 0 } },
    { SLICE_INIT("GET https://b:8443/c HTTP/1.1\r\n" H E), { "/c", "", "b:8443", -1, 0, 0, 0 } },
    { SLICE_INIT("GET HTTP://B/C HTTP/1.1\r\n" H E), { "/C", "", "b", -1, 0, 0, 0 } },
    { SLICE_INIT("GET http://b HTTP/1.1\r\n" H E), { "/", "", "b", -1, 0, 0, 0 } },
    { SLICE_INIT("GET http://b?c HTTP/1.1\r\n" H E), { "/", "c", "b", -1, 0, 0, 0 } },
    { SLICE_INIT("GET http://[::1]:80/ HTTP/1.1\r\n" H E), { "/", "", "[::1]:80", -1, 0, 0, 0 } },
    { SLICE_INIT("GET http://b/http://c HTTP/1.1\r\n" H E), { "/http://c", "", "b", -1, 0, 0, 0 } },

    /* hosts */
    { SLICE_INIT(GET "Host: LocalHost:8080\r\n" E), { "/", "", "localhost:8080", -1, 0, 0, 0 } },
    { SLICE_INIT(GET "host:a\r\n" E), ROOT },
    { SLICE_INIT(GET "HOST:\t a \t\r\n" E), ROOT },
    { SLICE_INIT(GET "Host: 127.0.0.1:65535\r\n" E), { "/", "", "127.0.0.1:65535", -1, 0, 0, 0 } },
    { SLICE_INIT(GET "Host: [::FFFF:1.2.3.4]\r\n" E),
      { "/", "", "[::ffff:1.2.3.4]", -1, 0, 0, 0 } },
    { SLICE_INIT(GET "Host: " H255 ":65535\r\n" E), { "/", "", H255 ":65535", -1, 0, 0, 0 } },
    { SLICE_INIT(GET "Host: a_b-c.d~e\r\n" E), { "/", "", "a_b-c.d~e", -1, 0, 0, 0 } },
    { SLICE_INIT("GET / HTTP/1.0\r\n" E), { "/", "", "", -1, 1, 0, 1 } },
    { SLICE_INIT("GET / HTTP/1.0\r\n" H E), { "/", "", "a", -1, 1, 0, 1 } },

    /* fields */
    { SLICE_INIT(GET H "A:\r\n" E), ROOT },
    { SLICE_INIT(GET H "A: \t \r\n" E), ROOT },
    { SLICE_INIT(GET H "A: b c\td\r\n" E), ROOT },
    { SLICE_INIT(GET H "A: \xc3\xa4\xff\x80\r\n" E), ROOT },
    { SLICE_INIT(GET H "A: :::\r\nA: twice\r\n" E), ROOT },
    { SLICE_INIT(GET H "!#$%&'*+-.^_`|~: x\r\n" E), ROOT },
    { SLICE_INIT(GET H "A: 12345678\t12345678\t1234567\t\r\n" E), ROOT }, /* tabs on word borders */
    { SLICE_INIT(GET H "1:\r\n2:\r\n3:\r\n4:\r\n5:\r\n6:\r\n7:\r\n8:\r\n9:\r\n10:\r\n11:\r\n" E),
      ROOT },
    { SLICE_INIT(GET H "Upgrade: h2c\r\nHTTP2-Settings: x\r\nConnection: Upgrade\r\n" E), ROOT },
    { SLICE_INIT(GET H "Content_Length: 5\r\nContent-Length-X: 6\r\n" E), ROOT },

    /* bodies */
    { SLICE_INIT(POST "Content-Length: 0\r\n" E), { "/", "", "a", 0, 0, 0, 0 } },
    { SLICE_INIT(POST "content-length:42\r\n" E), { "/", "", "a", 42, 0, 0, 0 } },
    { SLICE_INIT(POST "CONTENT-LENGTH: \t42\t \r\n" E), { "/", "", "a", 42, 0, 0, 0 } },
    { SLICE_INIT(POST "Content-Length: 0042\r\n" E), { "/", "", "a", 42, 0, 0, 0 } },
    { SLICE_INIT(POST "Content-Length: 9223372036854775807\r\n" E),
      { "/", "", "a", INT64_MAX, 0, 0, 0 } },
    { SLICE_INIT(POST "Transfer-Encoding: chunked\r\n" E), { "/", "", "a", -2, 0, 0, 0 } },
    { SLICE_INIT(POST "transfer-encoding: \t Chunked \r\n" E), { "/", "", "a", -2, 0, 0, 0 } },
    { SLICE_INIT("POST / HTTP/1.0\r\nContent-Length: 7\r\n" E), { "/", "", "", 7, 1, 0, 1 } },
    { SLICE_INIT("GET / HTTP/1.1\r\n" H "Content-Length: 5\r\n" E), { "/", "", "a", 5, 0, 0, 0 } },
    { SLICE_INIT(POST "TE: trailers, chunked\r\nTrailer: x\r\n" E), ROOT },

    /* connection and expectation */
    { SLICE_INIT(GET H "Connection: close\r\n" E), { "/", "", "a", -1, 1, 0, 0 } },
    { SLICE_INIT(GET H "connection: x , CLOSE\r\n" E), { "/", "", "a", -1, 1, 0, 0 } },
    { SLICE_INIT(GET H "Connection: keep-alive, close\r\n" E), { "/", "", "a", -1, 1, 0, 0 } },
    { SLICE_INIT(GET H "Connection: a\r\nConnection: close\r\n" E), { "/", "", "a", -1, 1, 0, 0 } },
    { SLICE_INIT(GET H "Connection: keep-alive\r\n" E), ROOT },
    { SLICE_INIT(GET H "Connection: ,,closed,\r\n" E), ROOT },
    { SLICE_INIT("GET / HTTP/1.0\r\n" H "Connection: Keep-Alive\r\n" E),
      { "/", "", "a", -1, 0, 0, 1 } },
    { SLICE_INIT(POST "Expect: 100-continue\r\nContent-Length: 1\r\n" E),
      { "/", "", "a", 1, 0, 1, 0 } },
    { SLICE_INIT(POST "expect: 100-Continue\r\n" E), { "/", "", "a", -1, 0, 1, 0 } },
    { SLICE_INIT("POST / HTTP/1.0\r\n" H "Expect: 100-continue\r\n" E),
      { "/", "", "a", -1, 1, 0, 1 } },
};

static const struct {
    struct slice head;
    enum error_code code;
} heads_refused[] = {
    /* the request line */
    { SLICE_INIT(E E), ERROR_BAD_REQUEST },
    { SLICE_INIT("GET\r\n" E), ERROR_BAD_REQUEST },
    { SLICE_INIT("GET \r\n" E), ERROR_BAD_REQUEST },
    { SLICE_INIT("GET /\r\n" E), ERROR_BAD_REQUEST }, /* HTTP/0.9 */
    { SLICE_INIT("GET / \r\n" H E), ERROR_BAD_REQUEST },
    { SLICE_INIT("GET  / HTTP/1.1\r\n" H E), ERROR_BAD_REQUEST },
    { SLICE_INIT("GET /  HTTP/1.1\r\n" H E), ERROR_BAD_REQUEST },
    { SLICE_INIT("GET / HTTP/1.1 \r\n" H E), ERROR_BAD_REQUEST },
    { SLICE_INIT("GET / HTTP/1.1 x\r\n" H E), ERROR_BAD_REQUEST },
    { SLICE_INIT(" GET / HTTP/1.1\r\n" H E), ERROR_BAD_REQUEST },
    { SLICE_INIT("GET\t/ HTTP/1.1\r\n" H E), ERROR_BAD_REQUEST },
    { SLICE_INIT("GET /\tHTTP/1.1\r\n" H E), ERROR_BAD_REQUEST },
    { SLICE_INIT("GET /a b HTTP/1.1\r\n" H E), ERROR_BAD_REQUEST },
    { SLICE_INIT("GET /a\tb HTTP/1.1\r\n" H E), ERROR_BAD_REQUEST },
    { SLICE_INIT("GET /a\x01 HTTP/1.1\r\n" H E), ERROR_BAD_REQUEST },
    { SLICE_INIT("GET /a\x7f HTTP/1.1\r\n" H E), ERROR_BAD_REQUEST },
    { SLICE_INIT("GET /\xc3\xa4 HTTP/1.1\r\n" H E), ERROR_BAD_REQUEST },
    { SLICE_INIT("GET /a#b HTTP/1.1\r\n" H E), ERROR_BAD_REQUEST },
    { SLICE_INIT("G@T / HTTP/1.1\r\n" H E), ERROR_BAD_REQUEST },
    { SLICE_INIT("G\xc3\x8bT / HTTP/1.1\r\n" H E), ERROR_BAD_REQUEST },
    { SLICE_INIT("GET: / HTTP/1.1\r\n" H E), ERROR_BAD_REQUEST },
    { SLICE_INIT("GET / HTTP\r\n" H E), ERROR_BAD_REQUEST },
    { SLICE_INIT("GET / HTTP/\r\n" H E), ERROR_BAD_REQUEST },
    { SLICE_INIT("GET / HTTP/1\r\n" H E), ERROR_BAD_REQUEST },
    { SLICE_INIT("GET / HTTP/1.\r\n" H E), ERROR_BAD_REQUEST },
    { SLICE_INIT("GET / HTTP/1.10\r\n" H E), ERROR_BAD_REQUEST },
    { SLICE_INIT("GET / HTTP/01.1\r\n" H E), ERROR_BAD_REQUEST },
    { SLICE_INIT("GET / HTTP/1,1\r\n" H E), ERROR_BAD_REQUEST },
    { SLICE_INIT("GET / HTTP/1.x\r\n" H E), ERROR_BAD_REQUEST },
    { SLICE_INIT("GET / HTTP/+.1\r\n" H E), ERROR_BAD_REQUEST },
    { SLICE_INIT("GET / http/1.1\r\n" H E), ERROR_BAD_REQUEST },
    { SLICE_INIT("GET / HTTPS/1.1\r\n" H E), ERROR_BAD_REQUEST },
    { SLICE_INIT("GET / ICY/1.1\r\n" H E), ERROR_BAD_REQUEST },
    { SLICE_INIT("GET / HTTP/1.2\r\n" H E), ERROR_VERSION_NOT_SUPPORTED },
    { SLICE_INIT("GET / HTTP/0.9\r\n" H E), ERROR_VERSION_NOT_SUPPORTED },
    { SLICE_INIT("GET / HTTP/2.0\r\n" H E), ERROR_VERSION_NOT_SUPPORTED },
    { SLICE_INIT("GET / HTTP/9.9\r\n" H E), ERROR_VERSION_NOT_SUPPORTED },
    { SLICE_INIT("HTTP/1.1 200 OK\r\n" H E), ERROR_BAD_REQUEST },

    /* forms of the target */
    { SLICE_INIT("PRI * HTTP/2.0\r\n" E), ERROR_BAD_REQUEST }, /* without prior agreement */
    { SLICE_INIT("GET * HTTP/1.1\r\n" H E), ERROR_BAD_REQUEST },
    { SLICE_INIT("OPTIONS *a HTTP/1.1\r\n" H E), ERROR_BAD_REQUEST },
    { SLICE_INIT("GET a HTTP/1.1\r\n" H E), ERROR_BAD_REQUEST },
    { SLICE_INIT("GET ?a HTTP/1.1\r\n" H E), ERROR_BAD_REQUEST },
    { SLICE_INIT("GET a:80 HTTP/1.1\r\n" H E), ERROR_BAD_REQUEST },
    { SLICE_INIT("CONNECT a:80 HTTP/1.1\r\n" H E), ERROR_BAD_REQUEST },
    { SLICE_INIT("CONNECT / HTTP/1.1\r\n" H E), ERROR_BAD_REQUEST },
    { SLICE_INIT("GET ftp://a/ HTTP/1.1\r\n" H E), ERROR_BAD_REQUEST },
    { SLICE_INIT("GET ws://a/ HTTP/1.1\r\n" H E), ERROR_BAD_REQUEST },
    { SLICE_INIT("GET http:/a HTTP/1.1\r\n" H E), ERROR_BAD_REQUEST },
    { SLICE_INIT("GET http:a HTTP/1.1\r\n" H E), ERROR_BAD_REQUEST },
    { SLICE_INIT("GET http:// HTTP/1.1\r\n" H E), ERROR_BAD_REQUEST },
    { SLICE_INIT("GET http:///a HTTP/1.1\r\n" H E), ERROR_BAD_REQUEST },
    { SLICE_INIT("GET http://?a HTTP/1.1\r\n" H E), ERROR_BAD_REQUEST },
    { SLICE_INIT("GET http://u@a/ HTTP/1.1\r\n" H E), ERROR_BAD_REQUEST },
    { SLICE_INIT("GET http://a:b@c/ HTTP/1.1\r\n" H E), ERROR_BAD_REQUEST },
    { SLICE_INIT("GET http://a:/ HTTP/1.1\r\n" H E), ERROR_BAD_REQUEST },
    { SLICE_INIT("GET http://a:99999/ HTTP/1.1\r\n" H E), ERROR_BAD_REQUEST },
    { SLICE_INIT("GET http://a\\b/ HTTP/1.1\r\n" H E), ERROR_BAD_REQUEST },
    { SLICE_INIT("GET http://b/ HTTP/1.1\r\n" E), ERROR_BAD_REQUEST }, /* no Host */

    /* Host */
    { SLICE_INIT(GET E), ERROR_BAD_REQUEST },
    { SLICE_INIT(GET H H E), ERROR_BAD_REQUEST },
    { SLICE_INIT(GET "Host: a\r\nhOST: b\r\n" E), ERROR_BAD_REQUEST },
    { SLICE_INIT("GET / HTTP/1.0\r\n" H H E), ERROR_BAD_REQUEST },
    { SLICE_INIT(GET "Host:\r\n" E), ERROR_BAD_REQUEST },
    { SLICE_INIT(GET "Host: a b\r\n" E), ERROR_BAD_REQUEST },
    { SLICE_INIT(GET "Host: a, b\r\n" E), ERROR_BAD_REQUEST },
    { SLICE_INIT(GET "Host: a:\r\n" E), ERROR_BAD_REQUEST },
    { SLICE_INIT(GET "Host: a:80:80\r\n" E), ERROR_BAD_REQUEST },
    { SLICE_INIT(GET "Host: a:65536\r\n" E), ERROR_BAD_REQUEST },
    { SLICE_INIT(GET "Host: a:000080\r\n" E), ERROR_BAD_REQUEST },
    { SLICE_INIT(GET "Host: a:+80\r\n" E), ERROR_BAD_REQUEST },
    { SLICE_INIT(GET "Host: a:http\r\n" E), ERROR_BAD_REQUEST },
    { SLICE_INIT(GET "Host: :80\r\n" E), ERROR_BAD_REQUEST },
    { SLICE_INIT(GET "Host: u@a\r\n" E), ERROR_BAD_REQUEST },
    { SLICE_INIT(GET "Host: a/b\r\n" E), ERROR_BAD_REQUEST },
    { SLICE_INIT(GET "Host: a?b\r\n" E), ERROR_BAD_REQUEST },
    { SLICE_INIT(GET "Host: a#b\r\n" E), ERROR_BAD_REQUEST },
    { SLICE_INIT(GET "Host: a%00b\r\n" E), ERROR_BAD_REQUEST },
    { SLICE_INIT(GET "Host: \"a\"\r\n" E), ERROR_BAD_REQUEST },
    { SLICE_INIT(GET "Host: a<script>\r\n" E), ERROR_BAD_REQUEST },
    { SLICE_INIT(GET "Host: \xc3\xa4\r\n" E), ERROR_BAD_REQUEST },
    { SLICE_INIT(GET "Host: ::1\r\n" E), ERROR_BAD_REQUEST },
    { SLICE_INIT(GET "Host: " H255 "x\r\n" E), ERROR_BAD_REQUEST },
    { SLICE_INIT(GET "Host: " H255 "x:8080\r\n" E), ERROR_BAD_REQUEST },
    { SLICE_INIT("GET http://" H255 "x/ HTTP/1.1\r\nHost: a\r\n" E), ERROR_BAD_REQUEST },
    { SLICE_INIT(GET "Host: []\r\n" E), ERROR_BAD_REQUEST },
    { SLICE_INIT(GET "Host: [::1\r\n" E), ERROR_BAD_REQUEST },
    { SLICE_INIT(GET "Host: [::g]\r\n" E), ERROR_BAD_REQUEST },
    { SLICE_INIT(GET "Host: [::1]x\r\n" E), ERROR_BAD_REQUEST },
    { SLICE_INIT(GET "Host: [::1%25lo]\r\n" E), ERROR_BAD_REQUEST },
    { SLICE_INIT("GET / HTTP/1.0\r\nHost: a b\r\n" E), ERROR_BAD_REQUEST },

    /* fields */
    { SLICE_INIT(GET H "A : b\r\n" E), ERROR_BAD_REQUEST },
    { SLICE_INIT(GET H "A\t: b\r\n" E), ERROR_BAD_REQUEST },
    { SLICE_INIT(GET H "A b: c\r\n" E), ERROR_BAD_REQUEST },
    { SLICE_INIT(GET H " A: b\r\n" E), ERROR_BAD_REQUEST },
    { SLICE_INIT(GET " " H E), ERROR_BAD_REQUEST }, /* a blank behind the request line */
    { SLICE_INIT(GET H "A: b\r\n c\r\n" E), ERROR_BAD_REQUEST }, /* obs-fold */
    { SLICE_INIT(GET H "A: b\r\n\tc\r\n" E), ERROR_BAD_REQUEST },
    { SLICE_INIT(GET H "A: b\r\n \r\n" E), ERROR_BAD_REQUEST },
    { SLICE_INIT(GET H "A\r\n" E), ERROR_BAD_REQUEST },
    { SLICE_INIT(GET H ":\r\n" E), ERROR_BAD_REQUEST },
    { SLICE_INIT(GET H ": a\r\n" E), ERROR_BAD_REQUEST },
    { SLICE_INIT(GET H "A(b): c\r\n" E), ERROR_BAD_REQUEST },
    { SLICE_INIT(GET H "A\x00: b\r\n" E), ERROR_BAD_REQUEST },
    { SLICE_INIT(GET H "A: b\x00"
                       "c\r\n" E),
      ERROR_BAD_REQUEST },
    { SLICE_INIT(GET H "A: b\x01\r\n" E), ERROR_BAD_REQUEST },
    { SLICE_INIT(GET H "A: b\x0b\r\n" E), ERROR_BAD_REQUEST },
    { SLICE_INIT(GET H "A: b\x1f\r\n" E), ERROR_BAD_REQUEST },
    { SLICE_INIT(GET H "A: 1234567\x7f\r\n" E), ERROR_BAD_REQUEST },
    { SLICE_INIT(GET H "A: b\rc\r\n" E), ERROR_BAD_REQUEST },
    { SLICE_INIT(GET H "A: b\r\r\n" E), ERROR_BAD_REQUEST },
    { SLICE_INIT(GET H "A: b\nC: d\r\n" E), ERROR_BAD_REQUEST },
    { SLICE_INIT(GET H "A: b\n\r\n" E), ERROR_BAD_REQUEST },
    { SLICE_INIT("GET / HTTP/1.1\n" H E), ERROR_BAD_REQUEST },
    { SLICE_INIT("GET / HTTP/1.1\r" H E), ERROR_BAD_REQUEST },
    { SLICE_INIT("\nGET / HTTP/1.1\r\n" H E), ERROR_BAD_REQUEST },
    { SLICE_INIT(GET H "\xef\xbb\xbf"
                       "A: b\r\n" E),
      ERROR_BAD_REQUEST },
    { SLICE_INIT(GET H
                 "1:\r\n2:\r\n3:\r\n4:\r\n5:\r\n6:\r\n7:\r\n8:\r\n9:\r\n10:\r\n11:\r\n12:\r\n" E),
      ERROR_HEAD_TOO_LARGE },

    /* Content-Length */
    { SLICE_INIT(POST "Content-Length:\r\n" E), ERROR_BAD_REQUEST },
    { SLICE_INIT(POST "Content-Length: +5\r\n" E), ERROR_BAD_REQUEST },
    { SLICE_INIT(POST "Content-Length: -5\r\n" E), ERROR_BAD_REQUEST },
    { SLICE_INIT(POST "Content-Length: -0\r\n" E), ERROR_BAD_REQUEST },
    { SLICE_INIT(POST "Content-Length: 5 5\r\n" E), ERROR_BAD_REQUEST },
    { SLICE_INIT(POST "Content-Length: 5,5\r\n" E), ERROR_BAD_REQUEST },
    { SLICE_INIT(POST "Content-Length: 5, 6\r\n" E), ERROR_BAD_REQUEST },
    { SLICE_INIT(POST "Content-Length: 5;\r\n" E), ERROR_BAD_REQUEST },
    { SLICE_INIT(POST "Content-Length: 5.0\r\n" E), ERROR_BAD_REQUEST },
    { SLICE_INIT(POST "Content-Length: 0x5\r\n" E), ERROR_BAD_REQUEST },
    { SLICE_INIT(POST "Content-Length: 5a\r\n" E), ERROR_BAD_REQUEST },
    { SLICE_INIT(POST "Content-Length: 1e3\r\n" E), ERROR_BAD_REQUEST },
    { SLICE_INIT(POST "Content-Length: \"5\"\r\n" E), ERROR_BAD_REQUEST },
    { SLICE_INIT(POST "Content-Length: \xd9\xa5\r\n" E), ERROR_BAD_REQUEST }, /* an Arabic five */
    { SLICE_INIT(POST "Content-Length: 9223372036854775808\r\n" E), ERROR_BAD_REQUEST },
    { SLICE_INIT(POST "Content-Length: 18446744073709551621\r\n" E), ERROR_BAD_REQUEST },
    { SLICE_INIT(POST "Content-Length: 99999999999999999999999999\r\n" E), ERROR_BAD_REQUEST },
    { SLICE_INIT(POST "Content-Length: 5\r\nContent-Length: 5\r\n" E), ERROR_BAD_REQUEST },
    { SLICE_INIT(POST "Content-Length: 5\r\ncontent-length: 6\r\n" E), ERROR_BAD_REQUEST },
    { SLICE_INIT(POST "Content-Length: 0\r\nA: b\r\nContent-Length: 44\r\n" E), ERROR_BAD_REQUEST },
    { SLICE_INIT(POST "Content-Length : 5\r\n" E), ERROR_BAD_REQUEST },
    { SLICE_INIT(POST "Content-Length\x0b: 5\r\n" E), ERROR_BAD_REQUEST },
    { SLICE_INIT(POST "Content-Length: 5\x0b\r\n" E), ERROR_BAD_REQUEST },
    { SLICE_INIT(POST "Content-Length: \r\n 5\r\n" E), ERROR_BAD_REQUEST },
    { SLICE_INIT("POST / HTTP/1.0\r\nContent-Length: 5\r\nContent-Length: 5\r\n" E),
      ERROR_BAD_REQUEST },

    /* Transfer-Encoding, alone and beside a length (TE.CL, CL.TE, TE.TE) */
    { SLICE_INIT(POST "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n" E), ERROR_BAD_REQUEST },
    { SLICE_INIT(POST "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n" E), ERROR_BAD_REQUEST },
    { SLICE_INIT(POST "Content-Length: 0\r\nTransfer-Encoding: chunked\r\n" E), ERROR_BAD_REQUEST },
    { SLICE_INIT(POST "Content-Length: 5\r\nTransfer-Encoding: identity\r\n" E),
      ERROR_BAD_REQUEST },
    { SLICE_INIT(POST "Content-Length: 5\r\nTransfer-Encoding:\r\n" E), ERROR_BAD_REQUEST },
    { SLICE_INIT(POST "Content-Length: x\r\nTransfer-Encoding: chunked\r\n" E), ERROR_BAD_REQUEST },
    { SLICE_INIT(POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n" E),
      ERROR_BAD_REQUEST },
    { SLICE_INIT(POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n" E),
      ERROR_BAD_REQUEST },
    { SLICE_INIT(POST "Transfer-Encoding: x\r\nTransfer-Encoding: chunked\r\n" E),
      ERROR_BAD_REQUEST },
    { SLICE_INIT(POST "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n" E),
      ERROR_BAD_REQUEST },
    { SLICE_INIT(POST "Transfer-Encoding:\r\n" E), ERROR_BAD_REQUEST },
    { SLICE_INIT(POST "Transfer-Encoding: identity\r\n" E), ERROR_BAD_REQUEST },
    { SLICE_INIT(POST "Transfer-Encoding: gzip\r\n" E), ERROR_BAD_REQUEST },
    { SLICE_INIT(POST "Transfer-Encoding: gzip, chunked\r\n" E), ERROR_BAD_REQUEST },
    { SLICE_INIT(POST "Transfer-Encoding: chunked, identity\r\n" E), ERROR_BAD_REQUEST },
    { SLICE_INIT(POST "Transfer-Encoding: chunked, chunked\r\n" E), ERROR_BAD_REQUEST },
    { SLICE_INIT(POST "Transfer-Encoding: chunked,\r\n" E), ERROR_BAD_REQUEST },
    { SLICE_INIT(POST "Transfer-Encoding: ,chunked\r\n" E), ERROR_BAD_REQUEST },
    { SLICE_INIT(POST "Transfer-Encoding: chunked;q=1\r\n" E), ERROR_BAD_REQUEST },
    { SLICE_INIT(POST "Transfer-Encoding: xchunked\r\n" E), ERROR_BAD_REQUEST },
    { SLICE_INIT(POST "Transfer-Encoding: chunkedx\r\n" E), ERROR_BAD_REQUEST },
    { SLICE_INIT(POST "Transfer-Encoding: chunk\r\n" E), ERROR_BAD_REQUEST },
    { SLICE_INIT(POST "Transfer-Encoding: \"chunked\"\r\n" E), ERROR_BAD_REQUEST },
    { SLICE_INIT(POST "Transfer-Encoding: 'chunked'\r\n" E), ERROR_BAD_REQUEST },
    { SLICE_INIT(POST "Transfer-Encoding: ch\tunked\r\n" E), ERROR_BAD_REQUEST },
    { SLICE_INIT(POST "Transfer-Encoding: \x0b"
                      "chunked\r\n" E),
      ERROR_BAD_REQUEST },
    { SLICE_INIT(POST "Transfer-Encoding: \x00"
                      "chunked\r\n" E),
      ERROR_BAD_REQUEST },
    { SLICE_INIT(POST "Transfer-Encoding: chunked\x0c\r\n" E), ERROR_BAD_REQUEST },
    { SLICE_INIT(POST "Transfer-Encoding:\xc2\xa0"
                      "chunked\r\n" E),
      ERROR_BAD_REQUEST },
    { SLICE_INIT(POST "Transfer-Encoding:\r\n chunked\r\n" E), ERROR_BAD_REQUEST },
    { SLICE_INIT(POST "Transfer-Encoding : chunked\r\n" E), ERROR_BAD_REQUEST },
    { SLICE_INIT(POST "Transfer-Encoding\t: chunked\r\n" E), ERROR_BAD_REQUEST },
    { SLICE_INIT(POST "Transfer Encoding: chunked\r\n" E), ERROR_BAD_REQUEST },
    { SLICE_INIT(POST " Transfer-Encoding: chunked\r\n" E), ERROR_BAD_REQUEST },
    { SLICE_INIT(POST "A: b\r\n Transfer-Encoding: chunked\r\n" E), ERROR_BAD_REQUEST },
    { SLICE_INIT(POST "A: b\nTransfer-Encoding: chunked\r\n" E), ERROR_BAD_REQUEST },
    { SLICE_INIT(POST "A: b\rTransfer-Encoding: chunked\r\n" E), ERROR_BAD_REQUEST },
    { SLICE_INIT("POST / HTTP/1.0\r\n" H "Transfer-Encoding: chunked\r\n" E), ERROR_BAD_REQUEST },
    { SLICE_INIT("GET / HTTP/1.1\r\n" H "Transfer-Encoding: x\r\n" E), ERROR_BAD_REQUEST },

    /* Expect */
    { SLICE_INIT(POST "Expect: 200-ok\r\n" E), ERROR_EXPECTATION_FAILED },
    { SLICE_INIT(POST "Expect:\r\n" E), ERROR_EXPECTATION_FAILED },
    { SLICE_INIT(POST "Expect: 100-continue, x\r\n" E), ERROR_EXPECTATION_FAILED },
};

struct parsed {
    enum http_parse found;
    bool ok;
    size_t head_len;
    struct http_request request;
    struct http_framing framing;
    enum error_code code;
};

/* Finds and parses as a connection does, the bytes coming in pieces of `step`. */
static struct parsed parse(struct arena *arena, struct slice input, size_t step)
{
    struct parsed parsed = { .found = HTTP_PARSE_MORE };
    struct error err = { 0 };
    size_t scanned = 0;

    for (size_t seen = 0; parsed.found == HTTP_PARSE_MORE && seen < input.len;) {
        seen += step < input.len - seen ? step : input.len - seen;
        parsed.found =
            http_head_find(slice_sub(input, 0, seen), HEAD_MAX, &scanned, &parsed.head_len, &err);
        CHECK(parsed.found != HTTP_PARSE_MORE || scanned <= seen, seen);
    }
    if (parsed.found == HTTP_PARSE_DONE)
        parsed.ok = http_head_parse(slice_sub(input, 0, parsed.head_len), FIELDS_MAX, arena,
                                    &parsed.request, &parsed.framing, &err);
    parsed.code = err.code;
    return parsed;
}

static void check_want(const struct parsed *parsed, const struct want *want, size_t i)
{
    const struct http_request *request = &parsed->request;

    CHECK(slice_eq(request->path, slice_of(want->path)), i);
    CHECK(slice_eq(request->query, slice_of(want->query)), i);
    CHECK(slice_eq(request->authority, slice_of(want->authority)), i);
    CHECK(request->http_1_0 == want->http_1_0, i);
    CHECK(request->has_body == (want->length != -1), i);
    CHECK(parsed->framing.chunked == (want->length == -2), i);
    CHECK(parsed->framing.content_length == (want->length == -2 ? -1 : want->length), i);
    CHECK(parsed->framing.keep_alive == !want->close, i);
    CHECK(parsed->framing.expect_continue == want->expect, i);
}

static void test_heads_taken(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(heads_taken); i++) {
        for (size_t step = 1; step <= heads_taken[i].head.len; step++) {
            struct arena *arena = arena_create(NULL, 100000);
            struct parsed parsed = parse(arena, heads_taken[i].head, step);

            CHECK(parsed.found == HTTP_PARSE_DONE && parsed.ok, i);
            CHECK(parsed.head_len == heads_taken[i].head.len, i);
            check_want(&parsed, &heads_taken[i].want, i);
            arena_destroy(arena);
        }
    }
}

static void test_heads_refused(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(heads_refused); i++) {
        for (size_t step = 1; step <= heads_refused[i].head.len; step++) {
            struct arena *arena = arena_create(NULL, 100000);
            struct parsed parsed = parse(arena, heads_refused[i].head, step);

            CHECK(!parsed.ok && parsed.found != HTTP_PARSE_MORE, i);
            CHECK(parsed.code == heads_refused[i].code, i);
            arena_destroy(arena);
        }
    }
}

/* http_head_parse() refuses by itself what http_head_find() would not have let through. */
static void test_heads_refused_without_find(void **state UNUSED)
{
    static const struct slice more[] = {
        SLICE_INIT(""),
        SLICE_INIT("\r\n"),
        SLICE_INIT("GET / HTTP/1.1\r\n"),
        SLICE_INIT(GET H E "rest"),
        SLICE_INIT(GET H E GET H E),
        SLICE_INIT(GET H "A: b\n\r\n\r\n"),
    };

    for (size_t i = 0; i < COUNT_OF(heads_refused) + COUNT_OF(more); i++) {
        struct slice head =
            i < COUNT_OF(heads_refused) ? heads_refused[i].head : more[i - COUNT_OF(heads_refused)];
        struct arena *arena = arena_create(NULL, 100000);
        struct http_request request = { .path = SLICE("untouched") };
        struct http_framing framing;
        struct error err = { 0 };

        CHECK(!http_head_parse(head, FIELDS_MAX, arena, &request, &framing, &err), i);
        CHECK(err.code != ERROR_NONE && err.message[0], i);
        CHECK(slice_eq(request.path, SLICE("untouched")), i);
        arena_destroy(arena);
    }
}

static void test_head_limits(void **state UNUSED)
{
    static const struct {
        size_t uri, field; /* how long they are made */
        enum error_code code;
    } cases[] = {
        { 10, 10, ERROR_NONE },
        { HEAD_MAX - 14 - 9 - 5 - 2 - 2, 0, ERROR_NONE }, /* exactly the limit */
        { HEAD_MAX - 14 - 9 - 5 - 2 - 1, 0, ERROR_HEAD_TOO_LARGE },
        { HEAD_MAX, 10, ERROR_URI_TOO_LONG },
        { 3 * HEAD_MAX, 10, ERROR_URI_TOO_LONG },
        { 10, HEAD_MAX, ERROR_HEAD_TOO_LARGE },
    };
    char head[8 * HEAD_MAX], filler[4 * HEAD_MAX];
    memset(filler, 'x', sizeof filler);

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        int len = snprintf(head, sizeof head, "GET /%.*s HTTP/1.1\r\n" H "A: %.*s\r\n\r\n",
                           (int)cases[i].uri, filler, (int)cases[i].field, filler);
        for (size_t step = 1; step <= (size_t)len; step += 7) {
            struct arena *arena = arena_create(NULL, 100000);
            struct parsed parsed = parse(arena, (struct slice){ head, (size_t)len }, step);

            CHECK(parsed.code == cases[i].code, i);
            CHECK(parsed.ok == (cases[i].code == ERROR_NONE), i);
            arena_destroy(arena);
        }
    }
}

static void test_head_memory_fails(void **state UNUSED)
{
    struct arena *arena = arena_create(NULL, 64); /* room for the authority, not for the fields */
    struct parsed parsed = parse(arena, SLICE(GET "Host: A\r\n" E), 100);

    assert_false(parsed.ok);
    assert_int_equal(parsed.code, ERROR_TOO_LARGE);
    arena_destroy(arena);
}

static void test_methods(void **state UNUSED)
{
    static const struct {
        const char *text;
        enum http_method method;
    } cases[] = {
        { "GET", HTTP_GET },         { "HEAD", HTTP_HEAD },   { "POST", HTTP_POST },
        { "PUT", HTTP_PUT },         { "PATCH", HTTP_PATCH }, { "DELETE", HTTP_DELETE },
        { "OPTIONS", HTTP_OPTIONS }, { "get", HTTP_OTHER },   { "TRACE", HTTP_OTHER },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char head[64];
        int len = snprintf(head, sizeof head, "%s / HTTP/1.1\r\n" H E, cases[i].text);
        struct arena *arena = arena_create(NULL, 100000);
        struct parsed parsed = parse(arena, (struct slice){ head, (size_t)len }, 100);

        CHECK(parsed.ok && parsed.request.method == cases[i].method, i);
        CHECK(slice_eq(parsed.request.method_text, slice_of(cases[i].text)), i);
        arena_destroy(arena);
    }
}

static void test_fields(void **state UNUSED)
{
    struct arena *arena = arena_create(NULL, 100000);
    struct parsed parsed =
        parse(arena, SLICE(GET H "X-One:\t a b \t\r\nx-two:\r\nX-ONE: second\r\n" E), 100);
    const struct http_request *request = &parsed.request;
    size_t count;

    assert_true(parsed.ok);
    assert_int_equal(request->field_count, 4);
    assert_true(slice_eq(request->fields[1].name, SLICE("X-One")));
    assert_true(slice_eq(http_request_field(request, SLICE("x-one")), SLICE("a b")));
    assert_int_equal(http_request_field(request, SLICE("X-Two")).len, 0);
    assert_int_equal(http_request_field(request, SLICE("X-Three")).len, 0);
    assert_true(http_request_has(request, SLICE("x-ONE"), &count));
    assert_int_equal(count, 2);
    assert_true(http_request_has(request, SLICE("x-two"), NULL));
    assert_false(http_request_has(request, SLICE("x-three"), &count));
    assert_int_equal(count, 0);
    arena_destroy(arena);
}

/* --- responses ------------------------------------------------------------------------------- */

static void test_response(void **state UNUSED)
{
    struct http_response response = { 0 };

    http_response_add(&response, SLICE("A"), SLICE("b c\t\xc3\xa4"));
    http_response_add(&response, SLICE("D"), SLICE_EMPTY);
    assert_int_equal(response.field_count, 2);
    assert_true(slice_eq(response.fields[0].value, SLICE("b c\t\xc3\xa4")));
    assert_true(slice_eq(http_reason(404), SLICE("Not Found")));
    assert_int_equal(http_reason(299).len, 0);
}

/* Wherever the byte stands, since many are looked over at a time. */
static void test_ends_of_values(void **state UNUSED)
{
    static const struct {
        unsigned char byte;
        bool allowed;
    } bytes[] = { { 0x00, false }, { '\t', true }, { '\r', false }, { '\n', false },
                  { 0x1f, false }, { ' ', true },  { '~', true },   { 0x7f, false },
                  { 0x80, true },  { 0xff, true } };
    char text[80];

    for (size_t b = 0; b < COUNT_OF(bytes); b++) {
        for (size_t len = 1; len < sizeof text; len++) {
            for (size_t at = 0; at < len; at++) {
                memset(text, 'a', sizeof text);
                text[at] = (char)bytes[b].byte;
                CHECK(http_skip_value(text, text + len) == text + (bytes[b].allowed ? len : at), b);
            }
        }
    }
    assert_true(http_is_value(SLICE_EMPTY));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_heads_taken),
        cmocka_unit_test(test_heads_refused),
        cmocka_unit_test(test_heads_refused_without_find),
        cmocka_unit_test(test_head_limits),
        cmocka_unit_test(test_head_memory_fails),
        cmocka_unit_test(test_methods),
        cmocka_unit_test(test_fields),
        cmocka_unit_test(test_response),
        cmocka_unit_test(test_ends_of_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
