/* fuzz/gzip_fuzz.c - a body that says it is gzip.
 *
 * What is inflated is no longer than the limit, and compresses and inflates to itself again. What
 * is refused is refused for a reason that can be sent, and past the limit without any memory. With
 * the first byte's low bit set memory is short.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "http/gzip.h"

#define LIMIT_BYTES ((size_t)65536)

#define MUST(cond)                                                                                 \
    do {                                                                                           \
        if (!(cond)) {                                                                             \
            fprintf(stderr, "%s:%d: %s\n", __func__, __LINE__, #cond);                             \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_taken(struct gzip *gzip, struct slice plain)
{
    struct arena *arena = arena_create(NULL, (size_t)1 << 20);
    struct slice coded, again;

    MUST(arena && plain.len <= LIMIT_BYTES);
    if (gzip_compress(gzip, plain, arena, &coded)) {
        MUST(coded.len <= plain.len - plain.len / 4);
        MUST(gzip_decompress(gzip, coded, LIMIT_BYTES, arena, &again, NULL));
        MUST(slice_eq(again, plain));
    }
    arena_destroy(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gzip gzip = { 0 };
    struct slice plain = SLICE("untouched");
    struct error err = { 0 };

    if (size == 0)
        return 0;
    struct arena *arena = arena_create(NULL, data[0] & 1 ? 8192 : (size_t)1 << 20);
    struct slice coded = { (const char *)data + 1, size - 1 };

    MUST(arena);
    if (gzip_decompress(&gzip, coded, LIMIT_BYTES, arena, &plain, &err)) {
        check_taken(&gzip, plain);
    } else {
        MUST(err.code == ERROR_BAD_REQUEST || err.code == ERROR_TOO_LARGE);
        MUST(err.message[0] != '\0' && slice_is_utf8(slice_of(err.message)));
        MUST(slice_eq(plain, SLICE("untouched")));
    }
    gzip_release(&gzip);
    arena_destroy(arena);
    return 0;
}
