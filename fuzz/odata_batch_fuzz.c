/* fuzz/odata_batch_fuzz.c - any text is a batch or is refused in good order, and what is made of a
 * batch is JSON that fits where it said it would.
 *
 * The first byte chooses the rules and how much memory there is; the rest is the envelope. The
 * parts of one that was read are echoed as answers: their ids, fields and bodies come back.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/text.h"
#include "odata/batch_read.h"
#include "odata/batch_write.h"
#include "json/reader.h"

#define PLENTY       ((size_t)4 << 20)
#define SMALL_BUDGET 2048
#define DEPTH        16

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_error(const struct error *err, bool may_lack_memory)
{
    assert(err->code == ERROR_BAD_REQUEST || (may_lack_memory && err->code == ERROR_TOO_LARGE));
    assert(err->message[0] != '\0');
    assert(slice_is_utf8(slice_of(err->message)) && slice_is_utf8(slice_of(err->target)));
}

static void check_part(const struct batch *batch, size_t index, const struct batch_rules *rules)
{
    const struct batch_part *part = &batch->parts[index];

    assert(part->id.len > 0 && part->method.len > 0);
    assert(part->field_count <= rules->fields_max + 1);
    assert(part->depends_on >> index == 0); /* on what stands before it alone */
    assert(part->has_body || part->body.len == 0);
    for (size_t i = 0; i < index; i++)
        assert(!slice_eq_nocase(batch->parts[i].id, part->id));
}

static void check_answers(const struct batch *batch, struct arena *arena)
{
    struct batch_answer answers[BATCH_PARTS_MOST];
    size_t most = BATCH_ENVELOPE_BYTES;
    struct text text;

    for (size_t i = 0; i < batch->count; i++) {
        const struct batch_part *part = &batch->parts[i];
        bool is_json = part->has_body && json_is_valid(part->body, arena, DEPTH);

        answers[i] = (struct batch_answer){ .id = part->id,
                                            .status = 200,
                                            .fields = part->fields,
                                            .field_count = part->field_count,
                                            .kind = is_json          ? BATCH_BODY_JSON
                                                    : part->has_body ? BATCH_BODY_BYTES
                                                                     : BATCH_BODY_NONE,
                                            .body = part->body };
        most += batch_answer_bytes(&answers[i]);
    }
    text_init(&text, arena, most, most);
    batch_write(answers, batch->count, &text);
    assert(!text.failed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    bool may_lack_memory = data[0] & 1;
    const struct batch_rules rules = { .parts_max = data[0] & 2 ? 4 : BATCH_PARTS_MOST,
                                       .fields_max = 5,
                                       .json_depth = DEPTH,
                                       .takes_bytes = data[0] & 4 };
    size_t len = size - 1;
    struct arena *arena = arena_create(NULL, may_lack_memory ? SMALL_BUDGET : PLENTY);
    char *text = malloc(len ? len : 1); /* just this size: reading past it is seen */
    struct batch batch;
    struct error err = { 0 };

    assert(arena && text);
    memcpy(text, data + 1, len);
    if (!batch_read((struct slice){ text, len }, &rules, arena, &batch, &err)) {
        check_error(&err, may_lack_memory);
    } else {
        assert(batch.count > 0 && batch.count <= rules.parts_max);
        for (size_t i = 0; i < batch.count; i++)
            check_part(&batch, i, &rules);
        if (!may_lack_memory)
            check_answers(&batch, arena);
    }
    free(text);
    arena_destroy(arena);
    return 0;
}
