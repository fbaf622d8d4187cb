/* fuzz/journal_fuzz.c - any body of POST requests/verify is refused in good order or answered.
 *
 * The first byte says how many requests the journal holds, and how much memory there is; the rest
 * is the body. Of a question that is accepted:
 *   - the count is no more than the journal holds, and asking again gives the same answer;
 *   - what is verified as "exactly" n is what the filter selects, written out: so the members are
 *     set once more, one by one, as the members of a query are, and the two ways must agree.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/text.h"
#include "testbed/journal.h"
#include "json/reader.h"
#include "json/writer.h"

#define PLENTY       ((size_t)8 << 20)
#define SMALL_BUDGET 64
#define RING         8

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct journal_entry recorded[] = {
    { .method = SLICE_INIT("GET"),
      .path = SLICE_INIT("/beta/deviceManagement/ndesConnectors"),
      .app_id = SLICE_INIT("00000000-0000-4000-8000-00000000000a"),
      .request_id = SLICE_INIT("r1"),
      .client_request_id = SLICE_INIT("c1"),
      .status = 200 },
    { .method = SLICE_INIT("POST"),
      .path = SLICE_INIT("/beta/deviceManagement/ndesConnectors"),
      .fault = SLICE_INIT("throttled"),
      .status = 429 },
    { .method = SLICE_INIT("POST"),
      .path = SLICE_INIT("/x"),
      .app_id = SLICE_INIT("00000000-0000-4000-8000-00000000000b"),
      .executed = true,
      .executed_status = 201,
      .outcome = JOURNAL_RESET },
};

static struct journal *make_journal(unsigned requests)
{
    struct journal *journal = journal_create(RING);

    assert(journal);
    for (unsigned i = 0; i < requests; i++)
        journal_add(journal, &recorded[i % COUNT_OF(recorded)]);
    return journal;
}

static bool is_bound(struct slice name)
{
    return slice_eq(name, SLICE("exactly")) || slice_eq(name, SLICE("atLeast")) ||
           slice_eq(name, SLICE("atMost"));
}

/* The filter of a body that was accepted, made as that of a query is. */
static struct journal_filter filter_of(struct slice body, struct arena *arena)
{
    struct journal_filter filter = { 0 };
    struct json_token name, value;
    struct json_reader reader;

    json_reader_init(&reader, body, arena, JSON_DEPTH_DEFAULT);
    assert(json_reader_next(&reader, &name, NULL) && name.kind == JSON_OBJECT_BEGIN);
    while (json_reader_next(&reader, &name, NULL) && name.kind == JSON_NAME) {
        assert(json_reader_next(&reader, &value, NULL));
        if (!is_bound(name.text))
            assert(journal_filter_set(&filter, name.text, value.text, NULL));
    }
    assert(name.kind == JSON_OBJECT_END);
    return filter;
}

/* How many entries the written journal has. */
static size_t count_written(struct journal *journal, const struct journal_filter *filter,
                            struct arena *arena)
{
    struct json_reader reader;
    struct json_writer writer;
    struct json_token token;
    struct text out;
    size_t count = 0;

    text_init(&out, arena, 0, PLENTY);
    json_writer_init(&writer, &out);
    assert(journal_write(journal, filter, arena, &writer) && !out.failed);
    json_reader_init(&reader, text_slice(&out), arena, JSON_DEPTH_DEFAULT);
    do {
        assert(json_reader_next(&reader, &token, NULL));
        count += token.kind == JSON_NAME && slice_eq(token.text, SLICE("sequence"));
    } while (token.kind != JSON_END);
    return count;
}

static void check(struct journal *journal, struct slice body, bool may_lack_memory,
                  struct arena *arena)
{
    struct journal_verdict verdict, again;
    struct error err = { 0 };

    if (!journal_verify(journal, body, arena, &verdict, &err)) {
        assert(err.code == ERROR_BAD_REQUEST || (may_lack_memory && err.code == ERROR_TOO_LARGE));
        assert(err.message[0] != '\0');
        assert(slice_is_utf8(slice_of(err.message)) && slice_is_utf8(slice_of(err.target)));
        return;
    }
    assert(err.code == ERROR_NONE && verdict.count <= RING);
    if (may_lack_memory)
        return;
    assert(journal_verify(journal, body, arena, &again, &err));
    assert(again.verified == verdict.verified && again.count == verdict.count);

    struct journal_filter filter = filter_of(body, arena);
    assert(journal_count(journal, &filter) == verdict.count);
    assert(count_written(journal, &filter, arena) == verdict.count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;

    bool may_lack_memory = data[0] & 0x80;
    struct journal *journal = make_journal(data[0] & 0x0f);
    struct arena *arena = arena_create(NULL, may_lack_memory ? SMALL_BUDGET : PLENTY);
    size_t len = size - 1;
    char *body = malloc(len ? len : 1); /* just this size: reading past it is seen */

    assert(arena && body);
    memcpy(body, data + 1, len);
    check(journal, (struct slice){ body, len }, may_lack_memory, arena);
    free(body);
    arena_destroy(arena);
    journal_destroy(journal);
    return 0;
}
