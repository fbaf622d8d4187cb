/* http/wishes.c - which of a client's wishes mean something to its request.
 *
 * A preference that is heeded is named in Preference-Applied, and one that means nothing here is
 * not: to a list return=minimal says nothing, nor does a size of pages to a write. Neither ever
 * makes a request fail.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "http/wishes.h"

#include "base/text.h"
#include "http/conditions.h"
#include "http/graph.h"
#include "http/repeatability.h"

#define APPLIED_BYTES_MAX 160 /* all of them, the longest each */

#define LEN(name)     (sizeof(name) - 1)
#define LEN_BIT(name) (UINT64_C(1) << LEN(name))
#define LENGTHS                                                                                    \
    (LEN_BIT("Prefer") | LEN_BIT("If-Match") | LEN_BIT("If-None-Match") |                          \
     LEN_BIT("Repeatability-First-Sent"))

/* Nearly every field has a name of another length: all that most requests pay. */
static bool may_be_wish(const struct http_field *field)
{
    return LENGTHS >> (field->name.len & 63) & 1;
}

/* "Accept" and "Authorization" are as long as a name, too: their first letter says so. */
static void read_field(struct call *call, const struct http_field *field)
{
    char first = field->name.len ? (char)(field->name.ptr[0] | 0x20) : 0;

    switch (field->name.len) {
    case LEN("Prefer"):
        if (first == 'p' && slice_eq_nocase(field->name, SLICE("Prefer")))
            odata_preferences_add(&call->preferences, field->value);
        break;
    case LEN("If-Match"):
        if (first == 'i' && slice_eq_nocase(field->name, IF_MATCH))
            conditions_add(&call->conditions.match, field->value);
        break;
    case LEN("If-None-Match"):
        if (first == 'i' && slice_eq_nocase(field->name, IF_NONE_MATCH))
            conditions_add(&call->conditions.none_match, field->value);
        break;
    case LEN("Repeatability-First-Sent"): /* and of Repeatability-Request-ID */
        call->repeatable |= repeatability_is_field(field);
        break;
    }
}

bool wishes_read(struct call *call, bool is_read)
{
    const struct http_request *request = &call->exchange->request;
    uint32_t size;

    for (size_t i = 0; i < request->field_count; i++)
        if (may_be_wish(&request->fields[i]))
            read_field(call, &request->fields[i]);
    size = call->preferences.max_page_size;
    if (is_read && (call->path.resource == ODATA_SET || call->path.resource == ODATA_DELTA))
        call->max_page_size = size < ODATA_PAGE_SIZE_MAX ? (uint16_t)size : ODATA_PAGE_SIZE_MAX;
    return call->preferences.seen || conditions_are_any(&call->conditions) ||
           call->loop->api->etags;
}

static bool answers_entity(const struct call *call)
{
    enum http_method method = call->exchange->request.method;

    return (call->path.resource == ODATA_SET && method == HTTP_POST) ||
           (call->path.resource == ODATA_ENTITY && method == HTTP_PATCH);
}

/* Whose answer is 204 unless the client would see what it wrote. */
static bool writes_property(const struct call *call)
{
    enum http_method method = call->exchange->request.method;

    return call->path.property && (method == HTTP_PUT || method == HTTP_PATCH);
}

static enum odata_return settle_return(struct call *call)
{
    enum odata_return wanted = call->preferences.answer;

    if (wanted == ODATA_RETURN_MINIMAL &&
        graph_goes_beyond(call, BEYOND_RETURN_MINIMAL) != BEYOND_GOES)
        return ODATA_RETURN_UNSAID;
    return wanted;
}

bool wishes_settle(struct call *call, bool is_read)
{
    if (!conditions_settle(call, is_read))
        return false;
    call->applied.max_page_size = call->max_page_size;
    if (answers_entity(call))
        call->applied.answer = settle_return(call);
    else if (writes_property(call))
        call->applied.answer = call->preferences.answer;
    if (call->preferences.unknown_members && (call->path.type || graph_works_out(call)) &&
        call->exchange->request.method != HTTP_DELETE)
        call->applied.unknown_members = true;
    return true;
}

void wishes_tell(struct call *call)
{
    struct text applied;

    text_init(&applied, call->arena, 0, APPLIED_BYTES_MAX);
    odata_preferences_write(&call->applied, &applied);
    if (applied.len)
        call_add_field(call, SLICE("Preference-Applied"), text_slice(&applied));
}
