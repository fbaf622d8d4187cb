/* fuzz/faults_fuzz.c - any body of PUT faults is refused in good order, or is rules that work.
 *
 * The first byte chooses an allocation that fails (128 and above: none); the rest is the body. Of
 * rules that are accepted must hold:
 *   1. What GET faults gives is JSON, is accepted again, and then gives the same.
 *   2. The same requests draw the same faults from them, twice.
 *   3. An effect is one that can be carried out: an answer has a status, a body is JSON, no delay
 * is past its limit, what goes into fields can stand there.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/text.h"
#include "testbed/error_catalogue.h"
#include "testbed/faults.h"
#include "json/reader.h"
#include "json/writer.h"

#define PLENTY    ((size_t)16 << 20)
#define RULES_MAX 20
#define REQUESTS  12

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_error(const struct error *err, bool may_lack_memory)
{
    assert(err->code == ERROR_BAD_REQUEST || (may_lack_memory && err->code == ERROR_TOO_LARGE));
    assert(err->message[0] != '\0');
    assert(slice_is_utf8(slice_of(err->message)) && slice_is_utf8(slice_of(err->target)));
}

static void check_field_value(struct slice value)
{
    for (size_t i = 0; i < value.len; i++)
        assert(value.ptr[i] >= ' ' && value.ptr[i] <= '~');
}

static void check_effect(const struct fault_effect *effect, struct arena *arena)
{
    assert(effect->rule.len > 0 && effect->rule.len <= 64);
    check_field_value(effect->rule);
    check_field_value(effect->retry_after);
    assert(effect->delay_ms <= 60000);
    assert((effect->answer == FAULT_ANSWER_NONE) == (effect->status == 0));
    assert((effect->answer == FAULT_ANSWER_CATALOGUE) == (effect->error != NULL));
    assert(effect->answer == FAULT_ANSWER_NONE || effect->connection != FAULT_CONNECTION_RESET);
    assert((effect->read == FAULT_READ_STALE) == (effect->stale_ms > 0));
    assert(effect->body.len == 0 || effect->answer == FAULT_ANSWER_BODY);
    assert(effect->body.len == 0 || json_is_valid(effect->body, arena, JSON_DEPTH_DEFAULT));
}

/* Requests that differ in all that "when" asks for. */
static struct fault_request request_of(unsigned n)
{
    static const struct slice methods[] = { SLICE_INIT("GET"), SLICE_INIT("PATCH"),
                                            SLICE_INIT("DELETE") };
    static const struct slice apps[] = { SLICE_INIT("a"), SLICE_INIT("") };

    return (struct fault_request){ .method = methods[n % 3],
                                   .path = SLICE("/beta/deviceManagement/domainJoinConnectors/1"),
                                   .app_id = apps[n % 2],
                                   .now_ms = 1000 + 700 * (uint64_t)n };
}

static void check_draws(struct faults *faults, struct faults *again, struct arena *arena)
{
    for (unsigned n = 0; n < REQUESTS; n++) {
        struct fault_request request = request_of(n);
        struct fault_effect first, second;
        bool fired = faults_draw(faults, &request, arena, &first);

        assert(fired == faults_draw(again, &request, arena, &second));
        if (!fired)
            continue;
        check_effect(&first, arena);
        assert(slice_eq(first.rule, second.rule) && first.delay_ms == second.delay_ms);
        assert(slice_eq(first.retry_after, second.retry_after));
        if (n % 2 && fault_only_hides(&first)) {
            faults_take_back(faults, &first);
            faults_take_back(again, &second);
        }
    }
}

static struct slice written(struct faults *faults, struct arena *arena)
{
    struct json_writer writer;
    struct text text;

    text_init(&text, arena, 0, PLENTY);
    json_writer_init(&writer, &text);
    assert(faults_write(faults, arena, &writer) && !text.failed);
    return text_slice(&text);
}

static void check_rules(struct faults *faults)
{
    struct arena *arena = arena_create(NULL, PLENTY);
    struct faults *again = faults_create(RULES_MAX, 7);
    struct error err = { 0 };

    assert(arena && again);
    struct slice text = written(faults, arena);
    assert(json_is_valid(text, arena, JSON_DEPTH_DEFAULT));
    assert(faults_put(again, text, &err));
    assert(slice_eq(text, written(again, arena)));
    assert(faults_are_none(faults) == faults_are_none(again));
    assert(faults_read_stale(faults) == faults_read_stale(again));
    check_draws(faults, again, arena);
    faults_destroy(again);
    arena_destroy(arena);
}

static bool put(struct faults *faults, struct slice text, unsigned allocations)
{
    struct error err = { 0 };
    bool may_lack_memory = allocations < 128;

#ifdef CONNECTORD_FAULTS
    arena_fail_after(may_lack_memory ? allocations : UINT64_MAX);
#endif
    bool ok = faults_put(faults, text, &err);
#ifdef CONNECTORD_FAULTS
    arena_fail_after(UINT64_MAX);
#endif
    if (ok)
        assert(err.code == ERROR_NONE);
    else
        check_error(&err, may_lack_memory);
    return ok;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    struct faults *faults = faults_create(RULES_MAX, 7);
    char *text = malloc(size > 1 ? size - 1 : 1); /* just this size: reading past it is seen */

    assert(faults && text);
    memcpy(text, data + 1, size - 1);
    bool ok = put(faults, (struct slice){ text, size - 1 }, data[0]);
    free(text); /* rules have nothing of it */
    if (ok)
        check_rules(faults);
    else
        assert(faults_are_none(faults));
    faults_destroy(faults);
    return 0;
}
