/* base/base64.h - base64 (RFC 4648 section 4) and base64url without padding (section 5). */
#ifndef BASE_BASE64_H
#define BASE_BASE64_H

#include <stdbool.h>
#include <stddef.h>

#include "base/compiler.h"
#include "base/slice.h"

struct arena;
struct text;

void base64url_append(struct text *text, const void *bytes, size_t len); /* no padding */
/* The standard alphabet, padded. */
void base64_append(struct text *text, const void *bytes, size_t len);

/* Strict: no padding, no blanks, no bits left over that are not zero. */
bool base64url_decode(struct arena *arena, struct slice s, struct slice *ret) MUST_CHECK;

/* Standard alphabet, padding required, strict as above. */
bool base64_decode(struct arena *arena, struct slice s, struct slice *ret) MUST_CHECK;

#endif
