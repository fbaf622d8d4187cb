/* json/reader.h - a strict pull reader for one JSON text (RFC 8259).
 *
 * The caller asks for the next token; nothing is built that is not asked for. Names and strings are
 * slices of the input where they hold no escape and live in the arena where they do. The literal of
 * every value and its byte position are kept, because error messages quote them.
 *
 * Stricter than the RFC lets a reader be: the text is well-formed UTF-8 without a byte order mark,
 * an escaped surrogate stands in a pair, a name occurs once in its object (RFC 8259 section 4:
 * behaviour with repeated names is unpredictable, so they are refused), nesting has a limit.
 *
 * Must not know: OData, the model, HTTP.
 * Threads: a reader has one owner.
 *
 * Typical use:
 *     json_reader_init(&reader, body, arena, limits_depth);
 *     if (!json_reader_next(&reader, &token, err)) return false;        // JSON_OBJECT_BEGIN
 *     while (json_reader_next(&reader, &token, err) && token.kind == JSON_NAME) {
 *         ... token.text is the name ...
 *         json_reader_next(&reader, &token, err)                        // its value, or
 *         json_reader_skip(&reader, err)                                // pass over it
 *     }
 */
#ifndef JSON_READER_H
#define JSON_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/error.h"
#include "base/slice.h"
#include "json/name_set.h"
#include "json/number.h" /* json_number_to_int64() */

struct arena;

#define JSON_DEPTH_DEFAULT 128

enum json_kind {
    JSON_OBJECT_BEGIN,
    JSON_OBJECT_END,
    JSON_ARRAY_BEGIN,
    JSON_ARRAY_END,
    JSON_NAME, /* of an object's member; the next token is its value */
    JSON_STRING,
    JSON_NUMBER,
    JSON_TRUE,
    JSON_FALSE,
    JSON_NULL,
    JSON_END, /* the whole text was read and nothing but blanks follows */
};

struct json_token {
    enum json_kind kind;
    struct slice text;    /* JSON_NAME, JSON_STRING: the decoded text; else the literal */
    struct slice literal; /* as written, quotes and escapes included */
    size_t position;      /* byte offset of the literal in the input */
};

struct json_reader_frame; /* an open container */

/* Fields are private; the struct is open so that it can live on the stack. Not to be copied: what
 * it knows of the open containers stands in the arena, once. */
struct json_reader {
    struct slice input;
    const char *at;
    const char *limit;
    struct arena *arena;
    struct json_reader_frame *frame; /* the innermost open container, NULL at the outermost level */
    struct json_reader_frame *outermost;
    unsigned depth, depth_limit;
    struct json_name_key key;
    struct slice repeated; /* the literal of the name that occurred twice */
    uint8_t expect;
    uint8_t problem; /* once set, what every call reports */
    bool skipping;
};

/* Starts on `input`, which must outlive what is read from it. depth_limit <= 1024. */
void json_reader_init(struct json_reader *reader, struct slice input, struct arena *arena,
                      unsigned depth_limit);

/* The next token. After JSON_END the next call gives JSON_END again; after a failure every call
 * fails, with the same error. Errors: ERROR_BAD_REQUEST with what was expected and the byte
 * position, and a repeated name as target; ERROR_TOO_LARGE past the arena's budget. */
bool json_reader_next(struct json_reader *reader, struct json_token *ret,
                      struct error *err) MUST_CHECK;

/* Passes over one whole value (after JSON_NAME or inside an array). *ret_literal (may be NULL) is
 * its text as written. As strict as reading it; at the array's end it fails. */
bool json_reader_skip(struct json_reader *reader, struct slice *ret_literal,
                      struct error *err) MUST_CHECK;

/* Reads the rest to JSON_END; used after the outermost value. */
bool json_reader_finish(struct json_reader *reader, struct error *err) MUST_CHECK;

/* The byte offset that the reader has come to; after a failure, that of the byte at fault. */
size_t json_reader_position(const struct json_reader *reader);

/* True when `input` is one JSON text by the rules above. */
bool json_is_valid(struct slice input, struct arena *arena, unsigned depth_limit);

#endif
