/* json/writer_test.c - commas and escapes by table, room to the byte, misuse, and random documents
 * that must come back from the reader as they were written. */
#include "json/writer.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/test.h"
#include "base/text.h"
#include "json/reader.h"

#define PLENTY ((size_t)64 << 20)

/* A document in one letter a call: { } [ ] as they are, N writes the next name (a, b, c...), P the
 * same as a plain name, s p i t f n r a value. */
static const struct {
    const char *calls, *want;
} comma_cases[] = {
    { "n", "null" },
    { "t", "true" },
    { "f", "false" },
    { "i", "-7" },
    { "s", "\"s\"" },
    { "p", "\"p\"" },
    { "r", "[0]" },
    { "{}", "{}" },
    { "[]", "[]" },
    { "[i]", "[-7]" },
    { "[ii]", "[-7,-7]" },
    { "[nsitfrp]", "[null,\"s\",-7,true,false,[0],\"p\"]" },
    { "{Ni}", "{\"a\":-7}" },
    { "{Pi}", "{\"a\":-7}" },
    { "{NnPtNfPsNrPi}", "{\"a\":null,\"b\":true,\"c\":false,\"d\":\"s\",\"e\":[0],\"f\":-7}" },
    { "[[]]", "[[]]" },
    { "[[][]]", "[[],[]]" },
    { "[{}{}]", "[{},{}]" },
    { "[i[]i{}i]", "[-7,[],-7,{},-7]" },
    { "{N{}N[]}", "{\"a\":{},\"b\":[]}" },
    { "{N{N{N[]}}NiN[i{Nn}]}", "{\"a\":{\"b\":{\"c\":[]}},\"d\":-7,\"e\":[-7,{\"f\":null}]}" },
    /* A level's bits start afresh when it is opened again, as the other kind too. */
    { "[{NnNn}{Nn}[nn][n]]", "[{\"a\":null,\"b\":null},{\"c\":null},[null,null],[null]]" },
};

static void call(struct json_writer *writer, char letter, char *next_name)
{
    switch (letter) {
    case '{':
        json_writer_object_begin(writer);
        break;
    case '}':
        json_writer_object_end(writer);
        break;
    case '[':
        json_writer_array_begin(writer);
        break;
    case ']':
        json_writer_array_end(writer);
        break;
    case 'N':
        json_writer_name(writer, (struct slice){ next_name, 1 });
        ++*next_name;
        break;
    case 'P':
        json_writer_plain_name(writer, (struct slice){ next_name, 1 });
        ++*next_name;
        break;
    case 's':
        json_writer_string(writer, SLICE("s"));
        break;
    case 'p':
        json_writer_plain_string(writer, SLICE("p"));
        break;
    case 'i':
        json_writer_int(writer, -7);
        break;
    case 'r':
        json_writer_raw(writer, SLICE("[0]"));
        break;
    case 'n':
        json_writer_null(writer);
        break;
    default:
        json_writer_bool(writer, letter == 't');
    }
}

static void run_calls(const char *calls, struct text *out)
{
    struct json_writer writer;
    char next_name = 'a';

    json_writer_init(&writer, out);
    for (const char *letter = calls; *letter; letter++)
        call(&writer, *letter, &next_name);
}

static void test_writer_commas(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(comma_cases); i++) {
        struct arena *arena = arena_create(NULL, PLENTY);
        struct text out;

        text_init(&out, arena, 0, PLENTY);
        run_calls(comma_cases[i].calls, &out);
        CHECK(slice_eq(text_slice(&out), slice_of(comma_cases[i].want)), i);
        arena_destroy(arena);
    }
}

/* Room is asked for to the byte: a document fits memory of its own size, and in less it fails. */
static void test_writer_exact_room(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(comma_cases); i++) {
        char memory[200];
        size_t want = strlen(comma_cases[i].want);

        for (size_t bytes = 0; bytes <= want; bytes++) {
            struct text out;
            text_init_fixed(&out, memory, bytes);
            run_calls(comma_cases[i].calls, &out);
            CHECK(out.failed == (bytes < want), i);
        }
    }
}

