/* odata/openapi_fields.c - the fields of requests that have an effect, as parameters.
 *
 * Accept, Authorization and Content-Type are none: OpenAPI says with media types and security what
 * they are for, and ignores parameters of these names.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "odata/openapi_writing.h"

struct described {
    const char *field;     /* "Prefer" */
    const char *component; /* in components.parameters */
    const char *schema, *doc;
    bool (*counts)(const struct openapi_use *use);
};

static bool everywhere(const struct openapi_use *use UNUSED)
{
    return true;
}

static bool on_lists(const struct openapi_use *use)
{
    return use->resource == ODATA_SET && use->is_read;
}

static bool on_deltas(const struct openapi_use *use)
{
    return use->resource == ODATA_DELTA;
}

static bool on_creates(const struct openapi_use *use)
{
    return use->resource == ODATA_SET && !use->is_read;
}

static bool on_updates(const struct openapi_use *use)
{
    return use->resource == ODATA_ENTITY && !use->is_read && use->is_answered;
}

static bool is_of_property(const struct openapi_use *use)
{
    return use->resource == ODATA_PROPERTY || use->resource == ODATA_VALUE ||
           use->resource == ODATA_PROPERTY_COUNT;
}

static bool on_property_updates(const struct openapi_use *use)
{
    return is_of_property(use) && !use->is_read && use->is_answered;
}

/* One entity, or a part of it. */
static bool on_entities(const struct openapi_use *use)
{
    return use->resource == ODATA_ENTITY || is_of_property(use) || use->resource == ODATA_ACTION;
}

/* Whatever shows or takes members of enumerations and is not described above. */
static bool on_members(const struct openapi_use *use)
{
    if (use->resource == ODATA_ENTITY || is_of_property(use))
        return use->is_read;
    return use->resource == ODATA_ACTION || use->resource == ODATA_SET_ACTION ||
           use->resource == ODATA_COUNT || use->shows_members;
}

/* Of a read it is asked only where entities have tags. */
static bool on_writes_to_entities(const struct openapi_use *use)
{
    return on_entities(use) && !use->is_read;
}

/* A batch has none as a whole, and an action that answers, or is of a set, writes nothing. */
static bool on_repeatable(const struct openapi_use *use)
{
    return !use->is_read && use->resource != ODATA_BATCH && use->resource != ODATA_SET_ACTION &&
           !(use->resource == ODATA_ACTION && use->is_answered);
}

#define TEXT    "{\"type\":\"string\"}"
#define WISHES  "Wishes, with commas between them. "
#define MEMBERS "include-unknown-enum-members: members behind unknownFutureValue by their names."
#define PAGES   "odata.maxpagesize=n: entities a page; the smaller of this and $top counts. "
#define RETURN                                                                                     \
    "return=minimal: 204 without the entity; return=representation: the entity, as without it. "

static const struct described fields[] = {
    { "client-request-id", "client-request-id", "{\"type\":\"string\",\"maxLength\":128}",
      "An id of the client's own, which the reply repeats.", everywhere },
    { "Prefer", "prefer", TEXT,
      WISHES PAGES
      "odata.track-changes: the last page leads to what changes from now on, where the "
      "set has deltas and these options go with one. " MEMBERS,
      on_lists },
    { "Prefer", "prefer-delta", TEXT,
      WISHES PAGES "return=minimal: of an entity that changed only what did, and its id. " MEMBERS,
      on_deltas },
    { "Prefer", "prefer-create", TEXT, WISHES RETURN MEMBERS, on_creates },
    { "Prefer", "prefer-update", TEXT,
      WISHES RETURN "create-if-missing: makes the entity when it is missing. " MEMBERS,
      on_updates },
    { "Prefer", "prefer-property", TEXT,
      WISHES "return=representation: the property, unless it is null; return=minimal: 204 without "
             "it, as when nothing is asked for. " MEMBERS,
      on_property_updates },
    { "Prefer", "prefer-members", TEXT, WISHES MEMBERS, on_members },
    { "If-Match", "if-match", TEXT,
      "*: refused with 412 unless the entity exists. A list of entity tags, where entities have "
      "tags: unless its tag is one of these.",
      on_entities },
    { "If-None-Match", "if-none-match", TEXT,
      "*: refused with 412 if the entity exists; an update makes it when it is missing. A list of "
      "entity tags, where entities have tags: if its tag is one of these.",
      on_writes_to_entities },
    { "Repeatability-Request-ID", "repeatability-request-id",
      "{\"type\":\"string\",\"minLength\":1,\"maxLength\":128}",
      "An id of the client's own, best a GUID, under which the write is executed at most once: "
      "sent "
      "again, it is answered as it was first. With Repeatability-First-Sent; Repeatability-Result "
      "says accepted or rejected.",
      on_repeatable },
    { "Repeatability-First-Sent", "repeatability-first-sent", TEXT,
      "With Repeatability-Request-ID: when the client first sent the write, as 'Sun, 06 Nov 1994 "
      "08:49:37 GMT'.",
      on_repeatable },
};

void openapi_fields(struct openapi *openapi, const struct openapi_use *use)
{
    for (size_t i = 0; i < COUNT_OF(fields); i++)
        if (fields[i].counts(use))
            openapi_ref(openapi, NULL, "parameters/%s", fields[i].component);
}

void openapi_field_parameters(struct openapi *openapi)
{
    for (size_t i = 0; i < COUNT_OF(fields); i++) {
        openapi_begin(openapi, fields[i].component);
        openapi_text(openapi, "name", fields[i].field);
        openapi_text(openapi, "in", "header");
        openapi_text(openapi, "description", fields[i].doc);
        openapi_raw(openapi, "schema", fields[i].schema);
        openapi_end(openapi);
    }
}
