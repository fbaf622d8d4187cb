/* odata/multipart_read_test.c - envelopes that are read, shown as one line a part, and those that
 * are not. In the tables lines end in LF; each is tried with CRLF as well. */
#include "odata/multipart_read.h"

#include "base/arena.h"
#include "base/test.h"
#include "base/text.h"

#define MEMORY (1 << 20)
#define MOST   4

static const struct batch_rules rules = { .parts_max = MOST, .fields_max = 3, .json_depth = 8 };

#define TYPE       "multipart/mixed; boundary=b"
#define HTTP       "Content-Type: application/http\n"
#define GET        "GET x HTTP/1.1\n"
#define SET        "Content-Type: multipart/mixed;boundary=c\n\n"
#define PART(more) "--b\n" HTTP "\n" more "\n"
#define ONE(more)  PART(more) "--b--\n"
#define IN_SET     "--c\n" HTTP "\n"

/* set:id METHOD url [name: value]... body */
static const struct {
    const char *type, *body, *want;
} read_cases[] = {
    { TYPE, ONE(GET), "0: GET x -\n" },
    { "Multipart/MIXED ;charset=x; BOUNDARY = \"b\" ;y=z", ONE(GET), "0: GET x -\n" },
    { "multipart/mixed;a=\"x;boundary=no\";boundary=b", ONE(GET), "0: GET x -\n" },
    { "multipart/mixed;boundary=\"a b:c\"", "--a b:c\n" HTTP "\n" GET "\n--a b:c--",
      "0: GET x -\n" },

    /* what stands around the parts */
    { TYPE, "who reads this?\n--bb\n\n" ONE(GET) "--b\nnobody", "0: GET x -\n" },
    { TYPE, "--b \t\n" HTTP "\n" GET "\n--b-- \n", "0: GET x -\n" },

    /* requests */
    { TYPE, ONE("\n\nPOST /x?a=b c d HTTP/1.1\nA: 1\nb:  2 \n\n{\n}"),
      "0: POST /x?a=b c d [A: 1] [b: 2] {\n}\n" },
    { TYPE, ONE("patch x HTTP/1.0\nContent-ID: 7\n\n--bb\n"), "0:7 patch x --bb\n\n" },
    { TYPE, ONE("DELETE x HTTP/1.1"), "0: DELETE x -\n" }, /* no blank line */
    { TYPE, ONE(GET "A: 1"), "0: GET x [A: 1] -\n" },
    { TYPE, ONE("DELETE x HTTP/1.1\n\n\n \n\n"), "0: DELETE x -\n" }, /* blanks are no body */
    { TYPE,
      "--b\n" HTTP
      "content-transfer-encoding: BINARY\ncontent-id: <1@x>\nX: y\n\nGET x HTTP/1.1\nContent-ID: "
      "2\n\n--b--",
      "0:<1@x> GET x -\n" },

    /* What only looks like a delimiter is content; blanks behind one count as part of it. */
    { TYPE, ONE("PUT x HTTP/1.0\n\n1\n--b --\n--bb\n --b\n--b---\n2\n"),
      "0: PUT x 1\n--b --\n--bb\n --b\n--b---\n2\n\n" },
    { TYPE, "--b \t\n" HTTP "\nDELETE x HTTP/1.1\n\n--b-- \t\n", "0: DELETE x -\n" },

    /* change sets */
    { TYPE, "--b\n" SET IN_SET "POST x HTTP/1.1\n\n{}\n--c--\n--b--", "1: POST x {}\n" },
    { TYPE,
      PART(GET) "--b\n" SET "preamble\n" IN_SET "POST x HTTP/1.1\n\n{}\n--c\n" HTTP
                "Content-ID: 2\n\nDELETE $1 HTTP/1.1\n\n--c--\nepilogue\n--b\n" SET IN_SET
                "PATCH x HTTP/1.1\n\n1\n--c--\n--b--",
      "0: GET x -\n1: POST x {}\n1:2 DELETE $1 -\n2: PATCH x 1\n" },
};

static void show(const struct batch *batch, struct text *out)
{
    for (size_t i = 0; i < batch->count; i++) {
        const struct batch_part *part = &batch->parts[i];
        struct slice body = part->has_body ? part->body : SLICE("-");

        text_printf(out, "%u:%.*s %.*s %.*s ", part->set, SLICE_ARG(part->id),
                    SLICE_ARG(part->method), SLICE_ARG(part->url));
        for (size_t j = 0; j < part->field_count; j++)
            text_printf(out, "[%.*s: %.*s] ", SLICE_ARG(part->fields[j].name),
                        SLICE_ARG(part->fields[j].value));
        text_printf(out, "%.*s\n", SLICE_ARG(body));
    }
}

