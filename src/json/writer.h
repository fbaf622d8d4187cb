/* json/writer.h - a streaming JSON writer onto a struct text; commas are its business.
 *
 * Misuse (a value where a name is due) is an assertion, since only our own mistake can cause it.
 * Running out of room is the text's sticky failure: check text->failed once at the end.
 *
 * Strings: must be UTF-8; each byte that is not becomes U+FFFD, so that the output is always JSON.
 * Threads: a writer has one owner.
 */
#ifndef JSON_WRITER_H
#define JSON_WRITER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

struct text;

#define JSON_WRITER_DEPTH 64

/* Fields are private. */
struct json_writer {
    struct text *out;
    uint64_t level;     /* the bit of the innermost container, the outermost has the lowest; or 0 */
    uint64_t in_object; /* bits of levels */
    uint64_t not_first;
    bool after_name;
    bool done; /* the outermost value was begun: there is only one */
};

void json_writer_init(struct json_writer *writer, struct text *out);

void json_writer_object_begin(struct json_writer *writer);
void json_writer_object_end(struct json_writer *writer);
void json_writer_array_begin(struct json_writer *writer);
void json_writer_array_end(struct json_writer *writer);

void json_writer_name(struct json_writer *writer, struct slice name); /* escaped */
/* A name known to hold nothing that needs escaping (a literal, a model's property). */
void json_writer_plain_name(struct json_writer *writer, struct slice name);

void json_writer_string(struct json_writer *writer, struct slice value);
/* The same for what is known to hold nothing that needs escaping (a date, a member's name). */
void json_writer_plain_string(struct json_writer *writer, struct slice value);
void json_writer_int(struct json_writer *writer, int64_t value);
/* Its digits in a string: for readers whose numbers are doubles. */
void json_writer_int_string(struct json_writer *writer, int64_t value);
void json_writer_bool(struct json_writer *writer, bool value);
void json_writer_null(struct json_writer *writer);
/* `json` is already one JSON value. Empty, it is a text that failed: so does this one. */
void json_writer_raw(struct json_writer *writer, struct slice json);

/* The text of a string literal's inside, without quotes, appended to `out`. */
void json_append_escaped(struct text *out, struct slice value);

#endif
