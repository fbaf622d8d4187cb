/* json/reader.c - one token a call, and nothing built that was not asked for.
 *
 * What a literal looks like is number.c's and string_literal.c's; this file knows how literals may
 * follow each other. Between two calls the reader is in one of a few states (enum expect), each
 * named for what may come next:
 *
 *     EXPECT_VALUE             at the start, and after a name and its colon
 *     EXPECT_ELEMENT_OR_END    after '['
 *     EXPECT_NAME_OR_END       after '{'
 *     EXPECT_COMMA_OR_END      after a value inside a container
 *     EXPECT_TEXT_END          after the outermost value
 *
 * A name and its colon are read in one call, and so are a comma and what must follow it, so that no
 * state stands for punctuation alone and "[1,]" needs no rule of its own.
 *
 * There is no recursion. Each open container has a frame in the arena. A frame stays when its
 * container closes and serves the next one on that level, with the memory its set of names has
 * grown to, so that an array of a million objects costs no more memory than the largest of them.
 *
 * A failure is kept as a problem and a position, and its message is written by report(): a caller
 * that asks again after a failure gets the same answer, in whatever error struct it brings.
 */
#include "json/reader.h"

#include <assert.h>

#include "base/arena.h"
#include "json/scan.h"
#include "json/string_literal.h"

#define DEPTH_LIMIT_MAX 1024
#define QUOTED_NAME_MAX 64 /* bytes of a name in a message */
#define BYTE_ORDER_MARK SLICE("\xEF\xBB\xBF")

enum expect {
    EXPECT_VALUE,
    EXPECT_ELEMENT_OR_END,
    EXPECT_NAME_OR_END,
    EXPECT_COMMA_OR_END,
    EXPECT_TEXT_END,
};

struct json_reader_frame {
    struct json_reader_frame *outer;
    struct json_reader_frame *inner; /* kept for reuse; NULL until the first was opened */
    bool is_object;
    struct json_name_set names;
};

/* The sentence for each problem: "Invalid JSON at byte 7: <sentence>", and what stands there where
 * that helps. Problems without a row have a message of their own in report(). */
static const struct {
    const char *sentence;
    bool shows_found;
} problems[] = {
    [JSON_PROBLEM_BYTE_ORDER_MARK] = { "a byte order mark is not allowed", false },
    [JSON_PROBLEM_VALUE] = { "expected a value", true },
    [JSON_PROBLEM_WORD] = { "expected true, false or null", false },
    [JSON_PROBLEM_NAME] = { "expected a name in quotes", true },
    [JSON_PROBLEM_NAME_OR_END] = { "expected a name in quotes or '}'", true },
    [JSON_PROBLEM_COLON] = { "expected ':' after the name", true },
    [JSON_PROBLEM_ARRAY_COMMA] = { "expected ',' or ']'", true },
    [JSON_PROBLEM_OBJECT_COMMA] = { "expected ',' or '}'", true },
    [JSON_PROBLEM_TEXT_END] = { "expected nothing after the value", true },
    [JSON_PROBLEM_UNCLOSED] = { "the text ends inside a string", false },
    [JSON_PROBLEM_CONTROL] = { "a control character in a string must be escaped", true },
    [JSON_PROBLEM_UTF8] = { "malformed UTF-8", true },
    [JSON_PROBLEM_ESCAPE] = { "expected one of \"\\/bfnrtu after the backslash", true },
    [JSON_PROBLEM_HEX] = { "expected four hexadecimal digits after \\u", true },
    [JSON_PROBLEM_SURROGATE] = { "half of a surrogate pair", false },
    [JSON_PROBLEM_DIGIT] = { "expected a digit", true },
    [JSON_PROBLEM_LEADING_ZERO] = { "a number must not start with a needless zero", false },
};

void json_reader_init(struct json_reader *reader, struct slice input, struct arena *arena,
                      unsigned depth_limit)
{
    assert(depth_limit <= DEPTH_LIMIT_MAX);

    struct slice text = input.len ? input : SLICE("");
    *reader = (struct json_reader){
        .input = text,
        .at = text.ptr,
        .limit = text.ptr + text.len,
        .arena = arena,
        .depth_limit = depth_limit,
        .expect = EXPECT_VALUE,
    };
}

static size_t position_of(const struct json_reader *reader, const char *at)
{
    return (size_t)(at - reader->input.ptr);
}

