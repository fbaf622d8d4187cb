/* odata/format.c - reads Accept and $format.
 *
 *     accept     := [range] ("," [range])*
 *     range      := media (";" parameter)*
 *     parameter  := name ["=" (token | quoted)]
 *
 * A range in its plain form, "application/json", means minimal, OData's default; so do the wider
 * ones. Only a range that names a level admits another one. One that names a level that does not
 * exist admits nothing. Both representations of long numbers are admitted by all; one that asks for
 * strings is the more specific for it.
 *
 * Read as clients write and not as the grammar wants it: the "*; q=.2" of old Java libraries is
 * a wide range with a quality, though it is neither a media range nor a number there.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "odata/format.h"

#include <stddef.h>

#include "base/compiler.h"
#include "odata/field_list.h"

#define QUALITY_FULL 1000

/* How specific a range is. */
enum { RANK_NONE, RANK_ANY, RANK_APPLICATION, RANK_JSON, RANK_LEVEL };

struct range {
    unsigned rank;
    enum odata_level level;
    unsigned quality;
    bool ieee754;
};

static unsigned rank_of(struct slice media)
{
    if (slice_eq_nocase(media, SLICE("application/json")))
        return RANK_JSON;
    if (slice_eq_nocase(media, SLICE("application/*")))
        return RANK_APPLICATION;
    return slice_eq(media, SLICE("*/*")) || slice_eq(media, SLICE("*")) ? RANK_ANY : RANK_NONE;
}

/* number := ["0" | "1"] ["." up to three digits]; false for what is none or above 1. */
static bool read_quality(struct slice text, unsigned *ret)
{
    unsigned thousandths = 0, digit_value = QUALITY_FULL;
    bool fraction = false, digits = false;

    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c == '.' && !fraction) {
            fraction = true;
            continue;
        }
        if (c < '0' || c > '9' || digit_value == 0 || (!fraction && digits))
            return false;
        if (fraction)
            digit_value /= 10;
        thousandths += (unsigned)(c - '0') * digit_value;
        digits = true;
    }
    *ret = thousandths;
    return digits && thousandths <= QUALITY_FULL;
}

static bool read_level(struct slice name, enum odata_level *ret)
{
    static const struct slice names[ODATA_LEVEL_COUNT] = {
        [ODATA_MINIMAL] = SLICE_INIT("minimal"),
        [ODATA_NONE] = SLICE_INIT("none"),
        [ODATA_FULL] = SLICE_INIT("full"),
    };

    for (size_t i = 0; i < COUNT_OF(names); i++) {
        if (slice_eq_nocase(name, names[i])) {
            *ret = (enum odata_level)i;
            return true;
        }
    }
    return false;
}

static bool read_parameter(struct slice parameter, struct range *range)
{
    struct slice name, value;

    if (!slice_cut(parameter, '=', &name, &value))
        return true;
    name = slice_trim(name);
    value = slice_trim(value);
    if (value.len >= 2 && value.ptr[0] == '"' && value.ptr[value.len - 1] == '"')
        value = slice_sub(value, 1, value.len - 2);
    if (slice_eq_nocase(name, SLICE("q")))
        return read_quality(value, &range->quality);
    if (slice_eq_nocase(name, SLICE("IEEE754Compatible")))
        range->ieee754 = slice_eq_nocase(value, SLICE("true"));
    if (range->ieee754 && range->rank == RANK_JSON)
        range->rank = RANK_LEVEL;
    if (!slice_eq_nocase(name, SLICE("odata.metadata")) &&
        !slice_eq_nocase(name, SLICE("metadata")))
        return true;
    if (range->rank == RANK_JSON)
        range->rank = RANK_LEVEL;
    return read_level(value, &range->level);
}

/* What follows the media range. */
static bool read_parameters(struct slice parameters, struct range *range)
{
    while (parameters.len > 0)
        if (!read_parameter(field_list_take(';', &parameters), range))
            return false;
    return true;
}

