/* odata/multipart_write.c - writes the envelope of a multipart batch's answers.
 *
 * Names of fields and media types are written as clients look for them who do not know that case
 * does not matter, and a boundary is never quoted, for those who take all behind a '=' for it.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "odata/multipart_write.h"

#include "base/text.h"

#define SET_PREFIX "changesetresponse_"
#define PART_HEAD  "Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n"
#define DIGITS     20

#define LINE_BYTES (sizeof "\r\n--" SET_PREFIX "_--\r\n" + DIGITS)

size_t multipart_envelope_bytes(struct slice name)
{
    return LINE_BYTES + name.len;
}

size_t multipart_answer_bytes(const struct batch_answer *answer, struct slice name)
{
    size_t bytes = sizeof PART_HEAD + sizeof "Content-ID: \r\n\r\nHTTP/1.1 599 \r\n" +
                   sizeof "Content-Length: \r\n\r\n" + DIGITS + LINE_BYTES + name.len;

    if (answer->set)
        bytes += 2 * (LINE_BYTES + name.len) + LINE_BYTES +
                 sizeof "Content-Type: multipart/mixed; boundary=\r\n\r\n" + name.len;
    bytes += answer->id.len + answer->reason.len;
    for (size_t i = 0; i < answer->field_count; i++)
        bytes += sizeof ": \r\n" + answer->fields[i].name.len + answer->fields[i].value.len;
    return bytes + (answer->kind == BATCH_BODY_NONE ? 0 : answer->body.len);
}

/* "--batchresponse_name", or of the change set `set`. */
static void write_delimiter(unsigned set, struct slice name, struct text *out)
{
    text_append(out, set ? SLICE("--" SET_PREFIX) : SLICE("--" MULTIPART_BOUNDARY_PREFIX));
    if (set) {
        text_append_uint(out, set);
        text_append_char(out, '_');
    }
    text_append(out, name);
}

static void begin_set(unsigned set, struct slice name, struct text *out)
{
    write_delimiter(0, name, out);
    text_append(out, SLICE("\r\nContent-Type: multipart/mixed; boundary=" SET_PREFIX));
    text_append_uint(out, set);
    text_append_char(out, '_');
    text_append(out, name);
    text_append(out, SLICE("\r\n\r\n"));
}

static void end_set(unsigned set, struct slice name, struct text *out)
{
    write_delimiter(set, name, out);
    text_append(out, SLICE("--\r\n"));
}

static void write_answer(const struct batch_answer *answer, struct text *out)
{
    text_append(out, SLICE("\r\n" PART_HEAD));
    if (answer->id.len) {
        text_append(out, SLICE("Content-ID: "));
        text_append(out, answer->id);
        text_append(out, SLICE("\r\n"));
    }
    text_append(out, SLICE("\r\nHTTP/1.1 "));
    text_append_int(out, answer->status);
    text_append_char(out, ' ');
    text_append(out, answer->reason);
    text_append(out, SLICE("\r\n"));
    for (size_t i = 0; i < answer->field_count; i++) {
        text_append(out, answer->fields[i].name);
        text_append(out, SLICE(": "));
        text_append(out, answer->fields[i].value);
        text_append(out, SLICE("\r\n"));
    }
    if (answer->status != 204 && answer->status != 304) {
        text_append(out, SLICE("Content-Length: "));
        text_append_uint(out, answer->kind == BATCH_BODY_NONE ? 0 : answer->body.len);
        text_append(out, SLICE("\r\n"));
    }
    text_append(out, SLICE("\r\n"));
    if (answer->kind != BATCH_BODY_NONE)
        text_append(out, answer->body);
    text_append(out, SLICE("\r\n"));
}

void multipart_write(const struct batch_answer *answers, size_t count, struct slice name,
                     struct text *out)
{
    unsigned open = 0;

    for (size_t i = 0; i < count; i++) {
        unsigned set = answers[i].set;

        if (open && open != set)
            end_set(open, name, out);
        if (set && open != set)
            begin_set(set, name, out);
        open = set;
        write_delimiter(set, name, out);
        write_answer(&answers[i], out);
    }
    if (open)
        end_set(open, name, out);
    write_delimiter(0, name, out);
    text_append(out, SLICE("--\r\n"));
}
