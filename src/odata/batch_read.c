/* odata/batch_read.c - reads a batch, part by part, in one pass over its text.
 *
 * A part's members come in any order, so they are noted first and judged at its end; what it
 * depends on must stand before it, so its ids can be looked up right then. That also makes a cycle
 * impossible. Twenty parts are compared with each other by walking: an index would cost more.
 *
 * Writes (POST, PATCH, PUT) need a body and its Content-Type, be the body "{}": Graph refuses the
 * batch otherwise, and does so before any part of it runs. One SDK (msgraph-sdk-core 1.0 preview
 * 17) loses the fields of its parts and writes their bodies as base64; the rules say whether that
 * is understood.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "odata/batch_read.h"

#include "base/arena.h"
#include "base/base64.h"
#include "odata/format.h"
#include "odata/quote.h"
#include "json/reader.h"

#define FIELDS_AT_FIRST 4

struct reading {
    struct json_reader json;
    const struct batch_rules *rules;
    struct arena *arena;
    struct batch batch;
    struct error *err;
};

/* A part whose members are still being collected. */
struct draft {
    struct batch_part part;
    struct batch_field *fields;
    size_t field_room;
    struct slice *names; /* of dependsOn */
    size_t name_count;
    struct slice body; /* as it stands there */
    bool has_id, has_method, has_url, has_group;
};

/* --- JSON ------------------------------------------------------------------------------------ */

/* What the JSON reader found, behind the sentence that Graph has for it. */
static bool malformed(struct reading *reading, const struct error *why)
{
    if (why->code != ERROR_BAD_REQUEST) {
        if (reading->err)
            *reading->err = *why;
        return false;
    }
    return error_set(reading->err, ERROR_BAD_REQUEST, slice_of(why->target),
                     "Invalid batch payload format. %s", why->message);
}

static bool wrong(struct reading *reading, struct slice target, const char *what)
{
    return error_set(reading->err, ERROR_BAD_REQUEST, target, "Invalid batch payload format. %s",
                     what);
}

static bool next(struct reading *reading, struct json_token *ret)
{
    struct error why = { 0 };

    return json_reader_next(&reading->json, ret, &why) || malformed(reading, &why);
}

static bool skip(struct reading *reading)
{
    struct error why = { 0 };

    return json_reader_skip(&reading->json, NULL, &why) || malformed(reading, &why);
}

/* A text; null is as if the member were not there. */
static bool read_text(struct reading *reading, struct slice member, struct slice *ret,
                      bool *ret_given)
{
    struct json_token token;

    if (!next(reading, &token))
        return false;
    if (token.kind != JSON_STRING && token.kind != JSON_NULL)
        return wrong(reading, member, "The member has to be a string.");
    *ret_given = token.kind == JSON_STRING;
    if (*ret_given)
        *ret = token.text;
    return true;
}

/* --- members --------------------------------------------------------------------------------- */

static bool add_field(struct reading *reading, struct draft *draft, struct batch_field field)
{
    size_t count = draft->part.field_count;

    if (count == draft->field_room) {
        size_t room = count ? 2 * count : FIELDS_AT_FIRST;
        void *grown =
            arena_grow(reading->arena, draft->fields, count * sizeof field, room * sizeof field);
        if (!grown)
            return error_no_memory(reading->err);
        draft->fields = grown;
        draft->field_room = room;
    }
    draft->fields[draft->part.field_count++] = field;
    return true;
}

static bool read_fields(struct reading *reading, struct draft *draft)
{
    struct json_token token;
    struct batch_field field;
    bool given;

    if (!next(reading, &token))
        return false;
    if (token.kind == JSON_NULL)
        return true;
    if (token.kind != JSON_OBJECT_BEGIN)
        return wrong(reading, SLICE("headers"), "The member has to be an object of strings.");
    for (;;) {
        if (!next(reading, &token))
            return false;
        if (token.kind == JSON_OBJECT_END)
            return true;
        field.name = token.text;
        if (!read_text(reading, SLICE("headers"), &field.value, &given))
            return false;
        if (draft->part.field_count == reading->rules->fields_max)
            return wrong(reading, SLICE("headers"), "A request has too many headers.");
        if (given && !add_field(reading, draft, field))
            return false;
    }
}

static bool read_body(struct reading *reading, struct draft *draft)
{
    struct error why = { 0 };

    if (!json_reader_skip(&reading->json, &draft->body, &why))
        return malformed(reading, &why);
    draft->part.has_body = draft->body.ptr[0] != 'n';
    return true;
}

