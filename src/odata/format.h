/* odata/format.h - how much of OData's control information a client wants in its JSON.
 *
 * Spec: OData JSON Format 4.01 sections 3.1 (odata.metadata, with and without its prefix) and 3.2
 * (IEEE754Compatible), RFC 9110 12.5.1 (Accept: the most specific media range that fits counts,
 * quality decides). Any other parameter is passed over. RFC 9110 8.3.1 (media types).
 *
 * Must not know: status codes, what a level leaves out (odata/payload.h).
 */
#ifndef ODATA_FORMAT_H
#define ODATA_FORMAT_H

#include <stdbool.h>

#include "base/compiler.h"
#include "base/slice.h"

enum odata_level { ODATA_MINIMAL, ODATA_NONE, ODATA_FULL };
#define ODATA_LEVEL_COUNT 3

/* What the fields seen so far say of each level; all zero before the first. Fields are private. */
struct odata_accept {
    struct odata_wish {
        unsigned rank;    /* how specific the range was that says so; 0: none fits */
        unsigned quality; /* in thousandths */
        unsigned at;      /* the how manieth range */
        bool ieee754;     /* and it has IEEE754Compatible=true */
    } wishes[ODATA_LEVEL_COUNT];
    unsigned ranges;
};

/* Takes in the value of one Accept field. What cannot be read is passed over. */
void odata_accept_add(struct odata_accept *accept, struct slice field);

/* The level that is wanted most: by quality, then the more specific range, then the first.
 * False: the fields admit none. */
bool odata_accept_level(const struct odata_accept *accept, enum odata_level *ret) MUST_CHECK;

/* Whether the range that says so of `level` has IEEE754Compatible=true: the client's numbers are
 * doubles, and it would have those of 64 bits as strings. */
bool odata_accept_ieee754(const struct odata_accept *accept, enum odata_level level);

/* The value of $format, decoded: "json" or a media type, with parameters. False: neither JSON. */
bool odata_format_level(struct slice value, enum odata_level *ret) MUST_CHECK;

/* Whether a value that odata_format_level() takes has IEEE754Compatible=true. */
bool odata_format_ieee754(struct slice value);

/* Whether a Content-Type, whatever parameters it has, is of the media type `type`. */
bool odata_is_media_type(struct slice content_type, struct slice type);

/* Of a document that there is as XML and as JSON, XML if nothing is said. Whether $format's value,
 * decoded, is XML; and whether an Accept field names JSON and wants it more than XML. */
bool odata_format_is_xml(struct slice value);
bool odata_accept_wants_json(struct slice field);

#endif
