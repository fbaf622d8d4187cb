/* fuzz/json_fuzz.c - the JSON reader against jansson, and against our own writer.
 *
 * Four things must hold for every input:
 *   1. The reader and jansson give the same verdict, and where both accept, the same values.
 *   2. Reading token by token, skipping as a whole and json_is_valid() give the same verdict.
 *   3. What was read, written by our writer and read again, gives the same tokens.
 *   4. Under a budget too small the reader says ERROR_TOO_LARGE, or does not need it.
 *
 * Known differences, where no verdict is compared:
 *   - jansson turns numbers into int64 and double and refuses what overflows them; we keep them as
 *     written.
 *   - jansson refuses U+0000 in names, even where it allows it in strings.
 *   - jansson loses a NUL byte that follows a number or a word: "0" and a NUL is 0 to it. A text
 *     that holds a NUL byte is never JSON, so our verdict is known without asking.
 *   - jansson's depth limit is 2048, ours at most 1024.
 * With JSON_REJECT_DUPLICATES, JSON_DECODE_ANY and JSON_ALLOW_NUL it is asked for our other rules.
 */
#include <stdlib.h>

/* Four of jansson's names for types are ours for tokens, too. Its macros that test for these types
 * would see ours, so json_typeof() is asked instead. */
#define JSON_STRING JANSSON_STRING
#define JSON_TRUE   JANSSON_TRUE
#define JSON_FALSE  JANSSON_FALSE
#define JSON_NULL   JANSSON_NULL
#include <jansson.h>
#undef JSON_STRING
#undef JSON_TRUE
#undef JSON_FALSE
#undef JSON_NULL

#include "base/arena.h"
#include "base/text.h"
#include "json/reader.h"
#include "json/writer.h"

#define PLENTY       ((size_t)256 << 20)
#define DEPTH_LIMIT  1024
#define SMALL_BUDGET 512

