/* fuzz/odata_payload_fuzz.c - any body is refused in good order or is an entity that survives being
 * written and read.
 *
 * The first byte chooses the entity type, whether it is a create, an update or an action's
 * parameters or one property's, and how much memory there is; the rest is the body. An entity that
 * was accepted is filled with defaults, written, read back and written again: the two texts must be
 * the same bytes, in both profiles, one of them at the full level.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/text.h"
#include "model/graph_model.h"
#include "odata/payload.h"
#include "json/reader.h"

#define PLENTY       ((size_t)4 << 20)
#define SMALL_BUDGET 1024
#define DEPTH        16
#define KEY          SLICE("c0665abc-0000-4000-8000-00000000abcd")

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_error(const struct error *err, bool may_lack_memory)
{
    assert(err->code == ERROR_EMPTY_PAYLOAD || err->code == ERROR_BAD_REQUEST ||
           err->code == ERROR_MODEL_VALIDATION ||
           (may_lack_memory && err->code == ERROR_TOO_LARGE));
    assert(err->message[0] != '\0');
    assert(slice_is_utf8(slice_of(err->message)) && slice_is_utf8(slice_of(err->target)));
}

static struct slice write(const struct edm_entity *entity, const struct profile *profile,
                          struct arena *arena)
{
    const struct odata_reply reply = {
        .model = &graph_model,
        .profile = profile,
        .origin = SLICE("https://localhost"),
        .version = EDM_VERSION_BETA,
        .level = profile == &profile_live ? ODATA_FULL : ODATA_MINIMAL,
    };
    struct text text;

    text_init(&text, arena, 0, PLENTY);
    odata_write_entity(&reply, entity, &text);
    assert(!text.failed && json_is_valid(text_slice(&text), arena, DEPTH));
    return text_slice(&text);
}

/* The key is given by the service; every type has it as its first property. */
static void set_key(struct edm_entity *entity)
{
    entity->values[0] = (struct edm_value){ .text = KEY };
    edm_entity_mark(entity, 0);
}

static void check_round_trip(struct edm_entity *entity, const struct profile *profile,
                             struct arena *arena)
{
    struct edm_entity *again;
    struct error err = { 0 };
    struct slice first = write(entity, profile, arena);

    assert(odata_read_entity(&graph_model, entity->type, first, KEY, DEPTH, arena, &again, &err));
    /* What requests may not set is not read back. */
    for (size_t i = 0; i < entity->type->property_count; i++) {
        if (entity->type->properties[i].flags & EDM_READ_ONLY)
            again->values[i] = entity->values[i];
    }
    again->present = entity->present;
    assert(slice_eq(write(again, profile, arena), first));
}

static void check_entity(const struct edm_entity_type *type, bool is_update, struct slice body,
                         struct arena *arena, bool may_lack_memory)
{
    struct edm_entity *entity;
    struct error err = { 0 };

    if (!odata_read_entity(&graph_model, type, body, is_update ? KEY : SLICE_EMPTY, DEPTH, arena,
                           &entity, &err)) {
        check_error(&err, may_lack_memory);
        return;
    }
    assert(err.code == ERROR_NONE && entity->type == type);
    assert(!(entity->present & ~edm_all_properties(type)) && !edm_entity_has(entity, 0));
    if (may_lack_memory)
        return;
    assert(edm_entity_fill_defaults(&graph_model, entity, arena, &err));
    set_key(entity);
    check_round_trip(entity, &profile_documented, arena);
    check_round_trip(entity, &profile_live, arena);
}

static void check_parameters(const struct edm_entity_type *type, struct slice body,
                             struct arena *arena, bool may_lack_memory)
{
    for (size_t i = 0; i < type->action_count; i++) {
        const struct edm_action *action = &type->actions[i];
        struct edm_value *values;
        struct error err = { 0 };

        if (!odata_read_parameters(&graph_model, action, body, DEPTH, arena, &values, &err)) {
            check_error(&err, may_lack_memory);
            continue;
        }
        for (size_t j = 0; j < action->parameter_count; j++)
            assert(!values[j].is_null || ((action->parameters[j].flags & EDM_NULLABLE) &&
                                          !(action->parameters[j].flags & EDM_REQUIRED)));
    }
}

/* What was read is one property; as bare text it is what it was. */
static void check_property(const struct edm_entity *entity, size_t index, struct arena *arena)
{
    const struct odata_reply reply = { .model = &graph_model, .profile = &profile_documented };
    const struct edm_property *property = &entity->type->properties[index];
    struct edm_entity *again;
    struct error err = { 0 };
    struct text first, second;

    assert(entity->present == UINT64_C(1) << index);
    if (entity->values[index].is_null || (property->flags & EDM_COLLECTION))
        return;
    text_init(&first, arena, 0, PLENTY);
    text_init(&second, arena, 0, PLENTY);
    odata_write_value(&reply, entity, property, &first);
    assert(odata_read_value(&graph_model, entity->type, property, text_slice(&first), arena, &again,
                            &err));
    odata_write_value(&reply, again, property, &second);
    assert(slice_eq(text_slice(&first), text_slice(&second)));
}

static void check_properties(const struct edm_entity_type *type, bool is_text, struct slice body,
                             struct arena *arena, bool may_lack_memory)
{
    for (size_t i = 0; i < type->property_count; i++) {
        const struct edm_property *property = &type->properties[i];
        struct edm_entity *entity;
        struct error err = { 0 };

        if (property->flags & EDM_READ_ONLY) /* refused before anything is read */
            continue;
        if (!(is_text ? odata_read_value(&graph_model, type, property, body, arena, &entity, &err)
                      : odata_read_property(&graph_model, type, property, body, DEPTH, arena,
                                            &entity, &err)))
            check_error(&err, may_lack_memory);
        else if (!may_lack_memory)
            check_property(entity, i, arena);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    const struct edm_singleton *singleton = graph_model.singleton;
    const struct edm_entity_type *type = singleton->types[(data[0] >> 4) % singleton->type_count];
    bool may_lack_memory = data[0] & 4;
    size_t len = size - 1;
    struct arena *arena = arena_create(NULL, may_lack_memory ? SMALL_BUDGET : PLENTY);
    char *text = malloc(len ? len : 1); /* just this size: reading past it is seen */

    assert(arena && text);
    memcpy(text, data + 1, len);
    if (data[0] & 8)
        check_properties(type, data[0] & 1, (struct slice){ text, len }, arena, may_lack_memory);
    else if (data[0] & 2)
        check_parameters(type, (struct slice){ text, len }, arena, may_lack_memory);
    else
        check_entity(type, data[0] & 1, (struct slice){ text, len }, arena, may_lack_memory);
    free(text);
    arena_destroy(arena);
    return 0;
}
