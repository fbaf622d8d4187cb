/* service/provision.c - the default tenant and client, and the reading of seeds.
 *
 * A seed is trusted no more than a request: every value goes through the same validation, and an
 * error says line and column, since seeds are written by hand.
 *
 * An export of a large store is a seed too, so memory must not grow with it. One reader walks the
 * whole text and decodes no value; what it found to be one entity is read again by a reader of its
 * own, whose memory is given back before the next one. Scanning twice costs little beside the
 * insert.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "service/provision.h"

#include "auth/secret.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/duration.h"
#include "edm/entity.h"
#include "edm/model.h"
#include "store/registry.h"
#include "store/store.h"
#include "json/reader.h"

#define SEED_ARENA_BYTES   (size_t)(1 << 20)
#define ENTITY_ARENA_BYTES (size_t)(1 << 20)
/* What a reader may take at most for a byte of its text: the names of an object that has nothing
 * but names. A limit; an export takes a few hundred bytes in all. */
#define READER_GROWTH 16

struct uuid service_default_tenant(void)
{
    struct uuid id = { { 0 } };

    /* 00000000-0000-4000-8000-000000000001 */
    id.bytes[6] = 0x40;
    id.bytes[8] = 0x80;
    id.bytes[15] = 0x01;
    return id;
}

bool service_provision(struct store_session *session, int64_t now_ticks, struct error *err)
{
    struct registry_tenant tenant = { .id = service_default_tenant(),
                                      .name = SLICE("default"),
                                      .licensed = true,
                                      .created_ticks = now_ticks };
    struct registry_client client = { .app_id = SLICE(SERVICE_DEFAULT_CLIENT),
                                      .name = SLICE("connectord default client"),
                                      .any_tenant = true,
                                      .is_default = true,
                                      .created_ticks = now_ticks };
    int64_t version;

    if (!registry_version(session, &version, err))
        return false;
    if (version != 0)
        return true;
    if (!secret_digest(SLICE(SERVICE_DEFAULT_CLIENT_SECRET), client.digest))
        return error_set(err, ERROR_INTERNAL, SLICE_EMPTY, "cannot make a digest of a secret");
    return registry_tenant_add(session, &tenant, err) &&
           registry_client_put(session, &client, false, err);
}

bool service_default_client_works(struct store_session *session, struct arena *arena, bool *ret,
                                  struct error *err)
{
    struct registry_client client;
    struct error why = { 0 };

    if (registry_client_get(session, SLICE(SERVICE_DEFAULT_CLIENT), arena, &client, &why)) {
        *ret = secret_matches(SLICE(SERVICE_DEFAULT_CLIENT_SECRET), client.digest);
        return true;
    }
    if (why.code != ERROR_NOT_FOUND) {
        if (err)
            *err = why;
        return false;
    }
    *ret = false;
    return true;
}

/* --- seeds ----------------------------------------------------------------------------------- */

struct seeding {
    struct store_session *session;
    const struct edm_model *model;
    struct uuid tenant;
    struct slice seed;
    int64_t now_ticks;
    struct json_reader reader; /* of the whole text */
    struct json_reader entity_reader;
    size_t entity_position; /* of the entity being read, in the seed */
    struct arena *arena;    /* its memory */
    size_t count;
};

/* Puts "line 3, column 14: " before what is wrong. */
static COLD bool at_position(const struct seeding *seeding, size_t position, struct error *err)
{
    unsigned line = 1;
    size_t start = 0;
    struct error inner = *err;

    for (size_t i = 0; i < position && i < seeding->seed.len; i++) {
        if (seeding->seed.ptr[i] == '\n') {
            line++;
            start = i + 1;
        }
    }
    if (inner.code != ERROR_CONFLICT && inner.code != ERROR_TOO_LARGE)
        inner.code = ERROR_BAD_REQUEST;
    return error_set(err, inner.code, slice_of(inner.target), "seed, line %u, column %zu: %s", line,
                     position - start + 1, inner.message);
}

/* `position` counts from the entity's first byte. */
static COLD bool at_position_in_entity(const struct seeding *seeding, size_t position,
                                       struct error *err)
{
    return at_position(seeding, seeding->entity_position + position, err);
}