/* Words for the byte at which the reader failed. */
static void describe_found(const struct json_reader *reader, char *to, size_t bytes)
{
    unsigned char found = reader->at == reader->limit ? 0 : (unsigned char)*reader->at;

    if (reader->at == reader->limit)
        snprintf(to, bytes, ", but the text ends here");
    else if (found > ' ' && found < 0x7F)
        snprintf(to, bytes, ", found '%c'", found);
    else
        snprintf(to, bytes, ", found byte 0x%02X", found);
}

static bool report_repeated(const struct json_reader *reader, struct error *err)
{
    struct slice literal = reader->repeated;
    struct slice name = slice_sub(literal, 1, literal.len - 2);
    struct slice shown = slice_utf8_prefix(name, QUOTED_NAME_MAX);

    return error_set(err, ERROR_BAD_REQUEST, name,
                     "Invalid JSON at byte %zu: the name \"%.*s%s\" occurs twice in its object.",
                     position_of(reader, reader->at), SLICE_ARG(shown),
                     shown.len < name.len ? "..." : "");
}

/* Fills *err with the problem that the reader met. */
static bool report(const struct json_reader *reader, struct error *err)
{
    size_t position = position_of(reader, reader->at);
    char found[32] = "";

    switch ((enum json_problem)reader->problem) {
    case JSON_PROBLEM_MEMORY:
        return error_no_memory(err);
    case JSON_PROBLEM_REPEATED_NAME:
        return report_repeated(reader, err);
    case JSON_PROBLEM_DEPTH:
        return error_set(err, ERROR_BAD_REQUEST, SLICE_EMPTY,
                         "Invalid JSON at byte %zu: nested deeper than %u levels.", position,
                         reader->depth_limit);
    default:
        if (problems[reader->problem].shows_found)
            describe_found(reader, found, sizeof found);
        return error_set(err, ERROR_BAD_REQUEST, SLICE_EMPTY, "Invalid JSON at byte %zu: %s%s.",
                         position, problems[reader->problem].sentence, found);
    }
}

static COLD bool fail_at(struct json_reader *reader, const char *at, enum json_problem problem,
                         struct error *err)
{
    reader->at = at;
    reader->problem = (uint8_t)problem;
    return report(reader, err);
}

