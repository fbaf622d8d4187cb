/* odata/payload_write.c - entities and pages as OData's JSON.
 *
 * What a reply shows is settled before the first entity is written (the set of properties, the type
 * annotation, the form of dates), so that the loop over a page of a thousand does nothing but walk
 * the bits of a set and write values.
 *
 * The three levels of control information are settled there too: minimal and none differ from full
 * by empty sets and texts, so that the loop asks no level.
 *
 * Members of a list come as Graph writes them: context, count, tip, nextLink, value. All but the
 * last are in front so that a client can stream the rows behind them.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/text.h"
#include "odata/etag.h"
#include "odata/payload_writing.h"
#include "json/writer.h"

/* --- contexts -------------------------------------------------------------------------------- */

/* "(id,state)", in the model's order; "" when everything is shown unasked. */
static void append_select_list(const struct odata_reply *reply, const struct edm_entity_type *type,
                               struct text *out)
{
    char before = '(';

    if (!reply->select_given)
        return;
    for (size_t i = 0; i < type->property_count; i++) {
        if (!(reply->select >> i & 1))
            continue;
        text_append_char(out, before);
        text_append(out, type->properties[i].name);
        before = ',';
    }
    for (size_t i = 0; reply->computed && i < reply->computed->count; i++) {
        text_append_char(out, before);
        text_append(out, reply->computed->properties[i].name);
        before = ',';
    }
    text_append_char(out, ')');
}

static void write_context(const struct odata_reply *reply, const struct edm_entity_type *type,
                          struct slice end, struct json_writer *writer)
{
    if (reply->level == ODATA_NONE)
        return;
    payload_begin_context(reply, writer);
    text_append_char(writer->out, '/');
    text_append(writer->out, type->set_name);
    append_select_list(reply, type, writer->out);
    text_append(writer->out, end);
    payload_end_url(writer);
}

/* --- control information --------------------------------------------------------------------- */

bool payload_is_typed(const struct edm_property *property)
{
    return (property->flags & EDM_COLLECTION) ||
           (property->kind != EDM_STRING && property->kind != EDM_BOOLEAN);
}

/* Properties whose type JSON does not tell: what is no string and no boolean. */
static uint64_t typed_properties(const struct edm_entity_type *type)
{
    uint64_t typed = 0;

    for (size_t i = 0; i < type->property_count; i++) {
        if (payload_is_typed(&type->properties[i]))
            typed |= UINT64_C(1) << i;
    }
    return typed;
}

static struct slice unqualified_type(const struct edm_property *property)
{
    if (property->flags & EDM_COLLECTION)
        return SLICE("Collection(String)");
    switch (property->kind) {
    case EDM_STRING:
        return SLICE("String");
    case EDM_BOOLEAN:
        return SLICE("Boolean");
    case EDM_INT32:
        return SLICE("Int32");
    case EDM_INT64:
        return SLICE("Int64");
    case EDM_DATE_TIME_OFFSET:
        return SLICE("DateTimeOffset");
    case EDM_ENUM:
        return property->enumeration->name;
    case EDM_COMPLEX:
    case EDM_KIND_COUNT:
        break;
    }
    return SLICE_EMPTY;
}

void payload_write_property_type(const struct odata_reply *reply, struct slice prefix,
                                 const struct edm_property *property, struct json_writer *writer)
{
    char memory[PAYLOAD_NAME_MAX];
    struct text name;

    text_init_fixed(&name, memory, sizeof memory);
    text_append(&name, prefix);
    text_append(&name, PAYLOAD_CONTROL(reply, "type"));
    json_writer_plain_name(writer, text_slice(&name));
    /* OData JSON 4.01 section 4.6.3: what is built in has no '#' any more. */
    json_writer_raw(writer, reply->plain_names && property->kind != EDM_ENUM &&
                                    !(property->flags & EDM_COLLECTION)
                                ? SLICE("\"")
                                : SLICE("\"#"));
    if (property->kind == EDM_ENUM) {
        text_append(writer->out, reply->model->namespace_name);
        text_append_char(writer->out, '.');
    }
    text_append(writer->out, unqualified_type(property));
    text_append_char(writer->out, '"');
}

static COLD void write_etag(const struct odata_reply *reply, const struct edm_entity *entity,
                            struct json_writer *writer)
{
    char memory[ODATA_ETAG_MAX];
    struct slice etag = odata_etag(entity, reply->health, memory);

    if (etag.len == 0)
        return;
    json_writer_plain_name(writer, PAYLOAD_CONTROL(reply, "etag"));
    json_writer_string(writer, etag);
}

