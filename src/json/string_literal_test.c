/* json/string_literal_test.c - every character both ways, and every short row of bytes.
 *
 * What single mistakes are called is in reader_cases.h. Here the whole ground is walked: each code
 * point written plainly and as an escape, and each sequence of up to three bytes (of four, those
 * with every first and second byte), against a UTF-8 encoder that shares no code with the scanner.
 */
#include "json/string_literal.h"

#include <stdbool.h>
#include <stdio.h>

#include "base/test.h"

/* RFC 3629 section 3, written down from its table. */
static size_t encode(uint32_t c, char to[4])
{
    if (c < 0x80) {
        to[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        to[0] = (char)(0xC0 + c / 64);
        to[1] = (char)(0x80 + c % 64);
        return 2;
    }
    if (c < 0x10000) {
        to[0] = (char)(0xE0 + c / 4096);
        to[1] = (char)(0x80 + c / 64 % 64);
        to[2] = (char)(0x80 + c % 64);
        return 3;
    }
    to[0] = (char)(0xF0 + c / 262144);
    to[1] = (char)(0x80 + c / 4096 % 64);
    to[2] = (char)(0x80 + c / 64 % 64);
    to[3] = (char)(0x80 + c % 64);
    return 4;
}

static bool is_surrogate(uint32_t c)
{
    return c >= 0xD800 && c <= 0xDFFF;
}

static bool decodes_to(const char *literal, size_t len, const char *want, size_t want_len)
{
    char got[16];
    size_t got_len;
    struct json_scan scan = json_string_scan(literal, literal + len, &got_len);

    if (scan.problem || scan.at != literal + len || got_len != want_len)
        return false;
    json_string_decode(literal, literal + len, got);
    return memcmp(got, want, want_len) == 0;
}

static void test_string_every_character_plain(void **state UNUSED)
{
    for (uint32_t c = 0x20; c <= 0x10FFFF; c++) {
        if (is_surrogate(c) || c == '"' || c == '\\')
            continue;
        char literal[8] = "\"";
        size_t len = encode(c, literal + 1);
        literal[len + 1] = '"';
        CHECK(decodes_to(literal, len + 2, literal + 1, len), c);
    }
}

static int write_escaped(uint32_t c, char *to, size_t bytes)
{
    if (c >= 0x10000)
        return snprintf(to, bytes, "\"\\u%04x\\u%04X\"", 0xD800 + (c - 0x10000) / 1024,
                        0xDC00 + c % 1024);
    if (c % 2)
        return snprintf(to, bytes, "\"\\u%04x\"", c);
    return snprintf(to, bytes, "\"\\u%04X\"", c);
}

static void test_string_every_character_escaped(void **state UNUSED)
{
    for (uint32_t c = 0; c <= 0x10FFFF; c++) {
        if (is_surrogate(c))
            continue;
        char literal[32], want[4];
        size_t want_len = encode(c, want);
        int len = write_escaped(c, literal, sizeof literal);
        CHECK(decodes_to(literal, (size_t)len, want, want_len), c);
    }
}

/* Whether the bytes, put in quotes, are a good literal. */
static bool accepts(const unsigned char *bytes, size_t len)
{
    char literal[8] = "\"";
    size_t decoded_len;

    memcpy(literal + 1, bytes, len);
    literal[len + 1] = '"';
    struct json_scan scan = json_string_scan(literal, literal + len + 2, &decoded_len);
    return !scan.problem && scan.at == literal + len + 2;
}

/* Whether the bytes are one character past ASCII: by trying what its bits encode to. */
static bool is_one_character(const unsigned char *bytes, size_t len)
{
    char again[4];
    uint32_t c = bytes[0] & (0xFFu >> (len + 1));

    for (size_t i = 1; i < len; i++)
        c = c << 6 | (bytes[i] & 0x3F);
    return c >= 0x80 && c <= 0x10FFFF && !is_surrogate(c) && encode(c, again) == len &&
           memcmp(again, bytes, len) == 0;
}

static void test_string_every_two_bytes(void **state UNUSED)
{
    for (unsigned i = 0x8000; i < 0x10000; i++) {
        const unsigned char bytes[] = { (unsigned char)(i >> 8), (unsigned char)i };
        CHECK(accepts(bytes, 2) == is_one_character(bytes, 2), i);
    }
}

static void test_string_every_three_bytes(void **state UNUSED)
{
    for (unsigned i = 0xE00000; i < 0x1000000; i++) {
        const unsigned char bytes[] = { (unsigned char)(i >> 16), (unsigned char)(i >> 8),
                                        (unsigned char)i };
        CHECK(accepts(bytes, 3) == is_one_character(bytes, 3), i);
    }
}

static void test_string_four_bytes(void **state UNUSED)
{
    static const unsigned char tails[] = { 0x00, 0x22, 0x7F, 0x80, 0xBF, 0xC0, 0xFF };

    for (unsigned i = 0; i < 0x1000; i++) {
        for (size_t j = 0; j < COUNT_OF(tails) * COUNT_OF(tails); j++) {
            const unsigned char bytes[] = { (unsigned char)(0xF0 | i >> 8), (unsigned char)i,
                                            tails[j / COUNT_OF(tails)],
                                            tails[j % COUNT_OF(tails)] };
            CHECK(accepts(bytes, 4) == is_one_character(bytes, 4), i);
        }
    }
}

/* What is odd is found wherever it stands in the eight bytes that are looked at together, and what
 * stands around it does not hide it. */
static void test_string_every_offset(void **state UNUSED)
{
    static const char fillers[] = { ' ', '!', '#', '[', ']', 'a', '~', '\x7F' };
    static const char stops[] = { '\0', '\x01', '\x1F', '"', '\\', '\x80', '\xFF' };

    for (size_t f = 0; f < COUNT_OF(fillers); f++) {
        for (size_t s = 0; s < COUNT_OF(stops); s++) {
            for (size_t at = 0; at < 32; at++) {
                char bytes[32];
                memset(bytes, fillers[f], sizeof bytes);
                CHECK(json_skip_plain(bytes, bytes + at) == bytes + at, at);
                bytes[at] = stops[s];
                CHECK(json_skip_plain(bytes, bytes + sizeof bytes) == bytes + at, at);
                memset(bytes + at, stops[s], sizeof bytes - at);
                CHECK(json_skip_plain(bytes, bytes + sizeof bytes) == bytes + at, at);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_string_every_character_plain),
        cmocka_unit_test(test_string_every_character_escaped),
        cmocka_unit_test(test_string_every_two_bytes),
        cmocka_unit_test(test_string_every_three_bytes),
        cmocka_unit_test(test_string_four_bytes),
        cmocka_unit_test(test_string_every_offset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