static bool fail(struct json_reader *reader, enum json_problem problem, struct error *err)
{
    return fail_at(reader, reader->at, problem, err);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

static void skip_blanks(struct json_reader *reader)
{
    while (reader->at < reader->limit && is_blank(*reader->at))
        reader->at++;
}

static bool next_is(const struct json_reader *reader, char c)
{
    return reader->at < reader->limit && *reader->at == c;
}

/* Fills *ret with the token [reader->at, end), whose text is its literal, and moves past it. */
static void take_token(struct json_reader *reader, enum json_kind kind, const char *end,
                       struct json_token *ret)
{
    struct slice literal = { reader->at, (size_t)(end - reader->at) };

    *ret = (struct json_token){ kind, literal, literal, position_of(reader, reader->at) };
    reader->at = end;
}

static void after_value(struct json_reader *reader)
{
    reader->expect = reader->frame ? EXPECT_COMMA_OR_END : EXPECT_TEXT_END;
}

/* The frame for a container inside the current one; NULL: no memory. */
static struct json_reader_frame *inner_frame(struct json_reader *reader)
{
    struct json_reader_frame **link = reader->frame ? &reader->frame->inner : &reader->outermost;

    if (!*link) {
        *link = arena_new(reader->arena, struct json_reader_frame);
        if (*link)
            (*link)->outer = reader->frame;
    }
    return *link;
}

static bool open_container(struct json_reader *reader, bool is_object, struct json_token *ret,
                           struct error *err)
{
    if (reader->depth == reader->depth_limit)
        return fail(reader, JSON_PROBLEM_DEPTH, err);

    struct json_reader_frame *frame = inner_frame(reader);
    if (!frame)
        return fail(reader, JSON_PROBLEM_MEMORY, err);
    frame->is_object = is_object;
    json_name_set_clear(&frame->names);
    reader->frame = frame;
    reader->depth++;
    reader->expect = is_object ? EXPECT_NAME_OR_END : EXPECT_ELEMENT_OR_END;
    take_token(reader, is_object ? JSON_OBJECT_BEGIN : JSON_ARRAY_BEGIN, reader->at + 1, ret);
    return true;
}

static void close_container(struct json_reader *reader, struct json_token *ret)
{
    enum json_kind kind = reader->frame->is_object ? JSON_OBJECT_END : JSON_ARRAY_END;

    reader->frame = reader->frame->outer;
    reader->depth--;
    after_value(reader);
    take_token(reader, kind, reader->at + 1, ret);
}

static bool decode(struct json_reader *reader, struct slice literal, size_t decoded_len,
                   struct slice *ret)
{
    char *decoded = arena_alloc(reader->arena, decoded_len);

    if (!decoded)
        return false;
    json_string_decode(literal.ptr, literal.ptr + literal.len, decoded);
    *ret = (struct slice){ decoded, decoded_len };
    return true;
}

/* Reads the string literal at reader->at as a token of `kind`. A value that is being skipped is
 * checked but not decoded. */
static bool read_string(struct json_reader *reader, enum json_kind kind, struct json_token *ret,
                        struct error *err)
{
    const char *from = reader->at;
    size_t decoded_len;
    struct json_scan scan = json_string_scan(from, reader->limit, &decoded_len);

    if (scan.problem)
        return fail_at(reader, scan.at, scan.problem, err);

    struct slice literal = { from, (size_t)(scan.at - from) };
    struct slice text = { from + 1, literal.len - 2 };
    bool is_wanted = kind == JSON_NAME || !reader->skipping;
    if (text.len != decoded_len && is_wanted && !decode(reader, literal, decoded_len, &text))
        return fail(reader, JSON_PROBLEM_MEMORY, err);
    *ret = (struct json_token){ kind, text, literal, position_of(reader, from) };
    reader->at = scan.at;
    return true;
}

static bool read_number(struct json_reader *reader, struct json_token *ret, struct error *err)
{
    struct json_scan scan = json_number_scan(reader->at, reader->limit);

    if (scan.problem)
        return fail_at(reader, scan.at, scan.problem, err);
    take_token(reader, JSON_NUMBER, scan.at, ret);
    return true;
}

static bool read_word(struct json_reader *reader, enum json_kind kind, struct slice word,
                      struct json_token *ret, struct error *err)
{
    struct slice rest = { reader->at, (size_t)(reader->limit - reader->at) };

    if (!slice_starts_with(rest, word))
        return fail(reader, JSON_PROBLEM_WORD, err);
    take_token(reader, kind, reader->at + word.len, ret);
    return true;
}

static bool read_scalar(struct json_reader *reader, struct json_token *ret, struct error *err)
{
    switch (*reader->at) {
    case '"':
        return read_string(reader, JSON_STRING, ret, err);
    case 't':
        return read_word(reader, JSON_TRUE, SLICE("true"), ret, err);
    case 'f':
        return read_word(reader, JSON_FALSE, SLICE("false"), ret, err);
    case 'n':
        return read_word(reader, JSON_NULL, SLICE("null"), ret, err);
    default:
        if (*reader->at == '-' || json_is_digit(*reader->at))
            return read_number(reader, ret, err);
        return fail(reader, JSON_PROBLEM_VALUE, err);
    }
}

static bool read_value(struct json_reader *reader, struct json_token *ret, struct error *err)
{
    if (reader->at == reader->limit)
        return fail(reader, JSON_PROBLEM_VALUE, err);
    if (*reader->at == '{' || *reader->at == '[')
        return open_container(reader, *reader->at == '{', ret, err);
    if (reader->at == reader->input.ptr && slice_starts_with(reader->input, BYTE_ORDER_MARK))
        return fail(reader, JSON_PROBLEM_BYTE_ORDER_MARK, err);
    if (!read_scalar(reader, ret, err))
        return false;
    after_value(reader);
    return true;
}

static bool enter_name(struct json_reader *reader, const struct json_token *name, struct error *err)
{
    switch (json_name_set_add(&reader->frame->names, &reader->key, reader->arena, name->text)) {
    case JSON_NAME_ADDED:
        return true;
    case JSON_NAME_REPEATED:
        reader->repeated = name->literal;
        return fail_at(reader, name->literal.ptr, JSON_PROBLEM_REPEATED_NAME, err);
    case JSON_NAME_NO_MEMORY:
        break;
    }
    return fail(reader, JSON_PROBLEM_MEMORY, err);
}

/* Reads a name and its colon; `otherwise` is the problem when there is no name. */
static bool read_name(struct json_reader *reader, enum json_problem otherwise,
                      struct json_token *ret, struct error *err)
{
    struct json_token name;

    if (!next_is(reader, '"'))
        return fail(reader, otherwise, err);
    if (!read_string(reader, JSON_NAME, &name, err) || !enter_name(reader, &name, err))
        return false;
    skip_blanks(reader);
    if (!next_is(reader, ':'))
        return fail(reader, JSON_PROBLEM_COLON, err);
    reader->at++;
    reader->expect = EXPECT_VALUE;
    *ret = name;
    return true;
}

static bool read_after_value(struct json_reader *reader, struct json_token *ret, struct error *err)
{
    bool in_object = reader->frame->is_object;

    if (next_is(reader, in_object ? '}' : ']')) {
        close_container(reader, ret);
        return true;
    }
    if (!next_is(reader, ','))
        return fail(reader, in_object ? JSON_PROBLEM_OBJECT_COMMA : JSON_PROBLEM_ARRAY_COMMA, err);
    reader->at++;
    skip_blanks(reader);
    return in_object ? read_name(reader, JSON_PROBLEM_NAME, ret, err)
                     : read_value(reader, ret, err);
}

static bool read_text_end(struct json_reader *reader, struct json_token *ret, struct error *err)
{
    if (reader->at < reader->limit)
        return fail(reader, JSON_PROBLEM_TEXT_END, err);
    take_token(reader, JSON_END, reader->at, ret);
    return true;
}

bool json_reader_next(struct json_reader *reader, struct json_token *ret, struct error *err)
{
    if (reader->problem)
        return report(reader, err);

    skip_blanks(reader);
    switch ((enum expect)reader->expect) {
    case EXPECT_VALUE:
        return read_value(reader, ret, err);
    case EXPECT_ELEMENT_OR_END:
    case EXPECT_NAME_OR_END:
        if (next_is(reader, reader->frame->is_object ? '}' : ']')) {
            close_container(reader, ret);
            return true;
        }
        return reader->frame->is_object ? read_name(reader, JSON_PROBLEM_NAME_OR_END, ret, err)
                                        : read_value(reader, ret, err);
    case EXPECT_COMMA_OR_END:
        return read_after_value(reader, ret, err);
    case EXPECT_TEXT_END:
        break;
    }
    return read_text_end(reader, ret, err);
}

/* True when the next token is a name or the end of an object: never a value. */
static bool is_between_members(const struct json_reader *reader)
{
    return reader->frame && reader->frame->is_object && reader->expect != EXPECT_VALUE;
}

static bool begins_value(enum json_kind kind)
{
    return kind != JSON_ARRAY_END && kind != JSON_END;
}

/* Reads one whole value, decoding no text. *ret_first is its first token. */
static bool pass_value(struct json_reader *reader, struct json_token *ret_first, struct error *err)
{
    unsigned depth = reader->depth;
    struct json_token token;

    if (!json_reader_next(reader, ret_first, err))
        return false;
    if (!begins_value(ret_first->kind))
        return fail_at(reader, ret_first->literal.ptr, JSON_PROBLEM_VALUE, err);
    while (reader->depth > depth) {
        if (!json_reader_next(reader, &token, err))
            return false;
    }
    return true;
}

bool json_reader_skip(struct json_reader *reader, struct slice *ret_literal, struct error *err)
{
    struct json_token first;

    assert(reader->problem || !is_between_members(reader)); /* a name is read, not skipped */
    reader->skipping = true;
    bool ok = pass_value(reader, &first, err);
    reader->skipping = false;
    if (ok && ret_literal) {
        const char *from = first.literal.ptr;
        *ret_literal = (struct slice){ from, (size_t)(reader->at - from) };
    }
    return ok;
}

bool json_reader_finish(struct json_reader *reader, struct error *err)
{
    struct json_token token;

    do {
        if (!json_reader_next(reader, &token, err))
            return false;
    } while (token.kind != JSON_END);
    return true;
}

size_t json_reader_position(const struct json_reader *reader)
{
    return position_of(reader, reader->at);
}

bool json_is_valid(struct slice input, struct arena *arena, unsigned depth_limit)
{
    struct json_reader reader;

    json_reader_init(&reader, input, arena, depth_limit);
    reader.skipping = true;
    return json_reader_finish(&reader, NULL);
}
