/* store/sql_columns.c - tables and columns: their names, their literals, their definitions.
 *
 * Names are the model's, quoted and with a prefix: a property may be called "version" or "tenant"
 * without meeting the store's own columns, and a date's offset cannot meet another property. They
 * keep their spelling, so that a person with an SQL shell finds what the reference pages show.
 *
 * Columns carry no NOT NULL for properties. Whether null is allowed is the model's rule and checked
 * in edm/; stated here as well, loosening it would mean rewriting every table.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "store/sql_columns.h"

#include "base/text.h"
#include "store/dialect.h"
#include "store/sql.h"

static void put(struct text *out, const char *words)
{
    text_append(out, slice_of(words));
}

void sql_table_name(struct text *out, const struct edm_entity_type *type)
{
    put(out, "entity_");
    text_append(out, edm_stored_type(type)->name);
}

void sql_columns_put_table(struct text *out, const struct edm_entity_type *type)
{
    text_append_char(out, '"');
    sql_table_name(out, type);
    text_append_char(out, '"');
}

static unsigned column_parts(const struct edm_property *property)
{
    return property->kind == EDM_DATE_TIME_OFFSET ? 2 : 1;
}

void sql_columns_put(struct text *out, const struct edm_property *property, unsigned part)
{
    put(out, part == 0 ? "\"p_" : "\"o_");
    text_append(out, edm_stored_name(property));
    text_append_char(out, '"');
}

static const char *column_type(const struct dialect *dialect, const struct edm_property *property)
{
    /* A collection is its JSON text. */
    return property->kind == EDM_STRING ? dialect->text_type : dialect->integer_type;
}

/* --- a walk over the columns of a set of properties ------------------------------------------- */

struct sql_columns sql_columns_of(const struct edm_entity_type *type, uint64_t properties)
{
    return (struct sql_columns){ .type = type, .properties = properties };
}

bool sql_columns_next(struct sql_columns *walk)
{
    const struct edm_property *properties = walk->type->properties;

    /* The key is property 0 and no column of its own kind: start behind it. */
    if (walk->property > 0 && walk->part + 1 < column_parts(&properties[walk->property])) {
        walk->part++;
        return true;
    }
    while (++walk->property < walk->type->property_count) {
        if (walk->properties >> walk->property & 1) {
            walk->part = 0;
            return true;
        }
    }
    return false;
}

void sql_columns_put_current(struct text *out, const struct sql_columns *walk)
{
    sql_columns_put(out, &walk->type->properties[walk->property], walk->part);
}

/* --- literals --------------------------------------------------------------------------------- */

/* SQL's text literal: a quote is doubled, nothing else means anything. */
void sql_columns_put_text(struct text *out, struct slice value)
{
    text_append_char(out, '\'');
    for (size_t i = 0; i < value.len; i++) {
        if (value.ptr[i] == '\'')
            text_append_char(out, '\'');
        text_append_char(out, value.ptr[i]);
    }
    text_append_char(out, '\'');
}

void sql_columns_put_literal(struct text *out, const struct edm_property *property, unsigned part,
                             const struct edm_value *value)
{
    if (value->is_null)
        put(out, "NULL");
    else if (property->kind == EDM_STRING)
        sql_columns_put_text(out, value->text);
    else if (property->kind == EDM_DATE_TIME_OFFSET)
        text_append_int(out, part == 0 ? value->at.ticks : value->at.offset_minutes);
    else if (property->kind == EDM_BOOLEAN)
        text_append_int(out, value->boolean);
    else
        text_append_int(out, value->integer);
}

/* --- schema ----------------------------------------------------------------------------------- */

static void put_column_definition(struct text *out, const struct dialect *dialect,
                                  const struct edm_property *property, unsigned part,
                                  const struct edm_value *value)
{
    sql_columns_put(out, property, part);
    text_append_char(out, ' ');
    put(out, column_type(dialect, property));
    put(out, " DEFAULT ");
    sql_columns_put_literal(out, property, part, value);
}

void sql_table_layout(struct text *out, const struct dialect *dialect)
{
    text_printf(out, "tenant %s, id %s, version %s, created_seq %s", dialect->bytes_type,
                dialect->key_type, dialect->integer_type, dialect->integer_type);
}

void sql_column_layout(struct text *out, const struct dialect *dialect,
                       const struct edm_property *property)
{
    put(out, column_type(dialect, property));
    if (property->flags & EDM_COLLECTION)
        put(out, " of JSON");
    else if (property->kind == EDM_DATE_TIME_OFFSET)
        put(out, " of ticks and minutes");
}

void sql_create_table(struct text *out, const struct dialect *dialect,
                      const struct edm_entity_type *type, const struct edm_entity *defaults)
{
    struct sql_columns walk = sql_columns_of(type, edm_all_properties(type));

    put(out, "CREATE TABLE ");
    sql_columns_put_table(out, type);
    text_printf(out,
                " (tenant %s NOT NULL, id %s NOT NULL, version %s NOT NULL,"
                " created_seq %s NOT NULL",
                dialect->bytes_type, dialect->key_type, dialect->integer_type,
                dialect->integer_type);
    while (sql_columns_next(&walk)) {
        put(out, ", ");
        put_column_definition(out, dialect, &type->properties[walk.property], walk.part,
                              &defaults->values[walk.property]);
    }
    put(out, ", PRIMARY KEY (tenant, id))");
    put(out, dialect->table_options);
}

bool sql_add_column(struct text *out, const struct dialect *dialect,
                    const struct edm_entity_type *type, size_t property, unsigned part,
                    const struct edm_value *default_value)
{
    if (part >= column_parts(&type->properties[property]))
        return false;
    put(out, "ALTER TABLE ");
    sql_columns_put_table(out, type);
    put(out, " ADD COLUMN ");
    put_column_definition(out, dialect, &type->properties[property], part, default_value);
    return true;
}