static bool read_depends_on(struct reading *reading, struct draft *draft)
{
    struct json_token token;

    if (!next(reading, &token))
        return false;
    if (token.kind == JSON_NULL)
        return true;
    if (token.kind != JSON_ARRAY_BEGIN)
        return wrong(reading, SLICE("dependsOn"), "The member has to be an array of strings.");
    draft->names = arena_new_array(reading->arena, BATCH_PARTS_MOST, struct slice);
    if (!draft->names)
        return error_no_memory(reading->err);
    for (;;) {
        if (!next(reading, &token))
            return false;
        if (token.kind == JSON_ARRAY_END)
            return true;
        if (token.kind != JSON_STRING)
            return wrong(reading, SLICE("dependsOn"), "The member has to be an array of strings.");
        if (draft->name_count == BATCH_PARTS_MOST)
            return wrong(reading, SLICE("dependsOn"), "A request depends on too many others.");
        draft->names[draft->name_count++] = token.text;
    }
}

static bool read_refused(struct reading *reading, struct slice member)
{
    struct json_token token;

    if (!next(reading, &token))
        return false;
    return token.kind == JSON_NULL ||
           error_set(reading->err, ERROR_BAD_REQUEST, member,
                     "The member '%.*s' of a batched request is not supported.", SLICE_ARG(member));
}

static bool read_member(struct reading *reading, struct draft *draft, struct slice name)
{
    if (slice_eq(name, SLICE("id")))
        return read_text(reading, name, &draft->part.id, &draft->has_id);
    if (slice_eq(name, SLICE("method")))
        return read_text(reading, name, &draft->part.method, &draft->has_method);
    if (slice_eq(name, SLICE("url")))
        return read_text(reading, name, &draft->part.url, &draft->has_url);
    if (slice_eq(name, SLICE("headers")))
        return read_fields(reading, draft);
    if (slice_eq(name, SLICE("body")))
        return read_body(reading, draft);
    if (slice_eq(name, SLICE("dependsOn")))
        return read_depends_on(reading, draft);
    if (slice_eq(name, SLICE("atomicityGroup")) && reading->rules->takes_groups)
        return read_text(reading, name, &draft->part.group, &draft->has_group);
    if (slice_eq(name, SLICE("atomicityGroup")) || slice_eq(name, SLICE("if")))
        return read_refused(reading, name);
    return skip(reading);
}

/* --- a whole part ---------------------------------------------------------------------------- */

static bool find_id(const struct batch *batch, struct slice id, size_t *ret)
{
    for (size_t i = 0; i < batch->count; i++) {
        if (slice_eq_nocase(batch->parts[i].id, id)) {
            *ret = i;
            return true;
        }
    }
    return false;
}

/* The parts of a group, as a set; 0 when there is no such group. */
static uint64_t find_group(const struct batch *batch, struct slice group)
{
    uint64_t parts = 0;

    for (size_t i = 0; i < batch->count; i++) {
        if (batch->parts[i].set && slice_eq_nocase(batch->parts[i].group, group))
            parts |= UINT64_C(1) << i;
    }
    return parts;
}

static bool check_id(struct reading *reading, const struct draft *draft)
{
    size_t other;

    if (!draft->has_id || draft->part.id.len == 0)
        return wrong(reading, SLICE("id"), "A request needs an id.");
    return (!find_id(&reading->batch, draft->part.id, &other) &&
            !find_group(&reading->batch, draft->part.id)) ||
           error_set(reading->err, ERROR_BAD_REQUEST, SLICE("id"),
                     "Invalid batch payload format. The id '%.*s' occurs more than once.",
                     SLICE_ARG(odata_quote(draft->part.id)));
}

static bool is_letters(struct slice s)
{
    for (size_t i = 0; i < s.len; i++) {
        if ((s.ptr[i] | ' ') < 'a' || (s.ptr[i] | ' ') > 'z')
            return false;
    }
    return s.len > 0 && s.len <= 16;
}

static bool check_method(struct reading *reading, struct draft *draft)
{
    struct slice *method = &draft->part.method;
    char *capitals;

    if (!draft->has_method || !is_letters(*method))
        return error_set(reading->err, ERROR_BAD_REQUEST, SLICE("method"),
                         "Invalid batch payload format. Request '%.*s' needs a method.",
                         SLICE_ARG(odata_quote(draft->part.id)));
    capitals = arena_alloc(reading->arena, method->len);
    if (!capitals)
        return error_no_memory(reading->err);
    for (size_t i = 0; i < method->len; i++)
        capitals[i] = (char)(method->ptr[i] & ~' ');
    method->ptr = capitals;
    return true;
}

