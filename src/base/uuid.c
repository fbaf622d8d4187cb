/* base/uuid.c - ids of 128 bits, and the randomness behind them.
 *
 * Random bytes come from the kernel alone: no generator of ours to seed, to reseed or to get wrong.
 * A system call for each id would cost more than the rest of making it, so each thread fetches 256
 * bytes at a time. Bytes are wiped from that buffer as they are handed out: a later leak of memory
 * tells nobody which ids were made. Keys and secrets do not pass through the buffer at all.
 *
 * A request prints two ids and reads one or more, so both are done in loops without a branch over
 * all digits, which compilers turn into a few vector instructions; the dashes are seen to apart.
 *
 * Limits: the buffer would be the same in a child after fork(). connectord never forks.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/uuid.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

#define DIGITS 32

static bool has_dashes(const char *text)
{
    return text[8] == '-' && text[13] == '-' && text[18] == '-' && text[23] == '-';
}

static void take_digits(const char *text, char digits[DIGITS])
{
    memcpy(digits, text, 8);
    memcpy(digits + 8, text + 9, 4);
    memcpy(digits + 12, text + 14, 4);
    memcpy(digits + 16, text + 19, 4);
    memcpy(digits + 20, text + 24, 12);
}

static void put_digits(const char digits[DIGITS], char *text)
{
    memcpy(text, digits, 8);
    memcpy(text + 9, digits + 8, 4);
    memcpy(text + 14, digits + 12, 4);
    memcpy(text + 19, digits + 16, 4);
    memcpy(text + 24, digits + 20, 12);
    text[8] = text[13] = text[18] = text[23] = '-';
}

/* Turns hexadecimal digits into their values; false when one is none. */
static bool read_digits(char digits[DIGITS])
{
    uint8_t wrong = 0;

    for (size_t i = 0; i < DIGITS; i++) {
        uint8_t decimal = (uint8_t)(digits[i] - '0');
        uint8_t letter = (uint8_t)((digits[i] | 0x20) - 'a');

        wrong |= (decimal > 9) & (letter > 5);
        digits[i] = (char)(decimal > 9 ? letter + 10 : decimal);
    }
    return !wrong;
}

bool uuid_parse(struct slice text, struct uuid *ret)
{
    char digits[DIGITS];

    if (text.len != UUID_TEXT_LEN || !has_dashes(text.ptr))
        return false;
    take_digits(text.ptr, digits);
    if (!read_digits(digits))
        return false;
    for (size_t i = 0; i < sizeof ret->bytes; i++)
        ret->bytes[i] = (uint8_t)(digits[2 * i] << 4 | digits[2 * i + 1]);
    return true;
}

static char digit_of(uint8_t value)
{
    return (char)(value + (value > 9 ? 'a' - 10 : '0'));
}

void uuid_format(struct uuid id, char out[UUID_TEXT_LEN])
{
    char digits[DIGITS];

    for (size_t i = 0; i < sizeof id.bytes; i++) {
        digits[2 * i] = digit_of(id.bytes[i] >> 4);
        digits[2 * i + 1] = digit_of(id.bytes[i] & 15);
    }
    put_digits(digits, out);
}

void random_bytes(void *out, size_t len)
{
    uint8_t *at = out;

    while (len > 0) {
        ssize_t got = getrandom(at, len, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            abort(); /* a kernel without getrandom(): no id or key made here could be trusted */
        at += got;
        len -= (size_t)got;
    }
}

static void buffered_random_bytes(void *out, size_t len)
{
    static _Thread_local uint8_t buffer[256];
    static _Thread_local size_t left;

    if (left < len) {
        random_bytes(buffer, sizeof buffer);
        left = sizeof buffer;
    }
    left -= len;
    memcpy(out, buffer + left, len);
    explicit_bzero(buffer + left, len);
}

/* RFC 9562 4.1 and 4.2: the variant's two bits are 10, the version stands in the high four of
 * byte 6. */
static struct uuid stamp(struct uuid id, uint8_t version)
{
    id.bytes[6] = (uint8_t)((id.bytes[6] & 0x0f) | version << 4);
    id.bytes[8] = (uint8_t)((id.bytes[8] & 0x3f) | 0x80);
    return id;
}

struct uuid uuid_random(void)
{
    struct uuid id;

    buffered_random_bytes(id.bytes, sizeof id.bytes);
    return stamp(id, 4);
}

static void put_big_endian(uint8_t *to, size_t bytes, uint64_t value)
{
    for (size_t i = bytes; i-- > 0; value >>= 8)
        to[i] = (uint8_t)value;
}

struct uuid uuid_v4(uint64_t high, uint64_t low)
{
    struct uuid id;

    put_big_endian(id.bytes, 8, high);
    put_big_endian(id.bytes + 8, 8, low);
    return stamp(id, 4);
}

struct uuid uuid_v7(uint64_t unix_ms, uint16_t rand_a_12bits, uint64_t rand_b_62bits)
{
    struct uuid id;

    put_big_endian(id.bytes, 6, unix_ms);
    put_big_endian(id.bytes + 6, 2, rand_a_12bits);
    put_big_endian(id.bytes + 8, 8, rand_b_62bits);
    return stamp(id, 7);
}
