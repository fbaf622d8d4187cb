/* base/text.h - text under construction, with a limit at birth and a sticky failure.
 *
 * Twenty appends need one check at the end: after the first append that does not fit (limit or
 * memory) `failed` is set, nothing more is added, and text_slice() is empty. Text that did not fit
 * is never sent.
 *
 * The memory is the arena's, or the caller's (text_init_fixed).
 * Threads: as its arena.
 */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/compiler.h"
#include "base/slice.h"

struct arena;

struct text {
    char *ptr; /* never NULL */
    size_t len;
    size_t capacity;
    size_t limit;        /* bytes; capacity never exceeds it */
    struct arena *arena; /* NULL: fixed memory */
    bool failed;
};

/* Starts with `reserve_bytes` from `arena` (0 is fine) and grows up to `limit_bytes`. It grows in
 * place while nothing else is taken from the arena; old copies stay there until the arena dies. */
void text_init(struct text *text, struct arena *arena, size_t reserve_bytes, size_t limit_bytes);
/* Writes into `memory`, which must outlive the text; `bytes` is its limit. */
void text_init_fixed(struct text *text, char *memory, size_t bytes);

/* Makes room for `bytes` more; returns where to write them, or NULL (failed). The caller then adds
 * what it wrote to text->len. */
char *text_reserve(struct text *text, size_t bytes);

static inline void text_append(struct text *text, struct slice s)
{
    char *to = !text->failed && s.len <= text->capacity - text->len ? text->ptr + text->len
                                                                    : text_reserve(text, s.len);
    if (to && s.len) {
        memcpy(to, s.ptr, s.len);
        text->len += s.len;
    }
}

static inline void text_append_char(struct text *text, char c)
{
    char *to =
        !text->failed && text->len < text->capacity ? text->ptr + text->len : text_reserve(text, 1);
    if (to) {
        *to = c;
        text->len++;
    }
}

extern const char text_digit_pairs[]; /* "00" to "99" */

/* Writes `value`, which is below 100, with two digits to `to`; returns where they end. */
static inline char *text_put_two_digits(char *to, unsigned value)
{
    memcpy(to, text_digit_pairs + 2 * value, 2);
    return to + 2;
}

void text_append_uint(struct text *text, uint64_t value);
void text_append_int(struct text *text, int64_t value);
void text_printf(struct text *text, const char *format, ...) PRINTF_LIKE(2, 3);

/* What was built; empty when failed. */
static inline struct slice text_slice(const struct text *text)
{
    return text->failed ? SLICE_EMPTY : (struct slice){ text->ptr, text->len };
}

#endif