static struct slice with_line_ends(const char *body, const char *line_end, struct arena *arena)
{
    struct text text;

    text_init(&text, arena, 0, MEMORY / 4);
    for (const char *at = body; *at; at++) {
        if (*at == '\n')
            text_append(&text, slice_of(line_end));
        else
            text_append_char(&text, *at);
    }
    assert_false(text.failed);
    return text_slice(&text);
}

static struct slice without_cr(struct slice s, struct arena *arena)
{
    struct text text;

    text_init(&text, arena, 0, MEMORY / 4);
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] != '\r')
            text_append_char(&text, s.ptr[i]);
    }
    assert_false(text.failed);
    return text_slice(&text);
}

static void check_read(size_t row, const char *line_end)
{
    struct arena *arena = arena_create(NULL, MEMORY);
    struct slice body = with_line_ends(read_cases[row].body, line_end, arena);
    struct batch batch;
    struct error err = { 0 };
    struct text text;

    text_init(&text, arena, 0, MEMORY / 4);
    CHECK(multipart_read(body, slice_of(read_cases[row].type), &rules, arena, &batch, &err), row);
    show(&batch, &text);
    CHECK(slice_eq(without_cr(text_slice(&text), arena), slice_of(read_cases[row].want)), row);
    arena_destroy(arena);
}

static void test_read(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(read_cases); i++) {
        check_read(i, "\n");
        check_read(i, "\r\n");
    }
}

static void test_line_ends_of_a_body(void **state UNUSED)
{
    struct arena *arena = arena_create(NULL, MEMORY);
    struct slice body = with_line_ends(ONE("PUT x HTTP/1.1\n\na\nb\n"), "\r\n", arena);
    struct batch batch;
    struct error err = { 0 };

    assert_true(multipart_read(body, SLICE(TYPE), &rules, arena, &batch, &err));
    assert_true(slice_eq(batch.parts[0].body, SLICE("a\r\nb\r\n")));
    assert_true(slice_eq(batch.parts[0].url, SLICE("x")));
    arena_destroy(arena);
}

/* --- what is refused -------------------------------------------------------------------------- */

#define FORMAT "Invalid batch payload format. "
#define NO_END FORMAT "The batch does not end with its boundary."
#define LINE   FORMAT "A part does not begin with a request line."
#define TWICE  FORMAT "A header of a part's head occurs more than once."
#define HEADER FORMAT "A line of a part's head is not a header."

