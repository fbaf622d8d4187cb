/* edm/check_properties.c - properties and parameters, what they have in common and what only a
 * stored one has; and the enumerations that they are of.
 *
 * A default is checked by reading it as a client's value would be, and by writing it again: how it
 * is spelled is what replies show.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/arena.h"
#include "base/text.h"
#include "edm/check_spot.h"
#include "edm/value.h"
#include "json/writer.h"

#define CHECK_ARENA_MAX  65536
#define DEFAULT_JSON_MAX 4096

/* --- enumerations -------------------------------------------------------------------------- */

static bool check_member(struct spot spot, const struct edm_enum *enumeration, size_t at)
{
    const struct edm_enum_member *member = &enumeration->members[at];

    spot.part = member->name;
    if (!check_is_name(member->name))
        return wrong(&spot, "the member's name is not a letter and letters or digits");
    if (!check_has_doc(member->doc))
        return wrong(&spot, "the member has no doc");
    for (size_t i = 0; i < at; i++) {
        if (slice_eq(enumeration->members[i].name, member->name))
            return wrong(&spot, "two members have this name");
        if (enumeration->members[i].value == member->value)
            return wrong(&spot, "another member has the same value");
    }
    return true;
}

static bool sentinel_is_member(const struct edm_enum *enumeration)
{
    for (size_t i = 0; i < enumeration->member_count; i++) {
        if (enumeration->sentinel == &enumeration->members[i])
            return true;
    }
    return false;
}

/* What came later is told by its value. */
static bool sentinel_parts_values(const struct edm_enum *enumeration)
{
    const struct edm_enum_member *sentinel = enumeration->sentinel;

    for (size_t i = 0; i < enumeration->member_count; i++) {
        const struct edm_enum_member *member = &enumeration->members[i];

        if (member != sentinel && (member > sentinel) != (member->value > sentinel->value))
            return false;
    }
    return true;
}

static bool check_enum(struct spot spot, const struct edm_enum *enumeration)
{
    spot.owner = enumeration->name;
    spot.part = SLICE_EMPTY;
    if (!check_is_name(enumeration->name))
        return wrong(&spot, "the enumeration's name is not a letter and letters or digits");
    if (!check_has_doc(enumeration->doc))
        return wrong(&spot, "the enumeration has no doc");
    if (enumeration->member_count == 0)
        return wrong(&spot, "the enumeration has no members");
    for (size_t i = 0; i < enumeration->member_count; i++) {
        if (!check_member(spot, enumeration, i))
            return false;
    }
    if (enumeration->sentinel && !sentinel_is_member(enumeration))
        return wrong(&spot, "the sentinel is not one of the members");
    if (enumeration->sentinel && !sentinel_parts_values(enumeration))
        return wrong(&spot, "a member's value is on the other side of the sentinel's");
    return true;
}

/* --- properties and parameters ------------------------------------------------------------- */

static bool check_flags(const struct spot *spot, const struct edm_property *property)
{
    unsigned flags = property->flags;

    if (flags & ~(unsigned)(EDM_KEY | EDM_NULLABLE | EDM_COLLECTION | EDM_READ_ONLY | EDM_REQUIRED |
                            EDM_NOT_UNICODE))
        return wrong(spot, "has a flag that nobody knows");
    if ((flags & EDM_COLLECTION) && property->kind != EDM_STRING)
        return wrong(spot, "is a collection of something else than strings");
    return true;
}

/* True when `value`, written again, is what the table says: one spelling for each default. */
static bool default_is_as_written(const struct edm_property *property,
                                  const struct edm_value *value)
{
    char memory[DEFAULT_JSON_MAX];
    struct text text;
    struct json_writer writer;

    text_init_fixed(&text, memory, sizeof memory);
    json_writer_init(&writer, &text);
    edm_value_write(property, value, EDM_AS_STORED, &writer);
    return slice_eq(text_slice(&text), slice_of(property->default_json));
}

static bool check_written_default(const struct spot *spot, const struct edm_property *property,
                                  struct arena *arena)
{
    struct edm_value value;

    if (!edm_value_read_default(spot->model, property, arena, &value, NULL))
        return wrong(spot, "the default is not a value of its type");
    if (edm_value_is_sentinel(property, &value))
        return wrong(spot, "the default is the sentinel");
    if (!default_is_as_written(property, &value))
        return wrong(spot, "the default is not spelled as it would be written");
    return true;
}