static const struct {
    struct slice value, escaped;
} escape_cases[] = {
    { SLICE_INIT(""), SLICE_INIT("") },
    { SLICE_INIT("plain"), SLICE_INIT("plain") },
    { SLICE_INIT("a \"word\""), SLICE_INIT("a \\\"word\\\"") },
    { SLICE_INIT("C:\\temp\\"), SLICE_INIT("C:\\\\temp\\\\") },
    { SLICE_INIT("a/b"), SLICE_INIT("a/b") },
    { SLICE_INIT("\b\f\n\r\t"), SLICE_INIT("\\b\\f\\n\\r\\t") },
    { SLICE_INIT("\0\x01\x0B\x0E\x1F"), SLICE_INIT("\\u0000\\u0001\\u000b\\u000e\\u001f") },
    { SLICE_INIT("\x7F"), SLICE_INIT("\x7F") },
    { SLICE_INIT("<script>&'"), SLICE_INIT("<script>&'") },
    { SLICE_INIT("caf\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80"),
      SLICE_INIT("caf\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80") },
    { SLICE_INIT("\xE2\x80\xA8"), SLICE_INIT("\xE2\x80\xA8") },
    { SLICE_INIT("longer than eight\nlonger than eight"),
      SLICE_INIT("longer than eight\\nlonger than eight") },
    { SLICE_INIT("12345678\""), SLICE_INIT("12345678\\\"") },
    { SLICE_INIT("\"12345678"), SLICE_INIT("\\\"12345678") },

    /* What is not UTF-8: a U+FFFD for each byte. */
    { SLICE_INIT("\x80"), SLICE_INIT("\xEF\xBF\xBD") },
    { SLICE_INIT("a\xFFz"), SLICE_INIT("a\xEF\xBF\xBDz") },
    { SLICE_INIT("\xC3"), SLICE_INIT("\xEF\xBF\xBD") },
    { SLICE_INIT("\xE2\x82"), SLICE_INIT("\xEF\xBF\xBD\xEF\xBF\xBD") },
    { SLICE_INIT("\xC0\x80"), SLICE_INIT("\xEF\xBF\xBD\xEF\xBF\xBD") },
    { SLICE_INIT("\xED\xA0\x80"), SLICE_INIT("\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD") },
    { SLICE_INIT("\xC3\xA9\xA9\xC3\xA9"), SLICE_INIT("\xC3\xA9\xEF\xBF\xBD\xC3\xA9") },
    { SLICE_INIT("\xC3\""), SLICE_INIT("\xEF\xBF\xBD\\\"") },
};

static void test_writer_escapes(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(escape_cases); i++) {
        struct arena *arena = arena_create(NULL, PLENTY);
        struct slice value = escape_cases[i].value;
        struct text bare, quoted, want;
        struct json_writer writer;

        text_init(&bare, arena, 0, PLENTY);
        json_append_escaped(&bare, value);
        CHECK(slice_eq(text_slice(&bare), escape_cases[i].escaped), i);

        text_init(&quoted, arena, 0, PLENTY);
        json_writer_init(&writer, &quoted);
        json_writer_object_begin(&writer);
        json_writer_name(&writer, value);
        json_writer_string(&writer, value);
        json_writer_object_end(&writer);

        text_init(&want, arena, 0, PLENTY);
        text_printf(&want, "{\"%.*s\":\"%.*s\"}", SLICE_ARG(escape_cases[i].escaped),
                    SLICE_ARG(escape_cases[i].escaped));
        CHECK(slice_eq(text_slice(&quoted), text_slice(&want)), i);
        arena_destroy(arena);
    }
}

/* As above, where escapes make the text longer than what was asked for first. */
static void test_writer_escapes_exact_room(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(escape_cases); i++) {
        char memory[200];
        size_t want = escape_cases[i].escaped.len + 2;

        for (size_t bytes = 0; bytes <= want; bytes++) {
            struct text out;
            struct json_writer writer;
            text_init_fixed(&out, memory, bytes);
            json_writer_init(&writer, &out);
            json_writer_string(&writer, escape_cases[i].value);
            CHECK(out.failed == (bytes < want), i);
        }
    }
}

