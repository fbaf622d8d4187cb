/* json/writer.c - values go straight into the text; nothing is built first.
 *
 * The writer knows one thing: whether a comma is due. Two bits a level say that (is it an object,
 * has it a member yet), so that the whole state is a few words on the caller's stack.
 *
 * A page of a hundred entities is some three thousand calls, so each of them asks the text for room
 * once, for the comma, the quotes, the colon and the bytes together, and then writes without
 * asking. A string is copied while it is looked over, eight bytes at a time: most hold nothing to
 * escape, and only what follows the first byte that is not plain goes the slow way, run by run.
 * That cannot ask for too much: the escaped form is never shorter than the string.
 *
 * Escaped is what RFC 8259 section 7 demands and no more: '/' and U+2028 stand for themselves, and
 * so does every character past ASCII.
 */
#include "json/writer.h"

#include <assert.h>

#include "base/text.h"
#include "json/scan.h"

#define DEEPEST_LEVEL (UINT64_C(1) << (JSON_WRITER_DEPTH - 1))

#define REPLACEMENT SLICE("\xEF\xBF\xBD") /* U+FFFD */

/* The letter after the backslash, for what has a short escape. */
static const char escape_letters[128] = {
    ['"'] = '"',  ['\\'] = '\\', ['\b'] = 'b', ['\f'] = 'f',
    ['\n'] = 'n', ['\r'] = 'r',  ['\t'] = 't',
};

void json_writer_init(struct json_writer *writer, struct text *out)
{
    *writer = (struct json_writer){ .out = out };
}

/* Where to write `bytes`, or NULL: text_reserve(), whose call this spares while there is room. */
static inline char *room(struct text *out, size_t bytes)
{
    if (bytes <= out->capacity - out->len && !out->failed)
        return out->ptr + out->len;
    return text_reserve(out, bytes);
}

static inline void wrote_up_to(struct text *out, const char *end)
{
    out->len = (size_t)(end - out->ptr);
}

/* A name or a value stands in the innermost container now; true when a comma is due before it. */
static inline bool begin_in_container(struct json_writer *writer)
{
    bool comma = writer->not_first & writer->level;

    writer->not_first |= writer->level;
    return comma;
}

/* Says that a value comes next; true when a comma is due before it. */
static inline bool begin_value(struct json_writer *writer)
{
    if (writer->after_name) {
        writer->after_name = false;
        return false;
    }
    if (!writer->level) {
        assert(!writer->done);
        writer->done = true;
        return false;
    }
    assert(!(writer->in_object & writer->level)); /* a name is due */
    return begin_in_container(writer);
}

static inline bool begin_name(struct json_writer *writer)
{
    assert((writer->in_object & writer->level) && !writer->after_name);
    writer->after_name = true;
    return begin_in_container(writer);
}

/* Writes a value that holds nothing to escape. */
static inline void put_plain_value(struct json_writer *writer, struct slice value)
{
    bool comma = begin_value(writer);
    char *to = room(writer->out, comma + value.len);

    if (!to)
        return;
    if (comma)
        *to++ = ',';
    memcpy(to, value.ptr, value.len);
    wrote_up_to(writer->out, to + value.len);
}

static inline void begin_container(struct json_writer *writer, bool is_object)
{
    assert(writer->level != DEEPEST_LEVEL);
    put_plain_value(writer, is_object ? SLICE("{") : SLICE("["));

    writer->level = writer->level ? writer->level << 1 : 1;
    writer->not_first &= ~writer->level;
    if (is_object)
        writer->in_object |= writer->level;
    else
        writer->in_object &= ~writer->level;
}

static inline void end_container(struct json_writer *writer, bool is_object)
{
    assert(writer->level && !writer->after_name);
    assert(is_object == ((writer->in_object & writer->level) != 0));
    writer->level >>= 1;

    char *to = room(writer->out, 1);
    if (to) {
        *to = is_object ? '}' : ']';
        wrote_up_to(writer->out, to + 1);
    }
}

void json_writer_object_begin(struct json_writer *writer)
{
    begin_container(writer, true);
}

void json_writer_object_end(struct json_writer *writer)
{
    end_container(writer, true);
}

void json_writer_array_begin(struct json_writer *writer)
{
    begin_container(writer, false);
}

void json_writer_array_end(struct json_writer *writer)
{
    end_container(writer, false);
}

/* Copies the plain bytes that `from` begins with to `to`, where there is room for `len` bytes, and
 * returns how many there are. The bytes after them may be overwritten, up to `len`. */
