/* base/text.c - appending to text that knows its limit and remembers that it failed.
 *
 * The common append is inline in text.h: a comparison and a memcpy. What is here is the rest of it:
 * growing, numbers, and printf for the places where speed does not matter.
 *
 * Capacity doubles, so that n bytes are copied at most about n times over, and never passes the
 * limit. When doubling is more than the arena can give, exactly what is needed is tried before
 * giving up: a reply of 60 % of the budget must not fail because 120 % was asked for.
 *
 * A text of capacity 0 points at a static byte that nobody writes to, so that `ptr + len` is always
 * a valid address and no caller has to tell an empty text from a full one.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"

#define FIRST_CAPACITY ((size_t)64)
#define UINT64_DIGITS  20

static char nothing[1];

void text_init(struct text *text, struct arena *arena, size_t reserve_bytes, size_t limit_bytes)
{
    *text = (struct text){ .ptr = nothing, .limit = limit_bytes, .arena = arena };
    if (reserve_bytes)
        text_reserve(text, reserve_bytes < limit_bytes ? reserve_bytes : limit_bytes);
}

void text_init_fixed(struct text *text, char *memory, size_t bytes)
{
    *text = (struct text){ .ptr = bytes ? memory : nothing, .capacity = bytes, .limit = bytes };
}

/* The capacity to ask for when `needed` bytes (not above the limit) must fit. */
static size_t next_capacity(const struct text *text, size_t needed)
{
    size_t doubled = text->capacity > text->limit / 2 ? text->limit : text->capacity * 2;

    /* Starting from nothing, an exact reserve is the caller's estimate: take it at its word. */
    if (text->capacity == 0)
        doubled = FIRST_CAPACITY < text->limit ? FIRST_CAPACITY : text->limit;
    return needed > doubled ? needed : doubled;
}

static bool set_capacity(struct text *text, size_t capacity)
{
    char *old = text->capacity ? text->ptr : NULL;
    char *grown = arena_grow(text->arena, old, text->capacity, capacity);

    if (!grown)
        return false;
    text->ptr = grown;
    text->capacity = capacity;
    return true;
}

static bool grow(struct text *text, size_t bytes)
{
    if (bytes > text->limit - text->len || !text->arena)
        return false;

    size_t needed = text->len + bytes;
    size_t wanted = next_capacity(text, needed);
    return set_capacity(text, wanted) || (wanted > needed && set_capacity(text, needed));
}

char *text_reserve(struct text *text, size_t bytes)
{
    if (text->failed)
        return NULL;
    if (bytes > text->capacity - text->len && !grow(text, bytes)) {
        text->failed = true;
        return NULL;
    }
    return text->ptr + text->len;
}

/* Two digits at a time: a division is what printing a number costs. */
const char text_digit_pairs[] = "0001020304050607080910111213141516171819"
                                "2021222324252627282930313233343536373839"
                                "4041424344454647484950515253545556575859"
                                "6061626364656667686970717273747576777879"
                                "8081828384858687888990919293949596979899";

void text_append_uint(struct text *text, uint64_t value)
{
    char digits[UINT64_DIGITS];
    char *at = digits + sizeof digits;

    while (value >= 100) {
        at -= 2;
        text_put_two_digits(at, (unsigned)(value % 100));
        value /= 100;
    }
    if (value >= 10) {
        at -= 2;
        text_put_two_digits(at, (unsigned)value);
    } else {
        *--at = (char)('0' + value);
    }
    text_append(text, (struct slice){ at, (size_t)(digits + sizeof digits - at) });
}

void text_append_int(struct text *text, int64_t value)
{
    size_t before = text->len;

    if (value < 0)
        text_append_char(text, '-');
    text_append_uint(text, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
    if (text->failed)
        text->len = before; /* no lone sign: what did not fit was not added */
}

/* vsnprintf() ends with a NUL that has no place in a text filled to its limit, so what does not fit
 * the small buffer is written aside first. `len` is not above the text's limit. */
PRINTF_LIKE(3, 0)
static void append_long_printf(struct text *text, size_t len, const char *format, va_list args)
{
    char *aside = malloc(len + 1);

    if (!aside) {
        text->failed = true;
        return;
    }
    vsnprintf(aside, len + 1, format, args);
    text_append(text, (struct slice){ aside, len });
    free(aside);
}

void text_printf(struct text *text, const char *format, ...)
{
    char small[256];
    va_list args;

    va_start(args, format);
    int len = vsnprintf(small, sizeof small, format, args);
    va_end(args);

    if (len < 0) {
        text->failed = true;
    } else if ((size_t)len < sizeof small) {
        text_append(text, (struct slice){ small, (size_t)len });
    } else if (text_reserve(text, (size_t)len)) {
        va_start(args, format);
        append_long_printf(text, (size_t)len, format, args);
        va_end(args);
    }
}
