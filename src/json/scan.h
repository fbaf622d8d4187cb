/* json/scan.h - looking over the bytes of a literal, eight at a time where they are plain.
 *
 * Shared by the reader and the writer, since both sort the bytes of a string alike: a byte is plain
 * when it is ASCII and stands for itself in a literal (RFC 8259 section 7), that is, neither a
 * control character nor a quote nor a backslash. Nearly all are.
 *
 * Must not know: where a literal stands in its text, tokens, arenas.
 * Threads: every function here is pure.
 */
#ifndef JSON_SCAN_H
#define JSON_SCAN_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* What can be wrong with a text. The sentences that clients read are a table in reader.c. */
enum json_problem {
    JSON_NO_PROBLEM,
    JSON_PROBLEM_MEMORY,
    JSON_PROBLEM_BYTE_ORDER_MARK,
    JSON_PROBLEM_VALUE,
    JSON_PROBLEM_WORD,
    JSON_PROBLEM_NAME,
    JSON_PROBLEM_NAME_OR_END,
    JSON_PROBLEM_COLON,
    JSON_PROBLEM_ARRAY_COMMA,
    JSON_PROBLEM_OBJECT_COMMA,
    JSON_PROBLEM_TEXT_END,
    JSON_PROBLEM_DEPTH,
    JSON_PROBLEM_REPEATED_NAME,
    JSON_PROBLEM_UNCLOSED,
    JSON_PROBLEM_CONTROL,
    JSON_PROBLEM_UTF8,
    JSON_PROBLEM_ESCAPE,
    JSON_PROBLEM_HEX,
    JSON_PROBLEM_SURROGATE,
    JSON_PROBLEM_DIGIT,
    JSON_PROBLEM_LEADING_ZERO,
};

/* How looking over a literal ended. */
struct json_scan {
    const char *at; /* past the literal; with a problem: the byte at fault */
    enum json_problem problem;
};

#define JSON_EVERY_BYTE UINT64_C(0x0101010101010101)

/* Eight bytes as a number whose lowest byte comes first in memory. */
static inline uint64_t json_load_eight(const char *from)
{
    uint64_t eight;

    memcpy(&eight, from, sizeof eight);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    eight = __builtin_bswap64(eight);
#endif
    return eight;
}

/* Sets the top bit of every byte that is not plain. A borrow may set bits above the first such byte
 * too, so only the lowest one tells. Subtracting 0x20 turns a control character, and subtracting 1
 * turns zero, into a byte with its top bit set; bytes past ASCII have it from the start. */
static inline uint64_t json_not_plain(uint64_t eight)
{
    uint64_t control = eight - 0x20 * JSON_EVERY_BYTE;
    uint64_t quote = (eight ^ '"' * JSON_EVERY_BYTE) - JSON_EVERY_BYTE;
    uint64_t backslash = (eight ^ '\\' * JSON_EVERY_BYTE) - JSON_EVERY_BYTE;

    return (eight | control | quote | backslash) & 0x80 * JSON_EVERY_BYTE;
}

/* Index of the first byte that json_not_plain() found; `found` is not zero. */
static inline unsigned json_first_found(uint64_t found)
{
    return (unsigned)__builtin_ctzll(found) / 8;
}

static inline int json_is_plain(char c)
{
    unsigned char byte = (unsigned char)c;
    return byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\';
}

/* The first byte in [from, limit) that is not plain, or limit. */
static inline const char *json_skip_plain(const char *from, const char *limit)
{
    for (; limit - from >= 8; from += 8) {
        uint64_t found = json_not_plain(json_load_eight(from));
        if (found)
            return from + json_first_found(found);
    }
    while (from < limit && json_is_plain(*from))
        from++;
    return from;
}

static inline int json_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

#endif