static bool check_url(struct reading *reading, const struct draft *draft)
{
    return draft->has_url || error_set(reading->err, ERROR_BAD_REQUEST, SLICE("url"),
                                       "Invalid batch payload format. Request '%.*s' needs a url.",
                                       SLICE_ARG(odata_quote(draft->part.id)));
}

/* What is of a group is not done before all of it is, nor without. */
static uint64_t whole_of(const struct batch *batch, size_t at)
{
    const struct batch_part *part = &batch->parts[at];

    return part->set ? find_group(batch, part->group) : UINT64_C(1) << at;
}

static bool resolve_depends_on(struct reading *reading, struct draft *draft)
{
    for (size_t i = 0; i < draft->name_count; i++) {
        uint64_t group = find_group(&reading->batch, draft->names[i]);
        size_t at;

        draft->part.depends_on |= group;
        if (group)
            continue;
        if (!find_id(&reading->batch, draft->names[i], &at))
            return error_set(reading->err, ERROR_BAD_REQUEST, SLICE("dependsOn"),
                             "Invalid batch payload format. Request '%.*s' depends on '%.*s', "
                             "which is no request before it.",
                             SLICE_ARG(odata_quote(draft->part.id)),
                             SLICE_ARG(odata_quote(draft->names[i])));
        draft->part.depends_on |= whole_of(&reading->batch, at);
    }
    return true;
}

/* --- atomicity groups ------------------------------------------------------------------------- */

static bool wrong_group(struct reading *reading, const struct draft *draft, const char *what)
{
    return error_set(reading->err, ERROR_BAD_REQUEST, SLICE("atomicityGroup"),
                     "Invalid batch payload format. The group of request '%.*s' %s.",
                     SLICE_ARG(odata_quote(draft->part.id)), what);
}

/* The parts of a group stand side by side. */
static bool set_group(struct reading *reading, struct draft *draft)
{
    struct batch *batch = &reading->batch;
    struct batch_part *part = &draft->part;
    const struct batch_part *last = batch->count ? &batch->parts[batch->count - 1] : NULL;
    size_t other;

    if (!draft->has_group)
        return true;
    if (part->group.len == 0)
        return wrong_group(reading, draft, "has no name");
    if (slice_eq(part->method, SLICE("GET")) || slice_eq(part->method, SLICE("HEAD")))
        return wrong_group(reading, draft, "cannot hold a request that reads");
    if (slice_eq_nocase(part->id, part->group) || find_id(batch, part->group, &other))
        return wrong_group(reading, draft, "has the name of a request");
    if (last && last->set && slice_eq_nocase(last->group, part->group))
        part->set = last->set;
    else if (find_group(batch, part->group))
        return wrong_group(reading, draft, "has others between its requests");
    else
        part->set = (unsigned)++batch->set_count;
    return true;
}

/* --- bodies ---------------------------------------------------------------------------------- */

static struct slice content_type(const struct draft *draft)
{
    for (size_t i = 0; i < draft->part.field_count; i++) {
        if (slice_eq_nocase(draft->fields[i].name, SLICE("Content-Type")))
            return draft->fields[i].value;
    }
    return SLICE_EMPTY;
}

static bool is_write(struct slice method)
{
    return slice_eq(method, SLICE("POST")) || slice_eq(method, SLICE("PATCH")) ||
           slice_eq(method, SLICE("PUT"));
}

/* A text in the alphabet of base64 or base64url, decoded. */
static bool decode(struct reading *reading, struct slice literal, struct slice *ret)
{
    struct json_reader json;
    struct json_token token;

    json_reader_init(&json, literal, reading->arena, 1);
    return json_reader_next(&json, &token, NULL) && token.kind == JSON_STRING &&
           (base64_decode(reading->arena, token.text, ret) ||
            base64url_decode(reading->arena, token.text, ret));
}

/* Base64 text that should have been an object: true when it is one. */
static bool take_bytes(struct reading *reading, struct draft *draft)
{
    struct slice bytes;

    if (!reading->rules->takes_bytes || !decode(reading, draft->body, &bytes) ||
        !slice_starts_with(bytes, SLICE("{")))
        return false;
    reading->batch.took_bytes = true;
    draft->part.body = bytes;
    return true;
}

static bool lacks_body(struct reading *reading, const struct draft *draft)
{
    return error_set(reading->err, ERROR_BAD_REQUEST,
                     draft->part.has_body ? SLICE("headers") : SLICE("body"),
                     "Write request id : %.*s does not contain Content-Type header or body.",
                     SLICE_ARG(odata_quote(draft->part.id)));
}

static bool is_text(struct slice type)
{
    return slice_starts_with_nocase(type, SLICE("text/"));
}