/* Every byte at every place of strings of every short length, in a block of exactly that size. */
static void test_writer_every_place(void **state UNUSED)
{
    for (unsigned byte = 0; byte < 0x80; byte++) {
        for (size_t len = 1; len <= 20; len++) {
            for (size_t at = 0; at < len; at++) {
                char *value = malloc(len);
                char memory[64];
                struct text out;
                struct slice back;

                memset(value, 'x', len);
                value[at] = (char)byte;
                text_init_fixed(&out, memory, sizeof memory);
                struct json_writer writer;
                json_writer_init(&writer, &out);
                json_writer_string(&writer, (struct slice){ value, len });

                struct arena *arena = arena_create(NULL, PLENTY);
                struct json_reader reader;
                struct json_token token;
                json_reader_init(&reader, text_slice(&out), arena, 0);
                CHECK(json_reader_next(&reader, &token, NULL), byte);
                back = token.text;
                CHECK(slice_eq(back, (struct slice){ value, len }), byte);
                arena_destroy(arena);
                free(value);
            }
        }
    }
}

static void test_writer_ints(void **state UNUSED)
{
    static const struct {
        int64_t value;
        const char *want;
    } cases[] = {
        { 0, "0" },
        { -1, "-1" },
        { INT64_MAX, "9223372036854775807" },
        { INT64_MIN, "-9223372036854775808" },
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char memory[32];
        struct text out;
        struct json_writer writer;

        text_init_fixed(&out, memory, sizeof memory);
        json_writer_init(&writer, &out);
        json_writer_int(&writer, cases[i].value);
        CHECK(slice_eq(text_slice(&out), slice_of(cases[i].want)), i);
    }
}

static void test_writer_int_strings(void **state UNUSED)
{
    char memory[64];
    struct text out;
    struct json_writer writer;

    text_init_fixed(&out, memory, sizeof memory);
    json_writer_init(&writer, &out);
    json_writer_array_begin(&writer);
    json_writer_int_string(&writer, INT64_MIN);
    json_writer_int_string(&writer, 0);
    json_writer_int(&writer, 1);
    json_writer_array_end(&writer);
    assert_true(slice_eq(text_slice(&out), SLICE("[\"-9223372036854775808\",\"0\",1]")));
}

static void test_writer_depth(void **state UNUSED)
{
    struct arena *arena = arena_create(NULL, PLENTY);
    struct json_writer writer;
    struct text out;

    text_init(&out, arena, 0, PLENTY);
    json_writer_init(&writer, &out);
    for (int i = 0; i < JSON_WRITER_DEPTH / 2; i++) {
        json_writer_object_begin(&writer);
        json_writer_name(&writer, SLICE("a"));
        json_writer_null(&writer);
        json_writer_name(&writer, SLICE("b"));
        json_writer_array_begin(&writer);
        json_writer_null(&writer);
    }
    for (int i = 0; i < JSON_WRITER_DEPTH / 2; i++) {
        json_writer_null(&writer);
        json_writer_array_end(&writer);
        json_writer_name(&writer, SLICE("c"));
        json_writer_null(&writer);
        json_writer_object_end(&writer);
    }
    assert_true(json_is_valid(text_slice(&out), arena, JSON_WRITER_DEPTH));
    arena_destroy(arena);
}

/* A part that failed must not leave a hole in the whole. */
static void test_writer_raw_of_failed_text(void **state UNUSED)
{
    char memory[64];
    struct text part, whole;
    struct json_writer writer;

    text_init_fixed(&part, NULL, 0);
    text_append_char(&part, '1');
    assert_true(part.failed);

    text_init_fixed(&whole, memory, sizeof memory);
    json_writer_init(&writer, &whole);
    json_writer_array_begin(&writer);
    json_writer_raw(&writer, text_slice(&part));
    json_writer_array_end(&writer);
    assert_true(whole.failed);
}

