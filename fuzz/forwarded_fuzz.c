/* fuzz/forwarded_fuzz.c - what a trusted proxy passes on, which may be what a stranger wrote.
 *
 * The input's lines are the values of fields; the first byte of each says which. What is read can
 * stand in an address and in a field; an authority is one, in lower case, and a prefix a path.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "http/chars.h"
#include "http/forwarded.h"
#include "http/parser.h"

#define FIELDS_MAX 16

#define MUST(cond)                                                                                 \
    do {                                                                                           \
        if (!(cond)) {                                                                             \
            fprintf(stderr, "%s:%d: %s\n", __func__, __LINE__, #cond);                             \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct slice names[] = {
    SLICE_INIT("Forwarded"),        SLICE_INIT("X-Forwarded-For"),
    SLICE_INIT("X-Forwarded-Host"), SLICE_INIT("X-Forwarded-Proto"),
    SLICE_INIT("X-Forwarded-Port"), SLICE_INIT("X-Forwarded-Prefix"),
};

/* The parser lets nothing else into a value. */
static bool is_value(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (!http_char_is(text.ptr[i], HTTP_CHAR_VALUE))
            return false;
    }
    return true;
}

static void check(const struct forwarded *said, struct arena *arena)
{
    struct slice lower;

    MUST(said->client_told || !said->client_known);
    MUST(is_value(said->authority) && is_value(said->prefix));
    if (said->authority.len) {
        MUST(http_is_authority(said->authority));
        MUST(http_lower_case(arena, said->authority, &lower) && slice_eq(lower, said->authority));
    }
    MUST(said->prefix.len == 0 || said->prefix.ptr[0] == '/');
    MUST(!slice_ends_with(said->prefix, SLICE("/")));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct network network;
    const struct network_set trusted = { &network, 1 };
    struct http_field fields[FIELDS_MAX];
    struct http_request request = { .fields = fields, .authority = SLICE("own.example") };
    struct slice rest = { (const char *)data, size };
    struct arena *arena = arena_create(NULL, (size_t)1 << 20);
    struct forwarded said;

    MUST(arena && network_parse(SLICE("10.0.0.0/8"), &network));
    while (rest.len && request.field_count < FIELDS_MAX) {
        struct slice line = rest;

        if (!slice_cut(rest, '\n', &line, &rest))
            rest = SLICE_EMPTY;
        if (line.len == 0 || !is_value(line))
            continue;
        fields[request.field_count++] =
            (struct http_field){ names[(unsigned char)line.ptr[0] % COUNT_OF(names)],
                                 slice_trim(slice_sub(line, 1, line.len)) };
    }
    MUST(forwarded_read(&request, &trusted, arena, &said));
    check(&said, arena);
    arena_destroy(arena);
    return 0;
}
