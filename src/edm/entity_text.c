/* edm/entity_text.c - writes and reads the members of an entity's object by the model's table.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "edm/entity_text.h"

#include "json/reader.h"
#include "json/writer.h"

#define DEPTH 3 /* the object, a collection in it, and one to see that there is no more */

void edm_entity_write(const struct edm_entity *entity, struct json_writer *writer)
{
    json_writer_object_begin(writer);
    for (size_t i = 0; i < entity->type->property_count; i++) {
        json_writer_plain_name(writer, entity->type->properties[i].name);
        edm_value_write(&entity->type->properties[i], &entity->values[i], EDM_AS_STORED, writer);
    }
    json_writer_object_end(writer);
}

static bool read_member(const struct edm_model *model, struct json_reader *reader,
                        struct slice name, struct arena *arena, struct edm_entity *entity,
                        struct error *err)
{
    int property = edm_find_property(entity->type, name);
    struct json_token token;

    if (property < 0)
        return error_set(err, ERROR_MODEL_VALIDATION, name, "There is no such property.");
    if (!json_reader_next(reader, &token, err) ||
        !edm_value_read(model, &entity->type->properties[property], reader, &token, arena,
                        &entity->values[property], err))
        return false;
    edm_entity_mark(entity, (size_t)property);
    return true;
}

bool edm_entity_read(const struct edm_model *model, const struct edm_entity_type *type,
                     struct slice json, struct arena *arena, struct edm_entity **ret,
                     struct error *err)
{
    struct edm_entity *entity = edm_entity_create(type, arena);
    struct json_reader reader;
    struct json_token token;

    if (!entity)
        return error_no_memory(err);
    json_reader_init(&reader, json, arena, DEPTH);
    if (!json_reader_next(&reader, &token, err))
        return false;
    if (token.kind != JSON_OBJECT_BEGIN)
        return error_set(err, ERROR_BAD_REQUEST, SLICE_EMPTY, "An entity is one JSON object.");
    for (;;) {
        if (!json_reader_next(&reader, &token, err))
            return false;
        if (token.kind == JSON_OBJECT_END)
            break;
        if (!read_member(model, &reader, token.text, arena, entity, err))
            return false;
    }
    if (!json_reader_finish(&reader, err))
        return false;
    *ret = entity;
    return true;
}
