/* odata/filter_segment.c - finds the end of a condition in a path, and reads it.
 *
 * A path is split at its slashes before anything in it is decoded, and a condition may have slashes
 * of its own (roleScopeTagIds/any(...)), which clients write as they are. So here the end is where
 * the parentheses are even again. That is looked for on the encoded text, byte by byte as each
 * would be decoded: a quote is one whether it stands there as itself or as %27, and hides what is
 * inside. Two quotes, which mean one, close a text and open the next.
 *
 * Of the condition itself nothing is read here; it is decoded once, as any segment.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "odata/filter_segment.h"

#include "base/compiler.h"
#include "odata/percent.h"
#include "odata/search.h"

/* --- where it ends --------------------------------------------------------------------------- */

/* A byte of a text that is still encoded. */
struct cursor {
    struct slice text;
    size_t at;
};

/* The next one, decoded; a '%' that encodes nothing is itself. -1 at the end. */
static int next_byte(struct cursor *cursor)
{
    int byte;

    if (cursor->at == cursor->text.len)
        return -1;
    if (cursor->text.ptr[cursor->at] == '%' &&
        (byte = odata_percent_byte(cursor->text, cursor->at)) >= 0) {
        cursor->at += 3;
        return byte;
    }
    return (unsigned char)cursor->text.ptr[cursor->at++];
}

static bool take_name(struct cursor *cursor)
{
    static const char name[] = "/$filter(";

    /* The slash in front is one, and none that is encoded. */
    if (cursor->text.len == 0 || cursor->text.ptr[0] != '/')
        return false;
    for (size_t i = 0; i < sizeof name - 1; i++) {
        int byte = next_byte(cursor);
        bool letter = name[i] >= 'a' && name[i] <= 'z';

        if (byte < 0 || (letter ? (byte | 0x20) : byte) != name[i])
            return false;
    }
    return true;
}

/* Behind what is in a text of JSON, up to its quote at the end. */
static void skip_json_text(struct cursor *cursor)
{
    int byte;

    while ((byte = next_byte(cursor)) >= 0 && byte != '"') {
        if (byte == '\\')
            next_byte(cursor);
    }
}

static void skip_text(struct cursor *cursor)
{
    int byte;

    while ((byte = next_byte(cursor)) >= 0 && byte != '\'') {
    }
}

/* The place of the parenthesis that closes the one before the cursor, which then stands behind it;
 * SIZE_MAX: none does. */
static size_t find_end(struct cursor *cursor)
{
    size_t depth = 1;

    for (;;) {
        size_t place = cursor->at;
        int byte = next_byte(cursor);

        if (byte < 0)
            return SIZE_MAX;
        if (byte == '\'')
            skip_text(cursor);
        else if (byte == '"')
            skip_json_text(cursor);
        else if (byte == '(')
            depth++;
        else if (byte == ')' && --depth == 0)
            return place;
    }
}

bool odata_filter_segment_take(struct slice *rest, struct slice *ret_condition)
{
    struct cursor cursor = { *rest, 0 };
    size_t begin, end;

    if (!take_name(&cursor))
        return false;
    begin = cursor.at;
    end = find_end(&cursor);
    if (end == SIZE_MAX || (cursor.at < rest->len && rest->ptr[cursor.at] != '/'))
        return false;
    *ret_condition = slice_sub(*rest, begin, end - begin);
    *rest = slice_sub(*rest, cursor.at, rest->len);
    return true;
}

/* --- what it says ---------------------------------------------------------------------------- */

bool odata_filter_segments_read(const struct edm_model *model, const struct edm_entity_type *type,
                                struct slice segments, const struct odata_alias *aliases,
                                const struct odata_filter_rules *rules, struct arena *arena,
                                const struct edm_filter **filter, uint32_t *beyond,
                                struct error *err)
{
    const struct edm_filter *node;
    struct slice encoded, text;

    for (size_t count = 0; odata_filter_segment_take(&segments, &encoded); count++) {
        if (count == ODATA_FILTER_SEGMENTS_MAX)
            return error_set(err, ERROR_BAD_REQUEST, SLICE("$filter"),
                             "A path may have %d segments with a $filter.",
                             ODATA_FILTER_SEGMENTS_MAX);
        if (!odata_percent_decode(encoded, false, arena, &text, err) ||
            !odata_filter_parse(model, type, text, aliases, rules, arena, &node, beyond, err) ||
            !odata_search_join(*filter, node, arena, filter, err))
            return false;
    }
    return true;
}