static void add_range(struct odata_accept *accept, struct slice text)
{
    struct range range = { .rank = rank_of(field_list_take(';', &text)),
                           .level = ODATA_MINIMAL,
                           .quality = QUALITY_FULL };
    struct odata_wish *wish;

    accept->ranges++;
    if (range.rank == RANK_NONE || !read_parameters(text, &range))
        return;
    wish = &accept->wishes[range.rank == RANK_LEVEL ? range.level : ODATA_MINIMAL];
    if (range.rank > wish->rank)
        *wish = (struct odata_wish){ range.rank, range.quality, accept->ranges, range.ieee754 };
}

void odata_accept_add(struct odata_accept *accept, struct slice field)
{
    while (field.len > 0) {
        struct slice range = field_list_take(',', &field);
        if (range.len > 0)
            add_range(accept, range);
    }
}

static bool is_better(const struct odata_wish *wish, const struct odata_wish *best)
{
    if (wish->quality != best->quality)
        return wish->quality > best->quality;
    if (wish->rank != best->rank)
        return wish->rank > best->rank;
    return wish->at < best->at;
}

bool odata_accept_level(const struct odata_accept *accept, enum odata_level *ret)
{
    const struct odata_wish *best = NULL;

    for (size_t i = 0; i < ODATA_LEVEL_COUNT; i++) {
        const struct odata_wish *wish = &accept->wishes[i];
        if (wish->quality > 0 && (!best || is_better(wish, best)))
            best = wish;
    }
    if (best)
        *ret = (enum odata_level)(best - accept->wishes);
    return best;
}

bool odata_accept_ieee754(const struct odata_accept *accept, enum odata_level level)
{
    return accept->wishes[level].ieee754;
}

bool odata_format_ieee754(struct slice value)
{
    struct range range = { .rank = RANK_JSON, .quality = QUALITY_FULL };

    field_list_take(';', &value);
    return read_parameters(value, &range) && range.ieee754;
}

bool odata_format_level(struct slice value, enum odata_level *ret)
{
    struct slice others = value, first = field_list_take(',', &others);

    if (others.len > 0) /* one format, not a choice of them */
        return false;
    value = first;
    struct slice media = field_list_take(';', &value);
    struct range range = { .rank = RANK_JSON, .level = ODATA_MINIMAL, .quality = QUALITY_FULL };

    if (!slice_eq_nocase(media, SLICE("json")) && rank_of(media) != RANK_JSON)
        return false;
    if (!read_parameters(value, &range))
        return false;
    *ret = range.level;
    return true;
}

/* --- documents in XML and JSON ----------------------------------------------------------------
 */

static bool is_xml(struct slice media)
{
    return slice_eq_nocase(media, SLICE("application/xml"));
}

bool odata_is_media_type(struct slice content_type, struct slice type)
{
    struct slice named = content_type, parameters;

    slice_cut(content_type, ';', &named, &parameters);
    return slice_eq_nocase(slice_trim(named), type);
}

bool odata_format_is_xml(struct slice value)
{
    struct slice media = field_list_take(';', &value);

    return slice_eq_nocase(media, SLICE("xml")) || is_xml(media);
}

static void widen(struct odata_wish *wish, struct odata_wish range)
{
    if (range.rank > wish->rank)
        *wish = range;
}

bool odata_accept_wants_json(struct slice field)
{
    struct odata_wish json = { 0 }, xml = { 0 };

    for (unsigned at = 1; field.len > 0; at++) {
        struct slice text = field_list_take(',', &field), media = field_list_take(';', &text);
        struct range range = { .rank = is_xml(media) ? RANK_JSON : rank_of(media),
                               .quality = QUALITY_FULL };

        if (!read_parameters(text, &range))
            continue;
        if (is_xml(media) || range.rank < RANK_JSON)
            widen(&xml, (struct odata_wish){ range.rank, range.quality, at, false });
        else
            widen(&json, (struct odata_wish){ RANK_JSON, range.quality, at, false });
    }
    return json.quality > 0 && is_better(&json, &xml);
}
