/* base/uuid.c - ids of 128 bits, and the randomness behind them.
 *
 * Random bytes come from the kernel alone: no generator of ours to seed, to reseed or to get wrong.
 * A system call for each id would cost more than the rest of making it, so each thread fetches 256
 * bytes at a time. Bytes are wiped from that buffer as they are handed out: a later leak of memory
 * tells nobody which ids were made. Keys and secrets do not pass through the buffer at all.
 *
 * Limits: the buffer would be the same in a child after fork(). connectord never forks.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/uuid.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

/* Where the dashes stand: before these bytes. */
static bool dash_before(size_t byte)
{
    return byte == 4 || byte == 6 || byte == 8 || byte == 10;
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

bool uuid_parse(struct slice text, struct uuid *ret)
{
    struct uuid id;
    const char *at = text.ptr;

    if (text.len != UUID_TEXT_LEN)
        return false;
    for (size_t i = 0; i < sizeof id.bytes; i++) {
        if (dash_before(i) && *at++ != '-')
            return false;
        int high = hex_value(at[0]), low = hex_value(at[1]);
        if (high < 0 || low < 0)
            return false;
        id.bytes[i] = (uint8_t)(high << 4 | low);
        at += 2;
    }
    *ret = id;
    return true;
}

void uuid_format(struct uuid id, char out[UUID_TEXT_LEN])
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < sizeof id.bytes; i++) {
        if (dash_before(i))
            *out++ = '-';
        *out++ = digits[id.bytes[i] >> 4];
        *out++ = digits[id.bytes[i] & 15];
    }
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
