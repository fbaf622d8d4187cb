/* fuzz/odata_multipart_fuzz.c - any bytes are a multipart batch or are refused in good order, and
 * what is made of a batch fits where it said it would and can be read again.
 *
 * The first byte chooses the rules and how much memory there is. The Content-Type is the first line
 * of the rest where that bit is set, else a boundary of "b"; then comes the envelope. The parts of
 * one that was read are echoed as answers.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/text.h"
#include "odata/multipart_read.h"
#include "odata/multipart_write.h"

#define PLENTY       ((size_t)4 << 20)
#define SMALL_BUDGET 2048
#define NAME         SLICE("x-1")

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool lies_in(struct slice s, struct slice whole)
{
    return s.len == 0 || (s.ptr >= whole.ptr && s.ptr + s.len <= whole.ptr + whole.len);
}

static void check_error(const struct error *err, bool may_lack_memory)
{
    assert(err->code == ERROR_BAD_REQUEST || (may_lack_memory && err->code == ERROR_TOO_LARGE));
    assert(err->message[0] != '\0');
    assert(slice_is_utf8(slice_of(err->message)) && slice_is_utf8(slice_of(err->target)));
}

static void check_part(const struct batch *batch, size_t index, struct slice body,
                       const struct batch_rules *rules)
{
    const struct batch_part *part = &batch->parts[index];
    unsigned before = index ? batch->parts[index - 1].set : 0;

    assert(part->method.len > 0 && part->url.len > 0 && slice_is_utf8(part->url));
    assert(lies_in(part->id, body) && lies_in(part->url, body) && lies_in(part->body, body));
    assert(part->field_count <= rules->fields_max);
    for (size_t i = 0; i < part->field_count; i++)
        assert(slice_is_utf8(part->fields[i].name) && lies_in(part->fields[i].value, body));
    assert(part->set <= batch->set_count && part->depends_on == 0);
    for (size_t i = 0; i < index; i++) /* the parts of a set stand side by side */
        assert(part->set == 0 || part->set == before || batch->parts[i].set != part->set);
    assert(part->set == 0 || !slice_eq(part->method, SLICE("GET")));
    assert(part->has_body || part->body.len == 0);
}

/* Each answer's first line is a request line, so that they can be read as requests. */
static void check_answers(const struct batch *batch, struct arena *arena)
{
    struct batch_answer answers[BATCH_PARTS_MOST];
    size_t most = multipart_envelope_bytes(NAME);
    struct text text;

    for (size_t i = 0; i < batch->count; i++) {
        const struct batch_part *part = &batch->parts[i];

        answers[i] =
            (struct batch_answer){ .id = part->id,
                                   .set = part->set,
                                   .reason = part->url,
                                   .status = 200,
                                   .fields = part->fields,
                                   .field_count = part->field_count,
                                   .kind = part->has_body ? BATCH_BODY_BYTES : BATCH_BODY_NONE,
                                   .body = part->body };
        most += multipart_answer_bytes(&answers[i], NAME);
    }
    text_init(&text, arena, most, most);
    multipart_write(answers, batch->count, NAME, &text);
    assert(!text.failed);
    assert(slice_ends_with(text_slice(&text), SLICE("--batchresponse_x-1--\r\n")));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    bool may_lack_memory = data[0] & 1;
    const struct batch_rules rules = { .parts_max = data[0] & 2 ? 4 : BATCH_PARTS_MOST,
                                       .fields_max = 5 };
    size_t len = size - 1;
    struct arena *arena = arena_create(NULL, may_lack_memory ? SMALL_BUDGET : PLENTY);
    char *text = malloc(len ? len : 1); /* just this size: reading past it is seen */
    struct slice type = SLICE("multipart/mixed; boundary=b"), body;
    struct batch batch;
    struct error err = { 0 };

    assert(arena && text);
    memcpy(text, data + 1, len);
    body = (struct slice){ text, len };
    if (data[0] & 4)
        slice_cut(body, '\n', &type, &body);
    (void)multipart_is_mixed(type);
    if (!multipart_read(body, type, &rules, arena, &batch, &err)) {
        check_error(&err, may_lack_memory);
    } else {
        assert(batch.count > 0 && batch.count <= rules.parts_max);
        for (size_t i = 0; i < batch.count; i++)
            check_part(&batch, i, body, &rules);
        if (!may_lack_memory)
            check_answers(&batch, arena);
    }
    free(text);
    arena_destroy(arena);
    return 0;
}