/* A text as it is, what is in its string. */
static bool take_text(struct reading *reading, struct draft *draft)
{
    struct json_reader json;
    struct json_token token;

    json_reader_init(&json, draft->body, reading->arena, 1);
    if (!json_reader_next(&json, &token, NULL) || token.kind != JSON_STRING)
        return false;
    draft->part.body = token.text;
    return true;
}

/* What cannot be decoded and passed on as it stands would become the text of a property, its quotes
 * included. */
static bool decode_body(struct reading *reading, struct draft *draft, struct slice type)
{
    return decode(reading, draft->body, &draft->part.body) ||
           (is_text(type) && take_text(reading, draft)) ||
           error_set(reading->err, ERROR_BAD_REQUEST, SLICE("body"),
                     "Request id : %.*s has a Content-Type other than JSON, and a body that is no "
                     "base64url text.",
                     SLICE_ARG(odata_quote(draft->part.id)));
}

/* What is not JSON comes as base64url text, and text, where that is no base64, as it is (JSON
 * Format 4.01, 19.1). */
static bool set_body(struct reading *reading, struct draft *draft)
{
    static const struct batch_field json = { SLICE_INIT("Content-Type"),
                                             SLICE_INIT("application/json") };
    struct slice type = content_type(draft);

    if (!draft->part.has_body)
        return !is_write(draft->part.method) || lacks_body(reading, draft);
    if (type.len == 0)
        return take_bytes(reading, draft) ? add_field(reading, draft, json)
                                          : lacks_body(reading, draft);
    if (!odata_is_media_type(type, SLICE("application/json")))
        return decode_body(reading, draft, type);
    if (!take_bytes(reading, draft))
        draft->part.body = draft->body;
    return true;
}

static bool read_part(struct reading *reading)
{
    struct draft draft = { .part.has_body = false };
    struct batch *batch = &reading->batch;
    struct json_token token;

    for (;;) {
        if (!next(reading, &token))
            return false;
        if (token.kind == JSON_OBJECT_END)
            break;
        if (!read_member(reading, &draft, token.text))
            return false;
    }
    if (!check_id(reading, &draft) || !check_method(reading, &draft) ||
        !check_url(reading, &draft) || !set_group(reading, &draft) ||
        !resolve_depends_on(reading, &draft) || !set_body(reading, &draft))
        return false;
    draft.part.fields = draft.fields;
    batch->parts[batch->count++] = draft.part;
    return true;
}

/* --- the whole ------------------------------------------------------------------------------- */

static bool read_requests(struct reading *reading)
{
    struct json_token token;

    if (!next(reading, &token))
        return false;
    if (token.kind != JSON_ARRAY_BEGIN)
        return wrong(reading, SLICE("requests"), "The member has to be an array of requests.");
    for (;;) {
        if (!next(reading, &token))
            return false;
        if (token.kind == JSON_ARRAY_END)
            return true;
        if (token.kind != JSON_OBJECT_BEGIN)
            return wrong(reading, SLICE("requests"), "A request has to be an object.");
        if (reading->batch.count == reading->rules->parts_max)
            return error_set(reading->err, ERROR_BAD_REQUEST, SLICE("requests"),
                             "Number of batch request steps exceeds the maximum value of %zu.",
                             reading->rules->parts_max);
        if (!read_part(reading))
            return false;
    }
}

static bool read_envelope(struct reading *reading)
{
    struct json_token token;

    if (!next(reading, &token))
        return false;
    if (token.kind != JSON_OBJECT_BEGIN)
        return wrong(reading, SLICE_EMPTY, "A batch has to be an object.");
    for (;;) {
        if (!next(reading, &token))
            return false;
        if (token.kind == JSON_OBJECT_END)
            return next(reading, &token); /* that nothing follows */
        if (!(slice_eq(token.text, SLICE("requests")) ? read_requests(reading) : skip(reading)))
            return false;
    }
}

bool batch_read(struct slice json, const struct batch_rules *rules, struct arena *arena,
                struct batch *ret, struct error *err)
{
    struct reading reading = { .rules = rules, .arena = arena, .err = err };

    if (slice_starts_with(json, SLICE("\xEF\xBB\xBF"))) /* as in any other body */
        json = slice_sub(json, 3, json.len);
    json_reader_init(&reading.json, json, arena, rules->json_depth);
    reading.batch.parts = arena_new_array(arena, rules->parts_max, struct batch_part);
    if (!reading.batch.parts)
        return error_no_memory(err);
    if (!read_envelope(&reading))
        return false;
    if (reading.batch.count == 0)
        return wrong(&reading, SLICE("requests"), "There are no requests.");
    *ret = reading.batch;
    return true;
}