static void write_entity_links(const struct odata_reply *reply, const struct edm_entity *entity,
                               struct json_writer *writer)
{
    struct slice key = entity->values[0].text;

    payload_begin_url(reply, PAYLOAD_CONTROL(reply, "id"), "/", writer);
    payload_append_set_path(reply, entity->type, writer->out);
    payload_append_key(key, writer->out);
    payload_end_url(writer);
    json_writer_plain_name(writer, PAYLOAD_CONTROL(reply, "editLink"));
    json_writer_raw(writer, SLICE("\"")); /* relative to the context's URL */
    payload_append_set_path(reply, entity->type, writer->out);
    payload_append_key(key, writer->out);
    payload_end_url(writer);
}

static void append_action_name(const struct odata_reply *reply, const struct edm_action *action,
                               struct text *out)
{
    text_append(out, reply->model->namespace_name);
    text_append_char(out, '.');
    text_append(out, action->name);
}

/* "#microsoft.graph.sync":{"title":"microsoft.graph.sync","target":"https://..."}; `key` is that
 * of the entity, empty for the set as a whole. */
static void write_action(const struct odata_reply *reply, const struct edm_entity_type *type,
                         struct slice key, const struct edm_action *action,
                         struct json_writer *writer)
{
    char memory[PAYLOAD_NAME_MAX];
    struct text name;

    text_init_fixed(&name, memory, sizeof memory);
    text_append_char(&name, '#');
    append_action_name(reply, action, &name);
    json_writer_plain_name(writer, text_slice(&name));
    json_writer_object_begin(writer);
    json_writer_plain_name(writer, SLICE("title"));
    json_writer_plain_string(writer, slice_sub(text_slice(&name), 1, name.len));
    payload_begin_url(reply, SLICE("target"), "/", writer);
    payload_append_set_path(reply, type, writer->out);
    if (key.len)
        payload_append_key(key, writer->out);
    text_append_char(writer->out, '/');
    append_action_name(reply, action, writer->out);
    payload_end_url(writer);
    json_writer_object_end(writer);
}

/* Those of an entity, or of the set where there is no key. */
static void write_actions(const struct odata_reply *reply, const struct edm_entity_type *type,
                          struct slice key, struct json_writer *writer)
{
    for (size_t i = 0; i < type->action_count; i++) {
        const struct edm_action *action = &type->actions[i];

        if ((action->versions & reply->version) && !action->of_set == (key.len > 0))
            write_action(reply, type, key, action, writer);
    }
}

/* --- tips ------------------------------------------------------------------------------------ */

/* The two properties that come first by their names, the key apart; fewer where there are fewer. */
static size_t find_first_names(const struct edm_entity_type *type, struct slice ret[2])
{
    size_t count = 0;

    for (size_t i = 1; i < type->property_count; i++) {
        struct slice name = type->properties[i].name;

        if (count == 0 || slice_compare(name, ret[0]) < 0) {
            ret[1] = ret[0];
            ret[0] = name;
        } else if (count == 1 || slice_compare(name, ret[1]) < 0) {
            ret[1] = name;
        }
        count += count < 2;
    }
    return count;
}

/* Names only, so nothing in it needs escaping; `key` stands for any. */
static COLD void write_tip(const struct odata_reply *reply, const struct edm_entity_type *type,
                           struct slice key, struct json_writer *writer)
{
    struct slice names[2] = { SLICE_EMPTY, SLICE_EMPTY };
    size_t count = find_first_names(type, names);

    if (count == 0)
        return;
    json_writer_plain_name(writer, SLICE("@microsoft.graph.tips"));
    json_writer_raw(writer, SLICE("\"Use $select to choose only the properties your app needs, as "
                                  "this can lead to performance improvements. For example: GET "));
    text_append(writer->out, payload_singleton_name(reply));
    text_append_char(writer->out, '/');
    text_append(writer->out, type->set_name);
    text_append(writer->out, key);
    text_append(writer->out, SLICE("?$select="));
    text_append(writer->out, names[0]);
    if (count == 2)
        text_append_char(writer->out, ',');
    text_append(writer->out, names[1]);
    text_append_char(writer->out, '"');
}

static bool gets_tip(const struct odata_reply *reply)
{
    return reply->asked_for_all && reply->profile->tips && reply->level == ODATA_MINIMAL;
}

/* --- entities -------------------------------------------------------------------------------- */

/* What is the same for every entity of a reply. */
struct shape {
    const struct odata_reply *reply;
    uint64_t shown;     /* properties */
    uint64_t annotated; /* those that something is written in front of: their type, a count */
    uint64_t typed;     /* of these, those with their type */
    bool full;
    bool etags;
    unsigned form;     /* enum edm_form */
    struct slice type; /* the value of "@odata.type", empty when it is not written */
    char memory[PAYLOAD_NAME_MAX];
};