static inline size_t copy_plain(char *to, const char *from, size_t len)
{
    size_t at = 0;

    for (; len - at >= 8; at += 8) {
        uint64_t found = json_not_plain(json_load_eight(from + at));
        memcpy(to + at, from + at, 8);
        if (found)
            return at + json_first_found(found);
    }
    if (len >= 8) { /* the last eight, of which some were looked at before */
        uint64_t found = json_not_plain(json_load_eight(from + len - 8));
        memcpy(to + len - 8, from + len - 8, 8);
        return found ? len - 8 + json_first_found(found) : len;
    }
    for (; at < len && json_is_plain(from[at]); at++)
        to[at] = from[at];
    return at;
}

/* The end of what may be copied as it is: plain bytes and well-formed UTF-8. */
static const char *skip_verbatim(const char *from, const char *limit)
{
    for (;;) {
        from = json_skip_plain(from, limit);
        if (from == limit || (unsigned char)*from < 0x80)
            return from;
        size_t step = slice_utf8_step((struct slice){ from, (size_t)(limit - from) });
        if (step == 0)
            return from;
        from += step;
    }
}

/* Appends what stands for a byte that may not be copied. */
static void append_escape(struct text *out, unsigned char byte)
{
    static const char digits[] = "0123456789abcdef";

    if (byte >= 0x80) {
        text_append(out, REPLACEMENT);
        return;
    }
    char letter = escape_letters[byte];
    const char escape[] = { '\\', letter ? letter : 'u', '0',
                            '0',  digits[byte >> 4],     digits[byte & 15] };
    text_append(out, (struct slice){ escape, letter ? 2 : sizeof escape });
}

void json_append_escaped(struct text *out, struct slice value)
{
    if (value.len == 0)
        return;

    const char *at = value.ptr;
    const char *limit = at + value.len;
    while (at < limit) {
        const char *run_end = skip_verbatim(at, limit);
        text_append(out, (struct slice){ at, (size_t)(run_end - at) });
        at = run_end;
        if (at < limit)
            append_escape(out, (unsigned char)*at++);
    }
}

/* Writes `inside` between a quote and `closing`. */
static inline void put_quoted(struct text *out, bool comma, struct slice inside,
                              struct slice closing)
{
    char *to = room(out, comma + 1 + inside.len + closing.len);

    if (!to)
        return;
    if (comma)
        *to++ = ',';
    *to++ = '"';
    size_t plain = copy_plain(to, inside.ptr, inside.len);
    wrote_up_to(out, to + plain);
    if (plain < inside.len)
        json_append_escaped(out, slice_sub(inside, plain, inside.len));
    text_append(out, closing);
}

void json_writer_name(struct json_writer *writer, struct slice name)
{
    put_quoted(writer->out, begin_name(writer), name, SLICE("\":"));
}

void json_writer_string(struct json_writer *writer, struct slice value)
{
    put_quoted(writer->out, begin_value(writer), value, SLICE("\""));
}

/* The same for what holds nothing to escape. */
static inline void put_plain_quoted(struct text *out, bool comma, struct slice inside,
                                    struct slice closing)
{
    char *to = room(out, comma + 1 + inside.len + closing.len);

    if (!to)
        return;
    if (comma)
        *to++ = ',';
    *to++ = '"';
    memcpy(to, inside.ptr, inside.len);
    to += inside.len;
    memcpy(to, closing.ptr, closing.len);
    wrote_up_to(out, to + closing.len);
}

void json_writer_plain_name(struct json_writer *writer, struct slice name)
{
    put_plain_quoted(writer->out, begin_name(writer), name, SLICE("\":"));
}

void json_writer_plain_string(struct json_writer *writer, struct slice value)
{
    put_plain_quoted(writer->out, begin_value(writer), value, SLICE("\""));
}

void json_writer_int(struct json_writer *writer, int64_t value)
{
    if (begin_value(writer))
        text_append_char(writer->out, ',');
    text_append_int(writer->out, value);
}

void json_writer_int_string(struct json_writer *writer, int64_t value)
{
    if (begin_value(writer))
        text_append_char(writer->out, ',');
    text_append_char(writer->out, '"');
    text_append_int(writer->out, value);
    text_append_char(writer->out, '"');
}

void json_writer_bool(struct json_writer *writer, bool value)
{
    put_plain_value(writer, value ? SLICE("true") : SLICE("false"));
}

void json_writer_null(struct json_writer *writer)
{
    put_plain_value(writer, SLICE("null"));
}

void json_writer_raw(struct json_writer *writer, struct slice json)
{
    /* Nothing would leave a hole in the text. It is what text_slice() gives of a text that failed,
     * and the failure of a part is the failure of the whole. */
    if (json.len == 0)
        writer->out->failed = true;
    put_plain_value(writer, json);
}
