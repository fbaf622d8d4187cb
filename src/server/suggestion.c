/* server/suggestion.c - the restricted Damerau-Levenshtein distance, in three rows.
 *
 * Row i holds the distances between the first i characters of one text and every prefix of the
 * other. A swap of neighbours looks two rows back, which is why three are kept. A third of what was
 * typed may be wrong, one character at least: further away a guess annoys more than it helps. A
 * candidate that goes on where the typing stopped ("prof" for "profile") is near by itself.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "server/suggestion.h"

#include <stdint.h>

#define NAME_MAX_LEN 64
#define PREFIX_LEN   3 /* shorter ones begin too many names */

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

size_t suggestion_distance(struct slice a, struct slice b)
{
    size_t rows[3][NAME_MAX_LEN + 1];
    size_t *before = rows[0], *above = rows[1], *row = rows[2];

    if (a.len > NAME_MAX_LEN || b.len > NAME_MAX_LEN)
        return SIZE_MAX;
    for (size_t j = 0; j <= b.len; j++)
        above[j] = before[j] = j;
    for (size_t i = 1; i <= a.len; i++) {
        row[0] = i;
        for (size_t j = 1; j <= b.len; j++) {
            char x = lower(a.ptr[i - 1]), y = lower(b.ptr[j - 1]);

            row[j] = least(least(above[j], row[j - 1]) + 1, above[j - 1] + (x != y));
            if (i > 1 && j > 1 && x == lower(b.ptr[j - 2]) && y == lower(a.ptr[i - 2]))
                row[j] = least(row[j], before[j - 2] + 1);
        }
        size_t *oldest = before;
        before = above;
        above = row;
        row = oldest;
    }
    return above[b.len];
}

void suggestion_try(struct suggestion *suggestion, struct slice candidate)
{
    struct slice typed = suggestion->typed;
    size_t distance = suggestion_distance(typed, candidate);
    size_t allowed = typed.len / 3 > 1 ? typed.len / 3 : 1;

    if (typed.len >= PREFIX_LEN && slice_starts_with_nocase(candidate, typed))
        distance = 1;
    if (distance > allowed || (suggestion->best.len && distance >= suggestion->distance))
        return;
    suggestion->best = candidate;
    suggestion->distance = distance;
}
