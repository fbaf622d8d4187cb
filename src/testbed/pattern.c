/* testbed/pattern.c - one walk over the text, with one place to go back to.
 *
 * Of several stars only the last one met can need another try: what stands before it is matched as
 * early as can be, and that leaves the rest the most room. So a mismatch lets the last star swallow
 * one byte more and goes on from there; no recursion, no memory.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "testbed/pattern.h"

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool pattern_matches(struct slice pattern, struct slice text)
{
    size_t p = 0, t = 0;
    size_t behind_star = 0, star_ends = 0; /* behind_star 0: none was met */

    while (t < text.len) {
        if (p < pattern.len && pattern.ptr[p] == '*') {
            behind_star = ++p;
            star_ends = t;
        } else if (p < pattern.len && lower(pattern.ptr[p]) == lower(text.ptr[t])) {
            p++;
            t++;
        } else if (behind_star > 0) {
            p = behind_star;
            t = ++star_ends;
        } else {
            return false;
        }
    }
    while (p < pattern.len && pattern.ptr[p] == '*')
        p++;
    return p == pattern.len;
}