static COLD bool at_entity_reader(const struct seeding *seeding, struct error *err)
{
    return at_position_in_entity(seeding, json_reader_position(&seeding->entity_reader), err);
}

/* The same for an error of the reader, which stopped where the mistake is. */
static COLD bool at_reader(const struct seeding *seeding, struct error *err)
{
    return at_position(seeding, json_reader_position(&seeding->reader), err);
}

static COLD bool wrong(struct seeding *seeding, size_t position, const char *what,
                       struct slice name, struct error *err)
{
    error_set(err, ERROR_BAD_REQUEST, name, "%s '%.*s'", what, SLICE_ARG(slice_sub(name, 0, 100)));
    return at_position(seeding, position, err);
}

/* A sign and a duration, "-1d12h", counted from now; whole seconds, since a seed's dates are for
 * people to read. What no date can say is not one. */
static bool read_relative(struct slice text, int64_t now_ticks, int64_t *ret_ticks)
{
    int64_t relative;

    if (text.len == 0 || (text.ptr[0] != '-' && text.ptr[0] != '+') ||
        !duration_parse(text, &relative))
        return false;
    int64_t ticks = now_ticks + relative; /* neither is far enough from zero to overflow */
    if (ticks < 0 || ticks > CLOCK_TICKS_MAX)
        return false;
    *ret_ticks = ticks - ticks % CLOCK_TICKS_PER_SECOND;
    return true;
}

static bool read_value(struct seeding *seeding, const struct edm_property *property,
                       const struct json_token *token, struct edm_value *ret, struct error *err)
{
    int64_t ticks;

    if (property->kind == EDM_DATE_TIME_OFFSET && token->kind == JSON_STRING &&
        read_relative(token->text, seeding->now_ticks, &ticks)) {
        ret->is_null = false;
        ret->at = (struct edm_date_time){ .ticks = ticks };
        return true;
    }
    return edm_value_read(seeding->model, property, &seeding->entity_reader, token, seeding->arena,
                          ret, err);
}

/* Else no URL could name the entity. */
static bool check_key(const struct edm_property *property, const struct edm_value *value,
                      struct error *err)
{
    return !(property->flags & EDM_KEY) || value->text.len > 0 ||
           error_set(err, ERROR_BAD_REQUEST, property->name, "\"%.*s\" must not be empty",
                     SLICE_ARG(property->name));
}

static bool read_property(struct seeding *seeding, struct edm_entity *entity,
                          const struct json_token *name, struct error *err)
{
    struct json_token value;
    int property = edm_find_property(entity->type, name->text);

    if (slice_index(name->text, '@') < name->text.len)
        return json_reader_skip(&seeding->entity_reader, NULL, err); /* an annotation */
    if (property < 0)
        return wrong(seeding, seeding->entity_position + name->position, "there is no property",
                     name->text, err);
    if (!json_reader_next(&seeding->entity_reader, &value, err))
        return at_entity_reader(seeding, err);
    if (!read_value(seeding, &entity->type->properties[property], &value, &entity->values[property],
                    err) ||
        !check_key(&entity->type->properties[property], &entity->values[property], err))
        return at_position_in_entity(seeding, value.position, err);
    edm_entity_mark(entity, (size_t)property);
    return true;
}

/* Its members, up to the brace behind them. */
static bool read_members(struct seeding *seeding, struct edm_entity *entity, struct error *err)
{
    struct json_token token;

    do {
        if (!json_reader_next(&seeding->entity_reader, &token, err))
            return at_entity_reader(seeding, err);
        if (token.kind == JSON_NAME && !read_property(seeding, entity, &token, err))
            return false;
    } while (token.kind != JSON_OBJECT_END);
    return true;
}

static bool add_entity(struct seeding *seeding, const struct edm_entity_type *type,
                       struct slice literal, struct error *err)
{
    struct edm_entity *entity = edm_entity_create(type, seeding->arena);