unsigned payload_form(const struct odata_reply *reply)
{
    return (reply->profile->dates_in_utc ? EDM_UTC : 0u) |
           (reply->unknown_members ? 0u : EDM_MASKED) | (reply->ieee754 ? EDM_LONG_TEXT : 0u);
}

static void shape_init(struct shape *shape, const struct odata_reply *reply,
                       const struct edm_entity_type *type)
{
    shape->reply = reply;
    shape->shown = reply->select_given ? reply->select : UINT64_MAX;
    shape->full = reply->level == ODATA_FULL;
    shape->typed = shape->full ? typed_properties(type) : 0;
    shape->annotated = shape->typed | reply->counted;
    shape->etags = reply->etags && reply->level != ODATA_NONE;
    shape->form = payload_form(reply);
    shape->type = payload_type_value(reply, type->name, shape->memory);
}

/* "roleScopeTagIds@odata.count":3 */
static COLD void write_item_count(const struct odata_reply *reply, struct slice prefix,
                                  uint32_t count, struct json_writer *writer)
{
    char memory[PAYLOAD_NAME_MAX];
    struct text name;

    text_init_fixed(&name, memory, sizeof memory);
    text_append(&name, prefix);
    text_append(&name, PAYLOAD_CONTROL(reply, "count"));
    json_writer_plain_name(writer, text_slice(&name));
    if (reply->ieee754)
        json_writer_int_string(writer, count);
    else
        json_writer_int(writer, count);
}

static void write_annotations(const struct shape *shape, const struct edm_property *property,
                              size_t index, const struct edm_value *value,
                              struct json_writer *writer)
{
    if (shape->typed >> index & 1)
        payload_write_property_type(shape->reply, property->name, property, writer);
    if (shape->reply->counted >> index & 1)
        write_item_count(shape->reply, property->name, value->item_count, writer);
}

/* The members of an entity behind its context. */
static void write_members(const struct shape *shape, const struct edm_entity *entity,
                          struct json_writer *writer)
{
    const struct edm_property *properties = entity->type->properties;

    payload_write_type(shape->reply, shape->type, writer);
    if (shape->etags)
        write_etag(shape->reply, entity, writer);
    if (shape->full && edm_entity_has(entity, 0))
        write_entity_links(shape->reply, entity, writer);
    for (uint64_t rest = entity->present & shape->shown; rest; rest &= rest - 1) {
        size_t i = (size_t)__builtin_ctzll(rest);
        if ((shape->annotated >> i & 1) && !entity->values[i].is_null)
            write_annotations(shape, &properties[i], i, &entity->values[i], writer);
        json_writer_plain_name(writer, properties[i].name);
        edm_value_write(&properties[i], &entity->values[i], shape->form, writer);
    }
    if (shape->full && !shape->reply->select_given && edm_entity_has(entity, 0))
        write_actions(shape->reply, entity->type, entity->values[0].text, writer);
}

void odata_write_entity(const struct odata_reply *reply, const struct edm_entity *entity,
                        struct text *out)
{
    struct json_writer writer;
    struct shape shape;

    shape_init(&shape, reply, entity->type);
    json_writer_init(&writer, out);
    json_writer_object_begin(&writer);
    write_context(reply, entity->type, SLICE("/$entity"), &writer);
    if (gets_tip(reply))
        write_tip(reply, entity->type, SLICE("('<guid>')"), &writer);
    write_members(&shape, entity, &writer);
    if (reply->computed)
        payload_write_computed(reply, 0, &writer);
    json_writer_object_end(&writer);
}

void odata_write_page(const struct odata_reply *reply, const struct edm_entity_type *type,
                      const struct edm_page *page, struct slice next_link, struct text *out)
{
    struct json_writer writer;
    struct shape shape;

    shape_init(&shape, reply, type);
    json_writer_init(&writer, out);
    json_writer_object_begin(&writer);
    write_context(reply, type, SLICE_EMPTY, &writer);
    if (page->total_count >= 0) {
        json_writer_plain_name(&writer, PAYLOAD_CONTROL(reply, "count"));
        if (reply->ieee754)
            json_writer_int_string(&writer, page->total_count);
        else
            json_writer_int(&writer, page->total_count);
    }
    if (gets_tip(reply))
        write_tip(reply, type, SLICE_EMPTY, &writer);
    if (next_link.len) {
        json_writer_plain_name(&writer, PAYLOAD_CONTROL(reply, "nextLink"));
        json_writer_string(&writer, next_link);
    }
    if (shape.full && !reply->select_given)
        write_actions(reply, type, SLICE_EMPTY, &writer);
    json_writer_plain_name(&writer, SLICE("value"));
    json_writer_array_begin(&writer);
    for (size_t i = 0; i < page->count; i++) {
        json_writer_object_begin(&writer);
        write_members(&shape, page->entities[i], &writer);
        if (reply->computed)
            payload_write_computed(reply, i, &writer);
        json_writer_object_end(&writer);
    }
    json_writer_array_end(&writer);
    json_writer_object_end(&writer);
}

