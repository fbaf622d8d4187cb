/* json/string_literal.h - string literals: from the opening quote to the closing one.
 *
 * Spec: RFC 8259 section 7, RFC 3629.
 * Must not know: tokens, arenas, where in the text a literal stands.
 * Threads: every function here is pure.
 */
#ifndef JSON_STRING_LITERAL_H
#define JSON_STRING_LITERAL_H

#include <stddef.h>

#include "base/compiler.h"
#include "json/scan.h"

/* Looks over the literal whose opening quote is at `from`: UTF-8, escapes, control characters.
 * *ret_decoded_len is its length once decoded; it equals the length between the quotes exactly when
 * there is no escape, and then the text between the quotes is the decoded text. */
struct json_scan json_string_scan(const char *from, const char *limit,
                                  size_t *ret_decoded_len) MUST_CHECK;

/* Writes the decoded text of a literal that json_string_scan() found good to `to`, which has room
 * for its decoded length. [from, end) are the quotes and what stands between. */
void json_string_decode(const char *from, const char *end, char *to);

#endif
