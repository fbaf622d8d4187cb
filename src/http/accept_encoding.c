/* http/accept_encoding.c - reads "gzip;q=0.8, br, *;q=0" for what it says of gzip and of identity.
 *
 * Qualities are thousandths. A coding that is not named has none (-1), which "*" may lend to gzip:
 * what a client says of any coding it says of gzip, too. It says nothing of identity, or "*" alone
 * would be a client that accepts everything and gets nothing.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "http/accept_encoding.h"

#define QUALITY_MAX 1000
#define NOT_NAMED   (-1)

struct qualities {
    int gzip, identity, any;
};

/* "0", "1", "0.5", "0.125", "1.000"; NOT_NAMED when it is something else. */
static int read_quality(struct slice text)
{
    int quality, unit = QUALITY_MAX / 10;

    if (text.len == 0 || text.len > 5 || (text.ptr[0] != '0' && text.ptr[0] != '1') ||
        (text.len > 1 && text.ptr[1] != '.'))
        return NOT_NAMED;
    quality = (text.ptr[0] - '0') * QUALITY_MAX;
    for (size_t i = 2; i < text.len; i++, unit /= 10) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9')
            return NOT_NAMED;
        quality += (text.ptr[i] - '0') * unit;
    }
    return quality <= QUALITY_MAX ? quality : NOT_NAMED;
}

/* What stands behind the coding's name: nothing, or a weight. */
static int read_weight(struct slice parameters)
{
    struct slice weight = slice_trim(parameters);

    if (weight.len == 0)
        return QUALITY_MAX;
    if (!slice_starts_with_nocase(weight, SLICE("q=")))
        return NOT_NAMED;
    return read_quality(slice_sub(weight, 2, weight.len));
}

static void read_coding(struct slice coding, struct qualities *qualities)
{
    struct slice name = coding, parameters = SLICE_EMPTY;
    int quality;

    slice_cut(coding, ';', &name, &parameters);
    name = slice_trim(name);
    quality = read_weight(parameters);
    if (quality == NOT_NAMED)
        return;
    if (slice_eq_nocase(name, SLICE("gzip")) || slice_eq_nocase(name, SLICE("x-gzip")))
        qualities->gzip = quality;
    else if (slice_eq_nocase(name, SLICE("identity")))
        qualities->identity = quality;
    else if (slice_eq(name, SLICE("*")))
        qualities->any = quality;
}

static void read_list(struct slice list, struct qualities *qualities)
{
    while (list.len > 0) {
        struct slice coding = list;

        if (!slice_cut(list, ',', &coding, &list))
            list = SLICE_EMPTY;
        read_coding(coding, qualities);
    }
}

bool accept_encoding_prefers_gzip(const struct http_request *request)
{
    struct qualities qualities = { NOT_NAMED, NOT_NAMED, NOT_NAMED };
    int gzip;

    for (size_t i = 0; i < request->field_count; i++) {
        if (slice_eq_nocase(request->fields[i].name, SLICE("Accept-Encoding")))
            read_list(request->fields[i].value, &qualities);
    }
    gzip = qualities.gzip == NOT_NAMED ? qualities.any : qualities.gzip;
    return gzip > 0 && gzip > qualities.identity;
}