#define MUST(cond)                                                                                 \
    do {                                                                                           \
        if (!(cond)) {                                                                             \
            fprintf(stderr, "%s:%d: %s\n", __func__, __LINE__, #cond);                             \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct json_token next_of(struct json_reader *reader)
{
    struct json_token token;
    struct error err;

    MUST(json_reader_next(reader, &token, &err));
    return token;
}

static bool read_all(struct slice text, struct arena *arena, struct error *err)
{
    struct json_reader reader;

    json_reader_init(&reader, text, arena, DEPTH_LIMIT);
    return json_reader_finish(&reader, err);
}

static void compare_value(struct json_reader *reader, struct json_token token,
                          const json_t *theirs);

static void compare_object(struct json_reader *reader, const json_t *theirs)
{
    size_t members = 0;

    MUST(json_is_object(theirs));
    for (;;) {
        struct json_token name = next_of(reader);
        if (name.kind == JSON_OBJECT_END)
            break;
        MUST(name.kind == JSON_NAME);
        compare_value(reader, next_of(reader),
                      json_object_getn(theirs, name.text.ptr, name.text.len));
        members++;
    }
    MUST(members == json_object_size(theirs));
}

static void compare_array(struct json_reader *reader, const json_t *theirs)
{
    size_t elements = 0;

    MUST(json_is_array(theirs));
    for (;;) {
        struct json_token token = next_of(reader);
        if (token.kind == JSON_ARRAY_END)
            break;
        compare_value(reader, token, json_array_get(theirs, elements++));
    }
    MUST(elements == json_array_size(theirs));
}

static void compare_number(struct slice literal, const json_t *theirs)
{
    int64_t value;
    bool is_whole = json_number_to_int64(literal, &value);

    MUST(json_is_number(theirs));
    if (json_is_integer(theirs))
        MUST(is_whole && value == json_integer_value(theirs));
    else if (is_whole)
        /* A double is at least near, and its rounding is the only reason not to be equal. */
        MUST((double)value == json_real_value(theirs));
}

/* `token` begins the value that `theirs` must be; NULL is none. */
static void compare_value(struct json_reader *reader, struct json_token token, const json_t *theirs)
{
    MUST(theirs);
    switch (token.kind) {
    case JSON_OBJECT_BEGIN:
        compare_object(reader, theirs);
        break;
    case JSON_ARRAY_BEGIN:
        compare_array(reader, theirs);
        break;
    case JSON_STRING:
        MUST(json_typeof(theirs) == JANSSON_STRING);
        MUST(slice_eq(token.text,
                      (struct slice){ json_string_value(theirs), json_string_length(theirs) }));
        break;
    case JSON_NUMBER:
        compare_number(token.text, theirs);
        break;
    case JSON_TRUE:
        MUST(json_typeof(theirs) == JANSSON_TRUE);
        break;
    case JSON_FALSE:
        MUST(json_typeof(theirs) == JANSSON_FALSE);
        break;
    default:
        MUST(token.kind == JSON_NULL && json_typeof(theirs) == JANSSON_NULL);
    }
}

static void compare_with_jansson(struct slice text, bool ok, struct arena *arena)
{
    json_error_t why;
    json_t *theirs = json_loadb(text.ptr, text.len,
                                JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL, &why);

    if (!theirs) {
        enum json_error_code code = json_error_code(&why);
        MUST(!ok || code == json_error_numeric_overflow || code == json_error_null_byte_in_key ||
             code == json_error_stack_overflow);
        return;
    }
    MUST(ok);
    struct json_reader reader;
    json_reader_init(&reader, text, arena, DEPTH_LIMIT);
    compare_value(&reader, next_of(&reader), theirs);
    MUST(next_of(&reader).kind == JSON_END);
    json_decref(theirs);
}

static void check_skip(struct slice text, bool ok, struct arena *arena)
{
    struct json_reader reader;
    struct slice literal;

    json_reader_init(&reader, text, arena, DEPTH_LIMIT);
    bool skipped = json_reader_skip(&reader, &literal, NULL);
    MUST((skipped && json_reader_finish(&reader, NULL)) == ok);
    if (skipped)
        MUST(json_is_valid(literal, arena, DEPTH_LIMIT));
    MUST(json_is_valid(text, arena, DEPTH_LIMIT) == ok);
}

static void write_token(struct json_writer *writer, const struct json_token *token)
{
    switch (token->kind) {
    case JSON_OBJECT_BEGIN:
        json_writer_object_begin(writer);
        break;
    case JSON_OBJECT_END:
        json_writer_object_end(writer);
        break;
    case JSON_ARRAY_BEGIN:
        json_writer_array_begin(writer);
        break;
    case JSON_ARRAY_END:
        json_writer_array_end(writer);
        break;
    case JSON_NAME:
        json_writer_name(writer, token->text);
        break;
    case JSON_STRING:
        json_writer_string(writer, token->text);
        break;
    case JSON_NULL:
        json_writer_null(writer);
        break;
    case JSON_NUMBER:
        json_writer_raw(writer, token->text);
        break;
    default:
        json_writer_bool(writer, token->kind == JSON_TRUE);
    }
}

/* Writes what the good `text` holds; false when it is deeper than the writer goes. */
static bool rewrite(struct slice text, struct arena *arena, struct text *out)
{
    struct json_reader reader;
    struct json_writer writer;
    unsigned depth = 0;

    json_reader_init(&reader, text, arena, DEPTH_LIMIT);
    json_writer_init(&writer, out);
    for (;;) {
        struct json_token token = next_of(&reader);
        if (token.kind == JSON_END)
            return true;
        depth += token.kind == JSON_OBJECT_BEGIN || token.kind == JSON_ARRAY_BEGIN;
        depth -= token.kind == JSON_OBJECT_END || token.kind == JSON_ARRAY_END;
        if (depth > JSON_WRITER_DEPTH)
            return false;
        write_token(&writer, &token);
    }
}

static void check_round_trip(struct slice text, struct arena *arena)
{
    struct text out;

    text_init(&out, arena, 0, PLENTY);
    if (!rewrite(text, arena, &out))
        return;
    MUST(!out.failed);

    struct json_reader before, after;
    json_reader_init(&before, text, arena, DEPTH_LIMIT);
    json_reader_init(&after, text_slice(&out), arena, DEPTH_LIMIT);
    for (;;) {
        struct json_token a = next_of(&before), b = next_of(&after);
        MUST(a.kind == b.kind && slice_eq(a.text, b.text));
        if (a.kind == JSON_END)
            return;
    }
}

static void check_small_budget(struct slice text, bool ok)
{
    struct arena *arena = arena_create(NULL, SMALL_BUDGET);
    struct error err = { 0 };

    if (read_all(text, arena, &err))
        MUST(ok);
    else
        MUST(err.code == ERROR_TOO_LARGE || (!ok && err.code == ERROR_BAD_REQUEST));
    arena_destroy(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice text = { (const char *)data, size };
    struct arena *arena = arena_create(NULL, PLENTY);
    struct error err = { 0 };
    bool ok = read_all(text, arena, &err);

    if (slice_index(text, '\0') < text.len)
        MUST(!ok);
    else if (ok || !strstr(err.message, "nested deeper"))
        compare_with_jansson(text, ok, arena);
    check_skip(text, ok, arena);
    if (ok)
        check_round_trip(text, arena);
    check_small_budget(text, ok);
    arena_destroy(arena);
    return 0;
}