/* Each must end in an assertion. */
static const char *const misuses[] = {
    "nn",  /* two outermost values */
    "[]n", /* the same */
    "N",   /* a name outside an object */
    "[N",  /* the same */
    "{n",  /* a value where a name is due */
    "{NN", /* a name where a value is due */
    "{N}", /* a name without a value */
    "{[",  /* a container where a name is due */
    "]",   /* nothing is open */
    "{]",  /* not what is open */
    "[}",  /* the same */
    /* one level too many */
    "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
};

/* Runs `calls` in a process of its own; true when an assertion ended it. */
static bool is_refused(const char *calls)
{
    pid_t child = fork();

    if (child == 0) {
        char memory[400];
        struct text out;
        const struct rlimit no_core = { 0 };

        setrlimit(RLIMIT_CORE, &no_core);
        signal(SIGABRT, SIG_DFL);
        close(STDERR_FILENO);
        text_init_fixed(&out, memory, sizeof memory);
        run_calls(calls, &out);
        _exit(0);
    }
    int status = 0;
    assert_true(child > 0 && waitpid(child, &status, 0) == child);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

static void test_writer_misuse(void **state UNUSED)
{
    assert_false(is_refused("[n]"));
    for (size_t i = 0; i < COUNT_OF(misuses); i++)
        CHECK(is_refused(misuses[i]), i);
}

/* Random documents. A document is written while the tokens that it must give are noted in a second
 * text; reading must note the same. */

struct document {
    uint64_t seed;
    struct json_writer writer;
    struct text notes;
    struct arena *arena;
    unsigned budget; /* values left to write */
};

/* splitmix64: every run sees the same documents. */
static uint64_t draw(struct document *doc)
{
    uint64_t z = doc->seed += UINT64_C(0x9E3779B97F4A7C15);

    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return z ^ z >> 31;
}

static void note(struct text *notes, char kind, struct slice text)
{
    text_append_char(notes, kind);
    text_append_uint(notes, text.len);
    text_append_char(notes, ':');
    text_append(notes, text);
}

/* Text of up to 40 pieces, most of them plain, the rest from all over Unicode. */
static struct slice random_text(struct document *doc)
{
    static const char *const pieces[] = {
        "\"",
        "\\",
        "/",
        "\b",
        "\n",
        "\x01",
        "\x1F",
        "\x7F",
        "\xC3\xA9",
        "\xE2\x82\xAC",
        "\xED\x9F\xBF",
        "\xEF\xBF\xBF",
        "\xF0\x9F\x98\x80",
        "\xF4\x8F\xBF\xBF",
        "plain text ",
    };
    size_t count = draw(doc) % 40;
    struct text text;

    text_init(&text, doc->arena, 0, 1000);
    for (size_t i = 0; i < count; i++) {
        uint64_t pick = draw(doc);
        if (pick % 4)
            text_append_char(&text, (char)('a' + pick / 4 % 26));
        else if (pick % 64)
            text_append(&text, slice_of(pieces[pick / 64 % COUNT_OF(pieces)]));
        else
            text_append_char(&text, '\0');
    }
    return text_slice(&text);
}

static void write_number(struct document *doc)
{
    int64_t value = (int64_t)draw(doc) >> draw(doc) % 64;
    struct slice literal;

    assert_true(arena_printf(doc->arena, &literal, "%lld", (long long)value));
    json_writer_int(&doc->writer, value);
    note(&doc->notes, JSON_NUMBER, literal);
}

static void write_scalar(struct document *doc)
{
    switch (draw(doc) % 6) {
    case 0:
        json_writer_null(&doc->writer);
        note(&doc->notes, JSON_NULL, SLICE("null"));
        break;
    case 1:
        json_writer_bool(&doc->writer, true);
        note(&doc->notes, JSON_TRUE, SLICE("true"));
        break;
    case 2:
        json_writer_raw(&doc->writer, SLICE("-1.50E+10"));
        note(&doc->notes, JSON_NUMBER, SLICE("-1.50E+10"));
        break;
    case 3:
        write_number(doc);
        break;
    default: {
        struct slice text = random_text(doc);
        json_writer_string(&doc->writer, text);
        note(&doc->notes, JSON_STRING, text);
    }
    }
}

/* A name that no other member has: names are numbered. */
static void write_name(struct document *doc)
{
    struct text name;

    text_init(&name, doc->arena, 0, 1000);
    text_append_uint(&name, doc->budget);
    text_append(&name, random_text(doc));
    json_writer_name(&doc->writer, text_slice(&name));
    note(&doc->notes, JSON_NAME, text_slice(&name));
}

static void write_bracket(struct document *doc, char bracket)
{
    static const char brackets[] = "{}[]"; /* in the order of enum json_kind */
    const char *at = strchr(brackets, bracket);

    call(&doc->writer, bracket, NULL);
    note(&doc->notes, (char)(at - brackets), (struct slice){ at, 1 });
}

static void write_value(struct document *doc, unsigned depth)
{
    uint64_t pick = draw(doc);

    if (doc->budget > 0)
        doc->budget--;
    if (depth == JSON_WRITER_DEPTH || doc->budget == 0 || (depth > 0 && pick % 3 == 0)) {
        write_scalar(doc);
        return;
    }
    bool is_object = pick % 2;
    size_t count = draw(doc) % 30;

    write_bracket(doc, is_object ? '{' : '[');
    for (size_t i = 0; i < count && doc->budget > 0; i++) {
        if (is_object)
            write_name(doc);
        write_value(doc, depth + 1);
    }
    write_bracket(doc, is_object ? '}' : ']');
}

static void read_notes(struct slice json, struct arena *arena, struct text *notes)
{
    struct json_reader reader;
    struct json_token token;
    struct error err = { 0 };

    json_reader_init(&reader, json, arena, JSON_WRITER_DEPTH);
    for (;;) {
        if (!json_reader_next(&reader, &token, &err))
            fail_msg("%s", err.message);
        if (token.kind == JSON_END)
            return;
        note(notes, (char)token.kind, token.text);
    }
}

static void test_writer_round_trip(void **state UNUSED)
{
    size_t bytes = 0;

    for (uint64_t seed = 1; seed <= 2000; seed++) {
        struct arena *arena = arena_create(NULL, PLENTY);
        struct document doc = { .seed = seed,
                                .arena = arena,
                                .budget = (unsigned)(seed % 400) + 1 };
        struct text json, read;

        text_init(&json, arena, 0, PLENTY);
        text_init(&doc.notes, arena, 0, PLENTY);
        json_writer_init(&doc.writer, &json);
        write_value(&doc, 0);

        text_init(&read, arena, 0, PLENTY);
        read_notes(text_slice(&json), arena, &read);
        CHECK(!read.failed && slice_eq(text_slice(&read), text_slice(&doc.notes)), seed);
        bytes += json.len;
        arena_destroy(arena);
    }
    assert_true(bytes > 1000000); /* the documents did not come out trivial */
}

/* Under every budget a document comes out whole or not at all. */
static void test_writer_budget(void **state UNUSED)
{
    bool done = false;

    for (size_t budget = 0; !done; budget += 16) {
        struct arena *arena = arena_create(NULL, budget);
        struct text out;
        struct json_writer writer;

        text_init(&out, arena, 0, PLENTY);
        json_writer_init(&writer, &out);
        json_writer_array_begin(&writer);
        for (int i = 0; i < 50; i++) {
            json_writer_string(&writer, SLICE("a line\n, \xFF and a \"word\""));
            json_writer_int(&writer, i);
            json_writer_bool(&writer, i % 2);
        }
        json_writer_array_end(&writer);
        done = !out.failed;
        CHECK(done || text_slice(&out).len == 0, budget);
        arena_destroy(arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_writer_commas),
        cmocka_unit_test(test_writer_exact_room),
        cmocka_unit_test(test_writer_escapes),
        cmocka_unit_test(test_writer_escapes_exact_room),
        cmocka_unit_test(test_writer_every_place),
        cmocka_unit_test(test_writer_ints),
        cmocka_unit_test(test_writer_int_strings),
        cmocka_unit_test(test_writer_depth),
        cmocka_unit_test(test_writer_raw_of_failed_text),
        cmocka_unit_test(test_writer_misuse),
        cmocka_unit_test(test_writer_round_trip),
        cmocka_unit_test(test_writer_budget),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
