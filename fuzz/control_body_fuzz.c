/* fuzz/control_body_fuzz.c - a body of the control API with a member of each kind.
 *
 * What is taken is one JSON object, its unread parts are JSON by themselves, and its durations are
 * the ones that duration_parse() reads. What is refused is refused with a reason that can be sent.
 * With the first byte's low bit set memory is short.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/duration.h"
#include "http/control.h"
#include "json/reader.h"

#define DEPTH 16

#define MUST(cond)                                                                                 \
    do {                                                                                           \
        if (!(cond)) {                                                                             \
            fprintf(stderr, "%s:%d: %s\n", __func__, __LINE__, #cond);                             \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct values {
    struct control_value text, truth, duration, texts, object, either;
};

static bool is_object(struct slice json, struct arena *arena)
{
    return json.len > 1 && json.ptr[0] == '{' && json.ptr[json.len - 1] == '}' &&
           json_is_valid(json, arena, DEPTH);
}

static void check_taken(const struct values *values, struct arena *arena)
{
    int64_t ticks;

    MUST(!values->object.given || is_object(values->object.text, arena));
    MUST(!values->either.is_object || is_object(values->either.text, arena));
    MUST(slice_is_utf8(values->text.text) && slice_is_utf8(values->either.text));
    MUST(values->texts.text_count <= CONTROL_TEXTS_MAX);
    for (size_t i = 0; i < values->texts.text_count; i++)
        MUST(slice_is_utf8(values->texts.texts[i]));
    MUST(!values->duration.given ||
         (duration_parse(values->duration.text, &ticks) && ticks == values->duration.ticks));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct api api = { .json_depth = DEPTH };
    struct api_loop loop = { .api = &api };
    struct values values = { 0 };
    const struct control_member members[] = {
        { SLICE("text"), CONTROL_TEXT, &values.text },
        { SLICE("truth"), CONTROL_TRUTH, &values.truth },
        { SLICE("duration"), CONTROL_DURATION, &values.duration },
        { SLICE("texts"), CONTROL_TEXTS, &values.texts },
        { SLICE("object"), CONTROL_OBJECT, &values.object },
        { SLICE("either"), CONTROL_OBJECT_OR_TEXT, &values.either },
    };
    struct error err = { 0 };

    if (size == 0)
        return 0;
    struct arena *arena = arena_create(NULL, data[0] & 1 ? 8192 : (size_t)4 << 20);
    struct arena *judge = arena_create(NULL, (size_t)16 << 20);
    struct call call = { .loop = &loop, .arena = arena };
    struct slice json = { (const char *)data + 1, size - 1 };

    MUST(arena && judge);
    if (control_read(&call, json, members, COUNT_OF(members), &err)) {
        MUST(json_is_valid(json, judge, DEPTH));
        check_taken(&values, judge);
    } else {
        MUST(err.code == ERROR_BAD_REQUEST || err.code == ERROR_TOO_LARGE);
        MUST(err.message[0] != '\0' && slice_is_utf8(slice_of(err.message)));
        MUST(slice_is_utf8(slice_of(err.target)));
    }
    arena_destroy(judge);
    arena_destroy(arena);
    return 0;
}