    if (!entity)
        return error_no_memory(err);
    json_reader_init(&seeding->entity_reader, literal, seeding->arena, JSON_DEPTH_DEFAULT);
    if (!read_members(seeding, entity, err))
        return false;
    if (!edm_entity_fill_defaults(seeding->model, entity, seeding->arena, err) ||
        !store_entity_insert(seeding->session, seeding->tenant, entity, seeding->arena, err))
        return at_position_in_entity(seeding, 0, err);
    seeding->count++;
    return true;
}

/* The text of the entity whose brace the reader has just passed. */
static bool pass_entity(struct seeding *seeding, struct slice *ret_literal, struct error *err)
{
    struct json_token token;

    do {
        if (!json_reader_next(&seeding->reader, &token, err) ||
            (token.kind == JSON_NAME && !json_reader_skip(&seeding->reader, NULL, err)))
            return at_reader(seeding, err);
    } while (token.kind != JSON_OBJECT_END);
    *ret_literal = slice_sub(seeding->seed, seeding->entity_position,
                             json_reader_position(&seeding->reader) - seeding->entity_position);
    return true;
}

static bool read_entity(struct seeding *seeding, const struct edm_entity_type *type,
                        size_t position, struct error *err)
{
    struct slice literal;

    seeding->entity_position = position;
    if (!pass_entity(seeding, &literal, err))
        return false;
    seeding->arena = arena_create(NULL, ENTITY_ARENA_BYTES + READER_GROWTH * literal.len);
    if (!seeding->arena)
        return error_no_memory(err);
    bool ok = add_entity(seeding, type, literal, err);
    arena_destroy(seeding->arena);
    seeding->arena = NULL;
    return ok;
}

static bool read_set(struct seeding *seeding, const struct json_token *name, struct error *err)
{
    const struct edm_entity_type *type = edm_find_set(seeding->model, name->text, EDM_VERSIONS_ALL);
    struct json_token token;

    if (!type)
        return wrong(seeding, name->position, "there is no entity set", name->text, err);
    if (type->view_of)
        return wrong(seeding, name->position, "an entity stands in its own set, and not in",
                     name->text, err);
    if (!json_reader_next(&seeding->reader, &token, err))
        return at_reader(seeding, err);
    if (token.kind != JSON_ARRAY_BEGIN)
        return wrong(seeding, token.position, "expected an array of entities for", name->text, err);
    for (;;) {
        if (!json_reader_next(&seeding->reader, &token, err))
            return at_reader(seeding, err);
        if (token.kind == JSON_ARRAY_END)
            return true;
        if (token.kind != JSON_OBJECT_BEGIN)
            return wrong(seeding, token.position, "expected an entity (an object) in", name->text,
                         err);
        if (!read_entity(seeding, type, token.position, err))
            return false;
    }
}

static bool read_seed(struct seeding *seeding, struct error *err)
{
    struct json_token token;

    if (!json_reader_next(&seeding->reader, &token, err))
        return at_reader(seeding, err);
    if (token.kind != JSON_OBJECT_BEGIN)
        return wrong(seeding, token.position, "expected an object keyed by entity set, found",
                     token.literal, err);
    for (;;) {
        if (!json_reader_next(&seeding->reader, &token, err))
            return at_reader(seeding, err);
        if (token.kind == JSON_OBJECT_END)
            break;
        if (!read_set(seeding, &token, err))
            return false;
    }
    return json_reader_finish(&seeding->reader, err) || at_reader(seeding, err);
}

bool service_seed(struct store_session *session, const struct edm_model *model, struct uuid tenant,
                  struct slice seed, int64_t now_ticks, size_t *ret_count, struct error *err)
{
    struct arena *arena = arena_create(NULL, SEED_ARENA_BYTES + READER_GROWTH * seed.len);
    struct seeding seeding = {
        .session = session, .model = model, .tenant = tenant, .seed = seed, .now_ticks = now_ticks
    };
    struct registry_tenant found;
    struct error why = { 0 };

    if (!arena)
        return error_no_memory(err);
    json_reader_init(&seeding.reader, seed, arena, JSON_DEPTH_DEFAULT);
    bool ok =
        registry_tenant_get(session, tenant, arena, &found, &why) && read_seed(&seeding, &why);
    arena_destroy(arena);
    if (ok)
        *ret_count = seeding.count;
    else if (err)
        *err = why;
    return ok;
}