static bool check_default(const struct spot *spot, const struct edm_property *property)
{
    if (property->default_json && (property->flags & EDM_KEY))
        return wrong(spot, "is a key with a default");
    if (property->default_json) {
        struct arena *arena = arena_create(NULL, CHECK_ARENA_MAX);
        bool ok = arena ? check_written_default(spot, property, arena) : error_no_memory(spot->err);
        arena_destroy(arena);
        return ok;
    }
    if (property->kind == EDM_ENUM && !(property->flags & EDM_NULLABLE)) {
        const struct edm_enum_member *zero = edm_find_member_by_value(property->enumeration, 0);
        if (!zero)
            return wrong(spot, "has no default, and no member has the value 0");
        if (zero == property->enumeration->sentinel)
            return wrong(spot, "has no default, and the member of value 0 is the sentinel");
    }
    return true;
}

/* What a property of a type and a parameter of an action have in common; spot->part is its name. */
bool check_typed(const struct spot *spot, const struct edm_property *property)
{
    if (!check_is_name(property->name))
        return wrong(spot, "the name is not a letter and letters or digits");
    if (!check_has_doc(property->doc))
        return wrong(spot, "has no doc");
    if ((unsigned)property->kind >= EDM_KIND_COUNT)
        return wrong(spot, "has a kind that nobody knows");
    if (property->kind == EDM_ENUM && !property->enumeration)
        return wrong(spot, "is of kind EDM_ENUM without an enumeration");
    if (property->kind != EDM_ENUM && property->enumeration)
        return wrong(spot, "has an enumeration and is not of kind EDM_ENUM");
    if ((property->kind == EDM_COMPLEX) != (property->complex != NULL))
        return wrong(spot, "is of kind EDM_COMPLEX without a complex type, or has one and is not");
    return check_flags(spot, property) &&
           (!property->enumeration || check_enum(*spot, property->enumeration));
}

static bool check_key(const struct spot *spot, const struct edm_property *property, size_t at)
{
    bool key = property->flags & EDM_KEY;

    if (at == 0 && !key)
        return wrong(spot, "the first property is not the key");
    if (at > 0 && key)
        return wrong(spot, "is a second key");
    if (key && property->kind != EDM_STRING)
        return wrong(spot, "is a key that is not a string");
    if (key && (property->flags & (EDM_NULLABLE | EDM_COLLECTION)))
        return wrong(spot, "is a key that may be null or is a collection");
    return true;
}

/* What only parameters may be. */
static bool check_stored(const struct spot *spot, const struct edm_property *property)
{
    if (property->kind == EDM_COMPLEX)
        return wrong(spot, "is of a complex type");
    if (property->flags & (EDM_REQUIRED | EDM_NOT_UNICODE))
        return wrong(spot, "has a flag of parameters");
    if ((property->flags & EDM_COLLECTION) && (property->flags & EDM_NULLABLE))
        return wrong(spot, "is a collection that may be null");
    return true;
}

/* An index has one value of each row: the key has its own, a collection is many, of two Booleans
 * none is worth one, and what is built in is in no table. */
static bool check_queried_often(const struct spot *spot, const struct edm_entity_type *type,
                                const struct edm_property *property)
{
    if (!property->queried_often)
        return true;
    if (property->flags & (EDM_KEY | EDM_COLLECTION))
        return wrong(spot, "is queried often, and is a key or a collection");
    if (property->kind != EDM_STRING && property->kind != EDM_DATE_TIME_OFFSET &&
        property->kind != EDM_ENUM)
        return wrong(spot, "is queried often, and is no string, date or enumeration");
    return type->built_in_count == 0 ||
           wrong(spot, "is queried often in a type with built-in entities");
}

/* Names in paths and options are matched without regard to case, so they must differ so. */
bool check_name_is_new(const struct edm_property *properties, size_t at)
{
    for (size_t i = 0; i < at; i++) {
        if (slice_eq_nocase(properties[i].name, properties[at].name))
            return false;
    }
    return true;
}

bool check_properties(struct spot spot, const struct edm_entity_type *type)
{
    if (type->property_count == 0 || type->property_count > EDM_PROPERTIES_MAX)
        return wrong(&spot, "has no properties, or more than EDM_PROPERTIES_MAX");
    for (size_t i = 0; i < type->property_count; i++) {
        const struct edm_property *property = &type->properties[i];

        spot.part = property->name;
        if (!check_typed(&spot, property) || !check_stored(&spot, property) ||
            !check_key(&spot, property, i) || !check_default(&spot, property) ||
            !check_queried_often(&spot, type, property))
            return false;
        if (!check_name_is_new(type->properties, i))
            return wrong(&spot, "two properties have this name");
    }
    return true;
}