/* --- deltas ---------------------------------------------------------------------------------- */

/* {"id":"...","@removed":{"reason":"deleted"}}: OData JSON 4.01 section 15.3, at every level. */
static void write_removed(const struct edm_entity_type *type, const struct odata_delta_item *item,
                          struct json_writer *writer)
{
    json_writer_object_begin(writer);
    json_writer_plain_name(writer, type->properties[0].name);
    json_writer_string(writer, item->id);
    json_writer_plain_name(writer, SLICE("@removed"));
    json_writer_object_begin(writer);
    json_writer_plain_name(writer, SLICE("reason"));
    json_writer_plain_string(writer, item->deleted ? SLICE("deleted") : SLICE("changed"));
    json_writer_object_end(writer);
    json_writer_object_end(writer);
}

void odata_write_delta(const struct odata_reply *reply, const struct edm_entity_type *type,
                       const struct odata_delta_page *page, struct text *out)
{
    struct json_writer writer;
    struct shape shape;
    uint64_t shown;

    shape_init(&shape, reply, type);
    shown = shape.shown;
    json_writer_init(&writer, out);
    json_writer_object_begin(&writer);
    write_context(reply, type, page->lists ? SLICE_EMPTY : SLICE("/$delta"), &writer);
    json_writer_plain_name(&writer, page->next_link.len ? PAYLOAD_CONTROL(reply, "nextLink")
                                                        : PAYLOAD_CONTROL(reply, "deltaLink"));
    json_writer_string(&writer, page->next_link.len ? page->next_link : page->delta_link);
    json_writer_plain_name(&writer, SLICE("value"));
    json_writer_array_begin(&writer);
    for (size_t i = 0; i < page->count; i++) {
        if (!page->items[i].entity) {
            write_removed(type, &page->items[i], &writer);
            continue;
        }
        json_writer_object_begin(&writer);
        shape.shown = (shown & page->items[i].shown) | 1; /* what is changed must be named */
        write_members(&shape, page->items[i].entity, &writer);
        json_writer_object_end(&writer);
    }
    json_writer_array_end(&writer);
    json_writer_object_end(&writer);
}

/* --- one property ---------------------------------------------------------------------------- */

void odata_write_property(const struct odata_reply *reply, const struct edm_entity *entity,
                          const struct edm_property *property, struct text *out)
{
    size_t index = (size_t)(property - entity->type->properties);
    struct json_writer writer;

    json_writer_init(&writer, out);
    json_writer_object_begin(&writer);
    if (reply->level != ODATA_NONE) {
        payload_begin_context(reply, &writer);
        text_append_char(out, '/');
        text_append(out, entity->type->set_name);
        payload_append_key(entity->values[0].text, out);
        text_append_char(out, '/');
        text_append(out, property->name);
        payload_end_url(&writer);
    }
    if (reply->level == ODATA_FULL && (typed_properties(entity->type) >> index & 1))
        payload_write_property_type(reply, SLICE_EMPTY, property, &writer);
    json_writer_plain_name(&writer, SLICE("value"));
    edm_value_write(property, &entity->values[index], payload_form(reply), &writer);
    json_writer_object_end(&writer);
}

/* What is no string is written as JSON first: a member's name or a date between quotes, in which
 * nothing is escaped, or a number or word without. */
void odata_write_value(const struct odata_reply *reply, const struct edm_entity *entity,
                       const struct edm_property *property, struct text *out)
{
    const struct edm_value *value = &entity->values[property - entity->type->properties];
    char memory[PAYLOAD_NAME_MAX];
    struct json_writer writer;
    struct text json;

    if (property->kind == EDM_STRING) {
        text_append(out, value->text);
        return;
    }
    text_init_fixed(&json, memory, sizeof memory);
    json_writer_init(&writer, &json);
    edm_value_write(property, value, payload_form(reply), &writer);
    struct slice text = text_slice(&json);
    if (slice_starts_with(text, SLICE("\"")))
        text = slice_sub(text, 1, text.len - 2);
    text_append(out, text);
}
