/* odata/batch_write.c - writes the envelope of a batch's answers.
 *
 * How large an answer becomes can be asked beforehand, so that whoever answers a batch takes the
 * memory once, and can leave out what would be too much while the rest still fits.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "odata/batch_write.h"

#include "base/base64.h"
#include "base/text.h"
#include "json/writer.h"

#define FRAME_BYTES (sizeof ",{\"id\":\"\",\"status\":599,\"headers\":{},\"body\":\"\"}")
#define ESCAPED     6 /* times what it was: a control character as \u001f */

size_t batch_answer_bytes(const struct batch_answer *answer)
{
    size_t bytes = FRAME_BYTES + ESCAPED * answer->id.len;

    if (answer->group.len)
        bytes += sizeof "\"atomicityGroup\":\"\"," + ESCAPED * answer->group.len;

    for (size_t i = 0; i < answer->field_count; i++)
        bytes += sizeof "\"\":\"\"," +
                 ESCAPED * (answer->fields[i].name.len + answer->fields[i].value.len);
    switch (answer->kind) {
    case BATCH_BODY_NONE:
        return bytes + sizeof "null";
    case BATCH_BODY_JSON:
        return bytes + answer->body.len;
    case BATCH_BODY_BYTES:
        break;
    }
    return bytes + answer->body.len / 3 * 4 + 4;
}

static bool is_repeated(const struct batch_answer *answer, size_t index)
{
    for (size_t i = 0; i < index; i++) {
        if (slice_eq_nocase(answer->fields[i].name, answer->fields[index].name))
            return true;
    }
    return false;
}

/* A name stands once in an object; RFC 9110 5.3 lets its values be joined. */
static void write_field(const struct batch_answer *answer, size_t index, struct text *out)
{
    struct slice name = answer->fields[index].name;

    json_append_escaped(out, answer->fields[index].value);
    for (size_t i = index + 1; i < answer->field_count; i++) {
        if (slice_eq_nocase(answer->fields[i].name, name)) {
            text_append(out, SLICE(", "));
            json_append_escaped(out, answer->fields[i].value);
        }
    }
}

static void write_fields(const struct batch_answer *answer, struct text *out)
{
    bool first = true;

    text_append(out, SLICE(",\"headers\":{"));
    for (size_t i = 0; i < answer->field_count; i++) {
        if (is_repeated(answer, i))
            continue;
        text_append(out, first ? SLICE("\"") : SLICE(",\""));
        json_append_escaped(out, answer->fields[i].name);
        text_append(out, SLICE("\":\""));
        write_field(answer, i, out);
        text_append_char(out, '"');
        first = false;
    }
    text_append_char(out, '}');
}

static void write_body(const struct batch_answer *answer, struct text *out)
{
    text_append(out, SLICE(",\"body\":"));
    switch (answer->kind) {
    case BATCH_BODY_NONE:
        text_append(out, SLICE("null"));
        break;
    case BATCH_BODY_JSON:
        text_append(out, answer->body);
        break;
    case BATCH_BODY_BYTES:
        text_append_char(out, '"');
        base64_append(out, answer->body.ptr, answer->body.len);
        text_append_char(out, '"');
        break;
    }
}

void batch_write(const struct batch_answer *answers, size_t count, struct text *out)
{
    text_append(out, SLICE("{\"responses\":["));
    for (size_t i = 0; i < count; i++) {
        text_append(out, i ? SLICE(",{\"id\":\"") : SLICE("{\"id\":\""));
        json_append_escaped(out, answers[i].id);
        text_append(out, SLICE("\","));
        if (answers[i].group.len) {
            text_append(out, SLICE("\"atomicityGroup\":\""));
            json_append_escaped(out, answers[i].group);
            text_append(out, SLICE("\","));
        }
        text_append(out, SLICE("\"status\":"));
        text_append_int(out, answers[i].status);
        write_fields(&answers[i], out);
        write_body(&answers[i], out);
        text_append_char(out, '}');
    }
    text_append(out, SLICE("]}"));
}