static const struct {
    const char *type, *body, *message;
} refused_cases[] = {
    { "multipart/mixed", ONE(GET), FORMAT "A Content-Type of multipart/mixed needs a boundary." },
    { "multipart/mixed;boundary=", ONE(GET),
      FORMAT "A Content-Type of multipart/mixed needs a boundary." },
    { "multipart/mixed;boundary=\"b", ONE(GET),
      FORMAT "A Content-Type of multipart/mixed needs a boundary." },
    { "multipart/mixed;boundary", ONE(GET),
      FORMAT "A Content-Type of multipart/mixed needs a boundary." },
    { TYPE, "", NO_END },
    { TYPE, "{\"requests\":[]}", NO_END },
    { TYPE, PART(GET), NO_END },
    { TYPE, PART(GET) "--b-", NO_END },
    { TYPE, "--b--", FORMAT "There are no requests." },

    /* heads */
    { TYPE, "--b\n\n" GET "\n--b--",
      FORMAT "The Content-Type of a part has to be application/http." },
    { TYPE, "--b\nContent-Type: application/json\n\n{}\n--b--",
      FORMAT "The Content-Type of a part has to be application/http." },
    { TYPE, "--b\nContent-Type: application/http;\n msgtype=request\n\n" GET "\n--b--", HEADER },
    { TYPE, "--b\n" HTTP "Content-Transfer-Encoding: base64\n\nR0VU\n--b--",
      FORMAT "The Content-Transfer-Encoding of a part has to be binary." },
    { TYPE, "--b\n" HTTP "content-type: text/plain\n\n" GET "\n--b--", TWICE },
    { TYPE, "--b\nContent-Type: text/plain\n" HTTP "\n" GET "\n--b--", TWICE },
    { TYPE, "--b\n" HTTP "Content-ID:\nContent-ID: 1\n\n" GET "\n--b--", TWICE },
    { TYPE,
      "--b\n" HTTP "Content-Transfer-Encoding: binary\nContent-Transfer-Encoding: base64\n\n" GET
      "\n--b--",
      TWICE },
    { TYPE, "--b\n" HTTP "Content-ID: a\tb\n\n" GET "\n--b--",
      FORMAT "A Content-ID has characters that it cannot have." },
    { TYPE, ONE(GET "Content-ID: \xC3\xA9\n"),
      FORMAT "A Content-ID has characters that it cannot have." },

    /* requests */
    { TYPE, ONE(""), LINE },
    { TYPE, ONE("GET x"), LINE },
    { TYPE, ONE("GET HTTP/1.1"), LINE },
    { TYPE, ONE("G=T x HTTP/1.1"), LINE },
    { TYPE, ONE("GET x HTTP/2"), LINE },
    { TYPE, ONE("GET x HTTP/1."), LINE },
    { TYPE, ONE("GET x HTTP/1.x"), LINE },
    { TYPE, ONE("GET x HTTP/1.10"), LINE },
    { TYPE, ONE("GET \xFF HTTP/1.1"), LINE },
    { TYPE, ONE(GET "no header\n"), HEADER },
    { TYPE, ONE(GET "\xFF: x\n"), HEADER },
    { TYPE, ONE(GET "A: 1\n folded\n"), HEADER },
    { TYPE, ONE(GET "A: 1\nB: 2\nC: 3\nD: 4\n"), FORMAT "A request has too many headers." },
    { TYPE, PART(GET) PART(GET) PART(GET) PART(GET) ONE(GET),
      "Number of batch request steps exceeds the maximum value of 4." },

    /* change sets */
    { TYPE, "--b\nContent-Type: multipart/mixed\n\n" IN_SET GET "\n--c--\n--b--",
      FORMAT "A Content-Type of multipart/mixed needs a boundary." },
    { TYPE,
      "--b\nContent-Transfer-Encoding: quoted-printable\n" SET IN_SET
      "DELETE x HTTP/1.1\n--c--\n--b--",
      FORMAT "The Content-Transfer-Encoding of a part has to be binary." },
    { TYPE, "--b\n" SET IN_SET "DELETE x HTTP/1.1\n--c --\n--b--",
      FORMAT "A change set does not end with its boundary." },
    { TYPE, "--b\n" SET IN_SET "DELETE x HTTP/1.1\n--b--",
      FORMAT "A change set does not end with its boundary." },
    { TYPE, "--b\n" SET "--c--\n--b--", FORMAT "A change set holds no requests." },
    { TYPE, "--b\n" SET IN_SET GET "\n--c--\n--b--",
      FORMAT "A change set cannot hold a request that reads." },
    { TYPE, "--b\n" SET IN_SET "HEAD x HTTP/1.1\n--c--\n--b--",
      FORMAT "A change set cannot hold a request that reads." },
    { TYPE, "--b\n" SET "--c\nContent-Type: multipart/mixed;boundary=d\n\n--d--\n--c--\n--b--",
      FORMAT "A change set cannot hold another one." },
    { TYPE,
      "--b\n" SET IN_SET "POST $batch HTTP/1.1\n" /* five in all */
      "\n--c\n" HTTP "\nDELETE x HTTP/1.1\n\n--c--\n" PART(GET) PART(GET) ONE(GET),
      "Number of batch request steps exceeds the maximum value of 4." },
};

static void test_refused(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(refused_cases); i++) {
        struct arena *arena = arena_create(NULL, MEMORY);
        struct batch batch = { .count = 99 };
        struct error err = { 0 };

        CHECK(!multipart_read(slice_of(refused_cases[i].body), slice_of(refused_cases[i].type),
                              &rules, arena, &batch, &err),
              i);
        CHECK(err.code == ERROR_BAD_REQUEST && batch.count == 99, i);
        if (strcmp(err.message, refused_cases[i].message) != 0)
            fail_msg("row %zu: %s", i, err.message);
        arena_destroy(arena);
    }
}

static void test_types(void **state UNUSED)
{
    assert_true(multipart_is_mixed(SLICE("multipart/mixed")));
    assert_true(multipart_is_mixed(SLICE(" MULTIPART/Mixed ; x")));
    assert_false(multipart_is_mixed(SLICE("multipart/mixedx")));
    assert_false(multipart_is_mixed(SLICE("multipart/form-data; boundary=b")));
    assert_false(multipart_is_mixed(SLICE_EMPTY));
}

/* Wherever memory ends, it is said. */
static void test_memory(void **state UNUSED)
{
    for (size_t budget = 0; budget < 4096; budget += 16) {
        struct arena *arena = arena_create(NULL, budget);
        struct batch batch;
        struct error err = { 0 };

        if (!multipart_read(SLICE(PART(GET) ONE(GET)), SLICE(TYPE), &rules, arena, &batch, &err))
            assert_int_equal(err.code, ERROR_TOO_LARGE);
        else
            assert_int_equal(batch.count, 2);
        arena_destroy(arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read),    cmocka_unit_test(test_line_ends_of_a_body),
        cmocka_unit_test(test_refused), cmocka_unit_test(test_types),
        cmocka_unit_test(test_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
