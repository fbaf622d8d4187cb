/* odata/preferences.c - reads Prefer, and writes what of it was heeded.
 *
 *     field      := [preference] ("," [preference])*
 *     preference := name ["=" value] (";" [parameter])*
 *     value      := token | quoted
 *
 * A quoted string may hold commas and semicolons, so it is what a field is cut around. Parameters
 * are cut off and not read: no preference here has any. A name is looked up without regard to case
 * and without "odata.", which OData 4.01 made optional for its own and nobody minds for the others.
 *
 * A preference must never make a request fail (RFC 7240 2), so nothing here does: what is malformed
 * is as if it had not been said. But it was said: an equal one behind it does not count either.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "odata/preferences.h"

#include "base/compiler.h"
#include "base/text.h"
#include "odata/field_list.h"

typedef void preference_reader(struct odata_preferences *preferences, struct slice value);

/* --- values ---------------------------------------------------------------------------------- */

static void read_max_page_size(struct odata_preferences *preferences, struct slice value)
{
    uint64_t size;

    for (size_t i = 0; i < value.len; i++)
        if (value.ptr[i] < '0' || value.ptr[i] > '9')
            return;
    if (!slice_to_uint64(value, UINT32_MAX, &size))
        size = value.len ? UINT32_MAX : 0;
    preferences->max_page_size = (uint32_t)size;
}

static void read_return(struct odata_preferences *preferences, struct slice value)
{
    if (slice_eq_nocase(value, SLICE("minimal")))
        preferences->answer = ODATA_RETURN_MINIMAL;
    else if (slice_eq_nocase(value, SLICE("representation")))
        preferences->answer = ODATA_RETURN_REPRESENTATION;
}

/* One without a value is a word that is said or not; what stands behind a '=' means nothing. */
static void read_unknown_members(struct odata_preferences *preferences, struct slice value UNUSED)
{
    preferences->unknown_members = true;
}

static void read_create_if_missing(struct odata_preferences *preferences, struct slice value UNUSED)
{
    preferences->create_if_missing = true;
}

static void read_track_changes(struct odata_preferences *preferences, struct slice value UNUSED)
{
    preferences->track_changes = true;
}

static const struct {
    struct slice name;
    preference_reader *read;
} known[] = {
    { SLICE_INIT("maxpagesize"), read_max_page_size },
    { SLICE_INIT("return"), read_return },
    { SLICE_INIT("include-unknown-enum-members"), read_unknown_members },
    { SLICE_INIT("create-if-missing"), read_create_if_missing },
    { SLICE_INIT("track-changes"), read_track_changes },
};

/* --- fields ---------------------------------------------------------------------------------- */

/* No value that is known here needs a backslash, so one with a backslash is not looked into. */
static struct slice without_quotes(struct slice value)
{
    if (value.len >= 2 && value.ptr[0] == '"' && value.ptr[value.len - 1] == '"')
        return slice_sub(value, 1, value.len - 2);
    return value;
}

static void read_preference(struct odata_preferences *preferences, struct slice preference)
{
    const struct slice prefix = SLICE("odata.");
    struct slice name, value = field_list_take(';', &preference);

    name = field_list_take('=', &value);
    if (slice_starts_with_nocase(name, prefix))
        name = slice_sub(name, prefix.len, name.len);
    for (size_t i = 0; i < COUNT_OF(known); i++) {
        if (!slice_eq_nocase(name, known[i].name))
            continue;
        if (!(preferences->seen >> i & 1))
            known[i].read(preferences, without_quotes(slice_trim(value)));
        preferences->seen |= (uint8_t)(1u << i);
        return;
    }
}

void odata_preferences_add(struct odata_preferences *preferences, struct slice field)
{
    _Static_assert(COUNT_OF(known) <= 8, "a bit for each in `seen`");

    while (field.len > 0)
        read_preference(preferences, field_list_take(',', &field));
}

/* --- what was heeded ------------------------------------------------------------------------- */

/* Where the next one is to be appended. */
static struct text *next(struct text *out)
{
    if (out->len > 0)
        text_append(out, SLICE(", "));
    return out;
}

void odata_preferences_write(const struct odata_preferences *applied, struct text *out)
{
    if (applied->max_page_size) {
        text_append(next(out), SLICE("odata.maxpagesize="));
        text_append_uint(out, applied->max_page_size);
    }
    if (applied->track_changes)
        text_append(next(out), SLICE("odata.track-changes"));
    if (applied->answer == ODATA_RETURN_MINIMAL)
        text_append(next(out), SLICE("return=minimal"));
    if (applied->answer == ODATA_RETURN_REPRESENTATION)
        text_append(next(out), SLICE("return=representation"));
    if (applied->create_if_missing)
        text_append(next(out), SLICE("create-if-missing"));
    if (applied->unknown_members)
        text_append(next(out), SLICE("include-unknown-enum-members"));
}
